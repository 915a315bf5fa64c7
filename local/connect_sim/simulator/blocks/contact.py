"""Blocks that set something on the contact or the flow: attributes, language, voice, recording, logging, tags."""

import json
from collections.abc import Mapping
from typing import Any

from connect_sim.language.actions.specs import NO_MATCHING_ERROR
from connect_sim.language.dataflow import is_secret_name
from connect_sim.language.references import find_references
from connect_sim.simulator.block import Block
from connect_sim.simulator.blocks.inputs import MASK
from connect_sim.simulator.outcome import Failed, Impossible, Outcome, Success
from connect_sim.simulator.values import render

MAX_ATTRIBUTE_BYTES = 32 * 1024
MAX_ATTRIBUTE_KEYS = 200
MAX_ATTRIBUTE_KEY_CHARS = 256
MAX_TAGS = 6
"""Tags that one block sets (developer guide, TagContact)."""
_HIDDEN = MASK * 6


def _texts(block: Block, values: Mapping[str, Any]) -> dict[str, str]:
    """Return the values as texts, references in names and values replaced. The console writes every scalar as a string;
    hand-written flows write numbers and booleans as such."""
    return {
        render(block.state, name): render(block.state, value if isinstance(value, str) else json.dumps(value))
        for name, value in values.items()
        if isinstance(value, str | bool | int | float)
    }


def _all_named(values: Mapping[str, str]) -> bool:
    """Return whether every name and every value has come to something; the service sets nothing empty."""
    return all(name and value for name, value in values.items())


def _too_much(attributes: Mapping[str, str]) -> bool:
    size = sum(len(name.encode()) + len(value.encode()) for name, value in attributes.items())
    return (
        size > MAX_ATTRIBUTE_BYTES
        or len(attributes) > MAX_ATTRIBUTE_KEYS
        or any(len(name) > MAX_ATTRIBUTE_KEY_CHARS for name in attributes)
    )


def _is_related(block: Block) -> bool:
    """Return whether the block sets something on the related contact and not on this one."""
    return block.action.text("TargetContact") == "Related"


def set_attributes(block: Block) -> Outcome:
    """UpdateContactAttributes: all or nothing; an empty value or too much in total is an error."""
    written = block.action.mapping("Attributes")
    given = _texts(block, written)
    related = _is_related(block)
    target = block.state.related_attributes if related else block.state.attributes
    if not _all_named(given):
        return Failed(NO_MATCHING_ERROR, "empty_value")
    if _too_much(target | given):
        return Failed(NO_MATCHING_ERROR, "too_large")
    target.update(given)
    sources = {render(block.state, name): str(value) for name, value in written.items()}
    shown = {name: _HIDDEN if _is_secret(block, name, sources[name]) else value for name, value in given.items()}
    block.emit("attributes", attributes=shown, target="related" if related else "current")
    return Success()


def _is_secret(block: Block, name: str, written: str) -> bool:
    copies_secret = block.frame.stored_is_secret and any(
        reference.root == "StoredCustomerInput" for reference in find_references(written)
    )
    return copies_secret or is_secret_name(name)


def set_flow_attributes(block: Block) -> Outcome:
    """UpdateFlowAttributes: values that this flow alone sees."""
    written = block.action.mapping("FlowAttributes")
    if odd := [name for name, entry in written.items() if not isinstance(entry, Mapping)]:
        return Impossible(f"The flow attribute {odd[0]} is not of the form {{Value}}.")
    given = _texts(block, {name: entry.get("Value") for name, entry in written.items()})
    if not _all_named(given):
        return Failed(NO_MATCHING_ERROR, "empty_value")
    if _too_much(block.frame.flow_attributes | given):
        return Failed(NO_MATCHING_ERROR, "too_large")
    block.frame.flow_attributes.update(given)
    return Success()


def set_contact_data(block: Block) -> Outcome:
    """UpdateContactData: `LanguageCode` becomes `$.LanguageCode`, the rest is kept with the contact."""
    given = _texts(block, {name: value for name, value in block.action.parameters.items() if name != "TargetContact"})
    references = _texts(block, block.action.mapping("References"))
    if not (_all_named(given) and _all_named(references)):
        return Failed(NO_MATCHING_ERROR, "empty_value")
    if _is_related(block):
        block.state.related_data.update(given)
        return Success()
    block.state.contact_data.update(given)
    block.state.references.update({name: {"Value": value, "Type": "STRING"} for name, value in references.items()})
    block.state.language = given.get("LanguageCode", block.state.language)
    return Success()


def set_voice(block: Block) -> Outcome:
    """UpdateContactTextToSpeechVoice: the voice of the prompts that follow."""
    voice = block.resolve_single("TextToSpeechVoice")
    if not voice:
        return Failed(NO_MATCHING_ERROR, "no_voice")
    block.state.voice = voice
    return Success()


def set_recording(block: Block) -> Outcome:
    """UpdateContactRecordingBehavior and its newer form: whom and whether the line itself is recorded. The newer form
    fails for another channel than the one that it sets."""
    if "VoiceBehavior" in block.action.parameters and block.state.setup.channel != "VOICE":
        return Failed("ChannelMismatch", "channel")
    behavior = block.action.mapping("RecordingBehavior")
    if not behavior:
        voice = block.action.mapping("VoiceBehavior")
        behavior = voice.get("VoiceRecordingBehavior", {}) if voice else {}
    if isinstance(behavior, Mapping):
        participants = behavior.get("RecordedParticipants")
        if isinstance(participants, list):
            block.state.recording = tuple(str(participant) for participant in participants)
        if "IVRRecordingBehavior" in behavior:
            block.state.ivr_recording = behavior["IVRRecordingBehavior"] == "Enabled"
    return Success()


def set_logging(block: Block) -> Outcome:
    """UpdateFlowLoggingBehavior: holds for the rest of the contact."""
    block.state.logging = block.action.text("FlowLoggingBehavior") == "Enabled"
    return Success()


def set_event_hooks(block: Block) -> Outcome:
    """UpdateContactEventHooks: which flow runs on an event, one event a block; a configuration may switch it off."""
    hooks = _texts(block, block.action.mapping("EventHooks"))
    if len(hooks) > 1:
        return Failed(NO_MATCHING_ERROR, "several_hooks")
    if not _all_named(hooks):
        return Failed(NO_MATCHING_ERROR, "empty_value")
    block.state.event_hooks.update(hooks)
    for hook, configuration in block.action.mapping("EventHooksConfiguration").items():
        if isinstance(configuration, Mapping) and str(configuration.get("DisableExecution")).lower() == "true":
            block.state.event_hooks.pop(hook, None)
    return Success()


def tag(block: Block) -> Outcome:
    """TagContact: six tags a block."""
    tags = _texts(block, block.action.mapping("Tags"))
    if not _all_named(tags):
        return Failed(NO_MATCHING_ERROR, "empty_value")
    if len(tags) > MAX_TAGS:
        return Failed(NO_MATCHING_ERROR, "too_many_tags")
    block.state.tags.update(tags)
    return Success()


def untag(block: Block) -> Outcome:
    """UntagContact."""
    keys = block.action.parameters.get("TagKeys")
    for key in keys if isinstance(keys, list) else []:
        block.state.tags.pop(str(key), None)
    return Success()


def create_task(block: Block) -> Outcome:
    """CreateTask: shown, and nothing of it is simulated. A task without a name is an error."""
    if not block.render("Name").strip():
        return Failed(NO_MATCHING_ERROR, "no_name")
    block.emit(
        "task",
        name=block.render("Name"),
        flow=block.resolve_single("ContactFlowId"),
        attributes=_texts(block, block.action.mapping("Attributes")),
        delay_s=block.seconds("DelaySeconds", 0.0),
    )
    return Success()

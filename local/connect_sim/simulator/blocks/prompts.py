"""Prompts, and the blocks that only speak."""

import re
from dataclasses import replace

from connect_sim.language.actions.specs import NO_MATCHING_ERROR
from connect_sim.language.speech import SsmlError, estimate_duration_s, extract_words, is_ssml
from connect_sim.simulator.block import Block
from connect_sim.simulator.outcome import Failed, FlowOver, Impossible, Outcome, Success, Value
from connect_sim.simulator.stages import find_agent_due_s
from connect_sim.simulator.state import Stage
from connect_sim.simulator.values import render

MAX_PROMPT_CHARS = 6000
MAX_BILLED_CHARS = 3000
"""Text to speech takes 6,000 characters, 3,000 of them billed; markup is not billed (Play prompt block)."""
RECORDED_PROMPT_S = 3.0
"""A recorded prompt's length is not known here; this stands for it."""


def play_prompt(block: Block) -> Outcome:
    """MessageParticipant: say it to the end; the caller cannot interrupt, unless keys wait in the touch-tone buffer."""
    if block.state.buffered_keys and block.action.is_true("SkipWhenDTMFBufferEnabled"):
        return Success()
    spoken = speak(block)
    if isinstance(spoken, Failed):
        return spoken
    block.pass_time(spoken)
    return Success()


def play_in_turn(block: Block) -> Outcome:
    """MessageParticipantIteratively: the messages one after the other and over again, until it is time to look after
    something else (MessagesInterrupted). Without such a time they play until somebody takes the call."""
    messages = block.action.parameters.get("Messages")
    if not isinstance(messages, list) or not messages or not all(isinstance(each, dict) for each in messages):
        return Impossible("Messages is no list of prompts.")
    every_s = block.seconds("InterruptFrequencySeconds", 0.0)
    played_s = 0.0
    for message in messages:
        spoken = speak(replace(block, action=replace(block.action, parameters=message)))
        if isinstance(spoken, Failed):
            return spoken
        played_s += spoken
        if every_s and played_s >= every_s:
            break
    if not every_s:
        block.pass_time(played_s)
        return FlowOver()
    due_s = find_agent_due_s(block.state)
    if due_s is not None and due_s <= block.state.at_s + every_s:
        return FlowOver()
    block.pass_time(every_s)
    return Value("MessagesInterrupted") if block.action.conditions else Success()


def speak(block: Block) -> float | Failed:
    """Say the block's prompt, if it has one. Returns its length in seconds, or the error that speaking comes to."""
    action = block.action
    block.state.silent_s = 0.0
    for name, label in (("PromptId", "prompt"), ("Media", "audio")):
        if name in action.parameters:
            source = (
                block.resolve_single(name)
                if name == "PromptId"
                else render(block.state, str(action.mapping(name).get("Uri", "")))
            )
            if not source:
                return Failed(NO_MATCHING_ERROR, f"no_{label}")
            _emit_prompt(block, text=f"[{label} {source}]", ssml=None)
            return RECORDED_PROMPT_S
    if "SSML" not in action.parameters and "Text" not in action.parameters:
        return 0.0
    prompt = block.render("SSML" if "SSML" in action.parameters else "Text").strip()
    if not prompt:
        return Failed(NO_MATCHING_ERROR, "empty_prompt")
    marked_up = "SSML" in action.parameters or is_ssml(prompt)
    if marked_up and not is_ssml(prompt):
        return Failed(NO_MATCHING_ERROR, "bad_ssml")
    billed = len(re.sub(r"<[^>]*>", "", prompt)) if marked_up else len(prompt)
    if len(prompt) > MAX_PROMPT_CHARS or billed > MAX_BILLED_CHARS:
        return Failed(NO_MATCHING_ERROR, "prompt_too_long")
    try:
        text, seconds = extract_words(prompt), estimate_duration_s(prompt, block.surroundings.flows.speech_rate)
    except SsmlError:
        return Failed(NO_MATCHING_ERROR, "bad_ssml")
    _emit_prompt(block, text=text, ssml=prompt if marked_up else None)
    return seconds


def _emit_prompt(block: Block, *, text: str, ssml: str | None) -> None:
    listener = "agent" if block.state.stage is Stage.AGENT_WHISPER else "customer"
    block.emit("prompt", text=text, ssml=ssml, language=block.state.spoken_language, to=listener)

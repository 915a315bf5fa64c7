"""Rules that every flow of ours keeps to, beyond those of the service."""

import json
import re
from pathlib import Path

import pytest

from connect_sim.language.dataflow import find_secret_inputs, is_secret_name
from connect_sim.language.document import Action, Flow, FlowKind
from connect_sim.language.graph import find_reachable, list_written_edges
from connect_sim.language.references import find_references, iterate_strings
from connect_sim.language.speech import estimate_duration_s
from connect_sim.linter.report import check_paths
from functions.connect.steps import STEPS
from hotline.kit.languages import LANGUAGES
from hotline_local.launcher.paths import FLOWS, ROOT
from tests.flows.shipped import (
    AGENT_PROOF,
    AGENT_TRANSFER,
    ENTRY,
    HANDOVER,
    OUTBOUND,
    RESOURCE_TOKENS,
    SURVEY,
    TASK,
    WHISPER,
    blocks,
    entries,
    flow_attributes,
    is_encrypted,
    key_targets,
    menus,
    outcome_of,
    shipped,
    steps_of,
    token_of,
)
from tests.support.sweeps import sweep

MAX_ACTIONS = 250
MAX_CONTENT_CHARS = 256_000
TRIES_BEFORE_A_PERSON = 3
MAX_WORDS_S = 10.0
WORDS = "say_"
TO_AN_AGENT = "<speak>$.FlowAttributes."
AT_THEIR_PACE = '<prosody rate="$.Attributes.pace">$.FlowAttributes.'

each_flow = sweep("flow", shipped().flows)
WALLET = "${WalletName}"
DOCUMENT = (ROOT / "docs/flows.md").read_text(encoding="utf-8")
TALKING = [
    flow
    for flow in shipped().flows
    if flow.kind in {FlowKind.INBOUND, FlowKind.MODULE} and flow.name not in (OUTBOUND, TASK)
]
"""Flows of calls that come in. The words of the hotline's own calls are in test_outbound_code.py."""
each_talking_flow = sweep("flow", TALKING)
each_flow_of_a_caller = sweep("flow", [flow for flow in shipped().flows if flow.name not in (OUTBOUND, TASK)])
each_speaking_flow = sweep("flow", [flow for flow in shipped().flows if flow.name not in (AGENT_TRANSFER, TASK)])
"""Flows with fixed words. The one behind the agents' quick connect leads on without a word, and a task has no ears."""
each_module = sweep("flow", [flow for flow in shipped().flows if flow.is_module])


def path_of(flow: Flow) -> Path:
    assert flow.path is not None
    return flow.path


def word_blocks(flow: Flow) -> dict[str, dict[str, str]]:
    """The blocks that hold a flow's fixed words, by block."""
    found = {action.identifier: flow_attributes(action) for action in blocks(flow, "UpdateFlowAttributes")}
    return {block: words for block, words in found.items() if any(name.startswith(WORDS) for name in words)}


def test_the_checker_has_nothing_to_say() -> None:
    findings, checked = check_paths([FLOWS])
    assert checked == len(shipped().flows)
    assert [f"{finding.flow} {finding.block} {finding.rule}: {finding.message}" for finding in findings] == []


@each_flow
def test_the_file_is_written_the_way_people_edit_it(flow: Flow) -> None:
    text = path_of(flow).read_text(encoding="utf-8")
    assert text == json.dumps(json.loads(text), ensure_ascii=False, indent=2) + "\n"


@each_flow
def test_a_flow_is_within_the_limits_of_the_service(flow: Flow) -> None:
    assert len(flow.actions) <= MAX_ACTIONS
    assert flow.size_chars <= MAX_CONTENT_CHARS


@each_flow
def test_every_block_can_be_reached(flow: Flow) -> None:
    assert {action.identifier for action in flow.actions} == find_reachable(flow)


@each_flow
def test_every_block_has_a_place_of_its_own_in_the_console(flow: Flow) -> None:
    layout = flow.metadata["ActionMetadata"]
    assert set(layout) == {action.identifier for action in flow.actions}
    places = [(entry["position"]["x"], entry["position"]["y"]) for entry in layout.values()]
    assert len(set(places)) == len(places)


def test_tokens_are_resources_or_flows() -> None:
    flows = {token_of(flow) for flow in shipped().flows}
    used = {name for flow in shipped().flows for name in flow.tokens}
    # Calls begin in these; no other flow leads there.
    beginnings = {token_of(shipped().by_name[name]) for name in (ENTRY, OUTBOUND, AGENT_TRANSFER, TASK)}
    assert used == set(RESOURCE_TOKENS) | (flows - beginnings)


# --- words


@each_speaking_flow
def test_words_exist_in_every_language_that_the_flow_speaks(flow: Flow) -> None:
    words = word_blocks(flow)
    expected = {f"Words in {language.name}" for language in LANGUAGES.values()}
    if flow.name in {HANDOVER, OUTBOUND, AGENT_PROOF, "hotline-customer-queue", SURVEY, WHISPER}:
        expected.add("Words in both languages")
    assert set(words) == expected
    assert len({tuple(sorted(names)) for names in words.values()}) == 1


@each_flow
def test_every_word_is_used_and_every_used_word_exists(flow: Flow) -> None:
    defined = {name for names in word_blocks(flow).values() for name in names}
    used = {
        reference.keys[0]
        for action in flow.actions
        for text in iterate_strings(action.parameters)
        for reference in find_references(text)
        if reference.root == "FlowAttributes" and reference.keys[0].startswith(WORDS)
    }
    assert used == defined


@each_flow
def test_every_flow_attribute_that_is_read_is_set_in_the_same_flow(flow: Flow) -> None:
    defined = {name for action in blocks(flow, "UpdateFlowAttributes") for name in flow_attributes(action)}
    used = {
        reference.keys[0]
        for action in flow.actions
        for text in iterate_strings(action.parameters)
        for reference in find_references(text)
        if reference.root == "FlowAttributes"
    }
    assert used == defined


def fixed_texts(flow: Flow) -> list[str]:
    words = [text for names in word_blocks(flow).values() for name, text in names.items() if name.startswith(WORDS)]
    written = [action.text(name) for action in flow.actions for name in ("Text", "SSML")]
    return words + [
        text for text in written if text and not text.startswith(("$.", TO_AN_AGENT)) and AT_THEIR_PACE not in text
    ]


@each_flow
def test_fixed_words_are_short(flow: Flow) -> None:
    assert [text for text in fixed_texts(flow) if estimate_duration_s(text) > MAX_WORDS_S] == []


@each_flow
def test_fixed_words_name_no_money_and_no_dates(flow: Flow) -> None:
    money_or_date = re.compile(r"[¥$€£]|元|美元|yuan|dollar|\d{2,}|[月日号]\d|\d[月日号]|\bo'clock\b")
    texts = [text.replace("$.Attributes.", "").replace(WALLET, "") for text in fixed_texts(flow)]
    assert [text for text in texts if money_or_date.search(text)] == []


@each_speaking_flow
def test_chinese_and_english_do_not_mix_within_one_language(flow: Flow) -> None:
    words = word_blocks(flow)
    assert [
        text for text in words["Words in Chinese"].values() if re.search(r"[A-Za-z]{2,}", text.replace(WALLET, ""))
    ] == []
    assert [text for text in words["Words in English"].values() if re.search(r"[一-鿿]", text)] == []


def test_the_greeting_names_the_wallet_says_what_is_kept_and_can_be_interrupted() -> None:
    entry = shipped().by_name[ENTRY]
    for words, kept in (("Words in Chinese", "保留三年"), ("Words in English", "kept for three years")):
        said = word_blocks(entry)[words]["say_greeting"]
        assert WALLET in said
        assert kept in said
    greeting, menu = entry.by_identifier["Greeting"], entry.by_identifier["Main menu"]
    assert greeting in menus(entry)
    following = greeting.error_target("InputTimeLimitExceeded")
    for compared in ("$.Attributes.person_first", "$.Attributes.short_menu"):
        which = entry.by_identifier[following or ""]
        assert which.text("ComparisonValue") == compared
        following = which.error_target("NoMatchingCondition")
    assert following == menu.identifier


def test_fraud_is_the_first_key_of_the_main_menu() -> None:
    entry = shipped().by_name[ENTRY]
    for menu in ("Greeting", "Main menu"):
        assert key_targets(entry.by_identifier[menu])["1"] == "Topic security"
    assert re.match(r"被盗|账户被盗", word_blocks(entry)["Words in Chinese"]["say_menu"])
    assert re.match(r"For fraud", word_blocks(entry)["Words in English"]["say_menu"])


@each_flow
def test_a_voice_and_its_language_are_set_together(flow: Flow) -> None:
    language_of = {language.voice: language.tag for language in LANGUAGES.values()}
    for voice in blocks(flow, "UpdateContactTextToSpeechVoice"):
        language = flow.by_identifier[voice.next_action or ""]
        assert language.type == "UpdateContactData"
        assert language.text("LanguageCode") == language_of[voice.text("TextToSpeechVoice")]
        assert voice.text("TextToSpeechEngine") == "neural"


# --- keys


def leads_to_a_person(flow: Flow, block: str | None) -> bool:
    """Whether this block is the way to a person: an end that says so, the hand-over, or another try at the queue."""
    while block is not None:
        action = flow.by_identifier[block]
        if action.type == "EndFlowModuleExecution":
            return action.text("Result") == "Agent"
        if action.type == "InvokeLambdaFunction":
            return str(action.mapping("LambdaInvocationAttributes")["step"]) in {"hours", "handover"}
        if action.type in ("TransferToFlow", "TransferContactToQueue"):
            return True
        passing = {"UpdateContactAttributes", "Compare", "MessageParticipant"}
        block = action.next_action if action.type in passing else None
    return False


@each_talking_flow
def test_zero_leads_to_a_person_from_every_menu_and_every_entry(flow: Flow) -> None:
    for asking in menus(flow):
        assert leads_to_a_person(flow, key_targets(asking).get("0")), asking.identifier
    for asking in entries(flow):
        assert leads_to_a_person(flow, zero_of(flow, asking)), asking.identifier


def zero_of(flow: Flow, entry: Action) -> str | None:
    """The block to which `0` leads in an entry: compared by the flow, or by the function when the flow may not see
    it."""
    if not is_encrypted(entry):
        return key_targets(flow.by_identifier[entry.next_action or ""]).get("0")
    compared = flow.by_identifier[entry.next_action or ""]
    leads_to = {key_targets(compared).get("0"), *(edge.target for edge in compared.conditions)}
    (step,) = (
        action for action, contract in steps_of(flow) if contract.secret_inputs and action.identifier in leads_to
    )
    return key_targets(outcome_of(flow, step)).get("ZERO")


WITHOUT_WORDS_OF_THEIR_OWN = {
    *("Greeting", "Short menu", "Person first menu"),
    *("Payment list choice", "Activity list choice"),
}
"""Menus whose keys are named elsewhere: in the main menu, which follows, and in the list that was read out before."""


@each_talking_flow
def test_a_menu_names_the_keys_that_it_takes_and_no_other(flow: Flow) -> None:
    for asking in menus(flow):
        found = re.search(r"\$\.FlowAttributes\.(say_\w+)", asking.text("SSML") or "")
        for block, words in word_blocks(flow).items() if found else ():
            said = words[found[1]] if found else ""
            named = set(re.findall(r"\d", said)) | ({"*"} if re.search("星号|star", said) else set())
            taken = set(key_targets(asking))
            assert named <= taken, f"{asking.identifier}, {block}: {said}"
            if asking.identifier not in WITHOUT_WORDS_OF_THEIR_OWN:
                assert {key for key in taken if key in "12345678"} <= named, f"{asking.identifier}, {block}: {said}"


def test_the_greeting_takes_the_keys_of_the_main_menu() -> None:
    entry = shipped().by_name[ENTRY]
    for menu in ("Greeting", "Short menu", "Person first menu"):
        assert key_targets(entry.by_identifier[menu]) == key_targets(entry.by_identifier["Main menu"])


@each_flow
def test_nine_repeats_every_menu(flow: Flow) -> None:
    for menu in menus(flow):
        assert comes_back(flow, key_targets(menu)["9"], menu), menu.identifier


def comes_back(flow: Flow, start: str | None, menu: Action) -> bool:
    """Whether a menu, or the beginning of the list that it ends, is asked again from here before anything else is."""
    seen: set[str] = set()
    ahead = [start]
    while ahead:
        block = flow.by_identifier[ahead.pop() or ""]
        if block.identifier in seen:
            continue
        seen.add(block.identifier)
        if block in menus(flow):
            if block is menu or key_targets(block) == key_targets(menu):
                return True
            continue
        ahead += [edge.target for edge in list_written_edges(flow, block)]
    return False


@each_talking_flow
def test_star_goes_back_from_every_menu_that_has_a_menu_before_it(flow: Flow) -> None:
    first = {(ENTRY, "Language menu"), (HANDOVER, "Callback menu"), (HANDOVER, "Without callback menu")}
    first.add((SURVEY, "Survey"))
    for menu in menus(flow):
        assert ("*" in key_targets(menu)) == ((flow.name, menu.identifier) not in first), menu.identifier


def is_part_of_a_list(menu: Action) -> bool:
    """Whether a menu says a part of something; silence at it leads to the next part, the last of which waits."""
    return menu.text("InputTimeLimitSeconds") == "1"


@each_talking_flow
def test_silence_wrong_keys_and_failures_are_handled_apart_with_three_tries(flow: Flow) -> None:
    for menu in menus(flow):
        silence = menu.error_target("InputTimeLimitExceeded")
        wrong = menu.error_target("NoMatchingCondition")
        failure = menu.error_target("NoMatchingError")
        assert len({silence, wrong, failure}) == 3, menu.identifier
        for target in (wrong,) if is_part_of_a_list(menu) else (silence, wrong):
            loop = flow.by_identifier[target or ""]
            assert loop.type == "Loop"
            assert int(loop.text("LoopCount")) + 1 == TRIES_BEFORE_A_PERSON
            assert comes_back(flow, key_targets(loop)["ContinueLooping"], menu)


@each_talking_flow
def test_silence_at_a_part_of_a_list_leads_to_the_next_and_at_last_to_one_that_waits(flow: Flow) -> None:
    for menu in (menu for menu in menus(flow) if is_part_of_a_list(menu)):
        ahead, nexts = [menu.error_target("InputTimeLimitExceeded") or ""], set[str]()
        while ahead:
            following = flow.by_identifier[ahead.pop()]
            if following.type == "Compare":
                ahead += [edge.target or "" for edge in list_written_edges(flow, following)]
            else:
                nexts.add(following.identifier)
        assert nexts
        for name in nexts:
            listening = flow.by_identifier[name or ""]
            assert key_targets(listening) == key_targets(menu)
            assert is_part_of_a_list(listening) or int(listening.text("InputTimeLimitSeconds")) >= 8


@each_flow_of_a_caller
def test_a_silent_caller_comes_to_a_person_or_was_offered_one_each_time(flow: Flow) -> None:
    """No time-out trap: whoever hears badly or is slow is asked three times, and then somebody else takes over."""
    for menu in menus(flow):
        offered = flow.kind is FlowKind.CUSTOMER_QUEUE or leads_to_a_person(flow, key_targets(menu)["0"])
        assert offered, menu.identifier


@each_talking_flow
def test_an_entry_is_compared_before_it_is_used(flow: Flow) -> None:
    for entry in entries(flow):
        compared = flow.by_identifier[entry.next_action or ""]
        assert compared.text("ComparisonValue") == "$.StoredCustomerInput"
        assert set(key_targets(compared)) == ({"Timeout"} if is_encrypted(entry) else {"Timeout", "0", "*"})
        (digits,) = (edge for edge in compared.conditions if edge.operator == "NumberGreaterOrEqualTo")
        assert digits.target not in {key_targets(compared)["Timeout"], compared.error_target("NoMatchingCondition")}


@each_talking_flow
def test_an_encrypted_entry_goes_to_the_function_whatever_is_in_it(flow: Flow) -> None:
    """With a key the flow sees a message; without one, digits or a star. It must tell neither from the others."""
    for entry in filter(is_encrypted, entries(flow)):
        compared = flow.by_identifier[entry.next_action or ""]
        entered = {(edge.operator, edge.operand): edge.target for edge in compared.conditions}
        del entered["Equals", "Timeout"]
        assert set(entered) == {("TextStartsWith", "AY"), ("TextStartsWith", "*"), ("NumberGreaterOrEqualTo", "0")}
        (step,) = set(entered.values())
        assert STEPS[str(flow.by_identifier[step or ""].mapping("LambdaInvocationAttributes")["step"])].secret_inputs


@each_flow
def test_every_entry_of_a_secret_is_encrypted_under_the_key_of_the_stack(flow: Flow) -> None:
    key = {"EncryptionKeyId": "${EntryKeyId}", "Key": "${EntryCertificate}"}
    encrypted = {action.identifier: action.mapping("InputEncryption") for action in filter(is_encrypted, entries(flow))}
    assert encrypted == dict.fromkeys(find_secret_inputs(flow), key)


def test_the_secrets_of_the_steps_are_known_as_secrets_by_name() -> None:
    """So that the rules about logging and recording find them, and the simulator masks them, in any flow."""
    secret = {name for step in STEPS.values() for name in step.secret_inputs}
    assert secret
    assert all(is_secret_name(name) for name in secret)


@each_flow
def test_an_entry_goes_to_the_function_and_nowhere_else(flow: Flow) -> None:
    for action in flow.actions:
        reads = any("$.StoredCustomerInput" in text for text in iterate_strings(action.parameters))
        assert not reads or action.type in {"InvokeLambdaFunction", "Compare"}, action.identifier


@each_flow
def test_logging_is_off_wherever_something_is_keyed_in_or_personal_words_are_spoken(flow: Flow) -> None:
    if flow.name != ENTRY:
        assert flow.by_identifier[flow.start_action].parameters == {"FlowLoggingBehavior": "Disabled"}
        assert list(blocks(flow, "UpdateFlowLoggingBehavior")) == [flow.by_identifier[flow.start_action]]


def test_the_line_is_recorded_only_after_the_caller_was_told() -> None:
    on = [
        (flow, action)
        for flow in shipped().flows
        for action in blocks(flow, "UpdateContactRecordingBehavior")
        if action.mapping("RecordingBehavior")["RecordedParticipants"]
    ]
    assert all(
        action.mapping("RecordingBehavior")["IVRRecordingBehavior"] == "Disabled"
        for flow in shipped().flows
        for action in blocks(flow, "UpdateContactRecordingBehavior")
    )
    assert {flow.name for flow, _ in on} == {HANDOVER, AGENT_PROOF}
    for flow, switch in on:
        (told,) = (action for action in flow.actions if action.next_action == switch.identifier)
        assert "$.FlowAttributes.say_recorded" in told.text("SSML")


def test_the_talk_with_an_agent_is_not_recorded_any_more_while_a_caller_is_verified() -> None:
    proof = shipped().by_name[AGENT_PROOF]
    block: str | None = proof.start_action
    while proof.by_identifier[block or ""].type != "UpdateContactRecordingBehavior":
        assert proof.by_identifier[block or ""].type == "UpdateFlowLoggingBehavior"
        block = proof.by_identifier[block or ""].next_action
    assert proof.by_identifier[block or ""].mapping("RecordingBehavior")["RecordedParticipants"] == []


# --- ends


@each_speaking_flow
def test_nothing_but_words_leads_to_a_hang_up(flow: Flow) -> None:
    for action in flow.actions:
        targets = {action.next_action, *(edge.target for edge in list_written_edges(flow, action))}
        for target in filter(None, targets):
            if flow.by_identifier[target].type == "DisconnectParticipant":
                assert action.type == "MessageParticipant", action.identifier


@each_module
def test_a_module_declares_exactly_the_results_it_returns(flow: Flow) -> None:
    declared = [entry["ReferenceName"] for entry in flow.settings["Transitions"]]
    assert declared == [action.text("Result") for action in blocks(flow, "EndFlowModuleExecution")]
    assert not list(blocks(flow, "DisconnectParticipant"))


@each_flow
def test_every_result_of_a_module_has_a_branch_where_it_is_called(flow: Flow) -> None:
    for call, module in shipped().modules_called_by(flow):
        results = {action.text("Result") for action in blocks(module, "EndFlowModuleExecution")}
        assert set(key_targets(call)) == results
        assert call.error_target("NoMatchingCondition") == key_targets(call)["Failed"]
        assert call.error_target("NoMatchingError") == key_targets(call)["Failed"]


def test_modules_are_nested_two_deep_at_most() -> None:
    for topic in shipped().flows:
        for _, inner in shipped().modules_called_by(topic):
            if topic.is_module:
                assert list(shipped().modules_called_by(inner)) == []


def test_the_document_names_every_attribute_of_a_contact() -> None:
    named = set(re.findall(r"`([a-z_]+)`", "".join(re.findall(r"^\| (`.*?) \|", DOCUMENT, re.MULTILINE))))
    kept = {
        name
        for flow in shipped().flows
        for action in blocks(flow, "UpdateContactAttributes")
        for name in action.mapping("Attributes")
    }
    assert kept | {"challenge"} <= named


def test_the_map_has_every_key_of_the_main_menu_with_the_place_that_it_leads_to() -> None:
    entry = shipped().by_name[ENTRY]
    modules = {f"${{{token_of(flow)}}}": flow.name for flow in shipped().flows if flow.is_module}
    leads: set[tuple[str, str]] = set()
    for key, target in key_targets(entry.by_identifier["Main menu"]).items():
        topic = entry.by_identifier[target or ""]
        following = entry.by_identifier[topic.next_action or ""]
        if following.type == "InvokeFlowModule":
            leads.add((key, modules[following.text("FlowModuleId")]))
        elif key.isdigit() and key not in "09":
            leads.add((key, topic.identifier))
    names = dict(re.findall(r"(\w+)\[\[(module-\w+)\]\]", DOCUMENT)) | {"number": "Ask for another number"}
    assert {(key, names[place]) for key, place in re.findall(r"main -- (\d) --> (\w+)", DOCUMENT)} == leads


@pytest.mark.parametrize(
    ("page", "words"), [("README.md", "Words in English"), ("README.zh-CN.md", "Words in Chinese")]
)
def test_the_readme_shows_the_main_menu_as_it_is_said(page: str, words: str) -> None:
    menu = word_blocks(shipped().by_name[ENTRY])[words]["say_menu"]
    assert f"☎  {menu}\n" in (ROOT / page).read_text(encoding="utf-8")

"""Rules about menus, and about callers who are silent, wrong, or in need of a person.

Source: common guidance for voice menus, and time limits as seen in exported flows. The guidance is about the number of
options, separate handling of silence, wrong keys and failures, and a person within reach.
"""

from collections.abc import Iterator

from connect_sim.language.actions.forms import is_menu, is_store_input
from connect_sim.language.actions.specs import INPUT_TIME_LIMIT_EXCEEDED, NO_MATCHING_CONDITION
from connect_sim.language.document import Action, Flow, FlowKind
from connect_sim.language.flow_set import FLOW_PARAMETER, FlowSet
from connect_sim.language.graph import list_walkable_edges
from connect_sim.language.references import Reference, parse_reference
from connect_sim.linter.rule import Problem, rule
from connect_sim.linter.rules.paths import WAITING_FOR_SOMEBODY

MAX_OPTIONS = 5
SERVICE_KEYS = frozenset("09*#")
"""Keys with the same meaning in every menu (agent, repeat, back) are not counted as options."""
MIN_FIRST_KEY_S = 5
MIN_INTERDIGIT_S = 5
_TO_A_PERSON = frozenset(
    {
        "TransferContactToQueue",
        "TransferContactToAgent",
        "TransferParticipantToThirdParty",
        "DequeueContactAndTransferToQueue",
        "CreateCallbackContact",
    }
)


_INPUTS = frozenset({"GetParticipantInput", "ConnectParticipantWithLexBot"})
_OUT_OF_HAND = _TO_A_PERSON | {
    "CheckHoursOfOperation",
    "EndFlowModuleExecution",
    "InvokeFlowModule",
    "TransferToFlow",
    "UpdateContactTargetQueue",
}
"""The blocks that have sent on a caller who wants a person: to one, or to where it is found out who is there."""


def _keys(action: Action) -> frozenset[str]:
    return frozenset(edge.operand for edge in action.conditions)


def _key_target(action: Action, key: str) -> str | None:
    return next((edge.target for edge in action.conditions if edge.operand == key), None)


def _follow(flow: Flow, start: str | None, stops: frozenset[str]) -> Iterator[Action]:
    """Yield the blocks that a call comes to from here, up to the first of a type in `stops`, this one too."""
    seen: set[str] = set()
    ahead = [start]
    while ahead:
        action = flow.by_identifier.get(ahead.pop() or "")
        if action is None or action.identifier in seen:
            continue
        seen.add(action.identifier)
        yield action
        if action.type not in stops:
            ahead += [edge.target for edge in list_walkable_edges(flow, action)]


def _goes_on_listening(flow: Flow, menu: Action) -> bool:
    """Return whether silence at a menu leads at once to another with the same keys, as in a list in parts."""
    silence = flow.by_identifier.get(menu.error_target(INPUT_TIME_LIMIT_EXCEEDED) or "")
    if silence is None or silence.type not in {"Compare", "GetParticipantInput"}:
        return False
    nexts = [each for each in _follow(flow, silence.identifier, _INPUTS) if each.type != "Compare"]
    return bool(nexts) and all(is_menu(each) and _keys(each) == _keys(menu) for each in nexts)


def _compares(flow: Flow, root: str) -> bool:
    """Return whether some block of a flow compares this system value, in whatever spelling."""
    return any(parse_reference(action.text("ComparisonValue")) == Reference(root, ()) for action in flow.actions)


@rule("W211", "A menu has at most five options")
def check_options(flow: Flow, _: FlowSet) -> Iterator[Problem]:
    """Source: guidance for voice menus: 3 to 5 options; `0`, `9`, `*`, `#` are not counted."""
    for action in flow.actions:
        options = {edge.operand for edge in action.conditions} - SERVICE_KEYS
        if is_menu(action) and len(options) > MAX_OPTIONS:
            yield Problem(
                action.identifier, f"The menu has {len(options)} options; {MAX_OPTIONS} are the most to offer."
            )


@rule("W212", "A person can be reached")
def check_exit(flow: Flow, flows: FlowSet) -> Iterator[Problem]:
    """Source: guidance for voice menus: an agent or a callback is offered by the third menu at the latest.

    Looks through transfers and modules of the checked set; says nothing when one of them is not in it. Quiet in a flow
    that looks at `$.InitiationMethod`, since it tells calls that were made from calls that came in.
    """
    made = _compares(flow, "InitiationMethod")
    if made or flows.kind_of(flow) is not FlowKind.INBOUND:
        return
    seen: dict[str, Flow] = {}
    ahead = [flow]
    while ahead:
        current = ahead.pop()
        if current.name in seen:
            continue
        seen[current.name] = current
        for action in current.actions:
            if action.type in _TO_A_PERSON:
                return
            if action.type in FLOW_PARAMETER:
                target = flows.target(action)
                if target is None:
                    return
                ahead.append(target)
    yield Problem(None, "No way leads to an agent, a queue or a callback.")


@rule("W213", "No error hangs up without a word")
def check_hang_up(flow: Flow, _: FlowSet) -> Iterator[Problem]:
    """Source: guidance for voice menus: after failures a person or a message, never a bare hang-up.

    Quiet in a flow that looks at `$.Channel`, since it tells calls from chats and tasks, which hear nothing.
    """
    if _compares(flow, "Channel"):
        return
    for action in flow.actions:
        if action.type == "MessageParticipant":
            continue
        for edge in action.errors:
            target = flow.by_identifier.get(edge.target or "")
            if target is not None and target.type == "DisconnectParticipant":
                yield Problem(action.identifier, f"{edge.error_type} hangs up without a word; say what happened first.")


@rule("W214", "Silence and wrong keys are answered differently")
def check_silence(flow: Flow, _: FlowSet) -> Iterator[Problem]:
    """Source: guidance for voice menus: no input, no match and failure are three things to a caller."""
    for action in flow.actions:
        if not is_menu(action):
            continue
        silence = action.error_target(INPUT_TIME_LIMIT_EXCEEDED)
        if silence is None:
            yield Problem(action.identifier, f"Silence has no edge of its own; add {INPUT_TIME_LIMIT_EXCEEDED}.")
        elif silence == action.error_target(NO_MATCHING_CONDITION):
            yield Problem(action.identifier, "Silence and a wrong key lead to the same block.")


@rule("W215", "Callers have time to press keys")
def check_time(flow: Flow, _: FlowSet) -> Iterator[Problem]:
    """Source: accessibility guidance and exported flows: 5 s or more to the first key and between keys.

    Not asked of the parts of a list, since a key is good at the next part too.
    """
    for action in flow.actions:
        if not (is_menu(action) or is_store_input(action)) or _goes_on_listening(flow, action):
            continue
        first = action.text("InputTimeLimitSeconds")
        if first.isdecimal() and int(first) < MIN_FIRST_KEY_S:
            yield Problem(action.identifier, f"{first} s to the first key are short; give {MIN_FIRST_KEY_S} s or more.")
        between = str(action.mapping("DTMFConfiguration").get("InterdigitTimeLimitSeconds", ""))
        if between.isdecimal() and int(between) < MIN_INTERDIGIT_S:
            yield Problem(action.identifier, f"{between} s between keys are short; give {MIN_INTERDIGIT_S} s or more.")


@rule("W221", "A voice call does not wait")
def check_wait(flow: Flow, _: FlowSet) -> Iterator[Problem]:
    """Source: developer guide, Wait is for chats; a voice call takes its error edge.

    Quiet in a flow that looks at `$.Channel`, since it keeps voice calls away from there. Quiet also in a flow that
    shows views, since only chats do.
    """
    if _compares(flow, "Channel") or any(action.type == "ShowView" for action in flow.actions):
        return
    for action in flow.actions:
        if action.type == "Wait":
            yield Problem(action.identifier, "Wait works for chats only; on a voice call it takes the error edge.")


@rule("W223", "9 says the menu again")
def check_nine(flow: Flow, _: FlowSet) -> Iterator[Problem]:
    """Source: guidance for voice menus: key meanings are constant; `9` repeats, wherever it is a key."""
    for action in flow.actions:
        target = _key_target(action, "9")
        if not is_menu(action) or target is None:
            continue
        reached = list(_follow(flow, target, _INPUTS))
        if not any(each is action or (is_menu(each) and _keys(each) == _keys(action)) for each in reached):
            yield Problem(action.identifier, "9 does not lead back to this menu; it repeats in every menu.")


@rule("W224", "0 brings a person")
def check_zero(flow: Flow, _: FlowSet) -> Iterator[Problem]:
    """Source: guidance for voice menus: key meanings are constant; `0` is a person, wherever it is a key."""
    for action in flow.actions:
        target = _key_target(action, "0")
        if not is_menu(action) or target is None:
            continue
        reached = _follow(flow, target, _INPUTS | _OUT_OF_HAND)
        if not any(each.type in _OUT_OF_HAND for each in reached):
            yield Problem(action.identifier, "0 leads to no person; it does in every menu.")


@rule("W225", "Silence does not end a call at once")
def check_silence_trap(flow: Flow, _: FlowSet) -> Iterator[Problem]:
    """Source: accessibility guidance: who needs more time than a menu gives is asked again before the line is cut."""
    for action in flow.actions:
        silence = action.error_target(INPUT_TIME_LIMIT_EXCEEDED)
        if not is_menu(action) or silence is None:
            continue
        for each in _follow(flow, silence, WAITING_FOR_SOMEBODY | _OUT_OF_HAND | {"Loop"}):
            if each.type in {"DisconnectParticipant", "EndFlowExecution"}:
                yield Problem(action.identifier, "Silence ends the call; ask again first, and offer a person.")
                break

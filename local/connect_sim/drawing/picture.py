"""The content of a picture: boxes for blocks and arrows for edges, before anything has a place."""

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import Enum

from connect_sim.drawing.text import join_names
from connect_sim.language.actions.catalogue import find_spec
from connect_sim.language.actions.specs import INPUT_TIME_LIMIT_EXCEEDED, NO_MATCHING_CONDITION, NO_MATCHING_ERROR
from connect_sim.language.dataflow import find_fixed_texts
from connect_sim.language.document import Action, ConditionEdge, Flow
from connect_sim.language.graph import (
    END,
    LEAVES,
    NEXT,
    find_reachable,
    label_condition,
    label_error,
    list_walkable_edges,
)
from connect_sim.language.references import Reference, parse_token, split_text
from connect_sim.language.speech import SsmlError, extract_words

MANY_ERRORS = 5
"""More error edges to one block are not drawn: the blocks that they come from name it below a dashed line.

The same is done with an error that leads where success leads.
"""
_OPERATORS: Mapping[str, str] = {
    "Equals": "",
    "NumberGreaterThan": "> ",
    "NumberGreaterOrEqualTo": "≥ ",
    "NumberLessThan": "< ",
    "NumberLessOrEqualTo": "≤ ",
    "TextStartsWith": "starts with ",
    "TextEndsWith": "ends with ",
    "TextContains": "contains ",
}
_ERRORS: Mapping[str, str] = {
    NO_MATCHING_CONDITION: "else",
    NO_MATCHING_ERROR: "error",
    INPUT_TIME_LIMIT_EXCEEDED: "silence",
}
_WORDS_OF: Mapping[str, str] = {"ContinueLooping": "again", "DoneLooping": "done"}


class Family(Enum):
    """The use of a block, which gives it its colour."""

    SPEECH = "speech"
    INPUT = "input"
    DECISION = "decision"
    FUNCTION = "function"
    PASSAGE = "passage"
    END = "end"
    SETTING = "setting"


_FAMILIES: Mapping[str, Family] = {
    "MessageParticipant": Family.SPEECH,
    "MessageParticipantIteratively": Family.SPEECH,
    "GetParticipantInput": Family.INPUT,
    "ConnectParticipantWithLexBot": Family.INPUT,
    "ShowView": Family.INPUT,
    "Compare": Family.DECISION,
    "CheckHoursOfOperation": Family.DECISION,
    "CheckMetricData": Family.DECISION,
    "DistributeByPercentage": Family.DECISION,
    "Loop": Family.DECISION,
    "Wait": Family.DECISION,
    "InvokeLambdaFunction": Family.FUNCTION,
    "InvokeFlowModule": Family.FUNCTION,
}


@dataclass(frozen=True, slots=True)
class Box:
    """One block. `notes` say in words where its errors lead, for edges that are not drawn."""

    identifier: str
    type: str
    text: str
    family: Family
    is_reached: bool
    leaves: bool
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Arrow:
    """All edges of one kind from one block to another; `labels` is empty for an edge that is simply taken."""

    source: str
    target: str
    labels: tuple[str, ...]
    is_error: bool


@dataclass(frozen=True, slots=True)
class Picture:
    """The content of one picture, in the order of the document; `start` is None when the start block does not exist."""

    name: str
    start: str | None
    boxes: tuple[Box, ...]
    arrows: tuple[Arrow, ...]


def make_picture(flow: Flow) -> Picture:
    """Return the content of a picture of the flow. Its edges are those that a call can take."""
    words = find_fixed_texts(flow)
    reached = find_reachable(flow)
    errors_to = Counter(
        edge.target
        for action in flow.by_identifier.values()
        for edge in action.errors
        if edge.error_type != NO_MATCHING_CONDITION
    )
    crowded = frozenset(target for target, count in errors_to.items() if target and count > MANY_ERRORS)
    boxes, arrows = [], []
    for action in (flow.by_identifier[name] for name in dict.fromkeys(each.identifier for each in flow.actions)):
        drawn, noted = _arrows_of(flow, action, crowded)
        arrows += drawn
        boxes.append(
            Box(
                identifier=action.identifier,
                type=action.type,
                text=_describe(action, words),
                family=_family_of(action),
                is_reached=action.identifier in reached,
                leaves=any(edge.label == LEAVES for edge in list_walkable_edges(flow, action)),
                notes=noted,
            )
        )
    start = flow.start_action if flow.start_action in flow.by_identifier else None
    return Picture(flow.name, start, tuple(boxes), tuple(arrows))


def _arrows_of(flow: Flow, action: Action, crowded: frozenset[str]) -> tuple[list[Arrow], tuple[str, ...]]:
    found: dict[tuple[str, bool], list[str]] = {}
    notes: dict[str, list[str]] = {}
    labels = dict(_labels_of(action))
    edges = list_walkable_edges(flow, action)
    aside = crowded | {edge.target for edge in edges if edge.label == NEXT}
    for edge in edges:
        if edge.target is None or edge.target not in flow.by_identifier:
            continue
        text, is_error = labels.get(edge.label, ("", False))
        if is_error and edge.target in aside:
            notes.setdefault(edge.target, []).append(text)
        else:
            found.setdefault((edge.target, is_error), []).append(text)
    arrows = [
        Arrow(action.identifier, target, tuple(dict.fromkeys(text for text in texts if text)), is_error)
        for (target, is_error), texts in found.items()
    ]
    return arrows, tuple(f"{', '.join(texts)} → {target}" for target, texts in notes.items())


def _labels_of(action: Action) -> Iterator[tuple[str, tuple[str, bool]]]:
    """Yield the labels of a block's edges, as they are drawn, with whether they are errors."""
    yield NEXT, ("", False)
    yield END, ("", False)
    for condition in action.conditions:
        yield label_condition(condition), (_condition_text(condition), False)
    for error in action.errors:
        text = _ERRORS.get(error.error_type) or _split_words(error.error_type)
        yield label_error(error.error_type), (text, error.error_type != NO_MATCHING_CONDITION)


def _condition_text(condition: ConditionEdge) -> str:
    operand = _WORDS_OF.get(condition.operand, condition.operand)
    if condition.operator not in _OPERATORS:
        return f"{_split_words(condition.operator)} {operand}".strip()
    return f"{_OPERATORS[condition.operator]}{operand or 'empty'}"


def _split_words(name: str) -> str:
    """Return `QueueAtCapacity` as `queue at capacity`."""
    return re.sub(r"(?<=[a-z])(?=[A-Z])", " ", name).lower()


def _family_of(action: Action) -> Family:
    if action.type in _FAMILIES:
        return _FAMILIES[action.type]
    spec = find_spec(action)
    if spec is not None and (spec.terminal or spec.leaves):
        return Family.END if spec.terminal else Family.PASSAGE
    return Family.PASSAGE if "Transfer" in action.type or "Queue" in action.type else Family.SETTING


# --- what a block says about itself


def _describe(action: Action, words: Mapping[Reference, str]) -> str:
    """Return the few words under a block's name: its prompt, what it compares, calls or sets."""
    match action.type:
        case "InvokeLambdaFunction":
            step = action.mapping("LambdaInvocationAttributes").get("step")
            return f"step {step}" if step else _last_part(action.text("LambdaFunctionARN"))
        case "Compare":
            return action.text("ComparisonValue")
        case "Loop":
            return f"{action.text('LoopCount')} times"
        case "UpdateContactAttributes":
            return _assignments(action.mapping("Attributes"))
        case "UpdateFlowAttributes":
            given = action.mapping("FlowAttributes")
            return _assignments({name: _value_of(entry) for name, entry in given.items()})
        case "EndFlowModuleExecution":
            return action.text("Result")
        case _:
            return _prompt(action, words) or _parameters(action)


def _value_of(entry: object) -> object:
    return entry.get("Value", "") if isinstance(entry, Mapping) else entry


def _assignments(values: Mapping[str, object]) -> str:
    """Return `name = value` for short values of few names, else the names alone."""
    pairs = [f"{name} = {value}" for name, value in values.items()]
    if len(pairs) <= 2 and all(len(pair) <= 40 for pair in pairs):
        return ", ".join(pairs)
    return f"sets {join_names(list(values), 4)}"


def _prompt(action: Action, words: Mapping[Reference, str]) -> str:
    text = action.text("SSML") or action.text("Text")
    if not text:
        return f"prompt {_last_part(action.text('PromptId'))}" if "PromptId" in action.parameters else ""
    said = "".join(piece if isinstance(piece, str) else words.get(piece, str(piece)) for piece in split_text(text))
    try:
        return f"“{extract_words(said)}”"
    except SsmlError:
        return text


def _parameters(action: Action) -> str:
    """Return the first two parameters that are plain values; of references to resources, the name."""
    plain = [name for name, value in action.parameters.items() if isinstance(value, str | int | float)]
    return ", ".join(_last_part(action.text(name)) for name in plain[:2])


def _last_part(text: str) -> str:
    """Return the name in a token (`${QueueArn}`), else the end of an ARN, else the text."""
    return parse_token(text) or text.rsplit("/", 1)[-1].rsplit(":", 1)[-1]

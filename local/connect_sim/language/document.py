"""A flow document as typed, immutable values, and the loader that makes them from JSON.

The loader refuses only what has no meaning as a flow at all (not JSON, no list of actions, an action without a
name). Everything else that is wrong with a flow is kept as written, for the linter to name.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cached_property
from pathlib import Path
from typing import Any

from connect_sim.errors import ConnectSimError
from connect_sim.language.references import find_tokens, iterate_strings, replace_tokens

LANGUAGE_VERSION = "2019-10-30"


class FlowKind(StrEnum):
    """The use of a document; values as the console writes them in `Metadata.type`."""

    INBOUND = "contactFlow"
    CUSTOMER_QUEUE = "customerQueue"
    CUSTOMER_HOLD = "customerHold"
    CUSTOMER_WHISPER = "customerWhisper"
    AGENT_HOLD = "agentHold"
    AGENT_WHISPER = "agentWhisper"
    OUTBOUND_WHISPER = "outboundWhisper"
    AGENT_TRANSFER = "agentTransfer"
    QUEUE_TRANSFER = "queueTransfer"
    MODULE = "module"

    @property
    def is_module(self) -> bool:
        return self is FlowKind.MODULE

    @staticmethod
    def named(name: Any) -> "FlowKind | None":
        """Return the kind of this name, or None. The console writes `customerQueue`, the API `CUSTOMER_QUEUE`."""
        key = str(name).replace("_", "").lower()
        return next((kind for kind in FlowKind if kind.value.lower() == key), None)


class FlowSyntaxError(ConnectSimError):
    """A file is not a flow document. `source` names the file, `problem` says in one sentence what is wrong."""

    def __init__(self, source: str, problem: str) -> None:
        super().__init__(f"{source}: {problem}")
        self.source = source
        self.problem = problem


@dataclass(frozen=True, slots=True)
class ErrorEdge:
    """The action that follows after an error of this type. `target` is None when the document names none."""

    error_type: str
    target: str | None


@dataclass(frozen=True, slots=True)
class ConditionEdge:
    """The action that follows when the value satisfies the operator; operands stay as written (any JSON)."""

    operator: str
    operands: tuple[Any, ...]
    target: str | None

    @property
    def operand(self) -> str:
        """The first operand as text, empty when there is no operand."""
        return str(self.operands[0]) if self.operands else ""


@dataclass(frozen=True, slots=True)
class Action:
    """One block: `parameters` is the JSON as written; `next_action` None when the document names none."""

    identifier: str
    type: str
    parameters: Mapping[str, Any]
    next_action: str | None
    errors: tuple[ErrorEdge, ...]
    conditions: tuple[ConditionEdge, ...]

    def text(self, name: str, default: str = "") -> str:
        """Return a scalar parameter as text, numbers and booleans as in JSON; `default` when it is missing."""
        value = self.parameters.get(name)
        if isinstance(value, str):
            return value
        if isinstance(value, bool | int | float):
            return json.dumps(value)
        return default

    def mapping(self, name: str) -> Mapping[str, Any]:
        """Return an object parameter, empty when it is missing or something else."""
        value = self.parameters.get(name)
        return value if isinstance(value, Mapping) else {}

    @property
    def operands(self) -> tuple[Any, ...]:
        """The operands of all conditions, in order."""
        return tuple(operand for edge in self.conditions for operand in edge.operands)

    def is_true(self, name: str) -> bool:
        """Return whether a parameter says true, in any of the spellings `"True"`, `"true"` and `true`."""
        return self.text(name).lower() == "true"

    def error_target(self, error_type: str) -> str | None:
        """Return the target of the edge for exactly this error type, or None when it has no edge."""
        return next((edge.target for edge in self.errors if edge.error_type == error_type), None)


@dataclass(frozen=True)
class Flow:
    """One flow or module. `name` is the file's stem, `size_chars` the length of the text it was read from."""

    name: str
    version: Any
    start_action: str
    actions: tuple[Action, ...]
    metadata: Mapping[str, Any] = field(default_factory=dict)
    settings: Any = None
    has_settings: bool = False
    path: Path | None = None
    size_chars: int = 0

    @cached_property
    def by_identifier(self) -> Mapping[str, Action]:
        """Actions by identifier; of several with one identifier, the first."""
        return {action.identifier: action for action in reversed(self.actions)}

    @cached_property
    def declared_kind(self) -> FlowKind | None:
        """The kind that `Metadata.type` names; None when it names no known one."""
        return FlowKind.named(self.metadata.get("type"))

    @cached_property
    def is_module(self) -> bool:
        """Whether this is a module: it says so, else it returns from one or lies in `modules/`."""
        if self.declared_kind is not None:
            return self.declared_kind is FlowKind.MODULE
        returns = any(action.type == "EndFlowModuleExecution" for action in self.actions)
        return returns or (self.path is not None and self.path.parent.name == "modules")

    @property
    def kind(self) -> FlowKind:
        """The kind of this document by itself. `FlowSet.kind_of` looks at its blocks and its callers too."""
        return self.declared_kind or (FlowKind.MODULE if self.is_module else FlowKind.INBOUND)

    @property
    def source(self) -> str:
        """How to name this document to people: its path when it has one."""
        return str(self.path) if self.path else self.name

    @cached_property
    def tokens(self) -> frozenset[str]:
        """The names of all `${Tokens}` in parameters and operands."""
        texts = (iterate_strings([action.parameters, *action.operands]) for action in self.actions)
        found = (find_tokens(text) for each in texts for text in each)
        return frozenset(name for names in found for name in names)

    def resolve(self, tokens: Mapping[str, str]) -> "Flow":
        """Return a copy with the known tokens replaced in every parameter; the others are kept (see `tokens`).

        Operands stay as written, since edges are named after them; they are replaced where they are compared.
        """
        actions = tuple(
            Action(
                identifier=action.identifier,
                type=action.type,
                parameters=replace_tokens(action.parameters, tokens),
                next_action=action.next_action,
                errors=action.errors,
                conditions=action.conditions,
            )
            for action in self.actions
        )
        return Flow(
            name=self.name,
            version=self.version,
            start_action=self.start_action,
            actions=actions,
            metadata=self.metadata,
            settings=self.settings,
            has_settings=self.has_settings,
            path=self.path,
            size_chars=self.size_chars,
        )


def load_flow(path: Path) -> Flow:
    """Read one flow file (UTF-8 JSON). Raises FlowSyntaxError for a file that is missing or is no flow."""
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise FlowSyntaxError(str(path), f"cannot be read ({error.__class__.__name__}).") from error
    return parse_flow(text, name=path.stem, path=path)


def parse_flow(text: str, *, name: str, path: Path | None = None) -> Flow:
    """Make a Flow of its JSON text. Raises FlowSyntaxError with the place and the problem."""
    source = str(path) if path else name
    try:
        document = json.loads(text)
    except json.JSONDecodeError as error:
        problem = f"is not JSON: {error.msg} in line {error.lineno}, column {error.colno}."
        raise FlowSyntaxError(source, problem) from error
    except RecursionError as error:
        raise FlowSyntaxError(source, "is nested too deeply to be a flow.") from error
    if not isinstance(document, dict):
        raise FlowSyntaxError(source, "holds no JSON object.")
    entries = document.get("Actions")
    if not isinstance(entries, list):
        raise FlowSyntaxError(source, "has no list `Actions`.")
    metadata = document.get("Metadata")
    start = document.get("StartAction")
    return Flow(
        name=name,
        version=document.get("Version"),
        start_action=start if isinstance(start, str) else "",
        actions=tuple(_parse_action(entry, source, index) for index, entry in enumerate(entries)),
        metadata=metadata if isinstance(metadata, dict) else {},
        settings=document.get("Settings"),
        has_settings="Settings" in document,
        path=path,
        size_chars=len(text),
    )


def _parse_action(entry: Any, source: str, index: int) -> Action:
    place = f"`Actions[{index}]`"
    if not isinstance(entry, dict):
        raise FlowSyntaxError(source, f"{place} is not an object.")
    for name in ("Identifier", "Type"):
        if not isinstance(entry.get(name), str):
            raise FlowSyntaxError(source, f"{place} has no text `{name}`.")
    place = f"block `{entry['Identifier']}`"
    parameters = _object(entry.get("Parameters"), source, f"`Parameters` of {place}")
    transitions = _object(entry.get("Transitions"), source, f"`Transitions` of {place}")
    return Action(
        identifier=entry["Identifier"],
        type=entry["Type"],
        parameters=parameters,
        next_action=_target(transitions),
        errors=tuple(
            ErrorEdge(str(edge.get("ErrorType", "")), _target(edge))
            for edge in _objects(transitions.get("Errors"), source, f"`Errors` of {place}")
        ),
        conditions=tuple(
            _parse_condition(edge, source, place)
            for edge in _objects(transitions.get("Conditions"), source, f"`Conditions` of {place}")
        ),
    )


def _parse_condition(edge: dict[str, Any], source: str, place: str) -> ConditionEdge:
    condition = _object(edge.get("Condition"), source, f"a `Condition` of {place}")
    operands = condition.get("Operands", [])
    if not isinstance(operands, list):
        raise FlowSyntaxError(source, f"`Operands` of {place} is not a list.")
    return ConditionEdge(str(condition.get("Operator", "")), tuple(operands), _target(edge))


def _target(edge: Mapping[str, Any]) -> str | None:
    target = edge.get("NextAction")
    return target if isinstance(target, str) and target else None


def _object(value: Any, source: str, what: str) -> dict[str, Any]:
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise FlowSyntaxError(source, f"{what} is not an object.")
    return value


def _objects(value: Any, source: str, what: str) -> list[dict[str, Any]]:
    if value is None:
        return []
    if not isinstance(value, list) or not all(isinstance(item, dict) for item in value):
        raise FlowSyntaxError(source, f"{what} is not a list of objects.")
    return value

"""The shape of an entry in the table of actions: what one type of block takes, gives and may go wrong with."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum

from connect_sim.language.document import Action, FlowKind

NO_MATCHING_ERROR = "NoMatchingError"
NO_MATCHING_CONDITION = "NoMatchingCondition"
INPUT_TIME_LIMIT_EXCEEDED = "InputTimeLimitExceeded"

NUMBER_OPERATORS = frozenset({"NumberGreaterThan", "NumberGreaterOrEqualTo", "NumberLessThan", "NumberLessOrEqualTo"})
TEXT_OPERATORS = frozenset({"Equals", "TextStartsWith", "TextEndsWith", "TextContains"})
OPERATORS = NUMBER_OPERATORS | TEXT_OPERATORS | {"KeyExists"}
"""All operators that the service takes; each has exactly one operand."""

WHISPER_AND_HOLD = frozenset(
    {
        FlowKind.CUSTOMER_HOLD,
        FlowKind.AGENT_HOLD,
        FlowKind.CUSTOMER_WHISPER,
        FlowKind.AGENT_WHISPER,
        FlowKind.OUTBOUND_WHISPER,
    }
)
HOLD = frozenset({FlowKind.CUSTOMER_HOLD, FlowKind.AGENT_HOLD})
EVERY_KIND = frozenset(FlowKind)


def _always(_: Action) -> bool:
    return True


class ParameterKind(Enum):
    """The kind of value that a parameter takes."""

    STATIC = "a fixed text"
    SINGLE = "a fixed text or exactly one reference"
    REFERENCE = "exactly one reference"
    FREE = "a text that may hold references"
    MAP = "an object"
    DATA = "an object of any JSON values, or exactly one reference"
    LIST = "a list"


@dataclass(frozen=True, slots=True)
class Parameter:
    """One parameter: `values` lists the only ones allowed, `low`/`high` bound a whole number (inclusive)."""

    name: str
    kind: ParameterKind = ParameterKind.STATIC
    required: bool = False
    values: frozenset[str] | None = None
    low: int | None = None
    high: int | None = None


@dataclass(frozen=True, slots=True)
class Conditions:
    """The conditions that an action may have.

    `operators` empty means none at all. `operands` limits the operands, `exactly` names a set that must be complete,
    `number` demands operands that are numbers.
    """

    operators: frozenset[str] = frozenset()
    operands: frozenset[str] | None = None
    exactly: frozenset[str] | None = None
    number: bool = False


@dataclass(frozen=True, slots=True)
class ActionSpec:
    """One type of action, or one form of a type that has several (`applies` tells which).

    `required_errors` must have an edge or the service refuses the flow; `permitted_errors` may have one, and no other
    may. `exactly_one` and `at_most_one` are groups of alternative parameters. `branches` says that success follows
    conditions and never `NextAction`; `leaves` that success leaves this flow.
    """

    type: str
    parameters: tuple[Parameter, ...] = ()
    required_errors: frozenset[str] = frozenset()
    permitted_errors: frozenset[str] = frozenset()
    conditions: Conditions = Conditions()
    exactly_one: tuple[tuple[str, ...], ...] = ()
    at_most_one: tuple[tuple[str, ...], ...] = ()
    at_least_one: bool = False
    terminal: bool = False
    branches: bool = False
    leaves: bool = False
    next_action_optional: bool = False
    open_parameters: bool = False
    kinds: frozenset[FlowKind] = EVERY_KIND
    form: str = ""
    applies: Callable[[Action], bool] = _always

    @property
    def errors(self) -> frozenset[str]:
        """Every error type that may have an edge."""
        return self.required_errors | self.permitted_errors

"""Why a refund was decided as it was, and what would change that: the form that phone, API and agents tell. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta

from .model import Remedy, RuleResult
from .policy import remedies_of
from .reviews import REVIEWED


@dataclass(frozen=True, slots=True)
class Explanation:
    """The rule that decided, its window and the age of the payment where it looked at those, and what would change the
    decision. `window` is None for a window of no days, which nobody says. `age` is None where it is as many whole days
    as the window: the payment would sound as if it were still within that."""

    rule: str | None
    window: timedelta | None = None
    age: timedelta | None = None
    remedies: tuple[Remedy, ...] = ()

    @property
    def facts(self) -> dict[str, object]:
        """The facts of the rule's sentence."""
        return {"window": self.window, "age": self.age}


def explain(rules: Iterable[RuleResult], decided_by: str | None) -> Explanation:
    """The explanation of a decision by these rules."""
    heard = tuple(rules)
    deciding = next((result for result in heard if result.rule == decided_by), None)
    inputs = deciding.inputs if deciding is not None else {}
    window, age = _days(inputs.get("window_days")), _days(inputs.get("age_days"))
    return Explanation(
        rule=decided_by,
        window=window,
        age=age if age != window else None,
        # After a person's word nothing that the rules asked for changes anything.
        remedies=() if decided_by == REVIEWED else remedies_of(heard),
    )


def _days(figure: str | int | bool | None) -> timedelta | None:
    # A store gives numbers back as Decimal.
    return timedelta(days=int(figure)) if figure is not None and not isinstance(figure, str) and figure > 0 else None

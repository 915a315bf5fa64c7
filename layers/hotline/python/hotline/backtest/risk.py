"""The risk of movements and findings in points: the one place that knows how it is counted.

A movement's points are the sum of its parts. They come from the fold of its account and from that of its party, as they
were at that moment. A movement that neither of them rates has the points of the findings that name it. One that is
named beside a riskier one, by a finding on its account, is raised to that one's points in the end. An account has
the points of its riskiest movement, or the sum of those of the rules that found something on it, whichever is more.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

from hotline.security.fold import Fold
from hotline.security.rules import Rule
from hotline.security.score import FINDING_LEVELS, RISK_MAX

type Part = tuple[str, float]
"""A reason and its points, at least 0."""

SAME_FINDING: Final = "same_finding"
"""The part of a movement that a riskier one of the same finding gives it."""
DIGITS: Final = 2
"""Of points; so equal runs rank alike, and scores are not too many to count by."""


def rate_movement(fold: Fold) -> tuple[Part, ...] | None:
    """The parts by which a fold rates the event that it has weighed last; None for one by which no money left."""
    risk = fold.risk
    if risk is None:
        return None
    return tuple((name, round(points, DIGITS)) for name, points in risk._asdict().items() if points)


def rate_finding(rule: Rule) -> int:
    """The points of a finding, as in the stored risk of an account."""
    return round(RISK_MAX * FINDING_LEVELS[rule.detector.severity])


def add_findings(parts: Sequence[Part] | None, found: Sequence[Part]) -> list[Part]:
    """The parts of a movement with the findings that name it. One that was rated, be it at 0, has what was found until
    then among its parts; `parts` are None of one that was not."""
    return list(found if parts is None else parts)


def raise_to(parts: Sequence[Part], points: float) -> list[Part]:
    """The parts of a movement with what brings them to the points of the riskiest movement of the same finding. Nobody
    knew that part at the moment: the measures of a day leave it out."""
    return [*parts, (SAME_FINDING, round(points - add_up(parts), DIGITS))]


def add_up(parts: Iterable[Part]) -> float:
    """The points of parts together; more in one part is never less in all."""
    return round(sum(points for _, points in parts), DIGITS)

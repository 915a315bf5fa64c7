"""The risk of movements and findings in points: the one place that knows how it is counted.

A movement's points are the sum of its parts. Some come from the movement and what was known of its account at that
moment, the others from findings that name it. An account has the points of its riskiest movement, or of the findings on
itself, whichever is more.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

from hotline.security.detectors import Event, Severity
from hotline.security.fold import Fold
from hotline.security.rules import Rule

type Part = tuple[str, int]
"""A reason and its points, at least 0."""

POINTS: Final[Mapping[Severity, int]] = {
    Severity.LOW: 10,
    Severity.MEDIUM: 30,
    Severity.HIGH: 60,
    Severity.CRITICAL: 100,
}


def rate_movement(fold: Fold, event: Event) -> tuple[Part, ...]:  # noqa: ARG001 - the seam for the score of movements
    """The parts of a movement by itself, after the account's fold has taken it in."""
    return ()


def rate_finding(rule: Rule) -> int:
    """The points of a finding."""
    return POINTS[rule.detector.severity]


def add_up(parts: Iterable[Part]) -> int:
    """The points of parts together; more in one part is never less in all."""
    return sum(points for _, points in parts)

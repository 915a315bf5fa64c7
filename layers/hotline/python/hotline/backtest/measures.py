"""Measures of how right findings and rankings are. Pure.

`Groups`: points to [how many were fraud, how many were not], of everything that is ranked, also what has no points.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final

type Groups = Mapping[float, tuple[int, int]]

TOP: Final = 100
"""So many accounts of a day somebody can look at."""
DELAY_DAYS: Final = 7
TRAINING_DAYS: Final = 7
"""The protocol of published figures (Fraud Detection Handbook, `get_train_test_set`). The fraud of a day is known when
so many days lie between it and the test day. Frauds are known back to the training, which ends so long before the first
test day and is so long."""


def average_precision(groups: Groups) -> float | None:
    """The mean of the precision at each threshold, weighted by the gain of recall there. None without any fraud.

    Things of the same points stand or fall together, as in scikit-learn's `average_precision_score`.
    """
    total = sum(fraud for fraud, _ in groups.values())
    if not total:
        return None
    found = seen = 0
    area = 0.0
    for _, (fraud, honest) in sorted(groups.items(), reverse=True):
        found += fraud
        seen += fraud + honest
        area += fraud / total * (found / seen if seen else 0.0)
    return area


@dataclass(frozen=True, slots=True)
class Hits:
    """How many of the things that were pointed at were fraud, how many were not, and how much fraud there was."""

    found: int
    false: int
    fraud: int

    @property
    def precision(self) -> float | None:
        """Of what was pointed at, the share that was fraud; None when nothing was."""
        pointed_at = self.found + self.false
        return self.found / pointed_at if pointed_at else None

    @property
    def recall(self) -> float | None:
        """Of the fraud, the share that was pointed at; None without any."""
        return self.found / self.fraud if self.fraud else None


@dataclass(slots=True)
class TopOfDays:
    """The precision of the top accounts of each day (card precision top-k). An account has the points of its riskiest
    movement of the day, and was compromised when a movement of that day was fraud. One without points is not shown to
    anybody. The denominator is always `top`, also on a day with fewer.

    `repeats`: an account counts on every day. `first_time`: one that was in the top and compromised on an earlier day
    is known, and is left out of the ranking of later days. `unreported`: one whose fraud was reported is left out as
    well, whether it was ever in the top or not. This is the published protocol (`DELAY_DAYS`).
    """

    top: int = TOP
    repeats: list[float] = field(default_factory=list)
    first_time: list[float] = field(default_factory=list)
    unreported: list[float] = field(default_factory=list)
    _known: set[str] = field(default_factory=set)
    _detected: set[str] = field(default_factory=set)

    def take_day(self, ranked: Iterable[tuple[str, float, bool, bool]]) -> None:
        """Take in a day: (account, points, whether it was compromised, whether its fraud was reported before), the most
        points first."""
        shown, fresh, unreported = _Shown(self.top), _Shown(self.top), _Shown(self.top)
        for account, points, is_compromised, is_reported in ranked:
            if points <= 0:
                break
            shown.add(account, is_compromised)
            if account not in self._known:
                fresh.add(account, is_compromised)
            if not is_reported and account not in self._detected:
                unreported.add(account, is_compromised)
            if shown.is_full and fresh.is_full and unreported.is_full:
                break
        self.repeats.append(len(shown.compromised) / self.top)
        self.first_time.append(len(fresh.compromised) / self.top)
        self.unreported.append(len(unreported.compromised) / self.top)
        self._known.update(fresh.compromised)
        self._detected.update(unreported.compromised)


@dataclass(slots=True)
class _Shown:
    top: int
    seen: int = 0
    compromised: list[str] = field(default_factory=list)

    @property
    def is_full(self) -> bool:
        return self.seen >= self.top

    def add(self, account: str, is_compromised: bool) -> None:
        if self.is_full:
            return
        self.seen += 1
        if is_compromised:
            self.compromised.append(account)


def mean(values: list[float]) -> float | None:
    """The mean; None of nothing."""
    return sum(values) / len(values) if values else None


def group_two(hits: Hits, total: int) -> Groups:
    """The groups of a rule that points at a thing or does not. `total`: how many things there are."""
    return dict(_two(hits, total))


def _two(hits: Hits, total: int) -> Iterator[tuple[float, tuple[int, int]]]:
    yield 1, (hits.found, hits.false)
    yield 0, (hits.fraud - hits.found, total - hits.fraud - hits.false)

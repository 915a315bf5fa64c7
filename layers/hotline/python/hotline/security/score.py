"""The risk of a movement and of an account, as a sum of parts that a person can read. Pure.

Each part says by how many points one thing speaks for fraud. It grows with its input and never falls, and its weight
bounds it. The account's own memory gives all parts but one; the memory of whoever gets the money gives that one. So
the two are computed apart and added.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

from .detectors.history import DAY_MS, SEVERAL, History, PartyHistory, deviations_above
from .detectors.rule import Relation, Severity, at_most

RISK_MAX: Final = 100.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Weights:
    """The most points of each part, and where a part begins and is full. Nobody publishes such weights: they were
    chosen on generated histories of one seed and tried on others (docs/detection.md)."""

    amount: float = 20.0
    hour: float = 1.5
    first_time: float = 1.5
    velocity: float = 4.0
    burst: float = 16.0
    share: float = 4.0
    findings: float = 30.0
    labels: float = 2.0
    party: float = 21.0
    amount_from: float = 1.5
    """Standard deviations above the mean at which the amount begins to count."""
    amount_full: float = 7.0
    spread_floor: float = 0.4
    """The deviation counts as at least this multiple of the mean."""
    velocity_full: float = 4.0
    """The multiple of the account's own day at which velocity is full."""
    burst_full: float = 12.0
    """The excess of the movements before (`History.excess_before`) at which a burst is full."""
    burst_own_from: float = 0.5
    burst_own_full: float = 2.5
    """Deviations of the movement's own amount between which a burst begins to count and counts whole. The owner buys
    bread on the day on which somebody else spends their money, too."""
    share_from: float = 0.5
    party_frauds_full: float = 4.0
    """Confirmed frauds, beyond those that a party of this size always has, at which its record is full."""
    party_rate_usual: float = 0.01
    """Confirmed frauds by payments that every large party has."""
    labels_full: float = 3.0
    findings_half_life_ms: int = 3 * DAY_MS
    risk_half_life_ms: int = 7 * DAY_MS


VELOCITY_FROM: Final = 1.0
"""The multiple of the account's own day at which velocity begins."""
DIVISORS: Final = ("party_frauds_full", "labels_full", "findings_half_life_ms", "risk_half_life_ms")
"""The weights that must not be 0."""
_RAMP: Final = "a part cannot be full before it begins"
RELATIONS: Final[tuple[Relation, ...]] = (
    at_most("amount_from", "amount_full", _RAMP),
    at_most("burst_own_from", "burst_own_full", _RAMP),
)
"""The relations that weights keep."""


class Risk(NamedTuple):
    """The points of a movement by part. `total` is from 0 to RISK_MAX."""

    amount: float = 0.0
    """Against the account's own amounts."""
    hour: float = 0.0
    """Against the account's own hours of the day."""
    first_time: float = 0.0
    """The account never paid this party before."""
    velocity: float = 0.0
    """How many and how much in an hour and a day, against the account's own days."""
    burst: float = 0.0
    """How far other amounts of the last day or two lay above the account's own."""
    share: float = 0.0
    """Of the known balance."""
    findings: float = 0.0
    """Findings of the rules on the account lately: keys, devices, failed logins, money."""
    labels: float = 0.0
    """Frauds that were confirmed on the account lately."""
    party: float = 0.0
    """The record of whoever gets the money."""

    @property
    def total(self) -> float:
        """The sum of the parts."""
        return min(RISK_MAX, sum(self))


NO_RISK: Final = Risk()
_make_risk: Final = Risk._make
FINDING_LEVELS: Final = {Severity.LOW: 0.1, Severity.MEDIUM: 0.25, Severity.HIGH: 0.75, Severity.CRITICAL: 1.0}

_HOURS_MIN: Final = 20
"""So many movements make a habit of hours."""


def judge_account(history: History, at_ms: int, finding_level: float, weights: Weights) -> Risk:
    """The account's parts of the movement that the history took in last. `finding_level`: from 0 to 1."""
    # A hot path: most parts of most movements are nothing, and a tuple is made at once.
    hours = history.hours
    return _make_risk((
        weights.amount * amount_level(history.amount_minor, history.usual_before, weights),
        weights.hour * hour_level(history.hour_before, hours[24] - 1) if hours else 0.0,
        weights.first_time if history.is_first_party and history.known_party_count else 0.0,
        weights.velocity * _velocity_of(history, at_ms, weights) if history.day_count >= SEVERAL else 0.0,
        weights.burst * _burst_of(history, weights) if history.excess_before else 0.0,
        weights.share * share_level(history.amount_minor, history.balance_before_minor, weights)
        if history.is_balance_told else 0.0,
        weights.findings * finding_level,
        weights.labels * min(1.0, history.fraud_weight(at_ms) / weights.labels_full) if history.frauds else 0.0,
        0.0,
    ))  # fmt: skip


def judge_party(history: PartyHistory, at_ms: int, weights: Weights) -> Risk:
    """The party's part of the movement that the history took in last."""
    if not history.frauds:
        return NO_RISK
    return Risk(party=weights.party * party_level(history.fraud_weight(at_ms), history.payments_before, weights))


def amount_level(amount_minor: int, usual: Sequence[float] | None, weights: Weights) -> float:
    """How far the amount lies above the account's own ones, from 0 to 1. Few amounts count as spread widely."""
    if usual is None or usual[1] <= 0:
        return 0.25
    mean = usual[1]
    # The deviation is more than its floor. So most amounts need no root.
    if amount_minor <= mean * (1.0 + weights.amount_from * weights.spread_floor) and weights.amount_from >= 0.0:
        return 0.0
    return _ramp(deviations_above(amount_minor, usual, weights.spread_floor), weights.amount_from, weights.amount_full)


def hour_level(near_share: float, known_count: int) -> float:
    """How unusual the hour is, from 0 to 1. `near_share`: of earlier movements, those within an hour of it."""
    return 0.0 if near_share >= 0.125 or known_count < _HOURS_MIN else 1.0 - 8.0 * near_share


def velocity_level(ratio: float, weights: Weights) -> float:
    """How many of the account's own days were spent in one, from 0 to 1."""
    return _ramp(ratio, VELOCITY_FROM, weights.velocity_full)


def burst_level(deviations: float, excess: float, weights: Weights) -> float:
    """How many large amounts went before within a day or two, and how large this one is, from 0 to 1. `deviations` of
    this one, `excess` of those before it."""
    is_large = _ramp(deviations, weights.burst_own_from, weights.burst_own_full)
    return is_large * _ramp(excess, 0.0, weights.burst_full)


def share_level(amount_minor: int, balance_minor: int | None, weights: Weights) -> float:
    """How much of the known balance leaves, from 0 to 1."""
    if not balance_minor or balance_minor < 0:
        return 0.0
    return _ramp(amount_minor / balance_minor, weights.share_from, 1.0)


def party_level(frauds: float, payments: float, weights: Weights) -> float:
    """How bad a record is, from 0 to 1: confirmed frauds beyond the share that every large party has."""
    usual = payments * weights.party_rate_usual
    return _ramp((frauds - usual) / (weights.party_frauds_full + usual), 0.0, 1.0)


def decay_risk(points: float, since_ms: int, at_ms: int, weights: Weights) -> float:
    """The risk of an account, known from a moment, at a later moment. The maximum of what its movements left of
    theirs is its risk."""
    return points * math.exp2((since_ms - at_ms) / weights.risk_half_life_ms)


def _velocity_of(history: History, at_ms: int, weights: Weights) -> float:
    before = history.usual_before
    if before is None:
        return 0.0
    day_count, day_minor, mean = history.day_count, history.day_minor, before[1]
    hour_count, _ = history.add_up_hour(at_ms)
    # Days of their own make the ratio smaller; without them it is at most this.
    if day_count <= 3 and hour_count <= 2 and day_minor <= mean * 3.0:
        return 0.0
    per_day = history.left_per_day(at_ms)
    day = 3.0 + 2.0 * per_day
    ratio = max(day_count / day, hour_count / (2.0 + per_day), day_minor / (mean * day) if mean else 0.0)
    return velocity_level(ratio, weights)


def _burst_of(history: History, weights: Weights) -> float:
    usual = history.usual_before
    if usual is None or usual[1] <= 0:
        return 0.0
    own = deviations_above(history.amount_minor, usual, weights.spread_floor)
    return burst_level(own, history.excess_before, weights)


def _ramp(value: float, low: float, high: float) -> float:
    return 0.0 if value <= low else 1.0 if value >= high else (value - low) / (high - low)

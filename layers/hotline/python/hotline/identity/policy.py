"""What an operation requires, as one table, and the limits of one-time codes. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from hotline.kit.actor import FactorKind, Proof, ProvedFactor, Purpose

from .model import Operation

FACTOR_LIFE = timedelta(minutes=10)
"""A proved factor is good for ten minutes or until the call ends."""
RESUME_WITHIN = timedelta(minutes=10)
"""A transferred call keeps its level when its last step is younger than this."""
CALL_LIFE = timedelta(hours=24)
CODE_LIFE = timedelta(minutes=10)
"""NIST SP 800-63B: an out-of-band secret is invalid after at most ten minutes."""
CODE_TRIES = 3
CHALLENGE_KEPT = timedelta(hours=25)
CODES_PER_QUARTER_HOUR = 3
CODES_PER_DAY = 8
WRONG_PER_DAY = 8
"""Wrong codes per contact point and factor in 24 h before the factor is blocked for 24 h."""
WRONG_IN_A_ROW = 100
"""NIST SP 800-63B 3.2.2: at most 100 consecutive failures; after that only an agent helps."""
QUARTER_HOUR = timedelta(minutes=15)
DAY = timedelta(hours=24)
FACTOR_BLOCK = timedelta(hours=24)
LANGUAGE_UNSAID = "en-US"
"""What a code is told in while its asker has not chosen a language."""
TURNS_KEPT = 4
OFFERS_KEPT = 3


@dataclass(frozen=True, slots=True)
class Requirement:
    """How many different factors an operation needs, without and with two-step verification of the account.

    `agent`: never by the caller alone. `system`: the hotline itself may do it, by rule or by a fact of the wallet.
    `session`: an app session counts as a factor.
    """

    one_step: int
    two_step: int
    purpose: Purpose = Purpose.ACT
    agent: bool = False
    system: bool = False
    session: bool = False

    def factors_for(self, two_step: bool | None) -> int:
        """How many different factors the operation needs. `two_step` None: the wallet has not said whether the account
        asks for two, so it does."""
        return self.one_step if two_step is False else self.two_step


REQUIREMENTS: dict[Operation, Requirement] = {
    Operation.OFFICIAL_NUMBERS: Requirement(0, 0, Purpose.LOOK),
    Operation.ADVICE: Requirement(0, 0, Purpose.LOOK),
    Operation.PAUSE: Requirement(0, 0, Purpose.PROTECT),
    # A pause while very many are asked for without a factor (lockout.breaker).
    Operation.PROVED_PAUSE: Requirement(1, 1, Purpose.PROTECT, session=True),
    Operation.READ: Requirement(1, 1, Purpose.LOOK, session=True),
    Operation.REFUND: Requirement(1, 2),
    Operation.UNLOCK: Requirement(1, 2),
    Operation.RESET_GRANT: Requirement(1, 2),
    Operation.FREEZE: Requirement(1, 1, Purpose.PROTECT, session=True),
    Operation.END_PAUSE: Requirement(1, 1),
    Operation.UNFREEZE: Requirement(2, 2),
    # A new factor is enrolled at the level that it will give (NIST SP 800-63B-4 4.1.2).
    Operation.SET_PIN: Requirement(1, 2),
    Operation.CONTACT_CHANGE: Requirement(2, 2, agent=True),
    Operation.RELEASE_HOLD: Requirement(2, 2, agent=True),
    Operation.LOCK: Requirement(0, 0, agent=True, system=True),
    Operation.END_LOCK: Requirement(0, 0, agent=True, system=True),
    Operation.HOLD: Requirement(0, 0, agent=True, system=True),
    Operation.RESEND: Requirement(0, 0, agent=True, system=True),
    Operation.ESCALATE: Requirement(0, 0, agent=True, system=True),
    Operation.FACTS: Requirement(0, 0, agent=True, system=True),
    Operation.REPUDIATE: Requirement(0, 0, agent=True, system=True),
}
CODE_FACTORS = (FactorKind.SMS, FactorKind.EMAIL)
"""Factors by a code to a contact point, in the order in which they are asked for."""
FACTOR_OF_METHOD = {"sms": FactorKind.SMS, "voice": FactorKind.SMS, "email": FactorKind.EMAIL}
"""What a code proves, by the way it came. Written or read out, it shows that the registered phone is in somebody's
hands: that is one factor, and it never makes two."""
FACTORS = (*CODE_FACTORS, FactorKind.PIN)
"""Factors that somebody can prove, in the order in which they are asked for."""


def counting_factors(requirement: Requirement, factors: Sequence[ProvedFactor], now: datetime) -> list[ProvedFactor]:
    """The factors that count for a requirement now: still good, of the right purpose, one of each kind."""
    return [
        factor
        for factor in factors
        if factor.until > now
        and factor.purpose.covers(requirement.purpose)
        and (requirement.session or factor.kind is not FactorKind.SESSION)
    ]


def missing_factors(operation: Operation, proof: Proof, now: datetime) -> tuple[str, ...] | None:
    """None when the proof is enough; else the kinds of factor that would bring the caller nearer. Empty: nothing the
    caller can prove is enough."""
    requirement = REQUIREMENTS[operation]
    if requirement.agent:
        return ()
    needed = requirement.factors_for(proof.two_step)
    if needed == 0:
        return None
    proved = {factor.kind for factor in counting_factors(requirement, proof.factors, now)}
    if len(proved) >= needed:
        # Enough is proved and no account is settled: the way to settle one begins with a code.
        return None if proof.account_id is not None else tuple(kind.value for kind in CODE_FACTORS)
    return tuple(kind.value for kind in FACTORS if kind not in proved)


def count_missing(operation: Operation, proof: Proof, now: datetime) -> int:
    """How many more factors of different kinds the operation needs; what only an agent may do needs one that nobody
    has."""
    requirement = REQUIREMENTS[operation]
    needed = requirement.factors_for(proof.two_step)
    proved = {factor.kind for factor in counting_factors(requirement, proof.factors, now)}
    return max(0, needed - len(proved))


@dataclass(frozen=True, slots=True)
class Pace:
    """How fast codes may be asked for and tried: tries of a code, codes to a contact point in a quarter of an hour, and
    wrong codes of one factor in a day after which the point gets none."""

    tries: int
    codes_per_quarter_hour: int
    wrong_per_day: int


USUAL = Pace(CODE_TRIES, CODES_PER_QUARTER_HOUR, WRONG_PER_DAY)
SLOW = Pace(tries=1, codes_per_quarter_hour=1, wrong_per_day=2)
"""The pace while wrong codes of all callers are many, see limits."""


@dataclass(frozen=True, slots=True)
class FactorCounters:
    """What one contact point has seen of one factor: when codes were sent, when wrong ones were entered."""

    sent: tuple[datetime, ...] = ()
    wrong: tuple[datetime, ...] = ()
    wrong_in_a_row: int = 0
    blocked_until: datetime | None = None


def may_send(counters: FactorCounters, now: datetime, pace: Pace = USUAL) -> bool:
    """Whether another code may be sent: at the usual pace 3 in 15 minutes, always 8 in 24 hours, and none while the
    factor is blocked."""
    if is_blocked(counters, now):
        return False
    recent = [at for at in counters.sent if at > now - QUARTER_HOUR]
    daily = [at for at in counters.sent if at > now - DAY]
    wrong = [at for at in counters.wrong if at > now - DAY]
    in_time = len(recent) < pace.codes_per_quarter_hour and len(daily) < CODES_PER_DAY
    return in_time and len(wrong) < pace.wrong_per_day


def may_try(counters: FactorCounters, tries_left: int, now: datetime, pace: Pace) -> bool:
    """Whether digits may be held against a code: never while the factor is blocked. A code that nobody has tried yet
    gets no try at a contact point that has had its wrong ones of the day at this pace; else codes that were asked for
    before it slowed down would be as good as any. Who has been told of more tries keeps them."""
    if is_blocked(counters, now):
        return False
    wrong = [at for at in counters.wrong if at > now - DAY]
    return tries_left < CODE_TRIES or len(wrong) < pace.wrong_per_day


def tries_after_wrong(tries_left: int, pace: Pace) -> int:
    """The tries of a code after a wrong one. The pace holds for a code that was asked for before it changed; only who
    has been told of more tries keeps them."""
    return (pace.tries if tries_left == CODE_TRIES else tries_left) - 1


def is_blocked(counters: FactorCounters, now: datetime) -> bool:
    """Whether the factor is blocked on this contact point now, for a day or until an agent helps."""
    if counters.wrong_in_a_row >= WRONG_IN_A_ROW:
        return True
    return counters.blocked_until is not None and counters.blocked_until > now


def after_send(counters: FactorCounters, now: datetime) -> FactorCounters:
    """A new code never resets what was guessed wrong (NIST SP 800-63B 3.1.3.2)."""
    sent = (*(at for at in counters.sent if at > now - DAY), now)
    return FactorCounters(sent, counters.wrong, counters.wrong_in_a_row, counters.blocked_until)


def after_wrong(counters: FactorCounters, now: datetime) -> FactorCounters:
    """The counters after a wrong code; the eighth within a day blocks the factor for a day."""
    wrong = (*(at for at in counters.wrong if at > now - DAY), now)
    blocked = now + FACTOR_BLOCK if len(wrong) >= WRONG_PER_DAY else counters.blocked_until
    return FactorCounters(counters.sent, wrong, counters.wrong_in_a_row + 1, blocked)


def after_right(counters: FactorCounters) -> FactorCounters:
    """The counters after a right code: only the row of wrong ones ends."""
    return FactorCounters(counters.sent, counters.wrong, 0, counters.blocked_until)

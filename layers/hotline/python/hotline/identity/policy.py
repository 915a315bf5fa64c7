"""The requirements of operations, as one table, and the limits of one-time codes. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from copy import replace
from dataclasses import dataclass
from datetime import datetime, timedelta

from hotline.kit.actor import FactorKind, Proof, ProvedFactor, Purpose
from hotline.kit.languages import ENGLISH
from hotline.kit.records import quick

from .model import ByAgent, Operation

FACTOR_LIFE = timedelta(minutes=10)
"""A proved factor is good for ten minutes or until the call ends."""
CODE_LIFE = timedelta(minutes=10)
"""NIST SP 800-63B: an out-of-band secret is invalid after at most ten minutes."""
CODE_TRIES = 3
CHALLENGE_KEPT = timedelta(hours=25)
CODES_PER_QUARTER_HOUR = 3
CODES_PER_DAY = 8
WRONG_PER_DAY = 8
"""Wrong codes per contact point, factor and way in 24 h before the factor is blocked there for 24 h."""
WRONG_IN_A_ROW = 100
"""NIST SP 800-63B 3.2.2: at most 100 consecutive failures. Then the factor ends on this way, until the row begins anew.
Proof begins it anew, and so does a contact point confirmed again, a newly chosen PIN, or an agent (rows)."""
QUARTER_HOUR = timedelta(minutes=15)
DAY = timedelta(hours=24)
FACTOR_BLOCK = timedelta(hours=24)
LANGUAGE_UNSAID = ENGLISH
"""The language of a code's message while its asker has not chosen one."""


@dataclass(frozen=True, slots=True)
class Requirement:
    """How many different factors an operation needs, without and with two-step verification of the account.

    `agent`: never by the caller alone. `system`: the hotline itself may do it, by rule or by a fact of the wallet.
    `session`: an app session counts as a factor. `by_agent`: how an agent may do it for the customer. `steps_up`: one
    factor more while the account is at high risk.
    """

    one_step: int
    two_step: int
    purpose: Purpose = Purpose.ACT
    agent: bool = False
    system: bool = False
    session: bool = False
    by_agent: ByAgent = ByAgent.NEVER
    steps_up: bool = False

    def factors_for(self, two_step: bool | None, *, at_risk: bool = False) -> int:
        """How many different factors the operation needs. `two_step` None: the wallet has not said whether the account
        asks for two, so it does. `at_risk`: the account's risk is high."""
        usual = self.one_step if two_step is False else self.two_step
        return usual + 1 if at_risk and self.steps_up else usual

    def factors_of(self, proof: Proof, *, for_agent: bool = False) -> int:
        """How many different factors somebody needs who has proved this much. At high risk a caller needs one more, and
        comes to a person without it. `for_agent`: a person is there. Then the one more is asked for where the account
        has it, and the usual ones are enough where it has no more."""
        usual = self.factors_for(proof.two_step)
        if proof.kinds_at_risk is None:
            return usual
        raised = self.factors_for(proof.two_step, at_risk=True)
        return max(usual, min(raised, proof.kinds_at_risk)) if for_agent else raised


REQUIREMENTS: dict[Operation, Requirement] = {
    Operation.OFFICIAL_NUMBERS: Requirement(0, 0, Purpose.LOOK),
    Operation.ADVICE: Requirement(0, 0, Purpose.LOOK),
    Operation.PAUSE: Requirement(0, 0, Purpose.PROTECT, by_agent=ByAgent.ALONE),
    # A pause while very many are asked for without a factor (lockout.breaker).
    Operation.PROVED_PAUSE: Requirement(1, 1, Purpose.PROTECT, session=True),
    # An agent reads with access to the account (agents.access).
    Operation.READ: Requirement(1, 1, Purpose.LOOK, session=True, by_agent=ByAgent.ALONE),
    Operation.REFUND: Requirement(1, 2, by_agent=ByAgent.PROOF, steps_up=True),
    # It tells nothing and moves nothing: people look into a payment, and the owner hears of that at every point.
    Operation.DISPUTE: Requirement(1, 1, Purpose.LOOK, session=True, by_agent=ByAgent.ALONE),
    # It tells nothing and moves nothing. The link goes to the owner's own contact point.
    Operation.EVIDENCE: Requirement(1, 1, Purpose.LOOK, session=True),
    Operation.UNLOCK: Requirement(1, 2, by_agent=ByAgent.PROOF, steps_up=True),
    Operation.RESET_GRANT: Requirement(1, 2, by_agent=ByAgent.PROOF, steps_up=True),
    Operation.FREEZE: Requirement(1, 1, Purpose.PROTECT, session=True, by_agent=ByAgent.ALONE),
    Operation.END_PAUSE: Requirement(1, 1, by_agent=ByAgent.PROOF, steps_up=True),
    Operation.UNFREEZE: Requirement(2, 2, by_agent=ByAgent.PROOF, steps_up=True),
    # A new factor is enrolled at the level that it will give (NIST SP 800-63B-4 4.1.2).
    Operation.SET_PIN: Requirement(1, 2, steps_up=True),
    # It opens nothing and moves nothing.
    Operation.SET_REMINDERS: Requirement(1, 1, Purpose.LOOK, session=True),
    Operation.CONTACT_CHANGE: Requirement(2, 2, agent=True, by_agent=ByAgent.SECOND),
    Operation.RELEASE_HOLD: Requirement(2, 2, agent=True, by_agent=ByAgent.SECOND),
    Operation.APPROVAL: Requirement(0, 0, agent=True, by_agent=ByAgent.ALONE),
    Operation.PROOF_REQUEST: Requirement(0, 0, agent=True, by_agent=ByAgent.ALONE),
    Operation.REVIEW_REFUND: Requirement(0, 0, agent=True, by_agent=ByAgent.ALONE),
    Operation.REVIEW_LARGE_REFUND: Requirement(0, 0, agent=True, by_agent=ByAgent.SECOND),
    Operation.OTHER_PAYOUT: Requirement(0, 0, agent=True, by_agent=ByAgent.SECOND),
    # NIST SP 800-63B-4 3.2.2: the row ends a factor. Other factors, or two people, begin it anew.
    Operation.NEW_ROW: Requirement(1, 2, agent=True, session=True, by_agent=ByAgent.PROOF),
    Operation.NEW_ROW_UNPROVED: Requirement(0, 0, agent=True, by_agent=ByAgent.SECOND),
    # For an account that cannot give as many kinds as its owner must prove (account_factors), and no other one.
    Operation.UNFREEZE_UNPROVED: Requirement(0, 0, agent=True, by_agent=ByAgent.SECOND),
    Operation.UNLOCK_UNPROVED: Requirement(0, 0, agent=True, by_agent=ByAgent.SECOND),
    Operation.RESET_GRANT_UNPROVED: Requirement(0, 0, agent=True, by_agent=ByAgent.SECOND),
    Operation.UNMASK: Requirement(0, 0, agent=True, by_agent=ByAgent.ALONE),
    Operation.UNMASK_BEYOND: Requirement(0, 0, agent=True, by_agent=ByAgent.SECOND),
    Operation.JUDGE_FINDING: Requirement(0, 0, agent=True, by_agent=ByAgent.ALONE),
    Operation.SUPPRESS: Requirement(0, 0, agent=True, by_agent=ByAgent.ALONE),
    # The hold that would not come is all that stands between a thief and the money.
    Operation.SUPPRESS_HOLDING: Requirement(0, 0, agent=True, by_agent=ByAgent.SECOND),
    Operation.END_SUPPRESSION: Requirement(0, 0, agent=True, by_agent=ByAgent.ALONE),
    Operation.MANAGE: Requirement(0, 0, agent=True, by_agent=ByAgent.ALONE),
    # They say which number is genuine, and what is refunded unseen: OWASP ASVS 5.0, 2.3.5.
    Operation.EDIT_NUMBERS: Requirement(0, 0, agent=True, by_agent=ByAgent.SECOND),
    Operation.PUBLISH_POLICY: Requirement(0, 0, agent=True, by_agent=ByAgent.SECOND),
    Operation.LOCK: Requirement(0, 0, agent=True, system=True),
    Operation.END_LOCK: Requirement(0, 0, agent=True, system=True),
    Operation.HOLD: Requirement(0, 0, agent=True, system=True),
    Operation.RESEND: Requirement(0, 0, agent=True, system=True),
    Operation.ESCALATE: Requirement(0, 0, agent=True, system=True),
    Operation.TAKE_REPLY: Requirement(0, 0, agent=True, system=True),
    Operation.REMIND: Requirement(0, 0, agent=True, system=True),
    Operation.TELL_FINDINGS: Requirement(0, 0, agent=True, system=True),
    Operation.FACTS: Requirement(0, 0, agent=True, system=True),
    Operation.REPUDIATE: Requirement(0, 0, agent=True, system=True),
    Operation.TAKE_EVIDENCE: Requirement(0, 0, agent=True, system=True),
}
CODE_FACTORS = (FactorKind.SMS, FactorKind.EMAIL)
"""Factors by a code to a contact point, in the order in which they are asked for."""
FACTOR_OF_METHOD = {"sms": FactorKind.SMS, "voice": FactorKind.SMS, "email": FactorKind.EMAIL}
"""The factor that a code proves, by the way it came. Written or read out, it shows that the registered phone is in
somebody's hands. That is one factor, and it never makes two."""
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
    return () if REQUIREMENTS[operation].agent else _missing(operation, proof, now, for_agent=False)


def missing_of_customer(operation: Operation, proof: Proof, now: datetime) -> tuple[str, ...] | None:
    """The same for what a customer proves so that an agent may do it for them."""
    return _missing(operation, proof, now, for_agent=True)


def _missing(operation: Operation, proof: Proof, now: datetime, *, for_agent: bool) -> tuple[str, ...] | None:
    requirement = REQUIREMENTS[operation]
    needed = requirement.factors_of(proof, for_agent=for_agent)
    if needed == 0:
        return None
    proved = {factor.kind for factor in counting_factors(requirement, proof.factors, now)}
    if len(proved) >= needed:
        # Enough is proved and no account is chosen: the way to choose one begins with a code.
        return None if proof.account_id is not None else tuple(kind.value for kind in CODE_FACTORS)
    return tuple(kind.value for kind in FACTORS if kind not in proved)


def count_missing(operation: Operation, proof: Proof, now: datetime, *, for_agent: bool = False) -> int:
    """How many more factors of different kinds the operation's row asks for. Whether a caller may do it at all is the
    gate's to say. `for_agent`: so that an agent may do it."""
    requirement = REQUIREMENTS[operation]
    needed = requirement.factors_of(proof, for_agent=for_agent)
    proved = {factor.kind for factor in counting_factors(requirement, proof.factors, now)}
    return max(0, needed - len(proved))


@dataclass(frozen=True, slots=True)
class Pace:
    """The pace of asking for codes and trying them. It bounds a code's tries, the codes to a contact point in a quarter
    of an hour, and a day's wrong codes. A point that reaches the last for a factor gets no more codes of it."""

    tries: int
    codes_per_quarter_hour: int
    wrong_per_day: int


USUAL = Pace(CODE_TRIES, CODES_PER_QUARTER_HOUR, WRONG_PER_DAY)
SLOW = Pace(tries=1, codes_per_quarter_hour=1, wrong_per_day=2)
"""The pace while wrong codes of all callers are many, see limits."""


@quick
@dataclass(frozen=True, slots=True)
class FactorCounters:
    """The counts of one contact point, one factor and one way (ways): when codes were sent and when wrong ones were
    entered. `wrong_in_a_row` is the length of the row."""

    sent: tuple[datetime, ...] = ()
    wrong: tuple[datetime, ...] = ()
    wrong_in_a_row: int = 0
    blocked_until: datetime | None = None


def may_send(counters: FactorCounters, now: datetime, pace: Pace = USUAL) -> bool:
    """Whether another code may be sent: at the usual pace 3 in 15 minutes, always 8 in 24 hours. No code is sent while
    the factor is blocked for the day. `is_row_full` tells whether its row is full."""
    if is_blocked_today(counters, now):
        return False
    recent = [at for at in counters.sent if at > now - QUARTER_HOUR]
    daily = [at for at in counters.sent if at > now - DAY]
    in_time = len(recent) < pace.codes_per_quarter_hour and len(daily) < CODES_PER_DAY
    return in_time and count_wrong_today(counters, now) < pace.wrong_per_day


def find_send_time(counters: FactorCounters, now: datetime, pace: Pace = USUAL) -> datetime:
    """The earliest instant from which `may_send` holds, if nothing is sent or entered wrong until then."""
    ends: tuple[datetime, ...] = (
        *(at + length for at in counters.sent for length in (QUARTER_HOUR, DAY)),
        *(at + DAY for at in counters.wrong),
        *((counters.blocked_until,) if counters.blocked_until is not None else ()),
    )
    return min(at for at in (now, *ends) if at >= now and may_send(counters, at, pace))


def may_try(counters: FactorCounters, tries_left: int, now: datetime, pace: Pace) -> bool:
    """Whether digits may be held against a code: never while the factor is blocked for the day. A code that nobody has
    tried yet gets no try where the wrong codes of the day at this pace are used up. Else codes asked for before the
    pace slowed would be as good as any. A caller who has been told of more tries keeps them. `is_row_full` tells
    whether the row is full."""
    if is_blocked_today(counters, now):
        return False
    return tries_left < CODE_TRIES or count_wrong_today(counters, now) < pace.wrong_per_day


def tries_after_wrong(tries_left: int, pace: Pace) -> int:
    """The tries of a code after a wrong one. The pace holds for a code that was asked for before it changed; a caller
    who was told of more tries keeps them."""
    return (pace.tries if tries_left == CODE_TRIES else tries_left) - 1


def count_wrong_today(counters: FactorCounters, now: datetime) -> int:
    """How many wrong codes were entered in the 24 hours up to now."""
    return sum(1 for at in counters.wrong if at > now - DAY)


def is_blocked_today(counters: FactorCounters, now: datetime) -> bool:
    """Whether the factor is blocked for a day by wrong codes of a day."""
    return counters.blocked_until is not None and counters.blocked_until > now


def is_row_full(counters: FactorCounters) -> bool:
    """Whether so many wrong codes came in a row that the factor has ended here until the row begins anew."""
    return counters.wrong_in_a_row >= WRONG_IN_A_ROW


def after_send(counters: FactorCounters, now: datetime) -> FactorCounters:
    """A new code never resets what was guessed wrong (NIST SP 800-63B 3.1.3.2)."""
    return replace(counters, sent=(*(at for at in counters.sent if at > now - DAY), now))


def without_code(counters: FactorCounters, sent_at: datetime) -> FactorCounters:
    """The counters without a code that was counted at that time and never left the house."""
    place = counters.sent.index(sent_at) if sent_at in counters.sent else len(counters.sent)
    return replace(counters, sent=(*counters.sent[:place], *counters.sent[place + 1 :]))


def after_wrong(counters: FactorCounters, now: datetime) -> FactorCounters:
    """The counters after a wrong code; the eighth within a day blocks the factor for a day."""
    wrong = (*(at for at in counters.wrong if at > now - DAY), now)
    blocked = now + FACTOR_BLOCK if len(wrong) >= WRONG_PER_DAY else counters.blocked_until
    return replace(counters, wrong=wrong, wrong_in_a_row=counters.wrong_in_a_row + 1, blocked_until=blocked)


def with_new_row(counters: FactorCounters) -> FactorCounters:
    """The counters with their row of wrong codes begun anew. The wrong ones of the day stay counted, and so does the
    block that they brought. After proof by this factor or another one, and for an agent to do."""
    return replace(counters, wrong_in_a_row=0)


def seen_since(counters: FactorCounters, begun_at: datetime | None) -> FactorCounters:
    """The counters as they hold for a contact point that was confirmed at that time, or a PIN that was chosen then. A
    row that ended before does not count."""
    row_is_older = begun_at is not None and bool(counters.wrong) and counters.wrong[-1] <= begun_at
    return with_new_row(counters) if row_is_older else counters

"""Asking for a one-time code and checking it."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from hotline.kit.actor import FactorKind, ProvedFactor
from hotline.kit.change import Change
from hotline.kit.condition import PRESENT, Item, all_of, equals
from hotline.kit.errors import NotPossible
from hotline.kit.keyring import Keyring
from hotline.kit.outbox import Channel, Message
from hotline.kit.store import Key

from . import codes, limits, targets
from .counting import contribute_counters, counter_keys, counters_of, target_at
from .items import challenge_from, challenge_item, challenge_key
from .model import AskedChallenge, Call, CallKind, Challenge, ChallengeState, Goal, Target
from .policy import (
    CODE_LIFE,
    FACTOR_LIFE,
    LANGUAGE_UNSAID,
    FactorCounters,
    after_right,
    after_send,
    after_wrong,
    may_send,
    may_try,
    tries_after_wrong,
)


class SendOutcome(StrEnum):
    """What became of asking for a code."""

    SENT = "SENT"
    LIMITED = "LIMITED"


class CheckOutcome(StrEnum):
    """What became of the entered digits; spent covers used, replaced and exhausted codes."""

    PROVED = "PROVED"
    WRONG = "WRONG"
    EXPIRED = "EXPIRED"
    SPENT = "SPENT"


@dataclass(frozen=True, slots=True)
class Checked:
    """The outcome, the tries that are left, and the call as it is afterwards. `wrong`: the digits were not the code's,
    also where that was the last try and the outcome is SPENT."""

    outcome: CheckOutcome
    tries_left: int
    call: Call
    wrong: bool = False


def target_of(call: Call, factor: FactorKind) -> Target:
    """Where a code of this kind would go. Raises NotPossible when the call has nobody to send to."""
    target = call.targets.get(factor)
    if target is None:
        raise NotPossible("no_target")
    return target


def send_keys(call: Call, target: Target, now: datetime) -> tuple[Key, ...]:
    """What must have been read, in one batch, before `contribute_code`."""
    return (*counter_keys(target), *limits.code_keys(target, now), *targets.reach_keys(call, target))


def check_keys(call: Call, now: datetime) -> tuple[Key, ...]:
    """What must have been read, in one batch, before `contribute_check`."""
    if call.challenge is None:
        return ()
    target = target_at(call, call.challenge.point)
    counters = counter_keys(target) if target is not None else ()
    return (challenge_key(call.challenge.id), *counters, *limits.wrong_code_keys(now))


def contribute_code(
    change: Change,
    call: Call,
    *,
    factor: FactorKind,
    goal: Goal,
    read: Mapping[Key, Item],
    keyring: Keyring,
    lookup_keys: Keyring,
    by_call: bool = False,
) -> tuple[SendOutcome, Call]:
    """Ask for a code: a new challenge, the old one closed, the counters moved, the message in the outbox.

    For a target that nobody can be reached at, or that is too new, the same items are written and the challenge can
    never be proved. So it is where a limit of the account, or of an address that the asker did not name, stands
    against it while nobody has proved who they are: to say so would tell whose the address is. `read` holds what
    exists of `send_keys`; `keyring` derives codes. `by_call`: a code to the phone is read out on a call there instead
    of written; it is the same factor and counts the same. LIMITED writes nothing.
    """
    target = target_of(call, factor)
    shown, own = counters_of(read, target.shown, factor), counters_of(read, target.points, factor)
    pace = limits.pace(read, change.now)
    goes_out = may_send(own, change.now, pace) and limits.account_may_have(read, target, change.now)
    if not may_send(shown, change.now, pace) or (not goes_out and call.account_id is not None):
        return SendOutcome.LIMITED, call
    reaches = targets.reaches_somebody(read, call, target, goal.purpose, change.now, lookup_keys)
    challenge = Challenge(
        id=change.ids.new("chl"),
        key_version=keyring.current,
        purpose=goal.purpose,
        goal=goal,
        factor=factor,
        point=target.point,
        expires_at=change.now + CODE_LIFE,
        tries_left=pace.tries,
        state=ChallengeState.OPEN,
        decoy=not (goes_out and reaches),
        language=call.language or LANGUAGE_UNSAID,
    )
    change.create(challenge_key(challenge.id), challenge_item(challenge))
    if call.challenge is not None:
        closed = {"state": ChallengeState.REPLACED.value}
        change.update(challenge_key(call.challenge.id), set=closed, condition=PRESENT)
    own_after = after_send(own, change.now) if goes_out else own
    _count(change, read, target, factor, shown=after_send(shown, change.now), own=own_after)
    limits.count_code(change, target, goes_out=goes_out)
    change.send(_code_message(change, call, challenge, target, channel_of(factor, by_call=by_call)))
    return SendOutcome.SENT, replace(call, challenge=AskedChallenge(challenge.id, target.point))


def channel_of(factor: FactorKind, *, by_call: bool) -> Channel:
    """How a code of this kind goes out. A call can only be made to a phone."""
    if factor is FactorKind.EMAIL:
        return "email"
    return "voice" if by_call else "sms"


def _code_message(change: Change, call: Call, challenge: Challenge, target: Target, channel: Channel) -> Message:
    return Message(
        entry_id=change.ids.new("out"),
        message="code",
        channel=channel,
        account_id=target.account_id,
        point=challenge.point,
        language=challenge.language,
        facts={"challenge_id": challenge.id, "goal": challenge.goal.value, "place": _place_of(call)},
        useless_after=challenge.expires_at,
    )


def _place_of(call: Call) -> str:
    """Where the code is to be entered: the message says so, and that it belongs nowhere else."""
    return "phone" if call.kind is CallKind.PHONE else "app"


def tries_of(stored: Item) -> int:
    """How many tries a stored challenge has left."""
    return challenge_from(stored).tries_left


def contribute_check(
    change: Change,
    call: Call,
    *,
    entered: str,
    read: Mapping[Key, Item],
    keyring: Keyring,
) -> Checked:
    """Hold six entered digits against the call's challenge. `read` holds what exists of `check_keys`.

    The answer may be spoken only after the change has been committed: a guess whose commit failed is no guess. A
    right code opens the challenge once; a wrong one costs a try of the challenge and counts on the contact point, on
    the way by which the caller came to it, and over all callers.
    """
    challenge_stored = read.get(challenge_key(call.challenge.id)) if call.challenge is not None else None
    if challenge_stored is None:
        return Checked(CheckOutcome.SPENT, 0, call)
    challenge = challenge_from(challenge_stored)
    # A code that went to a point of another account than the one that is now chosen proves nothing.
    target = target_at(call, challenge.point)
    if target is None or challenge.state is not ChallengeState.OPEN:
        return Checked(CheckOutcome.SPENT, 0, call)
    factor = challenge.factor
    shown, own = counters_of(read, target.shown, factor), counters_of(read, target.points, factor)
    pace = limits.pace(read, change.now)
    if not may_try(shown, challenge.tries_left, change.now, pace):
        return Checked(CheckOutcome.SPENT, 0, call)
    # Where others have used up the point's tries, a right code is like a wrong one, and its asker not told why.
    open_to_tries = may_try(own, challenge.tries_left, change.now, pace)
    if change.now >= challenge.expires_at:
        return Checked(CheckOutcome.EXPIRED, 0, call)
    unchanged = all_of(equals("state", ChallengeState.OPEN.value), equals("tries_left", challenge.tries_left))
    if codes.matches(keyring, challenge, entered) and open_to_tries:
        change.update(challenge_key(challenge.id), set={"state": ChallengeState.PROVED.value}, condition=unchanged)
        _count(change, read, target, factor, shown=after_right(shown), own=after_right(own))
        return Checked(CheckOutcome.PROVED, challenge.tries_left, _with_factor(call, challenge, change))
    left = tries_after_wrong(challenge.tries_left, pace)
    state = ChallengeState.OPEN if left else ChallengeState.SPENT
    change.update(challenge_key(challenge.id), set={"state": state.value, "tries_left": left}, condition=unchanged)
    own_after = after_wrong(own, change.now) if open_to_tries else own
    _count(change, read, target, factor, shown=after_wrong(shown, change.now), own=own_after)
    limits.count_wrong_code(change, challenge.id, decoy=challenge.decoy)
    return Checked(CheckOutcome.WRONG if left else CheckOutcome.SPENT, left, call, wrong=True)


def _count(
    change: Change,
    read: Mapping[Key, Item],
    target: Target,
    factor: FactorKind,
    *,
    shown: FactorCounters,
    own: FactorCounters,
) -> None:
    """Write what is told and what holds: two counters where the asker came to an address by way of a number, else one,
    and that is the one which is told."""
    contribute_counters(change, read, target.shown, factor, shown)
    if target.via:
        contribute_counters(change, read, target.points, factor, own)


@dataclass(frozen=True, slots=True)
class Withheld:
    """A code may not be given out, for a closed word of a reason that may be logged."""

    reason: str


def to_give_out(stored: Item | None, points: Collection[str], now: datetime) -> Challenge | Withheld:
    """The challenge whose code may now be given out at a contact point, `points` being its keys under every version; or
    why it may not: only while it waits for its code, and only where it was meant to go."""
    if stored is None:
        return Withheld("no_challenge")
    challenge = challenge_from(stored)
    if challenge.state is not ChallengeState.OPEN:
        return Withheld("challenge_over")
    if challenge.point not in points:
        return Withheld("other_point")
    if challenge.decoy:
        return Withheld("decoy")
    return challenge if now < challenge.expires_at else Withheld("too_late")


def _with_factor(call: Call, challenge: Challenge, change: Change) -> Call:
    """The call with one more factor, of each kind the last. The account has to be settled again: which accounts the
    factors reach has changed, and so may have what the account asks for (two-step verification)."""
    proved = ProvedFactor(challenge.factor, challenge.purpose, challenge.point, change.now + FACTOR_LIFE)
    others = tuple(factor for factor in call.factors if factor.kind is not proved.kind)
    return replace(call, factors=(*others, proved), challenge=None, account_id=None)

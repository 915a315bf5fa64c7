"""Asking for a one-time code and checking it."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from copy import replace
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, Final

from hotline.kit.actor import FactorKind, ProvedFactor
from hotline.kit.change import Change
from hotline.kit.clock import from_text
from hotline.kit.errors import NotPossible
from hotline.kit.keyring import Keyring
from hotline.kit.limits import TrafficLimits
from hotline.kit.outbox import Channel, Message
from hotline.kit.store import Key, Store
from hotline.kit.store.condition import PRESENT, Item, all_of, equals
from hotline.sessions.model import AskedChallenge, SessionKind, SessionState, Target

from . import code_messages, codes, limits, targets
from .counters import (
    contribute_counters,
    contribute_new_pin_rows,
    contribute_new_rows,
    counter_keys,
    counter_keys_of_targets,
    counters_of,
    name_counters,
    new_rows_at,
    sole_account,
    target_at,
)
from .items import NOBODY, challenge_from, challenge_item, challenge_key, factors_key
from .model import Challenge, ChallengeState, Goal, IdentityError
from .policy import (
    CODE_LIFE,
    FACTOR_LIFE,
    LANGUAGE_UNSAID,
    FactorCounters,
    after_send,
    after_wrong,
    find_send_time,
    is_row_full,
    may_send,
    may_try,
    tries_after_wrong,
    with_new_row,
    without_code,
)
from .ways import Way, way_of

_COUNTED: Final = "counted"
"""The attribute in which an outbox entry says how its code was counted."""


class SendOutcome(StrEnum):
    """The result of asking for a code. HELD_BACK: too many of those who ask this way ask at once (code_messages)."""

    SENT = "SENT"
    LIMITED = "LIMITED"
    HELD_BACK = "HELD_BACK"


class CheckOutcome(StrEnum):
    """The result of the entered digits; spent covers used, replaced and exhausted codes."""

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
    state: SessionState
    wrong: bool = False


def target_of(state: SessionState, factor: FactorKind) -> Target:
    """The target to which a code of this kind would go. Raises NotPossible when the call has nobody to send to."""
    target = state.targets.get(factor)
    if target is None:
        raise NotPossible(IdentityError.NO_TARGET)
    return target


def send_keys(state: SessionState, target: Target, now: datetime) -> tuple[Key, ...]:
    """The keys to read, in one batch, before `contribute_code`."""
    of_limits = (*limits.code_keys(target, way_of(state, now), now), *code_messages.message_keys(target.prefix, now))
    return (*counter_keys(target), *of_limits, *targets.reach_keys(state, target))


def check_keys(state: SessionState, now: datetime) -> tuple[Key, ...]:
    """The keys to read, in one batch, before `contribute_check`."""
    if state.challenge is None:
        return ()
    of_pin = factors_key(sole_account(state) or NOBODY)
    return (challenge_key(state.challenge.id), *counter_keys_of_targets(state), of_pin, *limits.wrong_code_keys(now))


def contribute_code(
    change: Change,
    state: SessionState,
    *,
    factor: FactorKind,
    goal: Goal,
    read: Mapping[Key, Item],
    keyring: Keyring,
    lookup_keys: Keyring,
    traffic: TrafficLimits,
    by_call: bool = False,
    is_counted: bool = False,
) -> tuple[SendOutcome, SessionState]:
    """Ask for a code: a new challenge, the old one closed, the counters moved, the message in the outbox.

    For a target that is too new, or at which nobody can be reached, the same items are written. The challenge can then
    never be proved. A limit of the account, or of an address that the asker did not name, is treated so while nobody
    has proved who they are. An open refusal would tell whose the address is. `read` holds what exists of `send_keys`;
    `keyring` derives codes. `by_call`: a code to the phone is read out on a call there instead of written; it is the
    same factor and counts the same. `is_counted`: the message has its place in the budgets already. LIMITED and
    HELD_BACK write nothing.
    """
    target, way = target_of(state, factor), way_of(state, change.now)
    shown, own = counters_of(read, target.shown, factor, way), counters_of(read, target.points, factor, way)
    pace = limits.pace(read, change.now, way, traffic)
    goes_out = may_send(own, change.now, pace) and not is_row_full(own)
    goes_out = goes_out and limits.account_may_have(read, target, way, change.now)
    if not may_send(shown, change.now, pace) or (not goes_out and _may_be_told(state, target, own, way)):
        return SendOutcome.LIMITED, state
    if not is_counted and find_used_up_budget(state, factor, read, change.now, traffic) is not None:
        return SendOutcome.HELD_BACK, state
    reaches = targets.reaches_somebody(read, state, target, goal.purpose, change.now, lookup_keys)
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
        language=state.language or LANGUAGE_UNSAID,
    )
    change.create(challenge_key(challenge.id), challenge_item(challenge))
    if state.challenge is not None:
        closed = {"state": ChallengeState.REPLACED.value}
        change.update(challenge_key(state.challenge.id), set=closed, condition=PRESENT)
    own_after = after_send(own, change.now) if goes_out else own
    _count(change, read, target, factor, way, shown=after_send(shown, change.now), own=own_after)
    limits.count_code(change, target, way, goes_out=goes_out)
    if factor is FactorKind.SMS and not is_counted:
        code_messages.count_message(change, target.prefix, way, by=challenge.id)
    change.send(_code_message(change, state, challenge, target, way, channel_of(factor, by_call=by_call)))
    return SendOutcome.SENT, replace(state, challenge=AskedChallenge(challenge.id, target.point))


def find_next_code_time(
    state: SessionState, factor: FactorKind, read: Mapping[Key, Item], now: datetime, traffic: TrafficLimits
) -> datetime | None:
    """The time at which a code that was LIMITED may be asked for again, at the present pace. None before it is known
    who asks, and where the row of wrong codes is full, so that no time helps. `read` holds what exists of
    `send_keys`."""
    target, way = target_of(state, factor), way_of(state, now)
    shown, own = counters_of(read, target.shown, factor, way), counters_of(read, target.points, factor, way)
    if state.account_id is None or is_row_full(own):
        return None
    pace = limits.pace(read, now, way, traffic)
    of_points = max(find_send_time(counters, now, pace) for counters in (shown, own))
    return max(of_points, limits.find_room_of_account(read, target, way, now))


def _may_be_told(state: SessionState, target: Target, own: FactorCounters, way: Way) -> bool:
    """Whether the reason against a code may be said. Once it is known who asks, every reason may. Before, only a full
    row of wrong codes may, and only to a caller from that very number. A stranger's number never has such a row for
    long, since its counts end by themselves."""
    if state.account_id is not None:
        return True
    return not target.via and not way.is_strangers and is_row_full(own)


def find_used_up_budget(
    state: SessionState, factor: FactorKind, read: Mapping[Key, Item], now: datetime, traffic: TrafficLimits
) -> code_messages.OverBudget | None:
    """The budget of messages that a code of this kind would break. `read` holds what exists of `send_keys`."""
    if factor is not FactorKind.SMS:
        return None
    return code_messages.find_used_up(target_of(state, factor).prefix, way_of(state, now), read, now, traffic)


def channel_of(factor: FactorKind, *, by_call: bool) -> Channel:
    """How a code of this kind goes out. A call can only be made to a phone."""
    if factor is FactorKind.EMAIL:
        return "email"
    return "voice" if by_call else "sms"


def _code_message(
    change: Change, state: SessionState, challenge: Challenge, target: Target, way: Way, channel: Channel
) -> Message:
    counted = {"factor": challenge.factor.value, "way": way.value, "via": target.via[0] if target.via else "-"}
    return Message(
        entry_id=change.ids.new("out"),
        message="code",
        channel=channel,
        account_id=target.account_id,
        point=challenge.point,
        language=challenge.language,
        facts={
            "challenge_id": challenge.id,
            "goal": challenge.goal.value,
            "place": _place_of(state),
            _COUNTED: counted,
        },
        useless_after=challenge.expires_at,
    )


def unsent_keys(entry: Mapping[str, Any]) -> tuple[Key, ...]:
    """The keys to read before `contribute_unsent`, for the outbox entry of a code. None where what was counted
    stays counted: for strangers, who must not learn whose code could not be sent, and for codes of no way."""
    counted = entry["facts"].get(_COUNTED)
    if counted is None or Way(counted["way"]).is_strangers:
        return ()
    return counter_keys(_read_counted_target(entry))


def contribute_unsent(change: Change, read: Mapping[Key, Item], entry: Mapping[str, Any]) -> bool:
    """Take back what was counted for a code that could not be sent; whether there was something to take back. `read`
    holds what exists of `unsent_keys`. At commit Stale when somebody else counted meanwhile."""
    counted, sent_at = entry["facts"][_COUNTED], from_text(str(entry["created_at"]))
    factor, way, target = FactorKind(counted["factor"]), Way(counted["way"]), _read_counted_target(entry)
    taken = False
    for points in dict.fromkeys((target.points, target.shown)):
        counters = counters_of(read, points, factor, way)
        if sent_at in counters.sent:
            contribute_counters(change, read, points, name_counters(factor, way, without_code(counters, sent_at)))
            taken = True
    if taken:
        limits.take_code_back(change, target, way, sent_at=sent_at)
    return taken


def _read_counted_target(entry: Mapping[str, Any]) -> Target:
    via = entry["facts"][_COUNTED]["via"]
    return Target(str(entry["point"]), entry.get("account_id"), via=() if via == "-" else (str(via),))


def _place_of(state: SessionState) -> str:
    """The place where the code is to be entered: the message says so, and that it belongs nowhere else."""
    return "phone" if state.kind is SessionKind.PHONE else "app"


def tries_of(stored: Item) -> int:
    """How many tries a stored challenge has left."""
    return challenge_from(stored).tries_left


def contribute_check(
    change: Change,
    state: SessionState,
    *,
    entered: str,
    read: Mapping[Key, Item],
    keyring: Keyring,
    traffic: TrafficLimits,
) -> Checked:
    """Hold six entered digits against the call's challenge. `read` holds what exists of `check_keys`.

    The answer may be spoken only after the change has been committed: a guess whose commit failed is no guess. A right
    code opens the challenge once. A wrong one costs a try of the challenge and counts on the contact point, on the
    caller's way to it, and over all callers.
    """
    challenge_stored = read.get(challenge_key(state.challenge.id)) if state.challenge is not None else None
    if challenge_stored is None:
        return Checked(CheckOutcome.SPENT, 0, state)
    challenge = challenge_from(challenge_stored)
    # A code that went to a point of another account than the one that is now chosen proves nothing.
    target = target_at(state, challenge.point)
    if target is None or challenge.state is not ChallengeState.OPEN:
        return Checked(CheckOutcome.SPENT, 0, state)
    factor, way = challenge.factor, way_of(state, change.now)
    shown, own = counters_of(read, target.shown, factor, way), counters_of(read, target.points, factor, way)
    pace = limits.pace(read, change.now, way, traffic)
    if not may_try(shown, challenge.tries_left, change.now, pace):
        return Checked(CheckOutcome.SPENT, 0, state)
    # Where others have used up the point's tries, a right code is like a wrong one, and its asker not told why.
    open_to_tries = may_try(own, challenge.tries_left, change.now, pace) and not is_row_full(own)
    if change.now >= challenge.expires_at:
        return Checked(CheckOutcome.EXPIRED, 0, state)
    unchanged = all_of(equals("state", ChallengeState.OPEN.value), equals("tries_left", challenge.tries_left))
    if codes.matches(keyring, challenge, entered) and open_to_tries:
        change.update(challenge_key(challenge.id), set={"state": ChallengeState.PROVED.value}, condition=unchanged)
        _begin_rows_anew(change, read, state, target, factor, way, shown=shown, own=own)
        return Checked(CheckOutcome.PROVED, challenge.tries_left, _with_factor(state, challenge, change))
    left = tries_after_wrong(challenge.tries_left, pace)
    after = ChallengeState.OPEN if left else ChallengeState.SPENT
    change.update(challenge_key(challenge.id), set={"state": after.value, "tries_left": left}, condition=unchanged)
    own_after = after_wrong(own, change.now) if open_to_tries else own
    _count(change, read, target, factor, way, shown=after_wrong(shown, change.now), own=own_after)
    limits.count_wrong_code(change, challenge.id, way, decoy=challenge.decoy)
    return Checked(CheckOutcome.WRONG if left else CheckOutcome.SPENT, left, state, wrong=True)


def _count(
    change: Change,
    read: Mapping[Key, Item],
    target: Target,
    factor: FactorKind,
    way: Way,
    *,
    shown: FactorCounters,
    own: FactorCounters,
) -> None:
    """Write the counters that the asker is told of, and those that hold. They are two where the asker came to an
    address by way of a number. Else one counter is both."""
    contribute_counters(change, read, target.shown, name_counters(factor, way, shown))
    if target.via:
        contribute_counters(change, read, target.points, name_counters(factor, way, own))


def _begin_rows_anew(
    change: Change,
    read: Mapping[Key, Item],
    state: SessionState,
    target: Target,
    factor: FactorKind,
    way: Way,
    *,
    shown: FactorCounters,
    own: FactorCounters,
) -> None:
    """After a right code: the rows of wrong ones begin anew, by all ways, of this factor and of the others."""
    counted = {target.shown: shown} | ({target.points: own} if target.via else {})
    for points, counters in counted.items():
        rows = new_rows_at(read, points) | name_counters(factor, way, with_new_row(counters))
        contribute_counters(change, read, points, rows)
    contribute_new_rows(change, read, state, but=(*target.points, *target.via))
    contribute_new_pin_rows(change, read, sole_account(state))


@dataclass(frozen=True, slots=True)
class Withheld:
    """A code may not be given out, for a closed word of a reason that may be logged."""

    reason: str


def to_give_out(stored: Item | None, points: Collection[str], now: datetime) -> Challenge | Withheld:
    """The challenge whose code may now be given out at a contact point, or the reason why it may not. The challenge
    must wait for its code, and the point must be its own. `points`: the point's keys under every version."""
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


def _with_factor(state: SessionState, challenge: Challenge, change: Change) -> SessionState:
    """The call with one more factor, of each kind the last. The account has to be chosen again: which accounts the
    factors reach has changed, and so may have what the account asks for (two-step verification)."""
    proved = ProvedFactor(challenge.factor, challenge.purpose, challenge.point, change.now + FACTOR_LIFE)
    others = tuple(factor for factor in state.factors if factor.kind is not proved.kind)
    return replace(state, factors=(*others, proved), challenge=None, account_id=None)


COUNTS_ALL_THE_SAME: Final = frozenset({"decoy", "challenge_over", "no_challenge", "other_point"})
"""Reasons of `to_give_out` for which nothing went wrong: such a code counts as it does for everybody."""


@dataclass(frozen=True, slots=True)
class TakeCodeBack:
    """Take back the count of a code that could not be sent, given its outbox entry. The code must not use up the
    owner's number of codes a day. Nothing is taken back for strangers (`unsent_keys`)."""

    entry: Mapping[str, Any]

    def read(self, store: Store, _now: datetime) -> Mapping[Key, Item]:
        keys = unsent_keys(self.entry)
        return store.batch_get(list(keys)) if keys else {}

    def contribute(self, change: Change, read: Mapping[Key, Item]) -> None:
        if unsent_keys(self.entry):
            contribute_unsent(change, read, self.entry)

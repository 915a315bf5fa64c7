"""Back into an account without a token: asked for by anybody, answered to everybody alike.

A request gives a contact point and gets an id; that is one read and one write, whoever the contact belongs to. A
message to a telephone number takes its place in the budget of its range then (code_messages). So nobody waits for a
code that will not come.

Later, and out of sight, the messenger looks the contact up and begins a recovery: a call without a phone, with a
challenge. The challenge is sent to the contact or, when it reaches nobody, can never be proved. So the same requests
follow for everybody.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from typing import Any, Final, Literal

from hotline.accounts import service as accounts
from hotline.kit.actor import FactorKind, System
from hotline.kit.change import Change
from hotline.kit.change.acts import Snapshot, retry_stale
from hotline.kit.clock import from_text, to_text
from hotline.kit.doors import Context
from hotline.kit.errors import NeedProof, NotPossible, StaleTurn
from hotline.kit.keyring import Keyring
from hotline.kit.limits import TrafficLimits
from hotline.kit.outbox import Message
from hotline.kit.store import Key
from hotline.kit.store.condition import Item
from hotline.sessions import service as sessions
from hotline.sessions import turns
from hotline.sessions.model import Identified, SessionKind, SessionState, Target, TurnRecord
from hotline.sessions.service import proof_from

from . import choices, code_messages
from .acts import Act, Effect, Turn, perform
from .callers import choose, choose_from, choosing_keys
from .challenges import Checked, CheckOutcome, SendOutcome, check_keys, contribute_check, contribute_code, send_keys
from .items import NOBODY
from .model import Goal, Operation
from .policy import CODE_LIFE, missing_factors
from .requests import SendCode
from .session import Session, next_need, open_call
from .ways import Way

RECOVERY_MESSAGE: Final = "recovery.asked"
"""The outbox entry that the messenger takes up itself; it has no words and goes to nobody."""
_BEGUN: Final = "recovery"
_CHECK: Final = "answer"
_ACT: Final = "act"
_MORE: Final = "more"
"""The steps of a recovery's turns."""
_ID: Final = re.compile(r"rec_[0-9a-f]{32}")
PERSON: Final = "agent"
"""The next need of a recovery when only a person can help."""
NOT_SELF_SERVICE: Final = "NOT_SELF_SERVICE"
"""The outcome of an act that opens nothing, because something is in force that only a person ends."""


def recovery_keys(channel: Literal["sms", "email"], value: str, keyring: Keyring, now: datetime) -> tuple[Key, ...]:
    """The keys to read for `recovery_over_budget`."""
    return code_messages.message_keys(_prefix(channel, value, keyring), now)


def recovery_over_budget(
    channel: Literal["sms", "email"],
    value: str,
    read: Mapping[Key, Item],
    keyring: Keyring,
    now: datetime,
    traffic: TrafficLimits,
) -> code_messages.OverBudget | None:
    """The budget of messages that a recovery by this contact would break, whoever the contact belongs to."""
    if channel == "email":
        return None
    return code_messages.find_used_up(_prefix(channel, value, keyring), Way.RECOVERY, read, now, traffic)


def _prefix(channel: Literal["sms", "email"], value: str, keyring: Keyring) -> str | None:
    return code_messages.prefix_of(value, keyring) if channel == "sms" else None


def ask_for_recovery(
    ctx: Context, *, channel: Literal["sms", "email"], value: str, goal: Goal, language: str | None
) -> tuple[str, code_messages.OverBudget | None]:
    """Ask for a recovery by a phone number (E.164) or an address, in a wished language. One read and one write,
    whoever the contact belongs to. Gives its id, and the budget of messages that forbids it: then nothing was asked.
    """
    now, keyring = ctx.clock.now(), ctx.lookup_ring
    recovery_id = ctx.ids.new("rec")
    read = ctx.store.batch_get(list(recovery_keys(channel, value, keyring, now)))
    over = recovery_over_budget(channel, value, read, keyring, now, ctx.limits)
    if over is None:
        change = Change(actor=System("customer_api", "recovery"), cause="recovery", now=now, ids=ctx.ids)
        contribute_recovery_request(
            change,
            recovery_id=recovery_id,
            channel=channel,
            value=value,
            goal=goal,
            language=language,
            keyring=keyring,
        )
        change.commit(ctx.store)
    return recovery_id, over


def contribute_recovery_request(
    change: Change,
    *,
    recovery_id: str,
    channel: Literal["sms", "email"],
    value: str,
    goal: Goal,
    language: str | None,
    keyring: Keyring,
) -> None:
    """Ask for a recovery: one outbox entry, and its message's place in the budgets. Nothing of it tells whose the
    contact is. `value` is a number in E.164 or an address."""
    prefix = _prefix(channel, value, keyring)
    if channel == "sms":
        code_messages.count_message(change, prefix, Way.RECOVERY, by=recovery_id)
    newest, *older = accounts.point_ids(value, keyring)
    change.send(
        Message(
            entry_id=change.ids.new("out"),
            message=RECOVERY_MESSAGE,
            channel=channel,
            account_id=None,
            point=newest,
            language=language or "-",
            facts={
                "recovery_id": recovery_id,
                "goal": goal.value,
                "also": list(older),
                "prefix": prefix or "-",
                "asked_at": to_text(change.now),
            },
            useless_after=change.now + CODE_LIFE,
        )
    )


def begin_recovery(ctx: Context, entry: Mapping[str, Any]) -> None:
    """Begin the recovery that an outbox entry asks for, unless an earlier delivery of the entry began it. The same for
    a contact that reaches an account and for one that reaches none. Raises Stale when others kept counting there."""

    def begin_once() -> None:
        actor = System("messenger", "recovery")
        change = Change(actor=actor, cause="recovery", now=ctx.clock.now(), ids=ctx.ids)
        _contribute_recovery(ctx, change, entry)
        # A session that is there already was begun by an earlier delivery of the entry.
        with suppress(StaleTurn):
            change.commit(ctx.store)

    retry_stale(begin_once)


def _contribute_recovery(ctx: Context, change: Change, entry: Mapping[str, Any]) -> None:
    """Begin what an outbox entry asks for: the recovery, and its first code to the contact itself. Three reads for
    everybody, and the same writes; for a contact that reaches nobody the code goes nowhere.

    At commit StaleTurn when it was begun before: the entry was delivered twice.
    """
    point, also = str(entry["point"]), tuple(str(older) for older in entry["facts"]["also"])
    kind = FactorKind.EMAIL if entry["channel"] == "email" else FactorKind.SMS
    goal = Goal(entry["facts"]["goal"])
    keys = [accounts.point_key(name) for name in (point, *also)]
    read = ctx.store.batch_get(keys)
    reached = accounts.usable_owners([read[key] for key in keys if key in read])
    prefix = str(entry["facts"].get("prefix", "-"))
    contact = Identified(point, reached, also, None if prefix == "-" else prefix)
    profiles = choices.profiles_in(ctx.store, reached or (choices.NOBODY,))
    language = next(iter({profile.language for profile in profiles}), None)
    asked_in = str(entry["language"])
    begun = SessionState(
        contact_id=str(entry["facts"]["recovery_id"]),
        account_ref=change.ids.new("ref"),
        turn=1,
        created_at=from_text(entry["facts"]["asked_at"]),
        last_step_at=change.now,
        inbound=False,
        turns=(TurnRecord(0, _BEGUN, "-", _BEGUN),),
        heard=(f"{_BEGUN}:{_BEGUN}",),
        language=language if asked_in == "-" else asked_in,
        typed=contact,
        targets={kind: Target(point, reached[0] if reached else None, also, prefix=contact.prefix)},
        topic=goal.value,
        kind=SessionKind.RECOVERY,
    )
    target = begun.targets[kind]
    counted = ctx.store.batch_get(list(dict.fromkeys(send_keys(begun, target, change.now))))
    _, waiting = contribute_code(
        change,
        begun,
        factor=kind,
        goal=goal,
        read=counted,
        keyring=ctx.code_ring,
        lookup_keys=ctx.lookup_ring,
        traffic=ctx.limits,
        is_counted=True,
    )
    sessions.contribute_new_session(change, waiting)


def goal_of(state: SessionState) -> Goal:
    """The goal that a recovery was asked for."""
    return Goal(state.topic or Goal.RESET.value)


class RecoveryState(StrEnum):
    """The state of a recovery after a code was entered."""

    REFUSED = "refused"
    """The code was wrong, late or used, or there is no such recovery: all of them look alike."""
    GRANTED = "granted"
    MORE = "more"


@dataclass(frozen=True, slots=True)
class Progress:
    """The state of a recovery; `needs`: a kind of code, or `agent`, where more is needed. `wrong`: the digits were held
    against a code and were not it, which is counted."""

    state: RecoveryState
    needs: str | None = None
    wrong: bool = False


@dataclass(frozen=True, slots=True)
class OpeningActs:
    """The act that a recovery is for, by its goal, and the act that lets people know where only a person can go on. The
    outcome of the latter is PERSON. The rooms above own them."""

    by_goal: Mapping[Goal, Act[StrEnum]]
    ask_person: Act[str]


_REFUSED: Final = Progress(RecoveryState.REFUSED)
_NEEDS_PERSON: Final = Progress(RecoveryState.MORE, PERSON)


@dataclass(frozen=True, slots=True)
class _EnterCode:
    """Hold a code against the recovery; a right one chooses its account where it leads to one alone. The reads are the
    same whoever the contact belongs to."""

    entered: str
    operation: Operation | None = field(default=None, init=False)

    def keys(self, session: Session) -> Iterable[Key]:
        return (*check_keys(session.state, session.now), *choosing_keys(session.state))

    def contribute(self, change: Change, read: Snapshot, session: Session) -> Effect[Checked]:
        ring = session.ctx.code_ring
        checked = contribute_check(
            change, session.state, entered=self.entered, read=read, keyring=ring, traffic=session.ctx.limits
        )
        proved = checked.outcome is CheckOutcome.PROVED
        after = choose_from(session, checked.state).state if proved else checked.state
        return Effect(checked.outcome.value, checked, after)


def enter_recovery_code(ctx: Context, recovery_id: str, code: str, acts: OpeningActs) -> Progress:
    """Hold a code against a recovery and do what follows: the act that it is for, the next code, or a person. A code
    that comes again does nothing a second time and is answered alike.

    Raises Stale and StaleTurn when somebody else wrote in between: enter it again. Raises Unavailable.
    """
    # A text that can be no id is looked for too, under an id that nobody has. It must cost as much as an unknown id.
    known_form = _ID.fullmatch(recovery_id) is not None
    session = open_call(ctx, recovery_id if known_form else NOBODY, kind=SessionKind.RECOVERY)
    if session is None:
        return _REFUSED
    mark = turns.fingerprint(ctx.lookup_ring, _CHECK, {"code": code})
    known = turns.find_record(session.state, step=_CHECK, inputs_fingerprint=mark)
    if known is not None:
        return _answer_again(session, known, acts)
    checked = perform(session, _EnterCode(code), Turn(_CHECK, mark)).result
    if checked.outcome is not CheckOutcome.PROVED:
        return replace(_REFUSED, wrong=checked.wrong)
    return _go_on(session, acts)


def _answer_again(session: Session, record: TurnRecord, acts: OpeningActs) -> Progress:
    """The answer to a code that comes again. Where it was lost before anything was done with the proof, that is done
    now, for the account as it is now."""
    if record.outcome != CheckOutcome.PROVED.value:
        return _REFUSED
    after = next((turn for turn in session.state.turns if turn.turn > record.turn), None)
    if after is None:
        if not session.state.good_factors(session.now):
            return _REFUSED
        session.state = replace(session.state, account_id=None)
        session.state = choose(session).state
        return _go_on(session, acts)
    return _tell_act(after.outcome) if after.step == _ACT else Progress(RecoveryState.MORE, after.outcome)


def _go_on(session: Session, acts: OpeningActs) -> Progress:
    """Do what was asked for, if enough is proved; else send the next code, if there is somewhere to send it."""
    state = session.state
    if state.account_id is None:
        return _send_to_person(session, acts)
    goal = goal_of(state)
    act = acts.by_goal[goal]
    if act.operation is None:
        raise RuntimeError("an act that opens an account asks for proof")
    if missing_factors(act.operation, proof_from(state), session.now) is None:
        return _perform_opening(session, act, acts)
    need = next_need(act.operation, state, session.now)
    if need == PERSON:
        return _send_to_person(session, acts)
    return _send_next_code(session, FactorKind(need), goal, acts)


def _perform_opening(session: Session, act: Act[StrEnum], acts: OpeningActs) -> Progress:
    try:
        return _tell_act(perform(session, act, Turn(_ACT, cause=str(act.operation))).outcome)
    except NeedProof:
        return _send_to_person(session, acts)


def _tell_act(outcome: str) -> Progress:
    return _NEEDS_PERSON if outcome == NOT_SELF_SERVICE else Progress(RecoveryState.GRANTED)


def _send_to_person(session: Session, acts: OpeningActs) -> Progress:
    """Only a person can help, and hears of it; a code that comes again is told the same."""
    perform(session, acts.ask_person, Turn(_MORE))
    return _NEEDS_PERSON


def _send_next_code(session: Session, factor: FactorKind, goal: Goal, acts: OpeningActs) -> Progress:
    try:
        sent = perform(session, _SendNext(factor, goal), Turn(_MORE)).result
    except NotPossible:
        return _send_to_person(session, acts)
    return Progress(RecoveryState.MORE, factor.value) if sent else _send_to_person(session, acts)


@dataclass(frozen=True, slots=True)
class _SendNext:
    """Send a further code; its turn says which kind is needed. The result is whether it was sent."""

    factor: FactorKind
    goal: Goal
    operation: Operation | None = field(default=None, init=False)

    def keys(self, session: Session) -> Iterable[Key]:
        return self._act().keys(session)

    def contribute(self, change: Change, read: Snapshot, session: Session) -> Effect[bool]:
        effect = self._act().contribute(change, read, session)
        sent = effect.result.outcome is SendOutcome.SENT
        return Effect(self.factor.value, sent, effect.state, idle=effect.idle)

    def _act(self) -> SendCode:
        return SendCode(self.factor, self.goal)

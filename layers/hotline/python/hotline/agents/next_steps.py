"""The one step that a case needs next. Pure.

The rules are asked in their order (_RULES), and the first that has a step says it. Only an agent with access knows
what keeps the account shut. Like actions, a step is for display: the gate decides when the agent does it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final

from hotline.cases.model import DISPUTE_TOPIC, LOCKOUT_TOPIC, SECURITY_TOPIC, AuthorKind, Case, CaseEntry, EntryKind
from hotline.identity.model import Operation
from hotline.lockout import service as lockout
from hotline.lockout.model import Component, LockState, LockView, SelfService, UnlockOutcome
from hotline.lockout.service import HoldEnd
from hotline.refunds import service as refunds
from hotline.refunds.model import ReviewNeed
from hotline.security.model import SeenFinding, Verdict

from .actions import OFFERED, Action, Obstacle
from .findings import HELD_BY_FINDINGS, is_answered, is_to_be_checked, list_unjudged, needs_nobody


class Step(StrEnum):
    """The one step that a case needs next."""

    CLAIM = "claim"
    """The case shows what keeps the account shut once it is the agent's."""
    FIND_ACCOUNT = "find_account"
    """Nobody knows whose account it is. The line asks a caller."""
    ASK_PROOF = "ask_proof"
    UNLOCK = "unlock"
    GRANT_RESET = "grant_reset"
    END_PAUSE = "end_pause"
    UNFREEZE = "unfreeze"
    UNFREEZE_BY_TWO = "unfreeze_by_two"
    """The account cannot give the factors that the end of a freeze asks for."""
    UNLOCK_BY_TWO = "unlock_by_two"
    """The account cannot give the factors that an unlock asks for. No recovery ends otherwise."""
    GRANT_RESET_BY_TWO = "grant_reset_by_two"
    WAIT_FOR_TWO = "wait_for_two"
    """A factor was removed lately. Nobody can give its proof, and two people may open the account later only."""
    RELEASE_HOLD = "release_hold"
    """Two people release it, without proof."""
    TURN_TO_WALLET = "turn_to_wallet"
    """A hold that the wallet alone ends."""
    WAIT_FOR_WALLET = "wait_for_wallet"
    """The wallet was asked to open it, and has not confirmed yet."""
    WAIT_FOR_PASSWORD = "wait_for_password"  # noqa: S105 - a closed word, not a secret
    """Its owner may choose a new password in the app, and has not yet."""
    ANSWER = "answer"
    """Nothing is to be opened: the caller's question is left."""
    DECIDE_REFUND = "decide_refund"
    PAY_OTHER_WAY = "pay_other_way"
    """A refund failed or came back: it is to be paid by another way."""
    TRACE_REFUND = "trace_refund"
    """A refund is late: somebody has to ask where it is."""
    ANSWER_DISPUTE = "answer_dispute"
    """A payment was disputed: its owner is told by a date what came of it. The end of the case is that answer."""
    JUDGE_FINDING = "judge_finding"
    CHECK_ACCOUNT = "check_account"
    """A finding that has set a hold was withdrawn, e.g. since the money came back. A thief may still be able to get in:
    somebody goes by its runbook and judges it."""
    FREEZE = "freeze"
    """An attack was confirmed, and nothing stops it."""
    ASK_OWNER = "ask_owner"
    """A freeze, a pause that was refused, or a hold under a finding that is no false alarm. The owner alone knows."""
    CALL_BACK = "call_back"
    ASK_DOCUMENTS = "ask_documents"
    CLOSE = "close"


@dataclass(frozen=True, slots=True)
class _Seen:
    """An open case as the rules look at it. `left`: everything that keeps the account shut, but for what an agent has
    opened since the customer or the hotline last spoke. None for an agent without access to the account."""

    case: Case
    entries: tuple[CaseEntry, ...]
    actions: Mapping[Operation, Action]
    view: LockView | None
    left: tuple[Component, ...] | None
    account_known: bool
    findings: tuple[SeenFinding, ...]
    wants_callback: bool
    refund_steps: tuple[Step, ...]


def find_next_step(
    case: Case,
    timeline: Iterable[CaseEntry],
    actions: Iterable[Action],
    view: LockView | None = None,
    *,
    account_known: bool = True,
    findings: Iterable[SeenFinding] = (),
    overtaken: Mapping[str, Step] | None = None,
) -> Step | None:
    """The next step of a case; None for one that is closed, or that nothing is known about. `view`: what keeps the
    account shut, and `findings`: those on it, for an agent who may see it. Another case may have their verdicts.
    `overtaken`: see grounds.list_overtaken."""
    if case.is_closed:
        return None
    entries = tuple(timeline)
    seen = _Seen(
        case=case,
        entries=entries,
        actions={one.operation: one for one in actions},
        view=view,
        left=_list_left(view.components, entries) if view is not None else None,
        account_known=account_known,
        findings=tuple(findings),
        wants_callback=_wants_callback(case, entries),
        refund_steps=_list_refund_steps(entries, overtaken or {}),
    )
    return next((step for rule in _RULES if (step := rule(seen)) is not None), None)


# ---------------------------------------------------------------- rules of all topics


def _of_dispute(seen: _Seen) -> Step | None:
    """A freeze stops the next payment, and answers nothing about this one: no deed ends a dispute."""
    return Step.ANSWER_DISPUTE if seen.case.topic == DISPUTE_TOPIC and not seen.wants_callback else None


def _of_end(seen: _Seen) -> Step | None:
    """A case in which an agent has done something, and nothing more is to be done here."""
    if not _is_done(seen.entries) or any(step in _ASKED_OF_AGENTS for step in seen.refund_steps):
        return None
    if _list_waiting(seen):
        return None
    return Step.CLOSE if seen.case.topic not in _OF_LOCKS or not seen.left else None


def _of_attack(seen: _Seen) -> Step | None:
    """An attack that was confirmed in whichever case is stopped before all else, once every finding is judged."""
    if seen.case.topic != SECURITY_TOPIC or _list_waiting(seen):
        return None
    return Step.FREEZE if _is_attack_unstopped(seen) else None


def _of_documents(seen: _Seen) -> Step | None:
    return Step.ASK_DOCUMENTS if seen.case.established.missing_documents else None


def _of_callback(seen: _Seen) -> Step | None:
    return Step.CALL_BACK if seen.wants_callback else None


def _of_nobody(seen: _Seen) -> Step | None:
    return None if seen.account_known else Step.FIND_ACCOUNT


def _of_topic(seen: _Seen) -> Step | None:
    if seen.case.topic == SECURITY_TOPIC:
        return _of_security(seen)
    if seen.case.topic in _OF_LOCKS:
        return _of_lock(seen)
    return seen.refund_steps[0] if seen.refund_steps else _BY_TOPIC.get(seen.case.topic)


_RULES: Final[Sequence[Callable[[_Seen], Step | None]]] = (
    _of_dispute,
    _of_attack,
    _of_end,
    _of_documents,
    _of_callback,
    _of_nobody,
    _of_topic,
)
_OF_LOCKS: Final = frozenset({LOCKOUT_TOPIC, SECURITY_TOPIC, "general"})
"""Topics whose step follows from what keeps the account shut."""
_BY_TOPIC: Final[Mapping[str, Step]] = {
    "refund": Step.DECIDE_REFUND,
    "payment": Step.ANSWER,
}


# ---------------------------------------------------------------- what may be an attack


def _of_security(seen: _Seen) -> Step | None:
    """A finding is judged. Without one, a freeze asks for its owner's word. All else is as of any lock. Nothing is left
    of a case whose findings were judged, here or in another one, and whose account is open."""
    waiting = _list_waiting(seen)
    if waiting:
        return _look_at(one for one in seen.findings if one.id in waiting)
    if seen.left == () and _list_named(seen.entries):
        return Step.CLOSE
    of_lock = _of_lock(seen)
    # A freeze is told first: nobody opens what is beside it before its owner has spoken.
    frozen_or_open = seen.left is not None and (not seen.left or seen.left[0].state is LockState.FROZEN)
    return Step.ASK_OWNER if frozen_or_open and of_lock is not Step.WAIT_FOR_WALLET else of_lock


def _look_at(waiting: Iterable[SeenFinding]) -> Step:
    """The step about findings that wait for a person: to judge the first that stands, else to check the account."""
    found = tuple(waiting)
    return Step.CHECK_ACCOUNT if found and all(map(is_to_be_checked, found)) else Step.JUDGE_FINDING


def _list_waiting(seen: _Seen) -> frozenset[str]:
    """The ids of findings of which the timeline tells, and that no agent has judged since, here or in another case.
    Without those that nobody has to judge."""
    waiting: set[str] = set()
    for entry in seen.entries:
        named = _ids_in(entry)
        if entry.reason == _JUDGED:
            waiting -= named
        elif entry.kind in (EntryKind.OPENED, EntryKind.ADDED):
            waiting |= named
    return frozenset(waiting - {one.id for one in seen.findings if needs_nobody(one)})


def _list_named(entries: Iterable[CaseEntry]) -> frozenset[str]:
    """The findings for which the case was opened, or that were added to it."""
    told = (one for one in entries if one.kind in (EntryKind.OPENED, EntryKind.ADDED))
    return frozenset().union(*map(_ids_in, told))


def _ids_in(entry: CaseEntry) -> frozenset[str]:
    also = str(entry.facts.get("also", "")).split(",")
    return frozenset({str(entry.facts.get("finding_id", "")), *also} - {""})


def _is_attack_unstopped(seen: _Seen) -> bool:
    """Whether a finding on the account is confirmed, nothing stops money, and nobody has decided since to let it go
    out."""
    if seen.view is None or any(one.state in _STOPS for one in seen.view.components):
        return False
    return any(one.verdict is Verdict.CONFIRMED and not is_answered(one, seen.view) for one in seen.findings)


def _is_in_doubt(held: Component, seen: _Seen) -> bool:
    """Whether a finding that is no false alarm stands behind a hold: it was judged while the hold ran, or was never
    answered."""
    return any(
        one.verdict in (Verdict.CONFIRMED, Verdict.UNCLEAR)
        and (_is_later(one.judged_at, held.since) or (seen.view is not None and not is_answered(one, seen.view)))
        for one in seen.findings
    )


def _is_later(at: datetime | None, since: datetime | None) -> bool:
    return at is not None and since is not None and at >= since


_STOPS: Final = frozenset({LockState.FROZEN, LockState.HOLD, LockState.PAUSED, LockState.CLOSED})
"""States in which no money leaves the account."""


# ---------------------------------------------------------------- an account that is shut


def _of_lock(seen: _Seen) -> Step | None:
    """The step about what is told first (lockout.policy.PRECEDENCE)."""
    if seen.view is None or seen.left is None:
        return Step.CLAIM if seen.case.owner is None else None
    if not seen.left:
        return Step.ANSWER
    first = seen.left[0]
    if seen.view.opening and first.state is seen.view.state:
        return Step.WAIT_FOR_WALLET
    if seen.view.recovery_until is not None and seen.view.resettable and first.state in _ENDED_BY_PASSWORD:
        return Step.WAIT_FOR_PASSWORD
    rule = _BY_STATE.get(first.state)
    return rule(seen) if rule is not None else Step.ANSWER


def _of_freeze(seen: _Seen) -> Step:
    if Operation.UNFREEZE_UNPROVED in seen.actions:
        return Step.UNFREEZE_BY_TWO
    return _after_proof(seen, Operation.UNFREEZE, Step.UNFREEZE)


def _of_hold(seen: _Seen) -> Step:
    """Of several holds first the one that people here release; one by a risk score only once what was found is judged.
    Its owner is asked first unless that was a false alarm. No new password is chosen beside a hold of the wallet's."""
    held = [one for one in seen.left or () if one.state is LockState.HOLD and one.cause is HELD_BY_FINDINGS]
    if held and (unjudged := list_unjudged(seen.findings)):
        return _look_at(unjudged)
    if any(_is_in_doubt(one, seen) for one in held):
        return Step.ASK_OWNER
    ends = {lockout.end_of_hold(one.cause) for one in seen.left or () if one.state is LockState.HOLD}
    if HoldEnd.RELEASE in ends:
        return Step.RELEASE_HOLD
    return Step.TURN_TO_WALLET if HoldEnd.WALLET in ends else _of_reset(seen)


def _of_pause(seen: _Seen) -> Step:
    return _after_proof(seen, Operation.END_PAUSE, Step.END_PAUSE)


def _of_soft_lock(seen: _Seen) -> Step:
    """After three unlocks in a day a new password is left."""
    if seen.view is not None and seen.view.self_service is SelfService.RESET:
        return _of_reset(seen)
    if Operation.UNLOCK_UNPROVED in seen.actions:
        return Step.UNLOCK_BY_TWO
    return _after_proof(seen, Operation.UNLOCK, Step.UNLOCK)


def _of_reset(seen: _Seen) -> Step:
    if Operation.RESET_GRANT_UNPROVED in seen.actions:
        return Step.GRANT_RESET_BY_TWO
    return _after_proof(seen, Operation.RESET_GRANT, Step.GRANT_RESET)


def _after_proof(seen: _Seen, operation: Operation, step: Step) -> Step:
    action = seen.actions.get(operation)
    if action is not None and action.obstacle is Obstacle.FACTOR_REMOVED:
        return Step.WAIT_FOR_TWO
    return Step.ASK_PROOF if action is None or action.obstacle is Obstacle.NEEDS_PROOF else step


_BY_STATE: Final[Mapping[LockState, Callable[[_Seen], Step]]] = {
    LockState.FROZEN: _of_freeze,
    LockState.HOLD: _of_hold,
    LockState.HARD: _of_reset,
    LockState.PAUSED: _of_pause,
    LockState.SOFT: _of_soft_lock,
}
"""A closed account stays closed, so that the caller's question is left."""


_ENDED_BY_PASSWORD: Final = frozenset({LockState.SOFT, LockState.HARD, LockState.HOLD})


def _list_left(components: Iterable[Component], timeline: Iterable[CaseEntry]) -> tuple[Component, ...]:
    """The components without those that an agent has opened since somebody spoke. None is left to be opened while a
    freeze is in force that an agent has set. A pause that an agent has set is not to be ended; all else is."""
    opened: set[Component] = set()
    found = tuple(components)
    shut_by_agent: set[LockState] = set()
    for entry in _list_deeds(timeline):
        operation = entry.reason.removeprefix("agent.")
        ends = _OPENED_BY.get(operation, frozenset())
        opened |= {one for one in found if one.state in ends and _was_meant(one, entry)}
        shut_by_agent = (shut_by_agent - ends) | _SHUT_BY.get(operation, frozenset())
    shut = {one for one in found if one.state in shut_by_agent}
    if any(one.state is LockState.FROZEN for one in shut):
        return ()
    return tuple(one for one in found if one not in opened | shut)


def _was_meant(component: Component, deed: CaseEntry) -> bool:
    """Whether a deed was about this component: it was in force then, and is of the cause that the deed names."""
    began_later = component.since is not None and component.since > deed.at
    return not began_later and deed.facts.get("cause") in (None, component.cause)


_OPENED_NOTHING: Final = UnlockOutcome.NOT_SELF_SERVICE.value
"""The outcome of an unlock or a reset grant that something in force did not let happen."""
_OPENED_BY: Final[Mapping[str, frozenset[LockState]]] = {
    Operation.UNLOCK.value: frozenset({LockState.SOFT}),
    Operation.RESET_GRANT.value: frozenset({LockState.SOFT, LockState.HARD, LockState.HOLD}),
    Operation.UNLOCK_UNPROVED.value: frozenset({LockState.SOFT}),
    Operation.RESET_GRANT_UNPROVED.value: frozenset({LockState.SOFT, LockState.HARD, LockState.HOLD}),
    Operation.END_PAUSE.value: frozenset({LockState.PAUSED}),
    Operation.UNFREEZE.value: frozenset({LockState.FROZEN}),
    Operation.UNFREEZE_UNPROVED.value: frozenset({LockState.FROZEN}),
    Operation.RELEASE_HOLD.value: frozenset({LockState.HOLD}),
}
"""The states that a deed opens, once the wallet or the customer has done their part. No new password is granted beside
a hold of another cause. Any other deed opens nothing: a verdict lifts no hold, a new number no lock."""
_SHUT_BY: Final[Mapping[str, frozenset[LockState]]] = {
    Operation.FREEZE.value: frozenset({LockState.FROZEN}),
    lockout.FREEZE_ASKED: frozenset({LockState.FROZEN}),
    Operation.PAUSE.value: frozenset({LockState.PAUSED}),
}
"""The states that a deed brings about. In the security case a freeze is told by its own reason."""


# ---------------------------------------------------------------- what the timeline tells


def _wants_callback(case: Case, timeline: Iterable[CaseEntry]) -> bool:
    """Whether the caller asked to be called back, and has not come to a person since. The case may have begun with
    another reason."""
    wanted = case.reason == _CALLBACK_REASON
    for entry in timeline:
        if entry.reason == _CALLBACK_REASON:
            wanted = True
        elif entry.reason in _REACHED:
            wanted = False
    return wanted


def list_unpaid_refunds(timeline: Iterable[CaseEntry]) -> tuple[str, ...]:
    """The refunds that wait in the case for another way to be paid."""
    waiting = _find_refund_steps(timeline)
    return tuple(refund_id for refund_id, step in waiting.items() if step is Step.PAY_OTHER_WAY)


def _list_refund_steps(timeline: Iterable[CaseEntry], overtaken: Mapping[str, Step]) -> tuple[Step, ...]:
    """The step of each refund that waits in the case, the longest known first. A refund that the wallet has paid
    meanwhile asks for nothing more, so that its step comes last."""
    waiting = _find_refund_steps(timeline)
    steps = [overtaken.get(id_, step) if step is Step.PAY_OTHER_WAY else step for id_, step in waiting.items()]
    return tuple(sorted(steps, key=lambda step: step is Step.CLOSE))


def _find_refund_steps(timeline: Iterable[CaseEntry]) -> Mapping[str, Step]:
    """The step of each refund that the case tells of and that no agent has decided on since, by its id, the longest
    known first. A case has all refunds of its account, so a word on one says nothing of another."""
    waiting: dict[str, Step] = {}
    for entry in timeline:
        refund_id, step = str(entry.facts.get("refund_id", "-")), _STEP_OF_REFUND.get(entry.reason)
        if entry.reason == refunds.REVIEW_REASON and entry.facts.get("waits_for") == ReviewNeed.EVIDENCE.value:
            step = Step.ASK_DOCUMENTS
        elif entry.reason in _PICTURE_CAME and waiting.get(refund_id) is Step.ASK_DOCUMENTS:
            step = Step.DECIDE_REFUND
        if step is not None and waiting.get(refund_id) is not step:
            waiting.pop(refund_id, None)
            waiting[refund_id] = step
        elif entry.kind is EntryKind.DECIDED and entry.reason in _DECIDING:
            waiting.pop(refund_id, None)
    return waiting


PICTURE: Final = "picture"
"""The document that a refund in review may wait for."""


def list_missing_documents(case: Case, timeline: Iterable[CaseEntry]) -> tuple[str, ...]:
    """The documents that the case waits for, as closed words: those that were established, and a picture while a refund
    waits for one."""
    waits = Step.ASK_DOCUMENTS in _find_refund_steps(timeline).values() and not case.is_closed
    return tuple(dict.fromkeys((*case.established.missing_documents, *((PICTURE,) if waits else ()))))


def _is_done(timeline: Iterable[CaseEntry]) -> bool:
    """Whether an agent has done something about the account since the customer or the hotline last spoke."""
    return bool(_list_deeds(timeline))


def _list_deeds(timeline: Iterable[CaseEntry]) -> tuple[CaseEntry, ...]:
    """The deeds of agents about the account since the customer or the hotline last spoke, but for those that opened
    nothing."""
    done: list[CaseEntry] = []
    for entry in timeline:
        if entry.kind is EntryKind.DECIDED:
            is_deed = entry.reason in _ENDING and entry.facts.get("outcome") != _OPENED_NOTHING
            done += [entry] if is_deed or _is_refund_made(entry) else []
        elif entry.kind is EntryKind.ADDED and entry.author is AuthorKind.AGENT:
            done.append(entry)  # a freeze adds to the case itself
        elif entry.kind in (EntryKind.OPENED, EntryKind.ADDED, EntryKind.REOPENED):
            done.clear()
    return tuple(done)


def _is_refund_made(entry: CaseEntry) -> bool:
    """Whether an agent asked for a refund that was decided at once."""
    return entry.reason == f"agent.{Operation.REFUND.value}" and entry.facts.get("outcome") in _DECIDED_AT_ONCE


_JUDGED: Final = f"agent.{Operation.JUDGE_FINDING.value}"
_CALLBACK_REASON: Final = "caller.callback"
_REACHED: Final = frozenset({"caller.asked", "caller.failed"})
"""The reasons of a handover to the queue, where a person answers."""
_DECIDED_AT_ONCE: Final = frozenset({"APPROVED", "DENIED"})
_DECIDING: Final = frozenset(
    f"agent.{one.value}" for one in (Operation.REVIEW_REFUND, Operation.REVIEW_LARGE_REFUND, Operation.OTHER_PAYOUT)
)
"""The reasons of entries that tell of a deed upon one refund."""
_STEP_OF_REFUND: Final[Mapping[str, Step]] = {
    refunds.REVIEW_REASON: Step.DECIDE_REFUND,
    refunds.UNPAID_REASON: Step.PAY_OTHER_WAY,
    refunds.OVERDUE_REASON: Step.TRACE_REFUND,
    refunds.STATUTORY_REASON: Step.DECIDE_REFUND,
}
"""By the reason for which a refund came into its case."""
_PICTURE_CAME: Final = frozenset({refunds.EVIDENCE_RECEIVED, refunds.EVIDENCE_UNSCANNED})
"""The reasons of entries with which a picture for a refund can be looked at, or has to be looked into."""
_ASKED_OF_AGENTS: Final = frozenset({Step.DECIDE_REFUND, Step.PAY_OTHER_WAY, Step.ASK_DOCUMENTS})
"""Steps of a refund that an agent does here. A case with one of them left is not to be closed."""
_ENDING: Final = frozenset(
    f"agent.{one.value}"
    for one in (
        *OFFERED,
        Operation.RELEASE_HOLD,
        Operation.CONTACT_CHANGE,
        Operation.NEW_ROW_UNPROVED,
        Operation.UNFREEZE_UNPROVED,
        Operation.UNLOCK_UNPROVED,
        Operation.RESET_GRANT_UNPROVED,
        Operation.REVIEW_REFUND,
        Operation.REVIEW_LARGE_REFUND,
        Operation.OTHER_PAYOUT,
        Operation.JUDGE_FINDING,
    )
)
"""The reasons of entries that tell of a deed about the account."""

"""Handing somebody over to a person, with everything known in a case: a caller, or somebody in a recovery."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from copy import replace
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from hotline.accounts import service as accounts
from hotline.directory.service import hours_of, is_open
from hotline.identity.service import Effect, Operation, Session
from hotline.kit.change import Change
from hotline.kit.change.acts import Snapshot
from hotline.kit.languages import language_or_english
from hotline.kit.store import Key
from hotline.kit.store.condition import Item
from hotline.sessions.model import SessionState

from . import items
from .entries import case_keys, contribute_case
from .model import DISPUTE_TOPIC, LOCKOUT_TOPIC, SECURITY_TOPIC, Established, Priority

QUEUED: Final = "QUEUE"
CALLBACK: Final = "CALLBACK"
OUTCOMES: Final[Mapping[str, str]] = {
    "asked": QUEUED,
    "failed": QUEUED,
    "callback": CALLBACK,
}
"""The outcome of a handover while people answer, by its reason."""
CLOSED: Final = "CLOSED_HOURS"
"""The outcome for callers who want a person while nobody answers."""
URGENT_TOPICS: Final = frozenset({SECURITY_TOPIC, DISPUTE_TOPIC})
TEXTED: Final = "texted"
"""Note of a turn: the reference was sent by text."""


def priority_of(topic: str) -> Priority:
    """How urgent a caller's topic is, for the case and for the queue of calls alike."""
    return Priority.URGENT if topic in URGENT_TOPICS else Priority.NORMAL


@dataclass(frozen=True, slots=True)
class HandOver:
    """Open a case or add to the caller's open one. The first note of its turn is the case's reference. The outcome says
    how it goes on: in the queue, by a callback, or not now, by the opening hours that supervisors edit.

    A caller who has proved nothing gets a case of this call alone: their account is not touched on a mere number. Both
    kinds of case are found by the contact's id. `login_failed_at` is the time that the caller keyed in,
    `missing_documents` are closed words. The result is the case's id.
    """

    topic: str
    reason: str
    login_failed_at: datetime | None = None
    missing_documents: tuple[str, ...] = ()
    operation: Operation | None = field(default=None, init=False)

    def keys(self, session: Session) -> Iterable[Key]:
        account_id, known = _whose(session)
        of_contact = items.contact_case_key(session.state.contact_id)
        return (*case_keys(account_id, self.topic, known), of_contact)

    def contribute(self, change: Change, read: Snapshot, session: Session) -> Effect[str]:
        account_id, known = _whose(session)
        outcome, reason = OUTCOMES[self.reason], self.reason
        if outcome == QUEUED and not is_open(hours_of(read).content, change.now):
            outcome, reason = CLOSED, "closed"
        established = establish(session, self.login_failed_at, self.missing_documents)
        ref = contribute_case(
            change,
            read,
            account_id=account_id,
            case_id=known,
            topic=self.topic,
            reason=f"caller.{reason}",
            facts=_list_known(session.state, established) | _find_payment(session.state, account_id),
            priority=priority_of(self.topic),
            language=session.state.language,
            established=established,
            call_live=outcome != CLOSED,
        )
        contact_id, now = session.state.contact_id, change.now
        named = items.contact_case_item(ref.case_id, now)
        if outcome == CALLBACK:
            language = language_or_english(session.state.language or "")
            named = items.callback_item(contact_id, ref.case_id, topic=self.topic, language=language, at=now)
        _name_case_of_contact(change, read, contact_id, named)
        texted = ref.new_reference and _send_reference(change, read, account_id, ref.reference, outcome)
        notes = (ref.reference, *((TEXTED,) if texted else ()))
        after = replace(session.state, topic=self.topic, case_id=ref.case_id)
        return Effect(outcome, ref.case_id, after, notes)


@dataclass(frozen=True, slots=True)
class AskPerson:
    """Let people know of a recovery that only a person can go on with. `outcome` is what its turn says. The case is of
    the account that the recovery proved, or of nobody known where it leads to no account, or to several."""

    outcome: str
    reason: str = "recovery.stuck"
    operation: Operation | None = field(default=None, init=False)

    def keys(self, session: Session) -> Iterable[Key]:
        account_id, known = _whose(session)
        return case_keys(account_id, LOCKOUT_TOPIC, known)

    def contribute(self, change: Change, read: Snapshot, session: Session) -> Effect[str]:
        account_id, known = _whose(session)
        established = establish(session)
        ref = contribute_case(
            change,
            read,
            account_id=account_id,
            case_id=known,
            topic=LOCKOUT_TOPIC,
            reason=self.reason,
            facts={"recovery_id": session.state.contact_id, "proved": _join(established.proved)},
            language=session.state.language,
            established=established,
        )
        return Effect(self.outcome, ref.case_id, replace(session.state, case_id=ref.case_id))


def establish(
    session: Session, login_failed_at: datetime | None = None, missing_documents: tuple[str, ...] = ()
) -> Established:
    """The facts that a session has established, for the agent who goes on with it."""
    state = session.state
    return Established(
        heard=state.heard,
        proved=tuple(factor.kind.value for factor in state.good_factors(session.now)),
        login_failed_at=login_failed_at,
        missing_documents=missing_documents,
    )


def _join(words: Iterable[str]) -> str:
    return ",".join(words) or "-"


def _name_case_of_contact(change: Change, read: Snapshot, contact_id: str, named: Item) -> None:
    """Let the case be found by the contact's id, and a callback by when it was asked for. A callback that was asked for
    stays, also when its caller waits in line again."""
    key = items.contact_case_key(contact_id)
    known = read.get(key)
    if known is None or known["case_id"] != named["case_id"] or named.keys() - known.keys():
        change.replace(key, known, named)


def _whose(session: Session) -> tuple[str | None, str | None]:
    """The account that the case is of, and the case that somebody unknown has on this call already."""
    state: SessionState = session.state
    account_id = state.account_id if state.good_factors(session.now) else None
    return account_id, (state.case_id if account_id is None else None)


def _send_reference(change: Change, read: Snapshot, account_id: str | None, reference: str, outcome: str) -> bool:
    """Send the reference to the account's phone; once a case, so that nobody floods it. False when there is none."""
    if account_id is None:
        return False
    profile = accounts.profile_from(read.get(accounts.profile_key(account_id)))
    message = "case.callback" if outcome == CALLBACK else "case.opened"
    return accounts.send_text(change, profile, message, {"case_reference": reference})


def _find_payment(state: SessionState, account_id: str | None) -> dict[str, str]:
    """The payment that the caller was last told about, so that nobody asks which one. Nothing is known of it in a case
    of nobody known."""
    return {"movement_id": state.about} if state.about is not None and account_id is not None else {}


def _list_known(state: SessionState, established: Established) -> dict[str, str | int]:
    """The facts that an agent should see first: opaque ids and closed words only."""
    return {
        "contact_id": state.contact_id,
        "language": state.language or "-",
        "number_known": "yes" if state.calling and state.calling.accounts else "no",
        "proved": _join(established.proved),
        "history": _join(established.heard),
    }

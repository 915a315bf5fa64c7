"""Handing a caller over to a person, with everything known in a case."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Final

from hotline.accounts import service as accounts
from hotline.identity.service import Effect, Operation, Session
from hotline.kit.change import Change
from hotline.kit.change.acts import Snapshot
from hotline.kit.store import Key
from hotline.sessions.model import SessionState

from .entries import case_keys, contribute_case
from .model import SECURITY_TOPIC, Priority

OUTCOMES: Final[Mapping[str, str]] = {
    "asked": "QUEUE",
    "failed": "QUEUE",
    "callback": "CALLBACK",
    "closed": "CLOSED_HOURS",
}
"""The outcome of a handover, by its reason."""
URGENT_TOPICS: Final = frozenset({SECURITY_TOPIC})
TEXTED: Final = "texted"
"""Note of a turn: the reference was sent by text."""


@dataclass(frozen=True, slots=True)
class HandOver:
    """Open a case or add to the caller's open one. The first note of its turn is the case's reference.

    A caller who has proved nothing gets a case of this call alone: their account is not touched on a mere number. The
    result is the case's id.
    """

    topic: str
    reason: str
    operation: Operation | None = field(default=None, init=False)

    def keys(self, session: Session) -> Iterable[Key]:
        account_id, known = _whose(session)
        of_profile = (accounts.profile_key(account_id),) if account_id is not None else ()
        return (*case_keys(account_id, self.topic, known), *of_profile)

    def contribute(self, change: Change, read: Snapshot, session: Session) -> Effect[str]:
        account_id, known = _whose(session)
        outcome = OUTCOMES[self.reason]
        ref = contribute_case(
            change,
            read,
            account_id=account_id,
            case_id=known,
            topic=self.topic,
            reason=f"caller.{self.reason}",
            facts=_list_known(session),
            priority=Priority.URGENT if self.topic in URGENT_TOPICS else Priority.NORMAL,
        )
        texted = ref.new_reference and _send_reference(change, read, account_id, ref.reference, outcome)
        notes = (ref.reference, *((TEXTED,) if texted else ()))
        after = replace(session.state, topic=self.topic, case_id=ref.case_id)
        return Effect(outcome, ref.case_id, after, notes)


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
    message = "case.callback" if outcome == "CALLBACK" else "case.opened"
    return accounts.send_text(change, profile, message, {"case_reference": reference})


def _list_known(session: Session) -> dict[str, str | int]:
    """The facts that an agent should see first: opaque ids and closed words only."""
    state = session.state
    return {
        "contact_id": state.contact_id,
        "language": state.language or "-",
        "number_known": "yes" if state.calling and state.calling.accounts else "no",
        "proved": ",".join(factor.kind.value for factor in state.good_factors(session.now)) or "-",
        "history": ",".join(f"{record.step}:{record.outcome}" for record in state.turns) or "-",
    }

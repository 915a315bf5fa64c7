"""The agent's own account, and those that are linked to it: the agent learns nothing of them.

An account is linked that has or had a contact point in common. It is left out of lists; a thing of it is refused.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from itertools import batched
from types import MappingProxyType
from typing import Protocol

from hotline.accounts import service as accounts
from hotline.cases import service as cases
from hotline.kit.change.acts import Snapshot
from hotline.kit.errors import NotPossible
from hotline.kit.store import BATCH_GET_KEYS_MAX, Key, Store
from hotline.kit.store.condition import Item
from hotline.sessions.model import SessionState
from hotline.sessions.service import session_in, session_key

from .model import AgentError, AgentToken


class OfAccount(Protocol):
    """Something that is about an account, or about none that is known."""

    @property
    def account_id(self) -> str | None: ...


def own_keys(own: str | None, account_id: str) -> tuple[Key, ...]:
    """The keys to read before `is_own`."""
    return tuple(dict.fromkeys(accounts.profile_key(one) for one in (account_id, own) if one is not None))


def is_own(read: Snapshot, own: str | None, account_id: str) -> bool:
    """Whether an account is the agent's own, or has or had a contact point in common with it. `own` None: the agent has
    no account that is known."""
    if own is None:
        return False
    profiles = [accounts.profile_from(read.get(accounts.profile_key(one))) for one in (own, account_id)]
    points = [{point.value for point in profile.points} for profile in profiles if profile is not None]
    return own == account_id or (len(points) == len(profiles) and not points[0].isdisjoint(points[1]))


def refuse_own(store: Store, token: AgentToken, *account_ids: str | None) -> None:
    """Raises NotPossible `own_account` if one of these accounts is the agent's own or linked to it; None is no account.
    One read, none for an agent without an account of their own."""
    known = tuple(one for one in account_ids if one is not None)
    if _find_own(store, token, known):
        raise NotPossible(AgentError.OWN_ACCOUNT)


def leave_out_own[Thing: OfAccount](store: Store, token: AgentToken, things: Iterable[Thing]) -> tuple[Thing, ...]:
    """The things of a page that are not about the agent's own account or one that is linked to it. One read for a page
    of up to 99 accounts, none for an agent without an account of their own."""
    listed = tuple(things)
    own = _find_own(store, token, [thing.account_id for thing in listed if thing.account_id is not None])
    return tuple(thing for thing in listed if thing.account_id not in own)


def leave_out_own_accounts(store: Store, token: AgentToken, account_ids: Iterable[str]) -> frozenset[str]:
    """The accounts but the agent's own and those that are linked to it. One read takes a hundred accounts, of which the
    agent's own is one. A page of 50 findings with 20 accounts each takes 11 reads. An agent without an account of their
    own takes none."""
    named = frozenset(account_ids)
    return named - _find_own(store, token, sorted(named))


def leave_out_own_contacts(
    store: Store, token: AgentToken, contact_ids: Iterable[str], case_of: Mapping[str, str] = MappingProxyType({})
) -> tuple[str, ...]:
    """The contacts, by their initial ids, that are not about the agent's own account or one that is linked to it. The
    account of a contact is the one that its call has proved, and that of its case. `case_of` names the cases that are
    known, since a call is forgotten before its case. Three reads for a hundred keys, none for an agent without an
    account of their own."""
    listed = tuple(contact_ids)
    if token.account_id is None or not listed:
        return listed
    read = read_all(store, (session_key(contact_id) for contact_id in listed))
    states = {contact_id: session_in(read, contact_id) for contact_id in listed}
    with_case = {contact_id: state.case_id for contact_id, state in states.items() if state is not None}
    with_case |= case_of
    case_ids = sorted({case_id for case_id in with_case.values() if case_id is not None})
    read |= read_all(store, (key for case_id in case_ids for key in cases.agent_keys(case_id)))
    accounts_of = {one: _accounts_of(states[one], with_case.get(one), read) for one in listed}
    own = _find_own(store, token, [account_id for found in accounts_of.values() for account_id in found])
    return tuple(contact_id for contact_id in listed if own.isdisjoint(accounts_of[contact_id]))


def _accounts_of(state: SessionState | None, case_id: str | None, read: Mapping[Key, Item]) -> frozenset[str]:
    case = cases.case_in(read, case_id) if case_id is not None else None
    known = (state.account_id if state is not None else None, case.account_id if case is not None else None)
    return frozenset(account_id for account_id in known if account_id is not None)


def read_all(store: Store, keys: Iterable[Key]) -> dict[Key, Item]:
    """Everything that exists of any number of keys: one read for a hundred of them, none for none."""
    read: dict[Key, Item] = {}
    for some in batched(dict.fromkeys(keys), BATCH_GET_KEYS_MAX, strict=False):
        read.update(store.batch_get(list(some)))
    return read


def _find_own(store: Store, token: AgentToken, account_ids: Iterable[str]) -> frozenset[str]:
    wanted = frozenset(account_ids)
    if token.account_id is None or not wanted:
        return frozenset()
    read = Snapshot(read_all(store, (key for one in sorted(wanted) for key in own_keys(token.account_id, one))))
    return frozenset(one for one in wanted if is_own(read, token.account_id, one))

"""The agent's own account, and those that are linked to it: the agent learns nothing of them.

An account is linked that has or had a contact point in common. It is left out of lists; a thing of it is refused.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol

from hotline.accounts import service as accounts
from hotline.kit.change.acts import Snapshot
from hotline.kit.errors import NotPossible
from hotline.kit.store import Key, Store

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
    """The things of a page, at most 99, that are not about the agent's own account or one that is linked to it. One
    read, none for an agent without an account of their own."""
    listed = tuple(things)
    own = _find_own(store, token, [thing.account_id for thing in listed if thing.account_id is not None])
    return tuple(thing for thing in listed if thing.account_id not in own)


def _find_own(store: Store, token: AgentToken, account_ids: Iterable[str]) -> frozenset[str]:
    wanted = frozenset(account_ids)
    if token.account_id is None or not wanted:
        return frozenset()
    keys = dict.fromkeys(key for one in sorted(wanted) for key in own_keys(token.account_id, one))
    read = Snapshot(store.batch_get(list(keys)))
    return frozenset(one for one in wanted if is_own(read, token.account_id, one))

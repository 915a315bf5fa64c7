"""The face of drift: comparing accounts with the wallet's digests, asking for what is missing, naming who differs.

A digest is compared some minutes after it was made (template.yaml, DigestsQueue), so that facts that were on their way
have come. An account about which a fact of a later time is known has moved on meanwhile: it is left to the next digest.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from itertools import islice
from typing import Final

from hotline.accounts import service as accounts
from hotline.accounts.facts_requests import Thing, ThingKind, send_request
from hotline.identity.service import Operation, require
from hotline.kit.actor import System
from hotline.kit.change import Change
from hotline.kit.change.acts import perform_alone
from hotline.kit.doors import Context
from hotline.kit.logging import Event, log
from hotline.kit.store import Key, Store, query_all
from hotline.kit.store.condition import Item, equals
from hotline.lockout import service as lockout
from hotline.payments.service import funds_from, funds_key
from hotline.payments.versions import list_bill_versions, list_movement_versions
from hotline.refunds.versions import list_refund_versions

from . import items
from .model import EMPTY, AccountDigest, Difference, Digest, Drift, Kind, RangeDigest, compare, digest_of

ACTOR: Final = System("digests", "drift")
REASON: Final = "drift"
"""Why the wallet is asked for facts."""
ASKED_MAX: Final = 3
"""So many comparisons in a row that find an account different ask for its facts. Then people have to look."""
THINGS_COMPARED_MAX: Final = 2000
"""An account with more movements, refunds or bills is not compared in that kind: some forty reads."""
LISTED_MAX: Final = 1000
"""So many accounts with drift are listed at once."""
_PAGE: Final = 100


class Comparison(StrEnum):
    """The result for one account."""

    SAME = "same"
    DIFFERENT = "different"
    MOVED_ON = "moved_on"
    """A fact of a later time than the digest's is known; the next digest tells."""
    ERASED = "erased"


def compare_account(ctx: Context, told: AccountDigest, of: RangeDigest) -> Comparison:
    """Compare one account, keep or end its drift, and ask the wallet for facts where it differs. Three queries or more
    for the lists, one read and at most one transaction. Raises Stale after too many conflicts, and Unavailable."""
    account_id = told.account_id
    keys = _keys(account_id)
    read = ctx.store.batch_get(keys)
    if lockout.is_erased(read, account_id):
        if items.drift_key(account_id) in read:
            perform_alone(ctx, _NoteDrift(account_id, of, frozenset(), {}), actor=ACTOR, cause=REASON)
        return Comparison.ERASED
    profile = accounts.profile_from(read.get(accounts.profile_key(account_id)))
    if profile is not None and profile.facts_as_of > of.as_of:
        return Comparison.MOVED_ON
    version = profile.version if profile is not None else 0
    funds = read.get(funds_key(account_id))
    known = {
        Kind.ACCOUNT: _digest_of_one(account_id, version or None),
        Kind.FUNDS: _digest_of_one(account_id, funds_from(funds).fact_version.version if funds is not None else None),
        **_lists(ctx.store, account_id, of.since, ctx.clock.now()),
    }
    differences = compare(told, known)
    if differences or items.drift_key(account_id) in read:
        compared = frozenset(told.kinds.keys() & known.keys())
        noted = perform_alone(ctx, _NoteDrift(account_id, of, compared, differences), actor=ACTOR, cause=REASON)
        if noted is not None:
            event = Event.DRIFT_FOUND if noted.times <= ASKED_MAX else Event.DRIFT_STAYS
            log(event, account_id=account_id, count=len(differences), attempt=noted.times)
    return Comparison.DIFFERENT if differences else Comparison.SAME


def _keys(account_id: str) -> list[Key]:
    own = (accounts.profile_key(account_id), funds_key(account_id), items.drift_key(account_id))
    return [*own, *lockout.lock_keys(account_id)]


def _digest_of_one(account_id: str, version: int | None) -> Digest:
    return EMPTY if version is None else digest_of([(account_id, version)])


def _lists(store: Store, account_id: str, since: datetime, now: datetime) -> dict[Kind, Digest]:
    """The digests of what an account has many of; without those that it has too many of."""
    limit = THINGS_COMPARED_MAX
    found = {
        Kind.MOVEMENTS: list_movement_versions(store, account_id, since=since, now=now, limit=limit),
        Kind.REFUNDS: list_refund_versions(store, account_id, since=since, limit=limit),
        Kind.BILLS: list_bill_versions(store, account_id, since=since.date(), limit=limit),
    }
    return {kind: digest_of(things) for kind, things in found.items() if things is not None}


@dataclass(frozen=True, slots=True)
class _NoteDrift:
    """Keep what differs on an account and ask for facts, or end the drift of one that does not differ any more."""

    account_id: str
    of: RangeDigest
    compared: frozenset[Kind]
    differences: Mapping[Kind, Difference]

    def read(self, store: Store, _now: datetime) -> Mapping[Key, Item]:
        """The profile, too, once more: the lists may have been read around a fact that came meanwhile."""
        return store.batch_get(_keys(self.account_id))

    def contribute(self, change: Change, read: Mapping[Key, Item]) -> Drift | None:
        profile = accounts.profile_from(read.get(accounts.profile_key(self.account_id)))
        if profile is not None and profile.facts_as_of > self.of.as_of:
            return None
        return contribute_drift(change, read, self.account_id, self.of, self.compared, self.differences)


def contribute_drift(
    change: Change,
    read: Mapping[Key, Item],
    account_id: str,
    of: RangeDigest,
    compared: Collection[Kind],
    differences: Mapping[Kind, Difference],
) -> Drift | None:
    """Keep what differs on an account, and ask the wallet for facts, ASKED_MAX times in a row. End its drift where
    nothing differs any more, or the account is erased. A kind that was not compared stays as it was. A digest that is
    not newer than the last one changes nothing. Returns the drift in which something was found to differ. Raises
    NeedProof for anybody but the hotline itself; at commit Stale."""
    require(change, Operation.FACTS)
    key = items.drift_key(account_id)
    stored = read.get(key)
    before = items.drift_from(stored) if stored is not None else None
    is_erased = lockout.is_erased(read, account_id)
    if before is not None and of.as_of <= before.as_of and not is_erased:
        return None
    carried = before.differences if before is not None else {}
    left = {kind: found for kind, found in carried.items() if kind not in compared} | dict(differences)
    if is_erased or not left:
        if stored is not None:
            change.delete(key, condition=equals("rev", int(stored["rev"])))
            change.audit(account_id, "drift.ended")
        return None
    if before is not None and not differences:
        # Nothing was found now: whether the rest still differs, a digest with those kinds tells.
        if left != before.differences:
            change.replace(key, stored, items.drift_item(replace(before, differences=left, as_of=of.as_of)))
        return None
    drift = Drift(account_id, of.name, left, change.now, change.now, of.as_of)
    if before is not None:
        drift = replace(drift, first_seen_at=before.first_seen_at, times=before.times + 1)
    change.replace(key, stored, items.drift_item(drift))
    if drift.times <= ASKED_MAX:
        send_request(change, account_id, [_thing(kind, of.since) for kind in differences], REASON)
    return drift


def _thing(kind: Kind, since: datetime) -> Thing:
    match kind:
        case Kind.ACCOUNT:
            return Thing(ThingKind.ACCOUNT)
        case Kind.FUNDS:
            return Thing(ThingKind.FUNDS)
        case _:
            return Thing(ThingKind.RANGE, f"{kind.value}={since.date().isoformat()}")


def list_drifts(store: Store, *, limit: int = LISTED_MAX) -> tuple[Drift, ...]:
    """The accounts that differ, at most `limit` of them, those that did in most comparisons first. Of each partition
    `limit` accounts are read, by their ids: of more the rest is not ranked. One query a partition, and further ones for
    full pages."""
    found = [
        items.drift_from(item)
        for partition in range(items.PARTITIONS)
        for item in islice(query_all(store, items.partition_query(partition, limit=_PAGE)), limit)
    ]
    return tuple(sorted(found, key=lambda one: (-one.times, one.first_seen_at, one.account_id))[:limit])

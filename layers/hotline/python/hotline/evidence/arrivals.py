"""Pictures that have come into the bucket: what an event about one changes, and what falls due about one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import partial

from hotline.identity.service import Operation, require
from hotline.kit.actor import System
from hotline.kit.aws.buckets import Bucket, StoredObject
from hotline.kit.change import Change
from hotline.kit.change.acts import perform_alone
from hotline.kit.doors import Context
from hotline.kit.due import Done, Duty, is_due
from hotline.kit.errors import KitError, Unavailable
from hotline.kit.logging import Event
from hotline.kit.store import Key, Store, account_of, id_at
from hotline.kit.store.condition import Item
from hotline.lockout.service import is_erased, lock_keys
from hotline.refunds import service as refunds

from . import items, links, policy
from .model import Evidence, EvidenceState, ScanResult


def take_object(ctx: Context, name: str, result: ScanResult | None = None) -> EvidenceState | None:
    """Take in what the bucket holds under the name of an object, after any event about it; give the evidence's state.
    `result` is what an event of the scanner says. None for an object of nobody, as after an erasure: it is deleted, and
    so is one that was refused.

    Raises Stale, and Unavailable also while the scanner's tag is missing: then the event has to come again.
    """
    evidence_id = links.id_of_object(name)
    if evidence_id is None:
        return None
    owner = ctx.store.get(items.owner_key(evidence_id))
    if owner is None:
        ctx.pictures.delete(name)
        return None
    act = _TakeObject(str(owner["account_id"]), evidence_id, result, ctx.pictures)
    known = perform_alone(ctx, act, actor=System("evidence", "evidence.object"), cause="evidence.object")
    if known is None or known.state is EvidenceState.REFUSED:
        ctx.pictures.delete(name)
    return known.state if known is not None else None


@dataclass(slots=True)
class _TakeObject:
    account_id: str
    evidence_id: str
    result: ScanResult | None
    bucket: Bucket
    found: StoredObject | None = field(default=None, init=False)

    def read(self, store: Store, _now: datetime) -> Mapping[Key, Item]:
        """The evidence first, and then its object: a change of either after that is a later event, or makes this one
        stale."""
        key = items.evidence_key(self.account_id, self.evidence_id)
        read = store.batch_get([key, *lock_keys(self.account_id)])
        if key not in read:
            return read
        self.found = self.bucket.look_at(links.object_name(self.evidence_id))
        refund_id = items.evidence_from(read[key]).refund_id
        others = refunds.evidence_keys(self.account_id, refund_id)
        return read | store.batch_get(sorted(others, key=lambda key: (key.pk, key.sk or "")))

    def contribute(self, change: Change, read: Mapping[Key, Item]) -> Evidence | None:
        """The evidence as it is now; None for that of nobody."""
        require(change, Operation.TAKE_EVIDENCE, self.account_id)
        key = items.evidence_key(self.account_id, self.evidence_id)
        if key not in read or is_erased(read, self.account_id):
            return None
        known = items.evidence_from(read[key])
        if self.found is None:
            return known
        if policy.awaits_tag(self.found, self.result):
            raise Unavailable(KitError.BUCKET_UNAVAILABLE)
        evidence = policy.fold_object(known, self.found, self.result, change.now)
        if evidence == known:
            return known
        change.replace(key, read[key], items.evidence_item(evidence))
        change.audit(
            self.account_id,
            f"evidence.{evidence.state.value}",
            evidence_id=self.evidence_id,
            refund_id=evidence.refund_id,
        )
        about = (self.account_id, evidence.refund_id, self.evidence_id)
        if evidence.state is EvidenceState.CLEAN and known.received_at is None:
            refunds.contribute_evidence_received(change, read, *about)
        elif evidence.refusal is not None:
            refunds.contribute_evidence_refused(change, read, *about, evidence.refusal.value)
        return evidence


def duty_at(key: Key) -> Duty | None:
    """The duty about the item at a key; None when that is no evidence."""
    account_id, evidence_id = account_of(key), id_at(key, items.KIND)
    if account_id is None or evidence_id is None:
        return None
    act = partial(contribute_due, account_id=account_id, evidence_id=evidence_id)
    look = partial(_look, account_id=account_id, evidence_id=evidence_id)
    return Duty(account_id, "evidence", frozenset(), act, look)


def _look(store: Store, account_id: str, evidence_id: str) -> Mapping[Key, Item]:
    key = items.evidence_key(account_id, evidence_id)
    read = store.batch_get([key, *lock_keys(account_id)])
    if key not in read:
        return read
    others = refunds.evidence_keys(account_id, items.evidence_from(read[key]).refund_id)
    return read | store.batch_get(sorted(others, key=lambda key: (key.pk, key.sk or "")))


def contribute_due(change: Change, read: Mapping[Key, Item], account_id: str, evidence_id: str) -> tuple[Done, ...]:
    """End a link that nobody used, or bring a picture without a result of its scan to a person. Nothing when nothing is
    due. At commit Stale."""
    key = items.evidence_key(account_id, evidence_id)
    stored = read.get(key)
    if stored is None or not is_due(stored, change.now) or is_erased(read, account_id):
        return ()
    require(change, Operation.TAKE_EVIDENCE, account_id)
    known = items.evidence_from(stored)
    about = {"account_id": account_id, "kind": known.state.value}
    if known.awaits_upload:
        expired = replace(known, state=EvidenceState.EXPIRED, state_at=change.now)
        change.replace(key, stored, items.evidence_item(expired))
        change.audit(account_id, "evidence.expired", evidence_id=evidence_id, refund_id=known.refund_id)
        return (Done(Event.EVIDENCE_EXPIRED, about),)
    change.replace(key, stored, items.evidence_item(replace(known, brought=True)))
    change.audit(account_id, "evidence.unscanned", evidence_id=evidence_id, refund_id=known.refund_id)
    refunds.contribute_evidence_unscanned(change, read, account_id, known.refund_id, evidence_id)
    return (Done(Event.EVIDENCE_UNSCANNED, about),)

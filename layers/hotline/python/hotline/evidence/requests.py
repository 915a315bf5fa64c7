"""Asking to send a picture: by a link in a message, or at once in the app. And using a link."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from hotline.accounts import service as accounts
from hotline.identity.service import Effect, Operation, Session, require
from hotline.kit.actor import System
from hotline.kit.aws.buckets import Upload
from hotline.kit.change import Change, stale
from hotline.kit.change.acts import Snapshot, decode_once, perform_alone
from hotline.kit.doors import Context
from hotline.kit.errors import HotlineError, NotPossible
from hotline.kit.store import Key, Store
from hotline.kit.store.condition import NEW, Item, all_of, equals
from hotline.kit.tokens import new_token_id
from hotline.lockout.service import is_erased, lock_keys
from hotline.refunds import service as refunds
from hotline.refunds.model import Evidence as Needed
from hotline.refunds.model import Refund, RefundOutcome, RefundResult, RefundState, ReviewNeed

from . import items, links, policy
from .model import (
    BYTES_MAX,
    LINK_LIFE,
    Ask,
    ContentType,
    Evidence,
    EvidenceError,
    EvidenceState,
    LinkSent,
)

LINK_MESSAGE: Final = "refund.evidence_link"
CHANNELS: Final = ("sms", "email")
"""The notes of an answer after which a link went out, by its channel."""
NOT_SENT: Final = "none"
"""The note of an answer after which no link went out."""


@dataclass(frozen=True, slots=True)
class Requested:
    """A refund that was asked for, and the link that went out for its evidence, if it waits for some."""

    refund: RefundResult
    link: LinkSent | None


@dataclass(frozen=True, slots=True)
class RequestRefundWithLink:
    """Ask for a refund and, where it waits for evidence, for the link by which to send it: one transaction. The refund
    does not fail where no link can go out. `notes` of the effect hold the channel, or NOT_SENT."""

    request: refunds.RequestRefund

    @property
    def operation(self) -> Operation:
        return self.request.operation

    def keys(self, session: Session) -> Iterable[Key]:
        return (*self.request.keys(session), items.asked_key(session.account_id))

    def contribute(self, change: Change, read: Snapshot, session: Session) -> Effect[Requested]:
        effect = self.request.contribute(change, read, session)
        found, link = effect.result, None
        waits = found.outcome is RefundOutcome.IN_REVIEW and found.review is ReviewNeed.EVIDENCE
        if waits and found.refund_id is not None:
            try:
                link = contribute_link(change, read, session.account_id, found.refund_id)
            except NotPossible:
                link = None
        notes = (*effect.notes, link.channel if link is not None else NOT_SENT) if waits else effect.notes
        return Effect(effect.outcome, Requested(found, link), ids=effect.ids, notes=notes, idle=effect.idle)


@dataclass(frozen=True, slots=True)
class AskForLink:
    """Ask for another link for the refund that the account last asked to send a picture for, or for its newest request.
    Raises NotPossible `evidence_not_awaited`, also at commit, `evidence_limit` and `evidence_no_contact_point`."""

    operation: Operation = field(default=Operation.EVIDENCE, init=False)

    def keys(self, session: Session) -> Iterable[Key]:
        account_id = session.account_id
        return (items.asked_key(account_id), accounts.profile_key(account_id), refunds.recent_key(account_id))

    def contribute(self, change: Change, read: Snapshot, session: Session) -> Effect[LinkSent]:
        account_id = session.account_id
        asked = items.asked_from(read.get(items.asked_key(account_id)))
        refund_id = asked[-1].refund_id if asked else refunds.newest_request(read, account_id)
        if refund_id is None:
            raise NotPossible(EvidenceError.NOT_AWAITED)
        # The refund itself is not read: whether it still waits is a condition of the change.
        waits = all_of(equals("state", RefundState.IN_REVIEW.value), equals("review", ReviewNeed.EVIDENCE.value))
        change.require_condition(refunds.refund_key(account_id, refund_id), waits, _not_awaited)
        link = contribute_link(change, read, account_id, refund_id)
        return Effect(link.channel.upper(), link, ids=(link.evidence_id,))


@dataclass(frozen=True, slots=True)
class BeginUpload:
    """Send a picture from the app: it may be uploaded at once. Raises InvalidInput as `policy.check_file`; NotPossible
    `no_such_evidence`, `evidence_not_awaited`, `evidence_limit`; at commit Stale."""

    refund_id: str
    content_type: str
    bytes_long: int
    operation: Operation = field(default=Operation.EVIDENCE, init=False)

    def keys(self, session: Session) -> Iterable[Key]:
        return (refunds.refund_key(session.account_id, self.refund_id), items.asked_key(session.account_id))

    def contribute(self, change: Change, read: Snapshot, session: Session) -> Effect[Evidence]:
        account_id = session.account_id
        require(change, Operation.EVIDENCE, account_id)
        content_type = policy.check_file(self.content_type, self.bytes_long)
        key = refunds.refund_key(account_id, self.refund_id)
        refund = read.decode(key, refunds.refund_from)
        if refund is None:
            raise NotPossible(EvidenceError.NO_SUCH_EVIDENCE)
        policy.check_refund(refund)
        change.require_condition(key, equals("rev", int(read[key]["rev"])), stale)
        evidence = _contribute_new(
            change,
            read,
            account_id,
            self.refund_id,
            state=EvidenceState.OPENED,
            content_type=content_type,
            bytes_long=self.bytes_long,
        )
        return Effect("OPENED", evidence, ids=(evidence.evidence_id,))


def contribute_link(change: Change, read: Mapping[Key, Item], account_id: str, refund_id: str) -> LinkSent:
    """Send the owner a link by which to send a picture for a refund. `read` holds what exists of `asked_key` and of the
    profile's key. Raises NotPossible `evidence_limit`, `evidence_no_contact_point`; then nothing was added."""
    require(change, Operation.EVIDENCE, account_id)
    profile = accounts.profile_from(read.get(accounts.profile_key(account_id)))
    point = accounts.find_private_point(profile) if profile is not None else None
    if profile is None or point is None:
        raise NotPossible(EvidenceError.NO_POINT)
    evidence = _contribute_new(change, read, account_id, refund_id, state=EvidenceState.ASKED)
    facts = {"evidence_id": evidence.evidence_id, "refund_reference": refunds.reference_of(refund_id)}
    channel = accounts.send_to(change, profile, point, LINK_MESSAGE, facts, useless_after=evidence.expires_at)
    return LinkSent(evidence.evidence_id, channel, evidence.expires_at)


def _contribute_new(
    change: Change,
    read: Mapping[Key, Item],
    account_id: str,
    refund_id: str,
    *,
    state: EvidenceState,
    content_type: ContentType | None = None,
    bytes_long: int | None = None,
) -> Evidence:
    key, now = items.asked_key(account_id), change.now
    ask = Ask(now, refund_id, by_link=state is EvidenceState.ASKED)
    asked = policy.count_ask(items.asked_from(read.get(key)), ask)
    evidence = Evidence(
        evidence_id=new_token_id(change.ids),
        account_id=account_id,
        refund_id=refund_id,
        state=state,
        asked_at=now,
        expires_at=now + LINK_LIFE,
        state_at=now,
        content_type=content_type,
        bytes_long=bytes_long,
    )
    change.replace(key, read.get(key), items.asked_item(asked))
    change.replace(items.evidence_key(account_id, evidence.evidence_id), None, items.evidence_item(evidence))
    change.put(items.owner_key(evidence.evidence_id), items.owner_item(evidence), condition=NEW)
    change.audit(account_id, f"evidence.{state.value}", evidence_id=evidence.evidence_id, refund_id=refund_id)
    return evidence


def _not_awaited(_: Item | None) -> HotlineError:
    return NotPossible(EvidenceError.NOT_AWAITED)


# ---------------------------------------------------------------- by a link


@dataclass(frozen=True, slots=True)
class Opened:
    """The page behind a link that may still be used: the language of the account, and the link's end. `needed`: the
    evidence for the refund's reason, None where it needs none."""

    evidence_id: str
    language: str
    expires_at: datetime
    needed: Needed | None = None


def find_link(ctx: Context, token: str) -> str | None:
    """The id of the evidence in a genuine token; None for any other. No read."""
    return links.id_in(token, ctx.code_ring)


def find_page(ctx: Context, token: str) -> Opened | None:
    """The page behind a link. None for a token that is not genuine, was used, or is too old. Reading it uses
    nothing up: programs that show previews of messages read it, too. Three reads at most. Raises Unavailable."""
    evidence_id = find_link(ctx, token)
    owner = ctx.store.get(items.owner_key(evidence_id)) if evidence_id is not None else None
    if evidence_id is None or owner is None:
        return None
    account_id = str(owner["account_id"])
    key, profile_key = items.evidence_key(account_id, evidence_id), accounts.profile_key(account_id)
    read = ctx.store.batch_get([key, profile_key])
    profile = accounts.profile_from(read.get(profile_key))
    if key not in read or profile is None:
        return None
    try:
        known = policy.open_link(items.evidence_from(read[key]), ctx.clock.now())
    except NotPossible:
        return None
    refund = refunds.find(ctx.store, account_id, known.refund_id)
    needed = refunds.evidence_for(refund.reason) if refund is not None else None
    return Opened(evidence_id, profile.language, known.expires_at, needed)


def use_link(ctx: Context, token: str, content_type: str, bytes_long: int) -> tuple[Evidence, Upload]:
    """Use a link up, and give leave to upload one file until the link's end. The leave may be used again while it is
    valid, for a network that breaks off; a file that is refused here uses nothing up.

    Raises InvalidInput as `policy.check_file`; NotPossible `link_over`, `evidence_not_awaited`; Unavailable."""
    file_type = policy.check_file(content_type, bytes_long)
    evidence_id = find_link(ctx, token)
    owner = ctx.store.get(items.owner_key(evidence_id)) if evidence_id is not None else None
    if evidence_id is None or owner is None:
        raise NotPossible(EvidenceError.LINK_OVER)
    act = _UseLink(str(owner["account_id"]), evidence_id, file_type, bytes_long)
    evidence = perform_alone(ctx, act, actor=System("customer_api", "evidence.link"), cause="evidence.link")
    return evidence, sign_upload(ctx, evidence)


def sign_upload(ctx: Context, evidence: Evidence) -> Upload:
    """Leave to upload the evidence until its end. RuntimeError for one without a type: a bug."""
    if evidence.content_type is None:
        raise RuntimeError("evidence is opened with its type")
    left = max(evidence.expires_at - ctx.clock.now(), timedelta(seconds=1))
    name = links.object_name(evidence.evidence_id)
    return ctx.pictures.sign_upload(name, content_type=evidence.content_type.value, bytes_max=BYTES_MAX, valid_for=left)


@dataclass(frozen=True, slots=True)
class _UseLink:
    account_id: str
    evidence_id: str
    content_type: ContentType
    bytes_long: int

    def read(self, store: Store, _now: datetime) -> Mapping[Key, Item]:
        key = items.evidence_key(self.account_id, self.evidence_id)
        found = store.batch_get([key, *lock_keys(self.account_id)])
        if key not in found:
            return found
        refund_id = items.evidence_from(found[key]).refund_id
        return found | store.batch_get([refunds.refund_key(self.account_id, refund_id)])

    def contribute(self, change: Change, read: Mapping[Key, Item]) -> Evidence:
        require(change, Operation.TAKE_EVIDENCE, self.account_id)
        key = items.evidence_key(self.account_id, self.evidence_id)
        if key not in read or is_erased(read, self.account_id):
            raise NotPossible(EvidenceError.LINK_OVER)
        known = items.evidence_from(read[key])
        opened = policy.open_link(known, change.now)
        refund = _refund_of(read, known)
        if refund is None:
            raise NotPossible(EvidenceError.LINK_OVER)
        policy.check_refund(refund)
        evidence = items.with_file(opened, self.content_type, self.bytes_long)
        change.replace(key, read[key], items.evidence_item(evidence))
        change.audit(self.account_id, "evidence.opened", evidence_id=self.evidence_id, refund_id=evidence.refund_id)
        return evidence


def _refund_of(read: Mapping[Key, Item], evidence: Evidence) -> Refund | None:
    key = refunds.refund_key(evidence.account_id, evidence.refund_id)
    return decode_once(read, key, refunds.refund_from)

"""The face of refunds: what may be asked for, asking, and folding what the wallet tells of refunds.

Each refund has up to three items: REFUND# (itself, found by its id), and REFUND_AT#, which names it in the list by
time. While a call hears of it there is also REFUND_TOLD# (a copy). So each read is bounded by its purpose, and no other
request pushes a refund out of it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from hotline.accounts.facts_requests import end_requests
from hotline.contracts.model import AccountErased, Fact, MerchantPolicyPublished, MovementTold, RefundTold
from hotline.identity.service import Operation, require
from hotline.kit.change import Change
from hotline.kit.change.acts import Fetch
from hotline.kit.store import Key, Store
from hotline.kit.store.condition import Item, equals
from hotline.payments import service as payments

from . import folds, items
from .disputes import Dispute, case_of_disputes_keys, find_dispute, find_running, list_dispute_keys
from .due import OVERDUE as OVERDUE_REASON
from .due import UNPAID as UNPAID_REASON
from .due import contribute_due, due_keys, duty_at, request_keys_of, thing_named
from .evidence import (
    EVIDENCE_RECEIVED,
    EVIDENCE_UNSCANNED,
    contribute_evidence_received,
    contribute_evidence_refused,
    contribute_evidence_unscanned,
    evidence_keys,
)
from .expiries import STATUTORY_REASON
from .explanations import Explanation, explain
from .items import recent_key
from .merchants import PolicyTerms, contribute_policy, make_terms, policy_in, policy_keys, policy_subject
from .model import MerchantPolicy, Refund, RefundList, RefundPage, RefundState
from .offers import (
    Offered,
    OfferRefund,
    bar_keys,
    list_refundable,
    look_at_offer,
    merchant_policy_of,
    offer,
    refundable_of,
    twin_told,
)
from .outgoing import reference_of
from .promises import Promise
from .records import write_refund
from .requests import (
    REVIEW_REASON,
    RequestRefund,
    contribute_refund,
    find,
    find_requested,
    operation_of,
    refund_id_of,
    request_keys,
)
from .reviews import REVIEWED as REVIEWED_RULE
from .reviews import (
    contribute_payout,
    contribute_review,
    deciding_keys,
    find_rest,
    paid_keys,
    payout_subject,
    refund_in,
    refund_subject_name,
    review_need,
)
from .rules import evidence_for
from .unknown_codes import find_unknown_codes

__all__ = [
    "EVIDENCE_RECEIVED",
    "EVIDENCE_UNSCANNED",
    "OVERDUE_REASON",
    "REVIEWED_RULE",
    "REVIEW_REASON",
    "STATUTORY_REASON",
    "UNPAID_REASON",
    "Dispute",
    "Explanation",
    "OfferRefund",
    "Offered",
    "PolicyTerms",
    "Promise",
    "RequestRefund",
    "bar_keys",
    "case_of_disputes_keys",
    "contribute_due",
    "contribute_evidence_received",
    "contribute_evidence_refused",
    "contribute_evidence_unscanned",
    "contribute_facts",
    "contribute_payout",
    "contribute_policy",
    "contribute_refund",
    "contribute_review",
    "date_told",
    "deciding_keys",
    "due_keys",
    "duty_at",
    "evidence_for",
    "evidence_keys",
    "explain",
    "fact_keys",
    "fact_keys_of_payments",
    "failure_told",
    "find",
    "find_dispute",
    "find_requested",
    "find_rest",
    "find_running",
    "find_unknown_codes",
    "list_dispute_keys",
    "list_open_refunds",
    "list_refundable",
    "list_refunds",
    "look_at_offer",
    "make_terms",
    "newest_request",
    "offer",
    "operation_of",
    "paid_keys",
    "payout_subject",
    "policy_in",
    "policy_keys",
    "policy_subject",
    "promise_told",
    "recent_key",
    "reference_of",
    "refund_from",
    "refund_id_of",
    "refund_in",
    "refund_key",
    "refund_subject_name",
    "refundable_of",
    "request_keys",
    "review_need",
    "state_told",
    "twin_told",
]  # fmt: skip

TOLD_READ_MAX = 20
"""How many refunds are read for a call, of which it tells three."""

refund_key = items.refund_key
refund_from = items.refund_from
date_told = items.date_told
promise_told = items.promise_told
failure_told = items.failure_told
state_told = items.state_told


def fact_keys(facts: Sequence[Fact]) -> set[Key]:
    """The keys to read before `contribute_facts`; computed from the facts alone."""
    keys: set[Key] = set()
    for fact in facts:
        match fact.data:
            case RefundTold() as told:
                keys.add(items.refund_key(fact.subject, told.refund_id))
                keys |= request_keys_of(fact.subject, told.refund_id)
            case MerchantPolicyPublished() as told:
                keys.add(items.policy_key(told.merchant_id))
            case AccountErased():
                keys.add(items.recent_key(fact.subject))
            case _:
                pass
    return keys


def fact_keys_of_payments(read: Mapping[Key, Item], facts: Sequence[Fact]) -> set[Key]:
    """The keys to read then: the refunds of the movements whose facts begin or end a reversal. `read` holds what exists
    of the keys of payments."""
    return {
        items.refund_key(fact.subject, refund_id)
        for fact in facts
        if isinstance(fact.data, MovementTold) and payments.changes_reversal(read, fact, fact.data)
        for refund_id in payments.refunds_of(read, fact.subject, fact.data.movement_id)
    }


def contribute_facts(change: Change, read: Mapping[Key, Item], facts: Sequence[Fact]) -> None:
    """Fold the facts of one account about refunds, or of one merchant about its policy; others are ignored. Payments
    folds, from the same facts, the amounts that a refund takes from its movement and gives back. An account that is
    erased keeps its refunds, and not what is counted of its requests.

    Raises InvalidInput with the fact's id (`fact_id`) for the first fact that makes no sense.
    """
    require(change, Operation.FACTS)
    refunds: dict[Key, Refund] = {}
    policies: dict[Key, MerchantPolicy] = {}
    for fact in facts:
        match fact.data:
            case RefundTold() as told:
                payments.check_amount(fact, told.amount)
                key = items.refund_key(fact.subject, told.refund_id)
                known = refunds.get(key) or (items.refund_from(read[key]) if key in read else None)
                refunds[key] = folds.fold_refund(known, fact, told)
            case MerchantPolicyPublished() as told:
                key = items.policy_key(told.merchant_id)
                published = policies.get(key) or merchant_policy_of(read.get(key))
                policies[key] = folds.fold_policy(published, fact, told)
            case AccountErased() if (key := items.recent_key(fact.subject)) in read:
                change.delete(key, condition=equals("rev", int(read[key]["rev"])))
            case _:
                pass
    _note_reversals(change.now, read, facts, refunds)
    for key, refund in refunds.items():
        stored = read.get(key)
        write_refund(change, stored, refund)
        _end_question(change, read, items.refund_from(stored) if stored is not None else None, refund)
    for key, published in policies.items():
        change.replace_if_changed(key, read.get(key), items.merchant_policy_item(published))


def _end_question(change: Change, read: Mapping[Key, Item], before: Refund | None, refund: Refund) -> None:
    """End what the wallet was asked about a refund, once a fact that counts tells what became of it."""
    counts = before is None or refund.fact_version != before.fact_version
    if counts and refund.state is not RefundState.UNKNOWN:
        end_requests(change, read, refund.account_id, [thing_named(refund.refund_id)])


def _note_reversals(now: datetime, read: Mapping[Key, Item], facts: Sequence[Fact], refunds: dict[Key, Refund]) -> None:
    """Let refunds know that their payment was reversed, or that it was not; they then fall due. A refund that is heard
    of after the reversal knows it as well."""
    recent = {
        fact.data.movement_id
        for fact in facts
        if isinstance(fact.data, MovementTold | RefundTold) and now - fact.time <= folds.TOLD_FOR
    }
    known = {key: items.refund_from(read[key]) for key in fact_keys_of_payments(read, facts) if key in read}
    after = payments.reversals(read, facts)
    for key, refund in (known | refunds).items():
        if refund.movement_id in after:
            refunds[key] = folds.fold_reversal(
                refund, reversed_=after[refund.movement_id], is_news=refund.movement_id in recent
            )


def list_open_refunds(store: Store, account_id: str, *, now: datetime) -> RefundList:
    """The refunds that a call about refunds should hear of. First come those that failed or came back and wait for
    another way: money that did not arrive is the usual cause of a call. Then come those under way, and those that
    failed or came back in the last 30 days, the newest first. One consistent query reads TOLD_READ_MAX + 1 at most,
    whatever else the account has asked for. Those that somebody waits for are read first."""
    found = store.query(items.copies_query(account_id, now=now, limit=TOLD_READ_MAX + 1)).items
    refunds = [items.refund_from(item) for item in found[:TOLD_READ_MAX]]
    told = [one for one in refunds if folds.is_to_be_told(one, since=now - one.state_at)]
    told.sort(key=lambda one: (one.state.is_unpaid and folds.is_pending(one), items.position(one)), reverse=True)
    return RefundList(tuple(told), more=len(found) > TOLD_READ_MAX)


def list_refunds(
    store: Store, account_id: str, *, limit: int, after: str | None = None, fetch: Fetch | None = None
) -> RefundPage:
    """One page of the account's refunds of every state, newest first, behind the position `after`. Two consistent reads
    of `limit` refunds, however long the list is. `fetch`: reads the refunds in the place of the store, and keeps
    them."""
    named = store.query(items.page_query(account_id, after=after, limit=limit + 1)).items
    keys = [items.refund_key(account_id, str(row["refund_id"])) for row in named[:limit]]
    read = (fetch or store.batch_get)(keys) if keys else {}
    refunds = tuple(items.refund_from(read[key]) for key in keys if key in read)
    last = str(named[limit - 1]["SK"]).removeprefix(items.LISTED_PREFIX) if len(named) > limit else None
    return RefundPage(refunds, next_after=last)


def newest_request(read: Mapping[Key, Item], account_id: str) -> str | None:
    """The refund that the account asked for last, within the time in which requests count. `read` holds what exists of
    `recent_key`."""
    requests = items.recent_from(read.get(items.recent_key(account_id)), account_id).requests
    return requests[-1].refund_id if requests else None

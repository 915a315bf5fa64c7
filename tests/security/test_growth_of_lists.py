"""Somebody who makes lists and items long: each read and each item stays within its bound at thousands of records.

`make soak` looks at 10,000.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from functools import cache, partial
from typing import Any, Final

import pytest

from hotline.cases import entries
from hotline.cases import items as case_items
from hotline.cases import service as cases
from hotline.cases.model import Audience, CaseEntry, EntryKind
from hotline.contracts.model import MovementStatus, RefundStatus
from hotline.evidence import items as evidence_items
from hotline.evidence import service as evidence
from hotline.evidence.model import LISTED_MAX, LOOKED_AT_MAX, Evidence, EvidenceState
from hotline.kit.change import Change
from hotline.kit.errors import InvalidInput
from hotline.kit.store import Delete, Key, Page, Put, Query, hotline_key
from hotline.kit.store.condition import Item
from hotline.payments import folds, lists
from hotline.payments import items as payment_items
from hotline.payments import service as payments
from hotline.payments.ledger_items import ledger_item, ledger_key
from hotline.payments.model import Ledger, PaymentError
from hotline.refunds import items as refund_items
from hotline.refunds import requests as refund_requests
from hotline.refunds import service as refunds
from hotline.refunds.model import RecentRequest, RecentRequests, Refund, RefundReason, RefundState
from hotline.refunds.policy import DEFAULT_WALLET_POLICY
from hotline.security import service as security
from hotline.security.detectors import Stream
from hotline.security.items import finding_item, finding_key
from hotline.security.model import FINDING_LIFE, FINDINGS_READ_MAX, Finding, FindingState
from hotline_local.testing.memory_store import MemoryStore
from hotline_local.testing.virtual_clock import VirtualClock
from tests.support.money_world import (
    ACCOUNT,
    CAPTURED,
    INITIATED,
    NOON,
    MoneyWorld,
    moved,
    movement_of,
    published,
    refunded,
)

pytestmark = pytest.mark.soak

MANY: Final = 10_000 if os.environ.get("HOTLINE_SOAK") else 2_000
SECOND: Final = timedelta(seconds=1)
PAGES: Final = 10
ANSWER_BYTES_MAX: Final = 100_000
"""A tenth of what one request of DynamoDB answers."""


class MeasuringStore(MemoryStore):
    """A store that notes how many items each read answered, and how large they were."""

    def __init__(self) -> None:
        super().__init__(VirtualClock(NOON))
        self.answers: list[tuple[int, int]] = []

    def query(self, query: Query) -> Page:
        page = super().query(query)
        self._note(page.items)
        return page

    def batch_get(self, keys: Sequence[Key]) -> dict[Key, Item]:
        found = super().batch_get(keys)
        self._note(found.values())
        return found

    def _note(self, found: Iterable[Item]) -> None:
        sizes = [len(repr(item)) for item in found]
        self.answers.append((len(sizes), sum(sizes)))

    def take(self, filled: MemoryStore) -> None:
        """Begin with what another store holds, which is filled once for all tests."""
        self._state = filled.fork()._state

    def worst(self) -> tuple[int, int]:
        """The most items, and the most bytes, of one answer since the last time."""
        answers, self.answers = self.answers, []
        return max(count for count, _ in answers), max(size for _, size in answers)


@pytest.fixture
def store() -> MeasuringStore:
    return MeasuringStore()


# ---------------------------------------------------------------- refunds


def refund_of(number: int, state: RefundState) -> Refund:
    at = NOON + SECOND * number
    return Refund(
        account_id=ACCOUNT,
        refund_id=f"refund_{number:05}",
        movement_id=f"mov_{number:05}",
        amount=CAPTURED,
        state=state,
        requested_at=at,
        state_at=at,
        version=2,
        reason=RefundReason.CANCELLED,
    )


def stored(refund: Refund) -> list[tuple[Key, Item]]:
    key = refund_items.refund_key(refund.account_id, refund.refund_id)
    return [(key, refund_items.refund_item(refund)), *refund_items.rows(refund).items()]


@cache
def filled_with_refunds(state: RefundState) -> MemoryStore:
    filled = MemoryStore(VirtualClock(NOON))
    filled.load(row for number in range(MANY) for row in stored(refund_of(number, state)))
    return filled


def later() -> datetime:
    return NOON + SECOND * MANY


@pytest.mark.parametrize("state", [RefundState.DENIED, RefundState.SUCCEEDED, RefundState.FAILED])
def test_an_approved_refund_is_told_whatever_came_after_it(store: MeasuringStore, state: RefundState) -> None:
    store.take(filled_with_refunds(state))
    money = MoneyWorld(store)
    money.tell(published())
    money.tell(moved(MovementStatus.SUCCEEDED))
    approved = money.ask()
    store.answers.clear()
    told = refunds.list_open_refunds(store, ACCOUNT, now=later())
    assert approved.refund_id in {refund.refund_id for refund in told.refunds}
    assert told.more is (state is RefundState.FAILED)
    count, size = store.worst()
    assert count <= refunds.TOLD_READ_MAX + 1
    assert size <= ANSWER_BYTES_MAX


def test_of_very_many_refunds_under_way_a_bounded_number_is_read_and_that_there_are_more_is_known(
    store: MeasuringStore,
) -> None:
    store.take(filled_with_refunds(RefundState.SENT))
    told = refunds.list_open_refunds(store, ACCOUNT, now=later())
    assert [refund.refund_id for refund in told.refunds[:2]] == [f"refund_{MANY - 1:05}", f"refund_{MANY - 2:05}"]
    assert (len(told.refunds), told.more) == (refunds.TOLD_READ_MAX, True)
    assert store.worst()[0] == refunds.TOLD_READ_MAX + 1


@pytest.mark.parametrize("count", [refunds.TOLD_READ_MAX - 1, refunds.TOLD_READ_MAX, refunds.TOLD_READ_MAX + 1])
def test_more_are_told_of_exactly_when_there_are_more(store: MeasuringStore, count: int) -> None:
    store.load(row for number in range(count) for row in stored(refund_of(number, RefundState.SENT)))
    told = refunds.list_open_refunds(store, ACCOUNT, now=NOON + timedelta(hours=1))
    assert (len(told.refunds), told.more) == (min(count, refunds.TOLD_READ_MAX), count > refunds.TOLD_READ_MAX)


def test_the_list_of_refunds_pages_by_time_to_its_end_in_bounded_reads(store: MeasuringStore) -> None:
    store.take(filled_with_refunds(RefundState.DENIED))
    seen: list[str] = []
    after: str | None = None
    while True:
        page = refunds.list_refunds(store, ACCOUNT, limit=50, after=after)
        seen += [refund.refund_id for refund in page.refunds]
        after = page.next_after
        if after is None:
            break
    assert seen == [f"refund_{number:05}" for number in reversed(range(MANY))]
    count, size = store.worst()
    assert count <= 51
    assert size <= ANSWER_BYTES_MAX


def test_the_wallets_own_refund_stands_in_the_list_once_at_its_first_fact_in_any_order(store: MeasuringStore) -> None:
    money = MoneyWorld(store)
    for version, status, after_s in (
        (3, RefundStatus.RETURNED, 90),
        (1, RefundStatus.SENT, 10),
        (2, RefundStatus.SETTLED, 50),
    ):
        money.tell(refunded(status, version=version, after_s=after_s))
    (row,) = store.query(refund_items.page_query(ACCOUNT, after=None, limit=10)).items
    assert row["SK"] == "REFUND_AT#2026-11-23T10:00:10.000Z#ref_1"
    (told,) = store.query(refund_items.copies_query(ACCOUNT, now=NOON, limit=10)).items
    assert refund_items.refund_from(told) == money.refund("ref_1")
    money.tell(refunded(RefundStatus.SETTLED, version=4, after_s=95))
    assert store.query(refund_items.copies_query(ACCOUNT, now=NOON, limit=10)).items == []


def test_a_refund_that_was_stored_before_there_were_lists_is_in_them_after_its_facts_are_told_again(
    store: MeasuringStore,
) -> None:
    money = MoneyWorld(store)
    money.tell(refunded(RefundStatus.SENT))
    item = {name: value for name, value in (money.item("REFUND#ref_1") or {}).items() if name != "listed"}
    rows = refund_items.rows(money.refund("ref_1"))
    gone = [Delete(key) for key in rows]
    store.transact([Put(refund_items.refund_key(ACCOUNT, "ref_1"), item), *gone], token="as-before")
    assert refunds.list_refunds(store, ACCOUNT, limit=50).refunds == ()
    money.tell(refunded(RefundStatus.SENT))
    assert refunds.list_refunds(store, ACCOUNT, limit=50).refunds == (money.refund("ref_1"),)
    assert refunds.list_open_refunds(store, ACCOUNT, now=NOON).refunds == (money.refund("ref_1"),)


def test_recent_requests_of_any_number_shrink_to_their_bound_with_the_next_one(store: MeasuringStore) -> None:
    money = MoneyWorld(store)
    money.tell(published(categories=("food",)))
    money.tell(moved(MovementStatus.SUCCEEDED))
    requests = tuple(RecentRequest(f"refund_{number}", NOON - SECOND, CAPTURED, None) for number in range(MANY // 10))
    denied_at = tuple(NOON - DEFAULT_WALLET_POLICY.denied_window for _ in range(MANY))
    recent = RecentRequests(ACCOUNT, requests, denied_at)
    store.load([(refund_items.recent_key(ACCOUNT), {**refund_items.recent_item(recent), "rev": 1})])
    money.ask(RefundReason.NO_REASON_RETURN)
    kept = refund_items.recent_from(money.item("#REFUNDS"), ACCOUNT)
    assert (len(kept.requests), len(kept.denied_at)) == (refund_requests.RECENT_KEPT_MAX, 1)


@pytest.mark.parametrize("count", [refund_requests.RECENT_KEPT_MAX + more for more in (-1, 0, 1)])
def test_so_many_recent_requests_are_kept(store: MeasuringStore, count: int) -> None:
    money = MoneyWorld(store)
    for number in range(count):
        money.tell(moved(MovementStatus.SUCCEEDED, f"mov_{number}", order_no=None))
        money.ask(movement_id=f"mov_{number}", request_key=f"r{number}")
    kept = refund_items.recent_from(money.item("#REFUNDS"), ACCOUNT).requests
    assert len(kept) == min(count, refund_requests.RECENT_KEPT_MAX)


# ---------------------------------------------------------------- payments


@cache
def filled_with_failed_payments() -> MemoryStore:
    first, filled = movement_of(moved(MovementStatus.FAILED)), MemoryStore(VirtualClock(NOON))

    def rows() -> Iterable[tuple[Key, Item]]:
        for number in range(MANY):
            ref = replace(first.ref, movement_id=f"mov_{number:05}", initiated_at=INITIATED + SECOND * (number + 1))
            movement = replace(first, ref=ref)
            yield payment_items.movement_key(ACCOUNT, movement.sk), payment_items.movement_item(movement)
            pointer = payment_items.pointer_key(movement)
            assert pointer is not None
            yield pointer, payment_items.ref_item(ref)

    filled.load(rows())
    return filled


@pytest.mark.parametrize("status", [None, MovementStatus.FAILED, MovementStatus.SUCCEEDED, MovementStatus.UNKNOWN])
def test_every_page_of_payments_is_a_bounded_read(store: MeasuringStore, status: MovementStatus | None) -> None:
    store.take(filled_with_failed_payments())
    seen, after = 0, None
    for _ in range(PAGES):
        page = payments.list_movements(store, ACCOUNT, status=status, limit=50, after=after)
        seen, after = seen + len(page.movements), page.next_after
    assert seen == (50 * PAGES if status in (None, MovementStatus.FAILED) else 0)
    count, size = store.worst()
    assert count <= lists.LISTED_LOOKED_AT + 1, "one more tells whether there is another page"
    assert size <= ANSWER_BYTES_MAX


def test_the_payments_that_the_phone_reads_are_bounded(store: MeasuringStore) -> None:
    store.take(filled_with_failed_payments())
    now = INITIATED + SECOND * MANY
    assert payments.list_failed(store, ACCOUNT, now).more
    assert payments.list_by_tail(store, ACCOUNT, "4711").more
    assert refunds.list_refundable(store, ACCOUNT, now).more
    count, size = store.worst()
    assert count <= lists.REFUNDABLE_PAGE
    assert size <= ANSWER_BYTES_MAX


def test_a_payment_that_could_be_refunded_behind_very_many_others_is_not_said_to_be_none(store: MeasuringStore) -> None:
    store.take(filled_with_failed_payments())
    money = MoneyWorld(store)
    money.tell(moved(MovementStatus.SUCCEEDED, "mov_owed", order_no="2026112300000815"))
    found = refunds.list_refundable(store, ACCOUNT, INITIATED + SECOND * (MANY + 1))
    assert (found.movements, found.more) == ((), True)
    (ref,) = payments.list_by_tail(store, ACCOUNT, "0815").refs
    assert ref.movement_id == "mov_owed"


def test_the_ledger_of_a_payment_holds_so_many_refunds(store: MeasuringStore) -> None:
    most = payments.REFUNDS_PER_MOVEMENT_MAX
    ledger = Ledger(ACCOUNT, "mov_1")
    sizes, refused = list[int](), set[str]()
    for number in range(MANY):
        fact = refunded(RefundStatus.SENT, f"ref_{number}")
        data: Any = fact.data
        try:
            ledger = folds.fold_ledger_refund(ledger, fact, data)
        except InvalidInput as error:
            refused.add(error.code)
        sizes.append(len(ledger.takings))
    assert refused == {PaymentError.TOO_MANY_REFUNDS}
    assert sizes[most - 2 : most + 1] == [most - 1, most, most]
    assert sizes[-1] == most
    store.load([(ledger_key(ACCOUNT, "mov_1"), ledger_item(ledger))])
    store.batch_get([ledger_key(ACCOUNT, "mov_1")])
    assert store.worst()[1] <= ANSWER_BYTES_MAX


# ---------------------------------------------------------------- cases and findings


def test_a_case_of_any_length_is_read_a_page_at_a_time_from_its_newest_entries(store: MeasuringStore) -> None:
    money = MoneyWorld(store)
    change = Change(actor=money.caller, cause="test", now=NOON, ids=money.ids)
    ref = cases.contribute_case(change, {}, account_id=ACCOUNT, topic="refund", reason="asked", facts={})
    change.commit(store)

    def rows() -> Iterable[tuple[Key, Item]]:
        for number in range(2, MANY + 1):
            at = NOON + SECOND * number
            entry = CaseEntry(f"entry_{number}", number, at, EntryKind.ADDED, Audience.AGENT, "test", "asked", {})
            yield case_items.entry_key(ref.case_id, entry), case_items.entry_item(entry)

    store.load(rows())
    store.answers.clear()
    found = cases.read_case(store, ref.case_id)
    assert found is not None
    case, newest = found
    assert case.status.value == "open"
    seen = list(newest)
    while page := cases.read_timeline(store, ref.case_id, before=case_items.place_of(seen[0])).entries:
        seen = [*page, *seen]
    assert [entry.number for entry in seen] == list(range(1, MANY + 1))
    assert store.worst()[0] <= entries.TIMELINE_PAGE


def test_notes_are_emptied_so_many_at_a_time(store: MeasuringStore) -> None:
    entry = CaseEntry("entry", 1, NOON, EntryKind.ADDED, Audience.CUSTOMER, "test", "asked", {}, note="text")
    notes = (replace(entry, entry_id=f"entry_{number}", at=NOON + SECOND * number) for number in range(MANY))
    store.load((case_items.note_key(ACCOUNT, note), case_items.note_item("case_1", note)) for note in notes)
    assert len(cases.notes_read(store, ACCOUNT, limit=40)) == 40
    assert store.worst()[0] <= 40


def test_findings_that_are_told_are_the_gravest_in_a_bounded_read(store: MeasuringStore) -> None:
    def finding(number: int, severity: str) -> Finding:
        at = NOON + SECOND * number
        of_account = (Stream.ACCOUNT, ACCOUNT, ACCOUNT)
        return Finding(
            f"finding_{number}", "code_flooding", 1, severity, *of_account, at, at, {}, (), holds=False, rules="rules"
        )

    many = [finding(number, "low") for number in range(MANY)]
    grave = finding(MANY, "critical")
    store.load(
        (finding_key(one), finding_item(one, found_at=one.window_end, state=FindingState.OPEN))
        for one in (*many, grave)
    )
    told = security.list_told_findings(store, ACCOUNT, NOON)
    assert told[0].id == grave.id
    assert len(told) == security.FINDINGS_TOLD_MAX
    assert store.worst()[0] == security.FINDINGS_SEEN_MAX


def test_people_see_the_newest_findings_of_an_account_with_many(store: MeasuringStore) -> None:
    """Findings are stored by their ids, which are hashes."""
    of_account = (Stream.ACCOUNT, ACCOUNT, ACCOUNT)
    for number in range(FINDINGS_READ_MAX):
        at = NOON - timedelta(days=1) * number
        id_ = f"f{number * 7919 % FINDINGS_READ_MAX:04d}"
        one = Finding(id_, "code_flooding", 1, "low", *of_account, at, at, {}, (), holds=False, rules="r")
        store.load([(finding_key(one), finding_item(one, found_at=at, state=FindingState.OPEN))])
    seen = security.list_findings(store, ACCOUNT, NOON)
    assert [one.found_at for one in seen] == [NOON - timedelta(days=1) * number for number in range(len(seen))]
    assert len(seen) == security.FINDINGS_SEEN_MAX


def test_expired_findings_hide_no_new_ones(store: MeasuringStore) -> None:
    """Nobody has looked at an account that was attacked each day for three years. Its findings stay stored."""

    def finding(number: int, at: datetime) -> Finding:
        of_account = (Stream.ACCOUNT, ACCOUNT, ACCOUNT)
        severity = ("low", "medium", "high", "critical")[number % 4]
        return Finding(f"f{number}", "code_flooding", 1, severity, *of_account, at, at, {}, (), holds=False, rules="r")

    old = [finding(number, NOON - FINDING_LIFE - SECOND * (number + 1)) for number in range(MANY)]
    new = [finding(number, NOON - FINDING_LIFE + SECOND * number) for number in range(MANY, MANY + 4)]
    store.load(
        (finding_key(one), finding_item(one, found_at=one.window_end, state=FindingState.OPEN)) for one in (*old, *new)
    )
    told = security.list_told_findings(store, ACCOUNT, NOON)
    assert [one.severity for one in told] == ["critical", "high", "medium", "low"]
    assert {one.id for one in told} == {one.id for one in new}
    assert len(store.answers) == 5
    assert store.worst()[0] == security.FINDINGS_SEEN_MAX


def test_no_list_of_an_account_holds_refunds_of_another(store: MeasuringStore) -> None:
    other = replace(refund_of(1, RefundState.SENT), account_id="acc_2")
    store.load(stored(other))
    assert refunds.list_refunds(store, ACCOUNT, limit=50).refunds == ()
    assert refunds.list_open_refunds(store, ACCOUNT, now=NOON).refunds == ()
    assert store.get(hotline_key("ACCOUNT#acc_2", "REFUND#refund_00001")) is not None


def test_the_newest_pictures_are_listed_whatever_their_ids_are(store: MeasuringStore) -> None:
    # The later one was asked for, the lower its id.
    asked = [
        Evidence(
            evidence_id=f"evidence_{LOOKED_AT_MAX - number:04}",
            account_id=ACCOUNT,
            refund_id=f"ref_{number % 2}",
            state=EvidenceState.EXPIRED,
            asked_at=NOON + SECOND * number,
            expires_at=NOON + SECOND * number,
            state_at=NOON + SECOND * number,
        )
        for number in range(LOOKED_AT_MAX)
    ]
    key_of = partial(evidence_items.evidence_key, ACCOUNT)
    store.load((key_of(one.evidence_id), evidence_items.evidence_item(one)) for one in asked)
    newest = tuple(reversed(asked))
    assert evidence.list_evidence(store, ACCOUNT) == newest[:LISTED_MAX]
    assert evidence.list_evidence(store, ACCOUNT, "ref_1") == newest[::2][:LISTED_MAX]
    assert store.worst()[0] <= LOOKED_AT_MAX

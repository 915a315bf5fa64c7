"""Refunds whatever happens, in any order: requests, facts late and twice, dates, crashes at any call of the store."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from datetime import timedelta
from itertools import product
from typing import Any, Final

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from hotline.contracts.model import Fact, MovementStatus, RefundStatus, RefundTold
from hotline.kit.actor import System
from hotline.kit.change import Change
from hotline.kit.due import Duty, is_due
from hotline.kit.errors import HotlineError, InvalidInput, NotPossible, Stale, Unavailable
from hotline.kit.money import Money
from hotline.kit.store import Table, hotline_key
from hotline.kit.store.condition import Item
from hotline.payments.ledger_items import ledger_from
from hotline.payments.service import ledger_key
from hotline.refunds import service as refunds
from hotline.refunds.clocks import ClockKind
from hotline.refunds.disputes import dispute_from
from hotline.refunds.folds import TOLD_FOR
from hotline.refunds.items import date_told, promise_told, refund_from
from hotline.refunds.model import Refund, RefundReason, RefundState
from hotline_local.testing.memory_store import MemoryStore
from tests.support.faults import at_call
from tests.support.money_world import ACCOUNT, CAPTURED, NOON, MoneyWorld, moved, published, refunded

pytestmark = pytest.mark.soak
S, R = MovementStatus, RefundStatus
MOVEMENTS: Final = ("mov_1", "mov_2")
LIVES: Final = (
    (R.SENT, R.SETTLED),
    (R.UNKNOWN, R.SENT, R.SETTLED),
    (R.SENT, R.UNKNOWN, R.SENT),
    (R.SENT, R.FAILED, R.SENT),
    (R.SENT, R.FAILED),
    (R.FAILED,),
    (R.SENT, R.SETTLED, R.RETURNED),
    (R.UNKNOWN,),
    (),
)
"""The facts of a refund that the wallet was asked to pay; the last wallet says nothing at all."""
PAYOUTS: Final = ((), (R.SENT, R.SETTLED), (R.FAILED,), (R.SENT, R.RETURNED), (R.UNKNOWN,))
"""The facts of a payout by another way."""
ESTIMATES: Final = (None, 1, 4, 40)
"""The provider's estimate, in days from when it is told."""
type Crash = tuple[str, int] | None
CRASHES: Final[tuple[Crash, ...]] = (None, *product(("before", "after"), (1, 2, 3)))
"""The call of the store with this number fails, read or write, before or after it took effect. Most work is a read or
two and a transaction."""
AUDITED: Final = {
    "refund.approved": "refund.approved",
    "refund.rejected": "refund.denied",
    "refund.escalated": "refund.escalated",
    "refund.unpaid": "refund.unpaid",
    "refund.stopped": "refund.stopped",
    "refund.payout_requested": "refund.payout_requested",
}
"""The audit entry that goes with each decision."""
TOLD: Final = {
    "refund.approved": ("refund.approved",),
    "refund.rejected": ("refund.denied",),
    "refund.escalated": ("refund.escalated", "refund.answer_late"),
    "refund.unpaid": ("refund.failed", "refund.returned"),
    "refund.payout_requested": ("refund.payout",),
}
"""The messages of which one goes with each decision."""
ARRIVED: Final = "refund.arrival_told"
TRIES: Final = 4
NOT_PAID: Final = (R.FAILED, R.RETURNED)
FACTS_FROM: Final = NOON - timedelta(hours=2)


@dataclass
class Paid:
    """A refund in the wallet's own book. `is_out`: its money has left the wallet, or may have."""

    movement_id: str
    minor: int
    is_out: bool
    last: Fact | None = None
    version: int = 0


class Refunds(RuleBasedStateMachine):
    """An account with two payments, a wallet that tells what it likes, and a minute hand that is now and then late."""

    @initialize(
        auto_minor=st.sampled_from((10**6, 0)),
        answer_days=st.sampled_from((None, 2)),
        life=st.sampled_from(LIVES),
        after_days=st.sampled_from(ESTIMATES),
    )
    def begin(
        self, auto_minor: int, answer_days: int | None, life: tuple[RefundStatus, ...], after_days: int | None
    ) -> None:
        self.store = MemoryStore()
        self.world = MoneyWorld(self.store)
        self.world.give_profile()
        self.versions = dict.fromkeys(MOVEMENTS, 1)
        self.reversed: set[str] = set()
        self.asked: dict[str, set[str]] = {}
        self.facts: list[Fact] = []
        self.heard: list[Fact] = []
        self.book: dict[str, Paid] = {}
        self.calls = 1
        for movement_id in MOVEMENTS:
            self.world.tell(moved(S.SUCCEEDED, movement_id))
        self.world.tell(published(auto_approve_minor=auto_minor, answer_days=answer_days))
        self.ask(MOVEMENTS[0], "request-1", RefundReason.CANCELLED, 5000, None)
        for refund_id in self._not_taken_up():
            self._take_up(refund_id, life, after_days)

    # ---------------------------------------------------------------- what happens

    @rule(
        movement_id=st.sampled_from(MOVEMENTS),
        request_key=st.sampled_from(("request-1", "request-2", "request-3", "request-4")),
        reason=st.sampled_from((RefundReason.CANCELLED, RefundReason.DEFECTIVE, RefundReason.UNAUTHORISED)),
        minor=st.sampled_from((None, 1, 5000, 12850)),
        crash=st.sampled_from(CRASHES),
    )
    def ask(self, movement_id: str, request_key: str, reason: RefundReason, minor: int | None, crash: Crash) -> None:
        # A new call, whose code is fresh.
        self.calls += 1
        self.world.contact_id = f"contact-{self.calls}"
        self.world.call_in()
        self._arm(crash)
        amount = None if minor is None else Money(minor, CAPTURED.currency)
        for _ in range(TRIES):
            try:
                change, result = self.world.begin(reason, amount, movement_id=movement_id, request_key=request_key)
                change.commit(self.store)
            except (Unavailable, Stale):
                continue
            except (NotPossible, InvalidInput):
                break
            if result.refund_id is not None and result.outcome.value in ("APPROVED", "IN_REVIEW", "DENIED"):
                self.asked.setdefault(request_key, set()).add(result.refund_id)
            break
        self._arm(None)

    @rule(data=st.data())
    def hear_of_a_refund(self, data: st.DataObject) -> None:
        """The wallet takes up a refund that it was asked to pay; its facts may come in any order, later."""
        waiting = self._not_taken_up()
        if waiting:
            refund_id = data.draw(st.sampled_from(waiting))
            self._take_up(refund_id, data.draw(st.sampled_from(LIVES)), data.draw(st.sampled_from(ESTIMATES)))

    @rule(data=st.data())
    def tell_again(self, data: st.DataObject) -> None:
        """The wallet tells the last that it knows of a refund under a higher version."""
        told = sorted(refund_id for refund_id, paid in self.book.items() if paid.last is not None)
        if told:
            paid = self.book[data.draw(st.sampled_from(told))]
            paid.version += 1
            assert paid.last is not None
            assert isinstance(paid.last.data, RefundTold)
            again = replace(paid.last.data, version=paid.version)
            self.facts.append(replace(paid.last, id=f"{paid.last.id}.{paid.version}", data=again))

    @rule(data=st.data())
    def pay_another_way(self, data: st.DataObject) -> None:
        """Two people have a refund paid by another way, which the wallet does or cannot do."""
        unpaid = sorted(
            refund.refund_id
            for refund in map(refund_from, self._items("REFUND#"))
            if refund.followed_up and refund.payout is None and refund.refund_id in self.book
        )
        if not unpaid:
            return
        refund_id = data.draw(st.sampled_from(unpaid))
        try:
            self.world.pay_otherwise(refund_id)
        except NotPossible:
            return
        self._live(refund_id, data.draw(st.sampled_from(PAYOUTS)), data.draw(st.sampled_from(ESTIMATES)))

    def _not_taken_up(self) -> list[str]:
        """Refunds that the wallet was asked to pay, and has not begun with."""
        asked = {str(entry["facts"]["refund_id"]) for entry in self._decisions("refund.approved")}
        return sorted(asked - self.book.keys())

    def _take_up(self, refund_id: str, life: tuple[RefundStatus, ...], after_days: int | None) -> None:
        refund = self._refund(refund_id)
        self.book[refund_id] = Paid(refund.movement_id, refund.amount.minor, is_out=True)
        self._live(refund_id, life, after_days)

    def _live(self, refund_id: str, life: tuple[RefundStatus, ...], after_days: int | None) -> None:
        """Let the wallet do something with a refund, and tell of it from now on. `after_days`: the provider's estimate
        of the arrival, told when the money is first sent."""
        first_sent = life.index(R.SENT) if R.SENT in life and after_days is not None else None
        expected_on = self.world.now.date() + timedelta(days=after_days or 0)
        paid = self.book[refund_id]
        paid.is_out = not life or life[-1] not in NOT_PAID
        since_s = (self.world.now - FACTS_FROM).total_seconds()
        told: dict[str, Any] = {"movement_id": paid.movement_id, "minor": paid.minor}
        for after_s, status in enumerate(life, start=1):
            paid.version += 1
            fact = refunded(status, refund_id, version=paid.version, after_s=since_s + after_s, **told)
            if first_sent == after_s - 1 and isinstance(fact.data, RefundTold):
                fact = replace(fact, data=replace(fact.data, expected_on=expected_on))
            paid.last = fact
            self.facts.append(paid.last)

    @rule(data=st.data(), crash=st.sampled_from(CRASHES))
    def deliver(self, data: st.DataObject, crash: Crash) -> None:
        """A fact comes: early, late, or once more."""
        if self.facts:
            self._tell(data.draw(st.sampled_from(self.facts)), crash)

    @rule(data=st.data())
    def deliver_all_of_a_refund(self, data: st.DataObject) -> None:
        """A queue that stood still hands on whatever it has of a refund, in any order."""
        if self.book:
            refund_id = data.draw(st.sampled_from(sorted(self.book)))
            own = [one for one in self.facts if isinstance(one.data, RefundTold) and one.data.refund_id == refund_id]
            for fact in data.draw(st.permutations(own)):
                self._tell(fact, None)

    @rule(movement_id=st.sampled_from(MOVEMENTS), back=st.booleans(), crash=st.sampled_from(CRASHES))
    def reverse(self, movement_id: str, back: bool, crash: Crash) -> None:
        """A payment is reversed, or the reversal is taken back."""
        self.versions[movement_id] += 1
        self.reversed.add(movement_id)
        status = S.SUCCEEDED if back else S.REVERSED
        fact = moved(status, movement_id, version=self.versions[movement_id])
        self.facts.append(fact)
        self._tell(fact, crash)

    @rule(hours=st.sampled_from((1, 25, 24 * 16)), crash=st.sampled_from(CRASHES))
    def let_time_pass(self, hours: int, crash: Crash) -> None:
        self.world.now += timedelta(hours=hours)
        self._work(crash)

    # ---------------------------------------------------------------- what always holds

    @invariant()
    def the_wallet_never_pays_more_than_was_paid(self) -> None:
        for movement_id in MOVEMENTS:
            out = [paid.minor for paid in self.book.values() if paid.movement_id == movement_id and paid.is_out]
            assert sum(out) <= CAPTURED.minor, (movement_id, self.book)

    @invariant()
    def a_request_is_one_refund_and_one_decision_goes_out_once(self) -> None:
        assert all(len(made) == 1 for made in self.asked.values())
        entries = [entry for entry in self.store.items(Table.OUTBOX) if entry.get("to") == "bus"]
        of_refunds = [entry for entry in entries if str(entry["kind"]).startswith("refund.")]
        once_each = Counter((entry["facts"]["refund_id"], entry["subject_version"]) for entry in of_refunds)
        assert all(times == 1 for times in once_each.values()), once_each
        for kind in ("refund.requested", "refund.approved", "refund.rejected"):
            by_refund = Counter(entry["facts"]["refund_id"] for entry in of_refunds if entry["kind"] == kind)
            assert all(times == 1 for times in by_refund.values())

    @invariant()
    def every_decision_has_its_audit_entry_and_its_message(self) -> None:
        audited = Counter(
            (str(item["event"]), str(item["facts"]["refund_id"]))
            for item in self._items("AUDIT#")
            if "refund_id" in item["facts"]
        )
        decided = Counter(
            (AUDITED[str(entry["kind"])], str(entry["facts"]["refund_id"]))
            for kind in AUDITED
            for entry in self._decisions(kind)
        )
        assert {key: audited[key] for key in decided} == dict(decided)
        messages = Counter(str(entry["kind"]) for entry in self.world.entries() if entry.get("channel") == "sms")
        assert messages["refund.arrived"] == sum(times for (event, _), times in audited.items() if event == ARRIVED)
        for (event, refund_id), times in audited.items():
            assert event != ARRIVED or times <= 1 + audited["refund.unpaid", refund_id], (
                "only what failed arrives again"
            )
        for kind, names in TOLD.items():
            times_told, times_decided = sum(messages[name] for name in names), len(self._decisions(kind))
            # The night holds a word about a date up, and a newer one may take its place.
            is_held_up = kind == "refund.escalated" and times_told < times_decided
            assert is_held_up or times_told == times_decided, kind

    @invariant()
    def a_payment_is_disputed_once_and_each_word_about_it_is_told(self) -> None:
        audited = Counter(str(item["event"]) for item in self._items("AUDIT#"))
        messages = Counter(str(entry["kind"]) for entry in self.world.entries() if entry.get("channel") == "sms")
        disputes = [dispute_from(item) for item in self._items("DISPUTE#")]
        assert audited["dispute.noted"] == messages["dispute.noted"] == len(disputes)
        escalations, told = sum(dispute.escalations for dispute in disputes), messages["dispute.escalated"]
        # The night holds a word about a date up, and a newer one may take its place.
        held_up = sum(1 for dispute in disputes if dispute.tell_at is not None)
        assert audited["dispute.escalated"] == escalations >= told + held_up
        assert (told + held_up > 0) == (escalations > 0)
        assert all("due_sk" in item for item in self._items("DISPUTE#")), "nobody has closed the case"

    @invariant()
    def no_date_is_told_without_a_due_item(self) -> None:
        for item in self._items("REFUND#"):
            refund = refund_from(item)
            if refund.state.is_open and date_told(refund) is not None:
                assert "due_sk" in item

    @invariant()
    def an_estimate_that_nobody_withdrew_is_told(self) -> None:
        of_refunds: dict[str, list[RefundTold]] = {}
        for fact in self.heard:
            if isinstance(fact.data, RefundTold):
                of_refunds.setdefault(fact.data.refund_id, []).append(fact.data)
        for refund_id, told in of_refunds.items():
            refund = self._refund(refund_id)
            words = [one for one in told if one.expected_on is not None or one.status not in (R.SENT, R.UNKNOWN)]
            last = max(words, key=lambda one: one.version, default=None)
            if refund.state is not RefundState.SENT or refund.escalations > 0 or last is None:
                continue
            promise = promise_told(refund)
            assert promise is not None
            assert last.expected_on in (None, promise.typical_on, promise.latest_on), (refund, last)
            assert refund.expected_on in (None, last.expected_on), (refund, last)

    @invariant()
    def a_clock_runs_while_its_refund_is_in_review_and_is_worked_off_once(self) -> None:
        states = {refund.refund_id: refund.state for refund in map(refund_from, self._items("REFUND#"))}
        for item in self._items("CLOCK#"):
            assert "due_sk" in item
            in_review = states[str(item["refund_id"])] is RefundState.IN_REVIEW
            assert in_review or item["kind"] == ClockKind.MORNING.value
        for event in ("refund.merchant_silent", "refund.clock_expired"):
            of_refunds = Counter(
                str(item["facts"]["refund_id"]) for item in self._items("AUDIT#") if item["event"] == event
            )
            assert all(times == 1 for times in of_refunds.values()), (event, of_refunds)

    def teardown(self) -> None:
        """Nobody says anything more: each approved refund ends, or people know of it."""
        if not hasattr(self, "store"):
            return
        # A night may lie between the two.
        for hours in (24, 13):
            self.world.now += timedelta(hours=hours)
            self._work(None)
        for refund in map(refund_from, self._items("REFUND#")):
            is_news = self.world.now - refund.state_at <= TOLD_FOR
            if refund.state is RefundState.SUCCEEDED and is_news:
                assert refund.arrival_told or refund.reversed
        for _ in range(3):
            self.world.now += timedelta(days=40)
            self._work(None)
        assert all(dispute_from(item).escalations > 0 for item in self._items("DISPUTE#"))
        self.world.now += timedelta(hours=13)
        self._work(None)
        assert self._items("CLOCK#") == []
        for item in self._items("REFUND#"):
            refund = refund_from(item)
            ledger = self.store.get(ledger_key(ACCOUNT, refund.movement_id))
            is_reversed = ledger is not None and ledger_from(ledger).reversed
            # One that was denied took nothing, and need not know.
            assert refund.reversed == is_reversed or refund.state is RefundState.DENIED
            if is_reversed and refund.state is not RefundState.DENIED:
                assert refund.stopped, "somebody looks before the customer is paid twice"
                assert refund.state is not RefundState.IN_REVIEW
                assert not refund.state.is_unpaid or refund.payout is not None
            if refund.state.is_open:
                assert refund.case_id is not None, refund
                assert refund.escalations > 0 or refund.stopped, refund
                asked = hotline_key(f"ACCOUNT#{ACCOUNT}", f"#ASKED#refund#{refund.refund_id}")
                silent = refund.state in (RefundState.APPROVED, RefundState.UNKNOWN)
                assert not silent or self.store.get(asked) is not None
            elif refund.state.is_unpaid:
                assert refund.followed_up
                waits = refund.promise is not None and refund.payout is None
                assert ledger is not None
                assert ledger_from(ledger).takings[refund.refund_id].is_unpaid == waits, (
                    "it bars while it is waited for"
                )
        self.every_decision_has_its_audit_entry_and_its_message()

    # ---------------------------------------------------------------- helpers

    def _arm(self, crash: Crash) -> None:
        moment, number = crash or ("", 0)
        self.store.before = at_call(Unavailable(), number) if moment == "before" else None
        self.store.after = at_call(Unavailable(), number) if moment == "after" else None

    def _tell(self, fact: Fact, crash: Crash) -> None:
        """A delivery that fails comes again, as a queue does it."""
        self._arm(crash)
        for _ in range(TRIES):
            try:
                self.world.tell(fact)
            except (Unavailable, Stale):
                continue
            self.heard.append(fact)
            break
        self._arm(None)

    def _work(self, crash: Crash) -> None:
        """Do the duties as the minute does; one that fails stays due."""
        self._arm(crash)
        for _ in range(TRIES):
            for item in self._items(""):
                key = hotline_key(str(item["PK"]), str(item["SK"]))
                if is_due(item, self.world.now) and (duty := refunds.duty_at(key)) is not None:
                    self._do_duty(duty)
        self._arm(None)

    def _do_duty(self, duty: Duty) -> None:
        change = Change(actor=System("deadlines", "refund"), cause="deadline", now=self.world.now, ids=self.world.ids)
        try:
            duty.contribute(change, duty.read(self.store, self.world.now))
            change.commit(self.store)
        except HotlineError:
            return

    def _decisions(self, kind: str) -> list[Item]:
        return [one for one in self.store.items(Table.OUTBOX) if one["kind"] == kind and one.get("to") == "bus"]

    def _items(self, prefix: str) -> list[Item]:
        own = f"ACCOUNT#{ACCOUNT}"
        rows = self.store.items(Table.HOTLINE)
        return [item for item in rows if item["PK"] == own and str(item["SK"]).startswith(prefix)]

    def _refund(self, refund_id: str) -> Refund:
        item = self.store.get(refunds.refund_key(ACCOUNT, refund_id))
        assert item is not None
        return refund_from(item)


TestRefunds: Any = Refunds.TestCase

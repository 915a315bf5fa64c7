"""A wallet and a caller for tests of money: facts as the wallet tells them, requests from somebody who is proved."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any, Final

from functions.deadlines.work import duty_of
from hotline.accounts import service as accounts
from hotline.contracts.model import (
    AccountDescribed,
    BillTold,
    ContactPointFact,
    Fact,
    FactData,
    Failure,
    Instrument,
    Merchant,
    MerchantPolicyPublished,
    MoneyState,
    MovementKind,
    MovementStatus,
    MovementTold,
    PointKind,
    RefundStatus,
    RefundTold,
)
from hotline.identity.approvals import approval_item, approval_key, digest_of
from hotline.identity.model import Approval, ApprovalState, Operation, Subject
from hotline.kit.actor import Agent, Approved, Caller, FactorKind, ProvedFactor, Purpose, System
from hotline.kit.change import Change
from hotline.kit.clock import to_text
from hotline.kit.due import Done, due_keys, is_due
from hotline.kit.ids import IdSource
from hotline.kit.keyring import Keyring
from hotline.kit.money import Money
from hotline.kit.spread import PARTITIONS_MAX
from hotline.kit.store import Index, Key, Put, Query, Store, Table, hotline_key
from hotline.kit.store.condition import Item
from hotline.kit.store.dynamodb import DynamoStore
from hotline.kit.store.expressions import from_item
from hotline.payments import folds
from hotline.payments import service as payments
from hotline.payments.model import Ledger, Movement
from hotline.refunds import service as refunds
from hotline.refunds.due import look_at_due
from hotline.refunds.items import refund_from
from hotline.refunds.model import PayoutWay, Refund, RefundOffer, RefundReason, RefundResult, ReviewDecision
from hotline.sessions.items import session_item, session_key
from hotline.sessions.model import SessionState
from hotline.sessions.service import proof_from
from hotline_local.testing.memory_store import MemoryStore
from hotline_local.testing.seeded_ids import SeededIds
from tests.support.stores import all_rows

NOON: Final = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
ACCOUNT: Final = "acc_1"
CAPTURED: Final = Money(12850, "CNY")
SHOP: Final = Merchant("mer_1", "Tea House", "food")
KEYRING: Final = Keyring("1", {"1": b"key-for-tests-only-0123456789abcd"})
FIRST_FACT_AT: Final = NOON - timedelta(hours=2)
INITIATED: Final = NOON - timedelta(hours=3)
_MONEY: Final = {
    MovementStatus.AUTHORISED: MoneyState.HELD,
    MovementStatus.SUCCEEDED: MoneyState.DEBITED,
    MovementStatus.FAILED: MoneyState.NONE,
    MovementStatus.UNKNOWN: MoneyState.UNKNOWN,
    MovementStatus.REVERSED: MoneyState.RETURNED,
}


def told(type_name: str, data: FactData, *, after_s: float = 0, subject: str = ACCOUNT, fact_id: str = "") -> Fact:
    """A fact of two hours before noon, or so many seconds later."""
    at = FIRST_FACT_AT + timedelta(seconds=after_s)
    return Fact(fact_id or f"evt_{type_name}_{after_s}", type_name, "wallet", at, subject, data)


def moved(
    status: MovementStatus,
    movement_id: str = "mov_1",
    *,
    version: int = 1,
    after_s: float = 0,
    fact_id: str = "",
    **own: Any,
) -> Fact:
    """A fact about a payment of 128.50 yuan at the shop, with the money state that goes with its status."""
    stated: dict[str, Any] = {
        "kind": MovementKind.PAYMENT,
        "initiated_at": INITIATED,
        "amount": CAPTURED,
        "instrument": Instrument("card", "4242"),
        "money": _MONEY[status],
        "order_no": "2026112300004711",
        "merchant": SHOP,
    }
    if status is MovementStatus.FAILED:
        stated["failure"] = Failure("iso8583", "51")
    data = MovementTold(status=status, movement_id=movement_id, version=version, **(stated | own))
    return told(f"{data.kind}.{status}", data, after_s=after_s, fact_id=fact_id or f"{movement_id}.{version}.{status}")


def refunded(
    status: RefundStatus,
    refund_id: str = "ref_1",
    movement_id: str = "mov_1",
    *,
    minor: int = 5000,
    currency: str = "CNY",
    version: int = 1,
    after_s: float = 0,
    failure: Failure | None = None,
) -> Fact:
    """A fact about a refund."""
    data = RefundTold(status, refund_id, movement_id, version, Money(minor, currency), failure=failure)
    return told(f"refund.{status}", data, after_s=after_s, fact_id=f"{refund_id}.{version}.{status}")


def published(*, version: int = 1, merchant_id: str = SHOP.id, **own: Any) -> Fact:
    """A merchant's policy: 30 days, parts allowed, up to 500 yuan unseen, gift cards excluded."""
    stated: dict[str, Any] = {
        "window_days": 30,
        "partial": True,
        "auto_approve_minor": 50_000,
        "categories": ("gift_card",),
    } | own
    data = MerchantPolicyPublished(merchant_id=merchant_id, version=version, **stated)
    return told("merchant.policy_published", data, subject=merchant_id, fact_id=f"{merchant_id}.{version}")


def billed(*, paid: bool = False, version: int = 1, after_s: float = 0, **own: Any) -> Fact:
    """A bill of 12.50 yuan that is due in eight days."""
    stated: dict[str, Any] = {
        "bill_id": "bil_1",
        "biller": "City Power",
        "amount": Money(1250, "CNY"),
        "due_on": date(2026, 12, 1),
    }
    data = BillTold(version=version, paid=paid, **(stated | own))
    return told("bill.paid" if paid else "bill.issued", data, after_s=after_s, fact_id=f"bil.{version}.{paid}")


def movement_of(*facts: Fact) -> Movement:
    """The movement that facts about it make, and facts about refunds, without a store."""
    movement: Movement | None = None
    ledger = Ledger(ACCOUNT, folds.movement_id_of(facts[0]))
    for fact in facts:
        if isinstance(fact.data, MovementTold):
            movement = folds.fold_movement(movement, fact, fact.data)
            ledger = folds.fold_ledger_movement(ledger, movement)
        elif isinstance(fact.data, RefundTold):
            ledger = folds.fold_ledger_refund(ledger, fact, fact.data)
    assert movement is not None
    return folds.with_ledger(movement, ledger)


@dataclass(slots=True)
class MoneyWorld:
    """A store with a caller on the line who has proved one factor for acting."""

    store: Store
    now: datetime = NOON
    ids: IdSource = field(default_factory=SeededIds)
    contact_id: str = "contact-1"

    def __post_init__(self) -> None:
        self.call_in()
        self.open_account()

    def call_in(self, *, factors: Sequence[FactorKind] = (FactorKind.SMS,), two_step: bool = False) -> None:
        """Put the call in the store, with these factors proved."""
        until = self.now + timedelta(minutes=10)
        call = SessionState(
            contact_id=self.contact_id,
            account_ref="ref",
            turn=1,
            created_at=self.now,
            last_step_at=self.now,
            inbound=True,
            account_id=ACCOUNT,
            two_step=two_step,
            factors=tuple(ProvedFactor(kind, Purpose.ACT, "1#point", until) for kind in factors),
        )
        self.store.transact([Put(session_key(self.contact_id), session_item(call))], token=self.ids.new("tx")[-36:])
        self.caller = Caller(self.contact_id, proof_from(call))

    caller: Caller = field(init=False)

    def tell(self, *facts: Fact) -> None:
        """Fold facts of one subject in one transaction, as the door does."""
        if isinstance(facts[0].data, MerchantPolicyPublished):
            read = self.store.batch_get(sorted(refunds.fact_keys(facts), key=repr))
            change = self._change_of_facts()
            refunds.contribute_facts(change, read, facts)
            change.commit(self.store)
            return
        keys = accounts.fact_keys(facts) | payments.fact_keys(facts) | refunds.fact_keys(facts)
        read = self.store.batch_get(sorted(keys, key=repr))
        of_payments = refunds.fact_keys_of_payments(read, facts) | payments.fact_keys_of_groups(read, facts)
        read |= self.store.batch_get(sorted(of_payments, key=repr)) if of_payments else {}
        change = self._change_of_facts()
        profile = accounts.contribute_facts(change, read, facts, KEYRING)
        payments.contribute_facts(change, read, facts, profile=profile)
        refunds.contribute_facts(change, read, facts)
        change.commit(self.store)

    def _change_of_facts(self) -> Change:
        return Change(actor=System("wallet_events", "facts"), cause="facts", now=self.now, ids=self.ids)

    def begin(
        self,
        reason: RefundReason = RefundReason.CANCELLED,
        amount: Money | None = None,
        *,
        movement_id: str = "mov_1",
        request_key: str = "request-1",
        note: str | None = None,
        read: Mapping[Key, Item] | None = None,
        initiated_at: datetime = INITIATED,
    ) -> tuple[Change, RefundResult]:
        """Put a request into a change, from what is stored now or from what was read before, and do not commit it."""
        sk = movement_of(moved(MovementStatus.SUCCEEDED, movement_id, initiated_at=initiated_at)).sk
        change = Change(actor=self.caller, cause="refund_request", now=self.now, ids=self.ids)
        result = refunds.contribute_refund(
            change,
            self.read_for(request_key, movement_id=movement_id, initiated_at=initiated_at) if read is None else read,
            account_id=ACCOUNT,
            movement_sk=sk,
            reason=reason,
            amount=amount,
            note=note,
            request_key=request_key,
        )
        return change, result

    def read_for(
        self, request_key: str, *, movement_id: str = "mov_1", initiated_at: datetime = INITIATED
    ) -> dict[Key, Item]:
        """The items that a request reads, in one batch."""
        sk = movement_of(moved(MovementStatus.SUCCEEDED, movement_id, initiated_at=initiated_at)).sk
        keys = refunds.request_keys(ACCOUNT, movement_sk=sk, merchant_id=SHOP.id, request_key=request_key)
        return self.store.batch_get(sorted(keys, key=repr))

    def ask(
        self, reason: RefundReason = RefundReason.CANCELLED, amount: Money | None = None, **own: Any
    ) -> RefundResult:
        """Ask for a refund and commit."""
        change, result = self.begin(reason, amount, **own)
        change.commit(self.store)
        return result

    def offer(self, movement_id: str = "mov_1") -> RefundOffer:
        """The offer of a refund of a payment, before a reason is known."""
        movement = self.movement(movement_id)
        keys = refunds.bar_keys(ACCOUNT, movement_id)
        return refunds.offer(
            movement,
            policy_item=None,
            profile_item=self.item("#PROFILE"),
            now=self.now,
            read=self.store.batch_get(sorted(keys, key=repr)),
        )

    def review(self, refund_id: str, decision: ReviewDecision) -> Refund:
        """Let two people decide on a refund in review, and commit."""
        read = self._read_to_decide(refund_id)
        operation, subject = refunds.review_need(read, ACCOUNT, refund_id, decision)
        change = self._change_of_two(operation, subject)
        refund = refunds.contribute_review(change, read, ACCOUNT, refund_id, decision)
        change.commit(self.store)
        return refund

    def pay_otherwise(self, refund_id: str, way: PayoutWay = PayoutWay.BALANCE) -> Refund:
        """Let two people ask for another payout of a refund that did not reach its customer, and commit."""
        read = self._read_to_decide(refund_id)
        subject = refunds.payout_subject(read, ACCOUNT, refund_id, way)
        change = self._change_of_two(Operation.OTHER_PAYOUT, subject)
        refund = refunds.contribute_payout(change, read, ACCOUNT, refund_id, way, case_id="case_1")
        change.commit(self.store)
        return refund

    def _read_to_decide(self, refund_id: str) -> dict[Key, Item]:
        read = self.store.batch_get(list(refunds.deciding_keys(ACCOUNT, refund_id)))
        return read | self.store.batch_get(list(refunds.paid_keys(read, ACCOUNT, refund_id)))

    def _change_of_two(self, operation: Operation, subject: Subject) -> Change:
        """A change of an agent, with the approval of a second one in the store."""
        approval = Approval(
            approval_id=self.ids.new("approval"),
            operation=operation,
            subject=subject,
            digest=digest_of(operation, subject),
            reason="test",
            account_id=ACCOUNT,
            case_id="case_1",
            requested_by="agent-1",
            requested_by_name="Anna",
            requested_at=self.now,
            expires_at=self.now + timedelta(hours=1),
            state=ApprovalState.APPROVED,
            decided_by="agent-2",
            decided_by_name="Berta",
            decided_at=self.now,
        )
        key = approval_key(approval.approval_id)
        self.store.transact([Put(key, approval_item(approval))], token=self.ids.new("tx")[-36:])
        actor = Agent("agent-1", "case_1", None, Approved(key, "agent-1", "agent-2"))
        return Change(actor=actor, cause="test", now=self.now, ids=self.ids)

    def movement(self, movement_id: str = "mov_1") -> Movement:
        """The movement as stored."""
        sk = movement_of(moved(MovementStatus.SUCCEEDED, movement_id)).sk
        item = self.store.get(payments.movement_key(ACCOUNT, sk))
        assert item is not None
        return payments.movement_from(item)

    def refund(self, refund_id: str) -> Refund:
        """The refund as stored."""
        item = self.store.get(refunds.refund_key(ACCOUNT, refund_id))
        assert item is not None
        return refund_from(item)

    def item(self, sk: str, pk: str = f"ACCOUNT#{ACCOUNT}") -> Item | None:
        """An item of the table, by default of the account."""
        return self.store.get(hotline_key(pk, sk))

    def give_profile(self, *, time_zone: str = "Europe/London") -> None:
        """Give the account a phone number and an e-mail address to be told at."""
        confirmed = self.now - timedelta(days=400)
        points = (
            ContactPointFact(PointKind.PHONE, "+447700900001", confirmed),
            ContactPointFact(PointKind.EMAIL, "ada@customer.example", confirmed),
        )
        self.open_account(*points, time_zone=time_zone)

    def open_account(self, *points: ContactPointFact, time_zone: str = "Europe/London") -> None:
        """Open the account with these contact points."""
        data = AccountDescribed(1, "en-US", time_zone, "Ada Fictional", points, two_step=False)
        name = f"account.opened.{len(points)}"
        self.tell_accounts(told("account.opened", data, after_s=len(points), fact_id=name))

    def tell_accounts(self, *facts: Fact) -> None:
        """Fold facts about the account itself."""
        read = self.store.batch_get(sorted(accounts.fact_keys(facts), key=repr))
        points = accounts.fact_keys_of_points(read, facts, KEYRING)
        read |= self.store.batch_get(sorted(points, key=repr)) if points else {}
        change = self._change_of_facts()
        accounts.contribute_facts(change, read, facts, KEYRING)
        change.commit(self.store)

    def entries(self) -> list[Item]:
        """The outbox, by kind and channel."""
        if isinstance(self.store, MemoryStore):
            found = list(self.store.items(Table.OUTBOX))
        else:
            assert isinstance(self.store, DynamoStore)
            found = [from_item(row) for row in all_rows(self.store.service, Table.OUTBOX)]
        return sorted(found, key=lambda entry: (entry["kind"], entry.get("channel", "")))

    def kinds(self) -> list[str]:
        """The kinds of all outbox entries."""
        return [entry["kind"] for entry in self.entries()]

    def indexed(self, index: Index, pk: str) -> list[Item]:
        """The items of one partition of an index."""
        return self.store.query(Query(Table.HOTLINE, pk, index=index)).items

    def attention(self) -> list[str]:
        """The movements of the account that need attention."""
        return [item["attention_sk"] for item in self.indexed(Index.ATTENTION, f"ACCOUNT#{ACCOUNT}")]

    def everything(self) -> list[str]:
        """Every item of the main table, as text to be compared or searched."""
        assert isinstance(self.store, MemoryStore)
        return sorted(repr(sorted(item.items())) for item in self.store.items(Table.HOTLINE))

    @property
    def requests(self) -> tuple[int, int]:
        """How many reads and transactions the store has been sent."""
        assert isinstance(self.store, MemoryStore | DynamoStore)
        return self.store.reads, self.store.transactions


def work(world: MoneyWorld, refund_id: str) -> list[str]:
    """Do the due work on a refund once, as deadlines does; gives the events."""
    read = look_at_due(world.store, ACCOUNT, refund_id)
    change = Change(actor=System("deadlines", "refund"), cause="deadline", now=world.now, ids=world.ids)
    done = refunds.contribute_due(change, read, ACCOUNT, refund_id)
    change.commit(world.store)
    return [one.event.name for one in done]


def let_feed_lag(world: MoneyWorld, at: datetime) -> None:
    """Facts of an hour ago come in now."""
    head = {"newest_at": to_text(at - timedelta(hours=1)), "taken_in_at": to_text(at)}
    world.store.transact([Put(accounts.feed_key(), head)], token=f"feed-{at.timestamp()}")


def do_due(money: MoneyWorld, at: datetime) -> list[Done]:
    """Do everything that is due at a time, as deadlines does."""
    done: list[Done] = []
    store = money.store
    # Partition by partition, as deadlines asks, takes forty times as long; most hours of a night have nothing due.
    if isinstance(store, MemoryStore) and not any(is_due(item, at) for item in store.items(Table.HOTLINE)):
        return done
    for key in due_keys(money.store, at, range(PARTITIONS_MAX[Index.DUE]), at_once=1):
        duty = duty_of(key)
        assert duty is not None
        for _ in range(duty.rounds):
            change = Change(actor=System("deadlines", duty.rule), cause="deadline", now=at, ids=money.ids)
            done += duty.contribute(change, duty.read(money.store, at))
            change.commit(money.store)
    return done


def read_others(store: Store, movements: Sequence[Movement]) -> Mapping[str, Movement]:
    """The other charges of these movements by sort key, as a door reads them."""
    keys = payments.other_keys(movements)
    return payments.others_in(store.batch_get(sorted(keys, key=str)) if keys else {}, movements)

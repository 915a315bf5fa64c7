"""Asking for a refund: one change of everything, one effect per request, only with proof."""

from dataclasses import replace
from datetime import date

import pytest

from hotline.cases import service as cases
from hotline.cases.model import CaseStatus, EntryKind
from hotline.contracts.limits import NOTE_CHARACTERS_MAX
from hotline.contracts.model import (
    AccountClosed,
    AccountErased,
    Fact,
    Instrument,
    MovementStatus,
    RefundStatus,
)
from hotline.kit.actor import FactorKind
from hotline.kit.change import Change
from hotline.kit.errors import InvalidInput, NeedProof, NotPossible, Stale, Unavailable
from hotline.kit.money import Money
from hotline.kit.store import Index, Update
from hotline.kit.store.condition import PRESENT
from hotline.payments import service as payments
from hotline.refunds import requests
from hotline.refunds import service as refunds
from hotline.refunds.model import OfferOutcome, RefundOutcome, RefundReason, RefundState, ReviewNeed
from hotline.refunds.service import reference_of
from hotline.sessions.items import session_key
from hotline_local.testing.memory_store import MemoryStore
from tests.support.money_world import (
    ACCOUNT,
    CAPTURED,
    NOON,
    MoneyWorld,
    moved,
    published,
    refunded,
    told,
)
from tests.support.sweeps import sweep

S, R, Out = MovementStatus, RefundStatus, RefundOutcome
GENEROUS = published(auto_approve_minor=50_000)


def test_an_approved_refund_is_one_change_of_everything(money: MoneyWorld) -> None:
    money.give_profile()
    money.tell(moved(S.SUCCEEDED))
    money.tell(GENEROUS)
    result = money.ask(amount=Money(5000, "CNY"))
    assert (result.outcome, result.amount, result.promised_on) == (Out.APPROVED, Money(5000, "CNY"), date(2026, 12, 7))
    assert result.refund_id is not None
    assert (money.movement().refundable_minor, money.movement().open_refund_id) == (7850, result.refund_id)
    refund = money.refund(result.refund_id)
    assert (refund.state, refund.amount, refund.order_tail) == (RefundState.APPROVED, Money(5000, "CNY"), "4711")
    assert refund.rules == result.rules
    # The copy that a call reads does without the inputs of the rules.
    assert refund.inputs is not None
    assert refunds.list_open_refunds(money.store, ACCOUNT, now=NOON).refunds == (replace(refund, inputs=None),)
    assert money.attention() == ["REFUND_OPEN#2026-11-23T12:00:00.000Z"]


def test_the_decisions_carry_what_the_wallet_needs_and_the_messages_what_the_customer_needs(money: MoneyWorld) -> None:
    money.give_profile()
    money.tell(moved(S.SUCCEEDED))
    money.tell(GENEROUS)
    result = money.ask()
    assert money.kinds() == ["refund.approved", "refund.approved", "refund.approved", "refund.requested"]
    decision, email, sms, requested = money.entries()
    assert decision["to"] == "bus"
    assert (requested["subject_version"], decision["subject_version"]) == (1, 2)
    assert decision["facts"] == {
        "refund_id": result.refund_id,
        "movement_id": "mov_1",
        "amount": {"minor": 12850, "currency": "CNY"},
        "reason": "cancelled",
        "requested_at": "2026-11-23T12:00:00.000Z",
        "rule": "wallet.approve",
        "policy_version": "wallet-1/merchant-1/law-cn-1/providers-2",
        "promised_on": "2026-12-07",
        "typical_on": "2026-12-03",
    }
    assert (email["channel"], sms["channel"]) == ("email", "sms")
    assert sms["facts"] == {
        "refund_reference": reference_of(result.refund_id or ""),
        "amount": {"minor": 12850, "currency": "CNY"},
        "promised_on": "2026-12-07",
        "typical_on": "2026-12-03",
        "order_tail": "4711",
        "merchant": "Tea House",
    }


def test_a_promise_falls_due_at_the_end_of_its_day_until_the_refund_is_there(money: MoneyWorld) -> None:
    money.tell(moved(S.SUCCEEDED, instrument=Instrument("balance")))
    money.tell(GENEROUS)
    refund_id = money.ask().refund_id or ""
    item = money.item(f"REFUND#{refund_id}") or {}
    # Before, the wallet is asked if it has told nothing of it.
    assert item["due_sk"] == f"2026-11-24T12:00:00.000Z#{refund_id}"
    money.tell(refunded(R.SENT, refund_id, minor=12850))
    item = money.item(f"REFUND#{refund_id}") or {}
    assert item["due_sk"] == f"2026-11-25T00:00:00.000Z#{refund_id}"
    assert len(money.indexed(Index.DUE, item["due_pk"])) == 1
    money.tell(refunded(R.SENT, refund_id, minor=12850))
    assert len(money.indexed(Index.DUE, item["due_pk"])) == 1
    money.tell(refunded(R.SETTLED, refund_id, minor=12850, version=2, after_s=60))
    item = money.item(f"REFUND#{refund_id}") or {}
    # Its customer is to be told that it is there.
    assert item["due_sk"] == f"2026-11-23T10:01:00.000Z#{refund_id}"
    assert money.attention() == []
    refund = money.refund(refund_id)
    assert (refund.state, refund.promised_on, refund.reason) == (
        RefundState.SUCCEEDED,
        date(2026, 11, 24),
        RefundReason.CANCELLED,
    )


def test_a_request_costs_one_read_and_one_transaction_besides_the_call(money: MoneyWorld) -> None:
    money.give_profile()
    money.tell(moved(S.SUCCEEDED))
    money.tell(GENEROUS)
    reads, made = money.requests
    money.ask()
    assert money.requests == (reads + 1, made + 1)


def test_the_same_request_is_the_same_refund(money: MoneyWorld) -> None:
    money.tell(moved(S.SUCCEEDED))
    money.tell(GENEROUS)
    first = money.ask(amount=Money(5000, "CNY"))
    again = money.ask(amount=Money(5000, "CNY"))
    assert again.outcome is Out.EXISTS
    assert (again.refund_id, again.amount, again.promised_on, again.state) == (
        first.refund_id,
        first.amount,
        first.promised_on,
        RefundState.APPROVED,
    )
    assert money.movement().refundable_minor == 7850


def test_while_a_refund_is_under_way_another_one_is_told_of_it(money: MoneyWorld) -> None:
    money.tell(moved(S.SUCCEEDED))
    money.tell(GENEROUS)
    first = money.ask(amount=Money(5000, "CNY"))
    second = money.ask(amount=Money(1, "CNY"), request_key="request-2")
    assert (second.outcome, second.refund_id) == (Out.EXISTS, first.refund_id)
    assert (second.amount, second.promised_on) == (first.amount, first.promised_on)
    offered = money.offer()
    assert (offered.outcome, offered.decided_by) == (OfferOutcome.NOT_ELIGIBLE, "movement.open_refund")


def test_of_two_requests_at_once_one_is_made(money: MoneyWorld) -> None:
    money.tell(moved(S.SUCCEEDED))
    money.tell(GENEROUS)
    first, _ = money.begin(request_key="request-1")
    second, _ = money.begin(request_key="request-2")
    first.commit(money.store)
    with pytest.raises(Stale):
        second.commit(money.store)
    assert money.ask(request_key="request-2").outcome is Out.EXISTS
    assert money.movement().refundable_minor == 0


def test_a_request_whose_answer_was_lost_is_not_made_twice(quick_money: MoneyWorld) -> None:
    quick_money.tell(moved(S.SUCCEEDED))
    quick_money.tell(GENEROUS)
    assert isinstance(quick_money.store, MemoryStore)

    def lose(call: str) -> None:
        if call == "transact":
            raise Unavailable

    quick_money.store.after = lose
    with pytest.raises(Unavailable):
        quick_money.ask()
    quick_money.store.after = None
    assert quick_money.ask().outcome is Out.EXISTS
    assert quick_money.kinds().count("refund.approved") == 1


def test_requests_for_two_payments_at_once_are_counted_one_after_the_other(money: MoneyWorld) -> None:
    money.tell(moved(S.SUCCEEDED), moved(S.SUCCEEDED, "mov_2", order_no="A1"))
    money.tell(GENEROUS)
    first, _ = money.begin(request_key="request-1")
    second, _ = money.begin(request_key="request-2", movement_id="mov_2")
    first.commit(money.store)
    with pytest.raises(Stale):
        second.commit(money.store)
    assert money.ask(request_key="request-2", movement_id="mov_2").outcome is Out.APPROVED


@pytest.mark.parametrize(
    "end",
    [
        told("account.closed", AccountClosed(version=2), after_s=60),
        told("account.erased", AccountErased(version=2), after_s=60),
    ],
)
def test_an_account_that_ends_between_offer_and_request_gets_no_refund(money: MoneyWorld, end: Fact) -> None:
    money.give_profile()
    money.tell(moved(S.SUCCEEDED))
    money.tell(GENEROUS)
    offered = money.offer()
    assert offered.outcome is OfferOutcome.OFFERED
    late, _ = money.begin()
    money.tell_accounts(end)
    with pytest.raises(Stale):
        late.commit(money.store)
    with pytest.raises(NotPossible, match="account_not_open"):
        money.begin()
    offered = money.offer()
    assert (offered.outcome, offered.promised_on) == (OfferOutcome.NOT_ELIGIBLE, None)
    assert money.movement().refundable_minor == CAPTURED.minor
    assert money.entries() == []


def test_the_fourth_refund_in_thirty_days_is_looked_at(quick_money: MoneyWorld) -> None:
    for number in range(4):
        quick_money.tell(moved(S.SUCCEEDED, f"mov_{number}", order_no=f"A{number}"))
    quick_money.tell(GENEROUS)
    outcomes = [quick_money.ask(request_key=f"r{number}", movement_id=f"mov_{number}").outcome for number in range(4)]
    assert outcomes == [Out.APPROVED, Out.APPROVED, Out.APPROVED, Out.IN_REVIEW]


def test_a_review_takes_the_amount_and_opens_a_case_in_the_same_change(money: MoneyWorld) -> None:
    money.give_profile()
    money.tell(moved(S.SUCCEEDED))
    money.tell(published(auto_approve_minor=100))
    result = money.ask(RefundReason.DEFECTIVE, note="the lid does not close")
    assert (result.outcome, result.decided_by) == (Out.IN_REVIEW, "merchant.auto_approve")
    assert money.movement().refundable_minor == 0
    assert result.refund_id is not None
    assert (money.refund(result.refund_id).review, money.refund(result.refund_id).version) == (ReviewNeed.EVIDENCE, 1)
    found = cases.read_case(money.store, result.case_id or "")
    assert found is not None
    case, timeline = found
    assert (case.topic, case.status, case.account_id) == ("refund", CaseStatus.OPEN, ACCOUNT)
    assert [(entry.kind, entry.note) for entry in timeline] == [(EntryKind.OPENED, "the lid does not close")]
    assert timeline[0].facts["refund_id"] == result.refund_id
    assert money.kinds() == ["case.opened", "refund.in_review", "refund.in_review", "refund.requested"]
    assert "lid" not in repr(money.entries())
    assert case.established.proved == ("sms",)


def test_a_second_review_adds_to_the_case_that_is_open(money: MoneyWorld) -> None:
    money.tell(moved(S.SUCCEEDED), moved(S.SUCCEEDED, "mov_2", order_no="A1"))
    first = money.ask(request_key="request-1")
    second = money.ask(request_key="request-2", movement_id="mov_2")
    assert first.case_id == second.case_id
    found = cases.read_case(money.store, first.case_id or "")
    assert found is not None
    assert [entry.kind for entry in found[1]] == [EntryKind.OPENED, EntryKind.ADDED]
    assert found[0].version == 2


def test_a_denial_is_recorded_and_told_and_takes_nothing(money: MoneyWorld) -> None:
    money.give_profile()
    money.tell(moved(S.SUCCEEDED))
    money.tell(published(window_days=0))
    result = money.ask()
    assert (result.outcome, result.decided_by, result.promised_on) == (Out.DENIED, "merchant.window", None)
    assert (money.movement().refundable_minor, money.movement().open_refund_id) == (12850, None)
    assert money.refund(result.refund_id or "").state is RefundState.DENIED
    assert refunds.list_open_refunds(money.store, ACCOUNT, now=NOON).refunds == ()
    assert money.kinds() == ["refund.denied", "refund.denied", "refund.rejected", "refund.requested"]
    assert money.attention() == []


@pytest.mark.parametrize(
    ("reason", "status", "outcome"),
    [
        (RefundReason.CANCELLED, S.FAILED, Out.NOT_ELIGIBLE),
    ],
)
def test_a_request_without_a_refund_changes_nothing(
    money: MoneyWorld, reason: RefundReason, status: MovementStatus, outcome: RefundOutcome
) -> None:
    money.tell(moved(status))
    change, result = money.begin(reason)
    assert (result.outcome, result.refund_id) == (outcome, None)
    assert [write.key for write in change.writes()] == [session_key(money.contact_id)]
    assert money.entries() == []


@pytest.mark.parametrize(
    ("amount", "code"),
    [
        (Money(0, "CNY"), "amount_not_positive"),
        (Money(-1, "CNY"), "amount_not_positive"),
        (Money(12851, "CNY"), "amount_over_refundable"),
        (Money(100, "EUR"), "currency_differs"),
    ],
)
def test_a_wrong_amount_is_refused(quick_money: MoneyWorld, amount: Money, code: str) -> None:
    quick_money.tell(moved(S.SUCCEEDED))
    with pytest.raises(InvalidInput, match=code):
        quick_money.ask(amount=amount)
    assert quick_money.movement().refundable_minor == 12850


@pytest.mark.parametrize("length", [NOTE_CHARACTERS_MAX - 1, NOTE_CHARACTERS_MAX])
def test_a_note_up_to_its_limit_is_taken(quick_money: MoneyWorld, length: int) -> None:
    quick_money.tell(moved(S.SUCCEEDED))
    assert quick_money.ask(note="x" * length).outcome is Out.IN_REVIEW


def test_too_long_a_note_or_request_key_is_refused(quick_money: MoneyWorld) -> None:
    quick_money.tell(moved(S.SUCCEEDED))
    read = quick_money.read_for("request-1")
    with pytest.raises(InvalidInput, match="note_too_long"):
        quick_money.begin(note="x" * (NOTE_CHARACTERS_MAX + 1), read=read)
    for length in (0, requests.REQUEST_KEY_CHARACTERS_MAX + 1):
        with pytest.raises(InvalidInput, match="request_key_length"):
            quick_money.begin(request_key="k" * length, read=read)
    _, result = quick_money.begin(request_key="k" * requests.REQUEST_KEY_CHARACTERS_MAX, read=read)
    assert result.outcome is Out.IN_REVIEW


def test_a_movement_of_somebody_else_is_not_there(quick_money: MoneyWorld) -> None:
    quick_money.tell(moved(S.SUCCEEDED))
    read = quick_money.read_for("request-1")
    del read[payments.movement_key(ACCOUNT, quick_money.movement().sk)]
    with pytest.raises(NotPossible, match="no_such_movement"):
        quick_money.begin(read=read)


@sweep("movement_sk", ["", "MOVE#", "MOVE#2026-11-23T09:00:00.000Z", "LOCK#a#b", "MOVE#t#"])
def test_only_a_key_of_a_movement_can_be_asked_for(movement_sk: str) -> None:
    with pytest.raises(InvalidInput, match="no_movement_key"):
        refunds.request_keys(ACCOUNT, movement_sk=movement_sk, merchant_id=None, request_key="r")


@pytest.mark.parametrize(("factors", "two_step"), [((), False), ((FactorKind.SMS,), True)])
def test_without_enough_proof_nothing_is_asked_for(
    quick_money: MoneyWorld, factors: tuple[FactorKind, ...], two_step: bool
) -> None:
    quick_money.tell(moved(S.SUCCEEDED))
    quick_money.call_in(factors=factors, two_step=two_step)
    with pytest.raises(NeedProof):
        quick_money.begin()


def test_two_factors_are_enough_with_two_steps(quick_money: MoneyWorld) -> None:
    quick_money.tell(moved(S.SUCCEEDED))
    quick_money.call_in(factors=(FactorKind.SMS, FactorKind.EMAIL), two_step=True)
    assert quick_money.ask().outcome is Out.IN_REVIEW


def test_proof_that_was_withdrawn_meanwhile_undoes_the_request(money: MoneyWorld) -> None:
    money.tell(moved(S.SUCCEEDED))
    change, _ = money.begin()
    gone = Update(session_key(money.contact_id), remove=("factors",), condition=PRESENT)
    money.store.transact([gone], token="withdraw-the-proof")
    with pytest.raises(NeedProof):
        change.commit(money.store)
    assert money.movement().refundable_minor == 12850


def test_taking_from_a_movement_needs_proof_by_itself(quick_money: MoneyWorld) -> None:
    quick_money.tell(moved(S.SUCCEEDED))
    ledger_item = {key.sk: item for key, item in quick_money.read_for("request-1").items()}["TAKEN#mov_1"]
    movement, ledger = quick_money.movement(), payments.ledger_from(ledger_item)
    quick_money.call_in(factors=())
    change = Change(actor=quick_money.caller, cause="test", now=NOON, ids=quick_money.ids)
    with pytest.raises(NeedProof):
        payments.contribute_taking(
            change,
            movement=movement,
            ledger=ledger,
            ledger_item=ledger_item,
            refund_id="ref_1",
            amount=Money(1, "CNY"),
            as_duplicate=False,
        )
    assert len(change) == 0


@pytest.mark.parametrize("amount", [Money(0, "CNY"), Money(12851, "CNY"), Money(1, "EUR")])
def test_no_more_is_taken_than_is_left(quick_money: MoneyWorld, amount: Money) -> None:
    quick_money.tell(moved(S.SUCCEEDED))
    ledger_item = {key.sk: item for key, item in quick_money.read_for("request-1").items()}["TAKEN#mov_1"]
    movement, ledger = quick_money.movement(), payments.ledger_from(ledger_item)
    change = Change(actor=quick_money.caller, cause="test", now=NOON, ids=quick_money.ids)
    with pytest.raises(NotPossible, match="not_refundable"):
        payments.contribute_taking(
            change,
            movement=movement,
            ledger=ledger,
            ledger_item=ledger_item,
            refund_id="ref_1",
            amount=amount,
            as_duplicate=False,
        )


@pytest.mark.parametrize("tampered", [{"refundable_minor": 12849}, {"open_refund_id": "ref_other"}])
def test_the_movement_itself_refuses_what_is_not_left_whatever_its_ledger_says(
    money: MoneyWorld, tampered: dict[str, int | str]
) -> None:
    money.tell(moved(S.SUCCEEDED))
    change, _ = money.begin()
    key = payments.movement_key(ACCOUNT, money.movement().sk)
    money.store.transact([Update(key, set=tampered, condition=PRESENT)], token="less-is-left")
    with pytest.raises(Stale):
        change.commit(money.store)
    assert money.attention() == []

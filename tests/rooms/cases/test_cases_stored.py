"""Cases on a store: one open for each account and topic, and its place in the queue."""

from datetime import timedelta

import pytest

from hotline.cases import service as cases
from hotline.cases.clocks import OTHERWISE, URGENT_WITHIN
from hotline.cases.items import case_key, entry_key
from hotline.cases.model import CaseRef, CaseStatus, Priority
from hotline.contracts.model import (
    MovementStatus,
    RefundStatus,
)
from hotline.kit.actor import System
from hotline.kit.change import Change
from hotline.kit.clock import to_text
from hotline.kit.errors import InvalidInput, Stale
from hotline.kit.store import Delete, Index, Update
from hotline.kit.store.condition import PRESENT
from hotline.refunds.model import RefundOutcome
from tests.support.money_world import (
    ACCOUNT,
    NOON,
    MoneyWorld,
    published,
)

S, R, Out = MovementStatus, RefundStatus, RefundOutcome
GENEROUS = published(auto_approve_minor=50_000)


def open_case(
    money: MoneyWorld,
    *,
    account_id: str | None = ACCOUNT,
    case_id: str | None = None,
    topic: str = "lock",
    priority: Priority = Priority.NORMAL,
    after_s: int = 0,
    commit: bool = True,
) -> tuple[Change, CaseRef]:
    keys = cases.case_keys(account_id, topic, case_id)
    read = money.store.batch_get(sorted(keys, key=repr)) if keys else {}
    now = NOON + timedelta(seconds=after_s)
    change = Change(actor=money.caller, cause="handover", now=now, ids=money.ids)
    ref = cases.contribute_case(
        change,
        read,
        account_id=account_id,
        case_id=case_id,
        topic=topic,
        reason="caller.asked",
        facts={"contact_id": money.contact_id},
        priority=priority,
    )
    if commit:
        change.commit(money.store)
    return change, ref


def test_one_case_is_open_for_each_account_and_topic(money: MoneyWorld) -> None:
    _, first = open_case(money)
    _, again = open_case(money, after_s=1)
    _, other = open_case(money, topic="payment")
    assert (first.opened, again.opened, other.opened) == (True, False, True)
    assert (first.case_id == again.case_id, first.case_id == other.case_id) == (True, False)
    assert money.kinds() == ["case.opened", "case.opened", "case.updated"]
    assert money.entries()[2]["subject_version"] == 2
    assert money.entries()[2]["facts"]["case_id"] == first.case_id


def test_somebody_unknown_has_the_case_that_their_call_keeps(money: MoneyWorld) -> None:
    _, first = open_case(money, account_id=None)
    _, again = open_case(money, account_id=None, case_id=first.case_id)
    _, stranger = open_case(money, account_id=None)
    assert again == CaseRef(first.case_id, opened=False, reference=first.reference, new_reference=False)
    assert stranger.case_id != first.case_id
    found = cases.read_case(money.store, first.case_id)
    assert found is not None
    assert (found[0].account_id, len(found[1])) == (None, 2)
    assert money.entries()[0]["account_id"] == "-"


def test_somebody_unknown_does_not_add_to_an_accounts_case_which_its_account_goes_on_adding_to(
    money: MoneyWorld,
) -> None:
    _, own = open_case(money)
    _, unproved = open_case(money, account_id=None, case_id=own.case_id)
    assert unproved.opened
    assert unproved.case_id != own.case_id
    _, again = open_case(money, after_s=1)
    assert again == CaseRef(own.case_id, opened=False, reference=own.reference, new_reference=False)
    found = cases.read_case(money.store, own.case_id)
    assert found is not None
    assert (found[0].version, len(found[1])) == (2, 2)


@pytest.mark.parametrize("account_id", [ACCOUNT, None])
def test_people_are_told_of_the_contact_the_topic_the_reason_the_priority_and_the_queue(
    money: MoneyWorld, account_id: str | None
) -> None:
    _, ref = open_case(money, account_id=account_id, topic="security", priority=Priority.URGENT)
    open_case(money, account_id=account_id, case_id=ref.case_id, topic="security", after_s=1)
    told = {
        "case_id": ref.case_id,
        "reference": ref.reference,
        "topic": "security",
        "reason": "caller.asked",
        "priority": Priority.URGENT.value,
        "queue": "support",
        "contact_id": money.contact_id,
        "status": "open",
    }
    assert [entry["kind"] for entry in money.entries()] == ["case.opened", "case.updated"]
    for entry in money.entries():
        assert {name: value for name, value in entry["facts"].items() if name != "at"} == told


def test_a_case_that_no_call_has_opened_names_no_contact(money: MoneyWorld) -> None:
    change = Change(actor=System("deadlines", "due"), cause="due", now=NOON, ids=money.ids)
    cases.contribute_case(change, {}, account_id=ACCOUNT, topic="lock", reason="unconfirmed", facts={})
    change.commit(money.store)
    (entry,) = money.entries()
    assert "contact_id" not in entry["facts"]


def test_two_who_open_the_same_case_at_once_make_one(money: MoneyWorld) -> None:
    first, _ = open_case(money, commit=False)
    second, _ = open_case(money, commit=False)
    first.commit(money.store)
    with pytest.raises(Stale):
        second.commit(money.store)
    assert not open_case(money)[1].opened


def test_a_case_that_was_closed_meanwhile_is_not_added_to(money: MoneyWorld) -> None:
    _, ref = open_case(money)
    late, _ = open_case(money, commit=False)
    closed = Update(case_key(ref.case_id), set={"status": "closed"}, condition=PRESENT)
    money.store.transact([closed], token="close-the-case")
    with pytest.raises(Stale):
        late.commit(money.store)


def test_the_queue_is_worked_by_priority_then_age_and_a_case_only_gains_priority(money: MoneyWorld) -> None:
    _, ref = open_case(money)
    due_at = to_text(NOON + OTHERWISE)
    assert queue_place(money, ref.case_id) == f"5#{due_at}#{ref.case_id}"
    open_case(money, priority=Priority.URGENT, after_s=1)
    open_case(money, priority=Priority.LOW, after_s=2)
    due_at = to_text(NOON + timedelta(seconds=1) + URGENT_WITHIN)
    assert queue_place(money, ref.case_id) == f"1#{due_at}#{ref.case_id}"


def queue_place(money: MoneyWorld, case_id: str) -> str:
    found = [
        item["queue_sk"] for item in money.indexed(Index.QUEUE, "QUEUE#open#lock:en-US") if item["case_id"] == case_id
    ]
    assert len(found) == 1
    return str(found[0])


def test_a_case_whose_opening_has_ended_is_as_it_was_stored(money: MoneyWorld) -> None:
    _, ref = open_case(money)
    open_case(money, after_s=1)
    _, (opened, _) = cases.read_case(money.store, ref.case_id) or pytest.fail("no case")
    money.store.transact([Delete(entry_key(ref.case_id, opened))], token="ended")
    found = cases.read_case(money.store, ref.case_id)
    assert found is not None
    assert (found[0].status, len(found[1])) == (CaseStatus.OPEN, 1)


@pytest.mark.parametrize("topic", ["", "Lock", "lock#1", "x" * 49, "a b"])
def test_a_topic_is_a_word(quick_money: MoneyWorld, topic: str) -> None:
    with pytest.raises(InvalidInput, match="case_word_invalid"):
        open_case(quick_money, topic=topic)


def test_a_case_that_does_not_exist_is_none(quick_money: MoneyWorld) -> None:
    assert cases.read_case(quick_money.store, "case_0") is None

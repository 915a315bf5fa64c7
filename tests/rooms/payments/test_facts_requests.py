"""A movement of unknown outcome, or held for too long: the wallet is asked, and in the end a person."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

import pytest

from hotline.accounts import facts_requests
from hotline.accounts.facts_requests import AGAIN_AFTER, ANSWERED_WITHIN, REQUEST_LIFE, Thing, ThingKind
from hotline.accounts.feed import LOOK_AGAIN, WAIT_MAX
from hotline.cases.model import Priority
from hotline.cases.unanswered import CASE_REASON
from hotline.contracts.decisions import ThingAsked
from hotline.contracts.limits import THINGS_ASKED_MAX
from hotline.contracts.model import Fact, FundsTold, MoneyState, MovementStatus
from hotline.kit.actor import System
from hotline.kit.change import Change
from hotline.kit.clock import to_text
from hotline.kit.money import Money
from hotline.kit.store import Key, Table, hotline_key
from hotline.kit.store.condition import Item, equals
from hotline.payments.diagnosis import diagnose
from hotline.payments.holds import duty_at
from hotline.payments.items import movement_key
from hotline.payments.model import FAILED_WINDOW, HOLD_GRACE, RETURN_LOOKS
from hotline_local.testing.memory_store import MemoryStore
from tests.support.money_world import (
    ACCOUNT,
    INITIATED,
    NOON,
    MoneyWorld,
    billed,
    do_due,
    let_feed_lag,
    moved,
    movement_of,
    told,
)
from tests.support.stored_cases import list_open_cases

S, M = MovementStatus, MoneyState
ASKED: Final = "#ASKED#movement#mov_1"
MS: Final = timedelta(milliseconds=1)
HELD_UNTIL: Final = NOON + timedelta(days=1)


def asked(money: MoneyWorld) -> list[Item]:
    """The requests to the wallet, the earliest first."""
    found = [entry for entry in money.entries() if entry["kind"] == facts_requests.REQUESTED]
    return sorted(found, key=lambda entry: str(entry["created_at"]))


def work_off(money: MoneyWorld, at: datetime) -> list[str]:
    """Do everything that is due at a time; the codes of what was done."""
    return [one.event.code for one in do_due(money, at)]


def test_an_unknown_outcome_asks_the_wallet_within_the_minute_and_once(money: MoneyWorld) -> None:
    money.tell(moved(S.UNKNOWN))
    assert asked(money) == [], "a fact only makes it due"
    assert work_off(money, NOON) == ["HL142"]
    (entry,) = asked(money)
    about = {"kind": "movement", "id": "mov_1", "version": 1}
    assert entry["facts"] == {"reason": "outcome_unknown", "about": [about], "asked_at": to_text(NOON)}
    assert entry["account_id"] == ACCOUNT
    money.tell(moved(S.UNKNOWN))
    money.tell(moved(S.UNKNOWN, version=2))
    assert work_off(money, NOON) == []
    assert len(asked(money)) == 1
    assert (money.item(ASKED) or {})["thing"] == {"kind": "movement", "id": "mov_1", "version": 2}


@pytest.mark.parametrize("money_state", [M.UNKNOWN, M.NONE, M.HELD])
def test_the_outcome_is_unknown_by_the_status_or_by_the_money(quick_money: MoneyWorld, money_state: MoneyState) -> None:
    quick_money.tell(moved(S.UNKNOWN, money=money_state))
    quick_money.tell(moved(S.SUCCEEDED, "mov_2", money=M.UNKNOWN))
    quick_money.tell(moved(S.FAILED, "mov_3", money=M.NONE))
    work_off(quick_money, NOON)
    assert {entry["facts"]["about"][0]["id"] for entry in asked(quick_money)} == {"mov_1", "mov_2"}


def test_an_outcome_that_is_known_by_now_is_not_asked_for(quick_money: MoneyWorld) -> None:
    quick_money.tell(moved(S.UNKNOWN), moved(S.SUCCEEDED, version=2))
    quick_money.tell(moved(S.UNKNOWN, version=1, fact_id="late"))
    assert asked(quick_money) == []
    assert quick_money.item(ASKED) is None


@pytest.mark.parametrize(("more", "count"), [(timedelta(), 1), (MS, 0)])
def test_nothing_is_asked_about_a_movement_too_old_to_be_told_of(
    quick_money: MoneyWorld, more: timedelta, count: int
) -> None:
    quick_money.now = INITIATED + FAILED_WINDOW + more
    quick_money.tell(moved(S.UNKNOWN))
    work_off(quick_money, quick_money.now)
    assert len(asked(quick_money)) == count


def test_a_question_about_an_outcome_waits_while_facts_do(money: MoneyWorld) -> None:
    let_feed_lag(money, NOON)
    money.tell(moved(S.UNKNOWN))
    assert work_off(money, NOON) == []
    waits = money.item(ASKED) or {}
    assert (asked(money), waits["times"], waits["look_at"]) == ([], 0, to_text(NOON + LOOK_AGAIN))
    assert "asked_at" not in waits, "nobody was asked yet"
    let_feed_lag(money, NOON + LOOK_AGAIN)
    assert work_off(money, NOON + LOOK_AGAIN) == []
    assert work_off(money, NOON + 2 * LOOK_AGAIN - MS) == []
    caught_up = NOON + 2 * LOOK_AGAIN + MS
    assert work_off(money, caught_up) == ["HL142"]
    (entry,) = asked(money)
    assert entry["facts"]["asked_at"] == to_text(caught_up)
    # From then on it is a request as any other.
    assert "look_at" not in (money.item(ASKED) or {})
    assert work_off(money, caught_up + AGAIN_AFTER[0] - MS) == []
    assert work_off(money, caught_up + AGAIN_AFTER[0]) == ["HL047"]


def test_a_question_that_waits_is_read_as_it_was_stored_before() -> None:
    look_at, thing = NOON + LOOK_AGAIN, Thing(ThingKind.MOVEMENT, "mov_1", 1)
    waits = facts_requests.FactsRequest(ACCOUNT, thing, "outcome_unknown", "payment", NOON, None, 0, look_at=look_at)
    new = facts_requests.request_item(waits)
    old = {name: value for name, value in new.items() if name != "look_at"} | {"asked_at": to_text(look_at)}
    assert facts_requests.request_from(new) == facts_requests.request_from(old) == waits
    assert waits.due_at == look_at


def test_a_question_waits_no_longer_than_a_date_does(quick_money: MoneyWorld) -> None:
    money, at = quick_money, NOON
    let_feed_lag(money, at)
    money.tell(moved(S.UNKNOWN))
    work_off(money, at)
    while at < NOON + WAIT_MAX:
        assert asked(money) == []
        at += LOOK_AGAIN
        let_feed_lag(money, at)
        work_off(money, at)
    assert len(asked(money)) == 1


def test_a_question_that_a_waiting_fact_answers_is_never_asked(money: MoneyWorld) -> None:
    let_feed_lag(money, NOON)
    money.tell(moved(S.UNKNOWN))
    money.tell(moved(S.SUCCEEDED, version=2))
    assert money.item(ASKED) is None
    assert work_off(money, NOON + WAIT_MAX) == []
    assert asked(money) == []


def test_a_hold_that_is_overdue_waits_for_facts_as_well(quick_money: MoneyWorld) -> None:
    quick_money.tell(moved(S.AUTHORISED, held_until=HELD_UNTIL))
    overdue = HELD_UNTIL + HOLD_GRACE
    let_feed_lag(quick_money, overdue)
    assert work_off(quick_money, overdue) == []
    assert quick_money.movement().hold_asked is None
    quick_money.tell(moved(S.SUCCEEDED, version=2))
    assert work_off(quick_money, overdue + LOOK_AGAIN) == []
    assert asked(quick_money) == []


@pytest.mark.parametrize("status", [S.SUCCEEDED, S.FAILED, S.REVERSED])
def test_the_outcome_ends_the_request(money: MoneyWorld, status: MovementStatus) -> None:
    money.tell(moved(S.UNKNOWN))
    work_off(money, NOON)
    money.tell(moved(status, version=2))
    assert money.item(ASKED) is None
    assert work_off(money, NOON + REQUEST_LIFE) == []
    assert len(asked(money)) == 1


def test_a_wallet_that_does_not_answer_is_asked_again_twice_and_then_a_person_once(quick_money: MoneyWorld) -> None:
    quick_money.tell(moved(S.UNKNOWN))
    work_off(quick_money, NOON)
    first, second = NOON + AGAIN_AFTER[0], NOON + AGAIN_AFTER[0] + AGAIN_AFTER[1]
    last = second + ANSWERED_WITHIN
    assert work_off(quick_money, first - MS) == []
    assert work_off(quick_money, first) == ["HL047"]
    assert work_off(quick_money, first) == []
    assert work_off(quick_money, second - MS) == []
    assert work_off(quick_money, second) == ["HL047"]
    assert [entry["facts"]["asked_at"] for entry in asked(quick_money)] == [to_text(at) for at in (NOON, first, second)]
    assert len({entry["decision_id"] for entry in asked(quick_money)}) == 3
    assert not list_open_cases(quick_money.store, ACCOUNT)
    assert work_off(quick_money, last) == ["HL048"]
    (case,) = list_open_cases(quick_money.store, ACCOUNT)
    assert (case.topic, case.reason, case.links) == ("payment", CASE_REASON, ("payment:mov_1",))
    assert work_off(quick_money, last + REQUEST_LIFE - timedelta(days=1)) == ["HL057"]  # the task of the case
    assert len(asked(quick_money)) == 3
    quick_money.now = last
    quick_money.tell(moved(S.UNKNOWN, version=3))
    assert len(asked(quick_money)) == 3


def test_after_its_life_a_request_is_made_anew(quick_money: MoneyWorld) -> None:
    def times() -> int:
        return int((quick_money.item(ASKED) or {})["times"])

    quick_money.tell(moved(S.UNKNOWN))
    work_off(quick_money, NOON)
    quick_money.now = NOON + REQUEST_LIFE - MS
    quick_money.tell(moved(S.UNKNOWN, version=2))
    assert times() == 1
    quick_money.now = NOON + REQUEST_LIFE
    quick_money.tell(moved(S.UNKNOWN, version=3))
    assert times() == 0
    work_off(quick_money, quick_money.now)
    assert len(asked(quick_money)) == 2


# ---------------------------------------------------------------- money that is held for too long


def test_a_hold_that_is_over_is_asked_about_once_and_never_while_it_runs(money: MoneyWorld) -> None:
    money.tell(moved(S.AUTHORISED, held_until=HELD_UNTIL))
    assert work_off(money, HELD_UNTIL + HOLD_GRACE - MS) == []
    assert work_off(money, HELD_UNTIL + HOLD_GRACE) == ["HL049"]
    (entry,) = asked(money)
    assert entry["facts"]["reason"] == "hold_overdue"
    assert work_off(money, HELD_UNTIL + HOLD_GRACE) == []
    assert money.movement().hold_asked == HELD_UNTIL


@pytest.mark.parametrize(
    "after", [moved(S.SUCCEEDED, version=2), moved(S.REVERSED, version=2), moved(S.AUTHORISED, version=2)]
)
def test_a_hold_that_ended_in_time_asks_nothing(quick_money: MoneyWorld, after: Fact) -> None:
    quick_money.tell(moved(S.AUTHORISED, held_until=HELD_UNTIL))
    quick_money.tell(after)
    assert work_off(quick_money, HELD_UNTIL + HOLD_GRACE) == []


def test_a_hold_that_was_prolonged_has_a_new_date(quick_money: MoneyWorld) -> None:
    quick_money.tell(moved(S.AUTHORISED, held_until=HELD_UNTIL))
    assert work_off(quick_money, HELD_UNTIL + HOLD_GRACE) == ["HL049"]
    later = HELD_UNTIL + timedelta(days=2)
    quick_money.now = HELD_UNTIL + HOLD_GRACE
    quick_money.tell(moved(S.AUTHORISED, version=2, held_until=later))
    assert quick_money.item(ASKED) is None
    assert work_off(quick_money, later) == []
    assert work_off(quick_money, later + HOLD_GRACE) == ["HL049"]


@pytest.mark.parametrize("status", [S.AUTHORISED, S.FAILED, S.REVERSED, S.SUCCEEDED])
def test_every_date_of_a_hold_that_is_told_has_a_due_item(quick_money: MoneyWorld, status: MovementStatus) -> None:
    quick_money.tell(moved(status, money=MoneyState.HELD, held_until=HELD_UNTIL))
    assert diagnose(quick_money.movement(), NOON, first=None).held_until == HELD_UNTIL
    assert work_off(quick_money, HELD_UNTIL + HOLD_GRACE) == ["HL049"]


# ---------------------------------------------------------------- money that was taken in vain


@pytest.mark.parametrize("status", [S.FAILED, S.REVERSED])
def test_money_that_was_taken_in_vain_is_asked_for_and_then_a_case_is_open(
    money: MoneyWorld, status: MovementStatus
) -> None:
    money.tell(moved(S.SUCCEEDED), moved(status, version=2, after_s=60, money=MoneyState.DEBITED))
    since = money.movement().fact_version.time
    assert work_off(money, since + RETURN_LOOKS[0] - MS) == []
    assert work_off(money, since + RETURN_LOOKS[0]) == ["HL140"]
    assert [entry["facts"]["reason"] for entry in asked(money)] == ["money_not_back"]
    # The wallet answers that nothing has changed.
    money.tell(moved(status, version=3, after_s=90, money=MoneyState.DEBITED))
    assert work_off(money, since + RETURN_LOOKS[1] - MS) == []
    assert work_off(money, since + RETURN_LOOKS[1]) == ["HL141"]
    (case,) = list_open_cases(money.store, ACCOUNT)
    assert (case.topic, case.reason, case.links) == ("payment", "money_not_back", ("payment:mov_1",))
    assert case.priority is Priority.HIGH
    assert (money.movement().return_looks, money.movement().look_at) == (len(RETURN_LOOKS), None)


def test_after_a_long_outage_both_looks_for_money_are_made_in_one_run(quick_money: MoneyWorld) -> None:
    quick_money.tell(moved(S.FAILED, money=MoneyState.DEBITED))
    about = {"account_id": ACCOUNT, "kind": "payment"}
    due = do_due(quick_money, quick_money.movement().fact_version.time + RETURN_LOOKS[1])
    assert [(one.event.code, one.keys) for one in due] == [("HL140", about), ("HL141", about)]


@pytest.mark.parametrize("movement_id", ["mov_1", "mov_9"])
def test_a_movement_whose_date_has_not_come_or_that_is_gone_is_left_as_it_is(
    quick_money: MoneyWorld, movement_id: str
) -> None:
    """The index of what is due lags."""
    quick_money.tell(moved(S.AUTHORISED, held_until=HELD_UNTIL))
    duty = duty_at(movement_key(ACCOUNT, movement_of(moved(S.AUTHORISED, movement_id)).sk))
    assert duty is not None
    change = Change(actor=System("deadlines", duty.rule), cause="deadline", now=NOON, ids=quick_money.ids)
    assert duty.contribute(change, duty.read(quick_money.store, NOON)) == ()
    assert len(change) == 0


def test_only_a_movement_of_an_account_has_the_duty_of_its_money() -> None:
    sk = movement_of(moved(S.FAILED)).sk
    duty = duty_at(movement_key(ACCOUNT, sk))
    assert duty is not None
    assert (duty.account_id, duty.rule) == (ACCOUNT, "hold")
    for key in (
        Key(Table.HOTLINE, f"ACCOUNT#{ACCOUNT}", None),
        hotline_key(f"ACCOUNT#{ACCOUNT}", "#PROFILE"),
        hotline_key("CASE#case_1", sk),
    ):
        assert duty_at(key) is None


def test_money_that_is_not_back_goes_to_the_case_about_payments_that_is_open(quick_money: MoneyWorld) -> None:
    for movement_id in ("mov_1", "mov_2"):
        quick_money.tell(moved(S.FAILED, movement_id, money=MoneyState.DEBITED))
    work_off(quick_money, quick_money.movement().fact_version.time + RETURN_LOOKS[1])
    (case,) = list_open_cases(quick_money.store, ACCOUNT)
    assert sorted(case.links) == ["payment:mov_1", "payment:mov_2"]


@pytest.mark.parametrize("reason", ["hold", "return"])
def test_the_wallet_is_not_asked_while_it_is_asked_about_the_movement_anyway(
    quick_money: MoneyWorld, reason: str
) -> None:
    held = moved(S.AUTHORISED, held_until=HELD_UNTIL) if reason == "hold" else moved(S.FAILED, money=M.DEBITED)
    quick_money.tell(held)
    at = quick_money.movement().look_at
    assert at is not None
    assert ask(quick_money, Thing(ThingKind.MOVEMENT, "mov_1"), at=at)
    assert work_off(quick_money, at) == []
    assert len(asked(quick_money)) == 1
    later = quick_money.movement().look_at
    assert later is None or later > at


@pytest.mark.parametrize(("more", "codes"), [(timedelta(), ["HL049"]), (MS, [])])
def test_a_hold_is_asked_about_as_long_as_its_movement_is_told_of(
    quick_money: MoneyWorld, more: timedelta, codes: list[str]
) -> None:
    quick_money.tell(moved(S.AUTHORISED, held_until=HELD_UNTIL))
    assert work_off(quick_money, INITIATED + FAILED_WINDOW + more) == codes


def test_money_that_came_back_is_not_looked_for(quick_money: MoneyWorld) -> None:
    quick_money.tell(moved(S.FAILED, money=MoneyState.DEBITED))
    quick_money.tell(moved(S.FAILED, version=2, money=MoneyState.RETURNED))
    assert work_off(quick_money, NOON + RETURN_LOOKS[1]) == []


def test_of_history_and_of_an_erased_account_no_hold_is_asked_about(quick_money: MoneyWorld) -> None:
    quick_money.tell(moved(S.AUTHORISED, held_until=HELD_UNTIL))
    assert work_off(quick_money, INITIATED + FAILED_WINDOW + MS) == []
    assert work_off(quick_money, INITIATED + FAILED_WINDOW + MS) == []
    quick_money.tell(moved(S.AUTHORISED, "mov_2", held_until=HELD_UNTIL))
    assert isinstance(quick_money.store, MemoryStore)
    profiles = [item for item in quick_money.store.items(Table.HOTLINE) if item["SK"] == "#PROFILE"]
    change = Change(actor=System("test", "test"), cause="test", now=NOON, ids=quick_money.ids)
    for item in profiles:
        change.delete(hotline_key(item["PK"], item["SK"]), condition=equals("rev", 1))
    change.commit(quick_money.store)
    assert work_off(quick_money, HELD_UNTIL + HOLD_GRACE) == []
    assert asked(quick_money) == []


# ---------------------------------------------------------------- other things


def ask(money: MoneyWorld, *things: Thing, at: datetime = NOON) -> tuple[Thing, ...]:
    read = money.store.batch_get(sorted(facts_requests.request_keys(ACCOUNT, things), key=repr))
    change = Change(actor=System("test", "test"), cause="test", now=at, ids=money.ids)
    found = facts_requests.request_facts(change, read, ACCOUNT, things, reason="drift", topic="general")
    change.commit(money.store)
    return found


FUNDS: Final = told("funds.balance_changed", FundsTold(1, Money(1, "CNY"), Money(0, "CNY"), NOON))


@pytest.mark.parametrize(
    ("thing", "fact"),
    [
        (Thing(ThingKind.BILL, "bil_1"), billed()),
        (Thing(ThingKind.FUNDS), FUNDS),
    ],
)
def test_a_fact_about_the_thing_ends_its_request(quick_money: MoneyWorld, thing: Thing, fact: Fact) -> None:
    other = Thing(thing.kind, "another")
    assert ask(quick_money, thing, other) == (thing, other)
    assert ask(quick_money, thing) == ()
    quick_money.tell_accounts(fact)
    assert ask(quick_money, thing, other) == (thing,)


def test_a_fact_about_the_account_ends_its_request(quick_money: MoneyWorld) -> None:
    ask(quick_money, Thing(ThingKind.ACCOUNT))
    quick_money.give_profile()
    assert ask(quick_money, Thing(ThingKind.ACCOUNT)) == (Thing(ThingKind.ACCOUNT),)


@pytest.mark.parametrize(("count", "decisions"), [(THINGS_ASKED_MAX, 1), (THINGS_ASKED_MAX + 1, 2)])
def test_one_decision_names_so_many_things(quick_money: MoneyWorld, count: int, decisions: int) -> None:
    ask(quick_money, *(Thing(ThingKind.MOVEMENT, f"mov_{number}") for number in range(count)))
    assert [len(entry["facts"]["about"]) <= THINGS_ASKED_MAX for entry in asked(quick_money)] == [True] * decisions


def test_a_range_of_accounts_belongs_to_no_account(quick_money: MoneyWorld) -> None:
    thing = Thing(ThingKind.RANGE, "acc-00.acc-0f")
    change = Change(actor=System("test", "test"), cause="test", now=NOON, ids=quick_money.ids)
    facts_requests.request_facts(change, {}, facts_requests.NO_ID, [thing], reason="drift", topic="general")
    change.commit(quick_money.store)
    for waited in (AGAIN_AFTER[0], sum(AGAIN_AFTER, timedelta())):
        assert work_off(quick_money, NOON + waited) == ["HL047"]
    assert work_off(quick_money, NOON + sum(AGAIN_AFTER, ANSWERED_WITHIN)) == ["HL048"]


def test_the_contract_knows_every_kind_of_thing() -> None:
    for kind in ThingKind:
        assert ThingAsked(kind=kind.value).kind == kind

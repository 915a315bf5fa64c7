"""The phone's steps around who is calling, on the in-memory store."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from hotline.accounts import service as accounts
from hotline.cases import service as cases
from hotline.contracts.model import MovementStatus, PointKind
from hotline.identity import service as identity
from hotline.kit.doors import Context
from hotline.kit.errors import Unavailable
from hotline.kit.store import Index, Query, Table, Update
from hotline.kit.store.condition import PRESENT
from hotline_local.testing.memory_store import MemoryStore
from hotline_local.testing.virtual_clock import VirtualClock
from tests.support.money_world import moved
from tests.support.phone import Phone, context, failed_logins, give, opened

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
MEI, FAMILY, NOBODY = "+8613800000001", "+8613800000002", "+8613800000009"
MAIL = "mei@example.com"
MOVEMENTS = ("mov_1", "mov_2")
PHONE, EMAIL = PointKind.PHONE, PointKind.EMAIL


@pytest.fixture
def ctx(store: MemoryStore, clock: VirtualClock) -> Context:
    made = context(store, clock)
    year_ago = NOW - timedelta(days=365)
    give(
        made,
        [
            opened("acct-mei", (PHONE, MEI), (EMAIL, MAIL), at=year_ago, language="zh-CN", two_step=True),
            opened("acct-father", (PHONE, FAMILY), at=year_ago, shared=True),
            opened("acct-child", (PHONE, FAMILY), at=year_ago + timedelta(days=1), shared=True),
        ],
    )
    return made


def pending_messages(store: MemoryStore) -> int:
    return sum(
        len(store.query(Query(Table.OUTBOX, f"PENDING#{bucket:02d}", index=Index.PENDING)).items)
        for bucket in range(16)
    )


def test_a_known_number_is_greeted_in_its_owners_language_and_nothing_is_proved(ctx: Context) -> None:
    said = Phone(ctx, MEI).press("start")
    assert (said["outcome"], said["language"], said["proved"], said["turn"]) == ("KNOWN", "zh-CN", "no", "1")


@pytest.mark.parametrize(("number", "outcome"), [(NOBODY, "UNKNOWN"), (None, "WITHHELD"), ("anonymous", "WITHHELD")])
def test_other_numbers_are_unknown_or_withheld(ctx: Context, number: str | None, outcome: str) -> None:
    assert Phone(ctx, number).press("start")["outcome"] == outcome


def test_a_right_code_proves_and_settles_the_only_account(ctx: Context) -> None:
    phone = Phone(ctx, MEI)
    phone.press("start")
    assert phone.prove()["outcome"] == "CHOSEN"
    assert phone.state.account_id == "acct-mei"
    assert phone.state.two_step
    assert phone.state.time_zone == "Asia/Shanghai"


def test_two_accounts_on_one_phone_are_offered_after_the_code_and_chosen_by_place(ctx: Context) -> None:
    phone = Phone(ctx, FAMILY)
    phone.press("start")
    phone.press("choose_account")
    assert phone.answers[-1]["outcome"] == "NONE"
    said = phone.prove()
    assert (said["outcome"], said["count"]) == ("CHOOSE", "2")
    assert phone.state.account_id is None
    assert phone.press("choose_account", choice="3")["outcome"] == "CHOOSE"
    assert phone.press("choose_account", choice="2")["outcome"] == "CHOSEN"
    assert phone.state.account_id in ("acct-father", "acct-child")


def test_the_answers_about_one_account_come_into_no_case_of_another(ctx: Context) -> None:
    give(ctx, [replace(moved(MovementStatus.FAILED, movement_id), subject="acct-father") for movement_id in MOVEMENTS])
    phone = Phone(ctx, FAMILY)
    phone.press("start")
    phone.prove()
    places = dict[str | None, str]()
    for place in ("1", "2"):
        phone.press("choose_account", choice=place)
        places[phone.state.account_id] = place
    phone.press("choose_account", choice=places["acct-father"])
    phone.press("payments", purpose="latest")
    phone.press("payment_answer", choice="1")
    assert phone.state.about in MOVEMENTS
    phone.press("choose_account", choice=places["acct-father"])
    assert phone.state.about in MOVEMENTS
    assert any(told.startswith("payment_answer:") for told in phone.state.heard)
    phone.press("choose_account", choice=places["acct-child"])
    phone.press("handover", topic="payment", reason="asked")
    found = cases.read_case(ctx.store, phone.state.case_id or "-")
    assert found is not None
    case, timeline = found
    assert case.account_id == "acct-child"
    assert [link for link in case.links if link.startswith("payment:")] == []
    assert [told for told in case.established.heard if told.startswith("payment_answer:")] == []
    assert "movement_id" not in timeline[-1].facts
    assert "payment_answer" not in str(timeline[-1].facts["history"])


def test_the_caller_of_a_locked_account_hears_that_as_soon_as_it_is_chosen(ctx: Context) -> None:
    phone = Phone(ctx, MEI)
    phone.press("start")
    assert phone.prove()["locked"] == "no"
    give(ctx, failed_logins("acct-mei", 5, until=NOW))
    said = phone.press("choose_account")
    assert (said["outcome"], said["locked"]) == ("CHOSEN", "yes")
    assert "您的账户目前被锁定" in said["prompt"]


def test_a_keyed_in_number_reaches_its_account_in_national_form_too(ctx: Context) -> None:
    phone = Phone(ctx, None)
    phone.press("start")
    assert phone.press("identify", phone=MEI.removeprefix("+86"))["outcome"] == "TAKEN"
    assert phone.prove()["outcome"] == "CHOSEN"


def test_an_unknown_number_hears_the_same_and_is_never_proved(ctx: Context, store: MemoryStore) -> None:
    known, unknown = Phone(ctx, None, "c-known"), Phone(ctx, None, "c-unknown")
    costs = []
    for phone, number in ((known, MEI), (unknown, NOBODY)):
        phone.press("start")
        before = (store.reads, store.transactions, pending_messages(store))
        phone.press("identify", phone=number)
        phone.press("send_code", method="sms", goal="look")
        phone.press("send_code", method="email", goal="look")
        after = (store.reads, store.transactions, pending_messages(store))
        costs.append(tuple(late - early for late, early in zip(after, before, strict=True)))
    assert [said["prompt"] for said in known.answers] == [said["prompt"] for said in unknown.answers]
    assert costs[0] == costs[1]
    assert unknown.press("check_code", code=unknown.code)["outcome"] == "WRONG"
    assert known.press("check_code", code=known.code)["outcome"] == "PROVED"


def test_three_wrong_codes_spend_a_challenge_and_the_right_one_comes_too_late(ctx: Context) -> None:
    phone = Phone(ctx, MEI)
    phone.press("start")
    phone.press("send_code", method="sms", goal="look")
    right = phone.code
    wrong = f"{(int(right) + 1) % 10**6:06d}"
    assert [phone.press("check_code", code=wrong)["outcome"] for _ in range(3)] == ["WRONG", "WRONG", "SPENT"]
    assert phone.press("check_code", code=right)["outcome"] == "SPENT"


def test_a_code_is_good_for_ten_minutes_and_not_longer(ctx: Context, clock: VirtualClock) -> None:
    phone = Phone(ctx, MEI)
    phone.press("start")
    phone.press("send_code", method="sms", goal="look")
    clock.advance(timedelta(minutes=10))
    assert phone.press("check_code", code=phone.code)["outcome"] == "EXPIRED"
    clock.advance(timedelta(minutes=10))
    phone.press("send_code", method="sms", goal="look")
    clock.advance(timedelta(minutes=9, seconds=59))
    assert phone.press("check_code", code=phone.code)["outcome"] == "PROVED"


@pytest.mark.parametrize("typed", ["1", "12345", "1234567", "12345678901"])
def test_an_entry_that_is_not_six_digits_costs_no_try(ctx: Context, typed: str) -> None:
    phone = Phone(ctx, MEI)
    phone.press("start")
    phone.press("send_code", method="sms", goal="look")
    for _ in range(4):
        assert phone.press("check_code", code=typed)["outcome"] == "INVALID"
    assert phone.press("check_code", code=phone.code)["outcome"] == "PROVED"


def test_sending_again_replaces_the_code_and_resets_no_count(ctx: Context) -> None:
    phone = Phone(ctx, MEI)
    phone.press("start")
    phone.press("send_code", method="sms", goal="look")
    first = phone.code
    phone.press("send_code", method="sms", goal="look")
    assert phone.code != first
    assert phone.press("check_code", code=first)["outcome"] == "WRONG"
    phone.press("send_code", method="sms", goal="look")
    assert phone.press("send_code", method="sms", goal="look")["outcome"] == "LIMITED"
    assert phone.press("check_code", code=phone.code)["outcome"] == "PROVED"


def test_a_repeated_delivery_sends_one_code_and_a_second_press_sends_another(ctx: Context, store: MemoryStore) -> None:
    phone = Phone(ctx, MEI)
    phone.press("start")
    event = phone.event("send_code", method="sms", goal="look")
    first = phone.deliver(event)
    again = phone.press("send_code", method="sms", goal="look")
    assert again == first
    assert pending_messages(store) == 1
    phone.press("send_code", method="sms", goal="look")
    assert pending_messages(store) == 2


def test_a_repeated_start_makes_one_call(ctx: Context) -> None:
    phone = Phone(ctx, MEI)
    event = phone.event("start")
    assert phone.deliver(event) == phone.deliver(event)
    assert phone.state.turn == 1


def test_a_guess_is_told_only_after_its_commit(ctx: Context, store: MemoryStore) -> None:
    phone = Phone(ctx, MEI)
    phone.press("start")
    phone.press("send_code", method="sms", goal="look")

    def fail(call: str) -> None:
        if call == "transact":
            raise Unavailable

    store.before = fail
    said = phone.press("check_code", code=phone.code)
    store.before = None
    assert said["outcome"] == "TRY_LATER"
    assert phone.state.factors == ()
    assert phone.press("check_code", code=phone.code)["outcome"] == "PROVED"


def test_a_guess_whose_answer_was_lost_counts_once_and_is_answered_when_it_comes_again(
    ctx: Context, store: MemoryStore
) -> None:
    phone = Phone(ctx, MEI)
    phone.press("start")
    phone.press("send_code", method="sms", goal="look")
    code = phone.code

    def lose(call: str) -> None:
        if call == "transact":
            raise Unavailable

    turn = phone.turn
    store.after = lose
    assert phone.press("check_code", code=code)["outcome"] == "TRY_LATER"
    store.after = None
    assert phone.turn == turn
    assert phone.press("check_code", code=code)["outcome"] == "PROVED"


def test_a_wrong_guess_that_is_delivered_again_says_the_same(ctx: Context) -> None:
    phone = Phone(ctx, MEI)
    phone.press("start")
    phone.press("send_code", method="sms", goal="look")
    event = phone.event("check_code", code="000000" if phone.code != "000000" else "000001")
    first = phone.deliver(event)
    assert first["outcome"] == "WRONG"
    assert phone.deliver(event) == first


def test_a_turn_from_long_ago_does_nothing(ctx: Context, store: MemoryStore) -> None:
    phone = Phone(ctx, MEI)
    phone.press("start")
    for _ in range(3):
        phone.press("set_language", language="en-US")
    phone.turn = "1"
    assert phone.press("send_code", method="sms", goal="look")["outcome"] == "TRY_LATER"
    assert phone.turn == "4"
    assert pending_messages(store) == 0


@pytest.mark.parametrize(
    ("method", "minutes", "kept"),
    [("TRANSFER", 9, True), ("TRANSFER", 10, False), ("CALLBACK", 1, False), ("SOMETHING_NEW", 1, False)],
)
def test_a_handed_on_call_keeps_its_level_only_when_transferred_and_fresh(
    ctx: Context, clock: VirtualClock, method: str, minutes: int, kept: bool
) -> None:
    phone = Phone(ctx, MEI)
    phone.press("start")
    phone.prove()
    phone.press("set_language", language="en-US")
    clock.advance(timedelta(minutes=minutes))
    phone.initiation_method = method
    said = phone.press("start")
    assert said["proved"] == ("yes" if kept else "no")
    assert (phone.state.account_id == "acct-mei") is kept
    assert phone.state.language == "en-US"


def test_no_step_of_identification_needs_more_than_two_reads_and_one_transaction(
    ctx: Context, store: MemoryStore
) -> None:
    phone = Phone(ctx, MEI)

    def cost(step: str, **inputs: str) -> tuple[int, int]:
        before = (store.reads, store.transactions)
        phone.press(step, **inputs)
        return store.reads - before[0], store.transactions - before[1]

    assert cost("start") <= (2, 1)
    assert cost("set_language", language="en-US") <= (1, 1)
    assert cost("identify", phone=MEI) <= (2, 1)
    assert cost("send_code", method="sms", goal="look") <= (2, 1)
    code = phone.code
    assert cost("check_code", code=code) <= (2, 1)
    assert cost("choose_account") <= (2, 1)


@pytest.mark.parametrize(
    "event",
    [
        None,
        {},
        {"Details": None},
        {"Details": {"ContactData": {"ContactId": "c"}, "Parameters": None}},
        {"Details": {"ContactData": {"ContactId": "c", "CustomerEndpoint": None}, "Parameters": {"step": "nothing"}}},
        {"Details": {"ContactData": {}, "Parameters": {"step": "start"}}},
        {"Details": {"ContactData": {"ContactId": "c"}, "Parameters": {"step": "lock_status", "turn": "9" * 40}}},
    ],
)
def test_a_broken_envelope_gives_an_outcome_and_no_exception(ctx: Context, event: object) -> None:
    from functions.connect.envelope import request_from
    from functions.connect.runner import answer

    said = answer(request_from(event), ctx)
    assert said["outcome"] == "TRY_LATER"
    assert all(said.values())


def test_a_caller_whose_proof_has_lapsed_gets_a_case_of_the_call_and_the_accounts_own_stays_usable(
    ctx: Context, clock: VirtualClock
) -> None:
    phone = Phone(ctx, MEI)
    phone.press("start")
    phone.prove("sms")
    assert phone.press("handover", topic="refund", reason="asked")["outcome"] == "QUEUE"
    own = phone.state.case_id
    clock.advance(timedelta(minutes=11))
    assert phone.press("handover", topic="refund", reason="asked")["outcome"] == "QUEUE"
    of_the_call = phone.state.case_id
    assert phone.press("handover", topic="refund", reason="failed")["outcome"] == "QUEUE"
    assert phone.state.case_id == of_the_call != own
    phone.prove("sms")
    assert phone.press("handover", topic="refund", reason="asked")["outcome"] == "QUEUE"
    assert phone.state.case_id == own


def test_a_session_forgets_the_items_that_its_own_commit_may_have_changed(ctx: Context) -> None:
    phone = Phone(ctx, MEI)
    phone.press("start")
    phone.prove()
    session = identity.open_call(ctx, phone.contact_id)
    assert session is not None
    key = accounts.profile_key("acct-mei")
    before = session.fetch([key])[key]
    identity.perform(session, identity.Note("DONE"), identity.Turn("note"))
    ctx.store.transact([Update(key, add={"rev": 1}, condition=PRESENT)], token="somebody-else")
    assert session.fetch([key])[key]["rev"] == before["rev"] + 1

"""Payments and refunds over the API: lists with cursors, diagnosis, one refund a key, and whose things are found."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from functions.customer_api.app import api
from functions.deadlines.work import work_off
from hotline.contracts.model import Fact, Failure, MovementKind, MovementStatus, RefundStatus, RefundTold
from hotline.kit.keyring import CachedKeyring
from hotline.kit.money import Money
from hotline.kit.store import Table
from hotline.refunds.model import RefundReason
from hotline.refunds.policy import DEFAULT_WALLET_POLICY
from hotline_local.testing.memory_store import MemoryStore
from tests.support.api_client import Answered, Client
from tests.support.api_world import ACCOUNT, OTHER, ApiWorld, ids
from tests.support.customer_life import Nowhere
from tests.support.phone import LOOKUP_SECRET, failed_logins, give

KEY = "key-0000-0000-0001"


@pytest.fixture
def client(world: ApiWorld) -> Client:
    return world.client()


def refund(client: Client, payment_id: str = "mov-1", *, key: str | None = KEY, **own: Any) -> Answered:
    body = {"payment_id": payment_id, "reason": "cancelled", **own}
    return client.ask("POST", "/v1/me/refunds", body=body, headers={"Idempotency-Key": key} if key else {})


# ---------------------------------------------------------------- payments


def test_payments_come_newest_first_a_page_at_a_time_until_the_end(world: ApiWorld, client: Client) -> None:
    for number in range(5):
        world.pay(f"mov-{number}", ago=timedelta(hours=number + 1))
    seen: list[str] = []
    cursor: str | None = None
    for _ in range(3):
        page = client.ask("GET", "/v1/me/payments", query={"limit": "2", **({"cursor": cursor} if cursor else {})})
        seen += ids(page, "payments")
        cursor = page.json["next"]
    assert seen == ["mov-0", "mov-1", "mov-2", "mov-3", "mov-4"]
    assert cursor is None


@pytest.mark.parametrize("status", list(MovementStatus))
def test_payments_of_one_status_are_all_found_whatever_lies_between(
    world: ApiWorld, client: Client, status: MovementStatus
) -> None:
    for number in range(12):
        own: dict[str, Any] = {"kind": MovementKind.TRANSFER} if number % 2 else {}
        world.pay(f"mov-{number:02}", list(MovementStatus)[number % 5], ago=timedelta(hours=number + 1), **own)
    wanted = [f"mov-{number:02}" for number in range(12) if list(MovementStatus)[number % 5] is status]
    seen: list[str] = []
    query = {"status": status.value, "limit": "2"}
    for _ in range(8):
        page = client.ask("GET", "/v1/me/payments", query=query)
        assert page.status == 200
        seen += ids(page, "payments")
        if page.json["next"] is None:
            break
        query["cursor"] = page.json["next"]
    assert seen == wanted


@pytest.mark.parametrize(("limit", "status"), [("0", 400), ("1", 200), ("50", 200), ("51", 400), ("many", 400)])
def test_a_page_holds_one_to_fifty(client: Client, limit: str, status: int) -> None:
    assert client.ask("GET", "/v1/me/payments", query={"limit": limit}).status == status


def test_a_failed_payment_says_why_where_the_money_is_and_what_to_do(world: ApiWorld, client: Client) -> None:
    world.pay("mov-1", MovementStatus.FAILED)
    told = client.ask("GET", "/v1/me/payments/mov-1", headers={"Accept-Language": "en"}).json
    assert told["money"] == {"state": "not_taken", "held_until": None, "overdue": False}
    assert told["failure"]["reason"] == "insufficient_funds"
    assert told["refundable"] == {"minor": 0, "currency": "CNY"}
    assert "failed" in told["text"]
    assert "There was not enough money" in told["text"]
    assert "No money was taken." in told["text"]


def test_a_withdrawal_tells_when_it_is_at_the_bank(world: ApiWorld, client: Client) -> None:
    world.pay("mov-1", kind=MovementKind.WITHDRAWAL, merchant=None)
    world.pay("mov-2")
    told = client.ask("GET", "/v1/me/payments/mov-1", headers={"Accept-Language": "en"}).json
    assert told["arrival"].keys() == {"typical_on", "latest_on", "certain"}
    assert told["arrival"]["typical_on"] < told["arrival"]["latest_on"]
    assert told["arrival"]["certain"] is False
    assert "It is usually at your bank" in told["text"]
    assert client.ask("GET", "/v1/me/payments/mov-2").json["arrival"] is None
    estimate = date.fromisoformat(told["arrival"]["latest_on"]) + timedelta(days=9)
    world.pay("mov-3", kind=MovementKind.WITHDRAWAL, merchant=None, expected_on=estimate)
    later = client.ask("GET", "/v1/me/payments/mov-3").json["arrival"]
    assert later == {"typical_on": None, "latest_on": estimate.isoformat(), "certain": True}


def test_a_withdrawal_that_has_arrived_tells_since_when(world: ApiWorld, client: Client) -> None:
    arrived_at = datetime(2026, 10, 20, 2, 0, tzinfo=UTC)
    own: dict[str, Any] = {"kind": MovementKind.WITHDRAWAL, "merchant": None, "ago": timedelta(days=40)}
    world.pay("mov-1", arrived_at=arrived_at, **own)
    told = client.ask("GET", "/v1/me/payments/mov-1", headers={"Accept-Language": "en"}).json
    assert (told["arrival"], datetime.fromisoformat(told["arrived_at"])) == (None, arrived_at)
    assert "The money reached your bank on October 20" in told["text"]
    assert told["next_step"] == "nothing"


def test_the_next_step_of_a_late_withdrawal_is_the_one_that_its_words_say(world: ApiWorld, client: Client) -> None:
    for movement_id, ago in (("mov-1", timedelta(hours=1)), ("mov-2", timedelta(days=40))):
        world.pay(movement_id, kind=MovementKind.WITHDRAWAL, merchant=None, ago=ago)
    on_time, late = (
        client.ask("GET", f"/v1/me/payments/{movement_id}", headers={"Accept-Language": "en"}).json
        for movement_id in ("mov-1", "mov-2")
    )
    assert (on_time["next_step"], late["next_step"]) == ("nothing", "speak_to_agent")
    assert "There is nothing you have to do." in on_time["text"]
    assert "Please ask for a person" in late["text"]


def test_a_reason_of_risk_is_told_as_a_plain_decline(world: ApiWorld, client: Client) -> None:
    world.pay("mov-1", MovementStatus.FAILED, failure=Failure("iso8583", "59"))
    world.pay("mov-2", MovementStatus.FAILED, failure=Failure("iso8583", "05"))
    risky, plain = (client.ask("GET", f"/v1/me/payments/{one}").json["failure"] for one in ("mov-1", "mov-2"))
    assert risky["reason"] == plain["reason"] == "declined"
    assert "fraud" not in str(risky).lower()


@pytest.mark.parametrize(
    "failure", [Failure("stripe", "do_not_try_again"), Failure("iso8583", "41"), Failure("newbank", "X1"), None]
)
@pytest.mark.parametrize("language", ["en", "zh"])
def test_no_field_tells_an_unknown_reason_or_a_risk_from_a_plain_decline(
    world: ApiWorld, client: Client, failure: Failure | None, language: str
) -> None:
    world.pay("mov-1", MovementStatus.FAILED, failure=failure)
    world.pay("mov-2", MovementStatus.FAILED, failure=Failure("iso8583", "05"))
    told, plain = (
        client.ask("GET", f"/v1/me/payments/{one}", headers={"Accept-Language": language}).json
        for one in ("mov-1", "mov-2")
    )
    own = {"id": "-", "order_no": "-"}
    assert {**told, **own} == {**plain, **own}
    assert (told["next_step"], told["failure"]["retry"]) == ("another_method_or_agent", "never")


@pytest.mark.parametrize(("route", "one"), [("/v1/me/payments/mov-1", True), ("/v1/me/payments", False)])
def test_a_locked_account_is_to_be_unlocked_before_anything_is_paid(
    world: ApiWorld, client: Client, route: str, one: bool
) -> None:
    world.pay("mov-1", MovementStatus.FAILED)
    give(world.ctx, failed_logins(ACCOUNT, 12, until=world.clock.now()))
    answer = client.ask("GET", route, headers={"Accept-Language": "en"}).json
    told = answer if one else answer["payments"][0]
    assert (told["next_step"], told["failure"]["works_when"]) == ("unlock_wallet", "after_unlock")
    assert told["failure"]["retry"] == "after_change"
    assert told["text"].endswith(
        "Please unlock your account first; the hotline can do that. Then: Please top up, or pay in another way."
    )


def test_a_payment_of_somebody_else_is_not_found_like_one_that_there_is_not(world: ApiWorld, client: Client) -> None:
    world.pay("mov-2", account_id=OTHER)
    theirs, nothing = (client.ask("GET", f"/v1/me/payments/{one}") for one in ("mov-2", "mov-9"))
    assert (theirs.status, theirs.json) == (404, nothing.json)


@pytest.mark.parametrize("movement_id", ["mov:1@shop=7~x", "mov.1_2-3"])
def test_a_payment_is_found_by_an_id_with_signs_encoded_or_not(
    world: ApiWorld, client: Client, movement_id: str
) -> None:
    world.pay(movement_id)
    encoded = movement_id.replace(":", "%3A").replace("@", "%40").replace("=", "%3D")
    for written in (movement_id, encoded):
        assert client.ask("GET", f"/v1/me/payments/{written}").json["id"] == movement_id


def test_a_cursor_is_good_for_its_caller_list_and_filter_alone(world: ApiWorld, client: Client) -> None:
    for number in range(3):
        world.pay(f"mov-{number}", ago=timedelta(hours=number + 1))
        world.pay(f"other-{number}", account_id=OTHER)
    cursor = client.ask("GET", "/v1/me/payments", query={"limit": "1"}).json["next"]
    good = client.ask("GET", "/v1/me/payments", query={"cursor": cursor})
    assert ids(good, "payments") == ["mov-1", "mov-2"]
    misuses = [
        world.client(OTHER).ask("GET", "/v1/me/payments", query={"cursor": cursor}),
        client.ask("GET", "/v1/me/payments", query={"cursor": cursor, "status": "failed"}),
        client.ask("GET", "/v1/me/refunds", query={"cursor": cursor}),
        client.ask("GET", "/v1/me/payments", query={"cursor": cursor[:-1] + ("0" if cursor[-1] != "0" else "1")}),
        client.ask("GET", "/v1/me/payments", query={"cursor": "2" + cursor[1:]}),
        client.ask("GET", "/v1/me/payments", query={"cursor": "nonsense"}),
        client.ask("GET", "/v1/me/payments", query={"cursor": "1.é.x"}),
        client.ask("GET", "/v1/me/payments", query={"cursor": "x" * 513}),
    ]
    assert {(answer.status, answer.code) for answer in misuses} == {(400, "malformed_request")}


def test_a_cursor_outlives_a_rotation_of_its_key_while_the_old_one_is_kept(world: ApiWorld) -> None:
    for number in range(2):
        world.pay(f"mov-{number}", ago=timedelta(hours=number + 1))
    cursor = world.client().ask("GET", "/v1/me/payments", query={"limit": "1"}).json["next"]
    old = json.loads(LOOKUP_SECRET)["1"]
    both = json.dumps({"current": "2", "1": old, "2": "another-lookup-key-for-tests-0123456789"})
    object.__setattr__(world.ctx, "lookup_keys", CachedKeyring(lambda: both, world.clock))
    assert ids(world.client().ask("GET", "/v1/me/payments", query={"cursor": cursor}), "payments") == ["mov-1"]


# ---------------------------------------------------------------- refunds


def test_a_refund_is_asked_for_once_a_key_and_answered_alike_afterwards(
    world: ApiWorld, client: Client, store: MemoryStore
) -> None:
    world.publish_policy()
    world.pay("mov-1")
    client.prove("refund")
    made = refund(client, note="Two cups were broken.")
    assert (made.status, made.json["status"], made.json["decision"]["outcome"]) == (201, "approved", "APPROVED")
    assert made.json["promised_on"] == "2026-12-07"
    assert made.headers["Location"] == f"/v1/me/refunds/{made.json['id']}"
    assert "Idempotency-Replayed" not in made.headers
    again = refund(client, note="Two cups were broken.")
    assert (again.status, again.json) == (201, made.json)
    assert again.headers["Idempotency-Replayed"] == "true"
    assert [entry["kind"] for entry in store.items(Table.OUTBOX)].count("refund.requested") == 1


def test_the_record_of_a_key_holds_no_body(world: ApiWorld, client: Client, store: MemoryStore) -> None:
    world.publish_policy()
    world.pay("mov-1")
    client.prove("refund")
    refund(client, note="Two cups were broken.")
    (record,) = [item for item in store.items(Table.HOTLINE) if item["PK"].startswith("KEY#")]
    assert set(record) == {"PK", "SK", "status", "made_id", "fingerprint", "expires_at_epoch_s"}
    assert "cups" not in str(record)
    assert KEY not in str(record)


@pytest.mark.parametrize("change", [{"reason": "other"}, {"note": "x"}, {"amount": {"minor": 1, "currency": "CNY"}}])
def test_a_key_that_was_used_for_another_body_is_refused(
    world: ApiWorld, client: Client, change: dict[str, Any]
) -> None:
    world.publish_policy()
    world.pay("mov-1")
    client.prove("refund")
    assert refund(client).status == 201
    refused = refund(client, **change)
    assert (refused.status, refused.code) == (422, "idempotency_key_reused")


@pytest.mark.parametrize(
    ("key", "code"),
    [
        (None, "idempotency_key_missing"),
        ("k" * 15, "malformed_request"),
        ("k" * 129, "malformed_request"),
    ],
)
def test_a_refund_needs_a_key_of_sixteen_to_128_characters(
    world: ApiWorld, client: Client, key: str | None, code: str
) -> None:
    world.pay("mov-1")
    client.prove("refund")
    refused = refund(client, key=key)
    assert (refused.status, refused.code) == (400, code)


@pytest.mark.parametrize("length", [16, 128])
def test_a_key_at_its_limits_is_taken(world: ApiWorld, client: Client, length: int) -> None:
    world.pay("mov-1")
    client.prove("refund")
    assert refund(client, key="k" * length).status == 201


def test_a_key_is_its_clients_own(world: ApiWorld) -> None:
    world.publish_policy()
    world.pay("mov-1")
    world.pay("mov-2", account_id=OTHER)
    mine, theirs = world.client(), world.client(OTHER)
    mine.prove("refund")
    theirs.prove("refund")
    assert refund(mine).status == 201
    answer = refund(theirs, "mov-2")
    assert (answer.status, "Idempotency-Replayed" in answer.headers) == (201, False)
    assert answer.json["payment_id"] == "mov-2"


def test_a_refund_needs_a_code_and_a_replay_only_a_fresh_sign_in(world: ApiWorld, client: Client) -> None:
    world.publish_policy()
    world.pay("mov-1")
    assert refund(client).code == "insufficient_user_authentication"
    client.prove("refund")
    made = refund(client)
    other_sign_in = world.client(sign_in="sid-2")
    assert refund(other_sign_in).json == made.json
    assert refund(other_sign_in, key="key-0000-0000-0002").status == 401
    assert refund(world.stale_client(sign_in="sid-3")).status == 401


def test_two_requests_with_one_key_at_once_make_one_refund(world: ApiWorld, store: MemoryStore) -> None:
    """Between one request's reading and its writing another with the same key is answered."""
    world.publish_policy()
    world.pay("mov-1")
    first, second = world.client(), world.client(sign_in="sid-2")
    first.prove("refund")
    second.prove("refund")
    answers: list[Answered] = []
    transact = store.transact

    def overtaken(writes: Any, *, token: str) -> None:
        if not answers and any(write.key.pk.startswith("KEY#") for write in writes):
            store.transact = transact  # type: ignore[method-assign]
            resolving = dict(api.context)  # of the request that is overtaken: in Lambda each has a process of its own
            answers.append(refund(second))
            api.context.update(resolving)
        transact(writes, token=token)

    store.transact = overtaken  # type: ignore[method-assign]
    answers.append(refund(first))
    assert [answer.status for answer in answers] == [201, 201]
    assert answers[0].json == answers[1].json
    assert answers[1].headers["Idempotency-Replayed"] == "true"


@pytest.mark.parametrize(
    ("amount", "code"),
    [
        ({"minor": 12851, "currency": "CNY"}, "amount_over_refundable"),
        ({"minor": 12850, "currency": "USD"}, "currency_differs"),
        ({"minor": 2**53 - 1, "currency": "CNY"}, "amount_over_refundable"),
    ],
)
def test_an_amount_that_the_payment_does_not_allow_is_refused_by_name(
    world: ApiWorld, client: Client, amount: dict[str, Any], code: str
) -> None:
    world.pay("mov-1")
    client.prove("refund")
    refused = refund(client, amount=amount)
    assert (refused.status, refused.code) == (422, code)


@pytest.mark.parametrize(
    "change",
    [
        {"amount": {"minor": 0, "currency": "CNY"}},
        {"amount": {"minor": -1, "currency": "CNY"}},
        {"amount": {"minor": 2**53, "currency": "CNY"}},
        {"amount": {"minor": "100", "currency": "CNY"}},
        {"amount": {"minor": 1.5, "currency": "CNY"}},
        {"amount": {"minor": True, "currency": "CNY"}},
        {"amount": {"minor": 100, "currency": "cny"}},
        {"amount": {"minor": 100}},
        {"amount": 100},
        {"reason": "because"},
        {"payment_id": ""},
        {"payment_id": "x" * 129},
        {"payment_id": 7},
        {"note": "x" * 501},
        {"account_id": "acct-2"},
    ],
)
def test_a_request_of_another_form_is_malformed_and_nothing_of_it_is_repeated(
    world: ApiWorld, client: Client, change: dict[str, Any]
) -> None:
    world.pay("mov-1")
    client.prove("refund")
    refused = refund(client, **change)
    assert (refused.status, refused.code) == (400, "malformed_request")
    assert all(fault["pointer"].startswith("#") for fault in refused.json["errors"])
    assert "acct-2" not in str(refused.json)
    assert "account_id" not in str(refused.json)


def test_a_refund_that_is_not_possible_is_refused_with_the_rule(world: ApiWorld, client: Client) -> None:
    world.pay("mov-1", MovementStatus.FAILED)
    world.pay("mov-2", kind=MovementKind.TRANSFER)
    world.pay("mov-3")
    client.prove("refund")
    failed = refund(client, "mov-1")
    assert (failed.status, failed.code, failed.json["decided_by"]) == (422, "not_eligible", "movement.captured")
    for payment, reason in (("mov-2", "cancelled"), ("mov-3", "unauthorised")):
        disputed = refund(client, payment, reason=reason)
        assert (disputed.status, disputed.code) == (422, "route_dispute")
        told = {name: disputed.json[name] for name in ("answer_by", "next_action", "next_url")}
        assert told == {"answer_by": "2026-12-07", "next_action": "freeze", "next_url": "/v1/me/freeze"}
        assert disputed.json["case_id"].startswith("case_")
    (case,) = client.ask("GET", "/v1/me/cases").json["cases"]
    assert (case["topic"], case["due_at"], case["answer_by"]) == ("dispute", None, "2026-12-07")
    assert refund(client, "mov-9").status == 404


def test_nothing_is_left_to_refund_of_a_payment_while_people_owe_an_answer_about_it(
    world: ApiWorld, client: Client
) -> None:
    for payment_id in ("mov-1", "mov-2"):
        world.pay(payment_id)
    client.prove("refund")
    english = {"Accept-Language": "en"}
    before = client.ask("GET", "/v1/me/payments/mov-1", headers=english).json
    assert (before["answer_by"], before["refundable"]["minor"] > 0) == (None, True)
    assert "There is nothing you have to do." in before["text"]
    disputed = refund(client, "mov-1", reason="unauthorised")
    assert disputed.code == "route_dispute"
    told = client.ask("GET", "/v1/me/payments/mov-1", headers=english).json
    assert (told["answer_by"], told["refundable"]["minor"]) == (disputed.json["answer_by"], 0)
    assert "There is nothing you have to do." not in told["text"]
    assert told["text"].endswith("A person is checking it, and answers by December 7.")
    listed = {one["id"]: one for one in client.ask("GET", "/v1/me/payments", headers=english).json["payments"]}
    assert listed["mov-1"] == told
    assert (listed["mov-2"]["answer_by"], listed["mov-2"]["refundable"]) == (None, before["refundable"])


def test_a_second_refund_while_one_is_under_way_names_the_first(world: ApiWorld, client: Client) -> None:
    world.publish_policy()
    world.pay("mov-1")
    client.prove("refund")
    first = refund(client, amount={"minor": 100, "currency": "CNY"})
    second = refund(client, key="key-0000-0000-0002", amount={"minor": 100, "currency": "CNY"})
    assert (second.status, second.code, second.json["refund_id"]) == (409, "refund_exists", first.json["id"])
    dates = ("typical_on", "promised_on", "promise_certain")
    assert {name: second.json[name] for name in dates} == {name: first.json[name] for name in dates}
    assert second.json["refund_status"] == "approved"


def test_a_refund_that_was_not_paid_out_is_named_with_the_date_of_its_next_step(
    world: ApiWorld, client: Client
) -> None:
    world.publish_policy()
    world.pay("mov-1")
    client.prove("refund")
    first = refund(client, amount={"minor": 100, "currency": "CNY"}).json
    failure = Failure("alipay", "ACQ.SELLER_BALANCE_NOT_ENOUGH")
    data = RefundTold(RefundStatus.FAILED, first["id"], "mov-1", 1, Money(100, "CNY"), failure=failure)
    give(world.ctx, [Fact("failed-1", "refund.failed", "wallet", world.clock.now(), ACCOUNT, data)])
    told = refund(client, key="key-0000-0000-0002", amount={"minor": 100, "currency": "CNY"})
    assert (told.status, told.code, told.json["decided_by"]) == (409, "refund_exists", "movement.unpaid_refund")
    assert (told.json["refund_status"], told.json["promised_on"]) == ("failed", None)
    work_off(world.ctx, world.clock.now(), {"message": Nowhere(), "bus": Nowhere()})
    told = refund(client, key="key-0000-0000-0002", amount={"minor": 100, "currency": "CNY"})
    next_step = client.ask("GET", f"/v1/me/refunds/{first['id']}").json["promised_on"]
    assert next_step is not None
    assert told.json["promised_on"] == next_step
    assert client.ask("GET", f"/v1/me/refunds/{first['id']}").json["failure"] == "refund_merchant_funds"
    payment = client.ask("GET", "/v1/me/payments/mov-1", headers={"Accept-Language": "en"}).json
    assert payment["open_refund_id"] == first["id"]
    assert "a person arranges another way" in payment["text"]


def test_a_refund_above_the_limit_is_looked_at_and_says_by_which_rule(world: ApiWorld, client: Client) -> None:
    world.publish_policy()
    world.pay("mov-1", amount=Money(60_000, "CNY"))
    client.prove("refund")
    made = refund(client)
    assert (made.json["status"], made.json["decision"]["outcome"]) == ("in_review", "IN_REVIEW")
    assert {"rule": "wallet.auto_approve", "outcome": "IN_REVIEW"} in made.json["decision"]["rules"]
    assert made.json["case_id"] is not None


def test_denied_refunds_have_a_rate_and_nothing_is_recorded_above_it(world: ApiWorld, client: Client) -> None:
    world.publish_policy(categories=("food",))
    world.pay("mov-1")
    client.prove("refund")
    keys = [f"key-0000-0000-1{number:03}" for number in range(DEFAULT_WALLET_POLICY.denied_max + 1)]
    answers = []
    for key in keys:
        answers.append(refund(client, key=key, reason="no_reason_return"))
        world.clock.advance(timedelta(seconds=30))
    assert [answer.status for answer in answers] == [201] * DEFAULT_WALLET_POLICY.denied_max + [429]
    assert (answers[-1].code, answers[-1].json["decided_by"]) == ("too_many_denied", "wallet.denied_rate")
    assert answers[-1].headers["Retry-After"] == str(86_400 - 30 * DEFAULT_WALLET_POLICY.denied_max)
    assert len(ids(client.ask("GET", "/v1/me/refunds"), "refunds")) == DEFAULT_WALLET_POLICY.denied_max
    assert refund(client, key="key-0000-0000-2000", reason="duplicate").status == 201


def test_refunds_come_newest_first_with_a_cursor_and_one_by_one(world: ApiWorld, client: Client) -> None:
    world.publish_policy()
    made = []
    for number in range(3):
        world.pay(f"mov-{number}")
        client.prove("refund") if number == 0 else None
        made.append(refund(client, f"mov-{number}", key=f"key-0000-0000-000{number}").json["id"])
        world.clock.advance(timedelta(minutes=1))
    first = client.ask("GET", "/v1/me/refunds", query={"limit": "2"})
    assert ids(first, "refunds") == [made[2], made[1]]
    rest = client.ask("GET", "/v1/me/refunds", query={"cursor": first.json["next"]})
    assert (ids(rest, "refunds"), rest.json["next"]) == ([made[0]], None)
    assert client.ask("GET", f"/v1/me/refunds/{made[0]}").json["id"] == made[0]
    assert world.client(OTHER).ask("GET", f"/v1/me/refunds/{made[0]}").status == 404


@pytest.mark.parametrize("reason", [reason.value for reason in RefundReason if reason is not RefundReason.UNAUTHORISED])
def test_every_reason_but_a_dispute_makes_a_refund(world: ApiWorld, client: Client, reason: str) -> None:
    world.pay("mov-1")
    client.prove("refund")
    assert refund(client, reason=reason).status == 201

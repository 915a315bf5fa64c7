"""The hotline PIN from its choosing in the app to its use on the line: one factor, of a kind of its own."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from hotline.accounts.changes import CHANGE_WAIT
from hotline.contracts.model import AccountClosed, AccountErased, Fact, PointKind
from hotline.identity import pins
from hotline.identity.policy import CODE_LIFE, FACTOR_BLOCK, FACTOR_LIFE, WRONG_PER_DAY
from hotline.kit.store import Table
from hotline.sessions import turns
from hotline_local.testing.memory_store import MemoryStore
from hotline_local.testing.virtual_clock import VirtualClock
from tests.support.api_client import Answered, Client
from tests.support.api_world import ACCOUNT, PHONE, ApiWorld
from tests.support.log_lines import lines, logged
from tests.support.phone import Phone, give, opened

PIN = "482137"
UNKNOWN = "+8613900000009"


def choose(client: Client, pin: str = PIN) -> Answered:
    return client.ask("PUT", "/v1/me/pin", body={"pin": pin})


def with_pin(world: ApiWorld, *methods: str) -> Client:
    """Somebody chooses the PIN after codes by these methods."""
    client = world.client()
    for method in methods or ("sms",):
        client.prove("set_pin", method)
    assert choose(client).json == {"pin": True}
    world.clock.advance(CHANGE_WAIT)
    return world.client()


def rung(world: ApiWorld, number: str = PHONE, contact_id: str = "contact-1") -> Phone:
    phone = Phone(world.ctx, number, contact_id=contact_id)
    phone.press("start")
    return phone


def wrong(number: int) -> str:
    return f"{900_000 + number}"


# ---------------------------------------------------------------- choosing


def test_a_pin_is_chosen_at_the_proof_that_it_will_be_worth(world: ApiWorld) -> None:
    client = world.client()
    assert choose(client).code == "insufficient_user_authentication"
    client.prove("set_pin")
    assert choose(client).status == 200
    assert client.ask("GET", "/v1/me/security").json["pin"] is True


def test_a_two_step_account_chooses_its_pin_after_two_different_codes(store: MemoryStore, clock: VirtualClock) -> None:
    client = ApiWorld(store, clock, two_step=True).client()
    client.prove("set_pin")
    assert choose(client).json["needs"] == ["email"]
    client.prove("set_pin", "email")
    assert choose(client).status == 200


@pytest.mark.parametrize(
    ("pin", "weakness"),
    [
        ("111111", "repeats"),
        ("123456", "sequence"),
        ("520131", "common"),
        ("900101", "common"),
        ("380000", "own_number"),
    ],
)
def test_a_weak_pin_is_refused_by_a_word_and_not_stored(
    world: ApiWorld, store: MemoryStore, pin: str, weakness: str
) -> None:
    client = world.client()
    client.prove("set_pin")
    refused = choose(client, pin)
    assert (refused.status, refused.code, refused.json["weakness"]) == (422, "pin_weak", weakness)
    assert store.get(pins.factors_key(ACCOUNT)) is None


@pytest.mark.parametrize("pin", ["48213", "4821374821309", "48213a", 482137, ""])
def test_an_entry_that_is_no_pin_is_malformed(world: ApiWorld, pin: Any) -> None:
    client = world.client()
    client.prove("set_pin")
    assert client.ask("PUT", "/v1/me/pin", body={"pin": pin}).code == "malformed_request"


def test_setting_and_removing_a_pin_is_told_to_every_contact_point(world: ApiWorld) -> None:
    client = with_pin(world)
    post = world.postbox()
    post.work()
    assert sum("PIN" in sent.body for sent in post.sent) == 2
    client.prove("set_pin")
    assert choose(client).status == 200, "the same one again"
    post.work()
    assert sum("hotline PIN" in sent.body for sent in post.sent) == 2, "is no news"
    assert client.ask("DELETE", "/v1/me/pin").json == {"pin": False}
    assert client.ask("DELETE", "/v1/me/pin").status == 404
    post.work()
    assert sum("removed" in sent.body for sent in post.sent) == 2


def test_no_table_and_no_log_holds_a_pin(world: ApiWorld, store: MemoryStore) -> None:
    with logged() as log:
        with_pin(world)
        rung(world).press("check_pin", pin=PIN)
        rung(world, contact_id="contact-2").press("check_pin", pin="905173")
    kept = str([item for table in Table for item in store.items(table)]) + str(lines(log))
    assert PIN not in kept
    assert "905173" not in kept


# ---------------------------------------------------------------- on the line


def test_a_pin_is_one_factor_for_looking_and_acting(world: ApiWorld) -> None:
    with_pin(world)
    world.lock_out()
    phone = rung(world)
    assert phone.press("check_pin", pin=PIN)["outcome"] == "PROVED"
    assert phone.press("choose_account")["outcome"] == "CHOSEN"
    assert phone.press("lock_status")["outcome"] == "SOFT"
    assert phone.press("unlock")["outcome"] == "ASKED"


def test_a_pin_is_the_second_factor_where_there_is_no_other(store: MemoryStore, clock: VirtualClock) -> None:
    world = ApiWorld(store, clock, two_step=True)
    with_pin(world, "sms", "email")
    phone = rung(world)
    phone.prove("sms", "unlock")
    needs = phone.press("reset")
    assert (needs["outcome"], needs["needs"]) == ("NEED_PROOF", "email")
    assert phone.press("check_pin", pin=PIN)["outcome"] == "PROVED"
    assert phone.press("choose_account")["outcome"] == "CHOSEN"
    assert phone.press("reset")["outcome"] == "GRANTED"


def test_an_account_without_an_address_is_asked_for_its_pin(store: MemoryStore, clock: VirtualClock) -> None:
    world = ApiWorld(store, clock)
    number = "+8613800000003"
    give(world.ctx, [opened("acct-3", (PointKind.PHONE, number), at=clock.now() - timedelta(days=9))])
    client = world.client("acct-3")
    client.prove("set_pin")
    assert choose(client).status == 200
    clock.advance(CHANGE_WAIT)
    client = world.client("acct-3", sign_in="sid-2")
    client.prove("freeze")
    client.ask("POST", "/v1/me/freeze")
    assert client.ask("POST", "/v1/me/unfreeze").json["needs"] == ["sms", "pin"], "the code was one to freeze"
    client.prove("unfreeze")
    assert client.ask("POST", "/v1/me/unfreeze").json["needs"] == ["pin"]
    phone = rung(world, number)
    phone.prove("sms", "unfreeze")
    assert phone.press("lock_status")["self_service"] == "unfreeze"
    assert phone.state.pin is True


def test_a_pin_twice_is_still_one_factor(store: MemoryStore, clock: VirtualClock) -> None:
    world = ApiWorld(store, clock, two_step=True)
    with_pin(world, "sms", "email")
    phone = rung(world)
    for _ in range(2):
        assert phone.press("check_pin", pin=PIN)["outcome"] == "PROVED"
        phone.press("choose_account")
    assert phone.press("reset")["outcome"] == "NEED_PROOF"


def test_a_pin_opens_its_own_account_only(world: ApiWorld) -> None:
    with_pin(world)
    phone = rung(world, "+8613800000002")
    assert phone.press("check_pin", pin=PIN)["outcome"] == "WRONG"
    assert phone.press("choose_account")["outcome"] == "NONE"


def test_a_number_of_two_accounts_proves_nothing_by_pin(store: MemoryStore, clock: VirtualClock) -> None:
    world = ApiWorld(store, clock)
    number, at = "+8613800000005", clock.now() - timedelta(days=9)
    for account_id in ("acct-5a", "acct-5b"):
        give(world.ctx, [opened(account_id, (PointKind.PHONE, number), at=at, shared=True)])
    client = world.client("acct-5a")
    client.prove("set_pin")
    assert choose(client).status == 200
    assert rung(world, number).press("check_pin", pin=PIN)["outcome"] == "WRONG"


@pytest.mark.parametrize("entered", ["48213", "1", "4821374821309"])
def test_an_entry_that_can_be_no_pin_costs_no_try(world: ApiWorld, store: MemoryStore, entered: str) -> None:
    with_pin(world)
    phone = rung(world)
    assert phone.press("check_pin", pin=entered)["outcome"] == "INVALID"
    assert "counters" not in (store.get(pins.factors_key(ACCOUNT)) or {})


def test_eight_wrong_ones_in_a_day_block_the_pin_for_a_day_and_nothing_else(world: ApiWorld) -> None:
    with_pin(world)
    for number in range(WRONG_PER_DAY - 1):
        phone = rung(world, contact_id=f"contact-{number}")
        assert phone.press("check_pin", pin=wrong(number))["outcome"] == "WRONG"
        world.clock.advance(timedelta(minutes=1))
    assert rung(world, contact_id="still").press("check_pin", pin=PIN)["outcome"] == "PROVED"
    assert rung(world, contact_id="last").press("check_pin", pin=wrong(99))["outcome"] == "SPENT"
    assert rung(world, contact_id="blocked").press("check_pin", pin=PIN)["outcome"] == "SPENT"
    phone = rung(world, contact_id="by-code")
    phone.prove()
    assert phone.press("lock_status")["outcome"] == "OPEN"
    world.clock.advance(FACTOR_BLOCK)
    assert rung(world, contact_id="after").press("check_pin", pin=PIN)["outcome"] == "PROVED"


def test_a_new_pin_does_not_forget_what_was_guessed(world: ApiWorld) -> None:
    client = with_pin(world)
    for number in range(WRONG_PER_DAY):
        rung(world, contact_id=f"contact-{number}").press("check_pin", pin=wrong(number))
    client.prove("set_pin")
    assert choose(client, "735108").status == 200
    assert rung(world, contact_id="new").press("check_pin", pin="735108")["outcome"] == "SPENT"


@pytest.mark.parametrize("who", ["with a PIN", "without one", "unknown"])
def test_everybody_without_the_pin_hears_the_same_and_causes_the_same_requests(
    store: MemoryStore, clock: VirtualClock, who: str
) -> None:
    def followed(chosen: str) -> list[Any]:
        own_clock = VirtualClock(clock.now())
        own_store = MemoryStore(own_clock)
        world = ApiWorld(own_store, own_clock)
        if chosen == "with a PIN":
            with_pin(world)
        phone = rung(world, UNKNOWN if chosen == "unknown" else PHONE)
        phone.press("set_language", language="en-US")
        seen = []
        for number in range(WRONG_PER_DAY + 1):
            before = (own_store.reads, own_store.transactions)
            said = phone.press("check_pin", pin=wrong(number))
            counted = (own_store.reads - before[0], own_store.transactions - before[1])
            seen.append((said["outcome"], said["prompt"], counted))
        return seen

    assert followed(who) == followed("with a PIN")


def test_a_delivery_that_comes_again_counts_once(world: ApiWorld, store: MemoryStore) -> None:
    with_pin(world)
    phone = rung(world)
    event = phone.event("check_pin", pin="905173")
    assert phone.deliver(event) == phone.deliver(event)
    stored = store.get(pins.factors_key(ACCOUNT))
    assert stored is not None
    assert len(stored["counters"]["pin/own_number"]["wrong"]) == 1


# ---------------------------------------------------------------- in the app


def test_a_pin_proves_in_the_app_as_on_the_line(world: ApiWorld) -> None:
    client = with_pin(world)
    world.clock.advance(timedelta(minutes=10))
    world.lock_out()
    again = world.client(sign_in="sid-2")
    asked = asked_for(again)
    assert again.enter(asked, wrong(1)).code == "wrong_code"
    assert again.enter(asked, "12").json["errors"] == [{"pointer": "#/code", "code": "string_pattern_mismatch"}]
    assert again.enter(asked, PIN).json["factors"] == ["pin", "session"]
    assert again.ask("POST", "/v1/me/unlock").status == 202
    assert client.ask("POST", "/v1/me/unlock").status == 401


def asked_for(client: Client) -> str:
    """The id of a challenge by PIN."""
    asked = client.ask("POST", "/v1/challenges", body={"operation": "unlock", "method": "pin"})
    assert asked.status == 201
    return str(asked.json["id"])


def test_a_pin_can_be_proved_again_when_its_ten_minutes_are_over(world: ApiWorld) -> None:
    with_pin(world)
    client = world.client(sign_in="sid-2")
    for _ in range(3):
        world.lock_out()
        assert client.enter(asked_for(client), PIN).status == 200
        assert client.ask("POST", "/v1/me/unlock").status == 202
        world.clock.advance(FACTOR_LIFE)
        assert client.ask("POST", "/v1/me/unlock").status == 401


def test_an_answer_that_is_sent_twice_is_one_try(world: ApiWorld, store: MemoryStore) -> None:
    with_pin(world)
    client = world.client(sign_in="sid-2")
    asked = asked_for(client)
    assert [client.enter(asked, wrong(1)).status for _ in range(2)] == [422, 422]
    stored = store.get(pins.factors_key(ACCOUNT))
    assert stored is not None
    assert len(stored["counters"]["pin/app"]["wrong"]) == 1


def test_a_challenge_by_pin_ends_and_belongs_to_its_session(world: ApiWorld) -> None:
    with_pin(world)
    client = world.client(sign_in="sid-2")
    asked = asked_for(client)
    assert world.client(sign_in="sid-3").enter(asked, PIN).code == "code_spent"
    world.clock.advance(CODE_LIFE)
    assert client.enter(asked, PIN).code == "code_expired"


def test_after_four_answers_a_pin_is_asked_for_anew(world: ApiWorld) -> None:
    client = with_pin(world)
    challenge = asked_for(client)
    answers = [client.enter(challenge, wrong(number)).code for number in range(5)]
    assert answers == ["wrong_code"] * 4 + ["code_spent"]


def test_no_stored_mark_of_an_answer_can_be_made_without_the_key_service(world: ApiWorld, store: MemoryStore) -> None:
    with_pin(world)
    client = world.client(sign_in="sid-2")
    asked = asked_for(client)
    client.enter(asked, PIN)
    rung(world).press("check_pin", pin=PIN)
    keyring = world.ctx.lookup_keys.get() if world.ctx.lookup_keys else None
    assert keyring is not None
    marks = {turns.fingerprint(keyring, "answer", {"id": asked, "code": PIN})}
    marks.add(turns.fingerprint(keyring, "check_pin", {"pin": PIN}))
    kept = str([item for table in Table for item in store.items(table)])
    assert not [mark for mark in marks if mark in kept]


# ---------------------------------------------------------------- a PIN that is new


def test_an_owner_of_the_phone_alone_cannot_make_a_second_factor_of_a_new_pin(world: ApiWorld) -> None:
    client = world.client()
    client.prove("set_pin")
    assert choose(client).status == 200
    client.ask("POST", "/v1/me/freeze")
    assert client.ask("POST", "/v1/me/unfreeze").json["needs"] == ["email"]
    asked = client.ask("POST", "/v1/challenges", body={"operation": "unfreeze", "method": "pin"})
    assert asked.code == "method_unavailable"
    phone = rung(world)
    phone.prove("sms", "unfreeze")
    assert phone.press("check_pin", pin=PIN)["outcome"] == "PROVED"
    assert phone.press("choose_account")["outcome"] == "CHOSEN"
    refused = phone.press("unfreeze")
    assert (refused["outcome"], refused["needs"]) == ("NEED_PROOF", "email")


@pytest.mark.parametrize(("short_of", "outcome"), [(timedelta(seconds=1), "NEED_PROOF"), (timedelta(), "ASKED")])
def test_a_pin_shows_at_once_and_acts_after_three_days(world: ApiWorld, short_of: timedelta, outcome: str) -> None:
    client = world.client()
    client.prove("set_pin")
    choose(client)
    world.clock.advance(timedelta(hours=72) - short_of)
    world.lock_out()
    phone = rung(world)
    assert phone.press("check_pin", pin=PIN)["outcome"] == "PROVED"
    phone.press("choose_account")
    assert phone.press("lock_status")["outcome"] == "SOFT"
    assert phone.press("unlock")["outcome"] == outcome


def test_no_pin_is_chosen_while_the_account_is_frozen(world: ApiWorld) -> None:
    client = world.client()
    client.prove("set_pin")
    client.ask("POST", "/v1/me/freeze")
    assert choose(client).code == "account_not_open"


def test_no_pin_is_chosen_for_an_account_that_is_closed(world: ApiWorld, store: MemoryStore) -> None:
    client = world.client()
    client.prove("set_pin")
    closed = Fact("fact-closed", "account.closed", "wallet", world.clock.now(), ACCOUNT, AccountClosed(9))
    give(world.ctx, [closed])
    assert choose(client).code == "account_closed"
    assert store.get(pins.factors_key(ACCOUNT)) is None


def test_without_a_pin_there_is_none_to_ask_for(world: ApiWorld) -> None:
    client = world.client()
    asked = client.ask("POST", "/v1/challenges", body={"operation": "unlock", "method": "pin"})
    assert (asked.status, asked.code) == (422, "method_unavailable")
    assert client.enter("pin", PIN).status == 404


def test_proof_by_a_pin_ends_with_the_pin(world: ApiWorld) -> None:
    client = with_pin(world)
    world.lock_out()
    by_pin = world.client(sign_in="sid-2")
    assert by_pin.enter(asked_for(by_pin), PIN).status == 200
    client.prove("set_pin")
    client.ask("DELETE", "/v1/me/pin")
    assert by_pin.ask("POST", "/v1/me/unlock").status == 401


def test_an_erased_account_leaves_no_pin(world: ApiWorld, store: MemoryStore) -> None:
    with_pin(world)
    erased = Fact("fact-erased", "account.erased", "wallet", world.clock.now(), ACCOUNT, AccountErased(9))
    give(world.ctx, [erased])
    assert store.get(pins.factors_key(ACCOUNT)) is None

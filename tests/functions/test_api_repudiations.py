"""That was not me: the token in a notice freezes the account once, and nothing else does what it does."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest

from hotline.contracts.model import AccountErased, Fact
from hotline.identity import repudiation
from hotline.identity.notices import REPUDIATION_LIFE
from hotline.kit.store import Table
from hotline_local.testing.memory_store import MemoryStore
from tests.support.api_client import Answered, Client
from tests.support.api_world import ACCOUNT, ApiWorld
from tests.support.log_lines import logged
from tests.support.phone import Phone, give

TOKEN = re.compile(r"[0-9A-Z]{4}(-[0-9A-Z]{4}){5}")


def repudiate(world: ApiWorld, token: str) -> Answered:
    return world.client(None).ask("POST", "/v1/repudiations", body={"token": token})


def tokens_in_messages(world: ApiWorld) -> list[str]:
    """The tokens in the messages that go out now."""
    post = world.postbox()
    post.work()
    found = [TOKEN.search(outgoing.body) for outgoing in post.sent]
    return [match.group(0) for match in found if match]


def unlocked(world: ApiWorld) -> Client:
    """Somebody unlocks the account."""
    world.lock_out()
    client = world.client()
    client.prove("unlock")
    world.postbox().work()
    assert client.ask("POST", "/v1/me/unlock").status == 202
    return client


def test_every_contact_point_gets_the_token_and_it_freezes_once(world: ApiWorld, store: MemoryStore) -> None:
    client = unlocked(world)
    sms, email = tokens_in_messages(world)
    assert sms == email
    answer = repudiate(world, sms)
    assert (answer.status, answer.json) == (202, {"outcome": "asked"})
    assert client.ask("GET", "/v1/me/lock").json["state"] == "FROZEN"
    again = repudiate(world, sms)
    assert (again.status, again.code) == (429, "code_spent")
    kinds = [entry["kind"] for entry in store.items(Table.OUTBOX)]
    assert kinds.count("account.freeze_requested") == 1
    assert kinds.count("case.opened") == 1


@pytest.mark.parametrize("asked", ["reset-grants", "unfreeze"])
def test_a_new_password_and_the_end_of_a_freeze_can_be_repudiated_too(world: ApiWorld, asked: str) -> None:
    client = world.client()
    if asked == "unfreeze":
        client.ask("POST", "/v1/me/freeze")
    client.prove("reset_grant")
    client.prove("reset_grant", "email")
    world.postbox().work()
    assert client.ask("POST", f"/v1/me/{asked}").status in (201, 202)
    assert repudiate(world, tokens_in_messages(world)[0]).status == 202
    assert client.ask("GET", "/v1/me/lock").json["state"] == "FROZEN"


def set_pin(world: ApiWorld, client: Client, pin: str) -> str:
    """Somebody chooses a PIN: the token in what its owner is told."""
    client.prove("set_pin")
    world.postbox().work()
    assert client.ask("PUT", "/v1/me/pin", body={"pin": pin}).status == 200
    return tokens_in_messages(world)[0]


def test_a_pin_that_is_repudiated_is_gone_and_the_account_frozen(world: ApiWorld) -> None:
    client = world.client()
    token = set_pin(world, client, "620935")
    assert repudiate(world, token).json == {"outcome": "asked"}
    assert client.ask("GET", "/v1/me/lock").json["state"] == "FROZEN"
    assert client.ask("GET", "/v1/me/security").json["pin"] is False


def test_a_pin_that_was_chosen_since_then_stays(world: ApiWorld) -> None:
    client = world.client()
    token = set_pin(world, client, "620935")
    world.clock.advance(timedelta(minutes=20))
    set_pin(world, client, "842617")
    assert repudiate(world, token).status == 202
    assert client.ask("GET", "/v1/me/security").json["pin"] is True


def test_a_pin_that_was_taken_away_can_be_repudiated(world: ApiWorld) -> None:
    client = world.client()
    set_pin(world, client, "620935")
    client.prove("set_pin")
    world.postbox().work()
    assert client.ask("DELETE", "/v1/me/pin").json == {"pin": False}
    assert repudiate(world, tokens_in_messages(world)[0]).status == 202
    assert client.ask("GET", "/v1/me/lock").json["state"] == "FROZEN"


def test_a_pause_that_is_repudiated_bars_pauses_without_a_factor_and_freezes_nothing(world: ApiWorld) -> None:
    def called(contact_id: str) -> None:
        phone = Phone(world.ctx, "+8613800000001", contact_id=contact_id)
        phone.press("start")
        assert phone.press("pause")["outcome"] == "ASKED"

    called("contact-1")
    assert repudiate(world, tokens_in_messages(world)[0]).json == {"outcome": "barred"}
    client = world.client()
    assert client.ask("GET", "/v1/me/lock").json["state"] == "PAUSED"
    world.clock.advance(timedelta(days=8))
    called("contact-2")
    assert world.client().ask("GET", "/v1/me/lock").json["state"] == "OPEN"


def test_a_token_is_good_for_seven_days(world: ApiWorld) -> None:
    unlocked(world)
    token = tokens_in_messages(world)[0]
    world.clock.advance(REPUDIATION_LIFE - timedelta(seconds=1))
    assert repudiate(world, token).status == 202


def test_and_no_longer(world: ApiWorld) -> None:
    unlocked(world)
    token = tokens_in_messages(world)[0]
    world.clock.advance(REPUDIATION_LIFE)
    assert repudiate(world, token).code == "code_spent"
    assert world.client().ask("GET", "/v1/me/lock").json["state"] == "OPEN"


def test_a_token_may_be_typed_in_any_case_with_or_without_hyphens(world: ApiWorld) -> None:
    unlocked(world)
    token = tokens_in_messages(world)[0]
    assert repudiate(world, f" {token.lower().replace('-', ' ')} ").status == 202


@pytest.mark.parametrize("change", [lambda token: token[:-1] + ("0" if token[-1] != "0" else "1"), lambda _: "0" * 24])
def test_a_token_that_is_not_genuine_is_that_of_nobody(world: ApiWorld, change: object) -> None:
    unlocked(world)
    token = tokens_in_messages(world)[0]
    assert callable(change)
    assert repudiate(world, change(token)).status == 404
    assert world.client().ask("GET", "/v1/me/lock").json["state"] != "FROZEN"


@pytest.mark.parametrize(
    ("token", "status"), [("", 400), ("x" * 65, 400), ("x" * 64, 404), ("short", 404), ("é" * 24, 404), ("U" * 24, 404)]
)
def test_a_text_that_can_be_no_token_is_refused(world: ApiWorld, token: str, status: int) -> None:
    assert repudiate(world, token).status == status


def test_no_table_and_no_log_holds_a_token(world: ApiWorld, store: MemoryStore) -> None:
    with logged() as log:
        unlocked(world)
        token = tokens_in_messages(world)[0]
        repudiate(world, token)
    kept = str([item for table in Table for item in store.items(table)]) + log.getvalue()
    assert token not in kept
    assert token.replace("-", "") not in kept


def test_of_an_account_that_was_erased_meanwhile_nothing_is_frozen(world: ApiWorld) -> None:
    unlocked(world)
    token = tokens_in_messages(world)[0]
    erased = Fact("fact-erased", "account.erased", "wallet", world.clock.now(), ACCOUNT, AccountErased(9))
    give(world.ctx, [erased])
    assert repudiate(world, token).status == 404


def test_two_notices_have_two_tokens_and_every_token_is_its_notices_own(world: ApiWorld) -> None:
    assert world.ctx.code_keys is not None
    keyring = world.ctx.code_keys.get()
    ids = [repudiation.new_id(world.ctx.ids) for _ in range(200)]
    tokens = [repudiation.token_of(one, keyring) for one in ids]
    assert len(set(tokens)) == len(ids)
    assert [repudiation.id_in(token, keyring) for token in tokens] == ids
    assert all(TOKEN.fullmatch(token) for token in tokens)

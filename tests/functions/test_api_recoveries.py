"""Back into an account without a token: the same steps, words and requests for everybody, until a code proves it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from functions.messenger.delivery import begin as begin_again
from hotline.contracts.model import AccountClosed, Fact, PointKind, TwoStepChanged
from hotline.identity import recovery as recovery_module
from hotline.identity.policy import CODE_LIFE, CODE_TRIES, FACTOR_LIFE
from hotline.kit.errors import Unavailable
from hotline.kit.store import Table
from hotline.sessions.items import session_from, session_key
from hotline.sessions.model import SessionKind, SessionState
from hotline_local.testing.memory_store import MemoryStore
from hotline_local.testing.virtual_clock import VirtualClock
from tests.support.api_client import Answered, Client
from tests.support.api_world import ACCOUNT, EMAIL, PHONE, ApiWorld
from tests.support.log_lines import lines, logged
from tests.support.phone import give, opened

UNKNOWN = "+8613900000009"


@pytest.fixture
def anybody(world: ApiWorld) -> Client:
    return world.client(None)


def asked(client: Client, value: str = PHONE, *, kind: str = "phone", goal: str = "reset") -> Answered:
    return client.ask("POST", "/v1/recoveries", body={"contact": {"kind": kind, "value": value}, "goal": goal})


def begun(world: ApiWorld, recovery_id: str) -> SessionState:
    stored = world.ctx.store.get(session_key(recovery_id, SessionKind.RECOVERY))
    assert stored is not None
    return session_from(stored)


def code_of(world: ApiWorld, recovery_id: str) -> str:
    waiting = begun(world, recovery_id).challenge
    assert waiting is not None
    return world.client().code(waiting.id)


def enter(client: Client, recovery_id: str, code: str) -> Answered:
    return client.ask("POST", f"/v1/recoveries/{recovery_id}/codes", body={"code": code})


def wrong(code: str, number: int = 0) -> str:
    return f"{(int(code) + 1 + number) % 1_000_000:06d}"


def decisions(store: MemoryStore) -> list[str]:
    return sorted(entry["kind"] for entry in store.items(Table.OUTBOX) if entry["to"] == "bus")


def test_a_customer_proves_the_phone_and_may_choose_a_new_password(
    world: ApiWorld, anybody: Client, store: MemoryStore
) -> None:
    world.lock_out()
    recovery = asked(anybody)
    assert recovery.status == 202
    post = world.postbox()
    post.work()
    assert [outgoing.address for outgoing in post.sent][-1] == PHONE
    answer = enter(anybody, recovery.json["id"], code_of(world, recovery.json["id"]))
    assert (answer.status, answer.json) == (200, {"state": "granted", "needs": None})
    assert decisions(store).count("password_reset.authorised") == 1


def test_an_unlock_may_be_the_goal(world: ApiWorld, anybody: Client, store: MemoryStore) -> None:
    world.lock_out()
    recovery = asked(anybody, goal="unlock").json["id"]
    world.postbox().work()
    assert enter(anybody, recovery, code_of(world, recovery)).json["state"] == "granted"
    assert "account.unlock_requested" in decisions(store)


def test_a_two_step_account_gets_a_second_code_by_another_way(store: MemoryStore, clock: VirtualClock) -> None:
    world = ApiWorld(store, clock, two_step=True)
    anybody = world.client(None)
    recovery = asked(anybody, EMAIL, kind="email").json["id"]
    post = world.postbox()
    post.work()
    assert post.sent[-1].address == EMAIL
    first = enter(anybody, recovery, code_of(world, recovery))
    assert first.json == {"state": "more", "needs": "sms"}
    post.work()
    assert post.sent[-1].address == PHONE
    assert enter(anybody, recovery, code_of(world, recovery)).json["state"] == "granted"
    assert decisions(store).count("password_reset.authorised") == 1


def test_an_account_without_a_second_way_needs_a_person(store: MemoryStore, clock: VirtualClock) -> None:
    world = ApiWorld(store, clock)
    number = "+8613800000003"
    give(world.ctx, [opened("acct-3", (PointKind.PHONE, number), at=clock.now(), two_step=True)])
    anybody = world.client(None)
    recovery = asked(anybody, number).json["id"]
    world.postbox().work()
    assert enter(anybody, recovery, code_of(world, recovery)).json == {"state": "more", "needs": "agent"}


def test_a_hold_is_left_to_a_person(world: ApiWorld, anybody: Client) -> None:
    world.client().ask("POST", "/v1/me/freeze")
    recovery = asked(anybody).json["id"]
    world.postbox().work()
    assert enter(anybody, recovery, code_of(world, recovery)).json == {"state": "more", "needs": "agent"}


def test_the_same_answer_delivered_again_is_answered_as_before(
    world: ApiWorld, anybody: Client, store: MemoryStore
) -> None:
    recovery = asked(anybody).json["id"]
    world.postbox().work()
    code = code_of(world, recovery)
    assert enter(anybody, recovery, code).json == enter(anybody, recovery, code).json
    assert decisions(store).count("password_reset.authorised") == 1


def test_a_used_code_does_nothing_a_second_time(
    world: ApiWorld, anybody: Client, store: MemoryStore, clock: VirtualClock
) -> None:
    world.lock_out()
    recovery = asked(anybody, goal="unlock").json["id"]
    world.postbox().work()
    code = code_of(world, recovery)
    assert enter(anybody, recovery, code).json["state"] == "granted"
    clock.advance(timedelta(minutes=5))
    world.lock_out()
    before = decisions(store)
    assert enter(anybody, recovery, code).json["state"] == "granted", "as it was answered before"
    assert decisions(store) == before
    clock.advance(FACTOR_LIFE)
    codes = len(world.postbox().sent)
    enter(anybody, recovery, code)
    world.postbox().work()
    assert len(world.postbox().sent) == codes
    assert decisions(store) == before


def test_a_code_that_led_to_a_person_leads_nowhere_else_later(
    store: MemoryStore, clock: VirtualClock, anybody: Client, world: ApiWorld
) -> None:
    world.client().ask("POST", "/v1/me/freeze")
    recovery = asked(anybody).json["id"]
    world.postbox().work()
    code = code_of(world, recovery)
    first = enter(anybody, recovery, code).json
    assert first == {"state": "more", "needs": "agent"}
    owner = world.client(sign_in="sid-2")
    owner.prove("unfreeze", "sms")
    owner.prove("unfreeze", "email")
    assert owner.ask("POST", "/v1/me/unfreeze").status == 202
    assert enter(anybody, recovery, code).json == first
    assert "password_reset.authorised" not in decisions(store)


def test_an_unused_proof_is_used_for_the_account_as_it_is_now(
    world: ApiWorld, anybody: Client, store: MemoryStore, monkeypatch: pytest.MonkeyPatch, clock: VirtualClock
) -> None:
    def lost(*_: Any) -> Any:
        raise Unavailable

    recovery = asked(anybody).json["id"]
    world.postbox().work()
    code = code_of(world, recovery)
    with monkeypatch.context() as patch:
        patch.setattr(recovery_module, "_go_on", lost)
        assert enter(anybody, recovery, code).status == 503
    give(world.ctx, [Fact("fact-2step", "two_step.changed", "wallet", clock.now(), ACCOUNT, TwoStepChanged(9, True))])
    assert enter(anybody, recovery, code).json == {"state": "more", "needs": "email"}
    assert "password_reset.authorised" not in decisions(store)


@pytest.mark.parametrize("recovery_id", ["x" * 2_100, "rec_1", "rec_" + "0" * 32, "nobody", "%00", "rec_%F0%9F%90%88"])
def test_an_id_that_can_be_no_recovery_is_answered_like_a_wrong_code(anybody: Client, recovery_id: str) -> None:
    assert enter(anybody, recovery_id, "123456").code == "wrong_code"


def test_an_entry_that_is_delivered_twice_begins_one_recovery_and_sends_one_code(
    world: ApiWorld, anybody: Client, store: MemoryStore
) -> None:
    asked(anybody)
    post = world.postbox()
    post.work()
    (entry,) = [entry for entry in store.items(Table.OUTBOX) if entry["kind"] == "recovery.asked"]
    begin_again(entry, world.ctx)
    post.work()
    assert len(post.sent) == 1


@pytest.mark.parametrize("contact", [PHONE, UNKNOWN])
def test_asking_is_one_read_and_one_write_whoever_the_contact_belongs_to(
    world: ApiWorld, anybody: Client, store: MemoryStore, contact: str
) -> None:
    before = (store.reads, store.transactions)
    assert asked(anybody, contact).status == 202
    assert (store.reads - before[0], store.transactions - before[1]) == (1, 1)


def test_nothing_in_the_request_for_a_recovery_names_the_contact(
    world: ApiWorld, anybody: Client, store: MemoryStore
) -> None:
    with logged() as log:
        asked(anybody)
        asked(anybody, EMAIL, kind="email")
    kept = str([entry for entry in store.items(Table.OUTBOX) if entry["kind"] == "recovery.asked"])
    assert PHONE not in kept
    assert EMAIL not in kept
    assert PHONE not in str(lines(log))


def prepared(world: ApiWorld, who: str) -> str:
    """Make the contact that of somebody known, unknown, locked, closed or frozen; returns it."""
    if who == "locked":
        world.lock_out()
    elif who == "closed":
        give(world.ctx, [Fact("closed", "account.closed", "wallet", world.clock.now(), ACCOUNT, AccountClosed(9))])
    elif who == "frozen":
        world.client().ask("POST", "/v1/me/freeze")
        world.postbox().work()
    return UNKNOWN if who == "unknown" else PHONE


EVERYBODY = ("known", "unknown", "locked", "closed", "frozen")


def followed(store: MemoryStore, clock: VirtualClock, who: str) -> list[Any]:
    """The whole way of a recovery with wrong codes: answers, and the requests that each part makes."""
    world = ApiWorld(store, clock)
    anybody = world.client(None)
    contact = prepared(world, who)
    seen: list[Any] = []

    def counted(work: Any) -> None:
        before = (store.reads, store.transactions)
        answer = work()
        shown = (answer.status, answer.json if answer.status != 202 else sorted(answer.json)) if answer else None
        seen.append((shown, store.reads - before[0], store.transactions - before[1]))

    recovery = ""

    def ask() -> Answered:
        nonlocal recovery
        answer = asked(anybody, contact)
        recovery = answer.json["id"]
        return answer

    counted(ask)
    world.postbox().work()
    code = code_of(world, recovery)
    for number in range(CODE_TRIES + 1):
        counted(lambda number=number: enter(anybody, recovery, wrong(code, number)))
    counted(lambda: enter(anybody, recovery, "12345"))
    clock.advance(CODE_LIFE)
    counted(lambda: enter(anybody, recovery, code))
    return seen


@pytest.mark.parametrize("who", EVERYBODY)
def test_a_client_without_a_code_sees_the_same_answers_and_causes_the_same_requests(who: str) -> None:
    def fresh() -> tuple[MemoryStore, VirtualClock]:
        clock = VirtualClock(datetime(2026, 11, 23, 12, 0, tzinfo=UTC))
        return MemoryStore(clock), clock

    assert followed(*fresh(), who) == followed(*fresh(), "known")


def test_the_right_code_of_an_unknown_contact_proves_nothing(world: ApiWorld, anybody: Client) -> None:
    recovery = asked(anybody, UNKNOWN).json["id"]
    post = world.postbox()
    post.work()
    assert post.sent == []
    refused = enter(anybody, recovery, code_of(world, recovery))
    assert (refused.status, refused.code) == (422, "wrong_code")


def test_a_recovery_that_there_is_not_is_answered_like_a_wrong_code(world: ApiWorld, anybody: Client) -> None:
    recovery = asked(anybody).json["id"]
    before_it_began = enter(anybody, recovery, "123456")
    world.postbox().work()
    refused = enter(anybody, recovery, wrong(code_of(world, recovery)))
    made_up = enter(anybody, "rec_00000000000000000000000000000000", "123456")
    assert before_it_began.json == refused.json == made_up.json
    assert refused.status == 422


@pytest.mark.parametrize(
    ("contact", "status"),
    [
        ({"kind": "phone", "value": "13800000001"}, 202),
        ({"kind": "phone", "value": "+1 202 555 0109"}, 202),
        ({"kind": "phone", "value": "hello there"}, 400),
        ({"kind": "phone", "value": ""}, 400),
        ({"kind": "email", "value": "one@customer.example"}, 202),
        ({"kind": "email", "value": "nobody"}, 400),
        ({"kind": "email", "value": "x" * 250 + "@y.example"}, 400),
        ({"kind": "fax", "value": PHONE}, 400),
        ({"kind": "phone"}, 400),
        ({"kind": "phone", "value": 13800000001}, 400),
        ("+8613800000001", 400),
        (None, 400),
    ],
)
def test_only_what_can_be_a_contact_is_taken(anybody: Client, contact: Any, status: int) -> None:
    assert anybody.ask("POST", "/v1/recoveries", body={"contact": contact, "goal": "reset"}).status == status


def test_one_phone_of_two_accounts_leads_to_a_person(store: MemoryStore, clock: VirtualClock) -> None:
    world = ApiWorld(store, clock)
    number, at = "+8613800000005", clock.now()
    for account_id in ("acct-5a", "acct-5b"):
        give(world.ctx, [opened(account_id, (PointKind.PHONE, number), at=at, shared=True)])
    anybody = world.client(None)
    recovery = asked(anybody, number).json["id"]
    world.postbox().work()
    assert enter(anybody, recovery, code_of(world, recovery)).json == {"state": "more", "needs": "agent"}

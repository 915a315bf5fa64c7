"""That was not me, counted for the rules whose findings name what an owner denies: once, whichever comes first."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from functions.deadlines.work import Summary, work_off
from hotline.contracts.limits import CONTACT_POINTS_MAX
from hotline.contracts.model import (
    ContactPointChanged,
    LoginKind,
    LoginSource,
    LoginTried,
    MovementTold,
    PointKind,
)
from hotline.intake.service import fold
from hotline.kit.actor import Agent
from hotline.kit.change import Change
from hotline.kit.clock import to_text
from hotline.kit.errors import Unavailable
from hotline.kit.store import TRANSACTION_ITEMS_MAX, Delete, Key, Put, Table, hotline_key
from hotline.kit.store.condition import Item
from hotline.reports import service as reports
from hotline.security import service as security
from hotline.security.denials import COUNTED_MAX, denials_duty_at, denials_key, look_at_denials
from hotline.security.detectors.reset_device_transfer import DETECTOR
from hotline.security.feedback import read_feedback
from hotline.security.findings import Kind
from hotline.security.items import all_findings_query, named_finding_key
from hotline.security.model import FINDINGS_READ_MAX, NamedMovement, Verdict
from hotline_local.testing.memory_store import MemoryStore
from tests.support.api_world import ACCOUNT, ApiWorld
from tests.support.clock_and_store import clock as clock
from tests.support.clock_and_store import store as store
from tests.support.clock_and_store import world as world
from tests.support.customer_life import Nowhere
from tests.support.faults import once
from tests.support.found import finding_of, suppress, take_step
from tests.support.lock_desk import fact
from tests.support.scan_runs import COMPLETE, chain, shard_of

RULE = DETECTOR.rule
BURST = "failed_login_burst"


def steal(world: ApiWorld) -> str:
    """A takeover: a new password, a new device and money out. Gives the id of the movement."""
    *before, sent = chain(world.clock.now(), account=ACCOUNT)
    assert isinstance(sent.data, MovementTold)
    world.clock.advance(timedelta(minutes=31))
    fold(world.ctx, [*before, replace(sent, data=replace(sent.data, movement_id="stolen-1"))])
    return "stolen-1"


def scan(world: ApiWorld) -> None:
    world.clock.advance(COMPLETE)
    security.scan_shard(world.ctx, shard_of(ACCOUNT))


def deny(world: ApiWorld, about: str, id_: str) -> None:
    client = world.client()
    assert client.ask("POST", "/v1/me/repudiations", body={"about": about, "id": id_}).status == 202


def denied(world: ApiWorld) -> dict[str, int]:
    day = world.clock.now().date()
    report = reports.plain(reports.read_report(world.ctx.store, day - timedelta(days=1), day))
    return {one["rule"]: one["denied"] for one in report["rules"]}


def test_a_movement_that_a_finding_names_counts_for_its_rule(world: ApiWorld) -> None:
    movement_id = steal(world)
    scan(world)
    deny(world, "movement", movement_id)
    assert denied(world) == {RULE: 1}


def test_a_finding_counts_once_however_often_its_owner_says_so(world: ApiWorld) -> None:
    movement_id = steal(world)
    scan(world)
    for _ in range(2):
        deny(world, "movement", movement_id)
    scan(world)
    assert denied(world) == {RULE: 1}


def test_an_owner_who_is_quicker_than_the_scan_counts_too(world: ApiWorld) -> None:
    deny(world, "movement", steal(world))
    assert denied(world) == {}
    scan(world)
    assert denied(world) == {RULE: 1}


def test_another_movement_counts_for_nothing(world: ApiWorld) -> None:
    steal(world)
    world.pay("mov-1")
    scan(world)
    deny(world, "movement", "mov-1")
    assert denied(world) == {}


def test_a_login_that_a_finding_names_counts_for_its_rule(world: ApiWorld, store: MemoryStore) -> None:
    """Ten failures and a success from nowhere that the account knows."""
    at = world.clock.now()
    tries = [
        fact(
            f"login.{'succeeded' if number == 10 else 'failed'}",
            at + timedelta(seconds=number),
            LoginTried(
                f"try-{number}",
                LoginSource(ip="203.0.113.9", device_id="device-9", country="US"),
                LoginKind.PASSWORD,
                succeeded=number == 10,
            ),
            account=ACCOUNT,
        )
        for number in range(11)
    ]
    world.clock.advance(timedelta(minutes=1))
    fold(world.ctx, tries)
    scan(world)
    found = {item["rule"] for item in store.items(Table.HOTLINE) if item["SK"].startswith("FINDING#")}
    assert found == {BURST, "success_after_attack"}
    (login,) = world.client().ask("GET", "/v1/me/security").json["logins"]
    deny(world, "login", login["id"])
    assert denied(world) == {"success_after_attack": 1}


def findings(store: MemoryStore) -> list[Item]:
    return [item for item in store.items(Table.HOTLINE) if item["SK"].startswith("FINDING#")]


def lock_of(world: ApiWorld) -> str:
    state: str = world.client().ask("GET", "/v1/me/lock").json["state"]
    return state


def test_a_finding_that_ends_at_the_denial_leaves_nothing_and_the_account_is_frozen(
    world: ApiWorld, store: MemoryStore
) -> None:
    movement_id = steal(world)
    scan(world)
    ended: list[Key] = []

    def end_it(call: str) -> None:
        if call == "query" and not ended:
            (found,) = findings(store)
            ended.append(hotline_key(found["PK"], found["SK"]))
            store.transact([Delete(ended[0])], token="end")

    store.after = end_it
    deny(world, "movement", movement_id)
    assert ended
    assert findings(store) == []
    assert security.list_findings(store, ACCOUNT, world.clock.now()) == ()
    assert (lock_of(world), denied(world)) == ("FROZEN", {})


def test_a_freeze_waits_for_no_count(world: ApiWorld, store: MemoryStore) -> None:
    """The denial is kept, and counts with the next finding."""
    movement_id = steal(world)
    store.before = once(Unavailable(), on="query")
    deny(world, "movement", movement_id)
    store.before = None
    assert (lock_of(world), store.get(denials_key(ACCOUNT)) is not None) == ("FROZEN", True)
    scan(world)
    assert denied(world) == {RULE: 1}


def tick(world: ApiWorld) -> Summary:
    """The deadlines of the next minute."""
    world.clock.advance(timedelta(minutes=1))
    return work_off(world.ctx, world.clock.now(), {"message": Nowhere(), "bus": Nowhere()}, at_once=1)


def test_findings_that_could_not_be_read_at_the_denial_count_soon(world: ApiWorld, store: MemoryStore) -> None:
    """Nothing else may ever happen to them: no event comes, and the scan corrects none."""
    movement_id = steal(world)
    scan(world)
    store.before = once(Unavailable(), on="query")
    deny(world, "movement", movement_id)
    store.before = None
    assert denied(world) == {}
    duty = denials_duty_at(denials_key(ACCOUNT))
    assert duty is not None
    store.before = once(Unavailable(), on="query")
    with pytest.raises(Unavailable):
        duty.read(store, world.clock.now())
    store.before = None
    tick(world)
    assert denied(world) == {RULE: 1}
    assert "due_pk" not in (store.get(denials_key(ACCOUNT)) or {})
    tick(world)
    scan(world)
    assert denied(world) == {RULE: 1}


def test_a_denial_that_is_counted_later_counts_none_of_another_one(world: ApiWorld, store: MemoryStore) -> None:
    """Two denials: the findings cannot be read at the first, and the second counts for both."""
    movement_id = steal(world)
    world.pay("mov-1")
    scan(world)
    store.before = once(Unavailable(), on="query")
    deny(world, "movement", movement_id)
    store.before = None
    deny(world, "movement", "mov-1")
    assert denied(world) == {RULE: 1}
    tick(world)
    assert denied(world) == {RULE: 1}


def test_no_other_item_is_a_denial() -> None:
    assert denials_duty_at(hotline_key(f"ACCOUNT#{ACCOUNT}", "#DIGEST")) is None
    assert denials_duty_at(hotline_key("FEED", "#DENIED")) is None


@pytest.mark.parametrize("number", [COUNTED_MAX, 3 * COUNTED_MAX])
def test_findings_of_so_many_days_leave_room_for_the_freeze(world: ApiWorld, store: MemoryStore, number: int) -> None:
    """Each finding is of another day, and the account has as many contact points as there may be."""
    for index in range(2, CONTACT_POINTS_MAX):
        added = ContactPointChanged(
            index, PointKind.PHONE, None, f"+861380000010{index}", world.clock.now(), reassigned=False
        )
        fold(world.ctx, [fact("contact_point.changed", world.clock.now(), added, account=ACCOUNT)])
    world.clock.advance(timedelta(days=60))
    movement_id = steal(world)
    scan(world)
    (found,) = findings(store)
    for index in range(1, number):
        key = hotline_key(found["PK"], f"FINDING#f{index}")
        found_at = to_text(world.clock.now() - timedelta(days=index))
        again = {**found, "SK": key.sk, "finding_id": f"f{index}", "found_at": found_at}
        store.transact([Put(key, again)], token=f"put-{index}")
    sizes: list[int] = []
    transact = store.transact

    def measure(writes: list[Put], *, token: str) -> None:
        sizes.append(len(writes))
        transact(writes, token=token)

    store.transact = measure  # type: ignore[method-assign,assignment]
    deny(world, "movement", movement_id)
    assert lock_of(world) == "FROZEN"
    assert 2 * COUNTED_MAX < max(sizes) <= TRANSACTION_ITEMS_MAX
    assert len([item for item in findings(store) if "denied_at" in item]) == COUNTED_MAX
    tick(world)
    assert len([item for item in findings(store) if "denied_at" in item]) == number
    assert max(sizes) <= TRANSACTION_ITEMS_MAX
    day = world.clock.now().date()
    counted = read_feedback(store, day - timedelta(days=number), day)
    assert sum(told.get(f"finding/{RULE}:{DETECTOR.version}/denied", 0) for _, told in counted) == number


def test_a_denial_counts_for_an_account_with_many_findings(world: ApiWorld, store: MemoryStore) -> None:
    """Findings are stored by their ids. The one that names what is denied is behind all others."""
    movement_id = steal(world)
    scan(world)
    (found,) = findings(store)
    old = {**found, "movements": {}, "event_ids": []}
    for index in range(100):
        key = hotline_key(found["PK"], f"FINDING#!{index:03d}")
        store.transact([Put(key, {**old, "SK": key.sk, "finding_id": f"!{index:03d}"})], token=f"put-{index}")
    deny(world, "movement", movement_id)
    assert [item["finding_id"] for item in findings(store) if "denied_at" in item] == [found["finding_id"]]


def test_a_denial_counts_behind_a_whole_answer_of_the_store(world: ApiWorld, store: MemoryStore) -> None:
    """An answer of DynamoDB ends at 1 MB. The finding that names what is denied is in the second one."""
    movement_id = steal(world)
    scan(world)
    (found,) = findings(store)
    old = {**found, "movements": {}, "event_ids": [], "facts": {"text": "x" * 50_000}}
    for index in range(25):
        key = hotline_key(found["PK"], f"FINDING#!{index:03d}")
        store.transact([Put(key, {**old, "SK": key.sk, "finding_id": f"!{index:03d}"})], token=f"put-{index}")
    first = store.query(all_findings_query(ACCOUNT, limit=FINDINGS_READ_MAX))
    assert found["finding_id"] not in [item["finding_id"] for item in first.items]
    deny(world, "movement", movement_id)
    assert [item["finding_id"] for item in findings(store) if "denied_at" in item] == [found["finding_id"]]
    assert named_finding_key(ACCOUNT, found["finding_id"]) in look_at_denials(store, ACCOUNT)


def test_a_suppressed_finding_that_is_raised_counts_its_denial_on_the_day_of_its_verdict(
    world: ApiWorld, store: MemoryStore
) -> None:
    first, ids = world.clock.now(), world.ctx.ids
    until = first + timedelta(hours=1)
    suppress(store, ids, BURST, account_id=ACCOUNT, now=first, since=first - timedelta(hours=1), until=until)
    found = finding_of("f1", first, account_id=ACCOUNT)
    take_step(store, ids, first, Kind.RAISE, found)
    store.transact([Put(denials_key(ACCOUNT), {"logins": [], "movements": ["abcdef"], "rev": 1})], token="deny")
    world.clock.advance(timedelta(days=3))
    now = world.clock.now()
    named = {"event-2": NamedMovement("abcdef", "")}
    take_step(store, ids, now, Kind.RAISE, replace(found, window_end=now, event_ids=("event-2",), movements=named))
    change = Change(actor=Agent("agent-1", "-"), cause="judge", now=now, ids=ids)
    read = store.batch_get(list(security.verdict_keys(ACCOUNT, "f1")))
    security.contribute_verdict(change, read, ACCOUNT, "f1", Verdict.CONFIRMED, judged_by="agent-1", zone="UTC")
    change.commit(store)
    counted = dict(read_feedback(store, first.date(), now.date()))
    assert counted == {now.date(): {f"finding/{BURST}:1/denied": 1, f"finding/{BURST}:1/confirmed": 1}}

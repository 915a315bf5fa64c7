"""The effects of a finding that is raised, corrected or taken back, one by one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from hotline.cases import service as cases
from hotline.cases.model import Case, Priority
from hotline.kit.actor import Agent
from hotline.kit.change import Change
from hotline.kit.clock import to_text
from hotline.kit.store import Put, Table, hotline_key
from hotline.kit.store.condition import Item
from hotline.security import items
from hotline.security.denials import denials_key
from hotline.security.detectors import Stream
from hotline.security.feedback import read_feedback
from hotline.security.findings import Kind, Step
from hotline.security.model import ACCOUNTS_MAX, Finding, NamedMovement
from tests.support.found import finding_of, suppress, take_step
from tests.support.lock_desk import ACCOUNT, NOON
from tests.support.scan_runs import ScanWorld

BURST = "failed_login_burst"
FOUND = finding_of("fnd_1", NOON, account_id=ACCOUNT)
OTHER = "acct-other"


@pytest.fixture
def world() -> ScanWorld:
    world = ScanWorld()
    world.desk.open_account(points=2)
    return world


def take(world: ScanWorld, kind: Kind, finding: Finding = FOUND, **changed: Any) -> None:
    take_step(world.store, world.ids, world.clock.now(), kind, replace(finding, **changed))


def stored(world: ScanWorld, finding: Finding = FOUND) -> Item:
    item = world.store.get(items.finding_key(finding))
    assert item is not None
    return item


def read_case(world: ScanWorld) -> tuple[Case | None, list[Mapping[str, str | int]]]:
    """The open case about the account's security, and the facts of its entries."""
    pointer = world.store.get(hotline_key(f"ACCOUNT#{ACCOUNT}", "CASE#security"))
    found = None if pointer is None else cases.read_case(world.store, pointer["case_id"])
    return (None, []) if found is None else (found[0], [entry.facts for entry in found[1]])


@pytest.mark.parametrize(
    ("severity", "holds", "priority"),
    [
        ("critical", True, Priority.URGENT),
        ("critical", False, Priority.HIGH),
        ("high", False, Priority.HIGH),
        ("medium", False, None),
    ],
)
def test_a_case_is_as_urgent_as_what_its_finding_asks_for(
    world: ScanWorld, severity: str, holds: bool, priority: Priority | None
) -> None:
    take(world, Kind.RAISE, severity=severity, holds=holds)
    case, _ = read_case(world)
    assert (case and case.priority) == priority


def test_people_hear_that_a_finding_is_gone_also_where_they_let_its_case_wait(world: ScanWorld) -> None:
    take(world, Kind.RAISE, severity="high")
    case, _ = read_case(world)
    assert case is not None
    edit = Change(actor=Agent("agent-1", case.case_id), cause="edit", now=world.clock.now(), ids=world.ids)
    keys = cases.case_keys(ACCOUNT, "security") | cases.case_keys(None, "security", case.case_id)
    read = world.store.batch_get(list(keys))
    cases.contribute_edit(edit, read, case.case_id, priority=Priority.LOW, supervised=True)
    edit.commit(world.store)
    take(world, Kind.WITHDRAW, severity="high")
    case, _ = read_case(world)
    assert case is not None
    assert case.priority is Priority.NORMAL


@pytest.mark.parametrize("holds", [True, False])
def test_a_case_hears_what_was_found_and_that_it_is_gone_with_what_became_of_the_hold(
    world: ScanWorld, *, holds: bool
) -> None:
    for kind in (Kind.RAISE, Kind.WITHDRAW):
        take(world, kind, severity="high", holds=holds)
    _, (raised, gone) = read_case(world)
    assert raised == {"finding_id": FOUND.id, "hold": "asked" if holds else "not_asked", "failures": 10}
    assert gone == {"finding_id": FOUND.id, "rule": BURST, "hold": "stays" if holds else "not_asked"}


@pytest.mark.parametrize("stream", Stream)
def test_the_word_of_a_finding_on_the_bus_says_what_it_is_and_names_another_stream(
    world: ScanWorld, stream: Stream
) -> None:
    take(world, Kind.RAISE, finding_of("fnd_1", NOON, account_id=ACCOUNT, stream=stream))
    (told,) = [entry["facts"] for entry in world.desk.decisions() if entry["kind"] == "finding.raised"]
    own = {"finding_id": "fnd_1", "rule": BURST, "rule_version": 1, "severity": "medium"}
    times = {"window_start": to_text(NOON), "window_end": to_text(NOON)}
    assert told == own | times | ({} if stream is Stream.ACCOUNT else {"stream": stream.name.lower()})


@pytest.mark.parametrize(
    ("kind", "stream", "names_max"),
    [
        *((kind, Stream.SOURCE, ACCOUNTS_MAX) for kind in (Kind.RAISE, Kind.CORRECT, Kind.SUPPRESS)),
        (Kind.WITHDRAW, Stream.SOURCE, 0),
        (Kind.RAISE, Stream.ACCOUNT, 0),
    ],
)
def test_a_finding_about_an_address_may_name_accounts_while_it_stands(
    kind: Kind, stream: Stream, names_max: int
) -> None:
    assert Step(kind, finding_of("fnd_1", NOON, account_id=ACCOUNT, stream=stream)).names_max == names_max


def test_a_finding_is_noted_with_the_accounts_that_it_names_beside_its_own(world: ScanWorld) -> None:
    about = replace(finding_of("fnd_2", NOON, account_id=ACCOUNT, stream=Stream.SOURCE), account_id=None)
    payee = finding_of("fnd_3", NOON, account_id=ACCOUNT, stream=Stream.PARTY)
    for finding in (FOUND, replace(about, accounts=(OTHER,)), payee):
        take(world, Kind.RAISE, finding)
    places = [item for item in world.store.items(Table.HOTLINE) if item["SK"].startswith("NAMED#")]
    assert {(item["PK"], item["at_sk"]) for item in places} == {
        (f"ACCOUNT#{OTHER}", "FINDING#fnd_2"),
        (f"ACCOUNT#{ACCOUNT}", "FINDING#fnd_3"),
    }


def test_a_finding_about_an_address_names_no_account_that_was_erased(world: ScanWorld) -> None:
    world.erase()
    about = replace(finding_of("fnd_1", NOON, account_id=ACCOUNT, stream=Stream.SOURCE), account_id=None)
    take(world, Kind.RAISE, about, accounts=(ACCOUNT, OTHER))
    assert stored(world, about)["accounts"] == [OTHER]


def deny(world: ScanWorld, movement: str) -> None:
    """The owner says of a movement that it was not theirs."""
    denied = {"logins": [], "movements": [movement], "rev": 1}
    world.store.transact([Put(denials_key(ACCOUNT), denied)], token="deny")


def test_a_finding_that_comes_to_name_what_was_denied_counts_once_on_the_day_on_which_it_was_found(
    world: ScanWorld,
) -> None:
    take(world, Kind.RAISE)
    deny(world, "denied")
    first = world.clock.now().date()
    for failures in (11, 12):
        world.clock.advance(timedelta(days=1))
        named = {"event-2": NamedMovement("denied", "")}
        take(world, Kind.CORRECT, event_ids=("event-2",), movements=named, facts={"failures": failures})
    assert stored(world)["denied_at"] == to_text(NOON + timedelta(days=1))
    counted = dict(read_feedback(world.store, first, world.clock.now().date()))
    assert counted == {first: {f"finding/{BURST}:1/denied": 1}}


def test_a_suppressed_finding_that_is_raised_counts_its_denial_once(world: ScanWorld) -> None:
    first = world.clock.now()
    since, until = first - timedelta(hours=1), first + timedelta(hours=1)
    suppress(world.store, world.ids, BURST, account_id=ACCOUNT, now=first, since=since, until=until)
    take(world, Kind.RAISE)
    deny(world, "denied")
    world.clock.advance(timedelta(days=1))
    now = world.clock.now()
    named = {"event-2": NamedMovement("denied", "")}
    for failures in (11, 12, 13):
        take(
            world,
            Kind.CORRECT,
            window_end=now,
            event_ids=("event-2",),
            movements=named,
            facts={"failures": failures},
        )
    assert stored(world)["denied_at"]
    assert dict(read_feedback(world.store, first.date(), now.date())) == {now.date(): {f"finding/{BURST}:1/denied": 1}}

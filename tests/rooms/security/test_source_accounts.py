"""A finding about an address names the accounts that got in from it, so that somebody can call their owners."""

from __future__ import annotations

from datetime import timedelta

import pytest

from hotline.contracts.model import Fact, LoginKind, LoginSource, LoginTried
from hotline.kit.store import Table
from hotline.security import service as security
from hotline.security.detectors import Stream
from hotline.security.detectors.rule import EVIDENCE_MAX
from hotline.security.findings import ACCOUNTS_AT_ONCE
from hotline.security.model import ACCOUNTS_MAX
from hotline.security.streams import ID_CHARACTERS_MAX, shorten_over
from tests.support.lock_desk import NOON, fact
from tests.support.scan_runs import ScanWorld

ADDRESS = LoginSource(ip="203.0.113.9", device_id="device-9", country="US")


def tried(account: str, second: int, *, succeeded: bool = False) -> Fact:
    told = LoginTried(f"try-{account}-{second}", ADDRESS, LoginKind.PASSWORD, succeeded=succeeded)
    kind = "succeeded" if succeeded else "failed"
    return fact(f"login.{kind}", NOON + timedelta(seconds=second), told, account=account)


def name_of(told: Fact) -> str:
    """The id of a fact's event."""
    return shorten_over(told.id, ID_CHARACTERS_MAX)


def stuffed(world: ScanWorld, *, accounts: int = 30) -> None:
    """Leaked passwords, one for each account, none of which is right."""
    world.come_in(*(tried(f"acct-{number}", number) for number in range(accounts)))


def shown(world: ScanWorld) -> tuple[str, ...]:
    page = security.list_subject_findings(world.store, Stream.SOURCE, world.clock.now(), limit=9)
    (found,) = [one for one in page.findings if one.rule == "credential_stuffing"]
    return found.accounts


def test_the_accounts_that_got_in_are_named_also_in_a_later_run() -> None:
    world = ScanWorld()
    stuffed(world)
    world.come_in(tried("acct-in", 40, succeeded=True))
    world.clock.advance(timedelta(seconds=50))
    world.scan_all()
    assert shown(world) == ("acct-in",)
    world.come_in(tried("acct-later", 120, succeeded=True))
    world.scan_all()
    assert shown(world) == ("acct-in", "acct-later")


def test_the_logins_that_got_in_are_among_the_events_of_the_finding() -> None:
    world = ScanWorld()
    stuffed(world)
    inside = tried("acct-in", 40, succeeded=True)
    world.come_in(inside)
    world.clock.advance(timedelta(seconds=50))
    world.scan_all()
    later = tried("acct-later", 120, succeeded=True)
    world.come_in(later)
    world.scan_all()
    (stored,) = [item for item in world.store.items(Table.HOTLINE) if item.get("rule") == "credential_stuffing"]
    assert stored["event_ids"][-2:] == [name_of(inside), name_of(later)]
    assert len(stored["event_ids"]) == EVIDENCE_MAX


def test_a_login_before_the_attack_is_named_by_no_finding() -> None:
    world = ScanWorld()
    world.come_in(tried("acct-before", -60, succeeded=True))
    stuffed(world)
    world.clock.advance(timedelta(seconds=50))
    world.scan_all()
    assert shown(world) == ()


def test_so_many_accounts_are_named_and_no_more() -> None:
    world = ScanWorld()
    stuffed(world, accounts=60)
    late = range(70, 70 + ACCOUNTS_MAX + 1)
    world.come_in(*(tried(f"in-{second}", second, succeeded=True) for second in late))
    world.clock.advance(timedelta(seconds=100))
    world.scan_all()
    assert shown(world) == tuple(f"in-{second}" for second in late)[:ACCOUNTS_MAX]
    (stored,) = [item for item in world.store.items(Table.HOTLINE) if item.get("rule") == "credential_stuffing"]
    assert stored["facts"]["accounts_in"] == ACCOUNTS_MAX + 1


@pytest.mark.parametrize("count", [ACCOUNTS_AT_ONCE, ACCOUNTS_AT_ONCE + 1, 128])
def test_an_attack_that_got_into_very_many_accounts_is_found_all_the_same(count: int) -> None:
    world = ScanWorld()
    stuffed(world, accounts=60)
    world.come_in(*(tried(f"in-{number}", 70 + number, succeeded=True) for number in range(count)))
    world.clock.advance(timedelta(seconds=300))
    world.scan_all()
    assert shown(world) == tuple(f"in-{number}" for number in range(ACCOUNTS_MAX))


def test_accounts_are_named_in_the_order_in_which_they_got_in() -> None:
    world = ScanWorld()
    stuffed(world)
    world.come_in(tried("acct-second", 50, succeeded=True))
    world.come_in(tried("acct-first", 40, succeeded=True))
    world.clock.advance(timedelta(seconds=60))
    world.scan_all()
    assert shown(world) == ("acct-first", "acct-second")

"""The life of findings under any sequence of what the scan and people do: the state, the lists and the counts agree."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from random import Random
from typing import Final

import pytest

from hotline.kit.actor import Agent
from hotline.kit.change import Change
from hotline.kit.store.condition import Item
from hotline.security import service as security
from hotline.security.checkup import is_told
from hotline.security.detectors import Stream
from hotline.security.findings import Kind
from hotline.security.items import finding_key, state_of
from hotline.security.model import LIVE, Finding, FindingState, NamedMovement, Verdict, may_become
from tests.support.found import finding_of, suppress, take_step
from tests.support.lock_desk import ACCOUNT, NOON
from tests.support.scan_runs import ScanWorld

STEPS: Final = 25
PASSED: Final = (timedelta(), timedelta(), timedelta(milliseconds=1), timedelta(hours=1), timedelta(days=1))
"""Several things happen within one millisecond."""


def begin(random: Random) -> list[Finding]:
    """Two findings about an account, one at most of a rule that is silent, and one about an address."""
    rules = random.sample(["failed_login_burst", "drain", "pass_through"], 2)
    severity = random.choice(["medium", "high"])
    of_account = [
        finding_of(f"f{number}", NOON, account_id=ACCOUNT, rule=rule, severity=severity)
        for number, rule in enumerate(rules)
    ]
    about = finding_of("f-address", NOON, account_id=ACCOUNT, stream=Stream.SOURCE, rule="password_spray")
    return [*of_account, replace(about, account_id=None, accounts=(ACCOUNT,))]


def do_something(world: ScanWorld, random: Random, finding: Finding, number: int) -> Kind | Verdict | str:
    """A step of the scan upon a finding, the word of a person on it, or the suppression of its rule. Tells which."""
    now, store = world.clock.now(), world.store
    scanned = (Kind.RAISE, Kind.CORRECT, Kind.WITHDRAW) if store.get(finding_key(finding)) else (Kind.RAISE,)
    deed: Kind | Verdict | str = random.choice([*scanned, *Verdict, "suppress"])
    if isinstance(deed, Kind):
        name = f"e{number}"
        of_account = finding.stream is Stream.ACCOUNT
        movements = {name: NamedMovement(f"m{number:05}", "")} if of_account else {}
        grown = replace(finding, window_end=now, event_ids=(name,), movements=movements, facts={"failures": number})
        take_step(store, world.ids, now, deed, grown)
    elif isinstance(deed, Verdict):
        if store.get(finding_key(finding)) is None:
            return deed
        change = Change(actor=Agent("agent-1", "-"), cause="judge", now=now, ids=world.ids)
        named = (finding.subject, finding.id)
        read = store.batch_get(list(security.verdict_keys(*named, finding.stream)))
        security.contribute_verdict(change, read, *named, deed, judged_by="agent-1", zone="UTC", stream=finding.stream)
        change.commit(store)
    elif finding.stream is Stream.ACCOUNT:
        until = now + timedelta(hours=random.choice([1, 30]))
        suppress(store, world.ids, finding.rule, account_id=ACCOUNT, now=now, since=now, until=until)
    return deed


def list_of(finding: Finding, item: Item) -> str:
    """The list in which a finding stands by its state: of those that wait, of confirmed ones, or none."""
    of_account, state = finding.stream is Stream.ACCOUNT, state_of(item, NOON)
    if state in (FindingState.OPEN, FindingState.TOLD) or (state is FindingState.ACKNOWLEDGED and not of_account):
        return "FINDING"
    is_confirmed = state is FindingState.RESOLVED and item["verdict"] == Verdict.CONFIRMED.value
    return "CONFIRMED" if is_confirmed and of_account and is_told(item) else ""


def read_stored(world: ScanWorld, findings: list[Finding]) -> Iterator[tuple[Finding, Item]]:
    for finding in findings:
        if (item := world.store.get(finding_key(finding))) is not None:
            yield finding, item


@pytest.mark.parametrize("seed", range(40))
def test_state_lists_and_counts_agree_whatever_happens(seed: int) -> None:
    random, world = Random(seed), ScanWorld()
    world.desk.open_account(points=2)
    findings, first = begin(random), world.clock.now().date()
    states: dict[str, FindingState] = {}
    excluded: set[str] = set()
    for number in range(STEPS):
        world.clock.advance(random.choice(PASSED))
        chosen = random.choice(findings)
        deed = do_something(world, random, chosen, number)
        if deed is Kind.WITHDRAW:
            excluded.add(chosen.id)
        elif deed is Kind.RAISE:
            excluded.discard(chosen.id)
        stored = list(read_stored(world, findings))
        for finding, item in stored:
            assert item.get("attention_sk", "").partition("#")[0] == list_of(finding, item)
            before, state = states.get(finding.id), state_of(item, NOON)
            assert before in (None, state) or may_become(before, state)
            assert state not in LIVE or finding.id not in excluded
            states[finding.id] = state
        last_words = Counter(f"finding/{one.rule}:1/{item['verdict']}" for one, item in stored if "verdict" in item)
        counted: Counter[str] = Counter()
        for _, told in security.read_feedback(world.store, first, world.clock.now().date()):
            counted.update(told)
        assert +counted == last_words
        seen = security.list_findings(world.store, ACCOUNT, NOON)
        assert all(one.verdict is None for one in seen if one.state in (FindingState.OPEN, FindingState.TOLD))

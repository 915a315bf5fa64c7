"""Every rule is a fold: its examples, its memory, and the same findings in whatever order events arrive."""

from __future__ import annotations

import ast
import json
import random
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Any, Final

import pytest

from hotline.backtest.needs import taken_types
from hotline.security import detectors
from hotline.security.detectors import Detector, Event, Example, Hit, Severity, Signal, State
from hotline.security.detectors.history import OUTWARD_KINDS, History
from hotline.security.detectors.shipped import DETECTORS
from hotline.security.fold import Fold
from tests.support.folded_findings import fold_in_order, in_order, plan_of, size_of, watch_as_it_comes
from tests.support.sweeps import sweep
from tests.support.toy_rules import every, moved

FOLDER: Final = Path(detectors.__file__).parent
CASES: Final = [(detector, example) for detector in DETECTORS for example in detector.examples]
ORDERS: Final = 12
LIVES: Final = 60
EVENTS: Final = 10_000
MEMORY_MAX: Final = 10_240
"""Bytes of a rule's memory of one subject, under any flood."""
QUIET_MAX: Final = 512
"""Bytes of all memories of rules of an account to which nothing happens but a login on most days."""


def ids(value: object) -> str:
    return value.rule if isinstance(value, Detector) else value.name if isinstance(value, Example) else str(value)


@sweep(("detector", "example"), CASES)
def test_an_example_is_what_it_says(detector: Detector[Any], example: Example) -> None:
    findings = fold_in_order(plan_of(detector), example.events)
    assert tuple(sorted(started_ms for _, started_ms in findings)) == example.started_ms
    known = {event.id for event in example.events}
    for hit in findings.values():
        assert hit.started_ms <= hit.ended_ms
        assert hit.event_ids
        assert known.issuperset(hit.event_ids)
        assert len(set(hit.event_ids)) == len(hit.event_ids) <= detectors.rule.EVIDENCE_MAX
        assert all(isinstance(value, int | str) for value in hit.facts.values())


@sweep("detector", DETECTORS)
def test_a_rule_has_hits_and_near_misses_of_its_own(detector: Detector[Any]) -> None:
    hits = [example for example in detector.examples if example.started_ms]
    assert len(hits) >= 2
    assert len(detector.examples) - len(hits) >= 3
    assert len({example.name for example in detector.examples}) == len(detector.examples)
    for example in detector.examples:
        assert example.name.startswith("near miss: ") == (not example.started_ms)


@sweep("detector", DETECTORS)
def test_a_rule_says_what_to_do_and_what_it_needs(detector: Detector[Any]) -> None:
    assert len(detector.runbook.split()) >= 40
    assert detector.version >= 1
    assert detector.listens
    assert not detector.holds or detector.severity in (Severity.HIGH, Severity.CRITICAL)
    assert detector.needs | detector.needs_one
    told = [event for example in detector.examples for event in example.events]
    types, values = {event.type for event in told}, set[str]().union(*(event.values for event in told))
    # A signal is told by the types of a history.
    has = {name: name in values or bool(types & taken_types(detector, name)) for name in detector.needs}
    assert all(has.values()), has
    others = detector.needs_one
    assert not others or any(name in values or types & taken_types(detector, name) for name in others)


@sweep("detector", [one for one in DETECTORS if one.kinds is not None])
def test_a_rule_says_nothing_to_money_that_leaves_by_a_kind_that_it_does_not_name(detector: Detector[Any]) -> None:
    assert detector.kinds is not None
    others = OUTWARD_KINDS - detector.kinds
    asked = 0
    for example in detector.examples:
        fold = Fold(plan_of(detector))
        assert isinstance(fold.history, History)
        for event in in_order(example.events):
            fold.take(event)
            if event.values.get("kind") not in OUTWARD_KINDS or event.values.get("direction") == "in":
                continue
            (state,) = fold.states.values() or ({},)
            before = json.dumps(state)
            for kind in sorted(others):
                other = Event(event.id, event.at_ms, event.type, {**event.values, "kind": kind})
                assert not detector.step(state, Signal.MONEY_LEFT.value, other, fold.history, detector.limits)
                assert json.dumps(state) == before
                asked += bool(state)
    assert asked


@sweep("detector", DETECTORS)
def test_limits_are_numbers_or_tables_of_numbers_and_their_docstring_has_a_source(detector: Detector[Any]) -> None:
    for value in asdict(detector.limits).values():
        assert isinstance(value, int | float | dict)
    assert type(detector.limits).__doc__
    assert "Limits(" not in str(type(detector.limits).__doc__)


@sweep(("detector", "example"), CASES)
def test_a_memory_survives_that_it_is_written_and_read_in_the_middle(detector: Detector[Any], example: Example) -> None:
    plan, events = plan_of(detector), in_order(example.events)
    whole, fold = Fold(plan), Fold(plan)
    hits = [hit for event in events for _, hit in whole.take(event)]
    kept = json.dumps(whole.store())
    before: list[Hit] = []
    for middle in range(len(events) + 1):
        text = json.dumps(fold.store(), allow_nan=False)
        again = Fold(plan, json.loads(text))
        assert json.dumps(again.store(), allow_nan=False) == text
        after = [hit for event in events[middle:] for _, hit in again.take(event)]
        assert [*before, *after] == hits
        assert json.dumps(again.store()) == kept
        if middle < len(events):
            before += [hit for _, hit in fold.take(events[middle])]


@sweep(("detector", "example"), CASES)
def test_any_order_of_arrival_with_repetitions_gives_the_findings_of_the_fold(
    detector: Detector[Any], example: Example
) -> None:
    plan = plan_of(detector)
    expected = fold_in_order(plan, example.events)
    for seed in range(ORDERS):
        assert watch_as_it_comes(plan, example.events, seed) == expected, seed


@pytest.mark.parametrize("detector", DETECTORS, ids=ids)
def test_a_mixed_life_gives_the_findings_of_the_fold_in_any_order_of_arrival(detector: Detector[Any]) -> None:
    """Events of all examples of the rule, thrown together: corrections and withdrawals included."""
    plan = plan_of(detector)
    for seed in range(LIVES):
        draw = random.Random(seed)
        chosen = draw.sample(detector.examples, k=min(3, len(detector.examples)))
        events = [
            Event(f"{number}-{event.id}", event.at_ms + number * draw.randint(0, 7_200_000), event.type, event.values)
            for number, example in enumerate(chosen)
            for event in example.events
        ]
        events = draw.sample(events, k=min(60, len(events)))
        assert watch_as_it_comes(plan, events, seed) == fold_in_order(plan, events), seed


ONGOING: Final = ("failed_login_burst", "distributed_guessing", "code_flooding", "new_devices_in_a_row")


def test_attacks_that_go_on_give_the_findings_of_the_fold_in_any_order_of_arrival() -> None:
    """Findings that are corrected as a pattern doubles: their beginning, end, facts and events."""
    plan = plan_of(*(detector for detector in DETECTORS if detector.rule in ONGOING))
    told: set[tuple[str, int]] = set()
    for seed in range(LIVES):
        draw = random.Random(seed)
        at_ms, events = detectors.rule.example_ms(0), []
        for number in range(draw.randint(40, 150)):
            at_ms += draw.choice((0, 5_000, 60_000, 90_000))
            many = draw.randint(1, 60)
            values: dict[str, Any] = {"ip": f"a{many}", "device": f"d{many}", "country": f"c{many % 4}"}
            type_ = draw.choice(("login.failed", "login.failed", "login.failed", "code.sent", "device.registered"))
            values = {"purpose": "reset"} if type_ == "code.sent" else values
            events.append(Event(f"event-{number:03d}", at_ms, type_, values))
        expected = fold_in_order(plan, events)
        assert watch_as_it_comes(plan, events, seed) == expected, seed
        told |= {(name, count) for (name, _), hit in expected.items() for count in hit.facts.values()
                 if isinstance(count, int)}  # fmt: skip
    counts = {name: max(count for rule, count in told if rule == name) for name, _ in told}
    assert len(counts) == len(ONGOING)
    assert min(counts.values()) >= 12


@pytest.mark.parametrize("detector", DETECTORS, ids=ids)
def test_a_memory_stays_small_in_a_flood(detector: Detector[Any]) -> None:
    """Ten thousand events of the examples' kinds, each of another address, device, account, payee."""
    fold = Fold(plan_of(detector))
    draw = random.Random(1)
    kinds = [event for example in detector.examples for event in example.events]
    at_ms, largest = kinds[0].at_ms, 0
    for number in range(EVENTS):
        at_ms += draw.choice((0, 1_000, 30_000, 60_000))
        kind = draw.choice(kinds)
        fold.take(Event(f"event-of-forty-characters-{number:014d}", at_ms, kind.type, renew(kind.values, number)))
        if number % 50 == 0:
            largest = max(largest, size_of(fold.states))
    assert 0 < largest <= MEMORY_MAX


NAMES: Final = {"ip", "device", "country", "party", "account", "case", "movement_id", "refund_id"}
CELLS: Final = ("31,121", "40,116", "52,0", "-34,151")


def renew(values: Any, number: int) -> dict[str, Any]:
    """The values with names that nobody had before, and another place."""
    made = {name: f"{name}-of-forty-characters-{number:014d}" if name in NAMES else value
            for name, value in values.items()}  # fmt: skip
    return {**made, "cell": CELLS[number % len(CELLS)]} if "cell" in made else made


def test_the_memory_of_a_quiet_account_is_small() -> None:
    accounts = [detector for detector in DETECTORS if detector.stream is detectors.Stream.ACCOUNT]
    fold = Fold(plan_of(*accounts))
    day_ms = detectors.rule.DAY_MS
    fold.take(Event("opened", day_ms, "account.opened", {"two_step": 1, "points": 2}))
    for day in range(2, 100):
        source = {"ip": f"a{day % 3}" * 16, "device": "d" * 32, "country": "c" * 32, "cell": "31,121"}
        fold.take(Event(f"login-of-forty-characters-{day:014d}", day * day_ms, "login.succeeded", source))
    assert size_of(fold.states) <= QUIET_MAX


@sweep("detector", DETECTORS)
def test_a_rule_that_hears_nothing_new_keeps_nothing(detector: Detector[Any]) -> None:
    fold = Fold(plan_of(detector))
    assert not fold.take(Event("other", detectors.rule.DAY_MS, "bill.issued", {}))
    assert not any(fold.states.values())


def test_rules_import_the_standard_library_and_each_other_alone() -> None:
    for path in FOLDER.glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                names = [alias.name for alias in node.names]
            elif isinstance(node, ast.ImportFrom) and node.level == 0:
                names = [node.module or ""]
            else:
                assert not isinstance(node, ast.ImportFrom) or node.level == 1, path.name
                continue
            for name in names:
                assert name.split(".")[0] in sys.stdlib_module_names, (path.name, name)


def test_a_rule_of_sources_tells_of_accounts_in_numbers_alone() -> None:
    sources = [one for one in DETECTORS if one.stream in (detectors.Stream.SOURCE, detectors.Stream.AGENT)]
    assert sources
    for detector in sources:
        assert not detector.holds
        for example in detector.examples:
            for hit in fold_in_order(plan_of(detector), example.events).values():
                assert all(isinstance(value, int) for value in hit.facts.values())


def test_nothing_about_logins_alone_has_an_effect_on_the_account() -> None:
    """OWASP ASVS 5.0, 6.1.1: limits must not be abusable to shut owners out. Anybody can fail at anybody's login."""
    logins = {Signal.LOGIN_FAILED, Signal.LOGIN_SUCCEEDED, Signal.CODE_SENT, Signal.AGENT_ACTED, Signal.PROFILE_TOLD}
    of_logins = [detector for detector in DETECTORS if detector.listens <= logins]
    assert of_logins
    assert not [detector.rule for detector in of_logins if detector.holds]


def test_each_rule_that_begins_to_remember_has_a_memory_of_its_own() -> None:
    """Rules without a memory share an empty one, which must be nobody's once it is used."""
    fold = Fold(plan_of(moved(name="first"), every(name="none"), moved(name="second")))
    fold.take(Event("one", 1, "login.succeeded", {"device": "a"}))
    assert fold.states == {"first.1": {"place": "a"}, "second.1": {"place": "a"}}
    assert fold.states["first.1"] is not fold.states["second.1"]
    again = Fold(plan_of(moved(name="second"), moved(name="third")), fold.store())
    assert again.states == {"second.1": {"place": "a"}}, "by the name of a rule, whatever its number is now"
    assert again.take(Event("two", 2, "login.succeeded", {"device": "b"})), "the second rule knows the first place"


def step_all(detector: Detector[Any], events: list[Event]) -> State:
    """The rule's memory after the events."""
    fold = Fold(plan_of(detector))
    for event in events:
        fold.take(event)
    (state,) = fold.states.values()
    return state


def test_a_flood_at_one_source_keeps_marks_and_no_names() -> None:
    """A memory is kept for a month and more: nobody reads an account or an address out of it."""
    for detector in DETECTORS:
        if "ip" in detector.needs or "account" in detector.needs:
            example = next(example for example in detector.examples if example.started_ms)
            text = json.dumps(step_all(detector, in_order(example.events)))
            assert "account-" not in text, detector.rule
            assert "address-" not in text, detector.rule

"""The rules of the scan keep to their form and to their own examples."""

from __future__ import annotations

import ast
import hashlib
import random
import sys
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Final

import pytest

from hotline.security import detectors
from hotline.security.activity import rows_of
from hotline.security.detectors import DETECTORS, Detector, Event, Example, Severity
from hotline.security.detectors import failed_login_burst as burst
from hotline.security.detectors import reset_device_transfer as chain
from hotline_local.launcher.paths import ROOT
from tests.mutation.rules import RULES
from tests.rules.test_promises import PROMISES
from tests.support.documents import read_table
from tests.support.facts import NOON, fact
from tests.support.lock_desk import KEYS

FOLDER = Path(detectors.__file__).parent
NO_RULES = {"__init__.py", "rule.py"}
CASES = [(detector, example) for detector in DETECTORS for example in detector.examples]


def ids(value: object) -> str:
    return value.rule if isinstance(value, Detector) else value.name if isinstance(value, Example) else str(value)


@pytest.mark.parametrize(("detector", "example"), CASES, ids=ids)
def test_an_example_is_what_it_says(detector: Detector, example: Example) -> None:
    watched = [event for event in example.events if event.type in detector.watches]
    hits = list(detector.judge(sorted(watched, key=lambda event: (event.at, event.id))))
    assert [hit.started_at for hit in hits[:1]] == ([] if example.started_at is None else [example.started_at])
    for hit in hits:
        assert hit.started_at <= hit.ended_at <= hit.started_at + detector.window


@pytest.mark.parametrize("detector", DETECTORS, ids=ids)
def test_a_rule_has_hits_and_near_misses_of_its_own(detector: Detector) -> None:
    hits = [example for example in detector.examples if example.started_at is not None]
    assert len(hits) >= 3
    assert len(detector.examples) - len(hits) >= 3
    assert len({example.name for example in detector.examples}) == len(detector.examples)
    for example in detector.examples:
        assert example.name.startswith("near miss: ") == (example.started_at is None)


@pytest.mark.parametrize("detector", DETECTORS, ids=ids)
def test_a_rule_says_what_to_do_how_urgent_it_is_and_when_it_is_quiet(detector: Detector) -> None:
    assert len(detector.runbook.split()) >= 40
    assert detector.version >= 1
    assert detector.quiet >= detector.window > timedelta(0)
    # Only what somebody should look at at once may have an effect on an account.
    assert not detector.holds or detector.severity in (Severity.HIGH, Severity.CRITICAL)


def test_every_rule_is_a_file_of_its_own_name_and_every_file_a_rule() -> None:
    files = {path.stem for path in FOLDER.glob("*.py") if path.name not in NO_RULES}
    assert files == {detector.rule for detector in DETECTORS}
    assert len(DETECTORS) == len(files)


def test_every_rule_is_on_the_page_with_its_severity_and_effect() -> None:
    page = (ROOT / "docs/detection.md").read_text(encoding="utf-8")
    told = {row["Rule"]: (row["Severity"], row["Effect"]) for row in read_table(page, "Rule | Pattern")}
    assert {rule: severity for rule, (severity, _) in told.items()} == {
        detector.rule: detector.severity.value for detector in DETECTORS
    }
    assert {rule for rule, (_, effect) in told.items() if "hold" in effect} == {
        detector.rule for detector in DETECTORS if detector.holds
    }


@pytest.mark.parametrize("detector", DETECTORS, ids=ids)
def test_a_rule_is_tried_by_mutants_and_its_figures_are_promised(detector: Detector) -> None:
    assert f"security/detectors/{detector.rule}.py" in {rule.file for rule in RULES}
    assert f"hotline.security.detectors.{detector.rule}" in PROMISES


@pytest.mark.parametrize(("detector", "type_"), [(one, type_) for one in DETECTORS for type_ in one.watches], ids=ids)
def test_the_activity_keeps_what_a_rule_watches(detector: Detector, type_: str) -> None:
    rows = list(rows_of(fact(type_), NOON, KEYS))
    assert rows, f"{type_} is no activity"
    assert set(detector.watches[type_]) <= set(rows[0].item)


VERSIONS: Final = {
    ("failed_login_burst", 1): "dbaab6c350f690b7",
    ("reset_device_transfer", 1): "9df6736556708d0d",
}
"""By rule and version: the digest of all that decides what the rule finds. A rule that finds something else than before
gets the next version, since findings of the old one are not raised again. Add a line then, and leave the old one."""


def digest_of(detector: Detector, source: str) -> str:
    """A digest of the figures and functions that the judge of a rule uses, and of its window and events. Comments,
    docstrings, advice and examples do not count."""
    parts: dict[str, ast.stmt] = {}
    for node in ast.parse(source).body:
        if isinstance(node, ast.FunctionDef):
            parts[node.name] = node
            if isinstance(node.body[0], ast.Expr):
                del node.body[0]
        elif isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
            parts[node.target.id] = node
    used, names = set[str](), [detector.judge.__name__]
    while names:
        name = names.pop()
        if name in parts and name not in used:
            used.add(name)
            names += [found.id for found in ast.walk(parts[name]) if isinstance(found, ast.Name)]
    decides = [ast.dump(parts[name]) for name in sorted(used)]
    stated = (detector.window, detector.quiet, sorted(detector.watches.items()), detector.holds)
    return hashlib.sha256(repr((decides, stated)).encode()).hexdigest()[:16]


@pytest.mark.parametrize("detector", DETECTORS, ids=ids)
def test_a_rule_that_finds_something_else_has_another_version(detector: Detector) -> None:
    source = (FOLDER / f"{detector.rule}.py").read_text(encoding="utf-8")
    assert VERSIONS.get((detector.rule, detector.version)) == digest_of(detector, source)


def test_versions_of_a_rule_follow_each_other_and_no_two_find_the_same() -> None:
    assert len(set(VERSIONS.values())) == len(VERSIONS)
    for detector in DETECTORS:
        assert [version for rule, version in VERSIONS if rule == detector.rule] == list(range(1, detector.version + 1))


def test_a_digest_follows_thresholds_and_functions_and_no_words() -> None:
    source = (FOLDER / "failed_login_burst.py").read_text(encoding="utf-8")
    known = digest_of(burst.DETECTOR, source)
    for before, after in (("FAILURES: Final = 10", "FAILURES: Final = 9"), ('"device", failure', '"ip", failure')):
        assert before in source
        assert digest_of(burst.DETECTOR, source.replace(before, after)) != known
    assert digest_of(burst.DETECTOR, source.replace("near miss", "miss").replace("The device when", "When")) == known


def test_rules_import_the_standard_library_and_the_clock_alone() -> None:
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
                assert name == "hotline.kit.clock" or name.split(".")[0] in sys.stdlib_module_names, (path.name, name)


@pytest.mark.parametrize("detector", DETECTORS, ids=ids)
def test_a_rule_does_not_mind_what_it_does_not_watch(detector: Detector) -> None:
    example = next(example for example in detector.examples if example.started_at is not None)
    noise = [Event(f"noise-{number}", event.at, "bill.issued") for number, event in enumerate(example.events)]
    mixed = sorted((*example.events, *noise), key=lambda event: (event.at, event.id))
    assert next(detector.judge(mixed)).started_at == example.started_at


def test_a_burst_ends_with_its_last_failure_and_counts_all_within_the_window() -> None:
    events = [
        Event(f"e{minute}", NOON + timedelta(minutes=minute), "login.failed", {"ip": "a", "device": f"d{minute}"})
        for minute in (*range(12), 15, 16)
    ]
    hits = list(burst.DETECTOR.judge(events))
    assert [(hit.started_at, hit.ended_at) for hit in hits[:2]] == [
        (NOON, NOON + timedelta(minutes=15)),
        (NOON + timedelta(minutes=1), NOON + timedelta(minutes=16)),
    ]
    assert hits[0].facts == {"failures": 13, "sources": 13, "distributed": "yes"}
    nowhere = [Event(f"e{n}", NOON + timedelta(minutes=n), "login.failed") for n in range(10)]
    (hit,) = burst.DETECTOR.judge(nowhere)
    assert hit.facts == {"failures": 10, "sources": 1, "distributed": "no"}


def test_the_distributed_variant_is_noted_from_five_sources_on() -> None:
    def noted(sources: int) -> object:
        events = [
            Event(f"e{n}", NOON + timedelta(minutes=n), "login.failed", {"ip": f"a{n % sources}"})
            for n in range(burst.FAILURES)
        ]
        (hit, *_) = burst.DETECTOR.judge(events)
        return hit.facts["sources"], hit.facts["distributed"]

    limit = burst.SOURCES_DISTRIBUTED
    assert noted(limit - 1) == (limit - 1, "no")
    assert noted(limit) == (limit, "yes")
    assert noted(limit + 1) == (limit + 1, "yes")


def left(minute: float, amount_minor: int, *, currency: str = "CNY", name: str = "a") -> Event:
    values: dict[str, str | int] = {
        "movement_id": name,
        "version": 1,
        "amount_minor": amount_minor,
        "currency": currency,
    }
    return Event(name, NOON + timedelta(minutes=minute), "transfer.succeeded", values)


RESET: Final = Event("reset", NOON, "password.changed")
WINDOW_MINUTES: Final = chain.WINDOW / timedelta(minutes=1)
FLOOR: Final = chain.FLOOR_MINOR["CNY"]


def test_a_stolen_account_is_told_with_how_much_left_in_how_many_transfers_until_when() -> None:
    device = Event("device", NOON + timedelta(minutes=1), "device.registered")
    sent = [left(2, FLOOR, name="a"), left(3, 7, name="b"), left(4, 9, currency="EUR", name="c")]
    for ids in ("abc", "zyx"):
        named = [replace(event, id=id_) for event, id_ in zip(sent, ids, strict=True)]
        (hit,) = chain.DETECTOR.judge([RESET, device, *named])
        assert (hit.started_at, hit.ended_at) == (NOON, NOON + timedelta(minutes=3))
    assert hit.facts == {"transfers": 2, "amount_minor": FLOOR + 7, "currency": "CNY"}


def test_a_new_password_is_one_hit_whatever_currencies_left() -> None:
    """Of several the first by name."""
    device = Event("device", NOON, "device.registered")
    hits = list(chain.DETECTOR.judge([RESET, device, left(1, 10**6, currency="USD"), left(1, 10**6, name="b")]))
    assert [hit.facts["currency"] for hit in hits] == ["CNY"]


def test_all_may_happen_at_the_first_or_at_the_last_moment_of_the_window() -> None:
    for minute in (0, WINDOW_MINUTES):
        device = Event("device", NOON + timedelta(minutes=minute), "device.registered")
        (hit,) = chain.DETECTOR.judge([RESET, device, left(minute, FLOOR)])
        assert hit.started_at == NOON


def test_outgoing_money_counts_by_its_highest_version_in_any_order() -> None:
    example = next(example for example in chain.DETECTOR.examples if "failed in the end" in example.name)
    for seed in range(5):
        events = list(example.events)
        random.Random(seed).shuffle(events)
        assert not list(chain.DETECTOR.judge(sorted(events, key=lambda event: (event.at, event.id))))

"""The rules of the scan keep to their form: files, page, figures, mutants, versions. Their examples are run by
test_detectors_fold.py."""

from __future__ import annotations

import ast
import hashlib
import json
import random
import re
from collections import defaultdict
from dataclasses import asdict, replace
from functools import cache
from itertools import product
from math import acos, cos, radians, sin
from pathlib import Path
from typing import Any, Final

import pytest

from hotline.agents.limits import COUNTED, LIMITS, Counted
from hotline.contracts.facts import FACTS
from hotline.contracts.model import MovementKind
from hotline.contracts.schemas import parse
from hotline.contracts.vocabulary import KINDS
from hotline.identity.model import ApprovalState, Operation
from hotline.security import detectors
from hotline.security.activity import agent_row, values_of
from hotline.security.activity_rows import instant_of_ms, row_of
from hotline.security.bounds import range_of
from hotline.security.detectors import (
    Detector,
    Event,
    Hit,
    Stream,
    agent_approvals,
    agent_browsing,
    agent_openings,
    agent_unmasking,
    card_testing,
    credential_stuffing,
)
from hotline.security.detectors import failed_login_burst as burst
from hotline.security.detectors import impossible_travel as travel
from hotline.security.detectors import password_spray as spray
from hotline.security.detectors import reset_device_transfer as chain
from hotline.security.detectors import slow_stuffing as slow
from hotline.security.detectors import success_after_attack as success
from hotline.security.detectors import two_countries as countries
from hotline.security.detectors.journeys import PAIRS_MAX
from hotline.security.detectors.rule import DAY_MS, EVIDENCE_MAX, HOUR_MS, MINUTE_MS, example_ms
from hotline.security.detectors.shipped import DETECTORS
from hotline.security.detectors.source_tries import COUNTED_MAX
from hotline.security.fold import Fold
from hotline.security.streams import streams_of
from hotline_local.launcher.paths import ROOT
from tests.mutation.rules import RULES
from tests.rules.test_promises import PROMISES
from tests.support.documents import read_table
from tests.support.facts import event
from tests.support.folded_findings import fold_in_order, in_order, plan_of
from tests.support.stores import NOON
from tests.support.sweeps import sweep

FOLDER = Path(detectors.__file__).parent
HELPERS: Final = {"__init__", "rule", "history", "shipped", "windows"} | {
    "agent_deeds", "examples", "floors", "journeys", "marks", "ongoing", "reset_device_examples",
    "returns", "source_tries", "states",
}  # fmt: skip
"""Files that are no rules. Those of the second set hold what several rules share, or the examples of one."""
COMMON: Final = ("rule", "history")
"""Modules whose changes are no change of one rule: a change of these has a version of its own."""


def ids(value: object) -> str:
    return value.rule if isinstance(value, Detector) else str(value)


def test_every_rule_is_a_file_of_its_own_name_and_every_file_a_rule() -> None:
    files = {path.stem for path in FOLDER.glob("*.py")} - HELPERS
    assert files == {detector.rule for detector in DETECTORS}
    assert len(DETECTORS) == len(files)


def test_every_rule_is_on_the_page_with_its_severity_effect_and_whether_it_is_on() -> None:
    page = (ROOT / "docs/detection.md").read_text(encoding="utf-8")
    table = {row["Rule"]: row for row in read_table(page, "Rule | Pattern")}
    assert {rule: (row["Severity"], row["By default"]) for rule, row in table.items()} == {
        detector.rule: (detector.severity.value, "on" if detector.is_published else "off") for detector in DETECTORS
    }
    assert {rule for rule, row in table.items() if "hold" in row["Effect"]} == {
        detector.rule for detector in DETECTORS if detector.holds
    }


@sweep("detector", DETECTORS)
def test_a_rule_is_tried_by_mutants_and_its_figures_are_promised(detector: Detector[Any]) -> None:
    assert f"security/detectors/{detector.rule}.py" in {rule.file for rule in RULES}
    assert f"hotline.security.detectors.{detector.rule}" in PROMISES


@sweep("language", ["en", "zh"])
@sweep("detector", DETECTORS)
def test_a_rule_and_each_fact_of_its_findings_have_words_at_the_desk(detector: Detector[Any], language: str) -> None:
    words = json.loads((ROOT / f"desk/words/{language}.json").read_text(encoding="utf-8"))
    hits = [hit for one in detector.examples for hit in fold_in_order(plan_of(detector), one.events).values()]
    assert hits
    assert f"rule.{detector.rule}" in words
    facts = {name for hit in hits for name in hit.facts}
    assert {name for name in facts if f"fact.{name}" not in words and f"field.{name}" not in words} == set()


# ---------------------------------------------------------------- versions

VERSIONS: Final = {
    ("agent_approvals", 1): "0651b2fab168264a",
    ("agent_browsing", 1): "062f731eadb34a23",
    ("agent_openings", 1): "12a10d3a41ff68d8",
    ("agent_unmasking", 1): "56a7e394ccfb68ca",
    ("card_testing", 1): "81b34425a7e766ce",
    ("card_testing", 2): "96f8d2411eaf0523",
    ("card_testing", 3): "fa5b72d1357e1622",
    ("code_flooding", 1): "6c40078bcc547701",
    ("code_flooding", 2): "e5adde37ef79f4b6",
    ("counterparty_risk", 1): "1d3e4b6e1d5ce0a5",
    ("counterparty_risk", 2): "7c5d910e86fdd0bf",
    ("counterparty_risk", 3): "4729d6026bcf3617",
    ("credential_stuffing", 1): "02ca61d9d3d1e96f",
    ("credential_stuffing", 2): "d05c6fff43ce036d",
    ("credential_stuffing", 3): "ea40b71cc4b7e9f4",
    ("distributed_guessing", 1): "392b61dfecb879d9",
    ("distributed_guessing", 2): "6d460f89838eeb72",
    ("drain", 1): "d785666b569f67d8",
    ("drain", 2): "815c081c91c2ca32",
    ("drain", 3): "d9fba9a4381f4fea",
    ("drain", 4): "96a22076b1b8050c",
    ("failed_login_burst", 1): "dbaab6c350f690b7",
    ("failed_login_burst", 2): "4629ad9fce5d15e1",
    ("failed_login_burst", 3): "0421306ff3bcd90c",
    ("impossible_travel", 1): "3e96e6b979cc3807",
    ("impossible_travel", 2): "3d9bb46bcfb9faa4",
    ("impossible_travel", 3): "74d2f68b22361ab9",
    ("new_devices_in_a_row", 1): "ddc1d3b794ba2ea2",
    ("new_devices_in_a_row", 2): "eaf88fa1762b0f47",
    ("no_second_factor", 1): "4fa89d26d94f57a3",
    ("one_contact_point", 1): "3dd54c3e154cbd9f",
    ("pass_through", 1): "d5a72de15b201377",
    ("pass_through", 2): "6b2a67864756f53b",
    ("pass_through", 3): "5ff6508630143330",
    ("password_spray", 1): "23a4b3c429945ba1",
    ("password_spray", 2): "d151a82f20cca242",
    ("password_spray", 3): "ca8507b4f517a45c",
    ("refund_abuse", 1): "06f8d43df32d075a",
    ("refund_abuse", 2): "11555cf53cc18cc5",
    ("refund_abuse", 3): "c2d88c07902e4513",
    ("refund_abuse", 4): "c44551055f210916",
    ("refund_abuse", 5): "9b6899b70154ef15",
    ("reset_device_transfer", 1): "9df6736556708d0d",
    ("reset_device_transfer", 2): "005a7ee12b4a90b5",
    ("reset_device_transfer", 3): "a7aa884f89df4ef1",
    ("reset_device_transfer", 4): "0eb441df228ba142",
    ("reset_device_transfer", 5): "f96d6f6c87c0df57",
    ("slow_stuffing", 1): "9566ecf3ba3978db",
    ("slow_stuffing", 2): "a56f1a3cef65c17d",
    ("spend_anomaly", 1): "6d1105100065a48c",
    ("spend_anomaly", 2): "79a354fc4f696245",
    ("stale_password", 1): "f19fef4be00637b3",
    ("success_after_attack", 1): "ef78af65720b4c7f",
    ("success_after_attack", 2): "3fc52a5db540f380",
    ("two_countries", 1): "e5fc52c9609e7ba6",
    ("two_countries", 2): "6423256955699afe",
    ("two_countries", 3): "f942b07bdbea770f",
    ("velocity", 1): "e7670cd020595149",
    ("velocity", 2): "1e19628949f61d50",
    ("velocity", 3): "7fd67820e1001ed4",
}
"""By rule and version: the digest of all that decides what the rule finds. A rule that finds something else than before
gets the next version, since findings of the old one are not raised again. Add a line then, and leave the old one."""


def read_source(module: str) -> str:
    return (FOLDER / f"{module}.py").read_text(encoding="utf-8")


def digest_of(detector: Detector[Any], source: str | None = None) -> str:
    """A digest of the figures, functions and limits that the step of a rule uses, also of the files that rules share.
    Comments, docstrings, advice and examples do not count."""
    sources = {} if source is None else {detector.rule: source}
    parts: dict[tuple[str, str], ast.AST] = {}
    places: dict[tuple[str, str], tuple[str, str]] = {}

    def read(module: str) -> None:
        if (module, "") in places:
            return
        places[module, ""] = (module, "")
        for node in ast.parse(sources.get(module) or read_source(module)).body:
            if isinstance(node, ast.ImportFrom) and node.level == 1 and node.module not in COMMON:
                for name in node.names:
                    places[module, name.name] = (node.module or name.name, name.name if node.module else "")
            elif isinstance(node, ast.FunctionDef | ast.ClassDef):
                parts[module, node.name] = strip_docstrings(node)
            elif isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
                parts[module, node.target.id] = node

    used, names = dict[tuple[str, str], str](), [(detector.rule, "step")]
    while names:
        module, name = names.pop()
        read(module)
        module, name = places.get((module, name), (module, name))
        read(module)
        if (part := parts.get((module, name))) is not None and (module, name) not in used:
            used[module, name] = ast.dump(part)
            names += [(module, found.id) for found in ast.walk(part) if isinstance(found, ast.Name)]
    decides = [used[key] for key in sorted(used)]
    stated = (detector.stream.value, sorted(detector.listens), sorted(asdict(detector.limits).items()), detector.holds)
    return hashlib.sha256(repr((decides, stated)).encode()).hexdigest()[:16]


def strip_docstrings(node: ast.AST) -> ast.AST:
    for part in ast.walk(node):
        if isinstance(part, ast.FunctionDef | ast.ClassDef) and ast.get_docstring(part) is not None:
            del part.body[0]
    return node


@sweep("detector", DETECTORS)
def test_a_rule_that_finds_something_else_has_another_version(detector: Detector[Any]) -> None:
    assert VERSIONS.get((detector.rule, detector.version)) == digest_of(detector)


def test_versions_of_a_rule_follow_each_other_and_no_two_find_the_same() -> None:
    assert len(set(VERSIONS.values())) == len(VERSIONS)
    for detector in DETECTORS:
        assert [version for rule, version in VERSIONS if rule == detector.rule] == list(range(1, detector.version + 1))


@pytest.mark.parametrize(
    ("detector", "before", "after"),
    [
        (burst.DETECTOR, "kept_max=limits.failures", "kept_max=9"),
        (burst.DETECTOR, "event.at_ms, event.id]", "event.at_ms, event.type]"),
        (chain.DETECTOR, "ENTRIES_MAX: Final = 32", "ENTRIES_MAX: Final = 31"),
        (success.DETECTOR, "known.remove(one)", "known.clear()"),
    ],
    ids=ids,
)
def test_a_digest_follows_figures_and_functions(detector: Detector[Any], before: str, after: str) -> None:
    source = read_source(detector.rule)
    assert before in source
    assert digest_of(detector, source.replace(before, after)) != digest_of(detector)


def test_a_digest_follows_limits_and_no_words() -> None:
    source = read_source("failed_login_burst")
    known = digest_of(burst.DETECTOR, source)
    assert digest_of(burst.DETECTOR, source.replace("near miss", "miss").replace("Ten is the limit", "Ten")) == known
    assert digest_of(replace(burst.DETECTOR, limits=replace(burst.DETECTOR.limits, failures=9))) != known


@pytest.mark.parametrize(
    ("file", "before", "after", "rules"),
    [
        ("journeys", "> MEMORY_MS", ">= MEMORY_MS", {"impossible_travel", "two_countries"}),
        (
            "agent_deeds",
            "deed[2] != account",
            "deed[2] == account",
            {"agent_approvals", "agent_browsing", "agent_openings", "agent_unmasking"},
        ),
        ("examples", "case-0", "case-1", set()),
        (
            "ongoing",
            "event.at_ms <",
            "event.at_ms <=",
            {
                *("failed_login_burst", "distributed_guessing", "code_flooding", "new_devices_in_a_row"),
                *("credential_stuffing", "password_spray"),
            },
        ),
    ],
)
def test_a_digest_follows_functions_that_rules_share(
    monkeypatch: pytest.MonkeyPatch, file: str, before: str, after: str, rules: set[str]
) -> None:
    known = {one.rule: digest_of(one) for one in DETECTORS}
    source = read_source(file)
    assert before in source
    mine = source.replace(before, after)
    monkeypatch.setattr(
        f"{__name__}.read_source", lambda name: mine if name == file else (FOLDER / f"{name}.py").read_text()
    )
    assert {one.rule for one in DETECTORS if digest_of(one) != known[one.rule]} == rules


# ---------------------------------------------------------------- floors

A_YUAN: Final = {"CNY": 100, "HKD": 110.9, "JPY": 20.38, "USD": 14.27, "EUR": 12.78, "GBP": 10.67}
"""A yuan in minor units: central parity rates of the China Foreign Exchange Trade System, 30 September 2024."""
BAND: Final = 1.5
"""A floor is a round sum, and rates move by a third within ten years."""


@sweep("detector", [one for one in DETECTORS if any(name.endswith("_minor") for name in asdict(one.limits))])
def test_a_sum_is_worth_the_same_in_each_currency(detector: Detector[Any]) -> None:
    for name, sums in asdict(detector.limits).items():
        if name.endswith("_minor"):
            yuan = sums["CNY"] / A_YUAN["CNY"]
            assert set(sums) - {""} <= set(A_YUAN)
            for currency, minor in A_YUAN.items():
                assert 1 / BAND <= sums.get(currency, sums[""]) / (yuan * minor) <= BAND, (name, currency)


# ---------------------------------------------------------------- single rules


def found(detector: Detector[Any], *events: Event) -> list[Hit]:
    """The findings that stand in the end, by their beginning."""
    return [hit for _, hit in sorted(fold_in_order(plan_of(detector), events).items())]


def told(minute: float, type_: str = "login.failed", /, **values: Any) -> Event:
    return Event(f"{minute:09.3f}-{type_}-{sorted(values.items())}", example_ms(minute), type_, values)


def test_a_burst_names_the_failures_that_make_it() -> None:
    events = [told(minute, ip="a") for minute in range(12)]
    (hit,) = found(burst.DETECTOR, *events)
    assert (hit.started_ms, hit.ended_ms) == (example_ms(0), example_ms(9))
    assert (hit.facts, hit.event_ids) == ({"failures": 10}, tuple(event.id for event in events[:10]))


def test_a_burst_is_quiet_for_an_hour_from_its_beginning() -> None:
    for second_minute, count in ((59.99, 1), (60, 2)):
        events = [told(begin + minute) for begin in (0, second_minute) for minute in range(10)]
        assert len(found(burst.DETECTOR, *events)) == count


def test_guessing_goes_on_for_hours_and_is_one_finding_an_hour() -> None:
    (rule,) = (one for one in DETECTORS if one.rule == "distributed_guessing")
    events = [told(minute, ip=f"a{minute % 9}", country="c") for minute in range(300)]
    assert 4 <= len(found(rule, *events)) <= 5
    assert found(rule, *events)[0].facts == {"failures": 40, "addresses": 9, "countries": 1, "devices": 0}


@pytest.mark.parametrize(
    ("rule", "fact", "least", "values"),
    [
        ("failed_login_burst", "failures", 10, {"ip": "a"}),
        ("code_flooding", "codes", 5, {"purpose": "reset"}),
        ("new_devices_in_a_row", "devices", 3, None),
        ("distributed_guessing", "failures", 10, None),
    ],
)
def test_a_pattern_that_goes_on_is_told_anew_when_it_has_doubled(
    rule: str, fact: str, least: int, values: dict[str, str] | None
) -> None:
    (detector,) = (one for one in DETECTORS if one.rule == rule)
    (type_,) = {one.type for example in detector.examples[:1] for one in example.events}
    for count in (least, 2 * least - 1, 2 * least, 4 * least - 1, 4 * least, 60):
        of_each = [values or {"ip": f"a{n}", "device": f"d{n}"} for n in range(count)]
        kept = {name for name in ("ip", "device", "purpose") if type_ == "login.failed" or name != "ip"}
        events = [told(n / 2, type_, **{k: v for k, v in of_each[n].items() if k in kept}) for n in range(count)]
        (hit,) = found(detector, *events)
        told_at = least * 2 ** ((count // least).bit_length() - 1)
        assert hit.started_ms == events[0].at_ms
        assert (hit.facts[fact], hit.ended_ms) == (told_at, events[told_at - 1].at_ms), count
        assert hit.event_ids[-1] == events[told_at - 1].id
        assert len(set(hit.event_ids)) == len(hit.event_ids) >= least


def test_a_flood_tells_a_finding_few_times() -> None:
    fold = Fold(plan_of(burst.DETECTOR))
    seen = [hit for n in range(700) for _, hit in fold.take(told(n / 12, ip="a"))]
    assert [hit.facts["failures"] for hit in seen] == [10, 20, 40, 80, 160, 320, 640]
    assert len({hit.started_ms for hit in seen}) == 1


def test_a_finding_that_is_over_is_corrected_no_more() -> None:
    """The failures of the last window before the next finding belong to none: there are too few of them."""
    first = [told(minute / 4, ip="a") for minute in range(19)]
    for minute, failures in ((59.99, 20), (60, 10)):
        (hit,) = found(burst.DETECTOR, *first, told(minute, ip="a"))
        assert hit.facts == {"failures": failures}


def test_guessing_that_goes_on_counts_each_address_country_and_device_once() -> None:
    (rule,) = (one for one in DETECTORS if one.rule == "distributed_guessing")
    events = [
        told(n / 10, ip=f"a{n}", country=f"c{n % 7}", **({"device": f"d{n % 30}"} if n % 2 else {})) for n in range(100)
    ]
    (hit,) = found(rule, *events)
    assert hit.facts == {"failures": 80, "addresses": 64, "countries": 7, "devices": 15}


def test_a_device_that_is_told_again_is_no_more_of_a_pattern() -> None:
    (rule,) = (one for one in DETECTORS if one.rule == "new_devices_in_a_row")
    two_turns = [told(n, "device.registered", device=f"d{n % 5}") for n in range(40)]
    (hit,) = found(rule, *two_turns)
    assert hit.facts == {"devices": 3}
    (hit,) = found(rule, *two_turns, told(41, "device.registered", device="d5"))
    assert (hit.facts, hit.ended_ms) == ({"devices": 6}, example_ms(41))
    nameless = [told(n, "device.registered") for n in range(6)]
    (hit,) = found(rule, *nameless)
    assert hit.facts == {"devices": 6}


def test_a_success_after_an_attack_tells_what_kind_it_was_and_how_long_after() -> None:
    failures = [told(minute, ip=f"a{minute % 8}") for minute in range(12)]
    (hit,) = found(success.DETECTOR, *failures, told(20, "login.succeeded", ip="other"))
    assert (hit.started_ms, hit.ended_ms) == (example_ms(0), example_ms(20))
    assert hit.facts == {"failures": 12, "distributed": "yes", "minutes_after": 9}
    assert hit.event_ids == (*(event.id for event in failures), told(20, "login.succeeded", ip="other").id)


def test_a_source_that_came_in_during_an_attack_is_not_learned() -> None:
    stranger = {"ip": "s", "device": "s"}
    first = [*(told(minute, ip="x") for minute in range(10)), told(10, "login.succeeded", **stranger)]
    again = [*(told(60 + minute, ip="x") for minute in range(10)), told(80, "login.succeeded", **stranger)]
    assert [hit.started_ms for hit in found(success.DETECTOR, *first, *again)] == [example_ms(0), example_ms(60)]


def test_the_last_sixteen_sources_are_known_by_which_an_account_was_entered() -> None:
    logins = [told(-2000 + number, "login.succeeded", ip=f"a{number}") for number in range(success.KNOWN_MAX + 1)]
    failures = [told(minute, ip="x") for minute in range(10)]
    for address, count in (("a0", 1), ("a1", 0), (f"a{success.KNOWN_MAX}", 0)):
        assert len(found(success.DETECTOR, *logins, *failures, told(10, "login.succeeded", ip=address))) == count
    used_again = told(-100, "login.succeeded", ip="a0")
    assert not found(success.DETECTOR, *logins, used_again, *failures, told(10, "login.succeeded", ip="a0"))


def tries(accounts: int, *, each: int = 1, apart_s: float = 1, word: str = "failed", first: int = 0) -> list[Event]:
    """Tries of one source, account after account, in rounds."""
    return [
        told(number * apart_s / 60, f"login.{word}", account=f"a{first + number % accounts}")
        for number in range(accounts * each)
    ]


def test_stuffing_counts_accounts_and_names_the_last_failures_and_the_logins() -> None:
    inside = tries(5, word="succeeded")
    (hit,) = found(credential_stuffing.DETECTOR, *tries(300), *inside)
    assert hit.facts == {"failures": 200, "accounts_failed": COUNTED_MAX, "accounts_in": 5}
    named = in_order([*in_order(tries(300))[185:200], *inside])
    assert hit.event_ids == tuple(event.id for event in named)


SOURCES: Final = (spray.DETECTOR, credential_stuffing.DETECTOR)


@pytest.mark.parametrize("detector", SOURCES, ids=ids)
def test_a_finding_about_a_source_is_corrected_while_the_attack_goes_on(detector: Detector[Any]) -> None:
    """Sixty accounts, each tried twice in ten minutes. Four get in, one of them twice, and the last failures are
    told with them."""
    attack = [*tries(60, each=2, apart_s=5)]
    got_in = [told(minute, "login.succeeded", account=f"in{number}") for number, minute in enumerate((6, 7, 8, 10))]
    (hit,) = found(detector, *attack, *got_in, told(10.5, "login.succeeded", account="in0"))
    assert hit.started_ms == example_ms(0)
    assert hit.ended_ms == example_ms(10)
    assert hit.facts == {"failures": 120, "accounts_failed": 60, "accounts_in": 4}
    assert hit.event_ids == tuple(event.id for event in in_order([*in_order(attack)[-16:], *got_in]))


@pytest.mark.parametrize("detector", SOURCES, ids=ids)
def test_a_finding_about_a_source_names_the_latest_logins_one_of_each_account(detector: Detector[Any]) -> None:
    """They are ten at most. One before the attack is none of it, and an account that comes in twice is named once."""
    attack = tries(60, each=2, apart_s=5)
    before = [told(-1, account="slip"), told(-0.5, "login.succeeded", account="before")]
    inside = [told(10 + number / 10, "login.succeeded", account=f"in{number}") for number in range(12)]
    again = [told(10.05 + number / 10, "login.succeeded", account=f"in{number}") for number in range(12)]
    quiet = detector.limits.window_ms / MINUTE_MS + 1
    earlier = [replace(one, at_ms=one.at_ms - round(quiet * MINUTE_MS)) for one in before]
    (hit,) = found(detector, *earlier, *attack, *inside, *again)
    assert [one for one in hit.event_ids if "succeeded" in one] == [one.id for one in inside[2:]]
    assert len(hit.event_ids) == EVIDENCE_MAX


@pytest.mark.parametrize("detector", SOURCES, ids=ids)
def test_a_login_of_an_earlier_time_gives_its_place_to_the_one_of_the_attack(detector: Detector[Any]) -> None:
    span = detector.limits.window_ms / MINUTE_MS
    earlier = [told(-span - 2, account="slip"), told(-span - 1, "login.succeeded", account="in")]
    inside = told(6, "login.succeeded", account="in")
    (hit,) = found(detector, *earlier, *tries(60, each=2, apart_s=5), inside)
    assert [one for one in hit.event_ids if "succeeded" in one] == [inside.id]


@pytest.mark.parametrize("detector", SOURCES, ids=ids)
def test_a_finding_about_a_source_is_not_written_with_every_failure(detector: Detector[Any]) -> None:
    fold = Fold(plan_of(detector))
    counts = [hit.facts["failures"] for event in tries(60, each=6, apart_s=2) for _, hit in fold.take(event)]
    first = int(counts[0])
    assert counts == [first * 2**number for number in range(len(counts))]
    assert 2 * int(counts[-1]) > 360


@pytest.mark.parametrize("detector", SOURCES, ids=ids)
def test_an_account_that_gets_in_after_the_attack_is_not_of_it(detector: Detector[Any]) -> None:
    """A window after the last failure the address is anybody's again."""
    attack = tries(60, each=2, apart_s=5)
    edge = min(595 / 60 + detector.limits.window_ms / MINUTE_MS, 59.99)
    for minute, count in ((edge, 1), (edge + 0.02, 0)):
        (hit,) = found(detector, *attack, told(minute, "login.succeeded", account="late"))
        assert hit.facts["accounts_in"] == count


def test_a_slice_of_a_list_that_goes_on_is_corrected_at_twice_its_accounts() -> None:
    for accounts, seen in ((15, 8), (16, 16), (40, 16)):
        (hit,) = found(slow.DETECTOR, *tries(accounts, apart_s=600))
        assert hit.started_ms == example_ms(0)
        assert hit.facts == {"accounts_failed": seen, "minutes": (seen - 1) * 10}


def test_a_spray_that_fills_the_memory_before_it_lasts_long_enough_is_found() -> None:
    """128 tries are kept. The first was five minutes ago, though it is kept no more."""
    limits = spray.DETECTOR.limits
    fast = tries(30, each=6, apart_s=2)
    assert len(fast) > 128
    (hit,) = found(spray.DETECTOR, *fast)
    assert hit.ended_ms == example_ms(limits.lasting_ms / MINUTE_MS)


def test_a_spray_tells_its_failures_and_accounts() -> None:
    (hit,) = found(spray.DETECTOR, *tries(8, each=3, apart_s=30), told(3.1, "login.succeeded", account="other"))
    assert hit.facts == {"failures": 16, "accounts_failed": 8, "accounts_in": 1}


@pytest.mark.parametrize("detector", [spray.DETECTOR, credential_stuffing.DETECTOR], ids=ids)
def test_a_source_is_quiet_from_the_beginning_of_its_finding_on(detector: Detector[Any]) -> None:
    """Two hours here: a window of one is not over then."""
    limits = replace(detector.limits, quiet_ms=2 * HOUR_MS)
    once = tries(26, each=3, apart_s=6)
    for minute, count in ((119.99, 1), (120, 2)):
        again = [
            replace(event, id=f"again-{event.id}", at_ms=event.at_ms + round(minute * MINUTE_MS)) for event in once
        ]
        assert len(fold_in_order(plan_of(detector, limits=limits), [*once, *again])) == count


def test_travel_is_measured_as_the_least_that_it_can_be() -> None:
    near = travel.measure_least_km
    assert near("31,121", "31,121") == near("31,121", "32,122") == 0
    assert near("0,0", "0,10") == pytest.approx(1111.95 - 157.25, abs=0.5)
    for there_and_back in (("40,116", "31,121"), ("31,121", "40,116")):
        assert near(*there_and_back) == pytest.approx(1094 - 142, abs=5)
    assert near("0,-180", "0,180") == 0
    assert near("90,0", "-90,0") == pytest.approx(20015 - 111, abs=2)


@sweep("seed", range(20))
def test_two_places_are_never_nearer_than_they_are_measured(seed: int) -> None:
    """Of the exact places; their cells are what the facts tell."""
    draw = random.Random(seed)
    for _ in range(300):
        first, second = ((draw.uniform(-90, 90), draw.uniform(-180, 180)) for _ in range(2))
        cells = [f"{round(latitude)},{round(longitude)}" for latitude, longitude in (first, second)]
        exact = great_circle_km(first, second)
        assert exact - 2 * 160 <= travel.measure_least_km(*cells) <= exact + 0.01


def great_circle_km(first: tuple[float, float], second: tuple[float, float]) -> float:
    """By the angle between two vectors, another way than the rule's."""

    def point(place: tuple[float, float]) -> tuple[float, float, float]:
        latitude, longitude = map(radians, place)
        return cos(latitude) * cos(longitude), cos(latitude) * sin(longitude), sin(latitude)

    product = sum(a * b for a, b in zip(point(first), point(second), strict=True))
    return 6_371.0 * acos(max(-1.0, min(1.0, product)))


def test_a_journey_is_forgotten_after_a_day() -> None:
    fast = replace(travel.DETECTOR.limits, speed_km_h=1)
    for hours, count in ((24, 1), (24.001, 0)):
        journey = [
            told(0, "login.succeeded", cell="0,0", ip="a"),
            told(hours * 60, "login.succeeded", cell="0,90", ip="b"),
        ]
        assert len(fold_in_order(plan_of(travel.DETECTOR, limits=fast), journey)) == count


def test_the_rules_about_agents_listen_to_what_the_desk_writes() -> None:
    assert {f"agent.{one.value}" for one, counted in COUNTED.items() if counted is Counted.OPENINGS} == (
        agent_openings.OPENINGS
    )
    unmaskings = {f"agent.{one.value}" for one, counted in COUNTED.items() if counted is Counted.UNMASKINGS}
    assert unmaskings < agent_unmasking.UNMASKINGS == {*unmaskings, "agent.unmask_beyond"}
    agents = FOLDER.parents[1] / "agents"
    assert '"looked_up"' in (agents / "views.py").read_text(encoding="utf-8")
    assert 'f"approval_{approval.state.value}"' in (agents / "approvals.py").read_text(encoding="utf-8")
    assert set(agent_browsing.LOOKS) == {"agent.looked_up"}
    assert set(agent_approvals.APPROVALS) == {"agent.approval_approved"}


DESK: Final = (
    {operation.value for operation in Operation}
    | {f"approval_{state.value}" for state in ApprovalState}
    | {"looked_up"}
)
"""The words for what a person of the desk did, as agents.records writes them."""


@cache
def values_of_rows() -> dict[tuple[Stream, str], set[str]]:
    """The names of values that rows may have, by stream and type, as the facts of the contract become rows."""
    found: dict[tuple[Stream, str], set[str]] = defaultdict(set)
    inward = {"direction": "in"}
    for type_name in FACTS:
        moves = type_name.partition(".")[0] in set(MovementKind)
        for more in ({}, inward) if moves else ({},):
            for one in streams_of(parse(event(type_name, more)), lambda _, value: value):
                found[one.stream, one.type] |= one.values.keys()
    deed = agent_row("act-1", "-", "account", NOON, agent_id="agent", case_id="case", shards=1)
    for word in DESK:
        found[Stream.AGENT, f"agent.{word}"] |= values_of(deed.item).keys()
    return found


@sweep("detector", DETECTORS)
def test_examples_are_made_of_what_rows_hold(detector: Detector[Any]) -> None:
    """A rule that hears a word that nobody writes, or reads a value that no row has, finds nothing for good."""
    for example in detector.examples:
        for one in example.events:
            held = values_of_rows().get((detector.stream, one.type))
            assert held is not None, (example.name, one.type)
            assert one.values.keys() <= held, (example.name, one.type)


@sweep("detector", [one for one in DETECTORS if one.stream is Stream.AGENT])
def test_rows_of_the_desk_give_what_the_examples_of_rules_about_agents_say(detector: Detector[Any]) -> None:
    """The deeds are written as the desk writes them, and read as the scan reads them."""
    for example in detector.examples:
        rows = []
        for one in example.events:
            at = instant_of_ms(one.at_ms)
            deed = {"agent_id": "agent-1", "case_id": str(one.values["case"]), "shards": 1}
            put = agent_row(one.id, one.type, str(one.values["account"]), at, **deed)  # type: ignore[arg-type]
            rows.append(row_of(Stream.AGENT, {**put.item, "PK": put.key.pk, "SK": put.key.sk}))
        assert {row.subject for row in rows} == {"agent-1"}
        seen = fold_in_order(plan_of(detector), [row.event for row in rows])
        assert seen == fold_in_order(plan_of(detector), example.events)
        assert sorted(started_ms for _, started_ms in seen) == sorted(example.started_ms)


def test_the_rules_about_agents_see_less_than_the_desk_refuses() -> None:
    """Else a rule never finds anything: the desk stops before."""
    for detector, counted in (
        (agent_browsing.DETECTOR, Counted.LOOK_UPS),
        (agent_unmasking.DETECTOR, Counted.UNMASKINGS),
        (agent_openings.DETECTOR, Counted.OPENINGS),
    ):
        assert detector.limits.accounts < LIMITS[counted].most
        assert detector.limits.window_ms == HOUR_MS
    assert agent_approvals.DETECTOR.limits.approvals < LIMITS[Counted.APPROVALS].most


def test_a_rule_of_agents_and_of_sources_is_about_them_and_not_about_an_account() -> None:
    streams = {detector.rule: detector.stream for detector in DETECTORS}
    assert {rule for rule, stream in streams.items() if stream is Stream.AGENT} == {
        rule for rule in streams if rule.startswith("agent_")
    }
    assert {"credential_stuffing", "password_spray"} <= {r for r, stream in streams.items() if stream is Stream.SOURCE}


def test_a_burst_is_an_attack_from_its_first_failure_on_and_goes_on_while_failures_come() -> None:
    slips = [told(minute, ip="x") for minute in (0, 4)]
    failures = [told(20 + minute, ip="x") for minute in range(10)]
    (hit,) = found(success.DETECTOR, *slips, *failures, told(50, "login.succeeded", ip="s"))
    assert hit.started_ms == example_ms(20)
    assert hit.facts == {"failures": 12, "distributed": "no", "minutes_after": 21}
    (hit,) = found(success.DETECTOR, *failures, told(31, ip="x"), told(211, "login.succeeded", ip="s"))
    assert hit.started_ms == example_ms(20)
    assert hit.facts == {"failures": 11, "distributed": "no", "minutes_after": 180}


def test_an_attack_that_was_over_for_three_hours_is_another_one() -> None:
    first = [told(minute, ip="x") for minute in range(10)]
    for tenth, began in ((9 + 180, 0), (9 + 180.01, 9 + 180.01 - 0.09)):
        again = [told(tenth - minute / 100, ip="x") for minute in range(10)]
        hits = found(success.DETECTOR, *first, *again, told(tenth + 5, "login.succeeded", ip="s"))
        assert [hit.started_ms for hit in hits] == [example_ms(began)]


def test_an_attack_that_was_distributed_once_is_told_as_distributed() -> None:
    spread = [told(minute, ip=f"a{minute % 8}") for minute in range(10)]
    burst_ = [told(100 + minute, ip="x") for minute in range(10)]
    (hit,) = found(success.DETECTOR, *spread, *burst_, told(120, "login.succeeded", ip="s"))
    assert (hit.started_ms, hit.facts["distributed"], hit.facts["failures"]) == (example_ms(0), "yes", 11)


def test_a_finding_names_nineteen_failures_at_most_and_the_success() -> None:
    failures = [told(minute / 10, ip="x") for minute in range(30)]
    login = told(10, "login.succeeded", ip="s")
    (hit,) = found(success.DETECTOR, *failures, login)
    assert hit.event_ids == (*(event.id for event in failures[-19:]), login.id)


def test_a_journey_tells_kilometres_minutes_and_both_logins_and_is_quiet_for_three_hours() -> None:
    def login(minute: float, cell: str, source: str) -> Event:
        return told(minute, "login.succeeded", cell=cell, ip=source)

    shanghai, london = login(0, "31,121", "a"), login(90.5, "52,0", "b")
    (hit,) = found(travel.DETECTOR, shanghai, london)
    assert hit.facts == {"km_at_least": int(travel.measure_least_km("31,121", "52,0")), "minutes": 90}
    assert hit.event_ids == (shanghai.id, london.id)
    for minute, count in ((90.5 + 179.99, 1), (90.5 + 180, 2)):
        back = [login(minute - 1, "52,0", "c"), login(minute, "31,121", "a")]
        assert len(found(travel.DETECTOR, shanghai, london, *back)) == count


def test_two_countries_tell_the_minutes_and_are_quiet_for_three_hours() -> None:
    def login(minute: float, country: str) -> Event:
        return told(minute, "login.succeeded", country=country, ip=f"{country}{minute}")

    (detector,) = (one for one in DETECTORS if one.rule == "two_countries")
    first, second = login(0, "CN"), login(10.5, "GB")
    (hit,) = found(detector, first, second)
    assert (hit.facts, hit.event_ids) == ({"minutes": 10}, (first.id, second.id))
    for minute, count in ((10.5 + 179.99, 1), (10.5 + 180, 2)):
        assert len(found(detector, first, second, login(minute - 1, "CN"), login(minute, "GB"))) == count


def tell_journeys(*journeys: tuple[float, str, str], apart: float = 10) -> list[Event]:
    """Two logins by two devices at two cells, so many minutes apart, from each of some minutes on."""
    return [
        told(begin + after, "login.succeeded", cell=cell, ip=f"ip-{cell}", device=f"device-{cell}")
        for begin, first, second in journeys
        for after, cell in ((0, first), (apart, second))
    ]


def begins(events: list[Event]) -> list[float]:
    """The days on which impossible journeys are found."""
    return [(hit.started_ms - example_ms(0)) / DAY_MS for hit in found(travel.DETECTOR, *events)]


DAY: Final = 1440


def test_a_pair_of_places_is_one_pair_in_either_direction() -> None:
    there = [(day * DAY, "31,121", "23,113") for day in (0, 2, 4)]
    back = [(day * DAY, "23,113", "31,121") for day in (1, 3, 5)]
    assert begins(tell_journeys(*there, *back)) == [0, 1, 2]


@pytest.mark.parametrize(("gap", "count"), [(30, 3), (31, 6)])
def test_a_pair_of_places_is_forgotten_after_thirty_days_without_it(gap: int, count: int) -> None:
    days = (0, 1, 2, 2 + gap, 3 + gap, 4 + gap, 5 + gap)
    assert len(begins(tell_journeys(*((day * DAY, "31,121", "23,113") for day in days)))) == count


@pytest.mark.parametrize("detector", [travel.DETECTOR, countries.DETECTOR], ids=ids)
def test_each_time_after_which_a_pair_of_places_is_forgotten_lets_it_become_familiar(detector: Detector[Any]) -> None:
    limits = replace(detector.limits, forgotten_ms=round(range_of(detector, "forgotten_ms").low))
    events = [
        told(day * DAY + minute, "login.succeeded", cell=cell, country=country, ip=cell, device=cell)
        for day in range(9)
        for minute, cell, country in ((0, "31,121", "CN"), (10, "52,0", "GB"))
    ]
    if detector is countries.DETECTOR:
        events = [replace(one, values={**one.values, "cell": None}) for one in events]
    hits = fold_in_order(plan_of(detector, limits=limits), events).values()
    assert [hit.started_ms for hit in hits] == [example_ms(day * DAY) for day in range(limits.found_days)]


def test_a_habit_goes_on_while_it_is_seen_and_is_quiet_for_nobody_else() -> None:
    pair = [(day * DAY, "31,121", "23,113") for day in range(0, 300, 20)]
    events = tell_journeys(*pair)
    assert begins(events) == [0, 20, 40]
    # A familiar journey begins no quiet time, in which a thief would not be found.
    thief = told(280 * DAY + 60, "login.succeeded", cell="52,0", ip="x", device="x")
    assert begins([*events, thief])[3:] == [(280 * DAY + 10) / DAY]


@pytest.mark.parametrize(("others", "count"), [(PAIRS_MAX - 1, 3), (PAIRS_MAX, 4)])
def test_so_many_pairs_of_places_are_known_the_latest_ones(others: int, count: int) -> None:
    habit = tell_journeys(*((day * DAY, "31,121", "23,113") for day in range(4)))
    far = [f"{latitude},-60" for latitude in range(-40, -40 + 10 * (others + 1), 10)]
    # Days apart, so that each is a pair of its own, and slow enough for a plane.
    journeys = tell_journeys(*((2 * (3 + n) * DAY, far[n], far[n + 1]) for n in range(others)), apart=12 * 60)
    assert len(begins([*habit, *journeys, *tell_journeys((29 * DAY, "31,121", "23,113"))])) == count


@pytest.mark.parametrize("detector", [travel.DETECTOR, countries.DETECTOR], ids=ids)
def test_the_advice_on_journeys_says_of_how_many_pairs_and_days_it_is_true(detector: Detector[Any]) -> None:
    assert (PAIRS_MAX, detector.limits.found_days, detector.limits.account_days) == (4, 3, 6)
    assert re.search("Of up to four pairs of .* each is found on three days at most", detector.runbook)
    assert "An account is found on six days of thirty at most" in detector.runbook


@pytest.mark.parametrize(("pairs", "count"), [(1, 3), (2, 6), (PAIRS_MAX, 6), (PAIRS_MAX + 1, 6)])
def test_an_account_with_more_pairs_of_places_than_are_known_is_found_on_six_days(pairs: int, count: int) -> None:
    """Each pair has a day of its own, and nobody goes from one pair to the next within the memory of a day."""
    places = [
        (f"{10 * number - 40},{20 * number}", f"{10 * number - 40},{20 * number + 90}") for number in range(pairs)
    ]
    days = [(2 * turn * DAY, *places[turn % pairs]) for turn in range(6 * pairs)]
    assert len(begins(tell_journeys(*days))) == count


def test_cells_that_touch_may_be_one_place_and_no_others_where_most_people_live() -> None:
    for latitude, longitude in product(range(-88, 88), (0, 100, 179, -180)):
        cell = f"{latitude},{longitude}"
        for north, east in product((-2, -1, 0, 1, 2), repeat=2):
            other = f"{latitude + north},{(longitude + east + 180) % 360 - 180}"
            touches = max(abs(north), abs(east)) <= 1
            if touches or abs(latitude) <= 50:
                assert travel.may_be_one_place(cell, other) is touches, (cell, other)


def test_a_pair_of_places_stays_where_it_was_first_seen() -> None:
    """Places that move by a degree a day are no habit, or a thief could come closer and closer."""
    events = tell_journeys(*((day * DAY, f"{20 + day},104", "52,0") for day in range(6)))
    assert begins(events) == [0, 1, 2, 3, 4, 5]


def test_a_pair_of_old_that_is_near_lets_no_familiar_one_begin_anew() -> None:
    cells = ["30,104"] + ["32,104"] * 4 + ["31,104"]
    days = [0, 29, 30, 31, 32, 33]
    events = tell_journeys(*((day * DAY, cell, "52,0") for day, cell in zip(days, cells, strict=True)))
    assert begins(events) == [0, 29, 30, 31]


@pytest.mark.parametrize("seed", range(20))
def test_nobody_is_found_on_more_than_six_of_thirty_days_by_a_rule_about_journeys(seed: int) -> None:
    draw = random.Random(seed)
    places = [f"{latitude},{longitude}" for latitude in range(-60, 61, 20) for longitude in range(-160, 161, 40)]
    events, minute = [], 0.0
    for number in range(draw.randint(50, 300)):
        minute += draw.choice((5, 30, 400, 1000, 3000))
        place = draw.choice(places)
        values = {"ip": f"{number}", "device": f"{number}", "country": place}
        events.append(told(minute, "login.succeeded", **values))
        if draw.random() < 0.9:
            events[-1] = told(minute, "login.succeeded", **values, cell=place)
    for detector in (travel.DETECTOR, countries.DETECTOR):
        days = sorted({hit.ended_ms // DAY_MS for hit in found(detector, *events)})
        assert days
        assert max(sum(first <= day <= first + 30 for day in days) for first in days) <= 6


@pytest.mark.parametrize(("day", "count"), [(36, 6), (37, 7)])
def test_an_account_is_told_again_when_six_days_are_not_within_thirty(day: int, count: int) -> None:
    far = [f"{latitude},{longitude}" for longitude in (100, 130) for latitude in range(-40, 60, 10)]
    events = tell_journeys(*((n * DAY, far[n], "52,0") for n in range(12)))
    # The last seven days are 5 to 11, whether they were told or not.
    assert begins(events) == [0, 1, 2, 3, 4, 5]
    assert len(begins([*events, *tell_journeys((day * DAY, far[13], "52,0"))])) == count


def test_no_kind_of_card_is_among_those_that_are_no_card() -> None:
    assert set(KINDS) - card_testing.NO_CARDS == {"card", "bank_card", "other"}
    assert set(KINDS) >= card_testing.NO_CARDS


def test_an_account_that_stays_at_one_place_or_near_it_has_no_pairs() -> None:
    fold = Fold(plan_of(travel.DETECTOR))
    for one in tell_journeys((0, "31,121", "31,121"), (DAY, "31,121", "32,120"), (2 * DAY, "30,120", "31,121")):
        assert not fold.take(one)
    (state,) = fold.states.values()
    assert state.keys() == {"last"}


def test_a_mended_state_takes_its_own_finding_back() -> None:
    (detector,) = (one for one in DETECTORS if one.rule == "one_contact_point")
    fold = Fold(plan_of(detector))
    events = [told(0, "account.opened", points=1), told(5, "contact_point.changed", change="added")]
    (raised, back) = (hit for event in events for _, hit in fold.take(event))
    assert raised == Hit(example_ms(0), example_ms(0), {"points": 1}, (events[0].id,))
    assert back == Hit(example_ms(0), example_ms(5), {"points": 1}, (events[0].id, events[1].id), withdrawn=True)


def test_a_finding_about_an_agent_tells_deeds_and_accounts_and_the_last_twenty() -> None:
    browsed = [told(minute, "agent.looked_up", account=f"a{minute}") for minute in range(30)]
    (hit,) = found(agent_browsing.DETECTOR, *browsed)
    assert (hit.facts, hit.event_ids) == ({"accounts": 30, "deeds": 30}, tuple(event.id for event in browsed[10:]))
    approved = [told(minute / 2, "agent.approval_approved", account=f"a{minute % 2}") for minute in range(5)]
    (hit,) = found(agent_approvals.DETECTOR, *approved)
    assert (hit.facts, hit.event_ids) == ({"accounts": 2, "deeds": 5}, tuple(event.id for event in approved))


def test_a_finding_is_quiet_for_an_hour_from_its_beginning_on() -> None:
    for second_minute, count in ((59.99, 1), (60, 2)):
        looks = [
            told(begin + minute / 100, "agent.looked_up", account=f"a{minute}")
            for begin in (0, second_minute)
            for minute in range(30)
        ]
        assert len(found(agent_browsing.DETECTOR, *looks)) == count


def left(minute: float, amount_minor: int, *, currency: str = "CNY", name: str = "a") -> Event:
    values = {
        "movement_id": name,
        "version": 1,
        "kind": "transfer",
        "status": "succeeded",
        "amount_minor": amount_minor,
    }
    return Event(name, example_ms(minute), "transfer.succeeded", {**values, "currency": currency})


RESET: Final = told(0, "password.changed")
WINDOW_MINUTES: Final = chain.DETECTOR.limits.window_ms / MINUTE_MS
FLOOR: Final = chain.DETECTOR.limits.floor_minor["CNY"]


def test_a_stolen_account_is_told_with_how_much_left_in_how_many_transfers_until_when() -> None:
    device = told(1, "device.registered", device="d")
    sent = [left(2, FLOOR - 1), left(2.5, 9, currency="EUR"), left(3, 7), left(4, 8)]
    for names in ("abcd", "zyxw"):
        named = [
            replace(event, id=name, values={**event.values, "movement_id": name})
            for event, name in zip(sent, names, strict=True)
        ]
        for count, minor in ((3, FLOOR + 6), (4, FLOOR + 14)):
            (hit,) = found(chain.DETECTOR, RESET, device, *named[:count])
            assert (hit.started_ms, hit.ended_ms) == (example_ms(0), named[count - 1].at_ms)
            transfers = {"transfers": count - 1, "amount_minor": minor, "currency": "CNY", "change": "password"}
            assert hit.facts == transfers
            assert hit.event_ids == (RESET.id, device.id, *names[:count])


DEVICE: Final = told(1, "device.registered", device="d")


def test_a_theft_that_goes_on_is_counted_to_its_end_and_names_its_first_eighteen_movements() -> None:
    for slices in (2, 9, 18, 19, 60):
        names = [f"part-{number:02d}" for number in range(slices)]
        sent = [left(2 + number, FLOOR - 1, name=name) for number, name in enumerate(names)]
        (hit,) = found(chain.DETECTOR, RESET, DEVICE, *sent)
        assert (hit.facts["transfers"], hit.facts["amount_minor"]) == (slices, slices * (FLOOR - 1))
        assert hit.event_ids == (RESET.id, DEVICE.id, *names[:18])
        assert hit.ended_ms == sent[-1].at_ms


def test_a_finding_is_open_for_a_window_from_the_moment_at_which_it_was_found() -> None:
    for minute, transfers in ((WINDOW_MINUTES + 600, 2), (WINDOW_MINUTES + 600.01, 1)):
        (hit,) = found(chain.DETECTOR, RESET, DEVICE, left(600, FLOOR), left(minute, 5, name="b"))
        assert hit.facts["transfers"] == transfers


def test_the_same_pattern_again_is_another_finding_at_any_hour() -> None:
    for hour in (1, 3, 6, 11.5, 12.5, 30):
        again = [told(60 * hour, "password.changed"), told(60 * hour + 5, "device.registered", device="e")]
        last = left(60 * hour + 10, 50 * FLOOR, name="b")
        first, second = found(chain.DETECTOR, RESET, DEVICE, left(10, FLOOR), *again, last)
        assert (first.facts["transfers"], first.facts["amount_minor"]) == (1, FLOOR)
        assert (second.started_ms, second.facts["amount_minor"]) == (again[0].at_ms, 50 * FLOOR)
        assert second.event_ids == (again[0].id, again[1].id, "b")


def take(*events: Event) -> list[Hit]:
    """All that the rule says, one after the other."""
    fold = Fold(plan_of(chain.DETECTOR))
    return [hit for one in in_order(events) for _, hit in fold.take(one)]


def undone(minute: float, name: str) -> Event:
    values = {**left(0, 1, name=name).values, "version": 2, "status": "reversed"}
    return Event(f"undone-{name}", example_ms(minute), "transfer.reversed", values)


def test_money_that_comes_back_is_counted_no_more_and_the_finding_goes_below_the_floor() -> None:
    sent = [left(2, FLOOR, name="a"), left(3, 5, name="b"), left(4, 7, currency="EUR", name="c")]
    hits = take(RESET, DEVICE, *sent, undone(5, "b"), undone(6, "c"), undone(7, "a"))
    assert [hit.facts["amount_minor"] for hit in hits] == [FLOOR, FLOOR + 5, FLOOR + 5, FLOOR, FLOOR, FLOOR]
    assert [hit.event_ids[2:] for hit in hits[3:]] == [("a", "c"), ("a",), ("a",)]
    assert [hit.withdrawn for hit in hits] == [False] * 5 + [True]


def test_money_of_an_earlier_finding_that_comes_back_leaves_the_later_one() -> None:
    again = [told(60, "password.changed"), told(61, "device.registered", device="e")]
    sent = [left(2, FLOOR, name="a"), left(62, FLOOR - 1, name="b"), left(63, 1, name="c")]
    hits = take(RESET, DEVICE, *sent, *again, undone(70, "a"))
    assert [(hit.started_ms, hit.facts["amount_minor"]) for hit in hits[:3]] == [
        (example_ms(0), FLOOR),
        (example_ms(0), 2 * FLOOR - 1),
        (example_ms(60), FLOOR),
    ]
    (back,) = hits[3:]
    assert (back.started_ms, back.withdrawn) == (example_ms(0), True)


def test_a_finding_that_was_taken_back_comes_again_with_the_next_theft() -> None:
    events = [RESET, DEVICE, left(2, FLOOR), undone(3, "a"), left(4, FLOOR, name="b")]
    raised, back, again = take(*events)
    assert (back.withdrawn, again.withdrawn) == (True, False)
    assert raised.started_ms == back.started_ms == again.started_ms
    assert again.event_ids == (RESET.id, DEVICE.id, "b")


def test_money_is_taken_from_the_findings_that_have_counted_it_and_from_no_other() -> None:
    again = [told(60, "password.changed"), told(70, "device.registered", device="e")]
    sent = [left(20, FLOOR), left(80, FLOOR, name="b"), left(81, 20_000, name="c"), left(100, 1_000, name="d")]
    hits = take(RESET, DEVICE, *sent, *again, undone(90, "b"), undone(110, "c"), undone(120, "d"), undone(130, "a"))
    assert [(hit.started_ms, hit.facts["transfers"], hit.facts["amount_minor"], hit.withdrawn) for hit in hits] == [
        (example_ms(0), 1, FLOOR, False),
        (example_ms(60), 1, FLOOR, False),
        (example_ms(60), 2, FLOOR + 20_000, False),
        (example_ms(60), 2, FLOOR + 20_000, True),
        (example_ms(0), 2, FLOOR + 1_000, False),
        (example_ms(0), 1, FLOOR, False),
        (example_ms(0), 1, FLOOR, True),
    ]


def test_money_of_half_a_day_ago_is_taken_back_also_after_more_has_left() -> None:
    later = WINDOW_MINUTES + 10
    again = [told(later, "password.changed"), told(later + 1, "device.registered", device="e")]
    *_, back = take(RESET, DEVICE, left(2, FLOOR), *again, left(later + 2, FLOOR, name="b"), undone(later + 3, "a"))
    assert (back.started_ms, back.withdrawn) == (example_ms(0), True)


def test_a_finding_that_comes_again_counts_a_movement_once() -> None:
    sent = [left(2, FLOOR), left(3, 5, name="b"), left(5, FLOOR, name="c")]
    hits = take(RESET, DEVICE, *sent, undone(4, "a"), undone(6, "b"))
    assert [(hit.facts["transfers"], hit.facts["amount_minor"], hit.withdrawn) for hit in hits] == [
        (1, FLOOR, False),
        (2, FLOOR + 5, False),
        (2, FLOOR + 5, True),
        (2, FLOOR + 5, False),
        (1, FLOOR, False),
    ]


def test_a_finding_without_any_transfer_goes_also_where_there_is_no_floor() -> None:
    detector = replace(chain.DETECTOR, limits=chain.Limits(floor_minor={"": 0}))
    assert found(detector, RESET, DEVICE, left(2, 5))
    assert not found(detector, RESET, DEVICE, left(2, 5), undone(3, "a"))


def test_a_memory_forgets_a_theft_when_its_money_can_come_back_no_more() -> None:
    last = 2 + chain.UNDONE_MS / MINUTE_MS
    own = told(-20_000, "login.succeeded", device="own")
    for minute, keeps in ((last, True), (last + 0.01, False)):
        fold = Fold(plan_of(chain.DETECTOR))
        for one in (own, RESET, DEVICE, left(2, FLOOR), told(minute, "login.succeeded", device="own")):
            fold.take(one)
        (state,) = fold.states.values()
        assert ({"hits", "sent"} <= set(state), len(state)) == (keeps, 3 if keeps else 1)
        assert len(take(RESET, DEVICE, left(2, FLOOR), undone(minute, "a"))) == 1 + keeps


def test_a_memory_keeps_nothing_of_a_theft_that_was_taken_back() -> None:
    fold = Fold(plan_of(chain.DETECTOR))
    for one in (RESET, DEVICE, left(2, FLOOR), left(3, 5, name="b"), undone(WINDOW_MINUTES + 2, "a")):
        fold.take(one)
    assert not any(fold.states.values())


def test_a_theft_is_known_for_the_whole_of_a_longer_window() -> None:
    """Its signs would make it again, and once more each time."""
    days = chain.UNDONE_MS / MINUTE_MS
    detector = replace(chain.DETECTOR, limits=chain.Limits(window_ms=2 * chain.UNDONE_MS))
    (hit,) = found(detector, RESET, DEVICE, left(2, FLOOR), left(days + 3, FLOOR, name="b"))
    assert hit.facts["transfers"] == 2
    assert hit.event_ids == (RESET.id, DEVICE.id, "a", "b")


def test_a_flood_of_signs_or_of_payees_hides_nothing() -> None:
    for kind in ("password.changed", "device.registered"):
        flood = [told(2 + number / 100, kind, **({"device": f"f{number}"} if "device" in kind else {}))
                 for number in range(1500)]  # fmt: skip
        (hit,) = found(chain.DETECTOR, RESET, DEVICE, *flood, left(180, FLOOR))
        assert (hit.started_ms, hit.event_ids[:2]) == (example_ms(0), (RESET.id, DEVICE.id))
    payees = [replace(one, values={**one.values, "party": one.id})
              for one in (left(2 + number, FLOOR // 25, name=f"p{number:02d}") for number in range(40))]  # fmt: skip
    (hit,) = found(chain.DETECTOR, RESET, DEVICE, *payees)
    assert hit.facts["transfers"] == 40


def test_all_may_happen_at_the_first_or_at_the_last_moment_of_the_window() -> None:
    for minute in (0.001, WINDOW_MINUTES):
        device = told(minute, "device.registered", device="d")
        (hit,) = found(chain.DETECTOR, RESET, device, left(minute, FLOOR))
        assert hit.started_ms == example_ms(0)

"""The settings of the scan: one table a rule, and no name or value that means nothing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields, replace
from typing import Any

import pytest

from hotline.security.detectors import Detector, Event
from hotline.security.detectors.shipped import DETECTORS
from hotline.security.rules import Bands, RuleSet
from hotline.security.score import DIVISORS, Weights
from hotline.security.settings import (
    ABOVE_ZERO,
    MOST,
    RISK,
    SCORE,
    SHIPPED_FILE,
    WHOLE,
    BadSettings,
    choose_rules,
    key_of,
    parse_settings,
    read_bands,
    read_settings,
    read_shipped_rules,
    read_weights,
    replace_limits,
)
from hotline_local.backtest.tables import table_of, table_of_weights
from tests.support.folded_findings import fold_in_order
from tests.support.sweeps import sweep

BY_RULE = {detector.rule: detector for detector in DETECTORS}


@sweep("detector", DETECTORS)
def test_the_file_that_ships_has_the_table_of_every_rule(detector: Detector[object]) -> None:
    """A rule is on as it ships if somebody publishes a norm for it. Paste what is missing."""
    table = table_of(detector, detector.limits, is_on=detector.is_published)
    assert f"\n{table}" in SHIPPED_FILE.read_text(encoding="utf-8")


def test_the_file_that_ships_has_no_other_table() -> None:
    assert sorted(parse_settings()) == sorted([*BY_RULE, SCORE, RISK])


def test_the_bands_that_ship_are_those_of_the_code_and_settings_replace_them() -> None:
    assert set(parse_settings()[RISK]) == {one.name for one in fields(Bands)}
    assert read_bands(parse_settings()) == read_bands({}) == Bands()
    assert read_settings("[risk]\nhigh_from = 60\n").bands == Bands(high_from=60.0)


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("[risk]\nhigh = 60\n", "high"),
        ("[risk]\nhigh_from = 0.5\n", "high_from"),
        ("[risk]\nraised_from = 101\n", "raised_from"),
        ("[risk]\nraised_from = 60\n", "high_from"),
        ('[risk]\nraised_from = "low"\n', "raised_from"),
        ("risk = 3\n", WHOLE),
    ],
)
def test_bounds_that_cannot_hold_are_refused_by_their_name(text: str, key: str) -> None:
    with pytest.raises(BadSettings) as refused:
        read_settings(text)
    assert (refused.value.table, refused.value.key) == (RISK, key)


def test_other_bands_change_no_finding_and_so_not_the_digest() -> None:
    assert read_settings("[risk]\nhigh_from = 60\n").digest == read_shipped_rules().digest


def test_the_file_that_ships_has_every_weight_of_a_risk() -> None:
    assert SHIPPED_FILE.read_text(encoding="utf-8").endswith(f"\n{table_of_weights(Weights())}")


def test_weights_are_read_and_make_another_set_of_rules() -> None:
    rules = read_settings("[score]\namount = 12.5\nfindings_half_life_minutes = 60\n")
    weights = {plan.weights for plan in rules.plans.values()}
    assert weights == {replace(Weights(), amount=12.5, findings_half_life_ms=3_600_000)}
    assert rules.digest != read_shipped_rules().digest
    assert [rule.name for rule in rules.rules] == [rule.name for rule in read_shipped_rules().rules]


def test_a_table_of_weights_is_read_back_as_the_weights_it_was_written_from() -> None:
    weights = Weights(party=3.25, risk_half_life_ms=90_000)
    assert read_weights(parse_settings(table_of_weights(weights))) == weights


def test_the_shipped_settings_are_those_of_the_detectors() -> None:
    published = RuleSet.of((detector, detector.limits) for detector in DETECTORS if detector.is_published)
    assert read_settings() == read_settings("") == read_shipped_rules() == published


def test_a_limit_of_time_is_written_in_minutes() -> None:
    rules = read_settings("[failed_login_burst]\nwindow_minutes = 2.5\nquiet_minutes = 30\n")
    (limits,) = (rule.limits for rule in rules.rules if rule.detector.rule == "failed_login_burst")
    assert (limits.window_ms, limits.quiet_ms, limits.failures) == (150_000, 1_800_000, 10)
    assert rules.digest != read_shipped_rules().digest


def test_a_table_of_amounts_takes_the_place_of_the_whole() -> None:
    text = '[reset_device_transfer]\nfloor_minor = { EUR = 5, "" = 7 }\n'
    limits = {rule.detector.rule: rule.limits for rule in read_settings(text).rules}
    assert limits["reset_device_transfer"].floor_minor == {"EUR": 5, "": 7}


@pytest.mark.parametrize(("rule", "name"), MOST)
def test_the_most_that_a_memory_holds_is_taken(rule: str, name: str) -> None:
    most = MOST[rule, name] // (60_000 if name.endswith("_ms") else 1)
    ((_, limits),) = choose_rules(parse_settings(f"[{rule}]\n{key_of(name)} = {most}\n"), only=[rule])
    assert getattr(limits, name) == MOST[rule, name]


def test_every_bound_names_a_limit_of_a_rule() -> None:
    names = {(rule, one.name) for rule, detector in BY_RULE.items() for one in fields(detector.limits)}
    assert set(MOST) <= names
    assert {name for _, name in names} >= ABOVE_ZERO


@pytest.mark.parametrize("limit", ["drain.habit_minutes", "failed_login_burst.quiet_minutes", "card_testing.failures"])
def test_a_limit_that_means_something_at_zero_may_be_zero(limit: str) -> None:
    rule, key = limit.split(".")
    assert choose_rules(parse_settings(f"[{rule}]\n{key} = 0\n"), only=[rule])


def test_rules_are_switched_off_and_named_ones_on() -> None:
    tables = parse_settings("[failed_login_burst]\non = false\n[drain]\non = true\n")
    published = {detector.rule for detector in DETECTORS if detector.is_published}
    assert {detector.rule for detector, _ in choose_rules(tables)} == published - {"failed_login_burst"} | {"drain"}
    chosen = choose_rules(tables, only=["failed_login_burst"])
    assert [detector.rule for detector, _ in chosen] == ["failed_login_burst"]


def test_a_rule_without_a_norm_is_off_until_it_is_switched_on() -> None:
    detector = BY_RULE["failed_login_burst"]
    unproved = Detector(
        **{**{one.name: getattr(detector, one.name) for one in fields(detector)}, "is_published": False}
    )
    assert choose_rules({}, [unproved]) == []
    assert choose_rules({unproved.rule: {"on": True}}, [unproved]) == [(unproved, unproved.limits)]


@sweep("detector", DETECTORS)
def test_a_table_is_read_back_as_the_limits_it_was_written_from(detector: Detector[object]) -> None:
    ((_, limits),) = choose_rules(parse_settings(table_of(detector, detector.limits, is_on=True)), only=[detector.rule])
    assert limits == detector.limits


def test_a_name_that_is_empty_or_not_of_letters_is_written_in_quotes() -> None:
    detector = BY_RULE["reset_device_transfer"]
    limits = replace(detector.limits, floor_minor={"CNY": 5, "": 7, "a.b": 9})
    table = table_of(detector, limits, is_on=True)
    assert 'floor_minor = { CNY = 5, "" = 7, "a.b" = 9 }' in table
    ((_, read),) = choose_rules(parse_settings(table), only=[detector.rule])
    assert read == limits


def hard(events: Sequence[Event]) -> list[Event]:
    """The same events with nothing in them: no money, no balance, and a currency that no table names."""
    none: dict[str, Any] = {"amount_minor": 0, "balance_minor": 0, "balance_after_minor": 0, "currency": "XAU"}
    return [
        replace(event, id=f"{event.id}-none", values={name: none.get(name, one) for name, one in event.values.items()})
        for event in events
    ]


@pytest.mark.parametrize("detector", DETECTORS, ids=lambda one: one.rule)
def test_settings_that_are_taken_let_the_rule_judge(detector: Detector[Any]) -> None:
    """Or each account with such an event could not be judged, and would hold the cursor of its shard."""
    for field in fields(detector.limits):
        shipped = getattr(detector.limits, field.name)
        tables = [0, 1] if not isinstance(shipped, dict) else [{"CNY": 1}, dict.fromkeys(shipped, 0)]
        for value in tables:
            table = {key_of(field.name): value}
            try:
                limits = replace_limits(detector, detector.limits, table)
            except BadSettings:
                continue
            plan = RuleSet.of([(detector, limits)]).plans[detector.stream]
            for example in detector.examples:
                fold_in_order(plan, example.events)
                fold_in_order(plan, hard(example.events))
                fold_in_order(plan, [*example.events, *hard(example.events)])


@sweep(
    ("text", "sentence"),
    [
        ("[failed_logins]\non = true\n", "[failed_logins]: there is no such rule; there are agent_approvals, "),
        ("failed_login_burst = 5\n", "[failed_login_burst]: this is not a table of a rule"),
        ("[failed_login_burst]\nfailure = 5\n", "[failed_login_burst] failure: there is no such limit; there are fail"),
        ("[failed_login_burst]\nwindow_ms = 5\n", "[failed_login_burst] window_ms: there is no such limit"),
        ("[failed_login_burst]\non = 1\n", "[failed_login_burst] on: only true and false are possible"),
        ("[failed_login_burst]\nfailures = 2.5\n", "[failed_login_burst] failures: a whole number is needed"),
        ('[failed_login_burst]\nfailures = "5"\n', "[failed_login_burst] failures: a number is needed"),
        ("[failed_login_burst]\nfailures = true\n", "[failed_login_burst] failures: a number is needed"),
        ("[failed_login_burst]\nfailures = -1\n", "[failed_login_burst] failures: a number of at least 0 is needed"),
        ("[failed_login_burst]\nwindow_minutes = nan\n", "[failed_login_burst] window_minutes: a number is needed"),
        ("[drain]\nslices = 0\n", "[drain] slices: a number above 0 is needed"),
        ("[drain]\nwindow_minutes = 0\n", "[drain] window_minutes: a number above 0 is needed"),
        ("[drain]\nslices = 25\n", "[drain] slices: the memory of the rule holds no more than 24"),
        ("[card_testing]\ntries = 13\n", "[card_testing] tries: the memory of the rule holds no more than 12"),
        (
            "[drain]\nwindow_minutes = 576001\n",
            "[drain] window_minutes: the memory of the rule holds no more than 576000 minutes",
        ),
        (
            "[slow_stuffing]\nwindow_minutes = 50401\n",
            "[slow_stuffing] window_minutes: the memory of the rule holds no more than 50400 minutes",
        ),
        (
            "[two_countries]\nwindow_minutes = 1441\n",
            "[two_countries] window_minutes: the memory of the rule holds no more than 1440 minutes",
        ),
        ("[reset_device_transfer]\nfloor_minor = 5\n", "[reset_device_transfer] floor_minor: a table of names and"),
        (
            '[reset_device_transfer.floor_minor]\nEUR = 0.5\n"" = 7\n',
            "[reset_device_transfer] floor_minor.EUR: a whole number",
        ),
        ("[failed_login_burst]\nfailures = 0\n", "[failed_login_burst] failures: a number above 0 is needed"),
        ("[refund_abuse]\nhalf_life_minutes = 0.000001\n", "[refund_abuse] half_life_minutes: a number above 0 is"),
        ('[drain.floor_minor]\nCNY = 5\n"" = 0\n', "[drain] floor_minor: a number above 0 is needed"),
        ("[drain]\nfloor_minor = { CNY = 5 }\n", "[drain] floor_minor: a number for every other currency is needed"),
        ("score = 5\n", "[score]: this is not a table of weights"),
        ("[score]\namounts = 5\n", "[score] amounts: there is no such weight; there are amount, hour, first_time, "),
        ("[score]\namount = -1\n", "[score] amount: a number of at least 0 is needed"),
        *((f"[score]\n{key_of(name)} = 0\n", f"[score] {key_of(name)}: a number above 0") for name in DIVISORS),
        ("[failed_login_burst\n", "[-]: this is not TOML"),
    ],
)
def test_a_name_or_value_that_means_nothing_is_refused_with_its_place(text: str, sentence: str) -> None:
    with pytest.raises(BadSettings) as refused:
        read_settings(text)
    assert str(refused.value).startswith(sentence)

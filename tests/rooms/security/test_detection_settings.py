"""The settings of the scan: one table a rule, and no name or value that means nothing."""

from __future__ import annotations

import functools
import operator
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import fields, replace
from pathlib import Path
from typing import Any, Final

import pytest

from hotline.security import settings
from hotline.security.bounds import ABOVE_ZERO, BANDS, MOST, WEIGHTS, Range, range_of
from hotline.security.detectors import Detector, Event
from hotline.security.detectors.rule import Relation
from hotline.security.detectors.shipped import DETECTORS
from hotline.security.rules import BANDS_RELATIONS, Bands, RuleSet
from hotline.security.score import DIVISORS, RELATIONS, Weights
from hotline.security.settings import (
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
from hotline_local.launcher.paths import ROOT
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
        ("[risk]\nraised_from = 60\n", WHOLE),
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
    table = table_of(detector, replace(detector.limits, floor_minor={"CNY": 5, "": 7, "a.b": 9}), is_on=True)
    assert 'floor_minor = { CNY = 5, "" = 7, "a.b" = 9 }' in table
    assert parse_settings(table)[detector.rule]["floor_minor"] == {"CNY": 5, "": 7, "a.b": 9}


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


COUNT: Final = "a whole number from 1 to 1,000 is needed"
MINUTES: Final = "a number above 0, up to 576,000 is needed"


@sweep(
    ("text", "sentence"),
    [
        ("[failed_logins]\non = true\n", "[failed_logins]: there is no such table; did you mean failed_login_burst?"),
        ("[nonsense]\non = true\n", "[nonsense]: there is no such table; there are agent_approvals, "),
        ("failed_login_burst = 5\n", "[failed_login_burst]: this is not a table of a rule"),
        (
            "[failed_login_burst]\nfailure = 5\n",
            "[failed_login_burst] failure: there is no such limit; did you mean fa",
        ),
        (
            "[failed_login_burst]\nx = 5\n",
            "[failed_login_burst] x: there is no such limit; there are failures, window_m",
        ),
        (
            "[failed_login_burst]\nwindow_ms = 5\n",
            "[failed_login_burst] window_ms: there is no such limit; did you mean",
        ),
        ("[failed_login_burst]\non = 1\n", "[failed_login_burst] on: only true and false are possible, not 1"),
        ("[failed_login_burst]\nfailures = 2.5\n", f"[failed_login_burst] failures: {COUNT}, not 2.5"),
        ('[failed_login_burst]\nfailures = "5"\n', f'[failed_login_burst] failures: {COUNT}, not "5"'),
        ("[failed_login_burst]\nfailures = true\n", f"[failed_login_burst] failures: {COUNT}, not true"),
        ("[failed_login_burst]\nfailures = [5]\n", f"[failed_login_burst] failures: {COUNT}, not a list"),
        ("[failed_login_burst]\nfailures = -3\n", f"[failed_login_burst] failures: {COUNT}, not -3"),
        ("[failed_login_burst]\nfailures = 0\n", f"[failed_login_burst] failures: {COUNT}, not 0"),
        ("[failed_login_burst]\nfailures = 1001\n", f"[failed_login_burst] failures: {COUNT}, not 1001"),
        ("[failed_login_burst]\nwindow_minutes = nan\n", f"[failed_login_burst] window_minutes: {MINUTES}, not nan"),
        ("[failed_login_burst]\nwindow_minutes = inf\n", f"[failed_login_burst] window_minutes: {MINUTES}, not inf"),
        (
            f"[drain]\nslices = {10**60}\n",
            "[drain] slices: a whole number from 1 to 24 is needed, not a much larger one",
        ),
        ("[drain]\nslices = 0\n", "[drain] slices: a whole number from 1 to 24 is needed, not 0"),
        ("[drain]\nwindow_minutes = 0\n", f"[drain] window_minutes: {MINUTES}, not 0"),
        (
            "[drain]\nemptied_permille = 5000\n",
            "[drain] emptied_permille: a whole number from 0 to 1,000 is needed, no",
        ),
        ("[card_testing]\ntries = 13\n", "[card_testing] tries: a whole number from 1 to 12 is needed, not 13"),
        ("[drain]\nwindow_minutes = 576001\n", f"[drain] window_minutes: {MINUTES}, not 576001"),
        ("[slow_stuffing]\nwindow_minutes = 50401\n", "[slow_stuffing] window_minutes: a number above 0, up to 50,400"),
        (
            "[two_countries]\nwindow_minutes = 1441\n",
            "[two_countries] window_minutes: a number above 0, up to 1,440 is",
        ),
        *(
            (
                f"[{rule}]\nforgotten_minutes = {minutes}\n",
                f"[{rule}] forgotten_minutes: a number from 1,440 to 576,000 is needed, not {minutes}",
            )
            for rule in ("impossible_travel", "two_countries")
            for minutes in (0, 1439, 1439.99)
        ),
        (
            "[reset_device_transfer]\nfloor_minor = 5\n",
            "[reset_device_transfer] floor_minor: a table of amounts by",
        ),
        (
            '[reset_device_transfer.floor_minor]\nEUR = 0.5\n"" = 7\n',
            "[reset_device_transfer] floor_minor.EUR: a whole number from 0 to 9,007,199,254,740,991 is needed, not",
        ),
        ('[drain.floor_minor]\neur = 5\n"" = 7\n', "[drain] floor_minor.eur: this is no currency"),
        ("[refund_abuse]\nhalf_life_minutes = 0.000001\n", f"[refund_abuse] half_life_minutes: {MINUTES}, not 1e-06"),
        ('[drain.floor_minor]\nCNY = 5\n"" = 0\n', '[drain] floor_minor."": a whole number from 1 to 9,007,199,254'),
        ("[drain]\nfloor_minor = { CNY = 5 }\n", "[drain] floor_minor: a number for every other currency is needed"),
        ("[drain]\nfloor_minor = {}\n", "[drain] floor_minor: the table is empty; a number for every other currency"),
        ("score = 5\n", "[score]: this is not a table of weights"),
        ("[score]\namounts = 5\n", "[score] amounts: there is no such weight; did you mean amount"),
        ("[score]\namount = -1\n", "[score] amount: a number from 0 to 100 is needed, not -1"),
        ("[score]\nfindings = 1000\n", "[score] findings: a number from 0 to 100 is needed, not 1000"),
        ("[risk]\nhigh_from = 101\n", "[risk] high_from: a number from 1 to 100 is needed, not 101"),
        *((f"[score]\n{key_of(name)} = 0\n", f"[score] {key_of(name)}: a number above 0, up to ") for name in DIVISORS),
        (
            f"[drain]\nslices = 0x{'f' * 5000}\n",
            "[drain] slices: a whole number from 1 to 24 is needed, not a much larger",
        ),
        (f"[drain]\nslices = -{10**41}\n", "[drain] slices: a whole number from 1 to 24 is needed, not a much smaller"),
        (f"[drain]\nslices = {'9' * 5000}\n", "a number is too long, or values are nested too deeply"),
        (f"[drain]\nslices = {'[' * 5000}{']' * 5000}\n", "a number is too long, or values are nested too deeply"),
        ("[failed_login_burst\n", "this is not TOML: "),
    ],
)
def test_a_name_or_value_that_means_nothing_is_refused_with_its_place(text: str, sentence: str) -> None:
    with pytest.raises(BadSettings) as refused:
        read_settings(text)
    assert str(refused.value).startswith(sentence), str(refused.value)


KINDS: Final[dict[str, tuple[str, set[str]]]] = {
    "a whole number": ("failed_login_burst.failures", {"a whole number from 1 to 1,000 is needed, not"}),
    "a number": ("spend_anomaly.ratio", {"a number above 0, up to 1,000 is needed, not"}),
    "minutes": ("drain.window_minutes", {"a number above 0, up to 576,000 is needed, not"}),
    "thousandths": ("drain.emptied_permille", {"a whole number from 0 to 1,000 is needed, not"}),
    "a table of amounts": (
        "drain.floor_minor",
        {"a table of amounts by currency is needed", "a number for every"},
    ),
    "an amount": ('drain.floor_minor.""', {"a whole number from 1 to 9,007,199,254,740,991 is needed, not"}),
    "a switch": ("drain.on", {"only true and false are possible, not"}),
    "a weight": ("score.amount", {"a number from 0 to 100 is needed, not"}),
    "a bound": ("risk.high_from", {"a number from 1 to 100 is needed, not"}),
}
"""A setting of each kind, and how a refusal of a wrong value begins behind its place."""
WRONG: Final = ("{}", "{ a = 1 }", "[]", "[[1]]", '""', '"5"', "nan", "inf", "-inf", "-1", "-0.5", "1e999",
                "2026-01-01", "12:00:00")  # fmt: skip


@sweep(("place", "sentences"), KINDS.values())
@pytest.mark.parametrize("value", WRONG)
def test_each_kind_of_setting_refuses_each_kind_of_wrong_value(place: str, sentences: set[str], value: str) -> None:
    with pytest.raises(BadSettings) as refused:
        read_settings(_write(place, value))
    table, key = place.split(".", 1)
    assert str(refused.value).startswith(f"[{table}] {key}"), refused.value
    assert any(one in refused.value.why for one in sentences), refused.value


@sweep("place", [place for place, _ in KINDS.values() if not place.endswith(".on")])
@pytest.mark.parametrize("value", ["true", "false"])
def test_a_switch_is_no_number(place: str, value: str) -> None:
    with pytest.raises(BadSettings, match=f"is needed.*, not {value}"):
        read_settings(_write(place, value))


def _write(place: str, value: str) -> str:
    return "".join(f"[{place.split('.')[0]}]\n{place.split('.', 1)[1]} = {value}\n")


CONTRADICTIONS: Final = [
    ("[password_spray]\nmean_min = 9\n", "mean_min = 9 and mean_max = 8 (as it ships) contradict each other: no mean "),
    ("[password_spray]\nmean_min = 5\nmean_max = 4\n", "mean_min = 5 and mean_max = 4 contradict each other: no mean "),
    ("[password_spray]\nband_min = 7\n", "band_min = 7 and band_max = 6 (as it ships) contradict each other: no num"),
    ("[password_spray]\naccounts = 16\n", "accounts = 16 and tries = 15 (as it ships) contradict each other: each ac"),
    ("[password_spray]\nlasting_minutes = 60.5\n", "lasting_minutes = 60.5 and window_minutes = 60 (as it ships) con"),
    ("[password_spray]\naccounts = 65\ntries = 65\n", "accounts = 65 and mean_min = 2 (as it ships) contradict each o"),
    (
        "[password_spray]\nmean_max = 3\nband_min = 5\n",
        "mean_max = 3, band_min = 5 and band_percent = 60 (as it ships) ",
    ),
    (
        "[password_spray]\nmean_min = 7\nband_percent = 100\n",
        "mean_min = 7, band_max = 6 (as it ships) and band_percent = 100",
    ),
    ("[credential_stuffing]\nfew = 26\n", "few = 26 and tries = 25 (as it ships) contradict each other: no account h"),
    ("[credential_stuffing]\ntries = 10\n", "accounts = 15 (as it ships) and tries = 10 contradict each other: each a"),
    (
        "[impossible_travel]\nseen_days = 2\n",
        "found_days = 3 (as it ships) and seen_days = 2 contradict each other: a ",
    ),
    ("[two_countries]\nfound_days = 6\n", "found_days = 6 and seen_days = 5 (as it ships) contradict each other: a "),
    *(
        (
            f"[{rule}]\naccount_days = 2\n",
            "found_days = 3 (as it ships) and account_days = 2 contradict each other: an account is found on each",
        )
        for rule in ("impossible_travel", "two_countries")
    ),
    ("[distributed_guessing]\naddresses = 9\n", "addresses = 9 and addresses_alone = 8 (as it ships) contradict each"),
    ("[distributed_guessing]\ntries = 4\n", "addresses = 5 (as it ships) and tries = 4 contradict each other: each ad"),
    ("[success_after_attack]\naddresses = 9\n", "addresses = 9 and addresses_alone = 8 (as it ships) contradict each"),
    ("[success_after_attack]\ntries = 4\n", "addresses = 5 (as it ships) and tries = 4 contradict each other: each a"),
    ("[success_after_attack]\nburst_minutes = 31\n", "burst_minutes = 31 and window_minutes = 30 (as it ships) contra"),
    ("[card_testing]\nfailures = 6\n", "failures = 6 and tries = 5 (as it ships) contradict each other: the declined"),
    (
        '[card_testing]\nsmall_minor = { EUR = 7501, "" = 9 }\n',
        'small_minor.EUR = 7501 and large_minor."" = 7500 (as it',
    ),
    (
        '[card_testing]\nlarge_minor = { "" = 1999 }\n',
        'small_minor.CNY = 2000 (as it ships) and large_minor."" = 1999 ',
    ),
    (
        "[drain]\nsliced_permille = 950\n",
        "sliced_permille = 950 and unusual_permille = 940 (as it ships) contradict each other: several ",
    ),
    (
        "[drain]\nemptied_permille = 800\n",
        "unusual_permille = 940 (as it ships) and emptied_permille = 800 contradict each other: an unu",
    ),
    ("[pass_through]\nquick_minutes = 1441\n", "quick_minutes = 1441 and window_minutes = 1440 (as it ships) contradi"),
    ("[pass_through]\nclose_permille = 996\n", "close_permille = 996 and same_permille = 995 (as it ships) contradict"),
    ("[pass_through]\nsent_permille = 996\n", "sent_permille = 996 and same_permille = 995 (as it ships) contradict e"),
    ("[pass_through]\nover_permille = 994\n", "same_permille = 995 (as it ships) and over_permille = 994 contradict e"),
    ("[counterparty_risk]\nlikely_permille = 49\n", "rate_permille = 50 (as it ships) and likely_permille = 49 cont"),
    ("[spend_anomaly]\nmiddle_from = 1.25\n", "middle_from = 1.25 and middle_to = 1 (as it ships) contradict each oth"),
    ("[spend_anomaly]\nburst = 8\n", "burst_middle = 9 (as it ships) and burst = 8 contradict each other: amounts "),
    ("[spend_anomaly]\neven_ratio = 11\n", "even_ratio = 11 and ratio = 10 (as it ships) contradict each other: even "),
    ("[spend_anomaly]\nseries_least = 19\n", "series_least = 19 and series = 18 (as it ships) contradict each other: "),
    (
        "[spend_anomaly]\nseries_gap_minutes = 20161\n",
        "series_gap_minutes = 20161 and series_minutes = 20160 (as it ships) contradict each other: ",
    ),
    (
        "[spend_anomaly]\nmerge_minutes = 20161\n",
        "merge_minutes = 20161 and series_minutes = 20160 (as it ships) contradict each other: ",
    ),
    ("[velocity]\nhour_count = 21\n", "hour_count = 21 and day_count = 20 (as it ships) contradict each other: an hou"),
    ("[velocity]\nday_times = 2\n", "hour_times = 2.5 (as it ships) and day_times = 2 contradict each other: an hour "),
    (
        '[velocity]\nday_floor_minor = { "" = 1 }\n',
        'hour_floor_minor.CNY = 300000 (as it ships) and day_floor_minor."" = 1',
    ),
    ("[velocity]\nsum_count = 11\n", "sum_count = 11 and hour_count = 10 (as it ships) contradict each other: fewer "),
    ("[score]\namount_from = 7.5\n", "amount_from = 7.5 and amount_full = 7 (as it ships) contradict each other: a p"),
    ("[score]\nburst_own_full = 0.25\n", "burst_own_from = 0.5 (as it ships) and burst_own_full = 0.25 contradict eac"),
    ("[risk]\nraised_from = 60\n", "raised_from = 60 and high_from = 50 (as it ships) contradict each other: a high r"),
]


@sweep(("text", "sentence"), CONTRADICTIONS)
def test_settings_that_contradict_each_other_are_refused_with_all_their_values(text: str, sentence: str) -> None:
    table = text.split("\n")[0]
    with pytest.raises(BadSettings) as refused:
        read_settings(text)
    assert str(refused.value).startswith(f"{table}: {sentence}"), str(refused.value)


def test_every_relation_between_settings_has_a_case_that_breaks_it() -> None:
    relations = [(detector.rule, one) for detector in DETECTORS for one in detector.relations]
    relations += [(SCORE, one) for one in RELATIONS] + [(RISK, one) for one in BANDS_RELATIONS]
    for table, relation in relations:
        cases = [why for text, why in CONTRADICTIONS if text.startswith(f"[{table}]\n")]
        keys = [key_of(name) for name in relation.names]
        assert any(_list_keys(why) == keys for why in cases), (table, keys)


def _list_keys(why: str) -> list[str]:
    """The keys that a refusal names, as far as it is written out; amounts without their currency."""
    return [word.split(".")[0] for word, sign in zip(why.split(), why.split()[1:], strict=False) if sign == "="]


PAIRS: Final = (("_min", "_max"), ("_from", "_to"), ("_from", "_full"), ("hour_", "day_"), ("small_", "large_"))
"""Parts of names that say that one setting is below another."""


def test_settings_whose_names_are_ends_of_one_thing_have_a_relation() -> None:
    tables: list[tuple[str, Any, Sequence[Relation]]] = [
        (detector.rule, detector.limits, detector.relations) for detector in DETECTORS
    ]
    tables += [(SCORE, Weights(), RELATIONS), (RISK, Bands(), BANDS_RELATIONS)]
    seen = 0
    for table, limits, relations in tables:
        names = {one.name for one in fields(limits)}
        for low, high in PAIRS:
            for name in names:
                other = name.replace(low, high)
                if low in name and other in names:
                    seen += 1
                    assert (name, other) in {one.names for one in relations}, table
    assert seen >= 9


@sweep(
    "text",
    [
        "[password_spray]\nmean_min = 8\nband_min = 6\naccounts = 15\nlasting_minutes = 60\n",
        "[credential_stuffing]\nfew = 25\ntries = 25\naccounts = 25\n",
        "[success_after_attack]\naddresses = 8\ntries = 8\nburst_minutes = 30\n",
        '[card_testing]\nfailures = 5\nsmall_minor = { CNY = 50000, HKD = 50000, JPY = 10000, "" = 7500 }\n',
        "[velocity]\nhour_count = 20\nhour_times = 4\nsum_count = 20\n",
        "[risk]\nraised_from = 50\n",
    ],
)
def test_two_settings_may_be_equal(text: str) -> None:
    """Nothing that can be meant is refused."""
    assert read_settings(text).rules


def test_the_file_that_ships_is_named_where_it_is_wrong(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The scan and the build read it: who looks at the log of either sees which file is meant."""
    file = tmp_path / "detection.toml"
    file.write_text("[password_spray]\nmean_min = 9\n", encoding="utf-8")
    monkeypatch.setattr(settings, "SHIPPED_FILE", file)
    read_shipped_rules.cache_clear()
    try:
        with pytest.raises(BadSettings, match=r"^detection\.toml: \[password_spray\]: mean_min = 9 and mean_max = 8 "):
            read_shipped_rules()
    finally:
        read_shipped_rules.cache_clear()


def list_settings() -> list[tuple[str, str, object, Range]]:
    """Each number of the settings: its table, its key, the value that ships, and its range."""
    weights = ((SCORE, one.name, getattr(Weights(), one.name), WEIGHTS[one.name]) for one in fields(Weights))
    limits = (
        (rule, one.name, getattr(detector.limits, one.name), range_of(detector, one.name))
        for rule, detector in BY_RULE.items()
        for one in fields(detector.limits)
    )
    return [*limits, *weights]


@sweep(("table", "name", "shipped", "bounds"), list_settings())
def test_each_setting_is_taken_up_to_the_ends_of_its_range_and_not_beyond(
    table: str, name: str, shipped: Any, bounds: Range
) -> None:
    example = next(iter(shipped.values())) if isinstance(shipped, dict) else shipped
    step = 1 if isinstance(example, int) else 0.001
    lowest = bounds.low + step if bounds.is_open else bounds.low
    assert all(bounds.has(one) for one in (shipped.values() if isinstance(shipped, dict) else [shipped]))
    for value, is_taken in (
        (lowest - step, False),
        (lowest, True),
        (bounds.high, True),
        (bounds.high + step, False),
    ):
        told = value / 60_000 if name.endswith("_ms") else type(example)(value)
        given = {"": told} if isinstance(shipped, dict) else told
        tables = {table: {key_of(name): given}}
        if is_taken:
            try:
                _ = choose_rules(tables), read_weights(tables)
            except BadSettings as bad:
                # Its range is one thing; the others, which are as they ship, are another.
                if key_of(name) not in bad.why or "contradict each other" not in bad.why:
                    raise
            continue
        with pytest.raises(BadSettings, match="is needed, not"):
            _ = choose_rules(tables), read_weights(tables)


# ---------------------------------------------------------------- the documents


def write_row(table: str, numbers: Any, bounds: Callable[[str], Range], relations: Iterable[Relation]) -> str:
    """A row of the table of docs/detection.md: what may be set, as it ships, with its range and relations."""
    settings_told = [_write_setting(one.name, getattr(numbers, one.name), bounds(one.name)) for one in fields(numbers)]
    told = [_write_relation(one) for one in relations]
    return f"| `[{table}]` | {'; '.join(settings_told) or 'none'} | {'; '.join(told)} |"


def _write_setting(name: str, value: Any, bounds: Range) -> str:
    if isinstance(value, dict):
        amounts = ", ".join(f"{currency or 'others'} {amount}" for currency, amount in value.items())
        return f"`{key_of(name)}` {amounts} ({bounds.say('').strip()})"
    if name.endswith("_ms"):
        value, bounds = value / 60_000, Range(bounds.low / 60_000, bounds.high / 60_000, bounds.is_open)
    return f"`{key_of(name)}` {value:g} ({bounds.say('').strip()})"


def _write_relation(relation: Relation) -> str:
    keys = [f"`{key_of(name)}`" for name in relation.names]
    return (
        " <= ".join(keys) if len(keys) == 2 and relation.holds is operator.le else f"{', '.join(keys)}: {relation.why}"
    )


def test_the_page_has_every_setting_with_its_range_and_no_other_one() -> None:
    """Paste what is missing."""
    page = (ROOT / "docs/detection.md").read_text(encoding="utf-8")
    found = re.findall(r"^\| `\[[a-z_]+\]` \| .*$", page, re.MULTILINE)
    rows = [write_row(one.rule, one.limits, functools.partial(range_of, one), one.relations) for one in DETECTORS]
    rows.append(write_row(RISK, Bands(), lambda _: BANDS, BANDS_RELATIONS))
    rows.append(write_row(SCORE, Weights(), WEIGHTS.__getitem__, RELATIONS))
    assert found == rows


def test_every_setting_that_the_documents_name_with_its_table_is_one() -> None:
    keys = {table: set(values) for table, values in parse_settings().items()}
    named = 0
    for page in [*(ROOT / "docs").glob("*.md"), ROOT / "README.md", ROOT / "CHANGELOG.md"]:
        for table, rest in re.findall(r"`\[([a-z_]+)\]:? ?([^`]*)`", page.read_text(encoding="utf-8")):
            assert table in keys, (page.name, table)
            for key in re.findall(r"^([a-z_]+):|([a-z_]+) = ", rest):
                named += 1
                assert "".join(key) in keys[table], (page.name, table, key)
    assert named >= 3

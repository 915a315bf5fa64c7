"""The days of a promise in words: what is usual stands after a verb, the latest after by."""

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest

from hotline.wording.rendering import render_spoken, render_written
from hotline.wording.values import Latest, Locale, Usual, dates_told
from hotline_local.launcher.paths import ROOT
from tests.support.sweeps import sweep

NOW = datetime(2026, 11, 29, 20, tzinfo=UTC)
"""Sunday in New York, Monday in Shanghai."""
CHINESE = Locale("zh-CN", ZoneInfo("Asia/Shanghai"), NOW)
ENGLISH = Locale("en-US", ZoneInfo("America/New_York"), NOW)


@sweep(
    ("locale", "day", "words"),
    [
        (ENGLISH, date(2026, 11, 29), "today"),
        (ENGLISH, date(2026, 11, 30), "tomorrow"),
        (ENGLISH, date(2026, 12, 1), "on Tuesday, December 1"),
        (ENGLISH, date(2026, 12, 4), "on Friday, December 4"),
        (ENGLISH, date(2026, 12, 5), "on Saturday, December 5"),
        (ENGLISH, date(2026, 12, 6), "on December 6"),
        (ENGLISH, date(2026, 12, 7), "on December 7"),
        (CHINESE, date(2026, 11, 30), "今天"),
        (CHINESE, date(2026, 12, 1), "明天"),
        (CHINESE, date(2026, 12, 2), "12月2日星期三"),
        (CHINESE, date(2026, 12, 4), "12月4日星期五"),
        (CHINESE, date(2026, 12, 6), "12月6日星期日"),
        (CHINESE, date(2026, 12, 7), "12月7日"),
        (CHINESE, date(2027, 1, 4), "2027年1月4日"),
    ],
)
def test_the_usual_day_is_named_as_near_as_it_is(locale: Locale, day: date, words: str) -> None:
    assert render_spoken(Usual(day), locale) == render_written(Usual(day), locale) == words


@pytest.mark.parametrize("locale", [CHINESE, ENGLISH])
def test_a_usual_day_that_has_passed_is_not_told(locale: Locale) -> None:
    assert render_spoken(Usual(date(2026, 11, 28)), locale) is None


@sweep(
    ("locale", "about", "words"),
    [
        (ENGLISH, False, "Friday, December 4"),
        (ENGLISH, True, "about Friday, December 4"),
        (CHINESE, False, "12月4日星期五"),
        (CHINESE, True, "大约12月4日星期五"),
    ],
)
def test_a_latest_day_that_is_not_certain_is_told_about(locale: Locale, about: bool, words: str) -> None:
    assert render_spoken(Latest(date(2026, 12, 4), about), locale) == words
    if not about:
        assert render_spoken(Latest(date(2026, 12, 4)), locale) == words


@dataclass(frozen=True)
class Dates:
    typical_on: date | None
    latest_on: date
    is_certain: bool = True


FRIDAY, MONDAY = date(2026, 12, 4), date(2026, 12, 7)


@sweep(
    ("promise", "facts"),
    [
        (None, {}),
        (Dates(None, MONDAY), {"promised_on": Latest(MONDAY)}),
        (Dates(FRIDAY, MONDAY), {"typical_on": Usual(FRIDAY), "promised_on": Latest(MONDAY)}),
        (Dates(None, MONDAY, is_certain=False), {"promised_on": Latest(MONDAY, about=True)}),
    ],
)
def test_a_promise_is_told_by_its_dates(promise: Dates | None, facts: dict[str, object]) -> None:
    assert dates_told(promise) == facts


def test_only_one_place_says_how_dates_are_told() -> None:
    doors, rooms = ROOT / "functions", ROOT / "layers/hotline/python/hotline"
    made = [
        str(path.relative_to(ROOT))
        for folder in (doors, rooms)
        for path in folder.rglob("*.py")
        if re.search(r"\b(?:Usual|Latest)\((?!day)", path.read_text(encoding="utf-8"))
    ]
    assert made == ["layers/hotline/python/hotline/wording/values.py"]

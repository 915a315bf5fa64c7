"""The calendars of business days beside `kit/business_days.py`: `make calendars` writes them.

The days come from the library `holidays`; those of China are held day by day against `chinesecalendar`. Both are needed
here only. China's State Council announces the holidays and worked weekend days of a year in October to December of the
year before. Until then its days are expected by rules, which lean to the safe side.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from pathlib import Path
from typing import Any, Final

import chinese_calendar
import holidays

from hotline.kit.business_days import Calendar
from hotline_local.errors import CommandError
from hotline_local.launcher.paths import ROOT

FILE: Final = ROOT / "layers/hotline/python/hotline/kit/calendars.json"
YEARS_BACK: Final = 1
"""Refunds of last year are still told of."""
YEARS_AHEAD: Final = 3
ANNOUNCED_YEARS_AHEAD: Final[Mapping[Calendar, int]] = {
    Calendar.TARGET: YEARS_AHEAD,
    Calendar.US: YEARS_AHEAD,
    Calendar.GB: 1,
    Calendar.HK: 1,
}
"""The holidays of TARGET and of the Federal Reserve follow rules that are published without an end. Those of the other
two are proclaimed, at least a year ahead. China's are known as far as both libraries have them."""
WARNS_FROM: Final = (11, 1)
"""Month and day: the State Council usually announces in November."""
FAILS_FROM: Final = (12, 18)
"""From here on ten business days reach into the next year."""
SPRING_FESTIVAL_DAYS: Final = 9
"""From New Year's Eve of the lunar calendar: the longest was of 9 days after it (2024)."""
NATIONAL_DAY_DAYS: Final = 8
"""From 1 October: together with the Mid-Autumn Festival it lasted until 8 October (2017, 2020, 2025)."""
LABOUR_DAY_DAYS: Final = 5
"""From 1 May, as in every year since 2020."""
_DAY: Final = timedelta(days=1)
_TUESDAY, _THURSDAY, _SATURDAY = 1, 3, 5


class Standing(StrEnum):
    """Whether next year's days of China are there in time."""

    KNOWN = "known"
    MISSING = "missing"
    """To be looked after: an announcement is due."""
    OVERDUE = "overdue"
    """Dates that are promised now depend on it."""


@dataclass(frozen=True, slots=True)
class _Days:
    off: frozenset[date]
    worked: frozenset[date] = frozenset()


def make_calendars(today: date) -> dict[str, Any]:
    """The calendars as the data file holds them. Raises CommandError where the two libraries differ about China."""
    years = range(today.year - YEARS_BACK, today.year + YEARS_AHEAD + 1)
    known_china = _known_years_of_china(years)
    found = {}
    for calendar in Calendar:
        if calendar is Calendar.WEEKENDS:
            continue
        known = (
            known_china
            if calendar is Calendar.CN
            else [year for year in years if year <= today.year + ANNOUNCED_YEARS_AHEAD[calendar]]
        )
        days = [_days_of(calendar, year, announced=year in known) for year in years]
        found[calendar.value] = {
            "known_from": date(known[0], 1, 1).isoformat(),
            "known_until": date(known[-1], 12, 31).isoformat(),
            "expected_until": date(years[-1], 12, 31).isoformat(),
            "off": [day.isoformat() for one in days for day in sorted(one.off)],
            "worked": [day.isoformat() for one in days for day in sorted(one.worked)],
        }
    return found


def expected_off(year: int) -> frozenset[date]:
    """The weekdays of China that are taken for off in a year that is not announced. They are the statutory days by the
    law's rule, and the day between one of them and a weekend. Festivals are as long as the longest of theirs."""
    names = holidays.country_holidays("CN", years=[year], language="en_US")
    statutory = {day for day, name in names.items() if "substituted" not in name}
    off = set(statutory)
    for day in statutory:
        off |= {day - _DAY} if day.weekday() == _TUESDAY else {day + _DAY} if day.weekday() == _THURSDAY else set()
    eve = min(day for day in statutory if "(Spring Festival)" in names[day]) - _DAY
    for first, length in (
        (eve, SPRING_FESTIVAL_DAYS),
        (date(year, 5, 1), LABOUR_DAY_DAYS),
        (date(year, 10, 1), NATIONAL_DAY_DAYS),
    ):
        off |= {first + number * _DAY for number in range(length)}
    return _weekdays(off)


def standing_of(known_until: date, today: date) -> Standing:
    """Whether the calendar that is known until a day serves the promises of `today`."""
    if known_until.year > today.year:
        return Standing.KNOWN
    if known_until.year < today.year or (today.month, today.day) >= FAILS_FROM:
        return Standing.OVERDUE
    return Standing.MISSING if (today.month, today.day) >= WARNS_FROM else Standing.KNOWN


def check(path: Path, today: date) -> str | None:
    """A warning about the data file, None when there is none. Raises CommandError when next year's days of China are
    missing although dates that are promised now need them."""
    known_until = date.fromisoformat(json.loads(path.read_text(encoding="utf-8"))[Calendar.CN.value]["known_until"])
    standing = standing_of(known_until, today)
    if standing is Standing.KNOWN:
        return None
    advice = (
        f"{path.name} knows China's business days until {known_until}: once both libraries have the next year, "
        "renew their pins with make pins, then run make calendars"
    )
    if standing is Standing.OVERDUE:
        raise CommandError(advice)
    return advice


def text_of(calendars: Mapping[str, Any]) -> str:
    """The calendars as the file holds them: one line for each year of a list."""
    lines: list[str] = []
    for name, calendar in calendars.items():
        parts = [f'  "{key}": "{calendar[key]}"' for key in ("known_from", "known_until", "expected_until")]
        for key in ("off", "worked"):
            years = sorted({day[:4] for day in calendar[key]})
            rows = [", ".join(f'"{day}"' for day in calendar[key] if day.startswith(year)) for year in years]
            parts.append(f'  "{key}": [' + ",".join(f"\n   {row}" for row in rows) + "]")
        lines.append(f' "{name}": {{\n' + ",\n".join(parts) + "}")
    return "{\n" + ",\n".join(lines) + "}\n"


def _days_of(calendar: Calendar, year: int, *, announced: bool) -> _Days:
    match calendar:
        case Calendar.CN if announced:
            china = holidays.country_holidays("CN", years=[year])
            worked = {day for day in china.weekend_workdays if day.year == year}
            return _Days(_weekdays(set(china)), frozenset(worked))
        case Calendar.CN:
            return _Days(expected_off(year))
        case Calendar.TARGET:
            return _Days(_weekdays(set(holidays.financial_holidays("XECB", years=[year]))))
        case Calendar.US:
            return _Days(_weekdays(set(holidays.financial_holidays("XFED", years=[year]))))
        case Calendar.GB:
            return _Days(_weekdays(set(holidays.country_holidays("GB", subdiv="ENG", years=[year]))))
        case _:
            general = holidays.country_holidays("HK", years=[year], categories=("public", "optional"))
            return _Days(_weekdays(set(general)))


def _weekdays(days: set[date]) -> frozenset[date]:
    """Days that would be business days; a holiday at a weekend changes nothing."""
    return frozenset(day for day in days if day.weekday() < _SATURDAY)


def _known_years_of_china(years: Sequence[int]) -> list[int]:
    """The years that chinesecalendar has, where it agrees with `holidays` about every day."""
    known = []
    for year in years:
        try:
            chinese_calendar.is_workday(date(year, 12, 31))
        except NotImplementedError:
            break
        days = _days_of(Calendar.CN, year, announced=True)
        for day in _days_in(year):
            works = day in days.worked or (day.weekday() < _SATURDAY and day not in days.off)
            if works != chinese_calendar.is_workday(day):
                raise CommandError(f"holidays and chinesecalendar differ about {day} in China")
        known.append(year)
    if not known:
        raise CommandError("chinesecalendar has none of the years that are wanted")
    return known


def _days_in(year: int) -> Iterator[date]:
    day = date(year, 1, 1)
    while day.year == year:
        yield day
        day += _DAY


def main(arguments: Sequence[str] | None = None) -> int:
    """Write the data file, or only check it. Returns the exit code."""
    parser = argparse.ArgumentParser(prog="python -m hotline_local.calendars", description="Write the calendars.")
    parser.add_argument("--check", action="store_true", help="only check that the file reaches far enough")
    parser.add_argument("--today", type=date.fromisoformat, help="the day to reckon from (default: today, UTC)")
    chosen = parser.parse_args(arguments)
    today = chosen.today or datetime.now(UTC).date()
    try:
        if chosen.check:
            warning = check(FILE, today)
            print(f"warning: {warning}" if warning else f"{FILE.name} reaches far enough")
        else:
            FILE.write_text(text_of(make_calendars(today)), encoding="utf-8")
            print(f"the calendars in {FILE}")
    except CommandError as error:
        print(f"error: {error}")
        return 1
    return 0


if __name__ == "__main__":
    raise SystemExit(main())

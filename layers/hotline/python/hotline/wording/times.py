"""Days, times and spans in words, in the zone of the account. The same words are spoken and written."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Final

from .catalogue import CHINESE
from .values import Locale

_MONTHS: Final = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November",
    "December",
)  # fmt: skip
_PARTS_OF_DAY: Final = ((6, "凌晨"), (9, "早上"), (12, "上午"), (13, "中午"), (18, "下午"), (24, "晚上"))
"""Up to which hour a part of the day goes, as it is said in Chinese with the twelve-hour clock."""
_NEAR_DAYS: Final = {
    CHINESE: {-1: "昨天", 0: "今天", 1: "明天"},
    "en-US": {-1: "yesterday", 0: "today", 1: "tomorrow"},
}


def speak_date(day: date, language: str, today: date | None = None) -> str:
    """`11月30日`, `November 30`; with the year unless it is that of `today`."""
    with_year = today is None or today.year != day.year
    if language == CHINESE:
        return (f"{day.year}年" if with_year else "") + f"{day.month}月{day.day}日"
    return f"{_MONTHS[day.month - 1]} {day.day}" + (f", {day.year}" if with_year else "")


def speak_time(instant: datetime, locale: Locale) -> str:
    """The time of day: `下午3点20分`, `3:20 PM`. Without a known zone in UTC, and said so."""
    local = instant.astimezone(locale.zone or UTC)
    if locale.language == CHINESE:
        part = next(name for until, name in _PARTS_OF_DAY if local.hour < until)
        hour = local.hour if local.hour in (0, 12) else local.hour % 12
        minute = "" if not local.minute else f"零{local.minute}分" if local.minute < 10 else f"{local.minute}分"
        return ("" if locale.zone else "协调世界时") + f"{part}{hour}点{minute}"
    half = "AM" if local.hour < 12 else "PM"
    return f"{local.hour % 12 or 12}:{local.minute:02d} {half}" + ("" if locale.zone else " UTC")


def speak_moment(instant: datetime, locale: Locale) -> str:
    """Day and time: `今天下午3点20分`, `3:20 PM today`, `3:20 PM on November 30`. Fits after at, since and until."""
    zone = locale.zone or UTC
    day = instant.astimezone(zone).date()
    today = locale.now.astimezone(zone).date() if locale.now is not None else None
    near = _NEAR_DAYS[locale.language].get((day - today).days) if today is not None else None
    time = speak_time(instant, locale)
    if locale.language == CHINESE:
        return f"{near or speak_date(day, locale.language, today)}{time}"
    return f"{time} {near}" if near else f"{time} on {speak_date(day, locale.language, today)}"


def speak_lately(instant: datetime, locale: Locale, *, placed: bool) -> str:
    """An instant with its time when it is near, else its day alone; of the last twelve months without the year.
    `placed` puts the preposition before it where the language has one."""
    zone = locale.zone or UTC
    day = instant.astimezone(zone).date()
    today = locale.now.astimezone(zone).date() if locale.now is not None else None
    near = today is not None and (day - today).days in _NEAR_DAYS[locale.language]
    words = speak_moment(instant, locale) if near else speak_date(day, locale.language, _same_year(day, today))
    return f"{'at' if near else 'on'} {words}" if placed and locale.language != CHINESE else words


def _same_year(day: date, today: date | None) -> date | None:
    """What to tell a day against: itself if it is of the last twelve months, so that its year is not said."""
    return day if today is not None and timedelta() <= today - day < timedelta(days=365) else today


def speak_day(day: date, locale: Locale) -> str:
    """A day without a time, as a promise names it: `11月30日`, `November 30`."""
    zone = locale.zone or UTC
    today = locale.now.astimezone(zone).date() if locale.now is not None else None
    return speak_date(day, locale.language, today)


def speak_duration(span: timedelta, language: str) -> str:
    """The two largest of days, hours and minutes, rounded up to minutes, at least one: `1小时5分钟`, `1 hour and 5
    minutes`. From a day on, minutes are not said."""
    minutes = max(1, -(-span // timedelta(minutes=1)))
    if minutes > 24 * 60:
        minutes = -(-minutes // 60) * 60
    days, rest = divmod(minutes, 24 * 60)
    hours, minutes = divmod(rest, 60)
    if language == CHINESE:
        counts = ((days, "天"), (hours, "小时"), (minutes, "分钟"))
        return "".join(f"{number}{name}" for number, name in counts if number)
    counts = ((days, "day"), (hours, "hour"), (minutes, "minute"))
    return " and ".join(f"{number} {name}{'' if number == 1 else 's'}" for number, name in counts if number)

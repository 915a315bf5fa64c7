"""Days, times and spans in words, in the zone of the account. The same words are spoken and written."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Final

from hotline.kit.languages import CHINESE

from .catalogue import fill
from .values import Locale, Opening, locale_of

_PARTS_OF_DAY: Final = ((6, "凌晨"), (9, "早上"), (12, "上午"), (13, "中午"), (18, "下午"), (24, "晚上"))
"""Up to which hour a part of the day goes, as it is said in Chinese with the twelve-hour clock."""
_NEAR_DAYS: Final = {
    -1: ("昨天", "value.day.yesterday"),
    0: ("今天", "value.day.today"),
    1: ("明天", "value.day.tomorrow"),
}
"""Days from today that have a name: it in Chinese, and its key in the catalogues of other languages."""
_ZONES: Final = {"Asia/Shanghai": ("北京时间", "value.zone.china")}
"""Zones that have a name in speech: it in Chinese, and its key in the catalogues of other languages."""
_WEEK_DAYS: Final = "一二三四五六日"
_WEEK_DAYS_AHEAD_MAX: Final = 6
"""How far ahead a day of the week names one day only."""


def speak_date(day: date, language: str, today: date | None = None) -> str:
    """`11月30日`, `November 30`; with the year unless it is that of `today`."""
    with_year = today is None or today.year != day.year
    if language == CHINESE:
        return (f"{day.year}年" if with_year else "") + f"{day.month}月{day.day}日"
    month = fill(f"value.month.{day.month}", language)
    return fill("value.date.year" if with_year else "value.date", language, month=month, day=day.day, year=day.year)


def speak_time(instant: datetime, locale: Locale, *, brief: bool = False) -> str:
    """The time of day: `下午3点20分`, `3:20 PM`; `brief` says a full hour without its minutes, `3 PM`, as Chinese
    always does. Without a known zone in UTC, and said so."""
    local = instant.astimezone(locale.zone or UTC)
    if locale.language == CHINESE:
        part = next(name for until, name in _PARTS_OF_DAY if local.hour < until)
        hour = 12 if local.hour == 12 else local.hour % 12
        minute = "" if not local.minute else f"零{local.minute}分" if local.minute < 10 else f"{local.minute}分"
        return ("" if locale.zone else "协调世界时") + f"{part}{hour}点{minute}"
    time = fill(
        "value.time.hour" if brief and not local.minute else "value.time",
        locale.language,
        hour=local.hour % 12 or 12,
        hour_of_day=local.hour,
        minute=f"{local.minute:02d}",
        half=fill("value.half.am" if local.hour < 12 else "value.half.pm", locale.language),
    )
    return time if locale.zone else fill("value.time.utc", locale.language, time=time)


def speak_moment(instant: datetime, locale: Locale) -> str:
    """Day and time: `今天下午3点20分`, `3:20 PM today`, `3:20 PM on November 30`. Fits after at, since and until."""
    zone = locale.zone or UTC
    day = instant.astimezone(zone).date()
    today = locale.now.astimezone(zone).date() if locale.now is not None else None
    near = _NEAR_DAYS.get((day - today).days) if today is not None else None
    time = speak_time(instant, locale)
    if locale.language == CHINESE:
        return f"{near[0] if near else speak_date(day, locale.language, today)}{time}"
    if near:
        return fill("value.moment.near", locale.language, time=time, day=fill(near[1], locale.language))
    return fill("value.moment", locale.language, time=time, date=speak_date(day, locale.language, today))


def speak_lately(instant: datetime, locale: Locale, *, placed: bool) -> str:
    """An instant with its time when it is near, else its day alone; of the last twelve months without the year.
    `placed` puts the preposition before it where the language has one."""
    zone = locale.zone or UTC
    day = instant.astimezone(zone).date()
    today = locale.now.astimezone(zone).date() if locale.now is not None else None
    near = today is not None and (day - today).days in _NEAR_DAYS
    words = speak_moment(instant, locale) if near else speak_date(day, locale.language, _same_year(day, today))
    if not placed or locale.language == CHINESE:
        return words
    return fill("value.at" if near else "value.on", locale.language, words=words)


def _same_year(day: date, today: date | None) -> date | None:
    """The day to tell a day against: itself if it is of the last twelve months, so that its year is not said."""
    return day if today is not None and timedelta() <= today - day < timedelta(days=365) else today


def speak_opening(opening: Opening, locale: Locale) -> str:
    """From when to when people answer, and on which day: `明天早上8点到晚上10点`, `from 8 AM to 10 PM tomorrow`.
    The end of an opening that lasts longer than a day is not said. The zone is named where it is not the listener's
    own: `from 8 AM to 10 PM tomorrow, China time`."""
    if opening.told_in is None:
        return _speak_opening(opening, locale)
    there = locale_of(locale.language, opening.told_in, locale.now)
    words = _speak_opening(opening, there)
    if there.zone is None:
        return words  # each time says so itself
    zone = speak_zone(opening.begins_at, there)
    if locale.language == CHINESE:
        return f"{zone}{words}"
    return fill("value.opening.zone", locale.language, opening=words, zone=zone)


def speak_zone(instant: datetime, locale: Locale) -> str:
    """The name of a zone as people say it: `北京时间`, `China time`; of another one how far it is from UTC then."""
    name = _ZONES.get(str(locale.zone))
    if name is not None:
        return name[0] if locale.language == CHINESE else fill(name[1], locale.language)
    offset = instant.astimezone(locale.zone or UTC).utcoffset() or timedelta()
    if locale.language == CHINESE:
        sign = "" if not offset else "加" if offset > timedelta() else "减"
        return f"协调世界时{sign}{speak_duration(abs(offset), locale.language) if offset else ''}"
    if not offset:
        return fill("value.zone.utc", locale.language)
    key = "value.zone.ahead" if offset > timedelta() else "value.zone.behind"
    return fill(key, locale.language, span=speak_duration(abs(offset), locale.language))


def _speak_opening(opening: Opening, locale: Locale) -> str:
    zone = locale.zone or UTC
    begins, ends = opening.begins_at, opening.ends_at
    day = begins.astimezone(zone).date()
    today = locale.now.astimezone(zone).date() if locale.now is not None else None
    said_day = _speak_day_ahead(day, locale, today)
    begin = speak_time(begins, locale, brief=True)
    if ends is None or ends - begins > timedelta(days=1):
        if locale.language == CHINESE:
            return f"{said_day}{begin}起"
        return fill("value.opening.begin", locale.language, begin=begin, day=said_day)
    is_midnight = (local := ends.astimezone(zone)).hour == local.minute == 0
    if locale.language == CHINESE:
        return f"{said_day}{begin}到{'半夜12点' if is_midnight else speak_time(ends, locale)}"
    end = fill("value.midnight", locale.language) if is_midnight else speak_time(ends, locale, brief=True)
    return fill("value.opening", locale.language, begin=begin, end=end, day=said_day)


def _speak_day_ahead(day: date, locale: Locale, today: date | None) -> str:
    """A day as it stands after a time: its name if it is near, its day of the week within six days, else its date."""
    ahead = (day - today).days if today is not None else None
    near = _NEAR_DAYS.get(ahead) if ahead is not None else None
    if locale.language == CHINESE:
        if near:
            return near[0]
        of_week = ahead is not None and 0 < ahead <= _WEEK_DAYS_AHEAD_MAX
        return f"星期{_WEEK_DAYS[day.weekday()]}" if of_week else speak_date(day, locale.language, today)
    if near:
        return fill(near[1], locale.language)
    if ahead is not None and 0 < ahead <= _WEEK_DAYS_AHEAD_MAX:
        return fill("value.on", locale.language, words=fill(f"value.weekday.{day.isoweekday()}", locale.language))
    return fill("value.on", locale.language, words=speak_date(day, locale.language, today))


def speak_day(day: date, locale: Locale) -> str:
    """A day without a time, as a promise names it: `11月30日`, `November 30`."""
    zone = locale.zone or UTC
    today = locale.now.astimezone(zone).date() if locale.now is not None else None
    return speak_date(day, locale.language, today)


def speak_usual(day: date, locale: Locale) -> str | None:
    """A day as it stands after a verb: `12月4日星期五`, `on Friday, December 4`. None for one that has passed."""
    today = _today(locale)
    if today is not None and day < today:
        return None
    words = _speak_promised(day, locale, today)
    near = today is not None and (day - today).days in _NEAR_DAYS
    return words if near or locale.language == CHINESE else fill("value.on", locale.language, words=words)


def speak_latest(day: date, locale: Locale, *, about: bool) -> str:
    """A day as it stands after by: `大约12月4日`, `Friday, December 4`. `about`: it is not certain."""
    words = _speak_promised(day, locale, _today(locale))
    if not about:
        return words
    return f"大约{words}" if locale.language == CHINESE else fill("value.about", locale.language, words=words)


def _today(locale: Locale) -> date | None:
    return locale.now.astimezone(locale.zone or UTC).date() if locale.now is not None else None


def _speak_promised(day: date, locale: Locale, today: date | None) -> str:
    """A day by its name if it is near, with its day of the week within six days."""
    ahead = (day - today).days if today is not None else None
    words = speak_date(day, locale.language, today)
    if ahead is not None and ahead in _NEAR_DAYS:
        near = _NEAR_DAYS[ahead]
        return near[0] if locale.language == CHINESE else fill(near[1], locale.language)
    if ahead is None or not 0 < ahead <= _WEEK_DAYS_AHEAD_MAX:
        return words
    if locale.language == CHINESE:
        return f"{words}星期{_WEEK_DAYS[day.weekday()]}"
    weekday = fill(f"value.weekday.{day.isoweekday()}", locale.language)
    return fill("value.date.weekday", locale.language, weekday=weekday, date=words)


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
    counts = ((days, "value.days"), (hours, "value.hours"), (minutes, "value.minutes"))
    first, *second = (fill(key, language, number) for number, key in counts if number)
    return fill("value.pair", language, first=first, second=second[0]) if second else first

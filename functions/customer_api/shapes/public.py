"""The forms of what anybody may ask: official numbers, opening hours."""

from __future__ import annotations

from datetime import date, datetime
from typing import Final

from functions.customer_api.shapes.common import Answer
from hotline.directory.service import TYPED_CHARACTERS_MAX


class Numbers(Answer):
    """The official numbers in E.164, the main one first."""

    numbers: list[str]


class Genuine(Answer):
    """Whether a number is an official one."""

    genuine: bool


class OpenTimes(Answer):
    """People answer on a day of the week (1 is Monday) from one time up to another; `00:00` closes at midnight."""

    day: int
    opens: str
    closes: str


class OtherDay(Answer):
    """A date that differs from its day of the week, such as a holiday. Without times nobody answers; with several, it
    comes several times."""

    date: date
    name: str
    opens: str | None
    closes: str | None


class OpeningTimes(Answer):
    """From when to when people answer without a break; without an end where none is in sight."""

    begins_at: datetime
    ends_at: datetime | None


class Banner(Answer):
    """The words that callers hear before the menu while something is out of order."""

    text: str
    ends_at: datetime


class Hours(Answer):
    """The hours in which people answer, in their time zone. The automatic line answers at any time. `opening`
    is the one that holds, or else the next one; null where none is in sight. `banner` is null while there is none."""

    time_zone: str
    open: bool
    opening: OpeningTimes | None
    weekly: list[OpenTimes]
    special_days: list[OtherDay]
    banner: Banner | None


TYPED_MAX: Final = TYPED_CHARACTERS_MAX

"""The values that a sentence may have filled in, and the reader or listener for whom they are put into words.

Plain values are int, Money, datetime (an instant), date, timedelta and str (a name that somebody else chose, hence
treated with care). The classes here say how other texts are meant.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, tzinfo
from typing import Protocol

from hotline.kit.clock import find_zone
from hotline.kit.languages import LANGUAGES, language_or_english
from hotline.kit.records import quick


@dataclass(frozen=True, slots=True)
class Digits:
    """A reference that is said sign by sign: the tail of an order number, of a case, a one-time code."""

    text: str


@dataclass(frozen=True, slots=True)
class Reference:
    """The digits that name a case or a refund: said and written in groups of three."""

    digits: str


@dataclass(frozen=True, slots=True)
class Dictated:
    """Digits that somebody writes down as they are said: slowly, with pauses."""

    text: str


@dataclass(frozen=True, slots=True)
class Phone:
    """A phone number, E.164."""

    number: str


@dataclass(frozen=True, slots=True)
class Link:
    """An address of ours, as it is written."""

    address: str


@dataclass(frozen=True, slots=True)
class Lately:
    """An instant told no more exactly than helps: with its time from yesterday to tomorrow, else by its day alone.
    `placed`: as it stands in a sentence by itself, `at 6:35 PM today`, `on November 11`; otherwise as it stands after
    since or until."""

    instant: datetime
    placed: bool = False


@dataclass(frozen=True, slots=True)
class Opening:
    """From when to when people answer, as it stands after "we are here". `ends_at` None: no end is in sight. `told_in`:
    the zone in which it is told, and named, whatever the listener's is; None: it is told in the listener's."""

    begins_at: datetime
    ends_at: datetime | None
    told_in: str | None = None


@dataclass(frozen=True, slots=True)
class Usual:
    """The day on which something is usually there, as it stands after a verb: `today`, `on Friday, December 4`. It has
    no words once it has passed: the sentence without it is said then."""

    day: date


@dataclass(frozen=True, slots=True)
class Latest:
    """The last day of a promise, as it stands after by: `tomorrow`, `Friday, December 4`, `about December 11`."""

    day: date
    about: bool = False


class Promised(Protocol):
    """A promise, of whatever room: when something is usually there, and when at the latest."""

    @property
    def typical_on(self) -> date | None: ...

    @property
    def latest_on(self) -> date: ...

    @property
    def is_certain(self) -> bool: ...


def dates_told(promise: Promised | None) -> dict[str, object]:
    """The dates of a promise as facts of a sentence. `typical_on` is the usual one, where it is known. `promised_on` is
    the latest, told as "about" unless it is certain. No facts without a promise."""
    if promise is None:
        return {}
    usual = {} if promise.typical_on is None else {"typical_on": Usual(promise.typical_on)}
    return {**usual, "promised_on": Latest(promise.latest_on, about=not promise.is_certain)}


@dataclass(frozen=True, slots=True)
class Counted:
    """How many there are of something. A plain number names a place or a key; this one stands before its noun, where
    spoken Chinese has another word for two."""

    number: int


@dataclass(frozen=True, slots=True)
class Word:
    """Words of our own under a key of the catalogue, e.g. the name of a goal. Unknown when the key is."""

    key: str


@quick
@dataclass(frozen=True, slots=True)
class Locale:
    """The language, and how instants are told. `zone` None: in UTC, and said so. `now` lets "today" be said."""

    language: str
    zone: tzinfo | None = None
    now: datetime | None = None


def locale_of(language: str, time_zone: str | None, now: datetime | None = None) -> Locale:
    """The locale of an account. A language that the hotline does not speak becomes English. A zone that is unknown, or
    that this machine has no data for, is the language's."""
    language = language_or_english(language)
    return Locale(language, find_zone(time_zone) or find_zone(LANGUAGES[language].time_zone), now)

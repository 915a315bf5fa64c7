"""The kinds of field that the contracts are made of, for pydantic. Only schemas and decisions use them."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Sequence
from datetime import date, datetime
from typing import Annotated, Any, Final

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, WithJsonSchema
from pydantic_core import PydanticCustomError

from hotline.kit.clock import from_told_text
from hotline.kit.text import fits, is_plain, plain_text

from . import limits
from .model import Rejection
from .vocabulary import COUPON_REASONS, DAY_COUNTS, KINDS, NETWORKS, PRODUCT_KINDS, PROVIDERS, SCHEMES

_DATE: Final = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)
_MONTH: Final = re.compile(limits.MONTH_PATTERN, re.ASCII)


FIELD: Final = "field"
"""The name under which a refusal keeps its field."""


def refusal(reason: Rejection, field: str | None = None) -> PydanticCustomError:
    """The error by which a field says why a fact is rejected; it never repeats the value. `field`: the one of several
    that an object finds wrong when it looks at all of them."""
    return PydanticCustomError(reason.value, "{reason}", {"reason": reason.value, FIELD: field})


class Contract(BaseModel):
    """Base of all parts: no conversions (`"5"` is no number), unknown fields ignored, values kept out of errors."""

    model_config = ConfigDict(
        strict=True,
        frozen=True,
        extra="ignore",
        allow_inf_nan=False,
        hide_input_in_errors=True,
        populate_by_name=True,
        defer_build=True,
    )


def _instant(value: Any) -> Any:
    if not isinstance(value, str):
        raise refusal(Rejection.BAD_TIME)
    try:
        instant = from_told_text(value)
    except (ValueError, OverflowError):
        raise refusal(Rejection.BAD_TIME) from None
    if not limits.YEAR_MIN <= instant.year <= limits.YEAR_MAX:
        raise refusal(Rejection.BAD_TIME)
    return instant


def _date(value: Any) -> Any:
    try:
        if _DATE.fullmatch(value) is None:
            raise refusal(Rejection.BAD_TIME)
        day = date.fromisoformat(value)
    except (TypeError, ValueError):
        raise refusal(Rejection.BAD_TIME) from None
    if not limits.YEAR_MIN <= day.year <= limits.YEAR_MAX:
        raise refusal(Rejection.BAD_TIME)
    return day


def _month(value: Any) -> Any:
    if not isinstance(value, str) or _MONTH.fullmatch(value) is None:
        raise refusal(Rejection.BAD_TIME)
    return _date(f"{value}-01")


def _within(characters_max: int) -> Callable[[str], str]:
    """Text as data, see kit.text: markup stays (it is escaped where it is spoken). Its plain form keeps to the limit as
    well as what came."""

    def plain(value: str) -> str:
        text = plain_text(value)
        if not fits(text, characters_max=characters_max):
            raise refusal(Rejection.TOO_LONG)
        return text

    return plain


def _currency(value: str) -> str:
    if value not in limits.CURRENCIES:
        raise refusal(Rejection.BAD_CURRENCY)
    return value


def _minor(value: int) -> int:
    if abs(value) > limits.INTEGER_MAX:
        raise refusal(Rejection.AMOUNT_OUT_OF_RANGE)
    return value


def _positive_minor(value: int) -> int:
    if value < 1:
        raise refusal(Rejection.AMOUNT_NOT_POSITIVE)
    return _minor(value)


def _contact_value(value: str) -> str:
    """An E.164 number, or an address in composed form with its domain in small letters. One that holds anything which
    nobody sees is refused: it would not be the address that people read."""
    if re.fullmatch(limits.PHONE_PATTERN, value) is not None:
        return value
    value = unicodedata.normalize("NFC", value)
    if not is_plain(value):
        raise refusal(Rejection.BAD_CONTACT_POINT)
    if len(value) > limits.EMAIL_CHARACTERS_MAX or re.fullmatch(limits.EMAIL_PATTERN, value) is None:
        raise refusal(Rejection.BAD_CONTACT_POINT)
    local, _, domain = value.rpartition("@")
    return f"{local}@{domain.lower()}"


def _phone_value(value: str) -> str:
    if re.fullmatch(limits.PHONE_PATTERN, value) is None:
        raise refusal(Rejection.BAD_CONTACT_POINT)
    return value


def _describe_open_list(words: Sequence[str], meaning: str) -> WithJsonSchema:
    """The schema of an open list: its words, and any other word, which is taken in and logged."""
    others = {"type": "string", "minLength": 1, "maxLength": limits.WORD_CHARACTERS_MAX}
    return WithJsonSchema(
        {
            "anyOf": [{"type": "string", "enum": list(words)}, others],
            "description": f"{meaning}; case and separators do not matter, a word that is not listed is logged",
        }
    )


Instant = Annotated[
    datetime,
    BeforeValidator(_instant),
    WithJsonSchema({"type": "string", "format": "date-time", "description": "RFC 3339 with an offset"}),
]
Day = Annotated[date, BeforeValidator(_date), WithJsonSchema({"type": "string", "format": "date"})]
Month = Annotated[
    date,
    BeforeValidator(_month),
    WithJsonSchema({"type": "string", "pattern": limits.MONTH_PATTERN, "description": "a calendar month, 2026-11"}),
]
Name = Annotated[
    str,
    Field(min_length=1, max_length=limits.NAME_CHARACTERS_MAX),
    AfterValidator(_within(limits.NAME_CHARACTERS_MAX)),
]
Note = Annotated[
    str,
    Field(max_length=limits.NOTE_CHARACTERS_MAX),
    AfterValidator(_within(limits.NOTE_CHARACTERS_MAX)),
]
Word = Annotated[
    str,
    Field(min_length=1, max_length=limits.WORD_CHARACTERS_MAX),
    AfterValidator(_within(limits.WORD_CHARACTERS_MAX)),
]
Source = Annotated[
    str,
    Field(min_length=1, max_length=limits.ID_CHARACTERS_MAX),
    AfterValidator(_within(limits.ID_CHARACTERS_MAX)),
]
InstrumentKind = Annotated[
    Word, _describe_open_list(KINDS, "where the money comes from, and so until when a refund is promised")
]
Provider = Annotated[
    Word, _describe_open_list(PROVIDERS, "the provider that moves the money, and so how long a refund takes")
]
CardNetwork = Annotated[
    Word, _describe_open_list(NETWORKS, "the network of a card, which tells its decline codes apart")
]
Country = Annotated[str, Field(pattern=limits.COUNTRY_PATTERN, description="ISO 3166-1 alpha-2")]
ProductKind = Annotated[Word, _describe_open_list(PRODUCT_KINDS, "the product in which funds are kept")]
DayCount = Annotated[
    Word,
    _describe_open_list(DAY_COUNTS, "how days and years are counted for interest; of an unlisted one none is computed"),
]
Scheme = Annotated[Word, _describe_open_list(SCHEMES, "whose decline code it is")]
CouponReason = Annotated[
    Word, _describe_open_list(COUPON_REASONS, "why the coupon did not apply; any other word counts as other")
]
Id = Annotated[str, Field(max_length=limits.ID_CHARACTERS_MAX, pattern=limits.ID_PATTERN)]
AccountId = Annotated[str, Field(max_length=limits.ACCOUNT_ID_CHARACTERS_MAX, pattern=limits.ID_PATTERN)]
Version = Annotated[int, Field(ge=1, le=limits.INTEGER_MAX)]
Currency = Annotated[
    str,
    AfterValidator(_currency),
    WithJsonSchema({"enum": sorted(limits.CURRENCIES), "description": "ISO 4217, a currency in circulation"}),
]
Minor = Annotated[
    int,
    AfterValidator(_minor),
    WithJsonSchema({"type": "integer", "minimum": -limits.INTEGER_MAX, "maximum": limits.INTEGER_MAX}),
]
PositiveMinor = Annotated[
    int,
    AfterValidator(_positive_minor),
    WithJsonSchema({"type": "integer", "minimum": 1, "maximum": limits.INTEGER_MAX}),
]
ContactValue = Annotated[
    str,
    AfterValidator(_contact_value),
    WithJsonSchema(
        {
            "anyOf": [
                {"type": "string", "pattern": limits.PHONE_PATTERN, "description": "E.164"},
                {"type": "string", "pattern": limits.EMAIL_PATTERN, "maxLength": limits.EMAIL_CHARACTERS_MAX},
            ]
        }
    ),
]
PhoneValue = Annotated[
    str,
    AfterValidator(_phone_value),
    WithJsonSchema({"type": "string", "pattern": limits.PHONE_PATTERN, "description": "E.164"}),
]
LanguageTag = Annotated[str, Field(pattern=limits.LANGUAGE_PATTERN)]
TimeZone = Annotated[str, Field(max_length=limits.WORD_CHARACTERS_MAX, pattern=limits.TIME_ZONE_PATTERN)]


class Amount(Contract):
    """More than nothing, in minor units, e.g. 12850 and CNY for 128.50 yuan."""

    minor: PositiveMinor
    currency: Currency


class Balance(Contract):
    """An amount that may be zero or negative."""

    minor: Minor
    currency: Currency

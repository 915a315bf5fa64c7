"""Telephone numbers as people key them in, made E.164.

The library is imported when a number is first looked at: most functions know accounts and never see a keyed number.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from phonenumbers import PhoneNumber

KEYED_DIGITS_MIN = 5
KEYED_DIGITS_MAX = 20
"""E.164 has at most 15 digits; an international access code and a trunk prefix may come before them."""
PREFIX_DIGITS = 3
UNKNOWN_PREFIX_CHARACTERS = 6
"""Of a number whose country is not known: about as much."""


def normalise_phone(text: str, default_region: str) -> str | None:
    """The E.164 form of a number as it was keyed in or typed, None when it cannot be one.

    `default_region` is the country (ISO 3166, e.g. `CN`) whose national numbers and access codes are understood. A
    number keyed with its country code and nothing before it, as on a keypad without `+`, is understood too. Where both
    readings are in use, the national one holds.
    """
    digits = "".join(filter(str.isdigit, text))
    if not digits.isascii() or not KEYED_DIGITS_MIN <= len(digits) <= KEYED_DIGITS_MAX:
        return None
    if text.strip().startswith("+"):
        return _e164("+" + digits, None, certain=False)
    return (
        _e164(digits, default_region, certain=True)
        or _e164("+" + digits, None, certain=True)
        or _e164(digits, default_region, certain=False)
    )


def region_of(phone: str) -> str | None:
    """The country (ISO 3166) of an E.164 number, None when its country code belongs to none."""
    import phonenumbers

    number = _parse(phone, None)
    if number is None:
        return None
    code = number.country_code
    region = phonenumbers.region_code_for_country_code(code) if code is not None else "ZZ"
    return region if region not in ("ZZ", "001") else None


def number_prefix(phone: str) -> str:
    """The front part of an E.164 number: country code and the first three digits of what follows. In most countries
    that is an operator's range or an area, which a great many numbers share."""
    import phonenumbers

    number = _parse(phone, None)
    if number is None:
        return phone[:UNKNOWN_PREFIX_CHARACTERS]
    return f"+{number.country_code}{phonenumbers.national_significant_number(number)[:PREFIX_DIGITS]}"


def _e164(text: str, region: str | None, *, certain: bool) -> str | None:
    """`certain` asks for a number in use by its country's numbering plan, else one of a possible length will do."""
    import phonenumbers

    number = _parse(text, region)
    if number is None:
        return None
    good = phonenumbers.is_valid_number(number) if certain else phonenumbers.is_possible_number(number)
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164) if good else None


@lru_cache(maxsize=1)
def _parse(text: str, region: str | None) -> PhoneNumber | None:
    """The library's form of a number, which nobody changes; None when it cannot be one. A step looks at its caller's
    number twice, so that the last one is kept."""
    import phonenumbers

    try:
        return phonenumbers.parse(text, region)
    except phonenumbers.NumberParseException:
        return None

"""The official numbers, for the line, messages and the API. They come from one setting, HOTLINE_NUMBERS.

Source: PBoC measures on online payment (2015 No. 43) article 28: one service number, and help for customers to tell
whether a channel is genuine.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

from hotline.accounts.service import normalise_phone, region_of
from hotline.kit.config import MalformedSetting

NUMBERS_SETTING: Final = "HOTLINE_NUMBERS"
"""E.164 numbers separated by commas, the main one first."""
TYPED_CHARACTERS_MAX: Final = 40
"""E.164 has at most 15 digits; this leaves room for an access code, a trunk prefix and a separator after each digit."""
_E164: Final = re.compile(r"\+[1-9][0-9]{4,14}", re.ASCII)


class MalformedNumbers(MalformedSetting):
    """The setting is not a list of telephone numbers. `place` counts from 1."""

    def __init__(self, place: int) -> None:
        super().__init__(NUMBERS_SETTING, f"number {place} is not a telephone number in E.164 form")
        self.place = place


def parse_numbers(text: str) -> tuple[str, ...]:
    """The numbers of the setting, each once, in order. Raises MalformedNumbers.

    A length that the country's numbering plan allows will do: five-digit service numbers are not in every plan's list.
    """
    numbers: list[str] = []
    for place, part in enumerate(text.split(","), start=1):
        number = part.strip()
        if not is_e164(number):
            raise MalformedNumbers(place)
        numbers.append(number)
    return tuple(dict.fromkeys(numbers))


def is_official(number: str, official_numbers: Iterable[str]) -> bool:
    """Whether a number as somebody typed it is one of the official ones (E.164). It may have `+` and a country code, an
    access code, or the form that is dialled inside an official number's country. A text that is no telephone number is
    not ours."""
    if len(number) > TYPED_CHARACTERS_MAX:
        return False
    return any(normalise_phone(number, region_of(official) or "ZZ") == official for official in official_numbers)


def is_e164(number: str) -> bool:
    """Whether a text is a telephone number in E.164 form that its country's numbering plan allows."""
    if _E164.fullmatch(number) is None:
        return False
    # Here, since most functions that know the numbers never read one.
    import phonenumbers

    try:
        return phonenumbers.is_possible_number(phonenumbers.parse(number, None))
    except phonenumbers.NumberParseException:
        return False

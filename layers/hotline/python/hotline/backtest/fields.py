"""Fields of a line, checked as the intake of the scan checks them (contracts.fields), without pydantic's models.

Only the fields that rules look at are read. Ids may be any text, and an amount may be zero. The intake refuses those,
and data sets that are not of a wallet have them.
"""

from __future__ import annotations

from collections.abc import Set
from typing import Final

from hotline.contracts.limits import CURRENCIES, INTEGER_MAX
from hotline.kit.text import plain_text

from .lines import TEXT_CHARACTERS_MAX, BadLine, Fault, bad_text


def check_id(value: object, field: str) -> str:
    """An id as it is. Raises BadLine."""
    if type(value) is not str or not 0 < len(value) <= TEXT_CHARACTERS_MAX:
        raise bad_text(value, field)
    return value


def check_text(value: object, field: str, characters_max: int = TEXT_CHARACTERS_MAX) -> str:
    """A text in its plain form, so that it is the same one as in a row of the scan. Raises BadLine."""
    if type(value) is not str or not 0 < len(value) <= characters_max:
        raise bad_text(value, field, characters_max)
    if value.isascii() and value.isprintable() and " " not in value:
        return value
    plain = plain_text(value)
    if len(plain) > characters_max:
        raise BadLine(Fault.TOO_LONG, field)
    return plain


def check_word(value: object, field: str, words: Set[str]) -> str:
    """A word of a list. Raises BadLine."""
    if type(value) is not str or value not in words:
        raise BadLine(Fault.BAD_VALUE, field)
    return value


def check_currency(value: object, field: str) -> str:
    """A currency of the contracts. Raises BadLine."""
    if type(value) is not str or value not in CURRENCIES:
        raise BadLine(Fault.BAD_CURRENCY, field)
    return value


def check_balance(value: object, field: str) -> int:
    """Minor units, which may be below zero. Raises BadLine."""
    if type(value) is not int:
        raise BadLine(Fault.BAD_VALUE, field)
    if not -INTEGER_MAX <= value <= INTEGER_MAX:
        raise BadLine(Fault.AMOUNT_OUT_OF_RANGE, field)
    return value


def check_flag(value: object, field: str) -> int:
    """1 for true, 0 for false. Raises BadLine."""
    if type(value) is not bool:
        raise BadLine(Fault.BAD_VALUE, field)
    return int(value)


def check_amount(value: object, field: str) -> int:
    """Minor units, not below zero. Raises BadLine."""
    if type(value) is not int or not 0 <= value <= INTEGER_MAX:
        raise bad_amount(value, field)
    return value


def bad_amount(value: object, field: str) -> BadLine:
    """The fault of a value that is no amount."""
    if type(value) is not int:
        return BadLine(Fault.BAD_VALUE, field)
    return BadLine(Fault.AMOUNT_NOT_POSITIVE if value < 0 else Fault.AMOUNT_OUT_OF_RANGE, field)


def check_degrees(value: object, field: str, degrees_max: float) -> float:
    """A latitude or longitude. Raises BadLine."""
    if type(value) not in _NUMBERS or not -degrees_max <= value <= degrees_max:  # type: ignore[operator]
        raise BadLine(Fault.BAD_VALUE, field)
    return value  # type: ignore[return-value]


_NUMBERS: Final = (float, int)

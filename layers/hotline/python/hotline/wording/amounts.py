"""Money in words. Polly has no `currency` value of say-as, so an amount is written the way it is said."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Final

from hotline.kit.languages import CHINESE
from hotline.kit.money import Money, Rate, exponent

from .catalogue import fill, find

_CHINESE: Final = {
    "USD": "美元", "EUR": "欧元", "GBP": "英镑", "HKD": "港元", "SGD": "新加坡元", "AUD": "澳元", "CAD": "加元",
    "CHF": "瑞士法郎", "JPY": "日元", "KRW": "韩元", "VND": "越南盾", "MOP": "澳门元", "TWD": "新台币", "THB": "泰铢",
}  # fmt: skip
"""Names that people say, where those of CLDR are longer or other ones."""
NAMES: Final = Path(__file__).with_name("currencies.json")
"""Names of all currencies of the contracts by language, for one and for more, from CLDR (hotline_local/currencies)."""

_LONE_TWO: Final = re.compile("^2(?=[^0-9. ])")
"""Two of a unit is 两 in speech, `两元`, `两美元`; not in `12元`, `2.5美元` or `2 X T S`."""


def speak_money(money: Money, language: str) -> str:
    """The amount as it is said: `128元5角`, `128 dollars and 50 cents`. A currency without words of its own is
    said by its name, `12.500 Kuwaiti dinars`, and spelled where it has none. Plain text without markup characters."""
    if language == CHINESE:
        said = _chinese(abs(money.minor), money.currency)
        return ("负" if money.minor < 0 else "") + _LONE_TWO.sub("两", said)
    said = _by_patterns(abs(money.minor), money.currency, language)
    return fill("value.minus", language, amount=said) if money.minor < 0 else said


def write_money(money: Money, language: str) -> str:
    """The amount as it is written in a message: `128.50元`, `USD 128.50`."""
    sign = "-" if money.minor < 0 else ""
    digits = _decimal(abs(money.minor), money.currency, grouped=True)
    if language == CHINESE:
        name = "元" if money.currency == "CNY" else _name_in_chinese(money.currency)
        if name is not None:
            return f"{sign}{digits}{name}"
    return f"{money.currency} {sign}{digits}"


def speak_rate(rate: Rate, language: str) -> str:
    """The rate as it is said. A Chinese voice reads the sign by itself; an English sentence has the word."""
    return write_rate(rate) if language == CHINESE else fill("value.percent", language, number=_percent(rate))


def write_rate(rate: Rate) -> str:
    """The rate as it is written, with three digits as funds publish it, cut: `1.234%`."""
    return f"{_percent(rate)}%"


def _percent(rate: Rate) -> str:
    whole, thousandths = divmod(abs(rate.ppm) // 10, 1000)
    return f"{'-' if rate.ppm < 0 else ''}{whole}.{thousandths:03}"


def _by_patterns(minor: int, currency: str, language: str) -> str:
    """Wholes and hundredths by `currency.<code>` and `currency.<code>.part` of the catalogue. The catalogue names
    neither for a currency that is said by its name, and no part for a currency that has no part."""
    key = f"currency.{currency}"
    if find(key, language) is None:
        names = _read_names().get(currency, {}).get(language)
        one, more = names or (_spell(currency),) * 2
        whole, part = divmod(minor, 10 ** exponent(currency))
        digits = _decimal(minor, currency, grouped=True) if part or not names else f"{whole:,}"
        return f"{digits} {one if (whole, part) == (1, 0) else more}"
    whole, part = divmod(minor, 10 ** exponent(currency))
    if not part:
        return fill(key, language, whole)
    parts = fill(f"{key}.part", language, part)
    return fill("value.pair", language, first=fill(key, language, whole), second=parts) if whole else parts


def _chinese(minor: int, currency: str) -> str:
    if currency == "CNY":
        return _yuan(minor)
    digits = _decimal(minor, currency)
    if "." in digits:
        digits = digits.rstrip("0").rstrip(".")
    name = _name_in_chinese(currency)
    return f"{digits}{name}" if name else f"{digits} {_spell(currency)}"


def _name_in_chinese(currency: str) -> str | None:
    if currency in _CHINESE:
        return _CHINESE[currency]
    names = _read_names().get(currency, {}).get(CHINESE)
    return names[0] if names else None


@cache
def _read_names() -> Mapping[str, Mapping[str, Sequence[str]]]:
    """The names of the file, read for the first currency that needs them: most amounts have words of their own."""
    names: Mapping[str, Mapping[str, Sequence[str]]] = json.loads(NAMES.read_text(encoding="utf-8"))
    return names


def _yuan(fen: int) -> str:
    """Yuan, jiao and fen; a missing jiao between yuan and fen is said as zero."""
    yuan, rest = divmod(fen, 100)
    jiao, fen = divmod(rest, 10)
    spoken = f"{yuan}元" if yuan or not rest else ""
    if jiao:
        spoken += f"{jiao}角"
    elif fen and yuan:
        spoken += "零"
    return spoken + (f"{fen}分" if fen else "")


def _decimal(minor: int, currency: str, *, grouped: bool = False) -> str:
    digits = exponent(currency)
    whole, part = divmod(minor, 10**digits)
    head = f"{whole:,}" if grouped else str(whole)
    return f"{head}.{part:0{digits}d}" if digits else head


def _spell(currency: str) -> str:
    """Letter by letter: say-as characters would change the voice in the middle of a sentence on neural voices."""
    return " ".join(currency)

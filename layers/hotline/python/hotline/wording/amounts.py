"""Money in words. Polly has no `currency` value of say-as, so an amount is written the way it is said."""

from __future__ import annotations

import re
from typing import Final

from hotline.kit.money import Money, exponent

from .catalogue import CHINESE

_ENGLISH: Final = {
    "CNY": (("yuan", "yuan"), ("fen", "fen")),
    "USD": (("dollar", "dollars"), ("cent", "cents")),
    "EUR": (("euro", "euros"), ("cent", "cents")),
    "GBP": (("pound", "pounds"), ("penny", "pence")),
    "HKD": (("Hong Kong dollar", "Hong Kong dollars"), ("cent", "cents")),
    "SGD": (("Singapore dollar", "Singapore dollars"), ("cent", "cents")),
    "AUD": (("Australian dollar", "Australian dollars"), ("cent", "cents")),
    "CAD": (("Canadian dollar", "Canadian dollars"), ("cent", "cents")),
    "CHF": (("Swiss franc", "Swiss francs"), ("centime", "centimes")),
    "JPY": (("yen", "yen"), None),
    "KRW": (("won", "won"), None),
    "VND": (("dong", "dong"), None),
}
"""Names of the whole and of its hundredth, each for one and for several."""
_CHINESE: Final = {
    "USD": "美元", "EUR": "欧元", "GBP": "英镑", "HKD": "港元", "SGD": "新加坡元", "AUD": "澳元", "CAD": "加元",
    "CHF": "瑞士法郎", "JPY": "日元", "KRW": "韩元", "VND": "越南盾", "MOP": "澳门元", "TWD": "新台币", "THB": "泰铢",
}  # fmt: skip

_LONE_TWO: Final = re.compile("^2(?=[^0-9. ])")
"""Two of a unit is 两 in speech, `两元`, `两美元`; not in `12元`, `2.5美元` or `2 K W D`."""


def speak_money(money: Money, language: str) -> str:
    """The amount as it is said: `128元5角`, `128 dollars and 50 cents`; a currency without a name of its own is
    spelled, `12.500 K W D`. Plain text without markup characters."""
    if language == CHINESE:
        said = _chinese(abs(money.minor), money.currency)
        return ("负" if money.minor < 0 else "") + _LONE_TWO.sub("两", said)
    return ("minus " if money.minor < 0 else "") + _english(abs(money.minor), money.currency)


def write_money(money: Money, language: str) -> str:
    """The amount as it is written in a message: `128.50元`, `USD 128.50`."""
    sign = "-" if money.minor < 0 else ""
    digits = _decimal(abs(money.minor), money.currency, grouped=True)
    if language == CHINESE:
        name = "元" if money.currency == "CNY" else _CHINESE.get(money.currency)
        if name is not None:
            return f"{sign}{digits}{name}"
    return f"{money.currency} {sign}{digits}"


def _english(minor: int, currency: str) -> str:
    names = _ENGLISH.get(currency)
    if names is None:
        return f"{_decimal(minor, currency, grouped=True)} {_spelled(currency)}"
    whole_names, part_names = names
    if part_names is None:
        return _counted(minor, whole_names)
    whole, part = divmod(minor, 100)
    if not part:
        return _counted(whole, whole_names)
    cents = _counted(part, part_names)
    return f"{_counted(whole, whole_names)} and {cents}" if whole else cents


def _counted(number: int, names: tuple[str, str]) -> str:
    return f"{number:,} {names[0] if number == 1 else names[1]}"


def _chinese(minor: int, currency: str) -> str:
    if currency == "CNY":
        return _yuan(minor)
    digits = _decimal(minor, currency)
    if "." in digits:
        digits = digits.rstrip("0").rstrip(".")
    name = _CHINESE.get(currency)
    return f"{digits}{name}" if name else f"{digits} {_spelled(currency)}"


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


def _spelled(currency: str) -> str:
    """Letter by letter: say-as characters would change the voice in the middle of a sentence on neural voices."""
    return " ".join(currency)

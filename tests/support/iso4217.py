"""List one of ISO 4217, as the development dependency `iso4217` keeps it."""

from __future__ import annotations

from importlib.resources import files
from typing import Final
from xml.etree import ElementTree

UNITS_OF_ACCOUNT: Final = frozenset({"UYW", "XAD"})
"""On the list with a minor unit and not marked as funds, but no money that a wallet holds. They are a Uruguayan unit of
account for pensions, and the accounting dinar of the Arab Monetary Fund."""


def minor_digits_in_circulation() -> dict[str, int]:
    """The minor digits of every currency in circulation, by its code. Funds, metals and test codes are left out."""
    digits: dict[str, int] = {}
    table = ElementTree.fromstring((files("iso4217") / "table.xml").read_bytes())  # noqa: S314 - a pinned package's file
    for entry in table.iter("CcyNtry"):
        code, minor, name = entry.findtext("Ccy"), entry.findtext("CcyMnrUnts", ""), entry.find("CcyNm")
        fund = name is not None and name.get("IsFund") is not None
        if code is not None and minor.isdigit() and not fund and code not in UNITS_OF_ACCOUNT:
            digits[code] = int(minor)
    return digits

"""The names of currencies beside `wording/amounts.py`: `make currencies` writes them.

They come from CLDR, by the library Babel, which is needed here only. A line of the file has one currency of the
contracts. It has two names in each language that the hotline speaks, for one of it and for more.
"""

from __future__ import annotations

import json
from typing import Final

from babel import Locale
from babel.numbers import get_currency_name

from hotline.contracts.limits import CURRENCIES
from hotline.kit.languages import LANGUAGES
from hotline_local.launcher.paths import ROOT

FILE: Final = ROOT / "layers/hotline/python/hotline/wording/currencies.json"
_MANY: Final = 7


def name_currency(currency: str, language: str) -> list[str]:
    """The names for one of it and for more, without signs that would be markup in speech, or part of a number."""
    locale = Locale.parse(language, sep="-")
    names = (get_currency_name(currency, count, locale=locale) for count in (1, _MANY))
    return [name.replace(" & ", " and ").replace("St. ", "Saint ") for name in names]


def make_text() -> str:
    """The names as the file holds them: one line for each currency."""
    named = {currency: {tag: name_currency(currency, tag) for tag in LANGUAGES} for currency in sorted(CURRENCIES)}
    lines = (f"{json.dumps(currency)}: {json.dumps(names, ensure_ascii=False)}" for currency, names in named.items())
    return "{\n" + ",\n".join(lines) + "\n}\n"


def main() -> int:
    """Write the data file."""
    FILE.write_text(make_text(), encoding="utf-8")
    print(f"the names of currencies in {FILE}")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())

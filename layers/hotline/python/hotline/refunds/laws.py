"""Rights and clocks that laws give, one profile a law, as data. Pure.

A profile says for how many days goods that were bought remotely may be given back without a reason, and which goods
are not. Its clocks say by when somebody answers, for example about a payment that its owner did not authorise. The
law of a purchase is that of the country that the wallet names with the payment. Without one it is the law of the
payment's currency, where that says so. Legal advice is the wallet's own to take: these are figures with their
sources.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from typing import Final

from hotline.contracts.vocabulary import fold_word


class DayKind(StrEnum):
    """The days of a clock: all days, or those on which banks work."""

    CALENDAR = "calendar"
    BUSINESS = "business"


@dataclass(frozen=True, slots=True)
class Clock:
    """So many days after the day on which the hotline was told."""

    days: int
    day_kind: DayKind
    source: str


@dataclass(frozen=True, slots=True)
class LawProfile:
    """The rights and clocks that one law gives a consumer. `return_days` 0: no right to return without a reason."""

    name: str
    version: int
    return_days: int = 0
    """Days after the day of signing for the goods; the last of them is within."""
    return_source: str = "-"
    excluded: frozenset[str] = frozenset()
    """Kinds of goods that are never given back without a reason."""
    excluded_by_waiver: frozenset[str] = frozenset()
    """Kinds of goods that are not, where the customer confirmed so at the purchase."""
    payback: Clock | None = None
    """Until the merchant has paid back, from the day on which it has the goods again."""
    unauthorised: Clock | None = None
    """Until the customer's money is back, or provisionally back, after they told of a payment that is not theirs."""
    investigation: Clock | None = None
    """Until the result of the investigation, where the law gives another time for it."""
    complaint: Clock | None = None

    @property
    def label(self) -> str:
        """The profile and its version, as decisions name it."""
        return f"{self.name}-{self.version}"


MADE_TO_ORDER: Final = "made_to_order"
PERISHABLE: Final = "perishable"
OPENED_DIGITAL: Final = "opened_digital"
PERIODICAL: Final = "periodical"
CHANGED_BY_USE: Final = "changed_by_use"
NEAR_EXPIRY: Final = "near_expiry"
MARKED_DEFECT: Final = "marked_defect"
UNSEALED_HYGIENE: Final = "unsealed_hygiene"

_OTHER_CATEGORIES: Final[Mapping[str, str]] = {
    "custom_made": MADE_TO_ORDER,
    "personalised": MADE_TO_ORDER,
    "fresh_food": PERISHABLE,
    "fresh": PERISHABLE,
    "downloaded_digital": OPENED_DIGITAL,
    "digital_goods_opened": OPENED_DIGITAL,
    "software_opened": OPENED_DIGITAL,
    "newspaper": PERIODICAL,
    "newspapers": PERIODICAL,
    "magazine": PERIODICAL,
    "activated": CHANGED_BY_USE,
    "opened_cosmetics": CHANGED_BY_USE,
    "short_dated": NEAR_EXPIRY,
    "clearance_defect": MARKED_DEFECT,
    "hygiene_unsealed": UNSEALED_HYGIENE,
}
_CATEGORIES: Final = {
    fold_word(word): category
    for word, category in {
        **{
            one: one
            for one in (
                MADE_TO_ORDER, PERISHABLE, OPENED_DIGITAL, PERIODICAL, CHANGED_BY_USE, NEAR_EXPIRY, MARKED_DEFECT,
                UNSEALED_HYGIENE,
            )
        },
        **_OTHER_CATEGORIES,
    }.items()
}  # fmt: skip

CHINA: Final = LawProfile(
    name="cn",
    version=1,
    return_days=7,
    return_source="Consumer Rights Protection Law, article 25: 7 days, counted from the day after signing",
    excluded=frozenset({MADE_TO_ORDER, PERISHABLE, OPENED_DIGITAL, PERIODICAL}),
    excluded_by_waiver=frozenset({CHANGED_BY_USE, NEAR_EXPIRY, MARKED_DEFECT}),
    payback=Clock(7, DayKind.CALENDAR, "Consumer Rights Protection Law, article 25"),
)
EUROPEAN_UNION: Final = LawProfile(
    name="eu",
    version=1,
    return_days=14,
    return_source="Directive 2011/83/EU, articles 9 and 16",
    excluded=frozenset({MADE_TO_ORDER, PERISHABLE, OPENED_DIGITAL, PERIODICAL, UNSEALED_HYGIENE}),
    payback=Clock(14, DayKind.CALENDAR, "Directive 2011/83/EU, article 13"),
    unauthorised=Clock(1, DayKind.BUSINESS, "Directive (EU) 2015/2366, article 73"),
    complaint=Clock(15, DayKind.BUSINESS, "Directive (EU) 2015/2366, article 101"),
)
UNITED_KINGDOM: Final = LawProfile(
    name="uk",
    version=1,
    return_days=14,
    return_source="Consumer Contracts Regulations 2013, regulations 28 and 30",
    excluded=frozenset({MADE_TO_ORDER, PERISHABLE, OPENED_DIGITAL, PERIODICAL, UNSEALED_HYGIENE}),
    payback=Clock(14, DayKind.CALENDAR, "Consumer Contracts Regulations 2013, regulation 34"),
    unauthorised=Clock(1, DayKind.BUSINESS, "Payment Services Regulations 2017, regulation 76"),
    complaint=Clock(15, DayKind.BUSINESS, "Payment Services Regulations 2017, regulation 101"),
)
UNITED_STATES: Final = LawProfile(
    name="us",
    version=1,
    unauthorised=Clock(10, DayKind.BUSINESS, "Regulation E, 12 CFR 1005.11(c)(1): decided, or provisional credit"),
    investigation=Clock(45, DayKind.CALENDAR, "Regulation E, 12 CFR 1005.11(c)(2)"),
)
PROFILES: Final[Mapping[str, LawProfile]] = {
    profile.name: profile for profile in (CHINA, EUROPEAN_UNION, UNITED_KINGDOM, UNITED_STATES)
}
UNAUTHORISED_OTHERWISE: Final = Clock(10, DayKind.BUSINESS, "the hotline's own, after Regulation E")
"""The clock where no law names a time. No source that could be read gives one for China."""

# The members of the Union, and the other states of the European Economic Area.
_UNION: Final = "AT BE BG CY CZ DE DK EE ES FI FR GR HR HU IE IT LT LU LV MT NL PL PT RO SE SI SK IS LI NO"
_BY_COUNTRY: Final[Mapping[str, LawProfile]] = {
    **dict.fromkeys(_UNION.split(), EUROPEAN_UNION),
    "CN": CHINA,
    "GB": UNITED_KINGDOM,
    "US": UNITED_STATES,
}
_BY_CURRENCY: Final[Mapping[str, LawProfile]] = {
    "CNY": CHINA,
    "EUR": EUROPEAN_UNION,
    "GBP": UNITED_KINGDOM,
    "USD": UNITED_STATES,
}


def law_of(*, country: str | None, currency: str) -> LawProfile | None:
    """The law of a purchase: of its country (ISO 3166), or where none is told of its currency. None: no profile."""
    return _BY_CURRENCY.get(currency) if country is None else _BY_COUNTRY.get(country)


def last_return_day(delivered_on: date, return_days: int) -> date:
    """The last day on which goods may be given back: the days count from the day after signing."""
    return delivered_on + timedelta(days=return_days)


def category_of(word: str | None) -> str | None:
    """The kind of goods that a merchant's category means, where a law speaks of it; None for any other."""
    return None if word is None else _CATEGORIES.get(fold_word(word))


def excludes(law: LawProfile, category: str | None, *, waived: bool) -> bool:
    """Whether the law lets a merchant refuse to take such goods back without a reason."""
    kind = category_of(category)
    return kind in law.excluded or (waived and kind in law.excluded_by_waiver)

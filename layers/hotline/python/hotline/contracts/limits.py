"""Limits of the contracts. A fact beyond one of them is refused whole: half a fact would be a wrong one."""

from __future__ import annotations

from typing import Final

INTEGER_MAX: Final = 2**53 - 1
"""The largest integer that every JSON reader keeps exact (RFC 8259, section 6): versions and amounts in minor units."""
ID_CHARACTERS_MAX: Final = 128
ACCOUNT_ID_CHARACTERS_MAX: Final = 64
ID_PATTERN: Final = r"^[A-Za-z0-9][A-Za-z0-9._:@/=~-]*$"
"""Ids are opaque: no `#`, which separates the parts of our keys, and no `+`, with which phone numbers begin."""
TYPE_PATTERN: Final = r"^[a-z]+(_[a-z]+)*(\.[a-z]+(_[a-z]+)*)+\.v[0-9]{1,2}$"
TYPE_CHARACTERS_MAX: Final = 64

NAME_CHARACTERS_MAX: Final = 200
"""Names of people, merchants, billers, counterparties."""
NOTE_CHARACTERS_MAX: Final = 500
"""Messages of payment schemes, reasons."""
WORD_CHARACTERS_MAX: Final = 64
"""Closed words of the wallet: categories, causes, failure codes, kinds of instrument."""
EMAIL_CHARACTERS_MAX: Final = 254
"""RFC 5321, section 4.5.3.1.3: a path of 256 octets with its brackets."""
EMAIL_PATTERN: Final = (
    r'^[^\s\x00-\x1f\x7f-\x9f\ufeff@<>"]{1,64}@[^\s\x00-\x1f\x7f-\x9f\ufeff@<>"]+'
    r'\.[^\s\x00-\x1f\x7f-\x9f\ufeff@<>".]+$'
)
"""The control characters are named, since languages of patterns differ in which of them `\\s` matches."""
PHONE_PATTERN: Final = r"^\+[1-9][0-9]{6,14}$"
"""ITU-T E.164: at most 15 digits with the country code."""
LANGUAGE_PATTERN: Final = r"^[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8}){0,3}$"
MONTH_PATTERN: Final = r"^[0-9]{4}-[0-9]{2}$"
TIME_ZONE_PATTERN: Final = r"^[A-Za-z][A-Za-z0-9_+-]*(/[A-Za-z0-9_+-]+){0,2}$"

CONTACT_POINTS_MAX: Final = 5
CATEGORIES_MAX: Final = 50
THINGS_ASKED_MAX: Final = 25
"""Things that one request for facts names; each is one write of its transaction."""
DIGEST_ACCOUNTS_MAX: Final = 200
"""Accounts in one digest: below 100 KB, and compared within a minute."""
WINDOW_DAYS_MAX: Final = 3650
ANSWER_DAYS_MAX: Final = 60
"""Days in which a merchant promises to answer for a refund."""
SHOWN_WITHIN_DAYS_MAX: Final = 60
ANNUAL_PPM_MAX: Final = 1_000_000
"""A rate of 100 % a year: far beyond any product in which a wallet keeps money."""
INCOME_E4_MAX: Final = 1_000_000
"""Income of 100 on 10,000 in a day: as far beyond."""
YEAR_MIN: Final = 2000
YEAR_MAX: Final = 2199

CURRENCIES: Final = frozenset(
    {
        "AED", "AFN", "ALL", "AMD", "AOA", "ARS", "AUD", "AWG", "AZN", "BAM", "BBD", "BDT", "BHD", "BIF",
        "BMD", "BND", "BOB", "BRL", "BSD", "BTN", "BWP", "BYN", "BZD", "CAD", "CDF", "CHF", "CLP", "CNY",
        "COP", "CRC", "CUP", "CVE", "CZK", "DJF", "DKK", "DOP", "DZD", "EGP", "ERN", "ETB", "EUR", "FJD",
        "FKP", "GBP", "GEL", "GHS", "GIP", "GMD", "GNF", "GTQ", "GYD", "HKD", "HNL", "HTG", "HUF", "IDR",
        "ILS", "INR", "IQD", "IRR", "ISK", "JMD", "JOD", "JPY", "KES", "KGS", "KHR", "KMF", "KPW", "KRW",
        "KWD", "KYD", "KZT", "LAK", "LBP", "LKR", "LRD", "LSL", "LYD", "MAD", "MDL", "MGA", "MKD", "MMK",
        "MNT", "MOP", "MRU", "MUR", "MVR", "MWK", "MXN", "MYR", "MZN", "NAD", "NGN", "NIO", "NOK", "NPR",
        "NZD", "OMR", "PAB", "PEN", "PGK", "PHP", "PKR", "PLN", "PYG", "QAR", "RON", "RSD", "RUB", "RWF",
        "SAR", "SBD", "SCR", "SDG", "SEK", "SGD", "SHP", "SLE", "SOS", "SRD", "SSP", "STN", "SVC", "SYP",
        "SZL", "THB", "TJS", "TMT", "TND", "TOP", "TRY", "TTD", "TWD", "TZS", "UAH", "UGX", "USD", "UYU",
        "UZS", "VED", "VES", "VND", "VUV", "WST", "XAF", "XCD", "XCG", "XOF", "XPF", "YER", "ZAR", "ZMW", "ZWG",
    }
)  # fmt: skip
"""Currencies in circulation (ISO 4217). Funds codes, metals and test codes are not money of a wallet."""

COUNTRY_PATTERN: Final = r"^[A-Z]{2}$"
COUNTRIES: Final = frozenset(
    {
        "AD", "AE", "AF", "AG", "AI", "AL", "AM", "AO", "AQ", "AR", "AS", "AT", "AU", "AW", "AX", "AZ", "BA", "BB",
        "BD", "BE", "BF", "BG", "BH", "BI", "BJ", "BL", "BM", "BN", "BO", "BQ", "BR", "BS", "BT", "BV", "BW", "BY",
        "BZ", "CA", "CC", "CD", "CF", "CG", "CH", "CI", "CK", "CL", "CM", "CN", "CO", "CR", "CU", "CV", "CW", "CX",
        "CY", "CZ", "DE", "DJ", "DK", "DM", "DO", "DZ", "EC", "EE", "EG", "EH", "ER", "ES", "ET", "FI", "FJ", "FK",
        "FM", "FO", "FR", "GA", "GB", "GD", "GE", "GF", "GG", "GH", "GI", "GL", "GM", "GN", "GP", "GQ", "GR", "GS",
        "GT", "GU", "GW", "GY", "HK", "HM", "HN", "HR", "HT", "HU", "ID", "IE", "IL", "IM", "IN", "IO", "IQ", "IR",
        "IS", "IT", "JE", "JM", "JO", "JP", "KE", "KG", "KH", "KI", "KM", "KN", "KP", "KR", "KW", "KY", "KZ", "LA",
        "LB", "LC", "LI", "LK", "LR", "LS", "LT", "LU", "LV", "LY", "MA", "MC", "MD", "ME", "MF", "MG", "MH", "MK",
        "ML", "MM", "MN", "MO", "MP", "MQ", "MR", "MS", "MT", "MU", "MV", "MW", "MX", "MY", "MZ", "NA", "NC", "NE",
        "NF", "NG", "NI", "NL", "NO", "NP", "NR", "NU", "NZ", "OM", "PA", "PE", "PF", "PG", "PH", "PK", "PL", "PM",
        "PN", "PR", "PS", "PT", "PW", "PY", "QA", "RE", "RO", "RS", "RU", "RW", "SA", "SB", "SC", "SD", "SE", "SG",
        "SH", "SI", "SJ", "SK", "SL", "SM", "SN", "SO", "SR", "SS", "ST", "SV", "SX", "SY", "SZ", "TC", "TD", "TF",
        "TG", "TH", "TJ", "TK", "TL", "TM", "TN", "TO", "TR", "TT", "TV", "TW", "TZ", "UA", "UG", "UM", "US", "UY",
        "UZ", "VA", "VC", "VE", "VG", "VI", "VN", "VU", "WF", "WS", "XK", "YE", "YT", "ZA", "ZM", "ZW",
    }
)  # fmt: skip
"""Countries and territories (ISO 3166-1 alpha-2), and Kosovo by the code that its users have agreed on. A code that is
on no list, such as `XX` or `EU`, is where somebody does not know the country."""

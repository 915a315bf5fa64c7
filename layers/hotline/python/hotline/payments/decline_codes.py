"""From a scheme's decline code to the taxonomy: most specific key first, then the message. Pure but for one file.

The table is `decline_codes.csv` beside this file: scheme, code, reason, retry, source. It is read when the first code
is looked up, not when this module is imported. A row names the network in its scheme (`iso8583:visa`), because the
same digits mean different things on different networks. 65 is a count limit at Visa and a call for strong
authentication at Mastercard. `ISSUER_DECLINED_GENERIC` in a row says that the scheme gives no reason: it is generic on
purpose. `retry` is `never` where the scheme forbids another try of the same payment, or the time after which it allows
one.

A lookup by a general message must never hide a structured code, therefore a message decides only where no row does. A
code that is not found is told in the words of a plain decline, and is logged and counted when the fact comes.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final
from unicodedata import normalize

from hotline.contracts.model import Failure
from hotline.contracts.vocabulary import Scheme, network_of, scheme_of

from .failures import FailureCode as F
from .failures import WorksWhen

TABLE: Final = Path(__file__).with_suffix(".csv")
NEVER: Final = "never"
"""In the column `retry`: the scheme forbids another try of the same payment."""

_PHRASES: tuple[tuple[str, F], ...] = (
    ("fraud", F.SUSPECTED_FRAUD),
    ("lost card", F.LOST_STOLEN_PICKUP),
    ("pick up card", F.LOST_STOLEN_PICKUP),
    ("blocked card", F.LOST_STOLEN_PICKUP),
    ("restricted card", F.LOST_STOLEN_PICKUP),
    ("stolen", F.LOST_STOLEN_PICKUP),
    ("挂失", F.LOST_STOLEN_PICKUP),
    ("被盗", F.LOST_STOLEN_PICKUP),
    ("没收", F.LOST_STOLEN_PICKUP),
    ("risk", F.SUSPECTED_FRAUD),
    ("风险", F.SUSPECTED_FRAUD),
    ("insufficient funds", F.INSUFFICIENT_FUNDS),
    ("not enough balance", F.INSUFFICIENT_FUNDS),
    ("余额不足", F.INSUFFICIENT_FUNDS),
    ("expired card", F.EXPIRED_CARD),
    ("card expired", F.EXPIRED_CARD),
    ("invalid card number", F.INVALID_CARD_NUMBER),
    ("cvc", F.WRONG_CVC),
    ("security code", F.WRONG_CVC),
    ("incorrect pin", F.WRONG_PIN),
    ("invalid pin", F.WRONG_PIN),
    ("密码错误", F.WRONG_PIN),
    ("3d not authenticated", F.AUTH_REQUIRED),
    ("authentication required", F.AUTH_REQUIRED),
    ("not permitted", F.NOT_PERMITTED),
    ("not supported", F.CARD_NOT_SUPPORTED),
    ("amount exceeded", F.LIMIT_AMOUNT),
    ("限额", F.LIMIT_AMOUNT),
    ("count exceeded", F.LIMIT_COUNT),
    ("issuer unavailable", F.ISSUER_UNAVAILABLE),
    ("acquirer error", F.PROCESSOR_ERROR),
    ("timed out", F.NETWORK_TIMEOUT),
    ("timeout", F.NETWORK_TIMEOUT),
    ("duplicate", F.DUPLICATE),
    ("do not honor", F.ISSUER_DECLINED_GENERIC),
)
"""Looked for in the message in this order; risk first, so that it is never told by accident."""

_SPEAKS_OF_THE_PAYEE: Final = re.compile(
    "seller|merchant|payee|receiver|creditor|beneficiary|refund|payout|卖家|商户|商家|收款|退款"
)
"""Words about the other side say nothing about the customer: a seller's balance is not the customer's, and a refund
is paid from it."""

_LABEL: Final = re.compile(
    r"(?:de ?39|iso|iso ?8583|rc|mac|(?:decline|response|resp|refusal|error|result)?_? ?(?:reason)?_? ?code)[ :=#]+"
)
_PLATFORM_PREFIX: Final = re.compile(r"(?:(?:aop|acq|aqc)\.)+")
"""Alipay's names of gateway and product before its sub-codes, with the misspelling of its own pages."""
_END_OF_CODE: Final = re.compile(r"[\s:;,|(/]")
_PARTS: Final = re.compile(r"\s*[:/|(]\s*")
"""Between a general code and the one that it holds."""


@dataclass(frozen=True, slots=True)
class DeclineCode:
    """One row of the table. `scheme` names the card network where the row is of one (`iso8583:visa`).

    `forbidden`: the scheme forbids another try of the same payment. `works_when`: the time that the scheme names for
    it, None where it names none. `source`: who says so."""

    scheme: str
    code: str
    reason: F
    forbidden: bool
    works_when: WorksWhen | None
    source: str


@dataclass(frozen=True, slots=True)
class Classified:
    """`mapped` is False when neither code nor message was known."""

    code: F
    mapped: bool


def classify(failure: Failure, *, network: str | None) -> Classified:
    """Our code for a scheme's. `network` is that of the card, None for another instrument or when it is not known.

    The words of an unknown code and its message explain it, unless they speak of the seller.
    """
    row = find_row(failure.scheme, failure.code, network=network)
    if row is not None:
        return Classified(row.reason, mapped=True)
    words = failure.code.casefold().replace("_", " ")
    message = f"{words} {(failure.message or '').casefold()}"
    if not _SPEAKS_OF_THE_PAYEE.search(message):
        for phrase, found in _PHRASES:
            if phrase in message:
                return Classified(found, mapped=True)
    return Classified(F.OTHER, mapped=False)


def is_known(scheme: str, code: str, *, network: str | None) -> bool:
    """Whether the taxonomy has the scheme's code itself, whatever the message said."""
    return find_row(scheme, code, network=network) is not None


def find_row(scheme: str, code: str, *, network: str | None) -> DeclineCode | None:
    """The most specific row for a code: that of the card network before that of the scheme. None for an unknown code.

    Spellings mean nothing: case, leading zeros, labels (`DE39=51`), prefixes (`ACQ.`), and a text after the code
    (`51 : Insufficient funds`). The scheme may name the network itself (`iso8583:visa`, or only `visa`).
    """
    scheme, network = _split_scheme(scheme, network)
    spellings = tuple(dict.fromkeys(_spell(scheme, code)))
    if scheme == Scheme.WALLET:
        return next(filter(None, map(_WALLET.get, spellings)), None)
    places = (f"{scheme}:{network}", scheme) if network else (scheme,)
    row = _find_spelling(places, spellings)
    if row is not None and row.reason is F.ISSUER_DECLINED_GENERIC:
        # `card_declined: insufficient_funds`: a general code may hold the one that says why.
        inner = _PARTS.split(normalize("NFKC", code), maxsplit=1)[1:]
        named = _find_spelling(places, tuple(_spell(scheme, inner[0].strip(" )]")))) if inner else None
        return named or row
    return row


def _find_spelling(places: Sequence[str], spellings: Sequence[str]) -> DeclineCode | None:
    table = read_table()
    for place in places:
        for spelling in spellings:
            if (place, spelling) in table:
                return _parse(table[place, spelling])
    return None


def list_rows() -> tuple[DeclineCode, ...]:
    """Every row of the table, in its order."""
    return tuple(map(_parse, read_table().values()))


def _split_scheme(scheme: str, network: str | None) -> tuple[str, str | None]:
    name, _, named = scheme.partition(":")
    network = network_of(named) or network_of(network)
    known = scheme_of(name)
    if known == Scheme.UNIONPAY_POS:
        return Scheme.ISO8583, "unionpay"
    if known is None and network_of(name) is not None:
        return Scheme.ISO8583, network_of(name)
    return _SAME_CODES.get(known, known) if known else name.strip().casefold(), network


_SAME_CODES: Final[Mapping[str, str]] = {
    Scheme.ANTOM: Scheme.ALIPAY,
    Scheme.WECHAT_V3: Scheme.WECHAT,
    Scheme.SEPA: Scheme.ISO20022,
}
"""Schemes whose codes stand in the rows of another: no code of one means something else in the other."""


def _spell(scheme: str, code: str) -> Iterator[str]:
    """The spellings under which a code may stand in the table, the likeliest first."""
    whole = " ".join(normalize("NFKC", code).casefold().split())
    bare = _LABEL.sub("", whole, count=1) if _LABEL.match(whole) else whole
    first, *rest = _END_OF_CODE.split(bare, maxsplit=1)
    # Digits behind digits (`5 1`) are no text: nobody knows which of them is the code.
    behind = "".join(rest)
    told = bare if any(map(str.isdigit, behind)) and not any(map(str.isalpha, behind)) else first
    for text in (whole, bare, told):
        plain = text.replace(" ", "_").replace("-", "_")
        yield plain
        yield _pad(scheme, _PLATFORM_PREFIX.sub("", plain) if scheme == Scheme.ALIPAY else plain)


def _pad(scheme: str, code: str) -> str:
    """The code with as many digits as its scheme writes."""
    match scheme:
        case Scheme.ISO8583 | Scheme.UNIONPAY | Scheme.MASTERCARD_MAC:
            return code.lstrip("0").zfill(2)
        case Scheme.ADYEN:
            return code.lstrip("0")
        case Scheme.PAYPAL:
            return code.zfill(4) if code.isdigit() else code
        case Scheme.NACHA:
            digits = code.removeprefix("r").lstrip("0")
            return f"r{digits.zfill(2)}"
        case _:
            return code


def _parse(line: str) -> DeclineCode:
    scheme, code, reason, retry, source = line.split(",")
    when = None if retry in ("", NEVER) else WorksWhen(retry)
    return DeclineCode(scheme, code, F(reason), retry == NEVER, when, source)


@cache
def read_table() -> Mapping[tuple[str, str], str]:
    """The lines of the table by scheme and code. A line is parsed when it is asked for: a call asks for one or two."""
    found: dict[tuple[str, str], str] = {}
    for line in TABLE.read_text(encoding="utf-8").splitlines()[1:]:
        scheme, code, _ = line.split(",", 2)
        found[scheme, code.casefold().replace("-", "_")] = line
    return found


_WALLET: Final[Mapping[str, DeclineCode]] = {
    code.value.casefold(): DeclineCode(Scheme.WALLET, code.value, code, False, None, "names of the taxonomy")
    for code in F
    if code is not F.OTHER
}
"""The wallet's own scheme uses the names of the taxonomy."""

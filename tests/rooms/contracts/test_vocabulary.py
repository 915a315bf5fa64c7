"""Open lists of words: spelling does not matter, and no fact about money is refused for a word that is on no list."""

import json
import re
from datetime import UTC, datetime
from importlib.resources import files
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hotline.contracts.limits import COUNTRIES
from hotline.contracts.model import Instrument, LoginTried, MovementTold
from hotline.contracts.schemas import parse
from hotline.contracts.vocabulary import (
    KINDS,
    LOGGED_CHARACTERS_MAX,
    LOGGED_DIGITS_MAX,
    NETWORKS,
    SCHEMES,
    instrument_of,
    kind_of,
    loggable,
    network_of,
    scheme_of,
)
from hotline.payments.arrivals import Term, term_of
from tests.support.facts import event
from tests.support.sweeps import sweep

FRIDAY = datetime(2026, 11, 27, 12, tzinfo=UTC)


def test_countries_are_those_of_iso_3166_and_kosovo() -> None:
    table = (files("tzdata") / "zoneinfo" / "iso3166.tab").read_text(encoding="utf-8")
    listed = {line.partition("\t")[0] for line in table.splitlines() if not line.startswith("#")}
    assert listed | {"XK"} == COUNTRIES


@sweep(("code", "country"), [("CN", "CN"), ("XK", "XK"), ("XX", None), ("ZZ", None), ("EU", None), (None, None)])
def test_a_login_from_a_code_of_no_country_has_none(code: str | None, country: str | None) -> None:
    """Two codes of no country are not two countries, and no login is lost for one."""
    told = event("login.failed")
    told["data"]["source"]["country"] = code
    tried = parse(told).data
    assert isinstance(tried, LoginTried)
    assert tried.source.country == country


@sweep(
    ("kind", "same_as"),
    [
        ("wallet", "balance"),
        ("Wallet_Balance", "balance"),
        ("wallet balance", "balance"),
        ("BALANCE", "balance"),
        ("WALLET-BALANCE", "balance"),
        ("Bank-Card", "bank_card"),
        ("quickPay", "bank_card"),
        ("Credit Card", "card"),
        ("visa", "card"),
        ("UnionPay", "card"),
        ("American Express", "card"),
        ("bank_transfer", "bank_account"),
        ("PayPal", "paypal"),
        ("Pay Pal account", "paypal"),
        ("gift_card", "other"),
    ],
)
def test_a_refund_is_promised_by_the_kind_however_it_is_spelt(kind: str, same_as: str) -> None:
    assert term_of(None, kind) == term_of(None, same_as)
    assert kind_of(kind) == (None if kind == "gift_card" else same_as)


@sweep("word", [*KINDS, *NETWORKS, *SCHEMES])
def test_every_listed_word_is_itself_in_any_spelling(word: str) -> None:
    found = kind_of if word in KINDS else network_of if word in NETWORKS else scheme_of
    for spelt in (word, word.upper(), word.replace("_", "-"), word.title().replace("_", " ")):
        assert found(spelt) == word


@sweep(
    ("sent", "instrument"),
    [
        ({"kind": "unionpay", "last4": "6222"}, Instrument("card", "6222", "unionpay")),
        ({"kind": "bank_card", "network": "UnionPay"}, Instrument("bank_card", None, "unionpay")),
        ({"kind": "Wallet_Balance"}, Instrument("balance")),
        ({"kind": "gift_card", "network": "mooncard"}, Instrument("gift_card", None, "mooncard")),
        ({"kind": "card", "last4": "4242"}, Instrument("card", "4242")),
    ],
)
def test_kind_and_network_of_a_fact_are_two_things(sent: dict[str, str], instrument: Instrument) -> None:
    data = parse(event("payment.failed", {"instrument": sent})).data
    assert isinstance(data, MovementTold)
    assert data.instrument == instrument
    assert instrument_of(instrument.kind, instrument.last4, instrument.network) == instrument


@pytest.mark.parametrize(("characters", "fits"), [(-1, True), (0, True), (1, False)])
def test_a_word_is_logged_up_to_its_longest(characters: int, fits: bool) -> None:
    word = "x" * (LOGGED_CHARACTERS_MAX + characters)
    assert (loggable(word) == word) is fits


@pytest.mark.parametrize(("digits", "fits"), [(-1, True), (0, True), (1, False)])
def test_a_word_with_many_digits_is_not_logged(digits: int, fits: bool) -> None:
    word = "c" + "7" * (LOGGED_DIGITS_MAX + digits)
    assert (loggable(word) == word) is fits


@given(st.text(max_size=80))
def test_nothing_but_plain_characters_is_ever_logged(text: str) -> None:
    assert loggable(text) in (text, "-")
    assert loggable(text).isascii()
    assert not set(loggable(text)) & set("@+# /\\\n\"'")


DOCS = Path(__file__).parents[3] / "docs"
DOCUMENT = (DOCS / "contracts.md").read_text(encoding="utf-8")
SCHEMAS = DOCS / "schemas/facts"


COLUMNS = 4
"""Of the table of kinds: the kind, its meaning, other names, days."""


@sweep("kind", KINDS)
def test_the_document_names_each_kind_with_its_other_names_and_its_days(kind: str) -> None:
    rows = (line.split("|") for line in DOCUMENT.splitlines() if line.startswith(f"| `{kind}`"))
    # A provider may have the name of a kind, and its rows fewer columns.
    (row,) = (cells for cells in rows if len(cells) == COLUMNS + 2)
    for other in re.findall("`([a-z_]+)`", row[3]):
        assert kind_of(other) == kind
    assert row[4].strip() == _days_in_words(term_of(None, kind))


def _days_in_words(term: Term) -> str:
    usual = "" if term.typical is None else f"usually {term.typical or 'the same day'}, at the latest "
    return f"{usual}{term.latest} {'business ' if term.business else ''}{'day' if term.latest == 1 else 'days'}"


@sweep("word", [*NETWORKS, *SCHEMES])
def test_the_document_names_each_network_and_scheme(word: str) -> None:
    assert f"`{word}`" in DOCUMENT


@pytest.mark.parametrize(("field", "words"), [("kind", KINDS), ("network", NETWORKS), ("scheme", SCHEMES)])
def test_the_schema_lists_the_words_and_takes_any_other(field: str, words: tuple[str, ...]) -> None:
    schema = json.loads((SCHEMAS / "payment.failed.v1.json").read_text(encoding="utf-8"))
    found = [one for one in re.findall(r'"enum": (\[[^]]*\])', json.dumps(schema)) if json.loads(one) == list(words)]
    assert found, field
    part = {"scheme": "newbank", "code": "1"} if field == "scheme" else {"kind": "card", field: "new_word"}
    parse(event("payment.failed", {"failure" if field == "scheme" else "instrument": part}))

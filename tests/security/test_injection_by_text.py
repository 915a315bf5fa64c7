"""Text from outside that is not what it looks like: line breaks, escape codes, direction marks, what nobody sees.

One rule (kit.text) for facts, notes, names and what callers and clients send. It is asked of every character there is.
"""

from __future__ import annotations

import sys
import unicodedata
from dataclasses import replace
from typing import Any, Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions.connect.steps import STEPS
from hotline.contracts import limits
from hotline.contracts.limits import NOTE_CHARACTERS_MAX
from hotline.contracts.model import FactRejected, Rejection
from hotline.contracts.schemas import parse
from hotline.kit.errors import InvalidInput
from hotline.kit.store import Table
from hotline.kit.text import is_plain, plain_text
from hotline.wording.messages import text_message
from hotline.wording.values import locale_of
from hotline_local.testing.memory_store import MemoryStore
from hotline_local.testing.virtual_clock import VirtualClock
from tests.support.api_world import ApiWorld
from tests.support.facts import event
from tests.support.stores import NOON
from tests.support.sweeps import sweep

REFUSED: Final = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
"""Unicode categories of which no character is kept: controls, formats, surrogates, private, unassigned, separators."""
LARGE: Final = frozenset({"Cn", "Co"})
"""Categories with so many characters that every 97th is enough."""
JOINERS: Final = "\u200c\u200d"
FAMILY: Final = "\U0001f468\u200d\U0001f469\u200d\U0001f467"
HEART: Final = "\u2764\ufe0f\u200d\U0001f525"
SKIN: Final = "\U0001f469\U0001f3fd\u200d\U0001f680"
KSHA: Final = "\u0915\u094d\u200d\u0937"
SINHALA: Final = "\u0dc1\u0dca\u200d\u0dbb\u0dd3"
PERSIAN: Final = "\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645"
ODD: Final = (
    ("line one\r\nline two", "line one line two"),
    ("\x1b[31mred\x1b[0m", "red"),
    ("\x1b]0;title\x07shown", "shown"),
    ("\x9b1mbold", "bold"),
    ("user\u202egnp.exe", "usergnp.exe"),
    ("\u2066inside\u2069", "inside"),
    ("pay\u200bpal", "paypal"),
    ("\ufeffbegins", "begins"),
    ("soft\u00adhyphen", "softhyphen"),
    ("a\u2028b\u2029c", "a b c"),
    ("a\u0000b", "a b"),
    ("tag\U000e0041\U000e007f", "tag"),
    ("filler\u3164\u034f", "filler"),
    ("no\u00a0break \u3000 wide", "no break wide"),
    ("e\u0301", "\u00e9"),
    ("a\u200db", "ab"),
    ("x\u200c", "x"),
    ("lone \ud800 half", "lone half"),
    ("pay\ufe0fpal", "paypal"),
    ("pay\U000e0100pal", "paypal"),
    ("\ufe0fbegins", "begins"),
    ("\u845b\U000e0100\U000e0101", "\u845b\U000e0100"),
    ("7\ufe0f", "7"),
    ("\u2800blank\u2800\u2800pattern", "blank pattern"),
    ("null\U0001d159head", "nullhead"),
    ("", ""),
    (" \u200b ", ""),
)


@sweep(("given_text", "kept"), ODD)
def test_invisible_characters_go_and_readable_ones_stay(given_text: str, kept: str) -> None:
    assert plain_text(given_text) == kept


@pytest.mark.parametrize("category", sorted(REFUSED))
def test_no_character_of_the_category_is_kept(category: str) -> None:
    step = 97 if category in LARGE else 1
    of_it = [chr(c) for c in range(0, sys.maxunicode + 1, step) if unicodedata.category(chr(c)) == category]
    assert of_it
    for character in of_it:
        for text in (character, f"a{character}b", f"\u4e2d{character}\u6587", f"1{character} 2"):
            assert character not in plain_text(text)
            assert not is_plain(text)


@sweep("text", [FAMILY, HEART, SKIN, KSHA, SINHALA, PERSIAN, "7\ufe0f\u20e3", "\u203c\ufe0f", "\u2194\ufe0f"])
def test_a_joiner_or_a_selector_stays_where_a_script_or_a_picture_needs_it(text: str) -> None:
    assert plain_text(text) == text
    assert is_plain(text)


@sweep("text", ["Zo\u00eb O\u2019Brien-M\u00fcller", "\u5f20\u4f1f", "\u3042\U000e0100", "\u1112\u1161\u11ab"])
def test_names_of_the_world_stay_in_composed_form(text: str) -> None:
    assert plain_text(text) == unicodedata.normalize("NFC", text)


@given(
    st.text(alphabet=st.characters(), max_size=60)
    | st.text(
        alphabet=[
            *JOINERS,
            "\ufe0f",
            "\ufe00",
            "\U000e0100",
            "\u20e3",
            "7",
            "\U0001f468",
            "\u0915",
            "\u094d",
            "\u06cc",
            "\x1b",
            "[",
            "m",
            "e",
            "\u0301",
            " ",
        ],
        max_size=20,
    )
)
def test_plain_text_stays_the_same_and_can_be_written_as_bytes(text: str) -> None:
    kept = plain_text(text)
    assert plain_text(kept) == kept
    assert is_plain(kept)
    assert len(kept.encode()) <= 4 * len(kept)
    assert not [c for c in kept if unicodedata.category(c) in REFUSED and c not in JOINERS]
    assert kept == kept.strip()


NOTE: Final = "please\r\n\x1b[31mhurry\x1b[0m \u202eesrever\u202c pay\u200bpal"


def ask_with_note(world: ApiWorld, note: str) -> Any:
    world.pay("pay-1")
    client = world.client()
    client.prove("refund")
    body = {"payment_id": "pay-1", "reason": "other", "note": note}
    return client.ask("POST", "/v1/me/refunds", body=body, headers={"Idempotency-Key": "key-of-sixteen-characters"})


def test_a_customers_note_is_stored_as_one_plain_line(store: MemoryStore, clock: VirtualClock) -> None:
    assert ask_with_note(ApiWorld(store, clock), NOTE).status == 201
    (note,) = {item["note"] for item in store.items(Table.HOTLINE) if "note" in item}
    assert note == "please hurry esrever paypal"


def test_a_note_of_which_nothing_is_left_is_no_note(store: MemoryStore, clock: VirtualClock) -> None:
    assert ask_with_note(ApiWorld(store, clock), "\u200b\r\n").status == 201
    assert not [item for item in store.items(Table.HOTLINE) if "note" in item]


@pytest.mark.parametrize(("length", "status"), [(-1, 201), (0, 201), (1, 400)])
def test_a_note_is_as_long_as_stated_and_no_longer(
    store: MemoryStore, clock: VirtualClock, length: int, status: int
) -> None:
    note = "\U0001f600" * (NOTE_CHARACTERS_MAX + length)
    assert ask_with_note(ApiWorld(store, clock), note).status == status


def test_a_note_that_is_too_long_in_composed_form_is_refused(store: MemoryStore, clock: VirtualClock) -> None:
    """U+1D160 is three characters in every normal form."""
    assert ask_with_note(ApiWorld(store, clock), "\U0001d160" * NOTE_CHARACTERS_MAX).status == 400


TEXTS: Final = (
    ("account.opened", ("name",)),
    ("payment.failed", ("merchant", "name")),
    ("payment.failed", ("failure", "message")),
    ("bill.issued", ("biller",)),
)


@sweep(("fact_type", "path"), TEXTS)
def test_the_texts_of_facts_are_made_plain(fact_type: str, path: tuple[str, ...]) -> None:
    detail = event(fact_type)
    place = detail["data"]
    for step in path[:-1]:
        place = place[step]
    place[path[-1]] = NOTE
    assert "please hurry esrever paypal" in str(parse(detail))


def test_a_fact_whose_name_is_too_long_in_composed_form_is_refused() -> None:
    detail = event("account.opened")
    detail["data"]["name"] = "\U0001d160" * limits.NAME_CHARACTERS_MAX
    with pytest.raises(FactRejected) as refused:
        parse(detail)
    assert refused.value.code == Rejection.TOO_LONG.value


@pytest.mark.parametrize("odd", ["\u202e", "\u200b", "\x01", "\x1b", "\ufeff"])
def test_an_address_with_what_nobody_sees_is_no_contact_point(
    odd: str, store: MemoryStore, clock: VirtualClock
) -> None:
    detail = event("contact_point.changed")
    detail["data"] |= {"kind": "email", "old": None, "new": f"ad{odd}a@customer.example"}
    with pytest.raises(FactRejected):
        parse(detail)
    body = {"contact": {"kind": "email", "value": f"ad{odd}a@customer.example"}, "goal": "reset"}
    assert ApiWorld(store, clock).client(None).ask("POST", "/v1/recoveries", body=body).status == 400


def test_an_address_is_the_same_in_either_form_of_its_accents() -> None:
    detail = event("contact_point.changed")
    detail["data"] |= {"kind": "email", "old": "zoe\u0308@customer.example", "new": "zo\u00eb@customer.example"}
    data: Any = parse(detail).data
    assert data.old == data.new


@sweep("odd", ["pay\r\n1", "pay\u202e1", "pay\u200b1", "\x1b[1mpay", "p\ud800", "p" * 161])
def test_no_step_takes_an_input_with_what_nobody_sees(odd: str) -> None:
    for contract in STEPS.values():
        for name in contract.inputs:
            alone = replace(contract, takes={name: replace(contract.takes[name], optional=False)})
            with pytest.raises(InvalidInput, match=f"^{name}_malformed$"):
                alone.accept({name: odd})


@pytest.mark.parametrize("unseen", ["\u200b", " \r\n", "\u202e\u202c"])
def test_no_sentence_has_a_hole_where_nothing_of_a_name_can_be_read(unseen: str) -> None:
    detail = event("payment.failed")
    detail["data"]["merchant"]["name"] = unseen
    told: Any = parse(detail).data
    locale = locale_of("en-US", "Europe/London", NOON)
    named, unnamed = (
        text_message("refund.approved", facts, locale)
        for facts in ({"amount": told.amount, "merchant": told.merchant.name}, {"amount": told.amount})
    )
    assert named == unnamed

"""The official numbers come from one setting, and a number is recognised as people type it."""

from __future__ import annotations

import pytest

from hotline.directory.service import (
    NUMBERS_SETTING,
    TYPED_CHARACTERS_MAX,
    MalformedNumbers,
    is_official,
    parse_numbers,
)
from tests.support.sweeps import sweep

CHINA, GERMANY, SHORT = "+864005550199", "+498002000001", "+8695188"
OFFICIAL = (CHINA, GERMANY, SHORT)


def test_numbers_keep_their_order_and_come_once() -> None:
    assert parse_numbers(f"{CHINA},{GERMANY},{SHORT}") == OFFICIAL
    assert parse_numbers(f" {GERMANY} ,{CHINA},{GERMANY}") == (GERMANY, CHINA)


@sweep(
    "text", ["", ",", "4005550199", "+0864005550199", "+86 400 555 0199", "+1234", "+1234567890123456", "+999123456789"]
)
def test_a_text_that_is_no_number_in_e164_form_is_refused_by_its_place(text: str) -> None:
    with pytest.raises(MalformedNumbers) as caught:
        parse_numbers(f"{CHINA},{text}")
    assert caught.value.place == 2
    assert str(caught.value) == f"{NUMBERS_SETTING}: number 2 is not a telephone number in E.164 form"


@sweep(
    "typed",
    [
        CHINA, "+86 400-555-0199", "0086 400 555 0199", "86 4005550199", "400 555 0199", "(400) 555 0199",
        GERMANY, "0800 2000001", "+49 800 2000001", SHORT, "+86 95188", "95188",
    ],
)  # fmt: skip
def test_an_official_number_is_ours_however_it_is_typed(typed: str) -> None:
    assert is_official(typed, OFFICIAL)


@sweep(
    "typed",
    [
        "",
        "+",
        "400 555 0198",
        "+86400820000",
        "+8640055501991",
        "+14005550199",
        "951880",
        "hello",
        "🙂" * 5,
        "+-()",
        "٤٠٠٨٢٠٠٠٠١",
    ],
)
def test_any_other_number_is_not_ours(typed: str) -> None:
    assert not is_official(typed, OFFICIAL)


@pytest.mark.parametrize(("length", "ours"), [(-1, True), (0, True), (1, False)])
def test_a_text_too_long_to_be_typed_is_not_looked_at(length: int, ours: bool) -> None:
    typed = CHINA + " " * (TYPED_CHARACTERS_MAX - len(CHINA) + length)
    assert is_official(typed, OFFICIAL) is ours

"""The hotline PINs that may be chosen."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hotline.identity.pins import COMMON, PIN_DIGITS_MAX, PIN_DIGITS_MIN, is_pin, weakness

OWN = ("+8613800001234",)


@pytest.mark.parametrize(
    ("pin", "weak"),
    [
        ("48213", "pin_length"),
        ("482137", None),
        ("482137482130", None),
        ("4821374821309", "pin_length"),
        ("000000", "pin_repeats"),
        ("111222", "pin_repeats"),
        ("131131", "pin_repeats"),
        ("482482", "pin_repeats"),
        ("373737", "pin_repeats"),
        ("123456", "pin_sequence"),
        ("890123", "pin_sequence"),
        ("987654", "pin_sequence"),
        ("210987", "pin_sequence"),
        ("123457", "pin_sequence"),
        ("012346", "pin_sequence"),
        ("765421", "pin_sequence"),
        ("123568", None),
        ("112233", "pin_repeats"),
        ("445566", "pin_repeats"),
        ("882200", "pin_repeats"),
        ("882204", None),
        ("123654", "pin_common"),
        ("789123", "pin_sequence"),
        ("789321", "pin_common"),
        ("147369", "pin_common"),
        ("147268", None),
        ("900131", "pin_common"),
        ("310190", "pin_common"),
        ("013190", "pin_common"),
        ("290204", "pin_common"),
        ("199001", "pin_common"),
        ("121990", "pin_common"),
        ("903190", None),
        ("189001", None),
        ("520131", "pin_common"),
        ("19900131", "pin_common"),
        ("31011990", "pin_common"),
        ("01311990", "pin_common"),
        ("19901331", None),
        ("800001", "pin_own_number"),
        ("380000", "pin_own_number"),
        ("138000", "pin_own_number"),
        ("481234", None),
        ("48213a", "pin_length"),
        ("٤٨٢١٣٧", "pin_length"),
        ("", "pin_length"),
    ],
)
def test_a_pin_that_is_easily_guessed_is_refused_by_a_word(pin: str, weak: str | None) -> None:
    assert weakness(pin, OWN) == weak


@given(st.text(alphabet="0123456789", min_size=PIN_DIGITS_MIN, max_size=PIN_DIGITS_MAX))
def test_most_pins_may_be_chosen_and_no_pin_is_an_error(pin: str) -> None:
    assert is_pin(pin)
    assert weakness(pin) in (None, "pin_repeats", "pin_sequence", "pin_common")


def test_most_pins_of_six_digits_may_be_chosen_dates_and_patterns_apart() -> None:
    refused = sum(weakness(f"{number:06d}") is not None for number in range(0, 1_000_000, 7))
    assert 0.05 < refused / (1_000_000 / 7) < 0.13


LISTED = (
    "112233", "123123", "121212", "123321", "159753", "147258", "159357", "147852", "258456", "246810",
    "135790", "102030", "131313", "101010", "789456", "456789", "142536", "159951", "696969", "520520",
    "520131", "131452", "168168", "518518", "888168", "110110", "120120", "314159", "271828", "101112",
    "998877", "887766",
)  # fmt: skip
"""Pairs, patterns of the keypad, lucky and loving numbers: each must be refused by one rule or another."""


@pytest.mark.parametrize("pin", LISTED)
def test_what_many_people_choose_is_refused(pin: str) -> None:
    assert weakness(pin) is not None


def test_what_is_listed_as_common_is_a_pin() -> None:
    assert set(LISTED) == COMMON
    assert all(is_pin(pin) for pin in COMMON)

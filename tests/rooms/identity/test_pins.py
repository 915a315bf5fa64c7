"""The hotline PINs that may be chosen."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from hotline.identity.model import PinWeakness
from hotline.identity.pins import COMMON, PIN_DIGITS_MAX, PIN_DIGITS_MIN, is_pin, weakness
from tests.support.sweeps import sweep

OWN = ("+8613800001234",)


@sweep(
    ("pin", "weak"),
    [
        ("48213", PinWeakness.LENGTH),
        ("482137", None),
        ("482137482130", None),
        ("4821374821309", PinWeakness.LENGTH),
        ("000000", PinWeakness.REPEATS),
        ("111222", PinWeakness.REPEATS),
        ("131131", PinWeakness.REPEATS),
        ("482482", PinWeakness.REPEATS),
        ("373737", PinWeakness.REPEATS),
        ("123456", PinWeakness.SEQUENCE),
        ("890123", PinWeakness.SEQUENCE),
        ("987654", PinWeakness.SEQUENCE),
        ("210987", PinWeakness.SEQUENCE),
        ("123457", PinWeakness.SEQUENCE),
        ("012346", PinWeakness.SEQUENCE),
        ("765421", PinWeakness.SEQUENCE),
        ("123568", None),
        ("112233", PinWeakness.REPEATS),
        ("445566", PinWeakness.REPEATS),
        ("882200", PinWeakness.REPEATS),
        ("882204", None),
        ("123654", PinWeakness.COMMON),
        ("789123", PinWeakness.SEQUENCE),
        ("789321", PinWeakness.COMMON),
        ("147369", PinWeakness.COMMON),
        ("147268", None),
        ("900131", PinWeakness.COMMON),
        ("310190", PinWeakness.COMMON),
        ("013190", PinWeakness.COMMON),
        ("290204", PinWeakness.COMMON),
        ("199001", PinWeakness.COMMON),
        ("121990", PinWeakness.COMMON),
        ("903190", None),
        ("189001", None),
        ("520131", PinWeakness.COMMON),
        ("19900131", PinWeakness.COMMON),
        ("31011990", PinWeakness.COMMON),
        ("01311990", PinWeakness.COMMON),
        ("19901331", None),
        ("800001", PinWeakness.OWN_NUMBER),
        ("380000", PinWeakness.OWN_NUMBER),
        ("138000", PinWeakness.OWN_NUMBER),
        ("481234", None),
        ("48213a", PinWeakness.LENGTH),
        ("٤٨٢١٣٧", PinWeakness.LENGTH),
        ("", PinWeakness.LENGTH),
    ],
)
def test_a_pin_that_is_easily_guessed_is_refused_by_a_word(pin: str, weak: str | None) -> None:
    assert weakness(pin, OWN) == weak


@given(st.text(alphabet="0123456789", min_size=PIN_DIGITS_MIN, max_size=PIN_DIGITS_MAX))
def test_most_pins_may_be_chosen_and_no_pin_is_an_error(pin: str) -> None:
    assert is_pin(pin)
    assert weakness(pin) in (None, PinWeakness.REPEATS, PinWeakness.SEQUENCE, PinWeakness.COMMON)


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


def test_a_pin_that_many_people_choose_is_refused() -> None:
    assert set(LISTED) == COMMON
    assert all(is_pin(pin) for pin in COMMON)
    assert [pin for pin in COMMON if weakness(pin) is None] == []

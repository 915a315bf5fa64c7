"""Telephone numbers as they are keyed in."""

from __future__ import annotations

from hotline.accounts.service import normalise_phone, region_of
from tests.support.sweeps import sweep


@sweep(
    ("text", "region", "expected"),
    [
        ("13800000001", "CN", "+8613800000001"),
        ("+8613800000001", "GB", "+8613800000001"),
        ("008613800000001", "CN", "+8613800000001"),
        ("8613800000001", "CN", "+8613800000001"),
        ("8613800000001", "GB", "+8613800000001"),
        ("07700900123", "GB", "+447700900123"),
        ("4915112345678", "CN", "+4915112345678"),
        ("00447700900123", "CN", "+447700900123"),
        ("2025550123", "US", "+12025550123"),
        ("12025550123", "US", "+12025550123"),
        ("01112025550123", "US", "+12025550123"),
        (" +44 (7700) 900-123 ", "CN", "+447700900123"),
    ],
)
def test_a_number_is_understood_as_its_country_writes_it(text: str, region: str, expected: str) -> None:
    assert normalise_phone(text, region) == expected


@sweep(
    "text", ["", "1", "1234", "0" * 20, "1" * 21, "12*34#", "abc", "+", "+999999999999999", "１３８００１３８０００"]
)
def test_a_text_that_can_be_no_number_is_no_number(text: str) -> None:
    assert normalise_phone(text, "CN") is None


@sweep(("digits", "good"), [(4, False), (5, True), (20, False), (21, False)])
def test_keyed_digits_have_bounds(digits: int, good: bool) -> None:
    assert (normalise_phone("1" * digits, "DE") is not None) is good


@sweep(
    ("phone", "region"),
    [
        ("+8613800000001", "CN"),
        ("+447700900123", "GB"),
        ("+12025550123", "US"),
        ("+99912345678", None),
        ("-", None),
        ("+80012345678", None),
    ],
)
def test_the_country_of_a_number_is_that_of_its_code(phone: str, region: str | None) -> None:
    assert region_of(phone) == region

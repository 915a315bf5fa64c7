"""The address that a request is counted for: the caller's, also behind a front, and never one that they write."""

from __future__ import annotations

from typing import Any

from functions.http.sources import source_of
from tests.support.sweeps import sweep

FRONT = "130.176.0.9"


def event(near: str, forwarded: str = "") -> dict[str, Any]:
    headers = {"x-forwarded-for": forwarded} if forwarded else {}
    return {"requestContext": {"http": {"sourceIp": near}}, "headers": headers}


@sweep(
    ("near", "source"),
    [
        ("198.51.100.7", "198.51.100.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:DB8:1:2::", "2001:db8:1:2::/64"),
        ("", None),
        ("unknown", None),
    ],
)
def test_without_a_front_it_is_the_address_that_the_gateway_sees(near: str, source: str | None) -> None:
    assert source_of(event(near, "203.0.113.1"), behind_front=False) == source


@sweep(
    ("forwarded", "source"),
    [
        ("198.51.100.7", "198.51.100.7"),
        (f"198.51.100.7, {FRONT}", "198.51.100.7"),
        (f"203.0.113.1,198.51.100.7,{FRONT}", "198.51.100.7"),
        ("", None),
        (FRONT, None),
        ("rubbish", None),
    ],
)
def test_behind_a_front_it_is_the_address_that_the_front_saw(forwarded: str, source: str | None) -> None:
    assert source_of(event(FRONT, forwarded), behind_front=True) == source

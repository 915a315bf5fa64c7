"""Decline codes: what the table covers of each scheme, and what the first look-up costs a phone call."""

from __future__ import annotations

import statistics
import time
from collections import defaultdict

from hotline.payments.decline_codes import DeclineCode, find_row, list_rows, read_table
from hotline.payments.failures import FAILURES, FailureCode


def measure(runs: int) -> dict[str, object]:
    """The coverage of each scheme in words, and the median time in milliseconds of the first look-up."""
    rows = list_rows()
    by_scheme: dict[str, list[DeclineCode]] = defaultdict(list)
    for row in rows:
        by_scheme[row.scheme].append(row)
    return {
        **{scheme: cover(listed) for scheme, listed in by_scheme.items()},
        "all": cover(rows),
        "first_look_up_ms": round(statistics.median(first_look_up_ms() for _ in range(runs)), 2),
    }


def cover(rows: list[DeclineCode] | tuple[DeclineCode, ...]) -> str:
    """How many codes there are, have a reason, are generic on purpose, and may never be tried again."""
    generic = sum(row.reason is FailureCode.ISSUER_DECLINED_GENERIC for row in rows)
    plain = sum(FAILURES[row.reason].plain for row in rows)
    never = sum(row.forbidden for row in rows)
    return (
        f"{len(rows):4} codes {len(rows) - generic:4} with a reason {generic:3} generic on purpose "
        f"{plain:3} told as a plain decline {never:3} never tried again"
    )


def first_look_up_ms() -> float:
    """The time to read the table and find one code, in milliseconds."""
    read_table.cache_clear()
    began = time.perf_counter()
    assert find_row("iso8583", "51", network="visa") is not None
    return (time.perf_counter() - began) * 1000

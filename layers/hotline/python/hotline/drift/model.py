"""Digests of what the wallet and the hotline have of an account, and where they differ. Pure.

A digest tells two sides that they have the same things at the same versions, without naming any. It is a sum modulo
2^64 with one number for each thing: the first eight bytes of SHA-256 over `id version`, the most significant first. One
space stands between. The order makes no difference, and a side that keeps a sum adds and subtracts.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final

_MODULUS: Final = 1 << 64
HEX_DIGITS: Final = 16


class Kind(StrEnum):
    """The kinds of thing that are compared."""

    ACCOUNT = "account"
    FUNDS = "funds"
    MOVEMENTS = "movements"
    REFUNDS = "refunds"
    BILLS = "bills"


@dataclass(frozen=True, slots=True)
class Digest:
    """The things of one kind: how many, and the sum over them as sixteen hex digits. Of the account and of its funds
    there is one or none."""

    count: int
    digest: str


EMPTY: Final = Digest(0, "0" * HEX_DIGITS)


@dataclass(frozen=True, slots=True)
class AccountDigest:
    """An account as the wallet has it. A kind that the wallet does not compare is not in `kinds`."""

    account_id: str
    kinds: Mapping[Kind, Digest]


@dataclass(frozen=True, slots=True)
class RangeDigest:
    """Some accounts as of a time. Movements count that were begun at `since` or later. Refunds count by the time of
    their last fact, and bills by their due date and the UTC day of `since`."""

    name: str
    as_of: datetime
    since: datetime
    accounts: tuple[AccountDigest, ...]


@dataclass(frozen=True, slots=True)
class Difference:
    """A kind of which the wallet has something else than the hotline."""

    wallet: Digest
    known: Digest


@dataclass(frozen=True, slots=True)
class Drift:
    """An account on which the two differ. `times`: in how many comparisons in a row, without those in which no kind
    differed. So often the wallet was asked for facts, up to ASKED_MAX."""

    account_id: str
    range_name: str
    differences: Mapping[Kind, Difference]
    first_seen_at: datetime
    seen_at: datetime
    as_of: datetime
    times: int = 1


def digest_of(things: Iterable[tuple[str, int]]) -> Digest:
    """The digest of things, each with its id and version."""
    count = total = 0
    for thing_id, version in things:
        count += 1
        total += int.from_bytes(hashlib.sha256(f"{thing_id} {version}".encode()).digest()[:8])
    return Digest(count, f"{total % _MODULUS:0{HEX_DIGITS}x}")


def compare(told: AccountDigest, known: Mapping[Kind, Digest]) -> dict[Kind, Difference]:
    """The kinds that differ, of those that both sides have looked at."""
    return {
        kind: Difference(wallet, known[kind])
        for kind, wallet in told.kinds.items()
        if kind in known and known[kind] != wallet
    }

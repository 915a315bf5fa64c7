"""The command that lists accounts which differ: its sentence says what differs."""

from __future__ import annotations

from hotline.drift.model import EMPTY, Difference, Digest, Kind
from hotline_local.commands import drift
from tests.support.sweeps import sweep


@sweep(
    ("kind", "wallet", "here", "said"),
    [
        (Kind.ACCOUNT, 1, 1, "the versions differ"),
        (Kind.FUNDS, 1, 0, "missing here"),
        (Kind.FUNDS, 0, 1, "missing at the wallet"),
        (Kind.MOVEMENTS, 8, 7, "wallet 8, here 7"),
        (Kind.BILLS, 8, 8, "8 on both sides, their versions differ"),
    ],
)
def test_a_difference_does_not_read_as_if_both_agreed(kind: Kind, wallet: int, here: int, said: str) -> None:
    one, other = (Digest(count, EMPTY.digest) for count in (wallet, here))
    assert drift._say_difference(kind, Difference(one, other)) == said

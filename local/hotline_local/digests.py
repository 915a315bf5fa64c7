"""Digests of a snapshot: what a wallet would tell of its accounts, computed from the facts that it told."""

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date, datetime
from itertools import batched
from pathlib import Path
from typing import Any, Final

from hotline.contracts.limits import DIGEST_ACCOUNTS_MAX
from hotline.contracts.model import (
    VERSION_SUFFIX,
    AccountClosed,
    AccountDescribed,
    BillTold,
    ContactPointChanged,
    Fact,
    FactRejected,
    FundsTold,
    MovementTold,
    RefundTold,
    SimChanged,
    TwoStepChanged,
)
from hotline.contracts.schemas import parse
from hotline.drift.model import digest_of
from hotline.kit.clock import to_text
from hotline_local.errors import CommandError

OF_THE_ACCOUNT: Final = (
    AccountDescribed, AccountClosed, ContactPointChanged, SimChanged, TwoStepChanged,
)  # fmt: skip
"""Facts whose version is the profile's; that of password.changed is not kept."""


@dataclass(slots=True)
class Known:
    """The things of one account, each at the highest version that a fact told."""

    account: int | None = None
    funds: int | None = None
    movements: dict[str, tuple[int, datetime]] = field(default_factory=dict)
    refunds: dict[str, tuple[int, datetime]] = field(default_factory=dict)
    bills: dict[str, tuple[int, date]] = field(default_factory=dict)

    def hear(self, fact: Fact) -> None:
        """Take in one more fact."""
        match fact.data:
            case MovementTold() as told:
                _keep(self.movements, told.movement_id, told.version, told.initiated_at)
            case RefundTold() as told:
                _keep(self.refunds, told.refund_id, told.version, fact.time)
            case BillTold() as told:
                _keep(self.bills, f"{told.bill_id}/{told.due_on.isoformat()}", told.version, told.due_on)
            case FundsTold() as told:
                self.funds = max(self.funds or 0, told.version)
            case data if isinstance(data, OF_THE_ACCOUNT):
                self.account = max(self.account or 0, data.version)
            case _:
                pass

    def tell(self, account_id: str, since: datetime) -> dict[str, Any]:
        """The account as a digest tells it."""
        return {
            "id": account_id,
            "account": self.account,
            "funds": self.funds,
            "movements": _sum(self.movements, since),
            "refunds": _sum(self.refunds, since),
            "bills": _sum(self.bills, since.date()),
        }


def _keep[T](known: dict[str, tuple[int, T]], thing_id: str, version: int, at: T) -> None:
    if thing_id not in known or known[thing_id][0] < version:
        known[thing_id] = (version, at)


def _sum[T: (date, datetime)](known: dict[str, tuple[int, T]], since: T) -> dict[str, Any]:
    digest = digest_of((thing_id, version) for thing_id, (version, at) in known.items() if at >= since)
    return {"count": digest.count, "digest": digest.digest}


def digests_of(path: Path, *, since: datetime, as_of: datetime) -> Iterator[dict[str, Any]]:
    """The digests of a snapshot that is sorted by account, ascending, as CloudEvents objects. Raises CommandError for a
    line that is no fact, and for an account that comes after a later one."""
    accounts = (known.tell(account_id, since) for account_id, known in _accounts(path))
    for number, some in enumerate(batched(accounts, DIGEST_ACCOUNTS_MAX, strict=False), 1):
        yield digest_of_range(f"range-{number:05}", some, since=since, as_of=as_of)


def digest_of_range(
    name: str, accounts: Iterable[dict[str, Any]], *, since: datetime, as_of: datetime
) -> dict[str, Any]:
    """The digest of some accounts (each as `Known.tell` has it), as a CloudEvents object."""
    return {
        "specversion": "1.0",
        "id": f"digest-{name}-{to_text(as_of)}",
        "source": "wallet",
        "type": "accounts.digest_told" + VERSION_SUFFIX,
        "time": to_text(as_of),
        "subject": name,
        "data": {"as_of": to_text(as_of), "since": to_text(since), "accounts": list(accounts)},
    }


def _accounts(path: Path) -> Iterator[tuple[str, Known]]:
    subject, known = None, Known()
    for number, fact in _facts(path):
        if fact.type.startswith("merchant."):
            continue
        if fact.subject != subject:
            if subject is not None:
                yield subject, known
            # Ascending, so that of millions of accounts one is held and not all.
            if subject is not None and fact.subject < subject:
                raise CommandError(f"{path}, line {number}: sort the snapshot by account first ({fact.subject}).")
            subject, known = fact.subject, Known()
        known.hear(fact)
    if subject is not None:
        yield subject, known


def _facts(path: Path) -> Iterator[tuple[int, Fact]]:
    from hotline_local.snapshots import lines_of

    for number, text in lines_of(path):
        try:
            yield number, parse(json.loads(text))
        except (ValueError, RecursionError, FactRejected):
            raise CommandError(f"{path}, line {number} is no fact: ./hotline send says what is wrong.") from None

"""`./hotline drift`: accounts of which the wallet has something else than the hotline."""

import argparse
import json
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from hotline_local.aws_stacks import add_arguments, open_hotline_store
from hotline_local.counts import count_things
from hotline_local.subparsers import Subparsers

if TYPE_CHECKING:
    from hotline.drift.model import Difference, Drift, Kind

SINCE_DAYS: Final = 365


def register(subparsers: Subparsers) -> None:
    """Add the command."""
    parser = subparsers.add_parser(
        "drift",
        help="see the accounts of which the wallet has something else than the hotline",
        description=(
            "A wallet tells digests of its accounts (accounts.digest_told, docs/contracts.md). The hotline compares "
            "them, asks for the facts that differ, and names the account here until both agree. Exit code 0: all "
            "agree; 1: some differ."
        ),
    )
    parser.add_argument("--json", action="store_true", help="one JSON object a line, and nothing else")
    add_arguments(parser)
    parser.set_defaults(run=run)
    actions = parser.add_subparsers(title="actions", metavar="ACTION")
    sentence = "write the digests of a snapshot that is sorted by account, one a line"
    digest = actions.add_parser(
        "digest", help=sentence, description=f"{sentence}. Put them on the bus with ./hotline send. Needs no stack."
    )
    digest.add_argument("file", type=Path, metavar="SNAPSHOT.jsonl", help="the snapshot")
    digest.add_argument("--since", type=_day, metavar="DAY", help=f"compare from this UTC day ({SINCE_DAYS} days back)")
    digest.set_defaults(run=run_digest)


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text} is no day like 2026-01-31") from None


def run(arguments: argparse.Namespace) -> int:
    """List the accounts that differ; return 1 when there is one. Raises CommandError without a stack."""
    from hotline.drift.service import LISTED_MAX, list_drifts

    found = list_drifts(open_hotline_store(arguments))
    for drift in found:
        print(json.dumps(_as_json(drift)) if arguments.json else _sentence(drift))
    if not arguments.json:
        more = f" These are the first {LISTED_MAX:,}." if len(found) == LISTED_MAX else ""
        print(f"Accounts that differ: {len(found):,}.{more}" if found else "No account is known to differ.")
    return 1 if found else 0


def run_digest(arguments: argparse.Namespace) -> int:
    """Write the digests. Raises CommandError for a snapshot that cannot be read or is not sorted."""
    from hotline_local.digests import digests_of

    now = datetime.now(UTC)
    day = arguments.since or (now - timedelta(days=SINCE_DAYS)).date()
    for digest in digests_of(arguments.file, since=datetime.combine(day, time(), UTC), as_of=now):
        print(json.dumps(digest, ensure_ascii=False))
    return 0


def _as_json(drift: "Drift") -> dict[str, Any]:
    from hotline.kit.clock import to_text

    return {
        "account_id": drift.account_id,
        "range": drift.range_name,
        "kinds": {
            kind.value: {"wallet": found.wallet.count, "known": found.known.count}
            for kind, found in drift.differences.items()
        },
        "comparisons": drift.times,
        "first_seen_at": to_text(drift.first_seen_at),
        "seen_at": to_text(drift.seen_at),
    }


def _sentence(drift: "Drift") -> str:
    from hotline.kit.clock import to_text

    kinds = ", ".join(f"{kind.value} ({_say_difference(kind, found)})" for kind, found in drift.differences.items())
    times = count_things(drift.times, "comparison")
    return f"{drift.account_id}: {kinds}; in {times} since {to_text(drift.first_seen_at)}"


def _say_difference(kind: "Kind", found: "Difference") -> str:
    """Say what differs: the numbers of things, or with equal numbers their contents. A digest tells no versions."""
    from hotline.drift.model import Kind

    # There is one account and one balance, or none.
    is_single = kind in (Kind.ACCOUNT, Kind.FUNDS)
    wallet, here = found.wallet.count, found.known.count
    if wallet == here:
        return "the versions differ" if is_single else f"{wallet} on both sides, their versions differ"
    if is_single:
        return "missing here" if wallet else "missing at the wallet"
    return f"wallet {wallet}, here {here}"

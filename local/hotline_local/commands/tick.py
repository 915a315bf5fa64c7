"""`./hotline tick`: what falls due, now or as of a given time."""

import argparse
import json
from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

from hotline_local.errors import CommandError
from hotline_local.subparsers import Subparsers

if TYPE_CHECKING:
    from hotline_local.launcher.stack import Stack

SENTENCES: Final = (
    ("resent", "decisions sent again"),
    ("alarmed", "alarms and cases for decisions that are not confirmed"),
    ("over", "decisions that were over before they were confirmed"),
    ("ended", "locks, holds and pauses that ended"),
    ("escalated", "refunds whose promised date has passed"),
    ("followed_up", "refunds and payments that people were told about"),
    ("reminded", "bills that their customers were reminded of"),
    ("tasked", "cases brought to people by a task"),
    ("woken", "cases whose snooze ended"),
    ("digested", "customers whom a message tells what was found"),
    ("redriven", "outbox entries given to their consumer again"),
    ("dropped", "outbox entries that were of no use any more"),
    ("erased", "erased accounts of which nothing is known any more"),
    ("failed", "things that could not be worked off and stay due"),
)


def register(subparsers: Subparsers) -> None:
    """Add the command."""
    parser = subparsers.add_parser(
        "tick",
        help="work off what has fallen due",
        description=(
            "Run once what a schedule runs every minute: decisions that the wallet has not confirmed, promised dates, "
            "locks that end, reminders of bills, outbox entries left behind."
        ),
    )
    parser.add_argument(
        "--at", type=_instant, metavar="RFC3339", help="as if it were this time, such as 2026-11-23T10:00:00Z"
    )
    parser.add_argument("--json", action="store_true", help="one JSON object, and nothing else")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Work off once and print what was done; 1 when something could not be. Raises CommandError when no stack runs, or
    the run fails."""
    from hotline_local.launcher.stack import load

    done = tick(load(), arguments.at)
    if arguments.json:
        print(json.dumps(done))
    else:
        said = [f"{done[name]} {sentence}" for name, sentence in SENTENCES if done[name]]
        print("\n".join(said) or "Nothing has fallen due.")
    return 1 if done["failed"] else 0


def tick(stack: "Stack", at: datetime | None = None) -> Mapping[str, int]:
    """Call the deployed function once; returns its counts. Raises CommandError when it fails."""
    event = {} if at is None else {"at": at.isoformat()}
    answer: dict[str, Any] = stack.client("lambda").invoke(
        FunctionName=stack.deadlines_function_arn, Payload=json.dumps(event).encode()
    )
    payload = json.loads(answer["Payload"].read())
    if "FunctionError" in answer:
        raise CommandError(f"The deadlines function failed: {payload.get('errorType', 'unknown error')}.")
    counts: Mapping[str, int] = payload
    return counts


def _instant(text: str) -> datetime:
    try:
        instant = datetime.fromisoformat(text)
    except ValueError:
        instant = None
    if instant is None or instant.tzinfo is None:
        raise argparse.ArgumentTypeError(f"{text!r} is no time with an offset, such as 2026-11-23T10:00:00Z")
    return instant

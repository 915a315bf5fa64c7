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
    ("resent", "decision sent again", "decisions sent again"),
    (
        "alarmed",
        "alarm or case for a decision that is not confirmed",
        "alarms and cases for decisions that are not confirmed",
    ),
    ("over", "decision that was over before it was confirmed", "decisions that were over before they were confirmed"),
    ("ended", "lock, hold or pause that ended", "locks, holds and pauses that ended"),
    ("escalated", "refund whose promised date has passed", "refunds whose promised date has passed"),
    (
        "followed_up",
        "refund or payment that people were told about",
        "refunds and payments that people were told about",
    ),
    ("reminded", "bill that its customer was reminded of", "bills that their customers were reminded of"),
    ("tasked", "case brought to people by a task", "cases brought to people by a task"),
    ("woken", "case whose snooze ended", "cases whose snooze ended"),
    ("digested", "customer whom a message tells what was found", "customers whom a message tells what was found"),
    ("redriven", "outbox entry given to its consumer again", "outbox entries given to their consumer again"),
    ("dropped", "outbox entry that was of no use any more", "outbox entries that were of no use any more"),
    (
        "erased",
        "erased account of which nothing is known any more",
        "erased accounts of which nothing is known any more",
    ),
    ("failed", "thing that could not be worked off and stays due", "things that could not be worked off and stay due"),
)
"""Of each count its name, and what to say of one thing and of several."""


def sentences(done: Mapping[str, int]) -> list[str]:
    """A line for each kind of thing that was done, for people."""
    said = [f"{done[name]} {one if done[name] == 1 else several}" for name, one, several in SENTENCES if done[name]]
    return said or ["Nothing has fallen due."]


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
        print("\n".join(sentences(done)))
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

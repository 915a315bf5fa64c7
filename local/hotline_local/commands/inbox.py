"""`hotline inbox`: the text messages and e-mail that the running stack has sent."""

import argparse
import json
import time
from typing import TYPE_CHECKING, Final

from hotline_local.subparsers import Subparsers

if TYPE_CHECKING:
    from hotline_local.inbox import Received

POLL_S: Final = 0.5


def register(subparsers: Subparsers) -> None:
    """Add the command."""
    parser = subparsers.add_parser(
        "inbox", help="read the messages that the hotline sent", description="Read what the running stack has sent."
    )
    parser.add_argument(
        "address", nargs="?", metavar="ADDRESS", help="only those to this phone number or e-mail address"
    )
    parser.add_argument("--json", action="store_true", help="one message a line, as a JSON object")
    parser.add_argument("--follow", action="store_true", help="go on showing messages as they arrive, until Ctrl-C")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Print the messages and return 0. Raises CommandError when no stack runs."""
    from hotline_local.inbox import Inbox
    from hotline_local.launcher.stack import load

    inbox = Inbox(load().endpoint)
    write = _json if arguments.json else _plain
    found = inbox.fresh(arguments.address)
    if not found and not arguments.json:
        print("No messages yet.", flush=True)
    try:
        while True:
            for message in found:
                print(write(message), flush=True)
            if not arguments.follow:
                return 0
            time.sleep(POLL_S)
            found = inbox.fresh(arguments.address)
    except KeyboardInterrupt:
        return 0


def _plain(message: "Received") -> str:
    when = f"  {message.at.astimezone():%Y-%m-%d %H:%M:%S}" if message.at else ""
    lines = [*([message.subject] if message.subject else []), *message.text.splitlines()]
    return "\n".join([f"{message.channel:5}  {message.to}{when}", *(f"  {line}" for line in lines if line), ""])


def _json(message: "Received") -> str:
    return json.dumps(
        {
            "id": message.id,
            "channel": message.channel,
            "to": message.to,
            "subject": message.subject,
            "text": message.text,
            "at": message.at.isoformat() if message.at else None,
        },
        ensure_ascii=False,
    )

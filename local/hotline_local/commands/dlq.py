"""`./hotline dlq list|replay`: the facts that the running hotline could not take in."""

import argparse
import json
from dataclasses import asdict
from typing import TYPE_CHECKING

from hotline_local.commands import Subparsers

if TYPE_CHECKING:
    from hotline_local.dead_letters import Letter


def register(subparsers: Subparsers) -> None:
    """Add the command."""
    parser = subparsers.add_parser(
        "dlq",
        help="see the facts that could not be taken in, and put them back",
        description="Facts that the hotline refused again and again are kept as dead letters for 14 days.",
    )
    actions = parser.add_subparsers(title="actions", metavar="ACTION", required=True)
    for name, sentence, action in (
        ("list", "name each dead letter: its type, its id, and why it was refused", run_list),
        ("replay", "put every dead letter back into the facts queue", run_replay),
    ):
        found = actions.add_parser(name, help=sentence, description=sentence)
        found.add_argument("--json", action="store_true", help="one JSON object a line, and nothing else")
        found.set_defaults(run=action)


def run_list(arguments: argparse.Namespace) -> int:
    """Name every dead letter. Raises CommandError when no stack runs."""
    from hotline_local.dead_letters import letters
    from hotline_local.launcher.stack import load

    found = letters(load())
    _show(found, as_json=arguments.json)
    if not arguments.json:
        print(f"{len(found)} dead letters." if found else "There are no dead letters.")
    return 0


def run_replay(arguments: argparse.Namespace) -> int:
    """Put every dead letter back and name it. Raises CommandError when no stack runs."""
    from hotline_local.dead_letters import replay
    from hotline_local.launcher.stack import load

    moved = replay(load())
    _show(moved, as_json=arguments.json)
    if not arguments.json:
        print(f"{len(moved)} facts are back in the queue." if moved else "There are no dead letters.")
    return 0


def _show(letters: "list[Letter]", *, as_json: bool) -> None:
    for letter in letters:
        if as_json:
            print(json.dumps(asdict(letter)))
        else:
            where = f" at {letter.field}" if letter.field not in (None, "-") else ""
            print(f"{letter.type or '-'} {letter.id or '-'}: {letter.reason}{where}")

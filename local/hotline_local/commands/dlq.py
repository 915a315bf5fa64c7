"""`./hotline dlq list|replay|drop`: the facts that the running hotline could not take in."""

import argparse
import json
import sys
from dataclasses import asdict
from typing import TYPE_CHECKING

from hotline_local.counts import count_things
from hotline_local.errors import CommandError
from hotline_local.subparsers import Subparsers

if TYPE_CHECKING:
    from hotline_local.dead_letters import Letter


def register(subparsers: Subparsers) -> None:
    """Add the command."""
    parser = subparsers.add_parser(
        "dlq",
        help="see the facts that could not be taken in, put them back, or drop them",
        description=(
            "Facts that break the contract, or that the hotline refused again and again, are kept as dead letters for "
            "14 days."
        ),
    )
    actions = parser.add_subparsers(title="actions", metavar="ACTION", required=True)
    for name, sentence, action in (
        ("list", "name each dead letter: its type, its id, and why it was refused", run_list),
        ("replay", "put dead letters back into the facts queue: all of them, or those with an ID", run_replay),
        ("drop", "delete dead letters for good: those with an ID, or all of them with --all", run_drop),
    ):
        found = actions.add_parser(name, help=sentence, description=sentence)
        if action is not run_list:
            found.add_argument("ids", nargs="*", metavar="ID", help="the id of a fact, or of a message (list --json)")
        if action is run_drop:
            found.add_argument("--all", action="store_true", help="drop every dead letter")
        found.add_argument("--json", action="store_true", help="one JSON object a line, and nothing else")
        found.set_defaults(run=action)


def run_list(arguments: argparse.Namespace) -> int:
    """Name every dead letter. Raises CommandError when no stack runs."""
    from hotline_local.dead_letters import letters
    from hotline_local.launcher.stack import load

    found = letters(load())
    _show(found, as_json=arguments.json)
    if not arguments.json:
        print(f"{count_things(len(found), 'dead letter', 'dead letters')}." if found else "There are no dead letters.")
    return 0


def run_replay(arguments: argparse.Namespace) -> int:
    """Put dead letters back and name them; return 1 when an id names none. Raises CommandError when no stack runs."""
    from hotline_local.dead_letters import replay
    from hotline_local.launcher.stack import load

    moved = replay(load(), arguments.ids)
    return _report(moved, arguments, f"{count_things(len(moved), 'fact is', 'facts are')} back in the queue.")


def run_drop(arguments: argparse.Namespace) -> int:
    """Delete dead letters and name them; return 1 when an id names none. Raises CommandError when no stack runs, and
    when it is not said which letters."""
    from hotline_local.dead_letters import drop
    from hotline_local.launcher.stack import load

    if bool(arguments.ids) == arguments.all:
        raise CommandError("Say which dead letters to drop: their ids, or --all for every one.", exit_code=2)
    dropped = drop(load(), arguments.ids)
    return _report(dropped, arguments, f"{len(dropped)} dead letters dropped.")


def _report(letters: "list[Letter]", arguments: argparse.Namespace, sentence: str) -> int:
    """Name the letters that were taken out, and the ids that no letter has; the exit code."""
    _show(letters, as_json=arguments.json)
    named = {name for letter in letters for name in (letter.id, letter.message_id)}
    missing = [name for name in arguments.ids if name not in named]
    if not arguments.json:
        print(sentence if letters else "There are no such dead letters." if missing else "There are no dead letters.")
    for name in missing:
        print(f"No dead letter has the id {name}.", file=sys.stderr)
    return 1 if missing else 0


def _show(letters: "list[Letter]", *, as_json: bool) -> None:
    for letter in letters:
        if as_json:
            print(json.dumps(asdict(letter)))
        else:
            where = f" at {letter.field}" if letter.field not in (None, "-") else ""
            print(f"{letter.type or '-'} {letter.id or letter.message_id}: {letter.reason}{where}")

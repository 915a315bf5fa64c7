"""`./hotline codes unknown`: decline codes that came in and that the taxonomy does not know."""

import argparse
import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from hotline_local.subparsers import Subparsers

if TYPE_CHECKING:
    from hotline.payments.service import UnknownCode
    from hotline_local.launcher.stack import Stack


def register(subparsers: Subparsers) -> None:
    """Add the command."""
    parser = subparsers.add_parser(
        "codes",
        help="see decline codes that the hotline does not know",
        description="A decline code that the taxonomy does not know is told to the customer as a plain decline.",
    )
    actions = parser.add_subparsers(title="actions", metavar="ACTION", required=True)
    sentence = "list the unknown decline codes of this month and the two before it, the most frequent first"
    unknown = actions.add_parser("unknown", help=sentence, description=sentence)
    unknown.add_argument("--json", action="store_true", help="one JSON object a line, and nothing else")
    unknown.set_defaults(run=run_unknown)


def run_unknown(arguments: argparse.Namespace) -> int:
    """List the unknown codes. Raises CommandError when no stack runs."""
    from hotline_local.launcher.stack import load

    found = unknown(load(), datetime.now(UTC))
    for code in found:
        print(json.dumps(_as_json(code)) if arguments.json else _sentence(code))
    if not arguments.json:
        print(f"{len(found)} unknown codes." if found else "There are no unknown codes.")
    return 0


def unknown(stack: "Stack", now: datetime) -> "tuple[UnknownCode, ...]":
    """Return the unknown codes that the stack has counted."""
    from hotline.payments.service import list_unknown_codes

    return list_unknown_codes(stack.hotline_store(), now)


def _as_json(code: "UnknownCode") -> dict[str, str | int]:
    from hotline.kit.clock import to_text

    known: dict[str, str | int] = {"scheme": code.scheme, "code": code.code, "count": code.count}
    return {**known, "first_at": to_text(code.first_at), "last_at": to_text(code.last_at)}


def _sentence(code: "UnknownCode") -> str:
    told = _as_json(code)
    return f"{told['scheme']} {told['code']}: {told['count']} movements, from {told['first_at']} to {told['last_at']}"

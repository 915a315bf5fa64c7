"""`./hotline send FILE.jsonl`: put facts on the bus of the running stack, as the wallet would."""

import argparse
import json
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from hotline_local.errors import CommandError
from hotline_local.subparsers import Subparsers

DIGEST_TYPE: Final = "accounts.digest_told.v1"


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One line of the file: was it sent, and what is wrong with it."""

    line: int
    type: str | None
    id: str | None
    sent: bool
    reason: str | None = None
    """Why the hotline rejects it; None for a fact that keeps to the contract."""
    field: str | None = None


def register(subparsers: Subparsers) -> None:
    """Add the command."""
    parser = subparsers.add_parser(
        "send",
        help="tell the running hotline facts from a file, as the wallet would",
        description=(
            "Put facts on the bus: one CloudEvents object a line (docs/contracts.md). Every line is checked, and what "
            "breaks the contract is named. It is sent all the same, if it is a JSON object, and ends in the dead "
            "letters (./hotline dlq list). Exit code 0: all lines are good; 1: some are not."
        ),
    )
    parser.add_argument("file", type=Path, metavar="FILE.jsonl", help="the facts")
    parser.add_argument("--json", action="store_true", help="one JSON object a line, and nothing else")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Send, report every line; return 1 when a line is not good. Raises CommandError for no file or no stack."""
    from hotline_local.bus import put_facts
    from hotline_local.launcher.stack import load

    try:
        lines = arguments.file.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise CommandError(f"{arguments.file} cannot be read ({type(error).__name__}).", exit_code=2) from None
    now = datetime.now(UTC)
    checked = [checked_line(number, text, now) for number, text in enumerate(lines, 1) if text.strip()]
    stack = load()
    put_facts(stack, [json.loads(lines[line.line - 1]) for line in checked if line.sent])
    for line in checked:
        print(json.dumps(asdict(line)) if arguments.json else _sentence(line))
    if not arguments.json:
        print(f"{sum(line.sent for line in checked)} of {len(checked)} facts sent.")
    return 1 if any(line.reason for line in checked) else 0


def checked_line(number: int, text: str, now: datetime) -> Line:
    """Return what is to be said of a line sent at `now`, by the function's own rules. Only what is no JSON object
    cannot be sent."""
    from hotline.contracts.model import VERSION_SUFFIX, FactRejected, Rejection
    from hotline.contracts.schemas import parse, refuse_future

    try:
        detail = json.loads(text)
    except (ValueError, RecursionError):
        detail = None
    if not isinstance(detail, dict):
        return Line(line=number, type=None, id=None, sent=False, reason=Rejection.NOT_AN_EVENT.value)
    if detail.get("type") == DIGEST_TYPE:
        return _checked_digest(number, detail, now)
    try:
        fact = parse(detail)
        refuse_future(fact, detail, now)
    except FactRejected as error:
        return Line(
            line=number, type=error.fact_type, id=error.fact_id, sent=True, reason=error.code, field=error.field
        )
    return Line(line=number, type=fact.type + VERSION_SUFFIX, id=fact.id, sent=True)


def _checked_digest(number: int, detail: dict[str, Any], now: datetime) -> Line:
    """The report on a line that is a digest of accounts and no fact."""
    from hotline.contracts.digests import parse_digest
    from hotline.kit.errors import InvalidInput

    named = {name: value if isinstance(value := detail.get(name), str) else None for name in ("type", "id")}
    try:
        parse_digest(detail, now)
    except InvalidInput as error:
        return Line(line=number, **named, sent=True, reason=error.code, field=str(error.facts.get("field")))
    return Line(line=number, **named, sent=True)


def _sentence(line: Line) -> str:
    name = f"line {line.line}: {line.type or '-'} {line.id or '-'}"
    if line.reason is None:
        return f"{name} sent"
    where = f" at {line.field}" if line.field not in (None, "-") else ""
    return f"{name} {'sent, but will be rejected' if line.sent else 'not sent'}: {line.reason}{where}"

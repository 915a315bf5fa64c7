"""`./hotline codes`: what the taxonomy says about decline codes, and which ones came in that it does not know."""

import argparse
import csv
import io
import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from connect_sim.commands.parsing import find_close, read_file_name
from hotline_local.errors import CommandError
from hotline_local.subparsers import Subparsers

if TYPE_CHECKING:
    from hotline.payments.service import UnknownCode
    from hotline_local.launcher.stack import Stack

REFUND: Final = "refund"
KINDS: Final = ("payment", "transfer", "bill_payment", "top_up", "withdrawal", REFUND)
"""The values of the column `kind`."""


def register(subparsers: Subparsers) -> None:
    """Add the command."""
    parser = subparsers.add_parser(
        "codes",
        help="see what decline codes mean, and which ones the hotline does not know",
        description="A decline code says why a provider refused a payment. One that the taxonomy does not know is told "
        "to the customer as a plain decline.",
    )
    actions = parser.add_subparsers(title="actions", metavar="ACTION", required=True)
    sentence = "list the unknown decline codes of this month and the two before it, the most frequent first"
    unknown = actions.add_parser(
        "unknown", help=sentence, description=f"{sentence.capitalize()}. Asks the running stack."
    )
    unknown.add_argument("--json", action="store_true", help="one JSON object a line, and nothing else")
    unknown.set_defaults(run=run_unknown)
    explain = actions.add_parser(
        "explain",
        help="tell for each code of a file its reason, whether to try again, the next step and the words",
        description=_EXPLAIN,
        epilog=_EXPLAIN_EXAMPLE,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    explain.add_argument("file", type=read_file_name, metavar="FILE.csv", help="the file")
    explain.add_argument("--json", action="store_true", help="one JSON object a line, in the order of the file")
    explain.set_defaults(run=run_explain)


_EXPLAIN: Final = f"""\
Tell for each decline code of a file its reason, whether to try again, the next
step, who takes it, and the words that caller and agent hear. Needs no stack.

The file is CSV in UTF-8. Its first line names the columns, in any order:
  scheme   whose code it is, such as stripe, wechat or iso8583 (docs/contracts.md
           has all); the card network may follow it: iso8583:visa
  code     the code as it was sent; empty: the message alone is explained
  message  the provider's words (may be missing), or its whole answer as a JSON
           object, such as an error or a charge of stripe: the code is read in it
  kind     {", ".join(KINDS[:-1])} or
           {KINDS[-1]} (may be missing). Without one it is a payment, or a refund
           where the code is one of refunds alone; a transfer is from the balance
Capitals and spaces around a name mean nothing. Other columns are ignored. Of a
scheme or card network that is unknown the answer says so in a note.

Exit code 0: every row is explained. 1: the file, or the row that is named,
cannot be read; the rows before it are explained."""
_EXPLAIN_EXAMPLE: Final = """\
example:
  printf 'scheme,code\\niso8583:visa,51\\nstripe,expired_card\\n' > codes.csv
  ./hotline codes explain codes.csv
"""


def run_unknown(arguments: argparse.Namespace) -> int:
    """List the unknown codes. Raises CommandError when no stack runs."""
    from hotline_local.launcher.stack import load

    found = unknown(load(), datetime.now(UTC))
    for code in found:
        print(json.dumps(_as_json(code)) if arguments.json else _sentence(code))
    if not arguments.json:
        print(_count(len(found)))
    return 0


def _count(codes: int) -> str:
    match codes:
        case 0:
            return "There are no unknown codes."
        case 1:
            return "1 unknown code."
        case _:
            return f"{codes} unknown codes."


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
    times = f"{told['count']} times" if code.count > 1 else "once"
    return f"{told['scheme']} {told['code']}: {times}, from {told['first_at']} to {told['last_at']}"


def run_explain(arguments: argparse.Namespace) -> int:
    """Explain the codes of a file. Raises CommandError for a file that cannot be read as one of codes. The rows before
    one that cannot be read are explained."""
    for scheme, code, message, kind in _read_codes(arguments.file):
        told = explain(scheme, code, message, kind)
        print(json.dumps(told, ensure_ascii=False) if arguments.json else _explanation(told))
    return 0


def explain(scheme: str, code: str, message: str | None, kind: str | None = None) -> dict[str, Any]:
    """Explain a code: reason, retry class, next step, words for caller and agent by language, source.

    `kind` is one of KINDS; None: a payment, or a refund where the code is one of refunds alone. `source` is None where
    no row of the table has the code. The keys `works_when` and `who_acts` say when and by whom it goes on. A code or
    message that is an answer of the provider is explained by the code in it. `notes`: sentences about that, and about
    a scheme or network that is unknown.
    """
    from hotline.contracts.model import Failure, MovementKind
    from hotline.kit.languages import LANGUAGES
    from hotline.payments.decline_codes import (
        classify,
        classify_movement,
        classify_refund,
        find_row,
        is_of_refunds,
        reason_of_movement,
    )
    from hotline.payments.diagnosis import advise
    from hotline.payments.failures import FAILURES, actor_of
    from hotline.payments.kinds import Setting, advise_for_kind, forms_of
    from hotline.wording.catalogue import find

    code, message, notes = _read_answer(scheme, code, message)
    failure = Failure(scheme, code, message)
    row = find_row(scheme, code, network=None)
    moved = MovementKind(kind) if kind not in (None, REFUND) else MovementKind.PAYMENT
    reason = classify_movement(failure, kind=moved, network=None).code
    if kind == REFUND:
        reason = classify_refund(failure)
    elif kind is None:
        plain = classify(failure, network=None).code
        # A payment has no meaning of its own for the code where its reason is the one that stands for any refund's.
        is_refund_only = is_of_refunds(plain) and reason is reason_of_movement(plain)
        reason = plain if is_refund_only else reason
    source = "balance" if moved is MovementKind.TRANSFER else "other"
    setting = Setting(moved, source, scheme, reason)
    step, retry, works_when = advise_for_kind(setting, advise(reason, scheme, code, network=None))
    heard = (FAILURES[reason].caller_text, f"next.{step.value}", f"works_when.{works_when.value}")
    caller = {
        language: [
            line
            for key in heard
            for line in next(filter(None, (find(form, language) for form in forms_of(key, setting))), "").splitlines()
        ]
        for language in LANGUAGES
    }
    return {
        "scheme": scheme,
        "code": code,
        "reason": reason.value,
        "retry": retry.value,
        "works_when": works_when.value,
        "next_step": step.value,
        "who_acts": actor_of(step).value,
        "caller": {
            language: ("" if language.startswith("zh") else " ").join(said) for language, said in caller.items()
        },
        "agent": {language: find(FAILURES[reason].agent_text, language) for language in LANGUAGES},
        "source": row.source if row is not None else None,
        "notes": [*_note_scheme(scheme), *notes],
    }


def _read_answer(scheme: str, code: str, message: str | None) -> tuple[str, str | None, list[str]]:
    """Code and message as a wallet sends them, where one of them is a provider's answer; and the notes about that."""
    from hotline.payments.decline_codes import find_row
    from hotline.payments.failures import FailureCode
    from hotline_local.provider_answers import read_answer

    of_code = read_answer(scheme, code)
    answer = of_code or read_answer(scheme, message)
    if answer is None:
        return code, message, []
    given = "" if of_code else code
    words = message if of_code and message else answer.message
    rows = {one: find_row(scheme, one, network=None) for one in (given, *answer.codes) if one}
    known = [one for one, row in rows.items() if row is not None]
    specific = [
        one for one in known if (row := rows[one]) is not None and row.reason is not FailureCode.ISSUER_DECLINED_GENERIC
    ]
    read = next(iter((*specific, *known, *rows)), "")
    if read == given:
        return given, words, []
    return (
        read,
        words,
        [f"{read} was read in the answer: the hotline knows it only as failure.code (docs/contracts.md)."],
    )


def _note_scheme(scheme: str) -> list[str]:
    """The sentences about a scheme or card network that no list has."""
    from hotline.contracts.vocabulary import NETWORKS, SCHEMES, network_of, scheme_of

    name, _, network = scheme.partition(":")
    notes = []
    if scheme_of(name) is None and network_of(name) is None:
        close = find_close(name, (*SCHEMES, *NETWORKS))
        rest = f"did you mean {close}?" if close else f"there are {', '.join(SCHEMES)}."
        notes.append(
            f"{name or 'An empty name'} is no scheme that is known, so code and message count by their words; {rest}"
        )
    if network.strip() and network_of(network) is None:
        close = find_close(network.strip(), NETWORKS)
        rest = f"did you mean {close}?" if close else f"there are {', '.join(NETWORKS)}."
        notes.append(f"{network.strip()} is no card network that is known, so the code is read without one; {rest}")
    return notes


def _read_codes(file: Path) -> Iterator[tuple[str, str, str | None, str | None]]:
    """The rows of a file as scheme, code, message and kind. Raises CommandError."""
    try:
        text = file.read_text(encoding="utf-8-sig")
    except OSError as fault:
        raise CommandError(f"{file} cannot be read: {fault.strerror}.") from fault
    except UnicodeDecodeError as fault:
        raise CommandError(f"{file} is not UTF-8; save it as CSV in UTF-8.") from fault
    rows = csv.reader(io.StringIO(text, newline=""), strict=True)
    begins_at = 1
    try:
        columns = _find_columns(file, next(rows, []))
        begins_at = rows.line_num + 1
        for row in rows:
            if row:
                cells = (row[at] if at is not None and at < len(row) else "" for at in columns)
                scheme, code, message, kind = cells
                yield scheme.strip(), code.strip(), message or None, _read_kind(file, begins_at, kind)
            begins_at = rows.line_num + 1
    except csv.Error as fault:
        why = "a quote is not closed" if "end of data" in str(fault) else str(fault)
        before = " The rows before it are explained." if begins_at > _FIRST_ROW else ""
        raise CommandError(f"{file}: the row that begins in line {begins_at} is not CSV ({why}).{before}") from fault


_FIRST_ROW: Final = 2
"""The line behind that of the names."""
_OTHER_SIGNS: Final = {";": "semicolon", "\t": "tab"}
_MAY_BE_MISSING: Final = ("message", "kind")
"""Columns that a file need not have."""


def _read_kind(file: Path, line: int, cell: str) -> str | None:
    """The kind that a cell names; None for an empty one. Raises CommandError."""
    kind = cell.strip().casefold().replace(" ", "_").replace("-", "_")
    if kind and kind not in KINDS:
        close = find_close(kind, KINDS)
        rest = f"did you mean {close}?" if close else f"use {', '.join(KINDS)}."
        raise CommandError(f"{file}: the row that begins in line {line} has the kind {kind}; {rest}")
    return kind or None


def _find_columns(file: Path, header: list[str]) -> tuple[int, int, int | None, int | None]:
    """The columns of scheme, code, message and kind. Case and padding of their names mean nothing. Raises
    CommandError."""
    names = [name.strip().casefold() for name in header]
    missing = [name for name in ("code", "scheme") if name not in names]
    if missing:
        # Spreadsheets save CSV with other signs where a comma parts whole from tenths.
        other = next((name for sign, name in _OTHER_SIGNS.items() if len(names) == 1 and sign in names[0]), None)
        rest = "." if other is None else f": it parts them by {other}s; save it with commas."
        raise CommandError(f"{file} has no column {' and no column '.join(missing)} in its first line{rest}")
    for name in ("scheme", "code", *_MAY_BE_MISSING):
        if names.count(name) > 1:
            raise CommandError(f"{file} has {names.count(name)} columns {name} in its first line; keep one of them.")
    message, kind = (names.index(name) if name in names else None for name in _MAY_BE_MISSING)
    return names.index("scheme"), names.index("code"), message, kind


def _explanation(told: dict[str, Any]) -> str:
    """An explanation as lines to read."""
    named = f"{told['scheme']} {told['code'] or '(no code)'}"
    no_row = "not in the table" if told["reason"] == "OTHER" else "by its words; not in the table"
    lines = [f"{named}: {told['reason']} ({told['source'] or no_row})"]
    lines += [f"  note: {note}" for note in told["notes"]]
    lines += [f"  retry {told['retry']}, {told['works_when']}; {told['who_acts']}: {told['next_step']}"]
    for who in ("caller", "agent"):
        lines += [f"  {who} {language}: {text}" for language, text in told[who].items()]
    return "\n".join(lines)

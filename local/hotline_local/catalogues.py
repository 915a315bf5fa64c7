"""Compile the message catalogues: `python -m hotline_local.catalogues` writes each `.mo` beside its `.po`.

The standard library reads `.mo` files and has nothing to write them; both formats are gettext's own, so that the tools
of translators work on the sources. What is written depends on the source alone, byte for byte.
"""

from __future__ import annotations

import ast
import struct
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from hotline.wording.catalogue import DOMAIN, LANGUAGES, folder

MAGIC: Final = 0x950412DE
"""First word of a `.mo` file (GNU gettext manual, "The Format of GNU MO Files")."""
_HEADER_BYTES: Final = 28
_ROW_BYTES: Final = 8
"""Length and place of one text, in either table."""


class MalformedSource(ValueError):
    """A line of a `.po` file that is none, or a message twice."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One message: its text, or one text for each plural form."""

    texts: tuple[str, ...]
    plural: bool


def read_source(text: str) -> dict[str, Entry]:
    """The messages of a `.po` file by id; the header has the id "". Raises MalformedSource, naming the line."""
    messages: dict[str, Entry] = {}
    fields: dict[str, str] = {}
    field = ""
    for number, line in enumerate([*text.splitlines(), ""], start=1):
        if line.startswith("#"):
            continue
        if not line.strip():
            _add(messages, fields, number)
            fields, field = {}, ""
            continue
        quoted = line
        if not line.startswith('"'):
            field, _, quoted = line.partition(" ")
            if field in fields or not field.startswith(("msgid", "msgstr")):
                raise MalformedSource(f"line {number}: {field}")
            fields[field] = ""
        if not field:
            raise MalformedSource(f"line {number}: a text of no field")
        fields[field] += _unquoted(quoted, number)
    return messages


def _unquoted(quoted: str, number: int) -> str:
    try:
        value = ast.literal_eval(quoted.strip())
    except (SyntaxError, ValueError):
        value = None
    if not isinstance(value, str):
        raise MalformedSource(f"line {number}: a text in double quotes is expected")
    return value


def _add(messages: dict[str, Entry], fields: Mapping[str, str], number: int) -> None:
    if not fields:
        return
    texts = tuple(text for field, text in sorted(fields.items()) if field.startswith("msgstr"))
    if "msgid" not in fields or not texts or fields["msgid"] in messages:
        raise MalformedSource(f"before line {number}: a message without id or text, or one that is there already")
    messages[fields["msgid"]] = Entry(texts, "msgid_plural" in fields)


def compiled(messages: Mapping[str, Entry]) -> bytes:
    """The `.mo` file of some messages: header, table of ids, table of texts, then both as NUL-ended strings."""
    rows = sorted((f"{key}\0{key}" if entry.plural else key, "\0".join(entry.texts)) for key, entry in messages.items())
    ids = [row[0].encode() for row in rows]
    texts = [row[1].encode() for row in rows]
    texts_table = _HEADER_BYTES + _ROW_BYTES * len(rows)
    data = texts_table + _ROW_BYTES * len(rows)
    header = struct.pack("<7I", MAGIC, 0, len(rows), _HEADER_BYTES, texts_table, 0, data)
    after_ids = data + sum(len(raw) + 1 for raw in ids)
    strings = b"".join(raw + b"\0" for raw in (*ids, *texts))
    return header + _table(ids, data) + _table(texts, after_ids) + strings


def _table(strings: Sequence[bytes], start: int) -> bytes:
    rows = []
    for raw in strings:
        rows.append(struct.pack("<2I", len(raw), start))
        start += len(raw) + 1
    return b"".join(rows)


def source_file(language: str) -> Path:
    """The catalogue that translators edit."""
    return folder(language) / f"{DOMAIN}.po"


def compiled_file(language: str) -> Path:
    """The catalogue that is shipped."""
    return folder(language) / f"{DOMAIN}.mo"


def main() -> int:
    """Compile every language. Returns 0, or 1 when a source is malformed."""
    for language in LANGUAGES:
        try:
            messages = read_source(source_file(language).read_text(encoding="utf-8"))
        except MalformedSource as error:
            print(f"{source_file(language)}: {error}", file=sys.stderr)
            return 1
        compiled_file(language).write_bytes(compiled(messages))
        print(f"{compiled_file(language).name} of {language}: {len(messages) - 1} messages")
    return 0


if __name__ == "__main__":
    sys.exit(main())

"""Text from outside as a terminal and a file of JSON may have it."""

from __future__ import annotations

import json
import sys

from hotline.kit.text import dump_json
from hotline_local.terminal import escape_hidden
from tests.support.sweeps import sweep


@sweep(
    ("text", "shown"),
    [
        ("history.jsonl", "history.jsonl"),
        ("王小明 \U0001f600", "王小明 \U0001f600"),
        ("a\x1b[31mb", r"a\x1b[31mb"),
        ("a\x9b31mb", r"a\x9b31mb"),
        ("a\rb\x07\x7f\t", r"a\rb\x07\x7f\t"),
        ("abc\u202edef\u2066", r"abc\u202edef\u2066"),
        ("\udc9b", r"\udc9b"),
        ("two\nlines", "two\nlines"),
    ],
)
def test_a_terminal_is_shown_what_nobody_sees_as_an_escape(text: str, shown: str) -> None:
    assert escape_hidden(text) == shown
    assert json.loads(dump_json([text])) == [text]


def test_json_hides_nothing_and_reads_back_whatever_it_holds() -> None:
    every = [chr(number) for number in range(sys.maxunicode + 1) if not 0xD800 <= number < 0xE000]
    texts = {"all": "".join(every), "\x1b": ["王", 1.5, None, True]}
    for indent in (None, 2):
        written = dump_json(texts, indent=indent)
        assert json.loads(written) == texts
        assert written.replace("\n", "").isprintable()
    assert dump_json(["王\x9b"], separators=(",", ":")) == r'["王\u009b"]'

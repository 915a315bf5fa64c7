"""`make bench` writes the page where it measured all of it, and parts of it only when told."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from benchmarks import __main__ as bench
from benchmarks.tables import Table

TABLE = Table(("figure", "measured"), [("one", "1")], figures={})


@pytest.mark.parametrize(
    ("arguments", "written"),
    [
        ([], True),
        (["--no-write"], False),
        (["facts"], False),
        (["facts", "--write"], True),
    ],
)
def test_the_page_is_written_after_all_sections_or_when_told(
    arguments: list[str], written: bool, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    pages: list[Mapping[str, Table]] = []
    monkeypatch.setattr(bench, "SECTIONS", {name: lambda _: TABLE for name in bench.NAMES})
    monkeypatch.setattr(bench, "write", lambda _, found: pages.append(found))
    monkeypatch.setattr("sys.argv", ["bench", *arguments])
    assert bench.main() == 0
    assert [list(page) for page in pages] == (
        [["facts"] if "facts" in arguments else list(bench.NAMES)] if written else []
    )
    assert "one" in capsys.readouterr().out

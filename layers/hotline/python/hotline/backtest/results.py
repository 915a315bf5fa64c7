"""The files of a run: findings, rankings, bad lines and summary."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from hotline.kit.text import dump_json

from .runs import Outcome
from .summary import text_of_ms

FILES: Final = ("findings.jsonl", "movements.jsonl", "accounts.jsonl", "bad_lines.jsonl", "summary.json")
"""The files of the results."""


def write_results(outcome: Outcome, told: Mapping[str, Any], names: Sequence[str], folder: Path) -> list[Path]:
    """Write all files into the folder; equal runs give equal bytes. `names`: those of the files of the history. Raises
    OSError."""
    blind = told["left_out"]
    ranking = outcome.ranking
    folder.mkdir(parents=True, exist_ok=True)
    findings = (_finding(found) for found in ranking.findings() if found["detector"] not in blind)
    *paths, summary = (folder / name for name in FILES)
    rows = (findings, map(_movement, ranking.movements()), ranking.accounts(), list_bad_lines(outcome, names))
    written = [_write(path, told_rows) for path, told_rows in zip(paths, rows, strict=True)]
    summary.write_text(dump_json(told, indent=2) + "\n", encoding="utf-8")
    return [*written, summary]


def list_bad_lines(outcome: Outcome, names: Sequence[str], limit: int = -1) -> Iterable[dict[str, Any]]:
    """The lines that were left out, by file and line: file, line, reason, field. `limit`: at most so many."""
    rows = outcome.ledger.query("SELECT file, line, reason, field FROM bad ORDER BY file, line LIMIT ?", (limit,))
    for file, line, reason, field in rows:
        yield {"file": names[file], "line": line, "reason": reason, "field": field}


def _write(path: Path, rows: Iterable[Mapping[str, Any]]) -> Path:
    with path.open("w", encoding="utf-8", newline="\n") as out:
        for row in rows:
            out.write(dump_json(row, separators=(",", ":")) + "\n")
    return path


def _finding(found: dict[str, Any]) -> dict[str, Any]:
    """A finding with times as text: `time` is that of the last event that shows it."""
    started_ms, ended_ms = found.pop("started_ms"), found.pop("ended_ms")
    return {**found, "time": text_of_ms(ended_ms), "started": text_of_ms(started_ms)}


def _movement(found: dict[str, Any]) -> dict[str, Any]:
    return {**found, "time": text_of_ms(found.pop("at_ms"))}

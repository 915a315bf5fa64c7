"""Tables of figures: as text for a terminal, as Markdown between the marks of docs/performance.md, and read from it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

END_MARK = "<!-- end -->"


@dataclass(frozen=True, slots=True)
class Table:
    """A head and rows of as many cells. `figures` are the values behind them, for `--json`."""

    head: Sequence[str]
    rows: Sequence[Sequence[str]]
    note: str = ""
    figures: object = field(default=None, compare=False)

    def text(self) -> str:
        """The table in columns, the first one to the left."""
        lines = [self.head, *self.rows]
        widths = [max(len(line[place]) for line in lines) for place in range(len(self.head))]
        drawn = [
            "  ".join(
                f"{cell:{width}}" if place == 0 else f"{cell:>{width}}"
                for place, (cell, width) in enumerate(zip(line, widths, strict=True))
            )
            for line in lines
        ]
        return "\n".join(f"  {line}" for line in [*drawn, *([self.note] if self.note else [])])

    def markdown(self) -> str:
        """The table as GitHub draws it, and the note behind it."""
        lines = [self.head, ["---"] * len(self.head), *self.rows]
        drawn = "\n".join(f"| {' | '.join(line)} |" for line in lines)
        return f"{drawn}\n\n{self.note}" if self.note else drawn


def mark_of(name: str) -> str:
    """The mark in the page before a section."""
    return f"<!-- {name} -->"


def put(page: str, name: str, text: str) -> str:
    """The page with a text between the marks of a section. Raises ValueError where the page has no such mark."""
    mark = mark_of(name)
    if mark not in page:
        raise ValueError(f"docs/performance.md has no {mark}")
    before, _, rest = page.partition(mark)
    return f"{before}{mark}\n{text}\n\n{END_MARK}{rest.partition(END_MARK)[2]}"


def take(page: str, name: str) -> str:
    """The text between the marks of a section."""
    return page.partition(mark_of(name))[2].partition(END_MARK)[0].strip()


def read_rows(text: str) -> dict[str, list[str]]:
    """The rows of a table in Markdown, without its head: the first cell, and the others."""
    cells = [
        [cell.strip() for cell in line.strip("|").split("|")] for line in text.splitlines() if line.startswith("|")
    ]
    return {line[0]: line[1:] for line in cells[2:]}

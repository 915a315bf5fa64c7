"""Tables of the project's pages, for tests that hold them to the code."""

from __future__ import annotations


def read_table(page: str, first_columns: str) -> tuple[dict[str, str], ...]:
    """The only table of a Markdown page whose header begins with these columns (`A` or `A | B`). Each row holds its
    cells by column, in the table's order. Fails the test when a row has more or fewer cells than the header."""
    lines = page.splitlines()
    (start,) = [place for place, line in enumerate(lines) if line.startswith(f"| {first_columns} |")]
    names = _cells(lines[start])
    rows = []
    for line in lines[start + 2 :]:
        if not line.startswith("|"):
            break
        cells = _cells(line)
        assert len(cells) == len(names), line
        rows.append(dict(zip(names, cells, strict=True)))
    return tuple(rows)


def _cells(line: str) -> list[str]:
    return [cell.strip() for cell in line.strip().removeprefix("|").removesuffix("|").split("|")]

"""The pictures in docs/flows are those of the flows as they are now."""

from pathlib import Path

import pytest

from connect_sim.drawing import draw_flow
from connect_sim.language.document import load_flow
from hotline_local.worlds.flow_files import flow_files

pytest.importorskip("pygraphviz", reason="Graphviz comes with no package for this machine")

DOCS = Path(__file__).parents[2] / "docs"


@pytest.mark.parametrize("path", flow_files(), ids=lambda path: path.stem)
def test_a_picture_shows_its_flow_as_it_is(path: Path) -> None:
    picture = DOCS / "flows" / f"{path.stem}.svg"
    assert picture.read_text(encoding="utf-8") == draw_flow(load_flow(path)), "run make pictures"


def test_every_picture_has_a_flow_and_stands_in_the_document() -> None:
    names = {path.stem for path in flow_files()}
    assert {path.stem for path in (DOCS / "flows").iterdir()} == names
    page = (DOCS / "flows.md").read_text(encoding="utf-8")
    assert [name for name in sorted(names) if f"](flows/{name}.svg)" not in page] == []

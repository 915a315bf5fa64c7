"""Places for the boxes and arrows of a picture, found by Graphviz (`dot`).

Graphviz gets boxes of a size that is measured here, and no text: its own measures depend on the fonts of a machine. The
label of an arrow is a box of its own between two others, so that nothing covers it. All places are whole points, from
the top left; the same picture has the same layout each time.
"""

import json
import re
from dataclasses import dataclass
from typing import Any

from connect_sim.drawing.picture import Arrow, Box, Picture
from connect_sim.drawing.text import measure_width, wrap
from connect_sim.errors import ConnectSimError

TITLE_SIZE = 13
TEXT_SIZE = 11
LINE_HEIGHT = 15
TITLE_HEIGHT = 18
PADDING = 9
BOX_TEXT_WIDTH = 215
LABEL_TEXT_WIDTH = 150
BOX_LINES = 3
LABEL_LINES = 3
START = "Start"
POINTS_PER_INCH = 72


class NoGraphviz(ConnectSimError):
    """Graphviz cannot be used; the text says what to install."""


type Point = tuple[int, int]


@dataclass(frozen=True, slots=True)
class PlacedBox:
    """A box with its text in lines, its middle and its size."""

    box: Box
    lines: tuple[str, ...]
    notes: tuple[str, ...]
    middle: Point
    size: Point


@dataclass(frozen=True, slots=True)
class PlacedLabel:
    """The label of an arrow, in lines; `is_start` for the mark of the first block."""

    lines: tuple[str, ...]
    middle: Point
    size: Point
    is_error: bool = False
    is_start: bool = False


@dataclass(frozen=True, slots=True)
class PlacedLine:
    """A curve: a start, and three points for each cubic piece; `tip` is the end of its arrow head, if it has one."""

    points: tuple[Point, ...]
    tip: Point | None
    is_error: bool


@dataclass(frozen=True, slots=True)
class Layout:
    """A picture with places for all that is in it."""

    name: str
    size: Point
    boxes: tuple[PlacedBox, ...]
    labels: tuple[PlacedLabel, ...]
    lines: tuple[PlacedLine, ...]


def lay_out(picture: Picture) -> Layout:
    """Return places for a picture. Raises NoGraphviz."""
    boxes = {box.identifier: _measure_box(box) for box in picture.boxes}
    labels = [(arrow, _measure_label(arrow)) for arrow in picture.arrows if arrow.labels]
    graph = _make_graph()
    for number, (_, _, size) in enumerate(boxes.values()):
        _add_box(graph, f"b{number}", size)
    numbers = {identifier: f"b{number}" for number, identifier in enumerate(boxes)}
    for number, (_, (_, size)) in enumerate(labels):
        _add_box(graph, f"l{number}", size)
    errors: dict[str, bool] = {}

    def connect(tail: str, head: str, *, is_error: bool, has_head: bool, weight: int) -> None:
        key = f"e{len(errors)}"
        errors[key] = is_error
        graph.add_edge(tail, head, key=key, comment=key, dir="forward" if has_head else "none", weight=weight)

    if picture.start is not None:
        _add_box(graph, "start", measure_start())
        connect("start", numbers[picture.start], is_error=False, has_head=True, weight=4)
    for arrow in picture.arrows:
        if not arrow.labels:
            weight = 1 if arrow.is_error else 4
            tail, head = numbers[arrow.source], numbers[arrow.target]
            connect(tail, head, is_error=arrow.is_error, has_head=True, weight=weight)
    for number, (arrow, _) in enumerate(labels):
        tail, head = numbers[arrow.source], numbers[arrow.target]
        connect(tail, f"l{number}", is_error=arrow.is_error, has_head=False, weight=2)
        connect(f"l{number}", head, is_error=arrow.is_error, has_head=True, weight=1)
    placed = json.loads(graph.draw(format="json0", prog="dot"))
    _, _, width, height = (float(number) for number in placed["bb"].split(","))
    middles = {node["name"]: _point(node["pos"], height) for node in placed.get("objects", ())}
    lines = [_line(edge, errors[edge["comment"]], height) for edge in placed.get("edges", ())]
    marks = [
        PlacedLabel(text, middles[f"l{number}"], size, is_error=arrow.is_error)
        for number, (arrow, (text, size)) in enumerate(labels)
    ]
    if picture.start is not None:
        marks.append(PlacedLabel((START,), middles["start"], measure_start(), is_start=True))
    return Layout(
        name=picture.name,
        size=(round(width), round(height)),
        boxes=tuple(
            PlacedBox(box, *boxes[box.identifier][:2], middles[numbers[box.identifier]], boxes[box.identifier][2])
            for box in picture.boxes
        ),
        labels=tuple(marks),
        lines=tuple(lines),
    )


def measure_start() -> Point:
    """Return the size of the mark at the first block."""
    return round(measure_width(START, TITLE_SIZE, bold=True)) + 2 * PADDING, TITLE_HEIGHT + 4


def write_type_line(box: Box) -> str:
    """Return the line under a box's name."""
    return f"{box.type}, leaves this flow" if box.leaves else box.type


def _measure_box(box: Box) -> tuple[tuple[str, ...], tuple[str, ...], Point]:
    """Return the lines of a box's text, those of its notes, and its size."""
    lines = wrap(box.text, TEXT_SIZE, BOX_TEXT_WIDTH, BOX_LINES)
    notes = tuple(line for note in box.notes for line in wrap(note, TEXT_SIZE, BOX_TEXT_WIDTH, 2))
    widths = [
        measure_width(box.identifier, TITLE_SIZE, bold=True),
        measure_width(write_type_line(box), TEXT_SIZE),
        *(measure_width(line, TEXT_SIZE) for line in (*lines, *notes)),
    ]
    height = 2 * PADDING + TITLE_HEIGHT + LINE_HEIGHT * (1 + len(lines) + len(notes)) + (PADDING if notes else 0)
    return lines, notes, (round(max(widths)) + 2 * PADDING, height)


def _measure_label(arrow: Arrow) -> tuple[tuple[str, ...], Point]:
    lines = wrap(", ".join(arrow.labels), TEXT_SIZE, LABEL_TEXT_WIDTH, LABEL_LINES)
    width = max(measure_width(line, TEXT_SIZE) for line in lines)
    return lines, (round(width) + PADDING, LINE_HEIGHT * len(lines) + 3)


def _make_graph() -> Any:
    try:
        from pygraphviz import AGraph
    except ImportError as error:
        raise NoGraphviz("Drawing needs Graphviz: install pygraphviz (pip install 'connect-sim[draw]').") from error
    graph = AGraph(directed=True, strict=False, rankdir="TB", nodesep="0.2", ranksep="0.28", splines="true")
    # More rounds double the time for flows of 150 blocks, and find no better places.
    graph.graph_attr.update(nslimit="1")
    graph.node_attr.update(shape="box", fixedsize="true", label="")
    return graph


def _add_box(graph: Any, name: str, size: Point) -> None:
    width, height = (f"{side / POINTS_PER_INCH:.4f}" for side in size)
    graph.add_node(name, width=width, height=height)


def _point(text: str, height: float) -> Point:
    """Return a point from the top left; Graphviz counts from the bottom left."""
    x, y = (float(number) for number in text.split(","))
    return round(x), round(height - y)


def _line(edge: dict[str, Any], is_error: bool, height: float) -> PlacedLine:
    tip = re.search(r"e,([^ ]+)", edge["pos"])
    points = tuple(_point(text, height) for text in edge["pos"].split() if not text.startswith(("e,", "s,")))
    return PlacedLine(points, _point(tip[1], height) if tip else None, is_error)

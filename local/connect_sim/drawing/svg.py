"""A layout as an SVG document: plain shapes and texts, no script, no font of its own."""

from collections.abc import Iterator, Mapping
from html import escape
from math import hypot

from connect_sim.drawing.layout import (
    LINE_HEIGHT,
    PADDING,
    TEXT_SIZE,
    TITLE_HEIGHT,
    TITLE_SIZE,
    Layout,
    PlacedBox,
    PlacedLabel,
    PlacedLine,
    Point,
    write_type_line,
)
from connect_sim.drawing.picture import Family

FRAME = 20
"""Empty space around the picture."""
FONTS = "Helvetica, Arial, 'Liberation Sans', 'DejaVu Sans', 'Noto Sans CJK SC', sans-serif"
HEAD_LENGTH, HEAD_WIDTH = 9, 7
_COLOURS: Mapping[Family, tuple[str, str]] = {
    Family.SPEECH: ("#eaf3fd", "#2f6fb2"),
    Family.INPUT: ("#e8f6ec", "#2b7d4a"),
    Family.DECISION: ("#fff6df", "#8a5e0c"),
    Family.FUNCTION: ("#f3ecfb", "#6d46a8"),
    Family.PASSAGE: ("#e4f4f5", "#1a6b70"),
    Family.END: ("#ececef", "#33363f"),
    Family.SETTING: ("#f6f6f7", "#6a6f7c"),
}
"""Fill and frame of the boxes of each family."""
_INK, _GREY, _LINE, _ERROR = "#1c1e24", "#5c6170", "#4a4f5c", "#b3372f"


def write_svg(layout: Layout) -> str:
    """Return the document. The same layout gives the same text, which ends in a line feed."""
    width, height = layout.size[0] + 2 * FRAME, layout.size[1] + 2 * FRAME
    body = [
        *(_draw_line(line) for line in layout.lines),
        *(_draw_box(box) for box in layout.boxes),
        *(_draw_label(label) for label in layout.labels),
    ]
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" '
            f'viewBox="0 0 {width} {height}" font-family="{FONTS}" font-size="{TEXT_SIZE}">',
            f"<title>{escape(layout.name)}</title>",
            f'<rect width="{width}" height="{height}" fill="#ffffff"/>',
            f'<g transform="translate({FRAME} {FRAME})">',
            *body,
            "</g>",
            "</svg>",
            "",
        ]
    )


def _draw_line(line: PlacedLine) -> str:
    colour = _ERROR if line.is_error else _LINE
    start, *rest = line.points
    pieces = " ".join(f"{x},{y}" for x, y in rest)
    style = f'stroke="{colour}" fill="none"' + (' stroke-dasharray="5 4"' if line.is_error else "")
    path = f'<path d="M{start[0]},{start[1]} C{pieces}" {style}/>'
    return path if line.tip is None else path + _draw_head(line.points[-1], line.tip, colour)


def _draw_head(end: Point, tip: Point, colour: str) -> str:
    """Return a triangle whose point is at `tip`, in the direction in which the curve ends."""
    length = hypot(tip[0] - end[0], tip[1] - end[1]) or 1.0
    along = (tip[0] - end[0]) / length, (tip[1] - end[1]) / length
    back = tip[0] - along[0] * HEAD_LENGTH, tip[1] - along[1] * HEAD_LENGTH
    side = -along[1] * HEAD_WIDTH / 2, along[0] * HEAD_WIDTH / 2
    corners = (tip, (back[0] + side[0], back[1] + side[1]), (back[0] - side[0], back[1] - side[1]))
    points = " ".join(f"{round(x)},{round(y)}" for x, y in corners)
    return f'<polygon points="{points}" fill="{colour}"/>'


def _draw_box(placed: PlacedBox) -> str:
    fill, frame = _COLOURS[placed.box.family]
    width, height = placed.size
    left, top = placed.middle[0] - width // 2, placed.middle[1] - height // 2
    corner = min(height // 2, 18) if placed.box.family is Family.END else 5
    shape = (
        f'<rect x="{left}" y="{top}" width="{width}" height="{height}" rx="{corner}" fill="{fill}" stroke="{frame}"'
        + ("" if placed.box.is_reached else ' stroke-dasharray="2 3" opacity="0.6"')
        + "/>"
    )
    return "\n".join(["<g>", shape, *_box_texts(placed, left + PADDING, top + PADDING, frame), "</g>"])


def _box_texts(placed: PlacedBox, left: int, top: int, frame: str) -> Iterator[str]:
    baseline = top + TITLE_SIZE
    yield (
        f'<text x="{left}" y="{baseline}" font-size="{TITLE_SIZE}" font-weight="bold" fill="{_INK}">'
        f"{escape(placed.box.identifier, quote=False)}</text>"
    )
    baseline += TITLE_HEIGHT
    yield _draw_text(write_type_line(placed.box), left, baseline, frame)
    for line in placed.lines:
        baseline += LINE_HEIGHT
        yield _draw_text(line, left, baseline, _INK)
    if placed.notes:
        rule = baseline + PADDING - 2
        right = left + placed.size[0] - 2 * PADDING
        yield f'<path d="M{left},{rule} L{right},{rule}" stroke="{_ERROR}" stroke-dasharray="5 4"/>'
        baseline += PADDING
    for note in placed.notes:
        baseline += LINE_HEIGHT
        yield _draw_text(note, left, baseline, _ERROR)


def _draw_text(text: str, left: int, baseline: int, colour: str) -> str:
    return f'<text x="{left}" y="{baseline}" fill="{colour}">{escape(text, quote=False)}</text>'


def _draw_label(label: PlacedLabel) -> str:
    width, height = label.size
    left, top = label.middle[0] - width // 2, label.middle[1] - height // 2
    if label.is_start:
        return (
            f'<g><rect x="{left}" y="{top}" width="{width}" height="{height}" rx="{height // 2}" fill="{_INK}"/>'
            f'<text x="{label.middle[0]}" y="{label.middle[1] + 4}" text-anchor="middle" font-size="{TITLE_SIZE}" '
            f'font-weight="bold" fill="#ffffff">{escape(label.lines[0])}</text></g>'
        )
    colour = _ERROR if label.is_error else _GREY
    dash = ' stroke-dasharray="3 3"' if label.is_error else ""
    shape = (
        f'<rect x="{left}" y="{top}" width="{width}" height="{height}" rx="7" fill="#ffffff" stroke="{colour}"{dash}/>'
    )
    texts = [
        f'<text x="{label.middle[0]}" y="{top + 13 + number * LINE_HEIGHT}" text-anchor="middle" fill="{colour}">'
        f"{escape(line, quote=False)}</text>"
        for number, line in enumerate(label.lines)
    ]
    return "\n".join(["<g>", shape, *texts, "</g>"])

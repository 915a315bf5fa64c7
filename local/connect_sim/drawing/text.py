"""Widths of texts in a picture, and their lines.

Viewers differ in the font they take for `sans-serif`. Widths are those of Helvetica with a margin, so that wider fonts
such as Verdana or DejaVu Sans stay inside their boxes too.
"""

import unicodedata
from collections.abc import Sequence

MARGIN = 1.17
"""How much wider than Helvetica a font may be."""
ELLIPSIS = "…"
_WIDE_EM = 1.0
_OTHER_EM = 0.6
_ASCII_THOUSANDTHS = (
    *(278, 278, 355, 556, 556, 889, 667, 191, 333, 333, 389, 584, 278, 333, 278, 278),
    *(556, 556, 556, 556, 556, 556, 556, 556, 556, 556, 278, 278, 584, 584, 584, 556),
    *(1015, 667, 667, 722, 722, 667, 611, 778, 722, 278, 500, 667, 556, 833, 722, 778),
    *(667, 778, 722, 667, 611, 722, 667, 944, 667, 667, 611, 278, 278, 278, 469, 556),
    *(333, 556, 556, 500, 556, 556, 278, 556, 556, 222, 222, 500, 222, 833, 556, 556),
    *(556, 556, 333, 500, 278, 556, 500, 722, 500, 500, 500, 334, 260, 334, 584),
)
"""Widths of the characters 32 to 126 in Helvetica, in thousandths of an em (Adobe font metrics)."""
_BOLD = 1.17


def measure_width(text: str, size: float, *, bold: bool = False) -> float:
    """Return the width of a text, in the unit of `size`, with a margin for wider fonts."""
    ems = sum(_em(character) for character in text)
    return ems * size * MARGIN * (_BOLD if bold else 1.0)


def _em(character: str) -> float:
    code = ord(character)
    if 32 <= code < 127:
        return _ASCII_THOUSANDTHS[code - 32] / 1000
    return _WIDE_EM if unicodedata.east_asian_width(character) in "WF" else _OTHER_EM


def wrap(text: str, size: float, width: float, most: int) -> tuple[str, ...]:
    """Return a text as at most `most` lines of this width; the last one ends in an ellipsis when more would follow."""
    lines: list[str] = []
    rest = " ".join(text.split())
    while rest:
        line, rest = _cut(rest, size, width)
        lines.append(line)
        if len(lines) == most and rest:
            lines[-1] = _shorten(lines[-1], size, width)
            break
    return tuple(lines)


def _cut(text: str, size: float, width: float) -> tuple[str, str]:
    """Return the first line and the rest: cut at a space, else beside a wide character, else anywhere."""
    fitting = 0
    for length in range(1, len(text) + 1):
        if measure_width(text[:length], size) > width:
            break
        fitting = length
    if fitting == len(text):
        return text, ""
    fitting = max(fitting, 1)
    at = max((place for place in range(1, fitting + 1) if _may_break(text, place)), default=fitting)
    return text[:at].rstrip(), text[at:].lstrip()


def _may_break(text: str, place: int) -> bool:
    if text[place : place + 1] == " " or text[place - 1] in " ,/":
        return True
    return unicodedata.east_asian_width(text[place - 1]) == "W"


def _shorten(line: str, size: float, width: float) -> str:
    while line and measure_width(line + ELLIPSIS, size) > width:
        line = line[:-1]
    return line.rstrip() + ELLIPSIS


def join_names(names: Sequence[str], most: int) -> str:
    """Return names in one text; of more than `most`, how many are left out."""
    shown = ", ".join(names[:most])
    return shown if len(names) <= most else f"{shown} and {len(names) - most} more"

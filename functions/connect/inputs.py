"""The forms that inputs of steps may have. A flow passes keys that were pressed; nothing of it is trusted."""

from __future__ import annotations

from collections.abc import Callable, Container
from typing import Final

from functions.connect.step import Input
from hotline.kit.text import is_printed_ascii

PLACES_MAX: Final = 3
"""A caller chooses among three at most."""


def one_of(words: Container[str], *, optional: bool = False) -> Input:
    """One of some closed words."""
    return Input(words.__contains__, optional=optional)


def digits(*, least: int = 1, most: int, optional: bool = False, secret: bool = False) -> Input:
    """So many plain digits."""
    return Input(has_digits(least, most), optional=optional, secret=secret)


def has_digits(least: int, most: int) -> Callable[[str], bool]:
    """Whether a text has so many plain digits, and nothing else."""
    return lambda text: text.isascii() and text.isdigit() and least <= len(text) <= most


def own_id(*, most: int, optional: bool = False) -> Input:
    """One of our own ids or sort keys, which a flow hands back."""
    return Input(lambda text: is_printed_ascii(text, characters_max=most), optional=optional)


CHOICE: Final = one_of(tuple(str(place) for place in range(1, PLACES_MAX + 1)))
"""A place in a list that was read out."""
OPTIONAL_CHOICE: Final = Input(CHOICE.accepts, optional=True)

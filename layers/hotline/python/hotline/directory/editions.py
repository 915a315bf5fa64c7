"""Reading and editing the directory: opening hours, the banner, the official numbers.

Each part is one item. An edit names the version that its editor saw; an older one is refused, so that nobody overwrites
what they have not read. The rooms above this one decide who may edit.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final

from hotline.kit.change import Change
from hotline.kit.change.acts import decode_once
from hotline.kit.errors import InvalidInput, NotPossible
from hotline.kit.languages import LANGUAGES
from hotline.kit.retention import record_end
from hotline.kit.store import Key, Store
from hotline.kit.store.condition import Item
from hotline.kit.text import fits, plain_text

from . import items
from .hours import Hours, always_open, find_opening
from .items import BANNER_KEY, HOURS_KEY, NUMBERS_KEY
from .model import Banner, DirectoryError, Edition
from .numbers import is_e164

BANNER_CHARACTERS_MAX: Final = 200
"""Some 15 seconds of speech: callers hear it before anything else."""
BANNER_LIFE_MAX: Final = timedelta(days=7)
"""A banner that nobody takes down ends by itself."""
NUMBERS_MAX: Final = 10


def hours_of(read: Mapping[Key, Item]) -> Edition[Hours]:
    """The opening hours as read from HOURS_KEY. Until somebody edits them, people answer around the clock."""
    hours = decode_once(read, HOURS_KEY, items.hours_from)
    return items.edition_from(read[HOURS_KEY], hours) if hours is not None else Edition(always_open())


def banner_of(read: Mapping[Key, Item]) -> Edition[Banner | None]:
    """The banner as read from BANNER_KEY; its content is None where there is none."""
    item = read.get(BANNER_KEY)
    return items.edition_from(item, items.banner_from(item)) if item is not None else Edition(None)


def numbers_of(read: Mapping[Key, Item], default: Sequence[str]) -> Edition[tuple[str, ...]]:
    """The official numbers as read from NUMBERS_KEY, or the deployed ones at version 0."""
    item = read.get(NUMBERS_KEY)
    return items.edition_from(item, items.numbers_from(item)) if item is not None else Edition(tuple(default))


def read_hours(store: Store) -> Edition[Hours]:
    """The opening hours as they stand; open around the clock until somebody edits them. One read."""
    return hours_of(store.batch_get([HOURS_KEY]))


def read_banner(store: Store) -> Edition[Banner | None]:
    """The banner as it stands. One read."""
    return banner_of(store.batch_get([BANNER_KEY]))


def read_numbers(store: Store, default: Sequence[str]) -> Edition[tuple[str, ...]]:
    """The official numbers as they stand, or the deployed ones. One read."""
    return numbers_of(store.batch_get([NUMBERS_KEY]), default)


def contribute_hours(
    change: Change, read: Mapping[Key, Item], hours: Hours, *, expected_version: int, editor: str
) -> int:
    """Add an edition of the opening hours (as make_hours gives them). Returns its version; raises NotPossible when the
    editor saw another one than the present. Raises InvalidInput `never_open` for hours with no opening in sight:
    callers would be told so for ever, and nobody might notice."""
    if find_opening(hours, change.now) is None:
        raise InvalidInput(DirectoryError.NEVER_OPEN)
    return _contribute(change, read, HOURS_KEY, items.hours_attributes(hours), expected_version, editor)


def contribute_banner(
    change: Change, read: Mapping[Key, Item], banner: Banner | None, *, expected_version: int, editor: str
) -> int:
    """Put a banner up (as make_banner gives it), or take it down (None). Returns and raises as contribute_hours, but
    InvalidInput `banner_over` for one that nobody would hear any more."""
    if banner is not None and banner.ends_at <= change.now:
        raise InvalidInput(DirectoryError.BANNER_OVER)
    return _contribute(change, read, BANNER_KEY, items.banner_attributes(banner), expected_version, editor)


def contribute_numbers(
    change: Change, read: Mapping[Key, Item], numbers: Sequence[str], *, expected_version: int, editor: str
) -> int:
    """Add an edition of the official numbers (E.164, the main one first). Returns and raises as contribute_hours. Also
    raises InvalidInput for a text that is no number, and for too few or too many numbers."""
    if not 1 <= len(set(numbers)) == len(numbers) <= NUMBERS_MAX:
        raise InvalidInput(DirectoryError.NUMBERS_COUNT)
    if not all(is_e164(number) for number in numbers):
        raise InvalidInput(DirectoryError.NUMBER_INVALID)
    return _contribute(change, read, NUMBERS_KEY, {"numbers": list(numbers)}, expected_version, editor)


def make_banner(words: Mapping[str, str], *, starts_at: datetime, ends_at: datetime, short_menu: bool) -> Banner:
    """A banner in every language of the line, in plain text.

    Raises InvalidInput for a language too few or too many, and for a text that is empty or too long. It also does for
    times that are not in order, or further apart than BANNER_LIFE_MAX."""
    if set(words) != set(LANGUAGES):
        raise InvalidInput(DirectoryError.BANNER_LANGUAGES)
    plain = {language: plain_text(text) for language, text in words.items()}
    if not all(text and fits(text, characters_max=BANNER_CHARACTERS_MAX) for text in plain.values()):
        raise InvalidInput(DirectoryError.BANNER_LENGTH)
    if not starts_at < ends_at <= starts_at + BANNER_LIFE_MAX:
        raise InvalidInput(DirectoryError.BANNER_TIMES)
    return Banner(plain, starts_at, ends_at, short_menu)


def _contribute(
    change: Change,
    read: Mapping[Key, Item],
    key: Key,
    attributes: Mapping[str, Any],
    expected_version: int,
    editor: str,
) -> int:
    old = read.get(key)
    version = int(old["rev"]) if old is not None else 0
    if version != expected_version:
        raise NotPossible(DirectoryError.CHANGED)
    item = items.edition_item(attributes, edited_by=editor, edited_at=change.now)
    change.replace(key, old, item)
    change.create(items.edition_key(key, version + 1), {**item, "rev": version + 1, **record_end(change.now)})
    return version + 1

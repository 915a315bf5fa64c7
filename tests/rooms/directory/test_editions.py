"""Editing the directory in a store: each edit names the version it saw, and every edition is kept."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from functools import partial

import pytest

from hotline.directory.model import Banner, DirectoryError
from hotline.directory.service import (
    BANNER_CHARACTERS_MAX,
    BANNER_KEY,
    BANNER_LIFE_MAX,
    HOURS_KEY,
    NUMBERS_KEY,
    NUMBERS_MAX,
    Hours,
    Span,
    SpecialDay,
    always_open,
    banner_of,
    contribute_banner,
    contribute_hours,
    contribute_numbers,
    hours_of,
    make_banner,
    make_hours,
    numbers_of,
)
from hotline.kit.actor import Agent
from hotline.kit.change import Change
from hotline.kit.errors import InvalidInput, NotPossible, Stale
from hotline.kit.ids import RandomIds
from hotline.kit.store import Key, Store, hotline_key
from hotline.kit.store.condition import Item

NOON = datetime(2026, 11, 30, 12, 0, tzinfo=UTC)
WORDS = {"zh-CN": "付款暂时较慢。", "en-US": "Payments are slow at the moment."}
KEYS = [HOURS_KEY, BANNER_KEY, NUMBERS_KEY]
HOURS = make_hours("Asia/Shanghai", [(Span(480, 1320),)] * 7, [])
NUMBERS = ("+8695188", "+18005550199")


def edit(store: Store, add: Callable[[Change, Mapping[Key, Item]], int]) -> int:
    """Read all parts, add one edition, commit; returns its version."""
    read = store.batch_get(KEYS)
    change = Change(actor=Agent("agent-1", "-"), cause="test", now=NOON, ids=RandomIds())
    version = add(change, read)
    change.commit(store)
    return version


def write_hours(hours: Hours, change: Change, read: Mapping[Key, Item]) -> int:
    return contribute_hours(change, read, hours, expected_version=0, editor="a")


def test_a_value_that_nobody_has_edited_is_as_deployed(store: Store) -> None:
    read = store.batch_get(KEYS)
    assert (hours_of(read).content, hours_of(read).version) == (always_open(), 0)
    assert (banner_of(read).content, banner_of(read).version) == (None, 0)
    assert (numbers_of(read, NUMBERS).content, numbers_of(read, NUMBERS).version) == (NUMBERS, 0)


def test_an_edition_comes_back_as_it_was_written_with_its_editor(store: Store) -> None:
    banner = make_banner(WORDS, starts_at=NOON, ends_at=NOON + timedelta(hours=2), short_menu=True)
    edit(store, lambda change, read: contribute_hours(change, read, HOURS, expected_version=0, editor="sup-1"))
    edit(store, lambda change, read: contribute_banner(change, read, banner, expected_version=0, editor="sup-1"))
    edit(store, lambda change, read: contribute_numbers(change, read, NUMBERS, expected_version=0, editor="sup-2"))
    read = store.batch_get(KEYS)
    hours = hours_of(read)
    assert (hours.content, hours.version, hours.edited_by, hours.edited_at) == (HOURS, 1, "sup-1", NOON)
    assert banner_of(read).content == banner
    assert (numbers_of(read, ()).content, numbers_of(read, ()).edited_by) == (NUMBERS, "sup-2")


def test_hours_that_never_open_and_a_banner_that_is_over_are_refused(store: Store) -> None:
    yesterday = SpecialDay(NOON.date() - timedelta(days=1), "old", (Span(480, 1320),))
    tomorrow = SpecialDay(NOON.date() + timedelta(days=1), "new", (Span(480, 1320),))
    for days in ([], [yesterday]):
        never = make_hours("Asia/Shanghai", [()] * 7, days)
        with pytest.raises(InvalidInput, match=DirectoryError.NEVER_OPEN):
            edit(store, partial(write_hours, never))
    once = make_hours("Asia/Shanghai", [()] * 7, [tomorrow])
    edit(store, lambda change, read: contribute_hours(change, read, once, expected_version=0, editor="a"))
    over = make_banner(WORDS, starts_at=NOON - timedelta(hours=1), ends_at=NOON, short_menu=False)
    with pytest.raises(InvalidInput, match=DirectoryError.BANNER_OVER):
        edit(store, lambda change, read: contribute_banner(change, read, over, expected_version=0, editor="a"))
    assert banner_of(store.batch_get(KEYS)).version == 0


def test_an_edit_of_an_older_version_is_refused_and_changes_nothing(store: Store) -> None:
    edit(store, lambda change, read: contribute_hours(change, read, HOURS, expected_version=0, editor="a"))
    for seen in (0, 2):
        with pytest.raises(NotPossible) as caught:
            edit(store, partial(contribute_hours, hours=always_open(), expected_version=seen, editor="b"))
        assert caught.value.code == DirectoryError.CHANGED
    assert hours_of(store.batch_get(KEYS)).content == HOURS


def test_of_two_at_once_one_wins(store: Store) -> None:
    read = store.batch_get(KEYS)
    changes = [Change(actor=Agent(name, "-"), cause="test", now=NOON, ids=RandomIds()) for name in ("a", "b")]
    for change in changes:
        contribute_numbers(change, read, NUMBERS, expected_version=0, editor="x")
    changes[0].commit(store)
    with pytest.raises(Stale):
        changes[1].commit(store)


def test_a_banner_is_taken_down_and_each_edition_is_kept(store: Store) -> None:
    banner = make_banner(WORDS, starts_at=NOON, ends_at=NOON + timedelta(hours=2), short_menu=False)
    edit(store, lambda change, read: contribute_banner(change, read, banner, expected_version=0, editor="a"))
    assert edit(store, lambda change, read: contribute_banner(change, read, None, expected_version=1, editor="b")) == 2
    taken_down = banner_of(store.batch_get(KEYS))
    assert (taken_down.content, taken_down.version, taken_down.edited_by) == (None, 2, "b")
    kept = store.batch_get([hotline_key(BANNER_KEY.pk, f"EDITION#{version:08d}") for version in (1, 2)])
    assert sorted((int(item["rev"]), "words" in item) for item in kept.values()) == [(1, True), (2, False)]


def test_a_banner_holds_from_its_start_to_before_its_end() -> None:
    banner = Banner(WORDS, NOON, NOON + timedelta(hours=1))
    instants = [NOON - timedelta(seconds=1), NOON, NOON + timedelta(minutes=59), NOON + timedelta(hours=1)]
    assert [banner.holds(instant) for instant in instants] == [False, True, True, False]


def refuse_banner(words: dict[str, str], life: timedelta = timedelta(hours=1)) -> str:
    with pytest.raises(InvalidInput) as caught:
        make_banner(words, starts_at=NOON, ends_at=NOON + life, short_menu=False)
    return str(caught.value.code)


def test_a_banner_says_the_same_in_every_language_within_its_limits() -> None:
    assert refuse_banner({"en-US": "Hello."}) == DirectoryError.BANNER_LANGUAGES
    assert refuse_banner({**WORDS, "fr-FR": "Bonjour."}) == DirectoryError.BANNER_LANGUAGES
    assert refuse_banner({**WORDS, "en-US": " \u202e "}) == DirectoryError.BANNER_LENGTH
    assert refuse_banner({**WORDS, "en-US": "x" * (BANNER_CHARACTERS_MAX + 1)}) == DirectoryError.BANNER_LENGTH
    assert refuse_banner(WORDS, timedelta()) == DirectoryError.BANNER_TIMES
    assert refuse_banner(WORDS, BANNER_LIFE_MAX + timedelta(seconds=1)) == DirectoryError.BANNER_TIMES
    longest = {**WORDS, "en-US": "x" * BANNER_CHARACTERS_MAX}
    make_banner(longest, starts_at=NOON, ends_at=NOON + BANNER_LIFE_MAX, short_menu=False)


@pytest.mark.parametrize(
    ("numbers", "code"),
    [
        ((), DirectoryError.NUMBERS_COUNT), (("+8695188", "+8695188"), DirectoryError.NUMBERS_COUNT),
        (tuple(f"+180055501{place:02d}" for place in range(NUMBERS_MAX + 1)), DirectoryError.NUMBERS_COUNT),
        (("95188",), DirectoryError.NUMBER_INVALID), (("+8695188", "+999123456789"), DirectoryError.NUMBER_INVALID),
    ],
)  # fmt: skip
def test_numbers_that_are_none_or_too_many_are_refused(
    memory_store: Store, numbers: tuple[str, ...], code: DirectoryError
) -> None:
    with pytest.raises(InvalidInput) as caught:
        edit(
            memory_store,
            lambda change, read: contribute_numbers(change, read, numbers, expected_version=0, editor="a"),
        )
    assert caught.value.code == code

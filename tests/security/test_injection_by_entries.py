"""An encrypted entry is read as the keys that were typed, or refused by a word; never as anything else."""

from __future__ import annotations

from base64 import b64encode
from typing import Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions.connect.decryption import decrypt
from functions.connect.secret_inputs import KEYPAD, EntryError, readable
from functions.connect.steps import STEPS
from hotline.kit.clock import SystemClock
from hotline.kit.doors import Context
from hotline.kit.errors import Unreadable
from hotline.kit.keyring import CachedKeyring
from hotline_local.entry_keys import key_of_this_process
from hotline_local.testing.memory_store import MemoryStore
from tests.support.encrypted_entries import changed, encrypted, keyring

pytestmark = pytest.mark.soak

ENTRY: Final = "482913"
REASONS: Final = {EntryError.NOT_BASE64, EntryError.NOT_DECRYPTED, EntryError.UNKNOWN_KEY, EntryError.TOO_LONG}

places = st.integers(0, 2_000)
damages = st.lists(
    st.tuples(st.sampled_from(["flip", "cut", "insert"]), places, st.integers(1, 255)), min_size=1, max_size=4
)


def damaged(raw: bytearray, damage: list[tuple[str, int, int]]) -> None:
    for kind, place, value in damage:
        at = place % len(raw) if raw else 0
        if kind == "insert":
            raw.insert(at, value)
        elif raw and kind == "flip":
            raw[at] ^= value
        elif raw:
            del raw[at:]


def read(message: str) -> str | None:
    """The text in a message; None when it is refused by one of the words for that."""
    try:
        return decrypt(message, keyring(key_of_this_process()))
    except Unreadable as refusal:
        return None if refusal.code in REASONS else refusal.code


@given(damages)
def test_a_damaged_message_is_never_another_entry(damage: list[tuple[str, int, int]]) -> None:
    assert read(changed(encrypted(ENTRY), lambda raw: damaged(raw, damage))) in (None, ENTRY)


@given(st.binary(max_size=700).map(lambda raw: b64encode(raw).decode()) | st.text(max_size=80))
def test_a_text_that_is_no_message_is_no_entry(sent: str) -> None:
    assert read(sent) is None


@given(st.binary(max_size=60))
def test_the_beginning_of_a_message_is_no_entry(rest: bytes) -> None:
    beginning = bytes.fromhex("01800378") + bytes(16)
    assert read(b64encode(beginning + rest).decode()) is None


@given(st.text(alphabet=sorted(KEYPAD), max_size=20))
def test_an_entry_is_the_same_to_a_step_with_a_key_and_without(entered: str) -> None:
    clock = SystemClock()
    ctx = Context(MemoryStore(clock), clock, entry_keys=CachedKeyring(lambda: key_of_this_process().secret, clock))
    step = STEPS["check_code"]
    plain = readable(step, {"code": entered}, ctx)
    assert plain == readable(step, {"code": encrypted(entered)}, ctx) == ({"code": entered} if entered else {})

"""Entries that are refused by what stands in them in the clear: before the private key is used, and by the same word.

Nothing in the clear is proved before the key is used. A message that says what is possible, and lies, fails as ever.
"""

from __future__ import annotations

from base64 import b64decode
from collections.abc import Callable
from dataclasses import replace
from io import BytesIO
from typing import Any, Final

import pytest
from aws_encryption_sdk.identifiers import AlgorithmSuite
from aws_encryption_sdk.internal.formatting.deserialize import deserialize_header
from aws_encryption_sdk.key_providers.raw import WrappingKey

from functions.connect.decryption import ENTRY_BYTES_MAX, decrypt
from functions.connect.secret_inputs import EntryError
from hotline.kit.errors import Unreadable
from hotline_local.entry_keys import EntryKey, key_of_this_process, make_entry_key
from tests.support.encrypted_entries import (
    SAMPLES,
    Stranger,
    Wrapper,
    changed,
    encrypted,
    keyring,
    with_data_keys,
    wrapped,
)

ENTRY: Final = "482913"
SUITES: Final = [
    suite
    for suite in AlgorithmSuite
    if suite.allowed and not suite.is_committing() and suite.algorithm_id != 0x0378  # Amazon Connect's own
]
MARK_AT: Final = 12 + 16
"""In the body: behind the header's IV and tag."""
NUMBER_AT: Final = MARK_AT + 4
LENGTH_AT: Final = NUMBER_AT + 4 + 12
"""Behind the frame's number and IV."""


@pytest.fixture
def uses(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """A list that grows by each use of a private key."""
    counted: list[int] = []
    use = WrappingKey.decrypt

    def count(self: Any, *given: Any, **named: Any) -> Any:
        counted.append(1)
        return use(self, *given, **named)

    monkeypatch.setattr(WrappingKey, "decrypt", count)
    return counted


def read(message: str, *keys: EntryKey) -> str:
    """The text in a message, or the word by which it is refused."""
    try:
        return decrypt(message, keyring(*(keys or (key_of_this_process(),))))
    except Unreadable as refusal:
        return refusal.code


def own(**named: Any) -> str:
    return wrapped(Wrapper(), key_of_this_process(), **named)


def body_at(message: str) -> int:
    """The place behind the header."""
    return len(deserialize_header(BytesIO(b64decode(message)))[1])


def at_body(place: int, write: Callable[[bytearray, int], Any]) -> Callable[[str], str]:
    """The message after a change at a place of its body."""

    def change(message: str) -> str:
        at = body_at(message) + place
        return changed(message, lambda raw: write(raw, at))

    return change


def put(value: bytes) -> Callable[[bytearray, int], None]:
    def write(raw: bytearray, at: int) -> None:
        raw[at : at + len(value)] = value

    return write


def put_first(value: bytes) -> Callable[[str], str]:
    return lambda message: changed(message, lambda raw: put(value)(raw, 0))


def other_signer(message: str) -> str:
    """The message with a text that is no point of the curve for the signature's public key."""

    def spoil(raw: bytearray) -> None:
        name = b"aws-crypto-public-key"
        at = raw.index(name) + len(name) + 2
        raw[at : at + 4] = b"BAAA"

    return changed(message, spoil)


def test_a_message_as_it_should_be_takes_one_use_of_the_key(uses: list[int]) -> None:
    assert read(encrypted(ENTRY)) == read(own()) == ENTRY
    assert len(uses) == 2


REFUSED: Final[dict[str, tuple[Callable[[], str], str]]] = {
    "of version 2": (lambda: put_first(b"\2")(encrypted(ENTRY)), EntryError.NOT_DECRYPTED),
    "of another type": (lambda: put_first(b"\1\x81")(encrypted(ENTRY)), EntryError.NOT_DECRYPTED),
    "of an unknown suite": (lambda: put_first(b"\1\x80\3\x79")(encrypted(ENTRY)), EntryError.NOT_DECRYPTED),
    "under a key that is not held": (lambda: encrypted(ENTRY, make_entry_key()), EntryError.UNKNOWN_KEY),
    "of another provider": (lambda: wrapped(Stranger(), key_of_this_process()), EntryError.NOT_DECRYPTED),
    "with no wrapped key": (lambda: with_data_keys(encrypted(ENTRY), 0), EntryError.NOT_DECRYPTED),
    "with two wrapped keys": (
        lambda: wrapped(Wrapper(), key_of_this_process(), make_entry_key()),
        EntryError.NOT_DECRYPTED,
    ),
    "without a point of the signature's curve": (lambda: other_signer(encrypted(ENTRY)), EntryError.NOT_DECRYPTED),
    "of two frames": (lambda: own(entry="1" * 130, frame_bytes=128), EntryError.NOT_DECRYPTED),
    "whose last frame is empty": (lambda: own(entry="1" * 128, frame_bytes=128), EntryError.NOT_DECRYPTED),
    "without frames": (lambda: own(frame_bytes=0), EntryError.NOT_DECRYPTED),
    "whose only frame is the second": (
        lambda: at_body(32, put(b"\0\0\0\2"))(encrypted(ENTRY)),
        EntryError.NOT_DECRYPTED,
    ),
    "of one key too many": (lambda: encrypted("1" * (ENTRY_BYTES_MAX + 1)), EntryError.NOT_DECRYPTED),
    "of letters beyond the keypad, too many": (lambda: encrypted("４８２９１３０"), EntryError.NOT_DECRYPTED),
    "that claims the longest content": (
        lambda: at_body(LENGTH_AT, put(b"\xff" * 4))(encrypted(ENTRY)),
        EntryError.NOT_DECRYPTED,
    ),
    "whose signature is cut off": (
        lambda: changed(encrypted(ENTRY), lambda raw: raw.__delitem__(-1)),
        EntryError.NOT_DECRYPTED,
    ),
}


@pytest.mark.parametrize(("make", "reason"), REFUSED.values(), ids=REFUSED.keys())
def test_the_key_is_not_used_for_a_message(make: Callable[[], str], reason: str, uses: list[int]) -> None:
    message = make()
    uses.clear()
    assert read(message) == reason
    assert uses == []


@pytest.mark.parametrize("suite", SUITES, ids=lambda suite: suite.name)
def test_the_key_is_not_used_for_a_message_of_another_suite(suite: AlgorithmSuite, uses: list[int]) -> None:
    message = own(suite=suite)
    uses.clear()
    assert read(message) == EntryError.NOT_DECRYPTED
    assert read(message, make_entry_key()) == EntryError.UNKNOWN_KEY
    assert uses == []


def test_the_key_is_not_used_for_any_message_that_ends_too_early(uses: list[int]) -> None:
    message = encrypted(ENTRY)
    for left in range(len(b64decode(message))):
        cut = changed(message, lambda raw, left=left: raw.__delitem__(slice(left, None)))  # type: ignore[misc] # bound now
        assert read(cut) == EntryError.NOT_DECRYPTED, left
    assert uses == []


def test_a_message_under_a_key_that_is_none_says_so_whatever_else_it_is(uses: list[int]) -> None:
    broken = replace(key_of_this_process(), private_key="x" * 64)
    for message in (encrypted(ENTRY), encrypted("1" * 30), own(frame_bytes=0)):
        uses.clear()
        assert read(message, broken) == EntryError.BAD_KEY
        assert uses == []


@pytest.mark.parametrize("length", [0, 1, 6, 7, ENTRY_BYTES_MAX - 1, ENTRY_BYTES_MAX])
def test_an_entry_of_a_possible_length_is_opened(length: int, uses: list[int]) -> None:
    assert read(encrypted("7" * length)) == "7" * length
    assert len(uses) == 1


@pytest.mark.parametrize("claimed", [0, 5, 7, ENTRY_BYTES_MAX])
@pytest.mark.parametrize("fits", [True, False])
def test_a_lie_about_the_length_ends_as_a_message_that_cannot_be_decrypted(
    claimed: int, uses: list[int], *, fits: bool
) -> None:
    """`fits`: the rest of the message is as long as it would be were it true."""

    def lie(raw: bytearray, at: int) -> None:
        put(claimed.to_bytes(4))(raw, at)
        if fits:
            raw[at + 4 : at + 4 + len(ENTRY)] = bytes(claimed)

    assert read(at_body(LENGTH_AT, lie)(encrypted(ENTRY))) == EntryError.NOT_DECRYPTED
    assert len(uses) <= 1
    if fits:
        assert uses == [1]


def test_a_message_that_is_spoilt_at_any_byte_is_refused_by_a_word(uses: list[int]) -> None:
    message = encrypted(ENTRY)
    for at in range(len(b64decode(message))):
        spoilt = changed(message, lambda raw, at=at: raw.__setitem__(at, raw[at] ^ 0xFF))  # type: ignore[misc] # bound now
        assert read(spoilt) in (EntryError.NOT_DECRYPTED, EntryError.UNKNOWN_KEY), at
    assert 0 < len(uses) < len(b64decode(message))


def test_the_key_is_used_for_a_message_that_amazon_connect_made(uses: list[int]) -> None:
    """Its private key is not known, so that it cannot be read: but it has the shape."""
    sample = SAMPLES["amazon_connect"]
    key = replace(key_of_this_process(), key_id=sample["key_id"])
    assert read(sample["message"], key) == EntryError.NOT_DECRYPTED
    assert uses == [1]

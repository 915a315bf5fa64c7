"""Keys: versions, keyed hashes, and what a malformed secret does not say."""

import hashlib
import hmac
import json
from datetime import timedelta

import pytest

from hotline.kit.errors import Unavailable
from hotline.kit.keyring import KEY_CACHE_LIFE, CachedKeyring, parse_keyring
from hotline_local.testing.virtual_clock import VirtualClock
from tests.support.stores import NOON
from tests.support.sweeps import sweep

SECRET = json.dumps({"current": "2", "1": "a" * 32, "2": "b" * 32, "10": "c" * 32})


def test_the_current_version_comes_first() -> None:
    assert parse_keyring(SECRET).versions() == ("2", "1", "10")


def test_a_mac_is_hmac_sha256_over_length_prefixed_parts() -> None:
    expected = hmac.new(b"b" * 32, b"\x00\x00\x00\x01x\x00\x00\x00\x03\xe4\xb8\xad", hashlib.sha256)
    assert parse_keyring(SECRET).mac("2", "x", "中") == expected.digest()
    assert parse_keyring(SECRET).mac_text("2", "x", "中") == expected.hexdigest()[:32]


def test_a_mac_depends_on_version_parts_and_their_ends() -> None:
    keyring = parse_keyring(SECRET)
    macs = {keyring.mac(version, *parts) for version in ("1", "2") for parts in [("a", "b"), ("ab",), ("a", "b", "")]}
    assert len(macs) == 6


def test_a_retired_version_is_unavailable() -> None:
    with pytest.raises(Unavailable, match="key_version_retired"):
        parse_keyring(SECRET).mac("3", "x")


@sweep(
    "secret",
    [
        "",
        "not json: hunter2",
        "[]",
        "{}",
        '"hunter2"',
        json.dumps({"1": "hunter2" * 9}),
        json.dumps({"current": "2", "1": "hunter2" * 9}),
        json.dumps({"current": "1", "1": "hunter2"}),
        json.dumps({"current": ["1"], "1": "hunter2" * 9}),
    ],
)
def test_a_malformed_secret_is_unavailable_and_is_not_repeated(secret: str) -> None:
    with pytest.raises(Unavailable) as caught:
        parse_keyring(secret)
    assert str(caught.value) == "keyring_malformed"
    assert caught.value.__cause__ is None
    assert caught.value.__suppress_context__ or caught.value.__context__ is None


def test_the_secret_is_not_in_the_text_form_of_a_keyring() -> None:
    assert "aaaa" not in repr(parse_keyring(SECRET))


def test_keys_are_loaded_on_first_use_and_again_after_five_minutes() -> None:
    clock = VirtualClock(NOON)
    loads: list[int] = []

    def load() -> str:
        loads.append(1)
        return SECRET

    keyring = CachedKeyring(load, clock)
    assert len(loads) == 0
    assert keyring.get() is keyring.get()
    clock.advance(KEY_CACHE_LIFE - timedelta(milliseconds=1))
    keyring.get()
    assert len(loads) == 1
    clock.advance(timedelta(milliseconds=1))
    keyring.get()
    assert len(loads) == 2

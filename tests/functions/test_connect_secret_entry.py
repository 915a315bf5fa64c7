"""Codes that come encrypted: what is read, what is not, and that neither costs a try that nobody made."""

from __future__ import annotations

import os
import subprocess
import sys
from base64 import b64decode
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from io import BytesIO
from typing import Final

import pytest
from aws_encryption_sdk.internal.formatting.deserialize import deserialize_header

from functions.connect.decryption import DATA_KEYS_MAX, MESSAGE_CHARACTERS_MAX, decrypt
from functions.connect.secret_inputs import EntryError
from functions.connect.steps import STEPS
from hotline.contracts.model import PointKind
from hotline.kit.doors import Context
from hotline.kit.errors import KitError, Unavailable, Unreadable
from hotline.kit.keyring import KEY_CACHE_LIFE, CachedKeyring, Keyring
from hotline.kit.logging import Event
from hotline_local.entry_keys import EntryKey, key_of_this_process, make_entry_key
from hotline_local.testing.memory_store import MemoryStore
from hotline_local.testing.virtual_clock import VirtualClock
from tests.support.encrypted_entries import (
    SAMPLES,
    Stranger,
    Wrapper,
    changed,
    encrypted,
    keyring,
    opened,
    secret,
    with_data_keys,
    wrapped,
)
from tests.support.log_lines import lines, logged
from tests.support.phone import Phone, context, give
from tests.support.phone import opened as account_opened

NUMBER: Final = "+8613800000001"
WRONG: Final = "000000"


@pytest.fixture(scope="module")
def other_key() -> EntryKey:
    return make_entry_key()


@pytest.fixture
def ctx(store: MemoryStore, clock: VirtualClock) -> Context:
    made = context(store, clock)
    give(made, [account_opened("acct-1", (PointKind.PHONE, NUMBER), at=clock.now() - timedelta(days=400))])
    return made


@pytest.fixture
def phone(ctx: Context) -> Phone:
    """A caller who has been sent a code."""
    ringing = Phone(ctx, NUMBER)
    ringing.press("start")
    assert ringing.press("send_code", method="sms", goal="look")["outcome"] == "SENT"
    return ringing


def wrong_digits(phone: Phone) -> str:
    return WRONG if phone.code != WRONG else "111111"


def reason_of(message: str, keys: Keyring | None = None) -> str:
    """Why a message cannot be read."""
    with pytest.raises(Unreadable) as caught:
        decrypt(message, keys or keyring(key_of_this_process()))
    assert caught.value.__cause__ is None
    assert caught.value.__suppress_context__ or caught.value.__context__ is None
    return caught.value.code


# --- what others have encrypted


def test_a_message_of_another_implementation_is_read() -> None:
    sample = SAMPLES["other_sdk"]
    assert (
        decrypt(sample["message"], Keyring("1", {sample["key_id"]: sample["private_key"].encode()}))
        == (sample["entry"])
    )


def test_a_message_of_amazon_connect_is_read_up_to_its_wrapped_key(other_key: EntryKey) -> None:
    """Its private key is not known, so what can be seen is that the message names its key where ours is looked up."""
    sample = SAMPLES["amazon_connect"]
    assert reason_of(sample["message"]) == EntryError.UNKNOWN_KEY
    assert (
        reason_of(sample["message"], keyring(replace(other_key, key_id=sample["key_id"]))) == EntryError.NOT_DECRYPTED
    )


def test_the_simulator_makes_messages_of_the_shape_that_amazon_connect_makes() -> None:
    theirs, ours = (
        deserialize_header(BytesIO(b64decode(message)), max_encrypted_data_keys=1)[0]
        for message in (SAMPLES["amazon_connect"]["message"], encrypted(SAMPLES["amazon_connect"]["entry"]))
    )
    for name in ("version", "type", "algorithm", "content_type", "content_aad_length", "header_iv_length"):
        assert getattr(ours, name) == getattr(theirs, name), name
    assert set(ours.encryption_context) == set(theirs.encryption_context)
    ((our_key,), (their_key,)) = ours.encrypted_data_keys, theirs.encrypted_data_keys
    assert our_key.key_provider.provider_id == their_key.key_provider.provider_id == "AmazonConnect"
    assert their_key.key_provider.key_info.decode() == SAMPLES["amazon_connect"]["key_id"]
    assert our_key.key_provider.key_info.decode() == key_of_this_process().key_id


# --- what cannot be read


def flipped(at: int) -> Callable[[str], str]:
    def flip(raw: bytearray) -> None:
        raw[at] ^= 1

    return lambda message: changed(message, flip)


def cut(count: int) -> Callable[[str], str]:
    return lambda message: changed(message, lambda raw: raw.__delitem__(slice(len(raw) - count, None)))


BAD: Final[dict[str, tuple[Callable[[str], str], str]]] = {
    "words": (lambda _: "open sesame", EntryError.NOT_BASE64),
    "markup": (lambda _: "<break/>", EntryError.NOT_BASE64),
    "base64 of something else": (lambda _: "c29tZXRoaW5nIGVsc2U=", EntryError.NOT_DECRYPTED),
    "its first half": (lambda message: message[: len(message) // 8 * 4], EntryError.NOT_DECRYPTED),
    "without its last character": (lambda message: message.rstrip("=")[:-1] + "!", EntryError.NOT_BASE64),
    "without its last byte": (cut(1), EntryError.NOT_DECRYPTED),
    "without its signature": (cut(110), EntryError.NOT_DECRYPTED),
    "another version": (flipped(0), EntryError.NOT_DECRYPTED),
    "another suite": (flipped(3), EntryError.NOT_DECRYPTED),
    "another context": (flipped(40), EntryError.NOT_DECRYPTED),
    "another wrapped key": (flipped(300), EntryError.NOT_DECRYPTED),
    "another ciphertext": (flipped(-140), EntryError.NOT_DECRYPTED),
    "another signature": (flipped(-20), EntryError.NOT_DECRYPTED),
    "no wrapped key": (lambda message: with_data_keys(message, 0), EntryError.NOT_DECRYPTED),
    "two wrapped keys, of which one is there": (lambda message: with_data_keys(message, 2), EntryError.NOT_DECRYPTED),
    "65,535 wrapped keys": (lambda message: with_data_keys(message, 65_535), EntryError.NOT_DECRYPTED),
    "too long": (lambda message: message + "A" * MESSAGE_CHARACTERS_MAX, EntryError.TOO_LONG),
    "under a key that nobody knows": (lambda _: SAMPLES["amazon_connect"]["message"], EntryError.UNKNOWN_KEY),
    "under another key that claims to be this one": (
        lambda _: encrypted("482913", replace(make_entry_key(), key_id=key_of_this_process().key_id)),
        EntryError.NOT_DECRYPTED,
    ),
    "of another provider": (lambda _: wrapped(Stranger(), key_of_this_process()), EntryError.NOT_DECRYPTED),
    "of more keys than a flow stores": (lambda _: encrypted("1" * 21), EntryError.NOT_DECRYPTED),
    "of letters that no keypad has": (lambda _: encrypted("４８２９１３"), EntryError.NOT_DECRYPTED),
}


@pytest.mark.parametrize(("spoil", "reason"), BAD.values(), ids=BAD.keys())
def test_an_unreadable_entry_costs_no_try_and_is_told_by_one_log_line(
    phone: Phone, store: MemoryStore, spoil: Callable[[str], str], reason: str
) -> None:
    sent = spoil(encrypted(phone.code))
    before = (phone.state, phone.challenge, store.transactions)
    with logged() as buffer:
        said = phone.deliver(phone.event("check_code", code=sent))
    assert (said["outcome"], said["turn"]) == ("TRY_LATER", phone.turn)
    assert (phone.state, phone.challenge, store.transactions) == before
    line, done = lines(buffer)
    assert (line["event"], line["reason"], line["step"]) == (Event.ENTRY_UNREADABLE.code, reason, "check_code")
    assert done["event"] == Event.STEP_DONE.code
    assert sent not in buffer.getvalue()
    assert phone.code not in buffer.getvalue()
    assert phone.press("check_code", code=encrypted(phone.code))["outcome"] == "PROVED"


def test_every_unreadable_entry_is_answered_alike(phone: Phone) -> None:
    """Nobody learns from the answer how far a message of theirs was understood."""
    answers = [phone.deliver(phone.event("check_code", code=spoil(encrypted(phone.code)))) for spoil, _ in BAD.values()]
    assert all(said == answers[0] for said in answers)


def test_nothing_of_an_entry_is_logged_by_the_libraries(
    phone: Phone, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    caplog.set_level("DEBUG")
    for code in (encrypted(phone.code), cut(1)(encrypted(phone.code)), flipped(300)(encrypted(phone.code))):
        phone.deliver(phone.event("check_code", code=code))
    assert caplog.records == []
    assert "Traceback" not in "".join(capfd.readouterr())


@pytest.mark.parametrize(("length", "refused"), [(-1, False), (0, False), (1, True)])
def test_a_message_may_be_as_long_as_one_under_the_longest_key(length: int, *, refused: bool) -> None:
    assert (reason_of("A" * (MESSAGE_CHARACTERS_MAX + length)) == EntryError.TOO_LONG) is refused


def test_a_data_key_is_wrapped_once_as_amazon_connect_does_it(other_key: EntryKey) -> None:
    assert DATA_KEYS_MAX == 1
    assert opened(wrapped(Wrapper(), key_of_this_process())) == "482913"
    assert reason_of(wrapped(Wrapper(), key_of_this_process(), other_key)) == EntryError.NOT_DECRYPTED


# --- what is read


def test_a_right_code_proves_and_a_wrong_one_costs_a_try(phone: Phone) -> None:
    assert phone.press("check_code", code=encrypted(wrong_digits(phone)))["outcome"] == "WRONG"
    assert phone.challenge.tries_left == 2
    assert phone.press("check_code", code=encrypted(phone.code))["outcome"] == "PROVED"


def test_an_entry_that_is_delivered_twice_is_one_try(phone: Phone) -> None:
    delivery = phone.event("check_code", code=encrypted(wrong_digits(phone)))
    first, again = phone.deliver(delivery), phone.deliver(delivery)
    assert (first["outcome"], first["turn"]) == (again["outcome"], again["turn"]) == ("WRONG", "3")
    assert phone.challenge.tries_left == 2


def test_the_same_digits_keyed_in_again_are_a_second_try(phone: Phone) -> None:
    digits = wrong_digits(phone)
    assert [phone.press("check_code", code=encrypted(digits))["outcome"] for _ in range(3)] == [
        "WRONG",
        "WRONG",
        "SPENT",
    ]
    assert phone.challenge.tries_left == 0


def test_the_same_digits_keyed_in_again_after_a_lost_answer_are_the_same_try(phone: Phone) -> None:
    """The flow did not hear the answer and asks again at the old turn: another message, of the same keys. A right code
    is then not spent, and a wrong one is not counted twice."""
    digits = wrong_digits(phone)
    turn = phone.turn
    phone.deliver(phone.event("check_code", code=encrypted(digits)))
    assert phone.press("check_code", code=encrypted(digits))["outcome"] == "WRONG"
    assert phone.challenge.tries_left == 2
    assert phone.turn == str(int(turn) + 1)
    right = phone.code
    phone.deliver(phone.event("check_code", code=encrypted(right)))
    assert phone.press("check_code", code=encrypted(right))["outcome"] == "PROVED"


def test_other_digits_after_a_lost_answer_are_a_try_of_their_own(phone: Phone) -> None:
    right = phone.code
    phone.deliver(phone.event("check_code", code=encrypted(wrong_digits(phone))))
    assert phone.press("check_code", code=encrypted(right))["outcome"] == "PROVED"


SEALED_OR_NOT = pytest.mark.parametrize("as_sent", [encrypted, str], ids=["encrypted", "plain"])


@SEALED_OR_NOT
@pytest.mark.parametrize(
    ("entered", "outcome"),
    [
        ("0", "ZERO"),
        ("*", "STAR"),
        ("", "INVALID"),
        ("Timeout", "INVALID"),
        ("00", "INVALID"),
        ("**", "INVALID"),
        ("12345", "INVALID"),
        ("1234567", "INVALID"),
        ("12345678901", "INVALID"),
        ("12345*", "INVALID"),
    ],
)
def test_an_entry_that_is_no_code_costs_no_try_and_says_what_it_was(
    phone: Phone, as_sent: Callable[[str], str], entered: str, outcome: str
) -> None:
    said = phone.press("check_code", code=as_sent(entered))
    assert (said["outcome"], phone.challenge.tries_left) == (outcome, 3)
    assert phone.press("check_code", code=as_sent(phone.code))["outcome"] == "PROVED"


def test_only_steps_with_a_secret_tell_zero_and_star_apart(phone: Phone) -> None:
    assert {step.name for step in STEPS.values() if "ZERO" in step.outcomes} == {"check_code", "check_pin"}
    assert all(set(step.secret_inputs) <= set(step.required_inputs) for step in STEPS.values())
    assert phone.press("identify", phone="0")["outcome"] == "INVALID"


# --- the keys


def test_either_of_two_live_keys_opens_an_entry_and_a_retired_one_none(ctx: Context, other_key: EntryKey) -> None:
    clock = ctx.clock
    assert isinstance(clock, VirtualClock)
    old, new = key_of_this_process(), other_key
    held = [old, new]
    ctx = replace(ctx, entry_keys=CachedKeyring(lambda: secret(*held), clock))
    phone = Phone(ctx, NUMBER)
    phone.press("start")
    phone.press("send_code", method="sms", goal="look")
    for key in (old, new):
        assert phone.press("check_code", code=encrypted("12345", key))["outcome"] == "INVALID"
    held.remove(old)
    clock.advance(KEY_CACHE_LIFE)
    assert phone.press("check_code", code=encrypted(phone.code, old))["outcome"] == "TRY_LATER"
    assert phone.press("check_code", code=encrypted(phone.code, new))["outcome"] == "PROVED"


def test_the_keys_are_fetched_when_the_first_encrypted_entry_comes_and_kept_for_five_minutes(ctx: Context) -> None:
    clock = ctx.clock
    assert isinstance(clock, VirtualClock)
    loads: list[int] = []

    def load() -> str:
        loads.append(1)
        return key_of_this_process().secret

    phone = Phone(replace(ctx, entry_keys=CachedKeyring(load, clock)), NUMBER)
    phone.press("start")
    phone.press("send_code", method="sms", goal="look")
    for code in ("12345", "0", "Timeout"):
        phone.press("check_code", code=code)
    assert loads == []
    for _ in range(2):
        phone.press("check_code", code=encrypted("12345"))
    assert loads == [1]
    clock.advance(KEY_CACHE_LIFE)
    phone.press("check_code", code=encrypted("12345"))
    assert loads == [1, 1]


def absent() -> str:
    raise Unavailable(KitError.SECRET_UNAVAILABLE)


@pytest.mark.parametrize(
    ("load", "reason"),
    [
        (None, EntryError.NO_ENTRY_KEYS),
        (absent, KitError.SECRET_UNAVAILABLE),
        (lambda: "{}", KitError.KEYRING_MALFORMED),
        (lambda: secret(replace(key_of_this_process(), private_key="x" * 64)), EntryError.BAD_KEY),
        (
            lambda: secret(replace(key_of_this_process(), private_key=key_of_this_process().certificate)),
            EntryError.BAD_KEY,
        ),
    ],
    ids=["no secret", "secret that does not come", "secret as the stack makes it", "no key", "the wrong half"],
)
def test_without_a_private_key_encrypted_entries_wait_and_plain_ones_are_taken(
    ctx: Context, load: Callable[[], str] | None, reason: str
) -> None:
    keys = CachedKeyring(load, ctx.clock) if load else None
    phone = Phone(replace(ctx, entry_keys=keys), NUMBER)
    phone.press("start")
    phone.press("send_code", method="sms", goal="look")
    with logged() as buffer:
        assert phone.press("check_code", code=encrypted(phone.code))["outcome"] == "TRY_LATER"
    assert lines(buffer)[0]["reason"] == reason
    assert phone.press("check_code", code=phone.code)["outcome"] == "PROVED"


PLAIN_CALL: Final = """
import sys
from datetime import UTC, datetime
from functions.connect.app import handler
from functions.connect.envelope import request_from
from functions.connect.runner import answer
from hotline_local.testing.virtual_clock import VirtualClock
from hotline.kit.doors import Context
from hotline.kit.keyring import CachedKeyring
from hotline_local.testing.memory_store import MemoryStore

clock = VirtualClock(datetime(2026, 11, 23, 12, 0, tzinfo=UTC))
keys = CachedKeyring(lambda: '{"current": "1", "1": "' + "k" * 40 + '"}', clock)
ctx = Context(MemoryStore(clock), clock, lookup_keys=keys, code_keys=keys, entry_keys=keys)
heavy = lambda: {"aws_encryption_sdk", "cryptography", "attr", "wrapt"} & set(sys.modules)

def step(turn, name, **inputs):
    contact = {"ContactId": "c", "InitialContactId": "c", "InitiationMethod": "INBOUND", "LanguageCode": "en-US"}
    parameters = {"step": name, "turn": turn, **inputs}
    return answer(request_from({"Details": {"ContactData": contact, "Parameters": parameters}}), ctx)["outcome"]

said = [step("0", "start"), step("1", "check_code", code="123456"), step("1", "check_code", code="0")]
assert not heavy(), heavy()
said.append(step("2", "check_code", code="QUJD"))
assert heavy()
print(*said)
"""


def test_calls_without_an_encrypted_entry_do_not_load_what_decrypts() -> None:
    done = subprocess.run(
        [sys.executable, "-c", PLAIN_CALL],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[-1] == "WITHHELD SPENT ZERO TRY_LATER"

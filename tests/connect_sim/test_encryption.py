"""Entries that the simulator encrypts, as Amazon Connect does, and the keys it does that with."""

from __future__ import annotations

from base64 import b64decode
from typing import Any

import pytest
from aws_encryption_sdk import EncryptionSDKClient
from aws_encryption_sdk.identifiers import CommitmentPolicy, EncryptionKeyType, WrappingAlgorithm
from aws_encryption_sdk.key_providers.raw import RawMasterKey, WrappingKey
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from connect_sim.simulator.certificates import KeyPair, make_key_pair
from connect_sim.simulator.state import EndReason
from tests.connect_sim.samples.build import ERROR, Line, block, call, entry, flow, menu

CLIENT = EncryptionSDKClient(commitment_policy=CommitmentPolicy.FORBID_ENCRYPT_ALLOW_DECRYPT)
PAIR = make_key_pair()
KEY = {"EncryptionKeyId": "${EntryKeyId}", "Key": "${EntryCertificate}"}


def asking(encryption: dict[str, str] = KEY, **keypad: str) -> Any:
    """An encrypted entry whose content goes to the function as it is."""
    asked = entry("pin", "check", **keypad)
    asked["Parameters"]["InputEncryption"] = encryption
    return flow(asked, call("check", "bye", code="$.StoredCustomerInput"))


def rung(*tokens: str, of: Any = None, pair: KeyPair = PAIR) -> Line:
    tokens_of_key = {"EntryKeyId": "key-1", "EntryCertificate": pair.certificate}
    return Line(of or asking(), answers={"*": {"outcome": "OK"}}, tokens=tokens_of_key).press(*tokens)


def opened(message: str, pair: KeyPair = PAIR) -> str:
    """The text that the holder of the private key reads."""
    wrapping_key = WrappingKey(
        wrapping_algorithm=WrappingAlgorithm.RSA_OAEP_SHA512_MGF1,
        wrapping_key=pair.private_key.encode(),
        wrapping_key_type=EncryptionKeyType.PRIVATE,
    )
    provider = RawMasterKey(key_id="key-1", provider_id="AmazonConnect", wrapping_key=wrapping_key)
    text, _ = CLIENT.decrypt(source=b64decode(message), key_provider=provider)
    return bytes(text).decode()


def given(line: Line) -> str:
    """The input that the function was given."""
    ((_, event),) = line.functions.calls
    return str(event["Details"]["Parameters"]["code"])


@pytest.mark.parametrize(("keys", "entered"), [("123456", "123456"), ("0#", "0"), ("12#", "12")])
def test_an_entry_leaves_the_block_as_a_message_that_the_private_key_opens(keys: str, entered: str) -> None:
    assert opened(given(rung(keys))) == entered


def test_a_star_that_is_not_the_cancel_key_is_in_the_message() -> None:
    assert opened(given(rung("*#", of=asking(DisableCancelKey="True")))) == "*"


def test_silence_and_an_entry_without_keys_are_kept_as_they_are() -> None:
    assert given(rung("-")) == "Timeout"
    assert given(rung("#")) == ""


def test_the_same_keys_never_make_the_same_message() -> None:
    assert given(rung("123456")) != given(rung("123456"))


def test_a_message_is_for_the_key_of_its_block() -> None:
    other = make_key_pair()
    assert opened(given(rung("123456", pair=other)), other) == "123456"


def test_an_entry_is_masked_and_its_message_is_in_no_event() -> None:
    line = rung("135790")
    assert [event.data["keys"] for event in line.events("input")] == ["••••••"]
    assert not any("135790" in str(event.data) or given(line) in str(event.data) for event in line.trace.events)


def test_the_touch_tone_buffer_is_encrypted_when_the_block_that_stops_it_says_so() -> None:
    def switch(identifier: str, then: str, **parameters: Any) -> dict[str, Any]:
        return block(identifier, "GetParticipantInput", parameters, then=then, errors={ERROR: "failed"})

    buffered = flow(
        switch("on", "menu", EnableDTMFBuffer="true"),
        menu("menu", {"1": "off"}),
        switch("off", "check", EnableDTMFBuffer="false", StoreInput="true", InputEncryption=KEY),
        call("check", "bye", code="$.StoredCustomerInput"),
    )
    assert opened(given(rung("14711", of=buffered))) == "4711"


@pytest.mark.parametrize("certificate", ["${NoSuchToken}", "-----BEGIN CERTIFICATE-----", "public half"])
def test_a_key_that_is_no_certificate_stops_the_call_and_is_named(certificate: str) -> None:
    if certificate == "public half":
        key = x509.load_pem_x509_certificate(PAIR.certificate.encode()).public_key()
        certificate = key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
    line = rung("123456", of=asking({"EncryptionKeyId": "key-1", "Key": certificate}))
    assert line.state.end is not None
    assert line.state.end.reason is EndReason.FAILED
    assert "no X.509 certificate" in line.state.end.detail
    assert line.functions.calls == []

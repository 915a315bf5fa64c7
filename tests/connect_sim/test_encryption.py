"""Entries that the simulator encrypts, as Amazon Connect does, and the keys it does that with."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from connect_sim.simulator.state import EndReason
from functions.connect.contract import STEPS
from hotline_local.cli import main
from hotline_local.entry_keys import EntryKey, key_of_this_process, make_entry_key
from hotline_local.launcher.paths import FLOWS
from tests.connect_sim.samples.build import ERROR, Line, block, call, entry, flow, menu
from tests.support.entries import opened

KEY = {"EncryptionKeyId": "${EntryKeyId}", "Key": "${EntryCertificate}"}


def asking(encryption: dict[str, str] = KEY, **keypad: str) -> Any:
    """An encrypted entry whose content goes to the function as it is."""
    asked = entry("pin", "check", **keypad)
    asked["Parameters"]["InputEncryption"] = encryption
    return flow(asked, call("check", "bye", code="$.StoredCustomerInput"))


def rung(*tokens: str, of: Any = None, key: EntryKey | None = None) -> Line:
    key = key or key_of_this_process()
    return Line(of or asking(), answers={"*": {"outcome": "OK"}}, tokens=key.tokens).press(*tokens)


def given(line: Line) -> str:
    """What the function was given."""
    ((_, event),) = line.functions.calls
    return str(event["Details"]["Parameters"]["code"])


@pytest.mark.parametrize(("keys", "entered"), [("123456", "123456"), ("0#", "0"), ("12#", "12")])
def test_what_is_keyed_in_leaves_the_block_as_a_message_that_the_private_key_opens(keys: str, entered: str) -> None:
    assert opened(given(rung(keys))) == entered


def test_a_star_that_is_not_the_cancel_key_is_in_the_message() -> None:
    assert opened(given(rung("*#", of=asking(DisableCancelKey="True")))) == "*"


def test_silence_and_an_entry_without_keys_are_kept_as_they_are() -> None:
    assert given(rung("-")) == "Timeout"
    assert given(rung("#")) == ""


def test_the_same_keys_never_make_the_same_message() -> None:
    assert given(rung("123456")) != given(rung("123456"))


def test_a_message_is_for_the_key_of_its_block() -> None:
    other = make_entry_key()
    assert opened(given(rung("123456", key=other)), other) == "123456"


def test_what_is_keyed_in_is_masked_and_its_message_is_in_no_event() -> None:
    line = rung("135790")
    assert [event.data["keys"] for event in line.events("input")] == ["••••••"]
    assert not any("135790" in str(event.data) or given(line) in str(event.data) for event in line.trace.events)


def test_what_waits_in_the_touch_tone_buffer_is_encrypted_when_the_block_that_stops_it_says_so() -> None:
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
        key = x509.load_pem_x509_certificate(key_of_this_process().certificate.encode()).public_key()
        certificate = key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
    line = rung("123456", of=asking({"EncryptionKeyId": "key-1", "Key": certificate}))
    assert line.state.end is not None
    assert line.state.end.reason is EndReason.FAILED
    assert "no X.509 certificate" in line.state.end.detail
    assert line.functions.calls == []


def test_a_key_of_one_machine_is_made_afresh_and_keeps_its_private_half_to_itself() -> None:
    one, other = make_entry_key(), make_entry_key()
    assert one.key_id != other.key_id
    assert one.private_key != other.private_key
    assert key_of_this_process() is key_of_this_process()
    assert "PRIVATE" not in repr(one)
    assert "PRIVATE" not in "".join(one.tokens.values())
    certificate = x509.load_pem_x509_certificate(one.certificate.encode())
    assert certificate.not_valid_before_utc <= datetime.now(UTC) < certificate.not_valid_after_utc


def test_a_canned_run_of_our_own_flows_encrypts_with_a_key_of_its_own(
    capsys: pytest.CaptureFixture[str], tmp_path: Any
) -> None:
    answers = {
        "start": {"outcome": "KNOWN", "language": "en-US", "proved": "no"},
        "lock_status": {"outcome": "NEED_PROOF", "needs": "sms"},
        "send_code": {"outcome": "SENT"},
        "check_code": {"outcome": "WRONG"},
    }
    common = {key: "-" for step in answers for key in STEPS[step].answer_keys} | {"prompt": "<speak>words</speak>"}
    stubs = tmp_path / "answers.json"
    stubs.write_text(json.dumps({step: common | answer for step, answer in answers.items()}))
    entry_flow = str(FLOWS / "hotline-entry.json")
    main(["flows", "run", entry_flow, "--keys", "2 123456 123456", "--functions", str(stubs), "--json"])
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    steps = [line["outcome"] for line in lines if line["kind"] == "function"]
    assert steps == ["KNOWN", "NEED_PROOF", "SENT", "WRONG", "WRONG"]
    assert [line["keys"] for line in lines if line["kind"] == "input"] == ["2", "••••••", "••••••"]

"""Keys for encrypted entries on this machine, and a canned run of our own flows with one."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from cryptography import x509

from functions.connect.steps import STEPS
from hotline_local.cli import main
from hotline_local.entry_keys import key_of_this_process, make_entry_key
from hotline_local.launcher.paths import FLOWS


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

"""Calls by command against the world in this process: keys in, JSON lines out."""

from __future__ import annotations

import json
import re

import pytest

from hotline_local.cli import main


def ring(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, list[dict[str, object]]]:
    exit_code = main(["call", *arguments, "--json"])
    return exit_code, [json.loads(line) for line in capsys.readouterr().out.splitlines()]


def outcomes(lines: list[dict[str, object]]) -> list[tuple[object, object]]:
    return [(line["step"], line["outcome"]) for line in lines if line["kind"] == "function"]


def test_a_locked_out_customer_gets_the_account_unlocked(capsys: pytest.CaptureFixture[str]) -> None:
    exit_code, lines = ring(capsys, "--from", "+8613800000001", "--keys", "2,{code},1,1")
    assert exit_code == 0
    assert outcomes(lines)[-1] == ("unlock", "ASKED")
    assert lines[-1]["kind"] == "end"


def test_a_call_may_begin_with_silence(capsys: pytest.CaptureFixture[str]) -> None:
    _, lines = ring(capsys, "--from", "+8613800000001", "--keys", "-,2,!")
    assert ("lock_status", "NEED_PROOF") in outcomes(lines)


def test_the_owner_of_a_keyed_in_number_reads_the_code_and_proves(capsys: pytest.CaptureFixture[str]) -> None:
    _, lines = ring(capsys, "--from", "+12025550199", "--keys", "1,13800000001#,2,1,{code},-")
    assert ("check_code", "PROVED") in outcomes(lines)


def test_nobody_gets_a_code_for_a_number_that_is_no_customers(capsys: pytest.CaptureFixture[str]) -> None:
    exit_code, lines = ring(capsys, "--from", "+12025550199", "--keys", "1,13900000009#,2,1,{code}")
    assert exit_code == 1
    assert ("send_code", "SENT") in outcomes(lines)
    assert [line for line in lines if line["kind"] == "message"] == []


def test_a_code_by_call_is_heard_on_the_phone_that_is_called_and_proves(capsys: pytest.CaptureFixture[str]) -> None:
    exit_code, lines = ring(capsys, "--from", "+8613800000001", "--keys", "2,*,5,{code},1,1")
    assert exit_code == 0
    *_, (channel, to, text) = [
        (line["channel"], line["to"], str(line["text"]))
        for line in lines
        if line["kind"] == "message" and line["channel"] in ("sms", "voice") and "验证码" in str(line["text"])
    ]
    assert (channel, to) == ("voice", "+8613800000001")
    assert text.startswith("您好，这里是Demo Wallet热线，现在播报用于解锁账户的验证码。")
    assert len(re.findall(r"\d(?: \d){5}", text)) == 2
    assert text.endswith("再见。")
    assert outcomes(lines)[-1] == ("unlock", "ASKED")


def test_a_call_is_shown_by_a_telephone_and_a_text_by_a_letter(capsys: pytest.CaptureFixture[str]) -> None:
    main(["call", "--from", "+8613800000001", "--keys", "2,*,5"])
    shown = [line[:5] for line in capsys.readouterr().out.splitlines() if "to +8613800000001: " in line]
    assert shown == ["  ✉  ", "  ✆  "]


def test_the_owner_of_a_keyed_in_number_is_called_there(capsys: pytest.CaptureFixture[str]) -> None:
    _, lines = ring(capsys, "--from", "+12025550199", "--keys", "1,13800000001#,2,1,*,5,{code},-")
    called = [line["to"] for line in lines if line["kind"] == "message" and line["channel"] == "voice"]
    assert called == ["+8613800000001"]
    assert ("check_code", "PROVED") in outcomes(lines)


def test_nobody_is_called_for_a_number_that_is_no_customers(capsys: pytest.CaptureFixture[str]) -> None:
    exit_code, lines = ring(capsys, "--from", "+12025550199", "--keys", "1,13900000009#,2,1,*,5,{code}")
    assert exit_code == 1
    assert [outcome for step, outcome in outcomes(lines) if step == "send_code"] == ["SENT", "SENT"]
    assert [line for line in lines if line["kind"] == "message"] == []


def test_the_present_owner_of_a_number_hears_nothing_of_the_former_one(capsys: pytest.CaptureFixture[str]) -> None:
    _, lines = ring(capsys, "--from", "+8613800000016", "--keys", "3,{code},-")
    assert ("payment_answer", "NOT_TAKEN") in outcomes(lines)
    assert ("payments", "ONE") in outcomes(lines)
    spoken = "".join(str(line["text"]) for line in lines if line["kind"] == "prompt")
    assert "15元" in spoken
    assert "299元" not in spoken


def test_the_wallet_answers_within_the_call_and_the_words_follow(capsys: pytest.CaptureFixture[str]) -> None:
    _, lines = ring(capsys, "--from", "+8613800000001", "--keys", "2,{code},1,*,2,-")
    assert [outcome for step, outcome in outcomes(lines) if step == "lock_status"] == ["NEED_PROOF", "SOFT", "OPEN"]


def test_every_function_line_tells_its_requests_and_they_stay_within_three(capsys: pytest.CaptureFixture[str]) -> None:
    _, lines = ring(capsys, "--from", "+8613800000004", "--keys", "4,2,{code},1,1,1,1,1")
    requests = [line["requests"] for line in lines if line["kind"] == "function"]
    assert requests
    assert all(isinstance(count, int) and count <= 3 for count in requests)


@pytest.mark.parametrize(
    ("arguments", "exit_code"),
    [
        (("--from", "+8613800000001", "--keys", "1"), 3),
        (("--from", "+8613800000001", "--keys", "!"), 0),
        (("--from", "withheld", "--keys", "2,#,0,0,2", "--hours", "closed"), 0),
    ],
)
def test_the_exit_code_tells_how_a_call_ended(
    capsys: pytest.CaptureFixture[str], arguments: tuple[str, ...], exit_code: int
) -> None:
    assert ring(capsys, *arguments)[0] == exit_code

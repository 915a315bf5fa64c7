"""The inbox of the stack on this machine, read from a MiniStack."""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from hotline.kit.aws.carriers import Outgoing, SesEmail, SnsSms
from hotline_local.cli import main
from hotline_local.commands import inbox as command
from hotline_local.errors import CommandError
from hotline_local.inbox import Inbox, code_in
from hotline_local.launcher import stack as stacks
from hotline_local.launcher.ministack import REGION, MiniStack, reserve_port
from tests.support.sweeps import sweep

SENDER = "hotline@wallet.example"
ONE, OTHER, ADDRESS = "+8613800000001", "+8613800000002", "one@customer.example"


@pytest.fixture(scope="module")
def endpoint() -> Iterator[str]:
    with MiniStack() as ministack:
        stacks.client("sesv2", ministack.endpoint, REGION).create_email_identity(EmailIdentity=SENDER)
        yield ministack.endpoint


@pytest.fixture
def send(endpoint: str) -> Any:
    sms = SnsSms("WALLET", client=stacks.client("sns", endpoint, REGION))
    email = SesEmail(SENDER, client=stacks.client("sesv2", endpoint, REGION))

    def send(to: str, text: str, subject: str = "") -> None:
        (email if "@" in to else sms).send(Outgoing(to, subject, text))

    return send


@pytest.fixture
def stack_file(endpoint: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fields = dict.fromkeys(stacks.Stack.__dataclass_fields__, "-") | {"endpoint": endpoint, "region": REGION}
    stacks.Stack(**fields).save(tmp_path / "stack.json")
    monkeypatch.setenv(stacks.FILE_VARIABLE, str(tmp_path / "stack.json"))


def test_messages_for_the_carriers_are_in_the_inbox_the_newest_last(endpoint: str, send: Any) -> None:
    inbox = Inbox(endpoint)
    inbox.fresh()
    began = datetime.now(UTC).replace(microsecond=0)
    send(ONE, "【Demo Wallet】验证码123456")
    send(ADDRESS, "Line one\n\nLine two\n", "Demo Wallet: 主题")
    send(OTHER, "for somebody else")
    send(ONE, "second")
    found = inbox.fresh()
    assert [message.text for message in found if message.to == ONE] == ["【Demo Wallet】验证码123456", "second"]
    (mail,) = [message for message in found if message.channel == "email"]
    assert (mail.to, mail.subject, mail.text) == (ADDRESS, "Demo Wallet: 主题", "Line one\n\nLine two\n")
    assert mail.at is not None
    assert began <= mail.at <= datetime.now(UTC)
    assert len({message.id for message in found}) == len(found) == 4
    assert inbox.fresh() == []
    assert {message.to for message in inbox.read(ONE)} == {ONE}


def test_only_what_is_new_is_fresh(endpoint: str, send: Any) -> None:
    inbox = Inbox(endpoint)
    inbox.fresh()
    send(ONE, "third")
    assert [message.text for message in inbox.fresh(ONE)] == ["third"]
    assert inbox.fresh(ONE) == []


def test_a_code_is_six_digits_that_stand_alone() -> None:
    assert code_in("验证码222222，用于解锁") == "222222"
    assert code_in("Official hotline: +86 400 555 0199") is None
    assert code_in("1234567 +123456 12345") is None


@sweep(
    ("said", "code"),
    [
        ("您的验证码是0 1 2 3 4 5。再说一遍", "012345"),
        ("Your code is 0 1 2 3 4 5. Once more", "012345"),
        ("0 1 2 3 4", None),
        ("0 1 2 3 4 5 6", None),
        ("+0 1 2 3 4 5", None),
        ("Official hotline: +86 400 555 0199", None),
        ("0  1 2 3 4 5", None),
    ],
)
def test_digits_that_were_said_one_by_one_are_a_code_too(said: str, code: str | None) -> None:
    assert code_in(said) == code


@pytest.mark.usefixtures("stack_file")
def test_the_command_prints_a_message_with_its_address(send: Any, capsys: pytest.CaptureFixture[str]) -> None:
    send("+8613800000003", "hello")
    assert main(["inbox", "+8613800000003"]) == 0
    assert capsys.readouterr().out == "sms    +8613800000003\n  hello\n\n"


@pytest.mark.usefixtures("stack_file")
def test_the_command_prints_json_lines_and_nothing_else(send: Any, capsys: pytest.CaptureFixture[str]) -> None:
    send("two@customer.example", "text", "subject")
    assert main(["inbox", "--json", "two@customer.example"]) == 0
    (line,) = capsys.readouterr().out.splitlines()
    message = json.loads(line)
    assert datetime.fromisoformat(message.pop("at")).tzinfo is not None
    assert message.pop("id")
    assert message == {"channel": "email", "to": "two@customer.example", "subject": "subject", "text": "text"}
    assert main(["inbox", "--json", "nobody@customer.example"]) == 0
    assert capsys.readouterr().out == ""


@pytest.mark.usefixtures("stack_file")
def test_an_empty_inbox_says_so(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["inbox", "nobody@customer.example"]) == 0
    assert capsys.readouterr().out == "No messages yet.\n"


@pytest.mark.usefixtures("stack_file")
def test_following_shows_what_arrives_until_it_is_interrupted(
    send: Any, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    arriving = ["later", ""]

    def wait(_: float) -> None:
        if not arriving:
            raise KeyboardInterrupt
        if text := arriving.pop(0):
            send("+8613800000004", text)

    monkeypatch.setattr("hotline_local.commands.inbox.time.sleep", wait)
    assert main(["inbox", "--follow", "--json", "+8613800000004"]) == 0
    assert [json.loads(line)["text"] for line in capsys.readouterr().out.splitlines()] == ["later"]


def test_without_a_stack_the_command_says_how_to_start_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv(stacks.FILE_VARIABLE, str(tmp_path / "none.json"))
    assert main(["inbox"]) == 2
    assert "make run" in capsys.readouterr().err


def test_a_stack_that_ended_is_named(endpoint: str, monkeypatch: pytest.MonkeyPatch) -> None:
    # Held by a socket that does not listen: nobody else can answer there meanwhile.
    with reserve_port() as held:
        gone = f"http://127.0.0.1:{held.getsockname()[1]}"
        with pytest.raises(CommandError, match="does not answer"):
            Inbox(gone).read()
        monkeypatch.setattr(stacks, "load", lambda: replace(_stack(endpoint), endpoint=gone))
        with pytest.raises(CommandError):
            command.run(argparse.Namespace(address=None, json=False, follow=False))


def _stack(endpoint: str) -> stacks.Stack:
    return stacks.Stack(**(dict.fromkeys(stacks.Stack.__dataclass_fields__, "-") | {"endpoint": endpoint}))

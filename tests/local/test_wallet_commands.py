"""`send` and `dlq` on a deployed stack, the demo wallet loaded into it, and the reference wallet answering."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from hotline.accounts import service as accounts
from hotline.kit.aws.sdk import SdkService
from hotline.kit.clock import to_text
from hotline.kit.config import TableNames
from hotline.kit.store import Table
from hotline.kit.store.dynamodb import DynamoStore
from hotline.lockout import service as lockout
from hotline_local import cli, demo
from hotline_local.bus import put_facts
from hotline_local.commands.send import checked_line
from hotline_local.dead_letters import letter_of
from hotline_local.launcher import RunningStack
from hotline_local.launcher.stack import FILE_VARIABLE, Stack
from hotline_local.reference_wallet import ReferenceWallet
from tests.support.facts import bus_event, event
from tests.support.stack_calls import eventually, is_stored
from tests.support.sweeps import sweep


def run(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, list[dict[str, Any]]]:
    capsys.readouterr()
    code = cli.main([*arguments, "--json"])
    return code, [json.loads(line) for line in capsys.readouterr().out.splitlines()]


@pytest.fixture
def stack(running_stack: RunningStack, monkeypatch: pytest.MonkeyPatch) -> Iterator[Stack]:
    """The running stack as commands find it; what a test leaves among the dead letters is thrown away."""
    monkeypatch.setenv(FILE_VARIABLE, str(running_stack.stack_file))
    yield running_stack.stack
    running_stack.stack.client("sqs").purge_queue(QueueUrl=running_stack.stack.facts_dead_letters_url)


def hotline_store(stack: Stack) -> DynamoStore:
    return DynamoStore(SdkService(stack.client("dynamodb")), TableNames({Table.HOTLINE: stack.hotline_table}))


# ---------------------------------------------------------------- without a stack


@sweep(
    ("text", "sent", "reason"),
    [
        (json.dumps(event("account.opened")), True, None),
        (json.dumps(event("account.opened", {"version": 0})), True, "bad_value"),
        (json.dumps(event("account.opened", type="weather.changed.v1")), True, "unknown_type"),
        ("{}", True, "not_an_event"),
        ("[]", False, "not_an_event"),
        ("hello", False, "not_an_event"),
        ("[" * 5000, False, "not_an_event"),
        (json.dumps(event("account.opened", time="2199-01-01T00:00:00Z")), True, "future_time"),
    ],
)
def test_each_line_is_checked_and_only_objects_can_be_sent(text: str, sent: bool, reason: str | None) -> None:
    line = checked_line(7, text, datetime.now(UTC))
    assert (line.line, line.sent, line.reason) == (7, sent, reason)


def test_a_letter_is_named_by_type_id_and_reason() -> None:
    body = json.dumps(bus_event(event("account.opened", {"name": "Ada" * 100})))
    letter = letter_of("m1", body, {})
    assert (letter.type, letter.id, letter.reason, letter.field) == (
        "account.opened.v1", "evt_account.opened", "too_long", "data.name",
    )  # fmt: skip
    assert "Ada" not in str(letter)


@sweep("body", ["hello", "[]", "{}", "[" * 5000])
def test_a_letter_that_is_no_event_is_named_so(body: str) -> None:
    assert letter_of("m1", body, {}).reason == "not_an_event"


def test_a_letter_of_good_form_has_the_reason_that_was_logged() -> None:
    body = json.dumps(bus_event(event("refund.sent")))
    assert letter_of("m1", body, {"evt_refund.sent": "currency_changed"}).reason == "currency_changed"
    assert letter_of("m1", body, {}).reason == "unknown"


def test_without_a_stack_the_commands_say_how_to_start_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv(FILE_VARIABLE, str(tmp_path / "none.json"))
    (tmp_path / "facts.jsonl").write_text("", encoding="utf-8")
    for arguments in (
        ["send", str(tmp_path / "facts.jsonl")],
        ["dlq", "list"],
        ["dlq", "replay"],
        ["dlq", "drop", "--all"],
        ["facts", "--unopened"],
    ):
        assert cli.main(arguments) == 2
        shown = capsys.readouterr()
        assert shown.out == ""
        assert "make run" in shown.err


def test_a_file_that_is_not_there_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["send", str(tmp_path / "none.jsonl")]) == 2
    assert "none.jsonl" in capsys.readouterr().err


# ---------------------------------------------------------------- on the stack


@pytest.mark.slow
def test_facts_that_are_sent_are_taken_in_and_poison_is_kept_named_and_replayed(
    stack: Stack, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    at = to_text(datetime.now(UTC))
    good = event("account.opened", subject="acct-sent", id="sent-1", time=at)
    unknown = event("account.opened", subject="acct-sent", id="sent-2", time=at, type="account.renamed.v1")
    keyless = event("payment.failed", subject="acct-sent", id="sent-3", time=at)
    del keyless["data"]["movement_id"]
    contradicting = event("payment.succeeded", subject="acct-sent", id="sent-5", time=at)
    contradicting["data"]["initiated_at"] = "2026-11-22T09:00:00.000Z"
    paid = event("payment.succeeded", subject="acct-sent", id="sent-4", time=at)
    file = tmp_path / "facts.jsonl"
    lines = [json.dumps(fact) for fact in (good, unknown, keyless, paid)]
    file.write_text("\n".join([*lines, "", "no fact"]) + "\n", encoding="utf-8")

    code, told = run(capsys, "send", str(file))
    assert code == 1
    assert [(line["line"], line["id"], line["sent"], line["reason"]) for line in told] == [
        (1, "sent-1", True, None),
        (2, "sent-2", True, "unknown_type"),
        (3, "sent-3", True, "missing_key"),
        (4, "sent-4", True, None),
        (6, None, False, "not_an_event"),
    ]
    # The fact that contradicts a payment is refused only when it comes after that payment was taken in.
    eventually(lambda: is_stored(stack, ("ACCOUNT#acct-sent", "#PROFILE"), ("ACCOUNT#acct-sent", "MOVE#")))

    file.write_text(json.dumps(contradicting) + "\n", encoding="utf-8")
    assert run(capsys, "send", str(file))[0] == 0

    expected = {"sent-2": "unknown_type", "sent-3": "missing_key", "sent-5": "initiated_at_changed"}

    def listed() -> bool:
        found = {letter["id"]: letter["reason"] for letter in run(capsys, "dlq", "list")[1]}
        return all(found.get(name) == reason for name, reason in expected.items())

    eventually(listed)
    assert listed(), "a list leaves the letters where they are"

    code, moved = run(capsys, "dlq", "replay", "sent-2")
    assert (code, {letter["id"] for letter in moved}) == (0, {"sent-2"})
    code, moved = run(capsys, "dlq", "replay")
    assert code == 0
    assert {"sent-3", "sent-5"} <= {letter["id"] for letter in moved}
    # A letter that is still not good comes back: it was delivered again, and not lost.
    eventually(listed)

    assert run(capsys, "dlq", "drop")[0] == 2, "nothing is dropped unless it is said what"
    code, dropped = run(capsys, "dlq", "drop", "sent-2", "sent-none")
    # A queue delivers at least once: a fact that was delivered twice left two letters, and all of them are meant.
    assert (code, {letter["id"] for letter in dropped}) == (1, {"sent-2"})
    left = {letter["id"] for letter in run(capsys, "dlq", "list")[1]}
    assert "sent-2" not in left
    assert {"sent-3", "sent-5"} <= left
    assert run(capsys, "dlq", "drop", "--all")[0] == 0
    assert run(capsys, "dlq", "list")[1] == []


@pytest.mark.slow
def test_facts_of_an_account_that_was_never_opened_are_listed_by_the_command(
    stack: Stack, capsys: pytest.CaptureFixture[str]
) -> None:
    at = to_text(datetime.now(UTC))
    put_facts(stack, [event("payment.succeeded", subject="acct-never", id="never-1", time=at)])

    def listed() -> list[dict[str, Any]]:
        return [line for line in run(capsys, "facts", "--unopened")[1] if line["account_id"] == "acct-never"]

    (line,) = eventually(listed)
    assert (line["type"], line["count"]) == ("payment.succeeded", 1)
    code, told = run(capsys, "facts", "--account", "acct-never")
    assert (code, told) == (0, [{"account_id": "acct-never", "state": "unopened"}, line])
    assert run(capsys, "facts", "--account", "acct-none") == (1, [{"account_id": "acct-none", "state": "unknown"}])


@pytest.mark.slow
def test_the_demo_wallet_is_loaded_and_its_locks_are_applied_by_the_reference_wallet(stack: Stack) -> None:
    shown: list[str] = []
    began = datetime.now(UTC)
    wallet = ReferenceWallet(stack)
    wallet.start()
    try:
        count = demo.seed(stack, progress=shown.append)
        store = hotline_store(stack)

        def applied(account_id: str) -> bool:
            view = lockout.view_from(store.batch_get(lockout.lock_keys(account_id)), account_id, datetime.now(UTC))
            return view.state.value == "SOFT" and view.asked is None

        eventually(lambda: applied("acct-demo-01") and applied("acct-demo-02"))
    finally:
        wallet.stop()
    assert shown[-1] == f"loading the demo wallet, {count} of {count} facts"
    opened = [fact["subject"] for fact in demo.seed_facts(datetime.now(UTC)) if fact["type"] == "account.opened.v1"]
    profiles = store.batch_get([accounts.profile_key(account_id) for account_id in opened])
    assert len(profiles) == len(opened)
    newest = max(profile.facts_as_of for profile in map(accounts.profile_from, profiles.values()) if profile)
    assert newest > began - timedelta(minutes=2)


def test_a_wallet_that_was_never_started_can_be_stopped(tmp_path: Path) -> None:
    fields: dict[str, Any] = dict.fromkeys(Stack.__dataclass_fields__, "-")
    ReferenceWallet(Stack(**fields)).stop()


# ---------------------------------------------------------------- codes


def test_an_unknown_code_is_listed_by_the_command(stack: Stack, capsys: pytest.CaptureFixture[str]) -> None:
    failure = {"scheme": "newbank", "code": "X_LISTED"}
    sent = event(
        "payment.failed", {"movement_id": "mov_codes", "failure": failure}, id="fact-codes", subject="acc_codes"
    )
    put_facts(stack, [sent])

    def listed() -> list[dict[str, Any]]:
        code, told = run(capsys, "codes", "unknown")
        assert code == 0
        return [one for one in told if one["code"] == "X_LISTED"]

    (found,) = eventually(listed)
    assert (found["scheme"], found["count"]) == ("newbank", 1)
    assert cli.main(["codes", "unknown"]) == 0
    assert "newbank X_LISTED: once" in capsys.readouterr().out

"""`tick` on a deployed stack: the schedule's function called by hand, its roles' queues, and a wallet with faults."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import fields
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from functions.deadlines.work import Summary
from hotline.kit.aws.sdk import SdkService
from hotline.kit.clock import to_text
from hotline.kit.config import TableNames
from hotline.kit.outbox import Decision, entry_item, entry_key
from hotline.kit.store import Put, Table
from hotline.kit.store.dynamodb import DynamoStore
from hotline.lockout import service as lockout
from hotline_local import cli
from hotline_local.commands.tick import SENTENCES, sentences, tick
from hotline_local.launcher import RunningStack
from hotline_local.launcher.stack import FILE_VARIABLE, Stack
from hotline_local.reference_wallet import ReferenceWallet
from hotline_local.wallet_modes import Mode
from tests.support.facts import event
from tests.support.stack_calls import eventually


@pytest.fixture
def stack(running_stack: RunningStack, monkeypatch: pytest.MonkeyPatch) -> Iterator[Stack]:
    """The running stack as commands find it; decisions that nobody heard are thrown away."""
    monkeypatch.setenv(FILE_VARIABLE, str(running_stack.stack_file))
    yield running_stack.stack
    running_stack.stack.client("sqs").purge_queue(QueueUrl=running_stack.stack.reference_wallet_queue_url)


def store_of(stack: Stack) -> DynamoStore:
    tables = {Table.HOTLINE: stack.hotline_table, Table.OUTBOX: stack.outbox_table}
    return DynamoStore(SdkService(stack.client("dynamodb")), TableNames(tables))


def heard(stack: Stack) -> list[str]:
    """The ids of the decisions that wait for the wallet."""
    received = stack.client("sqs").receive_message(QueueUrl=stack.reference_wallet_queue_url)
    return [json.loads(message["Body"])["detail"]["id"] for message in received.get("Messages", [])]


def test_a_time_without_an_offset_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    for text in ("2026-11-23T10:00:00", "tomorrow"):
        with pytest.raises(SystemExit) as ending:
            cli.main(["tick", "--at", text])
        assert ending.value.code == 2
    assert "no time with an offset" in capsys.readouterr().err


def test_every_figure_of_a_run_has_a_sentence() -> None:
    """All but the items that the index named: what was done about them is told."""
    assert {name for name, *_ in SENTENCES} == {figure.name for figure in fields(Summary)} - {"due"}


def test_without_a_stack_it_says_how_to_start_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv(FILE_VARIABLE, str(tmp_path / "none.json"))
    assert cli.main(["tick"]) == 2
    assert "make run" in capsys.readouterr().err


@pytest.mark.slow
def test_a_lost_decision_comes_again_with_the_tick_and_the_line_then_says_done(
    stack: Stack, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    account, now = "acct-tick-1", datetime.now(UTC)
    facts = [event("account.opened", subject=account, id="tick-opened", time=to_text(now))]
    for number in range(5):
        failed = event("login.failed", subject=account, id=f"tick-{number}", time=to_text(now))
        failed["data"]["attempt_id"] = f"tick-{number}"
        facts.append(failed)
    file = tmp_path / "facts.jsonl"
    file.write_text("\n".join(json.dumps(fact) for fact in facts) + "\n", encoding="utf-8")
    wallet = ReferenceWallet(stack, mode=Mode.LOSE)
    store = store_of(stack)

    def asked() -> Any:
        read = store.batch_get(list(lockout.lock_keys(account)))
        return lockout.view_from(read, account, datetime.now(UTC)).asked

    wallet.start()
    try:
        assert cli.main(["send", str(file)]) == 0
        eventually(asked)
        capsys.readouterr()
        assert cli.main(["tick", "--json", "--at", to_text(datetime.now(UTC) + timedelta(seconds=75))]) == 0
        assert json.loads(capsys.readouterr().out)["resent"] >= 1
        eventually(lambda: asked() is None)
    finally:
        wallet.stop()


@pytest.mark.slow
def test_an_entry_that_the_stream_left_behind_reaches_the_bus_by_the_queue(stack: Stack) -> None:
    """The filter of the stream passes what is new; this entry looks as if it had been claimed and given up."""
    store = store_of(stack)
    decision = Decision("out_tick_left", "case.opened", "acct-tick-2", {"case_id": "case_1"}, "decision_tick", 1)
    item = entry_item(decision, created_at=datetime.now(UTC)) | {"to": "nobody"}
    store.transact([Put(entry_key(decision.entry_id), item)], token="tick-left-1")
    store.transact([Put(entry_key(decision.entry_id), item | {"to": "bus"})], token="tick-left-2")
    assert tick(stack, datetime.now(UTC) + timedelta(minutes=3))["redriven"] >= 1
    eventually(lambda: decision.entry_id in heard(stack))
    assert eventually(lambda: (store.get(entry_key(decision.entry_id)) or {}).get("delivered_at"))
    assert tick(stack, datetime.now(UTC) + timedelta(days=1))["failed"] == 0


def test_one_thing_is_told_as_one_and_several_as_several() -> None:
    one, two = ({name: count for name, *_ in SENTENCES} for count in (1, 2))
    assert "1 customer whom a message tells what was found" in sentences(one)
    assert "2 customers whom a message tells what was found" in sentences(two)
    assert sentences(dict.fromkeys(one, 0)) == ["Nothing has fallen due."]
    for singular, plural in zip(sentences(one), sentences(two), strict=True):
        assert singular.split(" ", 1)[1] != plural.split(" ", 1)[1]

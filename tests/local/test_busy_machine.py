"""A hotline on a busy machine: nothing here is held to the time that AWS has, and no port is anybody else's."""

from __future__ import annotations

import json
import socket
import time
from io import BytesIO
from itertools import count
from types import SimpleNamespace
from typing import Any

import pytest

from connect_sim.simulator.seams import FunctionErrorKind
from hotline.kit.aws.clients import CLIENT_SETTING, DIRECT
from hotline.kit.aws.direct import DirectService
from hotline.kit.aws.sdk import SdkService
from hotline.kit.config import PATIENCE_SETTING, patience_s
from hotline.kit.store.dynamodb import READ_TIMEOUT_S, open_dynamodb
from hotline_local import cli
from hotline_local.errors import CommandError
from hotline_local.launcher import template as sam
from hotline_local.launcher.deploy import (
    FACTS_AT_ONCE,
    FUNCTION_TIME_S,
    PATIENCE_S,
    invoke_when_free,
    put_numbers,
    unhurried,
)
from hotline_local.launcher.ministack import MiniStack, refuse_taken, reserve_port
from hotline_local.launcher.paths import LOCAL
from hotline_local.launcher.stack import load, stack_file
from hotline_local.ports import HOST
from hotline_local.worlds import deployed
from hotline_local.worlds.deployed import DeployedWorld

LIMIT_S = 8.0


def test_a_service_is_given_the_time_of_aws_where_nothing_else_is_set() -> None:
    assert patience_s(1.0, {}) == 1.0
    assert patience_s(1.0, {PATIENCE_SETTING: "60"}) == 60.0


def test_the_store_waits_as_long_as_the_setting_says(monkeypatch: pytest.MonkeyPatch) -> None:
    def waits_s() -> set[float]:
        by_sdk = open_dynamodb()
        with pytest.MonkeyPatch.context() as setting:
            setting.setenv(CLIENT_SETTING, DIRECT)
            directly = open_dynamodb()
        assert isinstance(by_sdk, SdkService)
        assert isinstance(directly, DirectService)
        return {float(by_sdk.client.meta.config.read_timeout), directly.read_timeout_s}

    assert waits_s() == {READ_TIMEOUT_S}
    monkeypatch.setenv(PATIENCE_SETTING, "60")
    assert waits_s() == {60.0}


def test_functions_on_this_machine_have_more_time_than_on_aws() -> None:
    usual, here = sam.read(), unhurried(sam.read())
    functions = [name for name, one in usual["Resources"].items() if one["Type"] == "AWS::Serverless::Function"]
    assert len(functions) > 5
    for name in functions:
        usual_s = usual["Resources"][name]["Properties"]["Timeout"]
        assert here["Resources"][name]["Properties"]["Timeout"] == max(FUNCTION_TIME_S, usual_s)
        assert usual_s < FUNCTION_TIME_S or name == "BacktestFunction"
    assert here["Globals"]["Function"]["Environment"]["Variables"][PATIENCE_SETTING] == str(PATIENCE_S)
    assert PATIENCE_SETTING not in json.dumps(usual)


def test_one_batch_of_facts_is_handled_at_a_time_so_that_none_is_delivered_beside_itself() -> None:
    facts = unhurried(sam.read())["Resources"]["WalletEventsFunction"]["Properties"]
    assert facts["ReservedConcurrentExecutions"] == FACTS_AT_ONCE == 1


def test_the_emulator_is_given_numbers_where_it_counts() -> None:
    """A text in one event source ends its poller of all queues: no fact is taken in then."""
    given = put_numbers(unhurried(sam.read()), {"FactBatchSize": "7"})["Resources"]
    functions = {name: one["Properties"] for name, one in given.items() if "Handler" in one.get("Properties", {})}
    sources = {name: list(one.get("Events", {}).values()) for name, one in functions.items()}
    counted = ("BatchSize", "MaximumBatchingWindowInSeconds", "MaximumRetryAttempts", "MaximumRecordAgeInSeconds")
    found = [
        value
        for some in sources.values()
        for source in some
        for value in (
            *(source["Properties"][name] for name in counted if name in source["Properties"]),
            *source["Properties"].get("ScalingConfig", {}).values(),
        )
    ]
    assert len(found) >= 12
    assert [one for one in found if not isinstance(one, int)] == []
    (facts,) = sources["WalletEventsFunction"]
    assert facts["Properties"]["BatchSize"] == 7


def test_a_reserved_port_is_given_to_nobody_else_and_a_server_may_listen_there() -> None:
    with reserve_port() as held, socket.socket() as stranger, socket.socket() as server:
        address = held.getsockname()
        with pytest.raises(OSError, match="in use"):
            stranger.bind(address)
        server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        server.bind(address)
        server.listen()
        with pytest.raises(CommandError, match="is taken"):
            refuse_taken(address[1])


def test_each_stack_that_names_no_port_has_one_of_its_own_before_it_starts() -> None:
    stacks = [MiniStack() for _ in range(3)]
    try:
        assert len({stack.port for stack in stacks}) == len(stacks)
        with socket.socket() as stranger, pytest.raises(OSError, match="in use"):
            stranger.bind((HOST, stacks[0].port))
    finally:
        for stack in stacks:
            stack.stop()


def test_no_test_finds_the_hotline_that_somebody_runs_beside_the_suite() -> None:
    assert LOCAL not in stack_file().parents
    with pytest.raises(CommandError, match="no stack is running"):
        load()


# ---------------------------------------------------------------- calls in process


def test_a_call_in_process_meets_no_limit_of_the_line_while_the_machine_does_something_else(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    # Each look at the clock on the wall finds that a minute has gone by.
    minutes = count(0, 60).__next__
    clocks = SimpleNamespace(perf_counter=minutes, monotonic=minutes, time=minutes, thread_time=time.thread_time)
    monkeypatch.setattr("hotline_local.worlds.inprocess.time", clocks)
    cli.main(["call", "--from", "+8613800000001", "--keys", "1,!", "--json"])
    told = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    steps = [line for line in told if line["kind"] == "function"]
    assert steps
    assert [step["error"] for step in steps] == [None] * len(steps)


# ---------------------------------------------------------------- calls to the deployed stack


class Slow:
    """A Lambda whose function takes so many seconds, on a clock that only it moves."""

    endpoint = "http://127.0.0.1:1"
    outbox_table = "outbox"

    def __init__(self, takes_s: float, *, code_waits_s: float = 0.0) -> None:
        self.takes_s = takes_s
        self.code_waits_s = code_waits_s
        self.now_s = 0.0

    def client(self, _: str) -> Slow:
        return self

    def hotline_store(self) -> None:
        """Nothing is read: no agent asks for proof in these calls."""

    def invoke(self, **_: Any) -> dict[str, Any]:
        self.now_s += self.takes_s
        return {"Payload": BytesIO(json.dumps({"outcome": "KNOWN"}).encode())}

    def scan(self, **asked: Any) -> dict[str, Any]:
        """The outbox: two pages, of which the second has a code that waits for so long."""
        if "ExclusiveStartKey" not in asked:
            return {"Items": [], "LastEvaluatedKey": {"PK": {"S": "entry-1"}}}
        return {"Items": [{"kind": {"S": "code"}}] if self.now_s < self.code_waits_s else []}

    def monotonic(self) -> float:
        return self.now_s

    def sleep(self, seconds: float) -> None:
        self.now_s += seconds

    def fresh(self) -> list[Any]:
        return []


def world(monkeypatch: pytest.MonkeyPatch, slow: Slow, *, patient: bool) -> DeployedWorld:
    monkeypatch.setattr("hotline_local.worlds.deployed.stacks.load", lambda: slow)
    monkeypatch.setattr(deployed, "Inbox", lambda _: slow)
    monkeypatch.setattr("hotline_local.worlds.deployed.time", slow)
    return DeployedWorld(patient=patient)


@pytest.mark.parametrize(
    ("takes_s", "patient", "error"),
    [
        (LIMIT_S, False, None),
        (LIMIT_S + 0.001, False, FunctionErrorKind.TIMEOUT),
        (LIMIT_S + 0.001, True, None),
        (100 * LIMIT_S, True, None),
    ],
)
def test_a_patient_call_waits_for_the_machine_beyond_the_limit_of_the_line(
    monkeypatch: pytest.MonkeyPatch, takes_s: float, patient: bool, error: FunctionErrorKind | None
) -> None:
    result = world(monkeypatch, Slow(takes_s), patient=patient).invoke(arn="arn", event={}, time_limit_s=LIMIT_S)
    assert result.error == error
    if patient:
        assert result.duration_ms == 0, "it counts against the silence on the line"


@pytest.mark.parametrize(
    ("patient", "code_waits_s", "waited_s"),
    [
        (False, 0.0, deployed.CODE_WAIT_S),
        (False, 100.0, deployed.CODE_WAIT_S),
        (True, 0.0, deployed.CODE_WAIT_S),
        (True, 100.0, 100.0),
        (True, 10_000.0, deployed.PATIENT_CODE_WAIT_S),
    ],
)
def test_waiting_for_a_code_ends_at_some_time_and_soon_where_none_can_come(
    monkeypatch: pytest.MonkeyPatch, patient: bool, code_waits_s: float, waited_s: float
) -> None:
    slow = Slow(0, code_waits_s=code_waits_s)
    assert world(monkeypatch, slow, patient=patient).last_code(to=None, newer_than=0) is None
    assert waited_s <= slow.now_s <= waited_s + deployed.ASK_OUTBOX_EVERY_S + deployed.POLL_EVERY_S


def test_patience_is_for_the_deployed_stack_only(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["call", "--from", "withheld", "--patient"]) == 2
    assert "--target lambda only" in capsys.readouterr().err


@pytest.mark.parametrize("option", ["--port", "--pages-port", "--desk-port"])
@pytest.mark.parametrize("port", ["-1", "65536", "some"])
def test_a_text_that_is_no_port_is_refused(option: str, port: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        cli.main(["run", f"{option}={port}"])
    assert ended.value.code == 2
    assert "is no port, which is a number from 0 to 65535" in capsys.readouterr().err


class CrowdedFunctions:
    """The client of a service that has no process to spare for so many invocations."""

    class exceptions:  # noqa: N801 - the name that boto3 gives it
        class TooManyRequestsException(Exception):
            pass

    def __init__(self, refusals: int) -> None:
        self.refusals = refusals

    def invoke(self, **_: object) -> dict[str, int]:
        if self.refusals:
            self.refusals -= 1
            raise self.exceptions.TooManyRequestsException
        return {"StatusCode": 200}


def test_a_function_is_started_when_a_process_is_free_again() -> None:
    assert invoke_when_free(CrowdedFunctions(7), "arn", b"{}", pause_s=0) == {"StatusCode": 200}


def test_waiting_for_a_process_ends_at_some_time() -> None:
    with pytest.raises(CommandError, match="had no process to spare"):
        invoke_when_free(CrowdedFunctions(1), "arn", b"{}", timeout_s=-1)

"""The deployed stack on MiniStack: what the launcher adds, what reaches whom, and that nothing stays behind."""

import json
import os
import signal
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

import pytest

from connect_sim.simulator.encryption import encrypt
from functions.connect.decryption import decrypt
from hotline.kit.keyring import parse_keyring
from hotline_local.launcher import RunningStack, ministack
from hotline_local.launcher.ministack import MiniStack
from hotline_local.launcher.paths import ROOT
from hotline_local.launcher.stack import FILE_VARIABLE, Stack, load
from tests.support.stack_calls import HANGS_AFTER_S, eventually

pytestmark = pytest.mark.slow


def messages(stack: Stack, queue_url: str) -> list[dict[str, Any]]:
    received = stack.client("sqs").receive_message(QueueUrl=queue_url, MaxNumberOfMessages=10)
    return [json.loads(message["Body"]) for message in received.get("Messages", [])]


def waiting(stack: Stack, queue_url: str) -> int:
    """How many messages a queue holds, those included that somebody handles now."""
    counted = stack.client("sqs").get_queue_attributes(QueueUrl=queue_url, AttributeNames=["All"])["Attributes"]
    names = ("ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible")
    return sum(int(counted[name]) for name in names)


def named(received: list[dict[str, Any]], event_id: str) -> dict[str, Any] | None:
    """The event with this id, if it is among those received: other tests use the same stack."""
    return next((message for message in received if message["detail"]["id"] == event_id), None)


def put(stack: Stack, source: str, detail_type: str, detail: dict[str, Any]) -> None:
    entry = {"Source": source, "DetailType": detail_type, "Detail": json.dumps(detail), "EventBusName": stack.bus_name}
    assert stack.client("events").put_events(Entries=[entry])["FailedEntryCount"] == 0


def test_items_expire_as_the_template_says(running_stack: RunningStack) -> None:
    stack = running_stack.stack
    for table in (stack.hotline_table, stack.activity_table, stack.outbox_table):
        described = stack.client("dynamodb").describe_time_to_live(TableName=table)["TimeToLiveDescription"]
        assert described == {"TimeToLiveStatus": "ENABLED", "AttributeName": "expires_at_epoch_s"}


def test_the_keys_are_made_in_the_form_that_the_code_reads(running_stack: RunningStack) -> None:
    stack = running_stack.stack
    for secret in (stack.lookup_key_secret, stack.code_key_secret):
        keys = json.loads(stack.client("secretsmanager").get_secret_value(SecretId=secret)["SecretString"])
        assert keys["current"] == "1"
        assert len(keys["1"]) == 64


def test_the_stack_decrypts_what_is_encrypted_for_the_key_that_was_made_for_it(running_stack: RunningStack) -> None:
    stack = running_stack.stack
    held = stack.client("secretsmanager").get_secret_value(SecretId=stack.entry_key_secret)["SecretString"]
    message = encrypt("482913", key_id=stack.entry_key_id, certificate=stack.entry_certificate)
    assert decrypt(message, parse_keyring(held)) == "482913"
    assert "PRIVATE" not in running_stack.stack_file.read_text(encoding="utf-8")


def test_a_fact_of_no_known_type_ends_in_the_dead_letters(running_stack: RunningStack) -> None:
    stack = running_stack.stack
    fact = {
        "specversion": "1.0",
        "id": "unheard-of-1",
        "source": "wallet",
        "type": "weather.changed.v1",
        "time": "2026-11-01T08:00:00Z",
        "subject": "acct-infra-1",
        "data": {},
    }
    put(stack, "wallet", "weather.changed.v1", fact)
    letter = eventually(lambda: named(messages(stack, stack.facts_dead_letters_url), "unheard-of-1"))
    assert letter["detail"] == fact


def test_a_decision_reaches_the_reference_wallet_and_is_no_fact(running_stack: RunningStack) -> None:
    stack = running_stack.stack
    detail = {"id": "decision-infra-1", "type": "account.lock_requested.v1"}
    put(stack, "hotline", "account.lock_requested.v1", detail)
    received = eventually(lambda: named(messages(stack, stack.reference_wallet_queue_url), "decision-infra-1"))
    assert received["detail"] == detail
    # As a fact it would have been refused by now, for the queue of facts has been worked off.
    eventually(lambda: waiting(stack, stack.facts_queue_url) == 0)
    assert named(messages(stack, stack.facts_dead_letters_url), "decision-infra-1") is None


def test_the_phones_function_answers_behind_its_alias(running_stack: RunningStack) -> None:
    stack = running_stack.stack
    for _ in range(2):
        answer = stack.client("lambda").invoke(FunctionName=stack.connect_function_arn, Payload=b"{}")
        assert "FunctionError" not in answer
        assert "outcome" in json.loads(answer["Payload"].read())


def test_the_layers_are_unpacked_once_for_all_functions(running_stack: RunningStack) -> None:
    folder = running_stack.ministack.folder
    assert (folder / "layers/DependenciesLayer/boto3").is_dir()
    unpacked = [path for path in folder.glob("ministack-lambda-*/layer_*/**/*") if path.is_file()]
    assert {path.name for path in unpacked} == {"shared.pth"}


def test_the_stack_is_found_by_its_file(running_stack: RunningStack, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(FILE_VARIABLE, str(running_stack.stack_file))
    assert load() == running_stack.stack


def test_only_loopback_is_listened_on(running_stack: RunningStack) -> None:
    # On 0.0.0.0 it would answer on every address of 127/8 as well.
    with socket.socket() as probe:
        probe.settimeout(2)
        assert probe.connect_ex(("127.0.0.2", running_stack.ministack.port)) != 0


def test_nothing_of_ministack_is_left_when_it_stops() -> None:
    with MiniStack() as running:
        assert running.alive()
        folder = running.folder
        assert folder.is_dir()
    assert not running.alive()
    assert not folder.exists()
    ministack.refuse_taken(running.port)


LAUNCH_AND_DIE = """
import os, signal
from hotline_local.launcher.ministack import MiniStack
running = MiniStack()
running.start()
print(running.port, running.folder, flush=True)
os.kill(os.getpid(), signal.SIGKILL)
"""


def test_ministack_ends_with_a_launcher_that_was_killed_and_the_next_one_clears_up() -> None:
    folders = (ROOT / "local", ROOT / "layers/hotline/python")
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(map(str, folders))}
    done = subprocess.run(
        [sys.executable, "-c", LAUNCH_AND_DIE], env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == -signal.SIGKILL, done.stderr
    port, folder = done.stdout.split()
    eventually(lambda: not listens(int(port)))
    assert Path(folder).exists()
    with MiniStack():
        assert not Path(folder).exists()


def listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


# As `make run &` in a script starts it: Ctrl-C is ignored, and stays so in whatever is started from there.
IN_THE_BACKGROUND: Final = ("sh", "-c", """trap '' INT; exec "$0" "$@" """)


@pytest.mark.parametrize(
    ("ending", "wallet", "next_step"),
    [(signal.SIGINT, "prompt", "make call"), (signal.SIGTERM, "none", "docs/examples/wallet.py")],
)
def test_run_says_what_to_do_next_and_stops_everything_it_started(
    tmp_path: Path, ending: signal.Signals, wallet: str, next_step: str
) -> None:
    stack_file = tmp_path / "stack.json"
    options = ("--wallet", wallet, "--port", "0", "--pages-port", "0", "--desk-port", "0")
    process = subprocess.Popen(
        [*IN_THE_BACKGROUND, str(ROOT / "hotline"), "run", *options],
        env=os.environ | {FILE_VARIABLE: str(stack_file)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stdout is not None
        lines: list[str] = []
        while "./hotline dlq list" not in "".join(lines):
            line = process.stdout.readline()
            assert line, process.communicate()[1]
            lines.append(line)
        port = urlsplit(json.loads(stack_file.read_text(encoding="utf-8"))["endpoint"]).port
        assert port is not None
        assert listens(port)
        process.send_signal(ending)
        _, progress = process.communicate(timeout=HANGS_AFTER_S)
    finally:
        process.kill()
    assert process.returncode == 0, progress
    assert next_step in "".join(lines)
    assert "Traceback" not in progress
    assert not stack_file.exists()
    assert list((ROOT / ".local").glob(f"ministack-{port}-*")) == []
    ministack.refuse_taken(port)

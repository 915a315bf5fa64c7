"""The scan on the deployed stack: facts by the bus, a run of the state machine, and what comes of it."""

import json
import os
import subprocess
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import pytest

from hotline.contracts.schemas import parse
from hotline.kit.clock import from_text, to_text
from hotline.security.service import ACTIVITY_SHARDS
from hotline.security.settings import read_shipped_rules
from hotline.security.watch_items import cursor_key
from hotline_local.bus import put_facts
from hotline_local.commands.scan import scan, sentences, summed
from hotline_local.errors import CommandError
from hotline_local.inbox import Inbox
from hotline_local.launcher import RunningStack
from hotline_local.launcher.paths import ROOT
from hotline_local.launcher.stack import FILE_VARIABLE, Stack
from hotline_local.reference_wallet import ReferenceWallet
from tests.support.stack_calls import eventually

pytestmark = pytest.mark.slow

STREAMS: Final = [stream for stream, plan in read_shipped_rules().plans.items() if plan.rules]
"""The streams that are read."""


def attack(account: str) -> list[dict[str, Any]]:
    """An account is opened, its password replaced, a device added, and money sent, all within the last half hour."""
    since = datetime.now(UTC) - timedelta(minutes=30)

    def fact(type_: str, minute: int, data: dict[str, Any]) -> dict[str, Any]:
        at = to_text(since + timedelta(minutes=minute))
        event = {"specversion": "1.0", "id": f"{account}-{minute}", "source": "wallet", "type": f"{type_}.v1"}
        made = {**event, "time": at, "subject": account, "data": data}
        assert parse(made).subject == account
        return made

    opened = {"version": 1, "language": "en-US", "time_zone": "Asia/Shanghai", "name": "Demo", "contact_points": []}
    transfer = {
        "movement_id": f"{account}-m",
        "version": 1,
        "initiated_at": to_text(since + timedelta(minutes=20)),
        "amount": {"minor": 500_000, "currency": "CNY"},
        "instrument": {"kind": "balance"},
        "money": "debited",
    }
    return [
        fact("account.opened", 1, {**opened, "two_step": False}),
        fact("password.changed", 2, {"version": 2}),
        fact("device.registered", 10, {"device_id": f"{account}-phone"}),
        fact("transfer.succeeded", 20, transfer),
    ]


def item(stack: Stack, pk: str, sk: str) -> dict[str, Any]:
    key = {"PK": {"S": pk}, "SK": {"S": sk}}
    found = stack.client("dynamodb").get_item(TableName=stack.hotline_table, Key=key, ConsistentRead=True)
    answer: dict[str, Any] = found.get("Item", {})
    return answer


def rows_of(stack: Stack, account: str) -> int:
    found = stack.client("dynamodb").scan(TableName=stack.activity_table, ConsistentRead=True)["Items"]
    return len([row for row in found if row.get("account_id", {}).get("S") == account])


def read_through(stack: Stack) -> list[datetime]:
    """Per shard and stream the time up to which it was read, from its cursor."""
    keys = [cursor_key(shard, stream) for shard in range(ACTIVITY_SHARDS) for stream in STREAMS]
    cursors = [item(stack, key.pk, str(key.sk)) for key in keys]
    return [from_text(cursor["through"]["S"].split("#", 1)[0]) for cursor in cursors if cursor]


def come_in(stack: Stack, account: str) -> None:
    put_facts(stack, attack(account))
    eventually(lambda: rows_of(stack, account) == 4)


def test_an_attack_is_found_by_the_command_and_the_wallet_is_asked_to_hold(running_stack: RunningStack) -> None:
    stack = running_stack.stack
    account = "acct-scan-command"
    come_in(stack, account)
    command = [str(ROOT / "hotline"), "scan", "--until", datetime.now(UTC).isoformat(), "--json"]
    environment = os.environ | {FILE_VARIABLE: str(running_stack.stack_file)}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    report = json.loads(done.stdout)
    figures = {
        "rows",
        "subjects",
        "reads",
        "writes",
        "corrected",
        "withdrawn",
        "suppressed",
        "set_aside",
        "lag_minutes",
    }
    assert report.keys() == {"shards", "rules", "findings", *figures}
    assert report["rules"] == [read_shipped_rules().digest]
    assert report["shards"] == 16
    (found,) = [finding for finding in report["findings"] if finding["subject"] == account]
    assert found["rule"] == "reset_device_transfer"
    assert found["window_start"] == attack_began(stack, account, found["id"])
    (asked,) = [
        entry
        for entry in stack.client("dynamodb").scan(TableName=stack.outbox_table)["Items"]
        if entry["kind"]["S"] == "account.lock_requested" and entry["account_id"]["S"] == account
    ]
    assert asked["facts"]["M"]["cause"]["S"] == "RISK_SCORE"
    # A stack's first run reads a day by the hour; this is what the budget allows.
    hours = report["shards"] * 25 * len(STREAMS)
    assert report["reads"] <= report["rows"] * 1.1 + report["subjects"] + len(report["findings"]) + hours


def attack_began(stack: Stack, account: str, finding_id: str) -> str:
    return str(item(stack, f"ACCOUNT#{account}", f"FINDING#{finding_id}")["window_start"]["S"])


def test_a_second_run_reads_no_row_again_and_finds_nothing(running_stack: RunningStack) -> None:
    stack = running_stack.stack
    come_in(stack, "acct-scan-twice")
    first = summed(scan(stack, datetime.now(UTC)))
    assert [finding["subject"] for finding in first["findings"]].count("acct-scan-twice") == 1
    second = summed(scan(stack, datetime.now(UTC)))
    assert [finding for finding in second["findings"] if finding["subject"] == "acct-scan-twice"] == []
    assert second["reads"] <= second["rows"] * 1.1 + second["subjects"] + second["shards"] * 2 * len(STREAMS)
    # A run that ends behind every cursor, as the schedule's may, finds nothing to read.
    cursors = read_through(stack)
    assert len(cursors) == first["shards"] * len(STREAMS)
    assert summed(scan(stack, min(cursors)))["reads"] == 0
    assert read_through(stack) == cursors


def test_the_distributed_map_finds_the_same(running_stack: RunningStack) -> None:
    stack = running_stack.stack
    states = stack.client("stepfunctions")
    deployed = states.describe_state_machine(stateMachineArn=stack.scan_state_machine_arn)
    assert "${" not in deployed["definition"]
    definition = json.loads(deployed["definition"])
    definition["States"]["Plan"]["Parameters"]["map"] = "distributed"
    # MiniStack runs few functions at once and refuses the next.
    definition["States"]["ScanManyShards"]["MaxConcurrency"] = 4
    other = states.create_state_machine(
        name="scan-distributed", definition=json.dumps(definition), roleArn=deployed["roleArn"]
    )["stateMachineArn"]
    account = "acct-scan-distributed"
    come_in(stack, account)
    started = states.start_execution(stateMachineArn=other, input=json.dumps({"until": datetime.now(UTC).isoformat()}))[
        "executionArn"
    ]
    eventually(lambda: states.describe_execution(executionArn=started)["status"] != "RUNNING")
    described = states.describe_execution(executionArn=started)
    assert described["status"] == "SUCCEEDED", described.get("cause")
    shards = json.loads(described["output"])["shards"]
    assert len(shards) == 16
    assert sum(shard["report"]["rows"] for shard in shards) >= 4
    assert item(stack, f"ACCOUNT#{account}", "#LOCK")["told"]["M"].keys() == {"RISK_SCORE"}


def test_an_address_that_tries_many_accounts_is_found(running_stack: RunningStack) -> None:
    stack = running_stack.stack
    begun = datetime.now(UTC) - timedelta(minutes=5)
    tries = []
    for number in range(30):
        at = to_text(begun + timedelta(seconds=number))
        data = {"attempt_id": f"stuffed-{number}", "kind": "password", "source": {"ip": "203.0.113.77"}}
        event = {"specversion": "1.0", "id": f"stuffed-{number}", "source": "wallet", "type": "login.failed.v1"}
        tries.append({**event, "time": at, "subject": f"acct-stuffed-{number}", "data": data})
    put_facts(stack, tries)
    # A queue may deliver a fact twice, which makes a second row, and no second try.
    eventually(lambda: all(rows_of(stack, f"acct-stuffed-{number}") for number in range(30)))
    report = summed(scan(stack, datetime.now(UTC)))
    (found,) = [finding for finding in report["findings"] if finding["stream"] == "source"]
    assert found["rule"] == "credential_stuffing"
    stored = item(stack, f"SUBJECT#SRC#{found['subject']}", f"FINDING#{found['id']}")
    assert stored["facts"]["M"]["accounts_failed"]["N"] == "25"
    assert "203.0.113.77" not in json.dumps(stored)
    assert f"credential_stuffing on source {found['subject']}" in " ".join(sentences(report))


def test_a_run_in_which_shards_fail_ends_as_failed(running_stack: RunningStack) -> None:
    stack = running_stack.stack
    states = stack.client("stepfunctions")
    deployed = states.describe_state_machine(stateMachineArn=stack.scan_state_machine_arn)
    definition = json.loads(deployed["definition"])
    definition["States"]["Plan"]["Parameters"]["shards.$"] = "States.Array(0, -1)"
    task = definition["States"]["ScanShards"]["ItemProcessor"]["States"]["ScanShard"]
    task["Retry"] = []
    other = states.create_state_machine(
        name="scan-failing", definition=json.dumps(definition), roleArn=deployed["roleArn"]
    )["stateMachineArn"]
    with pytest.raises(CommandError, match="FAILED ShardFailed"):
        scan(replace(stack, scan_state_machine_arn=other))


PHONE = "+8613800990013"
SCHEDULED_WITHIN_S = 180
"""MiniStack's schedule of a minute fires for the first time after 68 seconds."""


def takeover(account: str) -> list[dict[str, Any]]:
    """A customer with a phone is taken over: two-step login off, a new device, and the balance sent away in slices."""
    opened, _, device, transfer = attack(account)
    confirmed = to_text(datetime.now(UTC) - timedelta(days=300))
    opened["data"] |= {
        "two_step": True,
        "contact_points": [{"kind": "phone", "value": PHONE, "confirmed_at": confirmed, "shared": False}],
    }
    step_off = {**device, "id": f"{account}-5", "type": "two_step.changed.v1"}
    step_off |= {"time": to_text(datetime.fromisoformat(device["time"]) - timedelta(minutes=5))}
    step_off["data"] = {"version": 2, "two_step": False}
    slices = [
        {
            **transfer,
            "id": f"{account}-slice-{number}",
            "data": {**transfer["data"], "movement_id": f"{account}-{number}", "counterparty": f"fresh-{number}"},
        }
        for number in range(3)
    ]
    return [opened, step_off, device, *slices]


def start_on_schedule(stack: Stack, until: datetime) -> str:
    """The deployed schedule once more, switched on, each minute, with runs up to a time. Its name."""
    scheduler = stack.client("scheduler")
    (deployed,) = [
        one for one in scheduler.list_schedules()["Schedules"] if one["Target"]["Arn"] == stack.scan_state_machine_arn
    ]
    asked = scheduler.get_schedule(Name=deployed["Name"], GroupName=deployed.get("GroupName", "default"))
    assert asked["State"] == "DISABLED"
    scheduler.create_schedule(
        Name="scan-each-minute",
        ScheduleExpression="rate(1 minute)",
        FlexibleTimeWindow=asked["FlexibleTimeWindow"],
        State="ENABLED",
        Target={**asked["Target"], "Input": json.dumps({"until": until.isoformat()})},
    )
    return "scan-each-minute"


def test_a_takeover_goes_the_whole_way_from_the_schedule_to_the_wallets_hold(running_stack: RunningStack) -> None:
    stack = running_stack.stack
    account = "acct-scan-whole-way"
    facts = takeover(account)
    assert [parse(fact).subject for fact in facts] == [account] * 6
    put_facts(stack, facts)
    # A transfer that names nobody's account is a row of the account and one of the party.
    eventually(lambda: rows_of(stack, account) >= 6)
    inbox, wallet = Inbox(stack.endpoint), ReferenceWallet(stack)
    wallet.start()
    name = start_on_schedule(stack, datetime.now(UTC))
    try:
        # The wallet has applied the hold that the run asked for, and said so.
        lock = eventually(lambda: applied_lock(stack, account), hangs_after_s=SCHEDULED_WITHIN_S)
        (letter, *_) = eventually(lambda: inbox.read(PHONE), hangs_after_s=SCHEDULED_WITHIN_S)
    finally:
        stack.client("scheduler").delete_schedule(Name=name)
        wallet.stop()
    assert lock["told"]["M"].keys() == lock["stops"]["M"].keys() == {"RISK_SCORE"}
    assert "A hold is being placed on your account" in letter.text
    rows = [
        row
        for row in stack.client("dynamodb").scan(TableName=stack.hotline_table, ConsistentRead=True)["Items"]
        if row.get("account_id", {}).get("S") == account or row["PK"]["S"] == f"ACCOUNT#{account}"
    ]
    (finding,) = [row for row in rows if row["SK"]["S"].startswith("FINDING#")]
    assert (finding["rule"]["S"], finding["state"]["S"]) == ("reset_device_transfer", "told")
    (case,) = [row for row in rows if row["PK"]["S"].startswith("CASE#") and row["SK"]["S"] == "CASE"]
    assert (case["topic"]["S"], case["reason"]["S"]) == ("security", "reset_device_transfer")


def applied_lock(stack: Stack, account: str) -> dict[str, Any] | None:
    """The lock of the account once the wallet has applied what it was asked for last."""
    found = item(stack, f"ACCOUNT#{account}", "#LOCK")
    return found if found and found["applied_version"] == found["version"] else None

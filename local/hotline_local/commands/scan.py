"""`./hotline scan`: one run of the scan for attacks, now."""

import argparse
import json
import time
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

from hotline_local.counts import count_things
from hotline_local.errors import CommandError
from hotline_local.subparsers import Subparsers

if TYPE_CHECKING:
    from hotline_local.launcher.stack import Stack

RUN_TIMEOUT_S: Final = 300
POLL_S: Final = 0.1
_NUMBERS: Final = ("rows", "subjects", "reads", "writes", "corrected", "withdrawn", "suppressed", "set_aside")


def register(subparsers: Subparsers) -> None:
    """Add the command."""
    parser = subparsers.add_parser(
        "scan",
        help="look for attacks in what the running hotline was told",
        description=(
            "Start the state machine of the scan and wait for its end. It reads what came in since the last run, "
            "by account, address, payee or agent, and raises findings; docs/detection.md."
        ),
    )
    parser.add_argument(
        "--until",
        type=_instant,
        metavar="T",
        help="read what came in before this time (RFC 3339, at most now); otherwise all that is older than 90 seconds",
    )
    parser.add_argument("--json", action="store_true", help="one JSON object, and nothing else")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Run the scan and print what it read and found. Raises CommandError when no stack runs, or the run fails."""
    from hotline_local.launcher.stack import load

    report = summed(scan(load(), arguments.until))
    if arguments.json:
        print(json.dumps(report))
    else:
        print("\n".join(sentences(report)))
    return 0


def scan(stack: "Stack", until: datetime | None = None) -> list[dict[str, Any]]:
    """Run the state machine once; returns the report of each shard. Raises CommandError when the run fails."""
    states = stack.client("stepfunctions")
    asked = {} if until is None else {"until": until.isoformat()}
    execution = states.start_execution(stateMachineArn=stack.scan_state_machine_arn, input=json.dumps(asked))
    deadline = time.monotonic() + RUN_TIMEOUT_S
    while True:
        described = states.describe_execution(executionArn=execution["executionArn"])
        if described["status"] == "SUCCEEDED":
            return [shard["report"] for shard in json.loads(described["output"])["shards"]]
        if described["status"] != "RUNNING" or time.monotonic() > deadline:
            raise CommandError(f"The scan did not come to its end: {described['status']} {described.get('error', '')}.")
        time.sleep(POLL_S)


def summed(reports: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """The sum over all shards of the rows read and the findings. `rules`: the digests of the sets of rules, one unless
    shards ran with different ones. `lag_minutes`: of the shard that is furthest behind."""
    numbers = {name: sum(report[name] for report in reports) for name in _NUMBERS}
    findings = [finding for report in reports for finding in report.get("findings", ())]
    return {
        "shards": len(reports),
        "rules": sorted({report["rules"] for report in reports}),
        **numbers,
        "lag_minutes": max((report["lag_minutes"] for report in reports), default=0),
        "findings": sorted(findings, key=lambda finding: finding["id"]),
    }


def sentences(report: Mapping[str, Any]) -> list[str]:
    """The report for people."""
    lines = [
        f"{count_things(report['shards'], 'shard')}, {count_things(report['rows'], 'row')} of "
        f"{count_things(report['subjects'], 'subject')}, {count_things(report['reads'], 'read')}, "
        f"{count_things(report['writes'], 'write')}."
    ]
    if len(report["rules"]) > 1:
        lines.append(f"Shards ran with different rules: {', '.join(report['rules'])}. Run it again.")
    if report["lag_minutes"]:
        lines.append(f"The oldest unread row is {count_things(report['lag_minutes'], 'minute')} old.")
    if report["corrected"] or report["withdrawn"]:
        corrected = count_things(report["corrected"], "finding")
        lines.append(f"{corrected} corrected, {report['withdrawn']} withdrawn.")
    if report["suppressed"]:
        lines.append(f"{count_things(report['suppressed'], 'finding')} suppressed.")
    if report["set_aside"]:
        aside = count_things(report["set_aside"], "subject")
        lines.append(f"{aside} set aside: a rule cannot judge them (docs/detection.md, when a run fails).")
    found = [
        f"{one['rule']} on {one['stream']} {one['subject']} from {one['window_start']} ({one['id']})"
        for one in report["findings"]
    ]
    if not report["rows"]:
        lines.append("Activity is read when it is 90 seconds old; right after a start there is nothing yet.")
    return [*lines, *(found or ["Nothing new was found."])]


def _instant(text: str) -> datetime:
    try:
        instant = datetime.fromisoformat(text)
    except ValueError:
        instant = None
    if instant is None or instant.tzinfo is None:
        raise argparse.ArgumentTypeError(f"{text!r} is no time with an offset, such as 2026-11-23T10:00:00Z")
    return instant

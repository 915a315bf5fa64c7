"""The start of each function with its first invocation, by the client that it has and by boto3, against a bare process.

A start is a whole new interpreter with bytecode, and the code and the wheels as they are shipped. It imports the
handler, makes what the function makes at its start, and handles one event. Tables are empty and on loopback. Times are
those of the processor (user and system, of the child alone), in turn in one run. The ratio to `bare` in the same round
is what to quote: a process that makes a DynamoDB client of boto3 and nothing else.

    python -m benchmarks.function_starts
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

from benchmarks.start_of_the_phone import copies
from benchmarks.stub_dynamodb import stub
from hotline_local.launcher.build import Target, build
from hotline_local.launcher.progress import Lines
from tests.support.deployed_template import Deployed

ROOT: Final = Path(__file__).parents[1]
EVENTS: Final = {
    "connect": ("ConnectFunction", "connect/start_callback.json"),
    "customer_api": ("CustomerApiFunction", "customer_api/lock_200.json"),
    "wallet_events": ("WalletEventsFunction", "wallet_events/failed_logins.json"),
    "security_scan": ("SecurityScanFunction", None),
    "deadlines": ("DeadlinesFunction", None),
    "agent_api": ("AgentApiFunction", "agent_api/hours_200.json"),
}
SHARD: Final = {"shard": 3, "run": {"until": None}}
CLIENTS: Final = ("direct", "boto3")
PARAMETERS: Final = {"AgentIssuer": "https://staff.wallet.example", "AgentAudience": "desk"}
BARE: Final = "import boto3; boto3.client('dynamodb', region_name='eu-central-1')"
FIRST: Final = """
import importlib, json, sys

class Context:
    aws_request_id = function_name = invoked_function_arn = "-"
    memory_limit_in_mb = "512"

    def get_remaining_time_in_millis(self):
        return 20_000

handler = importlib.import_module(f"functions.{sys.argv[1]}.app").handler
handler(json.load(sys.stdin), Context())
"""


def event_of(function: str) -> Any:
    """The first event of a function; tokens of its event are as old as they may be."""
    file = EVENTS[function][1]
    if file is None:
        return SHARD if function == "security_scan" else {}
    text = (ROOT / "events" / file).read_text(encoding="utf-8")
    event = json.loads(text)
    claims = event.get("requestContext", {}).get("authorizer", {}).get("jwt", {}).get("claims", {})
    now_s = int(time.time())
    for name, at_s in (("iat", now_s - 60), ("auth_time", now_s - 60), ("exp", now_s + 600)):
        if name in claims:
            claims[name] = str(at_s)
    return event


def start_ms(script: str, arguments: list[str], environment: Mapping[str, str], given: str = "") -> float:
    """Processor time of a new interpreter, in milliseconds."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(
        [sys.executable, "-S", "-B", "-c", script, *arguments],
        env=dict(environment),
        input=given,
        stdout=subprocess.DEVNULL,
        text=True,
        check=True,
    )
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return (after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime) * 1000


def measure(packages: Path, runs: int) -> dict[str, object]:
    """Medians over the rounds: of bare in milliseconds, of every function in ratios to bare."""
    deployed = Deployed(PARAMETERS)
    times: dict[str, list[float]] = {"bare": [], "empty": []}
    with TemporaryDirectory() as where, stub("--empty") as endpoint:
        folder, wheels = copies(Path(where), packages)["with"]
        shared = {
            "PYTHONPATH": os.pathsep.join([str(folder / "hotline"), str(folder), str(wheels)]),
            "PATH": os.defpath,
            "AWS_ACCESS_KEY_ID": "testing",
            "AWS_SECRET_ACCESS_KEY": "testing",
            "AWS_SESSION_TOKEN": "t" * 800,
            "AWS_DEFAULT_REGION": "eu-central-1",
            "AWS_ENDPOINT_URL": endpoint,
            "AWS_LAMBDA_FUNCTION_NAME": "bench",
        }
        for _ in range(runs):
            times["empty"].append(start_ms("pass", [], shared))
            times["bare"].append(start_ms(BARE, [], shared))
            for function, (logical_id, _) in EVENTS.items():
                settings = deployed.properties(logical_id)["Environment"]["Variables"]
                for client in CLIENTS:
                    environment = shared | {name: str(value) for name, value in settings.items()}
                    environment["STORE_CLIENT"] = client
                    given = json.dumps(event_of(function))
                    times.setdefault(f"{function}_{client}", []).append(start_ms(FIRST, [function], environment, given))
    figures: dict[str, object] = {
        "empty_ms": round(statistics.median(times["empty"]), 1),
        "bare_ms": round(statistics.median(times["bare"]), 1),
    }
    for name, taken in times.items():
        if name not in ("empty", "bare"):
            figures[f"{name}_to_bare"] = round(
                statistics.median(a / b for a, b in zip(taken, times["bare"], strict=True)), 2
            )
    return figures


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=11, help="rounds (default 11)")
    arguments = parser.parse_args()
    packages = build(Target.LOCAL, Lines()).parent / "DependenciesLayer/python"
    for name, value in measure(packages, arguments.runs).items():
        print(f"{name.replace('_', ' '):40} {value}")


if __name__ == "__main__":
    main()

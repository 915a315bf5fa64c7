"""Calls and requests to a running stack, for tests that deploy one."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from http.client import HTTPConnection
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from functions.customer_api.access import SCOPES
from hotline_local.issuer import Issuer
from hotline_local.launcher import RunningStack
from hotline_local.launcher.paths import ROOT
from hotline_local.launcher.stack import FILE_VARIABLE, Stack

WITHIN_S = 60.0
"""For what starts cold: three functions one after another, on a machine that runs other tests too."""


def eventually(found: Callable[[], Any], within_s: float = WITHIN_S) -> Any:
    """Ask again until something is found. Fails the test when time is up."""
    deadline = time.monotonic() + within_s
    while not (result := found()):
        assert time.monotonic() < deadline, "nothing came in time"
        time.sleep(0.1)
    return result


def call(running_stack: RunningStack, number: str, keys: str) -> tuple[int, list[dict[str, Any]]]:
    """Ring the hotline from the command line against the deployed stack; the exit code and the lines it printed."""
    environment = {
        **os.environ,
        FILE_VARIABLE: str(running_stack.stack_file),
        "PYTHONPATH": os.pathsep.join(str(ROOT / folder) for folder in ("local", "layers/hotline/python", ".")),
    }
    rung = ("call", "--from", number, "--target", "lambda")
    done = subprocess.run(
        [sys.executable, "-m", "hotline_local.cli", *rung, "--json", "--keys", keys],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    return done.returncode, [json.loads(line) for line in done.stdout.splitlines()]


def outcomes(lines: list[dict[str, Any]]) -> list[tuple[str, str]]:
    """Each step of a call with its outcome."""
    return [(line["step"], line["outcome"]) for line in lines if line["kind"] == "function"]


def token(stack: Stack, account_id: str, *, scopes: Sequence[str] = SCOPES, **claims: Any) -> str:
    """An access token of somebody who has just signed in."""
    issuer = Issuer(stack.issuer, Path(stack.issuer_key_file))
    return issuer.token(account_id, scopes, now=datetime.now(UTC), life=timedelta(minutes=30), **claims)


def ask(
    stack: Stack,
    method: str,
    path: str,
    *,
    bearer: str | None = None,
    body: Any = None,
    headers: Mapping[str, str] | None = None,
) -> tuple[int, Any]:
    """Send one request to the gateway; the answer's status and JSON."""
    url = urlsplit(stack.api_url)
    sent = dict(headers or {})
    if bearer is not None:
        sent["Authorization"] = f"Bearer {bearer}"
    if body is not None:
        sent["Content-Type"] = "application/json"
    connection = HTTPConnection(url.netloc, timeout=30)
    try:
        connection.request(method, url.path + path, json.dumps(body) if body is not None else None, sent)
        answer = connection.getresponse()
        return answer.status, json.loads(answer.read())
    finally:
        connection.close()

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
from hotline.kit.store import Prefix, Query, Table
from hotline_local.issuer import Issuer
from hotline_local.launcher import RunningStack
from hotline_local.launcher.paths import ROOT
from hotline_local.launcher.stack import FILE_VARIABLE, Stack

HANGS_AFTER_S = 900.0
"""Ends a test that would otherwise wait for ever. It is no measure of anything: what takes this long never comes."""
ASK_EVERY_S = 0.1


def eventually(found: Callable[[], Any], *, hangs_after_s: float = HANGS_AFTER_S) -> Any:
    """Ask again until something is found, however long the machine takes. Fails a test that hangs."""
    hangs_at = time.monotonic() + hangs_after_s
    while not (result := found()):
        assert time.monotonic() < hangs_at, "nothing came at all"
        time.sleep(ASK_EVERY_S)
    return result


def is_stored(stack: Stack, *places: tuple[str, str]) -> bool:
    """Whether each place, a partition and how a sort key begins, holds an item. Facts are taken in any order, so that
    the last one that was put says nothing of the others."""
    store = stack.hotline_store()
    return all(store.query(Query(Table.HOTLINE, pk, Prefix(begin), limit=1)).items for pk, begin in places)


def ring(running_stack: RunningStack, number: str, keys: str, *options: str) -> subprocess.Popen[str]:
    """Ring the hotline from the command line against the deployed stack, with pipes to and from it.

    The call is patient: the limits of the line are tried in process, where time is the test's own.
    """
    environment = {
        **os.environ,
        FILE_VARIABLE: str(running_stack.stack_file),
        "PYTHONPATH": os.pathsep.join(str(ROOT / folder) for folder in ("local", "layers/hotline/python", ".")),
    }
    rung = ("call", "--from", number, "--target", "lambda", "--patient", "--json", "--keys", keys, *options)
    pipe = subprocess.PIPE
    command = [sys.executable, "-m", "hotline_local", *rung]
    return subprocess.Popen(command, cwd=ROOT, env=environment, stdin=pipe, stdout=pipe, stderr=pipe, text=True)


def call(running_stack: RunningStack, number: str, keys: str) -> tuple[int, list[dict[str, Any]]]:
    """Make a whole call; the exit code and the lines it printed."""
    with ring(running_stack, number, keys) as ringing:
        try:
            printed, _ = ringing.communicate(timeout=HANGS_AFTER_S)
        except subprocess.TimeoutExpired:
            ringing.kill()
            raise
    return ringing.returncode, [json.loads(line) for line in printed.splitlines()]


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
    connection = HTTPConnection(url.netloc, timeout=HANGS_AFTER_S)
    try:
        connection.request(method, url.path + path, json.dumps(body) if body is not None else None, sent)
        answer = connection.getresponse()
        return answer.status, json.loads(answer.read())
    finally:
        connection.close()

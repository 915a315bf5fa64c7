"""The start of each function as Lambda does it. Its store is made before the first event, and no SDK is loaded for what
does without."""

from __future__ import annotations

import ast
import gc
import importlib
import json
import os
import subprocess
import sys
from typing import Any, Final
from unittest.mock import Mock

import pytest

from hotline.kit import deadline
from hotline.kit.start import FUNCTION_SETTING, begin_start, make_at_start
from hotline_local.launcher.paths import ROOT
from tests.functions.test_settings import LOGICAL_IDS
from tests.support.deployed_template import FRONT, Deployed, arn

PARAMETERS: Final = {
    "ConnectInstanceArn": arn("connect", "instance/i-1"),
    "AgentIssuer": "https://staff.wallet.example",
    "AgentAudience": "desk",
    "Backtest": "on",
    **FRONT,
}
KEYS: Final = {"AWS_ACCESS_KEY_ID": "testing", "AWS_SECRET_ACCESS_KEY": "testing", "AWS_DEFAULT_REGION": "eu-central-1"}
WITH_THE_SDK: Final = {"decisions"}
"""Every invocation puts events on the bus, which is the SDK's."""
WITHOUT_A_STORE: Final = {"backtest"}
# Powertools loads the package itself, which is small, to add its name to the SDK's requests.
START: Final = """
import gc, importlib, json, socket, sys

def refuse(*_, **__):
    raise AssertionError("a start asks nobody")

socket.socket.connect = refuse
collections = []
gc.callbacks.append(lambda phase, _: phase == "stop" and "hotline.kit.start" in sys.modules and collections.append(1))
app = importlib.import_module(sys.argv[1])
made = getattr(app, "_context_of_start", None)
print(json.dumps({
    "made": made and made.cache_info().currsize,
    "sdk": "botocore.session" in sys.modules,
    "collections": len(collections),
    "collects": gc.isenabled(),
    "frozen": gc.get_freeze_count() > 0,
}))
"""


def start(function: str, **settings: str) -> Any:
    """All that a new process of the function has made and loaded before any event."""
    given = Deployed(PARAMETERS).properties(LOGICAL_IDS[function])["Environment"]["Variables"]
    environment = {
        **{name: str(value) for name, value in given.items()},
        **KEYS,
        "PYTHONPATH": os.pathsep.join([str(ROOT / "layers/hotline/python"), str(ROOT)]),
        **settings,
    }
    script = [sys.executable, "-c", START, f"functions.{function}.app"]
    done = subprocess.run(script, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@pytest.mark.parametrize("function", LOGICAL_IDS)
def test_a_function_makes_its_store_before_the_first_event_and_asks_nobody(function: str) -> None:
    made = None if function in WITHOUT_A_STORE else 1
    started = start(function, **{FUNCTION_SETTING: function})
    assert (started["made"], started["sdk"]) == (made, function in WITH_THE_SDK)


@pytest.mark.parametrize("function", LOGICAL_IDS)
def test_garbage_is_collected_after_a_start_and_not_during_it(function: str) -> None:
    started = start(function, **{FUNCTION_SETTING: function})
    assert (started["collections"], started["collects"], started["frozen"]) == (0, True, True)


def test_elsewhere_garbage_is_collected_as_ever() -> None:
    started = start("connect")
    assert started["collections"] > 5
    assert (started["collects"], started["frozen"]) == (True, False)


def test_by_its_setting_a_function_loads_the_sdk_at_its_start() -> None:
    started = start("connect", **{FUNCTION_SETTING: "f", "STORE_CLIENT": "boto3"})
    assert (started["made"], started["sdk"]) == (1, True)


def test_elsewhere_nothing_is_made_before_it_is_needed(monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[int] = []
    make_at_start(lambda: made.append(1))
    assert made == []
    monkeypatch.setenv(FUNCTION_SETTING, "f")
    monkeypatch.setattr("hotline.kit.start.gc.freeze", Mock())
    make_at_start(lambda: made.append(1), lambda: made.append(2))
    assert made == [1, 2]


def test_garbage_is_collected_after_a_start_that_failed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(FUNCTION_SETTING, "f")
    try:
        begin_start()
        assert not gc.isenabled()
        with pytest.raises(ZeroDivisionError):
            make_at_start(lambda: 1 // 0)
        assert gc.isenabled()
    finally:
        gc.enable()


def test_every_function_ends_its_start_with_its_last_statement() -> None:
    """Otherwise its garbage would never be collected: the package lets the collector rest when it is imported."""
    last = {path.parent.name: ast.parse(path.read_text()).body[-1] for path in (ROOT / "functions").glob("*/app.py")}
    assert set(last) == set(LOGICAL_IDS)
    ends = {name: ast.unparse(statement).partition("(")[0] for name, statement in last.items()}
    assert ends == dict.fromkeys(LOGICAL_IDS, make_at_start.__name__)


class SevenSeconds:
    def get_remaining_time_in_millis(self) -> int:
        return 7_000


@pytest.mark.parametrize(
    ("door", "work"),
    [("connect", "answer"), ("customer_api", "answer_request"), ("agent_api", "answer_request")],
)
def test_a_door_at_which_somebody_waits_knows_when_its_invocation_ends(
    monkeypatch: pytest.MonkeyPatch, door: str, work: str
) -> None:
    app = importlib.import_module(f"functions.{door}.app")
    for name in ("request_from", "_context_of_start", "settings_from_environment", "_front_keys"):
        monkeypatch.setattr(app, name, Mock(), raising=False)
    monkeypatch.setattr(app, work, lambda *_: deadline.left_s())
    assert 6 < app.handler({}, SevenSeconds()) <= 7

"""A call in a terminal that is closed, or whose process is told to end, is hung up as by Ctrl-C."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from typing import Any

import pytest

from connect_sim.simulator.events import CallEvent, Place
from connect_sim.simulator.state import CallSetup
from hotline_local.contact_events import ToldCall
from hotline_local.hanging_up import ENDINGS, LastingView, hang_up_on_signals
from hotline_local.launcher.paths import ROOT


@pytest.mark.parametrize("ending", ENDINGS)
def test_a_signal_hangs_up_once_and_leaves_what_was_set_before(ending: signal.Signals) -> None:
    before = [signal.getsignal(one) for one in ENDINGS]
    with hang_up_on_signals():
        with pytest.raises(KeyboardInterrupt):
            os.kill(os.getpid(), ending)
        os.kill(os.getpid(), ending)  # while the call ends
    assert [signal.getsignal(one) for one in ENDINGS] == before


class Gone:
    """A terminal that is not there any more."""

    def show(self, _event: CallEvent) -> None:
        raise OSError(5, "Input/output error")


def test_the_end_of_a_call_is_told_also_where_its_terminal_is_gone() -> None:
    told: list[str] = []
    call = ToldCall(CallSetup("contact-1", None), LastingView(Gone()), lambda event: told.append(event["eventType"]))
    call.show(CallEvent("end", 0.0, Place("flow", "block"), {}))
    assert told == ["INITIATED", "DISCONNECTED", "COMPLETED"]


@pytest.mark.parametrize("ending", ENDINGS)
def test_a_call_by_hand_is_hung_up(ending: signal.Signals) -> None:
    environment: dict[str, Any] = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    command = [sys.executable, "-m", "hotline_local", "call", "--from", "+8613800000001", "--json"]
    with subprocess.Popen(
        command, cwd=ROOT, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as call:
        assert call.stdout is not None
        events: list[Any] = []
        for told in map(json.loads, call.stdout):
            if "kind" not in told:
                continue  # a line of the log
            events.append(told)
            if told["kind"] == "prompt":
                call.send_signal(ending)
    assert events[-1]["kind"] == "end"
    assert events[-1]["outcome"] == "hung_up"

"""A caller's talk with an agent in the terminal: its end, and the proof in its middle, by the shipped flows."""

from __future__ import annotations

import io
import os
import time
from collections.abc import Iterator, Sequence
from contextlib import nullcontext
from typing import Any

import pytest

from connect_sim.simulator.engine import Engine
from connect_sim.simulator.events import CallEvent
from connect_sim.simulator.keys import ScriptedKeys
from connect_sim.simulator.mailbox import Message
from connect_sim.simulator.seams import FunctionResult
from connect_sim.simulator.state import CallSetup, CallState
from connect_sim.simulator.views import TerminalCall
from functions.connect.envelope import request_from
from functions.connect.runner import answer
from hotline.agents import service as agents
from hotline.agents.model import Basis
from hotline.identity.model import Goal
from hotline_local.agent_talk import AgentTalk
from hotline_local.testing.memory_store import MemoryStore
from hotline_local.testing.virtual_clock import VirtualClock
from hotline_local.typed_lines import TypedLines
from tests.flows.shipped import shipped
from tests.support.agent_world import AgentWorld
from tests.support.phone import Phone
from tests.support.stores import NOON


class Seen:
    """Keeps the events that were shown."""

    def __init__(self) -> None:
        self.events: list[CallEvent] = []

    def show(self, event: CallEvent) -> None:
        self.events.append(event)

    def steps(self) -> list[tuple[str, str]]:
        return [(one.data["step"], one.data["outcome"]) for one in self.events if one.kind == "function"]


class Line:
    """The line in process, answered by the connect function itself; a call of it talks with an agent."""

    real_time = False
    start_flow = "hotline-entry"

    def __init__(self) -> None:
        self.agents = AgentWorld(MemoryStore(VirtualClock(NOON)))
        self.agents.lock_out()
        self.phone: Phone = self.agents.call_in(goal=None)
        self.basis: Basis = self.agents.take(self.phone, self.agents.token())
        self.functions = self
        self.engine = Engine(shipped(), self)
        kept = {"turn": self.phone.turn, "account_ref": self.phone.account_ref, "language": "en-US"}
        kept |= {"case_id": self.agents.case_of(self.phone), "topic": "lockout", "reason": "asked", "callback": "yes"}
        setup = CallSetup(self.phone.contact_id, self.phone.number, attributes=kept, language="en-US")
        self.state: CallState = self.engine.begin(setup, "hotline-survey")
        self.view = Seen()

    def ask_for_proof(self) -> None:
        self.agents.do(self.agents.token(), self.basis, agents.AskProof(Goal.UNLOCK))

    def find_request(self, contact_id: str) -> str | None:
        read = self.agents.store.batch_get(list(agents.proof_request_keys(contact_id=contact_id)))
        found = agents.find_proof_request(read, self.agents.clock.now(), contact_id=contact_id)
        return found.request_id if found is not None else None

    def proof(self) -> tuple[str, tuple[str, ...]]:
        seen = agents.view_proof(agents.open_request(self.agents.ctx, self.agents.token(), self.basis))
        return seen.state.value, seen.kinds

    def talk(self, lines: TypedLines, keys: Any) -> AgentTalk:
        world: Any = self
        return AgentTalk(
            "agent-1",
            self.engine,
            self.state,
            world,
            self.find_request,
            lines=lines,
            keys=keys,
            view=self.view,
            began_at_s=time.monotonic(),
        )

    # ---------------------------------------------------------------- what a call needs

    def invoke(self, *, arn: str, event: dict[str, Any], time_limit_s: float) -> FunctionResult:
        return FunctionResult(payload=answer(request_from(event), self.agents.ctx), duration_ms=50)

    def after_function(self) -> Sequence[Message]:
        return ()

    def last_code(self, *, to: str | None, newer_than: float) -> str | None:
        return self.phone.code


@pytest.fixture
def line() -> Line:
    return Line()


@pytest.fixture
def pipe() -> Iterator[tuple[TypedLines, Any]]:
    """Typed lines, and where they are typed."""
    read, written = os.pipe()
    with os.fdopen(read) as source, os.fdopen(written, "w") as typist:
        yield TypedLines(source), typist


def type_line(typist: Any, text: str) -> None:
    typist.write(f"{text}\n")
    typist.flush()


@pytest.mark.parametrize(("typed", "hangs_up"), [("\n", False), ("", False), ("!\n", True)])
def test_the_agent_hangs_up_after_the_talk_or_the_caller_does(line: Line, typed: str, hangs_up: bool) -> None:
    talk = line.talk(TypedLines(io.StringIO(typed)), ScriptedKeys(()))
    with pytest.raises(KeyboardInterrupt) if hangs_up else nullcontext():
        talk.hold()
    assert line.view.events == []


@pytest.mark.parametrize("by_hand", [False, True])
def test_the_caller_proves_themselves_while_they_talk_and_is_back_with_the_agent(
    line: Line, pipe: tuple[TypedLines, Any], monkeypatch: pytest.MonkeyPatch, *, by_hand: bool
) -> None:
    monkeypatch.setattr("hotline_local.agent_talk.LOOK_EVERY_S", 0.01)
    lines, typist = pipe
    keys: Any = TerminalCall(lines, io.StringIO()) if by_hand else ScriptedKeys(("{code}",))
    talk = line.talk(lines, keys)
    looked: list[str | None] = []

    def find(contact_id: str) -> str | None:
        """The agent asks while they talk; the keys are typed once they are wanted, and then the agent hangs up."""
        looked.append(line.find_request(contact_id))
        if len(looked) == 2:
            line.ask_for_proof()
        if len(looked) == 3 and by_hand:
            type_line(typist, "{code}")
        if len(looked) == 5:
            type_line(typist, "")
        return looked[-1]

    monkeypatch.setattr(talk, "_find_request", find)
    talk.hold()
    assert line.view.steps() == [
        ("agent_proof", "NEED_PROOF"),
        ("send_code", "SENT"),
        ("check_code", "PROVED"),
        ("choose_account", "CHOSEN"),
        ("agent_proof", "PROVED"),
    ]
    assert [event for event in line.view.events if event.kind == "end"] == []
    assert line.proof() == ("proved", ("sms",))
    assert line.agents.do(line.agents.token(), line.basis, agents.UNLOCK) == "ASKED"
    # The call goes on with what the flow has left: the next step is heard under the next turn.
    assert int(line.state.attributes["turn"]) > int(line.phone.turn)
    assert line.state.attributes["level"] == "one"


def test_a_request_that_nobody_answered_sends_the_caller_on_once(
    line: Line, pipe: tuple[TypedLines, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("hotline_local.agent_talk.LOOK_EVERY_S", 0.01)
    lines, typist = pipe
    line.ask_for_proof()
    talk, looked = line.talk(lines, ScriptedKeys(("-", "-", "-", "-", "-", "-"))), []

    def find(contact_id: str) -> str | None:
        looked.append(line.find_request(contact_id))
        if len(looked) == 3:
            type_line(typist, "")
        return looked[-1]

    monkeypatch.setattr(talk, "_find_request", find)
    talk.hold()
    assert line.view.steps().count(("send_code", "SENT")) <= 2
    assert next(step for step, _ in line.view.steps()) == "agent_proof"
    assert line.proof()[0] == "unproved"


def test_a_caller_who_hangs_up_while_they_are_asked_ends_the_talk(
    line: Line, pipe: tuple[TypedLines, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("hotline_local.agent_talk.LOOK_EVERY_S", 0.01)
    line.ask_for_proof()
    with pytest.raises(KeyboardInterrupt):
        line.talk(pipe[0], ScriptedKeys(("!",))).hold()


# ---------------------------------------------------------------- typed lines


def test_a_wait_sees_each_line_and_takes_none(pipe: tuple[TypedLines, Any]) -> None:
    lines, typist = pipe
    assert not lines.wait(0.01)
    typist.write("one\ntwo\nthr")
    typist.flush()
    for text in ("one\n", "two\n"):
        assert lines.wait(0.01)
        assert lines.readline() == text
    assert not lines.wait(0.01)
    typist.close()
    assert lines.wait(1)
    assert (lines.readline(), lines.readline()) == ("thr", "")


def test_an_input_without_a_file_has_all_of_its_lines_at_once() -> None:
    lines = TypedLines(io.StringIO("one\n"))
    assert lines.wait(60)
    assert (lines.readline(), lines.readline(), lines.isatty()) == ("one\n", "", False)

"""The talk of a simulated caller with an agent, and their proof in its middle.

Amazon Connect puts no caller back into a flow while an agent holds the call. The agent sends them on by a quick connect
(docs/flows.md, proof for an agent), to the shipped flow behind it. Here the caller is sent on as soon as the agent asks
for proof, and is back with the agent when the flow has ended.
"""

from __future__ import annotations

import sys
import uuid
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from connect_sim.simulator.events import CallEvent
from connect_sim.simulator.keys import HANG_UP, KeySource
from connect_sim.simulator.run import CallRun, CallView
from connect_sim.simulator.state import CallState, EndOutcome
from hotline_local.typed_lines import TypedLines
from hotline_local.worlds.flow_files import AGENT_TRANSFER_FLOW
from hotline_local.worlds.world import World, sends_code

if TYPE_CHECKING:
    from connect_sim.simulator.engine import Engine

LOOK_EVERY_S: Final = 1.0

type FindRequest = Callable[[str], str | None]


class AgentTalk:
    """One caller's talk with an agent who is named. `find_request` gives the id of the request for proof that waits at
    a contact; `began_at_s` is when the call began, on the clock of CallRun."""

    def __init__(
        self,
        agent: str,
        engine: Engine,
        state: CallState,
        world: World,
        find_request: FindRequest,
        *,
        lines: TypedLines,
        keys: KeySource,
        view: CallView,
        began_at_s: float,
    ) -> None:
        self._agent = agent
        self._engine = engine
        self._state = state
        self._world = world
        self._find_request = find_request
        self._lines = lines
        self._keys = keys
        self._view = view
        self._began_at_s = began_at_s
        self._seen: set[str] = set()

    def hold(self) -> None:
        """Wait until the talk is over; send the caller on for each request for proof meanwhile. Raises
        KeyboardInterrupt, as the keyboard does, when it is the caller who hangs up."""
        self._say(f"you talk with {self._agent}; Enter: they hang up, {HANG_UP}: you hang up")
        while not self._lines.wait(LOOK_EVERY_S):
            request_id = self._find_request(self._contact_id)
            if request_id is not None and request_id not in self._seen:
                self._seen.add(request_id)
                self._prove()
                self._say(f"you talk with {self._agent} again; Enter: they hang up, {HANG_UP}: you hang up")
        if self._lines.readline().strip() == HANG_UP:
            raise KeyboardInterrupt

    @property
    def _contact_id(self) -> str:
        setup = self._state.setup
        return setup.initial_contact_id or setup.contact_id

    def _prove(self) -> None:
        """Send the caller on, as a transfer does: to another contact of the same call, with its attributes. They come
        back with those that the flow has left."""
        self._say(f"{self._agent} asks for proof and sends you to the line")
        setup = self._state.setup
        sent_on = replace(
            setup,
            contact_id=str(uuid.uuid4()),
            initial_contact_id=self._contact_id,
            previous_contact_id=setup.contact_id,
            initiation_method="TRANSFER",
            language=self._state.language,
            attributes=dict(self._state.attributes),
            agent=f"{setup.instance_arn}/agent/{self._agent}",
            waiting=None,
        )
        state = self._engine.begin(sent_on, AGENT_TRANSFER_FLOW)
        run = CallRun(
            self._engine,
            state,
            keys=self._keys,
            view=_Inside(self._view),
            mailbox=self._world,
            sends=sends_code,
            began_at_s=self._began_at_s,
        )
        end = run.to_end()
        self._state.attributes.update(state.attributes)
        if end.outcome is EndOutcome.HUNG_UP:
            raise KeyboardInterrupt
        if end.detail:
            self._say(end.detail)

    def _say(self, text: str) -> None:
        with suppress(OSError):  # the terminal is gone, and the call goes on to its end
            print(f"     {text}", file=sys.stderr, flush=True)


class _Inside:
    """Shows a part of a call, of which the end is not the end of the call."""

    def __init__(self, view: CallView) -> None:
        self._view = view

    def show(self, event: CallEvent) -> None:
        """See CallView."""
        if event.kind != "end":
            self._view.show(event)

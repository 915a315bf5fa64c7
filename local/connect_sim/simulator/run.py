"""One call from ringing to its end: engine, keys and mailbox brought together."""

import time
from collections.abc import Callable
from typing import Protocol

from connect_sim.simulator.engine import Engine
from connect_sim.simulator.events import CallEvent, Place, Trace, Visit
from connect_sim.simulator.keys import CODE, HANG_UP, SILENCE, KeySource
from connect_sim.simulator.mailbox import Mailbox
from connect_sim.simulator.state import CallState, End, EndReason
from connect_sim.simulator.stubs import MissingStubError


class CallView(Protocol):
    """A view that shows a call."""

    def show(self, event: CallEvent) -> None:
        """Show one event; they come in order, the last is of kind `end`."""
        ...


def _any_function(_: CallEvent) -> bool:
    return True


class CallRun:
    """Runs one call to its end.

    `mailbox` is None for a call against canned answers: then there are no messages and no `{code}`. `sends` tells of an
    event of kind `function` whether that function may have sent a code. `seconds` is a clock, used only when the
    mailbox says that functions run in real time. `began_at_s` is when the call began on it, where that was before this
    run. `visits` are the blocks that were left so far.
    """

    def __init__(
        self,
        engine: Engine,
        state: CallState,
        *,
        keys: KeySource,
        view: CallView,
        mailbox: Mailbox | None = None,
        sends: Callable[[CallEvent], bool] = _any_function,
        seconds: Callable[[], float] = time.monotonic,
        began_at_s: float | None = None,
    ) -> None:
        self._engine = engine
        self._state = state
        self._keys = keys
        self._view = view
        self._mailbox = mailbox
        self._sends = sends
        self._seconds = seconds
        self._began_at_s = seconds() if began_at_s is None else began_at_s
        self._sent_at_s = 0.0
        self.visits: list[Visit] = []

    def to_end(self) -> End:
        """Run until the call is over, and say how it ended. An interrupt from the keyboard hangs up."""
        try:
            while self._state.end is None:
                if self._state.waiting is None:
                    self._step()
                else:
                    self._take_keys()
        except KeyboardInterrupt:
            if self._state.end is None:
                self._show(self._engine.hang_up(self._state))
        except MissingStubError as error:
            self._fail(str(error))
        if self._state.end is None:
            raise AssertionError("A call stopped without an end.")
        return self._state.end

    def _step(self) -> None:
        started_at_s = self._now_s()
        trace = self._engine.step(self._state)
        self._show(trace)
        for event in trace.events:
            if event.kind == "function":
                if self._sends(event):
                    self._sent_at_s = started_at_s
                self._show_messages(event.place)

    def _take_keys(self) -> None:
        request = self._state.waiting
        keys = self._keys.next_keys(request) if request else None
        if keys is None:
            self._show(self._engine.give_up(self._state, End(EndReason.KEYS_OUT)))
        elif keys == HANG_UP:
            self._show(self._engine.hang_up(self._state))
        elif keys == SILENCE or CODE not in keys:
            self._show(self._engine.answer(self._state, keys))
        else:
            self._type_code()

    def _type_code(self) -> None:
        request = self._state.waiting
        if request is not None and request.menu:
            self._fail("This menu asked for no code: {code} belongs to the block that asks for one.")
            return
        caller = self._state.setup.customer_number
        code = self._mailbox.last_code(to=caller, newer_than=self._sent_at_s) if self._mailbox else None
        if code is None:
            self._fail("No message with a code came for this caller.")
            return
        # Read before it is typed: on a deployed stack it may have come after the function that sent it.
        self._show_messages(Place(self._state.frame.flow, self._state.frame.block))
        self._show(self._engine.answer(self._state, code, secret=True))

    def _fail(self, problem: str) -> None:
        frame = self._state.frame
        data = {"error": "failed", "cause": problem, "edge": None}
        self._show(Trace([CallEvent("error", self._state.at_s, Place(frame.flow, frame.block), data)]))
        self._show(self._engine.give_up(self._state, End(EndReason.FAILED, detail=problem)))

    def _show_messages(self, place: Place) -> None:
        for message in self._mailbox.after_function() if self._mailbox else ():
            data = {
                "channel": message.channel,
                "to": message.to,
                "text": message.text,
                "at": message.at.isoformat(),
            }
            self._show(Trace([CallEvent("message", self._state.at_s, place, data)]))

    def _show(self, trace: Trace) -> None:
        self.visits += trace.visits
        real_time = self._mailbox is not None and self._mailbox.real_time
        for event in trace.events:
            at_s = self._now_s() if real_time else event.at_s
            self._view.show(CallEvent(event.kind, at_s, event.place, event.data))

    def _now_s(self) -> float:
        if self._mailbox is not None and self._mailbox.real_time:
            return round(self._seconds() - self._began_at_s, 3)
        return self._state.at_s

"""All that the rules remember of one subject, folded over its events in the order in which they happened. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from .detectors import Event, History, Hit, Signal, State, Stream
from .detectors.history import CHANGED_SIGNAL, FAILED_SIGNAL, LOST_SIGNAL, UNDONE_SIGNAL, PartyHistory
from .detectors.rule import NO_HITS
from .rules import SIGNALS_BY_PREFIX, Listener, Plan, Rule
from .score import Risk, decay_risk, judge_account, judge_party

_UNREAD: Final = History()
"""Sources and agents have no history of money."""
type Seen = tuple[Rule, Hit]
NOTHING: Final[tuple[Seen, ...]] = ()
_LEFT: Final = Signal.MONEY_LEFT.value
_TWOFOLD: Final = frozenset({CHANGED_SIGNAL, LOST_SIGNAL})


class Fold:
    """The memory of the rules about one subject. The same events in the same order give the same memory.

    `risk` is that of the event that was weighed last; None unless money left. An account has all parts but the
    party's, and a party has that part alone.
    """

    __slots__ = (
        "_by_signal",
        "_left_by_kind",
        "_plan",
        "_read",
        "_signal",
        "_states",
        "alarms",
        "history",
        "peak",
        "peak_risk",
        "risk",
    )

    def __init__(self, plan: Plan, stored: Mapping[str, Any] | None = None) -> None:
        self._plan = plan
        self._by_signal, self._left_by_kind = plan.by_signal, plan.left_by_kind
        self._signal: str | None = None
        self._states: list[State | None] = [None] * len(plan.numbered)
        """The memories of the rules, by their numbers."""
        self.alarms: dict[str, list[int]] = {}
        """The name of a rule to [beginning, end] of its last hit that holds."""
        self.peak: list[float] = []
        """[risk, time] of the movement that makes the account's risk; empty before the first."""
        self.risk: Risk | None = None
        self.peak_risk: Risk | None = None
        """The parts of the peak; None when it was there before the events that were taken in."""
        known = None
        if stored:
            known = stored.get("history")
            self._read_stored(stored)
        self.history: History | PartyHistory = _UNREAD
        self._read: Callable[[str, int, Mapping[str, Any]], str | None] | None = None
        if plan.history is not None:
            self.history = plan.history(known)
            self._read = self.history.take

    def _read_stored(self, stored: Mapping[str, Any]) -> None:
        """Take what was stored of rules that are there. The memory of a rule that is off, or of another version or
        other limits, is dropped."""
        states: Mapping[str, State] = stored.get("states", {})
        self._states = [states.get(rule.name) for rule in self._plan.numbered]
        alarms: Mapping[str, list[int]] = stored.get("alarms", {})
        self.alarms = {name: alarm for name, alarm in alarms.items() if name in self._plan.rules}
        self.peak = stored.get("peak", [])

    @property
    def states(self) -> dict[str, State]:
        """The memories of the rules, by their names. A rule that remembers nothing is not there."""
        return {rule.name: state for rule, state in zip(self._plan.numbered, self._states, strict=True) if state}

    def store(self) -> dict[str, Any]:
        """The stored form, a JSON value."""
        stored: dict[str, Any] = {"states": self.states}
        if self.history is _UNREAD:
            return stored
        if self.alarms:
            stored["alarms"] = self.alarms
        if self.peak:
            stored["peak"] = self.peak
        return {**stored, "history": self.history.store()}

    def take(self, event: Event) -> Sequence[Seen]:
        """Take in the next event, and weigh it. Returns what the rules have seen with it."""
        seen = self.judge(event)
        self.weigh(event.at_ms)
        return seen

    def judge(self, event: Event) -> Sequence[Seen]:
        """Take in the next event and leave its risk to `weigh`, for whoever does not ask for the risk of each. Returns
        what the rules have seen with it."""
        type_, read = event.type, self._read
        signal = type_ if read is None else read(type_, event.at_ms, event.values)
        self._signal = signal
        if signal is None:
            return NOTHING
        if signal == _LEFT:
            listeners = self._left_by_kind[event.values["kind"]]
        else:
            found = self._by_signal.get(signal)
            if found is None:
                if signal in _TWOFOLD:
                    return self._judge_both(signal, event)
                signal = SIGNALS_BY_PREFIX.get(signal[: signal.find(".") + 1], signal)
                found = self._by_signal.get(signal, ())
            listeners = found
        return self._tell(listeners, signal, event)

    def _judge_both(self, signal: str, event: Event) -> Sequence[Seen]:
        """Judge a movement that is taken back first, and then is one that has left, or has failed."""
        seen = [*self._tell(self._by_signal.get(UNDONE_SIGNAL, ()), UNDONE_SIGNAL, event)]
        if signal == CHANGED_SIGNAL and isinstance(self.history, History):
            self.history.count_left(event.at_ms, event.values)
            # A rule that takes nothing back has counted the movement, and would count it again.
            undoing = {number for number, *_ in self._by_signal.get(UNDONE_SIGNAL, ())}
            listeners = tuple(one for one in self._left_by_kind[event.values["kind"]] if one[0] in undoing)
            self._signal = _LEFT
        else:
            listeners = self._by_signal.get(FAILED_SIGNAL, ())
            self._signal = FAILED_SIGNAL
        return [*seen, *self._tell(listeners, self._signal, event)]

    def _tell(self, listeners: Sequence[Listener], signal: str, event: Event) -> Sequence[Seen]:
        """Tell an event to the rules that listen to it. Returns what they have seen with it."""
        history, states = self.history, self._states
        seen: list[Seen] | None = None
        # Most rules remember nothing of most subjects. All of them get the same empty memory until one begins its own.
        blank: State = {}
        for number, step, limits, wakes in listeners:
            state = states[number]
            if not state:
                if not wakes:
                    continue
                state = blank
            hits = step(state, signal, event, history, limits)
            if blank:
                states[number], blank = blank, {}
            if hits is not NO_HITS:
                seen = [] if seen is None else seen
                rule = self._plan.numbered[number]
                for hit in hits:
                    seen.append((rule, hit))
                    self._note(rule.name, hit)
        return NOTHING if seen is None else seen

    def weigh(self, at_ms: int) -> None:
        """Work out the risk of the event that was judged last, at its time. That of the account follows from the events
        that were weighed."""
        plan, history = self._plan, self.history
        if self._signal != _LEFT:
            self.risk = None
            return
        weights = plan.weights
        if isinstance(history, PartyHistory):
            self.risk = judge_party(history, at_ms, weights)
            return
        self.risk = risk = judge_account(history, at_ms, self._finding_level(at_ms) if self.alarms else 0.0, weights)
        total, peak = risk.total, self.peak
        # The bound is a straight line below the curve of decay. Most movements stay below it and cost no power.
        if not peak or (
            total >= peak[0] * (1.0 - 0.7 * (at_ms - peak[1]) / weights.risk_half_life_ms)
            and total >= self.account_risk(at_ms)
        ):
            self.peak, self.peak_risk = [total, at_ms], risk

    def account_risk(self, at_ms: int) -> float:
        """The risk of the account at a moment, from 0 to RISK_MAX: the decayed maximum of its movements' risks."""
        return decay_risk(self.peak[0], round(self.peak[1]), at_ms, self._plan.weights) if self.peak else 0.0

    def _note(self, name: str, hit: Hit) -> None:
        if self._plan.stream is not Stream.ACCOUNT:
            return
        if not hit.withdrawn:
            # A correction of an older finding says nothing of the newer one.
            if name not in self.alarms or hit.started_ms >= self.alarms[name][0]:
                self.alarms[name] = [hit.started_ms, hit.ended_ms]
        elif name in self.alarms and self.alarms[name][0] == hit.started_ms:
            del self.alarms[name]

    def _finding_level(self, at_ms: int) -> float:
        level, levels, half_life_ms = 0.0, self._plan.levels, self._plan.weights.findings_half_life_ms
        for name, (_, ended_ms) in self.alarms.items():
            level = max(level, levels[name] * 0.5 ** ((at_ms - ended_ms) / half_life_ms))
        return level

"""How a subject's watch takes in what happened, in whatever order it comes. Pure.

Rules judge events in the order in which they happened. The watch has settled what is older than a fact may be late, and
keeps the younger events. An event that comes in order is one step. One that comes late is put in its place, and the
younger events are judged again. So the final findings depend on the events alone: the order of arrival, the size of
pages, crashes and repetitions change nothing.
"""

from __future__ import annotations

import json
from bisect import insort
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from .detectors import Event, Hit, Place, Signal, Stream
from .fold import Fold
from .rules import Plan, Rule

LATENESS_MS: Final = 24 * 3_600_000
"""How late an event may come and still be judged. A later one is not judged."""
PENDING_MAX: Final = 200
"""So many young events are kept. In a flood the oldest are settled early, and what comes late to them is not judged."""
STANDING_MAX: Final = 8
"""So many settled hits are known with what they say, the latest ones. A pattern that goes on after more of them counts
as a new one."""

_LOGIN: Final = Signal.LOGIN_SUCCEEDED.value

type HitKey = tuple[str, int]
"""The name of a rule's memory and the beginning of the pattern."""


@dataclass(frozen=True, slots=True)
class Raised:
    """A finding as the watch knows it: the rule that found it, and what it saw last. `evidence`: the events that it
    names, by their ids, as far as they were at hand."""

    rule: Rule
    hit: Hit
    evidence: Mapping[str, Event] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Changes:
    """The changes that rows bring about in the findings of a subject. `raised` are new, or are here again. `corrected`
    saw more or less than they said. `withdrawn` do not hold any more."""

    raised: tuple[Raised, ...] = ()
    corrected: tuple[Raised, ...] = ()
    withdrawn: tuple[Raised, ...] = ()

    def __len__(self) -> int:
        return len(self.raised) + len(self.corrected) + len(self.withdrawn)


class Watch:
    """The memory of the scan about one subject.

    `applied_to` is the position of the last row that was taken in. `newest_ms` is the time of the newest event that was
    taken in since the watch was read, 0 without any.
    """

    __slots__ = (
        "_base",
        "_begun",
        "_begun_text",
        "_done",
        "_evidence",
        "_has_changed",
        "_horizon",
        "_is_ahead",
        "_known",
        "_pending",
        "_plan",
        "_rules",
        "_seen",
        "_settled",
        "_settled_text",
        "_standing",
        "_tip",
        "_told",
        "applied_to",
        "newest_ms",
    )

    def __init__(self, plan: Plan, stored: Mapping[str, Any] | None = None) -> None:
        stored = stored or {}
        self._plan = plan
        self._rules = plan.rules
        self.applied_to: str = stored.get("applied_to", "")
        self._horizon: Place = tuple(stored.get("horizon", (0, 0, "")))
        self._pending = [Event(*fields) for fields in stored.get("pending", ())]
        self._known = {event.id: event for event in self._pending}
        self._evidence: dict[HitKey, dict[str, Event]] = {}
        self._settled: Fold | None = None
        self._settled_text: str = stored.get("settled", "{}")
        # The memory at the tip is judged anew from the pending events: stored, it would make most watches two write
        # units. `_seen` has what these events show. So a rule that is new since then raises nothing about them.
        self._tip = Fold(plan, json.loads(self._settled_text))
        for event in self._pending:
            self._tip.take(event)
        # An empty memory is written like any other, so a fresh watch that stays empty is no change.
        is_fresh = "settled" not in stored
        self._begun_text = _write(self._tip) if self._pending or is_fresh else self._settled_text
        self.newest_ms = 0
        self._is_ahead = False
        self._has_changed = False
        # `_standing`: settled hits. `_seen`: what the pending events have shown. `_base`: the settled form of hits that
        # pending events have changed. `_done`: hits that were settled since the watch was read. `_told`: `_seen` as the
        # findings have it. `_begun`: what a run has told that ended before it could store the watch.
        self._standing = self._read_hits(stored.get("standing", ()))
        self._seen = self._read_hits(stored.get("seen", ()))
        self._base = self._read_hits(stored.get("base", ()))
        self._done: dict[HitKey, Hit] = {}
        self._begun = self._read_hits(stored.get("begun", ()))
        self._told = {**self._seen, **self._begun}
        for name, started_ms, events in stored.get("named", ()):
            self._evidence[name, started_ms] = {fields[0]: Event(*fields) for fields in events}
        for key, hit in self._seen.items():
            self._keep_evidence(key, hit)

    @property
    def fold(self) -> Fold:
        """The memory of the rules as of the newest event."""
        return self._tip

    @property
    def pending(self) -> Sequence[Event]:
        """The younger events, which the watch keeps."""
        return self._pending

    def store(self) -> dict[str, Any]:
        """The stored form: a JSON value, in which the settled memory of the rules is a text of its own."""
        settled = self._settled_text if self._settled is None else _write(self._settled)
        stored: dict[str, Any] = {"applied_to": self.applied_to, "horizon": self._horizon, "settled": settled}
        if self._pending:
            stored["pending"] = _write_events(self._pending)
        if self._seen:
            stored["seen"] = _write_hits(self._seen)
        if named := self._store_evidence():
            stored["named"] = named
        if self._base:
            stored["base"] = _write_hits(self._base)
        if self._standing:
            stored["standing"] = _write_hits(self._standing)
        return stored

    def store_begun(self, told: Iterable[Raised]) -> dict[str, Any]:
        """The stored form of the watch with what its findings say beyond it. A run tells a part of the changes before
        the watch has moved. If it ends then, another run may see other changes, since more events have come."""
        begun = self._begun | {(one.rule.name, one.hit.started_ms): one.hit for one in told}
        return {**self.store(), "begun": _write_hits(begun)}

    def take(self, position: str, arrived_ms: int, event: Event) -> None:
        """Take in a row, in the order of positions. A row up to `applied_to` is known. An event that came before only
        moves `applied_to`."""
        if position <= self.applied_to:
            return
        self.applied_to = position
        if event.id in self._known:
            return
        pending = self._pending
        if is_too_late(arrived_ms, event) or event.place <= self._horizon:
            return
        # Before the event is judged: what is at hand for its findings must not depend on rows that kept no watch.
        self._settle_before(arrived_ms - LATENESS_MS)
        self._known[event.id] = event
        self.newest_ms = max(self.newest_ms, event.at_ms)
        self._is_ahead = self._is_ahead or event.at_ms > arrived_ms
        if pending and event.at_ms <= pending[-1].at_ms and event.place < pending[-1].place:
            insort(pending, event, key=_place_of)
            self._judge_again(event)
        else:
            pending.append(event)
            self._note(self._tip.take(event))
            # Looked at after each event: the next one may hide the change.
            self._has_changed = self._has_changed or _write(self._tip) != self._begun_text
        if len(pending) > PENDING_MAX:
            self._settle(len(pending) - PENDING_MAX)

    def recall(self, rows: Iterable[tuple[int, Event]]) -> None:
        """Put back events that were taken in before and not kept (see `matters`), each with its arrival in ms. A late
        one may belong between them. Events that the watch has are passed over."""
        recalled = False
        for arrived_ms, event in rows:
            is_history = is_too_late(arrived_ms, event) or event.place <= self._horizon
            if not is_history and event.id not in self._known:
                self._known[event.id] = event
                insort(self._pending, event, key=_place_of)
                recalled = True
        if recalled:
            self._judge_again()

    def matters(self) -> bool:
        """Whether the watch must be kept as it is now. It need not when each event left the history and the memory of
        every rule as they were. Such events change nothing about those after them. Only one that comes late may need
        them: see `recall`. An event ahead of its arrival is kept, or `recall` would not find it. One that changed the
        memory at its place is kept, also where younger events hide the change. It may be history, or out of the reach
        of `recall`, when a late one needs it."""
        if self._is_ahead or self._has_changed or len(self.changes()) > 0:
            return True
        return _write(self._tip) != self._begun_text

    def changes(self) -> Changes:
        """The changes in the findings since the watch was read."""
        now = {**self._done, **self._seen}
        raised: list[Raised] = []
        corrected: list[Raised] = []
        withdrawn: list[Raised] = []
        # A settled hit, of which a run has told something else, stands as it was where no event changes it any more.
        now |= {key: self._standing[key] for key in self._begun if key not in now and key in self._standing}
        for key, hit in sorted(now.items()):
            told = self._told.get(key)
            was_live, is_live = told is not None and not told.withdrawn, not hit.withdrawn
            one = Raised(self._rules[key[0]], hit, self._evidence.get(key, {}))
            if is_live and not was_live:
                raised.append(one)
            elif was_live and not is_live:
                withdrawn.append(one)
            elif is_live and hit != told:
                corrected.append(one)
        for key, told in sorted(self._told.items()):
            if key not in now and not told.withdrawn:
                withdrawn.append(Raised(self._rules[key[0]], told._replace(withdrawn=True)))
        return Changes(tuple(raised), tuple(corrected), tuple(withdrawn))

    def _judge_again(self, late: Event | None = None) -> None:
        """Judge the pending events anew, of which one may be `late`."""
        self._tip = Fold(self._plan, json.loads(_write(self._settled_fold())))
        self._seen = dict(self._base)
        for event in self._pending:
            before = _write(self._tip) if event is late else ""
            self._note(self._tip.take(event))
            self._has_changed = self._has_changed or (event is late and _write(self._tip) != before)
        # A settled hit that no pending event changes any more stands as it was.
        for key in [key for key in self._base if self._seen[key] == self._base[key]]:
            self._done[key] = self._seen.pop(key)
            del self._base[key]

    def _note(self, found: Iterable[tuple[Rule, Hit]]) -> None:
        for rule, hit in found:
            key = (rule.name, hit.started_ms)
            if key not in self._seen and (settled := self._settled_form(key, hit)) is not None:
                # The hit is settled and stands as a finding, which a pending event changes or takes back.
                self._base[key] = settled
                if key not in self._done:
                    self._told.setdefault(key, settled)
            self._seen[key] = hit
            self._keep_evidence(key, hit)

    def _keep_evidence(self, key: HitKey, hit: Hit) -> None:
        """Keep the events that a finding names, as far as they are at hand when one of them is judged. So it does not
        matter where a run ends. A finding about an address names logins of its whole time."""
        known, kept = self._known, self._evidence.setdefault(key, {})
        kept |= {name: known[name] for name in hit.event_ids if name in known}
        if self._plan.stream is Stream.SOURCE:
            logins = (event for event in self._pending if event.type == _LOGIN)
            kept |= {event.id: event for event in logins if hit.started_ms <= event.at_ms <= hit.ended_ms}

    def _settled_form(self, key: HitKey, hit: Hit) -> Hit | None:
        if key in self._standing or not hit.withdrawn:
            return self._standing.get(key)
        # A hit that is taken back was there, also where it is not among the latest.
        return hit._replace(withdrawn=False)

    def _store_evidence(self) -> list[list[Any]]:
        """The stored form of settled events of hits that are taken back. A late event may bring such a hit back, and no
        finding keeps its events."""
        gone: list[list[Any]] = []
        for key in (key for key, hit in self._seen.items() if hit.withdrawn):
            kept = [event for name, event in self._evidence.get(key, {}).items() if name not in self._known]
            if kept:
                gone.append([*key, _write_events(kept)])
        return gone

    def _settle_before(self, oldest_ms: int) -> None:
        """Let pending events that happened before a moment become history."""
        count = 0
        for event in self._pending:
            if event.at_ms >= oldest_ms:
                break
            count += 1
        if count:
            self._settle(count)

    def _settle(self, count: int) -> None:
        """Let the oldest pending events become history. Their hits are final."""
        settled = self._settled_fold()
        for event in self._pending[:count]:
            self._known.pop(event.id, None)
            for rule, hit in settled.take(event):
                key = (rule.name, hit.started_ms)
                self._standing.pop(key, None)
                if not hit.withdrawn:
                    self._standing[key] = hit
                if self._seen.get(key, hit) != hit:
                    # Younger events have changed it further, and may still be judged anew.
                    self._base[key] = hit
                    continue
                self._base.pop(key, None)
                self._seen.pop(key, None)
                self._done[key] = hit
        if len(self._standing) > STANDING_MAX:
            for key in list(self._standing)[:-STANDING_MAX]:
                del self._standing[key]
        self._horizon = self._pending[count - 1].place
        del self._pending[:count]

    def _settled_fold(self) -> Fold:
        if self._settled is None:
            self._settled = Fold(self._plan, json.loads(self._settled_text))
        return self._settled

    def _read_hits(self, stored: Iterable[Any]) -> dict[HitKey, Hit]:
        return {
            (name, started_ms): Hit(started_ms, ended_ms, facts, tuple(event_ids), bool(withdrawn))
            for name, started_ms, ended_ms, facts, event_ids, withdrawn in stored
            if name in self._rules
        }


def is_too_late(arrived_ms: int, event: Event) -> bool:
    """Whether an event came later than LATENESS_MS after it happened, so that it is not judged."""
    return arrived_ms - event.at_ms > LATENESS_MS


def _place_of(event: Event) -> Place:
    return event.place


def _write(fold: Fold) -> str:
    return json.dumps(fold.store(), separators=(",", ":"))


def _write_events(events: Iterable[Event]) -> list[list[Any]]:
    return [[event.id, event.at_ms, event.type, event.values] for event in events]


def _write_hits(hits: Mapping[HitKey, Hit]) -> list[list[Any]]:
    return [
        [name, hit.started_ms, hit.ended_ms, hit.facts, hit.event_ids, int(hit.withdrawn)]
        for (name, _), hit in hits.items()
    ]

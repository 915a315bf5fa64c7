"""The run of the rules over the lines of a history, or over the share of it that one worker has.

Every worker reads all lines and judges the subjects whose hash is its own. So the lines need no second copy, and what
is known of a subject does not depend on how many workers there are.
"""

from __future__ import annotations

import gc
import json
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import chain
from pathlib import Path
from typing import Final
from zlib import crc32

from hotline.security.detectors import Event, Signal, Stream
from hotline.security.fold import Fold, Seen
from hotline.security.rules import SIGNALS_BY_PREFIX, RuleSet

from .figures import Figures
from .labels import Labels
from .ledger import Ledger
from .lines import BadLine
from .movements import Pair, Received
from .needs import list_values
from .ordering import Placed
from .reader import WORD_TYPES, Reader
from .recent import RecentIds
from .risk import rate_movement
from .subjects import AWAKE_MAX, Subjects

DAY_MS: Final = 24 * 3_600_000
LABELS: Final = frozenset({Signal.FRAUD_CONFIRMED.value, Signal.FRAUD_RETRACTED.value})
"""The types of the events that say of a movement whether it was fraud."""
LOGGED_IN: Final = Signal.LOGIN_SUCCEEDED.value


@dataclass(frozen=True, slots=True)
class Share:
    """The part of all subjects that a worker judges: those whose hash leaves `index` when divided by `count`."""

    index: int = 0
    count: int = 1

    def has(self, subject: str) -> bool:
        """Whether the subject is one of this share."""
        return self.count == 1 or share_of(subject, self.count) == self.index


def share_of(subject: str, count: int) -> int:
    """The share of a subject, of so many."""
    return crc32(subject.encode()) % count


@dataclass(frozen=True, slots=True)
class Scope:
    """The events that count: from `since_ms` to before `until_ms`. Earlier ones only teach the rules."""

    since_ms: int = 0
    until_ms: int = 1 << 62
    ranked: bool = False
    """Movements are noted, so that they can be ranked."""
    labelled: frozenset[str] = frozenset()
    """The ids of events that have labels of their own."""
    compromised: frozenset[str] = frozenset()
    """The accounts that have a label of fraud, of whatever time."""
    labelled_movements: frozenset[str] = frozenset()
    """The ids of movements that have labels of their own."""
    labelled_accounts: frozenset[str] = frozenset()
    """The accounts that have a label."""

    @classmethod
    def of(cls, labels: Labels | None, *, ranked: bool, since_ms: int = 0, until_ms: int = 1 << 62) -> Scope:
        """The scope of a run with labels or without; with labels everything is ranked."""
        if labels is None:
            return cls(since_ms, until_ms, ranked=ranked)
        compromised = frozenset(labels.fraudulent_accounts())
        return cls(
            since_ms,
            until_ms,
            ranked=True,
            labelled=frozenset(labels.events),
            compromised=compromised,
            labelled_movements=frozenset(labels.movements),
            labelled_accounts=frozenset(labels.accounts),
        )

    def has(self, at_ms: int) -> bool:
        """Whether a moment lies in the period: the one rule for events, movements, accounts and findings."""
        return self.since_ms <= at_ms < self.until_ms


WAITING_MAX: Final = 32_768
"""So many events are read before they are judged, each subject's in a row. Long stretches of one kind of work suit
Python and the processor. A run takes three quarters of the time, also where each subject has one event."""


@dataclass(slots=True)
class _Shelf:
    """A stream as the engine has it."""

    subjects: Subjects | None
    """The memories of its subjects; None where nobody asks for them."""
    missing: tuple[str, ...]
    """The values that some rule needs and that no event has had."""
    waiting: dict[str, list[Event]] = field(default_factory=dict)
    """The events that are not judged yet, by subject."""


class Engine:
    """The rules at work. `figures` are those of the lines until now."""

    def __init__(
        self,
        rules: RuleSet,
        ledger: Ledger,
        folder: Path,
        *,
        share: Share | None = None,
        scope: Scope | None = None,
        awake_max: int = AWAKE_MAX,
    ) -> None:
        self._ledger = ledger
        self._share = share or Share()
        self._scope = scope or Scope()
        # The engine asks for these at each event.
        self._is_shared = self._share.count > 1
        self._is_ranked = self._scope.ranked
        self._is_labelled = bool(
            self._scope.labelled or self._scope.labelled_movements or self._scope.labelled_accounts
        )
        self._reader = Reader()
        self._read_event = self._reader.split
        self._is_known = RecentIds().is_known
        self._subjects: dict[Stream, Subjects] = {
            stream: Subjects(plan, folder / f"asleep-{stream.value}-{self._share.index}", awake_max=awake_max)
            for stream, plan in rules.plans.items()
            if plan.rules or stream is Stream.ACCOUNT or (self._scope.ranked and stream is Stream.PARTY)
        }
        self._shelves = {
            stream: _Shelf(
                self._subjects.get(stream), tuple(list_values(rule.detector for rule in plan.rules.values()))
            )
            for stream, plan in rules.plans.items()
        }
        self._waiting_count = 0
        self._met: set[str] = set()
        """Some of the accounts that are known to have an event in the period."""
        self._day_end_ms = 0
        self._last_ms = 0
        self._today: dict[str, int] = {}
        """The types of the events of the day that ends at `_day_end_ms`. The events before the period are one day."""
        self.figures = Figures()

    def run(self, lines: Iterable[Placed]) -> Figures:
        """Judge the lines, which come by time. Raises what reading them raises."""
        self._run(lines)
        figures = self.figures
        self._end_day()
        figures.untouched, figures.set_aside = self._reader.untouched, self._reader.set_aside
        figures.missing = {stream.value: {*shelf.missing} for stream, shelf in self._shelves.items()}
        return figures

    def close(self) -> None:
        """Let the memories of subjects go."""
        for subjects in self._subjects.values():
            subjects.close()

    def _run(self, lines: Iterable[Placed]) -> None:
        until_ms, keep, split = self._scope.until_ms, self._keep, self._split
        # Nearly all events have a millisecond of their own.
        last: Placed | None = None
        others: list[Placed] = []
        for placed in lines:
            if last is not None:
                if placed[0] == last[0]:
                    others.append(placed)
                    continue
                if others:
                    keep(self._split_all([last, *others]))
                    others = []
                else:
                    keep(split(last))
            if placed[0] >= until_ms:
                last = None
                self._pass_over(chain((placed,), lines))
                break
            last = placed
        if last is not None:
            keep(self._split_all([last, *others]))
        self._judge_waiting()
        self._ledger.flush()

    def _pass_over(self, lines: Iterable[Placed]) -> None:
        """Read the lines behind the end, which count for nothing: one may still be out of order, and an earlier one
        come after it. Labels of them are no mistake of whoever labels."""
        if not self._is_labelled:
            deque(lines, maxlen=0)
            return
        for at_ms, _, _, (_, id_, type_, subject, data) in lines:
            if self._share.has(subject):
                movement_id = data.get("movement_id") if type_.partition(".")[0] in _MOVEMENTS else None
                self._note_outside(id_, subject, movement_id if isinstance(movement_id, str) else None, at_ms)
                if subject in self._scope.labelled_accounts:
                    self._ledger.note_met_outside(subject, is_later=True)

    def _split_all(self, group: list[Placed]) -> Sequence[Pair]:
        """The events of one millisecond as the streams have them. Their order in the file means nothing."""
        # A label looks for its movement among those before it.
        group.sort(key=_name_of)
        if len({placed[3][1::2] for placed in group}) < len(group):
            # Of two different events under one id of one account the first one counts.
            group.sort(key=_content_of)
        return sorted((pair for placed in group for pair in self._split(placed)), key=_place_of)

    def _keep(self, pairs: Sequence[Pair]) -> None:
        """Let events wait until there are many."""
        shelves = self._shelves
        for stream, subject, event in pairs:
            shelf = shelves[stream]
            events = shelf.waiting.get(subject)
            if events is None:
                shelf.waiting[subject] = [event]
            else:
                events.append(event)
            if shelf.missing:
                # Some stay missing to the end, so the search must cost little: a tuple is faster here than a set.
                values = event.values
                for name in shelf.missing:
                    if name in values:
                        shelf.missing = tuple(one for one in shelf.missing if one not in values)
                        break
        self._waiting_count += len(pairs)
        if self._waiting_count >= WAITING_MAX:
            self._judge_waiting()

    def _judge_waiting(self) -> None:
        """Judge the events that wait, those of each subject in a row."""
        self._waiting_count = 0
        for stream, shelf in self._shelves.items():
            subjects, waiting = shelf.subjects, shelf.waiting
            if subjects is None:
                waiting.clear()
                continue
            while waiting:
                # The events of a subject go before the next one's come.
                subject, events = waiting.popitem()
                if self._is_shared and not self._share.has(subject):
                    continue
                fold = subjects.young.get(subject)
                if fold is None:
                    fold = subjects.wake(subject)
                if self._is_ranked:
                    self._rank(stream, subject, events, fold)
                    continue
                judge = fold.judge
                for event in events:
                    found = judge(event)
                    if found:
                        self._note_hits(subject, found)

    def _note_hits(self, subject: str, found: Iterable[Seen]) -> None:
        for rule, hit in found:
            self._ledger.note_hit(rule, subject, hit)

    def _rank(self, stream: Stream, subject: str, events: Iterable[Event], fold: Fold) -> None:
        """Judge the events of a subject, and note whatever ranks its movements."""
        for event in events:
            self._note_hits(subject, fold.judge(event))
            if stream is Stream.SOURCE:
                if event.type == LOGGED_IN:
                    self._ledger.note_got_in(subject, event)
                continue
            if stream is Stream.ACCOUNT and subject not in self._met:
                self._meet(subject, event.at_ms)
            self._rate(stream, subject, event, fold)

    def _meet(self, account: str, at_ms: int) -> None:
        """Note an account with an event in the period, or one with a label that has an event before it."""
        if self._scope.has(at_ms):
            if len(self._met) >= AWAKE_MAX:
                # Nothing changes where an account is noted again.
                self._met.clear()
            self._met.add(account)
            self._ledger.note_account(account)
        elif account in self._scope.labelled_accounts:
            self._ledger.note_met_outside(account, is_later=False)

    def _rate(self, stream: Stream, subject: str, event: Event, fold: Fold) -> None:
        """Note a movement and the parts of its risk. The movement that an account receives is the payer's."""
        if not _is_movement(event) or not self._scope.has(event.at_ms):
            return
        if stream is Stream.PARTY:
            fold.weigh(event.at_ms)
            parts = rate_movement(fold)
            if parts:
                self._ledger.note_rated(event, parts)
        elif type(event) is not Received:
            fold.weigh(event.at_ms)
            self._ledger.note_movement(subject, event, rate_movement(fold))
        elif (id_ := event.values["movement_id"]) in self._scope.labelled_movements or event.id in self._scope.labelled:
            self._ledger.note_received(id_, subject)

    def _split(self, placed: Placed) -> tuple[Pair, ...]:
        at_ms, file, line, told = placed
        try:
            pairs = self._read_event(told)
        except BadLine as bad:
            self._ledger.note_bad(file, line, bad.fault.value, bad.field)
            return ()
        if not pairs:
            return ()
        id_, type_ = told[1], told[2]
        # As a watch of the scan does, which knows the ids of its own subject. Two texts in one cost less than a pair.
        is_known = self._is_known(f"{told[3]}\0{id_}", at_ms)
        is_own = not self._is_shared or self._share.has(pairs[0][1])
        if is_known:
            self.figures.duplicates += is_own
            return ()
        if not is_own:
            return pairs
        if self._is_labelled:
            self._note_label(id_, pairs[0])
        if at_ms >= self._day_end_ms:
            self._begin_day(at_ms)
        self._last_ms = at_ms
        today = self._today
        if type_ in today:
            today[type_] += 1
        else:
            today[type_] = 1
        return pairs

    def _note_label(self, id_: str, pair: Pair) -> None:
        """Note an event that has a label of its own, or whose account has one, and each of before the period."""
        _, subject, event = pair
        scope = self._scope
        if not scope.has(event.at_ms):
            self._ledger.note_before(id_)
            self._note_outside(id_, subject, event.values["movement_id"] if _is_movement(event) else None, event.at_ms)
        elif id_ in scope.labelled or (subject in scope.compromised and _can_be_named(event)):
            self._ledger.note_labelled(id_, subject, event.at_ms)

    def _note_outside(self, id_: str, subject: str, movement_id: str | None, at_ms: int) -> None:
        """Note an event outside the period where some label may be about it."""
        scope = self._scope
        if id_ in scope.labelled or movement_id in scope.labelled_movements or subject in scope.compromised:
            self._ledger.note_outside(movement_id, id_, subject, at_ms)

    def _begin_day(self, at_ms: int) -> None:
        """End the day before, and begin that of an event. All days before the period are one, which teaches alone."""
        self._end_day()
        since_ms, figures = self._scope.since_ms, self.figures
        if at_ms < since_ms:
            self._day_end_ms = since_ms
        else:
            self._day_end_ms = at_ms - at_ms % DAY_MS + DAY_MS
            figures.first_ms = figures.first_ms or at_ms

    def _end_day(self) -> None:
        """Add the day that has ended to the figures."""
        figures, events = self.figures, sum(self._today.values())
        if not events:
            return
        if self._last_ms < self._scope.since_ms:
            figures.earlier += events
            figures.earlier_types |= self._today.keys()
        else:
            figures.events += events
            figures.days[self._last_ms // DAY_MS] += events
            figures.types.update(self._today)
            figures.last_ms = self._last_ms
        self._today.clear()


@contextmanager
def without_collection() -> Iterator[None]:
    """Do without the collection of cycles until the memories are gone. Rules and reader make none, and it costs a third
    of the time to look through all memories again and again."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


def signals_of(types: Iterable[str]) -> set[str]:
    """The signals that events of these types may be."""
    found: set[str] = set()
    for type_ in types:
        family = type_.partition(".")[0]
        if family in _MOVEMENTS:
            found |= _OF_MOVEMENTS
        else:
            found.add(SIGNALS_BY_PREFIX.get(f"{family}.", type_))
    return found


def _is_movement(event: Event) -> bool:
    return "movement_id" in event.values and "kind" in event.values


def _can_be_named(event: Event) -> bool:
    """Whether some rule may name it, and it is neither a movement nor a label. A balance that the wallet tells is no
    deed of anybody."""
    return not _is_movement(event) and event.type not in LABELS and not signals_of((event.type,)).isdisjoint(_SIGNALS)


_SIGNALS: Final = frozenset(signal.value for signal in Signal)
_MOVEMENTS: Final = frozenset({"payment", "transfer", "bill_payment", "top_up", "withdrawal"})
_OF_MOVEMENTS: Final = frozenset(
    {Signal.MONEY_LEFT.value, Signal.MONEY_CAME.value, Signal.MONEY_UNDONE.value, Signal.MONEY_FAILED.value}
)


def _name_of(placed: Placed) -> tuple[bool, str, str]:
    _, id_, type_, subject, _ = placed[3]
    return type_ in WORD_TYPES, id_, subject


def _content_of(placed: Placed) -> tuple[bool, str, str, str, str]:
    type_, data = placed[3][2], placed[3][4]
    return *_name_of(placed), type_, json.dumps(data, sort_keys=True)


def _place_of(pair: Pair) -> tuple[int, int, str]:
    return pair[2].place

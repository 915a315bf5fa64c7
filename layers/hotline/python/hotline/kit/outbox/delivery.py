"""Delivering outbox entries: claimed, handed on, marked. The logic of both consumers, messenger and decisions.

An entry comes from the table's stream, or, re-driven, from the consumer's queue as `{"entry_id": ..}`. It is claimed
with a lease, so that of two deliveries one is idle. It is marked when it has been handed on, so that a batch that comes
again does nothing twice. Its claim is given back when handing on failed, so that the next delivery need not wait. After
a crash between handing on and marking the entry is handed on once more, not before its lease is over.

A failure is raised at the end, when all other entries of the batch have been handled. The event source then delivers
the batch again, and entries delivered meanwhile are passed over.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum
from itertools import batched
from typing import Any, Final, Literal

from hotline.kit.clock import Clock, to_text
from hotline.kit.errors import HotlineError, KitError, Unavailable
from hotline.kit.ids import IdSource
from hotline.kit.logging import Event, log
from hotline.kit.store import ReasonCode, Store, TransactionCancelled, Update
from hotline.kit.store.condition import Compare, Exists, Item, Missing, all_of, any_of, equals
from hotline.kit.text import is_printed_ascii

from . import entry_key

CLAIM_LEASE: Final = timedelta(seconds=60)
"""Longer than a consumer may run, so that a claim that is over belongs to nobody who still works on it."""
WRITE_ATTEMPTS_MAX: Final = 3
"""How often a mark is written when somebody else writes the same entry, or the table is slowed down."""
_ENTRY_PREFIX: Final = entry_key("").pk
_ENTRY_ID_CHARACTERS_MAX: Final = 128
"""More than any id that kit.ids makes."""

type Consumer = Literal["message", "bus"]
"""The consumer of an entry: its attribute `to`."""


@dataclass(frozen=True, slots=True)
class Delivered:
    """The entry has been handed on."""


@dataclass(frozen=True, slots=True)
class Dropped:
    """The entry must not or need not be handed on any more, for a closed word of a reason. It is not tried again."""

    reason: str


@dataclass(frozen=True, slots=True)
class Failed:
    """Handing on did not work this time, for a closed word of a reason."""

    reason: str


type Result = Delivered | Dropped | Failed
type HandOn = Callable[[Sequence[Item]], Sequence[Result]]
"""Takes claimed entries as stored; gives one result for each, in order. An exception from it counts as Failed for
all."""


class NotDelivered(HotlineError):
    """Some entries of a batch could not be handed on; the batch has to come again."""

    code = "not_delivered"


class _Claim(Enum):
    """The results of a claim besides the entry."""

    PASSED_OVER = "passed_over"
    BUSY = "busy"


@dataclass(frozen=True, slots=True)
class Outbox:
    """One consumer's view of the outbox. `done`, `failed` and `dropped` are its events for the log; a consumer that
    drops nothing has no third one."""

    store: Store
    clock: Clock
    ids: IdSource
    consumer: Consumer
    done: Event
    failed: Event
    dropped: Event | None = None

    def deliver(self, entry_ids: Iterable[str], hand_on: HandOn, *, at_once: int = 1) -> None:
        """Claim entries, at most `at_once` at a time, hand them on and mark them. Raises NotDelivered at the end when
        an entry has to come again."""
        failures = 0
        for some_ids in batched(dict.fromkeys(entry_ids), at_once, strict=False):
            claims = [self._claim_safely(entry_id) for entry_id in some_ids]
            failures += sum(1 for claim in claims if claim is _Claim.BUSY)
            entries = [claim for claim in claims if not isinstance(claim, _Claim)]
            if entries:
                results = self._hand_on(entries, hand_on)
                failures += sum(not self._mark(entry, result) for entry, result in zip(entries, results, strict=True))
        if failures:
            raise NotDelivered(count=failures)

    def _claim_safely(self, entry_id: str) -> Item | _Claim:
        try:
            return self._claim(entry_id)
        except HotlineError as error:
            log(self.failed, entry_id=entry_id, reason=error.code)
            return _Claim.BUSY

    def _claim(self, entry_id: str) -> Item | _Claim:
        """The entry, now claimed for CLAIM_LEASE; or that it is done, or in somebody else's hands."""
        now = self.clock.now()
        entry = self.store.get(entry_key(entry_id))
        if entry is None or entry["to"] != self.consumer or "pending_pk" not in entry:
            log(Event.ENTRY_CLAIMED, entry_id=entry_id, reason="nothing_to_do")
            return _Claim.PASSED_OVER
        claim = self.ids.new("claim")
        free = any_of(Missing("claim_until"), Compare("claim_until", "<=", to_text(now)))
        update = Update(
            entry_key(entry_id),
            set={"claim": claim, "claim_until": to_text(now + CLAIM_LEASE)},
            condition=all_of(Exists("pending_pk"), free),
        )
        if not self._write(update, mine=lambda stored: stored.get("claim") == claim):
            log(Event.ENTRY_CLAIMED, entry_id=entry_id, reason="claimed")
            return _Claim.BUSY
        return {**entry, "claim": claim}

    def _hand_on(self, entries: Sequence[Item], hand_on: HandOn) -> Sequence[Result]:
        try:
            return hand_on(entries)
        except HotlineError as error:
            return [Failed(error.code)] * len(entries)
        except Exception as error:  # noqa: BLE001 - its text may hold an address, so only its name goes on
            if len(entries) > 1:
                # Something about one of them: it must not hold up the others for ever.
                return [self._hand_on([entry], hand_on)[0] for entry in entries]
            return [Failed(type(error).__name__)]

    def _mark(self, entry: Item, result: Result) -> bool:
        """Write what became of a claimed entry; whether it is over."""
        words: dict[str, Any] = {"entry_id": entry["entry_id"], "kind": entry["kind"], "channel": entry.get("channel")}
        try:
            match result:
                case Delivered():
                    self._close(entry, "delivered_at", to_text(self.clock.now()))
                    log(self.done, **words)
                case Dropped(reason):
                    self._close(entry, "dropped", reason)
                    log(self.dropped or self.failed, **words, reason=reason)
                case Failed(reason):
                    log(self.failed, **words, reason=reason)
                    self._release(entry)
                    return False
        except HotlineError as error:
            # It may have been handed on and not be marked: it comes again when the lease is over.
            log(self.failed, **words, reason=error.code)
            return False
        return True

    def _close(self, entry: Item, name: str, value: str) -> None:
        """Mark the entry and take it off the index of pending ones. Somebody may have done so before: fine."""
        self._write(
            Update(
                entry_key(entry["entry_id"]),
                set={name: value},
                remove=("pending_pk", "pending_sk", "claim", "claim_until"),
                condition=Exists("pending_pk"),
            )
        )

    def _release(self, entry: Item) -> None:
        """Give the claim back, unless it is somebody else's by now."""
        self._write(
            Update(
                entry_key(entry["entry_id"]), remove=("claim", "claim_until"), condition=equals("claim", entry["claim"])
            )
        )

    def _write(self, update: Update, *, mine: Callable[[Item], bool] = lambda _: False) -> bool:
        """Make the update; False when its condition does not hold. It may fail by a first attempt whose answer was
        lost: `mine` knows the item by that. Raises Unavailable when the update was cancelled for other reasons each
        time: then nobody may believe that it is made."""
        for _ in range(WRITE_ATTEMPTS_MAX):
            try:
                self.store.write_alone(update)
            except TransactionCancelled as cancelled:
                (reason,) = cancelled.reasons
                if reason.code is ReasonCode.CONDITION:
                    return reason.item is not None and mine(reason.item)
            else:
                return True
        raise Unavailable(KitError.NOT_MARKED)


def entry_ids(event: object) -> list[str]:
    """The entries that an event is about: new ones in the table's stream, or those named by messages of a queue. An
    event of another shape is about none."""
    records = event.get("Records") if isinstance(event, Mapping) else None
    found = [_entry_id(record) for record in (records if isinstance(records, list) else [])]
    return [entry_id for entry_id in found if entry_id is not None]


def _entry_id(record: Any) -> str | None:
    """None for a record that changes an entry, or that names none."""
    if not isinstance(record, Mapping):
        log(Event.RECORD_ODD, kind="-")
        return None
    try:
        if record.get("eventSource") == "aws:sqs":
            entry_id = json.loads(record["body"])["entry_id"]
        elif record.get("eventName") == "INSERT":
            entry_id = record["dynamodb"]["Keys"]["PK"]["S"].removeprefix(_ENTRY_PREFIX)
        else:
            return None
    except (AttributeError, KeyError, TypeError, ValueError, RecursionError):
        entry_id = None
    if not isinstance(entry_id, str) or not is_printed_ascii(entry_id, characters_max=_ENTRY_ID_CHARACTERS_MAX):
        log(Event.RECORD_ODD, kind=str(record.get("eventSource", "-")))
        return None
    return entry_id


def still_useful(entry: Mapping[str, Any], now: datetime) -> bool:
    """Whether the entry is still of use: not past the time after which nobody wants it."""
    return "useless_after" not in entry or to_text(now) < str(entry["useless_after"])

"""Acts: one thing that somebody, or the hotline by itself, does to what is stored, as an object.

An act says what must be read for it, and contributes its writes to one change. It never reads or commits by itself.
One place does that for people (identity.acts.perform), and one for the hotline by itself (`perform_alone`). Work that
reads, decides and writes is done again from its reading on when somebody else wrote in between (`retry_stale`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, Final, Protocol, cast

from hotline.kit.actor import System
from hotline.kit.doors import Context
from hotline.kit.errors import Stale, StaleTurn
from hotline.kit.store import Key, Store
from hotline.kit.store.condition import Item

from . import Change

STALE_ATTEMPTS_MAX: Final = 3
"""How often work is done in all, unless its caller says otherwise: two others may write in between."""


def retry_stale[Result](work: Callable[[], Result], *, attempts_max: int = STALE_ATTEMPTS_MAX) -> Result:
    """Run `work` until it raises neither Stale nor StaleTurn, at most `attempts_max` times, and return its result. Each
    run must read afresh. The last run's error goes to the caller, as does every other error at once."""
    for _ in range(attempts_max - 1):
        try:
            return work()
        except (Stale, StaleTurn):
            continue
    return work()


class Snapshot(dict[Key, Item]):
    """Items as one request read them; a key without an item is missing. Each item is decoded once for each form."""

    __slots__ = ("_decoded",)

    def __init__(self, items: Mapping[Key, Item] | Iterable[tuple[Key, Item]] = ()) -> None:
        super().__init__(items)
        self._decoded: dict[object, dict[Key, object]] = {}

    def decode[T](self, key: Key, decode: Callable[[Item], T]) -> T | None:
        """The item at `key` in the form that `decode` gives it; None where there is no item."""
        item = self.get(key)
        if item is None:
            return None
        decoded = self._decoded.setdefault(decode, {})
        if key not in decoded:
            decoded[key] = decode(item)
        return cast("T", decoded[key])


type Fetch = Callable[[Sequence[Key]], Mapping[Key, Item]]
"""Gives what exists of some keys, by one read at most."""


def fetch_missing(store: Store, keys: Iterable[Key], read: Snapshot, asked: set[Key]) -> Snapshot:
    """Read those of the keys that were not asked for yet, in one request, and give everything that was read. `read` and
    `asked` grow by them."""
    wanted = dict.fromkeys(keys)
    missing = [key for key in wanted if key not in asked]
    if missing:
        read.update(store.batch_get(missing))
        # A dict has the hashes of its keys at hand, a list has not.
        asked.update(wanted)
    return read


def decode_once[T](read: Mapping[Key, Item], key: Key, decode: Callable[[Any], T]) -> T | None:
    """The item at `key` in the form that `decode` gives it, once for each Snapshot; None where there is no item."""
    if isinstance(read, Snapshot):
        return read.decode(key, decode)
    return decode(read[key]) if key in read else None


class LoneAct[Result](Protocol):
    """Something that the hotline does by itself, by a rule or for a fact."""

    def read(self, store: Store, now: datetime) -> Mapping[Key, Item]:
        """Everything that `contribute` must know, as it is now."""
        ...

    def contribute(self, change: Change, read: Mapping[Key, Item]) -> Result:
        """Add the writes to the change; an act that adds none changes nothing."""
        ...


def perform_alone[Result](
    ctx: Context,
    act: LoneAct[Result],
    *,
    actor: System,
    cause: str,
    now: datetime | None = None,
    attempts_max: int = STALE_ATTEMPTS_MAX,
) -> Result:
    """Read for the act, let it contribute, commit, and read again when somebody else wrote in between.

    `cause` is a closed word for the audit trail. `now` stands for the clock's time where a run works for one instant.
    Raises what the act raises, Stale or StaleTurn after `attempts_max` runs, and Unavailable.
    """

    def perform_once() -> Result:
        at = ctx.clock.now() if now is None else now
        change = Change(actor=actor, cause=cause, now=at, ids=ctx.ids)
        result = act.contribute(change, act.read(ctx.store, at))
        change.commit(ctx.store)
        return result

    return retry_stale(perform_once, attempts_max=attempts_max)

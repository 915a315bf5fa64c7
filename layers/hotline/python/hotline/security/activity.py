"""Facts as rows of the activity table, by stream: `ACT`, `SRC`, `PTY` and `AGT`. Pure.

A row holds account ids, opaque ids, closed words, amounts, a position in whole degrees, and keyed hashes. Nobody can
read an address, a device or a person from it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any, Final

from hotline.contracts.model import Fact, MovementTold
from hotline.kit.clock import epoch_s, to_text
from hotline.kit.ids import bucket
from hotline.kit.keyring import Keyring
from hotline.kit.store import TTL_ATTRIBUTE, Key, Put, Table
from hotline.kit.store.condition import Item

from .detectors import Stream
from .streams import NO_PARTIES, SHORT_CHARACTERS, Hide, Parties, Told, payee_of, streams_of

ACTIVITY_LIFE: Final = timedelta(days=35)
ACTIVITY_SHARDS: Final = 16
SHARDS_MAX: Final = 1000
"""As many as Step Functions counts up to in one array (States.ArrayRange)."""
SUBJECT: Final[Mapping[Stream, str]] = {
    Stream.ACCOUNT: "account_id",
    Stream.SOURCE: "subject",
    Stream.PARTY: "subject",
    Stream.AGENT: "subject",
}
"""The attribute of a row that holds its subject."""
NAMED: Final = "names"
"""The attribute with the account of the wallet that a payee is."""
RECEIVED_SUFFIX: Final = "#in"
"""The end of the sort key of a transfer in the stream of the account that receives it. Both accounts may share a
shard."""
ALSO_SUFFIX: Final = "#also"
"""The same, with a number, of a word that goes to further parties: they may share a shard."""


def hour_of(server_time: datetime) -> str:
    """The hour in which a row is kept, e.g. `2026-11-23T10`."""
    return to_text(server_time)[:13]


def rows_of(
    fact: Fact, now: datetime, keyring: Keyring, shards: int = ACTIVITY_SHARDS, known: Parties = NO_PARTIES
) -> Iterator[Put]:
    """The rows of one fact: one for each subject whose event it is, by the shard of that subject. `known`: see
    `streams.streams_of`.

    Bucketed by the clock at the write, so that nothing lands behind the scan's cursor; judged by the fact's own time.
    """
    parties = 0
    for told in streams_of(fact, _hide_by(keyring), known):
        suffix = RECEIVED_SUFFIX if told.stream is Stream.ACCOUNT and told.subject != fact.subject else ""
        if told.stream is Stream.PARTY:
            suffix = f"{ALSO_SUFFIX}{parties}" if parties else ""
            parties += 1
        yield _row(told, fact.id, fact.time, now, shards, suffix)


def agent_row(
    activity_id: str, kind: str, account_id: str, now: datetime, *, agent_id: str, case_id: str, shards: int
) -> Put:
    """The row of what an agent did about an account, among those of the agent. `kind` is `agent.` and a closed word."""
    told = Told(Stream.AGENT, agent_id, {"account": account_id, "case": case_id}, kind)
    return row_at(now, activity_id, told, shards=shards)


def row_at(now: datetime, activity_id: str, told: Told, at: datetime | None = None, *, shards: int) -> Put:
    """The row of something that happens at the hotline itself. `now`: the clock at the write. `at`: the time at which
    it is judged; None: now."""
    return _row(told, activity_id, now if at is None else at, now, shards, "")


def activity_partition(stream: Stream, server_time: datetime, shard: int) -> str:
    """The partition in which the rows of an hour and shard are kept."""
    return f"{stream.value}#{hour_of(server_time)}#{shard:02d}"


def _row(told: Told, fact_id: str, at: datetime, now: datetime, shards: int, suffix: str) -> Put:
    item: Item = {
        SUBJECT[told.stream]: told.subject,
        "fact_id": fact_id,
        "type": told.type,
        "at": to_text(at),
        TTL_ATTRIBUTE: epoch_s(now + ACTIVITY_LIFE),
        **told.values,
    }
    if told.names is not None:
        item[NAMED] = told.names
    partition = activity_partition(told.stream, now, bucket(told.subject, shards))
    return Put(Key(Table.ACTIVITY, partition, f"{to_text(now)}#{fact_id}{suffix}"), item)


def find_payee(told: MovementTold, keyring: Keyring) -> str | None:
    """The keyed hash of who gets the money of a movement outward, as rows have it. None where the fact names nobody."""
    party = payee_of(told)
    return None if party is None else _hide_by(keyring)("party", party)


def _hide_by(keyring: Keyring) -> Hide:
    def hide(name: str, value: str) -> str:
        return keyring.mac_text(keyring.current, name, value)[:SHORT_CHARACTERS]

    return hide


KEPT_BESIDE: Final[frozenset[str]] = frozenset(
    {"PK", "SK", "fact_id", "type", "at", TTL_ATTRIBUTE, NAMED, *SUBJECT.values()}
)
"""The attributes of a row that are no values of its event."""


def values_of(item: Mapping[str, Any]) -> dict[str, Any]:
    """The values of the event in a row."""
    return {name: value for name, value in item.items() if name not in KEPT_BESIDE}

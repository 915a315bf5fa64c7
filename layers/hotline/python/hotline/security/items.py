"""How the scan's state is stored: `ACCOUNT#id / #WATCH`, `ACCOUNT#id / FINDING#id`, and `SCAN#shard / CURSOR`; and how
rows of the activity table are read."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Final

from hotline.kit.clock import from_text, to_text
from hotline.kit.retention import record_end
from hotline.kit.store import Between as SortKeys
from hotline.kit.store import Index, Key, Prefix, Query, Table, hotline_key
from hotline.kit.store.condition import Item

from .activity import activity_partition
from .detectors import Event
from .model import Finding, Row, SeenFinding, ToldFinding, Verdict, Watch, Watched
from .watch import SHORT_CHARACTERS, shorten

PAGE_ROWS: Final = 500
"""Rows of one page: what a crash may cost, and small enough for a page's work to take seconds."""
_RANKS: Final = {"critical": 1, "high": 2, "medium": 3, "low": 4}


def watch_key(account_id: str) -> Key:
    """The key of the account's watch."""
    return hotline_key(f"ACCOUNT#{account_id}", "#WATCH")


def finding_key(finding: Finding) -> Key:
    """The key of a finding."""
    return hotline_key(f"ACCOUNT#{finding.account_id}", f"FINDING#{finding.id}")


def named_finding_key(account_id: str, finding_id: str) -> Key:
    """The same, of a finding that is named."""
    return hotline_key(f"ACCOUNT#{account_id}", f"FINDING#{finding_id}")


def cursor_key(shard: int) -> Key:
    """The key of the place up to which a shard has been read."""
    return hotline_key(f"SCAN#{shard:03d}", "CURSOR")


def watch_item(watch: Watch) -> Item:
    """The stored form of a watch."""
    return {
        "applied_to": watch.applied_to,
        "events": [
            [known.event.id, to_text(known.event.at), to_text(known.arrived_at), known.event.type, known.event.values]
            for known in watch.events
        ],
        "raised": {name: [to_text(start) for start in starts] for name, starts in watch.raised.items()},
    }


def watch_of(account_id: str, item: Mapping[str, Any] | None) -> Watch:
    """The watch in a stored item; None: nothing has happened yet."""
    if item is None:
        return Watch(account_id)
    return Watch(
        account_id,
        applied_to=item["applied_to"],
        events=tuple(
            Watched(from_text(arrived_at), Event(identifier, from_text(at), type_, values))
            for identifier, at, arrived_at, type_, values in item["events"]
        ),
        raised={name: tuple(from_text(start) for start in starts) for name, starts in item["raised"].items()},
    )


def finding_item(finding: Finding, *, found_at: datetime) -> Item:
    """The stored form of a finding, which asks for attention until somebody has dealt with it."""
    return {
        "finding_id": finding.id,
        "rule": finding.rule,
        "rule_version": finding.version,
        "severity": finding.severity,
        "account_id": finding.account_id,
        "window_start": to_text(finding.window_start),
        "window_end": to_text(finding.window_end),
        "facts": dict(finding.facts),
        "found_at": to_text(found_at),
        "attention_pk": f"ACCOUNT#{finding.account_id}",
        "attention_sk": f"FINDING#{_RANKS[finding.severity]}#{to_text(found_at)}",
        **record_end(found_at),
    }


def findings_query(account_id: str, *, limit: int) -> Query:
    """Findings on the account that nobody has dealt with, the gravest first, of one rank the oldest."""
    found = Prefix("FINDING#")
    return Query(Table.HOTLINE, f"ACCOUNT#{account_id}", found, index=Index.ATTENTION, limit=limit)


def all_findings_query(account_id: str, *, limit: int) -> Query:
    """Findings on the account, also those that somebody has dealt with, in no order that means anything."""
    return Query(Table.HOTLINE, f"ACCOUNT#{account_id}", Prefix("FINDING#"), limit=limit)


def finding_to_see(item: Mapping[str, Any]) -> SeenFinding:
    """A stored finding as people of the wallet see it."""
    return SeenFinding(
        id=item["finding_id"],
        severity=item["severity"],
        found_at=from_text(item["found_at"]),
        rule=item["rule"],
        facts=dict(item["facts"]),
        verdict=Verdict(item["verdict"]) if "verdict" in item else None,
        judged_at=from_text(item["judged_at"]) if "judged_at" in item else None,
    )


def finding_to_tell(item: Mapping[str, Any]) -> ToldFinding:
    """The part of a stored finding that an account's owner is told."""
    return ToldFinding(
        id=item["finding_id"],
        severity=item["severity"],
        found_at=from_text(item["found_at"]),
    )


def rows_query(hour: datetime, shard: int, *, after: str, before: datetime) -> Query:
    """One page of an hour's rows behind the position `after` that came before an instant.

    A space sorts before everything that an id is made of, and the `#` before it.
    """
    partition = activity_partition("ACT", hour, shard)
    return Query(Table.ACTIVITY, partition, SortKeys(f"{after} ", to_text(before)), limit=PAGE_ROWS)


def hours_between(after: str, before: datetime) -> list[datetime]:
    """The beginnings of the hours in which rows behind `after` and before an instant may lie. Empty when that time is
    over, as after a run that went up to the present."""
    if after >= to_text(before):
        return []
    hour = from_text(after[: len(to_text(before))]).replace(minute=0, second=0, microsecond=0)
    hours = []
    while hour < before:
        hours.append(hour)
        hour += timedelta(hours=1)
    return hours


def row_of(item: Mapping[str, Any], types: Mapping[str, tuple[str, ...]]) -> Row | None:
    """A stored row with what rules look at; None for one of a type that no rule watches."""
    if item["type"] not in types:
        return None
    position: str = item["SK"]
    values = {name: _short(item[name]) for name in types[item["type"]] if name in item}
    event = Event(shorten(item["fact_id"]), from_text(item["at"]), item["type"], values)
    return Row(position, item["account_id"], from_text(position.split("#", 1)[0]), event)


def _short(value: str | int) -> str | int:
    return shorten(value) if isinstance(value, str) and len(value) > SHORT_CHARACTERS else value

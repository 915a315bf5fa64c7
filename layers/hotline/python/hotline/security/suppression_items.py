"""How suppressions are stored and listed.

A suppression is `ACCOUNT#id / SUPPRESSION#rule`, and of another stream `SUBJECT#stream#id / SUPPRESSION#rule`.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from hotline.kit.clock import epoch_s, from_text, to_text
from hotline.kit.store import TTL_ATTRIBUTE, Between, Index, Key, Prefix, Query, Table, hotline_key
from hotline.kit.store.condition import Item

from .activity import ACTIVITY_LIFE
from .detectors import Stream
from .items import partition_of, place_in
from .model import Suppression

_SUPPRESSION: Final = "SUPPRESSION#"


def suppression_key(stream: Stream, subject: str, rule: str) -> Key:
    """The key of the suppression of a rule for a subject."""
    return hotline_key(partition_of(stream, subject), f"{_SUPPRESSION}{rule}")


def suppression_item(suppression: Suppression, now: datetime) -> Item:
    """The stored form of a suppression, which is listed while it runs. It is kept as long as late rows may need it."""
    subject, until = suppression.subject, suppression.until
    item: Item = {
        "stream": suppression.stream.value,
        "subject": subject,
        "account_id": suppression.account_id,
        "rule": suppression.rule,
        "since": to_text(suppression.since),
        "until": to_text(until),
        "reason": suppression.reason,
        "made_by": suppression.made_by,
        "finding_id": suppression.finding_id,
        TTL_ATTRIBUTE: epoch_s(until + ACTIVITY_LIFE),
    }
    if suppression.is_running(now):
        item["attention_pk"] = f"SUPPRESSED#{suppression.stream.value}"
        item["attention_sk"] = f"{to_text(until)}#{suppression.rule}#{subject}"
    return {name: value for name, value in item.items() if value is not None}


def suppression_from(item: Mapping[str, Any]) -> Suppression:
    """The suppression of a stored item."""
    return Suppression(
        stream=Stream(item["stream"]),
        subject=item["subject"],
        account_id=item.get("account_id"),
        rule=item["rule"],
        since=from_text(item["since"]),
        until=from_text(item["until"]),
        reason=item["reason"],
        made_by=item["made_by"],
        finding_id=item.get("finding_id"),
    )


def suppressions_query(account_id: str, *, limit: int) -> Query:
    """The suppressions for an account, also those that have ended, by rule."""
    return Query(Table.HOTLINE, f"ACCOUNT#{account_id}", Prefix(_SUPPRESSION), limit=limit)


def running_suppressions_query(stream: Stream, now: datetime, *, limit: int, after: str | None) -> Query:
    """The suppressions of a stream that run, what ends first in front. `after`: a place that `place_of` gave."""
    attention = f"SUPPRESSED#{stream.value}"
    span = Between(to_text(now), "~")
    return Query(
        Table.HOTLINE, attention, span, index=Index.ATTENTION, limit=limit, start_after=place_in(attention, after)
    )

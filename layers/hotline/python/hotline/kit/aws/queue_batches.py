"""Batches of messages that Amazon SQS hands to a function, and the answer that says which of them come again."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from hotline.kit.logging import Event, log


def read_messages(event: object, kind: str) -> Iterator[tuple[str, object]]:
    """Id and body of each message in an event of any shape. One without an id is named in the log with `kind`, a closed
    word, and passed over, since it could not be asked for again."""
    for record in _records_of(event):
        message_id = record.get("messageId") if isinstance(record, Mapping) else None
        if isinstance(message_id, str):
            yield message_id, record.get("body")
        else:
            log(Event.RECORD_ODD, kind=kind)


def read_attempts(event: object) -> dict[str, int]:
    """How often each message of an event was handed out, this time included; the first time, where nothing says so."""
    return {
        str(record.get("messageId")): _count(record.get("attributes"))
        for record in _records_of(event)
        if isinstance(record, Mapping)
    }


def _records_of(event: object) -> Sequence[Any]:
    records = event.get("Records") if isinstance(event, Mapping) else None
    return records if isinstance(records, list) else ()


def _count(attributes: object) -> int:
    told = str(attributes.get("ApproximateReceiveCount")) if isinstance(attributes, Mapping) else ""
    return max(1, int(told)) if told.isdecimal() else 1


def read_object(body: object) -> Mapping[str, Any]:
    """The JSON object in a message's body; an empty one for a body of any other form."""
    try:
        found = json.loads(body) if isinstance(body, str) else None
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def name_failed(message_ids: Iterable[str]) -> dict[str, list[dict[str, str]]]:
    """The answer to a batch of which these messages are to come again (ReportBatchItemFailures)."""
    return {"batchItemFailures": [{"itemIdentifier": message_id} for message_id in message_ids]}

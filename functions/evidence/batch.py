"""A batch of the evidence queue.

An event names an object; the object and its tag say what is so, and the scanner's event says which object it looked at.
Therefore the order of events means nothing, and one that comes twice or late changes nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from hotline.evidence import service as evidence
from hotline.kit.aws.buckets import Scan
from hotline.kit.aws.queue_batches import name_failed, read_messages, read_object
from hotline.kit.doors import Context
from hotline.kit.errors import HotlineError
from hotline.kit.logging import Event, log

BUCKET_SOURCE: Final = "aws.s3"
CREATED: Final = "Object Created"
SCANNED: Final = "GuardDuty Malware Protection Object Scan Result"


class NotTaken(Exception):
    """An event that is about no picture. `reason` is a closed word, never a value of the event."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


def take_in(event: object, ctx: Context, *, bucket: str, scan_source: str) -> dict[str, list[dict[str, str]]]:
    """Take a batch in; the answer is that of ReportBatchItemFailures. `bucket` is the name of the bucket of
    pictures."""
    failed = [
        message_id
        for message_id, body in read_messages(event, "evidence")
        if not _take_one(body, ctx, bucket=bucket, scan_source=scan_source)
    ]
    return name_failed(failed)


def _take_one(body: object, ctx: Context, *, bucket: str, scan_source: str) -> bool:
    """Whether a message is done with."""
    try:
        name, result = read_event(body, bucket=bucket, scan_source=scan_source)
        state = evidence.take_object(ctx, name, result)
        log(Event.EVIDENCE_TAKEN, outcome=state.value if state is not None else "nobody")
    except NotTaken as odd:
        log(Event.EVIDENCE_ODD, reason=odd.reason)
    except HotlineError as error:
        log(Event.EVIDENCE_RETRIED, reason=error.code)
        return False
    except Exception as error:  # noqa: BLE001 - one message's trouble must not fail the others, and its text is not logged
        log(Event.EVIDENCE_FAILED, error=type(error).__name__)
        return False
    return True


def read_event(body: object, *, bucket: str, scan_source: str) -> tuple[str, evidence.ScanResult | None]:
    """The key of the object that an event of EventBridge is about, and the result of its scan, if it tells of one.
    Raises NotTaken."""
    envelope = read_object(body)
    detail = _mapping(envelope.get("detail"))
    result = None
    match envelope.get("source"), envelope.get("detail-type"):
        case source, kind if source == BUCKET_SOURCE and kind == CREATED:
            of_bucket, name = _mapping(detail.get("bucket")).get("name"), _mapping(detail.get("object")).get("key")
        case source, kind if source == scan_source and kind == SCANNED:
            details = _mapping(detail.get("s3ObjectDetails"))
            of_bucket, name = details.get("bucketName"), details.get("objectKey")
            word = _mapping(detail.get("scanResultDetails")).get("scanResultStatus")
            etag = str(details.get("eTag", "")).strip('"')
            result = evidence.ScanResult(etag, Scan(word) if word in list(Scan) else None)
        case _:
            raise NotTaken("unknown_event")
    if of_bucket != bucket:
        raise NotTaken("other_bucket")
    if not isinstance(name, str) or evidence.id_of_object(name) is None:
        raise NotTaken("other_object")
    return name, result


def _mapping(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}

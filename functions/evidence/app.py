"""Pictures that customers send: events of the bucket and of its malware scan -> queue -> here -> the refund in
review."""

from __future__ import annotations

from functools import cache
from typing import Any

from functions.evidence.batch import take_in
from functions.evidence.settings import settings_from_environment
from hotline.kit.aws.buckets import S3Bucket
from hotline.kit.doors import Context, make_store
from hotline.kit.start import make_at_start


def handler(event: dict[str, Any], _context: object) -> dict[str, list[dict[str, str]]]:
    """One batch of the evidence queue. Answers the messages that are to come again, and SQS delivers only those
    again. After its count of receipts a message goes to the dead letters."""
    settings = settings_from_environment()
    return take_in(event, _context_of_start(), bucket=settings.bucket, scan_source=settings.scan_source)


@cache
def _context_of_start() -> Context:
    settings = settings_from_environment()
    return Context(make_store(settings.tables), evidence_bucket=S3Bucket(settings.bucket))


make_at_start(_context_of_start)

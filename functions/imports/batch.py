"""A batch of the import queue: each message holds lines of a snapshot, whose facts are folded by subject.

A snapshot is a copy of what the wallet knows, as facts. Beside live facts it changes nothing that is newer, since facts
carry versions. The scan does not look at it, and the feed does not move with it: an old fact of a copy did not wait.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from itertools import batched
from typing import Any

from hotline.contracts.model import VERSION_SUFFIX, Fact, FactRejected, MerchantPolicyPublished
from hotline.contracts.schemas import parse, refuse_future
from hotline.intake.service import fold, fold_apart
from hotline.kit.aws.carriers import QUEUE_MESSAGES_MAX, Queue
from hotline.kit.aws.queue_batches import name_failed, read_messages, read_object
from hotline.kit.doors import Context
from hotline.kit.errors import Unavailable
from hotline.kit.logging import Event, log


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a snapshot and the fact in it."""

    number: int
    fact: Fact


@dataclass(frozen=True, slots=True)
class Refusal:
    """A line that can never be taken in: a reason of the contract, or of a room. `field` is the path of the offending
    field, if the form is at fault. It holds no value of the fact."""

    line: int
    type: str | None
    id: str | None
    reason: str
    field: str | None = None


def take_in(event: object, ctx: Context, refusals: Queue) -> dict[str, list[dict[str, str]]]:
    """Take a batch in; the answer is that of ReportBatchItemFailures. A message comes again, whole, where the store or
    the queue of refusals had trouble: to take facts in again does no harm."""
    return name_failed(
        [
            message_id
            for message_id, body in read_messages(event, "imports")
            if not _take_in_message(body, ctx, refusals)
        ]
    )


def _take_in_message(body: object, ctx: Context, refusals: Queue) -> bool:
    """Whether a message is done with."""
    import_id, sent = _read(body)
    if import_id is None:
        return False
    groups: dict[tuple[bool, str], list[Line]] = {}
    refused: list[Refusal] = []
    for number, detail in sent:
        try:
            fact = parse(detail)
            refuse_future(fact, detail, ctx.clock.now())
        except FactRejected as error:
            log(Event.FACT_REJECTED, fact_type=error.fact_type, fact_id=error.fact_id, reason=error.code)
            refused.append(Refusal(number, error.fact_type, error.fact_id, error.code, error.field))
        else:
            group = (isinstance(fact.data, MerchantPolicyPublished), fact.subject)
            groups.setdefault(group, []).append(Line(number, fact))
    complete = True
    for lines in groups.values():
        outcome = fold_apart(lines, lambda facts: fold(ctx, facts, live=False))
        refused += [_refusal_of(one.delivery, one.reason) for one in outcome.refused]
        complete = complete and not outcome.again
    return _tell_refused(import_id, refused, refusals) and complete


def _refusal_of(line: Line, reason: str) -> Refusal:
    return Refusal(line.number, line.fact.type + VERSION_SUFFIX, line.fact.id, reason)


def _read(body: object) -> tuple[str | None, Sequence[tuple[int, Any]]]:
    """The import's id, and the lines of a message. Of a message of another form nothing, and it dies by its tries."""
    sent = read_object(body)
    import_id = sent.get("import_id")
    if not isinstance(import_id, str) or not isinstance(sent.get("lines"), list):
        log(Event.RECORD_ODD, kind="imports")
        return None, ()
    return import_id, tuple(_lines(sent["lines"]))


def _lines(sent: Sequence[object]) -> Iterator[tuple[int, Any]]:
    for line in sent:
        number = line.get("line") if isinstance(line, Mapping) else None
        yield number if isinstance(number, int) else 0, line.get("fact") if isinstance(line, Mapping) else None


def _tell_refused(import_id: str, refused: Sequence[Refusal], refusals: Queue) -> bool:
    """Whether every refusal is in its queue."""
    for some in batched(refused, QUEUE_MESSAGES_MAX, strict=False):
        try:
            refusals.send([json.dumps({"import_id": import_id, **asdict(one)}) for one in some])
        except Unavailable as error:
            log(Event.FACT_UNBURIED, error=error.code)
            return False
    return True

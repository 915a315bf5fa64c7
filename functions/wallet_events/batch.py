"""A batch of queue messages: read into facts, folded by account, answered message by message.

The order within a batch means nothing. An error in one fact touches no other fact, and an error in one account no other
account.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence, Set
from dataclasses import dataclass
from typing import Final

from hotline.accounts import service as accounts
from hotline.contracts.model import (
    MAY_BE_TAKEN_LATER,
    VERSION_SUFFIX,
    Fact,
    FactRejected,
    MerchantPolicyPublished,
    Rejection,
)
from hotline.contracts.schemas import parse, refuse_future, reject
from hotline.intake.service import fold_groups
from hotline.kit.aws.carriers import Queue
from hotline.kit.aws.queue_batches import name_failed, read_messages, read_object
from hotline.kit.doors import Context
from hotline.kit.errors import Unavailable
from hotline.kit.logging import Event, log
from hotline.security.service import ACTIVITY_SHARDS

AT_ONCE: Final = 8
"""On so many accounts of a batch a run works at once: it waits for DynamoDB most of the time. DirectService keeps ten
connections."""


@dataclass(frozen=True, slots=True)
class Delivery:
    """One message of the queue and the fact in it."""

    message_id: str
    fact: Fact


def take_in(
    event: object,
    ctx: Context,
    dead_letters: Queue | None = None,
    *,
    shards: int = ACTIVITY_SHARDS,
    at_once: int = 1,
) -> dict[str, list[dict[str, str]]]:
    """Take a batch in; the answer is that of ReportBatchItemFailures. A record without a message id is passed over,
    since it could be neither taken in once only nor asked for again.

    A fact that can never be taken in goes to `dead_letters` at once, without further deliveries. Where that queue does
    not take it, or there is none, it is delivered again and dies by the count of receipts. `shards`: over how many the
    rows for the scan are spread. `at_once`: on how many accounts to work beside each other.
    """
    failed: list[str] = []
    groups: dict[tuple[bool, str], list[Delivery]] = {}
    for message_id, body in read_messages(event, "facts"):
        try:
            fact = read_fact(body, ctx)
        except FactRejected as error:
            log(Event.FACT_REJECTED, fact_type=error.fact_type, fact_id=error.fact_id, reason=error.code)
            if error.reason in MAY_BE_TAKEN_LATER or not _bury(body, dead_letters):
                failed.append(message_id)
        else:
            # A merchant may bear the same id as an account.
            group = (isinstance(fact.data, MerchantPolicyPublished), fact.subject)
            groups.setdefault(group, []).append(Delivery(message_id, fact))
    for outcome in fold_groups(ctx, groups.values(), shards=shards, at_once=at_once):
        failed += [one.message_id for one in (*(refused.delivery for refused in outcome.refused), *outcome.again)]
    _move_feed_on(ctx, groups.values(), set(failed))
    return name_failed(failed)


def _move_feed_on(ctx: Context, groups: Iterable[Sequence[Delivery]], failed: Set[str]) -> None:
    """Note how far the feed has come with what was taken in of this batch."""
    times = [one.fact.time for deliveries in groups for one in deliveries if one.message_id not in failed]
    if times:
        accounts.move_feed_on(ctx.store, max(times), now=ctx.clock.now())


def _bury(body: object, dead_letters: Queue | None) -> bool:
    """Put a message's body among the dead letters as it came; whether it is there now."""
    if dead_letters is None or not isinstance(body, str) or not body:
        return False
    try:
        dead_letters.send([body])
    except Unavailable as error:
        log(Event.FACT_UNBURIED, error=error.code)
        return False
    return True


def read_fact(body: object, ctx: Context) -> Fact:
    """The fact in a queue message's body, which is the event as the bus sent it. Raises FactRejected."""
    envelope = read_object(body)
    detail = envelope.get("detail")
    fact = parse(detail)
    if envelope.get("detail-type") != fact.type + VERSION_SUFFIX:
        raise reject(detail, Rejection.TYPE_MISMATCH, "type")
    # It waits for its time in the queue, or dies there.
    refuse_future(fact, detail, ctx.clock.now())
    return fact

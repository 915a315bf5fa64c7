"""A batch of the reports queue: each message is read, folded and counted by itself.

The order of messages means nothing, and one that comes twice changes nothing. Only trouble of the store has a message
come again, or of Amazon Connect while it does not say who an agent is. One that can never be counted is named in the
log and passed over, since no customer waits for it.
"""

from __future__ import annotations

from functions.contact_events.agents import note_agent
from functions.contact_events.events import NotCounted, Sources, read_event
from hotline.kit.aws.queue_batches import name_failed, read_messages
from hotline.kit.aws.users import Users
from hotline.kit.doors import Context
from hotline.kit.errors import HotlineError
from hotline.kit.logging import Event, log


def take_in(
    event: object, ctx: Context, *, zone: str, sources: Sources, users: Users | None
) -> dict[str, list[dict[str, str]]]:
    """Count a batch; the answer is that of ReportBatchItemFailures. Without `users` no agent is noted, and yet each end
    of a call is."""
    failed = [
        message_id
        for message_id, body in read_messages(event, "reports")
        if not _take_one(body, ctx, zone=zone, sources=sources, users=users)
    ]
    return name_failed(failed)


def _take_one(body: object, ctx: Context, *, zone: str, sources: Sources, users: Users | None) -> bool:
    """Whether a message is done with. It is counted first, since that needs nobody but the store."""
    try:
        told = read_event(body, sources, ctx.clock.now())
        for take in told.takes:
            take(ctx, zone)
        log(Event.REPORT_COUNTED, count=len(told.takes))
        if told.agent is not None:
            return note_agent(told.agent, ctx, users)
    except NotCounted as odd:
        log(Event.REPORT_ODD, kind=odd.kind, reason=odd.reason)
    except HotlineError as error:
        log(Event.REPORT_RETRIED, reason=error.code)
        return False
    except Exception as error:  # noqa: BLE001 - one message's trouble must not fail the others, and its text is not logged
        log(Event.REPORT_FAILED, error=type(error).__name__)
        return False
    return True

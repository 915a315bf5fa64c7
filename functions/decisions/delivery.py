"""The way of a decision: claimed, published as a CloudEvent, marked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from hotline.kit.aws.carriers import BUS_EVENTS_MAX, Bus, BusEvent
from hotline.kit.clock import from_text
from hotline.kit.doors import Context
from hotline.kit.logging import Event
from hotline.kit.outbox.delivery import Delivered, Failed, Outbox, Result, entry_ids
from hotline.kit.store.condition import Item

SOURCE: Final = "hotline"
VERSION: Final = "v1"
"""Of every decision type; a change that is no mere addition makes the next one."""


def deliver(event: object, ctx: Context, bus: Bus) -> None:
    """Publish every decision that the event names and that is still to be published. Raises NotDelivered at the end
    when one has to come again."""
    outbox = Outbox(
        store=ctx.store,
        clock=ctx.clock,
        ids=ctx.ids,
        consumer="bus",
        done=Event.DECISION_PUBLISHED,
        failed=Event.DECISION_FAILED,
    )

    def hand_on(entries: Sequence[Item]) -> list[Result]:
        refusals = bus.publish([bus_event(entry) for entry in entries])
        return [Delivered() if refusal is None else Failed(refusal) for refusal in refusals]

    outbox.deliver(entry_ids(event), hand_on, at_once=BUS_EVENTS_MAX)


def bus_event(entry: Mapping[str, Any]) -> BusEvent:
    """The decision as it stands on the bus: CloudEvents 1.0 in the detail, under the entry's id, since every put gets
    another id from EventBridge. Consumers drop an id that they know, and a version older than the subject's last."""
    kind = f"{entry['kind']}.{VERSION}"
    detail: dict[str, Any] = {
        "specversion": "1.0",
        "id": entry["entry_id"],
        "source": SOURCE,
        "type": kind,
        "time": entry["created_at"],
        "subject": entry["account_id"],
        "datacontenttype": "application/json",
        "dataschema": f"urn:{SOURCE}:schema:{kind}",
        "data": {**entry["facts"], "decision_id": entry["decision_id"]},
    }
    if "subject_version" in entry:
        detail["subject_version"] = entry["subject_version"]
    return BusEvent(source=SOURCE, type=kind, time=from_text(entry["created_at"]), detail=detail)

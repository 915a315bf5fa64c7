"""Putting facts on the bus of a running stack, as the wallet does."""

import json
from collections.abc import Mapping, Sequence
from itertools import batched
from typing import Any, Final

from hotline.kit.aws.carriers import BUS_EVENTS_MAX
from hotline_local.counts import count_things
from hotline_local.errors import CommandError
from hotline_local.launcher.stack import Stack

NO_TYPE: Final = "-"
"""The detail-type of an object without a type: the bus demands one, and whoever takes it in will say what is wrong."""


def put_facts(stack: Stack, facts: Sequence[Mapping[str, Any]]) -> None:
    """Put CloudEvents objects on the bus. Raises CommandError when the bus refuses one."""
    events = stack.client("events")
    for some in batched(facts, BUS_EVENTS_MAX, strict=False):
        answer = events.put_events(
            Entries=[
                {
                    "EventBusName": stack.bus_name,
                    "Source": stack.wallet_event_source,
                    "DetailType": str(fact.get("type") or NO_TYPE),
                    "Detail": json.dumps(fact, ensure_ascii=False),
                }
                for fact in some
            ]
        )
        if answer["FailedEntryCount"]:
            refused = [entry["ErrorCode"] for entry in answer["Entries"] if "ErrorCode" in entry]
            raise CommandError(
                f"The bus refused {count_things(len(refused), 'event')}: {', '.join(sorted(set(refused)))}."
            )

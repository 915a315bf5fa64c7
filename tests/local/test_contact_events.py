"""A simulated call is told as Amazon Connect would tell it, and counts at the function as it ended."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Final

import pytest

from connect_sim.simulator.events import CallEvent, Place
from connect_sim.simulator.state import CallSetup
from functions.contact_events.events import Sources
from hotline.kit.aws.users import SimulatedUsers
from hotline_local.contact_events import DETAIL_TYPE, SOURCE, ToldCall, put_contact_event
from hotline_local.errors import CommandError
from hotline_local.launcher.deploy import PARAMETERS
from tests.support.report_events import NOON, Counted
from tests.support.sweeps import sweep

PLACE: Final = Place("flow", "block")
SETUP: Final = CallSetup(contact_id="contact-1", customer_number="+8613800000001")
QUEUED: Final = CallEvent("transfer", 1, PLACE, {"queue": "arn:queue"})
OUTSIDE: Final = CallEvent("transfer", 1, PLACE, {"queue": None, "number": "+491"})
AGENT: Final = CallEvent("agent", 2, PLACE, {"waited_s": 1})
END: Final = CallEvent("end", 3, PLACE, {})


class Shown:
    """A view that keeps what it was shown."""

    def __init__(self) -> None:
        self.events: list[CallEvent] = []

    def show(self, event: CallEvent) -> None:
        self.events.append(event)


class Passing:
    """A clock that goes on by ten seconds each time somebody looks."""

    def __init__(self) -> None:
        self.at = NOON

    def now(self) -> datetime:
        self.at += timedelta(seconds=10)
        return self.at


def told(*events: CallEvent, **own: Any) -> list[Mapping[str, Any]]:
    """The contact events of a call, which is shown all the same."""
    found: list[Mapping[str, Any]] = []
    shown = Shown()
    call = ToldCall(SETUP, shown, found.append, now=Passing().now, **own)
    for event in events:
        call.show(event)
    assert shown.events == list(events)
    return found


@sweep(
    ("events", "kinds", "counts"),
    [
        ((END,), ["INITIATED", "DISCONNECTED", "COMPLETED"], {"contact/lockout/contained": 1}),
        ((OUTSIDE, END), ["INITIATED", "DISCONNECTED", "COMPLETED"], {"contact/lockout/contained": 1}),
        ((QUEUED, END), ["INITIATED", "QUEUED", "DISCONNECTED", "COMPLETED"], {"contact/lockout/abandoned": 1}),
        (
            (QUEUED, AGENT, END),
            ["INITIATED", "QUEUED", "CONNECTED_TO_AGENT", "DISCONNECTED", "COMPLETED"],
            {"contact/lockout/transferred": 1, "answer/10": 1},
        ),
    ],
)
def test_a_call_is_told_as_it_goes_on_and_counts_as_it_ended(
    events: tuple[CallEvent, ...], kinds: list[str], counts: dict[str, int]
) -> None:
    found = told(*events)
    assert [event["eventType"] for event in found] == kinds
    counted = Counted()
    counted.begin("contact-1", served=("lockout",), caller=None)
    bodies = [{"source": SOURCE, "detail-type": DETAIL_TYPE, "detail": event} for event in found]
    counted.sources = Sources(contacts=SOURCE, wallet="wallet")
    assert counted.take(*bodies) == []
    assert counted.tallies() == {f"2026-11-23 {name}": number for name, number in counts.items()}


def test_an_agent_who_takes_the_call_is_named_and_the_call_goes_on_until_they_have_talked() -> None:
    before_the_end: list[int] = []
    found = told(QUEUED, AGENT, END, agent="agent-1", talk=lambda: before_the_end.append(1))
    connected, *after = [event["agentInfo"] for event in found if "agentInfo" in event]
    assert SimulatedUsers().find_name(connected["agentArn"]) == "agent-1"
    assert [one["agentArn"] for one in after] == [connected["agentArn"]] * 2
    assert before_the_end == [1]


def test_they_talk_once_the_whispers_are_heard_and_before_what_follows_the_talk() -> None:
    heard: list[str] = []

    class Seen:
        def show(self, event: CallEvent) -> None:
            heard.append(event.place.flow)

    call = ToldCall(
        CallSetup("contact-1", None),
        Seen(),
        lambda _: None,
        talk=lambda: heard.append("they talk"),
        whispers=lambda: ("agent-whisper", "customer-whisper"),
    )
    call.show(CallEvent("agent", 1.0, Place("queue", "wait"), {}))
    for flow in ("agent-whisper", "customer-whisper", "survey", "survey"):
        call.show(CallEvent("prompt", 2.0, Place(flow, "say"), {}))
    assert heard == ["queue", "agent-whisper", "customer-whisper", "they talk", "survey", "survey"]


def test_the_stack_on_this_machine_believes_the_simulators_events() -> None:
    assert PARAMETERS["ContactEventSource"] == SOURCE
    assert not SOURCE.startswith("aws.")


class Bus:
    """A stack with a bus that keeps what it is given, or refuses it."""

    def __init__(self, *, refuses: bool) -> None:
        self.refuses = refuses
        self.entries: list[Mapping[str, str]] = []

    def client(self, _: str) -> Bus:
        return self

    def put_events(self, *, Entries: list[Mapping[str, str]]) -> dict[str, Any]:  # noqa: N803 - as the SDK calls it
        self.entries += Entries
        failed = [{"ErrorCode": "ThrottlingException"}] if self.refuses else [{}]
        return {"FailedEntryCount": int(self.refuses), "Entries": failed}


def test_an_event_goes_to_the_accounts_default_bus() -> None:
    bus: Any = Bus(refuses=False)
    put_contact_event(bus, {"eventType": "INITIATED"})
    assert bus.entries == [{"Source": SOURCE, "DetailType": DETAIL_TYPE, "Detail": '{"eventType": "INITIATED"}'}]


def test_an_event_that_the_bus_refuses_is_an_error_with_its_reason() -> None:
    bus: Any = Bus(refuses=True)
    with pytest.raises(CommandError, match="ThrottlingException"):
        put_contact_event(bus, {"eventType": "INITIATED"})

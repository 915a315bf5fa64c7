"""Contact events of Amazon Connect, decisions and facts, through the function that counts them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any, Final

import pytest

from functions.contact_events import app
from functions.contact_events.batch import take_in
from functions.contact_events.events import Told
from hotline.kit.errors import Unavailable
from tests.support.faults import once
from tests.support.function_settings import started
from tests.support.log_lines import lines, logged
from tests.support.report_events import (
    INSTANCE,
    NOON,
    SOURCES,
    ZONE,
    Body,
    Counted,
    call_events,
    case_event,
    contact_event,
    lock_decision,
    lock_fact,
    refund_event,
)
from tests.support.sweeps import sweep

EVENTS: Final = Path(__file__).resolve().parents[2] / "events/contact_events"
DAY: Final = "2026-11-23"


@pytest.fixture
def counted() -> Counted:
    found = Counted()
    found.begin("contact-1", served=("lockout",))
    return found


def of_day(counted: Counted, day: str = DAY) -> dict[str, int]:
    """The counts of a day, without those of callers."""
    found = {name.removeprefix(f"{day} "): number for name, number in counted.tallies().items() if name.startswith(day)}
    return {name: number for name, number in found.items() if not name.startswith("repeat/")}


@sweep(
    ("name", "expected"),
    [
        ("answered_call", {"contact/none/transferred": 1, "answer/25": 1}),
        ("out_of_order", {"contact/none/transferred": 1, "answer/25": 1}),
        ("callback", {"contact/refund/callback": 1, "wish/refund": 1}),
        (
            "lock_refund_complaint",
            {"lock/lock/TOO_MANY_PASSWORD": 1, "refund/succeeded/kept": 1, "complaint/security/2": 1},
        ),
    ],
)
def test_an_event_as_it_comes_from_the_queue_counts_as_its_name_says(name: str, expected: Mapping[str, int]) -> None:
    counted = Counted()
    event = json.loads((EVENTS / f"{name}.json").read_text(encoding="utf-8"))
    for _ in range(2):
        assert take_in(event, counted.ctx, zone=ZONE, sources=SOURCES, users=None) == {"batchItemFailures": []}
        assert of_day(counted) == expected


def test_every_event_file_is_named_above() -> None:
    names = {"answered_call", "out_of_order", "callback", "lock_refund_complaint"}
    assert {path.stem for path in EVENTS.glob("*.json")} == names


def test_the_deployed_function_counts_on_the_store_that_its_settings_name(monkeypatch: pytest.MonkeyPatch) -> None:
    counted = Counted()
    monkeypatch.setattr(app, "make_store", lambda tables: counted.store)
    monkeypatch.setattr("functions.contact_events.batch.read_event", lambda *_: Told())
    with started("contact_events"):
        assert app.handler({"Records": [{"messageId": "1", "body": "{}"}]}, None) == {"batchItemFailures": []}


# ---------------------------------------------------------------- endings


@pytest.mark.parametrize(
    ("call", "reason", "ending"),
    [
        ({}, None, "lockout/contained"),
        ({"queued_after_s": 5}, "asked", "refund/abandoned"),
        ({"queued_after_s": 5, "answered_after_s": 9}, "asked", "refund/transferred"),
        ({"queued_after_s": 5}, "callback", "refund/callback"),
        ({}, "closed", "refund/closed_hours"),
        ({}, "asked", "refund/left"),
    ],
)
def test_a_call_ends_as_its_events_and_its_handover_say(
    counted: Counted, call: dict[str, Any], reason: str | None, ending: str
) -> None:
    counted.take(*call_events(**call))
    if reason is not None:
        counted.take(case_event(id="out-1", reason=f"caller.{reason}", topic="refund", contact_id="contact-1"))
    endings = [name for name in of_day(counted) if name.startswith("contact/")]
    assert endings == [f"contact/{ending}"]


def test_a_call_in_which_no_service_was_finished_is_not_contained_however_it_ends() -> None:
    counted = Counted()
    counted.begin("contact-1")
    counted.take(*call_events())
    assert of_day(counted) == {"contact/none/left": 1}


def test_a_call_without_a_session_counts_too() -> None:
    counted = Counted()
    counted.take(*call_events())
    assert counted.tallies() == {f"{DAY} contact/none/left": 1}


def test_a_service_that_is_stored_after_the_end_of_a_call_counts_with_the_next_event() -> None:
    counted = Counted()
    events = call_events()
    counted.take(*events[:2])
    assert of_day(counted) == {"contact/none/left": 1}
    counted.begin("contact-1", served=("payment",))
    counted.take(events[2])
    assert of_day(counted) == {"contact/payment/contained": 1}


def test_a_call_that_goes_on_counts_for_nothing_yet(counted: Counted) -> None:
    counted.take(*call_events()[:1])
    assert counted.tallies() == {}


def test_a_call_that_is_transferred_counts_once_and_only_when_all_of_it_is_over(counted: Counted) -> None:
    first, second = call_events(), call_events("contact-2", first="contact-1", method="TRANSFER", queued_after_s=1)
    counted.take(*second[:-2], *first)
    assert counted.tallies() == {}
    counted.take(*second[-2:])
    assert of_day(counted) == {"contact/lockout/abandoned": 1}


def test_a_callback_that_goes_on_does_not_hold_its_call_back(counted: Counted) -> None:
    back = call_events("contact-back", first="contact-1", method="CALLBACK", queued_after_s=0, answered_after_s=600)
    counted.take(*back[:1], *call_events(queued_after_s=1))
    assert of_day(counted) == {"contact/lockout/callback": 1}
    counted.take(*back)
    assert of_day(counted) == {"contact/lockout/callback": 1}


@pytest.mark.parametrize("method", ["OUTBOUND", "API", "CALLBACK", "MONITOR", "NEW_WORD"])
def test_a_call_that_did_not_come_in_counts_for_nothing(counted: Counted, method: str) -> None:
    counted.take(*call_events(method=method))
    assert counted.tallies() == {}


@pytest.mark.parametrize("channel", ["CHAT", "TASK", "EMAIL"])
def test_anything_but_a_call_counts_for_nothing(counted: Counted, channel: str) -> None:
    assert counted.take(contact_event("DISCONNECTED", channel=channel, ended=NOON)) == []
    assert counted.items("REPORT#") == []


def test_an_event_of_an_unknown_type_is_passed_over(counted: Counted) -> None:
    assert counted.take(contact_event("AMD_DISABLED"), contact_event("CONTACT_DATA_UPDATED")) == []
    assert counted.items("REPORT#") == []


def test_one_event_that_arrives_makes_up_for_those_that_are_lost(counted: Counted) -> None:
    counted.take(call_events(queued_after_s=5, answered_after_s=61)[-1])
    assert of_day(counted) == {"contact/lockout/transferred": 1, "answer/75": 1}


def test_an_end_that_is_told_by_the_type_of_the_event_alone_is_believed_at_the_events_time(counted: Counted) -> None:
    counted.take(contact_event("DISCONNECTED", at=NOON))
    assert of_day(counted) == {"contact/lockout/contained": 1}


def test_a_call_counts_on_the_day_on_which_it_came_in_where_the_people_are(counted: Counted) -> None:
    # Midnight in Shanghai is 16:00 in UTC.
    counted.take(*call_events(begun=NOON + timedelta(hours=3, minutes=59)))
    counted.take(*call_events("contact-2", begun=NOON + timedelta(hours=4)))
    assert of_day(counted) == {"contact/lockout/contained": 1}
    assert of_day(counted, "2026-11-24") == {"contact/none/left": 1}


# ---------------------------------------------------------------- repeats


@pytest.mark.parametrize(("days", "repeats"), [((0, 7), 1), ((0, 8), 0), ((0, 1, 2), 2), ((0, 0, 0), 2)])
def test_a_call_repeats_one_of_the_seven_days_before_it(days: tuple[int, ...], repeats: int) -> None:
    for order in (1, -1):
        counted = Counted()
        for number, day in list(enumerate(days))[::order]:
            counted.begin(f"contact-{number}")
            counted.take(*call_events(f"contact-{number}", begun=NOON + timedelta(days=day, seconds=number)))
        found = counted.tallies()
        assert sum(number for name, number in found.items() if name.endswith("repeat/count")) == repeats
        assert sum(number for name, number in found.items() if name.endswith("repeat/of")) == len(days)
        assert found == counted.recount()


def test_calls_from_other_numbers_and_from_withheld_ones_repeat_nothing() -> None:
    counted = Counted()
    for number, caller in enumerate(("hash-1", "hash-2", None, None)):
        counted.begin(f"contact-{number}", caller=caller)
        counted.take(*call_events(f"contact-{number}"))
    assert counted.tallies()[f"{DAY} repeat/of"] == 2
    assert f"{DAY} repeat/count" not in counted.tallies()


# ---------------------------------------------------------------- locks, refunds, complaints


def test_a_lock_that_the_hotline_asked_for_and_the_wallet_set_is_one_lock(counted: Counted) -> None:
    counted.take(lock_fact("decision-out-1"), lock_decision(id="out-1"), lock_fact("dec-2", cause="COMPLIANCE"))
    counted.take(lock_decision("account.pause_requested", id="out-3", cause="CUSTOMER_REQUEST"))
    assert of_day(counted) == {
        "lock/lock/TOO_MANY_PASSWORD": 1,
        "lock/lock/COMPLIANCE": 1,
        "lock/pause/CUSTOMER_REQUEST": 1,
    }


def test_a_freeze_that_an_agent_set_is_not_counted_as_its_owners_wish(counted: Counted) -> None:
    asked = lock_decision("account.freeze_requested", id="out-1", cause="CUSTOMER_REQUEST", set_by="agent")
    counted.take(asked)
    counted.take(lock_fact("decision-out-1", "freeze.applied", cause="CUSTOMER_REQUEST"))
    assert of_day(counted) == {"lock/freeze/AGENT": 1}


def test_a_cause_and_a_topic_of_no_list_count_as_other(counted: Counted) -> None:
    counted.take(lock_fact("dec-1", "freeze.applied", cause="NEW_WORD"), case_event(id="out-1", topic="new"))
    assert of_day(counted) == {"lock/freeze/OTHER": 1, "complaint/other/open": 1}


def of_refund(*kinds: str, settled_after: int = 1) -> list[Body]:
    """The words on a refund that was promised for three days later."""
    promised_on = (NOON + timedelta(days=3)).date()
    own = {"settled": NOON + timedelta(days=settled_after)}
    return [
        refund_event(f"refund.{kind}", id=f"e-{place}", version=place, at=own.get(kind, NOON), promised_on=promised_on)
        for place, kind in enumerate(kinds, 1)
    ]


@pytest.mark.parametrize(
    ("events", "expected"),
    [
        (of_refund("requested"), "in_review/waiting"),
        (of_refund("requested", "approved"), "approved/waiting"),
        (of_refund("requested", "rejected"), "denied/none"),
        (of_refund("requested", "approved", "sent"), "sent/waiting"),
        (of_refund("requested", "approved", "settled", settled_after=3), "succeeded/kept"),
        (of_refund("requested", "approved", "settled", settled_after=4), "succeeded/late"),
        (of_refund("requested", "approved", "escalated"), "approved/late"),
        (of_refund("requested", "approved", "escalated", "settled"), "succeeded/late"),
        (of_refund("requested", "approved", "sent", "failed"), "failed/withdrawn"),
        (of_refund("requested", "approved", "settled", "returned"), "returned_back/withdrawn"),
        (of_refund("sent", "settled"), "succeeded/none"),
    ],
)
def test_a_refund_counts_by_its_state_against_what_was_promised(
    counted: Counted, events: list[Body], expected: str
) -> None:
    for order in (1, -1):
        counted.take(*events[::order])
        assert of_day(counted) == {f"refund/{expected}": 1}


def test_a_refund_counts_on_the_day_on_which_it_was_asked_for(counted: Counted) -> None:
    asked = NOON - timedelta(days=2)
    counted.take(refund_event("refund.settled", id="f-1", at=NOON))
    assert of_day(counted) == {"refund/succeeded/none": 1}
    counted.take(refund_event("refund.approved", id="d-1", requested_at=asked))
    assert of_day(counted) == {}
    assert of_day(counted, "2026-11-21") == {"refund/succeeded/kept": 1}


def test_an_escalation_that_comes_first_counts_with_the_refund_it_is_about(counted: Counted) -> None:
    requested, approved, escalated = of_refund("requested", "approved", "escalated")
    counted.take(escalated)
    assert counted.tallies() == {}
    counted.take(approved, requested)
    assert of_day(counted) == {"refund/approved/late": 1}


@pytest.mark.parametrize(("after", "step"), [(24, "1"), (25, "2"), (61 * 24, "more")])
def test_a_complaint_counts_by_the_days_until_it_is_closed(counted: Counted, after: int, step: str) -> None:
    closed = case_event(id="out-2", version=2, status="closed", reason="agent.closed", at=NOON + timedelta(hours=after))
    counted.take(closed, case_event(id="out-1"))
    assert of_day(counted) == {f"complaint/lockout/{step}": 1}


def test_a_complaint_that_is_opened_again_is_open(counted: Counted) -> None:
    counted.take(case_event(id="out-1"), case_event(id="out-2", version=2, status="closed", reason="agent.closed"))
    counted.take(case_event(id="out-3", version=3, reason="agent.reopened"))
    assert of_day(counted) == {"complaint/lockout/open": 1}


def test_a_case_that_the_hotline_opened_by_itself_is_a_complaint_once_somebody_names_it_so(counted: Counted) -> None:
    counted.take(case_event(id="out-1", reason="password_spraying"))
    assert counted.tallies() == {}
    counted.take(case_event(id="out-2", version=2, reason="recovery.stuck", at=NOON + timedelta(days=1)))
    assert of_day(counted, "2026-11-24") == {"wish/lockout": 1}
    counted.take(case_event(id="out-3", version=3, reason="agent.complaint", at=NOON + timedelta(days=1)))
    assert of_day(counted, "2026-11-24") == {"wish/lockout": 1, "complaint/lockout/open": 1}


# ---------------------------------------------------------------- other instances


def of_instance(instance_arn: str | None, contact_id: str) -> list[Body]:
    """The events of a call at an instance of Amazon Connect; None: they name none."""
    bodies = call_events(contact_id)
    for body in bodies:
        body["detail"].pop("instanceArn")
        if instance_arn is not None:
            body["detail"]["instanceArn"] = instance_arn
    return bodies


@pytest.mark.parametrize("instance_arn", [f"{INSTANCE}2", INSTANCE.replace("123456789012", "210987654321"), "", None])
def test_calls_of_another_instance_count_for_nothing(counted: Counted, instance_arn: str | None) -> None:
    assert counted.take(*of_instance(instance_arn, "contact-1")) == []
    assert (counted.tallies(), counted.items("REPORT#")) == ({}, [])
    assert counted.take(*of_instance(INSTANCE, "contact-2")) == []
    assert sum(counted.tallies().values()) > 0


def test_a_hotline_without_an_instance_counts_no_calls_of_the_account(counted: Counted) -> None:
    counted.sources = replace(SOURCES, instance_arn=None)
    assert counted.take(*of_instance(INSTANCE, "contact-1")) == []
    assert counted.tallies() == {}


def test_a_simulator_may_name_any_instance(counted: Counted) -> None:
    counted.sources = replace(SOURCES, contacts="connect-sim")
    bodies = [{**body, "source": "connect-sim"} for body in of_instance(f"{INSTANCE}2", "contact-1")]
    assert counted.take(*bodies) == []
    assert sum(counted.tallies().values()) > 0


# ---------------------------------------------------------------- what cannot be counted


ODD: Final[list[tuple[object, str]]] = [
    ("no json", "unknown_source"),
    ("[" * 100_000, "unknown_source"),
    (None, "unknown_source"),
    (json.dumps({**contact_event("DISCONNECTED"), "source": "somebody.else"}), "unknown_source"),
    (json.dumps({**contact_event("DISCONNECTED"), "source": "hotline"}), "bad_decision"),
    (json.dumps({**lock_decision(id="1"), "source": "wallet"}), "unknown_type"),
    (json.dumps({**lock_fact("dec-1"), "source": "hotline"}), "bad_decision"),
    (json.dumps({**lock_fact("dec-1"), "source": "aws.connect"}), "unknown_source"),
    (json.dumps(contact_event("DISCONNECTED", "")), "no_id"),
    (json.dumps(contact_event("DISCONNECTED", "x" * 257)), "no_id"),
    (json.dumps(contact_event("DISCONNECTED", "contact-1", first="zwölf")), "no_id"),
    (json.dumps(contact_event("DISCONNECTED", at=NOON - timedelta(days=20))), "time_out_of_range"),
    (json.dumps(contact_event("DISCONNECTED", at=NOON + timedelta(days=13))), "time_out_of_range"),
    (json.dumps(lock_fact("dec-1", at=NOON + timedelta(days=13))), "future_time"),
]


@pytest.mark.parametrize(("body", "reason"), ODD, ids=[f"{place}-{reason}" for place, (_, reason) in enumerate(ODD)])
def test_an_event_that_can_never_be_counted_is_named_and_does_not_come_again(
    counted: Counted, body: object, reason: str
) -> None:
    event = {"Records": [{"messageId": "1", "body": body}]}
    with logged() as log:
        assert take_in(event, counted.ctx, zone=ZONE, sources=SOURCES, users=None) == {"batchItemFailures": []}
    assert counted.items("REPORT#") == []
    (line,) = lines(log)
    assert (line["event"], line["reason"]) == ("HL101", reason)


@pytest.mark.parametrize("event", [None, {}, {"Records": None}, {"Records": [None, {}, {"messageId": 1}]}])
def test_an_event_of_another_shape_holds_no_messages(counted: Counted, event: object) -> None:
    assert take_in(event, counted.ctx, zone=ZONE, sources=SOURCES, users=None) == {"batchItemFailures": []}


def test_only_what_the_store_could_not_take_comes_again(counted: Counted) -> None:
    counted.store.before = once(Unavailable(), on="transact")
    with logged() as log:
        assert counted.take(lock_fact("dec-1"), lock_fact("dec-2")) == ["0"]
    assert [line["event"] for line in lines(log)] == ["HL102", "HL100"]


def test_a_bug_in_one_message_neither_stops_the_others_nor_repeats_its_text(
    counted: Counted, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object, **__: object) -> None:
        raise RuntimeError("+8613800000001")

    monkeypatch.setattr("hotline.reports.service.take_lock", broken)
    with logged() as log:
        assert counted.take(lock_fact("dec-1"), case_event(id="out-1")) == ["0"]
    assert [(line["event"], line.get("error")) for line in lines(log)] == [("HL103", "RuntimeError"), ("HL100", None)]
    assert "+8613800000001" not in log.getvalue()
    assert of_day(counted) == {"complaint/lockout/open": 1}

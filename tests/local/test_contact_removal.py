"""The reference wallet takes a contact point off an account as it is asked to, or refuses as a real one would."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any, Final

import pytest

from functions.wallet_events.batch import take_in
from hotline.accounts import service as accounts
from hotline.contracts.model import PointKind
from hotline_local.contact_removal import answer_removal
from hotline_local.told_facts import ToldFacts
from hotline_local.wallet_modes import Answering, Mode
from tests.support.facts import ACCOUNT, event, sqs_of
from tests.support.intake_context import context
from tests.support.sweeps import sweep

NOW: Final = datetime(2026, 11, 23, 12, 0, 0, tzinfo=UTC)
PHONE, OTHER, EMAIL = "+8613800000001", "+8613800000002", "ada@customer.example"
AT: Final = "2026-01-05T10:00:00.000Z"
LATER: Final = "2026-03-01T10:00:00.000Z"


def point(value: str, confirmed_at: str = AT) -> dict[str, Any]:
    return {"kind": "email" if "@" in value else "phone", "value": value, "confirmed_at": confirmed_at}


def opened(*points: dict[str, Any], version: int = 1) -> dict[str, Any]:
    return event("account.opened", {"version": version, "contact_points": list(points)})


def changed(version: int, **data: Any) -> dict[str, Any]:
    """A number came, went, or took the place of another."""
    told = {"version": version, "kind": "phone", "old": None, "new": None, "confirmed_at": LATER, "reassigned": False}
    return event("contact_point.changed", told | data, id=f"evt-change-{version}")


def asked(kind: str = "phone", confirmed_at: str = AT, loss: str = "lost", **head: Any) -> dict[str, Any]:
    """The decision of two people."""
    data = {
        "decision_id": "dec_1",
        "kind": kind,
        "confirmed_at": confirmed_at,
        "loss": loss,
        "requested_at": "2026-11-23T11:59:00.000Z",
        "case_id": "case_1",
    }
    envelope = {"specversion": "1.0", "id": "out_1", "source": "hotline", "time": data["requested_at"]}
    return {**envelope, "subject": ACCOUNT, "type": "account.contact_change_requested.v1", "data": data, **head}


def answer(*told: dict[str, Any], decision: dict[str, Any] | None = None) -> list[dict[str, Any]]:
    return answer_removal(asked() if decision is None else decision, told, NOW)


def test_the_hotline_hears_that_the_point_is_gone_and_sends_nothing_there_any_more() -> None:
    ctx = context(now=NOW)
    facts = [opened(point(PHONE), point(EMAIL))]
    facts += answer(*facts)
    assert take_in(sqs_of(facts), ctx) == {"batchItemFailures": []}
    profile = accounts.find_profile(ctx.store, ACCOUNT)
    assert profile is not None
    assert [(one.kind, one.value) for one in profile.live_points] == [(PointKind.EMAIL, EMAIL)]


def test_the_fact_names_the_one_point_of_the_kind_and_time_under_the_next_version() -> None:
    told = (opened(point(PHONE), point(EMAIL)), changed(4, new=OTHER))
    (fact,) = answer(*told)
    assert (fact["type"], fact["subject"], fact["id"]) == ("contact_point.changed.v1", ACCOUNT, "ack-dec_1")
    assert fact["data"] == {
        "version": 5,
        "kind": "phone",
        "old": PHONE,
        "confirmed_at": "2026-11-23T12:00:00.000Z",
        "reassigned": False,
    }
    (later,) = answer(*told, decision=asked(confirmed_at=LATER))
    (email,) = answer(*told, decision=asked("email"))
    assert (later["data"]["old"], email["data"]["old"]) == (OTHER, EMAIL)


@pytest.mark.parametrize(("loss", "reassigned"), [("not_theirs", True), ("lost", False), ("stolen", False)])
def test_a_point_of_somebody_else_is_told_as_theirs(loss: str, reassigned: bool) -> None:
    (fact,) = answer(opened(point(PHONE)), decision=asked(loss=loss))
    assert fact["data"]["reassigned"] is reassigned


@sweep(
    "told",
    [
        (),
        (opened(point(EMAIL)),),
        (opened(point(PHONE, LATER)),),
        (opened(point(PHONE), point(OTHER)),),
        (opened(point(PHONE)), changed(2, old=PHONE)),
        (opened(point(PHONE)), changed(2, old=PHONE, new=OTHER)),
        (changed(2, old=PHONE), opened(point(PHONE))),
        (opened(point(PHONE)), event("account.closed", {"version": 2})),
    ],
)
def test_a_point_that_a_real_wallet_could_not_take_off_is_refused(told: tuple[dict[str, Any], ...]) -> None:
    assert answer(*told) == []


@sweep(
    "decision",
    [
        asked(subject="acct-of-another"),
        asked(type="account.unheard_of.v1"),
        asked(data={}),
        {},
    ],
)
def test_a_decision_about_somebody_else_or_of_another_kind_gets_no_fact(decision: dict[str, Any]) -> None:
    assert answer(opened(point(PHONE)), decision=decision) == []


@pytest.mark.parametrize("mode", [Mode.PROMPT, Mode.REPEAT])
def test_a_decision_that_comes_again_gets_the_same_fact_again(mode: Mode) -> None:
    told = ToldFacts()
    told.remember([opened(point(PHONE), point(EMAIL))])
    answering = Answering(mode, lambda decision, now: answer_removal(decision, told.list_of_accounts(), now))
    found = []
    for after in (timedelta(), timedelta(minutes=1), timedelta(minutes=2)):
        answering.hear(asked(), NOW + after)
        facts = answering.due(NOW + after)
        told.remember(facts)
        found += facts
    assert len(found) >= 3
    assert all(fact == found[0] for fact in found)

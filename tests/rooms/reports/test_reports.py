"""A report holds what was counted on its days, and nothing of other days."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta

import pytest

from hotline.kit.errors import InvalidInput
from hotline.kit.store import Query
from hotline.kit.store.dynamodb import DynamoStore
from hotline.reports import service as reports
from hotline.reports.calls import ANSWER_STEPS_S
from hotline.reports.figures import make_report
from hotline.reports.model import (
    DAYS_MAX,
    Distribution,
    Ending,
    LockKind,
    PromiseState,
    RefundStatus,
)
from tests.support.report_events import (
    NOON,
    TODAY,
    Counted,
    call_events,
    case_event,
    lock_decision,
    refund_event,
)
from tests.support.sweeps import sweep

DAY = timedelta(days=1)


@pytest.fixture
def counted() -> Counted:
    """Calls, a lock, a refund and a complaint of two days of November, and a call of December."""
    found = Counted()
    found.begin("contact-1", served=("lockout",))
    found.begin("contact-2", served=("payment",), score=5)
    found.begin("contact-3", caller=None)
    found.take(*call_events("contact-1"))
    found.take(*call_events("contact-2", begun=NOON + DAY, queued_after_s=1, answered_after_s=12))
    found.take(*call_events("contact-3", begun=NOON + DAY, queued_after_s=1))
    found.take(*call_events("contact-4", begun=NOON + 9 * DAY))
    found.take(lock_decision(id="l-1"), lock_decision(id="l-2"), refund_event("refund.requested", id="r-1"))
    found.take(case_event(id="c-1", topic="payment"))
    end = NOON + 2 * DAY
    found.take(case_event(id="c-2", topic="payment", version=2, status="closed", reason="agent.closed", at=end))
    return found


def test_a_report_adds_up_its_days(counted: Counted) -> None:
    report = reports.read_report(counted.store, TODAY, TODAY + 12 * DAY)
    assert [one.total for one in report.days] == [1, 2, *([0] * 6), *[0], 1, 0, 0, 0]
    assert report.days[0].endings == {Ending.CONTAINED: 1}
    assert report.days[1].endings == {Ending.TRANSFERRED: 1, Ending.ABANDONED: 1}
    assert report.topics["payment"] == {Ending.TRANSFERRED: 1}
    assert (report.repeats, report.known_callers) == (1, 2)
    assert report.answer_s.steps == {15: 1}
    assert report.locks == {LockKind.LOCK: {"TOO_MANY_PASSWORD": 2}}
    assert report.refunds == {RefundStatus.IN_REVIEW: {PromiseState.WAITING: 1}}
    (complaint,) = report.complaints
    assert (complaint.kind, complaint.count, complaint.closed_days.steps) == ("payment", 1, {2: 1})
    assert report.scores == {1: 0, 2: 0, 3: 0, 4: 0, 5: 1}


def test_a_report_of_other_days_holds_nothing_of_these(counted: Counted) -> None:
    for start, end in ((TODAY - 40 * DAY, TODAY - DAY), (TODAY + 2 * DAY, TODAY + 8 * DAY)):
        report = reports.read_report(counted.store, start, end)
        assert sum(one.total for one in report.days) == report.repeats == report.answer_s.total == 0
        assert [len(found) for found in (report.topics, report.locks, report.refunds)] == [0, 0, 0]
        assert report.complaints == ()


def test_the_parts_of_a_report_add_up_to_the_whole_whatever_months_they_are_in(counted: Counted) -> None:
    whole = reports.read_counts(counted.store, TODAY - 30 * DAY, TODAY + 40 * DAY)
    parts: dict[date, Mapping[str, int]] = {}
    for number in range(-30, 41):
        parts |= reports.read_counts(counted.store, TODAY + number * DAY, TODAY + number * DAY)
    assert parts == whole
    assert len(whole) == 3


def test_a_report_is_read_with_two_queries_a_month(counted: Counted) -> None:
    """One for what is counted of events, one for the verdicts on findings."""
    before = counted.store.reads
    reports.read_report(counted.store, date(2026, 1, 1), date(2026, 12, 31))
    assert counted.store.reads - before == 24


def test_a_report_reads_every_page(counted: Counted, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = reports.read_counts(counted.store, TODAY, TODAY + 12 * DAY)
    plain = counted.store.query

    def one_item(query: Query) -> object:
        return plain(Query(query.table, query.pk, query.sk, limit=1, start_after=query.start_after))

    monkeypatch.setattr(counted.store, "query", one_item)
    assert reports.read_counts(counted.store, TODAY, TODAY + 12 * DAY) == whole


@sweep(("days", "code"), [(-1, "days_out_of_order"), (0, None), (DAYS_MAX - 1, None), (DAYS_MAX, "too_many_days")])
def test_a_report_has_one_day_at_least_and_so_many_at_most(days: int, code: str | None) -> None:
    store = Counted().store
    if code is None:
        assert len(reports.read_report(store, TODAY, TODAY + days * DAY).days) == days + 1
        return
    with pytest.raises(InvalidInput) as refused:
        reports.read_report(store, TODAY, TODAY + days * DAY)
    assert refused.value.code == code


def test_the_plain_form_has_what_the_desk_shows(counted: Counted) -> None:
    plain = reports.plain(reports.read_report(counted.store, TODAY, TODAY + DAY))
    assert (plain["from"], plain["to"]) == ("2026-11-23", "2026-11-24")
    assert plain["contacts"][1] == {
        "day": "2026-11-24",
        "contained": 0,
        "transferred": 1,
        "abandoned": 1,
        "callback": 0,
        "closed_hours": 0,
        "left": 0,
    }
    assert [(one["topic"], one["count"]) for one in plain["topics"]] == [("lockout", 1), ("none", 1), ("payment", 1)]
    assert plain["repeats"] == {"count": 1, "of": 2}
    assert plain["answer"] == {"count": 1, "median_s": 15, "p90_s": 15}
    assert plain["lock_causes"] == [{"kind": "lock", "cause": "TOO_MANY_PASSWORD", "count": 2}]
    refund = {"status": "in_review", "count": 1, "kept": 0, "late": 0, "waiting": 1, "withdrawn": 0, "none": 0}
    assert plain["refunds"] == [refund]
    assert plain["complaints"] == [{"kind": "payment", "count": 1, "closed": 1, "within_15_days": 1, "median_days": 2}]
    assert plain["survey"] == [{"score": score, "count": int(score == 5)} for score in range(1, 6)]


def test_the_yearly_summary_has_counts_kinds_the_share_that_was_processed_and_the_speed(counted: Counted) -> None:
    counted.take(case_event("case-2", id="c-3"), case_event("case-3", id="c-4"))
    late = NOON + 16 * DAY
    counted.take(case_event("case-2", id="c-5", version=2, status="closed", reason="agent.closed", at=late))
    summary = reports.yearly(reports.read_report(counted.store, date(2026, 1, 1), date(2026, 12, 31)))
    kinds = summary.pop("kinds")
    assert summary == {
        "from": "2026-01-01",
        "to": "2026-12-31",
        "calls": 4,
        "complaints": 3,
        "processed": 2,
        "processed_percent": 66,
        "within_15_days_percent": 50,
    }
    assert [one["kind"] for one in kinds] == ["lockout", "payment"]
    assert (kinds[0]["share_percent"], kinds[0]["processed_percent"], kinds[0]["median_days"]) == (66, 50, 20)
    assert (kinds[1]["within_15_days_percent"], kinds[1]["median_days"]) == (100, 2)


def test_the_yearly_summary_of_a_quiet_year_divides_by_nothing() -> None:
    summary = reports.yearly(reports.read_report(Counted().store, date(2026, 1, 1), date(2026, 12, 31)))
    assert (summary["complaints"], summary["processed_percent"], summary["kinds"]) == (0, None, [])


@sweep(
    ("steps", "percent", "expected"),
    [
        ({}, 50, None),
        ({5: 1}, 50, 5),
        ({5: 1, 10: 1}, 50, 5),
        ({5: 1, 10: 2}, 50, 10),
        ({5: 9, 10: 1}, 90, 5),
        ({5: 8, 10: 1, None: 1}, 90, 10),
        ({5: 1, None: 9}, 90, None),
    ],
)
def test_a_percentile_is_the_end_of_the_step_that_holds_so_many(
    steps: dict[int | None, int], percent: int, expected: int | None
) -> None:
    assert Distribution(steps).percentile(percent) == expected


def test_a_report_tells_half_nine_in_ten_and_what_was_answered_in_time() -> None:
    waits = {f"answer/{step}": number for step, number in ((5, 49), (10, 1), (15, 39), (20, 1), (25, 10))}
    days = {f"complaint/refund/{step}": number for step, number in ((7, 49), (10, 1), (15, 10), (20, 40), ("open", 25))}
    endings = {"contact/refund/left": 2, "contact/lockout/left": 2, "contact/none/left": 3}
    report = make_report(TODAY, TODAY, {TODAY: waits | days | endings})
    plain, summary = reports.plain(report), reports.yearly(report)
    assert plain["answer"] == {"count": 100, "median_s": 10, "p90_s": 20}
    told = {"kind": "refund", "count": 125, "closed": 100, "within_15_days": 60, "median_days": 10}
    assert plain["complaints"] == [told]
    assert [one["topic"] for one in plain["topics"]] == ["none", "lockout", "refund"]
    assert (summary["processed_percent"], summary["within_15_days_percent"], summary["calls"]) == (80, 60, 7)
    of_kind = {"kind": "refund", "count": 125, "share_percent": 100, "processed": 100, "processed_percent": 80}
    assert summary["kinds"] == [{**of_kind, "median_days": 10, "within_15_days_percent": 60}]


def test_every_wait_has_its_step_and_the_counts_of_a_day_stay_few() -> None:
    assert list(ANSWER_STEPS_S) == sorted(set(ANSWER_STEPS_S))
    assert len(ANSWER_STEPS_S) < 60


def test_events_are_counted_on_dynamodb_as_in_memory(moto_store: DynamoStore) -> None:
    counted = Counted()
    counted.begin("contact-1", served=("lockout",))
    counted.take(*call_events("contact-1"))
    on_moto = Counted.on(moto_store)
    on_moto.begin("contact-1", served=("lockout",))
    for _ in range(2):
        assert on_moto.take(*call_events("contact-1")) == []
    expected = reports.read_counts(counted.store, TODAY, TODAY)
    assert reports.read_counts(moto_store, TODAY, TODAY) == expected != {}

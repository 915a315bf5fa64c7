"""A watch remembers what the rules need, no more, and lets what came again count once."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from hotline.kit.clock import to_text
from hotline.security.detectors import DETECTORS, Detector, Event, Hit, Severity
from hotline.security.items import watch_item, watch_of
from hotline.security.model import Row, Watch
from hotline.security.watch import (
    EVENTS_MAX,
    HITS_MAX,
    LATENESS,
    finding_id,
    judge_rows,
    list_watched_types,
    shorten,
)
from tests.support.lock_desk import NOON, minutes

HOUR = timedelta(hours=1)
MINUTE = timedelta(minutes=1)


def rule(
    name: str = "every",
    *,
    holds: bool = False,
    quiet: timedelta = MINUTE,
    version: int = 1,
    severity: Severity = Severity.MEDIUM,
) -> Detector:
    """A rule that sees its pattern in every event of the type `seen`."""

    def judge(events: Sequence[Event]) -> Iterator[Hit]:
        yield from (Hit(event.at, event.at) for event in events)

    return Detector(
        rule=name,
        version=version,
        severity=severity,
        window=HOUR,
        quiet=quiet,
        watches={"seen": (), "other": ()},
        holds=holds,
        runbook="",
        judge=judge,
        examples=(),
    )


def row(number: int, at: datetime | None = None, *, arrived: datetime | None = None, type_: str = "seen") -> Row:
    arrived = arrived or NOON + timedelta(milliseconds=number)
    name = f"{type_}-{number}"
    return Row(f"{to_text(arrived)}#{name}", "acct_1", arrived, Event(name, at or NOON + HOUR * number, type_))


def blind() -> Detector:
    return Detector(
        rule="blind",
        version=1,
        severity=Severity.LOW,
        window=HOUR,
        quiet=HOUR,
        watches={"seen": (), "other": ()},
        holds=False,
        runbook="",
        judge=lambda _: iter(()),
        examples=(),
    )


@pytest.mark.parametrize(
    ("number", "kept"), [(EVENTS_MAX - 1, EVENTS_MAX - 1), (EVENTS_MAX, EVENTS_MAX), (EVENTS_MAX + 1, EVENTS_MAX)]
)
def test_a_watch_keeps_so_many_events_and_the_newest_of_them(number: int, kept: int) -> None:
    watch, _, _ = judge_rows(Watch("acct_1"), [row(n) for n in range(number)], [blind()])
    assert [known.event.id for known in watch.events] == [f"seen-{n}" for n in range(number - kept, number)]


def test_the_most_frequent_type_gives_way() -> None:
    rare = row(0, type_="other")
    watch, _, _ = judge_rows(Watch("acct_1"), [rare, *(row(n) for n in range(1, EVENTS_MAX + 50))], [blind()])
    assert watch.events[0].event == rare.event
    assert len(watch.events) == EVENTS_MAX


@pytest.mark.parametrize(("late_ms", "kept"), [(-1, True), (0, True), (1, False)])
def test_an_event_is_kept_for_the_window_and_a_day(late_ms: int, kept: bool) -> None:
    later = NOON + HOUR + LATENESS + timedelta(milliseconds=late_ms)
    watch, _, _ = judge_rows(Watch("acct_1"), [row(0, arrived=NOON), row(1, arrived=later)], [blind()])
    assert (watch.events[0].event.id == "seen-0") is kept


def test_rows_up_to_the_position_of_the_watch_are_known() -> None:
    rows = [row(n) for n in range(5)]
    watch, found, _ = judge_rows(Watch("acct_1"), rows, [rule()])
    assert len(found) == 5
    assert judge_rows(watch, rows, [rule()]) == (watch, [], 5)
    assert watch.applied_to == rows[-1].position


def test_rows_that_are_known_are_not_judged_again_when_their_events_are_forgotten() -> None:
    rows = [row(n) for n in range(5)]
    watch, found, taken = judge_rows(Watch("acct_1", applied_to=rows[3].position), rows, [rule()])
    assert ([finding.window_start for finding in found], taken) == ([rows[4].event.at], 5)
    assert len(watch.events) == 1


def test_an_event_that_comes_again_moves_the_position_and_nothing_else() -> None:
    watch, _, _ = judge_rows(Watch("acct_1"), [row(0)], [rule()])
    again = Row(row(9).position, "acct_1", row(9).arrived_at, row(0).event)
    after, found, _ = judge_rows(watch, [again], [rule()])
    assert (after.applied_to, found) == (again.position, [])
    assert (after.events, after.raised) == (watch.events, watch.raised)


@pytest.mark.parametrize(("apart_s", "findings"), [(59, 1), (60, 2), (61, 2), (-59, 1), (-60, 2)])
def test_within_the_quiet_time_before_and_after_it_is_the_same_finding(apart_s: int, findings: int) -> None:
    rows = [row(0, NOON), row(1, NOON + timedelta(seconds=apart_s))]
    _, found, _ = judge_rows(Watch("acct_1"), rows, [rule(quiet=minutes(1))])
    assert len(found) == findings


def test_findings_have_ids_of_their_rule_version_account_and_beginning() -> None:
    def ids(account: str, detector: Detector, at: datetime = NOON) -> str:
        _, (finding,), _ = judge_rows(Watch(account), [row(0, at)], [detector])
        return finding.id

    base = ids("acct_1", rule())
    assert ids("acct_1", rule()) == base
    others = {
        ids("acct_2", rule()),
        ids("acct_1", rule("another")),
        ids("acct_1", rule(version=2)),
        ids("acct_1", rule(), NOON + minutes(1)),
    }
    assert len(others - {base}) == 4


def test_a_finding_keeps_its_id_for_good() -> None:
    """Scans of other releases made the ids that are stored: with others, a lost watch would raise them all again."""
    assert finding_id(rule(), "acct_1", Hit(NOON, NOON)) == "finding_59075d126ebe252a817503613da99956"


def test_a_short_hash_tells_apart_as_much_as_64_bits() -> None:
    assert [len(shorten(value)) * 4 for value in ("", "an id")] == [64, 64]


@pytest.mark.parametrize(
    ("rows", "taken"), [(HITS_MAX - 1, HITS_MAX - 1), (HITS_MAX, HITS_MAX), (HITS_MAX + 1, HITS_MAX)]
)
def test_rows_beyond_one_transaction_are_left_for_the_next(rows: int, taken: int) -> None:
    watch, found, count = judge_rows(Watch("acct_1"), [row(n) for n in range(rows)], [rule()])
    assert (len(found), count) == (taken, taken)
    _, rest, count = judge_rows(watch, [row(n) for n in range(taken, rows)], [rule()])
    assert (len(rest), count) == (rows - taken, rows - taken)


def test_one_transaction_holds_once() -> None:
    watch, found, taken = judge_rows(Watch("acct_1"), [row(0), row(1), row(2)], [rule(holds=True)])
    assert (len(found), taken) == (1, 1)
    assert judge_rows(watch, [row(1), row(2)], [rule(holds=True)])[2] == 1


@pytest.mark.parametrize("severity", [Severity.HIGH, Severity.CRITICAL])
def test_one_transaction_takes_one_row_that_a_person_is_to_look_at(severity: Severity) -> None:
    """Each is an entry of its own in the case, however the rows come."""
    _, found, taken = judge_rows(Watch("acct_1"), [row(0), row(1), row(2)], [rule(severity=severity)])
    assert (len(found), taken) == (1, 1)
    _, found, _ = judge_rows(Watch("acct_1"), [row(0)], [rule(severity=severity), rule("other", holds=True)])
    assert len(found) == 2


@pytest.mark.parametrize("types", [("seen", "other"), ("other", "seen")])
def test_one_transaction_takes_a_grave_finding_beside_others(types: tuple[str, str]) -> None:
    grave = replace(rule("grave", severity=Severity.HIGH), watches={"other": ()})
    lesser = replace(rule("lesser"), watches={"seen": ()})
    rows = [row(number, type_=type_) for number, type_ in enumerate(types)]
    watch, found, taken = judge_rows(Watch("acct_1"), [*rows, row(2), row(3, type_="other")], [grave, lesser])
    assert ({finding.rule for finding in found}, taken) == ({"grave", "lesser"}, 3)
    assert judge_rows(watch, [row(3, type_="other")], [grave, lesser])[2] == 1


def test_a_rule_stays_quiet_whatever_other_rules_find() -> None:
    rules = [rule("first", quiet=HOUR), rule("second", quiet=HOUR)]
    watch, found, _ = judge_rows(Watch("acct_1"), [row(0, NOON)], rules)
    assert [finding.rule for finding in found] == ["first", "second"]
    assert judge_rows(watch, [row(1, NOON + MINUTE)], rules)[1] == []


def test_events_are_judged_by_their_time_and_then_by_their_id() -> None:
    judged: list[str] = []

    def judge(events: Sequence[Event]) -> Iterator[Hit]:
        judged[:] = [event.id for event in events]
        yield from ()

    came = [(9, NOON), (1, NOON), (5, NOON - MINUTE)]
    rows = [row(number, at, arrived=NOON + place * MINUTE) for place, (number, at) in enumerate(came)]
    judge_rows(Watch("acct_1"), rows, [replace(rule(), judge=judge)])
    assert judged == ["seen-5", "seen-1", "seen-9"]


@pytest.mark.parametrize(("early_s", "kept"), [(1, True), (0, False), (-1, False)])
def test_a_beginning_is_forgotten_when_no_event_of_its_time_is_left(early_s: int, kept: bool) -> None:
    detector = rule()
    watch = Watch("acct_1", raised={"every.1": (NOON,)})
    at = NOON + detector.quiet - timedelta(seconds=early_s)
    after, _, _ = judge_rows(watch, [row(1, at)], [detector])
    assert (NOON in after.raised["every.1"]) is kept


def test_an_event_is_kept_for_the_longest_window_of_all_rules() -> None:
    later = NOON + HOUR + LATENESS + MINUTE
    longer = replace(blind(), rule="longer", window=2 * HOUR)
    for rules in ([blind(), longer], [longer, blind()]):
        watch, _, _ = judge_rows(Watch("acct_1"), [row(0, arrived=NOON), row(1, arrived=later)], rules)
        assert watch.events[0].event.id == "seen-0"


def test_rows_one_by_one_or_all_at_once_come_to_the_same() -> None:
    rows = [row(n, NOON + minutes(7 * (n * 37 % 11))) for n in range(11)]
    whole, found, _ = judge_rows(Watch("acct_1"), rows, [rule(quiet=minutes(10))])
    watch, one_by_one = Watch("acct_1"), []
    for one in rows:
        watch, some, _ = judge_rows(watch, [one], [rule(quiet=minutes(10))])
        one_by_one += some
    assert (watch, one_by_one) == (whole, found)


def test_a_watch_is_stored_whole() -> None:
    watch, _, _ = judge_rows(Watch("acct_1"), [row(n) for n in range(5)], [rule()])
    assert watch_of("acct_1", watch_item(watch)) == watch
    assert watch_of("acct_1", None) == Watch("acct_1")


def test_rules_together_name_what_of_a_row_is_looked_at() -> None:
    types = list_watched_types()
    assert set(types) == {type_ for detector in DETECTORS for type_ in detector.watches}
    assert types["login.failed"] == ("device", "ip")
    # A successful login, which is most of what happens, is nobody's business.
    assert "login.succeeded" not in types

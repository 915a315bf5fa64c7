"""A watch remembers what the rules need, no more, lets what came again count once, and judges late events in place."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from datetime import timedelta
from typing import Any, Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hotline.kit.clock import to_text
from hotline.security.activity_rows import instant_of_ms
from hotline.security.detectors import (
    Detector,
    Event,
    History,
    Hit,
    Severity,
    Signal,
    State,
    Stream,
    credential_stuffing,
    failed_login_burst,
    reset_device_transfer,
)
from hotline.security.detectors.shipped import DETECTORS
from hotline.security.findings import FINDINGS_AT_ONCE, Kind, Step, parts_of
from hotline.security.model import Finding
from hotline.security.rules import Plan, RuleSet
from hotline.security.streams import ID_CHARACTERS_MAX, shorten, shorten_over
from hotline.security.watch import LATENESS_MS, PENDING_MAX, Changes, Watch
from hotline.security.watch_items import is_tombstone, tombstone_item, watch_item, watch_of
from tests.support.lock_desk import NOON
from tests.support.toy_rules import HOUR_MS, every, excluded, moved, rules_of, toy

NOON_MS: Final = round(NOON.timestamp() * 1000)
MINUTE_MS: Final = 60_000

type Came = tuple[int, Event]
"""The time at which an event came, in ms, and the event."""


def plan_of(*detectors: Detector[Any]) -> Plan:
    return rules_of(*detectors).plans[Stream.ACCOUNT]


EVERY: Final = plan_of(every())


def event(number: int, at_ms: int | None = None, type_: str = "password.changed", **values: Any) -> Event:
    return Event(f"{type_}-{number}", NOON_MS + MINUTE_MS * number if at_ms is None else at_ms, type_, values)


def come(watch: Watch, came: Sequence[Came]) -> Watch:
    """Let the watch take in events in the order in which they came."""
    for arrived_ms, one in sorted(came, key=lambda pair: (pair[0], pair[1].id)):
        watch.take(position(arrived_ms, one), arrived_ms, one)
    return watch


def position(arrived_ms: int, one: Event) -> str:
    return f"{to_text(instant_of_ms(arrived_ms))}#{one.id}"


def at_once(*events: Event) -> list[Came]:
    return [(one.at_ms, one) for one in events]


def again(watch: Watch, plan: Plan = EVERY) -> Watch:
    """The watch as the next run reads it."""
    return Watch(plan, json.loads(json.dumps(watch.store())))


def starts(changes: Changes) -> list[int]:
    return [(raised.hit.started_ms - NOON_MS) // MINUTE_MS for raised in changes.raised]


@pytest.mark.parametrize(
    ("number", "kept"),
    [(PENDING_MAX - 1, PENDING_MAX - 1), (PENDING_MAX, PENDING_MAX), (PENDING_MAX + 1, PENDING_MAX)],
)
def test_a_watch_keeps_so_many_events_and_the_newest_of_them(number: int, kept: int) -> None:
    watch = come(Watch(EVERY), at_once(*(event(n) for n in range(number))))
    assert [one[0] for one in watch.store()["pending"]] == [
        f"password.changed-{n}" for n in range(number - kept, number)
    ]


def test_a_flood_does_not_wash_out_what_a_rule_remembers() -> None:
    plan = plan_of(excluded())
    begun = event(0, NOON_MS)
    flood = [event(n, NOON_MS + n, "device.registered") for n in range(1, PENDING_MAX + 50)]
    watch = come(Watch(plan), at_once(begun, *flood))
    (found,) = watch.changes().raised
    assert (found.hit.started_ms, found.hit.facts) == (NOON_MS, {"devices": len(flood)})


@pytest.mark.parametrize(("late_ms", "kept"), [(-1, True), (0, True), (1, False)])
def test_an_event_is_kept_for_as_long_as_another_may_come_before_it(late_ms: int, kept: bool) -> None:
    first, later = event(0), event(1, NOON_MS + LATENESS_MS + late_ms)
    watch = come(Watch(EVERY), at_once(first, later))
    assert (watch.store()["pending"][0][0] == first.id) is kept
    assert len(watch.changes()) == 2


@pytest.mark.parametrize(("late_ms", "judged"), [(-1, True), (0, True), (1, False)])
def test_an_event_that_is_later_than_a_day_is_not_judged(late_ms: int, judged: bool) -> None:
    watch = come(Watch(EVERY), [(NOON_MS + LATENESS_MS + late_ms, event(0))])
    assert len(watch.changes()) == int(judged)


def test_rows_up_to_the_position_of_the_watch_are_known() -> None:
    came = at_once(*(event(n) for n in range(5)))
    watch = come(Watch(EVERY), came)
    assert starts(watch.changes()) == [0, 1, 2, 3, 4]
    second = come(again(watch), came)
    assert (len(second.changes()), second.store()) == (0, watch.store())
    assert watch.applied_to == position(*came[-1])


def test_rows_that_are_known_are_not_judged_again_when_their_events_are_forgotten() -> None:
    came = at_once(*(event(n) for n in range(5)))
    watch = come(Watch(EVERY, {"applied_to": position(*came[3])}), came)
    assert starts(watch.changes()) == [4]


def test_an_event_that_comes_again_moves_the_position_and_nothing_else() -> None:
    watch = come(Watch(EVERY), at_once(event(0)))
    before = watch.store()
    after = come(again(watch), [(NOON_MS + HOUR_MS, event(0))])
    assert after.applied_to > before["applied_to"]
    assert {**after.store(), "applied_to": before["applied_to"]} == before
    assert not after.matters()


def test_a_late_event_is_judged_in_its_place_and_may_take_a_finding_back() -> None:
    plan = plan_of(excluded())
    watch = come(Watch(plan), at_once(event(30)))
    assert len(watch.changes().raised) == 1
    second = come(again(watch, plan), [(NOON_MS + HOUR_MS, event(0, type_="code.sent"))])
    changes = second.changes()
    assert ([one.hit.started_ms for one in changes.withdrawn], len(changes)) == ([event(30).at_ms], 1)
    assert come(again(second, plan), []).changes() == Changes()


def test_an_event_that_excludes_a_settled_finding_takes_it_back() -> None:
    """The finding is older than a day, and what ends it is not."""
    plan = plan_of(excluded())
    watch = come(Watch(plan), at_once(event(0)))
    later_ms = NOON_MS + LATENESS_MS + 30 * MINUTE_MS
    settled = come(again(watch, plan), [(later_ms, event(0, later_ms, "login.failed"))])
    assert "password.changed-0" not in json.dumps(settled.store().get("pending"))
    changes = come(again(settled, plan), [(later_ms + 1, event(45, type_="contact_point.changed"))]).changes()
    assert [one.hit.started_ms for one in changes.withdrawn] == [NOON_MS]


def test_a_finding_that_goes_on_is_corrected_once_a_run() -> None:
    plan = plan_of(excluded())
    watch = come(Watch(plan), at_once(event(0), event(5, type_="device.registered")))
    assert [one.hit.facts["devices"] for one in watch.changes().raised] == [1]
    second = come(again(watch, plan), at_once(*(event(n, type_="device.registered") for n in range(6, 9))))
    changes = second.changes()
    assert ([one.hit.facts["devices"] for one in changes.corrected], len(changes)) == ([4], 1)


def test_an_attack_from_an_address_is_corrected_by_the_run_in_which_somebody_gets_in() -> None:
    plan = rules_of(credential_stuffing.DETECTOR).plans[Stream.SOURCE]
    tries = [event(n, NOON_MS + n * 1000, "login.failed", account=f"account-{n}") for n in range(45)]
    first = come(Watch(plan), at_once(*tries[:30]))
    (raised,) = first.changes().raised
    assert raised.hit.facts == {"failures": 25, "accounts_failed": 25, "accounts_in": 0}
    second = come(again(first, plan), at_once(*tries[30:]))
    assert len(second.changes()) == 0
    third = come(again(second, plan), at_once(event(45, NOON_MS + 45_000, "login.succeeded", account="account-45")))
    (corrected,) = third.changes().corrected
    assert corrected.hit.started_ms == raised.hit.started_ms
    assert corrected.hit.facts == {"failures": 45, "accounts_failed": 45, "accounts_in": 1}


def test_events_are_judged_by_their_time_and_money_before_it_leaves() -> None:
    inward = {"movement_id": "b", "kind": "top_up"}
    outward = {"movement_id": "a", "kind": "transfer"}
    events = [
        Event("label", NOON_MS, "transaction.confirmed_fraud", {"movement_id": "a"}),
        Event("out", NOON_MS, "transfer.succeeded", outward),
        Event("word", NOON_MS, "password.changed", {}),
        Event("in", NOON_MS, "top_up.succeeded", inward),
        Event("early", NOON_MS - 1, "transfer.succeeded", outward),
        Event("a-word", NOON_MS, "password.changed", {}),
    ]
    assert [one.id for one in sorted(events, key=lambda one: one.place)] == [
        "early",
        "in",
        "a-word",
        "word",
        "out",
        "label",
    ]


# ---------------------------------------------------------------- ids


def test_findings_have_ids_of_their_rule_version_limits_subject_and_beginning() -> None:
    def id_of(detector: Detector[Any], subject: str = "acct_1", at_ms: int = NOON_MS, count: int = 1) -> str:
        limits = type(detector.limits)(count)
        (rule,) = type(rules_of()).of([(detector, limits)]).rules
        return rule.finding_id(subject, at_ms)

    base = id_of(every())
    assert id_of(every()) == base
    others = {
        id_of(every(), "acct_2"),
        id_of(every(name="another")),
        id_of(every(version=2)),
        id_of(every(), at_ms=NOON_MS + 1),
        id_of(every(), count=2),
    }
    assert len(others - {base}) == 5


def test_a_finding_keeps_its_id_for_good() -> None:
    """Scans of other releases made the ids that are stored: with others, a lost watch would raise them all again."""
    (rule,) = rules_of(every()).rules
    assert rule.finding_id("acct_1", NOON_MS) == "finding_b6dd4c04df9e4ccff664a8fc43b55dae"


def test_a_short_hash_tells_apart_as_much_as_64_bits() -> None:
    assert [len(shorten(value)) * 4 for value in ("", "an id")] == [64, 64]


@pytest.mark.parametrize(
    ("length", "kept"), [(ID_CHARACTERS_MAX - 1, True), (ID_CHARACTERS_MAX, True), (ID_CHARACTERS_MAX + 1, False)]
)
def test_an_id_is_kept_as_it_is_up_to_a_length(length: int, kept: bool) -> None:
    assert (shorten_over("i" * length, ID_CHARACTERS_MAX) == "i" * length) is kept


# ---------------------------------------------------------------- what fits one transaction


def step(number: int, *, holds: bool = False, severity: Severity = Severity.MEDIUM, kind: Kind = Kind.RAISE) -> Step:
    at = instant_of_ms(NOON_MS + number)
    of_account = {"stream": Stream.ACCOUNT, "subject": "acct_1", "account_id": "acct_1"}
    made: dict[str, Any] = {
        "window_start": at,
        "window_end": at,
        "facts": {},
        "event_ids": (),
        "rules": "",
        **of_account,
    }
    return Step(kind, Finding(f"finding-{number}", "a", 1, severity.value, holds=holds, **made))


@pytest.mark.parametrize(
    ("number", "parts"),
    [
        (FINDINGS_AT_ONCE - 1, [FINDINGS_AT_ONCE - 1]),
        (FINDINGS_AT_ONCE, [FINDINGS_AT_ONCE]),
        (FINDINGS_AT_ONCE + 1, [FINDINGS_AT_ONCE, 1]),
    ],
)
def test_findings_beyond_one_transaction_are_left_for_the_next(number: int, parts: list[int]) -> None:
    assert [len(part) for part in parts_of([step(n) for n in range(number)])] == parts


def test_one_transaction_holds_once() -> None:
    assert [len(part) for part in parts_of([step(n, holds=True) for n in range(3)])] == [1, 1, 1]


@pytest.mark.parametrize("severity", [Severity.HIGH, Severity.CRITICAL])
def test_one_transaction_takes_one_finding_that_a_person_is_to_look_at(severity: Severity) -> None:
    """Each is an entry of its own in the case, however the rows come."""
    grave = [step(n, severity=severity) for n in range(2)]
    assert [len(part) for part in parts_of([step(8), *grave, step(9)])] == [2, 2]
    withdrawn = step(7, severity=severity, kind=Kind.WITHDRAW)
    assert [len(part) for part in parts_of([grave[0], withdrawn])] == [1, 1]
    # A correction raises a finding that was suppressed, when its pattern goes on behind the end.
    corrected = step(7, severity=severity, kind=Kind.CORRECT)
    assert [len(part) for part in parts_of([grave[0], corrected])] == [1, 1]
    lesser = step(7, severity=Severity.MEDIUM, kind=Kind.CORRECT)
    assert [len(part) for part in parts_of([grave[0], lesser])] == [2]


# ---------------------------------------------------------------- what is kept


def test_a_watch_is_stored_whole() -> None:
    watch = come(Watch(EVERY), at_once(*(event(n, party="p") for n in range(5))))
    item = watch_item(Stream.ACCOUNT, watch, None, NOON)
    assert isinstance(item["memory"], bytes)
    assert json.dumps(watch_of(EVERY, item, NOON).store()) == json.dumps(watch.store())
    assert watch_of(EVERY, None, NOON).store() == Watch(EVERY).store()


def test_a_watch_ends_with_its_time_also_when_nobody_has_taken_it_away_yet() -> None:
    watch = come(Watch(EVERY), at_once(event(0)))
    item = watch_item(Stream.SOURCE, watch, None, NOON)
    life = timedelta(days=35)
    assert watch_of(EVERY, item, NOON + life).applied_to == watch.applied_to
    assert watch_of(EVERY, item, NOON + life + timedelta(seconds=1)).applied_to == ""


def test_of_a_watch_of_an_earlier_release_the_position_is_known() -> None:
    old = {"applied_to": "2026-11-23T12:00:00.000Z#x", "events": [], "raised": {}, "rev": 3}
    assert watch_of(EVERY, old, NOON).applied_to == old["applied_to"]
    assert not is_tombstone(old)
    assert is_tombstone(tombstone_item(NOON))


def test_a_quiet_account_is_remembered_in_less_than_a_kilobyte() -> None:
    plan = rules_of(*DETECTORS).plans[Stream.ACCOUNT]
    paid = {"kind": "payment", "status": "succeeded", "version": 1, "amount_minor": 1250, "currency": "CNY"}
    days = [
        Event(
            f"evt-{n:032d}", NOON_MS + n * 40 * HOUR_MS, "payment.succeeded", paid | {"movement_id": shorten(f"m{n}")}
        )
        for n in range(15)
    ]
    watch = come(Watch(plan), at_once(*days))
    item = watch_item(Stream.ACCOUNT, watch, None, NOON)
    assert len(item["memory"]) < 900


MOVED: Final = plan_of(moved())


def login(number: int, device: str = "phone", at_ms: int | None = None) -> Event:
    return event(number, at_ms, "login.succeeded", device=device)


def test_a_watch_need_not_be_written_when_no_memory_changed() -> None:
    watch = come(Watch(MOVED), at_once(login(0)))
    assert watch.matters()
    second = come(again(watch, MOVED), at_once(login(1), login(2)))
    assert not second.matters()
    assert second.newest_ms == login(2).at_ms
    assert come(again(watch, MOVED), at_once(login(1), login(2, "other"))).matters()


def test_a_fresh_watch_need_not_be_written_while_no_rule_remembers_anything() -> None:
    guessing = RuleSet.of((rule, rule.limits) for rule in DETECTORS if rule.stream is Stream.SOURCE)
    plan = guessing.plans[Stream.SOURCE]
    watch = come(Watch(plan), at_once(login(0), login(1)))
    assert not watch.matters()
    assert come(watch, at_once(event(2, type_="login.failed", account="somebody"))).matters()


def test_an_event_ahead_of_its_arrival_is_kept() -> None:
    watch = come(Watch(MOVED), at_once(login(0)))
    assert come(again(watch, MOVED), [(login(1).at_ms - 1, login(1))]).matters()


def test_a_late_event_that_younger_ones_have_hidden_is_kept() -> None:
    """Nine failures are no finding, and the one of hours later remembers none of them. The tenth comes when the ninth
    is history."""
    plan = plan_of(failed_login_burst.DETECTOR)
    failed = [event(number, type_="login.failed") for number in (*range(8), 600)]
    watch = again(come(Watch(plan), at_once(*failed)), plan)
    ninth, tenth = event(8, type_="login.failed"), event(9, type_="login.failed")
    come(watch, [(ninth.at_ms + LATENESS_MS, ninth)])
    assert watch.matters()
    assert starts(come(again(watch, plan), [(tenth.at_ms + LATENESS_MS, tenth)]).changes()) == [0]


def test_an_event_that_the_next_one_of_its_run_has_hidden_is_kept() -> None:
    """A new password is over after 12 hours, and a late device may still need it."""
    plan = plan_of(reset_device_transfer.DETECTOR)
    watch = again(come(Watch(plan), at_once(login(0))), plan)
    changed, later = event(24 * 60), login(37 * 60)
    come(watch, at_once(changed, later))
    assert watch.changes() == Changes()
    assert watch.matters()


def test_a_late_event_that_changes_nothing_at_its_place_need_not_be_kept() -> None:
    watch = come(Watch(MOVED), at_once(login(0), login(9)))
    assert not come(again(watch, MOVED), [(login(9).at_ms, login(5))]).matters()


def test_events_that_were_not_kept_are_put_back_before_a_late_one() -> None:
    watch = come(Watch(MOVED), at_once(login(0)))
    late = (login(9).at_ms, login(5, "other"))
    dropped = come(again(watch, MOVED), [late])
    assert starts(dropped.changes()) == [5]
    recalled = again(watch, MOVED)
    recalled.recall([*at_once(login(0), login(7), login(8)), (NOON_MS + 2 * LATENESS_MS, login(6))])
    assert not recalled.matters()
    # From the phone to the other device, and back to the phone.
    assert starts(come(recalled, [late]).changes()) == [5, 7]


KINDS: Final = ("password.changed", "code.sent", "contact_point.changed", "device.registered", "login.succeeded")


def _paired(state: State, signal: str, event: Event, history: History, limits: Any) -> Iterable[Hit]:
    """Two new passwords are a finding that names both. A code behind it takes it back, unless a device came between."""
    if signal == Signal.PASSWORD_CHANGED:
        state.setdefault("both", []).append([event.at_ms, event.id])
        both = state["both"]
        if len(both) == 2:
            return (Hit(both[0][0], event.at_ms, {}, (both[0][1], both[1][1])),)
    elif signal == Signal.DEVICE_REGISTERED:
        state["device"] = 1
    elif signal == Signal.CODE_SENT and len(state.get("both", ())) == 2 and "device" not in state:
        both = state["both"]
        return (Hit(both[0][0], both[1][0], {}, (both[0][1], both[1][1]), withdrawn=True),)
    return ()


PAIRED: Final = plan_of(toy(_paired, Signal.PASSWORD_CHANGED, Signal.DEVICE_REGISTERED, Signal.CODE_SENT))


@pytest.mark.parametrize("runs", [[4], [1, 3], [2, 2], [3, 1], [1, 1, 1, 1]])
def test_a_finding_that_comes_back_names_what_was_settled_meanwhile(runs: list[int]) -> None:
    """Two passwords and a code that takes them back; a day later a login, and a device that belongs before the code."""
    hours = (0, 1, 20, 25.5, 26)
    first, second, code, other, device = (NOON_MS + round(hour * HOUR_MS) for hour in hours)
    came = [
        (first, event(1, first)),
        (second, event(2, second)),
        (code, event(3, code, "code.sent")),
        (other, event(4, other)),
        (device, event(5, NOON_MS + 19 * HOUR_MS, "device.registered")),
    ]
    rest, watch, named = came, Watch(PAIRED), set[str]()
    for number in [*runs, 1]:
        watch = come(again(watch, PAIRED), rest[:number])
        named |= {name for one in watch.changes().raised for name in one.evidence}
        rest = rest[number:]
    assert not rest
    assert named == {"password.changed-1", "password.changed-2"}


@st.composite
def histories(draw: st.DrawFn) -> list[Came]:
    """Events within two days, each with an arrival that is up to a day later."""
    number = draw(st.integers(1, 25))
    came: list[Came] = []
    for one in range(number):
        at_ms = NOON_MS + draw(st.integers(0, 90)) * 30 * MINUTE_MS
        late_ms = draw(st.sampled_from([0, 0, 0, MINUTE_MS, 90 * MINUTE_MS, LATENESS_MS]))
        device = draw(st.sampled_from(["phone", "phone", "other"]))
        came.append((at_ms + late_ms, Event(f"e{one}", at_ms, draw(st.sampled_from(KINDS)), {"device": device})))
    return came


def live(found: dict[tuple[str, int], Any], changes: Changes) -> dict[tuple[str, int], Any]:
    """The findings that hold after the changes."""
    now = dict(found)
    for one in (*changes.raised, *changes.corrected):
        now[one.rule.name, one.hit.started_ms] = one.hit
    for one in changes.withdrawn:
        assert now.pop((one.rule.name, one.hit.started_ms), None) is not None
    return now


@given(histories(), st.data())
def test_any_order_of_arrival_split_and_repetition_come_to_the_same_findings(came: list[Came], data: Any) -> None:
    plan = plan_of(every(), excluded(), moved())
    in_order = live({}, come(Watch(plan), at_once(*(one for _, one in came))).changes())
    came.sort(key=lambda pair: (pair[0], pair[1].id))
    found: dict[tuple[str, int], Any] = {}
    watch, kept = Watch(plan), Watch(plan).store()
    quiet: list[Came] = []
    done: list[Came] = []
    while came:
        size = data.draw(st.integers(1, 6))
        part, came = came[:size], came[size:]
        repeated = data.draw(st.sampled_from([[], part[:1], done[-2:]]))
        watch = Watch(plan, json.loads(json.dumps(kept)))
        watch.recall(quiet)
        for arrived_ms, one in part:
            watch.take(position(arrived_ms, one), arrived_ms, one)
        for _, one in repeated:
            watch.take(f"{position(*part[-1])}#again", part[-1][0], one)
        found = live(found, watch.changes())
        if watch.matters():
            kept = watch.store()
        else:
            quiet += part
        done += part
    assert found == in_order

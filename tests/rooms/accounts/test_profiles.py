"""How facts make a profile: any order, late, twice; and who is told of what happens to it."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from datetime import timedelta
from random import Random
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from hotline.accounts import policy
from hotline.accounts.items import profile_item, profile_of
from hotline.accounts.model import AccountStatus, Profile
from hotline.accounts.policy import fold, recipients
from hotline.contracts.model import ContactPointFact, Fact, PointKind
from hotline.kit.clock import to_text
from tests.support.facts import ACCOUNT, EMAIL, NOON, OTHER_PHONE, PHONE, fact
from tests.support.sweeps import sweep

SIM_AT = NOON - timedelta(hours=2)


def folded(*facts: Fact, before: Profile | None = None) -> Profile:
    return fold(before, facts, account_id=ACCOUNT, name_of=lambda value: f"1#{value}")


def point(value: str, **more: Any) -> dict[str, Any]:
    kind = "phone" if value.startswith("+") else "email"
    return {"kind": kind, "value": value, "confirmed_at": "2025-01-01T00:00:00Z"} | more


def opened(version: int = 1, *values: str, after_s: float = 0, **data: Any) -> Fact:
    content = {"version": version, "contact_points": [point(value) for value in values or (PHONE,)]} | data
    return fact("account.opened" if version == 1 else "account.updated", content, after_s=after_s)


def changed(version: int, old: str | None, new: str | None, *, after_s: float, **data: Any) -> Fact:
    kind = "phone" if (old or new or "").startswith("+") else "email"
    content = {"version": version, "kind": kind, "old": old, "new": new, "confirmed_at": "2026-11-20T00:00:00Z"}
    return fact("contact_point.changed", content | data, after_s=after_s)


def live(profile: Profile) -> list[str]:
    return [known.value for known in profile.live_points]


def test_an_opened_account_has_what_the_wallet_told() -> None:
    profile = folded(fact("account.opened"))
    assert (profile.account_id, profile.status, profile.version) == (ACCOUNT, AccountStatus.OPEN, 1)
    assert (profile.language, profile.time_zone, profile.name) == ("en-US", "Europe/London", "Ada Example")
    assert sorted(live(profile)) == sorted([PHONE, EMAIL])
    assert profile.two_step is False


@sweep(
    ("tag", "spoken"),
    [
        ("zh-CN", "zh-CN"),
        ("zh", "zh-CN"),
        ("ZH-Hant-TW", "zh-CN"),
        ("en-US", "en-US"),
        ("de", "en-US"),
        ("zha", "en-US"),
    ],
)
def test_the_line_speaks_chinese_to_chinese_speakers_and_english_to_others(tag: str, spoken: str) -> None:
    assert folded(opened(language=tag)).language == spoken


@pytest.mark.parametrize(
    ("language", "told", "kept"),
    [
        ("zh-CN", "Asia/Beijing", "Asia/Shanghai"),
        ("zh-CN", "America/New_York", "America/New_York"),
        ("en-US", "Mars/Olympus", "Mars/Olympus"),
    ],
)
def test_a_zone_that_no_clock_knows_becomes_the_one_of_the_language(language: str, told: str, kept: str) -> None:
    """Else each reader has a fallback of its own, and bills are reminded of at night. English has no zone: it is told
    in UTC, by name."""
    assert folded(opened(language=language, time_zone=told)).time_zone == kept


def test_a_fact_before_account_opened_makes_a_stub_that_opening_fills() -> None:
    early = fact("two_step.changed", {"version": 2, "two_step": True})
    stub = folded(early)
    assert (stub.status, stub.name, stub.two_step) == (AccountStatus.STUB, "", True)
    assert ZoneInfo(stub.time_zone).key == policy.DEFAULT_TIME_ZONE
    full = folded(opened(), before=stub)
    assert (full.status, full.two_step, full.version) == (AccountStatus.OPEN, True, 2)


def test_a_fact_of_another_room_only_moves_the_time_up_to_which_facts_are_known() -> None:
    before = folded(opened())
    later = fact("payment.failed", after_s=90)
    after = folded(later, before=before)
    assert after.facts_as_of == later.time
    assert folded(fact("payment.failed", after_s=-90), before=after) == after
    alone = folded(later)
    assert (alone.status, alone.version) == (AccountStatus.STUB, 0)


def test_the_higher_version_holds_whichever_comes_first() -> None:
    old, new = opened(name="Ada Old"), opened(2, name="Ada New", after_s=5)
    assert folded(old, new).name == folded(new, old).name == "Ada New"


def test_of_equal_versions_the_later_fact_holds() -> None:
    one, two = opened(2, name="One", after_s=1), opened(2, name="Two", after_s=2)
    assert folded(one, two) == folded(two, one)
    assert folded(one, two).name == "Two"


def test_a_list_of_contact_points_removes_those_it_does_not_name() -> None:
    profile = folded(opened(1, PHONE, EMAIL), opened(2, EMAIL, after_s=60))
    assert live(profile) == [EMAIL]
    (removed,) = [known for known in profile.points if not known.live]
    assert (removed.value, removed.removed_at) == (PHONE, NOON - timedelta(minutes=59))


def test_a_contact_point_told_late_stays_removed_by_a_later_list() -> None:
    late = changed(2, None, OTHER_PHONE, after_s=1)
    profile = folded(opened(), opened(3, PHONE, after_s=2), late)
    assert live(profile) == [PHONE]


def test_a_removal_told_before_its_point_holds() -> None:
    profile = folded(changed(3, PHONE, None, after_s=3), opened())
    assert live(profile) == []


def test_a_point_that_came_back_is_present_again() -> None:
    facts = (opened(), changed(2, PHONE, OTHER_PHONE, after_s=2), changed(3, OTHER_PHONE, PHONE, after_s=3))
    assert live(folded(*facts)) == [PHONE]


def test_confirming_a_point_anew_does_not_remove_it() -> None:
    profile = folded(opened(), changed(2, PHONE, PHONE, after_s=2))
    assert live(profile) == [PHONE]
    assert profile.points[0].confirmed_at is not None
    assert profile.points[0].confirmed_at.year == 2026


def test_closed_is_for_good_in_any_order() -> None:
    closed = fact("account.closed", {"version": 2})
    for order in itertools.permutations([opened(), closed, opened(3, after_s=9)]):
        assert folded(*order).status is AccountStatus.CLOSED


def test_of_two_closings_the_earlier_holds_and_the_version_is_the_highest() -> None:
    closings = [fact("account.closed", {"version": version}, after_s=version) for version in (2, 4)]
    for order in itertools.permutations([opened(3, after_s=3), *closings]):
        profile = folded(*order)
        assert profile.closed is not None
        assert (profile.closed.version, profile.version) == (2, 4)
    assert folded(opened(5, after_s=5), closings[0]).version == 5


def test_a_number_that_was_given_up_twice_is_given_up_whenever_its_return_is_told() -> None:
    facts = [
        opened(),
        changed(2, PHONE, None, after_s=2, reassigned=True),
        changed(4, None, PHONE, after_s=4),
        changed(6, PHONE, None, after_s=6, reassigned=True),
    ]
    for order in itertools.permutations(facts):
        (point,) = folded(*order).points
        assert point.given_up is not None
        assert point.given_up.version == 6


def test_every_order_and_every_split_gives_the_same_profile() -> None:
    facts: Sequence[Fact] = [
        opened(1, PHONE, EMAIL),
        changed(2, PHONE, OTHER_PHONE, after_s=10),
        opened(3, OTHER_PHONE, after_s=20, two_step=True),
        changed(4, OTHER_PHONE, PHONE, after_s=30),
        fact("two_step.changed", {"version": 5, "two_step": False}, after_s=40),
    ]
    expected = folded(*facts)
    for order in itertools.permutations(facts):
        assert folded(*order) == expected
        assert folded(*order[2:], *order, before=folded(*order[:2])) == expected


def test_forgotten_points_stay_within_bounds() -> None:
    facts = [opened(version, f"+4477009{version:05}", after_s=version) for version in range(1, 40)]
    profile = folded(*facts)
    assert len(profile.points) == 1 + policy.REMOVED_POINTS_KEPT
    assert len(profile.snapshots) == policy.VERSIONS_KEPT
    assert max(len(known.removals) for known in profile.points) <= policy.VERSIONS_KEPT
    assert live(profile) == ["+447700900039"]


@pytest.mark.parametrize("told_at_s", [-1, 5, 100])
def test_any_number_of_lists_of_one_version_fold_to_one_profile(told_at_s: int) -> None:
    """A wallet that tells the same state every night does not make the hotline forget what came before."""
    nights = [opened(1, EMAIL, after_s=after_s) for after_s in range(3 * policy.VERSIONS_KEPT)]
    point_told = changed(1, None, PHONE, after_s=told_at_s)
    expected = folded(*nights[:8], point_told, *nights[8:])
    assert folded(*nights, point_told) == folded(point_told, *nights[::-1]) == expected
    assert live(expected) == ([EMAIL, PHONE] if told_at_s == 100 else [EMAIL])


def test_the_time_of_a_removal_does_not_move_with_lists_of_the_same_version() -> None:
    removal = changed(2, PHONE, None, after_s=1)
    nights = [opened(2, EMAIL, after_s=after_s) for after_s in range(2, 2 + 2 * policy.VERSIONS_KEPT)]
    for facts in ([removal, *nights], [*nights, removal], [*nights[::-1], removal]):
        (removed,) = [known for known in folded(opened(1, PHONE, EMAIL), *facts).points if not known.live]
        assert removed.removed_at == removal.time


def lists_and_changes() -> list[Fact]:
    """Of a few versions more lists and changes than are remembered, at few times, with ids in no order."""
    lists = [("account.updated", {"contact_points": [point(value) for value in values]})
             for values in ((), (EMAIL,), (EMAIL, PHONE))]  # fmt: skip
    changes = [("contact_point.changed", {"old": old, "new": new, "reassigned": new is None})
               for old, new in ((PHONE, None), (PHONE, OTHER_PHONE), (OTHER_PHONE, PHONE))]  # fmt: skip
    contents = itertools.product((1, 2, 3), range(2 * policy.VERSIONS_KEPT // 3), [*lists, *changes])
    return [
        fact(name, {"version": version} | data, after_s=after_s, id=f"evt_{number * 7 % 11}_{number}")
        for number, (version, after_s, (name, data)) in enumerate(contents)
    ]


def test_facts_late_by_fewer_than_eight_versions_make_one_profile_however_many_they_are() -> None:
    random, told = Random(1), lists_and_changes()
    for _ in range(12):
        facts = random.sample(told, 32)
        lists_first = sorted(facts, key=lambda one: one.type)
        assert folded(*lists_first) == folded(*lists_first[::-1]) == folded(*facts, *facts[:4])


@pytest.mark.parametrize("lists", [policy.VERSIONS_KEPT - 1, policy.VERSIONS_KEPT, policy.VERSIONS_KEPT + 1])
def test_of_the_removals_of_a_point_the_first_and_the_latest_are_kept(lists: int) -> None:
    facts = [opened(1, PHONE)] + [opened(version, EMAIL, after_s=version) for version in range(2, 2 + lists)]
    (removed,) = [known for known in folded(*facts).points if not known.live]
    versions = list(range(2, 2 + lists))
    kept = versions if lists <= policy.VERSIONS_KEPT else [versions[0], *versions[-(policy.VERSIONS_KEPT - 1) :]]
    assert [known.version for known in removed.removals] == kept
    assert removed.removed_at == facts[1].time


def numbers_that_came_and_went(first_version: int, after: timedelta) -> list[Fact]:
    """As many as are remembered; each was removed when it was confirmed, and so had not stood."""
    facts: list[Fact] = []
    for place in range(policy.REMOVED_POINTS_KEPT):
        instant_s = after.total_seconds() + place
        number, version = f"+4477008{place:05}", first_version + 2 * place
        confirmed_at = to_text(NOON + timedelta(seconds=instant_s))
        facts.append(changed(version, None, number, after_s=instant_s, confirmed_at=confirmed_at))
        facts.append(changed(version + 1, number, None, after_s=instant_s))
    return facts


@pytest.mark.parametrize(
    ("past_edge", "kept"),
    [(timedelta(milliseconds=-1), True), (timedelta(0), True), (timedelta(milliseconds=1), False)],
)
def test_owners_removed_points_are_kept_for_thirty_days_however_many_come_and_go(
    past_edge: timedelta, kept: bool
) -> None:
    owners = sorted([PHONE, OTHER_PHONE, EMAIL])
    gone = opened(2, "+447700900999", after_s=2)
    still_gone = opened(3, "+447700900999", after_s=3)
    churn = numbers_that_came_and_went(4, timedelta(hours=1))
    now_s = 2 + (policy.NOTICE_AFTER_REMOVAL + past_edge).total_seconds()
    latest = changed(30, None, "+447700900999", after_s=now_s)
    profile = folded(opened(1, *owners), gone, still_gone, *churn, latest)
    known = {point.value for point in profile.points if not point.live}
    assert ({*owners} <= known) is kept
    assert len(known) == policy.REMOVED_POINTS_KEPT + (len(owners) if kept else 0)


def test_a_removed_point_that_had_not_stood_makes_place_for_later_ones() -> None:
    churn = numbers_that_came_and_went(2, timedelta(hours=1))
    more = [changed(200, None, OTHER_PHONE, after_s=9_000, confirmed_at=to_text(NOON + timedelta(seconds=9_000)))]
    more.append(changed(201, OTHER_PHONE, None, after_s=9_000))
    known = [point.value for point in folded(opened(), *churn, *more).points if not point.live]
    assert known == [*(f"+4477008{place:05}" for place in range(1, policy.REMOVED_POINTS_KEPT)), OTHER_PHONE]
    # Of a point that was removed twice the latest removal counts.
    again = changed(202, "+447700800000", None, after_s=9_001)
    known = [point.value for point in folded(opened(), *churn, again, *more).points if not point.live]
    assert "+447700800000" in known
    assert "+447700800001" not in known


def test_present_points_are_told_the_longest_standing_first() -> None:
    newer, older = point(PHONE, confirmed_at="2025-02-01T00:00:00Z"), point(OTHER_PHONE)
    assert PHONE < OTHER_PHONE
    told = recipients(folded(opened(contact_points=[newer, older])), NOON)
    assert [known.point for known in told] == [f"1#{OTHER_PHONE}", f"1#{PHONE}"]


def test_a_new_password_and_the_end_of_two_step_are_kept_with_their_latest_time_in_any_order() -> None:
    facts = [
        opened(),
        fact("password.changed", {"version": 3}, after_s=5),
        fact("password.changed", {"version": 2}, after_s=9),
        fact("two_step.changed", {"version": 4, "two_step": False}, after_s=11),
        fact("two_step.changed", {"version": 5, "two_step": True}, after_s=13),
        fact("two_step.changed", {"version": 6, "two_step": False}, after_s=7),
    ]
    for order in itertools.permutations(facts):
        profile = folded(*order)
        assert profile.password_changed_at == facts[2].time
        assert profile.two_step_ended_at == facts[3].time
        assert profile_of(profile_item(profile)) == profile


@pytest.mark.parametrize(
    ("told", "ended_at_s"),
    [
        ([False, False], None),
        ([True, True], None),
        ([True, False], 2),
        ([True, False, False], 2),
        ([True, False, True], None),
        ([False, True, False], 3),
        ([True, False, True, False], 4),
        ([True, False, False, True], None),
    ],
)
def test_two_step_login_that_the_whole_account_tells_as_off_has_ended_where_it_was_on(
    told: list[bool], ended_at_s: int | None
) -> None:
    types = ["account.opened", *["account.updated"] * (len(told) - 1)]
    facts = [
        fact(type_, {"version": number, "two_step": is_on}, after_s=number)
        for number, (type_, is_on) in enumerate(zip(types, told, strict=True), start=1)
    ]
    for order in itertools.permutations(facts):
        profile = folded(*order)
        known = None if profile.two_step else profile.two_step_off_at
        assert known == (None if ended_at_s is None else facts[ended_at_s - 1].time)
        assert profile_of(profile_item(profile)) == profile
        assert folded(*order, before=profile) == profile


def test_two_step_login_that_a_fact_of_its_own_ends_did_not_end_again_when_the_account_is_told() -> None:
    facts = [
        fact("account.opened", {"version": 1, "two_step": True}, after_s=1),
        fact("two_step.changed", {"version": 2, "two_step": False}, after_s=2),
        fact("account.updated", {"version": 3, "two_step": False}, after_s=3),
    ]
    for order in itertools.permutations(facts):
        assert folded(*order).two_step_off_at == facts[1].time


def test_an_account_that_an_earlier_release_stored_with_two_step_login_is_known_to_have_had_it() -> None:
    stored = profile_item(folded(fact("account.opened", {"version": 1, "two_step": True})))
    assert not stored.keys() & {"two_step_on", "two_step_off"}
    off = fact("account.updated", {"version": 2, "two_step": False}, after_s=9)
    assert folded(off, before=profile_of(stored)).two_step_off_at == off.time


def test_a_sim_that_changed_is_told_apart_from_a_contact_point() -> None:
    sim = fact("contact_point.sim_changed", {"version": 2, "value": PHONE, "changed_at": to_text(SIM_AT)}, after_s=5)
    profile = folded(opened(), sim)
    assert (profile.sim_changed_at, profile.contact_changed_at) == (SIM_AT, SIM_AT)
    assert profile.point_changed_at == profile.points[0].confirmed_at
    assert folded(opened()).sim_changed_at is None


def test_a_contact_point_counts_as_changed_when_one_came_or_went() -> None:
    assert folded(opened()).contact_changed_at is not None
    assert folded(opened()).contact_changed_at == folded(opened()).points[0].confirmed_at
    removal = changed(2, PHONE, None, after_s=7)
    assert folded(opened(), removal).contact_changed_at == removal.time
    assert folded(fact("device.registered")).contact_changed_at is None


# ---------------------------------------------------------------- notices


def test_notices_go_to_every_present_point_on_its_channel() -> None:
    told = recipients(folded(fact("account.opened")), NOON)
    assert {(known.channel, known.point) for known in told} == {("sms", f"1#{PHONE}"), ("email", f"1#{EMAIL}")}
    assert {known.language for known in told} == {"en-US"}


@pytest.mark.parametrize(
    ("past_edge", "told"),
    [(timedelta(milliseconds=-1), True), (timedelta(0), True), (timedelta(milliseconds=1), False)],
)
def test_a_removed_point_is_told_for_thirty_days(past_edge: timedelta, told: bool) -> None:
    removal = changed(2, PHONE, OTHER_PHONE, after_s=2)
    now = removal.time + policy.NOTICE_AFTER_REMOVAL + past_edge
    points = [known.point for known in recipients(folded(opened(), removal), now)]
    assert points == [f"1#{OTHER_PHONE}", f"1#{PHONE}"][: 1 + told]


def test_a_removed_point_that_belongs_to_somebody_else_is_not_told() -> None:
    gone = changed(2, PHONE, None, after_s=2, reassigned=True)
    assert recipients(folded(opened(), gone), NOON) == ()
    assert recipients(folded(gone, opened()), NOON) == ()


def test_a_point_that_took_the_place_of_another_says_nothing_of_the_other() -> None:
    replaced = changed(2, PHONE, OTHER_PHONE, after_s=2, reassigned=True)
    profile = folded(opened(), replaced)
    assert {known.point for known in recipients(profile, NOON)} == {f"1#{PHONE}", f"1#{OTHER_PHONE}"}


@pytest.mark.parametrize("removed", [policy.RECIPIENTS_MAX - 2, policy.RECIPIENTS_MAX - 1, policy.RECIPIENTS_MAX])
def test_a_notice_costs_at_most_eight_messages_present_points_first(removed: int) -> None:
    facts = [opened(version, f"+4477009{version:05}", after_s=version) for version in range(1, removed + 2)]
    told = recipients(folded(*facts), NOON)
    assert len(told) == min(removed + 1, policy.RECIPIENTS_MAX)
    assert told[0].point == f"1#+4477009{removed + 1:05}"
    assert told[1].point == f"1#+4477009{removed:05}"


def test_present_points_beyond_the_first_are_told_after_the_former_ones() -> None:
    present = [f"+4477009{number:05}" for number in range(policy.PRESENT_TOLD_FIRST + 1)]
    added = [changed(number + 3, None, value, after_s=number) for number, value in enumerate(present)]
    removal = opened(2, *present[:1], after_s=-1)
    told = [known.point for known in recipients(folded(opened(1, EMAIL, *present[:1]), removal, *added[1:]), NOON)]
    assert told == [f"1#{value}" for value in (*present[:-1], EMAIL, present[-1])]


def test_former_points_that_stood_longest_are_told_first() -> None:
    older, newer = point(OTHER_PHONE), point(PHONE, confirmed_at="2026-01-01T00:00:00Z")
    profile = folded(opened(contact_points=[newer, older]), opened(2, EMAIL, after_s=1))
    assert [known.point for known in recipients(profile, NOON)] == [
        f"1#{value}" for value in (EMAIL, OTHER_PHONE, PHONE)
    ]


def test_a_profile_needs_a_fact() -> None:
    with pytest.raises(ValueError, match="at least one fact"):
        folded()


def test_a_list_says_nothing_of_a_point_that_is_known_by_its_removal_alone() -> None:
    removal, listed = changed(2, OTHER_PHONE, None, after_s=9), opened(3, after_s=20)
    assert folded(removal, listed) == folded(listed, removal)
    (gone,) = [known for known in folded(listed, removal).points if not known.live]
    assert (gone.value, gone.removed_at) == (OTHER_PHONE, removal.time)


def test_a_point_of_which_the_wallet_says_no_more_is_shared_with_nobody() -> None:
    """Else a number's former owner would still be reached by it."""
    assert [known.shared for known in folded(fact("account.opened")).points] == [False, False]
    assert [known.shared for known in folded(changed(1, None, PHONE, after_s=1)).points] == [False]
    assert [known.shared for known in folded(changed(1, PHONE, None, after_s=1)).points] == [False]
    assert ContactPointFact(PointKind.PHONE, PHONE, NOON).shared is False


def test_a_number_that_was_given_up_and_confirmed_again_is_told_of_things_again() -> None:
    given_up = changed(2, PHONE, None, after_s=2, reassigned=True)
    again = changed(3, None, PHONE, after_s=3)
    for order in itertools.permutations([opened(), given_up, again]):
        (point,) = folded(*order).points
        assert (point.live, point.given_up) == (True, None)
    # A thief who takes it off the account later does not keep its owner from hearing of it.
    back = folded(opened(), given_up, again)
    removal = changed(4, PHONE, OTHER_PHONE, after_s=timedelta(days=4).total_seconds())
    told = recipients(folded(removal, before=back), removal.time)
    assert [known.point for known in told] == [f"1#{OTHER_PHONE}", f"1#{PHONE}"]

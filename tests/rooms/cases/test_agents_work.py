"""The acts of agents on cases, one after the other and at once."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier
from typing import Any, Final

import pytest

from hotline.cases import service as cases
from hotline.cases.items import case_from_pointer, case_key, contact_case_key, pointer_key
from hotline.cases.model import (
    Audience,
    AuthorKind,
    Case,
    CaseError,
    CaseStatus,
    CloseReason,
    EntryKind,
    Priority,
    skill_of,
)
from hotline.cases.requests import AGENT_NOTE_CHARACTERS_MAX, SNOOZE_MAX, SNOOZE_MIN, TAGS_MAX
from hotline.contracts.decisions import DECISIONS
from hotline.kit.actor import Agent, System
from hotline.kit.errors import HotlineError, InvalidInput, NotPossible, Refused, Stale
from hotline.kit.languages import CHINESE, ENGLISH
from hotline.kit.store import Delete, Store, Table
from hotline.kit.text import is_plain
from hotline_local.testing.memory_store import MemoryStore
from tests.support.case_world import ACCOUNT, ANNA, BO, SECOND, CaseWorld
from tests.support.stores import AnyStore, all_items

SKILL: Final = skill_of("refund", ENGLISH)
ACTS: Final[dict[Callable[..., Case], dict[str, Any]]] = {
    cases.contribute_claim: {"agent_name": "Anna"},
    cases.contribute_release: {},
    cases.contribute_note: {"note": "Called back."},
    cases.contribute_snooze: {"until": None},
    cases.contribute_close: {"reason": CloseReason.RESOLVED},
    cases.contribute_transfer_to_skill: {"skill": skill_of("security", CHINESE)},
    cases.contribute_transfer_to_agent: {"agent_id": "agent_cy", "agent_name": "Cy"},
    cases.contribute_edit: {"priority": Priority.URGENT},
    cases.contribute_decided: {"reason": "refund.approved", "facts": {"refund_id": "refund_9"}},
}
"""Each act on an open case, with what it is given."""
OWNERS_ACTS: Final = (
    cases.contribute_release,
    cases.contribute_snooze,
    cases.contribute_close,
    cases.contribute_transfer_to_skill,
    cases.contribute_transfer_to_agent,
    cases.contribute_edit,
)
"""Those that only the owner of a claimed case may do, or a supervisor."""


@pytest.fixture
def world(memory_store: MemoryStore) -> CaseWorld:
    return CaseWorld(memory_store)


def given_to(act: Callable[..., Case], world: CaseWorld) -> dict[str, Any]:
    given = ACTS[act]
    return {**given, "until": world.now + SNOOZE_MIN} if "until" in given else given


def refused(code: CaseError, kind: type[HotlineError], work: Callable[[], object]) -> HotlineError:
    with pytest.raises(kind) as caught:
        work()
    assert caught.value.code == code
    return caught.value


# ---------------------------------------------------------------- claiming and giving back


def test_a_claimed_case_leaves_the_queue_and_is_found_with_its_owner(world: CaseWorld) -> None:
    ref = world.add()
    assert world.queue(SKILL) == [ref.case_id]
    case = world.claim(ref.case_id)
    assert (case.status, case.owner, case.owner_name, case.claimed_at) == (
        CaseStatus.CLAIMED,
        ANNA,
        "Agent_Anna",
        world.now,
    )
    assert (world.queue(), world.owned(), world.owned(BO)) == ([], [ref.case_id], [])
    world.act(cases.contribute_release, ref.case_id)
    assert (world.queue(), world.owned()) == ([ref.case_id], [])
    assert [entry.kind for entry in world.timeline(ref.case_id)] == [
        EntryKind.OPENED,
        EntryKind.CLAIMED,
        EntryKind.RELEASED,
    ]


def test_a_case_that_another_agent_has_is_refused_by_name_of_the_reason(world: CaseWorld) -> None:
    ref = world.add()
    world.claim(ref.case_id, agent=BO)
    error = refused(CaseError.CASE_CLAIMED, NotPossible, lambda: world.claim(ref.case_id))
    assert error.facts["owner"] == BO


def test_claiming_an_own_case_again_changes_nothing(world: CaseWorld) -> None:
    ref = world.add()
    first = world.claim(ref.case_id)
    assert len(world.begin(cases.contribute_claim, ref.case_id, agent_name="Anna")) == 0
    assert world.claim(ref.case_id, version=first.version) == first


@pytest.mark.parametrize("version", [None, 1])
def test_of_two_who_claim_at_once_the_later_one_hears_that_it_is_claimed(store: Store, version: int | None) -> None:
    world = CaseWorld(store)
    ref = world.add()
    first = world.begin(cases.contribute_claim, ref.case_id, agent=ANNA, agent_name="Anna", version=version)
    late = world.begin(cases.contribute_claim, ref.case_id, agent=BO, agent_name="Bo", version=version)
    first.commit(store)
    error = refused(CaseError.CASE_CLAIMED, NotPossible, lambda: late.commit(store))
    assert error.facts["owner"] == ANNA
    assert world.case(ref.case_id).owner == ANNA


@pytest.mark.parametrize("_round", range(5))
def test_of_many_who_claim_at_once_one_has_it_and_nothing_is_lost(exact_store: Store, _round: int) -> None:
    world = CaseWorld(exact_store)
    ref = world.add()
    names = [f"agent_{number}" for number in range(6)]
    start = Barrier(len(names))

    def claim(name: str) -> str | None:
        change = world.begin(cases.contribute_claim, ref.case_id, agent=name, agent_name=name, version=1)
        start.wait()
        try:
            change.commit(exact_store)
        except HotlineError as error:
            return error.code
        return None

    with ThreadPoolExecutor(len(names)) as pool:
        outcomes = list(pool.map(claim, names))
    assert outcomes.count(None) == 1
    assert set(outcomes) - {None} <= {CaseError.CASE_CLAIMED, "too_many_conflicts"}
    case = world.case(ref.case_id)
    assert (case.owner, case.version) == (names[outcomes.index(None)], 2)
    assert len(world.timeline(ref.case_id)) == 2


@pytest.mark.parametrize("_round", range(3))
def test_of_many_who_edit_the_version_that_all_have_seen_one_does_and_the_others_are_told(
    exact_store: Store, _round: int
) -> None:
    world = CaseWorld(exact_store)
    ref = world.add()
    world.claim(ref.case_id)
    tags = [f"tag-{number}" for number in range(6)]
    start = Barrier(len(tags))

    def edit(tag: str) -> str | None:
        change = world.begin(cases.contribute_edit, ref.case_id, agent=ANNA, tags=(tag,), version=2)
        start.wait()
        try:
            change.commit(exact_store)
        except HotlineError as error:
            return error.code
        return None

    with ThreadPoolExecutor(len(tags)) as pool:
        outcomes = list(pool.map(edit, tags))
    assert outcomes.count(None) == 1
    assert set(outcomes) - {None} <= {CaseError.CASE_CHANGED, "too_many_conflicts"}
    case = world.case(ref.case_id)
    assert (case.tags, case.version) == ((tags[outcomes.index(None)],), 3)


def test_a_customer_adds_to_a_claimed_case_which_stays_with_its_owner(world: CaseWorld) -> None:
    ref = world.add()
    world.claim(ref.case_id)
    again = world.add(reason="again", priority=Priority.URGENT)
    case = world.case(ref.case_id)
    assert (again.case_id, case.owner, case.status) == (ref.case_id, ANNA, CaseStatus.CLAIMED)
    assert (case.priority, world.owned()) == (Priority.URGENT, [ref.case_id])


# ---------------------------------------------------------------- who may do what


@pytest.mark.parametrize("act", OWNERS_ACTS)
def test_a_claimed_case_is_changed_by_its_owner_or_a_supervisor(world: CaseWorld, act: Callable[..., Case]) -> None:
    ref = world.add()
    world.claim(ref.case_id, agent=BO)
    given = given_to(act, world)
    refused(CaseError.CASE_CLAIMED, NotPossible, lambda: world.act(act, ref.case_id, **given))
    assert world.act(act, ref.case_id, supervised=True, **given).version == 3


@pytest.mark.parametrize("act", ACTS)
def test_nobody_but_an_agent_who_works_on_this_case_does_anything(world: CaseWorld, act: Callable[..., Case]) -> None:
    ref = world.add()
    read = world.store.batch_get(list(cases.agent_keys(ref.case_id)))
    for actor in (System("test", "test"), Agent(ANNA, "case_other")):
        change = world.change(actor)
        refused(
            CaseError.CASE_OF_ANOTHER_AGENT,
            Refused,
            lambda change=change: act(change, read, ref.case_id, **given_to(act, world)),  # type: ignore[misc]
        )
        assert len(change) == 0


@pytest.mark.parametrize("act", ACTS)
def test_a_case_that_is_not_there_is_not_found(world: CaseWorld, act: Callable[..., Case]) -> None:
    refused(CaseError.CASE_NOT_FOUND, NotPossible, lambda: world.act(act, "case_0", **given_to(act, world)))


@pytest.mark.parametrize("act", [act for act in ACTS if act is not cases.contribute_note])
def test_a_closed_case_is_only_noted_and_opened_again(world: CaseWorld, act: Callable[..., Case]) -> None:
    ref = world.add()
    world.act(cases.contribute_close, ref.case_id, reason=CloseReason.DUPLICATE)
    refused(CaseError.CASE_CLOSED, NotPossible, lambda: world.act(act, ref.case_id, **given_to(act, world)))
    noted = world.act(cases.contribute_note, ref.case_id, note="The wallet answered.")
    assert (noted.status, noted.version) == (CaseStatus.CLOSED, 3)


# ---------------------------------------------------------------- versions


@pytest.mark.parametrize("act", ACTS)
def test_an_older_version_is_refused_with_the_present_one(world: CaseWorld, act: Callable[..., Case]) -> None:
    ref = world.add()
    world.add(reason="again")
    error = refused(
        CaseError.CASE_CHANGED,
        cases.CaseChanged,
        lambda: world.act(act, ref.case_id, version=1, **given_to(act, world)),
    )
    assert error.facts["version"] == 2


@pytest.mark.parametrize("act", [act for act in ACTS if act is not cases.contribute_release])
@pytest.mark.parametrize("version", [1, None])
def test_a_write_in_between_is_noticed_at_commit(
    world: CaseWorld, act: Callable[..., Case], version: int | None
) -> None:
    """With the version that the agent saw it is theirs to look again; without, the act is simply done again."""
    ref = world.add()
    late = world.begin(act, ref.case_id, version=version, **given_to(act, world))
    world.add(reason="again")
    with pytest.raises(Stale if version is None else cases.CaseChanged):
        late.commit(world.store)
    assert world.case(ref.case_id).version == 2


@pytest.mark.parametrize("act", ACTS)
def test_every_act_on_an_accounts_case_is_one_version_one_entry_one_audit_entry_and_one_word_to_the_bus(
    world: CaseWorld, act: Callable[..., Case]
) -> None:
    ref = world.add()
    world.claim(ref.case_id)
    audits, sent = audits_of(world), len(world.sent())
    if act is cases.contribute_claim:
        world.act(cases.contribute_release, ref.case_id)
        audits, sent = audits_of(world), len(world.sent())
    before = world.case(ref.case_id).version
    case = world.act(act, ref.case_id, **given_to(act, world))
    entry = world.timeline(ref.case_id)[-1]
    assert case.version == entry.number == before + 1
    assert (entry.author, entry.actor) == (AuthorKind.AGENT, f"agent:{ANNA}:{ref.case_id}")
    assert len(world.sent()) == sent + 1
    (audit,) = [item for key, item in audits_of(world).items() if key not in audits]
    assert (audit["event"], audit["facts"]["case_id"]) == (f"case.{entry.kind}", ref.case_id)


def audits_of(world: CaseWorld) -> dict[str, Any]:
    assert isinstance(world.store, MemoryStore)
    return {item["SK"]: item for item in world.store.items(Table.HOTLINE) if item["SK"].startswith("AUDIT#")}


def test_the_wallet_hears_open_and_closed_only_and_each_word_keeps_the_contract(world: CaseWorld) -> None:
    ref = world.add()
    world.claim(ref.case_id)
    world.act(cases.contribute_snooze, ref.case_id, until=world.now + SNOOZE_MIN)
    world.act(cases.contribute_close, ref.case_id, reason=CloseReason.RESOLVED)
    world.act(cases.contribute_reopen, ref.case_id)
    for row in world.sent():
        DECISIONS[row["kind"]].model_validate({**row["facts"], "decision_id": row["decision_id"]})
    assert [row["facts"]["status"] for row in world.sent()] == ["open", "open", "open", "closed", "open"]
    assert [row["facts"]["reason"] for row in world.sent()][-2:] == ["closed.resolved", "agent.reopened"]
    assert all("Anna" not in repr(row) for row in world.sent())


# ---------------------------------------------------------------- pointers: an account goes on adding to its case


@pytest.mark.parametrize("act", [act for act in ACTS if act is not cases.contribute_close])
def test_an_account_adds_to_its_case_after_whatever_an_agent_did(store: Store, act: Callable[..., Case]) -> None:
    world = CaseWorld(store)
    ref = world.add()
    world.act(act, ref.case_id, **given_to(act, world))
    before = world.case(ref.case_id)
    again = world.add(reason="again")
    case = world.case(ref.case_id)
    assert (again.case_id, case.version) == (ref.case_id, before.version + 1)
    assert (case.tags, case.links, case.skill, case.owner) == (before.tags, before.links, before.skill, before.owner)
    pointer = store.get(pointer_key(ACCOUNT, case.topic))
    assert pointer is not None
    assert case_from_pointer(pointer, account_id=ACCOUNT, topic=case.topic) == case


def test_a_closed_case_has_no_pointer_and_its_account_opens_another_one(store: Store) -> None:
    world = CaseWorld(store)
    ref = world.add()
    world.claim(ref.case_id)
    case = world.act(cases.contribute_close, ref.case_id, reason=CloseReason.RESOLVED, note="Paid.")
    assert (case.status, case.owner) == (CaseStatus.CLOSED, ANNA)
    assert store.get(pointer_key(ACCOUNT, "refund")) is None
    assert (world.queue(), world.owned()) == ([], [])
    other = world.add()
    assert (other.opened, other.case_id != ref.case_id) == (True, True)


def test_a_case_that_is_closed_while_its_customer_adds_to_it_does_not_lose_what_they_say(world: CaseWorld) -> None:
    ref = world.add()
    closing = world.begin(cases.contribute_close, ref.case_id, reason=CloseReason.RESOLVED)
    world.add(reason="again")
    with pytest.raises(Stale):
        closing.commit(world.store)
    assert [entry.reason for entry in world.timeline(ref.case_id)] == ["test", "again"]


def test_a_reopened_case_is_in_the_queue_again_and_is_added_to(store: Store) -> None:
    world = CaseWorld(store)
    ref = world.add()
    world.claim(ref.case_id)
    world.act(cases.contribute_close, ref.case_id, reason=CloseReason.RESOLVED)
    world.now += timedelta(days=2)
    case = world.act(cases.contribute_reopen, ref.case_id)
    assert (case.status, case.owner) == (CaseStatus.OPEN, None)
    assert case.due_at > world.now
    assert world.queue() == [ref.case_id]
    assert world.add(reason="again").case_id == ref.case_id


def test_a_case_is_not_reopened_beside_another_one_of_its_account_and_topic(world: CaseWorld) -> None:
    ref = world.add()
    world.act(cases.contribute_close, ref.case_id, reason=CloseReason.RESOLVED)
    world.add()
    refused(CaseError.CASE_OPEN, NotPossible, lambda: world.act(cases.contribute_reopen, ref.case_id))
    assert world.case(ref.case_id).status is CaseStatus.CLOSED


def test_an_open_case_is_not_reopened(world: CaseWorld) -> None:
    ref = world.add()
    refused(CaseError.CASE_OPEN, NotPossible, lambda: world.act(cases.contribute_reopen, ref.case_id))


def test_a_case_of_somebody_unknown_is_worked_like_any_other_and_has_no_pointer(store: AnyStore) -> None:
    world = CaseWorld(store)
    ref = world.add(None, topic="lockout")
    world.claim(ref.case_id)
    world.act(cases.contribute_note, ref.case_id, note="Nobody answered.")
    world.act(cases.contribute_close, ref.case_id, reason=CloseReason.NOT_REACHED)
    world.act(cases.contribute_reopen, ref.case_id)
    assert world.queue(skill_of("lockout", ENGLISH)) == [ref.case_id]
    assert {item["PK"].partition("#")[0] for item in all_items(store, Table.HOTLINE)} == {"CASE", "CASEREF"}


# ---------------------------------------------------------------- waiting


def test_a_snoozed_case_is_in_no_queue_until_its_time(world: CaseWorld) -> None:
    ref = world.add()
    until = world.now + timedelta(hours=2)
    case = world.act(cases.contribute_snooze, ref.case_id, until=until)
    assert (case.status, case.snoozed_until) == (CaseStatus.WAITING, until)
    waiting = cases.list_waiting(world.store, cases.all_skills(), limit=10, at_once=1)
    assert ([found.case_id for found in waiting.cases], world.queue()) == ([ref.case_id], [])
    world.now = until - SECOND
    assert not world.wake(ref.case_id)
    world.now = until
    assert world.wake(ref.case_id)
    assert not world.wake(ref.case_id)
    assert (world.queue(), world.case(ref.case_id).status) == ([ref.case_id], CaseStatus.OPEN)
    assert world.timeline(ref.case_id)[-1].kind is EntryKind.WOKEN
    assert world.add(reason="again").case_id == ref.case_id


def test_an_owned_case_that_waits_stays_with_its_owner_and_comes_back_to_them(world: CaseWorld) -> None:
    ref = world.add()
    world.claim(ref.case_id)
    world.act(cases.contribute_snooze, ref.case_id, until=world.now + SNOOZE_MIN)
    assert (world.owned(), world.queue(), world.case(ref.case_id).status) == ([ref.case_id], [], CaseStatus.WAITING)
    world.now += SNOOZE_MIN
    assert world.wake(ref.case_id)
    assert (world.owned(), world.case(ref.case_id).status) == ([ref.case_id], CaseStatus.CLAIMED)


def test_a_snoozed_case_comes_back_at_once_when_its_customer_calls(world: CaseWorld) -> None:
    ref = world.add()
    world.act(cases.contribute_snooze, ref.case_id, until=world.now + SNOOZE_MAX)
    world.add(reason="again")
    assert (world.queue(), world.case(ref.case_id).snoozed_until) == ([ref.case_id], None)
    world.now += SNOOZE_MAX
    assert not world.wake(ref.case_id)


@pytest.mark.parametrize(
    ("ahead", "kept"),
    [
        (SNOOZE_MIN - SECOND, False),
        (SNOOZE_MIN, True),
        (SNOOZE_MAX, True),
        (SNOOZE_MAX + SECOND, False),
        (-SNOOZE_MIN, False),
    ],
)
def test_a_snooze_has_bounds(world: CaseWorld, ahead: timedelta, kept: bool) -> None:
    ref = world.add()
    until = world.now + ahead
    if kept:
        assert world.act(cases.contribute_snooze, ref.case_id, until=until).snoozed_until == until
    else:
        refused(
            CaseError.SNOOZE_OUT_OF_RANGE,
            InvalidInput,
            lambda: world.act(cases.contribute_snooze, ref.case_id, until=until),
        )


# ---------------------------------------------------------------- notes, tags, links, transfers


def test_a_note_is_plain_text_for_its_audience(world: CaseWorld) -> None:
    ref = world.add()
    dirty = "<b>call\u202e back</b>\x1b[31m\nat\u200b noon"
    world.act(cases.contribute_note, ref.case_id, note=dirty, audience=Audience.CUSTOMER)
    entry = world.timeline(ref.case_id)[-1]
    assert entry.note == "<b>call back</b>\nat noon"
    assert all(map(is_plain, entry.note.splitlines()))
    assert (entry.kind, entry.audience) == (EntryKind.NOTED, Audience.CUSTOMER)
    assert all("noon" not in repr(row) for row in world.sent())


def test_a_note_keeps_its_lines_with_one_empty_line_at_most_between_two(world: CaseWorld) -> None:
    ref = world.add()
    world.act(cases.contribute_note, ref.case_id, note="\n called\ttwice \r\n\r\n \n\nno  answer\u2028wrote\n")
    assert world.timeline(ref.case_id)[-1].note == "called twice\n\nno answer\nwrote"


@pytest.mark.parametrize(
    ("note", "code"),
    [
        ("", CaseError.NOTE_EMPTY),
        (" \u202e\u200b ", CaseError.NOTE_EMPTY),
        ("x" * (AGENT_NOTE_CHARACTERS_MAX + 1), CaseError.NOTE_TOO_LONG),
        ("汉" * 100_000, CaseError.NOTE_TOO_LONG),
    ],
    ids=["empty", "unseen", "one more", "huge"],
)
def test_a_note_without_text_or_with_too_much_is_refused(world: CaseWorld, note: str, code: CaseError) -> None:
    ref = world.add()
    refused(code, InvalidInput, lambda: world.act(cases.contribute_note, ref.case_id, note=note))
    refused(
        code,
        InvalidInput,
        lambda: world.act(cases.contribute_close, ref.case_id, reason=CloseReason.RESOLVED, note=note),
    )
    longest = "汉" * AGENT_NOTE_CHARACTERS_MAX
    world.act(cases.contribute_note, ref.case_id, note=longest)
    assert world.timeline(ref.case_id)[-1].note == longest


def test_an_agents_note_is_emptied_with_the_account(world: CaseWorld) -> None:
    ref = world.add()
    world.act(cases.contribute_note, ref.case_id, note="Lives in Example Street.")
    change = world.change()
    assert cases.contribute_emptied(change, cases.notes_read(world.store, ACCOUNT, limit=10), ACCOUNT) == 1
    change.commit(world.store)
    assert world.timeline(ref.case_id)[-1].note is None
    assert isinstance(world.store, MemoryStore)
    assert all("Street" not in repr(item) for item in world.store.items(Table.HOTLINE))


def test_tags_are_set_as_a_whole_in_order_and_each_once(world: CaseWorld) -> None:
    ref = world.add()
    case = world.act(cases.contribute_edit, ref.case_id, tags=["vip", "angry", "vip"], priority=Priority.LOW)
    assert (case.tags, case.priority) == (("angry", "vip"), Priority.LOW)
    assert dict(world.timeline(ref.case_id)[-1].facts) == {
        "priority": Priority.LOW.value,
        "priority_before": Priority.NORMAL.value,
        "tags": "angry,vip",
        "tags_before": "-",
    }
    assert len(world.begin(cases.contribute_edit, ref.case_id, tags=["vip", "angry"])) == 0
    assert world.act(cases.contribute_edit, ref.case_id, tags=[]).tags == ()


@pytest.mark.parametrize("tag", ["", "Vip", "a b", "-x", "x" * 33, "<b>", "a\u202eb"])
def test_a_tag_is_a_short_word(world: CaseWorld, tag: str) -> None:
    ref = world.add()
    refused(CaseError.TAG_INVALID, InvalidInput, lambda: world.act(cases.contribute_edit, ref.case_id, tags=[tag]))


def test_an_agent_names_a_case_a_complaint_by_its_tag_once(world: CaseWorld) -> None:
    ref = world.add()
    world.act(cases.contribute_edit, ref.case_id, tags=["vip"])
    world.act(cases.contribute_edit, ref.case_id, tags=["complaint", "vip"])
    world.act(cases.contribute_edit, ref.case_id, tags=["complaint"])
    reasons = [entry.reason for entry in world.timeline(ref.case_id) if entry.kind is EntryKind.EDITED]
    assert reasons == ["agent.edited", "agent.complaint", "agent.edited"]


def test_a_case_has_so_many_tags(world: CaseWorld) -> None:
    ref = world.add()
    most = [f"tag{number}" for number in range(TAGS_MAX)]
    assert len(world.act(cases.contribute_edit, ref.case_id, tags=most).tags) == TAGS_MAX
    refused(
        CaseError.TAGS_COUNT, InvalidInput, lambda: world.act(cases.contribute_edit, ref.case_id, tags=[*most, "more"])
    )


def test_a_case_goes_to_another_skill_and_out_of_its_owners_hands(world: CaseWorld) -> None:
    ref = world.add()
    world.claim(ref.case_id)
    other = skill_of("security", CHINESE)
    case = world.act(cases.contribute_transfer_to_skill, ref.case_id, skill=other)
    assert (case.skill, case.topic, case.owner) == (other, "refund", None)
    assert (world.queue(other), world.queue(SKILL), world.owned()) == ([ref.case_id], [], [])
    assert not world.add(reason="again").opened


@pytest.mark.parametrize("skill", ["", "refund", "refund:xx-XX", "lock:en-US", "refund:en-US:more", "refund#1:en-US"])
def test_a_case_goes_to_no_skill_that_nobody_serves(world: CaseWorld, skill: str) -> None:
    ref = world.add()
    refused(
        CaseError.SKILL_UNKNOWN,
        InvalidInput,
        lambda: world.act(cases.contribute_transfer_to_skill, ref.case_id, skill=skill),
    )


def test_a_case_goes_to_another_agent_who_has_it_then(world: CaseWorld) -> None:
    ref = world.add()
    world.claim(ref.case_id)
    case = world.act(cases.contribute_transfer_to_agent, ref.case_id, agent_id=BO, agent_name="Bo \u202eB.")
    assert (case.owner, case.owner_name, case.status) == (BO, "Bo B.", CaseStatus.CLAIMED)
    assert (world.owned(), world.owned(BO)) == ([], [ref.case_id])


def test_a_transfer_to_whoever_has_the_case_keeps_its_note_and_changes_nothing_else(world: CaseWorld) -> None:
    ref = world.add()
    claimed = world.claim(ref.case_id)
    to_herself = {"agent_id": ANNA, "agent_name": "Anna"}
    assert world.act(cases.contribute_transfer_to_agent, ref.case_id, **to_herself) == claimed
    noted = world.act(cases.contribute_transfer_to_agent, ref.case_id, **to_herself, note="Mine to do.")
    assert (noted.owner, noted.claimed_at, noted.version) == (ANNA, claimed.claimed_at, claimed.version + 1)


@pytest.mark.parametrize("name", ["", "\u202e", "x" * 201])
def test_an_agent_has_a_name(world: CaseWorld, name: str) -> None:
    ref = world.add()
    refused(
        CaseError.AGENT_NAME_INVALID,
        InvalidInput,
        lambda: world.act(cases.contribute_claim, ref.case_id, agent_name=name),
    )


def test_the_reason_of_a_decision_is_a_word(world: CaseWorld) -> None:
    ref = world.add()
    given: dict[str, Any] = {"reason": "Refund approved!", "facts": {}}
    refused(
        CaseError.CASE_WORD_INVALID, InvalidInput, lambda: world.act(cases.contribute_decided, ref.case_id, **given)
    )


def test_every_write_names_the_case_or_its_account_alone(world: CaseWorld) -> None:
    ref = world.add()
    change = world.begin(cases.contribute_close, ref.case_id, reason=CloseReason.RESOLVED, note="Done.")
    keys = {write.key for write in change.writes() if write.key.table is Table.HOTLINE}
    assert case_key(ref.case_id) in keys
    assert contact_case_key("any") not in keys
    assert {key.pk for key in keys} == {f"CASE#{ref.case_id}", f"ACCOUNT#{ACCOUNT}"}


def test_a_case_that_ended_with_its_time_is_told_as_changed(world: CaseWorld) -> None:
    ref = world.add()
    late = world.begin(cases.contribute_note, ref.case_id, note="Late.", version=1)
    world.store.transact([Delete(case_key(ref.case_id))], token="ended")
    with pytest.raises(cases.CaseChanged):
        late.commit(world.store)

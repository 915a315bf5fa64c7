"""Six digits name a case to people: no two cases at once, found by them, given back in the end."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import pytest

from hotline.cases import service as cases
from hotline.cases.model import CaseRef
from hotline.cases.references import REFERENCE_LIFE, REFERENCES, RENEWED_WITHIN, draw, is_reference, reference_key
from hotline.kit.actor import System
from hotline.kit.change import Change
from hotline.kit.errors import InvalidInput, Stale
from hotline.kit.ids import IdSource
from hotline.kit.store import hotline_key
from hotline.refunds.service import reference_of
from hotline_local.testing.memory_store import MemoryStore
from hotline_local.testing.seeded_ids import SeededIds
from hotline_local.testing.virtual_clock import VirtualClock
from tests.support.sweeps import sweep

NOON = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
SECOND = timedelta(seconds=1)


@dataclass(slots=True)
class AlwaysTheSame:
    """Ids of which every reference is the same."""

    ids: IdSource = field(default_factory=lambda: SeededIds(7))

    def new(self, prefix: str) -> str:
        return f"reference_{42:032x}" if prefix == "reference" else self.ids.new(prefix)


@dataclass(slots=True)
class Desk:
    ids: IdSource = field(default_factory=lambda: SeededIds(1))
    store: MemoryStore = field(default_factory=lambda: MemoryStore(VirtualClock(NOON)))

    def case(self, account_id: str, at: datetime = NOON) -> CaseRef:
        change = Change(actor=System("deadlines", "due"), cause="due", now=at, ids=self.ids)
        read = self.store.batch_get(list(cases.case_keys(account_id, "lock")))
        ref = cases.contribute_case(change, read, account_id=account_id, topic="lock", reason="test", facts={})
        change.commit(self.store)
        return ref

    def found(self, reference: str, at: datetime = NOON) -> str | None:
        known = cases.find_case(self.store, reference, at)
        return known[0].case_id if known is not None else None


def test_a_person_finds_the_case_by_its_six_digits() -> None:
    desk = Desk()
    ref = desk.case("acc_1")
    assert is_reference(ref.reference)
    assert ref.new_reference
    assert desk.found(ref.reference) == ref.case_id


def test_a_reference_is_drawn_of_all_random_digits_and_kept_under_its_own_key() -> None:
    class LargeId:
        def new(self, prefix: str) -> str:
            return f"{prefix}_1{'0' * 31}"

    assert draw(LargeId()) == f"{16**31 % REFERENCES:06d}"
    assert reference_key("123456") == hotline_key("CASEREF#123456", "CASE")


def test_no_two_cases_have_one_reference() -> None:
    desk = Desk(ids=AlwaysTheSame())
    first = desk.case("acc_1")
    with pytest.raises(Stale):
        desk.case("acc_2")
    assert desk.found(first.reference) == first.case_id == desk.found("000042")


def test_a_case_that_meets_a_taken_reference_draws_another() -> None:
    desk = Desk()
    refs = {desk.case(f"acc_{number}").reference for number in range(300)}
    assert len(refs) == 300


def test_an_addition_keeps_the_reference() -> None:
    desk = Desk()
    first = desk.case("acc_1")
    again = desk.case("acc_1", NOON + timedelta(days=1))
    assert (again.reference, again.new_reference, again.opened) == (first.reference, False, False)


@pytest.mark.parametrize(("left", "ends"), [(SECOND, False), (timedelta(), False), (-SECOND, True)])
def test_an_addition_renews_a_reference_that_ends_soon(left: timedelta, ends: bool) -> None:
    """At RENEWED_WITHIN before its end it is renewed; a second earlier it is not."""
    desk = Desk()
    ref = desk.case("acc_1")
    added_at = NOON + REFERENCE_LIFE - RENEWED_WITHIN + left
    assert desk.case("acc_1", added_at).reference == ref.reference
    after_the_first_end = NOON + REFERENCE_LIFE + SECOND
    assert (desk.found(ref.reference, after_the_first_end) is None) is ends


@pytest.mark.parametrize(("later", "there"), [(-SECOND, True), (timedelta(), True), (SECOND, False)])
def test_a_reference_names_its_case_for_its_time_and_then_no_case(later: timedelta, there: bool) -> None:
    desk = Desk()
    ref = desk.case("acc_1")
    assert (desk.found(ref.reference, NOON + REFERENCE_LIFE + later) is not None) is there


def test_a_reference_that_has_ended_is_drawn_again_and_its_old_case_gets_a_new_one() -> None:
    desk = Desk(ids=AlwaysTheSame())
    old = desk.case("acc_1")
    later = NOON + REFERENCE_LIFE + timedelta(days=1)
    new = desk.case("acc_2", later)
    assert new.reference == old.reference
    assert desk.found(new.reference, later) == new.case_id
    desk.ids = SeededIds(9)
    again = desk.case("acc_1", later)
    assert (again.case_id, again.new_reference) == (old.case_id, True)
    assert again.reference != new.reference
    assert desk.found(again.reference, later) == old.case_id


@sweep("text", ["", "12345", "1234567", "12345a", "１２３４５６", "case_1"])
def test_anything_but_six_digits_is_refused(text: str) -> None:
    with pytest.raises(InvalidInput):
        cases.find_case(MemoryStore(), text, NOON)


def test_references_are_six_digits_and_may_begin_with_zeros() -> None:
    assert draw(AlwaysTheSame()) == "000042"
    drawn = [draw(SeededIds(seed)) for seed in range(200)]
    assert all(is_reference(one) for one in drawn)
    assert len(set(drawn)) > 190


def test_a_refund_has_six_digits_of_its_own_the_same_each_time() -> None:
    assert is_reference(reference_of("refund_1"))
    assert reference_of("refund_1") == reference_of("refund_1") != reference_of("refund_2")

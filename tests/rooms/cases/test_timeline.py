"""Whether a case is open follows from its timeline alone."""

from hotline.cases.model import Audience, CaseEntry, CaseStatus, EntryKind, Priority, status_of
from tests.support.money_world import NOON
from tests.support.sweeps import sweep


def entry(kind: EntryKind, number: int) -> CaseEntry:
    return CaseEntry(f"entry_{number}", number, NOON, kind, Audience.AGENT, "system:test:-", "test", {})


@sweep(
    ("kinds", "status"),
    [
        ((), CaseStatus.CLOSED),
        ((EntryKind.OPENED,), CaseStatus.OPEN),
        ((EntryKind.OPENED, EntryKind.ADDED), CaseStatus.OPEN),
        ((EntryKind.OPENED, EntryKind.CLOSED), CaseStatus.CLOSED),
        ((EntryKind.OPENED, EntryKind.CLOSED, EntryKind.ADDED), CaseStatus.CLOSED),
        ((EntryKind.OPENED, EntryKind.CLOSED, EntryKind.OPENED), CaseStatus.OPEN),
    ],
)
def test_the_last_entry_that_opens_or_closes_decides(kinds: tuple[EntryKind, ...], status: CaseStatus) -> None:
    timeline = [entry(kind, number) for number, kind in enumerate(kinds)]
    assert status_of(timeline) is status_of(reversed(timeline)) is status


def test_priorities_are_single_digits_because_they_are_sorted_as_text() -> None:
    assert sorted(Priority, key=lambda priority: str(priority.value)) == sorted(Priority)
    assert {priority.name: priority.value for priority in Priority} == {
        "URGENT": 1,
        "HIGH": 3,
        "NORMAL": 5,
        "LOW": 7,
    }, "as they are stored, and as the wallet is told"

"""The chain of a changed key, a new device and money: its memory, its numbers, and what is left when money comes back.

The rule's own examples say where findings begin. Here stand the facts, the end and the events of a finding.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from hotline.security.detectors import Event, Hit
from hotline.security.detectors import reset_device_transfer as chain
from hotline.security.detectors.rule import MINUTE_MS, example_ms
from hotline.security.fold import Fold
from tests.support.folded_findings import plan_of

PLAN: Final = plan_of(chain.DETECTOR)
FLOOR: Final = chain.Limits().floor_minor["CNY"]
END: Final = chain.Limits().window_ms // MINUTE_MS
DAY: Final = 24 * 60


class Life:
    """An account to which things happen, at minutes. Each event is named by its minute."""

    def __init__(self) -> None:
        self._fold = Fold(PLAN)
        self.hits: list[Hit] = []
        """All that was seen, also what is seen again or taken back."""

    def tell(self, minute: float, type_: str, values: Mapping[str, Any]) -> list[Hit]:
        seen = [hit for _, hit in self._fold.take(Event(f"at {minute:g}", example_ms(minute), type_, values))]
        self.hits += seen
        return seen

    def reset(self, *minutes: float) -> None:
        for minute in minutes:
            self.tell(minute, "password.changed", {})

    def register(self, *minutes: float) -> None:
        for minute in minutes:
            self.tell(minute, "device.registered", {"device": f"device of {minute:g}"})

    def login(self, minute: float, device: str) -> None:
        self.tell(minute, "login.succeeded", {"device": device})

    def send(self, minute: float, amount_minor: int, party: str | None = None, *, name: str = "", version: int = 1,
             status: str = "succeeded", currency: str = "CNY") -> list[Hit]:  # fmt: skip
        values = {"movement_id": name or f"sent at {minute:g}", "version": version, "kind": "transfer"}
        values |= {"status": status, "amount_minor": amount_minor, "currency": currency}
        return self.tell(minute, f"transfer.{status}", values if party is None else {**values, "party": party})

    def come_back(self, minute: float, amount_minor: int, *, name: str, currency: str = "CNY") -> list[Hit]:
        return self.send(minute, amount_minor, name=name, version=2, status="reversed", currency=currency)

    @property
    def memory(self) -> Mapping[str, Any]:
        (memory,) = self._fold.states.values() or ({},)
        return memory


def facts(transfers: int, amount_minor: int, *, change: str = "password", currency: str = "CNY") -> dict[str, Any]:
    return {"transfers": transfers, "amount_minor": amount_minor, "currency": currency, "change": change}


def test_of_several_signs_of_one_kind_in_a_row_the_first_and_the_last_are_kept() -> None:
    life = Life()
    life.reset(0, 1, 2)
    life.register(3, 4, 5)
    life.reset(6)
    assert [name for _, name, _ in life.memory["signs"]] == ["at 0", "at 2", "at 3", "at 5", "at 6"]


def test_of_a_flood_of_signs_the_first_half_and_the_last_are_kept() -> None:
    life = Life()
    for minute in range(0, 40, 2):
        life.reset(minute)
        life.register(minute + 1)
    kept = [name for _, name, _ in life.memory["signs"]]
    assert kept == [f"at {minute}" for minute in (*range(8), *range(32, 40))]


def test_signs_of_one_moment_count_to_the_last_moment_of_their_window() -> None:
    for late, is_found in ((0, True), (0.01, False)):
        life = Life()
        life.reset(0)
        life.register(0)
        assert bool(life.send(END + late, FLOOR)) is is_found


def test_signs_that_are_over_are_forgotten_when_an_unknown_device_logs_in() -> None:
    life = Life()
    life.reset(0)
    life.login(END + 1, "first")
    assert "signs" not in life.memory


def test_a_device_that_registers_is_a_sign_by_itself_once_the_first_hours_are_over() -> None:
    for late, is_found in ((0, False), (0.01, True)):
        life = Life()
        life.send(0, 1)
        life.register(END + late)
        life.reset(END + 1)
        assert bool(life.send(END + 2, FLOOR)) is is_found


def test_a_device_of_the_first_hours_is_a_sign_behind_a_change_alone() -> None:
    for change, is_found in ((0, True), (2, False)):
        life = Life()
        life.send(0, 1)
        for minute in sorted((change, 1)):
            (life.register if minute == 1 else life.reset)(minute)
        assert bool(life.send(3, FLOOR)) is is_found


def test_a_device_is_known_when_none_was_learned_within_the_window() -> None:
    for late, is_found in ((0, True), (0.01, False)):
        life = Life()
        life.login(-10 * DAY, "own")
        life.login(0, "device of 2")
        life.reset(END - 1)
        life.tell(END + late, "device.registered", {"device": "own"})
        assert bool(life.send(END + 1, FLOOR)) is is_found


def test_the_time_of_the_last_device_is_kept_for_a_window() -> None:
    life = Life()
    life.login(0, "own")
    assert life.memory["learned"] == example_ms(0)
    life.send(END, 1)
    assert "learned" in life.memory
    life.send(END + 1, 1)
    assert "learned" not in life.memory


def tell_account(life: Life, minute: float, points: int, two_step: int) -> None:
    life.tell(minute, "account.updated", {"points": points, "two_step": two_step})


def test_an_account_that_is_told_anew_changes_by_a_value_that_was_known() -> None:
    for points, two_step, change in (
        (2, 1, None), (3, 1, "contact_point"), (1, 1, "contact_point"), (2, 0, "two_step_off"), (3, 0, "two_step_off"),
    ):  # fmt: skip
        life = Life()
        tell_account(life, -DAY, 2, 1)
        tell_account(life, 0, points, two_step)
        assert [word for _, _, word in life.memory.get("signs", ())] == ([] if change is None else [change])
        tell_account(life, 1, points, two_step)
        assert len(life.memory.get("signs", ())) == (0 if change is None else 1)


def test_changes_of_their_own_are_known_when_the_account_is_told() -> None:
    for change, points in (("added", 3), ("removed", 1), ("replaced", 2)):
        life = Life()
        tell_account(life, -DAY, 2, 0)
        life.tell(0, "contact_point.changed", {"change": change})
        life.tell(1, "two_step.changed", {"on": 1})
        assert life.memory["told"] == 2 * points + 1
        tell_account(life, 2, points, 1)
        assert len(life.memory["signs"]) == 1
        life.tell(3, "two_step.changed", {"on": 0})
        assert life.memory["told"] == 2 * points


def test_no_account_has_fewer_contact_points_than_none() -> None:
    life = Life()
    tell_account(life, -DAY, 0, 1)
    life.tell(0, "contact_point.changed", {"change": "removed"})
    assert life.memory["told"] == 1


def test_a_profile_of_which_less_is_told_teaches_nothing() -> None:
    for values in ({"points": 2}, {"two_step": 1}):
        life = Life()
        life.tell(0, "account.updated", values)
        assert not life.memory
        life.tell(1, "contact_point.changed", {"change": "added"})
        assert "told" not in life.memory


def test_a_profile_of_the_first_hours_is_no_change() -> None:
    for late, is_one in ((0, False), (0.01, True)):
        life = Life()
        tell_account(life, 0, 1, 0)
        tell_account(life, END + late, 2, 0)
        assert ("signs" in life.memory) is is_one


# ---------------------------------------------------------------- strangers


def test_a_payee_of_a_yuan_is_a_stranger_also_behind_another_one() -> None:
    life = Life()
    life.send(0, 100, "mule")
    life.send(1, 100, "other")
    life.reset(2)
    life.register(3)
    assert life.send(4, FLOOR, "mule")


def test_a_payee_of_today_is_a_stranger_also_behind_one_of_yesterday() -> None:
    life = Life()
    life.send(0, 100, "other")
    life.send(DAY, 100, "mule")
    life.reset(DAY + 1)
    life.register(DAY + 2)
    assert not life.send(DAY + 3, FLOOR, "other")
    assert life.send(DAY + 4, FLOOR, "mule")


def test_anybody_may_be_one_of_so_many_strangers_until_the_first_of_them_is_a_day_old() -> None:
    for late, is_one in ((0, True), (0.01, False)):
        life = Life()
        life.send(-10 * DAY, FLOOR, "landlord")
        for number in range(chain.NEW_MAX):
            life.send(number, 100, f"other-{number}")
        life.reset(DAY - 2)
        life.register(DAY - 1)
        assert bool(life.send(DAY + late, FLOOR, "landlord")) is is_one


def test_rent_stays_rent_however_often_it_is_paid_from_a_new_phone() -> None:
    life = Life()
    life.send(-10 * DAY, FLOOR, "landlord")
    life.reset(0)
    life.register(1)
    assert not life.send(2, FLOOR, "landlord")
    assert not life.send(3, FLOOR, "landlord")


# ---------------------------------------------------------------- a finding


def test_a_finding_names_its_signs_and_movements_and_adds_them_up() -> None:
    life = Life()
    life.reset(0)
    life.register(10)
    assert not life.send(20, FLOOR - 1)
    (hit,) = life.send(30, 5)
    names = ("at 0", "at 10", "at 20", "at 30")
    assert hit == Hit(example_ms(0), example_ms(30), facts(2, FLOOR + 4), names, withdrawn=False)


def test_a_finding_names_the_change_also_where_the_device_came_first() -> None:
    life = Life()
    life.login(-10 * DAY, "own")
    life.register(0)
    life.tell(1, "contact_point.sim_changed", {})
    (hit,) = life.send(2, FLOOR)
    assert (hit.started_ms, hit.facts) == (example_ms(0), facts(1, FLOOR, change="sim"))


def test_a_finding_grows_for_a_window_when_its_signs_are_over() -> None:
    life = Life()
    life.reset(0)
    life.register(1)
    life.send(END, FLOOR, "mule")
    life.send(END + 2, 7, "mule")
    assert "signs" not in life.memory
    (hit,) = life.send(2 * END, 9, "mule")
    assert (hit.facts, hit.ended_ms) == (facts(3, FLOOR + 16), example_ms(2 * END))
    assert not life.send(2 * END + 1, 9, "mule")


def test_a_finding_that_is_over_does_not_grow_by_a_pattern_below_the_floor() -> None:
    life = Life()
    life.reset(0)
    life.register(1)
    life.send(2, FLOOR)
    life.reset(END + 1)
    life.register(END + 2)
    assert not life.send(END + 3, FLOOR - 1)
    (hit,) = life.send(END + 4, 1)
    assert (hit.started_ms, hit.facts) == (example_ms(END + 1), facts(2, FLOOR))


def test_money_that_came_back_is_named_no_more() -> None:
    life = Life()
    life.reset(0)
    life.register(1)
    life.send(2, FLOOR, name="first")
    life.send(3, FLOOR, name="second")
    (hit,) = life.come_back(4, FLOOR, name="first")
    assert hit == Hit(example_ms(0), example_ms(3), facts(1, FLOOR), ("at 0", "at 1", "at 3"), withdrawn=False)


def test_findings_are_known_for_so_long_after_the_last_movement_of_the_last_one() -> None:
    last = END + 10
    for late, is_known in ((0, True), (0.01, False)):
        life = Life()
        for minute in (0, END):
            life.reset(minute)
            life.register(minute + 1)
            life.send(minute + 10, FLOOR, name=f"of {minute}")
        assert len(life.hits) == 2
        seen = life.come_back(last + chain.UNDONE_MS / MINUTE_MS + late, FLOOR, name=f"of {END}")
        assert [hit.withdrawn for hit in seen] == ([True] if is_known else [])

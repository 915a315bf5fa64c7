"""The page about performance: its capacity follows from its units, and its units are still those that are counted."""

from __future__ import annotations

from dataclasses import replace

import pytest

from benchmarks.capacity import (
    CAPACITY_NAME,
    PAGE,
    RATES,
    Units,
    measure_units,
    plan,
    read_units,
    render_capacity,
    render_units,
)
from benchmarks.tables import take

WRITE = 'make bench ARGS="scan --write"'
COUNTED = tuple(name for name in Units.__dataclass_fields__ if name != "seconds_a_row")


@pytest.fixture(scope="module")
def page() -> str:
    return PAGE.read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def units(page: str) -> Units:
    return read_units(page)


def test_the_table_of_capacity_follows_from_the_units_of_the_page(page: str, units: Units) -> None:
    told = take(page, CAPACITY_NAME)
    assert told == render_capacity(units), WRITE
    assert render_units(units) in page


def test_the_units_of_the_page_are_those_that_are_counted_now(units: Units) -> None:
    measured = measure_units()
    counted = {name: getattr(measured, name) for name in COUNTED}
    told = {name: getattr(units, name) for name in COUNTED}
    assert counted == pytest.approx(told, rel=0.02, abs=0.5e-3), WRITE
    # Seconds are of a machine; only another order of magnitude is another program.
    assert measured.seconds_a_row < units.seconds_a_row * 10


@pytest.mark.parametrize("rate", RATES)
def test_a_plan_keeps_to_the_limits_of_the_services(rate: int, units: Units) -> None:
    made = plan(rate, units)
    assert made.activity_units_s * 2 / made.shards <= 1_000
    assert made.worker_s * 2 <= 96
    assert made.workers <= (4 if made.shards <= 40 else 100)
    assert made.shards <= 1_000


def test_costs_grow_with_events_and_the_floor_is_small(units: Units) -> None:
    costs = [plan(rate, units).cost for rate in (0, *RATES)]
    assert costs == sorted(costs)
    assert costs[0] < 20
    assert plan(1_000, replace(units, watch_units_a_row=units.watch_units_a_row + 1)).cost > plan(1_000, units).cost

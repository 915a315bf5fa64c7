"""The page about performance: its capacity follows from its units, and its units are still those that are counted."""

from __future__ import annotations

import platform
import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Final

import pytest

from benchmarks import api_routes, facts, goals, growth, intake, item_sizes, phone_steps, queues, starts
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
from benchmarks.tables import END_MARK, Table, read_rows, take
from functions.agent_api.access import ROUTES as AGENT_ROUTES
from functions.customer_api.access import ROUTES
from hotline.contracts.facts import FACTS
from tests.support.played_calls import GROUP, played
from tests.support.sweeps import sweep
from tests.support.template import resources

pytestmark = pytest.mark.xdist_group(GROUP)

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


@sweep("rate", RATES)
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


def test_each_table_names_the_command_and_the_machine_that_measured_it_or_the_table_that_it_follows_from(
    page: str,
) -> None:
    parts = re.split(r"<!-- ([a-z ]+) -->\n", page)
    tables = {name: (before, after) for before, name, after in zip(parts[::2], parts[1::2], parts[2::2], strict=False)}
    del tables["end"]
    assert len(tables) == page.count(END_MARK)
    for name, (before, table) in tables.items():
        is_measured = re.search(r'`make bench ARGS="[a-z ]+ --write.*"`: .+, \d+ cores, Python .+, commit', table)
        follows = "The table follows from" in before.rpartition("\n## ")[2]
        assert is_measured or follows, name


# ---------------------------------------------------------------- the other sections

WRITE_ALL = "make bench ARGS=--write"


def columns(rows: Mapping[str, Sequence[str]], *places: int) -> dict[str, tuple[str, ...]]:
    """Some of the cells of each row, by its first one."""
    return {name: tuple(cells[place] for place in places) for name, cells in rows.items()}


def by_name(table: Table) -> dict[str, list[str]]:
    return {row[0]: list(row[1:]) for row in table.rows}


def test_the_goals_follow_from_the_other_sections(page: str) -> None:
    assert take(page, "goals") == goals.tabulate(page).markdown(), WRITE_ALL
    assert {goal.name for goal in goals.read_goals(page) if goal.goal is not None}


def test_a_start_is_told_of_every_function_and_stays_a_ratio(page: str) -> None:
    rows = read_rows(take(page, "starts"))
    assert set(rows) == set(starts.EVENTS)
    for cells in rows.values():
        imported, made, first = cells[:3]
        assert 0 < float(imported) <= float(made) + 0.1
        assert first == "-" or float(made) <= float(first) + 0.1


def test_the_counts_of_steps_and_calls_are_those_that_are_counted_now(page: str) -> None:
    calls = played()
    told, now = read_rows(take(page, "steps")), by_name(phone_steps.tabulate_steps(calls))
    assert columns(told, 0, 1, 2, 3) == columns(now, 0, 1, 2, 3), WRITE_ALL
    assert read_rows(take(page, "calls")) == by_name(phone_steps.tabulate_calls(calls)), WRITE_ALL
    assert read_rows(take(page, "cost"))[goals.USD] == [f"{phone_steps.usd_per_1000_calls(calls.costs):.3f}"], WRITE_ALL


def test_the_counts_of_routes_are_those_that_are_counted_now(page: str) -> None:
    assert read_rows(take(page, "routes")) == by_name(api_routes.tabulate()), WRITE_ALL


def test_the_units_of_facts_are_those_that_are_counted_now(page: str) -> None:
    told = read_rows(take(page, "facts"))
    now = {name: tuple(facts.tell_units([facts.measure_type(name, n) for n in facts.BATCHES])) for name in FACTS}
    assert columns(told, 0, 1, 2) == now, WRITE_ALL


def test_the_counts_of_intake_are_those_that_are_counted_now(page: str) -> None:
    told = read_rows(take(page, intake.NAME))
    for place, size in enumerate(intake.SIZES):
        now = {name: f"{value:.2f}" for name, value in intake.count(size).items()}
        assert {name: cells[place] for name, cells in told.items() if name in now} == now, WRITE_ALL


def test_the_needs_of_so_many_facts_follow_from_the_cost_of_one(page: str) -> None:
    assert take(page, intake.CAPACITY_NAME) == intake.tabulate_plans(page).markdown(), WRITE_ALL


def test_the_template_takes_a_thousand_facts_a_second_at_twice_the_mean(page: str) -> None:
    plans = {plan.rate: plan for plan in intake.read_plans(page)}
    assert plans[1_000].runs <= intake.default_of("FactConcurrency") < plans[10_000].runs
    assert intake.read_rate(page) >= intake.GOAL


MORE: Final = 2_100
"""More records than any list looks at, so that it costs what ten thousand cost."""


@pytest.fixture(scope="module")
def grown() -> dict[int, dict[str, str]]:
    return growth.measure((*growth.SIZES[:2], MORE))


@pytest.fixture(scope="module")
def told(page: str) -> dict[str, list[str]]:
    return read_rows(take(page, "growth"))


def test_growth_is_what_is_counted_now(told: dict[str, list[str]], grown: dict[int, dict[str, str]]) -> None:
    assert growth.SIZES == (1, 100, 10_000)
    for place, found in enumerate(grown.values()):
        assert {name: cells[place] for name, cells in told.items()} == found, WRITE_ALL


def test_no_page_and_no_run_reads_more_the_more_there_is(told: dict[str, list[str]]) -> None:
    reads = {name: [int(cell.partition(",")[0]) for cell in cells] for name, cells in told.items()}
    assert queues.READS_MAX.keys() <= reads.keys()
    flat = {name: found for name, found in reads.items() if name not in queues.READS_MAX}
    assert {name: found for name, found in flat.items() if found[2] > found[1]} == {}
    assert {name: reads[name] for name, most in queues.READS_MAX.items() if reads[name][2] > most} == {}


def test_every_page_of_both_apis_and_every_step_that_lists_is_measured(told: dict[str, list[str]]) -> None:
    pages = {route for route in ROUTES if route.startswith("GET /v1/me/")}
    assert pages | {route for route in AGENT_ROUTES if route.startswith("GET ")} <= told.keys()
    assert {
        f"step {name}" for name in ("start", "payments", "bills", "logins", "checkup", "refunds", "handover")
    } <= told.keys()


ITEM_BYTES_MAX: Final = 400_000 // 10
"""A tenth of what an item of DynamoDB holds."""


def test_an_item_that_somebody_makes_long_is_as_large_as_is_counted_now_and_stays_small(page: str) -> None:
    told = read_rows(take(page, "items"))
    now = by_name(item_sizes.tabulate(item_sizes.SIZES[:2]))
    assert columns(told, 0, 1, 2) == columns(now, 0, 1, 2), WRITE_ALL
    sizes = {name: int(cells[3].replace(",", "")) for name, cells in told.items()}
    assert {name: size for name, size in sizes.items() if size > ITEM_BYTES_MAX} == {}


OTHERWISE_MEASURED: Final = {"security_scan": "units of the scan, for each row of a page", "backtest": "its section"}
ASKED: Final = {"connect", "customer_api", "agent_api"}
"""Functions that somebody waits for: their steps and pages are rows."""


def test_every_function_that_takes_from_a_queue_or_looks_for_work_is_measured_with_as_much_as_waits() -> None:
    handlers = {
        name: body["Properties"]["Handler"].split(".")[1] for name, body in resources("AWS::Lambda::Function").items()
    }
    measured = {name.partition(",")[0] for name in queues.RUNS}
    assert measured == set(handlers.values()) - ASKED - OTHERWISE_MEASURED.keys()
    sources = resources("AWS::Lambda::EventSourceMapping")
    assert {handlers[name] for name in handlers if any(one.startswith(name) for one in sources)} <= measured
    batches = {body["Properties"]["BatchSize"] for name, body in sources.items() if name.startswith(_OF_OUTBOX)}
    assert batches == {queues.BATCH}


_OF_OUTBOX: Final = ("MessengerFunction", "DecisionsFunction")


def test_no_section_names_this_machine_or_its_paths(page: str) -> None:
    assert "/home/" not in page
    assert "/root" not in page
    assert platform.node() not in page.split()

"""Every file in events/connect goes through the phone's door: an outcome that the step declares, and no exception."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from functions.connect.envelope import COMMON_KEYS, request_from
from functions.connect.runner import answer
from functions.connect.steps import STEPS
from hotline.contracts.model import PointKind
from hotline.kit.doors import Context
from hotline_local.testing.memory_store import MemoryStore
from hotline_local.testing.virtual_clock import VirtualClock
from tests.support.log_lines import lines, logged
from tests.support.phone import Phone, context, give, opened

EVENTS = sorted((Path(__file__).parents[2] / "events" / "connect").glob("*.json"))
CONTACT = "5ca32fbd-8f92-46af-92a5-6b0f970f0efe"
NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
NUMBER, MAIL = "+8613800000001", "somebody@example.com"
ANSWER_BYTES_MAX = 32 * 1024
"""Amazon Connect refuses a larger answer."""


@pytest.fixture
def ctx() -> Context:
    clock = VirtualClock(NOW)
    made = context(MemoryStore(clock), clock)
    points = ((PointKind.PHONE, NUMBER), (PointKind.EMAIL, MAIL))
    give(made, [opened("acct-1", *points, at=NOW - timedelta(days=400))])
    return made


def load(path: Path) -> Any:
    return json.loads(path.read_text(encoding="utf-8"))


@pytest.mark.parametrize("proved", [False, True], ids=["nothing-proved", "proved"])
@pytest.mark.parametrize("path", EVENTS, ids=lambda path: path.stem)
def test_every_event_gives_a_declared_outcome_in_a_whole_answer(ctx: Context, path: Path, proved: bool) -> None:
    event = load(path)
    if event.get("Details", {}).get("Parameters", {}).get("step") != "start":
        phone = Phone(ctx, NUMBER, CONTACT)
        phone.press("start")
        if proved:
            phone.prove(goal="unlock")
        parameters = event.get("Details", {}).get("Parameters", {})
        if parameters.get("turn") == "1":
            parameters["turn"] = phone.turn
    said = answer(request_from(event), ctx)
    step = STEPS.get(request_from(event).step)
    if step is not None:
        assert said["outcome"] in step.outcomes
        assert set(said) == {*COMMON_KEYS, *step.answer_keys}
    assert all(said.values())
    assert said["prompt"].startswith("<speak>")
    assert len(json.dumps(said, ensure_ascii=False).encode()) < ANSWER_BYTES_MAX


@pytest.mark.parametrize("path", EVENTS, ids=lambda path: path.stem)
def test_no_log_line_holds_a_number_an_address_or_what_was_keyed_in(ctx: Context, path: Path) -> None:
    event = load(path)
    Phone(ctx, NUMBER, CONTACT).press("start")
    with logged() as buffer:
        answer(request_from(event), ctx)
    assert lines(buffer)
    keyed = event.get("Details", {}).get("Parameters", {})
    secrets = [NUMBER, NUMBER.removeprefix("+86"), MAIL, *(keyed.get(name, "") for name in ("phone", "code", "tail"))]
    assert [secret for secret in secrets if secret and secret in buffer.getvalue()] == []


def test_the_steps_of_the_contract_all_have_an_event(ctx: Context) -> None:
    covered = {load(path).get("Details", {}).get("Parameters", {}).get("step") for path in EVENTS}
    assert set(STEPS) <= covered

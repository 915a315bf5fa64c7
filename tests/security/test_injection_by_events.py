"""The function answers whatever comes: each message is taken in, or refused by a word, and no other one suffers."""

from __future__ import annotations

import json
from functools import cache
from typing import Any, Final

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from functions.wallet_events.batch import take_in
from hotline.contracts.facts import FACTS
from hotline.contracts.model import FactRejected
from hotline.contracts.schemas import parse
from hotline_local.schemas import documents
from tests.support.facts import bus_event, event, sqs_event
from tests.support.intake_context import context, items

pytestmark = pytest.mark.soak

LARGE: Final = settings(suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])


@cache
def validator(name: str) -> Draft202012Validator:
    return Draft202012Validator(documents()[name])


odd_numbers = st.sampled_from([0, -1, 1, 2**53, 10**30, 1.5, float("nan"), float("inf"), True])
odd_texts = st.text(max_size=40) | st.sampled_from(
    ["", " ", "a#b", "\ud800", "\x00", "<speak>", "+447700900001", "x" * 600]
)
odd_values = st.recursive(
    st.none() | odd_numbers | odd_texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)


def paths(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """The path of everything in a JSON value."""
    parts: list[tuple[Any, Any]] = []
    if isinstance(value, dict):
        parts = list(value.items())
    elif isinstance(value, list):
        parts = list(enumerate(value))
    return [found for name, part in parts for found in ((*path, name), *paths(part, (*path, name)))]


@st.composite
def damaged(draw: st.DrawFn) -> dict[str, Any]:
    """A good event of any type in which up to three values are gone or are others."""
    detail = event(draw(st.sampled_from(sorted(FACTS))))
    for _ in range(draw(st.integers(1, 3))):
        *parents, last = draw(st.sampled_from(paths(detail)))
        place: Any = detail
        for parent in parents:
            place = place[parent]
        if draw(st.booleans()):
            del place[last]
        else:
            place[last] = draw(odd_values)
        if not paths(detail):
            break
    return detail


def taken(detail: Any) -> bool:
    try:
        parse(detail)
    except FactRejected:
        return False
    return True


@given(damaged())
@LARGE
def test_a_damaged_event_is_taken_or_refused_by_a_word(detail: dict[str, Any]) -> None:
    try:
        parse(detail)
    except FactRejected as refusal:
        told = json.dumps([refusal.fact_type, refusal.fact_id, refusal.code, refusal.field])
        assert all(text not in told for text in ("Ada", "+447700900001", "customer.example", "Tea House"))


@given(damaged())
@LARGE
def test_the_schema_takes_each_fact_that_the_hotline_takes(detail: dict[str, Any]) -> None:
    if taken(detail):
        validator(f"facts/{detail['type']}.json").validate(detail)


@given(st.lists(damaged().map(bus_event) | odd_values, max_size=6), st.integers(0, 6))
@LARGE
def test_no_event_keeps_a_good_one_of_another_account_out(sent: list[Any], place: int) -> None:
    bodies = [json.dumps(one) for one in sent]
    bodies.insert(min(place, len(bodies)), json.dumps(bus_event(event("account.opened", subject="acc_good"))))
    good = f"m{min(place, len(sent)) + 1}"
    ctx = context()
    failed = [entry["itemIdentifier"] for entry in take_in(sqs_event(bodies), ctx)["batchItemFailures"]]
    assert good not in failed
    assert len(failed) == len(set(failed)) <= len(sent)
    assert "ACCOUNT#acc_good #PROFILE" in items(ctx)

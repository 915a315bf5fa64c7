"""The JSON Schemas in docs/schemas: as the contracts say, and as strict."""

from __future__ import annotations

import json
from functools import cache
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from hotline.contracts import limits
from hotline.contracts.decisions import DECISIONS, parse_decision
from hotline.contracts.facts import FACTS
from hotline.contracts.model import FactRejected, MovementKind, MovementStatus, Rejection
from hotline.contracts.schemas import parse
from hotline_local.schemas import FOLDER, documents, text_of, write
from tests.support.facts import event
from tests.support.sweeps import sweep

NAMES = [*(f"facts/{name}.v1.json" for name in FACTS), *(f"decisions/{name}.v1.json" for name in DECISIONS)]


@cache
def validator(type_name: str) -> Draft202012Validator:
    return Draft202012Validator(documents()[f"facts/{type_name}.v1.json"])


def test_the_stored_schemas_are_those_of_the_contracts() -> None:
    stored = {str(path.relative_to(FOLDER)): path.read_text(encoding="utf-8") for path in FOLDER.rglob("*.json")}
    assert stored == {name: text_of(document) for name, document in documents().items()}, "run make schemas"


def test_there_is_one_for_every_fact_and_every_decision() -> None:
    assert set(documents()) == set(NAMES)


def test_writing_them_removes_those_of_types_that_are_no_more(tmp_path: Any) -> None:
    (tmp_path / "facts").mkdir()
    (tmp_path / "facts/account.renamed.v1.json").write_text("{}", encoding="utf-8")
    assert write(tmp_path) == len(documents())
    assert {str(path.relative_to(tmp_path)) for path in tmp_path.rglob("*.json")} == set(documents())


@pytest.mark.parametrize("name", NAMES)
def test_each_is_a_json_schema_under_the_name_that_dataschema_gives(name: str) -> None:
    document = documents()[name]
    Draft202012Validator.check_schema(document)
    full_type = name.partition("/")[2].removesuffix(".json")
    assert document["properties"]["data"]["$id"] == f"urn:hotline:schema:{full_type}"


@sweep("type_name", FACTS)
def test_the_schema_takes_each_fact_that_the_hotline_takes(type_name: str) -> None:
    validator(type_name).validate(event(type_name))
    validator(type_name).validate(event(type_name, {"colour": "blue"}, traceparent="00-1"))


@pytest.mark.parametrize("type_name", FACTS)
def test_schema_and_hotline_agree_on_what_may_be_left_out(type_name: str) -> None:
    # A change of a contact point names the old one or the new one: no schema says so.
    either = ("old", "new") if type_name == "contact_point.changed" else ()
    for field in event(type_name)["data"].keys() - set(either):
        detail = event(type_name)
        del detail["data"][field]
        assert validator(type_name).is_valid(detail) is taken(detail), field


@sweep(
    ("type_name", "data"),
    [
        ("payment.failed", {"amount": {"minor": 0, "currency": "CNY"}}),
        ("payment.failed", {"amount": {"minor": 2**53, "currency": "CNY"}}),
        ("payment.failed", {"amount": {"minor": 1, "currency": "XXX"}}),
        ("payment.failed", {"movement_id": "a#b"}),
        ("payment.failed", {"movement_id": "m" * 129}),
        ("payment.failed", {"money": "gone"}),
        ("payment.failed", {"instrument": {"kind": "card", "last4": "42"}}),
        ("account.opened", {"name": "x" * 201}),
        ("account.opened", {"name": ""}),
        ("account.opened", {"version": 0}),
        ("account.opened", {"version": "1"}),
        ("account.opened", {"two_step": "yes"}),
        ("account.opened", {"contact_points": [{"kind": "fax", "value": "+4412345678", "confirmed_at": "-"}]}),
        ("contact_point.changed", {"new": "not a point"}),
        ("merchant.policy_published", {"window_days": 3651}),
        ("login.failed", {"source": {"lat": 91}}),
    ],
)
def test_the_schema_refuses_each_fact_that_the_hotline_refuses_for_its_form(
    type_name: str, data: dict[str, Any]
) -> None:
    detail = event(type_name, data)
    assert not taken(detail)
    assert not validator(type_name).is_valid(detail)


def test_the_schema_of_one_type_refuses_another_type() -> None:
    assert not validator("account.opened").is_valid(event("account.updated"))


def taken(detail: dict[str, Any]) -> bool:
    try:
        parse(json.loads(json.dumps(detail)))
    except FactRejected:
        return False
    return True


def test_the_page_on_contracts_names_every_type_every_refusal_and_every_limit() -> None:
    page = (FOLDER.parent / "contracts.md").read_text(encoding="utf-8")
    movements = {f"{kind}.{status}" for kind in MovementKind for status in MovementStatus}
    assert [name for name in {*FACTS, *DECISIONS} - movements if name not in page] == []
    assert [
        part for kind in MovementKind for part in (kind, *(f".{s}" for s in MovementStatus)) if part not in page
    ] == []
    assert [reason for reason in Rejection if reason not in page] == []
    told = {200, 500, 64, 128, 5, 50, 3650}
    named = {
        limits.NAME_CHARACTERS_MAX, limits.NOTE_CHARACTERS_MAX, limits.WORD_CHARACTERS_MAX, limits.ID_CHARACTERS_MAX,
        limits.ACCOUNT_ID_CHARACTERS_MAX, limits.CONTACT_POINTS_MAX, limits.CATEGORIES_MAX, limits.WINDOW_DAYS_MAX,
    }  # fmt: skip
    assert told == named


def test_the_example_of_a_fact_in_the_page_is_a_good_one() -> None:
    page = (FOLDER.parent / "contracts.md").read_text(encoding="utf-8")
    examples = [json.loads(block) for block in page.split("\n\n") if block.startswith('    {"specversion"')]
    assert len(examples) == 2
    for example in examples:
        whole = json.loads(json.dumps(example).replace("\\u2026", ""))
        told = parse(whole) if whole["source"] == "wallet" else parse_decision(whole)
        assert told.subject == "acct-4711"

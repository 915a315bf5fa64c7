"""The words of a file for what a rule needs, and for what is wrong with a line: each of them is documented."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any, Final

import pytest

from hotline.backtest.lines import BadLine, Fault, read_line
from hotline.backtest.needs import FIELD_PREFIX, FIELDS, list_lacks, list_values
from hotline.backtest.reader import Reader
from hotline.contracts.facts import FACTS
from hotline.contracts.model import CodePurpose
from hotline.security.detectors import Detector, Signal, Stream
from hotline.security.detectors.shipped import DETECTORS
from tests.support.sweeps import sweep

CONTRACTS: Final = (Path(__file__).parents[2] / "docs/contracts.md").read_text(encoding="utf-8")
OF_THE_DESK: Final = {"account"}
"""Fields of the desk's own trail, which docs/backtest.md explains."""
PAGE: Final = (Path(__file__).parents[2] / "docs/backtest.md").read_text(encoding="utf-8")


def list_all_needs(detector: Detector[Any]) -> list[list[str]]:
    """All that a rule needs of a file: an empty one lacks all of it."""
    return list_lacks(detector, frozenset(), list_values([detector]))


def name_of(detector: Detector[Any]) -> str:
    return detector.rule


@pytest.mark.parametrize("detector", DETECTORS, ids=name_of)
def test_the_document_has_what_a_rule_needs(detector: Detector[Any]) -> None:
    cell = "; ".join(" or ".join(f"`{word}`" for word in need) for need in list_all_needs(detector))
    assert f"| {detector.rule} | {cell} |\n" in PAGE


@pytest.mark.parametrize("reason", Fault)
def test_the_document_explains_each_reason_of_a_bad_line(reason: Fault) -> None:
    assert f"| {reason.value} | " in PAGE


@pytest.mark.parametrize("detector", DETECTORS, ids=name_of)
def test_a_rule_needs_something_that_a_file_may_have(detector: Detector[Any]) -> None:
    needs = list_all_needs(detector)
    types = {word for need in needs for word in need if not word.startswith(FIELD_PREFIX)}
    assert types
    assert {name for name in types if name not in FACTS} == {name for name in types if name.startswith("agent.")}
    assert types.isdisjoint({signal.value for signal in Signal} - FACTS.keys())


@pytest.mark.parametrize("detector", DETECTORS, ids=name_of)
def test_each_need_of_a_rule_is_known_in_words(detector: Detector[Any]) -> None:
    """A value without words would pass for a type, which no file has."""
    for name in detector.needs | detector.needs_one:
        is_value = (detector.stream, name) in FIELDS
        is_type = (detector.stream is Stream.AGENT and name.startswith("agent.")) or name in FACTS
        assert is_value or is_type or name in {signal.value for signal in Signal}


@pytest.mark.parametrize("path", sorted({path for paths in FIELDS.values() for path in paths}))
def test_the_contracts_name_each_field(path: str) -> None:
    for part in re.findall(r"data\.([a-z_.]+)", path):
        if part not in OF_THE_DESK:
            assert re.search(rf"\b{part.rpartition('.')[2]}\b", CONTRACTS)


EXAMPLES: Final = [line.strip() for line in PAGE.splitlines() if line.strip().startswith('{"id": ')]
"""The whole lines that the page shows."""
NEEDED_FIELDS: Final = re.findall(
    r"^\| (.+?)(?:, each with its status)? \| (.+) \|$",
    PAGE.partition("| Type | A line needs in `data` |\n|---|---|\n")[2].partition("\n\n")[0],
    re.MULTILINE,
)
"""The rows of the page about the fields that a line needs: types and fields."""
_WHOLE: Final[dict[str, Any]] = {
    "amount": {"minor": 1, "currency": "EUR"},
    "balance": {"minor": 1, "currency": "EUR"},
    "source": {},
    "two_step": True,
    "contact_points": [],
    "version": 1,
    "purpose": CodePurpose.LOGIN,
    "kind": "phone",
    "decided_for": "customer",
}
"""Values of fields that are not any text."""
STATUSES: Final = ("authorised", "succeeded", "failed", "unknown", "reversed")


def read(type_: str, data: dict[str, Any]) -> None:
    line = {"id": "row-1", "type": type_, "time": "2026-01-01T00:00:00Z", "subject": "acct-1", "data": data}
    Reader().split(read_line(json.dumps(line).encode()))


def list_documented_types() -> dict[str, list[str]]:
    """The fields that the page says a line needs, by type."""
    found: dict[str, list[str]] = {}
    for types, fields in NEEDED_FIELDS:
        for name in types.split(", "):
            whole = [name] if "." in name else [f"{name}.{status}" for status in STATUSES]
            found.update(dict.fromkeys(whole, re.findall(r"`([a-z_]+)`", fields)))
    return found


def test_each_whole_line_of_the_page_can_be_read() -> None:
    assert len(EXAMPLES) >= 6
    for line in EXAMPLES:
        assert Reader().split(read_line(line.encode()))


@sweep("type_", sorted(list_documented_types()))
def test_a_line_needs_the_fields_that_the_page_names_and_no_others(type_: str) -> None:
    fields = list_documented_types()[type_]
    data = {name: _WHOLE.get(name, "fraud") for name in fields}
    read(type_, data)
    for name in fields:
        with pytest.raises(BadLine) as bad:
            read(type_, {other: value for other, value in data.items() if other != name})
        assert (bad.value.fault, bad.value.field) == (Fault.MISSING_FIELD, f"data.{name}")


def test_the_page_names_the_needed_fields_of_every_type_that_is_read() -> None:
    assert list_documented_types().keys() == {name for name in FACTS if is_read(name)}


def is_read(type_: str) -> bool:
    """Whether a line of the type without any data is bad, or is an event."""
    reader = Reader()
    line = {"id": "row-1", "type": type_, "time": "2026-01-01T00:00:00Z", "subject": "acct-1", "data": {}}
    try:
        return bool(reader.split(read_line(json.dumps(line).encode())))
    except BadLine:
        return True

"""The words of a file for what a rule needs, and for what is wrong with a line: each of them is documented."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, Final

import pytest

from hotline.backtest.lines import Fault
from hotline.backtest.needs import FIELD_PREFIX, FIELDS, list_lacks, list_values
from hotline.contracts.facts import FACTS
from hotline.security.detectors import Detector, Signal, Stream
from hotline.security.detectors.shipped import DETECTORS

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

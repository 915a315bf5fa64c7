"""The figures of `make bench` about facts: each type has one, and ten facts together cost less than ten alone."""

from __future__ import annotations

from typing import Final

import pytest

from benchmarks import facts
from hotline.contracts.facts import FACTS

VERY_MANY: Final = 300


@pytest.mark.parametrize("name", FACTS)
def test_ten_facts_of_a_type_cost_no_more_than_one_alone_ten_times(name: str) -> None:
    alone, together = facts.measure_type(name, 1), facts.measure_type(name, facts.TOGETHER)
    assert alone.written + alone.indexed > 0
    assert together.written <= facts.TOGETHER * alone.written
    assert together.read <= facts.TOGETHER * alone.read


@pytest.mark.parametrize("name", ["payment.failed", "payment.unknown", "bill.issued"])
def test_a_fact_of_very_many_reads_no_more_than_one_of_ten(name: str) -> None:
    """A share that is too large for a transaction was read, thrown away and read again in halves."""
    many, ten = facts.measure_type(name, VERY_MANY), facts.measure_type(name, facts.TOGETHER)
    assert many.read / VERY_MANY <= ten.read / facts.TOGETHER

"""The statistics that `make bench` compares times by see a difference that there is, and none where there is none."""

from __future__ import annotations

import random

import pytest

from benchmarks.same_for_everybody import KNOWN, UNKNOWN, p_value, ratio_to_known

RUNS = 200


def times(slower_by: float, seed: int) -> dict[str, list[float]]:
    """Pairs that share the weather of their run, and differ by a noise of their own."""
    chance = random.Random(seed)
    found: dict[str, list[float]] = {KNOWN: [], UNKNOWN: []}
    for _ in range(RUNS):
        weather = 1_000_000 * chance.uniform(1, 3)
        found[KNOWN].append(weather * chance.uniform(0.98, 1.02))
        found[UNKNOWN].append(weather * slower_by * chance.uniform(0.98, 1.02))
    return found


@pytest.mark.parametrize("slower_by", [0.9, 0.98, 1.02, 1.1])
def test_a_difference_of_two_hundredths_is_seen_through_weather_of_three(slower_by: float) -> None:
    found = times(slower_by, seed=1)
    assert ratio_to_known(found, UNKNOWN) == pytest.approx(slower_by, abs=0.005)
    assert p_value(found, UNKNOWN) < 0.001


def test_where_there_is_none_a_p_value_is_anything() -> None:
    """Of twenty comparisons of the same with the same about one lies below a twentieth, and never nearly all."""
    values = [p_value(times(1.0, seed), UNKNOWN) for seed in range(20)]
    assert sum(value < 0.05 for value in values) <= 4
    assert 0.2 < sum(values) / len(values) < 0.8

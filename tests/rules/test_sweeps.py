"""A sweep is one test of many cases, and none of them fails unseen."""

from __future__ import annotations

import inspect

import pytest

from tests.support.sweeps import sweep


def test_every_case_is_run_and_fixtures_stay_arguments_of_the_test() -> None:
    seen: list[tuple[int, str, str]] = []

    @sweep("letter", "ab")
    @sweep(("number", "sign"), [(1, "+"), (2, "-")])
    def swept(world: str, number: int, sign: str, letter: str) -> None:
        seen.append((number, sign + letter, world))

    assert list(inspect.signature(swept).parameters) == ["world"]
    swept(world="here")
    assert seen == [(1, "+a", "here"), (2, "-a", "here"), (1, "+b", "here"), (2, "-b", "here")]


def test_a_failure_names_its_case_and_is_the_error_itself() -> None:
    @sweep("number", range(5))
    def swept(number: int) -> None:
        assert number != 3, "three"

    with pytest.raises(AssertionError, match="three") as caught:
        swept()
    assert caught.value.__notes__ == ["The case: number=3"]


def test_several_failures_are_all_told() -> None:
    @sweep("number", range(5))
    def swept(number: int) -> None:
        if number:
            with pytest.raises(ZeroDivisionError):
                1 / number

    with pytest.raises(ExceptionGroup, match="4 of 5 cases failed") as caught:
        swept()
    assert [type(error) for error in caught.value.exceptions] == [AssertionError] * 4
    assert all("DID NOT RAISE" in str(error) for error in caught.value.exceptions)
    assert "number=4" in str(caught.value.exceptions[3])


def test_dear_cases_are_made_when_the_test_runs() -> None:
    made: list[int] = []

    @sweep("number", lambda: made)
    def swept(number: int) -> None:
        assert number == 0

    made.append(1)
    with pytest.raises(AssertionError):
        swept()


def test_a_table_without_cases_fails() -> None:
    @sweep("number", [])
    def swept(number: int) -> None:
        """Never called."""

    with pytest.raises(AssertionError, match="without cases"):
        swept()

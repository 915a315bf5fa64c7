"""A sweep is one test of many cases, and none of them fails unseen."""

from __future__ import annotations

import inspect
import unittest
from collections.abc import Callable

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
    assert caught.value.exceptions[3].__notes__ == ["The case: number=4"]


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


def raise_skip(why: str) -> None:
    raise unittest.SkipTest(why)


@pytest.mark.parametrize("skip", [pytest.skip, raise_skip])
def test_a_case_that_skips_fails_and_hides_no_other(skip: Callable[[str], None]) -> None:
    """A skip would be the outcome of the whole table, with the failures before it."""

    def error_of(*skipped: int, failed: int | None = None) -> BaseException | None:
        @sweep("number", range(3))
        def swept(number: int) -> None:
            assert number != failed, "failed"
            if number in skipped:
                skip("not here")

        try:
            swept()
        except BaseException as error:  # noqa: BLE001 - a skip is no Exception
            return error
        return None

    alone = error_of(1)
    assert type(alone) is AssertionError
    assert "not here" in str(alone)
    assert alone.__notes__ == ["The case: number=1"]
    for several in (error_of(1, failed=0), error_of(0, failed=2), error_of(0, 2)):
        assert isinstance(several, ExceptionGroup)
        assert [type(error) for error in several.exceptions] == [AssertionError] * 2


@pytest.mark.parametrize("names", ["number", "number, sign", "number, sign, letter"])
def test_a_case_with_marks_is_refused(names: str) -> None:
    """pytest.param has three parts, which would be read as three arguments. A table knows no marks."""
    cases = [pytest.param(*names.split(", "), id="one")]
    for given in (cases, lambda: cases):

        @sweep(names, given)
        def swept(number: int, sign: str = "", letter: str = "") -> None:
            """Never called."""

        with pytest.raises(TypeError, match="takes values without"):
            swept()

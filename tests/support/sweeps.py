"""Tables of cases that one test goes through.

A parametrised case is an item of pytest: each worker collects it, and reports of its three phases go to the process
that prints. That takes four milliseconds of the processor, which is more than a comparison takes. So a table of many
quick cases without a world of their own is one test. Its failure names every case that failed.
"""

from __future__ import annotations

import functools
import inspect
import unittest
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final, cast

import pytest

SKIPS: Final = (pytest.skip.Exception, unittest.SkipTest)
PARAMETER_SET: Final = type(pytest.param())

type Asked = Callable[[Mapping[str, Any]], bool]
"""Whether a case is run, by the values of its arguments."""

ASKED: Final[list[Asked]] = []
"""The choices that every case must pass. They are empty but where one change is tried after another (tests/mutation):
cases that cannot notice it are left out there."""


def sweep(
    names: str | tuple[str, ...], cases: Iterable[Any] | Callable[[], Iterable[Any]]
) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Run a test for each case. Takes what pytest.mark.parametrize takes: names of arguments, and their values. Cases
    that are dear come by a function, which is called when the test runs. A test raises TypeError for a pytest.param.

    Fixtures are made once for all cases, so none of them may be changed by one. Raises the error of the case that
    failed, with a note that names the case, or an ExceptionGroup of several. A table without a case fails too. So
    does a case that skips, since pytest would skip the whole table with the failures before it.
    """
    arguments = [name.strip() for name in names.split(",")] if isinstance(names, str) else list(names)
    # A generator would be at its end the second time. An enumeration can be called too.
    kept = cases if callable(cases) and not isinstance(cases, type) else tuple(cast("Iterable[Any]", cases))

    def around(test: Callable[..., None]) -> Callable[..., None]:
        signature = inspect.signature(test)

        @functools.wraps(test)
        def run(**fixtures: Any) -> None:
            made = kept() if callable(kept) else kept
            table = [_name_values(arguments, case) for case in made]
            assert table, "a table without cases shows nothing"
            failed: list[Exception] = []
            for case in (one for one in table if all(is_asked(one) for is_asked in ASKED)):
                try:
                    test(**fixtures, **case)
                except (Exception, pytest.fail.Exception, *SKIPS) as error:  # noqa: BLE001 - all are raised below
                    error.add_note("The case: " + ", ".join(f"{name}={value!r:.300}" for name, value in case.items()))
                    failed.append(_as_failure(error))
            if len(failed) == 1:
                raise failed[0]
            if failed:
                raise ExceptionGroup(f"{len(failed)} of {len(table)} cases failed", failed)

        left = [parameter for name, parameter in signature.parameters.items() if name not in arguments]
        run.__signature__ = signature.replace(parameters=left)  # type: ignore[attr-defined]  # pytest reads it
        return run

    return around


def _name_values(arguments: list[str], case: Any) -> dict[str, Any]:
    if isinstance(case, PARAMETER_SET):
        raise TypeError(f"a table takes values without pytest.param: {case}")
    return dict(zip(arguments, case if len(arguments) > 1 else (case,), strict=True))


def _as_failure(error: BaseException) -> Exception:
    """The error, or an AssertionError in place of an outcome of pytest that is no Exception, or that would skip."""
    if isinstance(error, Exception) and not isinstance(error, SKIPS):
        return error
    text = f"a case of a table skips: {error}" if isinstance(error, SKIPS) else str(error)
    failure = AssertionError(text)
    for note in error.__notes__:
        failure.add_note(note)
    return failure

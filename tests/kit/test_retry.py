"""Work that is done again when somebody else wrote in between."""

from __future__ import annotations

import pytest

from hotline.kit.change.acts import retry_stale
from hotline.kit.errors import HotlineError, Stale, StaleTurn, Unavailable


class Work:
    """Work that raises each of these errors in turn, then gives how often it was run."""

    def __init__(self, *errors: HotlineError) -> None:
        self.errors = list(errors)
        self.runs = 0

    def __call__(self) -> int:
        self.runs += 1
        if self.errors:
            raise self.errors.pop(0)
        return self.runs


def test_work_is_done_again_until_nobody_wrote_in_between() -> None:
    assert retry_stale(Work(), attempts_max=3) == 1
    assert retry_stale(Work(Stale(), StaleTurn()), attempts_max=3) == 3


def test_the_last_error_goes_to_the_caller() -> None:
    work = Work(Stale(), Stale(), Stale())
    with pytest.raises(Stale):
        retry_stale(work, attempts_max=3)
    assert work.runs == 3


def test_any_other_error_goes_to_the_caller_at_once() -> None:
    work = Work(Unavailable())
    with pytest.raises(Unavailable):
        retry_stale(work, attempts_max=3)
    assert work.runs == 1

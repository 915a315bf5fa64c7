"""`./hotline run`: what ends it."""

from __future__ import annotations

import signal
from collections.abc import Iterator

import pytest

from hotline_local.commands import run
from hotline_local.errors import CommandError


class Process:
    """Stands for MiniStack: it lives for so many questions."""

    def __init__(self, lives: int) -> None:
        self.lives = lives

    def alive(self) -> bool:
        self.lives -= 1
        return self.lives >= 0

    def log_tail(self) -> str:
        return "out of memory"


class Looks:
    """Counts the looks at the messages that came to their end; a signal comes in the middle of one."""

    def __init__(self, ending: signal.Signals | None) -> None:
        self.ending = ending
        self.done = 0

    def messages(self) -> None:
        if self.ending is not None:
            signal.raise_signal(self.ending)
        self.done += 1


@pytest.fixture(autouse=True)
def handlers_of_before(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(run, "LOOK_EVERY_S", 0.0)
    kept = {name: signal.getsignal(name) for name in run.ENDINGS}
    yield
    for name, handler in kept.items():
        signal.signal(name, handler)


@pytest.mark.parametrize("ending", run.ENDINGS)
def test_a_signal_ends_the_run_once_the_look_at_the_messages_has_ended(ending: signal.Signals) -> None:
    looks = Looks(ending)
    with pytest.raises(KeyboardInterrupt):
        run.show_messages(Process(lives=5), looks)  # type: ignore[arg-type]  # what the loop asks of them
    assert looks.done == 1


def test_a_stack_that_ends_by_itself_is_told_with_its_last_lines() -> None:
    looks = Looks(None)
    with pytest.raises(CommandError, match="out of memory"):
        run.show_messages(Process(lives=3), looks)  # type: ignore[arg-type]  # what the loop asks of them
    assert looks.done == 3

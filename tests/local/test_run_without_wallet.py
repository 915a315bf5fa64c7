"""`./hotline run --wallet none`: the stack alone, for a wallet that somebody connects."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any, Final

import pytest

from hotline_local import circle, cli, demo, launcher, pages, reference_wallet
from hotline_local.commands import run
from hotline_local.demo import desk as demo_desk
from hotline_local.launcher import stack
from hotline_local.launcher.stack import Stack

RUN: Final = ["run", "--port", "0", "--pages-port", "0", "--desk-port", "0"]
"""Free ports: the usual ones may be those of a hotline that somebody runs beside the tests."""


class Part:
    """Stands for a part of the running hotline, and keeps what was made of it."""

    def __init__(self, name: str, made: list[str]) -> None:
        self.name, self.made = name, made
        self.url = "http://127.0.0.1:4567"

    def __call__(self, *_: Any, **__: Any) -> Part:
        self.made.append(self.name)
        return self

    def start(self) -> None: ...

    def stop(self) -> None: ...

    def begin(self) -> None: ...

    def remember(self, *_: Any) -> None: ...


@pytest.fixture(autouse=True)
def _signals() -> Iterator[None]:
    """A run takes the signals that end it, and keeps them until its process ends."""
    before = {name: signal.getsignal(name) for name in run.ENDINGS}
    yield
    for name, handler in before.items():
        signal.signal(name, handler)


@pytest.fixture
def made(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> list[str]:
    """The parts that a run makes. Its MiniStack has ended when the run first looks."""
    made: list[str] = []
    fields: dict[str, Any] = dict.fromkeys(Stack.__dataclass_fields__, "-")
    ended = SimpleNamespace(alive=lambda: False, log_tail=lambda: "")

    @contextmanager
    def start(*_: Any, demo: bool, **__: Any) -> Iterator[Any]:
        made.append("queue of the reference wallet" if demo else "no queue")
        yield SimpleNamespace(stack=Stack(**fields), ministack=ended)

    monkeypatch.setenv(stack.FILE_VARIABLE, str(tmp_path / "stack.json"))
    monkeypatch.setattr(launcher, "start", start)
    monkeypatch.setattr(circle, "Circle", Part("circle", made))
    monkeypatch.setattr(pages, "Pages", Part("pages", made))
    monkeypatch.setattr(demo_desk, "open_desk", Part("desk", made))
    monkeypatch.setattr(reference_wallet, "ReferenceWallet", Part("reference wallet", made))
    monkeypatch.setattr(demo, "seed", Part("demo accounts", made))
    return made


def test_the_stack_runs_without_demo_accounts_and_nobody_answers_decisions(
    made: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main([*RUN, "--wallet", "none"]) == 1
    assert made == ["no queue", "circle", "pages", "desk"]
    said = capsys.readouterr().out
    assert "docs/examples/wallet.py" in said
    assert "acct-demo" not in said
    assert "stack.json" in said


def test_the_demo_wallet_is_there_unless_it_is_left_out(made: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(RUN) == 1
    assert made == ["queue of the reference wallet", "circle", "pages", "desk", "reference wallet", "demo accounts"]
    assert "acct-demo" in capsys.readouterr().out

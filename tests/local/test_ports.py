"""The ports of `./hotline run`: tried before anything is installed, by the system's Python, and told by option."""

from __future__ import annotations

import shutil
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from hotline_local import cli, ports
from hotline_local.launcher.paths import ROOT
from tests.support.sweeps import sweep


@pytest.fixture
def taken() -> Iterator[int]:
    """A port of loopback that somebody listens on."""
    with socket.socket() as listening:
        listening.bind((ports.HOST, 0))
        listening.listen()
        yield int(listening.getsockname()[1])


@sweep(
    ("arguments", "expected"),
    [
        ([], (4566, 4567, 4568)),
        (["--port", "5000"], (5000, 4567, 4568)),
        (["--pages-port=5001", "--port=5000"], (5000, 5001, 4568)),
        (["--desk-port", "5002"], (4566, 4567, 5002)),
        (["--port", "hello"], (0, 4567, 4568)),
        (["--port", "65536"], (0, 4567, 4568)),
        (["--port"], (0, 4567, 4568)),
        (["--wallet", "none"], (4566, 4567, 4568)),
    ],
)
def test_the_ports_are_those_of_the_options_or_their_defaults(arguments: list[str], expected: tuple[int, ...]) -> None:
    asked = ports.asked_ports(arguments)
    assert tuple(asked[option] for option in ports.OPTIONS) == expected


@pytest.mark.parametrize("option", ports.OPTIONS)
def test_a_taken_port_is_named_with_its_option_and_each_way_out(
    option: str, taken: int, capsys: pytest.CaptureFixture[str]
) -> None:
    others = [f"{other}=0" for other in ports.OPTIONS if other != option]
    assert ports.main(["run", option, str(taken), *others]) == 1
    told = capsys.readouterr().err
    assert f"Port {taken} ({option}) is taken" in told
    assert "--port N --pages-port N --desk-port N" in told


def test_other_commands_and_help_try_no_port(taken: int) -> None:
    assert ports.main(["call", "--port", str(taken)]) == 0
    assert ports.main(["run", "--help", "--port", str(taken)]) == 0


def test_a_taken_port_is_told_before_anything_is_installed(taken: int, tmp_path: Path) -> None:
    """A checkout in which nothing can be installed, since it has no Makefile."""
    (tmp_path / "local/hotline_local").mkdir(parents=True)
    shutil.copy(ROOT / "hotline", tmp_path)
    shutil.copy(ROOT / "local/hotline_local/ports.py", tmp_path / "local/hotline_local")
    done = subprocess.run(
        [str(tmp_path / "hotline"), "run", "--port", str(taken)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 1
    assert f"Port {taken} (--port) is taken" in done.stderr
    assert "make" not in done.stderr.partition("(make run")[0]


def test_the_command_itself_refuses_a_taken_port(
    taken: int, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("HOTLINE_STACK_FILE", str(tmp_path / "none.json"))
    assert cli.main(["run", "--port", str(taken)]) != 0
    assert f"Port {taken} (--port) is taken" in capsys.readouterr().err

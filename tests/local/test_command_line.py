"""The command line around its commands: Ctrl-C at whatever moment, and outputs that take no more or not all."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path
from typing import Final

import pytest

from hotline_local import cli
from hotline_local.launcher.paths import ROOT

ENVIRONMENT: Final = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
LINE: Final = "Interrupted.\n"


def begin(command: list[str], *, blocked: bool) -> subprocess.Popen[str]:
    """A process in a session of its own. `blocked`: it begins as the launcher begins Python, with Ctrl-C waiting."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT} if blocked else ())
    try:
        pipe = subprocess.PIPE
        return subprocess.Popen(
            command, cwd=ROOT, env=ENVIRONMENT, stdout=pipe, stderr=pipe, text=True, start_new_session=True
        )
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


@pytest.mark.parametrize("arguments", [["backtest", "--help"], ["codes", "explain", "/dev/stdin"], []])
def test_ctrl_c_while_python_starts_ends_in_one_line(arguments: list[str]) -> None:
    with begin([sys.executable, "-m", "hotline_local", *arguments], blocked=True) as process:
        process.send_signal(signal.SIGINT)
        said, complaint = process.communicate(timeout=60)
    assert (process.returncode, said, complaint) == (130, "", LINE)


IMPORTING: Final = (
    "import os, runpy, signal, sys; "
    "hook = lambda name, _: name == 'import' and _[0] == 'connect_sim.errors' "
    "and os.kill(os.getpid(), signal.SIGINT); "
    "sys.addaudithook(hook); sys.argv = ['hotline', 'codes', '--help']; "
    "runpy.run_module('hotline_local', run_name='__main__', alter_sys=True)"
)
"""The command line, and a Ctrl-C in the middle of its imports."""


def test_ctrl_c_while_commands_are_imported_ends_in_one_line() -> None:
    done = subprocess.run(
        [sys.executable, "-c", IMPORTING], env=ENVIRONMENT, capture_output=True, text=True, check=False, timeout=60
    )
    assert (done.returncode, done.stdout, done.stderr) == (130, "", LINE)


def test_a_command_that_is_interrupted_says_so(capsys: pytest.CaptureFixture[str]) -> None:
    def interrupt() -> None:
        raise KeyboardInterrupt

    assert cli.main(["codes", "explain", "none.csv"], begin=interrupt) == 130
    assert capsys.readouterr() == ("", LINE)


def test_a_process_in_the_background_is_not_ended_by_ctrl_c() -> None:
    """A shell without job control starts it with the signal ignored."""
    code = f"trap '' INT; exec {sys.executable} -m hotline_local codes --help"
    with begin(["sh", "-c", code], blocked=True) as process:
        process.send_signal(signal.SIGINT)
        said, complaint = process.communicate(timeout=60)
    assert (process.returncode, complaint) == (0, "")
    assert "explain" in said


def launch(folder: Path, *, setup: str, python: str) -> subprocess.CompletedProcess[str]:
    """Run the launcher in a folder where `setup` is the recipe of make, and `python` the body of the interpreter."""
    shutil.copy(ROOT / "hotline", folder / "hotline")
    (folder / "Makefile").write_text(f"setup:\n\t@{setup}\n", encoding="utf-8")
    interpreter = folder / ".venv/bin/python"
    interpreter.parent.mkdir(parents=True)
    interpreter.write_text(f"#!/bin/sh\n{python}\n", encoding="utf-8")
    interpreter.chmod(0o755)
    # `$PPID` of the recipe's shell is make, so the launcher passes its own number.
    command = ["sh", "-c", 'LAUNCHER=$$ exec ./hotline "$@"', "sh", "codes"]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False, timeout=60)


def test_the_launcher_lets_ctrl_c_wait_until_python_can_answer(tmp_path: Path) -> None:
    if subprocess.run(["env", "--block-signal=INT", "true"], check=False, capture_output=True).returncode:
        pytest.skip("this env cannot block signals")
    done = launch(tmp_path, setup=":", python='kill -INT $$; echo "$@"')
    assert (done.returncode, done.stdout, done.stderr) == (0, "-P -m hotline_local codes\n", "")


def test_ctrl_c_while_the_launcher_sets_up_ends_in_one_line(tmp_path: Path) -> None:
    done = launch(tmp_path, setup="kill -INT $$LAUNCHER", python="echo never")
    assert (done.returncode, done.stdout, done.stderr) == (130, "", LINE)


def test_an_output_that_takes_no_more_is_one_sentence(tmp_path: Path) -> None:
    codes = tmp_path / "codes.csv"
    command = [sys.executable, "-m", "hotline_local", "codes", "explain", str(codes)]
    for rows in (1, 500):
        codes.write_text("scheme,code\n" + "stripe,expired_card\n" * rows, encoding="utf-8")
        with Path("/dev/full").open("w", encoding="utf-8") as full:
            done = subprocess.run(
                command, env=ENVIRONMENT, stdout=full, stderr=subprocess.PIPE, text=True, check=False, timeout=60
            )
        assert (done.returncode, done.stderr) == (1, "The output cannot be written: No space left on device.\n")


@pytest.mark.parametrize("rows", [1, 500])
def test_a_reader_that_has_gone_ends_a_command_without_a_word(tmp_path: Path, rows: int) -> None:
    codes = tmp_path / "codes.csv"
    codes.write_text("scheme,code\n" + "stripe,expired_card\n" * rows, encoding="utf-8")
    reading, writing = os.pipe()
    os.close(reading)
    command = [sys.executable, "-m", "hotline_local", "codes", "explain", str(codes)]
    try:
        done = subprocess.run(
            command, env=ENVIRONMENT, stdout=writing, stderr=subprocess.PIPE, text=True, check=False, timeout=60
        )
    finally:
        os.close(writing)
    assert (done.returncode, done.stderr) == (1, "")


@pytest.mark.parametrize("encoding", ["ascii", "latin-1", "gbk", "utf-8"])
def test_an_output_of_any_encoding_takes_every_character(tmp_path: Path, encoding: str) -> None:
    codes = tmp_path / "codes.csv"
    codes.write_text("scheme,code\nstripe,\N{GRINNING FACE}é余额\n", encoding="utf-8")
    command = [sys.executable, "-m", "hotline_local", "codes", "explain", str(codes)]
    environment = {**ENVIRONMENT, "PYTHONIOENCODING": encoding}
    done = subprocess.run([*command, "--json"], env=environment, capture_output=True, check=False, timeout=60)
    assert (done.returncode, done.stderr) == (0, b"")
    assert json.loads(done.stdout.decode(encoding))["code"] == "\N{GRINNING FACE}é余额"
    assert subprocess.run(command, env=environment, capture_output=True, check=False, timeout=60).returncode == 0


def test_a_file_whose_name_is_no_text_is_told_in_a_sentence(tmp_path: Path) -> None:
    command = [
        sys.executable,
        "-m",
        "hotline_local",
        "codes",
        "explain",
        os.fsdecode(os.fsencode(tmp_path) + b"/\xff.csv"),
    ]
    done = subprocess.run(command, env=ENVIRONMENT, capture_output=True, text=True, check=False, timeout=60)
    assert (done.returncode, len(done.stderr.splitlines())) == (1, 1)
    assert done.stderr.endswith("cannot be read: No such file or directory.\n")


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["codes", "explain", ""], "./hotline codes explain: argument FILE.csv: the name of a file is needed"),
        (["backtest", "h", "--labels", ""], "./hotline backtest: argument --labels: the name of a file is needed"),
        (["backtest", "h", "--settings", ""], "./hotline backtest: argument --settings: the name of a file is needed"),
        (["backtest", ""], "The name of a file is empty.\n"),
    ],
)
def test_a_name_that_is_empty_is_refused(
    arguments: list[str], sentence: str, capsys: pytest.CaptureFixture[str]
) -> None:
    try:
        code: object = cli.main(arguments)
    except SystemExit as ended:
        code = ended.code
    assert code == 2
    assert capsys.readouterr().err.startswith(sentence)

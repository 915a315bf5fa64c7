"""The two doors, make and ./hotline: what they offer, and how they end."""

import os
import re
import socket
import subprocess
from pathlib import Path
from typing import Final

import pytest

from hotline_local import cli
from hotline_local.errors import CommandError
from hotline_local.launcher import stack
from hotline_local.launcher.build import Target
from hotline_local.launcher.paths import ROOT
from hotline_local.ports import taken_sentence
from tests.support.sweeps import sweep


def command(*arguments: str, cwd: Path = ROOT) -> subprocess.CompletedProcess[str]:
    return subprocess.run(arguments, cwd=cwd, capture_output=True, text=True, check=False)


@sweep(
    "target",
    ["setup", "run", "call", "test", "check", "build", "deploy", "bench", "soak", "python", "mutate", "vendor", "help"],
)
def test_make_lists_its_targets_when_asked_for_nothing(target: str) -> None:
    done = command("make")
    assert done.returncode == 0
    assert re.search(rf"^  make {target} +[A-Z].*\.$", done.stdout, re.MULTILINE)


def test_the_checks_look_at_the_examples_too() -> None:
    done = command("make", "--dry-run", "check")
    (types,) = [line for line in done.stdout.splitlines() if " -m mypy " in line]
    assert "docs/examples" in types.split()


DOCUMENTED: Final = {
    path.relative_to(ROOT): path.read_text(encoding="utf-8")
    for path in (*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md"))
    if path.name != "CHANGELOG.md"
}


def test_the_documents_name_no_command_that_needs_settings_which_they_do_not_tell() -> None:
    """The code of this folder is found by the paths that make sets. `connect_sim` is a package of its own."""
    for path, text in DOCUMENTED.items():
        typed = re.findall(r"(?<![\w/-])python3? -m (?!connect_sim|venv)\S+", text)
        assert not typed, f"{path}: {typed}"


def test_the_documents_name_no_target_of_make_that_is_not_there() -> None:
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    named = {name for text in DOCUMENTED.values() for name in re.findall(r"`(?:\w+=\S+ )?make ([a-z]+)", text)}
    assert {"test", "python"} <= named <= targets


MODULES: Final = sorted(
    {name for text in DOCUMENTED.values() for name in re.findall(r"make python ARGS='-m ([\w.]+)", text)}
)


@sweep("module", MODULES)
def test_a_module_that_the_documents_name_runs_as_they_say(module: str) -> None:
    done = command("env", "-u", "PYTHONPATH", "make", "python", f"ARGS=-m {module} --help")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("usage: ")


def test_a_second_setup_does_nothing() -> None:
    done = command("make", "setup")
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_the_command_line_runs_from_any_folder_and_keeps_stdout_its_own(tmp_path: Path) -> None:
    (tmp_path / "hotline_local").mkdir()
    (tmp_path / "hotline_local/__init__.py").write_text("raise SystemExit('the wrong package')\n")
    done = command(str(ROOT / "hotline"), "--help", cwd=tmp_path)
    assert done.returncode == 0
    assert done.stdout.startswith("usage: ./hotline")
    assert done.stderr == ""


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "./hotline: the following arguments are required: COMMAND"),
        (["nonsense"], "./hotline: argument COMMAND: invalid choice: 'nonsense'"),
        (
            ["bakctest"],
            "./hotline: argument COMMAND: there is no bakctest; did you mean backtest? (see ./hotline --help",
        ),
        (["codes", "explian", "x"], "./hotline codes: argument ACTION: there is no explian; did you mean explain?"),
        (
            ["backtest", "x", "--detctors", "a"],
            "./hotline backtest: there is no option --detctors; did you mean --detec",
        ),
        (["backtest", "x", "--zzz=1"], "./hotline backtest: there is no option --zzz (see ./hotline backtest --help)"),
        (
            ["call", "--from", "x", "--language", "zh-cn"],
            "./hotline call: argument --language: there is no zh-cn; did ",
        ),
        (
            ["run", "--port", "x", "--pages-port", "0", "--desk-port", "0"],
            "./hotline run: argument --port: 'x' is no port",
        ),
        (
            ["run", "--wallet", "mine", "--port", "0", "--pages-port", "0", "--desk-port", "0"],
            "./hotline run: argument --wallet: invalid choice: 'mine'",
        ),
        (
            ["run", "--port", "65536", "--pages-port", "0", "--desk-port", "0"],
            "./hotline run: argument --port: '65536' is no port",
        ),
    ],
)
def test_wrong_usage_is_one_sentence_and_exit_2(arguments: list[str], message: str) -> None:
    done = command("./hotline", *arguments)
    assert done.returncode == 2
    assert done.stdout == ""
    assert done.stderr.startswith(message)
    assert len(done.stderr.splitlines()) == 1


def test_every_command_says_what_it_does() -> None:
    done = command("./hotline", "--help")
    assert re.search(r"^    run +\S", done.stdout, re.MULTILINE)
    names = [path.stem.rstrip("_") for path in (ROOT / "local/hotline_local/commands").glob("[a-z]*.py")]
    for name in names:
        assert re.search(rf"^    {name} +\S", done.stdout, re.MULTILINE), name


def test_a_taken_port_is_named_with_its_remedy() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        done = command("./hotline", "run", "--port", str(port), "--pages-port", "0", "--desk-port", "0")
        sentence = taken_sentence("--port", port)
    assert done.returncode == 1
    assert done.stderr == f"{sentence}\n"


@pytest.mark.parametrize("other", [str(Target.LOCAL.folder), ".", "/nowhere"])
def test_only_what_is_built_for_aws_is_deployed(other: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["deploy", "--from", other]) == 1
    assert "can be deployed" in capsys.readouterr().err


def test_where_no_stack_runs_there_is_one_sentence_and_exit_2(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(stack.FILE_VARIABLE, str(tmp_path / "stack.json"))
    with pytest.raises(CommandError, match=r"^no stack is running; start it with make run$") as caught:
        stack.load()
    assert caught.value.exit_code == 2


@pytest.mark.parametrize("left_over", ["", "[]", "{}", "no JSON"])
def test_a_damaged_description_of_a_stack_counts_as_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, left_over: str
) -> None:
    (tmp_path / "stack.json").write_text(left_over)
    monkeypatch.setenv(stack.FILE_VARIABLE, str(tmp_path / "stack.json"))
    with pytest.raises(CommandError, match="no stack is running"):
        stack.load()


@pytest.mark.parametrize(
    ("missing", "message"),
    [
        ("python3", "No python3 was found: install Python 3.9 or newer, then run make again."),
        ("venv", "python3 could not make a virtual environment"),
        ("3.13", "No Python 3.13 was found, and none could be fetched: install Python 3.13, then run make again."),
    ],
)
def test_a_tool_that_a_fresh_machine_lacks_is_named_with_its_remedy(tmp_path: Path, missing: str, message: str) -> None:
    tree, tools = tmp_path / "tree", tmp_path / "bin"
    (tree / "requirements").mkdir(parents=True)
    tools.mkdir()
    for name in ("Makefile", ".python-version", "requirements/uv.txt", "requirements/dev.txt"):
        (tree / name).write_bytes((ROOT / name).read_bytes())
    for tool in ("make", "sh", "mkdir", "touch"):
        found = next(Path(folder, tool) for folder in os.environ["PATH"].split(":") if Path(folder, tool).exists())
        (tools / tool).symlink_to(found)
    if missing == "venv":
        _script(tools / "python3", "echo No module named venv >&2; exit 1")
    if missing == "3.13":
        # A uv that finds no interpreter and cannot fetch one.
        (tree / ".tools/uv/bin").mkdir(parents=True)
        _script(tree / ".tools/uv/bin/uv", "exit 1")
        (tree / ".tools/uv/.ready").touch()
    done = subprocess.run(
        [str(tools / "make"), "setup"], cwd=tree, env={"PATH": str(tools)}, capture_output=True, text=True, check=False
    )
    assert done.returncode != 0
    assert message in done.stderr


def _script(path: Path, body: str) -> None:
    path.write_text(f"#!/bin/sh\n{body}\n")
    path.chmod(0o755)

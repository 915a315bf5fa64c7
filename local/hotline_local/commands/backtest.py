"""`./hotline backtest FILE..`: what the scan's rules would have found in a history of wallet events."""

import argparse
import importlib
import os
import shutil
import signal
import sys
import tempfile
import textwrap
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Any, Final, NoReturn

from connect_sim.commands.parsing import read_file_name
from hotline.kit.text import dump_json
from hotline_local.errors import CommandError
from hotline_local.subparsers import Subparsers
from hotline_local.terminal import escape_hidden

if TYPE_CHECKING:
    from hotline.backtest.engine import Scope
    from hotline.backtest.labels import Labels
    from hotline.backtest.runs import Chosen, Outcome, Work
    from hotline.security.score import Weights

BAD_LINES_SHOWN: Final = 10
SHOW_EVERY_S: Final = 0.5
BAR_CHARACTERS_MAX: Final = 40
SETTINGS_CHARACTERS_MAX: Final = 1_000_000
"""Hundreds of times what ships. A history that is named by mistake does not fill the memory."""
JOBS_MAX: Final = 64

_USAGE: Final = """\
./hotline backtest FILE [FILE ...] [options]
       ./hotline backtest tune FILE [FILE ...] --labels L.jsonl --detector X
                          --train FROM..TO --test FROM..TO
                          [--settings S.toml] [--jobs N] [--json]"""
_DESCRIPTION: Final = (
    "Run the rules of the scan over a history of wallet events, on this machine and without AWS: what would they have "
    "found? docs/backtest.md says how to make such files of other data sets, and what the measures mean.",
    "FILE has one event a line, a CloudEvents object in JSON (docs/contracts.md). It may be packed (.gz). Files that "
    "are sorted by time are read once; others are sorted first, into temporary files (TMPDIR) of their unpacked size.",
    "LABELS has one JSON object a line: what it is about (movement_id, event_id or account; an account also from and "
    "to, which may be left out), and fraud, true or false. A thing without a label counts as honest. No rule sees a "
    "label: they measure the rules.",
    "Exit code 0: every line was read. 1: some were left out; they are named, and the others counted. 2: the command "
    "cannot be carried out as it stands. 130: it was told to end (Ctrl-C).",
)


EPILOG: Final = """\
examples:
  ./hotline backtest history.jsonl                              how much each rule finds
  ./hotline backtest 2026-09.jsonl.gz 2026-10.jsonl.gz --jobs 2 packed files, several at once
  ./hotline backtest history.jsonl --labels fraud.jsonl --out found
  ./hotline backtest history.jsonl --settings detection.toml --from 2026-10-01T00:00:00Z
  ./hotline backtest history.jsonl --detectors drain,velocity
  ./hotline backtest tune history.jsonl --labels fraud.jsonl --detector velocity \\
      --train 2026-09-01T00:00:00Z..2026-10-01T00:00:00Z --test 2026-10-01T00:00:00Z..2026-11-01T00:00:00Z
"""


def register(subparsers: Subparsers) -> None:
    """Add the command. `backtest tune` is a form of its own: its first word is no file."""
    parser = subparsers.add_parser(
        "backtest",
        help="run the rules of the scan over a history of wallet events",
        usage=_USAGE,
        description="\n\n".join(textwrap.fill(paragraph, 80) for paragraph in _DESCRIPTION),
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("files", nargs="+", metavar="FILE", help="a file of the history")
    settings_help = (
        "a table for each rule: on, and its limits; as layers/hotline/python/hotline/security/detection.toml "
        "(default: all rules, with their limits as they ship)"
    )
    parser.add_argument("--settings", type=read_file_name, metavar="S.toml", help=settings_help)
    parser.add_argument(
        "--labels", type=read_file_name, metavar="L.jsonl", help="what was fraud: adds precision and recall"
    )
    parser.add_argument(
        "--from",
        dest="since",
        metavar="T",
        help="the time from which findings count, such as 2026-10-01T00:00:00Z; earlier events only teach the rules",
    )
    parser.add_argument("--to", dest="until", metavar="T", help="the time from which on events are not read")
    parser.add_argument(
        "--detectors", metavar="A,B", help="judge by these rules alone, whether they are on or off (docs/detection.md)"
    )
    parser.add_argument("--json", action="store_true", help="print one JSON object with the summary, and nothing else")
    parser.add_argument(
        "--out",
        type=_read_folder,
        metavar="DIR",
        help="write findings, rankings of movements and accounts, bad lines, summary and charts there",
    )
    parser.add_argument(
        "--jobs",
        type=_read_jobs,
        default=1,
        metavar="N",
        help=f"share the work among so many processes, 1 to {JOBS_MAX} (1); the result is the same",
    )
    tune = parser.add_argument_group(
        "backtest tune",
        textwrap.fill(
            "Search other limits of one rule on the period of --train, and tell how the best of them do on the later "
            "period of --test, beside those that it began with. It prints a table to paste into the settings.",
            78,
        ),
    )
    tune.add_argument("--detector", metavar="X", help="the rule")
    tune.add_argument(
        "--train", metavar="FROM..TO", help="the period on which limits are searched for: two times with .. between"
    )
    tune.add_argument("--test", metavar="FROM..TO", help="the later period on which they are judged")
    parser.set_defaults(run=run)


def _read_jobs(text: str) -> int:
    if not text.isascii() or not text.isdecimal() or not 1 <= int(text[:9]) <= JOBS_MAX:
        raise argparse.ArgumentTypeError(f"a number from 1 to {JOBS_MAX} is needed")
    return int(text)


def _read_folder(text: str) -> Path:
    """The folder that an option names. An empty one is most likely a variable of the shell without a value."""
    if not text:
        raise argparse.ArgumentTypeError("the name of a folder is needed")
    return Path(text)


def run(arguments: argparse.Namespace) -> int:
    """Run the rules, report; return 1 when a line was not read. Raises CommandError."""
    import sqlite3

    # `_end` needs it. A signal that comes in the middle of this import would find half of it.
    importlib.import_module("multiprocessing.process")
    from hotline.backtest.model import Unusable

    _check_temporary_folder()
    before = {number: signal.signal(number, _end) for number in _ENDS}
    try:
        return _tune(arguments) if arguments.files[0] == "tune" else _judge(arguments)
    except Unusable as fault:
        raise CommandError(fault.sentence, exit_code=2) from None
    except sqlite3.Error as fault:
        # The result is asked of a database on disk, which sorts into further temporary files.
        sentence = f"Temporary files in {tempfile.gettempdir()} cannot be written: {fault}."
        raise CommandError(sentence, exit_code=2) from None
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


_ENDS: Final = (signal.SIGINT, signal.SIGTERM)


def _check_temporary_folder() -> None:
    """Raise CommandError where TMPDIR names no folder, or a full one: Python would take another one without a word."""
    named = os.environ.get("TMPDIR")
    if not named:
        return
    try:
        with tempfile.TemporaryFile(dir=named) as trial:
            trial.write(b"trial")
    except OSError as fault:
        sentence = f"TMPDIR is {named}, where no file can be written: {fault.strerror}. Name another one, or unset it."
        raise CommandError(sentence, exit_code=2) from None


def _end(_number: int, _frame: FrameType | None) -> NoReturn:
    """End as Ctrl-C does, so that temporary files go. The processes of --jobs get no signal of a terminal, and the end
    waits for them."""
    from multiprocessing.process import active_children

    for number in _ENDS:
        signal.signal(number, signal.SIG_IGN)
    for process in active_children():
        process.terminate()
    raise KeyboardInterrupt


def _judge(arguments: argparse.Namespace) -> int:
    """Run the rules once. Raises CommandError, Unusable."""
    for name in ("detector", "train", "test"):
        if getattr(arguments, name) is not None:
            raise CommandError(f"--{name} belongs to ./hotline backtest tune.", exit_code=2)
    with _open_folder(arguments):
        return _judge_into(arguments)


def _judge_into(arguments: argparse.Namespace) -> int:
    from hotline.backtest.results import list_bad_lines
    from hotline.backtest.runs import run as judge
    from hotline.backtest.summary import say, say_unmatched, sum_up

    work, labels = _read_work(arguments)
    names = [str(file) for file in work.files]
    bar = Bar(quiet=arguments.json or not sys.stderr.isatty())
    with judge(work, labels, progress=bar, say=bar.say) as outcome:
        bar.end()
        told = sum_up(outcome, has_labels=labels is not None)
        if arguments.out is not None:
            _write(outcome, told, arguments.out, names)
        print(dump_json(told) if arguments.json else escape_hidden(say(told)))
        if arguments.out is not None and not arguments.json:
            print(escape_hidden(f"Written to {arguments.out}."))
        if labels is not None and not (labels.movements or labels.events or labels.accounts):
            print("Warning: the labels hold none, so everything counts as honest.", file=sys.stderr)
        if (unmatched := say_unmatched(told)) is not None:
            print(f"Warning: {unmatched[0].lower()}{unmatched[1:]}", file=sys.stderr)
        if told["bad_lines"]:
            counted = ("events", "earlier_events", "types_that_do_not_matter", "unknown_types")
            is_all = not any(told[name] for name in counted)
            _say_bad(told["bad_lines"], list(list_bad_lines(outcome, names, BAD_LINES_SHOWN)), is_all=is_all)
        return 1 if told["bad_lines"] else 0


def _tune(arguments: argparse.Namespace) -> int:
    """Search limits. Raises CommandError."""
    for name in ("detector", "train", "test", "labels"):
        if getattr(arguments, name) is None:
            raise CommandError(f"./hotline backtest tune needs --{name}.", exit_code=2)
    for name in ("since", "until", "out", "detectors"):
        if getattr(arguments, name) is not None:
            flag = {"since": "from", "until": "to"}.get(name, name)
            raise CommandError(f"./hotline backtest tune takes no --{flag}.", exit_code=2)
    arguments.files = arguments.files[1:]
    if not arguments.files:
        raise CommandError("./hotline backtest tune needs a file.", exit_code=2)
    from hotline_local.backtest.tuning import parse_period, refuse_overlap, say, tune

    train, test = parse_period(arguments.train, "--train"), parse_period(arguments.test, "--test")
    refuse_overlap(train, test)
    arguments.detectors = arguments.detector
    work, labels = _read_work(arguments)
    if labels is None or len(work.chosen) != 1:
        raise CommandError("--detector takes one rule.", exit_code=2)
    bar = Bar(quiet=arguments.json or not sys.stderr.isatty())
    told = tune(work, labels, train, test, say=bar.say)
    print(dump_json(told) if arguments.json else escape_hidden(say(told)))
    return 1 if told["bad_lines"] else 0


def _read_work(arguments: argparse.Namespace) -> "tuple[Work, Labels | None]":
    from hotline.backtest.labels import read_labels
    from hotline.backtest.runs import Work

    if not all(arguments.files):
        raise CommandError("The name of a file is empty.", exit_code=2)
    files = tuple(Path(name) for name in arguments.files)
    _count_bytes(files)
    labels = None if arguments.labels is None else read_labels(arguments.labels)
    ranked = labels is not None or arguments.out is not None
    scope = _read_scope(arguments, ranked=ranked, labels=labels)
    chosen, weights = _choose(arguments)
    return Work(files, chosen, scope, arguments.jobs, weights=weights), labels


def _read_scope(arguments: argparse.Namespace, *, ranked: bool, labels: "Labels | None") -> "Scope":
    from hotline.backtest.engine import Scope
    from hotline.backtest.lines import ms_of_text

    times = {}
    for name, flag in (("since", "--from"), ("until", "--to")):
        text = getattr(arguments, name)
        if text is not None:
            try:
                times[f"{name}_ms"] = ms_of_text(text)
            except ValueError:
                sentence = f"{flag} takes a time with an offset, such as 2026-11-01T00:00:00Z."
                raise CommandError(sentence, exit_code=2) from None
    scope = Scope.of(labels, ranked=ranked, **times)
    if scope.since_ms >= scope.until_ms:
        raise CommandError("--from must be before --to.", exit_code=2)
    return scope


def _choose(arguments: argparse.Namespace) -> "tuple[Chosen, Weights]":
    from hotline.security.detectors.shipped import DETECTORS
    from hotline.security.settings import (
        SHIPPED_FILE,
        BadSettings,
        choose_rules,
        end_sentence,
        name_file,
        parse_settings,
        read_bands,
        read_weights,
        refuse_unknown_rules,
    )

    text = None
    if arguments.settings is not None:
        try:
            with arguments.settings.open(encoding="utf-8-sig") as file:
                text = file.read(SETTINGS_CHARACTERS_MAX + 1)
        except (OSError, UnicodeDecodeError) as fault:
            why = getattr(fault, "strerror", None) or "it is not UTF-8"
            raise CommandError(f"{arguments.settings} cannot be read: {why}.", exit_code=2) from None
    if text is not None and len(text) > SETTINGS_CHARACTERS_MAX:
        raise CommandError(f"{arguments.settings} is too large for a file of settings.", exit_code=2)
    flag = "--detectors" if arguments.detector is None else "--detector"
    only = None if arguments.detectors is None else _read_names(arguments.detectors, flag)
    if only is None and arguments.settings is None:
        # A backtest is how somebody decides about the rules that are off.
        only = [detector.rule for detector in DETECTORS]
    try:
        refuse_unknown_rules(only or ())
    except BadSettings as bad:
        more = " docs/detection.md lists all rules." if bad.why.endswith("?") else ""
        raise CommandError(f"{end_sentence(f'{flag} {bad.table}: {bad.why}')}{more}", exit_code=2) from None
    try:
        with name_file(str(arguments.settings or SHIPPED_FILE)):
            tables = parse_settings(text)
            read_bands(tables)
            chosen, weights = choose_rules(tables, only=only), read_weights(tables)
    except BadSettings as bad:
        raise CommandError(end_sentence(str(bad)), exit_code=2) from None
    if not chosen:
        raise CommandError("No rule is on: name some with --detectors.", exit_code=2)
    return chosen, weights


def _read_names(text: str, flag: str) -> list[str]:
    """The names of rules between commas, without the spaces around them. Raises CommandError for an empty one."""
    names = [name.strip() for name in text.split(",")]
    for fault, is_faulty in (("is empty", not all(names)), ("has a space", any(" " in name for name in names))):
        if is_faulty:
            raise CommandError(f"{flag}: a name {fault}; name rules as in {flag} drain,velocity.", exit_code=2)
    return names


def _count_bytes(paths: tuple[Path, ...]) -> int:
    """The bytes of all files. Raises CommandError when one is missing, or is none."""
    total = 0
    for path in paths:
        try:
            if path.is_dir():
                raise CommandError(f"{path} is a folder; name the files in it, such as {path}/*.jsonl.", exit_code=2)
            if not path.is_file():
                raise CommandError(f"{path} is no file.", exit_code=2)
            total += path.stat().st_size
        except OSError as fault:
            raise CommandError(f"{path} cannot be read: {fault.strerror}.", exit_code=2) from None
    return total


@contextmanager
def _open_folder(arguments: argparse.Namespace) -> Iterator[None]:
    """Make the folder of --out before the run, since a long one must not end in that. Remove it again where the run
    ends without results. Raises CommandError unless results can be written there."""
    folder: Path | None = arguments.out
    if folder is None:
        yield
        return
    made: list[Path] = []
    try:
        _make_folder(folder, made)
        _check_inputs_stay(arguments)
        yield
    except BaseException:
        for one in reversed(made):
            # Somebody else may have put a file there meanwhile.
            with suppress(OSError):
                one.rmdir()
        raise


def _make_folder(folder: Path, made: list[Path]) -> None:
    """Make a folder and those above it, note which ones were made, and try to write a file there. Raises
    CommandError."""
    try:
        for one in (*reversed(folder.absolute().parents), folder):
            if not one.is_dir():
                one.mkdir()
                made.append(one)
        with tempfile.TemporaryFile(dir=folder) as trial:
            trial.write(b"trial")
    except OSError as fault:
        raise CommandError(_say_unwritable(folder, fault), exit_code=2) from None


def _say_unwritable(folder: Path, fault: OSError) -> str:
    """The sentence about a folder in which no results can be written."""
    sentence = f"{folder} cannot be written: {fault.strerror or fault}."
    nearest = None
    with suppress(OSError):
        for place in (*reversed(folder.absolute().parents), folder):
            if place.is_symlink() and not place.exists():
                why = f"{place} is a link to {place.readlink()}, which leads nowhere"
                return f"{folder} cannot be written: {why}. Make the folder that it names, or name another one."
            if place.exists() and not place.is_dir():
                return f"{folder} cannot be written: {place} is no folder."
            nearest = place if place.exists() else nearest
        if isinstance(fault, PermissionError):
            return f"{folder} cannot be written: {nearest} is not yours to write."
    return sentence


def _check_inputs_stay(arguments: argparse.Namespace) -> None:
    """Raise CommandError where a result would take the place of a file that the command reads."""
    from hotline.backtest.results import FILES
    from hotline_local.backtest.charts import CURVE_FILE, FINDINGS_FILE

    for name in (*FILES, FINDINGS_FILE, CURVE_FILE):
        if (arguments.out / name).is_dir():
            sentence = f"{arguments.out / name} is a folder, and a result has that name. Name another one with --out."
            raise CommandError(sentence, exit_code=2)
    inputs = [Path(name) for name in (*arguments.files, arguments.labels, arguments.settings) if name is not None]
    for result in (arguments.out / name for name in FILES):
        if any(one.exists() and result.exists() and one.samefile(result) for one in inputs):
            sentence = f"{result} is read, and the results would take its place. Name another folder with --out."
            raise CommandError(sentence, exit_code=2)


def _write(outcome: "Outcome", told: dict[str, Any], folder: Path, names: list[str]) -> None:
    """Write the results and their charts, all of them or none: those of an earlier run stay until these are whole.
    Raises CommandError."""
    from hotline.backtest.results import write_results
    from hotline_local.backtest.charts import CURVE_FILE, draw_charts

    try:
        with tempfile.TemporaryDirectory(prefix=".backtest-", dir=folder) as name:
            files = [*write_results(outcome, told, names, Path(name)), *draw_charts(outcome, told, Path(name))]
            # Without labels a curve would be that of an earlier run.
            (folder / CURVE_FILE).unlink(missing_ok=True)
            for file in files:
                file.replace(folder / file.name)
    except OSError as fault:
        raise CommandError(_say_unwritable(folder, fault), exit_code=2) from None


def _say_bad(count: int, first: list[dict[str, Any]], *, is_all: bool) -> None:
    """Tell of lines that were left out. `is_all`: no line was an event."""
    print(f"{count:,} {'line was' if count == 1 else 'lines were'} left out:", file=sys.stderr)
    for bad in first:
        place = escape_hidden(f"{bad['file']}, line {bad['line']}")
        print(f"  {place}: {bad['reason']} ({bad['field']})", file=sys.stderr)
    if count > len(first):
        print("  and more; --out lists them in bad_lines.jsonl.", file=sys.stderr)
    if is_all and first[0]["reason"] == "not_an_event":
        print(_NO_HISTORY, file=sys.stderr)
    print("docs/backtest.md explains the reasons.", file=sys.stderr)


_NO_HISTORY: Final = (
    "No line is an event: a history has one JSON object a line, in UTF-8. CSV, one JSON array, or objects over several "
    "lines are none."
)


@dataclass(slots=True)
class Bar:
    """A line of progress on the terminal, which each one overwrites."""

    quiet: bool
    total: int = 0
    word: str = ""
    read: int = 0
    shown_at: float = field(default=0.0)
    shown: bool = False

    def begin(self, word: str, total: int) -> None:
        """Begin to count up to a total of bytes. `word`: what is done with them."""
        self.end()
        self.word, self.total, self.read = word, max(1, total), 0

    def note(self, count: int) -> None:
        """Count bytes that were read."""
        self.read += count
        now = time.monotonic()
        if self.quiet or now - self.shown_at < SHOW_EVERY_S:
            return
        self.shown_at = now
        share = min(1.0, self.read / self.total)
        # A line that is longer than the terminal would not be overwritten, but followed by the next one.
        room = shutil.get_terminal_size().columns - len(f"{self.word} [] 100%") - 1
        width = max(1, min(BAR_CHARACTERS_MAX, room))
        word = f"{self.word} " if room >= 1 else ""
        line = f"\r{word}[{'#' * round(share * width):.<{width}}] {share:4.0%}"
        print(line, end="", file=sys.stderr, flush=True)
        self.shown = True

    def say(self, sentence: str) -> None:
        """Say something beside the bar."""
        self.end()
        print(escape_hidden(sentence), file=sys.stderr)

    def end(self) -> None:
        """Leave the line."""
        if self.shown:
            print(file=sys.stderr)
            self.shown = False

"""A whole run: lines in order, workers, one ledger, findings and rankings. Everything temporary is in one folder."""

from __future__ import annotations

import signal
import sqlite3
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import BrokenExecutor, Future, ProcessPoolExecutor
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path
from tempfile import TemporaryDirectory, gettempdir
from typing import Any, Final

from hotline.security.detectors import Detector
from hotline.security.rules import RuleSet
from hotline.security.score import Weights

from .engine import Engine, Scope, Share, without_collection
from .figures import Figures
from .inputs import NoteBytes, Progress, Unwatched, skip_bytes
from .labels import Labels
from .ledger import Ledger
from .lines import BadLine
from .model import BacktestError, Unusable
from .ordering import PART_BYTES, Inputs, Unsorted, iterate, sort_files
from .ranking import Ranking
from .subjects import AWAKE_MAX

JUDGING: Final = "Judging"
SORTING: Final = "Sorting"
"""The words of progress."""

type Chosen = list[tuple[Detector[Any], Any]]
"""Detectors with their limits."""


@dataclass(frozen=True, slots=True)
class Work:
    """The orders of a run, as they are sent to its workers."""

    files: tuple[Path, ...]
    chosen: Chosen
    scope: Scope
    jobs: int = 1
    part_bytes: int = PART_BYTES
    awake_max: int = AWAKE_MAX
    weights: Weights | None = None
    """None: those that ship."""

    @property
    def rules(self) -> RuleSet:
        """The rules that judge, and the weights of a risk."""
        return RuleSet.of(self.chosen, self.weights)


@dataclass(frozen=True, slots=True)
class Outcome:
    """The result of a run."""

    rules: RuleSet
    figures: Figures
    ledger: Ledger
    ranking: Ranking
    was_sorted: bool

    @classmethod
    def of(
        cls,
        rules: RuleSet,
        figures: Figures,
        ledger: Ledger,
        scope: Scope,
        labels: Labels | None,
        *,
        was_sorted: bool,
    ) -> Outcome:
        """Rank what the ledger has of all shares."""
        ranking = Ranking(ledger, {rule.name: rule for rule in rules.rules}, scope, labels)
        return cls(rules, figures, ledger, ranking, was_sorted)


@contextmanager
def run(
    work: Work,
    labels: Labels | None = None,
    *,
    progress: Progress | None = None,
    say: Callable[[str], None] = lambda _: None,
) -> Iterator[Outcome]:
    """Judge the files. The outcome can be asked until the block ends; then its temporary files go. Raises
    Unusable."""
    with ExitStack() as stack:
        with _name_faults():
            folder = Path(stack.enter_context(TemporaryDirectory(prefix="hotline-backtest-")))
            figures, ledger, inputs = _judge_in_order(work, folder, progress or Unwatched(), say)
            stack.enter_context(closing(ledger))
            outcome = Outcome.of(work.rules, figures, ledger, work.scope, labels, was_sorted=not inputs.parts)
        yield outcome


@contextmanager
def _name_faults() -> Iterator[None]:
    """Say in a sentence what a run lacks of the machine. Raises Unusable."""
    try:
        yield
    except BrokenPipeError:
        # The reader of the progress went away.
        raise
    except (OSError, sqlite3.Error) as fault:
        why = getattr(fault, "strerror", None) or str(fault)
        sentence = f"Temporary files in {gettempdir()} cannot be written: {why}. Set TMPDIR to a folder with more room."
        raise Unusable(BacktestError.NO_ROOM, sentence) from None
    except BrokenExecutor:
        sentence = "A process of --jobs was ended from outside, most likely for want of memory. Take fewer."
        raise Unusable(BacktestError.WORKER_LOST, sentence) from None


def _judge_in_order(
    work: Work, folder: Path, progress: Progress, say: Callable[[str], None]
) -> tuple[Figures, Ledger, Inputs]:
    """Judge the files as they stand, or sorted where a line is out of order. Raises Unusable."""
    inputs, note_bytes = Inputs(work.files), progress.note
    try:
        progress.begin(JUDGING, _count_bytes(work.files))
        return *_judge(work, inputs, _make(folder / "first"), note_bytes), inputs
    except Unsorted as unsorted:
        path = work.files[unsorted.file]
        say(f"{path} is not sorted by time (line {unsorted.line}). Sorting it into temporary files first.")
    progress.begin(SORTING, _count_bytes(work.files))
    inputs = sort_files(work.files, _make(folder / "parts"), note_bytes, part_bytes=work.part_bytes)
    progress.begin(JUDGING, _count_bytes(inputs.parts))
    return *_judge(work, inputs, _make(folder / "second"), note_bytes), inputs


def _count_bytes(files: Iterable[Path]) -> int:
    return sum(file.stat().st_size for file in files)


def _make(folder: Path) -> Path:
    folder.mkdir()
    return folder


def _judge(work: Work, inputs: Inputs, folder: Path, note_bytes: NoteBytes) -> tuple[Figures, Ledger]:
    """Judge all shares: the first one here, the others in processes of their own. Raises Unsorted, Unusable."""
    if work.jobs == 1:
        return judge_share(work, inputs, folder, Share(), note_bytes)
    shares = [Share(index, work.jobs) for index in range(work.jobs)]
    with ProcessPoolExecutor(work.jobs - 1, mp_context=get_context("spawn")) as pool:
        with _without_interrupts():
            others: list[Future[Figures]] = [
                pool.submit(_judge_apart, work, inputs, folder, share) for share in shares[1:]
            ]
        # All workers read the same lines, so all of them stop at the same one that is out of order.
        figures, ledger = judge_share(work, inputs, folder, shares[0], note_bytes)
        for other in others:
            figures.add(other.result())
    ledger.collect(_ledger_path(folder, share) for share in shares[1:])
    return figures, ledger


@contextmanager
def _without_interrupts() -> Iterator[None]:
    """Let processes begin that hear no Ctrl-C of the terminal, which goes to all of them: this process ends them. A
    signal that comes meanwhile is heard afterwards."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


@without_collection()
def judge_share(
    work: Work, inputs: Inputs, folder: Path, share: Share, note_bytes: NoteBytes = skip_bytes
) -> tuple[Figures, Ledger]:
    """Judge one share. Raises Unsorted, Unusable."""
    ledger = Ledger(_ledger_path(folder, share))

    def note_bad(file: int, line: int, bad: BadLine) -> None:
        ledger.note_bad(file, line, bad.fault.value, bad.field)

    engine = Engine(work.rules, ledger, folder, share=share, scope=work.scope, awake_max=work.awake_max)
    try:
        return engine.run(iterate(inputs, note_bad, note_bytes)), ledger
    except BaseException:
        ledger.close()
        raise
    finally:
        engine.close()


def _judge_apart(work: Work, inputs: Inputs, folder: Path, share: Share) -> Figures:
    figures, ledger = judge_share(work, inputs, folder, share)
    # The first share tells of lines for all of them: every worker reads all lines.
    ledger.forget_lines()
    ledger.close()
    return figures


def _ledger_path(folder: Path, share: Share) -> Path:
    return folder / f"ledger-{share.index}"

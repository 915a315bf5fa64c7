"""`python -m tests.mutation`: change the rules, one small thing at a time, and print what no test notices.

Ends with 1 when fewer than 95 of 100 changes that mean something were noticed.
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
import random
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from multiprocessing.connection import Connection, wait
from multiprocessing.context import ForkProcess
from tempfile import TemporaryDirectory
from typing import Any, Final

from tests.mutation.mutants import Site, find_sites
from tests.mutation.rules import RULES, Members, Rule
from tests.mutation.trials import (
    Verdict,
    Warm,
    ask_about,
    prepare,
    run_tests,
    run_tests_warm,
    run_warm,
    tell_members,
    try_change,
    try_change_warm,
)

GOAL_PERCENT: Final = 95
LONGEST_S: Final = 300.0
"""How long tests may take as things are."""
SLACK_S: Final = 10.0
TIMES_SLOWER: Final = 5
"""Tests that take so many times longer and this besides hang: the change is noticed."""
FORK: Final = multiprocessing.get_context("fork")

type Job = tuple[Any, tuple[Any, ...], float]
"""The subject of a job, its arguments, and its longest time in seconds."""
type Taken = dict[tuple[str, ...], float]
"""How long each group of tests takes, in seconds."""


@dataclass(slots=True)
class Running:
    """A fork at work, with what it has told so far."""

    process: ForkProcess
    connection: Connection
    about: Any
    limit_s: float
    started_s: float = field(default_factory=time.monotonic)
    took_s: float = 0.0
    told: list[Any] = field(default_factory=list)

    def look(self) -> bool:
        """Take in what was told, and end what takes too long; whether it is over."""
        self.took_s = time.monotonic() - self.started_s
        if self.process.is_alive() and self.took_s > self.limit_s:
            self.process.kill()
            self.process.join()
        over = not self.process.is_alive()
        try:
            while self.connection.poll():
                self.told.append(self.connection.recv())
        except EOFError:
            over = True
        if over:
            self.process.join()
            self.connection.close()
        return over


def in_forks(
    work: Callable[..., None], jobs: Iterable[Job], at_once: int, *, until_s: float = float("inf")
) -> Iterator[Running]:
    """Run each job in a fork, so many at a time, and give them back as they end. A job that still runs at the end of
    the time is given up."""
    waiting = iter(jobs)
    running: list[Running] = []
    while True:
        while len(running) < at_once and (job := next(waiting, None)) is not None:
            about, arguments, limit_s = job
            mine, theirs = FORK.Pipe(duplex=False)
            process = FORK.Process(target=work, args=(theirs, *arguments), daemon=True)
            process.start()
            theirs.close()
            running.append(Running(process, mine, about, limit_s))
        if not running:
            return
        if time.monotonic() >= until_s:
            for one in running:
                one.process.kill()
                one.process.join()
            return
        wait([one.process.sentinel for one in running], timeout=0.5)
        for one in list(running):
            if one.look():
                running.remove(one)
                yield one


@dataclass(frozen=True, slots=True)
class Result:
    """The verdict on a change, with its lines before and after."""

    site: Site
    verdict: Verdict
    before: str
    after: str

    def __str__(self) -> str:
        lines = [f"{self.site.rule.path}:{self.site.line}: {self.site.operator}"]
        lines += [f"  - {line}" for line in self.before.splitlines()]
        lines += [f"  + {line}" for line in self.after.splitlines()]
        return "\n".join(lines)


def time_tests(rules: Sequence[Rule], at_once: int) -> Taken:
    """How long each group of tests takes, in seconds, as things are. Exits when one fails: it would notice anything."""
    groups = dict.fromkeys(group for rule in rules for group in rule.groups(at_top=True))
    taken: Taken = {}
    for one in in_forks(run_tests, ((group, (group,), LONGEST_S) for group in groups), at_once):
        if one.told != [True]:
            sys.exit(f"These tests fail as things are: {' '.join(one.about)}")
        taken[one.about] = one.took_s
    return taken


def try_warm(
    connection: Connection,
    warm: Warm,
    sites: Sequence[Site],
    members: Mapping[str, Members],
    until_s: float,
    at_once: int,
) -> None:
    """Send the verdicts on changes of functions, each with the number of its place. The first thing sent names the
    tests that fail as things are, or is empty. In a warm process."""
    taken: Taken = {}
    groups = dict.fromkeys(group for site in sites for group in site.rule.groups(at_top=False))
    for one in in_forks(run_tests_warm, ((group, (warm, group), LONGEST_S) for group in groups), at_once):
        taken[one.about] = one.took_s
        if one.told != [True]:
            connection.send(one.about)
            return
    connection.send(())

    def jobs() -> Iterator[Job]:
        for number, site in enumerate(sites):
            limit_s = SLACK_S + TIMES_SLOWER * sum(taken[group] for group in site.rule.groups(at_top=False))
            yield number, (warm, site, members[site.rule.file]), limit_s

    for one in in_forks(try_change_warm, jobs(), at_once, until_s=until_s):
        connection.send((one.about, *(one.told[-1] if one.told else (Verdict.UNDECIDED, "", ""))))


def try_functions(
    sites: Sequence[Site], members: Mapping[str, Members], until_s: float, at_once: int
) -> Iterator[Result]:
    """The verdicts on changes of functions, as long as there is time. Exits when tests fail as things are."""
    if not sites:
        return
    rules = tuple(dict.fromkeys(site.rule for site in sites))
    work = partial(try_warm, sites=sites, members=members, until_s=until_s, at_once=at_once)
    mine, theirs = FORK.Pipe(duplex=False)
    process = FORK.Process(target=run_warm, args=(theirs, rules, work))
    process.start()
    theirs.close()
    try:
        if failing := mine.recv():
            sys.exit(f"These tests fail as things are: {' '.join(failing)}")
        while True:
            number, *verdict = mine.recv()
            yield Result(sites[number], *verdict)
    except EOFError:
        process.join()


def try_changes(
    sites: Sequence[Site], members: Mapping[str, Members], taken: Taken, until_s: float, at_once: int
) -> Iterator[Result]:
    """The verdicts on changes at these places, each in a cold trial, as long as there is time."""

    def jobs() -> Iterator[Job]:
        for site in sites:
            limit_s = SLACK_S + TIMES_SLOWER * sum(taken[group] for group in site.rule.groups(at_top=site.at_top))
            yield site, (site, members[site.rule.file]), limit_s

    for one in in_forks(try_change, jobs(), at_once, until_s=until_s):
        # The last result that was told holds. A fork that told nothing died while it changed the file.
        verdict, before, after = one.told[-1] if one.told else (Verdict.BROKEN, "", "")
        result = Result(one.about, verdict, before, after)
        if verdict in (Verdict.SURVIVED, Verdict.BROKEN):
            print(f"{verdict.value}: {result}", flush=True)
        yield result


def try_all(
    sites: Sequence[Site], members: Mapping[str, Members], taken: Taken, minutes: float, at_once: int
) -> list[Result]:
    """The verdicts on changes at these places, as many as the time allows: half of it at most is for warm trials."""
    began_s = time.monotonic()
    results: list[Result] = []
    undecided: list[Site] = []
    functions = [site for site in sites if not site.at_top]
    for result in try_functions(functions, members, began_s + 30 * minutes, at_once):
        if result.verdict is Verdict.UNDECIDED:
            undecided.append(result.site)
        else:
            results.append(result)
    cold = [*undecided, *(site for site in sites if site.at_top)]
    results += try_changes(cold, members, taken, began_s + 60 * minutes, at_once)
    return results


def report(results: Sequence[Result], sites: int) -> bool:
    """Print a line for each rule, and the shares; whether they reach the goal."""
    counts = Counter(result.verdict for result in results)
    broken = f", {counts[Verdict.BROKEN]} could not be run" if counts[Verdict.BROKEN] else ""
    print(f"\n{len(results)} of {sites} places were tried{broken}.\n")
    print(_row("rule", "mutants", "noticed", "equivalent", "survivors", "share"))
    for file in sorted({result.site.rule.file for result in results}):
        print(_line_of(file, [result for result in results if result.site.rule.file == file]))
    for name, at_top in (("tables and limits", True), ("functions", False)):
        print(_line_of(name, [result for result in results if result.site.at_top is at_top]))
    print(_line_of("all", results))
    meaning = counts[Verdict.NOTICED] + counts[Verdict.SURVIVED]
    return not counts[Verdict.BROKEN] and 100 * counts[Verdict.NOTICED] >= GOAL_PERCENT * meaning


def _line_of(name: str, results: Sequence[Result]) -> str:
    counts = Counter(result.verdict for result in results)
    noticed, equivalent, survived = (
        counts[verdict] for verdict in (Verdict.NOTICED, Verdict.EQUIVALENT, Verdict.SURVIVED)
    )
    share = f"{100 * noticed / (noticed + survived):.1f} %" if noticed + survived else "-"
    return _row(name, noticed + equivalent + survived, noticed, equivalent, survived, share)


def _row(name: str, *columns: str | int) -> str:
    return f"{name:44}" + "".join(f"{column:>11}" for column in columns)


def main(arguments: Sequence[str]) -> int:
    """Run the command; 0 when enough was noticed."""
    parser = argparse.ArgumentParser(prog="python -m tests.mutation", description="Change the rules; see what notices.")
    parser.add_argument("--seed", default="1", help="another order in which places are tried")
    parser.add_argument("--minutes", type=float, default=15, help="go on for this long at most (15)")
    parser.add_argument("--at-once", type=int, default=os.cpu_count() or 1, help="so many at a time")
    parser.add_argument("--only", default="", help="rules whose file has this in its name, or one of these with commas")
    asked = parser.parse_args(arguments)
    began_s = time.monotonic()
    rules = [rule for rule in RULES if any(part in rule.file for part in asked.only.split(","))]
    with TemporaryDirectory() as bytecode:
        prepare(bytecode)
        ask_about(rules)
        (known,) = in_forks(tell_members, [("members", (rules,), LONGEST_S)], 1)
        (members,) = known.told
        taken = time_tests(rules, asked.at_once)
        sites = [site for rule in rules for site in find_sites(rule, members[rule.file])]
        random.Random(asked.seed).shuffle(sites)
        minutes = asked.minutes - (time.monotonic() - began_s) / 60
        results = try_all(sites, members, taken, minutes, asked.at_once)
    return 0 if report(results, len(sites)) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

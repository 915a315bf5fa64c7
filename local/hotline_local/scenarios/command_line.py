"""`hotline flows test`, `testcases`, `coverage` and `voice`: what can be done with scenarios."""

import argparse
import json
import sys
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from connect_sim.commands.parsing import ExitCode, parse_pairs
from hotline_local.counts import count_things
from hotline_local.errors import CommandError
from hotline_local.launcher.paths import ROOT
from hotline_local.scenarios.model import Scenario, ScenarioError
from hotline_local.subparsers import Subparsers

if TYPE_CHECKING:
    from hotline_local.scenarios.playing import Played

SCENARIOS = ROOT / "tests" / "calls"
TEST_CASES = ROOT / ".build" / "testcases"


def add_commands(commands: Subparsers) -> None:
    """Add the commands to those of `hotline flows`."""
    test = commands.add_parser("test", help="run scenarios: calls written down, with what must be heard")
    test.set_defaults(run=run_test)
    testcases = commands.add_parser("testcases", help="compile scenarios to native test cases of Amazon Connect")
    testcases.add_argument("--out", type=Path, default=TEST_CASES, metavar="FOLDER", help="one JSON file a scenario")
    testcases.add_argument(
        "--token", action="append", default=[], metavar="NAME=VALUE", help="value of a ${NAME} in the test cases"
    )
    testcases.set_defaults(run=run_testcases)
    coverage = commands.add_parser("coverage", help="blocks and edges that scenarios and made-up walks come through")
    coverage.add_argument("--no-walk", action="store_true", help="count scenarios alone")
    coverage.set_defaults(run=run_coverage)
    voice = commands.add_parser("voice", help="seconds of speech and key presses of each scenario")
    voice.set_defaults(run=run_voice)
    for parser in (test, testcases, coverage, voice):
        parser.add_argument(
            "paths", nargs="*", type=Path, default=[SCENARIOS], metavar="PATH", help="a scenario, or a folder of them"
        )
        parser.add_argument("--json", action="store_true", help="one JSON object a line")


def _scenarios(paths: Sequence[Path]) -> tuple[Scenario, ...]:
    from hotline_local.scenarios.reading import load_scenario, scenario_files

    try:
        return tuple(load_scenario(path) for path in scenario_files(paths))
    except ScenarioError as error:
        raise CommandError(str(error), exit_code=ExitCode.USAGE) from error


def _played(paths: Sequence[Path]) -> Iterator["Played"]:
    from hotline_local.scenarios.playing import play

    for scenario in _scenarios(paths):
        try:
            yield play(scenario)
        except ScenarioError as error:
            raise CommandError(str(error), exit_code=ExitCode.USAGE) from error


def run_test(args: argparse.Namespace) -> int:
    """Run scenarios; 1 when one of them does not go as it is written."""
    failed = count = 0
    for played in _played(args.paths):
        count += 1
        failed += bool(played.problems)
        if args.json:
            line = {"scenario": played.scenario.name, "ok": not played.problems, "problems": list(played.problems)}
            print(json.dumps(line, ensure_ascii=False))
            continue
        print(f"{'FAILED' if played.problems else 'ok    '} {played.scenario.name}: {played.scenario.title}")
        for problem in played.problems:
            print(f"       {problem}")
    if not args.json:
        print(f"{count_things(count, 'scenario')}, {failed} failed")
    return 1 if failed else 0


def run_testcases(args: argparse.Namespace) -> int:
    """Write the request of CreateTestCase for each scenario; 1 when one cannot be compiled.

    Scenarios that say that they run in the simulator only are named and left out.
    """
    from hotline_local.scenarios.testcases import compile_scenario, missing_tokens

    tokens = parse_pairs("--token", args.token)
    args.out.mkdir(parents=True, exist_ok=True)
    missing: set[str] = set()
    failed = False
    for played in _played(args.paths):
        name, file = played.scenario.name, args.out / f"{played.scenario.name}.json"
        line: dict[str, Any] = {"scenario": name, "file": None, "observations": None, "reason": None}
        try:
            if played.scenario.only_here:
                line["reason"] = played.scenario.only_here
            else:
                request = compile_scenario(played, tokens)
                missing |= missing_tokens(request)
                file.write_text(json.dumps(request, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")
                line |= {"file": str(file), "observations": len(json.loads(request["Content"])["Observations"])}
        except ScenarioError as error:
            failed = True
            line["reason"] = str(error)
        _show_test_case(line, as_json=args.json)
    if missing:
        print(f"No value is given for {', '.join(sorted(missing))}; the test cases keep the names.", file=sys.stderr)
    return 1 if failed else 0


def _show_test_case(line: dict[str, Any], *, as_json: bool) -> None:
    if as_json:
        print(json.dumps(line, ensure_ascii=False))
    elif line["file"]:
        print(f"{line['file']}: {count_things(line['observations'], 'observation')}")
    else:
        print(f"{line['scenario']} has no test case: {line['reason']}")


def run_coverage(args: argparse.Namespace) -> int:
    """Report what calls come through; 1 when a block or an edge is left out."""
    from hotline_local.scenarios.covering import scenario_coverage, walk_all, write_coverage

    played = list(_played(args.paths))
    flows = played[0].flows
    scenarios, together = scenario_coverage(flows, played), scenario_coverage(flows, played)
    if not args.no_walk:
        together.merge(walk_all(flows)[0])
    return write_coverage(scenarios, together, as_json=args.json, out=sys.stdout)


def run_voice(args: argparse.Namespace) -> int:
    """Report what each call asks of its caller, and the goals that it comes to; 1 when one is missed."""
    from hotline_local.scenarios.goals import goals_of
    from hotline_local.scenarios.voice import figures_as_map, figures_of, rates

    pace = rates()
    missed = 0
    if args.json:
        print(json.dumps({"rates": pace}))
    else:
        print(
            f"Estimated at {pace['mandarin_characters_per_s'] * 60:.0f} Chinese characters and "
            f"{pace['english_words_per_s'] * 60:.0f} English words a minute, a digit counting as a word."
        )
    for played in _played(args.paths):
        figures = figures_of(played)
        if args.json:
            print(json.dumps(figures_as_map(figures), ensure_ascii=False))
        else:
            print(
                f"{figures.scenario:<32} {figures.speaks}  speech {figures.speech_s:>6.1f} s, "
                f"longest prompt {figures.longest_prompt_s:>4.1f} s, keys {figures.presses:>2} "
                f"at {figures.inputs:>2} inputs, on the line {figures.call_s:>5.0f} s"
            )
        for reached in goals_of(played):
            missed += reached.missed
            if args.json:
                print(json.dumps({**asdict(reached), "missed": reached.missed}, ensure_ascii=False))
            else:
                print(
                    f"    {reached.goal}: {reached.speech_s:.1f} s of {reached.speech_s_max:.0f} s"
                    f"{', MISSED' if reached.missed else ''}"
                )
    if missed and not args.json:
        print(f"{count_things(missed, 'goal is', 'goals are')} missed.")
    return 1 if missed else 0

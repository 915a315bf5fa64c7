"""The command `run`: one call through a flow, with canned answers in the place of its functions."""

import argparse
import sys
from dataclasses import replace
from pathlib import Path

from connect_sim.commands.parsing import (
    Subparsers,
    add_call_options,
    add_rate_options,
    exit_code,
    parse_faults,
    parse_pairs,
    parse_waiting,
    speech_rate,
)
from connect_sim.errors import UsageError
from connect_sim.language.document import Flow, FlowSyntaxError, load_flow
from connect_sim.language.flow_set import FlowSet
from connect_sim.language.speech import SpeechRate
from connect_sim.simulator.certificates import throwaway_tokens
from connect_sim.simulator.engine import DEFAULT_MAX_STEPS, Engine
from connect_sim.simulator.faults import Faults
from connect_sim.simulator.keys import ScriptedKeys, parse_keys
from connect_sim.simulator.needs import Given, find_needs
from connect_sim.simulator.run import CallRun
from connect_sim.simulator.setup_file import SetupFile, SetupFileError, describe_setup, load_setup
from connect_sim.simulator.state import CallSetup
from connect_sim.simulator.stubs import StubFunctions, load_stubs
from connect_sim.simulator.views import JsonLines, TerminalCall

CONTACT_ID = "00000000-0000-4000-8000-00000000f10e"
CALLER = "+8613800000001"
LINE = "+18005550199"
"""Contact and numbers of a canned run: fixed, so that a run is the same every time."""
EPILOG = f"""\
keys of a set-up file, all optional:
{describe_setup()}

exit codes:
  0  the call ended by itself
  1  the call failed, or was stopped after --max-steps blocks
  2  a file or an option cannot be used
  3  the keys ran out while a block waited for the caller

example:
  run main.json --keys '1 123456#' --functions stubs.json --hours closed
"""


def register(subparsers: Subparsers, rate: SpeechRate) -> None:
    """Add `run`."""
    parser = subparsers.add_parser(
        "run",
        help="run a flow with canned answers in the place of its functions",
        formatter_class=argparse.RawDescriptionHelpFormatter,
        epilog=EPILOG,
    )
    parser.add_argument("file", type=Path, metavar="FILE", help="the flow that answers; others beside it may be called")
    parser.add_argument(
        "--keys", required=True, help="one token for each input block: digits, * and #, - silence, ! hang up"
    )
    parser.add_argument(
        "--functions", required=True, type=Path, metavar="STUBS.json", help="answers by step, ARN, name or *"
    )
    parser.add_argument(
        "--token", action="append", default=[], metavar="NAME=VALUE", help="value of a ${NAME} in the flow"
    )
    parser.add_argument("--attribute", action="append", default=[], metavar="NAME=VALUE", help="a contact attribute")
    parser.add_argument(
        "--hours", choices=("open", "closed"), help="what every hours check finds; open if nothing says so"
    )
    parser.add_argument(
        "--setup", type=Path, metavar="S.json", help="what the call and its surroundings are like, see below"
    )
    add_call_options(parser)
    add_rate_options(parser, rate)
    parser.add_argument("--json", action="store_true", help="one event a line, as a JSON object")
    parser.add_argument("--max-steps", type=int, default=DEFAULT_MAX_STEPS, help="blocks after which a call is stopped")
    parser.set_defaults(run=run_flow)


def load_with_neighbours(file: Path) -> tuple[Flow, ...]:
    """Return the flow of a file, and those of its folder and below, for it to refer to.

    Neighbours that are no flows are left out. Raises FlowSyntaxError for the file itself.
    """
    flows = [load_flow(file)]
    for path in sorted(file.parent.rglob("*.json")):
        if path.resolve() != file.resolve() and path.stem not in {flow.name for flow in flows}:
            try:
                flows.append(load_flow(path))
            except FlowSyntaxError:
                continue
    return tuple(flows)


def run_flow(args: argparse.Namespace) -> int:
    """Run one call to its end. Raises ConnectSimError for a file or an option that cannot be used."""
    if args.max_steps < 1:
        raise UsageError("--max-steps must be at least 1.")
    tokens = parse_pairs("--token", args.token)
    keys = ScriptedKeys(parse_keys(args.keys))
    functions = load_stubs(args.functions)
    loaded = load_with_neighbours(args.file)
    flows = FlowSet(loaded, throwaway_tokens(loaded) | tokens, speech_rate=speech_rate(args))
    faults = Faults(parse_faults(args.fault), flows)
    engine = Engine(flows, functions, bots=functions, max_steps=args.max_steps, faults=faults)
    file = SetupFile() if args.setup is None else load_setup(args.setup)
    setup = _call_setup(args, file)
    _check_blocks(file, flows)
    state = engine.begin(setup, args.file.stem)
    for need in find_needs(flows, flows.by_name[args.file.stem], _given(args, file, setup, functions)):
        print(need, file=sys.stderr)
    view = JsonLines(sys.stdout) if args.json else TerminalCall(sys.stdin, sys.stdout)
    return exit_code(CallRun(engine, state, keys=keys, view=view).to_end())


def _call_setup(args: argparse.Namespace, file: SetupFile) -> CallSetup:
    """Return the set-up of a canned call: the file's over the defaults, and the options over the file's."""
    setup = CallSetup(
        contact_id=CONTACT_ID,
        customer_number=CALLER,
        system_number=LINE,
        waiting=parse_waiting(args.agent_after),
        attributes=parse_pairs("--attribute", args.attribute),
    )
    applied = file.apply_to(setup)
    return applied if args.hours is None else replace(applied, hours_open=args.hours == "open")


def _given(args: argparse.Namespace, file: SetupFile, setup: CallSetup, functions: StubFunctions) -> Given:
    return Given(
        setup,
        functions,
        hours=args.hours is not None or file.gives_hours,
        seed=file.seed is not None,
        third_party=file.third_party is not None,
    )


def _check_blocks(file: SetupFile, flows: FlowSet) -> None:
    """Refuse a set-up whose `blocks` name no block that is here. Raises SetupFileError."""
    blocks = {action.identifier for flow in flows.flows for action in flow.actions}
    places = {f"{flow.name}/{action.identifier}" for flow in flows.flows for action in flow.actions}
    if unknown := file.unused_blocks(frozenset(blocks | places)):
        raise SetupFileError(
            f"blocks: {unknown[0]!r} is no type that a set-up answers for, and no block of these flows."
        )

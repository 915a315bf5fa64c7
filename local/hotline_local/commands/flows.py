"""`hotline flows`: check flows against the rules, run any flow against canned answers, and what scenarios are for."""

import argparse
import sys
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

from connect_sim.language.document import Flow, FlowSyntaxError, load_flow
from connect_sim.language.flow_set import FlowSet
from connect_sim.language.references import token_name
from connect_sim.linter.report import check_paths, write_findings
from connect_sim.simulator.engine import DEFAULT_MAX_STEPS, Engine, UnknownFlowError
from connect_sim.simulator.faults import FaultError, Faults
from connect_sim.simulator.json_lines import JsonLines
from connect_sim.simulator.keys import KeysError, ScriptedKeys, parse_keys
from connect_sim.simulator.needs import Given, find_needs
from connect_sim.simulator.run import CallRun
from connect_sim.simulator.setup_file import SetupFile, SetupFileError, describe_setup, load_setup
from connect_sim.simulator.state import CallSetup
from connect_sim.simulator.stubs import StubFileError, load_stubs
from connect_sim.simulator.terminal import TerminalCall
from hotline_local.callfront.exit_code import USAGE, exit_code
from hotline_local.commands.call import parse_faults, parse_waiting
from hotline_local.entry_keys import CERTIFICATE_TOKEN, make_entry_key
from hotline_local.errors import CommandError
from hotline_local.scenarios.command_line import add_commands
from hotline_local.subparsers import Subparsers

CONTACT_ID = "00000000-0000-4000-8000-00000000f10e"
CALLER = "+8613800000001"
LINE = "+18005550199"
"""Contact and numbers of a canned run: fixed, so that a run is the same every time."""


def register(subparsers: Subparsers) -> None:
    """Add `flows check`, `flows run`, and the commands for scenarios."""
    parser = subparsers.add_parser(
        "flows", help="check flows, run one against canned answers, test them with scenarios"
    )
    commands = parser.add_subparsers(dest="flows_command", required=True, metavar="COMMAND")
    check = commands.add_parser("check", help="check flow files by the rules of the service and of voice practice")
    check.add_argument("paths", nargs="+", type=Path, metavar="PATH", help="a flow file, or a folder of them")
    check.add_argument("--json", action="store_true", help="one finding a line, as a JSON object")
    check.set_defaults(run=run_check)
    run = commands.add_parser(
        "run",
        help="run a flow with canned answers in the place of its functions",
        formatter_class=argparse.RawDescriptionHelpFormatter,
        epilog=f"Keys of a set-up file, all optional (docs/flow-rules.md has an example):\n{describe_setup()}",
    )
    run.add_argument("file", type=Path, metavar="FILE", help="the flow that answers")
    run.add_argument(
        "--keys", required=True, help="one token for each input block: digits, * and #, - silence, ! hang up"
    )
    run.add_argument(
        "--functions", required=True, type=Path, metavar="STUBS.json", help="answers by step, ARN, name or *"
    )
    run.add_argument(
        "--token", action="append", default=[], metavar="NAME=VALUE", help="value of a ${NAME} in the flow"
    )
    run.add_argument("--attribute", action="append", default=[], metavar="NAME=VALUE", help="a contact attribute")
    run.add_argument(
        "--hours", choices=("open", "closed"), help="what every hours check finds; open if nothing says so"
    )
    run.add_argument(
        "--setup", type=Path, metavar="S.json", help="what the call and its surroundings are like, see below"
    )
    run.add_argument(
        "--agent-after", metavar="SECONDS", help="go on in the queue until an agent accepts then, or the word never"
    )
    run.add_argument(
        "--fault",
        action="append",
        default=[],
        metavar="FLOW/BLOCK=KIND[@VISIT]",
        help="let a block fail: timeout, exception, bad_json and so on, an error type, or hang_up",
    )
    run.add_argument("--json", action="store_true", help="one event a line, as a JSON object")
    run.add_argument("--max-steps", type=int, default=DEFAULT_MAX_STEPS, help="blocks after which a call is stopped")
    run.set_defaults(run=run_flow)
    add_commands(commands)


def _usage(sentence: str) -> CommandError:
    return CommandError(sentence, exit_code=USAGE)


def run_check(args: argparse.Namespace) -> int:
    """Check files; 1 when there are errors, 2 when a path cannot be used, else 0."""
    for path in args.paths:
        if not path.exists():
            raise _usage(f"There is no file or folder {path}.")
    findings, checked = check_paths(args.paths)
    if not checked:
        raise _usage("There are no flow files (*.json) in what was named.")
    return write_findings(findings, checked=checked, as_json=args.json, out=sys.stdout)


def _pairs(option: str, pairs: Iterable[str]) -> dict[str, str]:
    found = {}
    for pair in pairs:
        name, separator, value = pair.partition("=")
        if not separator or not name or not value:
            raise ValueError(f"{option} {pair!r} is not NAME=VALUE.")
        found[token_name(name) or name] = value
    return found


def _load_with_neighbours(file: Path) -> tuple[Flow, ...]:
    """The flow, and every other flow in its folder and below, for it to refer to; neighbours that are none are left."""
    flows = [load_flow(file)]
    for path in sorted(file.parent.rglob("*.json")):
        if path.resolve() != file.resolve() and path.stem not in {flow.name for flow in flows}:
            try:
                flows.append(load_flow(path))
            except FlowSyntaxError:
                continue
    return tuple(flows)


def _call_setup(args: argparse.Namespace, file: SetupFile) -> CallSetup:
    """The set-up of a canned call: the file's over the defaults, and the options over the file's."""
    setup = CallSetup(
        contact_id=CONTACT_ID,
        customer_number=CALLER,
        system_number=LINE,
        waiting=parse_waiting(args.agent_after),
        attributes=_pairs("--attribute", args.attribute),
    )
    applied = file.applied(setup)
    return applied if args.hours is None else replace(applied, hours_open=args.hours == "open")


def _check_blocks(file: SetupFile, flows: FlowSet) -> None:
    """Refuse a set-up whose `blocks` name none that is here. Raises SetupFileError."""
    blocks = {action.identifier for flow in flows.flows for action in flow.actions}
    places = {f"{flow.name}/{action.identifier}" for flow in flows.flows for action in flow.actions}
    if unknown := file.unused_blocks(frozenset(blocks | places)):
        raise SetupFileError(
            f"blocks: {unknown[0]!r} is no type that a set-up answers for, and no block of these flows."
        )


def run_flow(args: argparse.Namespace) -> int:
    """Run one flow to its end; exit codes as `call` has them."""
    if args.max_steps < 1:
        raise _usage("--max-steps must be at least 1.")
    try:
        tokens = _pairs("--token", args.token)
        keys = ScriptedKeys(parse_keys(args.keys))
        functions = load_stubs(args.functions)
        loaded = _load_with_neighbours(args.file)
        if any(CERTIFICATE_TOKEN in flow.tokens() for flow in loaded):
            # Nothing decrypts here, and what an encrypted entry is compared with should fail as it does on the line.
            tokens = {**make_entry_key().tokens, **tokens}
        flows = FlowSet(loaded, tokens)
        faults = Faults(parse_faults(args.fault), flows)
        engine = Engine(flows, functions, bots=functions, max_steps=args.max_steps, faults=faults)
        file = SetupFile() if args.setup is None else load_setup(args.setup)
        setup = _call_setup(args, file)
        _check_blocks(file, flows)
        state = engine.begin(setup, args.file.stem)
    except (
        ValueError,
        KeysError,
        StubFileError,
        SetupFileError,
        FaultError,
        FlowSyntaxError,
        UnknownFlowError,
    ) as error:
        raise _usage(str(error)) from error
    given = Given(
        setup,
        functions,
        hours=args.hours is not None or file.gives_hours,
        seed=file.seed is not None,
        third_party=file.third_party is not None,
    )
    for need in find_needs(flows, flows.by_name[args.file.stem], given):
        print(need, file=sys.stderr)
    view = JsonLines(sys.stdout) if args.json else TerminalCall(sys.stdin, sys.stdout)
    return exit_code(CallRun(engine, state, keys=keys, view=view).to_end())

"""`hotline call`: ring the hotline, as a script or by hand."""

import argparse
import re
import sys
import time
import uuid
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from connect_sim.commands.parsing import ExitCode, add_call_options, exit_code, parse_faults, parse_waiting
from connect_sim.language.document import FlowSyntaxError
from connect_sim.simulator.engine import DEFAULT_MAX_STEPS, Engine, UnknownFlowError
from connect_sim.simulator.faults import FaultError, Faults
from connect_sim.simulator.keys import CODE, HANG_UP, SILENCE, KeysError, KeySource, ScriptedKeys, parse_keys
from connect_sim.simulator.run import CallRun, CallView
from connect_sim.simulator.setup_file import WITHHELD
from connect_sim.simulator.state import CallSetup, CallState, Stage, Waiting
from connect_sim.simulator.views import JsonLines, TerminalCall
from hotline.kit.languages import LANGUAGES
from hotline_local.errors import CommandError
from hotline_local.staff_login import STAFF
from hotline_local.subparsers import Subparsers
from hotline_local.worlds.environment import AGENTS, LOCAL_NUMBER, NOBODY

if TYPE_CHECKING:
    from connect_sim.language.flow_set import FlowSet
    from hotline_local.worlds.world import World

TARGETS = ("inprocess", "lambda")
MAX_STEPS_LIMIT = 100_000
EARLIEST_YEAR, LATEST_YEAR = 2000, 2100
"""The demo wallet reaches a year back, and its facts have to be of a time that the contracts take."""
KEYS_HELP = f"""\
tokens of --keys, with commas or spaces between them, one for each block that waits for the caller:
  1  12#  *        the keys typed there: digits, * and #
  {SILENCE}                silence, until the block goes on by itself
  {HANG_UP}                hang up
  {CODE}           the code in the newest message to the caller; only where a code is asked for
  "I lost my card" words in quotation marks, which only a bot hears
secret keys are masked in what is shown. Example:
  ./hotline call --from +8613800000001 --keys '2,{CODE},1,1'
"""
_RFC3339 = re.compile(r"\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d:\d\d(\.\d+)?([Zz]|[+-]\d\d:\d\d)")
_E164 = re.compile(r"\+[1-9]\d{6,14}")


def register(subparsers: Subparsers) -> None:
    """Add `call`."""
    parser = subparsers.add_parser(
        "call",
        help="call the hotline: by hand, or with --keys as a script",
        epilog=KEYS_HELP,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "--from", dest="caller", required=True, metavar="E164", help="the calling number, or the word withheld"
    )
    parser.add_argument("--to", default=LOCAL_NUMBER, metavar="E164", help="the number dialled")
    parser.add_argument(
        "--keys", metavar="TOKENS", help="one token for each input block (below); without it the call is made by hand"
    )
    parser.add_argument("--language", choices=LANGUAGES, help="language of the contact when the call comes in")
    parser.add_argument("--at", metavar="RFC3339", help="time of the call; in process only")
    parser.add_argument(
        "--hours", choices=("open", "closed"), default="open", help="whether people answer; in process only"
    )
    add_call_options(parser)
    parser.add_argument("--target", choices=TARGETS, default="inprocess", help="where the functions run")
    parser.add_argument(
        "--patient",
        action="store_true",
        help="with --target lambda: a function may take as long as this machine needs, beyond the line's limits too",
    )
    parser.add_argument(
        "--agent",
        metavar="NAME",
        help="with --target lambda and --agent-after: the demo agent who accepts, such as agent-1. "
        "While you talk, a request for proof at the desk sends you to the line, which takes the code. "
        "Enter lets the agent hang up, and ! yourself",
    )
    parser.add_argument("--seed", type=Path, metavar="FILE.jsonl", help="wallet events on top of the demo wallet")
    parser.add_argument("--max-steps", type=int, default=DEFAULT_MAX_STEPS, help="blocks after which a call is stopped")
    parser.add_argument("--json", action="store_true", help="one event a line, as a JSON object")
    parser.set_defaults(run=run_call)


def _usage(sentence: str) -> CommandError:
    return CommandError(sentence, exit_code=ExitCode.USAGE)


def _number(option: str, text: str) -> str:
    number = re.sub(r"[ ()-]", "", text)
    if not _E164.fullmatch(number):
        raise _usage(f"{option} {text!r} is not a telephone number in E.164 form, such as +8613800000001.")
    return number


def _time(text: str) -> datetime:
    if _RFC3339.fullmatch(text):
        try:
            instant = datetime.fromisoformat(text).astimezone(UTC)
            if EARLIEST_YEAR <= instant.year <= LATEST_YEAR:
                return instant
            raise _usage(f"--at {text!r} is outside the years {EARLIEST_YEAR} to {LATEST_YEAR}.")
        except (ValueError, OverflowError):
            pass
    raise _usage(f"--at {text!r} is not a time in RFC 3339 form with its zone, such as 2026-03-01T09:30:00+08:00.")


def _keys(text: str | None) -> tuple[str, ...] | None:
    try:
        return None if text is None else parse_keys(text)
    except KeysError as error:
        raise _usage(f"--keys: {error}") from error


def _open_world(args: argparse.Namespace, at: datetime | None) -> "World":
    from hotline_local.worlds import open_world

    world: World = open_world(
        target=args.target, at=at, seed=args.seed, closed=args.hours == "closed", patient=args.patient
    )
    return world


def _check(args: argparse.Namespace) -> dict[str, Any]:
    """The arguments as values. Raises CommandError or ConnectSimError for the first that cannot be used."""
    caller = None if args.caller == WITHHELD else _number("--from", args.caller)
    if args.target == "lambda" and args.at is not None:
        raise _usage("--at works in process only: --target lambda uses real time.")
    if args.patient and args.target != "lambda":
        raise _usage("--patient works with --target lambda only: in process no function waits for this machine.")
    if args.agent is not None and (args.target != "lambda" or args.agent_after in (None, "never")):
        raise _usage(
            "--agent works with --target lambda and --agent-after SECONDS: an agent takes the call out of a queue."
        )
    if args.agent is not None and args.agent not in STAFF:
        raise _usage(f"--agent {args.agent!r} is none of the demo staff: {', '.join(STAFF)}.")
    if args.target == "lambda" and args.hours == "closed":
        raise _usage("--hours works in process only: the running stack has the hours that supervisors write.")
    if args.seed is not None and args.target == "lambda":
        raise _usage("--seed works in process only: send facts to the running stack with ./hotline send.")
    if args.seed is not None and not args.seed.is_file():
        raise _usage(f"--seed {args.seed} is not a file.")
    if not 1 <= args.max_steps <= MAX_STEPS_LIMIT:
        raise _usage(f"--max-steps must be from 1 to {MAX_STEPS_LIMIT}.")
    return {
        "caller": caller,
        "line": _number("--to", args.to),
        "keys": _keys(args.keys),
        "at": None if args.at is None else _time(args.at),
        "waiting": parse_waiting(args.agent_after),
        "faults": parse_faults(args.fault),
    }


def _waiting(waiting: Waiting | None, agent: str | None) -> Waiting | None:
    """An agent who is named hangs up first, so that what follows the talk can be heard."""
    return waiting if waiting is None or agent is None else replace(waiting, agent_leaves=True)


def _keep_silent() -> None:
    """The talk with an agent who is not named is over at once."""


def _list_whispers(flows: "FlowSet", state: CallState) -> tuple[str, ...]:
    """The flows that are heard before the talk, as the contact names them by now."""
    hooks = (state.event_hooks.get(stage.value) for stage in (Stage.AGENT_WHISPER, Stage.CUSTOMER_WHISPER))
    found = (flows.find(reference) for reference in hooks if reference is not None)
    return tuple(flow.name for flow in found if flow is not None)


def run_call(args: argparse.Namespace) -> int:
    """Make one call; 0 when it ended by itself, 3 when keys ran out, 1 when it failed, 2 for wrong usage."""
    from hotline_local.agent_talk import AgentTalk
    from hotline_local.contact_events import ToldCall
    from hotline_local.hanging_up import LastingView, hang_up_on_signals
    from hotline_local.typed_lines import TypedLines
    from hotline_local.worlds.flow_files import load_flow_set
    from hotline_local.worlds.world import TellsContacts, sends_code

    given = _check(args)
    setup = CallSetup(
        contact_id=str(uuid.uuid4()),
        customer_number=given["caller"],
        system_number=given["line"],
        language=args.language,
        waiting=_waiting(given["waiting"], args.agent),
        metrics=AGENTS if args.hours == "open" else NOBODY,
    )
    world = _open_world(args, given["at"])
    try:
        flows = load_flow_set(world.flows(), world.tokens())
        faults = Faults(given["faults"], flows)
        engine = Engine(flows, world.functions, max_steps=args.max_steps, faults=faults, on_time=world.advance)
        state = engine.begin(setup, world.start_flow)
        if missing := engine.unresolved_tokens:
            print(f"No value is known for {', '.join(sorted(missing))}; the flows keep the names.", file=sys.stderr)
        lines, began_at_s = TypedLines(sys.stdin), time.monotonic()
        telephone = TerminalCall(lines, sys.stderr if args.json else sys.stdout)
        view: CallView = LastingView(JsonLines(sys.stdout) if args.json else telephone)
        keys: KeySource = telephone if given["keys"] is None else ScriptedKeys(given["keys"])
        if isinstance(world, TellsContacts):
            talk: Callable[[], object] = _keep_silent
            if args.agent is not None:
                talk = AgentTalk(
                    args.agent,
                    engine,
                    state,
                    world,
                    world.find_proof_request,
                    lines=lines,
                    keys=keys,
                    view=view,
                    began_at_s=began_at_s,
                ).hold
            view = ToldCall(
                setup,
                view,
                world.tell_contact,
                agent=args.agent,
                talk=talk,
                whispers=partial(_list_whispers, flows, state),
            )
        run = CallRun(engine, state, keys=keys, view=view, mailbox=world, sends=sends_code, began_at_s=began_at_s)
        with hang_up_on_signals():
            return exit_code(run.to_end())
    except FaultError as error:
        raise _usage(f"--fault: {error}") from error
    except (FlowSyntaxError, UnknownFlowError) as error:
        raise CommandError(str(error)) from error
    finally:
        world.close()

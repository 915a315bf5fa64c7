"""`./hotline run`: the whole hotline on this machine, until Ctrl-C."""

import argparse
import signal
import sys
import time
from typing import TYPE_CHECKING, Final

from hotline_local.errors import CommandError
from hotline_local.ports import DEFAULT_DESK_PORT, DEFAULT_PAGES_PORT, DEFAULT_PORT, OPTIONS, taken_sentence
from hotline_local.subparsers import Subparsers
from hotline_local.wallet_modes import Mode

if TYPE_CHECKING:
    from hotline_local.circle import Circle
    from hotline_local.launcher import RunningStack
    from hotline_local.launcher.ministack import MiniStack
    from hotline_local.launcher.progress import Lines


PORT_MAX: Final = 65_535
CALLER: Final = "+8613800000001"
ACCOUNT: Final = "acct-demo-01"
LOOK_EVERY_S: Final = 1.0
NO_WALLET: Final = "none"
"""The value of --wallet that starts the hotline without the demo wallet."""
ENDINGS: Final = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
"""SIGINT too: a shell starts what it runs in the background with that one ignored, and Python then leaves it so."""
WITH_DEMO: Final = """
The hotline runs at {endpoint} (Ctrl-C stops it). In another terminal:

  make call ARGS='--from {caller} --target lambda'    call it
  ./hotline token --account {account}              a token for its API, which is shown at {pages}
"""
WITHOUT_DEMO: Final = """
The hotline runs at {endpoint} without a wallet (Ctrl-C stops it). {file} says how to connect yours
(docs/contracts.md, "Connect your wallet on this machine"). In another terminal:

  .venv/bin/python docs/examples/wallet.py            a wallet to start from
  ./hotline call --from NUMBER --target lambda        call it from a number of one of your accounts
  ./hotline token --account ID                        a token for its API, which is shown at {pages}
"""
WITH_EITHER: Final = """\
  {desk}                               the desk: sign in as {staff}, password {password}
  ./hotline token --staff agent-1                     a token for the agents' API
  ./hotline inbox                                     read the messages it sent
  ./hotline send FILE.jsonl                           tell it a fact, as the wallet would
  ./hotline tick                                      work off what has fallen due
  ./hotline scan                                      look for attacks on accounts
  ./hotline dlq list                                  see the facts it could not take in
"""


def register(subparsers: Subparsers) -> None:
    """Add the command."""
    parser = subparsers.add_parser(
        "run",
        help="run the hotline on this machine",
        description=(
            "Build template.yaml, deploy it to MiniStack on loopback, load the demo wallet, keep it running. "
            f"With --wallet {NO_WALLET} the stack is empty, and no decision is answered: connect your own wallet."
        ),
    )
    parser.add_argument(
        "--port", type=_port, default=DEFAULT_PORT, help=f"MiniStack's port (default {DEFAULT_PORT}); 0: a free one"
    )
    parser.add_argument(
        "--pages-port",
        type=_port,
        default=DEFAULT_PAGES_PORT,
        help=f"the port of the page that shows the API (default {DEFAULT_PAGES_PORT}); 0: a free one",
    )
    parser.add_argument(
        "--desk-port",
        type=_port,
        default=DEFAULT_DESK_PORT,
        help=f"the port of the desk, where agents work (default {DEFAULT_DESK_PORT}); 0: a free one",
    )
    parser.add_argument(
        "--wallet",
        choices=[*Mode, NO_WALLET],
        default=Mode.PROMPT,
        metavar="MODE",
        help=(
            f"how the reference wallet answers decisions: {', '.join(Mode)} (default {Mode.PROMPT}); "
            f"{NO_WALLET}: no demo wallet"
        ),
    )
    parser.set_defaults(run=run)


def _port(text: str) -> int:
    if not text.isdecimal() or not 0 <= int(text) <= PORT_MAX:
        raise argparse.ArgumentTypeError(f"{text!r} is no port, which is a number from 0 to {PORT_MAX}")
    return int(text)


def run(arguments: argparse.Namespace) -> int:
    """Run until a signal ends it; return 0 then. Raises CommandError when a part does not start or ends early."""
    from hotline_local.launcher import start
    from hotline_local.launcher.progress import Lines

    for name in ENDINGS:
        signal.signal(name, _interrupt)
    _refuse_second()
    _refuse_taken(arguments)
    try:
        progress = Lines()
        with start(arguments.port, progress, schedules=True, demo=arguments.wallet != NO_WALLET) as running:
            try:
                mode = None if arguments.wallet == NO_WALLET else Mode(arguments.wallet)
                _serve(running, progress, mode, arguments.pages_port, arguments.desk_port)
            finally:
                # The stop goes on to its end, however often somebody presses Ctrl-C meanwhile.
                for name in ENDINGS:
                    signal.signal(name, signal.SIG_IGN)
                progress("stopping")
    except KeyboardInterrupt:
        return 0
    return 0


def _refuse_second() -> None:
    """Raise CommandError while another hotline of this checkout runs: the commands could reach one of them only."""
    from hotline_local.launcher import stack

    try:
        other = stack.load()
    except CommandError:
        return
    raise CommandError(f"The hotline of this checkout runs already, at {other.endpoint}: stop it first.")


def _refuse_taken(arguments: argparse.Namespace) -> None:
    """Raise CommandError when a port is taken, before anything is built."""
    asked = dict(zip(OPTIONS, (arguments.port, arguments.pages_port, arguments.desk_port), strict=True))
    for option, port in asked.items():
        sentence = taken_sentence(option, port)
        if sentence is not None:
            raise CommandError(sentence)


def _interrupt(*_: object) -> None:
    raise KeyboardInterrupt


def show_messages(ministack: "MiniStack", circle: "Circle") -> None:
    """Show the messages that the hotline sends until a signal of ENDINGS comes. The signal ends no look in its middle.

    Raises KeyboardInterrupt then, and CommandError when MiniStack ends by itself.
    """
    asked: list[int] = []
    for name in ENDINGS:
        signal.signal(name, lambda number, _frame: asked.append(number))
    while not asked:
        if not ministack.alive():
            raise CommandError(f"MiniStack ended by itself. Its last lines:\n{ministack.log_tail()}")
        circle.messages()
        if not asked:
            time.sleep(LOOK_EVERY_S)
    raise KeyboardInterrupt


def _serve(running: "RunningStack", progress: "Lines", mode: Mode | None, pages_port: int, desk_port: int) -> None:
    """Show what happens until MiniStack ends. `mode` None: without the demo wallet, which otherwise is loaded and
    answers decisions."""
    from hotline_local import demo
    from hotline_local.circle import Circle
    from hotline_local.demo.desk import open_desk
    from hotline_local.launcher.stack import stack_file
    from hotline_local.malware_scanner import MalwareScanner
    from hotline_local.pages import Pages
    from hotline_local.reference_wallet import ReferenceWallet
    from hotline_local.staff_login import PASSWORD, STAFF

    circle = Circle(running.stack.endpoint, sys.stdout)
    pages = Pages(running.stack, pages_port)
    pages.start()
    desk = open_desk(running.stack, desk_port)
    snapshot = stack_file().with_name("wallet.jsonl")
    wallet = ReferenceWallet(running.stack, mode=mode, circle=circle, snapshot=snapshot) if mode is not None else None
    scanner = MalwareScanner(running.stack)
    scanner.start()
    if wallet is not None:
        wallet.start()
    try:
        running.stack.save()
        if wallet is not None:
            demo.seed(running.stack, progress=progress, remember=wallet.remember, drop=mode is Mode.DROP)
        told = {"endpoint": running.stack.endpoint, "pages": pages.url, "caller": CALLER, "account": ACCOUNT}
        told |= {"desk": desk.url, "staff": ", ".join(STAFF), "password": PASSWORD}
        steps = (WITHOUT_DEMO if wallet is None else WITH_DEMO) + WITH_EITHER
        print(steps.format(**told, file=stack_file()), flush=True)
        circle.begin()
        show_messages(running.ministack, circle)
    finally:
        stack_file().unlink(missing_ok=True)
        if wallet is not None:
            wallet.stop()
        scanner.stop()
        desk.stop()
        pages.stop()

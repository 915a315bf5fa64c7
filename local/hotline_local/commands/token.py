"""`./hotline token`: an access token for an API of the running hotline, as the login of its people would give one."""

import argparse
import json
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Final

from connect_sim.commands.parsing import find_close
from hotline_local.errors import CommandError
from hotline_local.subparsers import Subparsers

if TYPE_CHECKING:
    from hotline_local.launcher.stack import Stack

LIFE: Final = timedelta(hours=1)
SIGNED_IN_MINUTES_MAX: Final = 60 * 24 * 365


def register(subparsers: Subparsers) -> None:
    """Add the command."""
    parser = subparsers.add_parser(
        "token",
        help="get an access token for the API",
        description=(
            "Print an access token that the running hotline's gateway verifies: of a customer, signed by the demo "
            "wallet's login, or of somebody of the demo staff, from the desk's sign-in. "
            'Use it as: curl -H "Authorization: Bearer $(./hotline token --account acct-demo-01)" URL'
        ),
    )
    whose = parser.add_mutually_exclusive_group(required=True)
    whose.add_argument("--account", metavar="ID", help="the account to act for, e.g. acct-demo-01")
    whose.add_argument("--staff", metavar="NAME", help="for the agents' API: agent-1, agent-2, supervisor-1, ..")
    parser.add_argument("--scope", metavar="SCOPES", help="scopes, separated by spaces or commas (default: all)")
    parser.add_argument("--session", metavar="ID", help="name the sign-in, so that tokens share what it proved")
    parser.add_argument(
        "--signed-in",
        type=_minutes,
        metavar="MINUTES",
        help="how long ago the owner signed in; over ten minutes ago it proves nothing (default 0)",
    )
    parser.add_argument(
        "--json", action="store_true", help="one JSON object: token, url of the API, expires_at, scopes"
    )
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Print the token. Raises CommandError when no stack runs, for a scope or a name that there is not, and for a
    sign-in that is refused."""
    from hotline_local.launcher.stack import load

    if arguments.staff is not None and not (arguments.session is None and arguments.signed_in is None):
        raise CommandError("--session and --signed-in are of an account's token.", exit_code=2)
    stack = load()
    if arguments.staff is not None:
        token, url, life, scopes = _sign_in(stack, arguments.staff, arguments.scope)
    else:
        token, url, life, scopes = _sign(stack, arguments)
    if arguments.json:
        expires_at = (datetime.now(UTC) + life).replace(microsecond=0).isoformat()
        print(json.dumps({"token": token, "url": url, "expires_at": expires_at, "scopes": list(scopes)}))
    else:
        print(token)
    return 0


def _sign(stack: "Stack", arguments: argparse.Namespace) -> tuple[str, str, timedelta, tuple[str, ...]]:
    """A customer's token, the address of their API, the token's life and its scopes."""
    from functions.customer_api.access import SCOPES
    from hotline_local.issuer import Issuer

    scopes = _choose(arguments.scope, SCOPES)
    token = Issuer(stack.issuer, Path(stack.issuer_key_file)).token(
        arguments.account,
        scopes,
        now=datetime.now(UTC),
        life=LIFE,
        signed_in=timedelta(minutes=arguments.signed_in or 0),
        session=arguments.session,
    )
    return token, stack.api_url, LIFE, scopes


def _sign_in(stack: "Stack", name: str, wanted: str | None) -> tuple[str, str, timedelta, tuple[str, ...]]:
    """The same for somebody of the staff, who signs in as at the desk."""
    from hotline.agents.model import Permission
    from hotline_local.staff_login import STAFF, StaffLogin

    if name not in STAFF:
        raise CommandError(f"Nobody of the staff is called {name!r}; {_say_names(name, STAFF)}", exit_code=2)
    scopes = _choose(wanted, tuple(permission.value for permission in Permission))
    login = StaffLogin(stack.staff_issuer, stack.staff_pool_id, stack.staff_client_id)
    tokens = login.sign_in(stack.client("cognito-idp"), stack.endpoint, name, scopes)
    return tokens["access_token"], stack.agent_api_url, timedelta(seconds=int(tokens["expires_in"])), scopes


def _choose(wanted: str | None, every: tuple[str, ...]) -> tuple[str, ...]:
    """The scopes that were asked for. Raises CommandError for one that there is not."""
    scopes = tuple(wanted.replace(",", " ").split()) if wanted is not None else every
    unknown = sorted(set(scopes) - set(every))
    if unknown:
        raise CommandError(f"There is no scope {unknown[0]!r}; {_say_names(unknown[0], every)}", exit_code=2)
    return scopes


def _say_names(name: str, known: Iterable[str]) -> str:
    """The end of a sentence about a name that nothing has: the one that is close to it, or all of them."""
    names = list(known)
    close = find_close(name, names)
    return f"there are: {', '.join(names)}." if close is None else f"did you mean {close}?"


def _minutes(text: str) -> int:
    if not text.isdecimal() or int(text) > SIGNED_IN_MINUTES_MAX:
        raise argparse.ArgumentTypeError(f"{text!r} is no number of minutes up to a year")
    return int(text)

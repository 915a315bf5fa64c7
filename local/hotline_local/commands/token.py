"""`./hotline token`: an access token for the API of the running hotline, as the demo wallet's login would give one."""

import argparse
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

from hotline_local.errors import CommandError
from hotline_local.subparsers import Subparsers

LIFE: Final = timedelta(hours=1)
SIGNED_IN_MINUTES_MAX: Final = 60 * 24 * 365


def register(subparsers: Subparsers) -> None:
    """Add the command."""
    parser = subparsers.add_parser(
        "token",
        help="get an access token for the API",
        description=(
            "Print an access token that the running hotline's gateway verifies, signed by the demo wallet's login. "
            'Use it as: curl -H "Authorization: Bearer $(./hotline token --account acct-demo-01)" URL'
        ),
    )
    parser.add_argument("--account", required=True, metavar="ID", help="the account to act for, e.g. acct-demo-01")
    parser.add_argument("--scope", metavar="SCOPES", help="scopes, separated by spaces or commas (default: all)")
    parser.add_argument("--session", metavar="ID", help="name the sign-in, so that tokens share what it proved")
    parser.add_argument(
        "--signed-in",
        type=_minutes,
        default=0,
        metavar="MINUTES",
        help="how long ago the owner signed in; over ten minutes ago it proves nothing (default 0)",
    )
    parser.add_argument(
        "--json", action="store_true", help="one JSON object: token, url of the API, expires_at, scopes"
    )
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Print the token. Raises CommandError when no stack runs, or for a scope that there is not."""
    from functions.customer_api.access import SCOPES
    from hotline_local.issuer import Issuer
    from hotline_local.launcher.stack import load

    stack = load()
    scopes = tuple(arguments.scope.replace(",", " ").split()) if arguments.scope is not None else SCOPES
    unknown = sorted(set(scopes) - set(SCOPES))
    if unknown:
        raise CommandError(f"There is no scope {unknown[0]!r}; there are: {', '.join(SCOPES)}.", exit_code=2)
    now = datetime.now(UTC)
    token = Issuer(stack.issuer, Path(stack.issuer_key_file)).token(
        arguments.account,
        scopes,
        now=now,
        life=LIFE,
        signed_in=timedelta(minutes=arguments.signed_in),
        session=arguments.session,
    )
    if arguments.json:
        expires_at = (now + LIFE).replace(microsecond=0).isoformat()
        print(json.dumps({"token": token, "url": stack.api_url, "expires_at": expires_at, "scopes": list(scopes)}))
    else:
        print(token)
    return 0


def _minutes(text: str) -> int:
    if not text.isdecimal() or int(text) > SIGNED_IN_MINUTES_MAX:
        raise argparse.ArgumentTypeError(f"{text!r} is no number of minutes up to a year")
    return int(text)

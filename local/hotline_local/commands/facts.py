"""`./hotline facts --account ID|--unopened`: what the running hotline has heard of an account, or of unopened ones."""

import argparse
import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

from hotline_local.counts import count_things
from hotline_local.subparsers import Subparsers

if TYPE_CHECKING:
    from hotline.accounts.service import UnopenedFacts
    from hotline.kit.store import Store

UNKNOWN: Final = "unknown"
ERASED: Final = "erased"
UNOPENED: Final = "unopened"


def register(subparsers: Subparsers) -> None:
    """Add the command."""
    parser = subparsers.add_parser(
        "facts",
        help="see facts about accounts that the wallet never opened",
        description=(
            "The hotline keeps facts about an account for which account.opened has not come. It counts them by "
            "account and type: this month and the two before it. Its customer can do nothing on the line until it "
            "comes."
        ),
    )
    which = parser.add_mutually_exclusive_group(required=True)
    which.add_argument("--account", metavar="ID", help="the state of one account, and what came before it was opened")
    which.add_argument("--unopened", action="store_true", help="every account with facts and without account.opened")
    parser.add_argument("--json", action="store_true", help="one JSON object a line, and nothing else")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """List the counts; return 1 for an account of which nothing is known. Raises CommandError when no stack runs."""
    from hotline.accounts.service import list_unopened_facts
    from hotline_local.launcher.stack import load

    store = load().hotline_store()
    found = list_unopened_facts(store, datetime.now(UTC), arguments.account)
    state = UNOPENED if arguments.account is None else state_of(store, arguments.account)
    if arguments.account is not None:
        print(json.dumps({"account_id": arguments.account, "state": state}) if arguments.json else f"Account: {state}.")
    for one in found:
        print(json.dumps(_as_json(one)) if arguments.json else _sentence(one))
    if arguments.unopened and not arguments.json:
        accounts = len({one.account_id for one in found})
        print(
            f"{count_things(accounts, 'account was', 'accounts were')} never opened."
            if found
            else "Every account with facts was opened."
        )
    return 1 if state == UNKNOWN else 0


def state_of(store: "Store", account_id: str) -> str:
    """Return `open`, `closed`, `unopened`, `erased`, or `unknown` for an account that no fact has named."""
    from hotline.accounts import service as accounts
    from hotline.accounts.model import AccountStatus
    from hotline.lockout import service as lockout

    keys = (accounts.profile_key(account_id), *lockout.lock_keys(account_id))
    read = store.batch_get(keys)
    if lockout.is_erased(read, account_id):
        return ERASED
    profile = accounts.profile_from(read.get(keys[0]))
    if profile is None:
        return UNKNOWN
    return UNOPENED if profile.status is AccountStatus.STUB else profile.status.value


def _as_json(one: "UnopenedFacts") -> dict[str, str | int]:
    from hotline.kit.clock import to_text

    known: dict[str, str | int] = {"account_id": one.account_id, "type": one.type, "count": one.count}
    return {**known, "first_at": to_text(one.first_at), "last_at": to_text(one.last_at)}


def _sentence(one: "UnopenedFacts") -> str:
    told = _as_json(one)
    return (
        f"{one.account_id} {one.type}: {count_things(one.count, 'fact')}, from {told['first_at']} to {told['last_at']}"
    )

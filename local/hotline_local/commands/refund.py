"""`./hotline refund explain NAME`: the decision on a refund, made again from its record and by what holds today."""

import argparse
import json
import re
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

from hotline_local.aws_stacks import add_arguments, open_hotline_store
from hotline_local.errors import CommandError
from hotline_local.subparsers import Subparsers

if TYPE_CHECKING:
    from hotline.kit.store import Store
    from hotline.refunds.model import PolicyDecision, RuleResult
    from hotline.refunds.reproductions import Reproduction
    from hotline_local.launcher.stack import Stack

_REFUND: Final = "REFUND#"
LISTED_MAX: Final = 100
"""So many refunds of one account are looked at for a reference."""
SCAN_PAGES_MAX: Final = 20
"""So many pages of 1 MB, thousands of accounts, are searched on this machine for a refund without its account."""
NAME_THE_ACCOUNT: Final = (
    "Name the account with --account ID: it is the subject of every decision about the refund, and stands on its case."
)


def register(subparsers: Subparsers) -> None:
    """Add the command."""
    parser = subparsers.add_parser("refund", help="see why a refund was decided as it was")
    actions = parser.add_subparsers(title="actions", metavar="ACTION", required=True)
    sentence = "make the decision on a refund again, from its record alone and by what holds today"
    explain = actions.add_parser(
        "explain",
        help=sentence,
        description=f"{sentence}. Every rule is shown with what it looked at. The exit code is 1 when the record does "
        "not give the decision that was made.",
    )
    explain.add_argument("refund", metavar="NAME", help="the refund's id, or the six digits that its customer heard")
    explain.add_argument(
        "--account",
        metavar="ID",
        help=f"the account's id; without it up to {SCAN_PAGES_MAX} MB of this machine's table are searched",
    )
    explain.add_argument("--json", action="store_true", help="one JSON object, and nothing else")
    add_arguments(explain)
    explain.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Explain the refund. Raises CommandError when no stack runs, when there is no such refund, or when its account has
    to be named."""
    from hotline.refunds.reproductions import reproduce

    named = None if arguments.account else _find(arguments)
    store = open_hotline_store(arguments)
    if arguments.account:
        named = find_in_account(store, arguments.account, arguments.refund)
    found = reproduce(store, *named, datetime.now(UTC)) if named is not None else None
    if found is None:
        raise CommandError("There is no such refund that was asked for at the hotline.")
    told = as_json(found)
    print(json.dumps(told, ensure_ascii=False) if arguments.json else describe(told))
    return 0 if found.is_reproduced else 1


def find_in_account(store: "Store", account_id: str, name: str) -> tuple[str, str] | None:
    """The account and the id of its refund of this name. Of refunds of one reference it is the newest; the newest
    LISTED_MAX are looked at. None: none of them has this reference."""
    from hotline.refunds.service import list_refunds

    if not _is_reference(name):
        return account_id, name
    listed = list_refunds(store, account_id, limit=LISTED_MAX).refunds
    return next(((account_id, one.refund_id) for one in listed if _is_named(one.refund_id, name)), None)


def _find(arguments: argparse.Namespace) -> tuple[str, str] | None:
    from hotline_local.launcher.stack import load

    if arguments.stack is not None:
        raise CommandError(NAME_THE_ACCOUNT, exit_code=2)
    return find_in_table(load(), arguments.refund)


def find_in_table(stack: "Stack", name: str, *, pages_max: int = SCAN_PAGES_MAX) -> tuple[str, str] | None:
    """The account and the id of the refund of this name, by a scan of at most `pages_max` pages. The table of one
    machine is small. None: the whole table has no such refund. Raises CommandError when it is larger."""
    scan = stack.client("dynamodb").scan
    asked: dict[str, Any] = {
        "TableName": stack.hotline_table,
        "FilterExpression": "begins_with(SK, :sk)",
        "ExpressionAttributeValues": {":sk": {"S": _REFUND if _is_reference(name) else f"{_REFUND}{name}"}},
        "ProjectionExpression": "PK, SK",
    }
    for _ in range(pages_max):
        page = scan(**asked)
        for row in page["Items"]:
            refund_id = str(row["SK"]["S"]).removeprefix(_REFUND)
            if _is_named(refund_id, name):
                return str(row["PK"]["S"]).partition("#")[2], refund_id
        if "LastEvaluatedKey" not in page:
            return None
        asked["ExclusiveStartKey"] = page["LastEvaluatedKey"]
    raise CommandError(f"The table is too large to be searched. {NAME_THE_ACCOUNT}", exit_code=2)


def _is_named(refund_id: str, name: str) -> bool:
    from hotline.refunds.service import reference_of

    return refund_id == name or (_is_reference(name) and reference_of(refund_id) == _digits(name))


def _is_reference(name: str) -> bool:
    return re.fullmatch(r"\d{3}[ ,\-]?\d{3}", name, re.ASCII) is not None


def _digits(name: str) -> str:
    return "".join(filter(str.isdecimal, name))


def as_json(found: "Reproduction") -> dict[str, Any]:
    """The explanation as plain data. `remedies`: what would change the decision that was made, in words of each
    language."""
    from hotline.refunds.explanations import explain

    refund = found.refund
    return {
        "refund_id": refund.refund_id,
        "requested_at": refund.requested_at.isoformat(),
        "outcome": found.outcome.value,
        "decided_by": refund.decided_by,
        "policy_version": refund.policy_version,
        "rules": [_rule(rule) for rule in refund.rules],
        "remedies": [_remedy(remedy.value) for remedy in explain(refund.rules, refund.decided_by).remedies],
        "reproduced": found.is_reproduced if found.again is not None else None,
        "today": _decision(found.today) if found.today is not None else None,
        "differs_today": found.today is not None and found.today.outcome is not found.outcome,
        "changed": [
            {
                "rule": one.rule,
                "then": _rule(one.then) if one.then is not None else None,
                "today": _rule(one.today) if one.today is not None else None,
            }
            for one in found.changed_rules
        ],
    }


def _remedy(name: str) -> dict[str, str | None]:
    from hotline.kit.languages import LANGUAGES
    from hotline.wording.catalogue import find

    return {"remedy": name, **{language: find(f"refund.remedy.{name}", language) for language in LANGUAGES}}


def _decision(decision: "PolicyDecision") -> dict[str, Any]:
    return {
        "outcome": decision.outcome.value,
        "decided_by": decision.decided_by,
        "policy_version": decision.policy_version,
    }


def _rule(rule: "RuleResult") -> dict[str, Any]:
    inputs = {name: value if isinstance(value, str | bool) else int(value) for name, value in rule.inputs.items()}
    return {"rule": rule.rule, "outcome": rule.outcome.value if rule.outcome is not None else None, "inputs": inputs}


_REPRODUCED = {
    True: "The record gives the same decision again.",
    False: "THE RECORD GIVES ANOTHER DECISION: the rules have changed since.",
    None: "The record holds no inputs: it was stored before they were kept.",
}


def describe(told: dict[str, Any]) -> str:
    """The explanation in words, a line a rule."""
    lines = [
        f"{told['refund_id']}: {told['outcome']} by {told['decided_by']}, asked for at {told['requested_at']}",
        f"policies {told['policy_version']}",
        *(_line(rule) for rule in told["rules"]),
        *(f"Would change it: {one['remedy']} ({one['en-US']} {one['zh-CN']})" for one in told["remedies"]),
        _REPRODUCED[told["reproduced"]],
    ]
    today = told["today"]
    if today is None:
        return "\n".join([*lines, "Today: the payment is not known any more, or so much of it is not left."])
    differs = "another answer" if told["differs_today"] else "the same answer"
    lines.append(f"Today: {today['outcome']} by {today['decided_by']}, {differs}, policies {today['policy_version']}")
    return "\n".join(lines + [_line(one["today"]) for one in told["changed"] if one["today"] is not None])


def _line(rule: dict[str, Any]) -> str:
    inputs = ", ".join(f"{name} {value}" for name, value in rule["inputs"].items())
    return f"  {rule['rule']:<24}{rule['outcome'] or '-':<14}{inputs}"

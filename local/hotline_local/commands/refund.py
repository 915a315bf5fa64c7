"""`./hotline refund explain ID`: the decision on a refund, made again from its record, and as it would be today."""

import argparse
import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

from hotline_local.aws_stacks import add_arguments, open_hotline_store
from hotline_local.errors import CommandError
from hotline_local.subparsers import Subparsers

if TYPE_CHECKING:
    from hotline.refunds.model import PolicyDecision, RuleResult
    from hotline.refunds.reproductions import Reproduction
    from hotline_local.launcher.stack import Stack

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
    explain.add_argument("refund", metavar="ID", help="the refund's id")
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

    account_id = arguments.account or _find_account(arguments)
    store = open_hotline_store(arguments)
    found = reproduce(store, account_id, arguments.refund, datetime.now(UTC)) if account_id else None
    if found is None:
        raise CommandError("There is no such refund that was asked for at the hotline.")
    told = as_json(found)
    print(json.dumps(told, ensure_ascii=False) if arguments.json else describe(told))
    return 0 if found.is_reproduced else 1


def _find_account(arguments: argparse.Namespace) -> str | None:
    from hotline_local.launcher.stack import load

    if arguments.stack is not None:
        raise CommandError(NAME_THE_ACCOUNT, exit_code=2)
    return find_account(load(), arguments.refund)


def find_account(stack: "Stack", refund_id: str, *, pages_max: int = SCAN_PAGES_MAX) -> str | None:
    """The account of a refund, by a scan of at most `pages_max` pages: the table of one machine is small. None: the
    whole table has no such refund. Raises CommandError when it is larger."""
    scan = stack.client("dynamodb").scan
    asked: dict[str, Any] = {
        "TableName": stack.hotline_table,
        "FilterExpression": "SK = :sk",
        "ExpressionAttributeValues": {":sk": {"S": f"REFUND#{refund_id}"}},
    }
    for _ in range(pages_max):
        page = scan(**asked)
        for row in page["Items"]:
            return str(row["PK"]["S"]).partition("#")[2]
        if "LastEvaluatedKey" not in page:
            return None
        asked["ExclusiveStartKey"] = page["LastEvaluatedKey"]
    raise CommandError(f"The table is too large to be searched. {NAME_THE_ACCOUNT}", exit_code=2)


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

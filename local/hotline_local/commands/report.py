"""`./hotline report`: the numbers of some days, or the summary of a year."""

import argparse
import csv
import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Any, Final
from zoneinfo import ZoneInfo

from connect_sim.commands.parsing import ExitCode
from hotline_local.counts import count_things
from hotline_local.errors import CommandError
from hotline_local.subparsers import Subparsers

if TYPE_CHECKING:
    from hotline.kit.store import Store
    from hotline.reports.model import Report

DAYS: Final = 14
"""As many days as are shown when nobody says from when."""
COLUMNS: Final = ("day", "what", "name", "detail", "count")
TABLE_OUTPUT: Final = "HotlineTableName"
ZONE_OUTPUT: Final = "ReportTimeZone"
EPILOG: Final = """\
examples:
  ./hotline report                                   the last two weeks, of the stack that make run started
  ./hotline report --from 2026-11-01 --to 2026-11-30 --csv > november.csv
  ./hotline report --year 2026                       complaints, as they are published by 31 January
  ./hotline report --stack hotline --json            of a stack on AWS, with the credentials of this terminal
a day is one of the time zone that the stack was deployed with (AgentTimeZone). Figures of the last days may still
change: what comes late corrects them.
"""


def register(subparsers: Subparsers) -> None:
    """Add the command."""
    parser = subparsers.add_parser(
        "report",
        help="see numbers of calls, locks, refunds, complaints and the survey",
        description="Calls by topic and ending, repeated calls, time to answer, causes of locks, refunds against their "
        "promise, complaints and how fast they were closed, verdicts on findings by rule, and the survey after a "
        "person's call.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--from", dest="start", type=_day, metavar="DAY", help=f"default: {DAYS} days up to --to")
    parser.add_argument("--to", dest="end", type=_day, metavar="DAY", help="the last day, such as 2026-11-30; today")
    parser.add_argument("--year", type=_year, metavar="YYYY", help="the yearly summary of complaints instead")
    parser.add_argument("--stack", metavar="NAME", help="a stack on AWS instead of the one on this machine")
    form = parser.add_mutually_exclusive_group()
    form.add_argument("--csv", action="store_true", help="every count of every day, as a table with a head")
    form.add_argument("--json", action="store_true", help="one JSON object, and nothing else")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Print the numbers. Raises CommandError for days that cannot be, when no stack runs, or when AWS refuses."""
    store, zone = _find(arguments.stack)
    start, end = _days(arguments, datetime.now(ZoneInfo(zone)).date())
    return show(store, start, end, arguments)


def show(store: "Store", start: date, end: date, arguments: argparse.Namespace) -> int:
    """Read the counts of a store and print them in the form that was asked for."""
    from hotline.kit.errors import InvalidInput
    from hotline.reports import service as reports

    try:
        report = reports.read_report(store, start, end)
    except InvalidInput as error:
        raise CommandError(_REFUSALS[error.code], exit_code=ExitCode.USAGE) from None
    if arguments.csv and arguments.year is None:
        table = csv.writer(sys.stdout, lineterminator="\n")
        table.writerow(COLUMNS)
        table.writerows(reports.rows_of(reports.read_counts(store, start, end)))
        return 0
    if arguments.year is not None:
        summary = reports.yearly(report)
        if arguments.csv:
            _write_kinds(summary["kinds"])
        else:
            print(json.dumps(summary) if arguments.json else "\n".join(_yearly_lines(summary)))
        return 0
    print(json.dumps(reports.plain(report)) if arguments.json else "\n".join(lines(report)))
    return 0


def lines(report: "Report") -> Iterator[str]:
    """The report in sentences and small tables."""
    from hotline.reports import service as reports

    told = reports.plain(report)
    calls = sum(one.total for one in report.days)
    yield f"{report.start} to {report.end}: {count_things(calls, 'call')}."
    endings = [name for name in told["contacts"][0] if name != "day"]
    yield from _table(("Day", *endings), [[one["day"], *(one[name] for name in endings)] for one in told["contacts"]])
    yield from _table(("Topic", *endings), [[one["topic"], *(one[name] for name in endings)] for one in told["topics"]])
    repeats, answer = told["repeats"], told["answer"]
    yield f"Repeated within 7 days: {repeats['count']} of {repeats['of']} calls that showed a number."
    yield (
        f"Answered by a person: {answer['count']}; half within {_seconds(answer['median_s'])}, "
        f"nine in ten within {_seconds(answer['p90_s'])}."
        if answer["count"]
        else "Nobody was answered by a person."
    )
    yield from _table(
        ("Lock", "cause", "count"), [[one["kind"], one["cause"], one["count"]] for one in told["lock_causes"]]
    )
    promise = ("kept", "late", "waiting", "withdrawn", "none")
    yield from _table(
        ("Refund", "count", *promise),
        [[one["status"], one["count"], *(one[name] for name in promise)] for one in told["refunds"]],
    )
    yield from _table(
        ("Complaint", "count", "closed", "median days", "in 15 days"),
        [
            [one["kind"], one["count"], one["closed"], _or_dash(one["median_days"]), one["within_15_days"]]
            for one in told["complaints"]
        ],
    )
    yield from _table(("Wish for a person", "count"), [[one["topic"], one["count"]] for one in told["wishes"]])
    yield from _table(
        ("Rule", "version", "confirmed", "false alarm", "unclear", "not me", "precision"),
        [
            [
                one["rule"],
                one["version"],
                one["confirmed"],
                one["false_alarm"],
                one["unclear"],
                one["denied"],
                "-" if one["precision_permille"] is None else f"{one['precision_permille'] / 10:.1f} %",
            ]
            for one in told["rules"]
        ],
    )
    answers = sum(one["count"] for one in told["survey"])
    if answers:
        mean = sum(one["score"] * one["count"] for one in told["survey"]) / answers
        yield f"Survey: {count_things(answers, 'answer')}, {mean:.1f} of 5 on average."


def _yearly_lines(summary: Mapping[str, Any]) -> Iterator[str]:
    complaints, calls = count_things(summary["complaints"], "complaint"), count_things(summary["calls"], "call")
    yield f"{summary['from']} to {summary['to']}: {complaints}, {calls}."
    yield f"Processed: {summary['processed']} ({_percent(summary['processed_percent'])})."
    yield f"Of these within 15 days: {_percent(summary['within_15_days_percent'])}."
    yield from _table(
        ("Complaint", "count", "share", "processed", "median days", "in 15 days"),
        [
            [
                one["kind"],
                one["count"],
                _percent(one["share_percent"]),
                _percent(one["processed_percent"]),
                _or_dash(one["median_days"]),
                _percent(one["within_15_days_percent"]),
            ]
            for one in summary["kinds"]
        ],
    )


def _write_kinds(kinds: Sequence[Mapping[str, Any]]) -> None:
    head = ("kind", "count", "share_percent", "processed", "processed_percent", "median_days", "within_15_days_percent")
    table = csv.DictWriter(sys.stdout, head, lineterminator="\n")
    table.writeheader()
    table.writerows(kinds)


def _table(head: Sequence[str], rows: Sequence[Sequence[object]]) -> Iterator[str]:
    """A table in plain text, after an empty line; nothing without rows."""
    if not rows:
        return
    cells = [list(head), *([str(cell) for cell in row] for row in rows)]
    widths = [max(len(row[place]) for row in cells) for place in range(len(head))]
    yield ""
    for row in cells:
        first, *others = (
            cell.ljust(width) if place == 0 else cell.rjust(width)
            for place, (cell, width) in enumerate(zip(row, widths, strict=True))
        )
        yield "  ".join((first, *others)).rstrip()


def _seconds(value: int | None) -> str:
    return "more than half an hour" if value is None else f"{value} s"


def _percent(value: int | None) -> str:
    return "-" if value is None else f"{value} %"


def _or_dash(value: object) -> str:
    return "-" if value is None else str(value)


_REFUSALS: Final = {
    "days_out_of_order": "--to is before --from.",
    "too_many_days": "A report has 400 days at most: choose a later --from, or --year.",
}


def _days(arguments: argparse.Namespace, today: date) -> tuple[date, date]:
    """The first and the last day. Raises CommandError for a year beside days."""
    if arguments.year is not None:
        if arguments.start is not None or arguments.end is not None:
            raise CommandError("--year stands alone, without --from and --to.", exit_code=ExitCode.USAGE)
        return date(arguments.year, 1, 1), date(arguments.year, 12, 31)
    end: date = arguments.end or today
    return arguments.start or end - timedelta(days=DAYS - 1), end


def _find(stack_name: str | None) -> "tuple[Store, str]":
    """The store of the stack on this machine, or of one on AWS, and the zone of its days. Raises CommandError."""
    if stack_name is None:
        from hotline_local.launcher.stack import load

        stack = load()
        return stack.hotline_store(), stack.report_time_zone
    import boto3
    from botocore.exceptions import BotoCoreError, ClientError

    from hotline.kit.aws.sdk import SdkService, make_client
    from hotline.kit.config import TableNames
    from hotline.kit.store import Table
    from hotline.kit.store.dynamodb import DynamoStore

    try:
        (found,) = boto3.client("cloudformation").describe_stacks(StackName=stack_name)["Stacks"]
    except (BotoCoreError, ClientError) as error:
        code = error.response["Error"]["Code"] if isinstance(error, ClientError) else type(error).__name__
        raise CommandError(f"AWS does not show the stack {stack_name} ({code}): check name, region, rights.") from None
    outputs = {output["OutputKey"]: output["OutputValue"] for output in found.get("Outputs", [])}
    for name in (TABLE_OUTPUT, ZONE_OUTPUT):
        if name not in outputs:
            raise CommandError(f"The stack {stack_name} is no hotline of this version: it has no output {name}.")
    # The SDK finds the credentials of a person at a laptop, wherever they are.
    service = SdkService(make_client("dynamodb", attempts=1))
    return DynamoStore(service, TableNames({Table.HOTLINE: outputs[TABLE_OUTPUT]})), outputs[ZONE_OUTPUT]


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is no day, such as 2026-11-30") from None


def _year(text: str) -> int:
    if len(text) == 4 and text.isascii() and text.isdigit() and 2000 <= int(text) <= 2199:
        return int(text)
    raise argparse.ArgumentTypeError(f"{text!r} is no year from 2000 to 2199")

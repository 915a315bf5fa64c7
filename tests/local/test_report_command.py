"""`./hotline report`: its days, its forms, and its refusals, on a store in memory."""

from __future__ import annotations

import csv
import io
import json
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from botocore.exceptions import ClientError

from hotline_local import cli
from hotline_local.commands import report
from hotline_local.errors import CommandError
from tests.support.report_events import NOON, Counted, call_events, case_event, lock_decision

NOVEMBER = ("--from", "2026-11-01", "--to", "2026-11-30")


@pytest.fixture(autouse=True)
def counted(monkeypatch: pytest.MonkeyPatch) -> Counted:
    """The stack that every command of these tests finds."""
    found = Counted()
    found.begin("contact-1", served=("lockout",))
    found.take(*call_events("contact-1"), lock_decision(id="l-1"))
    found.take(*call_events("contact-2", queued_after_s=3, answered_after_s=20))
    found.take(case_event(id="c-1"))
    found.take(case_event(id="c-2", version=2, status="closed", reason="agent.closed", at=NOON + timedelta(days=3)))
    monkeypatch.setattr(report, "_find", lambda stack: (found.store, "Asia/Shanghai"))
    return found


def said(capsys: pytest.CaptureFixture[str], *arguments: str, code: int = 0) -> str:
    assert cli.main(["report", *arguments]) == code
    captured = capsys.readouterr()
    return captured.out if code == 0 else captured.err


def test_a_report_says_its_numbers_in_words_and_tables(capsys: pytest.CaptureFixture[str]) -> None:
    text = said(capsys, *NOVEMBER)
    assert text.startswith("2026-11-01 to 2026-11-30: 2 calls.\n")
    for line in (
        "2026-11-23          1            1          0         0             0     0",
        "Answered by a person: 1; half within 20 s, nine in ten within 20 s.",
        "lock  TOO_MANY_PASSWORD      1",
        "lockout        1       1            3           1",
    ):
        assert line in text.splitlines(), line


def test_the_json_is_one_object_and_the_same_as_the_apis(capsys: pytest.CaptureFixture[str]) -> None:
    told = json.loads(said(capsys, *NOVEMBER, "--json"))
    assert (told["from"], told["to"], len(told["contacts"])) == ("2026-11-01", "2026-11-30", 30)
    assert told["answer"] == {"count": 1, "median_s": 20, "p90_s": 20}


def test_the_csv_has_every_count_of_every_day(capsys: pytest.CaptureFixture[str], counted: Counted) -> None:
    rows = list(csv.DictReader(io.StringIO(said(capsys, *NOVEMBER, "--csv"))))
    assert {"day": "2026-11-23", "what": "lock", "name": "lock", "detail": "TOO_MANY_PASSWORD", "count": "1"} in rows
    assert sum(int(row["count"]) for row in rows) == sum(counted.tallies().values())


@pytest.mark.parametrize(("form", "part"), [((), "1 complaint, 2 calls"), (("--csv",), "lockout,1,100,1,100,3,100")])
def test_a_year_is_summed_up_by_its_complaints(
    capsys: pytest.CaptureFixture[str], form: tuple[str, ...], part: str
) -> None:
    assert part in said(capsys, "--year", "2026", *form)


def test_a_year_as_json_tells_the_share_that_was_processed(capsys: pytest.CaptureFixture[str]) -> None:
    told = json.loads(said(capsys, "--year", "2026", "--json"))
    assert (told["from"], told["to"], told["processed_percent"]) == ("2026-01-01", "2026-12-31", 100)


def test_the_last_two_weeks_are_shown_when_no_day_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    assert len(json.loads(said(capsys, "--json"))["contacts"]) == report.DAYS
    told = json.loads(said(capsys, "--to", "2026-11-30", "--json"))
    assert (told["from"], told["to"]) == ("2026-11-17", "2026-11-30")


def test_one_of_a_kind_is_said_in_the_singular(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    found = Counted()
    monkeypatch.setattr(report, "_find", lambda stack: (found.store, "Asia/Shanghai"))
    found.begin("contact-1", score=4)
    found.take(*call_events("contact-1", queued_after_s=3, answered_after_s=20), case_event(id="c-1"))
    text = said(capsys, *NOVEMBER)
    assert text.startswith("2026-11-01 to 2026-11-30: 1 call.\n")
    assert "Survey: 1 answer, 4.0 of 5 on average." in text.splitlines()
    year = said(capsys, "--year", "2026")
    assert year.startswith("2026-01-01 to 2026-12-31: 1 complaint, 1 call.\n")
    found.begin("contact-2", score=5)
    found.take(*call_events("contact-2", queued_after_s=3, answered_after_s=20))
    assert "Survey: 2 answers, 4.5 of 5 on average." in said(capsys, *NOVEMBER).splitlines()


def test_a_quiet_time_has_its_sentences_too(capsys: pytest.CaptureFixture[str]) -> None:
    text = said(capsys, "--from", "2026-06-01", "--to", "2026-06-02")
    assert "0 calls." in text
    assert "Nobody was answered by a person." in text
    assert "0 complaints" in said(capsys, "--year", "2025")


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("--from", "2026-11-02", "--to", "2026-11-01"), "--to is before --from.\n"),
        (("--from", "2025-01-01", "--to", "2026-11-01"), "A report has 400 days at most"),
        (("--year", "2026", "--to", "2026-11-01"), "--year stands alone"),
    ],
)
def test_days_that_cannot_be_are_refused_in_one_sentence(
    capsys: pytest.CaptureFixture[str], arguments: tuple[str, ...], sentence: str
) -> None:
    assert said(capsys, *arguments, code=2).startswith(sentence)


@pytest.mark.parametrize(
    ("arguments", "part"),
    [
        (("--from", "01.11.2026"), "'01.11.2026' is no day"),
        (("--year", "26"), "'26' is no year"),
        (("--year", "1999"), "'1999' is no year"),
        (("--csv", "--json"), "not allowed with"),
    ],
)
def test_wrong_usage_says_what_would_be_right(
    capsys: pytest.CaptureFixture[str], arguments: tuple[str, ...], part: str
) -> None:
    with pytest.raises(SystemExit) as ended:
        cli.main(["report", *arguments])
    assert ended.value.code == 2
    assert part in capsys.readouterr().err


# ---------------------------------------------------------------- a stack on AWS


class CloudFormation:
    """A CloudFormation that shows one stack, or refuses."""

    def __init__(self, outputs: list[dict[str, str]] | None) -> None:
        self.outputs = outputs

    def describe_stacks(self, *, StackName: str) -> dict[str, Any]:  # noqa: N803 - as the SDK calls it
        if self.outputs is None:
            raise ClientError({"Error": {"Code": "ValidationError", "Message": StackName}}, "DescribeStacks")
        return {"Stacks": [{"Outputs": self.outputs}]}


@pytest.mark.parametrize(
    ("outputs", "sentence"),
    [
        (None, "AWS does not show the stack mine (ValidationError): check name, region, rights."),
        ([], "The stack mine is no hotline of this version: it has no output HotlineTableName."),
        (
            [{"OutputKey": "HotlineTableName", "OutputValue": "mine"}],
            "The stack mine is no hotline of this version: it has no output ReportTimeZone.",
        ),
    ],
)
def test_a_stack_that_is_not_there_or_no_hotline_is_named(
    monkeypatch: pytest.MonkeyPatch, outputs: list[dict[str, str]] | None, sentence: str
) -> None:
    monkeypatch.undo()
    monkeypatch.setattr("boto3.client", lambda _: CloudFormation(outputs))
    with pytest.raises(CommandError) as refused:
        report._find("mine")
    assert refused.value.sentence == sentence


def test_a_stack_on_aws_is_read_by_the_name_that_it_gives_its_table(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.undo()
    asked: list[Any] = []
    outputs = [
        {"OutputKey": "HotlineTableName", "OutputValue": "mine-HotlineTable-1"},
        {"OutputKey": "ReportTimeZone", "OutputValue": "Pacific/Kiritimati"},
    ]
    monkeypatch.setattr("boto3.client", lambda *_, **__: CloudFormation(outputs))
    monkeypatch.setattr("hotline.kit.store.dynamodb.DynamoStore", lambda _, names: asked.append(names))
    _, zone = report._find("mine")
    assert zone == "Pacific/Kiritimati"
    assert list(asked[0].names.values()) == ["mine-HotlineTable-1"]


@pytest.mark.parametrize("zone", ["Pacific/Kiritimati", "Pacific/Pago_Pago"])
def test_the_last_day_is_today_in_the_zone_of_the_stack(
    monkeypatch: pytest.MonkeyPatch, counted: Counted, capsys: pytest.CaptureFixture[str], zone: str
) -> None:
    monkeypatch.setattr(report, "_find", lambda stack: (counted.store, zone))
    before = datetime.now(ZoneInfo(zone)).date()
    told = json.loads(said(capsys, "--json"))
    assert before <= date.fromisoformat(told["to"]) <= datetime.now(ZoneInfo(zone)).date()
    assert len(told["contacts"]) == report.DAYS

"""docs/operations.md is true: its log codes are those of the catalogue, and every alarm of the template is in it."""

from __future__ import annotations

import re
from typing import Final

from hotline.kit.logging import Event
from hotline_local.launcher.paths import ROOT
from tests.support.documents import read_table
from tests.support.template import cloudformation, resources

DOCUMENT: Final = (ROOT / "docs/operations.md").read_text(encoding="utf-8")
FUNCTIONS: Final = {path.parent.name for path in (ROOT / "functions").glob("*/app.py")}
CODE: Final = re.compile(r"\bHL\d{3}\b")
ELSEWHERE: Final = {"ScanFailedAlarm", "ScanLateAlarm", "ScanFailuresAlarm"}
"""Alarms whose description names docs/detection.md."""


def log_codes() -> list[list[str]]:
    """The rows of the table of log codes."""
    return [list(row.values()) for row in read_table(DOCUMENT, "Code | Level")]


def test_every_log_code_is_in_the_table_with_its_level_and_its_sentence() -> None:
    told = [(code, level, sentence) for code, level, sentence, _, _ in log_codes()]
    assert told == sorted((event.code, event.level, event.sentence) for event in Event)


def test_every_log_code_says_in_whose_log_it_stands_and_what_to_do() -> None:
    for code, _, _, where, do in log_codes():
        assert set(where.split(", ")) <= FUNCTIONS, code
        assert do, code


def test_no_page_names_a_log_code_that_there_is_not() -> None:
    known = {event.code for event in Event}
    for page in sorted((ROOT / "docs").glob("*.md")):
        assert set(CODE.findall(page.read_text(encoding="utf-8"))) <= known, page.name


def test_no_two_log_codes_are_the_same() -> None:
    codes = [event.code for event in Event]
    assert len(codes) == len(set(codes))


def test_every_alarm_of_the_template_is_on_the_page() -> None:
    for name in resources("AWS::CloudWatch::Alarm").keys() - ELSEWHERE:
        assert re.search(rf"\b{name.removesuffix('Alarm')}(Alarm)?\b", DOCUMENT), name


def test_a_log_line_that_an_alarm_counts_is_in_the_catalogue() -> None:
    known = {event.code for event in Event}
    for name, counted in resources("AWS::Logs::MetricFilter").items():
        assert set(CODE.findall(counted["Properties"]["FilterPattern"])) <= known, name


def test_the_lifetimes_that_a_restore_depends_on_are_those_of_the_template() -> None:
    facts = cloudformation()["Resources"]["FactsQueue"]["Properties"]
    assert facts["MessageRetentionPeriod"] == 14 * 24 * 60 * 60
    assert "they wait in the queue for 14 days" in DOCUMENT

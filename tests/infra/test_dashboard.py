"""The dashboard shows what there is: metrics that the stack makes, steps and log codes that the code has."""

from __future__ import annotations

import json
import re
from functools import cache
from typing import Any, Final

from functions.connect.steps import STEPS
from hotline.kit.logging import Event
from tests.support.deployed_template import Deployed, arn

WIDTH: Final = 24
"""Columns of a dashboard (CloudWatch, dashboard body structure)."""


@cache
def deployed() -> Deployed:
    return Deployed({"ConnectInstanceArn": arn("connect", "instance/i-1")})


def widgets() -> list[dict[str, Any]]:
    body = json.loads(deployed().properties("Dashboard")["DashboardBody"])
    found: list[dict[str, Any]] = body["widgets"]
    return found


def metrics() -> list[list[Any]]:
    """Every metric of every widget, without those that are searched for."""
    shown = [metric for widget in widgets() for metric in widget["properties"].get("metrics", [])]
    return [metric for metric in shown if isinstance(metric[0], str)]


def queries() -> list[str]:
    return [widget["properties"]["query"] for widget in widgets() if widget["type"] == "log"]


def test_every_metric_of_the_hotlines_own_is_one_that_the_stack_counts() -> None:
    filters = deployed().resources("AWS::Logs::MetricFilter").values()
    counted = {one["MetricName"] for found in filters for one in found["MetricTransformations"]}
    shown = {metric[1] for metric in metrics() if metric[0] == "Hotline"}
    assert shown
    assert shown <= counted


def test_every_function_and_queue_is_the_stacks() -> None:
    named = {metric[3] for metric in metrics() if metric[0] != "Hotline"}
    queues = {deployed().attribute(name, "QueueName") for name in deployed().resources("AWS::SQS::Queue")}
    functions = {deployed().ref(name) for name in deployed().resources("AWS::Lambda::Function")}
    assert named
    assert named <= queues | functions


def test_every_query_reads_the_phones_log_by_codes_and_steps_that_there_are() -> None:
    log = deployed().ref("ConnectLog")
    assert len(queries()) == 3
    for query in queries():
        assert query.startswith(f"SOURCE '{log}' | ")
        assert set(re.findall(r"HL\d{3}", query)) <= {event.code for event in Event}
        listed = re.search(r"step in \[(.*?)\]|step = ('.*?')", query)
        assert listed is not None
        assert set(re.findall(r"'(\w+)'", listed[0])) <= STEPS.keys()


def test_the_queue_that_is_searched_for_has_the_name_of_the_stacks() -> None:
    (queue,) = deployed().resources("AWS::Connect::Queue").values()
    text = deployed().properties("Dashboard")["DashboardBody"]
    assert text.count(json.dumps(f'"{queue["Name"]}"')[1:-1]) == 2


def test_no_widget_lies_over_another_one() -> None:
    taken: set[tuple[int, int]] = set()
    for widget in widgets():
        columns = range(widget["x"], widget["x"] + widget["width"])
        assert columns.stop <= WIDTH
        cells = {(x, y) for x in columns for y in range(widget["y"], widget["y"] + widget["height"])}
        assert not taken & cells
        taken |= cells

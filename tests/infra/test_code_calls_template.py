"""Calls that read a code out: an option, and whoever promises one, makes one and answers on one agree about it."""

from __future__ import annotations

import json
import re
from typing import Any, Final

import pytest

from hotline.kit.aws.carriers import ConnectCall
from hotline_local.launcher.deploy import PARAMETERS
from tests.support.deployed_template import Deployed, arn
from tests.support.sweeps import sweep
from tests.support.template import cloudformation, properties, resources

INSTANCE: Final = {"ConnectInstanceArn": arn("connect", "instance/9308c2a1-9bc6-4cea-8290-6c0b4a6d38fa")}
NUMBER: Final = {"CodeCallNumber": "+498001234567"}
SAY_WHETHER: Final = ("ConnectFunction", "CustomerApiFunction")
RIGHT: Final = "connect:StartOutboundVoiceContact"


def settings(deployed: Deployed, function: str) -> dict[str, str]:
    found: dict[str, str] = deployed.properties(function)["Environment"]["Variables"]
    return found


def rights(deployed: Deployed) -> list[dict[str, Any]]:
    """Every statement of any role that allows to make calls."""
    return [
        statement
        for role in resources("AWS::IAM::Role")
        for policy in deployed.properties(role)["Policies"]
        for statement in policy["PolicyDocument"]["Statement"]
        if RIGHT in json.dumps(statement)
    ]


@pytest.mark.parametrize("parameters", [{}, PARAMETERS, INSTANCE])
def test_no_calls_are_made_unless_there_is_a_number_for_them(parameters: dict[str, str]) -> None:
    deployed = Deployed(parameters)
    assert {settings(deployed, function)["VOICE_CODES"] for function in SAY_WHETHER} == {"off"}
    assert not {"CODE_CALL_FLOW", "CODE_CALL_NUMBER"} & settings(deployed, "MessengerFunction").keys()
    assert rights(deployed) == []


def test_with_a_number_calls_are_promised_and_made_and_the_flow_speaks_on_them() -> None:
    deployed = Deployed(INSTANCE | NUMBER)
    assert {settings(deployed, function)["VOICE_CODES"] for function in SAY_WHETHER} == {"on"}
    given = settings(deployed, "MessengerFunction")
    assert given["CODE_CALL_NUMBER"] == NUMBER["CodeCallNumber"]
    assert given["CODE_CALL_FLOW"] == f"{INSTANCE['ConnectInstanceArn']}/contact-flow/HotlineOutboundCode"
    assert properties("HotlineOutboundCode")["Type"] == "CONTACT_FLOW"
    ConnectCall(given["CODE_CALL_FLOW"], given["CODE_CALL_NUMBER"])


def test_only_the_messenger_may_make_calls_and_only_in_this_instance() -> None:
    (right,) = rights(Deployed(INSTANCE | NUMBER))
    assert right == {
        "Effect": "Allow",
        "Action": RIGHT,
        "Resource": f"{INSTANCE['ConnectInstanceArn']}/contact/*",
    }
    assert (
        right in Deployed(INSTANCE | NUMBER).properties("MessengerRole")["Policies"][0]["PolicyDocument"]["Statement"]
    )


@sweep(("parameters", "whole"), [({}, True), (INSTANCE, True), (NUMBER, False), (INSTANCE | NUMBER, True)])
def test_a_number_without_an_instance_is_refused(parameters: dict[str, str], whole: bool) -> None:
    (rule,) = cloudformation()["Rules"]["CodeCallsNeedAnInstance"]["Assertions"]
    assert Deployed(parameters).holds(rule["Assert"]) is whole


TASKS: Final = {"CaseTasks": "on"}


@sweep(("parameters", "whole"), [({}, True), (INSTANCE, True), (TASKS, False), (INSTANCE | TASKS, True)])
def test_tasks_need_an_instance_and_a_right_of_the_messenger(parameters: dict[str, str], whole: bool) -> None:
    deployed = Deployed(parameters)
    (rule,) = cloudformation()["Rules"]["TasksNeedAnInstance"]["Assertions"]
    assert deployed.holds(rule["Assert"]) is whole
    statements = deployed.properties("MessengerRole")["Policies"][0]["PolicyDocument"]["Statement"]
    are_started = parameters == INSTANCE | TASKS
    assert ("connect:StartTaskContact" in json.dumps(statements)) is are_started
    flow = deployed.ref("HotlineTask") if are_started else None
    assert settings(deployed, "MessengerFunction").get("TASK_FLOW") == flow


@sweep("number", ["", "+4980012", "+498001234567", "+123456789012345"])
def test_a_number_in_e164_is_taken(number: str) -> None:
    assert re.fullmatch(cloudformation()["Parameters"]["CodeCallNumber"]["AllowedPattern"], number)


@sweep("number", ["498001234567", "+0498001234", "+498001", "+1234567890123456"])
def test_a_number_in_another_form_is_refused(number: str) -> None:
    assert not re.fullmatch(cloudformation()["Parameters"]["CodeCallNumber"]["AllowedPattern"], number)


def test_nothing_that_the_flow_needs_waits_for_the_messenger() -> None:
    """The messenger is told the flow's ARN, so the flow, and the function it calls, must be there before."""
    assert "MessengerFunction" not in json.dumps(properties("ConnectFunction"))
    assert "MessengerFunction" not in json.dumps(properties("ConnectRole"))
    assert "MessengerFunction" not in json.dumps(properties("HotlineOutboundCode"))

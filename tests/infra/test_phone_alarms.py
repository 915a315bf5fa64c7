"""The alarms of the phone: what no limit of one account shows."""

from __future__ import annotations

from typing import Any

import pytest

from hotline.identity import code_messages, limits
from hotline.kit.logging import Event
from hotline.lockout.breaker import PAUSES_WITHOUT_FACTOR_MAX
from tests.support.template import cloudformation


@pytest.mark.parametrize(
    ("name", "log", "pattern"),
    [
        ("WrongCodes", "ConnectLog", f'{{ $.event = "{Event.CODE_WRONG.code}" }}'),
        ("Pauses", "ConnectLog", f'{{ $.event = "{Event.STEP_DONE.code}" && $.step = "pause" }}'),
        ("PausesRefused", "ConnectLog", f'{{ $.event = "{Event.PAUSE_REFUSED.code}" }}'),
        ("CodesHeldBack", "MessengerLog", f'{{ $.event = "{Event.CODE_HELD_BACK.code}" }}'),
        ("UnreadableEntries", "ConnectLog", f'{{ $.event = "{Event.ENTRY_UNREADABLE.code}" }}'),
    ],
)
def test_an_alarm_counts_what_is_logged_over_five_minutes(name: str, log: str, pattern: str) -> None:
    resources = cloudformation()["Resources"]
    counted, alarm = resources[name]["Properties"], resources[f"{name}Alarm"]["Properties"]
    assert counted["FilterPattern"] == pattern
    assert counted["LogGroupName"] == {"Ref": log}
    (metric,) = counted["MetricTransformations"]
    assert (alarm["Namespace"], alarm["MetricName"]) == (metric["MetricNamespace"], metric["MetricName"])
    assert (alarm["Period"], alarm["ComparisonOperator"]) == (300, "GreaterThanThreshold")


@pytest.mark.parametrize("name", ["WrongCodes", "PausesRefused"])
def test_what_happens_in_the_app_counts_in_the_same_alarm(name: str) -> None:
    resources = cloudformation()["Resources"]
    phone, app = (resources[which]["Properties"] for which in (name, f"{name}InTheApp"))
    assert app["LogGroupName"] == {"Ref": "CustomerApiLog"}
    assert {**app, "LogGroupName": phone["LogGroupName"]} == phone


def test_line_and_alarm_have_one_threshold_for_wrong_codes_and_the_breaker_that_of_its_alarm() -> None:
    resources = cloudformation()["Resources"]
    threshold = {"Ref": "WrongCodesAlarmThreshold"}
    assert resources["WrongCodesAlarm"]["Properties"]["Threshold"] == threshold
    for function in ("ConnectFunction", "CustomerApiFunction", "MessengerFunction"):
        assert variables(function)[limits.WRONG_CODES_SETTING] == threshold
    assert resources["PausesAlarm"]["Properties"]["Threshold"] == PAUSES_WITHOUT_FACTOR_MAX


@pytest.mark.parametrize(
    ("function", "setting", "default"),
    [
        ("ConnectFunction", limits.WRONG_CODES_SETTING, limits.WRONG_CODES_MAX),
        ("MessengerFunction", code_messages.MESSAGES_SETTING, code_messages.MESSAGES_MAX),
        ("MessengerFunction", code_messages.PER_PREFIX_SETTING, code_messages.PER_PREFIX_MAX),
    ],
)
def test_a_threshold_is_a_parameter_whose_default_is_the_rules_own(function: str, setting: str, default: int) -> None:
    parameter = variables(function)[setting]["Ref"]
    assert cloudformation()["Parameters"][parameter]["Default"] == default


def variables(function: str) -> dict[str, Any]:
    found: dict[str, Any] = cloudformation()["Resources"][function]["Properties"]["Environment"]["Variables"]
    return found

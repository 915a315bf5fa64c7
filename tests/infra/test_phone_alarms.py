"""The alarms of the phone: what no limit of one account shows."""

from __future__ import annotations

from typing import Any

import pytest

from functions.connect.envelope import TRY_LATER
from functions.messenger.delivery import deliver
from functions.messenger.settings import Sender
from hotline.accounts.model import Channel
from hotline.kit import limits
from hotline.kit.errors import Unavailable
from hotline.kit.logging import Event
from hotline.kit.outbox.delivery import NotDelivered
from hotline.lockout.breaker import PAUSES_WITHOUT_FACTOR_MAX
from tests.support import outbox_entries
from tests.support.log_lines import lines, logged
from tests.support.sweeps import sweep
from tests.support.template import cloudformation


@sweep(
    ("name", "log", "pattern"),
    [
        ("WrongCodes", "ConnectLog", f'{{ $.event = "{Event.CODE_WRONG.code}" }}'),
        ("Pauses", "ConnectLog", f'{{ $.event = "{Event.STEP_DONE.code}" && $.step = "pause" }}'),
        ("PausesRefused", "ConnectLog", f'{{ $.event = "{Event.PAUSE_REFUSED.code}" }}'),
        ("CodesHeldBack", "ConnectLog", f'{{ $.event = "{Event.CODE_HELD_BACK.code}" }}'),
        ("UnreadableEntries", "ConnectLog", f'{{ $.event = "{Event.ENTRY_UNREADABLE.code}" }}'),
        ("TextsRefused", "MessengerLog", f'{{ $.event = "{Event.MESSAGE_FAILED.code}" && $.channel = "sms" }}'),
        ("EmailsRefused", "MessengerLog", f'{{ $.event = "{Event.MESSAGE_FAILED.code}" && $.channel = "email" }}'),
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


@pytest.mark.parametrize("name", ["WrongCodes", "PausesRefused", "CodesHeldBack"])
def test_events_in_the_app_count_in_the_same_alarm(name: str) -> None:
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


@sweep(
    ("function", "setting", "default"),
    [
        ("ConnectFunction", limits.WRONG_CODES_SETTING, limits.WRONG_CODES_MAX),
        ("ConnectFunction", limits.MESSAGES_SETTING, limits.MESSAGES_MAX),
        ("ConnectFunction", limits.PER_PREFIX_SETTING, limits.PER_PREFIX_MAX),
        ("CustomerApiFunction", limits.MESSAGES_SETTING, limits.MESSAGES_MAX),
        ("CustomerApiFunction", limits.PER_PREFIX_SETTING, limits.PER_PREFIX_MAX),
    ],
)
def test_a_threshold_is_a_parameter_whose_default_is_the_rules_own(function: str, setting: str, default: int) -> None:
    parameter = variables(function)[setting]["Ref"]
    assert cloudformation()["Parameters"][parameter]["Default"] == default


@pytest.mark.parametrize(
    ("name", "metric", "most"), [("ConnectErrorsAlarm", "Errors", 0), ("ConnectThrottlesAlarm", "Throttles", 0)]
)
def test_one_failed_or_throttled_step_of_a_call_is_an_alarm(name: str, metric: str, most: int) -> None:
    alarm = of_connect(name)
    assert (alarm["MetricName"], alarm["Statistic"], alarm["Threshold"]) == (metric, "Sum", most)


def test_a_step_that_takes_four_fifths_of_its_time_is_an_alarm() -> None:
    alarm = of_connect("ConnectDurationAlarm")
    function = cloudformation()["Resources"]["ConnectFunction"]["Properties"]
    assert (alarm["MetricName"], alarm["ExtendedStatistic"]) == ("Duration", "p99")
    assert alarm["Threshold"] == function["Timeout"] * 1000 * 4 // 5


def of_connect(name: str) -> dict[str, Any]:
    alarm: dict[str, Any] = cloudformation()["Resources"][name]["Properties"]
    assert alarm["Namespace"] == "AWS/Lambda"
    assert alarm["Dimensions"] == [{"Name": "FunctionName", "Value": {"Ref": "ConnectFunction"}}]
    assert (alarm["ComparisonOperator"], alarm["TreatMissingData"]) == ("GreaterThanThreshold", "notBreaching")
    return alarm


def test_the_share_of_answers_that_put_a_caller_off_is_an_average_of_all_answers() -> None:
    resources = cloudformation()["Resources"]
    counted = {name: resources[name]["Properties"] for name in ("TryLater", "NotTryLater")}
    metrics = [properties["MetricTransformations"] for properties in counted.values()]
    assert [[metric["MetricValue"] for metric in some] for some in metrics] == [["100"], ["0"]]
    assert all("DefaultValue" not in metric for some in metrics for metric in some), "nobody gave those answers"
    assert len({(some[0]["MetricNamespace"], str(some[0]["MetricName"])) for some in metrics}) == 1
    done = f'$.event = "{Event.STEP_DONE.code}"'
    assert counted["TryLater"]["FilterPattern"] == f'{{ {done} && $.outcome = "{TRY_LATER}" }}'
    assert counted["NotTryLater"]["FilterPattern"] == f'{{ {done} && $.outcome != "{TRY_LATER}" }}'
    alarm = resources["TryLaterAlarm"]["Properties"]
    assert (alarm["Statistic"], alarm["Threshold"]) == ("Average", 5)
    assert alarm["MetricName"] == metrics[0][0]["MetricName"]


@pytest.mark.parametrize("channel", ["sms", "email"])
def test_a_refusal_is_logged_with_its_channel_and_the_code_of_the_carrier(channel: Channel) -> None:
    ctx = outbox_entries.context()
    outbox_entries.open_account(ctx)
    point = outbox_entries.PHONE_POINT if channel == "sms" else outbox_entries.EMAIL_POINT
    entry = outbox_entries.message(channel=channel, point=point)
    outbox_entries.store_entry(ctx, entry)
    carrier = outbox_entries.Carrier(failure=Unavailable(service_code="Throttling"))
    with logged() as log, pytest.raises(NotDelivered):
        deliver(outbox_entries.stream_event(entry), ctx, Sender("Demo Wallet", ("+864005550199",)), {channel: carrier})
    (line,) = [line for line in lines(log) if line["event"] == Event.MESSAGE_FAILED.code]
    assert (line["channel"], line["reason"]) == (channel, "Throttling")


def variables(function: str) -> dict[str, Any]:
    found: dict[str, Any] = cloudformation()["Resources"][function]["Properties"]["Environment"]["Variables"]
    return found

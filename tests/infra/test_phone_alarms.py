"""The alarms of the phone: what no limit of one account shows."""

from __future__ import annotations

import pytest

from hotline.kit.logging import Event
from tests.support.template import cloudformation


@pytest.mark.parametrize(
    ("name", "pattern"),
    [
        ("WrongCodes", f'{{ $.event = "{Event.CODE_WRONG.code}" }}'),
        ("UnreadableEntries", f'{{ $.event = "{Event.ENTRY_UNREADABLE.code}" }}'),
        ("Pauses", f'{{ $.event = "{Event.STEP_DONE.code}" && $.step = "pause" }}'),
    ],
)
def test_an_alarm_counts_what_the_phone_logs_over_five_minutes(name: str, pattern: str) -> None:
    resources = cloudformation()["Resources"]
    counted, alarm = resources[name]["Properties"], resources[f"{name}Alarm"]["Properties"]
    assert counted["FilterPattern"] == pattern
    assert counted["LogGroupName"] == {"Ref": "ConnectLog"}
    (metric,) = counted["MetricTransformations"]
    assert (alarm["Namespace"], alarm["MetricName"]) == (metric["MetricNamespace"], metric["MetricName"])
    assert (alarm["Period"], alarm["ComparisonOperator"]) == (300, "GreaterThanThreshold")

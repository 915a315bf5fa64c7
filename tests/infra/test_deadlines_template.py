"""The promises of template.yaml about due work: who calls, who may, where failures end, and what rings."""

import json
import re
from datetime import timedelta
from typing import Any, Final

import pytest

from functions.deadlines.redrives import LEFT_BEHIND_AFTER
from hotline.kit.aws.carriers import QUEUE_MESSAGES_MAX
from hotline.kit.logging import Event
from hotline.kit.spread import PARTITIONS_DEFAULT, PARTITIONS_MAX
from hotline_local.launcher.deploy import PARAMETERS
from tests.support.sweeps import sweep
from tests.support.template import cloudformation, properties, resources, statements_of

COUNTED: Final = {
    "UnconfirmedDecisions": Event.DECISION_UNCONFIRMED,
    "LateRefunds": Event.REFUND_OVERDUE,
    "UnpaidRefunds": Event.REFUND_UNPAID,
    "EntriesLeftBehind": Event.ENTRY_REDRIVEN,
    "DeadlinesNotWorkedOff": Event.DUE_FAILED,
    "UnscannedPictures": Event.EVIDENCE_UNSCANNED,
}


def test_the_schedule_calls_the_alias_each_minute_unless_it_is_switched_off() -> None:
    schedule = properties("DeadlinesEveryMinute")
    assert schedule["ScheduleExpression"] == "rate(1 minute)"
    assert schedule["Target"]["Arn"] == {"Ref": "DeadlinesFunctionAliaslive"}
    assert json.loads(schedule["Target"]["Input"]) == {}
    assert schedule["State"] == {"Fn::If": ["HasDeadlinesSchedule", "ENABLED", "DISABLED"]}
    assert cloudformation()["Parameters"]["DeadlinesSchedule"]["Default"] == "on"
    assert "DeadlinesSchedule" not in PARAMETERS  # the launcher decides it for each stack


def test_a_run_that_fails_is_not_repeated_but_kept_and_the_next_minute_does_the_rest() -> None:
    failures = {"Fn::GetAtt": ["DeadlinesFailures", "Arn"]}
    target = properties("DeadlinesEveryMinute")["Target"]
    assert target["RetryPolicy"]["MaximumRetryAttempts"] == 0
    assert target["DeadLetterConfig"]["Arn"] == failures
    (invoked,) = (
        found["Properties"]
        for found in resources("AWS::Lambda::EventInvokeConfig").values()
        if found["Properties"]["FunctionName"] == {"Ref": "DeadlinesFunction"}
    )
    assert invoked["MaximumRetryAttempts"] == 0
    assert invoked["DestinationConfig"]["OnFailure"]["Destination"] == failures


def test_deadlines_reads_new_partitions_before_anybody_writes_into_them() -> None:
    """CloudFormation updates a function after those that it depends on."""
    parameter = cloudformation()["Parameters"]["DuePartitions"]
    assert parameter["Default"] == PARTITIONS_DEFAULT
    assert max(parameter["AllowedValues"]) == max(PARTITIONS_MAX.values())
    writers = {name for name, body in resources("AWS::Lambda::Function").items() if _touches_what_is_due(body)}
    assert len(writers) == 12
    late = {
        name
        for name in writers - {"DeadlinesFunction"}
        if "DeadlinesFunctionAliaslive" not in _depends_on(cloudformation()["Resources"][name])
    }
    assert late == set()


def _touches_what_is_due(function: dict[str, Any]) -> bool:
    variables = function["Properties"]["Environment"]["Variables"]
    return bool({"HOTLINE_TABLE", "OUTBOX_TABLE"} & variables.keys())


def _depends_on(resource: dict[str, Any]) -> list[str]:
    found = resource.get("DependsOn", [])
    return [found] if isinstance(found, str) else list(found)


def test_nobody_but_deadlines_reads_the_indexes_of_what_is_due_and_pending() -> None:
    for index in ("due", "pending"):
        readers = {
            name
            for name, role in resources("AWS::IAM::Role").items()
            if re.search(rf"/index/{index}\b", json.dumps(role["Properties"]["Policies"]))
        }
        assert readers == {"DeadlinesRole"}


def test_deadlines_deletes_in_the_table_of_customers_only() -> None:
    """Only an erasure leaves items and pictures to delete; an outbox entry ends by itself."""
    deleting = [found for found in statements_of("DeadlinesRole") if "Delete" in json.dumps(found)]
    assert [found["Resource"] for found in deleting] == [
        {"Fn::GetAtt": ["HotlineTable", "Arn"]},
        {"Fn::Sub": "${EvidenceBucket.Arn}/evidence/*"},
    ]


@pytest.mark.parametrize(
    ("function", "queue"), [("MessengerFunction", "MessagesAgain"), ("DecisionsFunction", "DecisionsAgain")]
)
def test_each_consumer_has_a_queue_of_its_own_for_what_was_left_behind(function: str, queue: str) -> None:
    mapping = properties(f"{function}Again")
    assert mapping["EventSourceArn"] == {"Fn::GetAtt": [queue, "Arn"]}
    assert mapping["FunctionName"] == {"Ref": f"{function}Aliaslive"}
    assert mapping["BatchSize"] == QUEUE_MESSAGES_MAX
    assert properties(queue)["VisibilityTimeout"] >= 6 * properties(function)["Timeout"]
    role = properties(function)["Role"]["Fn::GetAtt"][0]
    receives = [found for found in statements_of(role) if "sqs:ReceiveMessage" in found["Action"]]
    assert [found["Resource"] for found in receives] == [{"Fn::GetAtt": [queue, "Arn"]}]


def test_a_consumer_that_is_busy_with_an_entry_has_let_go_of_it_before_it_counts_as_left_behind() -> None:
    for function in ("MessengerFunction", "DecisionsFunction"):
        assert timedelta(seconds=properties(function)["Timeout"]) < LEFT_BEHIND_AFTER


@sweep(("name", "event"), COUNTED.items())
def test_log_lines_are_counted_by_code_and_ring(name: str, event: Event) -> None:
    counted = properties(name)
    assert counted["LogGroupName"] == {"Ref": "DeadlinesLog"}
    assert counted["FilterPattern"] == f'{{ $.event = "{event.code}" }}'
    (metric,) = counted["MetricTransformations"]
    alarm = properties(f"{name}Alarm")
    assert (alarm["Namespace"], alarm["MetricName"]) == (metric["MetricNamespace"], metric["MetricName"])
    assert alarm["ComparisonOperator"] == "GreaterThanThreshold"


@pytest.mark.parametrize("queue", ["DeadlinesFailures", "AgainDeadLetters"])
def test_the_first_message_in_a_queue_of_failures_rings(queue: str) -> None:
    alarm = properties(f"{queue}Alarm")
    assert alarm["Dimensions"] == [{"Name": "QueueName", "Value": {"Fn::GetAtt": [queue, "QueueName"]}}]
    assert (alarm["Threshold"], alarm["MetricName"]) == (0, "ApproximateNumberOfMessagesVisible")


def test_silence_rings_while_the_schedule_is_on() -> None:
    alarm = properties("DeadlinesLateAlarm")
    assert cloudformation()["Resources"]["DeadlinesLateAlarm"]["Condition"] == "HasDeadlinesSchedule"
    assert (alarm["MetricName"], alarm["ComparisonOperator"]) == ("Invocations", "LessThanThreshold")
    assert alarm["TreatMissingData"] == "breaching"
    assert alarm["Dimensions"] == [{"Name": "FunctionName", "Value": {"Ref": "DeadlinesFunction"}}]


def test_every_alarm_tells_the_topic_if_there_is_one() -> None:
    for name, alarm in resources("AWS::CloudWatch::Alarm").items():
        expected = {"Fn::If": ["HasAlarmTopic", [{"Ref": "AlarmTopicArn"}], {"Ref": "AWS::NoValue"}]}
        assert alarm["Properties"]["AlarmActions"] == expected, name

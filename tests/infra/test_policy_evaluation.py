"""The evaluation that tells whether a role allows a call: as IAM decides it, for as much of IAM as the template
uses."""

from __future__ import annotations

from typing import Any, Final

import pytest

from tests.support.aws_calls import PHONE_NUMBER, UNKNOWN, calls_of
from tests.support.deployed_template import Deployed, arn
from tests.support.iam import Call, grants, matches
from tests.support.service_calls import service_calls
from tests.support.sweeps import sweep

TABLE: Final = arn("dynamodb", "table/hotline")
BUS: Final = arn("events", "event-bus/hotline")


def allowed(call: Call, **statement: Any) -> bool:
    return any(grant.allows(call) for grant in grants([{"Effect": "Allow", **statement}]))


@sweep(
    ("pattern", "text", "same"),
    [
        ("table/hotline", "table/hotline", True),
        ("table/hotline", "table/hotline/index/due", False),
        ("table/*", "table/hotline/index/due", True),
        ("table/hotlin?", "table/hotline", True),
        ("table/hotlin?", "table/hotlin", False),
        ("table.hotline", "table/hotline", False),
        ("[a-z]*", "hotline", False),
    ],
)
def test_a_star_is_any_number_of_characters_and_a_question_mark_is_one(pattern: str, text: str, same: bool) -> None:
    assert matches(pattern, text) is same


def test_an_action_is_allowed_on_the_named_resource_and_no_other() -> None:
    statement = {"Action": ["dynamodb:GetItem", "dynamodb:Query"], "Resource": [TABLE]}
    assert allowed(Call("dynamodb:Query", TABLE), **statement)
    assert not allowed(Call("dynamodb:PutItem", TABLE), **statement)
    assert not allowed(Call("dynamodb:Query", f"{TABLE}/index/due"), **statement)


def test_everything_but_a_resource_is_everything_else() -> None:
    statement = {"Action": "sns:Publish", "NotResource": "arn:aws:sns:*:*:*"}
    assert allowed(Call("sns:Publish", PHONE_NUMBER), **statement)
    assert not allowed(Call("sns:Publish", arn("sns", "alarms")), **statement)


@pytest.mark.parametrize(
    ("context", "holds"),
    [((("events:source", "hotline"),), True), ((("events:source", "wallet"),), False), ((), False)],
)
def test_a_condition_holds_for_its_values_and_not_for_an_absent_key(
    context: tuple[tuple[str, str], ...], holds: bool
) -> None:
    condition = {"StringEquals": {"events:Source": ["hotline", "line"]}}
    call = Call("events:PutEvents", BUS, context)
    assert allowed(call, Action="events:PutEvents", Resource=BUS, Condition=condition) is holds


def test_arns_are_compared_part_by_part() -> None:
    def from_source(pattern: str) -> bool:
        call = Call("sqs:SendMessage", "queue", (("aws:sourcearn", arn("events", "rule/hotline/facts")),))
        condition = {"ArnLike": {"aws:SourceArn": pattern}}
        return allowed(call, Action="sqs:SendMessage", Resource="queue", Condition=condition)

    assert from_source("arn:aws:events:*:*:rule/hotline/*")
    assert not from_source("arn:aws:*:rule/hotline/*")


@sweep(
    "statement",
    [
        {"Effect": "Deny", "Action": "s3:GetObject", "Resource": "*"},
        {"Effect": "Allow", "NotAction": "s3:GetObject", "Resource": "*"},
        {"Effect": "Allow", "Action": "s3:GetObject", "NotResource": ["one", "other"]},
        {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*", "Condition": {"Bool": {"aws:X": "true"}}},
    ],
)
def test_an_unknown_part_of_a_policy_is_refused_and_not_guessed(statement: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"understood|excluded"):
        grants([statement])


def test_a_transaction_is_a_call_for_each_of_its_items() -> None:
    writes = [{"Put": {"TableName": "hotline"}}, {"ConditionCheck": {"TableName": "hotline"}}]
    assert calls_of("dynamodb", "TransactWriteItems", {"TransactItems": writes}) == [
        Call("dynamodb:PutItem", TABLE),
        Call("dynamodb:ConditionCheckItem", TABLE),
    ]


def test_a_query_of_an_index_is_a_call_on_the_index() -> None:
    (call,) = calls_of("dynamodb", "Query", {"TableName": "hotline", "IndexName": "due"})
    assert call.resource == f"{TABLE}/index/due"


def test_an_operation_that_is_not_known_is_on_a_resource_that_nobody_may_use() -> None:
    assert calls_of("dynamodb", "Scan", {"TableName": "hotline"}) == [Call("dynamodb:Scan", UNKNOWN)]


def test_the_calls_of_services_follow_from_the_template() -> None:
    made = service_calls(Deployed())
    queue = arn("sqs", "hotline-FactsQueue")
    assert {call.action for call in made["WalletEventsRole"] if call.resource == queue} == {
        "sqs:ReceiveMessage",
        "sqs:DeleteMessage",
        "sqs:GetQueueAttributes",
    }
    assert {str(call) for call in made["DeadlinesScheduleRole"]} == {
        f"lambda:InvokeFunction on {arn('lambda', 'function:hotline-deadlines:live')}",
        f"sqs:SendMessage on {arn('sqs', 'hotline-DeadlinesFailures')}",
    }

"""The rights in the template: every statement of every policy, whatever resource it stands in.

The use of each function's rights is tested in test_least_privilege.py.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from tests.support.sweeps import sweep
from tests.support.template import cloudformation, properties, resources

# (resource, part of a statement, text with a star) -> why no narrower text would do.
STARS: Final = {
    ("DeskBucketPolicy", "Resource", "${DeskBucket.Arn}/*"): "The bucket holds nothing but the files of the page.",
    ("DecisionsRole", "Resource", "${OutboxTable.Arn}/stream/*"): "to list streams is a right to all of one table's",
    ("MessengerRole", "Resource", "${OutboxTable.Arn}/stream/*"): "to list streams is a right to all of one table's",
    ("MessengerRole", "Resource", "${ConnectInstanceArn}/contact/*"): "a call gets its id when it is made",
    ("ContactEventsRole", "Resource", "${ConnectInstanceArn}/agent/*"): "users of the instance are people",
    ("MessengerRole", "NotResource", "arn:${AWS::Partition}:sns:*:*:*"): "a phone number is no ARN, and all else is",
    (
        "ScanStateMachineRole",
        "Resource",
        "arn:${AWS::Partition}:states:${AWS::Region}:${AWS::AccountId}:execution:${AWS::StackName}-security-scan:*",
    ): "each run has a name of its own",
    (
        "BacktestStateMachineRole",
        "Resource",
        "arn:${AWS::Partition}:states:${AWS::Region}:${AWS::AccountId}:execution:${AWS::StackName}-backtest:*",
    ): "each run has a name of its own",
    ("BacktestRole", "Resource", "${BacktestBucket.Arn}/input/*"): "people name their histories",
    ("BacktestRole", "Resource", "${BacktestBucket.Arn}/parts/*"): "each run has names of its own",
    ("BacktestRole", "Resource", "${BacktestBucket.Arn}/output/*"): "each run has names of its own",
    ("BacktestBucketPolicy", "Principal", "*"): "what is refused is refused to everybody",
    ("BacktestBucketPolicy", "Action", "s3:*"): "without TLS nothing is done at all",
    ("BacktestBucketPolicy", "Resource", "${BacktestBucket.Arn}/*"): "what is refused is refused for every object",
    ("DataKey", "Action", "kms:*"): "the account administers its key, as AWS asks for: else nobody could",
    ("DataKey", "Resource", "*"): "in the policy of a key this is the key",
    ("PinKey", "Action", "kms:*"): "the account administers its key, as AWS asks for: else nobody could",
    ("PinKey", "Resource", "*"): "in the policy of a key this is the key",
    ("EvidenceBucketPolicy", "Principal", "*"): "what is refused is refused to everybody",
    ("EvidenceBucketPolicy", "Action", "s3:*"): "without TLS nothing is done at all",
    ("EvidenceBucketPolicy", "Resource", "${EvidenceBucket.Arn}/*"): "what is refused is refused for every object",
    ("EvidenceScanRole", "Resource", "${EvidenceBucket.Arn}/*"): "the scanner reads every object of the bucket",
    (
        "EvidenceScanRole",
        "Resource",
        "arn:${AWS::Partition}:events:${AWS::Region}:${AWS::AccountId}:rule/"
        "DO-NOT-DELETE-AmazonGuardDutyMalwareProtectionS3*",
    ): "Amazon GuardDuty names its rule itself",
    ("CustomerApiRole", "Resource", "${EvidenceBucket.Arn}/evidence/*"): "each picture has a name of its own",
    ("DeadlinesRole", "Resource", "${EvidenceBucket.Arn}/evidence/*"): "each picture has a name of its own",
    ("AgentApiRole", "Resource", "${EvidenceBucket.Arn}/evidence/*"): "each picture has a name of its own",
    ("EvidenceRole", "Resource", "${EvidenceBucket.Arn}/evidence/*"): "each picture has a name of its own",
    ("DataKey", "Principal", "*"): "whoever may read the data may use the key, through the service that holds it only",
}
ASSUMED_BY: Final = {
    "WalletEventsRole": "lambda",
    "ImportsRole": "lambda",
    "DigestsRole": "lambda",
    "ConnectRole": "lambda",
    "CustomerApiRole": "lambda",
    "AgentApiRole": "lambda",
    "MessengerRole": "lambda",
    "DecisionsRole": "lambda",
    "DeadlinesRole": "lambda",
    "ContactEventsRole": "lambda",
    "EvidenceRole": "lambda",
    "EvidenceScanRole": "malware-protection-plan.guardduty",
    "SecurityScanRole": "lambda",
    "DeadlinesScheduleRole": "scheduler",
    "ScanScheduleRole": "scheduler",
    "ScanStateMachineRole": "states",
    "BacktestRole": "lambda",
    "BacktestStateMachineRole": "states",
}
PARTS: Final = ("Action", "NotAction", "Resource", "NotResource", "Principal", "NotPrincipal")
OWN_ACCOUNT: Final = {"aws:SourceAccount": {"Ref": "AWS::AccountId"}}


def statements() -> Iterator[tuple[str, dict[str, Any]]]:
    """Every policy statement of the template, with the resource that it stands in."""
    for name, body in cloudformation()["Resources"].items():
        for statement in _found(body.get("Properties", {})):
            yield name, statement


def _found(node: Any) -> Iterator[dict[str, Any]]:
    if isinstance(node, dict) and "Effect" in node:
        yield node
    elif isinstance(node, dict | list):
        for part in node.values() if isinstance(node, dict) else node:
            yield from _found(part)


def texts(node: Any) -> Iterator[str]:
    if isinstance(node, str):
        yield node
    elif isinstance(node, dict | list):
        for part in node.values() if isinstance(node, dict) else node:
            yield from texts(part)


def test_every_star_is_one_that_is_listed_with_its_reason() -> None:
    found = {
        (name, part, text)
        for name, statement in statements()
        for part in PARTS
        for text in texts(statement.get(part))
        if "*" in text
    }
    assert found == set(STARS)


def test_policies_allow_by_name_and_nothing_is_allowed_by_exception() -> None:
    for name, statement in statements():
        # The bucket of pictures refuses what no right may open: its policy says so for everybody.
        refuses = name in {"BacktestBucketPolicy", "EvidenceBucketPolicy"}
        assert statement["Effect"] == ("Deny" if refuses else "Allow"), name
        assert not {"NotAction", "NotPrincipal"} & statement.keys(), name


def test_rights_stand_in_the_roles_themselves_and_nowhere_else() -> None:
    kinds = {body["Type"] for body in cloudformation()["Resources"].values()}
    assert {kind for kind in kinds if kind.startswith("AWS::IAM::")} == {"AWS::IAM::Role"}
    for name, role in resources("AWS::IAM::Role").items():
        assert role["Properties"].keys() == {"AssumeRolePolicyDocument", "Policies"}, name


def test_the_roles_of_the_template_are_the_ones_listed_here() -> None:
    assert set(resources("AWS::IAM::Role")) == set(ASSUMED_BY)


@sweep(("role", "service"), ASSUMED_BY.items())
def test_a_role_is_assumed_by_one_service_for_this_account(role: str, service: str) -> None:
    (statement,) = properties(role)["AssumeRolePolicyDocument"]["Statement"]
    assert statement["Principal"] == {"Service": f"{service}.amazonaws.com"}
    assert statement["Action"] == "sts:AssumeRole"
    # Lambda hands a role to functions of its own account alone; the others ask who they work for.
    assert statement.get("Condition") == (None if service == "lambda" else {"StringEquals": OWN_ACCOUNT})


def test_a_function_is_called_from_outside_by_named_services_for_named_resources() -> None:
    for name, permission in resources("AWS::Lambda::Permission").items():
        found = permission["Properties"]
        assert found["Action"] == "lambda:InvokeFunction", name
        assert found["Principal"] in ("connect.amazonaws.com", "apigateway.amazonaws.com"), name
        assert "SourceArn" in found, name
        assert found["FunctionName"]["Ref"].endswith("Aliaslive"), name


FILLED_BY: Final = {
    "FactsQueuesPolicy": {"Fn::GetAtt": ["FactsRule", "Arn"]},
    "DigestsQueuesPolicy": {"Fn::GetAtt": ["DigestsRule", "Arn"]},
    "ReportsQueuesPolicy": [
        {"Fn::GetAtt": ["ContactEventsRule", "Arn"]},
        {"Fn::GetAtt": ["CountedRule", "Arn"]},
    ],
    "EvidenceQueuesPolicy": [
        {"Fn::GetAtt": ["EvidenceArrivedRule", "Arn"]},
        {"Fn::GetAtt": ["EvidenceScannedRule", "Arn"]},
    ],
    "TextRepliesPolicy": {"Ref": "TextRepliesTopic"},
}
FILLED_BY_A_TOPIC: Final = {"TextRepliesPolicy"}
"""Text messages of customers come from a topic of Amazon SNS; everything else by rules of the bus."""


def test_a_queue_is_filled_from_outside_by_its_rules_or_its_topic_only() -> None:
    assert resources("AWS::SQS::QueuePolicy").keys() == FILLED_BY.keys()
    for name, policy in resources("AWS::SQS::QueuePolicy").items():
        for statement in policy["Properties"]["PolicyDocument"]["Statement"]:
            service = "sns" if name in FILLED_BY_A_TOPIC else "events"
            assert statement["Principal"] == {"Service": f"{service}.amazonaws.com"}, name
            assert statement["Action"] == "sqs:SendMessage", name
            assert statement["Condition"] == {"ArnEquals": {"aws:SourceArn": FILLED_BY[name]}}


def test_the_key_is_used_through_the_services_that_hold_the_data_and_by_the_bus() -> None:
    written = properties("DataKey")["KeyPolicy"]["Statement"]
    statements = {one["Sid"]: one for one in (found.get("Fn::If", ["", found])[1] for found in written)}
    assert set(statements) == {
        "AccountAdministersTheKey",
        "UsedThroughTheServicesThatHoldTheData",
        "EventBridgeFillsTheQueues",
        "TextRepliesFillAQueue",
    }
    replies = statements["TextRepliesFillAQueue"]
    assert replies["Principal"] == {"Service": "sns.amazonaws.com"}
    assert replies["Condition"] == {"ArnEquals": {"aws:SourceArn": {"Ref": "TextRepliesTopic"}}}
    (root,) = statements["AccountAdministersTheKey"]["Principal"].values()
    assert root == {"Fn::Sub": "arn:${AWS::Partition}:iam::${AWS::AccountId}:root"}
    anybody = statements["UsedThroughTheServicesThatHoldTheData"]
    condition = anybody["Condition"]["StringEquals"]
    assert condition["kms:CallerAccount"] == {"Ref": "AWS::AccountId"}
    assert {via["Fn::Sub"].partition(".")[0] for via in condition["kms:ViaService"]} == {
        "dynamodb", "secretsmanager", "sqs", "s3",
    }  # fmt: skip
    assert not {action for action in anybody["Action"] if action in ("kms:CreateGrant", "kms:PutKeyPolicy")}
    assert statements["EventBridgeFillsTheQueues"]["Principal"] == {"Service": "events.amazonaws.com"}
    assert statements["EventBridgeFillsTheQueues"]["Condition"] == {"StringEquals": OWN_ACCOUNT}

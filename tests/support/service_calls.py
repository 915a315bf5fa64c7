"""The calls that services of AWS make with the roles of the template: poll a queue for a function, write its log, start
a target.

No code of ours makes these calls, so nothing can record them. They follow from the template, and each is as AWS's
documentation of the service has it.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterator
from typing import Any

from tests.support.deployed_template import Deployed, arn
from tests.support.iam import Call


def service_calls(deployed: Deployed) -> dict[str, set[Call]]:
    """Role, by its logical id -> the calls that services make with it."""
    found: defaultdict[str, set[Call]] = defaultdict(set)
    roles = {deployed.attribute(role, "Arn"): role for role in deployed.resources("AWS::IAM::Role")}
    functions = deployed.resources("AWS::Lambda::Function")
    role_of = {deployed.name(name): roles[properties["Role"]] for name, properties in functions.items()}
    for name, properties in functions.items():
        found[role_of[deployed.name(name)]].update(_logged(properties["LoggingConfig"]["LogGroup"]))
    for properties in deployed.resources("AWS::Lambda::EventSourceMapping").values():
        found[role_of[_function_name(properties["FunctionName"])]].update(_polled(properties))
    for properties in deployed.resources("AWS::Lambda::EventInvokeConfig").values():
        found[role_of[_function_name(properties["FunctionName"])]].update(_kept(properties))
    for properties in deployed.resources("AWS::Scheduler::Schedule").values():
        found[roles[properties["Target"]["RoleArn"]]].update(_scheduled(properties["Target"]))
    for properties in deployed.resources("AWS::GuardDuty::MalwareProtectionPlan").values():
        found[roles[properties["Role"]]].update(_scanned(properties, deployed.attribute("DataKey", "Arn")))
    for name, properties in deployed.resources("AWS::StepFunctions::StateMachine").items():
        found[roles[properties["RoleArn"]]].update(_run(deployed.ref(name), properties))
    return dict(found)


def _function_name(reference: str) -> str:
    """The function's name in its ARN, that of an alias, or the name itself."""
    return reference.split(":")[6] if reference.startswith("arn:") else reference


def _logged(group: str) -> Iterator[Call]:
    stream = arn("logs", f"log-group:{group}:log-stream:2026/11/23/[1]0123456789abcdef")
    yield Call("logs:CreateLogStream", stream)
    yield Call("logs:PutLogEvents", stream)


def _polled(mapping: dict[str, Any]) -> Iterator[Call]:
    source = mapping["EventSourceArn"]
    service = source.split(":")[2]
    actions = {
        "sqs": ("ReceiveMessage", "DeleteMessage", "GetQueueAttributes"),
        "dynamodb": ("DescribeStream", "GetRecords", "GetShardIterator", "ListStreams"),
    }[service]
    yield from (Call(f"{service}:{action}", source) for action in actions)
    yield from _kept(mapping)


def _kept(destinations: dict[str, Any]) -> Iterator[Call]:
    """A failed event is sent to a queue."""
    if "OnFailure" in destinations.get("DestinationConfig", {}):
        yield Call("sqs:SendMessage", destinations["DestinationConfig"]["OnFailure"]["Destination"])


def _scheduled(target: dict[str, Any]) -> Iterator[Call]:
    service = target["Arn"].split(":")[2]
    yield Call({"lambda": "lambda:InvokeFunction", "states": "states:StartExecution"}[service], target["Arn"])
    yield Call("sqs:SendMessage", target["DeadLetterConfig"]["Arn"])


def _scanned(plan: dict[str, Any], key: str) -> Iterator[Call]:
    """GuardDuty User Guide, Malware Protection for S3: the role's policy and what each part of it is for."""
    bucket = plan["ProtectedResource"]["S3Bucket"]["BucketName"]
    rule = arn("events", "rule/DO-NOT-DELETE-AmazonGuardDutyMalwareProtectionS3-0123")
    managed = (("events:managedby", "malware-protection-plan.guardduty.amazonaws.com"),)
    for action in ("PutRule", "DeleteRule", "PutTargets", "RemoveTargets"):
        yield Call(f"events:{action}", rule, managed)
    for action in ("DescribeRule", "ListTargetsByRule"):
        yield Call(f"events:{action}", rule)
    for action in ("GetBucketNotification", "ListBucket", "PutBucketNotification"):
        yield Call(f"s3:{action}", arn("s3", bucket))
    yield Call("s3:PutObject", arn("s3", f"{bucket}/malware-protection-resource-validation-object"))
    for action in ("GetObject", "GetObjectTagging", "PutObjectTagging"):
        yield Call(f"s3:{action}", arn("s3", f"{bucket}/evidence/0123"))
        yield Call(f"s3:{action.replace('Object', 'ObjectVersion')}", arn("s3", f"{bucket}/evidence/0123"))
    through_s3 = (("kms:viaservice", f"s3.{key.split(':')[3]}.amazonaws.com"),)
    for action in ("Decrypt", "GenerateDataKey"):
        yield Call(f"kms:{action}", key, through_s3)


def _run(machine: str, properties: dict[str, Any]) -> Iterator[Call]:
    for state in _states(json.loads(properties["DefinitionString"])):
        if state["Type"] == "Task":
            if not state["Resource"].endswith(":states:::lambda:invoke"):
                raise NotImplementedError(state["Resource"])
            name = state["Parameters"]["FunctionName"].removeprefix("${").removesuffix("}")
            yield Call("lambda:InvokeFunction", properties["DefinitionSubstitutions"][name])
        elif state["Type"] == "Map" and state["ItemProcessor"]["ProcessorConfig"]["Mode"] == "DISTRIBUTED":
            if "ItemReader" in state:
                if not state["ItemReader"]["Resource"].endswith(":states:::s3:listObjectsV2"):
                    raise NotImplementedError(state["ItemReader"]["Resource"])
                name = state["ItemReader"]["Parameters"]["Bucket"].removeprefix("${").removesuffix("}")
                bucket = arn("s3", properties["DefinitionSubstitutions"][name])
                yield Call("s3:ListBucket", bucket, (("s3:prefix", "input/history/"),))
            # The map is a run of its own of the same machine (Step Functions, IAM policies for distributed maps).
            yield Call("states:StartExecution", machine)
            yield Call("states:DescribeExecution", f"{machine.replace(':stateMachine:', ':execution:')}:0123")


def _states(definition: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for state in definition["States"].values():
        yield state
        if state["Type"] == "Map":
            yield from _states(state["ItemProcessor"])

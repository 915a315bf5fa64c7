"""The template as it would stand in an account: names and ARNs for its resources, so that roles and settings are text.

CloudFormation makes the names; here they are made by the same rules, without an account. Only the parts that the
template uses are known. A resource type or function that is new to it is refused by name, and has to be added here.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

from tests.support.template import PARAMETERS, TABLE_NAMES, cloudformation

ACCOUNT: Final = "123456789012"
REGION: Final = "eu-central-1"
STACK: Final = "hotline"
FRONT: Final = {
    "FrontDomainName": "api.wallet.example",
    "FrontCertificateArn": "arn:aws:acm:us-east-1:123456789012:certificate/0123",
    "FrontWebAclArn": "arn:aws:wafv2:us-east-1:123456789012:global/webacl/hotline/0123",
}
"""The parameters with which the API has its front."""
_PSEUDO: Final = {
    "AWS::AccountId": ACCOUNT,
    "AWS::Region": REGION,
    "AWS::Partition": "aws",
    "AWS::StackName": STACK,
    "AWS::URLSuffix": "amazonaws.com",
}
_NO_VALUE: Final = object()
_NAME_PROPERTIES: Final = ("FunctionName", "LogGroupName", "StateMachineName", "Name")
_PLACEHOLDER: Final = re.compile(r"\$\{([^!}][^}]*)\}")


def arn(service: str, resource: str) -> str:
    """The ARN of a resource of this account, in this region."""
    return f"arn:aws:{service}:{REGION}:{ACCOUNT}:{resource}"


class Deployed:
    """The stack with these parameters on top of the ones that have no default. Refuses what it does not know.

    `arns` are those of resources, by logical id, that a service has named itself.
    """

    def __init__(self, parameters: Mapping[str, str] | None = None, *, arns: Mapping[str, str] | None = None) -> None:
        self._template = cloudformation()
        self._arns = dict(arns or {})
        defaults = {name: declared.get("Default") for name, declared in self._template["Parameters"].items()}
        self._parameters: dict[str, Any] = {**defaults, **PARAMETERS, **(parameters or {})}

    def exists(self, logical_id: str) -> bool:
        """Whether the resource's condition holds; those without one always exist."""
        condition = self._template["Resources"][logical_id].get("Condition")
        return condition is None or self.condition(condition)

    def properties(self, logical_id: str) -> dict[str, Any]:
        """The properties of a resource, with nothing left to resolve."""
        found: dict[str, Any] = self.resolve(self._template["Resources"][logical_id].get("Properties", {}))
        return found

    def resources(self, *types: str) -> dict[str, dict[str, Any]]:
        """Logical id -> resolved properties of the existing resources of these types."""
        return {
            name: self.properties(name)
            for name, body in self._template["Resources"].items()
            if body["Type"] in types and self.exists(name)
        }

    def condition(self, name: str) -> bool:
        """Whether a condition of the template holds."""
        return self.holds(self._template["Conditions"][name])

    def holds(self, node: Mapping[str, Any]) -> bool:
        """Whether the function of a condition, or of an assertion of a rule, holds."""
        ((function, operands),) = node.items()
        match function:
            case "Condition":
                return self.condition(operands)
            case "Fn::Equals":
                one, other = (str(self.resolve(operand)) for operand in operands)
                return one == other
            case "Fn::Not":
                return not self.holds(operands[0])
            case "Fn::And":
                return all(self.holds(operand) for operand in operands)
            case "Fn::Or":
                return any(self.holds(operand) for operand in operands)
        raise NotImplementedError(f"condition {function}")

    def resolve(self, node: Any) -> Any:
        """The node without intrinsic functions."""
        if isinstance(node, list):
            return [value for value in map(self.resolve, node) if value is not _NO_VALUE]
        if not isinstance(node, dict):
            return node
        if len(node) == 1:
            ((function, operand),) = node.items()
            if function == "Ref":
                return self.ref(operand)
            if function.startswith("Fn::"):
                return self._called(function, operand)
        resolved = {name: self.resolve(value) for name, value in node.items()}
        return {name: value for name, value in resolved.items() if value is not _NO_VALUE}

    def _called(self, function: str, operand: Any) -> Any:
        match function:
            case "Fn::GetAtt":
                return self.attribute(*operand)
            case "Fn::Sub":
                text, values = operand if isinstance(operand, list) else (operand, {})
                return _PLACEHOLDER.sub(lambda found: self._substituted(found[1], values), text)
            case "Fn::If":
                name, then, otherwise = operand
                return self.resolve(then if self.condition(name) else otherwise)
            case "Fn::Join":
                separator, parts = operand
                return separator.join(str(self.resolve(part)) for part in parts)
            case "Fn::Select":
                place, of = operand
                return self.resolve(of)[int(place)]
            case "Fn::Split":
                separator, text = operand
                return str(self.resolve(text)).split(separator)
        raise NotImplementedError(f"intrinsic function {function}")

    def _substituted(self, name: str, values: Mapping[str, Any]) -> str:
        if name in values:
            return str(self.resolve(values[name]))
        logical_id, _, attribute = name.partition(".")
        return str(self.attribute(logical_id, attribute) if attribute else self.ref(name))

    def ref(self, name: str) -> Any:
        """The value that `Ref` gives for a parameter, pseudo parameter or resource."""
        if name == "AWS::NoValue":
            return _NO_VALUE
        if name in _PSEUDO:
            return _PSEUDO[name]
        if name in self._parameters:
            return self._parameters[name]
        resource_type = self._type(name)
        match resource_type:
            case "AWS::SQS::Queue":
                return f"https://sqs.{REGION}.amazonaws.com/{ACCOUNT}/{self.name(name)}"
            case "AWS::SecretsManager::Secret" | "AWS::StepFunctions::StateMachine" | "AWS::Lambda::LayerVersion":
                return self.attribute(name, "Arn")
            case "AWS::Connect::ContactFlow":
                return f"{self.ref('ConnectInstanceArn')}/contact-flow/{name}"
            case "AWS::KMS::Key" if name in self._arns:
                return self._arns[name].rpartition("/")[2]
            case "AWS::Lambda::Alias":
                function = self._template["Resources"][name]["Properties"]["FunctionName"]["Ref"]
                return f"{self.attribute(function, 'Arn')}:live"
            case _:
                return self.name(name)

    def attribute(self, name: str, attribute: str) -> str:
        """The value that `Fn::GetAtt` gives for a resource."""
        if attribute == "Arn" and name in self._arns:
            return self._arns[name]
        name_here = self.name(name)
        match self._type(name), attribute:
            case "AWS::SQS::Queue", "QueueName":
                return name_here
            case "AWS::DynamoDB::Table", "StreamArn":
                return arn("dynamodb", f"table/{name_here}/stream/2026-11-23T12:00:00.000")
            case resource_type, "Arn" if resource_type in _ARNS:
                service, form = _ARNS[resource_type]
                return arn(service, form.format(name_here))
        raise NotImplementedError(f"{attribute} of {self._type(name)}")

    def name(self, logical_id: str) -> str:
        """The physical name: the one that the template gives, the tests' own for tables, or one of the logical id."""
        if logical_id in TABLE_NAMES:
            return TABLE_NAMES[logical_id]
        properties = self._template["Resources"][logical_id].get("Properties", {})
        given = next((properties[name] for name in _NAME_PROPERTIES if name in properties), None)
        if given is None and self._type(logical_id) == "AWS::S3::Bucket":
            return f"{STACK}-{logical_id}".lower()  # the name of a bucket has small letters only
        return str(self.resolve(given)) if given is not None else f"{STACK}-{logical_id}"

    def _type(self, logical_id: str) -> str:
        return str(self._template["Resources"][logical_id]["Type"])


_ARNS: Final[Mapping[str, tuple[str, str]]] = {
    "AWS::DynamoDB::Table": ("dynamodb", "table/{}"),
    "AWS::SQS::Queue": ("sqs", "{}"),
    "AWS::SecretsManager::Secret": ("secretsmanager", "secret:{}-AbCdEf"),
    "AWS::Events::EventBus": ("events", "event-bus/{}"),
    "AWS::Events::Rule": ("events", f"rule/{STACK}/{{}}"),
    # The group's ARN ends in a star here, and in IAM's own tables too: it stands for the group's streams.
    "AWS::Logs::LogGroup": ("logs", "log-group:{}:*"),
    "AWS::KMS::Key": ("kms", "key/{}"),
    "AWS::Lambda::Function": ("lambda", "function:{}"),
    "AWS::Lambda::LayerVersion": ("lambda", "layer:{}:1"),
    "AWS::StepFunctions::StateMachine": ("states", "stateMachine:{}"),
    "AWS::S3::Bucket": ("s3", "{}"),  # without the region and account that no bucket has
    "AWS::IAM::Role": ("iam", "role/{}"),  # without the region that no role has
}

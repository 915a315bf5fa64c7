"""The calls of AWS that code makes, as IAM sees them: recorded by a hook of the SDK, before anything is sent.

A request of the SDK is one call or several. A transaction is a call for each of its items, a batch of events one for
each source. An operation that is not listed here is recorded as an action on an unknown resource, which no role allows.
The test that finds it says which one is to be added.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final

from tests.support.deployed_template import arn
from tests.support.iam import Call

if TYPE_CHECKING:
    from boto3 import Session
    from botocore.model import OperationModel

type Request = Mapping[str, Any]

UNKNOWN: Final = "a resource that tests/support/aws_calls.py does not know"
PHONE_NUMBER: Final = "a phone number"
"""The target that a text message is published to. It is no ARN, whatever the number."""
_HOOK: Final = "provide-client-params"


class Recorder:
    """Keeps the calls that are made through a session's clients while it listens."""

    def __init__(self, session: Session) -> None:
        self._heard: set[Call] | None = None
        session.events.register(_HOOK, self._hear)

    @contextmanager
    def listening(self, heard: set[Call]) -> Iterator[None]:
        """Add the calls made meanwhile to `heard`."""
        self._heard = heard
        try:
            yield
        finally:
            self._heard = None

    def hear(self, service: str, operation: str, request: Request) -> None:
        """Take a request for heard; those of clients that are not the SDK's are told here."""
        if self._heard is not None:
            self._heard.update(calls_of(service, operation, request))

    def _hear(self, params: Request, model: OperationModel, **_: object) -> None:
        self.hear(model.service_model.signing_name, model.name, params)


def calls_of(service: str, operation: str, request: Request) -> list[Call]:
    """The calls that a request is. `service` is the name that actions begin with and requests are signed for."""
    known = _OPERATIONS.get((service, operation))
    return [Call(f"{service}:{operation}", UNKNOWN)] if known is None else list(known(request))


def _one(action: str, resource: Callable[[Request], str]) -> Callable[[Request], Iterator[Call]]:
    def calls(request: Request) -> Iterator[Call]:
        yield Call(action, resource(request))

    return calls


def _table(request: Request) -> str:
    table = arn("dynamodb", f"table/{request['TableName']}")
    return f"{table}/index/{request['IndexName']}" if "IndexName" in request else table


_WRITES: Final = {
    "ConditionCheck": "ConditionCheckItem",
    "Delete": "DeleteItem",
    "Put": "PutItem",
    "Update": "UpdateItem",
}


def _transaction(request: Request) -> Iterator[Call]:
    """There is no right to transactions: each write needs the right to make it alone."""
    for item in request["TransactItems"]:
        ((kind, write),) = item.items()
        yield Call(f"dynamodb:{_WRITES[kind]}", _table(write))


def _batch(action: str) -> Callable[[Request], Iterator[Call]]:
    def calls(request: Request) -> Iterator[Call]:
        for table in request["RequestItems"]:
            yield Call(action, _table({"TableName": table}))

    return calls


def _queue(request: Request) -> str:
    return arn("sqs", request["QueueUrl"].rpartition("/")[2])


def _events(request: Request) -> Iterator[Call]:
    for entry in request["Entries"]:
        context = (("events:source", entry["Source"]),)
        yield Call("events:PutEvents", arn("events", f"event-bus/{entry['EventBusName']}"), context)


def _email(request: Request) -> Iterator[Call]:
    sender = request["FromEmailAddress"]
    # The identity that a sender belongs to, when its domain is what was verified.
    identity = arn("ses", f"identity/{sender.rpartition('@')[2]}")
    yield Call("ses:SendEmail", identity, (("ses:fromaddress", sender),))


def _published(request: Request) -> str:
    return PHONE_NUMBER if "PhoneNumber" in request else str(request.get("TopicArn") or request["TargetArn"])


def _contact(request: Request) -> str:
    return arn("connect", f"instance/{request['InstanceId']}/contact/0b7c2f6e-6f1d-4d0a-9a55-8f0f7c6f2d11")


def _user(request: Request) -> str:
    return arn("connect", f"instance/{request['InstanceId']}/agent/{request['UserId']}")


def _object(request: Request) -> str:
    return arn("s3", f"{request['Bucket']}/{request['Key']}")


def _form(request: Request) -> Iterator[Call]:
    """A form that is signed. The SDK names an operation of the bucket then, and sends nothing. A browser that posts
    the form puts a tagged object with the right of its signer."""
    for action in ("PutObject", "PutObjectTagging"):
        yield Call(f"s3:{action}", arn("s3", f"{request['Bucket']}/evidence/0123"))


def _key(request: Request) -> str:
    return arn("kms", f"key/{request['KeyId']}")


_OPERATIONS: Final[Mapping[tuple[str, str], Callable[[Request], Iterator[Call]]]] = {
    ("kms", "GenerateMac"): _one("kms:GenerateMac", _key),
    ("dynamodb", "GetItem"): _one("dynamodb:GetItem", _table),
    ("dynamodb", "Query"): _one("dynamodb:Query", _table),
    ("dynamodb", "BatchGetItem"): _batch("dynamodb:BatchGetItem"),
    ("dynamodb", "BatchWriteItem"): _batch("dynamodb:BatchWriteItem"),
    ("dynamodb", "PutItem"): _one("dynamodb:PutItem", _table),
    ("dynamodb", "UpdateItem"): _one("dynamodb:UpdateItem", _table),
    ("dynamodb", "TransactWriteItems"): _transaction,
    ("secretsmanager", "GetSecretValue"): _one("secretsmanager:GetSecretValue", lambda asked: str(asked["SecretId"])),
    ("s3", "CreateBucket"): _form,
    ("s3", "ListObjectsV2"): _one("s3:ListBucket", lambda asked: arn("s3", asked["Bucket"])),
    ("s3", "GetObjectTagging"): _one("s3:GetObjectTagging", _object),
    ("s3", "GetObject"): _one("s3:GetObject", _object),
    ("s3", "PutObject"): _one("s3:PutObject", _object),
    ("s3", "DeleteObject"): _one("s3:DeleteObject", _object),
    ("sqs", "SendMessage"): _one("sqs:SendMessage", _queue),
    ("sqs", "SendMessageBatch"): _one("sqs:SendMessage", _queue),
    ("events", "PutEvents"): _events,
    ("sns", "Publish"): _one("sns:Publish", _published),
    ("ses", "SendEmail"): _email,
    ("connect", "DescribeUser"): _one("connect:DescribeUser", _user),
    ("connect", "StartTaskContact"): _one("connect:StartTaskContact", _contact),
    ("connect", "StartOutboundVoiceContact"): _one("connect:StartOutboundVoiceContact", _contact),
}

"""An account of AWS in this process (moto) that holds what the template's roles are about, and the functions in it.

Each function runs as it is deployed: its handler, the settings that the template gives it and no others, its own
clients. Every call of AWS that it makes is kept under its name.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from importlib import import_module
from io import BytesIO
from typing import Any, Final
from unittest.mock import patch

import boto3
from botocore.awsrequest import AWSResponse
from moto import mock_aws

from hotline.kit.aws.sdk import SdkService
from hotline.kit.clock import SystemClock
from hotline.kit.doors import Context
from hotline.kit.keyring import CachedKeyring
from hotline_local.entry_keys import key_of_this_process
from tests.support.aws_calls import Recorder
from tests.support.deployed_template import Deployed
from tests.support.iam import Call
from tests.support.moto_wire import moto_wire
from tests.support.phone import CODE_SECRET, LOOKUP_SECRET
from tests.support.stores import make_tables, quick_store

CALL: Final = b'{"ContactId": "0b7c2f6e-6f1d-4d0a-9a55-8f0f7c6f2d11"}'
CONNECT_ANSWERS: Final = {
    "StartOutboundVoiceContact": CALL,
    "StartTaskContact": CALL,
    "DescribeUser": b'{"User": {"Username": "Agent-1"}}',
}
"""Amazon Connect's answers by operation."""
ORIGIN_SECRET: Final = '{"current": "1", "1": "origin-key-for-tests-only-0123456789abcdef"}'
SECRETS: Final = {
    "LookupKeySecret": LOOKUP_SECRET,
    "CodeKeySecret": CODE_SECRET,
    "OriginKeySecret": ORIGIN_SECRET,
    "EntryKeySecret": key_of_this_process().secret,
}
REMAINING_MS: Final = 100_000


class Invocation:
    """The part of an invocation by Lambda that our functions ask for."""

    def get_remaining_time_in_millis(self) -> int:
        """Time enough."""
        return REMAINING_MS


class Account:
    """Make one with `account()`. `calls` holds what each function called, by its logical id."""

    def __init__(self, session: boto3.Session, parameters: Mapping[str, str]) -> None:
        self.calls: dict[str, set[Call]] = {}
        self.deployed = Deployed(parameters, arns=_named_by_services(session, Deployed(parameters)))
        self._recorder = Recorder(session)
        self._secrets = session.client("secretsmanager")
        self._function = ""
        self.dynamodb = session.client("dynamodb")
        self.s3 = session.client("s3")
        make_tables(SdkService(self.dynamodb))
        self._make(session)
        clock = SystemClock()
        self.ctx = Context(
            store=quick_store(SdkService(self.dynamodb)),
            lookup_keys=CachedKeyring(lambda: LOOKUP_SECRET, clock),
            code_keys=CachedKeyring(lambda: CODE_SECRET, clock),
        )
        """The context with which a test itself may look at the account; nothing of it is recorded."""

    def _make(self, session: boto3.Session) -> None:
        for logical_id in self.deployed.resources("AWS::SQS::Queue"):
            session.client("sqs").create_queue(QueueName=self.deployed.name(logical_id))
        for logical_id in self.deployed.resources("AWS::S3::Bucket"):
            region: Any = {"LocationConstraint": session.region_name}
            session.client("s3").create_bucket(Bucket=self.deployed.name(logical_id), CreateBucketConfiguration=region)
        for logical_id in self.deployed.resources("AWS::Events::EventBus"):
            session.client("events").create_event_bus(Name=self.deployed.name(logical_id))
        session.client("sesv2").create_email_identity(EmailIdentity=self.deployed.ref("EmailFrom"))
        # The account in this process has no Amazon Connect, so each request is answered here, before it would be sent.
        for operation, answer in CONNECT_ANSWERS.items():
            session.events.register(f"before-send.connect.{operation}", partial(_answered, answer))

    def rotate_lookup_key(self) -> None:
        """Put a second version of the lookup key in front of the first, and have every function see it."""
        rotated = json.loads(LOOKUP_SECRET) | {"current": "2", "2": "another-lookup-key-for-tests-only-0123456"}
        secret = self.deployed.ref("LookupKeySecret")
        self._secrets.put_secret_value(SecretId=secret, SecretString=json.dumps(rotated))
        self._function = ""

    def invoke(self, function: str, event: Any) -> Any:
        """Run a function by its logical id, and keep what it calls. Raises what it raises."""
        properties = self.deployed.properties(function)
        settings = {name: str(value) for name, value in properties["Environment"]["Variables"].items()}
        if function != self._function:
            forget()
            self._function = function
        heard = self.calls.setdefault(function, set())
        with patch.dict(os.environ, settings), self._recorder.listening(heard), moto_wire(self._recorder.hear):
            for name in self._settings_of_others(settings):
                del os.environ[name]
            module, _, handler = properties["Handler"].rpartition(".")
            return getattr(import_module(module), handler)(event, Invocation())

    def _settings_of_others(self, own: dict[str, str]) -> set[str]:
        functions = self.deployed.resources("AWS::Lambda::Function").values()
        names = {name for properties in functions for name in properties["Environment"]["Variables"]}
        return (names - own.keys()) & os.environ.keys()


def _answered(answer: bytes, request: Any, **_: object) -> Any:
    """Amazon Connect's answer to a request."""
    headers: Any = {"content-type": "application/json"}
    return AWSResponse(request.url, 200, headers, _Raw(answer))


class _Raw(BytesIO):
    """A body as the SDK reads it."""

    def stream(self, **_: object) -> Iterator[bytes]:
        yield self.read()


def _named_by_services(session: boto3.Session, deployed: Deployed) -> dict[str, str]:
    return _secrets(session, deployed) | _mac_keys(session, deployed)


def _mac_keys(session: boto3.Session, deployed: Deployed) -> dict[str, str]:
    """Make the template's keys that hash; their ARNs by logical id. Others encrypt what services hold, out of sight."""
    client = session.client("kms")
    return {
        logical_id: client.create_key(KeySpec=properties["KeySpec"], KeyUsage=properties["KeyUsage"])["KeyMetadata"][
            "Arn"
        ]
        for logical_id, properties in deployed.resources("AWS::KMS::Key").items()
        if "KeySpec" in properties
    }


def _secrets(session: boto3.Session, deployed: Deployed) -> dict[str, str]:
    """Make the template's secrets; their ARNs by logical id. Each ends in characters that nobody can choose."""
    client = session.client("secretsmanager")
    return {
        logical_id: client.create_secret(Name=deployed.name(logical_id), SecretString=SECRETS[logical_id])["ARN"]
        for logical_id in deployed.resources("AWS::SecretsManager::Secret")
    }


def forget() -> None:
    """Forget what the code keeps for the life of an execution environment: clients, settings, keys."""
    for name, module in list(sys.modules.items()):
        if name.startswith(("hotline.", "functions.")):
            for value in list(vars(module).values()):
                clear: Callable[[], None] | None = getattr(value, "cache_clear", None)
                if clear is not None:
                    clear()


@contextmanager
def account(**parameters: str) -> Iterator[Account]:
    """An account that lasts for the context, its stack with these parameters."""
    with mock_aws():
        session = boto3.Session()
        with patch.object(boto3, "DEFAULT_SESSION", session):
            try:
                yield Account(session, parameters)
            finally:
                forget()

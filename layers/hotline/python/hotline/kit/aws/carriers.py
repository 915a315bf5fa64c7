"""The carriers of everything that leaves the hotline. SNS carries text messages, SES e-mail, Amazon Connect the
hotline's calls, EventBridge decisions, and SQS the messages between its functions.

The SDK's own errors stay here: their text may repeat a phone number or an address. Nothing is sent again by the SDK
where a second sending would reach somebody twice; the outbox decides about that.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Final, Protocol

from hotline.kit.errors import HotlineError, Unavailable

from .sdk import SdkClient, make_client, request

if TYPE_CHECKING:
    from mypy_boto3_connect import ConnectClient
    from mypy_boto3_events import EventBridgeClient
    from mypy_boto3_sesv2 import SESV2Client
    from mypy_boto3_sns import SNSClient
    from mypy_boto3_sqs import SQSClient


class DeliveryError(StrEnum):
    """Why a carrier will never take a message."""

    ADDRESS_REFUSED = "address_refused"
    DESTINATION_NOT_ALLOWED = "destination_not_allowed"
    CALL_NOT_PERMITTED = "call_not_permitted"


BUS_EVENTS_MAX: Final = 10
"""EventBridge PutEvents: at most ten entries a request."""
QUEUE_MESSAGES_MAX: Final = 10
"""SQS SendMessageBatch: at most ten messages a request."""
_FLOW_ARN: Final = re.compile(r"arn:[a-z-]+:connect:[a-z0-9-]+:[0-9]{12}:instance/([^/]+)/contact-flow/([^/:]+)")
_NEVER_CALLED: Final = {
    "DestinationNotAllowedException": DeliveryError.DESTINATION_NOT_ALLOWED,
    "OutboundContactNotPermittedException": DeliveryError.CALL_NOT_PERMITTED,
}
"""Amazon Connect's answers about the number itself, such as a country that the instance may not call."""
_PHONE: Final = re.compile(r"\+[1-9][0-9]{6,14}")
_EMAIL: Final = re.compile(r"[^@\s]{1,64}@[^@\s]{1,255}")
"""The form of anything that can be an address. A carrier's own refusal does not prove that a text is no address: the
refusal may be about our sender."""


@dataclass(frozen=True, slots=True)
class Outgoing:
    """One message for one address. Transports without subjects send the body alone.

    `token` is the same whenever this message is sent again, for carriers that can tell. `attributes` are all that the
    flow of a call is given; they are kept in the contact record, so ids alone may be among them.
    """

    address: str
    subject: str
    body: str
    token: str = ""
    attributes: Mapping[str, str] = field(default_factory=dict)


class Undeliverable(HotlineError):
    """The carrier will never take this message; trying again is of no use."""

    code = DeliveryError.ADDRESS_REFUSED.value


class Transport(Protocol):
    """Carries messages. The seam for countries in which another sender is needed than SNS."""

    def send(self, outgoing: Outgoing) -> None:
        """Hand the message over. Raises Undeliverable, or Unavailable when it may be tried again; whether it was sent
        is then not known."""
        ...


def _deliverable(address: str, form: re.Pattern[str]) -> str:
    """The address. Raises Undeliverable for what can be none."""
    if form.fullmatch(address) is None:
        raise Undeliverable
    return address


class SnsSms:
    """Text messages by Amazon SNS. `sender_id` is shown in the countries that allow one."""

    def __init__(self, sender_id: str, *, client: SNSClient | None = None) -> None:
        self._client = SdkClient("sns", attempts=1, given=client)
        self._attributes = {
            "AWS.SNS.SMS.SMSType": {"DataType": "String", "StringValue": "Transactional"},
            "AWS.SNS.SMS.SenderID": {"DataType": "String", "StringValue": sender_id},
        }

    def send(self, outgoing: Outgoing) -> None:
        """See Transport.send."""
        request(
            self._client.get().publish,
            PhoneNumber=_deliverable(outgoing.address, _PHONE),
            Message=outgoing.body,
            MessageAttributes=self._attributes,
        )


class SesEmail:
    """E-mail by Amazon SES, plain text. `sender` is an address of a verified identity."""

    def __init__(self, sender: str, *, client: SESV2Client | None = None) -> None:
        self._client = SdkClient("sesv2", attempts=1, given=client)
        self._sender = sender

    def send(self, outgoing: Outgoing) -> None:
        """See Transport.send."""
        content = {
            "Simple": {
                "Subject": {"Data": outgoing.subject, "Charset": "UTF-8"},
                "Body": {"Text": {"Data": outgoing.body, "Charset": "UTF-8"}},
            }
        }
        request(
            self._client.get().send_email,
            FromEmailAddress=self._sender,
            Destination={"ToAddresses": [_deliverable(outgoing.address, _EMAIL)]},
            Content=content,
        )


class MalformedFlow(Exception):
    """The flow of calls is not named by the ARN of a contact flow."""


def is_flow_arn(text: str) -> bool:
    """Whether a text is the ARN of a contact flow."""
    return _FLOW_ARN.fullmatch(text) is not None


class ConnectCall:
    """Calls by Amazon Connect: the number is rung, and when somebody answers, the flow speaks. `flow_arn` names
    instance and flow, `source` is a number of the instance. Raises MalformedFlow."""

    def __init__(self, flow_arn: str, source: str, *, client: ConnectClient | None = None) -> None:
        named = _FLOW_ARN.fullmatch(flow_arn)
        if named is None:
            raise MalformedFlow
        self._client = SdkClient("connect", attempts=1, given=client)
        self._instance_id, self._flow_id = named.groups()
        self._source = source

    def send(self, outgoing: Outgoing) -> None:
        """See Transport.send. With the same token the same call is meant: for seven days it is not made again."""
        try:
            request(
                self._client.get().start_outbound_voice_contact,
                InstanceId=self._instance_id,
                ContactFlowId=self._flow_id,
                SourcePhoneNumber=self._source,
                DestinationPhoneNumber=_deliverable(outgoing.address, _PHONE),
                ClientToken=outgoing.token,
                Attributes=dict(outgoing.attributes),
            )
        except Unavailable as error:
            if error.code in _NEVER_CALLED:
                raise Undeliverable(_NEVER_CALLED[error.code]) from None
            raise


class ConnectTask:
    """Tasks by Amazon Connect, for its agents. `flow_arn` names instance and flow, which puts them into a queue. Raises
    MalformedFlow."""

    def __init__(self, flow_arn: str, *, client: ConnectClient | None = None) -> None:
        named = _FLOW_ARN.fullmatch(flow_arn)
        if named is None:
            raise MalformedFlow
        self._client = SdkClient("connect", attempts=1, given=client)
        self._instance_id, self._flow_id = named.groups()

    def send(self, outgoing: Outgoing) -> None:
        """See Transport.send. The subject is the task's name. With the same token the same task is meant."""
        request(
            self._client.get().start_task_contact,
            InstanceId=self._instance_id,
            ContactFlowId=self._flow_id,
            Name=outgoing.subject,
            ClientToken=outgoing.token,
            Attributes=dict(outgoing.attributes),
        )


class Queue(Protocol):
    """Takes messages for a function of the hotline."""

    def send(self, bodies: Sequence[str]) -> None:
        """Put at most QUEUE_MESSAGES_MAX messages. Raises Unavailable when not all of them were taken."""
        ...


class SqsQueue:
    """A queue by its URL."""

    def __init__(self, url: str, *, client: SQSClient | None = None) -> None:
        self._client = SdkClient("sqs", attempts=2, given=client)
        self._url = url

    def send(self, bodies: Sequence[str]) -> None:
        """See Queue.send."""
        entries = [{"Id": str(number), "MessageBody": body} for number, body in enumerate(bodies)]
        answer = request(self._client.get().send_message_batch, QueueUrl=self._url, Entries=entries)
        if answer.get("Failed"):
            raise Unavailable(service_code=str(answer["Failed"][0]["Code"]))


@dataclass(frozen=True, slots=True)
class BusEvent:
    """One event for the bus. `detail` travels whole: EventBridge gives every put an id of its own."""

    source: str
    type: str
    time: datetime
    detail: Mapping[str, Any]


class Bus(Protocol):
    """Takes events."""

    def publish(self, events: Sequence[BusEvent]) -> list[str | None]:
        """Put at most BUS_EVENTS_MAX events; for each, in order, None when it was taken, else the reason. Raises
        Unavailable when nothing is known."""
        ...


class EventBridgeBus:
    """The hotline's own bus."""

    def __init__(self, name: str, *, client: EventBridgeClient | None = None) -> None:
        self._client = make_client("events", attempts=2) if client is None else client
        self._name = name

    def publish(self, events: Sequence[BusEvent]) -> list[str | None]:
        """See Bus.publish."""
        entries = [
            {
                "EventBusName": self._name,
                "Source": event.source,
                "DetailType": event.type,
                "Time": event.time,
                "Detail": json.dumps(event.detail, ensure_ascii=False),
            }
            for event in events
        ]
        answer = request(self._client.put_events, Entries=entries)
        return [entry.get("ErrorCode") for entry in answer["Entries"]]

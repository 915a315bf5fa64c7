"""SNS, SES, Amazon Connect and EventBridge as carriers: what they are handed, and that their errors keep no address."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any, Final

import boto3
import pytest
from botocore.config import Config
from botocore.stub import Stubber
from moto import mock_aws
from moto.core.models import DEFAULT_ACCOUNT_ID
from moto.ses.models import ses_backends
from moto.sns.models import sns_backends

from hotline.kit.aws.carriers import (
    BusEvent,
    ConnectCall,
    EventBridgeBus,
    MalformedFlow,
    Outgoing,
    SesEmail,
    SnsSms,
    Undeliverable,
)
from hotline.kit.errors import HotlineError, Unavailable
from tests.support.sweeps import sweep

REGION: Final = "eu-central-1"
PHONE: Final = "+8613800000001"
TEXT: Final = "【Demo Wallet】您的退款已到账。"
BODY: Final = "Your refund has arrived.\n\nOfficial hotline\n"
EVENT: Final = BusEvent("hotline", "case.opened.v1", datetime(2026, 11, 23, 12, tzinfo=UTC), {"id": "out_1", "n": "文"})
INSTANCE: Final = "9308c2a1-9bc6-4cea-8290-6c0b4a6d38fa"
FLOW: Final = "846ec553-a005-41c0-8341-000000000001"
FLOW_ARN: Final = f"arn:aws:connect:{REGION}:123456789012:instance/{INSTANCE}/contact-flow/{FLOW}"
SOURCE: Final = "+498002000001"
CALL: Final = Outgoing(PHONE, "", "", "out_1", {"challenge": "chl_1"})


@pytest.fixture
def aws() -> Iterator[None]:
    with mock_aws():
        yield


@pytest.mark.usefixtures("aws")
def test_a_text_message_goes_to_the_number_with_its_sender() -> None:
    SnsSms("WALLET").send(Outgoing(PHONE, "", TEXT))
    ((number, text, *_),) = sns_backends[DEFAULT_ACCOUNT_ID][REGION].sms_messages.values()
    assert (number, text) == (PHONE, TEXT)


@pytest.mark.usefixtures("aws")
def test_an_email_goes_to_the_address_in_plain_text() -> None:
    boto3.client("ses").verify_email_identity(EmailAddress="hotline@wallet.example")
    SesEmail("hotline@wallet.example").send(Outgoing("one@customer.example", "Demo Wallet: 退款", BODY))
    (sent,) = ses_backends[DEFAULT_ACCOUNT_ID][REGION].sent_messages
    assert sent.destinations["ToAddresses"] == ["one@customer.example"]
    assert (sent.subject, sent.body) == ("Demo Wallet: 退款", BODY)


@pytest.mark.usefixtures("aws")
def test_a_decision_is_put_on_the_bus() -> None:
    boto3.client("events").create_event_bus(Name="hotline")
    assert EventBridgeBus("hotline").publish([EVENT, EVENT]) == [None, None]


def sns() -> Any:
    return boto3.client("sns", region_name=REGION)


def sesv2() -> Any:
    return boto3.client("sesv2", region_name=REGION)


@pytest.mark.parametrize(
    ("make", "carrier", "call", "code", "error"),
    [
        (sns, SnsSms, "publish", "InvalidParameter", Unavailable),
        (sns, SnsSms, "publish", "Throttling", Unavailable),
        (sns, SnsSms, "publish", "AuthorizationError", Unavailable),
        (sesv2, SesEmail, "send_email", "BadRequestException", Unavailable),
        (sesv2, SesEmail, "send_email", "MessageRejected", Unavailable),
    ],
)
def test_the_answer_of_a_carrier_becomes_an_error_without_its_text(
    make: Callable[[], Any], carrier: Any, call: str, code: str, error: type[HotlineError]
) -> None:
    client = make()
    outgoing = Outgoing(PHONE if carrier is SnsSms else "somebody@customer.example", "subject", TEXT)
    with Stubber(client) as stub:
        stub.add_client_error(call, service_error_code=code, service_message=f"no such number {PHONE}")
        with pytest.raises(HotlineError) as raised:
            carrier("sender@wallet.example", client=client).send(outgoing)
    assert type(raised.value) is error
    assert PHONE not in f"{raised.value!r} {raised.value.__cause__!r} {raised.value.__context__!r}"


def connect() -> Any:
    return boto3.client("connect", region_name=REGION)


def test_a_call_is_asked_for_with_its_token_and_nothing_else_than_the_attributes() -> None:
    client = connect()
    expected = {
        "InstanceId": INSTANCE,
        "ContactFlowId": FLOW,
        "SourcePhoneNumber": SOURCE,
        "DestinationPhoneNumber": PHONE,
        "ClientToken": "out_1",
        "Attributes": {"challenge": "chl_1"},
    }
    with Stubber(client) as stub:
        stub.add_response("start_outbound_voice_contact", {"ContactId": "contact-1"}, expected)
        ConnectCall(FLOW_ARN, SOURCE, client=client).send(CALL)
        stub.assert_no_pending_responses()


@pytest.mark.parametrize(
    ("code", "error", "reason"),
    [
        ("DestinationNotAllowedException", Undeliverable, "destination_not_allowed"),
        ("OutboundContactNotPermittedException", Undeliverable, "call_not_permitted"),
        ("LimitExceededException", Unavailable, "LimitExceededException"),
        ("InvalidParameterException", Unavailable, "InvalidParameterException"),
        ("ResourceNotFoundException", Unavailable, "ResourceNotFoundException"),
        ("InternalServiceException", Unavailable, "InternalServiceException"),
        ("AccessDeniedException", Unavailable, "AccessDeniedException"),
    ],
)
def test_a_call_is_given_up_only_for_what_is_said_of_the_number_itself(
    code: str, error: type[HotlineError], reason: str
) -> None:
    client = connect()
    with Stubber(client) as stub:
        message = f"not to {PHONE}"
        stub.add_client_error("start_outbound_voice_contact", service_error_code=code, service_message=message)
        with pytest.raises(HotlineError) as raised:
            ConnectCall(FLOW_ARN, SOURCE, client=client).send(CALL)
    assert (type(raised.value), raised.value.code) == (error, reason)
    assert PHONE not in f"{raised.value!r} {raised.value.__cause__!r} {raised.value.__context__!r}"


@pytest.mark.parametrize("address", ["12345", "+0123456789", "sip:one@customer.example", ""])
def test_a_text_that_can_be_no_number_is_not_called(address: str) -> None:
    client = connect()
    with Stubber(client), pytest.raises(Undeliverable):
        ConnectCall(FLOW_ARN, SOURCE, client=client).send(Outgoing(address, "", "", "out_1"))


@sweep("flow", ["", FLOW, FLOW_ARN.partition("/contact-flow")[0], f"{FLOW_ARN}/more"])
def test_a_setting_that_is_no_flow_is_an_error_of_deployment(flow: str) -> None:
    with pytest.raises(MalformedFlow):
        ConnectCall(flow, SOURCE, client=connect())


@sweep(
    ("make", "carrier", "address"),
    [(sns, SnsSms, "12345"), (sns, SnsSms, "+0123456789"), (sesv2, SesEmail, "nobody"), (sesv2, SesEmail, "a b@c")],
)
def test_a_text_that_can_be_no_address_is_given_up_before_it_is_sent(
    make: Callable[[], Any], carrier: Any, address: str
) -> None:
    client = make()
    with Stubber(client), pytest.raises(Undeliverable):
        carrier("sender@wallet.example", client=client).send(Outgoing(address, "subject", TEXT))


def test_a_carrier_that_does_not_answer_is_unavailable() -> None:
    once = Config(retries={"total_max_attempts": 1})
    client: Any = boto3.client("sns", region_name=REGION, endpoint_url="http://127.0.0.1:9", config=once)
    with pytest.raises(Unavailable) as raised:
        SnsSms("WALLET", client=client).send(Outgoing(PHONE, "", TEXT))
    assert raised.value.code == "EndpointConnectionError"


def test_each_entry_that_the_bus_refuses_is_named_by_its_place() -> None:
    client: Any = boto3.client("events", region_name=REGION)
    expected = {
        "Entries": [
            {
                "EventBusName": "hotline",
                "Source": "hotline",
                "DetailType": "case.opened.v1",
                "Time": EVENT.time,
                "Detail": json.dumps(EVENT.detail, ensure_ascii=False),
            }
        ]
        * 2
    }
    refusal = {"ErrorCode": "InternalFailure", "ErrorMessage": "x"}
    with Stubber(client) as stub:
        stub.add_response("put_events", {"FailedEntryCount": 1, "Entries": [{"EventId": "1"}, refusal]}, expected)
        assert EventBridgeBus("hotline", client=client).publish([EVENT, EVENT]) == [None, "InternalFailure"]

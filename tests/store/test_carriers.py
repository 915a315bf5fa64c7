"""SNS, SES and EventBridge as carriers: what they are handed, and that their errors keep no address."""

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

from hotline.kit.carriers import BusEvent, EventBridgeBus, Outgoing, SesEmail, SnsSms, Undeliverable
from hotline.kit.errors import HotlineError, Unavailable

REGION: Final = "eu-central-1"
PHONE: Final = "+8613800000001"
TEXT: Final = "【Demo Wallet】您的退款已到账。"
BODY: Final = "Your refund has arrived.\n\nOfficial hotline\n"
EVENT: Final = BusEvent("hotline", "case.opened.v1", datetime(2026, 11, 23, 12, tzinfo=UTC), {"id": "out_1", "n": "文"})


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
def test_what_a_carrier_answers_becomes_an_error_without_its_text(
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


@pytest.mark.parametrize(
    ("make", "carrier", "address"),
    [(sns, SnsSms, "12345"), (sns, SnsSms, "+0123456789"), (sesv2, SesEmail, "nobody"), (sesv2, SesEmail, "a b@c")],
)
def test_what_can_be_no_address_is_given_up_before_it_is_sent(
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

"""Both clients of a service, which answer alike: what comes back is an object, a refusal, or no answer."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import boto3
import pytest
from botocore.config import Config

from hotline.kit.aws.clients import CLIENT_SETTING, DIRECT, SDK, open_service
from hotline.kit.aws.direct import DirectService
from hotline.kit.aws.sdk import SdkService
from hotline.kit.aws.service import NoAnswer, Service, ServiceRefused
from hotline.kit.config import MalformedSetting, TableNames
from hotline.kit.errors import Unavailable
from hotline.kit.store import (
    MalformedRequest,
    Put,
    Query,
    ReasonCode,
    Table,
    TransactionCancelled,
    hotline_key,
)
from hotline.kit.store.condition import NEW
from hotline.kit.store.dynamodb import ATTEMPTS_MAX, PAUSE_FIRST_S, DynamoStore
from tests.support.raw_service import KEYS, RawService, Way, answer, drop, hang, raw_service, refuse, send

KEY = hotline_key("ACCOUNT#a", "#LOCK")
NAMES = TableNames({Table.HOTLINE: "hotline"})
ITEM = {"PK": {"S": KEY.pk}, "SK": {"S": "#LOCK"}, "n": {"N": "9" * 38}, "raw": {"B": "AP8="}}
PLAIN = {"PK": KEY.pk, "SK": "#LOCK", "n": int("9" * 38), "raw": b"\x00\xff"}
PATIENT_S = 20.0
IMPATIENT_S = 0.2


def by_direct(service: RawService, read_timeout_s: float = PATIENT_S) -> DirectService:
    return service.open(read_timeout_s=read_timeout_s)


def by_sdk(service: RawService, read_timeout_s: float = PATIENT_S) -> SdkService:
    config = Config(read_timeout=read_timeout_s, retries={"mode": "standard", "total_max_attempts": 1})
    return SdkService(boto3.client("dynamodb", endpoint_url=service.endpoint, config=config))


type Open = Callable[..., DirectService | SdkService]
CLIENTS = pytest.mark.parametrize("open_client", [by_direct, by_sdk])


def close(client: DirectService | SdkService) -> None:
    (client.client if isinstance(client, SdkService) else client).close()


def ask(open_client: Open, *ways: Way, read_timeout_s: float = PATIENT_S) -> Any:
    with raw_service(*ways) as service:
        client = open_client(service, read_timeout_s)
        try:
            return client.send("GetItem", {"TableName": "t", "Key": {"PK": {"S": "a"}}})
        finally:
            close(client)


def use(open_client: Open, work: Callable[[DynamoStore], Any], *ways: Way) -> tuple[Any, RawService, list[float]]:
    """The result of some work on a store, the service that it asked, and the store's pauses. Raises what it does."""
    pauses: list[float] = []
    with raw_service(*ways) as service:
        client = open_client(service)
        store = DynamoStore(client, NAMES, sleep=pauses.append, chance=lambda: 1.0)
        try:
            return work(store), service, pauses
        finally:
            close(client)


@CLIENTS
def test_an_answer_is_an_object(open_client: Open) -> None:
    assert ask(open_client, answer({"Item": ITEM}))["Item"]["n"] == {"N": "9" * 38}


@CLIENTS
def test_numbers_and_binaries_come_and_go_exactly(open_client: Open) -> None:
    found, _, _ = use(open_client, lambda store: store.get(KEY), answer({"Item": ITEM}))
    assert found == PLAIN
    _, service, _ = use(open_client, lambda store: store.write_alone(Put(KEY, PLAIN)), answer({}))
    assert b'"' + b"9" * 38 + b'"' in service.asked[0].body
    assert b'"AP8="' in service.asked[0].body


@CLIENTS
@pytest.mark.parametrize(
    ("code", "status"),
    [("ResourceNotFoundException", 400), ("ProvisionedThroughputExceededException", 400), ("InternalServerError", 500)],
)
def test_a_refusal_has_the_word_of_the_service_and_none_of_its_text(open_client: Open, code: str, status: int) -> None:
    with pytest.raises(ServiceRefused) as refused:
        ask(open_client, refuse(code, status=status))
    assert (refused.value.code, refused.value.status) == (code, status)
    assert "13800000001" not in str(refused.value) + repr(refused.value)


CANCELLED = {
    "__type": "com.amazonaws.dynamodb.v20120810#TransactionCanceledException",
    "Message": "Transaction cancelled",
    "CancellationReasons": [{"Code": "ConditionalCheckFailed", "Item": ITEM, "Message": "-"}, {"Code": "None"}],
}
OTHER = hotline_key("ACCOUNT#a", "#OTHER")


def write_two(store: DynamoStore) -> None:
    store.transact([Put(KEY, {}, NEW), Put(OTHER, {})], token="token-1")


@CLIENTS
def test_reasons_of_a_cancelled_transaction_come_with_the_item(open_client: Open) -> None:
    with pytest.raises(TransactionCancelled) as cancelled:
        use(open_client, write_two, answer(CANCELLED, status=400))
    first, second = cancelled.value.reasons
    assert (first.code, first.item, second.code) == (ReasonCode.CONDITION, PLAIN, ReasonCode.NONE)


@CLIENTS
def test_a_conflict_of_transactions_is_handed_back_after_a_pause(open_client: Open) -> None:
    conflict = CANCELLED | {"CancellationReasons": [{"Code": "TransactionConflict"}, {"Code": "None"}]}
    pauses: list[float] = []

    def write(store: DynamoStore) -> None:
        store._sleep = pauses.append
        write_two(store)

    with pytest.raises(TransactionCancelled) as cancelled:
        use(open_client, write, answer(conflict, status=400))
    assert cancelled.value.reasons[0].code is ReasonCode.CONFLICT
    assert pauses == [PAUSE_FIRST_S]


@CLIENTS
def test_a_condition_of_a_write_alone_hands_back_the_item(open_client: Open) -> None:
    failed = {"__type": "com.amazonaws.dynamodb.v20120810#ConditionalCheckFailedException", "Item": ITEM}
    with pytest.raises(TransactionCancelled) as cancelled:
        use(open_client, lambda store: store.write_alone(Put(KEY, {}, NEW)), answer(failed, status=400))
    assert cancelled.value.reasons[0].item == PLAIN


@CLIENTS
@pytest.mark.parametrize(
    "way",
    [
        drop,
        send(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{}", close=True),
        send(b"nothing of HTTP\r\n\r\n", close=True),
    ],
    ids=["no answer", "half a body", "no HTTP"],
)
def test_an_answer_that_is_broken_or_does_not_come_is_none(open_client: Open, way: Way) -> None:
    with pytest.raises(NoAnswer):
        ask(open_client, way)


@CLIENTS
def test_silence_is_no_answer_after_the_time_out(open_client: Open) -> None:
    with pytest.raises(NoAnswer):
        ask(open_client, hang, read_timeout_s=IMPATIENT_S)


@CLIENTS
def test_trouble_that_passes_is_met_with_the_same_request_after_growing_pauses(open_client: Open) -> None:
    ways = (drop, refuse("ProvisionedThroughputExceededException"), answer({}))
    _, service, pauses = use(open_client, write_two, *ways)
    assert pauses == [PAUSE_FIRST_S, 2 * PAUSE_FIRST_S]
    assert len(service.asked) == ATTEMPTS_MAX
    assert len({asked.body for asked in service.asked}) == 1
    assert b'"ClientRequestToken"' in service.asked[0].body


@CLIENTS
def test_trouble_that_does_not_pass_makes_the_store_unavailable(open_client: Open) -> None:
    for way in (drop, refuse("InternalServerError", status=500), answer(b"<html>", status=503)):
        with pytest.raises(Unavailable):
            use(open_client, lambda store: store.query(Query(Table.HOTLINE, "a")), way)


@CLIENTS
def test_a_request_that_can_never_work_is_sent_once(open_client: Open) -> None:
    with pytest.raises(MalformedRequest) as refused:
        use(open_client, write_two, refuse("ValidationException"), drop)
    assert "13800000001" not in str(refused.value)


@CLIENTS
def test_keys_that_were_left_out_are_asked_for_again(open_client: Open) -> None:
    key = {"PK": {"S": OTHER.pk}, "SK": {"S": "#OTHER"}}
    left = {"hotline": {"ConsistentRead": True, "Keys": [key]}}
    first = {"Responses": {"hotline": [ITEM]}, "UnprocessedKeys": left}
    second = {"Responses": {"hotline": [key]}, "UnprocessedKeys": {}}
    found, service, pauses = use(
        open_client, lambda store: store.batch_get([KEY, OTHER]), answer(first), answer(second)
    )
    assert found == {KEY: PLAIN, OTHER: OTHER.attributes()}
    assert KEY.pk.encode() in service.asked[1].body
    assert b"#LOCK" not in service.asked[1].body
    assert pauses == [PAUSE_FIRST_S]


# ---------------------------------------------------------------- the choice

HERE = {**KEYS, "AWS_REGION": "eu-central-1"}


def opened(**settings: str) -> Service:
    return open_service("dynamodb", connect_timeout_s=1, read_timeout_s=1, environment=HERE | settings)


def test_a_function_is_given_the_direct_client_unless_its_setting_names_the_sdk() -> None:
    assert isinstance(opened(), DirectService)
    assert isinstance(opened(**{CLIENT_SETTING: DIRECT}), DirectService)
    assert isinstance(opened(**{CLIENT_SETTING: SDK}), SdkService)
    with pytest.raises(MalformedSetting, match=CLIENT_SETTING):
        opened(**{CLIENT_SETTING: "other"})


@pytest.mark.parametrize(
    "settings",
    [
        {"AWS_ACCESS_KEY_ID": ""},
        {"AWS_PROFILE": "mine"},
        {"HTTPS_PROXY": "http://127.0.0.1:1"},
        {"AWS_USE_DUALSTACK_ENDPOINT": "true"},
        {"AWS_ENDPOINT_URL": "http://127.0.0.1:1/under/a/path"},
    ],
    ids=lambda settings: next(iter(settings)),
)
def test_where_only_the_sdk_finds_its_way_it_is_taken(
    monkeypatch: pytest.MonkeyPatch, settings: dict[str, str]
) -> None:
    monkeypatch.setattr("hotline.kit.aws.clients.make_client", lambda *_, **__: None)
    assert isinstance(opened(**settings), SdkService)

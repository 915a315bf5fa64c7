"""With a front before the API, a request that has gone around it gets nothing."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import Any

import boto3
import pytest
from moto import mock_aws

from functions.customer_api import app
from hotline.kit.doors import Context
from hotline.kit.origin import ORIGIN_HEADER
from hotline_local.testing.memory_store import MemoryStore
from tests.support.function_settings import started

KEY = "k" * 64


@pytest.fixture(autouse=True)
def _store(monkeypatch: pytest.MonkeyPatch) -> None:
    """The numbers are read from a store, which is in memory here; all else is as it is deployed."""
    made = cache(lambda: Context(MemoryStore(), official_numbers=("+864008001234",)))
    monkeypatch.setattr(app, "_context_of_start", made)


@pytest.fixture
def _front() -> Iterator[None]:
    with mock_aws():
        secret = boto3.client("secretsmanager").create_secret(
            Name="o", SecretString=f'{{"current": "1", "1": "{KEY}"}}'
        )
        with started("customer_api", {"ORIGIN_KEY_SECRET": secret["ARN"]}):
            yield


def status(headers: dict[str, str]) -> int:
    path = "/v1/hotline/numbers"
    event: dict[str, Any] = {
        "version": "2.0",
        "routeKey": f"GET {path}",
        "rawPath": path,
        "rawQueryString": "",
        "headers": headers,
        "requestContext": {"http": {"method": "GET", "path": path}, "requestId": "request-1", "stage": "$default"},
        "isBase64Encoded": False,
    }
    return int(app.handler(event, None)["statusCode"])


@pytest.mark.usefixtures("_front")
def test_a_request_that_has_passed_the_front_is_answered() -> None:
    assert status({ORIGIN_HEADER: KEY}) == 200


def test_without_a_front_nothing_has_to_be_shown() -> None:
    with started("customer_api", {"ORIGIN_KEY_SECRET": ""}):
        assert status({}) == 200


@pytest.mark.usefixtures("_front")
@pytest.mark.parametrize("headers", [{}, {ORIGIN_HEADER: KEY[:-1]}])
def test_a_request_that_has_gone_around_the_front_is_refused(headers: dict[str, str]) -> None:
    assert status(headers) == 403

"""Secrets of Secrets Manager: one client for all, asked twice at most, and silent about what it was told."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from hotline.kit.aws import secrets
from hotline.kit.aws.clients import CLIENT_SETTING, DIRECT
from hotline.kit.errors import Unavailable
from tests.support.raw_service import RawService, Way, answer, drop, raw_service, refuse

SECRET = {"SecretString": '{"current": "1"}', "Name": "n"}


@pytest.fixture(autouse=True)
def _fresh(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv(CLIENT_SETTING, DIRECT)
    monkeypatch.setattr(secrets, "PAUSE_S", 0)
    secrets._service.cache_clear()
    yield
    secrets._service.cache_clear()


def fetch(monkeypatch: pytest.MonkeyPatch, *ways: Way, times: int = 1) -> tuple[str, RawService]:
    with raw_service(*ways) as service:
        monkeypatch.setenv("AWS_ENDPOINT_URL", service.endpoint)
        try:
            return [secrets.fetch_secret("a-secret") for _ in range(times)][-1], service
        finally:
            made = secrets._service()
            service.clients.append(made)  # type: ignore[arg-type]


def test_a_secret_is_fetched_and_the_next_one_on_the_same_connection(monkeypatch: pytest.MonkeyPatch) -> None:
    text, service = fetch(monkeypatch, answer(SECRET), times=2)
    assert text == SECRET["SecretString"]
    assert [asked.connection for asked in service.asked] == [1, 1]
    assert service.asked[0].headers["x-amz-target"] == "secretsmanager.GetSecretValue"
    assert service.asked[0].headers["content-type"] == "application/x-amz-json-1.1"
    assert "/secretsmanager/aws4_request" in service.asked[0].headers["authorization"]


@pytest.mark.parametrize(
    "way",
    [drop, refuse("ThrottlingException"), refuse("InternalServiceError", status=500)],
    ids=["drop", "rate", "500"],
)
def test_trouble_that_passes_is_tried_again(monkeypatch: pytest.MonkeyPatch, way: Way) -> None:
    assert fetch(monkeypatch, way, answer(SECRET))[0] == SECRET["SecretString"]


@pytest.mark.parametrize(
    ("way", "times"),
    [(drop, secrets.ATTEMPTS), (refuse("ResourceNotFoundException"), 1), (refuse("AccessDeniedException"), 1)],
    ids=["drop", "nothing there", "no right"],
)
def test_a_secret_that_cannot_be_had_is_unavailable(monkeypatch: pytest.MonkeyPatch, way: Way, times: int) -> None:
    seen: list[object] = []

    def note(asked: object, connection: object) -> bool:
        seen.append(asked)
        return way(asked, connection)  # type: ignore[arg-type]

    with pytest.raises(Unavailable, match="secret_unavailable"):
        fetch(monkeypatch, note)
    assert len(seen) == times

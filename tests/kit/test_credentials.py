"""Credentials of a deployed function: of its environment, and of the endpoint that SnapStart and containers have."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from hotline.kit.aws.credentials import (
    ATTEMPTS,
    EARLY_S,
    ContainerCredentials,
    EnvironmentCredentials,
    find_credentials,
)
from hotline.kit.aws.service import NoAnswer
from hotline.kit.aws.signing import Credentials
from tests.support.raw_service import KEYS, Asked, Way, answer, drop, raw_service
from tests.support.sweeps import sweep

NOW = datetime(2026, 11, 30, 12, 0, tzinfo=UTC)
FULL = "AWS_CONTAINER_CREDENTIALS_FULL_URI"


class Clock:
    def __init__(self) -> None:
        self.now_s = NOW.timestamp()

    def __call__(self) -> float:
        return self.now_s


def told(number: int, *, ends: timedelta | None = timedelta(hours=1)) -> Way:
    content: dict[str, Any] = {"AccessKeyId": f"AKID{number}", "SecretAccessKey": "secret", "Token": f"token{number}"}
    if ends is not None:
        content["Expiration"] = (NOW + ends).isoformat().replace("+00:00", "Z")
    return answer(content)


def by_endpoint(endpoint: str, clock: Clock, **environment: str) -> ContainerCredentials:
    return ContainerCredentials({FULL: f"{endpoint}/v1/keys?of=me", **environment}, now=clock, sleep=lambda _: None)


def test_the_environment_gives_what_it_holds() -> None:
    source = EnvironmentCredentials(KEYS)
    access_key, secret_key, token = KEYS.values()
    assert source.get() == Credentials(access_key, secret_key, token)
    assert source.get() is source.get()


def test_the_environment_is_read_again_when_its_credentials_were_refused() -> None:
    environment = dict(KEYS)
    source = EnvironmentCredentials(environment)
    old = source.get()
    assert source.reload(old) == old
    environment["AWS_SESSION_TOKEN"] = "newer"
    new = source.reload(old)
    assert new.token == "newer"
    assert source.get() is source.reload(old) is new, "whoever comes late with the old ones loads nothing"


@pytest.mark.parametrize("name", ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"])
def test_an_environment_without_a_key_gives_nothing(name: str) -> None:
    with pytest.raises(NoAnswer, match="credentials_unavailable"):
        EnvironmentCredentials({**KEYS, name: ""}).get()


@pytest.mark.parametrize("token", ["two\nlines", "kein-ä", "end\r"])
def test_a_token_that_no_header_can_hold_is_not_shown(token: str) -> None:
    with pytest.raises(NoAnswer, match="credentials_unavailable"):
        EnvironmentCredentials({**KEYS, "AWS_SESSION_TOKEN": token}).get()
    content = {"AccessKeyId": "A", "SecretAccessKey": "s", "Token": token}
    with raw_service(answer(content)) as service, pytest.raises(NoAnswer, match="credentials_unavailable"):
        by_endpoint(service.endpoint, Clock()).get()


def test_credentials_of_a_user_have_no_token() -> None:
    assert EnvironmentCredentials({**KEYS, "AWS_SESSION_TOKEN": ""}).get().token is None


def test_the_endpoint_is_asked_with_its_token_and_its_answer_is_kept() -> None:
    clock = Clock()
    with raw_service(told(1), told(2)) as service:
        source = by_endpoint(service.endpoint, clock, AWS_CONTAINER_AUTHORIZATION_TOKEN="open sesame")
        first = source.get()
        assert first == Credentials("AKID1", "secret", "token1", (NOW + timedelta(hours=1)).timestamp())
        assert source.get() is first
    (asked,) = service.asked
    assert asked.line == "GET /v1/keys?of=me HTTP/1.1"
    assert asked.headers["authorization"] == "open sesame"


def test_the_token_of_a_file_is_read_each_time(tmp_path: Path) -> None:
    file, clock = tmp_path / "token", Clock()
    with raw_service(told(1), told(2)) as service:
        source = by_endpoint(service.endpoint, clock, AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE=str(file))
        for token in ("one", "two"):
            file.write_text(f"{token}\n", encoding="utf-8")
            source.get()
            clock.now_s += 3600
    assert [asked.headers["authorization"] for asked in service.asked] == ["one", "two"]


@pytest.mark.parametrize(("after_s", "access_key"), [(3600 - EARLY_S - 1, "AKID1"), (3600 - EARLY_S, "AKID2")])
def test_credentials_are_fetched_again_before_they_end(after_s: float, access_key: str) -> None:
    clock = Clock()
    with raw_service(told(1), told(2, ends=timedelta(hours=2))) as service:
        source = by_endpoint(service.endpoint, clock)
        source.get()
        clock.now_s += after_s
        assert source.get().access_key == access_key


def test_credentials_without_an_end_are_kept() -> None:
    clock = Clock()
    with raw_service(told(1, ends=None), told(2)) as service:
        source = by_endpoint(service.endpoint, clock)
        source.get()
        clock.now_s += 10**9
        assert source.get().access_key == "AKID1"


def test_credentials_that_still_hold_are_used_while_no_others_can_be_had() -> None:
    clock = Clock()
    with raw_service(told(1), drop) as service:
        source = by_endpoint(service.endpoint, clock)
        source.get()
        clock.now_s += 3599
        assert source.get().access_key == "AKID1"
        clock.now_s += 1
        with pytest.raises(NoAnswer, match="credentials_unavailable"):
            source.get()


def test_the_endpoint_is_asked_some_times() -> None:
    with raw_service(drop, answer({}, status=500), told(3)) as service:
        assert by_endpoint(service.endpoint, Clock()).get().access_key == "AKID3"
    assert len(service.asked) == ATTEMPTS


@sweep(
    "way",
    [drop, answer(b"<html>"), answer([]), answer({"AccessKeyId": "secret-word"}), answer({}, status=403)],
)
def test_an_endpoint_that_gives_none_shows_nothing_of_what_it_said(way: Way) -> None:
    with raw_service(way) as service, pytest.raises(NoAnswer) as raised:
        by_endpoint(service.endpoint, Clock()).get()
    assert str(raised.value) == "credentials_unavailable"


def test_credentials_that_were_refused_are_fetched_again_once_for_all_who_hold_them() -> None:
    with raw_service(told(1), told(2), told(3)) as service:
        source = by_endpoint(service.endpoint, Clock())
        old = source.get()
        with ThreadPoolExecutor(4) as pool:
            found = set(pool.map(lambda _: source.reload(old).access_key, range(4)))
    assert found == {"AKID2"}


def test_threads_that_need_credentials_at_once_fetch_them_once() -> None:
    with raw_service(told(1), told(2)) as service:
        source = by_endpoint(service.endpoint, Clock())
        with ThreadPoolExecutor(4) as pool:
            assert set(pool.map(lambda _: source.get().access_key, range(4))) == {"AKID1"}
    assert len(service.asked) == 1


@pytest.mark.parametrize(
    "address", ["http://keys.example/v1", "http://169.254.169.254/v1", "ftp://127.0.0.1/", "http:"]
)
def test_a_token_is_sent_to_no_other_host_without_tls(monkeypatch: pytest.MonkeyPatch, address: str) -> None:
    def connect(*_: object) -> None:
        raise AssertionError(address)

    monkeypatch.setattr("socket.create_connection", connect)
    source = ContainerCredentials({FULL: address}, sleep=lambda _: None)
    with pytest.raises(NoAnswer):
        source.get()


def test_the_source_is_the_one_that_the_sdk_would_take_first() -> None:
    relative = {"AWS_CONTAINER_CREDENTIALS_RELATIVE_URI": "/keys"}
    assert isinstance(find_credentials({**KEYS, **relative}), EnvironmentCredentials)
    assert isinstance(find_credentials(relative), ContainerCredentials)
    assert isinstance(find_credentials({FULL: "http://127.0.0.1/"}), ContainerCredentials)
    assert find_credentials({"AWS_PROFILE": "mine"}) is None


def test_a_relative_address_is_one_of_the_host_of_containers(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[tuple[str, int]] = []

    def connect(address: tuple[str, int], *_: object) -> None:
        asked.append(address)
        raise OSError

    monkeypatch.setattr("socket.create_connection", connect)
    with pytest.raises(NoAnswer):
        ContainerCredentials({"AWS_CONTAINER_CREDENTIALS_RELATIVE_URI": "/k"}, sleep=lambda _: None).get()
    assert set(asked) == {("169.254.170.2", 80)}


def test_a_client_signs_with_what_the_endpoint_gave() -> None:
    def check(asked: Asked, connection: Any) -> bool:
        return answer({"key": asked.headers["authorization"].partition("Credential=")[2][:5]})(asked, connection)

    with raw_service(told(7)) as keys, raw_service(check) as service:
        client = service.open(credentials=by_endpoint(keys.endpoint, Clock()))
        assert client.send("GetItem", {}) == {"key": "AKID7"}

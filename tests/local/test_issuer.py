"""The demo wallet's login, the token command, and the page of the API, without a running stack."""

from __future__ import annotations

import json
import stat
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import jwt
import pytest
from werkzeug.test import Client

from functions.customer_api.access import SCOPES
from hotline_local import issuer
from hotline_local.cli import main
from hotline_local.errors import CommandError
from hotline_local.issuer import AUDIENCE, Issuer
from hotline_local.launcher.stack import Stack
from hotline_local.pages import Pages, application

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
ENDPOINT = "http://127.0.0.1:4566"


class Bucket:
    """The part of S3 that the issuer uses."""

    def __init__(self) -> None:
        self.objects: dict[str, Any] = {}

    def create_bucket(self, **_: Any) -> None:
        pass

    def put_object(self, *, Key: str, Body: bytes, **_: Any) -> None:  # noqa: N803 - the SDK's names
        self.objects[Key] = json.loads(Body)


@pytest.fixture
def bucket() -> Bucket:
    return Bucket()


@pytest.fixture
def login(bucket: Bucket, tmp_path: Path) -> Issuer:
    return issuer.publish(bucket, ENDPOINT, "eu-central-1", tmp_path)


@pytest.fixture
def stack(login: Issuer) -> Stack:
    names = dict.fromkeys(Stack.__slots__, "-")
    told = {"endpoint": ENDPOINT, "api_id": "api1", "issuer": login.url, "issuer_key_file": str(login.key_file)}
    return Stack(**{**names, **told})


def verified(token: str, bucket: Bucket) -> dict[str, Any]:
    """The claims, as a gateway comes to them: by discovery, the published key, issuer and audience."""
    discovered = bucket.objects[".well-known/openid-configuration"]
    assert discovered["jwks_uri"] == f"{discovered['issuer']}/jwks.json"
    (key,) = bucket.objects["jwks.json"]["keys"]
    assert "d" not in key
    assert key["kid"] == jwt.get_unverified_header(token)["kid"]
    claims: dict[str, Any] = jwt.decode(
        token, jwt.PyJWK(key).key, algorithms=["RS256"], audience=AUDIENCE, issuer=discovered["issuer"],
        options={"verify_exp": False, "verify_iat": False},
    )  # fmt: skip
    return claims


def test_a_token_is_verified_by_what_the_issuer_publishes(login: Issuer, bucket: Bucket) -> None:
    life, signed_in = timedelta(minutes=30), timedelta(minutes=5)
    token = login.token("acct-1", ["account.read", "payment.read"], now=NOW, life=life, signed_in=signed_in)
    claims = verified(token, bucket)
    assert (claims["sub"], claims["scope"]) == ("acct-1", "account.read payment.read")
    assert claims["exp"] - claims["iat"] == 1800
    assert claims["iat"] - claims["auth_time"] == 300


def test_the_private_key_is_its_owners_alone(login: Issuer) -> None:
    assert stat.S_IMODE(login.key_file.stat().st_mode) == 0o600


def test_a_login_whose_key_is_gone_says_so(login: Issuer) -> None:
    login.key_file.unlink()
    with pytest.raises(CommandError, match="start the hotline again"):
        login.token("acct-1", SCOPES, now=NOW, life=timedelta(minutes=1))


def ran(monkeypatch: pytest.MonkeyPatch, stack: Stack, *arguments: str) -> int:
    monkeypatch.setattr("hotline_local.launcher.stack.load", lambda: stack)
    return main(["token", *arguments])


def test_the_command_prints_a_token_with_all_scopes(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], stack: Stack, bucket: Bucket
) -> None:
    assert ran(monkeypatch, stack, "--account", "acct-demo-01") == 0
    claims = verified(capsys.readouterr().out.strip(), bucket)
    assert claims["scope"].split() == list(SCOPES)


def test_the_command_takes_scopes_a_sign_in_and_an_age_and_prints_json(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], stack: Stack, bucket: Bucket
) -> None:
    own = ("--scope", "account.read,payment.read", "--session", "s-1", "--signed-in", "20", "--json")
    assert ran(monkeypatch, stack, "--account", "acct-demo-01", *own) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["url"] == f"{ENDPOINT}/_aws/execute-api/api1"
    assert told["scopes"] == ["account.read", "payment.read"]
    claims = verified(told["token"], bucket)
    assert claims["sid"] == "s-1"
    assert claims["iat"] - claims["auth_time"] == 1200


@pytest.mark.parametrize("own", [["--scope", "everything"], ["--signed-in", "soon"], ["--signed-in", "-1"]])
def test_the_command_refuses_what_means_nothing(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], stack: Stack, own: list[str]
) -> None:
    try:
        code: Any = ran(monkeypatch, stack, "--account", "acct-demo-01", *own)
    except SystemExit as ended:
        code = ended.code
    assert code == 2
    assert len(capsys.readouterr().err.strip().splitlines()) == 1


@pytest.mark.parametrize(
    "arguments",
    [
        ["--staff", "nobody"],
        ["--staff", "agent-1", "--scope", "account.read"],
        ["--staff", "agent-1", "--session", "s-1"],
        ["--staff", "agent-1", "--signed-in", "0"],
        ["--staff", "agent-1", "--account", "acct-demo-01"],
        [],
    ],
)
def test_the_command_refuses_a_token_of_nobody(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], stack: Stack, arguments: list[str]
) -> None:
    try:
        code: Any = ran(monkeypatch, stack, *arguments)
    except SystemExit as ended:
        code = ended.code
    assert code == 2
    assert len(capsys.readouterr().err.strip().splitlines()) == 1


def test_the_page_shows_the_api_with_its_own_files(stack: Stack) -> None:
    browser = Client(application(stack))
    page = browser.get("/")
    assert page.status_code == 200
    assert "http://" not in page.text
    assert "https://" not in page.text
    for path in ("/assets/swagger-ui-bundle.min.js", "/assets/swagger-ui.min.css"):
        assert path in page.text
        assert browser.get(path).status_code == 200
    described = browser.get("/openapi.json").get_json()
    assert described["servers"] == [{"url": "/api"}]
    assert "/v1/me/lock" in described["paths"]
    assert browser.get("/nothing").status_code == 404


def test_a_page_port_that_is_taken_is_told_in_a_sentence(stack: Stack) -> None:
    first = Pages(stack, 0)
    first.start()
    try:
        with pytest.raises(CommandError, match="--pages-port"):
            Pages(stack, int(first.url.rpartition(":")[2]))
    finally:
        first.stop()

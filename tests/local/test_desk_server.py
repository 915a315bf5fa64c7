"""The server of the desk on this machine: new tokens for a refresh token, and windows that are closed early."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator, Mapping
from http.client import HTTPConnection
from urllib.parse import urlencode, urlsplit

import pytest

from hotline_local.desk_server import DeskServer, DeskSettings

SETTINGS = DeskSettings(
    "/api",
    "https://staff.wallet.example",
    "desk",
    token_endpoint="/sign-in/token",
    forwards={"/sign-in": "http://127.0.0.1:9"},
)


def renew(refresh_token: str) -> Mapping[str, object] | None:
    return {"access_token": f"new of {refresh_token}"} if refresh_token != "old" else None


@pytest.fixture
def server() -> Iterator[DeskServer]:
    server = DeskServer(SETTINGS, 0, renew=renew)
    server.start()
    yield server
    server.stop()


def post(server: DeskServer, path: str, **form: str) -> tuple[int, bytes]:
    connection = HTTPConnection(urlsplit(server.url).netloc)
    try:
        connection.request("POST", path, urlencode(form), {"Content-Type": "application/x-www-form-urlencoded"})
        answer = connection.getresponse()
        return answer.status, answer.read()
    finally:
        connection.close()


def test_a_refresh_token_is_answered_by_renewal_and_everything_else_is_forwarded(server: DeskServer) -> None:
    status, body = post(server, "/sign-in/token", grant_type="refresh_token", refresh_token="r-1")
    assert (status, json.loads(body)) == (200, {"access_token": "new of r-1"})
    status, body = post(server, "/sign-in/token", grant_type="refresh_token", refresh_token="old")
    assert (status, json.loads(body)) == (400, {"error": "invalid_grant"})
    assert post(server, "/sign-in/token", grant_type="authorization_code", code="c")[0] == 502
    assert post(server, "/sign-in/revoke", grant_type="refresh_token", refresh_token="r-1")[0] == 502


def test_a_window_that_is_closed_early_prints_nothing(server: DeskServer, capfd: pytest.CaptureFixture[str]) -> None:
    for _ in range(5):
        with socket.create_connection(("127.0.0.1", urlsplit(server.url).port or 0)) as window:
            window.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
            window.sendall(b"GET /vendor/lit/lit.js HTTP/1.1\r\nHost: desk\r\n\r\n" * 50)
    assert post(server, "/sign-in/token", grant_type="refresh_token", refresh_token="r-1")[0] == 200
    server.stop()
    assert "Traceback" not in capfd.readouterr().err


def test_a_window_that_is_closed_while_its_request_is_read_prints_nothing(
    server: DeskServer, capfd: pytest.CaptureFixture[str]
) -> None:
    for _ in range(5):
        with socket.create_connection(("127.0.0.1", urlsplit(server.url).port or 0)) as window:
            window.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
            window.sendall(b"GET /vendor/lit/lit.js HT")
    assert post(server, "/sign-in/token", grant_type="refresh_token", refresh_token="r-1")[0] == 200
    server.stop()
    assert "Traceback" not in capfd.readouterr().err

"""The server of the desk on this machine: what it serves, with which headers, and what it forwards."""

from __future__ import annotations

import gzip
import http.client
import json
from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest

from hotline_local.desk_server import FOLDER, DeskServer, DeskSettings, security_policy
from hotline_local.errors import CommandError
from tests.support.loopback import Answered, Asked, LoopbackServer

API = "https://api.example/stage"
ISSUER = "https://login.example/pool"


@pytest.fixture
def other() -> Iterator[tuple[LoopbackServer, list[Asked]]]:
    """Another server, and the requests that it got."""
    asked: list[Asked] = []

    def answer(request: Asked) -> Answered:
        asked.append(request)
        return Answered(412, b'{"code":"stale"}', {"Content-Type": "application/problem+json", "ETag": '"2"'})

    with LoopbackServer(answer) as server:
        yield server, asked


@pytest.fixture
def server(other: tuple[LoopbackServer, list[Asked]]) -> Iterator[DeskServer]:
    ancestors = ("https://shop.my.connect.aws",)
    settings = DeskSettings(API, ISSUER, "desk", frame_ancestors=ancestors, forwards={"/api": f"{other[0].url}/stage"})
    server = DeskServer(settings, 0)
    server.start()
    yield server
    server.stop()


def ask(
    server: DeskServer, path: str, method: str = "GET", body: bytes | None = None, **headers: str
) -> tuple[http.client.HTTPResponse, bytes]:
    connection = http.client.HTTPConnection(urlsplit(server.url).netloc, timeout=20)
    connection.request(method, path, body, {name.replace("_", "-"): value for name, value in headers.items()})
    answer = connection.getresponse()
    read = answer.read()
    connection.close()
    return answer, read


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("/", "text/html; charset=utf-8"),
        ("/?contact=abc", "text/html; charset=utf-8"),
        ("/callback.html", "text/html; charset=utf-8"),
        ("/app.js", "text/javascript; charset=utf-8"),
        ("/views/case.js", "text/javascript; charset=utf-8"),
        ("/words/zh.json", "application/json"),
        ("/config.json", "application/json"),
        ("/icon.svg", "image/svg+xml"),
    ],
)
def test_files_of_the_page_come_with_their_type_and_its_headers(server: DeskServer, path: str, kind: str) -> None:
    answer, body = ask(server, path)
    assert (answer.status, answer.headers["Content-Type"]) == (200, kind)
    assert body != b""
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Cache-Control"] == "no-cache"
    assert answer.headers["Referrer-Policy"] == "no-referrer"
    assert answer.headers["X-Frame-Options"] is None
    assert "script-src 'self';" in answer.headers["Content-Security-Policy"]


@pytest.mark.parametrize(
    "path",
    [
        "/README.md",
        "/vendor/lit/LICENSE",
        "/../Makefile",
        "/%2e%2e/Makefile",
        "/words/",
        "/words/../../Makefile",
        "/apix",
    ],
)
def test_nothing_else_is_served(server: DeskServer, path: str) -> None:
    assert ask(server, path)[0].status == 404


def test_the_policy_allows_scripts_of_the_page_and_requests_to_api_and_sign_in_alone() -> None:
    policy = security_policy(DeskSettings(API, ISSUER, "desk", token_endpoint="https://token.example/oauth2/token"))
    parts = dict(part.split(" ", 1) for part in policy.split("; "))
    assert parts == {
        "default-src": "'none'",
        "script-src": "'self'",
        "style-src": "'self'",
        "img-src": "'self'",
        "connect-src": "'self' https://api.example https://login.example https://token.example",
        "base-uri": "'none'",
        "form-action": "'none'",
        "frame-ancestors": "'none'",
        "require-trusted-types-for": "'script'",
        "trusted-types": "lit-html",
    }


def test_the_policy_names_the_workspaces_that_may_show_the_page(server: DeskServer) -> None:
    policy = ask(server, "/")[0].headers["Content-Security-Policy"]
    assert "frame-ancestors https://shop.my.connect.aws;" in policy


def test_the_configuration_says_where_api_and_sign_in_are(server: DeskServer) -> None:
    config = json.loads(ask(server, "/config.json")[1])
    assert {name: config[name] for name in ("api", "issuer", "client_id")} == {
        "api": API,
        "issuer": ISSUER,
        "client_id": "desk",
    }
    assert "desk/read" in config["scopes"]


def test_a_browser_that_can_unpack_gets_files_packed(server: DeskServer) -> None:
    answer, body = ask(server, "/app.js", Accept_Encoding="gzip, br")
    assert answer.headers["Content-Encoding"] == "gzip"
    assert gzip.decompress(body) == (FOLDER / "app.js").read_bytes()
    assert ask(server, "/app.js")[1] == (FOLDER / "app.js").read_bytes()


def test_the_page_is_only_read(server: DeskServer) -> None:
    assert ask(server, "/app.js", "HEAD")[1] == b""
    answer, _ = ask(server, "/app.js", "POST", b"x")
    assert (answer.status, answer.headers["Allow"]) == (405, "GET, HEAD")


def test_a_forwarded_request_arrives_whole_and_its_answer_comes_back(
    server: DeskServer, other: tuple[LoopbackServer, list[Asked]]
) -> None:
    answer, body = ask(
        server, "/api/v1/agent/hours?a=b", "PUT", b"{}", If_Match='"1"', Authorization="Bearer t", Cookie="c"
    )
    assert (answer.status, answer.headers["ETag"], body) == (412, '"2"', b'{"code":"stale"}')
    (request,) = other[1]
    assert (request.method, request.path, request.query, request.body) == (
        "PUT",
        "/stage/v1/agent/hours",
        {"a": "b"},
        b"{}",
    )
    assert (request.headers["if-match"], request.headers["authorization"]) == ('"1"', "Bearer t")
    assert "cookie" not in request.headers


def test_a_body_that_is_too_large_is_refused(server: DeskServer, other: tuple[LoopbackServer, list[Asked]]) -> None:
    assert ask(server, "/api/x", "POST", b"", Content_Length="1000001")[0].status == 413
    assert other[1] == []


def test_a_server_that_does_not_answer_is_told() -> None:
    with LoopbackServer(lambda _: Answered(200)) as gone:
        address = gone.url
    server = DeskServer(DeskSettings(API, ISSUER, "desk", forwards={"/api": address}), 0)
    server.start()
    assert ask(server, "/api/x")[0].status == 502
    server.stop()


def test_a_taken_port_is_named(server: DeskServer) -> None:
    port = urlsplit(server.url).port
    assert port is not None
    with pytest.raises(CommandError, match=f"Port {port} is taken"):
        DeskServer(DeskSettings(API, ISSUER, "desk"), port)

"""The desk on this machine: a server of its static files on loopback, and of the headers that they need.

It serves the files of `desk/` that were there when it started, and `config.json`, which says where API and sign-in are.
Paths under a prefix of `forwards` go to another server of this machine. Page, API and token endpoint can then be one
origin, where the others know no CORS.
"""

from __future__ import annotations

import gzip
import http.client
import json
import sys
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Final
from urllib.parse import parse_qsl, urlsplit

from hotline_local.errors import CommandError
from hotline_local.launcher.paths import ROOT
from hotline_local.ports import HOST

FOLDER: Final = ROOT / "desk"
TYPES: Final[Mapping[str, str]] = {
    ".css": "text/css; charset=utf-8",
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".json": "application/json",
    ".svg": "image/svg+xml",
}
"""The files that are the page, by their endings. Nothing else of the folder is served."""
SCOPES: Final = (
    "openid", "desk/read", "desk/work", "desk/act", "desk/refund", "desk/approve", "desk/manage", "desk/report",
)  # fmt: skip
"""The scopes that the desk asks for. The issuer gives those that the person may have."""
type Renew = Callable[[str], Mapping[str, object] | None]
"""Makes the answer of a token endpoint for a refresh token; None for one that is not good."""
BODY_BYTES_MAX: Final = 1_000_000
FORWARD_TIMEOUT_S: Final = 60
STOPS_WITHIN_S: Final = 0.05
"""The time between two looks of a server at whether it is to stop."""
_FORWARDED: Final = (
    "accept", "accept-language", "authorization", "content-type", "desk-contact", "desk-reason", "idempotency-key",
    "if-match",
)  # fmt: skip
_HOP: Final = frozenset({"connection", "content-length", "date", "keep-alive", "server", "transfer-encoding"})


@dataclass(frozen=True, slots=True)
class DeskSettings:
    """The addresses at which the desk finds the API and its sign-in. Addresses that begin with `/` are on the desk's
    own origin.

    Without `authorization_endpoint` and `token_endpoint` the page reads them from the issuer's discovery document.
    `frame_ancestors` are the origins that may show the page in a frame: those of agent workspaces.
    `proof_quick_connect` is the name of the quick connect by which a workspace sends a call to be verified.
    """

    api: str
    issuer: str
    client_id: str
    authorization_endpoint: str | None = None
    token_endpoint: str | None = None
    revocation_endpoint: str | None = None
    scopes: Sequence[str] = SCOPES
    proof_quick_connect: str | None = None
    frame_ancestors: Sequence[str] = ()
    forwards: Mapping[str, str] = field(default_factory=dict)
    """Prefix of a path, and the http origin on this machine that gets it without the prefix."""

    def config(self) -> dict[str, object]:
        """The document config.json."""
        told: dict[str, object] = {
            "api": self.api,
            "issuer": self.issuer,
            "client_id": self.client_id,
            "scopes": list(self.scopes),
            "authorization_endpoint": self.authorization_endpoint,
            "token_endpoint": self.token_endpoint,
            "revocation_endpoint": self.revocation_endpoint,
            "proof_quick_connect": self.proof_quick_connect,
        }
        return {name: value for name, value in told.items() if value is not None}


def security_policy(settings: DeskSettings) -> str:
    """The Content-Security-Policy: scripts and styles are files of the page alone, requests go to API and sign-in."""
    asked = (settings.api, settings.issuer, settings.token_endpoint, settings.revocation_endpoint)
    origins = sorted({_origin(address) for address in asked if address and not address.startswith("/")})
    return "; ".join(
        (
            "default-src 'none'",
            "script-src 'self'",
            "style-src 'self'",
            "img-src 'self'",
            " ".join(("connect-src 'self'", *origins)),
            "base-uri 'none'",
            "form-action 'none'",
            f"frame-ancestors {' '.join(settings.frame_ancestors) or "'none'"}",
            "require-trusted-types-for 'script'",
            "trusted-types lit-html",
        )
    )


def page_headers(settings: DeskSettings) -> dict[str, str]:
    """The headers of every file of the page. There is no X-Frame-Options, which knows no list of origins."""
    return {
        "Content-Security-Policy": security_policy(settings),
        "Cache-Control": "no-cache",
        "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
        "Referrer-Policy": "no-referrer",
        "X-Content-Type-Options": "nosniff",
    }


def page_files(folder: Path = FOLDER) -> dict[str, Path]:
    """The files of the page by their path in the address."""
    files = (path for path in sorted(folder.rglob("*")) if path.suffix in TYPES and path.is_file())
    return {f"/{path.relative_to(folder).as_posix()}": path for path in files}


class DeskServer:
    """A server of the desk, on a port of loopback, until `stop`. Raises CommandError when the port is taken.

    `renew` answers refresh tokens in the place of the token endpoint that paths are forwarded to.
    """

    def __init__(self, settings: DeskSettings, port: int, *, folder: Path = FOLDER, renew: Renew | None = None) -> None:
        config = json.dumps(settings.config()).encode()
        read = {path: (TYPES[file.suffix], file.read_bytes()) for path, file in page_files(folder).items()}
        read |= {"/": read["/index.html"], "/config.json": (TYPES[".json"], config)}
        page = {path: _File(kind, body, gzip.compress(body, mtime=0)) for path, (kind, body) in read.items()}
        renewal = _Renewal(settings.token_endpoint, renew) if settings.token_endpoint and renew else None
        handler = partial(_Handler, page, page_headers(settings), dict(settings.forwards), renewal)
        try:
            self._server = _Server((HOST, port), handler)
        except OSError:
            raise CommandError(f"Port {port} is taken: choose another one for the desk.") from None
        self._thread = threading.Thread(
            target=self._server.serve_forever, args=(STOPS_WITHIN_S,), name="desk", daemon=True
        )
        self.url = f"http://{HOST}:{self._server.server_port}"

    def start(self) -> None:
        """Begin to answer."""
        self._thread.start()

    def stop(self) -> None:
        """Answer no more."""
        self._server.shutdown()
        self._server.server_close()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    allow_reuse_address = True

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Print nothing of a window that was closed before it had its answer."""
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)


@dataclass(frozen=True, slots=True)
class _File:
    kind: str
    body: bytes
    packed: bytes


@dataclass(frozen=True, slots=True)
class _Renewal:
    path: str
    renew: Renew


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server_version = "desk"
    sys_version = ""

    def __init__(
        self,
        page: Mapping[str, _File],
        headers: Mapping[str, str],
        forwards: Mapping[str, str],
        renewal: _Renewal | None,
        *rest: object,
    ) -> None:
        self._page = page
        self._page_headers = headers
        self._forwards = forwards
        self._renewal = renewal
        super().__init__(*rest)  # type: ignore[arg-type]  # what socketserver gives every handler

    def do_GET(self) -> None:
        path = urlsplit(self.path).path
        target = self._target(path)
        if target is not None:
            self._forward(*target)
            return
        found = self._page.get(path)
        if found is None:
            self._answer(404, "text/plain", b"There is no such page.\n", self._page_headers)
            return
        packed = "gzip" in self.headers.get("Accept-Encoding", "")
        encoding = {"Content-Encoding": "gzip", "Vary": "Accept-Encoding"} if packed else {"Vary": "Accept-Encoding"}
        self._answer(200, found.kind, found.packed if packed else found.body, {**self._page_headers, **encoding})

    do_HEAD = do_GET  # noqa: N815 - its name in http.server

    def do_POST(self) -> None:
        target = self._target(urlsplit(self.path).path)
        if target is None:
            self._answer(405, "text/plain", b"The page is only read.\n", {"Allow": "GET, HEAD"})
        else:
            self._forward(*target)

    do_PUT = do_PATCH = do_POST  # noqa: N815 - their names in http.server

    def log_message(self, *_: object) -> None:
        """Print nothing: requests may hold what somebody typed."""

    def _target(self, path: str) -> tuple[str, str] | None:
        """The origin and the path there, when the path is one that goes to another server."""
        for prefix, origin in self._forwards.items():
            if path == prefix or path.startswith(f"{prefix}/"):
                return origin, self.path.removeprefix(prefix) or "/"
        return None

    def _forward(self, origin: str, path: str) -> None:
        length = int(self.headers.get("Content-Length") or 0)
        if length > BODY_BYTES_MAX:
            self.close_connection = True
            self._answer(413, "text/plain", b"The body is too large.\n", {})
            return
        body = self.rfile.read(length) if length else None
        if self._renewal is not None and urlsplit(self.path).path == self._renewal.path:
            form = dict(parse_qsl((body or b"").decode(errors="replace")))
            if form.get("grant_type") == "refresh_token":
                self._answer_renewal(self._renewal.renew(form.get("refresh_token", "")))
                return
        headers = {name: value for name in _FORWARDED if (value := self.headers.get(name)) is not None}
        connection = http.client.HTTPConnection(urlsplit(origin).netloc, timeout=FORWARD_TIMEOUT_S)
        try:
            connection.request(self.command, urlsplit(origin).path.rstrip("/") + path, body, headers)
            answer = connection.getresponse()
            told = {name: value for name, value in answer.getheaders() if name.lower() not in _HOP}
            self._answer(answer.status, told.pop("Content-Type", "text/plain"), answer.read(), told)
        except (OSError, http.client.HTTPException):
            self._answer(502, "text/plain", b"The other server does not answer.\n", {})
        finally:
            connection.close()

    def _answer_renewal(self, made: Mapping[str, object] | None) -> None:
        status, told = (200, made) if made is not None else (400, {"error": "invalid_grant"})
        self._answer(status, "application/json", json.dumps(told).encode(), {})

    def _answer(self, status: int, kind: str, body: bytes, headers: Mapping[str, str]) -> None:
        self.send_response(status)
        for name, value in {**headers, "Content-Type": kind, "Content-Length": str(len(body))}.items():
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)


def _origin(address: str) -> str:
    parts = urlsplit(address)
    return f"{parts.scheme}://{parts.netloc}"

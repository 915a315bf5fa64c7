"""Small servers on loopback for tests of pages: a function answers each request."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Self
from urllib.parse import parse_qs, urlsplit

from hotline_local.desk_server import STOPS_WITHIN_S


@dataclass(frozen=True, slots=True)
class Asked:
    """A request: header names in lower case, the first value of each query parameter."""

    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True, slots=True)
class Answered:
    """An answer. `cut`: the connection ends in the middle of the body."""

    status: int
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)
    cut: bool = False


type Answerer = Callable[[Asked], Answered]


class LoopbackServer:
    """Serves while it is entered, on a free port."""

    def __init__(self, answer: Answerer) -> None:
        self._server = _Server(("127.0.0.1", 0), partial(_Handler, answer))
        self._thread = threading.Thread(target=self._server.serve_forever, args=(STOPS_WITHIN_S,), daemon=True)
        self.url = f"http://127.0.0.1:{self._server.server_port}"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._server.server_close()


class _Server(ThreadingHTTPServer):
    daemon_threads = True


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def __init__(self, answer: Answerer, *rest: object) -> None:
        self._answerer = answer
        super().__init__(*rest)  # type: ignore[arg-type]  # what socketserver gives every handler

    def do_GET(self) -> None:
        parts = urlsplit(self.path)
        query = {name: values[0] for name, values in parse_qs(parts.query, keep_blank_values=True).items()}
        headers = {name.lower(): value for name, value in self.headers.items()}
        body = self.rfile.read(int(headers.get("content-length", 0)))
        answered = self._answerer(Asked(self.command, parts.path, query, headers, body))
        self.send_response(answered.status)
        for name, value in {**answered.headers, "Content-Length": str(len(answered.body))}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(answered.body[: len(answered.body) // 2] if answered.cut else answered.body)
        self.close_connection = self.close_connection or answered.cut

    do_POST = do_PUT = do_PATCH = do_OPTIONS = do_GET  # noqa: N815 - their names in http.server

    def log_message(self, *_: object) -> None:
        """Print nothing."""

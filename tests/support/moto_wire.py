"""The way of the direct client to moto in this process, which answers what it would send."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from http.client import HTTPConnection, HTTPMessage
from typing import Any
from unittest.mock import patch

from botocore.awsrequest import AWSPreparedRequest
from botocore.compat import HTTPHeaders
from moto.core.models import botocore_stubber

from hotline.kit.aws.direct import PROTOCOLS, DirectService

type Hear = Callable[[str, str, Mapping[str, Any]], None]
"""Takes the service, the operation and the request."""


class _Answer:
    """An answer as http.client has it."""

    will_close = True

    def __init__(self, status: int, headers: Mapping[str, str], body: bytes) -> None:
        self.status = status
        self.headers = HTTPMessage()
        for name, value in headers.items():
            self.headers[name] = str(value)
        self._body = body
        self.length = len(body)

    def read(self) -> bytes:
        return self._body


class _Connection(HTTPConnection):
    """A connection that never leaves the process."""

    def __init__(self, hear: Hear) -> None:
        super().__init__("moto.example")
        self._hear = hear
        self._answer: Any = None

    def request(self, method: str, url: str, body: Any = None, headers: Any = None, **_: Any) -> None:
        service = next(name for name in PROTOCOLS if headers["host"].startswith(f"{name}."))
        self._hear(service, headers["x-amz-target"].rpartition(".")[2], json.loads(body))
        sent = HTTPHeaders()
        for name, value in headers.items():
            sent[name] = value
        address = f"https://{headers['host']}{url}"
        answer = botocore_stubber("before-send", AWSPreparedRequest(method, address, sent, body, False))
        assert answer is not None
        self._answer = _Answer(answer.status_code, answer.headers, answer.raw.read())

    def getresponse(self) -> Any:
        return self._answer


def _ignore(*_: object) -> None:
    """Nobody listens."""


@contextmanager
def moto_wire(hear: Hear = _ignore) -> Iterator[None]:
    """Every direct client asks moto for the context; moto must be on."""
    with patch.object(DirectService, "_open", lambda _: _Connection(hear)):
        yield

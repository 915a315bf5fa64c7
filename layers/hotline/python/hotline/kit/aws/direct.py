"""Services of AWS that speak JSON over HTTPS, asked with the standard library alone: DynamoDB and Secrets Manager.

boto3 takes longer to be loaded than everything else that a function is made of, and four times the processor time for
a request (docs/decisions.md). This client does less: it knows no shapes, writes the object as it is given, and sends
each request once. It sends a request a second time only where the service refused the first unread. It may be that the
clock of this machine was wrong, or that the credentials had ended.

Protocol: AWS JSON 1.0 and 1.1 (Smithy specification).
"""

from __future__ import annotations

import http.client
import json
import os
import select
import socket
import ssl
import sys
import time
import zlib
from base64 import b64encode
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote, urlsplit

from .credentials import CredentialSource
from .service import Loss, NoAnswer, ServiceRefused
from .signing import Credentials, Signer

ANSWER_BYTES_MAX: Final = 64 * 1024 * 1024
"""BatchGetItem answers at most 16 MB of items. JSON makes six bytes of some characters."""
IDLE_MAX_S: Final = 300.0
"""A NAT gateway forgets a connection on which nothing came for 350 seconds (Amazon VPC User Guide)."""
POOL_MAX: Final = 10
"""Connections that are kept, as boto3 does; the scan has eight workers."""
SKEW_MAX_S: Final = 240.0
"""A clock that is further from the service's is set right; AWS takes signatures of five minutes."""
VERSION: Final = "0.1.0"

SKEWED: Final = frozenset(
    {
        "InvalidSignatureException",
        "RequestExpired",
        "RequestInTheFuture",
        "RequestTimeTooSkewed",
        "SignatureDoesNotMatch",
    }
)
EXPIRED: Final = frozenset({"ExpiredToken", "ExpiredTokenException", "UnrecognizedClientException"})
"""A service has read nothing of a request that it refuses for these."""


@dataclass(frozen=True, slots=True)
class Protocol:
    """The way to speak to a service. `service` is the name that requests are signed for, `target` the prefix of
    operations, `version` that of AWS JSON."""

    service: str
    target: str
    version: str


PROTOCOLS: Final = {
    "dynamodb": Protocol("dynamodb", "DynamoDB_20120810", "1.0"),
    "secretsmanager": Protocol("secretsmanager", "secretsmanager", "1.1"),
}


@dataclass(frozen=True, slots=True)
class _Answer:
    status: int
    content: Mapping[str, Any]
    code: str
    date: str | None


@dataclass(frozen=True, slots=True)
class Kept:
    """A connection that waits for its next request; `process` is the one that opened it."""

    connection: http.client.HTTPConnection
    process: int
    used_at_epoch_s: float


class DirectService:
    """One service at one endpoint. Threads may share it, and so may a process that is forked from this one."""

    def __init__(
        self,
        name: str,
        *,
        region: str,
        endpoint: str,
        credentials: CredentialSource,
        connect_timeout_s: float,
        read_timeout_s: float,
        environment: Mapping[str, str],
        now: Callable[[], float] = time.time,
    ) -> None:
        protocol = PROTOCOLS[name]
        address = urlsplit(endpoint)
        if address.scheme not in ("http", "https") or address.hostname is None:
            raise ValueError("an endpoint is an address of http or https")
        self.connect_timeout_s = connect_timeout_s
        self.read_timeout_s = read_timeout_s
        self._host, self._port = address.hostname, address.port
        self._is_secure = address.scheme == "https"
        self._environment = environment
        if self._is_secure:
            # The certificates are read now, where the time costs no caller.
            trust(self._environment.get("AWS_CA_BUNDLE"))
        self._target = protocol.target
        self._signed = {"content-type": f"application/x-amz-json-{protocol.version}", "host": address.netloc}
        self._signer = Signer(protocol.service, region)
        self._credentials = credentials
        self._now = now
        self._ahead_s = 0.0
        self._agent = user_agent(self._environment)
        self._idle: list[Kept] = []

    def send(self, operation: str, request: Mapping[str, Any]) -> Mapping[str, Any]:
        """See Service.send."""
        body = _ENCODER.encode(request).encode()
        held = self._credentials.get()
        answer = self._ask(operation, body, held)
        if answer.code in SKEWED and self._set_clock(answer.date):
            answer = self._ask(operation, body, held)
        if answer.code in EXPIRED and (fresh := self._credentials.reload(held)) != held:
            answer = self._ask(operation, body, fresh)
        if answer.code:
            raise ServiceRefused(service_code=answer.code, status=answer.status, answer=answer.content)
        return answer.content

    def close(self) -> None:
        """Close the connections that wait."""
        while self._idle:
            self._idle.pop().connection.close()

    def _set_clock(self, date: str | None) -> bool:
        """Go by the service's clock from now on, where it is far from ours."""
        try:
            service_s = parsedate_to_datetime(date or "").timestamp()
        except ValueError:
            return False
        now_s = self._now()
        if abs(service_s - now_s - self._ahead_s) <= SKEW_MAX_S:
            return False
        self._ahead_s = service_s - now_s
        return True

    def _ask(self, operation: str, body: bytes, credentials: Credentials) -> _Answer:
        headers = {**self._signed, "x-amz-target": f"{self._target}.{operation}"}
        headers |= self._signer.sign(headers, body, credentials, at_epoch_s=self._now() + self._ahead_s)
        headers |= {"user-agent": self._agent, "accept-encoding": "identity"}
        if trace := trace_header(self._environment):
            headers["x-amzn-trace-id"] = trace
        connection = self._take() or self._open()
        is_kept = False
        try:
            connection.request("POST", "/", body, headers)
            response = connection.getresponse()
            raw = _read(response)
            is_kept = not response.will_close
        except TimeoutError:
            raise NoAnswer(Loss.READ_TIMEOUT) from None
        except (OSError, http.client.HTTPException):
            raise NoAnswer(Loss.CONNECTION_LOST) from None
        finally:
            if is_kept:
                self._keep(connection)
            else:
                connection.close()
        return _parse(response, raw)

    def _open(self) -> http.client.HTTPConnection:
        connection: http.client.HTTPConnection
        if self._is_secure:
            context = trust(self._environment.get("AWS_CA_BUNDLE"))
            connection = http.client.HTTPSConnection(
                self._host, self._port, timeout=self.connect_timeout_s, context=context
            )
        else:
            connection = http.client.HTTPConnection(self._host, self._port, timeout=self.connect_timeout_s)
        try:
            connection.connect()
            connection.sock.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
            connection.sock.settimeout(self.read_timeout_s)
        except TimeoutError:
            connection.close()
            raise NoAnswer(Loss.CONNECT_TIMEOUT) from None
        except ssl.SSLError:
            connection.close()
            raise NoAnswer(Loss.TLS_FAILED) from None
        except OSError:
            connection.close()
            raise NoAnswer(Loss.NOT_CONNECTED) from None
        return connection

    def _take(self) -> http.client.HTTPConnection | None:
        """A kept connection that its peer has not closed, and that is of this process."""
        while self._idle:
            try:
                kept = self._idle.pop()
            except IndexError:
                return None
            is_young = 0 <= self._now() - kept.used_at_epoch_s <= IDLE_MAX_S
            if is_young and kept.process == os.getpid() and not _is_readable(kept.connection.sock):
                return kept.connection
            kept.connection.close()
        return None

    def _keep(self, connection: http.client.HTTPConnection) -> None:
        if len(self._idle) < POOL_MAX:
            self._idle.append(Kept(connection, os.getpid(), self._now()))
        else:
            connection.close()


def user_agent(environment: Mapping[str, str]) -> str:
    """The name of this client in the logs of AWS."""
    agent = f"wallet-hotline/{VERSION} lang/python#{'.'.join(map(str, sys.version_info[:3]))}"
    where = environment.get("AWS_EXECUTION_ENV")
    return f"{agent} exec-env/{where}" if where else agent


def trace_header(environment: Mapping[str, str]) -> str:
    """The trace of the invocation, by which Lambda finds functions that call themselves; empty outside of Lambda."""
    trace = environment.get("_X_AMZN_TRACE_ID", "") if environment.get("AWS_LAMBDA_FUNCTION_NAME") else ""
    return quote(trace, safe="-=;:+&[]{}\"',")


@lru_cache
def trust(bundle: str | None) -> ssl.SSLContext:
    """The certificates to believe: those of a file, else those of the system, else those that the SDK ships."""
    context = ssl.create_default_context(cafile=bundle or _shipped_bundle())
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    return context


def _shipped_bundle() -> str | None:
    paths = ssl.get_default_verify_paths()
    if paths.cafile or paths.capath:
        return None
    for package, name in (("certifi", "cacert.pem"), ("botocore", "cacert.pem")):
        spec = find_spec(package)
        if spec is not None and spec.origin is not None:
            return str(Path(spec.origin).with_name(name))
    return None


def _base64(value: object) -> str:
    if isinstance(value, bytes):
        return b64encode(value).decode()
    raise TypeError(type(value).__name__)


_ENCODER: Final = json.JSONEncoder(default=_base64, separators=(",", ":"))


def _is_readable(sock: socket.socket) -> bool:
    """Whether something came on a connection on which nothing is awaited: its end, or what nobody asked for."""
    poll = select.poll()
    poll.register(sock, select.POLLIN)
    return bool(poll.poll(0))


def _read(response: http.client.HTTPResponse) -> bytes:
    if response.length is not None and response.length > ANSWER_BYTES_MAX:
        raise NoAnswer(Loss.ANSWER_TOO_LONG)
    raw = response.read() if response.length is not None else response.read(ANSWER_BYTES_MAX + 1)
    if len(raw) > ANSWER_BYTES_MAX:
        raise NoAnswer(Loss.ANSWER_TOO_LONG)
    return raw


def _parse(response: http.client.HTTPResponse, raw: bytes) -> _Answer:
    told = response.headers
    checksum = told.get("x-amz-crc32")
    if checksum is not None and checksum != str(zlib.crc32(raw)):
        raise NoAnswer(Loss.CHECKSUM_DIFFERS)
    is_refusal = response.status != http.client.OK
    try:
        # An answer that ends within its headers looks like an empty one; a success is never empty.
        content = {} if is_refusal and not raw else json.loads(raw)
    except (ValueError, RecursionError):
        content = None
    if not isinstance(content, dict):
        raise NoAnswer(Loss.UNREADABLE_ANSWER)
    code = ""
    if is_refusal:
        name = str(content.get("__type") or told.get("x-amzn-errortype") or response.status)
        code = name.rpartition("#")[2].partition(":")[0]
    return _Answer(response.status, content, code, told.get("date"))

"""A service on loopback that does to a connection whatever a test says: answers in raw bytes, silence, a broken line.

    with raw_service(answer({}), cut(answer({}), 20), hang) as service:
        client = service.open()

Each request takes the next of the ways to answer, and the last one for ever.
"""

from __future__ import annotations

import json
import socket
import ssl
import zlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from threading import Event, Lock, Thread
from typing import Any, Final

from hotline.kit.aws.credentials import CredentialSource, EnvironmentCredentials
from hotline.kit.aws.direct import DirectService

HOST: Final = "127.0.0.1"
KEYS: Final = {
    "AWS_ACCESS_KEY_ID": "AKIDEXAMPLE",
    "AWS_SECRET_ACCESS_KEY": "secret-key-of-tests",
    "AWS_SESSION_TOKEN": "session-token-of-tests",
}
WAIT_S: Final = 20.0


@dataclass(frozen=True, slots=True)
class Asked:
    """A request as it came."""

    line: str
    headers: Mapping[str, str]
    body: bytes
    connection: int
    """The number of the connection that it came on, from 1."""

    @property
    def operation(self) -> str:
        return self.headers["x-amz-target"].rpartition(".")[2]


type Way = Callable[[Asked, socket.socket], bool]
"""Does something with the connection of a request; False ends the connection."""


def answer(
    content: Any,
    *,
    status: int = 200,
    close: bool = False,
    checksum: bool = True,
    headers: Mapping[str, str] | None = None,
) -> Way:
    """Answer with an object, or with bytes as they are. `close`: end the connection then, without a word."""
    raw = content if isinstance(content, bytes) else json.dumps(content).encode()
    told = {"Content-Length": str(len(raw)), "Content-Type": "application/x-amz-json-1.0"}
    if checksum:
        told["x-amz-crc32"] = str(zlib.crc32(raw))
    told |= headers or {}
    lines = "".join(f"{name}: {value}\r\n" for name, value in told.items())
    return send(f"HTTP/1.1 {status} -\r\n{lines}\r\n".encode() + raw, close=close)


def refuse(code: str, *, status: int = 400, headers: Mapping[str, str] | None = None) -> Way:
    """Answer with an error, as DynamoDB does."""
    content = {"__type": f"com.amazonaws.dynamodb.v20120810#{code}", "message": "it quotes +8613800000001"}
    return answer(content, status=status, headers=headers)


def send(raw: bytes, *, close: bool = False) -> Way:
    """Send these bytes."""

    def way(_: Asked, connection: socket.socket) -> bool:
        connection.sendall(raw)
        return not close

    return way


def drop(_: Asked, connection: socket.socket) -> bool:
    """End the connection in the place of an answer."""
    return False


@dataclass
class RawService:
    """The service; `asked` are its requests, in order."""

    port: int
    tls: bool = False
    asked: list[Asked] = field(default_factory=list)
    connections: int = 0
    closed: Event = field(default_factory=Event)
    """Set whenever the service has ended a connection."""
    clients: list[DirectService] = field(default_factory=list)

    @property
    def endpoint(self) -> str:
        return f"{'https' if self.tls else 'http'}://{HOST}:{self.port}"

    def open(self, *, credentials: CredentialSource | None = None, **settings: Any) -> DirectService:
        """A direct client of it, which is closed when the service ends."""
        given: dict[str, Any] = {"connect_timeout_s": WAIT_S, "read_timeout_s": WAIT_S, "environment": {}}
        client = DirectService(
            "dynamodb",
            region="eu-central-1",
            endpoint=self.endpoint,
            credentials=credentials or EnvironmentCredentials(KEYS),
            **given | settings,
        )
        self.clients.append(client)
        return client


def hang(asked: Asked, connection: socket.socket) -> bool:
    """Say nothing until the client goes away."""
    connection.settimeout(WAIT_S)
    with suppress(OSError):
        connection.recv(1)
    return False


@contextmanager
def raw_service(*ways: Way, tls: ssl.SSLContext | None = None) -> Iterator[RawService]:
    """The service, for the context."""
    with socket.create_server((HOST, 0)) as server:
        service = RawService(server.getsockname()[1], tls is not None)
        left, lock = list(ways), Lock()

        def next_way() -> Way:
            with lock:
                return left.pop(0) if len(left) > 1 else left[0]

        def serve(plain: socket.socket, number: int) -> None:
            with suppress(OSError), plain:
                plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                connection = tls.wrap_socket(plain, server_side=True) if tls else plain
                with connection, connection.makefile("rb") as stream:
                    while (asked := _read(stream, number)) is not None:
                        with lock:
                            service.asked.append(asked)
                        if not next_way()(asked, connection):
                            with suppress(OSError):
                                connection.shutdown(socket.SHUT_RDWR)
                            break
            service.closed.set()

        def listen() -> None:
            with suppress(OSError):
                while True:
                    connection, _ = server.accept()
                    service.connections += 1
                    Thread(target=serve, args=[connection, service.connections], daemon=True).start()

        Thread(target=listen, daemon=True).start()
        try:
            yield service
        finally:
            for client in service.clients:
                client.close()
            server.shutdown(socket.SHUT_RDWR)


def _read(stream: Any, number: int) -> Asked | None:
    line = stream.readline().decode().strip()
    if not line:
        return None
    headers = {}
    while text := stream.readline().decode().strip():
        name, _, value = text.partition(":")
        headers[name.lower()] = value.strip()
    return Asked(line, headers, stream.read(int(headers.get("content-length", 0))), number)

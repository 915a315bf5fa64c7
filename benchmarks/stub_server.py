"""A server of AWS JSON on loopback for stubs, each in a process of its own: what it costs is not the client's."""

from __future__ import annotations

import re
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Thread
from typing import Final

HOST: Final = "127.0.0.1"
_LENGTH: Final = re.compile(rb"content-length: *(\d+)", re.IGNORECASE)
_TARGET: Final = re.compile(rb"x-amz-target: *\w+\.(\w+)", re.IGNORECASE)

type Answer = Callable[[str, bytes], bytes]
"""The whole answer, with its head, to an operation and the body of its request. The operation is empty where a request
names none."""


def listen(answer: Answer) -> None:
    """Print a free port of loopback and listen there, until the process is ended."""
    with socket.create_server((HOST, 0)) as server:
        print(server.getsockname()[1], flush=True)
        while True:
            connection, _ = server.accept()
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            Thread(target=_serve, args=[connection, answer], daemon=True).start()


@contextmanager
def run_stub(module: str) -> Iterator[str]:
    """The address of a stub, a module that listens when it is run, for the context."""
    command = [sys.executable, "-m", module]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            yield f"http://{HOST}:{process.stdout.readline().strip()}"
        finally:
            process.terminate()


def _serve(connection: socket.socket, answer: Answer) -> None:
    held = b""
    while True:
        head, end, rest = held.partition(b"\r\n\r\n")
        length = _LENGTH.search(head)
        if end and len(rest) >= (size := int(length[1]) if length else 0):
            target = _TARGET.search(head)
            connection.sendall(answer(target[1].decode() if target else "", rest[:size]))
            held = rest[size:]
            continue
        some = connection.recv(65536)
        if not some:
            return
        held += some

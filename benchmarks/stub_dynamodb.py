"""A DynamoDB that knows three answers and nothing else: what a client costs is then the client's alone.

`python -m benchmarks.stub_dynamodb` listens on a free port of loopback, and prints it.
"""

from __future__ import annotations

import json
import re
import socket
import subprocess
import sys
import zlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from threading import Thread
from typing import Any, Final

HOST: Final = "127.0.0.1"
TABLE: Final = "hotline"
ITEMS: Final = 6
_LENGTH: Final = re.compile(rb"content-length: *(\d+)", re.IGNORECASE)
_TARGET: Final = re.compile(rb"x-amz-target: *\w+\.(\w+)", re.IGNORECASE)


def row(number: int) -> dict[str, Any]:
    """An item of some 400 bytes, in wire form."""
    return {
        "PK": {"S": "ACCOUNT#acct-demo-01"},
        "SK": {"S": f"#ROW#{number}"},
        "version": {"N": str(number)},
        "state": {"S": "open"},
        "names": {"L": [{"S": "a name"}, {"S": "某人"}]},
        "amount": {"M": {"minor": {"N": "123456"}, "currency": {"S": "CNY"}}},
        "note": {"S": "x" * 150},
        "is_told": {"BOOL": True},
    }


ANSWERS: Final[Mapping[str, Any]] = {
    "BatchGetItem": {"Responses": {TABLE: [row(number) for number in range(ITEMS)]}, "UnprocessedKeys": {}},
    "Query": {"Items": [row(number) for number in range(ITEMS)], "Count": ITEMS, "ScannedCount": ITEMS},
    "TransactWriteItems": {},
}


def requests() -> dict[str, dict[str, Any]]:
    """The requests of a step, as kit.store writes them: two reads and a transaction of four writes."""
    keys = [{name: row(number)[name] for name in ("PK", "SK")} for number in range(ITEMS)]
    return {
        "BatchGetItem": {"RequestItems": {TABLE: {"ConsistentRead": True, "Keys": keys}}},
        "Query": {
            "TableName": TABLE,
            "KeyConditionExpression": "#n0 = :v0 AND begins_with(#n1, :v1)",
            "ExpressionAttributeNames": {"#n0": "PK", "#n1": "SK"},
            "ExpressionAttributeValues": {":v0": {"S": "ACCOUNT#acct-demo-01"}, ":v1": {"S": "#ROW#"}},
            "ScanIndexForward": True,
            "ConsistentRead": True,
        },
        "TransactWriteItems": {
            "ClientRequestToken": "token-of-a-benchmark",
            "TransactItems": [
                {
                    "Put": {
                        "TableName": TABLE,
                        "Item": row(number),
                        "ConditionExpression": "attribute_not_exists(#n0)",
                        "ExpressionAttributeNames": {"#n0": "PK"},
                        "ReturnValuesOnConditionCheckFailure": "ALL_OLD",
                    }
                }
                for number in range(4)
            ],
        },
    }


def _serve(connection: socket.socket) -> None:
    held = b""
    answers = {}
    for name, content in ANSWERS.items():
        body = json.dumps(content).encode()
        start = (
            f"HTTP/1.1 200 OK\r\nServer: Server\r\nDate: Mon, 30 Nov 2026 05:00:00 GMT\r\n"
            f"Content-Type: application/x-amz-json-1.0\r\nContent-Length: {len(body)}\r\nConnection: keep-alive\r\n"
            f"x-amzn-RequestId: {'A' * 52}\r\nx-amz-crc32: {zlib.crc32(body)}\r\n\r\n"
        )
        answers[name.encode()] = start.encode() + body
    while True:
        head, end, rest = held.partition(b"\r\n\r\n")
        length = _LENGTH.search(head)
        if end and len(rest) >= (size := int(length[1]) if length else 0):
            held = rest[size:]
            target = _TARGET.search(head)
            connection.sendall(answers[target[1] if target else b"TransactWriteItems"])
            continue
        some = connection.recv(65536)
        if not some:
            return
        held += some


def main() -> None:
    """Listen until the process is ended."""
    with socket.create_server((HOST, 0)) as server:
        print(server.getsockname()[1], flush=True)
        while True:
            connection, _ = server.accept()
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            Thread(target=_serve, args=[connection], daemon=True).start()


@contextmanager
def stub() -> Iterator[str]:
    """The address of such a DynamoDB in a process of its own, for the context."""
    command = [sys.executable, "-m", "benchmarks.stub_dynamodb"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            yield f"http://{HOST}:{process.stdout.readline().strip()}"
        finally:
            process.terminate()


if __name__ == "__main__":
    main()

"""A DynamoDB that knows three answers and nothing else: what a client costs is then the client's alone.

`python -m benchmarks.stub_dynamodb` listens on a free port of loopback, and prints it.
"""

from __future__ import annotations

import json
import zlib
from collections.abc import Mapping
from typing import Any, Final

from benchmarks.stub_server import listen

TABLE: Final = "hotline"
ITEMS: Final = 6


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


def main() -> None:
    """Listen until the process is ended."""
    answers = {}
    for name, content in ANSWERS.items():
        body = json.dumps(content).encode()
        start = (
            f"HTTP/1.1 200 OK\r\nServer: Server\r\nDate: Mon, 30 Nov 2026 05:00:00 GMT\r\n"
            f"Content-Type: application/x-amz-json-1.0\r\nContent-Length: {len(body)}\r\nConnection: keep-alive\r\n"
            f"x-amzn-RequestId: {'A' * 52}\r\nx-amz-crc32: {zlib.crc32(body)}\r\n\r\n"
        )
        answers[name] = start.encode() + body
    listen(lambda operation, _: answers[operation or "TransactWriteItems"])


if __name__ == "__main__":
    main()

"""The cost of a client of DynamoDB, to be loaded in a new process and for a request; those that are installed.

A start is a whole new interpreter with bytecode that loads a client, makes one and sends a step's first request. A warm
step is two reads and a transaction on kept connections. Both are times of the processor, of every thread of the client,
and not of the stub that answers. The candidates take turns, and ratios are to boto3 in the same round. awscrt and
pydynox are no dependencies of the project: in an environment that has them too, they are measured as well.

    python -m benchmarks.store_clients
"""

from __future__ import annotations

import argparse
import os
import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from importlib.util import find_spec
from io import BytesIO
from typing import Any, Final

from benchmarks.stub_dynamodb import TABLE, requests, row
from benchmarks.stub_server import run_stub

REGION: Final = "eu-central-1"
STEPS: Final = 40
"""Warm steps of a candidate in a round."""
BARE: Final = "boto3"
SETTINGS: Final = {
    "AWS_ACCESS_KEY_ID": "AKIDEXAMPLE",
    "AWS_SECRET_ACCESS_KEY": "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY",
    "AWS_SESSION_TOKEN": "t" * 800,
    "AWS_DEFAULT_REGION": REGION,
}

type Send = Callable[[str, Mapping[str, Any]], object]


def open_boto3(endpoint: str) -> Send:
    """The SDK."""
    import boto3
    from botocore.config import Config

    from hotline.kit.aws.sdk import SdkService

    config = Config(retries={"total_max_attempts": 1})
    return SdkService(boto3.client("dynamodb", region_name=REGION, endpoint_url=endpoint, config=config)).send


def open_parts_of_botocore(endpoint: str) -> Send:
    """The signer and the HTTP session of botocore, without its shapes."""
    import json

    from botocore.auth import SigV4Auth
    from botocore.awsrequest import AWSRequest
    from botocore.credentials import Credentials
    from botocore.httpsession import URLLib3Session

    held = Credentials(*(SETTINGS[name] for name in list(SETTINGS)[:3]))
    signer, session = SigV4Auth(held, "dynamodb", REGION), URLLib3Session()

    def send(operation: str, request: Mapping[str, Any]) -> object:
        headers = {"Content-Type": "application/x-amz-json-1.0", "X-Amz-Target": f"DynamoDB_20120810.{operation}"}
        signed = AWSRequest("POST", f"{endpoint}/", headers, json.dumps(request).encode())
        signer.add_auth(signed)
        return json.loads(session.send(signed.prepare()).content)

    return send


def open_awscrt(endpoint: str) -> Send:
    """The common runtime in C: its signer and its HTTP client."""
    import json

    from awscrt import auth, http, io

    host, _, port = endpoint.removeprefix("http://").partition(":")
    provider = auth.AwsCredentialsProvider.new_static(*(SETTINGS[name] for name in list(SETTINGS)[:3]))
    group = io.EventLoopGroup(1)
    bootstrap = io.ClientBootstrap(group, io.DefaultHostResolver(group))
    kept = http.HttpClientConnection.new(host, int(port), bootstrap).result()

    def send(operation: str, request: Mapping[str, Any]) -> object:
        body = json.dumps(request).encode()
        headers = http.HttpHeaders(
            [
                ("host", f"{host}:{port}"),
                ("content-type", "application/x-amz-json-1.0"),
                ("x-amz-target", f"DynamoDB_20120810.{operation}"),
                ("content-length", str(len(body))),
            ]
        )
        asked = http.HttpRequest("POST", "/", headers, BytesIO(body))
        config = auth.AwsSigningConfig(
            algorithm=auth.AwsSigningAlgorithm.V4,
            signature_type=auth.AwsSignatureType.HTTP_REQUEST_HEADERS,
            credentials_provider=provider,
            region=REGION,
            service="dynamodb",
        )
        signed = auth.aws_sign_request(asked, config).result()
        chunks: list[bytes] = []
        stream = kept.request(signed, lambda **_: None, lambda *, chunk, **_: chunks.append(bytes(chunk)))
        stream.activate()
        stream.completion_future.result()
        return json.loads(b"".join(chunks))

    return send


def open_pydynox(endpoint: str) -> Send:
    """The SDK for Rust. It takes values, not attribute values, and one table in a batch."""
    from pydynox import DynamoDBClient

    keys = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN")
    client = DynamoDBClient(REGION, *(SETTINGS[name] for name in keys), endpoint_url=endpoint)
    keys_asked = [{"PK": "ACCOUNT#acct-demo-01", "SK": f"#ROW#{number}"} for number in range(6)]
    item = {name: _plain(value) for name, value in row(1).items()}

    def send(operation: str, request: Mapping[str, Any]) -> object:
        if operation == "BatchGetItem":
            return client.sync_batch_get(TABLE, keys_asked, True)
        if operation == "Query":
            values = {name: _plain(value) for name, value in request["ExpressionAttributeValues"].items()}
            names = request["ExpressionAttributeNames"]
            return list(
                client.sync_query(
                    TABLE,
                    request["KeyConditionExpression"],
                    expression_attribute_names=names,
                    expression_attribute_values=values,
                    consistent_read=True,
                )
            )
        put = {
            "type": "put",
            "table": TABLE,
            "item": item,
            "condition_expression": "attribute_not_exists(#n0)",
            "expression_attribute_names": {"#n0": "PK"},
        }
        return client.sync_transact_write([put] * 4, client_request_token=request["ClientRequestToken"])

    return send


def _plain(value: Mapping[str, Any]) -> Any:
    ((kind, content),) = value.items()
    if kind == "M":
        return {name: _plain(part) for name, part in content.items()}
    return [_plain(part) for part in content] if kind == "L" else int(content) if kind == "N" else content


def open_direct(endpoint: str) -> Send:
    """The project's own client, on the standard library."""
    from hotline.kit.aws.credentials import EnvironmentCredentials
    from hotline.kit.aws.direct import DirectService

    return DirectService(
        "dynamodb",
        region=REGION,
        endpoint=endpoint,
        credentials=EnvironmentCredentials(SETTINGS),
        connect_timeout_s=1.0,
        read_timeout_s=1.0,
        environment=SETTINGS,
    ).send


CANDIDATES: Final[Mapping[str, tuple[str, Callable[[str], Send]]]] = {
    BARE: ("boto3", open_boto3),
    "parts_of_botocore": ("botocore", open_parts_of_botocore),
    "awscrt": ("awscrt", open_awscrt),
    "pydynox": ("pydynox", open_pydynox),
    "direct": ("http.client", open_direct),
}
"""The module that has to be installed, and how to open one."""


def installed() -> list[str]:
    return [name for name, (module, _) in CANDIDATES.items() if find_spec(module) is not None]


def start_ms(name: str, endpoint: str) -> float:
    """Processor time of a new interpreter that sends one request."""
    script = f"from benchmarks.store_clients import start; start({name!r}, {endpoint!r})"
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run([sys.executable, "-c", script], env=os.environ | SETTINGS, check=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return (after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime) * 1000


def start(name: str, endpoint: str) -> None:
    """The work of a new interpreter; `name` may be `nothing`."""
    if name in CANDIDATES:
        CANDIDATES[name][1](endpoint)("BatchGetItem", requests()["BatchGetItem"])


def warm_ms(send: Send) -> float:
    """Processor time of a step, in milliseconds."""
    asked = requests()
    began = time.process_time()
    for _ in range(STEPS):
        for operation, request in asked.items():
            send(operation, request)
    return (time.process_time() - began) * 1000 / STEPS


def measure(runs: int) -> dict[str, float]:
    """Medians over the rounds: milliseconds, and ratios to boto3 in the same round."""
    names = installed()
    starts: dict[str, list[float]] = {name: [] for name in ("nothing", *names)}
    warm: dict[str, list[float]] = {name: [] for name in names}
    os.environ.update(SETTINGS)
    with run_stub("benchmarks.stub_dynamodb") as endpoint:
        sends = {name: CANDIDATES[name][1](endpoint) for name in names}
        for send in sends.values():
            warm_ms(send)
        for _ in range(runs):
            for name in starts:
                starts[name].append(start_ms(name, endpoint))
            for name, send in sends.items():
                warm[name].append(warm_ms(send))
    figures = {"start_of_nothing_ms": round(statistics.median(starts["nothing"]), 1)}
    for name in names:
        figures[f"start_{name}_ms"] = round(statistics.median(starts[name]), 1)
        figures[f"start_{name}_to_boto3"] = _ratio(starts, name)
    for name in names:
        figures[f"warm_step_{name}_ms"] = round(statistics.median(warm[name]), 2)
        figures[f"warm_step_{name}_to_boto3"] = _ratio(warm, name)
    return figures


def _ratio(times: Mapping[str, list[float]], name: str) -> float:
    return round(statistics.median(a / b for a, b in zip(times[name], times[BARE], strict=True)), 3)


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=11, help="rounds (default 11)")
    for name, value in measure(parser.parse_args().runs).items():
        print(f"{name.replace('_', ' '):40} {value}")


if __name__ == "__main__":
    main()

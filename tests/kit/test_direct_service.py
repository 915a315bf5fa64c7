"""The direct client alone: its connections, its clock, its credentials, what it sends and what it keeps to itself."""

from __future__ import annotations

import ipaddress
import logging
import os
import socket
import ssl
import subprocess
import sys
import traceback
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from threading import Barrier
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from hotline.kit.aws.credentials import EnvironmentCredentials
from hotline.kit.aws.direct import IDLE_MAX_S, POOL_MAX, SKEW_MAX_S, DirectService, trust
from hotline.kit.aws.service import NoAnswer, ServiceRefused
from hotline.kit.aws.signing import Credentials
from hotline_local.launcher.paths import ROOT
from tests.support.raw_service import (
    HOST,
    KEYS,
    RawService,
    Way,
    answer,
    drop,
    raw_service,
    refuse,
    send,
)
from tests.support.sweeps import sweep

NOW = datetime(2026, 11, 30, 12, 0, tzinfo=UTC)
REQUEST: dict[str, Any] = {"TableName": "t", "Key": {"PK": {"S": "a"}}}
THREADS = 8


class Clock:
    def __init__(self) -> None:
        self.now_s = NOW.timestamp()

    def __call__(self) -> float:
        return self.now_s


def get(client: DirectService) -> Any:
    return client.send("GetItem", REQUEST)


# ---------------------------------------------------------------- connections


def test_a_connection_is_kept_for_the_next_request() -> None:
    with raw_service(answer({})) as service:
        client = service.open()
        for _ in range(3):
            assert get(client) == {}
    assert [asked.connection for asked in service.asked] == [1, 1, 1]


def test_a_connection_that_its_peer_has_closed_is_not_used_again() -> None:
    with raw_service(answer({"n": 1}, close=True), answer({"n": 2})) as service:
        client = service.open()
        assert get(client) == {"n": 1}
        assert service.closed.wait(20)
        assert get(client) == {"n": 2}
    assert [asked.connection for asked in service.asked] == [1, 2]


def test_a_peer_that_says_that_it_will_close_is_believed() -> None:
    with raw_service(answer({}, headers={"Connection": "close"})) as service:
        client = service.open()
        get(client)
        get(client)
    assert service.connections == 2


def test_a_connection_that_waited_too_long_is_not_used_again() -> None:
    clock = Clock()
    with raw_service(answer({})) as service:
        client = service.open(now=clock)
        for seconds in (0, IDLE_MAX_S, IDLE_MAX_S + 1, -1):
            clock.now_s += seconds
            get(client)
    assert [asked.connection for asked in service.asked] == [1, 1, 2, 3]


def test_a_broken_connection_is_not_kept() -> None:
    with raw_service(send(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n{}", close=True), answer({})) as service:
        client = service.open()
        with pytest.raises(NoAnswer):
            get(client)
        assert get(client) == {}
    assert service.connections == 2


def test_a_request_is_never_sent_again_after_its_answer_was_lost() -> None:
    with raw_service(answer({}), drop) as service:
        client = service.open()
        get(client)
        with pytest.raises(NoAnswer, match="connection_lost"):
            client.send("PutItem", {"TableName": "t"})
    assert [asked.operation for asked in service.asked] == ["GetItem", "PutItem"]


def test_nobody_who_listens_is_no_answer() -> None:
    with raw_service(answer({})) as service:
        client = service.open()
    with pytest.raises(NoAnswer, match="not_connected"):
        get(client)


def test_time_outs_are_for_connecting_and_then_for_reading(monkeypatch: pytest.MonkeyPatch) -> None:
    given: list[float | None] = []
    connect = socket.create_connection

    def note(address: Any, timeout: float, *rest: Any) -> socket.socket:
        made = connect(address, timeout, *rest)
        given.append(made.gettimeout())
        return made

    monkeypatch.setattr(socket, "create_connection", note)
    with raw_service(answer({})) as service:
        client = service.open(connect_timeout_s=7.0, read_timeout_s=11.0)
        get(client)
        (kept,) = client._idle
        assert given == [7.0]
        assert kept.connection.sock.gettimeout() == 11.0


def test_a_connection_that_does_not_come_about_is_no_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    def wait(*_: object) -> socket.socket:
        raise TimeoutError

    monkeypatch.setattr(socket, "create_connection", wait)
    with raw_service(answer({})) as service, pytest.raises(NoAnswer, match="connect_timeout"):
        get(service.open())


def test_threads_share_a_client_and_never_a_connection() -> None:
    together = Barrier(THREADS, timeout=20)

    def meet(asked: Any, connection: socket.socket) -> bool:
        together.wait()
        return answer({"key": asked.body.decode()})(asked, connection)

    with raw_service(meet) as service:
        client = service.open()

        def work(number: int) -> bool:
            told = client.send("GetItem", {"number": number})
            return bool(told["key"] == f'{{"number":{number}}}')

        with ThreadPoolExecutor(THREADS) as pool:
            assert all(pool.map(work, range(THREADS * 5)))
        assert len(client._idle) <= POOL_MAX
    assert service.connections == THREADS


def test_no_more_connections_are_kept_than_the_bound() -> None:
    most = POOL_MAX + 2
    together = Barrier(most, timeout=20)

    def meet(asked: Any, connection: socket.socket) -> bool:
        together.wait()
        return answer({})(asked, connection)

    with raw_service(meet) as service:
        client = service.open()
        with ThreadPoolExecutor(most) as pool:
            list(pool.map(lambda _: get(client), range(most)))
        assert len(client._idle) == POOL_MAX


FORK = """
import os, sys
from hotline.kit.aws.credentials import EnvironmentCredentials
from hotline.kit.aws.direct import DirectService
client = DirectService("dynamodb", region="eu-central-1", endpoint=sys.argv[1],
    credentials=EnvironmentCredentials(os.environ), connect_timeout_s=20, read_timeout_s=20, environment={})
client.send("GetItem", {"of": "parent"})
if os.fork() == 0:
    client.send("GetItem", {"of": "child"})
    os._exit(0)
os.wait()
client.send("GetItem", {"of": "parent"})
"""


def test_a_forked_process_opens_connections_of_its_own() -> None:
    with raw_service(answer({})) as service:
        subprocess.run(
            [sys.executable, "-c", FORK, service.endpoint],
            env={"PYTHONPATH": str(ROOT / "layers/hotline/python"), **KEYS},
            check=True,
        )
    asked = [(one.body.decode(), one.connection) for one in service.asked]
    assert asked == [('{"of":"parent"}', 1), ('{"of":"child"}', 2), ('{"of":"parent"}', 1)]


# ---------------------------------------------------------------- TLS


def make_certificate(folder: Path, name: str) -> tuple[Path, ssl.SSLContext]:
    """A certificate that signs itself, for an address of loopback or for another name; its file and a server's side."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "tests")])
    alternative: x509.GeneralName = x509.DNSName(name)
    if name == HOST:
        alternative = x509.IPAddress(ipaddress.ip_address(name))
    now = datetime.now(UTC)
    identifier = x509.SubjectKeyIdentifier.from_public_key(key.public_key())
    usage = x509.KeyUsage(True, False, False, False, False, True, True, False, False)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([alternative]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .add_extension(usage, critical=True)
        .add_extension(identifier, critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(identifier), critical=False)
        .sign(key, hashes.SHA256())
    )
    file, secret = folder / f"{name}.pem", folder / f"{name}.key"
    file.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    form = (serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    secret.write_bytes(key.private_bytes(*form))
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(file, secret)
    return file, server


def test_a_service_whose_certificate_is_believed_is_asked_over_tls(tmp_path: Path) -> None:
    file, server = make_certificate(tmp_path, HOST)
    with raw_service(answer({"n": 1}), tls=server) as service:
        client = service.open(environment={"AWS_CA_BUNDLE": str(file)})
        assert [get(client), get(client)] == [{"n": 1}, {"n": 1}]
    assert service.connections == 1


@pytest.mark.parametrize("case", ["unknown issuer", "another name"])
def test_a_certificate_that_is_not_believed_ends_the_request_before_it_is_sent(tmp_path: Path, case: str) -> None:
    file, server = make_certificate(tmp_path, HOST if case == "unknown issuer" else "dynamodb.example")
    environment = {} if case == "unknown issuer" else {"AWS_CA_BUNDLE": str(file)}
    with raw_service(answer({}), tls=server) as service, pytest.raises(NoAnswer, match="tls_failed"):
        get(service.open(environment=environment))
    assert service.asked == []


def test_certificates_are_those_of_the_system_or_those_that_the_sdk_ships(monkeypatch: pytest.MonkeyPatch) -> None:
    context = trust(None)
    assert (context.verify_mode, context.check_hostname) == (ssl.CERT_REQUIRED, True)
    assert context.minimum_version == ssl.TLSVersion.TLSv1_2
    nowhere = ssl.DefaultVerifyPaths(None, None, "", "", "", "")  # type: ignore[arg-type]
    monkeypatch.setattr(ssl, "get_default_verify_paths", lambda: nowhere)
    trust.cache_clear()
    assert len(trust(None).get_ca_certs()) > 100
    trust.cache_clear()


# ---------------------------------------------------------------- answers


def test_an_answer_whose_checksum_differs_is_none() -> None:
    with raw_service(answer({}, headers={"x-amz-crc32": "7"}), answer({})) as service:
        client = service.open()
        with pytest.raises(NoAnswer, match="checksum_differs"):
            get(client)
        assert get(client) == {}


def test_an_answer_without_a_checksum_is_read() -> None:
    with raw_service(answer({"n": 1}, checksum=False)) as service:
        client = service.open()
        assert get(client) == {"n": 1}


def test_an_answer_in_chunks_is_read() -> None:
    chunks = b'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n{"n":\r\n3\r\n 1}\r\n0\r\n\r\n'
    with raw_service(send(chunks)) as service:
        client = service.open()
        assert [get(client), get(client)] == [{"n": 1}] * 2


@sweep(
    ("raw", "code"),
    [
        (b"HTTP/1.1 200 OK\r\nContent-Length: 99999999999\r\n\r\n{}", "answer_too_long"),
        (b"HTTP/1.1 200 OK\r\nContent-Le", "unreadable_answer"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", "unreadable_answer"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 19\r\n\r\n<html>proxy</html>\n", "unreadable_answer"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nnull", "unreadable_answer"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n[]", "unreadable_answer"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 200000\r\n\r\n" + b"[" * 200_000, "unreadable_answer"),
        (b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 3\r\n\r\n\x1f\x8b\x08", "unreadable_answer"),
    ],
)
def test_an_answer_that_is_no_object_is_none(raw: bytes, code: str) -> None:
    """The SDK takes half a header, an empty answer and a page of HTML for an answer without members, a success."""
    with raw_service(send(raw, close=True)) as service, pytest.raises(NoAnswer, match=code):
        get(service.open())


@sweep(
    ("told", "code"),
    [
        (answer({"__type": "com.amazonaws.dynamodb.v20120810#Some", "message": "-"}, status=400), "Some"),
        (answer({"__type": "Some"}, status=400), "Some"),
        (answer({}, status=400, headers={"x-amzn-errortype": "Some:http://internal.amazon.com/"}), "Some"),
        (answer(b"", status=413), "413"),
        (answer({}, status=302, headers={"Location": "http://127.0.0.1:1"}), "302"),
    ],
)
def test_a_refusal_is_named_by_body_header_or_status(told: Any, code: str) -> None:
    with raw_service(told) as service, pytest.raises(ServiceRefused) as refused:
        get(service.open())
    assert refused.value.code == code
    assert len(service.asked) == 1


def test_an_item_of_the_largest_size_is_sent_and_read() -> None:
    item = {"PK": {"S": "a"}, "text": {"S": "某" * 130_000}}
    with raw_service(answer({"Item": item})) as service:
        client = service.open()
        assert client.send("PutItem", {"Item": item}) == {"Item": item}
    assert int(service.asked[0].headers["content-length"]) == len(service.asked[0].body) > 400_000


# ---------------------------------------------------------------- what is sent


def test_a_request_says_who_asks_what_and_for_nothing_compressed() -> None:
    settings = {
        "AWS_EXECUTION_ENV": "AWS_Lambda_python3.13",
        "AWS_LAMBDA_FUNCTION_NAME": "f",
        "_X_AMZN_TRACE_ID": "Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=1\n",
    }
    with raw_service(answer({})) as service:
        client = service.open(environment=settings)
        get(client)
    (asked,) = service.asked
    assert asked.line == "POST / HTTP/1.1"
    assert asked.body == b'{"TableName":"t","Key":{"PK":{"S":"a"}}}'
    assert asked.headers["x-amz-target"] == "DynamoDB_20120810.GetItem"
    assert asked.headers["content-type"] == "application/x-amz-json-1.0"
    assert asked.headers["accept-encoding"] == "identity"
    assert asked.headers["host"] == service.endpoint.removeprefix("http://")
    assert asked.headers["user-agent"].startswith("wallet-hotline/")
    assert asked.headers["user-agent"].endswith("exec-env/AWS_Lambda_python3.13")
    assert asked.headers["x-amzn-trace-id"] == settings["_X_AMZN_TRACE_ID"].replace("\n", "%0A")
    assert asked.headers["x-amz-security-token"] == KEYS["AWS_SESSION_TOKEN"]
    names = asked.headers["authorization"].partition("SignedHeaders=")[2].partition(",")[0]
    assert names == "content-type;host;x-amz-date;x-amz-security-token;x-amz-target"


def test_no_trace_is_sent_outside_of_lambda() -> None:
    with raw_service(answer({})) as service:
        client = service.open(environment={"_X_AMZN_TRACE_ID": "Root=1"})
        get(client)
    assert "x-amzn-trace-id" not in service.asked[0].headers


@pytest.mark.parametrize("endpoint", ["ftp://127.0.0.1", "127.0.0.1:8000", "http://"])
def test_an_address_of_another_kind_is_refused(endpoint: str) -> None:
    with pytest.raises(ValueError, match="an address of http or https"):
        DirectService(
            "dynamodb",
            region="r",
            endpoint=endpoint,
            credentials=EnvironmentCredentials(KEYS),
            connect_timeout_s=1,
            read_timeout_s=1,
            environment={},
        )


# ---------------------------------------------------------------- clock and credentials


def times_of(service: RawService) -> list[str]:
    return [asked.headers["x-amz-date"] for asked in service.asked]


@pytest.mark.parametrize("code", ["InvalidSignatureException", "RequestTimeTooSkewed"])
def test_a_clock_that_is_wrong_goes_by_that_of_the_service_from_then_on(code: str) -> None:
    there = NOW + timedelta(minutes=20)
    with raw_service(refuse(code, headers={"Date": format_datetime(there, usegmt=True)}), answer({})) as service:
        client = service.open(now=Clock())
        get(client)
        get(client)
    assert times_of(service) == ["20261130T120000Z", "20261130T122000Z", "20261130T122000Z"]
    first, second, _ = (asked.headers["authorization"] for asked in service.asked)
    assert first != second


@pytest.mark.parametrize("date", [None, "some day", format_datetime(NOW + timedelta(seconds=SKEW_MAX_S), usegmt=True)])
def test_a_signature_that_is_refused_for_another_reason_is_not_sent_again(date: str | None) -> None:
    headers = {} if date is None else {"Date": date}
    with raw_service(refuse("InvalidSignatureException", headers=headers), answer({})) as service:
        client = service.open(now=Clock())
        with pytest.raises(ServiceRefused, match="InvalidSignatureException"):
            get(client)
    assert len(service.asked) == 1


class Renewed:
    """Credentials of which there are others when some were refused."""

    def __init__(self, *tokens: str) -> None:
        self.held = [Credentials("AKID", "secret", token) for token in tokens]

    def get(self) -> Credentials:
        return self.held[0]

    def reload(self, refused: Credentials) -> Credentials:
        if len(self.held) > 1:
            self.held.pop(0)
        return self.held[0]


def test_credentials_that_have_ended_are_loaded_again() -> None:
    with raw_service(refuse("ExpiredTokenException"), answer({})) as service:
        client = service.open(credentials=Renewed("old", "new"))
        assert get(client) == {}
    assert [asked.headers["x-amz-security-token"] for asked in service.asked] == ["old", "new"]


def test_credentials_of_which_there_are_no_others_are_refused_once() -> None:
    with raw_service(refuse("ExpiredTokenException")) as service:
        client = service.open(credentials=Renewed("old"))
        with pytest.raises(ServiceRefused, match="ExpiredTokenException"):
            get(client)
    assert len(service.asked) == 1


PERSONAL = "+8613800000001"
ABOUT_SOMEBODY: dict[str, Any] = {"Key": {"PK": {"S": PERSONAL}}}
TROUBLES = (
    drop,
    refuse("ResourceNotFoundException"),
    answer(PERSONAL.encode()),
    answer({}, headers={"x-amz-crc32": "1"}),
)


@pytest.mark.parametrize("way", TROUBLES, ids=["drop", "refusal", "no JSON", "checksum"])
def test_no_error_and_no_log_line_shows_a_key_or_an_item(way: Way, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG), raw_service(way) as service:
        with pytest.raises((NoAnswer, ServiceRefused)) as raised:
            service.open().send("GetItem", ABOUT_SOMEBODY)
        told = "".join(traceback.format_exception(raised.value)) + repr(raised.value)
    assert "Traceback" in told
    for hidden in (*KEYS.values(), PERSONAL):
        assert hidden not in told + caplog.text


def test_the_client_loads_nothing_of_the_sdk() -> None:
    script = "import sys, hotline.kit.doors; sys.exit(bool({'boto3', 'botocore', 'urllib3'} & set(sys.modules)))"
    environment = {"PYTHONPATH": os.pathsep.join([str(ROOT / "layers/hotline/python"), *sys.path])}
    assert subprocess.run([sys.executable, "-c", script], env=environment, check=False).returncode == 0

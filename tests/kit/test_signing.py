"""Signatures of requests: those that AWS publishes, and those of botocore for the same requests."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from unittest.mock import patch

import pytest
from botocore import auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials as BotocoreCredentials
from hypothesis import given
from hypothesis import strategies as st

from hotline.kit.aws.signing import Credentials, Signer, derive_key

SUITE_KEYS = Credentials("AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY")
SUITE_TIME = datetime(2015, 8, 30, 12, 36, tzinfo=UTC)
HOST = {"host": "example.amazonaws.com"}


def test_the_key_of_the_documented_example_is_derived() -> None:
    """IAM User Guide, "Examples of how to derive a signing key"."""
    key = derive_key("wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY", "20150830", "us-east-1", "iam")
    assert key.hex() == "c4afb1cc5771d871763a393e44b703571b55cc28424d1a5e86da6ed3c154a4b9"


@pytest.mark.parametrize(
    ("headers", "body", "signature"),
    [
        ({}, b"", "5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b"),
        ({"my-header1": "value1"}, b"", "c5410059b04c1ee005303aed430f6e6645f61f4dc9e1461ec8f8916fdf18852c"),
        (
            {"content-type": "application/x-www-form-urlencoded"},
            b"Param1=value1",
            "ff11897932ad3f4e8b18135d722051e5ac45fc38421b1da7b9d196a0fe09473a",
        ),
    ],
    ids=["post-vanilla", "post-header-key-sort", "post-x-www-form-urlencoded"],
)
def test_requests_of_the_published_suite_have_its_signatures(
    headers: dict[str, str], body: bytes, signature: str
) -> None:
    """aws-sig-v4-test-suite: the requests of it that are posted to the root."""
    signer = Signer("service", "us-east-1")
    signed = signer.sign(HOST | headers, body, SUITE_KEYS, at_epoch_s=SUITE_TIME.timestamp())
    assert signed["authorization"].endswith(f"Signature={signature}")
    assert "Credential=AKIDEXAMPLE/20150830/us-east-1/service/aws4_request" in signed["authorization"]


NAMES = st.sampled_from(["content-type", "x-amz-target", "x-a", "x-b-1", "accept"])
VALUES = st.text(st.characters(min_codepoint=0x20, max_codepoint=0x7E), max_size=30)
KEYS = st.text(st.characters(min_codepoint=0x21, max_codepoint=0x7E), min_size=1, max_size=40)


@given(
    headers=st.dictionaries(NAMES, VALUES),
    body=st.binary(max_size=200),
    access_key=st.from_regex(r"[A-Z0-9]{16,20}", fullmatch=True),
    secret_key=KEYS,
    token=st.none() | KEYS,
    at=st.datetimes(datetime(2020, 1, 1), datetime(2099, 1, 1)),  # noqa: DTZ001 - Hypothesis adds the zone
    region=st.sampled_from(["eu-central-1", "cn-north-1", "us-gov-west-1"]),
)
def test_the_signature_is_that_of_botocore(
    headers: dict[str, str], body: bytes, access_key: str, secret_key: str, token: str | None, at: Any, region: str
) -> None:
    moment = at.replace(tzinfo=UTC, microsecond=0)
    request = AWSRequest("POST", "https://dynamodb.example/", headers, body)
    with patch.object(auth, "get_current_datetime", lambda remove_tzinfo=True: moment.replace(tzinfo=None)):
        auth.SigV4Auth(BotocoreCredentials(access_key, secret_key, token), "dynamodb", region).add_auth(request)
    signed = Signer("dynamodb", region).sign(
        headers | {"host": "dynamodb.example"},
        body,
        Credentials(access_key, secret_key, token),
        at_epoch_s=moment.timestamp(),
    )
    assert signed["authorization"] == request.headers["Authorization"]
    assert signed.get("x-amz-security-token") == request.headers.get("X-Amz-Security-Token")


def test_one_signer_signs_for_two_credentials_and_two_days() -> None:
    signer, other = Signer("dynamodb", "eu-central-1"), Credentials("AKIDOTHER", "another")
    wanted = [(held, day) for day in (0.0, 86_400.0) for held in (SUITE_KEYS, other)]
    fresh = [Signer("dynamodb", "eu-central-1").sign(HOST, b"", held, at_epoch_s=day) for held, day in wanted]
    assert [signer.sign(HOST, b"", held, at_epoch_s=day) for held, day in wanted * 2] == fresh * 2


def test_credentials_show_no_key() -> None:
    assert repr(Credentials("AKID", "hidden", "concealed", 1.0)) == "Credentials(expires_at_epoch_s=1.0)"

"""Whether a request has passed the front: by a header whose value nobody else knows."""

from __future__ import annotations

import json

import boto3
import pytest
from moto import mock_aws

from hotline.kit.doors import secret_loader
from hotline.kit.keyring import parse_keyring
from hotline.kit.origin import ORIGIN_HEADER, has_passed_the_front
from tests.support.sweeps import sweep

OLD, NEW = "o" * 64, "n" * 64
SECRET = json.dumps({"current": "2", "1": OLD, "2": NEW})
RING = parse_keyring(SECRET)


@pytest.mark.parametrize("key", [OLD, NEW])
def test_every_version_of_the_key_passes_so_that_a_rotation_refuses_nobody(key: str) -> None:
    assert has_passed_the_front({ORIGIN_HEADER: key, "accept": "*/*"}, RING)


@sweep(
    "headers",
    [
        {},
        {ORIGIN_HEADER: ""},
        {ORIGIN_HEADER: "2"},
        {ORIGIN_HEADER: NEW[:-1]},
        {ORIGIN_HEADER: f"{NEW}n"},
        {ORIGIN_HEADER: f"{NEW},{NEW}"},
        {ORIGIN_HEADER: "钥" * 64},
        {ORIGIN_HEADER: "\ud800" * 64},
        {"x-hotline-front": NEW},
    ],
)
def test_nothing_else_passes(headers: dict[str, str]) -> None:
    assert not has_passed_the_front(headers, RING)


def test_a_key_that_was_taken_away_passes_no_more() -> None:
    assert not has_passed_the_front({ORIGIN_HEADER: OLD}, parse_keyring(json.dumps({"current": "2", "2": NEW})))


@mock_aws
def test_the_keys_come_from_the_secret_of_the_front() -> None:
    made = boto3.client("secretsmanager").create_secret(Name="origin", SecretString=SECRET)
    assert has_passed_the_front({ORIGIN_HEADER: NEW}, secret_loader(made["ARN"]).get())

"""`./hotline desk publish`: the page goes into the bucket of a stack that serves a desk."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

import boto3
import pytest
from botocore.stub import Stubber
from moto import mock_aws

from hotline_local import aws_stacks, cli
from hotline_local.commands import desk
from hotline_local.desk_server import page_files
from hotline_local.errors import CommandError

NAME: Final = "hotline"
GIVEN: Final = {
    "AgentIssuer": "https://cognito-idp.eu-central-1.amazonaws.com/eu-central-1_staff",
    "AgentAudience": "client-of-the-desk",
    "DeskDomainName": "desk.wallet.example",
    "DeskSignInOrigin": "https://staff.auth.eu-central-1.amazoncognito.com",
}
BUCKET: Final = "bucket-of-the-desk"
ORIGIN: Final = {
    "Id": "page",
    "DomainName": f"{BUCKET}.s3.eu-central-1.amazonaws.com",
    "S3OriginConfig": {"OriginAccessIdentity": ""},
}


@pytest.fixture
def session() -> Iterator[boto3.Session]:
    with mock_aws():
        yield boto3.Session()


@pytest.fixture
def distribution(session: boto3.Session, monkeypatch: pytest.MonkeyPatch) -> str:
    """The distribution of a stack that serves a desk. No emulator of this process has stacks, so it is told here."""
    location: Any = {"LocationConstraint": session.region_name}
    session.client("s3").create_bucket(Bucket=BUCKET, CreateBucketConfiguration=location)
    behaviour: Any = {"TargetOriginId": "page", "ViewerProtocolPolicy": "https-only"}
    settings: Any = {"CallerReference": "1", "Comment": "", "Enabled": True, "DefaultCacheBehavior": behaviour}
    settings["Origins"] = {"Quantity": 1, "Items": [ORIGIN]}
    made: str = session.client("cloudfront").create_distribution(DistributionConfig=settings)["Distribution"]["Id"]
    outputs = {"DeskBucketName": BUCKET, "DeskDistributionId": made, "ProofQuickConnectName": "hotline verify"}
    monkeypatch.setattr(desk, "describe", lambda session, name: (outputs, GIVEN))
    return made


def test_every_file_goes_up_with_its_type_and_the_page_is_fetched_anew(
    session: boto3.Session, distribution: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(["desk", "publish"]) == 0
    s3, bucket = session.client("s3"), BUCKET
    there = {found["Key"] for found in s3.list_objects_v2(Bucket=bucket)["Contents"]}
    assert there == {path.removeprefix("/") for path in page_files()} | {"config.json"}
    page = s3.get_object(Bucket=bucket, Key="index.html")
    assert (page["ContentType"], page["CacheControl"]) == ("text/html; charset=utf-8", "no-cache")
    listed = session.client("cloudfront").list_invalidations(DistributionId=distribution)
    assert listed["InvalidationList"]["Quantity"] == 1
    assert f"{len(there)} files are at https://desk.wallet.example" in capsys.readouterr().out


@pytest.mark.usefixtures("distribution")
@pytest.mark.parametrize(("arguments", "client"), [([], "client-of-the-desk"), (["--client-id", "other"], "other")])
def test_the_page_is_told_its_sign_in_and_asks_its_own_origin_for_the_rest(
    session: boto3.Session, arguments: list[str], client: str
) -> None:
    assert cli.main(["desk", "publish", *arguments]) == 0
    config = json.load(session.client("s3").get_object(Bucket=BUCKET, Key="config.json")["Body"])
    assert (config["api"], config["client_id"], config["issuer"]) == ("", client, GIVEN["AgentIssuer"])
    assert config["token_endpoint"] == f"{GIVEN['DeskSignInOrigin']}/oauth2/token"
    assert config["proof_quick_connect"] == "hotline verify"


def test_a_stack_that_serves_no_desk_is_told(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(desk, "describe", lambda session, name: ({}, GIVEN))
    assert cli.main(["desk", "publish"]) == 1
    assert "serves no desk" in capsys.readouterr().err


@dataclass(frozen=True)
class StubbedSession:
    """A session with one client, whose answers are told beforehand."""

    stubbed: Any

    def client(self, _: str) -> Any:
        return self.stubbed


def test_outputs_and_parameters_are_those_of_the_stack() -> None:
    client = boto3.client("cloudformation")
    told = {"OutputKey": "DeskBucketName", "OutputValue": BUCKET}
    given = {"ParameterKey": "AgentAudience", "ParameterValue": "a"}
    stack = {"StackName": NAME, "CreationTime": 0, "StackStatus": "CREATE_COMPLETE"}
    stack |= {"Outputs": [told], "Parameters": [given]}
    with Stubber(client) as stubber:
        stubber.add_response("describe_stacks", {"Stacks": [stack]}, {"StackName": NAME})
        assert aws_stacks.describe(StubbedSession(client), NAME) == ({"DeskBucketName": BUCKET}, {"AgentAudience": "a"})
        stubber.add_client_error("describe_stacks", "ValidationError", "Stack with id nowhere does not exist")
        with pytest.raises(CommandError, match="nowhere"):
            aws_stacks.describe(StubbedSession(client), "nowhere")

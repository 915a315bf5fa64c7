"""The desk at CloudFront: an option, whole or not at all, whose bucket and page are for it alone."""

from __future__ import annotations

from typing import Any, Final

import pytest

from hotline_local.desk_server import DeskSettings, page_headers
from hotline_local.launcher.deploy import PARAMETERS
from tests.support.deployed_template import Deployed
from tests.support.sweeps import sweep
from tests.support.template import cloudformation, properties

SIGN_IN: Final = "https://staff.auth.eu-central-1.amazoncognito.com"
DESK: Final = {
    "DeskDomainName": "desk.wallet.example",
    "DeskCertificateArn": "arn:aws:acm:us-east-1:123456789012:certificate/0123",
    "DeskSignInOrigin": SIGN_IN,
    "AgentIssuer": "https://cognito-idp.eu-central-1.amazonaws.com/eu-central-1_staff",
}
PARTS: Final = ("DeskBucket", "DeskBucketPolicy", "DeskOriginAccess", "DeskHeaders", "Desk")


def config() -> dict[str, Any]:
    found: dict[str, Any] = properties("Desk")["DistributionConfig"]
    return found


def test_there_is_no_desk_unless_it_is_asked_for() -> None:
    for parameters in ({}, PARAMETERS, {"AgentIssuer": DESK["AgentIssuer"], "AgentAudience": "a"}):
        assert [part for part in PARTS if Deployed(parameters).exists(part)] == []
    assert [part for part in PARTS if not Deployed(DESK | {"AgentAudience": "a"}).exists(part)] == []


@sweep("left_out", [None, *DESK])
def test_its_parameters_are_given_together(left_out: str | None) -> None:
    given = {name: value for name, value in DESK.items() if name != left_out}
    (rule,) = cloudformation()["Rules"]["DeskIsWholeOrAbsent"]["Assertions"]
    assert Deployed(given).holds(rule["Assert"]) is (left_out is None)
    assert Deployed().holds(rule["Assert"])


@pytest.mark.parametrize("ancestors", [None, "https://shop.my.connect.aws https://other.my.connect.aws"])
def test_the_page_has_the_headers_that_it_has_on_one_machine(ancestors: str | None) -> None:
    given = DESK | ({"DeskFrameAncestors": ancestors} if ancestors else {})
    policy = Deployed(given).properties("DeskHeaders")["ResponseHeadersPolicyConfig"]
    security = policy["SecurityHeadersConfig"]
    told = {
        "Content-Security-Policy": security["ContentSecurityPolicy"]["ContentSecurityPolicy"],
        "Referrer-Policy": security["ReferrerPolicy"]["ReferrerPolicy"],
        "X-Content-Type-Options": "nosniff" if "ContentTypeOptions" in security else None,
        **{header["Header"]: header["Value"] for header in policy["CustomHeadersConfig"]["Items"]},
    }
    settings = DeskSettings(
        "/", "/", "desk", token_endpoint=f"{SIGN_IN}/oauth2/token", frame_ancestors=(ancestors or "").split()
    )
    local = page_headers(settings)
    # The time for which it is kept goes with each file.
    del local["Cache-Control"]
    assert told == local
    assert config()["DefaultCacheBehavior"]["ResponseHeadersPolicyId"] == {"Ref": "DeskHeaders"}


def test_nobody_reads_the_bucket_but_this_distribution() -> None:
    assert set(properties("DeskBucket")["PublicAccessBlockConfiguration"].values()) == {True}
    (allowed,) = properties("DeskBucketPolicy")["PolicyDocument"]["Statement"]
    assert (allowed["Effect"], allowed["Action"]) == ("Allow", "s3:GetObject")
    assert "distribution/${Desk}" in allowed["Condition"]["StringEquals"]["AWS:SourceArn"]["Fn::Sub"]


def test_the_api_is_on_the_pages_origin_and_nothing_of_it_is_kept() -> None:
    (api,) = config()["CacheBehaviors"]
    assert (api["PathPattern"], api["TargetOriginId"]) == ("/v1/agent/*", "api")
    assert api["CachePolicyId"] == "4135ea2d-6df8-44a3-9df3-4b5a84be39ad"
    assert api["ViewerProtocolPolicy"] == "https-only"
    assert {error["ErrorCachingMinTTL"] for error in config()["CustomErrorResponses"]} == {0}


def test_the_desk_is_told_the_quick_connect_of_the_template_by_its_name() -> None:
    output = cloudformation()["Outputs"]["ProofQuickConnectName"]
    assert output["Value"] == properties("ProofQuickConnect")["Name"]
    assert output["Condition"] == "HasConnect"

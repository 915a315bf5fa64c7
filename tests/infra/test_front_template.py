"""CloudFront with a web ACL in front of the API: an option, whole or not at all, that keeps nothing of what passes."""

from __future__ import annotations

import re
from typing import Any, Final

import pytest

from hotline.kit.origin import ORIGIN_HEADER
from hotline_local.launcher.deploy import PARAMETERS
from tests.support.deployed_template import FRONT, Deployed
from tests.support.iam import as_list
from tests.support.sweeps import sweep
from tests.support.template import cloudformation, properties, resources

# Errors that CloudFront keeps, of answers to GET and HEAD, unless told otherwise; it can be told about these.
KEPT_ERRORS: Final = {400, 403, 404, 405, 414, 500, 501, 502, 503, 504}


def front() -> dict[str, Any]:
    config: dict[str, Any] = properties("Front")["DistributionConfig"]
    return config


def test_there_is_no_front_unless_it_is_asked_for() -> None:
    for parameters in ({}, PARAMETERS):
        assert not Deployed(parameters).exists("Front")
        assert not Deployed(parameters).exists("OriginKeySecret")
        assert "ORIGIN_KEY_SECRET" not in settings(Deployed(parameters))
    assert Deployed(FRONT).exists("Front")


def settings(deployed: Deployed) -> dict[str, str]:
    found: dict[str, str] = deployed.properties("CustomerApiFunction")["Environment"]["Variables"]
    return found


@sweep("left_out", [None, *FRONT])
def test_name_certificate_and_web_acl_are_given_together(left_out: str | None) -> None:
    given = {name: value for name, value in FRONT.items() if name != left_out}
    (rule,) = cloudformation()["Rules"]["FrontIsWholeOrAbsent"]["Assertions"]
    assert Deployed(given).holds(rule["Assert"]) is (left_out is None)
    assert Deployed().holds(rule["Assert"])


@pytest.mark.parametrize(("parameter", "service"), [("FrontCertificateArn", "acm"), ("FrontWebAclArn", "wafv2")])
def test_certificate_and_web_acl_are_those_of_us_east_1_where_cloudfront_looks(parameter: str, service: str) -> None:
    pattern = cloudformation()["Parameters"][parameter]["AllowedPattern"]
    assert re.fullmatch(pattern, FRONT[parameter])
    assert not re.fullmatch(pattern, FRONT[parameter].replace("us-east-1", "eu-central-1"))
    assert not re.fullmatch(pattern, FRONT[parameter].replace(service, "iam"))


def test_a_web_acl_stands_before_everything() -> None:
    assert front()["WebACLId"] == {"Ref": "FrontWebAclArn"}
    # One behaviour and one origin, so that no path goes another way.
    assert "CacheBehaviors" not in front()
    assert len(front()["Origins"]) == 1


def test_both_ways_are_tls_1_2_or_later() -> None:
    assert front()["ViewerCertificate"] == {
        "AcmCertificateArn": {"Ref": "FrontCertificateArn"},
        "MinimumProtocolVersion": "TLSv1.2_2021",
        "SslSupportMethod": "sni-only",
    }
    assert front()["Aliases"] == [{"Ref": "FrontDomainName"}]
    assert front()["DefaultCacheBehavior"]["ViewerProtocolPolicy"] == "https-only"
    origin = front()["Origins"][0]["CustomOriginConfig"]
    assert origin == {"OriginProtocolPolicy": "https-only", "OriginSSLProtocols": ["TLSv1.2"]}


def test_nothing_is_kept_no_answer_and_no_error() -> None:
    behaviour = front()["DefaultCacheBehavior"]
    assert behaviour["CachePolicyId"] == "4135ea2d-6df8-44a3-9df3-4b5a84be39ad"  # CachingDisabled
    assert {error["ErrorCode"] for error in front()["CustomErrorResponses"]} == KEPT_ERRORS
    for error in front()["CustomErrorResponses"]:
        # No page of CloudFront's own either: problems come through as the function wrote them.
        assert error == {"ErrorCode": error["ErrorCode"], "ErrorCachingMinTTL": 0}


def test_every_method_header_and_query_of_the_api_reaches_it() -> None:
    behaviour = front()["DefaultCacheBehavior"]
    # AllViewerExceptHostHeader: Authorization, Accept-Language, Idempotency-Key and all others; the gateway needs its
    # own name as Host.
    assert behaviour["OriginRequestPolicyId"] == "b689b0a8-53d0-40ab-baf2-68738e2966ac"
    methods = {route["Properties"]["RouteKey"].split()[0] for route in resources("AWS::ApiGatewayV2::Route").values()}
    # The gateway's catch-all takes any method, to say which ones a path has.
    assert methods - {"ANY"} <= set(behaviour["AllowedMethods"])


def test_the_gateway_is_the_origin_and_still_answers_under_its_own_name() -> None:
    domain = front()["Origins"][0]["DomainName"]
    assert domain == {"Fn::Sub": "${Api}.execute-api.${AWS::Region}.${AWS::URLSuffix}"}
    assert "DisableExecuteApiEndpoint" not in properties("Api")


def test_cloudfront_shows_the_key_that_the_function_reads_and_nobody_else_may() -> None:
    (header,) = front()["Origins"][0]["OriginCustomHeaders"]
    assert header["HeaderName"] == ORIGIN_HEADER
    value = "{{resolve:secretsmanager:${OriginKeySecret}:SecretString:${OriginKeyVersion}}}"
    assert header["HeaderValue"] == {"Fn::Sub": value}
    made = properties("OriginKeySecret")["GenerateSecretString"]
    assert made["GenerateStringKey"] == cloudformation()["Parameters"]["OriginKeyVersion"]["Default"]
    deployed = Deployed(FRONT)
    secret = deployed.ref("OriginKeySecret")
    assert settings(deployed)["ORIGIN_KEY_SECRET"] == secret
    assert readers(deployed, secret) == {"CustomerApiRole"}
    assert readers(Deployed(), secret) == set()


def readers(deployed: Deployed, secret: str) -> set[str]:
    return {
        name
        for name, role in deployed.resources("AWS::IAM::Role").items()
        for policy in role["Policies"]
        for statement in policy["PolicyDocument"]["Statement"]
        if secret in as_list(statement.get("Resource"))
    }


def test_cloudfront_writes_no_log_since_it_would_hold_addresses_and_numbers_that_were_asked_about() -> None:
    assert "Logging" not in front()
    assert "AWS::Logs::DeliverySource" not in {body["Type"] for body in cloudformation()["Resources"].values()}

"""The bucket of pictures: its policy as S3 evaluates it for each caller, and what else keeps it shut."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import Final

import pytest

from hotline.kit.aws.buckets import PENDING_TAG, SCAN_TAG, Scan
from tests.support.deployed_template import FRONT, REGION, Deployed
from tests.support.iam import as_list, matches
from tests.support.sweeps import sweep

OTHER: Final = "arn:aws:iam::123456789012:role/administrator"
TAG_OF_OBJECT: Final = f"s3:ExistingObjectTag/{SCAN_TAG}"

type Context = dict[str, str | list[str]]


@cache
def deployed() -> Deployed:
    return Deployed()


def bucket() -> str:
    return deployed().attribute("EvidenceBucket", "Arn")


def picture() -> str:
    return f"{bucket()}/evidence/0123456789abcdef0123"


def scanner() -> str:
    return deployed().attribute("EvidenceScanRole", "Arn")


def is_met(operator: str, wanted: list[str], found: str | list[str] | None) -> bool:
    """One condition key (IAM user guide, condition operators): the negated ones are met by an absent key."""
    match operator:
        case "Bool" | "StringEquals" | "ArnEquals":
            return found is not None and found in wanted
        case "StringNotEquals" | "ArnNotEquals":
            return found is None or found not in wanted
        case "ForAnyValue:StringEquals":
            return bool(set(found or ()) & set(wanted))
    raise ValueError(operator)


def refusals(action: str, resource: str, context: Context, stack: Deployed | None = None) -> Iterator[str]:
    """The statements of the bucket's policy that refuse a request."""
    for statement in (stack or deployed()).properties("EvidenceBucketPolicy")["PolicyDocument"]["Statement"]:
        assert (statement["Effect"], statement["Principal"]) == ("Deny", "*")
        if (
            any(matches(one.lower(), action.lower()) for one in as_list(statement["Action"]))
            and any(matches(one, resource) for one in as_list(statement["Resource"]))
            and all(
                is_met(operator, as_list(wanted), context.get(key))
                for operator, keys in statement.get("Condition", {}).items()
                for key, wanted in keys.items()
            )
        ):
            yield statement["Sid"]


def asked_by(role: str, **own: str | list[str]) -> Context:
    return {"aws:SecureTransport": "true", "aws:PrincipalArn": role, **own}


@sweep("action", ["s3:GetObject", "s3:GetObjectVersion"])
@sweep("tag", [None, *(scan.value for scan in Scan)])
def test_nobody_but_the_scanner_reads_a_picture_without_a_clean_tag(action: str, tag: str | None) -> None:
    tags: Context = {} if tag is None else {TAG_OF_OBJECT: tag}
    refused = [] if tag == Scan.CLEAN else ["NobodyReadsBeforeTheScan"]
    assert list(refusals(action, picture(), asked_by(OTHER) | tags)) == refused
    assert list(refusals(action, picture(), asked_by(scanner()) | tags)) == []


@pytest.mark.parametrize("action", ["s3:PutObject", "s3:PutObjectTagging", "s3:PutObjectVersionTagging"])
def test_nobody_but_the_scanner_sets_its_tag(action: str) -> None:
    forged: Context = {"s3:RequestObjectTagKeys": [PENDING_TAG, SCAN_TAG]}
    assert list(refusals(action, picture(), asked_by(OTHER) | forged)) == ["OnlyTheScannerSaysWhatIsClean"]
    assert list(refusals(action, picture(), asked_by(scanner()) | forged)) == []
    for keys in ([PENDING_TAG], []):
        assert list(refusals(action, picture(), asked_by(OTHER, **{"s3:RequestObjectTagKeys": keys}))) == []


def test_a_scanner_of_ones_own_is_the_scanner_and_no_other_role_is() -> None:
    own = "arn:aws:iam::123456789012:role/our-scanner"
    stack = Deployed({"EvidenceScannerRoleArn": own})
    assert list(refusals("s3:GetObject", picture(), asked_by(own), stack)) == []
    assert list(refusals("s3:GetObject", picture(), asked_by(OTHER), stack)) == ["NobodyReadsBeforeTheScan"]


@sweep("resource", lambda: [bucket(), picture()])
def test_without_tls_nothing_is_done(resource: str) -> None:
    plain = asked_by(scanner()) | {"aws:SecureTransport": "false", TAG_OF_OBJECT: Scan.CLEAN.value}
    for action in ("s3:ListBucket", "s3:GetObject", "s3:PutObject", "s3:DeleteObject"):
        assert list(refusals(action, resource, plain)) == ["OverTlsOnly"]


def test_the_bucket_is_never_public_and_tells_of_each_object() -> None:
    made = deployed().properties("EvidenceBucket")
    names = ("BlockPublicAcls", "BlockPublicPolicy", "IgnorePublicAcls", "RestrictPublicBuckets")
    assert made["PublicAccessBlockConfiguration"] == dict.fromkeys(names, True)
    assert made["OwnershipControls"] == {"Rules": [{"ObjectOwnership": "BucketOwnerEnforced"}]}
    assert made["NotificationConfiguration"] == {"EventBridgeConfiguration": {"EventBridgeEnabled": True}}


@pytest.mark.parametrize(
    ("parameters", "origin"),
    [
        ({"PageBase": "https://pages.wallet.example/hotline"}, "https://pages.wallet.example"),
        (FRONT, "https://api.wallet.example"),
    ],
)
def test_browsers_post_from_the_pages_origin_alone(parameters: dict[str, str], origin: str) -> None:
    rules = Deployed(parameters).properties("EvidenceBucket")["CorsConfiguration"]["CorsRules"]
    assert [(rule["AllowedMethods"], rule["AllowedOrigins"]) for rule in rules] == [(["POST"], [origin])]


def test_the_bucket_of_the_gateways_own_page_names_its_address() -> None:
    (rule,) = deployed().properties("EvidenceBucket")["CorsConfiguration"]["CorsRules"]
    (origin,) = rule["AllowedOrigins"]
    assert origin == f"https://{deployed().ref('Api')}.execute-api.{REGION}.amazonaws.com"

"""Addresses of services: those of botocore in every region, and what an environment sets."""

from __future__ import annotations

import pytest
from botocore.endpoint_provider import EndpointProvider
from botocore.loaders import Loader

from hotline.kit.aws.endpoints import find_endpoint, read_aws_region
from hotline.kit.config import MissingSetting

PARTITIONS = Loader().load_data("partitions")
REGIONS = [
    region for partition in PARTITIONS["partitions"] for region in partition["regions"] if "global" not in region
]


@pytest.mark.parametrize("fips", [False, True])
@pytest.mark.parametrize("service", ["dynamodb", "secretsmanager"])
def test_the_address_is_that_of_the_sdk_in_every_region_of_every_partition(service: str, fips: bool) -> None:
    rules = Loader().load_service_model(service, "endpoint-rule-set-1")
    provider = EndpointProvider(rules, PARTITIONS)
    wanted = {
        region: provider.resolve_endpoint(Region=region, UseFIPS=fips, UseDualStack=False).url for region in REGIONS
    }
    environment = {"AWS_USE_FIPS_ENDPOINT": "true"} if fips else {}
    assert {region: find_endpoint(service, region, environment) for region in REGIONS} == wanted
    assert wanted["cn-north-1"].endswith(".amazonaws.com.cn")
    assert len(REGIONS) > 40


def test_an_address_of_the_environment_comes_first_and_that_of_the_service_before_all() -> None:
    every = {"AWS_ENDPOINT_URL": "http://127.0.0.1:4566"}
    own = every | {"AWS_ENDPOINT_URL_DYNAMODB": "http://127.0.0.1:8000"}
    assert find_endpoint("dynamodb", "eu-central-1", every) == "http://127.0.0.1:4566"
    assert find_endpoint("dynamodb", "eu-central-1", own) == "http://127.0.0.1:8000"
    assert find_endpoint("secretsmanager", "eu-central-1", own) == "http://127.0.0.1:4566"


def test_addresses_of_the_environment_may_be_ignored() -> None:
    environment = {"AWS_ENDPOINT_URL": "http://127.0.0.1:1", "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS": "true"}
    assert find_endpoint("dynamodb", "eu-central-1", environment) == "https://dynamodb.eu-central-1.amazonaws.com"


def test_the_region_is_read_as_the_sdk_reads_it() -> None:
    assert read_aws_region({"AWS_DEFAULT_REGION": "cn-north-1", "AWS_REGION": "eu-central-1"}) == "cn-north-1"
    assert read_aws_region({"AWS_REGION": "eu-central-1"}) == "eu-central-1"
    with pytest.raises(MissingSetting, match="AWS_REGION"):
        read_aws_region({})

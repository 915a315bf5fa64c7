"""The address of a service of AWS: by region, in each partition of AWS, or as the environment has it.

Source: AWS General Reference, service endpoints; AWS SDKs and Tools Reference Guide, "Service-specific endpoints" and
"Dual-stack and FIPS endpoints". Tests compare the addresses to those of botocore in every region.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from hotline.kit.config import MissingSetting

SUFFIXES: Final = (
    ("cn-", "amazonaws.com.cn"),
    ("us-isob-", "sc2s.sgov.gov"),
    ("us-isof-", "csp.hci.ic.gov"),
    ("eu-isoe-", "cloud.adc-e.uk"),
    ("us-iso-", "c2s.ic.gov"),
    ("eusc-", "amazonaws.eu"),
)
"""Domains by the beginning of a region's name; every other region is of amazonaws.com."""
DOMAIN: Final = "amazonaws.com"
PLAIN_FIPS: Final = frozenset({("dynamodb", "us-gov-")})
"""Services whose plain address in these regions is the one that keeps to FIPS 140."""


def read_aws_region(environment: Mapping[str, str]) -> str:
    """The region, as boto3 reads it; Lambda sets both names. Raises MissingSetting."""
    region = environment.get("AWS_DEFAULT_REGION") or environment.get("AWS_REGION")
    if not region:
        raise MissingSetting("AWS_REGION")
    return region


def find_endpoint(service: str, region: str, environment: Mapping[str, str]) -> str:
    """The URL of a service in a region. An address of the service in the environment comes before one of all
    services."""
    if not _is_true(environment, "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS"):
        for name in (f"AWS_ENDPOINT_URL_{service.upper()}", "AWS_ENDPOINT_URL"):
            if environment.get(name):
                return environment[name]
    name = service
    if _is_true(environment, "AWS_USE_FIPS_ENDPOINT") and (service, region[:7]) not in PLAIN_FIPS:
        name = f"{service}-fips"
    suffix = next((suffix for start, suffix in SUFFIXES if region.startswith(start)), DOMAIN)
    return f"https://{name}.{region}.{suffix}"


def _is_true(environment: Mapping[str, str], name: str) -> bool:
    return environment.get(name, "").lower() == "true"

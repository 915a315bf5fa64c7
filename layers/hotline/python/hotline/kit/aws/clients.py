"""The choice of a client for the services that speak JSON: our own (`direct`), or boto3 (`sdk`).

`STORE_CLIENT` says which, for DynamoDB and Secrets Manager alike. An environment in which only the SDK finds its way,
such as a laptop with a profile, is given the SDK whatever the setting is.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, Literal
from urllib.parse import urlsplit

from hotline.kit.config import MalformedSetting, environment_of_process, patience_s, read_setting

from .credentials import find_credentials
from .direct import DirectService
from .endpoints import find_endpoint, read_aws_region
from .sdk import SdkService, make_client
from .service import Service

CLIENT_SETTING: Final = "STORE_CLIENT"
DIRECT: Final = "direct"
SDK: Final = "boto3"
ONLY_BY_THE_SDK: Final = ("AWS_PROFILE", "AWS_USE_DUALSTACK_ENDPOINT", "HTTPS_PROXY", "https_proxy")
"""Variables that the direct client does not know how to follow."""


def open_service(
    name: Literal["dynamodb", "secretsmanager"],
    *,
    connect_timeout_s: float,
    read_timeout_s: float,
    environment: Mapping[str, str] | None = None,
) -> Service:
    """A client of the service, as the environment says. It sends each request once. Time-outs are in seconds; the one
    of reading gives way to the setting of patience. Raises SettingError."""
    source = environment_of_process() if environment is None else environment
    wanted = read_setting(source, CLIENT_SETTING, DIRECT)
    if wanted not in (DIRECT, SDK):
        raise MalformedSetting(CLIENT_SETTING, f"neither {DIRECT} nor {SDK}")
    credentials = find_credentials(source)
    if wanted == SDK or credentials is None or _needs_the_sdk(name, source):
        return SdkService(
            make_client(name, attempts=1, connect_timeout_s=connect_timeout_s, read_timeout_s=read_timeout_s)
        )
    region = read_aws_region(source)
    return DirectService(
        name,
        region=region,
        endpoint=find_endpoint(name, region, source),
        credentials=credentials,
        connect_timeout_s=connect_timeout_s,
        read_timeout_s=patience_s(read_timeout_s, source),
        environment=source,
    )


def _needs_the_sdk(name: str, environment: Mapping[str, str]) -> bool:
    """Whether the environment asks for what the direct client cannot do, or sets an address with a path of its own."""
    if any(environment.get(variable) for variable in ONLY_BY_THE_SDK):
        return True
    path = urlsplit(find_endpoint(name, read_aws_region(environment), environment)).path
    return path not in ("", "/")

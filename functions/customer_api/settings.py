"""The settings of the API: how tokens of this issuer are read, and what the rooms work with."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

from hotline.directory import service as directory
from hotline.kit.config import TableNames, read_region, read_setting, read_switch, read_time_zone, require_setting
from hotline.kit.doors import DEFAULT_HOME_REGION
from hotline.kit.limits import TrafficLimits
from hotline.kit.store import Table


@dataclass(frozen=True, slots=True)
class TokenSettings:
    """How a token is read. `account_claim` names the claim with the account's id; scopes begin with `scope_prefix`.
    `trusted_acr_values` are ways of signing in that count as a factor however long ago (RFC 9470, `acr`)."""

    account_claim: str = "sub"
    scope_prefix: str = ""
    trusted_acr_values: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Settings:
    """Ids of secrets are those of Secrets Manager, `pin_key_id` is of KMS. `origin_key_secret` is None where nothing
    stands in front of the API (kit.origin). The rest is as in Context."""

    tables: TableNames
    lookup_key_secret: str
    code_key_secret: str
    pin_key_id: str
    evidence_bucket: str
    wallet: str
    origin_key_secret: str | None
    official_numbers: tuple[str, ...]
    home_region: str
    time_zone: str
    voice_codes: bool
    limits: TrafficLimits
    tokens: TokenSettings

    @classmethod
    def parse(cls, environment: Mapping[str, str]) -> Settings:
        """Raises SettingError."""
        trusted = (value.strip() for value in read_setting(environment, "API_TRUSTED_ACR_VALUES", "").split(","))
        return cls(
            tables=TableNames.parse(environment, Table.HOTLINE, Table.OUTBOX),
            lookup_key_secret=require_setting(environment, "LOOKUP_KEY_SECRET"),
            code_key_secret=require_setting(environment, "CODE_KEY_SECRET"),
            pin_key_id=require_setting(environment, "PIN_KEY_ID"),
            evidence_bucket=require_setting(environment, "EVIDENCE_BUCKET"),
            wallet=require_setting(environment, "WALLET_NAME"),
            origin_key_secret=read_setting(environment, "ORIGIN_KEY_SECRET", "") or None,
            official_numbers=directory.parse_numbers(require_setting(environment, directory.NUMBERS_SETTING)),
            home_region=read_region(environment, "HOME_REGION", DEFAULT_HOME_REGION),
            time_zone=read_time_zone(environment, "REPORT_TIME_ZONE"),
            voice_codes=read_switch(environment, "VOICE_CODES"),
            limits=TrafficLimits.parse(environment),
            tokens=TokenSettings(
                account_claim=read_setting(environment, "API_ACCOUNT_CLAIM", "sub"),
                scope_prefix=read_setting(environment, "API_SCOPE_PREFIX", ""),
                trusted_acr_values=frozenset(value for value in trusted if value),
            ),
        )


@cache
def settings_from_environment() -> Settings:
    """The settings of the deployed function. Raises SettingError."""
    return Settings.parse(os.environ)

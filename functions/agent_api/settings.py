"""The settings of the agents' API: how tokens of the staff's issuer are read, and what the rooms work with."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

from hotline.directory import service as directory
from hotline.kit.config import TableNames, read_count, read_setting, read_time_zone, require_setting
from hotline.kit.store import Table
from hotline.security.service import ACTIVITY_SHARDS, SHARDS_MAX


@dataclass(frozen=True, slots=True)
class TokenSettings:
    """The claims of a token: the bearer's roles, their name as others see it, and the account of their own at the
    wallet. Without an `account_claim` no such account is known."""

    roles_claim: str = "cognito:groups"
    name_claim: str = "username"
    account_claim: str = ""


@dataclass(frozen=True, slots=True)
class Settings:
    """`lookup_key_secret` is an id of Secrets Manager. The rest is as in Context."""

    tables: TableNames
    lookup_key_secret: str
    evidence_bucket: str
    official_numbers: tuple[str, ...]
    activity_shards: int
    time_zone: str
    tokens: TokenSettings

    @classmethod
    def parse(cls, environment: Mapping[str, str]) -> Settings:
        """Raises SettingError."""
        usual = TokenSettings()
        return cls(
            tables=TableNames.parse(environment, Table.HOTLINE, Table.ACTIVITY, Table.OUTBOX),
            lookup_key_secret=require_setting(environment, "LOOKUP_KEY_SECRET"),
            evidence_bucket=require_setting(environment, "EVIDENCE_BUCKET"),
            official_numbers=directory.parse_numbers(require_setting(environment, directory.NUMBERS_SETTING)),
            activity_shards=read_count(environment, "ACTIVITY_SHARDS", ACTIVITY_SHARDS, most=SHARDS_MAX),
            time_zone=read_time_zone(environment, "REPORT_TIME_ZONE"),
            tokens=TokenSettings(
                roles_claim=read_setting(environment, "AGENT_ROLES_CLAIM", usual.roles_claim),
                name_claim=read_setting(environment, "AGENT_NAME_CLAIM", usual.name_claim),
                account_claim=read_setting(environment, "AGENT_ACCOUNT_CLAIM", usual.account_claim),
            ),
        )


@cache
def settings_from_environment() -> Settings:
    """The settings of the deployed function. Raises SettingError."""
    return Settings.parse(os.environ)

"""The settings of wallet_events."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

from hotline.kit.config import TableNames, read_count, require_setting
from hotline.kit.store import Table
from hotline.security.service import ACTIVITY_SHARDS, SHARDS_MAX


@dataclass(frozen=True, slots=True)
class Settings:
    """`lookup_key_secret` is an id in Secrets Manager. Facts that can never be taken in go to the queue
    `dead_letters_url`. `shards`: over how many the rows for the scan are spread."""

    tables: TableNames
    lookup_key_secret: str
    dead_letters_url: str
    shards: int = ACTIVITY_SHARDS

    @classmethod
    def parse(cls, environment: Mapping[str, str]) -> Settings:
        """Raises SettingError."""
        return cls(
            tables=TableNames.parse(environment, Table.HOTLINE, Table.ACTIVITY, Table.OUTBOX),
            lookup_key_secret=require_setting(environment, "LOOKUP_KEY_SECRET"),
            dead_letters_url=require_setting(environment, "FACTS_DEAD_LETTERS_URL"),
            shards=read_count(environment, "ACTIVITY_SHARDS", ACTIVITY_SHARDS, most=SHARDS_MAX),
        )


@cache
def settings_from_environment() -> Settings:
    """The settings of the deployed function. Raises SettingError."""
    return Settings.parse(os.environ)

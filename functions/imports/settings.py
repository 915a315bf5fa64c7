"""The settings of imports."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

from hotline.kit.config import TableNames, require_setting
from hotline.kit.store import Table


@dataclass(frozen=True, slots=True)
class Settings:
    """`lookup_key_secret` is an id in Secrets Manager. Facts that can never be taken in are named in the queue
    `refusals_url`."""

    tables: TableNames
    lookup_key_secret: str
    refusals_url: str

    @classmethod
    def parse(cls, environment: Mapping[str, str]) -> Settings:
        """Raises SettingError."""
        return cls(
            tables=TableNames.parse(environment, Table.HOTLINE, Table.OUTBOX),
            lookup_key_secret=require_setting(environment, "LOOKUP_KEY_SECRET"),
            refusals_url=require_setting(environment, "IMPORT_REFUSALS_URL"),
        )


@cache
def settings_from_environment() -> Settings:
    """The settings of the deployed function. Raises SettingError."""
    return Settings.parse(os.environ)

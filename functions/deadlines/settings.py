"""The settings of deadlines."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

from hotline.kit.config import TableNames, require_setting
from hotline.kit.store import Table


@dataclass(frozen=True, slots=True)
class Settings:
    """The queues by which outbox entries that were left behind come to the messenger and to decisions again. The bucket
    of customers' pictures, which go when their account is erased."""

    tables: TableNames
    messages_again_url: str
    decisions_again_url: str
    evidence_bucket: str

    @classmethod
    def parse(cls, environment: Mapping[str, str]) -> Settings:
        """Raises SettingError."""
        return cls(
            tables=TableNames.parse(environment, Table.HOTLINE, Table.OUTBOX),
            messages_again_url=require_setting(environment, "MESSAGES_AGAIN_URL"),
            decisions_again_url=require_setting(environment, "DECISIONS_AGAIN_URL"),
            evidence_bucket=require_setting(environment, "EVIDENCE_BUCKET"),
        )


@cache
def settings_from_environment() -> Settings:
    """The settings of the deployed function. Raises SettingError."""
    return Settings.parse(os.environ)

"""The settings of evidence: its tables, the bucket of pictures, and who may send what."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

from hotline.kit.config import TableNames, require_setting
from hotline.kit.store import Table


@dataclass(frozen=True, slots=True)
class Settings:
    """`bucket` is the name of the bucket of pictures; `scan_source` the source of events about scans: GuardDuty, or a
    scanner in its place."""

    tables: TableNames
    bucket: str
    scan_source: str

    @classmethod
    def parse(cls, environment: Mapping[str, str]) -> Settings:
        """Raises SettingError."""
        return cls(
            tables=TableNames.parse(environment, Table.HOTLINE, Table.OUTBOX),
            bucket=require_setting(environment, "EVIDENCE_BUCKET"),
            scan_source=require_setting(environment, "SCAN_EVENT_SOURCE"),
        )


@cache
def settings_from_environment() -> Settings:
    """The settings of the deployed function. Raises SettingError."""
    return Settings.parse(os.environ)

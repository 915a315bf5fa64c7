"""The settings of security_scan."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

from hotline.kit.config import TableNames, read_time_zone
from hotline.kit.store import Table


@dataclass(frozen=True, slots=True)
class Settings:
    """The tables that it reads and writes. `time_zone` is the IANA time zone of the days of reports."""

    tables: TableNames
    time_zone: str

    @classmethod
    def parse(cls, environment: Mapping[str, str]) -> Settings:
        """Raises SettingError."""
        return cls(
            TableNames.parse(environment, Table.HOTLINE, Table.ACTIVITY, Table.OUTBOX),
            time_zone=read_time_zone(environment, "REPORT_TIME_ZONE"),
        )


@cache
def settings_from_environment() -> Settings:
    """The settings of the deployed function. Raises SettingError."""
    return Settings.parse(os.environ)

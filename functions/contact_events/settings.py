"""The settings of contact_events."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from zoneinfo import ZoneInfo

from functions.contact_events.events import Sources
from hotline.kit.config import MalformedSetting, TableNames, require_setting
from hotline.kit.store import Table


@dataclass(frozen=True, slots=True)
class Settings:
    """`time_zone` is the IANA time zone by which days are counted. `sources`: who may send what."""

    tables: TableNames
    time_zone: str
    sources: Sources

    @classmethod
    def parse(cls, environment: Mapping[str, str]) -> Settings:
        """Raises SettingError."""
        zone = require_setting(environment, "REPORT_TIME_ZONE")
        try:
            ZoneInfo(zone)
        except (KeyError, ValueError, OSError):
            raise MalformedSetting("REPORT_TIME_ZONE", "not an IANA time zone") from None
        return cls(
            tables=TableNames.parse(environment, Table.HOTLINE),
            time_zone=zone,
            sources=Sources(
                contacts=require_setting(environment, "CONTACT_EVENT_SOURCE"),
                wallet=require_setting(environment, "WALLET_EVENT_SOURCE"),
            ),
        )


@cache
def settings_from_environment() -> Settings:
    """The settings of the deployed function. Raises SettingError."""
    return Settings.parse(os.environ)

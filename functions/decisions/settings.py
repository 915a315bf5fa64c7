"""The settings of decisions."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

from hotline.kit.config import TableNames, require_setting
from hotline.kit.store import Table


@dataclass(frozen=True, slots=True)
class Settings:
    """`bus_name` is the event bus on which the wallet listens."""

    tables: TableNames
    bus_name: str

    @classmethod
    def parse(cls, environment: Mapping[str, str]) -> Settings:
        """Raises SettingError."""
        return cls(TableNames.parse(environment, Table.OUTBOX), require_setting(environment, "EVENT_BUS_NAME"))


@cache
def settings_from_environment() -> Settings:
    """The settings of the deployed function. Raises SettingError."""
    return Settings.parse(os.environ)

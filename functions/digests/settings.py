"""The settings of digests."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

from hotline.kit.config import TableNames
from hotline.kit.store import Table


@dataclass(frozen=True, slots=True)
class Settings:
    """The tables that are read and written."""

    tables: TableNames

    @classmethod
    def parse(cls, environment: Mapping[str, str]) -> Settings:
        """Raises SettingError."""
        return cls(tables=TableNames.parse(environment, Table.HOTLINE, Table.OUTBOX))


@cache
def settings_from_environment() -> Settings:
    """The settings of the deployed function. Raises SettingError."""
    return Settings.parse(os.environ)

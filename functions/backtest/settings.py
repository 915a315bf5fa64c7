"""The settings of backtest."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

from hotline.kit.config import require_setting


@dataclass(frozen=True, slots=True)
class Settings:
    """The name of the bucket with histories and results."""

    bucket: str

    @classmethod
    def parse(cls, environment: Mapping[str, str]) -> Settings:
        """Raises SettingError."""
        return cls(require_setting(environment, "BACKTEST_BUCKET"))


@cache
def settings_from_environment() -> Settings:
    """The settings of the deployed function. Raises SettingError."""
    return Settings.parse(os.environ)

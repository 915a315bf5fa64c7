"""The settings of the phone's function."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

from hotline.cases import service as cases
from hotline.directory import service as directory
from hotline.kit.config import (
    TableNames,
    read_region,
    read_setting,
    read_switch,
    read_time_zone,
    require_setting,
)
from hotline.kit.doors import DEFAULT_HOME_REGION
from hotline.kit.limits import TrafficLimits
from hotline.kit.store import Table


@dataclass(frozen=True, slots=True)
class Settings:
    """Ids of secrets are those of Secrets Manager, `pin_key_id` is of KMS. The rest is as in Context."""

    tables: TableNames
    lookup_key_secret: str
    code_key_secret: str
    entry_key_secret: str
    pin_key_id: str
    wallet: str
    official_numbers: tuple[str, ...]
    home_region: str
    time_zone: str
    voice_codes: bool
    limits: TrafficLimits
    skill_queues: Mapping[str, str]
    seniors_first: bool

    @classmethod
    def parse(cls, environment: Mapping[str, str]) -> Settings:
        """Raises SettingError."""
        return cls(
            tables=TableNames.parse(environment, Table.HOTLINE, Table.OUTBOX),
            lookup_key_secret=require_setting(environment, "LOOKUP_KEY_SECRET"),
            code_key_secret=require_setting(environment, "CODE_KEY_SECRET"),
            entry_key_secret=require_setting(environment, "DTMF_KEY_SECRET"),
            pin_key_id=require_setting(environment, "PIN_KEY_ID"),
            wallet=require_setting(environment, "WALLET_NAME"),
            official_numbers=directory.parse_numbers(require_setting(environment, directory.NUMBERS_SETTING)),
            home_region=read_region(environment, "HOME_REGION", DEFAULT_HOME_REGION),
            time_zone=read_time_zone(environment, "REPORT_TIME_ZONE"),
            voice_codes=read_switch(environment, "VOICE_CODES"),
            limits=TrafficLimits.parse(environment),
            seniors_first=read_switch(environment, "SENIORS_FIRST"),
            skill_queues=cases.parse_skill_queues(read_setting(environment, cases.SKILL_QUEUES_SETTING, "")),
        )


@cache
def settings_from_environment() -> Settings:
    """The settings of the deployed function. Raises SettingError."""
    return Settings.parse(os.environ)

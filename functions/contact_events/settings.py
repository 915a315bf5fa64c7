"""The settings of contact_events."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

from functions.contact_events.events import Sources
from hotline.kit.aws.users import is_instance_arn
from hotline.kit.config import MalformedSetting, TableNames, read_setting, read_switch, read_time_zone, require_setting
from hotline.kit.store import Table


@dataclass(frozen=True, slots=True)
class Settings:
    """`time_zone` is the IANA time zone by which days are counted. `sources`: who may send what. `has_agents`: whether
    the users of the instance are looked up, who are agents."""

    tables: TableNames
    time_zone: str
    sources: Sources
    has_agents: bool = False

    @classmethod
    def parse(cls, environment: Mapping[str, str]) -> Settings:
        """Raises SettingError."""
        instance_arn = read_setting(environment, "CONNECT_INSTANCE_ARN", "")
        if instance_arn and not is_instance_arn(instance_arn):
            raise MalformedSetting("CONNECT_INSTANCE_ARN", "not the ARN of an instance of Amazon Connect")
        return cls(
            tables=TableNames.parse(environment, Table.HOTLINE),
            time_zone=read_time_zone(environment, "REPORT_TIME_ZONE"),
            sources=Sources(
                contacts=require_setting(environment, "CONTACT_EVENT_SOURCE"),
                wallet=require_setting(environment, "WALLET_EVENT_SOURCE"),
                instance_arn=instance_arn or None,
            ),
            has_agents=read_switch(environment, "CONNECT_AGENTS"),
        )


@cache
def settings_from_environment() -> Settings:
    """The settings of the deployed function. Raises SettingError."""
    return Settings.parse(os.environ)

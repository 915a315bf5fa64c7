"""Readers of settings. A function's `settings.py` reads its environment with them once, at its start; a rule is given
values. Every limit that no operator sets lives beside its rule instead."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final
from zoneinfo import ZoneInfo

from .store import Table

PATIENCE_SETTING: Final = "SERVICE_PATIENCE_SECONDS"
"""Not set on AWS."""
_WHOLE: Final = re.compile(r"[0-9]{1,18}", re.ASCII)
_REGION: Final = re.compile(r"[A-Z]{2}", re.ASCII)
_SWITCH: Final = {"on": True, "off": False}


class SettingError(Exception):
    """A setting is not as the function needs it: an error of deployment. `name` is the setting's."""

    def __init__(self, name: str, text: str) -> None:
        super().__init__(text)
        self.name = name


class MissingSetting(SettingError):
    """A setting that the function needs is not set."""

    def __init__(self, name: str) -> None:
        super().__init__(name, name)


class MalformedSetting(SettingError):
    """A setting has a value that it cannot have. `needs` says which it can; the value is not repeated."""

    def __init__(self, name: str, needs: str) -> None:
        super().__init__(name, f"{name}: {needs}")


def environment_of_process() -> Mapping[str, str]:
    """The variables of this process as they are now, for what is no setting of a function: those of AWS."""
    return os.environ


def require_setting(environment: Mapping[str, str], name: str) -> str:
    """The value of a setting. Raises MissingSetting when it is unset or empty."""
    value = environment.get(name, "")
    if not value:
        raise MissingSetting(name)
    return value


def read_setting(environment: Mapping[str, str], name: str, default: str) -> str:
    """The value of a setting, or the default when it is unset or empty."""
    return environment.get(name, "") or default


def read_count(environment: Mapping[str, str], name: str, default: int, *, most: int | None = None) -> int:
    """A whole number of at least 1 and at most `most`, or the default when it is unset or empty. Raises
    MalformedSetting."""
    text = read_setting(environment, name, str(default))
    number = int(text) if _WHOLE.fullmatch(text) else 0
    if number < 1 or (most is not None and number > most):
        raise MalformedSetting(name, "not a whole number of at least 1" + (f" and at most {most}" if most else ""))
    return number


def has_local_services(environment: Mapping[str, str] | None = None) -> bool:
    """Whether the services run on the machine of a developer, which has no names for buckets."""
    return bool((os.environ if environment is None else environment).get("AWS_ENDPOINT_URL"))


def read_switch(environment: Mapping[str, str], name: str) -> bool:
    """Whether a setting is `on`; unset or empty it is off. Raises MalformedSetting for anything but `on` and `off`."""
    text = read_setting(environment, name, "off")
    if text not in _SWITCH:
        raise MalformedSetting(name, "neither on nor off")
    return _SWITCH[text]


def read_region(environment: Mapping[str, str], name: str, default: str) -> str:
    """A country as ISO 3166 writes it, in two capital letters, or the default when it is unset or empty. Raises
    MalformedSetting."""
    region = read_setting(environment, name, default)
    if _REGION.fullmatch(region) is None:
        raise MalformedSetting(name, "not a country in two capital letters")
    return region


def read_time_zone(environment: Mapping[str, str], name: str) -> str:
    """An IANA time zone. Raises MissingSetting, MalformedSetting."""
    zone = require_setting(environment, name)
    try:
        ZoneInfo(zone)
    except (KeyError, ValueError, OSError):
        raise MalformedSetting(name, "not an IANA time zone") from None
    return zone


def patience_s(usual_s: float, environment: Mapping[str, str] | None = None) -> float:
    """How long to wait for an AWS service, in seconds: `usual_s`, which is meant for AWS, or what the setting says.
    Raises MalformedSetting.

    Where the services run on the machine of a developer, how long they take says nothing of the hotline.
    """
    source = os.environ if environment is None else environment
    try:
        patience = float(read_setting(source, PATIENCE_SETTING, str(usual_s)))
    except ValueError:
        patience = 0
    if not 0 < patience < float("inf"):
        raise MalformedSetting(PATIENCE_SETTING, "not a number of seconds above 0")
    return patience


@dataclass(frozen=True, slots=True)
class TableNames:
    """Physical table names; a function that may not touch a table has no name for it."""

    names: Mapping[Table, str]

    @classmethod
    def parse(cls, environment: Mapping[str, str], *tables: Table) -> TableNames:
        """The names of the tables that a function touches, from settings such as HOTLINE_TABLE. Raises
        MissingSetting."""
        return cls({table: require_setting(environment, f"{table.name}_TABLE") for table in tables})

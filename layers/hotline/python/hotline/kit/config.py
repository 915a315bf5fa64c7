"""Settings from the environment, read once per function start; every limit of a room lives beside its rule instead."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from .store import Table

PATIENCE_SETTING: Final = "SERVICE_PATIENCE_SECONDS"
"""Not set on AWS."""


class MissingSetting(Exception):
    """An environment variable that the function needs is not set; named, so that a deployment error is
    found at once."""


def require_setting(name: str, environment: Mapping[str, str] | None = None) -> str:
    """The value of an environment variable. Raises MissingSetting when it is unset or empty."""
    value = (os.environ if environment is None else environment).get(name, "")
    if not value:
        raise MissingSetting(name)
    return value


def read_setting(name: str, default: str, environment: Mapping[str, str] | None = None) -> str:
    """The value of an environment variable, or the default when it is unset or empty."""
    return (os.environ if environment is None else environment).get(name, "") or default


def patience_s(usual_s: float, environment: Mapping[str, str] | None = None) -> float:
    """How long to wait for an AWS service, in seconds: `usual_s`, which is meant for AWS, or what the setting says.

    Where the services run on the machine of a developer, how long they take says nothing of the hotline.
    """
    return float(read_setting(PATIENCE_SETTING, str(usual_s), environment))


@dataclass(frozen=True, slots=True)
class TableNames:
    """Physical table names; a function that may not touch a table has no name for it."""

    names: Mapping[Table, str]

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] | None = None) -> TableNames:
        source = os.environ if environment is None else environment
        return cls({table: source[f"{table.name}_TABLE"] for table in Table if source.get(f"{table.name}_TABLE")})

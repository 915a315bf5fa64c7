"""Limits of the whole line that an operator may set to its traffic. The context carries them, so their figures stand
here, below the rules that hold them (identity.limits, identity.code_messages)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from .config import read_count

WRONG_CODES_SETTING: Final = "WRONG_CODES_MAX"
WRONG_CODES_MAX: Final = 30
"""In five minutes by owners' ways, unless the setting says otherwise: a matter of the line's traffic. It is the alarm's
threshold too."""
MESSAGES_SETTING: Final = "CODE_MESSAGES_MAX"
MESSAGES_MAX: Final = 300
"""In five minutes, unless the setting says otherwise: one a second, which some sixty calls at a time ask for."""
PER_PREFIX_SETTING: Final = "CODE_MESSAGES_PER_PREFIX_MAX"
PER_PREFIX_MAX: Final = 60
"""In five minutes and for one prefix, unless the setting says otherwise."""


@dataclass(frozen=True, slots=True)
class TrafficLimits:
    """How many wrong codes leave everybody at the usual pace, and how many code messages go out: in all, and to numbers
    of one prefix. Each in five minutes."""

    wrong_codes_max: int = WRONG_CODES_MAX
    messages_max: int = MESSAGES_MAX
    messages_per_prefix_max: int = PER_PREFIX_MAX

    @classmethod
    def parse(cls, environment: Mapping[str, str]) -> TrafficLimits:
        """The limits of a function that takes codes and asks for them. Raises MalformedSetting."""
        return cls(
            wrong_codes_max=parse_wrong_codes_max(environment),
            messages_max=read_count(environment, MESSAGES_SETTING, MESSAGES_MAX),
            messages_per_prefix_max=read_count(environment, PER_PREFIX_SETTING, PER_PREFIX_MAX),
        )


def parse_wrong_codes_max(environment: Mapping[str, str]) -> int:
    """The limit of wrong codes. Raises MalformedSetting."""
    return read_count(environment, WRONG_CODES_SETTING, WRONG_CODES_MAX)

"""One shard of one run of the scan: Step Functions map -> here."""

from __future__ import annotations

from functools import cache
from typing import Any, Final, Protocol

from functions.security_scan.settings import settings_from_environment
from functions.security_scan.shard import answer
from hotline.kit.doors import Context, make_store
from hotline.kit.start import make_at_start
from hotline.security.service import RuleSet, read_shipped_rules

_RULES: Final[RuleSet] = read_shipped_rules()
"""Read when the function is loaded, so that one with settings that cannot hold never runs. They are read once, and hold
for each run."""


class LambdaContext(Protocol):
    """The part of the invocation that is used."""

    def get_remaining_time_in_millis(self) -> int:
        """How long it may still run."""
        ...


def handler(event: object, context: LambdaContext) -> dict[str, Any]:
    """Scan a shard; answers what was read and found. Raises what the state machine is to try again, or to report."""
    return answer(event, _context_of_start(), context.get_remaining_time_in_millis, rules=_RULES)


@cache
def _context_of_start() -> Context:
    settings = settings_from_environment()
    return Context(make_store(settings.tables), time_zone=settings.time_zone)


make_at_start(_context_of_start)

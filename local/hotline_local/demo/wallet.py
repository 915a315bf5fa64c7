"""wallet.jsonl, moved in time.

The file holds facts with fixed times, as a wallet tells them. They are of use only if they happened a moment ago. So
all times are moved by the same amount, the newest fact to the present. Days (a bill's `due_on`) are moved by whole
days.
"""

import json
import re
from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any, Final

from hotline.kit.clock import from_text, to_text

WALLET: Final = Path(__file__).with_name("wallet.jsonl")
_INSTANT: Final = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)")
_DAY: Final = re.compile(r"\d{4}-\d\d-\d\d")


def seed_facts(now: datetime, path: Path = WALLET) -> list[dict[str, Any]]:
    """Return the facts of a file as CloudEvents objects, moved so that the newest is of `now`."""
    facts = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines() if line]
    by = now - max(from_text(fact["time"]) for fact in facts)
    return [moved(fact, by) for fact in facts]


def moved(value: Any, by: timedelta) -> Any:
    """Return a JSON value with every time in it moved."""
    match value:
        case dict():
            return {name: moved(part, by) for name, part in value.items()}
        case list():
            return [moved(part, by) for part in value]
        case str() if _INSTANT.fullmatch(value):
            return to_text(from_text(value) + by)
        case str() if _DAY.fullmatch(value):
            return (date.fromisoformat(value) + timedelta(days=round(by / timedelta(days=1)))).isoformat()
        case _:
            return value


def drop_newest_movements(facts: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """The facts without the newest movement of each account, as if they had been lost on their way."""
    newest: dict[str, str] = {}
    movements = [fact for fact in facts if "initiated_at" in fact["data"]]
    for fact in sorted(movements, key=lambda fact: from_text(fact["data"]["initiated_at"])):
        newest[fact["subject"]] = fact["data"]["movement_id"]
    return [
        fact
        for fact in facts
        if "initiated_at" not in fact["data"] or fact["data"]["movement_id"] != newest[fact["subject"]]
    ]

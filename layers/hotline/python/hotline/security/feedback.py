"""Verdicts as numbers: how often each rule was right, by rule and version, for supervisors. They tune nothing.

    FEEDBACK#<month> / DAY#<day> · a number for each `finding/<rule>:<version>/<verdict>`, and for `/denied`

A finding counts once, by the last word on it, on the day on which it was found. Another word takes away what the first
one had counted, in the same transaction.
"""

from __future__ import annotations

from calendar import monthrange
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from datetime import date, datetime, timedelta
from typing import Any, Final

from hotline.kit.change import Change
from hotline.kit.clock import day_of, epoch_s, from_text
from hotline.kit.retention import RECORD_LIFE
from hotline.kit.store import TTL_ATTRIBUTE, Between, Key, Query, Store, Table, hotline_key, query_all
from hotline.kit.store.condition import Item

from .model import Verdict

COUNTED: Final = "counted_on"
"""The attribute of a finding with the day on which its verdict counts."""
DENIED: Final = "denied"
"""The count of findings of which their owner said: that was not me."""
_DAY: Final = "DAY#"
_KEYS: Final = ("PK", "SK", TTL_ATTRIBUTE)


def count_verdict(change: Change, finding: Mapping[str, Any], verdict: Verdict, zone: str) -> Item:
    """Count the verdict on a stored finding with the change, and no more the one that it takes the place of. Gives the
    attributes that the finding needs for that. `zone`: the IANA time zone of the days."""
    day = _day_of(finding, zone)
    before = finding["verdict"] if COUNTED in finding else None
    if before != verdict.value:
        taken = {} if before is None else {_name_of(finding, before): -1}
        added = {_name_of(finding, verdict.value): 1, **taken}
        change.count(_key(day), add=added, set={TTL_ATTRIBUTE: _end_of(day)})
    return {COUNTED: str(day)}


def count_denials(change: Change, findings: Iterable[Mapping[str, Any]], zone: str) -> None:
    """Count with the change that the owner has denied what stored findings name. The caller sees that a finding counts
    once. `zone`: the IANA time zone of the days."""
    by_day: dict[date, Counter[str]] = {}
    for finding in findings:
        by_day.setdefault(_day_of(finding, zone), Counter())[_name_of(finding, DENIED)] += 1
    for day, added in by_day.items():
        change.count(_key(day), add=added, set={TTL_ATTRIBUTE: _end_of(day)})


def read_feedback(store: Store, first: date, last: date) -> Iterator[tuple[date, dict[str, int]]]:
    """The counts of each day from `first` to `last`, both included, by name: one query a month. Raises Unavailable."""
    while True:
        end = min(last, first.replace(day=monthrange(first.year, first.month)[1]))
        span = Between(f"{_DAY}{first}", f"{_DAY}{end}")
        for item in query_all(store, Query(Table.HOTLINE, _partition(first), span)):
            counts = {name: int(number) for name, number in item.items() if name not in _KEYS}
            yield date.fromisoformat(str(item["SK"]).removeprefix(_DAY)), counts
        if end == last:
            return
        first = end + timedelta(days=1)


def _day_of(finding: Mapping[str, Any], zone: str) -> date:
    return date.fromisoformat(finding[COUNTED]) if COUNTED in finding else day_of(from_text(finding["found_at"]), zone)


def _end_of(day: date) -> int:
    return epoch_s(datetime.fromisoformat(f"{day}T00:00:00+00:00") + RECORD_LIFE)


def _name_of(finding: Mapping[str, Any], verdict: str) -> str:
    return f"finding/{finding['rule']}:{finding['rule_version']}/{verdict}"


def _key(day: date) -> Key:
    return hotline_key(_partition(day), f"{_DAY}{day}")


def _partition(day: date) -> str:
    return f"FEEDBACK#{day:%Y-%m}"

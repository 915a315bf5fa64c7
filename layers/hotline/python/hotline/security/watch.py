"""How an account's watch takes in what happened, and what the rules make of it. Pure.

Events are judged in the order in which they came, each by the time at which it happened. So the findings depend on the
rows alone. The size of pages, the moment at which a run was cut off and repeated reading of a row change nothing.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Final

from hotline.kit.ids import derive_id

from .detectors import DETECTORS, Detector, Hit
from .model import Finding, Row, Watch, Watched

LATENESS: Final = timedelta(hours=24)
"""How late a fact may come and still meet those of its time."""
EVENTS_MAX: Final = 200
HITS_MAX: Final = 10
"""Findings of one transaction, which has room for a hundred items; then the next transaction goes on."""
SHORT_CHARACTERS: Final = 16
"""64 bits tell apart the ids and hashes of one account's window."""


def list_watched_types(detectors: Sequence[Detector] = DETECTORS) -> Mapping[str, tuple[str, ...]]:
    """Fact type to the values that some rule looks at."""
    types: dict[str, set[str]] = {}
    for detector in detectors:
        for type_, names in detector.watches.items():
            types.setdefault(type_, set()).update(names)
    return {type_: tuple(sorted(names)) for type_, names in types.items()}


def shorten(value: str) -> str:
    """A short hash of an id, by which it is known again."""
    return hashlib.sha256(value.encode()).hexdigest()[:SHORT_CHARACTERS]


def judge_rows(
    watch: Watch, rows: Sequence[Row], detectors: Sequence[Detector] = DETECTORS
) -> tuple[Watch, list[Finding], int]:
    """Take in rows of the account, in their order. Returns the watch, the findings, and how many rows were taken. That
    is all, or fewer when their effects would be too much for one transaction.

    Rows up to `watch.applied_to` are known. Of a fact that came twice the second row only moves `applied_to`.
    """
    findings: list[Finding] = []
    for number, row in enumerate(rows):
        if row.position <= watch.applied_to:
            continue
        found: list[Finding] = []
        after = replace(watch, applied_to=row.position)
        if all(known.event.id != row.event.id for known in watch.events):
            after = _remembering(after, row, detectors)
            for detector in detectors:
                after, hit = _first_hit(after, detector, row.event.type)
                if hit is not None:
                    found.append(_finding(watch.account_id, detector, hit))
        grave = sum(finding.is_grave for finding in (*findings, *found))
        if findings and (grave > 1 or len(findings) + len(found) > HITS_MAX):
            return watch, findings, number
        watch = after
        findings += found
    return watch, findings, len(rows)


def _remembering(watch: Watch, row: Row, detectors: Sequence[Detector]) -> Watch:
    kept_for = max(detector.window for detector in detectors) + LATENESS
    events = [known for known in watch.events if row.arrived_at - known.arrived_at <= kept_for]
    events.append(Watched(row.arrived_at, row.event))
    if len(events) > EVENTS_MAX:
        # The most frequent type gives way, the oldest first: a flood of failed logins must not wash out the rest.
        ((type_, _),) = Counter(known.event.type for known in events).most_common(1)
        events.remove(next(known for known in events if known.event.type == type_))
    return replace(watch, events=tuple(events))


def _first_hit(watch: Watch, detector: Detector, type_: str) -> tuple[Watch, Hit | None]:
    """The first beginning of the rule's pattern that no finding covers yet, noted as raised."""
    if type_ not in detector.watches:
        return watch, None
    events = sorted(
        (known.event for known in watch.events if known.event.type in detector.watches),
        key=lambda event: (event.at, event.id),
    )
    name = f"{detector.rule}.{detector.version}"
    # A finding can only be told again while an event of its time is remembered.
    raised = tuple(start for start in watch.raised.get(name, ()) if start + detector.quiet > events[0].at)
    for hit in detector.judge(events):
        if all(abs(hit.started_at - start) >= detector.quiet for start in raised):
            return replace(watch, raised={**watch.raised, name: (*raised, hit.started_at)}), hit
    return watch, None


def _finding(account_id: str, detector: Detector, hit: Hit) -> Finding:
    return Finding(
        id=finding_id(detector, account_id, hit),
        rule=detector.rule,
        version=detector.version,
        severity=detector.severity.value,
        account_id=account_id,
        window_start=hit.started_at,
        window_end=hit.ended_at,
        facts=hit.facts,
        holds=detector.holds,
    )


def finding_id(detector: Detector, account_id: str, hit: Hit) -> str:
    """The id of a finding: the hash of rule, version, account and beginning."""
    return derive_id("finding", detector.rule, str(detector.version), account_id, hit.started_at.isoformat())

"""Findings of rules over events of one subject: by a fold in order, and by a watch in whatever order they arrive."""

from __future__ import annotations

import json
import random
from collections.abc import Iterable, Mapping, Sequence
from itertools import count
from typing import Any, Final

from hotline.security.detectors import Detector, Event, Hit
from hotline.security.fold import Fold
from hotline.security.rules import Plan, RuleSet
from hotline.security.watch import LATENESS_MS, Watch

type Findings = dict[tuple[str, int], Hit]
"""The findings that stand in the end, by the rule's memory and the beginning."""

PAGE_MAX: Final = 7


def plan_of(*detectors: Detector[Any], limits: Any = None) -> Plan:
    """The plan of detectors of one stream, with their own limits or others."""
    (stream,) = {detector.stream for detector in detectors}
    chosen = ((detector, detector.limits if limits is None else limits) for detector in detectors)
    return RuleSet.of(chosen).plans[stream]


def in_order(events: Iterable[Event]) -> list[Event]:
    """The events in the order in which they are judged."""
    return sorted(events, key=lambda event: event.place)


def fold_in_order(plan: Plan, events: Iterable[Event]) -> Findings:
    """The findings of a fold that stand in the end."""
    fold = Fold(plan)
    findings: Findings = {}
    for event in in_order(events):
        note(findings, ((rule.name, hit) for rule, hit in fold.take(event)))
    return findings


def note(findings: Findings, hits: Iterable[tuple[str, Hit]]) -> None:
    """Let hits become findings, and take those back that do not hold."""
    for name, hit in hits:
        if hit.withdrawn:
            findings.pop((name, hit.started_ms), None)
        else:
            findings[name, hit.started_ms] = hit


def watch_as_it_comes(plan: Plan, events: Sequence[Event], seed: int) -> Findings:
    """The findings that stand after a watch has taken in the events in an order of arrival drawn by the seed.

    Each comes up to a day late, some come twice, and the watch is stored as text and read again between pages."""
    draw = random.Random(seed)
    arrivals: list[tuple[int, float, Event]] = []
    for event in events:
        late_ms = draw.choice((0, 60_000, LATENESS_MS))
        times = draw.choice((1, 1, 2))
        arrivals += [(event.at_ms + draw.randint(0, late_ms), draw.random(), event) for _ in range(times)]
    arrivals.sort(key=lambda arrival: arrival[:2])
    findings: Findings = {}
    stored: dict[str, Any] = {}
    numbers = count()
    while arrivals:
        page = [arrivals.pop(0) for _ in range(min(len(arrivals), draw.randint(1, PAGE_MAX)))]
        watch = Watch(plan, stored)
        for arrived_ms, _, event in page:
            watch.take(f"{next(numbers):09d}", arrived_ms, event)
        _apply(findings, watch)
        stored = json.loads(json.dumps(watch.store()))
    return findings


def _apply(findings: Findings, watch: Watch) -> None:
    changes = watch.changes()
    for one in changes.raised:
        assert (one.rule.name, one.hit.started_ms) not in findings, "raised twice"
    for one in (*changes.corrected, *changes.withdrawn):
        assert (one.rule.name, one.hit.started_ms) in findings, "never raised"
    every = (*changes.raised, *changes.corrected, *changes.withdrawn)
    note(findings, ((one.rule.name, one.hit) for one in every))


def size_of(value: Mapping[str, Any]) -> int:
    """The bytes of a memory, written as the watch writes it."""
    return len(json.dumps(value, separators=(",", ":")).encode())

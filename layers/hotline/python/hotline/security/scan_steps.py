"""The steps of a run of the scan: one for each change of a finding, with the evidence that it names. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Set
from dataclasses import replace

from . import items
from .detectors import Event, Stream
from .findings import Kind, Step
from .model import Finding
from .rules import RuleSet
from .watch import Changes, Raised


def add_evidence(steps: Iterable[Step], stream: Stream, events: Collection[Event]) -> Iterator[Step]:
    """The steps with what their findings name, as far as these events are it. Of an account these are movements and
    logins, of an address the accounts that got in."""
    if stream is Stream.ACCOUNT:
        moved, came_in = items.movements_of(events), items.logins_of(events)
    for step in steps:
        finding = step.finding
        if stream is Stream.ACCOUNT:
            movements = {event_id: moved[event_id] for event_id in finding.event_ids if event_id in moved}
            logins = {event_id: came_in[event_id] for event_id in finding.event_ids if event_id in came_in}
            finding = replace(finding, movements=movements, logins=logins)
        elif stream is Stream.SOURCE:
            began_ms, ended_ms = (round(at.timestamp() * 1000) for at in (finding.window_start, finding.window_end))
            finding = replace(finding, accounts=items.accounts_in(events, began_ms, ended_ms))
        yield replace(step, finding=finding)


def list_steps(changes: Changes, rules: RuleSet, stream: Stream, subject: str, names: str | None) -> Iterator[Step]:
    """A step for each change of the findings about a subject. `names`: the account that a payee is."""
    account_id = subject if stream is Stream.ACCOUNT else names

    def finding(one: Raised) -> Finding:
        detector = one.rule.detector
        return Finding(
            id=one.rule.finding_id(subject, one.hit.started_ms),
            rule=detector.rule,
            version=detector.version,
            severity=detector.severity.value,
            stream=stream,
            subject=subject,
            account_id=account_id,
            window_start=items.instant_of_ms(one.hit.started_ms),
            window_end=items.instant_of_ms(one.hit.ended_ms),
            facts=one.hit.facts,
            event_ids=one.hit.event_ids,
            holds=detector.holds,
            rules=rules.digest,
        )

    for kind, found in (
        (Kind.RAISE, changes.raised),
        (Kind.CORRECT, changes.corrected),
        (Kind.WITHDRAW, changes.withdrawn),
    ):
        yield from (Step(kind, finding(one)) for one in found)


def list_raised(changes: Changes, subject: str, finding_ids: Set[str]) -> list[Raised]:
    """Those of the changes that are about the findings."""
    every = (*changes.raised, *changes.corrected, *changes.withdrawn)
    return [one for one in every if one.rule.finding_id(subject, one.hit.started_ms) in finding_ids]

"""The steps of a run of the scan: one for each change of a finding, with the evidence that it names. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Set

from . import activity_rows
from .detectors import Stream
from .findings import Kind, Step
from .model import Finding
from .rules import RuleSet
from .watch import Changes, Raised


def list_steps(changes: Changes, rules: RuleSet, stream: Stream, subject: str, names: str | None) -> Iterator[Step]:
    """A step for each change of the findings about a subject, with what the findings name. Of an account these are
    movements and logins, of an address the accounts that got in. `names`: the account that a payee is."""
    account_id = subject if stream is Stream.ACCOUNT else names

    def finding(one: Raised) -> Finding:
        detector, named = one.rule.detector, tuple(one.evidence.values())
        of_account = stream is Stream.ACCOUNT
        return Finding(
            id=one.rule.finding_id(subject, one.hit.started_ms),
            rule=detector.rule,
            version=detector.version,
            severity=detector.severity.value,
            stream=stream,
            subject=subject,
            account_id=account_id,
            window_start=activity_rows.instant_of_ms(one.hit.started_ms),
            window_end=activity_rows.instant_of_ms(one.hit.ended_ms),
            facts=one.hit.facts,
            event_ids=one.hit.event_ids,
            holds=detector.holds,
            rules=rules.digest,
            movements=activity_rows.movements_of(named) if of_account else {},
            logins=activity_rows.logins_of(named) if of_account else {},
            accounts=activity_rows.accounts_in(named, one.hit) if stream is Stream.SOURCE else (),
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

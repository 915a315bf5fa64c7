"""Findings of tests, raised with all their effects as the scan does."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Final

from hotline.kit.actor import Agent, System
from hotline.kit.change import Change
from hotline.kit.ids import IdSource
from hotline.kit.store import Store
from hotline.security.detectors import Stream
from hotline.security.findings import Kind, Step, contribute_steps, step_keys
from hotline.security.model import Finding, Suppression
from hotline.security.suppression_items import suppression_item, suppression_key

SOMEBODY_ELSE: Final = "0123456789abcdef"
"""The subject of a finding that is about no account."""


def finding_of(
    finding_id: str,
    at: datetime,
    *,
    account_id: str,
    rule: str = "failed_login_burst",
    severity: str = "medium",
    holds: bool = False,
    stream: Stream = Stream.ACCOUNT,
    logins: Mapping[str, datetime] | None = None,
) -> Finding:
    """A finding about what happened at an instant. `logins`: the times of those among its events."""
    return Finding(
        id=finding_id,
        rule=rule,
        version=1,
        severity=severity,
        stream=stream,
        subject=account_id if stream is Stream.ACCOUNT else SOMEBODY_ELSE,
        account_id=account_id,
        window_start=at,
        window_end=at,
        facts={"failures": 10},
        event_ids=("event-1",),
        holds=holds,
        rules="rules",
        logins={event_id: round(login_at.timestamp() * 1000) for event_id, login_at in (logins or {}).items()},
    )


def suppress(
    store: Store,
    ids: IdSource,
    rule: str,
    *,
    account_id: str,
    now: datetime,
    since: datetime,
    until: datetime,
    stream: Stream = Stream.ACCOUNT,
) -> None:
    """Suppress a rule for the subject of a finding, as two people may for an account."""
    subject = account_id if stream is Stream.ACCOUNT else SOMEBODY_ELSE
    made = Suppression(stream, subject, account_id, rule, since, until, "customer_asked", "agent-1")
    key = suppression_key(stream, subject, rule)
    change = Change(actor=Agent("agent-1", "case-1"), cause="test", now=now, ids=ids)
    change.replace(key, store.get(key), suppression_item(made, now))
    change.commit(store)


def begin_step(store: Store, ids: IdSource, now: datetime, kind: Kind, finding: Finding) -> Change:
    """Raise, correct or withdraw the finding, but for the commit."""
    steps = [Step(kind, finding)]
    change = Change(actor=System("security_scan", finding.rule), cause="scan", now=now, ids=ids)
    contribute_steps(change, store.batch_get(sorted(step_keys(steps), key=str)), steps)
    return change


def take_step(store: Store, ids: IdSource, now: datetime, kind: Kind, finding: Finding) -> None:
    """Raise, correct or withdraw the finding."""
    begin_step(store, ids, now, kind, finding).commit(store)

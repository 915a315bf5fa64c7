"""Suppressing one rule for one subject until a date, by the word of a person, and lifting that again.

A pattern that is covered is kept as a finding in the state `suppressed`: nobody is told, nothing is held, and no case
is opened. The rules themselves go on, so a pattern that lasts beyond the end is raised as usual. A rule that holds
accounts takes a second person: what it would hold is somebody's money.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

from hotline.accounts.service import add_found, found_key, require_same_found
from hotline.identity.model import Subject
from hotline.identity.service import Operation, require
from hotline.kit.change import Change
from hotline.kit.clock import to_text
from hotline.kit.errors import InvalidInput, NotPossible
from hotline.kit.store import Key, Store
from hotline.kit.store.condition import Item

from . import items, suppression_items
from .detectors import Stream
from .detectors.shipped import DETECTORS
from .model import SecurityError, Suppression, SuppressionPage
from .named_accounts import contribute_named

SUPPRESSION_MAX: Final = timedelta(days=30)
"""The longest time from the word of a person on. Rows are kept for 35 days (activity.ACTIVITY_LIFE), so that whatever
was suppressed can be judged again."""
LISTED_MAX: Final = 100
"""More than there are rules, and an account has one suppression of each at most."""
_BY_STREAM: Final = {
    stream: {one.rule: one for one in DETECTORS if one.stream is stream}
    for stream in (Stream.ACCOUNT, Stream.SOURCE, Stream.PARTY)
}
"""The rules that can be suppressed. Nobody suppresses what is found about an agent."""


def suppression_keys(subject: str, rule: str, stream: Stream = Stream.ACCOUNT) -> tuple[Key, ...]:
    """The keys to read before `contribute_suppression` and `contribute_suppression_end`."""
    of_account = (found_key(subject),) if stream is Stream.ACCOUNT else ()
    return (suppression_items.suppression_key(stream, subject, rule), *of_account)


def is_suppressible(rule: str, stream: Stream = Stream.ACCOUNT) -> bool:
    """Whether there is a rule of that name that can be suppressed."""
    return rule in _BY_STREAM.get(stream, {})


def suppression_need(
    read: Mapping[Key, Item], subject: str, rule: str, until: datetime | None, stream: Stream = Stream.ACCOUNT
) -> tuple[Operation, Subject]:
    """The operation that a suppression is, and the thing that a second person would be asked about. `until` None: as it
    is shown before anybody has said a date. Raises InvalidInput `no_such_rule`."""
    detector = _BY_STREAM.get(stream, {}).get(rule)
    if detector is None:
        raise InvalidInput(SecurityError.NO_SUCH_RULE)
    operation = Operation.SUPPRESS_HOLDING if detector.holds else Operation.SUPPRESS
    content: dict[str, str | int] = {"rule": rule} if until is None else {"rule": rule, "until": to_text(until)}
    return operation, Subject(
        f"suppression#{subject}#{rule}", suppression_version(read, subject, rule, stream), content
    )


def suppression_version(read: Mapping[Key, Item], subject: str, rule: str, stream: Stream = Stream.ACCOUNT) -> str:
    """The version of the suppression of a rule for a subject, `0` before the first one. Of an account it is another one
    when a grave finding has changed."""
    stored = read.get(suppression_items.suppression_key(stream, subject, rule))
    version = "0" if stored is None else str(stored["rev"])
    return add_found(version, read, subject) if stream is Stream.ACCOUNT else version


def check_until(until: datetime, now: datetime) -> None:
    """Raises InvalidInput `until_passed`, and `suppressed_too_long` (SUPPRESSION_MAX)."""
    if until <= now:
        raise InvalidInput(SecurityError.UNTIL_PASSED)
    if until - now > SUPPRESSION_MAX:
        raise InvalidInput(SecurityError.SUPPRESSED_TOO_LONG)


def contribute_suppression(
    change: Change,
    read: Mapping[Key, Item],
    subject: str,
    rule: str,
    until: datetime,
    *,
    reason: str,
    made_by: str,
    stream: Stream = Stream.ACCOUNT,
    account_id: str | None = None,
    finding_id: str | None = None,
) -> Suppression:
    """Suppress a rule for a subject from now until a date. One that runs goes on until the new date. `account_id`: the
    account that the subject of another stream is. Raises InvalidInput as `check_until` and `suppression_need` do,
    NeedSecond for a rule that holds; at commit Stale when somebody else wrote meanwhile."""
    check_until(until, change.now)
    operation, thing = suppression_need(read, subject, rule, until, stream)
    of_account = subject if stream is Stream.ACCOUNT else account_id
    require(change, operation, of_account, thing)
    if operation is Operation.SUPPRESS_HOLDING and stream is Stream.ACCOUNT:
        require_same_found(change, read, subject)
    key = suppression_items.suppression_key(stream, subject, rule)
    stored = read.get(key)
    known = None if stored is None else suppression_items.suppression_from(stored)
    runs = known is not None and known.is_running(change.now)
    suppression = Suppression(
        stream=stream,
        subject=subject,
        account_id=of_account,
        rule=rule,
        since=known.since if known is not None and runs else change.now,
        until=until,
        reason=reason,
        made_by=made_by,
        finding_id=finding_id,
    )
    change.replace(key, stored, suppression_items.suppression_item(suppression, change.now))
    if of_account is not None:
        if stream is not Stream.ACCOUNT:
            contribute_named(change, key, [of_account], change.now)
        change.audit(of_account, "rule.suppressed", rule=rule, until=to_text(until))
    return suppression


def contribute_suppression_end(
    change: Change, read: Mapping[Key, Item], subject: str, rule: str, stream: Stream = Stream.ACCOUNT
) -> None:
    """Lift a suppression that runs: patterns from now on are told. Takes one person always. Raises NotPossible
    `no_such_suppression`; at commit Stale when somebody else wrote meanwhile."""
    key = suppression_items.suppression_key(stream, subject, rule)
    stored = read.get(key)
    known = None if stored is None else suppression_items.suppression_from(stored)
    if known is None or not known.is_running(change.now):
        raise NotPossible(SecurityError.NO_SUCH_SUPPRESSION)
    require(change, Operation.END_SUPPRESSION, known.account_id)
    change.replace(key, stored, suppression_items.suppression_item(replace(known, until=change.now), change.now))
    if known.account_id is not None:
        change.audit(known.account_id, "rule.suppression_ended", rule=rule)


def list_suppressions(store: Store, account_id: str, now: datetime) -> tuple[Suppression, ...]:
    """The suppressions for an account that run, by rule. One query."""
    stored = store.query(suppression_items.suppressions_query(account_id, limit=LISTED_MAX)).items
    return tuple(one for one in map(suppression_items.suppression_from, stored) if one.is_running(now))


def list_running_suppressions(
    store: Store, stream: Stream, now: datetime, *, limit: int, after: str | None = None
) -> SuppressionPage:
    """The suppressions for all subjects of a stream that run, what ends first in front. One query on an index that may
    lag by a moment. `after`: the `next` of the page before."""
    page = store.query(suppression_items.running_suppressions_query(stream, now, limit=limit, after=after))
    return SuppressionPage(tuple(map(suppression_items.suppression_from, page.items)), items.place_of(page.next))

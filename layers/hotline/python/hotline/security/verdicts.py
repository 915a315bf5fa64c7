"""The word of a person on a finding: whether the rule was right. The finding asks for attention no more, unless that
person could not tell and its pattern holds."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import Final

from hotline.accounts.service import contribute_found, risk_key
from hotline.identity.service import Operation, require
from hotline.kit.change import Change
from hotline.kit.clock import from_text, to_text
from hotline.kit.errors import NotPossible
from hotline.kit.store import Key
from hotline.kit.store.condition import Condition, Item, Missing, all_of, equals

from .account_risk_writes import contribute_judged_risk
from .activity import ACTIVITY_SHARDS
from .checkup import is_told
from .detectors import Stream
from .feedback import count_verdict
from .items import (
    ATTENTION,
    JUDGED_UNTOLD,
    LISTED,
    as_read,
    confirmed_part,
    is_listed,
    named_finding_key,
    relisted_part,
    state_without_word,
    unclear_part,
    version_of,
)
from .labels import label_rows, labelled_change
from .model import GRAVE, STATE_BY_VERDICT, FindingChanged, FindingState, SecurityError, Verdict
from .settings import read_shipped_rules

_INSTANT: Final = timedelta(milliseconds=1)
"""The least by which two stored times differ."""


def verdict_keys(subject: str, finding_id: str, stream: Stream = Stream.ACCOUNT) -> tuple[Key, ...]:
    """The keys to read before `contribute_verdict`. `subject`: the account, or the subject of another stream."""
    of_account = (risk_key(subject),) if stream is Stream.ACCOUNT else ()
    return (named_finding_key(subject, finding_id, stream), *of_account)


def account_of_finding(read: Mapping[Key, Item], stream: Stream, subject: str, finding_id: str) -> str | None:
    """The account of the wallet that the subject of a stored finding is, None where nobody knows one. Raises
    NotPossible `no_such_finding`."""
    key = named_finding_key(subject, finding_id, stream)
    if key not in read:
        raise NotPossible(SecurityError.NO_SUCH_FINDING)
    account_id: str | None = read[key].get("account_id")
    return account_id


def is_listed_finding(read: Mapping[Key, Item], account_id: str, finding_id: str, now: datetime) -> bool:
    """Whether `list_account_findings` shows a stored finding, or did so until a person judged it."""
    return is_listed(read[named_finding_key(account_id, finding_id)], now)


def rule_of_finding(read: Mapping[Key, Item], stream: Stream, subject: str, finding_id: str) -> str:
    """The rule of a stored finding. Raises NotPossible `no_such_finding`."""
    key = named_finding_key(subject, finding_id, stream)
    if key not in read:
        raise NotPossible(SecurityError.NO_SUCH_FINDING)
    rule: str = read[key]["rule"]
    return rule


def contribute_verdict(
    change: Change,
    read: Mapping[Key, Item],
    subject: str,
    finding_id: str,
    verdict: Verdict,
    *,
    judged_by: str,
    zone: str,
    stream: Stream = Stream.ACCOUNT,
    version: int | None = None,
    shards: int = ACTIVITY_SHARDS,
) -> None:
    """Note the verdict, and count it for its rule; a later one takes its place. It lifts no hold. A confirmed finding
    about money labels its movements as fraud. `subject`: the account, or the subject of another stream. `zone`: the
    time zone of the days of reports. `version`: the one that the judge saw; None: whatever it is. `shards`: over how
    many the rows of the scan are spread. Raises NotPossible `no_such_finding`, and FindingChanged of another version.
    Stale at commit when somebody else judged meanwhile."""
    key = named_finding_key(subject, finding_id, stream)
    account_id = account_of_finding(read, stream, subject, finding_id)
    require(change, Operation.JUDGE_FINDING, subject if stream is Stream.ACCOUNT else None)
    if version is not None and version != (present := version_of(read[key])):
        raise FindingChanged(version=present, verdict=read[key].get("verdict"))
    known = read[key].get("judged_at")
    condition: Condition = Missing("judged_at") if known is None else equals("judged_at", known)
    judged_at = _find_moment(known, change.now)
    judged = {"verdict": verdict.value, "judged_by": judged_by, "judged_at": to_text(judged_at)}
    # The scan may find meanwhile that the pattern does not hold, or holds again.
    condition = all_of(condition, as_read(read[key]))
    untold = state_without_word(read[key], change.now)
    # Nobody could tell, so a pattern that goes on behind its suppression, or comes back, is raised as any other.
    is_left = verdict is Verdict.UNCLEAR and untold is not None
    left, ended = _left_part(verdict, untold)
    judged |= left | count_verdict(change, read[key], verdict, zone)
    if version is not None:
        # More of the same pattern may come in until the write, which the judge has not seen.
        condition = all_of(condition, *_as_seen(read[key]))
    # Silent rules stay silent: they may have found what the owner does.
    told = verdict is Verdict.CONFIRMED and stream is Stream.ACCOUNT and is_told(read[key])
    if told:
        judged |= confirmed_part(subject, judged_at)
    # An unclear finding goes on asking for attention only if it is about an address or a payee. The hotline would tell
    # its owner again of one about an account, and people of the wallet see that one beside the account.
    of_list = stream is not Stream.ACCOUNT
    waits = of_list and verdict is Verdict.UNCLEAR and not is_left
    if waits:
        judged |= unclear_part(read[key])
    is_relisted = stream is Stream.ACCOUNT and verdict is Verdict.UNCLEAR and not is_left
    if is_relisted:
        judged |= relisted_part(read[key])
    labelled, unlabelled = labelled_change(read[key], verdict, judged_at) if stream is Stream.ACCOUNT else ({}, ())
    removed = (*(() if told or waits else ATTENTION), *(() if is_relisted else LISTED), *unlabelled, *ended)
    change.update(key, set=judged | labelled, remove=removed, condition=condition)
    if stream is Stream.ACCOUNT:
        for row in label_rows(read[key], verdict, judged_at, written_at=change.now, shards=shards):
            change.create(row.key, row.item)
        speaks = verdict is not Verdict.FALSE_ALARM and not is_left
        if read[key]["severity"] in GRAVE:
            contribute_found(change, subject)
        contribute_judged_risk(change, read, subject, finding_id, read_shipped_rules(), speaks=speaks)
    if account_id is not None:
        change.audit(account_id, "finding.judged", finding_id=finding_id, verdict=verdict.value)


def _left_part(verdict: Verdict, untold: FindingState | None) -> tuple[Item, tuple[str, ...]]:
    """The attributes that a verdict sets of the state of a finding, and those that it removes. `untold`: the state in
    which nobody is told of it. One of which a person cannot tell has that state, also after another word."""
    if verdict is Verdict.UNCLEAR and untold is not None:
        return {"state": untold.value}, (JUDGED_UNTOLD,)
    memory = {JUDGED_UNTOLD: True} if untold is FindingState.SUPPRESSED else {}
    return {"state": STATE_BY_VERDICT[verdict].value, **memory}, ()


def _as_seen(item: Item) -> Iterator[Condition]:
    """The conditions that a stored finding says what it said when it was read. A late event may change its numbers and
    leave its end."""
    yield equals("window_end", item["window_end"])
    yield equals("event_ids", tuple(item["event_ids"]))
    yield from (equals(f"facts.{name}", value) for name, value in item["facts"].items())


def _find_moment(known: str | None, now: datetime) -> datetime:
    """The moment of a word on a finding: now, and always after the word before it (`known`). Two words may be given in
    one millisecond, or by functions whose clocks differ. A writer who has read the first must not write over the
    second, and a label ends after it began."""
    return now if known is None else max(now, from_text(known) + _INSTANT)

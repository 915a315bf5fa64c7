"""How findings are stored, listed and told.

A finding is `ACCOUNT#id / FINDING#id`, and of another stream `SUBJECT#stream#id / FINDING#id`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from functools import cache
from hashlib import sha256
from json import dumps
from typing import Any, Final

from hotline.kit.clock import from_text, to_text
from hotline.kit.ids import bucket
from hotline.kit.retention import record_end
from hotline.kit.store import Between, Index, Key, Prefix, Query, Table, hotline_key
from hotline.kit.store.condition import Condition, Item, Missing, all_of, equals

from .detectors import Stream
from .detectors.rule import EVIDENCE_MAX
from .model import (
    ACCOUNTS_MAX,
    CONFIRMED_LIFE,
    FINDING_LIFE,
    GRAVE,
    TRIES,
    Finding,
    FindingState,
    NamedMovement,
    SeenFinding,
    SubjectFinding,
    ToldFinding,
    Verdict,
    may_become,
)

_FINDING: Final = "FINDING#"
_CONFIRMED: Final = "CONFIRMED#"
_LOOKED_AT: Final = "~"
"""Sorts behind all times."""
_RANKS: Final = {"critical": 1, "high": 2, "medium": 3, "low": 4}
_MOVEMENTS: Final = "movements"
_LOGINS: Final = "logins"
UNRAISED: Final = "unraised"
"""The attribute of a finding that was suppressed from the first, and has asked for no hold."""
WITHDRAWN_AT: Final = "withdrawn_at"
"""The attribute of a finding that a later event excludes. One that a person has judged stays resolved and has it."""
JUDGED_UNTOLD: Final = "judged_untold"
"""The attribute of a finding that a person has judged while it was suppressed."""
DENIED: Final = "denied_at"
"""The attribute of a finding of which its owner has denied something."""
LABELLED: Final = "labelled"
"""The attribute of a confirmed finding with the movements that it named then, which its confirmation labelled."""
LABELLED_AT: Final = "labelled_at"
"""The attribute with the `judged_at` of the word for which LABELLED holds."""
ACCOUNTS: Final = "accounts"
"""The attribute of a finding about an address with the accounts that got in."""
_VERSION_BYTES: Final = 8
_VERSIONS: Final = 10**9
ATTENTION: Final = ("attention_pk", "attention_sk")
"""The attributes of a finding that waits for somebody, or is told to its owner."""
LISTED: Final = ("queue_pk", "queue_sk")
"""The attributes of a finding on an account that opens no case, and waits for a supervisor."""
LIST_PARTS: Final = 4
"""Over so many partitions of the index such findings are spread, each of which takes 1,000 write units a second."""
_LIST: Final = f"FINDINGS#{Stream.ACCOUNT.value}#"
_UNJUDGED: Final = (FindingState.OPEN.value, FindingState.TOLD.value)
_PLACE: Final = ("attention_sk", "PK", "SK")


def partition_of(stream: Stream, subject: str) -> str:
    """The partition of what the scan keeps about a subject."""
    return f"ACCOUNT#{subject}" if stream is Stream.ACCOUNT else f"SUBJECT#{stream.value}#{subject}"


def finding_key(finding: Finding) -> Key:
    """The key of a finding."""
    return hotline_key(partition_of(finding.stream, finding.subject), f"FINDING#{finding.id}")


def named_finding_key(subject: str, finding_id: str, stream: Stream = Stream.ACCOUNT) -> Key:
    """The key of a finding on a subject that is named, an account by default."""
    return hotline_key(partition_of(stream, subject), f"FINDING#{finding_id}")


def finding_item(finding: Finding, *, found_at: datetime, state: FindingState) -> Item:
    """The stored form of a finding, which asks for attention until somebody has dealt with it."""
    item: Item = {
        "finding_id": finding.id,
        "rule": finding.rule,
        "rule_version": finding.version,
        "rules": finding.rules,
        "severity": finding.severity,
        "stream": finding.stream.value,
        "subject": finding.subject,
        "window_start": to_text(finding.window_start),
        "found_at": to_text(found_at),
        "state": state.value,
        **corrected_part(finding, None),
        **attention_part(finding, found_at),
        **record_end(found_at),
    }
    return item if finding.account_id is None else {**item, "account_id": finding.account_id}


def corrected_part(finding: Finding, known: Mapping[str, Any] | None) -> Item:
    """The attributes that a later event may correct. `known`: the finding as it is stored. It may name what the
    watch has settled since."""
    part: Item = {
        "window_end": to_text(finding.window_end),
        "facts": dict(finding.facts),
        "event_ids": list(finding.event_ids),
    }
    movements = {event_id: list(one) for event_id, one in finding.movements.items()}
    for name, seen in ((_MOVEMENTS, movements), (_LOGINS, finding.logins)):
        before: Mapping[str, Any] = (known or {}).get(name, {})
        every = {**before, **seen}
        named = {event_id: every[event_id] for event_id in finding.event_ids if event_id in every}
        # The finding may name an event again, which the watch has let go by then.
        others = [(event_id, one) for event_id, one in every.items() if event_id not in named]
        kept = {**dict(others[-EVIDENCE_MAX:]), **named}
        if kept != before:
            part[name] = kept
    got_in: list[str] = list((known or {}).get(ACCOUNTS, ()))
    accounts = list(dict.fromkeys([*got_in, *finding.accounts]))[:ACCOUNTS_MAX]
    return part if accounts == got_in else {**part, ACCOUNTS: accounts}


def named_movements(item: Mapping[str, Any]) -> tuple[NamedMovement, ...]:
    """The movements that a stored finding names, each once."""
    return tuple(dict.fromkeys(NamedMovement(*one) for one in _find_kept(item, _MOVEMENTS)))


def labelled_part(given: Iterable[NamedMovement], judged_at: datetime) -> Item:
    """The attributes by which a finding keeps the movements that its confirmation labelled. `judged_at`: that of the
    confirmed finding."""
    return {LABELLED: [list(one) for one in given], LABELLED_AT: to_text(judged_at)}


def labelled_movements(item: Mapping[str, Any]) -> tuple[NamedMovement, ...]:
    """The movements that the confirmation of a stored finding labelled. One that an earlier release confirmed does not
    say so, or says it of an earlier word: they are those that it names now."""
    is_known = LABELLED in item and item.get(LABELLED_AT) in (None, item.get("judged_at"))
    return tuple(NamedMovement(*one) for one in item[LABELLED]) if is_known else named_movements(item)


def named_logins(item: Mapping[str, Any]) -> frozenset[int]:
    """The times of the logins that a stored finding names, in ms."""
    return frozenset(int(at_ms) for at_ms in _find_kept(item, _LOGINS))


def _find_kept(item: Mapping[str, Any], name: str) -> Iterable[Any]:
    """The things that are kept of the events which a stored finding names now; `corrected_part` has the others."""
    kept: Mapping[str, Any] = item.get(name, {})
    return (kept[event_id] for event_id in item["event_ids"] if event_id in kept)


def attention_part(finding: Finding, found_at: datetime) -> Item:
    """The attributes by which a finding asks for attention, among those of its account or else of its stream."""
    own = _attention(finding.stream, finding.subject, finding.severity, to_text(found_at))
    is_listed = finding.stream is Stream.ACCOUNT and not finding.is_grave
    return own | _write_listing(finding.subject, finding.id, to_text(found_at)) if is_listed else own


def relisted_part(item: Mapping[str, Any]) -> Item:
    """The attributes by which a stored finding on an account waits for a supervisor again; none of one with a case."""
    is_grave = item["severity"] in GRAVE or item["rule"] in _holding()
    return {} if is_grave else _write_listing(item["subject"], item["finding_id"], item["found_at"])


def _write_listing(account_id: str, finding_id: str, found_at: str) -> Item:
    return {"queue_pk": f"{_LIST}{bucket(account_id, LIST_PARTS)}", "queue_sk": f"{found_at}#{finding_id}"}


def is_listed(item: Mapping[str, Any], now: datetime) -> bool:
    """Whether a stored finding on an account is in the list of those without a case, or was until a person judged
    it."""
    is_recent = now - from_text(item["found_at"]) <= FINDING_LIFE
    is_or_was = LISTED[0] in item or state_of(item, now) is FindingState.RESOLVED
    return is_recent and is_or_was and bool(relisted_part(item))


def listed_query(part: int, now: datetime, *, limit: int, before: str | None) -> Query:
    """Findings of one partition that wait for a supervisor, the newest first, without expired ones. `before`: the
    `queue_sk` of one that may be among them, and behind which the others stand."""
    span = Between(to_text(now - FINDING_LIFE), before or "~")
    return Query(Table.HOTLINE, f"{_LIST}{part}", span, index=Index.QUEUE, limit=limit, descending=True)


def unclear_part(item: Mapping[str, Any]) -> Item:
    """The attributes by which a stored finding asks for attention again, of which a person could not tell. It stands
    behind those of its rank that nobody has looked at, and does not expire."""
    return _attention(Stream(item["stream"]), item["subject"], item["severity"], f"{_LOOKED_AT}{item['found_at']}")


def _attention(stream: Stream, subject: str, severity: str, place: str) -> Item:
    return {"attention_pk": attention_of(stream, subject), "attention_sk": f"{_FINDING}{_RANKS[severity]}#{place}"}


def attention_of(stream: Stream, subject: str = "") -> str:
    """The list in which findings ask for attention: that of their account, or else of their stream."""
    return f"ACCOUNT#{subject}" if stream is Stream.ACCOUNT else f"FINDINGS#{stream.value}"


def confirmed_part(account_id: str, judged_at: datetime) -> Item:
    """The attributes by which a finding that a person has confirmed is told to its owner. It waits for nobody."""
    return {"attention_pk": f"ACCOUNT#{account_id}", "attention_sk": f"{_CONFIRMED}{to_text(judged_at)}"}


def confirmed_query(account_id: str, now: datetime, *, limit: int) -> Query:
    """Findings on the account that a person has confirmed within CONFIRMED_LIFE, the latest word first."""
    span = Between(f"{_CONFIRMED}{to_text(now - CONFIRMED_LIFE)}", f"{_CONFIRMED}~")
    return Query(Table.HOTLINE, f"ACCOUNT#{account_id}", span, index=Index.ATTENTION, limit=limit, descending=True)


def state_of(item: Mapping[str, Any], now: datetime) -> FindingState:
    """The state of a stored finding at a moment. Items of earlier releases have none. It expires by reading: nothing is
    written, and no run looks for it."""
    state = FindingState.RESOLVED if "verdict" in item else FindingState.OPEN
    if "state" in item:
        state = FindingState(item["state"])
    waits = may_become(state, FindingState.EXPIRED) and state is not FindingState.ACKNOWLEDGED
    return FindingState.EXPIRED if waits and now - from_text(item["found_at"]) > FINDING_LIFE else state


def state_without_word(item: Mapping[str, Any], now: datetime) -> FindingState | None:
    """The state in which nobody is told of a stored finding, whatever a person has said of it: withdrawn or suppressed.
    None of one whose pattern holds and was told."""
    state = state_of(item, now)
    if state in (FindingState.SUPPRESSED, FindingState.WITHDRAWN):
        return state
    if WITHDRAWN_AT in item:
        return FindingState.WITHDRAWN
    return FindingState.SUPPRESSED if JUDGED_UNTOLD in item else None


def as_read(item: Mapping[str, Any]) -> Condition:
    """The condition that the state of a stored finding is as it was read, and whether its pattern holds. People judge
    findings meanwhile."""
    named = ("state", WITHDRAWN_AT, JUDGED_UNTOLD)
    return all_of(*(equals(name, item[name]) if name in item else Missing(name) for name in named))


def waiting_query(attention: str, *, limit: int, after: str | None = None, begin: str = _FINDING) -> Query:
    """Findings of a list (`attention_of`) that nobody has dealt with, the gravest first, of one rank the oldest.
    `after`: a place that `place_of` gave. `begin`: see `skip_expired`."""
    span = Between(begin, f"{_FINDING}~")
    return Query(
        Table.HOTLINE, attention, span, index=Index.ATTENTION, limit=limit, start_after=place_in(attention, after)
    )


def skip_expired(item: Mapping[str, Any], now: datetime) -> str:
    """The place in its list from which findings of the rank of an expired one have not expired."""
    return f"{_FINDING}{_RANKS[item['severity']]}#{to_text(now - FINDING_LIFE)}"


def all_findings_query(account_id: str, *, limit: int) -> Query:
    """Findings on the account, also those that somebody has dealt with, in no order that means anything."""
    return Query(Table.HOTLINE, f"ACCOUNT#{account_id}", Prefix("FINDING#"), limit=limit)


def place_in(attention: str, after: str | None) -> dict[str, str] | None:
    """The place in an attention list that a text of `place_of` names; None: its beginning."""
    return None if after is None else {"attention_pk": attention, **dict(zip(_PLACE, after.split(" "), strict=True))}


def place_of(start_after: Mapping[str, str] | None) -> str | None:
    """The place behind a page of an attention list as a text; None at the end."""
    return None if start_after is None else " ".join(start_after[name] for name in _PLACE)


def subject_finding_of(item: Mapping[str, Any], now: datetime) -> SubjectFinding:
    """A stored finding of another stream as people of the wallet see it at a moment."""
    return SubjectFinding(
        id=item["finding_id"],
        stream=Stream(item["stream"]),
        subject=item["subject"],
        account_id=item.get("account_id"),
        rule=item["rule"],
        severity=item["severity"],
        found_at=from_text(item["found_at"]),
        window_start=from_text(item["window_start"]),
        window_end=from_text(item["window_end"]),
        facts=dict(item["facts"]),
        events=len(item["event_ids"]),
        accounts=tuple(item.get(ACCOUNTS, ())),
        state=state_of(item, now),
        runbook=_runbooks().get(item["rule"]),
        version=version_of(item),
    )


def version_of(item: Mapping[str, Any]) -> int:
    """A number for what a stored finding says and what people have said about it, of nine digits at most. Two readings
    of a finding that differ have one number once in a billion times."""
    said = [item.get(name) for name in ("state", "judged_at", "window_start", "window_end")]
    said += [sorted((name, str(value)) for name, value in item["facts"].items()), list(item["event_ids"])]
    return int.from_bytes(sha256(dumps(said).encode()).digest()[:_VERSION_BYTES]) % _VERSIONS


def finding_to_see(item: Mapping[str, Any], now: datetime) -> SeenFinding:
    """A stored finding as people of the wallet see it at a moment. A word of before it was raised again is none."""
    is_judged = "verdict" in item and item.get("state") not in _UNJUDGED
    return SeenFinding(
        id=item["finding_id"],
        severity=item["severity"],
        found_at=from_text(item["found_at"]),
        rule=item["rule"],
        facts=dict(item["facts"]),
        verdict=Verdict(item["verdict"]) if is_judged else None,
        judged_at=from_text(item["judged_at"]) if is_judged and "judged_at" in item else None,
        state=state_of(item, now),
        window_start=from_text(item["window_start"]),
        window_end=from_text(item["window_end"]),
        runbook=_runbooks().get(item["rule"]),
        holds=item["rule"] in _holding() and UNRAISED not in item,
    )


def finding_to_tell(item: Mapping[str, Any]) -> ToldFinding:
    """The part of a stored finding that an account's owner is told."""
    return ToldFinding(
        id=item["finding_id"],
        severity=item["severity"],
        noticed_at=from_text(item["window_end"]),
        # Another word may be of before the finding was taken back and raised again.
        confirmed_at=from_text(item["judged_at"]) if item.get("verdict") == Verdict.CONFIRMED.value else None,
        is_denied=DENIED in item,
        is_try=item["rule"] in TRIES,
    )


@cache
def _runbooks() -> Mapping[str, str]:
    from .detectors.shipped import DETECTORS

    return {detector.rule: detector.runbook for detector in DETECTORS}


@cache
def _holding() -> frozenset[str]:
    from .detectors.shipped import DETECTORS

    return frozenset(detector.rule for detector in DETECTORS if detector.holds)

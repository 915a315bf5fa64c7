"""How the scan's state is stored, and how rows of the activity table are read.

A watch is `ACCOUNT#id / #WATCH`, and of another stream `SUBJECT#stream#id / #WATCH`. Beside it are findings
(`FINDING#id`) and suppressions (`SUPPRESSION#rule`). `SCAN#shard / CURSOR` is the place up to which a shard of the
accounts' stream was read, `CURSOR#stream` of others.
"""

from __future__ import annotations

from base64 import urlsafe_b64encode
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from functools import cache
from hashlib import sha256
from json import dumps
from typing import TYPE_CHECKING, Any, Final

from hotline.kit.clock import epoch_s, from_text, to_text
from hotline.kit.retention import record_end
from hotline.kit.store import TTL_ATTRIBUTE, Index, Key, Prefix, Query, Table, hotline_key
from hotline.kit.store import Between as SortKeys
from hotline.kit.store.condition import Condition, Item, Missing, equals

from .activity import ACTIVITY_LIFE, NAMED, SUBJECT, activity_partition, values_of
from .detectors import Event, Stream
from .detectors.history import BY_PEOPLE, LEFT, OUTWARD_KINDS
from .detectors.rule import EVIDENCE_MAX, Hit, Signal
from .model import (
    CONFIRMED_LIFE,
    FINDING_LIFE,
    WATCH_LIFE,
    WATCH_LIVES,
    Finding,
    FindingState,
    NamedMovement,
    Row,
    SeenFinding,
    SubjectFinding,
    Suppression,
    ToldFinding,
    Verdict,
    may_become,
)
from .packing import pack, unpack
from .streams import ID_CHARACTERS_MAX, shorten_over

if TYPE_CHECKING:
    from .rules import Plan
    from .watch import Raised, Watch

PAGE_ROWS: Final = 500
"""Rows of one query."""
ERASED: Final = "erased"
_WATCH: Final = "#WATCH"
_SUPPRESSION: Final = "SUPPRESSION#"
_CONFIRMED: Final = "CONFIRMED#"
_RANKS: Final = {"critical": 1, "high": 2, "medium": 3, "low": 4}
_MOVEMENTS: Final = "movements"
_LOGINS: Final = "logins"
LABELLED: Final = "labelled"
"""The attribute of a confirmed finding with the movements that it named then, which its confirmation labelled."""
LABELLED_AT: Final = "labelled_at"
"""The attribute with the `judged_at` of the word for which LABELLED holds."""
ACCOUNTS: Final = "accounts"
"""The attribute of a finding about an address with the accounts that got in."""
ACCOUNTS_MAX: Final = 20
"""So many accounts that got in are kept of a finding about an address. Its numbers say how many there were."""
_LOGIN: Final = Signal.LOGIN_SUCCEEDED.value
_PARTY_END: Final = "party_end"
"""The value of an event with the rest of a payee's hash. Rules do without it. A finding names the payee by the whole
hash, or nobody would find the payee's own record."""
IS_SHORT: Final = "is_short"
"""The attribute of a row whose movement has the name of a memory: nobody keeps more of a finding's movements. Earlier
releases do not know it. They shorten the name again, and count a label of another movement."""
_LONG_IDS: Final = ("movement_id", "refund_id")
_VERSION_BYTES: Final = 8
_VERSIONS: Final = 10**9
_NAME_BYTES: Final = 4
_HASH_CHARACTERS: Final = 2 * _NAME_BYTES
_SOURCE_HASHES: Final = ("ip", "device", "country")
_HASHES: Final = {Stream.ACCOUNT: (*_SOURCE_HASHES, "party"), Stream.SOURCE: _SOURCE_HASHES}
"""The values that are keyed hashes. A row has 64 bits of each, and a memory 32, as marks have. The party of a party's
own row is an account, and stays whole."""
_PLACE: Final = ("attention_sk", "PK", "SK")


def watch_key(stream: Stream, subject: str) -> Key:
    """The key of a subject's watch."""
    return hotline_key(_partition_of(stream, subject), _WATCH)


def finding_key(finding: Finding) -> Key:
    """The key of a finding."""
    return hotline_key(_partition_of(finding.stream, finding.subject), f"FINDING#{finding.id}")


def named_finding_key(subject: str, finding_id: str, stream: Stream = Stream.ACCOUNT) -> Key:
    """The key of a finding on a subject that is named, an account by default."""
    return hotline_key(_partition_of(stream, subject), f"FINDING#{finding_id}")


def suppression_key(stream: Stream, subject: str, rule: str) -> Key:
    """The key of the suppression of a rule for a subject."""
    return hotline_key(_partition_of(stream, subject), f"{_SUPPRESSION}{rule}")


def _partition_of(stream: Stream, subject: str) -> str:
    return f"ACCOUNT#{subject}" if stream is Stream.ACCOUNT else f"SUBJECT#{stream.value}#{subject}"


def cursor_key(shard: int, stream: Stream = Stream.ACCOUNT) -> Key:
    """The key of the place up to which a shard of a stream has been read."""
    return hotline_key(f"SCAN#{shard:03d}", "CURSOR" if stream is Stream.ACCOUNT else f"CURSOR#{stream.value}")


def watch_item(stream: Stream, watch: Watch, names: str | None, now: datetime) -> Item:
    """The stored form of a watch (see `packing`). `names`: the account that a payee is."""
    return _item_of(stream, watch.store(), names, now)


def begun_item(stream: Stream, watch: Watch, told: Iterable[Raised], known: Item | None, now: datetime) -> Item:
    """The stored form of a watch that has not moved, with what was told beyond it (see `Watch.store_begun`). `known`:
    the item of the watch, of which all else is kept."""
    return {**(known or {}), **_item_of(stream, watch.store_begun(told), None, now)}


def _item_of(stream: Stream, stored: Mapping[str, Any], names: str | None, now: datetime) -> Item:
    item: Item = {"memory": pack(stored), TTL_ATTRIBUTE: epoch_s(now + WATCH_LIVES[stream])}
    return item if names is None else {**item, NAMED: names}


def tombstone_item(now: datetime) -> Item:
    """The stored form of the watch of an account that was erased. A scan that ends later finds it and writes none. It
    outlives every row of the account."""
    return {ERASED: True, TTL_ATTRIBUTE: epoch_s(now + WATCH_LIFE)}


def watch_of(plan: Plan, item: Mapping[str, Any] | None, now: datetime) -> Watch:
    """The watch in a stored item. It is empty where nothing has happened yet, or not for so long that the item may be
    gone at any moment. Of an item of an earlier form the position alone is known."""
    # Here, since most of those who know stored findings never fold a watch.
    from .watch import Watch

    if item is None or int(item.get(TTL_ATTRIBUTE, epoch_s(now))) < epoch_s(now):
        return Watch(plan)
    if "memory" not in item:
        return Watch(plan, {"applied_to": item.get("applied_to", "")})
    return Watch(plan, unpack(item["memory"]))


def is_tombstone(item: Mapping[str, Any] | None) -> bool:
    """Whether the item says that the account was erased."""
    return item is not None and ERASED in item


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
    return tuple(dict.fromkeys(NamedMovement(*one) for one in _named(item, _MOVEMENTS)))


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
    return frozenset(int(at_ms) for at_ms in _named(item, _LOGINS))


def _named(item: Mapping[str, Any], name: str) -> Iterable[Any]:
    """The things that are kept of the events which a stored finding names now; `corrected_part` has the others."""
    kept: Mapping[str, Any] = item.get(name, {})
    return (kept[event_id] for event_id in item["event_ids"] if event_id in kept)


def logins_of(events: Iterable[Event]) -> dict[str, int]:
    """The times of an account's events that were logins, by event id, in ms."""
    return {event.id: event.at_ms for event in events if event.type == _LOGIN}


def accounts_in(events: Iterable[Event], hit: Hit) -> tuple[str, ...]:
    """The accounts that got in from an address in the time of a hit, by the events of that address. They come in the
    order in which they got in, at most ACCOUNTS_MAX."""
    logins = [one for one in events if one.type == _LOGIN and hit.started_ms <= one.at_ms <= hit.ended_ms]
    logins.sort(key=lambda one: one.place)
    return tuple(dict.fromkeys(one.values["account"] for one in logins))[:ACCOUNTS_MAX]


def movements_of(events: Iterable[Event]) -> dict[str, NamedMovement]:
    """The movements of an account's events that moved money out, by event id."""
    found = {}
    for event in events:
        values = event.values
        if _moves_out(values):
            party = values["party"] + values[_PARTY_END] if _PARTY_END in values else ""
            found[event.id] = NamedMovement(values["movement_id"], party)
    return found


ATTENTION: Final = ("attention_pk", "attention_sk")


def attention_part(finding: Finding, found_at: datetime) -> Item:
    """The attributes by which a finding asks for attention, among those of its account or else of its stream."""
    return _attention(finding.stream, finding.subject, finding.severity, to_text(found_at))


def unclear_part(item: Mapping[str, Any]) -> Item:
    """The attributes by which a stored finding asks for attention again, of which a person could not tell."""
    return _attention(Stream(item["stream"]), item["subject"], item["severity"], item["found_at"])


def _attention(stream: Stream, subject: str, severity: str, found_at: str) -> Item:
    return {
        "attention_pk": f"ACCOUNT#{subject}" if stream is Stream.ACCOUNT else f"FINDINGS#{stream.value}",
        "attention_sk": f"FINDING#{_RANKS[severity]}#{found_at}",
    }


def confirmed_part(account_id: str, judged_at: datetime) -> Item:
    """The attributes by which a finding that a person has confirmed is told to its owner. It waits for nobody."""
    return {"attention_pk": f"ACCOUNT#{account_id}", "attention_sk": f"{_CONFIRMED}{to_text(judged_at)}"}


def confirmed_query(account_id: str, now: datetime, *, limit: int) -> Query:
    """Findings on the account that a person has confirmed within CONFIRMED_LIFE, the latest word first."""
    span = SortKeys(f"{_CONFIRMED}{to_text(now - CONFIRMED_LIFE)}", f"{_CONFIRMED}~")
    return Query(Table.HOTLINE, f"ACCOUNT#{account_id}", span, index=Index.ATTENTION, limit=limit, descending=True)


def state_of(item: Mapping[str, Any], now: datetime) -> FindingState:
    """The state of a stored finding at a moment. Items of earlier releases have none. It expires by reading: nothing is
    written, and no run looks for it."""
    state = FindingState.RESOLVED if "verdict" in item else FindingState.OPEN
    if "state" in item:
        state = FindingState(item["state"])
    waits = may_become(state, FindingState.EXPIRED) and state is not FindingState.ACKNOWLEDGED
    return FindingState.EXPIRED if waits and now - from_text(item["found_at"]) > FINDING_LIFE else state


def as_read(item: Mapping[str, Any]) -> Condition:
    """The condition that the state of a stored finding is as it was read. People judge findings meanwhile."""
    return equals("state", item["state"]) if "state" in item else Missing("state")


def findings_query(account_id: str, *, limit: int) -> Query:
    """Findings on the account that nobody has dealt with, the gravest first, of one rank the oldest."""
    found = Prefix("FINDING#")
    return Query(Table.HOTLINE, f"ACCOUNT#{account_id}", found, index=Index.ATTENTION, limit=limit)


def all_findings_query(account_id: str, *, limit: int) -> Query:
    """Findings on the account, also those that somebody has dealt with, in no order that means anything."""
    return Query(Table.HOTLINE, f"ACCOUNT#{account_id}", Prefix("FINDING#"), limit=limit)


def subject_findings_query(stream: Stream, *, limit: int, after: str | None) -> Query:
    """Findings about the subjects of a stream that nobody has dealt with, the gravest first, of one rank the oldest.
    `after`: a place that `place_of` gave."""
    attention = f"FINDINGS#{stream.value}"
    found = Prefix("FINDING#")
    return Query(
        Table.HOTLINE, attention, found, index=Index.ATTENTION, limit=limit, start_after=_place_in(attention, after)
    )


def _place_in(attention: str, after: str | None) -> dict[str, str] | None:
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


def suppression_item(suppression: Suppression, now: datetime) -> Item:
    """The stored form of a suppression, which is listed while it runs. It is kept as long as late rows may need it."""
    subject, until = suppression.subject, suppression.until
    item: Item = {
        "stream": suppression.stream.value,
        "subject": subject,
        "account_id": suppression.account_id,
        "rule": suppression.rule,
        "since": to_text(suppression.since),
        "until": to_text(until),
        "reason": suppression.reason,
        "made_by": suppression.made_by,
        "finding_id": suppression.finding_id,
        TTL_ATTRIBUTE: epoch_s(until + ACTIVITY_LIFE),
    }
    if suppression.is_running(now):
        item["attention_pk"] = f"SUPPRESSED#{suppression.stream.value}"
        item["attention_sk"] = f"{to_text(until)}#{suppression.rule}#{subject}"
    return {name: value for name, value in item.items() if value is not None}


def suppression_from(item: Mapping[str, Any]) -> Suppression:
    """The suppression of a stored item."""
    return Suppression(
        stream=Stream(item["stream"]),
        subject=item["subject"],
        account_id=item.get("account_id"),
        rule=item["rule"],
        since=from_text(item["since"]),
        until=from_text(item["until"]),
        reason=item["reason"],
        made_by=item["made_by"],
        finding_id=item.get("finding_id"),
    )


def suppressions_query(account_id: str, *, limit: int) -> Query:
    """The suppressions for an account, also those that have ended, by rule."""
    return Query(Table.HOTLINE, f"ACCOUNT#{account_id}", Prefix(_SUPPRESSION), limit=limit)


def running_suppressions_query(stream: Stream, now: datetime, *, limit: int, after: str | None) -> Query:
    """The suppressions of a stream that run, what ends first in front. `after`: a place that `place_of` gave."""
    attention = f"SUPPRESSED#{stream.value}"
    span = SortKeys(to_text(now), "~")
    return Query(
        Table.HOTLINE, attention, span, index=Index.ATTENTION, limit=limit, start_after=_place_in(attention, after)
    )


def finding_to_see(item: Mapping[str, Any], now: datetime) -> SeenFinding:
    """A stored finding as people of the wallet see it at a moment."""
    return SeenFinding(
        id=item["finding_id"],
        severity=item["severity"],
        found_at=from_text(item["found_at"]),
        rule=item["rule"],
        facts=dict(item["facts"]),
        verdict=Verdict(item["verdict"]) if "verdict" in item else None,
        judged_at=from_text(item["judged_at"]) if "judged_at" in item else None,
        state=state_of(item, now),
        window_start=from_text(item["window_start"]),
        window_end=from_text(item["window_end"]),
        runbook=_runbooks().get(item["rule"]),
    )


def finding_to_tell(item: Mapping[str, Any]) -> ToldFinding:
    """The part of a stored finding that an account's owner is told."""
    return ToldFinding(
        id=item["finding_id"],
        severity=item["severity"],
        noticed_at=from_text(item["window_end"]),
        confirmed_at=from_text(item["judged_at"]) if "judged_at" in item else None,
    )


def rows_query(stream: Stream, hour: datetime, shard: int, *, after: str, before: str) -> Query:
    """One page of an hour's rows behind the position `after` and before another one.

    A space sorts before everything that an id is made of, and the `#` before it.
    """
    partition = activity_partition(stream, hour, shard)
    return Query(Table.ACTIVITY, partition, SortKeys(f"{after} ", before), limit=PAGE_ROWS)


def hours_between(after: str, before: str) -> list[datetime]:
    """The beginnings of the hours in which rows between two positions may lie. Empty when there is nothing between
    them, as after a run that went up to the present."""
    if after >= before:
        return []
    hour, end = (from_text(position.split("#", 1)[0]) for position in (after, before))
    hour = hour.replace(minute=0, second=0, microsecond=0)
    hours = []
    while hour < end or (hour == end and "#" in before):
        hours.append(hour)
        hour += timedelta(hours=1)
    return hours


def _moves_out(values: Mapping[str, Any]) -> bool:
    return values.get("kind") in OUTWARD_KINDS and values.get("direction") != "in" and values["status"] in LEFT


def row_of(stream: Stream, item: Mapping[str, Any]) -> Row:
    """A stored row."""
    position: str = item["SK"]
    values = values_of(item)
    if values.pop(IS_SHORT, None) is None:
        for name in _LONG_IDS:
            if name in values:
                values[name] = name_in_memory(values[name])
    else:
        # Rows of an earlier release do not say so, and only labels that verdicts gave have short names.
        values[BY_PEOPLE] = 1
    if stream is Stream.ACCOUNT and values.get("party_kind") == "payee" and _moves_out(values):
        values[_PARTY_END] = values["party"][_HASH_CHARACTERS:]
    for name in _HASHES.get(stream, ()):
        if name in values:
            values[name] = values[name][:_HASH_CHARACTERS]
    event = Event(shorten_over(item["fact_id"], ID_CHARACTERS_MAX), to_ms(item["at"]), item["type"], values)
    return Row(position, item[SUBJECT[stream]], to_ms(position.split("#", 1)[0]), event, item.get(NAMED))


def name_in_memory(id_: str) -> str:
    """A short name of a movement or refund. A watch has up to MOVEMENTS_MAX of them, and pays for each byte. 32 bits
    tell apart those of one subject but once in a hundred million movements."""
    return urlsafe_b64encode(sha256(id_.encode()).digest()[:_NAME_BYTES]).decode().rstrip("=")


def to_ms(text: str) -> int:
    """The time of a stored text, in milliseconds since 1970."""
    return round(from_text(text).timestamp() * 1000)


def instant_of_ms(at_ms: int) -> datetime:
    """The instant of a time in milliseconds since 1970."""
    return datetime.fromtimestamp(at_ms // 1000, UTC) + timedelta(milliseconds=at_ms % 1000)


@cache
def _runbooks() -> Mapping[str, str]:
    from .detectors.shipped import DETECTORS

    return {detector.rule: detector.runbook for detector in DETECTORS}

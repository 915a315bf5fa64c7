"""The face of security: what doors may ask for."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from itertools import islice

from hotline.accounts.service import risk_key
from hotline.contracts.model import AccountErased, Fact
from hotline.kit.change import Change
from hotline.kit.keyring import Keyring
from hotline.kit.store import Key, Put, Store, query_all
from hotline.kit.store.condition import PRESENT, Item

from .activity import ACTIVITY_SHARDS, SHARDS_MAX, agent_row, rows_of
from .checkup import Matter, is_told, list_matters
from .detectors import Stream
from .findings_digest import DIGEST_MESSAGE, find_times_to_tell
from .findings_digest import duty_at as digest_duty_at
from .items import (
    all_findings_query,
    finding_to_see,
    finding_to_tell,
    findings_query,
    named_finding_key,
    place_of,
    state_of,
    subject_finding_of,
    subject_findings_query,
    tombstone_item,
    watch_key,
)
from .model import (
    Finding,
    FindingChanged,
    FindingState,
    SeenFinding,
    ShardReport,
    SubjectFinding,
    SubjectFindingPage,
    ToldFinding,
    Verdict,
)
from .rules import RuleSet
from .scan import scan_shard
from .settings import read_shipped_rules
from .verdicts import account_of_finding, contribute_verdict, verdict_keys

FINDINGS_TOLD_MAX = 20
"""More open findings on one account than anybody reads."""
FINDINGS_SEEN_MAX = 100
"""So many findings on one account are shown to people of the wallet."""
"""How often one chunk is sent when rows of it are there already or DynamoDB reports a conflict."""

__all__ = [
    "ACTIVITY_SHARDS", "DIGEST_MESSAGE", "SHARDS_MAX", "Finding", "FindingChanged",
    "FindingState", "Matter", "RuleSet", "SeenFinding", "ShardReport", "Stream", "SubjectFinding",
    "SubjectFindingPage", "ToldFinding", "Verdict", "account_of_finding", "activity_writes",
    "contribute_agent_activity", "contribute_facts", "contribute_verdict", "digest_duty_at", "fact_keys",
    "find_times_to_tell", "finding_to_see", "iterate_findings", "list_findings", "list_matters",
    "list_subject_findings", "list_told_findings", "named_finding_key", "read_shipped_rules", "scan_shard",
    "verdict_keys",
]  # fmt: skip


def activity_writes(
    facts: Sequence[Fact], now: datetime, lookup_keys: Keyring, *, shards: int = ACTIVITY_SHARDS
) -> list[Put]:
    """One put for each row that the scan will look at, each key once; facts of any accounts and types. A row of the
    same instant is the same row, so that `Store.put_all` takes them.

    `now` is the clock at the write: take it anew for a later try. `shards`: over how many the accounts are spread.
    """
    rows: dict[Key, Put] = {}
    for fact in facts:
        rows |= {row.key: row for row in rows_of(fact, now, lookup_keys, shards)}
    return list(rows.values())


def contribute_agent_activity(
    change: Change, kind: str, account_id: str, *, agent_id: str, case_id: str, shards: int = ACTIVITY_SHARDS
) -> None:
    """Add the row of what an agent did about an account, for the scan, to the change that does it."""
    activity_id = change.ids.new("act")
    row = agent_row(activity_id, kind, account_id, change.now, agent_id=agent_id, case_id=case_id, shards=shards)
    change.create(row.key, row.item)


def fact_keys(facts: Sequence[Fact]) -> set[Key]:
    """The keys to read before `contribute_facts`: the watch and the risk of an account that is erased."""
    erased = {fact.subject for fact in facts if isinstance(fact.data, AccountErased)}
    return {key for account_id in erased for key in (watch_key(Stream.ACCOUNT, account_id), risk_key(account_id))}


def contribute_facts(change: Change, read: Mapping[Key, Item], facts: Sequence[Fact]) -> None:
    """Forget what the scan remembers of the account when it is erased; other facts change nothing here. A tombstone
    takes the place of the watch, so that a scan that ends later leaves none behind."""
    for account_id in {fact.subject for fact in facts if isinstance(fact.data, AccountErased)}:
        watch, risk = watch_key(Stream.ACCOUNT, account_id), risk_key(account_id)
        change.replace(watch, read.get(watch), tombstone_item(change.now))
        if risk in read:
            change.delete(risk, condition=PRESENT)


def list_told_findings(store: Store, account_id: str, now: datetime) -> tuple[ToldFinding, ...]:
    """Findings on the account that wait for somebody and of which its owner is told, the gravest first, at most
    FINDINGS_TOLD_MAX. Of the FINDINGS_SEEN_MAX gravest. One query on an index that may lag by a moment."""
    found = store.query(findings_query(account_id, limit=FINDINGS_SEEN_MAX)).items
    waiting = (item for item in found if state_of(item, now) is not FindingState.EXPIRED)
    return tuple(finding_to_tell(item) for item in waiting if is_told(item))[:FINDINGS_TOLD_MAX]


def list_findings(
    store: Store, account_id: str, now: datetime, *, limit: int = FINDINGS_SEEN_MAX
) -> tuple[SeenFinding, ...]:
    """The account's findings for people of the wallet, also those that are dealt with, the newest first; of at most
    `limit`. One query for FINDINGS_SEEN_MAX of them."""
    found = islice(iterate_findings(store, account_id, now), limit)
    return tuple(sorted(found, key=lambda one: one.found_at, reverse=True))


def iterate_findings(store: Store, account_id: str, now: datetime) -> Iterator[SeenFinding]:
    """Every finding on the account, also those that are dealt with, in no order. One query for FINDINGS_SEEN_MAX of
    them, sent when they are asked for."""
    found = query_all(store, all_findings_query(account_id, limit=FINDINGS_SEEN_MAX))
    return (finding_to_see(item, now) for item in found)


def list_subject_findings(
    store: Store, stream: Stream, now: datetime, *, limit: int, after: str | None = None
) -> SubjectFindingPage:
    """The findings about the subjects of a stream that nobody has dealt with, the gravest first. One query on an index
    that may lag by a moment. `after`: the `next` of the page before."""
    page = store.query(subject_findings_query(stream, limit=limit, after=after))
    return SubjectFindingPage(tuple(subject_finding_of(item, now) for item in page.items), place_of(page.next))

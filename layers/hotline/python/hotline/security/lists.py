"""Lists of findings, for the owner of an account and for people of the wallet."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import datetime
from itertools import batched, islice
from typing import Final

from hotline.kit.store import BATCH_GET_KEYS_MAX, Query, Store, query_all
from hotline.kit.store.condition import Item
from hotline.lockout import service as lockout

from .checkup import is_told
from .detectors import Stream
from .items import (
    LIST_PARTS,
    all_findings_query,
    attention_of,
    confirmed_query,
    finding_to_see,
    finding_to_tell,
    listed_query,
    place_of,
    skip_expired,
    state_of,
    subject_finding_of,
    waiting_query,
)
from .model import FINDINGS_READ_MAX, LIVE, FindingState, SeenFinding, SubjectFinding, SubjectFindingPage, ToldFinding

FINDINGS_TOLD_MAX: Final = 20
"""More open findings on one account than anybody reads."""
FINDINGS_SEEN_MAX: Final = 100
"""So many findings on one account are shown to people of the wallet."""


def list_told_findings(store: Store, account_id: str, now: datetime) -> tuple[ToldFinding, ...]:
    """Findings on the account that wait for somebody and of which its owner is told, the gravest first, at most
    FINDINGS_TOLD_MAX. Of the FINDINGS_SEEN_MAX gravest. One query on an index that may lag by a moment, and one for
    each rank of which some have expired."""
    found, _ = _read_waiting(store, attention_of(Stream.ACCOUNT, account_id), now, limit=FINDINGS_SEEN_MAX)
    return tuple(finding_to_tell(item) for item in found if is_told(item))[:FINDINGS_TOLD_MAX]


def _read_waiting(
    store: Store, attention: str, now: datetime, *, limit: int, after: str | None = None
) -> tuple[list[Item], str | None]:
    """The findings of a list that wait for somebody, and the place behind them, None at the end. Expired ones stay in
    the list for years, before all others of their rank. The first of them leads past the others."""
    found: list[Item] = []
    query: Query | None = waiting_query(attention, limit=limit, after=after)
    while query is not None:
        page, query = store.query(query), None
        for item in page.items:
            if state_of(item, now) is not FindingState.EXPIRED:
                found.append(item)
            elif item["attention_sk"] < (begin := skip_expired(item, now)):
                query = waiting_query(attention, limit=limit - len(found), begin=begin)
                break
    return found, place_of(page.next)


def list_confirmed_findings(store: Store, account_id: str, now: datetime) -> tuple[ToldFinding, ...]:
    """Findings on the account that a person has confirmed lately and of which its owner is told, the latest word first,
    at most FINDINGS_TOLD_MAX. One query on an index that may lag by a moment."""
    found = store.query(confirmed_query(account_id, now, limit=FINDINGS_TOLD_MAX)).items
    return tuple(finding_to_tell(item) for item in found if is_told(item))


def list_findings(
    store: Store, account_id: str, now: datetime, *, limit: int = FINDINGS_SEEN_MAX
) -> tuple[SeenFinding, ...]:
    """The account's findings for people of the wallet, also those that are dealt with, the newest first; at most
    `limit`. Of FINDINGS_READ_MAX, or of `limit` where that is more: they are stored in no order. One query, as long as
    an answer of DynamoDB holds them."""
    read_max = max(limit, FINDINGS_READ_MAX)
    found = islice(iterate_findings(store, account_id, now, page=read_max), read_max)
    return tuple(sorted(found, key=lambda one: one.found_at, reverse=True))[:limit]


def iterate_findings(store: Store, account_id: str, now: datetime, *, page: int) -> Iterator[SeenFinding]:
    """Every finding on the account, also those that are dealt with, in no order. One query for `page` of them, sent
    when they are asked for."""
    found = query_all(store, all_findings_query(account_id, limit=page))
    return (finding_to_see(item, now) for item in found)


def list_account_findings(store: Store, now: datetime, *, limit: int, after: str | None = None) -> SubjectFindingPage:
    """The findings on accounts that open no case and wait for somebody, the newest first. Those on accounts that were
    erased since are left out. A query for each of LIST_PARTS partitions, and one read. `after`: the `next` of the page
    before."""
    # One more says whether there is a next page. The last one of the page before stands first again.
    count = limit + (1 if after is None else 2)
    found = [
        item
        for part in range(LIST_PARTS)
        for item in store.query(listed_query(part, now, limit=count, before=after)).items
        if after is None or item["queue_sk"] < after
    ]
    found.sort(key=lambda item: item["queue_sk"], reverse=True)
    page = found[:limit]
    # A release that does not know this list leaves what it has judged in it.
    waiting = [one for item in page if (one := subject_finding_of(item, now)).state in LIVE]
    erased = _find_erased(store, (one.account_id for one in waiting))
    shown = tuple(one for one in waiting if one.account_id not in erased)
    return SubjectFindingPage(shown, page[-1]["queue_sk"] if len(found) > limit else None)


def list_subject_findings(
    store: Store, stream: Stream, now: datetime, *, limit: int, after: str | None = None
) -> SubjectFindingPage:
    """The findings about the subjects of a stream that wait for somebody, the gravest first. Accounts that were erased
    since are left out: those that got in, and the one that a payee is. A read for a hundred of them, and queries as
    `list_told_findings` has them. `after`: the `next` of the page before."""
    waiting, behind = _read_waiting(store, attention_of(stream), now, limit=limit, after=after)
    found = [subject_finding_of(item, now) for item in waiting]
    erased = _find_erased(store, (account_id for one in found for account_id in (one.account_id, *one.accounts)))
    return SubjectFindingPage(tuple(_without(one, erased) for one in found), behind)


def _without(found: SubjectFinding, erased: frozenset[str]) -> SubjectFinding:
    """The finding, naming none of the accounts."""
    if erased.isdisjoint((found.account_id, *found.accounts)):
        return found
    account_id = None if found.account_id in erased else found.account_id
    return replace(found, account_id=account_id, accounts=tuple(one for one in found.accounts if one not in erased))


def _find_erased(store: Store, account_ids: Iterable[str | None]) -> frozenset[str]:
    """Those of the accounts that were erased. One read for a hundred of them, none for none."""
    erased: set[str] = set()
    for some in batched(dict.fromkeys(one for one in account_ids if one is not None), BATCH_GET_KEYS_MAX, strict=False):
        read = store.batch_get([lockout.lock_keys(account_id)[0] for account_id in some])
        erased |= {account_id for account_id in some if lockout.is_erased(read, account_id)}
    return frozenset(erased)

"""Lists of findings, for the owner of an account and for people of the wallet."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import datetime
from itertools import batched, islice
from typing import Final

from hotline.kit.store import BATCH_GET_KEYS_MAX, Store, query_all
from hotline.lockout import service as lockout

from .checkup import is_told
from .detectors import Stream
from .items import (
    all_findings_query,
    confirmed_query,
    finding_to_see,
    finding_to_tell,
    findings_query,
    place_of,
    state_of,
    subject_finding_of,
    subject_findings_query,
)
from .model import FindingState, SeenFinding, SubjectFinding, SubjectFindingPage, ToldFinding

FINDINGS_TOLD_MAX: Final = 20
"""More open findings on one account than anybody reads."""
FINDINGS_SEEN_MAX: Final = 100
"""So many findings on one account are shown to people of the wallet."""


def list_told_findings(store: Store, account_id: str, now: datetime) -> tuple[ToldFinding, ...]:
    """Findings on the account that wait for somebody and of which its owner is told, the gravest first, at most
    FINDINGS_TOLD_MAX. Of the FINDINGS_SEEN_MAX gravest. One query on an index that may lag by a moment."""
    found = store.query(findings_query(account_id, limit=FINDINGS_SEEN_MAX)).items
    waiting = (item for item in found if state_of(item, now) is not FindingState.EXPIRED)
    return tuple(finding_to_tell(item) for item in waiting if is_told(item))[:FINDINGS_TOLD_MAX]


def list_confirmed_findings(store: Store, account_id: str, now: datetime) -> tuple[ToldFinding, ...]:
    """Findings on the account that a person has confirmed lately and of which its owner is told, the latest word first,
    at most FINDINGS_TOLD_MAX. One query on an index that may lag by a moment."""
    found = store.query(confirmed_query(account_id, now, limit=FINDINGS_TOLD_MAX)).items
    return tuple(finding_to_tell(item) for item in found if is_told(item))


def list_findings(
    store: Store, account_id: str, now: datetime, *, limit: int = FINDINGS_SEEN_MAX
) -> tuple[SeenFinding, ...]:
    """The account's findings for people of the wallet, also those that are dealt with, the newest first; of at most
    `limit`. One query, as long as an answer of DynamoDB holds them."""
    found = islice(iterate_findings(store, account_id, now, page=limit), limit)
    return tuple(sorted(found, key=lambda one: one.found_at, reverse=True))


def iterate_findings(store: Store, account_id: str, now: datetime, *, page: int) -> Iterator[SeenFinding]:
    """Every finding on the account, also those that are dealt with, in no order. One query for `page` of them, sent
    when they are asked for."""
    found = query_all(store, all_findings_query(account_id, limit=page))
    return (finding_to_see(item, now) for item in found)


def list_subject_findings(
    store: Store, stream: Stream, now: datetime, *, limit: int, after: str | None = None
) -> SubjectFindingPage:
    """The findings about the subjects of a stream that nobody has dealt with, the gravest first. Accounts that were
    erased since are left out: those that got in, and the one that a payee is. One query on an index that may lag by a
    moment, and a read for a hundred such accounts. `after`: the `next` of the page before."""
    page = store.query(subject_findings_query(stream, limit=limit, after=after))
    found = [subject_finding_of(item, now) for item in page.items]
    erased = _find_erased(store, (account_id for one in found for account_id in (one.account_id, *one.accounts)))
    return SubjectFindingPage(tuple(_without(one, erased) for one in found), place_of(page.next))


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

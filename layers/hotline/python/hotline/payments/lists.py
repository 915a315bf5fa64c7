"""Finding movements, ledgers and bills: each list a bounded read."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, tzinfo

from hotline.kit.change.acts import Fetch
from hotline.kit.clock import CLOCK_SKEW
from hotline.kit.errors import InvalidInput
from hotline.kit.store import Key, Query, Store
from hotline.kit.store.condition import Item

from . import bills, items, ledger_items
from .arrivals import is_overdue
from .bills import BillsTold, select_bills
from .items import movement_from, movement_key
from .model import (
    FAILED_WINDOW,
    ORDER_TAIL_DIGITS_MAX,
    ORDER_TAIL_DIGITS_MIN,
    REFUNDABLE_WINDOW,
    Bill,
    BillPage,
    Ledger,
    Movement,
    MovementList,
    MovementPage,
    MovementRefList,
    MovementStatus,
    PaymentError,
)

LEDGERS_AT_ONCE_MAX = 10
"""How many ledgers are read at once; a call speaks of three refunds."""
SPOKEN_MAX = 3
"""So many are read out; a listener keeps no more in mind."""
FAILED_PAGE = 50
"""How many movements that may need attention are looked at for a call; a withdrawal that is on its way is none yet."""
REFUNDABLE_PAGE = 50
"""How many of the newest movements are looked at for one that could be refunded; older ones are found by number."""
LISTED_LOOKED_AT = 100
"""How many movements one page of a list by status looks at, at most."""
ALWAYS_NEED_ATTENTION = frozenset({MovementStatus.FAILED, MovementStatus.UNKNOWN})
"""Movements of these statuses are all in the index of what needs attention."""
POINTERS_PAGE = 20
"""How many movements with the same last digits are looked at; with four digits more are unlikely."""


def list_failed(
    store: Store, account_id: str, now: datetime, limit: int = SPOKEN_MAX, *, zone: tzinfo | None = None
) -> MovementList:
    """The latest movements of 90 days that went wrong or are late. `zone`: where the customer's days begin, None: where
    those of the currency's banks do. One query, on an index that may lag by a moment.

    A withdrawal stands in the index from the day on which it was sent, and is left out until it is late."""
    since, until = now - FAILED_WINDOW, now + CLOCK_SKEW
    page = store.query(items.failures_query(account_id, since=since, until=until, limit=FAILED_PAGE))
    movements = [movement_from(item) for item in page.items]
    found = [one for one in movements if not one.is_sent_to_bank or is_overdue(one, now, zone)]
    return MovementList(tuple(found[:limit]), more=len(found) > limit or page.next is not None)


def list_refundable(
    store: Store, account_id: str, now: datetime, *, is_eligible: Callable[[Movement], bool], limit: int = SPOKEN_MAX
) -> MovementList:
    """The latest movements of which something could be refunded and no other refund bars it. `is_eligible`: whether the
    rules about a movement allow it. One consistent query over the newest movements of a year; `more` also when there
    are movements that it did not look at."""
    since, until = now - REFUNDABLE_WINDOW, now + CLOCK_SKEW
    page = store.query(items.movements_query(account_id, since=since, until=until, limit=REFUNDABLE_PAGE))
    movements = [movement_from(item) for item in page.items]
    left = [movement for movement in movements if movement.refundable_minor > 0 and not movement.barring_refund_id]
    found = [movement for movement in left if is_eligible(movement)]
    return MovementList(tuple(found[:limit]), more=len(found) > limit or page.next is not None)


def list_movements(
    store: Store, account_id: str, *, status: MovementStatus | None = None, limit: int, after: str | None = None
) -> MovementPage:
    """One page of the account's movements, newest first, behind the one with the sort key `after`.

    With a status it looks at up to LISTED_LOOKED_AT movements for `limit` of them. So a page may be short, or even
    empty, with more to follow. Movements that failed or have an open outcome are found by the index of those that need
    attention, which may lag by a moment.
    """
    looked_at = limit if status is None else LISTED_LOOKED_AT
    query = items.attention_query if status in ALWAYS_NEED_ATTENTION else items.page_query
    # One more than is looked at: a store that has read as many as it may does not know whether there are more.
    page = store.query(query(account_id, after=after, limit=looked_at + 1))
    seen = [movement_from(item) for item in page.items[:looked_at]]
    found = [movement for movement in seen if status in (None, movement.status)]
    more = page.next is not None or len(page.items) > looked_at or len(found) > limit
    found = found[:limit]
    last = found[-1] if len(found) == limit else seen[-1] if seen else None
    return MovementPage(tuple(found), next_after=last.sk if more and last is not None else None)


BILLS_LOOKED_AT = 200
"""How many bills from 90 days back on are looked at for those to read out; more would be more than two a day."""


def list_bills_to_tell(store: Store, account_id: str, now: datetime, zone: tzinfo) -> BillsTold:
    """The bills to read out. `zone`: the account's, in which a due date is a day. One consistent query."""
    today = now.astimezone(zone).date()
    since = today - bills.LATE_TOLD_FOR
    page = store.query(items.bills_query(account_id, since=since, limit=BILLS_LOOKED_AT))
    told = select_bills([items.bill_from(item) for item in page.items], today, zone)
    return replace(told, more=told.more or page.next is not None)


def list_bills(store: Store, account_id: str, *, limit: int, after: str | None = None) -> BillPage:
    """One page of all bills, the latest due date first, behind the one with the sort key `after`."""
    return _page_bills(store, items.bill_page_query(account_id, after=after, limit=limit + 1), limit)


def list_unpaid_bills(store: Store, account_id: str, *, limit: int, after: str | None = None) -> BillPage:
    """One page of the bills that are not paid, the earliest due date first. On an index that may lag by a moment."""
    return _page_bills(store, items.unpaid_query(account_id, after=after, limit=limit + 1), limit)


def _page_bills(store: Store, query: Query, limit: int) -> BillPage:
    page = store.query(query)
    found: list[Bill] = [items.bill_from(item) for item in page.items]
    more = page.next is not None or len(found) > limit
    found = found[:limit]
    return BillPage(tuple(found), next_after=found[-1].sk if more and found else None)


def find(fetch: Fetch, account_id: str, movement_id: str) -> Movement | None:
    """The account's movement with this id; None when it has none. Its ledger knows its key: two reads, one where
    `fetch` has read the ledger before."""
    of_ledger = ledger_items.ledger_key(account_id, movement_id)
    stored = fetch([of_ledger]).get(of_ledger)
    movement_sk = ledger_items.ledger_from(stored).movement_sk if stored is not None else None
    if movement_sk is None:
        return None
    key = movement_key(account_id, movement_sk)
    item = fetch([key]).get(key)
    return movement_from(item) if item is not None else None


def ledgers_of(store: Store, account_id: str, movement_ids: Sequence[str]) -> dict[str, Ledger]:
    """The ledgers of the account's movements with these ids, by id; without those that it does not have. At most ten
    ids, else ValueError. One consistent batch read, none for no id."""
    if len(movement_ids) > LEDGERS_AT_ONCE_MAX:
        raise ValueError("too many ledgers at once")
    keys = dict.fromkeys(ledger_items.ledger_key(account_id, one) for one in movement_ids)
    found = [ledger_items.ledger_from(stored) for stored in (store.batch_get(list(keys)) if keys else {}).values()]
    return {ledger.movement_id: ledger for ledger in found}


def other_keys(movements: Sequence[Movement]) -> set[Key]:
    """The keys to read before `others_in`."""
    return {movement_key(one.ref.account_id, one.ref.twin) for one in movements if one.ref.twin is not None}


def others_in(read: Mapping[Key, Item], movements: Sequence[Movement]) -> Mapping[str, Movement]:
    """The other charge of each of these movements that looks like one that was charged twice. It is found by the sort
    key of the movement, and is what find_twin needs."""
    keys = {one.sk: movement_key(one.ref.account_id, one.ref.twin) for one in movements if one.ref.twin is not None}
    return {sk: movement_from(read[key]) for sk, key in keys.items() if key in read}


def list_by_tail(store: Store, account_id: str, tail: str) -> MovementRefList:
    """The account's movements whose order number ends in the four to six digits, newest first, at most three.

    One consistent query. Raises InvalidInput `order_tail_invalid` for anything but four to six digits.
    """
    if not (ORDER_TAIL_DIGITS_MIN <= len(tail) <= ORDER_TAIL_DIGITS_MAX and tail.isascii() and tail.isdigit()):
        raise InvalidInput(PaymentError.ORDER_TAIL_INVALID)
    page = store.query(items.pointers_query(account_id, tail, limit=POINTERS_PAGE))
    refs = sorted((items.ref_from(item) for item in page.items), key=lambda ref: ref.sk, reverse=True)
    return MovementRefList(tuple(refs[:SPOKEN_MAX]), more=len(refs) > SPOKEN_MAX or page.next is not None)

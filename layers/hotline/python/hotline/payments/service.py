"""The face of payments: folding what the wallet tells about money, finding movements, and telling what happened.

Items: MOVE# (a movement), TAKEN# (its ledger of refunds, found by the movement's id alone), TAIL# (a pointer by an
order number's last digits). Others are BILL#, #FUNDS, #REMINDERS and CODES# (unknown decline
codes). The amount left for refunds is computed in TAKEN# and copied to MOVE# in the same transaction. So a query that
lists movements knows it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, tzinfo

from hotline.accounts.model import Profile
from hotline.contracts.model import AccountErased, BillTold, Fact, FundsTold, MovementTold, RefundTold
from hotline.identity.service import Operation, require
from hotline.kit.change import Change, stale
from hotline.kit.clock import CLOCK_SKEW, from_text
from hotline.kit.errors import InvalidInput, NotPossible
from hotline.kit.money import Money
from hotline.kit.store import Key, Query, Store, hotline_key
from hotline.kit.store.condition import NEW, PRESENT, Compare, Item, Missing, all_of, any_of, equals

from . import bills, folds, funds, items, outcomes, twins
from .answers import MovementAnswer, answer_of
from .bill_due import MESSAGES as REMINDER_MESSAGES
from .bill_due import contribute_reminder, may_remind, remind_again, reminder_keys
from .bill_due import duty_at as bill_duty_at
from .bills import BillsTold, days_until_shown, select_bills, state_of
from .diagnosis import diagnose
from .due import CASE_TOPIC, contribute_due, due_keys, duty_at
from .folds import REFUNDS_PER_MOVEMENT_MAX, with_ledger
from .items import ledger_from, movement_from, movement_key, reminders_key
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
    TakenState,
    Taking,
)
from .reminder_choice import (
    ChangedBy,
    RemindersOutcome,
    SwitchReminders,
    are_on,
    contribute_choice,
    switch_by_reply,
)
from .reminders import first_look
from .twins import Charge, Twin, find_twin
from .unknown_words import (
    Code,
    UnknownCode,
    UnknownWord,
    code_keys,
    contribute_unknown_codes,
    find_unknown_words,
    list_unknown_codes,
)

__all__ = [
    "CASE_TOPIC",
    "REFUNDS_PER_MOVEMENT_MAX",
    "REMINDER_MESSAGES",
    "BillsTold",
    "ChangedBy",
    "Code",
    "MovementAnswer",
    "RemindersOutcome",
    "SwitchReminders",
    "Twin",
    "UnknownCode",
    "UnknownWord",
    "answer_of",
    "are_on",
    "bill_duty_at",
    "bill_from",
    "bill_key_of",
    "changes_reversal",
    "check_amount",
    "code_keys",
    "contribute_choice",
    "contribute_due",
    "contribute_facts",
    "contribute_reminder",
    "contribute_taken_state",
    "contribute_taking",
    "contribute_unknown_codes",
    "days_until_shown",
    "diagnose",
    "due_keys",
    "duty_at",
    "fact_keys",
    "fact_keys_of_groups",
    "fact_version_from",
    "fact_version_item",
    "find",
    "find_income_of_day",
    "find_twin",
    "find_unknown_words",
    "funds_from",
    "funds_key",
    "ledger_from",
    "ledger_key",
    "ledgers_of",
    "list_bills",
    "list_bills_to_tell",
    "list_by_tail",
    "list_failed",
    "list_funds_amounts",
    "list_funds_facts",
    "list_movements",
    "list_refundable",
    "list_unknown_codes",
    "list_unpaid_bills",
    "may_remind",
    "money_from",
    "money_item",
    "movement_from",
    "movement_id_of",
    "movement_key",
    "movement_time",
    "read_twins",
    "refunds_of",
    "remind_again",
    "reminder_keys",
    "reminders_key",
    "reversals",
    "state_of",
    "switch_by_reply",
    "with_ledger",
]  # fmt: skip

ledger_key = items.ledger_key
check_amount = folds.check_amount
money_item, money_from = items.money_item, items.money_from
funds_key, funds_from = items.funds_key, items.funds_from
list_funds_facts = funds.list_facts
list_funds_amounts = funds.list_amounts
bill_from = items.bill_from
find_income_of_day = funds.find_income_of_day
fact_version_item, fact_version_from = items.fact_version_item, items.fact_version_from

LEDGERS_AT_ONCE_MAX = 10
"""How many ledgers are read at once; a call speaks of three refunds."""
SPOKEN_MAX = 3
"""So many are read out; a listener keeps no more in mind."""
REFUNDABLE_PAGE = 50
"""How many of the newest movements are looked at for one that could be refunded; older ones are found by number."""
LISTED_LOOKED_AT = 100
"""How many movements one page of a list by status looks at, at most."""
ALWAYS_NEED_ATTENTION = frozenset({MovementStatus.FAILED, MovementStatus.UNKNOWN})
"""Movements of these statuses are all in the index of what needs attention."""
POINTERS_PAGE = 20
"""How many movements with the same last digits are looked at; with four digits more are unlikely."""


def fact_keys(facts: Sequence[Fact]) -> set[Key]:
    """The keys to read before `contribute_facts`; computed from the facts alone."""
    keys: set[Key] = set()
    for fact in facts:
        account_id = fact.subject
        match fact.data:
            case MovementTold() as told:
                keys.add(movement_key(account_id, folds.movement_sk_of(fact, told)))
                keys.add(ledger_key(account_id, told.movement_id))
                keys |= outcomes.request_keys_of([fact])
                if told.merchant is not None:
                    keys.add(items.group_key(account_id, told.merchant, told.amount))
            case RefundTold() as told:
                keys.add(ledger_key(account_id, told.movement_id))
            case BillTold() as told:
                keys.add(items.bill_key(account_id, told.due_on, told.bill_id))
            case FundsTold() | AccountErased():
                keys.add(items.funds_key(account_id))
            case _:
                pass
    return keys


def fact_keys_of_groups(read: Mapping[Key, Item], facts: Sequence[Fact]) -> set[Key]:
    """The keys to read then: the groups of charges that movements stand in by what was known of them. `read` holds what
    exists of `fact_keys`."""
    found: set[Key] = set()
    for fact in facts:
        if isinstance(fact.data, MovementTold):
            known = read.get(movement_key(fact.subject, folds.movement_sk_of(fact, fact.data)))
            ref = items.ref_from(known) if known is not None else None
            if ref is not None and ref.merchant is not None:
                found.add(items.group_key(fact.subject, ref.merchant, ref.amount))
    return found - fact_keys(facts)


def contribute_facts(
    change: Change, read: Mapping[Key, Item], facts: Sequence[Fact], *, profile: Profile | None = None
) -> None:
    """Fold the facts of one account about money; others are ignored. A fact that changes nothing writes nothing.
    `profile`: the account's as it will be, to tell its owner of outcomes that they wait for; None tells nobody.

    Raises InvalidInput with the fact's id (`fact_id`) for the first fact that makes no sense; the change is then not
    to be committed.
    """
    require(change, Operation.FACTS)
    folded = [_contribute_movement(change, read, about) for about in folds.by_movement(facts).values()]
    moved = [one for one in folded if one is not None]
    twins_of = _contribute_groups(change, read, moved)
    for known_item, known, folded_movement in moved:
        twin = twins_of.get(folded_movement.sk, folded_movement.ref.twin)
        after = replace(folded_movement, ref=replace(folded_movement.ref, twin=twin))
        _write_movement(change, known_item, known, after)
        outcomes.contribute_awaited(change, read, known, after, profile)
    _contribute_bills(change, read, facts)
    _contribute_funds(change, read, facts)


type _Folded = tuple[Item | None, Movement | None, Movement]
"""A movement as it was stored, as it was, and as it is now."""


def _contribute_movement(change: Change, read: Mapping[Key, Item], facts: Sequence[Fact]) -> _Folded | None:
    """Fold the facts about one movement and its refunds, and write its ledger. Gives the movement to be written; None
    where the facts are of refunds alone."""
    account_id = facts[0].subject
    movement_id = folds.movement_id_of(facts[0])
    stored = read.get(ledger_key(account_id, movement_id))
    before = items.ledger_from(stored) if stored else Ledger(account_id, movement_id)
    ledger, movement, known_item = before, None, None
    for fact in facts:
        if isinstance(fact.data, MovementTold):
            sk = folds.movement_sk_of(fact, fact.data)
            if ledger.movement_sk not in (None, sk):
                raise InvalidInput(PaymentError.INITIATED_AT_CHANGED, fact_id=fact.id)
            if movement is None:
                known_item = read.get(movement_key(account_id, sk))
                movement = movement_from(known_item) if known_item else None
            movement = folds.fold_movement(movement, fact, fact.data)
            ledger = folds.fold_ledger_movement(ledger, movement)
    for fact in facts:
        if isinstance(fact.data, RefundTold):
            ledger = folds.fold_ledger_refund(ledger, fact, fact.data)
    change.replace_if_changed(ledger_key(account_id, movement_id), stored, items.ledger_item(ledger))
    if movement is not None:
        known = movement_from(known_item) if known_item else None
        return known_item, known, folds.with_ledger(movement, ledger)
    if ledger.movement_sk is not None and _remainder(ledger) != _remainder(before):
        _copy_left(change, ledger)
    return None


def _contribute_groups(change: Change, read: Mapping[Key, Item], moved: Sequence[_Folded]) -> Mapping[str, str | None]:
    """Put the charges into their groups, and link those of other movements anew. Gives the links of these movements, by
    sort key. A charge that is too old for its group keeps the link that it has."""
    groups: dict[Key, dict[str, Charge]] = {}
    for _, known, after in moved:
        for movement in (known, after):
            if movement is not None and (key := _group_of(movement)) is not None:
                groups.setdefault(key, {one.sk: one for one in items.group_from(read.get(key))}).pop(after.sk, None)
        key = _group_of(after)
        if key is not None and twins.is_charge(after):
            groups[key][after.sk] = items.charge_of(after)
    own = {after.sk for _, _, after in moved}
    found: dict[str, str | None] = {after.sk: None for _, _, after in moved if not twins.is_charge(after)}
    for key, charges in groups.items():
        stored = read.get(key)
        before, kept = items.group_from(stored), twins.newest(charges.values())
        linked, account_id = twins.link(kept), moved[0][2].ref.account_id
        found |= {charge.sk: linked.get(charge.sk) for charge in kept}
        if kept != before:
            if kept:
                change.replace(key, stored, items.group_item(account_id, kept))
            else:
                change.delete(key, condition=equals("rev", int(stored["rev"])) if stored is not None else NEW)
            earlier = twins.link(before)
            for charge in kept:
                if charge.sk not in own and linked.get(charge.sk) != earlier.get(charge.sk):
                    _link_other(change, account_id, charge, linked.get(charge.sk))
    return found


def _group_of(movement: Movement) -> Key | None:
    ref = movement.ref
    return items.group_key(ref.account_id, ref.merchant, ref.amount) if ref.merchant is not None else None


def _link_other(change: Change, account_id: str, charge: Charge, twin: str | None) -> None:
    """Note the link of a charge that this change does not write: on the movement, and on its pointer."""
    put, gone = ({"twin": twin}, ()) if twin is not None else ({}, ("twin",))
    change.update(movement_key(account_id, charge.sk), set=put, remove=gone, add={"rev": 1}, condition=PRESENT)
    if charge.pointer is not None:
        change.update(
            hotline_key(items.account_pk(account_id), charge.pointer), set=put, remove=gone, condition=PRESENT
        )


def reversals(read: Mapping[Key, Item], facts: Sequence[Fact]) -> dict[str, bool]:
    """For each movement that the facts of one account tell of, or whose refunds they tell of: whether it is reversed,
    after all of them. `read` holds what exists of `fact_keys`."""
    found: dict[str, bool] = {}
    for movement_id, about in folds.by_movement(facts).items():
        movement = None
        stored = read.get(ledger_key(about[0].subject, movement_id))
        found[movement_id] = stored is not None and items.ledger_from(stored).reversed
        for fact in about:
            if isinstance(fact.data, MovementTold):
                if movement is None:
                    known = read.get(movement_key(fact.subject, folds.movement_sk_of(fact, fact.data)))
                    movement = movement_from(known) if known else None
                movement = folds.fold_movement(movement, fact, fact.data)
        if movement is not None:
            found[movement.movement_id] = movement.status is MovementStatus.REVERSED
    return found


def changes_reversal(read: Mapping[Key, Item], fact: Fact, told: MovementTold) -> bool:
    """Whether a fact tells otherwise than the ledger, as it was read, whether the movement is reversed."""
    stored = read.get(ledger_key(fact.subject, told.movement_id))
    return stored is not None and items.ledger_from(stored).reversed != (told.status is MovementStatus.REVERSED)


def refunds_of(read: Mapping[Key, Item], account_id: str, movement_id: str) -> tuple[str, ...]:
    """The refunds of a movement, by its ledger as it was read."""
    stored = read.get(ledger_key(account_id, movement_id))
    return tuple(sorted(items.ledger_from(stored).takings)) if stored is not None else ()


def _remainder(ledger: Ledger) -> tuple[int, str | None, bool, int, int]:
    counted = ledger.refund_count, ledger.given_back_minor
    return ledger.refundable_minor, ledger.open_refund_id, ledger.mixed_currencies, *counted


def _write_movement(change: Change, known_item: Item | None, known: Movement | None, movement: Movement) -> None:
    key = movement_key(movement.ref.account_id, movement.sk)
    change.replace_if_changed(key, known_item, items.movement_item(movement))
    old_key = items.pointer_key(known) if known else None
    new_key = items.pointer_key(movement)
    if old_key is not None and old_key != new_key:
        change.delete(old_key, condition=PRESENT)
    if new_key is not None and (old_key != new_key or known is None or known.ref != movement.ref):
        condition = any_of(NEW, equals("movement_id", movement.movement_id))
        change.put(new_key, items.ref_item(movement.ref), condition=condition)


def _copy_left(change: Change, ledger: Ledger) -> None:
    """Copy what is left to the movement. No condition on what it was: the ledger's own write carries it."""
    assert ledger.movement_sk is not None  # noqa: S101 - the caller has looked
    key = movement_key(ledger.account_id, ledger.movement_sk)
    kept: dict[str, int | str | bool | None] = {
        "refundable_minor": ledger.refundable_minor,
        "open_refund_id": ledger.open_refund_id,
        "mixed_currencies": ledger.mixed_currencies or None,
        "refund_count": ledger.refund_count or None,
        "given_back_minor": ledger.given_back_minor or None,
    }
    known = {name: value for name, value in kept.items() if value is not None}
    gone = tuple(name for name in kept if name not in known)
    change.update(key, set=known, remove=gone, add={"rev": 1}, condition=PRESENT)


def _contribute_bills(change: Change, read: Mapping[Key, Item], facts: Sequence[Fact]) -> None:
    about: dict[Key, list[tuple[Fact, BillTold]]] = {}
    for fact in facts:
        if isinstance(fact.data, BillTold):
            key = items.bill_key(fact.subject, fact.data.due_on, fact.data.bill_id)
            about.setdefault(key, []).append((fact, fact.data))
    for key, told in about.items():
        stored = read.get(key)
        bill = items.bill_from(stored) if stored else None
        for fact, data in told:
            bill = folds.fold_bill(bill, fact, data)
        if bill is not None:
            change.replace_if_changed(key, stored, items.bill_item(bill, look_at=_look_at(bill, stored)))


def _look_at(bill: Bill, stored: Item | None) -> datetime | None:
    """When to look at a bill for its reminders: as it stands, or at first by its due date alone."""
    at = items.look_at_from(stored) if stored is not None else None
    return at or first_look(bill.account_id, bill.due_on, bill.reminded)


def _contribute_funds(change: Change, read: Mapping[Key, Item], facts: Sequence[Fact]) -> None:
    told = [(fact, fact.data) for fact in facts if isinstance(fact.data, FundsTold)]
    erased = [fact for fact in facts if isinstance(fact.data, AccountErased)]
    if erased:
        key = items.funds_key(erased[0].subject)
        if key in read:
            change.delete(key, condition=equals("rev", int(read[key]["rev"])))
        return
    if told:
        key = items.funds_key(told[0][0].subject)
        stored = read.get(key)
        known = items.funds_from(stored) if stored else None
        for fact, data in told:
            known = folds.fold_funds(known, fact, data)
        if known is not None:
            change.replace_if_changed(key, stored, items.funds_item(known))


def contribute_taking(
    change: Change, *, movement: Movement, ledger: Ledger, ledger_item: Item, refund_id: str, amount: Money
) -> None:
    """Take a refund's amount from a movement and record it in its ledger. The conditions are that so much is left and
    that no other refund is under way. `ledger_item`: the ledger as it was read. Raises NeedProof; at commit Stale when
    another request was quicker."""
    require(change, Operation.REFUND, movement.ref.account_id)
    if amount.currency != ledger.currency or not 0 < amount.minor <= ledger.refundable_minor:
        raise NotPossible(PaymentError.NOT_REFUNDABLE, refund_id=refund_id)
    if len(ledger.takings) >= REFUNDS_PER_MOVEMENT_MAX:
        raise NotPossible(PaymentError.TOO_MANY_REFUNDS, refund_id=refund_id)
    taken = {**ledger.takings, refund_id: Taking(amount, TakenState.OPEN, None)}
    change.replace(
        ledger_key(ledger.account_id, ledger.movement_id),
        ledger_item,
        items.ledger_item(replace(ledger, takings=taken)),
    )
    change.update(
        movement_key(movement.ref.account_id, movement.sk),
        set={"open_refund_id": refund_id},
        add={"refundable_minor": -amount.minor, "refund_count": 1, "rev": 1},
        condition=all_of(Compare("refundable_minor", ">=", amount.minor), Missing("open_refund_id")),
        failed=stale,
    )


def contribute_taken_state(
    change: Change, *, ledger: Ledger, ledger_item: Item, refund_id: str, state: TakenState
) -> None:
    """Give back what a refund took from a movement (VOID), or take it again and hold it (OPEN). `ledger_item`: the
    ledger as it was read. Raises NotPossible `not_refundable` when so much is not left, or another refund is under way.
    At commit Stale when somebody else wrote in between."""
    known = ledger.takings.get(refund_id)
    if known is None or known.state is state:
        return
    if state is TakenState.OPEN and (ledger.open_refund_id or known.amount.minor > ledger.refundable_minor):
        raise NotPossible(PaymentError.NOT_REFUNDABLE, refund_id=refund_id)
    held = state is TakenState.OPEN
    after = replace(ledger, takings={**ledger.takings, refund_id: replace(known, state=state, held=held)})
    change.replace(ledger_key(ledger.account_id, ledger.movement_id), ledger_item, items.ledger_item(after))
    if after.movement_sk is not None:
        _copy_left(change, after)


def movement_id_of(movement_sk: str) -> str:
    """The movement's id from its sort key. Raises InvalidInput for anything else."""
    parts = movement_sk.split("#", 2)
    if len(parts) != 3 or parts[0] != "MOVE" or not parts[2]:
        raise InvalidInput(PaymentError.NO_MOVEMENT_KEY)
    return parts[2]


def bill_key_of(account_id: str, bill_sk: str) -> Key | None:
    """The key of a bill by its sort key; None for anything else."""
    kind, _, rest = bill_sk.partition("#")
    due_on, _, bill_id = rest.partition("#")
    return items.bill_key(account_id, due_on, bill_id) if kind == "BILL" and due_on and bill_id else None


def movement_time(movement_sk: str) -> datetime:
    """When the movement was begun, from its sort key. Raises InvalidInput for anything else."""
    movement_id_of(movement_sk)
    return from_text(movement_sk.split("#", 2)[1])


def list_failed(store: Store, account_id: str, now: datetime, limit: int = SPOKEN_MAX) -> MovementList:
    """The latest movements that need attention, of 90 days. One query, on an index that may lag by a moment."""
    since, until = now - FAILED_WINDOW, now + CLOCK_SKEW
    page = store.query(items.failures_query(account_id, since=since, until=until, limit=limit + 1))
    found = [movement_from(item) for item in page.items]
    return MovementList(tuple(found[:limit]), more=len(found) > limit)


def list_refundable(store: Store, account_id: str, now: datetime, limit: int = SPOKEN_MAX) -> MovementList:
    """The latest movements of which something could be refunded and no refund is under way. One consistent query over
    the newest movements of a year; `more` also when there are movements that it did not look at."""
    since, until = now - REFUNDABLE_WINDOW, now + CLOCK_SKEW
    page = store.query(items.movements_query(account_id, since=since, until=until, limit=REFUNDABLE_PAGE))
    movements = [movement_from(item) for item in page.items]
    found = [movement for movement in movements if movement.refundable_minor > 0 and movement.open_refund_id is None]
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


def find(store: Store, account_id: str, movement_id: str) -> Movement | None:
    """The account's movement with this id; None when it has none. Two consistent reads: its ledger knows its key."""
    key = ledger_key(account_id, movement_id)
    stored = store.get(key)
    movement_sk = items.ledger_from(stored).movement_sk if stored is not None else None
    item = store.get(movement_key(account_id, movement_sk)) if movement_sk is not None else None
    return movement_from(item) if item is not None else None


def ledgers_of(store: Store, account_id: str, movement_ids: Sequence[str]) -> dict[str, Ledger]:
    """The ledgers of the account's movements with these ids, by id; without those that it does not have. At most ten
    ids, else ValueError. One consistent batch read, none for no id."""
    if len(movement_ids) > LEDGERS_AT_ONCE_MAX:
        raise ValueError("too many ledgers at once")
    keys = dict.fromkeys(ledger_key(account_id, one) for one in movement_ids)
    found = [items.ledger_from(stored) for stored in (store.batch_get(list(keys)) if keys else {}).values()]
    return {ledger.movement_id: ledger for ledger in found}


def read_twins(store: Store, movements: Sequence[Movement]) -> Mapping[str, Twin]:
    """The other charge of each of these movements that was charged twice, by the sort key of the movement. One read, of
    as many items as there are such movements; none without any."""
    keys = {one.sk: movement_key(one.ref.account_id, one.ref.twin) for one in movements if one.ref.twin is not None}
    read = store.batch_get(sorted(set(keys.values()), key=lambda key: key.sk or "")) if keys else {}
    found: dict[str, Twin] = {}
    for one in movements:
        stored = read.get(keys[one.sk]) if one.sk in keys else None
        twin = find_twin(one, movement_from(stored)) if stored is not None else None
        if twin is not None:
            found[one.sk] = twin
    return found


def list_by_tail(store: Store, account_id: str, tail: str) -> MovementRefList:
    """The account's movements whose order number ends in the four to six digits, newest first, at most three.

    One consistent query. Raises InvalidInput `order_tail_invalid` for anything but four to six digits.
    """
    if not (ORDER_TAIL_DIGITS_MIN <= len(tail) <= ORDER_TAIL_DIGITS_MAX and tail.isascii() and tail.isdigit()):
        raise InvalidInput(PaymentError.ORDER_TAIL_INVALID)
    page = store.query(items.pointers_query(account_id, tail, limit=POINTERS_PAGE))
    refs = sorted((items.ref_from(item) for item in page.items), key=lambda ref: ref.sk, reverse=True)
    return MovementRefList(tuple(refs[:SPOKEN_MAX]), more=len(refs) > SPOKEN_MAX or page.next is not None)

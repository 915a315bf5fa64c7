"""Taking in the facts about money: movements with their ledgers and pointers, bills, funds, in one change."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from hotline.accounts.model import Profile
from hotline.contracts.model import AccountErased, BillTold, Fact, FactVersion, FundsTold, MovementTold, RefundTold
from hotline.identity.service import Operation, require
from hotline.kit.change import Change
from hotline.kit.errors import InvalidInput
from hotline.kit.store import Key, hotline_key
from hotline.kit.store.condition import NEW, PRESENT, Item, any_of, equals

from . import folds, items, ledger_items, outcomes, twins
from .items import movement_from, movement_key
from .model import (
    Bill,
    Ledger,
    Movement,
    MovementStatus,
    PaymentError,
)
from .reminders import first_look
from .twins import Charge


def fact_keys(facts: Sequence[Fact]) -> set[Key]:
    """The keys to read before `contribute_facts`; computed from the facts alone."""
    keys: set[Key] = set()
    for fact in facts:
        account_id = fact.subject
        match fact.data:
            case MovementTold() as told:
                keys.add(movement_key(account_id, folds.movement_sk_of(fact, told)))
                keys.add(ledger_items.ledger_key(account_id, told.movement_id))
                keys |= outcomes.request_keys_of([fact])
                if told.merchant is not None:
                    keys.add(items.group_key(account_id, told.merchant, told.amount))
            case RefundTold() as told:
                keys.add(ledger_items.ledger_key(account_id, told.movement_id))
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


type FindParty = Callable[[MovementTold], str | None]
"""Gives the keyed hash of who gets the money of a movement, None of one that goes to nobody."""


def contribute_facts(
    change: Change,
    read: Mapping[Key, Item],
    facts: Sequence[Fact],
    *,
    profile: Profile | None = None,
    find_party: FindParty | None = None,
) -> None:
    """Fold the facts of one account about money; others are ignored. A fact that changes nothing writes nothing.
    `profile`: the account's as it will be, to tell its owner of outcomes that they wait for; None tells nobody.
    `find_party`: the ledgers keep whom it gives, see `parties_of_movements`.

    Raises InvalidInput with the fact's id (`fact_id`) for the first fact that makes no sense; the change is then not
    to be committed.
    """
    require(change, Operation.FACTS)
    folded = [_contribute_movement(change, read, about, find_party) for about in folds.by_movement(facts).values()]
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


def _contribute_movement(
    change: Change, read: Mapping[Key, Item], facts: Sequence[Fact], find_party: FindParty | None
) -> _Folded | None:
    """Fold the facts about one movement and its refunds, and write its ledger. Gives the movement to be written; None
    where the facts are of refunds alone."""
    account_id = facts[0].subject
    movement_id = folds.movement_id_of(facts[0])
    stored = read.get(ledger_items.ledger_key(account_id, movement_id))
    before = ledger_items.ledger_from(stored) if stored else Ledger(account_id, movement_id)
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
            party = find_party(fact.data) if find_party is not None else None
            if party is not None:
                ledger = folds.fold_ledger_party(ledger, party, FactVersion.of(fact, fact.data.version))
    for fact in facts:
        if isinstance(fact.data, RefundTold):
            ledger = folds.fold_ledger_refund(ledger, fact, fact.data)
    change.replace_if_changed(
        ledger_items.ledger_key(account_id, movement_id), stored, ledger_items.ledger_item(ledger)
    )
    if movement is not None:
        known = movement_from(known_item) if known_item else None
        return known_item, known, folds.with_ledger(movement, ledger)
    if ledger.movement_sk is not None and _remainder(ledger) != _remainder(before):
        copy_left(change, ledger)
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
        stored = read.get(ledger_items.ledger_key(about[0].subject, movement_id))
        found[movement_id] = stored is not None and ledger_items.ledger_from(stored).reversed
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
    stored = read.get(ledger_items.ledger_key(fact.subject, told.movement_id))
    return stored is not None and ledger_items.ledger_from(stored).reversed != (told.status is MovementStatus.REVERSED)


def party_keys(movements: Iterable[tuple[str, str]]) -> tuple[Key, ...]:
    """The keys to read before `parties_of_movements`. `movements`: each an account and the id of one of its own."""
    return tuple(ledger_items.ledger_key(*one) for one in dict.fromkeys(movements))


def parties_of_movements(
    read: Mapping[Key, Item], movements: Iterable[tuple[str, str]]
) -> Mapping[tuple[str, str], str]:
    """The keyed hash of who got the money of each movement of which that is known. Releases that kept none have left
    ledgers without it."""
    stored = {one: read.get(ledger_items.ledger_key(*one), {}).get("party") for one in movements}
    return {one: party for one, party in stored.items() if party is not None}


def refunds_of(read: Mapping[Key, Item], account_id: str, movement_id: str) -> tuple[str, ...]:
    """The refunds of a movement, by its ledger as it was read."""
    stored = read.get(ledger_items.ledger_key(account_id, movement_id))
    return tuple(sorted(ledger_items.ledger_from(stored).takings)) if stored is not None else ()


def _remainder(ledger: Ledger) -> Mapping[str, int | str | bool | None]:
    """The part of its ledger that a movement repeats, by the attribute of its item. None stands for no attribute."""
    return {
        "refundable_minor": ledger.refundable_minor,
        "open_refund_id": ledger.open_refund_id,
        "unpaid_refund_id": ledger.unpaid_refund_id,
        "mixed_currencies": ledger.mixed_currencies or None,
        "refund_count": ledger.refund_count or None,
        "given_back_minor": ledger.given_back_minor or None,
    }


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


def copy_left(change: Change, ledger: Ledger) -> None:
    """Copy what is left to the movement. No condition on what it was: the ledger's own write carries it."""
    assert ledger.movement_sk is not None  # noqa: S101 - the caller has looked
    key = movement_key(ledger.account_id, ledger.movement_sk)
    kept = _remainder(ledger)
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
    """The time to look at a bill for its reminders: as it stands, or at first by its due date alone."""
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

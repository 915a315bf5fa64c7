"""The ledger of a movement as a stored item: `ACCOUNT#<account>`, `TAKEN#<movement>`."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, TypedDict

from hotline.contracts.model import FactVersion
from hotline.kit.clock import from_text, to_text
from hotline.kit.due import due_attributes
from hotline.kit.retention import record_end
from hotline.kit.store import Key, hotline_key
from hotline.kit.store.condition import Item

from .items import account_pk, fact_version_from, fact_version_item, money_from, money_item, without_none
from .ledger import Ledger, TakenState, Taking


def ledger_key(account_id: str, movement_id: str) -> Key:
    """The key of a movement's ledger of takings."""
    return hotline_key(account_pk(account_id), f"TAKEN#{movement_id}")


def ledger_item(ledger: Ledger) -> Item:
    """A ledger as stored; it ends with the movement, or with the last that was heard of a refund of it. One whose
    currencies differ falls due at once, until people were told."""
    takings = {refund_id: _taking_item(taking) for refund_id, taking in ledger.takings.items()}
    item: Item = {"account_id": ledger.account_id, "movement_id": ledger.movement_id, "takings": takings}
    item["captured_minor"] = ledger.captured_minor
    heard_of = [taking.fact_version.time for taking in ledger.takings.values() if taking.fact_version is not None]
    if ledger.movement_sk is not None:
        heard_of.append(from_text(ledger.movement_sk.split("#", 2)[1]))
    item |= record_end(max(heard_of)) if heard_of else {}
    if ledger.mixed_currencies and not ledger.looked_at:
        item |= due_attributes(ledger.movement_id, max(heard_of))
    own: Item = {"movement_sk": ledger.movement_sk, "currency": ledger.currency, "looked_at": ledger.looked_at or None}
    own |= {"merchant_name": ledger.merchant_name, "reversed": ledger.reversed or None}
    if ledger.party_told is not None:
        own |= {"party": ledger.party, "party_told": fact_version_item(ledger.party_told)}
    return item | without_none(own)


def ledger_from(item: Mapping[str, Any]) -> Ledger:
    """The ledger of a stored item."""
    return Ledger(
        account_id=item["account_id"],
        movement_id=item["movement_id"],
        movement_sk=item.get("movement_sk"),
        currency=item.get("currency"),
        captured_minor=int(item["captured_minor"]),
        takings={refund_id: _taking_from(taking) for refund_id, taking in item["takings"].items()},
        looked_at=bool(item.get("looked_at", False)),
        merchant_name=item.get("merchant_name"),
        reversed=bool(item.get("reversed", False)),
        party=item.get("party"),
        party_told=fact_version_from(item["party_told"]) if "party_told" in item else None,
    )


def _taking_item(taking: Taking) -> Item:
    """A taking as stored, without what follows from its state and last fact (_told_from): a ledger holds many."""
    item: Item = {"amount": money_item(taking.amount), "state": taking.state.value}
    item |= {"order": fact_version_item(taking.fact_version)} if taking.fact_version else {}
    marks = {"held": taking.held, "asked_here": taking.asked_here, "ended": taking.ended}
    item |= {name: True for name, is_set in marks.items() if is_set}
    item |= {"as_duplicate": taking.as_duplicate} if taking.as_duplicate is not None else {}
    follows = _told_from(item)
    if taking.begun_at is not None and taking.begun_at != follows["begun_at"]:
        item["begun_at"] = to_text(taking.begun_at)
    if taking.moved is not None and taking.moved != follows["moved"]:
        item["moved"] = fact_version_item(taking.moved)
    if taking.unpaid_at is not None and taking.unpaid_at != follows["unpaid_at"]:
        item["unpaid_at"] = to_text(taking.unpaid_at)
    return item


def _taking_from(item: Mapping[str, Any]) -> Taking:
    fact_version = fact_version_from(item["order"]) if "order" in item else None
    state, held = TakenState(item["state"]), bool(item.get("held", False))
    # Takings were stored without these marks once. One of which the wallet told nothing was always asked for here, and
    # only people can have ended it.
    is_untold = fact_version is None
    return Taking(
        money_from(item["amount"]),
        state,
        fact_version,
        held=held,
        asked_here=bool(item.get("asked_here", held or is_untold)),
        ended=bool(item.get("ended", is_untold and not state.takes)),
        as_duplicate=item.get("as_duplicate"),
        **_told_from(item),
    )


class _Told(TypedDict):
    """The fields of a taking about when its money moved."""

    begun_at: datetime | None
    moved: FactVersion | None
    unpaid_at: datetime | None


def _told_from(item: Mapping[str, Any]) -> _Told:
    """The time at which the money of a stored taking moved: as stored, or as the last fact alone tells."""
    last = fact_version_from(item["order"]) if "order" in item else None
    moves = TakenState(item["state"]).takes and not item.get("held", False)
    at = last.time if last is not None else None
    return {
        "begun_at": from_text(item["begun_at"]) if "begun_at" in item else at if moves else None,
        "moved": fact_version_from(item["moved"]) if "moved" in item else last if moves else None,
        "unpaid_at": from_text(item["unpaid_at"]) if "unpaid_at" in item else None if moves else at,
    }

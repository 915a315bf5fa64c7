"""The other charge of what looks like one purchase, as a request for a refund finds it."""

from __future__ import annotations

from collections.abc import Mapping

from hotline.kit.change.acts import decode_once
from hotline.kit.store import Key
from hotline.kit.store.condition import Item
from hotline.payments import service as payments
from hotline.payments.model import Ledger, Movement

from .model import OtherCharge


def pair_keys(account_id: str, twin: str) -> set[Key]:
    """The keys to read before `find_other_charge`. `twin`: the sort key of the other charge."""
    return {
        payments.movement_key(account_id, twin),
        payments.ledger_key(account_id, payments.movement_id_of(twin)),
    }


def find_other_charge(read: Mapping[Key, Item], movement: Movement) -> OtherCharge | None:
    """The other charge, as the wallet's records show it; None where the movement has none. `read` holds what exists of
    `pair_keys`."""
    if movement.ref.twin is None:
        return None
    account_id = movement.ref.account_id
    key = payments.movement_key(account_id, movement.ref.twin)
    if key not in read:
        return OtherCharge.UNREAD
    other = decode_once(read, key, payments.movement_from)
    twin = payments.find_twin(movement, other)
    if twin is None or other is None:
        return None
    if twin.state is not payments.TwinState.CHARGED:
        ledger_key = payments.ledger_key(account_id, other.movement_id)
        return _why_refunded(other, decode_once(read, ledger_key, payments.ledger_from))
    if twin.may_be_refunded:
        return OtherCharge.EARLIER
    return OtherCharge.LATER if twin.this_stands else OtherCharge.WHOLE


def _why_refunded(other: Movement, ledger: Ledger | None) -> OtherCharge:
    """A charge that was reversed, or that the wallet refunds by itself, may have been charged twice."""
    takings = ledger.takings.values() if ledger is not None and other.captured_minor > 0 else ()
    reasons = {one.as_duplicate for one in takings if one.state.takes or one.is_unpaid}
    return OtherCharge.REFUNDED_OTHERWISE if reasons == {False} else OtherCharge.REFUNDED

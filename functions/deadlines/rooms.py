"""Which room handles an item that falls due. The item's key alone says it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial

from hotline.kit.change import Change
from hotline.kit.condition import Item
from hotline.kit.due import Done
from hotline.kit.store import Key
from hotline.lockout import service as lockout
from hotline.refunds import service as refunds


@dataclass(frozen=True, slots=True)
class Duty:
    """What is to be done about one item: `keys` must be read, then `contribute` adds the writes. `rule` is the actor's
    in the audit trail."""

    account_id: str
    rule: str
    keys: frozenset[Key]
    contribute: Callable[[Change, Mapping[Key, Item]], tuple[Done, ...]]


def duty_of(key: Key) -> Duty | None:
    """The duty that an item's key names; None when no room has items of this kind with dates."""
    account_id = key.pk.removeprefix("ACCOUNT#")
    match (key.sk or "").split("#"):
        case ["", "LOCK"]:
            keys = frozenset(lockout.due_keys(account_id))
            return Duty(account_id, "lock", keys, partial(lockout.contribute_due, account_id=account_id))
        case ["REFUND", refund_id]:
            keys = frozenset(refunds.due_keys(account_id, refund_id))
            contribute = partial(refunds.contribute_due, account_id=account_id, refund_id=refund_id)
            return Duty(account_id, "refund", keys, contribute)
        case _:
            return None

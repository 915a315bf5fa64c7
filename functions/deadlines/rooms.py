"""Which room handles an item that falls due. The item's key alone says it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial

from hotline.erasure import service as erasure
from hotline.kit.change import Change
from hotline.kit.condition import Item
from hotline.kit.due import Done
from hotline.kit.store import Key, Store
from hotline.lockout import service as lockout
from hotline.payments import service as payments
from hotline.refunds import service as refunds


@dataclass(frozen=True, slots=True)
class Duty:
    """What is to be done about one item: `keys` must be read, then `contribute` adds the writes. `rule` is the actor's
    in the audit trail. `look` reads where no keys tell beforehand; `rounds`: how often in a row there may be more of it
    to do than one transaction holds."""

    account_id: str
    rule: str
    keys: frozenset[Key]
    contribute: Callable[[Change, Mapping[Key, Item]], tuple[Done, ...]]
    look: Callable[[Store], Mapping[Key, Item]] | None = None
    rounds: int = 1

    def read(self, store: Store) -> Mapping[Key, Item]:
        """What `contribute` needs, as it is now."""
        if self.look is not None:
            return self.look(store)
        return store.batch_get(sorted(self.keys, key=lambda key: (key.pk, key.sk or "")))


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
        case ["TAKEN", movement_id]:
            keys = frozenset(payments.due_keys(account_id, movement_id))
            contribute = partial(payments.contribute_due, account_id=account_id, movement_id=movement_id)
            return Duty(account_id, "currencies", keys, contribute)
        case ["", "ERASURE"]:
            contribute = partial(erasure.contribute_due, account_id=account_id)
            look = partial(erasure.look, account_id=account_id)
            return Duty(account_id, "erasure", frozenset(), contribute, look, erasure.ROUNDS)
        case _:
            return None

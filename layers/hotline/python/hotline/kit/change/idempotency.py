"""Requests that are known by a key of their own (the Idempotency-Key of an API): made once, answered alike afterwards.

The record is written in the transaction that does what was asked, so that there is either both or neither. It holds the
status, the id of the object that was made and a keyed hash of the body. It never holds the body. Of the answer it holds
closed words, ids and dates alone. All else is put together anew from that object.

    PK KEY#<scope>#<hash> · SK KEY · status · made_id · fingerprint (`version:hash`) · told · expires_at_epoch_s
"""

from __future__ import annotations

import hmac
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from hotline.kit.clock import epoch_s
from hotline.kit.ids import derive_id
from hotline.kit.keyring import Keyring
from hotline.kit.store import TTL_ATTRIBUTE, Key, hotline_key

from . import Change, Failure


@dataclass(frozen=True, slots=True)
class Remembered:
    """A request that was made before: its status and the id of what it made. `told`: the closed words, ids and dates
    of its answer that are told again."""

    status: int
    made_id: str
    fingerprint: str
    told: Mapping[str, str] = field(default_factory=dict)


def request_key(scope: str, *parts: str) -> Key:
    """The key under which a request is remembered. `scope` is a short word; the parts say whose key it is, and
    which."""
    return hotline_key(f"KEY#{scope}#{derive_id('key', *parts)}", "KEY")


def fingerprint(keyring: Keyring, body: str) -> str:
    """A keyed hash of a request's body in its canonical form, with the version of its key."""
    return _fingerprint(keyring, keyring.current, body)


def _fingerprint(keyring: Keyring, version: str, body: str) -> str:
    return f"{version}:{keyring.mac_text(version, 'body', body)}"


def is_of(remembered: Remembered, keyring: Keyring, body: str) -> bool:
    """Whether a remembered request had this body. Raises Unavailable when the key of its hash has been retired."""
    version = remembered.fingerprint.partition(":")[0]
    return hmac.compare_digest(remembered.fingerprint, _fingerprint(keyring, version, body))


def request_from(item: Mapping[str, Any] | None) -> Remembered | None:
    """The remembered request of a stored item."""
    if item is None:
        return None
    return Remembered(int(item["status"]), item["made_id"], item["fingerprint"], dict(item.get("told", {})))


@dataclass(frozen=True, slots=True)
class Memory:
    """A request to be remembered under a key for a time, in the change that does what it asks for."""

    key: Key
    request: Remembered
    life: timedelta

    def keep(self, change: Change, *, failed: Failure, told: Mapping[str, str] | None = None) -> None:
        """Remember the request and what of its answer is `told` again, unless somebody else has one under this key;
        then `failed` gives the error."""
        known = self.request
        item: dict[str, Any] = {"status": known.status, "made_id": known.made_id, "fingerprint": known.fingerprint}
        item |= {"told": dict(told)} if told else {}
        change.create(self.key, item | {TTL_ATTRIBUTE: epoch_s(change.now + self.life)}, failed=failed)

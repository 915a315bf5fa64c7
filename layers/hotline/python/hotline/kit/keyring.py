"""Versioned secret keys and keyed hashes.

A secret is a JSON object {"current": "2", "1": "...", "2": "..."}: the current version writes, every version present
reads. Keys are fetched on first use, kept at most five minutes, and never loaded at import (SnapStart
would freeze them).
"""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from hotline.kit.errors import KitError

from .clock import Clock
from .errors import Unavailable

KEY_CACHE_LIFE = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class Keyring:
    """Keys by version, and the version that writes."""

    current: str
    keys: dict[str, bytes] = field(repr=False)
    _begun: dict[str, hmac.HMAC] = field(init=False, default_factory=dict, repr=False, compare=False)
    """Of each version a hash that has taken in the key alone: a copy of it is quicker than a new one."""

    def versions(self) -> tuple[str, ...]:
        """All readable versions, the current one first."""
        return (self.current, *sorted(version for version in self.keys if version != self.current))

    def mac(self, version: str, *parts: str) -> bytes:
        """HMAC-SHA256 over the length-prefixed parts. Raises Unavailable for a version that has been retired."""
        begun = self._begun.get(version)
        if begun is None:
            if version not in self.keys:
                raise Unavailable(KitError.KEY_VERSION_RETIRED)
            begun = self._begun[version] = hmac.new(self.keys[version], digestmod=hashlib.sha256)
        pieces: list[bytes] = []
        for part in parts:
            raw = part.encode()
            pieces += (len(raw).to_bytes(4, "big"), raw)
        digest = begun.copy()
        digest.update(b"".join(pieces))
        return digest.digest()

    def mac_text(self, version: str, *parts: str) -> str:
        return self.mac(version, *parts).hex()[:32]


def parse_keyring(secret: str) -> Keyring:
    """A keyring from the secret's JSON text. Raises Unavailable when it is not one; the text is never repeated."""
    try:
        document = json.loads(secret)
        current = document.pop("current")
        keys = {str(version): str(value).encode() for version, value in document.items()}
    except (ValueError, KeyError, AttributeError, TypeError):
        raise Unavailable(KitError.KEYRING_MALFORMED) from None
    if not isinstance(current, str) or current not in keys or any(len(key) < 32 for key in keys.values()):
        raise Unavailable(KitError.KEYRING_MALFORMED)
    return Keyring(current, keys)


class CachedKeyring:
    """A keyring behind a loader, fetched on first use and again when older than five minutes."""

    def __init__(self, load: Callable[[], str], clock: Clock) -> None:
        self._load = load
        self._clock = clock
        self._loaded: tuple[datetime, Keyring] | None = None

    def get(self) -> Keyring:
        now = self._clock.now()
        if self._loaded is None or now - self._loaded[0] >= KEY_CACHE_LIFE:
            self._loaded = (now, parse_keyring(self._load()))
        return self._loaded[1]

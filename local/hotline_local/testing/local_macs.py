"""Keyed hashes without a key service."""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass, field

from hotline.kit.aws.macs import message_of


@dataclass(frozen=True, slots=True)
class LocalMacs:
    """A `hotline.kit.aws.macs.Macs` with a key in this process, where there is nothing to protect."""

    key: bytes = field(repr=False)

    def mac(self, *parts: str) -> bytes:
        return hmac.new(self.key, message_of(*parts), hashlib.sha256).digest()

"""Keyed hashes that a key service computes, so that the key never leaves it. They are for secrets so short that an
owner of hash and key could try them all.

The rooms take a `Macs`; `KmsMacs` asks AWS KMS, whose key cannot be read by anybody. The SDK is imported when the first
one is asked for.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Final, Protocol

from hotline.kit.config import patience_s
from hotline.kit.errors import KitError, Unavailable

if TYPE_CHECKING:
    from mypy_boto3_kms import KMSClient

ALGORITHM: Final = "HMAC_SHA_256"
TIMEOUT_S: Final = 1.0
ATTEMPTS: Final = 2
"""A phone step waits four seconds at most, of the seven that it has."""


class Macs(Protocol):
    """The source of keyed hashes."""

    def mac(self, *parts: str) -> bytes:
        """The hash of the length-prefixed parts. Raises Unavailable when the key service does not answer."""
        ...


def message_of(*parts: str) -> bytes:
    """The parts as one message; no two lists of parts are the same message."""
    raws = [part.encode() for part in parts]
    return b"".join(len(raw).to_bytes(4, "big") + raw for raw in raws)


@dataclass
class KmsMacs:
    """Hashes by an HMAC key of AWS KMS, by the key's id."""

    key_id: str

    @cached_property
    def _client(self) -> KMSClient:
        import boto3
        from botocore.config import Config

        retries = Config(
            connect_timeout=TIMEOUT_S,
            read_timeout=patience_s(TIMEOUT_S),
            retries={"mode": "standard", "total_max_attempts": ATTEMPTS},
        )
        return boto3.client("kms", config=retries)

    def mac(self, *parts: str) -> bytes:
        from botocore.exceptions import BotoCoreError, ClientError

        try:
            answer = self._client.generate_mac(KeyId=self.key_id, MacAlgorithm=ALGORITHM, Message=message_of(*parts))
        except (ClientError, BotoCoreError):
            raise Unavailable(KitError.MAC_UNAVAILABLE) from None
        return answer["Mac"]

"""Opens what Amazon Connect encrypts: an entry under a security key of the instance.

The message is one of the AWS Encryption SDK, format version 1, suite 0x0378 (AES-256-GCM, HKDF-SHA384, ECDSA P-384), in
base64. Its data key is wrapped by RSA-OAEP with SHA-512 under the provider `AmazonConnect` and the security key's id.
Source: Amazon Connect administrator guide, "Encrypt sensitive customer input". The suite commits to no key, which the
SDK reads only under this policy.
"""

from __future__ import annotations

import logging
from base64 import b64decode
from functools import lru_cache
from typing import Final

from aws_encryption_sdk import StreamDecryptor
from aws_encryption_sdk.identifiers import CommitmentPolicy, EncryptionKeyType, WrappingAlgorithm
from aws_encryption_sdk.key_providers.raw import RawMasterKeyProvider, WrappingKey

from functions.connect.secret_inputs import EntryError
from hotline.kit.errors import Unreadable
from hotline.kit.keyring import Keyring

PROVIDER: Final = "AmazonConnect"
WRAPPING: Final = WrappingAlgorithm.RSA_OAEP_SHA512_MGF1
POLICY: Final = CommitmentPolicy.FORBID_ENCRYPT_ALLOW_DECRYPT
MESSAGE_CHARACTERS_MAX: Final = 2_048
"""A key of 4,096 bits, the longest in use, makes some 1,150 characters of an entry of twenty keys."""
DATA_KEYS_MAX: Final = 1
"""Amazon Connect wraps the data key once; each further one would be a private-key operation for whoever sent it."""
KEYS_LIVE_MAX: Final = 2
"""An instance has at most two security keys at a time."""

# The SDK logs what it reads and, with a traceback, what it cannot: nothing of an entry may go there.
logging.getLogger("aws_encryption_sdk").setLevel(logging.CRITICAL + 1)


class _UnknownKey(Exception):
    """The message names a key that the secret does not hold."""


class _BadKey(Exception):
    """The secret holds something under this key's id that is no private key."""


class _Keys(RawMasterKeyProvider):  # type: ignore[misc] # the SDK has no types
    """The keys of the secret, by the id that a message names."""

    provider_id = PROVIDER
    vend_masterkey_on_decrypt = True
    pems: dict[str, bytes]

    def _get_raw_key(self, key_id: bytes) -> WrappingKey:
        pem = self.pems.get(key_id.decode(errors="replace"))
        if pem is None:
            raise _UnknownKey
        return _wrapping_key(pem)


class _Message(StreamDecryptor):  # type: ignore[misc] # as above
    """A message that goes quietly: the SDK's own, when it is dropped half read, has a traceback printed."""

    def __del__(self) -> None:
        """Leave it to the collector; there is nothing behind the stream to be given back."""


def decrypt(message: str, keys: Keyring) -> str:
    """The keyed-in text. `message` is base64, `keys` holds private keys (PEM) by key id. Raises Unreadable."""
    if len(message) > MESSAGE_CHARACTERS_MAX:
        raise Unreadable(EntryError.TOO_LONG)
    try:
        source = b64decode(message, validate=True)
    except ValueError:
        raise Unreadable(EntryError.NOT_BASE64) from None
    provider = _Keys()
    provider.pems = keys.keys
    try:
        with _Message(
            source=source,
            key_provider=provider,
            commitment_policy=POLICY,
            max_encrypted_data_keys=DATA_KEYS_MAX,
        ) as opening:
            return str(opening.read(), "ascii")
    except _UnknownKey:
        raise Unreadable(EntryError.UNKNOWN_KEY) from None
    except _BadKey:
        raise Unreadable(EntryError.BAD_KEY) from None
    except Exception:  # noqa: BLE001 - whatever the SDK raises for bytes that it cannot read, or read for certain
        raise Unreadable(EntryError.NOT_DECRYPTED) from None


@lru_cache(maxsize=KEYS_LIVE_MAX)
def _wrapping_key(pem: bytes) -> WrappingKey:
    """The key of a PEM text, kept: to check one of 4,096 bits takes longer than to use it a hundred times."""
    try:
        return WrappingKey(wrapping_algorithm=WRAPPING, wrapping_key=pem, wrapping_key_type=EncryptionKeyType.PRIVATE)
    except Exception:  # noqa: BLE001 - its text may repeat the secret
        raise _BadKey from None

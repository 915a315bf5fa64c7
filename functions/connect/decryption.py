"""Opens what Amazon Connect encrypts: an entry under a security key of the instance.

The message is one of the AWS Encryption SDK, format version 1, suite 0x0378 (AES-256-GCM, HKDF-SHA384, ECDSA P-384), in
base64. Its data key is wrapped by RSA-OAEP with SHA-512 under the provider `AmazonConnect` and the security key's id.
Source: Amazon Connect administrator guide, "Encrypt sensitive customer input". The suite commits to no key, which the
SDK reads only under this policy.

Much of a message stands in the clear and is looked at before the private key is used. It is the shape, the key's id,
the public key of the signature, and how many keys were pressed. None of it is proved by that: the SDK opens the message
all the same, and a lie fails there.
"""

from __future__ import annotations

import logging
import struct
from base64 import b64decode
from functools import lru_cache
from io import BytesIO
from typing import Any, Final

from aws_encryption_sdk import StreamDecryptor
from aws_encryption_sdk.identifiers import (
    AlgorithmSuite,
    CommitmentPolicy,
    EncryptionKeyType,
    SequenceIdentifier,
    SerializationVersion,
    WrappingAlgorithm,
)
from aws_encryption_sdk.internal.defaults import ENCODED_SIGNER_KEY
from aws_encryption_sdk.key_providers.raw import RawMasterKeyProvider, WrappingKey
from aws_encryption_sdk.materials_managers import DecryptionMaterials
from aws_encryption_sdk.materials_managers.default import DefaultCryptoMaterialsManager
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from functions.connect.secret_inputs import EntryError
from hotline.kit.errors import Unreadable
from hotline.kit.keyring import Keyring

PROVIDER: Final = "AmazonConnect"
VERSION: Final = SerializationVersion.V1
SUITE: Final = AlgorithmSuite.AES_256_GCM_IV12_TAG16_HKDF_SHA384_ECDSA_P384
POINT_BYTES: Final = 49
"""A compressed point of P-384: the sign, then 384 bits (SEC 1, 2.3.3)."""
WRAPPING: Final = WrappingAlgorithm.RSA_OAEP_SHA512_MGF1
POLICY: Final = CommitmentPolicy.FORBID_ENCRYPT_ALLOW_DECRYPT
MESSAGE_CHARACTERS_MAX: Final = 2_048
"""A key of 4,096 bits, the longest in use, makes some 1,150 characters of an entry of twenty keys."""
DATA_KEYS_MAX: Final = 1
"""Amazon Connect wraps the data key once; each further one would be a private-key operation for whoever sent it."""
ENTRY_BYTES_MAX: Final = 20
"""No entry is longer: a flow stores up to 20 digits at a time (administrator guide, Store customer input)."""
KEYS_LIVE_MAX: Final = 2
"""An instance has at most two security keys at a time."""

_FRAME: Final = struct.Struct(f">{SUITE.iv_len + SUITE.auth_len}xII{SUITE.iv_len}xI")
"""After the header: its own IV and tag, then the mark, number, IV and content length of the message's last frame."""
_SIGNATURE: Final = struct.Struct(f">{SUITE.auth_len}xH")
"""After the content: its tag, then the length of the signature."""
# Source of both: AWS Encryption SDK developer guide, message format reference, version 1.

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


class _OddMessage(Exception):
    """The message has not the shape of those that Amazon Connect makes."""


class _Materials(DefaultCryptoMaterialsManager):  # type: ignore[misc] # as above
    """Asks for the data key of a message when all that stands in the clear has been looked at."""

    message: BytesIO

    def decrypt_materials(self, request: Any) -> DecryptionMaterials:
        """The data key, and the public key of the signature. The SDK asks when it has read the header."""
        keys = [wrapped.key_provider for wrapped in request.encrypted_data_keys]
        if [key.provider_id for key in keys] != [PROVIDER]:
            raise _OddMessage
        # The key comes first: whatever else a message may be, one under a key that is not held says so.
        self.master_key_provider.master_key_for_decrypt(keys[0].key_info)
        _check_shape(self.message.getvalue(), request.algorithm, body_at=self.message.tell())
        signer = _read_signer(request.encryption_context[ENCODED_SIGNER_KEY])
        data_key = self.master_key_provider.decrypt_data_key_from_list(
            request.encrypted_data_keys, request.algorithm, request.encryption_context
        )
        return DecryptionMaterials(data_key=data_key, verification_key=signer)


def _check_shape(message: bytes, suite: AlgorithmSuite, *, body_at: int) -> None:
    """Raises _OddMessage or struct.error for another version or suite. It raises likewise for a body that is not a
    single frame with an entry of a possible length, and a signature."""
    mark, number, length = _FRAME.unpack_from(message, body_at)
    if message[0] != VERSION.value or suite is not SUITE:
        raise _OddMessage
    if mark != SequenceIdentifier.SEQUENCE_NUMBER_END.value or number != 1 or length > ENTRY_BYTES_MAX:
        raise _OddMessage
    content_at = body_at + _FRAME.size
    (signature_length,) = _SIGNATURE.unpack_from(message, content_at + length)
    if content_at + length + _SIGNATURE.size + signature_length > len(message):
        raise _OddMessage


def _read_signer(encoded: str) -> bytes:
    """The public key of the signature, as DER. The SDK's own way to it takes a root of the point's curve in Python, and
    three times as long. Raises ValueError for what is no point of the curve, or none in the compressed form."""
    point = b64decode(encoded)
    if len(point) != POINT_BYTES:
        raise ValueError("no compressed point")
    key = EllipticCurvePublicKey.from_encoded_point(SUITE.signing_algorithm_info(), point)
    return bytes(key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo))


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
    materials = _Materials(provider)
    materials.message = BytesIO(source)
    try:
        with _Message(
            source=materials.message,
            materials_manager=materials,
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

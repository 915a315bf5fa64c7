"""Entries that callers key in under a security key, and the faults that they can have."""

from __future__ import annotations

import json
from base64 import b64decode, b64encode
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import aws_encryption_sdk
from aws_encryption_sdk.identifiers import AlgorithmSuite, CommitmentPolicy, EncryptionKeyType, WrappingAlgorithm
from aws_encryption_sdk.key_providers.raw import RawMasterKeyProvider, WrappingKey

from connect_sim.simulator.encryption import encrypt
from functions.connect.decryption import decrypt
from hotline.kit.keyring import Keyring, parse_keyring
from hotline_local.entry_keys import EntryKey, key_of_this_process

SAMPLES: Final[dict[str, dict[str, str]]] = json.loads(
    (Path(__file__).with_name("encrypted_entries.json")).read_text(encoding="utf-8")
)
"""`other_sdk`: made once by the AWS Encryption SDK for JavaScript (@aws-crypto/client-node 5.0.2), with a key made for
it alone. `amazon_connect`: made by Amazon Connect, from the documentation of amazon-connect-decryption-lib 0.2.0 (PyPI,
MIT License, Copyright (c) 2020 Manabu Shinsaka); its private key is not published."""

_FIXED_BYTES: Final = 20
"""Version, type, suite and message id of a message of format version 1, before its encryption context."""


def encrypted(entry: str, key: EntryKey | None = None) -> str:
    """An entry as Amazon Connect stores it, under the key that this process shares unless another is given."""
    key = key or key_of_this_process()
    return encrypt(entry, key_id=key.key_id, certificate=key.certificate)


def opened(message: str, key: EntryKey | None = None) -> str:
    """The text in such a message."""
    return decrypt(message, keyring(key or key_of_this_process()))


def keyring(*keys: EntryKey) -> Keyring:
    """The keys as the functions' secret gives them, the first as the current one."""
    return parse_keyring(secret(*keys))


def secret(*keys: EntryKey) -> str:
    """The text of the functions' secret."""
    return json.dumps({"current": keys[0].key_id, **{key.key_id: key.private_key for key in keys}})


class Wrapper(RawMasterKeyProvider):  # type: ignore[misc] # the SDK has no types
    """Wraps a data key for each key that was added."""

    provider_id = "AmazonConnect"
    keys: dict[str, EntryKey]

    def _get_raw_key(self, key_id: bytes) -> WrappingKey:
        return WrappingKey(
            wrapping_algorithm=WrappingAlgorithm.RSA_OAEP_SHA512_MGF1,
            wrapping_key=self.keys[key_id.decode()].private_key.encode(),
            wrapping_key_type=EncryptionKeyType.PRIVATE,
        )


class Stranger(Wrapper):
    """Wraps under the name of another provider."""

    provider_id = "AmazonDisconnect"


def wrapped(
    wrapper: Wrapper,
    *keys: EntryKey,
    entry: str = "482913",
    suite: AlgorithmSuite = AlgorithmSuite.AES_256_GCM_IV12_TAG16_HKDF_SHA384_ECDSA_P384,
    frame_bytes: int = 4096,
) -> str:
    """An entry whose data key is wrapped for each of these keys, as the SDK makes it. Frames of no bytes: no frames."""
    wrapper.keys = {key.key_id: key for key in keys}
    wrapper.add_master_keys_from_list(list(wrapper.keys))
    client = aws_encryption_sdk.EncryptionSDKClient(commitment_policy=CommitmentPolicy.FORBID_ENCRYPT_ALLOW_DECRYPT)
    message, _ = client.encrypt(source=entry.encode(), key_provider=wrapper, algorithm=suite, frame_length=frame_bytes)
    return b64encode(message).decode()


def changed(message: str, change: Callable[[bytearray], Any]) -> str:
    """The message after a change of its bytes."""
    raw = bytearray(b64decode(message))
    change(raw)
    return b64encode(raw).decode()


def with_data_keys(message: str, count: int) -> str:
    """The message claiming so many wrapped data keys, and holding one."""

    def claim(raw: bytearray) -> None:
        context = int.from_bytes(raw[_FIXED_BYTES : _FIXED_BYTES + 2])
        at = _FIXED_BYTES + 2 + context
        raw[at : at + 2] = count.to_bytes(2)

    return changed(message, claim)

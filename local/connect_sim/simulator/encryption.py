"""Encrypts an entry as Amazon Connect does it (administrator guide, "Encrypt sensitive customer input").

It makes a message of the AWS Encryption SDK, format version 1 under suite 0x0378, in base64. Its data key is wrapped by
RSA-OAEP with SHA-512 for the certificate that the block carries, under the provider `AmazonConnect` and the block's key
id.
"""

from __future__ import annotations

from base64 import b64encode
from functools import lru_cache

import aws_encryption_sdk
from aws_encryption_sdk.identifiers import CommitmentPolicy, EncryptionKeyType, WrappingAlgorithm
from aws_encryption_sdk.key_providers.raw import RawMasterKey, WrappingKey
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from connect_sim.errors import ConnectSimError

_CLIENT = aws_encryption_sdk.EncryptionSDKClient(commitment_policy=CommitmentPolicy.FORBID_ENCRYPT_ALLOW_DECRYPT)


class NotACertificate(ConnectSimError):
    """The key of an encrypted entry is no X.509 certificate with an RSA key; Amazon Connect takes nothing else."""


def encrypt(entry: str, *, key_id: str, certificate: str) -> str:
    """Return the message that holds the entry. `certificate` is PEM. Raises NotACertificate."""
    message, _ = _CLIENT.encrypt(source=entry.encode(), key_provider=_master_key(key_id, certificate))
    return b64encode(message).decode()


@lru_cache(maxsize=8)
def _master_key(key_id: str, certificate: str) -> RawMasterKey:
    try:
        public_key = x509.load_pem_x509_certificate(certificate.encode()).public_key()
        wrapping_key = WrappingKey(
            wrapping_algorithm=WrappingAlgorithm.RSA_OAEP_SHA512_MGF1,
            wrapping_key=public_key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo),
            wrapping_key_type=EncryptionKeyType.PUBLIC,
        )
    except ValueError as error:
        raise NotACertificate from error
    return RawMasterKey(key_id=key_id, provider_id="AmazonConnect", wrapping_key=wrapping_key)

"""Key pairs for encrypted entries, made for one machine and thrown away with what runs on it."""

from __future__ import annotations

import json
import uuid
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Final

KEY_BITS: Final = 2_048
"""What docs/operations.md has operators make; longer ones are checked slowly when they are loaded."""
LIFE: Final = timedelta(days=30)
KEY_ID_TOKEN: Final = "EntryKeyId"  # noqa: S105 - the name of a token in flows, not a secret
CERTIFICATE_TOKEN: Final = "EntryCertificate"  # noqa: S105 - as above


@dataclass(frozen=True, slots=True)
class EntryKey:
    """A security key as Amazon Connect would know it, with both its halves. `certificate` and `private_key` are PEM."""

    key_id: str
    certificate: str
    private_key: str = field(repr=False)

    @property
    def tokens(self) -> dict[str, str]:
        """Values for the tokens of an encrypted entry."""
        return {KEY_ID_TOKEN: self.key_id, CERTIFICATE_TOKEN: self.certificate}

    @property
    def secret(self) -> str:
        """What the secret of the functions holds."""
        return json.dumps({"current": self.key_id, self.key_id: self.private_key})


def make_entry_key() -> EntryKey:
    """A fresh key pair with a certificate that it signed itself, under a fresh id."""
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import rsa

    key = rsa.generate_private_key(public_exponent=65_537, key_size=KEY_BITS)
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "wallet hotline on one machine")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now)
        .not_valid_after(now + LIFE)
        .sign(key, hashes.SHA256())
    )
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    return EntryKey(str(uuid.uuid4()), certificate.public_bytes(serialization.Encoding.PEM).decode(), private.decode())


@cache
def key_of_this_process() -> EntryKey:
    """The key pair that everything in this process shares: made on first use, gone with the process."""
    return make_entry_key()

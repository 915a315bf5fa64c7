"""Certificates for encrypted entries that nobody has to decrypt for good: made here, thrown away afterwards."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from connect_sim.language.document import Flow
from connect_sim.language.references import parse_token

KEY_BITS = 2_048
"""Longer keys take long to load, and protect nothing here."""
LIFE = timedelta(days=30)
KEY_ID = "00000000-0000-4000-8000-0000000000e1"
"""The key id of a throw-away certificate."""


@dataclass(frozen=True, slots=True)
class KeyPair:
    """A certificate that its own key signed, and that key. Both are PEM."""

    certificate: str
    private_key: str = field(repr=False)


def make_key_pair(common_name: str = "connect-sim") -> KeyPair:
    """Return a fresh RSA key pair."""
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import rsa

    key = rsa.generate_private_key(public_exponent=65_537, key_size=KEY_BITS)
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, common_name)])
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
    return KeyPair(certificate.public_bytes(serialization.Encoding.PEM).decode(), private.decode())


def throwaway_tokens(flows: Iterable[Flow]) -> dict[str, str]:
    """Return values for the tokens that stand for a key id or a certificate of an encrypted entry.

    With canned answers nothing decrypts. An encrypted entry should still fail every comparison that it fails on the
    line, so it is encrypted for a certificate that nobody keeps.
    """
    settings = [action.mapping("InputEncryption") for flow in flows for action in flow.actions]
    key_ids = {parse_token(str(each.get("EncryptionKeyId", ""))) for each in settings} - {None}
    certificates = {parse_token(str(each.get("Key", ""))) for each in settings} - {None}
    if not certificates:
        return {}
    certificate = make_key_pair().certificate
    return {str(name): KEY_ID for name in key_ids} | {str(name): certificate for name in certificates}

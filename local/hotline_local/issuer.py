"""A login of the demo wallet: an OpenID Connect issuer on this machine, whose tokens are signed and verified as in AWS.

Its public documents lie where MiniStack's gateway fetches them, in a bucket of the same MiniStack. Its private key lies
in the folder of the running stack and goes with it.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final

from hotline_local.errors import CommandError

BUCKET: Final = "wallet-login"
"""Not `login`: MiniStack keeps that path for Cognito."""
AUDIENCE: Final = "hotline"
CLIENT: Final = "demo-app"
ALGORITHM: Final = "RS256"
KEY_FILE: Final = "login.pem"
_KEY_ID: Final = "1"
_KEY_BITS: Final = 2048


@dataclass(frozen=True, slots=True)
class Issuer:
    """An issuer that runs: its name in tokens, and where its private key lies."""

    url: str
    key_file: Path

    def token(
        self,
        account_id: str,
        scopes: Sequence[str],
        *,
        now: datetime,
        life: timedelta,
        signed_in: timedelta = timedelta(),
        session: str | None = None,
        **claims: Any,
    ) -> str:
        """A signed access token of somebody who signed in so long ago. `claims` go before all others. Raises
        CommandError when the key is gone: then the stack is, too."""
        import jwt

        try:
            key = self.key_file.read_text(encoding="utf-8")
        except OSError:
            raise CommandError("The key of the demo wallet's login is gone: start the hotline again.") from None
        told = {
            "iss": self.url,
            "sub": account_id,
            "aud": AUDIENCE,
            "client_id": CLIENT,
            "sid": session or secrets.token_hex(8),
            "jti": secrets.token_hex(8),
            "iat": int(now.timestamp()),
            "exp": int((now + life).timestamp()),
            "auth_time": int((now - signed_in).timestamp()),
            "scope": " ".join(scopes),
            **claims,
        }
        return jwt.encode(told, key, algorithm=ALGORITHM, headers={"kid": _KEY_ID})


def url_at(endpoint: str) -> str:
    """The issuer's name at a MiniStack."""
    return f"{endpoint}/{BUCKET}"


def publish(s3: Any, endpoint: str, region: str, folder: Path) -> Issuer:
    """Make a key, put the issuer's documents where the gateway fetches them, and keep the key in the folder."""
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric import rsa
    from jwt.algorithms import RSAAlgorithm

    private = rsa.generate_private_key(public_exponent=65537, key_size=_KEY_BITS)
    issuer = Issuer(url_at(endpoint), folder / KEY_FILE)
    public = RSAAlgorithm.to_jwk(private.public_key(), as_dict=True)
    documents = {
        ".well-known/openid-configuration": {"issuer": issuer.url, "jwks_uri": f"{issuer.url}/jwks.json"},
        "jwks.json": {"keys": [{**public, "kid": _KEY_ID, "alg": ALGORITHM, "use": "sig"}]},
    }
    s3.create_bucket(Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": region})
    for name, document in documents.items():
        s3.put_object(Bucket=BUCKET, Key=name, Body=json.dumps(document).encode(), ContentType="application/json")
    pem = private.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    issuer.key_file.touch(mode=0o600)
    issuer.key_file.write_bytes(pem)
    return issuer

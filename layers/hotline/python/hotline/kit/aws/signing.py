"""Signatures of requests to AWS: Signature Version 4, for a body that is posted to the root of a service.

Source: AWS Signature Version 4 for API requests, "Create a signed AWS API request" (IAM User Guide).
"""

from __future__ import annotations

import hashlib
import hmac
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

ALGORITHM: Final = "AWS4-HMAC-SHA256"
DATE_HEADER: Final = "x-amz-date"
TOKEN_HEADER: Final = "x-amz-security-token"  # noqa: S105 - a name


@dataclass(frozen=True, slots=True)
class Credentials:
    """Keys of an identity. `expires_at_epoch_s` is None where nothing is known of their end. No repr shows
    a key."""

    access_key: str = field(repr=False)
    secret_key: str = field(repr=False)
    token: str | None = field(default=None, repr=False)
    expires_at_epoch_s: float | None = None


class Signer:
    """Signs for one service in one region. The key of a day is made once for each credentials."""

    def __init__(self, service: str, region: str) -> None:
        self._service = service
        self._region = region
        self._key: tuple[str, str, bytes] = ("", "", b"")

    def sign(
        self, headers: Mapping[str, str], body: bytes, credentials: Credentials, *, at_epoch_s: float
    ) -> dict[str, str]:
        """The headers that make the request a signed one. `headers` are those to be signed, by names in small letters;
        `host` is one of them."""
        at = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime(at_epoch_s))
        added = {DATE_HEADER: at}
        if credentials.token:
            added[TOKEN_HEADER] = credentials.token
        signed = sorted({**headers, **added}.items())
        names = ";".join(name for name, _ in signed)
        lines = "".join(f"{name}:{' '.join(value.split())}\n" for name, value in signed)
        canonical = f"POST\n/\n\n{lines}\n{names}\n{hashlib.sha256(body).hexdigest()}"
        scope = f"{at[:8]}/{self._region}/{self._service}/aws4_request"
        text = f"{ALGORITHM}\n{at}\n{scope}\n{hashlib.sha256(canonical.encode()).hexdigest()}"
        signature = hmac.digest(self._key_of(credentials.secret_key, at[:8]), text.encode(), "sha256").hex()
        added["authorization"] = (
            f"{ALGORITHM} Credential={credentials.access_key}/{scope}, SignedHeaders={names}, Signature={signature}"
        )
        return added

    def _key_of(self, secret_key: str, day: str) -> bytes:
        # The three belong together, so that a thread never meets the key of another day.
        kept_secret, kept_day, key = self._key
        if kept_day != day or kept_secret != secret_key:
            key = derive_key(secret_key, day, self._region, self._service)
            self._key = (secret_key, day, key)
        return key


def derive_key(secret_key: str, day: str, region: str, service: str) -> bytes:
    """The signing key of a day (YYYYMMDD) for a region and a service."""
    key = f"AWS4{secret_key}".encode()
    for part in (day, region, service, "aws4_request"):
        key = hmac.digest(key, part.encode(), "sha256")
    return key

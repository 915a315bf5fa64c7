"""Secrets of AWS Secrets Manager, by one client for all of them: a function needs two or three at its first request."""

from __future__ import annotations

import time
from functools import cache
from typing import Final

from hotline.kit.errors import KitError, Unavailable

from .clients import open_service
from .service import NoAnswer, Service, ServiceRefused

TIMEOUT_S: Final = 1.0
ATTEMPTS: Final = 2
PAUSE_S: Final = 0.1
"""A phone step waits for a key some four seconds at most, of the seven that it has; then it is told to try later."""
_THROTTLED: Final = frozenset({"ThrottlingException", "Throttling"})


@cache
def _service() -> Service:
    return open_service("secretsmanager", connect_timeout_s=TIMEOUT_S, read_timeout_s=TIMEOUT_S)


def fetch_secret(secret_id: str) -> str:
    """The text of a secret. Raises Unavailable when it cannot be had; the service's word for it goes no further."""
    for attempt in range(1, ATTEMPTS + 1):
        if attempt > 1:
            time.sleep(PAUSE_S)
        try:
            return str(_service().send("GetSecretValue", {"SecretId": secret_id})["SecretString"])
        except NoAnswer:
            continue
        except ServiceRefused as refusal:
            if refusal.code not in _THROTTLED and refusal.status < 500:
                break
    raise Unavailable(KitError.SECRET_UNAVAILABLE)

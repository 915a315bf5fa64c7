"""The credentials of a deployed function: of the environment, or of the endpoint that SnapStart and containers have.

Source: AWS SDKs and Tools Reference Guide, "Container credential provider"; AWS Lambda Developer Guide, "Activating
SnapStart". Every other way to credentials, such as a profile, is the SDK's: see `clients`.
"""

from __future__ import annotations

import http.client
import json
import ssl
import time
from collections.abc import Callable, Mapping
from datetime import datetime
from pathlib import Path
from threading import Lock
from typing import Final, Protocol
from urllib.parse import urlsplit

from .service import Loss, NoAnswer
from .signing import Credentials

CONTAINER_HOST: Final = "169.254.170.2"
PLAIN_HOSTS: Final = frozenset({CONTAINER_HOST, "169.254.170.23", "fd00:ec2::23", "localhost", "127.0.0.1", "::1"})
"""Hosts that may be asked without TLS: of the machine itself, and those of ECS and EKS."""
TIMEOUT_S: Final = 2.0
ATTEMPTS: Final = 3
EARLY_S: Final = 600.0
"""So long before their end credentials are fetched again, as botocore must at that time."""
ANSWER_BYTES_MAX: Final = 64 * 1024


class CredentialSource(Protocol):
    """The credentials to sign with. Both methods raise NoAnswer where there are none."""

    def get(self) -> Credentials:
        """Those that hold now."""
        ...

    def reload(self, refused: Credentials) -> Credentials:
        """Those to try after a service refused some; the same, when there are no others."""
        ...


class EnvironmentCredentials:
    """Credentials of the variables that Lambda sets for the life of an execution environment."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        self._environment = environment
        self._held: Credentials | None = None

    def get(self) -> Credentials:
        """See CredentialSource.get."""
        held = self._held
        if held is None:
            held = self._held = self._read()
        return held

    def reload(self, refused: Credentials) -> Credentials:
        """See CredentialSource.reload."""
        held = self._held
        if held is None or held == refused:
            held = self._held = self._read()
        return held

    def _read(self) -> Credentials:
        access_key = self._environment.get("AWS_ACCESS_KEY_ID")
        secret_key = self._environment.get("AWS_SECRET_ACCESS_KEY")
        if not access_key or not secret_key:
            raise NoAnswer(Loss.CREDENTIALS_UNAVAILABLE)
        return _check(Credentials(access_key, secret_key, self._environment.get("AWS_SESSION_TOKEN") or None))


class ContainerCredentials:
    """Credentials of an HTTP endpoint, kept until shortly before their end. `now` is in seconds of the epoch."""

    def __init__(
        self,
        environment: Mapping[str, str],
        *,
        now: Callable[[], float] = time.time,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._environment = environment
        self._now = now
        self._sleep = sleep
        self._held: Credentials | None = None
        self._lock = Lock()

    def get(self) -> Credentials:
        """See CredentialSource.get. Credentials that still hold are used where newer ones cannot be had."""
        held = self._held
        if held is not None and not self._ends_within(held, EARLY_S):
            return held
        with self._lock:
            # Another thread may have fetched them meanwhile.
            held = self._held
            if held is not None and not self._ends_within(held, EARLY_S):
                return held
            try:
                held = self._held = self._fetch()
            except NoAnswer:
                if held is None or self._ends_within(held, 0):
                    raise
            return held

    def reload(self, refused: Credentials) -> Credentials:
        """See CredentialSource.reload."""
        with self._lock:
            if self._held is None or self._held == refused:
                self._held = self._fetch()
            return self._held

    def _ends_within(self, held: Credentials, seconds: float) -> bool:
        return held.expires_at_epoch_s is not None and held.expires_at_epoch_s - self._now() <= seconds

    def _fetch(self) -> Credentials:
        for attempt in range(1, ATTEMPTS + 1):
            try:
                return self._ask()
            except (OSError, http.client.HTTPException, ValueError, LookupError, TypeError, NoAnswer):
                if attempt < ATTEMPTS:
                    self._sleep(0.05 * attempt)
        # Never what was read or raised: it may hold a secret.
        raise NoAnswer(Loss.CREDENTIALS_UNAVAILABLE)

    def _ask(self) -> Credentials:
        address = urlsplit(_address(self._environment))
        if address.hostname is None or address.scheme not in ("http", "https"):
            raise ValueError(Loss.CREDENTIALS_UNAVAILABLE)
        connection: http.client.HTTPConnection
        if address.scheme == "https":
            context = ssl.create_default_context()
            connection = http.client.HTTPSConnection(address.hostname, address.port, timeout=TIMEOUT_S, context=context)
        elif address.hostname in PLAIN_HOSTS:
            connection = http.client.HTTPConnection(address.hostname, address.port, timeout=TIMEOUT_S)
        else:
            raise ValueError(Loss.CREDENTIALS_UNAVAILABLE)
        try:
            path = address.path + (f"?{address.query}" if address.query else "")
            connection.request("GET", path or "/", headers=_authorization(self._environment))
            answer = connection.getresponse()
            if answer.status != http.client.OK:
                raise ValueError(Loss.CREDENTIALS_UNAVAILABLE)
            return _parse(answer.read(ANSWER_BYTES_MAX))
        finally:
            connection.close()


def find_credentials(environment: Mapping[str, str]) -> CredentialSource | None:
    """The source that an environment names, in the order of the SDK; None where it names neither."""
    if environment.get("AWS_ACCESS_KEY_ID"):
        return EnvironmentCredentials(environment)
    if _address(environment):
        return ContainerCredentials(environment)
    return None


def _address(environment: Mapping[str, str]) -> str:
    if relative := environment.get("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI"):
        return f"http://{CONTAINER_HOST}{relative}"
    return environment.get("AWS_CONTAINER_CREDENTIALS_FULL_URI", "")


def _authorization(environment: Mapping[str, str]) -> dict[str, str]:
    token = environment.get("AWS_CONTAINER_AUTHORIZATION_TOKEN", "")
    if file := environment.get("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE"):
        # The file is written anew from time to time, so that it is read each time.
        token = Path(file).read_text(encoding="utf-8").strip()
    return {"Accept": "application/json"} | ({"Authorization": token} if token else {})


def _parse(content: bytes) -> Credentials:
    told = json.loads(content)
    if not isinstance(told, dict):
        raise TypeError(Loss.CREDENTIALS_UNAVAILABLE)
    ends = told.get("Expiration")
    return _check(
        Credentials(
            str(told["AccessKeyId"]),
            str(told["SecretAccessKey"]),
            str(told["Token"]),
            None if ends is None else datetime.fromisoformat(ends).timestamp(),
        )
    )


def _check(found: Credentials) -> Credentials:
    """The credentials, when they can stand in a header. http.client would quote those that cannot in its error."""
    sent = found.access_key + (found.token or "")
    if not (sent.isascii() and sent.isprintable()):
        raise NoAnswer(Loss.CREDENTIALS_UNAVAILABLE)
    return found

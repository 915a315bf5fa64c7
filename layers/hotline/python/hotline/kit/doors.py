"""The context that every function's door builds once per start: clock, ids, store and keyrings. The one place that
makes AWS clients for the rooms; the SDK is imported when the first of them is asked for."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cache

from .aws.macs import KmsMacs, Macs
from .clock import Clock, SystemClock
from .config import TableNames, patience_s, read_setting, require_setting
from .errors import Unavailable
from .ids import IdSource, RandomIds
from .keyring import CachedKeyring, Keyring
from .store import Store

DEFAULT_HOME_REGION = "CN"


@dataclass(frozen=True, slots=True)
class Context:
    """The means that services are given: where state lives, what time it is, where ids come from, and the keys they may
    use."""

    store: Store
    clock: Clock = field(default_factory=SystemClock)
    ids: IdSource = field(default_factory=RandomIds)
    lookup_keys: CachedKeyring | None = None
    code_keys: CachedKeyring | None = None
    pin_macs: Macs | None = None
    """Keyed hashes of hotline PINs."""
    entry_keys: CachedKeyring | None = None
    """Private keys (PEM) by key id, of the security keys under which Amazon Connect encrypts entries."""
    home_region: str = DEFAULT_HOME_REGION
    """Country (ISO 3166) whose national phone numbers callers key in."""
    voice_codes: bool = False
    """Whether a one-time code can be read out on a call that the hotline makes. Where it cannot, it goes as a text."""

    @property
    def lookup_ring(self) -> Keyring:
        """The lookup keys as they are now. Raises Unavailable, and RuntimeError where a door was given none: a bug."""
        return _ring(self.lookup_keys)

    @property
    def code_ring(self) -> Keyring:
        """The code keys as they are now; raises the same."""
        return _ring(self.code_keys)

    @property
    def pin_hashes(self) -> Macs:
        """The keyed hashes of PINs; RuntimeError where a door was given none."""
        if self.pin_macs is None:
            raise RuntimeError(_NO_KEYS)
        return self.pin_macs


def _ring(keys: CachedKeyring | None) -> Keyring:
    if keys is None:
        raise RuntimeError(_NO_KEYS)
    return keys.get()


_NO_KEYS = "this function was given no such keys"

SECRET_TIMEOUT_S = 1.0
SECRET_ATTEMPTS = 2
"""A phone step waits for a key four seconds at most, of the seven that it has; then it is told to try later."""


def secret_loader(name_of_variable: str) -> CachedKeyring:
    """A keyring whose secret id is in the environment variable; fetched from Secrets Manager on first use. Its `get`
    raises Unavailable when the secret cannot be had; what the service said of it goes no further."""

    def load() -> str:
        import boto3
        from botocore.config import Config
        from botocore.exceptions import BotoCoreError, ClientError

        config = Config(
            connect_timeout=SECRET_TIMEOUT_S,
            read_timeout=patience_s(SECRET_TIMEOUT_S),
            retries={"mode": "standard", "total_max_attempts": SECRET_ATTEMPTS},
        )
        try:
            client = boto3.client("secretsmanager", config=config)
            return str(client.get_secret_value(SecretId=require_setting(name_of_variable))["SecretString"])
        except (ClientError, BotoCoreError):
            raise Unavailable("secret_unavailable") from None

    return CachedKeyring(load, SystemClock())


@cache
def context_from_environment(
    *, lookup: bool = False, codes: bool = False, pins: bool = False, entries: bool = False
) -> Context:
    """The context of a deployed function; made on first use, kept for the life of the execution environment."""
    from .store.dynamodb import DynamoStore

    return Context(
        store=DynamoStore.from_environment(TableNames.from_environment()),
        lookup_keys=secret_loader("LOOKUP_KEY_SECRET") if lookup else None,
        code_keys=secret_loader("CODE_KEY_SECRET") if codes else None,
        entry_keys=secret_loader("DTMF_KEY_SECRET") if entries else None,
        pin_macs=KmsMacs("PIN_KEY_ID") if pins else None,
        home_region=read_setting("HOME_REGION", DEFAULT_HOME_REGION),
        voice_codes=read_setting("VOICE_CODES", "off") == "on",
    )


@cache
def origin_keys_from_environment() -> CachedKeyring | None:
    """The keys of the front of the HTTPS API (kit.origin); None where there is none, and nothing has to be shown."""
    return secret_loader("ORIGIN_KEY_SECRET") if read_setting("ORIGIN_KEY_SECRET", "") else None

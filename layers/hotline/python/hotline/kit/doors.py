"""The context that every function's door builds once per start, from its settings: clock, ids, store and keyrings. The
one place that makes AWS clients for the rooms; the SDK is imported only when one is asked for that needs it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from .aws.buckets import Bucket
from .aws.macs import Macs
from .aws.secrets import fetch_secret
from .clock import Clock, SystemClock
from .config import TableNames
from .ids import IdSource, RandomIds
from .keyring import CachedKeyring, Keyring
from .limits import TrafficLimits
from .store import Store
from .store.dynamodb import DynamoStore

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
    evidence_bucket: Bucket | None = None
    """The place that keeps customers' pictures."""
    entry_keys: CachedKeyring | None = None
    """Private keys (PEM) by key id, of the security keys under which Amazon Connect encrypts entries."""
    home_region: str = DEFAULT_HOME_REGION
    """Country (ISO 3166) whose national phone numbers callers key in."""
    voice_codes: bool = False
    """Whether a one-time code can be read out on a call that the hotline makes. Where it cannot, it goes as a text."""
    wallet: str = ""
    """The wallet's name, as it is spoken."""
    official_numbers: tuple[str, ...] = ()
    """The hotline's own numbers in E.164, the main one first."""
    seniors_first: bool = False
    """Whether customers of an age that the wallet states are offered a person before the menu."""
    skill_queues: Mapping[str, str] = field(default_factory=dict)
    """ARNs of queues of Amazon Connect, by skill (`topic:language`), topic or language."""
    limits: TrafficLimits = field(default_factory=TrafficLimits)
    time_zone: str = "UTC"
    """The IANA time zone of the hotline's people, by which days are counted."""
    activity_shards: int | None = None
    """Over how many shards the activity of accounts is spread; None: as many as security has by itself."""

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

    @property
    def pictures(self) -> Bucket:
        """The bucket of customers' pictures; RuntimeError where a door was given none."""
        if self.evidence_bucket is None:
            raise RuntimeError(_NO_BUCKET)
        return self.evidence_bucket


def _ring(keys: CachedKeyring | None) -> Keyring:
    if keys is None:
        raise RuntimeError(_NO_KEYS)
    return keys.get()


_NO_KEYS = "this function was given no such keys"
_NO_BUCKET = "this function was given no bucket"


def secret_loader(secret_id: str) -> CachedKeyring:
    """A keyring by the id of its secret; fetched from Secrets Manager on first use. Its `get` raises Unavailable
    when the secret cannot be had; what the service said of it goes no further."""
    return CachedKeyring(lambda: fetch_secret(secret_id), SystemClock())


def make_store(tables: TableNames) -> Store:
    """The store of a deployed function, with the tables that it has names for."""
    return DynamoStore.from_environment(tables)

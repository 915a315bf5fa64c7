"""Words of the wallet that no list has: decline codes, kinds of instrument, card networks and providers.

Unknown codes are counted by month under `CODES#<month>` (kit.monthly_counts); all unknown words are logged.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from hotline.contracts.model import Fact, FactVersion, Failure, MovementTold
from hotline.contracts.vocabulary import kind_of, loggable, network_of, provider_of, scheme_of
from hotline.identity.service import Operation, require
from hotline.kit.change import Change
from hotline.kit.counts.monthly_counts import MonthlyCounts
from hotline.kit.store import Key, Store
from hotline.kit.store.condition import Item

from . import folds, items
from .decline_codes import is_known

CODES_MAX: Final = 200
"""Codes that one month holds. The providers that are known have 89 codes at most each; what is more is no code."""
_CODES: Final = MonthlyCounts("CODES", "CODE", CODES_MAX)

type Code = tuple[str, str]
"""Scheme and code."""


@dataclass(frozen=True, slots=True)
class UnknownWord:
    """A word in a fact that is on no list, as it may be logged. `what`: `code`, `kind`, `network` or `provider`;
    `scheme`: whose code it is, None for other words."""

    what: str
    word: str
    fact_id: str
    scheme: str | None = None


@dataclass(frozen=True, slots=True)
class UnknownCode:
    """A code that the taxonomy does not know. `count`: on how many movements and refunds it came."""

    scheme: str
    code: str
    count: int
    first_at: datetime
    last_at: datetime


def find_unknown_words(read: Mapping[Key, Item], facts: Sequence[Fact]) -> tuple[UnknownWord, ...]:
    """The words of the facts that are on no list and are new to their movement, each once. `read` holds what exists of
    `payments.fact_keys`, as it was before the facts: a delivery that comes again brings nothing new."""
    found: dict[tuple[str, str, str | None, str], UnknownWord] = {}
    for fact in facts:
        if isinstance(fact.data, MovementTold):
            movement_sk = folds.movement_sk_of(fact, fact.data)
            stored = read.get(items.movement_key(fact.subject, movement_sk))
            for word in _new_words(fact, fact.data, stored):
                found.setdefault((movement_sk, word.what, word.scheme, word.word), word)
    return tuple(found.values())


def _new_words(fact: Fact, told: MovementTold, stored: Item | None) -> Iterator[UnknownWord]:
    before = items.movement_from(stored) if stored is not None else None
    if before is not None and FactVersion.of(fact, told.version) <= before.fact_version:
        return
    instrument, failure = told.instrument, told.failure
    known = before.failure if before is not None else None
    if (
        failure is not None
        and not is_known(failure.scheme, failure.code, network=instrument.network)
        and (known is None or (known.scheme, known.scheme_code) != (failure.scheme, failure.code))
    ):
        yield unknown_code(fact, failure)
    if kind_of(instrument.kind) is None and (before is None or before.instrument.kind != instrument.kind):
        yield UnknownWord("kind", loggable(instrument.kind), fact.id)
    network = instrument.network
    if network is not None and network_of(network) is None and (before is None or before.instrument.network != network):
        yield UnknownWord("network", loggable(network), fact.id)
    provider = told.provider
    if provider is not None and provider_of(provider) is None and (before is None or before.provider != provider):
        yield UnknownWord("provider", loggable(provider), fact.id)


def unknown_code(fact: Fact, failure: Failure) -> UnknownWord:
    """The code of a failure, as it may be logged."""
    return UnknownWord("code", loggable(failure.code), fact.id, scheme_of(failure.scheme) or loggable(failure.scheme))


def code_keys(codes: Sequence[Code], now: datetime) -> set[Key]:
    """The keys to read before `contribute_unknown_codes`."""
    return _CODES.keys((f"{scheme}#{code}" for scheme, code in codes), now)


def contribute_unknown_codes(change: Change, read: Mapping[Key, Item], codes: Sequence[Code]) -> None:
    """Count codes, each as often as it is given. Codes that the month has no room for are not counted."""
    require(change, Operation.FACTS)
    counted = {
        f"{scheme}#{code}": (times, {"scheme": scheme, "code": code})
        for (scheme, code), times in Counter(codes).items()
    }
    _CODES.contribute(change, read, counted)


def list_unknown_codes(store: Store, now: datetime) -> tuple[UnknownCode, ...]:
    """The codes of this month and the two before it that are still unknown, the most frequent first. One query a
    month, each of CODES_MAX items at most."""
    found = [
        UnknownCode(one.fields["scheme"], one.fields["code"], one.count, one.first_at, one.last_at)
        for one in _CODES.list_counts(store, now)
    ]
    unknown = [one for one in found if not is_known(one.scheme, one.code, network=None)]
    return tuple(sorted(unknown, key=lambda one: (-one.count, one.scheme, one.code)))

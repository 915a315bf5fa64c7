"""Words of the wallet that no list has: decline codes that the taxonomy does not know, and kinds of instrument.

    CODES#<month> / CODE#<scheme>#<code>    scheme · code · n · first_at · last_at
    CODES#<month> / COUNT                   n: how many codes the month holds

Codes come from outside, so a month holds CODES_MAX of them at most, and is gone after MONTH_KEPT. What is not counted
any more is in the log and in the metric all the same.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from hotline.contracts.model import Fact, MovementTold
from hotline.contracts.vocabulary import kind_of, loggable, network_of, scheme_of
from hotline.identity.service import Operation, require
from hotline.kit.change import Change
from hotline.kit.clock import epoch_s, from_text, to_text
from hotline.kit.condition import PRESENT, Item
from hotline.kit.store import TTL_ATTRIBUTE, Key, Prefix, Query, Store, Table, hotline_key

from . import folding, items
from .failure_mapping import is_known
from .model import Order

CODES_MAX: Final = 200
"""Codes that one month holds. The providers that are known have 89 codes at most each; what is more is no code."""
MONTH_KEPT: Final = timedelta(days=100)
"""How long a month's codes are kept after the last one was counted: this month and the two before it are listed."""
MONTHS_LISTED: Final = 3

type Code = tuple[str, str]
"""Scheme and code."""


@dataclass(frozen=True, slots=True)
class UnknownWord:
    """A word in a fact that is on no list, as it may be logged. `what`: `code`, `kind` or `network`; `scheme`: whose
    code it is, None for other words."""

    what: str
    word: str
    fact_id: str
    scheme: str | None = None


@dataclass(frozen=True, slots=True)
class UnknownCode:
    """A decline code that the taxonomy does not know. `count`: on how many movements it came."""

    scheme: str
    code: str
    count: int
    first_at: datetime
    last_at: datetime


def unknown_words(read: Mapping[Key, Item], facts: Sequence[Fact]) -> tuple[UnknownWord, ...]:
    """The words of the facts that are on no list and are new to their movement, each once. `read` holds what exists of
    `payments.fact_keys`, as it was before the facts: a delivery that comes again brings nothing new."""
    found: dict[tuple[str, str, str | None, str], UnknownWord] = {}
    for fact in facts:
        if isinstance(fact.data, MovementTold):
            movement_sk = folding.told_sk(fact, fact.data)
            stored = read.get(items.movement_key(fact.subject, movement_sk))
            for word in _new_words(fact, fact.data, stored):
                found.setdefault((movement_sk, word.what, word.scheme, word.word), word)
    return tuple(found.values())


def _new_words(fact: Fact, told: MovementTold, stored: Item | None) -> Iterator[UnknownWord]:
    before = items.movement_from(stored) if stored is not None else None
    if before is not None and Order.of(fact, told.version) <= before.order:
        return
    instrument, failure = told.instrument, told.failure
    known = before.failure if before is not None else None
    if (
        failure is not None
        and not is_known(failure.scheme, failure.code, network=instrument.network)
        and (known is None or (known.scheme, known.scheme_code) != (failure.scheme, failure.code))
    ):
        scheme = scheme_of(failure.scheme) or loggable(failure.scheme)
        yield UnknownWord("code", loggable(failure.code), fact.id, scheme)
    if kind_of(instrument.kind) is None and (before is None or before.instrument.kind != instrument.kind):
        yield UnknownWord("kind", loggable(instrument.kind), fact.id)
    network = instrument.network
    if network is not None and network_of(network) is None and (before is None or before.instrument.network != network):
        yield UnknownWord("network", loggable(network), fact.id)


def code_keys(codes: Sequence[Code], now: datetime) -> set[Key]:
    """What must have been read before `contribute_unknown_codes`."""
    return {_count_key(now), *(_code_key(code, now) for code in codes)}


def contribute_unknown_codes(change: Change, read: Mapping[Key, Item], codes: Sequence[Code]) -> None:
    """Count codes, each as often as it is given. Codes that the month has no room for are not counted."""
    require(change, Operation.FACTS)
    at, end = to_text(change.now), {TTL_ATTRIBUTE: epoch_s(change.now + MONTH_KEPT)}
    count_key = _count_key(change.now)
    held = read.get(count_key)
    before = room = int(held["n"]) if held is not None else 0
    for (scheme, code), times in Counter(codes).items():
        key = _code_key((scheme, code), change.now)
        if key in read:
            change.update(key, set={"last_at": at, **end}, add={"n": times}, condition=PRESENT)
        elif room < CODES_MAX:
            room += 1
            change.create(key, {"scheme": scheme, "code": code, "n": times, "first_at": at, "last_at": at, **end})
    if room > before:
        change.replace(count_key, held, {"n": room, **end})


def unknown_codes(store: Store, now: datetime) -> tuple[UnknownCode, ...]:
    """The codes of this month and the two before it that are still unknown, the most frequent first. One query a
    month, each of CODES_MAX items at most."""
    found: dict[Code, UnknownCode] = {}
    for month in _months(now):
        page = store.query(Query(Table.HOTLINE, f"CODES#{month}", Prefix("CODE#"), limit=CODES_MAX))
        for one in map(_code_from, page.items):
            code = (one.scheme, one.code)
            found[code] = _together(found[code], one) if code in found else one
    unknown = [one for one in found.values() if not is_known(one.scheme, one.code, network=None)]
    return tuple(sorted(unknown, key=lambda one: (-one.count, one.scheme, one.code)))


def _together(one: UnknownCode, other: UnknownCode) -> UnknownCode:
    first_at, last_at = min(one.first_at, other.first_at), max(one.last_at, other.last_at)
    return UnknownCode(one.scheme, one.code, one.count + other.count, first_at, last_at)


def _code_from(item: Mapping[str, Any]) -> UnknownCode:
    first_at, last_at = from_text(item["first_at"]), from_text(item["last_at"])
    return UnknownCode(item["scheme"], item["code"], int(item["n"]), first_at, last_at)


def _months(now: datetime) -> list[str]:
    """This month and those before it that are listed, e.g. `2026-11`, in UTC."""
    year, month = int(to_text(now)[:4]), int(to_text(now)[5:7])
    places = range(year * 12 + month - 1, year * 12 + month - 1 - MONTHS_LISTED, -1)
    return [f"{place // 12:04d}-{place % 12 + 1:02d}" for place in places]


def _code_key(code: Code, now: datetime) -> Key:
    return hotline_key(f"CODES#{to_text(now)[:7]}", f"CODE#{code[0]}#{code[1]}")


def _count_key(now: datetime) -> Key:
    return hotline_key(f"CODES#{to_text(now)[:7]}", "COUNT")

"""Codes with which refunds failed, and which the taxonomy does not know."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from hotline.contracts.model import Fact, FactVersion, RefundTold
from hotline.kit.store import Key
from hotline.kit.store.condition import Item
from hotline.payments import service as payments
from hotline.payments.service import UnknownWord

from . import folds, items


def find_unknown_codes(read: Mapping[Key, Item], facts: Sequence[Fact]) -> tuple[UnknownWord, ...]:
    """The unknown codes of the facts that are new to their refund, each once. `read` holds what exists of
    `refunds.fact_keys`, as it was before the facts.

    A refund does not keep the code. So a code that comes after another one, for the same failure, is not new."""
    found: dict[tuple[str, str | None, str], UnknownWord] = {}
    for fact in facts:
        if isinstance(fact.data, RefundTold) and fact.data.failure is not None and _is_news(read, fact, fact.data):
            failure = fact.data.failure
            if not payments.is_known(failure.scheme, failure.code, network=None):
                word = payments.unknown_code(fact, failure)
                found.setdefault((fact.data.refund_id, word.scheme, word.word), word)
    return tuple(found.values())


def _is_news(read: Mapping[Key, Item], fact: Fact, told: RefundTold) -> bool:
    """Whether the fact tells a failure of which no code is known yet. In other states nothing has failed."""
    state = folds.state_of(told.status)
    stored = read.get(items.refund_key(fact.subject, told.refund_id))
    known = items.refund_from(stored) if stored is not None else None
    if known is None or not state.is_unpaid:
        return state.is_unpaid
    is_later = known.fact_version is None or FactVersion.of(fact, told.version) > known.fact_version
    return is_later and (known.state is not state or known.failure is None)

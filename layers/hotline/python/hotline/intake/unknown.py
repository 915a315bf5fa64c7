"""Words and accounts that a wallet's engineers should hear of: words that no list has, and facts about accounts that
were never opened. Both are logged and counted."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from hotline.accounts import service as accounts
from hotline.contracts.model import Fact
from hotline.kit.actor import System
from hotline.kit.change import Change
from hotline.kit.change.acts import LoneAct, perform_alone
from hotline.kit.doors import Context
from hotline.kit.errors import Stale, Unavailable
from hotline.kit.logging import Event, log
from hotline.kit.store import Key, Store
from hotline.kit.store.condition import Item
from hotline.payments import service as payments
from hotline.payments.service import Code, UnknownWord

ACTOR: Final = System("wallet_events", "facts")


@dataclass(frozen=True, slots=True)
class _CountCodes:
    """Count decline codes that no list has."""

    codes: Sequence[Code]

    def read(self, store: Store, now: datetime) -> Mapping[Key, Item]:
        return store.batch_get(list(payments.code_keys(self.codes, now)))

    def contribute(self, change: Change, read: Mapping[Key, Item]) -> None:
        payments.contribute_unknown_codes(change, read, self.codes)


@dataclass(frozen=True, slots=True)
class _CountUnopened:
    """Count facts about an account that was never opened."""

    facts: Sequence[Fact]

    def read(self, store: Store, now: datetime) -> Mapping[Key, Item]:
        return store.batch_get(list(accounts.keys_of_unopened(self.facts, now)))

    def contribute(self, change: Change, read: Mapping[Key, Item]) -> None:
        accounts.contribute_unopened(change, read, self.facts)


def tell_unknown(ctx: Context, words: Sequence[UnknownWord]) -> None:
    """Log each word and count the codes. The facts are taken in by then, so that a count that fails harms none."""
    codes: list[Code] = []
    for word in words:
        if word.scheme is not None:
            log(Event.CODE_UNKNOWN, fact_id=word.fact_id, scheme=word.scheme, code=word.word)
            codes.append((word.scheme, word.word))
        else:
            log(Event.INSTRUMENT_UNKNOWN, fact_id=word.fact_id, reason=word.what, kind=word.word)
    if codes:
        _count(ctx, _CountCodes(codes), len(codes))


def tell_unopened(ctx: Context, facts: Sequence[Fact]) -> None:
    """Log and count facts about one account for which account.opened has not come. They are taken in by then."""
    log(Event.FACT_UNOPENED, account_id=facts[0].subject, count=len(facts))
    _count(ctx, _CountUnopened(facts), len(facts))


def _count(ctx: Context, act: LoneAct[None], count: int) -> None:
    """Write the count. The log and the metric have it also where it cannot be written."""
    try:
        perform_alone(ctx, act, actor=ACTOR, cause="facts")
    except (Stale, Unavailable) as error:
        log(Event.UNCOUNTED, count=count, error=error.code)

"""What a wallet's engineers should hear of: words that no list has, and facts about accounts that were never opened.
Both are logged and counted."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

from hotline.accounts import service as accounts
from hotline.contracts.model import Fact
from hotline.kit.actor import System
from hotline.kit.change import Change
from hotline.kit.doors import Context
from hotline.kit.errors import Stale, Unavailable
from hotline.kit.logging import Event, log
from hotline.kit.retry import retry_stale
from hotline.payments import service as payments
from hotline.payments.service import Code, UnknownWord

ATTEMPTS_MAX: Final = 3
"""How often a count is read and written anew when somebody else counted meanwhile; then the log and the metric have
it."""


def tell_unknown(ctx: Context, words: Sequence[UnknownWord]) -> None:
    """Log each word and count the codes. The facts are taken in by then, so that a count that fails harms none."""
    codes: list[Code] = []
    for word in words:
        if word.scheme is not None:
            log(Event.CODE_UNKNOWN, fact_id=word.fact_id, scheme=word.scheme, code=word.word)
            codes.append((word.scheme, word.word))
        else:
            log(Event.INSTRUMENT_UNKNOWN, fact_id=word.fact_id, reason=word.what, kind=word.word)
    if not codes:
        return

    def contribute(change: Change) -> None:
        read = ctx.store.batch_get(list(payments.code_keys(codes, change.now)))
        payments.contribute_unknown_codes(change, read, codes)

    _commit_count(ctx, contribute, len(codes))


def tell_unopened(ctx: Context, facts: Sequence[Fact]) -> None:
    """Log and count facts about one account for which account.opened has not come. They are taken in by then."""
    log(Event.FACT_UNOPENED, account_id=facts[0].subject, count=len(facts))

    def contribute(change: Change) -> None:
        read = ctx.store.batch_get(list(accounts.unopened_keys(facts, change.now)))
        accounts.contribute_unopened(change, read, facts)

    _commit_count(ctx, contribute, len(facts))


def _commit_count(ctx: Context, contribute: Callable[[Change], None], count: int) -> None:
    def commit() -> None:
        change = Change(actor=System("wallet_events", "facts"), cause="facts", now=ctx.clock.now(), ids=ctx.ids)
        contribute(change)
        change.commit(ctx.store)

    try:
        retry_stale(commit, attempts_max=ATTEMPTS_MAX)
    except (Stale, Unavailable) as error:
        log(Event.UNCOUNTED, count=count, error=error.code)

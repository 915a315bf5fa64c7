"""Words of the wallet that no list has: into the log, and decline codes into their count."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from hotline.kit.actor import System
from hotline.kit.change import Change
from hotline.kit.doors import Context
from hotline.kit.errors import Stale, Unavailable
from hotline.kit.logging import Event, log
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
    if codes:
        _count(ctx, codes)


def _count(ctx: Context, codes: Sequence[Code]) -> None:
    for attempt in range(1, ATTEMPTS_MAX + 1):
        now = ctx.clock.now()
        change = Change(actor=System("wallet_events", "facts"), cause="facts", now=now, ids=ctx.ids)
        try:
            payments.contribute_unknown_codes(change, ctx.store.batch_get(list(payments.code_keys(codes, now))), codes)
            change.commit(ctx.store)
        except (Stale, Unavailable) as error:
            if attempt == ATTEMPTS_MAX or isinstance(error, Unavailable):
                log(Event.CODES_UNCOUNTED, count=len(codes), error=error.code)
                return
        else:
            return

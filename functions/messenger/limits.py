"""The last look before a notice goes out, how many of its kind went to the contact point; and what becomes of the count
of a code that could not be sent."""

from __future__ import annotations

from typing import Final

from hotline.accounts import notice_rates
from hotline.identity import service as identity
from hotline.kit.actor import System
from hotline.kit.change import Change, stale
from hotline.kit.clock import to_text
from hotline.kit.condition import Item, Missing
from hotline.kit.doors import Context
from hotline.kit.logging import Event, log
from hotline.kit.outbox import entry_key
from hotline.kit.outbox_delivery import Dropped
from hotline.kit.rates import count, rate_keys
from hotline.kit.retry import retry_stale

_ENOUGH: Final = "notice_limit"
_COUNTED: Final = "counted_at"
_COUNTS_ALL_THE_SAME: Final = frozenset({"decoy", "challenge_over", "no_challenge", "other_point"})
"""Why a code is not given out although nothing went wrong (identity.to_give_out)."""
ATTEMPTS_MAX: Final = 3
"""How often a count is taken back when somebody else counted at the same contact point in between."""


def take_code_back(entry: Item, dropped: Dropped, ctx: Context) -> None:
    """Take back the count of a code that could not be sent: it must not use up what its owner may have in a day.

    Nothing is taken back for strangers, for a code that was meant to go nowhere, or for one whose challenge is over:
    each of those must count as it does for everybody. Raises Unavailable, and Stale when others kept counting.
    """
    keys = identity.unsent_keys(entry)
    if not keys or dropped.reason in _COUNTS_ALL_THE_SAME:
        return

    def take_back() -> None:
        actor = System("messenger", "code_message")
        change = Change(actor=actor, cause="code_message", now=ctx.clock.now(), ids=ctx.ids)
        if identity.contribute_unsent(change, ctx.store.batch_get(list(keys)), entry):
            change.commit(ctx.store)

    retry_stale(take_back, attempts_max=ATTEMPTS_MAX)


def notice_place(entry: Item, channel: str, ctx: Context) -> int | None:
    """The how-manieth of its kind a notice is that goes to its contact point within a day, this one counted; None where
    its kind has no limit. One read. Raises Unavailable."""
    if not notice_rates.is_bounded(entry["kind"], channel):
        return None
    now, rate = ctx.clock.now(), notice_rates.kind_rate(entry["kind"], entry["point"])
    before = notice_rates.sent_so_far(rate, ctx.store.batch_get(rate_keys(rate, now)), now)
    return before if _COUNTED in entry else before + 1


def is_last_for_now(place: int | None) -> bool:
    """Whether the notice is the last of its kind that goes to its contact point for now, and is to say so."""
    return place == notice_rates.OF_A_KIND_MAX


def notice_held_back(entry: Item, place: int | None, ctx: Context) -> Dropped | None:
    """Why the notice of this entry may not go out; None when it may, and then it is counted by its kind alone, once for
    the entry, however often a carrier has to be asked. `place` as `notice_place` gives it. One transaction. Raises
    Unavailable and Stale when it could not be counted: then it is not sent either."""
    if place is None or _COUNTED in entry:
        return None
    if place > notice_rates.OF_A_KIND_MAX:
        log(Event.NOTICE_HELD_BACK, entry_id=entry["entry_id"], kind=entry["kind"])
        return Dropped(_ENOUGH)
    change = Change(actor=System("messenger", "notice"), cause="notice", now=ctx.clock.now(), ids=ctx.ids)
    count(change, notice_rates.kind_rate(entry["kind"], entry["point"]), by=entry["entry_id"])
    _commit_once(change, entry, ctx)
    return None


def _commit_once(change: Change, entry: Item, ctx: Context) -> None:
    counted = {_COUNTED: to_text(change.now)}
    change.update(entry_key(entry["entry_id"]), set=counted, condition=Missing(_COUNTED), failed=stale)
    change.commit(ctx.store)

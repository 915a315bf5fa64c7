"""The face of intake: the facts of one subject become one transaction, to which every room contributes.

Each room computes from the facts which items to read. A share of a batch costs one read, a second when contact points
are named, and one transaction, however many facts it has. The subjects of a batch share their first reads, and the
requests that keep the rows of the scan.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import batched
from typing import NamedTuple

from hotline.accounts import service as accounts
from hotline.accounts.model import AccountStatus, Profile
from hotline.contracts.model import AccountErased, Direction, Fact, MerchantPolicyPublished, MovementTold
from hotline.erasure import service as erasure
from hotline.identity import service as identity
from hotline.kit.actor import System
from hotline.kit.change import Change
from hotline.kit.change.acts import retry_stale
from hotline.kit.doors import Context
from hotline.kit.due import all_of_them
from hotline.kit.errors import Unavailable
from hotline.kit.logging import Event, log
from hotline.kit.store import BATCH_GET_KEYS_MAX, TRANSACTION_ITEMS_MAX, Key, Store
from hotline.kit.store.condition import Item
from hotline.lockout import service as lockout
from hotline.payments import service as payments
from hotline.payments.service import UnknownWord
from hotline.refunds import service as refunds
from hotline.security import service as security

from .isolation import Delivery, Outcome, Refused, fold_apart
from .unknown import tell_unknown, tell_unopened

__all__ = ["Outcome", "Refused", "fold", "fold_apart", "fold_groups"]

FACTS_OF_A_SHARE_MAX = 24
"""A payment is three or four items of a transaction, beside those of its account, and few facts are more. So a share is
seldom read, found too large for a transaction, and read again in halves."""


type Keep = Callable[[Sequence[Fact]], None]
"""Keep of facts that were taken in what the scan looks at, now or soon. Raises Unavailable."""


def fold_groups[D: Delivery](
    ctx: Context, groups: Iterable[Sequence[D]], *, shards: int = security.ACTIVITY_SHARDS, at_once: int = 1
) -> list[Outcome[D]]:
    """Take in live facts of many subjects, each group those of one. Gives for each group, in order, which deliveries
    were not taken in. Every trouble is logged. `at_once`: on how many subjects to work beside each other.

    The trouble of one group touches no other. Only the rows for the scan go out together, at the end. The facts of all
    groups come again where the store does not take them.
    """
    held = list(groups)
    ahead = _read_ahead(ctx.store, [[delivery.fact for delivery in group] for group in held])
    taken: list[list[Fact]] = [[] for _ in held]

    def fold_one(place: int) -> Outcome[D]:
        return fold_apart(held[place], partial(_fold_all, ctx, keep=taken[place].extend, ahead=ahead[place]))

    outcomes = all_of_them(fold_one, range(len(held)), at_once=min(at_once, len(held)) or 1)
    for place in _keep_together(ctx, shards, taken):
        refused = [one.delivery for one in outcomes[place].refused]
        outcomes[place].again = [delivery for delivery in held[place] if delivery not in refused]
    return outcomes


def _keep_together(ctx: Context, shards: int, groups: Sequence[Sequence[Fact]]) -> Sequence[int]:
    """Keep of the facts of all groups what the scan looks at. Gives the places of the groups for which that failed.
    Those are all where the store takes nothing. Else they are those whose own facts are the trouble. It is logged."""
    together = [fact for facts in groups for fact in facts]
    try:
        _keep_activity(ctx, shards, together)
    except Unavailable as error:
        log(Event.FACT_RETRIED, count=len(together), error=error.code)
        return range(len(groups))
    except Exception:  # noqa: BLE001 - whichever group it is, the others are kept without it
        return [place for place, facts in enumerate(groups) if not _is_kept(ctx, shards, facts)]
    return ()


def _is_kept(ctx: Context, shards: int, facts: Sequence[Fact]) -> bool:
    try:
        _keep_activity(ctx, shards, facts)
    except Exception as error:  # noqa: BLE001 - one account's trouble must not fail the others' facts
        log(Event.FACT_FAILED, account_id=facts[0].subject, count=len(facts), error=type(error).__name__)
        return False
    return True


def fold(ctx: Context, facts: Sequence[Fact], *, shards: int = security.ACTIVITY_SHARDS, live: bool = True) -> None:
    """Take in facts that all have one subject, an account or a merchant. `shards`: over how many the scan's rows are
    spread. `live` False: they are a copy of what the wallet knows, in any order. The scan does not look at them, and
    nobody is told of an account that is not open yet.

    Raises InvalidInput (its `fact_id` names the fact) when a fact contradicts what is known, Stale after too many
    conflicts, Unavailable. Part of the facts may have been taken in then; to take them in again does no harm.
    """
    _fold_all(ctx, facts, keep=partial(_keep_activity, ctx, shards) if live else None)


def _fold_all(ctx: Context, facts: Sequence[Fact], *, keep: Keep | None, ahead: _Ahead | None = None) -> None:
    """`keep` None: the facts are a copy. `ahead`: items of the first share."""
    for share in _shares(facts):
        _fold_share(ctx, share, keep, ahead)


@dataclass(slots=True)
class _Ahead:
    """Items that were read for many subjects together: of use to the first attempt about one of them. Later ones read
    afresh. A change is conditioned on what was read, whenever that was."""

    facts: Sequence[Fact]
    found: dict[Key, Item] | None

    def take(self, facts: Sequence[Fact]) -> dict[Key, Item] | None:
        """The items, once; None for other facts than those that they were read for."""
        found, self.found = self.found, None
        return found if facts == self.facts else None


def _read_ahead(store: Store, groups: Sequence[Sequence[Fact]]) -> list[_Ahead | None]:
    """The items of the first share of each group, in as few requests as hold them. None for a group that is to read by
    itself, and to have its own trouble."""
    firsts = [_shares(facts)[0] for facts in groups]
    asked = [_find_keys(facts) for facts in firsts]
    try:
        found = _read(store, dict.fromkeys(key for keys in asked for key in keys or ()))
    except Unavailable:
        return [None] * len(asked)
    return [
        None if keys is None else _Ahead(facts, {key: found[key] for key in keys if key in found})
        for facts, keys in zip(firsts, asked, strict=True)
    ]


def _find_keys(facts: Sequence[Fact]) -> set[Key] | None:
    try:
        return _keys_of(facts)
    except Exception:  # noqa: BLE001 - it comes again where the facts are folded, and is logged there
        return None


def _shares(facts: Sequence[Fact]) -> list[list[Fact]]:
    """Duplicates dropped, at most FACTS_OF_A_SHARE_MAX in one. Two different facts under one id, which no wallet should
    send, do not meet in one share."""
    return [list(some) for unlike in _part_alike(facts) for some in batched(unlike, FACTS_OF_A_SHARE_MAX, strict=False)]


def _part_alike(facts: Iterable[Fact]) -> list[list[Fact]]:
    """The facts without duplicates, so that two different ones under one id are in different lists."""
    unlike: list[dict[str, Fact]] = []
    for fact in dict.fromkeys(facts):
        group = next((group for group in unlike if fact.id not in group), None)
        if group is None:
            unlike.append(group := {})
        group[fact.id] = fact
    return [list(group.values()) for group in unlike]


def _fold_share(ctx: Context, facts: Sequence[Fact], keep: Keep | None, ahead: _Ahead | None = None) -> None:
    """`keep` None: the facts are a copy."""
    made = retry_stale(lambda: _commit(ctx, facts, ahead))
    if made is None:
        middle = len(facts) // 2
        _fold_share(ctx, facts[:middle], keep)
        _fold_share(ctx, facts[middle:], keep)
    elif made.taken is None:
        _fold_share(ctx, facts, keep)
    else:
        # First, because a delivery that comes again for want of the activity would bring no new word.
        tell_unknown(ctx, made.words)
        if keep is not None:
            if made.unopened:
                tell_unopened(ctx, made.taken)
            keep(made.taken)


def _commit(ctx: Context, facts: Sequence[Fact], ahead: _Ahead | None) -> _Contributions | None:
    """Read, contribute and commit; None, and nothing done, when the facts are too many for one transaction."""
    made = _contributions(ctx, facts, ahead)
    if len(made.change) > TRANSACTION_ITEMS_MAX and len(facts) > 1:
        return None
    made.change.commit(ctx.store)
    return made


class _Contributions(NamedTuple):
    """The result of facts on the present items. `taken`: the facts that are not ignored. None when the change only
    drops contact points of a profile that holds too many; the facts are then folded after it. `words`: words in them
    that no list has. `unopened`: account.opened has not come for their account."""

    change: Change
    taken: Sequence[Fact] | None
    words: Sequence[UnknownWord] = ()
    unopened: bool = False


def _keys_of(facts: Sequence[Fact]) -> set[Key]:
    """The items to read before the facts are contributed."""
    if isinstance(facts[0].data, MerchantPolicyPublished):
        return set(refunds.fact_keys(facts))
    return {
        *lockout.lock_keys(facts[0].subject),
        *accounts.fact_keys(facts),
        *payments.fact_keys(facts),
        *lockout.fact_keys(facts),
        *refunds.fact_keys(facts),
        *security.fact_keys(facts),
        *identity.fact_keys(facts),
        *erasure.fact_keys(facts),
    }


def _contributions(ctx: Context, facts: Sequence[Fact], ahead: _Ahead | None) -> _Contributions:
    subject = facts[0].subject
    change = Change(actor=System("wallet_events", "facts"), cause="facts", now=ctx.clock.now(), ids=ctx.ids)
    read = ahead.take(facts) if ahead is not None else None
    if read is None:
        read = _read(ctx.store, _keys_of(facts))
    if isinstance(facts[0].data, MerchantPolicyPublished):
        refunds.contribute_facts(change, read, facts)
        return _Contributions(change, facts)
    if lockout.is_erased(read, subject):
        return _Contributions(change, ())
    over = accounts.points_over(read, subject, ctx.lookup_ring) if accounts.names_points(facts) else ()
    if over:
        read |= _read(ctx.store, {accounts.point_key(one) for ids in over for one in ids})
        accounts.contribute_dropped(change, read, subject, over, ctx.lookup_ring)
        lockout.contribute_not_erased(change, subject)
        return _Contributions(change, None)
    # A fact that comes together with the erasure of its account might as well have come after it: it is ignored.
    taken = [fact for fact in facts if isinstance(fact.data, AccountErased)] or facts
    words = (*payments.find_unknown_words(read, taken), *refunds.find_unknown_codes(read, taken))
    profile = _contribute(ctx, change, read, taken)
    # Facts that are known already change nothing, and are not counted again.
    unopened = len(change) > 0 and profile is not None and profile.status is AccountStatus.STUB
    return _Contributions(change, taken, words, unopened)


def _contribute(ctx: Context, change: Change, read: dict[Key, Item], facts: Sequence[Fact]) -> Profile | None:
    """Let every room contribute; the profile as it will be, None when the account is erased."""
    keyring = ctx.lookup_ring
    own = [fact for fact in facts if not _is_received(fact)]
    of_refunds, of_groups = refunds.fact_keys_of_payments(read, own), payments.fact_keys_of_groups(read, own)
    read |= _read(ctx.store, accounts.fact_keys_of_points(read, facts, keyring) | of_refunds | of_groups)
    profile = accounts.contribute_facts(change, read, facts, keyring)
    find_party = partial(security.find_payee, keyring=keyring)
    payments.contribute_facts(change, read, own, profile=profile, find_party=find_party)
    lockout.contribute_facts(change, read, facts, lookup_keys=keyring, profile=profile)
    refunds.contribute_facts(change, read, own)
    security.contribute_facts(change, read, facts)
    identity.contribute_facts(change, read, facts)
    erasure.contribute_facts(change, read, facts, keyring)
    if len(change) > 0:
        lockout.contribute_not_erased(change, facts[0].subject)
    return profile


def _is_received(fact: Fact) -> bool:
    """Whether it tells of a transfer that the account receives: the scan alone looks at it. The hotline speaks of
    transfers as of money that the customer sent."""
    return isinstance(fact.data, MovementTold) and fact.data.direction is Direction.IN


def _keep_activity(ctx: Context, shards: int, facts: Sequence[Fact]) -> None:
    """Keep of the facts what the scan looks at; what is delivered again is kept again, which it expects. A word about
    fraud may name no payee: one read for a hundred of them, after all movements of the batch were taken in."""
    unnamed = [one for fact in facts if (one := security.movement_to_look_up(fact)) is not None]
    known = payments.parties_of_movements(_read(ctx.store, payments.party_keys(unnamed)), unnamed)
    for unlike in _part_alike(facts):
        rows = security.activity_writes(unlike, ctx.clock.now(), ctx.lookup_ring, shards=shards, known=known)
        ctx.store.put_all(rows)


def _read(store: Store, keys: Iterable[Key]) -> dict[Key, Item]:
    found: dict[Key, Item] = {}
    for chunk in batched(keys, BATCH_GET_KEYS_MAX, strict=False):
        found |= store.batch_get(chunk)
    return found

"""Limits that hold over more than one contact point: wrong codes of all callers, codes of one account, calls from one
number. Each is a rate in shards (kit.rates), read with what a step reads anyway and counted in its transaction.

What bounds somebody who guesses codes over N accounts, at 10^-6 a guess (docs/decisions.md has the sums):

- up to WRONG_CODES_MAX wrong codes in five minutes over all callers nothing is slowed: some 9,000 a day, 22,000 for
  somebody who saves up the tries that they have been told of, whatever N is;
- above it everybody is at SLOW: a code and a try at a time, a quarter of an hour between codes, two wrong ones a day
  for each contact point and factor. That is 2 N x 10^-6 a day instead of 8 N, and a call and a message for each guess.

A customer gets through at SLOW: a code comes, and the right one proves. Nobody is shut out, since the pace holds for a
contact point and not for the line. It ends by itself when wrong codes become fewer.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Final

from hotline.kit.change import Change
from hotline.kit.condition import Item
from hotline.kit.config import optional
from hotline.kit.rates import FIVE_MINUTES, Rate, count, counted, rate_keys
from hotline.kit.store import Key

from .model import Target
from .policy import CODES_PER_DAY, CODES_PER_QUARTER_HOUR, DAY, QUARTER_HOUR, SLOW, USUAL, Pace

WRONG_CODES: Final = Rate("wrong-codes", FIVE_MINUTES, shards=8)
WRONG_DECOYS: Final = Rate("wrong-decoys", FIVE_MINUTES, shards=8)
WRONG_CODES_SETTING: Final = "WRONG_CODES_MAX"
WRONG_CODES_MAX: Final = 30
"""Unless the setting says otherwise: a matter of the line's traffic. It is the threshold of the alarm too."""

CODES_OF_ACCOUNT: Final = (
    (Rate("codes-soon", QUARTER_HOUR), 2 * CODES_PER_QUARTER_HOUR),
    (Rate("codes-day", DAY), 2 * CODES_PER_DAY),
)
"""Codes of one account over all its contact points: as much as two of them may have, which is what a call can use (a
phone and an address), so that five points are no five times as many messages (OWASP ASVS 5.0, 2.4.1)."""

CALLS: Final = Rate("calls", timedelta(hours=1), shards=4)
CALLS_PER_NUMBER_MAX: Final = 20
"""Calls from one number in an hour, after which the accounts of other numbers are out of its reach. A household or a
small office stays below; a switchboard may not, and its callers reach a person."""


def code_keys(target: Target, now: datetime) -> tuple[Key, ...]:
    """What must have been read to know the pace and what the target's account has had."""
    of_account = [key for rate, _ in CODES_OF_ACCOUNT for key in rate_keys(rate.of(_owner(target)), now)]
    return (*wrong_code_keys(now), *of_account)


def wrong_code_keys(now: datetime) -> tuple[Key, ...]:
    """What must have been read to know the pace."""
    return rate_keys(WRONG_CODES, now)


def wrong_codes_max(environment: Mapping[str, str] | None = None) -> int:
    """How many wrong codes of all callers in five minutes leave everybody at the usual pace."""
    return int(optional(WRONG_CODES_SETTING, str(WRONG_CODES_MAX), environment))


def pace(read: Mapping[Key, Item], now: datetime) -> Pace:
    """At which pace codes are asked for and tried now."""
    return SLOW if counted(WRONG_CODES, read, now) > wrong_codes_max() else USUAL


def account_may_have(read: Mapping[Key, Item], target: Target, now: datetime) -> bool:
    """Whether the target's account, or for nobody's target that contact point, may have one more code."""
    return all(counted(rate.of(_owner(target)), read, now) < most for rate, most in CODES_OF_ACCOUNT)


def count_code(change: Change, target: Target, *, goes_out: bool = True) -> None:
    """Count a code that was asked for; one that goes nowhere costs the same writes and counts for nothing."""
    for rate, _ in CODES_OF_ACCOUNT:
        count(change, rate.of(_owner(target)), by=target.point, times=int(goes_out))


def count_wrong_code(change: Change, challenge_id: str, *, decoy: bool = False) -> None:
    """Count a wrong code, of whomever. One against a decoy can guess nothing and slows nobody down, but it costs the
    same writes."""
    count(change, WRONG_DECOYS if decoy else WRONG_CODES, by=challenge_id)


def call_keys(point: str, now: datetime) -> tuple[Key, ...]:
    """What must have been read to know how often a number has called; `point` is its key."""
    return rate_keys(CALLS.of(point), now)


def calls_often(read: Mapping[Key, Item], point: str, now: datetime) -> bool:
    """Whether a number has called as often as it may within the hour, the present call not counted."""
    return counted(CALLS.of(point), read, now) >= CALLS_PER_NUMBER_MAX


def count_call(change: Change, point: str, contact_id: str) -> None:
    """Count a call from a number."""
    count(change, CALLS.of(point), by=contact_id)


def _owner(target: Target) -> str:
    return target.account_id or target.point

"""Limits that hold over more than one contact point: wrong codes of all callers, codes of one account, calls from one
number. Each is a rate in shards (kit.rates), read with what a step reads anyway and counted in its transaction.

Wrong codes are sums by way, so that strangers slow down strangers only. The sums are of recoveries, of callers from
other numbers, and of owners' ways (ways). A calling number can be faked, so wrong codes on calls from own numbers are
apart and slow such calls only. Wrong codes of those who showed more slow them as well. Two paces bound somebody who
guesses codes over N accounts, at 10^-6 a guess (docs/decisions.md and docs/security.md have the figures):

- In five minutes, up to WRONG_CODES_MAX (kit.limits) wrong codes by owners' ways slow nothing. Each of the strangers'
  two ways has a third of that.
- Above it everybody who comes that way is at SLOW. They get a code and a try at a time, with a quarter of an hour
  between codes. Each contact point and factor has two wrong codes a day instead of eight. Each guess costs a call and a
  message.

A customer gets through at SLOW: a code comes, and the right one proves. Nobody is shut out, since the pace holds for a
contact point and not for the line. It ends by itself when wrong codes become fewer.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Final

from hotline.kit.change import Change
from hotline.kit.counts.rates import FIVE_MINUTES, Rate, count, find_room, rate_keys, sum_window
from hotline.kit.limits import TrafficLimits
from hotline.kit.store import Key
from hotline.kit.store.condition import Item
from hotline.sessions.model import Target

from .policy import CODES_PER_DAY, CODES_PER_QUARTER_HOUR, DAY, QUARTER_HOUR, SLOW, USUAL, Pace
from .ways import Way

WRONG_CODES: Final = Rate("wrong-codes", FIVE_MINUTES, shards=8)
WRONG_DECOYS: Final = Rate("wrong-decoys", FIVE_MINUTES, shards=8)
STRANGERS_PART: Final = 3
"""Each of the strangers' two sums is slow above a third of that. Guessing by these two and by faked numbers together
then stays below twice the limit of one sum."""

CODES_OF_ACCOUNT: Final = (
    (Rate("codes-soon", QUARTER_HOUR), 2 * CODES_PER_QUARTER_HOUR),
    (Rate("codes-day", DAY), 2 * CODES_PER_DAY),
)
"""Codes of one account over all its contact points, by each way: as many as two points may have. A call can use two, a
phone and an address. So five points do not bring five times as many messages (OWASP ASVS 5.0, 2.4.1)."""

CALLS: Final = Rate("calls", timedelta(hours=1), shards=4)
CALLS_PER_NUMBER_MAX: Final = 20
"""Calls from one number in an hour, after which the accounts of other numbers are out of its reach. A household or a
small office stays below; a switchboard may not, and its callers reach a person."""


def code_keys(target: Target, way: Way, now: datetime) -> tuple[Key, ...]:
    """The keys to read to know the pace and what the target's account has had by this way."""
    of_account = [key for rate, _ in CODES_OF_ACCOUNT for key in rate_keys(_of_account(rate, target, way), now)]
    return (*wrong_code_keys(now), *of_account)


def wrong_code_keys(now: datetime) -> tuple[Key, ...]:
    """The keys to read to know the pace."""
    return rate_keys(WRONG_CODES, now)


def wrong_codes_max(way: Way, traffic: TrafficLimits) -> int:
    """How many wrong codes in five minutes leave everybody at the usual pace who comes this way."""
    most = traffic.wrong_codes_max
    return -(-most // STRANGERS_PART) if way.is_strangers else most


def pace(read: Mapping[Key, Item], now: datetime, way: Way, traffic: TrafficLimits) -> Pace:
    """At which pace codes are asked for and tried now by this way."""
    found = sum_window(wrong_codes(way), read, now)
    if way is Way.OWN_NUMBER:
        found += sum_window(WRONG_CODES, read, now)
    return SLOW if found > wrong_codes_max(way, traffic) else USUAL


def wrong_codes(way: Way) -> Rate:
    """The sum in which wrong codes by this way are counted."""
    return WRONG_CODES if way in (Way.APP, Way.PROVED) else WRONG_CODES.only(way.value)


def account_may_have(read: Mapping[Key, Item], target: Target, way: Way, now: datetime) -> bool:
    """Whether the target's account, or for nobody's target that contact point, may have one more code by this way."""
    return all(sum_window(_of_account(rate, target, way), read, now) < most for rate, most in CODES_OF_ACCOUNT)


def find_room_of_account(read: Mapping[Key, Item], target: Target, way: Way, now: datetime) -> datetime:
    """The earliest instant from which `account_may_have` holds, if no more codes are asked for until then."""
    return max(find_room(_of_account(rate, target, way), read, now, most=most) for rate, most in CODES_OF_ACCOUNT)


def count_code(change: Change, target: Target, way: Way, *, goes_out: bool = True) -> None:
    """Count a code that was asked for; one that goes nowhere costs the same writes and counts for nothing."""
    for rate, _ in CODES_OF_ACCOUNT:
        count(change, _of_account(rate, target, way), by=target.point, times=int(goes_out))


def take_code_back(change: Change, target: Target, way: Way, *, sent_at: datetime) -> None:
    """Take back the count of a code that was asked for at that time and never left the house."""
    for rate, _ in CODES_OF_ACCOUNT:
        count(change, _of_account(rate, target, way), by=target.point, times=-1, at=sent_at)


def count_wrong_code(change: Change, challenge_id: str, way: Way, *, decoy: bool = False) -> None:
    """Count a wrong code, of whomever. One against a decoy can guess nothing; by an owner's way it slows nobody down,
    but costs the same writes. By a stranger's it counts like any other: else the pace would tell whose number it is."""
    is_harmless = decoy and not way.is_strangers
    count(change, WRONG_DECOYS if is_harmless else wrong_codes(way), by=challenge_id)


def call_keys(point: str, now: datetime) -> tuple[Key, ...]:
    """The keys to read to know how often a number has called; `point` is its key."""
    return rate_keys(CALLS.of(point), now)


def calls_often(read: Mapping[Key, Item], point: str, now: datetime) -> bool:
    """Whether a number has called as often as it may within the hour, the present call not counted."""
    return sum_window(CALLS.of(point), read, now) >= CALLS_PER_NUMBER_MAX


def count_call(change: Change, point: str, contact_id: str) -> None:
    """Count a call from a number."""
    count(change, CALLS.of(point), by=contact_id)


def _of_account(rate: Rate, target: Target, way: Way) -> Rate:
    return rate.of(f"{target.account_id or target.point}#{way.counter}")

"""How many code messages go to telephone numbers over all accounts: by the prefix of the number, and in all.

SMS pumping: somebody has codes sent to many numbers of one range, in whose fees they share (OWASP ASVS 5.0, 2.4.1). The
limits of one number and one account do not show it; the range does. It is asked and counted when a code is asked for,
for everybody alike, so that nobody waits for a message that will not come. Two who ask at once may each have one more
than the limit.

Shares depend on the asker. Strangers have a quarter of each budget. Strangers and callers from a customer's own number
have three quarters together. Those who are signed in or have proved a factor have all of it. So a share that is used up
takes nothing from those who showed more. Codes by e-mail have no budget here.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final

from hotline.accounts.service import number_prefix
from hotline.kit.change import Change
from hotline.kit.counts.rates import FIVE_MINUTES, Rate, count, rate_keys, sum_window
from hotline.kit.keyring import Keyring
from hotline.kit.limits import TrafficLimits
from hotline.kit.store import Key
from hotline.kit.store.condition import Item

from .ways import Way

MESSAGES: Final = Rate("code-messages", FIVE_MINUTES, shards=4)
ALL: Final = Rate("code-messages#all", FIVE_MINUTES, shards=8)
"""A second each, as many at once as calls come in."""
STRANGERS_PERCENT: Final = 25
"""Of each budget, for who shows nothing: a quarter is what somebody may take away who sends requests for free."""
OWN_NUMBER_PERCENT: Final = 75
"""The share of each budget for strangers and callers from a customer's own number together. Such a number can be faked,
so a quarter stays for those with a token or a proved factor."""
_STRANGERS: Final = "strangers"
_OWN_NUMBER: Final = "own_number"
_PARTS: Final = (_STRANGERS, _OWN_NUMBER, "n")
"""The way that shows least comes first; each part has the room of those before it besides its own."""
_PERCENTS: Final = (STRANGERS_PERCENT, OWN_NUMBER_PERCENT, 100)


class OverLimit(StrEnum):
    """Why a code message is not sent."""

    PREFIX = "prefix_limit"
    ALL = "total_limit"


@dataclass(frozen=True, slots=True)
class OverBudget:
    """A budget that is used up: which limit, the name of its rate, and the way whose share it is."""

    limit: OverLimit
    rate: str
    way: Way

    @property
    def log_keys(self) -> dict[str, str]:
        """The fields that a log may hold of it: closed words and a keyed hash."""
        return {"reason": self.limit.value, "rate": self.rate, "actor": self.way.value}


def prefix_of(number: str, keyring: Keyring) -> str:
    """The number's prefix as a keyed hash: neither the table nor a log says where codes go."""
    return keyring.mac_text(keyring.current, "prefix", number_prefix(number))


def message_keys(prefix: str | None, now: datetime) -> tuple[Key, ...]:
    """The keys to read for `find_used_up`. `prefix`: as of `prefix_of`, None where it is not known."""
    return tuple(key for rate, _ in _budgets(prefix) for key in rate_keys(rate, now))


def find_used_up(
    prefix: str | None, way: Way, read: Mapping[Key, Item], now: datetime, traffic: TrafficLimits
) -> OverBudget | None:
    """The budget that one more code message by this way would break, if it would break one."""
    for rate, limit in _budgets(prefix):
        if _sum_taken(rate, way, read, now) >= messages_max(limit, way, traffic):
            return OverBudget(limit, rate.name, way)
    return None


def count_message(change: Change, prefix: str | None, way: Way, *, by: str) -> None:
    """Count a code message that was asked for; `by`: something of which each change has another."""
    for rate, _ in _budgets(prefix):
        count(change, rate.only(_PARTS[_rank(way)]), by=by)


def _budgets(prefix: str | None) -> tuple[tuple[Rate, OverLimit], ...]:
    in_all = ((ALL, OverLimit.ALL),)
    return in_all if prefix is None else ((MESSAGES.of(prefix), OverLimit.PREFIX), *in_all)


def _rank(way: Way) -> int:
    if way.is_strangers:
        return 0
    return 1 if way is Way.OWN_NUMBER else 2


def _sum_taken(rate: Rate, way: Way, read: Mapping[Key, Item], now: datetime) -> int:
    return sum(sum_window(rate.only(part), read, now) for part in _PARTS[: _rank(way) + 1])


def messages_max(limit: OverLimit, way: Way, traffic: TrafficLimits) -> int:
    """How many code messages in five minutes may be asked for by this way and by those that show less. Rounded up, so
    that a small budget leaves everybody something."""
    most = traffic.messages_per_prefix_max if limit is OverLimit.PREFIX else traffic.messages_max
    return -(-most * _PERCENTS[_rank(way)] // 100)

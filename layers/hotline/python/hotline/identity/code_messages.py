"""How many code messages go to telephone numbers over all accounts: by the prefix of the number, and in all.

SMS pumping: somebody has codes sent to many numbers of one range, in whose fees they share (OWASP ASVS 5.0, 2.4.1). The
limits of one number and one account do not show it; the range does. Asked before a message is handed to its carrier,
where the number is known, and counted before it is sent, once for each message: a carrier that does not answer must not
use up the codes of everybody in its prefix. Two senders at once may each send one more than the limit.

What is dropped here is a message with a code; of notices accounts.notice_rates tells. Its caller asks again later, or
proves by e-mail, or comes to a person.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from typing import Final

from hotline.accounts.service import number_prefix
from hotline.kit.change import Change
from hotline.kit.condition import Item
from hotline.kit.config import optional
from hotline.kit.keyring import Keyring
from hotline.kit.rates import FIVE_MINUTES, Rate, count, counted, rate_keys
from hotline.kit.store import Key

MESSAGES: Final = Rate("code-messages", FIVE_MINUTES, shards=4)
"""A stream is worked off by few senders at once, so few shards will do."""
ALL: Final = MESSAGES.of("all")
MESSAGES_SETTING: Final = "CODE_MESSAGES_MAX"
MESSAGES_MAX: Final = 300
"""In five minutes, unless the setting says otherwise: one a second, which some sixty calls at a time ask for."""
PER_PREFIX_SETTING: Final = "CODE_MESSAGES_PER_PREFIX_MAX"
PER_PREFIX_MAX: Final = 60
"""In five minutes and for one prefix, unless the setting says otherwise."""


class OverLimit(StrEnum):
    """Why a code message is not sent."""

    PREFIX = "prefix_limit"
    ALL = "total_limit"


def prefix_rate(number: str, keyring: Keyring) -> Rate:
    """The rate of the number's prefix, under a keyed hash: neither the table nor a log says where codes go."""
    return MESSAGES.of(keyring.mac_text(keyring.current, "prefix", number_prefix(number)))


def message_keys(prefix: Rate, now: datetime) -> tuple[Key, ...]:
    """What must have been read for `over_limit`."""
    return (*rate_keys(prefix, now), *rate_keys(ALL, now))


def over_limit(
    prefix: Rate, read: Mapping[Key, Item], now: datetime, environment: Mapping[str, str] | None = None
) -> OverLimit | None:
    """The limit that one more code message would break, if it would break one."""
    if counted(prefix, read, now) >= int(optional(PER_PREFIX_SETTING, str(PER_PREFIX_MAX), environment)):
        return OverLimit.PREFIX
    if counted(ALL, read, now) >= int(optional(MESSAGES_SETTING, str(MESSAGES_MAX), environment)):
        return OverLimit.ALL
    return None


def count_message(change: Change, prefix: Rate, *, by: str) -> None:
    """Count a code message that is about to be sent; `by`: its entry."""
    count(change, prefix, by=by)
    count(change, ALL, by=by)

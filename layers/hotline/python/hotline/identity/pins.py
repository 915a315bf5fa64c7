"""The hotline PIN: digits that its owner chose in the app and keys in on the line. Something they know: one factor.

It has six digits at least, as NIST SP 800-63B-4 (3.1.1.2) asks of a PIN. Weak ones are refused (3.1.1.2: values known
to be common or expected). Only a keyed hash is stored, whose key a key service keeps. Wrong ones count on the account.
For a number that reaches no account with a PIN they count on that number, so that nobody learns which. Eight in a day
by one way (ways) block the factor for a day on that way, and only that factor. A PIN chosen less than 72 hours ago is
like a contact point that is as new: it shows things and acts on nothing. Somebody who has the phone for an hour cannot
make a second factor out of it.
"""

from __future__ import annotations

import hmac
import secrets
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from itertools import pairwise
from typing import Any, Final

from hotline.accounts import service as accounts
from hotline.accounts.model import AccountStatus
from hotline.contracts.model import AccountErased, Fact, PointKind
from hotline.kit.actor import FactorKind, ProvedFactor, Purpose
from hotline.kit.aws.macs import Macs
from hotline.kit.change import Change, stale
from hotline.kit.clock import from_text, to_text
from hotline.kit.errors import InvalidInput, NotPossible
from hotline.kit.limits import TrafficLimits
from hotline.kit.store import Key
from hotline.kit.store.condition import Item, equals
from hotline.sessions.model import SessionState

from . import limits
from .challenges import Checked, CheckOutcome
from .counters import (
    contribute_counters,
    contribute_new_rows,
    counter_keys_of_targets,
    counters_of,
    name_counters,
    new_rows,
    new_rows_at,
    sole_account,
)
from .gate import require
from .items import NOBODY, counters_from, point_key, with_counters
from .items import factors_key as factors_key
from .model import IdentityError, Operation, PinWeakness
from .notices import send_repudiable
from .policy import (
    FACTOR_LIFE,
    FactorCounters,
    Pace,
    after_wrong,
    count_wrong_today,
    is_blocked_today,
    is_row_full,
    seen_since,
    with_new_row,
)
from .targets import pin_point
from .ways import Way, way_of

PIN_DIGITS_MIN: Final = 6
PIN_DIGITS_MAX: Final = 12
PIN_SET: Final = "pin.set"
PIN_REMOVED: Final = "pin.removed"
"""Messages to every contact point, and words of the audit trail (OWASP ASVS 5.0, 6.3.7)."""
_NO_SALT: Final = "0" * 32
COMMON: Final = frozenset(
    {
        "112233", "123123", "121212", "123321", "159753", "147258", "159357", "147852", "258456", "246810", "135790",
        "102030", "131313", "101010", "789456", "456789", "142536", "159951", "696969", "520520", "520131", "131452",
        "168168", "518518", "888168", "110110", "120120", "314159", "271828", "101112", "998877", "887766",
    }
)  # fmt: skip
"""Common choices that no rule below catches: pairs, patterns of the keypad, lucky and loving numbers."""
_LINES: Final = frozenset(
    line[::way] for line in ("123", "456", "789", "147", "258", "369", "159", "357") for way in (1, -1)
)


def is_pin(text: str) -> bool:
    """Whether a text could be a PIN at all."""
    return PIN_DIGITS_MIN <= len(text) <= PIN_DIGITS_MAX and text.isascii() and text.isdigit()


def weakness(pin: str, own_numbers: Iterable[str] = ()) -> PinWeakness | None:
    """Why a PIN may not be chosen, as a closed word; None for a good one. `own_numbers`: phone numbers of the account,
    of which no PIN may be a part."""
    if not is_pin(pin):
        return PinWeakness.LENGTH
    if len(set(pin)) <= 2:
        return PinWeakness.REPEATS
    steps = [(int(after) - int(before)) % 10 for before, after in pairwise(pin)]
    if max(steps.count(1), steps.count(9)) >= len(steps) - 1:
        return PinWeakness.SEQUENCE
    if any(pin == pin[:length] * (len(pin) // length) for length in range(2, len(pin) // 2 + 1)):
        return PinWeakness.REPEATS
    if all(before == after for before, after in zip(pin[::2], pin[1::2], strict=False)):
        return PinWeakness.REPEATS
    if pin[:PIN_DIGITS_MIN] in COMMON or _is_two_lines(pin) or _is_date(pin):
        return PinWeakness.COMMON
    if any(pin in "".join(filter(str.isdigit, number)) for number in own_numbers):
        return PinWeakness.OWN_NUMBER
    return None


def _is_two_lines(pin: str) -> bool:
    """Two straight lines of three keys each, as fingers go over a keypad."""
    return len(pin) == PIN_DIGITS_MIN and pin[:3] in _LINES and pin[3:] in _LINES


def _is_date(pin: str) -> bool:
    """A birthday of somebody alive, in one of the usual orders with a year of four digits or of two, or its year and
    month. Dates are what most people choose who may choose anything."""
    if len(pin) == 8:
        orders = [(pin[:4], pin[4:6], pin[6:]), (pin[4:], pin[2:4], pin[:2]), (pin[4:], pin[:2], pin[2:4])]
    elif len(pin) == PIN_DIGITS_MIN:
        short = ((pin[:2], pin[2:4], pin[4:]), (pin[4:], pin[2:4], pin[:2]), (pin[4:], pin[:2], pin[2:4]))
        # A leap year, in which every day is one that some year has.
        orders = [("2000", month, day) for _, month, day in short]
        orders += [(pin[:4], pin[4:], "01"), (pin[2:], pin[:2], "01")]
    else:
        return False
    return any(_is_day(year, month, day) for year, month, day in orders)


def _is_day(year: str, month: str, day: str) -> bool:
    try:
        return 1900 <= datetime(int(year), int(month), int(day)).year <= 2099  # noqa: DTZ001 - a birthday
    except ValueError:
        return False


def has_pin(item: Mapping[str, Any] | None) -> bool:
    """Whether a stored item holds a PIN."""
    return item is not None and "pin" in item


def pin_removed_at(item: Mapping[str, Any] | None) -> datetime | None:
    """The time at which the last PIN of a stored item was taken away; None where one stands, or none was taken away."""
    return from_text(item["pin_removed_at"]) if item is not None and "pin_removed_at" in item else None


def acting_pin(read: Mapping[Key, Item], account_id: str, now: datetime) -> bool:
    """Whether the account has a PIN that acts. `read` holds what exists of `factors_key` and `accounts.stops_key`."""
    item = read.get(factors_key(account_id))
    if item is None or not has_pin(item):
        return False
    stopped_since = accounts.stopped_since(read.get(accounts.stops_key(account_id)), now)
    return accounts.pin_acts(from_text(item["pin"]["set_at"]), now, stopped_since)


def pin_keys(account_id: str) -> tuple[Key, ...]:
    """The keys to read before `contribute_pin` and `contribute_no_pin`."""
    return (factors_key(account_id), accounts.profile_key(account_id))


def contribute_pin(
    change: Change,
    read: Mapping[Key, Item],
    account_id: str,
    pin: str,
    *,
    macs: Macs,
) -> None:
    """Set the account's PIN, in the place of one that there was; the same one again changes nothing.

    A row of wrong ones begins anew, since it was guessed at another PIN; the wrong ones of the day stay counted. `read`
    holds what exists of `pin_keys`. Raises NeedProof; NotPossible for an account that is not open; InvalidInput with
    the weakness; Unavailable.
    """
    require(change, Operation.SET_PIN, account_id)
    profile = accounts.profile_from(read.get(accounts.profile_key(account_id)))
    numbers = (point.value for point in profile.live_points if point.kind is PointKind.PHONE) if profile else ()
    weak = weakness(pin, numbers)
    if weak is not None:
        raise InvalidInput(weak)
    if profile is None or profile.status is not AccountStatus.OPEN:
        raise NotPossible(IdentityError.ACCOUNT_CLOSED)
    # A proof for an account ends with the account: an erasure in between must not leave a PIN behind.
    profile_key = accounts.profile_key(account_id)
    change.require_condition(profile_key, equals("rev", int(read[profile_key]["rev"])), stale)
    stored_pin = read.get(factors_key(account_id), {}).get("pin")
    if stored_pin is not None and hmac.compare_digest(
        _mac(macs, account_id, stored_pin["salt"], pin), stored_pin["mac"]
    ):
        return
    salt = secrets.token_hex(len(_NO_SALT) // 2)
    stored = {"salt": salt, "mac": _mac(macs, account_id, salt, pin), "set_at": to_text(change.now)}
    key = factors_key(account_id)
    known = read.get(key)
    change.replace(key, known, {**_without_pin(known), "pin": stored})
    change.audit(account_id, PIN_SET)
    send_repudiable(change, profile, PIN_SET)


def _mac(macs: Macs, account_id: str, salt: str, pin: str) -> str:
    return macs.mac("pin", account_id, salt, pin).hex()


def contribute_no_pin(change: Change, read: Mapping[Key, Item], account_id: str) -> bool:
    """Take the account's PIN away; whether there was one. Raises NeedProof."""
    require(change, Operation.SET_PIN, account_id)
    known = read.get(factors_key(account_id))
    if not has_pin(known):
        return False
    _take_pin_away(change, account_id, known)
    profile = accounts.profile_from(read.get(accounts.profile_key(account_id)))
    send_repudiable(change, profile, PIN_REMOVED)
    return True


def contribute_repudiated_pin(change: Change, read: Mapping[Key, Item], account_id: str, *, told_at: str) -> None:
    """Take away the PIN whose notice of `told_at` was repudiated; one chosen since then stays. `read` holds what exists
    of `factors_key`."""
    require(change, Operation.REPUDIATE)
    known = read.get(factors_key(account_id))
    if known is not None and has_pin(known) and known["pin"]["set_at"] == told_at:
        _take_pin_away(change, account_id, known)


def _take_pin_away(change: Change, account_id: str, known: Item | None) -> None:
    left = {**_without_pin(known), "pin_removed_at": to_text(change.now)}
    change.replace(factors_key(account_id), known, left)
    change.audit(account_id, PIN_REMOVED)


def _without_pin(known: Item | None) -> Item:
    return {name: value for name, value in _strip_keys(known).items() if name not in ("pin", "pin_removed_at")}


def fact_keys(facts: Sequence[Fact]) -> set[Key]:
    """The keys to read before `contribute_facts`: the factors of an account that is erased."""
    return {factors_key(fact.subject) for fact in facts if isinstance(fact.data, AccountErased)}


def contribute_facts(change: Change, read: Mapping[Key, Item], facts: Sequence[Fact]) -> None:
    """Forget the PIN of an account that is erased; other facts change nothing here."""
    require(change, Operation.FACTS)
    for key in fact_keys(facts):
        if key in read:
            change.delete(key, condition=equals("rev", int(read[key]["rev"])))


def pin_check_keys(state: SessionState, now: datetime) -> tuple[Key, ...]:
    """The keys to read before `contribute_pin_check`: as many items for everybody."""
    counted_at = (*map(point_key, (*_number_of(state), *_decoy_of(state))), *counter_keys_of_targets(state))
    account_id = sole_account(state) or NOBODY
    own = (factors_key(account_id), accounts.stops_key(account_id))
    return (*own, *counted_at, *limits.wrong_code_keys(now))


def contribute_pin_check(
    change: Change, state: SessionState, *, entered: str, read: Mapping[Key, Item], macs: Macs, traffic: TrafficLimits
) -> Checked:
    """Hold entered digits against the PIN of the one account that the caller may be about. It is the chosen account,
    else the only one behind the number. `read` holds what exists of `pin_check_keys`. An account without a PIN, several
    accounts, and a number that reaches no account are answered like a wrong PIN. So is a right PIN while the account
    has had its wrong ones of the day by way of another number. The answer may be spoken only after the change has been
    committed.
    """
    account_id, way = sole_account(state), way_of(state, change.now)
    key = factors_key(account_id or NOBODY)
    known = read.get(key)
    number, decoy = _number_of(state), _decoy_of(state)
    own = _counters_of_pin(known, way) if has_pin(known) else counters_of(read, decoy, FactorKind.PIN, way)
    shown = counters_of(read, number, FactorKind.PIN, way) if number else own
    pace = limits.pace(read, change.now, way, traffic)
    if _is_used_up(shown, change.now, pace) or (not number and is_row_full(own)):
        return Checked(CheckOutcome.SPENT, 0, state)
    open_to_tries = not _is_used_up(own, change.now, pace) and not is_row_full(own)
    pin = known["pin"] if known is not None and has_pin(known) else {"salt": _NO_SALT, "mac": ""}
    mac = _mac(macs, account_id or NOBODY, pin["salt"], entered)
    right = hmac.compare_digest(mac, pin["mac"]) and account_id is not None and open_to_tries
    if right and known is not None and account_id is not None:
        _begin_rows_anew(change, read, state, known, way, shown=shown, own=own)
        purpose = Purpose.ACT if acting_pin(read, account_id, change.now) else Purpose.LOOK
        return Checked(CheckOutcome.PROVED, 0, _with_pin(state, account_id, purpose, change.now))
    shown = after_wrong(shown, change.now)
    own = after_wrong(own, change.now) if open_to_tries else own
    if number:
        contribute_counters(change, read, number, name_counters(FactorKind.PIN, way, shown))
    if has_pin(known):
        counted = name_counters(FactorKind.PIN, way, own)
        change.replace(key, known, with_counters(_strip_keys(known), counted, now=change.now, owned=True))
    elif decoy:
        contribute_counters(change, read, decoy, name_counters(FactorKind.PIN, way, own))
    if has_pin(known) or number:
        # A wrong PIN that counts on no account and no number must not count here either: nothing would bound it.
        limits.count_wrong_code(change, state.contact_id, way, decoy=not has_pin(known))
    left = max(0, pace.wrong_per_day - count_wrong_today(shown, change.now))
    return Checked(CheckOutcome.WRONG if left else CheckOutcome.SPENT, left, state, wrong=True)


def _counters_of_pin(known: Item | None, way: Way) -> FactorCounters:
    """The wrong guesses by this way at the PIN that is stored now."""
    chosen_at = from_text(known["pin"]["set_at"]) if known is not None else None
    return seen_since(counters_from(known, FactorKind.PIN, way.counter), chosen_at)


def _begin_rows_anew(
    change: Change,
    read: Mapping[Key, Item],
    state: SessionState,
    known: Item,
    way: Way,
    *,
    shown: FactorCounters,
    own: FactorCounters,
) -> None:
    """After a right PIN: the rows of wrong ones begin anew, by all ways, of the PIN and of the other factors."""
    number = _number_of(state)
    if number:
        rows = new_rows_at(read, number) | name_counters(FactorKind.PIN, way, with_new_row(shown))
        contribute_counters(change, read, number, rows)
    contribute_new_rows(change, read, state, but=number)
    rows = new_rows(known) | name_counters(FactorKind.PIN, way, with_new_row(own))
    key = factors_key(sole_account(state) or NOBODY)
    change.replace(key, known, with_counters(_strip_keys(known), rows, now=change.now, owned=True))


def _is_used_up(counters: FactorCounters, now: datetime, pace: Pace) -> bool:
    """Whether the wrong ones of a day are all that there may be. A full row does not count here. It holds for the PIN
    alone, and is not told where the caller came from, since a stranger's number has no such row for long.
    """
    return is_blocked_today(counters, now) or count_wrong_today(counters, now) >= pace.wrong_per_day


def _with_pin(state: SessionState, account_id: str, purpose: Purpose, now: datetime) -> SessionState:
    """The call with the factor; its account has to be chosen again, as after a code."""
    proved = ProvedFactor(FactorKind.PIN, purpose, pin_point(account_id), now + FACTOR_LIFE)
    others = tuple(factor for factor in state.factors if factor.kind is not FactorKind.PIN)
    return replace(state, factors=(*others, proved), account_id=None)


def _number_of(state: SessionState) -> tuple[str, ...]:
    """The points at which wrong PINs count that decide what the caller is told: the number that they are identified by,
    under every version. Nothing for a caller without a number, and for an app session, which is about its own
    account."""
    return state.identified.points if state.identified is not None else ()


def _decoy_of(state: SessionState) -> tuple[str, ...]:
    """The stand-in for an account that has a PIN, so that others cost the same writes."""
    return tuple(f"{point}-pin" for point in _number_of(state))


def _strip_keys(known: Mapping[str, Any] | None) -> Item:
    return {name: value for name, value in (known or {}).items() if name not in ("PK", "SK", "rev")}

"""One line of a history as events of the scan's streams, without pydantic's models: a history has many lines.

A line is a CloudEvents object, or an event of EventBridge with one in `detail`; its type with or without `.v1`. Only
the fields that rules look at are read and checked. Values are those of the scan's rows. Addresses, devices, countries
and parties stand there as they are in the file, in the place of keyed hashes.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Mapping, Set
from datetime import UTC, datetime
from enum import StrEnum
from functools import lru_cache
from math import floor
from string import ascii_uppercase
from typing import Any, Final

from pydantic_core import from_json

from hotline.contracts.limits import CURRENCIES, INTEGER_MAX, TYPE_CHARACTERS_MAX
from hotline.contracts.model import VERSION_SUFFIX, Direction, LoginKind, SourceNetwork
from hotline.contracts.vocabulary import instrument_of
from hotline.security.detectors import Event, Stream
from hotline.security.detectors.history import DAY_MS, OUTWARD_KINDS
from hotline.security.streams import LABEL_TYPE, RETRACTION_TYPE

from .recent import RecentParties

TEXT_CHARACTERS_MAX: Final = 200
"""The longest id or name that is read; contracts.limits.NAME_CHARACTERS_MAX."""
FIRST_DAY: Final = 10_957
"""The beginning of the year 2000, in days since 1970."""
END_DAY: Final = 84_006
"""The beginning of the year 2200."""
OTHER_TYPES_MAX: Final = 200
"""So many types that do not matter are counted by name, and the rest as OTHER_TYPE."""
OTHER_TYPE: Final = "other"
LEVELS: Final = 4
"""The deepest field that is read: `detail.data.source.ip`."""
KINDS_MAX: Final = 256
"""So many spellings of instruments are known again."""


class Received(Event):
    """The other side of a movement of somebody else: what this account receives by it."""

    __slots__ = ()


type Pair = tuple[Stream, str, Event]
"""An event of a subject in a stream."""


class Fault(StrEnum):
    """Why a line is left out. The words are those of refused facts (docs/contracts.md)."""

    NOT_AN_EVENT = "not_an_event"
    MISSING_FIELD = "missing_field"
    BAD_VALUE = "bad_value"
    BAD_TIME = "bad_time"
    BAD_TEXT = "bad_text"
    BAD_CURRENCY = "bad_currency"


class BadLine(Exception):
    """A line that cannot be judged, by the path of the field; no value is ever repeated."""

    def __init__(self, fault: Fault, field: str = "-") -> None:
        super().__init__(fault.value, field)
        self.fault = fault
        self.field = field


_ACCOUNT, _SOURCE, _PARTY = Stream.ACCOUNT, Stream.SOURCE, Stream.PARTY
"""By names of the module, since an enum looks up its members at each use."""

type Told = tuple[int, str, str, str, Mapping[str, Any]]
"""A line as it was told: time in ms since 1970, id, type without version, subject, data. A history has many lines, and
a tuple with names takes several times as long to make."""


_scan: Final[Callable[[str, int], tuple[Any, int]]] = json.JSONDecoder().scan_once  # type: ignore[attr-defined]


def read_line(line: bytes) -> Told:
    """The event of a line. Raises BadLine."""
    try:
        found = from_json(line, cache_strings="keys")
    except ValueError:
        # It takes half the time of json, and refuses a little that json reads, such as half a surrogate pair.
        found = _scan_padded(line)
    if type(found) is not dict:
        raise BadLine(Fault.NOT_AN_EVENT)
    if "type" not in found and type(found.get("detail")) is dict:
        found = found["detail"]
    try:
        id_, type_, time, subject, data = found["id"], found["type"], found["time"], found["subject"], found["data"]
    except KeyError as fault:
        raise BadLine(Fault.MISSING_FIELD, fault.args[0]) from None
    bare_type = _BARE_TYPES.get(type_) if type(type_) is str else None
    if bare_type is None:
        bare_type = _type(type_)
    if type(data) is not dict:
        raise BadLine(Fault.BAD_VALUE, "data")
    at_ms = _ms_of(time)
    if type(id_) is not str or not 0 < len(id_) <= TEXT_CHARACTERS_MAX:
        raise _bad_text(id_, "id")
    if type(subject) is not str or not 0 < len(subject) <= TEXT_CHARACTERS_MAX:
        raise _bad_text(subject, "subject")
    return at_ms, id_, bare_type, subject, data


def _type(value: object) -> str:
    """The type without its version. Raises BadLine."""
    if type(value) is not str or len(value) > TYPE_CHARACTERS_MAX or not value.isascii():
        raise BadLine(Fault.BAD_VALUE, "type")
    return value.removesuffix(VERSION_SUFFIX)


def _scan_padded(line: bytes) -> Any:
    """The value of a line, maybe with space around it, as json reads it. Raises BadLine."""
    try:
        text = line.decode().strip()
        found, end = _scan(text, 0)
    except (ValueError, StopIteration, RecursionError):
        raise BadLine(Fault.NOT_AN_EVENT) from None
    if end != len(text):
        raise BadLine(Fault.NOT_AN_EVENT)
    return _mark_broken(found, LEVELS)


class BrokenText(str):
    """A text with half a surrogate pair, which nobody can store. json alone reads one. `_text` refuses it by its type,
    and need not look into every text of every line."""

    __slots__ = ()


def _mark_broken(value: Any, levels: int) -> Any:
    """The value with each text that cannot be stored as a BrokenText, so many objects deep."""
    if type(value) is dict and levels:
        return {name: _mark_broken(one, levels - 1) for name, one in value.items()}
    if type(value) is str:
        try:
            value.encode()
        except UnicodeEncodeError:
            return BrokenText(value)
    return value


class Reader:
    """Events of lines. Remembers the parties of movements, since a label may name its movement alone.

    `untouched` counts the events of types that do not matter to any rule.
    """

    def __init__(self) -> None:
        self.parties = RecentParties()
        self.untouched: Counter[str] = Counter()

    def split(self, told: Told) -> tuple[Pair, ...]:
        """The event as the streams have it. The first one is that of its subject; others are of its source, its party,
        or the account that receives the money. Empty for a type that does not matter. Raises BadLine."""
        build = _BUILDERS.get(told[2])
        if build is None:
            if not told[2].startswith("agent."):
                self._leave(told[2])
                return ()
            build = _split_agent
        try:
            return build(self, told)
        except KeyError as fault:
            raise BadLine(Fault.MISSING_FIELD, _find_missing(told[4], fault.args[0])) from None
        except (AttributeError, TypeError):
            raise BadLine(Fault.BAD_VALUE, _find_other_form(told[4])) from None

    def _leave(self, type_: str) -> None:
        counts = self.untouched
        is_named = type_ in counts or (len(counts) < OTHER_TYPES_MAX and _looks_like_type(type_))
        counts[type_ if is_named else OTHER_TYPE] += 1


_OBJECTS: Final[Mapping[str, tuple[str, ...]]] = {
    "source": (),
    "amount": ("minor", "currency"),
    "balance": ("minor", "currency"),
    "instrument": ("kind",),
    "merchant": ("id",),
}
"""The objects within data that builders read, each with the fields that it must have."""


def _find_missing(data: Mapping[str, Any], name: str) -> str:
    """The path of a field that a builder did not find."""
    for parent, needed in _OBJECTS.items():
        found = data.get(parent)
        if name in needed and type(found) is dict and name not in found:
            return f"data.{parent}.{name}"
    return f"data.{name}"


def _find_other_form(data: Mapping[str, Any]) -> str:
    """The path of a field that is no object where a builder reads one."""
    wrong = (name for name in _OBJECTS if data.get(name) is not None and type(data[name]) is not dict)
    nulls = (name for name in _OBJECTS if name in data and data[name] is None)
    name = next(wrong, None) or next(nulls, None)
    return "data" if name is None else f"data.{name}"


def _looks_like_type(name: str) -> bool:
    """Whether it is words with dots: anything else may be personal, and is not repeated."""
    return name.replace(".", "").replace("_", "").isalpha()


def ms_of_text(text: str) -> int:
    """Milliseconds since 1970 of an RFC 3339 time with an offset. Raises ValueError."""
    instant = datetime.fromisoformat(text)
    if instant.tzinfo is None:
        raise ValueError("time without offset")
    # The part below the second is taken from the text: a float of seconds would lose a millisecond now and then.
    return floor(instant.replace(microsecond=0).timestamp()) * 1000 + instant.microsecond // 1000


_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_instant_of: Final = datetime.fromisoformat


def _ms_of(time: Any) -> int:
    """The milliseconds since 1970 of a time with an offset. Raises BadLine."""
    try:
        since = _instant_of(time) - _EPOCH
    except (TypeError, ValueError, OverflowError):
        # A time without an offset is a TypeError too: nobody knows how long after the epoch it is.
        raise BadLine(Fault.BAD_TIME, "time") from None
    # A table of texts is no faster: the memories of subjects push it out of the processor's cache.
    days = since.days
    if FIRST_DAY <= days < END_DAY:
        return days * DAY_MS + since.seconds * 1000 + since.microseconds // 1000
    raise BadLine(Fault.BAD_TIME, "time")


def _text(value: object, field: str) -> str:
    if type(value) is not str or not 0 < len(value) <= TEXT_CHARACTERS_MAX:
        raise _bad_text(value, field)
    return value


def _bad_text(value: object, field: str) -> BadLine:
    """The fault of a value that is no text, or one that is empty, too long or broken."""
    is_broken = isinstance(value, BrokenText) and len(value) <= TEXT_CHARACTERS_MAX
    return BadLine(Fault.BAD_TEXT if is_broken else Fault.BAD_VALUE, field)


def _word(value: object, field: str, words: Set[str]) -> str:
    if type(value) is not str or value not in words:
        raise BadLine(Fault.BAD_VALUE, field)
    return value


def _currency(value: object, field: str) -> str:
    """A currency of the contracts: the scan's intake refuses all others, too."""
    if type(value) is not str or value not in CURRENCIES:
        raise BadLine(Fault.BAD_CURRENCY, field)
    return value


def _whole(value: object, field: str) -> int:
    if type(value) is not int or not -INTEGER_MAX <= value <= INTEGER_MAX:
        raise BadLine(Fault.BAD_VALUE, field)
    return value


def _flag(value: object, field: str) -> int:
    if type(value) is not bool:
        raise BadLine(Fault.BAD_VALUE, field)
    return int(value)


def _amount(value: object, field: str) -> int:
    if type(value) is not int or not 0 <= value <= INTEGER_MAX:
        raise BadLine(Fault.BAD_VALUE, field)
    return value


def _split_login(_: Reader, told: Told) -> tuple[Pair, ...]:
    at_ms, id_, type_, subject, data = told
    source = data["source"]
    values: dict[str, Any] = {}
    kind = data.get("kind")
    if kind is not None:
        values["kind"] = _word(kind, "data.kind", _LOGIN_KINDS)
    look = source.get
    ip, device = look("ip"), look("device_id")
    if ip is not None:
        values["ip"] = _text(ip, "data.source.ip")
    if device is not None:
        values["device"] = _text(device, "data.source.device_id")
    country, network = look("country"), look("network")
    if country is not None:
        values["country"] = _word(country, "data.source.country", _COUNTRIES)
    if network is not None:
        values["network"] = _word(network, "data.source.network", _NETWORKS)
    latitude, longitude = look("lat"), look("lon")
    if latitude is not None and longitude is not None:
        values["cell"] = _cell(latitude, longitude)
    found: Pair = (_ACCOUNT, subject, Event(id_, at_ms, type_, values))
    place = device if ip is None else ip
    if place is None:
        return (found,)
    return found, (_SOURCE, place, Event(id_, at_ms, type_, {**values, "account": subject}))


_LOGIN_KINDS: Final = frozenset(LoginKind)
_NETWORKS: Final = frozenset(SourceNetwork)
_COUNTRIES: Final = frozenset(first + second for first in ascii_uppercase for second in ascii_uppercase)
"""The words that the intake takes, so that a rule sees here what it would have seen in the scan (contracts.fields)."""


def _cell(latitude: Any, longitude: Any) -> str:
    """A position in whole degrees, e.g. `31,121`."""
    if type(latitude) not in _NUMBERS or not -90.0 <= latitude <= 90.0:
        raise BadLine(Fault.BAD_VALUE, "data.source.lat")
    if type(longitude) not in _NUMBERS or not -180.0 <= longitude <= 180.0:
        raise BadLine(Fault.BAD_VALUE, "data.source.lon")
    return f"{floor(latitude)},{floor(longitude)}"


_NUMBERS: Final = (float, int)


def _split_movement(reader: Reader, told: Told) -> tuple[Pair, ...]:
    at_ms, id_, type_, subject, data = told
    kind, status = _MOVEMENTS[type_]
    amount = data["amount"]
    # Most events are movements: their checks stand here, since each call is a hundredth of the time to read one.
    movement_id = data["movement_id"]
    if type(movement_id) is not str or not 0 < len(movement_id) <= TEXT_CHARACTERS_MAX:
        raise _bad_text(movement_id, "data.movement_id")
    version = data["version"]
    if type(version) is not int or not -INTEGER_MAX <= version <= INTEGER_MAX:
        raise BadLine(Fault.BAD_VALUE, "data.version")
    minor = amount["minor"]
    if type(minor) is not int or not 0 <= minor <= INTEGER_MAX:
        raise BadLine(Fault.BAD_VALUE, "data.amount.minor")
    currency = amount["currency"]
    if type(currency) is not str or currency not in CURRENCIES:
        raise BadLine(Fault.BAD_CURRENCY, "data.amount.currency")
    own: dict[str, Any] = {
        "kind": kind,
        "status": status,
        "movement_id": movement_id,
        "version": version,
        "amount_minor": minor,
        "currency": currency,
    }
    look = data.get
    # Not all four at once: that would make a tuple of them.
    direction, merchant = look("direction"), look("merchant")
    other, instrument = look("counterparty_account"), look("instrument")
    is_outward = direction != "in"
    if direction is not None:
        _word(direction, "data.direction", _DIRECTIONS)
    # The two that get the money see less of it than its owner does.
    paid = received = None
    if is_outward and kind in OUTWARD_KINDS:
        paid = own.copy()
        if kind == "transfer" and other is not None and other != subject:
            received = own.copy()
    if instrument is not None:
        own["instrument"] = _instrument(_text(instrument["kind"], "data.instrument.kind"))
    party: str | None
    if merchant is not None:
        own["party"] = party = _text(merchant["id"], "data.merchant.id")
        own["party_kind"] = "merchant"
    else:
        counterparty = look("counterparty")
        party = counterparty or other
        if party is not None:
            own["party"] = _text(party, "data.counterparty" if counterparty else "data.counterparty_account")
            own["party_kind"] = "payee"
    balance = look("balance_after_minor")
    if balance is not None:
        own["balance_after_minor"] = _whole(balance, "data.balance_after_minor")
    found: Pair = (_ACCOUNT, subject, Event(id_, at_ms, type_, own))
    if not is_outward:
        own["direction"] = direction
    if party is None or paid is None:
        return (found,)
    reader.parties.note(subject, movement_id, party)
    paid["party"] = paid["account"] = subject
    if instrument is not None:
        paid["instrument"] = own["instrument"]
    to_party: Pair = (_PARTY, party, Event(id_, at_ms, type_, paid))
    if received is None:
        return found, to_party
    received["direction"], received["party"], received["party_kind"] = "in", subject, "payee"
    account = _text(other, "data.counterparty_account")
    return found, to_party, (_ACCOUNT, account, Received(id_, at_ms, type_, received))


_DIRECTIONS: Final = frozenset(Direction)
_MOVEMENTS: Final = {
    f"{kind}.{status}": (kind, status)
    for kind in ("payment", "transfer", "bill_payment", "top_up", "withdrawal")
    for status in ("authorised", "succeeded", "failed", "unknown", "reversed")
}
"""The types of movements, with the two words of each."""


@lru_cache(maxsize=KINDS_MAX)
def _instrument(kind: str) -> str:
    """The kind of an instrument in the words of the lists."""
    return instrument_of(kind, None, None).kind


def _split_label(reader: Reader, told: Told) -> tuple[Pair, ...]:
    at_ms, id_, _, subject, data = told
    type_ = RETRACTION_TYPE if data.get("retracted") is True else LABEL_TYPE
    return _split_word(reader, (at_ms, id_, type_, subject, data))


def _split_word(reader: Reader, told: Told) -> tuple[Pair, ...]:
    """The word that a movement was fraud, or was none."""
    at_ms, id_, type_, subject, data = told
    movement_id = _text(data["movement_id"], "data.movement_id")
    found: Pair = (_ACCOUNT, subject, Event(id_, at_ms, type_, {"movement_id": movement_id}))
    merchant_id = data.get("merchant_id")
    party = merchant_id or data.get("counterparty") or reader.parties.find(subject, movement_id)
    if party is None:
        return (found,)
    values = {"movement_id": movement_id, "account": subject}
    path = "data.merchant_id" if merchant_id else "data.counterparty"
    return found, (_PARTY, _text(party, path), Event(id_, at_ms, type_, values))


def _split_dispute(reader: Reader, told: Told) -> tuple[Pair, ...]:
    """A label, when the dispute was about fraud and the customer has won it, and its end when the merchant has; nothing
    else matters."""
    at_ms, id_, _, subject, data = told
    category = _text(data["category"], "data.category")
    winner = _text(data["decided_for"], "data.decided_for")
    _text(data["movement_id"], "data.movement_id")
    if category != "fraud":
        return ()
    return _split_word(reader, (at_ms, id_, LABEL_TYPE if winner == "customer" else RETRACTION_TYPE, subject, data))


def _split_refund(_: Reader, told: Told) -> tuple[Pair, ...]:
    type_, data = told[2], told[4]
    amount = data["amount"]
    return _of_account(
        told,
        {
            "refund_id": _text(data["refund_id"], "data.refund_id"),
            "movement_id": _text(data["movement_id"], "data.movement_id"),
            "amount_minor": _amount(amount["minor"], "data.amount.minor"),
            "currency": _currency(amount["currency"], "data.amount.currency"),
            "status": type_.partition(".")[2],
        },
    )


def _split_funds(_: Reader, told: Told) -> tuple[Pair, ...]:
    balance = _data_of(told)["balance"]
    values = {
        "balance_minor": _whole(balance["minor"], "data.balance.minor"),
        "currency": _currency(balance["currency"], "data.balance.currency"),
    }
    return _of_account(told, values)


def _split_profile(_: Reader, told: Told) -> tuple[Pair, ...]:
    data = _data_of(told)
    points = data["contact_points"]
    if type(points) is not list:
        raise BadLine(Fault.BAD_VALUE, "data.contact_points")
    return _of_account(told, {"two_step": _flag(data["two_step"], "data.two_step"), "points": len(points)})


def _split_point(_: Reader, told: Told) -> tuple[Pair, ...]:
    data = _data_of(told)
    came, went = data.get("new") is not None, data.get("old") is not None
    change = "replaced" if came and went else "added" if came else "removed"
    kind = _text(data["kind"], "data.kind")
    reassigned = _flag(data.get("reassigned", False), "data.reassigned")
    return _of_account(told, {"kind": kind, "reassigned": reassigned, "change": change})


def _split_device(_: Reader, told: Told) -> tuple[Pair, ...]:
    return _of_account(told, {"device": _text(_data_of(told)["device_id"], "data.device_id")})


def _split_two_step(_: Reader, told: Told) -> tuple[Pair, ...]:
    return _of_account(told, {"on": _flag(_data_of(told)["two_step"], "data.two_step")})


def _split_code(_: Reader, told: Told) -> tuple[Pair, ...]:
    return _of_account(told, {"purpose": _text(_data_of(told)["purpose"], "data.purpose")})


def _split_bare(_: Reader, told: Told) -> tuple[Pair, ...]:
    return _of_account(told, {})


def _split_agent(_: Reader, told: Told) -> tuple[Pair, ...]:
    """The subject is the agent; data name the account and the case."""
    at_ms, id_, type_, subject, data = told
    values = {name: _text(data[name], f"data.{name}") for name in ("account", "case") if data.get(name)}
    return ((Stream.AGENT, subject, Event(id_, at_ms, type_, values)),)


def _of_account(told: Told, values: dict[str, Any]) -> tuple[Pair, ...]:
    at_ms, id_, type_, subject, _ = told
    return ((_ACCOUNT, subject, Event(id_, at_ms, type_, values)),)


def _data_of(told: Told) -> Mapping[str, Any]:
    return told[4]


WORD_TYPES: Final = frozenset({LABEL_TYPE, "dispute.decided"})
"""The types of facts that say of a movement whether it was fraud. They may name it by its id alone."""
_BUILDERS: Final[Mapping[str, Callable[[Reader, Told], tuple[Pair, ...]]]] = {
    "login.failed": _split_login,
    "login.succeeded": _split_login,
    "device.registered": _split_device,
    "password.changed": _split_bare,
    "two_step.changed": _split_two_step,
    "contact_point.changed": _split_point,
    "contact_point.sim_changed": _split_bare,
    "code.sent": _split_code,
    "account.opened": _split_profile,
    "account.updated": _split_profile,
    "funds.balance_changed": _split_funds,
    "transaction.confirmed_fraud": _split_label,
    "dispute.decided": _split_dispute,
    **dict.fromkeys(_MOVEMENTS, _split_movement),
    **{f"refund.{status}": _split_refund for status in ("sent", "settled", "failed", "returned", "unknown")},
}
_BARE_TYPES: Final = {**{name: name for name in _BUILDERS}, **{name + VERSION_SUFFIX: name for name in _BUILDERS}}
"""The types that rules look at, as they may be told, without their version."""

"""One line of a history as events of the scan's streams.

Values are those of the scan's rows. Addresses, devices, countries and parties stand there as they are in the file, in
the place of keyed hashes.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Mapping
from math import floor
from typing import Any, Final

from hotline.contracts.limits import (
    CONTACT_POINTS_MAX,
    COUNTRY_PATTERN,
    TYPE_CHARACTERS_MAX,
    WORD_CHARACTERS_MAX,
)
from hotline.contracts.model import (
    DISPUTE_CATEGORIES,
    DISPUTE_WINNERS,
    FACT_TYPES,
    CodePurpose,
    LoginKind,
    PointKind,
    RefundStatus,
    SourceNetwork,
)
from hotline.contracts.vocabulary import country_of
from hotline.security.detectors import Event, Stream
from hotline.security.streams import LABEL_TYPE, RETRACTION_TYPE, parties_of_word

from .fields import (
    check_amount,
    check_balance,
    check_currency,
    check_degrees,
    check_flag,
    check_id,
    check_text,
    check_word,
)
from .lines import BadLine, Fault, Told
from .movements import MOVEMENTS, Pair, split_movement
from .recent import Memory

OTHER_TYPES_MAX: Final = 200
"""So many types that do not matter are counted by name, and the rest as OTHER_TYPE."""
OTHER_TYPE: Final = "other"
_ACCOUNT, _SOURCE, _PARTY = Stream.ACCOUNT, Stream.SOURCE, Stream.PARTY
"""By names of the module, since an enum looks up its members at each use."""


class Reader:
    """Events of lines. `memory`: what it remembers between them.

    `untouched` counts the events of types that no rule looks at. `set_aside` counts such values, by the path of their
    field.
    """

    def __init__(self) -> None:
        self.memory = Memory()
        self.untouched: Counter[str] = Counter()
        self.set_aside = self.memory.set_aside

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
            return build(self.memory, told)
        except KeyError as fault:
            raise BadLine(Fault.MISSING_FIELD, _find_missing(told[4], fault.args[0])) from None
        except (AttributeError, TypeError):
            raise BadLine(Fault.BAD_VALUE, _find_other_form(told[4])) from None

    def _leave(self, type_: str) -> None:
        counts = self.untouched
        is_named = type_ in FACT_TYPES or type_ in counts or (len(counts) < OTHER_TYPES_MAX and _looks_like_type(type_))
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
    """Whether it is words with dots, maybe with a version: anything else may be personal, and is not repeated."""
    return len(name) <= TYPE_CHARACTERS_MAX and _TYPE.fullmatch(name) is not None


_TYPE: Final = re.compile(r"[a-z_]+(\.[a-z_]+)*(\.v[0-9]{1,2})?", re.ASCII)


def _split_login(memory: Memory, told: Told) -> tuple[Pair, ...]:
    at_ms, id_, type_, subject, data = told
    source = data["source"]
    values: dict[str, Any] = {}
    kind = data.get("kind")
    if kind is not None:
        values["kind"] = check_word(kind, "data.kind", _LOGIN_KINDS)
    look = source.get
    ip, device = look("ip"), look("device_id")
    if ip is not None:
        # Any word: a file may have keyed hashes in the place of addresses, as the scan has.
        values["ip"] = ip = check_text(ip, "data.source.ip", WORD_CHARACTERS_MAX)
    if device is not None:
        values["device"] = check_id(device, "data.source.device_id")
    country, network = look("country"), look("network")
    if country is not None:
        known = country_of(country) if type(country) is str else None
        if known is None:
            _set_country_aside(memory, country)
        else:
            values["country"] = known
    if network is not None:
        values["network"] = check_word(network, "data.source.network", _NETWORKS)
    latitude, longitude = look("lat"), look("lon")
    if latitude is not None:
        check_degrees(latitude, "data.source.lat", 90.0)
    if longitude is not None:
        check_degrees(longitude, "data.source.lon", 180.0)
        if latitude is not None:
            values["cell"] = f"{floor(latitude)},{floor(longitude)}"
    if (latitude is None) is not (longitude is None):
        memory.set_aside["data.source.lat" if longitude is None else "data.source.lon"] += 1
    found: Pair = (_ACCOUNT, subject, Event(id_, at_ms, type_, values))
    place = ip or device
    if place is None:
        return (found,)
    return found, (_SOURCE, place, Event(id_, at_ms, type_, {**values, "account": subject}))


def _set_country_aside(memory: Memory, country: object) -> None:
    """Count a code by which somebody says that they do not know the country. Raises BadLine for what is no code."""
    if type(country) is not str or _COUNTRY.fullmatch(country) is None:
        raise BadLine(Fault.BAD_VALUE, "data.source.country")
    memory.set_aside["data.source.country"] += 1


_COUNTRY: Final = re.compile(COUNTRY_PATTERN)
_LOGIN_KINDS: Final = frozenset(LoginKind)
_NETWORKS: Final = frozenset(SourceNetwork)
_POINT_KINDS: Final = frozenset(PointKind)
_PURPOSES: Final = frozenset(CodePurpose)


def _split_label(memory: Memory, told: Told) -> tuple[Pair, ...]:
    at_ms, id_, _, subject, data = told
    is_retracted = check_flag(data.get("retracted", False), "data.retracted")
    return _split_word(memory, (at_ms, id_, RETRACTION_TYPE if is_retracted else LABEL_TYPE, subject, data))


def _split_word(memory: Memory, told: Told) -> tuple[Pair, ...]:
    """The word that a movement was fraud, or was none."""
    at_ms, id_, type_, subject, data = told
    movement_id = check_id(data["movement_id"], "data.movement_id")
    found: Pair = (_ACCOUNT, subject, Event(id_, at_ms, type_, {"movement_id": movement_id}))
    merchant_id, counterparty = data.get("merchant_id"), data.get("counterparty")
    if merchant_id is not None:
        check_id(merchant_id, "data.merchant_id")
    if counterparty is not None:
        counterparty = check_text(counterparty, "data.counterparty")
    parties = parties_of_word(type_, merchant_id, counterparty, memory.parties.find(subject, movement_id))
    values = {"movement_id": movement_id, "account": subject}
    return found, *((_PARTY, party, Event(id_, at_ms, type_, values)) for party in parties)


def _split_dispute(memory: Memory, told: Told) -> tuple[Pair, ...]:
    """A label, when the dispute was about fraud and the customer has won it, and its end when the merchant has; nothing
    else matters."""
    at_ms, id_, _, subject, data = told
    category = check_word(data["category"], "data.category", DISPUTE_CATEGORIES)
    winner = check_word(data["decided_for"], "data.decided_for", DISPUTE_WINNERS)
    check_id(data["movement_id"], "data.movement_id")
    if category != "fraud":
        return ()
    return _split_word(memory, (at_ms, id_, LABEL_TYPE if winner == "customer" else RETRACTION_TYPE, subject, data))


def _split_refund(_: Memory, told: Told) -> tuple[Pair, ...]:
    type_, data = told[2], told[4]
    amount = data["amount"]
    return _of_account(
        told,
        {
            "refund_id": check_id(data["refund_id"], "data.refund_id"),
            "movement_id": check_id(data["movement_id"], "data.movement_id"),
            "amount_minor": check_amount(amount["minor"], "data.amount.minor"),
            "currency": check_currency(amount["currency"], "data.amount.currency"),
            "status": type_.partition(".")[2],
        },
    )


def _split_funds(_: Memory, told: Told) -> tuple[Pair, ...]:
    balance = _data_of(told)["balance"]
    values = {
        "balance_minor": check_balance(balance["minor"], "data.balance.minor"),
        "currency": check_currency(balance["currency"], "data.balance.currency"),
    }
    return _of_account(told, values)


def _split_profile(_: Memory, told: Told) -> tuple[Pair, ...]:
    data = _data_of(told)
    points = data["contact_points"]
    if type(points) is not list:
        raise BadLine(Fault.BAD_VALUE, "data.contact_points")
    if len(points) > CONTACT_POINTS_MAX:
        raise BadLine(Fault.TOO_LONG, "data.contact_points")
    return _of_account(told, {"two_step": check_flag(data["two_step"], "data.two_step"), "points": len(points)})


def _split_point(_: Memory, told: Told) -> tuple[Pair, ...]:
    data = _data_of(told)
    came, went = data.get("new") is not None, data.get("old") is not None
    if not (came or went):
        raise BadLine(Fault.MISSING_FIELD, "data.new")
    change = "replaced" if came and went else "added" if came else "removed"
    kind = check_word(data["kind"], "data.kind", _POINT_KINDS)
    reassigned = check_flag(data.get("reassigned", False), "data.reassigned")
    return _of_account(told, {"kind": kind, "reassigned": reassigned, "change": change})


def _split_device(_: Memory, told: Told) -> tuple[Pair, ...]:
    return _of_account(told, {"device": check_id(_data_of(told)["device_id"], "data.device_id")})


def _split_two_step(_: Memory, told: Told) -> tuple[Pair, ...]:
    return _of_account(told, {"on": check_flag(_data_of(told)["two_step"], "data.two_step")})


def _split_code(_: Memory, told: Told) -> tuple[Pair, ...]:
    return _of_account(told, {"purpose": check_word(_data_of(told)["purpose"], "data.purpose", _PURPOSES)})


def _split_bare(_: Memory, told: Told) -> tuple[Pair, ...]:
    return _of_account(told, {})


def _split_agent(_: Memory, told: Told) -> tuple[Pair, ...]:
    """The subject is the agent; data name the account and the case."""
    at_ms, id_, type_, subject, data = told
    values = {name: check_id(data[name], f"data.{name}") for name in ("account", "case") if data.get(name)}
    return ((Stream.AGENT, subject, Event(id_, at_ms, type_, values)),)


def _of_account(told: Told, values: dict[str, Any]) -> tuple[Pair, ...]:
    at_ms, id_, type_, subject, _ = told
    return ((_ACCOUNT, subject, Event(id_, at_ms, type_, values)),)


def _data_of(told: Told) -> Mapping[str, Any]:
    return told[4]


WORD_TYPES: Final = frozenset({LABEL_TYPE, "dispute.decided"})
"""The types of facts that say of a movement whether it was fraud. They may name it by its id alone."""
_BUILDERS: Final[Mapping[str, Callable[[Memory, Told], tuple[Pair, ...]]]] = {
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
    **dict.fromkeys(MOVEMENTS, split_movement),
    **{f"refund.{status}": _split_refund for status in RefundStatus},
}

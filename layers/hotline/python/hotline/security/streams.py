"""Facts as events of the streams that rules look at: whose event a fact is, and what of it matters. Pure.

One fact may be an event of several subjects. A login is one of the account and of the address. A payment is one of the
account and of who gets the money, and a transfer also of the account that receives it.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Callable, Iterator, Mapping
from types import MappingProxyType
from typing import Any, Final, NamedTuple

from hotline.contracts.model import (
    AccountDescribed,
    CodeSent,
    ContactPointChanged,
    DeviceRegistered,
    Direction,
    DisputeDecided,
    Fact,
    FactData,
    FraudConfirmed,
    FundsTold,
    LoginSource,
    LoginTried,
    MovementKind,
    MovementTold,
    PasswordChanged,
    RefundTold,
    SimChanged,
    TwoStepChanged,
)

from .detectors import Signal, Stream
from .detectors.history import PAYEE_KINDS

type Hide = Callable[[str, str], str]
"""Gives the value under a name as it may be kept: a row keeps keyed hashes, a backtest the value itself."""
type Parties = Mapping[tuple[str, str], str]
"""By account and id of one of its movements, who got the money, as it may be kept."""
NO_PARTIES: Final[Parties] = MappingProxyType({})

SHORT_CHARACTERS: Final = 16
"""64 bits tell apart the addresses, devices, parties and movements of one subject's memory."""
ID_CHARACTERS_MAX: Final = 40
"""An id of a fact up to this length is kept whole, as evidence; a UUID has 36."""
OUTWARD: Final = frozenset(
    {MovementKind.PAYMENT, MovementKind.TRANSFER, MovementKind.BILL_PAYMENT, MovementKind.WITHDRAWAL}
)
LABEL_TYPE: Final = Signal.FRAUD_CONFIRMED.value
"""The type of the event that says that a movement was fraud."""
RETRACTION_TYPE: Final = Signal.FRAUD_RETRACTED.value
"""The type of the event that takes such a word back. Releases that do not know it pass it over."""


class Told(NamedTuple):
    """A fact as an event of one subject. `names`: the account of the wallet that the subject of another stream is."""

    stream: Stream
    subject: str
    values: Mapping[str, Any]
    type: str
    names: str | None = None


def shorten(value: str) -> str:
    """A short hash of an id, by which it is known again."""
    return hashlib.sha256(value.encode()).hexdigest()[:SHORT_CHARACTERS]


def shorten_over(value: str, characters_max: int) -> str:
    """The id itself, or its short hash when it is longer."""
    return value if len(value) <= characters_max else shorten(value)


def streams_of(fact: Fact, hide: Hide, known: Parties = NO_PARTIES) -> Iterator[Told]:
    """The events that a fact is, the account's own first. None for a fact that no rule can look at. `known`: the
    parties of the movements that `movement_to_look_up` gives."""
    match fact.data:
        case MovementTold() as told:
            yield from _movement(fact, told, hide)
        case LoginTried(source=source) as tried:
            values = _login(tried, hide)
            yield Told(Stream.ACCOUNT, fact.subject, values, fact.type)
            place = source.ip or source.device_id
            if place is not None:
                subject = hide("ip" if source.ip else "device", place)
                yield Told(Stream.SOURCE, subject, {**values, "account": fact.subject}, fact.type)
        case FraudConfirmed() | DisputeDecided() as label:
            yield from _label(fact, label, hide, known)
        case data:
            kept = _keep(data, hide)
            if kept is not None:
                yield Told(Stream.ACCOUNT, fact.subject, kept, fact.type)


def movement_to_look_up(fact: Fact) -> tuple[str, str] | None:
    """The account and the id of the movement whose party a fact needs and may not name itself. None for all facts but
    a word about fraud."""
    label = fact.data
    if not isinstance(label, FraudConfirmed | DisputeDecided) or (type_ := _type_of(label)) is None:
        return None
    is_sought = needs_movement(type_, label.merchant_id, label.counterparty)
    return (fact.subject, label.movement_id) if is_sought else None


def needs_movement(type_: str, merchant_id: object, counterparty: object) -> bool:
    """Whether the parties of a word about fraud depend on the party of its movement, by what the word names."""
    return type_ == RETRACTION_TYPE or not merchant_id or bool(counterparty)


def _type_of(label: FraudConfirmed | DisputeDecided) -> str | None:
    """The type of the event that a word about a movement is; None of a dispute about something else."""
    is_fraud = not label.is_retracted if isinstance(label, FraudConfirmed) else label.is_fraud
    return None if is_fraud is None else LABEL_TYPE if is_fraud else RETRACTION_TYPE


def _label(fact: Fact, label: FraudConfirmed | DisputeDecided, hide: Hide, known: Parties) -> Iterator[Told]:
    """The word that a movement was fraud, or was none, of whichever fact. Histories count one movement once."""
    type_ = _type_of(label)
    if type_ is None:
        return
    values = {"movement_id": label.movement_id}
    yield Told(Stream.ACCOUNT, fact.subject, values, type_)
    merchant, name = (hide("party", one) if one else None for one in (label.merchant_id, label.counterparty))
    for party in parties_of_word(type_, merchant, name, known.get((fact.subject, label.movement_id))):
        yield Told(Stream.PARTY, party, {**values, "account": fact.subject}, type_)


def parties_of_word(type_: str, merchant: str | None, name: str | None, known: str | None) -> tuple[str, ...]:
    """The parties for which a word counts that a movement was fraud, or was none. `merchant`, `name`: those that it
    names; `known`: the movement's own, None where nobody knows it. A label that names a merchant alone is for that
    merchant. Any other is for the movement's own party, since a name may be that of several accounts. A word that takes
    it back goes to each, since the label may have been for any of them. It changes nothing where there is no label."""
    named = tuple(dict.fromkeys(one for one in (merchant, name, known) if one is not None))
    if type_ == RETRACTION_TYPE:
        return named
    return (known,) if known is not None and needs_movement(type_, merchant, name) else named[:1]


def _login(tried: LoginTried, hide: Hide) -> dict[str, Any]:
    source = tried.source
    # One country is one value, or the scan could not see that it changed.
    hidden = {"ip": source.ip, "device": source.device_id, "country": source.country}
    values: dict[str, Any] = {"kind": tried.kind.value}
    values |= {name: hide(name, value) for name, value in hidden.items() if value is not None}
    cell = _cell_of(source)
    if cell is not None:
        values["cell"] = cell
    if source.network is not None:
        values["network"] = source.network.value
    return values


def _cell_of(source: LoginSource) -> str | None:
    """The position in whole degrees, about a hundred kilometres: enough for a speed, too little to find anybody."""
    if source.lat is None or source.lon is None:
        return None
    return f"{math.floor(source.lat)},{math.floor(source.lon)}"


def _movement(fact: Fact, told: MovementTold, hide: Hide) -> Iterator[Told]:
    values: dict[str, Any] = {
        "kind": told.kind.value,
        "status": told.status.value,
        "movement_id": told.movement_id,
        "version": told.version,
        "amount_minor": told.amount.minor,
        "currency": told.amount.currency,
    }
    other = told.counterparty_account
    party = _party_of(told)
    own: dict[str, Any] = {**values, "instrument": told.instrument.kind}
    if party is not None:
        own |= {"party": hide("party", party), "party_kind": "merchant" if _is_at_merchant(told) else "payee"}
    if told.balance_after_minor is not None:
        own["balance_after_minor"] = told.balance_after_minor
    if told.direction is Direction.IN:
        yield Told(Stream.ACCOUNT, fact.subject, {**own, "direction": "in"}, fact.type)
        return
    yield Told(Stream.ACCOUNT, fact.subject, own, fact.type)
    if told.kind not in OUTWARD:
        return
    if party is not None:
        payer = {**values, "instrument": told.instrument.kind, "account": fact.subject, "party": fact.subject}
        yield Told(Stream.PARTY, hide("party", party), payer, fact.type, names=other)
    if told.kind is MovementKind.TRANSFER and other is not None and other != fact.subject:
        received = {**values, "direction": "in", "party": hide("party", fact.subject), "party_kind": "payee"}
        yield Told(Stream.ACCOUNT, other, received, fact.type)


def _party_of(told: MovementTold) -> str | None:
    """The other side of a movement: an account before a name, since several people have one name."""
    if told.merchant is not None and _is_at_merchant(told):
        return told.merchant.id
    return told.counterparty_account or told.counterparty


def _is_at_merchant(told: MovementTold) -> bool:
    """Whether the merchant that a movement names is its other side. A transfer or cash goes to the payee that stands
    beside it, else a known merchant would hide a stranger."""
    is_to_payee = told.kind in PAYEE_KINDS and (told.counterparty_account or told.counterparty) is not None
    return told.merchant is not None and not is_to_payee


def payee_of(told: MovementTold) -> str | None:
    """The recipient of the money of a movement outward, None where the fact names nobody."""
    return _party_of(told) if told.direction is not Direction.IN and told.kind in OUTWARD else None


def _keep(data: FactData, hide: Hide) -> dict[str, Any] | None:
    """The values of a fact about the account alone; None: it does not matter to the scan."""
    match data:
        case DeviceRegistered(device_id=device_id):
            return {"device": hide("device", device_id)}
        case PasswordChanged() | SimChanged():
            return {}
        case TwoStepChanged(two_step=two_step):
            return {"on": int(two_step)}
        case ContactPointChanged(kind=kind, reassigned=reassigned) as changed:
            change = "added" if changed.old is None else "removed" if changed.new is None else "replaced"
            return {"kind": kind.value, "reassigned": int(reassigned), "change": change}
        case CodeSent(purpose=purpose):
            return {"purpose": purpose.value}
        case AccountDescribed(two_step=two_step, contact_points=points):
            return {"two_step": int(two_step), "points": len(points)}
        case FundsTold(balance=balance):
            return {"currency": balance.currency, "balance_minor": balance.minor}
        case RefundTold(refund_id=refund_id, movement_id=movement_id) as refund:
            amount = {"amount_minor": refund.amount.minor, "currency": refund.amount.currency}
            return {"refund_id": refund_id, "movement_id": movement_id, **amount, "status": refund.status.value}
        case _:
            return None

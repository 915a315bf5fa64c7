"""A line about a movement of money as events of the scan's streams."""

from __future__ import annotations

from functools import lru_cache
from typing import Any, Final

from hotline.contracts.limits import CURRENCIES, INTEGER_MAX, WORD_CHARACTERS_MAX
from hotline.contracts.model import Direction, MovementKind, MovementStatus
from hotline.contracts.vocabulary import instrument_of
from hotline.security.detectors import Event, Stream
from hotline.security.detectors.history import OUTWARD_KINDS, PAYEE_KINDS

from .fields import bad_amount, check_balance, check_id, check_text, check_word
from .lines import TEXT_CHARACTERS_MAX, BadLine, Fault, Told, bad_text
from .recent import Memory

KINDS_MAX: Final = 256
"""So many spellings of instruments are known again."""
MOVEMENTS: Final = {
    f"{kind}.{status}": (kind.value, status.value) for kind in MovementKind for status in MovementStatus
}
"""The types of movements, with the two words of each."""
_DIRECTIONS: Final = frozenset(Direction)
_ACCOUNT, _PARTY = Stream.ACCOUNT, Stream.PARTY
"""By names of the module, since an enum looks up its members at each use."""


class Received(Event):
    """The other side of a movement of somebody else: what this account receives by it."""

    __slots__ = ()


type Pair = tuple[Stream, str, Event]
"""An event of a subject in a stream."""


def split_movement(memory: Memory, told: Told) -> tuple[Pair, ...]:
    """The events of a movement: its account's, its party's, and that of the account that receives it. Raises BadLine,
    KeyError for a field that is not there, AttributeError and TypeError for one of another form."""
    at_ms, id_, type_, subject, data = told
    kind, status = MOVEMENTS[type_]
    amount = data["amount"]
    # Most events are movements: their checks stand here, since each call is a hundredth of the time to read one.
    movement_id = data["movement_id"]
    if type(movement_id) is not str or not 0 < len(movement_id) <= TEXT_CHARACTERS_MAX:
        raise bad_text(movement_id, "data.movement_id")
    version = data["version"]
    if type(version) is not int or not 1 <= version <= INTEGER_MAX:
        raise BadLine(Fault.BAD_VALUE, "data.version")
    minor = amount["minor"]
    if type(minor) is not int or not 0 <= minor <= INTEGER_MAX:
        raise bad_amount(minor, "data.amount.minor")
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
        check_word(direction, "data.direction", _DIRECTIONS)
    # The two that get the money see less of it than its owner does.
    paid = received = None
    if is_outward and kind in OUTWARD_KINDS:
        paid = own.copy()
        if kind == "transfer" and other is not None and other != subject:
            received = own.copy()
    if instrument is not None:
        own["instrument"] = _name_instrument(
            check_text(instrument["kind"], "data.instrument.kind", WORD_CHARACTERS_MAX)
        )
    payee = look("counterparty")
    if payee is not None:
        payee = check_text(payee, "data.counterparty")
    if other is not None:
        payee = check_id(other, "data.counterparty_account")
    party: str | None = payee
    shop = None if merchant is None else check_id(merchant["id"], "data.merchant.id")
    if shop is not None and (payee is None or kind not in PAYEE_KINDS):
        own["party"] = party = shop
        own["party_kind"] = "merchant"
    elif payee is not None:
        own["party"], own["party_kind"] = payee, "payee"
    balance = look("balance_after_minor")
    if balance is not None:
        own["balance_after_minor"] = check_balance(balance, "data.balance_after_minor")
    found: Pair = (_ACCOUNT, subject, Event(id_, at_ms, type_, own))
    if not is_outward:
        own["direction"] = direction
    if party is None or paid is None:
        return (found,)
    memory.parties.note(subject, movement_id, party)
    paid["party"] = paid["account"] = subject
    if instrument is not None:
        paid["instrument"] = own["instrument"]
    to_party: Pair = (_PARTY, party, Event(id_, at_ms, type_, paid))
    if received is None:
        return found, to_party
    received["direction"], received["party"], received["party_kind"] = "in", subject, "payee"
    # A transfer that is received is one to this account, whatever else it names.
    return found, to_party, (_ACCOUNT, party, Received(id_, at_ms, type_, received))


@lru_cache(maxsize=KINDS_MAX)
def _name_instrument(kind: str) -> str:
    """The kind of an instrument in the words of the lists."""
    return instrument_of(kind, None, None).kind

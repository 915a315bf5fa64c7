"""Sessions as stored items."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from operator import attrgetter
from typing import Any, Final

from hotline.kit.actor import FactorKind, Proof, ProvedFactor, Purpose
from hotline.kit.clock import epoch_s, from_text, instant_of, to_text
from hotline.kit.store import TTL_ATTRIBUTE, Key, hotline_key
from hotline.kit.store.condition import Item

from .model import CALL_LIFE, AskedChallenge, Identified, Offer, SessionKind, SessionState, Target, TurnRecord

_PARTITIONS = {SessionKind.PHONE: "CONTACT", SessionKind.APP: "SESSION", SessionKind.RECOVERY: "RECOVERY"}
_KINDS = {name: kind for kind, name in _PARTITIONS.items()}
NUMBERS: Final = ("typed", "calling")
"""The attributes that hold the call's own numbers, to which `targets` may point: they are written together."""
_TURN: Final = ("turn", "step", "fingerprint", "outcome")
_MORE: Final = ("ids", "notes")
_OFFER: Final = ("movement", "merchant_id", "twin")
"""Turns and offers of an app session that began before they were lists are maps with these names."""


def session_key(contact_id: str, kind: SessionKind = SessionKind.PHONE) -> Key:
    """The key under which a call is stored, by the contact's initial id; an app session or a recovery by its own id."""
    return hotline_key(f"{_PARTITIONS[kind]}#{contact_id}", "CALL")


def key_of(state: SessionState) -> Key:
    """The key of this call."""
    return session_key(state.contact_id, state.kind)


def session_item(state: SessionState) -> Item:
    """The whole call, without anything absent, empty or told by its key or its end. Every acting step writes it, and a
    write unit is 1 KB."""
    item: Item = {
        "account_ref": state.account_ref,
        "turn": state.turn,
        "last_step_at": to_text(state.last_step_at),
        TTL_ATTRIBUTE: epoch_s(state.created_at + CALL_LIFE),
    }
    return item | session_attributes(state)


_FORMS: Final[Mapping[str, Callable[[SessionState], Any]]] = {
    "inbound": lambda state: state.inbound,
    "turns": lambda state: [_turn_item(record) for record in state.turns],
    "language": lambda state: state.language,
    "calling": lambda state: _number_item(state.calling),
    "typed": lambda state: _number_item(state.typed),
    "targets": lambda state: {kind.value: _target_item(target, state) for kind, target in state.targets.items()},
    "account_id": lambda state: state.account_id,
    "two_step": lambda state: state.two_step,
    "pin": lambda state: state.pin or None,
    "kinds_at_risk": lambda state: state.kinds_at_risk,
    "time_zone": lambda state: state.time_zone,
    "factors": lambda state: {factor.kind.value: _factor_item(factor) for factor in state.factors},
    "challenge": lambda state: {"id": state.challenge.id, "point": state.challenge.point} if state.challenge else None,
    "offers": lambda state: [_offer_item(offer) for offer in state.offers],
    "logins": lambda state: list(state.logins),
    "checked": lambda state: list(state.checked),
    "topic": lambda state: state.topic,
    "case_id": lambda state: state.case_id,
    "score": lambda state: state.score,
    "own_number_only": lambda state: state.own_number_only or None,
    "heard": lambda state: list(state.heard),
    "about": lambda state: state.about or None,
    "served": lambda state: list(state.served),
}
"""The stored forms of the fields that steps change. Each is made from the field of its name, but that targets may point
to the call's own numbers."""
_TOLD: Final = ("heard", "about", "served")
_EMPTY: Final[tuple[object, ...]] = (None, [], {})
_read_fields: Final = attrgetter(*_FORMS)


def session_attributes(state: SessionState) -> Item:
    """The attributes that steps change, in their stored form; None and empty ones are left out."""
    # A number of zero, and a no, are kept.
    fields = zip(_FORMS, _read_fields(state), strict=True)
    return _attributes(state, [name for name, value in fields if value or isinstance(value, int)])


def told_attributes(state: SessionState) -> Item:
    """The attributes that a step changes without a turn: what the caller was told, and which services were finished."""
    return _attributes(state, _TOLD)


def differing_attributes(before: SessionState, after: SessionState) -> tuple[Item, Item]:
    """The attributes in which two states of a call may differ, of each in its stored form. A step changes few fields,
    and `replace` hands on the others as they are: attributes of the very same values are left out."""
    fields = zip(_FORMS, _read_fields(before), _read_fields(after), strict=True)
    names = [name for name, old, new in fields if old is not new]
    if "targets" not in names and not set(NUMBERS).isdisjoint(names):
        names.append("targets")
    return _attributes(before, names), _attributes(after, names)


def _attributes(state: SessionState, names: Iterable[str]) -> Item:
    made = {name: _FORMS[name](state) for name in names}
    return {name: value for name, value in made.items() if value not in _EMPTY}


def _offer_item(offer: Offer) -> list[str]:
    """A list as well: movement, merchant, and the twin if there is one."""
    return [offer.movement, offer.merchant_id or "-", *([offer.twin] if offer.twin is not None else [])]


def _offer_from(item: Sequence[str] | Mapping[str, str]) -> Offer:
    if isinstance(item, Mapping):
        item = [item[name] for name in _OFFER if name in item]
    movement, merchant_id, *twin = item
    return Offer(movement, None if merchant_id == "-" else merchant_id, twin[0] if twin else None)


def session_from(item: Mapping[str, Any]) -> SessionState:
    """The call in a stored item."""
    kind, _, contact_id = item["PK"].partition("#")
    numbers = {name: _number_from(item.get(name)) for name in NUMBERS}
    return SessionState(
        contact_id=contact_id,
        account_ref=item["account_ref"],
        turn=int(item["turn"]),
        created_at=instant_of(item[TTL_ATTRIBUTE]) - CALL_LIFE,
        last_step_at=from_text(item["last_step_at"]),
        inbound=bool(item["inbound"]),
        turns=tuple(_turn_from(record) for record in item.get("turns", [])),
        language=item.get("language"),
        calling=numbers["calling"],
        typed=numbers["typed"],
        targets={FactorKind(kind): _target_from(target, numbers) for kind, target in item.get("targets", {}).items()},
        account_id=item.get("account_id"),
        two_step=bool(item["two_step"]) if "two_step" in item else None,
        pin=bool(item.get("pin", False)),
        kinds_at_risk=int(item["kinds_at_risk"]) if "kinds_at_risk" in item else None,
        time_zone=item.get("time_zone"),
        factors=tuple(_factor_from(kind, factor) for kind, factor in sorted(item.get("factors", {}).items())),
        challenge=AskedChallenge(**item["challenge"]) if "challenge" in item else None,
        offers=tuple(_offer_from(offer) for offer in item.get("offers", [])),
        logins=tuple(item.get("logins", ())),
        checked=tuple(item.get("checked", ())),
        topic=item.get("topic"),
        case_id=item.get("case_id"),
        heard=tuple(item.get("heard", ())),
        about=item.get("about"),
        served=tuple(item.get("served", ())),
        score=int(item["score"]) if "score" in item else None,
        own_number_only=bool(item.get("own_number_only", False)),
        kind=_KINDS[kind],
    )


def proof_from(state: SessionState) -> Proof:
    """The proof that an operation may rely on, and where it is stored."""
    return Proof(key_of(state), state.account_id, state.factors, state.two_step, state.kinds_at_risk)


def _turn_item(record: TurnRecord) -> list[Any]:
    """A list of turn, step, fingerprint and outcome, then ids and notes where there are any. The names of four turns
    would be a tenth of a write unit."""
    ids, notes = list(record.ids), list(record.notes)
    more = [ids, notes] if notes else [ids] if ids else []
    return [record.turn, record.step, record.fingerprint, record.outcome, *more]


def _turn_from(item: Sequence[Any] | Mapping[str, Any]) -> TurnRecord:
    if isinstance(item, Mapping):
        item = [*(item[name] for name in _TURN), *(item.get(name, ()) for name in _MORE)]
    turn, step, fingerprint, outcome, *more = item
    ids, notes = (*more, (), ())[:2]
    return TurnRecord(int(turn), step, fingerprint, outcome, tuple(ids), tuple(notes))


def _number_item(identified: Identified | None) -> Item | None:
    if identified is None:
        return None
    item: Item = {"point": identified.point, "accounts": list(identified.accounts)}
    more = {"also": list(identified.also), "prefix": identified.prefix}
    return item | {name: value for name, value in more.items() if value}


def _number_from(item: Mapping[str, Any] | None) -> Identified | None:
    if item is None:
        return None
    return Identified(item["point"], tuple(item["accounts"]), tuple(item.get("also", ())), item.get("prefix"))


def _target_item(target: Target, state: SessionState) -> Item:
    """A target at one of the call's own numbers names that number (`of`) and does not repeat it."""
    of = next((name for name in NUMBERS if _is_at(target, getattr(state, name))), None)
    also, via = list(target.also), list(target.via)
    item: Item = {"of": of} if of else {"point": target.point, "also": also, "prefix": target.prefix}
    item |= {"account_id": target.account_id or "-", "via": via}
    return {name: value for name, value in item.items() if value}


def _is_at(target: Target, number: Identified | None) -> bool:
    return number is not None and (target.points, target.prefix) == (number.points, number.prefix)


def _target_from(item: Mapping[str, Any], numbers: Mapping[str, Identified | None]) -> Target:
    account_id = None if item["account_id"] == "-" else item["account_id"]
    via = tuple(item.get("via", ()))
    number = numbers[item["of"]] if "of" in item else None
    if number is not None:
        return Target(number.point, account_id, number.also, via, number.prefix)
    return Target(item["point"], account_id, tuple(item.get("also", ())), via, item.get("prefix"))


def _factor_item(factor: ProvedFactor) -> Item:
    return {"purpose": factor.purpose.value, "point": factor.point, "until": to_text(factor.until)}


def _factor_from(kind: str, item: Mapping[str, Any]) -> ProvedFactor:
    return ProvedFactor(FactorKind(kind), Purpose(item["purpose"]), item["point"], from_text(item["until"]))

"""Sessions as stored items."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from hotline.kit.actor import FactorKind, Proof, ProvedFactor, Purpose
from hotline.kit.clock import epoch_s, from_text, to_text
from hotline.kit.store import TTL_ATTRIBUTE, Key, hotline_key
from hotline.kit.store.condition import Item

from .model import CALL_LIFE, AskedChallenge, Identified, Offer, SessionKind, SessionState, Target, TurnRecord

_PARTITIONS = {SessionKind.PHONE: "CONTACT", SessionKind.APP: "SESSION", SessionKind.RECOVERY: "RECOVERY"}
_KINDS = {name: kind for kind, name in _PARTITIONS.items()}


def session_key(contact_id: str, kind: SessionKind = SessionKind.PHONE) -> Key:
    """The key under which a call is stored, by the contact's initial id; an app session or a recovery by its own id."""
    return hotline_key(f"{_PARTITIONS[kind]}#{contact_id}", "CALL")


def key_of(state: SessionState) -> Key:
    """The key of this call."""
    return session_key(state.contact_id, state.kind)


def session_item(state: SessionState) -> Item:
    """The whole call, without anything absent, empty or told by its key. Every acting step writes it, and a write unit
    is 1 KB."""
    item: Item = {
        "account_ref": state.account_ref,
        "turn": state.turn,
        "created_at": to_text(state.created_at),
        "last_step_at": to_text(state.last_step_at),
        TTL_ATTRIBUTE: epoch_s(state.created_at + CALL_LIFE),
    }
    return item | session_attributes(state)


def session_attributes(state: SessionState) -> Item:
    """The attributes that steps change, in their stored form; None and empty ones are left out."""
    attributes: Item = {
        "inbound": state.inbound,
        "turns": [_turn_item(record) for record in state.turns],
        "language": state.language,
        "calling": _number_item(state.calling),
        "typed": _number_item(state.typed),
        "targets": {kind.value: _target_item(target) for kind, target in state.targets.items()},
        "account_id": state.account_id,
        "two_step": state.two_step,
        "pin": state.pin or None,
        "kinds_at_risk": state.kinds_at_risk,
        "time_zone": state.time_zone,
        "factors": {factor.kind.value: _factor_item(factor) for factor in state.factors},
        "challenge": {"id": state.challenge.id, "point": state.challenge.point} if state.challenge else None,
        "offers": [_offer_item(offer) for offer in state.offers],
        "logins": list(state.logins),
        "topic": state.topic,
        "case_id": state.case_id,
        "heard": list(state.heard),
        "about": state.about,
        "served": list(state.served),
        "score": state.score,
        "own_number_only": state.own_number_only or None,
    }
    return {name: value for name, value in attributes.items() if value not in (None, [], {})}


def _offer_item(offer: Offer) -> Item:
    item: Item = {"movement": offer.movement, "merchant_id": offer.merchant_id or "-"}
    return item | ({"twin": offer.twin} if offer.twin is not None else {})


CHANGING_ATTRIBUTES = (
    "turns", "language", "calling", "typed", "targets", "account_id", "two_step", "pin", "kinds_at_risk", "time_zone",
    "factors",
    "challenge", "offers", "logins", "topic", "case_id", "heard", "about", "served", "score",
)  # fmt: skip


def session_from(item: Mapping[str, Any]) -> SessionState:
    """The call in a stored item."""
    kind, _, contact_id = item["PK"].partition("#")
    return SessionState(
        contact_id=contact_id,
        account_ref=item["account_ref"],
        turn=int(item["turn"]),
        created_at=from_text(item["created_at"]),
        last_step_at=from_text(item["last_step_at"]),
        inbound=bool(item["inbound"]),
        turns=tuple(_turn_from(record) for record in item.get("turns", [])),
        language=item.get("language"),
        calling=_number_from(item.get("calling")),
        typed=_number_from(item.get("typed")),
        targets={FactorKind(kind): _target_from(target) for kind, target in item.get("targets", {}).items()},
        account_id=item.get("account_id"),
        two_step=bool(item["two_step"]) if "two_step" in item else None,
        pin=bool(item.get("pin", False)),
        kinds_at_risk=int(item["kinds_at_risk"]) if "kinds_at_risk" in item else None,
        time_zone=item.get("time_zone"),
        factors=tuple(_factor_from(kind, factor) for kind, factor in sorted(item.get("factors", {}).items())),
        challenge=AskedChallenge(**item["challenge"]) if "challenge" in item else None,
        offers=tuple(
            Offer(offer["movement"], None if offer["merchant_id"] == "-" else offer["merchant_id"], offer.get("twin"))
            for offer in item.get("offers", [])
        ),
        logins=tuple(item.get("logins", ())),
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


def _turn_item(record: TurnRecord) -> Item:
    item: Item = {"turn": record.turn, "step": record.step, "fingerprint": record.fingerprint}
    more = {"ids": list(record.ids), "notes": list(record.notes)}
    return item | {"outcome": record.outcome} | {name: value for name, value in more.items() if value}


def _turn_from(item: Mapping[str, Any]) -> TurnRecord:
    return TurnRecord(
        turn=int(item["turn"]),
        step=item["step"],
        fingerprint=item["fingerprint"],
        outcome=item["outcome"],
        ids=tuple(item.get("ids", ())),
        notes=tuple(item.get("notes", ())),
    )


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


def _target_item(target: Target) -> Item:
    item: Item = {"point": target.point, "account_id": target.account_id or "-"}
    more = {"also": list(target.also), "via": list(target.via), "prefix": target.prefix}
    return item | {name: value for name, value in more.items() if value}


def _target_from(item: Mapping[str, Any]) -> Target:
    account_id = None if item["account_id"] == "-" else item["account_id"]
    also, via = tuple(item.get("also", ())), tuple(item.get("via", ()))
    return Target(item["point"], account_id, also, via, item.get("prefix"))


def _factor_item(factor: ProvedFactor) -> Item:
    return {"purpose": factor.purpose.value, "point": factor.point, "until": to_text(factor.until)}


def _factor_from(kind: str, item: Mapping[str, Any]) -> ProvedFactor:
    return ProvedFactor(FactorKind(kind), Purpose(item["purpose"]), item["point"], from_text(item["until"]))

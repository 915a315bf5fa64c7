"""Calls, challenges and code counters as stored items."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from hotline.kit.actor import FactorKind, Proof, ProvedFactor, Purpose
from hotline.kit.clock import epoch_s, from_text, to_text
from hotline.kit.store import TTL_ATTRIBUTE, Key, hotline_key
from hotline.kit.store.condition import Item

from .model import (
    AskedChallenge,
    Call,
    CallKind,
    Challenge,
    ChallengeState,
    Goal,
    Identified,
    Offer,
    Target,
    TurnRecord,
)
from .policy import CALL_LIFE, CHALLENGE_KEPT, LANGUAGE_UNSAID, FactorCounters
from .ways import COUNTERS

_PARTITIONS = {CallKind.PHONE: "CONTACT", CallKind.APP: "SESSION", CallKind.RECOVERY: "RECOVERY"}


def call_key(contact_id: str, kind: CallKind = CallKind.PHONE) -> Key:
    """Where a call is stored, by the contact's initial id; an app session or a recovery by its own id."""
    return hotline_key(f"{_PARTITIONS[kind]}#{contact_id}", "CALL")


def key_of(call: Call) -> Key:
    """Where this call is stored."""
    return call_key(call.contact_id, call.kind)


def challenge_key(challenge_id: str) -> Key:
    """Where a challenge is stored."""
    return hotline_key(f"CHALLENGE#{challenge_id}", "CHALLENGE")


NOBODY = "nobody"
"""An account id that no account has: read where an unknown number must cost what a known one costs."""


def factors_key(account_id: str) -> Key:
    """Where the PIN of an account is stored, as a keyed hash, with what was guessed wrong."""
    return hotline_key(f"ACCOUNT#{account_id}", "#FACTORS")


def point_key(point: str) -> Key:
    """Where a contact point (`version#hmac`) and its counters are stored."""
    return hotline_key(f"POINT#{point}", "POINT")


def call_item(call: Call) -> Item:
    """The whole call; absent things are left out."""
    item: Item = {
        "contact_id": call.contact_id,
        "kind": call.kind.value,
        "account_ref": call.account_ref,
        "turn": call.turn,
        "created_at": to_text(call.created_at),
        "last_step_at": to_text(call.last_step_at),
        TTL_ATTRIBUTE: epoch_s(call.created_at + CALL_LIFE),
    }
    return item | call_attributes(call)


def call_attributes(call: Call) -> Item:
    """The attributes that steps change, in their stored form; None and empty ones are left out."""
    attributes: Item = {
        "inbound": call.inbound,
        "turns": [_turn_item(record) for record in call.turns],
        "language": call.language,
        "calling": _identified_item(call.calling),
        "typed": _identified_item(call.typed),
        "targets": {kind.value: _target_item(target) for kind, target in call.targets.items()},
        "account_id": call.account_id,
        "two_step": call.two_step,
        "pin": call.pin or None,
        "time_zone": call.time_zone,
        "factors": {factor.kind.value: _factor_item(factor) for factor in call.factors},
        "challenge": {"id": call.challenge.id, "point": call.challenge.point} if call.challenge else None,
        "offers": [{"movement": offer.movement, "merchant_id": offer.merchant_id or "-"} for offer in call.offers],
        "topic": call.topic,
        "case_id": call.case_id,
        "own_number_only": call.own_number_only or None,
    }
    return {name: value for name, value in attributes.items() if value not in (None, [], {})}


CHANGING_ATTRIBUTES = (
    "turns", "language", "calling", "typed", "targets", "account_id", "two_step", "pin", "time_zone", "factors",
    "challenge", "offers", "topic", "case_id",
)  # fmt: skip


def call_from(item: Mapping[str, Any]) -> Call:
    """The call in a stored item."""
    return Call(
        contact_id=item["contact_id"],
        account_ref=item["account_ref"],
        turn=int(item["turn"]),
        created_at=from_text(item["created_at"]),
        last_step_at=from_text(item["last_step_at"]),
        inbound=bool(item["inbound"]),
        turns=tuple(_turn_from(record) for record in item.get("turns", [])),
        language=item.get("language"),
        calling=_identified_from(item.get("calling")),
        typed=_identified_from(item.get("typed")),
        targets={FactorKind(kind): _target_from(target) for kind, target in item.get("targets", {}).items()},
        account_id=item.get("account_id"),
        two_step=bool(item["two_step"]) if "two_step" in item else None,
        pin=bool(item.get("pin", False)),
        time_zone=item.get("time_zone"),
        factors=tuple(_factor_from(kind, factor) for kind, factor in sorted(item.get("factors", {}).items())),
        challenge=AskedChallenge(**item["challenge"]) if "challenge" in item else None,
        offers=tuple(
            Offer(offer["movement"], None if offer["merchant_id"] == "-" else offer["merchant_id"])
            for offer in item.get("offers", [])
        ),
        topic=item.get("topic"),
        case_id=item.get("case_id"),
        own_number_only=bool(item.get("own_number_only", False)),
        kind=CallKind(item.get("kind", CallKind.PHONE)),
    )


def proof_from(call: Call) -> Proof:
    """What an operation may rely on, and where it is stored."""
    return Proof(key_of(call), call.account_id, call.factors, call.two_step)


def challenge_item(challenge: Challenge) -> Item:
    """A challenge in its stored form; it ends by itself."""
    return {
        "challenge_id": challenge.id,
        "key_version": challenge.key_version,
        "purpose": challenge.purpose.value,
        "goal": challenge.goal.value,
        "factor": challenge.factor.value,
        "point": challenge.point,
        "expires_at": to_text(challenge.expires_at),
        "tries_left": challenge.tries_left,
        "state": challenge.state.value,
        "decoy": challenge.decoy,
        "language": challenge.language,
        TTL_ATTRIBUTE: epoch_s(challenge.expires_at + CHALLENGE_KEPT),
    }


def challenge_from(item: Mapping[str, Any]) -> Challenge:
    """The challenge in a stored item."""
    return Challenge(
        id=item["challenge_id"],
        key_version=item["key_version"],
        purpose=Purpose(item["purpose"]),
        goal=Goal(item["goal"]),
        factor=FactorKind(item["factor"]),
        point=item["point"],
        expires_at=from_text(item["expires_at"]),
        tries_left=int(item["tries_left"]),
        state=ChallengeState(item["state"]),
        decoy=bool(item["decoy"]),
        # Those that were asked for before there were calls name none.
        language=item.get("language", LANGUAGE_UNSAID),
    )


def counter_name(factor: FactorKind, counter: str) -> str:
    """Under which name the counters of a factor by a way (Way.counter) are stored."""
    return f"{factor.value}/{counter}"


COUNTER_NAMES = {counter_name(factor, counter): (factor, counter) for factor in FactorKind for counter in COUNTERS}
"""Every name under which counters are stored."""


def counters_from(point_item: Mapping[str, Any] | None, factor: FactorKind, counter: str) -> FactorCounters:
    """The counters of one factor by one way on a contact point; all zero for a point never seen."""
    name = counter_name(factor, counter)
    stored: Mapping[str, Any] = (point_item or {}).get("counters", {}).get(name, {})
    return FactorCounters(
        sent=_times(stored.get("sent", [])),
        wrong=_times(stored.get("wrong", [])),
        wrong_in_a_row=int(stored.get("wrong_in_a_row", 0)),
        blocked_until=from_text(stored["blocked_until"]) if "blocked_until" in stored else None,
    )


def with_counters(
    point_item: Mapping[str, Any] | None,
    changed: Mapping[str, FactorCounters],
    *,
    now: datetime,
    owned: bool = False,
) -> Item:
    """The contact point's item with some counters changed, each under its `counter_name`. A point that belongs to
    nobody ends by itself; `owned`: it has owners, even if they are listed under another key version. What was counted
    before ways were told apart is dropped: it does not say who guessed."""
    item = dict(point_item or {})
    kept = {name: value for name, value in item.get("counters", {}).items() if name in COUNTER_NAMES}
    item["counters"] = kept | {name: _counters_item(counters) for name, counters in changed.items()}
    if owned or item.get("owners"):
        item.pop(TTL_ATTRIBUTE, None)
    else:
        item[TTL_ATTRIBUTE] = epoch_s(now + CHALLENGE_KEPT * 2)
    return item


def _counters_item(counters: FactorCounters) -> Item:
    stored: Item = {
        "sent": [to_text(at) for at in counters.sent],
        "wrong": [to_text(at) for at in counters.wrong],
        "wrong_in_a_row": counters.wrong_in_a_row,
    }
    if counters.blocked_until is not None:
        stored["blocked_until"] = to_text(counters.blocked_until)
    return stored


def _times(texts: list[str]) -> tuple[datetime, ...]:
    return tuple(from_text(text) for text in texts)


def _turn_item(record: TurnRecord) -> Item:
    item: Item = {"turn": record.turn, "step": record.step, "fingerprint": record.fingerprint}
    return item | {"outcome": record.outcome, "ids": list(record.ids), "notes": list(record.notes)}


def _turn_from(item: Mapping[str, Any]) -> TurnRecord:
    return TurnRecord(
        turn=int(item["turn"]),
        step=item["step"],
        fingerprint=item["fingerprint"],
        outcome=item["outcome"],
        ids=tuple(item["ids"]),
        notes=tuple(item.get("notes", ())),
    )


def _identified_item(identified: Identified | None) -> Item | None:
    if identified is None:
        return None
    item: Item = {"point": identified.point, "accounts": list(identified.accounts)}
    more = {"also": list(identified.also), "prefix": identified.prefix}
    return item | {name: value for name, value in more.items() if value}


def _identified_from(item: Mapping[str, Any] | None) -> Identified | None:
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

"""How locks and attempts are stored.

`ACCOUNT#id / #LOCK` is read by every step and stays under 4 KB, one read unit: openings, unlocks, pauses and registers
are bounded. `ACCOUNT#id / #ATTEMPTS` is only read with facts and where the state is told. Both are replaced as a whole,
under `rev`.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from hotline.accounts.stops import Stop, stops_item, stops_key
from hotline.contracts.model import LoginKind
from hotline.kit.clock import from_text, to_text
from hotline.kit.due import due_attributes
from hotline.kit.store import Key, hotline_key
from hotline.kit.store.condition import Condition, Item, Missing

from .model import (
    Asked,
    Attempt,
    AttemptOutcome,
    Attempts,
    Cause,
    Component,
    DecisionKind,
    Device,
    Grant,
    LockRecord,
    LockState,
    Login,
    Opening,
    Register,
    TierLock,
)

NOT_ERASED: Final[Condition] = Missing("erased")
_NEVER: Final = "-"
_BY_AGENT: Final = "by_agent"


def lock_key(account_id: str) -> Key:
    """The key under which the record is stored, with the freezes and holds that factors depend on."""
    return stops_key(account_id)


def attempts_key(account_id: str) -> Key:
    """The key of the attempts."""
    return hotline_key(f"ACCOUNT#{account_id}", "#ATTEMPTS")


def lock_item(record: LockRecord, *, due_at: datetime | None, stops: Mapping[str, Stop]) -> Item:
    """The stored form of a record; an erased one is a tombstone and holds nothing else. `stops`: the freezes and holds
    that are on, see accounts.stops."""
    if record.erased:
        return {"version": record.version, "erased": True}
    item: Item = {
        "version": record.version,
        "applied_version": record.applied_version,
        "cleared": [to_text(at) for at in record.cleared],
        "pauses": [to_text(at) for at in record.pauses],
        "told": {slot: _register_text(register) for slot, register in record.told.items()},
        **stops_item(stops),
    }
    if record.asked is not None:
        item["asked"] = _write_asked(record.asked)
    if record.opening:
        item["opening"] = [_opening_list(opening) for opening in record.opening]
    if record.placed is not None:
        item["placed"] = _tier_lock_list(record.placed)
    if record.barred_until is not None:
        item["barred_until"] = to_text(record.barred_until)
    if record.grant is not None:
        item["grant"] = [record.grant.id, to_text(record.grant.at), to_text(record.grant.until)]
    if record.closed_at is not None:
        item["closed_at"] = to_text(record.closed_at)
    if due_at is not None:
        item |= due_attributes(record.account_id, due_at)
    return item


def record_of(account_id: str, item: Mapping[str, Any] | None) -> LockRecord:
    """The record in a stored item; None: nothing has happened yet."""
    if item is None:
        return LockRecord(account_id)
    version = int(item["version"])
    if item.get("erased", False):
        return LockRecord(account_id, version=version, erased=True)
    grant = item.get("grant")
    return LockRecord(
        account_id=account_id,
        version=version,
        applied_version=int(item["applied_version"]),
        asked=_read_asked(item.get("asked")),
        opening=tuple(_opening(entry) for entry in item.get("opening", ())),
        placed=_tier_lock(item.get("placed")),
        cleared=tuple(from_text(at) for at in item["cleared"]),
        told={slot: _register(text) for slot, text in item["told"].items()},
        pauses=tuple(from_text(at) for at in item["pauses"]),
        barred_until=_instant(item.get("barred_until")),
        grant=Grant(grant[0], from_text(grant[1]), from_text(grant[2])) if grant is not None else None,
        closed_at=_instant(item.get("closed_at")),
    )


def attempts_item(attempts: Attempts) -> Item:
    """The stored form of attempts."""
    item: Item = {
        "recent": [_attempt_list(attempt) for attempt in attempts.recent],
        "counted": [_attempt_list(attempt) for attempt in attempts.counted],
        "total": {kind.value: number for kind, number in attempts.total.items()},
    }
    if attempts.total_through is not None:
        at, identifier = attempts.total_through
        item["total_through"] = [to_text(at), identifier or _NEVER]
    if attempts.lock is not None:
        item["lock"] = _tier_lock_list(attempts.lock)
    if attempts.logins:
        item["logins"] = [_login_list(login) for login in attempts.logins]
    if attempts.devices:
        item["devices"] = [[to_text(device.at), device.source] for device in attempts.devices]
    return item


def attempts_of(item: Mapping[str, Any] | None) -> Attempts:
    """The attempts in a stored item; none when there is none."""
    if item is None:
        return Attempts()
    through = item.get("total_through")
    return Attempts(
        recent=tuple(_attempt(entry) for entry in item["recent"]),
        total_through=(from_text(through[0]), through[1].removeprefix(_NEVER)) if through is not None else None,
        counted=tuple(_attempt(entry) for entry in item["counted"]),
        total={LoginKind(kind): int(number) for kind, number in item["total"].items()},
        lock=_tier_lock(item.get("lock")),
        logins=tuple(_login(entry) for entry in item.get("logins", ())),
        devices=tuple(Device(from_text(at), source) for at, source in item.get("devices", ())),
    )


def _write_asked(asked: Asked) -> dict[str, Any]:
    return {
        "decision_id": asked.decision_id,
        "type": asked.kind.value,
        "version": asked.version,
        "at": to_text(asked.at),
        "sent": to_text(asked.sent),
        **({"alarmed": True} if asked.alarmed else {}),
    }


def _read_asked(entry: Mapping[str, Any] | None) -> Asked | None:
    if entry is None:
        return None
    return Asked(
        decision_id=entry["decision_id"],
        kind=DecisionKind(entry["type"]),
        version=int(entry["version"]),
        at=from_text(entry["at"]),
        sent=from_text(entry["sent"]),
        alarmed=bool(entry.get("alarmed", False)),
    )


def _opening_list(opening: Opening) -> list[int | str]:
    was = opening.component
    return [opening.version, was.state.value, was.cause or _NEVER, _text(was.since), _text(was.until)]


def _opening(entry: list[Any]) -> Opening:
    version, state, cause, since, until = entry
    named = None if cause == _NEVER else Cause(cause)
    return Opening(Component(LockState(state), named, _instant(since), _instant(until)), int(version))


def _register_text(register: Register) -> str:
    on = "on" if register.on else "off"
    by_agent = f" {_BY_AGENT}" if register.by_agent else ""
    return f"{to_text(register.at)} {register.id} {on} {_text(register.until)} {register.decided}{by_agent}"


def _register(text: str) -> Register:
    at, identifier, on, until, decided, *by = text.split(" ")
    return Register(from_text(at), identifier, on == "on", _instant(until), int(decided), by_agent=_BY_AGENT in by)


def _tier_lock_list(lock: TierLock) -> list[str]:
    return [lock.kind.value, to_text(lock.since), _text(lock.until)]


def _tier_lock(entry: list[str] | None) -> TierLock | None:
    if entry is None:
        return None
    return TierLock(LoginKind(entry[0]), from_text(entry[1]), _instant(entry[2]))


def _attempt_list(attempt: Attempt) -> list[str]:
    return [to_text(attempt.at), attempt.id, attempt.kind.value, attempt.outcome.value, attempt.source]


def _attempt(entry: list[str]) -> Attempt:
    at, identifier, kind, outcome, source = entry
    return Attempt(from_text(at), identifier, LoginKind(kind), AttemptOutcome(outcome), source)


def _login_list(login: Login) -> list[str]:
    device = "device" if login.has_device else _NEVER
    return [to_text(login.at), login.id, login.source, device, login.country or _NEVER]


def _login(entry: list[str]) -> Login:
    at, identifier, source, device, country = entry
    return Login(from_text(at), identifier, source, device != _NEVER, None if country == _NEVER else country)


def _text(instant: datetime | None) -> str:
    return _NEVER if instant is None else to_text(instant)


def _instant(text: str | None) -> datetime | None:
    return None if text is None or text == _NEVER else from_text(text)

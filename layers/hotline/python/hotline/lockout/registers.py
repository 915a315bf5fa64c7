"""How facts and decisions change the record and the attempts. Pure.

Decision ids are computed from account, kind and version. So an acknowledgement is recognised however late it comes, and
without a list of sent decisions.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from copy import replace
from datetime import datetime, timedelta

from hotline.contracts.model import (
    AccountClosed,
    DeviceRegistered,
    Fact,
    LockAction,
    LockTold,
    LoginKind,
    LoginSource,
    LoginTried,
    PasswordChanged,
    TwoStepChanged,
)
from hotline.kit.clock import to_text
from hotline.kit.ids import derive_id
from hotline.kit.keyring import Keyring

from .model import (
    FREEZE_SLOT,
    PAUSE_SLOT,
    Asked,
    Attempt,
    AttemptOutcome,
    Cause,
    Component,
    DecisionKind,
    Device,
    LockRecord,
    Login,
    Opening,
    Register,
    whole_ms,
)

SHORT_ID_CHARACTERS = 16
"""64 bits tell apart the ids of one account's last facts."""
OPENINGS_MAX = 10
"""One for each component that can be opened. A lock that ends by itself has three causes, a lock until recovery two. A
pause and a freeze have one each. Three kinds of hold are released. So `#LOCK` stays small however often something is
set and opened while the wallet confirms nothing."""
_NO_SOURCE = "-"
_HOTLINE = "hotline"
"""Id of registers that the hotline switched: above every hash, so a fact of the same instant does not undo it."""
_KIND_OF_CAUSE = {Cause.TOO_MANY_PASSWORD: LoginKind.PASSWORD, Cause.TOO_MANY_OTP: LoginKind.OTP}


def decision_id(account_id: str, kind: DecisionKind, version: int) -> str:
    """The id of a decision; a decision that is sent again has the same."""
    return derive_id("decision", account_id, kind.value, str(version))


def source_hash(source: LoginSource, keyring: Keyring) -> str:
    """A keyed hash of where a login came from: the device when it is known, else the address. Logins of which neither
    is known share one source, `-`."""
    if source.device_id is not None:
        return keyring.mac_text(keyring.current, "device", source.device_id)
    if source.ip is not None:
        return keyring.mac_text(keyring.current, "ip", source.ip)
    return _NO_SOURCE


def attempts_in(fact: Fact, record: LockRecord, keyring: Keyring) -> tuple[Attempt, ...]:
    """The attempts in a fact: a login attempt, or the end of the secret that was guessed at."""
    match fact.data:
        case LoginTried(attempt_id=attempt_id, source=source, kind=kind, succeeded=succeeded):
            outcome = AttemptOutcome.SUCCEEDED if succeeded else AttemptOutcome.FAILED
            return (Attempt(whole_ms(fact.time), _short(attempt_id), kind, outcome, source_hash(source, keyring)),)
        case PasswordChanged() if _within_grant(record, fact.time):
            # The grant took all the factors that the account asks for: a whole recovery (NIST SP 800-63B-4 4.2).
            return (_recovery_attempt(fact, LoginKind.PASSWORD), _recovery_attempt(fact, LoginKind.OTP))
        case PasswordChanged():
            return (_recovery_attempt(fact, LoginKind.PASSWORD),)
        case TwoStepChanged():
            return (_recovery_attempt(fact, LoginKind.OTP),)
        case LockTold(action=LockAction.LOCK_RELEASED) as told if not is_own(record.account_id, told):
            kind_released = _KIND_OF_CAUSE.get(cause_of(told.cause))
            return () if kind_released is None else (_recovery_attempt(fact, kind_released),)
        case _:
            return ()


def logins_in(fact: Fact, keyring: Keyring) -> tuple[Login, ...]:
    """The login in a fact, if it is one that succeeded."""
    tried = fact.data
    if not isinstance(tried, LoginTried) or not tried.succeeded:
        return ()
    source, hashed = tried.source, source_hash(tried.source, keyring)
    has_device = source.device_id is not None
    return (Login(whole_ms(fact.time), _short(tried.attempt_id), hashed, has_device, source.country),)


def devices_in(fact: Fact, keyring: Keyring) -> tuple[Device, ...]:
    """The device in a fact, if it is the registration of one."""
    if not isinstance(fact.data, DeviceRegistered):
        return ()
    return (Device(whole_ms(fact.time), source_hash(LoginSource(device_id=fact.data.device_id), keyring)),)


def fold_facts(record: LockRecord, facts: Sequence[Fact]) -> LockRecord:
    """The record after facts of its account, attempts apart."""
    for fact in facts:
        match fact.data:
            case LockTold() if is_own(record.account_id, fact.data):
                record = _acknowledge(record, fact.data)
            case LockTold():
                record = _fold_told(record, fact, fact.data)
            case AccountClosed():
                told_at = whole_ms(fact.time)
                closed_at = told_at if record.closed_at is None else min(record.closed_at, told_at)
                record = replace(record, closed_at=closed_at)
            case _:
                continue
    return record


def is_own(account_id: str, told: LockTold) -> bool:
    """The wallet acknowledges a decision of the hotline, rather than telling of one of its own."""
    return any(told.decision_id == decision_id(account_id, kind, told.subject_version) for kind in DecisionKind)


def cause_of(text: str) -> Cause:
    """The cause that the wallet names; OTHER for one that the hotline does not know."""
    return Cause(text) if text in Cause else Cause.OTHER


def version_of(record: LockRecord, slot: str) -> str:
    """The version of the word by which the wallet set a slot. A slot that is set anew has another one, and one that is
    over has `-`."""
    register = record.told.get(slot)
    return f"{to_text(register.at)}#{register.id}" if register is not None and register.on else "-"


def switch(
    record: LockRecord, slot: str, now: datetime, *, on: bool, until: datetime | None = None, by_agent: bool = False
) -> LockRecord:
    """The record with a register as the hotline decides it now, with the decision that is asked next. The register is
    later than everything that it has been told of so far. `by_agent`: an agent decides, on grounds of their own."""
    at = whole_ms(now)
    old = record.told.get(slot)
    if old is not None and old.at >= at:
        at = old.at + timedelta(milliseconds=1)
    decided = record.version + 1
    ends = whole_ms(until) if until is not None else None
    register = Register(at, _HOTLINE, on, ends, decided, by_agent)
    return replace(record, told={**record.told, slot: register})


def ask(
    record: LockRecord, kind: DecisionKind, now: datetime, *, was: Component | None = None
) -> tuple[LockRecord, Asked]:
    """The record with the next decision asked of the wallet, and that decision. `was`: what it is to open."""
    version = record.version + 1
    now = whole_ms(now)
    overtaken = record.waiting
    # A customer who asks often must not keep people from hearing that the wallet does not answer.
    since = overtaken.at if overtaken is not None and not overtaken.alarmed else now
    asked = Asked(decision_id(record.account_id, kind, version), kind, version, since, now)
    opening = tuple(o for o in record.opening if o.version > record.applied_version and o.component.runs(now))
    if was is not None:
        opening = _with_opening(opening, was, version)
    return replace(record, version=version, asked=asked, opening=opening), asked


def _with_opening(opening: tuple[Opening, ...], was: Component, version: int) -> tuple[Opening, ...]:
    """The openings with one more. It takes the place of an earlier one of its state and cause. The wallet has one of
    the two in force until it confirms the later version. The one that lasts longer stands for both."""
    alike = [o.component for o in opening if (o.component.state, o.component.cause) == (was.state, was.cause)]
    longest = min([was, *alike], key=_lasts)
    others = [o for o in opening if o.component not in alike]
    return (*others, Opening(longest, version))[-OPENINGS_MAX:]


def _lasts(component: Component) -> tuple[bool, float]:
    """The sort key by which what lasts longest comes first."""
    until = component.until
    return (until is not None, 0.0 if until is None else -until.timestamp())


def _acknowledge(record: LockRecord, told: LockTold) -> LockRecord:
    applied = max(record.applied_version, min(told.subject_version, record.version))
    asked = record.asked
    if asked is not None and record.applied_version < applied < asked.version and not asked.alarmed:
        # The wallet answers; it owes this answer since the decision was sent, not since the one that it overtook.
        asked = replace(asked, at=max(asked.at, asked.sent))
    return replace(record, applied_version=applied, asked=asked)


def _fold_told(record: LockRecord, fact: Fact, told: LockTold) -> LockRecord:
    cause = cause_of(told.cause)
    on = told.action not in (LockAction.LOCK_RELEASED, LockAction.UNFREEZE_APPLIED)
    until = whole_ms(told.until) if on and told.until is not None else None
    register = Register(whole_ms(fact.time), _short(fact.id), on, until)
    slots = dict(record.told)
    for slot in _slots(told.action, cause):
        old = slots.get(slot)
        if old is None or (register.at, register.id) > (old.at, old.id):
            slots[slot] = register
    return replace(record, told=slots)


def _slots(action: LockAction, cause: Cause) -> tuple[str, ...]:
    """The registers that a word of the wallet is about. Pause and freeze are the customer's only when the wallet says
    so. For any other reason, and for an unknown one, they are a hold, which no caller opens."""
    customer = cause is Cause.CUSTOMER_REQUEST
    match action:
        case LockAction.PAUSE_APPLIED:
            return (PAUSE_SLOT if customer else cause.value,)
        case LockAction.FREEZE_APPLIED:
            return (FREEZE_SLOT if customer else cause.value,)
        case LockAction.UNFREEZE_APPLIED:
            return (FREEZE_SLOT,) if customer else (FREEZE_SLOT, cause.value)
        case LockAction.LOCK_APPLIED:
            return (FREEZE_SLOT if customer else cause.value,)
        case LockAction.LOCK_RELEASED:
            return (PAUSE_SLOT, FREEZE_SLOT) if customer else (cause.value,)


def _within_grant(record: LockRecord, at: datetime) -> bool:
    return record.grant is not None and record.grant.at <= at <= record.grant.until


def _recovery_attempt(fact: Fact, kind: LoginKind) -> Attempt:
    return Attempt(whole_ms(fact.time), _short(fact.id), kind, AttemptOutcome.RECOVERED, _NO_SOURCE)


def _short(identifier: str) -> str:
    return hashlib.sha256(identifier.encode()).hexdigest()[:SHORT_ID_CHARACTERS]

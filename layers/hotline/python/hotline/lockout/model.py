"""Locks of an account.

The state of an account is nowhere a flag. It is computed, for an instant, from login attempts, from the wallet's facts,
and from the hotline's decisions. So facts may come late, twice and in any order, and a lock ends with its time.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Final

from hotline.contracts.model import LoginKind
from hotline.kit.records import quick


class LockoutError(StrEnum):
    """Why an account is not opened, and not shut."""

    ACCOUNT_NOT_OPEN = "account_not_open"
    REPUDIATION_OVER = "repudiation_over"
    ACCOUNT_CLOSED = "account_closed"
    NO_SUCH_HOLD = "no_such_hold"
    NO_SUCH_FREEZE = "no_such_freeze"
    NOTHING_TO_DENY = "nothing_to_deny"
    """No login or movement of that name has been told to the owner."""
    NO_SUCH_LOCK = "no_such_lock"
    """Nothing is in force that two people would end by the act, or something else is that it does not end."""


def whole_ms(instant: datetime) -> datetime:
    """The instant as it is stored, so that what was read and what comes again compare equal."""
    return instant.replace(microsecond=instant.microsecond // 1000 * 1000)


class LockState(StrEnum):
    """The state that a caller is told. ERASED is a tombstone: nothing is known of the account, and facts about it do
    nothing."""

    OPEN = "OPEN"
    SOFT = "SOFT"
    PAUSED = "PAUSED"
    HARD = "HARD"
    HOLD = "HOLD"
    FROZEN = "FROZEN"
    CLOSED = "CLOSED"
    ERASED = "ERASED"


class Cause(StrEnum):
    """Why. OTHER stands for a cause that the wallet names and the hotline does not know."""

    TOO_MANY_PASSWORD = "TOO_MANY_PASSWORD"  # noqa: S105 - a cause, not a secret
    TOO_MANY_OTP = "TOO_MANY_OTP"
    TOO_MANY_LOGIN_RATE = "TOO_MANY_LOGIN_RATE"
    RISK_SCORE = "RISK_SCORE"
    CUSTOMER_REQUEST = "CUSTOMER_REQUEST"
    AGENT = "AGENT"
    COMPLIANCE = "COMPLIANCE"
    COMPROMISED_CREDENTIAL = "COMPROMISED_CREDENTIAL"
    DORMANT = "DORMANT"
    OTHER = "OTHER"


UNTOLD: Final = frozenset({Cause.RISK_SCORE, Cause.COMPLIANCE})
"""Holds by these are told as a check, without a difference between them. Somebody who is looked into for money
laundering must not learn it (FATF recommendation 21)."""


class SelfService(StrEnum):
    """The acts that the account's owner may do about it on the line, with the proof that each operation asks for."""

    UNLOCK = "unlock"
    RESET = "reset"
    BOTH = "both"
    END_PAUSE = "end_pause"
    UNFREEZE = "unfreeze"
    NO = "no"


class DecisionKind(StrEnum):
    """The decisions that the hotline asks the wallet to enforce."""

    LOCK = "lock"
    UNLOCK = "unlock"
    PAUSE = "pause"
    END_PAUSE = "end_pause"
    FREEZE = "freeze"
    UNFREEZE = "unfreeze"

    @property
    def type(self) -> str:
        """The type on the bus. The end of a pause is an unlock whose data name the pause."""
        kind = DecisionKind.UNLOCK if self is DecisionKind.END_PAUSE else self
        return f"account.{kind.value}_requested"


class UnlockOutcome(StrEnum):
    """Outcomes of `contribute_unlock`."""

    ASKED = "ASKED"
    OPEN = "OPEN"
    NOT_SELF_SERVICE = "NOT_SELF_SERVICE"


class ResetOutcome(StrEnum):
    """Outcomes of `contribute_reset_grant`."""

    GRANTED = "GRANTED"
    NOT_SELF_SERVICE = "NOT_SELF_SERVICE"


class EndPauseOutcome(StrEnum):
    """Outcomes of `contribute_end_pause`."""

    ASKED = "ASKED"
    OPEN = "OPEN"


class UnfreezeOutcome(StrEnum):
    """Outcomes of `contribute_unfreeze`."""

    ASKED = "ASKED"
    OPEN = "OPEN"


class FreezeOutcome(StrEnum):
    """Outcomes of `contribute_freeze`."""

    ASKED = "ASKED"
    FROZEN = "FROZEN"


class RepudiationOutcome(StrEnum):
    """Outcomes of `contribute_repudiation`: as of a freeze, or that pauses without a factor are barred."""

    ASKED = "ASKED"
    FROZEN = "FROZEN"
    BARRED = "BARRED"


class AttemptOutcome(StrEnum):
    """RECOVERED: the secret that was guessed at has been replaced, or the wallet itself lifted the lock."""

    FAILED = "failed"
    SUCCEEDED = "succeeded"
    RECOVERED = "recovered"


type Order = tuple[datetime, str]
"""Time, then id: the order in which attempts count."""


@quick
@dataclass(frozen=True, slots=True)
class Attempt:
    """One login attempt. `id` and `source` are hashes: the first only short, the second keyed."""

    at: datetime
    id: str
    kind: LoginKind
    outcome: AttemptOutcome
    source: str

    @property
    def order(self) -> Order:
        return (self.at, self.id)


@quick
@dataclass(frozen=True, slots=True)
class TierLock:
    """A lock that failures brought about. `until` None: until recovery."""

    kind: LoginKind
    since: datetime
    until: datetime | None

    @property
    def cause(self) -> Cause:
        return Cause.TOO_MANY_PASSWORD if self.kind is LoginKind.PASSWORD else Cause.TOO_MANY_OTP

    def runs(self, now: datetime) -> bool:
        return self.until is None or now < self.until


@dataclass(frozen=True, slots=True)
class Login:
    """A login that succeeded. `id` and `source` are hashes as those of an attempt. `has_device`: the wallet named the
    device, so that `source` is it. `country`: two letters (ISO 3166-1), None where the wallet tells none."""

    at: datetime
    id: str
    source: str
    has_device: bool
    country: str | None


@dataclass(frozen=True, slots=True, order=True)
class Device:
    """A device that was registered. `source` is a hash as that of a login from it."""

    at: datetime
    source: str


@quick
@dataclass(frozen=True, slots=True)
class Attempts:
    """Login attempts of the last 24 h, and the sum of all earlier ones.

    `recent` are attempts after `total_through`, in order; a late one may still come between them. Everything up to
    `total_through` is final. `counted` are its failures that still count towards a tier, and `total` its failures in a
    row by kind. `lock` is the lock that ran at that moment. `logins` and `devices` are those that the owner may
    hear of (logins).
    """

    recent: tuple[Attempt, ...] = ()
    total_through: Order | None = None
    counted: tuple[Attempt, ...] = ()
    total: Mapping[LoginKind, int] = field(default_factory=dict)
    lock: TierLock | None = None
    logins: tuple[Login, ...] = ()
    devices: tuple[Device, ...] = ()


@dataclass(frozen=True, slots=True)
class Register:
    """One thing that is on or off, as the latest word has it; (at, id) orders the words. `decided`: the version of the
    hotline's own decision that switched it, 0 when the wallet did. `by_agent`: an agent did so on grounds of their own,
    and its owner did not ask for it."""

    at: datetime
    id: str
    on: bool
    until: datetime | None = None
    decided: int = 0
    by_agent: bool = False

    def runs(self, now: datetime) -> bool:
        return self.on and (self.until is None or now < self.until)


PAUSE_SLOT = "PAUSE"
FREEZE_SLOT = "FREEZE"
"""Registers beside those of the causes: what the customer asked for, on the line or in the wallet."""


def cause_of_slot(slot: str) -> Cause:
    """Why a register is on, which its name says."""
    return Cause.CUSTOMER_REQUEST if slot in (PAUSE_SLOT, FREEZE_SLOT) else Cause(slot)


@quick
@dataclass(frozen=True, slots=True)
class Component:
    """One of the things that may be in force at once."""

    state: LockState
    cause: Cause | None
    since: datetime | None
    until: datetime | None

    def runs(self, now: datetime) -> bool:
        return self.until is None or now < self.until


@dataclass(frozen=True, slots=True)
class Asked:
    """The latest decision sent to the wallet. `at`: since when the wallet has owed an answer, to this decision or to
    one that it overtook. `sent`: when it last went out. `alarmed`: people know that it is not confirmed."""

    decision_id: str
    kind: DecisionKind
    version: int
    at: datetime
    sent: datetime
    alarmed: bool = False


@dataclass(frozen=True, slots=True)
class Terms:
    """The terms of a decision, besides its kind. `ends`: the component that an unlock is to open."""

    cause: Cause
    until: datetime | None
    ends: Component | None


@dataclass(frozen=True, slots=True)
class Opening:
    """A component that the wallet was asked to open, and keeps in force until it has confirmed that version."""

    component: Component
    version: int


@dataclass(frozen=True, slots=True)
class Grant:
    """Leave to choose a new password in the wallet, once, until `until`."""

    id: str
    at: datetime
    until: datetime


@quick
@dataclass(frozen=True, slots=True)
class LockRecord:
    """Everything but the attempts. `version` counts decisions, `applied_version` is the latest one that the wallet has
    confirmed. `placed` is the lock by failures that the wallet was last asked for."""

    account_id: str
    version: int = 0
    applied_version: int = 0
    asked: Asked | None = None
    opening: tuple[Opening, ...] = ()
    placed: TierLock | None = None
    cleared: tuple[datetime, ...] = ()
    """The times at which the owner unlocked the account, oldest first."""
    told: Mapping[str, Register] = field(default_factory=dict)
    """By cause, and PAUSE_SLOT and FREEZE_SLOT."""
    pauses: tuple[datetime, ...] = ()
    """The times at which the line paused the account, oldest first."""
    barred_until: datetime | None = None
    """No pause without a factor before this."""
    grant: Grant | None = None
    closed_at: datetime | None = None
    erased: bool = False

    @property
    def waiting(self) -> Asked | None:
        """The decision that the wallet has not confirmed yet."""
        return self.asked if self.asked is not None and self.applied_version < self.asked.version else None


@quick
@dataclass(frozen=True, slots=True)
class LockView:
    """The account at an instant. `components`: everything in force, in front the one that is told. `asked`: the kind of
    decision that the wallet has been asked for and has not confirmed. It must not be spoken of as done."""

    state: LockState
    cause: Cause | None
    since: datetime | None
    until: datetime | None
    self_service: SelfService
    asked: DecisionKind | None
    components: tuple[Component, ...] = ()
    opening: bool = False
    """The wallet was asked to open the component in front, and has not confirmed it."""
    unconfirmed: bool = False
    """The hotline decided the component in front, and the wallet has not confirmed it: it is not yet so."""
    recovery_until: datetime | None = None
    """Recovery is pending: until then its owner may choose a new password in the wallet, and has not yet."""
    unlockable: bool = False
    """An unlock would open the account to a login now, apart from proof."""
    resettable: bool = False
    """A new password may be chosen now, apart from proof. It ends a lock for failures that no unlock ends."""
    opened_at: datetime | None = None
    """The last time at which the hotline asked to end a hold or a freeze, or gave leave for a new password. Two people
    or a proof stand behind each."""
    by_agent: bool = False
    """An agent set the freeze or pause in front on grounds of their own. The wallet is asked for it as for any other,
    and its end is the same."""

    @property
    def seen_cause(self) -> Cause | None:
        """The cause as people of the wallet see it: nobody is said to have asked for what an agent decided."""
        return Cause.AGENT if self.by_agent else self.cause

    @property
    def told_cause(self) -> Cause | None:
        """The same, where its kind may be told."""
        return None if self.cause in UNTOLD else self.seen_cause

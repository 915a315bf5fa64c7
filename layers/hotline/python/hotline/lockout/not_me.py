"""That was not me, of a login or a movement that was heard: the account is frozen, and people get to know which one.

NIST SP 800-63B-4 4.3 lets one factor be enough to report. The entry of the case names what the owner denies, so nobody
asks them for it again.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from hotline.cases import service as cases
from hotline.cases.model import Priority
from hotline.kit.change import Change
from hotline.kit.clock import to_text
from hotline.kit.errors import NotPossible
from hotline.kit.store import Key
from hotline.kit.store.condition import Item
from hotline.payments.service import movement_from, movement_key

from .items import attempts_key, attempts_of
from .logins import list_told
from .model import FreezeOutcome, LockoutError
from .self_service import CASE_TOPIC, contribute_denied_freeze, freeze_keys

LOGIN_DENIED: Final = "login.repudiated"
MOVEMENT_DENIED: Final = "movement.repudiated"
"""Why there is a case, by what the owner says that somebody else did."""
_NOT_TOLD: Final = "-"
_AGE: Final[Mapping[bool | None, str]] = {True: "known", False: "new", None: "not_told"}


@dataclass(frozen=True, slots=True)
class Denied:
    """The login by its id, or else the movement by its sort key, that the owner did not make."""

    login_id: str | None = None
    movement: str | None = None


def denied_keys(account_id: str, denied: Denied) -> tuple[Key, ...]:
    """The keys to read before `contribute_denied`."""
    of_movement = (movement_key(account_id, denied.movement),) if denied.movement is not None else ()
    return (*freeze_keys(account_id), *of_movement)


def contribute_denied(change: Change, read: Mapping[Key, Item], account_id: str, denied: Denied) -> FreezeOutcome:
    """Freeze the account and name in its security case what the owner did not do, also where a freeze is in force.

    Raises NeedProof, and NotPossible: `account_closed`, and `nothing_to_deny` where the account has no such login or
    movement, or not among those that are told.
    """
    outcome = contribute_denied_freeze(change, read, account_id)
    if denied.movement is not None:
        _report_movement(change, read, account_id, denied.movement)
    else:
        _report_login(change, read, account_id, denied.login_id)
    return outcome


def _report_login(change: Change, read: Mapping[Key, Item], account_id: str, login_id: str | None) -> None:
    logins = attempts_of(read.get(attempts_key(account_id))).logins
    told = next((one for one in list_told(logins, change.now) if one.id == login_id), None)
    if told is None:
        raise NotPossible(LockoutError.NOTHING_TO_DENY)
    cases.contribute_case(
        change,
        read,
        account_id=account_id,
        topic=CASE_TOPIC,
        reason=LOGIN_DENIED,
        facts={
            "login_id": told.id,
            "login_at": to_text(told.at),
            "device_is": _AGE[told.is_known],
            "country": told.country or _NOT_TOLD,
        },
        priority=Priority.HIGH,
    )


def _report_movement(change: Change, read: Mapping[Key, Item], account_id: str, movement_sk: str) -> None:
    item = read.get(movement_key(account_id, movement_sk))
    if item is None:
        raise NotPossible(LockoutError.NOTHING_TO_DENY)
    movement = movement_from(item)
    amount = movement.amount
    cases.contribute_case(
        change,
        read,
        account_id=account_id,
        topic=CASE_TOPIC,
        reason=MOVEMENT_DENIED,
        facts={"movement_id": movement.movement_id, "amount_minor": amount.minor, "currency": amount.currency},
        priority=Priority.HIGH,
    )

"""The bearer's hotline PIN: choosing one, and giving it up."""

from __future__ import annotations

from functions.customer_api.problems import Problem
from functions.customer_api.routing import desk, router
from functions.customer_api.shapes import PinChosen, PinState
from functions.customer_api.visits import Desk, attempted
from hotline.identity import service as identity
from hotline.identity.service import Operation
from hotline.kit.errors import NotPossible
from hotline.lockout import service as lockout
from hotline.lockout.model import LockState

_TAGS = ["account"]
_SET = "set_pin"
_REMOVE = "remove_pin"


@router.put("/v1/me/pin", tags=_TAGS, operation_id="set_pin")
def set_pin(body: PinChosen) -> PinState:
    """Choose a hotline PIN, in the place of one that there was. Takes the proof that the PIN will itself be worth. It
    acts after 72 hours, and none can be chosen while the account is frozen or held."""
    at = desk()
    return attempted(lambda: _set_pin(at, body.pin))


def _set_pin(at: Desk, pin: str) -> PinState:
    account_id = at.bearer.sign_in.account_id
    visit = at.visit((*identity.pin_keys(account_id), *lockout.acting_keys(account_id)))
    visit.allow(Operation.SET_PIN)
    visit = visit.settled()
    change = visit.change(_SET)
    # Who asked for a freeze, or whoever set a hold, did so against somebody who may have the phone.
    view = lockout.view_from(visit.read, account_id, visit.now)
    if any(part.state in (LockState.FROZEN, LockState.HOLD) for part in view.components):
        raise NotPossible("account_not_open")
    lockout.require_unchanged(change, visit.read, account_id)
    identity.contribute_pin(change, visit.read, visit.account_id, pin, macs=at.pin_macs)
    visit.commit(change, _SET, "SET")
    return PinState(pin=True)


@router.delete("/v1/me/pin", tags=_TAGS, operation_id="remove_pin")
def remove_pin() -> PinState:
    """Give the hotline PIN up. 404 when there is none."""
    at = desk()
    return attempted(lambda: _remove_pin(at))


def _remove_pin(at: Desk) -> PinState:
    visit = at.visit(identity.pin_keys(at.bearer.sign_in.account_id))
    visit.allow(Operation.SET_PIN)
    visit = visit.settled()
    change = visit.change(_REMOVE)
    if not identity.contribute_no_pin(change, visit.read, visit.account_id):
        raise Problem("not_found")
    visit.commit(change, _REMOVE, "REMOVED")
    return PinState(pin=False)

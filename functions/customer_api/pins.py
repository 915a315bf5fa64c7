"""The bearer's hotline PIN: choosing one, and giving it up."""

from __future__ import annotations

from functions.customer_api.problems import Problem
from functions.customer_api.routing import desk, router
from functions.customer_api.shapes import PinChosen, PinState
from functions.customer_api.visits import Desk, attempted
from hotline.identity import service as identity
from hotline.identity.service import Operation

_TAGS = ["account"]
_SET = "set_pin"
_REMOVE = "remove_pin"


@router.put("/v1/me/pin", tags=_TAGS, operation_id="set_pin")
def set_pin(body: PinChosen) -> PinState:
    """Choose a hotline PIN, in the place of one that there was. Takes the proof that the PIN will itself be worth."""
    at = desk()
    return attempted(lambda: _set_pin(at, body.pin))


def _set_pin(at: Desk, pin: str) -> PinState:
    visit = at.visit(identity.pin_keys(at.bearer.sign_in.account_id))
    visit.allow(Operation.SET_PIN)
    visit = visit.settled()
    change = visit.change(_SET)
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

"""The bearer's hotline PIN: choosing one, and giving it up."""

from __future__ import annotations

from functions.customer_api.shapes.identity import PinChosen, PinState
from functions.customer_api.visits import Desk, attempt, desk, router
from functions.http.problems import Problem
from hotline.identity import service as identity
from hotline.lockout import service as lockout

_TAGS = ["account"]
_SET = "set_pin"
_REMOVE = "remove_pin"


@router.put("/v1/me/pin", tags=_TAGS, operation_id="set_pin")
def set_pin(body: PinChosen) -> PinState:
    """Choose a hotline PIN, in the place of one that there was. Takes the proof that the PIN will itself be worth. It
    acts after 72 hours, and none can be chosen while the account is frozen or held."""
    at = desk()
    return attempt(lambda: _set_pin(at, body.pin))


def _set_pin(at: Desk, pin: str) -> PinState:
    act = lockout.SetPin(pin)
    at.visit(act.keys_of(at.bearer.sign_in.account_id)).perform(act, _SET)
    return PinState(pin=True)


@router.delete("/v1/me/pin", tags=_TAGS, operation_id="remove_pin")
def remove_pin() -> PinState:
    """Give the hotline PIN up. 404 when there is none."""
    at = desk()
    return attempt(lambda: _remove_pin(at))


def _remove_pin(at: Desk) -> PinState:
    act = identity.RemovePin()
    if not at.visit(act.keys_of(at.bearer.sign_in.account_id)).perform(act, _REMOVE).result:
        raise Problem("not_found")
    return PinState(pin=False)

"""That was not me: of a notice, without signing in, or of a login or a movement of money that the app shows."""

from __future__ import annotations

from typing import Final

from functions.customer_api.routes.payments import find_payment, payment_keys
from functions.customer_api.shapes.account import Asked
from functions.customer_api.shapes.identity import Denied, Repudiated, RepudiationAsked
from functions.customer_api.visits import Desk, attempt, desk, router
from functions.http.problems import Problem
from hotline.identity.service import Operation
from hotline.kit.errors import NotPossible
from hotline.lockout import service as lockout
from hotline.lockout.model import LockoutError
from hotline.security import service as security

ACCEPTED: Final = 202
_DENY: Final = "deny"


@router.post("/v1/repudiations", tags=["recovery"], operation_id="repudiate", status_code=ACCEPTED)
def repudiate(body: RepudiationAsked) -> Repudiated:
    """Freeze the account at once, with the token in a notice. Each token works once, for seven days."""
    return _repudiate(desk(), body.token)


def _repudiate(at: Desk, token: str) -> Repudiated:
    try:
        outcome = lockout.repudiate(at.ctx, token)
    except NotPossible as refusal:
        raise Problem("code_spent" if refusal.code == LockoutError.REPUDIATION_OVER else "not_found") from None
    if outcome is None:
        raise Problem("not_found")
    return Repudiated.model_validate({"outcome": outcome.value.lower()})


@router.post("/v1/me/repudiations", tags=["security"], operation_id="deny", status_code=ACCEPTED)
def deny(body: Denied) -> Asked:
    """Freeze the account because of a login or a movement that its owner did not make, and have people look at it."""
    at = desk()
    return attempt(lambda: _deny(at, body))


def _deny(at: Desk, body: Denied) -> Asked:
    account_id = at.bearer.sign_in.account_id
    of_payment = payment_keys(account_id, body.id) if body.about == "movement" else ()
    visit = at.visit((*lockout.lock_keys(account_id), *of_payment))
    visit.allow(Operation.FREEZE)
    inputs = {"about": body.about, "id": body.id}
    replay = visit.find_replay(_DENY, inputs)
    if replay is not None:
        return Asked.model_validate({"outcome": replay.outcome.lower()})
    if body.about == "movement":
        denied = lockout.Denied(movement=find_payment(visit, body.id).sk)
    else:
        denied = lockout.Denied(login_id=body.id)
    try:
        findings = security.find_deniable(at.ctx.store, visit.account_id)
        done = visit.perform(security.Deny(denied, findings), _DENY, inputs)
    except NotPossible as refusal:
        if refusal.code != LockoutError.NOTHING_TO_DENY:
            raise
        raise Problem("not_found") from None
    return Asked.model_validate({"outcome": done.outcome.lower()})

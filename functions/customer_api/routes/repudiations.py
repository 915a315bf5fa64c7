"""That was not me: somebody who got a notice of something they did not do answers it, without signing in."""

from __future__ import annotations

from typing import Final

from functions.customer_api.shapes.identity import Repudiated, RepudiationAsked
from functions.customer_api.visits import Desk, desk, router
from functions.http.problems import Problem
from hotline.kit.errors import NotPossible
from hotline.lockout import service as lockout
from hotline.lockout.model import LockoutError

ACCEPTED: Final = 202


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

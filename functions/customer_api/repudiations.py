"""That was not me: somebody who got a notice of something they did not do answers it, without signing in."""

from __future__ import annotations

from typing import Final

from functions.customer_api.problems import Problem
from functions.customer_api.routing import desk, router
from functions.customer_api.shapes import Repudiated, RepudiationAsked
from functions.customer_api.visits import Desk, attempted
from hotline.kit.actor import System
from hotline.kit.change import Change
from hotline.kit.errors import NotPossible
from hotline.lockout import service as lockout

ACCEPTED: Final = 202


@router.post("/v1/repudiations", tags=["recovery"], operation_id="repudiate", status_code=ACCEPTED)
def repudiate(body: RepudiationAsked) -> Repudiated:
    """Freeze the account at once, with the token in a notice. Each token works once, for seven days."""
    at = desk()
    return attempted(lambda: _repudiated(at, body.token))


def _repudiated(at: Desk, token: str) -> Repudiated:
    store = at.ctx.store
    notice = lockout.repudiation_of(store, token, at.code_keys)
    if notice is None:
        raise Problem("not_found")
    actor = System("customer_api", "repudiation")
    change = Change(actor=actor, cause="repudiation", now=at.ctx.clock.now(), ids=at.ctx.ids)
    try:
        outcome = lockout.contribute_repudiation(
            change, store.batch_get(list(lockout.repudiation_keys(notice))), notice
        )
        change.commit(store)
    except NotPossible as refusal:
        raise Problem("code_spent" if refusal.code == "repudiation_over" else "not_found") from None
    return Repudiated.model_validate({"outcome": outcome.value.lower()})

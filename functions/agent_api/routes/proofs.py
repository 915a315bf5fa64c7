"""A customer's proof for an agent: asking for it, and how it stands. No code ever comes here."""

from __future__ import annotations

from typing import Final

from functions.agent_api.desk import DeskContact, IdempotencyKey, desk, router
from functions.agent_api.shapes.accounts import Proof, ProofWish
from functions.http.problems import problem_in
from functions.http.routes import id_from
from hotline.agents import service as agents
from hotline.agents.model import Basis, ProofState

_TAGS: Final = ["proof"]
_STATES: Final = {ProofState.WAITING: "asked"}


@router.get("/v1/agent/cases/<id>/proofs", tags=_TAGS, operation_id="read_proof")
def read_proof(id: str, contact: DeskContact = None) -> Proof:  # noqa: A002 - the name of the path's parameter
    """Read what the customer has proved, on the line or in the app."""
    return _proof(id_from(id), contact)


@router.post("/v1/agent/cases/<id>/proofs", tags=_TAGS, operation_id="ask_for_proof", status_code=202)
def ask_for_proof(
    id: str,  # noqa: A002 - the name of the path's parameter
    body: ProofWish,
    contact: DeskContact = None,
    key: IdempotencyKey = None,
) -> Proof:
    """Ask the customer to prove who they are: on the line in their call, in the app where the account is known.

    On the line, send the call to the quick connect that verifies; it comes back to you."""
    at, case_id = desk(), id_from(id)
    if body.goal not in agents.GOALS:
        raise problem_in("#/goal", "goal_of_owner")
    memory = at.memory(key, case_id, body=body)
    done = agents.perform(at.ctx, at.agent, Basis(case_id, contact), agents.AskProof(body.goal), memory=memory)
    at.check_replay(done.replayed, case_id, body=body)
    return _proof(case_id, contact)


def _proof(case_id: str, contact: str | None) -> Proof:
    at = desk()
    view = agents.view_proof(agents.open_request(at.ctx, at.agent, Basis(case_id, contact)))
    return Proof.model_validate(
        {
            "state": _STATES.get(view.state, view.state.value),
            "goal": view.goal,
            "factors": list(view.kinds),
            "until": view.until,
            "operations": list(view.operations),
        }
    )

"""An agent asks the bearer for proof: what is asked for, and answering it with what this session has proved."""

from __future__ import annotations

from typing import Final
from urllib.parse import unquote

from functions.customer_api.shapes.identity import ProofAnswered, ProofRequested, ProofRequests
from functions.customer_api.visits import Desk, attempt, desk, router
from functions.http import words
from hotline.agents import service as agents
from hotline.identity.service import Operation

_TAGS: Final = ["proof"]
_ANSWERED: Final = "answer_proof_request"


@router.get("/v1/me/proof-requests", tags=_TAGS, operation_id="list_proof_requests")
def list_proof_requests() -> ProofRequests:
    """The request of an agent that waits for this account, if there is one."""
    at = desk()
    account_id = at.bearer.sign_in.account_id
    visit = at.visit(agents.proof_request_keys(account_id=account_id))
    visit.allow(Operation.READ)
    locale = visit.speak()
    asked = agents.find_proof_request(visit.read, visit.now, account_id=account_id)
    if asked is None:
        return ProofRequests(items=[])
    found = ProofRequested(
        id=asked.request_id,
        operation=agents.operation_of(asked).value,
        on_call=asked.on_call,
        asked_at=asked.asked_at,
        expires_at=asked.until,
        text=words.of_proof_request(on_call=asked.on_call, locale=locale),
    )
    return ProofRequests(items=[found])


@router.post("/v1/me/proof-requests/<id>/answers", tags=_TAGS, operation_id="answer_proof_request")
def answer_proof_request(id: str) -> ProofAnswered:  # noqa: A002 - the name of the path's parameter
    """Let the agent rely on what this session has proved. 401 names the codes that are still missing for it."""
    request_id = unquote(id)
    at = desk()
    return attempt(lambda: _answer(at, request_id))


def _answer(at: Desk, request_id: str) -> ProofAnswered:
    act, inputs = agents.AnswerProof(request_id), {"id": request_id}
    visit = at.visit(act.keys_of(at.bearer.sign_in.account_id))
    if visit.find_replay(_ANSWERED, inputs) is None:
        visit.perform(act, _ANSWERED, inputs)
    return ProofAnswered(outcome="answered")

"""agent_proof: a caller who was with an agent is verified, because the agent has asked for it."""

from __future__ import annotations

from typing import Final

from functions.connect.step import Answer, Step, Visit
from functions.connect.steps.handover import level_of
from hotline.agents import service as agents
from hotline.kit.errors import NeedProof


def agent_proof(visit: Visit) -> Answer:
    """Let the agent rely on what this call has proved: PROVED, or NONE where no agent waits for it."""
    keys = {"level": level_of(visit)}
    if visit.replay is not None:
        return Answer(visit.replay.outcome, keys=keys)
    contact_id = visit.state.contact_id
    read = visit.fetch(agents.proof_request_keys(contact_id=contact_id))
    asked = agents.find_proof_request(read, visit.now, contact_id=contact_id)
    if asked is None:
        visit.note("NONE")
        return Answer("NONE", keys=keys)
    try:
        visit.perform(agents.AnswerProof(asked.request_id))
    except NeedProof as refusal:
        return visit.ask_proof(refusal, goal=asked.goal, **keys)
    return Answer("PROVED", keys=keys)


STEPS: Final = (
    Step("agent_proof", ("PROVED", "NONE"), agent_proof, own_keys=("goal", "level"), acting=True, proof=True),
)

"""agent_proof: a caller who was with an agent is verified, because the agent has asked for it. proof_given_up: they go
back to the agent without it."""

from __future__ import annotations

from typing import Final

from functions.connect.envelope import EMPTY
from functions.connect.step import Answer, Step, Visit
from functions.connect.steps.handover import level_of
from hotline.agents import service as agents
from hotline.kit.errors import NeedProof


def agent_proof(visit: Visit) -> Answer:
    """Let the agent rely on what this call has proved: PROVED, or NONE where no agent waits for it."""
    if visit.replay is not None:
        return Answer(visit.replay.outcome, keys=_keys(visit))
    contact_id = visit.state.contact_id
    read = visit.fetch(agents.proof_request_keys(contact_id=contact_id))
    asked = agents.find_proof_request(read, visit.now, contact_id=contact_id)
    if asked is None:
        visit.note("NONE")
        return Answer("NONE", keys=_keys(visit))
    try:
        visit.perform(agents.AnswerProof(asked.request_id))
    except NeedProof as refusal:
        return visit.ask_proof(refusal, goal=asked.goal, **_keys(visit))
    return Answer("PROVED", keys=_keys(visit))


def _keys(visit: Visit) -> dict[str, str]:
    """The level as it is now, and the case, which may be another one once an account is proved."""
    return {"level": level_of(visit), "case_id": visit.state.case_id or EMPTY}


def proof_given_up(visit: Visit) -> Answer:
    """Let the agent know that the caller comes back without the proof: ENDED, or NONE where no request waits."""
    if visit.replay is not None:
        return Answer(visit.replay.outcome)
    return Answer(visit.perform(agents.EndProof()).outcome)


STEPS: Final = (
    Step(
        "agent_proof",
        ("PROVED", "NONE"),
        agent_proof,
        own_keys=("goal", "level", "case_id"),
        acting=True,
        proof=True,
    ),
    Step("proof_given_up", ("ENDED", "NONE"), proof_given_up, acting=True),
)

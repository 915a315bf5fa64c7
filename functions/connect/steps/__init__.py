"""The steps that flows may ask for: every step by name, collected from where each declares itself.

The function validates requests and fills answers from it. The tests of the flows compare it with the flows: every
outcome of a step has its branch in every flow that calls the step. All values are strings; a declared key of an answer
is always there, and is `EMPTY` when there is nothing to say.
"""

from __future__ import annotations

from typing import Final

from functions.connect.step import Step
from functions.connect.steps import (
    advice,
    agent_proof,
    checkup,
    funds,
    handover,
    locks,
    outbound_code,
    payments,
    refunds,
    session,
    survey,
)

STEPS: Final[dict[str, Step]] = {
    step.name: step
    for module in (
        session,
        locks,
        checkup,
        payments,
        funds,
        refunds,
        advice,
        handover,
        agent_proof,
        survey,
        outbound_code,
    )
    for step in module.STEPS
}
"""Every step by name."""

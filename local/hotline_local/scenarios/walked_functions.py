"""The connect function in walks over the shipped flows: it answers as the walker wants, and counts turns."""

import random
from collections.abc import Mapping
from typing import Any

from connect_sim.simulator.seams import FunctionResult
from connect_sim.simulator.state import CallSetup
from connect_sim.walker.walker import CHANCE
from functions.connect.envelope import EMPTY, MORE_PROMPTS, NEEDS
from functions.connect.steps import STEPS
from functions.connect.steps.handover import HANDOVER_TOPICS, LEVELS
from functions.connect.steps.locks import SELF_SERVICE
from functions.connect.steps.session import GOALS
from hotline_local.worlds.flow_files import AGENT_TRANSFER_FLOW, OUTBOUND_FLOW, START_FLOW, SURVEY_FLOW, TASK_FLOW

CONTACT = "00000000-0000-4000-8000-0000000000aa"
CALLER = "+8613900000000"
AGENT = "arn:aws:connect:us-east-1:111122223333:instance/i/agent/ana"
QUEUE = "arn:aws:connect:us-east-1:111122223333:instance/i/queue/people"
OUTBOUND_METHODS = ("API", "OUTBOUND", "INBOUND")
"""How contacts come to the flow that speaks on calls we make: the last one by somebody's mistake."""
EXTRA_VALUES: Mapping[str, tuple[str, ...]] = {
    "language": ("zh-CN", "en-US", EMPTY),
    "proved": ("yes", "no"),
    "needs": NEEDS,
    "goal": GOALS,
    "self_service": SELF_SERVICE,
    "asked": ("yes", "no"),
    "refundable": ("yes", "no"),
    "count": ("1", "2", "3"),
    "topic": (EMPTY, "refund"),
    "locked": ("yes", "no"),
    "elsewhere": ("yes", "no"),
    "callback": ("yes", "no"),
    "banner": ("<speak>an outage</speak>", EMPTY),
    "short_menu": ("yes", "no"),
    "person_first": ("yes", "no"),
    "queue": ("arn:aws:connect:us-east-1:111122223333:instance/i/queue/refunds", EMPTY),
    "priority": ("1", "5"),
    "level": LEVELS,
    "calls": ("yes", "no"),
    "more": ("yes", "no"),
    **dict.fromkeys(MORE_PROMPTS, ("<speak>and more</speak>", EMPTY)),
}
"""The values of an answer beside its outcome by which a flow decides."""


class HotlineFunctions:
    """See WalkedFunctions. `calls` are what the steps of the present call were given, `turns` what they answered."""

    outcome_key = "outcome"

    def __init__(self) -> None:
        self.calls: list[Mapping[str, str]] = []
        self.turns: list[str] = []
        self._turn = 0
        self._outcome = ""
        self._extras: Mapping[str, str] = {}

    def set_up(self, start_flow: str, chance: random.Random) -> CallSetup:
        """Begin a call: at the number, or in another flow with what would have been kept by then."""
        self.calls, self.turns, self._turn = [], [], 0
        is_withheld = chance.random() < CHANCE
        return CallSetup(
            contact_id=CONTACT,
            customer_number=None if is_withheld else CALLER,
            metrics=_metrics(chance),
            queue=QUEUE if start_flow in ("hotline-customer-queue", SURVEY_FLOW) else None,
            attributes={} if start_flow == START_FLOW else _attributes_of(start_flow, chance),
            agent=AGENT if start_flow == AGENT_TRANSFER_FLOW and chance.random() < 1 - CHANCE else None,
            initiation_method=chance.choice(OUTBOUND_METHODS) if start_flow == OUTBOUND_FLOW else "INBOUND",
            channel=chance.choice(("TASK", "VOICE")) if start_flow == TASK_FLOW else "VOICE",
        )

    def plan(self, outcome: str, chance: random.Random) -> None:
        """See WalkedFunctions."""
        self._outcome = outcome
        self._extras = {key: chance.choice(values) for key, values in EXTRA_VALUES.items()}

    def invoke(self, *, arn: str, event: dict[str, Any], time_limit_s: float) -> FunctionResult:
        """Answer a step with every key that its contract declares; see FunctionSeam."""
        del arn, time_limit_s
        given = event["Details"]["Parameters"]
        step = STEPS[given["step"]]
        self.calls.append(given)
        self._turn += step.acting
        self.turns.append(str(self._turn))
        answer = {key: self._extras.get(key, EMPTY) for key in step.answer_keys}
        answer |= {
            "outcome": self._outcome,
            "prompt": f"<speak>{given['step']} {self._outcome}</speak>",
            "turn": str(self._turn),
            "account_ref": "ref",
        }
        return FunctionResult(payload=answer, duration_ms=100)


def _metrics(chance: random.Random) -> dict[str, float]:
    """The queue as the service may find it; in a new one it finds nothing about the contact."""
    found: dict[str, float] = {"NumberOfAgentsStaffed": chance.choice((0, 3))}
    if chance.random() < 0.8:
        found["Contact.PositionInQueue"] = chance.choice((1, 3, 12))
        found["Contact.EstimatedWaitTime"] = chance.choice((60, 600, 1500, 4000))
    return found


def _attributes_of(start_flow: str, chance: random.Random) -> dict[str, str]:
    if start_flow == OUTBOUND_FLOW:
        return {"challenge": "chl_1"}
    if start_flow == TASK_FLOW:
        queued = {"queue": EXTRA_VALUES["queue"][0]} if chance.random() < 0.5 else {}
        return {"case_id": "case_1", "priority": chance.choice(EXTRA_VALUES["priority"]), **queued}
    language = chance.choice(("zh-CN", "en-US", EMPTY))
    pace = {"pace": chance.choice(("medium", "slow")), "pause": "1ms"} if chance.random() < 0.5 else {}
    kept = {"turn": "0", "account_ref": "ref", "topic": "refund", "reason": "asked"}
    kept |= {"callback": chance.choice(("yes", "no")), "priority": chance.choice(("1", "5"))}
    kept |= {"topic": chance.choice((*HANDOVER_TOPICS, EMPTY)), "level": chance.choice(LEVELS)}
    asked = {"survey": chance.choice(("asked", EMPTY))} if start_flow == SURVEY_FLOW else {}
    return {**kept, "language": language, **pace, **asked}

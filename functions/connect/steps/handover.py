"""handover: a person takes over, now or by a callback, with everything known in a case."""

from __future__ import annotations

from typing import Final

from functions.connect.inputs import one_of
from functions.connect.line import Answer, Line, words
from functions.connect.step import Step
from functions.connect.words import handover as words_of
from hotline.cases import service as cases

NO_TOPIC = "general"


def handover(line: Line) -> Answer:
    """Open a case or add to the caller's open one, and say what happens next."""
    topic, reason = line.inputs.get("topic", NO_TOPIC), line.inputs["reason"]
    if line.replay is not None:
        outcome, notes = line.replay.outcome, line.replay.notes
    else:
        done = line.perform(cases.HandOver(topic, reason))
        outcome, notes = done.outcome, done.notes
    facts = words(topic=topic, case=notes[0] if notes else None, texted=cases.TEXTED in notes)
    return Answer(outcome, facts, {"queue": cases.QUEUE, "case_id": line.call.case_id or "-"})


HANDOVER_TOPICS: Final = ("lockout", "payment", "refund", "security", "advice")
"""The values of `topic` of `handover`; `EMPTY` while the caller has not chosen one in this call."""
HANDOVER_REASONS: Final = tuple(cases.OUTCOMES)
"""The values of `reason` of `handover`: asked for a person, something failed, wants a callback, the line is closed."""

STEPS: Final = (
    Step(
        "handover",
        ("QUEUE", "CALLBACK", "CLOSED_HOURS"),
        handover,
        {"topic": one_of(HANDOVER_TOPICS, optional=True), "reason": one_of(HANDOVER_REASONS)},
        own_keys=("queue", "case_id"),
        say=words_of.handover,
        parts=2,
        acting=True,
    ),
)

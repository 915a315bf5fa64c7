"""handover: a person takes over, now or by a callback, with everything known in a case."""

from __future__ import annotations

from typing import Final

from functions.connect.step import Answer, Step, Visit, one_of, words
from functions.connect.words import in_groups
from hotline.cases import service as cases
from hotline.wording.speech import Speech

NO_TOPIC = "general"


def handover(visit: Visit) -> Answer:
    """Open a case or add to the caller's open one, and say what happens next."""
    topic, reason = visit.inputs.get("topic", NO_TOPIC), visit.inputs["reason"]
    if visit.replay is not None:
        outcome, notes = visit.replay.outcome, visit.replay.notes
    else:
        done = visit.perform(cases.HandOver(topic, reason))
        outcome, notes = done.outcome, done.notes
    facts = words(topic=topic, case=notes[0] if notes else None, texted=cases.TEXTED in notes)
    return Answer(outcome, facts, {"queue": cases.QUEUE, "case_id": visit.state.case_id or "-"})


def say_handover(speech: Speech, outcome: str) -> None:
    """Say what happens next, what it is about if that is known, and the reference of the case."""
    facts = speech.facts
    speech.say(
        f"handover.{outcome}",
        case=in_groups(facts.get("case")),
        topic=speech.word(f"topic.{facts.get('topic')}"),
        texted=speech.word("reference.texted") if facts.get("texted") is True else None,
    )


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
        say=say_handover,
        parts=2,
        acting=True,
    ),
)

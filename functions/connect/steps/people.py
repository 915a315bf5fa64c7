"""handover: a person takes over, now or by a callback, with everything known in a case."""

from __future__ import annotations

from functions.connect.line import Answer, Line, words
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

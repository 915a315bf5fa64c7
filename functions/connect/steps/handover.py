"""hours: whether people answer, and when. handover: a person takes over, with everything known in a case."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from functions.connect.envelope import EMPTY
from functions.connect.step import Answer, Step, Visit, one_of, words
from functions.connect.words import in_groups
from hotline.cases import service as cases
from hotline.directory import service as directory
from hotline.kit.doors import Context
from hotline.kit.store import Key
from hotline.wording.speech import Speech
from hotline.wording.values import Opening

NO_TOPIC = "general"
LEVELS: Final = ("none", "one", "two")
"""The values of `level` of `handover`: how many kinds of factor the caller has proved, as the agent hears it."""


def hours(visit: Visit) -> Answer:
    """Whether people answer now; if not, when they do next."""
    known = _hours(visit)
    open_now = directory.is_open(known, visit.now)
    return Answer("OPEN") if open_now else Answer("CLOSED", _hours_facts(visit, known))


def hours_to_read(ctx: Context, inputs: Mapping[str, str]) -> Sequence[Key]:
    """The opening hours, read together with the call."""
    del ctx, inputs
    return (directory.HOURS_KEY,)


def _hours(visit: Visit) -> directory.Hours:
    return directory.hours_of(visit.fetch((directory.HOURS_KEY,))).content


def _hours_facts(visit: Visit, edited: directory.Hours) -> dict[str, object]:
    """The next opening, told in the caller's zone. Where that is not known, it is told in the people's own, by name."""
    found = directory.find_opening(edited, visit.now)
    told_in = edited.time_zone if visit.state.time_zone is None else None
    opening = Opening(found.begins_at, found.ends_at, told_in) if found else None
    return words(hours=opening, now=visit.now, time_zone=visit.state.time_zone or edited.time_zone)


def level_of(visit: Visit) -> str:
    """How much the caller has proved now, as one of LEVELS."""
    return LEVELS[min(len(cases.establish(visit.session).proved), len(LEVELS) - 1)]


def handover(visit: Visit) -> Answer:
    """Open a case or add to the caller's open one, and say what happens next."""
    topic, reason = visit.inputs.get("topic", NO_TOPIC), visit.inputs["reason"]
    # Read ahead with the call, and kept: the act forgets what was read.
    edited = _hours(visit)
    if visit.replay is not None:
        outcome, notes = visit.replay.outcome, visit.replay.notes
    else:
        done = visit.perform(cases.HandOver(topic, reason))
        outcome, notes = done.outcome, done.notes
    facts = words(topic=topic, case=notes[0] if notes else None, texted=cases.TEXTED in notes)
    if outcome == cases.CLOSED:
        facts |= _hours_facts(visit, edited)
    is_callback = outcome == cases.OUTCOMES["callback"]
    keys = {
        "queue": cases.find_skill_queue(visit.ctx.skill_queues, topic, visit.state.language) or EMPTY,
        "priority": str(cases.priority_of(topic).value),
        # A callback begins without any proof: whoever answers the phone then has shown nothing.
        "level": LEVELS[0] if is_callback else level_of(visit),
        "case_id": visit.state.case_id or EMPTY,
    }
    return Answer(outcome, facts, keys)


def say_handover(speech: Speech, outcome: str) -> None:
    """Say what happens next, what it is about if that is known, and the reference of the case."""
    facts = speech.facts
    speech.say(
        f"handover.{outcome}",
        case=in_groups(facts.get("case")),
        topic=speech.word(f"topic.{facts.get('topic')}"),
        texted=speech.word("reference.texted") if facts.get("texted") is True else None,
    )


HANDOVER_TOPICS: Final = ("lockout", "payment", "refund", "security", "dispute", "advice")
"""The values of `topic` of `handover`; `EMPTY` while the caller has not chosen one in this call."""
HANDOVER_REASONS: Final = tuple(cases.OUTCOMES)
"""The values of `reason` of `handover`: asked for a person, something failed, wants a callback."""

STEPS: Final = (
    Step("hours", ("OPEN", "CLOSED"), hours, ahead=hours_to_read),
    Step(
        "handover",
        ("QUEUE", "CALLBACK", "CLOSED_HOURS"),
        handover,
        {"topic": one_of(HANDOVER_TOPICS, optional=True), "reason": one_of(HANDOVER_REASONS)},
        own_keys=("queue", "priority", "level", "case_id"),
        say=say_handover,
        parts=3,
        acting=True,
        ahead=hours_to_read,
    ),
)

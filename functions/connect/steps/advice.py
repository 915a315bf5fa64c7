"""advice: true words about safety, and the genuine numbers of the hotline."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from functions.connect.step import Answer, Step, Visit, one_of
from functions.connect.words.police import FRAUD_LINE, POLICE
from hotline.directory import service as directory
from hotline.kit.doors import Context
from hotline.kit.store import Key
from hotline.wording.speech import Speech
from hotline.wording.values import Phone

_NUMBERS = "numbers"


def advice(visit: Visit) -> Answer:
    """Advice on one topic; nobody has to prove anything for it."""
    topic = visit.inputs["topic"]
    if topic != _NUMBERS:
        return Answer("TOLD", {"topic": topic})
    known = directory.numbers_of(visit.fetch((directory.NUMBERS_KEY,)), visit.ctx.official_numbers)
    return Answer("TOLD", {"topic": topic, "numbers": known.content})


def numbers_to_read(ctx: Context, inputs: Mapping[str, str]) -> Sequence[Key]:
    """The official numbers that supervisors edit, read together with the call."""
    del ctx
    return (directory.NUMBERS_KEY,) if inputs["topic"] == _NUMBERS else ()


def say_advice(speech: Speech, outcome: str) -> None:
    """Advice on the topic; of the official numbers each in a sentence of its own, said group by group."""
    topic = speech.facts.get("topic")
    if topic == _NUMBERS:
        _numbers(speech)
    else:
        speech.say_first(f"advice.{topic}", f"advice.{outcome}", police=POLICE, fraud_line=FRAUD_LINE)


def _numbers(speech: Speech) -> None:
    numbers = speech.facts.get("numbers")
    listed = [number for number in numbers if isinstance(number, str)] if isinstance(numbers, Sequence) else []
    for place, number in enumerate(listed):
        speech.say("advice.number.next" if place else "advice.number", number=Phone(number))
    speech.say("advice.numbers" if listed else "advice.numbers.none")


SOURCES: Final[Mapping[str, str]] = {
    _NUMBERS: "the directory, which two people edit",
    "password": "NIST SP 800-63B-4, 3.1.1.2",
    "calls": "Ministry of Public Security of China: 110 takes reports, 96110 advises",
    "codes": "NIST SP 800-63B-4, 3.2.5",
    "networks": "NSA, Securing Wireless Devices in Public Settings (2021)",
    "updates": "NIST SP 800-124 Rev. 2",
}
"""Topic -> where its advice comes from; docs/security.md says what each source asks for."""
ADVICE_TOPICS: Final = tuple(SOURCES)
"""The values of `topic` of `advice`."""

STEPS: Final = (
    Step(
        "advice",
        ("TOLD",),
        advice,
        {"topic": one_of(ADVICE_TOPICS)},
        say=say_advice,
        parts=2,
        finishes={"TOLD": "advice"},
        ahead=numbers_to_read,
    ),
)

"""Words of advice, and when a person takes over."""

from __future__ import annotations

from collections.abc import Sequence

from functions.connect.words.facts import in_groups
from hotline.wording.speech import Speech
from hotline.wording.values import Phone

_NUMBERS = "numbers"


def advice(speech: Speech, outcome: str) -> None:
    """Advice on the topic; of the official numbers each in a sentence of its own, said group by group."""
    topic = speech.facts.get("topic")
    if topic == _NUMBERS:
        _numbers(speech)
    else:
        speech.say_first(f"advice.{topic}", f"advice.{outcome}")


def _numbers(speech: Speech) -> None:
    numbers = speech.facts.get("numbers")
    listed = [number for number in numbers if isinstance(number, str)] if isinstance(numbers, Sequence) else []
    for place, number in enumerate(listed):
        speech.say("advice.number.next" if place else "advice.number", number=Phone(number))
    speech.say("advice.numbers" if listed else "advice.numbers.none")


def handover(speech: Speech, outcome: str) -> None:
    """Say what happens next, what it is about if that is known, and the reference of the case."""
    facts = speech.facts
    speech.say(
        f"handover.{outcome}",
        case=in_groups(facts.get("case")),
        topic=speech.word(f"topic.{facts.get('topic')}"),
        texted=speech.word("reference.texted") if facts.get("texted") is True else None,
    )

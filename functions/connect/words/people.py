"""Words of advice, and when a person takes over."""

from __future__ import annotations

from collections.abc import Sequence

from functions.connect.words.facts import digits
from hotline.wording.speech import Speech
from hotline.wording.values import Phone, Several


def advice(speech: Speech, outcome: str) -> None:
    """Advice on the topic; the official numbers are said group by group."""
    numbers = speech.facts.get("numbers")
    listed = [number for number in numbers if isinstance(number, str)] if isinstance(numbers, Sequence) else []
    speech.say_first(
        f"advice.{speech.facts.get('topic')}",
        f"advice.{outcome}",
        numbers=Several(tuple(Phone(number) for number in listed)) if listed else None,
    )


def handover(speech: Speech, outcome: str) -> None:
    """What happens next, and the reference of the case."""
    speech.say(f"handover.{outcome}", case=digits(speech.facts.get("case")))

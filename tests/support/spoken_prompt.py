"""The spoken words, as one prompt, for tests that look at the words or the markup of all of it."""

from collections.abc import Mapping

from functions.connect.prompts import speak
from hotline.wording.speech import Speech, prompt_of


def prompt(step: str, outcome: str, facts: Mapping[str, object], language: str) -> str:
    """All that the line says to an outcome. Raises UnknownMessage for one that the step does not have."""
    (said,) = speak(step, outcome, facts, [language])
    return said


def ssml(speech: Speech) -> str:
    """Everything that was said. Raises ValueError when that is nothing."""
    return prompt_of(speech.gap.join(speech.sentences))

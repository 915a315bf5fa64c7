"""The words of the line for each outcome of each step: SSML in the caller's language, out of the message catalogue.

An outcome's message has the key `<step>.<outcome>`. Where the words depend on more than that, a function of
`functions.connect.words` puts them together. A fact that is not known leaves its sentence out; nothing is invented for
it. A request that the wallet has not confirmed is never told as done.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final

from functions.connect.envelope import INVALID, NEED_PROOF, STAR, TRY_LATER, ZERO
from functions.connect.steps import STEPS
from hotline.kit.languages import language_or_english
from hotline.wording.speech import Speech, in_parts, prompt_of
from hotline.wording.values import locale_of

PAUSE_WHEN_SLOW_S: Final = 8
"""How much longer an answer that is itself a menu waits for callers who need time."""


def speak(
    step: str, outcome: str, facts: Mapping[str, object], languages: Sequence[str], *, most: int = 1, slow: bool = False
) -> tuple[str, ...]:
    """The prompts, in each of the languages one after the other. They are at most `most`, and of ten seconds each as
    far as that is possible. `facts` may hold `time_zone` and `now`, which tell how to say instants. Raises
    UnknownMessage for an outcome that the step does not have."""
    said: list[str] = []
    for language in languages:
        speech = _speech(step, outcome, facts, language)
        said += [f"{speech.gap}{sentence}" for sentence in speech.sentences]
    texts = ["".join(part).strip() for part in in_parts(said, most)]
    pause_s = PAUSE_WHEN_SLOW_S if slow and outcome in STEPS[step].menu_outcomes else 0
    *first, last = texts
    return (*(prompt_of(text, slow=slow) for text in first), prompt_of(last, slow=slow, pause_s=pause_s))


def _speech(step: str, outcome: str, facts: Mapping[str, object], language: str) -> Speech:
    now, zone = facts.get("now"), facts.get("time_zone")
    locale = locale_of(
        language_or_english(language),
        zone if isinstance(zone, str) else None,
        now if isinstance(now, datetime) else None,
    )
    speech = Speech(locale, facts)
    if outcome in (TRY_LATER, ZERO, STAR):
        speech.say(outcome)
    elif outcome == INVALID:
        speech.say_first(f"{step}.{INVALID}", INVALID)
    elif outcome == NEED_PROOF:
        speech.say_first(f"{NEED_PROOF}.{facts.get('needs')}", NEED_PROOF)
    else:
        say = STEPS[step].say
        if say is None:
            speech.say(f"{step}.{outcome}")
        else:
            say(speech, outcome)
    return speech

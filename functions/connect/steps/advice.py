"""advice: true words about safety, and the genuine numbers of the hotline."""

from __future__ import annotations

from typing import Final

from functions.connect.inputs import one_of
from functions.connect.step import Step
from functions.connect.visit import Answer, Visit
from functions.connect.words import handover as words_of


def advice(visit: Visit) -> Answer:
    """Advice on one topic; nobody has to prove anything for it."""
    return Answer("TOLD", {"topic": visit.inputs["topic"], "numbers": visit.ctx.official_numbers})


ADVICE_TOPICS: Final = ("numbers", "password", "calls", "codes", "networks", "updates")
"""The values of `topic` of `advice`."""

STEPS: Final = (Step("advice", ("TOLD",), advice, {"topic": one_of(ADVICE_TOPICS)}, say=words_of.advice, parts=2),)

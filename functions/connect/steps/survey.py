"""survey: how content a caller is with the person who helped them, in one key."""

from __future__ import annotations

from copy import replace
from typing import Final

from functions.connect.step import Answer, Step, Visit, one_of


def survey(visit: Visit) -> Answer:
    """Keep the answer with the call, of several the last; reports count it."""
    if visit.replay is None:
        visit.note("KEPT", replace(visit.state, score=int(visit.inputs["score"])))
    return Answer("KEPT")


SCORES: Final = ("1", "2", "3", "4", "5")
"""The values of `score` of `survey`, the best last."""

STEPS: Final = (Step("survey", ("KEPT",), survey, {"score": one_of(SCORES)}, acting=True),)

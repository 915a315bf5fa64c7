"""Matters of a check-up as an owner may be told of them, for the words."""

from __future__ import annotations

from datetime import datetime

from hotline.security.checkup import ASKED
from hotline.security.service import Advice, Matter, ToldMatter

HAPPENED = (
    *(Matter.CONFIRMED, Matter.FINDINGS, Matter.REPORTED, Matter.NEW_DEVICE),
    *(Matter.PASSWORD_CHANGED, Matter.TWO_STEP_ENDED, Matter.SIM_CHANGED, Matter.CONTACT_CHANGED),
)
ADVICE = {
    Matter.CONFIRMED: (Advice.NEW_PASSWORD, Advice.LOOK, Advice.ASK_FREEZE),
    Matter.FINDINGS: (Advice.LOOK, Advice.ASK_FREEZE),
    Matter.NEW_DEVICE: (Advice.FREEZE,),
}


def matter_at(matter: Matter, at: datetime, *, count: int = 1, form: str = f"hold{ASKED}") -> ToldMatter:
    """The matter as it is told, with the longest advice. `form` is that of a lock."""
    if matter is Matter.LOCK:
        return ToldMatter(matter, form=form)
    return ToldMatter(matter, (at,) * count if matter in HAPPENED else (), advice=ADVICE.get(matter, ()))


def every_matter(at: datetime, *, count: int = 1) -> tuple[ToldMatter, ...]:
    """One of each, in their order."""
    return tuple(matter_at(matter, at, count=count) for matter in Matter)

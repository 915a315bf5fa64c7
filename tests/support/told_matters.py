"""Matters of a check-up as an owner may be told of them, for the words."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime

from functions.connect.words.checkup import ALL, MORE, choose_sayable
from hotline.security.checkup import ASKED
from hotline.security.service import Advice, Matter, ToldMatter

HAPPENED = (
    *(Matter.CONFIRMED, Matter.FINDINGS, Matter.REPORTED, Matter.NEW_DEVICE),
    *(Matter.PASSWORD_CHANGED, Matter.TWO_STEP_ENDED, Matter.SIM_CHANGED, Matter.CONTACT_CHANGED),
)
ADVICE = {
    Matter.CONFIRMED: (Advice.NEW_PASSWORD_UNLESS, Advice.LOOK, Advice.ASK_FREEZE),
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


def answers_of(matters: Sequence[ToldMatter], language: str, now: datetime) -> Iterator[dict[str, object]]:
    """The facts of each answer of a call, in China's time, until all of the matters are told."""
    told = 0
    while told < len(matters):
        ends = ALL if told else None
        facts: dict[str, object] = {"now": now, "time_zone": "Asia/Shanghai"}
        chosen = choose_sayable(matters[told:], [language], facts, closing=ends)
        told += len(chosen)
        yield {**facts, "matters": tuple(chosen), "closing": MORE if told < len(matters) else ends}

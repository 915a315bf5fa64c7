"""Words of the check-up: what was found, what protects the account, and the logins and payments of late."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from functions.connect.words import entries
from functions.connect.words.police import FRAUD_LINE, POLICE
from hotline.security.service import Matter, ToldMatter
from hotline.wording.catalogue import list_matter_keys
from hotline.wording.speech import Speech, fits
from hotline.wording.values import Counted, Lately

CHINESE_ZONES: Final = frozenset({"Asia/Shanghai", "Asia/Urumqi"})
"""The time zones of customers who are told the numbers of mainland China."""


PROTECTION: Final = frozenset({Matter.TWO_STEP_OFF, Matter.ONE_CONTACT, Matter.NO_PIN})
"""The matters about what would keep others out. All others are said first, and without an introduction."""


CHECKUP_PARTS: Final = 3
"""In how many prompts a check-up may be told."""


def checkup(speech: Speech, outcome: str) -> None:
    """Tell what happened, without rules and their traces, then each thing to do, the most important first. The last
    ones wait for the next check-up where all together would take too long."""
    told = speech.facts.get("matters")
    matters = [one for one in told if isinstance(one, ToldMatter)] if isinstance(told, tuple) else []
    left = len(matters)
    while left and not _has_time(speech, outcome, matters, left):
        left -= 1
    _say_matters(speech, outcome, matters, left)


def _has_time(speech: Speech, outcome: str, matters: Sequence[ToldMatter], left: int) -> bool:
    trial = Speech(speech.locale, speech.facts)
    _say_matters(trial, outcome, matters, left)
    return fits(trial.sentences, CHECKUP_PARTS)


def _say_matters(speech: Speech, outcome: str, matters: Sequence[ToldMatter], left: int) -> None:
    events = [told for told in matters[:left] if told.matter not in PROTECTION]
    if not events:
        speech.say(f"checkup.{outcome}")
    for told in events:
        _say_matter(speech, told)
    # One thing is to be done about all of them, and the gravest says it.
    for advice in next((told.advice for told in events if told.advice), ()):
        speech.say(f"checkup.do.{advice.value}")
    for told in matters[len(events) : left]:
        _say_matter(speech, told)
    if left < len(matters):
        speech.say("checkup.more")


def _say_matter(speech: Speech, told: ToldMatter) -> None:
    """Something about the account; of what happened, how often and when last."""
    facts: dict[str, object] = {}
    if told.times:
        facts = {"count": Counted(len(told.times)), "when": Lately(max(told.times), placed=True)}
    keys = list_matter_keys(told.matter.value, form=told.form, count=len(told.times))
    speech.say_first(*keys, **facts)


def logins(speech: Speech, outcome: str) -> None:
    """The latest login of each device, with its place in the list, by which it can be named."""
    speech.say(f"logins.{outcome}")
    for place, item in enumerate(entries(speech.facts), start=1):
        at = item.get("at")
        when = Lately(at, placed=True) if isinstance(at, datetime) else None
        speech.say_first(f"logins.item.{item.get('device')}", "logins.item", place=place, when=when)
        if item.get("is_elsewhere") is True:
            speech.say("logins.item.elsewhere")


def not_me(speech: Speech, outcome: str) -> None:
    """Say what was asked of the wallet, and that people know which login or payment it is about. Where money may be
    gone, say also whom to call."""
    facts = speech.facts
    if outcome not in ("ASKED", "FROZEN"):
        speech.say(f"not_me.{outcome}")
        return
    before = outcome == "ASKED" and facts.get("decided") is False
    notice = speech.word("notice.coming") if facts.get("noticed") is True else None
    speech.say("freeze.ASKED.before" if before else f"freeze.{outcome}", notice=notice)
    about = facts.get("about")
    speech.say_first(f"not_me.noted.{about}", "not_me.noted")
    if about == "movement":
        in_china = facts.get("time_zone") in CHINESE_ZONES
        speech.say("not_me.police.china" if in_china else "not_me.police", police=POLICE, fraud_line=FRAUD_LINE)

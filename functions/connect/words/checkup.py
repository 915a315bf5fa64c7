"""Words of the check-up: what was found, what protects the account, and the logins and payments of late."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from functions.connect.words import entries
from functions.connect.words.police import FRAUD_LINE, POLICE
from hotline.security.service import Matter
from hotline.wording.speech import Speech
from hotline.wording.values import Counted, Lately

CHINESE_ZONES: Final = frozenset({"Asia/Shanghai", "Asia/Urumqi"})
"""The time zones of customers who are told the numbers of mainland China."""


EVENTS: Final = (Matter.FINDINGS, Matter.NEW_DEVICE, Matter.CONTACT_CHANGED)
"""The matters that happened at some time. They are said first, and without an introduction."""


def checkup(speech: Speech, outcome: str) -> None:
    """Findings, without the rule and its traces, then each thing to do, the most important first."""
    facts = speech.facts
    told = facts.get("matters")
    matters = [str(matter) for matter in told] if isinstance(told, tuple) else []
    if not any(matter in EVENTS for matter in matters):
        speech.say(f"checkup.{outcome}")
    for matter in matters:
        match matter:
            case Matter.FINDINGS:
                _say_event(speech, matter, "found_at", "found_count")
            case Matter.NEW_DEVICE:
                _say_event(speech, matter, "device_at", "device_count")
            case Matter.CONTACT_CHANGED:
                _say_event(speech, matter, "contact_changed_at")
            case _:
                speech.say(f"checkup.{matter}")


def _say_event(speech: Speech, matter: str, at_name: str, count_name: str = "") -> None:
    """Something that happened, how often and when last, and the one thing to do about it."""
    at, count = speech.facts.get(at_name), speech.facts.get(count_name)
    when = Lately(at, placed=True) if isinstance(at, datetime) else None
    key = f"checkup.{matter}.one" if count == 1 else f"checkup.{matter}"
    speech.say(key, count=Counted(count) if isinstance(count, int) else None, when=when)
    speech.say(f"checkup.{matter}.do")


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

"""Words of the check-up: what was found, what protects the account, and the logins and payments of late."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Final

from functions.connect.words import entries
from functions.connect.words.police import FRAUD_LINE, POLICE
from hotline.security.service import Advice, Matter, ToldMatter
from hotline.wording.catalogue import list_matter_keys
from hotline.wording.speech import Speech, fits
from hotline.wording.values import Counted, Lately, locale_of

CHINESE_ZONES: Final = frozenset({"Asia/Shanghai", "Asia/Urumqi"})
"""The time zones of customers who are told the numbers of mainland China."""


PROTECTION: Final = frozenset({Matter.TWO_STEP_OFF, Matter.ONE_CONTACT, Matter.NO_PIN})
"""The matters about what would keep others out. All others are said first, and without an introduction."""


CHECKUP_PARTS: Final = 3
"""In how many prompts an answer of the check-up may be told."""
MORE: Final = "more"
"""The end of an answer that leaves something. The menu behind it has the key."""
ALL: Final = "all"
"""The end of the last of several answers."""


def choose_sayable(
    matters: Sequence[ToldMatter], languages: Iterable[str], facts: Mapping[str, object], *, closing: str | None
) -> Sequence[ToldMatter]:
    """The first matters, as many as one answer has time for in each of the languages; one at least, where there is
    any. `facts` has `now` and `time_zone`. `closing` ends an answer that leaves nothing."""
    zone, now = facts.get("time_zone"), facts.get("now")
    locales = [
        locale_of(language, zone if isinstance(zone, str) else None, now if isinstance(now, datetime) else None)
        for language in languages
    ]
    for count in range(len(matters), 1, -1):
        end = closing if count == len(matters) else MORE
        if all(_has_time(Speech(locale, facts), matters[:count], end) for locale in locales):
            return matters[:count]
    return matters[:1]


def _has_time(speech: Speech, matters: Sequence[ToldMatter], closing: str | None) -> bool:
    _say_matters(speech, "TO_DO", matters, closing)
    return fits(speech.sentences, CHECKUP_PARTS)


def checkup(speech: Speech, outcome: str) -> None:
    """Tell what happened, without rules and their traces, then each thing to do, the most important first. The last
    ones wait for the next answer where all together would take too long."""
    told, closing = speech.facts.get("matters"), speech.facts.get("closing")
    matters = [one for one in told if isinstance(one, ToldMatter)] if isinstance(told, tuple) else []
    _say_matters(speech, outcome, matters, closing if isinstance(closing, str) else None)


def _say_matters(speech: Speech, outcome: str, matters: Sequence[ToldMatter], closing: str | None) -> None:
    events = [told for told in matters if told.matter not in PROTECTION]
    if not events:
        speech.say(f"checkup.{outcome}")
    for told in events:
        _say_matter(speech, told)
    for advice in _join_advice(events):
        speech.say(f"checkup.do.{advice.value}")
    for told in matters[len(events) :]:
        _say_matter(speech, told)
    if closing is not None:
        speech.say(f"checkup.{closing}")


def _join_advice(events: Iterable[ToldMatter]) -> Iterable[Advice]:
    """The things to do about all of them, each once, the gravest first. Two of them are about a freeze."""
    advice = dict.fromkeys(advice for told in events for advice in told.advice)
    if Advice.ASK_FREEZE in advice:
        advice.pop(Advice.FREEZE, None)
    return advice


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

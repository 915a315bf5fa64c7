"""Words about codes, the choice of an account, and locks."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from functions.connect.words.facts import digits, entries
from hotline.wording.speech import Speech
from hotline.wording.values import Dictated, Lately, Word

_LOCKED: Final = {"SOFT": "LOCKED", "HARD": "LOCKED", "HOLD": "HOLD", "FROZEN": "FROZEN", "PAUSED": "PAUSED"}
"""What a caller is told first, whatever they call about, by the state of their account."""


def send_code(speech: Speech, outcome: str) -> None:
    """The same words whether or not anybody is reached: only the channel differs, and whether a call goes to the phone
    that is in use for this one. For a freeze they are short: the message with the code says the rest."""
    facts = speech.facts
    if outcome == "SENT" and facts.get("no_call") is True:
        speech.say("send_code.no_calls")
    by_channel = f"send_code.{outcome}.{facts.get('channel')}"
    speech.say_first(f"{by_channel}.{facts.get('goal')}", by_channel, f"send_code.{outcome}")
    if outcome == "SENT" and facts.get("same_line") is True:
        speech.say("send_code.same_line")
    if outcome == "SENT" and facts.get("tries") == 1:
        speech.say("send_code.one_try")


def announce_code(speech: Speech, outcome: str) -> None:
    """Who is calling and what for."""
    speech.say(f"announce_code.{outcome}", goal=speech.word(f"goal.{speech.facts.get('goal')}"))


def read_code(speech: Speech, outcome: str) -> None:
    """The code, twice, for somebody who writes it down."""
    code = speech.facts.get("code")
    goal = speech.word(f"goal.{speech.facts.get('goal')}")
    speech.say(f"read_code.{outcome}", goal=goal, code=Dictated(code) if isinstance(code, str) else None)


def check_code(speech: Speech, outcome: str) -> None:
    """With the tries that are left, where that helps."""
    left = speech.facts.get("tries_left")
    if outcome == "WRONG" and isinstance(left, int) and left > 0:
        speech.say_counted("check_code.WRONG.left", left)
    else:
        speech.say(f"check_code.{outcome}")


def choose_account(speech: Speech, outcome: str) -> None:
    """Accounts by what tells them apart, never by name. Of the one that is settled, before anything else, that it is
    shut, if it is. Why is told to who asks for it."""
    locked = _LOCKED.get(str(speech.facts.get("state")))
    if outcome == "CHOSEN" and locked:
        speech.say_first(*_worded(speech, f"choose_account.CHOSEN.{locked}"))
        return
    speech.say(f"choose_account.{outcome}")
    if outcome == "CHOOSE":
        for number, entry in enumerate(entries(speech.facts)):
            key = "choose_account.next" if number else "choose_account.item"
            speech.say(key, place=entry.get("place"), hint=digits(entry.get("hint")))
        if speech.facts.get("more") is True:
            speech.say("choose_account.more")


def _worded(speech: Speech, key: str) -> tuple[str, ...]:
    """The words for what is in force; before them those for what has only been asked for, where that is so."""
    return (f"{key}.asked", key) if speech.facts.get("unconfirmed") is True else (key,)


def _cause(speech: Speech) -> Word | None:
    return speech.word(f"lock.cause.{speech.facts.get('cause')}")


def act(step: str, speech: Speech, outcome: str) -> None:
    """Say what was asked of the wallet: by this answer or before it, whether a message tells of it, and what keeps the
    account from paying all the same."""
    facts = speech.facts
    key = f"{step}.{outcome}"
    before = (f"{key}.before",) if facts.get("decided") is False else ()
    still = speech.word(f"lock.still.{facts.get('still')}") if facts.get("still") else None
    speech.say_first(
        *(one for one in before if speech.knows(one)),
        key,
        notice=speech.word("notice.coming") if facts.get("noticed") is True else None,
        payments=still or speech.word("lock.payments_again"),
    )


def pause(speech: Speech, outcome: str) -> None:
    """For who has proved nothing, with what is true whether or not there is an account, and whether or not a limit
    stands against it. A caller who has proved an account hears what was done for it."""
    facts = speech.facts
    if facts.get("proved") is not True or outcome != "ASKED":
        speech.say(f"pause.{outcome}")
        return
    told = speech.word("notice.everybody") if facts.get("noticed") is True else None
    speech.say("pause.ASKED.before" if facts.get("decided") is False else "pause.ASKED.proved", notice=told)


def lock_status(speech: Speech, outcome: str) -> None:
    """State, cause, since and until when, what has been asked for, and up to when the
    facts are known if the feed is behind."""
    facts = speech.facts
    since, until = facts.get("since"), facts.get("until")
    now = facts.get("now")
    left = until - now if isinstance(until, datetime) and isinstance(now, datetime) else timedelta()
    asked = facts.get("asked")
    speech.say_first(
        *_worded(speech, f"lock_status.{outcome}"),
        cause=_cause(speech),
        since=Lately(since) if isinstance(since, datetime) else None,
        until_in=left if left > timedelta() else None,
        asked=speech.word(f"lock.asked.{asked}", "lock.asked") if asked else None,
    )
    if facts.get("recovery_until") is not None:
        speech.say("lock.recovery_pending")
    if facts.get("facts_as_of") is not None:
        speech.say("lock.as_of")

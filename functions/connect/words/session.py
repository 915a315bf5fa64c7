"""Words about codes and the choice of an account."""

from __future__ import annotations

from typing import Final

from functions.connect.words import digits, entries
from hotline.wording.catalogue import list_lock_keys
from hotline.wording.speech import Speech
from hotline.wording.values import Dictated

_LOCKED: Final = {"SOFT": "LOCKED", "HARD": "LOCKED", "HOLD": "HOLD", "FROZEN": "FROZEN", "PAUSED": "PAUSED"}
"""The first words to a caller about the state of their account, whatever they call about."""


def send_code(speech: Speech, outcome: str) -> None:
    """The same words whether or not anybody is reached. Only the channel differs, and whether a call goes to the phone
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
    """The caller's name and purpose, for a call that the hotline makes."""
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
    """Accounts by what tells them apart, never by name. Of the one that is chosen, before anything else, that it is
    shut, if it is. Why is told to who asks for it: at the main menu, or the agent to whom the caller goes back."""
    locked = _LOCKED.get(str(speech.facts.get("state")))
    if outcome == "CHOSEN" and locked:
        speech.say_first(*choose_words(speech, f"choose_account.CHOSEN.{locked}"))
        asks_agent = speech.facts.get("to_agent") is True
        speech.say("choose_account.details.agent" if asks_agent else "choose_account.details.menu")
        return
    speech.say(f"choose_account.{outcome}")
    if outcome == "CHOOSE":
        for number, entry in enumerate(entries(speech.facts)):
            key = "choose_account.next" if number else "choose_account.item"
            speech.say(key, place=entry.get("place"), hint=digits(entry.get("hint")))
        if speech.facts.get("more") is True:
            speech.say("choose_account.more")


def choose_words(speech: Speech, key: str) -> tuple[str, ...]:
    """The words for what is in force; before them those for what has only been asked for, where that is so."""
    return list_lock_keys(key, unconfirmed=speech.facts.get("unconfirmed") is True)

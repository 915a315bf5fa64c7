"""Words about codes, the choice of an account, and locks."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from functions.connect.words.facts import entries
from hotline.wording.speech import Speech
from hotline.wording.values import Digits, Several, Word

STALE_AFTER: Final = timedelta(minutes=2)
"""A view of the account that is older says so."""


def send_code(speech: Speech, outcome: str) -> None:
    """The same words whether or not anybody is reached: only the channel differs."""
    speech.say_first(f"send_code.{outcome}.{speech.facts.get('channel')}", f"send_code.{outcome}")


def check_code(speech: Speech, outcome: str) -> None:
    """With the tries that are left, where that helps."""
    left = speech.facts.get("tries_left")
    if outcome == "WRONG" and isinstance(left, int) and left > 0:
        speech.say("check_code.WRONG.left", n=left)
    else:
        speech.say(f"check_code.{outcome}")


def choose_account(speech: Speech, outcome: str) -> None:
    """Accounts by what tells them apart, never by name."""
    speech.say(f"choose_account.{outcome}")
    for entry in entries(speech.facts, "items"):
        hint = entry.get("hint")
        speech.say(
            "choose_account.item", place=entry.get("place"), hint=Digits(hint) if isinstance(hint, str) else None
        )


def lock_status(speech: Speech, outcome: str) -> None:
    """State, cause, since and until when, what has been asked for, and how old this view is if that matters."""
    facts = speech.facts
    until, now, as_of = facts.get("until"), facts.get("now"), facts.get("facts_as_of")
    knows_now = isinstance(now, datetime)
    left = until - now if isinstance(until, datetime) and isinstance(now, datetime) else None
    stale = isinstance(as_of, datetime) and isinstance(now, datetime) and now - as_of > STALE_AFTER
    del knows_now
    speech.say(
        f"lock_status.{outcome}",
        cause=Word(f"lock.cause.{facts.get('cause')}"),
        until_in=left if left is not None and left > timedelta() else None,
        asked=_asked(facts.get("asked")),
        as_of=None,
    )
    if stale:
        speech.say("lock.as_of")


def _asked(asked: object) -> Several | Word | None:
    return Word(f"lock.asked.{asked}") if asked else None

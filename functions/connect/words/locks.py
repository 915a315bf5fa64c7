"""Words about what keeps an account shut, and about what was asked for."""

from __future__ import annotations

from datetime import datetime, timedelta

from hotline.wording.catalogue import list_lock_keys
from hotline.wording.speech import Speech
from hotline.wording.values import Lately, Word


def _cause(speech: Speech) -> Word | None:
    return speech.word(f"lock.cause.{speech.facts.get('cause')}")


def act(step: str, speech: Speech, outcome: str) -> None:
    """Say what was asked of the wallet, by this answer or before it, and whether a message tells of it. Also say what
    still keeps the account from paying."""
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
    end = facts.get("end")
    speech.say_first(
        *list_lock_keys(
            f"lock_status.{outcome}",
            unconfirmed=facts.get("unconfirmed") is True,
            end=end if isinstance(end, str) else None,
        ),
        cause=_cause(speech),
        since=Lately(since) if isinstance(since, datetime) else None,
        until_in=left if left > timedelta() else None,
        asked=speech.word(f"lock.asked.{asked}", "lock.asked") if asked else None,
    )
    if facts.get("recovery_until") is not None:
        speech.say("lock.recovery_pending")
    if facts.get("facts_as_of") is not None:
        speech.say("lock.as_of")

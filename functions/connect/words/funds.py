"""Words about stored funds, and about bills: how many are to be paid, each with its day, and what may not show yet."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from functions.connect.words import entries
from hotline.wording.speech import Speech, fits

BALANCE_PARTS: Final = 3
BILLS_PARTS: Final = 3
"""In how many prompts balance and bills may be told."""
BESIDE_PAID_MAX: Final = 1
"""Beside more bills to pay, the one that was paid is not told: its listener has enough to keep in mind."""


def balance(speech: Speech, outcome: str) -> None:
    """The balance and what it earned. The rate of the last seven days is left out where all together is too long."""
    key = f"balance.{outcome}"
    trial = Speech(speech.locale, speech.facts)
    trial.say(key)
    speech.say(key, **({} if fits(trial.sentences, BALANCE_PARTS) else {"seven_day_rate": None}))


def bills(speech: Speech, outcome: str) -> None:
    """The bills to pay, or that there are none. Then the one that was paid, beside few others. Where names and amounts
    are too long for that, it is not said how many there are."""
    items = entries(speech.facts) if outcome == "DUE" else []
    trial = Speech(speech.locale, speech.facts)
    _list_bills(trial, items, counted=True)
    _list_bills(speech, items, counted=fits(trial.sentences, BILLS_PARTS))


def _list_bills(speech: Speech, items: Sequence[Mapping[str, object]], *, counted: bool) -> None:
    if not items:
        speech.say("bills.NONE.more" if speech.facts.get("more") is True else "bills.NONE")
    elif counted and speech.facts.get("more") is True:
        speech.say("bills.DUE.first")
    elif counted:
        speech.say_counted("bills.DUE.count", len(items))
    unknown: dict[str, object] = dict.fromkeys(("amount", "biller", "due_on"))
    for item in items:
        speech.say_first(f"bills.item.{item.get('when')}", "bills.item", **{**unknown, **item})
    if speech.facts.get("shown_within") is not None and len(items) <= BESIDE_PAID_MAX:
        speech.say("bills.paid")

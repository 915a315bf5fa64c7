"""Words about payments and refunds: what happened, is money taken, the one next step, when it will work."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from itertools import product
from typing import Final

from functions.connect.words import entries, in_groups
from hotline.kit.money import Money
from hotline.payments.model import PLAIN_TEXT
from hotline.refunds.model import CALLED_BACK_RULE, UNPAID_RULE
from hotline.wording.speech import Speech, fits
from hotline.wording.values import Digits, Lately, Word

_WHEN_SILENT: Final = {"NOT_TAKEN": "failed", "DEBITED": "succeeded", "HELD": "authorised", "RETURNED": "reversed"}
"""The status of a movement whose status is not given, by where its money is."""
ANSWER_PARTS: Final = 3
"""In how many prompts the answer about a movement may be told."""
REFUNDS_PARTS: Final = 3
"""In how many prompts the refunds may be told."""
REQUEST_PARTS: Final = 3
"""In how many prompts the decision on a request may be told."""
_PAID_OTHERWISE: Final = frozenset({"failed", "returned_back"})
"""Refunds that only a person can still pay out; one is asked for by key until somebody is on it, with a date."""


def payments(speech: Speech, outcome: str) -> None:
    """How many were found and, as a menu, which; when there are none, of what there are none."""
    if outcome == "NONE":
        purpose = speech.facts.get("purpose")
        of_latest = [f"payments.NONE.{purpose}.latest"] if speech.facts.get("more") is True else []
        speech.say_first(*of_latest, f"payments.NONE.{purpose}", "payments.NONE")
    else:
        _say_list(speech, f"payments.{outcome}", f"payments.{outcome}.{speech.facts.get('purpose')}")


def payment_by_order(speech: Speech, outcome: str) -> None:
    """Those that were found, as a menu, also when it is one: the caller may have meant another."""
    _say_list(speech, f"payment_by_order.{outcome}")


def _say_list(speech: Speech, key: str, own: str = "") -> None:
    """`own`: the key of what is said before the list in the place of how many there are, where the catalogue has it."""
    items = entries(speech.facts)
    if items and speech.knows(own):
        speech.say(own)
    elif items and speech.facts.get("more") is True and speech.knows(f"{key}.latest"):
        speech.say(f"{key}.latest")
    elif items and speech.knows(f"{key}.count"):
        speech.say_counted(f"{key}.count", len(items))
    else:
        speech.say(key)
    for place, item in enumerate(items, start=1):
        speech.say("payments.item", **{"place": place, **_describe_item(speech, item)})


def _describe_item(speech: Speech, item: Mapping[str, object]) -> dict[str, object]:
    """The item's own facts, the word for its kind, and when it was. A field that an item lacks is not taken from
    elsewhere."""
    unknown: dict[str, object] = dict.fromkeys(("amount", "merchant"))
    kind = speech.word(f"kind.{item.get('kind')}") or Word("kind.payment")
    return {**unknown, **item, "kind": kind, "when": _when(item)}


def _when(item: Mapping[str, object]) -> Lately | None:
    instant = item.get("initiated_at")
    return Lately(instant, placed=True) if isinstance(instant, datetime) else None


def payment_answer(speech: Speech, outcome: str) -> None:
    """Say what happened and why, where the money is, what to do first and then, and when that will help. Further
    sentences are left out, the last first, where all together would take too long, and then the usual day."""
    facts = speech.facts
    status = facts.get("status") or ("failed" if facts.get("failure") else _WHEN_SILENT.get(outcome, "unknown"))
    more = list(_keys_in(facts.get("more_keys")))
    for usual, left in product((True, False), range(len(more), -1, -1)):
        trial = Speech(speech.locale, facts)
        _say_answer(trial, outcome, str(status), more[:left], usual=usual)
        if fits(trial.sentences, ANSWER_PARTS):
            break
    _say_answer(speech, outcome, str(status), more[:left], usual=usual)


def _say_answer(speech: Speech, outcome: str, status: str, more: Sequence[Sequence[str]], *, usual: bool) -> None:
    facts = speech.facts
    kind = speech.word(f"kind.{facts.get('kind')}") or Word("kind.payment")
    speech.say_first(f"payment_answer.{status}", "payment_answer.unknown", kind=kind, when=_when(facts))
    if facts.get("failure"):
        speech.say_known(*_strings(facts.get("reason_keys")), str(facts.get("caller_text", PLAIN_TEXT)))
    overdue = outcome == "HELD" and facts.get("held_overdue") is True
    own = ("money.HELD.overdue",) if overdue else tuple(_strings(facts.get("money_keys")))
    days: dict[str, object] = {} if usual else {"typical_on": None}
    speech.say_first(*own, f"money.{outcome}", **_lately(facts, "held_until", "returned_at", "arrived_at"), **days)
    last4, reason = facts.get("last4"), facts.get("coupon_reason")
    named = {
        "card": Digits(last4) if isinstance(last4, str) else None,
        "coupon_reason": speech.word(reason) if isinstance(reason, str) else None,
    }
    for keys in more:
        speech.say_known(*keys, **named, **_lately(facts, "twin_at"))
    next_keys = (*_strings(facts.get("next_keys")), f"next.{facts.get('next_step')}")
    speech.say_known(*next_keys, **_lately(facts, "twin_at"))
    if facts.get("then") is not None:
        speech.say("next.then")
        speech.say_known(*_strings(facts.get("then_keys")), f"next.{facts.get('then')}")
    works_keys = (*_strings(facts.get("works_keys")), f"works_when.{facts.get('works_when')}")
    speech.say_known(*works_keys, **_lately(facts, "works_at"))
    speech.say_known(*_strings(facts.get("refund_keys")))


def _lately(facts: Mapping[str, object], *names: str) -> dict[str, object]:
    """Times of the facts, as they are told."""
    found = {name: facts.get(name) for name in names}
    return {
        name: Lately(value, placed=name != "held_until") if isinstance(value, datetime) else None
        for name, value in found.items()
    }


def _strings(value: object) -> list[str]:
    return [one for one in value if isinstance(one, str)] if isinstance(value, list | tuple) else []


def _keys_in(value: object) -> list[list[str]]:
    return [_strings(one) for one in value] if isinstance(value, list | tuple) else []


def refunds(speech: Speech, outcome: str) -> None:
    """Each refund under way: from whom, for the payment of which day, its state and promised dates. Where that is too
    long, the usual dates are left out, then the days of the payments, and then how many there are."""
    items = entries(speech.facts) if outcome == "OPEN" else []
    if not items:
        speech.say(f"refunds.{outcome}")
        return
    for counted, with_day, usual in ((True, True, True), (True, True, False), (True, False, False), (False,) * 3):
        trial = Speech(speech.locale, speech.facts)
        _list_refunds(trial, items, counted=counted, with_day=with_day, usual=usual)
        if fits(trial.sentences, REFUNDS_PARTS):
            break
    _list_refunds(speech, items, counted=counted, with_day=with_day, usual=usual)


def _list_refunds(
    speech: Speech, items: Sequence[Mapping[str, object]], *, counted: bool, with_day: bool, usual: bool
) -> None:
    if counted and speech.facts.get("more") is True:
        speech.say("refunds.OPEN.latest")
    elif counted:
        speech.say_counted("refunds.OPEN.count", len(items))
    unknown: dict[str, object] = dict.fromkeys(("amount", "merchant", "promised_on", "typical_on"))
    for item in items:
        known = {
            **unknown,
            **item,
            "when": _when(item) if with_day else None,
            **({} if usual else {"typical_on": None}),
        }
        speech.say_first(f"refunds.item.{item.get('status')}", "refunds.item", **known)
        if len(items) == 1:
            speech.say_if_known(f"failure.{item.get('failure')}")
    if any(item.get("status") in _PAID_OTHERWISE and item.get("promised_on") is None for item in items):
        speech.say("refunds.by_person")


def refund_offer(speech: Speech, outcome: str) -> None:
    """The refund that would be made, read back before it is asked for; or the reason why there can be no refund."""
    if outcome == "OFFERED":
        left = speech.facts.get("refundable")
        speech.say("refund_offer.OFFERED", back=left if isinstance(left, Money) else speech.facts.get("amount"))
    else:
        _say_refusal(speech, outcome)


def refund_request(speech: Speech, outcome: str) -> None:
    """The decision, the rule behind it, and what was promised. Where that is too long, the amount is left out: the
    caller has just heard it with the offer."""
    if outcome == "ROUTE_DISPUTE":
        speech.say("refund_request.ROUTE_DISPUTE")
        return
    if outcome == "NOT_ELIGIBLE":
        _say_refusal(speech, outcome)
        return
    trial = Speech(speech.locale, speech.facts)
    _say_decision(trial, outcome)
    _say_decision(speech, outcome, **({} if fits(trial.sentences, REQUEST_PARTS) else {"amount": None}))


def _say_decision(speech: Speech, outcome: str, **own: object) -> None:
    speech.say(f"refund_request.{outcome}", **own)
    if outcome == "IN_REVIEW":
        _say_rule(speech, "refund_request.IN_REVIEW.by_person")
        _say_remedy(speech)
        speech.say_if_known(f"refund_request.IN_REVIEW.link.{speech.facts.get('link')}")
        speech.say("refund_request.IN_REVIEW.answer")
    elif outcome == "DENIED":
        _say_rule(speech)
        _say_remedy(speech)
        speech.say("refund_request.DENIED.again")
    elif outcome == "EXISTS":
        speech.say_if_known(f"refund.state.{speech.facts.get('status')}")
        if speech.facts.get("reason") in (UNPAID_RULE, CALLED_BACK_RULE):
            _say_rule(speech)
    if outcome != "LIMITED":
        speech.say("refund.reference", refund=in_groups(speech.facts.get("refund")))


def _say_refusal(speech: Speech, outcome: str) -> None:
    if outcome == "ROUTE_DISPUTE":
        speech.say("refund.dispute")
    else:
        speech.say("refund.not_eligible")
        _say_rule(speech)


def _say_rule(speech: Speech, otherwise: str = "") -> None:
    """Say the rule that decided, where it has words of its own."""
    key = f"refund.rule.{speech.facts.get('reason')}"
    speech.say_if_known(key if speech.knows(key) else otherwise)


def _say_remedy(speech: Speech) -> None:
    """Say the first thing that would change the decision, where the caller can do something about it."""
    speech.say_if_known(f"refund.remedy.{speech.facts.get('remedy')}")

"""The API's words: the phone's sentences, written."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from hotline.lockout import service as lockout
from hotline.lockout.model import LockState, LockView, SelfService
from hotline.payments.model import Diagnosis, Movement, NextStep
from hotline.payments.service import Twin, answer_of
from hotline.refunds.service import Explanation, Promise
from hotline.security.service import Matter, ToldFinding, ToldMatter
from hotline.wording.catalogue import find, list_lock_keys, list_matter_keys
from hotline.wording.messages import join, plain_text
from hotline.wording.values import Counted, Lately, Locale, Word, dates_told


def of_lock(
    view: LockView, *, offered: SelfService, behind_since: datetime | None, now: datetime, locale: Locale
) -> str:
    """The lock in force, why, since and until when, and up to when facts are known if the feed is behind. `offered`:
    the act that its owner may do about it."""
    state = LockState.CLOSED if view.state is LockState.ERASED else view.state
    left = view.until - now if view.until is not None else timedelta()
    facts: dict[str, object] = {
        "since": view.since,
        "until": view.until,
        "until_in": left if left > timedelta() else None,
        "cause": _word(locale, f"lock.cause.{view.seen_cause.value}") if view.seen_cause else None,
        "asked": _word(locale, f"lock.asked.{view.asked.value}", "lock.asked") if view.asked else None,
        "facts_as_of": behind_since,
        "recovery_until": view.recovery_until,
    }
    end = lockout.find_end(view, offered)
    names = list_lock_keys(f"lock_status.{state.value}", unconfirmed=view.unconfirmed, end=end)
    texts = [plain_text(next(name for name in names if find(name, locale.language) is not None), facts, locale)]
    texts += [plain_text("lock.recovery_pending", facts, locale)] if view.recovery_until is not None else []
    texts += [plain_text("lock.as_of", facts, locale)] if behind_since is not None else []
    return join(texts, locale)


def of_matter(told: ToldMatter, *, locale: Locale) -> str:
    """Something that the owner is told of the account's security, with what to do. Of what happened it is said how
    often, and when last."""
    return join((_of_happened(told, locale), *_of_advice(told, locale)), locale)


def of_confirmed(finding: ToldFinding, matters: Sequence[ToldMatter], *, locale: Locale) -> str:
    """The words for a finding that people have confirmed: whether money is kept from leaving now, and what to do.
    `matters`: those of the account, one of which says that something is confirmed."""
    confirmed = next(one for one in matters if one.matter is Matter.CONFIRMED)
    locks = [_of_happened(one, locale) for one in matters if one.matter is Matter.LOCK]
    said = _of_happened(replace(confirmed, times=(finding.noticed_at,)), locale)
    return join((said, *locks, *_of_advice(confirmed, locale)), locale)


def _of_happened(told: ToldMatter, locale: Locale) -> str:
    facts: dict[str, object] = {}
    if told.times:
        facts = {"count": Counted(len(told.times)), "when": Lately(max(told.times), placed=True)}
    keys = list_matter_keys(told.matter.value, form=told.form, count=len(told.times))
    return join((plain_text(key, facts, locale) for key in (_first(locale, keys),) if key is not None), locale)


def _of_advice(told: ToldMatter, locale: Locale) -> list[str]:
    keys = (
        _first(locale, (f"checkup.do.{advice.value}.written", f"checkup.do.{advice.value}")) for advice in told.advice
    )
    return [plain_text(key, {}, locale) for key in keys if key is not None]


def of_proof_request(*, on_call: bool, locale: Locale) -> str:
    """The words for what an agent asks, and when not to answer."""
    return plain_text("proof_request.on_call" if on_call else "proof_request.later", {}, locale)


def of_payment(
    movement: Movement, told: Diagnosis, locale: Locale, twin: Twin | None = None, *, disputed: Promise | None = None
) -> str:
    """The words for what happened and why, where the money is, what to do first and then, and when that will help.
    `disputed`: the promised answer to a dispute, which is told in the place of having nothing to do."""
    said = answer_of(movement, told, locale.now or movement.fact_version.time, twin, zone=locale.zone)
    facts: dict[str, object] = {
        **dates_told(said.arrival),
        "given_back": said.given_back,
        "returned_at": Lately(said.returned_at, placed=True) if said.returned_at else None,
        "twin_at": Lately(said.twin_at, placed=True) if said.twin_at else None,
        "arrived_at": Lately(said.arrived_at, placed=True) if said.arrived_at else None,
        "counterparty": said.counterparty,
        "card": said.last4,
        "coupon": said.coupon,
        "coupon_amount": said.coupon_amount,
        "coupon_reason": _word(locale, said.coupon_reason) if said.coupon_reason else None,
        "kind": _word(locale, f"kind.{movement.ref.kind.value}", "kind.payment"),
        "amount": movement.amount,
        "merchant": movement.ref.merchant.name if movement.ref.merchant else None,
        "initiated_at": movement.ref.initiated_at,
        "held_until": told.held_until,
        "works_at": Lately(told.works_at, placed=True) if told.works_at else None,
    }
    first = [(f"payment_answer.{movement.status.value}",), *([said.reason] if said.reason else [])]
    steps = [
        said.next_step,
        *([("next.then",), said.then] if told.then else []),
        said.works_when,
    ]
    if disputed is not None and said.step is NextStep.NOTHING:
        steps = []
    found = [_first(locale, keys) for keys in (*first, said.money, *said.more, *steps, said.refund)]
    texts = [plain_text(key, facts, locale) for key in found if key is not None]
    if disputed is not None:
        texts.append(plain_text("payment_answer.disputed", dates_told(disputed), locale))
    return join(texts, locale)


def _first(locale: Locale, keys: Sequence[str]) -> str | None:
    return next((key for key in keys if find(key, locale.language) is not None), None)


def of_refund(told: Explanation, locale: Locale) -> str:
    """The words for the rule that decided on a refund, and for what would change the decision; empty where the
    outcome says it all."""
    keys = [f"refund.rule.{told.rule}", *(f"refund.remedy.{remedy.value}" for remedy in told.remedies)]
    return join((plain_text(key, told.facts, locale) for key in keys), locale)


def of_funds(facts: Mapping[str, object], locale: Locale) -> str:
    """The words for stored funds, from the facts that payments lists of them."""
    return plain_text("balance.KNOWN", facts, locale)


def _word(locale: Locale, *keys: str) -> Word | None:
    return next((Word(key) for key in keys if find(key, locale.language) is not None), None)

"""The longest things that the line may have to say: every outcome with the longest facts that a customer may have."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from functools import cache
from itertools import product
from typing import Any, Final

from functions.connect.envelope import NEEDS
from functions.connect.steps import STEPS
from functions.connect.steps.advice import ADVICE_TOPICS
from functions.connect.steps.checkup import ABOUT
from functions.connect.steps.handover import HANDOVER_TOPICS
from functions.connect.steps.payments import facts_of
from functions.connect.steps.session import GOALS
from hotline.contracts.model import Coupon, FactVersion, Instrument, Merchant, MoneyState, MovementKind, MovementStatus
from hotline.kit.money import Money, Rate
from hotline.lockout.model import Cause, DecisionKind
from hotline.lockout.policy import FIRST_STEPS
from hotline.lockout.service import LockEnd
from hotline.payments.diagnosis import diagnose
from hotline.payments.failures import EXPLAINS_FAILED_REFUND, FAILURES, FailureCode, NextStep
from hotline.payments.model import Diagnosis, Movement, MovementFailure, MovementRef
from hotline.payments.twins import Twin, TwinState
from hotline.refunds.model import CALLED_BACK, Evidence, RefundState, Remedy
from hotline.wording.catalogue import find
from hotline.wording.rendering import render_spoken
from hotline.wording.speech import seconds
from hotline.wording.values import Lately, Latest, Opening, Usual, locale_of
from hotline_local.words.catalogues import read_source, source_file, usable_texts
from tests.support.told_matters import answers_of, every_matter

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
AMOUNT = Money(199_999, "CNY")
MERCHANTS = {"zh-CN": "蓝杯咖啡人民广场店", "en-US": "Riverside Garden Market"}
"""As long as names of merchants are: nine characters, three words. At most forty characters are said of one."""
OTHER_SIDE = "W"
"""All that is said of who a transfer went to: the first letter of the name."""
PROMISED = date(2026, 12, 30)
USUAL = date(2026, 12, 28)
TIMES = (NOW - timedelta(hours=1, minutes=25), NOW - timedelta(days=12, hours=1), NOW - timedelta(days=340))
TWINS = tuple(
    Twin(
        "mov_2",
        TIMES[1],
        state,
        this_stands=this_stands,
        may_be_refunded=not this_stands and whole,
        other_may_be_refunded=this_stands and whole and state is TwinState.CHARGED,
    )
    for state, this_stands, whole in (
        (TwinState.CHARGED, True, True),
        (TwinState.CHARGED, True, False),
        (TwinState.CHARGED, False, True),
        (TwinState.CHARGED, False, False),
        (TwinState.REFUNDING, True, True),
        (TwinState.GIVEN_BACK, True, True),
    )
)
"""All that is told of a payment that was charged twice."""
type Said = tuple[str, str, Mapping[str, object]]
ALL_CASES: Final = bool(os.environ.get("HOTLINE_SOAK"))
"""Whether answers about payments are given for every reason in every circumstance, and at every time. Otherwise each
reason, each circumstance and each time is given, with the words beside it that take longest."""


def movements(language: str, times: tuple[datetime, ...] = TIMES) -> Iterator[Movement]:
    """Every kind of outcome, reason and whereabouts of the money that a wallet tells, at each of the times."""
    fact_version = FactVersion(1, NOW, "fact")
    for at in times:
        merchant = Merchant("m", MERCHANTS[language])
        ref = MovementRef("acc", "mov", MovementKind.BILL_PAYMENT, at, AMOUNT, merchant)
        plain: dict[str, Any] = {
            "ref": ref,
            "instrument": Instrument("card", "4242"),
            "held_until": NOW + timedelta(days=12),
            "balance_after_minor": None,
            "order_no": "DW26",
            "fact_version": fact_version,
            "described": {},
        }
        for money in MoneyState:
            for code in FAILURES:
                failure = MovementFailure("scheme", "51", code, mapped=True)
                yield Movement(status=MovementStatus.FAILED, money=money, failure=failure, **plain)
            for status in MovementStatus:
                yield Movement(status=status, money=money, failure=None, **plain)
        for kind, money, status in product(MovementKind, MoneyState, MovementStatus):
            # A transfer has another side, anything else a coupon.
            own = {**plain, "ref": replace(ref, kind=kind), "given_back_minor": 50_000, "counterparty": OTHER_SIDE}
            code = FailureCode.INSUFFICIENT_FUNDS
            short = MovementFailure("iso8583", "51", code, mapped=True) if status is MovementStatus.FAILED else None
            coupon = Coupon(applied=False, name=MERCHANTS[language], reason="minimum_not_met")
            yield Movement(status=status, money=money, failure=short, coupon=coupon, **own)
        for barred_by in ("open_refund_id", "unpaid_refund_id"):
            done = {**plain, "refundable_minor": 100, barred_by: "ref_1"}
            yield Movement(status=MovementStatus.SUCCEEDED, money=MoneyState.DEBITED, failure=None, **done)
            yield Movement(status=MovementStatus.REVERSED, money=MoneyState.RETURNED, failure=None, **done)


type Told = tuple[Movement, Diagnosis, Mapping[str, object]]
"""A movement, its diagnosis, and the facts that a caller is told of both."""


def time_told_longest(language: str) -> datetime:
    """The time of TIMES that takes longest to say."""
    locale = locale_of(language, "Asia/Shanghai", NOW)
    return max(TIMES, key=lambda at: seconds(render_spoken(Lately(at, placed=True), locale) or ""))


@cache
def answers(language: str, first: NextStep | None) -> tuple[Told, ...]:
    """The answers about payments of an account that has to take a step first; None: of one that is open. Each is
    given once.

    Reason and time stand in sentences of their own. Parts are filled one after the other, so a shorter sentence never
    needs more of them. Hence each circumstance is given with its longest and its shortest reason, and each reason and
    each time is given once.
    """
    longest = time_told_longest(language)
    told: dict[str, Told] = {}
    for movement in movements(language, TIMES if ALL_CASES else (longest,)):
        diagnosis = diagnose(movement, NOW, first=first)
        facts = {**facts_of(movement, diagnosis, NOW), "merchant": MERCHANTS[language]}
        told.setdefault(repr((diagnosis.answer, facts)), (movement, diagnosis, facts))
    if ALL_CASES:
        return tuple(told.values())
    by_circumstance: dict[str, list[Told]] = {}
    for one in told.values():
        others = {
            name: value for name, value in one[2].items() if name not in {"failure", "caller_text", "reason_keys"}
        }
        by_circumstance.setdefault(repr((one[1].answer, one[1].failure is None, others)), []).append(one)
    reason_s = {one[1].caller_text: seconds(find(one[1].caller_text, language) or "") for one in told.values()}
    kept = list({one[1].failure: one for one in told.values()}.values())
    for group in by_circumstance.values():
        by_length = sorted(group, key=lambda one: reason_s[one[1].caller_text])
        kept += [by_length[0], by_length[-1]]
    for movement, diagnosis, said in {one[0].status: one for one in told.values()}.values():
        kept += [(at_time(movement, at), diagnosis, {**said, "initiated_at": at}) for at in TIMES if at != longest]
    return tuple({id(one): one for one in kept}.values())


def at_time(movement: Movement, at: datetime) -> Movement:
    """The movement as it were if it had begun at that time."""
    return replace(movement, ref=replace(movement.ref, initiated_at=at))


def payments(language: str) -> Iterator[Said]:
    # Where no step has to come first, the same is told as of an account that is open.
    told = (one for first in (None, *FIRST_STEPS) for one in answers(language, first))
    given = {repr((diagnosis.answer, facts)): (diagnosis.answer.value, facts) for _, diagnosis, facts in told}
    for outcome, facts in given.values():
        yield "payment_answer", outcome, facts
    for movement, diagnosis, said in answers(language, None):
        is_withdrawal = movement.ref.kind is MovementKind.WITHDRAWAL
        if movement.status is MovementStatus.SUCCEEDED and movement.money is MoneyState.DEBITED and not is_withdrawal:
            # A withdrawal has no merchant, and so no twin.
            # A charge of which a refund is under way or waits is no question any more (find_twin).
            for twin in (one for one in TWINS if movement.barring_refund_id is None or not one.is_question):
                twice = facts_of(movement, diagnosis, NOW, twin) | {"merchant": said["merchant"]}
                yield "payment_answer", diagnosis.answer.value, twice
    # A list says nothing of how a payment went.
    for kind, at in product(MovementKind, TIMES):
        item = {"kind": kind.value, "amount": AMOUNT, "merchant": MERCHANTS[language], "initiated_at": at}
        for more in (True, False):
            yield "payments", "SEVERAL", {"items": [item] * 3, "more": more}
            yield "payment_by_order", "SEVERAL", {"items": [item] * 3, "more": more}
        yield "payment_by_order", "FOUND", {"items": [item]}


def locks(_: str) -> Iterator[Said]:
    for cause in Cause:
        told = {"cause": cause.value, "since": TIMES[0], "until": NOW + timedelta(hours=22, minutes=34)}
        for state in ("SOFT", "HARD", "HOLD", "FROZEN", "PAUSED"):
            for to_agent in (False, True):
                yield "choose_account", "CHOSEN", {**told, "state": state, "to_agent": to_agent}
        for outcome in ("OPEN", "SOFT", "HARD", "HOLD", "FROZEN", "PAUSED", "CLOSED"):
            for kind in DecisionKind:
                for end in (None, *LockEnd):
                    more = {"asked": kind.value, "facts_as_of": NOW - timedelta(minutes=3), "end": end}
                    yield "lock_status", outcome, {**told, **more}


def refund_rules() -> list[str]:
    messages = usable_texts(read_source(source_file("en-US")))
    return [key.removeprefix("refund.rule.") for key in messages if key.startswith("refund.rule.")]


def refunds(language: str) -> Iterator[Said]:
    item = {
        "amount": AMOUNT,
        "merchant": MERCHANTS[language],
        "promised_on": Latest(PROMISED, about=True),
        "typical_on": Usual(USUAL),
        "initiated_at": TIMES[1],
    }
    for state in (*RefundState, CALLED_BACK):
        for number in (1, 2, 3):
            yield "refunds", "OPEN", {"items": [{**item, "status": str(state)}] * number}
        if state in RefundState and RefundState(state).is_unpaid:
            for reason in EXPLAINS_FAILED_REFUND:
                yield "refunds", "OPEN", {"items": [{**item, "status": str(state), "failure": reason.lower()}]}
        yield "refund_request", "EXISTS", {**item, "status": str(state), "refund": "482913"}
    yield "refund_offer", "OFFERED", {**item, "refundable": AMOUNT}
    for rule in refund_rules():
        item |= {"window": timedelta(days=365), "age": timedelta(days=399)}
        yield "refund_offer", "NOT_ELIGIBLE", {**item, "reason": rule}
        for outcome in ("APPROVED", "IN_REVIEW", "DENIED", "NOT_ELIGIBLE", "ROUTE_DISPUTE"):
            yield "refund_request", outcome, {**item, "reason": rule, "refund": "482913"}
    # A merchant's consent changes what is denied; evidence changes what is looked at.
    denied = {"reason": "merchant.window", "remedy": Remedy.MERCHANT.value, "refund": "482913"}
    yield "refund_request", "DENIED", {**item, **denied}
    for evidence in Evidence:
        for rule in ("merchant.auto_approve", "merchant.window", "wallet.velocity", "reason.delivered"):
            told = {"reason": rule, "remedy": evidence.value, "refund": "482913"}
            yield "refund_request", "IN_REVIEW", {**item, **told}


def funds(language: str) -> Iterator[Said]:
    income = {"income_on": date(2026, 11, 22), "income": AMOUNT}
    computed = {"rate_on": date(2026, 11, 22), "daily": Money(5_499, "CNY")}
    for told in (income, computed):
        week = {"seven_days_to": date(2026, 11, 22), "seven_day_rate": Rate(24_370)}
        for last in ({"accrued": AMOUNT}, week, {"accrued": AMOUNT} | week):
            more = {"month_income": AMOUNT, **last}
            yield "balance", "KNOWN", {"balance": AMOUNT, "as_of": NOW - timedelta(days=20), **told, **more}
    for when, number, more_left in product(("overdue", "today", "tomorrow", "later"), (1, 2, 3), (True, False)):
        item = {"biller": MERCHANTS[language], "amount": AMOUNT, "due_on": PROMISED, "when": when}
        paid = {"paid_biller": MERCHANTS[language], "shown_within": timedelta(days=60)}
        yield "bills", "DUE", {"items": [item] * number, "more": more_left, **paid}
    yield "bills", "NONE", {"items": [], **paid}


def checkups(language: str) -> Iterator[Said]:
    for at, count in product(TIMES, (1, 2, 20)):
        every = every_matter(at, count=count)
        for first in range(len(every)):
            for matters in (every[first:], every[first : first + 1]):
                for told in answers_of(matters, language, NOW):
                    yield "checkup", "TO_DO", told
        for device in (None, "known", "new"):
            item = {"at": at, "device": device, "is_elsewhere": True}
            yield "logins", "FOUND", {"items": [item] * 3}
    for about, zone, decided in product(ABOUT, ("Asia/Shanghai", "Europe/London"), (True, False)):
        told = {"about": about, "time_zone": zone, "decided": decided, "noticed": decided}
        yield "not_me", "ASKED", told
        yield "not_me", "FROZEN", told


def others(_: str) -> Iterator[Said]:
    for place, more in ((2, False), (3, False), (3, True)):
        yield (
            "choose_account",
            "CHOOSE",
            {"items": [{"place": n, "hint": "4711"} for n in range(1, place + 1)], "more": more},
        )
    for topic in ADVICE_TOPICS:
        yield "advice", "TOLD", {"topic": topic, "numbers": ("+864005550199", "+498002000001")}
    for facts in ({"channel": "email"}, {"channel": "sms", "no_call": True}, {"channel": "voice", "same_line": True}):
        yield "send_code", "SENT", {**facts, "tries": 1}
    for goal in GOALS:
        yield "announce_code", "READY", {"wallet": "Demo Wallet", "goal": goal}
        yield "read_code", "READ", {"code": "012345", "goal": goal, "valid_for": timedelta(minutes=9)}
    # Tuesday morning, December 22, to the late evening.
    opening = Opening(NOW + timedelta(days=29, minutes=40), NOW + timedelta(days=29, hours=11, minutes=45))
    yield "hours", "CLOSED", {"hours": opening}
    for topic, outcome in product(HANDOVER_TOPICS, STEPS["handover"].own_outcomes):
        yield "handover", outcome, {"hours": opening, "topic": topic, "case": "482913", "texted": True}
    yield "check_code", "WRONG", {"tries_left": 2}
    yield "reset", "GRANTED", {"until": NOW + timedelta(hours=1)}
    for step in STEPS.values():
        for outcome in step.outcomes:
            if outcome == "NEED_PROOF":
                yield from ((step.name, outcome, {"needs": needs}) for needs in NEEDS)
            else:
                yield step.name, outcome, {"case": "482913"}


EVERYTHING = (payments, locks, refunds, funds, checkups, others)
"""Each gives, for a language, steps with outcomes and facts."""

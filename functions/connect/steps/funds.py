"""balance, bills, reminders, set_reminders: stored funds, what is due, and whether bills are reminded of."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Final

from functions.connect.step import Answer, Step, Visit, one_of, words
from functions.connect.words import funds as words_of
from hotline.identity.model import Operation
from hotline.kit.clock import zone_of
from hotline.payments import service as payments
from hotline.payments.model import Bill, BillState

_TOPIC: Final = "payment"
WISHES: Final = ("on", "off")
"""Values of `wish`: reminders are to be on, or off."""


def balance(visit: Visit) -> Answer:
    """The balance with its time where it is not fresh, the income of the last day with its date, and of the month."""
    key = payments.funds_key(visit.account(Operation.READ))
    funds = visit.fetch([key]).decode(key, payments.funds_from)
    if funds is None:
        return Answer("NONE")
    facts = payments.list_funds_facts(funds, visit.now, zone_of(visit.state.time_zone))
    return Answer("KNOWN", words(**facts, now=visit.now))


def bills(visit: Visit) -> Answer:
    """The next three bills to pay, the earliest due date first; and one that was paid and may not show yet."""
    zone = zone_of(visit.state.time_zone)
    told = payments.list_bills_to_tell(visit.ctx.store, visit.account(Operation.READ), visit.now, zone)
    today = visit.now.astimezone(zone).date()
    items = [
        words(biller=bill.biller, amount=bill.amount, due_on=bill.due_on, when=_when(bill, today)) for bill in told.due
    ]
    paid = told.paid
    facts = words(
        items=items,
        more=told.more,
        paid_biller=paid.biller if paid is not None else None,
        shown_within=timedelta(days=payments.days_until_shown(paid)) if paid is not None else None,
        now=visit.now,
    )
    return Answer("DUE" if items else "NONE", facts)


def _when(bill: Bill, today: date) -> str:
    """How far off the due date of a bill to pay is, as it is said."""
    if payments.state_of(bill, today) is BillState.OVERDUE:
        return "overdue"
    return {today: "today", today + timedelta(days=1): "tomorrow"}.get(bill.due_on, "later")


def reminders(visit: Visit) -> Answer:
    """Whether bills are reminded of."""
    key = payments.reminders_key(visit.account(Operation.READ))
    return Answer(_outcome(on=payments.are_on(visit.fetch([key]).get(key))))


def _outcome(*, on: bool) -> str:
    return "ON" if on else "OFF"


def set_reminders(visit: Visit) -> Answer:
    """Switch reminders of bills on or off."""
    if visit.replay is not None:
        return Answer(visit.replay.outcome)
    act = payments.SwitchReminders(visit.inputs["wish"] == "on", payments.ChangedBy.PHONE)
    return Answer(visit.perform(act).outcome)


STEPS: Final = (
    Step(
        "balance",
        ("KNOWN", "NONE"),
        balance,
        say=words_of.balance,
        parts=words_of.BALANCE_PARTS,
        proof=True,
        finishes={"KNOWN": _TOPIC},
    ),
    Step(
        "bills",
        ("DUE", "NONE"),
        bills,
        say=words_of.bills,
        parts=words_of.BILLS_PARTS,
        proof=True,
        finishes=dict.fromkeys(("DUE", "NONE"), _TOPIC),
    ),
    Step("reminders", ("ON", "OFF"), reminders, proof=True),
    Step(
        "set_reminders",
        ("ON", "OFF"),
        set_reminders,
        {"wish": one_of(WISHES)},
        acting=True,
        proof=True,
        finishes=dict.fromkeys(("ON", "OFF"), _TOPIC),
    ),
)

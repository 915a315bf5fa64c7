"""The face of payments: folding what the wallet tells about money, finding movements, and telling what happened.

Items: MOVE# (a movement), TAKEN# (its ledger of refunds, found by the movement's id alone), TAIL# (a pointer by an
order number's last digits). Others are BILL#, #FUNDS, #REMINDERS and CODES# (unknown decline
codes). The amount left for refunds is computed in TAKEN# and copied to MOVE# in the same transaction. So a query that
lists movements knows it.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from hotline.identity.service import Operation, require
from hotline.kit.change import Change, stale
from hotline.kit.clock import from_text
from hotline.kit.errors import InvalidInput, NotPossible
from hotline.kit.money import Money
from hotline.kit.store import Key
from hotline.kit.store.condition import Compare, Item, Missing, all_of, equals

from . import folds, funds, items, ledger_items
from .answers import MovementAnswer, answer_of
from .arrivals import Promise, withdrawal_arrival
from .bill_due import MESSAGES as REMINDER_MESSAGES
from .bill_due import contribute_reminder, may_remind, remind_again, reminder_keys
from .bill_due import duty_at as bill_duty_at
from .bills import BillsTold, days_until_shown, state_of
from .decline_codes import classify_refund, is_known
from .diagnosis import diagnose
from .due import CASE_TOPIC, contribute_due, due_keys, duty_at
from .facts import (
    changes_reversal,
    contribute_facts,
    copy_left,
    fact_keys,
    fact_keys_of_groups,
    parties_of_movements,
    party_keys,
    refunds_of,
    reversals,
)
from .failures import EXPLAINS_FAILED_REFUND
from .folds import REFUNDS_PER_MOVEMENT_MAX, with_ledger
from .items import movement_from, movement_key, reminders_key
from .ledger import may_take_again
from .ledger_items import ledger_from, ledger_key
from .lists import (
    find,
    ledgers_of,
    list_bills,
    list_bills_to_tell,
    list_by_tail,
    list_failed,
    list_movements,
    list_refundable,
    list_unpaid_bills,
    other_keys,
    others_in,
)
from .model import (
    Ledger,
    Movement,
    PaymentError,
    TakenState,
    Taking,
)
from .reminder_choice import (
    ChangedBy,
    RemindersOutcome,
    SwitchReminders,
    are_on,
    contribute_choice,
    switch_by_reply,
)
from .twins import Twin, TwinState, find_twin
from .unknown_words import (
    Code,
    UnknownCode,
    UnknownWord,
    code_keys,
    contribute_unknown_codes,
    find_unknown_words,
    list_unknown_codes,
    unknown_code,
)

__all__ = [
    "CASE_TOPIC",
    "EXPLAINS_FAILED_REFUND",
    "REFUNDS_PER_MOVEMENT_MAX",
    "REMINDER_MESSAGES",
    "BillsTold",
    "ChangedBy",
    "Code",
    "MovementAnswer",
    "Promise",
    "RemindersOutcome",
    "SwitchReminders",
    "Twin",
    "TwinState",
    "UnknownCode",
    "UnknownWord",
    "answer_of",
    "are_on",
    "bill_duty_at",
    "bill_from",
    "bill_key_of",
    "changes_reversal",
    "check_amount",
    "classify_refund",
    "code_keys",
    "contribute_choice",
    "contribute_due",
    "contribute_facts",
    "contribute_reminder",
    "contribute_taken_state",
    "contribute_taking",
    "contribute_unknown_codes",
    "days_until_shown",
    "diagnose",
    "due_keys",
    "duty_at",
    "fact_keys",
    "fact_keys_of_groups",
    "fact_version_from",
    "fact_version_item",
    "find",
    "find_income_of_day",
    "find_twin",
    "find_unknown_words",
    "funds_from",
    "funds_key",
    "is_known",
    "ledger_from",
    "ledger_key",
    "ledgers_of",
    "list_bills",
    "list_bills_to_tell",
    "list_by_tail",
    "list_failed",
    "list_funds_amounts",
    "list_funds_facts",
    "list_movements",
    "list_refundable",
    "list_unknown_codes",
    "list_unpaid_bills",
    "may_remind",
    "may_take_again",
    "money_from",
    "money_item",
    "movement_from",
    "movement_id_of",
    "movement_key",
    "movement_time",
    "other_keys",
    "others_in",
    "parties_of_movements",
    "party_keys",
    "refunds_of",
    "remind_again",
    "reminder_keys",
    "reminders_key",
    "reversals",
    "state_of",
    "switch_by_reply",
    "unknown_code",
    "with_ledger",
    "withdrawal_arrival",
]  # fmt: skip

check_amount = folds.check_amount
money_item, money_from = items.money_item, items.money_from
funds_key, funds_from = items.funds_key, items.funds_from
list_funds_facts = funds.list_facts
list_funds_amounts = funds.list_amounts
bill_from = items.bill_from
find_income_of_day = funds.find_income_of_day
fact_version_item, fact_version_from = items.fact_version_item, items.fact_version_from


def contribute_taking(
    change: Change,
    *,
    movement: Movement,
    ledger: Ledger,
    ledger_item: Item,
    refund_id: str,
    amount: Money,
    as_duplicate: bool,
) -> None:
    """Take a refund's amount from a movement and record it in its ledger. The conditions are that so much is left, that
    no other refund bars it, and that it names the same other charge as before. `ledger_item`: the ledger as it was
    read. `as_duplicate`: see Taking. Raises NeedProof; at commit Stale when another request was quicker."""
    require(change, Operation.REFUND, movement.ref.account_id)
    if amount.currency != ledger.currency or not 0 < amount.minor <= ledger.refundable_minor:
        raise NotPossible(PaymentError.NOT_REFUNDABLE, refund_id=refund_id)
    if len(ledger.takings) >= REFUNDS_PER_MOVEMENT_MAX:
        raise NotPossible(PaymentError.TOO_MANY_REFUNDS, refund_id=refund_id)
    taken = {
        **ledger.takings,
        refund_id: Taking(amount, TakenState.OPEN, None, asked_here=True, as_duplicate=as_duplicate),
    }
    change.replace(
        ledger_key(ledger.account_id, ledger.movement_id),
        ledger_item,
        ledger_items.ledger_item(replace(ledger, takings=taken)),
    )
    change.update(
        movement_key(movement.ref.account_id, movement.sk),
        set={"open_refund_id": refund_id},
        add={"refundable_minor": -amount.minor, "refund_count": 1, "rev": 1},
        condition=all_of(
            Compare("refundable_minor", ">=", amount.minor),
            Missing("open_refund_id"),
            Missing("twin") if movement.ref.twin is None else equals("twin", movement.ref.twin),
        ),
        failed=stale,
    )


def contribute_taken_state(
    change: Change,
    *,
    ledger: Ledger,
    ledger_item: Item,
    refund_id: str,
    state: TakenState,
    is_ended: bool = False,
    asked_here: bool = False,
) -> None:
    """Give back what a refund takes from a movement (VOID), or take it again and hold it (OPEN). `is_ended`: nobody
    looks for another way to pay it. `asked_here`: it was asked for here, also where its taking does not know.
    `ledger_item`: the ledger as it was read. Raises NotPossible `not_refundable` when `may_take_again` says no. At
    commit Stale when somebody else wrote in between."""
    known = ledger.takings.get(refund_id)
    if known is None:
        return
    held = state is TakenState.OPEN
    if held and not may_take_again(ledger, refund_id, known.amount):
        raise NotPossible(PaymentError.NOT_REFUNDABLE, refund_id=refund_id)
    taking = replace(
        known,
        state=state if held or known.state.takes else known.state,
        held=held,
        # Another way of payout is asked for here, whoever began the refund.
        asked_here=known.asked_here or asked_here or held,
        ended=is_ended,
        moved=known.fact_version if is_ended else known.moved,
    )
    if taking == known:
        return
    after = replace(ledger, takings={**ledger.takings, refund_id: taking})
    change.replace(ledger_key(ledger.account_id, ledger.movement_id), ledger_item, ledger_items.ledger_item(after))
    if after.movement_sk is not None:
        copy_left(change, after)


def movement_id_of(movement_sk: str) -> str:
    """The movement's id from its sort key. Raises InvalidInput for anything else."""
    parts = movement_sk.split("#", 2)
    if len(parts) != 3 or parts[0] != "MOVE" or not parts[2]:
        raise InvalidInput(PaymentError.NO_MOVEMENT_KEY)
    return parts[2]


def bill_key_of(account_id: str, bill_sk: str) -> Key | None:
    """The key of a bill by its sort key; None for anything else."""
    kind, _, rest = bill_sk.partition("#")
    due_on, _, bill_id = rest.partition("#")
    return items.bill_key(account_id, due_on, bill_id) if kind == "BILL" and due_on and bill_id else None


def movement_time(movement_sk: str) -> datetime:
    """The time at which the movement was begun, from its sort key. Raises InvalidInput for anything else."""
    movement_id_of(movement_sk)
    return from_text(movement_sk.split("#", 2)[1])

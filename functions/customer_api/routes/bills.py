"""The bearer's bills, and whether they are reminded of them."""

from __future__ import annotations

from typing import Annotated, Final, Literal

from aws_lambda_powertools.event_handler.openapi.params import Query

from functions.customer_api.routes.payments import amount_of
from functions.customer_api.shapes.common import PAGE_DEFAULT, PAGE_MAX
from functions.customer_api.shapes.funds import Bill, Bills, Reminders, RemindersChosen
from functions.customer_api.visits import Desk, attempt, desk, router
from functions.http.cursors import CURSOR_CHARACTERS_MAX, CURSOR_PATTERN, cursor_of, position_of
from hotline.identity.service import Operation
from hotline.kit.clock import zone_of
from hotline.payments import service as payments
from hotline.payments.model import Bill as KnownBill
from hotline.payments.model import BillState

_TAGS: Final = ["bills"]
_LIST: Final = "bills"
_SET: Final = "reminders"


@router.get("/v1/me/bills", tags=_TAGS, operation_id="list_bills")
def list_bills(
    which: Annotated[Literal["unpaid", "all"], Query()] = "unpaid",
    limit: Annotated[int, Query(ge=1, le=PAGE_MAX)] = PAGE_DEFAULT,
    cursor: Annotated[str | None, Query(max_length=CURSOR_CHARACTERS_MAX, pattern=CURSOR_PATTERN)] = None,
) -> Bills:
    """The bills that are not paid, the earliest due date first; or all of them, the latest due date first."""
    at = desk()
    visit = at.visit()
    visit.allow(Operation.READ)
    context = (visit.account_id, _LIST, which)
    after = position_of(cursor, at.lookup_keys, *context)
    query = payments.list_unpaid_bills if which == "unpaid" else payments.list_bills
    page = query(at.ctx.store, visit.account_id, limit=limit, after=after)
    today = visit.now.astimezone(zone_of(visit.session.profile.time_zone)).date()
    return Bills(
        bills=[_bill(bill, payments.state_of(bill, today)) for bill in page.bills],
        next=cursor_of(page.next_after, at.lookup_keys, *context),
    )


def _bill(bill: KnownBill, state: BillState) -> Bill:
    return Bill(
        id=bill.bill_id,
        biller=bill.biller,
        amount=amount_of(bill.amount),
        due_on=bill.due_on,
        state=state.value,
        shown_within_days=payments.days_until_shown(bill) if bill.paid else None,
    )


@router.get("/v1/me/reminders", tags=_TAGS, operation_id="read_reminders")
def read_reminders() -> Reminders:
    """Whether reminders of bills are sent."""
    at = desk()
    key = payments.reminders_key(at.bearer.sign_in.account_id)
    visit = at.visit((key,))
    visit.allow(Operation.READ)
    return Reminders(on=payments.are_on(visit.read.get(key)))


@router.put("/v1/me/reminders", tags=_TAGS, operation_id="set_reminders")
def set_reminders(body: RemindersChosen) -> Reminders:
    """Switch reminders of bills on or off."""
    at = desk()
    return attempt(lambda: _set_reminders(at, on=body.on))


def _set_reminders(at: Desk, *, on: bool) -> Reminders:
    act = payments.SwitchReminders(on, payments.ChangedBy.APP)
    outcome = at.visit((payments.reminders_key(at.bearer.sign_in.account_id),)).perform(act, _SET).result
    return Reminders(on=outcome is payments.RemindersOutcome.ON)

"""Movements, their ledgers and pointers, bills and funds as stored items; the room's queries."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import UTC, date, datetime, time
from typing import Any

from hotline.contracts.model import (
    AnnualRate,
    CardFunding,
    Coupon,
    DayIncome,
    FactVersion,
    FundDay,
    FundsProduct,
    Instrument,
    Merchant,
    MoneyState,
    MonthIncome,
    MovementKind,
    MovementStatus,
    Purchase,
)
from hotline.contracts.vocabulary import instrument_of
from hotline.kit.clock import from_text, to_text
from hotline.kit.due import due_attributes
from hotline.kit.ids import derive_id
from hotline.kit.money import Money
from hotline.kit.retention import record_end
from hotline.kit.store import Between, Index, Key, Prefix, Query, Table, hotline_key
from hotline.kit.store.condition import Item

from .failures import FailureCode
from .model import (
    ORDER_TAIL_DIGITS_MAX,
    ORDER_TAIL_DIGITS_MIN,
    Bill,
    Funds,
    Movement,
    MovementFailure,
    MovementRef,
    order_digits,
    taken_in_vain,
)
from .reminders import Offset
from .twins import Charge


def account_pk(account_id: str) -> str:
    """The partition of everything about an account."""
    return f"ACCOUNT#{account_id}"


def movement_key(account_id: str, movement_sk: str) -> Key:
    """The key of a movement; its sort key is computed from what never changes, see MovementRef."""
    return hotline_key(account_pk(account_id), movement_sk)


def pointer_key(movement: Movement) -> Key | None:
    """The key of the pointer by order number; None when the number has too few digits to be keyed in.

    The digits are reversed, so that the last four to six that a caller keys in are a prefix."""
    digits = order_digits(movement.order_no or "")[-ORDER_TAIL_DIGITS_MAX:]
    if len(digits) < ORDER_TAIL_DIGITS_MIN:
        return None
    return hotline_key(account_pk(movement.ref.account_id), f"TAIL#{digits[::-1]}#{movement.movement_id}")


def bill_key(account_id: str, due_on: date | str, bill_id: str) -> Key:
    """The key of a bill; its due date may be given as it is stored."""
    return hotline_key(account_pk(account_id), f"BILL#{due_on}#{bill_id}")


def reminders_key(account_id: str) -> Key:
    """The key of an account's choice whether it is reminded of bills."""
    return hotline_key(account_pk(account_id), "#REMINDERS")


def funds_key(account_id: str) -> Key:
    """The key under which the stored funds of an account live."""
    return hotline_key(account_pk(account_id), "#FUNDS")


def failures_query(account_id: str, *, since: datetime, until: datetime, limit: int) -> Query:
    """Movements that need attention and were begun in the span, newest first."""
    span = Between(f"FAILED#{to_text(since)}", f"FAILED#{to_text(until)}")
    pk = account_pk(account_id)
    return Query(Table.HOTLINE, pk, span, index=Index.ATTENTION, limit=limit, descending=True)


def movements_query(account_id: str, *, since: datetime, until: datetime, limit: int) -> Query:
    """All movements begun in the span, newest first. `~` sorts after every movement id of the last millisecond."""
    span = Between(f"MOVE#{to_text(since)}", f"MOVE#{to_text(until)}~")
    return Query(Table.HOTLINE, account_pk(account_id), span, limit=limit, descending=True)


def page_query(account_id: str, *, after: str | None, limit: int) -> Query:
    """All movements, newest first, behind the one with the sort key `after`."""
    start = {"PK": account_pk(account_id), "SK": after} if after is not None else None
    pk = account_pk(account_id)
    return Query(Table.HOTLINE, pk, Prefix("MOVE#"), limit=limit, descending=True, start_after=start)


def attention_query(account_id: str, *, after: str | None, limit: int) -> Query:
    """Movements that need attention, newest first, behind the one with the sort key `after`."""
    pk, start = account_pk(account_id), None
    if after is not None:
        begun = after.split("#", 2)[1]
        start = {"PK": pk, "SK": after, "attention_pk": pk, "attention_sk": f"FAILED#{begun}"}
    failed = Prefix("FAILED#")
    return Query(Table.HOTLINE, pk, failed, index=Index.ATTENTION, limit=limit, descending=True, start_after=start)


def pointers_query(account_id: str, tail: str, *, limit: int) -> Query:
    """Pointers whose order number ends in the digits."""
    return Query(Table.HOTLINE, account_pk(account_id), Prefix(f"TAIL#{tail[::-1]}"), limit=limit)


def bills_query(account_id: str, *, since: date, limit: int) -> Query:
    """Bills due on a day or later, paid or not, the earliest due date first. A consistent query on the table."""
    span = Between(f"BILL#{since.isoformat()}", "BILL#~")
    return Query(Table.HOTLINE, account_pk(account_id), span, limit=limit)


def bill_page_query(account_id: str, *, after: str | None, limit: int) -> Query:
    """All bills, the latest due date first, behind the one with the sort key `after`."""
    pk = account_pk(account_id)
    start = {"PK": pk, "SK": after} if after is not None else None
    return Query(Table.HOTLINE, pk, Prefix("BILL#"), limit=limit, descending=True, start_after=start)


def unpaid_query(account_id: str, *, after: str | None, limit: int) -> Query:
    """Bills that are not paid, the earliest due date first, behind the one with the sort key `after`."""
    pk, start = account_pk(account_id), None
    if after is not None:
        due_on = after.split("#", 2)[1]
        start = {"PK": pk, "SK": after, "attention_pk": pk, "attention_sk": f"BILL#{due_on}"}
    return Query(Table.HOTLINE, pk, Prefix("BILL#"), index=Index.ATTENTION, limit=limit, start_after=start)


def movement_item(movement: Movement) -> Item:
    """A movement as stored; in the attention index only while it needs attention."""
    item = ref_item(movement.ref) | {
        "status": movement.status.value,
        "money": movement.money.value,
        "instrument": _instrument_item(movement.instrument),
        "order": fact_version_item(movement.fact_version),
        "described": {name: fact_version_item(fact_version) for name, fact_version in movement.described.items()},
        "refundable_minor": movement.refundable_minor,
    }
    if movement.failure is not None:
        failure = movement.failure
        item["failure"] = {"scheme": failure.scheme, "scheme_code": failure.scheme_code}
        item["failure"] |= {"code": failure.code.value, "mapped": failure.mapped}
    if movement.needs_attention:
        item["attention_pk"] = account_pk(movement.ref.account_id)
        item["attention_sk"] = f"FAILED#{to_text(movement.ref.initiated_at)}"
    if movement.look_at is not None:
        item |= due_attributes(movement.movement_id, movement.look_at)
    return item | without_none(
        {
            "hold_asked": to_text(movement.hold_asked) if movement.hold_asked else None,
            "held_until": to_text(movement.held_until) if movement.held_until else None,
            "balance_after_minor": movement.balance_after_minor,
            "order_no": movement.order_no,
            "open_refund_id": movement.open_refund_id,
            "unpaid_refund_id": movement.unpaid_refund_id,
            "mixed_currencies": movement.mixed_currencies or None,
            "provider": movement.provider,
            "refund_count": movement.refund_count or None,
            "purchase": _purchase_item(movement.purchase) or None,
            "given_back_minor": movement.given_back_minor or None,
            "counterparty": movement.counterparty,
            "coupon": _coupon_item(movement.coupon) if movement.coupon is not None else None,
            **_times_item(movement),
            "return_looks": movement.return_looks or None,
            "expected_on": movement.expected_on.isoformat() if movement.expected_on else None,
            "arrived_at": to_text(movement.arrived_at) if movement.arrived_at else None,
        }
    )


def _times_item(movement: Movement) -> Item:
    """Since when the money is where it is, unless the one fact that is known says so."""
    told_at, now_at = movement.fact_version.time, movement.money_at
    since = {state.value: to_text(at) for state, at in now_at.items()} if now_at != {movement.money: told_at} else None
    in_vain = movement.in_vain_at
    is_same = in_vain is None or (movement.is_taken_in_vain and in_vain == told_at)
    return {"money_at": since, "in_vain_at": None if is_same or in_vain is None else to_text(in_vain)}


def _times_from(item: Mapping[str, Any]) -> dict[str, Any]:
    told_at, money = fact_version_from(item["order"]).time, MoneyState(item["money"])
    since = item.get("money_at")
    in_vain = told_at if taken_in_vain(MovementStatus(item["status"]), money) else None
    return {
        "money_at": {MoneyState(state): from_text(at) for state, at in since.items()} if since else {money: told_at},
        "in_vain_at": from_text(item["in_vain_at"]) if "in_vain_at" in item else in_vain,
    }


def movement_from(item: Mapping[str, Any]) -> Movement:
    """The movement of a stored item."""
    failure = item.get("failure")
    return Movement(
        ref=ref_from(item),
        status=MovementStatus(item["status"]),
        money=MoneyState(item["money"]),
        # Movements that were stored before the lists have their words as the wallet spelt them.
        instrument=_instrument_from(item["instrument"]),
        failure=_failure_from(failure) if failure else None,
        held_until=from_text(item["held_until"]) if "held_until" in item else None,
        balance_after_minor=item.get("balance_after_minor"),
        order_no=item.get("order_no"),
        fact_version=fact_version_from(item["order"]),
        described={name: fact_version_from(fact_version) for name, fact_version in item["described"].items()},
        refundable_minor=int(item["refundable_minor"]),
        open_refund_id=item.get("open_refund_id"),
        unpaid_refund_id=item.get("unpaid_refund_id"),
        mixed_currencies=bool(item.get("mixed_currencies", False)),
        hold_asked=from_text(item["hold_asked"]) if "hold_asked" in item else None,
        provider=item.get("provider"),
        refund_count=int(item.get("refund_count", 0)),
        purchase=_purchase_from(item.get("purchase", {})),
        given_back_minor=int(item.get("given_back_minor", 0)),
        counterparty=item.get("counterparty"),
        coupon=_coupon_from(item["coupon"]) if "coupon" in item else None,
        **_times_from(item),
        return_looks=int(item.get("return_looks", 0)),
        expected_on=date.fromisoformat(item["expected_on"]) if "expected_on" in item else None,
        arrived_at=from_text(item["arrived_at"]) if "arrived_at" in item else None,
    )


def ref_item(ref: MovementRef) -> Item:
    """The fields of a movement that never change, as stored in it and in its pointer; both end with it."""
    item: Item = {
        "account_id": ref.account_id,
        "movement_id": ref.movement_id,
        "kind": ref.kind.value,
        "initiated_at": to_text(ref.initiated_at),
        "amount": money_item(ref.amount),
        **record_end(ref.initiated_at),
    }
    if ref.merchant is not None:
        merchant = {"id": ref.merchant.id, "name": ref.merchant.name, "category": ref.merchant.category}
        item["merchant"] = without_none(merchant)
    return item | ({"twin": ref.twin} if ref.twin is not None else {})


def ref_from(item: Mapping[str, Any]) -> MovementRef:
    """The fields of a movement that never change, from the movement or its pointer."""
    merchant = item.get("merchant")
    return MovementRef(
        account_id=item["account_id"],
        movement_id=item["movement_id"],
        kind=MovementKind(item["kind"]),
        initiated_at=from_text(item["initiated_at"]),
        amount=money_from(item["amount"]),
        merchant=Merchant(merchant["id"], merchant["name"], merchant.get("category")) if merchant else None,
        twin=item.get("twin"),
    )


def group_key(account_id: str, merchant: Merchant, amount: Money) -> Key:
    """The partition in which the charges of one merchant, amount and currency stand together."""
    name = derive_id("same", merchant.id, str(amount.minor), amount.currency)
    return hotline_key(account_pk(account_id), f"SAME#{name}")


def group_item(account_id: str, charges: Sequence[Charge]) -> Item:
    """The charges of a group as stored; it ends with the newest of them."""
    kept = [without_none({"sk": one.sk, "order_no": one.order_no, "pointer": one.pointer}) for one in charges]
    return {"account_id": account_id, "charges": kept, **record_end(max(one.at for one in charges))}


def group_from(item: Mapping[str, Any] | None) -> tuple[Charge, ...]:
    """The charges of a stored group; none where there is no item."""
    charges = item["charges"] if item is not None else ()
    return tuple(
        Charge(one["sk"], from_text(one["sk"].split("#", 2)[1]), one.get("order_no"), one.get("pointer"))
        for one in charges
    )


def charge_of(movement: Movement) -> Charge:
    """A movement as its group keeps it."""
    pointer = pointer_key(movement)
    at = from_text(to_text(movement.ref.initiated_at))
    return Charge(movement.sk, at, movement.order_no, pointer.sk if pointer is not None else None)


def bill_item(bill: Bill, *, look_at: datetime | None) -> Item:
    """A bill as stored; in the attention index until it is paid. `look_at`: when to look whether to remind of it; of a
    paid bill nobody is reminded."""
    item: Item = {"account_id": bill.account_id, "bill_id": bill.bill_id, "due_on": bill.due_on.isoformat()}
    item |= {"biller": bill.biller, "amount": money_item(bill.amount), "paid": bill.paid}
    item |= {"order": fact_version_item(bill.fact_version), **record_end(datetime.combine(bill.due_on, time(), UTC))}
    item["issued_at"] = to_text(bill.issued_at)
    if bill.shown_within_days is not None:
        item["shown_within_days"] = bill.shown_within_days
    if bill.reminded:
        item["reminded"] = sorted(bill.reminded)
    if bill.paid_at is not None:
        item["paid_at"] = to_text(bill.paid_at)
    if not bill.paid:
        item |= {"attention_pk": account_pk(bill.account_id), "attention_sk": f"BILL#{bill.due_on.isoformat()}"}
        item |= due_attributes(bill.bill_id, look_at) if look_at is not None else {}
    return item


def look_at_from(item: Mapping[str, Any]) -> datetime | None:
    """The time to look at a stored bill; None where no reminder of it is left."""
    return from_text(item["due_sk"].partition("#")[0]) if "due_sk" in item else None


def bill_from(item: Mapping[str, Any]) -> Bill:
    """The bill of a stored item."""
    return Bill(
        account_id=item["account_id"],
        bill_id=item["bill_id"],
        due_on=date.fromisoformat(item["due_on"]),
        biller=item["biller"],
        amount=money_from(item["amount"]),
        paid=bool(item["paid"]),
        fact_version=(told := fact_version_from(item["order"])),
        # Of a bill that was stored before reminders, the latest fact is the only one that is known.
        issued_at=from_text(item["issued_at"]) if "issued_at" in item else told.time,
        shown_within_days=int(item["shown_within_days"]) if "shown_within_days" in item else None,
        reminded=frozenset(Offset(word) for word in item.get("reminded", ())),
        paid_at=from_text(item["paid_at"]) if "paid_at" in item else None,
    )


def funds_item(funds: Funds) -> Item:
    """Stored funds as stored."""
    item: Item = {"account_id": funds.account_id, "balance": money_item(funds.balance)}
    item |= {"accrued_interest": money_item(funds.accrued_interest), "as_of": to_text(funds.as_of)}
    if (day := funds.income_of_day) is not None:
        item["income_of_day"] = {"on": day.on.isoformat(), "amount": money_item(day.amount)}
    if (month := funds.income_of_month) is not None:
        item["income_of_month"] = {"month": month.month.isoformat(), "amount": money_item(month.amount)}
    if (product := funds.product) is not None:
        rate = {"on": product.rate.on.isoformat(), "annual_ppm": product.rate.annual_ppm} if product.rate else None
        item["product"] = without_none(
            {"kind": product.kind, "day_count": product.day_count, "rate": rate, "fund_day": _fund_day_item(product)}
        )
    return item | {"order": fact_version_item(funds.fact_version)}


def funds_from(item: Mapping[str, Any]) -> Funds:
    """The funds of a stored item."""
    return Funds(
        account_id=item["account_id"],
        balance=money_from(item["balance"]),
        accrued_interest=money_from(item["accrued_interest"]),
        as_of=from_text(item["as_of"]),
        fact_version=fact_version_from(item["order"]),
        income_of_day=DayIncome(date.fromisoformat(day["on"]), money_from(day["amount"]))
        if (day := item.get("income_of_day"))
        else None,
        income_of_month=MonthIncome(date.fromisoformat(month["month"]), money_from(month["amount"]))
        if (month := item.get("income_of_month"))
        else None,
        product=_product_from(product) if (product := item.get("product")) else None,
    )


def _fund_day_item(product: FundsProduct) -> Item | None:
    day = product.fund_day
    if day is None:
        return None
    return without_none({"on": day.on.isoformat(), "income_e4": day.income_e4, "seven_day_ppm": day.seven_day_ppm})


def _product_from(item: Mapping[str, Any]) -> FundsProduct:
    rate, day = item.get("rate"), item.get("fund_day")
    told = AnnualRate(date.fromisoformat(rate["on"]), int(rate["annual_ppm"])) if rate else None
    return FundsProduct(item["kind"], item.get("day_count"), told, _fund_day_from(day) if day else None)


def _fund_day_from(item: Mapping[str, Any]) -> FundDay:
    seven_days = item.get("seven_day_ppm")
    on = date.fromisoformat(item["on"])
    return FundDay(on, int(item["income_e4"]), None if seven_days is None else int(seven_days))


def fact_version_item(fact_version: FactVersion) -> Item:
    """A fact's place as stored."""
    return {"version": fact_version.version, "time": to_text(fact_version.time), "fact_id": fact_version.fact_id}


def fact_version_from(item: Mapping[str, Any]) -> FactVersion:
    """A fact's place from its stored form."""
    return FactVersion(int(item["version"]), from_text(item["time"]), item["fact_id"])


def money_item(money: Money) -> Item:
    """An amount as stored, and as contracts write it."""
    return {"minor": money.minor, "currency": money.currency}


def money_from(item: Mapping[str, Any]) -> Money:
    """The amount of a stored form."""
    return Money(int(item["minor"]), item["currency"])


def _instrument_item(instrument: Instrument) -> Item:
    funding = instrument.funding.value if instrument.funding is not None else None
    return without_none({**asdict(instrument), "funding": funding})


def _instrument_from(item: Mapping[str, Any]) -> Instrument:
    funding = CardFunding(item["funding"]) if "funding" in item else None
    return instrument_of(item["kind"], item.get("last4"), item.get("network"), funding)


def _coupon_item(coupon: Coupon) -> Item:
    amount = money_item(coupon.amount) if coupon.amount is not None else None
    told = {"applied": coupon.applied, "name": coupon.name, "amount": amount, "reason": coupon.reason}
    return without_none(told)


def _coupon_from(item: Mapping[str, Any]) -> Coupon:
    amount = money_from(item["amount"]) if "amount" in item else None
    return Coupon(bool(item["applied"]), item.get("name"), amount, item.get("reason"))


def _purchase_item(purchase: Purchase) -> Item:
    return without_none(
        {
            "succeeded_at": to_text(purchase.succeeded_at) if purchase.succeeded_at else None,
            "country": purchase.country,
            "sold_remotely": purchase.sold_remotely,
            "delivered_on": purchase.delivered_on.isoformat() if purchase.delivered_on else None,
            "return_waived": purchase.return_waived or None,
        }
    )


def _purchase_from(item: Mapping[str, Any]) -> Purchase:
    return Purchase(
        succeeded_at=from_text(item["succeeded_at"]) if "succeeded_at" in item else None,
        country=item.get("country"),
        sold_remotely=item.get("sold_remotely"),
        delivered_on=date.fromisoformat(item["delivered_on"]) if "delivered_on" in item else None,
        return_waived=bool(item.get("return_waived", False)),
    )


def _failure_from(item: Mapping[str, Any]) -> MovementFailure:
    return MovementFailure(item["scheme"], item["scheme_code"], FailureCode(item["code"]), bool(item["mapped"]))


def without_none(values: Mapping[str, Any]) -> Item:
    """The attributes that have a value."""
    return {name: value for name, value in values.items() if value is not None}

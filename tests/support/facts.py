"""Events of the wallet for tests: one valid sample of every type, and ways to make more."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from hotline.contracts.facts import FACTS
from hotline.contracts.model import VERSION_SUFFIX, Fact
from hotline.contracts.schemas import parse
from hotline.kit.clock import to_text

NOON: Final = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
ACCOUNT: Final = "acc_1"
PHONE: Final = "+447700900001"
OTHER_PHONE: Final = "+447700900002"
EMAIL: Final = "ada@customer.example"
_AMOUNT: Final = {"minor": 12850, "currency": "CNY"}
_SOURCE: Final = {"ip": "192.0.2.7", "device_id": "dev_1", "country": "CN", "lat": 31.2, "lon": 121.5, "network": "vpn"}
_MOVEMENT: Final[dict[str, Any]] = {
    "movement_id": "mov_1",
    "version": 1,
    "initiated_at": "2026-11-23T09:00:00.000Z",
    "order_no": "2026112300004711",
    "merchant": {"id": "mer_1", "name": "Tea House", "category": "food"},
    "counterparty": "Tea House Ltd",
    "amount": _AMOUNT,
    "instrument": {"kind": "card", "last4": "4242"},
    "failure": {"scheme": "iso8583", "code": "51", "message": "not sufficient funds"},
    "money": "none",
    "held_until": "2026-11-30T00:00:00.000Z",
    "balance_after_minor": 900,
    "provider": "wechat",
    "succeeded_at": "2026-11-23T09:00:01.000Z",
    "country": "CN",
    "sold_remotely": True,
    "delivered_on": "2026-11-25",
    "return_waived": False,
    "expected_on": "2026-11-27",
    "direction": "out",
    "counterparty_account": "acc_2",
}
_ARRIVED: Final = {"arrived_at": "2026-11-23T09:30:00.000Z"}
"""Only a withdrawal that has not failed arrives."""
_LOCK: Final = {"decision_id": "dec_1", "subject_version": 1, "cause": "RISK_SCORE", "until": "2026-11-24T12:00:00Z"}
_DESCRIBED: Final = {
    "version": 1,
    "language": "en-GB",
    "time_zone": "Europe/London",
    "name": "Ada Example",
    "contact_points": [
        {"kind": "phone", "value": PHONE, "confirmed_at": "2025-01-01T00:00:00Z"},
        {"kind": "email", "value": EMAIL, "confirmed_at": "2025-01-02T00:00:00Z", "shared": False},
    ],
    "two_step": False,
    "senior": True,
}
_SINGLE: Final[dict[str, dict[str, Any]]] = {
    "account.closed": {"version": 9},
    "account.erased": {"version": 10},
    "contact_point.changed": {
        "version": 2,
        "kind": "phone",
        "old": PHONE,
        "new": OTHER_PHONE,
        "confirmed_at": "2026-11-20T00:00:00Z",
        "reassigned": False,
    },
    "contact_point.sim_changed": {
        "version": 3,
        "kind": "phone",
        "value": PHONE,
        "changed_at": "2026-11-23T08:00:00Z",
    },
    "device.registered": {"device_id": "dev_1"},
    "password.changed": {"version": 3},
    "two_step.changed": {"version": 4, "two_step": True},
    "funds.balance_changed": {
        "version": 1,
        "balance": {"minor": 0, "currency": "CNY"},
        "accrued_interest": {"minor": 12, "currency": "CNY"},
        "as_of": "2026-11-23T00:00:00Z",
        "income_of_day": {"on": "2026-11-22", "amount": {"minor": 7, "currency": "CNY"}},
        "income_of_month": {"month": "2026-11", "amount": {"minor": 153, "currency": "CNY"}},
        "product": {
            "kind": "money_fund",
            "day_count": "act_365",
            "rate": {"on": "2026-11-22", "annual_ppm": 12340},
            "fund_day": {"on": "2026-11-22", "income_e4": 6123, "seven_day_ppm": 24370},
        },
    },
    "merchant.policy_published": {
        "merchant_id": "mer_1",
        "version": 1,
        "window_days": 30,
        "partial": True,
        "auto_approve_minor": 50000,
        "categories": ["gift_card"],
        "evidence_above_minor": 20000,
        "answer_days": 5,
    },
    "transaction.confirmed_fraud": {
        "movement_id": "mov_1",
        "confirmed_at": "2026-11-23T11:00:00Z",
        "counterparty": "Tea House Ltd",
        "merchant_id": "mer_1",
    },
    "dispute.decided": {
        "movement_id": "mov_1",
        "category": "fraud",
        "decided_for": "customer",
        "counterparty": "Tea House Ltd",
        "merchant_id": "mer_1",
    },
    "code.sent": {"purpose": "login"},
}
_FAMILIES: Final[dict[str, dict[str, Any]]] = {
    "Described": _DESCRIBED,
    "Login": {"attempt_id": "att_1", "source": _SOURCE, "kind": "password"},
    "Movement": _MOVEMENT,
    "Refund": {"refund_id": "ref_1", "movement_id": "mov_1", "version": 1, "amount": _AMOUNT, "reason": "returned"},
    "Lock": _LOCK,
    "Bill": {"bill_id": "bil_1", "version": 1, "biller": "City Power", "amount": _AMOUNT, "due_on": "2026-12-01"},
}


def sample_data(type_name: str) -> dict[str, Any]:
    """Valid data of a type (without version), with every optional field."""
    found = _SINGLE.get(type_name) or _FAMILIES[FACTS[type_name].__name__]
    arrives = type_name.startswith("withdrawal.") and type_name != "withdrawal.failed"
    return copy.deepcopy(found | _ARRIVED if arrives else found)


def event(
    type_name: str, data: Mapping[str, Any] | None = None, *, subject: str | None = None, **envelope: Any
) -> dict[str, Any]:
    """A CloudEvents object: the sample of the type with some data, and envelope fields, of one's own."""
    content = sample_data(type_name) | dict(data or {})
    own_subject = content["merchant_id"] if type_name == "merchant.policy_published" else ACCOUNT
    return {
        "specversion": "1.0",
        "id": f"evt_{type_name}",
        "source": "wallet",
        "type": type_name + VERSION_SUFFIX,
        "time": "2026-11-23T10:00:00.000Z",
        "subject": subject or own_subject,
        "data": content,
    } | envelope


def fact(type_name: str, data: Mapping[str, Any] | None = None, *, after_s: float = 0, **envelope: Any) -> Fact:
    """The fact of such an event; `after_s` counts seconds from an hour before noon, and makes the id."""
    at = NOON - timedelta(hours=1) + timedelta(seconds=after_s)
    return parse(event(type_name, data, **({"time": to_text(at), "id": f"evt_{type_name}_{after_s}"} | envelope)))


def bus_event(detail: Any) -> dict[str, Any]:
    """The event that EventBridge makes of a CloudEvents object."""
    detail_type = detail.get("type", "-") if isinstance(detail, Mapping) else "-"
    return {
        "version": "0",
        "id": "6a7e8feb-b491-4cf7-a9f1-bf3703467718",
        "detail-type": detail_type,
        "source": "wallet",
        "account": "111122223333",
        "time": "2026-11-23T10:00:01Z",
        "region": "eu-central-1",
        "resources": [],
        "detail": detail,
    }


def sqs_event(bodies: Iterable[str]) -> dict[str, Any]:
    """The event that Lambda gets from the facts queue; message ids are m1, m2, .."""
    return {
        "Records": [
            {
                "messageId": f"m{number}",
                "receiptHandle": f"handle-{number}",
                "body": body,
                "attributes": {"ApproximateReceiveCount": "1", "SentTimestamp": "1795428001000"},
                "messageAttributes": {},
                "md5OfBody": "-",
                "eventSource": "aws:sqs",
                "eventSourceARN": "arn:aws:sqs:eu-central-1:111122223333:facts",
                "awsRegion": "eu-central-1",
            }
            for number, body in enumerate(bodies, 1)
        ]
    }


def sqs_of(details: Iterable[Any]) -> dict[str, Any]:
    """A batch of the facts queue with these CloudEvents objects."""
    return sqs_event(json.dumps(bus_event(detail), ensure_ascii=False) for detail in details)

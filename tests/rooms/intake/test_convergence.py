"""Facts converge: whatever the order, however often, in whatever batches, the tables end up the same.

"They converge: the same facts in any order, late, any number of times give the same state." The whole table `hotline`
after the wallet_events function is compared, but for

- audit entries, the outbox, and the requests to the wallet in #LOCK (PATH): decisions are facts of the hotline's own. A
  lock that ran for a moment, because a later success was not known yet, was truly asked for and is told as such.
- `rev`, which counts writes.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any, Final

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from functions.wallet_events.batch import take_in
from hotline.contracts.facts import FACTS
from hotline.contracts.model import MovementKind
from hotline.kit.clock import to_text
from tests.support.facts import EMAIL, NOON, OTHER_PHONE, PHONE, event, sqs_of
from tests.support.intake_context import context, items

pytestmark = pytest.mark.soak

LARGE: Final = settings(suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
ACCOUNTS: Final = ("acc_a", "acc_b")
VALUES: Final = (PHONE, OTHER_PHONE, EMAIL)
PATH: Final = ("version", "applied_version", "asked", "placed", "opening", "due_pk", "due_sk")
DRAWN_APART: Final = (
    "account.opened", "account.updated", "contact_point.changed", "login.", "lock.", "pause.", "freeze.", "unfreeze.",
    *(f"{kind}." for kind in (*MovementKind, "refund")),
)  # fmt: skip
OTHERS: Final = tuple(name for name in FACTS if not name.startswith((*DRAWN_APART, "account.erased")))
"""Every type that has no strategy of its own. Erasure takes all away: tests/rooms/erasure."""
MERCHANT: Final = {"id": "mer_1", "name": "Tea House"}

versions = st.integers(1, 6)
times = st.integers(0, 600)
currencies = st.sampled_from(["CNY", "CNY", "CNY", "EUR"])
type Event = dict[str, Any]


def kind_of(value: str) -> str:
    return "phone" if value.startswith("+") else "email"


@st.composite
def contact_points(draw: st.DrawFn) -> list[dict[str, Any]]:
    values = draw(st.lists(st.sampled_from(VALUES), unique=True, max_size=3))
    return [
        {
            "kind": kind_of(value),
            "value": value,
            "confirmed_at": to_text(NOON - timedelta(days=draw(st.integers(1, 40)))),
            "shared": draw(st.booleans()),
        }
        for value in values
    ]


@st.composite
def described(draw: st.DrawFn) -> tuple[str, dict[str, Any]]:
    data = {"version": draw(versions), "contact_points": draw(contact_points()), "two_step": draw(st.booleans())}
    return draw(st.sampled_from(["account.opened", "account.updated"])), data


@st.composite
def point_changed(draw: st.DrawFn) -> tuple[str, dict[str, Any]]:
    new, old = draw(st.sampled_from(VALUES)), draw(st.none() | st.sampled_from(VALUES))
    if old is not None and kind_of(old) != kind_of(new):
        old = None
    confirmed_at = to_text(NOON - timedelta(days=draw(st.integers(1, 40))))
    data = {"version": draw(versions), "kind": kind_of(new), "old": old, "new": new, "confirmed_at": confirmed_at}
    if old is not None and draw(st.booleans()):
        data["new"] = None
    return "contact_point.changed", data | {"reassigned": draw(st.booleans())}


@st.composite
def movement(draw: st.DrawFn) -> tuple[str, dict[str, Any]]:
    number, status = draw(st.integers(1, 2)), draw(st.sampled_from(["authorised", "succeeded", "failed", "reversed"]))
    data = {
        "movement_id": f"mov_{number}",
        "initiated_at": f"2026-11-23T0{number}:00:00.000Z",
        "version": draw(versions),
        "merchant": draw(st.none() | st.just(MERCHANT)),
        "order_no": draw(st.none() | st.sampled_from(["ORDER-100001", "ORDER-200002"])),
        "failure": {"scheme": "iso8583", "code": "51"} if status == "failed" else None,
        "money": draw(st.sampled_from(["none", "held", "debited", "returned", "unknown"])),
        "amount": {"minor": 12850, "currency": draw(currencies)},
    }
    return f"payment.{status}", data


@st.composite
def refund(draw: st.DrawFn) -> tuple[str, dict[str, Any]]:
    number, minor = draw(st.integers(1, 2)), draw(st.sampled_from([100, 5000]))
    data = {
        "refund_id": f"ref_{number}",
        "movement_id": f"mov_{number}",
        "version": draw(versions),
        "amount": {"minor": minor, "currency": draw(currencies)},
    }
    return f"refund.{draw(st.sampled_from(['sent', 'settled', 'failed', 'returned']))}", data


@st.composite
def login(draw: st.DrawFn) -> tuple[str, dict[str, Any]]:
    outcome, number = draw(st.sampled_from(["failed", "failed", "failed", "succeeded"])), draw(st.integers(1, 9))
    # One attempt comes from one place, however often it is told.
    return f"login.{outcome}", {"attempt_id": f"att_{number}", "source": {"ip": f"192.0.2.{number % 2 + 1}"}}


@st.composite
def lock_told(draw: st.DrawFn) -> tuple[str, dict[str, Any]]:
    action = draw(
        st.sampled_from(["lock.applied", "lock.released", "pause.applied", "freeze.applied", "unfreeze.applied"])
    )
    cause = draw(st.sampled_from(["RISK_SCORE", "CUSTOMER_REQUEST", "TOO_MANY_PASSWORD", "a new one"]))
    until = draw(st.none() | st.just(to_text(NOON + timedelta(hours=1))))
    data = {"decision_id": f"wal_{draw(versions)}", "subject_version": draw(versions), "cause": cause, "until": until}
    return action, data


@st.composite
def other(draw: st.DrawFn) -> tuple[str, dict[str, Any]]:
    type_name = draw(st.sampled_from(OTHERS))
    without_version = type_name in ("device.registered", "transaction.confirmed_fraud")
    return type_name, {} if without_version else {"version": draw(versions)}


@st.composite
def facts(draw: st.DrawFn) -> list[Event]:
    """Facts of two accounts and a merchant; ids are unique, versions and times are not."""
    told = draw(
        st.lists(
            st.tuples(
                st.one_of(
                    described(),
                    point_changed(),
                    movement(),
                    movement(),
                    refund(),
                    login(),
                    login(),
                    lock_told(),
                    other(),
                ),
                st.sampled_from(ACCOUNTS),
                times,
            ),
            min_size=2,
            max_size=24,
        )
    )
    found = []
    for number, ((type_name, data), account_id, before_s) in enumerate(told):
        subject = None if type_name == "merchant.policy_published" else account_id
        at = to_text(NOON - timedelta(seconds=before_s))
        found.append(event(type_name, data, subject=subject, id=f"evt_{number}", time=at))
    return found


@st.composite
def batches(draw: st.DrawFn, events: Sequence[Event]) -> list[list[Event]]:
    """The events in another order, some of them again, cut into batches of up to ten."""
    repeated = draw(st.lists(st.sampled_from(events), max_size=8))
    order = draw(st.permutations([*events, *repeated]))
    cut, start = [], 0
    while start < len(order):
        size = draw(st.integers(1, 10))
        cut.append(list(order[start : start + size]))
        start += size
    return cut


def dump(sent: Sequence[Sequence[Event]]) -> dict[str, Any]:
    """The items of the table `hotline` after the batches."""
    ctx = context()
    for batch in sent:
        answer = take_in(sqs_of(batch), ctx)
        assert answer == {"batchItemFailures": []}
    # The audit trail and the count of facts that came before account.opened tell of the order by their nature.
    kept = {
        name: dict(item)
        for name, item in items(ctx).items()
        if " AUDIT#" not in name and not name.startswith("UNOPENED#")
    }
    for name, item in kept.items():
        for attribute in ("rev", *(PATH if name.endswith(" #LOCK") else ())):
            item.pop(attribute, None)
    return kept


@given(st.data())
@LARGE
def test_facts_give_the_same_tables_in_any_order_any_number_of_times_in_any_batches(data: st.DataObject) -> None:
    events = data.draw(facts())
    expected = dump([[told] for told in sorted(events, key=lambda told: (told["time"], told["id"]))])
    assert dump(data.draw(batches(events))) == expected


@given(st.data())
@LARGE
def test_facts_around_an_erasure_leave_nothing_personal_in_any_order(data: st.DataObject) -> None:
    events = [told for told in data.draw(facts()) if told["subject"] != ACCOUNTS[1]]
    erased = event("account.erased", {"version": 99}, subject=ACCOUNTS[0], id="erased", time=to_text(NOON))
    held = dump(data.draw(batches([*events, erased])))
    own = {name.split()[1] for name in held if name.startswith(f"ACCOUNT#{ACCOUNTS[0]} ")}
    assert "#LOCK" in own
    assert own & {"#PROFILE", "#ATTEMPTS", "#FUNDS", "#FACTORS"} == set()
    assert not [name for name in held if name.startswith("POINT#")]
    assert not [value for value in (*VALUES, "Ada", "192.0.2.") if value in str(held)]

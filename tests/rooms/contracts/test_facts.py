"""The contract of facts: what is taken, what is refused and by which word, limits at their edges."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from hotline.contracts import limits
from hotline.contracts.facts import FACTS
from hotline.contracts.model import (
    AccountDescribed,
    ContactPointChanged,
    Fact,
    FactRejected,
    FundsTold,
    LoginTried,
    MovementKind,
    MovementStatus,
    MovementTold,
    Rejection,
    SimChanged,
)
from hotline.contracts.schemas import parse, refuse_future
from hotline.kit.clock import to_text
from hotline.kit.money import Money
from tests.support.facts import ACCOUNT, EMAIL, PHONE, event, sample_data
from tests.support.sweeps import sweep

KEY_FIELDS = {
    "version", "subject_version", "movement_id", "initiated_at", "refund_id", "decision_id", "attempt_id", "device_id",
    "bill_id", "due_on", "as_of", "merchant_id",
}  # fmt: skip
OPTIONAL = {"senior",
    "order_no", "merchant", "counterparty", "failure", "held_until", "balance_after_minor", "expected_on", "arrived_at",
    "provider", "succeeded_at", "country", "sold_remotely", "delivered_on", "return_waived", "evidence_above_minor",
    "answer_days", "old", "new", "reassigned",
    "direction", "counterparty_account",
    "until", "reason", "income_of_day", "income_of_month", "product", "shown_within_days",
}  # fmt: skip


def why(detail: Any) -> tuple[Rejection, str]:
    with pytest.raises(FactRejected) as caught:
        parse(detail)
    return caught.value.reason, caught.value.field


@sweep("type_name", FACTS)
def test_the_sample_of_every_type_is_taken(type_name: str) -> None:
    fact = parse(event(type_name))
    assert (fact.type, fact.id, fact.source) == (type_name, f"evt_{type_name}", "wallet")


@sweep("type_name", FACTS)
def test_unknown_fields_are_ignored(type_name: str) -> None:
    extended = event(type_name, {"colour": "blue"}, datacontenttype="application/json", traceparent="00-1")
    assert parse(extended) == parse(event(type_name))


@sweep("type_name", FACTS)
def test_each_field_that_is_not_optional_is_needed_and_keys_are_named_as_keys(type_name: str) -> None:
    for field in sample_data(type_name):
        detail = event(type_name)
        del detail["data"][field]
        is_label = type_name in {"transaction.confirmed_fraud", "dispute.decided"}
        if field in OPTIONAL or (is_label and field == "merchant_id"):
            assert isinstance(parse(detail), Fact), field
        else:
            expected = Rejection.MISSING_KEY if field in KEY_FIELDS else Rejection.MISSING_FIELD
            assert why(detail) == (expected, f"data.{field}")


@sweep("field", ["id", "type", "time", "subject"])
def test_an_envelope_without_a_key_is_rejected_as_such(field: str) -> None:
    detail = event("account.closed")
    del detail[field]
    assert why(detail) == (Rejection.MISSING_KEY, field)


def test_a_missing_key_is_named_before_any_other_fault() -> None:
    detail = event("payment.failed", {"amount": {"minor": 0, "currency": "XXX"}})
    del detail["data"]["movement_id"]
    assert why(detail) == (Rejection.MISSING_KEY, "data.movement_id")


@sweep("detail", [None, 7, "text", [], {}, {"specversion": "0.3"}, {"id": "a", "type": "b"}])
def test_a_body_that_is_no_cloud_event_is_rejected(detail: Any) -> None:
    assert why(detail) == (Rejection.NOT_AN_EVENT, "-")


@sweep("type_text", ["account.opened", "account.opened.v2", "payment.lost.v1", "", "x" * 5000, ".v1"])
def test_a_type_that_the_hotline_does_not_know_is_named_so(type_text: str) -> None:
    assert why(event("account.closed", type=type_text)) == (Rejection.UNKNOWN_TYPE, "type")


def test_the_whole_account_is_read() -> None:
    data = parse(event("account.opened")).data
    assert isinstance(data, AccountDescribed)
    assert (data.version, data.language, data.time_zone, data.name) == (1, "en-GB", "Europe/London", "Ada Example")
    assert [point.value for point in data.contact_points] == [PHONE, EMAIL]
    assert data.contact_points[0].confirmed_at.isoformat() == "2025-01-01T00:00:00+00:00"


@sweep("kind", MovementKind)
@sweep("status", MovementStatus)
def test_kind_and_status_of_a_movement_come_from_its_type(kind: MovementKind, status: MovementStatus) -> None:
    data = parse(event(f"{kind}.{status}")).data
    assert isinstance(data, MovementTold)
    assert (data.kind, data.status, data.amount) == (kind, status, Money(12850, "CNY"))
    assert data.failure is not None
    assert (data.failure.scheme, data.failure.code) == ("iso8583", "51")


def test_a_login_tells_whether_it_succeeded_by_its_type() -> None:
    failed, succeeded = parse(event("login.failed")).data, parse(event("login.succeeded")).data
    assert isinstance(failed, LoginTried)
    assert isinstance(succeeded, LoginTried)
    assert (failed.succeeded, succeeded.succeeded) == (False, True)


def test_whole_numbers_are_good_coordinates() -> None:
    data = parse(event("login.failed", {"source": {"lat": 31, "lon": -180}})).data
    assert isinstance(data, LoginTried)
    assert (data.source.lat, data.source.lon, data.source.ip) == (31.0, -180.0, None)


@sweep("lat", [90.1, -90.1, float("nan"), float("inf"), True, "31"])
def test_odd_coordinates_are_rejected(lat: Any) -> None:
    assert why(event("login.failed", {"source": {"lat": lat}})) == (Rejection.BAD_VALUE, "data.source.lat")


# ---------------------------------------------------------------- amounts


@sweep(
    ("minor", "reason"),
    [
        (1, None),
        (0, Rejection.AMOUNT_NOT_POSITIVE),
        (-1, Rejection.AMOUNT_NOT_POSITIVE),
        (limits.INTEGER_MAX - 1, None),
        (limits.INTEGER_MAX, None),
        (limits.INTEGER_MAX + 1, Rejection.AMOUNT_OUT_OF_RANGE),
        (10**400, Rejection.AMOUNT_OUT_OF_RANGE),
        (1.0, Rejection.BAD_VALUE),
        ("1", Rejection.BAD_VALUE),
        (True, Rejection.BAD_VALUE),
        (None, Rejection.BAD_VALUE),
    ],
)
@sweep("type_name", ["payment.succeeded", "refund.sent", "bill.issued"])
def test_money_that_moves_is_a_positive_whole_number(type_name: str, minor: Any, reason: Rejection | None) -> None:
    detail = event(type_name, {"amount": {"minor": minor, "currency": "CNY"}})
    if reason is None:
        assert getattr(parse(detail).data, "amount", None) == Money(minor, "CNY")
    else:
        assert why(detail) == (reason, "data.amount.minor")


@sweep("minor", [-limits.INTEGER_MAX, -1, 0, limits.INTEGER_MAX])
def test_a_balance_may_be_zero_or_negative(minor: int) -> None:
    data = parse(event("funds.balance_changed", {"balance": {"minor": minor, "currency": "EUR"}})).data
    assert isinstance(data, FundsTold)
    assert data.balance == Money(minor, "EUR")


def test_a_balance_beyond_the_range_is_rejected() -> None:
    balance = {"minor": -limits.INTEGER_MAX - 1, "currency": "EUR"}
    detail = event("funds.balance_changed", {"balance": balance})
    assert why(detail) == (Rejection.AMOUNT_OUT_OF_RANGE, "data.balance.minor")


@sweep("currency", ["cny", "CN", "CNYY", "XXX", "XAU", "BTC", "", "¥", "DEM"])
def test_only_currencies_in_circulation_are_taken(currency: str) -> None:
    amount = {"minor": 1, "currency": currency}
    assert why(event("payment.failed", {"amount": amount})) == (Rejection.BAD_CURRENCY, "data.amount.currency")


# ---------------------------------------------------------------- texts, ids, lists


@sweep(
    ("type_name", "path", "limit"),
    [
        ("account.opened", "name", limits.NAME_CHARACTERS_MAX),
        ("payment.failed", "merchant.name", limits.NAME_CHARACTERS_MAX),
        ("payment.failed", "merchant.category", limits.WORD_CHARACTERS_MAX),
        ("payment.failed", "counterparty", limits.NAME_CHARACTERS_MAX),
        ("payment.failed", "failure.message", limits.NOTE_CHARACTERS_MAX),
        ("payment.failed", "failure.code", limits.WORD_CHARACTERS_MAX),
        ("payment.failed", "order_no", limits.WORD_CHARACTERS_MAX),
        ("payment.failed", "movement_id", limits.ID_CHARACTERS_MAX),
        ("bill.issued", "biller", limits.NAME_CHARACTERS_MAX),
        ("lock.applied", "cause", limits.WORD_CHARACTERS_MAX),
        ("refund.sent", "reason", limits.NOTE_CHARACTERS_MAX),
    ],
)
def test_texts_are_refused_beyond_their_limit_and_only_there(type_name: str, path: str, limit: int) -> None:
    for characters in (limit - 1, limit):
        parse(_with(event(type_name), path, "7" * characters))
    assert why(_with(event(type_name), path, "7" * (limit + 1))) == (Rejection.TOO_LONG, f"data.{path}")


def _with(detail: dict[str, Any], path: str, value: Any) -> dict[str, Any]:
    *parents, last = path.split(".")
    place = detail["data"]
    for parent in parents:
        place = place[parent]
    place[last] = value
    return detail


@pytest.mark.parametrize(("field", "limit"), [("id", limits.ID_CHARACTERS_MAX), ("subject", 64)])
def test_ids_of_the_envelope_are_refused_beyond_their_limit(field: str, limit: int) -> None:
    for characters in (limit - 1, limit):
        parse(event("account.closed") | {field: "a" * characters})
    assert why(event("account.closed") | {field: "a" * (limit + 1)}) == (Rejection.TOO_LONG, field)


@sweep("text", ["a#b", "a b", "", "+447700900001", "-a", "a\n", "ä", "a\x00"])
def test_ids_cannot_break_a_key_and_cannot_be_phone_numbers(text: str) -> None:
    assert why(event("account.closed", id=text)) == (Rejection.BAD_VALUE, "id")
    assert why(event("payment.failed", {"movement_id": text})) == (Rejection.BAD_VALUE, "data.movement_id")


def test_markup_in_a_name_is_kept_as_data() -> None:
    data = parse(event("account.opened", {"name": "<speak>&amp; </prosody>王"})).data
    assert isinstance(data, AccountDescribed)
    assert data.name == "<speak>&amp; </prosody>王"


def test_control_characters_in_a_name_become_spaces() -> None:
    data = parse(event("account.opened", {"name": "Ada\x0b\x00\nExample\u2028"})).data
    assert isinstance(data, AccountDescribed)
    assert data.name == "Ada Example"


def test_text_that_is_no_unicode_is_refused() -> None:
    assert why(event("account.opened", {"name": "\ud800"})) == (Rejection.BAD_TEXT, "data.name")


def test_contact_points_are_at_most_five() -> None:
    def points(count: int) -> list[dict[str, str]]:
        return [
            {"kind": "phone", "value": f"+44770090000{n}", "confirmed_at": "2026-01-01T00:00:00Z"} for n in range(count)
        ]

    for count in (0, limits.CONTACT_POINTS_MAX - 1, limits.CONTACT_POINTS_MAX):
        parse(event("account.opened", {"contact_points": points(count)}))
    too_many = event("account.opened", {"contact_points": points(limits.CONTACT_POINTS_MAX + 1)})
    assert why(too_many) == (Rejection.TOO_LONG, "data.contact_points")


def test_categories_of_a_policy_are_at_most_fifty() -> None:
    for count in (limits.CATEGORIES_MAX - 1, limits.CATEGORIES_MAX):
        parse(event("merchant.policy_published", {"categories": ["a"] * count}))
    too_many = event("merchant.policy_published", {"categories": ["a"] * (limits.CATEGORIES_MAX + 1)})
    assert why(too_many) == (Rejection.TOO_LONG, "data.categories")


@sweep(
    ("window_days", "good"),
    [(-1, False), (0, True), (limits.WINDOW_DAYS_MAX, True), (limits.WINDOW_DAYS_MAX + 1, False)],
)
def test_the_window_of_a_policy_is_ten_years_at_most(window_days: int, good: bool) -> None:
    detail = event("merchant.policy_published", {"window_days": window_days})
    if good:
        parse(detail)
    else:
        assert why(detail) == (Rejection.BAD_VALUE, "data.window_days")


@sweep("version", [0, -1, limits.INTEGER_MAX + 1, "1", 1.0, True])
def test_versions_are_positive_whole_numbers(version: Any) -> None:
    assert why(event("account.closed", {"version": version})) == (Rejection.BAD_VALUE, "data.version")


# ---------------------------------------------------------------- times


@sweep(
    "text",
    [
        "2026-11-23T10:00:00", "2026-11-23", "20261123T100000Z", "2026-11-23 10:00:00Z", "2026-W47-1T10:00:00Z",
        "2026-02-30T10:00:00Z", "2026-11-23T25:00:00Z", "1999-12-31T23:59:59Z", "2200-01-01T00:00:00Z",
        "0001-01-01T00:00:00+14:00", "now", "", 1795428000, None, True,
        "\uff12026-11-23T10:00:00Z",
    ],
)  # fmt: skip
def test_times_have_an_offset_and_a_sensible_year(text: Any) -> None:
    assert why(event("account.closed", time=text)) == (Rejection.BAD_TIME, "time")


@sweep(
    "text", ["2000-01-01T00:00:00Z", "2199-12-31T23:59:59.999Z", "2026-11-23t10:00:00z", "2026-11-23T18:00:00.5+08:00"]
)
def test_good_times_are_kept_as_utc(text: str) -> None:
    time = parse(event("account.closed", time=text)).time
    assert time.utcoffset() is not None
    assert time.tzname() == "UTC"


@sweep("day", ["2026-11-31", "2026-11-23T00:00:00Z", "20261123", "1999-12-31", 5, None])
def test_days_are_days(day: Any) -> None:
    assert why(event("bill.issued", {"due_on": day})) == (Rejection.BAD_TIME, "data.due_on")


# ---------------------------------------------------------------- contact points


@sweep(
    "value",
    ["07700900001", "+0447700900001", "+44", "+4477009000011234", "00447700900001", "+44 7700 900001", "ada", "a@b",
     "a b@c.example", "a@b@c.example", "<a@b.example>", f"{'a' * 65}@b.example", f"{'a' * 60}@{'b' * 190}.example"],
)  # fmt: skip
def test_a_text_that_is_neither_a_number_nor_an_address_is_refused(value: str) -> None:
    for kind in ("phone", "email"):
        points = [{"kind": kind, "value": value, "confirmed_at": "2026-01-01T00:00:00Z"}]
        reason, field = why(event("account.opened", {"contact_points": points}))
        assert (reason, field) == (Rejection.BAD_CONTACT_POINT, "data.contact_points.0.value")


@pytest.mark.parametrize(("kind", "value"), [("phone", EMAIL), ("email", PHONE)])
def test_kind_and_value_of_a_contact_point_go_together(kind: str, value: str) -> None:
    points = [{"kind": kind, "value": value, "confirmed_at": "2026-01-01T00:00:00Z"}]
    refused = why(event("account.opened", {"contact_points": points}))
    assert refused == (Rejection.BAD_CONTACT_POINT, "data.contact_points.0.value")
    for name, other in (("old", "new"), ("new", "old")):
        changed = event("contact_point.changed", {"kind": kind, other: None, name: value})
        assert why(changed) == (Rejection.BAD_CONTACT_POINT, f"data.{name}")


def test_a_contact_point_is_listed_once() -> None:
    points = [
        {"kind": "email", "value": value, "confirmed_at": "2026-01-01T00:00:00Z"} for value in (EMAIL, EMAIL.upper())
    ]
    assert why(event("account.opened", {"contact_points": points})) == (
        Rejection.BAD_CONTACT_POINT,
        "data.contact_points",
    )


def test_the_domain_of_an_address_is_written_small() -> None:
    data = parse(event("contact_point.changed", {"kind": "email", "old": None, "new": "Ada@Customer.EXAMPLE"})).data
    assert isinstance(data, ContactPointChanged)
    assert data.new == "Ada@customer.example"


def test_a_change_of_no_contact_point_is_refused() -> None:
    detail = event("contact_point.changed", {"old": None, "new": None})
    assert why(detail) == (Rejection.MISSING_FIELD, "data.new")


def test_a_sim_belongs_to_a_number() -> None:
    data = parse(event("contact_point.sim_changed")).data
    assert isinstance(data, SimChanged)
    assert (data.version, data.value, data.changed_at.hour) == (3, PHONE, 8)
    address = event("contact_point.sim_changed", {"value": EMAIL})
    assert why(address) == (Rejection.BAD_CONTACT_POINT, "data.value")
    assert why(event("contact_point.sim_changed", {"kind": "email"})) == (Rejection.BAD_VALUE, "data.kind")


# ---------------------------------------------------------------- others


def test_a_policy_speaks_of_its_own_subject() -> None:
    assert why(event("merchant.policy_published", subject="mer_2")) == (Rejection.SUBJECT_MISMATCH, "subject")


@sweep(
    ("type_name", "path", "value"),
    [
        ("payment.failed", "money", "gone"),
        ("payment.failed", "instrument.last4", "42424242"),
        ("login.failed", "kind", "face"),
        ("login.failed", "source.country", "China"),
        ("account.opened", "two_step", "yes"),
        ("account.opened", "language", "Chinese (simplified)"),
        ("account.opened", "time_zone", "../../etc/passwd"),
        ("account.opened", "contact_points", {}),
    ],
)
def test_values_outside_their_list_are_refused(type_name: str, path: str, value: Any) -> None:
    assert why(_with(event(type_name), path, value)) == (Rejection.BAD_VALUE, f"data.{path}")


def test_a_rejection_repeats_no_value() -> None:
    detail = event("account.opened", {"name": "Ada" * 100}, id=PHONE, subject=PHONE)
    with pytest.raises(FactRejected) as caught:
        parse(detail)
    told = f"{caught.value!r} {caught.value} {caught.value.facts} {caught.value.fact_id} {caught.value.field}"
    assert "Ada" not in told
    assert PHONE not in told
    assert caught.value.__cause__ is None
    assert caught.value.__suppress_context__


def test_a_rejected_fact_is_named_by_type_and_id_when_they_look_like_it() -> None:
    with pytest.raises(FactRejected) as caught:
        parse(event("account.opened", {"version": 0}))
    assert (caught.value.fact_type, caught.value.fact_id) == ("account.opened.v1", "evt_account.opened")
    assert ACCOUNT not in str(caught.value)


@sweep("type_name", [name for name in FACTS if FACTS[name].__name__ == "Movement"])
def test_only_a_withdrawal_that_has_not_failed_arrives_and_not_before_it_began(type_name: str) -> None:
    began = sample_data(type_name)["initiated_at"]
    kind, status = type_name.split(".")
    refused = (Rejection.BAD_VALUE, "data.arrived_at")
    if kind == "withdrawal" and status != "failed":
        assert isinstance(parse(event(type_name, {"arrived_at": began})).data, MovementTold)
    else:
        assert why(event(type_name, {"arrived_at": began})) == refused
    assert why(event(type_name, {"arrived_at": "2026-11-23T08:59:59.999Z"})) == refused


@pytest.mark.parametrize(("later_s", "is_taken"), [(300, True), (301, False)])
def test_no_withdrawal_has_arrived_tomorrow(later_s: int, is_taken: bool) -> None:
    now = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
    detail = event("withdrawal.succeeded", {"arrived_at": to_text(now + timedelta(seconds=later_s))})
    if is_taken:
        refuse_future(parse(detail), detail, now)
        return
    with pytest.raises(FactRejected) as caught:
        refuse_future(parse(detail), detail, now)
    assert (caught.value.reason, caught.value.field) == (Rejection.FUTURE_TIME, "data.arrived_at")

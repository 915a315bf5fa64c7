"""Guesses of strangers end at most the strangers' way in, never a factor for its owner.

Requirements: OWASP ASVS 5.0, 6.1.1 (no limit can be used to lock the owner out), 6.3.8 (a caller without a code learns
nothing). NIST SP 800-63B 3.2.2 (at most 100 consecutive failures). docs/security.md has the figures of these attackers.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Final

import pytest

from hotline.contracts.model import ContactPointChanged, Fact, PointKind
from hotline.identity.items import point_key
from hotline.identity.policy import CODE_TRIES, CODES_PER_QUARTER_HOUR, WRONG_IN_A_ROW, WRONG_PER_DAY
from hotline.identity.ways import Way, way_of
from hotline.kit.doors import Context
from hotline.kit.ids import RandomIds
from hotline.kit.limits import WRONG_CODES_MAX, TrafficLimits
from hotline.kit.store import Update
from hotline.sessions.items import session_key
from hotline.sessions.model import SessionKind
from hotline_local.testing.memory_store import MemoryStore
from hotline_local.testing.virtual_clock import VirtualClock
from tests.support.api_client import Client, Postbox
from tests.support.old_pin import age_pin
from tests.support.phone import TRAFFIC, Phone, context, give, opened, words

START: Final = datetime(2026, 11, 23, 12, 0, 20, tzinfo=UTC)
ACCOUNT, PIN, NEW_PIN = "acct-guessed", "482137", "750264"
NUMBER, MAIL = "+8613800000001", "guessed@customer.example"
NOBODYS, NOBODYS_MAIL = "+8613900000009", "nobody@customer.example"
FRIENDS: Final = "+8613700000007"
DAYS: Final = 13
"""So long eight wrong codes a day make a hundred of them."""
MANY_MESSAGES: Final = TrafficLimits(messages_max=1_000, messages_per_prefix_max=1_000)
type Attack = Callable[[Context], None]


def town(days_ago: int = DAYS, *, limits: TrafficLimits = TRAFFIC) -> Context:
    """A customer with a phone, an address and a PIN."""
    clock = VirtualClock(START - timedelta(days=days_ago))
    ctx = replace(context(MemoryStore(clock), clock, limits=limits), ids=RandomIds())
    points = ((PointKind.PHONE, NUMBER), (PointKind.EMAIL, MAIL))
    give(ctx, [opened(ACCOUNT, *points, at=START - timedelta(days=365))])
    choose_pin(ctx, PIN)
    return ctx


def clock_of(ctx: Context) -> VirtualClock:
    assert isinstance(ctx.clock, VirtualClock)
    return ctx.clock


def choose_pin(ctx: Context, pin: str) -> None:
    client = app(ctx)
    client.prove("set_pin", "email")
    assert client.ask("PUT", "/v1/me/pin", body={"pin": pin}).status == 200
    age_pin(ctx.store, ACCOUNT)


def app(ctx: Context) -> Client:
    """The customer, who has just signed in."""
    return Client(ctx, ACCOUNT, sign_in=ctx.ids.new("sid"), signed_in_at=ctx.clock.now())


def calling(ctx: Context, number: str | None, about: str | None = None) -> Phone:
    phone = Phone(ctx, number, contact_id=ctx.ids.new("contact"))
    phone.press("start")
    phone.press("set_language", language="en-US")
    if about is not None:
        assert phone.press("identify", phone=about)["outcome"] == "TAKEN"
    return phone


def anybody(ctx: Context) -> Client:
    return Client(ctx, None)


def recovery(ctx: Context, value: str) -> str:
    """The id of a recovery that somebody without a token has asked for, once it is begun."""
    contact = {"kind": "email" if "@" in value else "phone", "value": value}
    asked = anybody(ctx).ask("POST", "/v1/recoveries", body={"contact": contact, "goal": "unlock"})
    assert asked.status == 202, asked
    Postbox(ctx).work()
    return str(asked.json["id"])


def enter(ctx: Context, recovery_id: str, code: str) -> int:
    return anybody(ctx).ask("POST", f"/v1/recoveries/{recovery_id}/codes", body={"code": code}).status


def code_of(ctx: Context, recovery_id: str) -> str:
    """The code that was sent for a recovery; for a decoy, the one that would have been."""
    stored = ctx.store.get(session_key(recovery_id, SessionKind.RECOVERY))
    assert stored is not None
    return anybody(ctx).code(stored["challenge"]["id"])


def recovers(ctx: Context, value: str) -> bool:
    """Whether a recovery with the right code proves something."""
    recovery_id = recovery(ctx, value)
    return enter(ctx, recovery_id, code_of(ctx, recovery_id)) == 200


def other(code: str, number: int) -> str:
    return f"{(int(code) + 1 + number) % 10**6:06d}"


def guessing_recoveries(ctx: Context) -> None:
    """A day's wrong codes of recoveries, to the phone and to the address."""
    for value in (NUMBER, MAIL):
        for _ in range(CODES_PER_QUARTER_HOUR):
            recovery_id = recovery(ctx, value)
            for number in range(CODE_TRIES):
                enter(ctx, recovery_id, f"{number:06d}")
        # Another limit slows strangers down, and comes to an end.
        clock_of(ctx).advance(timedelta(minutes=15))


def guessing_calls(ctx: Context) -> None:
    """The same on the phone, from a number that is withheld, with the customer's keyed in."""
    for method in ("sms", "email"):
        phone = calling(ctx, None, NUMBER)
        for _ in range(CODES_PER_QUARTER_HOUR):
            assert phone.press("send_code", method=method, goal="unlock")["outcome"] == "SENT"
            for number in range(CODE_TRIES):
                phone.press("check_code", code=other(phone.code, number))
        clock_of(ctx).advance(timedelta(minutes=15))


def guessing_pins(ctx: Context) -> None:
    """A day's wrong PINs, from a number that is withheld."""
    phone = calling(ctx, None, NUMBER)
    for number in range(WRONG_PER_DAY):
        phone.press("check_pin", pin=f"{900_000 + number}")


def guessing_from_own_number(ctx: Context) -> None:
    """A day's wrong codes and PINs from the customer's own number, faked."""
    for method in ("sms", "email"):
        phone = calling(ctx, NUMBER)
        for _ in range(CODES_PER_QUARTER_HOUR):
            if phone.press("send_code", method=method, goal="unlock")["outcome"] == "SENT":
                for number in range(CODE_TRIES):
                    phone.press("check_code", code=other(phone.code, number))
    phone = calling(ctx, NUMBER)
    for number in range(WRONG_PER_DAY):
        phone.press("check_pin", pin=f"{900_000 + number}")


def besieged(attack: Attack, days: int = DAYS) -> Context:
    """The town after so many days of an attack, a day after the last guess."""
    ctx = town(days)
    for _ in range(days):
        attack(ctx)
        clock_of(ctx).advance(timedelta(days=1))
    return ctx


def owners_factors(ctx: Context, number: str = NUMBER) -> dict[str, str]:
    """The outcome of each factor, each in a call of its own from the customer's phone."""
    found = {}
    for method in ("sms", "email"):
        phone = calling(ctx, number)
        asked = phone.press("send_code", method=method, goal="unlock")["outcome"]
        found[method] = phone.press("check_code", code=phone.code)["outcome"] if asked == "SENT" else asked
    found["pin"] = calling(ctx, number).press("check_pin", pin=PIN)["outcome"]
    return found


ALL_PROVED: Final = {"sms": "PROVED", "email": "PROVED", "pin": "PROVED"}
STRANGERS: Final = [guessing_recoveries, guessing_calls, guessing_pins]


def named(attack: Attack) -> str:
    return attack.__name__


# ---------------------------------------------------------------- the owner's factors


@pytest.mark.parametrize("attack", STRANGERS, ids=named)
def test_thirteen_days_of_strangers_guesses_end_no_factor_on_the_owners_phone(attack: Attack) -> None:
    """312 requests without a token, or 13 calls from a withheld number."""
    assert owners_factors(besieged(attack)) == ALL_PROVED


@pytest.mark.parametrize("attack", STRANGERS, ids=named)
def test_a_days_guesses_of_strangers_block_no_factor_on_the_owners_phone_the_same_day(attack: Attack) -> None:
    ctx = town(1)
    attack(ctx)
    assert owners_factors(ctx) == ALL_PROVED


@pytest.mark.parametrize("method", ["sms", "email"])
@pytest.mark.parametrize("attack", [*STRANGERS, guessing_from_own_number], ids=named)
def test_a_signed_in_customer_proves_whatever_happened_by_phone_and_by_recovery(attack: Attack, method: str) -> None:
    ctx = besieged(attack)
    attack(ctx)
    assert app(ctx).prove("unlock", method).status == 200
    client = app(ctx)
    asked = client.ask("POST", "/v1/challenges", body={"operation": "unlock", "method": "pin"}).json["id"]
    assert client.enter(asked, PIN).status == 200


def test_a_call_that_has_proved_a_factor_proves_the_others_whatever_was_guessed_from_that_number() -> None:
    ctx = town(1)
    phone = calling(ctx, NUMBER)
    phone.prove("email", "unlock")
    guessing_from_own_number(ctx)
    assert phone.press("check_pin", pin=PIN)["outcome"] == "PROVED"
    phone.press("choose_account")
    assert phone.prove("sms", "unlock")["outcome"] == "CHOSEN"


def test_a_number_that_can_be_faked_has_a_bound_of_its_own() -> None:
    ctx = town(1)
    guessing_from_own_number(ctx)
    assert owners_factors(ctx) == {"sms": "LIMITED", "email": "LIMITED", "pin": "SPENT"}
    clock_of(ctx).advance(timedelta(days=1))
    assert owners_factors(ctx) == ALL_PROVED


# ---------------------------------------------------------------- the strangers' way in


def test_thirteen_days_of_wrong_recoveries_end_the_recovery_and_nobody_is_told() -> None:
    ctx = besieged(guessing_recoveries)
    for value in (NUMBER, MAIL):
        assert not recovers(ctx, value)
        post = Postbox(ctx)
        post.work()
        assert post.sent == [], "no code goes there"
    heard = {}
    for about in (NUMBER, NOBODYS):
        phone = calling(ctx, None, about)
        for method in ("sms", "email"):
            phone.press("send_code", method=method, goal="look")
            phone.press("check_code", code=phone.code if about == NUMBER else other(phone.code, 0))
        heard[about] = [(said["outcome"], words(said)) for said in phone.answers]
    assert heard[NUMBER] == heard[NOBODYS]


def with_row(ctx: Context, name: str, row: int) -> None:
    """Store that so many wrong ones came in a row, the last one two days ago."""
    call = calling(ctx, NUMBER).state
    assert call.calling is not None
    key = point_key(call.calling.point)
    stored = ctx.store.get(key)
    assert stored is not None
    at = (ctx.clock.now() - timedelta(days=2)).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    counters = {**stored.get("counters", {}), name: {"sent": [], "wrong": [at], "wrong_in_a_row": row}}
    ctx.store.transact([Update(key, set={"counters": counters})], token=ctx.ids.new("tx"))


@pytest.mark.parametrize("off", [-1, 0, 1])
def test_a_hundred_in_a_row_end_the_way_by_which_they_came_and_no_other(off: int) -> None:
    ended = off >= 0
    for counter in ("stranger", "own_number"):
        ctx = town(1)
        with_row(ctx, f"sms/{counter}", WRONG_IN_A_ROW + off)
        told = calling(ctx, NUMBER).press("send_code", method="sms", goal="look")["outcome"]
        assert told == ("LIMITED" if ended and counter == "own_number" else "SENT")
        keyed_in = calling(ctx, None, NUMBER)
        assert keyed_in.press("send_code", method="sms", goal="look")["outcome"] == "SENT", "strangers are not told"
        assert keyed_in.challenge.decoy is (ended and counter == "stranger")


# ---------------------------------------------------------------- the row begins anew


def proof_by_another_factor(ctx: Context) -> None:
    assert calling(ctx, NUMBER).prove("email")["outcome"] == "CHOSEN"


def proof_by_the_pin(ctx: Context) -> None:
    assert calling(ctx, NUMBER).press("check_pin", pin=PIN)["outcome"] == "PROVED"


def proof_in_the_app(ctx: Context) -> None:
    assert app(ctx).prove("unlock", "email").status == 200


def confirmation(ctx: Context) -> None:
    confirmed = ContactPointChanged(7, PointKind.PHONE, None, NUMBER, ctx.clock.now(), reassigned=False)
    give(ctx, [Fact("again", "contact_point.changed", "wallet", ctx.clock.now(), ACCOUNT, confirmed)])


@pytest.mark.parametrize(
    "event",
    [proof_by_another_factor, proof_by_the_pin, proof_in_the_app, confirmation],
    ids=lambda event: event.__name__,
)
@pytest.mark.parametrize("counter", ["stranger", "own_number"])
def test_a_row_begins_anew_by_proof_and_by_a_point_confirmed_again(counter: str, event: Attack) -> None:
    ctx = town(1)
    with_row(ctx, f"sms/{counter}", WRONG_IN_A_ROW)
    assert recovers(ctx, NUMBER) is (counter != "stranger")
    with_row(ctx, f"sms/{counter}", WRONG_IN_A_ROW)
    clock_of(ctx).advance(timedelta(minutes=16))
    event(ctx)
    clock_of(ctx).advance(timedelta(minutes=16))
    assert recovers(ctx, NUMBER)
    assert calling(ctx, NUMBER).prove("sms")["outcome"] == "CHOSEN"


def test_fourteen_calls_from_a_withheld_number_end_neither_the_pin_nor_a_new_one() -> None:
    ctx = besieged(guessing_pins, DAYS + 1)
    keyed_in = calling(ctx, None, NUMBER)
    assert keyed_in.press("check_pin", pin=PIN)["outcome"] == "WRONG", "that way has ended"
    assert calling(ctx, NUMBER).press("check_pin", pin=PIN)["outcome"] == "PROVED"
    guessing_pins(ctx)
    choose_pin(ctx, NEW_PIN)
    clock_of(ctx).advance(timedelta(days=1))
    for about in (None, NUMBER):
        phone = calling(ctx, NUMBER if about is None else None, about)
        assert phone.press("check_pin", pin=NEW_PIN)["outcome"] == "PROVED"


def test_a_new_pin_leaves_the_wrong_ones_of_the_day_counted() -> None:
    ctx = town(1)
    guessing_pins(ctx)
    clock_of(ctx).advance(timedelta(minutes=16))
    choose_pin(ctx, NEW_PIN)
    assert calling(ctx, None, NUMBER).press("check_pin", pin=NEW_PIN)["outcome"] == "SPENT"


# ---------------------------------------------------------------- the pace


def anonymous_wrong_codes(ctx: Context) -> None:
    """44 requests without a token: eleven recoveries, each with three wrong codes."""
    for place in range(11):
        number = f"+86137000000{place:02d}"
        give(ctx, [opened(f"acct-{place}", (PointKind.PHONE, number), at=START - timedelta(days=365))])
        recovery_id = recovery(ctx, number)
        for guess in range(3):
            enter(ctx, recovery_id, other(code_of(ctx, recovery_id), guess))


def test_wrong_codes_of_recoveries_slow_recoveries_only() -> None:
    ctx = town(1)
    anonymous_wrong_codes(ctx)
    phone = calling(ctx, NUMBER)
    phone.press("send_code", method="sms", goal="look")
    assert phone.challenge.tries_left == CODE_TRIES
    client = app(ctx)
    asked = client.ask("POST", "/v1/challenges", body={"operation": "unlock", "method": "sms"}).json["id"]
    refused = client.enter(asked, other(client.code(asked), 0))
    assert (refused.code, refused.json["tries_left"]) == ("wrong_code", CODE_TRIES - 1)
    keyed_in = calling(ctx, FRIENDS, NUMBER)
    keyed_in.press("send_code", method="email", goal="look")
    assert keyed_in.challenge.tries_left == CODE_TRIES, "nor who calls from another phone"
    recovery_id = recovery(ctx, NUMBER)
    enter(ctx, recovery_id, other(code_of(ctx, recovery_id), 0))
    assert enter(ctx, recovery_id, code_of(ctx, recovery_id)) == 422, "one try"


def test_wrong_codes_from_faked_numbers_slow_nobody_in_the_app() -> None:
    ctx = town(1)
    for place in range(WRONG_CODES_MAX // CODE_TRIES + 1):
        number = f"+86137000000{place:02d}"
        give(ctx, [opened(f"acct-{place}", (PointKind.PHONE, number), at=START - timedelta(days=365))])
        faked = calling(ctx, number)
        faked.press("send_code", method="sms", goal="look")
        for guess in range(CODE_TRIES):
            faked.press("check_code", code=other(faked.code, guess))
    phone = calling(ctx, NUMBER)
    phone.press("send_code", method="sms", goal="look")
    assert phone.challenge.tries_left == 1, "a call from there could be faked as well"
    assert phone.press("check_code", code=phone.code)["outcome"] == "PROVED"
    phone.press("choose_account")
    phone.press("send_code", method="email", goal="unlock")
    assert phone.challenge.tries_left == CODE_TRIES
    client = app(ctx)
    asked = client.ask("POST", "/v1/challenges", body={"operation": "unlock", "method": "email"}).json["id"]
    assert client.enter(asked, other(client.code(asked), 0)).json["tries_left"] == CODE_TRIES - 1


def test_wrong_codes_at_numbers_that_were_keyed_in_slow_that_way_only() -> None:
    ctx = town(1, limits=MANY_MESSAGES)
    for place in range(4):
        phone = calling(ctx, None, f"+86137000000{place:02d}")
        phone.press("send_code", method="sms", goal="look")
        for guess in range(CODE_TRIES):
            phone.press("check_code", code=other(phone.code, guess))
    tries = {}
    for name, phone in (("own", calling(ctx, NUMBER)), ("keyed in", calling(ctx, None, NUMBER))):
        phone.press("send_code", method="sms", goal="look")
        tries[name] = phone.challenge.tries_left
    assert tries == {"own": CODE_TRIES, "keyed in": 1}
    assert recovers(ctx, MAIL)


def test_the_pace_of_strangers_tells_nobody_whose_number_it_is() -> None:
    """Guesses at a number that nobody has slow strangers down like those at a customer's."""
    heard = []
    for about in (NUMBER, NOBODYS):
        ctx = town(1, limits=MANY_MESSAGES)
        for _ in range(2):
            phone = calling(ctx, None, about)
            for method in ("sms", "email"):
                phone.press("send_code", method=method, goal="look")
                for guess in range(CODE_TRIES):
                    phone.press("check_code", code=other(phone.code, guess))
        heard.append([(said["outcome"], words(said)) for said in phone.answers])
    assert heard[0] == heard[1]


# ---------------------------------------------------------------- which way it is


@pytest.mark.parametrize(
    ("number", "about", "way"),
    [
        (NUMBER, None, Way.OWN_NUMBER),
        (NUMBER, NUMBER, Way.OWN_NUMBER),
        (FRIENDS, NUMBER, Way.OTHER_NUMBER),
        (None, NUMBER, Way.OTHER_NUMBER),
        (None, None, Way.OTHER_NUMBER),
        (NOBODYS, None, Way.OTHER_NUMBER),
        (NUMBER, NOBODYS, Way.OTHER_NUMBER),
    ],
)
def test_a_call_comes_by_its_own_number_or_by_another(number: str | None, about: str | None, way: Way) -> None:
    ctx = town(1)
    give(ctx, [opened("acct-friend", (PointKind.PHONE, FRIENDS), at=START - timedelta(days=365))])
    assert way_of(calling(ctx, number, about).state, ctx.clock.now()) is way


def test_a_call_comes_by_proof_as_long_as_that_is_good() -> None:
    ctx = town(1)
    phone = calling(ctx, None, NUMBER)
    phone.prove("sms")
    for wait, way in ((timedelta(minutes=9), Way.PROVED), (timedelta(minutes=1), Way.OTHER_NUMBER)):
        clock_of(ctx).advance(wait)
        assert way_of(phone.state, ctx.clock.now()) is way

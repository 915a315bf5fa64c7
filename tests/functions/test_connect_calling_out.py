"""Codes that are read out on a call of the hotline: asked for on the line, and told to the phone they are for alone."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import pytest

from functions.connect.envelope import EMPTY
from hotline.contracts.model import PointKind
from hotline.identity.policy import CODES_PER_QUARTER_HOUR
from hotline.kit.doors import Context
from hotline.kit.errors import Unavailable
from hotline.kit.keyring import CachedKeyring
from hotline.kit.store import Table
from hotline_local.testing.memory_store import MemoryStore
from hotline_local.testing.virtual_clock import VirtualClock
from tests.support.log_lines import lines, logged
from tests.support.phone import LOOKUP_SECRET, Phone, context, give, opened, words

NOW: Final = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
MEI, LI, NOBODY = "+8613800000001", "+8613800000002", "+8613800000009"
LANDLINE: Final = "+862161234567"
PHONE: Final = PointKind.PHONE
SIX_DIGITS: Final = re.compile(r"\d(?: \d){5}")


@pytest.fixture
def ctx(store: MemoryStore, clock: VirtualClock) -> Context:
    """A hotline that makes calls. Mei speaks Chinese and has a landline beside her mobile, Li speaks English."""
    made = context(store, clock, voice_codes=True)
    at = NOW - timedelta(days=400)
    give(
        made,
        [
            opened("acct-mei", (PHONE, MEI), (PHONE, LANDLINE), at=at, language="zh-CN"),
            opened("acct-li", (PHONE, LI), at=at, language="en-US"),
        ],
    )
    return made


def asking(ctx: Context, number: str = LI, *, keyed_in: str | None = None, goal: str = "unlock") -> Phone:
    """Somebody on the line who has asked for a code by voice."""
    phone = Phone(ctx, number)
    phone.press("start")
    if keyed_in:
        phone.press("identify", phone=keyed_in)
    assert phone.press("send_code", method="voice", goal=goal)["outcome"] == "SENT"
    return phone


def called(ctx: Context, number: str | None, **own: Any) -> Phone:
    """The call that the hotline makes to a number, answered."""
    return Phone(ctx, number, **{"contact_id": "outbound-1", "initiation_method": "API", **own})


def entries(store: MemoryStore) -> list[Any]:
    return [item for item in store.items(Table.OUTBOX) if item["to"] == "message"]


# ---------------------------------------------------------------- asking for it


def test_a_code_by_voice_is_an_entry_for_a_call_with_the_challenge_and_no_code(
    ctx: Context, store: MemoryStore
) -> None:
    phone = asking(ctx)
    (entry,) = entries(store)
    assert (entry["channel"], entry["kind"], entry["language"]) == ("voice", "code", "en-US")
    assert entry["facts"]["challenge_id"] == phone.challenge.id
    assert phone.answers[-1]["channel"] == "voice"
    assert phone.code not in json.dumps([*store.items(Table.OUTBOX), *store.items(Table.HOTLINE)])


def test_where_no_calls_are_made_the_code_goes_as_a_text_and_the_line_says_so(
    store: MemoryStore, clock: VirtualClock
) -> None:
    quiet = context(store, clock)
    give(quiet, [opened("acct-li", (PHONE, LI), at=NOW - timedelta(days=400))])
    said = asking(quiet).answers[-1]
    assert (said["channel"], said["calls"]) == ("sms", "no")
    assert words(said).startswith(
        "I cannot call with a code at the moment, so I send it by text message. If your number"
    )
    assert [entry["channel"] for entry in entries(store)] == ["sms"]


@pytest.mark.parametrize(("method", "channel"), [("sms", "sms"), ("voice", "voice")])
def test_the_line_says_whether_calls_are_to_be_had_and_which_way_the_code_went(
    ctx: Context, method: str, channel: str
) -> None:
    phone = Phone(ctx, LI)
    phone.press("start")
    said = phone.press("send_code", method=method, goal="look")
    assert (said["channel"], said["calls"]) == (channel, "yes")


def test_a_call_to_the_phone_in_use_is_announced_as_a_second_call_and_one_to_another_phone_is_not(ctx: Context) -> None:
    second_call = "take it without ending this one"
    assert second_call in words(asking(ctx, LI).answers[-1])
    assert second_call not in words(asking(ctx, NOBODY, keyed_in=LANDLINE).answers[-1])
    assert "it rings in a moment" in words(asking(ctx, NOBODY, keyed_in=LANDLINE).answers[-1])


def test_a_strangers_number_hears_what_a_customers_number_hears(ctx: Context, store: MemoryStore) -> None:
    told = []
    for number in (LI, NOBODY):
        for keyed_in in (None, number):
            phone = Phone(ctx, number, contact_id=f"contact-{number}-{keyed_in}")
            phone.press("start")
            phone.press("set_language", language="en-US")
            if keyed_in:
                phone.press("identify", phone=keyed_in)
            told.append(words(phone.press("send_code", method="voice", goal="look")))
    assert len(set(told)) == 1
    assert [entry["channel"] for entry in entries(store)] == ["voice"] * 4


def test_a_code_by_voice_counts_like_a_text(ctx: Context) -> None:
    phone = Phone(ctx, LI)
    phone.press("start")
    methods = [("voice", "sms")[turn % 2] for turn in range(CODES_PER_QUARTER_HOUR)]
    assert {phone.press("send_code", method=method, goal="look")["outcome"] for method in methods} == {"SENT"}
    for method in ("voice", "sms"):
        assert phone.press("send_code", method=method, goal="look")["outcome"] == "LIMITED"


def test_a_code_by_voice_and_one_by_text_are_one_factor(ctx: Context) -> None:
    give(ctx, [opened("acct-two", (PHONE, "+8613800000003"), at=NOW - timedelta(days=400), two_step=True)])
    phone = Phone(ctx, "+8613800000003", contact_id="contact-two")
    phone.press("start")
    for method in ("voice", "sms"):
        phone.prove(method, "unlock")
    assert [factor.kind.value for factor in phone.state.factors] == ["sms"]
    said = phone.press("unlock")
    assert (said["outcome"], said["needs"]) == ("NEED_PROOF", "agent")


# ---------------------------------------------------------------- reading it out


@pytest.mark.parametrize(
    ("number", "goal", "asked_for", "told", "nobody"),
    [
        (
            MEI,
            "unlock",
            "现在播报用于解锁账户的验证码。",
            "您用于解锁账户的验证码是",
            "任何人（包括客服）都不会向您索要",
        ),
        (
            LI,
            "refund",
            "a code to ask for a refund.",
            "Your code to ask for a refund is",
            "Nobody",
        ),
    ],
)
def test_the_call_says_who_and_what_for_and_reads_the_code_twice_in_the_customers_language(
    ctx: Context, number: str, goal: str, asked_for: str, told: str, nobody: str
) -> None:
    phone = asking(ctx, number, goal=goal)
    callee = called(ctx, number)
    announced = callee.press("announce_code", challenge=phone.challenge.id)
    assert (announced["outcome"], announced["language"]) == ("READY", phone.challenge.language)
    assert "Test Wallet" in words(announced)
    assert asked_for in words(announced)
    assert SIX_DIGITS.search(words(announced)) is None
    read = callee.press("read_code", challenge=phone.challenge.id)
    assert read["outcome"] == "READ"
    assert SIX_DIGITS.findall(words(read)) == [" ".join(phone.code)] * 2
    assert told in words(read)
    assert nobody in words(read)


def test_the_code_is_dictated_slowly_digit_by_digit(ctx: Context) -> None:
    phone = asking(ctx)
    said = called(ctx, LI).press("read_code", challenge=phone.challenge.id)["prompt"]
    dictated = '<break time="400ms"/>'.join(f'<say-as interpret-as="digits">{digit}</say-as>' for digit in phone.code)
    assert said.count(f'<prosody rate="slow">{dictated}</prosody>') == 2


def test_a_code_that_was_read_out_proves_the_goal_that_was_asked_for(ctx: Context) -> None:
    phone = asking(ctx)
    read = words(called(ctx, LI).press("read_code", challenge=phone.challenge.id))
    heard = SIX_DIGITS.search(read)
    assert heard is not None
    assert phone.press("check_code", code=heard.group().replace(" ", ""))["outcome"] == "PROVED"


def test_a_call_that_was_read_to_costs_one_read_changes_nothing_and_leaves_the_callers_call_alone(
    ctx: Context, store: MemoryStore
) -> None:
    challenge_id = asking(ctx).challenge.id
    before = ([*store.items(Table.HOTLINE)], [*store.items(Table.OUTBOX)], store.transactions)
    for step in ("announce_code", "read_code", "read_code"):
        reads = store.reads
        said = called(ctx, LI).press(step, challenge=challenge_id)
        assert store.reads - reads == 1
        assert (said["turn"], said["account_ref"]) == ("0", EMPTY)
    assert ([*store.items(Table.HOTLINE)], [*store.items(Table.OUTBOX)], store.transactions) == before


def test_even_the_id_of_the_callers_own_contact_takes_over_no_call(ctx: Context, store: MemoryStore) -> None:
    phone = asking(ctx)
    call, turn = phone.state, phone.turn
    said = called(ctx, LI, contact_id=phone.contact_id, turn=turn).press("read_code", challenge=phone.challenge.id)
    assert (said["outcome"], said["account_ref"]) == ("READ", EMPTY)
    assert phone.state == call


# ---------------------------------------------------------------- when it is not told


def told_nothing(ctx: Context, callee: Phone, challenge_id: str) -> str:
    """The reason in the log of why this phone is told nothing: the same words whatever it is."""
    callee.ctx = ctx
    with logged() as log:
        answers = {step: callee.press(step, challenge=challenge_id) for step in ("announce_code", "read_code")}
    assert {said["outcome"] for said in answers.values()} == {"GONE"}
    assert "no longer needed" in words(answers["announce_code"])
    assert "已经不需要了" in words(answers["announce_code"])
    assert words(answers["read_code"]) == "This code can no longer be used. Goodbye."
    withheld = [line for line in lines(log) if line["event"] == "HL045"]
    assert [line["step"] for line in withheld] == ["announce_code", "read_code"]
    assert callee.number is None or callee.number not in json.dumps(lines(log))
    (reason,) = {line["reason"] for line in withheld}
    return str(reason)


@pytest.mark.parametrize("number", [MEI, LANDLINE, NOBODY])
def test_another_phone_is_told_nothing(ctx: Context, number: str) -> None:
    assert told_nothing(ctx, called(ctx, number), asking(ctx).challenge.id) == "other_point"


def test_another_phone_of_the_same_account_is_told_nothing(ctx: Context) -> None:
    assert told_nothing(ctx, called(ctx, LANDLINE), asking(ctx, MEI).challenge.id) == "other_point"


@pytest.mark.parametrize("method", ["INBOUND", "CALLBACK", "TRANSFER", "QUEUE_TRANSFER", "FLOW", "MONITOR", ""])
def test_a_call_that_we_did_not_make_is_told_nothing_even_from_the_very_phone(ctx: Context, method: str) -> None:
    callee = called(ctx, LI, initiation_method=method)
    assert told_nothing(ctx, callee, asking(ctx).challenge.id) == "not_our_call"


def test_where_no_calls_are_made_none_is_told_a_code(ctx: Context) -> None:
    challenge_id = asking(ctx).challenge.id
    assert told_nothing(replace(ctx, voice_codes=False), called(ctx, LI), challenge_id) == "no_calls_here"


def test_a_call_without_a_number_is_told_nothing(ctx: Context) -> None:
    assert told_nothing(ctx, called(ctx, None), asking(ctx).challenge.id) == "not_our_call"


def test_a_challenge_of_somebody_else_is_not_told(ctx: Context) -> None:
    foreign = asking(ctx, MEI).challenge.id
    assert told_nothing(ctx, called(ctx, LI), foreign) == "other_point"


@pytest.mark.parametrize("challenge_id", ["chl_00000000000000000000000000000009", "x", "#", "CHALLENGE"])
def test_an_unknown_challenge_is_not_told(ctx: Context, challenge_id: str) -> None:
    assert told_nothing(ctx, called(ctx, LI), challenge_id) == "no_challenge"


def test_a_decoy_is_not_told_even_where_somebody_answers(ctx: Context) -> None:
    assert told_nothing(ctx, called(ctx, NOBODY), asking(ctx, NOBODY).challenge.id) == "decoy"


def proved(phone: Phone) -> None:
    phone.press("check_code", code=phone.code)


def replaced(phone: Phone) -> None:
    phone.press("send_code", method="sms", goal="look")


def spent(phone: Phone) -> None:
    wrong = f"{(int(phone.code) + 1) % 10**6:06d}"
    for _ in range(3):
        phone.press("check_code", code=wrong)


@pytest.mark.parametrize("close", [proved, replaced, spent])
def test_a_closed_challenge_is_not_told(ctx: Context, close: Callable[[Phone], None]) -> None:
    phone = asking(ctx)
    challenge_id = phone.challenge.id
    close(phone)
    assert told_nothing(ctx, called(ctx, LI), challenge_id) == "challenge_over"


def test_a_code_is_told_up_to_its_expiry_and_not_from_then_on(ctx: Context, clock: VirtualClock) -> None:
    challenge_id = asking(ctx).challenge.id
    clock.advance(timedelta(minutes=10, milliseconds=-1))
    assert called(ctx, LI).press("read_code", challenge=challenge_id)["outcome"] == "READ"
    clock.advance(timedelta(milliseconds=1))
    assert told_nothing(ctx, called(ctx, LI), challenge_id) == "too_late"


@pytest.mark.parametrize("inputs", [{}, {"challenge": EMPTY}, {"challenge": " "}, {"challenge": "c" * 65}])
def test_a_call_without_a_usable_challenge_is_invalid(ctx: Context, inputs: dict[str, str]) -> None:
    for step in ("announce_code", "read_code"):
        assert called(ctx, LI).press(step, **inputs)["outcome"] == "INVALID"
    assert called(ctx, LI).press("read_code", challenge="c" * 64)["outcome"] == "GONE"


def test_a_store_that_does_not_answer_makes_it_later(ctx: Context, store: MemoryStore) -> None:
    challenge_id = asking(ctx).challenge.id

    def fail(_: str) -> None:
        raise Unavailable

    store.before = fail
    said = called(ctx, LI).press("read_code", challenge=challenge_id)
    store.before = None
    assert said["outcome"] == "TRY_LATER"


def test_a_lookup_key_that_was_replaced_meanwhile_still_knows_the_phone(ctx: Context, clock: VirtualClock) -> None:
    phone = asking(ctx)
    rotated = json.dumps(json.loads(LOOKUP_SECRET) | {"current": "2", "2": "another-lookup-key-for-tests-0123456789"})
    later = replace(ctx, lookup_keys=CachedKeyring(lambda: rotated, clock))
    assert called(later, LI).press("read_code", challenge=phone.challenge.id)["outcome"] == "READ"


def test_no_log_line_of_a_call_holds_the_code_or_the_number(ctx: Context) -> None:
    phone = asking(ctx)
    with logged() as log:
        for step in ("announce_code", "read_code"):
            called(ctx, LI).press(step, challenge=phone.challenge.id)
    assert [(line["step"], line["outcome"]) for line in lines(log)] == [
        ("announce_code", "READY"),
        ("read_code", "READ"),
    ]
    assert phone.code not in json.dumps(lines(log))
    assert LI not in json.dumps(lines(log))

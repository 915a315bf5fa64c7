"""Requests without proof use at most a share of the codes that go out: those who show more keep theirs.

Somebody asks for recoveries without a token, or calls with numbers keyed in, until a range's budget is used up. Source:
OWASP ASVS 5.0, 2.4.1 and 6.1.1. Nobody who asks is left waiting for a code that will not come, and a code that was not
sent does not count. docs/security.md has the figures of these attackers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any, Final

import pytest

from functions.messenger.delivery import deliver
from hotline.contracts.model import PointKind
from hotline.identity import code_messages
from hotline.identity.code_messages import (
    OWN_NUMBER_PERCENT,
    STRANGERS_PERCENT,
    OverLimit,
    messages_max,
)
from hotline.identity.policy import CODES_PER_DAY, CODES_PER_QUARTER_HOUR
from hotline.identity.ways import Way
from hotline.kit.actor import System
from hotline.kit.aws.carriers import Outgoing, Undeliverable
from hotline.kit.change import Change
from hotline.kit.counts.rates import FIVE_MINUTES
from hotline.kit.doors import Context
from hotline.kit.ids import RandomIds
from hotline.kit.limits import MESSAGES_MAX, PER_PREFIX_MAX
from hotline.kit.store import Table
from hotline_local.testing.memory_store import MemoryStore
from hotline_local.testing.virtual_clock import VirtualClock
from tests.support.api_client import SENDER, Answered, Client, Postbox
from tests.support.log_lines import lines, logged
from tests.support.outbox_entries import redrive_event
from tests.support.phone import TRAFFIC, Phone, context, give, opened, words

NOW: Final = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
ACCOUNT, NUMBER, MAIL = "acct-flooded", "+8613800000001", "flooded@customer.example"
NOBODYS, ABROAD = "+8613899999999", "+447700900111"
STRANGERS_PER_PREFIX: Final = 15
STRANGERS_IN_ALL: Final = 75
_places = count()


@pytest.fixture
def ctx() -> Context:
    clock = VirtualClock(NOW)
    made = replace(context(MemoryStore(clock), clock), ids=RandomIds())
    points = ((PointKind.PHONE, NUMBER), (PointKind.EMAIL, MAIL))
    give(made, [opened(ACCOUNT, *points, at=NOW - timedelta(days=365))])
    return made


def clock_of(ctx: Context) -> VirtualClock:
    assert isinstance(ctx.clock, VirtualClock)
    return ctx.clock


def calling(ctx: Context, number: str | None, about: str | None = None) -> Phone:
    phone = Phone(ctx, number, contact_id=ctx.ids.new("contact"))
    phone.press("start")
    phone.press("set_language", language="en-US")
    if about is not None:
        phone.press("identify", phone=about)
    return phone


def asked(ctx: Context, value: str) -> Answered:
    """A recovery that somebody without a token asks for."""
    contact = {"kind": "email" if "@" in value else "phone", "value": value}
    return Client(ctx, None).ask("POST", "/v1/recoveries", body={"contact": contact, "goal": "reset"})


def in_prefix(prefix: str = "+86138", digits: int = 13) -> str:
    """Another number of the range that nothing else is about."""
    return prefix + f"{90_000 + next(_places):0{digits + 1 - len(prefix)}d}"


def flood(ctx: Context, times: int, prefixes: int = 1) -> list[int]:
    """So many recoveries at once, over so many ranges of numbers; their statuses."""
    ranges = [f"+8613{place}" for place in (8, 0, 1, 2, 3, 4, 5, 6, 7, 9)][:prefixes]
    return [asked(ctx, in_prefix(ranges[place % prefixes])).status for place in range(times)]


def text_messages(ctx: Context) -> list[str]:
    """The targets to which codes are sent that wait in the outbox."""
    post = Postbox(ctx)
    post.work()
    return [sent.address for sent in post.sent]


def counters(ctx: Context) -> list[dict[str, Any]]:
    assert isinstance(ctx.store, MemoryStore)
    return [item for item in ctx.store.items(Table.HOTLINE) if item["PK"].startswith("POINT#") and "counters" in item]


# ---------------------------------------------------------------- what strangers may take


def test_sixty_anonymous_recoveries_take_a_quarter_of_the_codes_of_a_prefix(ctx: Context) -> None:
    statuses = flood(ctx, PER_PREFIX_MAX)
    assert statuses == [202] * STRANGERS_PER_PREFIX + [429] * (PER_PREFIX_MAX - STRANGERS_PER_PREFIX)
    phone = calling(ctx, NUMBER)
    assert phone.prove("sms", "unlock")["outcome"] == "CHOSEN"
    assert Client(ctx, ACCOUNT, signed_in_at=NOW).prove("unlock").status == 200
    assert asked(ctx, ABROAD).status == 202, "another prefix has its own"


def test_three_hundred_anonymous_recoveries_take_a_quarter_of_the_codes_of_everybody(ctx: Context) -> None:
    statuses = flood(ctx, MESSAGES_MAX, prefixes=10)
    assert statuses.count(202) == STRANGERS_IN_ALL
    assert asked(ctx, ABROAD).status == 429
    assert calling(ctx, NUMBER).prove("sms", "unlock")["outcome"] == "CHOSEN"
    assert Client(ctx, ACCOUNT, signed_in_at=NOW).prove("unlock").status == 200
    assert text_messages(ctx).count(NUMBER) == 0, "both codes have been used"


def test_callers_with_a_number_keyed_in_and_recoveries_have_one_share(ctx: Context) -> None:
    flood(ctx, STRANGERS_PER_PREFIX - 1)
    assert calling(ctx, None, NUMBER).press("send_code", method="sms", goal="look")["outcome"] == "SENT"
    assert calling(ctx, None, NUMBER).press("send_code", method="sms", goal="look")["outcome"] == "LIMITED"
    assert asked(ctx, NOBODYS).status == 429
    assert text_messages(ctx) == [NUMBER]


def test_codes_become_free_again_after_their_time(ctx: Context) -> None:
    flood(ctx, STRANGERS_PER_PREFIX)
    clock_of(ctx).advance(FIVE_MINUTES)
    assert asked(ctx, NOBODYS).status == 429
    clock_of(ctx).advance(FIVE_MINUTES / STRANGERS_PER_PREFIX + timedelta(seconds=1))
    assert asked(ctx, NOBODYS).status == 202


def test_codes_by_email_are_there_while_those_by_text_are_used_up(ctx: Context) -> None:
    flood(ctx, STRANGERS_PER_PREFIX)
    keyed_in = calling(ctx, None, NUMBER)
    assert keyed_in.press("send_code", method="sms", goal="look")["outcome"] == "LIMITED"
    assert keyed_in.press("send_code", method="email", goal="look")["outcome"] == "SENT"
    assert asked(ctx, MAIL).status == 202
    assert sorted(set(text_messages(ctx))) == [MAIL]


# ---------------------------------------------------------------- who has which share


def counted(ctx: Context, way: Way, times: int, number: str = NUMBER) -> None:
    """So many code messages that were asked for by this way just now."""
    prefix = code_messages.prefix_of(number, ctx.lookup_ring)
    for place in range(times):
        change = Change(actor=System("test", "test"), cause="test", now=ctx.clock.now(), ids=ctx.ids)
        code_messages.count_message(change, prefix, way, by=f"message-{place}")
        change.commit(ctx.store)


def over(ctx: Context, way: Way, number: str = NUMBER) -> OverLimit | None:
    prefix = code_messages.prefix_of(number, ctx.lookup_ring)
    read = ctx.store.batch_get(list(code_messages.message_keys(prefix, ctx.clock.now())))
    found = code_messages.find_used_up(prefix, way, read, ctx.clock.now(), ctx.limits)
    return None if found is None else found.limit


@pytest.mark.parametrize("off", [-1, 0, 1])
@pytest.mark.parametrize(
    ("way", "percent"),
    [
        (Way.RECOVERY, STRANGERS_PERCENT),
        (Way.OTHER_NUMBER, STRANGERS_PERCENT),
        (Way.OWN_NUMBER, OWN_NUMBER_PERCENT),
        (Way.PROVED, 100),
        (Way.APP, 100),
    ],
)
def test_askers_who_show_less_have_a_share_and_those_who_show_more_the_rest(
    ctx: Context, way: Way, percent: int, off: int
) -> None:
    most = PER_PREFIX_MAX * percent // 100
    assert messages_max(OverLimit.PREFIX, way, TRAFFIC) == most
    assert messages_max(OverLimit.ALL, way, TRAFFIC) == MESSAGES_MAX * percent // 100
    counted(ctx, way, most + off)
    assert over(ctx, way) is (OverLimit.PREFIX if off >= 0 else None)
    assert over(ctx, way, ABROAD) is None
    if percent < 100:
        assert over(ctx, Way.APP) is None


def test_strangers_and_faked_numbers_together_leave_a_quarter_to_who_is_signed_in(ctx: Context) -> None:
    counted(ctx, Way.RECOVERY, messages_max(OverLimit.PREFIX, Way.RECOVERY, TRAFFIC))
    counted(ctx, Way.OWN_NUMBER, messages_max(OverLimit.PREFIX, Way.OWN_NUMBER, TRAFFIC) - STRANGERS_PER_PREFIX)
    assert calling(ctx, NUMBER).press("send_code", method="sms", goal="look")["outcome"] == "LIMITED"
    client = Client(ctx, ACCOUNT, signed_in_at=NOW)
    assert client.prove("unlock").status == 200
    proved = calling(ctx, NUMBER)
    proved.prove("email")
    assert proved.press("send_code", method="sms", goal="unlock")["outcome"] == "SENT"
    counted(ctx, Way.APP, PER_PREFIX_MAX)
    refused = client.ask("POST", "/v1/challenges", body={"operation": "unlock", "method": "sms"})
    assert (refused.status, refused.code, refused.headers["Retry-After"]) == (429, "too_many_codes", "900")


# ---------------------------------------------------------------- nobody learns, nobody waits


def test_known_and_unknown_numbers_hear_and_cost_the_same_when_codes_are_held_back(ctx: Context) -> None:
    flood(ctx, STRANGERS_PER_PREFIX)
    assert isinstance(ctx.store, MemoryStore)
    seen: list[list[object]] = []
    for about in (NUMBER, NOBODYS):
        requests: list[str] = []
        ctx.store.before = requests.append
        phone = calling(ctx, None, about)
        for method in ("sms", "email"):
            phone.press("send_code", method=method, goal="look")
        answered = asked(ctx, about)
        told = {name: value for name, value in answered.json.items() if name != "instance"}
        seen.append([[words(said) for said in phone.answers], answered.status, told, requests])
    ctx.store.before = None
    assert seen[0] == seen[1]


def test_a_code_that_is_held_back_counts_nowhere_and_is_logged_without_a_number(ctx: Context) -> None:
    flood(ctx, STRANGERS_PER_PREFIX)
    before = counters(ctx)
    phone = calling(ctx, None, NUMBER)
    with logged() as log:
        for _ in range(CODES_PER_DAY + 1):
            assert phone.press("send_code", method="sms", goal="look")["outcome"] == "LIMITED"
        assert asked(ctx, NUMBER).status == 429
    assert counters(ctx) == before
    assert phone.state.challenge is None
    held_back = [line for line in lines(log) if line["event"] == "HL023"]
    assert [line["actor"] for line in held_back] == ["other_number"] * (CODES_PER_DAY + 1) + ["recovery"]
    assert {line["reason"] for line in held_back} == {"prefix_limit"}
    assert "13800000001" not in log.getvalue()
    clock_of(ctx).advance(2 * FIVE_MINUTES)
    assert phone.press("send_code", method="sms", goal="look")["outcome"] == "SENT"


def test_a_request_that_was_accepted_is_counted_once_and_its_code_goes_out(ctx: Context) -> None:
    """The message has its place from the moment of asking: what others take meanwhile does not drop it."""
    assert asked(ctx, NUMBER).status == 202
    counted(ctx, Way.RECOVERY, STRANGERS_PER_PREFIX)
    assert text_messages(ctx) == [NUMBER]


# ---------------------------------------------------------------- a code that was not sent does not count


class Refusing(Postbox):
    """A carrier that takes nothing."""

    def send(self, message: Outgoing) -> None:
        raise Undeliverable


def by_phone(ctx: Context, method: str) -> str:
    return calling(ctx, NUMBER).press("send_code", method=method, goal="look")["outcome"]


def in_the_app(ctx: Context, method: str) -> str:
    body = {"operation": "unlock", "method": method}
    answered = Client(ctx, ACCOUNT, signed_in_at=NOW).ask("POST", "/v1/challenges", body=body)
    return "SENT" if answered.status == 201 else "LIMITED"


@pytest.mark.parametrize("ask", [by_phone, in_the_app], ids=lambda ask: ask.__name__)
@pytest.mark.parametrize("method", ["sms", "email"])
def test_codes_that_no_carrier_takes_do_not_use_up_what_the_owner_may_have(
    ctx: Context, ask: Callable[[Context, str], str], method: str
) -> None:
    for _ in range(2 * CODES_PER_DAY + 1):
        assert ask(ctx, method) == "SENT"
        Refusing(ctx).work()
        # A challenge that is replaced gives its code up, so each is refused before the next is asked for.
        clock_of(ctx).advance(timedelta(seconds=1))
    assert [ask(ctx, method) for _ in range(CODES_PER_QUARTER_HOUR + 1)] == ["SENT"] * CODES_PER_QUARTER_HOUR + [
        "LIMITED"
    ]


def test_a_count_is_taken_back_once_however_often_the_entry_comes(ctx: Context) -> None:
    for _ in range(CODES_PER_QUARTER_HOUR - 1):
        assert by_phone(ctx, "sms") == "SENT"
        Postbox(ctx).work()
        clock_of(ctx).advance(timedelta(seconds=1))
    assert by_phone(ctx, "sms") == "SENT"
    assert isinstance(ctx.store, MemoryStore)
    pending = [entry for entry in ctx.store.items(Table.OUTBOX) if entry["kind"] == "code" and "pending_pk" in entry]
    refusing = Refusing(ctx)
    for _ in range(3):
        again = redrive_event(*[f'{{"entry_id": "{entry["entry_id"]}"}}' for entry in pending])
        deliver(again, ctx, SENDER, {"sms": refusing, "email": refusing})
    assert [by_phone(ctx, "sms") for _ in range(2)] == ["SENT", "LIMITED"]


def test_for_strangers_a_code_that_no_carrier_takes_counts_as_for_a_number_that_nobody_has(ctx: Context) -> None:
    heard: dict[str, list[str]] = {}
    for about in (NUMBER, NOBODYS):
        phone = calling(ctx, None, about)
        heard[about] = []
        for _ in range(CODES_PER_QUARTER_HOUR + 1):
            heard[about].append(phone.press("send_code", method="sms", goal="look")["outcome"])
            Refusing(ctx).work()
    assert heard[NUMBER] == heard[NOBODYS] == ["SENT"] * CODES_PER_QUARTER_HOUR + ["LIMITED"]


def test_requests_of_strangers_use_up_nothing_of_the_owners_day(ctx: Context) -> None:
    for _ in range(CODES_PER_DAY):
        asked(ctx, NUMBER)
        asked(ctx, MAIL)
        Postbox(ctx).work()
        clock_of(ctx).advance(timedelta(minutes=16))
    assert [by_phone(ctx, "sms"), by_phone(ctx, "email")] == ["SENT", "SENT"]
    assert sorted(text_messages(ctx)) == [NUMBER, MAIL]

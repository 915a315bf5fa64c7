"""The shipped flows and the real connect function together, on the in-memory store: calls to their end."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from connect_sim.language.flow_set import FlowSet
from connect_sim.simulator.engine import Engine
from connect_sim.simulator.events import CallEvent
from connect_sim.simulator.seams import FunctionResult
from connect_sim.simulator.state import CallSetup, CallState, EndOutcome
from functions.connect.envelope import request_from
from functions.connect.runner import answer
from hotline.contracts.model import (
    DeviceRegistered,
    Fact,
    FactData,
    LockAction,
    LockTold,
    PasswordChanged,
    PointKind,
    TwoStepChanged,
)
from hotline.directory import service as directory
from hotline.kit.actor import Agent
from hotline.kit.change import Change
from hotline.kit.doors import Context
from hotline.kit.keyring import CachedKeyring
from hotline.security.findings import Kind
from hotline_local.entry_keys import make_entry_key
from hotline_local.testing.memory_store import MemoryStore
from hotline_local.testing.virtual_clock import VirtualClock
from hotline_local.worlds.closed_hours import close_line
from tests.flows.shipped import ENTRY, shipped, shipped_without_key
from tests.support.encrypted_entries import secret
from tests.support.found import finding_of, take_step
from tests.support.phone import Phone, context, failed_logins, give, opened

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
MEI, FAMILY, NOBODY = "+8613800000001", "+8613800000002", "+8613800000009"
MAIL = "mei@example.com"
CODE = "{code}"


class Line:
    """A call through the flows in which the connect function itself answers."""

    def __init__(self, ctx: Context, number: str | None, *, flows: FlowSet | None = None) -> None:
        self.ctx = ctx
        self.phone = Phone(ctx, number)
        self.engine = Engine(flows or shipped(), self)
        setup = CallSetup(contact_id=self.phone.contact_id, customer_number=number)
        self.state: CallState = self.engine.begin(setup, ENTRY)
        self.events: list[CallEvent] = list(self.engine.run(self.state).events)

    def invoke(self, *, arn: str, event: dict[str, Any], time_limit_s: float) -> FunctionResult:
        return FunctionResult(payload=answer(request_from(event), self.ctx), duration_ms=50)

    def press(self, keys: str) -> "Line":
        """Press these keys, one token an input; CODE stands for the digits that were sent."""
        for token in keys.split():
            self.events += self.engine.press(self.state, self.phone.code if token == CODE else token).events
        return self

    @property
    def steps(self) -> Sequence[tuple[str, str]]:
        """Steps and outcomes so far."""
        return [(event.data["step"], event.data["outcome"]) for event in self.events if event.kind == "function"]

    def heard(self, block: str) -> str:
        """The text that was said at a block, last time."""
        said = [event.data["text"] for event in self.events if event.kind == "prompt" and event.place.block == block]
        return str(said[-1])

    @property
    def failures(self) -> list[CallEvent]:
        """Errors on the line other than silence."""
        return [event for event in self.events if event.kind == "error" and event.data["cause"] != "silence"]


@pytest.fixture
def ctx() -> Context:
    clock = VirtualClock(NOW)
    made = context(MemoryStore(clock), clock)
    year_ago = NOW - timedelta(days=365)
    phone, email = PointKind.PHONE, PointKind.EMAIL
    give(
        made,
        [
            opened("acct-mei", (phone, MEI), (email, MAIL), at=year_ago, language="zh-CN", two_step=True),
            opened("acct-father", (phone, FAMILY), at=year_ago, shared=True),
            opened("acct-child", (phone, FAMILY), at=year_ago + timedelta(days=1), shared=True),
        ],
    )
    return made


def test_a_locked_account_with_two_steps_is_unlocked_with_two_codes(ctx: Context) -> None:
    give(ctx, failed_logins("acct-mei", 5, until=NOW))
    line = Line(ctx, MEI).press(f"2 {CODE} 1 {CODE}")
    assert line.failures == []
    assert line.steps == [
        ("start", "KNOWN"),
        ("lock_status", "NEED_PROOF"),
        ("send_code", "SENT"),
        ("check_code", "PROVED"),
        ("choose_account", "CHOSEN"),
        ("lock_status", "SOFT"),
        ("unlock", "NEED_PROOF"),
        ("send_code", "SENT"),
        ("check_code", "PROVED"),
        ("choose_account", "CHOSEN"),
        ("unlock", "ASKED"),
    ]
    assert line.heard("Anything else")


def test_two_accounts_on_one_phone_are_told_apart_after_the_code(ctx: Context) -> None:
    line = Line(ctx, FAMILY).press(f"2 {CODE} 2")
    assert line.failures == []
    assert line.steps[-3:] == [("choose_account", "CHOOSE"), ("choose_account", "CHOSEN"), ("lock_status", "OPEN")]


def test_a_stranger_hears_the_same_and_comes_to_a_person(ctx: Context) -> None:
    line = Line(ctx, NOBODY).press("2 # 2 000000 000000 000000 2 000000 000000 000000")
    assert line.failures == []
    assert [outcome for step, outcome in line.steps if step == "send_code"] == ["SENT", "SENT"]
    assert line.steps[-1] == ("handover", "QUEUE")
    assert line.state.end is not None
    assert line.state.end.outcome is EndOutcome.QUEUE


def test_a_number_that_is_keyed_in_is_proved_like_the_calling_one(ctx: Context) -> None:
    line = Line(ctx, None).press(f"1 13800000001# 3 1 {CODE}")
    assert line.failures == []
    assert ("identify", "TAKEN") in line.steps
    assert line.steps[-1] == ("payments", "NONE")


def test_a_number_that_is_too_short_is_explained_and_asked_for_again(ctx: Context) -> None:
    line = Line(ctx, None).press("2 1234#")
    assert line.steps[-1] == ("identify", "INVALID")
    assert line.heard("Say number invalid")
    assert line.state.waiting is not None
    assert line.state.waiting.block == "Phone number"


def test_a_pause_needs_no_proof_and_a_freeze_one_code(ctx: Context) -> None:
    line = Line(ctx, MEI).press(f"1 2 * 1 1 {CODE}")
    assert line.failures == []
    assert line.steps[1] == ("pause", "ASKED")
    assert line.steps[-1] == ("freeze", "ASKED")


def said(events: Sequence[CallEvent]) -> str:
    """The text of all prompts."""
    return "".join(str(event.data["text"]) for event in events if event.kind == "prompt")


def test_a_key_of_the_check_up_tells_the_rest_and_is_named_as_long_as_there_is_one(ctx: Context) -> None:
    earlier = NOW - timedelta(hours=2)
    facts: dict[str, FactData] = {
        "lock.applied": LockTold(LockAction.LOCK_APPLIED, "wallet-1", 1, "RISK_SCORE"),
        "device.registered": DeviceRegistered("device-9"),
        "password.changed": PasswordChanged(2),
        "two_step.changed": TwoStepChanged(3, two_step=False),
    }
    give(ctx, [Fact(f"fact-{name}", name, "wallet", earlier, "acct-mei", data) for name, data in facts.items()])
    take_step(ctx.store, ctx.ids, NOW, Kind.RAISE, finding_of("fnd_1", earlier, account_id="acct-mei", rule="drain"))
    line = Line(ctx, MEI).press(f"1 4 {CODE}")
    assert "还有其他提示。" in said(line.events)
    assert "听其余提示请按4" in line.heard("Check-up menu")
    before = len(line.events)
    line.press("9")
    assert "听其余提示请按4" in line.heard("Check-up menu")
    line.press("4")
    assert "以上就是全部提示。" in said(line.events[before:])
    assert "还有其他提示。" not in said(line.events[before:])
    assert "请按4" not in line.heard("Check-up menu")
    assert line.failures == []
    assert line.steps[-1] == ("checkup", "TO_DO")


def pause_fifty_one(ctx: Context) -> None:
    """So many pauses without a factor that the next one needs a code."""
    for place in range(51):
        number = f"+861370000{place:04}"
        give(ctx, [opened(f"acct-{place}", (PointKind.PHONE, number), at=NOW - timedelta(days=365))])
        phone = Phone(ctx, number, f"pausing-{place}")
        phone.press("start")
        phone.press("pause")


def test_a_pause_is_set_after_one_code_while_very_many_are_asked_for(ctx: Context) -> None:
    pause_fifty_one(ctx)
    line = Line(ctx, MEI).press(f"1 2 {CODE}")
    assert line.failures == []
    assert line.steps == [
        ("start", "KNOWN"),
        ("pause", "NEED_PROOF"),
        ("send_code", "SENT"),
        ("check_code", "PROVED"),
        ("choose_account", "CHOSEN"),
        ("pause", "ASKED"),
    ]


def test_a_caller_who_cannot_prove_a_pause_while_very_many_are_asked_for_comes_to_a_person(ctx: Context) -> None:
    pause_fifty_one(ctx)
    line = Line(ctx, NOBODY).press("2 # 1 2 000000 000000 000000 2 000000 000000 000000")
    assert line.failures == []
    assert line.heard("Say pause unproved")
    assert line.steps[-1] == ("handover", "QUEUE")


def test_a_caller_about_something_else_hears_of_a_lock_first_after_the_proof_and_once(ctx: Context) -> None:
    give(ctx, failed_logins("acct-mei", 5, until=NOW))
    line = Line(ctx, MEI).press(f"3 {CODE}")
    assert line.failures == []
    assert line.heard("Say locked").startswith("另外提醒您：您的账户目前被锁定。")
    spoken = [event.place.block for event in line.events if event.kind == "prompt"]
    assert spoken.index("Say locked") < spoken.index("One moment", spoken.index("Say proved"))
    line.press(f"* 4 1 * 2 1 {CODE} {CODE}")
    assert line.steps[-1] == ("unlock", "ASKED")
    assert [event.place.block for event in line.events if event.kind == "prompt"].count("Say locked") == 1


def test_a_caller_who_is_silent_twice_is_spoken_to_more_slowly_and_has_more_time(ctx: Context) -> None:
    line = Line(ctx, MEI).press("- -")
    assert (line.state.attributes["pace"], line.state.attributes["pause"]) == ("medium", "1ms")
    line.press("- 1 2")
    assert (line.state.attributes["pace"], line.state.attributes["pause"]) == ("slow", "8s")
    said = {event.place.block: event.data["ssml"] for event in line.events if event.kind == "prompt"}
    assert said["Security menu"].endswith('</prosody><break time="8s"/></speak>')
    assert said["Say result"].startswith('<speak><prosody rate="slow">')


def test_every_advice_is_told(ctx: Context) -> None:
    line = Line(ctx, MEI).press("1 3 1 2 3 4 5 1 5 2")
    assert line.failures == []
    assert [step for step in line.steps if step[0] == "advice"] == [("advice", "TOLD")] * 6


def test_refunds_and_payments_are_read_after_one_code(ctx: Context) -> None:
    line = Line(ctx, MEI).press(f"4 1 {CODE} * 3 *# 4 2")
    assert line.failures == []
    assert [step for step, _ in line.steps].count("send_code") == 1
    assert ("refunds", "NONE") in line.steps
    assert [outcome for step, outcome in line.steps if step == "payments"] == ["NONE", "NONE", "NONE"]


def test_closed_hours_leave_a_case_and_a_callback(ctx: Context) -> None:
    close_line(ctx)
    line = Line(ctx, MEI).press("0 0 1")
    assert line.failures == []
    assert line.steps[1:] == [("hours", "CLOSED"), ("handover", "CLOSED_HOURS"), ("handover", "CALLBACK")]
    for block in ("Say hours", "Say closed hours part 2"):
        assert "人工服务时间是北京时间明天早上8点到晚上10点。" in line.heard(block)
    assert line.state.attributes["case_id"] != "-"
    assert line.state.end is not None
    assert line.state.end.outcome is EndOutcome.CALLBACK


def put_up_banner(ctx: Context, *, short_menu: bool = False) -> None:
    """A banner of an hour, as a supervisor writes it."""
    words = {"zh-CN": "付款 <暂时> 较慢。", "en-US": "Payments & refunds are slow."}
    banner = directory.make_banner(words, starts_at=NOW, ends_at=NOW + timedelta(hours=1), short_menu=short_menu)
    change = Change(actor=Agent("supervisor", "-"), cause="banner", now=NOW, ids=ctx.ids)
    directory.contribute_banner(change, {}, banner, expected_version=0, editor="supervisor")
    change.commit(ctx.store)


def spoken_blocks(line: Line) -> list[str]:
    return [event.place.block for event in line.events if event.kind == "prompt"]


def test_an_outage_is_told_before_the_menu_in_the_language_of_the_caller_and_as_text(ctx: Context) -> None:
    put_up_banner(ctx)
    known = Line(ctx, MEI)
    assert known.heard("Say banner") == "付款 <暂时> 较慢。"
    assert spoken_blocks(known) == ["Say banner", "Greeting"]
    assert known.failures == []


def test_an_outage_is_told_to_a_stranger_once_they_have_chosen_a_language(ctx: Context) -> None:
    put_up_banner(ctx)
    stranger = Line(ctx, None).press("2 #")
    assert stranger.heard("Say banner") == "Payments & refunds are slow."
    said = spoken_blocks(stranger)
    assert said.index("Language menu") < said.index("Say banner") < said.index("Main menu")
    assert stranger.failures == []


def test_an_outage_is_told_until_the_banner_ends(ctx: Context) -> None:
    put_up_banner(ctx, short_menu=True)
    assert isinstance(ctx.clock, VirtualClock)
    ctx.clock.advance(timedelta(hours=1))
    over = Line(ctx, MEI).press("-")
    assert spoken_blocks(over) == ["Greeting", "Main menu"]
    assert over.state.attributes["short_menu"] == "no"


def test_a_short_menu_names_less_takes_the_same_keys_and_leads_to_the_whole(ctx: Context) -> None:
    put_up_banner(ctx, short_menu=True)
    line = Line(ctx, MEI).press("- 9")
    assert spoken_blocks(line) == ["Say banner", "Greeting", "Short menu", "Main menu"]
    line.press("* 1 4")
    assert spoken_blocks(line)[-4:] == ["Language menu", "Say banner", "Greeting", "Refunds menu"]
    assert line.failures == []


@pytest.mark.parametrize(
    ("switched_on", "seniors", "menu"),
    [
        (True, (True, True), "Person first menu"),
        (True, (True, False), "Main menu"),
        (True, (False, False), "Main menu"),
        (False, (True, True), "Main menu"),
    ],
)
def test_seniors_are_offered_a_person_first_where_that_is_switched_on(
    ctx: Context, switched_on: bool, seniors: tuple[bool, bool], menu: str
) -> None:
    """On a phone that reaches others, too, nobody is taken for one."""
    number = "+8613800000007"
    for place, senior in enumerate(seniors):
        give(ctx, [opened(f"acct-{place}", (PointKind.PHONE, number), at=NOW - timedelta(days=9), senior=senior)])
    line = Line(replace(ctx, seniors_first=switched_on), number).press("-")
    assert spoken_blocks(line) == ["Greeting", menu]
    line.press("0")
    assert line.steps[-1] == ("handover", "QUEUE")


@pytest.mark.parametrize("flows", [shipped(), shipped_without_key()], ids=["encrypted", "plain"])
def test_one_flow_serves_an_instance_with_a_key_and_one_without(ctx: Context, flows: FlowSet) -> None:
    line = Line(ctx, MEI, flows=flows).press(f"3 *# 3 12345# - 3 # {CODE}")
    assert line.failures == []
    assert [outcome for step, outcome in line.steps if step == "check_code"] == ["STAR", "INVALID", "PROVED"]
    assert line.steps[-1] == ("payments", "NONE")


@pytest.mark.parametrize("flows", [shipped(), shipped_without_key()], ids=["encrypted", "plain"])
def test_zero_at_the_code_brings_a_person(ctx: Context, flows: FlowSet) -> None:
    line = Line(ctx, MEI, flows=flows).press("3 0#")
    assert line.steps[-3:] == [("check_code", "ZERO"), ("hours", "OPEN"), ("handover", "QUEUE")]
    assert line.state.end is not None
    assert line.state.end.outcome is EndOutcome.QUEUE


def test_a_key_that_does_not_fit_is_an_apology_and_a_person_and_no_try(ctx: Context) -> None:
    other = CachedKeyring(lambda: secret(make_entry_key()), ctx.clock)
    line = Line(replace(ctx, entry_keys=other), MEI).press(f"3 {CODE}")
    assert line.steps[-2:] == [("check_code", "TRY_LATER"), ("handover", "QUEUE")]
    assert line.heard("Apology")
    assert line.phone.challenge.tries_left == 3

"""The call that reads a code out: what whoever answers hears, with canned answers and with the real functions."""

import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from connect_sim.language.references import find_references, iterate_strings
from connect_sim.simulator.engine import Engine
from connect_sim.simulator.events import CallEvent
from connect_sim.simulator.seams import FunctionResult
from connect_sim.simulator.state import CallSetup, EndOutcome
from functions.connect.envelope import request_from
from functions.connect.runner import answer as function_answer
from functions.messenger.delivery import deliver
from hotline.contracts.model import PointKind
from hotline.kit.aws.carriers import Outgoing, Transport
from hotline.kit.doors import Context
from hotline.kit.store import Table
from hotline.kit.store.expressions import to_item
from hotline_local.testing.memory_store import MemoryStore
from hotline_local.testing.virtual_clock import VirtualClock
from tests.flows.shipped import ENTRY, OUTBOUND, blocks, menus, shipped
from tests.flows.test_calls import FAILURE, Heard, answer, call
from tests.support.messenger_in_hand import SENDER
from tests.support.phone import Phone, context, give, opened
from tests.support.sweeps import sweep

CALLED = "+8613800000001"
CHALLENGE = "chl_00000000000000000000000000000001"
TOLD = "read_code READ"
PACE = {"pace", "pace_next", "pause", "pause_next"}
READY = answer("announce_code", "READY", language="zh-CN")
READ = answer("read_code", "READ")


def ring(keys: str, *, method: str = "API", **answers: Any) -> Heard:
    """Have somebody called, who presses these keys and hangs up when they are used up."""
    steps = {"announce_code": READY, "read_code": READ} | answers
    told = {"challenge": CHALLENGE}
    return call(keys, number=CALLED, start=OUTBOUND, attributes=told, initiation_method=method, **steps)


def codes(heard: Heard) -> list[str]:
    return heard.spoken("Say code")


# ---------------------------------------------------------------- what is said


def test_the_hotline_names_itself_first_and_a_key_asks_for_the_code() -> None:
    heard = ring("1 - -")
    assert heard.asked == [
        {"step": "announce_code", "challenge": CHALLENGE},
        {"step": "read_code", "challenge": CHALLENGE},
    ]
    assert heard.spoken("Invitation") == ["announce_code READY"]
    assert codes(heard) == [TOLD]
    assert heard.spoken("Say goodbye") == ["再见。"]
    assert heard.ending is EndOutcome.DISCONNECTED


@pytest.mark.parametrize("keys", ["- - -", "2 2 2", "- 5 - * -"])
def test_a_mailbox_that_answers_is_told_no_code(keys: str) -> None:
    heard = ring(keys)
    assert heard.steps == ["announce_code"]
    assert codes(heard) == []
    assert heard.spoken("Say goodbye")


def test_the_invitation_is_repeated_on_nine_and_after_silence_and_wrong_keys() -> None:
    assert len(ring("9 9").spoken("Invitation")) == 3
    heard = ring("- 7 1 -")
    assert heard.spoken("Invitation no key words") == ["没有听到按键。"]
    assert heard.spoken("Invitation wrong key words") == ["没有这个选项。"]
    assert codes(heard) == [TOLD]


def test_one_repeat_is_offered_and_not_a_second() -> None:
    heard = ring("1 9")
    assert codes(heard) == [TOLD, TOLD]
    assert heard.steps == ["announce_code", "read_code"]
    assert len(heard.spoken("Again")) == 1
    assert heard.ending is EndOutcome.DISCONNECTED


def test_a_wrong_key_after_the_code_is_no_repeat() -> None:
    heard = ring("1 3 3 9")
    assert codes(heard) == [TOLD, TOLD]
    assert ring("1 3 3 3").spoken("Say goodbye")


@pytest.mark.parametrize(
    ("language", "voice", "again"), [("zh-CN", "Zhiyu", "再听一遍"), ("en-US", "Joanna", "To hear it again")]
)
def test_the_voice_is_that_of_the_customers_language(language: str, voice: str, again: str) -> None:
    heard = ring("1 -", announce_code=answer("announce_code", "READY", language=language))
    assert (heard.state.language, heard.state.voice) == (language, voice)
    assert heard.spoken("Again")[0].startswith(again)


# ---------------------------------------------------------------- when nothing is told


@sweep("method", ["INBOUND", "TRANSFER", "CALLBACK", "QUEUE_TRANSFER"])
def test_a_call_that_came_in_is_told_nothing_and_asks_for_nothing(method: str) -> None:
    heard = ring("", method=method)
    assert heard.steps == []
    assert "抱歉" in heard.spoken("Say sorry")[0]
    assert "Sorry" in heard.spoken("Say sorry")[0]


def test_a_code_that_is_over_before_the_call_is_said_to_be() -> None:
    heard = ring("", announce_code=answer("announce_code", "GONE"))
    assert heard.spoken("Say gone") == ["announce_code GONE"]
    assert heard.ending is EndOutcome.DISCONNECTED


def test_a_code_that_is_over_when_it_is_asked_for_is_said_to_be() -> None:
    heard = ring("1", read_code=answer("read_code", "GONE"))
    assert (heard.spoken("Say gone"), codes(heard)) == (["read_code GONE"], [])


@sweep("outcome", ["TRY_LATER", "INVALID", None])
@sweep(("step", "keys"), [("announce_code", ""), ("read_code", "1")])
def test_a_failure_is_apologised_for_and_ends_the_call(step: str, keys: str, outcome: str | None) -> None:
    failed: dict[str, Any] = {step: answer(step, outcome) if outcome else dict(FAILURE)}
    heard = ring(keys, **failed)
    assert len(heard.spoken("Say sorry")) == 1
    assert codes(heard) == []
    assert heard.ending is EndOutcome.DISCONNECTED


# ---------------------------------------------------------------- what is kept


def test_the_line_is_neither_logged_nor_recorded_from_the_first_word_on() -> None:
    flow = shipped().by_name[OUTBOUND]
    first = flow.by_identifier[flow.start_action]
    assert first.parameters == {"FlowLoggingBehavior": "Disabled"}
    second = flow.by_identifier[first.next_action or ""]
    assert second.mapping("RecordingBehavior") == {"RecordedParticipants": [], "IVRRecordingBehavior": "Disabled"}
    heard = ring("1 9")
    assert (heard.state.logging, heard.state.recording, heard.state.ivr_recording) == (False, (), False)


def test_nothing_that_is_said_becomes_an_attribute() -> None:
    flow = shipped().by_name[OUTBOUND]
    written = [action.mapping("Attributes") for action in blocks(flow, "UpdateContactAttributes")]
    assert {name for attributes in written for name in attributes} == PACE
    kept = [text for action in blocks(flow, "UpdateFlowAttributes") for text in iterate_strings(action.parameters)]
    assert [text for text in kept if "$." in text] == []
    read = {
        reference.keys[0]
        for action in flow.actions
        for text in iterate_strings(action.parameters)
        for reference in find_references(text)
        if reference.root == "Attributes"
    }
    assert read == {"challenge", *PACE}
    heard = ring("1 9")
    usual = {"pace": "medium", "pace_next": "medium", "pause": "1ms", "pause_next": "1ms"}
    assert heard.state.attributes == {"challenge": CHALLENGE, **usual}


def test_nobody_is_put_through_or_asked_for_digits_on_a_call_of_ours() -> None:
    flow = shipped().by_name[OUTBOUND]
    leaving = {"TransferToFlow", "TransferContactToQueue", "InvokeFlowModule", "CreateCallbackContact"}
    assert {action.type for action in flow.actions} & leaving == set()
    assert {menu.identifier for menu in menus(flow)} == {
        action.identifier for action in blocks(flow, "GetParticipantInput")
    }


# ---------------------------------------------------------------- with the real functions

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
SPOKEN_CODE = re.compile(r"\d(?: \d){5}")


class House:
    """The functions on a store in memory: a caller's line, the messenger, and the calls that it makes."""

    def __init__(self, ctx: Context) -> None:
        self.ctx = ctx
        self.engine = Engine(shipped(), self)
        self.calls: list[Outgoing] = []
        self.written: list[Outgoing] = []
        self._delivered: set[str] = set()

    def invoke(self, *, arn: str, event: dict[str, Any], time_limit_s: float) -> FunctionResult:
        return FunctionResult(payload=function_answer(request_from(event), self.ctx), duration_ms=50)

    def work_off(self) -> None:
        """Hand the messenger what is new in the outbox."""
        assert isinstance(self.ctx.store, MemoryStore)
        new = [item for item in self.ctx.store.items(Table.OUTBOX) if item["entry_id"] not in self._delivered]
        self._delivered |= {item["entry_id"] for item in new}
        records = [
            {"eventName": "INSERT", "eventSource": "aws:dynamodb", "dynamodb": {"Keys": {"PK": to_item(item)["PK"]}}}
            for item in new
            if item["to"] == "message"
        ]
        carriers: Mapping[str, Transport] = {"sms": _Kept(self.written), "voice": _Kept(self.calls)}
        deliver({"Records": records}, self.ctx, SENDER, carriers)

    def answered(self, outgoing: Outgoing, keys: str, number: str | None = None) -> list[CallEvent]:
        """The call that was asked for, taken by whoever answers it (at another number: had it been led there)."""
        setup = CallSetup(
            contact_id="outbound-contact",
            customer_number=number or outgoing.address,
            initiation_method="API",
            attributes=outgoing.attributes,
        )
        state = self.engine.begin(setup, OUTBOUND)
        events = list(self.engine.run(state).events)
        for token in keys.split():
            if state.waiting is not None:
                events += self.engine.press(state, token).events
        assert state.end is not None
        return events


class _Kept:
    def __init__(self, kept: list[Outgoing]) -> None:
        self._kept = kept

    def send(self, outgoing: Outgoing) -> None:
        self._kept.append(outgoing)


@pytest.fixture
def house() -> House:
    clock = VirtualClock(NOW)
    made = context(MemoryStore(clock), clock, voice_codes=True)
    give(made, [opened("acct-mei", (PointKind.PHONE, CALLED), at=NOW - timedelta(days=365), language="zh-CN")])
    return House(made)


def said(events: list[CallEvent], block: str) -> list[str]:
    return [event.data["text"] for event in events if event.kind == "prompt" and event.place.block == block]


def test_a_caller_asks_for_a_call_hears_the_digits_on_it_and_is_proved_with_them(house: House) -> None:
    """From another phone, for the account whose number was keyed in."""
    number = "+8613900000009"
    phone = Phone(house.ctx, number)
    state = house.engine.begin(CallSetup(contact_id=phone.contact_id, customer_number=number), ENTRY)
    events = list(house.engine.run(state).events)
    for keys in ("1", "13800000001#", "2", "1", "*", "5"):
        events += house.engine.press(state, keys).events
    offered = said(events, "Code options")
    assert offered == ["短信请按1，邮箱请按2，已收到请按3，应用里设的热线密码请按4，语音电话请按5，人工请按0。"]
    assert said(events, "Say code sent")[-1].startswith("如果您的号码已在我们这里登记，马上会有一个电话打给您")

    house.work_off()
    # The text that was asked for first is no longer of use: another code took its place.
    assert house.written == []
    (outgoing,) = house.calls
    heard = house.answered(outgoing, "1 - -")
    read = said(heard, "Say code")[0]
    digits = SPOKEN_CODE.findall(read)
    assert digits == [" ".join(phone.code)] * 2
    assert "用于解锁账户的验证码" in read

    events += house.engine.press(state, digits[0].replace(" ", "")).events
    steps = [(event.data["step"], event.data["outcome"]) for event in events if event.kind == "function"]
    assert ("check_code", "PROVED") in steps
    assert [event for event in (*events, *heard) if event.kind == "error" and event.data["cause"] != "silence"] == []


def test_nothing_of_a_call_but_its_prompts_holds_the_code(house: House) -> None:
    phone = Phone(house.ctx, CALLED)
    phone.press("start")
    phone.press("send_code", method="voice", goal="look")
    house.work_off()
    heard = house.answered(house.calls[0], "1 9")
    code = phone.code
    elsewhere = [event.data for event in heard if event.kind != "prompt"]
    assert elsewhere
    assert code not in str(elsewhere)
    assert " ".join(code) not in str(elsewhere)
    assert code not in str(house.calls)


def test_a_call_that_is_led_to_another_phone_reads_out_nothing(house: House) -> None:
    phone = Phone(house.ctx, CALLED)
    phone.press("start")
    phone.press("send_code", method="voice", goal="look")
    house.work_off()
    heard = house.answered(house.calls[0], "1", number="+8613900000009")
    assert said(heard, "Say code") == []
    assert said(heard, "Say gone")


def test_a_code_that_was_used_meanwhile_is_not_read_out(house: House) -> None:
    phone = Phone(house.ctx, CALLED)
    phone.press("start")
    phone.press("send_code", method="voice", goal="look")
    house.work_off()
    phone.press("check_code", code=phone.code)
    heard = house.answered(house.calls[0], "1")
    assert said(heard, "Say code") == []
    assert "已经不需要了" in said(heard, "Say gone")[0]


def test_a_stranger_who_asks_for_a_call_sets_off_none(house: House) -> None:
    phone = Phone(house.ctx, "+8613900000009")
    phone.press("start")
    assert phone.press("send_code", method="voice", goal="look")["outcome"] == "SENT"
    house.work_off()
    assert (house.calls, house.written) == ([], [])

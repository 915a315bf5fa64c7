"""Whole calls through the shipped flows, with canned answers: what a caller hears, and what the function is asked."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import pytest

from connect_sim.language.flow_set import FlowSet
from connect_sim.simulator.engine import Engine
from connect_sim.simulator.events import CallEvent, Visit
from connect_sim.simulator.state import CallSetup, CallState, EndOutcome, EndReason
from connect_sim.simulator.stubs import StubFunctions
from functions.connect.envelope import EMPTY
from functions.connect.steps import STEPS
from tests.flows.shipped import ENTRY, QUEUE, RESOURCE_TOKENS, WHISPER, shipped, shipped_without_key
from tests.support.encrypted_entries import opened
from tests.support.sweeps import sweep

CALLER = "+8613900000000"
MOST_SPEECH_BEFORE_A_PAUSE_S = 20.0
MOST_SPEECH_BEFORE_THE_MENU_S = 12.0
FAILURE: Mapping[str, str] = {"error": "exception"}


def answer(step: str, outcome: str, **keys: str) -> dict[str, str]:
    """An answer of a step with every key it declares."""
    told = {"outcome": outcome, "prompt": f"<speak>{step} {outcome}</speak>", "turn": "7", "account_ref": "ref"}
    return dict.fromkeys(STEPS[step].answer_keys, EMPTY) | told | keys


@dataclass(frozen=True, slots=True)
class Heard:
    """A call that was made: its state, and everything on the line. `asked` are the parameters of the function's calls,
    `visits` the blocks that the call came through."""

    state: CallState
    events: Sequence[CallEvent]
    asked: Sequence[Mapping[str, str]]
    visits: Sequence[Visit]

    @property
    def steps(self) -> list[str]:
        return [given["step"] for given in self.asked]

    @property
    def ending(self) -> EndOutcome | None:
        return self.state.end.outcome if self.state.end else None

    @property
    def priorities(self) -> list[str]:
        """The priorities in a queue that the call was given."""
        flows = shipped().by_name
        passed = [flows[visit.flow].by_identifier[visit.block] for visit in self.visits]
        return [block.text("QueuePriority") for block in passed if block.type == "UpdateContactRoutingBehavior"]

    def spoken(self, block: str) -> list[str]:
        """The texts that were said at a block."""
        return [event.data["text"] for event in self.events if event.kind == "prompt" and event.place.block == block]


def call(
    keys: str,
    *,
    number: str | None = CALLER,
    staffed: int = 1,
    metrics: Mapping[str, float] | None = None,
    queue: str | None = None,
    at_capacity: bool = False,
    start: str = ENTRY,
    attributes: Mapping[str, str] | None = None,
    initiation_method: str = "INBOUND",
    channel: str = "VOICE",
    agent: str | None = None,
    start_answer: Mapping[str, str] | None = None,
    flows: FlowSet | None = None,
    **answers: Any,
) -> Heard:
    """Call, press these keys (one token an input, `-` for silence), and hang up when they are used up.

    The number is known and Chinese is its language, and everybody is handed over, unless the answers say otherwise.
    """
    usual: dict[str, Any] = {
        "start": start_answer or answer("start", "KNOWN", language="zh-CN", proved="no"),
        "set_language": answer("set_language", "SET"),
        "hours": answer("hours", "OPEN"),
        "handover": answer("handover", "QUEUE", queue="support", case_id="case-1"),
        **{step: answer(step, "ASKED") for step in ("pause", "freeze")},
    }
    functions = StubFunctions(usual | answers)
    engine = Engine(flows or shipped(), functions)
    setup = CallSetup(
        contact_id="contact",
        customer_number=number,
        metrics={"NumberOfAgentsStaffed": staffed} if metrics is None else metrics,
        queue=queue,
        queue_at_capacity=at_capacity,
        attributes=attributes or {},
        initiation_method=initiation_method,
        channel=channel,
        agent=agent,
    )
    state = engine.begin(setup, start)
    trace = engine.run(state)
    for token in keys.split():
        assert state.waiting, f"nobody asks for {token}: {trace.events[-3:]}"
        trace.extend(engine.press(state, token))
    if state.end is None:
        trace.extend(engine.hang_up(state))
    assert state.end is not None
    assert state.end.reason is EndReason.ENDED
    asked = [event["Details"]["Parameters"] for _, event in functions.calls]
    return Heard(state, trace.events, asked, trace.visits)


CLOSED = answer("hours", "CLOSED")
PEOPLE = RESOURCE_TOKENS["QueueArn"]


def english() -> dict[str, str]:
    return answer("start", "KNOWN", language="en-US", proved="no", elsewhere="no")


# --- who is calling


def test_a_known_caller_is_answered_in_their_own_language_at_once() -> None:
    chinese, other = call(""), call("", start_answer=english())
    assert chinese.steps == ["start"]
    assert chinese.spoken("Language menu") == []
    assert (chinese.state.language, chinese.state.voice) == ("zh-CN", "Zhiyu")
    assert (other.state.language, other.state.voice) == ("en-US", "Joanna")


def test_an_unknown_caller_chooses_a_language_and_may_key_in_a_number_or_go_on_without() -> None:
    unknown = answer("start", "UNKNOWN", proved="no")
    keyed = call("2 13900000000#", start_answer=unknown, identify=answer("identify", "TAKEN"))
    assert keyed.steps == ["start", "set_language", "identify"]
    assert keyed.asked[2]["phone"] == "13900000000"
    assert (keyed.state.language, keyed.spoken("Main menu")[0][:26]) == ("en-US", "For fraud or a lost phone,")
    without = call("1 #", start_answer=unknown)
    assert without.steps == ["start", "set_language"]
    assert without.spoken("Main menu")


def test_a_caller_is_asked_for_the_number_once_even_after_changing_the_language() -> None:
    unknown = answer("start", "WITHHELD", proved="no")
    heard = call("1 # * 2 -", number=None, start_answer=unknown)
    assert len(heard.spoken("Phone number")) == 1
    assert len(heard.spoken("Main menu")) == 2


def test_silence_at_the_number_costs_no_try_of_the_function_and_the_third_brings_a_person() -> None:
    heard = call("1 - - -", start_answer=answer("start", "UNKNOWN", proved="no"))
    assert heard.steps == ["start", "set_language", "handover"]
    assert heard.ending is EndOutcome.QUEUE


def test_a_caller_who_comes_back_proved_is_not_asked_for_a_number() -> None:
    heard = call("-", number=None, start_answer=answer("start", "WITHHELD", language="zh-CN", proved="yes"))
    assert heard.spoken("Main menu")


def test_a_known_caller_asks_about_another_account_by_two_keys() -> None:
    taken = answer("identify", "TAKEN", elsewhere="yes")
    heard = call("5 4 13900000001# 2", identify=taken, lock_status=answer("lock_status", "NEED_PROOF", needs="agent"))
    assert heard.steps == ["start", "identify", "lock_status", "hours", "handover"]
    assert heard.asked[1]["phone"] == "13900000001"
    assert heard.state.attributes["elsewhere"] == "yes"


def test_a_caller_who_gives_up_another_number_is_back_at_the_main_menu() -> None:
    for back in ("#", "*"):
        heard = call(f"- 5 4 {back}")
        assert len(heard.spoken("Main menu")) == 2
        assert heard.steps == ["start"]
    unknown = call("1 *", number=None, start_answer=answer("start", "UNKNOWN", proved="no"))
    assert len(unknown.spoken("Language menu")) == 2


def test_values_about_the_account_before_are_forgotten_with_the_number() -> None:
    heard = call(
        "3 2 3 * 5 4 13900000001#",
        payments=answer("payments", "SEVERAL", count="2"),
        payment_answer=answer("payment_answer", "NOT_TAKEN", refundable="no"),
        identify=answer("identify", "TAKEN", elsewhere="yes"),
    )
    kept = {name: heard.state.attributes[name] for name in ("choice", "topic", "lock_told", "method")}
    assert set(kept.values()) == {EMPTY}


def test_keys_interrupt_the_greeting() -> None:
    for start in (answer("start", "KNOWN", language="zh-CN", elsewhere="no"), english()):
        heard = call("1", start_answer=start)
        assert heard.spoken("Main menu") == []
        assert heard.spoken("Security menu")


# --- ways to a person


@sweep(
    ("keys", "topic"), [("0", EMPTY), ("2 0", "lockout"), ("1 0", "security"), ("1 3 5 0", "advice"), ("4 0", "refund")]
)
def test_zero_brings_a_person_who_knows_the_topic(keys: str, topic: str) -> None:
    heard = call(keys, lock_status=answer("lock_status", "SOFT", self_service="unlock", asked="no"))
    assert heard.ending is EndOutcome.QUEUE
    assert heard.asked[-1]["step"] == "handover"
    assert (heard.asked[-1]["topic"], heard.asked[-1]["reason"]) == (topic, "asked")
    assert heard.state.attributes["case_id"] == "case-1"


@pytest.mark.parametrize("keys", ["- - - -", "- 8 8 8"])
def test_three_silences_or_three_wrong_keys_bring_a_person(keys: str) -> None:
    heard = call(keys)
    assert len(heard.spoken("Main menu")) == 3
    assert heard.ending is EndOutcome.QUEUE
    assert heard.asked[-1]["reason"] == "failed"


def test_silence_and_wrong_keys_are_counted_apart() -> None:
    assert call("- - 8 - 8").ending is EndOutcome.HUNG_UP


@pytest.mark.parametrize("problem", [FAILURE, answer("lock_status", "TRY_LATER")])
def test_a_function_that_fails_is_apologised_for_once_and_brings_a_person(problem: dict[str, str]) -> None:
    heard = call("2", lock_status=problem)
    assert heard.spoken("Apology") == ["抱歉，系统出了点问题，我为您转接人工。"]
    assert heard.asked[-1]["reason"] == "failed"
    assert heard.ending is EndOutcome.QUEUE


def test_a_function_that_fails_throughout_still_leaves_the_caller_with_a_person() -> None:
    """While somebody works; the queue itself knows that."""
    heard = call("", start_answer=dict(FAILURE), handover=dict(FAILURE), staffed=1)
    assert heard.ending is EndOutcome.QUEUE
    apologies = heard.spoken("Apology in both languages")
    assert len(apologies) == 1
    assert "抱歉" in apologies[0]
    assert "Sorry" in apologies[0]


def test_nobody_is_left_in_a_queue_that_nobody_works_when_the_hours_are_not_known() -> None:
    heard = call("0", hours=dict(FAILURE), handover=dict(FAILURE), staffed=0)
    assert heard.ending is not EndOutcome.QUEUE
    assert heard.spoken("Say closed")


def test_outside_hours_a_callback_is_offered_and_booked() -> None:
    answers = [answer("handover", "CLOSED_HOURS", case_id="case-1"), answer("handover", "CALLBACK", case_id="case-1")]
    heard = call("0 0 1", hours=CLOSED, handover=answers)
    assert [given["reason"] for given in heard.asked if given["step"] == "handover"] == ["asked", "callback"]
    assert [event.data["number"] for event in heard.events if event.kind == "callback"] == [CALLER]
    assert heard.ending is EndOutcome.CALLBACK


def test_nobody_promises_a_callback_to_a_withheld_number() -> None:
    start = answer("start", "WITHHELD", language="zh-CN", proved="yes")
    answers = [answer("handover", "CLOSED_HOURS", case_id="case-1"), answer("handover", "CALLBACK", case_id="case-1")]
    heard = call("0 0 1", number=None, hours=CLOSED, start_answer=start, handover=answers)
    assert heard.spoken("Say callback") == []
    assert heard.spoken("Say no callback")
    assert heard.ending is not EndOutcome.CALLBACK


def test_a_callback_is_not_offered_to_a_withheld_number() -> None:
    start = answer("start", "WITHHELD", language="zh-CN", proved="yes", callback="no")
    nobody = answer("handover", "CLOSED_HOURS", case_id="case-1")
    closed = call("0 0 1", number=None, hours=CLOSED, start_answer=start, handover=nobody)
    busy = call("0 2", number=None, at_capacity=True, start_answer=start)
    for heard in (closed, busy):
        assert heard.spoken("Callback menu") == []
        assert not any("回电" in event.data.get("text", "") for event in heard.events)
    assert busy.ending is EndOutcome.DISCONNECTED


def test_a_waiting_caller_with_a_withheld_number_is_offered_no_callback() -> None:
    line = {"turn": "3", "account_ref": "ref", "language": "en-US", "topic": "refund", "callback": "no"}
    heard = call("- 1 -", start=QUEUE, attributes=line, number=None)
    assert heard.spoken("Waiting") == []
    assert heard.steps == []


def test_a_caller_who_is_told_the_hours_and_stays_silent_ends_with_words_at_closed_hours() -> None:
    heard = call("0 0 - - -", hours=CLOSED, handover=answer("handover", "CLOSED_HOURS", case_id="case-1"))
    assert heard.ending is EndOutcome.CLOSED
    assert heard.spoken("Say goodbye")


def test_the_automatic_line_goes_on_at_closed_hours() -> None:
    heard = call("0 * 2", hours=CLOSED, lock_status=answer("lock_status", "NEED_PROOF", needs="agent"))
    assert heard.steps[:3] == ["start", "hours", "lock_status"]
    assert heard.spoken("Say hours")
    assert heard.spoken("Main menu")


def test_a_full_queue_is_said_and_a_callback_offered() -> None:
    heard = call("0 2", at_capacity=True)
    assert heard.spoken("Say busy")
    assert heard.ending is EndOutcome.DISCONNECTED


def test_a_waiting_caller_can_have_a_callback_instead() -> None:
    line = {"turn": "3", "account_ref": "ref", "language": "en-US", "topic": "refund"}
    answers = answer("handover", "CALLBACK", case_id="case-1")
    heard = call("- 1", start=QUEUE, attributes=line, handover=answers, queue=PEOPLE)
    assert (heard.asked[-1]["reason"], heard.asked[-1]["turn"]) == ("callback", "3")
    assert heard.ending is EndOutcome.CALLBACK


SKILL = "arn:aws:connect:us-east-1:111122223333:instance/i/queue/security-zh"


@pytest.mark.parametrize(
    ("keys", "queue", "priority", "waits_in", "first"),
    [("0", EMPTY, "5", PEOPLE, None), ("1 0", SKILL, "1", SKILL, "1")],
)
def test_a_call_waits_in_the_queue_and_with_the_priority_that_the_function_answers(
    keys: str, queue: str, priority: str, waits_in: str, first: str | None
) -> None:
    heard = call(keys, handover=answer("handover", "QUEUE", queue=queue, priority=priority, level="one"))
    assert heard.state.queue == waits_in
    assert heard.priorities == ([first] if first else [])
    assert heard.state.attributes["level"] == "one"


def in_line(metrics: Mapping[str, float], keys: str = "-") -> Heard:
    """A caller who waits, in a queue that the service finds so."""
    line = {"turn": "3", "account_ref": "ref", "language": "en-US", "topic": "refund", "priority": "5", "queue": EMPTY}
    answers = answer("handover", "CALLBACK", case_id="case-1", priority="5", level="none", queue=EMPTY)
    return call(keys, start=QUEUE, attributes=line, metrics=metrics, queue=SKILL, handover=answers)


@sweep(
    ("position", "estimate_s", "expected"),
    [
        (1, 0, "You are next. You will probably wait less than five minutes."),
        (2, 299, "A few callers are before you. You will probably wait less than five minutes."),
        (5, 300, "A few callers are before you. You will probably wait less than five minutes."),
        (6, 301, "Many callers are before you. You will probably wait less than a quarter of an hour."),
        (6, 900, "Many callers are before you. You will probably wait less than a quarter of an hour."),
        (40, 901, "Many callers are before you. You will probably wait less than half an hour."),
        (40, 1800, "Many callers are before you. You will probably wait less than half an hour."),
        (40, 1801, "Many callers are before you. You may wait longer than half an hour."),
    ],
)
def test_callers_in_line_hear_their_place_and_a_wait_that_is_not_below_the_estimate(
    position: int, estimate_s: int, expected: str
) -> None:
    metrics = {"Contact.PositionInQueue": position, "Contact.EstimatedWaitTime": estimate_s}
    heard = in_line(metrics)
    said = [event.data["text"] for event in heard.events if event.kind == "prompt"]
    assert " ".join(said[: said.index(heard.spoken("Waiting")[0])]) == expected
    again = in_line(metrics, "9")
    assert [event.data["text"] for event in again.events if event.kind == "prompt"].count(said[0]) == 2


def test_no_wait_is_told_where_the_service_knows_none() -> None:
    for metrics in ({}, {"NumberOfAgentsStaffed": 1.0}):
        heard = in_line(metrics)
        assert {event.place.block for event in heard.events if event.kind == "prompt"} == {"Waiting"}


def test_a_callback_keeps_queue_topic_and_place_and_begins_without_proof() -> None:
    heard = in_line({}, "1")
    assert heard.ending is EndOutcome.CALLBACK
    assert heard.state.queue == SKILL
    assert heard.priorities == ["4"]
    assert (heard.state.attributes["topic"], heard.state.attributes["level"]) == ("refund", "none")


@sweep(
    ("topic", "level", "language", "expected"),
    [
        ("security", "two", "en-US", ["Urgent: security of the account.", "Verified with two factors."]),
        ("lockout", "one", "zh-CN", ["账户锁定。", "已用一种方式核实身份。"]),
        (EMPTY, "none", "en-US", ["Topic not known.", "Not verified."]),
        ("refund", "none", EMPTY, ["退款。 Refund.", "未核实身份。 Not verified."]),
    ],
)
def test_an_agent_hears_the_topic_and_how_far_the_caller_is_verified(
    topic: str, level: str, language: str, expected: list[str]
) -> None:
    heard = call("", start=WHISPER, attributes={"topic": topic, "level": level, "language": language})
    assert [event.data["text"] for event in heard.events if event.kind == "prompt"] == expected


def test_recording_begins_after_the_words_about_it_and_only_for_the_talk_with_a_person() -> None:
    heard = call("0")
    assert heard.state.recording == ("Agent", "Customer")
    assert not heard.state.ivr_recording
    assert heard.spoken("Say recorded")
    assert call("").state.recording == ()


# --- proof


def test_a_step_that_needs_proof_is_called_again_after_it_with_the_method_it_asked_for() -> None:
    heard = call(
        "2 123456",
        lock_status=[answer("lock_status", "NEED_PROOF", needs="email"), answer("lock_status", "OPEN", asked="no")],
        send_code=answer("send_code", "SENT", channel="email"),
        check_code=answer("check_code", "PROVED"),
        choose_account=answer("choose_account", "CHOSEN", count="0"),
    )
    assert heard.steps == ["start", "lock_status", "send_code", "check_code", "choose_account", "lock_status"]
    assert (heard.asked[2]["method"], heard.asked[2]["goal"]) == ("email", "unlock")
    assert opened(heard.asked[3]["code"]) == "123456"
    assert heard.spoken("Anything else")


EITHER_ENTRY = pytest.mark.parametrize("flows", [shipped(), shipped_without_key()], ids=["encrypted", "plain"])


def at_the_code(keys: str, outcome: str, flows: FlowSet) -> Heard:
    """A call that comes to the entry of a code, and these keys there; what is checked has this outcome."""
    return call(
        f"2 {keys}",
        flows=flows,
        lock_status=answer("lock_status", "NEED_PROOF", needs="sms"),
        send_code=answer("send_code", "SENT", channel="sms"),
        check_code=answer("check_code", outcome),
    )


@EITHER_ENTRY
def test_an_entered_code_is_shown_to_nobody(flows: FlowSet) -> None:
    heard = at_the_code("135790", "WRONG", flows)
    assert heard.steps[-1] == "check_code"
    assert not any("135790" in str(event.data) for event in heard.events)


def test_a_code_reaches_the_function_in_the_clear_only_where_the_instance_has_no_key() -> None:
    plain, sealed = (at_the_code("135790", "WRONG", flows) for flows in (shipped_without_key(), shipped()))
    assert plain.asked[-1]["code"] == "135790"
    assert "135790" not in sealed.asked[-1]["code"]
    assert opened(sealed.asked[-1]["code"]) == "135790"


@EITHER_ENTRY
@pytest.mark.parametrize("keys", ["-", "#", "- 3 #"])
def test_silence_and_an_empty_entry_are_no_try(flows: FlowSet, keys: str) -> None:
    assert "check_code" not in at_the_code(keys, "WRONG", flows).steps


@EITHER_ENTRY
def test_zero_and_star_are_told_by_the_function_and_lead_to_a_person_and_to_another_code(flows: FlowSet) -> None:
    person = at_the_code("0#", "ZERO", flows)
    assert person.steps[-3:] == ["check_code", "hours", "handover"]
    assert person.ending is EndOutcome.QUEUE
    other = at_the_code("*# -", "STAR", flows)
    assert other.steps[-1] == "check_code"
    assert other.spoken("Code options")


def test_several_accounts_are_chosen_from_after_the_code_and_never_before() -> None:
    heard = call(
        "2 123456 2",
        lock_status=[answer("lock_status", "NEED_PROOF", needs="sms"), answer("lock_status", "OPEN", asked="no")],
        send_code=answer("send_code", "SENT", channel="sms"),
        check_code=answer("check_code", "PROVED"),
        choose_account=[answer("choose_account", "CHOOSE", count="2"), answer("choose_account", "CHOSEN")],
    )
    assert [given["choice"] for given in heard.asked if given["step"] == "choose_account"] == [EMPTY, "2"]


def test_a_caller_who_cannot_prove_hears_the_other_ways_and_gets_a_person() -> None:
    heard = call("2", lock_status=answer("lock_status", "NEED_PROOF", needs="agent"))
    assert heard.steps == ["start", "lock_status", "hours", "handover"]
    assert heard.spoken("Say unproved")
    assert heard.ending is EndOutcome.QUEUE


def test_proof_that_never_suffices_is_not_asked_for_for_ever() -> None:
    heard = call(
        "2 123456 123456 123456",
        lock_status=answer("lock_status", "NEED_PROOF", needs="sms"),
        send_code=answer("send_code", "SENT", channel="sms"),
        check_code=answer("check_code", "PROVED"),
        choose_account=answer("choose_account", "CHOSEN"),
    )
    assert heard.steps.count("send_code") == 3
    assert heard.ending is EndOutcome.QUEUE


# --- topics


def test_a_failed_payment_that_can_be_refunded_leads_to_its_refund_without_choosing_again() -> None:
    heard = call(
        "3 2 1 3 2 1",
        payments=answer("payments", "SEVERAL", count="3"),
        payment_answer=answer("payment_answer", "DEBITED", refundable="yes"),
        refund_offer=answer("refund_offer", "OFFERED"),
        refund_request=answer("refund_request", "APPROVED"),
    )
    assert heard.steps == ["start", "payments", "payment_answer", "refund_offer", "refund_request"]
    assert heard.asked[2]["choice"] == heard.asked[3]["choice"] == heard.asked[4]["choice"] == "2"
    assert heard.asked[4]["reason"] == "defective"
    assert heard.spoken("Read back") == ["refund_offer OFFERED"]
    assert heard.state.attributes["topic"] == "refund"


def test_a_refund_that_is_not_confirmed_is_not_asked_for() -> None:
    heard = call(
        "4 2 1 1 1 *",
        payments=answer("payments", "SEVERAL", count="2"),
        refund_offer=answer("refund_offer", "OFFERED"),
    )
    assert "refund_request" not in heard.steps
    assert heard.spoken("Say cancelled") == ["好的，没有提交申请。"]


REPORTED: Final[dict[str, Any]] = {
    "payments": answer("payments", "SEVERAL", count="2"),
    "refund_offer": answer("refund_offer", "OFFERED"),
    "refund_request": answer("refund_request", "ROUTE_DISPUTE"),
}
"""The answers to a caller who reports a payment that they did not make."""


def test_a_caller_who_did_not_pay_reports_it_and_is_offered_a_freeze_and_no_refund_is_read_back() -> None:
    heard = call("4 2 1 4 1 1", **REPORTED)
    assert heard.steps == ["start", "payments", "refund_offer", "refund_request", "freeze"]
    assert heard.spoken("Read back") == []
    assert heard.spoken("Security menu") == []
    assert heard.state.attributes["topic"] == "security"


def test_a_caller_who_did_not_pay_may_go_back_or_take_the_dispute_to_a_person_who_is_told_of_it() -> None:
    for keys, topic in (("4 2 1 4 0", "dispute"), ("4 2 1 4 1 0", "dispute"), ("4 2 1 4 * 0", "refund")):
        assert call(keys, **REPORTED).asked[-1]["topic"] == topic


def test_a_freeze_that_was_asked_for_in_one_way_is_not_begun_by_the_main_menu() -> None:
    heard = call("4 2 1 4 1 1 * 1", **REPORTED)
    assert heard.steps.count("freeze") == 1
    assert heard.spoken("Security menu")


def test_a_refund_from_the_main_menu_does_not_start_from_a_payment_chosen_before() -> None:
    heard = call(
        "3 3 * 4",
        payments=answer("payments", "ONE", count="1"),
        payment_answer=answer("payment_answer", "NOT_TAKEN", refundable="no"),
    )
    assert heard.steps == ["start", "payments", "payment_answer"]
    assert heard.spoken("Refunds menu")


def test_a_payment_is_found_by_the_end_of_its_order_number() -> None:
    heard = call(
        "3 4821#",
        payments=answer("payments", "NONE", count="0"),
        payment_by_order=answer("payment_by_order", "FOUND", count="1"),
        payment_answer=answer("payment_answer", "HELD", refundable="no"),
    )
    assert heard.steps == ["start", "payments", "payments", "payment_by_order", "payment_answer"]
    assert [one.get("purpose") for one in heard.asked[1:3]] == ["failed", "latest"]
    assert heard.asked[3]["tail"] == "4821"
    assert heard.asked[4]["choice"] == "1"


def test_older_payments_are_a_key_away_and_a_wrong_choice_begins_with_what_failed_again() -> None:
    heard = call(
        "3 5 5 5 2 5 *",
        payments=answer("payments", "SEVERAL", count="3"),
        payment_answer=answer("payment_answer", "INVALID"),
    )
    purposes = [one.get("purpose") for one in heard.asked if one["step"] == "payments"]
    assert purposes == ["failed", "latest", "older", "older", "failed", "latest"]


def test_another_payment_is_chosen_from_the_newest_and_still_found_by_its_order_number() -> None:
    heard = call(
        "3 1 1 4 4821# 5 *",
        payments=answer("payments", "SEVERAL", count="3"),
        payment_by_order=answer("payment_by_order", "SEVERAL", count="2"),
        payment_answer=answer("payment_answer", "NOT_TAKEN", refundable="no"),
    )
    asked = [(one["step"], one.get("purpose")) for one in heard.asked if one["step"].startswith("payment")]
    assert asked == [
        ("payments", "failed"),
        ("payment_answer", None),
        ("payments", "latest"),
        ("payment_by_order", None),
        ("payments", "latest"),
    ]


@pytest.mark.parametrize("start", [answer("start", "KNOWN", language="zh-CN"), english()])
def test_a_pause_is_asked_for_within_twenty_seconds_of_speech(start: dict[str, str]) -> None:
    heard = call("1 2", start_answer=start)
    chosen = next(event for event in heard.events if event.kind == "input" and event.place.block == "Greeting")
    (asked,) = (event for event in heard.events if event.kind == "function" and event.data["step"] == "pause")
    assert heard.steps == ["start", "pause"]
    assert asked.at_s - chosen.at_s < MOST_SPEECH_BEFORE_A_PAUSE_S


@pytest.mark.parametrize("start", [answer("start", "KNOWN", language="zh-CN"), english()])
def test_a_known_caller_hears_the_menu_soon(start: dict[str, str]) -> None:
    heard = call("-", start_answer=start)
    menu = next(event for event in heard.events if event.kind == "prompt" and event.place.block == "Main menu")
    assert menu.at_s < MOST_SPEECH_BEFORE_THE_MENU_S


def test_a_caller_ends_the_call_when_they_choose_to() -> None:
    heard = call("1 1 1")
    assert heard.spoken("Say goodbye") == ["感谢您的来电，再见。"]
    assert heard.ending is EndOutcome.DISCONNECTED

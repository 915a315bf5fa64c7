"""Flows as other projects write them run too. They use tokens of five kinds, ARNs that are only known in the call,
polling, bots, and exports without fields that are usual now."""

from pathlib import Path
from typing import Any

import pytest

from connect_sim.language.document import load_flow
from connect_sim.language.flow_set import FlowSet
from connect_sim.simulator.engine import Engine
from connect_sim.simulator.events import CallEvent
from connect_sim.simulator.state import CallState, End, EndOutcome, EndReason, Waiting
from connect_sim.simulator.stubs import StubFunctions
from tests.connect_sim.samples.build import ring

FOREIGN = Path(__file__).parent / "samples" / "foreign"


class Call:
    """A call over the flows of one folder, from its `main.json` on."""

    def __init__(
        self, folder: str, answers: dict[str, Any], *, tokens: dict[str, str] | None = None, **setup: Any
    ) -> None:
        flows = FlowSet([load_flow(path) for path in sorted((FOREIGN / folder).glob("*.json"))], tokens)
        self.functions = StubFunctions(answers)
        self.engine = Engine(flows, self.functions, bots=self.functions)
        self.state: CallState = self.engine.begin(ring(**setup), "main")
        self.events: list[CallEvent] = list(self.engine.run(self.state).events)

    def press(self, *tokens: str) -> "Call":
        for token in tokens:
            self.events += self.engine.press(self.state, token).events
        return self

    @property
    def heard(self) -> list[str]:
        return [event.data["text"] for event in self.events if event.kind == "prompt"]

    @property
    def end(self) -> End | None:
        return self.state.end


def test_arns_may_be_values_of_the_call_and_tokens_may_stand_in_their_place() -> None:
    answers = {"*": {"name": "Ada", "flow": "arn:aws:connect:us-east-1:111122223333:instance/i/contact-flow/evening"}}
    call = Call("arns_in_attributes", answers, tokens={"LOOKUP_FUNCTION": "arn:lookup"}).press("1")
    assert call.heard == ["Hello Ada.", "For the evening line, press 1.", "Good evening, ."]
    assert call.functions.calls[0][1]["Details"]["Parameters"] == {
        "spot": "+8613800000001",
        "retry": 2,
        "fresh": True,
    }
    other = Call("arns_in_attributes", answers, tokens={"QUEUE": "arn:of/people"}).press("-")
    assert other.end == End(EndReason.ENDED, EndOutcome.QUEUE)
    assert other.state.queue == "arn:of/people"


def test_an_arn_of_no_flow_that_is_here_takes_the_error_edge_when_the_call_gave_it() -> None:
    call = Call("arns_in_attributes", {"*": {"name": "Ada", "flow": "arn:of:nothing"}}).press("1")
    assert call.heard[-1] == "Sorry."


RUNS: dict[str, Any] = {"begin": {"job": "j1"}, "look": [{"state": "RUN"}, {"state": "RUN"}]}


def test_polling_goes_round_until_there_is_an_answer() -> None:
    done = {"state": "DONE", "order": {"number": "A7", "parcels": 2}}
    call = Call("polling", {"begin": {"job": "j1"}, "look": [*RUNS["look"], done]})
    assert call.heard == ["One moment."] * 3 + ["Your order A7 has 2 parcels."]


def test_polling_without_an_answer_is_stopped_by_the_cap_on_steps() -> None:
    call = Call("polling", {"begin": {"job": "j1"}, "look": {"state": "RUN"}})
    assert call.end is not None
    assert call.end.reason is EndReason.STEP_CAP


def test_a_time_out_of_its_own_is_followed_where_a_flow_has_that_edge() -> None:
    call = Call("polling", {"begin": {"job": "j1"}, "look": {"error": "timeout"}})
    assert call.heard[-1] == "This takes too long today."
    assert Call("polling", {"begin": {"job": "j1"}, "look": {"error": "exception"}}).heard[-1] == "Sorry."


def test_an_export_with_the_least_fields_runs_and_its_numbers_become_texts() -> None:
    call = Call("least_fields", {"*": {"room": "4"}}, tokens={"ClinicFunctionArn": "arn:clinic"}).press("1234")
    assert call.heard == ["Welcome to the clinic.", "Your card number.", "Visit 3, member true, room 4, floor ."]
    assert call.state.attributes == {"visits": "3", "member": "true", "card": "1234"}
    missing = [event.data for event in call.events if event.kind == "missing"]
    assert missing == [{"values": ["$.External.floor"], "not_modelled": []}]
    assert Call("least_fields", {}).press("-").heard[-1] == "I heard nothing."


BOOK = {"intent": "RenewBook", "slots": {"Title": "Emma"}, "confidence": 0.83}


def test_a_bots_intent_decides_the_branch_and_its_slots_can_be_read() -> None:
    answers = {"lex:library-bot": {"heard": {"renew my book": BOOK, "2": {"intent": "OpeningHours"}, "*": {}}}}
    tokens = {"library-bot": "arn:aws:lex:us-east-1:111122223333:bot-alias/B/library-bot"}
    spoken = Call("bot", answers, tokens=tokens).press('"renew my book"')
    assert spoken.heard[-1] == "Renewing Emma, with a confidence of 0.83, for +8613800000001."
    assert Call("bot", answers, tokens=tokens).press("2").heard[-1] == "We are open until six."


@pytest.mark.parametrize(("tries", "asked"), [("0", 1), ("1", 2), ("2", 3)])
def test_a_bot_asks_again_for_words_it_does_not_understand_as_often_as_the_call_says(tries: str, asked: int) -> None:
    call = Call("bot", {"lex:*": {}}, attributes={"tries": tries}).press(*['"well"'] * asked)
    assert call.heard.count("What can I do for you?") == asked
    assert call.heard[-1] == "Sorry."


@pytest.mark.parametrize("answer", [{"error": "timeout"}, {"locales": ["fr-FR"], **BOOK}])
def test_a_bot_that_cannot_be_reached_or_lacks_the_language_takes_the_error_edge(answer: dict[str, Any]) -> None:
    assert Call("bot", {"lex:*": answer}).press('"renew"').heard == ["What can I do for you?", "Sorry."]


def around(keys: tuple[str, ...] = (), **waiting: Any) -> Call:
    return Call("around_the_talk", {}, waiting=Waiting(**waiting)).press(*keys)


def test_a_call_ends_at_the_queue_unless_it_is_to_go_on_there() -> None:
    assert Call("around_the_talk", {}).end == End(EndReason.ENDED, EndOutcome.QUEUE)


def test_in_the_queue_its_flow_is_heard_then_the_whispers_and_after_the_talk_its_flow() -> None:
    call = around(("-", "1"), agent_after_s=20, agent_leaves=True)
    assert call.heard == [
        "You are in the line for boats.",
        "[prompt arn:of:music]",
        "For another line, press 1.",
        "You are in the line for boats.",
        "[prompt arn:of:music]",
        "A call about boats.",
        "You are being connected.",
        "How was it?",
        "Thank you.",
    ]
    assert call.end == End(EndReason.ENDED, EndOutcome.AGENT)
    listeners = [event.data["to"] for event in call.events if event.kind == "prompt"]
    assert listeners.count("agent") == 1
    (accepted,) = [event for event in call.events if event.kind == "agent"]
    assert accepted.data["waited_s"] >= 20


def test_an_agent_who_stays_to_the_end_leaves_nothing_to_run() -> None:
    assert around(agent_after_s=0).heard == ["A call about boats.", "You are being connected."]


def test_an_agent_may_accept_while_an_input_waits() -> None:
    call = around(("-",), agent_after_s=12)
    (accepted,) = [event for event in call.events if event.kind == "agent"]
    assert accepted.data["waited_s"] == 12
    assert call.end == End(EndReason.ENDED, EndOutcome.AGENT)


def test_without_an_agent_a_caller_waits_until_they_hang_up() -> None:
    call = around(("-", "-", "-"))
    assert call.end is None
    assert around(("2",)).end == End(EndReason.ENDED, EndOutcome.QUEUE)


def test_a_contact_goes_on_to_another_queue_eleven_times_at_most() -> None:
    call = around(("1",) * 11)
    assert call.state.queue == "${SecondQueue}"
    assert call.state.hops == 11
    assert call.end is None
    call.press("1")
    assert [event.data["cause"] for event in call.events if event.kind == "error"] == ["too_many_transfers"]
    assert call.end == End(EndReason.ENDED, EndOutcome.QUEUE)


def test_a_flow_that_a_hook_names_and_nobody_gave_stops_the_call_by_name() -> None:
    flows = [load_flow(FOREIGN / "around_the_talk" / f"{name}.json") for name in ("main", "customer_whisper")]
    engine = Engine(FlowSet(flows), StubFunctions({}))
    state = engine.begin(ring(waiting=Waiting(agent_after_s=0)), "main")
    engine.run(state)
    assert state.end is not None
    assert state.end.reason is EndReason.FAILED
    assert "${QueueFlow}" in state.end.detail

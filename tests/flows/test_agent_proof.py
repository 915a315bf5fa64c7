"""An agent asks for proof: the caller is sent to be verified, keys the code in, and comes back to the agent."""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

import pytest

from connect_sim.language.flow_set import FlowSet
from connect_sim.simulator.engine import Engine
from connect_sim.simulator.events import CallEvent
from connect_sim.simulator.seams import FunctionResult
from connect_sim.simulator.state import CallSetup, CallState, EndOutcome, EndReason
from functions.connect.envelope import request_from
from functions.connect.runner import answer
from hotline.agents import service as agents
from hotline.agents.model import Basis
from hotline.agents.proofs import PROOF_REQUEST_LIFE
from hotline.identity.model import Goal
from hotline.kit.errors import NeedProof
from hotline_local.testing.memory_store import MemoryStore
from hotline_local.testing.virtual_clock import VirtualClock
from tests.flows.shipped import AGENT_TRANSFER, blocks, shipped, shipped_without_key
from tests.flows.test_calls import FAILURE, Heard, call
from tests.flows.test_calls import answer as told
from tests.support.agent_world import EMAIL, NUMBER, AgentWorld
from tests.support.phone import Phone
from tests.support.stores import NOON
from tests.support.sweeps import sweep

AGENT = "arn:aws:connect:us-east-1:111122223333:instance/i/agent/ana"
SENT_ON = "contact-1-sent-on"
CODE = "{code}"
PROVED = told("agent_proof", "PROVED")


class SentOn:
    """A caller whom an agent has sent on by the quick connect, with the connect function itself answering. The contact
    is another one of the same call, with the attributes of the one before."""

    def __init__(
        self,
        world: AgentWorld,
        phone: Phone,
        *,
        flows: FlowSet | None = None,
        topic: str = "lockout",
        language: str = "en-US",
    ) -> None:
        self.world, self.phone = world, phone
        self.engine = Engine(flows or shipped(), self)
        setup = CallSetup(
            contact_id=SENT_ON,
            initial_contact_id=phone.contact_id,
            previous_contact_id=phone.contact_id,
            customer_number=phone.number,
            initiation_method="TRANSFER",
            agent=AGENT,
            attributes={
                "turn": phone.turn,
                "account_ref": phone.account_ref,
                "language": language,
                "case_id": world.case_of(phone),
                "topic": topic,
                "reason": "asked",
                "callback": "yes",
            },
        )
        self.state: CallState = self.engine.begin(setup, AGENT_TRANSFER)
        self.events: list[CallEvent] = list(self.engine.run(self.state).events)

    def invoke(self, *, arn: str, event: dict[str, Any], time_limit_s: float) -> FunctionResult:
        return FunctionResult(payload=answer(request_from(event), self.world.ctx), duration_ms=50)

    def press(self, keys: str) -> "SentOn":
        """Press these keys, one token an input; CODE stands for the digits that were sent."""
        for token in keys.split():
            self.events += self.engine.press(self.state, self.phone.code if token == CODE else token).events
        self.phone.turn = self.state.attributes["turn"]
        return self

    @property
    def steps(self) -> Sequence[tuple[str, str]]:
        return [(event.data["step"], event.data["outcome"]) for event in self.events if event.kind == "function"]

    def spoken(self, block: str) -> list[str]:
        """The words of this block, each time it spoke."""
        return [event.data["text"] for event in self.events if event.kind == "prompt" and event.place.block == block]

    @property
    def failures(self) -> list[CallEvent]:
        return [event for event in self.events if event.kind == "error" and event.data["cause"] != "silence"]

    @property
    def queues(self) -> list[str]:
        """The queues in which the contact was put, with the case that it has there."""
        return [event.data["queue"] for event in self.events if event.kind == "transfer"]


@pytest.fixture
def world() -> AgentWorld:
    found = AgentWorld(MemoryStore(VirtualClock(NOON)))
    found.lock_out()
    return found


def asked(world: AgentWorld, phone: Phone, goal: Goal = Goal.UNLOCK) -> Basis:
    """The agent takes the call and asks for proof."""
    basis = world.take(phone, world.token())
    world.do(world.token(), basis, agents.AskProof(goal))
    return basis


def seen(world: AgentWorld, basis: Basis) -> tuple[str, tuple[str, ...]]:
    found = agents.view_proof(agents.open_request(world.ctx, world.token(), basis))
    return found.state.value, found.kinds


@pytest.mark.parametrize("flows", [shipped(), shipped_without_key()], ids=["encrypted", "plain"])
def test_the_caller_keys_the_code_in_and_is_back_with_the_agent_who_may_act_now(
    world: AgentWorld, flows: FlowSet
) -> None:
    phone = world.call_in(goal=None)
    basis = asked(world, phone)
    line = SentOn(world, phone, flows=flows).press(CODE)
    assert line.failures == []
    assert line.steps == [
        ("agent_proof", "NEED_PROOF"),
        ("send_code", "SENT"),
        ("check_code", "PROVED"),
        ("choose_account", "CHOSEN"),
        ("agent_proof", "PROVED"),
    ]
    assert line.queues == [AGENT]
    assert line.state.end is not None
    assert (line.state.end.reason, line.state.end.outcome) == (EndReason.ENDED, EndOutcome.AGENT)
    assert line.state.attributes["case_id"] == world.case_of(phone)
    assert line.state.attributes["level"] == "one"
    assert seen(world, basis) == ("proved", ("sms",))
    assert world.do(world.token(), basis, agents.UNLOCK) == "ASKED"


def test_the_message_with_the_code_names_the_goal_that_the_agent_asked_for(world: AgentWorld) -> None:
    phone = world.call_in(goal=None)
    asked(world, phone, Goal.REFUND)
    SentOn(world, phone)
    assert phone.challenge.goal is Goal.REFUND


MENU_OR_AGENT = {"en-US": ("main menu", "The person you spoke to"), "zh-CN": ("主菜单", "刚才的客服。")}


@pytest.mark.parametrize("language", MENU_OR_AGENT)
@pytest.mark.parametrize("late", [False, True])
def test_a_caller_on_the_way_back_to_an_agent_is_told_of_no_main_menu(
    world: AgentWorld, language: str, *, late: bool
) -> None:
    phone = world.call_in(goal=None)
    phone.press("set_language", language=language)
    asked(world, phone, Goal.REFUND)
    world.clock.advance(PROOF_REQUEST_LIFE - timedelta(seconds=1))
    line = SentOn(world, phone, topic="refund", language=language)
    world.clock.advance(timedelta(seconds=2 if late else 0))
    line.press(CODE)
    (told_of_lock,) = line.spoken("Say locked")
    menu, agent = MENU_OR_AGENT[language]
    assert menu not in told_of_lock
    assert agent in told_of_lock


@pytest.mark.parametrize("language", MENU_OR_AGENT)
def test_a_caller_whom_no_agent_has_sent_on_is_told_the_key_of_the_main_menu(language: str, world: AgentWorld) -> None:
    phone = Phone(world.ctx, NUMBER)
    phone.press("start")
    phone.press("set_language", language=language)
    phone.press("send_code", method="sms", goal="look")
    phone.press("check_code", code=phone.code)
    menu, agent = MENU_OR_AGENT[language]
    said = phone.press("choose_account")["prompt"]
    assert menu in said
    assert agent not in said


def test_two_codes_are_asked_for_where_the_account_takes_two() -> None:
    world = AgentWorld(MemoryStore(VirtualClock(NOON)), two_step=True)
    world.lock_out()
    phone = world.call_in(goal=None)
    basis = asked(world, phone)
    line = SentOn(world, phone).press(CODE)
    assert seen(world, basis)[0] == "waiting"
    line.press(CODE)
    assert line.steps[-1] == ("agent_proof", "PROVED")
    assert line.state.attributes["level"] == "two"
    assert seen(world, basis) == ("proved", ("email", "sms"))


def test_a_wrong_code_counts_as_anywhere_else_and_proves_nothing(world: AgentWorld) -> None:
    phone = world.call_in(goal="look")
    basis = asked(world, phone)
    line = SentOn(world, phone)
    wrong = f"{(int(phone.code) + 1) % 1_000_000:06}"
    line.press(wrong)
    assert line.steps[-1] == ("check_code", "WRONG")
    assert phone.challenge.tries_left == 2
    line.press(f"{wrong} {wrong}")
    assert line.steps[-1] == ("check_code", "SPENT")
    assert seen(world, basis) == ("waiting", ("sms",))
    with pytest.raises(NeedProof):
        world.do(world.token(), basis, agents.UNLOCK)


@pytest.mark.parametrize("keys", ["0", "- - - -"])
def test_the_agent_sees_that_the_caller_is_back_without_the_proof(world: AgentWorld, keys: str) -> None:
    phone = world.call_in(goal=None)
    basis = asked(world, phone)
    line = SentOn(world, phone).press(keys)
    assert line.failures == []
    assert line.steps[-1] == ("proof_given_up", "ENDED")
    assert line.queues == [AGENT]
    assert seen(world, basis) == ("unproved", ())


def test_three_wrong_codes_bring_the_caller_back_without_the_proof(world: AgentWorld) -> None:
    phone = world.call_in(goal=None)
    basis = asked(world, phone)
    line = SentOn(world, phone)
    wrong = f"{(int(phone.code) + 1) % 1_000_000:06}"
    line.press(f"{wrong} {wrong} {wrong} 0")
    assert line.queues == [AGENT]
    assert seen(world, basis) == ("unproved", ())


def test_the_proof_of_another_call_counts_for_nothing(world: AgentWorld) -> None:
    """Somebody else of the same account is proved on their own line, while the agent's caller is not."""
    phone = world.call_in(goal="look")
    basis = asked(world, phone)
    other = Phone(world.ctx, NUMBER, "contact-2")
    other.press("start")
    other.prove("sms", "unlock")
    assert other.press("agent_proof")["outcome"] == "NONE"
    assert seen(world, basis) == ("waiting", ("sms",))
    with pytest.raises(NeedProof):
        world.do(world.token(), basis, agents.UNLOCK)


def test_a_caller_whom_no_agent_has_asked_is_brought_back_unasked(world: AgentWorld) -> None:
    phone = world.call_in(goal=None)
    world.take(phone, world.token())
    line = SentOn(world, phone)
    assert line.steps == [("agent_proof", "NONE")]
    assert line.queues == [AGENT]


def test_an_answered_request_is_not_answered_twice(world: AgentWorld) -> None:
    phone = world.call_in(goal=None)
    asked(world, phone)
    SentOn(world, phone).press(CODE)
    assert SentOn(world, phone).steps == [("agent_proof", "NONE")]


def test_a_delivery_that_comes_twice_has_one_answer_and_one_entry_in_the_trail(world: AgentWorld) -> None:
    phone = world.call_in()
    asked(world, phone)
    event = phone.event("agent_proof")
    first, second = phone.deliver(event), phone.deliver(event)
    assert first == second
    assert first["outcome"] == "PROVED"
    assert [entry["event"] for entry in world.audit()].count("proof.answered") == 1


def test_no_code_and_no_contact_point_is_where_an_agent_looks(world: AgentWorld) -> None:
    phone = world.call_in(goal=None)
    basis = asked(world, phone)
    line = SentOn(world, phone)
    code = phone.code
    line.press(CODE)
    request = agents.open_request(world.ctx, world.token(), basis)
    traces = agents.list_traces(world.store, "agent-1", since=NOON, until=NOON.replace(year=2030)).traces
    shown = repr((agents.view_proof(request), request.case, traces, line.state.attributes))
    assert not [value for value in (code, NUMBER, EMAIL) if value in shown]


# ---------------------------------------------------------------- with canned answers


def send_on(keys: str, *, number: str = NUMBER, agent: str | None = AGENT, **answers: Any) -> Heard:
    """An agent sends a caller on who presses these keys."""
    kept = {"turn": "7", "account_ref": "ref", "topic": "refund", "reason": "callback", "case_id": "case-1"}
    kept |= {"language": "zh-CN", "callback": "yes"}
    return call(keys, number=number, start=AGENT_TRANSFER, agent=agent, attributes=kept, **answers)


def queue_of(heard: Heard) -> list[str]:
    return [event.data["queue"] for event in heard.events if event.kind == "transfer"]


@sweep("keys", ["0#", "- - - -", "- *", "*# *"])
def test_a_caller_who_gives_up_is_brought_back_to_the_agent(keys: str) -> None:
    needed = told("agent_proof", "NEED_PROOF", needs="sms", goal="unlock")
    checked = told("check_code", "ZERO" if keys.startswith("0") else "STAR")
    ended = told("proof_given_up", "ENDED")
    sent = told("send_code", "SENT")
    heard = send_on(keys, agent_proof=needed, send_code=sent, check_code=checked, proof_given_up=ended)
    assert heard.steps[-1] == "proof_given_up"
    assert queue_of(heard) == [AGENT]
    assert heard.asked[1]["goal"] == "unlock"


@pytest.mark.parametrize("answered", [FAILURE, told("proof_given_up", "TRY_LATER")])
def test_a_caller_who_gives_up_is_brought_back_also_where_nobody_can_note_it(answered: Any) -> None:
    needed = told("agent_proof", "NEED_PROOF", needs="sms", goal="unlock")
    checked = told("check_code", "ZERO")
    sent = told("send_code", "SENT")
    heard = send_on("0#", agent_proof=needed, send_code=sent, check_code=checked, proof_given_up=answered)
    assert heard.spoken("Say back") == ["现在为您转回刚才的客服。"]
    assert queue_of(heard) == [AGENT]


@pytest.mark.parametrize("answers", [{"agent_proof": FAILURE}, {"agent_proof": told("agent_proof", "TRY_LATER")}])
def test_after_a_failure_the_caller_hears_it_and_is_back_with_the_agent(answers: Mapping[str, Any]) -> None:
    heard = send_on("", **answers)
    assert "抱歉" in heard.spoken("Apology")[0]
    assert queue_of(heard) == [AGENT]


def test_a_caller_whose_agent_is_not_known_any_more_comes_to_whoever_is_free() -> None:
    heard = send_on("", agent=None, agent_proof=PROVED)
    assert heard.steps == ["agent_proof", "handover"]
    assert (heard.asked[1]["reason"], heard.ending) == ("asked", EndOutcome.QUEUE)


def test_a_caller_whose_agent_has_a_full_queue_comes_to_whoever_is_free() -> None:
    heard = send_on("", agent_proof=PROVED, at_capacity=True)
    assert heard.steps == ["agent_proof", "handover"]


def test_recording_is_off_while_the_code_is_keyed_in_and_on_again_with_the_agent() -> None:
    needed = told("agent_proof", "NEED_PROOF", needs="sms", goal="unlock")
    heard = send_on("-", agent_proof=needed, send_code=told("send_code", "SENT"))
    (entry,) = (event for event in heard.events if event.kind == "input" and event.place.block == "Enter code")
    assert (entry.data["logging"], entry.data["recording"]) == (False, False)
    assert send_on("", agent_proof=PROVED).spoken("Say recorded") == ["接通后，通话会录音。"]


def test_the_attributes_that_the_flow_behind_the_quick_connect_sets_are_opaque() -> None:
    flow = shipped().by_name[AGENT_TRANSFER]
    assert [action.mapping("Attributes") for action in blocks(flow, "UpdateContactAttributes")] == [
        {"agent": "$.Agent.ARN"},
        {"reason": "asked"},
    ]

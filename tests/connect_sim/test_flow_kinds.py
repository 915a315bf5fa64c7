"""A document that does not say what it is may be any kind: its blocks say which, and so do those that name it."""

from typing import Any

import pytest

from connect_sim.language.document import FlowKind
from connect_sim.language.flow_set import FlowSet
from connect_sim.linter import rules
from connect_sim.linter.rule import lint
from connect_sim.simulator.engine import Engine
from connect_sim.simulator.state import EndOutcome, EndReason, Waiting
from connect_sim.simulator.stubs import StubFunctions
from tests.connect_sim.samples.build import ERROR, Line, block, call, flow, menu, ring, say
from tests.support.sweeps import sweep

rules.load()


def bare(*blocks: dict[str, Any], name: str = "sample", **metadata: str) -> Any:
    """A document of these blocks alone."""
    made = flow(*blocks, name=name, module=True)
    return type(made)(**{**{f: getattr(made, f) for f in made.__dataclass_fields__}, "metadata": metadata})


def over(identifier: str = "over") -> dict[str, Any]:
    return block(identifier, "EndFlowExecution")


def music(every: str | None = "30", then: str = "over", again: str = "music") -> dict[str, Any]:
    parameters: dict[str, Any] = {"Messages": [{"Text": "Please hold."}]}
    if every is None:
        return block("music", "MessageParticipantIteratively", parameters)
    parameters["InterruptFrequencySeconds"] = every
    cases = {"MessagesInterrupted": again}
    return block("music", "MessageParticipantIteratively", parameters, then=then, errors={ERROR: then}, cases=cases)


def queue_flow(name: str = "sample") -> Any:
    return bare(music(), over(), name=name)


def kind_of(document: Any, *others: Any) -> FlowKind:
    return FlowSet([document, *others]).kind_of(document)


@sweep(
    ("document", "kind"),
    [
        (queue_flow(), FlowKind.CUSTOMER_QUEUE),
        (bare(music(None), name="hold"), FlowKind.CUSTOMER_QUEUE),
        (bare(music(None), name="Default customer hold"), FlowKind.CUSTOMER_HOLD),
        (bare(music(None), name="agent_hold"), FlowKind.AGENT_HOLD),
        (bare(say("s", "Hello", "over", error="over"), over()), FlowKind.AGENT_WHISPER),
        (bare(say("s", "Hello", "over", error="over"), over(), name="customer_whisper"), FlowKind.CUSTOMER_WHISPER),
        (bare(say("s", "Hello", "over", error="over"), over(), name="outbound-whisper"), FlowKind.OUTBOUND_WHISPER),
        (bare(block("t", "TransferContactToAgent")), FlowKind.QUEUE_TRANSFER),
        (bare(block("t", "TransferContactToAgent"), name="agent transfer"), FlowKind.AGENT_TRANSFER),
        (bare(block("b", "DisconnectParticipant")), FlowKind.INBOUND),
        (bare(block("e", "EndFlowModuleExecution")), FlowKind.MODULE),
        (bare(music(), over(), type="CUSTOMER_QUEUE"), FlowKind.CUSTOMER_QUEUE),
        (bare(music(), over(), type="somethingNew"), FlowKind.CUSTOMER_QUEUE),
    ],
)
def test_the_blocks_say_what_a_document_is(document: Any, kind: FlowKind) -> None:
    assert kind_of(document) is kind
    assert "E118" not in {finding.rule for finding in lint(document, FlowSet([document]))}


def test_the_declared_kind_of_a_document_counts_more_than_its_blocks() -> None:
    declared = bare(music(), over(), type="contactFlow")
    assert kind_of(declared) is FlowKind.INBOUND
    assert "E118" in {finding.rule for finding in lint(declared, FlowSet([declared]))}


def test_blocks_of_two_kinds_are_still_an_error() -> None:
    mixed = bare(music(then="menu"), menu("menu", {"1": "t"}), block("t", "TransferContactToAgent"), over())
    assert "E118" in {finding.rule for finding in lint(mixed, FlowSet([mixed]))}


def test_a_hook_says_what_the_flow_that_it_names_is() -> None:
    whisper = bare(say("s", "Hello", "over", error="over"), over(), name="words")
    hook = block(
        "h", "UpdateContactEventHooks", {"EventHooks": {"CustomerWhisper": "words"}}, then="bye", errors={ERROR: "no"}
    )
    assert kind_of(whisper, flow(hook)) is FlowKind.CUSTOMER_WHISPER


class Wait:
    """A call that begins in a document of its own."""

    def __init__(self, document: Any, keys: tuple[str, ...] = (), max_steps: int = 20, **setup: Any) -> None:
        self.engine = Engine(FlowSet([document]), StubFunctions({"*": {}}), max_steps=max_steps)
        self.state = self.engine.begin(ring(**setup), document.name)
        self.trace = self.engine.run(self.state)
        for token in keys:
            self.trace.extend(self.engine.press(self.state, token))

    def outcome(self) -> tuple[EndReason, EndOutcome | None]:
        assert self.state.end is not None
        return self.state.end.reason, self.state.end.outcome

    def data(self, kind: str) -> list[dict[str, Any]]:
        return [event.data for event in self.trace.events if event.kind == kind]


@sweep("agent_after_s", [0, 29, 30, 31, 90, 3000])
def test_a_contact_waits_in_the_queue_until_the_agent_accepts_however_many_blocks_run(agent_after_s: float) -> None:
    wait = Wait(queue_flow(), waiting=Waiting(agent_after_s))
    assert wait.outcome() == (EndReason.ENDED, EndOutcome.AGENT)
    assert [each["waited_s"] for each in wait.data("agent")] == [agent_after_s]
    assert wait.state.at_s == agent_after_s


@pytest.mark.parametrize("setup", [{}, {"waiting": Waiting(None)}])
def test_a_contact_that_nobody_comes_to_ends_in_the_queue_after_an_hour(setup: dict[str, Any]) -> None:
    wait = Wait(queue_flow(), **setup)
    assert wait.outcome() == (EndReason.ENDED, EndOutcome.QUEUE)
    assert wait.state.at_s == 3600


def test_a_queue_flow_without_waiting_is_still_stopped_by_the_cap_on_steps() -> None:
    spin = bare(music(again="f"), call("f", "f", error="f"), over(), name="queue")
    assert Wait(spin, waiting=Waiting(90)).outcome() == (EndReason.STEP_CAP, None)


def test_a_caller_in_the_queue_may_press_keys_between_the_messages() -> None:
    asked = menu(
        "ask", {"1": "over"}, InputTimeLimitExceeded="music", NoMatchingCondition="music", NoMatchingError="music"
    )
    document = bare(music(again="ask"), asked, over())
    assert Wait(document, ("-", "1"), waiting=Waiting(300)).outcome() == (EndReason.ENDED, EndOutcome.AGENT)


def test_on_hold_the_contact_waits_until_the_agent_comes_back() -> None:
    held = bare(music(then="music"), name="customer_hold")
    assert Wait(held, waiting=Waiting(45)).state.at_s == 45
    assert Wait(held).outcome() == (EndReason.ENDED, EndOutcome.AGENT)
    silent = bare(music(None), name="agent_hold")
    assert Wait(silent, waiting=Waiting(45)).state.at_s == 45


def test_a_whisper_by_itself_is_heard_by_whom_it_is_for_and_ends_with_the_agent() -> None:
    whisper = bare(say("s", "$.Queue.Name", "over", error="over"), over(), name="agent_whisper")
    wait = Wait(whisper, queue="arn:of/boats")
    assert [(each["text"], each["to"]) for each in wait.data("prompt")] == [("boats", "agent")]
    assert wait.outcome() == (EndReason.ENDED, EndOutcome.AGENT)


def test_a_circle_that_waits_for_somebody_is_not_endless_and_any_other_is() -> None:
    def endless(document: Any) -> bool:
        return "W217" in {finding.rule for finding in lint(document, FlowSet([document]))}

    view = block(
        "v",
        "ShowView",
        {"ViewResource": {"Id": "x"}},
        then="v",
        errors={"NoMatchingCondition": "v"},
        cases={"Back": "v"},
    )
    bot = block("b", "ConnectParticipantWithLexBot", {"Text": "Yes?"}, then="b", errors={"NoMatchingCondition": "b"})
    wait = block("w", "Wait", {"TimeLimitSeconds": "60"}, then="w", cases={"WaitCompleted": "w"})
    for waiting in (view, bot, wait, music()):
        assert not endless(bare(waiting, over()))
    assert endless(flow(call("f", "f", error="f")))
    assert endless(flow(say("s", "Hello", "s")))


def test_a_call_that_goes_into_a_queue_with_a_loop_of_music_has_no_cap_either() -> None:
    target = block("q", "UpdateContactTargetQueue", {"QueueId": "boats"}, then="h", errors={ERROR: "no"})
    hook = block(
        "h", "UpdateContactEventHooks", {"EventHooks": {"CustomerQueue": "music_flow"}}, then="t", errors={ERROR: "no"}
    )
    away = block("t", "TransferContactToQueue", then="bye", errors={"QueueAtCapacity": "no", ERROR: "no"})
    line = Line(flow(target, hook, away), queue_flow("music_flow"), max_steps=10, waiting=Waiting(1000))
    (accepted,) = line.events("agent")
    assert accepted.data["waited_s"] == 1000


def test_a_module_by_itself_ends_with_its_result() -> None:
    module = bare(block("e", "EndFlowModuleExecution", {"Result": "$.Attributes.found"}), name="m")
    wait = Wait(module, attributes={"found": "Yes"})
    assert wait.outcome() == (EndReason.ENDED, EndOutcome.RETURNED)
    assert wait.data("noted") == [{"action": "EndFlowModuleExecution", "answer": "Yes"}]


def test_music_that_holds_for_ever_needs_no_edge() -> None:
    held, looped = bare(music(None), name="customer_hold"), music()
    del looped["Transitions"]["Errors"]
    assert "W202" not in {finding.rule for finding in lint(held, FlowSet([held]))}
    queued = bare(looped, over())
    assert "W202" in {finding.rule for finding in lint(queued, FlowSet([queued]))}

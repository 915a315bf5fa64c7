"""Scenarios run by the simulator: shipped flows, the functions' own code, the demo wallet, a fixed clock and ids."""

from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
from typing import Any

from connect_sim.language.flow_set import FlowSet
from connect_sim.simulator.engine import Engine
from connect_sim.simulator.events import CallEvent, Visit
from connect_sim.simulator.faults import FaultError, Faults
from connect_sim.simulator.keys import ScriptedKeys
from connect_sim.simulator.run import CallRun
from connect_sim.simulator.seams import FunctionResult, FunctionSeam
from connect_sim.simulator.state import CallSetup, CallState
from hotline_local.scenarios.checking import problems_in
from hotline_local.scenarios.model import Scenario, ScenarioError
from hotline_local.worlds.environment import AGENTS, LOCAL_NUMBER, NOBODY
from hotline_local.worlds.flow_files import load_flow_set
from hotline_local.worlds.inprocess import InProcessWorld, StepCost
from hotline_local.worlds.world import sends_code

CONTACT = "00000000-0000-4000-8000-00000000ca11"


@dataclass(frozen=True, slots=True)
class Answered:
    """One function block of a call, as the flow saw it: what came back, and the error that took its place, if any. A
    fault may make a block fail that no function was asked for."""

    result: FunctionResult
    error: str | None


@dataclass(frozen=True, slots=True)
class Played:
    """A scenario that was run: what happened, and in what it was not as written (nothing, when all is well)."""

    scenario: Scenario
    flows: FlowSet
    state: CallState
    events: tuple[CallEvent, ...]
    visits: tuple[Visit, ...]
    answers: tuple[Answered, ...]
    costs: tuple[StepCost, ...]
    problems: tuple[str, ...]


@dataclass(slots=True)
class _Recorder:
    """A FunctionSeam and a CallView that keeps what passes through."""

    functions: FunctionSeam
    events: list[CallEvent] = field(default_factory=list)
    answers: list[Answered] = field(default_factory=list)
    _result: FunctionResult = field(default_factory=FunctionResult)

    def invoke(self, *, arn: str, event: dict[str, Any], time_limit_s: float) -> FunctionResult:
        self._result = self.functions.invoke(arn=arn, event=event, time_limit_s=time_limit_s)
        return self._result

    def show(self, event: CallEvent) -> None:
        self.events.append(event)
        if event.kind == "function":
            self.answers.append(Answered(self._result, event.data["error"]))


def shipped_flows(world: InProcessWorld) -> FlowSet:
    """The flows that the template deploys, with the tokens of a world."""
    return load_flow_set(world.flows(), world.tokens())


@lru_cache(maxsize=4)
def demo_wallet(now: datetime) -> InProcessWorld:
    """The world in which scenarios are played, before their call: fork it. The last few are kept."""
    return InProcessWorld(now, repeatable=True)


def play(scenario: Scenario, world: InProcessWorld | None = None, contact_id: str = CONTACT) -> Played:
    """Run one scenario to its end, in a world of its own or one where calls have been before. Raises ScenarioError for
    faults that the flows cannot have."""
    calling = scenario.calling
    world = world or demo_wallet(calling.at).fork()
    if not calling.hours_open:
        world.close_line()
    flows = shipped_flows(world)
    recorder = _Recorder(world.functions)
    try:
        faults = Faults(calling.faults, flows)
    except FaultError as error:
        raise ScenarioError(f"{scenario.path}, $.call.faults: {error}") from error
    engine = Engine(flows, recorder, faults=faults, on_time=world.advance)
    setup = CallSetup(
        contact_id=contact_id,
        customer_number=calling.number,
        system_number=LOCAL_NUMBER,
        language=calling.language,
        queue_at_capacity=calling.queue_full,
        waiting=calling.waiting,
        metrics=AGENTS if calling.hours_open else NOBODY,
        attributes=calling.attributes,
    )
    state = engine.begin(setup, world.start_flow)
    keys = ScriptedKeys(tuple(turn.keys for turn in scenario.turns))
    run = CallRun(engine, state, keys=keys, view=recorder, mailbox=world, sends=sends_code)
    run.to_end()
    events = tuple(recorder.events)
    problems = problems_in(scenario, events, state)
    return Played(
        scenario, flows, state, events, tuple(run.visits), tuple(recorder.answers), tuple(world.costs), problems
    )

"""Things that a run needs and was not given: read off the flows that a call may reach, before it begins.

Nothing of it stops a run. Each need says what the run does without it, so that nobody takes a default for a finding.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from connect_sim.language.dataflow import collect_references
from connect_sim.language.document import Action, Flow
from connect_sim.language.flow_set import FlowSet, collect_flow_references
from connect_sim.language.references import find_tokens, holds_reference, iterate_strings, replace_tokens
from connect_sim.simulator.blocks.handlers import HANDLERS
from connect_sim.simulator.blocks.services import ANSWERED, find_answer_key, find_channels
from connect_sim.simulator.seams import parse_function_name
from connect_sim.simulator.stages import LONGEST_WAIT_S, WAITING, find_first_stage
from connect_sim.simulator.state import CallSetup, Stage
from connect_sim.simulator.stubs import StubFunctions
from connect_sim.simulator.values import list_names


@dataclass(frozen=True, slots=True, order=True)
class Need:
    """One thing that a flow needs: its kind (`token`, `function`, `hours` and so on), its name, and what the run does
    without it."""

    flow: str
    kind: str
    name: str
    without: str

    def __str__(self) -> str:
        what = f"{self.kind} {self.name}" if self.name else self.kind
        return f"{self.flow} needs {what}: {self.without}."


@dataclass(frozen=True, slots=True)
class Given:
    """Everything that a run was given. `hours`, `seed` and `third_party` are False where a default stands for them."""

    setup: CallSetup
    stubs: StubFunctions
    hours: bool = False
    seed: bool = False
    third_party: bool = False


def find_needs(flows: FlowSet, start: Flow, given: Given) -> list[Need]:
    """Return what the flows that a call may reach from `start` need and were not given, by flow, each thing once."""
    reached = _find_reached(flows, start)
    actions = [action for flow in reached for action in flow.actions]
    written = {name for action in actions for name in _find_set_attributes(action)}
    has_queue = given.setup.queue is not None or any(action.type == "UpdateContactTargetQueue" for action in actions)
    waiting = given.setup.waiting
    found: dict[Need, None] = {}
    for flow in reached:
        for action in flow.resolve(flows.tokens).actions:
            for kind, name, without in _needs_of(flow, action, flows, given):
                found.setdefault(Need(flow.name, kind, name, without))
            for name in sorted(_find_read_attributes(action) - written - given.setup.attributes.keys()):
                found.setdefault(Need(flow.name, "attribute", name, "it has no value"))
            if not has_queue and _needs_queue(action):
                found.setdefault(Need(flow.name, "queue", "", "none is set, so the error edge is taken"))
    if find_first_stage(flows.kind_of(start)) in WAITING and (waiting is None or waiting.agent_after_s is None):
        found.setdefault(Need(start.name, "agent", "", f"nobody comes, so the call ends after {LONGEST_WAIT_S:.0f} s"))
    return sorted(found)


def _find_reached(flows: FlowSet, start: Flow) -> tuple[Flow, ...]:
    """Return the flows that a call may come to, by fixed references; modules, hooks and flows of other contacts too."""
    found: dict[str, Flow] = {}
    ahead = [start]
    while ahead:
        flow = ahead.pop()
        if flow.name not in found:
            found[flow.name] = flow
            named = (flows.find(reference) for action in flow.actions for reference in collect_flow_references(action))
            ahead += [target for target in named if target is not None]
    return tuple(found.values())


def _find_set_attributes(action: Action) -> frozenset[str]:
    is_current = action.type == "UpdateContactAttributes" and action.text("TargetContact") != "Related"
    return frozenset(action.mapping("Attributes")) if is_current else frozenset()


def _find_read_attributes(action: Action) -> frozenset[str]:
    read = collect_references(action)
    return frozenset(reference.keys[0] for reference in read if reference.root == "Attributes" and reference.keys)


def _needs_queue(action: Action) -> bool:
    """Return whether a block uses the target queue without naming one."""
    if action.type == "TransferContactToQueue":
        return True
    reads = any(reference.root == "Queue" for reference in collect_references(action))
    names = {"HoursOfOperationId", "QueueId", "AgentId"}
    asks = action.type in {"CheckHoursOfOperation", "CheckMetricData", "CreateCallbackContact"}
    return reads or (asks and names.isdisjoint(action.parameters))


def _needs_of(flow: Flow, action: Action, flows: FlowSet, given: Given) -> Iterator[tuple[str, str, str]]:
    yield from _missing_tokens(action, flows)
    yield from _missing_flows(action, flows, given.setup)
    setup = given.setup
    match action.type:
        case "InvokeLambdaFunction":
            yield from _missing_function(action, given.stubs)
        case "ConnectParticipantWithLexBot":
            source = dict(action.mapping("LexV2Bot")) or dict(action.mapping("LexBot"))
            bot = str(source.get("AliasArn") or source.get("Name") or "")
            if not given.stubs.answers_bot(bot):
                yield "bot", bot, "no stub `lex:` answers for it, so the call stops there"
        case "CheckHoursOfOperation" if not given.hours:
            hours = action.text("HoursOfOperationId", "of the queue")
            if setup.hours.keys().isdisjoint(list_names(hours)):
                yield "hours", hours, f"taken as {'open' if setup.hours_open else 'closed'}"
        case "CheckMetricData" if action.text("MetricType") not in setup.metrics:
            yield "metric", action.text("MetricType"), "not given, so the error edge is taken"
        case "GetMetricData" if not setup.metrics:
            yield "metrics", "", "none are given, so the error edge is taken"
        case "DistributeByPercentage" if not given.seed:
            yield "seed", "", f"percentages are drawn with the seed {setup.seed}"
        case "TransferParticipantToThirdParty" if not given.third_party:
            yield "third party", action.text("ThirdPartyPhoneNumber"), f"taken as one that {setup.third_party}"
        case kind if setup.channel not in find_channels(kind, setup.channel):
            yield (
                "channel",
                " or ".join(sorted(find_channels(kind, ""))),
                f"{kind} takes its error edge on {setup.channel}",
            )
        case kind if kind in ANSWERED and find_answer_key(setup.answers, flow.name, action.identifier, kind) is None:
            yield "answer", f"{kind} ({action.identifier})", f"none is given, so {ANSWERED[kind].unanswered} is taken"
        case kind if kind not in HANDLERS:
            yield "block", f"{kind} ({action.identifier})", "it is not known here, so the call stops there"
    for reference in sorted(collect_references(action), key=str):
        path = ".".join(reference.keys)
        if (
            reference.root == "Metrics"
            and setup.metrics
            and path not in setup.metrics
            and reference.keys[-1:] != ("Name",)
        ):
            yield "metric", path, "it has no value"


def _missing_tokens(action: Action, flows: FlowSet) -> Iterator[tuple[str, str, str]]:
    texts = [action.parameters, *(replace_tokens(operand, flows.tokens) for operand in action.operands)]
    for name in sorted({name for text in iterate_strings(texts) for name in find_tokens(text)}):
        if flows.find(f"${{{name}}}") is None:
            yield "token", name, "it stays as it is written"


def _missing_flows(action: Action, flows: FlowSet, setup: CallSetup) -> Iterator[tuple[str, str, str]]:
    hooks = action.mapping("EventHooks") if action.type == "UpdateContactEventHooks" else {}
    if hooks and (setup.waiting is None or hooks.keys().isdisjoint(Stage)):
        return
    without = {
        "TransferToFlow": "the call stops there",
        "InvokeFlowModule": "the call stops there",
        "UpdateContactEventHooks": "the call stops where it would run",
    }
    for reference in collect_flow_references(action):
        if action.type in without and not holds_reference(reference) and flows.find(reference) is None:
            yield "flow", reference, without[action.type]


def _missing_function(action: Action, stubs: StubFunctions) -> Iterator[tuple[str, str, str]]:
    arn = action.text("LambdaFunctionARN")
    step = str(action.mapping("LambdaInvocationAttributes").get("step", ""))
    fixed_step = "" if holds_reference(step) else step
    if not stubs.answers_function(arn, fixed_step):
        name = parse_function_name(arn) + (f" with the step {fixed_step}" if fixed_step else "")
        yield "function", name, "no stub answers for it, so the call stops there"

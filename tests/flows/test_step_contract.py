"""Flows and the connect function agree: inputs, outcomes and what is kept of an answer, read from both sides."""

from connect_sim.language.document import Action, Flow
from connect_sim.language.references import find_references, iterate_strings
from functions.connect.envelope import COMMON_KEYS, EMPTY, NEEDS
from functions.connect.steps import STEPS
from functions.connect.steps.advice import ADVICE_TOPICS
from functions.connect.steps.checkup import ABOUT
from functions.connect.steps.handover import HANDOVER_REASONS, HANDOVER_TOPICS
from functions.connect.steps.locks import SELF_SERVICE
from functions.connect.steps.payments import PURPOSES
from functions.connect.steps.refunds import REFUND_REASONS
from functions.connect.steps.session import GOALS, METHODS
from hotline.kit.languages import LANGUAGES
from tests.flows.shipped import (
    blocks,
    flow_attributes,
    is_of_a_call,
    keeper_of,
    key_targets,
    outcome_of,
    shipped,
    steps_of,
)
from tests.support.sweeps import sweep

CALLS = [(flow, action) for flow in shipped().flows for action in blocks(flow, "InvokeLambdaFunction")]


each_call = sweep(("flow", "call"), CALLS)
each_call_with_a_turn = sweep(("flow", "call"), [(flow, action) for flow, action in CALLS if is_of_a_call(action)])


def contract_of(call: Action) -> str:
    return str(call.mapping("LambdaInvocationAttributes")["step"])


@each_call
def test_a_call_names_a_declared_step(flow: Flow, call: Action) -> None:
    assert contract_of(call) in STEPS


@each_call
def test_a_call_passes_the_inputs_of_its_step_and_where_the_call_stands(flow: Flow, call: Action) -> None:
    step = STEPS[contract_of(call)]
    given = dict(call.mapping("LambdaInvocationAttributes"))
    assert given.pop("step") == step.name
    if step.run_outbound is None:
        assert given.pop("turn") == "$.Attributes.turn"
        assert given.pop("account_ref") == "$.Attributes.account_ref"
    assert set(step.required_inputs) <= set(given) <= set(step.inputs)


@each_call
def test_every_declared_outcome_has_a_branch_and_no_other_has(flow: Flow, call: Action) -> None:
    decision = outcome_of(flow, call)
    assert decision.text("ComparisonValue") == "$.External.outcome"
    assert set(key_targets(decision)) == set(STEPS[contract_of(call)].outcomes)
    assert len(decision.conditions) == len(STEPS[contract_of(call)].outcomes)


@each_call
def test_an_unknown_outcome_goes_where_a_failed_call_goes(flow: Flow, call: Action) -> None:
    failure = call.error_target("NoMatchingError")
    assert outcome_of(flow, call).error_target("NoMatchingCondition") == failure
    assert not is_of_a_call(call) or keeper_of(flow, call).error_target("NoMatchingError") == failure


@each_call
def test_try_later_goes_where_a_failed_call_goes(flow: Flow, call: Action) -> None:
    assert key_targets(outcome_of(flow, call))["TRY_LATER"] == call.error_target("NoMatchingError")


@each_call
def test_a_step_that_needs_proof_leads_to_the_proof_module_a_bounded_number_of_times(flow: Flow, call: Action) -> None:
    step = STEPS[contract_of(call)]
    if "NEED_PROOF" not in step.outcomes:
        return
    kept = keeper_of(flow, call).mapping("Attributes")
    assert kept["method"] == "$.External.needs"
    assert kept["goal"] in GOALS or (kept["goal"] == "$.External.goal" and "goal" in step.own_keys)
    bound = flow.by_identifier[key_targets(outcome_of(flow, call))["NEED_PROOF"] or ""]
    assert bound.type == "Loop"
    proof = flow.by_identifier[key_targets(bound)["ContinueLooping"] or ""]
    assert proof.text("FlowModuleId") == "${ModuleProofArn}"
    assert key_targets(proof)["Proved"] != key_targets(proof)["Unproved"] == key_targets(bound)["DoneLooping"]


@each_call_with_a_turn
def test_only_declared_keys_of_an_answer_are_kept(flow: Flow, call: Action) -> None:
    kept = iterate_strings(keeper_of(flow, call).mapping("Attributes"))
    read = {reference.keys[0] for text in kept for reference in find_references(text) if reference.root == "External"}
    assert read <= set(STEPS[contract_of(call)].answer_keys)


def test_every_step_is_called_by_some_flow() -> None:
    assert {step.name for flow in shipped().flows for _, step in steps_of(flow)} == set(STEPS)


def test_every_key_of_an_answer_that_flows_read_is_declared_by_a_step_they_call() -> None:
    for flow in shipped().flows:
        declared = {key for _, step in steps_of(flow) for key in step.answer_keys} | set(COMMON_KEYS)
        read = {
            reference.keys[0]
            for action in flow.actions
            for text in iterate_strings(action.parameters)
            for reference in find_references(text)
            if reference.root == "External"
        }
        assert read <= declared, flow.name


def constants(name: str) -> set[str]:
    """Every fixed value that flows give a parameter or an attribute of this name."""
    found: set[str] = set()
    for flow in shipped().flows:
        for action in flow.actions:
            for values in (
                action.mapping("LambdaInvocationAttributes"),
                action.mapping("Attributes"),
                flow_attributes(action),
            ):
                value = values.get(name)
                if isinstance(value, str) and not value.startswith("$."):
                    found.add(value)
    return found - {EMPTY}


def test_fixed_values_are_words_that_the_function_knows() -> None:
    assert constants("goal") <= set(GOALS)
    assert constants("method") <= {*METHODS, *NEEDS}
    assert constants("purpose") | constants("listed") - {"order"} == set(PURPOSES)
    # A customer who did not pay is led to a freeze or to a person, and asks for no refund.
    assert constants("reason") == set(REFUND_REASONS) | set(HANDOVER_REASONS)
    assert constants("topic") == set(ADVICE_TOPICS) | set(HANDOVER_TOPICS)
    assert constants("choice") == {"1", "2", "3"}
    assert constants("language") == set(LANGUAGES)
    assert constants("about") == set(ABOUT)


def test_every_kind_of_self_service_is_offered() -> None:
    lockout = shipped().by_name["module-lockout"]
    (offer,) = (
        action for action in blocks(lockout, "Compare") if action.text("ComparisonValue") == "$.External.self_service"
    )
    assert set(key_targets(offer)) == set(SELF_SERVICE) - {"no"}

"""The rule for flows whose functions count turns: what an answer says about the turn must reach the next call.

Source: this project's protocol for turns. Modules cannot see `$.External`, so `turn` and `account_ref` travel as
contact attributes. A lost update must not go on as if nothing had happened.
"""

from collections.abc import Iterator

from connect_sim.language.actions.specs import NO_MATCHING_ERROR
from connect_sim.language.document import Action, Flow
from connect_sim.language.flow_set import FlowSet
from connect_sim.linter.rule import Problem, rule

KEPT = {"turn": "$.External.turn", "account_ref": "$.External.account_ref"}


def _keeps_turn(action: Action | None) -> bool:
    if action is None or action.type != "UpdateContactAttributes":
        return False
    attributes = action.mapping("Attributes")
    return all(attributes.get(name) == reference for name, reference in KEPT.items())


@rule("W216", "Turn and account are kept after every step")
def check_turn(flow: Flow, _: FlowSet) -> Iterator[Problem]:
    """Source: this project's protocol for turns. Looks at functions that are called with a `step` and a `turn` only."""
    for action in flow.actions:
        given = action.mapping("LambdaInvocationAttributes")
        if action.type != "InvokeLambdaFunction" or not {"step", "turn"} <= given.keys():
            continue
        keeper = flow.by_identifier.get(action.next_action or "")
        if keeper is None or not _keeps_turn(keeper):
            problem = "The next block must be an UpdateContactAttributes that keeps turn and account_ref."
            yield Problem(action.identifier, problem)
            continue
        if keeper.error_target(NO_MATCHING_ERROR) != action.error_target(NO_MATCHING_ERROR):
            yield Problem(keeper.identifier, f"Its error edge must lead where that of {action.identifier} leads.")
        if _keeps_turn(flow.by_identifier.get(keeper.next_action or "")):
            yield Problem(keeper.identifier, "Turn and account are kept twice in a row.")

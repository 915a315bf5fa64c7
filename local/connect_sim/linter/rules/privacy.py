"""Rules about what callers key in.

Source: Amazon Connect administrator guide. Contact attributes are stored with the contact record and shown to agents;
flow logs hold parameters and results; recordings hold tones.
"""

from collections.abc import Iterable, Iterator

from connect_sim.language.dataflow import find_secret_inputs, reads_stored_input
from connect_sim.language.document import Action, Flow
from connect_sim.language.flow_set import FlowSet
from connect_sim.language.graph import Edge, find_states
from connect_sim.linter.rule import Problem, rule


@rule("W205", "Entries do not go into contact attributes")
def check_attributes(flow: Flow, _: FlowSet) -> Iterator[Problem]:
    """Source: contact attributes stay in the contact record for 24 months and are shown to agents."""
    for action in flow.actions:
        if action.type == "UpdateContactAttributes" and reads_stored_input(action):
            yield Problem(action.identifier, "An entry becomes a contact attribute; give it to the function directly.")


@rule("W206", "Flow logging is off while a secret is entered")
def check_logging(flow: Flow, _: FlowSet) -> Iterator[Problem]:
    """Source: UpdateFlowLoggingBehavior holds for the contact; a flow log holds what a block stored.

    Logging counts as on at the start, of a module too: it cannot know who calls it.
    """

    def transfer(action: Action, logging: bool, _: Edge) -> Iterable[bool]:
        if action.type == "UpdateFlowLoggingBehavior":
            return (action.text("FlowLoggingBehavior") != "Disabled",)
        return (logging,)

    secrets = find_secret_inputs(flow)
    for block, states in find_states(flow, [(flow.start_action, True)], transfer).items():
        if block in secrets and True in states:
            yield Problem(block, "A secret is asked for while flow logging is on; switch it off before.")


@rule("W207", "The line is not recorded while a secret is entered")
def check_recording(flow: Flow, _: FlowSet) -> Iterator[Problem]:
    """Source: UpdateContactRecordingBehavior, IVRRecordingBehavior: tones of a recording can be read back as digits.

    Recording counts as off until this flow turns it on.
    """

    def transfer(action: Action, recording: bool, _: Edge) -> Iterable[bool]:
        behavior = action.mapping("RecordingBehavior").get("IVRRecordingBehavior")
        return (recording if behavior is None else behavior == "Enabled",)

    secrets = find_secret_inputs(flow)
    for block, states in find_states(flow, [(flow.start_action, False)], transfer).items():
        if block in secrets and True in states:
            yield Problem(block, "A secret is asked for while the line is recorded; switch recording off before.")

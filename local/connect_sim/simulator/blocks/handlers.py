"""The functions that run the types of blocks."""

from collections.abc import Mapping

from connect_sim.simulator.block import Handler
from connect_sim.simulator.blocks import bots, branches, contact, functions, inputs, prompts, services, transfers

SIMULATED: Mapping[str, Handler] = {
    "CheckHoursOfOperation": branches.check_hours,
    "CheckMetricData": branches.check_metric,
    "Compare": branches.compare,
    "ConnectParticipantWithLexBot": bots.connect_bot,
    "CreateCallbackContact": transfers.create_callback,
    "CreateTask": contact.create_task,
    "DequeueContactAndTransferToQueue": transfers.transfer_on,
    "DisconnectParticipant": transfers.disconnect,
    "DistributeByPercentage": branches.distribute,
    "EndFlowExecution": transfers.end_flow,
    "EndFlowModuleExecution": transfers.end_module,
    "GetMetricData": branches.get_metrics,
    "GetParticipantInput": inputs.get_input,
    "InvokeFlowModule": transfers.invoke_module,
    "InvokeLambdaFunction": functions.invoke_function,
    "Loop": branches.loop,
    "MessageParticipant": prompts.play_prompt,
    "MessageParticipantIteratively": prompts.play_in_turn,
    "TagContact": contact.tag,
    "TransferContactToAgent": transfers.transfer_to_agent,
    "TransferContactToQueue": transfers.transfer_to_queue,
    "TransferParticipantToThirdParty": transfers.transfer_to_third_party,
    "TransferToFlow": transfers.transfer_to_flow,
    "UnTagContact": contact.untag,
    "UntagContact": contact.untag,
    "UpdateContactAttributes": contact.set_attributes,
    "UpdateContactCallbackNumber": transfers.set_callback_number,
    "UpdateContactData": contact.set_contact_data,
    "UpdateContactEventHooks": contact.set_event_hooks,
    "UpdateContactRecordingAndAnalyticsBehavior": contact.set_recording,
    "UpdateContactRecordingBehavior": contact.set_recording,
    "UpdateContactTargetQueue": transfers.set_queue,
    "UpdateContactTextToSpeechVoice": contact.set_voice,
    "UpdateFlowAttributes": contact.set_flow_attributes,
    "UpdateFlowLoggingBehavior": contact.set_logging,
    "Wait": branches.wait,
}
"""Types that do here what they do on the line. `UnTagContact` is the reference's spelling of `UntagContact`."""

HANDLERS: Mapping[str, Handler] = {
    **SIMULATED,
    **dict.fromkeys(services.NOTED, services.note),
    **dict.fromkeys(services.ANSWERED, services.ask),
}
"""Every type that the simulator knows. A call that comes to any other stops there and names it."""

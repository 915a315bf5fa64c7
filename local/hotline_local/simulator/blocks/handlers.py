"""Which function runs which type of block."""

from collections.abc import Mapping

from hotline_local.simulator.block import Handler
from hotline_local.simulator.blocks import asking, branching, calling, noting, routing, setting, speaking, talking

SIMULATED: Mapping[str, Handler] = {
    "CheckHoursOfOperation": branching.check_hours,
    "CheckMetricData": branching.check_metric,
    "Compare": branching.compare,
    "ConnectParticipantWithLexBot": talking.connect_bot,
    "CreateCallbackContact": routing.create_callback,
    "CreateTask": setting.create_task,
    "DequeueContactAndTransferToQueue": routing.transfer_on,
    "DisconnectParticipant": routing.disconnect,
    "DistributeByPercentage": branching.distribute,
    "EndFlowExecution": routing.end_flow,
    "EndFlowModuleExecution": routing.end_module,
    "GetMetricData": branching.get_metrics,
    "GetParticipantInput": asking.get_input,
    "InvokeFlowModule": routing.invoke_module,
    "InvokeLambdaFunction": calling.invoke_function,
    "Loop": branching.loop,
    "MessageParticipant": speaking.play_prompt,
    "MessageParticipantIteratively": speaking.play_in_turn,
    "TagContact": setting.tag,
    "TransferContactToAgent": routing.transfer_to_agent,
    "TransferContactToQueue": routing.transfer_to_queue,
    "TransferParticipantToThirdParty": routing.transfer_to_third_party,
    "TransferToFlow": routing.transfer_to_flow,
    "UnTagContact": setting.untag,
    "UntagContact": setting.untag,
    "UpdateContactAttributes": setting.set_attributes,
    "UpdateContactCallbackNumber": routing.set_callback_number,
    "UpdateContactData": setting.set_contact_data,
    "UpdateContactEventHooks": setting.set_event_hooks,
    "UpdateContactRecordingAndAnalyticsBehavior": setting.set_recording,
    "UpdateContactRecordingBehavior": setting.set_recording,
    "UpdateContactTargetQueue": routing.set_queue,
    "UpdateContactTextToSpeechVoice": setting.set_voice,
    "UpdateFlowAttributes": setting.set_flow_attributes,
    "UpdateFlowLoggingBehavior": setting.set_logging,
    "Wait": branching.wait,
}
"""Types that do here what they do on the line. `UnTagContact` is the reference's spelling of `UntagContact`."""

HANDLERS: Mapping[str, Handler] = {
    **SIMULATED,
    **dict.fromkeys(noting.NOTED, noting.note),
    **dict.fromkeys(noting.ANSWERED, noting.ask),
}
"""Every type that the simulator knows. A call that comes to any other stops there and names it."""

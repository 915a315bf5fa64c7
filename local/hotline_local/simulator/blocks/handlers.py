"""Which function runs which type of block."""

from collections.abc import Mapping

from hotline_local.simulator.block import Handler
from hotline_local.simulator.blocks import asking, branching, calling, routing, setting, speaking, talking

HANDLERS: Mapping[str, Handler] = {
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
    "UntagContact": setting.untag,
    "UpdateContactAttributes": setting.set_attributes,
    "UpdateContactCallbackNumber": routing.set_callback_number,
    "UpdateContactData": setting.set_contact_data,
    "UpdateContactEventHooks": setting.set_event_hooks,
    "UpdateContactRecordingAndAnalyticsBehavior": setting.set_recording,
    "UpdateContactRecordingBehavior": setting.set_recording,
    "UpdateContactRoutingBehavior": setting.set_routing,
    "UpdateContactTargetQueue": routing.set_queue,
    "UpdateContactTextToSpeechVoice": setting.set_voice,
    "UpdateFlowAttributes": setting.set_flow_attributes,
    "UpdateFlowLoggingBehavior": setting.set_logging,
    "Wait": branching.wait,
}
"""Every type that the simulator runs. A call that comes to any other stops there and names it."""

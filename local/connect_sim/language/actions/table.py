"""The table of all actions that the linter and the simulator know, as data.

Source: Amazon Connect developer guide, "Flow language" (actions), corrected where published flows showed that the
service asks for something else. UpdateFlowAttributes needs an error edge, and Wait is limited by `TimeLimitSeconds`. A
store input may not declare a time-out, and CheckMetricData needs both catch-alls.
"""

from collections.abc import Mapping

from connect_sim.language.actions.forms import (
    AGENT_METRICS,
    QUEUE_METRICS,
    continues_flow,
    has_conditions,
    is_agent_metric,
    is_buffer_switch,
    is_store_input,
    validates_phone,
)
from connect_sim.language.actions.services import SERVICES
from connect_sim.language.actions.specs import (
    EVERY_KIND,
    HOLD,
    INPUT_TIME_LIMIT_EXCEEDED,
    NO_MATCHING_CONDITION,
    NO_MATCHING_ERROR,
    NUMBER_OPERATORS,
    OPERATORS,
    WHISPER_AND_HOLD,
    ActionSpec,
    Conditions,
    Parameter,
    ParameterKind,
)
from connect_sim.language.document import FlowKind

_FREE = ParameterKind.FREE
_SINGLE = ParameterKind.SINGLE
_REFERENCE = ParameterKind.REFERENCE
_MAP = ParameterKind.MAP
_LIST = ParameterKind.LIST
_DATA = ParameterKind.DATA

_NME = frozenset({NO_MATCHING_ERROR})
_NMC = frozenset({NO_MATCHING_CONDITION})
_EQUALS = frozenset({"Equals"})
_BOOLEAN = frozenset({"True", "False", "true", "false"})
_PROMPT_CHOICE = ("Text", "SSML", "PromptId", "Media")
_PROMPT = (
    Parameter("Text", _FREE),
    Parameter("SSML", _FREE),
    Parameter("PromptId", _SINGLE),
    Parameter("Media", _MAP),
    Parameter("SkipWhenDTMFBufferEnabled", values=_BOOLEAN),
)
_QUEUE_OR_AGENT = (Parameter("QueueId", _SINGLE), Parameter("AgentId", _SINGLE))
_TARGET_CONTACT = Parameter("TargetContact", values=frozenset({"Current", "Related"}))
_MENU_KEYS = frozenset("0123456789*#")
_INPUT_KINDS = EVERY_KIND - WHISPER_AND_HOLD
_BEFORE_THE_TALK = _INPUT_KINDS | {FlowKind.OUTBOUND_WHISPER}
_BEFORE_A_QUEUE = _INPUT_KINDS - {FlowKind.CUSTOMER_QUEUE}


_STORE_PARAMETERS = (
    *_PROMPT,
    Parameter("StoreInput", required=True, values=_BOOLEAN),
    Parameter("InputTimeLimitSeconds", required=True, low=1, high=180),
    Parameter("InputValidation", _MAP, required=True),
    Parameter("InputEncryption", _MAP),
    Parameter("DTMFConfiguration", _MAP),
)
_THIRD_PARTY_PARAMETERS = (
    Parameter("ThirdPartyPhoneNumber", _SINGLE, required=True),
    Parameter("ThirdPartyConnectionTimeLimitSeconds", required=True, low=1),
    Parameter("ContinueFlowExecution", required=True, values=_BOOLEAN),
    Parameter("CallerId", _MAP),
    Parameter("ThirdPartyDTMFDigits", _SINGLE),
)
_METRIC_PARAMETERS = (
    Parameter("MetricType", required=True, values=AGENT_METRICS | QUEUE_METRICS),
    *_QUEUE_OR_AGENT,
)
_MODULE_PARAMETERS = (Parameter("FlowModuleId", _SINGLE, required=True), Parameter("Input", _DATA))
_CASE_ERRORS = frozenset({"ContactNotLinked", NO_MATCHING_ERROR})
_CASE_PARAMETERS = (
    Parameter("LinkContactToCase"),
    Parameter("CaseTemplateId", _SINGLE),
    Parameter("CaseRequestFields", _MAP),
    Parameter("CaseResponseFields", _LIST),
    Parameter("GetLastUpdatedCase"),
    Parameter("CaseId", _SINGLE),
    Parameter("CustomerId", _SINGLE),
)

_PARTICIPANT = (
    ActionSpec(
        "MessageParticipant",
        _PROMPT,
        permitted_errors=_NME,
        exactly_one=(_PROMPT_CHOICE,),
        kinds=EVERY_KIND - HOLD,
    ),
    ActionSpec(
        "GetParticipantInput",
        (
            Parameter("EnableDTMFBuffer", required=True, values=_BOOLEAN),
            Parameter("StoreInput", values=_BOOLEAN),
            Parameter("InputEncryption", _MAP),
        ),
        permitted_errors=_NME,
        kinds=_INPUT_KINDS | {FlowKind.OUTBOUND_WHISPER},
        form="touch-tone buffer",
        applies=is_buffer_switch,
    ),
    ActionSpec(
        "GetParticipantInput",
        _STORE_PARAMETERS,
        required_errors=_NME,
        permitted_errors=frozenset({"InvalidPhoneNumber"}),
        at_most_one=(_PROMPT_CHOICE,),
        kinds=_INPUT_KINDS,
        form="phone number",
        applies=validates_phone,
    ),
    ActionSpec(
        "GetParticipantInput",
        _STORE_PARAMETERS,
        required_errors=_NME,
        at_most_one=(_PROMPT_CHOICE,),
        kinds=_INPUT_KINDS,
        form="store",
        applies=is_store_input,
    ),
    ActionSpec(
        "GetParticipantInput",
        (
            *_PROMPT,
            Parameter("StoreInput", values=_BOOLEAN),
            Parameter("InputTimeLimitSeconds", required=True, low=1, high=180),
        ),
        required_errors=_NMC | _NME,
        permitted_errors=frozenset({INPUT_TIME_LIMIT_EXCEEDED}),
        conditions=Conditions(_EQUALS, operands=_MENU_KEYS),
        at_most_one=(_PROMPT_CHOICE,),
        branches=True,
        kinds=_INPUT_KINDS,
        form="menu",
    ),
    ActionSpec(
        "ConnectParticipantWithLexBot",
        (
            *_PROMPT,
            Parameter("LexV2Bot", _MAP),
            Parameter("LexBot", _MAP),
            Parameter("LexSessionAttributes", _MAP),
            Parameter("LexTimeoutSeconds", _MAP),
            Parameter("LexInitializationData", _MAP),
        ),
        required_errors=_NMC | _NME,
        permitted_errors=frozenset({INPUT_TIME_LIMIT_EXCEEDED}),
        conditions=Conditions(_EQUALS),
        exactly_one=(("LexV2Bot", "LexBot"),),
        at_most_one=(_PROMPT_CHOICE,),
        branches=True,
        kinds=_INPUT_KINDS,
    ),
    ActionSpec(
        "MessageParticipantIteratively",
        (
            Parameter("Messages", _LIST, required=True),
            Parameter("InterruptFrequencySeconds"),
            Parameter("ContinueMessagingDuringInterrupt", values=_BOOLEAN),
        ),
        permitted_errors=_NME,
        conditions=Conditions(_EQUALS, operands=frozenset({"MessagesInterrupted"})),
        next_action_optional=True,
        kinds=HOLD | {FlowKind.CUSTOMER_QUEUE},
    ),
    ActionSpec("DisconnectParticipant", terminal=True, kinds=EVERY_KIND - WHISPER_AND_HOLD),
    ActionSpec(
        "TransferParticipantToThirdParty",
        _THIRD_PARTY_PARAMETERS,
        permitted_errors=_NME | {"CallFailed", "ConnectionTimeLimitExceeded"},
        form="coming back",
        applies=continues_flow,
    ),
    ActionSpec(
        "TransferParticipantToThirdParty",
        _THIRD_PARTY_PARAMETERS,
        permitted_errors=_NME,
        leaves=True,
        form="for good",
    ),
)

_CONTACT = (
    ActionSpec(
        "UpdateContactAttributes",
        (Parameter("Attributes", _MAP, required=True), _TARGET_CONTACT),
        required_errors=_NME,
    ),
    ActionSpec(
        "UpdateContactData",
        (
            Parameter("LanguageCode", _SINGLE),
            Parameter("CustomerId", _SINGLE),
            Parameter("Name", _FREE),
            Parameter("Description", _FREE),
            Parameter("WisdomSessionArn", _SINGLE),
            Parameter("References", _MAP),
            _TARGET_CONTACT,
        ),
        required_errors=_NME,
        at_least_one=True,
        open_parameters=True,
    ),
    ActionSpec(
        "UpdateContactTextToSpeechVoice",
        (
            Parameter("TextToSpeechVoice", _SINGLE, required=True),
            Parameter(
                "TextToSpeechEngine",
                _SINGLE,
                values=frozenset({"standard", "neural", "generative", "long-form", "Standard", "Neural"}),
            ),
            Parameter("TextToSpeechStyle", _SINGLE, values=frozenset({"None", "Conversational", "Newscaster"})),
        ),
        permitted_errors=_NME,
    ),
    ActionSpec(
        "UpdateContactRecordingBehavior",
        (Parameter("RecordingBehavior", _MAP), Parameter("AnalyticsBehavior", _MAP)),
        at_least_one=True,
        kinds=_BEFORE_THE_TALK,
    ),
    ActionSpec(
        "UpdateContactRecordingAndAnalyticsBehavior",
        (Parameter("VoiceBehavior", _MAP), Parameter("ChatBehavior", _MAP)),
        required_errors=_NME | {"ChannelMismatch"},
        permitted_errors=frozenset({"InFlightRedactionConfigurationFailed"}),
        at_least_one=True,
        open_parameters=True,
        kinds=_BEFORE_THE_TALK,
    ),
    ActionSpec(
        "UpdateContactEventHooks",
        (Parameter("EventHooks", _MAP), Parameter("EventHooksConfiguration", _MAP)),
        permitted_errors=_NME,
        at_least_one=True,
    ),
    ActionSpec(
        "UpdateContactTargetQueue",
        _QUEUE_OR_AGENT,
        required_errors=_NME,
        exactly_one=(("QueueId", "AgentId"),),
        kinds=_BEFORE_A_QUEUE,
    ),
    ActionSpec(
        "UpdateContactRoutingBehavior",
        (
            Parameter("QueuePriority", _SINGLE, low=1),
            Parameter("QueueTimeAdjustmentSeconds", _SINGLE),
        ),
        exactly_one=(("QueuePriority", "QueueTimeAdjustmentSeconds"),),
    ),
    ActionSpec(
        "UpdateContactCallbackNumber",
        (Parameter("CallbackNumber", _REFERENCE, required=True),),
        required_errors=frozenset({"InvalidCallbackNumber", "CallbackNumberNotDialable"}),
        kinds=_INPUT_KINDS,
    ),
    ActionSpec(
        "TransferContactToQueue", required_errors=_NME | {"QueueAtCapacity"}, leaves=True, kinds=_BEFORE_A_QUEUE
    ),
    ActionSpec(
        "DequeueContactAndTransferToQueue",
        _QUEUE_OR_AGENT,
        permitted_errors=_NME | {"QueueAtCapacity"},
        at_most_one=(("QueueId", "AgentId"),),
        leaves=True,
        kinds=frozenset({FlowKind.CUSTOMER_QUEUE}),
    ),
    ActionSpec(
        "TransferContactToAgent",
        terminal=True,
        kinds=frozenset({FlowKind.AGENT_TRANSFER, FlowKind.QUEUE_TRANSFER}),
    ),
    ActionSpec("TagContact", (Parameter("Tags", _MAP, required=True),), permitted_errors=_NME),
    ActionSpec("UntagContact", (Parameter("TagKeys", _LIST, required=True),), permitted_errors=_NME),
)

_CONTROL = (
    ActionSpec(
        "Compare",
        (Parameter("ComparisonValue", _REFERENCE, required=True),),
        required_errors=_NMC,
        conditions=Conditions(OPERATORS),
        branches=True,
    ),
    ActionSpec(
        "Loop",
        (Parameter("LoopCount", _SINGLE, required=True, low=0, high=100), Parameter("LoopName")),
        conditions=Conditions(_EQUALS, exactly=frozenset({"ContinueLooping", "DoneLooping"})),
        branches=True,
    ),
    ActionSpec(
        "Wait",
        (
            Parameter("TimeLimitSeconds", _SINGLE, required=True, low=1),
            Parameter("Events", _LIST),
        ),
        permitted_errors=_NME | {"ParticipantNotFound"},
        conditions=Conditions(
            _EQUALS, operands=frozenset({"WaitCompleted", "CustomerReturned", "BotParticipantDisconnected"})
        ),
        branches=True,
    ),
    ActionSpec(
        "CheckHoursOfOperation",
        (Parameter("HoursOfOperationId", _SINGLE),),
        required_errors=_NME,
        conditions=Conditions(_EQUALS, exactly=frozenset({"True", "False"})),
        branches=True,
        kinds=_INPUT_KINDS,
    ),
    ActionSpec(
        "CheckMetricData",
        _METRIC_PARAMETERS,
        required_errors=_NMC | _NME,
        conditions=Conditions(frozenset({"NumberGreaterThan"}), operands=frozenset({"0"})),
        at_most_one=(("QueueId", "AgentId"),),
        branches=True,
        kinds=_INPUT_KINDS,
        form="agents",
        applies=is_agent_metric,
    ),
    ActionSpec(
        "CheckMetricData",
        _METRIC_PARAMETERS,
        required_errors=_NMC | _NME,
        conditions=Conditions(NUMBER_OPERATORS | _EQUALS, number=True),
        at_most_one=(("QueueId", "AgentId"),),
        branches=True,
        kinds=_INPUT_KINDS,
        form="queue",
    ),
    ActionSpec(
        "GetMetricData",
        (*_QUEUE_OR_AGENT, Parameter("QueueChannel", _SINGLE)),
        permitted_errors=_NME,
        at_most_one=(("QueueId", "AgentId"),),
    ),
    ActionSpec(
        "DistributeByPercentage",
        required_errors=_NMC,
        conditions=Conditions(frozenset({"NumberLessThan"}), number=True),
        branches=True,
        kinds=_INPUT_KINDS,
    ),
    ActionSpec("UpdateFlowAttributes", (Parameter("FlowAttributes", _MAP, required=True),), required_errors=_NME),
    ActionSpec(
        "UpdateFlowLoggingBehavior",
        (Parameter("FlowLoggingBehavior", required=True, values=frozenset({"Enabled", "Disabled"})),),
    ),
    ActionSpec(
        "TransferToFlow",
        (Parameter("ContactFlowId", _SINGLE, required=True),),
        required_errors=_NME,
        leaves=True,
        kinds=_BEFORE_A_QUEUE,
    ),
    ActionSpec(
        "InvokeFlowModule",
        _MODULE_PARAMETERS,
        required_errors=_NME | _NMC,
        conditions=Conditions(_EQUALS),
        branches=True,
        kinds=frozenset({FlowKind.INBOUND, FlowKind.MODULE}),
        form="with branches",
        applies=has_conditions,
    ),
    ActionSpec(
        "InvokeFlowModule",
        _MODULE_PARAMETERS,
        required_errors=_NME,
        kinds=frozenset({FlowKind.INBOUND, FlowKind.MODULE}),
    ),
    ActionSpec(
        "EndFlowModuleExecution",
        (Parameter("Result", _SINGLE), Parameter("ResultData", _DATA)),
        terminal=True,
        kinds=frozenset({FlowKind.MODULE}),
    ),
    ActionSpec(
        "EndFlowExecution",
        terminal=True,
        kinds=(WHISPER_AND_HOLD - HOLD) | {FlowKind.CUSTOMER_QUEUE},
    ),
)

_INTERACTION = (
    ActionSpec(
        "InvokeLambdaFunction",
        (
            Parameter("LambdaFunctionARN", _SINGLE, required=True),
            Parameter("InvocationTimeLimitSeconds", low=1, high=8),
            Parameter("InvocationType", values=frozenset({"SYNCHRONOUS", "ASYNCHRONOUS"})),
            Parameter("LambdaInvocationAttributes", _MAP),
            Parameter("ResponseValidation", _MAP),
        ),
        required_errors=_NME,
        permitted_errors=frozenset({"TimeLimitExceeded"}),
    ),
    ActionSpec(
        "CreateCallbackContact",
        (
            Parameter("InitialCallDelaySeconds", required=True, low=0, high=259_200),
            Parameter("RetryDelaySeconds", required=True, low=0, high=259_200),
            Parameter("MaximumConnectionAttempts", required=True, low=1),
            *_QUEUE_OR_AGENT,
            Parameter("ContactFlowId", _SINGLE),
            Parameter("CallerId", _SINGLE),
        ),
        permitted_errors=_NME,
        at_most_one=(("QueueId", "AgentId"),),
        kinds=_INPUT_KINDS,
    ),
    ActionSpec(
        "CreateTask",
        (
            Parameter("Name", _FREE, required=True),
            Parameter("ContactFlowId", _SINGLE),
            Parameter("Attributes", _MAP),
            Parameter("References", _MAP),
            Parameter("DelaySeconds"),
        ),
        permitted_errors=_NME,
        open_parameters=True,
    ),
    ActionSpec("CreateCase", _CASE_PARAMETERS, permitted_errors=_CASE_ERRORS),
    ActionSpec("UpdateCase", _CASE_PARAMETERS, permitted_errors=_CASE_ERRORS),
    ActionSpec("GetCase", _CASE_PARAMETERS, permitted_errors=_CASE_ERRORS | {"NoneFound", "MultipleFound"}),
)


def _by_type(*groups: tuple[ActionSpec, ...]) -> Mapping[str, tuple[ActionSpec, ...]]:
    table: dict[str, tuple[ActionSpec, ...]] = {}
    for spec in (spec for group in groups for spec in group):
        table[spec.type] = (*table.get(spec.type, ()), spec)
    return table


ACTIONS: Mapping[str, tuple[ActionSpec, ...]] = _by_type(_PARTICIPANT, _CONTACT, _CONTROL, _INTERACTION, SERVICES)
"""Forms by action type; the first form that applies is the one."""

"""The actions by which a flow uses another part of the service: views, profiles, outbound messages, streams.

Source: Amazon Connect developer guide, "Flow language" (actions). Nobody has tried by publishing what the service
refuses here, so parameters that the guide does not name are let through.
"""

from connect_sim.language.actions.specs import (
    NO_MATCHING_CONDITION,
    NO_MATCHING_ERROR,
    ActionSpec,
    Conditions,
    Parameter,
    ParameterKind,
)
from connect_sim.language.document import FlowKind

_NME = frozenset({NO_MATCHING_ERROR})
_EQUALS = frozenset({"Equals"})
_MAP = ParameterKind.MAP
_DATA = ParameterKind.DATA
_PROFILE = (Parameter("ProfileRequestData", _MAP),)


def _profile(name: str, *errors: str) -> ActionSpec:
    return ActionSpec(name, _PROFILE, permitted_errors=_NME | set(errors), open_parameters=True)


VIEWS = (
    ActionSpec(
        "ShowView",
        (
            Parameter("ViewResource", _MAP, required=True),
            Parameter("InvocationTimeLimitSeconds", ParameterKind.SINGLE, low=1),
            Parameter("ViewData", _DATA),
            Parameter("SensitiveDataConfiguration", _MAP),
        ),
        permitted_errors=_NME | {NO_MATCHING_CONDITION, "TimeLimitExceeded"},
        conditions=Conditions(_EQUALS),
        branches=True,
        open_parameters=True,
    ),
)

PROFILES = (
    _profile("AssociateContactToCustomerProfile"),
    _profile("CreateCustomerProfile"),
    _profile("UpdateCustomerProfile"),
    _profile("GetCustomerProfile", "MultipleFoundError", "NoneFoundError"),
    _profile("GetCustomerProfileObject", "NoneFoundError"),
    _profile("GetCalculatedAttributesForCustomerProfile", "NoneFoundError"),
)

VOICE = (
    ActionSpec(
        "CompleteOutboundCall",
        permitted_errors=_NME,
        open_parameters=True,
        kinds=frozenset({FlowKind.OUTBOUND_WHISPER}),
    ),
    ActionSpec(
        "CheckOutboundCallStatus",
        permitted_errors=_NME | {NO_MATCHING_CONDITION},
        conditions=Conditions(
            _EQUALS, operands=frozenset({"CallAnswered", "VoicemailBeep", "VoicemailNoBeep", "NotDetected"})
        ),
        branches=True,
        open_parameters=True,
    ),
    ActionSpec(
        "CheckVoiceId",
        (
            Parameter(
                "CheckVoiceIdOption",
                required=True,
                values=frozenset({"enrollmentStatus", "voiceAuthentication", "fraudDetection"}),
            ),
        ),
        permitted_errors=_NME | {NO_MATCHING_CONDITION},
        conditions=Conditions(_EQUALS),
        branches=True,
        open_parameters=True,
    ),
    ActionSpec("StartVoiceIdStream", permitted_errors=_NME, open_parameters=True),
    ActionSpec(
        "UpdateContactMediaStreamingBehavior",
        (
            Parameter("MediaStreamingState", required=True, values=frozenset({"Enabled", "Disabled"})),
            Parameter("Participants", ParameterKind.LIST),
            Parameter("MediaStreamType", values=frozenset({"Audio"})),
        ),
        permitted_errors=_NME,
        open_parameters=True,
    ),
)

CONTACTS = (
    ActionSpec(
        "CreateWisdomSession",
        (Parameter("WisdomAssistantArn", ParameterKind.SINGLE, required=True),),
        permitted_errors=_NME,
        open_parameters=True,
    ),
    ActionSpec("ResumeContact", permitted_errors=_NME),
    ActionSpec(
        "StartOutboundChatContact",
        (
            Parameter("SourceEndpoint", _MAP, required=True),
            Parameter("DestinationEndpoint", _MAP, required=True),
            Parameter("ContactFlowArn", ParameterKind.SINGLE),
            Parameter("ContactSubtype"),
            Parameter("InitialSystemMessage", _MAP),
            Parameter("RelatedContact"),
        ),
        permitted_errors=_NME,
        open_parameters=True,
    ),
    ActionSpec(
        "UpdateContactMediaProcessing",
        (Parameter("ChatProcessor", _MAP),),
        permitted_errors=_NME | {"ChannelMismatch"},
        open_parameters=True,
    ),
    ActionSpec(
        "UpdateContactRoutingCriteria",
        (Parameter("RoutingCriteria", _DATA, required=True),),
        permitted_errors=_NME,
        open_parameters=True,
    ),
    ActionSpec(
        "UpdatePreviousContactParticipantState",
        (
            Parameter(
                "PreviousContactParticipantState",
                required=True,
                values=frozenset({"AgentOnHold", "CustomerOnHold", "OffHold"}),
            ),
        ),
        permitted_errors=_NME,
        open_parameters=True,
    ),
)

SERVICES = (*VIEWS, *PROFILES, *VOICE, *CONTACTS)
"""Every action of this file."""

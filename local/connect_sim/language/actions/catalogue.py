"""Facts about an action by its type: its entry in the table, and the names that are often written wrong."""

from collections.abc import Mapping

from connect_sim.language.actions.specs import ActionSpec
from connect_sim.language.actions.table import ACTIONS
from connect_sim.language.document import Action

UNCHECKED_TYPES = frozenset(
    {
        "AuthenticateParticipant",
        "ConnectParticipantWithAgenticCX",
        "CreatePersistentContactAssociation",
        "EvaluateDataTableValues",
        "ListDataTableValues",
        "LoadContactContent",
        "UpsertDataTableValues",
    }
)
"""Types that the service has and this table does not describe: only their envelope is checked."""

WRONG_TYPES: Mapping[str, str] = {
    "SetLoggingBehavior": "UpdateFlowLoggingBehavior",
    "InvokeExternalResource": "InvokeLambdaFunction",
    "InvokeLambda": "InvokeLambdaFunction",
    "StoreUserInput": "GetParticipantInput",
    "StoreCustomerInput": "GetParticipantInput",
    "GetUserInput": "GetParticipantInput",
    "GetCustomerInput": "GetParticipantInput",
    "CheckAttribute": "Compare",
    "CheckContactAttributes": "Compare",
    "PlayPrompt": "MessageParticipant",
    "SetVoice": "UpdateContactTextToSpeechVoice",
    "SetContactAttributes": "UpdateContactAttributes",
    "SetAttributes": "UpdateContactAttributes",
    "SetQueue": "UpdateContactTargetQueue",
    "TransferToQueue": "TransferContactToQueue",
    "Disconnect": "DisconnectParticipant",
    "CheckHours": "CheckHoursOfOperation",
    "UpdateRoutingCriteria": "UpdateContactRoutingCriteria",
    "UnTagContact": "UntagContact",
    "InvokeModule": "InvokeFlowModule",
}
"""Names that people and generators write, and the one that the service takes."""

WRONG_PARAMETERS: Mapping[str, str] = {
    "RequestAttributes": "LambdaInvocationAttributes",
    "MaxDigits": "InputValidation.CustomValidation.MaximumLength",
    "TimeoutSeconds": "TimeLimitSeconds",
    "LambdaFunctionArn": "LambdaFunctionARN",
    "FunctionArn": "LambdaFunctionARN",
    "Timeout": "InputTimeLimitSeconds",
}
"""Parameter names that are often written, and what to write instead."""


def find_spec(action: Action) -> ActionSpec | None:
    """Return the entry of the table that an action has to keep to, None when its type is not in the table."""
    return next((spec for spec in ACTIONS.get(action.type, ()) if spec.applies(action)), None)

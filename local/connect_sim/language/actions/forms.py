"""The forms in which one type of action comes, told apart by its parameters."""

from connect_sim.language.document import Action

AGENT_METRICS = frozenset({"NumberOfAgentsAvailable", "NumberOfAgentsStaffed", "NumberOfAgentsOnline"})
QUEUE_METRICS = frozenset({"OldestContactInQueueAgeSeconds", "NumberOfContactsInQueue"})


def is_store_input(action: Action) -> bool:
    """Return whether an action asks for digits and keeps them in `$.StoredCustomerInput`."""
    return action.type == "GetParticipantInput" and action.is_true("StoreInput") and not is_buffer_switch(action)


def is_menu(action: Action) -> bool:
    """Return whether an action asks for one key and branches by it."""
    return action.type == "GetParticipantInput" and not action.is_true("StoreInput") and not is_buffer_switch(action)


def is_buffer_switch(action: Action) -> bool:
    """Return whether an action only turns the type-ahead buffer on or off."""
    return action.type == "GetParticipantInput" and "EnableDTMFBuffer" in action.parameters


def validates_phone(action: Action) -> bool:
    """Return whether a store input takes a telephone number and nothing else."""
    return is_store_input(action) and "PhoneNumberValidation" in action.mapping("InputValidation")


def is_agent_metric(action: Action) -> bool:
    """Return whether a metric check counts agents, not contacts in a queue."""
    return action.text("MetricType") not in QUEUE_METRICS


def has_conditions(action: Action) -> bool:
    """Return whether an action has branches of its own."""
    return bool(action.conditions)


def continues_flow(action: Action) -> bool:
    """Return whether a transfer to a third party comes back to the flow."""
    return action.is_true("ContinueFlowExecution")

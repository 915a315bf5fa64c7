"""The event that Amazon Connect sends to a function ("ContactFlowEvent", Connect's Lambda contract)."""

from typing import Any

from hotline_local.simulator.state import DEFAULT_LANGUAGE, CallState
from hotline_local.simulator.values import endpoint, queue_data


def contact_flow_event(state: CallState, parameters: dict[str, Any]) -> dict[str, Any]:
    """The whole event: the contact as it is now, and the block's own parameters.

    Fields without a value are None, as the service sends them; endpoints too, when the number is withheld. Neither
    the stored input nor an earlier answer is part of it.
    """
    setup = state.setup
    contact_data = {
        "Attributes": dict(state.attributes),
        "AwsRegion": setup.region,
        "Channel": setup.channel,
        "ContactId": setup.contact_id,
        "CustomerEndpoint": endpoint(setup.customer_number),
        "CustomerId": state.contact_data.get("CustomerId"),
        "Description": state.contact_data.get("Description"),
        "InitialContactId": setup.initial_contact_id or setup.contact_id,
        "InitiationMethod": setup.initiation_method,
        "InstanceARN": setup.instance_arn,
        "LanguageCode": state.language or DEFAULT_LANGUAGE,
        "MediaStreams": {"Customer": {"Audio": None}},
        "Name": state.contact_data.get("Name"),
        "PreviousContactId": setup.previous_contact_id,
        "Queue": queue_data(state),
        "References": {name: dict(reference) for name, reference in state.references.items()},
        "RelatedContactId": None,
        "SegmentAttributes": {"connect:Subtype": {"ValueString": "connect:Telephony"}},
        "SystemEndpoint": endpoint(setup.system_number),
        "Tags": dict(state.tags),
    }
    return {"Name": "ContactFlowEvent", "Details": {"ContactData": contact_data, "Parameters": parameters}}

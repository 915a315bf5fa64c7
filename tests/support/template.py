"""The template.yaml as plain CloudFormation, for tests that must not retype it."""

from functools import cache
from typing import Any, Final

from hotline_local.launcher import template as sam
from hotline_local.launcher.definition_embedding import embed_definitions
from hotline_local.launcher.paths import ROOT

PARAMETERS: Final = {
    "HotlineNumbers": "+864008001234,+498001234567",
    "EmailFrom": "hotline@wallet.example",
    "EmailIdentity": "wallet.example",
    "ApiIssuer": "https://login.wallet.example",
    "ApiAudience": "hotline",
}
_KEPT: Final = ("AttributeDefinitions", "KeySchema", "GlobalSecondaryIndexes", "BillingMode", "StreamSpecification")
# The names that tests use; the deployed ones are generated.
TABLE_NAMES: Final = {"HotlineTable": "hotline", "ActivityTable": "activity", "OutboxTable": "outbox"}


@cache
def cloudformation() -> sam.Template:
    """Return the translated template. Shared between tests: read it, do not change it."""
    template = sam.read()
    embed_definitions(template, ROOT)
    uploaded = {logical_id: f"s3://artefacts/{logical_id}" for logical_id in sam.artefacts(template)}
    return sam.to_cloudformation(template, uploaded, PARAMETERS)


def resources(resource_type: str) -> dict[str, dict[str, Any]]:
    """Return logical id -> resource, for the resources of one CloudFormation type."""
    return {name: body for name, body in cloudformation()["Resources"].items() if body["Type"] == resource_type}


def properties(logical_id: str) -> dict[str, Any]:
    """Return the properties of one resource."""
    found: dict[str, Any] = cloudformation()["Resources"][logical_id]["Properties"]
    return found


def statements_of(role: str) -> list[dict[str, Any]]:
    """Return the statements of a role, whichever of its policies they stand in, those of an option too."""
    written = [found for policy in properties(role)["Policies"] for found in policy["PolicyDocument"]["Statement"]]
    return [branch for found in written for branch in found.get("Fn::If", [found]) if "Effect" in branch]


def table_definitions() -> list[dict[str, Any]]:
    """Return the arguments of `create_table` for each of the three tables: hotline, activity, outbox."""
    tables = resources("AWS::DynamoDB::Table")
    definitions = []
    for logical_id, name in TABLE_NAMES.items():
        properties = tables[logical_id]["Properties"]
        definition = {"TableName": name} | {key: properties[key] for key in _KEPT if key in properties}
        if "StreamSpecification" in definition:
            definition["StreamSpecification"] = {"StreamEnabled": True, **definition["StreamSpecification"]}
        definitions.append(definition)
    return definitions

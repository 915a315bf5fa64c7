"""Puts flow files into the template.

In template.yaml the Content of a flow is the name of its file. The build replaces it by the file's text. Each token
`${NameArn}` is bound to the resource `Name` of the same template. A token with the name of a parameter or of an output
is bound to its value. Nothing else names an ARN in a flow, so the same file runs in the simulator, in which tokens
stand for local functions.

A flow that encrypts entries says in its resource's Metadata on which condition (EncryptedIf). Where that does not hold,
the same text is deployed without the encryption. It needs a key that the instance knows, and the service refuses an
empty one.
"""

import json
import re
from pathlib import Path
from typing import Any, Final

from connect_sim.linter.rules.document import MAX_CONTENT_CHARS
from hotline_local.errors import CommandError
from hotline_local.launcher.template import Template

FLOW_TYPES: Final = ("AWS::Connect::ContactFlow", "AWS::Connect::ContactFlowModule")
# The parameter that makes a block encrypt the entry that it stores.
ENCRYPTION: Final = "InputEncryption"
_TOKEN: Final = re.compile(r"\$\{([^}]*)\}")


def resource_name(flow_file: str) -> str:
    """Return the logical id that belongs to a flow file: `flows/module-proof.json` -> `ModuleProof`."""
    return "".join(word.capitalize() for word in Path(flow_file).stem.split("-"))


def tokens(content: str) -> list[str]:
    """Return the names of the tokens in a flow's text, each once, in order."""
    return list(dict.fromkeys(_TOKEN.findall(content)))


def without_encryption(document: dict[str, Any]) -> dict[str, Any]:
    """Return a flow document with its entries as plain ones. Parts that it shares with the one passed in stay as they
    are."""
    actions = [
        {**action, "Parameters": {k: v for k, v in action.get("Parameters", {}).items() if k != ENCRYPTION}}
        for action in document["Actions"]
    ]
    return {**document, "Actions": actions}


def _value(token: str, template: Template, flow_file: str) -> Any:
    if token in template.get("Parameters", {}):
        # It comes to stand inside a text of JSON, which a line's end would break.
        return {"Fn::Join": ["\\n", {"Fn::Split": ["\n", {"Ref": token}]}]}
    if token in template.get("Outputs", {}):
        return template["Outputs"][token]["Value"]
    logical_id = token.removesuffix("Arn")
    resource = template["Resources"].get(logical_id)
    if resource is None or logical_id == token:
        raise CommandError(f"{flow_file} names ${{{token}}}, but template.yaml has no resource {logical_id}.")
    # Connect may call the alias only; for every resource of Connect itself, Ref is the ARN.
    return {"Ref": f"{logical_id}.Alias" if resource["Type"] == "AWS::Serverless::Function" else logical_id}


def embed_flows(template: Template, root: Path) -> None:
    """Replace each flow's file name by its text, in place.

    Raises CommandError for a file that is missing, is not JSON, or is longer than Amazon Connect takes. Raises it also
    for a token without a value, and for an encrypted entry without a condition in the template.
    """
    for resource in template["Resources"].values():
        if resource["Type"] in FLOW_TYPES:
            encrypted_if = resource.pop("Metadata", {}).get("EncryptedIf")
            resource["Properties"]["Content"] = _content(
                resource["Properties"]["Content"], template, root, encrypted_if
            )


def _content(flow_file: str, template: Template, root: Path, encrypted_if: str | None) -> Any:
    try:
        document = json.loads((root / flow_file).read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise CommandError(f"template.yaml names the flow {flow_file}, which does not exist.") from None
    except ValueError as error:
        raise CommandError(f"{flow_file} is not JSON: {error}.") from error

    def bound(document: dict[str, Any]) -> Any:
        text = json.dumps(document, ensure_ascii=False, separators=(",", ":"))
        if len(text) > MAX_CONTENT_CHARS:
            raise CommandError(f"{flow_file} has {len(text)} characters; Amazon Connect takes {MAX_CONTENT_CHARS}.")
        found = tokens(text)
        values = {token: _value(token, template, flow_file) for token in found}
        return {"Fn::Sub": [text, values]} if found else text

    if not any(ENCRYPTION in action.get("Parameters", {}) for action in document.get("Actions", ())):
        return bound(document)
    if encrypted_if is None:
        raise CommandError(f"{flow_file} encrypts an entry, but template.yaml does not say on which condition.")
    return {"Fn::If": [encrypted_if, bound(document), bound(without_encryption(document))]}

"""Puts flow files into the template.

In template.yaml the Content of a flow is the name of its file. The build replaces it by the file's text, with each
token `${NameArn}` bound to the resource `Name` of the same template. Nothing else names an ARN in a flow, so the same
file runs in the simulator, in which tokens stand for local functions.
"""

import json
import re
from pathlib import Path
from typing import Any, Final

from hotline_local.commands import CommandError
from hotline_local.launcher.template import Template

FLOW_TYPES: Final = ("AWS::Connect::ContactFlow", "AWS::Connect::ContactFlowModule")
# What Amazon Connect takes as one flow, in characters.
MAXIMUM_CONTENT: Final = 256_000
_TOKEN: Final = re.compile(r"\$\{([^}]*)\}")


def resource_name(flow_file: str) -> str:
    """Return the logical id that belongs to a flow file: `flows/module-proof.json` -> `ModuleProof`."""
    return "".join(word.capitalize() for word in Path(flow_file).stem.split("-"))


def tokens(content: str) -> list[str]:
    """Return the names of the tokens in a flow's text, each once, in order."""
    return list(dict.fromkeys(_TOKEN.findall(content)))


def _arn(token: str, template: Template, flow_file: str) -> dict[str, str]:
    logical_id = token.removesuffix("Arn")
    resource = template["Resources"].get(logical_id)
    if resource is None or logical_id == token:
        raise CommandError(f"{flow_file} names ${{{token}}}, but template.yaml has no resource {logical_id}.")
    # Connect may call the alias only; for every resource of Connect itself, Ref is the ARN.
    return {"Ref": f"{logical_id}.Alias" if resource["Type"] == "AWS::Serverless::Function" else logical_id}


def embed_flows(template: Template, root: Path) -> None:
    """Replace each flow's file name by its text, in place.

    Raises CommandError for a file that is missing, is not JSON, is longer than Amazon Connect takes, or names a token
    without a resource.
    """
    for resource in template["Resources"].values():
        if resource["Type"] in FLOW_TYPES:
            resource["Properties"]["Content"] = _content(resource["Properties"]["Content"], template, root)


def _content(flow_file: str, template: Template, root: Path) -> Any:
    try:
        document = json.loads((root / flow_file).read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise CommandError(f"template.yaml names the flow {flow_file}, which does not exist.") from None
    except ValueError as error:
        raise CommandError(f"{flow_file} is not JSON: {error}.") from error
    text = json.dumps(document, ensure_ascii=False, separators=(",", ":"))
    if len(text) > MAXIMUM_CONTENT:
        raise CommandError(f"{flow_file} has {len(text)} characters; Amazon Connect takes {MAXIMUM_CONTENT}.")
    found = tokens(text)
    if not found:
        return text
    return {"Fn::Sub": [text, {token: _arn(token, template, flow_file) for token in found}]}

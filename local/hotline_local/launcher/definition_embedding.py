"""Puts state machine files into the template.

In template.yaml a state machine names its file (DefinitionUri), as the SAM command line wants it. The build puts the
file's content in its place, so that the built template stands alone.
"""

import json
from pathlib import Path
from typing import Final

from hotline_local.errors import CommandError
from hotline_local.launcher.template import Template

STATE_MACHINE: Final = "AWS::Serverless::StateMachine"


def embed_definitions(template: Template, root: Path) -> None:
    """Replace the DefinitionUri of every state machine, in place. Raises CommandError for a file that is no JSON."""
    for logical_id, resource in template["Resources"].items():
        if resource["Type"] == STATE_MACHINE and "DefinitionUri" in resource["Properties"]:
            path = root / resource["Properties"].pop("DefinitionUri")
            try:
                resource["Properties"]["Definition"] = json.loads(path.read_text(encoding="utf-8"))
            except (OSError, ValueError) as error:
                raise CommandError(f"{path}, the definition of {logical_id}, cannot be read: {error}.") from None

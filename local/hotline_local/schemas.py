"""The JSON Schemas in docs/schemas, written from the contracts: `make schemas`.

One file a type, for the whole CloudEvents object; the schema of its `data` is the one that `dataschema` names.
"""

import json
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any, Final

from pydantic import BaseModel
from pydantic.json_schema import GenerateJsonSchema

from hotline.contracts.decisions import DECISIONS, DecisionEnvelope
from hotline.contracts.facts import FACTS
from hotline.contracts.model import VERSION_SUFFIX
from hotline.contracts.schemas import Envelope
from hotline_local import openapi
from hotline_local.launcher.paths import ROOT

FOLDER: Final = ROOT / "docs/schemas"
DIALECT: Final = "https://json-schema.org/draft/2020-12/schema"


class _WithoutTitles(GenerateJsonSchema):
    """Leaves out the titles that only repeat the fields' names."""

    def field_title_should_be_set(self, schema: Any) -> bool:  # noqa: ARG002 - pydantic's own signature
        return False


@cache
def documents() -> dict[str, dict[str, Any]]:
    """Return path below docs/schemas -> JSON Schema, for every fact and every decision. Made once a process."""
    return {
        **_documents("facts", Envelope, FACTS),
        **_documents("decisions", DecisionEnvelope, DECISIONS),
    }


def _documents(folder: str, envelope: type[BaseModel], data: Mapping[str, type[BaseModel]]) -> dict[str, Any]:
    return {
        f"{folder}/{type_name}{VERSION_SUFFIX}.json": _document(type_name + VERSION_SUFFIX, envelope, contract)
        for type_name, contract in data.items()
    }


def _document(full_type: str, envelope: type[BaseModel], contract: type[BaseModel]) -> dict[str, Any]:
    schema = envelope.model_json_schema(schema_generator=_WithoutTitles)
    schema["properties"]["type"] = {"const": full_type}
    schema["properties"]["data"] = {
        "$id": f"urn:hotline:schema:{full_type}",
        **contract.model_json_schema(schema_generator=_WithoutTitles),
    }
    return {"$schema": DIALECT, "$id": f"urn:hotline:event:{full_type}", **schema, "title": full_type}


def text_of(document: Mapping[str, Any]) -> str:
    """Return a document as it is stored."""
    return json.dumps(document, ensure_ascii=False, indent=2) + "\n"


def write(folder: Path = FOLDER) -> int:
    """Write every document, remove those of types that are no more; return how many there are."""
    wanted = documents()
    for path in folder.rglob("*.json"):
        if str(path.relative_to(folder)) not in wanted:
            path.unlink()
    for name, document in wanted.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text_of(document), encoding="utf-8")
    return len(wanted)


if __name__ == "__main__":
    print(f"{write()} schemas in {FOLDER}")
    openapi.write()
    print(f"the APIs in {openapi.FILE} and {openapi.AGENT_FILE.name}")

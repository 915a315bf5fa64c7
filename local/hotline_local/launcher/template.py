"""template.yaml as data, and its translation from SAM to plain CloudFormation."""

from collections.abc import Mapping
from copy import deepcopy
from pathlib import Path
from typing import Any, Final

import yaml

from hotline_local.launcher.paths import TEMPLATE

type Template = dict[str, Any]

# Where each kind of resource names its artefact.
LAYER: Final = "AWS::Serverless::LayerVersion"
ARTEFACT_PROPERTY: Final = {"AWS::Serverless::Function": "CodeUri", LAYER: "ContentUri"}


class _Loader(yaml.CSafeLoader):
    """YAML with CloudFormation's short forms (`!Ref`, `!Sub`, ..), read into their long forms."""


def _long_form(loader: _Loader, suffix: str, node: yaml.Node) -> dict[str, Any]:
    if isinstance(node, yaml.ScalarNode):
        value: Any = loader.construct_scalar(node)
    elif isinstance(node, yaml.SequenceNode):
        value = loader.construct_sequence(node, deep=True)
    else:
        raise yaml.constructor.ConstructorError(None, None, f"!{suffix} of a mapping is not used here", node.start_mark)
    if suffix == "GetAtt" and isinstance(value, str):
        value = value.split(".", 1)
    return {suffix if suffix in ("Ref", "Condition") else f"Fn::{suffix}": value}


_Loader.add_multi_constructor("!", _long_form)


def read(path: Path = TEMPLATE) -> Template:
    """Read a SAM or CloudFormation template, with every intrinsic function in its long form."""
    with path.open(encoding="utf-8") as file:
        template: Template = yaml.load(file, Loader=_Loader)  # noqa: S506 - a SafeLoader with the short forms added
    return template


def artefacts(template: Template) -> dict[str, str]:
    """Return logical id -> artefact folder, as the template names it, for functions and layers."""
    return {
        logical_id: resource["Properties"][ARTEFACT_PROPERTY[resource["Type"]]]
        for logical_id, resource in template["Resources"].items()
        if resource["Type"] in ARTEFACT_PROPERTY
    }


def layers(template: Template) -> frozenset[str]:
    """The logical ids of the layers."""
    return frozenset(name for name, resource in template["Resources"].items() if resource["Type"] == LAYER)


def to_cloudformation(template: Template, uploaded: Mapping[str, str], parameters: Mapping[str, str]) -> Template:
    """Translate a SAM template.

    `uploaded` gives the `s3://` address of each artefact by logical id, `parameters` the values that differ from
    the defaults. The template passed in stays as it is.
    """
    template = deepcopy(template)
    for logical_id in artefacts(template):
        resource = template["Resources"][logical_id]
        resource["Properties"][ARTEFACT_PROPERTY[resource["Type"]]] = uploaded[logical_id]
    values = {name: parameters.get(name, declared.get("Default")) for name, declared in template["Parameters"].items()}
    # The region only fills pseudo parameters while the translator works; the result names none.
    # Most of what reads the template translates none, and these take half a second to import.
    from boto3 import Session
    from samtranslator.parser.parser import Parser
    from samtranslator.translator.translator import Translator

    translator = Translator({}, Parser(), boto_session=Session(region_name="eu-central-1"))
    translated: Template = translator.translate(template, values)
    return translated

"""Scenario files: YAML, held against a schema, with an error that says where and what."""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import yaml
from jsonschema import Draft202012Validator

from connect_sim.commands.parsing import NEVER
from connect_sim.simulator.faults import FaultError, parse_fault
from connect_sim.simulator.keys import HANG_UP, KeysError, check_token
from connect_sim.simulator.setup_file import WITHHELD
from connect_sim.simulator.state import EndOutcome, Waiting
from hotline.kit.languages import LANGUAGES
from hotline_local.scenarios.model import USUAL_TIME, Calling, Ending, Scenario, ScenarioError, Topic, Turn

SUFFIX = ".yaml"
_TEXT = {"type": "string", "minLength": 1}
_TEXTS = {"type": "array", "items": _TEXT, "minItems": 1}
_HEARS = {"oneOf": [_TEXT, _TEXTS]}
_ATTRIBUTES = {"type": "object", "additionalProperties": {"type": "string"}}

SCHEMA: Mapping[str, Any] = {
    "type": "object",
    "additionalProperties": False,
    "required": ["title", "about", "speaks", "covers", "call", "turns", "ends"],
    "properties": {
        "title": _TEXT,
        "about": _TEXT,
        "speaks": {"enum": list(LANGUAGES)},
        "covers": {"type": "array", "minItems": 1, "uniqueItems": True, "items": {"enum": [*Topic]}},
        "only_here": _TEXT,
        "call": {
            "type": "object",
            "additionalProperties": False,
            "required": ["from"],
            "properties": {
                "from": {"type": "string", "pattern": rf"^(\+[1-9]\d{{6,14}}|{WITHHELD})$"},
                "at": _TEXT,
                "language": {"enum": list(LANGUAGES)},
                "hours": {"enum": ["open", "closed"]},
                "queue": {"enum": ["free", "full"]},
                "agent_after_s": {"oneOf": [{"type": "integer", "minimum": 0, "maximum": 3600}, {"enum": [NEVER]}]},
                "agent_leaves": {"type": "boolean"},
                "attributes": _ATTRIBUTES,
                "faults": _TEXTS,
            },
        },
        "turns": {
            "type": "array",
            "items": {
                "type": "object",
                "additionalProperties": False,
                "required": ["hears", "keys"],
                "properties": {"hears": _HEARS, "keys": _TEXT},
            },
        },
        "ends": {
            "type": "object",
            "additionalProperties": False,
            "required": ["outcome"],
            "properties": {
                "outcome": {"enum": [*EndOutcome]},
                "hears": _HEARS,
                "attributes": _ATTRIBUTES,
                "steps": _TEXTS,
            },
        },
    },
}
"""The form of a scenario file (JSON Schema 2020-12)."""
_VALIDATOR: Final = Draft202012Validator(SCHEMA)
_LOADER: Final = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
"""LibYAML's parser, ten times as fast as the one in Python, which stands in where PyYAML was built without it."""


def scenario_files(paths: Iterable[Path]) -> tuple[Path, ...]:
    """The files that are meant: a folder stands for its `*.yaml`. Raises ScenarioError when there are none."""
    found: dict[Path, None] = {}
    for path in paths:
        if not path.exists():
            raise ScenarioError(f"There is no file or folder {path}.")
        for file in sorted(path.glob(f"*{SUFFIX}")) if path.is_dir() else [path]:
            found.setdefault(file)
    if not found:
        raise ScenarioError(f"There are no scenarios (*{SUFFIX}) in what was named.")
    return tuple(found)


def load_scenario(path: Path) -> Scenario:
    """Read one file. Raises ScenarioError."""
    try:
        document = _parse(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise ScenarioError(f"{path} cannot be read ({error.__class__.__name__}).") from error
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        where = f" in line {mark.line + 1}" if mark else ""
        raise ScenarioError(f"{path} is not YAML{where}: {getattr(error, 'problem', None) or 'unreadable'}.") from error
    found = next(iter(sorted(_VALIDATOR.iter_errors(document), key=lambda each: each.json_path)), None)
    if found is not None:
        raise ScenarioError(f"{path}, {found.json_path}: {found.message}.")
    return _scenario(path, document)


def _parse(text: str) -> Any:
    """The document of a YAML text. Raises yaml.YAMLError; the parser in Python tells better where it is wrong."""
    try:
        return yaml.load(text, Loader=_LOADER)  # noqa: S506 - both loaders are safe ones
    except yaml.YAMLError:
        return yaml.safe_load(text)


def _scenario(path: Path, document: Mapping[str, Any]) -> Scenario:
    turns = tuple(_turn(path, number, turn) for number, turn in enumerate(document["turns"]))
    ends = document["ends"]
    if any(turn.keys == HANG_UP for turn in turns[:-1]):
        raise ScenarioError(f"{path}, $.turns: nothing can follow {HANG_UP!r}, the end of the call.")
    return Scenario(
        name=path.stem,
        path=path,
        title=document["title"].strip(),
        about=document["about"].strip(),
        speaks=document["speaks"],
        covers=tuple(Topic(topic) for topic in document["covers"]),
        calling=_calling(path, document["call"]),
        turns=turns,
        ending=Ending(
            outcome=EndOutcome(ends["outcome"]),
            hears=_list_words(ends.get("hears", [])),
            attributes=ends.get("attributes", {}),
            steps=tuple(ends.get("steps", [])),
        ),
        only_here=document.get("only_here"),
    )


def _list_words(hears: str | list[str]) -> tuple[str, ...]:
    return (hears,) if isinstance(hears, str) else tuple(hears)


def _turn(path: Path, number: int, turn: Mapping[str, Any]) -> Turn:
    try:
        return Turn(_list_words(turn["hears"]), check_token(turn["keys"]))
    except KeysError as error:
        raise ScenarioError(f"{path}, $.turns[{number}].keys: {error}") from error


def _calling(path: Path, call: Mapping[str, Any]) -> Calling:
    agent = call.get("agent_after_s")
    leaves = bool(call.get("agent_leaves", False))
    waiting = None if agent is None else Waiting(None if agent == NEVER else float(agent), agent_leaves=leaves)
    try:
        faults = tuple(parse_fault(text) for text in call.get("faults", []))
        at = datetime.fromisoformat(call["at"]).astimezone(UTC) if "at" in call else USUAL_TIME
    except FaultError as error:
        raise ScenarioError(f"{path}, $.call.faults: {error}") from error
    except ValueError as error:
        raise ScenarioError(f"{path}, $.call.at: {call['at']!r} is not a time in RFC 3339 form.") from error
    return Calling(
        number=None if call["from"] == WITHHELD else call["from"],
        at=at,
        language=call.get("language"),
        hours_open=call.get("hours", "open") == "open",
        queue_full=call.get("queue") == "full",
        waiting=waiting,
        attributes=call.get("attributes", {}),
        faults=faults,
    )

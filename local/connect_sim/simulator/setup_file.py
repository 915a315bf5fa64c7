"""The set-up file of a run: what the call and its surroundings are like, as one JSON object.

Every key is optional. An unknown key, a wrong type and a value that is not allowed are refused by name. So a slip of
the pen does not become another call than the one that was meant.
"""

import json
import re
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError, field_validator, model_validator

from connect_sim.errors import ConnectSimError
from connect_sim.language.actions.forms import AGENT_METRICS, QUEUE_METRICS
from connect_sim.simulator.blocks.services import ANSWERED, NOTED
from connect_sim.simulator.state import BlockAnswer, CallSetup, ThirdParty

WITHHELD = "withheld"
OPEN = "open"
ALL = "*"
FULL = "full"
MAX_FILE_BYTES = 256 * 1024
"""A set-up is written by hand; more than this is another file by mistake."""
MAX_METRIC = 1_000_000_000
METRIC_PATHS = ("Queue.", "Agents.", "Contact.")
"""The beginnings of paths below `$.Metrics`."""
_E164 = re.compile(r"\+[1-9]\d{6,14}")

type Text = Annotated[str, StringConstraints(min_length=1)]
type Number = Annotated[float, Field(strict=True, ge=0, le=MAX_METRIC)]
type Hours = Literal["open", "closed"]
type Channel = Literal["VOICE", "CHAT", "TASK", "EMAIL"]
type Capacity = Literal["free", "full"]


class SetupFileError(ConnectSimError):
    """A set-up file cannot be used; the text says where and why."""


class _Model(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class Answer(_Model):
    """The answer of one block that asks another part of the service, or that only does something there."""

    value: Text | None = None
    values: dict[str, Any] = Field(default_factory=dict)
    error: Text | None = None

    @model_validator(mode="after")
    def _one_thing(self) -> Self:
        if self.error is not None and (self.value is not None or self.values):
            raise ValueError("an answer with an error has no value and no values")
        return self


class SetupFile(_Model):
    """A set-up file. The descriptions of the fields are what `--help` and the documentation say."""

    caller: Text | None = Field(default=None, description='the calling number in E.164 form, or "withheld"')
    channel: Channel | None = Field(default=None, description="VOICE, CHAT, TASK or EMAIL")
    language: Text | None = Field(default=None, description="language of the contact when it comes in, such as en-US")
    attributes: dict[Text, Text] = Field(default_factory=dict, description="contact attributes, texts by name")
    hours: dict[Text, Hours] | None = Field(
        default=None,
        description='"open" or "closed", or these by ARN, id, name or token of the hours or the queue, '
        '"*" for all others',
    )
    queue: Text | None = Field(default=None, description="where the contact is when a queue flow or a whisper begins")
    capacity: dict[Text, Capacity] | None = Field(
        default=None,
        description='"free" or "full", or these by ARN, id, name or token of the queue, "*" for all others',
    )
    metrics: dict[Text, Number] = Field(
        default_factory=dict, description="numbers by metric type, or by path below $.Metrics (Queue.Size)"
    )
    seed: int | None = Field(default=None, description="a whole number that decides all percentages")
    third_party: ThirdParty | None = Field(default=None, strict=False, description="answers, fails or no_answer")
    blocks: dict[Text, Annotated[list[Answer], Field(min_length=1)]] = Field(
        default_factory=dict,
        description="what comes of views, profiles, cases and so on, by type, block or flow/block: an answer or a list "
        "of them; an answer is a value to branch by, or {value, values, error}",
    )

    @field_validator("hours", "capacity", mode="before")
    @classmethod
    def _for_all(cls, given: Any) -> Any:
        """One word stands for all."""
        return {ALL: given} if isinstance(given, str) else given

    @field_validator("blocks", mode="before")
    @classmethod
    def _answer_lists(cls, given: Any) -> Any:
        """One answer stands for a list of one, and a text for an answer with this value."""
        if not isinstance(given, dict):
            return given
        lists = {name: answers if isinstance(answers, list) else [answers] for name, answers in given.items()}
        return {
            name: [{"value": answer} if isinstance(answer, str) else answer for answer in answers]
            for name, answers in lists.items()
        }

    @model_validator(mode="after")
    def _check_caller(self) -> Self:
        if self.caller is not None and self.caller != WITHHELD and not _E164.fullmatch(self.caller):
            raise ValueError(f"caller: {self.caller!r} is neither a number in E.164 form nor the word {WITHHELD}")
        return self

    @model_validator(mode="after")
    def _check_metrics(self) -> Self:
        known = AGENT_METRICS | QUEUE_METRICS
        for name in self.metrics:
            if name not in known and not name.startswith(METRIC_PATHS):
                raise ValueError(
                    f"metrics: {name!r} is none of {', '.join(sorted(known))}, "
                    f"and no path that begins with {', '.join(METRIC_PATHS)}"
                )
        return self

    def apply_to(self, setup: CallSetup) -> CallSetup:
        """Return a call's set-up with what this file gives in place of its own values; attributes of the set-up win."""
        given: dict[str, Any] = {
            name: value
            for name in ("channel", "language", "queue", "seed", "third_party")
            if (value := getattr(self, name)) is not None
        }
        if self.caller is not None:
            given["customer_number"] = None if self.caller == WITHHELD else self.caller
        if self.hours is not None:
            hours = dict(self.hours)
            given["hours_open"] = hours.pop(ALL, OPEN) == OPEN
            given["hours"] = {name: state == OPEN for name, state in hours.items()}
        if self.capacity is not None:
            capacity = dict(self.capacity)
            given["queue_at_capacity"] = capacity.pop(ALL, "free") == FULL
            given["full_queues"] = frozenset(name for name, state in capacity.items() if state == FULL)
            given["free_queues"] = frozenset(name for name, state in capacity.items() if state != FULL)
        return replace(
            setup,
            **given,
            metrics=self.metrics or setup.metrics,
            attributes={**self.attributes, **setup.attributes},
            answers={
                name: tuple(BlockAnswer(value=each.value, values=each.values, error=each.error) for each in answers)
                for name, answers in self.blocks.items()
            },
        )

    @property
    def gives_hours(self) -> bool:
        """Whether every hours check is answered by what the file says."""
        return self.hours is not None and ALL in self.hours

    def unused_blocks(self, known: frozenset[str]) -> tuple[str, ...]:
        """Return keys of `blocks` that name neither a type that can be answered nor one of these blocks."""
        return tuple(sorted(self.blocks.keys() - known - NOTED.keys() - ANSWERED.keys()))


def load_setup(path: Path) -> SetupFile:
    """Read a set-up file. Raises SetupFileError with one sentence for each thing that is wrong."""
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise SetupFileError(f"The set-up file {path} cannot be read ({error.__class__.__name__}).") from error
    if len(text.encode()) > MAX_FILE_BYTES:
        raise SetupFileError(f"The set-up file {path} has more than {MAX_FILE_BYTES} bytes.")
    try:
        content = json.loads(text, object_pairs_hook=_refuse_doubles)
    except json.JSONDecodeError as error:
        raise SetupFileError(f"The set-up file {path} is not JSON: {error.msg} in line {error.lineno}.") from error
    except RecursionError as error:
        raise SetupFileError(f"The set-up file {path} is nested too deeply.") from error
    except ValueError as error:
        raise SetupFileError(f"The set-up file {path}: {error}") from error
    if not isinstance(content, dict):
        raise SetupFileError(f"The set-up file {path} holds no JSON object.")
    try:
        return SetupFile.model_validate_json(text)
    except ValidationError as error:
        problems = dict.fromkeys(_problem(each) for each in error.errors())
        raise SetupFileError(f"The set-up file {path}: {' '.join(problems)}") from error


def _refuse_doubles(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Return a JSON object. Raises ValueError for a key that is there twice: only the second would count."""
    found: dict[str, Any] = {}
    for name, value in pairs:
        if name in found:
            raise ValueError(f"{name!r} is there twice.")
        found[name] = value
    return found


def _problem(error: Any) -> str:
    """One problem as a sentence, with the place where it is."""
    place = ".".join(str(part) for part in error["loc"])
    match error["type"]:
        case "extra_forbidden" if len(error["loc"]) == 1:
            return f"{place} is no key of a set-up; there are {', '.join(SetupFile.model_fields)}."
        case "extra_forbidden":
            return f"{place} is no key that is known here."
        case "value_error":
            message = str(error["msg"]).removeprefix("Value error, ")
            return f"{place}: {message}." if place else f"{message}."
        case _:
            message = str(error["msg"])
            return f"{place}: {message[0].lower()}{message[1:]}, not {_quote(error['input'])}."


def _quote(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= 60 else f"{text[:57]}..."


def describe_setup() -> str:
    """Return the keys of a set-up file, one a line, for `--help`."""
    width = max(len(name) for name in SetupFile.model_fields)
    return "\n".join(f"  {name:<{width}}  {known.description}" for name, known in SetupFile.model_fields.items())

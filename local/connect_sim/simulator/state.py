"""The state of one simulated call: plain values, cheap to copy, so that a search can go on from any point."""

import copy
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

DEFAULT_LANGUAGE = "en-US"
_VOICE_LANGUAGES = {"Zhiyu": "zh-CN", "Hiujin": "yue-CN"}


class EndReason(StrEnum):
    """Why a simulated call is over."""

    ENDED = "ended"
    KEYS_OUT = "keys_out"
    FAILED = "failed"
    STEP_CAP = "step_cap"


class EndOutcome(StrEnum):
    """How a call that ended by itself left its caller."""

    DISCONNECTED = "disconnected"
    QUEUE = "queue"
    CALLBACK = "callback"
    AGENT = "agent"
    HUNG_UP = "hung_up"
    CLOSED = "closed"
    RETURNED = "returned"
    """A module that was run by itself came to its end."""


@dataclass(frozen=True, slots=True)
class End:
    """The end of a call; `outcome` is None unless the reason is ENDED, `detail` says what failed."""

    reason: EndReason
    outcome: EndOutcome | None = None
    detail: str = ""


class ThirdParty(StrEnum):
    """The fate of a call to a third party."""

    ANSWERS = "answers"
    FAILS = "fails"
    NO_ANSWER = "no_answer"


@dataclass(frozen=True, slots=True)
class Waiting:
    """The wait in a queue. `agent_after_s` is how long it takes until an agent accepts, None when nobody does. With
    `agent_leaves` the agent hangs up first, so that the flow for disconnects runs.
    """

    agent_after_s: float | None = None
    agent_leaves: bool = False


@dataclass(frozen=True, slots=True)
class BlockAnswer:
    """The answer of one block: an error, or a value to branch by, and values to read afterwards."""

    value: str | None = None
    values: Mapping[str, Any] = field(default_factory=dict)
    error: str | None = None


@dataclass(frozen=True, slots=True)
class CallSetup:
    """Everything that is given when a call comes in.

    `customer_number` is None when the number is withheld. `hours_open` answers every hours check but those whose hours
    or queue `hours` names. `metrics` answers metrics by metric type (`NumberOfAgentsAvailable`) and by path below
    `$.Metrics` (`Queue.Size`). `seed` decides percentages. `queue_at_capacity` makes every transfer to a queue fail
    with that error, `full_queues` and `free_queues` say otherwise of single ones. `queue` is where the contact is when
    a queue flow or a whisper is run by itself. `answers` are for blocks that ask another part of the service, by type,
    by block or by `flow/block`. Each is used once, the last one for ever. `waiting` lets the call go on in the queue;
    without it a call ends there. `agent` is the ARN of the agent who sends the contact on, as flows behind a quick
    connect see it. `references` are those of the contact, by name: `{"Value": .., "Type": ..}`.
    """

    contact_id: str
    customer_number: str | None
    system_number: str | None = None
    initial_contact_id: str | None = None
    previous_contact_id: str | None = None
    channel: str = "VOICE"
    initiation_method: str = "INBOUND"
    language: str | None = None
    hours_open: bool = True
    hours: Mapping[str, bool] = field(default_factory=dict)
    queue_at_capacity: bool = False
    waiting: Waiting | None = None
    third_party: ThirdParty = ThirdParty.ANSWERS
    metrics: Mapping[str, float] = field(default_factory=dict)
    attributes: Mapping[str, str] = field(default_factory=dict)
    references: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    seed: int = 0
    queue: str | None = None
    full_queues: frozenset[str] = frozenset()
    free_queues: frozenset[str] = frozenset()
    answers: Mapping[str, tuple["BlockAnswer", ...]] = field(default_factory=dict)
    region: str = "us-east-1"
    agent: str | None = None
    instance_arn: str = "arn:aws:connect:us-east-1:111122223333:instance/00000000-0000-4000-8000-000000000000"


@dataclass(frozen=True, slots=True)
class InputRequest:
    """An input block that waits for the caller.

    `menu` asks for one of `keys`; `speech` for words or keys, which a bot makes an intent of. Otherwise up to
    `max_length` digits are asked for, ended by `terminator`. With `secret` the typed keys must not be shown.
    """

    flow: str
    block: str
    menu: bool
    keys: tuple[str, ...]
    max_length: int
    terminator: str
    time_limit_s: float
    secret: bool
    speech: bool = False


@dataclass(slots=True)
class Frame:
    """The values of one flow or module while it runs; a module sees nothing of its caller's frame."""

    flow: str
    block: str
    flow_attributes: dict[str, str] = field(default_factory=dict)
    external: Mapping[str, Any] | None = None
    invocation_id: str | None = None
    stored_input: str | None = None
    stored_is_secret: bool = False
    metrics_loaded: bool = False
    metrics_queue: str | None = None
    lex: Mapping[str, Any] | None = None
    loops: dict[str, int] = field(default_factory=dict)
    loop_names: dict[str, int] = field(default_factory=dict)
    module_input: Mapping[str, Any] | None = None
    module_result: Mapping[str, Any] | None = None

    def fork(self) -> "Frame":
        """Return an independent copy; answers of functions are never changed in place and may be shared."""
        frame = copy.copy(self)
        frame.flow_attributes = dict(self.flow_attributes)
        frame.loops = dict(self.loops)
        frame.loop_names = dict(self.loop_names)
        return frame


_FORKED = (
    "attributes",
    "related_attributes",
    "contact_data",
    "related_data",
    "tags",
    "references",
    "loaded",
    "answers_used",
    "event_hooks",
)


class Stage(StrEnum):
    """The place of a contact: in the flow that answered, in a queue, in a flow around the talk with an agent, or after
    it. The values of all but the first are the event hooks that name their flows."""

    FLOW = "flow"
    QUEUE = "CustomerQueue"
    HOLD = "CustomerHold"
    AGENT_WHISPER = "AgentWhisper"
    CUSTOMER_WHISPER = "CustomerWhisper"
    AFTER_TALK = "CustomerRemaining"


@dataclass(frozen=True, slots=True)
class Callback:
    """A callback that was arranged; `flow` is the one that it begins with, None when it goes to the queue at once."""

    number: str
    queue: str
    flow: str | None
    delay_s: float
    attributes: Mapping[str, str]


@dataclass(slots=True)
class CallState:
    """Everything that changes during a call. `frames` holds the running flow and the modules called from it.

    `at_s` is the time on the line since the call began, `silent_s` the time that functions have taken since the caller
    last heard something. `steps` is the number of blocks run, `waited_at_step` their number when the contact last
    waited in a queue or on hold. `loaded` is what blocks have fetched, by the root that refers to it. `waiting` is set
    while an input block waits for keys, `end` once the call is over. `queued_at_s` is when the contact came into its
    queue, `hops` how often it went on from one queue to another.
    """

    setup: CallSetup
    frames: list[Frame]
    attributes: dict[str, str]
    related_attributes: dict[str, str] = field(default_factory=dict)
    contact_data: dict[str, str] = field(default_factory=dict)
    related_data: dict[str, str] = field(default_factory=dict)
    tags: dict[str, str] = field(default_factory=dict)
    references: dict[str, Mapping[str, str]] = field(default_factory=dict)
    loaded: dict[str, Mapping[str, Any]] = field(default_factory=dict)
    answers_used: dict[str, int] = field(default_factory=dict)
    event_hooks: dict[str, str] = field(default_factory=dict)
    stage: Stage = Stage.FLOW
    queued_at_s: float = 0.0
    hops: int = 0
    language: str | None = None
    voice: str = "Joanna"
    queue: str | None = None
    queue_is_agent: bool = False
    callback_number: str | None = None
    callback: Callback | None = None
    told_closed: bool = False
    logging: bool = True
    recording: tuple[str, ...] = ()
    ivr_recording: bool = False
    buffering: bool = False
    buffered_keys: str = ""
    draws: int = 0
    invocations: int = 0
    at_s: float = 0.0
    silent_s: float = 0.0
    steps: int = 0
    waited_at_step: int = 0
    waiting: InputRequest | None = None
    end: End | None = None

    @property
    def frame(self) -> Frame:
        """The running flow or module."""
        return self.frames[-1]

    @property
    def spoken_language(self) -> str:
        """Language of the prompts: the contact's, else that of the voice."""
        return self.language or _VOICE_LANGUAGES.get(self.voice, DEFAULT_LANGUAGE)

    def fork(self) -> "CallState":
        """Return an independent copy, to try another key from here."""
        state = copy.copy(self)
        state.frames = [frame.fork() for frame in self.frames]
        for name in _FORKED:
            setattr(state, name, dict(getattr(self, name)))
        return state

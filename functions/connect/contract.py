"""The contract between the flows and this function: what each step takes, what it may answer.

The function validates requests and fills answers from it, and the tests of the flows read it beside the flows: every
outcome that a step declares has its branch in every flow that calls the step. All values are strings; a declared key
of an answer is always there, and is `EMPTY` when there is nothing to say, since Amazon Connect refuses empty values.
"""

from dataclasses import dataclass
from typing import Final

EMPTY: Final = "-"
"""Stands for "nothing" in inputs and answers."""

COMMON_KEYS: Final = ("outcome", "prompt", "turn", "account_ref")
"""Keys of every answer; `prompt` is SSML that is ready to be spoken."""

MORE_PROMPTS: Final = ("prompt_2", "prompt_3")
"""Keys of steps that have more to say than ten seconds: what follows `prompt`, `EMPTY` when nothing does."""

TRY_LATER: Final = "TRY_LATER"
"""Any step may answer that it cannot be done now; nothing was done."""

INVALID: Final = "INVALID"
"""A step with inputs may answer that one makes no sense; the prompt says what was expected, and no try is spent."""


NEED_PROOF: Final = "NEED_PROOF"
"""A step that asks for proof answers that more is needed; `needs` says what."""

ZERO: Final = "ZERO"
STAR: Final = "STAR"
"""A step with a secret input answers that `0`, or `*`, was all that was keyed in. The flow, which compares these keys
itself where it can, cannot see them in an entry that is encrypted; it knows what they mean there."""


@dataclass(frozen=True, slots=True)
class StepContract:
    """One step. `own_outcomes` and `own_keys` are those beside the ones that every step has.

    `optional_inputs` may be absent or `EMPTY`; of `inputs` they are a part, and so are `secret_inputs`: what only the
    caller may know, as keyed in or as Amazon Connect encrypted it. `parts` is in how many prompts the answer may be
    said, one after the other. `acting` says that the step stores something, so that its answer carries the next turn;
    the others only read and answer with the turn they got. `of_call`: the step is one of a caller's call, and gets to
    know where that stands. The others belong to a call that the hotline makes: that one has no state, and they have no
    turn.
    """

    name: str
    own_outcomes: tuple[str, ...]
    inputs: tuple[str, ...] = ()
    optional_inputs: tuple[str, ...] = ()
    secret_inputs: tuple[str, ...] = ()
    own_keys: tuple[str, ...] = ()
    parts: int = 1
    acting: bool = False
    of_call: bool = True

    @property
    def outcomes(self) -> tuple[str, ...]:
        """Every outcome a flow must have a branch for."""
        of_inputs = (INVALID,) if self.inputs else ()
        of_secrets = (ZERO, STAR) if self.secret_inputs else ()
        return (*self.own_outcomes, *of_inputs, *of_secrets, TRY_LATER)

    @property
    def answer_keys(self) -> tuple[str, ...]:
        """Every key an answer of this step has."""
        return COMMON_KEYS + MORE_PROMPTS[: self.parts - 1] + self.own_keys

    @property
    def required_inputs(self) -> tuple[str, ...]:
        """Inputs without which the step answers `INVALID`."""
        return tuple(name for name in self.inputs if name not in self.optional_inputs)


_ALL = (
    StepContract(
        "start",
        ("KNOWN", "UNKNOWN", "WITHHELD"),
        own_keys=("language", "proved", "topic", "elsewhere", "callback"),
        acting=True,
    ),
    StepContract("set_language", ("SET",), inputs=("language",), own_keys=("language",), acting=True),
    StepContract("identify", ("TAKEN",), inputs=("phone",), own_keys=("elsewhere",), acting=True),
    StepContract(
        "send_code",
        ("SENT", "LIMITED"),
        inputs=("method", "goal"),
        own_keys=("channel", "calls"),
        parts=3,
        acting=True,
    ),
    StepContract(
        "check_code", ("PROVED", "WRONG", "EXPIRED", "SPENT"), inputs=("code",), secret_inputs=("code",), acting=True
    ),
    StepContract("check_pin", ("PROVED", "WRONG", "SPENT"), inputs=("pin",), secret_inputs=("pin",), acting=True),
    StepContract(
        "choose_account",
        ("CHOSEN", "CHOOSE", "NONE"),
        inputs=("choice",),
        optional_inputs=("choice",),
        own_keys=("count", "locked"),
        acting=True,
    ),
    StepContract(
        "lock_status",
        ("OPEN", "SOFT", "HARD", "HOLD", "FROZEN", "PAUSED", "CLOSED", "NEED_PROOF"),
        own_keys=("needs", "self_service", "asked"),
        parts=3,
    ),
    StepContract("unlock", ("ASKED", "OPEN", "NOT_SELF_SERVICE", "NEED_PROOF"), own_keys=("needs",), acting=True),
    StepContract("reset", ("GRANTED", "NOT_SELF_SERVICE", "NEED_PROOF"), own_keys=("needs",), parts=2, acting=True),
    StepContract(
        "payments",
        ("ONE", "SEVERAL", "NONE", "NEED_PROOF"),
        inputs=("purpose",),
        optional_inputs=("purpose",),
        own_keys=("needs", "count"),
        parts=3,
        acting=True,
    ),
    StepContract(
        "payment_by_order",
        ("FOUND", "SEVERAL", "NONE", "NEED_PROOF"),
        inputs=("tail",),
        own_keys=("needs", "count"),
        parts=3,
        acting=True,
    ),
    StepContract(
        "payment_answer",
        ("NOT_TAKEN", "HELD", "DEBITED", "RETURNED", "UNKNOWN", "NEED_PROOF"),
        inputs=("choice", "movement"),
        optional_inputs=("choice", "movement"),
        own_keys=("needs", "refundable"),
        parts=3,
    ),
    StepContract("refunds", ("NONE", "OPEN", "NEED_PROOF"), own_keys=("needs", "count"), parts=3),
    StepContract(
        "refund_offer",
        ("OFFERED", "NOT_ELIGIBLE", "ROUTE_DISPUTE", "NEED_PROOF"),
        inputs=("choice", "movement"),
        optional_inputs=("choice", "movement"),
        own_keys=("needs", "amount"),
        parts=2,
        acting=True,
    ),
    StepContract(
        "refund_request",
        ("APPROVED", "IN_REVIEW", "DENIED", "LIMITED", "EXISTS", "NOT_ELIGIBLE", "ROUTE_DISPUTE", "NEED_PROOF"),
        inputs=("choice", "reason", "amount_minor"),
        optional_inputs=("amount_minor",),
        own_keys=("needs",),
        parts=3,
        acting=True,
    ),
    StepContract("pause", ("ASKED", "NOT_HERE", "NEED_PROOF"), own_keys=("needs",), parts=2, acting=True),
    StepContract("end_pause", ("ASKED", "OPEN", "NEED_PROOF"), own_keys=("needs",), acting=True),
    StepContract("unfreeze", ("ASKED", "OPEN", "NEED_PROOF"), own_keys=("needs",), acting=True),
    StepContract("freeze", ("ASKED", "FROZEN", "NEED_PROOF"), own_keys=("needs",), parts=2, acting=True),
    StepContract("advice", ("TOLD",), inputs=("topic",), parts=2),
    StepContract(
        "handover",
        ("QUEUE", "CALLBACK", "CLOSED_HOURS"),
        inputs=("topic", "reason"),
        optional_inputs=("topic",),
        own_keys=("queue", "case_id"),
        parts=2,
        acting=True,
    ),
    StepContract("announce_code", ("READY", "GONE"), inputs=("challenge",), own_keys=("language",), of_call=False),
    StepContract("read_code", ("READ", "GONE"), inputs=("challenge",), parts=3, of_call=False),
)

STEPS: Final[dict[str, StepContract]] = {step.name: step for step in _ALL}
"""Every step by name."""

METHODS: Final = ("sms", "voice", "email")
"""What `send_code` takes as `method`. Its `channel` says which of them it became: where no calls are made, a code that
was asked for by voice is written. `calls` says `yes` where voice is to be had."""

GOALS: Final = ("look", "unlock", "reset", "refund", "freeze", "pause", "end_pause", "unfreeze")
"""What `send_code` takes as `goal`: the message with the code names it to its reader."""

PHONE_OR_EMAIL: Final = "phone_or_email"
PHONE_OR_PERSON: Final = "phone_or_person"
NEEDS: Final = ("sms", "email", "pin", "agent", PHONE_OR_EMAIL, PHONE_OR_PERSON)
"""What `needs` says beside `EMPTY`: the code that would satisfy the step next, or that only a person can help.

Callers from elsewhere are asked before a code goes to the account's phone: by `PHONE_OR_EMAIL` where e-mail would do
as well, by `PHONE_OR_PERSON` where it would not."""

SELF_SERVICE: Final = ("unlock", "reset", "both", "end_pause", "unfreeze", "no")
"""What `self_service` of `lock_status` says."""

PURPOSES: Final = ("failed", "refund")
"""What `payments` takes as `purpose`, the default first: those that failed, or recent ones that could be refunded."""

REFUND_REASONS: Final = (
    "duplicate",
    "cancelled",
    "price_adjustment",
    "no_reason_return",
    "other",
    "not_received",
    "service_not_rendered",
    "missing_item",
    "not_as_described",
    "defective",
    "wrong_item",
    "unauthorised",
)
"""What `refund_request` takes as `reason`."""

ADVICE_TOPICS: Final = ("numbers", "password", "calls", "codes", "networks", "updates")
"""What `advice` takes as `topic`."""

HANDOVER_TOPICS: Final = ("lockout", "payment", "refund", "security", "advice")
"""What `handover` takes as `topic`; `EMPTY` while the caller has not chosen one in this call."""

HANDOVER_REASONS: Final = ("asked", "failed", "callback", "closed")
"""What `handover` takes as `reason`: asked for a person, something failed, wants a callback, or the line is closed."""

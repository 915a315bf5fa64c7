"""Blocks that use another part of the service: their effects are noted, and the set-up answers their questions.

Nothing of those parts is simulated. A block that only does something succeeds. A block that asks for something takes
its error edge when the set-up gives no answer, since an answer that nobody gives is not there.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from connect_sim.language.actions.specs import NO_MATCHING_ERROR
from connect_sim.simulator.block import Block
from connect_sim.simulator.outcome import Failed, Outcome, Success, Value
from connect_sim.simulator.state import BlockAnswer

CHANNEL_MISMATCH = "ChannelMismatch"
NOT_GIVEN = "not_given"


@dataclass(frozen=True, slots=True)
class Effect:
    """Facts about one type: the channels in which it works (None: all), the error in others, and the root of the
    values that it fills."""

    channels: frozenset[str] | None = None
    mismatch: str = NO_MATCHING_ERROR
    fills: str | None = None


@dataclass(frozen=True, slots=True)
class Question(Effect):
    """The same of a type that asks for something; `unanswered` is its error when the set-up gives no answer."""

    unanswered: str = NO_MATCHING_ERROR


_VOICE = frozenset({"VOICE"})
_CHAT = frozenset({"CHAT"})

NOTED: Mapping[str, Effect] = {
    "AssociateContactToCustomerProfile": Effect(),
    "CompleteOutboundCall": Effect(_VOICE),
    "CreateCase": Effect(fills="Case"),
    "CreateCustomerProfile": Effect(fills="Customer"),
    "CreatePersistentContactAssociation": Effect(),
    "CreateWisdomSession": Effect(fills="Wisdom"),
    "ResumeContact": Effect(),
    "StartOutboundChatContact": Effect(),
    "StartVoiceIdStream": Effect(_VOICE),
    "UpdateCase": Effect(fills="Case"),
    "UpdateContactMediaProcessing": Effect(_CHAT, CHANNEL_MISMATCH),
    "UpdateContactMediaStreamingBehavior": Effect(_VOICE),
    "UpdateContactRoutingBehavior": Effect(),
    "UpdateContactRoutingCriteria": Effect(),
    "UpdateCustomerProfile": Effect(fills="Customer"),
    "UpdatePreviousContactParticipantState": Effect(_VOICE),
    "UpdateRoutingCriteria": Effect(),
    "UpsertDataTableValues": Effect(fills="DataTables"),
}
"""Types that are side effects: noted, then the next block. `UpdateRoutingCriteria` is the reference's spelling."""

ANSWERED: Mapping[str, Question] = {
    "AuthenticateParticipant": Question(_CHAT),
    "CheckOutboundCallStatus": Question(_VOICE),
    "CheckVoiceId": Question(_VOICE),
    "ConnectParticipantWithAgenticCX": Question(fills="AgenticCX"),
    "EvaluateDataTableValues": Question(fills="DataTables"),
    "GetCalculatedAttributesForCustomerProfile": Question(fills="Customer", unanswered="NoneFoundError"),
    "GetCase": Question(fills="Case", unanswered="NoneFound"),
    "GetCustomerProfile": Question(fills="Customer", unanswered="NoneFoundError"),
    "GetCustomerProfileObject": Question(fills="Customer", unanswered="NoneFoundError"),
    "ListDataTableValues": Question(fills="DataTables"),
    "LoadContactContent": Question(fills="Email"),
    "ShowView": Question(_CHAT, fills="Views", unanswered="TimeLimitExceeded"),
}
"""Types that ask for something; a set-up answers."""

VIEW_DEFAULT_S = 400.0
"""How long a view waits that sets no time of its own (the guide's example)."""


def note(block: Block) -> Outcome:
    """Note a side effect and go on. A set-up may let it fail, or give the values that it fills."""
    effect = NOTED[block.action.type]
    if (failed := _mismatch(block, effect)) is not None:
        return failed
    answer = _answer(block)
    if answer is not None and answer.error is not None:
        return Failed(answer.error, "set_up")
    _fill(block, effect, answer or BlockAnswer())
    block.emit("noted", action=block.action.type)
    return Success()


def ask(block: Block) -> Outcome:
    """Ask another part of the service: the set-up answers, else the block takes its error for nothing found."""
    question = ANSWERED[block.action.type]
    if (failed := _mismatch(block, question)) is not None:
        return failed
    answer = _answer(block)
    if answer is None:
        if block.action.type == "ShowView":
            block.pass_time(block.seconds("InvocationTimeLimitSeconds", VIEW_DEFAULT_S))
        return Failed(question.unanswered, NOT_GIVEN)
    if answer.error is not None:
        return Failed(answer.error, "set_up")
    _fill(block, question, answer)
    block.emit("noted", action=block.action.type, answer=answer.value)
    return Success() if answer.value is None else Value(answer.value)


def find_channels(kind: str, otherwise: str) -> frozenset[str]:
    """Return the channels in which a type of block works; those of most types are not limited, which is `otherwise`."""
    effect = NOTED.get(kind) or ANSWERED.get(kind)
    return frozenset({otherwise}) if effect is None or effect.channels is None else effect.channels


def find_answer_key(answers: Mapping[str, Any], flow: str, block: str, kind: str) -> str | None:
    """Return the key under which a set-up answers for a block: by `flow/block`, by block, or by type, in this order."""
    return next((key for key in (f"{flow}/{block}", block, kind) if key in answers), None)


def _answer(block: Block) -> BlockAnswer | None:
    """Return the next answer for this block; the last one of a list is used for ever."""
    answers = block.state.setup.answers
    key = find_answer_key(answers, block.flow.name, block.action.identifier, block.action.type)
    if key is None:
        return None
    used = block.state.answers_used.get(key, 0)
    block.state.answers_used[key] = used + 1
    return answers[key][min(used, len(answers[key]) - 1)]


def _mismatch(block: Block, effect: Effect) -> Failed | None:
    channel = block.state.setup.channel
    return Failed(effect.mismatch, "channel") if effect.channels and channel not in effect.channels else None


def _fill(block: Block, effect: Effect, answer: BlockAnswer) -> None:
    if effect.fills is None:
        return
    values = dict(answer.values)
    match effect.fills:
        case "Views":
            values = {"Action": answer.value, "ViewResultData": values}
        case "AgenticCX":
            values = {"ContextVariables": values}
        case "Wisdom":
            values = {"SessionArn": f"{block.render('WisdomAssistantArn')}/session", **values}
    block.state.loaded[effect.fills] = {**block.state.loaded.get(effect.fills, {}), **values}

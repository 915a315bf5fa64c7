"""The dead letters of the facts queue: what they are, why they are there, putting them back, and dropping them."""

import json
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import Any, Final

from hotline.contracts.model import VERSION_SUFFIX, FactRejected
from hotline.contracts.schemas import parse
from hotline.kit.aws.carriers import QUEUE_MESSAGES_MAX
from hotline.kit.logging import Event
from hotline_local.launcher.stack import Stack

HIDDEN_S: Final = 60
"""How long a listed letter is hidden while the others are read; it is shown again at once afterwards."""
NOT_LOGGED: Final = "unknown"
"""The fact keeps to the contract and no log line tells why it was refused: perhaps the function was down."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """One dead letter, by names only. `field` is the path of the offending field, if the form is at fault."""

    message_id: str
    type: str | None
    id: str | None
    reason: str
    field: str | None = None


def letters(stack: Stack) -> list[Letter]:
    """Return every dead letter; all of them stay where they are."""
    sqs, url = stack.client("sqs"), stack.facts_dead_letters_url
    received = list(_received(stack))
    for message in received:
        sqs.change_message_visibility(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"], VisibilityTimeout=0)
    logged = _logged_reasons(stack) if received else {}
    return [letter_of(message["MessageId"], message["Body"], logged) for message in received]


def replay(stack: Stack, ids: Collection[str] = ()) -> list[Letter]:
    """Put dead letters back into the facts queue and return them: those that `ids` name, all without. Each is sent
    before it is deleted, so none is lost; one that is still not good comes back."""
    return _taken_out(stack, ids, back=True)


def drop(stack: Stack, ids: Collection[str] = ()) -> list[Letter]:
    """Delete dead letters and return them: those that `ids` name, all without. Nothing brings them back."""
    return _taken_out(stack, ids, back=False)


def _taken_out(stack: Stack, ids: Collection[str], *, back: bool) -> list[Letter]:
    """`ids` are ids of facts or of messages; of several letters with one id all are meant."""
    sqs, url = stack.client("sqs"), stack.facts_dead_letters_url
    received, taken = list(_received(stack)), []
    logged = _logged_reasons(stack) if received else {}
    for message in received:
        letter = letter_of(message["MessageId"], message["Body"], logged)
        if ids and not {letter.id, letter.message_id} & set(ids):
            sqs.change_message_visibility(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"], VisibilityTimeout=0)
            continue
        if back:
            sqs.send_message(QueueUrl=stack.facts_queue_url, MessageBody=message["Body"])
        sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
        taken.append(letter)
    return taken


def letter_of(message_id: str, body: str, logged: dict[str, str]) -> Letter:
    """Return what there is to say of a letter. `logged`: reasons by fact id, for facts whose form is good."""
    try:
        sent = json.loads(body)
    except (ValueError, RecursionError):
        sent = None
    try:
        fact = parse(sent.get("detail") if isinstance(sent, dict) else None)
    except FactRejected as error:
        return Letter(
            message_id=message_id, type=error.fact_type, id=error.fact_id, reason=error.code, field=error.field
        )
    reason = logged.get(fact.id, NOT_LOGGED)
    return Letter(message_id=message_id, type=fact.type + VERSION_SUFFIX, id=fact.id, reason=reason)


def _received(stack: Stack) -> Iterator[dict[str, Any]]:
    while True:
        answer = stack.client("sqs").receive_message(
            QueueUrl=stack.facts_dead_letters_url, MaxNumberOfMessages=QUEUE_MESSAGES_MAX, VisibilityTimeout=HIDDEN_S
        )
        found = answer.get("Messages", [])
        if not found:
            return
        yield from found


def _logged_reasons(stack: Stack) -> dict[str, str]:
    """Return the reason in the latest log line about each fact that could not be folded."""
    function_name = stack.wallet_events_function_arn.split(":")[6]
    logs, reasons = stack.client("logs"), {}
    found = logs.get_paginator("filter_log_events").paginate(logGroupName=f"/aws/lambda/{function_name}")
    for event in (event for page in found for event in page["events"]):
        try:
            line = json.loads(event["message"])
        except ValueError:
            continue
        if isinstance(line, dict) and line.get("event") in (Event.FACT_REJECTED.code, Event.FACT_FAILED.code):
            reasons[str(line.get("fact_id"))] = str(line.get("reason") or line.get("error"))
    return reasons

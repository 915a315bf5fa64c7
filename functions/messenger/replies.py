"""Text messages that customers send to the hotline's number: no more reminders of bills, or reminders again.

AWS End User Messaging hands them to an SNS topic, and its subscription puts each as it is into the messenger's queue.
A message is known by the number that it came from. It opens nothing, and its words beyond the closed ones are ignored.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final
from unicodedata import normalize

from hotline.accounts import service as accounts
from hotline.kit.doors import Context
from hotline.kit.languages import CHINESE
from hotline.kit.logging import Event, log
from hotline.payments import service as payments

STOP_WORDS: Final = frozenset(
    {
        "td",
        "t",
        "r",
        "退订",
        "拒收",
        "取消",
        "取消提醒",
        "停止",
        "停止提醒",
        "别发了",
        "别再发了",
        "不要再发了",
        "stop",
        "stopall",
        "unsubscribe",
        "quit",
        "end",
        "cancel",
        "optout",
        "revoke",
    }
)
START_WORDS: Final = frozenset({"恢复", "start", "unstop", "resume"})
"""Words that a message must be, width, case, blanks, signs and polite words aside. Carriers and people know them.
`退订回T` and `拒收请回复R` are what other senders' messages tell their readers. `revoke` and `opt out` are words that
the FCC names (47 CFR 64.1200(a)(10))."""
_HOW_TO: Final = re.compile(
    "(?:(?:退订|拒收)请?(?:回复?|发送?)?(?:td|t|r)?|(?:回复?|发送?)?(?:td|t|r)(?:退订|拒收)?|(?:回复?|发送?)(?:退订|拒收))"
)
"""The words for a reply together with the reply, as messages of China tell it (`退订回T`, `回复TD退订`)."""
_POLITE: Final = re.compile(
    "^(?:please|pls|kindly|thanks|thankyou|请|麻烦|帮我|帮忙|谢谢)+|(?:please|pls|thanks|thankyou|谢谢|吧)+$"
)
TOLD_WORDS: Final = {CHINESE: ("TD", "恢复")}
TOLD_OTHERWISE: Final = ("STOP", "START")
"""The words that messages tell their readers, to stop and to start, by language."""


@dataclass(frozen=True, slots=True)
class Reply:
    """A text message with a wish: the number that it came from, and when it reached the queue."""

    number: str
    on: bool
    sent_at: datetime


def told_words(language: str) -> dict[str, object]:
    """The facts that tell a reader how to reply."""
    stop, start = TOLD_WORDS.get(language, TOLD_OTHERWISE)
    return {"stop_word": stop, "start_word": start}


def split_replies(event: object) -> tuple[list[Reply], object]:
    """The wishes in an event, and the event without the messages of customers. An event that has none comes back as it
    is."""
    records = event.get("Records") if isinstance(event, Mapping) else None
    if not isinstance(records, list):
        return [], event
    bodies = [_inbound(record) for record in records]
    if not any(body is not None for body in bodies):
        return [], event
    found = [_reply(record, body) for record, body in zip(records, bodies, strict=True) if body is not None]
    rest = [record for record, body in zip(records, bodies, strict=True) if body is None]
    return [reply for reply in found if reply is not None], {"Records": rest}


def take_replies(replies: list[Reply], ctx: Context) -> None:
    """Do as each message asks, for every account that its number leads to. Three requests for each account at most.
    Raises Stale and Unavailable: the batch then comes again, and a message that was taken changes nothing."""
    for reply in replies:
        keys = accounts.point_keys(reply.number, ctx.lookup_ring)
        read = ctx.store.batch_get(keys)
        ids = accounts.point_ids(reply.number, ctx.lookup_ring)
        for account_id in accounts.usable_owners([read.get(key) for key in keys]):
            if payments.switch_by_reply(ctx, account_id, ids, on=reply.on, sent_at=reply.sent_at):
                log(Event.REPLY_TAKEN, account_id=account_id, kind="on" if reply.on else "off")


def _inbound(record: Any) -> Mapping[str, Any] | None:
    """The body of a customer's message; None for every other record."""
    if not isinstance(record, Mapping) or record.get("eventSource") != "aws:sqs":
        return None
    try:
        body = json.loads(record["body"])
    except (KeyError, TypeError, ValueError, RecursionError):
        return None
    return body if isinstance(body, Mapping) and "originationNumber" in body else None


def _fold(message: str) -> str:
    """The word that a message is; the whole of a message that is no single one."""
    plain = "".join(sign for sign in normalize("NFKC", message).casefold() if sign.isalnum())
    word = _POLITE.sub("", plain) or plain
    return "退订" if _HOW_TO.fullmatch(word) else word


def _reply(record: Mapping[str, Any], body: Mapping[str, Any]) -> Reply | None:
    """The wish of a message; None where it has none, or names no number or time."""
    try:
        word = _fold(body["messageBody"])
        sent_at = datetime.fromtimestamp(int(record["attributes"]["SentTimestamp"]) / 1000, UTC)
        number = accounts.normalise_phone(body["originationNumber"], "")
    except (AttributeError, KeyError, TypeError, ValueError, OverflowError):
        number, word, sent_at = None, "", None
    if number is None or sent_at is None or word not in STOP_WORDS | START_WORDS:
        log(Event.RECORD_ODD, kind="reply")
        return None
    return Reply(number, word in START_WORDS, sent_at)

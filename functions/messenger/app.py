"""Text messages, e-mail and calls out of the outbox: new entries of the table's stream, and ids re-driven by queue."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any

from functions.messenger.delivery import deliver
from functions.messenger.replies import split_replies, take_replies
from functions.messenger.settings import Settings, settings_from_environment
from functions.messenger.task import TASK_CHANNEL
from hotline.kit.aws.carriers import ConnectCall, ConnectTask, SesEmail, SnsSms, Transport
from hotline.kit.doors import Context, make_store, secret_loader
from hotline.kit.limits import TrafficLimits
from hotline.kit.start import make_at_start


def handler(event: dict[str, Any], _context: object) -> None:
    """Send the messages of a batch, and do as replies ask. Raises NotDelivered when a message has to come again."""
    ctx = _context_of_start()
    replies, rest = split_replies(event)
    take_replies(replies, ctx)
    deliver(rest, ctx, settings_from_environment().sender, _transports_of_start())


@cache
def _context_of_start() -> Context:
    settings = settings_from_environment()
    return Context(
        make_store(settings.tables),
        lookup_keys=secret_loader(settings.lookup_key_secret),
        code_keys=secret_loader(settings.code_key_secret),
        limits=TrafficLimits(wrong_codes_max=settings.wrong_codes_max),
        skill_queues=settings.skill_queues,
    )


@cache
def _transports_of_start() -> Mapping[str, Transport]:
    return make_transports(settings_from_environment())


def make_transports(settings: Settings) -> Mapping[str, Transport]:
    """The carrier for each channel. A country whose carriers do not take text messages of SNS gets a transport of its
    own here. Calls and tasks are made only where there is a flow for them."""
    calls = {"voice": ConnectCall(made.flow, made.number)} if (made := settings.code_calls) else {}
    tasks = {TASK_CHANNEL: ConnectTask(settings.task_flow)} if settings.task_flow else {}
    return {"sms": SnsSms(settings.sms_sender_id), "email": SesEmail(settings.email_from), **calls, **tasks}


make_at_start(_context_of_start)

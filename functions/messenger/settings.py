"""The messenger's settings from its environment: who it speaks for, and who carries its messages."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

from hotline.directory import service as directory
from hotline.kit.aws.carriers import ConnectCall, SesEmail, SnsSms, Transport
from hotline.kit.config import read_setting, require_setting


@dataclass(frozen=True, slots=True)
class Sender:
    """In whose name messages are written. `numbers` are the official ones, E.164, the main one first."""

    wallet: str
    numbers: tuple[str, ...]


@cache
def sender_from_environment() -> Sender:
    """The sender of a deployed function. Raises MissingSetting and MalformedNumbers."""
    return Sender(wallet=require_setting("WALLET_NAME"), numbers=directory.official_numbers())


@cache
def transports_from_environment() -> Mapping[str, Transport]:
    """The carrier for each channel; made on first use. A country whose carriers do not take text messages of SNS gets
    a transport of its own here. Calls are made only where there is a flow for them."""
    flow = read_setting("CODE_CALL_FLOW", "")
    calls = {"voice": ConnectCall(flow, require_setting("CODE_CALL_NUMBER"))} if flow else {}
    return {"sms": SnsSms(require_setting("SMS_SENDER_ID")), "email": SesEmail(require_setting("EMAIL_FROM")), **calls}

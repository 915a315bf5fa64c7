"""Whole environments of the functions, as a deployment gives them, and functions that start in one."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Final
from unittest.mock import patch

from tests.support.aws_account import forget

CODE_CALL_FLOW: Final = "arn:aws:connect:eu-central-1:123456789012:instance/i-1/contact-flow/f-1"
TASK_FLOW: Final = "arn:aws:connect:eu-central-1:123456789012:instance/i-1/contact-flow/t-1"
QUEUE: Final = "arn:aws:connect:eu-central-1:123456789012:instance/i-1/queue"
_SKILL_QUEUES: Final = f"security:zh-CN={QUEUE}/security, en-US={QUEUE}/english"
_TABLES: Final = {"HOTLINE_TABLE": "hotline", "OUTBOX_TABLE": "outbox"}
_KEYS: Final = {"LOOKUP_KEY_SECRET": "lookup", "CODE_KEY_SECRET": "codes"}
_PIN: Final = {"PIN_KEY_ID": "pins"}
_SPOKEN: Final = {"HOTLINE_NUMBERS": "+864008001234,+498001234567", "WALLET_NAME": "Test Wallet"}
_PLACE: Final = {"HOME_REGION": "DE", "VOICE_CODES": "on"}
_WRONG_CODES: Final = {"WRONG_CODES_MAX": "31"}
_LIMITS: Final = {**_WRONG_CODES, "CODE_MESSAGES_MAX": "301", "CODE_MESSAGES_PER_PREFIX_MAX": "61"}

SETTINGS: Final[Mapping[str, Mapping[str, str]]] = {
    "connect": {
        **_TABLES,
        **_KEYS,
        **_PIN,
        **_SPOKEN,
        **_PLACE,
        **_LIMITS,
        "DTMF_KEY_SECRET": "entries",
        "REPORT_TIME_ZONE": "Asia/Shanghai",
        "SENIORS_FIRST": "on",
        "SKILL_QUEUES": _SKILL_QUEUES,
    },
    "wallet_events": {
        **_TABLES,
        "ACTIVITY_TABLE": "activity",
        "LOOKUP_KEY_SECRET": "lookup",
        "ACTIVITY_SHARDS": "3",
        "FACTS_DEAD_LETTERS_URL": "https://sqs.example/dead",
    },
    "digests": {**_TABLES},
    "imports": {**_TABLES, "LOOKUP_KEY_SECRET": "lookup", "IMPORT_REFUSALS_URL": "https://sqs.example/refused"},
    "messenger": {
        **_TABLES,
        **_KEYS,
        **_SPOKEN,
        **_WRONG_CODES,
        "PAGE_BASE": "https://pages.example",
        "SMS_SENDER_ID": "WALLET",
        "EMAIL_FROM": "hotline@wallet.example",
        "CODE_CALL_FLOW": CODE_CALL_FLOW,
        "CODE_CALL_NUMBER": "+498002000001",
        "TASK_FLOW": TASK_FLOW,
        "TEXT_REPLIES": "yes",
        "SKILL_QUEUES": _SKILL_QUEUES,
    },
    "decisions": {"OUTBOX_TABLE": "outbox", "EVENT_BUS_NAME": "bus"},
    "deadlines": {
        **_TABLES,
        "MESSAGES_AGAIN_URL": "https://sqs.example/messages",
        "DECISIONS_AGAIN_URL": "https://sqs.example/decisions",
        "EVIDENCE_BUCKET": "pictures",
    },
    "security_scan": {**_TABLES, "ACTIVITY_TABLE": "activity", "REPORT_TIME_ZONE": "Asia/Shanghai"},
    "backtest": {"BACKTEST_BUCKET": "histories"},
    "contact_events": {
        "HOTLINE_TABLE": "hotline",
        "REPORT_TIME_ZONE": "Asia/Shanghai",
        "CONTACT_EVENT_SOURCE": "aws.connect",
        "WALLET_EVENT_SOURCE": "wallet",
        "CONNECT_INSTANCE_ARN": "arn:aws:connect:eu-central-1:123456789012:instance/i-1",
        "CONNECT_AGENTS": "on",
    },
    "evidence": {**_TABLES, "EVIDENCE_BUCKET": "pictures", "SCAN_EVENT_SOURCE": "aws.guardduty"},
    "customer_api": {
        **_TABLES,
        **_KEYS,
        **_PIN,
        **_PLACE,
        **_LIMITS,
        **_SPOKEN,
        "EVIDENCE_BUCKET": "pictures",
        "REPORT_TIME_ZONE": "Asia/Shanghai",
        "API_ACCOUNT_CLAIM": "wallet_account",
        "API_SCOPE_PREFIX": "hotline/",
        "API_TRUSTED_ACR_VALUES": "strong, stronger,",
        "ORIGIN_KEY_SECRET": "origin",
    },
    "agent_api": {
        **_TABLES,
        "ACTIVITY_TABLE": "activity",
        "LOOKUP_KEY_SECRET": "lookup",
        "HOTLINE_NUMBERS": _SPOKEN["HOTLINE_NUMBERS"],
        "ACTIVITY_SHARDS": "3",
        "EVIDENCE_BUCKET": "pictures",
        "REPORT_TIME_ZONE": "Asia/Shanghai",
        "AGENT_ROLES_CLAIM": "groups",
        "AGENT_NAME_CLAIM": "name",
        "AGENT_ACCOUNT_CLAIM": "wallet_account",
    },
}
"""Every setting of each function, none of them at its default."""


@contextmanager
def started(function: str, given: Mapping[str, str] | None = None) -> Iterator[None]:
    """An execution environment of the function, which has just started; `given` replaces some settings."""
    forget()
    try:
        with patch.dict(os.environ, {**SETTINGS[function], **(given or {})}):
            yield
    finally:
        forget()

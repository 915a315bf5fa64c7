"""The settings of the messenger: its tables and keys, in whose name it writes, and its carriers' settings."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

from hotline.cases import service as cases
from hotline.directory import service as directory
from hotline.kit.aws.carriers import is_flow_arn
from hotline.kit.config import MalformedSetting, TableNames, read_setting, require_setting
from hotline.kit.limits import parse_wrong_codes_max
from hotline.kit.store import Table


@dataclass(frozen=True, slots=True)
class Sender:
    """In whose name messages are written. `numbers` are the official ones, E.164, the main one first. `page_base` is
    where the pages of the API answer, without a slash at its end. `takes_replies`: text messages may be answered."""

    wallet: str
    numbers: tuple[str, ...]
    page_base: str = ""
    takes_replies: bool = False


@dataclass(frozen=True, slots=True)
class CodeCalls:
    """How calls that read codes out are made: the id of their flow, and the number that they come from (E.164)."""

    flow: str
    number: str


@dataclass(frozen=True, slots=True)
class Settings:
    """Ids of secrets are those of Secrets Manager. `code_calls` is None where no calls are made. `task_flow`
    is the ARN of the flow that tasks come by, None where there are none."""

    tables: TableNames
    lookup_key_secret: str
    code_key_secret: str
    sender: Sender
    sms_sender_id: str
    email_from: str
    code_calls: CodeCalls | None
    task_flow: str | None
    skill_queues: Mapping[str, str]
    wrong_codes_max: int

    @classmethod
    def parse(cls, environment: Mapping[str, str]) -> Settings:
        """Raises SettingError."""
        flow = read_setting(environment, "CODE_CALL_FLOW", "")
        if flow and not is_flow_arn(flow):
            raise MalformedSetting("CODE_CALL_FLOW", "not the ARN of a contact flow")
        task_flow = read_setting(environment, "TASK_FLOW", "")
        if task_flow and not is_flow_arn(task_flow):
            raise MalformedSetting("TASK_FLOW", "not the ARN of a contact flow")
        numbers = directory.parse_numbers(require_setting(environment, directory.NUMBERS_SETTING))
        return cls(
            tables=TableNames.parse(environment, Table.HOTLINE, Table.OUTBOX),
            lookup_key_secret=require_setting(environment, "LOOKUP_KEY_SECRET"),
            code_key_secret=require_setting(environment, "CODE_KEY_SECRET"),
            sender=Sender(
                require_setting(environment, "WALLET_NAME"),
                numbers,
                require_setting(environment, "PAGE_BASE"),
                takes_replies=read_setting(environment, "TEXT_REPLIES", "") == "yes",
            ),
            sms_sender_id=require_setting(environment, "SMS_SENDER_ID"),
            email_from=require_setting(environment, "EMAIL_FROM"),
            code_calls=CodeCalls(flow, require_setting(environment, "CODE_CALL_NUMBER")) if flow else None,
            task_flow=task_flow or None,
            skill_queues=cases.parse_skill_queues(read_setting(environment, cases.SKILL_QUEUES_SETTING, "")),
            wrong_codes_max=parse_wrong_codes_max(environment),
        )


@cache
def settings_from_environment() -> Settings:
    """The settings of the deployed function. Raises SettingError."""
    return Settings.parse(os.environ)

"""The request of the state machine, `{step, run, ...}`, and the answer to it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from enum import StrEnum
from typing import Any, Final

from hotline.backtest.service import SHARES_MAX, judge, merge, plan, split
from hotline.kit.aws.objects import Objects
from hotline.kit.errors import HotlineError, InvalidInput
from hotline.kit.logging import Event, log

_RUN: Final = re.compile(r"[A-Za-z0-9_-]{1,80}")
"""The names that Step Functions gives to executions, or lets people choose."""


class StepError(StrEnum):
    """Why an event is no request of the state machine."""

    BAD_EVENT = "bad_event"
    BAD_RUN = "bad_run"
    BAD_SHARD = "bad_shard"


def answer(event: object, objects: Objects) -> dict[str, Any]:
    """Take a step of a run. Raises InvalidInput (bad_event, bad_run, bad_shard) for an event that the state machine
    does not send, and what the steps raise."""
    if not isinstance(event, Mapping):
        raise _refuse(StepError.BAD_EVENT)
    run, step = event.get("run"), event.get("step")
    if not isinstance(run, str) or _RUN.fullmatch(run) is None:
        raise _refuse(StepError.BAD_RUN)
    try:
        told = _take(step, run, event, objects)
    except HotlineError as error:
        log(Event.BACKTEST_FAILED, step=str(step), reason=error.code)
        raise
    log(Event.BACKTEST_STEP, step=str(step), count=told.get("count"))
    return told


def _take(step: object, run: str, event: Mapping[str, Any], objects: Objects) -> dict[str, Any]:
    match step:
        case "plan" if isinstance(event.get("order"), Mapping):
            return plan(objects, event["order"], run)
        case "split" if isinstance(event.get("key"), str):
            return {"count": split(objects, run, event["key"])}
        case "judge":
            share = event.get("share")
            if not isinstance(share, int) or isinstance(share, bool) or not 0 <= share < SHARES_MAX:
                raise _refuse(StepError.BAD_SHARD)
            return {"count": judge(objects, run, share)}
        case "merge":
            return merge(objects, run)
        case _:
            raise _refuse(StepError.BAD_EVENT)


def _refuse(code: StepError) -> InvalidInput:
    log(Event.REQUEST_ODD, reason=code.value)
    return InvalidInput(code)

"""The request of the state machine, `{shard, run: {until?}, turns?: {shards, at_once}}`, and the answer to it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from enum import StrEnum
from typing import Any, Final

from hotline.kit.clock import from_text, to_text
from hotline.kit.doors import Context
from hotline.kit.errors import HotlineError, InvalidInput
from hotline.kit.logging import Event, log
from hotline.security.service import SHARDS_MAX, RuleSet, ShardReport, scan_shard

TIME_KEPT: Final = 0.2
"""The part of the function's time that is kept back: with less than that left no new page is begun."""
RUN_MS: Final = 240_000
"""The time of a run for all shards. It is stopped after 290 s; the rest is for starts, last pages and new tries."""
FINDINGS_LISTED_MAX: Final = 50
"""The answers of all shards travel in one state of at most 256 KB. All findings are in the table."""


class RequestError(StrEnum):
    """Why an event is no request of the state machine."""

    BAD_EVENT = "bad_event"
    BAD_SHARD = "bad_shard"
    BAD_UNTIL = "bad_until"


def answer(
    event: object, ctx: Context, remaining_ms: Callable[[], int], *, rules: RuleSet | None = None
) -> dict[str, Any]:
    """Scan the shard that the event names. Raises InvalidInput (bad_event, bad_shard, bad_until) for an event that the
    state machine does not send, and what `scan_shard` raises. `rules`: None stands for those of `detection.toml`."""
    try:
        shard, until, share_ms = _request(event)
    except InvalidInput as error:
        log(Event.REQUEST_ODD, reason=error.code)
        raise
    whole_ms = remaining_ms()
    kept_ms = max(whole_ms * TIME_KEPT, whole_ms - share_ms)
    try:
        report = scan_shard(ctx, shard, until=until, has_time=lambda: remaining_ms() > kept_ms, rules=rules)
    except HotlineError as error:
        log(Event.SHARD_FAILED, reason=error.code, lag_minutes=error.facts.get("lag_minutes"))
        raise
    for event_of, findings in ((Event.FINDING_RAISED, report.raised), (Event.FINDING_WITHDRAWN, report.withdrawn)):
        for finding in findings:
            log(event_of, account_id=finding.account_id, rule=finding.rule, version=finding.version)
    if report.set_aside:
        log(Event.SUBJECTS_SET_ASIDE, count=report.set_aside, rules=report.rules)
    outcome = "complete" if report.complete else "out_of_time"
    log(Event.SHARD_SCANNED, count=report.rows, outcome=outcome, rules=report.rules, lag_minutes=report.lag_minutes)
    return _body(report)


def _request(event: object) -> tuple[int, datetime | None, int]:
    """The shard, the moment up to which it is read, and its share of the run's time in ms."""
    if not isinstance(event, Mapping):
        raise InvalidInput(RequestError.BAD_EVENT)
    shard = event.get("shard")
    if not isinstance(shard, int) or isinstance(shard, bool) or not 0 <= shard < SHARDS_MAX:
        raise InvalidInput(RequestError.BAD_SHARD)
    run = event.get("run")
    until = run.get("until") if isinstance(run, Mapping) else None
    share_ms = _share_of(event.get("turns"))
    if until is None:
        return shard, None, share_ms
    try:
        return shard, from_text(until), share_ms
    except (TypeError, ValueError):
        raise InvalidInput(RequestError.BAD_UNTIL) from None


def _share_of(turns: object) -> int:
    """The time of one shard in ms, when `shards` of them take turns, `at_once` together. Without it a shard that has
    much to read would leave none to the last ones, in each run anew."""
    if turns is None:
        return RUN_MS
    try:
        shards, at_once = int(turns["shards"]), int(turns["at_once"])  # type: ignore[index]
    except (KeyError, TypeError, ValueError):
        raise InvalidInput(RequestError.BAD_EVENT) from None
    if not (0 < shards <= SHARDS_MAX and at_once > 0):
        raise InvalidInput(RequestError.BAD_EVENT)
    return RUN_MS // -(-shards // at_once)


def _body(report: ShardReport) -> dict[str, Any]:
    return {
        "shard": report.shard,
        "rules": report.rules,
        "rows": report.rows,
        "subjects": report.subjects,
        "reads": report.reads,
        "writes": report.writes,
        "complete": report.complete,
        "lag_minutes": report.lag_minutes,
        "corrected": len(report.corrected),
        "withdrawn": len(report.withdrawn),
        "suppressed": len(report.suppressed),
        "set_aside": report.set_aside,
        "findings": [
            {
                "id": finding.id,
                "rule": finding.rule,
                "stream": finding.stream.name.lower(),
                "subject": finding.subject,
                "window_start": to_text(finding.window_start),
            }
            for finding in report.raised[:FINDINGS_LISTED_MAX]
        ],
    }

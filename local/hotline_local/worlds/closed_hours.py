"""A line whose people are not there today, for calls outside hours."""

from datetime import timedelta
from typing import Final

from hotline.directory import service as directory
from hotline.kit.actor import Agent
from hotline.kit.change import Change
from hotline.kit.doors import Context

TIME_ZONE: Final = "Asia/Shanghai"
_DAY: Final = (directory.Span(8 * 60, 22 * 60),)
_SUPERVISOR: Final = Agent("supervisor", "-")


def close_line(ctx: Context) -> None:
    """Write opening hours as a supervisor would: from 8 to 22 every day, but not today."""
    now = ctx.clock.now()
    week = directory.make_hours(TIME_ZONE, (_DAY,) * 7, ())
    today = now.astimezone(week.zone).date()
    days = [directory.SpecialDay(today + timedelta(days=ahead), "closed", ()) for ahead in (-1, 0)]
    read = ctx.store.batch_get([directory.HOURS_KEY])
    version = directory.hours_of(read).version
    change = Change(actor=_SUPERVISOR, cause="hours", now=now, ids=ctx.ids)
    hours = directory.make_hours(TIME_ZONE, (_DAY,) * 7, days)
    directory.contribute_hours(change, read, hours, expected_version=version, editor=_SUPERVISOR.agent_id)
    change.commit(ctx.store)

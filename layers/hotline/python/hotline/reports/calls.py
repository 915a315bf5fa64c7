"""How a call's events become a record, how it ended, and what it counts for. Pure.

Contact events are best effort, unordered and repeated (Amazon Connect administrator guide, contact events). So a record
keeps the earliest time of each moment, and its state follows from the set. A lost event is healed by the next one,
since each tells all times so far.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Final

from hotline.kit.clock import day_of

from .model import Call, CallbackState, ContactEvent, Counts, Ending, Handover, Leg, Moment, topic_word

LEGS_MAX: Final = 24
"""Contacts of one call. Amazon Connect links twelve contacts at most by transfers (quotas); as many again are room for
callbacks and their transfers."""
CALLBACK_METHOD: Final = "CALLBACK"
INBOUND_METHOD: Final = "INBOUND"
CALLBACK_REASON: Final = "caller.callback"
CLOSED_REASON: Final = "caller.closed"
ANSWER_STEPS_S: Final = (*range(5, 61, 5), *range(75, 301, 15), *range(360, 1801, 60))
"""Upper ends of the steps in which waiting times are counted: fine where a service level is measured."""
REPEAT_DAYS: Final = 7
"""A call repeats another one of the same number within so many days."""
SETTLED_AFTER: Final = timedelta(minutes=15)
"""Nothing more is stored of a call that is over for so long: a step has eight seconds, and its delivery is tried
again."""
GIVEN_UP_AFTER: Final = timedelta(hours=6)
"""A call whose end was not told is taken as over after so long. Nobody waits and talks longer, and its session lives
longer."""
DAYS_KEPT: Final = 31
"""Days of a number that are kept: those that a late event can still change, and the seven before them."""


def fold_event(call: Call, event: ContactEvent) -> Call:
    """The call after one more event. An event of a further leg beyond LEGS_MAX changes nothing."""
    known = call.legs.get(event.contact_id)
    if known is None and len(call.legs) >= LEGS_MAX:
        return call
    before = known.moments if known is not None else {}
    moments = {**before, **{name: min(at, before.get(name, at)) for name, at in event.moments.items()}}
    method = max(event.method, known.method) if known is not None else event.method
    return replace(call, legs={**call.legs, event.contact_id: Leg(method, moments)})


def fold_handover(call: Call, handover: Handover) -> Call:
    """The call after the word on a handover to a person."""
    return replace(call, handover=handover if call.handover is None else max(call.handover, handover))


def begun_at(call: Call) -> datetime | None:
    """The time at which the call came in, as far as it is known."""
    return min((min(leg.moments.values()) for leg in call.legs.values() if leg.moments), default=None)


def ended_at(call: Call) -> datetime | None:
    """The time at which the call ended; None while a leg of it goes on, or while no leg is known. A callback is no part
    of it."""
    legs = _legs(call)
    ends = [leg.moments.get(Moment.ENDED) for leg in legs]
    known = [end for end in ends if end is not None]
    return max(known) if known and len(known) == len(ends) else None


def last_look_at(call: Call) -> datetime | None:
    """The time to look at the call for the last time; None once that is done, or while nothing is known of it."""
    if call.last_look:
        return None
    end = ended_at(call)
    if end is not None:
        return end + SETTLED_AFTER
    begun = begun_at(call) or (call.handover.at if call.handover is not None else None)
    return begun + GIVEN_UP_AFTER if begun is not None else None


def is_counted(call: Call) -> bool:
    """Whether the call counts: it came in from outside, and is over."""
    came_in = any(leg.method == INBOUND_METHOD for leg in call.legs.values())
    return came_in and (call.last_look or ended_at(call) is not None)


def ending_of(call: Call) -> Ending:
    """How a call ended that is over."""
    legs, reason = _legs(call), call.handover.reason if call.handover is not None else None
    if any(Moment.ANSWERED in leg.moments for leg in legs):
        return Ending.TRANSFERRED
    if reason == CALLBACK_REASON or len(legs) < len(call.legs):
        return Ending.CALLBACK
    if any(Moment.QUEUED in leg.moments for leg in legs):
        return Ending.ABANDONED
    if reason == CLOSED_REASON:
        return Ending.CLOSED_HOURS
    return Ending.CONTAINED if call.served and reason is None else Ending.LEFT


def callback_of(call: Call) -> CallbackState:
    """How far the callback is that the caller asked for. Amazon Connect may try several times, each a leg."""
    legs = [leg for leg in call.legs.values() if leg.method == CALLBACK_METHOD]
    if any(Moment.ANSWERED in leg.moments for leg in legs):
        return CallbackState.CALLED
    is_over = bool(legs) and all(Moment.ENDED in leg.moments for leg in legs)
    return CallbackState.FAILED if is_over else CallbackState.WAITING


def topic_of(call: Call) -> str:
    """The topic of the call: that of the handover, else of the last finished service."""
    if call.handover is not None:
        return topic_word(call.handover.topic)
    return topic_word(call.served[-1] if call.served else None)


def answered_after(call: Call) -> timedelta | None:
    """How long the caller waited for the person who answered; None where nobody did, or where nobody had to wait."""
    queued = [leg.moments[Moment.QUEUED] for leg in _legs(call) if Moment.QUEUED in leg.moments]
    answered = [leg.moments[Moment.ANSWERED] for leg in _legs(call) if Moment.ANSWERED in leg.moments]
    if not queued or not answered:
        return None
    return max(min(answered) - min(queued), timedelta())


def count_call(call: Call, zone: str) -> Counts:
    """The counts of a call, on the day on which it came in; nothing for one that is not over or that was made."""
    begun = begun_at(call)
    if begun is None or not is_counted(call):
        return {}
    counts = {f"contact/{topic_of(call)}/{ending_of(call).value}": 1}
    waited = answered_after(call)
    if waited is not None:
        counts[f"answer/{step_of(waited.total_seconds(), ANSWER_STEPS_S)}"] = 1
    if call.score is not None:
        counts[f"survey/{call.score}"] = 1
    return {day_of(begun, zone): counts}


def called_on(call: Call, zone: str) -> date | None:
    """The day on which the call counts for its number; None for a call that does not count."""
    begun = begun_at(call)
    return None if begun is None or not is_counted(call) else day_of(begun, zone)


def step_of(value: float, steps: Iterable[int]) -> str:
    """The step in which a duration is counted, by its upper end; `more` above the last one."""
    return next((str(end) for end in steps if value <= end), "more")


def count_repeats(days: Mapping[date, int]) -> Counts:
    """The counts of one number, of its calls by day. The first call of a day repeats another one where one of the
    REPEAT_DAYS days before has any; each further call of the day does."""
    counts: dict[date, Mapping[str, int]] = {}
    for day, calls in days.items():
        if calls <= 0:
            continue
        before = any(days.get(day - timedelta(days=back), 0) > 0 for back in range(1, REPEAT_DAYS + 1))
        repeats = calls if before else calls - 1
        counts[day] = {"repeat/of": calls, **({"repeat/count": repeats} if repeats else {})}
    return counts


def move_day(days: Mapping[date, int], *, taken: date | None, added: date | None) -> dict[date, int]:
    """The calls of a number by day, with one less on a day and one more on another."""
    moved = Counter(days)
    if taken is not None:
        moved[taken] -= 1
    if added is not None:
        moved[added] += 1
    return {day: calls for day, calls in moved.items() if calls > 0}


def recent_days(days: Mapping[date, int]) -> dict[date, int]:
    """Those of the days that are kept: DAYS_KEPT up to the newest."""
    if not days:
        return {}
    oldest = max(days) - timedelta(days=DAYS_KEPT)
    return {day: calls for day, calls in days.items() if day > oldest}


def _legs(call: Call) -> list[Leg]:
    return [leg for leg in call.legs.values() if leg.method != CALLBACK_METHOD]

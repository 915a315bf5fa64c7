"""The things by which a rule is judged, since its findings name them: movements, other events, accounts. Labels of
anything else say nothing about the rule. Pure."""

from __future__ import annotations

from enum import StrEnum
from operator import attrgetter
from typing import Any, Final

from hotline.security.detectors import Detector, Event, Stream
from hotline.security.fold import Fold
from hotline.security.rules import RuleSet


class Thing(StrEnum):
    """The things that labels are about, the most exact one first. Events are those that are no movements."""

    MOVEMENTS = "movements"
    EVENTS = "events"
    ACCOUNTS = "accounts"


LABEL_FIELDS: Final = {Thing.MOVEMENTS: "movement_id", Thing.EVENTS: "event_id", Thing.ACCOUNTS: "account"}
"""The field of a label that is about such a thing."""


def list_label_fields(detector: Detector[Any]) -> list[str]:
    """The fields of labels by which the rule can be judged. A label of an account is one of its events too, and that of
    a login is one of the account that got in."""
    things = {*list_named(detector), *(() if detector.stream is Stream.AGENT else (Thing.ACCOUNTS,))}
    if detector.stream is Stream.SOURCE:
        things.add(Thing.EVENTS)
    return [field for thing, field in LABEL_FIELDS.items() if thing in things]


def list_named(detector: Detector[Any]) -> tuple[Thing, ...]:
    """The things that findings of a rule name, by the rule's own examples. Those about a source name the accounts that
    got in from it: the tries say nothing about whoever was tried."""
    if detector.stream is Stream.SOURCE:
        return (Thing.ACCOUNTS,)
    plan = RuleSet.of([(detector, detector.limits)]).plans[detector.stream]
    has: set[Thing] = {Thing.ACCOUNTS} if detector.stream is Stream.ACCOUNT else set()
    for one in detector.examples:
        fold, events = Fold(plan), {event.id: event for event in one.events}
        for event in sorted(one.events, key=attrgetter("place")):
            for _, hit in fold.judge(event):
                has.update(_thing_of(events[id_]) for id_ in hit.event_ids)
    # An account is named with its movement.
    if Thing.MOVEMENTS in has:
        has.add(Thing.ACCOUNTS)
    return tuple(thing for thing in Thing if thing in has)


def _thing_of(event: Event) -> Thing:
    is_movement = "movement_id" in event.values and "kind" in event.values
    return Thing.MOVEMENTS if is_movement else Thing.EVENTS

"""A wallet that does not answer a request for facts: it is asked again, and in the end a case is open, once.

A question that a fact brought up is asked here for the first time, once no facts wait that may answer it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from typing import Final

from hotline.accounts import facts_requests
from hotline.accounts.facts_requests import FactsRequest, Thing, ThingKind
from hotline.accounts.service import feed_key, look_again_at
from hotline.identity.service import Operation, require
from hotline.kit.change import Change
from hotline.kit.due import Done, Duty, is_due
from hotline.kit.logging import Event
from hotline.kit.store import Key, Store, account_of
from hotline.kit.store.condition import Item

from .entries import case_keys, contribute_case
from .model import Priority

CASE_REASON: Final = "facts_unanswered"
_NAMES: Final = {ThingKind.MOVEMENT: "movement_id", ThingKind.REFUND: "refund_id"}
"""The fact of a case's entry that names a thing; these are linked to the case."""


def duty_at(key: Key) -> Duty | None:
    """The duty about the item at a key; None when that is no request for facts."""
    account_id = account_of(key)
    if account_id is None or not facts_requests.is_request_key(key):
        return None
    contribute = partial(contribute_unanswered, key=key)
    return Duty(account_id, "facts", frozenset(), contribute, partial(look, key=key))


def look(store: Store, key: Key) -> dict[Key, Item]:
    """The items to have before `contribute_unanswered`. Two reads: the request knows the topic of its case."""
    read = store.batch_get([key])
    if key not in read:
        return {}
    request = facts_requests.request_from(read[key])
    return read | store.batch_get([feed_key(), *case_keys(_owner(request), request.topic)])


def contribute_unanswered(change: Change, read: Mapping[Key, Item], key: Key) -> tuple[Done, ...]:
    """Ask the wallet again, or open the case; do nothing for a request that has ended, or is not due. Raises NeedProof
    for anybody but the hotline itself; at commit Stale."""
    item = read.get(key)
    if item is None or not is_due(item, change.now):
        return ()
    request = facts_requests.request_from(item)
    if request.asked_at is None:
        return _ask_first(change, read, key, item, request)
    words: dict[str, str | int] = {"account_id": request.account_id, "kind": request.thing.kind.value}
    if request.may_ask_again:
        require(change, Operation.RESEND)
        facts_requests.send_request(change, request.account_id, [request.thing], request.reason)
        again = replace(request, asked_at=change.now, times=request.times + 1)
        change.replace(key, item, facts_requests.request_item(again))
        return (Done(Event.FACTS_ASKED_AGAIN, {**words, "attempt": again.times}),)
    require(change, Operation.ESCALATE)
    thing = request.thing
    case = contribute_case(
        change,
        read,
        account_id=_owner(request),
        topic=request.topic,
        reason=CASE_REASON,
        facts={"thing": thing.kind.value, "asked_for": request.reason, "times": request.times, **_name(thing)},
        priority=Priority.HIGH,
    )
    change.replace(key, item, facts_requests.request_item(replace(request, case_id=case.case_id)))
    return (Done(Event.FACTS_UNANSWERED, {**words, "case_id": case.case_id}),)


def _ask_first(
    change: Change, read: Mapping[Key, Item], key: Key, item: Item, request: FactsRequest
) -> tuple[Done, ...]:
    """Ask the wallet what no waiting fact has answered, or wait on."""
    require(change, Operation.RESEND)
    again_at = look_again_at(read, request.first_asked_at, change.now)
    if again_at is not None:
        change.replace(key, item, facts_requests.request_item(replace(request, look_at=again_at)))
        return ()
    facts_requests.send_request(change, request.account_id, [request.thing], request.reason)
    asked = replace(request, first_asked_at=change.now, asked_at=change.now, times=1, look_at=None)
    change.replace(key, item, facts_requests.request_item(asked))
    return (Done(Event.FACTS_ASKED, {"account_id": request.account_id, "kind": request.thing.kind.value}),)


def _name(thing: Thing) -> dict[str, str]:
    return {_NAMES.get(thing.kind, "thing_id"): thing.thing_id} if thing.thing_id is not None else {}


def _owner(request: FactsRequest) -> str | None:
    return None if request.account_id == facts_requests.NO_ID else request.account_id

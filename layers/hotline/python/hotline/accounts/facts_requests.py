"""Asking the wallet to tell what it knows of a thing: a movement, a refund, a bill, funds, an account, a range of them.

Each thing has one open request at most (`ACCOUNT#id / #ASKED#kind#id`). A wallet that does not answer is asked again
after each of AGAIN_AFTER, and then a case is open (cases.unanswered). So a thing is asked about three times and never
for ever. A fact about the thing ends its request.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from itertools import batched
from typing import Any, Final

from hotline.contracts.limits import THINGS_ASKED_MAX
from hotline.contracts.model import AccountDescribed, BillTold, Fact, FundsTold
from hotline.kit.change import Change
from hotline.kit.clock import epoch_s, from_text, to_text
from hotline.kit.due import due_attributes
from hotline.kit.outbox import Decision
from hotline.kit.store import TTL_ATTRIBUTE, Key, account_of, hotline_key
from hotline.kit.store.condition import Item, equals

REQUESTED: Final = "account.facts_requested"
AGAIN_AFTER: Final = (timedelta(hours=1), timedelta(hours=6))
"""After these waits the wallet is asked again. A provider that does not know an outcome at once often knows it within
the hour, and nearly always on the same day."""
ANSWERED_WITHIN: Final = timedelta(hours=1)
"""How long the last request waits for its answer until a case is open."""
CASE_AFTER: Final = sum(AGAIN_AFTER, ANSWERED_WITHIN)
"""The time after the first question at which a case is open, where the wallet tells nothing."""
REQUEST_LIFE: Final = timedelta(days=30)
"""How long a request is kept after it was made. A thing that is still open then may be asked about anew."""
NO_ID: Final = "-"
"""Stands for the id of a thing of which an account has one."""
_PREFIX: Final = "#ASKED#"


class ThingKind(StrEnum):
    """The kinds of thing that the wallet can be asked about."""

    MOVEMENT = "movement"
    REFUND = "refund"
    BILL = "bill"
    FUNDS = "funds"
    ACCOUNT = "account"
    RANGE = "range"


class FactsReason(StrEnum):
    """Why the wallet is asked."""

    OUTCOME_UNKNOWN = "outcome_unknown"
    """It told that the outcome of a movement is unknown."""
    HOLD_OVERDUE = "hold_overdue"
    """Money is still held after the time until which it was to be held."""
    MONEY_NOT_BACK = "money_not_back"
    """Money that was taken for a movement that did not go through is not back."""
    UNANSWERED = "unanswered"
    """It was asked to pay a refund, and has told nothing of it."""


@dataclass(frozen=True, slots=True)
class Thing:
    """Something that the wallet is asked about. `thing_id` None: the account's only one. `version`: the highest that
    the hotline has been told of the thing; None for one that it knows nothing of, or that has no version."""

    kind: ThingKind
    thing_id: str | None = None
    version: int | None = None


@dataclass(frozen=True, slots=True)
class FactsRequest:
    """An open request. `reason` is a FactsReason or another closed word; `topic` that of the case about a wallet that
    does not answer. `times`: how often the wallet was asked. `case_id`: the case, once it is open."""

    account_id: str
    thing: Thing
    reason: str
    topic: str
    first_asked_at: datetime
    asked_at: datetime | None
    """The time at which the wallet was asked last; None before the first time."""
    times: int = 1
    case_id: str | None = None
    look_at: datetime | None = None
    """The time to look whether facts that may answer still wait; None once the wallet was asked."""

    @property
    def due_at(self) -> datetime | None:
        """The time at which the wallet is asked, asked again, or a case is open; None once that is done."""
        if self.case_id is not None:
            return None
        if self.asked_at is None:
            return self.look_at
        waits = (*AGAIN_AFTER, ANSWERED_WITHIN)
        return self.asked_at + waits[min(self.times, len(waits)) - 1]

    @property
    def may_ask_again(self) -> bool:
        """Whether the next date asks again, and opens no case yet."""
        return self.times <= len(AGAIN_AFTER)


def request_key(account_id: str, thing: Thing) -> Key:
    """The key of the request about a thing. `account_id` is NO_ID for a range of accounts."""
    return hotline_key(f"ACCOUNT#{account_id}", f"{_PREFIX}{thing.kind.value}#{thing.thing_id or NO_ID}")


def request_keys(account_id: str, things: Iterable[Thing]) -> set[Key]:
    """The keys to read before `request_facts` and `end_requests`."""
    return {request_key(account_id, thing) for thing in things}


def is_request_key(key: Key) -> bool:
    """Whether a key is that of a request."""
    return account_of(key) is not None and (key.sk or "").startswith(_PREFIX)


def request_facts(
    change: Change,
    read: Mapping[Key, Item],
    account_id: str,
    things: Sequence[Thing],
    *,
    reason: str,
    topic: str,
    ask_at: datetime | None = None,
) -> tuple[Thing, ...]:
    """Ask the wallet about those of the things that no request is open for, and return them. One decision names as many
    as it holds. `ask_at`: when to look whether it is still to be asked; None: it is asked now.

    `read` holds what exists of `request_keys`. Of a request that is open the version that the hotline knows is kept.
    `topic` is that of the case in the end. The caller has passed the gate: accounts lies below it. At commit Stale when
    somebody else asked meanwhile.
    """
    asked = tuple(thing for thing in dict.fromkeys(things) if not _note_version(change, read, account_id, thing))
    for thing in asked:
        request = FactsRequest(account_id, thing, reason, topic, change.now, change.now)
        if ask_at is not None:
            request = replace(request, asked_at=None, times=0, look_at=ask_at)
        key = request_key(account_id, thing)
        change.replace(key, read.get(key), request_item(request))
    for some in batched(asked if ask_at is None else (), THINGS_ASKED_MAX, strict=False):
        send_request(change, account_id, some, reason)
    return asked


def _note_version(change: Change, read: Mapping[Key, Item], account_id: str, thing: Thing) -> bool:
    """Whether a request about the thing is open; its version becomes that of the thing."""
    key = request_key(account_id, thing)
    stored = read.get(key)
    known = request_from(stored) if stored is not None else None
    if known is None or change.now >= known.first_asked_at + REQUEST_LIFE:
        return False
    if known.thing != thing:
        change.replace(key, stored, request_item(replace(known, thing=thing)))
    return True


def send_request(change: Change, account_id: str, things: Sequence[Thing], reason: str) -> None:
    """Send the decision that asks about the things, and note it in the audit trail. Each has an id of its own, also
    when it asks again."""
    decision_id = change.ids.new("decision")
    about = [_thing_map(thing) for thing in things]
    change.send(
        Decision(
            entry_id=change.ids.new("out"),
            type=REQUESTED,
            account_id=account_id,
            data={"reason": reason, "about": about, "asked_at": to_text(change.now)},
            decision_id=decision_id,
        )
    )
    change.audit(account_id, REQUESTED, decision_id=decision_id, reason=reason, count=len(about))


def end_requests(change: Change, read: Mapping[Key, Item], account_id: str, things: Iterable[Thing]) -> None:
    """End the open requests about the things; those that have none stay as they are. `read` holds what exists of
    `request_keys`."""
    for key in sorted(request_keys(account_id, things), key=lambda key: key.sk or ""):
        if key in read:
            change.delete(key, condition=equals("rev", int(read[key]["rev"])))


def things_told(facts: Iterable[Fact]) -> tuple[Thing, ...]:
    """The things that the facts of one account tell of, without movements and refunds. Only payments and refunds know
    whether a fact counts and makes the outcome known, and end the requests about theirs."""
    found: dict[Thing, None] = {}
    for fact in facts:
        match fact.data:
            case BillTold(bill_id=bill_id):
                found[Thing(ThingKind.BILL, bill_id)] = None
            case FundsTold():
                found[Thing(ThingKind.FUNDS)] = None
            case AccountDescribed():
                found[Thing(ThingKind.ACCOUNT)] = None
            case _:
                continue
    return tuple(found)


def request_item(request: FactsRequest) -> Item:
    """The stored form of a request, without its key and `rev`."""
    item: Item = {
        "account_id": request.account_id,
        "thing": _thing_map(request.thing),
        "reason": request.reason,
        "topic": request.topic,
        "first_asked_at": to_text(request.first_asked_at),
        "times": request.times,
        TTL_ATTRIBUTE: epoch_s(request.first_asked_at + REQUEST_LIFE),
    }
    if request.asked_at is not None:
        item["asked_at"] = to_text(request.asked_at)
    if request.case_id is not None:
        item["case_id"] = request.case_id
    if request.look_at is not None:
        item["look_at"] = to_text(request.look_at)
    if request.due_at is not None:
        item |= due_attributes(request.account_id, request.due_at)
    return item


def request_from(item: Mapping[str, Any]) -> FactsRequest:
    """The request in a stored item."""
    thing = item["thing"]
    version, times = thing.get("version"), int(item["times"])
    # A question that waited was stored with its next look as the time at which it was asked.
    look_at = item.get("look_at", item.get("asked_at") if times == 0 else None)
    return FactsRequest(
        account_id=item["account_id"],
        thing=Thing(ThingKind(thing["kind"]), thing.get("id"), None if version is None else int(version)),
        reason=item["reason"],
        topic=item["topic"],
        first_asked_at=from_text(item["first_asked_at"]),
        asked_at=from_text(item["asked_at"]) if times > 0 else None,
        times=times,
        case_id=item.get("case_id"),
        look_at=from_text(look_at) if look_at is not None else None,
    )


def _thing_map(thing: Thing) -> Item:
    named: Item = {"kind": thing.kind.value, "id": thing.thing_id, "version": thing.version}
    return {name: value for name, value in named.items() if value is not None}

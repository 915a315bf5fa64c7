"""The digest: what the scan found on an account within a period, told to its owner in one message.

A finding that its own transaction did not tell joins the digest of its account. The digest is due a period after its
first finding, outside quiet hours. Findings are then read again. Those that are withdrawn, judged, suppressed or
expired have left it, and an empty digest is not sent. The message waits in the outbox. Its findings are told when it
was handed to a carrier, which the digest looks up itself: so nothing is told that never went out.

`ACCOUNT#id / #DIGEST`: what is collected, with the time to send it; and what is on its way, with the time to look.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta, tzinfo
from enum import StrEnum
from functools import partial
from itertools import batched
from typing import Any, Final

from hotline.accounts.model import AccountStatus, Profile
from hotline.accounts.service import find_standing_point, profile_from, profile_key, send_to
from hotline.identity.service import Operation, require
from hotline.kit.change import Change
from hotline.kit.clock import from_text, to_text, zone_of
from hotline.kit.due import Done, Duty, due_attributes, is_due
from hotline.kit.logging import Event
from hotline.kit.outbox import entry_key
from hotline.kit.quiet_hours import end_of_hours, next_morning, quiet_until
from hotline.kit.store import Key, Store, account_of, hotline_key
from hotline.kit.store.condition import Item, equals
from hotline.lockout import service as lockout
from hotline.lockout.model import LockState, LockView

from .checkup import is_told
from .detectors import Stream
from .items import DENIED, as_read, named_finding_key, state_of
from .model import Finding, FindingState

DIGEST_PERIOD: Final = timedelta(days=1)
"""So long the findings of an account are collected from the first one on. OWASP ASVS 5.0, 6.3.5 wants them told, and
2.4.1 wants nobody to be flooded with messages."""
DIGEST_LIFE: Final = timedelta(days=7)
"""So long a finding may still go out in a digest. Older news helps nobody; check-up and desk have it."""
DIGEST_FINDINGS_MAX: Final = 80
"""Findings of one digest, which are told in one transaction of a hundred items. The others are told a period later."""
DIGEST_KEPT_MAX: Final = 5 * DIGEST_FINDINGS_MAX
"""Findings that wait for a digest. Those beyond are open all the same, and the check-up tells them."""
LOOK_AFTER: Final = timedelta(minutes=5)
"""How often the digest looks whether its message was handed over."""
DIGEST_MESSAGE: Final = "findings.digest"
"""The message of a digest."""
_NOT_YET: Final = frozenset({"too_late", "useless", "notice_limit"})
"""Reasons of a dropped message that are about its time. Any other is about the contact point."""
_DIGEST: Final = "#DIGEST"


@dataclass(frozen=True, slots=True)
class Sending:
    """A message that is on its way: its outbox entry, the findings that it is about, its contact point, and when to
    look at it."""

    entry_id: str
    finding_ids: tuple[str, ...]
    point: str
    look_at: datetime


@dataclass(frozen=True, slots=True)
class Digest:
    """The digest of an account. `finding_ids`: what is collected for the next message, to be sent at `send_at`, in the
    order in which it came. `opened_at`: nothing came before. `refused`: contact points that could not get it."""

    opened_at: datetime
    send_at: datetime
    finding_ids: tuple[str, ...] = ()
    refused: tuple[str, ...] = ()
    sending: Sending | None = None


def digest_key(account_id: str) -> Key:
    """The key of the digest of an account."""
    return hotline_key(f"ACCOUNT#{account_id}", _DIGEST)


def digest_item(account_id: str, digest: Digest) -> Item:
    """The stored form of a digest."""
    dates = [digest.send_at] if digest.finding_ids else []
    item: Item = {
        "opened_at": to_text(digest.opened_at),
        "send_at": to_text(digest.send_at),
        "finding_ids": list(digest.finding_ids),
        "refused": list(digest.refused),
    }
    if (sending := digest.sending) is not None:
        dates.append(sending.look_at)
        item["sending"] = {
            "entry_id": sending.entry_id,
            "finding_ids": list(sending.finding_ids),
            "point": sending.point,
            "look_at": to_text(sending.look_at),
        }
    return {**item, **due_attributes(account_id, min(dates))}


def digest_from(item: Mapping[str, Any]) -> Digest:
    """The digest in a stored item."""
    sending = item.get("sending")
    return Digest(
        opened_at=from_text(item["opened_at"]),
        send_at=from_text(item["send_at"]),
        finding_ids=tuple(item["finding_ids"]),
        refused=tuple(item["refused"]),
        sending=None
        if sending is None
        else Sending(
            sending["entry_id"], tuple(sending["finding_ids"]), sending["point"], from_text(sending["look_at"])
        ),
    )


def belongs(finding: Finding) -> bool:
    """Whether the owner is told of a finding in a digest, where its own transaction has not told them."""
    return finding.stream is Stream.ACCOUNT and is_told({"rule": finding.rule})


def contribute_collected(change: Change, read: Mapping[Key, Item], account_id: str, finding_ids: Iterable[str]) -> None:
    """Put findings that were raised into the digest of their account. Nothing where they are in it, or where it is
    full. `read` holds what exists of the digest and of the profile. At commit Stale."""
    key = digest_key(account_id)
    item = read.get(key)
    known = None if item is None else digest_from(item)
    collected = () if known is None else known.finding_ids
    together = tuple(dict.fromkeys((*collected, *finding_ids)))[:DIGEST_KEPT_MAX]
    if together == collected:
        return
    if known is None or not collected:
        zone = _zone_of(profile_from(read.get(profile_key(account_id))))
        at = change.now + DIGEST_PERIOD
        send_at = quiet_until(account_id, at, zone) or at
        # A message that is on its way may come back, with its age.
        known = Digest(change.now, send_at) if known is None else replace(known, send_at=send_at)
    change.replace(key, item, digest_item(account_id, replace(known, finding_ids=together)))


def digest_duty_at(key: Key) -> Duty | None:
    """The duty about the item at a key; None when that is no digest."""
    account_id = account_of(key)
    if account_id is None or key != digest_key(account_id):
        return None
    contribute = partial(contribute_due, account_id=account_id)
    return Duty(account_id, "digest", frozenset(), contribute, partial(look, account_id=account_id))


def look(store: Store, account_id: str) -> dict[Key, Item]:
    """The items to have before `contribute_due`. At most four reads."""
    key = digest_key(account_id)
    read = store.batch_get([key, profile_key(account_id)])
    if key not in read:
        return read
    digest = digest_from(read[key])
    sending = digest.sending
    ids = dict.fromkeys(
        (*digest.finding_ids[:DIGEST_FINDINGS_MAX], *(sending.finding_ids if sending is not None else ()))
    )
    keys = [named_finding_key(account_id, one) for one in ids]
    for chunk in batched(keys, DIGEST_FINDINGS_MAX, strict=False):
        read |= store.batch_get(list(chunk))
    if sending is not None and (entry := store.get(entry_key(sending.entry_id))) is not None:
        read[entry_key(sending.entry_id)] = entry
    return read


def contribute_due(change: Change, read: Mapping[Key, Item], account_id: str) -> tuple[Done, ...]:
    """Note what became of the message that was on its way, and send what is collected and due. Raises NeedProof for
    anybody but the hotline itself; at commit Stale."""
    key = digest_key(account_id)
    item = read.get(key)
    if item is None or not is_due(item, change.now):
        return ()
    require(change, Operation.TELL_FINDINGS)
    digest = digest_from(item)
    done: tuple[Done, ...] = ()
    if digest.sending is not None and digest.sending.look_at <= change.now:
        digest = _settle(change, read, account_id, digest, digest.sending)
    if digest.sending is None and digest.finding_ids and digest.send_at <= change.now:
        digest, done = _send(change, read, account_id, digest)
    elif digest.sending is not None and digest.finding_ids:
        # One message at a time: the next one waits until it is known what became of this one.
        digest = replace(digest, send_at=max(digest.send_at, digest.sending.look_at))
    if digest.sending is None and not digest.finding_ids:
        change.delete(key, condition=equals("rev", int(item["rev"])))
    else:
        change.replace(key, item, digest_item(account_id, digest))
    return done


def _settle(change: Change, read: Mapping[Key, Item], account_id: str, digest: Digest, sending: Sending) -> Digest:
    """Tell the findings of a message that was handed over; collect those of a dropped one again."""
    entry = read.get(entry_key(sending.entry_id))
    if entry is not None and "delivered_at" in entry:
        told = [one for one in _open_of(change, read, account_id, sending.finding_ids) if one not in digest.finding_ids]
        for finding_id in told:
            found = read[named_finding_key(account_id, finding_id)]
            state = {"state": FindingState.TOLD.value, "told_at": entry["delivered_at"]}
            change.update(named_finding_key(account_id, finding_id), set=state, condition=as_read(found))
        change.audit(account_id, "findings.told", count=len(told))
        return replace(digest, sending=None, refused=())
    if entry is not None and "dropped" not in entry:
        return replace(digest, sending=replace(sending, look_at=change.now + LOOK_AFTER))
    again = tuple(dict.fromkeys((*sending.finding_ids, *digest.finding_ids)))[:DIGEST_KEPT_MAX]
    back = replace(digest, sending=None, finding_ids=again)
    if entry is None or entry["dropped"] in _NOT_YET:
        zone = _zone_of(profile_from(read.get(profile_key(account_id))))
        return replace(back, send_at=next_morning(account_id, change.now, zone))
    return replace(back, send_at=change.now, refused=(*digest.refused, sending.point))


def _send(change: Change, read: Mapping[Key, Item], account_id: str, digest: Digest) -> tuple[Digest, tuple[Done, ...]]:
    """Send what is still open of what is collected, or set the time to try again."""
    now, rest = digest.finding_ids[:DIGEST_FINDINGS_MAX], digest.finding_ids[DIGEST_FINDINGS_MAX:]
    still = _open_of(change, read, account_id, now)
    profile = profile_from(read.get(profile_key(account_id)))
    zone = _zone_of(profile)
    if profile is not None and profile.status is AccountStatus.CLOSED:
        return replace(digest, finding_ids=()), ()
    every, still = (
        still,
        tuple(one for one in still if change.now - _joined_at(read, account_id, one, digest) < DIGEST_LIFE),
    )
    untold: tuple[Done, ...] = ()
    if len(still) < len(every):
        untold = (Done(Event.FINDINGS_UNTOLD, {"account_id": account_id, "count": len(every) - len(still)}),)
    at = change.now + DIGEST_PERIOD if still else change.now
    empty = replace(digest, finding_ids=rest, send_at=quiet_until(account_id, at, zone) or at)
    if not still:
        return empty, untold
    digest = replace(digest, finding_ids=(*still, *rest))
    if (morning := quiet_until(account_id, change.now, zone)) is not None:
        return replace(digest, send_at=morning), untold
    began = min(from_text(read[named_finding_key(account_id, one)]["window_start"]) for one in still)
    point = None if profile is None else find_standing_point(profile, began, change.now, without=digest.refused)
    if profile is None or point is None:
        # Facts of the account, or a contact point that stands, may come while the news is of use.
        return replace(digest, refused=(), send_at=next_morning(account_id, change.now, zone)), untold
    channel = send_to(change, profile, point, DIGEST_MESSAGE, {}, useless_after=end_of_hours(change.now, zone))
    entry_id = change.sent[-1].entry_id
    change.audit(account_id, "findings.digest_sent", count=len(still), channel=channel)
    on_its_way = Sending(entry_id, still, point.key, change.now + LOOK_AFTER)
    done = Done(Event.FINDINGS_SENT, {"account_id": account_id, "count": len(still)})
    return replace(empty, sending=on_its_way), (*untold, done)


def _joined_at(read: Mapping[Key, Item], account_id: str, finding_id: str, digest: Digest) -> datetime:
    """The time at which a finding joined the digest, as far as is known. One that was taken back and raised again is
    older than that."""
    return max(digest.opened_at, from_text(read[named_finding_key(account_id, finding_id)]["found_at"]))


class UnderWay(StrEnum):
    """The state of the freeze of an account whose owner, or an agent, has done something already. FREEZING: the wallet
    has not confirmed it."""

    FREEZING = "freezing"
    FROZEN = "frozen"


@dataclass(frozen=True, slots=True)
class News:
    """The things that a digest's message tells. `times`: when something was noticed, the oldest first. `under_way`: a
    freeze of the account that is in force or asked for, None without one."""

    times: tuple[datetime, ...]
    under_way: UnderWay | None


def find_news(store: Store, account_id: str, entry_id: str, now: datetime) -> News | None:
    """The news of a digest's message, from its findings that are still open. None where nothing is left to tell. Two
    reads, right before sending. Raises Unavailable."""
    key = digest_key(account_id)
    read = store.batch_get([key, *lockout.lock_keys(account_id)])
    sending = None if key not in read else digest_from(read[key]).sending
    if sending is None or sending.entry_id != entry_id:
        return None
    found = store.batch_get([named_finding_key(account_id, one) for one in sending.finding_ids])
    times = sorted(from_text(one["window_end"]) for one in found.values() if _is_news(one, now))
    return News(tuple(times), _find_under_way(lockout.view_from(read, account_id, now))) if times else None


def _find_under_way(view: LockView) -> UnderWay | None:
    if not any(one.state is LockState.FROZEN for one in view.components):
        return None
    return UnderWay.FREEZING if view.unconfirmed and view.state is LockState.FROZEN else UnderWay.FROZEN


def _is_news(item: Item, now: datetime) -> bool:
    """Whether nobody has told, judged or taken back a finding, and its owner has not spoken of it. An owner who has
    said that it was not them need not hear of it, and hears in the check-up that people will check it."""
    return state_of(item, now) is FindingState.OPEN and DENIED not in item


def _zone_of(profile: Profile | None) -> tzinfo:
    return zone_of(profile.time_zone if profile is not None else None)


def _open_of(change: Change, read: Mapping[Key, Item], account_id: str, finding_ids: Iterable[str]) -> tuple[str, ...]:
    """Those of the findings that are news."""
    found = ((one, read.get(named_finding_key(account_id, one))) for one in finding_ids)
    return tuple(one for one, item in found if item is not None and _is_news(item, change.now))

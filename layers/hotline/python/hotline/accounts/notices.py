"""Notices to an account's owner, in the transaction that makes them true. They go to every contact point, and to points
removed lately that were the account's for long enough."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import UTC, datetime

from hotline.contracts.model import PointKind
from hotline.kit.change import Change
from hotline.kit.outbox import Message

from . import changes, policy
from .model import Channel, ContactPoint, Profile

_EVER = datetime.min.replace(tzinfo=UTC)


def send_notice(
    change: Change,
    profile: Profile | None,
    message: str,
    facts: Mapping[str, object],
    *,
    to_repudiate: Mapping[str, object] | None = None,
) -> bool:
    """Add one message for each contact point that is told of a change on the account, see policy.recipients. Add no
    message when the hotline has no profile of it. Give whether anybody is told. `message` is a key of the catalogue in
    wording. `to_repudiate`: further facts for those who may say that it was not them."""
    if profile is None:
        return False
    recipients = policy.recipients(profile, change.now)
    for recipient in recipients:
        more = to_repudiate if to_repudiate is not None and recipient.may_repudiate else {}
        change.send(
            Message(
                entry_id=change.ids.new("out"),
                message=message,
                channel=recipient.channel,
                account_id=profile.account_id,
                point=recipient.point,
                language=recipient.language,
                facts={**facts, **more},
            )
        )
    return bool(recipients)


def has_somebody_to_repudiate(profile: Profile, now: datetime) -> bool:
    """Whether a notice of now goes to somebody who may say that it was not them."""
    return any(recipient.may_repudiate for recipient in policy.recipients(profile, now))


def find_private_point(profile: Profile) -> ContactPoint | None:
    """The contact point for what only the owner should get: a phone before an address, the one confirmed last. A point
    that others use too is none. Whether it has changed hands since is known when the message goes out."""
    own = [point for point in profile.live_points if not point.shared]
    phones = [point for point in own if point.kind is PointKind.PHONE]
    return max(phones or own, key=lambda point: point.confirmed_at or _EVER, default=None)


def find_standing_point(
    profile: Profile, began_at: datetime, now: datetime, *, without: Collection[str] = ()
) -> ContactPoint | None:
    """The contact point for news of what began at `began_at`, and may be the work of somebody who took the account
    over. None where no point is surely the owner's.

    It had stood by then, with its SIM, so nobody gave it to the account for the occasion. A present point comes before
    one that was removed in the last 30 days, and then one of the owner's alone before a shared one. A phone comes
    before an address, and the longest-standing first. `without`: keys of points that could not get the message.
    """
    known = [
        point
        for point in profile.points
        if point.key not in without
        and (point.live or _was_removed_lately(point, now))
        and changes.has_stood(profile, point, began_at)
        and (point.sim_changed_at is None or point.sim_changed_at + changes.SIM_CHANGE_WAIT <= began_at)
    ]
    return min(known, key=_rank, default=None)


def _was_removed_lately(point: ContactPoint, now: datetime) -> bool:
    at = point.removed_at
    return at is not None and point.given_up is None and now - at <= policy.NOTICE_AFTER_REMOVAL


def _rank(point: ContactPoint) -> tuple[bool, bool, bool, datetime]:
    return (not point.live, point.shared, point.kind is not PointKind.PHONE, point.stands_since or _EVER)


def send_text(change: Change, profile: Profile | None, message: str, facts: Mapping[str, object]) -> bool:
    """Add one text message to the account's phone, the one that was confirmed last; whether there is one to send to."""
    phones = [point for point in profile.live_points if point.kind is PointKind.PHONE] if profile is not None else []
    if profile is None or not phones:
        return False
    newest = max(phones, key=lambda point: (point.confirmed_at is not None, point.confirmed_at or change.now))
    send_to(change, profile, newest, message, facts)
    return True


def send_to(
    change: Change,
    profile: Profile,
    point: ContactPoint,
    message: str,
    facts: Mapping[str, object],
    *,
    useless_after: datetime | None = None,
) -> Channel:
    """Add one message to one contact point of the account; the channel by which it goes. `useless_after`: from then on
    it is not to go out any more."""
    channel: Channel = "sms" if point.kind is PointKind.PHONE else "email"
    change.send(
        Message(
            entry_id=change.ids.new("out"),
            message=message,
            channel=channel,
            account_id=profile.account_id,
            point=point.key,
            language=profile.language,
            facts=facts,
            useless_after=useless_after,
        )
    )
    return channel

"""A contact point that its owner does not have any more: two people ask the wallet to take it off the account.

The hotline changes no data of the wallet, and no new number or address passes through it. The decision names the point
by its kind and by when the wallet said that it was confirmed, so no personal value travels. The new point comes from
the customer, who adds it in the app. Like every other it stays too new to act for 72 hours (accounts.changes).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from hotline.accounts import service as accounts
from hotline.accounts.model import ContactPoint, Profile
from hotline.kit.change import Change
from hotline.kit.clock import to_text
from hotline.kit.errors import NotPossible
from hotline.kit.ids import derive_id
from hotline.kit.outbox import Decision
from hotline.kit.store import Key
from hotline.kit.store.condition import Item

from .gate import require
from .model import IdentityError, Operation, PointLoss, Subject
from .notices import send_repudiable

POINT_GONE_ASKED: Final = "contact.gone_asked"
"""The message to every contact point; the lost one gets it too, since its owner may still have it."""


def point_name(account_id: str, point: ContactPoint) -> str:
    """The name by which agents say which point they mean; it tells nothing of another account with the same point."""
    return derive_id("point", account_id, point.key)


def find_point(profile: Profile | None, name: str) -> ContactPoint:
    """The present contact point of this name. Raises NotPossible `no_such_point`."""
    points = profile.live_points if profile is not None else ()
    found = next((one for one in points if profile is not None and point_name(profile.account_id, one) == name), None)
    if found is None:
        raise NotPossible(IdentityError.NO_SUCH_POINT)
    return found


def point_subject(profile: Profile | None, name: str, loss: PointLoss) -> Subject:
    """The point as a second person is asked about it. Confirmed again it is another one. Raises NotPossible
    `no_such_point`."""
    point = find_point(profile, name)
    account_id = profile.account_id if profile is not None else "-"
    content: dict[str, str | int] = {"kind": point.kind.value, "loss": loss.value}
    return Subject(point_subject_name(account_id, name), version_of_point(point), content)


def point_subject_name(account_id: str, name: str) -> str:
    """The name of a contact point as the subject of an approval."""
    return f"point#{account_id}#{name}"


def version_of_point(point: ContactPoint) -> str:
    """The version of a present point: when it was confirmed, as the wallet says."""
    return to_text(point.confirmed_at) if point.confirmed_at is not None else "-"


def contribute_point_gone(
    change: Change, read: Mapping[Key, Item], account_id: str, name: str, loss: PointLoss, *, case_id: str
) -> ContactPoint:
    """Ask the wallet to take the point off the account, and tell every contact point, with the way to say that it was
    not them. `read` holds the profile.

    Raises NotPossible `no_such_point`, and `point_not_nameable` where the wallet confirmed two points of the kind at
    once. Raises NeedSecond; at commit too.
    """
    profile = accounts.profile_from(read.get(accounts.profile_key(account_id)))
    require(change, Operation.CONTACT_CHANGE, account_id, point_subject(profile, name, loss))
    point = find_nameable(profile, name)
    decision_id = change.ids.new("decision")
    data = {
        "kind": point.kind.value,
        "confirmed_at": version_of_point(point),
        "loss": loss.value,
        "requested_at": to_text(change.now),
        "case_id": case_id,
    }
    change.send(
        Decision(
            entry_id=change.ids.new("out"),
            type="account.contact_change_requested",
            account_id=account_id,
            data=data,
            decision_id=decision_id,
        )
    )
    told = {"decision_id": decision_id, "kind": point.kind.value, "loss": loss.value}
    change.audit(account_id, "account.contact_change_requested", **told)
    send_repudiable(change, profile, f"{POINT_GONE_ASKED}.{point.kind.value}")
    return point


def find_nameable(profile: Profile | None, name: str) -> ContactPoint:
    """The point, if kind and confirmation name it alone. Raises NotPossible `no_such_point`, `point_not_nameable`."""
    point = find_point(profile, name)
    points = profile.live_points if profile is not None else ()
    alike = [one for one in points if (one.kind, one.confirmed_at) == (point.kind, point.confirmed_at)]
    if len(alike) > 1:
        raise NotPossible(IdentityError.POINT_NOT_NAMEABLE)
    return point

"""Profiles as earlier versions stored them: with more contact points than one may hold now."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

from hotline.accounts import items
from hotline.accounts import service as accounts
from hotline.accounts.model import ContactPoint
from hotline.contracts.model import FactVersion, PointKind
from hotline.kit.clock import to_text
from hotline.kit.doors import Context
from hotline.kit.store import Put


def crowd(ctx: Context, account_id: str, values: list[str], *, since: datetime) -> None:
    """Add contact points to the stored account, confirmed one after the other from `since` on, whatever the bound."""
    key = accounts.profile_key(account_id)
    item = ctx.store.get(key)
    assert item is not None
    profile = items.profile_of(item)
    version = FactVersion(1, since, "fact")
    points = []
    for place, value in enumerate(values):
        at = since + timedelta(seconds=place)
        kind = PointKind.PHONE if value.startswith("+") else PointKind.EMAIL
        named = accounts.point_id(value, ctx.lookup_ring)
        points.append(ContactPoint(kind, value, named, confirmed_at=at, first_confirmed_at=at, told=version))
    owner = {"version": 1, "confirmed_at": to_text(since), "shared": False, "reassigned": False, "removed": False}
    puts = [Put(key, {**items.profile_item(replace(profile, points=(*profile.points, *points))), "rev": item["rev"]})]
    puts += [Put(accounts.point_key(point.key), {"owners": {account_id: owner}, "rev": 1}) for point in points]
    for place, put in enumerate(puts):
        ctx.store.transact([put], token=f"crowd-{account_id}-{place}")

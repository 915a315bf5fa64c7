"""The check-up of an account as its owner is told, from what is stored: one source for phone and API."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from hotline.accounts.model import Profile
from hotline.kit.store import Key, Store
from hotline.kit.store.condition import Item
from hotline.lockout import service as lockout

from .checkup import ToldMatter, list_matters
from .lists import list_confirmed_findings, list_told_findings
from .model import ToldFinding


@dataclass(frozen=True, slots=True)
class CheckUp:
    """The things that an owner is told. `found` and `confirmed` are None where nothing is told of findings."""

    matters: tuple[ToldMatter, ...]
    found: tuple[ToldFinding, ...] | None
    confirmed: tuple[ToldFinding, ...] | None


def check_up(
    store: Store,
    read: Mapping[Key, Item],
    account_id: str,
    now: datetime,
    *,
    profile: Profile | None,
    pin: bool,
    tells_findings: bool = True,
) -> CheckUp:
    """The matters of an account; reading needs proof (READ). `read` holds what exists of `lockout.lock_keys`. `pin`:
    there is a PIN for the hotline. `tells_findings`: whoever asks has proved a factor, since a thief with a session is
    not to learn that somebody has seen them. Without it no query; else those of
    `list_told_findings` and `list_confirmed_findings`, on an index that may lag by a moment."""
    found = list_told_findings(store, account_id, now) if tells_findings else None
    confirmed = list_confirmed_findings(store, account_id, now) if tells_findings else None
    opened_at = profile.opened_at if profile is not None else None
    matters = list_matters(
        found=found or (),
        confirmed=confirmed or (),
        view=lockout.view_from(read, account_id, now),
        profile=profile,
        new_devices=lockout.list_new_devices(read, account_id, opened_at, now),
        has_logins=bool(lockout.list_logins(read, account_id, now)),
        pin=pin,
        now=now,
    )
    return CheckUp(matters, found, confirmed)

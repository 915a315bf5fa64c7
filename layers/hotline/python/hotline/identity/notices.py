"""Notices that their readers may answer: that was not me. Their messages hold one token, see `repudiation`."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from hotline.accounts import service as accounts
from hotline.accounts.model import Profile
from hotline.kit.change import Change
from hotline.kit.clock import epoch_s, to_text
from hotline.kit.store import TTL_ATTRIBUTE, Key, hotline_key

from . import repudiation

REPUDIATION_LIFE: Final = timedelta(days=7)
"""For so long a notice may be answered with a freeze; who reads it later calls."""


def repudiation_key(repudiation_id: str) -> Key:
    """The key under which it is kept that a notice may be repudiated."""
    return hotline_key(f"REPUDIATION#{repudiation_id}", "NOTICE")


def send_repudiable(change: Change, profile: Profile | None, message: str, **facts: str) -> None:
    """Tell every contact point of the account, and keep for seven days that it was told. Tell nobody when the hotline
    has no profile of it. NIST SP 800-63B-4 4.6: all addresses, with the way to repudiate. Points that have not been the
    account's for long are told without the token. Somebody who has just added one must not freeze the account with
    it."""
    if profile is None:
        return
    if not accounts.has_somebody_to_repudiate(profile, change.now):
        accounts.send_notice(change, profile, message, facts)
        return
    repudiation_id = repudiation.new_id(change.ids)
    until = change.now + REPUDIATION_LIFE
    kept = {"repudiation_id": repudiation_id, "account_id": profile.account_id, "notice": message}
    kept |= {"told_at": to_text(change.now), "until": to_text(until)}
    change.create(repudiation_key(repudiation_id), {**kept, TTL_ATTRIBUTE: epoch_s(until)})
    accounts.send_notice(change, profile, message, facts, to_repudiate={"repudiation_id": repudiation_id})

"""Telling an account's owner, in the transaction that makes it true: every contact point, those just removed too."""

from __future__ import annotations

from collections.abc import Mapping

from hotline.kit.change import Change
from hotline.kit.outbox import Message

from . import policy
from .model import Profile


def send_notice(change: Change, profile: Profile | None, message: str, facts: Mapping[str, object]) -> None:
    """Add one message for each contact point that is told of what happens to the account, see policy.recipients; none
    when the hotline has no profile of it. `message` is a key of the catalogue in wording."""
    if profile is None:
        return
    for recipient in policy.recipients(profile, change.now):
        change.send(
            Message(
                entry_id=change.ids.new("out"),
                message=message,
                channel=recipient.channel,
                account_id=profile.account_id,
                point=recipient.point,
                language=recipient.language,
                facts=facts,
            )
        )

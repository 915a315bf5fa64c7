"""Telling the wallet about a refund, in the transaction that makes it true."""

from __future__ import annotations

from collections.abc import Mapping

from hotline.kit.change import Change
from hotline.kit.outbox import Decision
from hotline.payments.service import money_item

from .model import Refund


def send_decision(change: Change, refund: Refund, kind: str, own: Mapping[str, object], *, version: int) -> None:
    """Send a decision about the refund: which one, of which movement, how much, and what is `own` to its `kind`.
    `version` counts the decisions about this refund."""
    data = {
        "refund_id": refund.refund_id,
        "movement_id": refund.movement_id,
        "amount": money_item(refund.amount),
        **own,
    }
    change.send(
        Decision(
            entry_id=change.ids.new("out"),
            type=kind,
            account_id=refund.account_id,
            data=data,
            decision_id=change.ids.new("decision"),
            subject_version=version,
        )
    )

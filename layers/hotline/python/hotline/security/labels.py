"""The word of people that movements were fraud: a finding about money that somebody has confirmed. Pure.

Rows of the scan carry it, as they carry the word of the wallet. So it counts from the moment at which it comes, and
once for a movement, whoever else says the same.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any, Final

from hotline.kit.ids import derive_id
from hotline.kit.store import Put

from .activity import row_at
from .detectors import Stream
from .items import IS_SHORT, named_movements
from .model import Verdict
from .streams import LABEL_TYPE, Told

LABELLING_RULES: Final = frozenset({"reset_device_transfer", "drain", "card_testing", "velocity", "spend_anomaly"})
"""Rules about money that somebody else takes from an account. A confirmed finding of theirs says that the movements
that it names were fraud.

Others say something else. An owner who passes money on pays it, and a refund is no movement. A finding about a
recipient rests on labels already, and would raise its rule by itself.
"""


def label_rows(finding: Mapping[str, Any], verdict: Verdict, now: datetime, *, shards: int) -> Iterator[Put]:
    """The rows by which a verdict on a stored finding labels its movements: for the account, and for payees. A verdict
    makes rows only if it newly confirms a finding of LABELLING_RULES. A merchant gets none: it may have sold to a thief
    in good faith, and the wallet's own word may name it. Another verdict takes no label back: rules judge a label as of
    its moment."""
    known = finding.get("verdict")
    is_new = verdict is Verdict.CONFIRMED and known != verdict.value
    if not is_new or finding["rule"] not in LABELLING_RULES:
        return
    account_id: str = finding["subject"]
    for one in named_movements(finding):
        values = {"movement_id": one.name, IS_SHORT: 1}
        told = [Told(Stream.ACCOUNT, account_id, values, LABEL_TYPE)]
        if one.party:
            told.append(Told(Stream.PARTY, one.party, {**values, "account": account_id}, LABEL_TYPE))
        label_id = derive_id("label", finding["finding_id"], one.name)
        yield from (row_at(now, label_id, word, shards=shards) for word in told)

"""The word of people that movements were fraud: a finding about money that somebody has confirmed. Pure.

Rows of the scan carry it, as they carry the word of the wallet. So it counts from the moment at which it comes, and
once for a movement, whoever else says the same.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any, Final

from hotline.kit.clock import to_text
from hotline.kit.ids import derive_id
from hotline.kit.store import Put
from hotline.kit.store.condition import Item

from .activity import row_at
from .activity_rows import IS_SHORT
from .detectors import Stream
from .detectors.history import BY_PEOPLE
from .detectors.rule import EVIDENCE_MAX
from .items import LABELLED, LABELLED_AT, labelled_movements, labelled_part, named_movements
from .model import NamedMovement, Verdict
from .streams import LABEL_TYPE, RETRACTION_TYPE, Told

LABELLING_RULES: Final = frozenset({"reset_device_transfer", "drain", "card_testing", "velocity", "spend_anomaly"})
"""Rules about money that somebody else takes from an account. A confirmed finding of theirs says that the movements
that it names were fraud.

Others say something else. An owner who passes money on pays it, and a refund is no movement. A finding about a
recipient rests on labels already, and would raise its rule by itself.
"""
LABELLED_MAX: Final = 2 * EVIDENCE_MAX
"""So many movements have labels by one finding. A word that takes them back writes two rows for each, and a transaction
has room for a hundred items."""


def label_rows(
    finding: Mapping[str, Any], verdict: Verdict, judged_at: datetime, *, written_at: datetime, shards: int
) -> Iterator[Put]:
    """The rows by which a verdict on a stored finding labels its movements: for the account, and for payees. A verdict
    makes rows only if it confirms a finding of LABELLING_RULES, or takes that back. Confirmed again, a finding labels
    what it has named since. Nobody had said that this was fraud: it may be the owner's own, after a hold that was
    released. Taken back, it ends the labels that were given, whatever it names by then. A merchant gets none: it
    may have sold to a thief in good faith, and the wallet's own word may name it. A label counts from `judged_at` on,
    and so does its end. No two words on a finding have one `judged_at`. `written_at`: the clock at the write."""
    if finding["rule"] not in LABELLING_RULES:
        return
    is_ = verdict is Verdict.CONFIRMED
    type_ = LABEL_TYPE if is_ else RETRACTION_TYPE
    account_id: str = finding["subject"]
    for one in _find_new(finding) if is_ else _find_given(finding):
        values = {"movement_id": one.name, IS_SHORT: 1, BY_PEOPLE: 1}
        told = [Told(Stream.ACCOUNT, account_id, values, type_)]
        if one.party:
            told.append(Told(Stream.PARTY, one.party, {**values, "account": account_id}, type_))
        # An event of one id is known again within a day, in which a person may change their mind twice.
        label_id = derive_id("label", finding["finding_id"], one.name, type_, to_text(judged_at))
        yield from (row_at(written_at, label_id, word, judged_at, shards=shards) for word in told)


def labelled_change(finding: Mapping[str, Any], verdict: Verdict, judged_at: datetime) -> tuple[Item, tuple[str, ...]]:
    """The attributes that a verdict on a stored finding sets so that its labels can be taken back, and those that it
    removes. A finding keeps what it labelled, at most LABELLED_MAX movements: later events correct what it names. Each
    confirmation says that it is still so, for a release that does not know these attributes may judge in between."""
    if finding["rule"] not in LABELLING_RULES:
        return {}, ()
    if verdict is not Verdict.CONFIRMED:
        return {}, (LABELLED, LABELLED_AT)
    return labelled_part((*_find_given(finding), *_find_new(finding)), judged_at), ()


def _find_given(finding: Mapping[str, Any]) -> tuple[NamedMovement, ...]:
    """The movements that have labels by the word that stands."""
    return labelled_movements(finding) if finding.get("verdict") == Verdict.CONFIRMED.value else ()


def _find_new(finding: Mapping[str, Any]) -> tuple[NamedMovement, ...]:
    """The movements that a confirmation labels."""
    given = _find_given(finding)
    return tuple(one for one in named_movements(finding) if one not in given)[: max(0, LABELLED_MAX - len(given))]

"""The six digits by which a customer and a person name a case: said on the phone, sent by text, keyed in by an agent.

A reference is drawn at random and reserved in the transaction that opens the case, on condition that no other case has
it. So nobody can have two cases for one reference. The reservation lasts REFERENCE_LIFE from the case's last renewal,
so that numbers come back while old cases are kept. With 20,000 cases in that time, two draws in a hundred meet a taken
number. The transaction is then stale, and the caller's next attempt, of three, draws again. Pure.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, Final

from hotline.kit.clock import epoch_s
from hotline.kit.ids import IdSource
from hotline.kit.store import TTL_ATTRIBUTE, Key, hotline_key
from hotline.kit.store.condition import Compare, Condition, Missing, any_of

REFERENCE_DIGITS: Final = 6
"""Two groups of three, as much as people hold in mind while they look for a pen."""
REFERENCES: Final = 10**REFERENCE_DIGITS
REFERENCE_LIFE: Final = timedelta(days=90)
"""How long a reference names its case: longer than a card dispute's first answer, 45 days (Regulation E, 1005.11)."""
RENEWED_WITHIN: Final = timedelta(days=45)
"""An addition to the case renews a reference that ends within this time, so that few additions write it."""


def draw(ids: IdSource) -> str:
    """A reference at random: six digits, which may begin with zeros."""
    return f"{int(ids.new('reference')[-32:], 16) % REFERENCES:0{REFERENCE_DIGITS}d}"


def is_reference(text: str) -> bool:
    """Whether the text is six digits."""
    return len(text) == REFERENCE_DIGITS and text.isascii() and text.isdigit()


def reference_key(reference: str) -> Key:
    """The key under which the case that a reference names is noted."""
    return hotline_key(f"CASEREF#{reference}", "CASE")


def reference_item(case_id: str, until: datetime) -> dict[str, Any]:
    """The reservation that names the case, until then."""
    return {"case_id": case_id, TTL_ATTRIBUTE: epoch_s(until)}


def free(now: datetime) -> Condition:
    """No case has the reference: DynamoDB may keep an item for two days after its end."""
    return any_of(Missing("case_id"), Compare(TTL_ATTRIBUTE, "<", epoch_s(now)))

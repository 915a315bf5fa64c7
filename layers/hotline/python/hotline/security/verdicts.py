"""The word of a person on a finding. It tells whether the rule was right; the finding asks for attention no more."""

from __future__ import annotations

from collections.abc import Mapping

from hotline.identity.service import Operation, require
from hotline.kit.change import Change
from hotline.kit.clock import to_text
from hotline.kit.errors import NotPossible
from hotline.kit.store import Key
from hotline.kit.store.condition import Item, Missing, equals

from .items import ATTENTION, named_finding_key
from .model import STATE_BY_VERDICT, SecurityError, Verdict


def verdict_keys(account_id: str, finding_id: str) -> tuple[Key, ...]:
    """The keys to read before `contribute_verdict`."""
    return (named_finding_key(account_id, finding_id),)


def contribute_verdict(
    change: Change, read: Mapping[Key, Item], account_id: str, finding_id: str, verdict: Verdict, *, judged_by: str
) -> None:
    """Note the verdict; a later one takes its place. It lifts no hold. Raises NotPossible `no_such_finding`; at commit
    Stale when somebody else judged meanwhile."""
    require(change, Operation.JUDGE_FINDING, account_id)
    key = named_finding_key(account_id, finding_id)
    if key not in read:
        raise NotPossible(SecurityError.NO_SUCH_FINDING)
    known = read[key].get("judged_at")
    condition = Missing("judged_at") if known is None else equals("judged_at", known)
    judged = {"verdict": verdict.value, "judged_by": judged_by, "judged_at": to_text(change.now)}
    judged["state"] = STATE_BY_VERDICT[verdict].value
    change.update(key, set=judged, remove=ATTENTION, condition=condition)
    change.audit(account_id, "finding.judged", finding_id=finding_id, verdict=verdict.value)

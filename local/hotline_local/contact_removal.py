"""The reference wallet's answer to a request that a contact point be taken off an account.

The request names no number and no address, only the kind of the point and when it was confirmed. So the wallet looks it
up among the points that it has told, and answers with the fact that it is gone.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from hotline.contracts.decisions import ContactChangeRequested, parse_decision
from hotline.contracts.model import (
    VERSION_SUFFIX,
    AccountClosed,
    AccountDescribed,
    ContactPointChanged,
    FactData,
    PointKind,
)
from hotline.contracts.schemas import parse
from hotline.kit.clock import to_text
from hotline.kit.errors import InvalidInput

TYPE: Final = "contact_point.changed"
NOT_THEIRS: Final = "not_theirs"
"""The loss of a point that has another owner now."""

type Fact = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class _Point:
    kind: PointKind
    value: str
    confirmed_at: datetime


def answer_removal(decision_event: Mapping[str, Any], told: Iterable[Fact], now: datetime) -> list[dict[str, Any]]:
    """The fact by which the wallet answers; `told` are all facts about accounts that it has told. The same request gets
    the same fact again, also once the point is gone.

    There is no fact for any other decision, and none where a real wallet refuses. The account is closed or not known;
    the point is gone, or was confirmed again since; or kind and time name more than one point.
    """
    try:
        decision = parse_decision(decision_event)
    except InvalidInput:
        return []
    asked = decision.data
    if not isinstance(asked, ContactChangeRequested):
        return []
    facts = sorted((fact for fact in told if fact["subject"] == decision.subject), key=_version_of)
    fact_id = f"ack-{asked.decision_id}"
    before = [dict(fact) for fact in facts if fact["id"] == fact_id]
    if before:
        return before[:1]
    named = [
        one
        for one in _fold_points(parse(fact).data for fact in facts)
        if (one.kind.value, one.confirmed_at) == (asked.kind, asked.confirmed_at)
    ]
    if len(named) != 1:
        return []
    data = {
        "version": _version_of(facts[-1]) + 1,
        "kind": asked.kind,
        "old": named[0].value,
        "confirmed_at": to_text(now),
        "reassigned": asked.loss == NOT_THEIRS,
    }
    fact = {"specversion": "1.0", "id": fact_id, "source": "wallet", "type": TYPE + VERSION_SUFFIX}
    return [fact | {"time": to_text(now), "subject": decision.subject, "data": data}]


def _version_of(fact: Fact) -> int:
    return int(fact["data"].get("version", 0))


def _fold_points(described: Iterable[FactData]) -> tuple[_Point, ...]:
    """The account's points by the facts about it, in the order of their versions; none of a closed account."""
    points: dict[str, _Point] = {}
    for data in described:
        match data:
            case AccountDescribed():
                points = {one.value: _Point(one.kind, one.value, one.confirmed_at) for one in data.contact_points}
            case ContactPointChanged():
                if data.old is not None:
                    points.pop(data.old, None)
                if data.new is not None:
                    points[data.new] = _Point(data.kind, data.new, data.confirmed_at)
            case AccountClosed():
                return ()
            case _:
                pass
    return tuple(points.values())

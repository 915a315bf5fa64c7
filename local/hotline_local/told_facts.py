"""The facts that a wallet has told, so that it can tell them again when the hotline asks."""

from collections.abc import Iterable, Mapping
from typing import Any, Final

from hotline.contracts.decisions import FactsRequested, parse_decision
from hotline.kit.errors import InvalidInput

_NAMED: Final = {"refund_id": "refund", "movement_id": "movement", "bill_id": "bill"}
"""The field of a fact that names its thing -> the kind of thing. A refund's facts name the movement, too."""
_FUNDS: Final = "funds.balance_changed.v1"
_DESCRIBED: Final = ("account.opened.v1", "account.updated.v1")
type Fact = Mapping[str, Any]
type _Thing = tuple[str, str, str | None]


class ToldFacts:
    """The newest fact about each thing, by account, kind and id."""

    def __init__(self) -> None:
        self._newest: dict[_Thing, Fact] = {}

    def remember(self, facts: Iterable[Fact]) -> None:
        """Note CloudEvents objects that were told, in their order; the later of one version stands."""
        for fact in facts:
            thing = _thing_of(fact)
            if thing is not None and _version(fact) >= _version(self._newest.get(thing)):
                self._newest[thing] = fact

    def find(self, decision_event: Mapping[str, Any]) -> list[dict[str, Any]]:
        """The facts that a decision asks for, as they were told; none for any other decision."""
        try:
            decision = parse_decision(decision_event)
        except InvalidInput:
            return []
        if not isinstance(decision.data, FactsRequested):
            return []
        found = (self._newest.get((decision.subject, asked.kind, asked.id)) for asked in decision.data.about)
        return [dict(fact) for fact in found if fact is not None]


def _thing_of(fact: Fact) -> _Thing | None:
    subject, kind, data = str(fact["subject"]), str(fact["type"]), fact["data"]
    if kind == _FUNDS:
        return subject, "funds", None
    if kind in _DESCRIBED:
        return subject, "account", None
    return next(((subject, thing, str(data[name])) for name, thing in _NAMED.items() if name in data), None)


def _version(fact: Fact | None) -> int:
    return int(fact["data"].get("version", 0)) if fact is not None else 0

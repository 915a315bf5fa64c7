"""The facts that a wallet has told, so that it can tell them again when the hotline asks."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, date, datetime
from typing import Any, Final

from hotline.contracts.decisions import FactsRequested, ThingAsked, parse_decision
from hotline.contracts.schemas import parse
from hotline.kit.clock import from_text
from hotline.kit.errors import InvalidInput
from hotline_local.digests import Known, digest_of_range

_ERASED: Final = "account.erased.v1"
_FUNDS: Final = "funds.balance_changed.v1"
_OF_THE_ACCOUNT: Final = ("account.", "contact_point.", "sim.", "two_step.")
"""How the types begin whose version is the account's. Each of these facts adds something, so that all are kept."""
DRIFT: Final = "drift"
"""The reason of a request that a digest has led to."""
type Fact = Mapping[str, Any]
type _Group = tuple[str, str]


class ToldFacts:
    """The newest fact about each thing, by account and kind; of the account itself all facts."""

    def __init__(self) -> None:
        self._newest: dict[_Group, dict[str, Fact]] = defaultdict(dict)

    def __iter__(self) -> Iterator[Fact]:
        """The facts, account by account."""
        for group in sorted(self._newest):
            yield from self._newest[group].values()

    def remember(self, facts: Iterable[Fact]) -> None:
        """Note CloudEvents objects that were told, in their order; the later of one version stands."""
        for fact in facts:
            account_id = str(fact["subject"])
            if fact["type"] == _ERASED:
                self._newest = defaultdict(
                    dict, {key: kept for key, kept in self._newest.items() if key[0] != account_id}
                )
                continue
            kind, name = _thing_of(fact)
            if kind is None:
                continue
            known = self._newest[account_id, kind]
            if name not in known or _version(fact) >= _version(known[name]):
                known[name] = fact

    def find(self, decision_event: Mapping[str, Any]) -> list[dict[str, Any]]:
        """The facts that a decision asks for, as they were told; none for any other decision."""
        request = _request_in(decision_event)
        if request is None:
            return []
        account_id, asked = request
        return [dict(fact) for thing in asked.about for fact in self._about(account_id, thing)]

    def _about(self, account_id: str, thing: ThingAsked) -> Iterator[Fact]:
        if thing.kind == "range":
            name, _, day = (thing.id or "").partition("=")
            kind = name.removesuffix("s")
            yield from (
                fact
                for fact in self._newest[account_id, kind].values()
                if _day_of(kind, fact) >= date.fromisoformat(day)
            )
            return
        for name, fact in self._newest[account_id, thing.kind].items():
            # A bill has a name for each date that it is due on.
            if thing.id is None or name.partition("/")[0] == thing.id:
                yield fact

    def list_of_accounts(self) -> Iterator[Fact]:
        """The facts about accounts themselves, and not about their money."""
        for (_, kind), facts in self._newest.items():
            if kind == "account":
                yield from facts.values()

    def tell_digest(self, account_id: str, *, since: datetime, as_of: datetime) -> dict[str, Any]:
        """The digest of one account by all that is remembered of it, as a CloudEvents object."""
        known = Known()
        for group, facts in self._newest.items():
            if group[0] == account_id:
                for fact in facts.values():
                    known.hear(parse(fact))
        return digest_of_range(account_id, [known.tell(account_id, since)], since=since, as_of=as_of)


def find_drift(decision_event: Mapping[str, Any]) -> tuple[str, datetime | None] | None:
    """The account of a decision's request that a digest has led to, and the time since when its lists are compared. No
    time where only the account or its funds differ. None for any other decision."""
    request = _request_in(decision_event)
    if request is None or request[1].reason != DRIFT:
        return None
    days = [date.fromisoformat(str(one.id).partition("=")[2]) for one in request[1].about if one.kind == "range"]
    since = min(days, default=None)
    return request[0], datetime(since.year, since.month, since.day, tzinfo=UTC) if since is not None else None


def _request_in(decision_event: Mapping[str, Any]) -> tuple[str, FactsRequested] | None:
    """The account and the request of a decision that asks for facts."""
    try:
        decision = parse_decision(decision_event)
    except InvalidInput:
        return None
    return (decision.subject, decision.data) if isinstance(decision.data, FactsRequested) else None


def _thing_of(fact: Fact) -> tuple[str | None, str]:
    """The kind of thing that a fact is about and its name among those of its account; no kind for other facts."""
    type_name, data = str(fact["type"]), fact["data"]
    if type_name == _FUNDS:
        return "funds", ""
    if type_name.startswith(_OF_THE_ACCOUNT):
        return "account", str(fact["id"])
    if "refund_id" in data:
        return "refund", str(data["refund_id"])
    if "bill_id" in data:
        return "bill", f"{data['bill_id']}/{data['due_on']}"
    # A fact about fraud names a payment, too, and does not tell of it.
    if "movement_id" in data and "version" in data:
        return "movement", str(data["movement_id"])
    return None, ""


def _day_of(kind: str, fact: Fact) -> date:
    """The day by which a fact belongs to a span: a bill's due date, or the UTC day of a payment or a refund's fact."""
    match kind:
        case "bill":
            return date.fromisoformat(fact["data"]["due_on"])
        case "movement":
            return from_text(fact["data"]["initiated_at"]).date()
        case _:
            return from_text(fact["time"]).date()


def _version(fact: Fact) -> int:
    return int(fact["data"].get("version", 0))

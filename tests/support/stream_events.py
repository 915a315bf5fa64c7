"""Facts of the wallet as events of the scan's streams, with open ids in the place of keyed hashes; of money alone."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from typing import Any, Final

from hotline.security.detectors import Event, Hit, Stream
from hotline.security.detectors.history import OUTWARD_KINDS
from hotline.security.fold import Fold
from hotline.security.rules import Rule, RuleSet
from hotline.security.score import Risk

type Fact = Mapping[str, Any]
type Told = tuple[Stream, str, Event]

_KINDS: Final = OUTWARD_KINDS | {"top_up"}


def streams_of(fact: Fact) -> Iterator[Told]:
    """Each stream that a fact is in: stream, subject, event."""
    id_, account, data = fact["id"], fact["subject"], fact["data"]
    type_ = fact["type"].removesuffix(".v1")
    at_ms = round(datetime.fromisoformat(fact["time"]).timestamp() * 1000)
    kind, _, status = type_.partition(".")
    if type_ == "funds.balance_changed":
        balance = data["balance"]
        values = {"currency": balance["currency"], "balance_minor": balance["minor"]}
        yield Stream.ACCOUNT, account, Event(id_, at_ms, type_, values)
    elif type_ == "transaction.confirmed_fraud":
        movement = {"movement_id": data["movement_id"]}
        type_ = "transaction.fraud_retracted" if data.get("retracted") else type_
        yield Stream.ACCOUNT, account, Event(id_, at_ms, type_, movement)
        party = data.get("merchant_id") or data.get("counterparty")
        if party is not None:
            yield Stream.PARTY, party, Event(id_, at_ms, type_, {**movement, "account": account})
    elif kind not in _KINDS:
        yield Stream.ACCOUNT, account, Event(id_, at_ms, type_, {})
    else:
        values = {"kind": kind, "status": status, "movement_id": data["movement_id"], "version": data["version"]}
        values |= {"amount_minor": data["amount"]["minor"], "currency": data["amount"]["currency"]}
        party = data["merchant"]["id"] if "merchant" in data else data.get("counterparty_account")
        party = party or data.get("counterparty")
        own = values if party is None else {**values, "party": party}
        if "balance_after_minor" in data:
            own = {**own, "balance_after_minor": data["balance_after_minor"]}
        yield Stream.ACCOUNT, account, Event(id_, at_ms, type_, own)
        if party is not None and kind in OUTWARD_KINDS:
            yield Stream.PARTY, party, Event(id_, at_ms, type_, {**values, "party": account, "account": account})
        other = data.get("counterparty_account")
        if kind == "transfer" and other is not None:
            received = {**values, "direction": "in", "party": account}
            yield Stream.ACCOUNT, other, Event(id_, at_ms, type_, received)


class Judged:
    """The sight of a set of rules on facts in the order of their times. It has the risk of each movement that left, and
    the hits that stand, by rule and subject."""

    def __init__(self, rules: RuleSet) -> None:
        self._rules = rules
        self._folds: dict[tuple[Stream, str], Fold] = {}
        self.risks: dict[str, Risk] = {}
        self.hits: dict[tuple[str, str, int], tuple[Rule, Hit]] = {}

    def take(self, facts: Iterable[Fact]) -> Judged:
        """Take in facts."""
        for fact in facts:
            for stream, subject, event in streams_of(fact):
                fold = self._folds.get((stream, subject))
                if fold is None:
                    fold = self._folds[stream, subject] = Fold(self._rules.plans[stream])
                self.take_event(fold, subject, event)
        return self

    def take_event(self, fold: Fold, subject: str, event: Event) -> None:
        """Take in one event of a subject."""
        for rule, hit in fold.take(event):
            key = (rule.detector.rule, subject, hit.started_ms)
            if hit.withdrawn:
                self.hits.pop(key, None)
            else:
                self.hits[key] = (rule, hit)
        if fold.risk is not None:
            movement_id = event.values["movement_id"]
            known = self.risks.get(movement_id)
            self.risks[movement_id] = fold.risk if known is None else add_risks(known, fold.risk)

    def events_found(self, *names: str) -> set[str]:
        """The ids of the events that the hits of these rules name."""
        return {id_ for (name, _, _), (_, hit) in self.hits.items() if name in names for id_ in hit.event_ids}


def add_risks(one: Risk, other: Risk) -> Risk:
    """Both parts of one movement: the account's and the party's."""
    return Risk(*(mine + theirs for mine, theirs in zip(one, other, strict=True)))


def average_precision(scores: Mapping[str, float], frauds: set[str]) -> float:
    """The average precision of a ranking of movements, with ties counted against it: of equal scores honest ones come
    first."""
    found, total = 0, 0.0
    ranking = sorted(scores, key=lambda movement: (-scores[movement], movement in frauds))
    for place, movement in enumerate(ranking, start=1):
        if movement in frauds:
            found += 1
            total += found / place
    return total / max(1, sum(1 for movement in scores if movement in frauds))


def daily_precision(
    scores: Mapping[str, float], frauds: set[str], day_of: Mapping[str, int], account_of: Mapping[str, str], top: int
) -> float:
    """The mean over days of the share of accounts with a fraud that day among the `top` accounts of it. An account
    ranks by its riskiest movement of the day."""
    days: dict[int, dict[str, tuple[float, bool]]] = {}
    for movement, score in scores.items():
        ranks = days.setdefault(day_of[movement], {})
        known = ranks.get(account_of[movement], (-1.0, False))
        ranks[account_of[movement]] = (max(known[0], score), known[1] or movement in frauds)
    shares = []
    for ranks in days.values():
        riskiest = sorted(ranks.values(), key=lambda rank: (-rank[0], rank[1]))[:top]
        shares.append(sum(is_bad for _, is_bad in riskiest) / top)
    return sum(shares) / len(shares)

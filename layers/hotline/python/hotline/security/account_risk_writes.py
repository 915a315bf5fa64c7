"""Writing the risk of an account: by the scan where its band changes, and by a person's word on a finding."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from hotline.accounts.service import RiskBand, risk_key
from hotline.identity.service import Operation, require
from hotline.kit.change import Change
from hotline.kit.store import Key
from hotline.kit.store.condition import Item

from .account_risk import (
    Evidence,
    Outlook,
    collect_evidence,
    evidence_from,
    marks_of,
    must_write,
    outlook_from,
    stored_risk,
    with_verdicts,
)
from .detectors import Stream
from .fold import Fold
from .items import named_finding_key, state_of
from .model import FindingState, Verdict
from .rules import RuleSet

REMEMBERED: Final = "risk"
"""The attribute of a watch that says what was found last, so that nobody reads the stored risk in vain."""


@dataclass(frozen=True, slots=True)
class RiskWrite:
    """A risk to be written in the place of the one that was read."""

    key: Key
    known: Item | None
    item: Item


class RiskOutlook:
    """The risk of one account after a run has judged its events. `stored`: its watch as it was read."""

    def __init__(self, rules: RuleSet, subject: str, fold: Fold, stored: Item | None, now: datetime) -> None:
        self._rules, self._subject, self._fold, self._now = rules, subject, fold, now
        self._plan = rules.plans[Stream.ACCOUNT]
        self._remembered = _outlook_in(stored)
        self._found = Outlook.of(self._collect(None), rules.bands, now)
        self._is_other = must_write(self._remembered, self._found, now)

    def to_remember(self) -> Item:
        """The attribute of the watch, before anybody's word on a finding; none for an account at low risk."""
        kept = self._found if self._is_other else self._remembered
        return (
            {} if kept.band(self._now) is RiskBand.LOW else {REMEMBERED: [kept.as_of_ms, kept.high_ms, kept.raised_ms]}
        )

    def must_look(self, *, found_something: bool) -> bool:
        """Whether the stored risk may have to change. `found_something`: a finding was raised, corrected or taken back,
        so that other evidence speaks for the same band."""
        bands = (self._found.band(self._now), self._remembered.band(self._now))
        return self._is_other or (found_something and bands != (RiskBand.LOW, RiskBand.LOW))

    def keys(self) -> tuple[Key, ...]:
        """The keys to read before `find_write`: the stored risk, and the findings that count."""
        return (risk_key(self._subject), *self._finding_keys().values())

    def find_write(self, read: Mapping[Key, Item], suppressed: Mapping[str, bool] | None = None) -> RiskWrite | None:
        """The risk to write, by people's words on the findings; None where the stored one stands. `read` holds what
        exists of `keys`. `suppressed`: by the ids of findings that are raised or suppressed now, whether they are
        suppressed."""
        key = risk_key(self._subject)
        known = read.get(key)
        stored = {one: read[place] for one, place in self._finding_keys().items() if place in read}
        hidden = {one: self._is_suppressed(item) for one, item in stored.items()} | dict(suppressed or {})
        # A false alarm is resolved, and so not suppressed.
        said = hidden | {one: True for one, item in stored.items() if _is_false_alarm(item)}
        evidence = with_verdicts(self._collect(known), said)
        found, before = Outlook.of(evidence, self._rules.bands, self._now), outlook_from(known)
        is_low = (found.band(self._now), before.band(self._now)) == (RiskBand.LOW, RiskBand.LOW)
        # A low risk is written for a finding that is suppressed: a person's word may let that count later.
        is_low = is_low and not any(hidden.get(one, False) for one in marks_of(evidence))
        other_evidence = marks_of(evidence) != marks_of(evidence_from(known))
        if not must_write(before, found, self._now) and (is_low or not other_evidence):
            return None
        return RiskWrite(key, known, stored_risk(evidence, self._rules.bands, self._now))

    def _is_suppressed(self, finding: Item) -> bool:
        return state_of(finding, self._now) is FindingState.SUPPRESSED

    def _finding_keys(self) -> dict[str, Key]:
        named = sorted(marks_of(self._collect(None)))
        return {finding_id: named_finding_key(self._subject, finding_id) for finding_id in named}

    def _collect(self, known: Item | None) -> tuple[Evidence, ...]:
        return collect_evidence(self._fold, self._plan, self._subject, self._now, known)


def contribute_judged_risk(
    change: Change, read: Mapping[Key, Item], account_id: str, finding_id: str, rules: RuleSet, *, speaks: bool
) -> None:
    """Let a person's word on a finding change the account's risk. `speaks`: the finding counts, as it does by any word
    but a false alarm. `read` holds what exists of the account's `risk_key`."""
    require(change, Operation.JUDGE_FINDING, account_id)
    key = risk_key(account_id)
    known = read.get(key)
    evidence = evidence_from(known)
    judged = with_verdicts(evidence, {finding_id: not speaks})
    if judged != evidence:
        change.replace(key, known, stored_risk(judged, rules.bands, change.now))


def _is_false_alarm(finding: Item) -> bool:
    return bool(finding.get("verdict") == Verdict.FALSE_ALARM.value)


def _outlook_in(stored: Item | None) -> Outlook:
    numbers = (stored or {}).get(REMEMBERED, ())
    return Outlook(*(int(number) for number in numbers))

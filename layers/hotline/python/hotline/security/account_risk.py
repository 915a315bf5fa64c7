"""The risk of an account from what the scan knows of it, and when it is written. Pure.

An account is as risky as the worst thing that speaks against it. That is a movement with its parts (score), a finding,
or frauds that were confirmed on it. Each fades by half in a time of its own. So the band at any later moment follows
from the evidence, and a risk that fades is not written again.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Final

from hotline.accounts.service import RISK_LIFE, AccountRisk, RiskBand, risk_from, risk_item
from hotline.kit.clock import to_text
from hotline.kit.store.condition import Item

from .activity_rows import instant_of_ms, to_ms
from .detectors.history import RECORD_HALF_LIFE_MS
from .fold import Fold
from .rules import Bands, Plan
from .score import RISK_MAX, Risk, Weights

RISK_VERSION: Final = 1
"""The form of the score. Another form is another number, so that nobody compares the two."""
SLACK: Final = timedelta(hours=12)
"""A band that would end so much earlier or later than was written is written anew."""
EVIDENCE_MAX: Final = 8
"""So many things are kept as evidence, the gravest first."""
NOT_KNOWN: Final = "movement"
"""The part of a movement of which the single parts are not known any more."""
_TENTHS: Final = 10
_LIFE_MS: Final = RISK_LIFE // timedelta(milliseconds=1)
_SLACK_MS: Final = SLACK // timedelta(milliseconds=1)


@dataclass(frozen=True, slots=True)
class Evidence:
    """One thing that speaks against an account. `parts`: its points by the names of parts. They fade from `at_ms` on by
    half in `half_life_ms`. `finding_id`: the finding that gives the part `findings`. `dismissed`: a person has called
    this finding a false alarm, so its part does not count."""

    parts: Mapping[str, float]
    at_ms: int
    half_life_ms: int
    finding_id: str | None = None
    dismissed: bool = False

    @property
    def counted(self) -> Mapping[str, float]:
        """The parts that count."""
        return {name: points for name, points in self.parts.items() if not (self.dismissed and name == "findings")}

    @property
    def points(self) -> float:
        """From 0 to RISK_MAX, at `at_ms`."""
        return min(RISK_MAX, sum(self.counted.values()))

    def fade(self, points: float, now_ms: int) -> float:
        """The rest of points at a moment."""
        return points * math.exp2(min(0, self.at_ms - now_ms) / self.half_life_ms)

    def ends_ms(self, points: float) -> int:
        """The moment from which it is below so many points; 0 when it never had them."""
        own = self.points
        return 0 if own < points else self.at_ms + math.floor(self.half_life_ms * math.log2(own / points))


@dataclass(frozen=True, slots=True)
class Outlook:
    """Until when an account is at high and at raised risk, in ms since 1970; 0 where it is not. `as_of_ms`: when this
    was found out."""

    as_of_ms: int = 0
    high_ms: int = 0
    raised_ms: int = 0

    @classmethod
    def of(cls, evidence: Iterable[Evidence], bands: Bands, now: datetime) -> Outlook:
        """The outlook by evidence."""
        ends = [(one.ends_ms(bands.high_from), one.ends_ms(bands.raised_from)) for one in evidence]
        high, raised = (max((end[place] for end in ends), default=0) for place in (0, 1))
        return cls(_ms_of(now), high, raised)

    def band(self, now: datetime) -> RiskBand:
        """The band at a moment; low where nothing is known, since nothing is written for a low risk."""
        now_ms = _ms_of(now)
        if now_ms >= self.as_of_ms + _LIFE_MS:
            return RiskBand.LOW
        return RiskBand.HIGH if now_ms < self.high_ms else RiskBand.RAISED if now_ms < self.raised_ms else RiskBand.LOW


def collect_evidence(fold: Fold, plan: Plan, subject: str, now: datetime, known: Item | None) -> tuple[Evidence, ...]:
    """All that speaks against the account by the memory of the rules. `known`: the stored risk, which has the parts of
    a movement that is settled, and the verdicts of people."""
    weights, now_ms = plan.weights, _ms_of(now)
    found: list[Evidence] = []
    findings = _list_findings(fold, plan, subject)
    for finding_id, level, ended_ms in findings:
        parts = {"findings": RISK_MAX * level}
        found.append(Evidence(parts, ended_ms, weights.findings_half_life_ms, finding_id))
    if fold.peak:
        found.append(_judge_peak(fold, weights, findings, known))
    if fold.history.frauds:
        level = min(1.0, fold.history.fraud_weight(now_ms) / weights.labels_full)
        found.append(Evidence({"labels": RISK_MAX * level}, now_ms, RECORD_HALF_LIFE_MS))
    dismissed = {one.finding_id for one in evidence_from(known) if one.dismissed}
    marked = [replace(one, dismissed=one.finding_id is not None and one.finding_id in dismissed) for one in found]
    lasting = [(one.fade(sum(one.parts.values()), now_ms), one) for one in marked]
    ranked = sorted(lasting, key=lambda pair: (-pair[0], pair[1].at_ms))
    return tuple(one for points, one in ranked if points >= 1.0)[:EVIDENCE_MAX]


def with_verdicts(evidence: Iterable[Evidence], dismissed: Mapping[str, bool]) -> tuple[Evidence, ...]:
    """The evidence by the word of people: by the ids of findings, whether it was a false alarm."""
    return tuple(
        replace(one, dismissed=dismissed.get(one.finding_id, one.dismissed)) if one.finding_id is not None else one
        for one in evidence
    )


def must_write(known: Outlook, found: Outlook, now: datetime) -> bool:
    """Whether a risk is to be written in the place of the one that is known. It is where its band is another one, or
    would end much earlier or later. So is a band that lasts, once it is half as old as it may be. A low risk is not
    written for its age."""
    band = found.band(now)
    if band is not known.band(now):
        return True
    if band is RiskBand.LOW:
        return False
    moved_ms = max(abs(found.high_ms - known.high_ms), abs(found.raised_ms - known.raised_ms))
    return moved_ms > _SLACK_MS or found.as_of_ms - known.as_of_ms >= _LIFE_MS // 2


def outlook_from(item: Mapping[str, Any] | None) -> Outlook:
    """The outlook of a stored risk; of none an empty one."""
    risk = risk_from(item)
    if risk is None:
        return Outlook()
    ends = (0 if end is None else _ms_of(end) for end in (risk.high_until, risk.raised_until))
    return Outlook(_ms_of(risk.as_of), *ends)


def stored_risk(evidence: Iterable[Evidence], bands: Bands, now: datetime) -> Item:
    """The stored form of a risk with its evidence. Its parts are the largest of each name, by their points now."""
    told = tuple(evidence)
    outlook = Outlook.of(told, bands, now)
    parts: dict[str, int] = {}
    for one in told:
        for name, points in one.counted.items():
            parts[name] = max(parts.get(name, 0), round(one.fade(points, outlook.as_of_ms)))
    risk = AccountRisk(
        RISK_VERSION,
        as_of=now,
        high_until=instant_of_ms(outlook.high_ms) if outlook.high_ms else None,
        raised_until=instant_of_ms(outlook.raised_ms) if outlook.raised_ms else None,
        parts={name: points for name, points in parts.items() if points > 0},
    )
    return risk_item(risk) | ({"evidence": [_evidence_item(one) for one in told]} if told else {})


def evidence_from(item: Mapping[str, Any] | None) -> tuple[Evidence, ...]:
    """The evidence of a stored risk."""
    return tuple(
        Evidence(
            parts={name: int(tenths) / _TENTHS for name, tenths in one["parts"].items()},
            at_ms=to_ms(one["at"]),
            half_life_ms=int(one["half_life_s"]) * 1000,
            finding_id=one.get("finding_id"),
            dismissed=bool(one.get("dismissed", False)),
        )
        for one in (item or {}).get("evidence", ())
    )


def marks_of(evidence: Iterable[Evidence]) -> dict[str, bool]:
    """The findings that evidence names, and whether each is dismissed."""
    return {one.finding_id: one.dismissed for one in evidence if one.finding_id is not None}


def _ms_of(instant: datetime) -> int:
    return round(instant.timestamp() * 1000)


def _evidence_item(one: Evidence) -> Item:
    item: Item = {
        "parts": {name: round(points * _TENTHS) for name, points in one.parts.items()},
        "at": to_text(instant_of_ms(one.at_ms)),
        "half_life_s": one.half_life_ms // 1000,
    }
    if one.finding_id is not None:
        item["finding_id"] = one.finding_id
    return item | ({"dismissed": True} if one.dismissed else {})


def _list_findings(fold: Fold, plan: Plan, subject: str) -> list[tuple[str, float, int]]:
    """The last finding of each rule that holds: its id, how grave it is, and its end in ms."""
    return [
        (plan.rules[name].finding_id(subject, started_ms), plan.levels[name], ended_ms)
        for name, (started_ms, ended_ms) in fold.alarms.items()
    ]


def _judge_peak(
    fold: Fold, weights: Weights, findings: Iterable[tuple[str, float, int]], known: Item | None
) -> Evidence:
    """The movement that makes the account's risk, with its parts as far as they are known."""
    total, at_ms = fold.peak[0], round(fold.peak[1])
    of_findings = [
        (level * 0.5 ** (max(0, at_ms - ended_ms) / weights.findings_half_life_ms), finding_id)
        for finding_id, level, ended_ms in findings
    ]
    level, gravest = max(of_findings, default=(0.0, None))
    if fold.peak_risk is not None:
        parts = {name: points for name, points in zip(Risk._fields, fold.peak_risk, strict=True) if points > 0}
    else:
        same = (one for one in evidence_from(known) if one.at_ms == at_ms and NOT_KNOWN not in one.parts)
        movement = next((one for one in same if one.half_life_ms // 1000 == weights.risk_half_life_ms // 1000), None)
        parts = dict(movement.parts) if movement is not None else {NOT_KNOWN: total}
    if "findings" in parts:
        # A finding that was taken back since then does not count.
        parts["findings"] = min(parts["findings"], weights.findings * level)
    return Evidence(parts, at_ms, weights.risk_half_life_ms, gravest if "findings" in parts else None)

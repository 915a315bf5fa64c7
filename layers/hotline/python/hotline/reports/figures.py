"""A report from the tallies of its days. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from typing import Any, Final

from hotline.security.feedback import DENIED
from hotline.security.model import Verdict

from .model import (
    SCORES,
    ComplaintFigures,
    Counts,
    DayOfCalls,
    Distribution,
    Ending,
    LockKind,
    PromiseState,
    RefundStatus,
    Report,
    RuleFigures,
    list_days,
)

OPEN: Final = "open"
COMPLAINT_DAYS: Final = 15
"""Within how many days a complaint should have its answer (matters.COMPLAINT_STEPS_DAYS)."""


def make_report(start: date, end: date, tallies: Counts) -> Report:
    """The report of some days, from what was counted on each."""
    days = list(list_days(start, end))
    by_day = {day: _split(tallies.get(day, {})) for day in days}
    total: Counter[tuple[str, ...]] = Counter()
    for counts in by_day.values():
        total.update(counts)
    return Report(
        start=start,
        end=end,
        days=tuple(DayOfCalls(day, _endings(by_day[day])) for day in days),
        topics={topic: _endings(counts) for topic, counts in _group(total, "contact").items()},
        repeats=total["repeat", "count"],
        known_callers=total["repeat", "of"],
        answer_s=_distribution({parts[1]: number for parts, number in total.items() if parts[0] == "answer"}),
        locks={LockKind(kind): _last(counts) for kind, counts in _group(total, "lock").items()},
        refunds={
            RefundStatus(status): {PromiseState(word): number for word, number in _last(counts).items()}
            for status, counts in _group(total, "refund").items()
        },
        complaints=tuple(
            _complaints(kind, _last(counts)) for kind, counts in sorted(_group(total, "complaint").items())
        ),
        wishes={topic: sum(counts.values()) for topic, counts in sorted(_group(total, "wish").items())},
        scores={score: total["survey", str(score)] for score in SCORES},
        rules=tuple(_rule_figures(name, _last(counts)) for name, counts in sorted(_group(total, "finding").items())),
    )


def add_up(tallies: Iterable[tuple[date, Mapping[str, int]]]) -> Counts:
    """The counts of each day, of the items that hold a part of them each."""
    found: dict[date, Counter[str]] = {}
    for day, counts in tallies:
        found.setdefault(day, Counter()).update(counts)
    return {day: {name: number for name, number in counts.items() if number} for day, counts in found.items()}


def plain(report: Report) -> dict[str, Any]:
    """The report as JSON can hold it, with ISO days. `answer`: seconds within which half, and nine in ten, were
    answered; a complaint's `median_days` likewise. Either is None without any, or beyond the longest step. So is the
    `precision_permille` of a rule without a verdict that tells right from wrong."""
    return {
        "from": str(report.start),
        "to": str(report.end),
        "contacts": [
            {"day": str(one.day), **{ending.value: one.endings.get(ending, 0) for ending in Ending}}
            for one in report.days
        ],
        "topics": [
            {
                "topic": topic,
                "count": sum(endings.values()),
                **{ending.value: endings.get(ending, 0) for ending in Ending},
            }
            for topic, endings in _most_first(report.topics)
        ],
        "repeats": {"count": report.repeats, "of": report.known_callers},
        "answer": {
            "count": report.answer_s.total,
            "median_s": report.answer_s.percentile(50),
            "p90_s": report.answer_s.percentile(90),
        },
        "lock_causes": [
            {"kind": kind.value, "cause": cause, "count": number}
            for kind in LockKind
            for cause, number in sorted(report.locks.get(kind, {}).items(), key=lambda one: (-one[1], one[0]))
        ],
        "refunds": [
            {
                "status": status.value,
                "count": sum(report.refunds[status].values()),
                **{word.value: report.refunds[status].get(word, 0) for word in PromiseState},
            }
            for status in RefundStatus
            if status in report.refunds
        ],
        "complaints": [
            {
                "kind": one.kind,
                "count": one.count,
                "closed": one.closed_days.total,
                "within_15_days": one.closed_days.within(COMPLAINT_DAYS),
                "median_days": one.closed_days.percentile(50),
            }
            for one in report.complaints
        ],
        "wishes": [{"topic": topic, "count": number} for topic, number in report.wishes.items()],
        "rules": [
            {
                "rule": one.rule,
                "version": one.version,
                "confirmed": one.confirmed,
                "false_alarm": one.false_alarm,
                "unclear": one.unclear,
                "denied": one.denied,
                "precision_permille": one.precision_permille,
            }
            for one in report.rules
        ],
        "survey": [{"score": score, "count": number} for score, number in sorted(report.scores.items())],
    }


def rows_of(counts: Counts) -> Iterator[tuple[str, str, str, str, int]]:
    """The counts as rows: day, what, name, detail, number. `what` decides the rest. Of a contact the name is its topic
    and the detail its ending. Of a lock they are kind and cause, of a refund status and the state of its promise. Of a
    complaint they are its topic and the days at most until it was closed, of a wish for a person its topic. Of a
    finding they are its rule with the version, and the verdict or `denied`. An answer has the seconds at most, a
    survey the score."""
    for day in sorted(counts):
        for name, number in sorted(counts[day].items()):
            what, first, *rest = name.split("/")
            yield str(day), what, first, rest[0] if rest else "", number


def yearly(report: Report) -> dict[str, Any]:
    """The yearly summary of complaints as JSON can hold it: how many, of which kinds, which share was processed, how
    fast. A payment institution publishes these by 31 January (PBoC rules on online payment, 2015 no. 43, article 28).
    Shares are whole percent, rounded down; None without any."""
    count = sum(one.count for one in report.complaints)
    closed = sum(one.closed_days.total for one in report.complaints)
    in_time = sum(one.closed_days.within(COMPLAINT_DAYS) for one in report.complaints)
    return {
        "from": str(report.start),
        "to": str(report.end),
        "calls": sum(one.total for one in report.days),
        "complaints": count,
        "processed": closed,
        "processed_percent": _percent(closed, count),
        "within_15_days_percent": _percent(in_time, closed),
        "kinds": [
            {
                "kind": one.kind,
                "count": one.count,
                "share_percent": _percent(one.count, count),
                "processed": one.closed_days.total,
                "processed_percent": _percent(one.closed_days.total, one.count),
                "median_days": one.closed_days.percentile(50),
                "within_15_days_percent": _percent(one.closed_days.within(COMPLAINT_DAYS), one.closed_days.total),
            }
            for one in sorted(report.complaints, key=lambda one: (-one.count, one.kind))
        ],
    }


def _percent(part: int, whole: int) -> int | None:
    return part * 100 // whole if whole else None


def _split(counts: Mapping[str, int]) -> Counter[tuple[str, ...]]:
    return Counter({tuple(name.split("/")): number for name, number in counts.items()})


def _group(total: Mapping[tuple[str, ...], int], first: str) -> dict[str, dict[tuple[str, ...], int]]:
    """The counts whose names begin with a word, by their second word."""
    found: dict[str, dict[tuple[str, ...], int]] = {}
    for parts, number in total.items():
        if parts[0] == first and number:
            found.setdefault(parts[1], {})[parts] = number
    return found


def _last(counts: Mapping[tuple[str, ...], int]) -> dict[str, int]:
    """The counts by the last word of their names."""
    return {parts[-1]: number for parts, number in counts.items()}


def _endings(counts: Mapping[tuple[str, ...], int]) -> dict[Ending, int]:
    found: Counter[Ending] = Counter()
    for parts, number in counts.items():
        if parts[0] == "contact":
            found[Ending(parts[2])] += number
    return {ending: found[ending] for ending in Ending if found[ending]}


def _distribution(counts: Mapping[str, int]) -> Distribution:
    return Distribution({None if step == "more" else int(step): number for step, number in counts.items() if number})


def _complaints(kind: str, counts: Mapping[str, int]) -> ComplaintFigures:
    closed = {step: number for step, number in counts.items() if step != OPEN}
    return ComplaintFigures(kind, sum(counts.values()), _distribution(closed))


def _most_first(topics: Mapping[str, Mapping[Ending, int]]) -> list[tuple[str, Mapping[Ending, int]]]:
    return sorted(topics.items(), key=lambda one: (-sum(one[1].values()), one[0]))


def _rule_figures(name: str, verdicts: Mapping[str, int]) -> RuleFigures:
    rule, _, version = name.partition(":")
    told = {verdict: verdicts.get(verdict.value, 0) for verdict in Verdict}
    return RuleFigures(
        rule,
        int(version),
        confirmed=told[Verdict.CONFIRMED],
        false_alarm=told[Verdict.FALSE_ALARM],
        unclear=told[Verdict.UNCLEAR],
        denied=verdicts.get(DENIED, 0),
    )

"""The summary of a run: as one JSON object, and as lines to read."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from itertools import pairwise
from typing import Any, Final, NamedTuple

from hotline.contracts.model import FACT_TYPES
from hotline.kit.clock import to_text
from hotline.security.detectors import Stream
from hotline.security.rules import Rule

from .engine import DAY_MS
from .measures import DELAY_DAYS, Groups, Hits, TopOfDays, average_precision, group_two, mean
from .needs import list_lacks, say_lacks
from .ranking import Counted, Ranking
from .runs import Outcome
from .things import Thing, list_label_fields, list_named

FAR_DAYS: Final = 90
"""Days without any event, after which a few events more are far from the others."""
FAR_SHARE: Final = 100
"""Few events are at most one of so many."""
DIGITS: Final = 6
"""Of shares; more would not be the same on every machine."""


def sum_up(outcome: Outcome, *, has_labels: bool) -> dict[str, Any]:
    """The summary of a run. It has no times of the clock, so that equal runs have equal summaries."""
    figures, ranking = outcome.figures, outcome.ranking
    days = figures.last_ms // DAY_MS - figures.first_ms // DAY_MS + 1 if figures.events else None
    counts = ranking.count_findings()
    blind = find_blind(outcome)
    rules = [rule for rule in outcome.rules.rules if rule.detector.rule not in blind]
    findings = sum(one.findings for one in counts.values())
    untouched = sorted(figures.untouched.items())
    told: dict[str, Any] = {
        "events": figures.events,
        "from": text_of_ms(figures.first_ms) if figures.events else None,
        "to": text_of_ms(figures.last_ms) if figures.events else None,
        "days": days,
        "far_events": find_near_days(figures.days).far_events,
        "earlier_events": figures.earlier,
        "duplicates": figures.duplicates,
        "bad_lines": outcome.ledger.count("SELECT count(*) FROM bad"),
        "types": dict(sorted(figures.types.items())),
        "types_that_do_not_matter": {name: count for name, count in untouched if name in FACT_TYPES},
        "unknown_types": {name: count for name, count in untouched if name not in FACT_TYPES},
        "set_aside": dict(sorted(figures.set_aside.items())),
        "rules": outcome.rules.digest,
        "findings": findings,
        "findings_a_day": _a_day(findings, days),
        "accounts_with_findings": ranking.count_subjects(),
        "detectors": {rule.detector.rule: _sum_up_rule(rule, counts, days) for rule in rules},
        "left_out": blind,
    }
    if any(shared := ranking.count_shared()):
        told["shared_ids"] = dict(zip(("events", "movements"), shared, strict=True))
    if has_labels:
        told["labels"] = _measure(outcome, rules, counts)
    return told


def find_blind(outcome: Outcome) -> dict[str, Any]:
    """The rules that could see nothing in these files, and what the files lack, see `list_lacks`."""
    types, missing = outcome.figures.seen_types, outcome.figures.missing
    blind: dict[str, Any] = {}
    for detector in (rule.detector for rule in outcome.rules.rules):
        lacks = list_lacks(detector, types, missing.get(detector.stream.value, set()))
        if lacks:
            blind[detector.rule] = {"lacks": lacks}
    return blind


class NearDays(NamedTuple):
    """The days from the first to the last, since 1970, without those that a few events lie far from all others."""

    first: int
    last: int
    far_events: int


def find_near_days(days: Mapping[int, int]) -> NearDays:
    """The days on which all events are but a few. `days`: events by day. A wrong year in one line makes a period of
    decades, in which everything else is one day."""
    found = sorted(days)
    if not found:
        return NearDays(0, 0, 0)
    few = sum(days.values()) // FAR_SHARE
    first, early = _count_far(found, days, few)
    last, late = _count_far(found[::-1], days, few)
    return NearDays(first, last, early + late)


def _count_far(found: Sequence[int], days: Mapping[int, int], few: int) -> tuple[int, int]:
    """The first day, in this order, that is not far from the others, and the events on the days before it."""
    first, far, passed = found[0], 0, 0
    for day, following in pairwise(found):
        passed += days[day]
        if passed <= few and abs(following - day) > FAR_DAYS:
            first, far = following, passed
    return first, far


def text_of_ms(at_ms: int) -> str:
    """A time as RFC 3339 in UTC with milliseconds."""
    return to_text(datetime.fromtimestamp(at_ms // 1000, UTC).replace(microsecond=at_ms % 1000 * 1000))


_NO_FINDINGS: Final = Counted(0, 0, 0, 0)


def _sum_up_rule(rule: Rule, counts: Mapping[str, Counted], days: int | None) -> dict[str, Any]:
    findings, subjects, *_ = counts.get(rule.name, _NO_FINDINGS)
    return {
        "version": rule.detector.version,
        "severity": rule.detector.severity.value,
        "findings": findings,
        "findings_a_day": _a_day(findings, days),
        "subjects": subjects,
    }


def _a_day(findings: int, days: int | None) -> float | None:
    return None if days is None else round(findings / days, DIGITS)


def _measure(outcome: Outcome, rules: Sequence[Rule], counts: Mapping[str, Counted]) -> dict[str, Any]:
    ranking = outcome.ranking
    movements, accounts = ranking.group_movements(), ranking.group_accounts()
    total_movements, total_accounts = _total(movements), _total(accounts)
    top = ranking.take_days(TopOfDays())
    judged, proved = (sum(one) for one in ([each[place] for each in counts.values()] for place in (2, 3)))
    all_hits = {thing: point(None) for thing, point in point_by_thing(ranking).items()}
    # Each question goes through all of the things, so they are not asked again for each rule.
    judging = {rule.name: [thing for thing in list_named(rule.detector) if all_hits[thing].fraud] for rule in rules}
    unused = ranking.notes.count_unused(outcome.figures.first_ms, outcome.figures.last_ms)
    return {
        "given": ranking.notes.count_given(),
        **{why.value: counts for why, counts in unused.items()},
        "finding_precision": _share(proved / judged if judged else None),
        "movements": {
            "number": total_movements,
            **_tell(all_hits[Thing.MOVEMENTS]),
            "average_precision": _share(average_precision(movements)),
        },
        "accounts": {
            "number": total_accounts,
            **_tell(all_hits[Thing.ACCOUNTS]),
            "average_precision": _share(average_precision(accounts)),
        },
        "events": _tell(all_hits[Thing.EVENTS]),
        f"top_{top.top}_accounts_a_day": {
            "days": len(top.repeats),
            "precision": _share(mean(top.first_time)),
            "precision_with_known_accounts": _share(mean(top.repeats)),
        },
        "as_published": {
            f"top_{top.top}_precision": _share(mean(top.unreported)),
            "average_precision": _share(average_precision(ranking.group_unreported())),
        },
        "detectors": {
            rule.detector.rule: _measure_rule(
                outcome, rule, counts, judging[rule.name], total_movements, total_accounts
            )
            for rule in rules
        },
        "not_judged": {
            rule.detector.rule: list_label_fields(rule.detector) for rule in rules if not judging[rule.name]
        },
    }


def _measure_rule(
    outcome: Outcome,
    rule: Rule,
    counts: Mapping[str, Counted],
    judging: list[Thing],
    movements: int,
    accounts: int,
) -> dict[str, Any]:
    """The measures of one rule. `judging`: the things that its findings name, and of which some are labelled as
    fraud. `movements`, `accounts`: how many there are."""
    *_, judged, proved = counts.get(rule.name, _NO_FINDINGS)
    about = outcome.ranking.point_movements(rule.name), outcome.ranking.point_accounts(rule.name)
    # The account of a fraudulent movement is compromised, which proves no finding about anything else.
    given = outcome.ranking.notes.count_given()
    is_provable = judging not in ([], [Thing.ACCOUNTS]) or given[Thing.ACCOUNTS]
    if rule.detector.stream is Stream.SOURCE:
        is_provable = is_provable or given[Thing.EVENTS]
    return {
        "judged_by": [thing.value for thing in judging],
        "finding_precision": _share(proved / judged if judged and is_provable else None),
        "movements": {
            **_tell(about[0]),
            "average_precision": _share(average_precision(group_two(about[0], movements))),
        },
        "accounts": {
            **_tell(about[1]),
            "average_precision": _share(average_precision(group_two(about[1], accounts))),
        },
        "events": _tell(outcome.ranking.point_events(rule.name)),
    }


def point_by_thing(ranking: Ranking) -> dict[Thing, Callable[[str | None], Hits]]:
    """How right findings are, by what they name; called with the name of a rule, or None for all."""
    return {
        Thing.MOVEMENTS: ranking.point_movements,
        Thing.EVENTS: ranking.point_events,
        Thing.ACCOUNTS: ranking.point_accounts,
    }


def _tell(hits: Hits) -> dict[str, Any]:
    return {
        "fraud": hits.fraud,
        "found": hits.found,
        "false": hits.false,
        "precision": _share(hits.precision),
        "recall": _share(hits.recall),
    }


def _total(groups: Groups) -> int:
    return sum(fraud + honest for fraud, honest in groups.values())


def _share(value: float | None) -> float | None:
    return None if value is None else round(value, DIGITS)


def say(told: Mapping[str, Any]) -> str:
    """The summary as lines to read."""
    lines = _say_findings(told) if told["events"] else [_say_no_event(told)]
    if told["far_events"]:
        lines.append(
            f"{_count(told['far_events'], 'event')} more than {FAR_DAYS} days from all others: days and findings a day "
            "count up to there. --from and --to leave them out."
        )
    if told["earlier_events"]:
        lines.append(f"{_count(told['earlier_events'], 'event')} before the period taught the rules.")
    if told["duplicates"]:
        lines.append(f"{_count(told['duplicates'], 'event')} came again and counted once.")
    lines += _say_not_looked_at(told)
    labels = told.get("labels")
    if labels is not None:
        lines += _say_labels(labels)
        lines += [
            f"Labels of things {place} the period alone: {_say_counts(labels, name)}."
            for name, place in (("earlier", "before"), ("later", "after"))
            if any(labels[name].values())
        ]
        unmatched = say_unmatched(told)
        lines += [] if unmatched is None else [unmatched]
    lines += _say_table(told["detectors"], None if labels is None else labels["detectors"])
    if labels is not None:
        lines += _say_not_judged(labels["not_judged"])
    # Without any event every rule lacks all that it needs, which says nothing.
    if told["events"] or told["earlier_events"]:
        lines += [f"Left out: {rule}: {say_lacks(why['lacks'])}." for rule, why in told["left_out"].items()]
    return "\n".join(lines)


def _say_findings(told: Mapping[str, Any]) -> list[str]:
    return [
        f"{_count(told['events'], 'event')} from {told['from']} to {told['to']}, {_count(told['days'], 'day')}.",
        f"{_count(told['findings'], 'finding')}, {told['findings_a_day']:,.2f} a day, on "
        f"{_count(told['accounts_with_findings'], 'account')}.",
    ]


def _say_no_event(told: Mapping[str, Any]) -> str:
    if told["earlier_events"]:
        return "No event that matters to the rules in the period."
    if told["types_that_do_not_matter"] or told["unknown_types"] or told["bad_lines"]:
        return "No event that matters to the rules."
    return "No event was read: the history has none before the end of the period."


def _say_not_looked_at(told: Mapping[str, Any]) -> list[str]:
    """The lines about what was read and judged by no rule, and about ids that mean several things."""
    lines: list[str] = []
    for name, why in (
        ("types_that_do_not_matter", "of types that no rule needs"),
        ("unknown_types", "of unknown types, which the scan does not take either"),
    ):
        if told[name]:
            lines.append(f"{_count(sum(told[name].values()), 'event')} {why}: {', '.join(told[name])}.")
    lines += [
        f"{_count(count, 'value')} of {field} set aside, as the scan does: {_SET_ASIDE[field]}."
        for field, count in told["set_aside"].items()
    ]
    shared = told.get("shared_ids")
    if shared is not None:
        lines.append(
            f"{_count(shared['events'], 'id')} of events and {shared['movements']:,} of movements are used several "
            "times. A label that names one means all of them, and so does a finding."
        )
    return lines


_SET_ASIDE: Final = {
    "data.source.country": "the code is of no country",
    "data.source.lat": "there is no data.source.lon",
    "data.source.lon": "there is no data.source.lat",
}
"""The fields whose values may be set aside, with the reason."""


def _say_not_judged(rules: Mapping[str, Sequence[str]]) -> list[str]:
    """The rules that the labels say nothing about, by the labels that would."""
    by_fields: dict[str, list[str]] = {}
    for rule, label_fields in rules.items():
        by_fields.setdefault(" or ".join(label_fields), []).append(rule)
    return [
        f"Not judged, since their findings name nothing that is labelled as fraud: {', '.join(names)}. Use labels by "
        f"{label_fields}."
        for label_fields, names in by_fields.items()
    ]


def say_unmatched(told: Mapping[str, Any]) -> str | None:
    """The sentence about labels that match nothing; None where each has a match. `told`: a summary."""
    labels = told.get("labels")
    if labels is None or not any(labels["unmatched"].values()):
        return None
    return f"Labels that match nothing in the history: {_say_counts(labels, 'unmatched')}."


def _say_counts(labels: Mapping[str, Any], name: str) -> str:
    given, counts = labels["given"], labels[name]
    return ", ".join(f"{count:,} of {given[about]:,} of {about}" for about, count in counts.items() if count)


def _say_labels(labels: Mapping[str, Any]) -> list[str]:
    """The lines about labels. A share of nothing is left out."""
    proved = labels["finding_precision"]
    lines = [] if proved is None else [f"Findings on fraud: {_percent(proved)}."]
    for name in ("movements", "accounts", "events"):
        told = labels[name]
        if told["fraud"] or told["found"] or told["false"]:
            counts = f"{told['found']:,} of {told['fraud']:,} found, {told['false']:,} honest named"
            shares = [
                f"{word} {_percent(told[key])}"
                for key, word in (("precision",) * 2, ("recall",) * 2, ("average_precision", "average precision"))
                if told.get(key) is not None
            ]
            lines.append(f"Fraudulent {name}: {counts}; {', '.join(shares)}.")
    return lines + _say_top(labels)


def _say_top(labels: Mapping[str, Any]) -> list[str]:
    """The lines about the top accounts of a day; none without a movement that was fraud."""
    if not labels["movements"]["fraud"]:
        return []
    (name,) = (name for name in labels if name.startswith("top_"))
    told, published, number = labels[name], labels["as_published"], name.split("_")[1]
    lines = [
        f"Of the {number} riskiest accounts of a day, {_percent(told['precision'])} were compromised when those found "
        f"on an earlier day are left out, {_percent(told['precision_with_known_accounts'])} when they count again."
    ]
    if published["average_precision"] is not None:
        lines.append(
            f"As published figures count, without accounts whose fraud was reported after {DELAY_DAYS} days: "
            f"{_percent(published[f'top_{number}_precision'])} of the {number}, average precision of movements "
            f"{_percent(published['average_precision'])}."
        )
    return lines


def _say_table(detectors: Mapping[str, Any], labels: Mapping[str, Any] | None) -> list[str]:
    if not detectors:
        return ["No rule could see anything."]
    width = max(map(len, detectors))
    head = f"{'detector':{width}} {'findings':>9} {'a day':>9} {'subjects':>9}"
    lines = [head if labels is None else f"{head} {'on fraud':>9} {'precision':>9} {'recall':>9}"]
    for rule, told in detectors.items():
        a_day = "-" if told["findings_a_day"] is None else f"{told['findings_a_day']:,.2f}"
        line = f"{rule:{width}} {told['findings']:>9,} {a_day:>9} {told['subjects']:>9,}"
        if labels is not None:
            of_rule = labels[rule]
            labelled = [of_rule[name] for name in of_rule["judged_by"]]
            named = [one for one in labelled if one["found"] or one["false"]]
            about = next(iter([*named, *labelled]), {"precision": None, "recall": None})
            shares = (of_rule["finding_precision"], about["precision"], about["recall"])
            line += "".join(f" {_percent(share):>9}" for share in shares)
        lines.append(line)
    return lines


def _percent(share: float | None) -> str:
    return "-" if share is None else f"{share:.1%}"


def _count(number: int, name: str) -> str:
    return f"{number:,} {name}{'' if number == 1 else 's'}"

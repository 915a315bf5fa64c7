"""The search for limits of one rule: on one period, and told on a later one, never on the same.

Limits that were chosen on a period look better there than they are. The search sees the first period alone. The second
one is judged once, with the limits as they were and with those that were found.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, fields, replace
from typing import Any, Final

from hotline.backtest.labels import Labels
from hotline.backtest.lines import ms_of_text
from hotline.backtest.measures import Hits
from hotline.backtest.needs import say_lacks
from hotline.backtest.runs import Work, run
from hotline.backtest.summary import find_blind, point_by_thing, text_of_ms
from hotline.backtest.things import LABEL_FIELDS, Thing, list_label_fields, list_named
from hotline.security.detectors import Detector
from hotline.security.rules import RuleSet
from hotline.security.settings import BadSettings, choose_rules, parse_settings
from hotline_local.counts import count_things
from hotline_local.errors import CommandError

from .tables import table_of

FACTORS: Final = (0.5, 0.75, 1.5, 2.0)
"""Each limit is tried at these multiples of where it is."""
ROUNDS_MAX: Final = 6
"""A round changes one limit, the one that helps most. The search ends when none helps."""
DIGITS: Final = 6


@dataclass(frozen=True, slots=True)
class Period:
    """From `since_ms` to before `until_ms`."""

    since_ms: int
    until_ms: int


def parse_period(text: str, flag: str) -> Period:
    """The period of `FROM..TO`. Raises CommandError."""
    since, _, until = text.partition("..")
    try:
        period = Period(ms_of_text(since), ms_of_text(until))
    except ValueError:
        sentence = f"{flag} takes FROM..TO, such as 2026-10-01T00:00:00Z..2026-11-01T00:00:00Z."
        raise CommandError(sentence, exit_code=2) from None
    if period.since_ms >= period.until_ms:
        raise CommandError(f"{flag}: the period must end after it begins.", exit_code=2)
    return period


def refuse_overlap(train: Period, test: Period) -> None:
    """Raise CommandError unless the test comes after the training."""
    if test.since_ms < train.until_ms and train.since_ms < test.until_ms:
        sentence = "--train and --test overlap: limits that were chosen on a period look better there than they are."
        raise CommandError(sentence, exit_code=2)
    if test.since_ms < train.until_ms:
        raise CommandError("--test must come after --train: nobody learns from what is still to come.", exit_code=2)


def tune(
    work: Work, labels: Labels, train: Period, test: Period, *, say: Callable[[str], None] = lambda _: None
) -> dict[str, Any]:
    """Search on the first period, tell about the second one. Raises CommandError for a rule without limits, and for a
    period whose labels have no fraud by which the rule can be judged."""
    ((detector, before),) = work.chosen
    if not any(list_neighbours(before)):
        raise CommandError(f"{detector.rule} has no limits to search.", exit_code=2)
    search = _Search(work, labels, detector)
    first = score = search.judge(train, [before])[0]
    _refuse_blind(search, "--train")
    _refuse_without_fraud(search, score, "--train")
    # A period that can tell nothing is refused before the long search. Nobody looks at how the limits do there.
    _refuse_without_fraud(search, search.judge(test, [before])[0], "--test")
    warning = say_indirect(search)
    if warning is not None:
        say(f"Warning: {warning[0].lower()}{warning[1:]}")
    best, rounds = before, 0
    while rounds < ROUNDS_MAX and (candidates := [one for one in list_neighbours(best) if _is_taken(detector, one)]):
        scores = search.judge(train, candidates)
        better = max(range(len(scores)), key=lambda number: (f1_of(scores[number]), -number))
        if f1_of(scores[better]) <= f1_of(score):
            break
        best, score, rounds = candidates[better], scores[better], rounds + 1
        say(f"Round {rounds}: {_say_hits(score)}.")
    tests = search.judge(test, [before] if best == before else [before, best])
    return {
        "detector": detector.rule,
        "version": detector.version,
        "about": None if search.about is None else search.about.value,
        "warning": warning,
        "rounds": rounds,
        "train": _tell(train, first, score),
        "test": _tell(test, tests[0], tests[-1]),
        "settings": table_of(detector, best, is_on=True),
        "bad_lines": search.bad_lines,
    }


def _refuse_blind(search: _Search, flag: str) -> None:
    """Raise CommandError where the files lack something that the rule needs: no limits could find anything."""
    if search.lacks:
        sentence = f"Left out up to the end of {flag}: {search.detector.rule}: {say_lacks(search.lacks)}."
        raise CommandError(sentence, exit_code=2)


def _refuse_without_fraud(search: _Search, score: Hits, flag: str) -> None:
    """Raise CommandError where no fraud of a period is about anything that findings of the rule name."""
    if score.fraud:
        return
    detector = search.detector
    others = [thing.value for thing, count in search.fraud.items() if count]
    if search.about is not None:
        sentence = f"No fraud is labelled in {flag} among {search.about}: there is nothing to judge the limits by."
        raise CommandError(sentence, exit_code=2)
    if not others:
        raise CommandError(f"No fraud is labelled in {flag}: there is nothing to search by.", exit_code=2)
    fields_of_labels = " or ".join(list_label_fields(detector))
    raise CommandError(
        f"The labels cannot judge {detector.rule}: those of fraud in {flag} are about {' and '.join(others)}, and its "
        f"findings name {' and '.join(list_named(detector))}. Label fraud by {fields_of_labels} (docs/backtest.md).",
        exit_code=2,
    )


def say_indirect(search: _Search) -> str | None:
    """The sentence about a rule that is judged by accounts alone; None for any other one. The accounts are known by the
    labels of their movements or events."""
    if search.about is not Thing.ACCOUNTS or search.labels.accounts:
        return None
    fields_of_labels = list_label_fields(search.detector)
    judging = {thing for thing, name in LABEL_FIELDS.items() if name in fields_of_labels}
    others = " and ".join(thing.value for thing, count in search.fraud.items() if count and thing not in judging)
    if not others:
        return None
    return (
        f"The labels are about {others}, which {search.detector.rule} does not name. It is judged by whether it names "
        f"the accounts of these {others}, at whatever time. Labels by {' or '.join(fields_of_labels)} judge it "
        "better."
    )


def list_neighbours(limits: Any) -> Iterator[Any]:
    """The limits with one of them changed, in the order of fields and FACTORS. Whole numbers stay whole and above 0."""
    seen = [limits]
    for one in fields(limits):
        for factor in FACTORS:
            changed = _scale(getattr(limits, one.name), factor)
            candidate = replace(limits, **{one.name: changed})
            if candidate not in seen:
                seen.append(candidate)
                yield candidate


def say(told: Mapping[str, Any]) -> str:
    """The limits that were found, as lines to read."""
    lines = [f"{told['detector']}: limits after {count_things(told['rounds'], 'round')}, by {told['about']}."]
    if told["warning"] is not None:
        lines.append(told["warning"])
    if not told["rounds"]:
        lines.append("No other limits do better: these are the ones as they were.")
    for name in ("train", "test"):
        period = told[name]
        lines.append(f"{name} {period['from']} to {period['to']}")
        for which in ("before", "after"):
            hits = period[which]
            found = f"{hits['found']:,} of {hits['fraud']:,} found, {hits['false']:,} false"
            lines.append(f"  {which:6} F1 {hits['f1']:.3f}, {found}")
    return "\n".join([*lines, "", told["settings"].rstrip()])


def _is_taken(detector: Detector[Any], limits: Any) -> bool:
    """Whether the settings take these limits: what is found shall be pasted there."""
    try:
        choose_rules(parse_settings(table_of(detector, limits, is_on=True)), [detector])
    except BadSettings:
        return False
    return True


@dataclass(slots=True)
class _Search:
    work: Work
    labels: Labels
    detector: Detector[Any]
    about: Thing | None = None
    """The things that are counted: the first of those that the rule names with fraud in the training. None before, and
    without any."""
    fraud: dict[Thing, int] = field(default_factory=dict)
    """How much fraud the labels tell of in the last period, by what it is."""
    lacks: list[list[str]] = field(default_factory=list)
    """The things that the rule needs and the lines up to the end of the last period lack, see `list_lacks`."""
    bad_lines: int = field(default=0)

    def judge(self, period: Period, candidates: list[Any]) -> list[Hits]:
        """How right each set of limits is on a period. All are judged in one reading of the files: rules of other
        limits have names of their own."""
        chosen = [(self.detector, limits) for limits in candidates]
        scope = replace(self.work.scope, since_ms=period.since_ms, until_ms=period.until_ms, ranked=True)
        names = [rule.name for rule in RuleSet.of(chosen).rules]
        with run(replace(self.work, chosen=chosen, scope=scope), self.labels) as outcome:
            self.bad_lines = max(self.bad_lines, outcome.ledger.count("SELECT count(*) FROM bad"))
            self.lacks = find_blind(outcome).get(self.detector.rule, {}).get("lacks", [])
            ways = point_by_thing(outcome.ranking)
            self.fraud = {thing: way(None).fraud for thing, way in ways.items()}
            named = list_named(self.detector)
            self.about = self.about or next((thing for thing in named if self.fraud[thing]), None)
            return [ways[self.about or named[0]](name) for name in names]


def _scale(value: Any, factor: float) -> Any:
    if isinstance(value, Mapping):
        return {name: _scale(one, factor) for name, one in value.items()}
    if isinstance(value, tuple):
        return tuple(_scale(one, factor) for one in value)
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return value
    return max(1, round(value * factor)) if isinstance(value, int) else round(value * factor, DIGITS)


def _tell(period: Period, before: Hits, after: Hits) -> dict[str, Any]:
    return {
        "from": text_of_ms(period.since_ms),
        "to": text_of_ms(period.until_ms),
        "before": _tell_hits(before),
        "after": _tell_hits(after),
    }


def _tell_hits(hits: Hits) -> dict[str, Any]:
    shares = {"precision": hits.precision, "recall": hits.recall, "f1": f1_of(hits)}
    told = {name: None if share is None else round(share, DIGITS) for name, share in shares.items()}
    return {"fraud": hits.fraud, "found": hits.found, "false": hits.false, **told}


def _say_hits(hits: Hits) -> str:
    return f"F1 {f1_of(hits):.3f}, {hits.found:,} of {hits.fraud:,} found, {hits.false:,} false"


def f1_of(hits: Hits) -> float:
    """The harmonic mean of precision and recall; 0 when nothing was found."""
    return 2 * hits.found / (hits.found + hits.false + hits.fraud) if hits.found else 0.0

"""The rules that are switched on, with their limits. Pure.

A set of rules is made once a run and does not change in it. Rule, version and limits name a rule's memory, so other
limits begin a new memory and raise findings of their own.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass
from typing import Any, Final

from hotline.kit.ids import derive_id

from .detectors import Detector, Event, History, Hit, Signal, State, Stream
from .detectors.history import LEFT_SIGNAL, OUTWARD_KINDS, PartyHistory
from .detectors.rule import at_most
from .score import FINDING_LEVELS, Weights

DIGEST_CHARACTERS: Final = 8

type Step = Callable[[State, str, Event, Any, Any], Iterable[Hit]]
"""The step of a detector, with the history that the plan of its stream has, and its own limits."""


@dataclass(frozen=True, slots=True)
class Rule:
    """A detector with the limits that hold for a run. `name` is the name of its memory."""

    detector: Detector[Any]
    limits: Any
    name: str

    def finding_id(self, subject: str, started_ms: int) -> str:
        """The id of a finding: the hash of rule, version, limits, subject and beginning."""
        return derive_id("finding", self.name, subject, str(started_ms))


type Listener = tuple[int, Step, Any, bool]
"""A rule that listens to a signal: its number in the stream, its step and limits, and whether the signal may begin its
memory."""


@dataclass(frozen=True, slots=True)
class Bands:
    """The points from which the risk of an account is raised, and high. A finding alone has all points of its severity:
    low 10, medium 25, high 75, critical 100. Nobody publishes such bounds. An unusual movement alone hardly reaches
    the lower one and never the upper one; a high finding is high for two days."""

    raised_from: float = 30.0
    high_from: float = 50.0


BANDS_RELATIONS: Final = (at_most("raised_from", "high_from", "a high risk cannot begin below a raised one"),)
"""The relations that the bounds keep."""


@dataclass(frozen=True, slots=True)
class Plan:
    """The rules of one stream, by the signal to which they listen."""

    stream: Stream
    history: type[History] | type[PartyHistory] | None
    """The history of a subject; None for streams without money: sources and agents."""
    by_signal: Mapping[str, tuple[Listener, ...]]
    left_by_kind: Mapping[str, tuple[Listener, ...]]
    """The rules that listen to money that leaves, by the kind of the movement."""
    rules: Mapping[str, Rule]
    """By their names, in the order of their numbers."""
    numbered: tuple[Rule, ...]
    """The same by their numbers."""
    weights: Weights
    """The points of the parts of a risk."""
    levels: Mapping[str, float]
    """How grave a finding is, from 0 to 1, by the names of rules."""


@dataclass(frozen=True, slots=True)
class RuleSet:
    """The rules of a run. `digest` names the set: two runs with one digest judge alike. `bands`: the bounds of the risk
    of an account, which change no finding."""

    rules: tuple[Rule, ...]
    plans: Mapping[Stream, Plan]
    digest: str
    bands: Bands = Bands()

    @classmethod
    def of(
        cls,
        chosen: Iterable[tuple[Detector[Any], Any]],
        weights: Weights | None = None,
        bands: Bands | None = None,
    ) -> RuleSet:
        """The set of detectors with their limits, and the weights and bands of a risk; without them those that ship."""
        rules = tuple(Rule(detector, limits, _name(detector, limits)) for detector, limits in chosen)
        weights = weights or Weights()
        plans = {
            stream: _plan(stream, [rule for rule in rules if rule.detector.stream is stream], weights)
            for stream in Stream
        }
        names = [rule.name for rule in rules] + ([] if weights == Weights() else [repr(weights)])
        return cls(rules, plans, _digest("\n".join(sorted(names))), bands or Bands())


def _plan(stream: Stream, rules: list[Rule], weights: Weights) -> Plan:
    by_signal: dict[str, list[Listener]] = {}
    for number, rule in enumerate(rules):
        detector = rule.detector
        for signal in detector.listens:
            wakes = detector.wakes is None or signal in detector.wakes
            by_signal.setdefault(signal.value, []).append((number, detector.step, rule.limits, wakes))
    left = by_signal.get(LEFT_SIGNAL, [])
    return Plan(
        stream,
        _HISTORIES.get(stream),
        {signal: tuple(listeners) for signal, listeners in by_signal.items()},
        {kind: tuple(one for one in left if _hears(rules[one[0]], kind)) for kind in OUTWARD_KINDS},
        {rule.name: rule for rule in rules},
        tuple(rules),
        weights,
        {rule.name: FINDING_LEVELS[rule.detector.severity] for rule in rules},
    )


_HISTORIES: Final[Mapping[Stream, type[History] | type[PartyHistory]]] = {
    Stream.ACCOUNT: History,
    Stream.PARTY: PartyHistory,
}


def _hears(rule: Rule, kind: str) -> bool:
    kinds = rule.detector.kinds
    return kinds is None or kind in kinds


def _name(detector: Detector[Any], limits: Any) -> str:
    name = f"{detector.rule}.{detector.version}"
    return name if limits == detector.limits else f"{name}.{_digest(repr(sorted(asdict(limits).items())))}"


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:DIGEST_CHARACTERS]


SIGNALS_BY_PREFIX: Final = {"account.": Signal.PROFILE_TOLD.value, "agent.": Signal.AGENT_ACTED.value}
"""Families of types that are one signal."""

"""Whether a call was as its scenario says: turn by turn, then how it ended."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from connect_sim.simulator.events import CallEvent
from connect_sim.simulator.keys import HANG_UP
from connect_sim.simulator.state import CallState, EndReason
from hotline_local.scenarios.model import Scenario

EXPECTED_CAUSES = frozenset({"silence", "injected", "queue_at_capacity", "callback_number"})
"""Causes of errors that a scenario asks for: no key, a fault, a full queue, a number that cannot be called back. The
effect of a fault on a function is one more."""


@dataclass(frozen=True, slots=True)
class Heard:
    """One prompt: its words, and the block that said them."""

    text: str
    block: str

    def matches(self, expected: str) -> bool:
        """Whether this is what a scenario expects: some of the words, or the block by its name in brackets."""
        named = named_block(expected)
        return expected in self.text if named is None else named == self.block


def named_block(expected: str) -> str | None:
    """The block that a scenario expects to speak, whatever it says (`[Main menu]`); None for words."""
    return expected[1:-1] if expected.startswith("[") and expected.endswith("]") else None


def heard_by_turn(events: Sequence[CallEvent]) -> list[list[Heard]]:
    """The prompts that the caller heard before each input, and after the last one."""
    heard: list[list[Heard]] = [[]]
    for event in events:
        if event.kind == "prompt" and event.data["to"] == "customer":
            heard[-1].append(Heard(event.data["text"], event.place.block))
        elif event.kind == "input":
            heard.append([])
    return heard


def place_of(expected: str, heard: Sequence[Heard], start: int = 0) -> int | None:
    """The place of the expected prompt, from `start` on; None when no prompt is the expected one."""
    return next((place for place in range(start, len(heard)) if heard[place].matches(expected)), None)


def problems_in(scenario: Scenario, events: Sequence[CallEvent], state: CallState) -> tuple[str, ...]:
    """One sentence for each thing that was not as written; none when all is well."""
    return tuple(_problems(scenario, events, state))


def _problems(scenario: Scenario, events: Sequence[CallEvent], state: CallState) -> Iterator[str]:
    heard = heard_by_turn(events)
    hangs_up = bool(scenario.turns) and scenario.turns[-1].keys == HANG_UP
    asked = len(heard) - 1 + hangs_up
    if asked < len(scenario.turns):
        yield f"The call was over after {asked} of {len(scenario.turns)} turns."
    for number, turn in enumerate(scenario.turns[:asked]):
        yield from _unheard(f"turns[{number}]", turn.hears, heard[number])
    if not hangs_up:
        yield from _unheard("ends", scenario.ending.hears, heard[-1])
    yield from _ending(scenario, events, state)


def _unheard(where: str, hears: Sequence[str], heard: Sequence[Heard]) -> Iterator[str]:
    start = 0
    for text in hears:
        place = place_of(text, heard, start)
        if place is None:
            yield f"{where}: {text!r} was not heard; heard was: {' / '.join(each.text for each in heard) or 'nothing'}"
            return
        start = place


def _ending(scenario: Scenario, events: Sequence[CallEvent], state: CallState) -> Iterator[str]:
    ending, end = scenario.ending, state.end
    if end is None or end.reason is not EndReason.ENDED:
        yield f"ends: the call did not end by itself ({end.reason if end else 'running'}: {end.detail if end else ''})"
    elif end.outcome is not ending.outcome:
        yield f"ends: the outcome is {end.outcome}, not {ending.outcome}."
    if state.language != scenario.speaks:
        yield f"speaks: the call was held in {state.language}."
    yield from _attributes(ending.attributes, state.attributes)
    yield from _steps(ending.steps, [_step(event) for event in events if event.kind == "function"])
    expected = EXPECTED_CAUSES | {fault.kind for fault in scenario.calling.faults}
    for event in events:
        if event.kind == "error" and event.data["cause"] not in expected:
            yield f"{event.place.flow}, {event.place.block}: {event.data['error']} ({event.data['cause']})"


def _attributes(wanted: Mapping[str, str], found: Mapping[str, str]) -> Iterator[str]:
    for name, value in wanted.items():
        if found.get(name) != value:
            yield f"ends: the attribute {name} is {found.get(name)!r}, not {value!r}."


def _step(event: CallEvent) -> str:
    return f"{event.data['step']} {event.data['outcome'] or event.data['error']}"


def _steps(wanted: Sequence[str], found: Sequence[str]) -> Iterator[str]:
    ahead = iter(found)
    for step in wanted:
        if step not in ahead:
            yield f"ends: {step!r} is not among the steps in this order: {', '.join(found)}"
            return

"""The line's duty to callers in a hurry, measured on played calls: seconds of speech until they are helped.

Prompts count in full. Menus are the exception: a caller who presses a key at one has heard it named, and hears no more
of it.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from connect_sim.language.actions.forms import is_menu
from connect_sim.language.flow_set import FlowSet
from connect_sim.language.speech import SpeechRate, estimate_duration
from connect_sim.simulator.events import CallEvent
from hotline_local.scenarios.playing import Played

FREEZE: Final = "freeze"
SPEECH_BEFORE_FREEZE_S_MAX: Final = 20.0
"""From the greeting to the entry of the code, which is all that stands before a freeze. Somebody who is robbed right
now hangs up on a line that talks longer."""
DECISIONS_BEFORE_FREEZE_MAX: Final = 1
"""Menus beside the main one until the code: to freeze or not."""
SPEECH_AFTER_PROOF_S_MAX: Final = 30.0
"""From the proof, or from an answer before, to the end of the answer: a caller has a question answered within half a
minute. A caller who keys in an order number or says nothing takes longer and is not measured."""

ANSWERS: Final[Mapping[str, tuple[str, frozenset[str]]]] = {
    "lock_reason": ("lock_status", frozenset({"SOFT", "HARD", "HOLD", "FROZEN", "PAUSED"})),
    "failed_payment": ("payment_answer", frozenset({"NOT_TAKEN", "HELD", "DEBITED", "RETURNED", "UNKNOWN"})),
    "refund_status": ("refunds", frozenset({"NONE", "OPEN"})),
    "balance": ("balance", frozenset({"KNOWN", "NONE"})),
    "bills": ("bills", frozenset({"DUE", "NONE"})),
    "checkup": ("checkup", frozenset({"CLEAR", "TO_DO"})),
}
"""Questions, each with the step that answers it and the outcomes that are an answer."""
SPEECH_WITHOUT_PROOF_S_MAX: Final = 45.0
"""From the beginning of the call to the end of the answer, where no proof is asked for. It is as long as an answer
after a proof, with the greeting and the main menu before it."""
ANSWERS_WITHOUT_PROOF: Final[Mapping[str, tuple[str, frozenset[str]]]] = {
    "official_numbers": ("advice", frozenset({"TOLD"})),
    "person": ("handover", frozenset({"QUEUE"})),
}
"""The same for questions that nobody has to prove anything for. While nobody works, callers hear when somebody does."""
GOALS: Final = (FREEZE, *ANSWERS, *ANSWERS_WITHOUT_PROOF)
_PROVED: Final = "PROVED"
_ENTRY: Final = "Enter code"
_MAIN: Final = frozenset({"Greeting", "Main menu"})
_FIRST: Final = frozenset({"Language menu", "Phone number"})


@dataclass(frozen=True, slots=True)
class Reached:
    """One goal in one call: seconds of speech until it, the most that it may take, and decisions where they count."""

    goal: str
    scenario: str
    speaks: str
    speech_s: float
    speech_s_max: float
    decisions: int = 0

    @property
    def missed(self) -> bool:
        """Whether it took longer, or more decisions, than it may."""
        return self.speech_s > self.speech_s_max or self.decisions > DECISIONS_BEFORE_FREEZE_MAX


def goals_of(played: Played) -> tuple[Reached, ...]:
    """Every goal that the call comes to, the first time that it does. A freeze counts for calls that begin with the
    greeting and let it and the main menu be said."""
    return (*_freeze(played), *_answers(played), *_answers_without_proof(played))


def _freeze(played: Played) -> Iterator[Reached]:
    events = played.events
    asked = next((place for place, event in enumerate(events) if event.data.get("step") == FREEZE), None)
    entered = next((place for place, event in enumerate(events) if _is_input(event, {_ENTRY})), None)
    if asked is None or entered is None or entered < asked:
        return
    before = events[:entered]
    if any(_is_input(event, _FIRST) for event in before) or not any(
        _is_input(event, {"Main menu"}) for event in before
    ):
        return
    menus = [event for event in before if _is_menu(played.flows, event) and event.place.block not in _MAIN]
    spoken = (place for place, event in enumerate(before) if event.place.block != _ENTRY)
    speech_s = sum(_heard_s(played.flows, before, place) for place in spoken)
    yield _measure_goal(FREEZE, played, speech_s, SPEECH_BEFORE_FREEZE_S_MAX, len(menus))


def _answers(played: Played) -> Iterator[Reached]:
    events = played.events
    proved = next((place for place, event in enumerate(events) if event.data.get("outcome") == _PROVED), None)
    if proved is None:
        return
    for goal, (step, outcomes) in ANSWERS.items():
        answered = _find_answer(events, proved, step, outcomes)
        if answered is None:
            continue
        asked = max(proved, *(_end_of_answer(played.flows, events, one) for one in _answers_in(events[:answered])), 0)
        if _is_straight(played.flows, events[asked:answered]):
            told = _end_of_answer(played.flows, events, answered)
            speech_s = sum(_heard_s(played.flows, events, place) for place in range(asked, told))
            yield _measure_goal(goal, played, speech_s, SPEECH_AFTER_PROOF_S_MAX)


def _answers_without_proof(played: Played) -> Iterator[Reached]:
    events = played.events
    for goal, (step, outcomes) in ANSWERS_WITHOUT_PROOF.items():
        answered = _find_answer(events, -1, step, outcomes)
        if answered is None or any(event.data.get("step") == "check_code" for event in events[:answered]):
            continue
        if _is_straight(played.flows, events[:answered]):
            told = _end_of_answer(played.flows, events, answered)
            speech_s = sum(_heard_s(played.flows, events, place) for place in range(told))
            yield _measure_goal(goal, played, speech_s, SPEECH_WITHOUT_PROOF_S_MAX)


def _answers_in(events: Sequence[CallEvent]) -> Iterator[int]:
    """The places of the answers to any of the questions after a proof."""
    wanted = {(step, outcome) for step, outcomes in ANSWERS.values() for outcome in outcomes}
    return (
        place for place, event in enumerate(events) if (event.data.get("step"), event.data.get("outcome")) in wanted
    )


def _find_answer(events: Sequence[CallEvent], after: int, step: str, outcomes: frozenset[str]) -> int | None:
    """The place of the first answer of a step with one of the outcomes; None where there is none."""
    return next(
        (
            place
            for place, event in enumerate(events)
            if place > after and event.data.get("step") == step and event.data.get("outcome") in outcomes
        ),
        None,
    )


def _is_straight(flows: FlowSet, events: Sequence[CallEvent]) -> bool:
    """Whether the caller did nothing on the way but choose: no digits were keyed in, and they were never silent."""
    return all(_is_menu(flows, event) and not event.data["silence"] for event in events if event.kind == "input")


def _end_of_answer(flows: FlowSet, events: Sequence[CallEvent], answered: int) -> int:
    """The place after the last prompt of an answer: its parts follow each other, and then something else is said."""
    for place in range(answered + 1, len(events)):
        event = events[place]
        if event.kind in ("function", "input", "end") or (_is_prompt(event) and not _is_answer(flows, event)):
            return place
    return len(events)


def _measure_goal(goal: str, played: Played, speech_s: float, most_s: float, decisions: int = 0) -> Reached:
    scenario = played.scenario
    return Reached(goal, scenario.name, scenario.speaks, round(speech_s, 1), most_s, decisions)


def _heard_s(flows: FlowSet, events: Sequence[CallEvent], place: int) -> float:
    """Seconds of a prompt; of a menu at which a key is pressed, up to the end of the option."""
    event = events[place]
    pressed = next((each for each in events[place:] if each.kind == "input"), None)
    is_taken = _is_prompt(event) and pressed is not None and pressed.place == event.place
    if not is_taken or pressed is None or pressed.data["silence"] or not _is_menu(flows, pressed):
        return _full_s(event, flows.speech_rate)
    named = re.search(rf".*?{re.escape(pressed.data['keys'])}", event.data["text"])
    return estimate_duration(named[0], flows.speech_rate).speech_s if named else _full_s(event, flows.speech_rate)


def _full_s(event: CallEvent, rate: SpeechRate) -> float:
    return estimate_duration(event.data["ssml"] or event.data["text"], rate).speech_s if _is_prompt(event) else 0.0


def _is_prompt(event: CallEvent) -> bool:
    return event.kind == "prompt" and event.data["to"] == "customer"


def _is_input(event: CallEvent, blocks: frozenset[str] | set[str]) -> bool:
    return event.kind == "input" and event.place.block in blocks


def _is_menu(flows: FlowSet, event: CallEvent) -> bool:
    return event.kind == "input" and is_menu(flows.by_name[event.place.flow].by_identifier[event.place.block])


def _is_answer(flows: FlowSet, event: CallEvent) -> bool:
    """Whether a prompt is what the function answered, and no fixed words."""
    block = flows.by_name[event.place.flow].by_identifier[event.place.block]
    return block.text("SSML").startswith("$.External.")

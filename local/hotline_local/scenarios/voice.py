"""The effort of a call for its caller: seconds of speech to listen to, and keys to press."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from connect_sim.language.speech import SpeechRate, estimate_duration
from connect_sim.simulator.events import CallEvent
from hotline_local.scenarios.playing import Played
from hotline_local.speech_rate import SPEECH_RATE


@dataclass(frozen=True, slots=True)
class VoiceFigures:
    """Figures of one scenario. Prompts count in full, as if nobody pressed a key before their end. `longest_stretch_s`
    is the most speech between two inputs, `call_s` the time on the line, silences and functions included."""

    scenario: str
    speaks: str
    speech_s: float
    longest_prompt_s: float
    longest_stretch_s: float
    inputs: int
    presses: int
    call_s: float


def rates() -> dict[str, Any]:
    """The pace at which speech is estimated."""
    return {"mandarin_characters_per_s": SPEECH_RATE.characters_per_s, "english_words_per_s": SPEECH_RATE.words_per_s}


def figures_of(played: Played) -> VoiceFigures:
    """The figures of a call that was run."""
    stretches = _speech_by_stretch(played.events, played.flows.speech_rate)
    prompts = [each for stretch in stretches for each in stretch]
    inputs = [event for event in played.events if event.kind == "input" and not event.data["silence"]]
    return VoiceFigures(
        scenario=played.scenario.name,
        speaks=played.scenario.speaks,
        speech_s=round(sum(prompts), 1),
        longest_prompt_s=round(max(prompts, default=0.0), 1),
        longest_stretch_s=round(max(map(sum, stretches), default=0.0), 1),
        inputs=len(inputs),
        presses=sum(len(event.data["keys"]) for event in inputs),
        call_s=round(played.state.at_s, 1),
    )


def figures_as_map(figures: VoiceFigures) -> dict[str, Any]:
    """The figures for JSON."""
    return asdict(figures)


def _speech_by_stretch(events: Sequence[CallEvent], rate: SpeechRate) -> list[list[float]]:
    """Seconds of speech of each prompt that the caller hears, by what is heard between two inputs."""
    stretches: list[list[float]] = [[]]
    for event in events:
        if event.kind == "prompt" and event.data["to"] == "customer":
            stretches[-1].append(estimate_duration(event.data["ssml"] or event.data["text"], rate).speech_s)
        elif event.kind == "input":
            stretches.append([])
    return stretches

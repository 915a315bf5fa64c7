"""Rules about what callers hear.

Source: Amazon Connect administrator guide, text to speech and the prompt blocks; common guidance for voice menus.
"""

import re
from collections.abc import Iterator

from connect_sim.language.actions.forms import is_store_input
from connect_sim.language.dataflow import find_fixed_texts
from connect_sim.language.document import Action, Flow
from connect_sim.language.flow_set import FlowSet
from connect_sim.language.references import Reference, split_text
from connect_sim.language.speech import SsmlError, check_ssml, estimate_duration_s, is_ssml
from connect_sim.linter.rule import Problem, rule

MAX_PROMPT_CHARS = 6000
MAX_BILLED_CHARS = 3000
MAX_PROMPT_S = 10.0


def _prompts(flow: Flow) -> Iterator[tuple[Action, str, bool]]:
    """Yield every prompt, with its block and whether its parameter says SSML.

    Flow attributes in it are replaced by the longest text that this flow gives them.
    """
    words = find_fixed_texts(flow)
    for action in flow.actions:
        for name in ("Text", "SSML"):
            if text := action.text(name):
                pieces = (
                    piece if isinstance(piece, str) else words.get(piece, str(piece)) for piece in split_text(text)
                )
                yield action, "".join(pieces), name == "SSML"


@rule("E122", "SSML is well-formed")
def check_markup(flow: Flow, _: FlowSet) -> Iterator[Problem]:
    """Source: administrator guide, SSML: a text that is not well-formed fails as a whole.

    A Text that begins with a speak element counts as SSML, as the service takes it.
    """
    for action, text, marked_up in _prompts(flow):
        first = next(iter(split_text(text)), "")
        if isinstance(first, Reference):
            continue
        if marked_up or is_ssml(text):
            try:
                check_ssml(text)
            except SsmlError as error:
                yield Problem(action.identifier, f"The SSML is not well-formed: {error}.")


@rule("E123", "A prompt is within the limits of text to speech")
def check_prompt_size(flow: Flow, _: FlowSet) -> Iterator[Problem]:
    """Source: "Play prompt": 6,000 characters in all, 3,000 billed; markup is not billed."""
    for action, text, _marked_up in _prompts(flow):
        billed = re.sub(r"<[^>]*>", "", text) if is_ssml(text) else text
        if len(text) > MAX_PROMPT_CHARS or len(billed) > MAX_BILLED_CHARS:
            problem = f"The prompt has {len(text)} characters, {len(billed)} of them billed"
            yield Problem(action.identifier, f"{problem}; {MAX_PROMPT_CHARS} and {MAX_BILLED_CHARS} are allowed.")


@rule("W208", "A prompt for an entry stands in its input block")
def check_prompt_before_entry(flow: Flow, _: FlowSet) -> Iterator[Problem]:
    """Source: keys pressed during a Play prompt block are lost to the entry that follows (AWS re:Post)."""
    for action in flow.actions:
        following = flow.by_identifier.get(action.next_action or "")
        if action.type == "MessageParticipant" and following is not None and is_store_input(following):
            problem = f"Digits typed during this prompt are lost; say it in {following.identifier} itself."
            yield Problem(action.identifier, problem)


def _without_references(text: str) -> str:
    """Return a text with its references left out, but those that are an attribute of markup."""
    pieces: list[str] = []
    for piece in split_text(text):
        if isinstance(piece, str):
            pieces.append(piece)
        elif pieces and pieces[-1].endswith('="'):
            pieces.append(str(piece))
    return "".join(pieces)


@rule("W209", "A prompt takes at most 10 s")
def check_prompt_length(flow: Flow, flows: FlowSet) -> Iterator[Problem]:
    """Source: guidance for voice menus: one idea and 8 to 10 s a prompt.

    Estimated at the speech rate of the flows, pauses included, values that are filled in left out.
    """
    for action, text, _marked_up in _prompts(flow):
        spoken = _without_references(text)
        try:
            seconds = estimate_duration_s(spoken, flows.speech_rate)
        except SsmlError:
            continue
        if seconds > MAX_PROMPT_S:
            yield Problem(
                action.identifier, f"The prompt takes about {seconds:.0f} s; {MAX_PROMPT_S:.0f} s are plenty."
            )

"""What a step's inputs must look like. Flows pass what was pressed or what their author wrote; nothing is trusted."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from functions.connect.contract import (
    ADVICE_TOPICS,
    GOALS,
    HANDOVER_REASONS,
    HANDOVER_TOPICS,
    METHODS,
    PURPOSES,
    REFUND_REASONS,
    StepContract,
)
from hotline.kit.errors import InvalidInput
from hotline.kit.languages import LANGUAGES
from hotline.kit.text import is_printed_ascii

PLACES_MAX = 3
TAIL_DIGITS_MIN, TAIL_DIGITS_MAX = 4, 6
AMOUNT_DIGITS_MAX = 12
PHONE_CHARACTERS_MAX = 20
CODE_CHARACTERS_MAX = 10
"""A code has six digits; a few keys too many are a typing mistake and are answered as such."""
PIN_CHARACTERS_MAX = 16
"""A PIN has twelve digits at most; see CODE_CHARACTERS_MAX."""
MOVEMENT_CHARACTERS_MAX = 160
CHALLENGE_CHARACTERS_MAX = 64


def _digits(text: str, *, least: int, most: int) -> bool:
    return text.isascii() and text.isdigit() and least <= len(text) <= most


def _is_id(text: str, *, most: int) -> bool:
    """Whether the text may be one of our own ids or sort keys, which a flow hands back."""
    return is_printed_ascii(text, characters_max=most)


_CHECKS: dict[str, Callable[[str], bool]] = {
    "language": LANGUAGES.__contains__,
    "phone": lambda text: len(text) <= PHONE_CHARACTERS_MAX and _digits(text.removeprefix("+"), least=5, most=19),
    "method": METHODS.__contains__,
    "goal": GOALS.__contains__,
    "code": lambda text: _digits(text, least=1, most=CODE_CHARACTERS_MAX),
    "pin": lambda text: _digits(text, least=1, most=PIN_CHARACTERS_MAX),
    "choice": lambda text: text in tuple(str(place) for place in range(1, PLACES_MAX + 1)),
    "purpose": PURPOSES.__contains__,
    "tail": lambda text: _digits(text, least=TAIL_DIGITS_MIN, most=TAIL_DIGITS_MAX),
    "challenge": lambda text: _is_id(text, most=CHALLENGE_CHARACTERS_MAX),
    "movement": lambda text: _is_id(text, most=MOVEMENT_CHARACTERS_MAX),
    "amount_minor": lambda text: _digits(text, least=1, most=AMOUNT_DIGITS_MAX),
}
_CHECKS_OF_STEP: dict[tuple[str, str], Callable[[str], bool]] = {
    ("advice", "topic"): ADVICE_TOPICS.__contains__,
    ("handover", "topic"): HANDOVER_TOPICS.__contains__,
    ("handover", "reason"): HANDOVER_REASONS.__contains__,
    ("refund_request", "reason"): REFUND_REASONS.__contains__,
}
"""Inputs of one name that mean different things in different steps."""


def accept(contract: StepContract, inputs: Mapping[str, str]) -> dict[str, str]:
    """The step's own inputs, all of which look as they must. Raises InvalidInput, whose code names the first that is
    missing or malformed and never repeats it.

    Parameters that the step does not declare are dropped: a flow may pass more than a step needs.
    """
    own = {name: inputs[name] for name in contract.inputs if name in inputs}
    for name in contract.required_inputs:
        if name not in own:
            raise InvalidInput(f"{name}_missing")
    for name, text in own.items():
        check = _CHECKS_OF_STEP.get((contract.name, name)) or _CHECKS[name]
        if not check(text):
            raise InvalidInput(f"{name}_malformed")
    return own

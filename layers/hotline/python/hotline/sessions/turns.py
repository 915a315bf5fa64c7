"""Turns of a call: a retried delivery has one effect, a second request is a second one. Pure.

The flow passes back the `turn` of the last answer. A request is known by (turn, step, fingerprint of its inputs); the
fingerprint is a keyed hash, since inputs may be codes. CALL keeps the last four.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from hotline.kit.keyring import Keyring
from hotline.kit.records import quick
from hotline.sessions.model import TURNS_KEPT, SessionState, TurnRecord

FINGERPRINT_CHARACTERS = 16


@dataclass(frozen=True, slots=True)
class Replay:
    """This very request was answered before: say the same again, do nothing."""

    record: TurnRecord


@quick
@dataclass(frozen=True, slots=True)
class Attempt:
    """A new request: do it, on condition that the call is still at the turn that was read."""

    record_turn: int
    fingerprint: str


@dataclass(frozen=True, slots=True)
class TooOld:
    """The call has moved on: do nothing and give the present turn."""


type TurnDecision = Replay | Attempt | TooOld


def fingerprint(keyring: Keyring, step: str, inputs: Mapping[str, str]) -> str:
    """A keyed hash of a step and its inputs, the same whatever their order. It is compared with the few of one call, so
    that 64 bits tell them apart."""
    parts = [text for name in sorted(inputs) for text in (name, inputs[name])]
    return keyring.mac_text(keyring.current, "turn", step, *parts)[:FINGERPRINT_CHARACTERS]


def decide(state: SessionState, *, turn: int, step: str, inputs_fingerprint: str) -> TurnDecision:
    """The decision on a request, from the call as it was read."""
    for record in state.turns:
        if (record.turn, record.step, record.fingerprint) == (turn, step, inputs_fingerprint):
            return Replay(record)
    if turn in (state.turn, state.turn - 1):
        return Attempt(turn, inputs_fingerprint)
    return TooOld()


def find_record(state: SessionState, *, step: str, inputs_fingerprint: str) -> TurnRecord | None:
    """The kept answer to a request of no number: the same step with the same inputs; None when there is none."""
    return next((turn for turn in state.turns if (turn.step, turn.fingerprint) == (step, inputs_fingerprint)), None)


def with_record(turns: tuple[TurnRecord, ...], record: TurnRecord) -> tuple[TurnRecord, ...]:
    """The turns of a call with one more, the last four of them."""
    return (*turns, record)[-TURNS_KEPT:]

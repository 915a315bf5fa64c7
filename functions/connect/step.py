"""A step: its request with the session as it was read (`Visit`), its answer, and where it declares itself (`Step`).

A step declares itself in one place: its name, what it takes and answers, how it runs, and how its answer is said. A
flow passes keys that were pressed; nothing of it is trusted. The forms that inputs may have stand below.
"""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from functools import cached_property
from typing import Any, Final

from functions.connect.envelope import (
    COMMON_KEYS,
    INVALID,
    MORE_PROMPTS,
    NEED_PROOF,
    PHONE_OR_EMAIL,
    PHONE_OR_PERSON,
    STAR,
    TRY_LATER,
    ZERO,
    Request,
)
from hotline.identity import service as identity
from hotline.identity.model import Operation
from hotline.kit.actor import FactorKind
from hotline.kit.change.acts import Snapshot
from hotline.kit.doors import Context
from hotline.kit.errors import InvalidInput, NeedProof
from hotline.kit.languages import LANGUAGES
from hotline.kit.records import quick
from hotline.kit.store import Key
from hotline.kit.text import is_printed_ascii
from hotline.sessions import service as sessions
from hotline.sessions.model import Offer, SessionState, TurnRecord
from hotline.wording.speech import Speech

REFERENCE_CHARACTERS = 4


@quick
@dataclass(frozen=True, slots=True)
class Answer:
    """The result of a step: a declared outcome, facts for the words, and the answer's further keys."""

    outcome: str
    facts: Mapping[str, object] = field(default_factory=dict)
    keys: Mapping[str, str] = field(default_factory=dict)
    languages: tuple[str, ...] = ()
    """The languages in which to say it; empty: the language of the call."""
    about: str | None = None
    """The id of the payment that it tells about."""


@dataclass(slots=True)
class Visit:
    """One request of a call, as a step works with it. `replay` is set when this request was answered before;
    then the step must change nothing and give the same outcome again."""

    request: Request
    inputs: Mapping[str, str]
    session: identity.Session
    turn: sessions.Attempt | sessions.Replay | None
    """None on steps that only read."""
    finishes: Mapping[str, str] = field(default_factory=dict)
    """As its step declares."""

    @property
    def ctx(self) -> Context:
        return self.session.ctx

    @property
    def state(self) -> SessionState:
        return self.session.state

    @property
    def now(self) -> datetime:
        return self.session.now

    @property
    def replay(self) -> TurnRecord | None:
        return self.turn.record if isinstance(self.turn, sessions.Replay) else None

    def account(self, operation: Operation) -> str:
        """The chosen account, if the caller has proved enough for the operation. Raises NeedProof."""
        return self.session.allow(operation)

    def fetch(self, keys: Iterable[Key]) -> Snapshot:
        """Everything that was read, with these keys. One request for those that were not read yet."""
        return self.session.fetch(keys)

    def perform[Result](self, act: identity.Act[Result], *, cause: str | None = None) -> identity.Effect[Result]:
        """Do the act and note the turn as answered. `cause` stands for the step in the audit trail."""
        if not isinstance(self.turn, sessions.Attempt):
            raise RuntimeError(f"step {self.request.step} may not change anything now")  # noqa: TRY004 - a bug, no type
        turn = identity.Turn(self.request.step, self.turn.fingerprint, self.turn.record_turn, cause, self.finishes)
        return identity.perform(self.session, act, turn)

    def find_offer(self) -> Offer | None:
        """The offer that the caller chose by its place; the only offer when there is no choice. None for anything that
        was not offered in this call."""
        offers = self.state.offers
        if "choice" in self.inputs:
            place = int(self.inputs["choice"])
            return offers[place - 1] if place <= len(offers) else None
        return offers[0] if len(offers) == 1 else None

    def ask_proof(self, refusal: NeedProof, **keys: str) -> Answer:
        """The answer that says which proof the caller is asked for next, with further keys of the step."""
        needs = _choose_need(self.session.reachable(refusal).needs, self.state)
        return Answer(NEED_PROOF, {_NEEDS_KEY: needs}, {_NEEDS_KEY: needs, **keys})

    def note(self, outcome: str, state: SessionState | None = None) -> None:
        """Note the turn as answered, and what the step changed of the call."""
        self.perform(identity.Note(outcome, state))


def _choose_need(reachable: Sequence[str], state: SessionState) -> str:
    """The proof that the caller is asked for next. A code goes at once to the phone that is called from. It goes to any
    other phone only after its owner was asked. That phone may be lost, and its finder would read the owner's next
    steps."""
    if not reachable:
        return "agent"
    if reachable[0] == FactorKind.SMS.value and state.elsewhere:
        return PHONE_OR_EMAIL if FactorKind.EMAIL.value in reachable else PHONE_OR_PERSON
    return reachable[0]


def languages_in(language: str | None) -> tuple[str, ...]:
    """The languages of the words: the one that was chosen, else all."""
    return (language,) if language in LANGUAGES else tuple(LANGUAGES)


def reference(identifier: str) -> str:
    """The end of an id, as it is read out: enough to tell a customer's few things apart."""
    return identifier[-REFERENCE_CHARACTERS:]


def yes_or_no(value: bool) -> str:
    """A truth as answers say it."""
    return "yes" if value else "no"


def words(**facts: Any) -> dict[str, object]:
    """Facts for the words, without those that are not known."""
    return {name: value for name, value in facts.items() if value is not None}


_NEEDS_KEY: Final = "needs"


@dataclass(frozen=True, slots=True)
class Input:
    """A parameter that a flow passes. `accepts` says whether a text can be one. `optional`: it may be absent or EMPTY.
    `secret`: only the caller may know it; it comes as keyed in, or as Amazon Connect encrypted it."""

    accepts: Callable[[str], bool]
    optional: bool = False
    secret: bool = False


class InputError(StrEnum):
    """Why an input is refused."""

    MISSING = "missing"
    MALFORMED = "malformed"


class InputRefused(InvalidInput):
    """An input is missing or malformed. The code names input and fault, such as `phone_malformed`, and never repeats
    the text."""

    def __init__(self, fault: InputError, name: str) -> None:
        self.code = f"{name}_{fault}"
        super().__init__(input=name)


@dataclass(frozen=True)
class Step:
    """One step of a flow.

    `own_outcomes` and `own_keys` are those beside the ones that every step has. One of three runs it. `run` is a step
    of a caller's call; `begin` begins one. `run_outbound` belongs to a call that the hotline makes, which has no stored
    state and no turns. `ahead`: the keys to read in the same request as the call. `say` puts the words together where
    they depend on more than the outcome; without it the message `<step>.<outcome>` is said.

    `acting`: the step stores something, so that its answer carries the next turn. The others only read, and answer with
    the turn they got. `proof`: it may answer NEED_PROOF. `parts`: in how many prompts the answer may be said, one after
    the other. `menu_outcomes`: answers that are menus, after which slow callers get more time. `finishes`: outcome ->
    the topic of which a service is finished with it. The call stores that, since its ending is counted by it. `tells`:
    a step that only reads, and whose answers an agent should know of.
    """

    name: str
    own_outcomes: tuple[str, ...]
    run: Callable[[Visit], Answer] | None = None
    takes: Mapping[str, Input] = field(default_factory=dict)
    own_keys: tuple[str, ...] = ()
    say: Callable[[Speech, str], None] | None = None
    parts: int = 1
    acting: bool = False
    proof: bool = False
    menu_outcomes: tuple[str, ...] = ()
    ahead: Callable[[Context, Mapping[str, str]], Sequence[Key]] | None = None
    finishes: Mapping[str, str] = field(default_factory=dict)
    tells: bool = False
    begin: Callable[[Context, Request], tuple[Answer, SessionState]] | None = None
    run_outbound: Callable[[Context, Request, Mapping[str, str]], Answer] | None = None

    @cached_property
    def inputs(self) -> tuple[str, ...]:
        """The names of all parameters."""
        return tuple(self.takes)

    @cached_property
    def required_inputs(self) -> tuple[str, ...]:
        """Inputs without which the step answers INVALID."""
        return tuple(name for name, taken in self.takes.items() if not taken.optional)

    @cached_property
    def secret_inputs(self) -> tuple[str, ...]:
        """Those that only the caller may know."""
        return tuple(name for name, taken in self.takes.items() if taken.secret)

    @cached_property
    def outcomes(self) -> tuple[str, ...]:
        """Every outcome a flow must have a branch for."""
        of_proof = (NEED_PROOF,) if self.proof else ()
        of_inputs = (INVALID,) if self.takes else ()
        of_secrets = (ZERO, STAR) if self.secret_inputs else ()
        return (*self.own_outcomes, *of_proof, *of_inputs, *of_secrets, TRY_LATER)

    @cached_property
    def answer_keys(self) -> tuple[str, ...]:
        """Every key an answer of this step has."""
        of_proof = (_NEEDS_KEY,) if self.proof else ()
        return (*COMMON_KEYS, *MORE_PROMPTS[: self.parts - 1], *of_proof, *self.own_keys)

    def accept(self, given: Mapping[str, str]) -> dict[str, str]:
        """The step's own inputs, all of which look as they must. Raises InputRefused, which names the first that
        is missing or malformed and never repeats it.

        Parameters that the step does not declare are dropped: a flow may pass more than a step needs.
        """
        own = {name: given[name] for name in self.takes if name in given}
        for name in self.required_inputs:
            if name not in own:
                raise InputRefused(InputError.MISSING, name)
        for name, text in own.items():
            if not self.takes[name].accepts(text):
                raise InputRefused(InputError.MALFORMED, name)
        return own


PLACES_MAX: Final = 3
"""A caller chooses among three at most."""


def one_of(words: Container[str], *, optional: bool = False) -> Input:
    """One of some closed words."""
    return Input(words.__contains__, optional=optional)


def digits(*, least: int = 1, most: int, optional: bool = False, secret: bool = False) -> Input:
    """So many plain digits."""
    return Input(has_digits(least, most), optional=optional, secret=secret)


def has_digits(least: int, most: int) -> Callable[[str], bool]:
    """Whether a text has so many plain digits, and nothing else."""
    return lambda text: text.isascii() and text.isdigit() and least <= len(text) <= most


def own_id(*, most: int) -> Input:
    """One of our own ids, which a flow hands back."""
    return Input(lambda text: is_printed_ascii(text, characters_max=most))


CHOICE: Final = one_of(tuple(str(place) for place in range(1, PLACES_MAX + 1)))
"""A place in a list that was read out."""
OPTIONAL_CHOICE: Final = Input(CHOICE.accepts, optional=True)

"""announce_code, read_code: the hotline has called a phone, and reads a one-time code out there.

The flow of such a call knows the challenge and nothing else; the code is derived here, for the answer that speaks it.
It is told on a call that the hotline made, and only when the call reached the very phone which the challenge was sent
to. On a call that comes in, the number does not say who is calling.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from functions.connect.envelope import Request
from functions.connect.step import Answer, Step, own_id, words
from functions.connect.words import session as words_of
from hotline.accounts import service as accounts
from hotline.identity import service as identity
from hotline.identity.model import Challenge
from hotline.kit.doors import Context
from hotline.kit.languages import LANGUAGES
from hotline.kit.logging import Event, log

MADE_BY_US = frozenset({"API", "OUTBOUND"})
"""Initiation methods of calls that went out from Amazon Connect, to a number that was dialled there."""


def announce_code(ctx: Context, request: Request, inputs: Mapping[str, str]) -> Answer:
    """Somebody has answered: READY with who is calling and what for, or GONE. There is no code in it: what answers may
    be a mailbox, and nothing is told before somebody asks for it."""
    challenge = _challenge(ctx, request, inputs)
    if challenge is None:
        return Answer("GONE", languages=tuple(LANGUAGES))
    facts = words(wallet=ctx.wallet, goal=challenge.goal.value)
    return Answer("READY", facts, {"language": challenge.language}, (challenge.language,))


def read_code(ctx: Context, request: Request, inputs: Mapping[str, str]) -> Answer:
    """The person who answered asks for the code: READ with it, or GONE. Whether the number is still the account's is
    asked when the code is keyed in (identity.targets.proves): here there is one read, and no account."""
    challenge = _challenge(ctx, request, inputs)
    if challenge is None:
        return Answer("GONE")
    code = identity.derive(ctx.code_ring, challenge)
    left = challenge.expires_at - ctx.clock.now()
    facts = words(code=code, goal=challenge.goal.value, valid_for=left)
    return Answer("READ", facts, languages=(challenge.language,))


def _challenge(ctx: Context, request: Request, inputs: Mapping[str, str]) -> Challenge | None:
    """The challenge, if its code may be told on this call now. One read. None says nothing of why; the log does."""
    found = _find_challenge(ctx, request, inputs["challenge"])
    if isinstance(found, identity.Withheld):
        log(Event.CODE_WITHHELD, correlation_id=request.contact_id, step=request.step, reason=found.reason)
        return None
    return found


def _find_challenge(ctx: Context, request: Request, challenge_id: str) -> Challenge | identity.Withheld:
    if not ctx.voice_codes:
        return identity.Withheld("no_calls_here")
    called = request.customer_number
    number = accounts.normalise_phone(called, ctx.home_region) if called else None
    if request.initiation_method not in MADE_BY_US or number is None:
        return identity.Withheld("not_our_call")
    return identity.challenge_to_give_out(ctx, challenge_id, accounts.point_ids(number, ctx.lookup_ring))


CHALLENGE_CHARACTERS_MAX: Final = 64
_TAKES: Final = {"challenge": own_id(most=CHALLENGE_CHARACTERS_MAX)}

STEPS: Final = (
    Step(
        "announce_code",
        ("READY", "GONE"),
        run_outbound=announce_code,
        takes=_TAKES,
        own_keys=("language",),
        say=words_of.announce_code,
    ),
    Step("read_code", ("READ", "GONE"), run_outbound=read_code, takes=_TAKES, say=words_of.read_code, parts=3),
)

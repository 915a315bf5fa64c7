"""The way of a request through the phone's door: read, decide by turn, run the step, answer in words.

Expected errors become outcomes; only a bug raises, and then without repeating anything of the call.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from functions.connect import prompts
from functions.connect.envelope import (
    EMPTY,
    INVALID,
    MORE_PROMPTS,
    NEED_PROOF,
    TRY_LATER,
    Request,
)
from functions.connect.secret_inputs import aside, readable
from functions.connect.step import Answer, Step, Visit, languages_in
from functions.connect.steps import STEPS
from hotline.identity import service as identity
from hotline.kit.change.acts import retry_stale
from hotline.kit.doors import Context
from hotline.kit.errors import HotlineError, InvalidInput, NeedProof, Unreadable
from hotline.kit.logging import Event, log
from hotline.kit.store import Key
from hotline.sessions import service as sessions
from hotline.sessions.model import SessionState

UNUSABLE = "unusable"
"""Why a step itself refuses an input that looks as it must: no phone number, too few digits, a choice of nothing."""


class StepFailed(Exception):
    """A bug in a step. It says which step and nothing else, since the runtime logs the text of what is raised."""


def answer(request: Request, ctx: Context) -> dict[str, str]:
    """The flat answer to one request: every declared key of the step, all of them strings, none of them empty."""
    step = STEPS.get(request.step)
    if step is None or request.initial_contact_id is None:
        log(Event.ENVELOPE_ODD, correlation_id=request.contact_id, step=request.step, reason="step_or_contact_missing")
        return _flat(STEPS["start"] if step is None else step, Answer(TRY_LATER), None, request)
    try:
        result, state = _answer(step, request, ctx)
    except Unreadable as error:
        log(Event.ENTRY_UNREADABLE, correlation_id=request.contact_id, step=request.step, reason=error.code)
        result, state = Answer(TRY_LATER), None
    except HotlineError as error:
        log(Event.STEP_STALE, correlation_id=request.contact_id, step=request.step, reason=error.code)
        result, state = Answer(TRY_LATER), None
    except Exception as error:  # noqa: BLE001 - whatever it is, its text must not reach the log
        log(Event.STEP_FAILED, correlation_id=request.contact_id, step=request.step, error=type(error).__name__)
        raise StepFailed(request.step) from None
    log(Event.STEP_DONE, correlation_id=request.contact_id, step=request.step, outcome=result.outcome)
    return _flat(step, result, state, request)


def _answer(step: Step, request: Request, ctx: Context) -> tuple[Answer, SessionState | None]:
    inputs = _inputs(step, request, ctx)
    if step.run_outbound is not None:
        return inputs if isinstance(inputs, Answer) else step.run_outbound(ctx, request, inputs), None
    # Another delivery of the same request, or a fact, may write the items that the step had read.
    begin = step.begin
    if begin is not None:
        return retry_stale(lambda: begin(ctx, request))
    return retry_stale(lambda: _run(step, request, inputs, ctx))


def _inputs(step: Step, request: Request, ctx: Context) -> dict[str, str] | Answer:
    """The step's inputs, or the answer that takes its place. Raises Unreadable."""
    given = request.inputs
    if step.secret_inputs:
        given = readable(step, given, ctx)
        if outcome := aside(step, given):
            return Answer(outcome)
    try:
        return step.accept(given)
    except InvalidInput as error:
        _log_invalid(request, error.code)
        return Answer(INVALID)


def _log_invalid(request: Request, reason: str) -> None:
    log(Event.INPUT_INVALID, correlation_id=request.contact_id, step=request.step, reason=reason)


def _run(
    step: Step, request: Request, inputs: dict[str, str] | Answer, ctx: Context
) -> tuple[Answer, SessionState | None]:
    if step.run is None:
        raise RuntimeError(f"step {step.name} is no step of a call")
    also: Sequence[Key] = ()
    if not isinstance(inputs, Answer) and step.ahead is not None:
        also = step.ahead(ctx, inputs)
    session = identity.open_call(ctx, request.initial_contact_id or "", also)
    if session is None:
        return Answer(TRY_LATER), None
    if isinstance(inputs, Answer):
        return inputs, session.state
    visit = Visit(request, inputs, session, None, step.finishes)
    if step.acting:
        # Of what was keyed in, not of the message it came in: no two messages are alike, two deliveries of one are.
        mark = sessions.fingerprint(ctx.lookup_ring, request.step, _mark_inputs(visit, inputs))
        decision = sessions.decide(session.state, turn=request.turn, step=request.step, inputs_fingerprint=mark)
        if isinstance(decision, sessions.TooOld):
            return Answer(TRY_LATER), session.state
        visit.turn = decision
    try:
        result = step.run(visit)
    except NeedProof as refusal:
        result = visit.ask_proof(refusal)
    if result.outcome == INVALID:
        _log_invalid(request, UNUSABLE)
    _note_told(visit, step, result)
    return result, visit.state


def _note_told(visit: Visit, step: Step, result: Answer) -> None:
    """Store what the caller was told, and that they were helped, where no turn says so. A try that needs proof has no
    turn. An answer that is ready is given whether or not that can be stored now."""
    is_try = step.acting and result.outcome == NEED_PROOF
    is_told = step.tells and result.outcome in step.own_outcomes
    told = f"{step.name}:{result.outcome}" if is_try or is_told else None
    topic = None if step.acting else step.finishes.get(result.outcome)
    try:
        identity.note_told(visit.session, told=told, about=result.about, topic=topic)
    except HotlineError as error:
        request = visit.request
        event = Event.SERVICE_UNCOUNTED if topic is not None else Event.ANSWER_UNKEPT
        log(event, correlation_id=request.contact_id, step=request.step, reason=error.code)


def _mark_inputs(visit: Visit, inputs: dict[str, str]) -> dict[str, str]:
    """The inputs as a fingerprint is taken of them. A PIN lives longer than a code, so only the key service makes a
    hash of it (kit.macs)."""
    if "pin" not in inputs:
        return inputs
    return {**inputs, "pin": visit.ctx.pin_hashes.mac("turn", visit.state.contact_id, inputs["pin"]).hex()}


def _flat(step: Step, result: Answer, state: SessionState | None, request: Request) -> dict[str, str]:
    if result.outcome not in step.outcomes:
        raise StepFailed(step.name)
    facts = {"time_zone": state.time_zone if state else None, **result.facts}
    languages = result.languages or languages_of(state, request)
    said = prompts.speak(step.name, result.outcome, facts, languages, most=step.parts, slow=request.wants_time)
    values: Mapping[str, str] = {
        **result.keys,
        "outcome": result.outcome,
        **dict(zip(("prompt", *MORE_PROMPTS), said, strict=False)),
        "turn": str(state.turn if state else request.turn),
        "account_ref": state.account_ref if state else EMPTY,
    }
    return {key: values.get(key) or EMPTY for key in step.answer_keys}


def languages_of(state: SessionState | None, request: Request) -> tuple[str, ...]:
    """The language of the words: the call's own; both while none is chosen; without a call, the contact's."""
    return languages_in(state.language if state is not None else request.language)

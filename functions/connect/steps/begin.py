"""start: a call begins, or comes back from a transfer."""

from __future__ import annotations

from functions.connect.envelope import CONTINUED_METHODS, Request
from functions.connect.line import Answer, words, yes_or_no
from hotline.accounts import service as accounts
from hotline.identity import service as identity
from hotline.identity.model import Operation
from hotline.kit.doors import Context
from hotline.kit.logging import Event, log
from hotline.sessions import service as sessions
from hotline.sessions.model import SessionState

INBOUND = "INBOUND"


def begin(ctx: Context, request: Request) -> tuple[Answer, SessionState]:
    """Store the call and say whether its number is known: KNOWN, UNKNOWN or WITHHELD. A call that was handed on keeps
    what the way it came allows."""
    if request.initial_contact_id is None:
        raise RuntimeError("a call has a contact")
    calling = request.customer_number
    contact = identity.Contact(
        contact_id=request.initial_contact_id,
        inbound=request.initiation_method == INBOUND,
        continued=request.initiation_method in CONTINUED_METHODS,
        calling_number=accounts.normalise_phone(calling, ctx.home_region) if calling else None,
        leg={"contact_id": request.contact_id or "-", "initiation_method": request.initiation_method or "-"},
    )
    started = identity.begin_call(ctx, contact)
    call = started.call
    if call.own_number_only:
        log(Event.CALLS_MANY, correlation_id=request.contact_id)
    outcome = "KNOWN" if started.known else "UNKNOWN" if call.calling else "WITHHELD"
    proved = identity.missing_factors(Operation.READ, sessions.proof_from(call), ctx.clock.now()) is None
    keys = {"language": started.language or "-", "proved": yes_or_no(proved), "topic": call.topic or "-"}
    keys |= {"elsewhere": yes_or_no(call.elsewhere), "callback": yes_or_no(call.calling is not None)}
    return Answer(outcome, words(known=started.known), keys), call

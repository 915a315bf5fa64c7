"""The face of identity: what doors and the rooms above may ask for."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from hotline.kit.actor import System
from hotline.kit.change.acts import perform_alone
from hotline.kit.doors import Context

from .account_factors import (
    can_give,
    could_give,
    gives_until,
    list_account_factors,
    require_same_factors,
    require_same_risk,
)
from .acts import Act, Effect, Note, Turn, needs_standing_proof, note_told, perform
from .approvals import (
    approval_from,
    approval_item,
    approval_key,
    asked_item,
    asked_key,
    decided_query,
    digest_of,
    find_flaw,
    open_query,
)
from .callers import (
    Choice,
    Contact,
    Started,
    begin_call,
    choose,
    identify,
    reachable_accounts,
)
from .challenges import (
    COUNTS_ALL_THE_SAME,
    Checked,
    CheckOutcome,
    SendOutcome,
    TakeCodeBack,
    Withheld,
    channel_of,
    to_give_out,
    tries_of,
)
from .codes import derive, is_code
from .counters import counter_keys
from .gate import allow, allow_agent, require
from .items import NOBODY, challenge_key
from .model import Approval, ApprovalState, ByAgent, Challenge, Operation, Subject
from .notices import repudiation_key, send_repudiable
from .pins import (
    PIN_SET,
    contribute_facts,
    contribute_pin,
    contribute_repudiated_pin,
    fact_keys,
    factors_key,
    has_pin,
    is_pin,
    pin_keys,
)
from .point_changes import (
    contribute_point_gone,
    find_nameable,
    point_name,
    point_subject,
    version_of_point,
)
from .policy import CODE_LIFE, FACTOR_OF_METHOD, QUARTER_HOUR, REQUIREMENTS, missing_factors, missing_of_customer
from .recovery import (
    PERSON,
    RECOVERY_MESSAGE,
    OpeningActs,
    Progress,
    RecoveryState,
    ask_for_recovery,
    begin_recovery,
    enter_recovery_code,
)
from .repudiation import TOKEN_CHARACTERS_MAX
from .repudiation import token_of as repudiation_token
from .requests import CheckCode, CheckPin, CodeSent, RemovePin, SendCode
from .rows import contribute_full_rows, row_keys, rows_subject
from .session import (
    Session,
    SignIn,
    could_prove,
    next_need,
    open_app_session,
    open_call,
    owner_keys,
    reachable_needs,
    session_id_of,
    still_proved,
)

__all__ = [
    "CODE_LIFE",
    "FACTOR_OF_METHOD",
    "NOBODY",
    "PERSON",
    "PIN_SET",
    "QUARTER_HOUR",
    "RECOVERY_MESSAGE",
    "REQUIREMENTS",
    "TOKEN_CHARACTERS_MAX",
    "Act",
    "Approval",
    "ApprovalState",
    "ByAgent",
    "Challenge",
    "CheckCode",
    "CheckOutcome",
    "CheckPin",
    "Checked",
    "Choice",
    "CodeSent",
    "Contact",
    "Effect",
    "Note",
    "OpeningActs",
    "Operation",
    "Progress",
    "RecoveryState",
    "RemovePin",
    "SendCode",
    "SendOutcome",
    "Session",
    "SignIn",
    "Started",
    "Subject",
    "Turn",
    "Withheld",
    "allow",
    "allow_agent",
    "approval_from",
    "approval_item",
    "approval_key",
    "ask_for_recovery",
    "asked_item",
    "asked_key",
    "begin_call",
    "begin_recovery",
    "can_give",
    "challenge_key",
    "challenge_to_give_out",
    "channel_of",
    "choose",
    "contribute_facts",
    "contribute_full_rows",
    "contribute_pin",
    "contribute_point_gone",
    "contribute_repudiated_pin",
    "could_give",
    "could_prove",
    "counter_keys",
    "decided_query",
    "derive",
    "digest_of",
    "enter_recovery_code",
    "fact_keys",
    "factors_key",
    "find_flaw",
    "find_nameable",
    "gives_until",
    "has_pin",
    "identify",
    "is_code",
    "is_pin",
    "list_account_factors",
    "missing_factors",
    "missing_of_customer",
    "needs_standing_proof",
    "next_need",
    "note_told",
    "open_app_session",
    "open_call",
    "open_query",
    "owner_keys",
    "perform",
    "pin_keys",
    "point_name",
    "point_subject",
    "reachable_accounts",
    "reachable_needs",
    "repudiation_key",
    "repudiation_token",
    "require",
    "require_same_factors",
    "require_same_risk",
    "row_keys",
    "rows_subject",
    "send_repudiable",
    "session_id_of",
    "still_proved",
    "take_code_back",
    "to_give_out",
    "tries_left",
    "version_of_point",
]  # fmt: skip


def take_code_back(ctx: Context, entry: Mapping[str, Any], reason: str) -> None:
    """Take back the count of a code that could not be sent for `reason`, unless the code counts in spite of this
    reason. Raises Unavailable, and Stale when others kept counting."""
    if reason in COUNTS_ALL_THE_SAME:
        return
    perform_alone(ctx, TakeCodeBack(entry), actor=System("messenger", "code_message"), cause="code_message")


def challenge_to_give_out(ctx: Context, challenge_id: str, points: Collection[str]) -> Challenge | Withheld:
    """The challenge whose code may now be told at a contact point, or why it may not. `points`: the point's keys under
    every version. One read."""
    key = challenge_key(challenge_id)
    # The phone may get items in batches only.
    return to_give_out(ctx.store.batch_get([key]).get(key), points, ctx.clock.now())


def tries_left(session: Session) -> int | None:
    """The tries that the code has which the session waits for; None while it waits for none. One read at most."""
    if session.state.challenge is None:
        return None
    key = challenge_key(session.state.challenge.id)
    return session.fetch([key]).decode(key, tries_of)

"""Back into an account without a token: asked for by anybody, answered to everybody alike.

A request gives a contact point and gets an id; that is one read and one write, whoever the contact belongs to. A
message to a telephone number takes its place in the budget of its range then (code_messages), so that nobody waits for
a code that will not come.

Later, and out of sight, the messenger looks the contact up and begins a recovery: a call without a phone, with a
challenge that is sent to the contact, or, when it reaches nobody, with one that can never be proved. So the same
requests follow for everybody.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final, Literal

from hotline.accounts import service as accounts
from hotline.kit.actor import FactorKind
from hotline.kit.change import Change
from hotline.kit.clock import from_text, to_text
from hotline.kit.condition import Item
from hotline.kit.keyring import Keyring
from hotline.kit.outbox import Message
from hotline.kit.store import Key, Store

from . import calls, code_messages
from .challenges import contribute_code, send_keys
from .model import Call, CallKind, Goal, Identified, Target, TurnRecord
from .policy import CODE_LIFE
from .ways import Way

RECOVERY_MESSAGE: Final = "recovery.asked"
"""The outbox entry that the messenger takes up itself; it has no words and goes to nobody."""
_BEGUN: Final = "recovery"


def recovery_keys(channel: Literal["sms", "email"], value: str, keyring: Keyring, now: datetime) -> tuple[Key, ...]:
    """What must have been read for `recovery_over_budget`."""
    return code_messages.message_keys(_prefix(channel, value, keyring), now)


def recovery_over_budget(
    channel: Literal["sms", "email"], value: str, read: Mapping[Key, Item], keyring: Keyring, now: datetime
) -> code_messages.OverBudget | None:
    """The budget of messages that a recovery by this contact would break, whoever the contact belongs to."""
    if channel == "email":
        return None
    return code_messages.over_limit(_prefix(channel, value, keyring), Way.RECOVERY, read, now)


def _prefix(channel: Literal["sms", "email"], value: str, keyring: Keyring) -> str | None:
    return code_messages.prefix_of(value, keyring) if channel == "sms" else None


def contribute_recovery_request(
    change: Change,
    *,
    recovery_id: str,
    channel: Literal["sms", "email"],
    value: str,
    goal: Goal,
    language: str | None,
    keyring: Keyring,
) -> None:
    """Ask for a recovery: one outbox entry, and its message's place in the budgets. Nothing of it tells whose the
    contact is. `value` is a number in E.164 or an address."""
    prefix = _prefix(channel, value, keyring)
    if channel == "sms":
        code_messages.count_message(change, prefix, Way.RECOVERY, by=recovery_id)
    newest, *older = accounts.point_ids(value, keyring)
    change.send(
        Message(
            entry_id=change.ids.new("out"),
            message=RECOVERY_MESSAGE,
            channel=channel,
            account_id=None,
            point=newest,
            language=language or "-",
            facts={
                "recovery_id": recovery_id,
                "goal": goal.value,
                "also": list(older),
                "prefix": prefix or "-",
                "asked_at": to_text(change.now),
            },
            useless_after=change.now + CODE_LIFE,
        )
    )


def begin_recovery(
    store: Store, change: Change, entry: Mapping[str, Any], *, codes: Keyring, lookup_keys: Keyring
) -> None:
    """Begin what an outbox entry asks for: the recovery, and its first code to the contact itself. Three reads for
    everybody, and the same writes; for a contact that reaches nobody the code goes nowhere.

    At commit StaleTurn when it was begun before: the entry was delivered twice.
    """
    point, also = str(entry["point"]), tuple(str(older) for older in entry["facts"]["also"])
    kind = FactorKind.EMAIL if entry["channel"] == "email" else FactorKind.SMS
    goal = Goal(entry["facts"]["goal"])
    keys = [accounts.point_key(name) for name in (point, *also)]
    read = store.batch_get(keys)
    reached = accounts.usable_owners([read[key] for key in keys if key in read])
    prefix = str(entry["facts"].get("prefix", "-"))
    contact = Identified(point, reached, also, None if prefix == "-" else prefix)
    profiles = calls.profiles_in(store, reached or (calls.NOBODY,))
    language = next(iter({profile.language for profile in profiles}), None)
    asked_in = str(entry["language"])
    begun = Call(
        contact_id=str(entry["facts"]["recovery_id"]),
        account_ref=change.ids.new("ref"),
        turn=1,
        created_at=from_text(entry["facts"]["asked_at"]),
        last_step_at=change.now,
        inbound=False,
        turns=(TurnRecord(0, _BEGUN, "-", _BEGUN),),
        language=language if asked_in == "-" else asked_in,
        typed=contact,
        targets={kind: Target(point, reached[0] if reached else None, also, prefix=contact.prefix)},
        topic=goal.value,
        kind=CallKind.RECOVERY,
    )
    target = begun.targets[kind]
    counted = store.batch_get(list(dict.fromkeys(send_keys(begun, target, change.now))))
    _, waiting = contribute_code(
        change, begun, factor=kind, goal=goal, read=counted, keyring=codes, lookup_keys=lookup_keys, is_counted=True
    )
    calls.contribute_new_call(change, waiting)


def goal_of(call: Call) -> Goal:
    """What a recovery was asked for."""
    return Goal(call.topic or Goal.RESET.value)

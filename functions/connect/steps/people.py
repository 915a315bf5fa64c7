"""handover: a person takes over, now or by a callback, with everything known in a case."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from functions.connect.line import Answer, Line, words
from hotline.accounts import service as accounts
from hotline.cases import service as cases
from hotline.cases.model import QUEUE, Priority
from hotline.kit.change import Change
from hotline.kit.condition import Item
from hotline.kit.store import Key

_OUTCOMES = {"asked": "QUEUE", "failed": "QUEUE", "callback": "CALLBACK", "closed": "CLOSED_HOURS"}
_URGENT_TOPICS = frozenset({"security"})
NO_TOPIC = "general"
TEXTED = "texted"
"""Notes of a turn: the reference was sent by text."""


def handover(line: Line) -> Answer:
    """Open a case or add to the caller's open one, and say what happens next.

    A caller who has proved nothing gets a case of this call alone: their account is not touched on a mere number.
    """
    topic, reason = line.inputs.get("topic", NO_TOPIC), line.inputs["reason"]
    outcome = _OUTCOMES[reason]
    case_id = line.call.case_id
    if line.replay is None:
        account_id = line.call.account_id if line.call.good_factors(line.now) else None
        known = line.call.case_id if account_id is None else None
        profile_key = (accounts.profile_key(account_id),) if account_id is not None else ()
        read = line.fetch((*cases.case_keys(account_id, topic, known), *profile_key))
        change = line.change("handover")
        ref = cases.contribute_case(
            change,
            read,
            account_id=account_id,
            case_id=known,
            topic=topic,
            reason=f"caller.{reason}",
            facts=_known(line),
            priority=Priority.URGENT if topic in _URGENT_TOPICS else Priority.NORMAL,
        )
        case_id = ref.case_id
        texted = ref.new_reference and _text(change, read, account_id, ref.reference, outcome)
        notes = (ref.reference, *((TEXTED,) if texted else ()))
        line.commit(change, outcome, replace(line.call, topic=topic, case_id=case_id), notes=notes)
    else:
        notes = line.replay.notes
    facts = words(topic=topic, case=notes[0] if notes else None, texted=TEXTED in notes)
    return Answer(outcome, facts, {"queue": QUEUE, "case_id": case_id or "-"})


def _text(change: Change, read: Mapping[Key, Item], account_id: str | None, case: str, outcome: str) -> bool:
    """Send the reference to the account's phone; once a case, so that nobody floods it. False when there is none."""
    if account_id is None:
        return False
    profile = accounts.profile_from(read.get(accounts.profile_key(account_id)))
    message = "case.callback" if outcome == "CALLBACK" else "case.opened"
    return accounts.send_text(change, profile, message, {"case_reference": case})


def _known(line: Line) -> dict[str, str | int]:
    """What an agent should see first: opaque ids and closed words only."""
    call = line.call
    return {
        "contact_id": call.contact_id,
        "language": call.language or "-",
        "number_known": "yes" if call.calling and call.calling.accounts else "no",
        "proved": ",".join(factor.kind.value for factor in call.good_factors(line.now)) or "-",
        "history": ",".join(f"{record.step}:{record.outcome}" for record in call.turns) or "-",
    }

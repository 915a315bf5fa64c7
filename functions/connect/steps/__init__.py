"""The steps of a call. A step reads what it needs, lets one room change something, and gives an outcome with facts."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Final

from functions.connect.envelope import Request
from functions.connect.line import Answer, Line
from hotline.kit.doors import Context
from hotline.kit.store import Key

from . import advise, calling_out, locks, money, people, refunding, who

STEP_FUNCTIONS: Final[Mapping[str, Callable[[Line], Answer]]] = {
    "set_language": who.set_language,
    "identify": who.identify,
    "send_code": who.send_code,
    "check_code": who.check_code,
    "check_pin": who.check_pin,
    "choose_account": who.choose_account,
    "lock_status": locks.lock_status,
    "unlock": locks.unlock,
    "reset": locks.reset,
    "pause": locks.pause,
    "end_pause": locks.end_pause,
    "unfreeze": locks.unfreeze,
    "freeze": locks.freeze,
    "payments": money.recent,
    "payment_by_order": money.by_order,
    "payment_answer": money.answer,
    "refunds": refunding.under_way,
    "refund_offer": refunding.offer,
    "refund_request": refunding.request,
    "advice": advise.advice,
    "handover": people.handover,
}
"""Every step of a call but `start`, which begins before there is one (steps.begin)."""

CALLEE_STEPS: Final[Mapping[str, Callable[[Context, Request, Mapping[str, str]], Answer]]] = {
    "announce_code": calling_out.announce_code,
    "read_code": calling_out.read_code,
}
"""Steps of calls that the hotline makes. They read and write no call."""

READ_WITH_CALL: Final[Mapping[str, Callable[[Context, Mapping[str, str]], Sequence[Key]]]] = {
    "identify": who.points_to_read,
}
"""What a step needs read in the same request as the call."""

"""A customer under attack, through the doors themselves, and the owner's call at any moment of it.

The attacker signs in wrongly, asks for codes, guesses them and pauses from a faked number, as often as they are let.
The wallet answers decisions as it should. The owner has a telephone, an address and, if they chose one, a hotline PIN.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, Final

from functions.customer_api.routes.recoveries import ACCEPTED
from functions.decisions.delivery import deliver as publish
from functions.wallet_events.batch import take_in
from hotline.accounts.changes import CHANGE_WAIT
from hotline.contracts.model import PointKind
from hotline.kit.clock import to_text
from hotline.kit.doors import Context
from hotline.kit.ids import RandomIds
from hotline.kit.store import Table
from hotline.lockout import service as lockout
from hotline.lockout.model import LockState, LockView
from hotline_local.reference_wallet import acknowledge
from hotline_local.testing.memory_store import MemoryStore
from hotline_local.testing.virtual_clock import VirtualClock
from tests.support.api_client import Answered, Client, Postbox
from tests.support.facts import event, sqs_of
from tests.support.lock_desk import NOON
from tests.support.outbox_entries import RecordingBus, redrive_event
from tests.support.phone import Phone, context, give, opened

ACCOUNT: Final = "acct-besieged"
NUMBER: Final = "+8613800000077"
EMAIL: Final = "besieged@customer.example"
PIN: Final = "482137"
STEP: Final = timedelta(minutes=5)
KEYS_MAX: Final = 40
"""Steps after which a call has come to nothing."""
METHODS: Final = ("sms", "email", "pin")


class Siege:
    """The customer's world. `attacks` are made at each step of time, in turn."""

    def __init__(self, *attacks: Attack, two_step: bool = False, pin: bool = False) -> None:
        self.clock = VirtualClock(NOON)
        self.store = MemoryStore(self.clock)
        self.ctx = replace(context(self.store, self.clock), ids=RandomIds())
        self.attacks = attacks
        points = ((PointKind.PHONE, NUMBER), (PointKind.EMAIL, EMAIL))
        give(self.ctx, [opened(ACCOUNT, *points, at=NOON - timedelta(days=365), two_step=two_step)])
        if pin:
            self._choose_pin()

    def _choose_pin(self) -> None:
        client = Client(self.ctx, ACCOUNT, signed_in_at=self.clock.now())
        for method in ("sms", "email"):
            client.prove("set_pin", method)
        assert client.ask("PUT", "/v1/me/pin", body={"pin": PIN}).status == 200
        self.clock.advance(CHANGE_WAIT)

    def goes_on(self) -> None:
        """One step of time, with everything that the attackers do in it."""
        self.clock.advance(STEP)
        for attack in self.attacks:
            attack(self)
        obey(self.ctx)

    @property
    def view(self) -> LockView:
        return view_of(self.ctx)

    def rung(self) -> Call:
        """The owner's call at this moment, in a world of its own: the siege goes on as if it had not been."""
        clock = VirtualClock(self.clock.now())
        ctx = replace(context(self.store.fork(clock), clock), ids=RandomIds(), pin_macs=self.ctx.pin_macs)
        call = Call(ctx)
        call.go()
        return call


def view_of(ctx: Context) -> LockView:
    """The locks in force on the account now."""
    return lockout.view_from(ctx.store.batch_get(lockout.lock_keys(ACCOUNT)), ACCOUNT, ctx.clock.now())


def obey(ctx: Context) -> None:
    """The wallet hears every decision that is pending, and answers."""
    assert isinstance(ctx.store, MemoryStore)
    pending = [
        json.dumps({"entry_id": entry["entry_id"]})
        for entry in ctx.store.items(Table.OUTBOX)
        if entry["to"] == "bus" and "pending_pk" in entry
    ]
    if not pending:
        return
    bus = RecordingBus()
    publish(redrive_event(*pending), ctx, bus)
    facts = [fact for told in bus.events for fact in acknowledge(told.detail, ctx.clock.now())]
    if facts:
        assert take_in(sqs_of(facts), ctx) == {"batchItemFailures": []}


def tell(ctx: Context, kind: str, data: dict[str, Any]) -> None:
    """A fact of the wallet, now."""
    named = {"id": ctx.ids.new("fact"), "time": to_text(ctx.clock.now()), "subject": ACCOUNT}
    assert take_in(sqs_of([event(kind, data, **named)]), ctx) == {"batchItemFailures": []}


# ---------------------------------------------------------------- what attackers do

type Attack = Callable[[Siege], None]


def failing_to_sign_in(kind: str = "password") -> Attack:
    """Five tries in a step, or as many as the wallet looks at before it locks."""

    def attack(siege: Siege) -> None:
        for number in range(5):
            if siege.view.state not in (LockState.OPEN, LockState.PAUSED):
                return
            tried = {"attempt_id": siege.ctx.ids.new("try"), "source": {"ip": "198.51.100.7"}, "kind": kind}
            tell(siege.ctx, "login.failed", tried | {"number": number})
            obey(siege.ctx)

    return attack


def _anybody(siege: Siege, path: str, body: dict[str, Any]) -> Answered:
    return Client(siege.ctx, None).ask("POST", path, body=body)


def asking_for_codes(kind: str, *, guessing: bool) -> Attack:
    """A recovery for the customer's telephone or address, with no other aim than to use up codes, or to guess them."""
    value = NUMBER if kind == "phone" else EMAIL

    def attack(siege: Siege) -> None:
        asked = _anybody(siege, "/v1/recoveries", {"contact": {"kind": kind, "value": value}, "goal": "reset"})
        if asked.status != ACCEPTED:
            return
        Postbox(siege.ctx).work()
        for number in range(3 if guessing else 0):
            _anybody(siege, f"/v1/recoveries/{asked.json['id']}/codes", {"code": f"{number:06d}"})

    return attack


def guessing_the_pin(siege: Siege) -> None:
    """From a withheld number, the customer's keyed in."""
    phone = Phone(siege.ctx, None, siege.ctx.ids.new("contact"))
    phone.press("start")
    phone.press("identify", phone=NUMBER)
    phone.press("check_pin", pin="900001")


def from_own_number(siege: Siege) -> None:
    """A call that shows the customer's number, and guesses at everything that it is asked for."""
    for method in ("sms", "email"):
        phone = Phone(siege.ctx, NUMBER, siege.ctx.ids.new("contact"))
        phone.press("start")
        if phone.press("send_code", method=method, goal="reset")["outcome"] == "SENT":
            for number in range(3):
                phone.press("check_code", code=f"{(int(phone.code) + 1 + number) % 10**6:06d}")
        phone.press("check_pin", pin="900001")


def pausing(siege: Siege) -> None:
    """A call that shows the customer's number, and pauses their money."""
    phone = Phone(siege.ctx, NUMBER, siege.ctx.ids.new("contact"))
    phone.press("start")
    phone.press("pause")


# ---------------------------------------------------------------- what the owner does


class Call:
    """The owner's call. `outcome` says how it ended: `open` (the account is), or `reset` (a new password may be chosen,
    and was). With `person` a person has it, with a case."""

    def __init__(self, ctx: Context) -> None:
        self.ctx = ctx
        self.phone = Phone(ctx, NUMBER, ctx.ids.new("contact"))
        self.proved_by: list[str] = []
        self.outcome = "nothing"

    def go(self) -> None:
        self.phone.press("start")
        for _ in range(KEYS_MAX):
            status = self._step("lock_status", goal="look")
            if status is None:
                return
            if status["outcome"] == "OPEN":
                self.outcome = "reset" if self.outcome == "reset" else "open"
                return
            if not self._helped(status["self_service"]):
                return
        raise AssertionError([said["outcome"] for said in self.phone.answers])

    def _helped(self, self_service: str) -> bool:
        """Do what the line says may be done; False when that is for a person."""
        match self_service:
            case "unlock" | "both":
                done = self._step("unlock", goal="unlock")
            case "reset":
                done = self._step("reset", goal="reset")
                if done is not None and done["outcome"] == "GRANTED":
                    self.outcome = "reset"
                    tell(self.ctx, "password.changed", {"version": len(self.phone.answers)})
            case "end_pause":
                done = self._step("end_pause", goal="end_pause")
            case _:
                done = None
                self._to_a_person()
        obey(self.ctx)
        return done is not None and done["outcome"] in ("ASKED", "GRANTED")

    def _step(self, step: str, *, goal: str) -> dict[str, str] | None:
        """A step, with the proof it asks for; None when the call went to a person."""
        for _ in range(KEYS_MAX):
            said = self.phone.press(step)
            assert said["outcome"] != "TRY_LATER", said
            if said["outcome"] != "NEED_PROOF":
                return said
            if not self._prove(goal):
                self._to_a_person()
                return None
        raise AssertionError([said["outcome"] for said in self.phone.answers])

    def _prove(self, goal: str) -> bool:
        """One more factor, by the first method that works and has not been used for acting."""
        for method in METHODS:
            if method in self.proved_by and goal != "look":
                continue
            if self._proved(method, goal):
                self.proved_by += [method] if goal != "look" or method == "pin" else []
                self.phone.press("choose_account")
                return True
        return False

    def _proved(self, method: str, goal: str) -> bool:
        if method == "pin":
            return self.phone.press("check_pin", pin=PIN)["outcome"] == "PROVED"
        if self.phone.press("send_code", method=method, goal=goal)["outcome"] != "SENT":
            return False
        return self.phone.press("check_code", code=self.phone.code)["outcome"] == "PROVED"

    def _to_a_person(self) -> None:
        said = self.phone.press("handover", topic="lockout", reason="asked")
        assert (said["outcome"], said["case_id"] != "-") == ("QUEUE", True)
        self.outcome = "person"


def outcomes(siege: Siege, *, length: timedelta, every: timedelta) -> Sequence[tuple[datetime, LockView, Call]]:
    """The owner's calls while the siege lasts: every so often, and at each moment at which what is in force changed."""
    called: list[tuple[datetime, LockView, Call]] = []
    end, next_call, before = siege.clock.now() + length, siege.clock.now(), None
    while siege.clock.now() < end:
        siege.goes_on()
        view = siege.view
        if siege.clock.now() >= next_call or (view.state, view.until) != before:
            called.append((siege.clock.now(), view, siege.rung()))
            next_call = siege.clock.now() + every
        before = (view.state, view.until)
    return called

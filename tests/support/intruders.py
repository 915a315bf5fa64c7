"""Callers who want more than they can prove, at the shipped flows with the real connect function behind them.

A burglar presses keys: mostly ones that the menus offer, sometimes others, and at entries anything that might help.
They key in only codes that come to a phone or a mailbox in their own hands. A guess is never by luck the right one,
since luck is bounded elsewhere (`attackers`). The line's answers are held against a count of its own. It counts the
kinds of factor that this caller was handed and keyed in within ten minutes, and at which contact points. Nothing of the
policy is asked.
"""

from __future__ import annotations

import random
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from connect_sim.language.actions.forms import is_menu
from connect_sim.language.flow_set import FlowSet
from connect_sim.simulator.engine import Engine
from connect_sim.simulator.seams import FunctionResult
from connect_sim.simulator.state import CallSetup, CallState
from functions.connect.envelope import request_from
from functions.connect.runner import answer
from hotline.accounts import service as accounts
from hotline.accounts.risk import RiskBand
from hotline.contracts.model import ContactPointChanged, Fact, LockAction, LockTold, PointKind
from hotline.kit.doors import Context
from hotline.kit.store import Table
from hotline_local.testing.memory_store import MemoryStore
from hotline_local.testing.virtual_clock import VirtualClock
from tests.flows.shipped import ENTRY, shipped_without_key
from tests.support.account_risk import set_risk
from tests.support.api_world import ApiWorld
from tests.support.old_pin import age_pin
from tests.support.phone import Phone, context, failed_logins, give, opened

NOW: Final = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
LONG_AGO: Final = NOW - timedelta(days=365)
TWO_STEP, SIMPLE, FROZEN, HELD, CHANGED, OWN, PINNED, YOUNG, AT_RISK, RISKY_TWO = (
    "acct-two",
    "acct-one",
    "acct-frozen",
    "acct-held",
    "acct-new",
    "acct-own",
    "acct-pin",
    "acct-young",
    "acct-risk",
    "acct-risk-two",
)
PHONES: Final = {
    TWO_STEP: "+8613800000701",
    SIMPLE: "+8613800000702",
    FROZEN: "+8613800000703",
    HELD: "+8613800000704",
    CHANGED: "+8613800000705",
    OWN: "+8613800000706",
    PINNED: "+8613800000707",
    YOUNG: "+8613800000708",
    AT_RISK: "+8613800000709",
    RISKY_TWO: "+8613800000710",
}
MAILS: Final = {name: f"{name}@example.com" for name in PHONES}
NEW_PHONE: Final = "+8613800000715"
"""Has been the number of CHANGED since an hour ago: what comes to it may be shown things, and acts on nothing."""
PINS: Final = {PINNED: "482137", YOUNG: "620935"}
"""Hotline PINs: one is old enough to act, one was chosen an hour ago, and so shows things and acts on nothing."""
KEYS_MAX: Final = 45
PROOF_LIFE: Final = timedelta(minutes=10)

NEEDED: Final[Mapping[str, int]] = {
    "account.unlock_requested": 1,
    "account.end_pause": 1,
    "password_reset.authorised": 1,
    "account.freeze_requested": 1,
    "account.unfreeze_requested": 2,
    "refund.approved": 1,
    "account.pause_requested": 0,
    "case.opened": 0,
    "case.updated": 0,
    "refund.requested": 1,
    "refund.escalated": 0,
    "refund.unpaid": 0,
    "refund.stopped": 0,
    "refund.payout_requested": 2,
}
"""Factors that a decision takes of whoever causes it, with two-step verification off (docs/security.md)."""
TWO_STEP_TOO: Final = frozenset(
    {"account.unlock_requested", "password_reset.authorised", "refund.approved", "refund.requested"}
)
"""Decisions that take two where it is on."""
WITH_TWO_STEPS: Final = frozenset({TWO_STEP, RISKY_TWO})
AT_HIGH_RISK: Final = frozenset({AT_RISK, RISKY_TWO})
STEPPED_UP: Final = TWO_STEP_TOO | {"account.end_pause", "account.unfreeze_requested"}
"""Decisions that take one more while the account is at high risk. A caller with too few comes to a person."""
NEVER_ON_HELD: Final = frozenset({"account.unlock_requested", "account.unfreeze_requested"})
TOLD_NOTHING: Final = frozenset({"NEED_PROOF", "TRY_LATER", "INVALID", "ZERO", "STAR"})
READING: Final = frozenset(
    {"lock_status", "payments", "payment_by_order", "payment_answer", "refunds", "refund_offer", "refund_request"}
)
ACTING: Final[Mapping[str, int]] = {
    "unlock": 1,
    "reset": 1,
    "end_pause": 1,
    "unfreeze": 2,
    "freeze": 1,
    "refund_request": 1,
}
ACTING_TWO: Final = frozenset({"unlock", "reset", "refund_request"})
ACTING_UP: Final = ACTING_TWO | {"end_pause", "unfreeze"}
DISPUTING: Final = 1
"""Factors that a report takes of a payment which the owner did not make. It moves nothing (docs/security.md)."""


@dataclass(frozen=True, slots=True)
class Burglar:
    """`number`: where the call comes from, None hidden; a faked one proves nothing. `hands`: numbers and addresses
    whose codes this caller gets. `aims`: accounts whose numbers they key in. `knows`: accounts whose PIN they know."""

    name: str
    number: str | None
    hands: frozenset[str] = frozenset()
    aims: tuple[str, ...] = (TWO_STEP, SIMPLE)
    knows: frozenset[str] = frozenset()


STRANGER: Final = Burglar("a stranger", "+8613900000709")
RISK_THIEF: Final = Burglar(
    "who has the phone of an account at risk", PHONES[AT_RISK], frozenset({PHONES[AT_RISK]}), aims=(AT_RISK,)
)
RISK_OWNER: Final = Burglar(
    "the owner of an account at risk", PHONES[AT_RISK], frozenset({PHONES[AT_RISK], MAILS[AT_RISK]}), aims=(AT_RISK,)
)
RISKY_TWO_THIEF: Final = Burglar(
    "who has phone and mail of an account at risk with two steps",
    PHONES[RISKY_TWO],
    frozenset({PHONES[RISKY_TWO], MAILS[RISKY_TWO]}),
    aims=(RISKY_TWO,),
)
HIDDEN: Final = Burglar("a hidden number", None, aims=tuple(PHONES))
FAKED: Final = Burglar("a faked number", PHONES[SIMPLE])
FAKED_TWO: Final = Burglar("a faked number of an account with two steps", PHONES[TWO_STEP])
PHONE_THIEF: Final = Burglar("who has the phone", PHONES[TWO_STEP], frozenset({PHONES[TWO_STEP]}))
MAIL_THIEF: Final = Burglar("who reads the mail", PHONES[TWO_STEP], frozenset({MAILS[TWO_STEP]}))
FREEZE_THIEF: Final = Burglar("who has the phone of a frozen account", PHONES[FROZEN], frozenset({PHONES[FROZEN]}))
HELD_OWNER: Final = Burglar(
    "the owner of a held account", PHONES[HELD], frozenset({PHONES[HELD], MAILS[HELD]}), aims=(HELD,)
)
NEW_NUMBER: Final = Burglar("who had the number changed", NEW_PHONE, frozenset({NEW_PHONE}), aims=(CHANGED,))
CUSTOMER: Final = Burglar(
    "a customer who is after others", None, frozenset({PHONES[OWN], MAILS[OWN]}), aims=(OWN, SIMPLE, TWO_STEP)
)
OWNER: Final = Burglar("an owner", PHONES[SIMPLE], frozenset({PHONES[SIMPLE]}), aims=(SIMPLE,))
PIN_OWNER: Final = Burglar("who knows an old PIN", None, aims=(PINNED,), knows=frozenset({PINNED}))
PIN_THIEF: Final = Burglar("who chose a PIN an hour ago", None, aims=(YOUNG, PINNED), knows=frozenset({YOUNG}))
BURGLARS: Final = (
    *(
        STRANGER,
        HIDDEN,
        FAKED,
        FAKED_TWO,
        PHONE_THIEF,
        MAIL_THIEF,
        FREEZE_THIEF,
        HELD_OWNER,
        NEW_NUMBER,
        CUSTOMER,
        OWNER,
        PIN_OWNER,
        PIN_THIEF,
        RISK_THIEF,
        RISK_OWNER,
        RISKY_TWO_THIEF,
    ),
)


def town() -> tuple[MemoryStore, VirtualClock]:
    """Accounts of every kind, all locked for wrong passwords but where something stronger is in force, with a payment
    each that could be refunded."""
    clock = VirtualClock(NOW)
    store = MemoryStore(clock)
    world = ApiWorld(store, clock)
    ctx = world.ctx
    world.publish_policy()
    for name, phone in PHONES.items():
        points = ((PointKind.PHONE, phone), (PointKind.EMAIL, MAILS[name]))
        give(ctx, [opened(name, *points, at=LONG_AGO, two_step=name in WITH_TWO_STEPS)])
        give(ctx, failed_logins(name, 5, until=NOW))
        world.pay(f"mov-{name}", account_id=name, order_no=f"DW{len(name)}00401")
    for name, pin in PINS.items():
        client = world.client(name)
        client.prove("set_pin")
        assert client.ask("PUT", "/v1/me/pin", body={"pin": pin}).status == 200
    age_pin(store, PINNED)
    for name in AT_HIGH_RISK:
        set_risk(store, name, RiskBand.HIGH, NOW)
    changed = ContactPointChanged(9, PointKind.PHONE, PHONES[CHANGED], NEW_PHONE, NOW - timedelta(hours=1), False)
    frozen = LockTold(LockAction.FREEZE_APPLIED, "wallet-1", 1, "CUSTOMER_REQUEST")
    held = LockTold(LockAction.LOCK_APPLIED, "wallet-2", 1, "COMPLIANCE")
    give(
        ctx,
        [
            Fact("changed", "contact_point.changed", "wallet", NOW - timedelta(hours=1), CHANGED, changed),
            Fact("frozen", LockAction.FREEZE_APPLIED.value, "wallet", NOW, FROZEN, frozen),
            Fact("held", LockAction.LOCK_APPLIED.value, "wallet", NOW, HELD, held),
        ],
    )
    return store, clock


@dataclass(slots=True)
class Burglary:
    """One call of a burglar, to its end or until they give up. `found`: what they reached and had not proved."""

    burglar: Burglar
    ctx: Context
    store: MemoryStore
    clock: VirtualClock
    chance: random.Random
    flows: FlowSet = field(default_factory=shipped_without_key)
    found: list[str] = field(default_factory=list)
    pressed: list[str] = field(default_factory=list)
    reached: set[tuple[str, str]] = field(default_factory=set)
    """Steps with their outcomes, so that a search can show that it got somewhere."""
    _proved: list[tuple[str, str, datetime]] = field(default_factory=list)
    _phone: Phone | None = None
    _known: set[str] = field(default_factory=set)
    """Entries of the outbox that were looked at, or were there before the call."""

    def __post_init__(self) -> None:
        self._new_decisions()

    def go(self) -> Burglary:
        """Make the call."""
        contact_id = f"contact-{self.chance.getrandbits(64):016x}"
        self._phone = Phone(self.ctx, self.burglar.number, contact_id)
        engine = Engine(self.flows, self)
        setup = CallSetup(
            contact_id=contact_id, customer_number=self.burglar.number, hours_open=self.chance.random() < 0.8
        )
        state = engine.begin(setup, ENTRY)
        engine.run(state)
        while state.end is None and len(self.pressed) < KEYS_MAX:
            if self.chance.random() < 0.03:
                self.clock.advance(PROOF_LIFE)
            keys = self._keys(engine, state)
            self.pressed.append(keys)
            engine.press(state, keys)
        return self

    # --- what the function is asked, and what came of it

    def invoke(self, *, arn: str, event: dict[str, Any], time_limit_s: float) -> FunctionResult:
        """Answer a step with the function's own code, and look at what it did; see FunctionSeam."""
        del arn, time_limit_s
        payload = answer(request_from(event), self.ctx)
        step, outcome = str(event["Details"]["Parameters"]["step"]), payload["outcome"]
        self.reached.add((step, outcome))
        if outcome not in TOLD_NOTHING:
            self._look_at_step(step, outcome)
        for kind, account_id in self._new_decisions():
            self._look_at_decision(kind, account_id)
        return FunctionResult(payload=payload, duration_ms=50)

    def _look_at_step(self, step: str, outcome: str) -> None:
        account_id = self._call_account()
        if step in READING and not self._factors(account_id, acting=False):
            self.found.append(f"{step} {outcome} told of {account_id}")
        needed = ACTING.get(step, 0) + (step in ACTING_TWO and account_id in WITH_TWO_STEPS)
        needed += step in ACTING_UP and account_id in AT_HIGH_RISK
        if outcome == "ROUTE_DISPUTE":
            needed = DISPUTING
        if len(self._factors(account_id, acting=True)) < needed:
            self.found.append(f"{step} {outcome} for {account_id}")

    def _look_at_decision(self, kind: str, account_id: str) -> None:
        needed = NEEDED[kind] + (kind in TWO_STEP_TOO and account_id in WITH_TWO_STEPS)
        needed += kind in STEPPED_UP and account_id in AT_HIGH_RISK
        if len(self._factors(account_id, acting=True)) < needed:
            self.found.append(f"{kind} of {account_id}")
        if account_id == HELD and kind in NEVER_ON_HELD:
            self.found.append(f"{kind} of an account that is held")

    def _new_decisions(self) -> list[tuple[str, str]]:
        """Kind and account of the decisions that have been made since this was asked last."""
        entries = {entry["PK"]: entry for entry in self.store.items(Table.OUTBOX) if entry["PK"] not in self._known}
        self._known.update(entries)
        return [
            ("account.end_pause" if entry["facts"].get("ends") == "PAUSED" else entry["kind"], entry["account_id"])
            for entry in entries.values()
            if entry["to"] == "bus"
        ]

    def _call_account(self) -> str:
        assert self._phone is not None
        return self._phone.state.account_id or "nobody"

    def _factors(self, account_id: str, *, acting: bool) -> set[str]:
        """Kinds of factor that this caller was handed and keyed in, that are an account's own and still good."""
        own = {PHONES.get(account_id), MAILS.get(account_id)}
        if account_id == CHANGED:
            own = {MAILS[CHANGED], *(() if acting else (NEW_PHONE,))}
        if account_id in PINS and not (acting and account_id == YOUNG):
            own.add(PINS[account_id])
        now = self.clock.now()
        return {kind for kind, point, until in self._proved if point in own and now < until}

    # --- keys

    def _keys(self, engine: Engine, state: CallState) -> str:
        action = engine.flows.by_name[state.frame.flow].by_identifier[state.frame.block]
        if not is_menu(action):
            return self._entry(action.identifier)
        offered = [edge.operand for edge in action.conditions]
        useful = [key for key in offered if key.isdigit() and key not in "09"] or offered
        draw = self.chance.random()
        if draw < 0.85:
            return self.chance.choice(useful)
        return self.chance.choice([*offered, "-", "7"])

    def _entry(self, block: str) -> str:
        if self.chance.random() < 0.1:
            return self.chance.choice(["-", "*", "0", "#", "12", "0" * 6])
        if block == "Enter code":
            return self._code()
        if block == "Enter PIN":
            return self._pin()
        if block == "Order number":
            return self.chance.choice(["00401", "00402"])
        return PHONES[self.chance.choice(self.burglar.aims)].removeprefix("+86")

    def _pin(self) -> str:
        """The PIN of the account behind the number, if this caller knows it; else anything but it."""
        assert self._phone is not None
        reached = self._phone.state.identified
        names = reached.accounts if reached is not None else ()
        if len(names) == 1 and names[0] in self.burglar.knows and self.chance.random() < 0.9:
            self._proved.append(("pin", PINS[names[0]], self.clock.now() + PROOF_LIFE))
            return PINS[names[0]]
        guess = f"{self.chance.randrange(10**6):06d}"
        return guess if guess not in PINS.values() else "000000"

    def _code(self) -> str:
        """The code, if it came to hands of this caller; else anything but it."""
        assert self._phone is not None
        if self._phone.state.challenge is None:
            return f"{self.chance.randrange(10**6):06d}"
        right, challenge = self._phone.code, self._phone.challenge
        point = self._hand_at(challenge.point)
        if point is None or self.chance.random() < 0.1:
            guess = f"{self.chance.randrange(10**6):06d}"
            return guess if guess != right else f"{(int(right) + 1) % 10**6:06d}"
        self._proved.append((challenge.factor.value, point, self.clock.now() + PROOF_LIFE))
        return right

    def _hand_at(self, point_id: str) -> str | None:
        assert self.ctx.lookup_keys is not None
        keyring = self.ctx.lookup_keys.get()
        return next((value for value in self.burglar.hands if accounts.point_id(value, keyring) == point_id), None)


def burgle(
    burglar: Burglar, *, calls: int, seed: int, reaching: Collection[tuple[str, str]] = (), calls_max: int = 0
) -> list[Burglary]:
    """So many calls of one burglar, each in a town of its own; it ends with the first that reaches too much. It goes on
    up to `calls_max` while something of `reaching` was not reached."""
    store, clock = town()
    made: list[Burglary] = []
    left = set(reaching)
    for number in range(max(calls, calls_max)):
        if number >= calls and not left:
            break
        chance = random.Random(f"{seed}-{burglar.name}-{number}")
        own_clock = VirtualClock(clock.now())
        own_store = store.fork(own_clock)
        ctx = context(own_store, own_clock, seed=chance.getrandbits(32))
        made.append(Burglary(burglar, ctx, own_store, own_clock, chance).go())
        left -= made[-1].reached
        if made[-1].found:
            break
    return made

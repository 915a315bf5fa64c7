"""The cost of the phone's steps and of the APIs' pages with 1, 100 and 10,000 records of every kind.

One account has so many payments, refunds, bills, findings, pictures, cases, notes and audit entries. The call center
has so many cases, callbacks, findings about addresses, requests to a second person and traces of an agent. The figures
are requests to the store and its units, the same on every machine. A list that is read in pages costs the same however
long it is. Run with `make bench`.
"""

from __future__ import annotations

from collections.abc import Sequence
from copy import copy
from dataclasses import dataclass, replace
from typing import Final
from urllib.parse import parse_qsl

from benchmarks import queues
from benchmarks.records import Kind, multiply
from benchmarks.tables import Table
from functions.agent_api.access import ROUTES as AGENT_ROUTES
from functions.connect.envelope import INVALID, NEED_PROOF, TRY_LATER
from functions.customer_api.access import ROUTES
from hotline.cases import items as case_items
from hotline.kit.doors import Context
from hotline_local.testing.memory_store import MemoryStore
from hotline_local.testing.metered_store import MeteredStore
from hotline_local.testing.seeded_ids import SeededIds
from hotline_local.testing.virtual_clock import VirtualClock
from tests.support.agent_client import AgentClient, supervisor
from tests.support.agent_matrix import Matrix
from tests.support.agent_world import CONTACT, NUMBER, AgentWorld
from tests.support.api_client import Client, require
from tests.support.facts import fact
from tests.support.money_world import ACCOUNT
from tests.support.phone import Phone, give
from tests.support.stores import NOON

SIZES: Final = (1, 100, 10_000)
REFUSALS: Final = frozenset({INVALID, NEED_PROOF, TRY_LATER, "NONE"})
"""Answers of a step that did not come to its reads, or found no record."""
_PAID, _FAILED, _REFUNDABLE = "mov_1", "mov_2", "mov_3"
_RULE: Final = "failed_login_burst"
_CALLBACK: Final = "contact-callback"
_CHOOSE: Final = {"choice": "1"}


@dataclass(frozen=True, slots=True)
class Asked:
    """A step with its inputs, and the step that offers what is chosen."""

    step: str
    inputs: dict[str, str]
    after: tuple[str, dict[str, str]] | None = None


STEPS: Final = (
    Asked("start", {}),
    Asked("lock_status", {}),
    Asked("payments", {}),
    Asked("payment_answer", _CHOOSE, ("payments", {})),
    Asked("payment_by_order", {"tail": "004711"}),
    Asked("balance", {}),
    Asked("bills", {}),
    Asked("reminders", {}),
    Asked("logins", {}),
    Asked("checkup", {}),
    Asked("refunds", {}),
    Asked("refund_offer", _CHOOSE, ("payments", {"purpose": "refund"})),
    Asked("handover", {"topic": "payment", "reason": "asked"}),
    Asked("pause", {}),
)


LISTS: Final = (
    "/v1/me/payments?status=failed",
    "/v1/me/bills?which=all",
    "/v1/agent/queue?shelf=mine",
    "/v1/agent/queue?shelf=snoozed",
    "/v1/agent/approvals?state=decided",
)
"""Lists of their own beside the one that a route gives by itself."""


def tabulate(sizes: Sequence[int] = SIZES) -> Table:
    """A row for each step and route, with a column for each size."""
    found = measure(sizes)
    rows = [(name, *(found[size][name] for size in sizes)) for name in found[sizes[0]]]
    note = "Reads, read units; of a run writes and write units, too."
    return Table(("with so many of each kind", *(f"{size:,}" for size in sizes)), rows, note, found)


def measure(sizes: Sequence[int] = SIZES) -> dict[int, dict[str, str]]:
    """Reads and read units by step or route, for each size. Sizes ascend from one."""
    matrix, kinds, waiting = _open()
    store = matrix.world.store
    assert isinstance(store, MemoryStore)
    found: dict[int, dict[str, str]] = {}
    known = 1
    for size in sizes:
        multiply(store, kinds, known=known, count=size)
        known = size
        waiting = queues.fill(store, waiting, size)
        found[size] = _ask(matrix) | queues.measure(matrix.world, waiting)
    return found


def _open() -> tuple[Matrix, tuple[Kind, ...], queues.Waiting]:
    """One record of each kind, the kinds of which there shall be many, and what waits for each function."""
    world = AgentWorld(MemoryStore(VirtualClock(NOON)))
    world.ctx = replace(world.ctx, ids=SeededIds(1))
    told = ("bill.issued", "funds.balance_changed", "login.succeeded")
    give(world.ctx, [fact(name, subject=ACCOUNT) for name in told])
    give(world.ctx, [fact("payment.failed", {"movement_id": _FAILED}, subject=ACCOUNT)])
    world.hold()
    world.pay(12850, _PAID)
    world.pay(12850, _REFUNDABLE)
    refund_id = world.ask_refund()
    evidence_id = world.send_picture(refund_id)
    agent = AgentClient(world.ctx, "agent-1")
    own, free = world.open_case("refund"), world.open_case("payment")
    asked = {"operation": "release_hold", "case_id": own, "cause": "RISK_SCORE", "reason": "false_alarm"}
    suppressed = {"reason": "customer_asked", "rule": _RULE, "until": "2026-11-24T12:00:00Z"}
    require(agent.post(f"/cases/{own}/claim"))
    require(AgentClient(world.ctx, "agent-2").post(f"/cases/{world.open_case('account')}/claim"))
    require(agent.post(f"/cases/{own}/notes", {"text": "seen"}))
    require(agent.post(f"/cases/{own}/suppressions", suppressed))
    judged = world.find_theft(734_501, "fnd_judged", holds=False)
    judgement = {"verdict": "false_alarm", "reason": "evidence_seen"}
    require(agent.post(f"/cases/{own}/findings/{judged}/feedback", judgement))
    world.hold("COMPLIANCE")
    decided_id = require(agent.post("/approvals", {**asked, "cause": "COMPLIANCE"})).json["id"]
    require(supervisor(world.ctx).post(f"/approvals/{decided_id}/decision", {"decision": "deny"}))
    approval_id = require(agent.post("/approvals", asked)).json["id"]
    # A hold is released only where each finding is judged.
    finding_id, spray_id = world.find_theft(734_501, holds=False), world.find_spray()
    phone = world.call_in(CONTACT, goal=None, number=None)
    require(agent.post(f"/contacts/{CONTACT}/claim"))
    callback = case_items.callback_item(_CALLBACK, free, topic="payment", language="en-US", at=NOON)
    assert isinstance(world.store, MemoryStore)
    world.store.load([(case_items.contact_case_key(_CALLBACK), callback)])
    kinds = (
        *(Kind(name, ("MOVE#", "TAIL#", "TAKEN#")) for name in (_PAID, _REFUNDABLE)),
        Kind(_FAILED, ("MOVE#", "TAIL#")),
        Kind("bil_1", ("BILL#",)),
        Kind(refund_id, ("REFUND#", "REFUND_AT#", "REFUND_TOLD#", "CLOCK#")),
        *(Kind(name, ("FINDING#",)) for name in (finding_id, spray_id)),
        Kind(evidence_id, ("EVIDENCE#", "OWNER")),
        *(Kind(name, ("CASE", "TOLD#"), due=False) for name in (own, free)),
        Kind(world.case_of(phone), ("CASE",)),
        Kind(approval_id, ("APPROVAL",), of=own),
        Kind(decided_id, ("APPROVAL",)),
        Kind(_RULE, ("SUPPRESSION#",)),
        Kind(_CALLBACK, ("CASE",)),
        Kind(_last_of(world, "AUDIT#"), ("AUDIT#",)),
        Kind(_last_of(world, "DID#", "AGENT#agent-2"), ("DID#",)),
        Kind(_last_of(world, "NOTE#"), ("NOTE#", "ENTRY#")),
    )
    things = {"own": {"cases": own, "contacts": CONTACT, "approvals": approval_id}}
    made = Matrix(world, things, refund_id, world.payment_key(), evidence_id, finding_id)
    return made, kinds, queues.begin(world, refund_id)


def _last_of(world: AgentWorld, begin: str, partition: str = "") -> str:
    """The id in the last sort key that begins so, in partitions that begin so."""
    keys = [(str(item["PK"]), str(item["SK"])) for item in world.items()]
    return max(sk for pk, sk in keys if sk.startswith(begin) and pk.startswith(partition)).rpartition("#")[2]


def _ask(matrix: Matrix) -> dict[str, str]:
    found = {f"step {asked.step}": _press(matrix.world, asked) for asked in STEPS}
    for route in ROUTES:
        if route.startswith("GET /v1/me/"):
            found[route] = _get(matrix, route)
    for route in AGENT_ROUTES:
        if route.startswith("GET "):
            found[route] = _get_as_agent(matrix, route)
    return found | {f"GET {path}": _list(matrix, path) for path in LISTS}


def _list(matrix: Matrix, path: str) -> str:
    store, name = _meter(matrix.world), path.partition("?")[0]
    ctx = replace(matrix.world.ctx, store=store)
    query = dict(parse_qsl(path.partition("?")[2]))
    asker = supervisor(ctx, "agent-1") if name.startswith("/v1/agent") else _customer(matrix.world, ctx)
    if asker.ask("GET", name, query=query).status != 200:
        raise RuntimeError(f"{path} was not answered")
    return f"{store.reads}, {store.units.read:g}"


def _customer(world: AgentWorld, ctx: Context) -> Client:
    return Client(ctx, ACCOUNT, signed_in_at=world.clock.now())


def _press(world: AgentWorld, asked: Asked) -> str:
    store = _meter(world)
    phone = Phone(replace(world.ctx, store=store), NUMBER, contact_id=f"call-{asked.step}")
    if asked.step != "start":
        phone.press("start")
        phone.prove()
    if asked.after is not None:
        step, inputs = asked.after
        phone.press(step, **inputs)
    reads, units = store.reads, store.units.read
    outcome = phone.press(asked.step, **asked.inputs)["outcome"]
    if outcome in REFUSALS:
        raise RuntimeError(f"{asked.step} was answered {outcome}")
    return f"{store.reads - reads}, {store.units.read - units:g}"


def _get(matrix: Matrix, route: str) -> str:
    world, store = matrix.world, _meter(matrix.world)
    path = route.removeprefix("GET ")
    if "/payments/" in path:
        (first, *_) = _customer(world, world.ctx).ask("GET", "/v1/me/payments").json["payments"]
        path = path.replace("{id}", first["id"])
    answered = _customer(world, replace(world.ctx, store=store)).ask("GET", path.replace("{id}", matrix.refund_id))
    if answered.status != 200:
        raise RuntimeError(f"{route} was answered {answered.status}")
    return f"{store.reads}, {store.units.read:g}"


def _get_as_agent(matrix: Matrix, route: str) -> str:
    store = _meter(matrix.world)
    world = copy(matrix.world)
    world.store, world.ctx = store, replace(matrix.world.ctx, store=store)
    answered = replace(matrix, world=world).ask("supervisor", route, "own")
    if answered.status != 200:
        raise RuntimeError(f"{route} was answered {answered.status}")
    return f"{store.reads}, {store.units.read:g}"


def _meter(world: AgentWorld) -> MeteredStore:
    assert isinstance(world.store, MemoryStore)
    return MeteredStore(world.store)

"""Agents at work, on any store: customers who call and are handed over, cases that are claimed, and two people."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any, Final

from functions.decisions.delivery import bus_event
from hotline.accounts import service as accounts
from hotline.agents import service as agents
from hotline.agents.model import ActReason, AgentToken, Basis, Permission, Role
from hotline.cases import service as cases
from hotline.contracts.model import Fact, LockAction, LockTold, MovementStatus, PointKind
from hotline.contracts.schemas import parse
from hotline.evidence import service as evidence
from hotline.identity.items import point_key, with_counters
from hotline.identity.model import Approval
from hotline.identity.policy import FactorCounters
from hotline.identity.service import point_name
from hotline.identity.ways import Way
from hotline.kit.actor import Agent, FactorKind, System
from hotline.kit.aws.buckets import Scan, Upload
from hotline.kit.change import Change
from hotline.kit.doors import Context
from hotline.kit.ids import RandomIds
from hotline.kit.money import Money
from hotline.kit.store import Key, Put, Table
from hotline.kit.store.condition import Item
from hotline.lockout import service as lockout
from hotline.lockout.model import LockView
from hotline.payments import service as payments
from hotline.refunds import service as refunds
from hotline.refunds.model import Refund
from hotline.security.detectors import Stream
from hotline.security.findings import Kind, Step, contribute_steps, step_keys
from hotline.security.model import Finding
from hotline_local.reference_wallet import acknowledge
from hotline_local.testing.memory_bucket import MemoryBucket
from hotline_local.testing.memory_store import MemoryStore
from hotline_local.testing.virtual_clock import VirtualClock
from tests.support.api_client import Client
from tests.support.lock_desk import fact
from tests.support.money_world import ACCOUNT, moved
from tests.support.phone import Phone, context, failed_logins, give, opened
from tests.support.stores import NOON, AnyStore, all_items

NUMBER: Final = "+8613700000001"
EMAIL: Final = "ada@customer.example"
CONTACT: Final = "contact-1"
SPRAYING: Final = "a1b2c3d4e5f60718"
"""The keyed hash of an address."""
ALL_SCOPES: Final = frozenset(permission.value for permission in Permission)


@dataclass
class AgentWorld:
    """A customer with a locked account, and a call center."""

    store: AnyStore
    clock: VirtualClock = field(default_factory=lambda: VirtualClock(NOON))
    two_step: bool = False
    lone: bool = False
    """Whether the customer has a phone alone, and no address."""
    ctx: Context = field(init=False)
    _facts: int = 0
    _raised: dict[str, Finding] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if isinstance(self.store, MemoryStore):
            self.store.clock = self.clock
        self.ctx = replace(context(self.store, self.clock), ids=RandomIds())
        emails = () if self.lone else ((PointKind.EMAIL, EMAIL),)
        points = ((PointKind.PHONE, NUMBER), *emails)
        give(self.ctx, [opened(ACCOUNT, *points, at=NOON - timedelta(days=365), two_step=self.two_step)])

    # ---------------------------------------------------------------- who there is

    def token(
        self,
        agent_id: str = "agent-1",
        *,
        roles: Sequence[Role] = (Role.AGENT,),
        scopes: frozenset[str] = ALL_SCOPES,
        account_id: str | None = None,
    ) -> AgentToken:
        """A token of an agent that was issued now."""
        now = self.clock.now()
        return AgentToken(
            agent_id, agent_id.title(), frozenset(roles), scopes, now, now + timedelta(minutes=15), account_id
        )

    def supervisor(self, agent_id: str = "supervisor-1", **own: Any) -> AgentToken:
        return self.token(agent_id, roles=(Role.AGENT, Role.SUPERVISOR), **own)

    # ---------------------------------------------------------------- what the customer does

    def lock_out(self) -> None:
        """The account is locked softly."""
        give(self.ctx, failed_logins(ACCOUNT, 5, until=self.clock.now()))

    def hold(self, cause: str = "RISK_SCORE") -> None:
        """The wallet tells of a hold."""
        self._tell_lock(LockAction.LOCK_APPLIED, cause)

    def lift(self, cause: str = "RISK_SCORE") -> None:
        """The wallet tells that it has released a hold."""
        self._tell_lock(LockAction.LOCK_RELEASED, cause, version=2)

    def answer_as_wallet(self, kind: str) -> None:
        """The wallet confirms what it was asked for by decisions of a kind."""
        asked = [acknowledge(bus_event(one).detail, self.clock.now()) for one in self.decided(kind)]
        give(self.ctx, [parse(told) for facts in asked for told in facts])

    def freeze(self) -> None:
        """The wallet tells that the owner has frozen the account."""
        self._tell_lock(LockAction.FREEZE_APPLIED, "CUSTOMER_REQUEST")

    def _tell_lock(self, action: LockAction, cause: str, *, version: int = 1) -> None:
        self._facts += 1
        data = LockTold(action, f"wallet-{self._facts}", version, cause)
        give(self.ctx, [fact(action.value, self.clock.now(), data, name=str(self._facts), account=ACCOUNT)])

    def call_in(self, contact_id: str = CONTACT, *, goal: str | None = "unlock", number: str | None = NUMBER) -> Phone:
        """A call that has proved a code for a goal, or nothing, and is handed over to a person."""
        phone = Phone(self.ctx, number, contact_id)
        phone.press("start")
        if goal is not None:
            phone.prove("sms", goal)
        assert phone.press("handover", topic="lockout", reason="asked")["outcome"] == "QUEUE"
        return phone

    def case_of(self, phone: Phone) -> str:
        """The case with which the call was handed over."""
        assert phone.state.case_id is not None
        return phone.state.case_id

    def pay(self, minor: int, movement_id: str = "mov_1") -> None:
        """A payment of the customer's, in fen."""
        give(self.ctx, [moved(MovementStatus.SUCCEEDED, movement_id, amount=Money(minor, "CNY"))])

    def ask_refund(self, movement_id: str = "mov_1", reason: str = "defective", *, minor: int | None = None) -> str:
        """A refund that is asked for in the app; its id. `minor`: its amount in fen, None all that is left."""
        amount = {"amount": {"minor": minor, "currency": "CNY"}} if minor is not None else {}
        client = Client(self.ctx, ACCOUNT, signed_in_at=self.clock.now())
        client.prove("refund", "sms")
        asked = client.ask(
            "POST",
            "/v1/me/refunds",
            body={"payment_id": movement_id, "reason": reason, **amount},
            headers={"Idempotency-Key": f"key-of-the-request-{movement_id}"},
        )
        assert asked.status == 201, asked
        return str(asked.json["id"])

    def send_picture(self, refund_id: str) -> str:
        """A picture for a refund that is sent in the app, and that the bucket says is clean; its id."""
        client = Client(self.ctx, ACCOUNT, signed_in_at=self.clock.now())
        body = {"content_type": "image/jpeg", "size": 12}
        given = client.ask("POST", f"/v1/me/refunds/{refund_id}/evidence", body=body)
        assert given.status == 201, given
        bucket, upload = self.ctx.pictures, given.json["upload"]
        assert isinstance(bucket, MemoryBucket)
        stored = bucket.post(Upload(upload["url"], upload["fields"]), b"\xff\xd8\xff a picture")
        name = upload["fields"]["key"]
        bucket.set_scan(name, Scan.CLEAN)
        evidence.take_object(self.ctx, name, evidence.ScanResult(stored.etag, Scan.CLEAN))
        return str(given.json["id"])

    def tell_refund(self, *facts: Fact) -> None:
        """The wallet tells of refunds."""
        give(self.ctx, facts)

    def point_name(self, value: str = NUMBER) -> str:
        """The name of a contact point, as agents say which one they mean."""
        profile = accounts.find_profile(self.store, ACCOUNT)
        assert profile is not None
        return next(point_name(ACCOUNT, point) for point in profile.points if point.value == value)

    def payment_key(self, movement_id: str = "mov_1") -> str:
        """The sort key of a payment, as agents name it."""
        movement = payments.find(self.store.batch_get, ACCOUNT, movement_id)
        assert movement is not None
        return movement.sk

    def find_theft(
        self, minor: int, finding_id: str = "fnd_theft", *, holds: bool = True, severity: str = "critical"
    ) -> str:
        """The scan finds transfers after a new password and a new device, in fen; the finding's id. `holds`: it asks
        the wallet for a hold."""
        now = self.clock.now()
        facts: dict[str, str | int] = {"transfers": 1, "amount_minor": minor, "currency": "CNY"}
        finding = Finding(
            finding_id,
            "reset_device_transfer",
            1,
            severity,
            Stream.ACCOUNT,
            ACCOUNT,
            ACCOUNT,
            now,
            now,
            facts,
            event_ids=(),
            holds=holds,
            rules="rules",
        )
        return self.raise_finding(finding)

    def find_spray(self, finding_id: str = "fnd_spray", subject: str = SPRAYING, **changed: Any) -> str:
        """The scan finds an address that tries passwords; the finding's id."""
        now = self.clock.now()
        finding = Finding(
            id=finding_id,
            rule="password_spray",
            version=1,
            severity="medium",
            stream=Stream.SOURCE,
            subject=subject,
            account_id=None,
            window_start=now - timedelta(minutes=30),
            window_end=now,
            facts={"failures": 15, "accounts_failed": 5, "accounts_in": 1},
            event_ids=("try-1", "try-2"),
            holds=False,
            rules="rules",
        )
        return self.raise_finding(replace(finding, **changed))

    def raise_finding(self, finding: Finding) -> str:
        """Raise it with all its effects, as the scan does."""
        self._raised[finding.id] = finding
        self._take_step(Kind.RAISE, finding)
        return finding.id

    def withdraw_finding(self, finding_id: str) -> None:
        """Take a finding back that was raised, as the scan does when a late event excludes it."""
        self._take_step(Kind.WITHDRAW, self._raised[finding_id])

    def _take_step(self, kind: Kind, finding: Finding) -> None:
        steps = [Step(kind, finding)]
        change = Change(
            actor=System("security_scan", finding.rule), cause="scan", now=self.clock.now(), ids=self.ctx.ids
        )
        contribute_steps(change, self.store.batch_get(list(step_keys(steps))), steps)
        change.commit(self.store)

    # ---------------------------------------------------------------- what agents do

    def open_case(self, topic: str = "refund", *, account_id: str | None = ACCOUNT) -> str:
        """A case about the account, as the hotline opens it."""
        change = Change(actor=Agent("-", "-"), cause="test", now=self.clock.now(), ids=self.ctx.ids)
        read = self.store.batch_get(list(cases.case_keys(account_id, topic)))
        ref = cases.contribute_case(change, read, account_id=account_id, topic=topic, reason="test", facts={})
        change.commit(self.store)
        return ref.case_id

    def claim(self, case_id: str, agent_id: str = "agent-1") -> Basis:
        """The case as the agent's own."""
        change = Change(actor=Agent(agent_id, case_id), cause="claim", now=self.clock.now(), ids=self.ctx.ids)
        read = self.store.batch_get(list(cases.agent_keys(case_id)))
        cases.contribute_claim(change, read, case_id, agent_name=agent_id.title())
        change.commit(self.store)
        return Basis(case_id)

    def claimed(self, agent_id: str = "agent-1", topic: str = "refund") -> Basis:
        """A new case about the account, claimed."""
        return self.claim(self.open_case(topic), agent_id)

    def take(self, phone: Phone, token: AgentToken) -> Basis:
        """The call, with the agent in it."""
        agents.take_contact(self.ctx, token, phone.contact_id)
        return Basis(self.case_of(phone), phone.contact_id)

    def do(self, token: AgentToken, basis: Basis, act: Any, approval: Approval | None = None) -> Any:
        """The result of an act."""
        named = approval.approval_id if approval is not None else None
        done = agents.perform(self.ctx, token, basis, act, approval_id=named)
        assert done.deed is not None
        return done.deed.result

    def approve(
        self, token: AgentToken, basis: Basis, act: Any, by: AgentToken | None = None, *, approve: bool = True
    ) -> Approval:
        """A second person's word on an act."""
        asked = agents.ask(self.ctx, token, basis, act, ActReason.EVIDENCE_SEEN)
        return agents.decide(self.ctx, by or self.supervisor(), asked.approval_id, approve=approve)

    # ---------------------------------------------------------------- what is left

    def items(self, table: Table = Table.HOTLINE) -> list[Item]:
        return all_items(self.store, table)

    def audit(self) -> list[Item]:
        """The account's audit trail, oldest first."""
        found = [
            item for item in self.items() if item["PK"] == f"ACCOUNT#{ACCOUNT}" and item["SK"].startswith("AUDIT#")
        ]
        return sorted(found, key=lambda item: item["SK"])

    def decisions(self) -> list[Item]:
        return [entry for entry in self.items(Table.OUTBOX) if entry["to"] == "bus"]

    def decided(self, kind: str) -> list[Item]:
        return [entry for entry in self.decisions() if entry["kind"] == kind]

    def view(self) -> LockView:
        read: Mapping[Key, Item] = self.store.batch_get(list(lockout.lock_keys(ACCOUNT)))
        return lockout.view_from(read, ACCOUNT, self.clock.now())

    def refund(self, refund_id: str) -> Refund:
        item = self.store.get(refunds.refund_key(ACCOUNT, refund_id))
        assert item is not None
        return refunds.refund_from(item)


def fill_row(world: AgentWorld, value: str = NUMBER, factor: FactorKind = FactorKind.SMS, wrong: int = 100) -> None:
    """A row of wrong codes at a contact point, by calls from its own number."""
    key = point_key(accounts.point_id(value, world.ctx.lookup_ring))
    item = world.store.get(key) or {}
    counters = {f"{factor.value}/{Way.OWN_NUMBER.counter}": FactorCounters(wrong_in_a_row=wrong)}
    stored = with_counters(item, counters, now=world.clock.now(), owned=True)
    world.store.transact([Put(key, {**stored, "rev": int(item.get("rev", 0)) + 1})], token=f"fill-{value[-8:]}-{wrong}")

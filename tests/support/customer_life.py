"""The whole life of one customer with the hotline, through every function, on any store.

Their personal texts are recognisable: one of the `PERSONAL` texts outside the profile is a leak. The tests that use it
dump everything that is left behind.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from datetime import timedelta
from typing import Any, Final

from functions.contact_events.batch import take_in as count_events
from functions.deadlines.work import Summary, work_off
from functions.decisions.delivery import deliver as publish
from functions.digests.batch import take_in as compare_digests
from functions.wallet_events.batch import take_in
from hotline.agents import service as agents
from hotline.agents.model import ActReason, AgentToken, Basis, LookUpReason, Part, Permission, Role
from hotline.cases import service as cases
from hotline.directory import service as directory
from hotline.identity.model import Goal
from hotline.kit.actor import Agent
from hotline.kit.change import Change
from hotline.kit.clock import to_text
from hotline.kit.languages import LANGUAGES
from hotline.kit.store import Table
from hotline.kit.store.condition import Item
from hotline.refunds import service as refunds
from hotline.security import service as security
from hotline.security.model import Verdict
from hotline.security.service import ACTIVITY_SHARDS, scan_shard
from hotline_local.testing.virtual_clock import VirtualClock
from tests.support.api_client import Answered, Client, Postbox
from tests.support.facts import event, sqs_of
from tests.support.old_pin import age_pin
from tests.support.outbox_entries import RecordingBus, redrive_event
from tests.support.phone import Phone, context
from tests.support.report_events import SOURCES, ZONE, call_events
from tests.support.stores import NOON, AnyStore, all_items

ACCOUNT: Final = "acct-whole-life"
PHONE: Final = "+8613812345678"
OTHER_PHONE: Final = "+8613898765432"
EMAIL: Final = "mei.recognisable@customer.example"
NAME: Final = "Mei Recognisable"
NOTE: Final = "The kettle is broken. I live at 7 Unmistakable Lane."
IPS: Final = ("198.51.100.77", "203.0.113.99", "2001:db8::feed")
DEVICES: Final = ("device-old-unmistakable", "device-new-unmistakable")
PIN: Final = "482137"
OTHERS: Final = "acct-of-others"
"""The beginning of the ids of other accounts."""
PERSONAL: Final = (
    *("13812345678", "13898765432", "12345678", "98765432"),
    *("mei.recognisable", "recognisable", "unmistakable", "kettle"),
    *IPS,
    *("31.2304", "121.4737"),
    PIN,
)
"""Parts of the customer's data, in small letters, that no id, key or word of the hotline's own contains."""
SHOP: Final = "mer-tea"


class WholeLife:
    """One customer, who has just opened an account and will do everything that there is to do."""

    def __init__(self, store: AnyStore) -> None:
        self.store = store
        self.clock = VirtualClock(NOON)
        self.ctx = context(store, self.clock)
        self.post = Postbox(self.ctx)
        self.bus = RecordingBus()
        self._facts = 0

    def live(self) -> None:
        """Everything, once."""
        self.tick()
        self.facts()
        self.call_in_chinese()
        self.look_into_it()
        self.call_in_english()
        self.use_the_app()
        self.recover()
        self.attack()
        self.come_from_an_attacked_address()
        self.judge_findings()
        self.edit_directory()
        self.work()
        self.count()

    def erase(self) -> None:
        """The wallet has the customer erased."""
        self.tell(("account.erased", {"version": 99}))

    # ---------------------------------------------------------------- what the wallet tells

    def tell(self, *told: tuple[str, dict[str, Any]], account: str = ACCOUNT, failing: int = 0) -> None:
        """Facts about the customer, or another one, now."""
        details = []
        for kind, data in told:
            self._facts += 1
            subject = SHOP if kind == "merchant.policy_published" else account
            named = {"id": f"fact-{self._facts}", "time": to_text(self.clock.now())}
            details.append(event(kind, data, subject=subject, **named))
        assert len(take_in(sqs_of(details), self.ctx)["batchItemFailures"]) == failing

    def facts(self) -> None:
        points = [
            {"kind": "phone", "value": PHONE, "confirmed_at": "2025-01-01T00:00:00Z"},
            {"kind": "email", "value": EMAIL, "confirmed_at": "2025-01-02T00:00:00Z"},
        ]
        described = {"version": 1, "language": "zh-CN", "time_zone": "Asia/Shanghai", "name": NAME, "two_step": False}
        # A fact that comes before the account is opened is counted.
        self.tell(("login.succeeded", {}))
        self.tell(("account.opened", {**described, "contact_points": points}))
        added = {"version": 2, "kind": "phone", "old": None, "new": OTHER_PHONE, "confirmed_at": "2025-02-01T00:00:00Z"}
        removed = {"version": 3, "kind": "phone", "old": OTHER_PHONE, "new": None, "reassigned": False}
        self.tell(("contact_point.changed", added))
        self.tell(("contact_point.changed", {**removed, "confirmed_at": "2025-03-01T00:00:00Z"}))
        changed = {"version": 4, "value": OTHER_PHONE, "changed_at": "2025-04-01T00:00:00Z"}
        self.tell(("contact_point.sim_changed", changed), ("device.registered", {"device_id": DEVICES[0]}))
        policy = {"merchant_id": SHOP, "categories": [], "auto_approve_minor": 50_000}
        self.tell(("merchant.policy_published", policy), ("funds.balance_changed", {}), ("bill.issued", {}))
        self.tell(*(self._payment(number) for number in range(1, 4)))
        failed = self._payment(4)
        self.tell((failed[0].replace("succeeded", "failed"), failed[1] | {"money": "none"}))
        self.tell(("transfer.unknown", self._payment(6)[1] | {"money": "unknown"}))
        unknown = {"money": "none", "failure": {"scheme": "newbank", "code": "X_77", "message": f"declined for {NAME}"}}
        self.tell(("payment.failed", self._payment(5)[1] | unknown))
        self.compare()
        # Neither a fact that makes no sense nor one that nobody knows may put into a log what it holds.
        self.tell(("account.updated", {**described, "version": 0, "contact_points": points}), failing=1)
        self.tell(("payment.failed", {**failed[1], "amount": {"minor": 0, "currency": NAME}}), failing=1)

    def compare(self) -> None:
        """A digest of the wallet that has another account's version."""
        told = {"as_of": to_text(self.clock.now()), "since": "2026-01-01T00:00:00Z"}
        detail = event("account.updated", {}, subject="range-1", id="digest-1", type="accounts.digest_told.v1")
        detail["data"] = {**told, "accounts": [{"id": ACCOUNT, "account": 98}]}
        answer = compare_digests(sqs_of([detail]), self.ctx, left_ms=lambda: 60_000)
        assert answer == {"batchItemFailures": []}

    def _payment(self, number: int) -> tuple[str, dict[str, Any]]:
        return "payment.succeeded", {
            "movement_id": f"mov-{number}",
            "order_no": f"DW{number}00040{number}",
            "merchant": {"id": SHOP, "name": "Tea House"},
            "counterparty": f"Uncle {NAME}",
            "failure": {"scheme": "iso8583", "code": "51", "message": f"declined for {NAME}"},
            "money": "debited",
            "amount": {"minor": 40_000 * number, "currency": "CNY"},
        }

    def lock_out(self) -> None:
        for number in range(5):
            source = {"ip": IPS[number % 3], "device_id": DEVICES[0], "country": "CN", "lat": 31.2304, "lon": 121.4737}
            tried = {"attempt_id": f"try-{to_text(self.clock.now())}-{number}", "source": source, "kind": "password"}
            self.tell(("login.failed", tried))

    # ---------------------------------------------------------------- what the customer does

    def call_in_chinese(self) -> None:
        """From the own number: locked out, unlocked, paused, and over to a person."""
        self.lock_out()
        phone = Phone(self.ctx, PHONE, "contact-zh")
        phone.press("start")
        assert phone.press("set_language", language="zh-CN")["language"] == "zh-CN"
        phone.press("send_code", method="sms", goal="unlock")
        self.work()
        assert phone.press("check_code", code=_other(phone.code))["outcome"] == "WRONG"
        assert phone.press("check_code", code=phone.code)["outcome"] == "PROVED"
        phone.press("choose_account")
        assert phone.press("lock_status")["outcome"] == "SOFT"
        assert phone.press("unlock")["outcome"] == "ASKED"
        assert phone.press("pause")["outcome"] == "ASKED"
        assert phone.press("handover", topic="lockout", reason="asked")["outcome"] == "QUEUE"
        assert phone.press("end_pause")["outcome"] == "ASKED"
        self.work()

    def call_in_english(self) -> None:
        """From somebody else's number: the own one keyed in, payments, a refund, advice."""
        phone = Phone(self.ctx, None, "contact-en")
        phone.press("start")
        phone.press("set_language", language="en-US")
        assert phone.press("identify", phone=PHONE.removeprefix("+86"))["outcome"] == "TAKEN"
        phone.prove("sms", "refund")
        assert phone.press("payments", purpose="refund")["outcome"] == "SEVERAL"
        assert phone.press("payment_by_order", tail="00401")["outcome"] == "FOUND"
        assert phone.press("refund_offer", choice="1")["outcome"] == "OFFERED"
        assert phone.press("refund_request", choice="1", reason="cancelled")["outcome"] == "APPROVED"
        assert phone.press("refunds")["outcome"] == "OPEN"
        assert phone.press("advice", topic="codes")["outcome"] == "TOLD"
        self.work()

    def use_the_app(self) -> None:
        """Everything with a token: a PIN, a refund with a note that somebody must look at, freeze and its end."""
        client = Client(self.ctx, ACCOUNT, signed_in_at=self.clock.now())
        client.prove("set_pin", "sms")
        assert client.ask("PUT", "/v1/me/pin", body={"pin": PIN}).status == 200
        assert client.ask("PUT", "/v1/me/reminders", body={"on": False}).status == 200
        body = {"payment_id": "mov-2", "reason": "defective", "note": NOTE}
        asked = client.ask("POST", "/v1/me/refunds", body=body, headers={"Idempotency-Key": "key-of-this-request"})
        assert (asked.status, asked.json["status"]) == (201, "in_review"), asked
        evidence = f"/v1/me/refunds/{asked.json['id']}/evidence"
        assert client.ask("POST", evidence, body={"content_type": "image/jpeg", "size": 9}).status == 201
        stolen = {"payment_id": "mov-3", "reason": "unauthorised", "note": NOTE}
        disputed = client.ask("POST", "/v1/me/refunds", body=stolen, headers={"Idempotency-Key": "key-of-the-dispute"})
        assert disputed.code == "route_dispute"
        for path in (
            evidence,
            "/v1/me/lock",
            "/v1/me/payments",
            "/v1/me/refunds",
            "/v1/me/security",
            "/v1/me/payments/mov-4",
        ):
            assert client.ask("GET", path).status == 200, path
        assert client.ask("POST", "/v1/me/freeze").status == 202
        denied = {"about": "movement", "id": "mov-4"}
        assert client.ask("POST", "/v1/me/repudiations", body=denied).status == 202
        self.clock.advance(timedelta(minutes=20))
        age_pin(self.ctx.store, ACCOUNT)
        client.prove("unfreeze", "email")
        pin = client.ask("POST", "/v1/challenges", body={"operation": "unfreeze", "method": "pin"})
        assert client.enter(pin.json["id"], PIN).status == 200
        assert client.ask("POST", "/v1/me/unfreeze").status == 202
        phone = Phone(self.ctx, PHONE, "contact-pin")
        phone.press("start")
        assert phone.press("check_pin", pin=PIN)["outcome"] == "PROVED"
        self.work()

    def recover(self, status: int = 200) -> None:
        """Back into the account without a token, by telephone and by e-mail."""
        self.clock.advance(timedelta(hours=1))
        for kind, value in (("phone", PHONE), ("email", EMAIL)):
            self.work()
            asked = self._anybody("/v1/recoveries", {"contact": {"kind": kind, "value": value}, "goal": "reset"})
            assert asked.status == 202
            self.work()
            code = self._code_of(str(asked.json["id"]))
            assert self._anybody(f"/v1/recoveries/{asked.json['id']}/codes", {"code": code}).status == status
        self.work()

    def _anybody(self, path: str, body: Any) -> Answered:
        return Client(self.ctx, None).ask("POST", path, body=body)

    def _code_of(self, recovery_id: str) -> str:
        (call,) = [item for item in self.items(Table.HOTLINE) if item["PK"] == f"RECOVERY#{recovery_id}"]
        return Client(self.ctx, None).code(call["challenge"]["id"])

    def attack(self) -> None:
        """A new password, a new device and a transfer in a row: the scan finds it, and holds the account. It also finds
        many codes, which wait for the digest."""
        self.tell(*[("code.sent", {"purpose": "login"})] * 5)
        self.tell(("password.changed", {"version": 5}))
        self.clock.advance(timedelta(minutes=10))
        self.tell(("device.registered", {"device_id": DEVICES[1]}))
        self.clock.advance(timedelta(minutes=10))
        stranger = {"merchant": {"id": f"{SHOP}-of-a-thief", "name": "Tea House"}}
        self.tell(("transfer.succeeded", self._payment(9)[1] | stranger))
        self.clock.advance(timedelta(minutes=10))
        assert sum(len(report.raised) for report in self.scan()) > 1

    def come_from_an_attacked_address(self) -> None:
        """Somebody tries a list of passwords from an address from which this customer gets in."""
        source = {"ip": IPS[0], "device_id": "device-of-somebody-else", "country": "CN"}
        for number in range(30):
            tried = {"attempt_id": f"list-{number}", "source": source, "kind": "password"}
            self.tell(("login.failed", tried), account=f"{OTHERS}-{number}")
        tried = {"attempt_id": "own", "source": source | {"device_id": DEVICES[0]}, "kind": "password"}
        self.tell(("login.succeeded", tried))
        self.clock.advance(timedelta(minutes=10))
        assert any(one.accounts == (ACCOUNT,) for report in self.scan() for one in report.raised)

    def count(self) -> None:
        """Their calls and everything that was decided are counted for reports."""
        now = self.clock.now()
        bodies = [body for one in ("contact-zh", "contact-en") for body in call_events(one, begun=now)]
        bodies += [{"source": one.source, "detail-type": one.type, "detail": one.detail} for one in self.bus.events]
        records = [{"messageId": str(place), "body": json.dumps(body)} for place, body in enumerate(bodies)]
        assert count_events({"Records": records}, self.ctx, zone=ZONE, sources=SOURCES, users=None) == {
            "batchItemFailures": []
        }

    # ---------------------------------------------------------------- what supervisors edit

    def edit_directory(self) -> None:
        """Opening hours, a banner and the official numbers."""
        now = self.clock.now()
        words = dict.fromkeys(LANGUAGES, "Payments are slow.")
        banner = directory.make_banner(words, starts_at=now, ends_at=now + timedelta(hours=1), short_menu=False)
        for act in (agents.EditHours(directory.always_open(), 0), agents.EditBanner(banner, 0)):
            agents.perform(self.ctx, self._agent("supervisor-1"), Basis(), act)
        version = refunds.policy_in(self.store.batch_get(list(refunds.policy_keys(SHOP))), SHOP)
        assert version is not None
        terms = refunds.make_terms(window_days=30, partial=True, auto_approve_minor=50_000, categories=())
        publish = agents.PublishPolicy(SHOP, terms, version.version)
        for two in (agents.EditNumbers(("+18005550199",), 0), publish):
            token = self._agent("supervisor-1")
            asked = agents.ask(self.ctx, token, Basis(), two, ActReason.CORRECTION)
            agents.decide(self.ctx, self._agent("supervisor-2"), asked.approval_id, approve=True)
            agents.perform(self.ctx, token, Basis(), two, approval_id=asked.approval_id)

    # ---------------------------------------------------------------- what agents do

    def look_into_it(self) -> None:
        """An agent who is in the Chinese call: looks, asks for proof on the line and in the app, and pauses."""
        token = self._agent("agent-1")
        agents.take_contact(self.ctx, token, "contact-zh")
        basis = Basis(None, "contact-zh")
        agents.look_up(self.ctx, token, basis, Part.ACCOUNT, LookUpReason.CALL)
        agents.perform(self.ctx, token, basis, agents.AskProof(Goal.UNLOCK))
        agents.perform(self.ctx, token, basis, agents.PAUSE)
        claimed = self._claim(token)
        agents.perform(self.ctx, token, claimed, agents.AskProof(Goal.UNLOCK))
        agents.note_connected(self.ctx, "contact-zh", "agent-1", leg_id="contact-zh", at=self.clock.now())
        agents.note_ended(self.ctx, "contact-zh", leg_id="contact-zh", at=self.clock.now())
        agents.remember_agent(self.ctx, token)

    def judge_findings(self) -> None:
        """The agent of the Chinese call says what they think of a finding, and suppresses a rule for a day."""
        token, basis, now = self._agent("agent-1"), Basis(self._case_id()), self.clock.now()
        theft = next(one for one in security.list_findings(self.store, ACCOUNT, now) if one.severity == "critical")
        for act in (
            agents.JudgeFinding(theft.id, Verdict.CONFIRMED),
            agents.SuppressRule("code_flooding", now + timedelta(days=1)),
        ):
            agents.perform(self.ctx, token, basis, act, why=ActReason.CUSTOMER_ASKED)

    def _case_id(self) -> str:
        (stored,) = [
            item
            for item in self.items(Table.HOTLINE)
            if item["PK"] == "CONTACT#contact-zh" and "case_id" in item and item["SK"] == "CALL"
        ]
        return str(stored["case_id"])

    def _claim(self, token: AgentToken) -> Basis:
        case_id = self._case_id()
        change = Change(actor=Agent(token.agent_id, case_id), cause="claim", now=self.clock.now(), ids=self.ctx.ids)
        read = self.store.batch_get(list(cases.agent_keys(case_id)))
        cases.contribute_claim(change, read, case_id, agent_name=token.name)
        change.commit(self.store)
        return Basis(case_id)

    def _agent(self, agent_id: str) -> AgentToken:
        now, scopes = self.clock.now(), frozenset(permission.value for permission in Permission)
        return AgentToken(
            agent_id, agent_id, frozenset(Role), scopes, now, now + timedelta(minutes=15), user_name=agent_id
        )

    # ---------------------------------------------------------------- what the hotline does by itself

    def scan(self) -> list[Any]:
        return [scan_shard(self.ctx, shard) for shard in range(ACTIVITY_SHARDS)]

    def work(self) -> None:
        """Messages and decisions go out."""
        self.post.work()
        pending = [
            json.dumps({"entry_id": entry["entry_id"]})
            for entry in self.items(Table.OUTBOX)
            if entry["to"] == "bus" and "pending_pk" in entry
        ]
        if pending:
            publish(redrive_event(*pending), self.ctx, self.bus)

    def tick(self) -> Summary:
        """Work off everything that is due."""
        return work_off(self.ctx, self.clock.now(), {"message": Nowhere(), "bus": Nowhere()})

    # ---------------------------------------------------------------- what is left behind

    def items(self, table: Table) -> list[Item]:
        return all_items(self.store, table)

    def everything(self) -> Iterator[tuple[Table, Item]]:
        for table in Table:
            for item in self.items(table):
                yield table, item


class Nowhere:
    """A queue from which nothing comes back."""

    def send(self, bodies: Sequence[str]) -> None:
        """Lose them."""


def personal_in(text: str) -> set[str]:
    """The personal texts that a dump holds."""
    small = text.lower()
    return {part for part in PERSONAL if part in small}


def _other(code: str) -> str:
    return f"{(int(code) + 1) % 1_000_000:06d}"

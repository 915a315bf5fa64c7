"""Least privilege, in both directions: what the code calls its role allows, and what a role allows is called.

Each function is driven as it is deployed, on an account in this process, by its door's own input: facts, calls, outbox
entries, the clock. A new function fails here until it is driven too.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from itertools import batched
from typing import Any, Final

import pytest

from functions.deadlines import work
from hotline.agents.model import Role
from hotline.drift import service as drift
from hotline.drift.model import Drift, Kind, digest_of
from hotline.evidence import links
from hotline.evidence.items import evidence_item, evidence_key, owner_item, owner_key
from hotline.evidence.model import Evidence, EvidenceState
from hotline.kit.aws.buckets import SCAN_TAG, Scan
from hotline.kit.aws.sdk import SdkService
from hotline.kit.clock import to_text
from hotline.kit.origin import ORIGIN_HEADER
from hotline.kit.store import Put, Table
from hotline.kit.store.condition import NEW
from hotline.refunds import service as refunds_room
from hotline_local.demo import seed_facts
from hotline_local.launcher.paths import ROOT
from tests.support.agent_client import AgentClient
from tests.support.api_client import Answered, Client
from tests.support.aws_account import ORIGIN_SECRET, Account, account
from tests.support.deployed_template import FRONT, arn
from tests.support.encrypted_entries import encrypted
from tests.support.evidence_world import scanned
from tests.support.facts import event as fact_event
from tests.support.facts import sqs_event, sqs_of
from tests.support.iam import Call, Grant, grants
from tests.support.old_pin import age_pin
from tests.support.phone import Phone
from tests.support.report_events import call_events
from tests.support.scan_runs import shard_of
from tests.support.service_calls import service_calls
from tests.support.stores import all_rows
from tests.support.sweeps import sweep
from tests.support.template import resources

ROLES: Final = tuple(resources("AWS::IAM::Role"))
FACTS_AT_ONCE: Final = 10
ERASED: Final = "acct-demo-02"
CALLING: Final = "+8613800000003"
UNKNOWN: Final = "+8613900000009"
WITH_CALLS: Final = {"ConnectInstanceArn": arn("connect", "instance/i-1"), "CodeCallNumber": "+498001234567"}
WITH_AGENTS: Final = {"AgentIssuer": "https://staff.wallet.example", "AgentAudience": "desk"}
WITH_TASKS: Final = {"CaseTasks": "on"}
WITH_BACKTEST: Final = {"Backtest": "on"}
ATTACKED: Final = "acct-demo-15"
GUESSED: Final = "acct-demo-03"
"""Somebody guesses its password, and does nothing else."""
CUSTOMERS: Final = ("acct-demo-01", ERASED, GUESSED, "acct-demo-04", ATTACKED)
"""Of the demo wallet, those that the drives below are about; moto copies all that it holds for each transaction."""


@dataclass(slots=True, kw_only=True)
class LivePhone(Phone):
    """A phone whose calls reach the function as it is deployed."""

    account: Account

    def deliver(self, event: dict[str, Any]) -> dict[str, str]:
        answer: dict[str, str] = self.account.invoke("ConnectFunction", event)
        return answer


@dataclass(slots=True, kw_only=True)
class LiveClient(Client):
    """A client whose requests reach the function as it is deployed."""

    account: Account

    def send(self, event: dict[str, Any]) -> Answered:
        told = self.account.invoke("CustomerApiFunction", by_the_front(event))
        return Answered(told["statusCode"], told["headers"], json.loads(told["body"]))


@dataclass(slots=True, kw_only=True)
class LiveAgent(AgentClient):
    """An agent whose requests reach the function as it is deployed."""

    account: Account

    def send(self, event: dict[str, Any]) -> Answered:
        told = self.account.invoke("AgentApiFunction", event)
        return Answered(told["statusCode"], told["headers"], json.loads(told["body"]))


def by_the_front(event: dict[str, Any]) -> dict[str, Any]:
    """The request as CloudFront passes it on, with the key that the API knows it by."""
    return {**event, "headers": {**event["headers"], ORIGIN_HEADER: json.loads(ORIGIN_SECRET)["1"]}}


def files_of(folder: str) -> Iterator[Any]:
    """The events of a function's folder, each as it would arrive."""
    for path in sorted((ROOT / "events" / folder).glob("*.json")):
        yield json.loads(path.read_text(encoding="utf-8"))


def take_in_facts(here: Account) -> None:
    facts = [
        fact for fact in seed_facts(datetime.now(UTC)) if fact["subject"] in CUSTOMERS or "merchant" in fact["type"]
    ]
    guesses = [
        {**fact, "id": f"{GUESSED}-{fact['id']}", "subject": GUESSED}
        for fact in facts
        if fact["subject"] == ATTACKED and fact["type"] == "login.failed.v1"
    ]
    for some in batched([*facts, *guesses], FACTS_AT_ONCE, strict=False):
        assert here.invoke("WalletEventsFunction", sqs_of(some)) == {"batchItemFailures": []}
    for event in files_of("wallet_events"):
        here.invoke("WalletEventsFunction", event)


def take_in_snapshot(here: Account) -> None:
    """Snapshots, and a lock of just now, of which a customer is told."""
    for event in files_of("imports"):
        here.invoke("ImportsFunction", event)
    own = {"until": None, "decision_id": "wallets-own"}
    at = {"id": "lock-now", "time": to_text(datetime.now(UTC))}
    lines = [{"line": 1, "fact": fact_event("lock.applied", own, subject="acct-demo-03", **at)}]
    here.invoke("ImportsFunction", sqs_event([json.dumps({"import_id": "0" * 32, "lines": lines})]))


def compare_digests(here: Account) -> None:
    """Accounts that differ, and then a digest of just what is known of them, so that both sides agree."""
    for event in files_of("digests"):
        here.invoke("DigestsFunction", event)
    known = json.loads((ROOT / "events/digests/two_accounts.json").read_text(encoding="utf-8"))
    digest = json.loads(known["Records"][0]["body"])["detail"]
    named = drift.list_drifts(here.ctx.store)
    agreed = [
        {"id": one.account_id, **{kind.value: agree_on(here, one, kind) for kind in one.differences}} for one in named
    ]
    data = {**digest["data"], "as_of": to_text(datetime.now(UTC)), "accounts": agreed}
    here.invoke("DigestsFunction", sqs_of([{**digest, "data": data}]))
    assert drift.list_drifts(here.ctx.store) == ()


def agree_on(here: Account, named: Drift, kind: Kind) -> object:
    """A kind of an account as a digest tells what the hotline knows."""
    found = named.differences[kind].known
    if kind in (Kind.ACCOUNT, Kind.FUNDS):
        return next((version for version in range(1, 100) if digest_of([(named.account_id, version)]) == found), None)
    return {"count": found.count, "digest": found.digest}


def erase(here: Account) -> None:
    """Send the erasure, which only happens to a known customer."""
    told = {**seed_facts(datetime.now(UTC))[-1], "id": "erased", "type": "account.erased.v1", "data": {"version": 3}}
    assert here.invoke("WalletEventsFunction", sqs_of([{**told, "subject": ERASED}])) == {"batchItemFailures": []}


def ask_for_codes(here: Account, contact_id: str) -> None:
    """Codes that nobody enters: to a customer, by voice, to somebody unknown, and over the API for both."""
    for number, method in ((CALLING, "voice"), (UNKNOWN, "sms")):
        phone = LivePhone(here.ctx, number, contact_id=f"{contact_id}-{number}", account=here)
        phone.press("start")
        said = phone.press("send_code", method=method, goal="unlock")
        assert (said["outcome"], said["channel"]) == ("SENT", method)
    anybody = LiveClient(here.ctx, None, account=here)
    for number in ("+8613800000001", "+8613900000008"):
        recovery = {"contact": {"kind": "phone", "value": number}, "goal": "reset"}
        assert anybody.ask("POST", "/v1/recoveries", body=recovery).status == 202


def hear_a_code(here: Account) -> None:
    """The call that reads out a code, at the phone that asked for one."""
    asked = Phone(here.ctx, CALLING, contact_id=f"before-{CALLING}").challenge.id
    called = LivePhone(here.ctx, CALLING, contact_id="outbound", initiation_method="API", account=here)
    assert called.press("announce_code", challenge=asked)["outcome"] == "READY"
    assert called.press("read_code", challenge=asked)["outcome"] == "READ"


def make_calls(here: Account) -> None:
    def prove(number: str, goal: str) -> LivePhone:
        phone = LivePhone(here.ctx, number, contact_id=f"contact-{number}", account=here)
        phone.press("start")
        phone.prove(goal=goal)
        return phone

    ask_for_codes(here, "before")
    hear_a_code(here)
    locked = prove("+8613800000001", "unlock")
    assert locked.press("lock_status")["outcome"] == "SOFT"
    assert locked.press("unlock")["outcome"] == "ASKED"
    refunded = prove("+8613800000004", "refund")
    assert refunded.press("refunds")["outcome"] == "OPEN"
    assert refunded.press("payment_by_order", tail="040005")["outcome"] == "FOUND"
    assert refunded.press("refund_offer", choice="1")["outcome"] == "OFFERED"
    assert refunded.press("refund_request", choice="1", reason="cancelled")["outcome"] == "APPROVED"
    assert prove("+8613800000003", "look").press("payments")["outcome"] == "SEVERAL"
    assert refunded.press("check_pin", pin=encrypted("482137"))["outcome"] == "WRONG"
    attacked = prove("+8613800000015", "look")
    assert attacked.press("handover", topic="security", reason="asked")["outcome"] == "QUEUE"
    for event in files_of("connect"):
        here.invoke("ConnectFunction", event)


def ask_the_api(here: Account) -> None:
    for event in files_of("customer_api"):
        here.invoke("CustomerApiFunction", by_the_front(event))
    # A genuine link whose picture is forgotten; what follows it is read as in the app.
    link = by_the_front(Client(here.ctx, None).event("GET", f"/e/{links.token_of('0' * 20, here.ctx.code_ring)}"))
    assert here.invoke("CustomerApiFunction", link)["statusCode"] == 410
    client = LiveClient(here.ctx, "acct-demo-04", account=here)
    assert client.ask("GET", "/v1/me/payments").status == 200
    assert client.ask("GET", "/v1/me/refunds").status == 200
    assert client.prove("refund").status == 200
    assert client.ask("GET", "/v1/me/security").status == 200
    body, key = {"payment_id": "acct-demo-04-pay6", "reason": "cancelled"}, {"Idempotency-Key": "key-0000-0000-0001"}
    assert client.ask("POST", "/v1/me/refunds", body=body, headers=key).status == 201
    assert client.ask("PUT", "/v1/me/pin", body={"pin": "482137"}).status == 200
    age_pin(here.ctx.store, "acct-demo-04")
    asked = client.ask("POST", "/v1/challenges", body={"operation": "unlock", "method": "pin"})
    assert client.enter(asked.json["id"], "482137").status == 200


def work_at_the_desk(here: Account) -> None:
    """A call that was handed over: taken, looked at, granted a new password with the caller's proof, and closed."""
    phone = LivePhone(here.ctx, "+8613800000001", contact_id="handed-over", account=here)
    phone.press("start")
    phone.prove(goal="reset")
    assert phone.press("handover", topic="lockout", reason="asked")["outcome"] == "QUEUE"
    agent = LiveAgent(here.ctx, account=here, contact_id="handed-over")
    case_id = agent.post("/contacts/handed-over/claim").json["case_id"]
    assert agent.get("/me").json["live_contacts"] == ["handed-over"]
    assert case_id in [case["id"] for case in agent.get("/queue").json["cases"]]
    chief = LiveAgent(here.ctx, "supervisor-1", roles=tuple(Role), account=here)
    assert chief.get("/findings", query={"about": "source"}).status == 200
    assert agent.look(case_id, "account").status == 200
    for part in ("payments", "refunds", "findings"):
        assert agent.look(case_id, part).status == 200
    assert agent.post(f"/cases/{case_id}/reset-grants", {"reason": "customer_proved"}).status == 202
    assert agent.post(f"/cases/{case_id}/freeze", {"reason": "customer_asked"}).status == 202
    assert agent.post(f"/cases/{case_id}/claim").status == 200
    assert agent.post(f"/cases/{case_id}/close", {"ending": "resolved"}).status == 200


def scan(here: Account) -> None:
    """The shards of an account that is held, of one that has a lesser finding, and of one about which there is nothing
    to find."""
    until = {"until": to_text(datetime.now(UTC))}
    for account_id, expected in ((ATTACKED, {ATTACKED}), (GUESSED, {GUESSED}), ("acct-demo-04", set())):
        answer = here.invoke("SecurityScanFunction", {"shard": shard_of(account_id), "run": until})
        assert {finding["subject"] for finding in answer["findings"]} == expected


def backtest(here: Account) -> None:
    """The steps of a run over one object, as the state machine asks for them."""
    bucket, key = here.deployed.ref("BacktestBucket"), "input/h/a.jsonl"
    fact = {**seed_facts(datetime.now(UTC))[0], "type": "login.failed.v1", "data": {"source": {"ip": "192.0.2.1"}}}
    here.s3.put_object(Bucket=bucket, Key=key, Body=json.dumps(fact).encode())
    order = {"history": "input/h/", "shares": 2}
    made = here.invoke("BacktestFunction", {"step": "plan", "run": "r", "order": order})
    assert here.invoke("BacktestFunction", {"step": "split", "run": "r", "key": key}) == {"count": 1}
    counts = [here.invoke("BacktestFunction", {"step": "judge", "run": "r", "share": one}) for one in made["shares"]]
    assert sum(told["count"] for told in counts) == 1
    assert here.invoke("BacktestFunction", {"step": "merge", "run": "r"})["events"] == 1


def deliver(function: str, consumer: str, here: Account) -> None:
    """Hand a consumer the entries of the outbox, as the table's stream does."""
    records = [
        {"eventName": "INSERT", "eventSource": "aws:dynamodb", "dynamodb": {"Keys": {"PK": row["PK"]}}}
        for row in all_rows(SdkService(here.dynamodb), Table.OUTBOX)
        if row["to"]["S"] == consumer
    ]
    assert records
    here.invoke(function, {"Records": records})


def count(here: Account) -> None:
    """Events of calls whose sessions are stored, one of which an agent answers, and decisions that were published."""
    begun = datetime.now(UTC) - timedelta(hours=1)
    answered = call_events("handed-over", begun=begun, queued_after_s=5, answered_after_s=5)
    for event in answered:
        event["detail"].setdefault("agentInfo", {})["agentArn"] = arn("connect", "instance/i-1/agent/u-1")
    events = [*answered, *call_events("contact-+8613800000001", begun=begun, queued_after_s=5)]
    records = [{"messageId": str(place), "body": json.dumps(body)} for place, body in enumerate(events)]
    for event in ({"Records": records}, *files_of("contact_events")):
        assert here.invoke("ContactEventsFunction", event) == {"batchItemFailures": []}


def work_off(here: Account) -> None:
    now = datetime.now(UTC)
    # A night and a noon of the demo customers in China: words about dates that passed at night wait for the day.
    night, noon = (now + timedelta(days=30)).replace(hour=20), (now + timedelta(days=60)).replace(hour=4)
    with pytest.MonkeyPatch.context() as patched:
        # The account in this process stands one thread only.
        patched.setattr("functions.deadlines.app.work_off", partial(work.work_off, at_once=1))
        for at in (night, noon):
            done = here.invoke("DeadlinesFunction", {"at": to_text(at)})
            assert done["failed"] == 0


def send_pictures(here: Account) -> None:
    """A clean picture and an infected one, the events of both, and one of a customer who is erased later."""
    client = LiveClient(here.ctx, "acct-demo-04", account=here)
    refunds = client.ask("GET", "/v1/me/refunds").json["refunds"]
    refund_id = next(refund["id"] for refund in refunds if refund["status"] == "in_review")
    bucket = here.deployed.name("EvidenceBucket")
    records: list[dict[str, str]] = []
    for place, scan in enumerate((Scan.INFECTED, Scan.CLEAN)):
        picture = {"content_type": "image/jpeg", "size": 3}
        given = client.ask("POST", f"/v1/me/refunds/{refund_id}/evidence", body=picture)
        name = given.json["upload"]["fields"]["key"]
        put = here.s3.put_object(Bucket=bucket, Key=name, Body=b"jpg", Tagging=f"{SCAN_TAG}={scan.value}")
        result = scanned(name, scan, etag=put["ETag"], bucket=bucket)
        records.append({"messageId": str(place), "body": json.dumps(result)})
    assert here.invoke("EvidenceFunction", {"Records": records}) == {"batchItemFailures": []}
    agent = LiveAgent(here.ctx, account=here)
    refund = refunds_room.find(here.ctx.store, "acct-demo-04", refund_id)
    assert refund is not None
    assert refund.case_id is not None
    assert agent.post(f"/cases/{refund.case_id}/claim").status == 200
    assert agent.look(refund.case_id, "evidence").status == 200
    assert agent.look(refund.case_id, f"evidence/{given.json['id']}").status == 200
    for event in files_of("evidence"):
        assert here.invoke("EvidenceFunction", event) == {"batchItemFailures": []}
    now = datetime.now(UTC)
    left = Evidence("0" * 20, ERASED, "refund_1", EvidenceState.ASKED, now, now + timedelta(minutes=15), now)
    puts = [
        Put(evidence_key(ERASED, left.evidence_id), {**evidence_item(left), "rev": 1}, NEW),
        Put(owner_key(left.evidence_id), owner_item(left), NEW),
    ]
    here.ctx.store.transact(puts, token="pictures")


def rotate(here: Account) -> None:
    """A new lookup key: what was counted under the old one is carried along."""
    here.rotate_lookup_key()
    ask_for_codes(here, "after")
    client = LiveClient(here.ctx, "acct-demo-04", account=here)
    assert client.prove("read").status == 200
    deliver("MessengerFunction", "message", here)


# In this order: each finds what those before it left.
DRIVES: Final[Mapping[str, Callable[[Account], None]]] = {
    "WalletEventsFunction": take_in_facts,
    "ImportsFunction": take_in_snapshot,
    "DigestsFunction": compare_digests,
    "ConnectFunction": make_calls,
    "CustomerApiFunction": ask_the_api,
    "AgentApiFunction": work_at_the_desk,
    "SecurityScanFunction": scan,
    "BacktestFunction": backtest,
    "MessengerFunction": partial(deliver, "MessengerFunction", "message"),
    "DecisionsFunction": partial(deliver, "DecisionsFunction", "bus"),
    "ContactEventsFunction": count,
    "EvidenceFunction": send_pictures,
    "DeadlinesFunction": work_off,
}


@pytest.fixture(scope="module")
def driven() -> Iterator[Account]:
    with account(**FRONT, **WITH_CALLS, **WITH_TASKS, **WITH_AGENTS, **WITH_BACKTEST) as here:
        for drive in DRIVES.values():
            drive(here)
        erase(here)
        work_off(here)
        rotate(here)
        yield here


def granted(here: Account, role: str) -> list[Grant]:
    policies = here.deployed.properties(role)["Policies"]
    return grants(statement for policy in policies for statement in policy["PolicyDocument"]["Statement"])


def made_with(here: Account, role: str) -> set[Call]:
    """Every call made with a role: by the functions that have it, and by services of AWS."""
    arn = here.deployed.attribute(role, "Arn")
    functions = here.deployed.resources("AWS::Lambda::Function")
    calls = [here.calls[name] for name, properties in functions.items() if properties["Role"] == arn]
    return set().union(*calls, service_calls(here.deployed).get(role, set()))


def test_every_function_is_driven(driven: Account) -> None:
    assert set(DRIVES) == set(resources("AWS::Lambda::Function"))
    assert driven.calls.keys() == DRIVES.keys()


@sweep("role", ROLES)
def test_each_call_with_a_role_is_allowed(driven: Account, role: str) -> None:
    allowed = granted(driven, role)
    refused = {call for call in made_with(driven, role) if not any(grant.allows(call) for grant in allowed)}
    assert {str(call) for call in refused} == set()


@sweep("role", ROLES)
def test_each_call_that_a_role_allows_is_made(driven: Account, role: str) -> None:
    made = made_with(driven, role)
    unused = [grant for grant in granted(driven, role) if not any(grant.allows(call) for call in made)]
    assert [str(grant) for grant in unused] == []

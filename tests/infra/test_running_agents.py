"""The staff on the deployed stack: a call comes to who answers it, and of two at one thing one wins.

The other one is told, and nothing is lost. Requests come at once to the gateway, with tokens of the sign-in.
Races of which both have read before either writes are in tests/rooms, on the same emulator.
"""

from __future__ import annotations

import base64
import json
import secrets
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from http.client import HTTPConnection
from threading import Barrier
from typing import Any, Final
from urllib.parse import urlsplit

import pytest

from hotline.accounts.service import profile_key
from hotline.agents import service as agents
from hotline.agents.model import Role
from hotline.kit.aws.sdk import SdkService
from hotline.kit.clock import to_text
from hotline.kit.config import TableNames
from hotline.kit.store import Table
from hotline.kit.store.dynamodb import DynamoStore
from hotline_local.bus import put_facts
from hotline_local.cli import main
from hotline_local.launcher import RunningStack
from hotline_local.launcher.stack import Stack
from hotline_local.staff_login import PASSWORD, STAFF, StaffLogin
from hotline_local.testing.memory_store import MemoryStore
from hotline_local.testing.virtual_clock import VirtualClock
from tests.support.agent_client import SCOPES, AgentClient
from tests.support.agent_world import AgentWorld
from tests.support.api_client import Answered
from tests.support.stack_calls import HANGS_AFTER_S, eventually, ring

pytestmark = pytest.mark.slow

CALLBACK: Final = "http://127.0.0.1:9/callback.html"
"""No page is there: the code is read from the redirect."""
CALLER: Final = "+8613800000073"
PROVED_AFTER_S: Final = 240.0
"""Ends a talk in which nobody proves anything, however long a patient caller waits."""
TERMS: Final = {"window_days": 30, "partial": True, "auto_approve_minor": 5_000, "categories": ["food"]}
SUPERVISORS: Final = ("supervisor-1", "supervisor-2", "supervisor-3")
ROLES: Final = dict.fromkeys(SUPERVISORS, (Role.AGENT, Role.SUPERVISOR))


# ---------------------------------------------------------------- over HTTP


def sign_in(stack: Stack, name: str) -> dict[str, str]:
    """The tokens of somebody of the demo staff."""
    login = StaffLogin(stack.staff_issuer, stack.staff_pool_id, stack.staff_client_id)
    return login.sign_in(stack.client("cognito-idp"), stack.endpoint, name, SCOPES)


@dataclass(slots=True, kw_only=True)
class SignedIn(AgentClient):
    """Somebody of the staff whose requests go through the gateway."""

    stack: Stack
    bearer: str

    def send(self, event: dict[str, Any]) -> Answered:
        url = urlsplit(self.stack.agent_api_url)
        method = event["requestContext"]["http"]["method"]
        headers = {**event["headers"], "authorization": f"Bearer {self.bearer}"}
        connection = HTTPConnection(url.netloc, timeout=HANGS_AFTER_S)
        try:
            connection.request(method, url.path + event["rawPath"], event.get("body"), headers)
            answer = connection.getresponse()
            return Answered(answer.status, dict(answer.getheaders()), json.loads(answer.read()))
        finally:
            connection.close()


# ---------------------------------------------------------------- at one thing


@dataclass(frozen=True, slots=True)
class Office:
    """A stack with its people. `world` opens cases in its tables."""

    stack: Stack
    world: AgentWorld

    def person(self, name: str) -> AgentClient:
        return SignedIn(self.world.ctx, name, stack=self.stack, bearer=sign_in(self.stack, name)["access_token"])

    def open_case(self) -> str:
        return self.world.open_case("refund", account_id=None)


def race(*works: Callable[[], Answered]) -> list[Answered]:
    """The answers to requests that come at once."""
    start = Barrier(len(works))

    def run(work: Callable[[], Answered]) -> Answered:
        start.wait(HANGS_AFTER_S)
        return work()

    with ThreadPoolExecutor(len(works)) as pool:
        return list(pool.map(run, works))


@pytest.fixture(scope="module")
def staffed(running_stack: RunningStack) -> Stack:
    """The stack, whose sign-in lets its people back to nowhere, with a supervisor more."""
    stack = running_stack.stack
    cognito = stack.client("cognito-idp")
    StaffLogin(stack.staff_issuer, stack.staff_pool_id, stack.staff_client_id).allow(cognito, CALLBACK)
    for name in (one for one in SUPERVISORS if one not in STAFF):
        pool = {"UserPoolId": stack.staff_pool_id, "Username": name}
        cognito.admin_create_user(**pool, MessageAction="SUPPRESS")
        cognito.admin_set_user_password(**pool, Password=PASSWORD, Permanent=True)
        for role in Role:
            cognito.admin_add_user_to_group(**pool, GroupName=role.value)
    return stack


@pytest.fixture
def office(staffed: Stack) -> Office:
    names = {
        Table.HOTLINE: staffed.hotline_table,
        Table.ACTIVITY: staffed.activity_table,
        Table.OUTBOX: staffed.outbox_table,
    }
    store = DynamoStore(SdkService(staffed.client("dynamodb")), TableNames(names))
    return Office(staffed, AgentWorld(store, VirtualClock(datetime.now(UTC))))


def test_a_renewed_sign_in_keeps_its_roles(staffed: Stack) -> None:
    login = StaffLogin(staffed.staff_issuer, staffed.staff_pool_id, staffed.staff_client_id)
    cognito = staffed.client("cognito-idp")
    renewed = login.renew(cognito, sign_in(staffed, "supervisor-1")["refresh_token"])
    assert renewed is not None
    payload = str(renewed["access_token"]).split(".")[1]
    claims = json.loads(base64.urlsafe_b64decode(payload + "=="))
    assert set(claims["cognito:groups"]) == {role.value for role in STAFF["supervisor-1"]}
    assert set(SCOPES) <= set(claims["scope"].split())
    assert login.renew(cognito, "nonsense") is None


def test_the_command_gives_a_token_of_the_staff_that_the_agents_api_takes(
    staffed: Stack, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("hotline_local.launcher.stack.load", lambda: staffed)
    assert main(["token", "--staff", "agent-1", "--scope", "desk/read,desk/work", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["url"] == staffed.agent_api_url
    world = AgentWorld(MemoryStore())
    me = SignedIn(world.ctx, "agent-1", stack=staffed, bearer=told["token"]).get("/me")
    assert (me.status, me.json["username"], me.json["permissions"]) == (200, "agent-1", ["desk/read", "desk/work"])


def test_a_call_that_an_agent_answers_is_at_their_desk_until_it_ends(
    running_stack: RunningStack, office: Office
) -> None:
    desk = office.person("agent-1")
    token = replace(office.world.token(), agent_id=desk.get("/me").json["agent_id"])

    def live() -> tuple[str, ...]:
        return agents.list_live_contacts(office.world.store, token, datetime.now(UTC))

    with ring(running_stack, "+12025550177", "2,0,5", "--agent", "agent-1", "--agent-after", "0") as ringing:
        try:
            (contact_id,) = eventually(live)
            assert desk.get("/me").json["live_contacts"] == [contact_id]
            case_id = desk.get(f"/contacts/{contact_id}").json["case_id"]
            assert desk.get(f"/cases/{case_id}").json["contact_id"] == contact_id
            printed, _ = ringing.communicate("\n", timeout=HANGS_AFTER_S)
        finally:
            ringing.kill()
    told = [json.loads(line) for line in printed.splitlines()]
    assert told[-1]["kind"] == "end"
    # The agent hung up, and the caller said how good their help was.
    assert [one["keys"] for one in told if one["kind"] == "input" and one["flow"] == "hotline-survey"] == ["5"]
    eventually(lambda: not live())
    assert desk.post(f"/contacts/{contact_id}/claim").status == 404


def test_a_caller_proves_themselves_while_they_talk_with_the_agent(running_stack: RunningStack, office: Office) -> None:
    desk, store = office.person("agent-1"), office.world.store
    year_ago = to_text(datetime.now(UTC) - timedelta(days=365))
    point = {"kind": "phone", "value": CALLER, "confirmed_at": year_ago}
    data = {"version": 1, "language": "en-US", "time_zone": "Asia/Shanghai", "name": "Test Customer"}
    data |= {"contact_points": [point], "two_step": False}
    named = {"specversion": "1.0", "id": "talk-opened", "source": "wallet", "subject": "acct-talk-1"}
    put_facts(office.stack, [{**named, "type": "account.opened.v1", "time": year_ago, "data": data}])
    eventually(lambda: store.get(profile_key("acct-talk-1")) is not None)
    token = replace(office.world.token(), agent_id=desk.get("/me").json["agent_id"])

    def is_answered(contact_id: str) -> bool:
        assert ringing.poll() is None, "the call ended before the request was answered"
        read = store.batch_get(list(agents.proof_request_keys(contact_id=contact_id)))
        return agents.find_proof_request(read, datetime.now(UTC), contact_id=contact_id) is None

    with ring(running_stack, CALLER, "2,0,{code},5", "--agent", "agent-1", "--agent-after", "0") as ringing:
        try:
            (contact_id,) = eventually(lambda: agents.list_live_contacts(store, token, datetime.now(UTC)))
            desk.contact_id = contact_id
            case_id = desk.get(f"/contacts/{contact_id}").json["case_id"]
            assert desk.post(f"/cases/{case_id}/proofs", {"goal": "unlock"}).json["state"] == "asked"
            eventually(lambda: is_answered(contact_id), hangs_after_s=PROVED_AFTER_S)
            proof = desk.get(f"/cases/{case_id}/proofs").json
            assert (proof["state"], proof["factors"]) == ("proved", ["sms"])
            assert "unlock" in proof["operations"]
            printed, _ = ringing.communicate("\n", timeout=HANGS_AFTER_S)
        finally:
            ringing.kill()
    told = [json.loads(line) for line in printed.splitlines()]
    assert [one["kind"] for one in told].count("end") == 1
    steps = [one["step"] for one in told if one["kind"] == "function"]
    assert [step for step in steps if step in ("agent_proof", "send_code", "check_code")][-4:] == [
        "agent_proof",
        "send_code",
        "check_code",
        "agent_proof",
    ]
    assert steps[-1] == "survey"


def split(answers: Sequence[Answered]) -> tuple[int, int]:
    """The places of the one that went through and of the one that did not."""
    won = [place for place, answer in enumerate(answers) if answer.status < 300]
    assert len(won) == 1, answers
    return won[0], 1 - won[0]


def reasons(client: AgentClient, case_id: str) -> list[str]:
    return [entry["reason"] for entry in client.get(f"/cases/{case_id}/timeline").json["entries"]]


def test_of_two_who_claim_a_case_one_has_it_and_the_other_hears_whose_it_is(office: Office) -> None:
    case_id = office.open_case()
    people = [office.person("agent-1"), office.person("agent-2")]
    answers = race(*(lambda one=one: one.post(f"/cases/{case_id}/claim") for one in people))
    winner, loser = split(answers)
    assert (answers[loser].status, answers[loser].code) == (409, "case_claimed")
    case = people[loser].get(f"/cases/{case_id}").json
    assert (case["owner"]["id"], case["version"]) == (people[winner].get("/me").json["agent_id"], 2)
    assert reasons(people[loser], case_id).count("agent.claimed") == 1


def test_of_two_who_edit_a_case_the_later_one_sees_the_other_version_and_neither_edit_is_lost(office: Office) -> None:
    case_id = office.open_case()
    owner, chief = office.person("agent-1"), office.person("supervisor-1")
    assert owner.post(f"/cases/{case_id}/claim").status == 200
    seen = owner.get(f"/cases/{case_id}").headers["ETag"]
    people, bodies = (owner, chief), ({"priority": 1}, {"tags": ["vip"]})

    def edit(place: int, tag: str) -> Answered:
        return people[place].ask("PATCH", f"/cases/{case_id}", body=bodies[place], headers={"If-Match": tag})

    answers = race(lambda: edit(0, seen), lambda: edit(1, seen))
    _, loser = split(answers)
    assert (answers[loser].status, answers[loser].code, answers[loser].json["version"]) == (
        412,
        "precondition_failed",
        3,
    )
    again = people[loser].get(f"/cases/{case_id}").headers["ETag"]
    assert edit(loser, again).status == 200
    case = owner.get(f"/cases/{case_id}").json
    assert (case["priority"], case["tags"], case["version"]) == (1, ["vip"], 4)


def test_notes_that_come_at_once_are_all_kept(office: Office) -> None:
    case_id = office.open_case()
    people = [office.person("agent-1"), office.person("agent-2")]
    texts = ("first", "second")
    works = [
        lambda one=one, text=text: one.post(f"/cases/{case_id}/notes", {"text": text})
        for one, text in zip(people, texts, strict=True)
    ]
    assert [answer.status for answer in race(*works)] == [201, 201]
    entries = people[0].get(f"/cases/{case_id}/timeline").json["entries"]
    assert sorted(entry["note"] for entry in entries if entry["note"]) == sorted(texts)


def ask_second(chief: AgentClient, merchant_id: str) -> str:
    """A supervisor's request to publish a policy."""
    body = {"operation": "publish_policy", "merchant_id": merchant_id, **TERMS, "reason": "correction"}
    asked = chief.post("/approvals", body)
    assert asked.status == 201, asked
    return str(asked.json["id"])


def test_of_two_who_decide_on_a_request_one_decides_and_the_other_is_told(office: Office) -> None:
    chief, *others = (office.person(name) for name in SUPERVISORS)
    approval_id = ask_second(chief, f"mer-{secrets.token_hex(4)}")
    words = ("approve", "deny")
    works = [
        lambda one=one, word=word: one.post(f"/approvals/{approval_id}/decision", {"decision": word})
        for one, word in zip(others, words, strict=True)
    ]
    answers = race(*works)
    winner, loser = split(answers)
    assert (answers[loser].status, answers[loser].code) == (409, "approval_decided")
    stored = chief.get(f"/approvals/{approval_id}").json
    assert stored["state"] == ("approved", "denied")[winner]
    assert stored["decided_by"]["id"] == others[winner].get("/me").json["agent_id"]


def test_an_approval_is_spent_once_however_often_it_is_used_at_once(office: Office) -> None:
    chief, other = office.person("supervisor-1"), office.person("supervisor-2")
    merchant_id = f"mer-{secrets.token_hex(4)}"
    approval_id = ask_second(chief, merchant_id)
    assert other.post(f"/approvals/{approval_id}/decision", {"decision": "approve"}).status == 200
    body = {**TERMS, "reason": "correction", "approval_id": approval_id}

    def publish() -> Answered:
        return chief.ask("PUT", f"/merchants/{merchant_id}/policy", body=body, headers={"If-Match": '"0"'})

    _, loser = split(answers := race(publish, publish))
    told = (answers[loser].status, answers[loser].code, answers[loser].json.get("why"))
    assert told in ((412, "precondition_failed", None), (403, "second_missing", "approval_spent"))
    assert chief.get(f"/merchants/{merchant_id}/policy").json["version"] == 1
    assert chief.get(f"/approvals/{approval_id}").json["state"] == "spent"

"""A contact event says which agent is in a call: the desk shows the call, and its account opens to them alone."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final

import boto3
import pytest
from botocore.stub import Stubber

from functions.contact_events import app
from functions.contact_events.agents import ASKED_FOR
from functions.contact_events.batch import take_in
from functions.contact_events.settings import Settings
from hotline.kit.aws import users as users_of_connect
from hotline.kit.aws.users import (
    NAMES_MAX,
    RESTS_S,
    ConnectUsers,
    SimulatedUsers,
    UnknownUser,
    UserError,
    Users,
)
from hotline.kit.config import MalformedSetting
from hotline.kit.errors import Unavailable
from hotline_local.testing.memory_store import MemoryStore
from tests.support.agent_client import AgentClient
from tests.support.agent_world import CONTACT, AgentWorld
from tests.support.function_settings import SETTINGS, started
from tests.support.log_lines import lines, logged
from tests.support.report_events import SOURCES, ZONE, contact_event

if TYPE_CHECKING:
    from mypy_boto3_connect import ConnectClient

INSTANCE: Final = "arn:aws:connect:eu-central-1:123456789012:instance/i-1"
SECOND: Final = timedelta(seconds=1)


@dataclass
class Directory:
    """Users of Amazon Connect by their ARN."""

    names: dict[str, str] = field(default_factory=dict)
    trouble: Unavailable | None = None
    asked: int = 0

    def find_name(self, user_arn: str) -> str:
        self.asked += 1
        if self.trouble is not None:
            raise self.trouble
        if user_arn not in self.names:
            raise UnknownUser(UserError.NO_SUCH_USER)
        return self.names[user_arn]


def arn_of(agent_id: str) -> str:
    return f"{INSTANCE}/agent/user-of-{agent_id}"


@dataclass
class Center:
    """A call that was handed over, and agents who answer."""

    world: AgentWorld
    users: Directory = field(default_factory=Directory)

    def come_to_desk(self, agent_id: str) -> AgentClient:
        """The agent signs in at the desk, with the name that they have in Amazon Connect."""
        desk = AgentClient(self.world.ctx, agent_id)
        assert desk.get("/me").status == 200
        self.users.names[arn_of(agent_id)] = agent_id.title()
        return desk

    def event(self, kind: str, agent_id: str | None, leg_id: str = CONTACT, **own: Any) -> dict[str, Any]:
        """An event about the call, now."""
        now = self.world.clock.now()
        own |= {"ended": now} if kind in ("DISCONNECTED", "COMPLETED") else {}
        body = contact_event(kind, leg_id, first=CONTACT, at=now, queued=now, answered=now, **own)
        body["detail"]["agentInfo"]["agentArn"] = arn_of(agent_id) if agent_id else None
        return body

    def take(self, *bodies: dict[str, Any], looked_up: bool = True) -> list[str]:
        """Deliver events; the places of those that are to come again. `looked_up`: users of Amazon Connect are."""
        records = [{"messageId": str(place), "body": json.dumps(body)} for place, body in enumerate(bodies)]
        users = self.users if looked_up else None
        answer = take_in({"Records": records}, self.world.ctx, zone=ZONE, sources=SOURCES, users=users)
        return [failure["itemIdentifier"] for failure in answer["batchItemFailures"]]


@pytest.fixture
def center() -> Center:
    made = Center(AgentWorld(MemoryStore()))
    made.world.call_in()
    return made


def live(desk: AgentClient) -> list[str]:
    found: list[str] = desk.get("/me").json["live_contacts"]
    return found


def test_an_answer_at_another_instance_is_at_nobodys_desk(center: Center) -> None:
    anna = center.come_to_desk("agent-1")
    event = center.event("CONNECTED_TO_AGENT", "agent-1")
    event["detail"]["instanceArn"] = f"{INSTANCE}-of-others"
    assert center.take(event) == []
    assert live(anna) == []


def test_a_call_that_an_agent_answers_is_at_their_desk_without_a_word_of_theirs(center: Center) -> None:
    anna, bo = center.come_to_desk("agent-1"), center.come_to_desk("agent-2")
    assert center.take(center.event("CONNECTED_TO_AGENT", "agent-1")) == []
    assert (live(anna), live(bo)) == ([CONTACT], [])
    case_id = anna.get(f"/contacts/{CONTACT}").json["case_id"]
    assert case_id is not None
    assert bo.get(f"/contacts/{CONTACT}").status == 404
    anna.contact_id = bo.contact_id = CONTACT
    assert anna.look(case_id, "account", "call").status == 200
    assert bo.look(case_id, "account", "call").status == 404
    assert bo.post(f"/contacts/{CONTACT}/claim").status == 409


@pytest.mark.parametrize("kind", ["DISCONNECTED", "COMPLETED"])
def test_a_call_that_is_over_is_at_nobodys_desk(center: Center, kind: str) -> None:
    anna = center.come_to_desk("agent-1")
    center.take(center.event("CONNECTED_TO_AGENT", "agent-1"))
    center.world.clock.advance(SECOND)
    assert center.take(center.event(kind, "agent-1")) == []
    assert live(anna) == []
    assert anna.post(f"/contacts/{CONTACT}/claim").status == 404


def test_events_in_the_wrong_order_and_twice_say_the_same(center: Center) -> None:
    anna = center.come_to_desk("agent-1")
    connected = center.event("CONNECTED_TO_AGENT", "agent-1")
    center.world.clock.advance(SECOND)
    ended = center.event("DISCONNECTED", "agent-1")
    center.world.clock.advance(SECOND)
    assert center.take(ended, connected, ended, connected) == []
    assert live(anna) == []
    back = center.event("CONNECTED_TO_AGENT", "agent-1", "contact-back", method="TRANSFER")
    assert center.take(back, connected, ended, back) == []
    assert live(anna) == [CONTACT]


def test_a_supervisor_who_listens_takes_the_call_from_nobody(center: Center) -> None:
    anna, chief = center.come_to_desk("agent-1"), center.come_to_desk("agent-2")
    center.take(center.event("CONNECTED_TO_AGENT", "agent-1"))
    center.world.clock.advance(SECOND)
    for kind in ("CONNECTED_TO_AGENT", "DISCONNECTED"):
        assert center.take(center.event(kind, "agent-2", "contact-listening", method="MONITOR")) == []
    assert (live(anna), live(chief)) == ([CONTACT], [])


@pytest.mark.parametrize("queued", [True, False])
@pytest.mark.parametrize("looked_up", [True, False])
def test_a_call_that_nobody_answered_is_over_with_its_end(center: Center, queued: bool, looked_up: bool) -> None:
    anna = center.come_to_desk("agent-1")
    anna.contact_id = CONTACT
    case_id = anna.get(f"/contacts/{CONTACT}").json["case_id"]
    center.world.clock.advance(SECOND)
    now = center.world.clock.now()
    body = contact_event("DISCONNECTED", CONTACT, at=now, queued=now, ended=now)
    if not queued:
        del body["detail"]["queueInfo"]
    assert "agentInfo" not in body["detail"]
    assert center.take(body, looked_up=looked_up) == []
    assert anna.get(f"/contacts/{CONTACT}").json["state"] == "ended"
    assert anna.post(f"/contacts/{CONTACT}/claim").status == 404
    assert anna.look(case_id, "account", "call").status == 404


def test_an_end_overrules_the_workspace_also_where_no_agent_is_told(center: Center) -> None:
    anna = center.come_to_desk("agent-1")
    assert anna.post(f"/contacts/{CONTACT}/claim").status == 200
    center.world.clock.advance(SECOND)
    now = center.world.clock.now()
    assert center.take(contact_event("DISCONNECTED", CONTACT, at=now, ended=now)) == []
    assert live(anna) == []


def test_a_colleague_who_does_not_answer_ends_nothing_of_the_agents_call(center: Center) -> None:
    anna = center.come_to_desk("agent-1")
    center.take(center.event("CONNECTED_TO_AGENT", "agent-1"))
    center.world.clock.advance(SECOND)
    now = center.world.clock.now()
    rung_out = contact_event(
        "DISCONNECTED", "contact-consult", first=CONTACT, at=now, queued=now, ended=now, method="TRANSFER"
    )
    assert center.take(rung_out) == []
    assert live(anna) == [CONTACT]


def test_without_a_directory_of_users_no_agent_is_noted(center: Center) -> None:
    anna = center.come_to_desk("agent-1")
    assert center.take(center.event("CONNECTED_TO_AGENT", "agent-1"), looked_up=False) == []
    assert live(anna) == []


def test_of_calls_that_were_not_handed_over_nobody_is_asked_or_noted(center: Center) -> None:
    anna = center.come_to_desk("agent-1")
    now = center.world.clock.now()
    for kind in ("CONNECTED_TO_AGENT", "DISCONNECTED"):
        body = contact_event(kind, "contact-of-others", at=now, answered=now)
        body["detail"]["agentInfo"]["agentArn"] = arn_of("agent-1")
        assert center.take(body) == []
    assert center.users.asked == 0
    assert live(anna) == []
    assert not [item for item in center.world.items() if item["PK"] == "CONTACT#contact-of-others"]


@pytest.mark.parametrize("reason", ["not_at_desk", "no_such_user", "no_arn"])
def test_an_unknown_agent_is_counted_named_by_a_closed_word_and_fails_nothing(center: Center, reason: str) -> None:
    if reason == "not_at_desk":
        center.users.names[arn_of("agent-9")] = "Nine"
    with logged() as log:
        assert center.take(center.event("CONNECTED_TO_AGENT", None if reason == "no_arn" else "agent-9")) == []
    (told,) = [line for line in lines(log) if line["event"] == "HL105"]
    assert (told["contact_id"], told["reason"]) == (CONTACT, reason)
    assert "HL100" in [line["event"] for line in lines(log)]
    assert "Nine" not in log.getvalue()
    assert "user-of" not in log.getvalue()


def test_an_event_whose_agent_is_not_told_counts_once_and_comes_again_while_the_call_may_go_on(center: Center) -> None:
    anna = center.come_to_desk("agent-1")
    center.users.trouble = Unavailable(service_code="TooManyRequestsException")
    event = center.event("CONNECTED_TO_AGENT", "agent-1")
    with logged() as log:
        assert center.take(event, event) == ["0", "1"]
    assert {line.get("reason") for line in lines(log) if line["event"] == "HL106"} == {"TooManyRequestsException"}
    records = [item for item in center.world.items() if item["PK"].startswith("REPORT#") and item["SK"] == "CALL"]
    assert [int(item["rev"]) for item in records] == [1]
    center.world.clock.advance(ASKED_FOR)
    assert center.take(event) == ["0"]
    center.users.trouble = None
    assert center.take(event) == []
    assert live(anna) == [CONTACT]


def test_so_long_after_it_nobody_is_asked_again_who_answered(center: Center) -> None:
    center.come_to_desk("agent-1")
    center.users.trouble = Unavailable(service_code="AccessDeniedException")
    event = center.event("CONNECTED_TO_AGENT", "agent-1")
    center.world.clock.advance(ASKED_FOR + SECOND)
    with logged() as log:
        assert center.take(event) == []
    assert [line["reason"] for line in lines(log) if line["event"] == "HL105"] == ["too_late"]


# ---------------------------------------------------------------- Amazon Connect


@dataclass
class Stub:
    """Amazon Connect with the answers that a test gives it, in their order."""

    client: ConnectClient
    answers: Stubber

    def tell(self, name: str, user_id: str = "u-1") -> None:
        """The next question is for this user, and their name is the answer."""
        self.answers.add_response(
            "describe_user", {"User": {"Username": name}}, {"InstanceId": "i-1", "UserId": user_id}
        )

    def refuse(self, code: str) -> None:
        """The next answer is an error."""
        self.answers.add_client_error("describe_user", code, "user-secret")


@pytest.fixture
def stub() -> Iterator[Stub]:
    client = boto3.client("connect", region_name="eu-central-1")
    with Stubber(client) as answers:
        yield Stub(client, answers)
        answers.assert_no_pending_responses()


@dataclass
class Seconds:
    now: float = 100.0

    def __call__(self) -> float:
        return self.now


def test_a_user_is_asked_for_once_by_the_id_in_their_arn(stub: Stub) -> None:
    stub.tell("lin")
    users = ConnectUsers(INSTANCE, client=stub.client)
    assert [users.find_name(f"{INSTANCE}/agent/u-1") for _ in range(2)] == ["lin", "lin"]


def test_names_that_are_kept_are_so_many(stub: Stub, monkeypatch: pytest.MonkeyPatch) -> None:
    assert NAMES_MAX == 1000
    monkeypatch.setattr(users_of_connect, "NAMES_MAX", 1)
    for name in ("u-1", "u-2", "u-1"):
        stub.tell(name, name)
    users = ConnectUsers(INSTANCE, client=stub.client)
    assert [users.find_name(f"{INSTANCE}/agent/{name}") for name in ("u-1", "u-2", "u-1")] == ["u-1", "u-2", "u-1"]


@pytest.mark.parametrize(
    ("arn", "reason"),
    [
        (f"{INSTANCE}2/agent/u-1", UserError.OTHER_INSTANCE),
        (INSTANCE.replace("123456789012", "210987654321") + "/agent/u-1", UserError.OTHER_INSTANCE),
        (INSTANCE, UserError.MALFORMED),
        (f"{INSTANCE}/agent/u-1/more", UserError.MALFORMED),
        (f"{INSTANCE}/queue/u-1", UserError.MALFORMED),
    ],
)
def test_a_user_of_another_instance_is_not_asked_for(stub: Stub, arn: str, reason: UserError) -> None:
    with pytest.raises(UnknownUser, match=reason):
        ConnectUsers(INSTANCE, client=stub.client).find_name(arn)


@pytest.mark.parametrize("code", ["ResourceNotFoundException", "InvalidRequestException", "InvalidParameterException"])
def test_a_user_that_there_is_not_is_unknown(stub: Stub, code: str) -> None:
    stub.refuse(code)
    with pytest.raises(UnknownUser, match=UserError.NO_SUCH_USER):
        ConnectUsers(INSTANCE, client=stub.client).find_name(f"{INSTANCE}/agent/u-1")


def test_after_a_failure_nobody_is_asked_for_a_moment_and_then_again(stub: Stub) -> None:
    seconds = Seconds()
    users = ConnectUsers(INSTANCE, client=stub.client, seconds=seconds)
    stub.refuse("ThrottlingException")
    with pytest.raises(Unavailable, match="ThrottlingException"):
        users.find_name(f"{INSTANCE}/agent/u-1")
    seconds.now += RESTS_S - 0.1
    with pytest.raises(Unavailable, match="resting"):
        users.find_name(f"{INSTANCE}/agent/u-1")
    seconds.now += 0.1
    stub.tell("lin")
    assert users.find_name(f"{INSTANCE}/agent/u-1") == "lin"


def test_the_function_looks_users_up_where_there_is_an_instance_and_believes_a_simulators_names() -> None:
    found: dict[str, type[Users] | None] = {}
    for case, settings in {
        "instance": {},
        "none": {"CONNECT_INSTANCE_ARN": ""},
        "no agents": {"CONNECT_AGENTS": "off"},
        "simulator": {"CONNECT_INSTANCE_ARN": "", "CONTACT_EVENT_SOURCE": "connect-sim"},
    }.items():
        with started("contact_events", settings):
            users = app._users_of_start()
            found[case] = type(users) if users is not None else None
    assert found == {"instance": ConnectUsers, "none": None, "no agents": None, "simulator": SimulatedUsers}
    with pytest.raises(MalformedSetting):
        Settings.parse({**SETTINGS["contact_events"], "CONNECT_INSTANCE_ARN": "i-1"})


def test_a_simulators_user_is_named_by_the_arn() -> None:
    assert SimulatedUsers().find_name(f"{INSTANCE}/agent/agent-1") == "agent-1"
    with pytest.raises(UnknownUser, match=UserError.MALFORMED):
        SimulatedUsers().find_name("agent-1")

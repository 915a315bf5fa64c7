"""A contact point that its owner has lost: two people ask the wallet to take it off, and no number travels."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from functions.decisions.delivery import bus_event
from hotline.agents import service as agents
from hotline.agents.model import ActReason
from hotline.cases import service as cases
from hotline.contracts.decisions import parse_decision
from hotline.contracts.model import ContactPointChanged, Fact, PointKind
from hotline.identity.model import ApprovalError, IdentityError, PointLoss
from hotline.kit.clock import to_text
from hotline.kit.errors import NeedSecond, NotPossible
from hotline.kit.store import Table
from tests.support.agent_world import EMAIL, NUMBER, AgentWorld
from tests.support.money_world import ACCOUNT
from tests.support.phone import give
from tests.support.stores import NOON


def removal(world: AgentWorld, value: str = NUMBER, loss: PointLoss = PointLoss.STOLEN) -> agents.RemovePoint:
    return agents.RemovePoint(world.point_name(value), loss)


def confirmed(value: str, at: datetime) -> Fact:
    """The account has this number too, or again, since its owner confirmed it then."""
    data = ContactPointChanged(2, PointKind.PHONE, None, value, at, False)
    return Fact(f"fact-{value}", "contact_point.changed", "wallet", NOON, ACCOUNT, data)


def notices(world: AgentWorld) -> list[tuple[str, str, bool]]:
    """The messages about it: each with its way, and whether its reader may say that it was not them."""
    sent = [entry for entry in world.items(Table.OUTBOX) if entry["kind"].startswith("contact.")]
    return sorted((entry["kind"], entry["channel"], "repudiation_id" in entry["facts"]) for entry in sent)


def test_two_people_ask_the_wallet_and_the_decision_names_the_point_without_its_value(world: AgentWorld) -> None:
    token, basis, act = world.token(), world.claimed(), removal(world)
    point = world.do(token, basis, act, world.approve(token, basis, act))
    assert point.value == NUMBER
    (entry,) = world.decided("account.contact_change_requested")
    detail = dict(bus_event(entry).detail)
    decision = parse_decision(detail)
    assert decision.subject == ACCOUNT
    assert detail["data"] == {
        "decision_id": detail["data"]["decision_id"],
        "kind": "phone",
        "confirmed_at": to_text(NOON - timedelta(days=730)),
        "loss": "stolen",
        "requested_at": to_text(NOON),
        "case_id": basis.case_id,
    }
    kept = str([item for table in Table for item in world.items(table) if item.get("SK") != "#PROFILE"])
    assert NUMBER[1:] not in kept


def test_every_contact_point_is_told_and_may_say_that_it_was_not_them(quick: AgentWorld) -> None:
    token, basis = quick.token(), quick.claimed()
    act = removal(quick, EMAIL, PointLoss.NO_ACCESS)
    quick.do(token, basis, act, quick.approve(token, basis, act))
    told = "contact.gone_asked.email"
    assert notices(quick) == [(told, "email", True), (told, "sms", True)]


def test_the_case_and_the_audit_trail_name_both_people_and_no_value(quick: AgentWorld) -> None:
    token, basis, act = quick.token(), quick.claimed(), removal(quick)
    quick.do(token, basis, act, quick.approve(token, basis, act))
    actors = {entry["event"]: entry["actor"] for entry in quick.audit()}
    for event in ("account.contact_change_requested", "agent.contact_change"):
        assert actors[event] == f"agent:agent-1:{basis.case_id}:approved_by:supervisor-1"
    assert basis.case_id is not None
    found = cases.read_case(quick.store, basis.case_id)
    assert found is not None
    assert found[1][-1].reason == "agent.contact_change"
    assert {"kind": "phone", "loss": "stolen", "approved_by": "supervisor-1"}.items() <= found[1][-1].facts.items()


def test_nobody_removes_a_point_alone_or_another_one_than_was_approved(quick: AgentWorld) -> None:
    token, basis = quick.token(), quick.claimed()
    with pytest.raises(NeedSecond):
        quick.do(token, basis, removal(quick))
    approval = quick.approve(token, basis, removal(quick))
    for other in (removal(quick, EMAIL), removal(quick, loss=PointLoss.LOST)):
        with pytest.raises(NeedSecond):
            quick.do(token, basis, other, approval)
    assert quick.decided("account.contact_change_requested") == []


def test_a_point_that_is_confirmed_again_is_another_thing_for_the_second_person(quick: AgentWorld) -> None:
    token, basis, act = quick.token(), quick.claimed(), removal(quick)
    asked = agents.ask(quick.ctx, token, basis, act, ActReason.CUSTOMER_ASKED)
    quick.clock.advance(timedelta(minutes=1))
    give(quick.ctx, [confirmed(NUMBER, quick.clock.now())])
    with pytest.raises(NotPossible) as caught:
        agents.decide(quick.ctx, quick.supervisor(), asked.approval_id, approve=True)
    assert caught.value.code == ApprovalError.VOID


def test_an_unknown_point_and_one_of_two_that_were_confirmed_at_once_are_refused(quick: AgentWorld) -> None:
    token, basis = quick.token(), quick.claimed()
    with pytest.raises(NotPossible) as caught:
        quick.do(token, basis, agents.RemovePoint("point_nobody", PointLoss.LOST))
    assert caught.value.code == IdentityError.NO_SUCH_POINT
    give(quick.ctx, [confirmed("+8613700000002", NOON - timedelta(days=730))])
    with pytest.raises(NotPossible) as caught:
        agents.ask(quick.ctx, token, basis, removal(quick), ActReason.CUSTOMER_ASKED)
    assert caught.value.code == IdentityError.POINT_NOT_NAMEABLE
    agents.ask(quick.ctx, token, basis, removal(quick, EMAIL), ActReason.CUSTOMER_ASKED)

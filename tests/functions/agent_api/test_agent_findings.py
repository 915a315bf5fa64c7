"""Findings about addresses and payees, for supervisors: the list, a verdict, and what stays out of both."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest

from hotline.contracts.model import AccountErased, Fact
from hotline.kit.actor import System
from hotline.kit.change import Change
from hotline.kit.store import Delete, Table, hotline_key
from hotline.kit.store.condition import PRESENT
from hotline.security.detectors import Stream
from hotline.security.detectors.shipped import DETECTORS
from hotline.security.items import LIST_PARTS, named_finding_key
from hotline.security.model import ACCOUNTS_MAX, FINDING_LIFE
from hotline_local.testing.memory_store import MemoryStore
from tests.support.agent_client import AgentClient, supervisor
from tests.support.agent_world import SPRAYING, AgentWorld
from tests.support.api_client import Answered
from tests.support.found import finding_of, suppress
from tests.support.money_world import ACCOUNT
from tests.support.phone import give

VERDICT = {"about": "source", "subject": SPRAYING, "verdict": "false_alarm", "reason": "investigation"}

KEY = {"Idempotency-Key": "the-verdict-on-it-1"}


def listed(client: AgentClient, about: str = "source", **query: str) -> list[str]:
    return [one["id"] for one in client.get("/findings", query={"about": about, **query}).json["findings"]]


def test_a_finding_about_an_address_is_told_with_its_evidence_and_runbook(
    world: AgentWorld, chief: AgentClient
) -> None:
    world.find_spray()
    (found,) = chief.get("/findings", query={"about": "source"}).json["findings"]
    (spray,) = [detector for detector in DETECTORS if detector.rule == "password_spray"]
    assert found == {
        "id": "fnd_spray",
        "about": "source",
        "subject": SPRAYING,
        "agent": None,
        "rule": "password_spray",
        "severity": "medium",
        "state": "open",
        "found_at": found["found_at"],
        "begun_at": "2026-11-23T11:30:00Z",
        "last_at": "2026-11-23T12:00:00Z",
        "facts": {"failures": 15, "accounts_failed": 5, "accounts_in": 1},
        "events": 2,
        "accounts": [],
        "is_account": False,
        "runbook": spray.runbook,
        "version": found["version"],
    }


def test_the_accounts_that_got_in_are_told_but_the_supervisors_own(world: AgentWorld, chief: AgentClient) -> None:
    world.find_spray(accounts=("acct-9", ACCOUNT))
    (found,) = chief.get("/findings", query={"about": "source"}).json["findings"]
    assert found["accounts"] == ["acct-9", ACCOUNT]
    own = supervisor(world.ctx, "supervisor-3", account_id=ACCOUNT)
    (found,) = own.get("/findings", query={"about": "source"}).json["findings"]
    assert found["accounts"] == ["acct-9"]


def test_an_account_that_was_erased_since_is_told_to_nobody(world: AgentWorld, chief: AgentClient) -> None:
    world.find_spray(accounts=("acct-9", "acct-gone"))
    world.find_spray("fnd_2", "subject-2", accounts=("acct-gone",))
    gone = Fact("fact-gone", "account.erased", "wallet", world.clock.now(), "acct-gone", AccountErased(9))
    give(world.ctx, [gone])
    told = chief.get("/findings", query={"about": "source"}).json["findings"]
    assert {one["id"]: one["accounts"] for one in told} == {"fnd_spray": ["acct-9"], "fnd_2": []}


def test_a_payee_whose_account_was_erased_since_is_told_as_one_without(world: AgentWorld, chief: AgentClient) -> None:
    """The finding has no place in the account, as one of an earlier release, so the erasure does not find it."""
    world.find_spray("fnd_party", stream=Stream.PARTY, rule="counterparty_risk", account_id="acct-gone")
    (found,) = chief.get("/findings", query={"about": "party"}).json["findings"]
    assert found["is_account"]
    assert isinstance(world.store, MemoryStore)
    places = [item for item in world.store.items(Table.HOTLINE) if item["SK"].startswith("NAMED#")]
    world.store.transact([Delete(hotline_key(item["PK"], item["SK"])) for item in places], token="earlier")
    gone = Fact("fact-gone", "account.erased", "wallet", world.clock.now(), "acct-gone", AccountErased(9))
    give(world.ctx, [gone])
    (found,) = chief.get("/findings", query={"about": "party"}).json["findings"]
    assert not found["is_account"]


def test_a_page_of_findings_with_many_accounts_reads_a_hundred_at_once(world: AgentWorld, chief: AgentClient) -> None:
    for number in range(6):
        accounts = tuple(f"acct-{number}-{place}" for place in range(ACCOUNTS_MAX))
        world.find_spray(f"fnd_{number}", f"subject-{number}", accounts=accounts)
    told = chief.get("/findings", query={"about": "source"}).json["findings"]
    assert [len(one["accounts"]) for one in told] == [ACCOUNTS_MAX] * 6


def test_the_gravest_come_first_page_by_page(world: AgentWorld, chief: AgentClient) -> None:
    world.find_spray("fnd_1", "subject-1")
    world.find_spray("fnd_2", "subject-2", severity="high")
    world.find_spray("fnd_3", "subject-3", severity="low")
    first = chief.get("/findings", query={"about": "source", "limit": "2"}).json
    assert [one["id"] for one in first["findings"]] == ["fnd_2", "fnd_1"]
    assert listed(chief, cursor=first["next"]) == ["fnd_3"]
    # A cursor is one of its list, and of whoever asked.
    assert chief.get("/findings", query={"about": "party", "cursor": first["next"]}).code == "malformed_request"
    other = supervisor(world.ctx, "supervisor-2")
    assert other.get("/findings", query={"about": "source", "cursor": first["next"]}).code == "malformed_request"


def test_findings_that_have_expired_are_listed_no_more_and_unclear_ones_stay(
    world: AgentWorld, chief: AgentClient
) -> None:
    """One that somebody could not tell stands behind those of its rank that nobody has looked at."""
    for number in range(5):
        world.find_spray(f"fnd_{number}", f"subject-{number}", severity="high" if number == 4 else "medium")
        world.clock.advance(timedelta(hours=1))
    unclear = VERDICT | {"subject": "subject-1", "verdict": "unclear"}
    assert chief.post("/findings/fnd_1/feedback", unclear, headers=KEY).status == 202
    assert listed(chief) == ["fnd_4", "fnd_0", "fnd_2", "fnd_3", "fnd_1"]
    world.clock.advance(FINDING_LIFE - timedelta(hours=3))
    assert listed(chief) == ["fnd_4", "fnd_2", "fnd_3", "fnd_1"]
    found = chief.get("/findings", query={"about": "source", "limit": "2"}).json
    assert [one["id"] for one in found["findings"]] == ["fnd_4", "fnd_2"]
    assert listed(chief, cursor=found["next"]) == ["fnd_3", "fnd_1"]
    world.clock.advance(timedelta(hours=1))
    assert listed(chief, cursor=found["next"]) == ["fnd_3", "fnd_1"]
    world.clock.advance(timedelta(hours=3))
    assert listed(chief) == ["fnd_1"]


def test_a_kind_of_subject_has_a_list_of_its_own(world: AgentWorld, chief: AgentClient) -> None:
    world.find_spray()
    world.find_spray("fnd_party", stream=Stream.PARTY, rule="counterparty_risk")
    world.find_spray("fnd_agent", stream=Stream.AGENT, rule="agent_browsing")
    world.find_theft(1, holds=False)
    assert (listed(chief), listed(chief, "party")) == (["fnd_spray"], ["fnd_party"])
    # The theft is in a case of its account.
    assert (listed(chief, "agent"), listed(chief, "account")) == (["fnd_agent"], [])
    assert chief.get("/findings", query={"about": "customer"}).code == "malformed_request"
    assert chief.get("/findings").code == "malformed_request"


def test_amounts_of_a_payee_are_left_out(world: AgentWorld, chief: AgentClient) -> None:
    facts = {"frauds_tenths": 20, "amount_minor": 734_501, "currency": "CNY"}
    world.find_spray("fnd_party", stream=Stream.PARTY, rule="counterparty_risk", facts=facts)
    (found,) = chief.get("/findings", query={"about": "party"}).json["findings"]
    assert "734501" not in json.dumps(found)
    assert found["facts"]["frauds_tenths"] == 20


@pytest.mark.parametrize(
    ("verdict", "state", "left"), [("false_alarm", "resolved", []), ("unclear", "acknowledged", ["fnd_spray"])]
)
def test_a_verdict_takes_it_off_the_list_unless_unclear_and_is_in_the_trail(
    world: AgentWorld, chief: AgentClient, verdict: str, state: str, left: list[str]
) -> None:
    world.find_spray()
    done = chief.post("/findings/fnd_spray/feedback", {**VERDICT, "verdict": verdict})
    assert (done.status, done.json) == (202, {"outcome": verdict})
    assert listed(chief) == left
    stored = world.store.get(named_finding_key(SPRAYING, "fnd_spray", Stream.SOURCE))
    assert stored is not None
    assert (stored["state"], stored["verdict"], stored["judged_by"]) == (state, verdict, "supervisor-1")
    (deed,) = [item for item in world.items() if item["PK"] == "AGENT#supervisor-1" and item["SK"].startswith("DID#")]
    assert (deed["event"], deed["facts"]["finding_id"]) == ("judge_finding", "fnd_spray")


def test_a_finding_that_was_judged_and_then_unclear_is_on_the_list_again(world: AgentWorld, chief: AgentClient) -> None:
    world.find_spray()
    for verdict, left in (("confirmed", []), ("unclear", ["fnd_spray"]), ("false_alarm", [])):
        assert chief.post("/findings/fnd_spray/feedback", {**VERDICT, "verdict": verdict}).status == 202
        assert listed(chief) == left


def test_a_verdict_is_carried_out_once_for_its_key(world: AgentWorld, chief: AgentClient) -> None:
    world.find_spray()
    for replayed in (None, "true"):
        done = chief.post("/findings/fnd_spray/feedback", VERDICT, headers=KEY)
        assert done.json == {"outcome": "false_alarm"}
        assert done.headers.get("Idempotency-Replayed") == replayed
    other = {**VERDICT, "verdict": "confirmed"}
    assert chief.post("/findings/fnd_spray/feedback", other, headers=KEY).code == "idempotency_key_reused"


def version_of(chief: AgentClient) -> int:
    (found,) = chief.get("/findings", query={"about": "source"}).json["findings"]
    version: int = found["version"]
    return version


def judge(chief: AgentClient, version: int, verdict: str = "confirmed") -> Answered:
    headers = {"If-Match": f'"{version}"'}
    return chief.post("/findings/fnd_spray/feedback", {**VERDICT, "verdict": verdict}, headers=headers)


def find_more(world: AgentWorld) -> None:
    """The same pattern goes on."""
    world.clock.advance(timedelta(minutes=1))
    world.find_spray(event_ids=("try-1", "try-2", "try-3"))


def test_the_second_of_two_supervisors_who_judge_at_once_hears_of_the_first(
    world: AgentWorld, chief: AgentClient
) -> None:
    world.find_spray()
    other, seen = supervisor(world.ctx, "supervisor-2"), version_of(chief)
    assert judge(other, seen).status == 202
    refused = judge(chief, seen, "false_alarm")
    assert (refused.status, refused.code, refused.json["feedback"]) == (412, "precondition_failed", "confirmed")
    stored = world.store.get(named_finding_key(SPRAYING, "fnd_spray", Stream.SOURCE))
    assert stored is not None
    assert stored["verdict"] == "confirmed"
    # A judge who has seen the other's word may put another one in its place.
    assert judge(chief, refused.json["version"], "false_alarm").status == 202


def test_more_of_the_same_pattern_is_seen_before_it_is_judged(world: AgentWorld, chief: AgentClient) -> None:
    world.find_spray()
    seen = version_of(chief)
    find_more(world)
    refused = judge(chief, seen)
    assert (refused.status, refused.json["feedback"], refused.json["version"]) == (412, None, version_of(chief))
    assert listed(chief) == ["fnd_spray"]
    assert judge(chief, version_of(chief)).status == 202


def test_evidence_that_comes_between_the_reading_and_the_word_refuses_the_word(
    world: AgentWorld, chief: AgentClient
) -> None:
    world.find_spray()
    seen = version_of(chief)

    store = world.store
    assert isinstance(store, MemoryStore)

    def come_in(name: str) -> None:
        if name == "transact":
            store.before = None
            find_more(world)

    store.before = come_in
    assert judge(chief, seen).status == 412
    assert listed(chief) == ["fnd_spray"]


@pytest.mark.parametrize("changed", [{"subject": "another"}, {"about": "party"}])
def test_a_finding_is_judged_by_its_own_subject_alone(
    world: AgentWorld, chief: AgentClient, changed: dict[str, str]
) -> None:
    world.find_spray()
    assert chief.post("/findings/fnd_spray/feedback", {**VERDICT, **changed}).code == "not_found"
    assert listed(chief) == ["fnd_spray"]


def test_a_finding_about_ones_own_account_is_neither_shown_nor_judged(world: AgentWorld) -> None:
    world.find_spray("fnd_party", stream=Stream.PARTY, rule="counterparty_risk", account_id=ACCOUNT)
    own = supervisor(world.ctx, account_id=ACCOUNT)
    assert listed(own, "party") == []
    refused = own.post("/findings/fnd_party/feedback", {**VERDICT, "about": "party"})
    assert refused.code == "own_account"
    other = supervisor(world.ctx, "supervisor-2", account_id="acct-of-another")
    assert listed(other, "party") == ["fnd_party"]
    assert other.post("/findings/fnd_party/feedback", {**VERDICT, "about": "party"}).status == 202
    assert "finding.judged" in [entry["event"] for entry in world.audit()]


def test_agents_see_and_judge_none(world: AgentWorld, anna: AgentClient) -> None:
    world.find_spray()
    assert anna.get("/findings", query={"about": "source"}).code == "role_missing"
    assert anna.post("/findings/fnd_spray/feedback", VERDICT).code == "role_missing"


def find_on(world: AgentWorld, finding_id: str, account_id: str = ACCOUNT, **more: Any) -> str:
    """A finding on an account is raised a minute after the one before; its id."""
    world.clock.advance(timedelta(minutes=1))
    return world.raise_finding(finding_of(finding_id, world.clock.now(), account_id=account_id, **more))


def word_on(finding_id: str, about: str, subject: str, verdict: str = "false_alarm") -> dict[str, str]:
    return {"about": about, "subject": subject, "verdict": verdict, "reason": "investigation"}


def judge_listed(
    client: AgentClient, finding_id: str, about: str, subject: str, verdict: str = "false_alarm"
) -> Answered:
    key = {"Idempotency-Key": f"the-verdict-{finding_id}-{verdict}"}
    return client.post(f"/findings/{finding_id}/feedback", word_on(finding_id, about, subject, verdict), headers=key)


def test_a_finding_on_an_account_that_opens_no_case_is_listed_and_judged(world: AgentWorld, chief: AgentClient) -> None:
    find_on(world, "fnd_grave", severity="high")
    find_on(world, "fnd_held", severity="medium", holds=True)
    find_on(world, "fnd_1", rule="refund_abuse")
    (found,) = chief.get("/findings", query={"about": "account"}).json["findings"]
    (rule,) = [detector for detector in DETECTORS if detector.rule == "refund_abuse"]
    assert (found["id"], found["about"], found["subject"], found["agent"]) == ("fnd_1", "account", ACCOUNT, None)
    assert (found["facts"], found["events"], found["runbook"]) == ({"failures": 10}, 1, rule.runbook)
    assert not found["is_account"]
    assert judge_listed(chief, "fnd_1", "account", ACCOUNT, "confirmed").status == 202
    assert listed(chief, "account") == []
    (stored,) = [item for item in world.items() if item.get("finding_id") == "fnd_1"]
    assert (stored["verdict"], stored["judged_by"], "queue_pk" in stored) == ("confirmed", "supervisor-1", False)
    counts = [item for item in world.items() if item["PK"].startswith("FEEDBACK#")]
    assert any("finding/refund_abuse:1/confirmed" in item for item in counts)


def test_findings_on_accounts_come_newest_first_page_by_page_whatever_their_partition(
    world: AgentWorld, chief: AgentClient
) -> None:
    names = [find_on(world, f"fnd_{number:02}", f"acct-{number}") for number in range(11)]
    places = {item["queue_pk"] for item in world.items() if "finding_id" in item}
    assert len(places) == LIST_PARTS
    assert read_pages(chief, limit=3) == names[::-1]


def read_pages(client: AgentClient, limit: int) -> list[str]:
    """The findings on accounts, page by page to the end."""
    read: list[str] = []
    query = {"about": "account", "limit": str(limit)}
    while True:
        page = client.get("/findings", query=query).json
        read += [one["id"] for one in page["findings"]]
        if page["next"] is None:
            return read
        query["cursor"] = page["next"]


@pytest.mark.parametrize("limit", [1, 5])
def test_findings_of_one_partition_are_read_to_the_end(world: AgentWorld, chief: AgentClient, limit: int) -> None:
    names = [find_on(world, f"fnd_{number:02}") for number in range(25)]
    assert read_pages(chief, limit) == names[::-1]


@pytest.mark.parametrize("grave", [{"severity": "high"}, {"rule": "drain", "holds": True}])
def test_a_finding_with_a_case_is_judged_by_its_case_alone(
    world: AgentWorld, chief: AgentClient, grave: dict[str, Any]
) -> None:
    """The word of somebody who cannot open the account takes no obstacle from the release of its hold."""
    find_on(world, "fnd_grave", **grave)
    assert judge_listed(chief, "fnd_grave", "account", ACCOUNT).code == "not_found"
    (stored,) = [item for item in world.items() if item.get("finding_id") == "fnd_grave"]
    assert "verdict" not in stored


def test_a_finding_that_the_list_of_accounts_does_not_show_is_not_judged_there(
    world: AgentWorld, chief: AgentClient
) -> None:
    find_on(world, "fnd_withdrawn")
    world.withdraw_finding("fnd_withdrawn")
    now, store, ids = world.clock.now(), world.store, world.ctx.ids
    suppress(store, ids, "refund_abuse", account_id=ACCOUNT, now=now, since=now, until=now + timedelta(days=1))
    find_on(world, "fnd_suppressed", rule="refund_abuse")
    find_on(world, "fnd_old", rule="velocity")
    assert listed(chief, "account") == ["fnd_old"]
    for finding_id in ("fnd_withdrawn", "fnd_suppressed"):
        assert judge_listed(chief, finding_id, "account", ACCOUNT).code == "not_found"
    world.clock.advance(FINDING_LIFE + timedelta(minutes=1))
    assert judge_listed(chief, "fnd_old", "account", ACCOUNT).code == "not_found"


def test_a_finding_that_needs_nobody_leaves_the_list_of_accounts(world: AgentWorld, chief: AgentClient) -> None:
    for number in range(4):
        find_on(world, f"fnd_{number}", f"acct-{number}")
    world.withdraw_finding("fnd_0")
    assert judge_listed(chief, "fnd_1", "account", "acct-1", "unclear").status == 202
    assert judge_listed(chief, "fnd_2", "account", "acct-2").status == 202
    assert listed(chief, "account") == ["fnd_3", "fnd_1"]
    assert judge_listed(chief, "fnd_2", "account", "acct-2", "unclear").status == 202
    assert listed(chief, "account") == ["fnd_3", "fnd_2", "fnd_1"]
    world.clock.advance(FINDING_LIFE - timedelta(minutes=1))
    # An unclear one does not expire, but leaves the list with its age: it is still beside its account.
    find_on(world, "fnd_4", "acct-4")
    assert listed(chief, "account") == ["fnd_4", "fnd_3"]


def test_a_finding_that_an_earlier_release_has_judged_is_not_listed(world: AgentWorld, chief: AgentClient) -> None:
    find_on(world, "fnd_1")
    key = named_finding_key(ACCOUNT, "fnd_1")
    change = Change(actor=System("test", "-"), cause="test", now=world.clock.now(), ids=world.ctx.ids)
    change.update(key, set={"verdict": "confirmed", "state": "resolved"}, condition=PRESENT)
    change.commit(world.store)
    assert listed(chief, "account") == []


def test_nobody_hears_of_their_own_account_or_of_one_that_was_erased(world: AgentWorld, chief: AgentClient) -> None:
    find_on(world, "fnd_1")
    find_on(world, "fnd_2", "acct-gone")
    own = supervisor(world.ctx, "supervisor-3", account_id=ACCOUNT)
    assert listed(own, "account") == ["fnd_2"]
    refused = judge_listed(own, "fnd_1", "account", ACCOUNT)
    assert (refused.status, refused.code) == (403, "own_account")
    gone = Fact("fact-gone", "account.erased", "wallet", world.clock.now(), "acct-gone", AccountErased(9))
    give(world.ctx, [gone])
    assert listed(chief, "account") == ["fnd_1"]
    assert judge_listed(chief, "fnd_2", "account", "acct-gone").code == "not_found"


def test_findings_about_agents_are_for_other_supervisors(world: AgentWorld, chief: AgentClient) -> None:
    for finding_id, agent_id in (("fnd_a", "agent-1"), ("fnd_s", "supervisor-1")):
        world.find_spray(finding_id, agent_id, stream=Stream.AGENT, rule="agent_browsing", facts={"accounts": 30})
    (found,) = chief.get("/findings", query={"about": "agent"}).json["findings"]
    assert (found["id"], found["subject"], found["agent"]["id"]) == ("fnd_a", "agent-1", "agent-1")
    assert found["runbook"]
    assert listed(supervisor(world.ctx, "supervisor-2"), "agent") == ["fnd_a", "fnd_s"]
    # A supervisor who asks about themselves hears as of one that there is not.
    for finding_id, about in (("fnd_s", "supervisor-1"), ("fnd_x", "agent-1")):
        assert judge_listed(chief, finding_id, "agent", about).code == "not_found"
    (about_self,) = [item for item in world.items() if item.get("finding_id") == "fnd_s"]
    assert "verdict" not in about_self
    assert judge_listed(chief, "fnd_a", "agent", "agent-1", "confirmed").status == 202
    assert listed(chief, "agent") == []
    counts = [item for item in world.items() if item["PK"].startswith("FEEDBACK#")]
    assert any("finding/agent_browsing:1/confirmed" in item for item in counts)


@pytest.mark.parametrize("about", ["account", "agent"])
def test_only_supervisors_read_and_judge_them(world: AgentWorld, anna: AgentClient, about: str) -> None:
    find_on(world, "fnd_1")
    assert anna.get("/findings", query={"about": about}).status == 403
    assert judge_listed(anna, "fnd_1", about, ACCOUNT).status == 403


def test_the_rule_of_a_finding_about_an_agent_is_suppressed_by_nobody(world: AgentWorld, chief: AgentClient) -> None:
    until = {"about": "agent", "subject": "agent-1", "until": "2026-11-30T00:00:00Z", "reason": "investigation"}
    assert chief.post("/findings/fnd_a/suppressions", until, headers=KEY).code == "malformed_request"

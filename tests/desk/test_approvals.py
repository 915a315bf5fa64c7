"""Acts that need a second person: asked for by one, decided by another, carried out by the first."""

from __future__ import annotations

import json

from playwright.sync_api import Page, expect

from tests.desk.conftest import Desk, look_up


def ask_for_large_refund(page: Page) -> None:
    page.get_by_role("button", name="Claim", exact=True).click()
    look_up(page)
    page.get_by_role("tab", name="Refunds").click()
    page.get_by_role("button", name="Ask for approval: Decide", exact=True).click()
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_label("Decision")).to_have_value("")
    dialog.get_by_label("Decision").select_option(label="Approve")
    dialog.get_by_role("combobox", name="Reason", exact=True).select_option(label="Evidence was seen")
    dialog.get_by_role("button", name="Ask for approval").click()
    expect(dialog).to_have_count(0)


def decide(page: Page, decision: str) -> None:
    page.get_by_role("button", name=decision, exact=True).click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_role("button", name=decision, exact=True).click()
    expect(dialog).to_have_count(0)


def test_a_large_refund_is_asked_for_approved_by_another_and_carried_out(desk: Desk) -> None:
    agent = desk.enter("lin", "?case=case-2")
    ask_for_large_refund(agent)
    expect(agent.get_by_text("Waits for a second person")).to_be_visible()
    expect(agent.get_by_role("button", name="Decide", exact=True)).to_be_disabled()

    supervisor = desk.enter("mei")
    supervisor.get_by_role("link", name="Approvals").click()
    expect(supervisor.get_by_text("Evidence was seen")).to_be_visible()
    expect(supervisor.get_by_text("Decision: Approve")).to_be_visible()
    expect(supervisor.get_by_text("Lin Agent")).to_be_visible()
    decide(supervisor, "Approve")
    expect(supervisor.get_by_text("Nothing waits for a second person.")).to_be_visible()

    agent.get_by_role("button", name="Look again").click()
    expect(agent.get_by_text("Approved by Mei Supervisor.")).to_be_visible()
    agent.get_by_role("button", name="Decide", exact=True).click()
    dialog = agent.get_by_role("dialog")
    expect(dialog.get_by_label("Decision")).to_have_count(0)
    dialog.get_by_role("combobox", name="Reason", exact=True).select_option(label="Evidence was seen")
    dialog.get_by_role("button", name="Decide on a large refund").click()
    expect(agent.get_by_role("heading", name="Approved")).to_be_visible()
    assert desk.world.refunds[0]["status"] == "approved"
    assert desk.world.approvals["approval-1"]["state"] == "spent"


def test_the_second_person_reads_what_was_found_on_the_account_whose_hold_is_to_be_released(desk: Desk) -> None:
    judged = [{"severity": "critical", "rule": "failed_login_burst", "verdict": "confirmed"}]
    desk.world.approvals["approval-1"] = {
        "id": "approval-1",
        "operation": "release_hold",
        "case_id": None,
        "subject": {"kind": "hold", "id": "RISK_SCORE", "version": "1"},
        "change": {"cause": "RISK_SCORE"},
        "reason": "false_alarm",
        "state": "asked",
        "void_cause": None,
        "requested_by": {"id": "lin", "name": "Lin Agent"},
        "requested_at": "2026-11-29T08:00:00.000Z",
        "expires_at": "2036-11-29T08:00:00.000Z",
        "decided_by": None,
        "decided_at": None,
        "findings": [*judged, {**judged[0], "verdict": None}],
    }
    page = desk.enter("mei", "#/approvals")
    found = page.get_by_role("definition").filter(has_text="Critical")
    expect(found).to_contain_text("It was right")
    expect(found).to_contain_text("not judged yet")


def test_the_second_person_reads_what_a_policy_loses_and_the_unit_of_its_amounts(desk: Desk) -> None:
    desk.world.approvals["approval-1"] = {
        "id": "approval-1",
        "operation": "publish_policy",
        "case_id": None,
        "subject": {"kind": "policy", "id": "m-1", "version": "1"},
        "change": {"auto_approve_minor": 50_000, "removed": ["evidence_above_minor"], "categories_removed": ["food"]},
        "reason": "correction",
        "state": "asked",
        "void_cause": None,
        "requested_by": {"id": "lin", "name": "Lin Agent"},
        "requested_at": "2026-11-29T08:00:00.000Z",
        "expires_at": "2036-11-29T08:00:00.000Z",
        "decided_by": None,
        "decided_at": None,
        "findings": [],
    }
    page = desk.enter("mei", "#/approvals")
    change = page.get_by_role("definition").filter(has_text="Approved at once up to")
    expect(change).to_contain_text("50,000 (in the smallest unit of the payment's currency)")
    expect(change).to_contain_text("Rules that go away: No evidence needed up to")
    expect(change).to_contain_text("Categories that can be refunded again: food")


def test_a_void_approval_says_so_and_why_in_list_and_timeline(desk: Desk) -> None:
    agent = desk.enter("lin", "?case=case-2")
    ask_for_large_refund(agent)
    now = {"state": "void", "void_cause": "changed", "subject": "refund"}
    desk.world.approvals["approval-1"].update(state="void", void_cause="changed")
    told = {"kind": "decided", "facts": {"approval_id": "approval-1"}}
    desk.world.tell(
        "case-2", "agent.approval_approved", {"kind": "agent", "name": "Mei Supervisor"}, **told, approval=now
    )
    supervisor = desk.enter("mei")
    supervisor.get_by_role("link", name="Approvals").click()
    supervisor.get_by_role("button", name="Decided").click()
    listed = supervisor.locator("desk-approvals article")
    expect(listed).to_contain_text("Void")
    expect(listed).to_contain_text("Refund: it is not as it was when the request was made.")
    expect(listed.get_by_role("button")).to_have_count(0)
    agent.reload()
    desk.sign_in(agent)
    entry = agent.get_by_role("listitem").filter(has_text="Second person approved")
    expect(entry).to_contain_text("Void")
    expect(entry).to_contain_text("Ask again.")


def test_a_hold_is_released_as_it_was_approved(desk: Desk) -> None:
    agent = desk.enter("lin", "?case=case-4")
    agent.get_by_role("button", name="Claim", exact=True).click()
    look_up(agent)
    expect(agent.get_by_role("heading", name="Hold: Long unused")).to_be_visible()
    agent.get_by_role("button", name="Ask for approval: Release the hold").click()
    dialog = agent.get_by_role("dialog")
    dialog.get_by_role("combobox", name="Reason", exact=True).select_option(label="False alarm")
    dialog.get_by_role("button", name="Ask for approval").click()
    expect(agent.get_by_text("Waits for a second person")).to_be_visible()

    supervisor = desk.enter("mei", "#/approvals")
    expect(supervisor.get_by_text("Hold Compliance")).to_be_visible()
    decide(supervisor, "Approve")

    agent.reload()
    desk.sign_in(agent)
    look_up(agent)
    agent.get_by_role("button", name="Release the hold", exact=True).click()
    dialog = agent.get_by_role("dialog")
    dialog.get_by_role("combobox", name="Reason", exact=True).select_option(label="False alarm")
    dialog.get_by_role("button", name="Release the hold").click()
    expect(dialog).to_have_count(0)
    (release,) = desk.world.requests("POST", "/cases/case-4/hold-releases")
    assert json.loads(release.body) == {"cause": "COMPLIANCE", "approval_id": "approval-1", "reason": "false_alarm"}
    expect(agent.get_by_role("heading", name="Hold: Compliance")).to_have_count(0)
    held = agent.locator(".hold").filter(has=agent.get_by_role("heading", name="Hold: Long unused"))
    expect(held).to_contain_text("Only the wallet can release it, not even two people here.")
    expect(held.get_by_role("button")).to_have_count(0)


def test_a_freeze_is_ended_by_two_where_the_customer_has_one_contact_point(desk: Desk) -> None:
    world = desk.world
    world.points = {"phone": "***0006"}
    world.lock.update(state="FROZEN", cause="CUSTOMER_REQUEST", until=None, text="Frozen at your request.")
    world.cases["case-1"]["next_step"] = "unfreeze_by_two"
    agent = desk.enter("lin", "?case=case-1")
    agent.get_by_role("button", name="Claim", exact=True).click()
    expect(agent.get_by_text("the account cannot give two factors")).to_be_visible()
    agent.get_by_role("button", name="Ask for approval: End the freeze, without two factors").click()
    dialog = agent.get_by_role("dialog")
    dialog.get_by_role("combobox", name="Reason", exact=True).select_option(label="The customer asked")
    dialog.get_by_role("button", name="Ask for approval").click()
    expect(dialog).to_have_count(0)

    supervisor = desk.enter("mei", "#/approvals")
    expect(supervisor.locator("desk-approvals article")).to_contain_text("Freeze")
    decide(supervisor, "Approve")

    agent.reload()
    desk.sign_in(agent)
    agent.get_by_role("button", name="End the freeze, without two factors", exact=True).click()
    dialog = agent.get_by_role("dialog")
    dialog.get_by_role("combobox", name="Reason", exact=True).select_option(label="The customer asked")
    dialog.get_by_role("button", name="End the freeze, without two factors").click()
    expect(dialog).to_have_count(0)
    (done,) = world.requests("POST", "/cases/case-1/unfreeze")
    assert json.loads(done.body) == {"approval_id": "approval-1", "reason": "customer_asked"}
    assert world.lock["state"] == "OPEN"


def test_a_person_may_not_decide_on_their_own_request(desk: Desk) -> None:
    page = desk.enter("mei", "?case=case-2")
    ask_for_large_refund(page)
    page.get_by_role("link", name="Approvals").click()
    expect(page.get_by_text("You asked for this. Another person decides.")).to_be_visible()
    expect(page.get_by_role("button", name="Approve", exact=True)).to_have_count(0)


def test_a_decision_that_the_api_refuses_is_told_and_nothing_is_approved(desk: Desk) -> None:
    page = desk.enter("mei", "?case=case-2")
    ask_for_large_refund(page)
    approval = desk.world.approvals["approval-1"]
    # The page does not know of whom it is: only the API can refuse.
    approval["requested_by"] = {"id": "lin", "name": "Lin Agent"}
    page.get_by_role("link", name="Approvals").click()
    page.get_by_role("button", name="Approve", exact=True).click()
    approval["requested_by"] = {"id": "mei", "name": "Mei Supervisor"}
    dialog = page.get_by_role("dialog")
    dialog.get_by_role("button", name="Approve", exact=True).click()
    expect(dialog.get_by_role("alert")).to_have_text("Nobody approves their own request.")
    assert approval["state"] == "asked"


def test_a_refused_request_is_found_among_those_decided(desk: Desk) -> None:
    ask_for_large_refund(desk.enter("lin", "?case=case-2"))
    page = desk.enter("omar")
    page.get_by_role("link", name="Approvals").click()
    decide(page, "Refuse")
    page.get_by_role("button", name="Decided", exact=True).click()
    expect(page.get_by_text("Refused", exact=True)).to_be_visible()
    expect(page.get_by_text("Omar Supervisor").last).to_be_visible()


def test_requests_beyond_the_first_page_are_shown_when_asked_for(desk: Desk) -> None:
    ask_for_large_refund(desk.enter("lin", "?case=case-2"))
    known = desk.world.approvals["approval-1"]
    many = {f"approval-{number}": {**known, "id": f"approval-{number}"} for number in range(2, 22)}
    desk.world.approvals |= many
    last = many["approval-21"]
    last["requested_by"] = {"id": "omar", "name": "The Last"}
    page = desk.enter("mei", "#/approvals")
    expect(page.get_by_text("Lin Agent")).to_have_count(20)
    expect(page.get_by_text("The Last")).to_have_count(0)
    page.get_by_role("button", name="Show more", exact=True).click()
    expect(page.get_by_text("The Last")).to_be_visible()


def test_an_agent_sees_requests_and_decides_on_none(desk: Desk) -> None:
    ask_for_large_refund(desk.enter("mei", "?case=case-2"))
    page = desk.enter("lin")
    page.get_by_role("link", name="Approvals").click()
    expect(page.get_by_text("Mei Supervisor")).to_be_visible()
    expect(page.get_by_role("button", name="Approve", exact=True)).to_have_count(0)


def test_a_lost_number_is_removed_as_it_was_approved(desk: Desk) -> None:
    agent = desk.enter("lin", "?case=case-1")
    agent.get_by_role("button", name="Claim", exact=True).click()
    look_up(agent)
    removal = agent.locator("dd", has_text="***0001").get_by_role("button")
    expect(removal).to_have_text("Ask for approval: Remove the contact point")
    removal.click()
    dialog = agent.get_by_role("dialog")
    dialog.get_by_role("combobox", name="What became of it").select_option(label="Lost")
    dialog.get_by_role("combobox", name="Reason", exact=True).select_option(label="The customer asked")
    dialog.get_by_role("button", name="Ask for approval").click()
    expect(dialog).to_have_count(0)

    supervisor = desk.enter("mei", "#/approvals")
    expect(supervisor.get_by_text("What became of it: Lost")).to_be_visible()
    expect(supervisor.get_by_text("Contact point: Phone")).to_be_visible()
    decide(supervisor, "Approve")

    agent.get_by_role("button", name="Look again").click()
    agent.get_by_role("button", name="Remove the contact point", exact=True).click()
    dialog = agent.get_by_role("dialog")
    expect(dialog.get_by_label("What became of it")).to_have_count(0)
    dialog.get_by_role("combobox", name="Reason", exact=True).select_option(label="The customer asked")
    dialog.get_by_role("button", name="Remove the contact point").click()
    expect(dialog).to_have_count(0)
    (sent,) = desk.world.requests("POST", "/cases/case-1/contact-changes")
    named = {"point_id": "point-phone", "loss": "lost"}
    assert json.loads(sent.body) == {**named, "approval_id": "approval-1", "reason": "customer_asked"}

"""Cases at the desk: from the call to the end, and what goes wrong on the way."""

from __future__ import annotations

import json
import re
import threading

from playwright.sync_api import Page, expect

from tests.desk.conftest import Desk, look_up
from tests.support.desk_api import CURSOR, MARKUP, UNMASKED, Refusal


def claim(page: Page) -> None:
    page.get_by_role("button", name="Claim", exact=True).click()
    page.get_by_role("button", name="Give back").wait_for()


def confirm(page: Page, action: str, reason: str = "The customer asked") -> None:
    """Choose the reason in the dialog and send it."""
    dialog = page.get_by_role("dialog")
    dialog.get_by_role("combobox", name="Reason", exact=True).select_option(label=reason)
    dialog.get_by_role("button", name=action, exact=True).click()
    expect(dialog).to_have_count(0)


def test_a_call_is_worked_from_its_arrival_to_its_end(desk: Desk) -> None:
    page = desk.enter()
    desk.world.live["lin"] = ["contact-1"]
    expect(page.get_by_role("heading", name=re.compile("Locked account.*482 913"))).to_be_visible()
    assert page.url.endswith("#/case/case-1")
    expect(page.get_by_text("Time of the failed login, as keyed in")).to_be_visible()
    claim(page)

    unlock = page.get_by_role("button", name="Unlock", exact=True)
    expect(unlock).to_be_disabled()
    page.get_by_role("button", name="Ask for proof").click()
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_label("What the proof is for")).to_have_value("unlock")
    dialog.get_by_role("button", name="Ask for proof").click()
    expect(page.get_by_text("Asked: Unlock. Waiting for the customer")).to_be_visible()
    desk.world.prove("case-1", "sms")
    expect(page.get_by_text("Proved", exact=True)).to_be_visible()
    expect(page.get_by_text("code by text")).to_be_visible()
    expect(page.get_by_text("Enough for: Unlock, Allow a new password")).to_be_visible()

    expect(unlock).to_be_enabled()
    unlock.click()
    confirm(page, "Unlock")
    expect(page.get_by_text("Unlock: asked for")).to_be_visible()
    expect(page.locator(".next")).to_contain_text("Close the case")
    page.get_by_role("button", name="Close", exact=True).click()
    page.get_by_role("dialog").get_by_role("button", name="Close", exact=True).click()
    expect(page.get_by_text("Closed", exact=True).first).to_be_visible()
    assert desk.world.cases["case-1"]["status"] == "closed"
    (act,) = desk.world.requests("POST", "/cases/case-1/unlock")
    assert act.headers["desk-contact"] == "contact-1"
    assert json.loads(act.body) == {"reason": "customer_asked"}


def test_a_call_that_comes_while_somebody_works_is_announced_and_takes_nothing_away(desk: Desk) -> None:
    page = desk.enter(address="?case=case-2")
    page.get_by_label("Note", exact=True).fill("half a sentence")
    desk.world.live["lin"] = ["contact-1"]
    alert = page.get_by_role("alert").filter(has_text="A call has come to you.")
    expect(alert).to_be_visible()
    expect(page.get_by_label("Note", exact=True)).to_have_value("half a sentence")
    alert.get_by_role("button", name="Open its case").click()
    expect(page.get_by_role("heading", name=re.compile("482 913"))).to_be_visible()


def test_a_call_that_an_agent_answers_opens_its_account_without_a_claim_until_it_ends(desk: Desk) -> None:
    desk.world.live["lin"] = ["contact-1"]
    page = desk.enter()
    expect(page.get_by_role("heading", name=re.compile("482 913"))).to_be_visible()
    expect(page.get_by_text("Time of the failed login, as keyed in")).to_be_visible()
    expect(page.get_by_label("Why do you look?")).to_have_value("call")
    page.get_by_role("button", name="Look", exact=True).click()
    expect(page.get_by_text("W***")).to_be_visible()
    (look,) = desk.world.requests("GET", "/cases/case-1/account")
    assert (look.headers["desk-contact"], look.headers["desk-reason"]) == ("contact-1", "call")
    assert [one for one in desk.world.asked if one.path.endswith("/claim")] == []

    desk.world.live["lin"] = []
    expect(page.get_by_text("The call has ended.")).to_be_visible()
    claim(page)
    assert "desk-contact" not in desk.world.requests("POST", "/cases/case-1/claim")[0].headers
    desk.world.live["lin"] = ["contact-1"]
    with page.expect_response(
        lambda answer: answer.url.endswith("/cases/case-1") and "desk-contact" in answer.request.headers
    ):
        pass


def test_a_call_of_the_case_that_is_open_is_taken_into_it_and_not_announced(desk: Desk) -> None:
    page = desk.enter(address="?case=case-1")
    expect(page.get_by_role("heading", name=re.compile("482 913"))).to_be_visible()
    expect(page.get_by_text("Claim the case first. Then you can ask")).to_be_visible()
    desk.world.prove("case-1", "sms")
    desk.world.live["lin"] = ["contact-1"]
    expect(page.get_by_text("Proved", exact=True)).to_be_visible(timeout=12_000)
    expect(page.get_by_role("alert").filter(has_text="A call has come to you.")).to_have_count(0)
    assert desk.world.requests("GET", "/cases/case-1")[-1].headers["desk-contact"] == "contact-1"


def test_a_case_that_is_opened_in_its_call_is_read_in_it_from_the_first_time_on(desk: Desk) -> None:
    desk.world.prove("case-1", "sms")
    desk.world.live["lin"] = ["contact-1"]
    page = desk.enter(address="?case=case-1")
    expect(page.get_by_text("Proved", exact=True)).to_be_visible()
    assert desk.world.requests("GET", "/cases/case-1")[0].headers["desk-contact"] == "contact-1"
    expect(page.get_by_role("alert").filter(has_text="A call has come to you.")).to_have_count(0)


def test_where_a_case_turns_out_to_be_another_ones_double_the_desk_goes_there(desk: Desk) -> None:
    desk.world.live["lin"] = ["contact-1"]
    page = desk.enter(address="?case=case-1")
    expect(page.get_by_role("button", name="Ask for proof")).to_be_visible()
    case = desk.world.cases["case-1"]
    case.update(status="closed", links=[*case["links"], {"kind": "case", "id": "case-2"}])
    page.get_by_label("Note", exact=True).fill("nothing is lost")
    page.get_by_role("button", name="Add note").click()
    expect(page.get_by_text("The work goes on here.")).to_be_visible()
    assert page.url.endswith("#/case/case-2")


def test_a_caller_who_comes_back_without_the_proof_is_told(desk: Desk) -> None:
    desk.world.live["lin"] = ["contact-1"]
    page = desk.enter(address="?case=case-1")
    page.get_by_role("button", name="Ask for proof").click()
    page.get_by_role("dialog").get_by_role("button", name="Ask for proof").click()
    expect(page.get_by_text("Waiting for the customer")).to_be_visible()
    desk.world.proofs["case-1"]["state"] = "unproved"
    expect(page.get_by_text("The customer came back without the proof.")).to_be_visible()
    expect(page.get_by_role("button", name="Ask for proof")).to_be_visible()


def test_without_a_call_nobody_looks_before_a_reason_is_chosen(desk: Desk) -> None:
    page = desk.enter(address="?case=case-2")
    claim(page)
    expect(page.get_by_label("Why do you look?")).to_have_value("")
    page.get_by_role("button", name="Look", exact=True).click()
    expect(page.get_by_label("Why do you look?")).to_be_focused()
    assert desk.world.requests("GET", "/cases/case-2/account") == []


def test_a_contact_without_a_case_is_waited_for(desk: Desk) -> None:
    page = desk.enter(address="?contact=contact-2")
    expect(page.get_by_role("alert")).to_contain_text("Nothing is known of this call yet.")
    desk.world.contacts["contact-2"] = {
        **desk.world.contacts["contact-1"],
        "contact_id": "contact-2",
        "case_id": "case-3",
    }
    expect(page.get_by_role("heading", name=re.compile("550 120"))).to_be_visible()


def test_a_request_for_proof_says_where_the_customer_answers(desk: Desk) -> None:
    page = desk.enter(address="?case=case-1")
    claim(page)
    dialog = page.get_by_role("dialog")
    page.get_by_role("button", name="Ask for proof").click()
    expect(dialog).to_contain_text("The customer answers in the app.")
    dialog.get_by_role("button", name="Cancel").click()
    desk.world.live["lin"] = ["contact-1"]
    expect(page.get_by_label("Why do you look?")).to_have_value("call")
    page.get_by_role("button", name="Ask for proof").click()
    expect(dialog).to_contain_text("The line sends it to the customer")


def test_proof_that_the_account_cannot_give_is_not_offered(desk: Desk) -> None:
    desk.world.cases["case-1"]["proof_goals"] = ["look", "freeze"]
    page = desk.enter(address="?case=case-1")
    claim(page)
    expect(page.get_by_text("The account has too few factors for: Unlock, ")).to_be_visible()
    page.get_by_role("button", name="Ask for proof").click()
    goal = page.get_by_role("dialog").get_by_label("What the proof is for")
    expect(goal).to_have_value("look")
    expect(goal.locator("option")).to_have_count(2)


def test_a_case_leads_to_the_open_security_case_of_its_account(desk: Desk) -> None:
    desk.world.cases["case-1"].update(next_step="judge_finding", security_case="case-2")
    page = desk.enter(address="?case=case-1")
    step = page.locator(".next")
    expect(step).to_contain_text("Judge the finding")
    expect(step).to_contain_text("This account has an open security case.")
    step.get_by_role("link", name="Open").click()
    expect(page).to_have_url(re.compile("#/case/case-2$"))


RISK = {
    "band": "high",
    "as_of": "2026-11-30T02:00:00.000Z",
    "parts": [{"part": "findings", "points": 75}, {"part": "amount", "points": 26}],
}


def test_a_risk_is_told_with_what_speaks_for_it_at_the_case_and_that_it_is_not_for_the_customer(desk: Desk) -> None:
    desk.world.cases["case-1"]["risk"] = RISK
    page = desk.enter(address="?case=case-1")
    established = page.locator("section.panel").filter(has_text="Risk of the account")
    expect(established).to_contain_text("High risk")
    expect(established).to_contain_text("Finding of the scan: 75, Amount far above their own: 26")
    expect(established).to_contain_text("do not tell the customer")
    expect(established).to_contain_text("Money and unlocks take one proof more")


def test_a_raised_risk_asks_for_no_further_proof(desk: Desk) -> None:
    desk.world.cases["case-1"]["risk"] = {**RISK, "band": "raised"}
    page = desk.enter(address="?case=case-1")
    expect(page.get_by_text("do not tell the customer")).to_be_visible()
    expect(page.get_by_text("one proof more")).to_have_count(0)


def test_a_risk_that_is_not_known_is_told_as_such(desk: Desk) -> None:
    desk.world.cases["case-1"]["risk"] = {"band": "unknown", "as_of": None, "parts": []}
    page = desk.enter(address="?case=case-1")
    expect(page.get_by_text("Not known", exact=True)).to_be_visible()
    expect(page.get_by_text("do not tell the customer")).to_have_count(0)


def test_without_access_no_risk_is_told(desk: Desk) -> None:
    page = desk.enter(address="?case=case-1")
    expect(page.get_by_role("heading", name=re.compile("482 913"))).to_be_visible()
    expect(page.get_by_text("Risk of the account")).to_have_count(0)


def test_a_row_of_the_own_cases_tells_a_risk_that_is_raised_and_no_low_one(desk: Desk) -> None:
    for case_id, band in (("case-1", "high"), ("case-2", "low")):
        owner = {"id": "lin", "name": "lin"}
        desk.world.cases[case_id].update(owner=owner, status="claimed", risk={**RISK, "band": band})
    page = desk.enter()
    page.get_by_role("button", name="Mine", exact=True).click()
    expect(page.locator(".risk")).to_have_count(1)
    expect(page.locator(".risk")).to_contain_text("High risk")
    expect(page.locator(".risk")).to_contain_text("Finding of the scan: 75")


def test_the_first_call_of_a_visit_is_looked_up_at_once(desk: Desk) -> None:
    page = desk.enter()
    expect(page.get_by_role("heading", name="Queue")).to_be_visible()
    # Nothing is looked up again from here on, so that a first look that fails stays one.
    page.evaluate("window.setInterval = () => 0")
    page.evaluate("location.hash = '#/contact/contact-1'")
    expect(page.get_by_role("heading", name=re.compile("482 913"))).to_be_visible()
    assert len(desk.world.requests("GET", "/contacts/contact-1")) == 1


def test_the_account_is_read_with_a_reason_and_values_are_shown_one_at_a_time(desk: Desk) -> None:
    page = desk.enter(address="?case=case-1")
    expect(page.get_by_text("Claim the case to look at the account.")).to_be_visible()
    claim(page)
    page.get_by_label("Why do you look?").select_option(label="A complaint")
    assert desk.world.requests("GET", "/cases/case-1/account") == []
    look_up(page, "A complaint")
    expect(page.get_by_text("Locked after 15 wrong passwords in a day.")).to_be_visible()
    assert desk.world.requests("GET", "/cases/case-1/account")[0].headers["desk-reason"] == "complaint"
    expect(page.get_by_text("***0001")).to_be_visible()
    expect(page.get_by_role("definition").filter(has_text="zh-CN")).to_have_count(0)
    page.get_by_role("button", name="Show Name").click()
    confirm(page, "Show")
    expect(page.get_by_text(UNMASKED)).to_be_visible()
    expect(page.get_by_text("c***@***mple")).to_be_visible()
    # An agent knows a contact point by its last digits alone.
    expect(page.get_by_role("button", name=re.compile("^Show (Phone|E-mail)"))).to_have_count(0)
    page.get_by_role("tab", name="Payments").click()
    expect(page.get_by_text("Not enough money")).to_be_visible()
    expect(page.get_by_text("Top up")).to_be_visible()
    page.get_by_role("button", name="Show Amount of a payment").click()
    confirm(page, "Show", "Evidence was seen")
    expect(page.get_by_text("CN¥1,999.00")).to_be_visible()


def test_the_proof_is_not_asked_for_before_the_case_is_claimed(desk: Desk) -> None:
    page = desk.enter(address="?case=case-1")
    expect(page.get_by_text("Claim the case first. Then you can ask the customer for proof.")).to_be_visible()
    expect(page.get_by_role("button", name="Ask for proof")).to_have_count(0)
    assert desk.world.requests("GET", "/cases/case-1/proofs") == []
    claim(page)
    expect(page.get_by_text("Nothing is proved yet.")).to_be_visible()
    page.get_by_role("button", name="Give back").click()
    expect(page.get_by_text("Claim the case first. Then you can ask the customer for proof.")).to_be_visible()


def test_in_a_call_of_the_agent_the_proof_is_there_without_a_claim(desk: Desk) -> None:
    desk.world.live["lin"] = ["contact-1"]
    page = desk.enter()
    expect(page.get_by_role("heading", name=re.compile("482 913"))).to_be_visible()
    expect(page.get_by_text("Nothing is proved yet.")).to_be_visible()
    expect(page.get_by_role("button", name="Claim", exact=True)).to_be_visible()


def test_facts_of_the_timeline_read_as_a_person_would_say_them(desk: Desk) -> None:
    page = desk.enter(address="?case=case-2")
    timeline = page.locator("ol.timeline")
    expect(timeline).to_contain_text("A refund is late")
    expect(timeline).to_contain_text(
        "Refund: refund-9 · Payment: pay-2 · State: Came back · Promised, and missed: Nov 20, 2026"
    )
    expect(timeline).to_contain_text("Rule: Above what is approved unseen · Waits for: A person's word")
    page.goto(page.url.replace("case-2", "case-1"))
    expect(timeline).to_contain_text(
        "Language: 中文 · Number registered: Yes · Heard: Call came in: known number, Code: wrong"
    )
    expect(timeline).not_to_contain_text("Proved")
    expect(page.get_by_text("Locks: proof was missing")).to_be_visible()


def test_a_timeline_masks_amounts_until_one_is_asked_for(desk: Desk) -> None:
    page = desk.enter(address="?case=case-2")
    amount = page.locator("ol.timeline li").filter(has_text="A refund waits for a decision")
    expect(amount).to_contain_text("Amount of a refund: •••")
    expect(amount.get_by_role("button")).to_have_count(0)
    claim(page)
    amount.get_by_role("button", name="Show Amount of a refund").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_role("combobox", name="Reason", exact=True).select_option(label="The customer asked")
    dialog.get_by_role("button", name="Show", exact=True).click()
    expect(amount).to_contain_text("CN¥1,999.00")
    (request,) = desk.world.requests("POST", "/cases/case-2/unmaskings")
    assert json.loads(request.body) == {"field": "refund_amount", "item_id": "refund-9", "reason": "customer_asked"}


def test_a_finding_masks_its_amount_until_it_is_asked_for(desk: Desk) -> None:
    page = desk.enter(address="?case=case-4")
    claim(page)
    page.get_by_role("tab", name="Findings").click()
    look_up(page)
    page.get_by_role("button", name="Show Amount of a finding").click()
    confirm(page, "Show")
    expect(page.locator("desk-records")).to_contain_text("CN¥1,999.00")
    (request,) = desk.world.requests("POST", "/cases/case-4/unmaskings")
    assert json.loads(request.body) == {"field": "finding_amount", "item_id": "f-1", "reason": "customer_asked"}


def test_a_rule_is_suppressed_for_a_while_and_tells_again(desk: Desk) -> None:
    page = desk.enter(address="?case=case-4")
    claim(page)
    page.get_by_role("tab", name="Findings").click()
    look_up(page)
    records = page.locator("desk-records")
    records.get_by_role("button", name="Suppress the rule for a while").click()
    confirm(page, "Suppress the rule for a while")
    expect(records).to_contain_text("Not told until")
    (request,) = desk.world.requests("POST", "/cases/case-4/suppressions")
    body = json.loads(request.body)
    assert (body["rule"], body["reason"], body["until"][-1]) == ("failed_login_burst", "customer_asked", "Z")
    records.get_by_role("button", name="Let the rule tell again").click()
    confirm(page, "Let the rule tell again")
    expect(records).not_to_contain_text("Not told until")
    (request,) = desk.world.requests("POST", "/cases/case-4/suppression-ends")
    assert json.loads(request.body) == {"rule": "failed_login_burst", "reason": "customer_asked"}


def test_a_rule_that_holds_is_suppressed_with_a_second_person(desk: Desk) -> None:
    page = desk.enter(address="?case=case-4")
    claim(page)
    page.get_by_role("tab", name="Findings").click()
    look_up(page)
    page.get_by_role("button", name="Ask for approval: Suppress a rule that holds accounts").click()
    confirm(page, "Ask for approval")
    (request,) = desk.world.requests("POST", "/approvals")
    body = json.loads(request.body)
    assert (body["operation"], body["rule"], body["case_id"]) == ("suppress_holding", "reset_device_transfer", "case-4")
    (approval,) = desk.world.approvals.values()
    approval |= {"state": "approved", "decided_by": {"id": "chief", "name": "Chief"}}
    page.get_by_role("button", name="Look again").click()
    page.get_by_role("button", name="Suppress a rule that holds accounts").click()
    confirm(page, "Suppress a rule that holds accounts")
    (request,) = desk.world.requests("POST", "/cases/case-4/suppressions")
    sent = json.loads(request.body)
    assert {name: sent[name] for name in ("rule", "until", "approval_id")} == {
        "rule": "reset_device_transfer",
        "until": body["until"],
        "approval_id": approval["id"],
    }


def test_a_value_beyond_the_limit_is_shown_with_a_second_person(desk: Desk) -> None:
    desk.world.unmaskings_left = 0
    page = desk.enter(address="?case=case-1")
    claim(page)
    look_up(page)
    page.get_by_role("button", name="Show Name").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_role("combobox", name="Reason", exact=True).select_option(label="The customer asked")
    dialog.get_by_role("button", name="Show", exact=True).click()
    expect(dialog).to_contain_text("A second person may approve this one.")
    confirm(page, "Ask for approval")
    desk.world.approvals["approval-1"].update(state="approved", decided_by={"id": "mei", "name": "Mei Supervisor"})
    page.get_by_role("button", name="Show Name").click()
    confirm(page, "Show")
    expect(page.get_by_text(UNMASKED)).to_be_visible()


def test_a_case_is_found_by_its_reference(desk: Desk) -> None:
    page = desk.enter()
    find = page.get_by_label("Reference, contact or case")
    find.fill("482 914")
    page.get_by_role("button", name="Open", exact=True).click()
    expect(page.get_by_text("No case has the reference 482 914 now.")).to_be_visible()
    find.fill("730 415")
    page.get_by_role("button", name="Open", exact=True).click()
    expect(page).to_have_url(re.compile(r"#/case/case-2$"))


def test_a_closed_case_is_opened_again(desk: Desk) -> None:
    desk.world.cases["case-1"].update(status="closed")
    page = desk.enter(address="?case=case-1")
    page.get_by_role("button", name="Open again").click()
    expect(page.get_by_role("button", name="Claim", exact=True)).to_be_visible()


def test_text_from_outside_is_shown_as_it_was_written(desk: Desk) -> None:
    page = desk.enter(address="?case=case-1")
    expect(page.locator(".quote").first).to_contain_text(MARKUP)
    claim(page)
    look_up(page)
    page.get_by_role("tab", name="Payments").click()
    expect(page.get_by_role("heading", name=MARKUP)).to_be_visible()
    assert page.evaluate("() => window.harmed") is None


def test_a_draft_of_a_note_survives_a_reload_and_is_sent_once(desk: Desk) -> None:
    page = desk.enter(address="?case=case-1")
    page.get_by_label("Note", exact=True).fill("Rang at noon.")
    page.reload()
    desk.sign_in(page)
    expect(page.get_by_label("Note", exact=True)).to_have_value("Rang at noon.")
    desk.world.lose_answers = 1
    page.get_by_role("button", name="Add note").click()
    expect(page.get_by_role("alert").filter(has_text="did not answer")).to_be_visible()
    expect(page.get_by_label("Note", exact=True)).to_have_value("Rang at noon.")
    page.get_by_role("button", name="Add note").click()
    expect(page.get_by_label("Note", exact=True)).to_have_value("")
    first, second = desk.world.requests("POST", "/cases/case-1/notes")
    assert first.headers["idempotency-key"] == second.headers["idempotency-key"]
    expect(page.locator(".quote").filter(has_text="Rang at noon.")).to_have_count(1)


def test_a_note_that_is_too_long_cannot_be_sent(desk: Desk) -> None:
    desk.world.note_characters = 1200
    page = desk.enter(address="?case=case-1")
    page.get_by_label("Note", exact=True).fill("长" * 1200)
    expect(page.get_by_role("button", name="Add note")).to_be_enabled()
    page.get_by_label("Note", exact=True).fill("长" * 1201)
    expect(page.get_by_text("1,201 of 1,200 characters")).to_be_visible()
    expect(page.get_by_role("button", name="Add note")).to_be_disabled()


def test_a_note_is_written_beside_an_api_that_tells_no_limits(desk: Desk) -> None:
    desk.world.note_characters = None
    page = desk.enter(address="?case=case-1")
    page.get_by_label("Note", exact=True).fill("Rang at noon.")
    page.get_by_role("button", name="Add note").click()
    expect(page.locator(".quote").filter(has_text="Rang at noon.")).to_have_count(1)
    assert desk.faults == []


def test_an_action_whose_answer_was_lost_is_sent_again_under_its_key(desk: Desk) -> None:
    page = desk.enter(address="?case=case-1")
    claim(page)
    desk.world.lose_answers = 1
    page.get_by_role("button", name="Freeze", exact=True).click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_role("combobox", name="Reason", exact=True).select_option(label="The customer asked")
    dialog.get_by_role("button", name="Freeze").click()
    expect(dialog.get_by_role("alert")).to_be_visible()
    dialog.get_by_role("button", name="Freeze").click()
    expect(dialog).to_have_count(0)
    keys = {one.headers["idempotency-key"] for one in desk.world.requests("POST", "/cases/case-1/freeze")}
    assert len(keys) == 1
    assert [entry["reason"] for entry in desk.world.timelines["case-1"]].count("agent.freeze") == 1


def test_a_case_that_somebody_else_claimed_first_is_told(desk: Desk) -> None:
    page = desk.enter()
    button = page.get_by_role("button", name="Claim Locked account 482 913")
    button.wait_for()
    desk.world.cases["case-1"].update(owner={"id": "omar", "name": "Omar Supervisor"}, status="claimed")
    button.click()
    expect(page.get_by_text("Omar Supervisor has claimed it.")).to_be_visible()
    expect(button).to_have_count(0)


def test_the_next_case_is_taken_by_one_key_and_given_back(desk: Desk) -> None:
    page = desk.enter()
    page.get_by_role("button", name="Take the next case").click()
    expect(page.get_by_role("heading", name=re.compile("118 204"))).to_be_visible()
    page.get_by_role("button", name="Give back").click()
    expect(page.get_by_role("button", name="Claim", exact=True)).to_be_visible()
    assert desk.world.cases["case-4"]["owner"] is None


def test_a_save_over_a_newer_version_shows_both_and_loses_neither(desk: Desk) -> None:
    page = desk.enter(address="?case=case-1")
    claim(page)
    page.get_by_role("button", name="Edit").click()
    page.get_by_label("Priority").select_option(label="Urgent")
    page.get_by_label("Tags").fill("vip, elderly")
    case = desk.world.cases["case-1"]
    case.update(priority=7, version=case["version"] + 1)
    page.get_by_role("button", name="Save", exact=True).click()

    expect(page.get_by_role("heading", name="Somebody else saved first")).to_be_focused()
    priority = page.get_by_role("group", name="Priority")
    expect(priority).to_contain_text("Urgent")
    expect(priority).to_contain_text("Low")
    expect(page.get_by_role("group", name="Tags").get_by_label("My version")).to_be_checked()
    priority.get_by_label("Their version").check()
    page.get_by_role("button", name="Save what I chose").click()
    expect(page.get_by_text("Saved.", exact=True)).to_be_visible()
    assert (case["priority"], case["tags"]) == (7, ["vip", "elderly"])
    (first, *_, last) = desk.world.requests("PATCH", "/cases/case-1")
    assert (json.loads(first.body), json.loads(last.body)) == (
        {"priority": 1, "tags": ["vip", "elderly"]},
        {"tags": ["vip", "elderly"]},
    )


def test_a_case_of_nobody_and_one_of_another_person_are_told_alike(desk: Desk) -> None:
    page = desk.enter(address="?case=unknown")
    expect(page.get_by_role("alert")).to_contain_text("There is no such thing, or it is not yours to see.")


def test_an_empty_queue_and_a_failed_one_are_told_apart(desk: Desk) -> None:
    desk.world.cases.clear()
    page = desk.enter()
    expect(page.get_by_text("Nobody waits.")).to_be_visible()
    desk.world.refused["/queue"] = Refusal(503, "try_later", "Try again in a moment.")
    page.get_by_role("button", name="Mine").click()
    expect(page.get_by_role("alert")).to_contain_text("Try again in a moment.")
    del desk.world.refused["/queue"]
    page.get_by_role("button", name="Try again").click()
    expect(page.get_by_text("You hold no case.")).to_be_visible()


def test_a_request_that_the_gateway_refuses_for_load_is_sent_again_and_not_told(desk: Desk) -> None:
    desk.world.throttled["/cases/case-1/account"] = 2
    desk.world.throttled["/cases/case-1/claim"] = 1
    page = desk.enter(address="?case=case-1")
    claim(page)
    look_up(page)
    expect(page.get_by_text("W***")).to_be_visible()
    expect(page.get_by_role("alert")).to_have_count(0)
    assert len(desk.world.requests("GET", "/cases/case-1/account")) == 3
    keys = [one.headers["idempotency-key"] for one in desk.world.requests("POST", "/cases/case-1/claim")]
    assert len(keys) == 2
    assert len(set(keys)) == 1, keys


def test_a_load_that_lasts_is_told_in_plain_words(desk: Desk) -> None:
    desk.world.throttled["/queue"] = 4
    page = desk.enter()
    expect(page.get_by_role("alert")).to_contain_text("Too much is asked for at once.")
    assert len(desk.world.requests("GET", "/queue")) == 4
    page.get_by_role("button", name="Try again").click()
    expect(page.get_by_text("482 913")).to_be_visible()


def test_a_change_that_the_api_puts_off_is_told_and_not_sent_again_by_itself(desk: Desk) -> None:
    page = desk.enter(address="?case=case-1")
    desk.world.refused["/cases/case-1/claim"] = Refusal(503, "try_later", "Try again in a moment.")
    page.get_by_role("button", name="Claim", exact=True).click()
    expect(page.get_by_text("Try again in a moment.")).to_be_visible()
    assert len(desk.world.requests("POST", "/cases/case-1/claim")) == 1


def test_without_a_network_what_is_there_stays_and_is_dated(desk: Desk) -> None:
    context = desk.new_context()
    page = desk.enter(context=context)
    page.get_by_text("482 913").wait_for()
    context.set_offline(True)
    expect(page.get_by_role("alert").filter(has_text="No connection.")).to_be_visible()
    expect(page.get_by_text("482 913")).to_be_visible()
    page.get_by_role("link", name=re.compile("482 913")).click()
    expect(page.get_by_role("alert").filter(has_text="did not answer")).to_be_visible()
    context.set_offline(False)
    expect(page.get_by_role("alert").filter(has_text="No connection.")).to_have_count(0)
    page.get_by_role("button", name="Try again").click()
    expect(page.get_by_role("heading", name=re.compile("482 913"))).to_be_visible()


def test_a_case_is_snoozed_and_another_transferred(desk: Desk) -> None:
    page = desk.enter(address="?case=case-1")
    claim(page)
    page.get_by_role("button", name="Transfer").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Topic").select_option(label="Security")
    dialog.get_by_label("Language").select_option(label="English")
    dialog.get_by_role("button", name="Transfer").click()
    expect(page.get_by_text("For Security · English")).to_be_visible()
    page.get_by_role("navigation").get_by_role("link", name="Queue").click()
    rows = page.get_by_role("row").filter(has=page.get_by_role("link", name=re.compile("482 913")))
    expect(rows.get_by_text("For Security · English")).to_be_visible()
    expect(page.get_by_text("For ", exact=False).filter(has_text="·")).to_have_count(1)
    page.get_by_role("link", name=re.compile("482 913")).click()
    claim(page)
    page.get_by_role("button", name="Snooze").click()
    page.get_by_role("dialog").get_by_role("button", name="Snooze").click()
    expect(page.get_by_text("Snoozed", exact=True)).to_be_visible()
    assert desk.world.cases["case-1"]["snoozed_until"] is not None


def test_a_case_is_given_to_an_agent_with_a_note_by_keyboard_alone(desk: Desk) -> None:
    page = desk.enter(address="?case=case-1")
    claim(page)
    page.get_by_role("button", name="Transfer").focus()
    page.keyboard.press("Enter")
    dialog = page.get_by_role("dialog", name="Transfer")
    expect(dialog.get_by_label("User name")).to_have_count(0)
    dialog.get_by_label("Transfer to").focus()
    page.keyboard.type("Agent")
    expect(dialog.get_by_label("Topic")).to_have_count(0)
    expect(dialog.get_by_label("Language")).to_have_count(0)
    page.keyboard.press("Tab")
    expect(dialog.get_by_label("User name")).to_be_focused()
    page.keyboard.type("nobody")
    page.keyboard.press("Tab")
    page.keyboard.type("She knows the shop.")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(dialog.get_by_role("alert")).to_contain_text("No agent of this name has signed in lately.")
    dialog.get_by_label("User name").fill("mei")
    page.keyboard.press("Enter")
    expect(dialog).to_have_count(0)
    expect(page.get_by_text("with Mei Supervisor")).to_be_visible()
    sent = [json.loads(one.body) for one in desk.world.requests("POST", "/cases/case-1/transfer")]
    assert sent[-1] == {"username": "mei", "note": "She knows the shop."}


def test_the_form_of_a_transfer_is_in_chinese_too(desk: Desk) -> None:
    page = desk.enter(address="?case=case-1", context=desk.new_context(locale="en-US"))
    claim(page)
    page.get_by_label("Language").select_option(label="中文")
    page.get_by_role("button", name="转交").click()
    dialog = page.get_by_role("dialog", name="转交")
    dialog.get_by_label("转交给").select_option(label="客服")
    dialog.get_by_label("用户名").fill("mei")
    dialog.get_by_label("备注").fill("熟悉这家店。")
    dialog.get_by_role("button", name="转交").click()
    expect(dialog).to_have_count(0)
    assert desk.world.cases["case-1"]["owner"]["id"] == "mei"


def test_the_desk_speaks_chinese_and_asks_the_api_for_it(desk: Desk) -> None:
    page = desk.open("?case=case-1", context=desk.new_context(locale="zh-CN"))
    with page.expect_popup() as opened:
        page.get_by_role("button", name="登录", exact=True).click()
    opened.value.get_by_label("Name").fill("lin")
    opened.value.get_by_role("button", name="Continue").click()
    expect(page.get_by_role("heading", name=re.compile("账户锁定"))).to_be_visible()
    expect(page.get_by_role("heading", name="时间线")).to_be_visible()
    assert page.locator("html").get_attribute("lang") == "zh-CN"
    assert desk.world.asked[-1].headers["accept-language"] == "zh-CN"
    page.get_by_label("语言").select_option(label="English")
    expect(page.get_by_role("heading", name="Timeline")).to_be_visible()
    expect(page).to_have_title("Case · Hotline desk")


def test_text_typed_while_a_note_is_sent_is_kept(desk: Desk) -> None:
    released = desk.world.hold_notes = threading.Event()
    page = desk.enter(address="?case=case-1")
    note = page.get_by_label("Note", exact=True)
    note.fill("Rang at noon.")
    with page.expect_request("**/notes"):
        page.get_by_role("button", name="Add note").click()
    note.fill("Rings again at four.")
    released.set()
    expect(page.locator(".quote").filter(has_text="Rang at noon.")).to_be_visible()
    expect(note).to_have_value("Rings again at four.")
    page.get_by_role("button", name="Add note").click()
    expect(page.locator(".quote").filter(has_text="Rings again at four.")).to_be_visible()
    expect(note).to_have_value("")
    first, second = desk.world.requests("POST", "/cases/case-1/notes")
    assert first.headers["idempotency-key"] != second.headers["idempotency-key"]


def test_payments_and_refunds_beyond_the_first_page_are_reached(desk: Desk) -> None:
    (waiting,) = desk.world.refunds
    paid = {**waiting, "status": "succeeded", "review": None, "actions": []}
    desk.world.refunds[:0] = [{**paid, "id": f"paid-{number}"} for number in range(20)]
    desk.world.payments_count = 25
    page = desk.enter(address="?case=case-2")
    claim(page)
    look_up(page)
    records = page.locator("desk-records")
    page.get_by_role("tab", name="Payments").click()
    expect(records.locator("article")).to_have_count(20)
    records.get_by_role("button", name="Show more").click()
    expect(records.locator("article")).to_have_count(25)
    expect(records.get_by_role("button", name="Show more")).to_have_count(0)
    # Every page is a look that is counted: those that are shown are not read once more.
    assert [one.query.get("cursor") for one in desk.world.requests("GET", "/cases/case-2/payments")] == [None, CURSOR]

    page.get_by_role("tab", name="Refunds").click()
    expect(records.locator("article")).to_have_count(20)
    expect(records.get_by_role("button", name="Ask for approval: Decide")).to_have_count(0)
    records.get_by_role("button", name="Show more").click()
    expect(records.locator("article")).to_have_count(21)
    records.get_by_role("button", name="Ask for approval: Decide").click()
    page.get_by_role("dialog").get_by_label("Decision").select_option(label="Approve")
    confirm(page, "Ask for approval")
    expect(records.get_by_text("Waits for a second person")).to_be_visible()
    expect(records.locator("article")).to_have_count(21)


def test_a_supervisor_gives_back_what_another_agent_has_claimed(desk: Desk) -> None:
    desk.world.cases["case-1"].update(owner={"id": "omar", "name": "Omar Supervisor"}, status="claimed")
    page = desk.enter("mei", address="?case=case-1")
    page.get_by_role("button", name="Give back").click()
    expect(page.get_by_text("The case is back in the queue.")).to_be_visible()
    expect(page.get_by_role("button", name="Claim", exact=True)).to_be_visible()
    assert desk.world.cases["case-1"]["owner"] is None


def test_an_agent_does_not_give_back_what_another_has_claimed(desk: Desk) -> None:
    desk.world.cases["case-1"].update(owner={"id": "omar", "name": "Omar Supervisor"}, status="claimed")
    page = desk.enter(address="?case=case-1")
    expect(page.get_by_text("With Omar Supervisor")).to_be_visible()
    expect(page.get_by_role("button", name="Give back")).to_have_count(0)


def test_a_timeline_tells_a_second_person_by_their_name(desk: Desk) -> None:
    who = {"kind": "agent", "name": "Lin Agent"}
    desk.world.tell("case-1", "agent.release_hold", who, kind="decided", facts={"approved_by": "mei"})
    page = desk.enter("lin", "?case=case-1")
    expect(page.get_by_text("Approved by: Mei Supervisor")).to_be_visible()


def test_a_case_of_nobody_known_says_what_is_left_to_do(desk: Desk) -> None:
    desk.world.cases["case-3"].update(reason="caller.asked", next_step="find_account", contact_id="contact-3")
    page = desk.enter(address="?case=case-3")
    expect(page.get_by_text("send the call to the line, which asks", exact=False).first).to_be_visible()
    expect(page.get_by_text("Nobody knows yet whose account it is, so there is nothing to look at.")).to_be_visible()
    expect(page.get_by_role("button", name="Ask for proof")).to_have_count(0)
    expect(page.get_by_role("tab", name="Account")).to_have_count(0)


def test_proof_is_asked_for_in_a_call_of_nobody_known(desk: Desk) -> None:
    world = desk.world
    world.cases["case-3"].update(reason="caller.asked", next_step="find_account", contact_id="contact-3")
    world.contacts["contact-3"] = {**world.contacts["contact-1"], "contact_id": "contact-3", "case_id": "case-3"}
    world.live["lin"] = ["contact-3"]
    page = desk.enter(address="?contact=contact-3")
    page.get_by_role("button", name="Ask for proof").click()
    page.get_by_role("dialog").get_by_role("button", name="Ask for proof").click()
    expect(page.get_by_text("Waiting for the customer")).to_be_visible()
    (asked,) = world.requests("POST", "/cases/case-3/proofs")
    assert asked.headers["desk-contact"] == "contact-3"

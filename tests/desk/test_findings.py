"""The findings about addresses and payees: a supervisor reads the evidence, and judges."""

from __future__ import annotations

import json

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.desk.conftest import Desk
from tests.desk.test_accessibility import faults, tab_to
from tests.support.desk_api import PAGE, Refusal, found_about

SPRAY, RISK = "Common passwords tried out", "A recipient with frauds"


def go(page: Page) -> None:
    page.get_by_role("navigation").get_by_role("link", name="Findings").click()
    expect(page.get_by_role("heading", name="Findings", level=1)).to_be_focused()


def about(page: Page, name: str) -> None:
    page.get_by_label("About").select_option(label=name)


def article(page: Page, name: str = SPRAY) -> Locator:
    return page.get_by_role("article", name=name)


def judge(page: Page, verdict: str, reason: str = "Investigation") -> None:
    article(page).get_by_role("button", name=verdict).click()
    send(page, reason)


def send(page: Page, reason: str = "Investigation") -> None:
    dialog = page.get_by_role("dialog")
    dialog.get_by_role("combobox", name="Reason", exact=True).select_option(label=reason)
    dialog.get_by_role("button", name="Send").click()


def test_a_finding_is_shown_with_its_evidence_and_what_to_do(desk: Desk) -> None:
    page = desk.enter("mei")
    go(page)
    found = article(page)
    for text in ("Medium", "mark-of-found-1", "nobody has looked"):
        expect(found).to_contain_text(text)
    for name, value in (
        ("Failures", "15"),
        ("Accounts that failed", "5"),
        ("Events kept as evidence", "2"),
        ("Owners to call", "acct-1"),
    ):
        expect(found.get_by_role("term").filter(has_text=name).locator("+ dd").first).to_have_text(value)
    runbook = found.get_by_text("See whether many addresses fail at once.")
    expect(runbook).to_be_hidden()
    found.locator("summary").click()
    expect(runbook).to_be_visible()
    expect(runbook).to_have_attribute("lang", "en")


def test_each_kind_of_subject_has_a_list_of_its_own(desk: Desk) -> None:
    page = desk.enter("mei")
    go(page)
    expect(article(page)).to_be_visible()
    about(page, "Payees and merchants")
    expect(article(page, RISK)).to_contain_text("An account of the wallet")
    expect(article(page)).to_have_count(0)


def test_findings_on_accounts_and_about_agents_are_named_judged_and_never_suppressed_here(desk: Desk) -> None:
    desk.world.found += [found_about("account", "found-8"), found_about("agent", "found-9")]
    page = desk.enter("mei")
    go(page)
    for kind, term, named, rule in (
        ("Accounts without a case for it", "Account", "acct-7", "Refunds for most payments"),
        ("Agents", "Agent", "jo", "An agent looks up many accounts"),
    ):
        about(page, kind)
        found = article(page, rule)
        expect(found.get_by_role("term").filter(has_text=term).locator("+ dd").first).to_have_text(named)
        expect(found.get_by_role("button", name="Suppress the rule")).to_have_count(0)
        expect(page.get_by_role("heading", name="Suppressed rules")).to_have_count(0)
        found.get_by_role("button", name="It was right").click()
        send(page)
        expect(page.get_by_text("Nothing that waits for a judgement.")).to_be_visible()
    said = {one["id"]: one["feedback"] for one in desk.world.found}
    assert (said["found-8"], said["found-9"]) == ("confirmed", "confirmed")


def test_lesser_findings_can_be_left_out(desk: Desk) -> None:
    desk.world.found.append(found_about("source", "found-3", severity="high", rule="credential_stuffing"))
    page = desk.enter("mei")
    go(page)
    expect(page.get_by_role("article")).to_have_count(2)
    page.get_by_label("Severity from").select_option(label="High")
    expect(page.get_by_role("article")).to_have_count(1)
    page.get_by_label("Severity from").select_option(label="Critical")
    expect(page.get_by_text("Nothing so grave. Lesser findings are there.")).to_be_visible()


def test_findings_come_by_pages(desk: Desk) -> None:
    desk.world.found = [found_about("source", f"found-{number}") for number in range(PAGE + 1)]
    page = desk.enter("mei")
    go(page)
    expect(page.get_by_role("article")).to_have_count(PAGE)
    page.get_by_role("button", name="Show more").click()
    expect(page.get_by_role("article")).to_have_count(PAGE + 1)
    expect(page.get_by_role("button", name="Show more")).to_have_count(0)


def test_a_list_without_findings_says_so(desk: Desk) -> None:
    desk.world.found.clear()
    page = desk.enter("mei")
    go(page)
    expect(page.get_by_text("Nothing that waits for a judgement.")).to_be_visible()


@pytest.mark.parametrize(
    ("verdict", "word", "left"),
    [("It was right", "confirmed", 0), ("False alarm", "false_alarm", 0), ("Unclear", "unclear", 1)],
)
def test_a_judgement_needs_a_reason_and_takes_the_finding_off_the_list_unless_unclear(
    desk: Desk, verdict: str, word: str, left: int
) -> None:
    page = desk.enter("mei")
    go(page)
    article(page).get_by_role("button", name=verdict).click()
    page.get_by_role("dialog").get_by_role("button", name="Send").click()
    assert desk.world.requests("POST", "/findings/found-1/feedback") == []
    send(page)
    expect(page.get_by_text("Your judgement is noted.")).to_be_visible()
    expect(article(page)).to_have_count(left)
    expect(page.get_by_role("heading", name="Findings", level=1)).to_be_focused()
    (asked,) = desk.world.requests("POST", "/findings/found-1/feedback")
    body = {"verdict": word, "reason": "investigation", "about": "source", "subject": "mark-of-found-1"}
    assert (json.loads(asked.body), asked.headers["if-match"]) == (body, '"1"')


def meet_a_colleague(desk: Desk, verdict: str = "False alarm") -> Page:
    """A colleague says that the finding was right, just before this supervisor gives a word."""
    page = desk.enter("mei")
    go(page)
    expect(article(page)).to_be_visible()
    desk.world.found[0].update(feedback="confirmed", version=2)
    judge(page, verdict)
    expect(page.get_by_role("heading", name="Somebody else saved first")).to_be_focused()
    return page


def test_a_judgement_that_somebody_else_was_quicker_with_is_shown_beside_theirs(desk: Desk) -> None:
    page = meet_a_colleague(desk)
    sides = article(page).get_by_role("region", name="Somebody else saved first")
    for name, value in (("Your judgement", "False alarm"), ("Their judgement", "It was right")):
        expect(sides.get_by_role("term").filter(has_text=name).locator("+ dd").first).to_have_text(value)
    expect(article(page).get_by_role("button", name="Unclear")).to_have_count(0)
    assert faults(page) == []
    sides.get_by_role("button", name="Keep theirs").click()
    expect(article(page)).to_have_count(0)
    assert desk.world.found[0]["feedback"] == "confirmed"


def test_the_own_judgement_may_take_the_place_of_theirs(desk: Desk) -> None:
    page = meet_a_colleague(desk)
    page.get_by_role("button", name="Put mine in its place").click()
    # A third person is quicker again: the choice is shown anew.
    desk.world.found[0].update(feedback="unclear", version=3)
    send(page)
    expect(article(page)).to_contain_text("Unclear")
    page.get_by_role("button", name="Put mine in its place").click()
    send(page)
    expect(page.get_by_text("Your judgement is noted.")).to_be_visible()
    assert desk.world.found[0]["feedback"] == "false_alarm"


def test_the_same_judgement_of_two_people_needs_no_choice(desk: Desk) -> None:
    page = meet_a_colleague(desk, "It was right")
    expect(page.get_by_role("button", name="Put mine in its place")).to_have_count(0)
    page.get_by_role("button", name="Keep theirs").click()
    expect(article(page)).to_have_count(0)


def test_more_evidence_is_read_before_it_is_judged(desk: Desk) -> None:
    page = desk.enter("mei")
    go(page)
    expect(article(page)).to_be_visible()
    desk.world.found[0].update(facts={"failures": 90, "accounts_failed": 30, "accounts_in": 1}, version=2)
    judge(page, "False alarm")
    expect(page.get_by_role("heading", name="There is more evidence now")).to_be_focused()
    expect(article(page)).to_contain_text("90")
    expect(article(page)).to_contain_text("“False alarm” was not noted")
    assert desk.world.found[0]["feedback"] is None
    judge(page, "It was right")
    expect(page.get_by_text("Your judgement is noted.")).to_be_visible()
    assert desk.world.found[0]["feedback"] == "confirmed"


def test_a_finding_that_was_withdrawn_meanwhile_is_told(desk: Desk) -> None:
    page = desk.enter("mei")
    go(page)
    expect(article(page)).to_be_visible()
    desk.world.found[0].update(state="withdrawn", version=2)
    judge(page, "Unclear")
    expect(page.get_by_text("This finding is no longer there.")).to_be_visible()
    expect(article(page)).to_have_count(0)
    expect(page.get_by_role("heading", name="Findings", level=1)).to_be_focused()
    assert desk.world.found[0]["feedback"] is None


def test_a_refusal_stays_in_the_dialog(desk: Desk) -> None:
    page = desk.enter("mei")
    go(page)
    expect(article(page)).to_be_visible()
    desk.world.found[0]["subject"] = "another"
    judge(page, "Unclear")
    expect(page.get_by_role("dialog").get_by_role("alert")).to_be_visible()
    page.get_by_role("button", name="Cancel").click()
    expect(article(page)).to_be_visible()


def test_a_judgement_whose_answer_is_lost_is_made_once(desk: Desk) -> None:
    page = desk.enter("mei")
    go(page)
    desk.world.lose_answers = 1
    judge(page, "Unclear")
    expect(page.get_by_role("dialog").get_by_role("alert")).to_be_visible()
    page.get_by_role("dialog").get_by_role("button", name="Send").click()
    expect(page.get_by_text("Your judgement is noted.")).to_be_visible()
    keys = {one.headers["idempotency-key"] for one in desk.world.requests("POST", "/findings/found-1/feedback")}
    assert len(keys) == 1
    assert desk.world.found[0]["version"] == 2


def suppressed(page: Page) -> Locator:
    return page.get_by_role("region", name="Suppressed rules")


def choose(page: Page, action: str) -> None:
    dialog = page.get_by_role("dialog")
    dialog.get_by_role("combobox", name="Reason", exact=True).select_option(label="Investigation")
    dialog.get_by_role("button", name=action).click()


def test_a_rule_is_suppressed_for_an_address_and_tells_again(desk: Desk) -> None:
    page = desk.enter("mei")
    go(page)
    expect(suppressed(page)).to_contain_text("Every rule tells.")
    article(page).get_by_role("button", name="Suppress the rule for a while").click()
    choose(page, "Suppress the rule for a while")
    for text in (SPRAY, "mark-of-found-1", "Not told until", "mei"):
        expect(suppressed(page)).to_contain_text(text)
    # The earlier finding stays for a judgement.
    expect(article(page)).to_be_visible()
    assert faults(page) == []
    (asked,) = desk.world.requests("POST", "/findings/found-1/suppressions")
    body = json.loads(asked.body)
    assert body.pop("until")[-1] == "Z"
    assert body == {"about": "source", "subject": "mark-of-found-1", "reason": "investigation"}
    suppressed(page).get_by_role("button", name="Let the rule tell again").click()
    choose(page, "Let the rule tell again")
    expect(suppressed(page)).to_contain_text("Every rule tells.")
    expect(page.get_by_role("heading", name="Suppressed rules")).to_be_focused()
    (asked,) = desk.world.requests("POST", "/findings/found-1/suppression-ends")
    assert json.loads(asked.body) == {"about": "source", "subject": "mark-of-found-1", "reason": "investigation"}


def test_suppressed_rules_are_those_of_the_kind_that_is_shown(desk: Desk) -> None:
    page = desk.enter("mei")
    go(page)
    about(page, "Payees and merchants")
    article(page, RISK).get_by_role("button", name="Suppress the rule for a while").click()
    choose(page, "Suppress the rule for a while")
    expect(suppressed(page)).to_contain_text("mark-of-found-2")
    about(page, "Addresses of logins")
    expect(suppressed(page)).to_contain_text("Every rule tells.")


def test_a_list_that_cannot_be_read_is_read_again(desk: Desk) -> None:
    desk.world.refused["/findings"] = Refusal(503, "try_later", "This cannot be done now.")
    page = desk.enter("mei")
    go(page)
    alert = page.get_by_role("alert")
    expect(alert).to_be_visible()
    desk.world.refused.clear()
    alert.get_by_role("button", name="Try again").click()
    expect(article(page)).to_be_visible()


def test_agents_have_no_such_view(desk: Desk) -> None:
    page = desk.enter("lin")
    expect(page.get_by_role("link", name="Queue")).to_be_visible()
    expect(page.get_by_role("link", name="Findings")).to_have_count(0)


def test_a_finding_is_judged_in_chinese(desk: Desk) -> None:
    page = desk.open(context=desk.new_context(locale="zh-CN"))
    with page.expect_popup() as opened:
        page.get_by_role("button", name="登录", exact=True).click()
    opened.value.get_by_label("Name").fill("mei")
    opened.value.get_by_role("button", name="Continue").click()
    page.get_by_role("navigation").get_by_role("link", name="风险发现").click()
    found = page.get_by_role("article", name="常用密码试探")
    expect(found).to_contain_text("标识")
    desk.world.found[0].update(feedback="confirmed", version=2)
    found.get_by_role("button", name="误报").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_role("combobox").select_option(index=1)
    dialog.get_by_role("button", name="提交").click()
    page.get_by_role("button", name="保留对方的").click()
    expect(page.get_by_text("没有待判断的发现。")).to_be_visible()


def test_a_finding_is_judged_with_the_keyboard_alone(desk: Desk) -> None:
    page = desk.enter("mei", "#/findings")
    expect(page.get_by_role("heading", name="Findings", level=1)).to_be_focused()
    expect(article(page)).to_be_visible()
    tab_to(page, "What to do")
    page.keyboard.press("Enter")
    expect(page.get_by_text("See whether many addresses fail at once.")).to_be_visible()
    tab_to(page, "False alarm")
    page.keyboard.press("Enter")
    expect(page.get_by_role("dialog")).to_be_visible()
    page.get_by_role("dialog").get_by_role("combobox").focus()
    page.keyboard.type("Investigation")
    tab_to(page, "Send")
    page.keyboard.press("Enter")
    expect(page.get_by_text("Your judgement is noted.")).to_be_visible()
    assert desk.world.found[0]["feedback"] == "false_alarm"

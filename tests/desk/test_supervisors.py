"""The supervisors' views: hours, banner, numbers, policies, reports."""

from __future__ import annotations

import re
from datetime import date, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from playwright.sync_api import Page, expect

from tests.desk.conftest import Desk


def go(page: Page, name: str) -> None:
    page.get_by_role("navigation").get_by_role("link", name=name).click()
    expect(page.get_by_role("heading", name=name, level=1)).to_be_focused()


def test_hours_with_two_days_that_differ_are_saved(desk: Desk) -> None:
    page = desk.enter("mei")
    go(page, "Hours")
    week = page.get_by_role("group", name="Week", exact=True)
    week.get_by_role("group", name="Week 1").get_by_label("Opens").fill("09:00")
    days = page.get_by_role("group", name="Days that differ", exact=True)
    for number, (day, name, opens, closes) in enumerate(
        [("2027-05-01", "劳动节", "", ""), ("2027-01-04", "Stocktaking", "10:00", "12:00")], start=2
    ):
        days.get_by_role("button", name="Add").click()
        row = days.get_by_role("group", name=f"Days that differ {number}")
        row.get_by_label("Date").fill(day)
        row.get_by_label("Name").fill(name)
        row.get_by_label("Opens").fill(opens)
        row.get_by_label("Closes").fill(closes)
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_text("Saved.", exact=True)).to_be_visible()
    hours = desk.world.settings["hours"]
    assert hours["weekly"][0] == {"day": 1, "opens": "09:00", "closes": "22:00"}
    assert hours["special_days"] == [
        {"date": "2027-02-06", "name": "春节", "opens": None, "closes": None},
        {"date": "2027-05-01", "name": "劳动节", "opens": None, "closes": None},
        {"date": "2027-01-04", "name": "Stocktaking", "opens": "10:00", "closes": "12:00"},
    ]


def test_two_supervisors_who_save_at_once_lose_nothing(desk: Desk) -> None:
    page = desk.enter("mei")
    go(page, "Hours")
    page.get_by_role("button", name="Remove Days that differ 1").click()
    desk.world.save("hours", timezone="Asia/Urumqi")
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_role("heading", name="Somebody else saved first")).to_be_visible()
    expect(page.get_by_role("group", name="Days that differ")).to_contain_text("春节")
    expect(page.get_by_role("group", name="Time zone").get_by_label("Their version")).to_be_checked()
    # A third save meanwhile: the choice stays, and the newer version is shown.
    desk.world.save("hours", timezone="Asia/Hong_Kong")
    page.get_by_role("button", name="Save what I chose").click()
    expect(page.get_by_role("group", name="Time zone")).to_contain_text("Asia/Hong_Kong")
    page.get_by_role("group", name="Time zone").get_by_label("Their version").check()
    page.get_by_role("button", name="Save what I chose").click()
    expect(page.get_by_text("Saved.", exact=True)).to_be_visible()
    assert (desk.world.settings["hours"]["timezone"], desk.world.settings["hours"]["special_days"]) == (
        "Asia/Hong_Kong",
        [],
    )


def test_an_edit_survives_a_reload_and_can_be_discarded(desk: Desk) -> None:
    page = desk.enter("mei")
    go(page, "Banner")
    page.get_by_label("Words in English").fill("Payments are slow today.")
    page.reload()
    desk.sign_in(page, "mei")
    expect(page.get_by_label("Words in English")).to_have_value("Payments are slow today.")
    expect(page.get_by_text("Not saved yet")).to_be_visible()
    page.get_by_role("button", name="Discard changes").click()
    expect(page.get_by_label("Words in English")).to_have_value("")


def test_the_banner_is_put_up_for_a_time_and_taken_down(desk: Desk) -> None:
    page = desk.enter("mei")
    go(page, "Banner")
    page.get_by_label("The banner is told").check()
    page.get_by_label("Words in Chinese").fill("今天付款较慢。")
    page.get_by_label("Words in English").fill("Payments are slow today.")
    page.get_by_label("Told from").fill("2027-01-04T08:30")
    page.get_by_label("Told until").fill("2027-01-04T18:30")
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_text("Saved.", exact=True)).to_be_visible()
    banner = desk.world.settings["banner"]
    assert banner["words"] == {"zh-CN": "今天付款较慢。", "en-US": "Payments are slow today."}
    assert (banner["starts_at"], banner["ends_at"]) == ("2027-01-04T00:30:00.000Z", "2027-01-04T10:30:00.000Z")
    page.get_by_label("The banner is told").uncheck()
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_label("Words in English")).to_have_value("")
    assert desk.world.settings["banner"]["words"] is None


def test_official_numbers_change_with_a_second_person(desk: Desk) -> None:
    page = desk.enter("mei")
    go(page, "Numbers")
    page.get_by_role("button", name="Ask for approval: Change the official numbers").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_role("button", name="Add").click()
    dialog.get_by_role("group", name="Numbers 2").get_by_role("textbox", name="Number").fill("+18005550100")
    dialog.get_by_role("combobox", name="Reason", exact=True).select_option(label="Correction of a mistake")
    dialog.get_by_role("button", name="Ask for approval").click()
    expect(page.get_by_text("Waits for a second person")).to_be_visible()
    approval = desk.world.approvals["approval-1"]
    assert approval["change"] == {"numbers": ["+18005550199", "+18005550100"]}
    approval.update(state="approved", decided_by={"id": "omar", "name": "Omar Supervisor"})
    go(page, "Hours")
    go(page, "Numbers")
    page.get_by_role("button", name="Change the official numbers", exact=True).click()
    dialog.get_by_role("combobox", name="Reason", exact=True).select_option(label="Correction of a mistake")
    dialog.get_by_role("button", name="Change the official numbers").click()
    expect(page.get_by_role("listitem").filter(has_text="+18005550100")).to_be_visible()
    assert desk.world.settings["numbers"]["numbers"] == ["+18005550199", "+18005550100"]


def test_a_policy_goes_to_a_second_person_with_its_change(desk: Desk) -> None:
    page = desk.enter("mei")
    go(page, "Policies")
    page.get_by_label("Merchant").fill("m-1")
    page.get_by_role("button", name="Open").click()
    expect(page.get_by_text("50,000")).to_be_visible()
    page.get_by_role("button", name="Ask for approval: Publish the policy").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Days after the payment").fill("14")
    dialog.get_by_role("combobox", name="Reason", exact=True).select_option(label="Correction of a mistake")
    dialog.get_by_role("button", name="Ask for approval").click()
    expect(page.get_by_text("Another person will decide.")).to_be_visible()
    (approval,) = desk.world.approvals.values()
    assert approval["subject"] == {"kind": "policy", "id": "m-1", "version": "3"}
    assert approval["change"]["window_days"] == 14
    go(page, "Approvals")
    expect(page.get_by_text("Days after the payment: 14")).to_be_visible()
    approval.update(state="approved", decided_by={"id": "omar", "name": "Omar Supervisor"})
    page.goto(f"{desk.url}/#/policies/m-1")
    page.get_by_role("button", name="Publish the policy", exact=True).click()
    dialog.get_by_role("combobox", name="Reason", exact=True).select_option(label="Correction of a mistake")
    dialog.get_by_role("button", name="Publish the policy").click()
    expect(dialog).to_have_count(0)
    assert (desk.world.settings["m-1"]["version"], desk.world.settings["m-1"]["window_days"]) == (4, 14)


def test_reports_are_charts_with_their_numbers(desk: Desk) -> None:
    page = desk.enter("mei")
    go(page, "Reports")
    page.get_by_label("From").fill("2026-11-02")
    page.get_by_label("To", exact=True).fill("2026-11-08")
    page.get_by_role("button", name="Show", exact=True).click()
    chart = page.get_by_role("img", name="Contacts by day and ending")
    expect(chart.locator("rect")).to_have_count(7 * 6)
    (request,) = [one for one in desk.world.requests("GET", "/reports") if one.query["from"] == "2026-11-02"]
    assert request.query["to"] == "2026-11-08"
    causes = page.locator("section").filter(has=page.get_by_role("heading", name="Causes of locks"))
    causes.get_by_text("As a table").click()
    expect(causes.get_by_role("row", name="Too many wrong passwords 90")).to_be_visible()
    expect(causes.get_by_role("row", name="Freeze: The customer asked 4")).to_be_visible()
    complaints = page.locator("section").filter(has=page.get_by_role("heading", name="Complaints"))
    complaints.get_by_text("As a table").click()
    expect(complaints.get_by_role("row", name="Security 1 –")).to_be_visible()
    expect(page.get_by_text("10.8%")).to_be_visible()
    rules = page.locator("section").filter(has=page.get_by_role("heading", name="Verdicts on findings, by rule"))
    rules.get_by_text("As a table").click()
    # A finding may be both judged and denied, so the two are no sum.
    expect(rules.get_by_role("row", name=re.compile(r"v2\)? 9 6 2 1 4 75%$"))).to_be_visible()


def test_a_chart_without_bars_is_empty_unless_it_has_numbers_beside_them(desk: Desk) -> None:
    page = desk.enter("mei")
    drawn = page.evaluate(
        """async () => {
          const { bars } = await import("./chart.js");
          const { LitElement } = await import("./vendor/lit/lit.js");
          const { loadWords } = await import("./words.js");
          const words = await loadWords("en");
          customElements.define("some-bars", class extends LitElement {
            render() {
              const row = { label: "v1", value: 0, beside: this.beside, cells: [this.beside] };
              return bars(words, "Verdicts", ["Rule", "Judged", "Not me"], [row]);
            }
          });
          return Promise.all([0, 4].map(async (beside) => {
            const place = Object.assign(document.createElement("some-bars"), { beside });
            document.body.append(place);
            await place.updateComplete;
            return [...place.shadowRoot.querySelectorAll("td")].map((cell) => cell.textContent);
          }));
        }"""
    )
    assert drawn == [[], ["0", "4"]]


@pytest.mark.parametrize(
    ("language", "told"),
    [("en", ["0 answers", "1 answer", "2 answers"]), ("zh", ["0 份回答", "1 份回答", "2 份回答"])],
)
def test_a_number_of_answers_follows_the_plural_rules(desk: Desk, language: str, told: list[str]) -> None:
    page = desk.enter("mei")
    said = page.evaluate(
        """async (code) => {
          const { loadWords } = await import("./words.js");
          const words = await loadWords(code);
          return [0, 1, 2].map((count) => words.counted("reports.answers", count));
        }""",
        language,
    )
    assert said == told


def test_a_survey_with_one_answer_says_so(desk: Desk) -> None:
    desk.world.survey = (0, 0, 0, 0, 1)
    page = desk.enter("mei")
    go(page, "Reports")
    expect(page.get_by_text("1 answer", exact=True)).to_be_visible()


def test_activity_shows_each_agents_day_and_marks_what_was_refused(desk: Desk) -> None:
    page = desk.enter("mei")
    go(page, "Activity")
    table = page.get_by_role("table", name="Activity")
    expect(table.get_by_role("row", name="Lin Agent 41 3 7 2 1 0 30 0 0 0")).to_be_visible()
    page.get_by_role("button", name="Show more", exact=True).click()
    refused = table.get_by_role("row").filter(has_text="<img src=x")
    expect(refused.locator(".tag.bad")).to_have_text("2")
    page.get_by_label("From").fill("2026-11-02")
    page.get_by_label("To", exact=True).fill("2026-11-08")
    page.get_by_role("button", name="Show", exact=True).click()
    expect(table.get_by_role("row")).to_have_count(2)
    last = desk.world.requests("GET", "/activity")[-1]
    assert last.query == {"from": "2026-11-02", "to": "2026-11-08"}


def test_an_agent_is_led_to_no_view_of_supervisors(desk: Desk) -> None:
    page = desk.enter("lin")
    names = page.get_by_role("navigation").get_by_role("link").all_inner_texts()
    assert names == ["Queue", "Callbacks", "Approvals"]


def test_a_setting_says_who_edited_it_last(desk: Desk) -> None:
    page = desk.enter("mei", "#/hours")
    expect(page.get_by_text("Last edited by Omar Supervisor")).to_be_visible()


def test_the_report_of_insiders_leads_to_an_agents_trail(desk: Desk) -> None:
    page = desk.enter("mei")
    go(page, "Activity")
    page.get_by_role("link", name="Lin Agent").click()
    expect(page.get_by_role("heading", name="Trail · Lin Agent")).to_be_focused()
    rows = page.locator("desk-trail tbody tr")
    expect(rows).to_have_count(4)
    for words in ("Looked at: pictures", "A complaint", "acct-demo-01", "Which: evidence-1"):
        expect(rows.first).to_contain_text(words)
    expect(rows.nth(1)).to_contain_text("The customer asked")
    expect(rows.nth(1)).to_contain_text("Mei Supervisor")
    expect(rows.nth(3)).to_contain_text("Edited hours or banner")
    page.get_by_role("button", name="Show more").click()
    expect(rows).to_have_count(5)
    expect(page.get_by_role("link", name="Activity", exact=True).first).to_have_attribute("aria-current", "page")
    asked = desk.world.requests("GET", "/trail")[-1]
    assert asked.query["agent"] == "lin"
    rows.first.get_by_role("link", name="Open the case case-1").click()
    expect(page).to_have_url(re.compile("#/case/case-1$"))


@pytest.mark.parametrize("zone", ["Pacific/Kiritimati", "Pacific/Pago_Pago"])
def test_days_end_with_today_in_the_zone_in_which_they_are_counted(desk: Desk, zone: str) -> None:
    desk.world.time_zone = zone
    page = desk.enter("mei")
    for name, path, days in (("Reports", "/reports", 14), ("Activity", "/activity", 7)):
        before = datetime.now(ZoneInfo(zone)).date()
        with page.expect_response(re.compile(rf"{path}\?")):
            go(page, name)
        asked = desk.world.requests("GET", path)[-1].query
        last = date.fromisoformat(asked["to"])
        assert before <= last <= datetime.now(ZoneInfo(zone)).date()
        assert last - date.fromisoformat(asked["from"]) == timedelta(days=days - 1)


def test_a_trail_shows_the_days_that_were_chosen_in_the_activity(desk: Desk) -> None:
    page = desk.enter("mei")
    go(page, "Activity")
    page.get_by_label("From", exact=True).fill("2026-02-01")
    page.get_by_label("To", exact=True).fill("2026-02-03")
    page.get_by_role("button", name="Show", exact=True).click()
    page.get_by_role("link", name="Lin Agent").click()
    expect(page.get_by_role("heading", name="Trail · Lin Agent")).to_be_visible()
    asked = desk.world.requests("GET", "/trail")[-1].query
    assert (asked["from"], asked["to"]) == ("2026-02-01", "2026-02-03")
    page.evaluate("() => { location.hash = '#/trail'; }")
    expect(page.get_by_role("heading", name="Activity")).to_be_visible()


def test_an_agent_is_shown_no_trail(desk: Desk) -> None:
    page = desk.enter("lin")
    page.evaluate("() => { location.hash = '#/trail/mei'; }")
    expect(page.get_by_text("Your role does not allow it.")).to_be_visible()


def test_on_a_phone_the_chart_of_days_is_seen_as_a_whole(desk: Desk) -> None:
    page = desk.enter("mei", context=desk.new_context(viewport={"width": 390, "height": 844}))
    page.evaluate("() => { location.hash = '#/reports'; }")
    chart = page.get_by_role("img", name="Contacts by day and ending")
    frame = page.get_by_role("group", name="Contacts by day and ending").first

    def hidden() -> object:
        return frame.evaluate("(one) => one.scrollWidth - one.clientWidth")

    expect(chart).to_be_visible()
    assert hidden() == 0
    boxes = [one.bounding_box() for one in chart.locator("rect").all()]
    assert boxes
    assert all(box is not None and box["x"] >= 0 and box["x"] + box["width"] <= 390 for box in boxes)
    letters = chart.locator("text").last.evaluate("(one) => one.getBoundingClientRect().height")
    assert letters >= 10
    names = [one.bounding_box() for one in chart.locator("text").filter(has_text="-").all()]
    ends = [(box["x"], box["x"] + box["width"]) for box in names if box is not None]
    assert all(left >= before for (_, before), (left, _) in pairwise(ends))
    page.set_viewport_size({"width": 1200, "height": 844})
    expect(chart).to_have_class(re.compile("wide"))

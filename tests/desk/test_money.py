"""A customer's money at the desk: what came back, who is on the other side, funds, bills, and pictures for refunds."""

from __future__ import annotations

from playwright.sync_api import Page, expect

from tests.desk.conftest import Desk, look_up
from tests.desk.test_cases import claim, confirm
from tests.support.desk_api import MARKUP
from tests.support.loopback import Answered, Asked, LoopbackServer

PICTURE = b"\xff\xd8\xff<script>window.harmed=1</script>"


def look(desk: Desk, tab: str) -> Page:
    """The records of a case, at one of their tabs."""
    page = desk.enter(address="?case=case-1")
    claim(page)
    look_up(page, "A complaint")
    page.get_by_role("tab", name=tab, exact=True).click()
    return page


def test_a_payment_tells_what_came_back_from_whom_and_why_a_coupon_did_not_apply(desk: Desk) -> None:
    desk.world.payments_count = 2
    page = look(desk, "Payments")
    payments = page.locator("desk-records article")
    expect(payments).to_have_count(2)
    failed, good = payments.all()
    expect(failed).to_contain_text("The amount was below its minimum.")
    expect(failed).to_contain_text(MARKUP)
    expect(failed).not_to_contain_text("Given back")
    expect(good).to_contain_text("陈***")
    expect(good).to_contain_text("A part")
    for name in ("Usually there on", "There at the latest"):
        told = good.get_by_role("term").filter(has_text=name)
        expect(told.locator("xpath=following-sibling::dd[1]")).to_contain_text("about ")
    expect(failed).not_to_contain_text("There at the latest")
    good.get_by_role("button", name="Show Amount given back").click()
    confirm(page, "Show")
    expect(good).to_contain_text("CN¥1,999.00")
    (asked,) = desk.world.requests("POST", "/cases/case-1/unmaskings")
    assert b'"given_back_amount"' in asked.body


def test_a_refund_tells_its_usual_and_its_latest_day_and_that_they_are_not_certain(desk: Desk) -> None:
    page = look(desk, "Refunds")
    refund = page.locator("desk-records article")
    for name in ("Usually there on", "Promised"):
        told = refund.get_by_role("term").filter(has_text=name)
        expect(told.locator("xpath=following-sibling::dd[1]")).to_contain_text("about ")
    desk.world.refunds[0]["promise_certain"] = True
    page.get_by_role("button", name="Look again").click()
    expect(refund).not_to_contain_text("about ")
    expect(refund).to_contain_text("Usually there on")
    desk.world.refunds[0]["promise_certain"] = False
    page.get_by_label("Language").select_option("zh")
    expect(refund).to_contain_text("大约")


def test_the_balance_and_the_income_are_shown_one_at_a_time(desk: Desk) -> None:
    page = look(desk, "Balance")
    records = page.locator("desk-records")
    expect(records).to_contain_text("Money fund · 2.437% a year on Nov 22, 2026")
    expect(records).to_contain_text("0.6677 for each 10,000 · seven days as a year: 2.437%")
    expect(records).to_contain_text("November 2026")
    expect(records).to_contain_text("no promise")
    expect(records).not_to_contain_text("1,999")
    page.get_by_role("button", name="Show Income of the month").click()
    confirm(page, "Show")
    expect(records).to_contain_text("CN¥1,999.00")
    (asked,) = desk.world.requests("POST", "/cases/case-1/unmaskings")
    assert b'"income_of_month"' in asked.body
    assert desk.world.requests("GET", "/cases/case-1/funds")[0].headers["desk-reason"] == "complaint"


def test_bills_say_how_they_stand_and_whether_the_customer_is_reminded(desk: Desk) -> None:
    page = look(desk, "Bills")
    bills = page.locator("desk-records article")
    expect(bills).to_have_count(3)
    for bill, words in zip(bills.all(), ("Due", "Overdue", "within 3 days"), strict=True):
        expect(bill).to_contain_text(words)
    expect(bills.first).to_contain_text(MARKUP)
    expect(page.get_by_text("The customer has switched reminders off.")).to_be_visible()
    bills.first.get_by_role("button", name="Show Amount of a bill").click()
    confirm(page, "Show")
    expect(bills.first).to_contain_text("CN¥1,999.00")


def test_a_clean_picture_is_saved_as_a_file_and_no_other_has_a_button(desk: Desk) -> None:
    page = look(desk, "Pictures")
    pictures = page.locator("desk-records article")
    expect(pictures).to_have_count(4)
    expect(page.get_by_role("button", name="Save the picture")).to_have_count(1)
    expect(page.locator("desk-records img")).to_have_count(0)
    headers = {"Content-Type": "text/html", "Content-Disposition": 'attachment; filename="evidence-1.jpeg"'}
    with LoopbackServer(lambda _: Answered(200, PICTURE, headers)) as bucket:
        desk.world.picture_url = f"{bucket.url}/evidence/evidence-1?name=evidence-1.jpeg"
        with page.expect_download() as saved:
            page.get_by_role("button", name="Save the picture evidence-1").click()
        assert saved.value.suggested_filename == "evidence-1.jpeg"
    (asked,) = desk.world.requests("GET", "/cases/case-1/evidence/evidence-1")
    assert asked.headers["desk-reason"] == "complaint"
    expect(page.get_by_role("tab", name="Pictures")).to_be_visible()


def test_a_picture_that_is_not_clean_any_more_and_an_address_of_a_script_open_nothing(desk: Desk) -> None:
    page = look(desk, "Pictures")
    desk.world.picture_url = ""
    asked: list[Asked] = []
    page.context.on("page", lambda opened: asked.append(Asked("GET", opened.url, {}, {}, b"")))
    page.get_by_role("button", name="Save the picture").click()
    expect(page.get_by_text("The picture cannot be seen.")).to_be_visible()
    desk.world.picture_url = "javascript:window.harmed=1"
    page.get_by_role("button", name="Save the picture").click()
    expect(page.locator(".messages > div")).to_have_count(2)
    assert page.evaluate("() => window.harmed") is None
    assert asked == []

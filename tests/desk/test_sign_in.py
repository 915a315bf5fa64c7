"""Sign-in: a popup with code and PKCE, tokens in memory alone, renewal in time, and nothing lost when it ends."""

from __future__ import annotations

import threading

import pytest
from playwright.sync_api import Page, expect

from tests.desk.conftest import Desk
from tests.support.desk_api import ALL
from tests.support.loopback import Asked
from tests.support.stack_calls import eventually

TOKENS_IN_STORES = """() => JSON.stringify([{...localStorage}, {...sessionStorage}, document.cookie])"""


def stores(page: Page) -> str:
    found = page.evaluate(TOKENS_IN_STORES)
    assert isinstance(found, str)
    return found


def bearer(asked: Asked) -> str:
    return asked.headers["authorization"].removeprefix("Bearer ")


def test_a_person_signs_in_by_a_popup_and_sees_the_queue(desk: Desk) -> None:
    page = desk.open()
    expect(page.get_by_role("heading", name="Sign in to the desk")).to_be_visible()
    assert desk.world.asked == []
    desk.sign_in(page, "lin")
    expect(page.get_by_role("heading", name="Queue")).to_be_visible()
    expect(page.get_by_text("Lin Agent")).to_be_visible()
    assert desk.issuer.grants == ["authorization_code"]
    assert set(ALL) <= set(desk.issuer.asked_scopes[0].split())


def test_no_token_is_kept_where_another_page_could_read_it(desk: Desk) -> None:
    page = desk.enter()
    assert len(desk.issuer.tokens) == 1
    assert [token for token in desk.issuer.tokens if token in stores(page)] == []
    page.reload()
    expect(page.get_by_role("button", name="Sign in")).to_be_visible()


def test_a_refused_sign_in_is_told_and_may_be_tried_again(desk: Desk) -> None:
    page = desk.open()
    with page.expect_popup() as opened:
        page.get_by_role("button", name="Sign in", exact=True).click()
    opened.value.get_by_role("button", name="Refuse").click()
    expect(page.get_by_role("alert")).to_have_text("The sign-in was refused.")
    desk.sign_in(page)


def test_a_popup_that_somebody_closed_can_be_given_up(desk: Desk) -> None:
    page = desk.open()
    with page.expect_popup() as opened:
        page.get_by_role("button", name="Sign in", exact=True).click()
    opened.value.close()
    page.get_by_role("button", name="Cancel").click()
    desk.sign_in(page)


def test_a_blocked_popup_is_told_with_its_remedy(desk: Desk) -> None:
    page = desk.open()
    page.evaluate("() => { window.open = () => null; }")
    page.get_by_role("button", name="Sign in", exact=True).click()
    expect(page.get_by_role("alert")).to_contain_text("blocked the sign-in window")


def test_an_answer_that_was_not_asked_for_is_not_taken(desk: Desk) -> None:
    page = desk.open()
    with page.expect_popup() as opened:
        page.get_by_role("button", name="Sign in", exact=True).click()
    page.evaluate("() => window.postMessage({type: 'desk-sign-in', code: 'forged', state: 'forged'}, location.origin)")
    popup = opened.value
    popup.get_by_label("Name").fill("lin")
    popup.get_by_role("button", name="Continue").click()
    page.get_by_role("button", name="Sign out").wait_for()
    assert desk.issuer.grants == ["authorization_code"]


def test_the_token_is_renewed_before_its_fifteen_minutes_are_over(desk: Desk) -> None:
    context = desk.new_context()
    page = context.new_page()
    page.clock.install()
    page.goto(desk.url)
    desk.sign_in(page)
    page.clock.fast_forward("10:01")
    page.get_by_role("link", name="Approvals").click()
    expect(page.get_by_role("heading", name="Approvals")).to_be_visible()
    expect(page.get_by_text("Nothing waits for a second person.")).to_be_visible()
    assert desk.issuer.grants[:2] == ["authorization_code", "refresh_token"]
    expect(page.get_by_role("button", name="Sign in again")).to_have_count(0)


def test_a_sign_in_that_cannot_be_renewed_is_announced_and_nothing_typed_is_lost(desk: Desk) -> None:
    desk.issuer.refresh = False
    context = desk.new_context()
    page = context.new_page()
    page.clock.install()
    page.goto(f"{desk.url}/?case=case-1")
    desk.sign_in(page)
    page.get_by_label("Note", exact=True).fill("The caller reads from a list.")
    page.clock.fast_forward("09:30")
    expect(page.get_by_label("Note", exact=True)).to_have_value("The caller reads from a list.")
    expect(page.get_by_role("alert")).to_have_count(0)
    page.clock.fast_forward("00:31")
    expect(page.get_by_role("alert").filter(has_text="within five minutes")).to_be_visible()
    page.clock.fast_forward("05:01")
    expect(page.get_by_role("alert").filter(has_text="has ended")).to_be_visible()
    expect(page.get_by_label("Note", exact=True)).to_have_value("The caller reads from a list.")
    desk.sign_in(page, "lin", "Sign in again")
    expect(page.get_by_role("button", name="Sign in again")).to_have_count(0)
    page.get_by_role("button", name="Add note").click()
    expect(page.locator(".quote").filter(has_text="reads from a list")).to_be_visible()


def test_a_token_that_the_api_refuses_is_renewed_once(desk: Desk) -> None:
    page = desk.enter()
    desk.issuer.tokens.clear()
    page.get_by_role("link", name="Approvals").click()
    expect(page.get_by_text("Nothing waits for a second person.")).to_be_visible()
    assert desk.issuer.grants == ["authorization_code", "refresh_token"]


@pytest.mark.parametrize("username", ["lin", "mei"])
def test_each_role_sees_its_own_views(desk: Desk, username: str) -> None:
    page = desk.enter(username)
    names = page.get_by_role("navigation").get_by_role("link").all_inner_texts()
    supervisors = ["Hours", "Banner", "Numbers", "Policies", "Reports", "Activity", "Findings"]
    assert names == ["Queue", "Callbacks", "Approvals", *(supervisors if username == "mei" else [])]


def test_after_the_sign_out_nothing_of_the_session_is_left(desk: Desk) -> None:
    page = desk.enter(address="?case=case-1")
    page.get_by_label("Note", exact=True).fill("private")
    assert "private" in stores(page)
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_role("button", name="Sign in", exact=True)).to_be_visible()
    assert "private" not in stores(page)
    expect(page.get_by_text("482 913")).to_have_count(0)


def test_a_sign_out_ends_a_renewal_that_is_under_way(desk: Desk) -> None:
    page = desk.enter()
    released = desk.issuer.hold_renewals = threading.Event()
    desk.issuer.tokens.clear()
    with page.expect_request(lambda request: "grant_type=refresh_token" in (request.post_data or "")):
        page.get_by_role("link", name="Approvals").click()
    page.get_by_role("button", name="Sign out").click()
    released.set()
    # The browser tells of requests that outlive their page late or not at all; the issuer has seen them.
    eventually(lambda: len(desk.issuer.revoked) > 1)
    first, second = desk.issuer.refresh_tokens
    expect(page.get_by_role("button", name="Sign in", exact=True)).to_be_visible()
    asked = len(desk.world.asked)
    desk.sign_in(page, "mei")
    expect(page.get_by_role("heading", name="Queue")).to_be_visible()
    expect(page.get_by_text("482 913")).to_be_visible()
    assert {desk.world.tokens[bearer(one)] for one in desk.world.asked[asked:]} == {"mei"}
    assert desk.issuer.grants == ["authorization_code", "refresh_token", "authorization_code"]
    assert set(desk.issuer.revoked) == {first, second}


def test_another_persons_drafts_are_forgotten_at_sign_in(desk: Desk) -> None:
    page = desk.enter(address="?case=case-1")
    page.get_by_label("Note", exact=True).fill("Lin's words.")
    page.reload()
    desk.sign_in(page, "mei")
    expect(page.get_by_label("Note", exact=True)).to_have_value("")
    assert "Lin's words." not in stores(page)


def test_a_form_of_somebody_whose_sign_in_ended_is_not_shown_to_the_next_person(desk: Desk) -> None:
    desk.issuer.refresh = False
    page = desk.enter(address="?case=case-1")
    page.get_by_label("Note", exact=True).fill("Lin's words.")
    desk.issuer.tokens.clear()
    page.get_by_role("alert").filter(has_text="has ended").wait_for()
    with page.expect_popup() as opened:
        page.get_by_role("button", name="Sign in again").click()
    opened.value.get_by_label("Name").fill("mei")
    opened.value.get_by_role("button", name="Continue").click()
    expect(page.get_by_text("Mei Supervisor")).to_be_visible()
    expect(page.get_by_label("Note", exact=True)).to_have_value("")
    assert "Lin's words." not in stores(page)

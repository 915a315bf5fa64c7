"""Every view for everybody: no serious fault by axe-core, all of it by keyboard, on a phone and in the dark."""

from __future__ import annotations

import re
from typing import Final

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from tests.desk.conftest import Desk, look_up

SERIOUS: Final = ("serious", "critical")
VIEWS: Final = (
    "queue", "case/case-1", "contact/contact-9", "callbacks", "approvals", "hours", "banner", "numbers", "policies/m-1",
    "reports", "activity", "findings", "trail/lin",
)  # fmt: skip
TABS: Final = ("Payments", "Refunds", "Pictures", "Balance", "Bills", "Findings")
"""Of a case's account, beside the first one."""
LOOKS: Final[dict[str, dict[str, object]]] = {
    "light": {},
    "dark": {"color_scheme": "dark"},
    "phone": {"viewport": {"width": 390, "height": 844}, "has_touch": True},
}


def faults(page: Page) -> list[str]:
    """The serious findings of axe-core on the page, as rule and element."""
    found = Axe().run(page).response["violations"]
    return [
        f"{one['id']}: {node['target']} {node['html'][:120]}"
        for one in found
        if one["impact"] in SERIOUS
        for node in one["nodes"]
    ]


def settle(page: Page) -> None:
    page.locator("h1").first.wait_for()
    expect(page.locator(".bone")).to_have_count(0)


@pytest.mark.parametrize("look", LOOKS)
def test_no_view_has_a_serious_fault(desk: Desk, look: str) -> None:
    page = desk.open(context=desk.new_context(**LOOKS[look]))
    assert faults(page) == []
    desk.sign_in(page, "mei")
    desk.world.cases["case-1"]["owner"] = {"id": "mei", "name": "Mei Supervisor"}
    desk.world.cases["case-1"]["risk"] = {
        "band": "high",
        "as_of": "2026-11-30T02:00:00.000Z",
        "parts": [{"part": "findings", "points": 75}],
    }
    found: dict[str, list[str]] = {}
    for view in VIEWS:
        page.evaluate("(to) => { location.hash = `#/${to}`; }", view)
        settle(page)
        if view.startswith("case"):
            look_up(page)
            page.get_by_text("Locked after 15 wrong passwords").wait_for()
            for tab in TABS:
                page.get_by_role("tab", name=tab, exact=True).click()
                settle(page)
                found[tab] = faults(page)
            page.get_by_role("button", name="Edit").click()
            page.get_by_label("Tags").wait_for()
        found[view] = faults(page)
    assert {view: some for view, some in found.items() if some} == {}


def test_a_dialog_and_a_conflict_have_no_serious_fault(desk: Desk) -> None:
    page = desk.enter("mei", "?case=case-1")
    page.get_by_role("button", name="Claim", exact=True).click()
    page.get_by_role("button", name="Freeze", exact=True).click()
    assert faults(page) == []
    page.keyboard.press("Escape")
    page.get_by_role("button", name="Edit").click()
    page.get_by_label("Tags").fill("one")
    desk.world.cases["case-1"].update(tags=["two"], version=9)
    page.get_by_role("button", name="Save", exact=True).click()
    page.get_by_role("heading", name="Somebody else saved first").wait_for()
    assert faults(page) == []


def test_no_view_is_wider_than_a_phone(desk: Desk) -> None:
    page = desk.enter("mei", context=desk.new_context(viewport={"width": 360, "height": 740}))
    for view in VIEWS:
        page.evaluate("(to) => { location.hash = `#/${to}`; }", view)
        settle(page)
        assert page.evaluate("() => document.documentElement.scrollWidth") <= 360, view


def focused(page: Page) -> str:
    """The name of what has the focus, through all shadow roots."""
    name = page.evaluate(
        """() => { let at = document.activeElement;
        while (at?.shadowRoot?.activeElement) at = at.shadowRoot.activeElement;
        return (at?.getAttribute("aria-label") || at?.textContent || "").trim(); }"""
    )
    assert isinstance(name, str)
    return name


def tab_to(page: Page, name: str) -> None:
    """Press Tab until the named thing has the focus."""
    for _ in range(60):
        page.keyboard.press("Tab")
        if re.sub(r"\s+", " ", focused(page)).startswith(name):
            return
    raise AssertionError(f"Tab does not reach {name}")


def test_a_case_is_worked_with_the_keyboard_alone(desk: Desk) -> None:
    page = desk.open()
    tab_to(page, "Sign in")
    with page.expect_popup() as opened:
        page.keyboard.press("Enter")
    popup = opened.value
    popup.get_by_label("Name").focus()
    popup.keyboard.type("lin")
    popup.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Queue")).to_be_focused()
    page.get_by_text("482 913").wait_for()
    tab_to(page, "Locked account")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name=re.compile("482 913"))).to_be_focused()
    tab_to(page, "Claim")
    page.keyboard.press("Enter")
    page.get_by_role("button", name="Give back").wait_for()
    tab_to(page, "Look")
    page.keyboard.press("Shift+Tab")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    page.get_by_text("Locked after 15 wrong passwords").wait_for()
    page.get_by_role("tab", name="Account").focus()
    page.keyboard.press("ArrowRight")
    expect(page.get_by_role("tab", name="Payments")).to_be_focused()
    expect(page.get_by_role("tab", name="Payments")).to_have_attribute("aria-selected", "true")
    page.keyboard.press("End")
    expect(page.get_by_role("tab", name="Findings")).to_be_focused()
    tab_to(page, "Freeze")
    page.keyboard.press("Enter")
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_role("combobox", name="Reason", exact=True)).to_be_focused()
    page.keyboard.press("ArrowDown")
    expect(dialog.get_by_role("combobox", name="Reason", exact=True)).to_have_value("customer_asked")
    tab_to(page, "Freeze")
    page.keyboard.press("Enter")
    expect(dialog).to_have_count(0)
    expect(page.get_by_role("button", name="Freeze", exact=True)).to_be_focused()
    assert desk.world.timelines["case-1"][0]["reason"] == "agent.freeze"


def test_the_first_stop_of_the_keyboard_leads_to_the_content(desk: Desk) -> None:
    page = desk.enter()
    page.reload()
    desk.sign_in(page)
    page.evaluate("() => document.activeElement.blur()")
    page.get_by_role("link", name="Go to the content").focus()
    expect(page.get_by_role("link", name="Go to the content")).to_be_in_viewport()
    page.keyboard.press("Enter")
    expect(page.get_by_role("main")).to_be_focused()

"""The whole circle on one machine. A customer asks for a refund, an agent asks for a second person, a supervisor
approves, the agent decides, and the next call says so. A picture goes from the link in a message to the agent."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

import pytest
from playwright.sync_api import Browser, Page, expect

from hotline.cases.items import pointer_key
from hotline.kit.clock import to_text
from hotline.refunds.policy import REQUEST_CAP_MINOR
from hotline_local.bus import put_facts
from hotline_local.demo.desk import open_desk
from hotline_local.desk_server import DeskServer
from hotline_local.inbox import Inbox
from hotline_local.launcher import RunningStack
from hotline_local.malware_scanner import MalwareScanner
from hotline_local.reference_wallet import ReferenceWallet
from hotline_local.staff_login import PASSWORD
from tests.desk.conftest import look_up
from tests.support.stack_calls import HANGS_AFTER_S, call, eventually, is_stored, outcomes

pytestmark = pytest.mark.slow


@dataclass(frozen=True, slots=True)
class Customer:
    """Somebody who paid once. `minor`: how much, in CNY."""

    name: str
    number: str
    minor: int

    @property
    def account_id(self) -> str:
        return f"acct-circle-{self.name}"


OF_TWO: Final = Customer("1", "+8613800000081", REQUEST_CAP_MINOR["CNY"] + 100)
"""Above what one person decides alone."""
OF_PICTURE: Final = Customer("2", "+8613800000082", 8_800)
PICTURE: Final = b"\xff\xd8 a broken lamp"
SERVER_ERROR: Final = 500
PATIENT_MS: Final = HANGS_AFTER_S * 1000


def facts_of(customer: Customer) -> list[dict[str, Any]]:
    now = datetime.now(UTC)

    def fact(name: str, kind: str, at: datetime, data: dict[str, Any]) -> dict[str, Any]:
        id_ = f"circle-{customer.name}-{name}"
        common = {"specversion": "1.0", "id": id_, "source": "wallet", "subject": customer.account_id}
        return {**common, "type": f"{kind}.v1", "time": to_text(at), "data": data}

    year_ago = now - timedelta(days=365)
    points = [{"kind": "phone", "value": customer.number, "confirmed_at": to_text(year_ago)}]
    opened = {"version": 1, "language": "en-US", "time_zone": "Asia/Shanghai", "name": "Circle Customer"}
    paid = {
        "movement_id": f"move-circle-{customer.name}",
        "version": 1,
        "initiated_at": to_text(now - timedelta(days=2)),
        "order_no": f"CIRCLE000471{customer.name}",
        "merchant": {"id": "mer-circle", "name": "Demo Lamps"},
        "amount": {"minor": customer.minor, "currency": "CNY"},
        "instrument": {"kind": "balance"},
        "money": "debited",
    }
    return [
        fact("opened", "account.opened", year_ago, {**opened, "contact_points": points, "two_step": False}),
        fact("paid", "payment.succeeded", now - timedelta(days=2), paid),
    ]


@pytest.fixture(scope="module")
def desk(running_stack: RunningStack) -> Iterator[DeskServer]:
    """The desk of a deployed stack with a wallet that answers, a scanner, and customers who have paid something."""
    wallet, scanner = ReferenceWallet(running_stack.stack), MalwareScanner(running_stack.stack)
    wallet.start()
    scanner.start()
    server = open_desk(running_stack.stack, 0)
    try:
        customers = (OF_TWO, OF_PICTURE)
        put_facts(running_stack.stack, [fact for one in customers for fact in facts_of(one)])
        places = [(f"ACCOUNT#{one.account_id}", begin) for one in customers for begin in ("#PROFILE", "MOVE#")]
        eventually(lambda: is_stored(running_stack.stack, *places))
        yield server
    finally:
        server.stop()
        scanner.stop()
        wallet.stop()


@pytest.fixture
def sign_in(desk: DeskServer, chromium: Browser) -> Iterator[Callable[[str], Page]]:
    """Signs somebody of the demo staff in, in a browser of their own."""
    contexts = []
    broken: list[str] = []

    def enter(name: str) -> Page:
        contexts.append(chromium.new_context(locale="en-US", timezone_id="Asia/Shanghai"))
        page = contexts[-1].new_page()
        page.on("response", lambda answer: broken.append(answer.url) if answer.status >= SERVER_ERROR else None)
        page.set_default_timeout(PATIENT_MS)
        page.goto(desk.url)
        with page.expect_popup() as opened:
            page.get_by_role("button", name="Sign in", exact=True).click()
        popup = opened.value
        popup.locator("input[name=username]").fill(name)
        popup.locator("input[name=password]").fill(PASSWORD)
        popup.locator("input[name=password]").press("Enter")
        page.get_by_role("button", name="Sign out").wait_for()
        return page

    yield enter
    for context in contexts:
        context.close()
    assert broken == []


def case_of(running_stack: RunningStack, customer: Customer) -> str:
    """The id of the customer's open case about a refund."""
    key = pointer_key(customer.account_id, "refund")
    case_id: str = running_stack.stack.hotline_store().batch_get([key])[key]["case_id"]
    return case_id


def submit(page: Page, button: str, choose: Callable[[Any], object] | None = None) -> None:
    """Press a button of the dialog that is open; afterwards it is closed."""
    dialog = page.get_by_role("dialog")
    if choose is not None:
        choose(dialog)
    dialog.get_by_role("button", name=button).click()
    expect(dialog).to_have_count(0, timeout=PATIENT_MS)


def ask_for_refund(running_stack: RunningStack, customer: Customer) -> None:
    """Call and ask for a refund of something broken, which somebody looks at."""
    _, lines = call(running_stack, customer.number, "4,2,{code},1,3,2,1,1")
    assert ("refund_request", "IN_REVIEW") in outcomes(lines), outcomes(lines)


def open_case(page: Page, case_id: str) -> None:
    """Claim a case of the queue, in which other calls may have left some, and look at its account."""
    page.locator(f'a[href$="{case_id}"]').click()
    page.get_by_role("button", name="Claim", exact=True).click()
    look_up(page)


def link_in_message(running_stack: RunningStack, customer: Customer) -> str | None:
    """The address in the newest message with one to the customer."""
    messages = Inbox(running_stack.stack.endpoint).read(customer.number)
    found = [link.group() for message in messages if (link := re.search(r"https?://\S+/e/[\w.~-]+", message.text))]
    return found[-1] if found else None


def test_a_large_refund_goes_from_a_call_over_two_people_to_the_next_call(
    running_stack: RunningStack, sign_in: Callable[[str], Page]
) -> None:
    ask_for_refund(running_stack, OF_TWO)
    agent = sign_in("agent-1")
    open_case(agent, case_of(running_stack, OF_TWO))
    agent.get_by_role("tab", name="Refunds").click()
    agent.get_by_role("button", name="Ask for approval: Decide", exact=True).click()
    submit(agent, "Ask for approval", approve_by_evidence)
    expect(agent.get_by_text("Waits for a second person")).to_be_visible(timeout=PATIENT_MS)

    supervisor = sign_in("supervisor-1")
    supervisor.get_by_role("link", name="Approvals").click()
    supervisor.get_by_role("button", name="Approve", exact=True).click()
    submit(supervisor, "Approve")

    agent.get_by_role("button", name="Look again").click()
    expect(agent.get_by_text("Approved by supervisor-1.")).to_be_visible(timeout=PATIENT_MS)
    agent.get_by_role("button", name="Decide", exact=True).click()
    submit(agent, "Decide on a large refund", because_of_evidence)
    expect(agent.get_by_role("button", name="Decide", exact=True)).to_have_count(0, timeout=PATIENT_MS)

    _, again = call(running_stack, OF_TWO.number, "4,1,{code}")
    said = " ".join(line["text"] for line in again if line["kind"] == "prompt")
    assert ("refunds", "OPEN") in outcomes(again), outcomes(again)
    assert "approved" in said or "on its way" in said, said


def approve_by_evidence(dialog: Any) -> None:
    dialog.get_by_label("Decision").select_option(label="Approve")
    because_of_evidence(dialog)


def because_of_evidence(dialog: Any) -> None:
    dialog.get_by_role("combobox", name="Reason", exact=True).select_option(label="Evidence was seen")


def test_a_picture_goes_from_the_link_in_a_message_to_the_agent(
    running_stack: RunningStack, chromium: Browser, sign_in: Callable[[str], Page]
) -> None:
    ask_for_refund(running_stack, OF_PICTURE)
    customer = chromium.new_page()
    try:
        customer.goto(eventually(lambda: link_in_message(running_stack, OF_PICTURE)))
        chosen: Any = {"name": "lamp.jpg", "mimeType": "image/jpeg", "buffer": PICTURE}
        customer.locator("#file").set_input_files(chosen)
        expect(customer.locator("#sent")).to_be_visible(timeout=PATIENT_MS)
    finally:
        customer.close()

    agent = sign_in("agent-1")
    open_case(agent, case_of(running_stack, OF_PICTURE))
    agent.get_by_role("tab", name="Pictures").click()
    save = agent.get_by_role("button", name="Save the picture")
    again = agent.get_by_role("button", name="Look again")

    def is_clean() -> bool:
        again.click()
        expect(again).to_be_enabled(timeout=PATIENT_MS)
        return save.count() > 0

    expect(again).to_be_visible(timeout=PATIENT_MS)
    eventually(is_clean)
    with agent.expect_download() as saved:
        save.click()
    assert Path(saved.value.path()).read_bytes() == PICTURE

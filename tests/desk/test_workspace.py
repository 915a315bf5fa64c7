"""The desk inside an agent workspace: a small host speaks the protocol of the Amazon Connect SDK to the real SDK."""

from __future__ import annotations

import re
from collections.abc import Iterator
from urllib.parse import urlencode

import pytest
from playwright.sync_api import Browser, FrameLocator, Page, expect

from tests.desk.conftest import TIMEOUT_MS, Desk, start_desk
from tests.support.loopback import Answered, Asked, LoopbackServer

SILENT = {"transfer": "silent"}
HOST_PAGE = """<!doctype html><title>Workspace</title><iframe title="desk" width="1200" height="700"
sandbox="allow-forms allow-popups allow-same-origin allow-scripts"></iframe>
<script>
const wanted = new URLSearchParams(location.search);
const heard = window.heard = [];
const quick = (name) => ({ type: "queue", endpointARN: `arn:${name}`, name });
const answers = {
  "contact/getInitialContactId": () =>
    wanted.get("initial") === "refused" ? "refused" : { initialContactId: wanted.get("initial") },
  "contact/getChannelType": () => ({ type: wanted.get("channel") ?? "voice", subtype: "connect:Telephony" }),
  "contact/getAttributes": () => ({ case_id: wanted.get("case") }),
  "contact/getQueue": () => ({ name: "agents", queueARN: "arn:agents", queueId: "agents" }),
  "agent/listQuickConnects": ({ options }) => options.nextToken
    ? { quickConnects: [quick(wanted.get("quick") ?? "verify")], nextToken: null }
    : { quickConnects: [quick("another")], nextToken: "more" },
  "contact/transfer": () => wanted.get("transfer") ?? null,
};
window.addEventListener("message", ({ data, ports }) => {
  if (data?.type !== "connect-app-host-init") return;
  const port = window.port = ports[0];
  const started = { initialized: true, startTime: new Date(), lastRefreshTime: new Date() };
  port.onmessage = ({ data: message }) => {
    heard.push(message);
    if (message.type !== "request") return;
    const answer = { type: "response", namespace: message.namespace, requestId: message.requestId };
    const data = answers[message.command]?.(message.data);
    if (data === "silent") return;
    if (data === "refused") port.postMessage({ ...answer, isError: true, reason: "noPermission" });
    else port.postMessage({ ...answer, isError: false, data });
  };
  port.postMessage({ type: "acknowledge", connectionId: "connection-1", status: started, healthCheckInterval: 0 });
  const scope = wanted.get("contact") ? { type: "contact", contactId: wanted.get("contact") } : { type: "idle" };
  port.postMessage({ type: "appLifecycle", stage: "create", instanceId: "instance-1", appInstanceId: "app-1",
    config: {}, scope, region: "eu-central-1" });
});
document.querySelector("iframe").src = wanted.get("desk");
</script>"""


@pytest.fixture
def host() -> Iterator[LoopbackServer]:
    def answer(request: Asked) -> Answered:
        return Answered(200, HOST_PAGE.encode(), {"Content-Type": "text/html"})

    with LoopbackServer(answer) as server:
        yield server


@pytest.fixture
def framed(chromium: Browser, host: LoopbackServer) -> Iterator[Desk]:
    """A desk that the workspace at `host` may show."""
    yield from start_desk(chromium, (host.url,), proof_quick_connect="verify")


def enter(framed: Desk, host: LoopbackServer, **wanted: str) -> tuple[Page, FrameLocator]:
    """Open the desk in the workspace, signed in: the workspace's page, and the desk in it."""
    page = framed.new_context().new_page()
    page.set_default_timeout(TIMEOUT_MS)
    page.goto(f"{host.url}/?{urlencode({'desk': f'{framed.url}/', **wanted})}")
    desk = page.frame_locator("iframe")
    with page.expect_popup() as opened:
        desk.get_by_role("button", name="Sign in", exact=True).click()
    opened.value.get_by_label("Name").fill("lin")
    opened.value.get_by_role("button", name="Continue").click()
    return page, desk


def ask_for_proof(desk: FrameLocator) -> None:
    desk.get_by_role("button", name="Ask for proof").click()
    desk.get_by_role("dialog").get_by_role("button", name="Ask for proof").click()
    expect(desk.get_by_text("Waiting for the customer")).to_be_visible()


def transfers(page: Page) -> list[object]:
    """The transfers that the desk asked the workspace for."""
    found: list[object] = page.evaluate(
        "() => heard.filter((one) => one.command === 'contact/transfer').map((one) => one.data)"
    )
    return found


@pytest.mark.parametrize(
    ("contact", "initial"), [("contact-1", "contact-1"), ("contact-9", "contact-1"), ("contact-1", "refused")]
)
def test_the_contact_of_the_workspace_opens_its_case(
    framed: Desk, host: LoopbackServer, contact: str, initial: str
) -> None:
    page, desk = enter(framed, host, contact=contact, initial=initial)
    expect(desk.get_by_role("heading", name=re.compile("Locked account.*482 913"))).to_be_visible()
    assert len(framed.world.requests("POST", "/contacts/contact-1/claim")) == 1
    expect(desk.get_by_text("Nothing is proved yet.")).to_be_visible()
    assert {one.headers.get("desk-contact") for one in framed.world.requests("GET", "/cases/case-1")} == {"contact-1"}

    (subscribed,) = page.evaluate("() => heard.filter((one) => one.type === 'subscribe').map((one) => one.topic)")
    page.evaluate("(topic) => port.postMessage({ type: 'publish', topic, data: {} })", subscribed)
    expect(desk.get_by_text("The call has ended.")).to_be_visible()


def test_a_workspace_without_a_contact_shows_the_queue(framed: Desk, host: LoopbackServer) -> None:
    _, desk = enter(framed, host)
    expect(desk.get_by_role("heading", name="Queue")).to_be_visible()
    assert framed.world.requests("GET", "/contacts/contact-1") == []


def test_a_call_goes_to_the_line_for_proof_by_the_quick_connect_of_its_queue(
    framed: Desk, host: LoopbackServer
) -> None:
    page, desk = enter(framed, host, contact="contact-9", initial="contact-1")
    send = desk.get_by_role("button", name="Send the call to the line")
    expect(desk.get_by_text("Nothing is proved yet.")).to_be_visible()
    expect(send).to_have_count(0)
    ask_for_proof(desk)
    send.click()
    expect(desk.get_by_text("The call is at the line, and comes back to you.")).to_be_visible()
    quick_connect = {"type": "queue", "endpointARN": "arn:verify", "name": "verify"}
    assert transfers(page) == [{"contactId": "contact-9", "quickConnect": quick_connect}]


@pytest.mark.parametrize(
    ("wanted", "told"),
    [
        ({"transfer": "refused"}, "The call could not be sent to the line, and is still yours."),
        ({"quick": "other"}, "The queue of this call has no quick connect to the line."),
        (SILENT, "The call could not be sent to the line, and is still yours."),
    ],
)
def test_a_transfer_that_fails_is_told_and_can_be_tried_again(
    framed: Desk, host: LoopbackServer, wanted: dict[str, str], told: str
) -> None:
    page, desk = enter(framed, host, contact="contact-1", initial="contact-1", **wanted)
    ask_for_proof(desk)
    send = desk.get_by_role("button", name="Send the call to the line")
    if wanted == SILENT:
        # Only what never comes is waited for; the message of a refusal would go within the time that is skipped.
        page.clock.install()
    send.click()
    if wanted == SILENT:
        page.wait_for_function("() => heard.some((one) => one.command === 'contact/transfer')")
        page.clock.fast_forward("00:10")
    expect(desk.get_by_role("alert").filter(has_text=told)).to_be_visible()
    expect(send).to_be_enabled()


def test_the_task_of_a_case_opens_its_case_and_claims_no_call(framed: Desk, host: LoopbackServer) -> None:
    _, desk = enter(framed, host, contact="contact-of-a-task", channel="task", case="case-2")
    expect(desk.get_by_role("heading", name=re.compile("Refund"))).to_be_visible()
    expect(desk.get_by_role("button", name="Claim", exact=True)).to_be_visible()
    assert [one.path for one in framed.world.asked if "contacts" in one.path] == []


def test_a_page_that_is_no_workspace_cannot_show_the_desk(chromium: Browser, host: LoopbackServer, desk: Desk) -> None:
    page = desk.new_context().new_page()
    page.goto(f"{host.url}/?desk={desk.url}/")
    page.wait_for_function("() => document.querySelector('iframe').contentDocument === null")
    expect(page.frame_locator("iframe").get_by_role("button", name="Sign in", exact=True)).to_have_count(0)
    assert desk.world.asked == []


def test_outside_of_a_workspace_the_sdk_is_not_even_fetched(desk: Desk) -> None:
    context = desk.new_context()
    fetched: list[str] = []
    context.on("request", lambda request: fetched.append(request.url))
    desk.enter(context=context)
    assert any(url.endswith("/app.js") for url in fetched)
    assert [url for url in fetched if url.endswith("/workspace.js")] == []
    hosts = {url.split("/")[2] for url in fetched}
    assert hosts == {url.split("/")[2] for url in (desk.url, desk.api_url, desk.login_url)}

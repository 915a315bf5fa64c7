"""The desk inside an agent workspace: a small host speaks the protocol of the Amazon Connect SDK to the real SDK."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, expect

from tests.desk.conftest import Desk, start_desk
from tests.support.loopback import Answered, Asked, LoopbackServer

HOST_PAGE = """<!doctype html><title>Workspace</title><iframe title="desk" width="1200" height="700"
sandbox="allow-forms allow-popups allow-same-origin allow-scripts"></iframe>
<script>
const wanted = new URLSearchParams(location.search);
const heard = window.heard = [];
window.addEventListener("message", ({ data, ports }) => {
  if (data?.type !== "connect-app-host-init") return;
  const port = window.port = ports[0];
  const started = { initialized: true, startTime: new Date(), lastRefreshTime: new Date() };
  port.onmessage = ({ data: message }) => {
    heard.push(message);
    if (message.type !== "request") return;
    const answer = { type: "response", namespace: message.namespace, requestId: message.requestId };
    if (wanted.get("initial") === "refused") port.postMessage({ ...answer, isError: true, reason: "noPermission" });
    else port.postMessage({ ...answer, isError: false, data: { initialContactId: wanted.get("initial") } });
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
    yield from start_desk(chromium, (host.url,))


@pytest.mark.parametrize(
    ("contact", "initial"), [("contact-1", "contact-1"), ("contact-9", "contact-1"), ("contact-1", "refused")]
)
def test_the_contact_of_the_workspace_opens_its_case(
    framed: Desk, host: LoopbackServer, contact: str, initial: str
) -> None:
    page = framed.new_context().new_page()
    page.goto(f"{host.url}/?desk={framed.url}/&contact={contact}&initial={initial}")
    desk = page.frame_locator("iframe")
    with page.expect_popup() as opened:
        desk.get_by_role("button", name="Sign in", exact=True).click()
    opened.value.get_by_label("Name").fill("lin")
    opened.value.get_by_role("button", name="Continue").click()
    expect(desk.get_by_role("heading", name=re.compile("Locked account.*482 913"))).to_be_visible()
    assert len(framed.world.requests("POST", "/contacts/contact-1/claim")) == 1
    expect(desk.get_by_text("Nothing is proved yet.")).to_be_visible()
    assert {one.headers.get("desk-contact") for one in framed.world.requests("GET", "/cases/case-1")} == {"contact-1"}

    (subscribed,) = page.evaluate("() => heard.filter((one) => one.type === 'subscribe').map((one) => one.topic)")
    page.evaluate("(topic) => port.postMessage({ type: 'publish', topic, data: {} })", subscribed)
    expect(desk.get_by_text("The call has ended.")).to_be_visible()


def test_a_workspace_without_a_contact_shows_the_queue(framed: Desk, host: LoopbackServer) -> None:
    page = framed.new_context().new_page()
    page.goto(f"{host.url}/?desk={framed.url}/")
    desk = page.frame_locator("iframe")
    with page.expect_popup() as opened:
        desk.get_by_role("button", name="Sign in", exact=True).click()
    opened.value.get_by_label("Name").fill("lin")
    opened.value.get_by_role("button", name="Continue").click()
    expect(desk.get_by_role("heading", name="Queue")).to_be_visible()
    assert framed.world.requests("GET", "/contacts/contact-1") == []


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
    assert [url for url in fetched if "amazon-connect" in url] == []
    hosts = {url.split("/")[2] for url in fetched}
    assert hosts == {url.split("/")[2] for url in (desk.url, desk.api_url, desk.login_url)}

"""The link in a message and the page behind it: reading it uses nothing up, choosing a file does, once."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest

from functions.http import quota
from functions.http.quota import REQUESTS_MAX
from hotline.accounts.items import profile_key
from hotline.contracts.model import AccountErased, Fact
from hotline.evidence.items import evidence_key
from hotline.evidence.model import ASKED_PER_DAY_MAX, LINK_LIFE, LINKS_PER_REFUND_MAX, EvidenceState
from hotline.evidence.service import duty_at
from hotline.kit.actor import System
from hotline.kit.aws.buckets import Scan, Upload
from hotline.kit.change.acts import perform_alone
from hotline.kit.languages import LANGUAGES
from hotline.kit.store import Table, Update
from hotline.refunds.model import Evidence
from hotline.refunds.service import refund_key
from hotline.wording.catalogue import find
from hotline_local.testing.memory_store import MemoryStore
from hotline_local.testing.virtual_clock import VirtualClock
from tests.support.api_world import ACCOUNT, PHONE
from tests.support.evidence_world import LINK, PICTURE, EvidenceWorld, created
from tests.support.log_lines import logged
from tests.support.phone import Phone, give, words
from tests.support.sweeps import sweep

FILE = {"content_type": "image/jpeg", "size": len(PICTURE)}


@pytest.fixture
def world(store: MemoryStore, clock: VirtualClock) -> EvidenceWorld:
    return EvidenceWorld(store, clock)


def show(world: EvidenceWorld, path: str, **own: Any) -> dict[str, Any]:
    client = world.client(None)
    return client.answer(client.event("GET", path, **own))


def use(world: EvidenceWorld, path: str, **own: Any) -> Any:
    return world.client(None).ask("POST", path, body=FILE | own)


def test_the_line_sends_a_link_to_the_owners_phone_and_says_so(world: EvidenceWorld) -> None:
    said = world.call_for_refund()
    assert "A link to send a picture is on its way to your phone." in said["said"]
    (text,) = [text for text in world.messages() if LINK.search(text)]
    assert "The link works once, for 15 minutes." in text


def test_no_stored_item_and_no_log_line_holds_the_token(world: EvidenceWorld) -> None:
    with logged() as lines:
        path = world.link()
        show(world, path)
        use(world, path)
    token = path.removeprefix("/e/")
    items = [item for table in Table for item in world.store.items(table)]
    assert token not in str(items)
    assert "GET /e/{token}" in lines.getvalue()
    assert token not in lines.getvalue()


def test_reading_the_page_uses_nothing_up_and_choosing_a_file_does_once(world: EvidenceWorld) -> None:
    path = world.link()
    assert [show(world, path)["statusCode"] for _ in range(3)] == [200] * 3
    given = use(world, path)
    assert given.status == 200
    assert given.json.keys() == {"upload", "expires_at"}
    again = use(world, path)
    assert (again.status, again.code) == (410, "link_over")
    assert show(world, path)["statusCode"] == 410


def test_a_wrong_a_used_and_an_old_link_are_answered_alike(world: EvidenceWorld, clock: VirtualClock) -> None:
    used, old = world.link(), world.ask_again()
    use(world, used)
    clock.advance(LINK_LIFE)
    wrong = f"/e/{'0' * 24}"
    pages = [show(world, path) for path in (wrong, used, old)]
    assert {page["statusCode"] for page in pages} == {410}
    assert len({page["body"] for page in pages}) == 1
    answers = [use(world, path) for path in (wrong, used, old)]
    assert {(answer.status, str(answer.json)) for answer in answers} == {(410, str(answers[0].json))}


def test_a_link_holds_for_fifteen_minutes(world: EvidenceWorld, clock: VirtualClock) -> None:
    path = world.link()
    clock.advance(LINK_LIFE - timedelta(seconds=1))
    assert show(world, path)["statusCode"] == 200
    assert use(world, path).status == 200


def test_a_file_that_is_refused_does_not_use_the_link_up(world: EvidenceWorld) -> None:
    path = world.link()
    assert use(world, path, content_type="text/html").code == "evidence_type"
    assert use(world, path).status == 200


def test_a_link_asks_no_more_often_than_its_quota(world: EvidenceWorld) -> None:
    path = world.link()
    answers = [show(world, path)["statusCode"] for _ in range(REQUESTS_MAX + 1)]
    assert answers == [200] * REQUESTS_MAX + [429]


def from_source(world: EvidenceWorld, path: str, address: str) -> int:
    """The status of the page for a request from an address on the network."""
    client = world.client(None)
    event = client.event("GET", path)
    event["requestContext"]["http"]["sourceIp"] = address
    return int(client.answer(event)["statusCode"])


def test_one_address_asks_no_more_often_than_its_quota_and_others_go_on(
    world: EvidenceWorld, clock: VirtualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(quota, "SOURCE_REQUESTS_MAX", 4)
    path, wrong = world.link(), f"/e/{'0' * 24}"
    answers = [from_source(world, wrong, "198.51.100.7") for _ in range(5)]
    assert answers == [410] * 4 + [429]
    assert from_source(world, path, "198.51.100.7") == 429
    assert from_source(world, path, "198.51.100.8") == 200
    clock.advance(timedelta(minutes=1))
    assert from_source(world, path, "198.51.100.7") == 200


def test_neither_an_item_nor_a_log_line_holds_the_address(world: EvidenceWorld) -> None:
    with logged() as lines:
        from_source(world, world.link(), "198.51.100.7")
    items = [item for table in Table for item in world.store.items(table)]
    assert "198.51.100.7" not in f"{items}{lines.getvalue()}"
    assert [item for item in items if item["PK"].startswith("RATE#source#")]


def test_the_page_lets_nothing_else_run_and_is_told_to_nobody(world: EvidenceWorld) -> None:
    page = show(world, world.link())
    headers = page["headers"]
    policy = dict(part.split(" ", 1) for part in headers["Content-Security-Policy"].split("; "))
    assert policy["default-src"] == "'none'"
    assert policy["connect-src"] == "'self' https://pictures.s3.example"
    assert re.fullmatch(r"'sha256-[A-Za-z0-9+/=]{44}'", policy["script-src"])
    assert policy["frame-ancestors"] == "'none'"
    assert (headers["Referrer-Policy"], headers["Cache-Control"]) == ("no-referrer", "no-store")
    assert headers["Content-Type"] == "text/html; charset=utf-8"
    assert "https://" not in page["body"].replace("https://pictures.s3.example", "")


@pytest.mark.parametrize(
    ("query", "language", "words"),
    [
        (None, "en-US", "Only our staff who work on a case of yours can see it."),
        ({"lang": "zh-CN"}, "zh-CN", "只有处理您个案的工作人员可以查看"),
    ],
)
def test_the_page_is_in_the_accounts_language_and_can_be_switched(
    world: EvidenceWorld, query: dict[str, str] | None, language: str, words: str
) -> None:
    page = show(world, world.link(), query=query)
    assert (page["headers"]["Content-Language"], words in page["body"]) == (language, True)


@pytest.mark.parametrize(
    ("reason", "words"),
    [
        ("defective", ("shows what is wrong", "能看出商品的问题")),
        ("not_received", ("what the carrier says about the parcel", "物流查询结果")),
        ("service_not_rendered", ("the booking", "预订信息")),
    ],
)
def test_the_page_asks_for_what_the_reason_needs(world: EvidenceWorld, reason: str, words: tuple[str, str]) -> None:
    world.call_for_refund(reason=reason)
    path = world.newest_link()
    for language, told in zip(("en-US", "zh-CN"), words, strict=True):
        assert told in show(world, path, query={"lang": language})["body"]


@sweep("language", LANGUAGES)
@sweep("needed", Evidence)
def test_the_page_has_words_for_each_evidence(needed: Evidence, language: str) -> None:
    assert find(f"page.evidence.lead.{needed.value}", language)


def test_a_link_that_nobody_used_ends_and_a_late_upload_still_counts(world: EvidenceWorld, clock: VirtualClock) -> None:
    path = world.link()
    given = use(world, path)
    upload = Upload(given.json["upload"]["url"], given.json["upload"]["fields"])
    world.bucket.post(upload, PICTURE)
    name = upload.fields["key"]
    evidence_id = name.removeprefix("evidence/")
    clock.advance(LINK_LIFE)
    duty = duty_at(evidence_key(ACCOUNT, evidence_id))
    assert duty is not None
    perform_alone(world.ctx, duty, actor=System("deadlines", duty.rule), cause="deadline")
    assert world.evidence(evidence_id).state is EvidenceState.EXPIRED
    world.scan(name, Scan.CLEAN)
    world.tell(world.scanned(name))
    assert world.evidence(evidence_id).state is EvidenceState.CLEAN


def test_a_picture_that_is_not_scanned_is_brought_to_a_person_once(world: EvidenceWorld, clock: VirtualClock) -> None:
    given = world.begin(world.ask_refund())
    name = world.put(given)
    world.tell(created(name))
    clock.advance(timedelta(hours=1))
    duty = duty_at(evidence_key(ACCOUNT, given.json["id"]))
    assert duty is not None
    done = [perform_alone(world.ctx, duty, actor=System("deadlines", duty.rule), cause="deadline") for _ in range(2)]
    assert [len(one) for one in done] == [1, 0]
    assert world.evidence(given.json["id"]).brought


def test_after_an_erasure_nothing_is_left_and_what_comes_is_deleted(world: EvidenceWorld, clock: VirtualClock) -> None:
    refund_id = world.ask_refund()
    given = world.begin(refund_id)
    name = world.put(given)
    world.tell(created(name))
    path = world.link()
    at = clock.now()
    give(world.ctx, [Fact("gone", "account.erased", "wallet", at, ACCOUNT, AccountErased(99))])
    assert use(world, path).code == "link_over"
    world.work_off()
    assert world.bucket.objects == {}
    assert not [item for item in world.store.items(Table.HOTLINE) if "EVIDENCE" in f"{item['PK']}{item['SK']}"]
    world.put(given)
    world.tell(created(name))
    assert world.bucket.objects == {}


def test_no_more_links_are_sent_than_a_day_allows_and_the_refund_is_asked_for_all_the_same(
    world: EvidenceWorld,
) -> None:
    refund_id = world.ask_refund()
    for _ in range(ASKED_PER_DAY_MAX):
        world.begin(refund_id)
    world.pay("mov-9")
    said = world.call_for_refund(movement="mov-9")
    assert said["outcome"] == "IN_REVIEW"
    assert "A link to send a picture" not in said["said"]


def call_for_link(world: EvidenceWorld, contact_id: str = "contact-again") -> dict[str, str]:
    """The owner calls for another link; the answer, with its words as `said`."""
    phone = Phone(world.ctx, PHONE, contact_id)
    phone.press("start")
    assert phone.press("evidence_link")["outcome"] == "NEED_PROOF"
    phone.prove(goal="look")
    answer = phone.press("evidence_link")
    return {**answer, "said": words(answer)}


def test_a_caller_gets_another_link_that_works(world: EvidenceWorld) -> None:
    first = world.link()
    use(world, first)
    answer = call_for_link(world)
    assert answer["outcome"] == "SMS"
    assert answer["said"].startswith("A new link to send a picture is on its way to your phone.")
    path = world.newest_link()
    assert path != first
    assert use(world, path).status == 200


def test_a_delivery_that_comes_again_sends_no_second_link(world: EvidenceWorld) -> None:
    world.call_for_refund()
    phone = Phone(world.ctx, PHONE, "contact-again")
    phone.press("start")
    phone.prove(goal="look")
    event = phone.event("evidence_link")
    answers = [phone.deliver(event) for _ in range(2)]
    assert [answer["outcome"] for answer in answers] == ["SMS", "SMS"]
    assert world.kinds().count("refund.evidence_link") == 2


def test_a_refund_that_was_asked_for_in_the_app_gets_a_link_by_phone(world: EvidenceWorld) -> None:
    refund_id = world.ask_refund()
    assert call_for_link(world)["outcome"] == "SMS"
    entries = [entry for entry in world.store.items(Table.OUTBOX) if entry["kind"] == "refund.evidence_link"]
    (evidence_id,) = [entry["facts"]["evidence_id"] for entry in entries]
    assert world.evidence(evidence_id).refund_id == refund_id


def test_without_a_refund_that_waits_for_a_picture_no_link_goes_out(world: EvidenceWorld) -> None:
    assert call_for_link(world)["outcome"] == "NOT_AWAITED"
    refund_id = world.ask_refund()
    denied = Update(refund_key(ACCOUNT, refund_id), set={"state": "denied"})
    world.store.transact([denied], token="a-person-denied-it")
    answer = call_for_link(world, "contact-later")
    assert (answer["outcome"], answer["said"]) == ("NOT_AWAITED", "No refund of yours waits for a picture now.")
    assert "refund.evidence_link" not in world.kinds()


def test_a_refund_gets_so_many_links_a_day_and_another_refund_its_own(
    world: EvidenceWorld, clock: VirtualClock
) -> None:
    world.call_for_refund()
    phone = Phone(world.ctx, PHONE, "contact-again")
    phone.press("start")
    phone.prove(goal="look")
    outcomes = [phone.press("evidence_link")["outcome"] for _ in range(LINKS_PER_REFUND_MAX)]
    assert outcomes == ["SMS"] * (LINKS_PER_REFUND_MAX - 1) + ["LIMITED"]
    assert words(phone.answers[-1]).startswith("No further link can be sent today.")
    world.pay("mov-9")
    assert "A link to send a picture" in world.call_for_refund(movement="mov-9")["said"]
    clock.advance(timedelta(days=1))
    assert call_for_link(world, "contact-tomorrow")["outcome"] == "SMS"


def test_a_customer_without_a_point_of_their_own_gets_no_link(world: EvidenceWorld) -> None:
    world.call_for_refund()
    key = profile_key(ACCOUNT)
    item = world.store.get(key)
    assert item is not None
    points = [{**point, "shared": True} for point in item["points"]]
    world.store.transact([Update(key, set={"points": points})], token="a-household-shares-the-phone")
    assert call_for_link(world)["outcome"] == "NO_POINT"

"""Pictures for a refund: from the app or a link, through the bucket, to the refund and its case."""

from __future__ import annotations

import itertools
from datetime import timedelta
from typing import Any

import pytest

from hotline.cases.service import read_case
from hotline.contracts.model import AccountErased, Fact
from hotline.evidence.items import owner_key
from hotline.evidence.links import object_name
from hotline.evidence.model import ASKED_PER_DAY_MAX, BYTES_MAX, LINK_LIFE, OBJECTS_MAX, EvidenceState, Refusal
from hotline.kit.aws.buckets import Scan
from hotline.kit.store import Delete, Table
from hotline.kit.store.condition import PRESENT
from hotline_local.testing.memory_bucket import NotTaken
from hotline_local.testing.memory_store import MemoryStore
from hotline_local.testing.virtual_clock import VirtualClock
from tests.support.api_world import ACCOUNT, OTHER
from tests.support.evidence_world import EvidenceWorld, created
from tests.support.phone import give


@pytest.fixture
def world(store: MemoryStore, clock: VirtualClock) -> EvidenceWorld:
    return EvidenceWorld(store, clock)


def test_a_clean_picture_marks_the_refund_and_tells_everybody_once(world: EvidenceWorld) -> None:
    refund_id = world.ask_refund()
    before = world.refund(refund_id)
    evidence_id = world.send_clean(refund_id)
    after = world.refund(refund_id)
    assert world.evidence(evidence_id).state is EvidenceState.CLEAN
    assert (after.evidence_at, after.version) == (world.clock.now(), before.version + 1)
    assert world.kinds().count("refund.evidence_received") == 1 + 2  # the decision, and a message to each contact point
    name = object_name(evidence_id)
    world.tell(world.scanned(name), created(name))
    assert world.kinds().count("refund.evidence_received") == 3


def test_a_picture_for_a_refund_of_the_api_goes_from_the_request_to_the_case(world: EvidenceWorld) -> None:
    """From the answer that names the picture, over the form and the bucket, to what owner and agent see."""
    client = world.client()
    client.prove("refund")
    body, key = {"payment_id": "mov-1", "reason": "defective"}, {"Idempotency-Key": "key-of-the-refund"}
    made = client.ask("POST", "/v1/me/refunds", body=body, headers=key)
    assert (made.status, made.json["status"], made.json["decision"]["remedies"][0]) == (201, "in_review", "photo")
    path = f"/v1/me/refunds/{made.json['id']}/evidence"
    assert client.ask("GET", path).json == {"evidence": []}
    # The app shows its own page: no link goes out, with the first request or with the same one once more.
    assert client.ask("POST", "/v1/me/refunds", body=body, headers=key).json["id"] == made.json["id"]
    assert "refund.evidence_link" not in world.kinds()
    given = world.begin(made.json["id"], client)
    name = world.put(given)
    states = [client.ask("GET", path).json["evidence"][0]["status"]]
    world.tell(created(name))
    states.append(client.ask("GET", path).json["evidence"][0]["status"])
    world.scan(name, Scan.CLEAN)
    world.tell(world.scanned(name))
    (shown,) = client.ask("GET", path).json["evidence"]
    assert ([*states, shown["status"]], shown["id"]) == (["opened", "uploaded", "clean"], given.json["id"])
    timeline = read_case(world.store, str(made.json["case_id"]))
    assert timeline is not None
    told = [entry for entry in timeline[1] if entry.reason == "refund.evidence_received"]
    assert [entry.facts["refund_id"] for entry in told] == [made.json["id"]]
    assert client.ask("GET", f"/v1/me/refunds/{made.json['id']}").json["status"] == "in_review"


ORDERS = list(itertools.permutations(["created", "scanned", "created", "scanned"]))


@pytest.mark.parametrize("order", sorted(set(ORDERS)))
@pytest.mark.parametrize(("scan", "state"), [(Scan.CLEAN, EvidenceState.CLEAN), (Scan.INFECTED, EvidenceState.REFUSED)])
def test_events_may_come_in_any_order_and_twice(
    world: EvidenceWorld, order: tuple[str, ...], scan: Scan, state: EvidenceState
) -> None:
    given = world.begin(world.ask_refund())
    name = world.put(given)
    world.scan(name, scan)
    result = world.scanned(name, scan)
    for event in order:
        world.tell(created(name) if event == "created" else result)
    assert world.evidence(given.json["id"]).state is state


def test_a_result_of_the_object_before_makes_no_picture_clean(world: EvidenceWorld) -> None:
    refund_id = world.ask_refund()
    given = world.begin(refund_id)
    name = world.put(given)
    late = world.scanned(name)
    world.put(given, b"replaced while the first one was scanned")
    world.scan(name, Scan.CLEAN)
    world.tell(created(name), late)
    assert world.evidence(given.json["id"]).state is EvidenceState.UPLOADED
    assert world.refund(refund_id).evidence_at is None
    # Its own result decides, also while the tag is that of the first one.
    world.tell(world.scanned(name, Scan.INFECTED))
    assert world.evidence(given.json["id"]).state is EvidenceState.REFUSED
    assert world.bucket.look_at(name) is None


def test_one_leave_tells_people_and_the_customer_once_however_often_it_is_used(world: EvidenceWorld) -> None:
    refund_id = world.ask_refund()
    given = world.begin(refund_id)
    for number in range(OBJECTS_MAX + 20):
        name = world.put(given, b"picture %d" % number)
        world.scan(name, Scan.CLEAN)
        assert world.tell(created(name), world.scanned(name)) == {"batchItemFailures": []}
    assert world.kinds().count("refund.evidence_received") == 3
    found = world.evidence(given.json["id"])
    assert (found.state, found.refusal, found.objects) == (EvidenceState.REFUSED, Refusal.REPLACED, OBJECTS_MAX + 1)
    assert world.bucket.objects == {}
    assert len([one for one in audits(world) if one["event"].startswith("evidence.")]) <= 2 * OBJECTS_MAX + 2


def test_as_many_objects_as_are_allowed_are_taken(world: EvidenceWorld) -> None:
    given = world.begin(world.ask_refund())
    for number in range(OBJECTS_MAX):
        name = world.put(given, b"picture %d" % number)
        world.scan(name, Scan.CLEAN)
        world.tell(world.scanned(name))
    assert world.evidence(given.json["id"]).state is EvidenceState.CLEAN


def test_a_result_that_comes_before_its_tag_comes_again(world: EvidenceWorld) -> None:
    given = world.begin(world.ask_refund())
    name = world.put(given)
    early = world.scanned(name)
    assert world.tell(created(name), early) == {"batchItemFailures": [{"itemIdentifier": "m-1"}]}
    world.scan(name, Scan.CLEAN)
    assert world.tell(early) == {"batchItemFailures": []}
    assert world.evidence(given.json["id"]).state is EvidenceState.CLEAN


@pytest.mark.parametrize("scan", [Scan.FAILED, Scan.ACCESS_DENIED])
def test_an_event_without_a_result_awaits_no_tag(world: EvidenceWorld, scan: Scan) -> None:
    given = world.begin(world.ask_refund())
    name = world.put(given)
    assert world.tell(world.scanned(name, scan)) == {"batchItemFailures": []}
    assert world.evidence(given.json["id"]).state is EvidenceState.UPLOADED


def test_a_link_that_ends_leaves_a_trace(world: EvidenceWorld, clock: VirtualClock) -> None:
    given = world.begin(world.ask_refund())
    clock.advance(LINK_LIFE + timedelta(seconds=1))
    world.work_off()
    assert world.evidence(given.json["id"]).state is EvidenceState.EXPIRED
    assert [one["event"] for one in audits(world) if one["event"].startswith("evidence.")] == [
        "evidence.opened",
        "evidence.expired",
    ]


def test_an_erasure_goes_on_where_the_owner_of_a_picture_is_gone(world: EvidenceWorld, clock: VirtualClock) -> None:
    given = world.begin(world.ask_refund())
    name = world.put(given)
    world.tell(created(name))
    world.store.transact([Delete(owner_key(given.json["id"]), PRESENT)], token="its-ttl")
    give(world.ctx, [Fact("gone", "account.erased", "wallet", clock.now(), ACCOUNT, AccountErased(99))])
    world.work_off()
    left = [item["SK"] for item in world.store.items(Table.HOTLINE) if item["PK"] == f"ACCOUNT#{ACCOUNT}"]
    assert [key for key in left if key.startswith("EVIDENCE#")] == []


def audits(world: EvidenceWorld) -> list[dict[str, Any]]:
    """The entries of the audit trail, the oldest first."""
    found = [item for item in world.store.items(Table.HOTLINE) if item["SK"].startswith("AUDIT#")]
    return sorted(found, key=lambda item: str(item["SK"]))


def test_a_picture_counts_only_when_its_scan_has_a_result(world: EvidenceWorld) -> None:
    refund_id = world.ask_refund()
    given = world.begin(refund_id)
    name = world.put(given)
    world.tell(created(name))
    assert world.evidence(given.json["id"]).state is EvidenceState.UPLOADED
    assert world.refund(refund_id).evidence_at is None
    # An event that claims a result which the tag does not have is no result, and neither is a tag by itself.
    world.tell(world.scanned(name))
    assert world.evidence(given.json["id"]).state is EvidenceState.UPLOADED
    world.scan(name, Scan.CLEAN)
    world.tell(created(name))
    assert world.evidence(given.json["id"]).state is EvidenceState.UPLOADED


@pytest.mark.parametrize(("scan", "why"), [(Scan.INFECTED, Refusal.INFECTED), (Scan.UNSUPPORTED, Refusal.UNREADABLE)])
def test_a_refused_picture_is_deleted_and_its_owner_asked_for_another(
    world: EvidenceWorld, scan: Scan, why: Refusal
) -> None:
    refund_id = world.ask_refund()
    given = world.begin(refund_id)
    name = world.put(given)
    world.scan(name, scan)
    world.tell(world.scanned(name, scan))
    found = world.evidence(given.json["id"])
    assert (found.state, found.refusal) == (EvidenceState.REFUSED, why)
    assert world.bucket.look_at(name) is None
    assert world.refund(refund_id).evidence_at is None
    assert any("security check" in text for text in world.messages())
    # Leave to upload still holds: an object that comes now is deleted, too, and changes nothing.
    world.put(given)
    world.tell(created(name))
    assert world.bucket.look_at(name) is None
    listed = world.client().ask("GET", f"/v1/me/refunds/{refund_id}/evidence").json["evidence"]
    assert [(one["status"], one["refusal"]) for one in listed] == [("refused", why.value)]


def test_an_upload_that_broke_off_is_repeated_until_the_leave_ends(world: EvidenceWorld, clock: VirtualClock) -> None:
    given = world.begin(world.ask_refund())
    world.put(given)
    clock.advance(LINK_LIFE - timedelta(seconds=1))
    name = world.put(given)
    assert list(world.bucket.objects) == [name]
    clock.advance(timedelta(seconds=1))
    with pytest.raises(NotTaken):
        world.put(given)


def test_a_picture_that_replaces_a_clean_one_is_scanned_again(world: EvidenceWorld) -> None:
    refund_id = world.ask_refund()
    given = world.begin(refund_id)
    name = world.put(given)
    world.scan(name, Scan.CLEAN)
    world.tell(world.scanned(name))
    world.put(given, b"something else")
    world.tell(created(name))
    assert world.evidence(given.json["id"]).state is EvidenceState.UPLOADED
    world.scan(name, Scan.INFECTED)
    world.tell(world.scanned(name, Scan.INFECTED))
    assert world.evidence(given.json["id"]).state is EvidenceState.REFUSED


@pytest.mark.parametrize(
    ("own", "code"),
    [
        ({"content_type": "image/svg+xml"}, "evidence_type"),
        ({"content_type": "text/html"}, "evidence_type"),
        ({"size": BYTES_MAX + 1}, "evidence_too_large"),
        ({"size": 0}, "malformed_request"),
    ],
)
def test_other_files_are_refused_before_anything_is_written(
    world: EvidenceWorld, own: dict[str, Any], code: str
) -> None:
    refund_id = world.ask_refund()
    assert world.begin(refund_id, **own).code == code
    assert not [item for item in world.store.items(Table.HOTLINE) if "EVIDENCE" in f"{item['PK']} {item['SK']}"]


def test_the_largest_file_is_taken(world: EvidenceWorld) -> None:
    assert world.begin(world.ask_refund(), size=BYTES_MAX).status == 201


def test_a_refund_of_somebody_else_is_not_found(world: EvidenceWorld) -> None:
    refund_id = world.ask_refund()
    stranger = world.client(OTHER, sign_in="sid-2")
    assert world.begin(refund_id, stranger).status == 404
    assert stranger.ask("GET", f"/v1/me/refunds/{refund_id}/evidence").status == 404


def test_an_account_sends_so_many_pictures_a_day(world: EvidenceWorld, clock: VirtualClock) -> None:
    refund_id = world.ask_refund()
    answers = [world.begin(refund_id).status for _ in range(ASKED_PER_DAY_MAX + 1)]
    assert answers == [201] * ASKED_PER_DAY_MAX + [429]
    clock.advance(timedelta(hours=24, seconds=1))
    assert world.begin(refund_id).status == 201


def test_an_object_of_nobody_is_deleted_and_other_events_are_passed_over(world: EvidenceWorld) -> None:
    given = world.begin(world.ask_refund())
    name = world.put(given)
    stray = object_name("0" * 20)
    world.bucket.objects[stray] = world.bucket.objects[name]
    odd = [created("other/thing"), created(name, bucket="other"), {"source": "aws.s3"}, {}]
    assert world.tell(created(stray), *odd) == {"batchItemFailures": []}
    assert list(world.bucket.objects) == [name]

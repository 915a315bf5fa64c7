"""A refund in review that waits for a picture, its owner with a phone, and a bucket in memory."""

from __future__ import annotations

import json
import re
from datetime import timedelta
from typing import Any, Final

from functions.deadlines.work import work_off
from functions.evidence.batch import take_in
from hotline.evidence.items import asked_key, evidence_from, evidence_key
from hotline.evidence.model import Evidence
from hotline.evidence.service import AskForLink
from hotline.identity import service as identity
from hotline.kit.aws.buckets import Scan, Upload
from hotline.kit.store import Table
from hotline.refunds.items import refund_from
from hotline.refunds.model import Refund
from hotline.refunds.service import refund_key
from hotline_local.testing.memory_bucket import MemoryBucket
from hotline_local.testing.memory_store import MemoryStore
from tests.support.api_client import Answered, Client
from tests.support.api_world import ACCOUNT, PHONE, ApiWorld
from tests.support.customer_life import Nowhere
from tests.support.phone import Phone, words

BUCKET: Final = "pictures"
SCAN_SOURCE: Final = "aws.guardduty"
LINK: Final = re.compile(r"https://pages\.wallet\.example(/e/[0-9A-Z]{24})")
PICTURE: Final = b"\xff\xd8\xff\xe0 a picture"


class EvidenceWorld(ApiWorld):
    """The API world with a payment of a shop that approves nothing unseen, and events of the bucket."""

    def __init__(self, store: MemoryStore, clock: Any, **own: Any) -> None:
        super().__init__(store, clock, **own)
        self.pay("mov-1")

    @property
    def bucket(self) -> MemoryBucket:
        bucket = self.ctx.pictures
        assert isinstance(bucket, MemoryBucket)
        return bucket

    def ask_refund(self, client: Client | None = None) -> str:
        """The id of a refund that waits for a picture."""
        client = client or self.client()
        client.prove("refund")
        body = {"payment_id": "mov-1", "reason": "defective"}
        made = client.ask("POST", "/v1/me/refunds", body=body, headers={"Idempotency-Key": "key-of-the-refund"})
        assert (made.status, made.json["status"]) == (201, "in_review"), made
        return str(made.json["id"])

    def refund(self, refund_id: str) -> Refund:
        stored = self.store.get(refund_key(ACCOUNT, refund_id))
        assert stored is not None
        return refund_from(stored)

    def evidence(self, evidence_id: str) -> Evidence:
        stored = self.store.get(evidence_key(ACCOUNT, evidence_id))
        assert stored is not None
        return evidence_from(stored)

    def begin(self, refund_id: str, client: Client | None = None, **own: Any) -> Answered:
        """Ask the API for leave to upload."""
        body = {"content_type": "image/jpeg", "size": len(PICTURE)} | own
        return (client or self.client()).ask("POST", f"/v1/me/refunds/{refund_id}/evidence", body=body)

    def put(self, given: Answered, content: bytes = PICTURE) -> str:
        """Upload as the answer says; the key of the object."""
        upload = Upload(given.json["upload"]["url"], given.json["upload"]["fields"])
        self.bucket.post(upload, content)
        return upload.fields["key"]

    def scan(self, key: str, scan: Scan) -> None:
        """The scanner tags the object; its event is another thing."""
        self.bucket.set_scan(key, scan)

    def tell(self, *events: dict[str, Any]) -> dict[str, list[dict[str, str]]]:
        """Hand events to the function in one batch."""
        records = [{"messageId": f"m-{n}", "body": json.dumps(event)} for n, event in enumerate(events)]
        return take_in({"Records": records}, self.ctx, bucket=BUCKET, scan_source=SCAN_SOURCE)

    def scanned(self, key: str, scan: Scan = Scan.CLEAN) -> dict[str, Any]:
        """The scanner's event about the object that is there now."""
        found = self.bucket.look_at(key)
        return scanned(key, scan, etag=found.etag if found is not None else "gone")

    def send_clean(self, refund_id: str) -> str:
        """A picture from the app to the case; the id of the evidence."""
        given = self.begin(refund_id)
        assert given.status == 201, given
        key = self.put(given)
        self.scan(key, Scan.CLEAN)
        assert self.tell(created(key), self.scanned(key)) == {"batchItemFailures": []}
        return str(given.json["id"])

    def call_for_refund(self, movement: str = "mov-1", *, reason: str = "defective") -> dict[str, str]:
        """The owner calls for a refund of a payment that arrived broken, or for another reason. The answer, with its
        words as `said`."""
        phone = Phone(self.ctx, PHONE, f"contact-{movement}")
        phone.press("start")
        phone.prove(goal="refund")
        phone.press("payment_by_order", tail=f"{movement[-1]}0001")
        phone.press("refund_offer", choice="1")
        answer = phone.press("refund_request", choice="1", reason=reason)
        return {**answer, "said": words(answer)}

    def link(self) -> str:
        """The path of the page behind the link that the owner gets, by the refund's request or for it."""
        if self.store.get(asked_key(ACCOUNT)) is not None:
            return self.ask_again()
        self.call_for_refund()
        return self.newest_link()

    def ask_again(self) -> str:
        """The path in another link, for the refund that the last one was for."""
        now = self.clock.now()
        sign_in = identity.SignIn("session-again", ACCOUNT, now, trusted=False, expires_at=now + timedelta(hours=1))
        session = identity.open_app_session(self.ctx, sign_in)
        identity.perform(session, AskForLink(), identity.Turn("evidence_link"))
        return self.newest_link()

    def newest_link(self) -> str:
        found = [match[1] for text in self.messages() if (match := LINK.search(text))]
        assert found
        return found[-1]

    def work_off(self) -> None:
        """Deadlines at work, now."""
        work_off(self.ctx, self.clock.now(), {"message": Nowhere(), "bus": Nowhere()}, at_once=1)

    def messages(self) -> list[str]:
        """The texts of what goes out now."""
        post = self.postbox()
        post.work()
        return [sent.body for sent in post.sent]

    def kinds(self) -> list[str]:
        """The kinds of everything in the outbox."""
        return [entry["kind"] for entry in self.store.items(Table.OUTBOX)]


def created(key: str, *, bucket: str = BUCKET) -> dict[str, Any]:
    """The bucket's event about a new object."""
    detail = {
        "version": "0",
        "bucket": {"name": bucket},
        "object": {"key": key, "size": 12, "etag": "e", "sequencer": "1"},
    }
    return {"source": "aws.s3", "detail-type": "Object Created", "detail": {**detail, "reason": "PostObject"}}


def scanned(key: str, scan: Scan = Scan.CLEAN, *, etag: str, bucket: str = BUCKET) -> dict[str, Any]:
    """GuardDuty's event about the scan of an object."""
    named = {"bucketName": bucket, "objectKey": key, "eTag": etag, "versionId": ""}
    detail = {
        "schemaVersion": "1.0",
        "scanStatus": "COMPLETED",
        "resourceType": "S3_OBJECT",
        "s3ObjectDetails": {**named, "s3Throttled": False},
        "scanResultDetails": {"scanResultStatus": scan.value, "threats": None},
    }
    return {"source": SCAN_SOURCE, "detail-type": "GuardDuty Malware Protection Object Scan Result", "detail": detail}

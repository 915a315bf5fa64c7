"""A bucket in memory, held to the same tests as that of Amazon S3 (tests/kit)."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from hotline.kit.aws.buckets import DISPOSITION, Scan, StoredObject, Upload
from hotline.kit.clock import Clock, to_text


class NotTaken(Exception):
    """The bucket refused an upload: too late, too large, or not as it was signed."""


@dataclass(slots=True)
class MemoryBucket:
    """Objects by key. `clock` says when leave to upload ends."""

    clock: Clock
    name: str = "pictures"
    objects: dict[str, StoredObject] = field(default_factory=dict)
    types: dict[str, str] = field(default_factory=dict)
    _signed: dict[str, tuple[int, datetime]] = field(default_factory=dict)

    def find_origin(self) -> str:
        """See Bucket.find_origin."""
        return f"https://{self.name}.s3.example"

    def sign_upload(self, key: str, *, content_type: str, bytes_max: int, valid_for: timedelta) -> Upload:
        """See Bucket.sign_upload."""
        until = self.clock.now() + valid_for
        signature = hashlib.sha256(f"{key} {content_type} {bytes_max} {to_text(until)}".encode()).hexdigest()
        self._signed[signature] = (bytes_max, until)
        fields = {"key": key, "Content-Type": content_type, "Content-Disposition": DISPOSITION}
        return Upload(f"{self.find_origin()}/", {**fields, "x-amz-signature": signature})

    def post(self, upload: Upload, content: bytes) -> StoredObject:
        """Post the form as a browser does. Raises NotTaken."""
        bytes_max, until = self._signed[upload.fields["x-amz-signature"]]
        if self.clock.now() >= until or not 0 < len(content) <= bytes_max:
            raise NotTaken
        # As a bucket with a key of KMS does: equal content has another tag each time.
        count = len(self.objects)
        etag = hashlib.sha256(f"{to_text(self.clock.now())} {count}".encode() + content).hexdigest()[:32]
        stored = StoredObject(etag, len(content), None)
        self.objects[upload.fields["key"]] = stored
        self.types[upload.fields["key"]] = upload.fields["Content-Type"]
        return stored

    def set_scan(self, key: str, scan: Scan) -> None:
        """Tag the object as a scanner does."""
        self.objects[key] = replace(self.objects[key], scan=scan)

    def look_at(self, key: str) -> StoredObject | None:
        """See Bucket.look_at."""
        return self.objects.get(key)

    def sign_reading(self, key: str, *, file_name: str, valid_for: timedelta) -> str:
        """See Bucket.sign_reading."""
        until = to_text(self.clock.now() + valid_for)
        return f"{self.find_origin()}/{key}?name={file_name}&until={until}"

    def delete(self, key: str) -> None:
        """See Bucket.delete."""
        self.objects.pop(key, None)

"""A bucket for what customers send: leave to upload one object, what is known of it, leave to read it, its end.

The rooms take a `Bucket`; `S3Bucket` is one of Amazon S3. Nothing of an object passes through here: browsers upload and
read by signed requests. The SDK is imported when the first client is asked for.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from functools import cached_property
from typing import TYPE_CHECKING, Final, Protocol
from urllib.parse import urlsplit

from hotline.kit.config import has_local_services, patience_s
from hotline.kit.errors import KitError, Unavailable

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

TIMEOUT_S: Final = 2.0
ATTEMPTS: Final = 2
DISPOSITION: Final = "attachment"
"""A browser stores such an object and never shows it as a page of the bucket's origin."""
PENDING_TAG: Final = "scan"
PENDING: Final = "pending"
SCAN_TAG: Final = "GuardDutyMalwareScanStatus"
"""The tag that GuardDuty Malware Protection for S3 sets on an object that it has scanned."""
_TAGGING: Final = f"<Tagging><TagSet><Tag><Key>{PENDING_TAG}</Key><Value>{PENDING}</Value></Tag></TagSet></Tagging>"
_GONE: Final = frozenset({"NoSuchKey", "404"})


class Scan(StrEnum):
    """The result of a malware scan, in the words of GuardDuty. Only the first three are about the object; after the
    others it has not been looked at."""

    CLEAN = "NO_THREATS_FOUND"
    INFECTED = "THREATS_FOUND"
    UNSUPPORTED = "UNSUPPORTED"
    ACCESS_DENIED = "ACCESS_DENIED"
    FAILED = "FAILED"


@dataclass(frozen=True, slots=True)
class Upload:
    """A form to be posted: where to, and its fields before the file."""

    url: str
    fields: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class StoredObject:
    """The present object under a key. `scan` is None while its scan has no result."""

    etag: str
    bytes_long: int
    scan: Scan | None


class Bucket(Protocol):
    """A place that keeps objects. Each method raises Unavailable when the bucket does not answer."""

    @property
    def name(self) -> str: ...

    def find_origin(self) -> str:
        """The origin (RFC 6454) that uploads go to."""
        ...

    def sign_upload(self, key: str, *, content_type: str, bytes_max: int, valid_for: timedelta) -> Upload:
        """Leave to post one object of exactly this type, of at most so many bytes, under exactly this key. It may be
        used again while it is valid: the next upload replaces the object."""
        ...

    def look_at(self, key: str) -> StoredObject | None:
        """The object under a key as it is now; None where there is none."""
        ...

    def sign_reading(self, key: str, *, file_name: str, valid_for: timedelta) -> str:
        """The address by which anybody who has it may read the object as a file with this name."""
        ...

    def delete(self, key: str) -> None:
        """Delete the object, if there is one."""
        ...


@dataclass
class S3Bucket:
    """A bucket of Amazon S3, by its name."""

    name: str

    @cached_property
    def _client(self) -> S3Client:
        import boto3
        from botocore.config import Config

        config = Config(
            connect_timeout=TIMEOUT_S,
            read_timeout=patience_s(TIMEOUT_S),
            retries={"mode": "standard", "total_max_attempts": ATTEMPTS},
            signature_version="s3v4",
            # The bucket's own name in its own Region: a policy of the page names exactly this origin. Where the
            # services run on the machine of a developer, there are no such names.
            s3={"addressing_style": "path" if has_local_services() else "virtual"},
        )
        return boto3.client("s3", config=config)

    def find_origin(self) -> str:
        """See Bucket.find_origin."""
        form = self.sign_upload("-", content_type="-", bytes_max=1, valid_for=timedelta(seconds=1))
        address = urlsplit(form.url)
        return f"{address.scheme}://{address.netloc}"

    def sign_upload(self, key: str, *, content_type: str, bytes_max: int, valid_for: timedelta) -> Upload:
        """See Bucket.sign_upload."""
        fields = {"Content-Type": content_type, "Content-Disposition": DISPOSITION, "tagging": _TAGGING}
        conditions: list[object] = [{name: value} for name, value in fields.items()]
        conditions.append(["content-length-range", 1, bytes_max])
        signed = self._client.generate_presigned_post(
            self.name, key, Fields=fields, Conditions=conditions, ExpiresIn=max(1, int(valid_for.total_seconds()))
        )
        return Upload(signed["url"], signed["fields"])

    def look_at(self, key: str) -> StoredObject | None:
        """See Bucket.look_at. Neither request reads the object itself, so that its reader needs no right to."""
        from botocore.exceptions import BotoCoreError, ClientError

        try:
            listed = self._client.list_objects_v2(Bucket=self.name, Prefix=key, MaxKeys=1).get("Contents", [])
            if not listed or listed[0].get("Key") != key:
                return None
            tags = self._client.get_object_tagging(Bucket=self.name, Key=key)["TagSet"]
        except ClientError as error:
            if error.response["Error"]["Code"] in _GONE:
                return None
            raise Unavailable(KitError.BUCKET_UNAVAILABLE) from None
        except BotoCoreError:
            raise Unavailable(KitError.BUCKET_UNAVAILABLE) from None
        word = next((tag["Value"] for tag in tags if tag["Key"] == SCAN_TAG), None)
        scan = Scan(word) if word in list(Scan) else None
        return StoredObject(listed[0]["ETag"].strip('"'), listed[0]["Size"], scan)

    def sign_reading(self, key: str, *, file_name: str, valid_for: timedelta) -> str:
        """See Bucket.sign_reading."""
        params = {
            "Bucket": self.name,
            "Key": key,
            "ResponseContentDisposition": f'{DISPOSITION}; filename="{file_name}"',
        }
        return self._client.generate_presigned_url(
            "get_object", Params=params, ExpiresIn=max(1, int(valid_for.total_seconds()))
        )

    def delete(self, key: str) -> None:
        """See Bucket.delete."""
        from botocore.exceptions import BotoCoreError, ClientError

        try:
            self._client.delete_object(Bucket=self.name, Key=key)
        except (ClientError, BotoCoreError):
            raise Unavailable(KitError.BUCKET_UNAVAILABLE) from None

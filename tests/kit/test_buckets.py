"""The bucket of Amazon S3, on moto, and the one in memory that stands for it: both pass the same tests."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import parse_qs, unquote, urlsplit

import boto3
import pytest
import requests
from moto import mock_aws

from hotline.kit.aws.buckets import DISPOSITION, PENDING, PENDING_TAG, SCAN_TAG, Bucket, S3Bucket, Scan, Upload
from hotline.kit.errors import Unavailable
from hotline_local.testing.memory_bucket import MemoryBucket
from hotline_local.testing.virtual_clock import VirtualClock
from tests.support.facts import NOON

if TYPE_CHECKING:
    from mypy_boto3_s3.type_defs import TagTypeDef

NAME: Final = "pictures"
KEY: Final = "evidence/0123456789abcdef0123"
PICTURE: Final = b"\xff\xd8\xff\xe0 a picture"
LIFE: Final = timedelta(minutes=15)


@dataclass(frozen=True, slots=True)
class Held:
    """A bucket with the two things that others do to it: a browser uploads, and a scanner tags."""

    bucket: Bucket
    post: Callable[[Upload, bytes], None]
    tag: Callable[[str, Scan], None]


def in_memory() -> Iterator[Held]:
    bucket = MemoryBucket(VirtualClock(NOON), NAME)

    def post(upload: Upload, content: bytes) -> None:
        bucket.post(upload, content)

    yield Held(bucket, post, bucket.set_scan)


def on_moto() -> Iterator[Held]:
    with mock_aws():
        s3 = boto3.client("s3")
        s3.create_bucket(Bucket=NAME, CreateBucketConfiguration={"LocationConstraint": "eu-central-1"})

        def post(upload: Upload, content: bytes) -> None:
            given = requests.post(upload.url, data=upload.fields, files={"file": content}, timeout=5)
            assert given.ok, given.text
            # moto reads no `tagging` of a form and keeps the tags of the object that was replaced; Amazon S3 does not.
            s3.delete_object_tagging(Bucket=NAME, Key=upload.fields["key"])

        def tag(key: str, scan: Scan) -> None:
            tags: list[TagTypeDef] = [
                {"Key": PENDING_TAG, "Value": PENDING},
                {"Key": SCAN_TAG, "Value": scan.value},
            ]
            s3.put_object_tagging(Bucket=NAME, Key=key, Tagging={"TagSet": tags})

        yield Held(S3Bucket(NAME), post, tag)


@pytest.fixture(params=[in_memory, on_moto], ids=["memory", "moto"])
def held(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[Held]:
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-central-1")
    yield from request.param()


def upload(held: Held, key: str = KEY, content: bytes = PICTURE) -> Upload:
    given = held.bucket.sign_upload(key, content_type="image/jpeg", bytes_max=1000, valid_for=LIFE)
    held.post(given, content)
    return given


def test_an_object_is_known_once_it_was_uploaded_and_its_scan_once_it_is_tagged(held: Held) -> None:
    assert held.bucket.look_at(KEY) is None
    upload(held)
    found = held.bucket.look_at(KEY)
    assert found is not None
    assert (found.bytes_long, found.scan) == (len(PICTURE), None)
    assert found.etag.isalnum()
    for scan in Scan:
        held.tag(KEY, scan)
        assert held.bucket.look_at(KEY) == type(found)(found.etag, found.bytes_long, scan)


def test_the_next_upload_replaces_the_object_and_its_scan(held: Held) -> None:
    given = upload(held)
    held.tag(KEY, Scan.CLEAN)
    before = held.bucket.look_at(KEY)
    held.post(given, PICTURE + b" another")
    after = held.bucket.look_at(KEY)
    assert before is not None
    assert after is not None
    assert (after.bytes_long, after.scan) == (len(PICTURE) + len(b" another"), None)
    assert after.etag != before.etag


def test_an_object_is_found_by_its_whole_key_alone(held: Held) -> None:
    upload(held, KEY + "0")
    assert held.bucket.look_at(KEY) is None


def test_a_deleted_object_is_gone_and_may_be_deleted_again(held: Held) -> None:
    upload(held)
    held.bucket.delete(KEY)
    assert held.bucket.look_at(KEY) is None
    held.bucket.delete(KEY)


def test_the_form_and_the_address_name_the_key_the_type_and_a_file(held: Held) -> None:
    given = upload(held)
    assert urlsplit(given.url)._replace(path="", query="", fragment="").geturl() == held.bucket.find_origin()
    assert {
        "key": KEY,
        "Content-Type": "image/jpeg",
        "Content-Disposition": DISPOSITION,
    }.items() <= given.fields.items()
    address = held.bucket.sign_reading(KEY, file_name="a-picture.jpeg", valid_for=LIFE)
    assert address.startswith(held.bucket.find_origin())
    assert KEY in urlsplit(address).path
    assert "a-picture.jpeg" in unquote(address)


@pytest.fixture
def s3(monkeypatch: pytest.MonkeyPatch) -> S3Bucket:
    """A bucket whose requests go nowhere: it signs alone."""
    for name, value in {"DEFAULT_REGION": "eu-central-1", "ACCESS_KEY_ID": "id", "SECRET_ACCESS_KEY": "key"}.items():
        monkeypatch.setenv(f"AWS_{name}", value)
    return S3Bucket(NAME)


def conditions_of(given: Upload) -> list[Any]:
    policy: Mapping[str, Any] = json.loads(base64.b64decode(given.fields["policy"]))
    return list(policy["conditions"])


def test_amazon_s3_is_told_to_take_one_object_of_this_type_and_size_and_no_other(s3: S3Bucket) -> None:
    given = s3.sign_upload(KEY, content_type="image/jpeg", bytes_max=1000, valid_for=LIFE)
    wanted = [
        {"bucket": NAME},
        {"key": KEY},
        {"Content-Type": "image/jpeg"},
        {"Content-Disposition": DISPOSITION},
        ["content-length-range", 1, 1000],
    ]
    assert [one for one in wanted if one not in conditions_of(given)] == []
    (tagging,) = [one["tagging"] for one in conditions_of(given) if "tagging" in one]
    assert f"<Key>{PENDING_TAG}</Key><Value>{PENDING}</Value>" in tagging


def test_leave_to_read_is_for_a_file_and_ends(s3: S3Bucket) -> None:
    asked = parse_qs(urlsplit(s3.sign_reading(KEY, file_name="a.jpeg", valid_for=timedelta(seconds=60))).query)
    assert asked["X-Amz-Expires"] == ["60"]
    assert asked["response-content-disposition"] == ['attachment; filename="a.jpeg"']


def test_a_bucket_that_does_not_answer_is_unavailable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-central-1")
    with mock_aws():
        nowhere = S3Bucket("no-such-bucket")
        with pytest.raises(Unavailable):
            nowhere.look_at(KEY)
        with pytest.raises(Unavailable):
            nowhere.delete(KEY)

"""Objects of Amazon S3, on moto, and the ones in memory that stand for them: both pass the same tests."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import boto3
import pytest
from moto import mock_aws

from hotline.kit.aws.objects import Objects, S3Objects
from hotline.kit.errors import Unavailable
from hotline_local.testing.memory_objects import MemoryObjects


@pytest.fixture(params=["memory", "moto"])
def objects(request: pytest.FixtureRequest) -> Iterator[Objects]:
    if request.param == "memory":
        yield MemoryObjects()
        return
    with mock_aws():
        where = {"LocationConstraint": "eu-central-1"}
        boto3.client("s3").create_bucket(Bucket="histories", CreateBucketConfiguration=where)  # type: ignore[arg-type]
        yield S3Objects("histories")


def test_keys_are_listed_by_prefix_and_in_order(objects: Objects) -> None:
    for key in ("b/2", "a/1", "b/1", "b"):
        objects.write(key, b"x")
    assert list(objects.list_keys("b/")) == ["b/1", "b/2"]
    assert list(objects.list_keys("c")) == []


def test_an_object_is_read_as_it_was_written_last(objects: Objects) -> None:
    assert objects.read("a") is None
    objects.write("a", b"one")
    objects.write("a", b"two")
    assert objects.read("a") == b"two"


def test_files_come_and_go_whole(objects: Objects, tmp_path: Path) -> None:
    file, copy = tmp_path / "file", tmp_path / "copy"
    file.write_bytes(bytes(range(256)) * 10_000)
    objects.keep(file, "a")
    assert objects.fetch("a", copy)
    assert copy.read_bytes() == file.read_bytes()
    assert not objects.fetch("b", tmp_path / "none")
    assert not (tmp_path / "none").exists()


def test_more_keys_than_a_page_are_listed(objects: Objects) -> None:
    keys = [f"many/{number:04d}" for number in range(1_001)]
    for key in keys:
        objects.write(key, b"")
    assert list(objects.list_keys("many/")) == keys


def test_a_bucket_that_refuses_is_unavailable(tmp_path: Path) -> None:
    with mock_aws():
        objects = S3Objects("absent")
        (tmp_path / "file").touch()
        with pytest.raises(Unavailable):
            objects.write("a", b"")
        with pytest.raises(Unavailable):
            objects.keep(tmp_path / "file", "a")
        with pytest.raises(Unavailable):
            list(objects.list_keys(""))

"""A store of files as objects under keys: what a run over many files reads and writes.

The rooms take `Objects`; `S3Objects` is a bucket of Amazon S3. Large objects go through files, never through memory.
The SDK is imported when the first client is asked for.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Final, Protocol

from hotline.kit.errors import KitError, Unavailable

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

TIMEOUT_S: Final = 10.0
ATTEMPTS: Final = 5
CHUNK_BYTES: Final = 1024 * 1024
_GONE: Final = frozenset({"NoSuchKey", "404"})


class Objects(Protocol):
    """Objects by key. Each method raises Unavailable when the store does not answer."""

    def list_keys(self, prefix: str) -> Iterator[str]:
        """The keys that begin with the prefix, in order."""
        ...

    def read(self, key: str) -> bytes | None:
        """A small object; None where there is none."""
        ...

    def write(self, key: str, content: bytes) -> None:
        """Write a small object, over what is there."""
        ...

    def fetch(self, key: str, file: Path) -> bool:
        """Copy an object into a file; False where there is none."""
        ...

    def keep(self, file: Path, key: str) -> None:
        """Copy a file into an object, over what is there. At most 5 GB."""
        ...


@dataclass
class S3Objects:
    """A bucket of Amazon S3, by its name."""

    bucket: str

    @cached_property
    def _client(self) -> S3Client:
        import boto3
        from botocore.config import Config

        from hotline.kit.config import has_local_services

        config = Config(
            connect_timeout=TIMEOUT_S,
            read_timeout=TIMEOUT_S,
            retries={"mode": "standard", "total_max_attempts": ATTEMPTS},
            s3={"addressing_style": "path" if has_local_services() else "virtual"},
        )
        return boto3.client("s3", config=config)

    def list_keys(self, prefix: str) -> Iterator[str]:
        """See Objects.list_keys."""
        pages = self._client.get_paginator("list_objects_v2").paginate(Bucket=self.bucket, Prefix=prefix)
        keys = _ask(lambda: [one["Key"] for page in pages for one in page.get("Contents", [])])
        return iter(keys or ())

    def read(self, key: str) -> bytes | None:
        """See Objects.read."""
        return _ask(lambda: self._read(key))

    def write(self, key: str, content: bytes) -> None:
        """See Objects.write."""
        _ask(lambda: self._client.put_object(Bucket=self.bucket, Key=key, Body=content))

    def fetch(self, key: str, file: Path) -> bool:
        """See Objects.fetch."""
        return _ask(lambda: self._fetch(key, file)) is not None

    def keep(self, file: Path, key: str) -> None:
        """See Objects.keep."""
        with file.open("rb") as content:
            _ask(lambda: self._client.put_object(Bucket=self.bucket, Key=key, Body=content))

    def _read(self, key: str) -> bytes:
        return self._client.get_object(Bucket=self.bucket, Key=key)["Body"].read()

    def _fetch(self, key: str, file: Path) -> bool:
        body = self._client.get_object(Bucket=self.bucket, Key=key)["Body"]
        with file.open("wb") as content:
            for chunk in body.iter_chunks(CHUNK_BYTES):
                content.write(chunk)
        return True


def _ask[Answer](request: Callable[[], Answer]) -> Answer | None:
    """The answer of the store; None where it has no such object. Raises Unavailable."""
    from botocore.exceptions import BotoCoreError, ClientError

    try:
        return request()
    except ClientError as error:
        if error.response["Error"]["Code"] in _GONE:
            return None
        raise Unavailable(KitError.BUCKET_UNAVAILABLE) from None
    except BotoCoreError:
        raise Unavailable(KitError.BUCKET_UNAVAILABLE) from None

"""Objects in memory, held to the same tests as a bucket of Amazon S3 (tests/kit)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path


@dataclass(slots=True)
class MemoryObjects:
    """Contents by key."""

    contents: dict[str, bytes] = field(default_factory=dict)

    def list_keys(self, prefix: str) -> Iterator[str]:
        """See Objects.list_keys."""
        return iter(sorted(key for key in self.contents if key.startswith(prefix)))

    def read(self, key: str) -> bytes | None:
        """See Objects.read."""
        return self.contents.get(key)

    def write(self, key: str, content: bytes) -> None:
        """See Objects.write."""
        self.contents[key] = content

    def fetch(self, key: str, file: Path) -> bool:
        """See Objects.fetch."""
        content = self.contents.get(key)
        if content is not None:
            file.write_bytes(content)
        return content is not None

    def keep(self, file: Path, key: str) -> None:
        """See Objects.keep."""
        self.contents[key] = file.read_bytes()

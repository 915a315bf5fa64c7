"""A store in which something happens while somebody works with it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from hotline.kit.store import Key, Page, Put, Query, Update, Write
from hotline.kit.store.condition import Item
from tests.support.stores import AnyStore


@dataclass
class Interrupted:
    """A store in which something happens between what is read and what is written, once."""

    store: AnyStore
    meanwhile: Callable[[], object] | None

    def get(self, key: Key) -> Item | None:
        return self.store.get(key)

    def batch_get(self, keys: Sequence[Key]) -> dict[Key, Item]:
        return self.store.batch_get(keys)

    def query(self, query: Query) -> Page:
        return self.store.query(query)

    def write_alone(self, write: Put | Update) -> Item:
        return self.store.write_alone(write)

    def put_all(self, puts: Sequence[Put]) -> None:
        self.store.put_all(puts)

    def transact(self, writes: Sequence[Write], *, token: str) -> None:
        meanwhile, self.meanwhile = self.meanwhile, None
        if meanwhile is not None:
            meanwhile()
        self.store.transact(writes, token=token)

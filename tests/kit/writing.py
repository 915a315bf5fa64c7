"""Short hands for the contract suite: keys, tokens and writes that the tests share."""

from itertools import count
from typing import Any, Final

from hotline.kit.store import Key, Put, Store, Table, Write, hotline_key
from hotline.kit.store.condition import Item

KEY: Final = hotline_key("ACCOUNT#1", "#PROFILE")
OTHER: Final = hotline_key("ACCOUNT#1", "#LOCK")
ENTRY: Final = Key(Table.OUTBOX, "OUT#1")
_tokens = count()


def token() -> str:
    """A token that no other call of this process has."""
    return f"token-{next(_tokens)}"


def write(store: Store, *writes: Write) -> None:
    """One transaction with a token of its own."""
    store.transact(writes, token=token())


def put(store: Store, key: Key = KEY, **attributes: Any) -> Item:
    """Put an item without a condition; returns it as it is then stored."""
    write(store, Put(key, attributes))
    return {**attributes, **key.attributes()}

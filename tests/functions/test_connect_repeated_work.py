"""The beginning of a call works nothing out twice."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any, Final

import phonenumbers
import pytest

from hotline.accounts import phones
from hotline.contracts.model import PointKind
from hotline.kit.doors import Context
from hotline.kit.keyring import Keyring
from hotline_local.testing.memory_store import MemoryStore
from hotline_local.testing.virtual_clock import VirtualClock
from tests.support.phone import Phone, context, give
from tests.support.phone import opened as account_opened

NUMBER: Final = "+8613800000001"
EMAIL: Final = "one@customer.example"


@pytest.fixture
def ctx(store: MemoryStore, clock: VirtualClock) -> Context:
    made = context(store, clock)
    points = ((PointKind.PHONE, NUMBER), (PointKind.EMAIL, EMAIL))
    give(made, [account_opened("acct-1", *points, at=clock.now() - timedelta(days=400))])
    return made


def recorded(monkeypatch: pytest.MonkeyPatch, owner: Any, name: str) -> list[tuple[Any, ...]]:
    """The arguments of a function from now on, call by call."""
    calls: list[tuple[Any, ...]] = []
    run: Callable[..., Any] = getattr(owner, name)

    def record(*given: Any) -> Any:
        calls.append(given)
        return run(*given)

    monkeypatch.setattr(owner, name, record)
    return calls


def test_a_start_parses_its_callers_number_once(ctx: Context, monkeypatch: pytest.MonkeyPatch) -> None:
    phones._parse.cache_clear()
    parsed = recorded(monkeypatch, phonenumbers, "parse")
    assert Phone(ctx, NUMBER).press("start")["outcome"] == "KNOWN"
    assert [text for text, *_ in parsed] == [NUMBER]


def test_no_hash_is_made_twice_in_a_start(ctx: Context, monkeypatch: pytest.MonkeyPatch) -> None:
    hashed = recorded(monkeypatch, Keyring, "mac")
    assert Phone(ctx, NUMBER).press("start")["outcome"] == "KNOWN"
    texts = [tuple(parts) for _, *parts in hashed]
    assert len(texts) == len(set(texts)) > 0
    assert not [parts for parts in texts if EMAIL in parts], "the profile holds the key of its e-mail address"

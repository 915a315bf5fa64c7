"""The wallet's word that a movement was fraud, or was none, finds who got the money also where it names nobody."""

from __future__ import annotations

import json
from itertools import permutations
from typing import Any, Final

import pytest

from functions.wallet_events.batch import take_in
from hotline.backtest.lines import read_line
from hotline.backtest.reader import Reader
from hotline.kit.doors import Context
from hotline.kit.store import Table
from hotline.security.detectors import Stream
from hotline.security.streams import SHORT_CHARACTERS
from hotline_local.testing.memory_store import MemoryStore
from tests.support.facts import event, sqs_of
from tests.support.intake_context import context, items

TEA_HOUSE: Final = {"id": "mer_1", "name": "Tea House"}
NOBODY: Final = {"counterparty": None, "merchant_id": None}
PAID: Final = {"merchant": None, "counterparty": "Payee Ltd", "counterparty_account": None}
LABELS: Final = {
    "a fraud": ("transaction.confirmed_fraud", {}),
    "a fraud that was none": ("transaction.confirmed_fraud", {"retracted": True}),
    "a dispute that the customer wins": ("dispute.decided", {"decided_for": "customer"}),
    "a dispute that the merchant wins": ("dispute.decided", {"decided_for": "merchant"}),
}
EACH_LABEL: Final = pytest.mark.parametrize(("type_name", "data"), LABELS.values(), ids=LABELS)
ENDS: Final = pytest.mark.parametrize(
    ("type_name", "data"), [one for name, one in LABELS.items() if "none" in name or "merchant" in name]
)


def moved(type_name: str = "transfer.succeeded", *, at: str = "10:00", **data: Any) -> dict[str, Any]:
    content = {name: value for name, value in (PAID | data).items() if value is not None}
    one = event(type_name, id=f"{type_name}-{at}", time=f"2026-11-23T{at}:00.000Z")
    kept = {name: value for name, value in one["data"].items() if name not in PAID}
    return one | {"data": kept | content}


def label(type_name: str, data: dict[str, Any], **named: str) -> dict[str, Any]:
    one = event(type_name, data, time="2026-11-23T11:00:00.000Z")
    return one | {"data": {name: value for name, value in one["data"].items() if name not in NOBODY} | named}


def parties(ctx: Context) -> list[str]:
    """The subjects for which the rows of the scan have a word about a movement, each by its hash."""
    rows = items(ctx, Table.ACTIVITY).values()
    return sorted(row["subject"] for row in rows if row["PK"].startswith("PTY#") and "amount_minor" not in row)


def hashes(ctx: Context, *names: str) -> list[str]:
    ring = ctx.lookup_ring
    return sorted(ring.mac_text(ring.current, "party", name)[:SHORT_CHARACTERS] for name in names)


def parties_in_backtest(*told: dict[str, Any]) -> list[str]:
    reader = Reader()
    pairs = [pair for one in told for pair in reader.split(read_line(json.dumps(one).encode()))]
    return [subject for stream, subject, one in pairs if stream is Stream.PARTY and "amount_minor" not in one.values]


@EACH_LABEL
@pytest.mark.parametrize("at_once", [True, False])
def test_a_word_without_a_payee_takes_that_of_its_movement(
    type_name: str, data: dict[str, Any], *, at_once: bool
) -> None:
    ctx, told = context(), (moved(), label(type_name, data))
    for sent in [told] if at_once else [told[:1], told[1:]]:
        assert take_in(sqs_of(sent), ctx) == {"batchItemFailures": []}
    assert parties(ctx) == hashes(ctx, "Payee Ltd")
    assert parties_in_backtest(*told) == ["Payee Ltd"]


@pytest.mark.parametrize(
    ("paid", "party"),
    [
        ({"merchant": TEA_HOUSE, "counterparty": None}, "mer_1"),
        ({"counterparty": None, "counterparty_account": "acc_9"}, "acc_9"),
        ({"counterparty_account": "acc_9"}, "acc_9"),
        ({"merchant": TEA_HOUSE}, "Payee Ltd"),
        ({"merchant": TEA_HOUSE, "counterparty_account": "acc_9"}, "acc_9"),
        ({"type_name": "withdrawal.succeeded", "merchant": TEA_HOUSE}, "Payee Ltd"),
        ({"type_name": "payment.succeeded", "merchant": TEA_HOUSE, "counterparty_account": "acc_9"}, "mer_1"),
    ],
    ids=["a merchant", "an account", "an account and its name", "a transfer beside a merchant",
         "a transfer to an account beside a merchant", "cash beside a merchant", "a payment at a merchant"],
)  # fmt: skip
@pytest.mark.parametrize("named", [{}, {"counterparty": "Payee Ltd"}], ids=["no name", "the name"])
def test_the_payee_is_whom_the_rows_of_the_movement_have(
    paid: dict[str, Any], party: str, named: dict[str, str]
) -> None:
    ctx, told = context(), (moved(**paid), label("transaction.confirmed_fraud", {}, **named))
    take_in(sqs_of(told), ctx)
    rows = [row for row in items(ctx, Table.ACTIVITY).values() if row["PK"].startswith("PTY#")]
    assert {row["subject"] for row in rows} == set(hashes(ctx, party))
    assert parties(ctx) == hashes(ctx, party)
    assert parties_in_backtest(*told) == [party]


@pytest.mark.parametrize(
    "one",
    [
        moved("top_up.succeeded"),
        moved(direction="in"),
        moved(counterparty=None),
        moved(movement_id="mov_2"),
    ],
    ids=["a top-up", "money that came in", "no payee named", "another movement"],
)
def test_a_word_about_a_movement_without_a_known_payee_is_of_the_account_alone(one: dict[str, Any]) -> None:
    ctx, told = context(), (one, label("transaction.confirmed_fraud", {}))
    take_in(sqs_of(told), ctx)
    assert parties(ctx) == parties_in_backtest(*told) == []


@pytest.mark.parametrize(
    ("named", "party"),
    [
        ({"merchant_id": "mer_7"}, "mer_7"),
        ({"counterparty": "Other Ltd"}, "Payee Ltd"),
        ({"merchant_id": "mer_7", "counterparty": "Other Ltd"}, "Payee Ltd"),
        ({"counterparty": "Other Ltd", "movement_id": "mov_2"}, "Other Ltd"),
    ],
)
def test_a_label_is_for_a_merchant_alone_else_for_the_payee_of_its_movement(named: dict[str, str], party: str) -> None:
    """A name may be that of several people, and the number of a merchant is that of one."""
    ctx, told = context(), (moved(), label("transaction.confirmed_fraud", {}, **named))
    take_in(sqs_of(told), ctx)
    assert parties(ctx) == hashes(ctx, party)
    assert parties_in_backtest(*told) == [party]


@ENDS
def test_the_end_of_a_label_reaches_each_party_that_the_label_may_be_for(type_name: str, data: dict[str, Any]) -> None:
    named = {"merchant_id": "mer_7", "counterparty": "Other Ltd"}
    ctx, told = context(), (moved(), label(type_name, data, **named))
    # All in one shard, where the rows of one fact must not take each other's place.
    take_in(sqs_of(told), ctx, shards=1)
    assert parties(ctx) == hashes(ctx, "mer_7", "Other Ltd", "Payee Ltd")
    assert parties_in_backtest(*told) == ["mer_7", "Other Ltd", "Payee Ltd"]


@pytest.mark.parametrize("order", permutations(range(3)))
def test_the_payee_is_the_one_that_was_named_last_in_any_order(order: tuple[int, ...]) -> None:
    told = [
        moved("transfer.authorised", at="10:00", version=1, counterparty="First Ltd"),
        moved("transfer.unknown", at="10:01", version=2),
        moved("transfer.succeeded", at="10:02", version=3, counterparty=None),
    ]
    ctx = context()
    for place in order:
        take_in(sqs_of([told[place]]), ctx)
    take_in(sqs_of([label("transaction.confirmed_fraud", {})]), ctx)
    assert parties(ctx) == hashes(ctx, "Payee Ltd")


def test_a_movement_is_looked_up_only_for_words_that_may_need_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """One read for all such words of a batch, beside those of their facts."""

    def count_reads(*told: dict[str, Any]) -> int:
        ctx, reads = context(), 0
        store = ctx.store
        assert isinstance(store, MemoryStore)
        usual = store.batch_get

        def counted(*given: Any, **named: Any) -> Any:
            nonlocal reads
            reads += 1
            return usual(*given, **named)

        with monkeypatch.context() as patched:
            patched.setattr(store, "batch_get", counted)
            take_in(sqs_of(told), ctx)
        return reads

    named = [label("transaction.confirmed_fraud", {}, merchant_id="mer_7") | {"id": f"label-{n}"} for n in "12"]
    unnamed = [label("transaction.confirmed_fraud", {}) | {"id": f"label-{n}"} for n in "12"]
    assert count_reads(moved(), *unnamed) == count_reads(moved(), *named) + 1

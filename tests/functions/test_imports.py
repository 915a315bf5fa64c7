"""The copy of an existing wallet through the function: event files, refusals, trouble, and live facts beside it."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any, Final

from functions.imports.batch import take_in
from functions.wallet_events.batch import take_in as take_in_live
from hotline.accounts import service as accounts
from hotline.kit.clock import to_text
from hotline.kit.errors import Unavailable
from hotline.kit.store import Table
from hotline_local.testing.memory_store import MemoryStore
from tests.support.facts import ACCOUNT, NOON, event, sqs_of
from tests.support.faults import once
from tests.support.intake_context import context, items
from tests.support.sweeps import sweep

EVENTS: Final = Path(__file__).resolve().parents[2] / "events/imports"
IMPORT: Final = "import-1"


@dataclass(slots=True)
class Refusals:
    """The queue of refusals, in memory; `broken` for one that takes nothing."""

    bodies: list[dict[str, Any]] = field(default_factory=list)
    broken: bool = False

    def send(self, bodies: Sequence[str]) -> None:
        if self.broken:
            raise Unavailable
        self.bodies += [json.loads(body) for body in bodies]


def messages_of(*messages: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """A batch of the import queue; the lines of all messages are numbered from 1."""
    numbered = iter(range(1, 1 + sum(len(facts) for facts in messages)))
    bodies = [
        json.dumps({"import_id": IMPORT, "lines": [{"line": next(numbered), "fact": fact} for fact in facts]})
        for facts in messages
    ]
    return {"Records": [{"messageId": f"m{place}", "body": body} for place, body in enumerate(bodies)]}


def failed(answer: Mapping[str, Sequence[Mapping[str, str]]]) -> list[str]:
    return [one["itemIdentifier"] for one in answer["batchItemFailures"]]


@sweep("name", sorted(path.stem for path in EVENTS.glob("*.json")))
def test_every_event_file_is_answered_as_its_name_says(name: str) -> None:
    ctx, refusals = context(), Refusals()
    answer = take_in(json.loads((EVENTS / f"{name}.json").read_text(encoding="utf-8")), ctx, refusals)
    assert (failed(answer), len(refusals.bodies)) == {
        "two_accounts": ([], 0),
        "told_over_time": ([], 0),
        "bad_among_good": ([], 2),
        "bad_form": (["4d1d5b0e-0b52-4a6a-9d5e-1f5f0c7d2c11"], 0),
    }[name]


def test_a_copy_is_the_state_that_live_facts_make_without_what_only_live_facts_bring() -> None:
    facts = [event("account.opened"), event("payment.failed"), event("funds.balance_changed"), event("bill.issued")]
    live, copied = context(), context()
    take_in_live(sqs_of(facts), live)
    assert failed(take_in(messages_of(facts), copied, Refusals())) == []
    assert accounts.feed_key().pk in {key.split()[0] for key in items(live)}
    without_feed = {key: item for key, item in items(live).items() if not key.startswith(accounts.feed_key().pk)}
    plain = {key: {name: value for name, value in item.items() if name != "id"} for key, item in without_feed.items()}
    assert plain.keys() == items(copied).keys()
    assert items(copied, Table.ACTIVITY) == {}


def test_no_live_fact_is_undone_by_an_older_copy_and_the_order_makes_no_difference() -> None:
    older = event("payment.failed", {"version": 1})
    newer = {
        **event("payment.succeeded", {"version": 2}),
        "id": "evt-newer",
        "time": to_text(NOON - timedelta(minutes=1)),
    }
    states = []
    for steps in ((older, newer), (newer, older)):
        ctx = context()
        for fact in steps:
            if fact is older:
                assert failed(take_in(messages_of([fact]), ctx, Refusals())) == []
            else:
                assert take_in_live(sqs_of([fact]), ctx) == {"batchItemFailures": []}
        states.append({key: item for key, item in items(ctx).items() if key.startswith(f"ACCOUNT#{ACCOUNT} MOVE#")})
    assert [item["status"] for item in states[0].values()] == ["succeeded"]
    assert states[0].keys() == states[1].keys()
    assert [item["status"] for item in states[1].values()] == ["succeeded"]


def test_a_line_that_contradicts_what_is_known_is_named_and_keeps_nobody_out() -> None:
    ctx, refusals = context(), Refusals()
    other = event("payment.failed")
    moved = {
        **other,
        "id": "evt-moved",
        "data": {**other["data"], "version": 9, "initiated_at": to_text(NOON - timedelta(days=3))},
    }
    answer = take_in(messages_of([other, moved, event("funds.balance_changed")]), ctx, refusals)
    assert failed(answer) == []
    (refusal,) = refusals.bodies
    assert refusal == {
        "import_id": IMPORT,
        "line": 2,
        "type": "payment.failed.v1",
        "id": "evt-moved",
        "reason": "initiated_at_changed",
        "field": None,
    }
    assert any("#FUNDS" in key for key in items(ctx))


def test_a_refusal_holds_no_value_of_the_fact() -> None:
    refusals = Refusals()
    opened = event("account.opened")
    bad = {**opened, "data": {**opened["data"], "senior": "Somebody Secret"}}
    take_in(messages_of([bad]), context(), refusals)
    (refusal,) = refusals.bodies
    assert refusal["field"] == "data.senior"
    assert "Secret" not in json.dumps(refusal)
    assert str(opened["data"]["name"]) not in json.dumps(refusal)


def test_while_refusals_cannot_be_told_the_message_comes_again() -> None:
    ctx, refusals = context(), Refusals(broken=True)
    sent = messages_of([{"type": "no.such.v1"}], [event("account.opened")])
    assert failed(take_in(sent, ctx, refusals)) == ["m0"]
    refusals.broken = False
    assert failed(take_in(sent, ctx, refusals)) == []
    assert len(refusals.bodies) == 1


def test_trouble_of_the_store_has_the_message_come_again_and_then_it_is_taken_in_once() -> None:
    ctx = context()
    assert isinstance(ctx.store, MemoryStore)
    facts = [event("account.opened"), event("payment.failed")]
    ctx.store.before = once(Unavailable(), on="transact")
    assert failed(take_in(messages_of(facts), ctx, Refusals())) == ["m0"]
    assert failed(take_in(messages_of(facts), ctx, Refusals())) == []
    before = items(ctx)
    assert failed(take_in(messages_of(facts), ctx, Refusals())) == []
    assert items(ctx) == before

"""A world in this process: the functions' own code on the in-memory store, on a clock that the simulator moves.

Nothing of AWS runs. After each step the new outbox entries are handed to messenger and decisions in the shape of stream
records. Decisions go to the reference wallet, and its facts to wallet_events in the shape of queue messages. This is
the one place where a stream, a bus and a queue are stood in for; the deployed stack has the real ones.
"""

from __future__ import annotations

import copy
import json
import secrets
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import cached_property
from pathlib import Path
from typing import Any, Final, Self

from connect_sim.language.flow_set import FlowSet
from connect_sim.simulator.mailbox import Message
from connect_sim.simulator.seams import FunctionErrorKind, FunctionResult
from functions.connect.envelope import request_from
from functions.connect.runner import StepFailed, answer
from functions.decisions.delivery import deliver as publish_decisions
from functions.messenger.delivery import deliver as send_messages
from functions.messenger.settings import Sender
from functions.wallet_events.batch import take_in
from hotline.kit.aws.carriers import BusEvent, Outgoing, Transport
from hotline.kit.doors import Context
from hotline.kit.ids import RandomIds
from hotline.kit.keyring import CachedKeyring
from hotline.kit.store import Table
from hotline.kit.store.condition import Item
from hotline.kit.store.expressions import to_item
from hotline_local import demo
from hotline_local.entry_keys import key_of_this_process
from hotline_local.errors import CommandError
from hotline_local.inbox import code_in
from hotline_local.reference_wallet import acknowledge
from hotline_local.testing.local_macs import LocalMacs
from hotline_local.testing.memory_store import MemoryStore
from hotline_local.testing.metered_store import MeteredStore, Units
from hotline_local.testing.seeded_ids import SeededIds
from hotline_local.testing.virtual_clock import VirtualClock
from hotline_local.worlds.callee import heard
from hotline_local.worlds.closed_hours import close_line
from hotline_local.worlds.environment import LOCAL_NUMBER, LOCAL_WALLET, set_up_log
from hotline_local.worlds.flow_files import START_FLOW, flow_files, load_flow_set, tokens
from hotline_local.worlds.readers import Reader

CONNECT_FUNCTION: Final = "arn:aws:lambda:local:000000000000:function:connect:live"
FACTS_AT_ONCE: Final = 10
"""As many as one batch of the facts queue has."""
REPEATABLE_MS: Final = 50
SENDER: Final = Sender(LOCAL_WALLET, (LOCAL_NUMBER,))
CALL_SEED: Final = 1
"""Ids of a repeatable call have their own row, so that they stay when the demo wallet grows."""


@dataclass(frozen=True, slots=True)
class StepCost:
    """The cost of one step in requests to the store. `units` are those that DynamoDB would bill; None in a world that
    does not count them."""

    step: str
    outcome: str
    reads: int
    transactions: int
    units: Units | None


class InProcessWorld:
    """See hotline_local.worlds.world.World. `now` is the time at which the call comes in. A `repeatable` world gives
    the same ids, codes and times each time; functions then take REPEATABLE_MS. Otherwise they take the processor time
    that they use, so that what else the machine does meanwhile breaks no limit of the line.
    """

    start_flow = START_FLOW
    real_time = False

    def __init__(self, now: datetime, *, seed: Path | None = None, repeatable: bool = False) -> None:
        set_up_log()
        self._began = now
        self._repeatable = repeatable
        self._clock = VirtualClock(now)
        self._store = MemoryStore(self._clock)
        self._entry_key = key_of_this_process()
        self._lookup_key, self._code_key = self._new_key(), self._new_key()
        self._ctx = Context(
            store=self._store,
            ids=SeededIds() if repeatable else RandomIds(),
            pin_macs=LocalMacs(secrets.token_bytes(32) if not repeatable else bytes(32)),
            voice_codes=True,
            wallet=LOCAL_WALLET,
            official_numbers=(LOCAL_NUMBER,),
            **self._parts_on(self._clock),
        )
        self._seen: set[str] = set()
        self._messages: list[Message] = []
        self._reader = Reader()
        self.costs: list[StepCost] = []
        self.functions = self
        self._take_in([*demo.seed_facts(now), *(_facts_of(seed) if seed else ())])
        self.after_function()
        if repeatable:
            self._ctx = replace(self._ctx, ids=SeededIds(CALL_SEED))

    def close_line(self) -> None:
        """Have nobody answer today."""
        close_line(self._ctx)

    def fork(self, *, metered: bool = False) -> Self:
        """A second world that is as this one is now. From here on, each goes its own way. `metered`: it counts the
        units of each step."""
        clock = VirtualClock(self._clock.now())
        store = self._store.fork(clock)
        if metered:
            store = MeteredStore(store)
        twin = copy.copy(self)
        twin.functions = twin
        vars(twin).update(
            _clock=clock,
            _store=store,
            _ctx=replace(self._ctx, store=store, ids=copy.deepcopy(self._ctx.ids), **self._parts_on(clock)),
            _seen=set(self._seen),
            _messages=list(self._messages),
            _reader=copy.deepcopy(self._reader),
            costs=[],
        )
        return twin

    def tokens(self) -> Mapping[str, str]:
        """See World."""
        return tokens(CONNECT_FUNCTION, self._entry_key.tokens)

    def flows(self) -> Iterable[Path]:
        """See World."""
        return flow_files()

    def invoke(self, *, arn: str, event: dict[str, Any], time_limit_s: float) -> FunctionResult:
        """Run the connect function; see FunctionSeam. Event and answer pass through JSON, as on their way."""
        if arn != CONNECT_FUNCTION:
            return FunctionResult(error=FunctionErrorKind.UNREACHABLE, detail=f"there is no function {arn}")
        self._reader.note(event)
        before, began = self._count(), time.thread_time()
        try:
            payload = json.loads(json.dumps(answer(request_from(json.loads(json.dumps(event))), self._ctx)))
            error, detail = None, ""
        except StepFailed as failure:
            payload, error, detail = None, FunctionErrorKind.EXCEPTION, str(failure)
        took_ms = REPEATABLE_MS if self._repeatable else round((time.thread_time() - began) * 1000)
        if took_ms > time_limit_s * 1000:
            payload, error = None, FunctionErrorKind.TIMEOUT
        cost = self._cost_since(before, event, payload)
        self.costs.append(cost)
        requests = cost.reads + cost.transactions
        return FunctionResult(payload=payload, error=error, duration_ms=took_ms, requests=requests, detail=detail)

    def _count(self) -> tuple[int, int, Units]:
        units = copy.copy(self._store.units) if isinstance(self._store, MeteredStore) else Units()
        return self._store.reads, self._store.transactions, units

    def _cost_since(
        self, before: tuple[int, int, Units], event: Mapping[str, Any], payload: Mapping[str, str] | None
    ) -> StepCost:
        (reads, transactions, units), (reads_now, transactions_now, now) = before, self._count()
        used = Units(now.read - units.read, now.written - units.written, now.indexed - units.indexed)
        return StepCost(
            step=event["Details"]["Parameters"]["step"],
            outcome=payload["outcome"] if payload is not None else "-",
            reads=reads_now - reads,
            transactions=transactions_now - transactions,
            units=used if isinstance(self._store, MeteredStore) else None,
        )

    def after_function(self) -> Sequence[Message]:
        """Deliver what the outbox holds, and what that sets off, until there is nothing new. See World."""
        known = len(self._messages)
        while entries := self._new_entries():
            for consumer, deliver in (("message", self._send), ("bus", self._publish)):
                records = [_stream_record(entry) for entry in entries if entry["to"] == consumer]
                if records:
                    deliver({"Records": records})
        return self._messages[known:]

    def last_code(self, *, to: str | None, newer_than: float) -> str | None:
        """See World. Messages arrive at once here, so there is nothing to wait for."""
        since = self._began + timedelta(seconds=newer_than)
        for message in reversed(self._messages):
            code = code_in(message.text)
            if code is not None and message.at >= since and self._reader.reads(message, to):
                return code
        return None

    def advance(self, seconds: float) -> None:
        """See World."""
        self._clock.advance(timedelta(seconds=seconds))

    def close(self) -> None:
        """See World. There is nothing to give back."""

    def _new_key(self) -> str:
        key = secrets.token_hex(32) if not self._repeatable else "00" * 32
        return json.dumps({"current": "1", "1": key})

    def _parts_on(self, clock: VirtualClock) -> dict[str, Any]:
        """The parts of the context that read a clock."""
        lookup_key, code_key, entry_key = self._lookup_key, self._code_key, self._entry_key.secret
        return {
            "clock": clock,
            "lookup_keys": CachedKeyring(lambda: lookup_key, clock),
            "code_keys": CachedKeyring(lambda: code_key, clock),
            "entry_keys": CachedKeyring(lambda: entry_key, clock),
        }

    def _new_entries(self) -> list[Item]:
        entries = [item for item in self._store.items(Table.OUTBOX) if item["entry_id"] not in self._seen]
        self._seen |= {item["entry_id"] for item in entries}
        return sorted(entries, key=lambda item: (item["created_at"], item["entry_id"]))

    def _send(self, event: dict[str, Any]) -> None:
        carriers: dict[str, Transport] = {channel: _Carrier(self, channel) for channel in ("sms", "email")}
        send_messages(event, self._ctx, SENDER, carriers | {"voice": _CallCarrier(self)})

    def _publish(self, event: dict[str, Any]) -> None:
        publish_decisions(event, self._ctx, self)

    def publish(self, events: Sequence[BusEvent]) -> list[str | None]:
        """The bus, as decisions see it: the reference wallet hears at once and answers with facts."""
        now = self._clock.now()
        facts = [fact for event in events for fact in acknowledge(dict(event.detail), now)]
        self._take_in(facts)
        return [None for _ in events]

    def _take_in(self, facts: Sequence[Mapping[str, Any]]) -> None:
        for start in range(0, len(facts), FACTS_AT_ONCE):
            some = facts[start : start + FACTS_AT_ONCE]
            failed = take_in({"Records": [_queue_record(fact) for fact in some]}, self._ctx)["batchItemFailures"]
            if failed:
                names = ", ".join(sorted(item["itemIdentifier"] for item in failed))
                raise CommandError(f"These facts were not taken in: {names}.")

    def call(self, number: str, attributes: Mapping[str, str]) -> str:
        """Have a number called, and what is said there."""
        return heard(self._flows, self, number=number, system_number=LOCAL_NUMBER, attributes=attributes)

    @cached_property
    def _flows(self) -> FlowSet:
        return load_flow_set(self.flows(), self.tokens())

    def keep(self, message: Message) -> None:
        """Take a message that was carried to its address."""
        self._messages.append(message)

    @property
    def now(self) -> datetime:
        """The world's time."""
        return self._clock.now()


class _Carrier:
    """Carries messages to the world's inbox."""

    def __init__(self, world: InProcessWorld, channel: str) -> None:
        self._world = world
        self._channel = channel

    def send(self, outgoing: Outgoing) -> None:
        text = f"{outgoing.subject}\n{outgoing.body}" if outgoing.subject else outgoing.body
        self._world.keep(Message(self._channel, outgoing.address, text, self._world.now))


class _CallCarrier:
    """Makes calls by the shipped flow. Words that are said on them are kept like any other message."""

    def __init__(self, world: InProcessWorld) -> None:
        self._world = world

    def send(self, outgoing: Outgoing) -> None:
        text = self._world.call(outgoing.address, outgoing.attributes)
        self._world.keep(Message("voice", outgoing.address, text, self._world.now))


def _facts_of(path: Path) -> list[dict[str, Any]]:
    """The facts of a file, one JSON object a line."""
    lines = path.read_text(encoding="utf-8").splitlines()
    try:
        return [json.loads(line) for line in lines if line.strip()]
    except ValueError as error:
        raise CommandError(f"{path} is not one JSON object a line: {error}.", exit_code=2) from error


def _queue_record(fact: Mapping[str, Any]) -> dict[str, str]:
    """A fact as EventBridge puts it into the queue and SQS delivers it."""
    body = {"detail-type": fact.get("type"), "source": fact.get("source"), "detail": fact}
    return {"messageId": str(fact.get("id")), "body": json.dumps(body, ensure_ascii=False), "eventSource": "aws:sqs"}


def _stream_record(entry: Item) -> dict[str, Any]:
    """A new outbox entry as the table's stream delivers it."""
    image = to_item(entry)
    return {
        "eventName": "INSERT",
        "eventSource": "aws:dynamodb",
        "dynamodb": {"Keys": {"PK": image["PK"]}, "NewImage": image, "StreamViewType": "NEW_IMAGE"},
    }

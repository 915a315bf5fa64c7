"""Outbox entries, their stream records, and a customer who can be written to; for tests of the two consumers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from hotline.accounts import service as accounts
from hotline.contracts.model import AccountDescribed, ContactPointChanged, ContactPointFact, Fact, PointKind
from hotline.identity import service as identity
from hotline.identity.items import challenge_item
from hotline.identity.model import Challenge, ChallengeState, Goal
from hotline.kit.actor import FactorKind, System
from hotline.kit.aws.carriers import BusEvent, Outgoing
from hotline.kit.change import Change
from hotline.kit.doors import Context
from hotline.kit.keyring import CachedKeyring, Keyring
from hotline.kit.outbox import Decision, Entry, Message, entry_item, entry_key
from hotline.kit.store import Key, Put
from hotline.kit.store.condition import Item
from hotline.kit.store.expressions import to_item
from hotline_local.testing.memory_store import MemoryStore
from hotline_local.testing.seeded_ids import SeededIds
from hotline_local.testing.virtual_clock import VirtualClock

NOW: Final = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
KEYS: Final = '{"current": "1", "1": "0123456789abcdef0123456789abcdef"}'
RING: Final = Keyring("1", {"1": b"0123456789abcdef0123456789abcdef"})
ACCOUNT: Final = "acct_demo_1"
PHONE: Final = "+8613800000001"
EMAIL: Final = "one@customer.example"
PHONE_POINT: Final = accounts.point_id(PHONE, RING)
EMAIL_POINT: Final = accounts.point_id(EMAIL, RING)
CHALLENGE: Final = "chl_00000000000000000000000000000001"
DECOY: Final = "chl_00000000000000000000000000000002"


@dataclass(slots=True)
class Carrier:
    """A transport that keeps what it was given, or fails as it is told to."""

    sent: list[Outgoing] = field(default_factory=list)
    failure: Exception | None = None

    def send(self, outgoing: Outgoing) -> None:
        if self.failure is not None:
            raise self.failure
        self.sent.append(outgoing)


@dataclass(slots=True)
class RecordingBus:
    """A bus that keeps what it was given; `refused` names event ids that it does not take."""

    events: list[BusEvent] = field(default_factory=list)
    refused: dict[str, str] = field(default_factory=dict)
    failure: Exception | None = None
    calls: int = 0

    def publish(self, events: Any) -> list[str | None]:
        self.calls += 1
        if self.failure is not None:
            raise self.failure
        answers = [self.refused.get(event.detail["id"]) for event in events]
        self.events += [event for event, refusal in zip(events, answers, strict=True) if refusal is None]
        return answers


def context(now: datetime = NOW) -> Context:
    """A context of its own, on a store in memory and a clock that stands."""
    clock = VirtualClock(now)
    ring = CachedKeyring(lambda: KEYS, clock)
    return Context(store=MemoryStore(clock), clock=clock, ids=SeededIds(1), lookup_keys=ring, code_keys=ring)


def clock_of(ctx: Context) -> VirtualClock:
    assert isinstance(ctx.clock, VirtualClock)
    return ctx.clock


def open_account(ctx: Context, *, language: str = "zh-CN", time_zone: str = "Asia/Shanghai") -> None:
    """A customer with a phone and an e-mail address, as the wallet would tell of them."""
    points = (
        ContactPointFact(PointKind.PHONE, PHONE, NOW - timedelta(days=90)),
        ContactPointFact(PointKind.EMAIL, EMAIL, NOW - timedelta(days=90)),
    )
    told = AccountDescribed(1, language, time_zone, "Demo Customer", points, two_step=False)
    learn(ctx, Fact("evt_1", "account.opened", "wallet", NOW - timedelta(days=90), ACCOUNT, told))


def learn(ctx: Context, fact: Fact) -> None:
    """Fold one fact into accounts."""
    read = ctx.store.batch_get(list(accounts.fact_keys([fact])))
    keys = accounts.fact_keys_of_points(read, [fact], RING)
    read |= ctx.store.batch_get(list(keys)) if keys else {}
    change = Change(actor=System("wallet_events", "test"), cause="fact", now=ctx.clock.now(), ids=ctx.ids)
    accounts.contribute_facts(change, read, [fact], RING)
    change.commit(ctx.store)


def removed(*, reassigned: bool) -> Fact:
    """The customer's phone is theirs no more; `reassigned`: it is somebody else's."""
    told = ContactPointChanged(2, PointKind.PHONE, PHONE, None, NOW - timedelta(days=1), reassigned)
    return Fact("evt_2", "contact_point.changed", "wallet", NOW - timedelta(days=1), ACCOUNT, told)


def challenge(
    challenge_id: str = CHALLENGE,
    *,
    decoy: bool = False,
    state: ChallengeState = ChallengeState.OPEN,
    point: str = PHONE_POINT,
    goal: Goal = Goal.UNLOCK,
    language: str = "zh-CN",
) -> Challenge:
    """A code that was asked for just now."""
    return Challenge(
        id=challenge_id,
        key_version="1",
        purpose=goal.purpose,
        goal=goal,
        factor=FactorKind.SMS,
        point=point,
        expires_at=NOW + timedelta(minutes=10),
        tries_left=3,
        state=state,
        decoy=decoy,
        language=language,
    )


def store_challenge(ctx: Context, asked: Challenge) -> None:
    put(ctx, identity.challenge_key(asked.id), challenge_item(asked))


def message(entry_id: str = "out_1", kind: str = "unlock.asked", **changes: Any) -> Message:
    """A message to the customer's phone."""
    values: dict[str, Any] = {
        "entry_id": entry_id,
        "message": kind,
        "channel": "sms",
        "account_id": ACCOUNT,
        "point": PHONE_POINT,
        "language": "zh-CN",
        "facts": {},
    }
    return Message(**{**values, **changes})


def code_message(entry_id: str = "out_1", **changes: Any) -> Message:
    """The message that carries the code of CHALLENGE."""
    facts = {"challenge_id": CHALLENGE, "goal": "unlock", "place": "phone"}
    return message(entry_id, "code", **{"facts": facts, "useless_after": NOW + timedelta(minutes=10), **changes})


def decision(entry_id: str = "out_1", **changes: Any) -> Decision:
    """A decision about the customer's account."""
    values: dict[str, Any] = {
        "entry_id": entry_id,
        "type": "account.unlock_requested",
        "account_id": ACCOUNT,
        "data": {"cause": "TOO_MANY_PASSWORD", "ends": "SOFT", "in_force": []},
        "decision_id": "decision_1",
        "subject_version": 3,
    }
    return Decision(**{**values, **changes})


def store_entry(ctx: Context, entry: Entry) -> None:
    put(ctx, entry_key(entry.entry_id), entry_item(entry, created_at=NOW))


def put(ctx: Context, key: Key, item: Mapping[str, Any]) -> None:
    ctx.store.transact([Put(key, item)], token=ctx.ids.new("tx"))


def stored(ctx: Context, entry_id: str = "out_1") -> Item:
    """The entry as it lies in the outbox now."""
    found = ctx.store.get(entry_key(entry_id))
    assert found is not None
    return found


def stream_event(*entries: Entry) -> dict[str, Any]:
    """The event of a stream batch in which these entries are new, in the shape of AWS."""
    return {"Records": [_record(place, entry) for place, entry in enumerate(entries, start=1)]}


def _record(place: int, entry: Entry) -> dict[str, Any]:
    key = entry_key(entry.entry_id)
    image = to_item({**entry_item(entry, created_at=NOW), **key.attributes()})
    return {
        "eventID": f"{place:032x}",
        "eventName": "INSERT",
        "eventVersion": "1.1",
        "eventSource": "aws:dynamodb",
        "awsRegion": "eu-central-1",
        "dynamodb": {
            "ApproximateCreationDateTime": int(NOW.timestamp()),
            "Keys": to_item(key.attributes()),
            "NewImage": image,
            "SequenceNumber": f"{place:021d}",
            "SizeBytes": 512,
            "StreamViewType": "NEW_IMAGE",
        },
        "eventSourceARN": "arn:aws:dynamodb:eu-central-1:123456789012:table/outbox/stream/2026-11-23T00:00:00.000",
    }


def redrive_event(*bodies: str) -> dict[str, Any]:
    """The event of a queue batch, in the shape of AWS."""
    return {"Records": [_queued(place, body) for place, body in enumerate(bodies, start=1)]}


def _queued(place: int, body: str) -> dict[str, Any]:
    return {
        "messageId": f"00000000-0000-4000-8000-{place:012d}",
        "receiptHandle": f"handle-{place}",
        "body": body,
        "attributes": {
            "ApproximateReceiveCount": "1",
            "SentTimestamp": str(int(NOW.timestamp() * 1000)),
            "SenderId": "AROAEXAMPLE",
            "ApproximateFirstReceiveTimestamp": str(int(NOW.timestamp() * 1000)),
        },
        "messageAttributes": {},
        "md5OfBody": "00000000000000000000000000000000",
        "eventSource": "aws:sqs",
        "eventSourceARN": "arn:aws:sqs:eu-central-1:123456789012:redrive",
        "awsRegion": "eu-central-1",
    }

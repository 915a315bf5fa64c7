"""A change is made once, or not at all with the right error: on every store, and under every fault."""

from collections.abc import Iterator, Sequence
from datetime import timedelta
from enum import StrEnum

import pytest

from hotline.kit.actor import System
from hotline.kit.change import COMMIT_ATTEMPTS_MAX, Change
from hotline.kit.errors import HotlineError, NeedProof, NotPossible, Stale, StaleTurn, Unavailable
from hotline.kit.ids import RandomIds
from hotline.kit.outbox import Decision, Message, entry_key
from hotline.kit.store import (
    Index,
    Put,
    Query,
    Reason,
    ReasonCode,
    Store,
    Table,
    TransactionCancelled,
    Write,
    hotline_key,
)
from hotline.kit.store.condition import PRESENT, Compare, all_of, equals
from hotline.kit.store.dynamodb import ATTEMPTS_MAX, DynamoStore
from hotline_local.testing.memory_store import MemoryStore
from hotline_local.testing.seeded_ids import SeededIds
from tests.kit.writing import KEY, OTHER, put, write
from tests.support.faults import Faults, once
from tests.support.stores import NOON, AnyStore

CALL = hotline_key("CONTACT#1", "CALL")


class Refusal(StrEnum):
    """The codes of a room, as far as these tests need some."""

    NOT_LOCKED = "not_locked"
    EXISTS = "exists"


def change() -> Change:
    return Change(actor=System("connect", "test"), cause="test", now=NOON, ids=RandomIds())


def lock() -> Change:
    """A change of three items: the lock, its audit entry, its decision."""
    made = change()
    made.update(KEY, add={"n": 1}, condition=PRESENT)
    made.audit("1", "locked")
    made.send(Decision("entry_1", "account.lock_requested", "1", {"cause": "test"}, "decision_1", 1))
    return made


def effects(store: Store) -> tuple[int, int, int]:
    audit = store.query(Query(Table.HOTLINE, "ACCOUNT#1")).items
    count = sum(item["SK"].startswith("AUDIT#") for item in audit)
    entry = store.get(entry_key("entry_1"))
    return (store.get(KEY) or {}).get("n", 0), count, 0 if entry is None else 1


def test_a_change_its_audit_entry_and_its_decision_are_made_together(store: AnyStore) -> None:
    put(store, KEY, n=0)
    before = store.transactions
    lock().commit(store)
    assert effects(store) == (1, 1, 1)
    assert store.transactions == before + 1


def test_a_change_that_fails_leaves_no_audit_entry_and_tells_nobody(store: Store) -> None:
    with pytest.raises(Stale):
        lock().commit(store)
    assert effects(store) == (0, 0, 0)


def test_an_empty_change_sends_nothing(store: AnyStore) -> None:
    change().commit(store)
    assert store.transactions == 0


def test_an_entry_is_pending_and_in_order_until_it_is_delivered(store: Store) -> None:
    made = change()
    message = Message("entry_2", "code", "sms", "1", "POINT#1", "en", {}, NOON + timedelta(minutes=5))
    made.send(message)
    made.commit(store)
    entry = store.get(entry_key("entry_2"))
    assert entry is not None
    pending = store.query(Query(Table.OUTBOX, entry["pending_pk"], index=Index.PENDING)).items
    assert [item["PK"] for item in pending] == ["OUT#entry_2"]


def test_an_item_is_replaced_only_as_it_was_read(store: Store) -> None:
    first = change()
    first.replace(KEY, None, {"state": "open"})
    first.commit(store)
    read = store.get(KEY)
    for state, error in (("closed", None), ("reopened", Stale)):
        made = change()
        made.replace(KEY, read, {"state": state})
        if error is None:
            made.commit(store)
        else:
            with pytest.raises(error):
                made.commit(store)
    assert store.get(KEY) == {**KEY.attributes(), "state": "closed", "rev": 2}


def proved_change() -> Change:
    """A change like a phone step's: the write on the account is added first, proof second, turn last but foremost."""
    made = change()
    made.update(
        KEY, set={"state": "open"}, condition=equals("state", "soft"), failed=lambda _: NotPossible(Refusal.NOT_LOCKED)
    )
    proof = all_of(equals("account", "1"), Compare("proved_until", ">", "2026-11-23T12:00"))
    made.require_condition(CALL, proof, lambda _: NeedProof(operation="unlock", needs=("sms",)))
    made.require_condition(CALL, equals("turn", 7), lambda _: StaleTurn(), first=True)
    return made


@pytest.mark.parametrize(
    ("state", "until", "turn", "error"),
    [
        ("soft", "2026-11-23T12:05", 7, None),
        ("soft", "2026-11-23T12:05", 8, StaleTurn),
        ("soft", "2026-11-23T11:00", 7, NeedProof),
        ("soft", "2026-11-23T11:00", 8, StaleTurn),
        ("open", "2026-11-23T12:05", 7, NotPossible),
        ("open", "2026-11-23T11:00", 7, NotPossible),
        ("open", "2026-11-23T11:00", 8, StaleTurn),
    ],
)
def test_the_first_false_condition_names_the_error(
    store: Store, state: str, until: str, turn: int, error: type[HotlineError] | None
) -> None:
    put(store, KEY, state=state)
    put(store, CALL, account="1", proved_until=until, turn=turn)
    if error is None:
        proved_change().commit(store)
        assert (store.get(KEY) or {})["state"] == "open"
        return
    with pytest.raises(HotlineError) as caught:
        proved_change().commit(store)
    assert type(caught.value) is error
    assert (store.get(KEY) or {})["state"] == state


def test_a_call_that_is_gone_fails_the_foremost_condition(store: Store) -> None:
    put(store, KEY, state="soft")
    with pytest.raises(StaleTurn):
        proved_change().commit(store)


def test_the_error_may_be_made_from_the_item_that_was_in_the_way(store: Store) -> None:
    put(store, KEY, state="hold", case="case_7")
    made = change()
    made.create(KEY, {}, failed=lambda item: NotPossible(Refusal.EXISTS, case_id=(item or {})["case"]))
    with pytest.raises(NotPossible) as caught:
        made.commit(store)
    assert caught.value.facts == {"case_id": "case_7"}


@pytest.fixture(params=["moto", "ministack"])
def remote(request: pytest.FixtureRequest) -> DynamoStore:
    found: DynamoStore = request.getfixturevalue(f"{request.param}_store")
    put(found, KEY, n=0)
    found.transactions = 0
    return found


@pytest.fixture
def faults(remote: DynamoStore) -> Iterator[Faults]:
    with Faults(remote) as armed:
        yield armed
    assert armed.unused == 0


def test_a_change_that_met_another_one_is_sent_again(remote: DynamoStore, faults: Faults) -> None:
    faults.conflict(position=2, times=COMMIT_ATTEMPTS_MAX - 1)
    lock().commit(remote)
    assert effects(remote) == (1, 1, 1)
    assert remote.transactions == COMMIT_ATTEMPTS_MAX


def test_a_change_that_always_meets_another_one_is_stale(remote: DynamoStore, faults: Faults) -> None:
    faults.conflict(times=COMMIT_ATTEMPTS_MAX)
    with pytest.raises(Stale, match="too_many_conflicts"):
        lock().commit(remote)
    assert effects(remote) == (0, 0, 0)


def test_a_change_whose_items_take_too_many_writes_is_sent_again_and_then_unavailable(
    remote: DynamoStore, faults: Faults
) -> None:
    faults.throttle_write()
    lock().commit(remote)
    faults.throttle_write(times=COMMIT_ATTEMPTS_MAX)
    with pytest.raises(Unavailable):
        lock().commit(remote)
    assert effects(remote) == (1, 1, 1)


def test_a_condition_that_fails_after_a_conflict_names_its_error(remote: DynamoStore, faults: Faults) -> None:
    faults.conflict()
    made = change()
    made.create(KEY, {}, failed=lambda _: NotPossible(Refusal.EXISTS))
    with pytest.raises(NotPossible):
        made.commit(remote)


@pytest.mark.parametrize("lost", range(ATTEMPTS_MAX))
def test_a_change_whose_answer_is_lost_has_one_effect(remote: DynamoStore, faults: Faults, lost: int) -> None:
    faults.lose_answer("TransactWriteItems", times=lost)
    lock().commit(remote)
    assert effects(remote) == (1, 1, 1)


def test_a_change_of_one_item_whose_answer_is_lost_does_not_fail_its_own_condition(
    remote: DynamoStore, faults: Faults
) -> None:
    faults.lose_answer("TransactWriteItems")
    made = change()
    made.create(OTHER, {"n": 1})
    made.commit(remote)
    assert remote.transactions == 2


def test_a_change_whose_answers_are_all_lost_is_unavailable_and_its_repetition_is_stale(
    remote: DynamoStore, faults: Faults
) -> None:
    faults.lose_answer("TransactWriteItems", times=ATTEMPTS_MAX)
    for error in (Unavailable, Stale):
        made = change()
        made.update(KEY, set={"rev": 1}, condition=all_of(PRESENT, Compare("rev", "<>", 1)))
        with pytest.raises(error):
            made.commit(remote)


def test_somebody_who_wrote_between_reading_and_writing_makes_the_change_stale(
    remote: DynamoStore, faults: Faults
) -> None:
    put(remote, OTHER, rev=1)
    read = remote.get(OTHER)
    faults.meanwhile("TransactWriteItems", lambda: write(remote, Put(OTHER, {"rev": 2, "by": "other"})))
    made = change()
    made.replace(OTHER, read, {"by": "me"})
    with pytest.raises(Stale):
        made.commit(remote)
    assert (remote.get(OTHER) or {})["by"] == "other"


def test_every_attempt_of_a_change_has_a_token_of_its_own(memory_store: MemoryStore) -> None:
    cancelled = TransactionCancelled((Reason(ReasonCode.CONFLICT),) * 3)
    tokens: list[str] = []

    class Recording(MemoryStore):
        def transact(self, writes: Sequence[Write], *, token: str) -> None:
            tokens.append(token)
            if len(tokens) < 3:
                raise cancelled
            memory_store.transact(writes, token=token)

    put(memory_store, KEY, n=0)
    made = Change(actor=System("connect", "test"), cause="test", now=NOON, ids=SeededIds(1))
    made.update(KEY, add={"n": 1}, condition=PRESENT)
    made.audit("1", "x")
    made.require_condition(CALL, Compare("turn", "<>", 1), lambda _: StaleTurn())
    made.commit(Recording())
    assert len(set(tokens)) == 3


def test_a_reason_that_is_neither_a_condition_nor_passing_is_raised_as_it_is(memory_store: MemoryStore) -> None:
    put(memory_store, KEY, n=0)
    memory_store.before = once(TransactionCancelled((Reason(ReasonCode.OTHER),) * 3), on="transact")
    with pytest.raises(TransactionCancelled):
        lock().commit(memory_store)
    assert memory_store.transactions == 2

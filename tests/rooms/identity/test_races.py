"""Many at once on one code, one contact point, one PIN, one lock: one wins, and no guess goes uncounted.

On the stores that stand threads; on MiniStack also with the conflicts that DynamoDB reports and no emulator does by
itself. Each assertion must hold for every interleaving, whoever is first.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import partial
from threading import Barrier

import pytest

from hotline.contracts.model import PointKind
from hotline.identity import challenges
from hotline.identity import service as identity
from hotline.identity.items import counters_from
from hotline.identity.policy import CODE_TRIES, CODES_PER_QUARTER_HOUR, WRONG_PER_DAY
from hotline.identity.ways import Way
from hotline.kit.actor import Caller, FactorKind
from hotline.kit.change import COMMIT_ATTEMPTS_MAX, Change
from hotline.kit.change.acts import STALE_ATTEMPTS_MAX
from hotline.kit.doors import Context
from hotline.kit.errors import NotPossible, Stale, StaleTurn
from hotline.kit.ids import RandomIds
from hotline.kit.store import Table
from hotline.kit.store.dynamodb import DynamoStore
from hotline.lockout import service as lockout
from hotline.sessions import service as sessions
from hotline_local.testing.virtual_clock import VirtualClock
from tests.support.api_client import Client, Postbox
from tests.support.faults import Faults
from tests.support.phone import Phone, context, failed_logins, give, opened
from tests.support.stores import NOON, AnyStore, all_items

THREADS = 8
ACCOUNT, NUMBER, EMAIL = "acct-raced", "+8613700000001", "raced@customer.example"
PIN = "482137"
TOKEN = re.compile(r"[0-9A-Z]{4}(-[0-9A-Z]{4}){5}")
CONFLICTS = 6
"""Injected, spread over the first transactions of a race."""
PATIENCE = 100


@dataclass(frozen=True, slots=True)
class Place:
    """The world in which a race is run."""

    ctx: Context
    faults: Faults | None

    def trouble(self) -> None:
        """From now on every second transaction meets a conflict, CONFLICTS of them, if this is such a place."""
        if self.faults is not None:
            for _ in range(CONFLICTS):
                self.faults.conflict()
                self.faults.meanwhile("TransactWriteItems", lambda: None)

    def was_troubled(self) -> bool:
        return self.faults is None or self.faults.unused < 2 * CONFLICTS


@pytest.fixture(params=["memory", "ministack", "ministack with conflicts"])
def place(request: pytest.FixtureRequest) -> Iterator[Place]:
    """A customer who has failed to sign in, on a store that stands threads; ids are no other test's."""
    name, _, troubled = request.param.partition(" ")
    store: AnyStore = request.getfixturevalue(f"{name}_store")
    ctx = replace(context(store, VirtualClock(NOON)), ids=RandomIds())
    points = ((PointKind.PHONE, NUMBER), (PointKind.EMAIL, EMAIL))
    give(ctx, [opened(ACCOUNT, *points, at=NOON - timedelta(days=365))])
    give(ctx, failed_logins(ACCOUNT, 5, until=NOON))
    if not troubled:
        yield Place(ctx, None)
        return
    assert isinstance(store, DynamoStore)
    with Faults(store) as faults:
        yield Place(ctx, faults)


@pytest.fixture
def ctx(place: Place) -> Context:
    return place.ctx


def at_once[Result](work: Callable[[int], Result], threads: int = THREADS) -> list[Result]:
    """The results of each thread's work; all begin together."""
    begin = Barrier(threads)

    def run(place: int) -> Result:
        begin.wait()
        return work(place)

    with ThreadPoolExecutor(threads) as pool:
        return list(pool.map(run, range(threads)))


def rung(ctx: Context, contact_id: str) -> Phone:
    phone = Phone(ctx, NUMBER, contact_id)
    phone.press("start")
    return phone


def asked(ctx: Context, contact_id: str, goal: str = "unlock") -> Phone:
    """A call that waits for a code."""
    phone = rung(ctx, contact_id)
    assert phone.press("send_code", method="sms", goal=goal)["outcome"] == "SENT"
    return phone


def persisting(press: Callable[[], dict[str, str]]) -> str:
    """The outcome of a step that is tried again as long as the line asks for that."""
    for _ in range(PATIENCE):
        outcome = press()["outcome"]
        if outcome != "TRY_LATER":
            return outcome
    raise AssertionError("nobody got through")


def other(code: str, number: int) -> str:
    return f"{(int(code) + 1 + number) % 10**6:06d}"


def wrong_counted(ctx: Context, phone: Phone) -> int:
    (point, *_) = identity.counter_keys(phone.state.targets[FactorKind.SMS])
    return len(counters_from(ctx.store.get(point), FactorKind.SMS, Way.OWN_NUMBER.counter).wrong)


def decisions(ctx: Context, kind: str) -> int:
    assert isinstance(ctx.store, AnyStore.__value__)
    return sum(entry["kind"] == kind for entry in all_items(ctx.store, Table.OUTBOX))


def test_a_right_code_proves_once_however_many_hold_it_against_the_challenge(place: Place, ctx: Context) -> None:
    """Each has read the open challenge before any has written."""
    phone = asked(ctx, "contact-1")
    code, call = phone.code, phone.state
    assert ctx.code_keys is not None
    codes = ctx.code_keys.get()

    def prove(_: int) -> bool:
        read = ctx.store.batch_get(list(challenges.check_keys(call, NOON)))
        actor = Caller(call.contact_id, sessions.proof_from(call))
        change = Change(actor=actor, cause="test", now=NOON, ids=ctx.ids)
        checked = challenges.contribute_check(change, call, entered=code, read=read, keyring=codes, traffic=ctx.limits)
        ready.wait()
        try:
            change.commit(ctx.store)
        except (Stale, StaleTurn):
            return False
        return checked.outcome is identity.CheckOutcome.PROVED

    ready = Barrier(THREADS)
    place.trouble()
    assert at_once(prove).count(True) == 1
    assert phone.press("check_code", code=code)["outcome"] == "SPENT"


def test_parallel_guesses_in_one_call_are_no_more_guesses(place: Place, ctx: Context) -> None:
    """One turn is one guess, and a second one for an answer that was lost; the others are told to try later."""
    phone = asked(ctx, "contact-1")
    code, event = phone.code, phone.event("check_code")

    def guess(caller: int) -> str:
        contact = {**event["Details"], "Parameters": {**event["Details"]["Parameters"], "code": other(code, caller)}}
        return phone.deliver({**event, "Details": contact})["outcome"]

    place.trouble()
    outcomes = Counter(at_once(guess))
    assert set(outcomes) <= {"WRONG", "TRY_LATER"}
    assert 1 <= outcomes["WRONG"] <= 2
    assert wrong_counted(ctx, phone) == outcomes["WRONG"] == CODE_TRIES - phone.challenge.tries_left


def test_parallel_calls_guess_no_more_at_a_contact_point_than_one_call_after_the_other(
    place: Place, ctx: Context
) -> None:
    phones = [asked(ctx, f"contact-{caller}") for caller in range(CODES_PER_QUARTER_HOUR)]
    codes = [phone.code for phone in phones]

    def guess(caller: int) -> list[str]:
        tries = [other(codes[caller], number) for number in range(CODE_TRIES + 1)]
        return [persisting(partial(phones[caller].press, "check_code", code=code)) for code in tries]

    place.trouble()
    outcomes = Counter(said for outcome in at_once(guess, len(phones)) for said in outcome)
    assert place.was_troubled()
    assert set(outcomes) == {"WRONG", "SPENT"}
    assert wrong_counted(ctx, phones[0]) == WRONG_PER_DAY
    assert rung(ctx, "contact-late").press("send_code", method="sms", goal="look")["outcome"] == "LIMITED"


def with_pin(ctx: Context) -> None:
    client = Client(ctx, ACCOUNT, signed_in_at=NOON)
    client.prove("set_pin", "email")
    assert client.ask("PUT", "/v1/me/pin", body={"pin": PIN}).status == 200


def test_parallel_guesses_at_a_pin_are_all_counted(place: Place, ctx: Context) -> None:
    with_pin(ctx)
    phones = [rung(ctx, f"contact-{caller}") for caller in range(THREADS)]

    def guess(caller: int) -> list[str]:
        tries = [other("900000", 8 * caller + number) for number in range(3)]
        return [persisting(partial(phones[caller].press, "check_pin", pin=pin)) for pin in tries]

    place.trouble()
    outcomes = Counter(said for outcome in at_once(guess) for said in outcome)
    assert place.was_troubled()
    assert outcomes == {"WRONG": WRONG_PER_DAY - 1, "SPENT": THREADS * 3 - WRONG_PER_DAY + 1}
    counted = counters_from(ctx.store.get(identity.factors_key(ACCOUNT)), FactorKind.PIN, Way.OWN_NUMBER.counter)
    assert len(counted.wrong) == WRONG_PER_DAY
    assert rung(ctx, "contact-late").press("check_pin", pin=PIN)["outcome"] == "SPENT"


def test_of_many_who_unlock_at_once_one_asks_the_wallet(place: Place, ctx: Context) -> None:
    """Two calls and as many deliveries of the same key press as there are threads."""
    phones = [asked(ctx, f"contact-{caller}") for caller in range(2)]
    for phone in phones:
        assert phone.press("check_code", code=phone.code)["outcome"] == "PROVED"
        assert phone.press("choose_account")["outcome"] == "CHOSEN"
    events = [phone.event("unlock") for phone in phones]
    place.trouble()
    outcomes = Counter(at_once(lambda press: phones[press % 2].deliver(events[press % 2])["outcome"]))
    assert set(outcomes) <= {"ASKED", "TRY_LATER"}
    assert outcomes["ASKED"] >= 1
    assert decisions(ctx, "account.unlock_requested") == 1
    view = lockout.view_from(ctx.store.batch_get(lockout.lock_keys(ACCOUNT)), ACCOUNT, NOON)
    assert view.asked is not None


def test_a_token_of_a_notice_freezes_once_however_many_send_it(place: Place, ctx: Context) -> None:
    phone = asked(ctx, "contact-1")
    phone.press("check_code", code=phone.code)
    phone.press("choose_account")
    assert phone.press("unlock")["outcome"] == "ASKED"
    post = Postbox(ctx)
    post.work()
    (token,) = {found.group() for sent in post.sent if (found := TOKEN.search(sent.body))}

    def repudiate(_: int) -> bool:
        """One function each: the resolver of the API serves one request at a time, as Lambda gives it."""
        try:
            return lockout.repudiate(ctx, token) is not None
        except (NotPossible, Stale):
            return False

    place.trouble()
    assert at_once(repudiate).count(True) == 1
    assert decisions(ctx, "account.freeze_requested") == 1


def test_a_guess_that_meets_nothing_but_conflicts_is_no_guess(moto_store: DynamoStore) -> None:
    ctx = replace(context(moto_store, VirtualClock(NOON)), ids=RandomIds())
    give(ctx, [opened(ACCOUNT, (PointKind.PHONE, NUMBER), at=NOON - timedelta(days=365))])
    phone = asked(ctx, "contact-1")
    attempts = STALE_ATTEMPTS_MAX * COMMIT_ATTEMPTS_MAX
    with Faults(moto_store) as faults:
        faults.conflict(times=attempts)
        assert phone.press("check_code", code=other(phone.code, 0))["outcome"] == "TRY_LATER"
        assert faults.unused == 0
        assert (wrong_counted(ctx, phone), phone.challenge.tries_left) == (0, CODE_TRIES)
        faults.conflict(times=attempts - 1)
        assert phone.press("check_code", code=phone.code)["outcome"] == "PROVED"
        assert faults.unused == 0

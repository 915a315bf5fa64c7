"""Offers and requests agree: what is offered is accepted, and nothing that is refused is offered anywhere."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any, Final

import pytest

from hotline.contracts.model import Instrument, MovementStatus, RefundStatus
from hotline.kit.money import Money
from hotline.kit.store import Put
from hotline.payments import service as payments
from hotline.payments.model import Movement
from hotline.refunds import service as refunds
from hotline.refunds.folds import TOLD_FOR
from hotline.refunds.model import OPEN_RULE, UNPAID_RULE, OfferOutcome, RefundOutcome, ReviewDecision
from hotline_local.testing.memory_store import MemoryStore
from tests.support.money_world import ACCOUNT, MoneyWorld, moved, published, refunded, work

S, R, Out = MovementStatus, RefundStatus, RefundOutcome
PART: Final = Money(5000, "CNY")
WALLETS_OWN: Final = "ref_wallet"
A_DAY_S: Final = 24 * 3600.0

type Prepare = Callable[[MoneyWorld], None]


def ask_here(world: MoneyWorld, *answers: RefundStatus) -> str:
    """Ask for a part, and have the wallet answer."""
    refund_id = world.ask(amount=PART).refund_id or ""
    for version, status in enumerate(answers, start=1):
        world.tell(refunded(status, refund_id, version=version))
    return refund_id


def begin_at_wallet(world: MoneyWorld, *answers: RefundStatus) -> None:
    for version, status in enumerate(answers, start=1):
        world.tell(refunded(status, WALLETS_OWN, version=version))


def follow_up(world: MoneyWorld, status: RefundStatus) -> str:
    refund_id = ask_here(world, status)
    work(world, refund_id)
    return refund_id


def pay_otherwise(world: MoneyWorld, status: RefundStatus | None = None) -> None:
    refund_id = follow_up(world, R.FAILED)
    world.pay_otherwise(refund_id)
    if status is not None:
        world.tell(refunded(status, refund_id, version=9, after_s=A_DAY_S))
        world.now += timedelta(days=2)
        world.call_in()
        work(world, refund_id)


def replace_by_wallet(world: MoneyWorld) -> None:
    follow_up(world, R.FAILED)
    world.tell(refunded(R.SETTLED, "ref_again", after_s=A_DAY_S))


def deny(world: MoneyWorld) -> None:
    world.tell(published(version=2, auto_approve_minor=0))
    world.review(ask_here(world), ReviewDecision.DENY)


def stop(world: MoneyWorld) -> None:
    refund_id = follow_up(world, R.FAILED)
    world.tell(moved(S.REVERSED, version=2))
    work(world, refund_id)
    world.tell(moved(S.SUCCEEDED, version=3))


def return_long_ago(world: MoneyWorld) -> None:
    begin_at_wallet(world, R.RETURNED)
    world.now += TOLD_FOR + timedelta(days=1)
    world.tell(published(version=2, auto_approve_minor=10**6, window_days=365))
    world.call_in()
    work(world, WALLETS_OWN)


def return_long_ago_and_tell(world: MoneyWorld, *more: RefundStatus) -> None:
    """Have the wallet tell more a month after the refund came back, and do the due work."""
    return_long_ago(world)
    a_month_s = (TOLD_FOR + timedelta(days=1)).total_seconds()
    for version, status in enumerate(more, start=2):
        world.tell(refunded(status, WALLETS_OWN, version=version, after_s=a_month_s + version))
    work(world, WALLETS_OWN)


def return_and_pay(world: MoneyWorld, *, returned: tuple[int, ...], paid: tuple[int, ...]) -> None:
    """Refunds of the wallet's own come back, and a day later it pays others; then it tells the returns again."""
    for number, minor in enumerate(returned):
        world.tell(refunded(R.SENT, f"ref_{number}", minor=minor))
        world.tell(refunded(R.RETURNED, f"ref_{number}", minor=minor, version=2, after_s=1))
    for number, minor in enumerate(paid):
        world.tell(refunded(R.SETTLED, f"ref_again_{number}", minor=minor, after_s=A_DAY_S))
    for number, minor in enumerate(returned):
        world.tell(refunded(R.RETURNED, f"ref_{number}", minor=minor, version=3, after_s=2 * A_DAY_S))


def release(world: MoneyWorld, *, told_before: tuple[RefundStatus, ...], is_worked_off: bool) -> None:
    """A refund that was asked for before takings kept who asked, and that failed after that."""
    refund_id = ask_here(world, *told_before)
    key = payments.ledger_key(ACCOUNT, "mov_1")
    ledger = world.store.get(key) or pytest.fail("it was asked for")
    old = {
        id_: {name: value for name, value in taking.items() if name != "asked_here"}
        for id_, taking in ledger["takings"].items()
    }
    world.store.transact([Put(key, {**ledger, "takings": old})], token="release")
    world.tell(refunded(R.FAILED, refund_id, version=9, after_s=60))
    if is_worked_off:
        work(world, refund_id)


def pay_wallets_own_otherwise(world: MoneyWorld) -> None:
    begin_at_wallet(world, R.FAILED)
    work(world, WALLETS_OWN)
    world.pay_otherwise(WALLETS_OWN)
    world.tell(refunded(R.FAILED, WALLETS_OWN, version=9, after_s=A_DAY_S))
    world.now += timedelta(days=2)
    world.call_in()
    work(world, WALLETS_OWN)


CASES: Final[dict[str, tuple[Prepare, str | None]]] = {
    "nothing was asked for": (lambda _: None, None),
    "asked for here, and approved": (lambda world: void(ask_here(world)), OPEN_RULE),
    "asked for here, and sent": (lambda world: void(ask_here(world, R.SENT)), OPEN_RULE),
    "asked for here, outcome unknown": (lambda world: void(ask_here(world, R.UNKNOWN)), OPEN_RULE),
    "asked for here, and arrived": (lambda world: void(ask_here(world, R.SETTLED)), None),
    "asked for here, failed this minute": (lambda world: void(ask_here(world, R.FAILED)), UNPAID_RULE),
    "asked for here, failed and followed up": (lambda world: void(follow_up(world, R.FAILED)), UNPAID_RULE),
    "asked for here, arrived and came back": (lambda world: void(ask_here(world, R.SETTLED, R.RETURNED)), UNPAID_RULE),
    "failed, and sent again": (lambda world: void(ask_here(world, R.FAILED, R.SENT)), OPEN_RULE),
    "failed, and arrived after all": (lambda world: void(ask_here(world, R.FAILED, R.SETTLED)), None),
    "failed, and paid by another way": (pay_otherwise, OPEN_RULE),
    "failed, and the other way failed": (lambda world: pay_otherwise(world, R.FAILED), UNPAID_RULE),
    "failed, and the other way arrived": (lambda world: pay_otherwise(world, R.SETTLED), None),
    "failed, and the wallet paid as much": (replace_by_wallet, None),
    "denied by people": (deny, None),
    "stopped beside a reversal": (stop, None),
    "the wallet's own, sent": (lambda world: begin_at_wallet(world, R.SENT), OPEN_RULE),
    "the wallet's own, outcome unknown": (lambda world: begin_at_wallet(world, R.UNKNOWN), OPEN_RULE),
    "the wallet's own, arrived": (lambda world: begin_at_wallet(world, R.SETTLED), None),
    "the wallet's own, failed": (lambda world: begin_at_wallet(world, R.FAILED), None),
    "the wallet's own, failed after it had arrived": (lambda world: begin_at_wallet(world, R.SETTLED, R.FAILED), None),
    "the wallet's own, came back": (lambda world: begin_at_wallet(world, R.SETTLED, R.RETURNED), UNPAID_RULE),
    "the wallet's own, came back long ago": (return_long_ago, None),
    "the wallet's own, came back long ago, told again": (lambda w: return_long_ago_and_tell(w, R.RETURNED), None),
    "the wallet's own, came back long ago, sent again": (lambda w: return_long_ago_and_tell(w, R.SENT), OPEN_RULE),
    "the wallet's own, came back long ago, and once more": (
        lambda world: return_long_ago_and_tell(world, R.SETTLED, R.RETURNED),
        UNPAID_RULE,
    ),
    "two came back, and one of as much was sent": (
        lambda world: return_and_pay(world, returned=(3000, 3000), paid=(3000,)),
        UNPAID_RULE,
    ),
    "two came back, and both were sent in one": (
        lambda world: return_and_pay(world, returned=(3000, 3000), paid=(6000,)),
        None,
    ),
    "came back, and was sent again in two parts": (
        lambda world: return_and_pay(world, returned=(5000,), paid=(2500, 2500)),
        None,
    ),
    "came back, and was sent again less a fee": (
        lambda world: return_and_pay(world, returned=(5000,), paid=(4990,)),
        UNPAID_RULE,
    ),
    "under way before takings kept who asked, failed since": (
        lambda world: release(world, told_before=(), is_worked_off=False),
        UNPAID_RULE,
    ),
    "sent before takings kept who asked, followed up since": (
        lambda world: release(world, told_before=(R.SENT,), is_worked_off=True),
        UNPAID_RULE,
    ),
    "the wallet's own, failed, and so did the other way": (pay_wallets_own_otherwise, UNPAID_RULE),
}
"""By the fate of a refund of a part: how to get there, and the rule by which it bars another one, if it does."""


def void(_: object) -> None:
    """Forget what a preparation gives."""


@pytest.fixture(params=CASES)
def case(request: pytest.FixtureRequest, world: MoneyWorld) -> tuple[MoneyWorld, str | None]:
    prepare, rule = CASES[request.param]
    prepare(world)
    return world, rule


def test_a_refund_that_is_offered_is_accepted_and_no_other_is(case: tuple[MoneyWorld, str | None]) -> None:
    world, rule = case
    movement = world.movement()
    in_list = [one.movement_id for one in refunds.list_refundable(world.store, ACCOUNT, world.now).movements]
    offered = world.offer()
    told = payments.diagnose(movement, world.now, first=None)
    result = world.ask(request_key="request-2", amount=Money(100, "CNY"))
    if rule is None:
        assert result.outcome in (Out.APPROVED, Out.IN_REVIEW)
        assert (offered.outcome, in_list) == (OfferOutcome.OFFERED, ["mov_1"])
        assert told.barring_refund_id is None
        # A refund that failed is told, and bars nothing.
        assert payments.answer_of(movement, told, world.now).refund in ((), ("payment_answer.refund_failed",))
    else:
        assert (result.outcome, result.decided_by) == (Out.EXISTS, rule)
        assert (offered.outcome, offered.decided_by) == (OfferOutcome.NOT_ELIGIBLE, rule)
        assert offered.barring_refund_id == result.refund_id
        assert (told.barring_refund_id, in_list) == (result.refund_id, [])
        assert payments.answer_of(movement, told, world.now).refund != ()


def test_a_charge_of_which_a_refund_bars_another_is_not_to_be_asked_back(case: tuple[MoneyWorld, str | None]) -> None:
    """Neither of two charges is, since one of them is being given back."""
    world, rule = case
    movement = world.movement()
    twin_of_other = payments.find_twin(second := moved_again(world), movement)
    twin_of_this = payments.find_twin(movement, second)
    assert twin_of_other is not None
    assert twin_of_this is not None
    if rule is not None:
        assert not twin_of_other.may_be_refunded
        assert not twin_of_this.may_be_refunded
        assert twin_of_other.this_stands
    elif movement.refundable_minor == movement.amount.minor:
        assert twin_of_other.may_be_refunded


def moved_again(world: MoneyWorld) -> Movement:
    """The same payment once more, a minute later."""
    again = moved(S.SUCCEEDED, "mov_2", initiated_at=world.movement().ref.initiated_at + timedelta(minutes=1))
    world.tell(again)
    return payments.find(world.store.batch_get, ACCOUNT, "mov_2") or pytest.fail("it was told")


PROVIDERS: Final[dict[str, tuple[dict[str, Any], timedelta, int]]] = {
    "PayPal, 180 days": ({"instrument": Instrument("paypal", None)}, timedelta(days=200), 0),
    "WeChat Pay, 50 parts": ({"provider": "wechat"}, timedelta(days=1), 50),
    "WeChat Pay, 365 days": ({"provider": "wechat"}, timedelta(days=366), 0),
    "Alipay, twelve months": ({"provider": "alipay"}, timedelta(days=370), 0),
}


@pytest.mark.parametrize("case", PROVIDERS)
@pytest.mark.parametrize("is_within", [True, False])
def test_a_refund_that_the_provider_refuses_is_listed_nowhere(case: str, is_within: bool) -> None:
    own, age, parts = PROVIDERS[case]
    world = MoneyWorld(MemoryStore())
    paid_at = world.now - (timedelta(days=1) if is_within else age)
    world.tell(moved(S.SUCCEEDED, initiated_at=paid_at, **own))
    for part in range(parts - is_within):
        world.tell(refunded(R.SETTLED, f"ref_{part}", minor=1))
    movement = payments.find(world.store.batch_get, ACCOUNT, "mov_1")
    assert movement is not None
    asked = world.ask(initiated_at=paid_at)
    assert (asked.outcome is Out.NOT_ELIGIBLE) is not is_within
    assert (refunds.refundable_of(movement, world.now).minor == 0) is not is_within
    world = MoneyWorld(MemoryStore())
    world.tell(moved(S.SUCCEEDED, initiated_at=paid_at, **own))
    for part in range(parts - is_within):
        world.tell(refunded(R.SETTLED, f"ref_{part}", minor=1))
    listed = refunds.list_refundable(world.store, ACCOUNT, world.now).movements
    assert len(listed) == is_within

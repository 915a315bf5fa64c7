"""The acts of an agent upon an account: alone, with the customer's proof, or with a second person."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest

from hotline.accounts import service as accounts
from hotline.agents import service as agents
from hotline.agents.model import AgentError, Masked
from hotline.cases import service as cases
from hotline.cases.model import EntryKind
from hotline.contracts.model import RefundStatus
from hotline.directory import service as directory
from hotline.identity.items import counters_from, point_key
from hotline.identity.model import IdentityError, Operation
from hotline.identity.policy import WRONG_IN_A_ROW
from hotline.identity.ways import Way
from hotline.kit.actor import FactorKind
from hotline.kit.errors import InvalidInput, NeedProof, NeedSecond, NotPossible
from hotline.kit.money import Money
from hotline.lockout.model import Cause, DecisionKind, LockoutError, LockState
from hotline.payments import service as payments
from hotline.refunds.model import PayoutWay, RefundError, RefundOutcome, RefundReason, RefundState, ReviewDecision
from hotline.refunds.policy import REQUEST_CAP_MINOR
from hotline.refunds.service import make_terms
from tests.support.agent_world import EMAIL, NUMBER, AgentWorld, fill_row
from tests.support.money_world import ACCOUNT, refunded
from tests.support.phone import give

APPROVE, DENY = ReviewDecision.APPROVE, ReviewDecision.DENY


def test_an_unlock_goes_with_the_customers_proof_and_is_told_everywhere(world: AgentWorld) -> None:
    world.lock_out()
    token = world.token()
    basis = world.take(world.call_in(goal="unlock"), token)
    assert world.do(token, basis, agents.UNLOCK) == "ASKED"
    (decision,) = world.decided("account.unlock_requested")
    assert decision["facts"]["ends"] == "SOFT"
    events = [(entry["event"], entry["actor"]) for entry in world.audit()]
    who = f"agent:agent-1:{basis.case_id}"
    assert {("account.unlock_requested", who), ("agent.unlock", who)} <= set(events)
    assert basis.case_id is not None
    found = cases.read_case(world.store, basis.case_id)
    assert found is not None
    last = found[1][-1]
    assert (last.kind, last.reason, last.facts) == (EntryKind.DECIDED, "agent.unlock", {"outcome": "ASKED"})


@pytest.mark.parametrize(
    "act", [agents.UNLOCK, agents.GRANT_RESET, agents.END_PAUSE, agents.UNFREEZE], ids=lambda act: act.operation.value
)
def test_nothing_is_opened_without_the_customers_proof(quick: AgentWorld, act: Any) -> None:
    quick.lock_out()
    basis = quick.claimed()
    with pytest.raises(NeedProof) as caught:
        quick.do(quick.token(), basis, act)
    assert caught.value.needs == ("sms", "email")
    look_only = quick.call_in(goal="look")
    token = quick.token()
    with pytest.raises(NeedProof):
        quick.do(token, quick.take(look_only, token), act)
    assert [entry["kind"] for entry in quick.decisions() if "lock" in entry["kind"]] == ["account.lock_requested"]


def test_an_unfreeze_takes_two_factors_of_the_customer(quick: AgentWorld) -> None:
    token = quick.token()
    phone = quick.call_in(goal="unfreeze")
    basis = quick.take(phone, token)
    assert quick.do(token, basis, agents.FREEZE) == "ASKED"
    with pytest.raises(NeedProof) as caught:
        quick.do(token, basis, agents.UNFREEZE)
    assert caught.value.needs == ("email",)
    phone.prove("email", "unfreeze")
    assert quick.do(token, basis, agents.UNFREEZE) == "ASKED"


def test_proof_ends_with_its_time_and_with_the_contact(quick: AgentWorld) -> None:
    quick.lock_out()
    token = quick.token()
    basis = quick.take(quick.call_in(), token)
    quick.clock.advance(timedelta(minutes=10))
    token = quick.token()
    with pytest.raises(NeedProof):
        quick.do(token, basis, agents.UNLOCK)


def test_proof_of_a_contact_that_ended_counts_no_more(quick: AgentWorld) -> None:
    quick.lock_out()
    token = quick.token()
    basis = quick.take(quick.call_in(), token)
    agents.note_ended(quick.ctx, "contact-1", leg_id="contact-1", at=quick.clock.now())
    with pytest.raises(NotPossible, match=AgentError.NO_ACCESS):
        quick.do(token, basis, agents.UNLOCK)


def test_an_agent_freezes_and_pauses_alone_and_beyond_the_limits_of_strangers(world: AgentWorld) -> None:
    basis, token = world.claimed(), world.token()
    assert world.do(token, basis, agents.PAUSE) is True
    assert world.do(token, basis, agents.PAUSE) is False
    assert world.do(token, basis, agents.FREEZE) == "ASKED"
    assert {component.state for component in world.view().components} == {LockState.PAUSED, LockState.FROZEN}
    assert len(world.decided("account.pause_requested")) == len(world.decided("account.freeze_requested")) == 1


@pytest.mark.parametrize("cause", ["RISK_SCORE", "COMPLIANCE", "AGENT"])
def test_two_people_release_a_hold_and_the_decision_carries_both(world: AgentWorld, cause: str) -> None:
    world.hold(cause)
    basis, token, act = world.claimed(), world.token(), agents.ReleaseHold(Cause(cause))
    with pytest.raises(NeedSecond):
        world.do(token, basis, act)
    approval = world.approve(token, basis, act)
    assert world.view().state is LockState.HOLD
    world.do(token, basis, act, approval)
    (decision,) = world.decided("account.unlock_requested")
    assert (decision["facts"]["ends"], decision["facts"]["cause"], decision["facts"]["in_force"]) == ("HOLD", cause, [])
    (entry,) = [entry for entry in world.audit() if entry["event"] == "account.unlock_requested"]
    assert entry["actor"] == f"agent:agent-1:{basis.case_id}:approved_by:supervisor-1"
    view = world.view()
    assert (view.state, view.asked, view.opening) == (LockState.HOLD, DecisionKind.UNLOCK, True)


def test_the_wallet_answers_and_the_hold_is_gone_while_others_stay(quick: AgentWorld) -> None:
    quick.hold("RISK_SCORE")
    quick.hold("COMPLIANCE")
    basis, token, act = quick.claimed(), quick.token(), agents.ReleaseHold(Cause.RISK_SCORE)
    quick.do(token, basis, act, quick.approve(token, basis, act))
    assert not quick.view().opening
    quick.answer_as_wallet("account.unlock_requested")
    assert [(part.state, part.cause) for part in quick.view().components] == [(LockState.HOLD, Cause.COMPLIANCE)]


@pytest.mark.parametrize("cause", [Cause.DORMANT, Cause.COMPROMISED_CREDENTIAL, Cause.RISK_SCORE])
def test_a_hold_of_another_kind_or_none_is_not_released(quick: AgentWorld, cause: Cause) -> None:
    quick.hold("DORMANT")
    basis, token, act = quick.claimed(), quick.token(), agents.ReleaseHold(cause)
    with pytest.raises(NotPossible, match=LockoutError.NO_SUCH_HOLD):
        quick.approve(token, basis, act)
    with pytest.raises(NotPossible, match=LockoutError.NO_SUCH_HOLD):
        quick.do(token, basis, act)


# ---------------------------------------------------------------- refunds

CAP = REQUEST_CAP_MINOR["CNY"]


def in_review(world: AgentWorld, minor: int) -> str:
    world.pay(minor)
    refund_id = world.ask_refund()
    assert world.refund(refund_id).state is RefundState.IN_REVIEW
    return refund_id


@pytest.mark.parametrize("minor", [CAP - 1, CAP])
def test_one_person_approves_a_refund_up_to_the_cap_of_a_payment(world: AgentWorld, minor: int) -> None:
    refund_id = in_review(world, minor)
    refund = world.do(world.token(), world.claimed(), agents.ReviewRefund(refund_id, APPROVE))
    assert refund == world.refund(refund_id)
    assert (refund.state, refund.decided_by, refund.version) == (RefundState.APPROVED, "agent.review", 2)
    (decision,) = world.decided("refund.approved")
    assert (decision["subject_version"], decision["facts"]["promised_on"]) == (2, refund.promised_on.isoformat())


def test_above_the_cap_it_takes_two_for_yes_and_for_no(quick: AgentWorld) -> None:
    refund_id = in_review(quick, CAP + 1)
    basis, token = quick.claimed(), quick.token()
    for decision in (APPROVE, DENY):
        with pytest.raises(NeedSecond):
            quick.do(token, basis, agents.ReviewRefund(refund_id, decision))
    approval = quick.approve(token, basis, agents.ReviewRefund(refund_id, DENY))
    with pytest.raises(NeedSecond):
        # The approval is to deny it.
        quick.do(token, basis, agents.ReviewRefund(refund_id, APPROVE), approval)
    quick.do(token, basis, agents.ReviewRefund(refund_id, DENY), approval)
    assert quick.refund(refund_id).state is RefundState.DENIED


def test_a_denied_refund_gives_its_payment_back_what_it_took(world: AgentWorld) -> None:
    refund_id = in_review(world, CAP)
    movement_id = world.refund(refund_id).movement_id
    world.do(world.token(), world.claimed(), agents.ReviewRefund(refund_id, DENY))
    (ledger,) = payments.ledgers_of(world.store, ACCOUNT, [movement_id]).values()
    assert (ledger.refundable_minor, ledger.open_refund_id) == (CAP, None)
    movement = payments.find(world.store.batch_get, ACCOUNT, movement_id)
    assert movement is not None
    assert (movement.refundable_minor, movement.open_refund_id) == (CAP, None)
    (decision,) = world.decided("refund.rejected")
    assert decision["facts"]["rule"] == "agent.review"
    (notice, *_) = [entry for entry in world.items(table_of_outbox()) if entry["kind"] == "refund.denied"]
    assert "promised_on" not in notice["facts"]


def table_of_outbox() -> Any:
    from hotline.kit.store import Table

    return Table.OUTBOX


def test_a_refund_is_decided_once_and_a_foreign_id_is_unknown(quick: AgentWorld) -> None:
    refund_id = in_review(quick, CAP)
    basis, token = quick.claimed(), quick.token()
    quick.do(token, basis, agents.ReviewRefund(refund_id, APPROVE))
    with pytest.raises(NotPossible, match=RefundError.NOT_IN_REVIEW):
        quick.do(token, basis, agents.ReviewRefund(refund_id, DENY))
    with pytest.raises(NotPossible, match=RefundError.NO_SUCH_REFUND):
        quick.do(token, basis, agents.ReviewRefund("ref_of_somebody_else", APPROVE))


def test_a_refund_is_not_approved_when_the_wallet_has_sent_the_money_meanwhile(quick: AgentWorld) -> None:
    refund_id = in_review(quick, CAP)
    give(quick.ctx, [refunded(RefundStatus.SENT, "ref_of_the_wallet", quick.refund(refund_id).movement_id, minor=1)])
    token = quick.token()
    basis = quick.claimed()
    act = agents.ReviewRefund(refund_id, APPROVE)
    with pytest.raises(NotPossible, match=RefundError.OVERTAKEN):
        quick.do(token, basis, act, quick.approve(token, basis, act))


def unpaid(world: AgentWorld, captured: int = CAP) -> str:
    world.pay(captured)
    refund_id = world.ask_refund(minor=CAP)
    world.do(world.token(), world.claimed(), agents.ReviewRefund(refund_id, APPROVE))
    movement_id = world.refund(refund_id).movement_id
    give(world.ctx, [refunded(RefundStatus.FAILED, refund_id, movement_id, minor=CAP, version=2)])
    assert world.refund(refund_id).state is RefundState.FAILED
    return refund_id


def test_two_people_pay_a_failed_refund_by_another_way_once(world: AgentWorld) -> None:
    refund_id = unpaid(world)
    basis, token, act = world.claimed(), world.token(), agents.PayOtherWay(refund_id, PayoutWay.BALANCE)
    with pytest.raises(NeedSecond):
        world.do(token, basis, act)
    world.do(token, basis, act, world.approve(token, basis, act))
    (decision,) = world.decided("refund.payout_requested")
    assert decision["facts"]["way"] == "balance"
    refund = world.refund(refund_id)
    assert (refund.payout, refund.followed_up) == (PayoutWay.BALANCE, True)
    (ledger,) = payments.ledgers_of(world.store, ACCOUNT, [refund.movement_id]).values()
    assert (ledger.refundable_minor, ledger.open_refund_id) == (0, refund_id)
    with pytest.raises(NotPossible, match=RefundError.NOT_UNPAID):
        world.do(token, basis, act)
    give(world.ctx, [refunded(RefundStatus.SENT, refund_id, refund.movement_id, minor=CAP, version=3)])
    assert (world.refund(refund_id).state, world.refund(refund_id).payout) == (RefundState.SENT, None)


@pytest.mark.parametrize("minor", [CAP, CAP - 1])
def test_no_refund_is_paid_by_another_way_that_the_wallet_has_paid_meanwhile(quick: AgentWorld, minor: int) -> None:
    """The capture is twice as much, so that what is left of the payment does not stand in the way. The second person's
    word was given before the wallet paid, whole or in part."""
    refund_id = unpaid(quick, captured=2 * CAP)
    basis, token, act = quick.claimed(), quick.token(), agents.PayOtherWay(refund_id, PayoutWay.BALANCE)
    approval = quick.approve(token, basis, act)
    movement_id = quick.refund(refund_id).movement_id
    give(quick.ctx, [refunded(RefundStatus.SETTLED, "ref_in_place", movement_id, minor=minor, after_s=86_400.0)])
    for second in (None, approval):
        with pytest.raises(NotPossible, match=RefundError.OVERTAKEN):
            quick.do(token, basis, act, second)
    assert quick.decided("refund.payout_requested") == []
    assert quick.refund(refund_id).payout is None


# ---------------------------------------------------------------- rows of a hundred


def row(world: AgentWorld, value: str = NUMBER, factor: FactorKind = FactorKind.SMS) -> int:
    item = world.store.get(point_key(accounts.point_id(value, world.ctx.lookup_ring)))
    return counters_from(item, factor, Way.OWN_NUMBER.counter).wrong_in_a_row


def test_a_full_row_is_begun_anew_by_two_people_or_with_another_factor(world: AgentWorld) -> None:
    basis, token, act = world.claimed(), world.token(), agents.BeginRowsAnew()
    fill_row(world, wrong=WRONG_IN_A_ROW)
    fill_row(world, EMAIL, FactorKind.EMAIL, wrong=WRONG_IN_A_ROW - 1)
    with pytest.raises(NeedSecond) as caught:
        world.do(token, basis, act)
    assert caught.value.operation == Operation.NEW_ROW_UNPROVED
    assert world.do(token, basis, act, world.approve(token, basis, act)) == 1
    assert (row(world), row(world, EMAIL, FactorKind.EMAIL)) == (0, WRONG_IN_A_ROW - 1)
    with pytest.raises(NotPossible, match=IdentityError.NO_FULL_ROW):
        world.do(token, basis, act)


def test_the_customers_proof_is_enough_for_a_new_row(quick: AgentWorld) -> None:
    token = quick.token()
    phone = quick.call_in(goal="unlock")
    basis = quick.take(phone, token)
    fill_row(quick, EMAIL, FactorKind.EMAIL)
    assert quick.do(token, basis, agents.BeginRowsAnew()) == 1
    assert row(quick, EMAIL, FactorKind.EMAIL) == 0


# ---------------------------------------------------------------- unmasking


def test_a_name_and_amounts_are_unmasked_and_no_contact_point_can_be(quick: AgentWorld) -> None:
    refund_id = in_review(quick, CAP)
    basis, token = quick.claimed(), quick.token()
    sk = quick.refund(refund_id).movement_sk or ""
    assert quick.do(token, basis, agents.Unmask(Masked.NAME)) == f"Test {ACCOUNT}"
    assert quick.do(token, basis, agents.Unmask(Masked.REFUND_AMOUNT, refund_id)) == Money(CAP, "CNY")
    assert quick.do(token, basis, agents.Unmask(Masked.PAYMENT_AMOUNT, sk)) == Money(CAP, "CNY")
    finding_id = quick.find_theft(7_345)
    assert quick.do(token, basis, agents.Unmask(Masked.FINDING_AMOUNT, finding_id)) == Money(7_345, "CNY")
    for value, item_id in ((Masked.REFUND_AMOUNT, "ref_of_somebody_else"), (Masked.FINDING_AMOUNT, "fnd_of_nobody")):
        with pytest.raises(NotPossible, match=AgentError.NOTHING_THERE):
            quick.do(token, basis, agents.Unmask(value, item_id))
    assert not [value for value in Masked if "point" in value or "phone" in value or "email" in value]
    told = [entry["facts"]["value"] for entry in quick.audit() if entry["event"] == "agent.unmask"]
    assert sorted(told) == ["finding_amount", "name", "payment_amount", "refund_amount"]
    assert not any(f"Test {ACCOUNT}" in str(item) for item in quick.items() if item["SK"] != "#PROFILE")


# ---------------------------------------------------------------- supervisors


def test_hours_are_edited_by_a_supervisor_alone_and_numbers_by_two(world: AgentWorld) -> None:
    boss, basis = world.supervisor(), agents_basis()
    hours = agents.EditHours(directory.always_open(), 0)
    with pytest.raises(NotPossible, match=AgentError.NO_PERMISSION):
        world.do(world.token(), basis, hours)
    assert world.do(boss, basis, hours) == 1
    assert world.do(boss, basis, agents.EditBanner(None, 0)) == 1
    numbers = agents.EditNumbers(("+18005550199",), 0)
    with pytest.raises(NeedSecond):
        world.do(boss, basis, numbers)
    approval = world.approve(boss, basis, numbers, world.supervisor("supervisor-2"))
    with pytest.raises(NeedSecond):
        # The approval is of another number.
        world.do(boss, basis, agents.EditNumbers(("+18005550100",), 0), approval)
    assert world.do(boss, basis, numbers, approval) == 1


def test_a_policy_is_published_by_two_and_each_version_is_kept(world: AgentWorld) -> None:
    boss, basis = world.supervisor(), agents_basis()
    terms = make_terms(window_days=30, partial=True, auto_approve_minor=90_000, categories=("food", "food"))
    act = agents.PublishPolicy("mer_1", terms, 0)
    with pytest.raises(NeedSecond):
        world.do(boss, basis, act)
    approval = world.approve(boss, basis, act, world.supervisor("supervisor-2"))
    assert world.do(boss, basis, act, approval).version == 1
    with pytest.raises(NotPossible, match=RefundError.POLICY_CHANGED):
        world.do(boss, basis, act)
    kept = [item for item in world.items() if item["SK"].startswith("EDITION#")]
    assert [(item["version"], item["edited_by"], item["categories"]) for item in kept] == [
        (1, "supervisor-1", ["food"])
    ]


def agents_basis() -> Any:
    from hotline.agents.model import Basis

    return Basis()


# ---------------------------------------------------------------- a refund in the customer's name


def asking(world: AgentWorld, movement_id: str = "mov_1", reason: RefundReason = RefundReason.DUPLICATE) -> Any:
    return agents.AskRefund(world.payment_key(movement_id), reason, "key-of-the-request")


def test_a_refund_is_asked_for_with_the_customers_proof_as_the_customer_would(world: AgentWorld) -> None:
    world.pay(12850)
    token = world.token()
    basis = world.take(world.call_in(goal="refund"), token)
    result = world.do(token, basis, asking(world))
    assert result.outcome in (RefundOutcome.IN_REVIEW, RefundOutcome.APPROVED)
    refund = world.refund(result.refund_id)
    assert (refund.reason, refund.amount) == (RefundReason.DUPLICATE, Money(12850, "CNY"))
    (decision,) = world.decided("refund.requested")
    assert decision["facts"]["refund_id"] == result.refund_id
    who = f"agent:agent-1:{basis.case_id}"
    actors = {entry["event"]: entry["actor"] for entry in world.audit()}
    assert {actors["agent.refund"], actors[f"refund.{refund.state.value}"]} == {who}
    again = world.do(token, basis, asking(world))
    assert (again.outcome, again.refund_id) == (RefundOutcome.EXISTS, result.refund_id)
    assert len(world.decided("refund.requested")) == 1


@pytest.mark.parametrize("goal", [None, "look"])
def test_no_refund_is_asked_for_without_proof_for_it(quick: AgentWorld, goal: str | None) -> None:
    quick.pay(12850)
    token = quick.token()
    basis = quick.claimed() if goal is None else quick.take(quick.call_in(goal=goal), token)
    with pytest.raises(NeedProof):
        quick.do(token, basis, asking(quick))
    assert quick.decided("refund.requested") == []


def test_a_payment_that_the_customer_disputes_goes_to_people_and_one_of_nobody_is_not_found(quick: AgentWorld) -> None:
    quick.pay(12850)
    token = quick.token()
    basis = quick.claimed()
    disputed = quick.do(token, basis, asking(quick, reason=RefundReason.UNAUTHORISED))
    assert disputed.outcome is RefundOutcome.ROUTE_DISPUTE
    assert disputed.promised_on == date(2026, 12, 7)
    assert any(entry["facts"].get("topic") == "dispute" for entry in quick.decided("case.opened"))
    sk = quick.payment_key().replace("mov_1", "mov_9")
    with pytest.raises(NotPossible, match=RefundError.NO_SUCH_MOVEMENT):
        quick.do(token, basis, agents.AskRefund(sk, RefundReason.DUPLICATE, "key-of-another-request"))


def test_a_refund_beyond_what_is_left_is_refused(quick: AgentWorld) -> None:
    quick.pay(12850)
    token = quick.token()
    basis = quick.take(quick.call_in(goal="refund"), token)
    over = agents.AskRefund(quick.payment_key(), RefundReason.DUPLICATE, "key-of-the-request", amount_minor=12851)
    with pytest.raises(InvalidInput, match="amount_over_refundable"):
        quick.do(token, basis, over)

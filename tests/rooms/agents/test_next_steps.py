"""The step that a case needs next: by what keeps the account shut, by its actions, and by its timeline."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from hotline.agents.actions import OFFERED, Action, Obstacle
from hotline.agents.next_steps import Step, find_next_step, list_missing_documents
from hotline.cases.model import Audience, Case, CaseEntry, CaseStatus, EntryKind, Established, Priority, skill_of
from hotline.identity.model import ByAgent, Operation
from hotline.lockout.model import Cause, Component, DecisionKind, LockState, LockView, SelfService
from hotline.security.model import FindingState, SeenFinding, Verdict
from tests.support.facts import NOON
from tests.support.sweeps import sweep

BEFORE = NOON - timedelta(hours=1)
FREEZE = Component(LockState.FROZEN, Cause.CUSTOMER_REQUEST, BEFORE, None)
PAUSE = Component(LockState.PAUSED, Cause.CUSTOMER_REQUEST, BEFORE, NOON + timedelta(hours=1))
SOFT = Component(LockState.SOFT, Cause.TOO_MANY_PASSWORD, BEFORE, NOON + timedelta(hours=1))
HARD = Component(LockState.HARD, Cause.TOO_MANY_PASSWORD, BEFORE, None)
CLOSED = Component(LockState.CLOSED, None, BEFORE, None)


def hold(cause: Cause) -> Component:
    return Component(LockState.HOLD, cause, BEFORE, None)


def view(*components: Component, own: SelfService = SelfService.NO, asked: DecisionKind | None = None) -> LockView:
    state = components[0].state if components else LockState.OPEN
    cause = components[0].cause if components else None
    return LockView(state, cause, None, None, own, asked, components, opening=asked is not None)


BY_TWO = (Operation.UNLOCK_UNPROVED, Operation.RESET_GRANT_UNPROVED, Operation.UNFREEZE_UNPROVED)


def actions(*, proved: bool, lone: bool = False) -> tuple[Action, ...]:
    """The actions of an account, as far as steps follow from them."""
    stands = None if proved else Obstacle.NEEDS_PROOF
    proof = (Operation.UNLOCK, Operation.RESET_GRANT, Operation.END_PAUSE, *(() if lone else (Operation.UNFREEZE,)))
    second = (Action(Operation.UNFREEZE_UNPROVED, ByAgent.SECOND),) if lone else ()
    return (*(Action(one, ByAgent.PROOF, stands) for one in proof), *second)


def case(topic: str = "general", **own: Any) -> Case:
    told: dict[str, Any] = {"case_id": "case_1", "account_id": "acc_1", "reason": "caller.asked", "version": 1}
    told |= {"priority": Priority.NORMAL, "status": CaseStatus.CLAIMED, "language": "en-US"}
    told |= {"opened_at": NOON, "updated_at": NOON, "due_at": NOON, "skill": skill_of(topic, "en-US")}
    return Case(topic=topic, **(told | own))


def entry(kind: EntryKind, actor: str, reason: str = "-", refund_id: str | None = None) -> CaseEntry:
    facts = {"refund_id": refund_id} if refund_id is not None else {}
    return CaseEntry("e", 1, NOON, kind, Audience.AGENT, actor, reason, facts)


def told(reason: str, refund_id: str = "ref_1") -> CaseEntry:
    return entry(EntryKind.ADDED, "system:deadlines", reason, refund_id)


def decided(operation: Operation, refund_id: str = "ref_1") -> CaseEntry:
    return entry(EntryKind.DECIDED, "agent:agent-1:case_1", f"agent.{operation.value}", refund_id)


def deed(operation: Operation, **facts: str) -> CaseEntry:
    return replace(entry(EntryKind.DECIDED, "agent:a:c", f"agent.{operation.value}"), facts=facts)


OPENED = entry(EntryKind.OPENED, "caller:c")
DONE = entry(EntryKind.DECIDED, "agent:agent-1:case_1", "agent.unlock")
FROZEN_HERE = entry(EntryKind.ADDED, "agent:a:c", "freeze.asked")
"""A freeze by an agent from the security case adds to that case."""


@sweep(
    ("shown", "step"),
    [
        (case(status=CaseStatus.CLOSED), None),
        (case("refund", established=Established(missing_documents=("id_card",))), Step.ASK_DOCUMENTS),
        (case("refund", reason="caller.callback"), Step.CALL_BACK),
        (case("refund"), Step.DECIDE_REFUND),
        (case("payment"), Step.ANSWER),
        (case("security"), Step.CLAIM),
        (case("dispute"), Step.ANSWER_DISPUTE),
        (case("dispute", reason="caller.callback"), Step.CALL_BACK),
    ],
)
def test_a_case_names_the_step_that_it_needs_next(shown: Case, step: Step | None) -> None:
    assert find_next_step(shown, (OPENED,), ()) is step


@sweep(
    ("after", "done"),
    [
        ((), False),
        ((DONE,), True),
        *(((entry(EntryKind.DECIDED, "agent:a:c", f"agent.{one.value}"),), True) for one in OFFERED),
        ((entry(EntryKind.DECIDED, "agent:a:c", "agent.new_row_unproved"),), True),
        ((entry(EntryKind.DECIDED, "agent:a:c", "agent.unfreeze_unproved"),), True),
        ((entry(EntryKind.DECIDED, "agent:a:c", "agent.review_refund"),), True),
        ((entry(EntryKind.DECIDED, "agent:a:c", "agent.review_large_refund"),), True),
        ((entry(EntryKind.DECIDED, "agent:a:c", "agent.other_payout"),), True),
        ((entry(EntryKind.DECIDED, "agent:a:c", "agent.judge_finding"),), True),
        ((entry(EntryKind.DECIDED, "agent:a:c", "agent.approval_asked"),), False),
        ((DONE, entry(EntryKind.DECIDED, "agent:a:c", "agent.approval_asked")), True),
        ((entry(EntryKind.ADDED, "agent:a:c"),), True),
        ((DONE, entry(EntryKind.ADDED, "caller:c")), False),
        ((DONE, entry(EntryKind.REOPENED, "agent:a:c")), False),
        ((DONE, entry(EntryKind.OPENED, "caller:c")), False),
        ((DONE, entry(EntryKind.NOTED, "agent:a:c")), True),
    ],
)
def test_a_case_is_to_be_closed_once_an_agent_has_done_something_since_somebody_spoke(
    after: tuple[CaseEntry, ...], done: bool
) -> None:
    found = find_next_step(case("lockout"), (OPENED, *after), ())
    assert found is (Step.CLOSE if done else Step.CLAIM)


@sweep("operation", [Operation.UNLOCK, Operation.RESET_GRANT])
@sweep(
    ("topic", "step"),
    [
        ("refund", Step.DECIDE_REFUND),
        ("payment", Step.ANSWER),
        ("lockout", Step.CLAIM),
        ("security", Step.CLAIM),
        ("general", Step.CLAIM),
    ],
)
def test_an_act_that_opened_nothing_closes_no_case_of_any_topic(topic: str, step: Step, operation: Operation) -> None:
    vain = deed(operation, outcome="NOT_SELF_SERVICE")
    assert find_next_step(case(topic), (OPENED, vain), ()) is step
    assert find_next_step(case(topic), (OPENED, DONE, vain), ()) is Step.CLOSE


def test_a_freeze_is_no_answer_to_a_dispute() -> None:
    frozen = entry(EntryKind.DECIDED, "agent:a:c", "agent.freeze")
    assert find_next_step(case("dispute"), (OPENED, frozen), ()) is Step.ANSWER_DISPUTE


@sweep(
    ("after", "step"),
    [
        ((told("refund_review"),), Step.DECIDE_REFUND),
        ((told("refund_unpaid"),), Step.PAY_OTHER_WAY),
        ((told("refund_overdue"),), Step.TRACE_REFUND),
        ((told("refund_review"), decided(Operation.REVIEW_REFUND)), Step.CLOSE),
        ((told("refund_review"), decided(Operation.REVIEW_REFUND), told("refund_unpaid")), Step.PAY_OTHER_WAY),
        ((told("refund_unpaid"), decided(Operation.OTHER_PAYOUT)), Step.CLOSE),
        ((told("refund_unpaid"), told("refund_review", "ref_2")), Step.PAY_OTHER_WAY),
        ((told("refund_unpaid"), told("refund_review", "ref_2"), decided(Operation.OTHER_PAYOUT)), Step.DECIDE_REFUND),
        ((told("refund_unpaid"), told("refund_overdue"), decided(Operation.REVIEW_REFUND, "ref_2")), Step.CLOSE),
        ((told("refund_overdue"), told("refund_unpaid"), DONE), Step.PAY_OTHER_WAY),
    ],
)
def test_the_next_step_of_a_refund_is_the_one_that_it_came_into_the_case_for(
    after: tuple[CaseEntry, ...], step: Step
) -> None:
    assert find_next_step(case("refund"), (OPENED, *after), ()) is step


@sweep(
    ("after", "overtaken", "step"),
    [
        ((told("refund_unpaid"),), {"ref_1": Step.CLOSE}, Step.CLOSE),
        ((told("refund_unpaid"),), {"ref_1": Step.TRACE_REFUND}, Step.TRACE_REFUND),
        ((told("refund_unpaid"),), {"ref_2": Step.CLOSE}, Step.PAY_OTHER_WAY),
        ((told("refund_overdue"),), {"ref_1": Step.CLOSE}, Step.TRACE_REFUND),
        ((told("refund_unpaid"), told("refund_review", "ref_2")), {"ref_1": Step.CLOSE}, Step.DECIDE_REFUND),
        ((told("refund_unpaid"), told("refund_unpaid", "ref_2")), {"ref_1": Step.CLOSE}, Step.PAY_OTHER_WAY),
    ],
)
def test_a_refund_that_the_wallet_has_paid_meanwhile_asks_for_no_other_way(
    after: tuple[CaseEntry, ...], overtaken: Mapping[str, Step], step: Step
) -> None:
    assert find_next_step(case("refund"), (OPENED, *after), (), overtaken=overtaken) is step


# ---------------------------------------------------------------- what may be an attack


def found(finding_id: str, **also: str) -> CaseEntry:
    opened = entry(EntryKind.ADDED, "system:security_scan:takeover", "failed_login_burst")
    return replace(opened, facts={"finding_id": finding_id, "hold": "asked", **also})


def judged(finding_id: str) -> CaseEntry:
    return replace(entry(EntryKind.DECIDED, "agent:a:c", "agent.judge_finding"), facts={"finding_id": finding_id})


@sweep(
    ("after", "is_judged"),
    [
        ((found("fnd_1"),), False),
        ((found("fnd_1"), judged("fnd_1")), True),
        ((found("fnd_1"), found("fnd_2"), judged("fnd_1")), False),
        ((found("fnd_1", also="fnd_2,fnd_3"), judged("fnd_1"), judged("fnd_2")), False),
        ((found("fnd_1", also="fnd_2"), judged("fnd_1"), judged("fnd_2")), True),
        ((found("fnd_1"), entry(EntryKind.DECIDED, "agent:a:c", "agent.freeze")), False),
    ],
)
@sweep(
    ("shown", "left"),
    [
        (None, Step.CLOSE),
        (view(), Step.CLOSE),
        (view(hold(Cause.RISK_SCORE)), Step.RELEASE_HOLD),
        (view(hold(Cause.DORMANT)), Step.TURN_TO_WALLET),
    ],
)
def test_a_finding_is_to_be_judged_once_and_its_hold_is_left(
    after: tuple[CaseEntry, ...], shown: LockView | None, left: Step, *, is_judged: bool
) -> None:
    step = find_next_step(case("security"), (OPENED, *after), actions(proved=False), shown)
    assert step is (left if is_judged else Step.JUDGE_FINDING)


RAISED = SeenFinding(
    "fnd_1", "critical", NOON, "failed_login_burst", {}, None, FindingState.OPEN, NOON, NOON, "Call the owner."
)

GONE = replace(RAISED, id="fnd_gone", state=FindingState.WITHDRAWN, holds=True)
"""A finding that has set a hold, and that a late event excludes: the money came back."""


def judged_as(verdict: Verdict, at: datetime = NOON) -> SeenFinding:
    return replace(RAISED, verdict=verdict, judged_at=at)


@sweep("topic", ["lockout", "general"])
@sweep(
    ("on_account", "cause", "step"),
    [
        ((RAISED,), Cause.RISK_SCORE, Step.JUDGE_FINDING),
        ((RAISED,), Cause.COMPLIANCE, Step.RELEASE_HOLD),
        ((replace(RAISED, severity="low"),), Cause.RISK_SCORE, Step.RELEASE_HOLD),
        ((judged_as(Verdict.FALSE_ALARM),), Cause.RISK_SCORE, Step.RELEASE_HOLD),
        ((judged_as(Verdict.CONFIRMED), RAISED), Cause.RISK_SCORE, Step.JUDGE_FINDING),
        ((judged_as(Verdict.CONFIRMED),), Cause.RISK_SCORE, Step.ASK_OWNER),
        ((judged_as(Verdict.UNCLEAR),), Cause.RISK_SCORE, Step.ASK_OWNER),
        ((judged_as(Verdict.UNCLEAR), judged_as(Verdict.FALSE_ALARM)), Cause.RISK_SCORE, Step.ASK_OWNER),
        ((judged_as(Verdict.CONFIRMED),), Cause.COMPLIANCE, Step.RELEASE_HOLD),
        *(
            ((replace(RAISED, state=state),), Cause.RISK_SCORE, step)
            for state, step in {
                FindingState.TOLD: Step.JUDGE_FINDING,
                FindingState.ACKNOWLEDGED: Step.JUDGE_FINDING,
                FindingState.EXPIRED: Step.JUDGE_FINDING,
                FindingState.SUPPRESSED: Step.RELEASE_HOLD,
                FindingState.WITHDRAWN: Step.RELEASE_HOLD,
            }.items()
        ),
        ((GONE,), Cause.RISK_SCORE, Step.CHECK_ACCOUNT),
        ((GONE,), Cause.COMPLIANCE, Step.RELEASE_HOLD),
        ((GONE, RAISED), Cause.RISK_SCORE, Step.JUDGE_FINDING),
        ((replace(GONE, state=FindingState.SUPPRESSED),), Cause.RISK_SCORE, Step.RELEASE_HOLD),
        ((replace(GONE, verdict=Verdict.FALSE_ALARM, judged_at=NOON),), Cause.RISK_SCORE, Step.RELEASE_HOLD),
        ((replace(GONE, verdict=Verdict.UNCLEAR, judged_at=NOON),), Cause.RISK_SCORE, Step.ASK_OWNER),
        ((), Cause.RISK_SCORE, Step.RELEASE_HOLD),
    ],
)
def test_a_finding_is_judged_before_the_hold_that_it_set_is_released_in_whichever_case(
    topic: str, on_account: tuple[SeenFinding, ...], cause: Cause, step: Step
) -> None:
    shown = view(hold(cause))
    told = find_next_step(case(topic), (OPENED,), actions(proved=False), shown, findings=on_account)
    assert told is step


def test_a_verdict_on_what_was_over_before_the_hold_began_does_not_keep_it() -> None:
    held = replace(hold(Cause.RISK_SCORE), since=LATER)
    for opened_at, step in ((None, Step.ASK_OWNER), (NOON, Step.RELEASE_HOLD)):
        shown = replace(view(held), opened_at=opened_at)
        told = find_next_step(case("lockout"), (OPENED,), actions(proved=False), shown, findings=(CONFIRMED,))
        assert told is step


def test_a_finding_that_was_judged_in_another_case_is_not_to_be_judged_again() -> None:
    judged_there = (judged_as(Verdict.FALSE_ALARM),)
    shown = view(hold(Cause.RISK_SCORE))
    for findings, step in (((RAISED,), Step.JUDGE_FINDING), (judged_there, Step.RELEASE_HOLD)):
        entries = (OPENED, found("fnd_1"))
        assert find_next_step(case("security"), entries, actions(proved=False), shown, findings=findings) is step


@sweep("shut", [(), (Cause.RISK_SCORE,)])
def test_a_finding_that_has_set_a_hold_is_looked_at_though_it_is_withdrawn(shut: tuple[Cause, ...]) -> None:
    entries, shown = (OPENED, found(GONE.id)), view(*map(hold, shut))
    for findings, step in (((GONE,), Step.CHECK_ACCOUNT), ((), Step.JUDGE_FINDING)):
        assert find_next_step(case("security"), entries, actions(proved=False), shown, findings=findings) is step
    both = (GONE, RAISED)
    told = find_next_step(case("security"), (*entries, found("fnd_1")), actions(proved=False), shown, findings=both)
    assert told is Step.JUDGE_FINDING


@sweep("state", [FindingState.WITHDRAWN, FindingState.SUPPRESSED])
@sweep(("shut", "step"), [((), Step.CLOSE), ((Cause.RISK_SCORE,), Step.RELEASE_HOLD)])
def test_a_finding_that_is_withdrawn_asks_for_no_judgement(
    state: FindingState, shut: tuple[Cause, ...], step: Step
) -> None:
    entries, gone = (OPENED, found("fnd_1")), replace(RAISED, state=state)
    shown = view(*map(hold, shut))
    assert find_next_step(case("security"), entries, actions(proved=False), shown, findings=(gone,)) is step
    both = (gone, replace(RAISED, id="fnd_2"))
    told = find_next_step(case("security"), (*entries, found("fnd_2")), actions(proved=False), shown, findings=both)
    assert told is Step.JUDGE_FINDING


EARLIER, LATER = NOON - timedelta(minutes=1), NOON + timedelta(minutes=1)


CONFIRMED, FALSE_ALARM = judged_as(Verdict.CONFIRMED), judged_as(Verdict.FALSE_ALARM)
UNCLEAR = judged_as(Verdict.UNCLEAR)


@sweep("here", [True, False])
@sweep(
    ("on_account", "opened_at", "shut", "step"),
    [
        ((CONFIRMED,), None, (), Step.FREEZE),
        ((CONFIRMED,), None, (SOFT,), Step.FREEZE),
        ((CONFIRMED, FALSE_ALARM), None, (), Step.FREEZE),
        ((CONFIRMED,), EARLIER, (), Step.FREEZE),
        ((CONFIRMED,), LATER, (), Step.CLOSE),
        ((CONFIRMED, judged_as(Verdict.CONFIRMED, LATER + timedelta(minutes=1))), LATER, (), Step.FREEZE),
        ((CONFIRMED, judged_as(Verdict.FALSE_ALARM, LATER + timedelta(minutes=1))), LATER, (), Step.CLOSE),
        ((FALSE_ALARM,), None, (), Step.CLOSE),
        ((UNCLEAR,), None, (), Step.CLOSE),
        ((CONFIRMED,), None, (hold(Cause.RISK_SCORE),), Step.ASK_OWNER),
        ((CONFIRMED,), None, (FREEZE,), Step.ASK_OWNER),
    ],
)
def test_an_account_under_an_attack_that_was_confirmed_in_whichever_case_is_not_left_open(
    on_account: tuple[SeenFinding, ...],
    opened_at: datetime | None,
    shut: tuple[Component, ...],
    step: Step,
    *,
    here: bool,
) -> None:
    told = tuple(deed(Operation.JUDGE_FINDING, finding_id="fnd_1", outcome="-") for _ in on_account)
    entries = (OPENED, found("fnd_1"), *(told if here else ()))
    shown = replace(view(*shut), opened_at=opened_at)
    assert find_next_step(case("security"), entries, actions(proved=False), shown, findings=on_account) is step


def test_a_freeze_ends_the_case_of_a_confirmed_attack() -> None:
    entries = (OPENED, found("fnd_1"), FROZEN_HERE)
    shown, on_account = view(FREEZE), (CONFIRMED,)
    step = find_next_step(case("security"), entries, actions(proved=False), shown, findings=on_account)
    assert step is Step.CLOSE


def test_a_judged_finding_whose_hold_was_released_closes_the_case() -> None:
    after = (found("fnd_1"), judged("fnd_1"), deed(Operation.RELEASE_HOLD, cause="RISK_SCORE"))
    shown = view(hold(Cause.RISK_SCORE))
    assert find_next_step(case("security"), (OPENED, *after), actions(proved=False), shown) is Step.CLOSE


@sweep("reason", ["freeze.asked", "pause.refused"])
@sweep(
    ("shut", "after", "step"),
    [
        ((), (), Step.ASK_OWNER),
        ((FREEZE,), (), Step.ASK_OWNER),
        ((FREEZE, hold(Cause.RISK_SCORE)), (), Step.ASK_OWNER),
        ((hold(Cause.COMPLIANCE),), (), Step.RELEASE_HOLD),
        ((SOFT,), (), Step.ASK_PROOF),
        ((FREEZE,), (entry(EntryKind.DECIDED, "agent:a:c", "agent.unfreeze"),), Step.CLOSE),
        ((FREEZE,), (entry(EntryKind.DECIDED, "agent:a:c", "agent.unfreeze_unproved"),), Step.CLOSE),
    ],
)
def test_a_security_case_without_a_finding_asks_its_owner_or_follows_the_lock(
    reason: str, shut: tuple[Component, ...], after: tuple[CaseEntry, ...], step: Step
) -> None:
    opened = entry(EntryKind.OPENED, "caller:c", reason)
    assert find_next_step(case("security"), (opened, *after), actions(proved=False), view(*shut)) is step


def test_a_security_case_waits_for_a_freeze_that_the_owner_has_ended() -> None:
    opening = view(FREEZE, asked=DecisionKind.UNFREEZE)
    assert find_next_step(case("security"), (OPENED,), actions(proved=False), opening) is Step.WAIT_FOR_WALLET


# ---------------------------------------------------------------- an account that is shut


@sweep("topic", ["lockout", "general"])
@sweep(
    ("shut", "step", "with_proof"),
    [
        ((), Step.ANSWER, Step.ANSWER),
        ((CLOSED,), Step.ANSWER, Step.ANSWER),
        ((SOFT,), Step.ASK_PROOF, Step.UNLOCK),
        ((HARD,), Step.ASK_PROOF, Step.GRANT_RESET),
        ((PAUSE,), Step.ASK_PROOF, Step.END_PAUSE),
        ((FREEZE,), Step.ASK_PROOF, Step.UNFREEZE),
        ((hold(Cause.RISK_SCORE),), Step.RELEASE_HOLD, Step.RELEASE_HOLD),
        ((hold(Cause.COMPLIANCE),), Step.RELEASE_HOLD, Step.RELEASE_HOLD),
        ((hold(Cause.AGENT),), Step.RELEASE_HOLD, Step.RELEASE_HOLD),
        ((hold(Cause.COMPROMISED_CREDENTIAL),), Step.ASK_PROOF, Step.GRANT_RESET),
        ((hold(Cause.DORMANT),), Step.TURN_TO_WALLET, Step.TURN_TO_WALLET),
        ((hold(Cause.OTHER),), Step.TURN_TO_WALLET, Step.TURN_TO_WALLET),
        ((hold(Cause.DORMANT), hold(Cause.RISK_SCORE)), Step.RELEASE_HOLD, Step.RELEASE_HOLD),
        ((hold(Cause.DORMANT), hold(Cause.COMPROMISED_CREDENTIAL)), Step.TURN_TO_WALLET, Step.TURN_TO_WALLET),
        ((FREEZE, hold(Cause.RISK_SCORE)), Step.ASK_PROOF, Step.UNFREEZE),
    ],
)
def test_the_step_of_a_caller_who_is_shut_out_follows_from_the_lock(
    topic: str, shut: tuple[Component, ...], step: Step, with_proof: Step
) -> None:
    for proved, expected in ((False, step), (True, with_proof)):
        assert find_next_step(case(topic), (OPENED,), actions(proved=proved), view(*shut)) is expected


def test_a_freeze_of_an_account_that_cannot_give_two_factors_is_ended_by_two() -> None:
    for proved in (False, True):
        offered = actions(proved=proved, lone=True)
        assert find_next_step(case("lockout"), (OPENED,), offered, view(FREEZE)) is Step.UNFREEZE_BY_TWO


@sweep(
    ("shut", "step"),
    [
        (view(SOFT), Step.UNLOCK_BY_TWO),
        (view(SOFT, own=SelfService.RESET), Step.GRANT_RESET_BY_TWO),
        (view(HARD), Step.GRANT_RESET_BY_TWO),
        (view(hold(Cause.COMPROMISED_CREDENTIAL)), Step.GRANT_RESET_BY_TWO),
        (view(hold(Cause.RISK_SCORE)), Step.RELEASE_HOLD),
    ],
)
def test_an_account_that_cannot_give_the_factors_is_opened_by_two(shut: LockView, step: Step) -> None:
    offered = tuple(Action(one, ByAgent.SECOND) for one in BY_TWO)
    assert find_next_step(case("lockout"), (OPENED,), offered, shut) is step


def test_a_new_password_is_left_where_the_unlocks_of_the_day_are_used_up() -> None:
    used_up = view(SOFT, own=SelfService.RESET)
    assert find_next_step(case("lockout"), (OPENED,), actions(proved=True), used_up) is Step.GRANT_RESET
    assert find_next_step(case("lockout"), (OPENED,), actions(proved=False), used_up) is Step.ASK_PROOF


@sweep(
    ("shut", "asked"),
    [
        (SOFT, DecisionKind.UNLOCK),
        (PAUSE, DecisionKind.END_PAUSE),
        (FREEZE, DecisionKind.UNFREEZE),
        (hold(Cause.RISK_SCORE), DecisionKind.UNLOCK),
    ],
)
def test_an_opening_that_the_wallet_was_asked_for_is_waited_for(shut: Component, asked: DecisionKind) -> None:
    opening = view(shut, asked=asked)
    assert find_next_step(case("lockout"), (OPENED,), actions(proved=True), opening) is Step.WAIT_FOR_WALLET


@sweep("proved", [True, False])
@sweep(
    ("shut", "resettable", "step"),
    [
        (SOFT, True, Step.WAIT_FOR_PASSWORD),
        (HARD, True, Step.WAIT_FOR_PASSWORD),
        (hold(Cause.COMPROMISED_CREDENTIAL), True, Step.WAIT_FOR_PASSWORD),
        (hold(Cause.COMPLIANCE), False, Step.RELEASE_HOLD),
    ],
)
def test_a_new_password_that_is_allowed_already_is_waited_for(
    shut: Component, step: Step, *, resettable: bool, proved: bool
) -> None:
    shown = replace(view(shut), recovery_until=NOON + timedelta(minutes=30), resettable=resettable)
    by_two = tuple(Action(one, ByAgent.SECOND) for one in BY_TWO)
    for offered in (actions(proved=proved), by_two):
        assert find_next_step(case("lockout"), (OPENED,), offered, shown) is step


def test_an_agent_who_may_not_see_the_account_is_told_to_claim_a_free_case() -> None:
    assert find_next_step(case("lockout"), (OPENED,), ()) is Step.CLAIM
    assert find_next_step(case("lockout", owner="agent-2"), (OPENED,), ()) is None


@sweep(
    ("after", "shut", "step"),
    [
        ((deed(Operation.UNFREEZE_UNPROVED),), (FREEZE,), Step.CLOSE),
        ((deed(Operation.UNFREEZE),), (FREEZE, hold(Cause.RISK_SCORE)), Step.RELEASE_HOLD),
        ((deed(Operation.RELEASE_HOLD, cause="RISK_SCORE"),), (hold(Cause.RISK_SCORE),), Step.CLOSE),
        (
            (deed(Operation.RELEASE_HOLD, cause="RISK_SCORE"),),
            (hold(Cause.COMPLIANCE), hold(Cause.RISK_SCORE)),
            Step.RELEASE_HOLD,
        ),
        ((deed(Operation.RELEASE_HOLD, cause="RISK_SCORE"),), (hold(Cause.DORMANT),), Step.TURN_TO_WALLET),
        ((deed(Operation.END_PAUSE),), (PAUSE, SOFT), Step.UNLOCK),
        ((deed(Operation.END_PAUSE), deed(Operation.UNLOCK)), (PAUSE, SOFT), Step.CLOSE),
        ((deed(Operation.RESET_GRANT),), (hold(Cause.COMPROMISED_CREDENTIAL),), Step.CLOSE),
        ((deed(Operation.NEW_ROW_UNPROVED),), (SOFT,), Step.UNLOCK),
        ((deed(Operation.FREEZE),), (FREEZE,), Step.CLOSE),
        ((deed(Operation.UNLOCK), deed(Operation.PAUSE)), (PAUSE,), Step.CLOSE),
        ((deed(Operation.PAUSE),), (PAUSE, SOFT), Step.UNLOCK),
        ((deed(Operation.FREEZE),), (FREEZE, hold(Cause.COMPROMISED_CREDENTIAL)), Step.CLOSE),
        (
            (deed(Operation.FREEZE), deed(Operation.UNFREEZE_UNPROVED)),
            (FREEZE, hold(Cause.COMPROMISED_CREDENTIAL)),
            Step.GRANT_RESET,
        ),
        (
            (deed(Operation.FREEZE), deed(Operation.UNFREEZE_UNPROVED)),
            (hold(Cause.COMPROMISED_CREDENTIAL),),
            Step.GRANT_RESET,
        ),
        (
            (FROZEN_HERE, deed(Operation.UNFREEZE)),
            (FREEZE, hold(Cause.COMPROMISED_CREDENTIAL)),
            Step.GRANT_RESET,
        ),
        ((FROZEN_HERE,), (FREEZE, SOFT), Step.CLOSE),
        ((deed(Operation.CONTACT_CHANGE),), (SOFT,), Step.UNLOCK),
        ((deed(Operation.CONTACT_CHANGE),), (PAUSE,), Step.END_PAUSE),
        ((deed(Operation.CONTACT_CHANGE),), (), Step.CLOSE),
        ((deed(Operation.REFUND, outcome="APPROVED"),), (SOFT,), Step.UNLOCK),
        ((deed(Operation.UNLOCK),), (replace(SOFT, since=NOON + timedelta(minutes=1)),), Step.UNLOCK),
        ((deed(Operation.UNLOCK),), (), Step.CLOSE),
        ((deed(Operation.UNLOCK),), (HARD,), Step.GRANT_RESET),
        ((deed(Operation.UNLOCK, outcome="NOT_SELF_SERVICE"),), (SOFT,), Step.UNLOCK),
        ((deed(Operation.RESET_GRANT, outcome="NOT_SELF_SERVICE"),), (HARD,), Step.GRANT_RESET),
        ((deed(Operation.RESET_GRANT, outcome="GRANTED"),), (HARD,), Step.CLOSE),
        ((deed(Operation.UNLOCK_UNPROVED, outcome="ASKED"),), (SOFT,), Step.CLOSE),
        ((deed(Operation.RESET_GRANT_UNPROVED, outcome="GRANTED"),), (HARD,), Step.CLOSE),
    ],
)
def test_a_case_is_closed_once_nothing_is_left_that_an_agent_has_not_opened(
    after: tuple[CaseEntry, ...], shut: tuple[Component, ...], step: Step
) -> None:
    assert find_next_step(case("lockout"), (OPENED, *after), actions(proved=True), view(*shut)) is step


# ---------------------------------------------------------------- callbacks, and callers whom nobody knows


def said(reason: str, kind: EntryKind = EntryKind.ADDED) -> CaseEntry:
    return entry(kind, "caller:c", reason)


@sweep(
    ("reason", "after", "wanted"),
    [
        ("caller.callback", (), True),
        ("caller.closed", (said("caller.callback"),), True),
        ("caller.asked", (said("caller.callback"), said("caller.closed")), True),
        ("caller.callback", (said("caller.asked"),), False),
        ("caller.closed", (said("caller.callback"), said("caller.failed")), False),
        ("caller.asked", (said("caller.callback"), DONE), False),
        ("caller.asked", (said("caller.callback"), DONE, said("caller.callback")), True),
        ("caller.asked", (), False),
    ],
)
@sweep("topic", ["lockout", "refund", "dispute", "general"])
def test_a_callback_is_owed_whatever_the_case_began_with(
    topic: str, reason: str, after: tuple[CaseEntry, ...], wanted: bool
) -> None:
    opened = said(reason, EntryKind.OPENED)
    found = find_next_step(case(topic, reason=reason), (opened, *after), actions(proved=True), view())
    assert (found is Step.CALL_BACK) is wanted


@sweep("topic", ["lockout", "refund", "payment", "general", "security"])
def test_a_case_of_nobody_known_begins_with_whose_account_it_is(topic: str) -> None:
    shown = case(topic, account_id=None)
    assert find_next_step(shown, (OPENED,), (), account_known=False) is Step.FIND_ACCOUNT
    assert find_next_step(shown, (OPENED, said("caller.callback")), (), account_known=False) is Step.CALL_BACK


def refund_entry(number: int, reason: str, refund_id: str = "rfd_1", **facts: str) -> CaseEntry:
    return replace(told(reason, refund_id), number=number, facts={"refund_id": refund_id, **facts})


def review(number: int = 1, refund_id: str = "rfd_1", waits_for: str = "evidence") -> CaseEntry:
    return refund_entry(number, "refund_review", refund_id, waits_for=waits_for)


@sweep(
    ("entries", "step", "missing"),
    [
        ([review()], Step.ASK_DOCUMENTS, ("picture",)),
        ([review(waits_for="approval")], Step.DECIDE_REFUND, ()),
        ([review(), refund_entry(2, "refund.evidence_received")], Step.DECIDE_REFUND, ()),
        ([review(), refund_entry(2, "refund.evidence_unscanned")], Step.DECIDE_REFUND, ()),
        ([review(), refund_entry(2, "refund.evidence_refused")], Step.ASK_DOCUMENTS, ("picture",)),
        ([review(), review(2, "rfd_2"), refund_entry(3, "refund.evidence_received")], Step.ASK_DOCUMENTS, ("picture",)),
    ],
)
def test_a_refund_that_waits_for_a_picture_is_asked_for_one(
    entries: list[CaseEntry], step: Step, missing: tuple[str, ...]
) -> None:
    assert find_next_step(case("refund"), entries, ()) is step
    assert list_missing_documents(case("refund"), entries) == missing

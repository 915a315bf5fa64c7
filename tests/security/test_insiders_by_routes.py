"""Insiders: every route, for every role, with a case or contact of their own, of another, and that there is not.

The expected answer is stated for each; a route without a statement fails."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any, Final

from functions.agent_api.access import ROUTES
from hotline.agents import service as agents
from hotline.agents.model import PERMISSIONS, Basis
from hotline.agents.requests import AgentAct
from hotline.contracts.model import RefundStatus
from hotline.identity.model import PointLoss
from hotline.kit.actor import FactorKind
from hotline.kit.store import Table
from hotline.kit.store.condition import Item
from hotline.refunds.model import PayoutWay, ReviewDecision
from hotline.refunds.service import make_terms
from hotline.security.service import Stream
from hotline_local.openapi import AGENTS, document
from tests.support.agent_matrix import CALLS, ROLES, THINGS, Matrix, calls, matrix
from tests.support.agent_world import EMAIL, NUMBER, SPRAYING, fill_row
from tests.support.money_world import ACCOUNT, refunded
from tests.support.sweeps import sweep

GOOD: Final = "good"
"""The request is carried out, or refused for another reason than access: proof, a second person, the thing's state."""
ACCESS: Final = {"own": GOOD, "foreign": "not_found", "missing": "not_found"}
"""The account of a case opens to its owner. Another's case is answered like one that there is not."""
WORK: Final = {"own": GOOD, "foreign": "case_claimed", "missing": "not_found"}
"""A claimed case is its owner's; the queue shows whose it is, so nothing is told by saying so."""
OPEN: Final = {"own": GOOD, "foreign": GOOD, "missing": "not_found"}
"""The queue is everybody's: any agent reads a case, and adds to it."""
ALIKE: Final = dict.fromkeys(THINGS, GOOD)
"""It is about no case or contact."""

_CASE: Final = "/v1/agent/cases/{id}"
EXPECTED: Final[Mapping[str, Mapping[str, str]]] = {
    "GET /v1/agent/me": ALIKE,
    "GET /v1/agent/queue": ALIKE,
    "GET /v1/agent/cases": ALIKE,
    "GET /v1/agent/contacts/{id}": ACCESS,
    "POST /v1/agent/contacts/{id}/claim": {**ACCESS, "foreign": "contact_taken"},
    f"GET {_CASE}": OPEN,
    f"PATCH {_CASE}": WORK,
    f"GET {_CASE}/timeline": OPEN,
    f"POST {_CASE}/claim": WORK,
    f"POST {_CASE}/release": WORK,
    f"POST {_CASE}/notes": OPEN,
    f"POST {_CASE}/snooze": WORK,
    f"POST {_CASE}/transfer": WORK,
    f"POST {_CASE}/close": WORK,
    f"POST {_CASE}/reopen": OPEN,
    f"GET {_CASE}/account": ACCESS,
    f"GET {_CASE}/payments": ACCESS,
    f"GET {_CASE}/refunds": ACCESS,
    f"GET {_CASE}/funds": ACCESS,
    f"GET {_CASE}/bills": ACCESS,
    f"GET {_CASE}/findings": ACCESS,
    f"GET {_CASE}/evidence": ACCESS,
    f"GET {_CASE}/evidence/{{evidence}}": ACCESS,
    f"POST {_CASE}/unmaskings": ACCESS,
    f"GET {_CASE}/proofs": ACCESS,
    f"POST {_CASE}/proofs": ACCESS,
    f"POST {_CASE}/unlock": ACCESS,
    f"POST {_CASE}/reset-grants": ACCESS,
    f"POST {_CASE}/freeze": ACCESS,
    f"POST {_CASE}/unfreeze": ACCESS,
    f"POST {_CASE}/pause": ACCESS,
    f"POST {_CASE}/pause-ends": ACCESS,
    f"POST {_CASE}/new-rows": ACCESS,
    f"POST {_CASE}/hold-releases": ACCESS,
    f"POST {_CASE}/contact-changes": ACCESS,
    f"POST {_CASE}/refunds": ACCESS,
    f"POST {_CASE}/refunds/{{refund}}/decision": ACCESS,
    f"POST {_CASE}/refunds/{{refund}}/payout": ACCESS,
    f"POST {_CASE}/findings/{{finding}}/feedback": {**ACCESS, "own": "not_found"},
    f"POST {_CASE}/suppressions": ACCESS,
    f"POST {_CASE}/suppression-ends": ACCESS,
    "GET /v1/agent/approvals": ALIKE,
    "POST /v1/agent/approvals": ACCESS,
    "GET /v1/agent/approvals/{id}": OPEN,
    "POST /v1/agent/approvals/{id}/decision": {"own": "approval_own", "foreign": GOOD, "missing": "not_found"},
    "GET /v1/agent/hours": ALIKE,
    "PUT /v1/agent/hours": ALIKE,
    "GET /v1/agent/banner": ALIKE,
    "PUT /v1/agent/banner": ALIKE,
    "GET /v1/agent/numbers": ALIKE,
    "PUT /v1/agent/numbers": ALIKE,
    "GET /v1/agent/merchants/{id}/policy": ALIKE,
    "PUT /v1/agent/merchants/{id}/policy": ALIKE,
    "GET /v1/agent/callbacks": ALIKE,
    "GET /v1/agent/findings": ALIKE,
    "POST /v1/agent/findings/{finding}/feedback": dict.fromkeys(THINGS, "not_found"),
    "POST /v1/agent/findings/{finding}/suppressions": dict.fromkeys(THINGS, "not_found"),
    "POST /v1/agent/findings/{finding}/suppression-ends": dict.fromkeys(THINGS, "not_found"),
    "GET /v1/agent/suppressions": ALIKE,
    "GET /v1/agent/reports": ALIKE,
    "GET /v1/agent/activity": ALIKE,
    "GET /v1/agent/trail": ALIKE,
}
"""The answer to somebody whose role has the permission of the route."""
SUPERVISED: Final = {"PATCH", "release", "snooze", "transfer", "close"}
"""A supervisor may change what another agent has claimed."""
REFUSED_OTHERWISE: Final = {"proof_missing", "second_missing", "not_possible", "case_open"}
"""Refusals that do not speak of access."""


def described(of: Any) -> set[str]:
    paths = document(of)["paths"].items()
    return {f"{method.upper()} {path}" for path, methods in paths for method in methods}


def test_the_matrix_states_every_route_that_is_described() -> None:
    assert set(EXPECTED) == described(AGENTS) == set(ROUTES)


def expected(route: str, role: str, thing: str) -> str:
    """The code of the answer, or GOOD."""
    if not any(ROUTES[route] in PERMISSIONS[one] for one in ROLES[role]):
        return "role_missing"
    told = EXPECTED[route][thing]
    last = "PATCH" if route.startswith("PATCH") else route.rpartition("/")[2]
    return GOOD if told == "case_claimed" and role == "supervisor" and last in SUPERVISED else told


@sweep("role", ROLES)
@sweep("route", sorted(EXPECTED))
def test_each_role_is_answered_as_stated(route: str, role: str) -> None:
    for thing in THINGS:
        answered, wanted = matrix().ask(role, route, thing), expected(route, role, thing)
        if wanted == GOOD:
            assert answered.status < 300 or answered.code in REFUSED_OTHERWISE, (thing, answered)
        else:
            assert answered.code == wanted, (thing, answered)


# ---------------------------------------------------------------- calls

SHUT: Final = dict.fromkeys(CALLS, "not_found")
CALL_ALONE: Final = {False: {**SHUT, "own": GOOD}, True: SHUT}
"""By whether the case is closed. Nobody has claimed it, so the call is the only ground: one that goes on, that the
agent is in, and whose case is open."""
SEEN: Final = {**SHUT, "own": GOOD, "ended": GOOD, "abandoned": GOOD}
"""A call that nobody is in is everybody's to see, not to take."""
TAKEN: Final = {**SHUT, "foreign": "contact_taken"}
OF_CALLS: Final[Mapping[str, Mapping[bool, Mapping[str, str]]]] = {
    "GET /v1/agent/contacts/{id}": {False: SEEN, True: SEEN},
    "POST /v1/agent/contacts/{id}/claim": {False: {**TAKEN, "own": GOOD}, True: TAKEN},
    f"GET {_CASE}": dict.fromkeys((False, True), dict.fromkeys(CALLS, GOOD)),
    f"GET {_CASE}/account": CALL_ALONE,
    f"GET {_CASE}/payments": CALL_ALONE,
    f"GET {_CASE}/refunds": CALL_ALONE,
    f"GET {_CASE}/funds": CALL_ALONE,
    f"GET {_CASE}/bills": CALL_ALONE,
    f"GET {_CASE}/findings": CALL_ALONE,
    f"GET {_CASE}/evidence": CALL_ALONE,
    f"GET {_CASE}/evidence/{{evidence}}": CALL_ALONE,
    f"POST {_CASE}/unmaskings": CALL_ALONE,
    f"GET {_CASE}/proofs": CALL_ALONE,
    f"POST {_CASE}/proofs": CALL_ALONE,
    f"POST {_CASE}/unlock": CALL_ALONE,
    f"POST {_CASE}/reset-grants": CALL_ALONE,
    f"POST {_CASE}/freeze": CALL_ALONE,
    f"POST {_CASE}/unfreeze": CALL_ALONE,
    f"POST {_CASE}/pause": CALL_ALONE,
    f"POST {_CASE}/pause-ends": CALL_ALONE,
    f"POST {_CASE}/new-rows": CALL_ALONE,
    f"POST {_CASE}/hold-releases": CALL_ALONE,
    f"POST {_CASE}/contact-changes": CALL_ALONE,
    f"POST {_CASE}/refunds": CALL_ALONE,
    f"POST {_CASE}/refunds/{{refund}}/decision": CALL_ALONE,
    f"POST {_CASE}/refunds/{{refund}}/payout": CALL_ALONE,
    f"POST {_CASE}/findings/{{finding}}/feedback": CALL_ALONE,
    f"POST {_CASE}/suppressions": CALL_ALONE,
    f"POST {_CASE}/suppression-ends": CALL_ALONE,
    "POST /v1/agent/approvals": CALL_ALONE,
}
"""The answer by route, closed case and call."""


def test_the_matrix_states_every_route_that_takes_a_call() -> None:
    taking = set()
    for path, methods in document(AGENTS)["paths"].items():
        for method, told in methods.items():
            headers = {parameter["name"] for parameter in told.get("parameters", ())}
            if "Desk-Contact" in headers or "/contacts/" in path:
                taking.add(f"{method.upper()} {path}")
    assert set(OF_CALLS) == taking


@sweep("closed", [False, True])
@sweep("role", ROLES)
@sweep("route", sorted(OF_CALLS))
def test_a_call_opens_what_is_stated_by_the_state_of_the_call_and_its_case(route: str, role: str, closed: bool) -> None:
    has_role = any(ROUTES[route] in PERMISSIONS[one] for one in ROLES[role])
    for call in CALLS:
        made = calls(closed=closed)
        answered = made.ask(role, route, call, in_call=True)
        wanted = OF_CALLS[route][closed][call] if has_role else "role_missing"
        if wanted == GOOD:
            assert answered.status < 300 or answered.code in REFUSED_OTHERWISE, (call, answered)
        else:
            assert answered.code == wanted, (call, answered)


@sweep("call", CALLS)
def test_a_case_says_that_the_call_opens_it_where_it_does(call: str) -> None:
    answered = calls(closed=False).ask("agent", f"GET {_CASE}", call, in_call=True)
    whys = {action["why"] for action in answered.json["actions"]}
    assert ("not_claimed" in whys) == (call != "own")


# ---------------------------------------------------------------- traces

READING: Final = {route for route in ROUTES if route.startswith("GET")} - {
    f"GET {_CASE}/{part}"
    for part in (
        *("account", "payments", "refunds", "funds", "bills", "findings"),
        *("evidence", "evidence/{evidence}"),
    )
}
"""Routes that show nothing of an account: each request of theirs is a line of the log, with the agent's id."""
BESIDE_ACCOUNTS: Final = ("hours", "banner", "numbers", "merchants", "contacts", "agent/findings")
"""Such routes change things of no account, or of a caller who is not known."""


def prove_in_call(made: Matrix, *methods: str, goal: str) -> Matrix:
    """The customer proves something for a goal in a call with the agent."""
    phone = made.world.call_in("contact-proved", goal=None)
    for method in methods:
        phone.prove(method, goal)
    made.world.take(phone, made.world.token())
    return replace(made, ids={**made.ids, "own": {**made.ids["own"], "contacts": phone.contact_id}})


def own(made: Matrix) -> Basis:
    return Basis(made.ids["own"]["cases"])


def approve(made: Matrix, act: AgentAct[Any], basis: Basis) -> Matrix:
    """A second person has approved the act."""
    given = made.world.approve(made.world.supervisor("agent-1"), basis, act)
    return replace(made, approval_id=given.approval_id)


def lock(made: Matrix) -> Matrix:
    made.world.lock_out()
    return prove_in_call(made, "sms", goal="unlock")


def freeze(made: Matrix) -> Matrix:
    made.world.do(made.world.token(), own(made), agents.FREEZE)
    return prove_in_call(made, "sms", "email", goal="unfreeze")


def pause(made: Matrix) -> Matrix:
    made.world.do(made.world.token(), own(made), agents.PAUSE)
    return prove_in_call(made, "sms", goal="end_pause")


def fill_a_row(made: Matrix) -> Matrix:
    called = prove_in_call(made, "sms", goal="unlock")
    fill_row(made.world, EMAIL, FactorKind.EMAIL)
    return called


def open_free_case(made: Matrix) -> Matrix:
    case_id = made.world.open_case("lockout")
    return replace(made, ids={**made.ids, "own": {**made.ids["own"], "cases": case_id}})


def close(made: Matrix) -> Matrix:
    assert made.ask("agent", f"POST {_CASE}/close", "own").status == 200
    return made


def approve_release(made: Matrix) -> Matrix:
    agents.decide(made.world.ctx, made.world.supervisor(), made.ids["own"]["approvals"], approve=True)
    return replace(made, approval_id=made.ids["own"]["approvals"])


def approve_removal(made: Matrix) -> Matrix:
    return approve(made, agents.RemovePoint(made.world.point_name(), PointLoss.LOST), own(made))


def fail_refund(made: Matrix) -> Matrix:
    world, refund_id = made.world, made.refund_id
    world.do(world.token(), own(made), agents.ReviewRefund(refund_id, ReviewDecision.APPROVE))
    told = world.refund(refund_id)
    world.tell_refund(refunded(RefundStatus.FAILED, refund_id, told.movement_id, minor=told.amount.minor, version=2))
    return approve(made, agents.PayOtherWay(refund_id, PayoutWay.BALANCE), own(made))


def approve_numbers(made: Matrix) -> Matrix:
    return approve(made, agents.EditNumbers(("+864008001234",), 0), Basis())


def approve_terms(made: Matrix) -> Matrix:
    terms = make_terms(window_days=1, partial=True, auto_approve_minor=1, categories=())
    return approve(made, agents.PublishPolicy("mer-1", terms, 0), Basis())


def suppress(made: Matrix) -> Matrix:
    until = made.world.clock.now() + timedelta(days=1)
    made.world.do(made.world.token(), own(made), agents.SuppressRule("failed_login_burst", until))
    return made


def find_spray(made: Matrix) -> Matrix:
    return replace(made, finding_id=made.world.find_spray())


def suppress_of_address(made: Matrix) -> Matrix:
    found, until = find_spray(made), made.world.clock.now() + timedelta(days=1)
    act = agents.SuppressSubjectRule(Stream.SOURCE, SPRAYING, found.finding_id, until)
    made.world.do(made.world.supervisor(), Basis(), act)
    return found


READY: Final[Mapping[str, Callable[[Matrix], Matrix]]] = {
    f"POST {_CASE}/claim": open_free_case,
    f"POST {_CASE}/unlock": lock,
    f"POST {_CASE}/reset-grants": lambda made: prove_in_call(made, "sms", goal="reset"),
    f"POST {_CASE}/unfreeze": freeze,
    f"POST {_CASE}/pause-ends": pause,
    f"POST {_CASE}/new-rows": fill_a_row,
    f"POST {_CASE}/reopen": close,
    f"POST {_CASE}/hold-releases": approve_release,
    f"POST {_CASE}/contact-changes": approve_removal,
    f"POST {_CASE}/refunds": lambda made: prove_in_call(made, "sms", goal="refund"),
    f"POST {_CASE}/refunds/{{refund}}/payout": fail_refund,
    f"POST {_CASE}/findings/{{finding}}/feedback": lambda made: replace(
        made, finding_id=made.world.find_theft(1, holds=False)
    ),
    "POST /v1/agent/findings/{finding}/feedback": find_spray,
    f"POST {_CASE}/suppression-ends": suppress,
    "POST /v1/agent/findings/{finding}/suppressions": find_spray,
    "POST /v1/agent/findings/{finding}/suppression-ends": suppress_of_address,
    "PUT /v1/agent/numbers": approve_numbers,
    "PUT /v1/agent/merchants/{id}/policy": approve_terms,
}
"""The needs of a route that is carried out: proof, a second person's word, or the thing's state."""


def traces(made: Matrix) -> list[Item]:
    """The deeds in the agent's trail."""
    return [item for item in made.world.items() if item["PK"] == "AGENT#agent-1" and item["SK"].startswith("DID#")]


@sweep("route", sorted(set(ROUTES) - READING))
def test_every_route_that_looks_or_changes_leaves_its_trace(route: str) -> None:
    prepare = READY.get(route)
    made = prepare(matrix()) if prepare is not None else matrix()
    before, audited = traces(made), len(made.world.audit())
    thing = "foreign" if route == "POST /v1/agent/approvals/{id}/decision" else "own"
    answered = made.ask("supervisor", route, thing, in_call=route in READY)
    assert answered.status < 300, answered
    (trace,) = [item for item in traces(made) if item not in before]
    if not any(f"/{word}" in route for word in BESIDE_ACCOUNTS):
        assert trace["account_id"] == ACCOUNT
        assert len(made.world.audit()) > audited


def test_no_table_holds_a_personal_value_outside_of_the_profile_after_agents_worked() -> None:
    made = matrix()
    for route in sorted(EXPECTED):
        made.ask("supervisor", route, "own")
    kept = [item for table in Table for item in made.world.items(table) if item.get("SK") != "#PROFILE"]
    assert len(kept) > 50
    text = str(kept)
    (profile,) = [item for item in made.world.items() if item.get("SK") == "#PROFILE"]
    for personal in (NUMBER, NUMBER[1:], EMAIL, str(profile["name"])):
        assert personal not in text

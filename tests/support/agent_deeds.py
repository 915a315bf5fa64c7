"""The steps before each request of the agents' API by which it succeeds, as people take them, on the matrix.

A customer who calls and proves codes, a second person who gives their word, a wallet that tells of money. A route that
stands here in no table succeeds in the matrix as it is.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from hotline.contracts.model import RefundStatus
from hotline.kit.actor import FactorKind
from tests.support.agent_client import AgentClient, supervisor
from tests.support.agent_matrix import BODIES, HOLDS, Matrix, matrix
from tests.support.agent_world import EMAIL, fill_row
from tests.support.api_client import Client, require
from tests.support.money_world import ACCOUNT, refunded
from tests.support.phone import Phone

CALL: Final = "contact-proved"
"""The call in which the customer proves who they are."""
_CASE: Final = "/v1/agent/cases/{id}"
_POST: Final = f"POST {_CASE}"


@dataclass(frozen=True, slots=True)
class Asked:
    """A request of a supervisor: in which matrix, about which of its things, and whether it names the call."""

    matrix: Matrix
    thing: str
    in_call: bool


def prepare(route: str, *, ready: bool = True) -> Asked:
    """A request that succeeds. Not `ready`: nobody has done what it needs."""
    made = matrix()
    for step in STEPS.get(route, ()) if ready else ():
        step(made)
    return Asked(made, "foreign" if route in OF_OTHERS else "own", ready and route in IN_CALL)


# ---------------------------------------------------------------- what customers do


def _prove(goal: str, *methods: str) -> Callable[[Matrix], None]:
    """The customer calls and proves codes for a goal, and the agent is in the call."""

    def call(made: Matrix) -> None:
        phone = made.world.call_in(CALL, goal=None)
        for method in methods:
            phone.prove(method, goal)
        _take(made)

    return call


def _call(made: Matrix) -> None:
    """A caller is handed over, and nobody talks with them yet."""
    made.world.call_in(CALL, goal=None)
    made.ids["own"]["contacts"] = CALL


def _take(made: Matrix) -> None:
    require(_agent(made).post(f"/contacts/{CALL}/claim"))
    made.ids["own"]["contacts"] = CALL


def _pause(made: Matrix) -> None:
    require(_customer(made).ask("POST", "/v1/me/pause"))


def _ask_callback(made: Matrix) -> None:
    phone = Phone(made.world.ctx, None, "contact-callback")
    phone.press("start")
    if phone.press("handover", topic="payment", reason="callback")["outcome"] != "CALLBACK":
        raise RuntimeError("no callback was asked for")


# ---------------------------------------------------------------- what agents do


def _act(route: str, body: Mapping[str, Any] | None = None) -> Callable[[Matrix], None]:
    """The agent does something upon the case first."""

    def act(made: Matrix) -> None:
        path = route.removeprefix(_POST)
        given = BODIES.get(route) if body is None else body
        require(_agent(made).post(f"/cases/{made.ids['own']['cases']}{path}", given))

    return act


def _ask_second(**asked: Any) -> Callable[[Matrix], None]:
    """The agent asks for a second person's word, and another one gives it. The thing is the case's account or `asked`
    tells it."""

    def ask(made: Matrix) -> None:
        body = {"case_id": made.ids["own"]["cases"], "reason": "customer_asked"} | asked
        asker = supervisor(made.world.ctx, "agent-1")
        _approve(made, require(asker.post("/approvals", body)).json["id"])

    return ask


def _approve(made: Matrix, approval_id: str) -> None:
    require(supervisor(made.world.ctx).post(f"/approvals/{approval_id}/decision", {"decision": "approve"}))
    made.approval_id = approval_id


def _approve_release(made: Matrix) -> None:
    """The request for the release that waits in the matrix has its second person."""
    _approve(made, made.ids["own"]["approvals"])


def _approve_removal(made: Matrix) -> None:
    _ask_second(operation="contact_change", point_id=made.world.point_name(), loss="lost")(made)


def _approve_payout(made: Matrix) -> None:
    _ask_second(operation="other_payout", refund_id=made.refund_id, way="balance")(made)


def _approve_numbers(made: Matrix) -> None:
    asked = {key: value for key, value in BODIES["PUT /v1/agent/numbers"].items() if key != "reason"}
    _ask_second(operation="edit_numbers", case_id=None, **asked)(made)


def _approve_policy(made: Matrix) -> None:
    asked = {k: v for k, v in BODIES["PUT /v1/agent/merchants/{id}/policy"].items() if k != "reason"}
    _ask_second(operation="publish_policy", case_id=None, merchant_id="mer-1", **asked)(made)


def _publish_policy(made: Matrix) -> None:
    """A policy of the merchant was published before."""
    _approve_policy(made)
    require(made.ask("supervisor", "PUT /v1/agent/merchants/{id}/policy", "own"))


def _open_cases(made: Matrix) -> None:
    """A case of each topic that nobody has claimed."""
    for topic in ("account", "lockout", "payment"):
        made.world.open_case(topic)


def _read_reference(made: Matrix) -> None:
    made.reference = str(require(_agent(made).get(f"/cases/{made.ids['own']['cases']}")).json["reference"])


def _suppress_subject(made: Matrix) -> None:
    chief = supervisor(made.world.ctx)
    body = BODIES["POST /v1/agent/findings/{finding}/suppressions"]
    require(chief.post(f"/findings/{made.finding_id}/suppressions", body))


# ---------------------------------------------------------------- what the wallet and the scan tell


def _lock_out(made: Matrix) -> None:
    """Nothing keeps the account shut but wrong passwords."""
    for cause in HOLDS:
        made.world.lift(cause)
    made.world.lock_out()


def _freeze(made: Matrix) -> None:
    made.world.freeze()


def _fill_row(made: Matrix) -> None:
    """Somebody has entered a hundred wrong codes of the address."""
    fill_row(made.world, EMAIL, FactorKind.EMAIL)


def _pay(made: Matrix) -> None:
    """A payment of which nobody has asked for a refund."""
    made.world.pay(12850, "mov_2")
    made.payment_key = made.world.payment_key("mov_2")


def _find_theft(made: Matrix) -> None:
    made.finding_id = made.world.find_theft(734_501, holds=False)


def _find_spray(made: Matrix) -> None:
    made.finding_id = made.world.find_spray()


def _fail_refund(made: Matrix) -> None:
    """A person approves the refund, and the wallet cannot pay it."""
    _act(f"{_POST}/refunds/{made.refund_id}/decision", {"reason": "evidence_seen", "decision": "approve"})(made)
    known = made.world.refund(made.refund_id)
    minor = known.amount.minor
    made.world.tell_refund(
        refunded(RefundStatus.FAILED, made.refund_id, known.movement_id, minor=minor, version=2),
    )


def _agent(made: Matrix) -> AgentClient:
    return AgentClient(made.world.ctx, "agent-1")


def _customer(made: Matrix) -> Client:
    return Client(made.world.ctx, ACCOUNT, signed_in_at=made.world.clock.now())


STEPS: Final[Mapping[str, tuple[Callable[[Matrix], None], ...]]] = {
    "GET /v1/agent/queue": (_open_cases,),
    "GET /v1/agent/cases": (_read_reference,),
    "GET /v1/agent/merchants/{id}/policy": (_publish_policy,),
    "POST /v1/agent/contacts/{id}/claim": (_call,),
    f"{_POST}/claim": (_act(f"{_POST}/release"),),
    f"{_POST}/reopen": (_act(f"{_POST}/close"),),
    f"GET {_CASE}/findings": (_find_theft,),
    f"{_POST}/unlock": (_lock_out, _prove("unlock", "sms")),
    f"{_POST}/reset-grants": (_lock_out, _prove("reset", "sms")),
    f"{_POST}/unfreeze": (_freeze, _prove("unfreeze", "sms", "email")),
    f"{_POST}/pause-ends": (_pause, _prove("end_pause", "sms")),
    f"{_POST}/new-rows": (_prove("unlock", "sms"), _fill_row),
    f"{_POST}/hold-releases": (_approve_release,),
    f"{_POST}/contact-changes": (_approve_removal,),
    f"{_POST}/refunds": (_pay, _prove("refund", "sms")),
    f"{_POST}/refunds/{{refund}}/payout": (_fail_refund, _approve_payout),
    f"{_POST}/findings/{{finding}}/feedback": (_find_theft,),
    f"{_POST}/suppression-ends": (_act(f"{_POST}/suppressions"),),
    "PUT /v1/agent/numbers": (_approve_numbers,),
    "PUT /v1/agent/merchants/{id}/policy": (_approve_policy,),
    "GET /v1/agent/callbacks": (_ask_callback,),
    "GET /v1/agent/findings": (_find_spray,),
    "POST /v1/agent/findings/{finding}/feedback": (_find_spray,),
    "POST /v1/agent/findings/{finding}/suppressions": (_find_spray,),
    "POST /v1/agent/findings/{finding}/suppression-ends": (_find_spray, _suppress_subject),
    "GET /v1/agent/suppressions": (_act(f"{_POST}/suppressions"),),
}
"""The steps before the request, by its route."""
OF_OTHERS: Final = frozenset({"POST /v1/agent/approvals/{id}/decision"})
"""Routes that nobody may ask about their own."""
IN_CALL: Final = frozenset(
    f"{_POST}/{name}" for name in ("unlock", "reset-grants", "unfreeze", "pause-ends", "new-rows", "refunds")
)
"""Routes whose request names the call in which the customer has proved who they are."""

"""The acts of agents upon a customer's account, as objects like the callers'."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import ClassVar, Final

from hotline.accounts import service as accounts
from hotline.accounts.model import ContactPoint
from hotline.identity.model import IdentityError, PointLoss, Subject
from hotline.identity.service import (
    Operation,
    contribute_full_rows,
    contribute_point_gone,
    could_give,
    find_nameable,
    missing_of_customer,
    point_subject,
    row_keys,
    rows_subject,
)
from hotline.kit.change import Change
from hotline.kit.errors import NotPossible
from hotline.kit.store import Key
from hotline.kit.store.condition import Item
from hotline.lockout import service as lockout
from hotline.lockout.model import Cause
from hotline.payments import service as payments
from hotline.refunds import service as refunds
from hotline.refunds.model import PayoutWay, Refund, RefundError, RefundReason, RefundResult, ReviewDecision

from .access import AgentRequest
from .findings import is_finding_first, is_theft_left, look_through
from .model import AgentError, Permission
from .requests import AgentAct, Deed


@dataclass(frozen=True)
class AccountAct(AgentAct[StrEnum]):
    """An act of the owner's that an agent does for them, contributed by `ask` as on the line, from what `reads`
    names."""

    operation: Operation
    ask: Callable[[Change, Mapping[Key, Item], str], StrEnum]
    reads: Callable[[str], Iterable[Key]] = lockout.acting_keys

    def keys(self, request: AgentRequest) -> Iterable[Key]:
        return self.reads(request.account_id)

    def find_need(self, _request: AgentRequest) -> tuple[Operation, Subject | None]:
        return self.operation, None

    def contribute(self, change: Change, request: AgentRequest) -> Deed[StrEnum]:
        outcome = self.ask(change, request.read, request.account_id)
        return Deed(outcome, outcome.value)


@dataclass(frozen=True)
class FreezeAccount(AgentAct[StrEnum]):
    """Stop outward money until the account is unfrozen: for its owner, or on grounds of the agent's own."""

    def keys(self, request: AgentRequest) -> Iterable[Key]:
        return lockout.freeze_keys(request.account_id)

    def find_need(self, _request: AgentRequest) -> tuple[Operation, Subject | None]:
        return Operation.FREEZE, None

    def contribute(self, change: Change, request: AgentRequest) -> Deed[StrEnum]:
        outcome = lockout.contribute_freeze(change, request.read, request.account_id, by_agent=request.is_own_ground)
        return Deed(outcome, outcome.value)


FREEZE: Final = FreezeAccount()
END_PAUSE: Final = AccountAct(Operation.END_PAUSE, lockout.contribute_end_pause)

type Ask = Callable[[Change, Mapping[Key, Item], str], StrEnum]
type FindSubject = Callable[[Mapping[Key, Item], str, datetime], Subject]
type Check = Callable[[Mapping[Key, Item], str, datetime], object]


@dataclass(frozen=True)
class OpenAccount(AgentAct[StrEnum]):
    """Ask the wallet to open an account: with the customer's proof. With a second person where, and only where, the
    account has too few kinds of factor for that. Raises NotPossible as `check` does for the latter, also when a second
    person is asked."""

    operation: Operation
    unproved: Operation
    ask: Ask
    ask_unproved: Ask
    find_subject: FindSubject
    check: Check

    def keys(self, request: AgentRequest) -> Iterable[Key]:
        return (*lockout.acting_keys(request.account_id), accounts.found_key(request.account_id))

    def find_need(self, request: AgentRequest) -> tuple[Operation, Subject | None]:
        if could_give(self.operation, request.read, request.account_id, request.now):
            return self.operation, None
        return self.unproved, self.find_subject(request.read, request.account_id, request.now)

    def check_possible(self, request: AgentRequest) -> None:
        self.check(request.read, request.account_id, request.now)

    def is_possible(self, read: Mapping[Key, Item], account_id: str, now: datetime) -> bool:
        """Whether two people would open anything. While the wallet has not confirmed what it was asked for, they would
        not."""
        try:
            self.check(read, account_id, now)
        except NotPossible:
            return False
        return True

    def contribute(self, change: Change, request: AgentRequest) -> Deed[StrEnum]:
        operation, _ = self.find_need(request)
        ask = self.ask if operation is self.operation else self.ask_unproved
        outcome = ask(change, request.read, request.account_id)
        return Deed(outcome, outcome.value)


def _find_freeze_subject(read: Mapping[Key, Item], account_id: str, _now: datetime) -> Subject:
    return lockout.freeze_subject(read, account_id)


UNLOCK: Final = OpenAccount(
    Operation.UNLOCK,
    Operation.UNLOCK_UNPROVED,
    lockout.contribute_unlock,
    lockout.contribute_unlock_unproved,
    lockout.lock_subject,
    lockout.check_unlockable,
)
GRANT_RESET: Final = OpenAccount(
    Operation.RESET_GRANT,
    Operation.RESET_GRANT_UNPROVED,
    lockout.contribute_reset_grant,
    lockout.contribute_reset_grant_unproved,
    lockout.lock_subject,
    lockout.check_resettable,
)
UNFREEZE: Final = OpenAccount(
    Operation.UNFREEZE,
    Operation.UNFREEZE_UNPROVED,
    lockout.contribute_unfreeze,
    lockout.contribute_unfreeze_unproved,
    _find_freeze_subject,
    lockout.find_freeze,
)
OPENINGS: Final = (UNLOCK, GRANT_RESET, UNFREEZE)
"""The acts that open an account by proof, or by two people where the account cannot give it."""


@dataclass(frozen=True)
class PauseAccount(AgentAct[bool]):
    """Stop outward money for a day. The result: whether it is newly paused."""

    def keys(self, request: AgentRequest) -> Iterable[Key]:
        return lockout.acting_keys(request.account_id)

    def find_need(self, _request: AgentRequest) -> tuple[Operation, Subject | None]:
        return Operation.PAUSE, None

    def contribute(self, change: Change, request: AgentRequest) -> Deed[bool]:
        paused = lockout.contribute_agent_pause(
            change, request.read, request.account_id, by_agent=request.is_own_ground
        )
        return Deed(paused, "ASKED" if paused else "STOPPED_ALREADY")


PAUSE: Final = PauseAccount()


@dataclass(frozen=True)
class ReleaseHold(AgentAct[None]):
    """Ask the wallet to release a hold, with a second person. Raises NotPossible `no_such_hold`. It is
    `finding_unjudged` while a grave finding may have set the hold that nobody has judged. It is `finding_confirmed`
    while one that has set it is confirmed, and no freeze stops money. All also when a second person is asked."""

    cause: Cause

    def keys(self, request: AgentRequest) -> Iterable[Key]:
        return (*lockout.acting_keys(request.account_id), accounts.found_key(request.account_id))

    def read_more(self, request: AgentRequest) -> None:
        request.found = look_through(request.ctx.store, request.account_id, self.cause, request.now)

    def find_need(self, request: AgentRequest) -> tuple[Operation, Subject | None]:
        return Operation.RELEASE_HOLD, lockout.hold_subject(request.read, request.account_id, self.cause)

    def check_possible(self, request: AgentRequest) -> None:
        lockout.find_hold(request.read, request.account_id, self.cause, request.now)
        if is_finding_first(self.cause, request.found):
            raise NotPossible(AgentError.FINDING_UNJUDGED)
        if is_theft_left(request.read, request.account_id, request.found, request.now):
            raise NotPossible(AgentError.FINDING_CONFIRMED)

    def contribute(self, change: Change, request: AgentRequest) -> Deed[None]:
        self.check_possible(request)
        lockout.contribute_release(change, request.read, request.account_id, self.cause)
        return Deed(None, "ASKED", {"cause": self.cause.value})


@dataclass(frozen=True)
class BeginRowsAnew(AgentAct[int]):
    """Begin every row of a hundred wrong codes of the account anew: with whatever the customer has proved, else with a
    second person. The result: how many rows. Raises NotPossible `no_full_row`, `unknown_account`."""

    def further_keys(self, request: AgentRequest) -> Iterable[Key]:
        profile = request.profile
        return row_keys(profile, request.ctx.lookup_ring) if profile is not None else ()

    def find_need(self, request: AgentRequest) -> tuple[Operation, Subject | None]:
        profile = request.profile
        if profile is None:
            raise NotPossible(IdentityError.UNKNOWN_ACCOUNT)
        subject = rows_subject(request.read, profile, request.ctx.lookup_ring)
        proof = request.proof(standing=True)
        proved = proof is not None and missing_of_customer(Operation.NEW_ROW, proof, request.now) is None
        return (Operation.NEW_ROW if proved else Operation.NEW_ROW_UNPROVED), subject

    def contribute(self, change: Change, request: AgentRequest) -> Deed[int]:
        profile = request.profile
        if profile is None:
            raise NotPossible(IdentityError.UNKNOWN_ACCOUNT)
        operation, _ = self.find_need(request)
        rows = contribute_full_rows(
            change, request.read, profile, request.ctx.lookup_ring, proved=operation is Operation.NEW_ROW
        )
        return Deed(rows, "BEGUN", {"rows": rows})


@dataclass(frozen=True)
class RemovePoint(AgentAct[ContactPoint]):
    """Ask the wallet to take a contact point off the account that its owner does not have any more, with a second
    person. Raises NotPossible `no_such_point`, and `point_not_nameable` also when a second person is asked."""

    point_name: str
    loss: PointLoss

    def find_need(self, request: AgentRequest) -> tuple[Operation, Subject | None]:
        return Operation.CONTACT_CHANGE, point_subject(request.profile, self.point_name, self.loss)

    def check_possible(self, request: AgentRequest) -> None:
        find_nameable(request.profile, self.point_name)

    def contribute(self, change: Change, request: AgentRequest) -> Deed[ContactPoint]:
        point = contribute_point_gone(
            change, request.read, request.account_id, self.point_name, self.loss, case_id=request.case_id
        )
        return Deed(point, "ASKED", {"kind": point.kind.value, "loss": self.loss.value})


class _RefundAct(AgentAct[Refund]):
    """An act upon one refund of the account."""

    permission: ClassVar[Permission] = Permission.REFUND
    refund_id: str

    def keys(self, request: AgentRequest) -> Iterable[Key]:
        return refunds.deciding_keys(request.account_id, self.refund_id)

    def further_keys(self, request: AgentRequest) -> Iterable[Key]:
        return refunds.paid_keys(request.read, request.account_id, self.refund_id)


@dataclass(frozen=True)
class ReviewRefund(_RefundAct):
    """Approve or deny a refund in review: alone up to the wallet's cap for a payment, above it with a second person.
    Raises NotPossible `no_such_refund`, `refund_not_in_review`, `refund_overtaken`, `provider_window_over`,
    `provider_parts_over`."""

    refund_id: str
    decision: ReviewDecision

    def find_need(self, request: AgentRequest) -> tuple[Operation, Subject | None]:
        return refunds.review_need(request.read, request.account_id, self.refund_id, self.decision)

    def contribute(self, change: Change, request: AgentRequest) -> Deed[Refund]:
        refund = refunds.contribute_review(change, request.read, request.account_id, self.refund_id, self.decision)
        return Deed(refund, refund.state.value, {"refund_id": self.refund_id})


@dataclass(frozen=True)
class PayOtherWay(_RefundAct):
    """Ask the wallet to pay a refund by another way, with a second person. Raises NotPossible `no_such_refund`,
    `refund_not_unpaid`, `refund_overtaken`."""

    refund_id: str
    way: PayoutWay

    def find_need(self, request: AgentRequest) -> tuple[Operation, Subject | None]:
        subject = refunds.payout_subject(request.read, request.account_id, self.refund_id, self.way)
        return Operation.OTHER_PAYOUT, subject

    def contribute(self, change: Change, request: AgentRequest) -> Deed[Refund]:
        refund = refunds.contribute_payout(
            change, request.read, request.account_id, self.refund_id, self.way, case_id=request.case_id
        )
        return Deed(refund, "ASKED", {"refund_id": self.refund_id, "way": self.way.value})


@dataclass(frozen=True)
class AskRefund(AgentAct[RefundResult]):
    """Ask for a refund of a payment in the customer's name and with their proof: their own act (refunds.RequestRefund),
    so the same rules decide. `item_id` is the payment's sort key, `amount_minor` None all that is left. Raises what
    that act raises; InvalidInput for what cannot be a sort key."""

    item_id: str
    reason: RefundReason
    request_key: str
    amount_minor: int | None = None
    note: str | None = None
    permission: ClassVar[Permission] = Permission.REFUND

    def keys(self, request: AgentRequest) -> Iterable[Key]:
        payments.movement_id_of(self.item_id)
        return (payments.movement_key(request.account_id, self.item_id),)

    def further_keys(self, request: AgentRequest) -> Iterable[Key]:
        return self._of_customer(request).keys_of(request.account_id)

    def find_need(self, _request: AgentRequest) -> tuple[Operation, Subject | None]:
        return refunds.operation_of(self.reason), None

    def contribute(self, change: Change, request: AgentRequest) -> Deed[RefundResult]:
        language = request.case.language if request.case is not None else None
        asked = self._of_customer(request).contribute_for(change, request.read, request.account_id, language)
        result = asked.result
        named = {"refund_id": result.refund_id} if result.refund_id is not None else {}
        promised = {"promised_on": result.promised_on.isoformat()} if result.promised_on is not None else {}
        return Deed(result, asked.outcome, named, {**named, **promised})

    def _of_customer(self, request: AgentRequest) -> refunds.RequestRefund:
        key = payments.movement_key(request.account_id, self.item_id)
        movement = request.read.decode(key, payments.movement_from)
        if movement is None:
            raise NotPossible(RefundError.NO_SUCH_MOVEMENT)
        merchant = movement.ref.merchant
        return refunds.RequestRefund(
            self.item_id,
            merchant.id if merchant is not None else None,
            self.reason,
            self.amount_minor,
            self.request_key,
            note=self.note,
            twin=movement.ref.twin,
        )

"""Looking at an account, with values masked, and unmasking one of them. Each is counted and leaves its audit entry.

Nobody unmasks a contact point: an agent knows it by its kind and last digits, and writes to it through the hotline.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import ClassVar, Final

from hotline.accounts import service as accounts
from hotline.contracts.model import PointKind
from hotline.identity.model import Subject
from hotline.identity.service import Operation, owner_keys, require
from hotline.kit.change import Change
from hotline.kit.change.acts import retry_stale
from hotline.kit.doors import Context
from hotline.kit.errors import NotPossible
from hotline.kit.money import Money
from hotline.kit.store import Key
from hotline.kit.store.condition import Item
from hotline.lockout import service as lockout
from hotline.payments import service as payments
from hotline.refunds import service as refunds
from hotline.security import service as security

from .access import AgentRequest, open_request
from .limits import Counted, count_one, is_used_up, limit_keys
from .model import AgentError, AgentToken, Basis, LookUpReason, Masked, Part, Permission
from .requests import ATTEMPTS_MAX, AgentAct, Deed, leave_records
from .subjects import UNVERSIONED

DIGITS_SHOWN: Final = 4
HIDDEN: Final = "***"
_KEY_OF_PART: Final[Mapping[Part, Callable[[str], Key]]] = {
    Part.ACCOUNT: accounts.found_key,
    Part.FUNDS: payments.funds_key,
    Part.BILLS: payments.reminders_key,
    Part.REFUNDS: refunds.recent_key,
}
"""An item of the account that is shown with a part, and is read with the rest."""
_MINOR: Final = "_minor"
"""The end of the name of every fact that is an amount."""


def look_up(
    ctx: Context, token: AgentToken, basis: Basis, part: Part, reason: LookUpReason, item_id: str | None = None
) -> AgentRequest:
    """Look at a part of the account of the case or contact: the request, with the account's profile, locks and factors
    read. With their parts the funds and the choice of reminders are read, too. The look is counted, and in the audit
    trail with its reason, before anything is shown. `item_id`: the one thing of that part, where it is one.

    Raises NotPossible `no_permission`, `case_without_account`, `look_ups_limit`, and what `open_request` raises. Stale,
    Unavailable.
    """

    def look_once() -> AgentRequest:
        also = limit_keys(Counted.LOOK_UPS, token.agent_id, ctx.clock.now())
        request = open_request(ctx, token, basis, also, of_account=lambda account_id: _keys_of(part, account_id))
        request.require(Permission.READ)
        account_id = request.account_id
        agent = request.actor()
        change = Change(actor=agent, cause="look_up", now=request.now, ids=ctx.ids)
        require(change, Operation.READ, account_id)
        count_one(change, Counted.LOOK_UPS, token.agent_id, request.read)
        # The case is not told: a timeline of looks would bury what was done.
        told = {"part": part.value, "why": reason.value} | ({} if item_id is None else {"item_id": item_id})
        leave_records(change, request, agent, "looked_up", account_id, told, in_case=False)
        change.commit(ctx.store)
        return request

    return retry_stale(look_once, attempts_max=ATTEMPTS_MAX)


def _keys_of(part: Part, account_id: str) -> Iterable[Key]:
    """The keys of an account that are shown with a part of it."""
    of_part = _KEY_OF_PART.get(part)
    also = () if of_part is None else (of_part(account_id),)
    return (*owner_keys(account_id), *lockout.lock_keys(account_id), *also)


def mask_name(name: str) -> str:
    """The first character of a name."""
    return f"{name[:1]}{HIDDEN}"


def mask_point(kind: PointKind, value: str) -> str:
    """The last four digits of a number; the first character and the last four of an address. Of a domain that is not
    longer than twice that, only the top-level domain."""
    if kind is PointKind.PHONE:
        return f"{HIDDEN}{value[-DIGITS_SHOWN:]}"
    domain = value.rpartition("@")[2]
    _, dot, top = domain.rpartition(".")
    short = f"{dot}{top}" if dot else ""
    end = domain[-DIGITS_SHOWN:] if len(domain) > 2 * DIGITS_SHOWN else short
    return f"{value[:1]}{HIDDEN}@{HIDDEN}{end}"


def mask_facts(facts: Mapping[str, str | int]) -> dict[str, str | int]:
    """The facts of an entry or a finding without amounts, and without the currency where there is an amount."""
    amounts = {name for name in facts if name.endswith(_MINOR)}
    hidden = {*amounts, "currency"} if amounts else set()
    return {name: value for name, value in facts.items() if name not in hidden}


def mask_content(content: Mapping[str, str | int]) -> dict[str, str | int]:
    """The content of an approval without an amount of the customer's. The terms of a policy are none."""
    hidden = {"amount_minor", "currency"} if "amount_minor" in content else set()
    return {name: value for name, value in content.items() if name not in hidden}


def find_masked(facts: Mapping[str, str | int]) -> tuple[Masked, str] | None:
    """The value that shows the amount which `mask_facts` leaves out of a case's entry, and its item. None where there
    is no amount, or no thing of which it can be shown."""
    if "amount_minor" not in facts:
        return None
    named = {"refund_id": Masked.REFUND_AMOUNT, "finding_id": Masked.FINDING_AMOUNT}
    return next(((value, str(facts[name])) for name, value in named.items() if name in facts), None)


@dataclass(frozen=True)
class Unmask(AgentAct[str | Money]):
    """See one value: the name, or an amount. A payment or bill is named by its sort key, a refund or finding by its id.
    An amount of the funds has a name of its own (payments.list_funds_amounts).

    Alone so often an hour, beyond that with a second person. Raises NotPossible `nothing_to_unmask`, also when a second
    person is asked; InvalidInput for what cannot be a payment's sort key."""

    value: Masked
    item_id: str = "-"
    permission: ClassVar[Permission] = Permission.READ

    def keys(self, request: AgentRequest) -> Iterable[Key]:
        account_id = request.account_id
        match self.value:
            case Masked.NAME:
                return (accounts.profile_key(account_id),)
            case Masked.PAYMENT_AMOUNT | Masked.GIVEN_BACK_AMOUNT | Masked.COUPON_AMOUNT:
                payments.movement_id_of(self.item_id)
                return (payments.movement_key(account_id, self.item_id),)
            case Masked.FUNDS_AMOUNT:
                return (payments.funds_key(account_id),)
            case Masked.BILL_AMOUNT:
                key = payments.bill_key_of(account_id, self.item_id)
                return (key,) if key is not None else ()
            case Masked.REFUND_AMOUNT:
                return (refunds.refund_key(account_id, self.item_id),)
            case Masked.FINDING_AMOUNT:
                return (security.named_finding_key(account_id, self.item_id),)

    def find_need(self, request: AgentRequest) -> tuple[Operation, Subject | None]:
        if not is_used_up(Counted.UNMASKINGS, request.agent_id, request.read, request.now):
            return Operation.UNMASK, None
        name = f"unmask#{request.account_id}#{self.value.value}#{self.item_id}"
        content = {"field": self.value.value} | ({} if self.value is Masked.NAME else {"item_id": self.item_id})
        return Operation.UNMASK_BEYOND, Subject(name, UNVERSIONED, content)

    def check_possible(self, request: AgentRequest) -> None:
        self._find(request)

    def contribute(self, change: Change, request: AgentRequest) -> Deed[str | Money]:
        operation, subject = self.find_need(request)
        require(change, operation, request.account_id, subject)
        return Deed(self._find(request), "SHOWN", {"value": self.value.value, "item_id": self.item_id})

    def _find(self, request: AgentRequest) -> str | Money:
        found = next((request.read[key] for key in self.keys(request) if key in request.read), None)
        value = self._value_in(found, request) if found is not None else None
        if value is None:
            raise NotPossible(AgentError.NOTHING_THERE)
        return value

    def _value_in(self, item: Item, request: AgentRequest) -> str | Money | None:
        match self.value:
            case Masked.NAME:
                return str(item["name"])
            case Masked.PAYMENT_AMOUNT:
                return payments.movement_from(item).amount
            case Masked.GIVEN_BACK_AMOUNT:
                movement = payments.movement_from(item)
                minor = movement.given_back_minor
                return Money(minor, movement.amount.currency) if minor else None
            case Masked.COUPON_AMOUNT:
                coupon = payments.movement_from(item).coupon
                return coupon.amount if coupon is not None else None
            case Masked.REFUND_AMOUNT:
                return refunds.refund_from(item).amount
            case Masked.FUNDS_AMOUNT:
                return payments.list_funds_amounts(payments.funds_from(item)).get(self.item_id)
            case Masked.BILL_AMOUNT:
                return payments.bill_from(item).amount
            case Masked.FINDING_AMOUNT:
                facts = security.finding_to_see(item, request.now).facts
                if "amount_minor" not in facts:
                    return None
                return Money(int(facts["amount_minor"]), str(facts["currency"]))

"""The acts of supervisors: on opening hours, the banner, the official numbers, and merchants' policies. None is about
an account. Numbers and policies take a second person: they say which number is genuine, and what is refunded unseen."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import ClassVar, Final

from hotline.directory import service as directory
from hotline.directory.model import Banner
from hotline.directory.service import Hours
from hotline.identity.model import Subject
from hotline.identity.service import Operation, require
from hotline.kit.change import Change
from hotline.kit.store import Key
from hotline.refunds import service as refunds
from hotline.refunds.model import MerchantPolicy
from hotline.refunds.service import PolicyTerms

from .access import AgentRequest
from .model import Permission
from .requests import AgentAct, Deed
from .subjects import NUMBERS_NAME

EDITED: Final = "EDITED"


class _Edit[Result](AgentAct[Result]):
    """An act of a supervisor that is about no account."""

    permission: ClassVar[Permission] = Permission.MANAGE
    on_account: ClassVar[bool] = False


@dataclass(frozen=True)
class EditHours(_Edit[int]):
    """Write an edition of the opening hours (as make_hours gives them). The result is its version. Raises NotPossible
    `directory_changed` when the editor saw another version than the present."""

    hours: Hours
    expected_version: int

    def keys(self, _request: AgentRequest) -> Iterable[Key]:
        return (directory.HOURS_KEY,)

    def find_need(self, _request: AgentRequest) -> tuple[Operation, Subject | None]:
        return Operation.MANAGE, None

    def contribute(self, change: Change, request: AgentRequest) -> Deed[int]:
        require(change, Operation.MANAGE)
        version = directory.contribute_hours(
            change, request.read, self.hours, expected_version=self.expected_version, editor=request.agent_id
        )
        return Deed(version, EDITED, {"part": "hours", "version": version})


@dataclass(frozen=True)
class EditBanner(_Edit[int]):
    """Put a banner up (as make_banner gives it), or take it down (None). The result and the refusal are as of
    EditHours."""

    banner: Banner | None
    expected_version: int

    def keys(self, _request: AgentRequest) -> Iterable[Key]:
        return (directory.BANNER_KEY,)

    def find_need(self, _request: AgentRequest) -> tuple[Operation, Subject | None]:
        return Operation.MANAGE, None

    def contribute(self, change: Change, request: AgentRequest) -> Deed[int]:
        require(change, Operation.MANAGE)
        version = directory.contribute_banner(
            change, request.read, self.banner, expected_version=self.expected_version, editor=request.agent_id
        )
        return Deed(version, EDITED, {"part": "banner", "version": version})


@dataclass(frozen=True)
class EditNumbers(_Edit[int]):
    """Write an edition of the official numbers, with a second person. The result and the refusal are as of EditHours;
    InvalidInput for what is no number."""

    numbers: tuple[str, ...]
    expected_version: int

    def keys(self, _request: AgentRequest) -> Iterable[Key]:
        return (directory.NUMBERS_KEY,)

    def find_need(self, request: AgentRequest) -> tuple[Operation, Subject | None]:
        known = directory.numbers_of(request.read, ())
        content: dict[str, str | int] = {"numbers": " ".join(self.numbers)}
        if removed := [number for number in known.content if number not in self.numbers]:
            content |= {"numbers_removed": " ".join(removed)}
        return Operation.EDIT_NUMBERS, Subject(NUMBERS_NAME, str(known.version), content)

    def contribute(self, change: Change, request: AgentRequest) -> Deed[int]:
        operation, subject = self.find_need(request)
        require(change, operation, subject=subject)
        version = directory.contribute_numbers(
            change, request.read, self.numbers, expected_version=self.expected_version, editor=request.agent_id
        )
        return Deed(version, EDITED, {"part": "numbers", "version": version})


@dataclass(frozen=True)
class PublishPolicy(_Edit[MerchantPolicy]):
    """Publish a merchant's policy, with a second person. Raises NotPossible `policy_changed` when the editor saw
    another version than the present."""

    merchant_id: str
    terms: PolicyTerms
    expected_version: int

    def keys(self, _request: AgentRequest) -> Iterable[Key]:
        return refunds.policy_keys(self.merchant_id)

    def find_need(self, request: AgentRequest) -> tuple[Operation, Subject | None]:
        return Operation.PUBLISH_POLICY, refunds.policy_subject(request.read, self.merchant_id, self.terms)

    def contribute(self, change: Change, request: AgentRequest) -> Deed[MerchantPolicy]:
        policy = refunds.contribute_policy(
            change,
            request.read,
            self.merchant_id,
            self.terms,
            expected_version=self.expected_version,
            editor=request.agent_id,
        )
        return Deed(policy, "PUBLISHED", {"merchant_id": self.merchant_id, "version": policy.version})

"""Digests as they travel: what the wallet has of a range of accounts, as a CloudEvents object on the bus.

`accounts.digest_told` is no fact about one account: it is compared and changes no customer's state. docs/contracts.md
says how a digest is computed.
"""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Annotated, Literal

from pydantic import Field, ValidationError

from hotline.kit.clock import CLOCK_SKEW
from hotline.kit.errors import InvalidInput

from . import limits
from .fields import AccountId, Contract, Id, Instant, Source, Version


class DigestError(StrEnum):
    """Why the detail of an event is no digest."""

    BAD_DIGEST = "bad_digest"
    FUTURE_TIME = "future_time"


class SumTold(Contract):
    """The things of one kind: how many, and the sum over them as sixteen hex digits."""

    count: Annotated[int, Field(ge=0, le=limits.INTEGER_MAX)]
    digest: Annotated[str, Field(pattern=r"^[0-9a-f]{16}$")]


class AccountDigestTold(Contract):
    """One account. A kind that is left out is not compared; `account` and `funds` are versions, and null says that the
    wallet has none."""

    id: AccountId
    account: Version | None = None
    funds: Version | None = None
    movements: SumTold | None = None
    refunds: SumTold | None = None
    bills: SumTold | None = None


class RangeDigestTold(Contract):
    """accounts.digest_told. Movements count that were begun at `since` or later. Refunds count by the time of their
    last fact, and bills by their due date and the UTC day of `since`."""

    as_of: Instant
    since: Instant
    accounts: Annotated[list[AccountDigestTold], Field(min_length=1, max_length=limits.DIGEST_ACCOUNTS_MAX)]


class DigestEnvelope(Contract):
    """The fields that surround a digest. `subject` names the range of accounts, in the wallet's own words."""

    specversion: Literal["1.0"]
    id: Id
    source: Source
    type: Literal["accounts.digest_told.v1"]
    time: Instant
    subject: Id
    dataschema: Annotated[str, Field(max_length=limits.NOTE_CHARACTERS_MAX)] | None = None
    data: RangeDigestTold


def parse_digest(detail: object, now: datetime) -> DigestEnvelope:
    """The digest in the `detail` of a bus event. Raises InvalidInput `bad_digest`, or `future_time` for a time that has
    not come, with the path of the first offending field. No later digest would count against one of the future."""
    try:
        digest = DigestEnvelope.model_validate(detail)
    except ValidationError as error:
        path = ".".join(str(step) for step in error.errors(include_url=False, include_input=False)[0]["loc"])
        raise InvalidInput(DigestError.BAD_DIGEST, field=path) from None
    for field, at in (("time", digest.time), ("data.as_of", digest.data.as_of)):
        if at > now + CLOCK_SKEW:
            raise InvalidInput(DigestError.FUTURE_TIME, field=field)
    return digest

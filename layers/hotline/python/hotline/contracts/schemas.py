"""Facts as they travel: CloudEvents 1.0 objects, checked by pydantic and made into the model.

`parse` is the one way in. A rejected fact is named by its type and id, a stable reason and the path of a field, never
by a value.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any, Final, Literal

from pydantic import Field, ValidationError

from hotline.kit.clock import CLOCK_SKEW

from . import limits, model
from .facts import FACTS
from .fields import FIELD, AccountId, Contract, Id, Instant, Source
from .model import VERSION_SUFFIX, Fact, FactRejected, Rejection


class Envelope(Contract):
    """The fields that surround the data of every fact."""

    specversion: Literal["1.0"]
    id: Id
    source: Source
    type: Annotated[str, Field(max_length=limits.TYPE_CHARACTERS_MAX, pattern=limits.TYPE_PATTERN)]
    time: Instant
    subject: AccountId
    dataschema: Annotated[str, Field(max_length=limits.NOTE_CHARACTERS_MAX)] | None = None
    data: dict[str, Any]


_KEYS: Final = frozenset(
    {"id", "type", "time", "subject", "version", "subject_version", "movement_id", "initiated_at", "refund_id"}
    | {"decision_id", "attempt_id", "device_id", "bill_id", "due_on", "as_of", "merchant_id"}
)
_REASONS: Final = {
    "string_too_long": Rejection.TOO_LONG,
    "too_long": Rejection.TOO_LONG,
    "string_unicode": Rejection.BAD_TEXT,
    **{reason.value: reason for reason in Rejection},
}
"""Pydantic's name of an error -> our reason of rejection; every other error is a bad value."""


def parse(detail: object) -> Fact:
    """The fact in the `detail` of a bus event. Raises FactRejected."""
    if not isinstance(detail, Mapping) or detail.get("specversion") != "1.0":
        raise reject(detail, Rejection.NOT_AN_EVENT)
    type_name = detail.get("type")
    if isinstance(type_name, str):
        contract = FACTS.get(type_name.removesuffix(VERSION_SUFFIX)) if type_name.endswith(VERSION_SUFFIX) else None
        if contract is None:
            raise reject(detail, Rejection.UNKNOWN_TYPE, "type")
    try:
        envelope = Envelope.model_validate(dict(detail))
        plain_type = envelope.type.removesuffix(VERSION_SUFFIX)
        data = FACTS[plain_type].model_validate(envelope.data).fact(plain_type)
    except ValidationError as error:
        reason, field = _first(error)
        if error.title != Envelope.__name__:
            field = f"data.{field}" if field else "data"
        raise reject(detail, reason, field) from None
    if isinstance(data, model.MerchantPolicyPublished) and data.merchant_id != envelope.subject:
        raise reject(detail, Rejection.SUBJECT_MISMATCH, "subject")
    if isinstance(data, model.MovementTold) and not _may_have_arrived(data):
        raise reject(detail, Rejection.BAD_VALUE, "data.arrived_at")
    return Fact(envelope.id, plain_type, envelope.source, envelope.time, envelope.subject, data)


def _may_have_arrived(told: model.MovementTold) -> bool:
    """Whether the time of an arrival fits the movement: only a withdrawal arrives, after it began, and unless it
    failed."""
    if told.arrived_at is None:
        return True
    is_fit = told.kind is model.MovementKind.WITHDRAWAL and told.status is not model.MovementStatus.FAILED
    return is_fit and told.arrived_at >= told.initiated_at


def refuse_future(fact: Fact, detail: object, now: datetime) -> None:
    """Raise FactRejected for a fact of a time that has not come: it would make the hotline believe that it knows the
    future. Clocks may differ by CLOCK_SKEW."""
    if fact.time > now + CLOCK_SKEW:
        raise reject(detail, Rejection.FUTURE_TIME, "time")
    arrived_at = fact.data.arrived_at if isinstance(fact.data, model.MovementTold) else None
    if arrived_at is not None and arrived_at > now + CLOCK_SKEW:
        raise reject(detail, Rejection.FUTURE_TIME, "data.arrived_at")


def reject(detail: object, reason: Rejection, field: str = "-") -> FactRejected:
    """The error that names an event, which may be anything. Its type and id are left out when they do not look like
    ones, so that nothing personal gets into a log in their place."""
    found = detail if isinstance(detail, Mapping) else {}
    fact_type = _like(found.get("type"), limits.TYPE_PATTERN, limits.TYPE_CHARACTERS_MAX)
    fact_id = _like(found.get("id"), limits.ID_PATTERN, limits.ID_CHARACTERS_MAX)
    return FactRejected(reason, fact_type=fact_type, fact_id=fact_id, field=field)


def _like(value: object, pattern: str, characters_max: int) -> str | None:
    fits = isinstance(value, str) and len(value) <= characters_max and re.fullmatch(pattern, value) is not None
    return str(value) if fits else None


def _first(error: ValidationError) -> tuple[Rejection, str]:
    """Reason and path of what is wrong: a missing key before all else, then in the order of the fields."""
    found = [_reason(entry) for entry in error.errors(include_url=False, include_input=False, include_context=True)]
    return next((entry for entry in found if entry[0] is Rejection.MISSING_KEY), found[0])


def _reason(entry: Any) -> tuple[Rejection, str]:
    field = entry.get("ctx", {}).get(FIELD)
    path = ".".join(str(step) for step in (*entry["loc"], *([] if field is None else [field])))
    kind, last = entry["type"], entry["loc"][-1] if entry["loc"] else ""
    if kind == "missing":
        return (Rejection.MISSING_KEY if last in _KEYS else Rejection.MISSING_FIELD), path
    return _REASONS.get(kind, Rejection.BAD_VALUE), path

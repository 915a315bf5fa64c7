"""Routes that anybody may ask: the official numbers, whether a number is one of them, and when people answer."""

from __future__ import annotations

from typing import Annotated

from aws_lambda_powertools.event_handler.openapi.params import Query

from functions.customer_api.shapes.public import (
    TYPED_MAX,
    Banner,
    Genuine,
    Hours,
    Numbers,
    OpeningTimes,
    OpenTimes,
    OtherDay,
)
from functions.customer_api.visits import desk, router
from functions.http.problems import problem_in
from hotline.directory import service as directory
from hotline.kit.languages import ENGLISH


@router.get("/v1/hotline/numbers", tags=["hotline"], operation_id="official_numbers")
def numbers() -> Numbers:
    """The official numbers of the hotline."""
    return Numbers(numbers=list(_official_numbers()))


@router.get("/v1/hotline/numbers/verify", tags=["hotline"], operation_id="verify_number")
def verify(number: Annotated[str, Query(min_length=1, max_length=TYPED_MAX)]) -> Genuine:
    """Whether a number, written the way people write numbers, is an official one. A text that is no number is not
    official."""
    if not number.strip():
        raise problem_in("number", "missing")
    return Genuine(genuine=directory.is_official(number.strip(), _official_numbers()))


@router.get("/v1/hotline/hours", tags=["hotline"], operation_id="opening_hours")
def hours() -> Hours:
    """The hours in which people answer, with holidays, and what callers hear before the menu now."""
    at = desk()
    now = at.ctx.clock.now()
    read = at.ctx.store.batch_get([directory.HOURS_KEY, directory.BANNER_KEY])
    known, banner = directory.hours_of(read).content, directory.banner_of(read).content
    opening = directory.find_opening(known, now)
    language = at.language or ENGLISH
    at.headers["Content-Language"] = language
    return Hours(
        time_zone=known.time_zone,
        open=directory.is_open(known, now),
        opening=OpeningTimes(begins_at=opening.begins_at, ends_at=opening.ends_at) if opening is not None else None,
        weekly=[
            OpenTimes(day=day, opens=span.opens, closes=span.closes)
            for day, spans in enumerate(known.week, start=1)
            for span in spans
        ],
        special_days=[one for special in known.special_days for one in _other_days(special)],
        banner=Banner(text=banner.words[language], ends_at=banner.ends_at)
        if banner is not None and banner.holds(now)
        else None,
    )


def _other_days(special: directory.SpecialDay) -> list[OtherDay]:
    if not special.spans:
        return [OtherDay(date=special.day, name=special.name, opens=None, closes=None)]
    return [
        OtherDay(date=special.day, name=special.name, opens=span.opens, closes=span.closes) for span in special.spans
    ]


def _official_numbers() -> tuple[str, ...]:
    """The numbers that supervisors have written, else those of the deployment."""
    ctx = desk().ctx
    return directory.read_numbers(ctx.store, ctx.official_numbers).content

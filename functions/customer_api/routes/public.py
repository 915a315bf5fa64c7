"""Routes that anybody may ask: the official numbers, and whether a number is one of them."""

from __future__ import annotations

from typing import Annotated

from aws_lambda_powertools.event_handler.openapi.params import Query

from functions.customer_api.shapes import TYPED_MAX, Genuine, Numbers
from functions.customer_api.visits import desk, router
from functions.http.problems import problem_in
from hotline.directory.service import is_official


@router.get("/v1/hotline/numbers", tags=["hotline"], operation_id="official_numbers")
def numbers() -> Numbers:
    """The official numbers of the hotline."""
    return Numbers(numbers=list(desk().ctx.official_numbers))


@router.get("/v1/hotline/numbers/verify", tags=["hotline"], operation_id="verify_number")
def verify(number: Annotated[str, Query(min_length=1, max_length=TYPED_MAX)]) -> Genuine:
    """Whether a number, written the way people write numbers, is an official one. A text that is no number is not
    official."""
    if not number.strip():
        raise problem_in("number", "missing")
    return Genuine(genuine=is_official(number.strip(), desk().ctx.official_numbers))

"""What anybody may ask: the official numbers, and whether a number is one of them."""

from __future__ import annotations

from typing import Final

from aws_lambda_powertools.event_handler.router import APIGatewayHttpRouter

from functions.customer_api.problems import Problem
from hotline.directory.service import TYPED_CHARACTERS_MAX, is_official, official_numbers

router = APIGatewayHttpRouter()  # type: ignore[no-untyped-call]

NUMBER: Final = "number"


@router.get("/v1/hotline/numbers")
def numbers() -> dict[str, list[str]]:
    """The official numbers in E.164, the main one first."""
    _parameters(())
    return {"numbers": list(official_numbers())}


@router.get("/v1/hotline/numbers/verify")
def verify() -> dict[str, bool]:
    """Whether a number, written the way people write numbers, is an official one. What is no number is not."""
    number = _parameters((NUMBER,)).get(NUMBER, "").strip()
    if not number or len(number) > TYPED_CHARACTERS_MAX:
        raise Problem(400, "malformed_request", field=NUMBER)
    return {"genuine": is_official(number)}


def _parameters(known: tuple[str, ...]) -> dict[str, str]:
    """The request's query parameters. Raises Problem for one that the route does not have."""
    given: dict[str, str] = dict(router.current_event.query_string_parameters or {})
    if given.keys() - set(known):
        raise Problem(400, "malformed_request", field="query")
    return given

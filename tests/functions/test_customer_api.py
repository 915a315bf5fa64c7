"""The HTTPS API in process: requests as the gateway hands them on, and whole answers."""

import json
from pathlib import Path
from typing import Any

import pytest

from functions.customer_api import app, problems

OFFICIAL = "+864008001234"
EVENTS = sorted((Path(__file__).parents[2] / "events/customer_api").glob("*.json"))


@pytest.fixture(autouse=True)
def _numbers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOTLINE_NUMBERS", f"{OFFICIAL},+498001234567")


def request(path: str, query: dict[str, str] | None = None, method: str = "GET") -> dict[str, Any]:
    event: dict[str, Any] = {
        "version": "2.0",
        "routeKey": f"{method} {path}",
        "rawPath": path,
        "rawQueryString": "",
        "headers": {},
        "requestContext": {"http": {"method": method, "path": path}, "requestId": "request-1", "stage": "$default"},
        "isBase64Encoded": False,
    }
    return event | ({"queryStringParameters": query} if query else {})


def answered(event: dict[str, Any]) -> tuple[int, Any]:
    answer = app.handler(event, None)
    return answer["statusCode"], json.loads(answer["body"])


def test_anybody_may_ask_for_the_official_numbers() -> None:
    assert answered(request("/v1/hotline/numbers")) == (200, {"numbers": [OFFICIAL, "+498001234567"]})


@pytest.mark.parametrize(
    ("number", "genuine"),
    [(OFFICIAL, True), ("400 800 1234", True), ("+8613800000001", False), ("not a number", False)],
)
def test_a_number_is_genuine_when_it_is_an_official_one_however_it_is_written(number: str, genuine: bool) -> None:
    assert answered(request("/v1/hotline/numbers/verify", {"number": number})) == (200, {"genuine": genuine})


def test_a_number_of_forty_characters_is_looked_at_and_one_more_is_refused() -> None:
    assert answered(request("/v1/hotline/numbers/verify", {"number": "1" * 40})) == (200, {"genuine": False})
    status, problem = answered(request("/v1/hotline/numbers/verify", {"number": "1" * 41}))
    assert (status, problem["code"], problem["field"]) == (400, "malformed_request", "number")


@pytest.mark.parametrize(
    ("path", "query", "field"),
    [
        ("/v1/hotline/numbers/verify", None, "number"),
        ("/v1/hotline/numbers/verify", {"number": " "}, "number"),
        ("/v1/hotline/numbers/verify", {"number": OFFICIAL, "account": "acct-1"}, "query"),
        ("/v1/hotline/numbers", {"account": "acct-1"}, "query"),
    ],
)
def test_a_malformed_request_is_a_problem_that_names_the_part_and_repeats_nothing(
    path: str, query: dict[str, str] | None, field: str
) -> None:
    answer = app.handler(request(path, query), None)
    assert answer["multiValueHeaders" if "multiValueHeaders" in answer else "headers"]["Content-Type"] in (
        problems.CONTENT_TYPE,
        [problems.CONTENT_TYPE],
    )
    assert json.loads(answer["body"]) == {
        "type": "about:blank",
        "title": "The request is malformed.",
        "status": 400,
        "code": "malformed_request",
        "field": field,
    }


def test_a_path_that_does_not_exist_is_a_problem() -> None:
    status, problem = answered(request("/v1/nothing"))
    assert (status, problem["code"]) == (404, "not_found")


def test_what_fails_unexpectedly_is_answered_with_a_constant_and_its_text_stays_out_of_the_log(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("HOTLINE_NUMBERS", "secret-setting")
    status, problem = answered(request("/v1/hotline/numbers"))
    assert (status, problem["code"]) == (500, "unexpected")
    assert "secret" not in capsys.readouterr().out
    assert answered({}) == (500, problem)


@pytest.mark.parametrize("path", EVENTS, ids=lambda path: path.stem)
def test_every_kept_event_is_answered_with_the_status_in_its_name(path: Path) -> None:
    status, _ = answered(json.loads(path.read_text(encoding="utf-8")))
    assert path.stem.split("_")[1] == str(status)

"""The deployed API over HTTP: the gateway's routes reach the function, and nothing else does."""

import json
from http.client import HTTPConnection
from typing import Any
from urllib.parse import urlsplit

import pytest

from hotline_local.launcher import RunningStack
from hotline_local.launcher.stack import Stack

pytestmark = pytest.mark.slow


def ask(stack: Stack, path: str, method: str = "GET") -> tuple[int, Any]:
    """Send one request to the gateway; the answer's status and JSON."""
    (api,) = stack.client("apigatewayv2").get_apis()["Items"]
    connection = HTTPConnection(urlsplit(stack.endpoint).netloc, timeout=30)
    try:
        connection.request(method, f"/_aws/execute-api/{api['ApiId']}{path}")
        answer = connection.getresponse()
        return answer.status, json.loads(answer.read())
    finally:
        connection.close()


def test_a_number_from_the_official_list_is_found_genuine(running_stack: RunningStack) -> None:
    status, listed = ask(running_stack.stack, "/v1/hotline/numbers")
    assert status == 200
    for number in listed["numbers"]:
        asked = ask(running_stack.stack, f"/v1/hotline/numbers/verify?number=%2B{number.removeprefix('+')}")
        assert asked == (200, {"genuine": True})
    assert ask(running_stack.stack, "/v1/hotline/numbers/verify?number=%2B8613800000001") == (200, {"genuine": False})


def test_a_refusal_passes_the_gateway_as_a_problem(running_stack: RunningStack) -> None:
    status, problem = ask(running_stack.stack, "/v1/hotline/numbers/verify")
    assert (status, problem["code"]) == (400, "malformed_request")


def test_a_path_without_a_route_does_not_reach_the_function(running_stack: RunningStack) -> None:
    status, answer = ask(running_stack.stack, "/v1/nothing")
    assert status == 404
    assert "code" not in answer
    assert ask(running_stack.stack, "/v1/hotline/numbers", method="POST")[0] == 404

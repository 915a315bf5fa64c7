"""The sign-in of the demo staff where it gives no token: one sentence at the terminal, and no traceback."""

from __future__ import annotations

from typing import Any

import pytest

from hotline_local.errors import CommandError
from hotline_local.staff_login import StaffLogin
from tests.support.loopback import Answered, Asked, LoopbackServer
from tests.support.sweeps import sweep

CALLBACK = "http://127.0.0.1:9/callback.html"


NO_TOKEN = Answered(200)


class Pool:
    """A user pool whose client lets people back to some addresses."""

    def __init__(self, *callbacks: str) -> None:
        self._client = {"CallbackURLs": list(callbacks)} if callbacks else {}

    def describe_user_pool_client(self, **_: Any) -> dict[str, Any]:
        return {"UserPoolClient": self._client}


def sign_in(pool: Pool, login: Answered, token: Answered = NO_TOKEN) -> dict[str, Any]:
    """Sign in where the two endpoints answer so."""

    def answer(asked: Asked) -> Answered:
        return login if asked.path == "/login" else token

    with LoopbackServer(answer) as server:
        return StaffLogin("issuer", "pool", "client").sign_in(pool, server.url, "agent-1", ["desk/read"])


BACK = Answered(302, headers={"Location": f"{CALLBACK}?code=c-1&state=state"})


def test_a_sign_in_gives_the_answer_of_the_token_endpoint() -> None:
    assert sign_in(Pool(CALLBACK), BACK, Answered(200, b'{"access_token": "t"}')) == {"access_token": "t"}


def test_a_stack_whose_sign_in_no_desk_may_use_is_told_in_a_sentence() -> None:
    with pytest.raises(CommandError, match="No desk may use the sign-in"):
        sign_in(Pool(), BACK)


@sweep(
    ("login", "token"),
    [
        (Answered(200, b"<p>Wrong password.</p>"), NO_TOKEN),
        (Answered(302, headers={"Location": f"{CALLBACK}?error=access_denied"}), NO_TOKEN),
        (BACK, Answered(400, b'{"error": "invalid_grant"}')),
        (BACK, Answered(502, b"<p>Bad gateway.</p>")),
        (BACK, Answered(200, b"[]")),
    ],
)
def test_a_sign_in_that_is_refused_is_told_in_a_sentence(login: Answered, token: Answered) -> None:
    with pytest.raises(CommandError, match="refused agent-1"):
        sign_in(Pool(CALLBACK), login, token)

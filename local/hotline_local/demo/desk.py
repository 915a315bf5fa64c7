"""The desk of a running stack, with the demo staff's sign-in."""

from __future__ import annotations

from functools import partial
from typing import Final

from hotline_local.desk_server import DeskServer, DeskSettings
from hotline_local.launcher.stack import Stack
from hotline_local.staff_login import StaffLogin

API_PREFIX: Final = "/api"
SIGN_IN_PREFIX: Final = "/sign-in"
CALLBACK: Final = "/callback.html"


def desk_settings(stack: Stack) -> DeskSettings:
    """The settings of the stack's desk. Its requests stay on its own origin: the servers behind it know no CORS."""
    return DeskSettings(
        API_PREFIX,
        stack.staff_issuer,
        stack.staff_client_id,
        authorization_endpoint=f"{stack.endpoint}/oauth2/authorize",
        token_endpoint=f"{SIGN_IN_PREFIX}/token",
        revocation_endpoint=f"{SIGN_IN_PREFIX}/revoke",
        forwards={API_PREFIX: stack.agent_api_url, SIGN_IN_PREFIX: f"{stack.endpoint}/oauth2"},
    )


def open_desk(stack: Stack, port: int) -> DeskServer:
    """Serve the desk at a port of loopback, 0 for a free one, until `stop`, and let its people sign in. Raises
    CommandError when the port is taken."""
    login = StaffLogin(stack.staff_issuer, stack.staff_pool_id, stack.staff_client_id)
    cognito = stack.client("cognito-idp")
    server = DeskServer(desk_settings(stack), port, renew=partial(login.renew, cognito))
    login.allow(cognito, f"{server.url}{CALLBACK}")
    server.start()
    return server

"""The sign-in of the demo staff: a user pool of MiniStack's Cognito, with two agents and two supervisors.

It is what a wallet has in AWS: code flow with PKCE, a public client, the scopes of the desk, roles as groups. The
people are nobody, and their password is for this machine alone.
"""

from __future__ import annotations

import base64
import hashlib
import json
import secrets
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from http.client import HTTPConnection
from typing import Any, Final
from urllib.parse import parse_qs, urlencode, urlsplit

from botocore.exceptions import ClientError

from hotline.agents.model import TOKEN_LIFE, Permission, Role
from hotline_local.errors import CommandError

PASSWORD: Final = "Demo-only-1"  # noqa: S105 - of nobody, on loopback
STAFF: Final[Mapping[str, tuple[Role, ...]]] = {
    "agent-1": (Role.AGENT,),
    "agent-2": (Role.AGENT,),
    "supervisor-1": (Role.AGENT, Role.SUPERVISOR),
    "supervisor-2": (Role.AGENT, Role.SUPERVISOR),
}
"""Each of the demo staff by user name, with the roles that they have."""
TIMEOUT_S: Final = 60
_POOL: Final = "demo-staff"
_RESOURCE: Final = "desk"


@dataclass(frozen=True, slots=True)
class StaffLogin:
    """A sign-in that runs. `issuer` is the name in its tokens, `client_id` their audience."""

    issuer: str
    pool_id: str
    client_id: str

    def allow(self, cognito: Any, callback: str) -> None:
        """Let the desk at this address have its people back after they signed in."""
        cognito.update_user_pool_client(UserPoolId=self.pool_id, ClientId=self.client_id, **_client(callback))

    def sign_in(self, cognito: Any, endpoint: str, name: str, scopes: Iterable[str]) -> dict[str, Any]:
        """The token endpoint's answer for one of the demo staff, by code and PKCE (RFC 7636), as the desk signs in.
        `endpoint` is MiniStack's. Raises CommandError where no desk was allowed yet, and where the sign-in is
        refused."""
        described = cognito.describe_user_pool_client(UserPoolId=self.pool_id, ClientId=self.client_id)
        callback = next(iter(described["UserPoolClient"].get("CallbackURLs", ())), None)
        if callback is None:
            raise CommandError("No desk may use the sign-in of this stack: start it with `./hotline run`.")
        verifier = secrets.token_urlsafe(48)
        challenge = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).decode().rstrip("=")
        client = {"client_id": self.client_id, "redirect_uri": callback}
        asked = {"scope": " ".join(("openid", *scopes)), "state": "state", "response_type": "code", "nonce": ""}
        pkce = {"code_challenge": challenge, "code_challenge_method": "S256"}
        headers, _ = _post_form(endpoint, "/login", **client, **asked, **pkce, username=name, password=PASSWORD)
        codes = parse_qs(urlsplit(headers.get("location", "")).query).get("code", [""])
        exchange = {"grant_type": "authorization_code", "code": codes[0], "code_verifier": verifier}
        _, body = _post_form(endpoint, "/oauth2/token", **client, **exchange) if codes[0] else ({}, b"")
        answered = _decode_object(body)
        if "access_token" not in answered:
            raise CommandError(f"The sign-in refused {name}: start the stack anew with `./hotline run`.")
        return answered

    def renew(self, cognito: Any, refresh_token: str) -> dict[str, object] | None:
        """The answer of the token endpoint to a refresh token; None for one that is not good.

        MiniStack's own endpoint forgets the roles of who renews a sign-in by code, and its API does not.
        """
        try:
            made = cognito.initiate_auth(
                ClientId=self.client_id,
                AuthFlow="REFRESH_TOKEN_AUTH",
                AuthParameters={"REFRESH_TOKEN": refresh_token},
            )["AuthenticationResult"]
        except ClientError:
            return None
        lasting = {"token_type": made["TokenType"], "expires_in": made["ExpiresIn"]}
        return {"access_token": made["AccessToken"], "id_token": made["IdToken"], **lasting}


def _decode_object(body: bytes) -> dict[str, Any]:
    """The JSON object in a body; empty for anything else."""
    try:
        found = json.loads(body)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def _post_form(endpoint: str, path: str, **fields: str) -> tuple[dict[str, str], bytes]:
    """Send a form to the sign-in; the headers and the body of its answer."""
    connection = HTTPConnection(urlsplit(endpoint).netloc, timeout=TIMEOUT_S)
    try:
        connection.request("POST", path, urlencode(fields), {"Content-Type": "application/x-www-form-urlencoded"})
        answer = connection.getresponse()
        return {name.lower(): value for name, value in answer.getheaders()}, answer.read()
    finally:
        connection.close()


def open_login(cognito: Any, region: str) -> StaffLogin:
    """Make the pool, its client and the demo staff. No desk may use it before `allow`."""
    pool_id = str(cognito.create_user_pool(PoolName=_POOL)["UserPool"]["Id"])
    cognito.create_resource_server(
        UserPoolId=pool_id,
        Identifier=_RESOURCE,
        Name=_RESOURCE,
        Scopes=[
            {"ScopeName": permission.value.removeprefix(f"{_RESOURCE}/"), "ScopeDescription": permission.name.lower()}
            for permission in Permission
        ],
    )
    made = cognito.create_user_pool_client(UserPoolId=pool_id, ClientName=_RESOURCE, GenerateSecret=False, **_client())
    for role in Role:
        cognito.create_group(UserPoolId=pool_id, GroupName=role.value)
    for name, roles in STAFF.items():
        cognito.admin_create_user(UserPoolId=pool_id, Username=name, MessageAction="SUPPRESS")
        cognito.admin_set_user_password(UserPoolId=pool_id, Username=name, Password=PASSWORD, Permanent=True)
        for role in roles:
            cognito.admin_add_user_to_group(UserPoolId=pool_id, Username=name, GroupName=role.value)
    issuer = f"https://cognito-idp.{region}.amazonaws.com/{pool_id}"
    return StaffLogin(issuer, pool_id, str(made["UserPoolClient"]["ClientId"]))


def _client(*callbacks: str) -> dict[str, Any]:
    """The settings of the desk's client. An update takes all of them: those it does not name are reset."""
    return {
        "AllowedOAuthFlows": ["code"],
        "AllowedOAuthFlowsUserPoolClient": True,
        "AllowedOAuthScopes": ["openid", *(permission.value for permission in Permission)],
        "CallbackURLs": list(callbacks),
        "SupportedIdentityProviders": ["COGNITO"],
        "ExplicitAuthFlows": ["ALLOW_REFRESH_TOKEN_AUTH"],
        "AccessTokenValidity": TOKEN_LIFE.seconds // 60,
        "IdTokenValidity": TOKEN_LIFE.seconds // 60,
        "RefreshTokenValidity": 12,
        "TokenValidityUnits": {"AccessToken": "minutes", "IdToken": "minutes", "RefreshToken": "hours"},
    }

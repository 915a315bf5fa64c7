"""An OpenID Connect issuer for tests of the desk: a login page, code with PKCE, refresh tokens (RFC 6749, RFC 7636)."""

from __future__ import annotations

import base64
import hashlib
import html
import json
import secrets
import threading
from dataclasses import dataclass, field
from urllib.parse import parse_qs, urlencode

from tests.support.loopback import Answered, Asked

CLIENT_ID = "desk"
LIFE_S = 900
HOLD_MAX_S = 30


@dataclass
class DeskIssuer:
    """`tokens` holds who each token was given to. `refresh`: whether refresh tokens are given and taken."""

    redirect_uri: str = ""
    refresh: bool = True
    tokens: dict[str, str] = field(default_factory=dict)
    grants: list[str] = field(default_factory=list)
    asked_scopes: list[str] = field(default_factory=list)
    revoked: list[str] = field(default_factory=list)
    """Refresh tokens that were given back (RFC 7009)."""
    hold_renewals: threading.Event | None = None
    """A renewal is answered once this is set."""
    _codes: dict[str, tuple[str, str]] = field(default_factory=dict)
    _refreshing: dict[str, str] = field(default_factory=dict)

    @property
    def refresh_tokens(self) -> list[str]:
        """The refresh tokens that were given, in their order."""
        return list(self._refreshing)

    def answer(self, asked: Asked) -> Answered:
        """Answer a request to the issuer. Its pages refuse to be shown in a frame, as login pages do."""
        match asked.method, asked.path:
            case "GET", "/.well-known/openid-configuration":
                origin = f"http://{asked.headers['host']}"
                paths = {
                    "authorization_endpoint": "/authorize",
                    "token_endpoint": "/token",
                    "revocation_endpoint": "/revoke",
                }
                return _json(200, {"issuer": origin, **{name: origin + path for name, path in paths.items()}})
            case "GET", "/authorize":
                return self._page(asked)
            case "POST", "/login":
                return self._login(asked)
            case "POST", "/token":
                return self._token(asked)
            case "POST", "/revoke":
                self.revoked.append(parse_qs(asked.body.decode())["token"][0])
                return _json(200, {})
        return Answered(404)

    def _page(self, asked: Asked) -> Answered:
        wanted = {"response_type": "code", "client_id": CLIENT_ID, "code_challenge_method": "S256"}
        allowed = all(asked.query.get(name) == value for name, value in wanted.items())
        if not allowed or asked.query["redirect_uri"] != self.redirect_uri:
            return Answered(400)
        self.asked_scopes.append(asked.query["scope"])
        hidden = "".join(
            f'<input type="hidden" name="{name}" value="{html.escape(asked.query[name])}">'
            for name in ("state", "code_challenge")
        )
        page = (
            f'<!doctype html><title>Login</title><form method="post" action="/login">{hidden}'
            '<label>Name <input name="username"></label><button>Continue</button>'
            '<button name="refuse" value="1">Refuse</button></form>'
        )
        return Answered(200, page.encode(), {"Content-Type": "text/html", "X-Frame-Options": "DENY"})

    def _login(self, asked: Asked) -> Answered:
        form = {name: values[0] for name, values in parse_qs(asked.body.decode()).items()}
        told = {"state": form["state"]}
        if "refuse" in form:
            told["error"] = "access_denied"
        else:
            told["code"] = secrets.token_urlsafe(16)
            self._codes[told["code"]] = (form["username"], form["code_challenge"])
        return Answered(303, b"", {"Location": f"{self.redirect_uri}?{urlencode(told)}"})

    def _token(self, asked: Asked) -> Answered:
        form = {name: values[0] for name, values in parse_qs(asked.body.decode()).items()}
        self.grants.append(form["grant_type"])
        if form["grant_type"] == "refresh_token":
            if self.hold_renewals is not None:
                self.hold_renewals.wait(HOLD_MAX_S)
            username = self._refreshing.get(form["refresh_token"]) if self.refresh else None
        else:
            username, challenge = self._codes.pop(form["code"], (None, ""))
            digest = hashlib.sha256(form["code_verifier"].encode()).digest()
            if base64.urlsafe_b64encode(digest).rstrip(b"=").decode() != challenge:
                username = None
        if username is None or form["client_id"] != CLIENT_ID:
            return _json(400, {"error": "invalid_grant"})
        access = secrets.token_urlsafe(24)
        self.tokens[access] = username
        told: dict[str, object] = {"access_token": access, "token_type": "Bearer", "expires_in": LIFE_S}
        if self.refresh:
            told["refresh_token"] = secrets.token_urlsafe(24)
            self._refreshing[str(told["refresh_token"])] = username
        return _json(200, told)


def _json(status: int, document: object) -> Answered:
    headers = {"Content-Type": "application/json", "Access-Control-Allow-Origin": "*"}
    return Answered(status, json.dumps(document).encode(), headers)

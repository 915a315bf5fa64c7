"""Pages of the running hotline on loopback: its API, to be read and tried in a browser.

The page is Swagger UI as it comes with Powertools. Its requests go through here to the gateway, so that page and API
are one origin. The server listens to this machine only, and fetches nothing from elsewhere.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from functools import cache
from importlib import resources
from typing import Any, Final

from werkzeug.middleware.http_proxy import ProxyMiddleware
from werkzeug.serving import WSGIRequestHandler, make_server
from werkzeug.wrappers import Request, Response

from hotline_local.errors import CommandError
from hotline_local.launcher.stack import Stack
from hotline_local.openapi import FILE as OPENAPI_FILE
from hotline_local.ports import HOST

API_PREFIX: Final = "/api"
GATEWAY_TIMEOUT_S: Final = 60
_ASSETS: Final = {"swagger-ui-bundle.min.js": "text/javascript", "swagger-ui.min.css": "text/css"}
_PAGE: Final = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>Wallet hotline: the API</title><link rel="icon" href="data:,">
<link rel="stylesheet" href="/assets/swagger-ui.min.css">
<style>body {margin: 0} .note {font: 15px/1.5 sans-serif; max-width: 1420px; margin: 0 auto; padding: 16px 20px 0}
code {background: #eee; padding: 1px 4px}</style></head>
<body><p class="note">The API of the hotline that runs on this machine. For a token, type
<code>./hotline token --account acct-demo-01</code> and paste it behind “Authorize”. Codes arrive in
<code>./hotline inbox</code>.</p><div id="api"></div>
<script src="/assets/swagger-ui-bundle.min.js"></script>
<script>SwaggerUIBundle({url: "/openapi.json", dom_id: "#api", docExpansion: "list", deepLinking: true,
persistAuthorization: true, validatorUrl: null});</script></body></html>
"""


class Pages:
    """A server of the pages, on a port of loopback, until `stop`. Raises CommandError when the port is taken."""

    def __init__(self, stack: Stack, port: int) -> None:
        try:
            self._server = make_server(HOST, port, application(stack), threaded=True, request_handler=_Quiet)
        except (OSError, SystemExit):
            remedy = "choose another one for the pages with --pages-port (make run ARGS='--pages-port N')"
            raise CommandError(f"Port {port} is taken: {remedy}.") from None
        self._thread = threading.Thread(target=self._server.serve_forever, name="pages", daemon=True)
        self.url = f"http://{HOST}:{self._server.server_port}"

    def start(self) -> None:
        """Begin to answer."""
        self._thread.start()

    def stop(self) -> None:
        """Answer no more."""
        self._server.shutdown()
        self._server.server_close()


class _Quiet(WSGIRequestHandler):
    """Prints nothing: requests may hold what somebody typed."""

    def log(self, type: str, message: str, *args: Any) -> None:  # noqa: A002 - its name in werkzeug
        pass


def application(stack: Stack) -> Callable[..., Any]:
    """The pages, and the way to the gateway of the stack, as one WSGI application."""
    gateway = {"target": stack.api_url, "remove_prefix": True}
    return ProxyMiddleware(_pages, {f"{API_PREFIX}/": gateway}, timeout=GATEWAY_TIMEOUT_S)


@Request.application
def _pages(request: Request) -> Response:
    name = request.path.removeprefix("/assets/")
    if request.path in ("/", "/docs"):
        return Response(_PAGE, content_type="text/html; charset=utf-8")
    if request.path == "/openapi.json":
        return Response(_description(), content_type="application/json")
    if name in _ASSETS and name != request.path:
        return Response(_asset(name), content_type=_ASSETS[name])
    return Response("There is no such page.\n", 404, content_type="text/plain")


@cache
def _description() -> str:
    described = json.loads(OPENAPI_FILE.read_text(encoding="utf-8"))
    return json.dumps({**described, "servers": [{"url": API_PREFIX}]}, ensure_ascii=False)


@cache
def _asset(name: str) -> bytes:
    return resources.files("aws_lambda_powertools.event_handler.openapi.swagger_ui").joinpath(name).read_bytes()

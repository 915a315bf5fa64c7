"""One request of an agent: the router that routes add to, what a route finds there, and the versions of its things."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Annotated, Final

from aws_lambda_powertools.event_handler.openapi.params import Header
from aws_lambda_powertools.event_handler.router import APIGatewayHttpRouter

from functions.agent_api.shapes.common import Body
from functions.http.problems import Problem, Rendering, problem_in
from hotline.agents.model import AgentToken, Permission
from hotline.contracts import limits
from hotline.kit.change import idempotency
from hotline.kit.change.idempotency import Memory, Remembered
from hotline.kit.doors import Context
from hotline.kit.keyring import Keyring
from hotline.kit.languages import ENGLISH, find_language

router: Final = APIGatewayHttpRouter()  # type: ignore[no-untyped-call]
DESK: Final = "desk"
ETAG_PATTERN: Final = r'^"[0-9]{1,9}"$'
"""A strong tag (RFC 9110, 8.8.3): the version in quotes. No answer has another one."""
KEY_CHARACTERS_MIN: Final = 16
KEY_CHARACTERS_MAX: Final = 128
KEY_LIFE: Final = timedelta(days=2)
"""A desk sends a request again within minutes; a tab that slept over night knows better."""

IfMatch = Annotated[
    str | None,
    Header(alias="If-Match", pattern=ETAG_PATTERN, description="The ETag that you saw."),
]
SeenTag = Annotated[
    str | None,
    Header(alias="If-Match", pattern=ETAG_PATTERN, description="Required. The ETag that you saw."),
]
IdempotencyKey = Annotated[
    str | None,
    Header(
        alias="Idempotency-Key",
        min_length=KEY_CHARACTERS_MIN,
        max_length=KEY_CHARACTERS_MAX,
        description="Required. The same key with the same body is the same request, for 2 days.",
    ),
]
DeskContact = Annotated[
    str | None,
    Header(
        alias="Desk-Contact",
        max_length=limits.ID_CHARACTERS_MAX,
        pattern=limits.ID_PATTERN,
        description="The contact that you are in, by its initial id; a ground for access, and where proof is asked.",
    ),
]


@dataclass(frozen=True, slots=True)
class Desk:
    """The means of every route: the context of the function, the agent, and the headers of the answer."""

    ctx: Context
    how: Rendering
    agent: AgentToken
    route: str
    headers: dict[str, str] = field(default_factory=dict)

    @property
    def now(self) -> datetime:
        return self.ctx.clock.now()

    @property
    def lookup_keys(self) -> Keyring:
        return self.ctx.lookup_ring

    @property
    def language(self) -> str:
        """The language in which texts are told."""
        return find_language(self.how.language) or ENGLISH

    @property
    def supervises(self) -> bool:
        """Whether the agent may also change what another agent has claimed."""
        return Permission.MANAGE in self.agent.permissions()

    def tag(self, version: int) -> None:
        """Name the version of what is answered (ETag; RFC 9110, 8.8.3)."""
        self.headers["ETag"] = f'"{version}"'

    def memory(self, key: str | None, *parts: str, body: Body | None = None, made_id: str = "-") -> Memory:
        """The request, to be remembered under its Idempotency-Key. `parts` say what it is about. Raises Problem
        `idempotency_key_missing`."""
        if key is None:
            raise Problem("idempotency_key_missing")
        where = idempotency.request_key("agents", self.agent.agent_id, self.route, *parts, key)
        known = Remembered(200, made_id, idempotency.fingerprint(self.lookup_keys, _canonical(parts, body)))
        return Memory(where, known, KEY_LIFE)

    def check_replay(self, replayed: Remembered | None, *parts: str, body: Body | None = None) -> None:
        """Say that the answer is to a request that was made before. Raises Problem `idempotency_key_reused` when that
        one was another."""
        if replayed is None:
            return
        if not idempotency.is_of(replayed, self.lookup_keys, _canonical(parts, body)):
            raise Problem("idempotency_key_reused")
        self.headers["Idempotency-Replayed"] = "true"


def _canonical(parts: tuple[str, ...], body: Body | None) -> str:
    return "\n".join((*parts, body.model_dump_json() if body is not None else "-"))


def desk() -> Desk:
    """The desk of the request that is being answered."""
    found: Desk = router.context[DESK]
    return found


def seen_version(if_match: str | None) -> int | None:
    """The version that the agent saw (If-Match; RFC 9110, 13.1.1); None for a request that names none."""
    return int(if_match.strip('"')) if if_match is not None else None


def require_zone(until: datetime) -> datetime:
    """A time of a body's field `until`. Raises Problem `malformed_request` for one without a zone."""
    if until.tzinfo is None:
        raise problem_in("#/until", "timezone_missing")
    return until


def version_of(if_match: str | None) -> int:
    """The same where a version is required. Raises Problem `precondition_required` without one (RFC 6585, 3)."""
    version = seen_version(if_match)
    if version is None:
        raise Problem("precondition_required")
    return version

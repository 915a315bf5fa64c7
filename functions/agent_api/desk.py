"""One request of an agent: the router that routes add to, what a route finds there, and the versions of what it edits."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from aws_lambda_powertools.event_handler.router import APIGatewayHttpRouter

from functions.http.problems import Problem, Rendering
from hotline.agents.model import AgentToken, Role
from hotline.kit.doors import Context
from hotline.kit.keyring import Keyring

router: Final = APIGatewayHttpRouter()  # type: ignore[no-untyped-call]
DESK: Final = "desk"
ETAG_CHARACTERS_MAX: Final = 32
_ETAG: Final = re.compile(r'"([0-9]{1,9})"')


@dataclass(frozen=True, slots=True)
class Desk:
    """The means of every route: the context of the function, the agent, and the headers of the answer."""

    ctx: Context
    how: Rendering
    agent: AgentToken
    headers: dict[str, str] = field(default_factory=dict)

    @property
    def now(self) -> datetime:
        return self.ctx.clock.now()

    @property
    def lookup_keys(self) -> Keyring:
        return self.ctx.lookup_ring

    @property
    def supervises(self) -> bool:
        """Whether the agent may also change what another agent has claimed."""
        return Role.SUPERVISOR in self.agent.roles

    def tag(self, version: int) -> None:
        """Name the version of what is answered (ETag; RFC 9110, 8.8.3)."""
        self.headers["ETag"] = f'"{version}"'


def desk() -> Desk:
    """The desk of the request that is being answered."""
    found: Desk = router.context[DESK]
    return found


def version_of(if_match: str | None) -> int:
    """The version that the agent saw (If-Match; RFC 9110, 13.1.1). Raises Problem `precondition_required` without the
    header, and `precondition_failed` for a tag that no answer of ours had."""
    if if_match is None:
        raise Problem("precondition_required")
    found = _ETAG.fullmatch(if_match.strip())
    if found is None:
        raise Problem("precondition_failed")
    return int(found[1])

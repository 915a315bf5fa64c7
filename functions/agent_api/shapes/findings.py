"""The forms of the lists of findings."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Annotated, Any, Literal

from pydantic import Field, GetCoreSchemaHandler
from pydantic_core.core_schema import CoreSchema, custom_error_schema

from functions.agent_api.shapes.acts import Feedback
from functions.agent_api.shapes.common import Answer, Body, Id, Person
from hotline.agents.model import ActReason


class AboutFound(StrEnum):
    """The kind of subject of a list of findings. An account has those in it that open no case. A source is an address,
    else a device, of logins; a party is a payee or merchant; an agent is one of the desk."""

    ACCOUNT = "account"
    SOURCE = "source"
    PARTY = "party"
    AGENT = "agent"


class _AsEnum:
    """Refuses any other word by the code of an enum, also where a route takes some of its words alone."""

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        context = {"expected": "a word of the list"}
        return custom_error_schema(handler(source), custom_error_type="enum", custom_error_context=context)


type About = Annotated[
    Literal[AboutFound.SOURCE, AboutFound.PARTY],
    _AsEnum(),
    Field(
        title="About",
        description="The kind of subject that a finding is about: an address (else a device) of logins, or a payee or"
        " merchant.",
    ),
]
"""The subjects for which a supervisor suppresses a rule by a finding."""

type AboutAny = Annotated[
    Literal[AboutFound.ACCOUNT, AboutFound.SOURCE, AboutFound.PARTY],
    _AsEnum(),
    Field(title="AboutAny", description="The same, and the accounts of customers."),
]
"""The subjects of the lists of suppressions."""


class SubjectFinding(Answer):
    """A pattern that a rule saw. `subject` is the account or the agent. Of an address or a payee it is a keyed hash:
    the same one each time, and nobody's address or name. `agent`: that agent with their name, null of anything else.
    `facts` count the evidence; amounts are left out. `events`: how many events of it are kept by their ids, 20 at most.
    `accounts` got in from the address in the time of the pattern: the first 20, and never your own. `is_account`: the
    payee is an account of the wallet. `runbook`: what to do, in English. `version` is its ETag."""

    id: str
    about: AboutFound
    subject: str
    agent: Person | None
    rule: str
    severity: str
    state: str
    found_at: datetime
    begun_at: datetime
    last_at: datetime
    facts: dict[str, str | int]
    events: int
    accounts: list[str]
    is_account: bool
    runbook: str | None
    version: int


class SubjectFindings(Answer):
    """The gravest first, of one severity the oldest; of accounts the newest first. `next` is the cursor of the page
    behind it."""

    findings: list[SubjectFinding]
    next: str | None


class SubjectFeedback(Feedback):
    """A person's word on a finding, with the subject that it is about."""

    about: AboutFound
    subject: Id


class SubjectSuppressed(Body):
    """The time until which the finding's rule is not to tell of its subject: with its zone, thirty days ahead at
    most."""

    about: About
    subject: Id
    until: datetime
    reason: ActReason


class SubjectSuppressionEnd(Body):
    """The subject of which the finding's rule is to tell again."""

    about: About
    subject: Id
    reason: ActReason


class RunningSuppression(Answer):
    """A rule that does not tell of one subject for a while. `subject` is an account, or a keyed hash. `finding_id`: the
    finding that it was made on, null of an account."""

    about: AboutAny
    subject: str
    rule: str
    since: datetime
    until: datetime
    reason: str
    by: Person
    finding_id: str | None


class RunningSuppressions(Answer):
    """The one that ends first in front; `next` is the cursor of the following page."""

    suppressions: list[RunningSuppression]
    next: str | None

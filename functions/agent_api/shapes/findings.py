"""The forms of findings about addresses and payees."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from functions.agent_api.shapes.acts import Feedback
from functions.agent_api.shapes.common import Answer, Id


class About(StrEnum):
    """The kind of subject that a finding is about: an address (else a device) of logins, or a payee or merchant."""

    SOURCE = "source"
    PARTY = "party"


class SubjectFinding(Answer):
    """A pattern that a rule saw about an address or a payee. `subject` is a keyed hash: the same one each time, and
    nobody's address or name. `facts` count the evidence; amounts are left out. `events`: how many events of it are
    kept by their ids, 20 at most. `is_account`: the payee is an account of the wallet. `runbook`: what to do, in
    English. `version` is its ETag."""

    id: str
    about: About
    subject: str
    rule: str
    severity: str
    state: str
    found_at: datetime
    begun_at: datetime
    last_at: datetime
    facts: dict[str, str | int]
    events: int
    is_account: bool
    runbook: str | None
    version: int


class SubjectFindings(Answer):
    """The gravest first, of one severity the oldest; `next` is the cursor of the following page."""

    findings: list[SubjectFinding]
    next: str | None


class SubjectFeedback(Feedback):
    """A person's word on a finding, with the subject that it is about."""

    about: About
    subject: Id

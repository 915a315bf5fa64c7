"""The forms of a customer's cases."""

from __future__ import annotations

from datetime import date, datetime
from typing import Literal

from functions.customer_api.shapes.common import Answer


class CaseNote(Answer):
    """A text that an agent wrote for the customer: plain text, never markup."""

    at: datetime
    note: str


class Case(Answer):
    """A case about the account. `opened_at`: of the topic `security`, when the customer first spoke of it or an agent
    wrote to them. `due_at`: by when somebody first answers; null once that has passed or somebody has written, for a
    closed case, and for the topic `security`. It is null beside `answer_by`, too, the day by which an answer was
    promised. `notes` are the newest ten, the oldest first."""

    id: str
    topic: str
    status: Literal["open", "closed"]
    opened_at: datetime
    due_at: datetime | None
    answer_by: date | None
    notes: list[CaseNote]


class Cases(Answer):
    """A page of cases, the newest first."""

    cases: list[Case]
    next: str | None

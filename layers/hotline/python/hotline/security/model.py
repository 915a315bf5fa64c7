"""Rows, findings and their states, and the figures of a run. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final, NamedTuple

from hotline.kit.errors import HotlineError

from .detectors import Event, Stream


class SecurityError(StrEnum):
    """Why the scan or its rows have to come again."""

    NO_SUCH_FINDING = "no_such_finding"
    FINDING_CHANGED = "finding_changed"
    NO_SUCH_RULE = "no_such_rule"
    NO_SUCH_SUPPRESSION = "no_such_suppression"
    UNTIL_PASSED = "until_passed"
    SUPPRESSED_TOO_LONG = "suppressed_too_long"
    SUBJECT_NOT_JUDGED = "subject_not_judged"
    """A rule, a stored row, or the stored memory of a subject failed unexpectedly."""


@dataclass(frozen=True, slots=True)
class Row:
    """A row of the activity table. `position`, its sort key, is the server's time at the write and the fact's id, so it
    orders all rows of a subject. `names`: the account of the wallet that a payee is."""

    position: str
    subject: str
    arrived_ms: int
    event: Event
    names: str | None = None


class FindingChanged(HotlineError):
    """The finding says something else than the person saw, or somebody else has judged it. `facts` has its `version` as
    it is now, and the `verdict`, None without one."""

    code = SecurityError.FINDING_CHANGED


GRAVE: Final = frozenset({"high", "critical"})
"""Severities of findings that a person is to look at."""


class FindingState(StrEnum):
    """How far somebody is with a finding."""

    OPEN = "open"
    TOLD = "told"
    """The customer has been told, and nobody of the wallet has looked."""
    ACKNOWLEDGED = "acknowledged"
    """A person of the wallet has looked, and could not tell."""
    RESOLVED = "resolved"
    """A person has said whether it was right."""
    EXPIRED = "expired"
    """Nobody has looked within FINDING_LIFE."""
    SUPPRESSED = "suppressed"
    """Somebody has said before that this is not to be told."""
    WITHDRAWN = "withdrawn"
    """A later event excludes it."""


TRIES: Final = frozenset({"failed_login_burst", "distributed_guessing", "code_flooding"})
"""Rules that find tries alone, of which none need have got in."""
LIVE: Final = frozenset({FindingState.OPEN, FindingState.TOLD, FindingState.ACKNOWLEDGED})
"""The states in which a finding waits for the word of a person."""
FINDING_LIFE: Final = timedelta(days=90)
"""So long a finding asks for attention after it was found; Amazon GuardDuty keeps its findings as long."""
ACCOUNTS_MAX: Final = 20
"""So many accounts that got in are kept of a finding about an address. Its numbers say how many there were."""
FINDINGS_READ_MAX: Final = 1_000
"""So many findings on one account are looked through. They are stored by their ids, so fewer would be any of them."""
CONFIRMED_LIFE: Final = FINDING_LIFE
"""So long an owner reads what a person has confirmed, from that word on."""
WATCH_LIFE: Final = timedelta(days=400)
SOURCE_LIFE: Final = timedelta(days=35)
WATCH_LIVES: Final[Mapping[Stream, timedelta]] = {
    Stream.ACCOUNT: WATCH_LIFE,
    Stream.SOURCE: SOURCE_LIFE,
    Stream.PARTY: WATCH_LIFE,
    Stream.AGENT: WATCH_LIFE,
}
"""How long a watch is kept after its last change: a year of habits; an address belongs to somebody else after weeks."""
_ENDS: Final = frozenset({FindingState.RESOLVED, FindingState.EXPIRED, FindingState.WITHDRAWN})
NEXT_STATES: Final[Mapping[FindingState, frozenset[FindingState]]] = {
    FindingState.OPEN: _ENDS | {FindingState.TOLD, FindingState.ACKNOWLEDGED},
    FindingState.TOLD: _ENDS | {FindingState.ACKNOWLEDGED},
    FindingState.ACKNOWLEDGED: _ENDS,
    # A person's word stands, also when a late event says otherwise; another word may take its place. Where nobody can
    # tell, a pattern that is suppressed or does not hold has the state that it would have without a word.
    FindingState.RESOLVED: frozenset({FindingState.ACKNOWLEDGED, FindingState.SUPPRESSED, FindingState.WITHDRAWN}),
    FindingState.EXPIRED: frozenset({FindingState.ACKNOWLEDGED, FindingState.RESOLVED}),
    # A pattern that goes on behind the suppression is raised, also where a person could not tell. A person may judge
    # what was suppressed.
    FindingState.SUPPRESSED: frozenset(
        {FindingState.OPEN, FindingState.TOLD, FindingState.RESOLVED, FindingState.WITHDRAWN}
    ),
    # The event that excluded it may be excluded itself. People may judge a rule by what it took back.
    FindingState.WITHDRAWN: frozenset(
        {FindingState.OPEN, FindingState.TOLD, FindingState.RESOLVED, FindingState.SUPPRESSED}
    ),
}
"""The states that may follow each state."""


def may_become(state: FindingState, following: FindingState) -> bool:
    """Whether a finding may go from a state to another one."""
    return following in NEXT_STATES[state]


class NamedMovement(NamedTuple):
    """A movement as a finding names it: by its short name in the memory of a watch. `party`: the keyed hash of the
    payee, the subject of that stream. Empty where there is none, and for a merchant."""

    name: str
    party: str


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that somebody should look at. The same subject, rule, version, limits and beginning make the same id.

    `account_id`: the account itself, or the one that a payee is; None where nobody knows it. `rules` is the digest of
    the set of rules that found it. `movements`: the movements of money out of an account, by the ids of their events in
    `event_ids`. `logins`: the times of logins, in ms since 1970, by the ids of their events in `event_ids`. `accounts`:
    those that got in from an address in the time of the pattern, the earliest first.
    """

    id: str
    rule: str
    version: int
    severity: str
    stream: Stream
    subject: str
    account_id: str | None
    window_start: datetime
    window_end: datetime
    facts: Mapping[str, str | int]
    event_ids: tuple[str, ...]
    holds: bool
    rules: str
    movements: Mapping[str, NamedMovement] = field(default_factory=dict)
    logins: Mapping[str, int] = field(default_factory=dict)
    accounts: tuple[str, ...] = ()

    @property
    def is_grave(self) -> bool:
        """Whether a person is to look at it. A lesser one alone opens no case: an attack on many accounts would bury
        the cases that somebody waits for."""
        return self.holds or self.severity in GRAVE


class Verdict(StrEnum):
    """The word of a person on a finding."""

    CONFIRMED = "confirmed"
    FALSE_ALARM = "false_alarm"
    UNCLEAR = "unclear"


STATE_BY_VERDICT: Final[Mapping[Verdict, FindingState]] = {
    Verdict.CONFIRMED: FindingState.RESOLVED,
    Verdict.FALSE_ALARM: FindingState.RESOLVED,
    Verdict.UNCLEAR: FindingState.ACKNOWLEDGED,
}


@dataclass(frozen=True, slots=True)
class ToldFinding:
    """The part of a finding that the account's owner is told: that something was noticed and when, not by which rule
    and traces. `noticed_at`: when it last happened, as a digest tells it too. `confirmed_at`: when a person confirmed
    it, None of one that waits for somebody. `is_denied`: the owner has said of something in it that it was not them.
    `is_try`: its rule finds tries alone."""

    id: str
    severity: str
    noticed_at: datetime
    confirmed_at: datetime | None = None
    is_denied: bool = False
    is_try: bool = False


@dataclass(frozen=True, slots=True)
class SeenFinding:
    """A finding as people of the wallet see it. `facts` are opaque. `verdict`: a person's word, None while there is
    none. `judged_at`: when that word was given. `window_start` to `window_end`: the time of the pattern. `runbook`:
    what to do, None of a rule that is no more. `holds`: it was raised, and its rule asks for a hold then."""

    id: str
    severity: str
    found_at: datetime
    rule: str
    facts: Mapping[str, str | int]
    verdict: Verdict | None
    state: FindingState
    window_start: datetime
    window_end: datetime
    runbook: str | None
    judged_at: datetime | None = None
    holds: bool = False


@dataclass(frozen=True, slots=True)
class Suppression:
    """The word of a person that a rule is not to tell of one subject for a while.

    It covers patterns whose last event is from `since` on and before `until`. `account_id`: the account itself, or the
    one that a payee is; None where nobody knows it. `reason` is a closed word, `made_by` the id of an agent.
    `finding_id`: the finding on which it was made, None of an account.
    """

    stream: Stream
    subject: str
    account_id: str | None
    rule: str
    since: datetime
    until: datetime
    reason: str
    made_by: str
    finding_id: str | None = None

    def covers(self, ended_at: datetime) -> bool:
        """Whether it covers a pattern by the time of its last event. The time of the run does not matter: so nobody can
        hide what has already happened, and a late run judges as a punctual one."""
        return self.since <= ended_at < self.until

    def is_running(self, now: datetime) -> bool:
        """Whether it has not ended, by its date or by somebody's word."""
        return now < self.until


@dataclass(frozen=True, slots=True)
class SuppressionPage:
    """One page of suppressions; `next` is the place behind it, None at the end."""

    suppressions: tuple[Suppression, ...]
    next: str | None


@dataclass(frozen=True, slots=True)
class SubjectFinding:
    """A finding about an address, a payee or an agent that asks for attention, as people of the wallet see it.

    `subject` is opaque. `account_id`: the account of the wallet that a payee is, None where nobody knows it. `events`:
    how many events the finding names as its evidence. `accounts` got in from an address in the time of the pattern.
    `runbook` is in English; None where the rule is gone. `version` is another number once the finding says something
    else, or somebody has judged it.
    """

    id: str
    stream: Stream
    subject: str
    account_id: str | None
    rule: str
    severity: str
    found_at: datetime
    window_start: datetime
    window_end: datetime
    facts: Mapping[str, str | int]
    events: int
    accounts: tuple[str, ...]
    state: FindingState
    runbook: str | None
    version: int


@dataclass(frozen=True, slots=True)
class SubjectFindingPage:
    """One page of findings; `next` is the place behind it, None at the end."""

    findings: tuple[SubjectFinding, ...]
    next: str | None


@dataclass(frozen=True, slots=True)
class ShardReport:
    """The figures of a run on one shard, over all its streams.

    `rows` counts the rows read, `subjects` those whose rows they are, and `writes` the writes of watches and
    transactions. `reads` counts the rows and the requests for rows and watches, without the cursors (one item a stream
    and run). `set_aside`: subjects that could not be judged, without which the shard goes on.
    `complete`: it came to its end, not out of time. `lag_minutes`: so far behind is the oldest unread row,
    0 without any. `rules` is the digest of the set of rules.
    """

    shard: int
    rules: str
    rows: int
    subjects: int
    reads: int
    writes: int
    raised: tuple[Finding, ...]
    corrected: tuple[Finding, ...]
    withdrawn: tuple[Finding, ...]
    suppressed: tuple[Finding, ...]
    set_aside: int
    complete: bool
    lag_minutes: int

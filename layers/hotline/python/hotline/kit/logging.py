"""Log lines: a catalogue of events with stable codes, one fixed sentence each, and allow-listed keys.

Nothing else may be logged, so that nothing personal can be. Keys hold opaque ids and closed words, never a phone
number, name, address, card, code or message text. tests/functions asserts that the lines of a whole call keep to this.

A line is written here and not by `logging`, which took a sixth of a step of the phone (docs/decisions.md).
"""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from enum import Enum
from functools import cache
from typing import Final, TextIO

from .clock import SystemClock, to_text
from .config import environment_of_process

ALLOWED_KEYS = frozenset(
    {
        "account_id", "actor", "attempt", "case_id", "channel", "code", "contact_id", "correlation_id", "count",
        "decision_id", "duration_ms", "entry_id", "error", "fact_id", "fact_type", "function", "kind", "lag_minutes",
        "outcome", "queue", "rate", "reason", "request_id", "rule", "rules", "scheme", "step", "table", "topic", "turn",
        "version",
    }
)  # fmt: skip
_VALUE_CHARACTERS_MAX = 128
LEVELS: Final = ("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL")
"""From the least to the most urgent. No event is critical: at that level nothing is written."""
LEVEL_SETTING: Final = "LOG_LEVEL"
SERVICE_SETTING: Final = "POWERTOOLS_SERVICE_NAME"
"""The function's name in each line; the resolver of the APIs, which is Powertools', reads it as well."""
TRACE_SETTING: Final = "_X_AMZN_TRACE_ID"
"""Lambda sets it anew for each invocation: `Root=<trace>;Parent=..;Sampled=..`."""


class Event(Enum):
    """code, level, sentence. Codes are never reused."""

    code: str
    level: str
    sentence: str

    def __init__(self, code: str, level: str, sentence: str) -> None:
        self.code = code
        self.level = level
        self.sentence = sentence

    STEP_DONE = ("HL001", "INFO", "A phone step was answered.")
    STEP_FAILED = ("HL002", "ERROR", "A phone step failed unexpectedly.")
    STEP_STALE = ("HL003", "WARNING", "A phone step was answered with try-later.")
    ENVELOPE_ODD = ("HL004", "WARNING", "A contact event had unknown or missing parts.")
    INPUT_INVALID = ("HL005", "INFO", "A phone step was given an input that it cannot use, and did nothing.")
    FACT_APPLIED = ("HL010", "INFO", "Facts of an account were folded in.")
    FACT_REJECTED = ("HL011", "ERROR", "A fact was rejected and is not taken in.")
    FACT_UNBURIED = ("HL014", "WARNING", "A rejected fact could not be put among the dead letters and comes again.")
    FACT_UNOPENED = ("HL015", "WARNING", "Facts came about an account that was never opened.")
    FACT_RETRIED = ("HL012", "WARNING", "Facts of an account could not be written and will be delivered again.")
    FACT_FAILED = ("HL013", "ERROR", "A fact could not be folded, unexpectedly, and will be delivered again.")
    MESSAGE_SENT = ("HL020", "INFO", "A message was handed to its carrier.")
    MESSAGE_DROPPED = ("HL021", "WARNING", "A message was dropped unsent.")
    MESSAGE_FAILED = ("HL022", "ERROR", "A message could not be sent and will be tried again.")
    CODE_HELD_BACK = ("HL023", "WARNING", "A code was not sent: very many go to its prefix, or in all, by such askers.")
    NOTICE_HELD_BACK = (
        "HL024",
        "WARNING",
        "A notice was not sent: many of its kind went to the contact point today.",
    )
    REPLY_TAKEN = ("HL025", "INFO", "A text message switched reminders of bills on or off.")
    DECISION_PUBLISHED = ("HL030", "INFO", "A decision was published to the bus.")
    DECISION_FAILED = ("HL031", "ERROR", "A decision could not be published and will be tried again.")
    ENTRY_CLAIMED = ("HL032", "INFO", "An outbox entry is already claimed or delivered.")
    RECORD_ODD = ("HL033", "WARNING", "A record of a queue or stream has no known shape and was passed over.")
    REQUEST_ODD = ("HL034", "WARNING", "A request of a schedule has no known shape and was refused.")
    CODE_WRONG = ("HL040", "WARNING", "A one-time code was wrong.")
    CODES_SLOWED = ("HL041", "WARNING", "A code was asked for while wrong codes over all callers are many.")
    PAUSE_REFUSED = ("HL042", "WARNING", "A pause needed a factor, since many were asked for without one.")
    CALLS_MANY = ("HL043", "WARNING", "A number has called very often and reaches its own accounts only.")
    ENTRY_UNREADABLE = ("HL044", "ERROR", "A caller's entry could not be decrypted.")
    CODE_WITHHELD = ("HL045", "WARNING", "A one-time code was not read out on a call.")
    SERVICE_UNCOUNTED = ("HL046", "WARNING", "A caller was helped, and the call does not count as contained.")
    ANSWER_UNKEPT = ("HL053", "WARNING", "A caller was answered, and the call does not keep what they were told.")
    CODE_UNKNOWN = ("HL050", "WARNING", "A decline code is not in the taxonomy; it is told as a plain decline.")
    INSTRUMENT_UNKNOWN = ("HL051", "WARNING", "A kind, a network or a provider is not listed.")
    UNCOUNTED = ("HL052", "WARNING", "Unknown codes, or facts of unopened accounts, were logged and not counted.")

    CASE_WOKEN = ("HL058", "INFO", "A case that waited comes back to its owner or to the queue.")
    CASE_TASKED = ("HL057", "INFO", "A case that nobody has claimed is brought to a person by a task.")
    DECISION_RESENT = ("HL060", "WARNING", "A decision that the wallet has not confirmed goes out again.")
    DECISION_UNCONFIRMED = ("HL061", "ERROR", "The wallet has not confirmed a decision in time, and a case is open.")
    DECISION_MOOT = ("HL062", "INFO", "A decision was over before the wallet confirmed it.")
    LOCK_ENDED = ("HL063", "INFO", "A lock, hold or pause ended with its time.")
    REFUND_OVERDUE = ("HL064", "WARNING", "A refund did not arrive on the promised date and was escalated.")
    ENTRY_REDRIVEN = ("HL065", "WARNING", "An outbox entry was left behind and goes to its consumer again.")
    ENTRY_USELESS = ("HL066", "INFO", "An outbox entry is of no use any more and was dropped.")
    DUE_FAILED = ("HL067", "ERROR", "Something due could not be worked off and is tried again.")
    DUE_WORKED_OFF = ("HL068", "INFO", "The due items of a run were worked off.")
    REFUND_UNPAID = ("HL069", "WARNING", "A refund failed or came back, and a person has to find another way.")
    REFUND_CLOCK_OVER = (
        "HL125",
        "WARNING",
        "The law's time to answer a request for a refund is over, and a case is urgent.",
    )
    CURRENCIES_DIFFER = ("HL059", "WARNING", "A refund is in another currency than its payment, and a case is open.")
    RETURN_ASKED = ("HL140", "WARNING", "Money that was taken in vain is not back yet, and the wallet is asked.")
    RETURN_MISSED = ("HL141", "WARNING", "Money that was taken in vain is still not back, and a case is open.")
    HOLD_OVERDUE = ("HL049", "WARNING", "Money is held for longer than it was to be, and the wallet is asked.")
    FACTS_ASKED = ("HL142", "INFO", "The wallet is asked what became of a thing.")
    DENIALS_COUNTED = ("HL143", "INFO", "Findings that their owner had denied were counted later.")
    FACTS_ASKED_AGAIN = ("HL047", "WARNING", "The wallet has not told what it was asked for, and is asked again.")
    FACTS_UNANSWERED = ("HL048", "WARNING", "The wallet has not told what it was asked for, and a case is open.")
    BILL_REMINDED = ("HL056", "INFO", "A reminder of a bill is on its way.")
    REFUND_STOPPED = ("HL130", "WARNING", "A payment was reversed while its refund was open, and a case is open.")
    REFUND_PAID_TWICE = ("HL136", "WARNING", "A refund has arrived although its payment was reversed; a case is open.")
    MERCHANT_SILENT = ("HL131", "WARNING", "A merchant has not answered for a refund in its time, and a case is open.")
    REFUND_ARRIVED = ("HL135", "INFO", "A customer is told that a refund has arrived.")
    LATE_DATE_TOLD = ("HL137", "INFO", "A customer hears in the morning of a date that has passed in the night.")
    NOBODY_TOLD = ("HL138", "WARNING", "A customer was to be told of a refund or dispute, and has no contact point.")
    EVIDENCE_REMINDED = ("HL134", "INFO", "A customer who has sent no picture for a refund is reminded of it.")
    DISPUTE_OVERDUE = ("HL133", "WARNING", "A dispute was not answered by its date; its case is urgent.")
    REFUND_ASKED = ("HL132", "WARNING", "The outcome of a refund is not known, and the wallet is asked.")
    ERASURE_GOES_ON = ("HL090", "INFO", "A part of what is known of an erased account was taken away.")
    ERASURE_FINISHED = ("HL091", "INFO", "Nothing is known of an erased account any more, and nothing can come back.")

    API_FAILED = ("HL070", "ERROR", "A request to the API failed unexpectedly.")
    API_ANSWERED = ("HL071", "INFO", "A request to the API was answered.")
    AGENT_ADMITTED = ("HL072", "INFO", "A request of an agent was admitted.")
    NAME_MOVED = ("HL073", "WARNING", "A user name has another agent than before.")

    FINDING_RAISED = ("HL080", "WARNING", "A rule of the scan raised a finding.")
    SHARD_SCANNED = ("HL081", "INFO", "A shard of the activity was scanned.")
    FINDING_WITHDRAWN = ("HL082", "WARNING", "A finding was withdrawn: a later event excludes it.")
    SHARD_FAILED = ("HL083", "ERROR", "A shard of the activity could not be scanned to its end.")
    SUBJECTS_SET_ASIDE = ("HL088", "ERROR", "Subjects of a shard cannot be judged, and it goes on without them.")
    FINDINGS_SENT = ("HL086", "INFO", "A message about findings is on its way to an account's owner.")
    FINDINGS_UNTOLD = ("HL087", "WARNING", "An owner was not told of findings: no contact point could get the message.")
    BACKTEST_STEP = ("HL084", "INFO", "A step of a backtest was taken.")
    BACKTEST_FAILED = ("HL085", "ERROR", "A step of a backtest could not be taken.")

    EVIDENCE_EXPIRED = ("HL110", "INFO", "A link to send a picture ended before anybody sent one.")
    EVIDENCE_UNSCANNED = ("HL111", "ERROR", "A picture was not scanned in time, and a case is open.")
    EVIDENCE_TAKEN = ("HL112", "INFO", "An event about a picture was taken in.")
    EVIDENCE_ODD = ("HL113", "WARNING", "An event about a picture has no known shape and was passed over.")
    EVIDENCE_RETRIED = ("HL114", "WARNING", "An event about a picture could not be taken in and comes again.")
    EVIDENCE_FAILED = ("HL115", "ERROR", "An event about a picture could not be taken in, unexpectedly.")

    REPORT_COUNTED = ("HL100", "INFO", "An event was folded and counted.")
    REPORT_ODD = ("HL101", "WARNING", "An event to be counted has no known shape, or is too old, and was passed over.")
    REPORT_RETRIED = ("HL102", "WARNING", "An event could not be counted or noted and will be delivered again.")
    REPORT_FAILED = ("HL103", "ERROR", "An event could not be counted or noted, unexpectedly, and comes again.")
    CONTACT_NOTED = ("HL104", "INFO", "The agent in a call was noted, or that a part of a call ended.")
    AGENT_UNKNOWN = ("HL105", "WARNING", "It is not known at the desk which agent is in a call.")
    AGENT_NOT_TOLD = ("HL106", "WARNING", "Amazon Connect did not say who an agent is, and is asked again.")

    DRIFT_FOUND = ("HL120", "WARNING", "The wallet has something else of an account, and is asked for facts.")
    DRIFT_STAYS = ("HL121", "ERROR", "The wallet was asked for facts again and again, and an account still differs.")
    DIGEST_COMPARED = ("HL122", "INFO", "A digest of a range of accounts was compared.")
    DIGEST_REJECTED = ("HL123", "ERROR", "A digest breaks the contract and was passed over.")
    DIGEST_RETRIED = ("HL124", "WARNING", "A digest could not be compared to its end and comes again.")


class Log:
    """Lines of JSON of at least a level. `service` stands in each."""

    def __init__(self, stream: TextIO, *, level: str, service: str) -> None:
        self.stream = stream
        self.level = level
        self._service = service

    def write(self, event: Event, keys: Mapping[str, str | int]) -> None:
        """Write an event's line, in one piece, and let it out at once: Lambda freezes a function between two events."""
        if LEVELS.index(event.level) < LEVELS.index(self.level):
            return
        line: dict[str, str | int] = {
            "level": event.level,
            "message": event.sentence,
            "timestamp": to_text(SystemClock().now()),
            "service": self._service,
            "event": event.code,
            **keys,
        }
        if trace := environment_of_process().get(TRACE_SETTING):
            line["xray_trace_id"] = trace.partition(";")[0].removeprefix("Root=")
        text = _ENCODER.encode(line)
        try:
            self.stream.write(f"{text}\n")
            self.stream.flush()
        except (OSError, ValueError) as error:
            # The work that is told of is done. Nobody would hear of it either if this ended the invocation.
            sys.stderr.write(f"A log line was lost: {type(error).__name__}\n")


_ENCODER: Final = json.JSONEncoder(separators=(",", ":"))
"""Everything beyond ASCII is escaped, and so is the end of a line: a line stays one."""


@cache
def logger() -> Log:
    """The one log of a process, on its standard output, as the environment has it; made on first use."""
    environment = environment_of_process()
    level = environment.get(LEVEL_SETTING, "INFO").upper()
    return Log(
        sys.stdout,
        level=level if level in LEVELS else "INFO",
        service=environment.get(SERVICE_SETTING, "service_undefined"),
    )


def log(event: Event, **keys: str | int | None) -> None:
    """Write one JSON line. Raises ValueError for a key that is not allow-listed: that is a bug, found by tests."""
    unknown = keys.keys() - ALLOWED_KEYS
    if unknown:
        raise ValueError(f"log keys not allow-listed: {sorted(unknown)}")
    told = {
        key: value if isinstance(value, int) else value[:_VALUE_CHARACTERS_MAX]
        for key, value in keys.items()
        if value is not None
    }
    logger().write(event, told)

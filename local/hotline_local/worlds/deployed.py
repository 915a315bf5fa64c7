"""The world of the stack that `make run` deployed: its functions through Lambda's Invoke, its inbox, real time."""

from __future__ import annotations

import json
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from botocore.exceptions import BotoCoreError, ClientError

from connect_sim.simulator.mailbox import Message
from connect_sim.simulator.seams import FunctionErrorKind, FunctionResult
from hotline.agents import service as agents
from hotline_local.contact_events import put_contact_event
from hotline_local.inbox import Inbox, Received, code_in
from hotline_local.launcher import stack as stacks
from hotline_local.worlds.flow_files import START_FLOW, flow_files, tokens
from hotline_local.worlds.readers import Reader

CODE_WAIT_S: Final = 10.0
"""How long a caller looks for a code in their messages."""
PATIENT_CODE_WAIT_S: Final = 600.0
"""The same where the machine may take as long as it likes and a code waits to be sent."""
POLL_EVERY_S: Final = 0.2
ASK_OUTBOX_EVERY_S: Final = 2.0
"""How often somebody patient asks the outbox whether a code waits, once CODE_WAIT_S are over."""


@dataclass(frozen=True, slots=True)
class _Arrived:
    """A message and when it was first seen here, in seconds since the call began: the carrier does not tell."""

    message: Message
    seen_at_s: float


class DeployedWorld:
    """See hotline_local.worlds.world.World. `patient`: how long functions and messages take on this machine counts
    for nothing, so a busy machine breaks no limit of the line. Raises CommandError (exit code 2) when no stack runs."""

    start_flow = START_FLOW
    real_time = True

    def __init__(self, *, patient: bool = False) -> None:
        self._patient = patient
        self._stack = stacks.load()
        self._lambda = self._stack.client("lambda")
        self._dynamodb = self._stack.client("dynamodb")
        self._store = self._stack.hotline_store()
        self._inbox = Inbox(self._stack.endpoint)
        self._inbox.fresh()
        self._arrived: list[_Arrived] = []
        self._shown = 0
        self._reader = Reader()
        self._began = time.monotonic()
        self.functions = self

    def tokens(self) -> Mapping[str, str]:
        """See World."""
        return tokens(self._stack.connect_function_arn, self._stack.entry_tokens)

    def flows(self) -> Iterable[Path]:
        """See World."""
        return flow_files()

    def invoke(self, *, arn: str, event: dict[str, Any], time_limit_s: float) -> FunctionResult:
        """Invoke the function, synchronously; see FunctionSeam. Store requests are not counted."""
        self._look()
        self._reader.note(event)
        began = time.monotonic()
        try:
            answer = self._lambda.invoke(FunctionName=arn, Payload=json.dumps(event).encode())
            payload = json.loads(answer["Payload"].read() or b"null")
            failed = "FunctionError" in answer
        except (ClientError, BotoCoreError, ValueError) as error:
            return FunctionResult(error=FunctionErrorKind.UNREACHABLE, detail=type(error).__name__)
        took_s = 0.0 if self._patient else time.monotonic() - began
        result = FunctionResult(payload=payload, duration_ms=round(took_s * 1000))
        if took_s > time_limit_s:
            return FunctionResult(error=FunctionErrorKind.TIMEOUT, duration_ms=result.duration_ms)
        if failed:
            detail = str(payload.get("errorType", "")) if isinstance(payload, dict) else ""
            kind = FunctionErrorKind.TIMEOUT if "Timedout" in detail else FunctionErrorKind.EXCEPTION
            return FunctionResult(error=kind, duration_ms=result.duration_ms, detail=detail)
        if not isinstance(payload, dict):
            return FunctionResult(error=FunctionErrorKind.NOT_STRING_MAP, duration_ms=result.duration_ms)
        return result

    def after_function(self) -> Sequence[Message]:
        """The messages that arrived since the last look. A message that is still on its way is shown after a later
        function."""
        self._look()
        new = [arrived.message for arrived in self._arrived[self._shown :]]
        self._shown = len(self._arrived)
        return new

    def last_code(self, *, to: str | None, newer_than: float) -> str | None:
        """See World. Looks for CODE_WAIT_S at most. Somebody patient looks as long as a code waits in the outbox, and
        PATIENT_CODE_WAIT_S at most."""
        began_s = time.monotonic()
        while True:
            waited_s = time.monotonic() - began_s
            # Before the look, since a code that has just left the outbox is found by it.
            is_last = waited_s >= CODE_WAIT_S and not self._may_come(waited_s)
            self._look()
            for arrived in reversed(self._arrived):
                code = code_in(arrived.message.text)
                if code is not None and arrived.seen_at_s >= newer_than and self._reader.reads(arrived.message, to):
                    return code
            if is_last:
                return None
            time.sleep(POLL_EVERY_S if waited_s < CODE_WAIT_S else ASK_OUTBOX_EVERY_S)

    def _may_come(self, waited_s: float) -> bool:
        return self._patient and waited_s < PATIENT_CODE_WAIT_S and self._is_code_waiting()

    def _is_code_waiting(self) -> bool:
        """Whether a code, of whichever call, is in the outbox and was neither sent nor dropped."""
        asked: dict[str, Any] = {
            "TableName": self._stack.outbox_table,
            "FilterExpression": "kind = :kind AND attribute_not_exists(delivered_at) AND attribute_not_exists(dropped)",
            "ExpressionAttributeValues": {":kind": {"S": "code"}},
        }
        while True:
            page = self._dynamodb.scan(**asked)
            if page["Items"]:
                return True
            if "LastEvaluatedKey" not in page:
                return False
            asked["ExclusiveStartKey"] = page["LastEvaluatedKey"]

    def advance(self, seconds: float) -> None:
        """See World: time passes by itself."""

    def tell_contact(self, event: Mapping[str, Any]) -> None:
        """Tell the stack what happens to the contact, as Amazon Connect does. Raises CommandError."""
        put_contact_event(self._stack, event)

    def find_proof_request(self, contact_id: str) -> str | None:
        """See TellsContacts."""
        read = self._store.batch_get(list(agents.proof_request_keys(contact_id=contact_id)))
        found = agents.find_proof_request(read, datetime.now(UTC), contact_id=contact_id)
        return found.request_id if found is not None else None

    def close(self) -> None:
        """See World: the stack goes on."""

    def _look(self) -> None:
        seen_at_s = time.monotonic() - self._began
        self._arrived += [_Arrived(_message(received), seen_at_s) for received in self._inbox.fresh()]


def _message(received: Received) -> Message:
    text = f"{received.subject}\n{received.text}" if received.subject else received.text
    return Message(received.channel, received.to, text, received.at or datetime.now(UTC))

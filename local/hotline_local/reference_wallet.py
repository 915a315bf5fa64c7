"""The wallet's side of the contract, as small as it can be: it hears decisions and says that it has carried them out.

A real wallet enforces first and tells then. This one enforces nothing, which is enough to see the hotline's side: what
was asked for becomes what is applied when the fact comes back.
"""

import json
import threading
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final

from botocore.exceptions import BotoCoreError, ClientError

from hotline.contracts.decisions import LockRequested, PayoutRequested, RefundApproved, UnlockRequested, parse_decision
from hotline.contracts.model import VERSION_SUFFIX, LockAction, RefundStatus
from hotline.kit.aws.carriers import QUEUE_MESSAGES_MAX
from hotline.kit.clock import Clock, SystemClock, to_text
from hotline.kit.errors import InvalidInput
from hotline_local.bus import put_facts
from hotline_local.circle import Circle
from hotline_local.contact_removal import answer_removal
from hotline_local.launcher.stack import Stack
from hotline_local.told_facts import ToldFacts, find_drift
from hotline_local.wallet_modes import Answering, Mode

WAIT_S: Final = 1
"""How long one request waits for a decision, and so how long a stop may take."""
PAUSE_S: Final = 0.5
"""Before it asks again after an error."""
DIGEST_AFTER: Final = timedelta(seconds=30)
"""So long after it told missing facts the wallet tells a digest of the account: they must have been taken in."""
SPAN: Final = timedelta(days=365)
"""How far back a digest compares, where the request names no day."""
_ACTIONS: Final = {
    "account.lock_requested": LockAction.LOCK_APPLIED,
    "account.unlock_requested": LockAction.LOCK_RELEASED,
    "account.pause_requested": LockAction.PAUSE_APPLIED,
    "account.freeze_requested": LockAction.FREEZE_APPLIED,
    "account.unfreeze_requested": LockAction.UNFREEZE_APPLIED,
}


def acknowledge(decision_event: Mapping[str, Any], now: datetime) -> list[dict[str, Any]]:
    """Return the facts by which the wallet answers a decision (the CloudEvents object from the bus). There are no facts
    for a decision that asks nothing of it, or that it does not understand. The same decision gives facts of the same
    ids."""
    try:
        decision = parse_decision(decision_event)
    except InvalidInput:
        return []
    match decision.data:
        case LockRequested() | UnlockRequested() if decision.type in _ACTIONS:
            data: dict[str, Any] = {
                "decision_id": decision.data.decision_id,
                "subject_version": decision.subject_version,
                "cause": decision.data.cause,
            }
            if isinstance(decision.data, LockRequested) and decision.data.until is not None:
                data["until"] = to_text(decision.data.until)
            return [_fact(_ACTIONS[decision.type].value, decision.subject, decision.data.decision_id, data, now)]
        case RefundApproved() as approved:
            data = {
                "refund_id": approved.refund_id,
                "movement_id": approved.movement_id,
                "version": 1,
                "amount": approved.amount.model_dump(),
                "reason": approved.reason,
            }
            return [_fact(f"refund.{RefundStatus.SENT}", decision.subject, approved.decision_id, data, now)]
        case PayoutRequested() as payout:
            # The decisions about a refund are more than the wallet's own facts about it were by then.
            data = {
                "refund_id": payout.refund_id,
                "movement_id": payout.movement_id,
                "version": decision.subject_version,
                "amount": payout.amount.model_dump(),
            }
            return [_fact(f"refund.{RefundStatus.SENT}", decision.subject, payout.decision_id, data, now)]
        case _:
            return []


def _fact(type_name: str, account_id: str, decision_id: str, data: dict[str, Any], now: datetime) -> dict[str, Any]:
    return {
        "specversion": "1.0",
        "id": f"ack-{decision_id}",
        "source": "wallet",
        "type": type_name + VERSION_SUFFIX,
        "time": to_text(now),
        "subject": account_id,
        "data": data,
    }


class ReferenceWallet:
    """Answers the decisions of a running stack, in a thread of its own, until it is stopped. `mode` says how well, and
    `circle` shows each decision and its answer. `snapshot` is the file that keeps the facts it has told."""

    def __init__(
        self,
        stack: Stack,
        clock: Clock | None = None,
        *,
        mode: Mode = Mode.PROMPT,
        circle: Circle | None = None,
        snapshot: Path | None = None,
    ) -> None:
        self._stack = stack
        self._told = ToldFacts()
        self._snapshot = snapshot
        self._remembering = threading.Lock()
        self._digests: dict[str, tuple[datetime, datetime]] = {}
        self._answering = Answering(mode, self._answer)
        self._clock = clock or SystemClock()
        self._circle = circle
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="reference-wallet", daemon=True)

    def start(self) -> None:
        """Begin to listen."""
        self._thread.start()

    def remember(self, facts: Iterable[Mapping[str, Any]]) -> None:
        """Note facts that were told in its name, so that it tells them again when it is asked."""
        with self._remembering:
            self._told.remember(facts)
            if self._snapshot is not None:
                text = "".join(json.dumps(fact, ensure_ascii=False) + "\n" for fact in self._told)
                self._snapshot.write_text(text, encoding="utf-8")

    def _answer(self, decision: Mapping[str, Any], now: datetime) -> list[dict[str, Any]]:
        drift = find_drift(decision)
        if drift is not None:
            account_id, since = drift
            self._digests[account_id] = (now + DIGEST_AFTER, since or now - SPAN)
        removal = answer_removal(decision, self._told.list_of_accounts(), now)
        return acknowledge(decision, now) + removal + self._told.find(decision)

    def _digests_due(self, now: datetime) -> list[dict[str, Any]]:
        """The digests of accounts whose missing facts were told a while ago, each given once."""
        due = [(account_id, since) for account_id, (at, since) in self._digests.items() if at <= now]
        for account_id, _ in due:
            del self._digests[account_id]
        return [self._told.tell_digest(account_id, since=since, as_of=now) for account_id, since in due]

    def stop(self) -> None:
        """Stop listening, and wait until it has. Does nothing when it was never started."""
        self._stopping.set()
        if self._thread.ident is not None:
            self._thread.join()

    def _run(self) -> None:
        while not self._stopping.is_set():
            try:
                self._answer_some(self._stack.client("sqs").receive_message)
            except (BotoCoreError, ClientError):
                # The stack may be on its way down; while it is up, the queue keeps what was not answered.
                self._stopping.wait(PAUSE_S)

    def _answer_some(self, receive: Callable[..., Any]) -> None:
        url = self._stack.reference_wallet_queue_url
        received = receive(QueueUrl=url, MaxNumberOfMessages=QUEUE_MESSAGES_MAX, WaitTimeSeconds=WAIT_S)
        messages = received.get("Messages", [])
        for message in messages:
            decision = json.loads(message["Body"])["detail"]
            self._answering.hear(decision, self._clock.now())
            if self._circle is not None:
                self._circle.decision(decision)
        now = self._clock.now()
        facts = self._answering.due(now) + self._digests_due(now)
        put_facts(self._stack, facts)
        if facts:
            self.remember(facts)
        if self._circle is not None:
            for fact in facts:
                self._circle.fact(fact)
        # Last, so that what could not be answered is heard again.
        for message in messages:
            self._stack.client("sqs").delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])

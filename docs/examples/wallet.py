"""A wallet for a hotline that runs on this machine: it tells facts, hears decisions and answers them.

Begin with `./hotline run --wallet none`. In another terminal run `.venv/bin/python docs/examples/wallet.py`, then call
with `./hotline call --from +12025550123 --target lambda`. Take the file as the start of your own: it needs boto3 alone.
docs/contracts.md says what facts and decisions mean.
"""

import argparse
import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import boto3

ACCOUNT, PHONE, PAYMENT = "acct-example-1", "+12025550123", "mov-example-1"
QUEUE = RULE = "example-wallet"
WAIT_S = 5
SOURCE_OF_DECISIONS = "hotline"
ANSWERS = {
    "account.lock_requested.v1": "lock.applied.v1",
    "account.unlock_requested.v1": "lock.released.v1",
    "account.pause_requested.v1": "pause.applied.v1",
    "account.freeze_requested.v1": "freeze.applied.v1",
    "account.unfreeze_requested.v1": "unfreeze.applied.v1",
}
"""A decision about locks -> the fact that says that it was carried out."""
type Event = dict[str, Any]


def fact(kind: str, data: Mapping[str, Any], *, at: datetime, subject: str = ACCOUNT, name: str = "") -> Event:
    """A CloudEvents object. The id is new for each fact; one that is sent again has to keep its id."""
    head = {"specversion": "1.0", "id": name or f"example-{uuid4()}", "source": "wallet", "type": kind}
    return {**head, "time": at.isoformat(), "subject": subject, "data": dict(data)}


def first_facts(now: datetime) -> list[Event]:
    """A customer who opened an account a month ago, paid an hour ago, and was locked out a minute ago."""
    opened, paid, locked = now - timedelta(days=30), now - timedelta(hours=1), now - timedelta(minutes=1)
    phone = {"kind": "phone", "value": PHONE, "confirmed_at": opened.isoformat()}
    customer = {"language": "en-US", "time_zone": "America/New_York", "name": "Example Customer"}
    payment = {
        "movement_id": PAYMENT,
        "version": 1,
        "initiated_at": paid.isoformat(),
        "order_no": "EX20260001",
        "merchant": {"id": "mer-example-1", "name": "Example Tea House", "category": "food"},
        "amount": {"minor": 1250, "currency": "USD"},
        "instrument": {"kind": "balance"},
        "money": "debited",
    }
    until = (locked + timedelta(minutes=15)).isoformat()
    # The wallet began this lock, so that the decision id is one of its own.
    lock = {"decision_id": "example-lock-1", "subject_version": 1, "cause": "TOO_MANY_OTP", "until": until}
    return [
        fact("account.opened.v1", {"version": 1, **customer, "contact_points": [phone], "two_step": False}, at=opened),
        fact("payment.succeeded.v1", payment, at=paid),
        fact("lock.applied.v1", lock, at=locked),
    ]


def answer(decision: Event, now: datetime) -> list[Event]:
    """The facts that answer a decision: none for one that asks nothing of the wallet. A real wallet acts first."""
    kind, data = decision["type"], decision["data"]
    name = f"example-ack-{data['decision_id']}"
    if kind in ANSWERS:
        told = {name: data[name] for name in ("decision_id", "cause", "until") if data.get(name) is not None}
        told["subject_version"] = decision["subject_version"]
        return [fact(ANSWERS[kind], told, at=now, subject=decision["subject"], name=name)]
    if kind == "refund.approved.v1":
        told = {name: data[name] for name in ("refund_id", "movement_id", "amount", "reason")}
        return [fact("refund.sent.v1", {**told, "version": 1}, at=now, subject=decision["subject"], name=name)]
    return []


class Wallet:
    """A connection to the hotline that the stack file describes. It has a queue of its own for decisions."""

    def __init__(self, stack: Mapping[str, Any]) -> None:
        self.bus, self.source = stack["bus_name"], stack["wallet_event_source"]
        login = {"aws_access_key_id": stack["access_key_id"], "aws_secret_access_key": stack["secret_access_key"]}
        at = {"endpoint_url": stack["endpoint"], "region_name": stack["region"], **login}
        self.events: Any = boto3.client("events", **at)
        self.sqs: Any = boto3.client("sqs", **at)
        self.queue = self.sqs.create_queue(QueueName=QUEUE)["QueueUrl"]
        arn = self.sqs.get_queue_attributes(QueueUrl=self.queue, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
        pattern = json.dumps({"source": [SOURCE_OF_DECISIONS]})
        self.events.put_rule(Name=RULE, EventBusName=self.bus, EventPattern=pattern)
        self.events.put_targets(Rule=RULE, EventBusName=self.bus, Targets=[{"Id": QUEUE, "Arn": arn}])
        self.heard: set[str] = set()
        self.told: dict[str, Event] = {}
        self.latest: dict[str, int] = {}

    def tell(self, facts: Sequence[Event]) -> None:
        """Put facts on the bus, each with its type as detail type. Raises RuntimeError when the bus refuses one."""
        for told in facts:
            entry = {"EventBusName": self.bus, "Source": self.source, "DetailType": told["type"]}
            answered = self.events.put_events(Entries=[{**entry, "Detail": json.dumps(told)}])
            if answered["FailedEntryCount"]:
                raise RuntimeError(f"the bus refused {told['id']}")
            if "refund_id" not in told["data"] and "movement_id" in told["data"]:
                self.told[told["data"]["movement_id"]] = told

    def hear(self, now: datetime, wait_s: int = WAIT_S) -> list[tuple[Event, list[Event]]]:
        """Wait for decisions, answer those that are new, and return each with its answers. A decision that comes again
        for want of an answer has a new id, and is answered again."""
        done = []
        received = self.sqs.receive_message(QueueUrl=self.queue, MaxNumberOfMessages=10, WaitTimeSeconds=wait_s)
        for message in received.get("Messages", []):
            decision = json.loads(message["Body"])["detail"]
            if decision["id"] not in self.heard:
                answers = [] if self._is_older(decision) else answer(decision, now)
                # A real wallet asks its provider first; this one tells its payments again.
                asked = decision["data"].get("about", [])
                answers += [self.told[thing["id"]] for thing in asked if thing.get("id") in self.told]
                self.tell(answers)
                self.heard.add(decision["id"])
                done.append((decision, answers))
            # Last, so that a decision whose answer was lost is received again.
            self.sqs.delete_message(QueueUrl=self.queue, ReceiptHandle=message["ReceiptHandle"])
        return done

    def _is_older(self, decision: Event) -> bool:
        """Whether a later decision about the account's locks has been heard: that one says all that is in force."""
        if decision["type"] not in ANSWERS:
            return False
        version, known = decision["subject_version"], self.latest.get(decision["subject"], 0)
        self.latest[decision["subject"]] = max(version, known)
        return bool(version < known)


def main() -> None:
    """Tell the first facts, then answer decisions until Ctrl-C."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--stack", type=Path, default=Path(".local/stack.json"), help="the file of the running stack")
    wallet = Wallet(json.loads(parser.parse_args().stack.read_text(encoding="utf-8")))
    facts = first_facts(datetime.now(UTC))
    wallet.tell(facts)
    print("told:", ", ".join(told["type"] for told in facts), flush=True)
    while True:
        for decision, answers in wallet.hear(datetime.now(UTC)):
            kinds = ", ".join(told["type"] for told in answers) or "nothing"
            print(f"heard: {decision['type']} of {decision['subject']}; answered: {kinds}", flush=True)


if __name__ == "__main__":
    main()

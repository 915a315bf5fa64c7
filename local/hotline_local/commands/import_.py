"""`./hotline import SNAPSHOT.jsonl`: take in the copy of an existing wallet, beside live facts."""

import argparse
import json
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final
from uuid import uuid4

from hotline_local.aws_stacks import add_arguments, describe, open_session
from hotline_local.counts import count_things
from hotline_local.errors import CommandError
from hotline_local.subparsers import Subparsers

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from hotline_local.snapshots import Progress, Refusal

TRIES_MAX: Final = 5
"""How often a request is made whose messages Amazon SQS did not all take."""
REFUSALS_WAIT_S: Final = 2
"""A request for refusals waits for so long: one that does not wait asks some of the servers of the queue alone."""
HELD_S: Final = 60
"""A refusal that was received and not deleted, as another import's, is seen by nobody for so long."""


def register(subparsers: Subparsers) -> None:
    """Add the command."""
    parser = subparsers.add_parser(
        "import",
        help="take in the copy of an existing wallet",
        description=(
            "Send a snapshot of an existing wallet to the import queue: facts, one CloudEvents object a line "
            "(docs/contracts.md), best sorted by account; .gz is unpacked. Live facts never wait for it, and what they "
            "told meanwhile stays. How far it is sent stands in SNAPSHOT.jsonl.import.json, and each line that was "
            "refused in SNAPSHOT.jsonl.refused.jsonl. Exit code 0: every line was taken in; 1: some were not."
        ),
    )
    parser.add_argument("file", type=Path, metavar="SNAPSHOT.jsonl", help="the snapshot")
    parser.add_argument("--resume", action="store_true", help="go on with an import that was broken off")
    parser.add_argument("--rate", type=int, metavar="LINES", help="send at most so many lines a second")
    parser.add_argument("--no-wait", action="store_true", help="end when all is sent; --resume waits later")
    add_arguments(parser)
    parser.add_argument("--json", action="store_true", help="one JSON object with the result, and nothing else")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Import, show the progress, report; return 1 when a line was not taken in. Raises CommandError."""
    from hotline_local.snapshots import Import

    if arguments.rate is not None and arguments.rate < 1:
        raise CommandError("--rate takes at least one line a second.", exit_code=2)
    show = Show(quiet=arguments.json or not sys.stderr.isatty())
    work = Import(arguments.file, _queues(arguments), show.show, arguments.rate)
    began = work.monotonic()
    progress = work.begin(lambda: uuid4().hex, resume=arguments.resume)
    already = progress.sent
    work.send(progress)
    seconds = work.monotonic() - began
    dead = None if arguments.no_wait else work.wait(progress)
    show.end()
    result = {
        "import_id": progress.import_id,
        "sent": progress.sent,
        "sent_now": progress.sent - already,
        "sending_s": round(seconds, 1),
        "lines_per_s": round((progress.sent - already) / seconds) if seconds > 0 else None,
        "refused": progress.refused,
        "dead_messages": dead,
        "seconds": round(work.monotonic() - began, 1),
        "refused_file": str(work.refused_file) if progress.refused else None,
    }
    if dead == 0:
        # All is known: the next import of this file begins anew.
        work.progress_file.unlink(missing_ok=True)
    print(json.dumps(result) if arguments.json else _report(result))
    return 1 if progress.refused or dead else 0


@dataclass(slots=True)
class Show:
    """A line of progress on the terminal, which each one overwrites."""

    quiet: bool
    shown: bool = False

    def show(self, progress: "Progress", waiting: int | None) -> None:
        """Show how far it is; `waiting` as in snapshots.Import."""
        if self.quiet:
            return
        rest = (
            "" if waiting is None else f", about {count_things(waiting, 'message is', 'messages are')} being taken in"
        )
        line = f"{count_things(progress.sent, 'line')} sent, {progress.refused:,} refused{rest}"
        print(f"\r{line:<90}", end="", file=sys.stderr, flush=True)
        self.shown = True

    def end(self) -> None:
        """Leave the line."""
        if self.shown:
            print(file=sys.stderr)


def _report(result: dict[str, Any]) -> str:
    lines = [_say_sent(result)]
    if result["refused"]:
        lines.append(
            f"{count_things(result['refused'], 'line was', 'lines were')} refused: {result['refused_file']} says why."
        )
    if result["dead_messages"]:
        lines.append(
            f"{count_things(result['dead_messages'], 'message')} could not be taken in after five tries: see the "
            "dead letters of the import (docs/operations.md). Put them back, then --resume waits for them."
        )
    if result["dead_messages"] is None:
        lines.append("They are being taken in; ./hotline import --resume waits for that.")
    elif not result["refused"] and not result["dead_messages"]:
        lines.append("Every line was taken in.")
    return "\n".join(lines)


def _say_sent(result: dict[str, Any]) -> str:
    """Say how much this run has sent, and in which time. The whole time includes the wait until all is taken in."""
    now, earlier = result["sent_now"], result["sent"] - result["sent_now"]
    before = f" {count_things(earlier, 'line was', 'lines were')} sent before." if earlier else ""
    if not now:
        return f"No line was sent in this run.{before}"
    rate = f" ({result['lines_per_s']:,} a second)" if result["lines_per_s"] else ""
    times = f"{result['sending_s']} s{rate}, {result['seconds']} s in all"
    return f"{count_things(now, 'line', 'lines')} sent in {times}.{before}"


def _queues(arguments: argparse.Namespace) -> "SqsQueues":
    if arguments.stack is None:
        from hotline_local.launcher.stack import load

        stack = load()
        urls = (stack.import_queue_url, stack.import_refusals_url, stack.import_dead_letters_url)
        return SqsQueues(stack.client("sqs"), *urls)

    session = open_session(arguments)
    outputs, _ = describe(session, arguments.stack)
    return SqsQueues(
        session.client("sqs"),
        outputs["ImportQueueUrl"],
        outputs["ImportRefusalsUrl"],
        outputs["ImportDeadLettersUrl"],
    )


@dataclass(slots=True)
class SqsQueues:
    """The queues of an import at Amazon SQS, see snapshots.Queues."""

    sqs: Any
    queue_url: str
    refusals_url: str
    dead_letters_url: str
    monotonic: "Callable[[], float]" = time.monotonic
    _held_until: dict[str, float] = field(default_factory=dict, init=False)
    """Until when refusals of other imports, by the ids of their messages, are held by this one."""

    def send(self, bodies: tuple[str, ...]) -> None:
        """Put the messages; those that were not taken are sent again, a few times. Raises CommandError."""
        left = dict(enumerate(bodies))
        for _ in range(TRIES_MAX):
            entries = [{"Id": str(number), "MessageBody": body} for number, body in left.items()]
            answer = _request(self.sqs.send_message_batch, QueueUrl=self.queue_url, Entries=entries)
            left = {int(failed["Id"]): left[int(failed["Id"])] for failed in answer.get("Failed", [])}
            if not left:
                return
        raise CommandError(f"The import queue did not take {count_things(len(left), 'message')}: go on with --resume.")

    def take_refusals(self, import_id: str, note: "Callable[[Sequence[Refusal]], None]") -> int:
        """Take out refusals of this import after `note` has kept them; those of another one are left there."""
        from hotline.kit.aws.carriers import QUEUE_MESSAGES_MAX
        from hotline_local.snapshots import Refusal

        asked_at = self.monotonic()
        answer = _request(
            self.sqs.receive_message,
            QueueUrl=self.refusals_url,
            MaxNumberOfMessages=QUEUE_MESSAGES_MAX,
            WaitTimeSeconds=REFUSALS_WAIT_S,
            VisibilityTimeout=HELD_S,
        )
        messages, found = answer.get("Messages", []), {}
        for message in messages:
            told = json.loads(message["Body"])
            if told.pop("import_id") == import_id:
                found[message["ReceiptHandle"]] = Refusal(**told)
            else:
                self._held_until[message["MessageId"]] = asked_at + HELD_S
        note(tuple(found.values()))
        for handle in found:
            _request(self.sqs.delete_message, QueueUrl=self.refusals_url, ReceiptHandle=handle)
        return len(messages)

    def count_unread_refusals(self) -> int:
        """About how many refusals wait, or are held by somebody else."""
        now = self.monotonic()
        held = sum(until > now for until in self._held_until.values())
        names = ("ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible")
        return max(0, self._count(self.refusals_url, *names) - held)

    def count_waiting(self) -> int:
        """About how many messages wait, or are being worked on."""
        return self._count(self.queue_url, "ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible")

    def count_dead(self) -> int:
        """About how many messages could not be taken in."""
        return self._count(self.dead_letters_url, "ApproximateNumberOfMessages")

    def _count(self, url: str, *names: str) -> int:
        counts = _request(self.sqs.get_queue_attributes, QueueUrl=url, AttributeNames=list(names))["Attributes"]
        return sum(int(counts[name]) for name in names)


def _request(operation: "Callable[..., Any]", **parameters: object) -> Any:
    """Make one request of Amazon SQS. Raises CommandError."""
    from botocore.exceptions import BotoCoreError, ClientError

    try:
        return operation(**parameters)
    except (BotoCoreError, ClientError) as error:
        sentence = f"Amazon SQS did not answer ({type(error).__name__}): go on with --resume."
        raise CommandError(sentence) from None

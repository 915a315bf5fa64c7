"""A snapshot of an existing wallet, sent to the import queue a part at a time, and what became of it.

A snapshot is a file of facts, one CloudEvents object a line (docs/contracts.md): what the wallet knows now, in any
order. Neighbouring lines of one account travel in one message and are one transaction, so a snapshot that is sorted by
account costs least. A progress file beside the snapshot says how far it is sent, and is what `--resume` goes on from.
"""

import gzip
import hashlib
import json
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from functools import partial
from itertools import batched
from pathlib import Path
from typing import BinaryIO, Final, Protocol

from hotline.contracts.model import VERSION_SUFFIX, FactRejected, Rejection
from hotline.contracts.schemas import parse, refuse_future
from hotline.kit.aws.carriers import QUEUE_MESSAGES_MAX
from hotline.kit.clock import to_text
from hotline_local.errors import CommandError

LINES_AT_ONCE_MAX: Final = 20
"""Lines in one message. A transaction takes 100 items, and a fact writes five at most, so that few are split."""
MESSAGE_BYTES_MAX: Final = 200 * 1024
"""Below the 256 KiB of a message and, all its messages together, of a request to Amazon SQS."""
REQUESTS_AT_ONCE: Final = 8
"""Requests to the queue that are under way together; the progress is noted after each such round."""
FINGERPRINT_BYTES: Final = 1 << 20
"""The first bytes of a snapshot, by which another one is known before any line is read."""
QUIET_LOOKS: Final = 2
"""A queue's counts are approximate: empty is what was seen empty so often in a row."""
LOOK_S: Final = 1.0


@dataclass(frozen=True, slots=True)
class Refusal:
    """A line that was not taken in, and why. `field` is the path of the offending field, if the form is at fault."""

    line: int
    type: str | None
    id: str | None
    reason: str
    field: str | None = None


@dataclass(slots=True)
class Progress:
    """How far a snapshot is sent. `lines` counts lines of the file that are done with, empty ones too."""

    import_id: str
    fingerprint: str
    started_at: str
    lines: int = 0
    lines_hash: str = ""
    """SHA-256 over these lines, those that are empty left out."""
    sent: int = 0
    refused: int = 0
    complete: bool = False


@dataclass(frozen=True, slots=True)
class Message:
    """One message for the queue: how many lines of one subject. Once it is sent, the file is done with up to
    `last_line`, and `lines_hash` is that of Progress."""

    body: str
    count: int
    last_line: int
    lines_hash: str

    @property
    def size_bytes(self) -> int:
        return len(self.body.encode())


@dataclass(frozen=True, slots=True)
class _Line:
    """A good line: its subject, and the fact as it travels."""

    subject: str
    text: bytes


class Queues(Protocol):
    """The queues of an import."""

    def send(self, bodies: tuple[str, ...]) -> None:
        """Put at most QUEUE_MESSAGES_MAX messages. Raises CommandError when not all were taken."""
        ...

    def take_refusals(self, import_id: str, note: Callable[[Sequence[Refusal]], None]) -> int:
        """Take out some refusals of this import after `note` has kept them; return how many were received, with those
        of other imports."""
        ...

    def count_waiting(self) -> int:
        """About how many messages wait or are being worked on."""
        ...

    def count_unread_refusals(self) -> int:
        """About how many refusals lie in their queue, without those that were received here as another import's."""
        ...

    def count_dead(self) -> int:
        """About how many messages could not be taken in."""
        ...


@dataclass(slots=True)
class Import:
    """One import of one file. `tell` hears of the progress, with how many messages wait (None while lines are sent)."""

    path: Path
    queues: Queues
    tell: Callable[[Progress, int | None], None]
    lines_per_s: int | None = None
    now: Callable[[], datetime] = field(default=lambda: datetime.now(UTC))
    monotonic: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = time.sleep
    _known_refused: set[int] = field(default_factory=set, init=False)
    """Lines in the file of refusals: what is sent again is refused again."""

    @property
    def progress_file(self) -> Path:
        return self.path.with_name(self.path.name + ".import.json")

    @property
    def refused_file(self) -> Path:
        return self.path.with_name(self.path.name + ".refused.jsonl")

    def begin(self, new_id: Callable[[], str], *, resume: bool) -> Progress:
        """The progress to go on from. Raises CommandError: a progress file is there, or is not, or is of another
        snapshot; the snapshot cannot be read."""
        fingerprint = _fingerprint(self.path)
        if not self.progress_file.exists():
            if resume:
                raise CommandError(f"There is nothing to resume: {self.progress_file} is not there.", exit_code=2)
            self.refused_file.unlink(missing_ok=True)
            return Progress(new_id(), fingerprint, to_text(self.now()))
        if not resume:
            raise CommandError(
                f"{self.progress_file} tells of an import that was begun: go on with --resume, or delete the file to "
                "begin anew. Lines that are taken in twice do no harm.",
                exit_code=2,
            )
        try:
            known = Progress(**json.loads(self.progress_file.read_text(encoding="utf-8")))
        except (OSError, ValueError, TypeError):
            raise CommandError(f"{self.progress_file} cannot be read: delete it to begin anew.") from None
        if known.fingerprint != fingerprint:
            raise CommandError(f"{self.path} is not the snapshot that {self.progress_file} tells of.", exit_code=2)
        self._known_refused.update(_read_refused(self.refused_file))
        # The progress was kept once a round, and lines were refused within one.
        known.refused = len(self._known_refused)
        return known

    def send(self, progress: Progress) -> None:
        """Send what is not sent. The progress is kept after each round of requests, so that a crash repeats one round
        at most. Raises CommandError, also where the part that was sent is another one now."""
        if progress.complete:
            return
        began, sent_before = self.monotonic(), progress.sent
        with ThreadPoolExecutor(REQUESTS_AT_ONCE) as pool:
            for requests in batched(_pack(self._messages(progress)), REQUESTS_AT_ONCE, strict=False):
                # Consumed, so that an error of any request is raised here.
                list(pool.map(self.queues.send, [tuple(one.body for one in request) for request in requests]))
                progress.sent += sum(message.count for request in requests for message in request)
                progress.lines, progress.lines_hash = requests[-1][-1].last_line, requests[-1][-1].lines_hash
                self._keep(progress)
                self.tell(progress, None)
                self._slow_down(progress.sent - sent_before, began)
        progress.complete = True
        self._keep(progress)

    def wait(self, progress: Progress) -> int:
        """Wait until the queue is empty, and take all refusals down; return how many messages are dead."""
        quiet = 0
        while True:
            received = self.queues.take_refusals(progress.import_id, partial(self._refuse, progress))
            if received:
                self._keep(progress)
            waiting = self.queues.count_waiting()
            self.tell(progress, waiting)
            # Asked last: a message that has just been worked off may have left a refusal.
            quiet = 0 if waiting or received or self.queues.count_unread_refusals() else quiet + 1
            if quiet >= QUIET_LOOKS:
                return self.queues.count_dead()
            if not received:
                self.sleep(LOOK_S)

    def _messages(self, progress: Progress) -> Iterator[Message]:
        """Neighbouring good lines of one subject, as many as fit a message. Raises CommandError for a file that does
        not begin with the lines that were sent."""
        done, hashed = 0, hashlib.sha256()
        subject: str = ""
        run: list[tuple[int, str]] = []
        size = 0
        for number, text in lines_of(self.path):
            if number <= progress.lines:
                hashed.update(text)
                continue
            if not done:
                self._require_sent(progress, hashed.hexdigest())
            fact = self._check(progress, number, text)
            if fact is not None:
                full = len(run) == LINES_AT_ONCE_MAX or size + len(fact.text) > MESSAGE_BYTES_MAX
                if run and (full or subject != fact.subject):
                    yield Message(_body(progress.import_id, run), len(run), done, hashed.hexdigest())
                    run, size = [], 0
                subject = fact.subject
                run.append((number, fact.text.decode()))
                size += len(fact.text)
            hashed.update(text)
            done = number
        if not done:
            self._require_sent(progress, hashed.hexdigest())
        if run:
            yield Message(_body(progress.import_id, run), len(run), done, hashed.hexdigest())

    def _require_sent(self, progress: Progress, lines_hash: str) -> None:
        if progress.lines and progress.lines_hash != lines_hash:
            raise CommandError(f"{self.path} is not the snapshot that {self.progress_file} tells of.", exit_code=2)

    def _check(self, progress: Progress, number: int, text: bytes) -> _Line | None:
        """The fact in a line, None for one that the contract refuses or that is larger than a message."""
        try:
            detail = json.loads(text)
        except (ValueError, RecursionError):
            detail = None
        if not isinstance(detail, dict):
            self._refuse(progress, (Refusal(number, None, None, Rejection.NOT_AN_EVENT.value),))
            return None
        try:
            fact = parse(detail)
            refuse_future(fact, detail, self.now())
        except FactRejected as error:
            self._refuse(progress, (Refusal(number, error.fact_type, error.fact_id, error.code, error.field),))
            return None
        refuse = partial(Refusal, number, fact.type + VERSION_SUFFIX, fact.id)
        try:
            written = json.dumps(detail, ensure_ascii=False, separators=(",", ":")).encode()
        except UnicodeEncodeError:
            # Half a surrogate pair in a field that the contract does not know; Amazon SQS takes none.
            self._refuse(progress, (refuse(Rejection.BAD_TEXT.value),))
            return None
        if len(written) > MESSAGE_BYTES_MAX:
            self._refuse(progress, (refuse(Rejection.TOO_LONG.value),))
            return None
        return _Line(fact.subject, written)

    def _refuse(self, progress: Progress, refusals: Sequence[Refusal]) -> None:
        new = {refusal.line: refusal for refusal in refusals if refusal.line not in self._known_refused}
        if not new:
            return
        self._known_refused |= new.keys()
        with self.refused_file.open("a", encoding="utf-8") as file:
            file.writelines(json.dumps(asdict(refusal)) + "\n" for refusal in new.values())
        progress.refused = len(self._known_refused)

    def _keep(self, progress: Progress) -> None:
        written = self.progress_file.with_name(self.progress_file.name + ".partial")
        written.write_text(json.dumps(asdict(progress), indent=1) + "\n", encoding="utf-8")
        written.replace(self.progress_file)

    def _slow_down(self, sent: int, began: float) -> None:
        if self.lines_per_s:
            self.sleep(max(0.0, sent / self.lines_per_s - (self.monotonic() - began)))


def _pack(messages: Iterable[Message]) -> Iterator[list[Message]]:
    """Messages in requests, as many as one takes."""
    request: list[Message] = []
    for message in messages:
        size = sum(one.size_bytes for one in request) + message.size_bytes
        if request and (len(request) == QUEUE_MESSAGES_MAX or size > MESSAGE_BYTES_MAX):
            yield request
            request = []
        request.append(message)
    if request:
        yield request


def _body(import_id: str, lines: list[tuple[int, str]]) -> str:
    sent = ",".join(f'{{"line":{number},"fact":{fact}}}' for number, fact in lines)
    return f'{{"import_id":{json.dumps(import_id)},"lines":[{sent}]}}'


def _read_refused(path: Path) -> Iterator[int]:
    """The numbers of the lines in a file of refusals. A last one that was written by half is cut off: it was not
    counted as kept, so it comes again."""
    if not path.exists():
        return
    with path.open("r+b") as file:
        whole = 0
        for text in file:
            if not text.endswith(b"\n"):
                file.truncate(whole)
                return
            whole += len(text)
            yield int(json.loads(text)["line"])


def _open(path: Path) -> "BinaryIO | gzip.GzipFile":
    try:
        return gzip.open(path) if path.suffix == ".gz" else path.open("rb")
    except OSError as error:
        raise CommandError(f"{path} cannot be read ({type(error).__name__}).", exit_code=2) from None


def lines_of(path: Path) -> Iterator[tuple[int, bytes]]:
    """Number and text of each line that is not empty."""
    try:
        with _open(path) as file:
            for number, text in enumerate(file, 1):
                if text.strip():
                    yield number, text
    except (OSError, EOFError) as error:
        raise CommandError(f"{path} cannot be read ({type(error).__name__}).", exit_code=2) from None


def _fingerprint(path: Path) -> str:
    """A hash by which a snapshot is known again: of its first bytes as they lie there, and of its size."""
    try:
        with path.open("rb") as file:
            begin = file.read(FINGERPRINT_BYTES)
        return hashlib.sha256(begin + str(path.stat().st_size).encode()).hexdigest()
    except OSError as error:
        raise CommandError(f"{path} cannot be read ({type(error).__name__}).", exit_code=2) from None

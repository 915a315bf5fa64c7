"""The import of a snapshot: what travels in which message, progress, resuming, refusals, and the command's words."""

from __future__ import annotations

import gzip
import json
from argparse import Namespace
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Any, Final

import pytest

from hotline.kit.clock import to_text
from hotline_local.commands import import_
from hotline_local.commands.import_ import SqsQueues
from hotline_local.commands.send import checked_line
from hotline_local.errors import CommandError
from hotline_local.snapshots import (
    LINES_AT_ONCE_MAX,
    MESSAGE_BYTES_MAX,
    QUIET_LOOKS,
    REQUESTS_AT_ONCE,
    Import,
    Progress,
    Refusal,
)
from tests.support.facts import NOON, event

ID: Final = "import-1"


@dataclass(slots=True)
class Queues:
    """The queues in memory. `breaks_after`: so many requests are taken, and no further one."""

    requests: list[tuple[str, ...]] = field(default_factory=list)
    refusals: list[Refusal] = field(default_factory=list)
    waiting: list[int] = field(default_factory=list)
    unread: list[int] = field(default_factory=list)
    dead: int = 0
    breaks_after: int | None = None

    def send(self, bodies: tuple[str, ...]) -> None:
        if self.breaks_after is not None and len(self.requests) >= self.breaks_after:
            raise CommandError("The import queue took no messages (EndpointConnectionError).")
        self.requests.append(bodies)

    def take_refusals(self, import_id: str, note: Callable[[Sequence[Refusal]], None]) -> int:
        found, self.refusals = self.refusals, []
        note(found)
        return len(found)

    def count_waiting(self) -> int:
        return self.waiting.pop(0) if self.waiting else 0

    def count_unread_refusals(self) -> int:
        return self.unread.pop(0) if self.unread else 0

    def count_dead(self) -> int:
        return self.dead

    @property
    def messages(self) -> list[dict[str, Any]]:
        return [json.loads(body) for request in self.requests for body in request]

    @property
    def lines(self) -> list[int]:
        return [line["line"] for message in self.messages for line in message["lines"]]


def payment(number: int, subject: str = "acc_1") -> dict[str, Any]:
    return event("payment.failed", {"movement_id": f"mov_{number}"}, subject=subject, id=f"evt-{number}")


def written(path: Path, lines: Sequence[object]) -> Path:
    texts = [line if isinstance(line, str) else json.dumps(line) for line in lines]
    content = ("\n".join(texts) + "\n").encode()
    path.write_bytes(gzip.compress(content) if path.suffix == ".gz" else content)
    return path


def importing(path: Path, queues: Queues, **how: Any) -> Import:
    waited: list[float] = []
    known = {"now": lambda: NOON, "sleep": waited.append, "tell": lambda *_: None}
    return Import(path, queues, **(known | how))


def begun(work: Import, *, resume: bool = False) -> Progress:
    return work.begin(lambda: ID, resume=resume)


@pytest.mark.parametrize("name", ["snapshot.jsonl", "snapshot.jsonl.gz"])
def test_neighbouring_lines_of_one_account_travel_together_up_to_a_bound(name: str, tmp_path: Path) -> None:
    lines = [payment(number) for number in range(LINES_AT_ONCE_MAX + 1)] + [payment(99, "acc_2"), payment(100)]
    queues = Queues()
    work = importing(written(tmp_path / name, lines), queues)
    progress = begun(work)
    work.send(progress)
    assert [len(message["lines"]) for message in queues.messages] == [LINES_AT_ONCE_MAX, 1, 1, 1]
    assert queues.lines == list(range(1, len(lines) + 1))
    assert {message["import_id"] for message in queues.messages} == {ID}
    assert (progress.sent, progress.refused, progress.complete) == (len(lines), 0, True)


def test_no_message_and_no_request_is_larger_than_the_queue_takes(tmp_path: Path) -> None:
    long = [event("account.opened", {"name": "N" * 60}, subject=f"acc_{number}", id="i" * 60) for number in range(300)]
    # Unknown fields are ignored, and travel all the same.
    for fact in long[:20]:
        fact["data"]["more"] = "m" * (MESSAGE_BYTES_MAX // 3)
    queues = Queues()
    work = importing(written(tmp_path / "s.jsonl", long), queues)
    work.send(begun(work))
    assert sorted(queues.lines) == list(range(1, 301))
    assert max(sum(len(body.encode()) for body in request) for request in queues.requests) <= 256 * 1024
    assert max(len(request) for request in queues.requests) == 10


def test_bad_lines_are_named_with_their_number_and_the_good_ones_go(tmp_path: Path) -> None:
    huge = payment(5)
    huge["data"]["more"] = "m" * (MESSAGE_BYTES_MAX + 1)
    lines = ["", payment(2), "not JSON", {"type": "no.such.v1", "id": "x"}, huge, payment(6)]
    queues = Queues()
    work = importing(written(tmp_path / "s.jsonl", lines), queues)
    progress = begun(work)
    work.send(progress)
    refused = [json.loads(text) for text in work.refused_file.read_text(encoding="utf-8").splitlines()]
    assert [(one["line"], one["reason"]) for one in refused] == [
        (3, "not_an_event"),
        (4, "not_an_event"),
        (5, "too_long"),
    ]
    assert (queues.lines, progress.refused) == ([2, 6], 3)


def test_an_import_that_breaks_off_goes_on_where_it_was_and_loses_no_line(tmp_path: Path) -> None:
    # Two rounds of requests and a bit: each line is of another account and so a message.
    lines: list[object] = [payment(number, f"acc_{number}") for number in range(REQUESTS_AT_ONCE * 10 * 2 + 5)]
    lines[3] = "not JSON"
    path = written(tmp_path / "s.jsonl", lines)
    broken = Queues(breaks_after=REQUESTS_AT_ONCE + 2)
    first = importing(path, broken)
    with pytest.raises(CommandError, match="took no messages"):
        first.send(begun(first))
    with pytest.raises(CommandError, match="--resume"):
        begun(importing(path, Queues()))
    rest = Queues()
    second = importing(path, rest)
    progress = begun(second, resume=True)
    assert progress.import_id == ID
    second.send(progress)
    good = {number for number in range(1, len(lines) + 1) if number != 4}
    assert set(broken.lines) | set(rest.lines) == good
    # One round is sent twice at most.
    assert len(set(broken.lines) & set(rest.lines)) <= REQUESTS_AT_ONCE * 10
    assert min(rest.lines) == REQUESTS_AT_ONCE * 10 + 2
    assert progress.refused == 1
    third = importing(path, again := Queues())
    third.send(begun(third, resume=True))
    assert again.requests == []


def arguments_of(path: Path, *, resume: bool = False, as_json: bool = False) -> Namespace:
    return Namespace(file=path, resume=resume, rate=None, no_wait=False, stack=None, region=None, json=as_json)


def broken_off(path: Path, *, after: int) -> Import:
    """An import that broke off after so many requests; its progress file tells of the rounds before."""
    work = importing(path, Queues(breaks_after=after))
    with pytest.raises(CommandError, match="took no messages"):
        work.send(begun(work))
    return work


def test_lines_refused_before_a_break_count_in_the_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    # The bad line stands in the round that breaks, so that the progress file does not count it.
    lines: list[object] = [payment(number, f"acc_{number}") for number in range(REQUESTS_AT_ONCE * 10 * 2)]
    lines[100] = "not JSON"
    path = written(tmp_path / "s.jsonl", lines)
    broken_off(path, after=REQUESTS_AT_ONCE + 2)
    monkeypatch.setattr(import_, "_queues", lambda _: Queues())
    monkeypatch.setattr("hotline_local.snapshots.LOOK_S", 0.0)
    assert import_.run(arguments_of(path, resume=True)) == 1
    assert "1 line was refused" in capsys.readouterr().out


def test_refusals_that_were_taken_count_when_the_wait_is_broken_off(tmp_path: Path) -> None:
    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    path = written(tmp_path / "s.jsonl", [payment(1)])
    work = importing(path, Queues(refusals=[Refusal(1, None, None, "bad_time")]))
    progress = begun(work)
    work.send(progress)
    work.tell = interrupt
    with pytest.raises(KeyboardInterrupt):
        work.wait(progress)
    assert json.loads(work.progress_file.read_text(encoding="utf-8"))["refused"] == 1
    assert begun(importing(path, Queues()), resume=True).refused == 1


def test_a_refusal_that_was_written_by_half_is_dropped_and_comes_again(tmp_path: Path) -> None:
    path = written(tmp_path / "s.jsonl", ["not JSON", payment(2), "not JSON either"])
    work = broken_off(path, after=0)
    told = work.refused_file.read_bytes()
    work.progress_file.write_text(json.dumps(_progress(work)), encoding="utf-8")
    work.refused_file.write_bytes(told[: told.index(b"\n") + 9])
    second = importing(path, queues := Queues())
    progress = begun(second, resume=True)
    assert progress.refused == 1
    second.send(progress)
    assert second.refused_file.read_bytes() == told
    assert (progress.refused, queues.lines) == (2, [2])


@pytest.mark.parametrize("half", ["\\ud800", "\udfff"], ids=["escaped", "raw"])
def test_half_a_surrogate_pair_in_an_unknown_field_refuses_its_line_alone(half: str, tmp_path: Path) -> None:
    bad = json.dumps(payment(1)).replace('"data": {', f'"data": {{"more": "{half}", ', 1)
    path = tmp_path / "s.jsonl"
    path.write_bytes(f"{bad}\n{json.dumps(payment(2))}\n".encode(errors="surrogatepass"))
    work = importing(path, queues := Queues())
    work.send(begun(work))
    (refused,) = [json.loads(text) for text in work.refused_file.read_text(encoding="utf-8").splitlines()]
    assert (refused["line"], refused["id"], refused["reason"]) == (1, "evt-1", "bad_text")
    assert queues.lines == [2]


@pytest.mark.parametrize("changed", ["a line of the sent part", "the sent part is shorter"])
def test_another_snapshot_of_the_same_beginning_and_size_is_not_gone_on_with(
    changed: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("hotline_local.snapshots.FINGERPRINT_BYTES", 1_000)
    lines = [payment(number, f"acc_{number:05d}") for number in range(REQUESTS_AT_ONCE * 10 * 2)]
    path = written(tmp_path / "s.jsonl", lines)
    size = path.stat().st_size
    broken_off(path, after=REQUESTS_AT_ONCE)
    if changed == "a line of the sent part":
        lines[50] = payment(50, "acc_99999")
        written(path, lines)
    else:
        path.write_bytes(path.read_bytes()[:1_000].ljust(size - 1, b" ") + b"\n")
    assert path.stat().st_size == size
    second = importing(path, queues := Queues())
    with pytest.raises(CommandError, match="is not the snapshot"):
        second.send(begun(second, resume=True))
    assert queues.requests == []


def test_it_waits_while_refusals_lie_in_their_queue_unread(tmp_path: Path) -> None:
    queues = Queues(unread=[3, 0, 1, 0, 0])
    work = importing(written(tmp_path / "s.jsonl", [payment(1)]), queues)
    progress = begun(work)
    work.send(progress)
    work.wait(progress)
    assert queues.unread == []


@pytest.mark.parametrize(
    ("own", "said"),
    [
        (
            {"sent": 1203, "sent_now": 1203, "sending_s": 0.1, "lines_per_s": 11331},
            "1,203 lines sent in 0.1 s (11,331 a second), 8.1 s in all.",
        ),
        ({"sent": 7, "sent_now": 1}, "1 line sent in 0.0 s, 8.1 s in all. 6 lines were sent before."),
        ({"sent": 7, "sent_now": 0}, "No line was sent in this run. 7 lines were sent before."),
    ],
)
def test_the_report_tells_the_time_and_the_rate_of_this_run(own: dict[str, Any], said: str) -> None:
    stated = {"sending_s": 0.0, "lines_per_s": None, "seconds": 8.1, "refused": 0, "dead_messages": 0} | own
    assert import_._report(stated).splitlines()[0] == said


def test_the_progress_stays_while_a_message_is_dead(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    path = written(tmp_path / "s.jsonl", [payment(1)])
    queues = Queues(dead=1)
    monkeypatch.setattr(import_, "_queues", lambda _: queues)
    monkeypatch.setattr("hotline_local.snapshots.LOOK_S", 0.0)
    assert import_.run(arguments_of(path)) == 1
    assert "--resume" in capsys.readouterr().out
    queues.dead, queues.refusals = 0, [Refusal(1, None, None, "bad_time")]
    assert import_.run(arguments_of(path, resume=True)) == 1
    assert "1 line was refused" in capsys.readouterr().out
    assert not path.with_name("s.jsonl.import.json").exists()


def test_a_line_that_is_refused_twice_is_told_once(tmp_path: Path) -> None:
    path = written(tmp_path / "s.jsonl", ["not JSON", payment(2)])
    first = importing(path, Queues(breaks_after=0))
    with pytest.raises(CommandError):
        first.send(begun(first))
    first.progress_file.write_text(json.dumps({**_progress(first), "lines": 0}), encoding="utf-8")
    refusal = Refusal(2, "payment.failed.v1", "evt-2", "initiated_at_changed")
    second = importing(path, queues := Queues(refusals=[refusal, refusal]))
    progress = begun(second, resume=True)
    second.send(progress)
    second.wait(progress)
    refused = [json.loads(text)["line"] for text in second.refused_file.read_text(encoding="utf-8").splitlines()]
    assert (refused, progress.refused, queues.lines) == ([1, 2], 2, [2])


def _progress(work: Import) -> dict[str, Any]:
    progress = Progress(ID, "", "2026-11-23T12:00:00.000Z")
    known = begun(importing(work.path, Queues())) if not work.progress_file.exists() else progress
    return {
        "import_id": ID,
        "fingerprint": known.fingerprint,
        "started_at": known.started_at,
        "lines": 0,
        "sent": 0,
        "refused": 0,
        "complete": False,
    }


@pytest.mark.parametrize(
    ("resume", "content", "sentence"),
    [(True, None, "nothing to resume"), (True, "{", "cannot be read"), (False, "{}", "--resume")],
)
def test_a_progress_file_that_does_not_fit_is_named(
    resume: bool, content: str | None, sentence: str, tmp_path: Path
) -> None:
    work = importing(written(tmp_path / "s.jsonl", [payment(1)]), Queues())
    if content is not None:
        work.progress_file.write_text(content, encoding="utf-8")
    with pytest.raises(CommandError, match=sentence):
        begun(work, resume=resume)


def test_the_progress_of_another_snapshot_is_refused(tmp_path: Path) -> None:
    path = written(tmp_path / "s.jsonl", [payment(1)])
    work = importing(path, Queues())
    work.send(begun(work))
    written(path, [payment(2)])
    with pytest.raises(CommandError, match="is not the snapshot"):
        begun(importing(path, Queues()), resume=True)


def test_it_waits_until_the_queue_was_seen_empty_twice_and_all_refusals_are_there(tmp_path: Path) -> None:
    queues = Queues(waiting=[7, 0, 3, 0, 0], refusals=[Refusal(1, None, None, "bad_time")], dead=2)
    told: list[int | None] = []
    work = importing(written(tmp_path / "s.jsonl", [payment(1)]), queues, tell=lambda _, waiting: told.append(waiting))
    progress = begun(work)
    work.send(progress)
    assert work.wait(progress) == 2
    assert told == [None, 7, 0, 3, 0, 0]
    assert QUIET_LOOKS == 2
    assert progress.refused == 1


def test_no_more_lines_a_second_are_sent_than_was_said(tmp_path: Path) -> None:
    clock = {"at": 0.0}

    def sleep(seconds: float) -> None:
        clock["at"] += seconds

    lines = [payment(number, f"acc_{number}") for number in range(REQUESTS_AT_ONCE * 10 * 3)]
    work = importing(
        written(tmp_path / "s.jsonl", lines), Queues(), lines_per_s=100, monotonic=lambda: clock["at"], sleep=sleep
    )
    work.send(begun(work))
    assert clock["at"] == pytest.approx(len(lines) / 100)


class Sqs:
    """Amazon SQS, which takes no message at its first request, and two at the second."""

    def __init__(self) -> None:
        self.taken: list[str] = []
        self.left_out = iter((3, 1, 0))
        self.deleted: list[str] = []

    def send_message_batch(self, *, QueueUrl: str, Entries: list[dict[str, str]]) -> dict[str, Any]:  # noqa: N803
        failed = Entries[: next(self.left_out)]
        self.taken += [entry["MessageBody"] for entry in Entries if entry not in failed]
        return {"Failed": [{"Id": entry["Id"], "Code": "ServiceUnavailable"} for entry in failed]}

    def receive_message(self, *, WaitTimeSeconds: int, VisibilityTimeout: int, **_: object) -> dict[str, Any]:  # noqa: N803
        assert (WaitTimeSeconds, VisibilityTimeout) == (2, 60)
        numbers = count(1)
        unknown = {"type": None, "id": None, "reason": "bad_time", "field": None}
        bodies = [{"import_id": one, "line": next(numbers), **unknown} for one in (ID, "another", ID)]
        return {
            "Messages": [
                {"Body": json.dumps(body), "MessageId": f"m{body['line']}", "ReceiptHandle": f"h{body['line']}"}
                for body in bodies
            ]
        }

    def get_queue_attributes(self, *, QueueUrl: str, AttributeNames: list[str]) -> dict[str, Any]:  # noqa: N803
        assert QueueUrl == "refusals"
        return {"Attributes": dict(zip(AttributeNames, ("2", "4"), strict=True))}

    def delete_message(self, *, QueueUrl: str, ReceiptHandle: str) -> None:  # noqa: N803
        self.deleted.append(ReceiptHandle)


def test_messages_that_the_queue_did_not_take_are_sent_again_alone() -> None:
    sqs = Sqs()
    SqsQueues(sqs, "queue", "refusals", "dead").send(("a", "b", "c"))
    assert sorted(sqs.taken) == ["a", "b", "c"]


def test_refusals_of_another_import_stay_and_ours_go_once_they_are_kept() -> None:
    sqs = Sqs()
    kept: list[Refusal] = []

    def note(refusals: Sequence[Refusal]) -> None:
        assert sqs.deleted == []
        kept.extend(refusals)

    assert SqsQueues(sqs, "queue", "refusals", "dead").take_refusals(ID, note) == 3
    assert ([one.line for one in kept], sqs.deleted) == ([1, 3], ["h1", "h3"])


def test_refusals_of_another_import_that_were_read_are_not_waited_for() -> None:
    at = [0.0]
    queues = SqsQueues(Sqs(), "queue", "refusals", "dead", monotonic=lambda: at[0])
    assert queues.count_unread_refusals() == 6
    for _ in range(2):
        queues.take_refusals(ID, lambda _: None)
    assert queues.count_unread_refusals() == 5
    # Then it is to be seen again, by anybody.
    at[0] = 60.0
    assert queues.count_unread_refusals() == 6


def test_the_command_reports_and_leaves_no_progress_of_what_is_done(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    path = written(tmp_path / "s.jsonl", [payment(1), "not JSON"])
    queues = Queues()
    monkeypatch.setattr(import_, "_queues", lambda _: queues)
    arguments = arguments_of(path, as_json=True)
    monkeypatch.setattr("hotline_local.snapshots.LOOK_S", 0.0)
    assert import_.run(arguments) == 1
    told = json.loads(capsys.readouterr().out)
    assert (told["sent"], told["refused"], told["dead_messages"]) == (1, 1, 0)
    assert told["refused_file"] == str(path) + ".refused.jsonl"
    assert not path.with_name("s.jsonl.import.json").exists()
    arguments.json = False
    assert import_.run(arguments) == 1
    assert "1 line was refused" in capsys.readouterr().out


def test_a_rate_below_one_is_wrong_usage() -> None:
    with pytest.raises(CommandError, match="at least one line"):
        import_.run(Namespace(rate=0))


def test_a_digest_may_be_sent_like_a_fact_and_a_bad_one_is_named() -> None:
    known = {"specversion": "1.0", "id": "d-1", "source": "wallet", "type": "accounts.digest_told.v1"}
    data = {"as_of": to_text(NOON), "since": to_text(NOON), "accounts": [{"id": "acc_1", "account": 1}]}
    digest = {**known, "time": to_text(NOON), "subject": "range-1", "data": data}
    assert checked_line(1, json.dumps(digest), NOON).reason is None
    bad = checked_line(2, json.dumps({**digest, "data": {**data, "accounts": []}}), NOON)
    assert (bad.sent, bad.reason, bad.field) == (True, "bad_digest", "data.accounts")

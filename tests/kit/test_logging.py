"""Log lines come from a catalogue and carry allow-listed keys only."""

import io
import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from hotline.kit import logging as kit_logging
from hotline.kit.clock import from_text
from hotline.kit.logging import ALLOWED_KEYS, LEVELS, Event, Log, log, logger
from tests.support.sweeps import sweep

PERSONAL = re.compile("phone|mail|name|address|card|secret|token|text|body|message|number|^ip$|otp|password")


@pytest.fixture(autouse=True)
def _fresh_logger(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A log that is made within the test writes to what the test captures."""
    monkeypatch.setenv("LOG_LEVEL", "INFO")
    monkeypatch.setenv("POWERTOOLS_SERVICE_NAME", "connect")
    # The log of the session goes on afterwards, or the next test that logs would find lines in its own output.
    before = logger()
    logger.cache_clear()
    yield
    logger.cache_clear()
    vars(logger()).update(vars(before))


def test_codes_are_unique_and_of_one_form() -> None:
    codes = [event.code for event in Event]
    assert len(set(codes)) == len(codes)
    assert all(re.fullmatch(r"HL\d{3}", code) for code in codes)


@sweep("event", Event)
def test_an_event_has_a_known_level_and_one_fixed_sentence(event: Event) -> None:
    assert event.level in {"INFO", "WARNING", "ERROR"} < set(LEVELS)
    assert re.fullmatch(r"[A-Z][^{}%]+\.", event.sentence)


def test_no_allowed_key_is_made_for_personal_values() -> None:
    assert [key for key in ALLOWED_KEYS if PERSONAL.search(key)] == []


@pytest.mark.parametrize("key", ["phone", "name", "message", "order_no", "email", "amount"])
def test_a_key_that_is_not_allowed_is_refused_and_named_without_its_value(key: str) -> None:
    with pytest.raises(ValueError, match=key) as caught:
        log(Event.STEP_DONE, **{key: "+8613800000001"})
    assert "13800000001" not in str(caught.value)


def test_a_line_has_code_sentence_level_and_keys(capsys: pytest.CaptureFixture[str]) -> None:
    log(Event.STEP_DONE, step="unlock", outcome="ASKED", turn=3, account_id=None)
    line = json.loads(capsys.readouterr().out)
    assert line["event"] == "HL001"
    assert line["message"] == Event.STEP_DONE.sentence
    assert line["level"] == "INFO"
    assert line["service"] == "connect"
    assert timedelta(0) <= datetime.now(UTC) - from_text(line["timestamp"]) < timedelta(minutes=1)
    assert (line["step"], line["outcome"], line["turn"]) == ("unlock", "ASKED", 3)
    assert "account_id" not in line


def test_a_long_value_is_cut(capsys: pytest.CaptureFixture[str]) -> None:
    log(Event.STEP_FAILED, error="x" * 1000)
    assert json.loads(capsys.readouterr().out)["error"] == "x" * kit_logging._VALUE_CHARACTERS_MAX


@pytest.mark.parametrize(
    ("level", "written"),
    [
        ("DEBUG", ["INFO", "WARNING", "ERROR"]),
        ("info", ["INFO", "WARNING", "ERROR"]),
        ("WARNING", ["WARNING", "ERROR"]),
        ("ERROR", ["ERROR"]),
        ("CRITICAL", []),
        ("no level", ["INFO", "WARNING", "ERROR"]),
    ],
)
def test_lines_below_the_level_are_not_written(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], level: str, written: list[str]
) -> None:
    monkeypatch.setenv("LOG_LEVEL", level)
    for event in (Event.STEP_DONE, Event.STEP_STALE, Event.STEP_FAILED):
        log(event, step="unlock")
    assert [json.loads(line)["level"] for line in capsys.readouterr().out.splitlines()] == written


def test_a_line_tells_the_trace_of_its_invocation(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    log(Event.STEP_DONE)
    for trace in ("1-5759e988-bd862e3fe1be46a994272793", "1-67891233-abcdef012345678912345678"):
        monkeypatch.setenv("_X_AMZN_TRACE_ID", f"Root={trace};Parent=53995c3f42cd8ad8;Sampled=1")
        log(Event.STEP_DONE)
    told = [json.loads(line).get("xray_trace_id") for line in capsys.readouterr().out.splitlines()]
    assert told == [None, "1-5759e988-bd862e3fe1be46a994272793", "1-67891233-abcdef012345678912345678"]


@pytest.mark.parametrize("odd", ["a\nb", 'a\r\n{"event":"HL002"}', "\u2028", '"', "\\", "钱包", "\udc80"])
def test_a_line_stays_one_line_whatever_a_value_holds(capsys: pytest.CaptureFixture[str], odd: str) -> None:
    log(Event.STEP_DONE, reason=odd)
    text = capsys.readouterr().out
    assert text.endswith("}\n")
    assert text.isascii()
    assert len(text.splitlines()) == 1
    assert json.loads(text)["reason"] == odd


class _Broken(io.StringIO):
    def write(self, text: str) -> int:
        raise BrokenPipeError(text)


def test_a_line_that_cannot_be_written_is_told_of_without_its_words_and_ends_nothing(
    capsys: pytest.CaptureFixture[str],
) -> None:
    closed = io.StringIO()
    closed.close()
    for stream in (_Broken(), closed):
        Log(stream, level="INFO", service="connect").write(Event.STEP_DONE, {"step": "unlock"})
    assert capsys.readouterr().err == "A log line was lost: BrokenPipeError\nA log line was lost: ValueError\n"

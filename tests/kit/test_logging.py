"""Log lines come from a catalogue and carry allow-listed keys only."""

import json
import re
from collections.abc import Iterator

import pytest

from hotline.kit import logging as kit_logging
from hotline.kit.ids import RandomIds
from hotline.kit.logging import ALLOWED_KEYS, Event, log, logger

PERSONAL = re.compile("phone|mail|name|address|card|secret|token|text|body|message|number|^ip$|otp|password")


@pytest.fixture(autouse=True)
def _fresh_logger(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A logger of a service of its own, made within the test, writes to what the test captures."""
    monkeypatch.setenv("POWERTOOLS_LOG_LEVEL", "INFO")
    monkeypatch.setenv("POWERTOOLS_SERVICE_NAME", RandomIds().new("service"))
    logger.cache_clear()
    yield
    logger.cache_clear()


def test_codes_are_unique_and_of_one_form() -> None:
    codes = [event.code for event in Event]
    assert len(set(codes)) == len(codes)
    assert all(re.fullmatch(r"HL\d{3}", code) for code in codes)


@pytest.mark.parametrize("event", Event, ids=lambda event: event.code)
def test_an_event_has_a_known_level_and_one_fixed_sentence(event: Event) -> None:
    assert event.level in {"INFO", "WARNING", "ERROR"}
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
    assert (line["step"], line["outcome"], line["turn"]) == ("unlock", "ASKED", 3)
    assert "account_id" not in line


def test_a_long_value_is_cut(capsys: pytest.CaptureFixture[str]) -> None:
    log(Event.STEP_FAILED, error="x" * 1000)
    assert json.loads(capsys.readouterr().out)["error"] == "x" * kit_logging._VALUE_CHARACTERS_MAX

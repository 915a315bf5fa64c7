"""No prompt of the function takes longer than ten seconds to say, with the longest facts that a customer may have."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from functions.connect.prompts import speak
from functions.connect.steps import STEPS
from hotline.kit.languages import LANGUAGES
from hotline.wording.speech import PROMPT_S_MAX, in_parts, seconds
from tests.support.longest_answers import EVERYTHING, NOW, Said
from tests.support.sweeps import sweep


def too_long(said: Iterator[Said], languages: list[str], **how: Any) -> list[str]:
    """The prompts that take longer than they may, each once: step, outcome, seconds and words."""
    found = {}
    for step, outcome, facts in said:
        known = {"now": NOW, "time_zone": "Asia/Shanghai", **facts}
        for part in speak(step, outcome, known, languages, most=STEPS[step].parts, **how):
            if seconds(part) > PROMPT_S_MAX:
                found[(step, outcome)] = f"{step} {outcome} {seconds(part):.1f} s: {part}"
    return list(found.values())


@pytest.mark.soak
@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("said", EVERYTHING)
def test_a_prompt_takes_ten_seconds_at_most(said: Any, language: str) -> None:
    assert too_long(said(language), [language]) == []


@sweep("step", ["start", "set_language", "identify", "handover"])
def test_a_prompt_in_both_languages_takes_ten_seconds_at_most_too(step: str) -> None:
    """These steps can be reached before the language of a call is known."""
    said = ((step, outcome, {"case": "482913"}) for outcome in STEPS[step].outcomes if outcome != "TRY_LATER")
    assert too_long(iter(said), list(LANGUAGES)) == []


# --- parts


WORD = "word "


@pytest.mark.parametrize(("words", "parts"), [(13, 1), (14, 2)])
def test_sentences_share_a_part_up_to_ten_seconds(words: int, parts: int) -> None:
    """27 words take 9.8 s, 28 take 10.2 s."""
    assert len(in_parts([WORD * 14, WORD * words], 3)) == parts


def test_no_sentence_is_cut_or_lost() -> None:
    sentences = [WORD * 20] * 5
    assert in_parts(sentences, 3) == [sentences[:1], sentences[1:2], sentences[2:]]
    assert in_parts([WORD * 99], 3) == [[WORD * 99]]
    assert in_parts(sentences, 1) == [sentences]

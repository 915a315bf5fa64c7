"""Speech is well-formed SSML within its limit, whatever the facts hold."""

from __future__ import annotations

from xml.etree import ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hotline.wording.speech import (
    ENGLISH_WORDS_PER_S,
    MANDARIN_CHARACTERS_PER_S,
    PROMPT_S_MAX,
    SSML_CHARACTERS_MAX,
    Speech,
    UnknownMessage,
    in_parts,
    prompt_of,
    seconds,
)
from hotline.wording.values import Digits, Locale
from tests.support.spoken_prompt import ssml
from tests.support.sweeps import sweep


def spoken_text(text: str) -> str:
    return "".join(ET.fromstring(text).itertext())  # noqa: S314 - our own text


def test_sentences_stand_apart_in_english_and_together_in_chinese() -> None:
    for language, text in (
        ("en-US", "Sorry, I cannot do that right now. Please try again "),
        ("zh-CN", "抱歉，现在暂时无法办理。请过几分钟再试"),
    ):
        speech = Speech(Locale(language), {})
        speech.say("TRY_LATER")
        assert spoken_text(ssml(speech)).startswith(text)


@given(st.text(max_size=200), st.text(max_size=50))
def test_the_speech_stays_well_formed_whatever_is_filled_in(merchant: str, reference: str) -> None:
    for language in ("zh-CN", "en-US"):
        speech = Speech(Locale(language), {"merchant": merchant, "refund": Digits(reference)})
        speech.say("refunds.item.approved")
        speech.say("refund.reference")
        assert ET.fromstring(ssml(speech)).tag == "speak"  # noqa: S314 - our own text


def test_a_name_cannot_speak_markup() -> None:
    speech = Speech(Locale("en-US"), {"hours": '</speak><audio src="x"/>'})
    speech.say("handover.CLOSED_HOURS")
    (said,) = [*ET.fromstring(ssml(speech)).iter()]  # noqa: S314 - our own text
    assert '<audio src="x"/>' in (said.text or "")


def test_a_sentence_over_the_limit_is_left_out() -> None:
    speech = Speech(Locale("en-US"), {})
    lengths = []
    for _ in range(100):
        speech.say("INVALID")
        lengths.append(len(ssml(speech)))
    sentence = lengths[1] - lengths[0]
    assert SSML_CHARACTERS_MAX - sentence - 1 <= max(lengths) <= SSML_CHARACTERS_MAX


@pytest.mark.parametrize("language", ["en-US", "zh-CN"])
def test_a_sentence_that_just_fits_is_said_and_one_character_more_is_not(
    monkeypatch: pytest.MonkeyPatch, language: str
) -> None:
    """Each sentence takes the room of the gap behind it, too."""

    def say() -> Speech:
        speech = Speech(Locale(language), {})
        speech.say("TRY_LATER")
        return speech

    whole = say()
    length = len(prompt_of("".join(sentence + whole.gap for sentence in whole.sentences)))
    monkeypatch.setattr("hotline.wording.speech.SSML_CHARACTERS_MAX", length)
    assert say().sentences == whole.sentences
    monkeypatch.setattr("hotline.wording.speech.SSML_CHARACTERS_MAX", length - 1)
    assert say().sentences == whole.sentences[:-1]


def test_a_prompt_may_be_slow_and_leave_time_for_a_key() -> None:
    assert prompt_of("Hello.") == "<speak>Hello.</speak>"
    assert prompt_of("Hello.", slow=True) == '<speak><prosody rate="slow">Hello.</prosody></speak>'
    assert prompt_of("Hello.", pause_s=1) == '<speak>Hello.<break time="1s"/></speak>'


@sweep(
    ("text", "characters", "words"),
    [
        ("", 0, 0),
        ("您好，世界。", 4, 0),
        ("It's two of them.", 0, 4),
        ("Call 0755 now", 0, 6),
        ('<say-as interpret-as="digits">42</say-as> Café', 0, 3),
        ("请按1 <b>now</b>", 2, 2),
        ("㐀䶿一鿿豈﫿぀ヿ가힯", 10, 0),
    ],
)
def test_a_text_takes_as_long_as_its_characters_words_and_digits(text: str, characters: int, words: int) -> None:
    expected = characters / MANDARIN_CHARACTERS_PER_S + words / ENGLISH_WORDS_PER_S
    assert seconds(text) == pytest.approx(expected)


LONGEST = "好" * int(PROMPT_S_MAX * MANDARIN_CHARACTERS_PER_S)
"""As much as one part has time for."""


@sweep(
    ("sentences", "most", "parts"),
    [
        ([], 3, []),
        (["好", "的"], 3, [["好", "的"]]),
        ([LONGEST, "的"], 3, [[LONGEST], ["的"]]),
        ([LONGEST[1:], "的"], 3, [[LONGEST[1:], "的"]]),
        (["的", LONGEST, "的"], 3, [["的"], [LONGEST], ["的"]]),
        ([LONGEST, LONGEST, LONGEST], 2, [[LONGEST], [LONGEST, LONGEST]]),
        ([LONGEST, "的"], 1, [[LONGEST, "的"]]),
        ([LONGEST + "好", "的"], 2, [[LONGEST + "好"], ["的"]]),
    ],
)
def test_a_long_text_is_said_in_parts_of_whole_sentences(
    sentences: list[str], most: int, parts: list[list[str]]
) -> None:
    assert in_parts(sentences, most) == parts


@sweep(
    ("language", "count", "words"),
    [
        ("en-US", 1, "You have one bill to pay."),
        ("en-US", 2, "You have 2 bills to pay."),
        ("zh-CN", 2, "有两笔账单要付。"),
        ("zh-CN", 3, "有3笔账单要付。"),
    ],
)
def test_how_many_there_are_is_said_in_the_form_for_that_number(language: str, count: int, words: str) -> None:
    speech = Speech(Locale(language), {})
    speech.say_counted("bills.DUE.count", count)
    assert speech.sentences == (words,)


def test_the_first_message_that_the_catalogue_has_is_said() -> None:
    plain = Speech(Locale("en-US"), {})
    plain.say("TRY_LATER")
    for way in (Speech.say_first, Speech.say_known):
        speech = Speech(Locale("en-US"), {})
        way(speech, "no.such.message", "TRY_LATER", "INVALID")
        assert speech.sentences == plain.sentences
    silent = Speech(Locale("en-US"), {})
    silent.say_known("no.such.message", "nor.this")
    assert not silent.knows("no.such.message")
    silent.say_if_known("TRY_LATER")
    assert silent.sentences == plain.sentences


def test_a_speech_is_never_silent_and_never_says_a_key() -> None:
    with pytest.raises(ValueError, match="without words"):
        ssml(Speech(Locale("en-US"), {}))
    with pytest.raises(UnknownMessage):
        Speech(Locale("en-US"), {}).say("no.such.message")
    with pytest.raises(UnknownMessage):
        Speech(Locale("en-US"), {}).say_first("no.such.message")
    # The last one is the most general; somebody has to write it.
    with pytest.raises(UnknownMessage, match=r"^'?nor\.that'?$"):
        Speech(Locale("en-US"), {}).say_first("no.such.message", "nor.this", "nor.that")


def test_facts_given_with_a_message_go_before_the_others() -> None:
    speech = Speech(Locale("en-US"), {"refund": Digits("1111")})
    speech.say("refund.reference", refund=Digits("2222"))
    assert spoken_text(ssml(speech)) == "Your reference is 2222."
    silent = Speech(Locale("en-US"), {"refund": Digits("1111")})
    silent.say("refund.reference", refund=None)
    with pytest.raises(ValueError, match="without words"):
        ssml(silent)


def test_a_word_is_the_first_that_the_catalogue_has() -> None:
    speech = Speech(Locale("en-US"), {})
    word = speech.word("lock.asked.True", "lock.asked")
    assert word is not None
    assert word.key == "lock.asked"
    assert speech.word("no.such.word") is None
    speech.say_if_known("no.such.message")
    with pytest.raises(ValueError, match="without words"):
        ssml(speech)

"""The words of a check-up by phone: as many matters as there is time for, answer by answer, until all are told."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from itertools import product

import pytest

from functions.connect.prompts import speak
from functions.connect.steps import STEPS
from hotline.kit.languages import LANGUAGES
from hotline.security.checkup import ASKED, NOT_STOPPED
from hotline.security.service import Matter, ToldMatter
from hotline.wording.catalogue import find
from hotline.wording.speech import PROMPT_S_MAX, seconds
from tests.support.longest_answers import NOW, TIMES
from tests.support.sweeps import sweep
from tests.support.told_matters import answers_of, matter_at

MORE = {"en-US": "There is more", "zh-CN": "还有其他提示"}
ENDED = {"en-US": "That was all", "zh-CN": "全部提示"}
ANSWERS_MAX = 4
"""So many answers tell everything that there may ever be."""
SHUT = ("hold", "frozen", "paused", "soft", "hard")
FORMS = (*SHUT, *(f"{state}{ASKED}" for state in SHUT), NOT_STOPPED)
LAST = {"en-US": "hotline PIN", "zh-CN": "热线密码"}
FIRST = {"en-US": "Something unusual", "zh-CN": "异常"}
GRAVEST = {"en-US": "It was not you", "zh-CN": "不是您本人操作的"}


def say(matters: Sequence[ToldMatter], language: str) -> list[tuple[str, ...]]:
    """The prompts of each answer."""
    return [spoken(facts, language) for facts in answers_of(matters, language, NOW)]


def spoken(facts: Mapping[str, object], language: str) -> tuple[str, ...]:
    return speak("checkup", "TO_DO", facts, [language], most=STEPS["checkup"].parts)


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_last_matters_wait_where_all_take_too_long_and_the_caller_hears_so(language: str) -> None:
    first, *others, last = say([matter_at(matter, NOW, count=2) for matter in Matter], language)
    assert GRAVEST[language] in first[0]
    assert all(MORE[language] in answer[-1] for answer in (first, *others))
    assert ENDED[language] not in "".join(word for answer in (first, *others) for word in answer)
    assert LAST[language] in "".join(last)
    assert ENDED[language] in last[-1]
    assert MORE[language] not in "".join(last)


@pytest.mark.parametrize("language", LANGUAGES)
def test_all_matters_are_said_where_there_is_time(language: str) -> None:
    (answer,) = say([matter_at(matter, NOW, count=2) for matter in (Matter.FINDINGS, Matter.NO_PIN)], language)
    said = "".join(answer)
    assert FIRST[language] in said
    assert LAST[language] in said
    assert MORE[language] not in said
    assert ENDED[language] not in said


@pytest.mark.parametrize("language", LANGUAGES)
@sweep(("at", "count", "form"), [*product(TIMES, (1, 2, 20), FORMS)])
def test_everything_is_told_in_few_answers_of_short_prompts(at: datetime, count: int, form: str, language: str) -> None:
    every = [matter_at(matter, at, count=count, form=form) for matter in Matter]
    answers = list(answers_of(every, language, NOW))
    assert [one for facts in answers for one in told_in(facts)] == every
    assert len(answers) <= ANSWERS_MAX
    assert max(seconds(part) for facts in answers for part in spoken(facts, language)) <= PROMPT_S_MAX


def told_in(facts: Mapping[str, object]) -> tuple[ToldMatter, ...]:
    told = facts["matters"]
    assert isinstance(told, tuple)
    return told


@pytest.mark.parametrize("language", LANGUAGES)
@sweep(("at", "count", "form"), [*product(TIMES, (1, 2, 20), FORMS)])
def test_whether_money_is_kept_from_leaving_is_never_left_for_another_answer(
    at: datetime, count: int, form: str, language: str
) -> None:
    every = [matter_at(matter, at, count=count, form=form) for matter in Matter]
    lock = find(f"checkup.lock.{form}", language)
    assert lock is not None
    assert lock in "".join(say(every, language)[0])

"""docs/glossary.md: each word stands once, and callers hear the Chinese words that it gives."""

from __future__ import annotations

import re
from collections import Counter
from itertools import chain
from typing import Final

from hotline.kit.languages import CHINESE
from hotline.lockout.model import LockState
from hotline.refunds.model import RefundState
from hotline_local.launcher.paths import ROOT
from hotline_local.words.catalogues import read_source, source_file, usable_texts

PAGE: Final = (ROOT / "docs/glossary.md").read_text(encoding="utf-8")
ROW: Final = re.compile(r"^\| (\*\*.+?) \| (.+?) \|(.*)\|$", re.MULTILINE)
WORD: Final = re.compile(r"\*\*(.+?)\*\*")


def test_each_word_stands_once_and_has_a_meaning() -> None:
    words = [word for said, _, _ in ROW.findall(PAGE) for word in WORD.findall(said)]
    assert [word for word, times in Counter(words).items() if times > 1] == []
    assert len(words) > 90


def test_callers_hear_the_chinese_words() -> None:
    heard = "\n".join(chain.from_iterable(usable_texts(read_source(source_file(CHINESE))).values()))
    told = [word.strip() for _, _, cell in ROW.findall(PAGE) for word in cell.split(",") if word.strip()]
    assert len(told) > 25
    assert [word for word in told if word not in heard] == []


def test_the_states_of_locks_and_refunds_have_their_words() -> None:
    named = "".join(said + meaning for said, meaning, _ in ROW.findall(PAGE))
    shut = set(LockState) - {LockState.OPEN, LockState.CLOSED, LockState.ERASED}
    assert [state for state in shut if f"`{state}`" not in named] == []
    refunds = {state.value.replace("_", " ").removesuffix(" back") for state in RefundState}
    assert [word for word in refunds if f"**{word}**" not in named] == []

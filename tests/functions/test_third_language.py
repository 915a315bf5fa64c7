"""A language that is added to the table, with a catalogue and a voice, is spoken and written everywhere."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from connect_sim.language.document import parse_flow
from connect_sim.language.flow_set import FlowSet
from connect_sim.language.speech import extract_words
from connect_sim.linter.report import check_paths
from functions.http.problems import STATUSES
from functions.http.words import of_lock, of_payment
from hotline.contracts.model import PointKind
from hotline.kit.languages import ENGLISH, LANGUAGES, Language
from hotline.kit.money import Money
from hotline.lockout.model import Cause, DecisionKind, LockState, LockView, SelfService
from hotline.payments.diagnosis import diagnose
from hotline.wording.catalogue import PLACEHOLDER, find
from hotline.wording.messages import email, text_message
from hotline.wording.rendering import render_spoken
from hotline.wording.values import Counted, Digits, Lately, Locale, Phone, Reference, Word, locale_of
from hotline_local.testing.memory_store import MemoryStore
from hotline_local.testing.virtual_clock import VirtualClock
from hotline_local.words.catalogues import read_source, source_file, usable_texts
from hotline_local.words.flow_words import FlowWords, write_flows
from hotline_local.worlds.flow_files import flow_files
from tests.flows.shipped import RESOURCE_TOKENS
from tests.flows.test_with_the_function import Line
from tests.support.api_world import ApiWorld
from tests.support.longest_answers import EVERYTHING, MERCHANTS, NOW, OTHER_SIDE, movements
from tests.support.phone import context, give, opened
from tests.support.spoken_prompt import prompt
from tests.support.sweeps import sweep
from tests.support.third_language import LONGER, speaking_a_third_language, translated

NAMES = (*MERCHANTS.values(), "Demo Wallet", "CNY")
"""Names that others gave, which no language changes."""
MESSAGES = usable_texts(read_source(source_file(ENGLISH)))
KINDS = sorted(
    key.removeprefix("message.").removesuffix(".subject")
    for key in MESSAGES
    if key.startswith("message.") and key.endswith(".subject")
)
FACTS: dict[str, object] = {
    "amount": Money(12_850, "CNY"),
    "cause": Word(f"lock.cause.{Cause.AGENT.value}"),
    "goal": Word("goal.unlock"),
    "number": Phone("+864005550199"),
    "place": Word("place.app"),
    "promised_on": date(2026, 11, 30),
    "until": NOW + timedelta(hours=1),
    "valid_for": timedelta(minutes=9),
    "wallet": "Demo Wallet",
}


@pytest.fixture(scope="module", autouse=True)
def third(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Language]:
    with speaking_a_third_language(tmp_path_factory.mktemp("locale")) as language:
        yield language


def untranslated(text: str) -> list[str]:
    """The words that did not come from the catalogue of the third language, names left out."""
    for name in NAMES:
        text = text.replace(name, "")
    return [word for word in re.findall(r"[A-Za-z]+|[一-鿿]+", text) if word != OTHER_SIDE]


@pytest.mark.parametrize("kind", EVERYTHING, ids=lambda kind: kind.__name__)
def test_every_answer_of_the_phone_is_in_the_language(kind: object, third: Language) -> None:
    assert callable(kind)
    for step, outcome, facts in kind(ENGLISH):
        for known in ({"now": NOW, "time_zone": "Europe/Paris", **facts}, {}):
            said = extract_words(prompt(step, outcome, known, third.tag))
            assert untranslated(said) == [], (step, outcome)
            assert LONGER in said


@sweep("kind", KINDS)
def test_every_message_is_in_the_language(kind: str, third: Language) -> None:
    locale = locale_of(third.tag, "Europe/Paris", NOW)
    texts = MESSAGES[f"message.{kind}"] + MESSAGES[f"message.{kind}.subject"]
    used = PLACEHOLDER.findall(" ".join(texts))
    facts = {name: Digits("4711") for name in used} | FACTS
    mail = email(kind, facts, locale)
    for text in (text_message(kind, facts, locale), mail.subject, mail.body):
        assert untranslated(text) == []
        assert LONGER in text


def test_every_text_of_the_api_is_in_the_language(third: Language) -> None:
    locale = locale_of(third.tag, "Europe/Paris", NOW)
    for movement in movements(ENGLISH):
        assert untranslated(of_payment(movement, diagnose(movement, NOW, first=None), locale)) == []
    for state in LockState:
        for cause in Cause:
            since, until = NOW - timedelta(days=2), NOW + timedelta(hours=30)
            view = LockView(state, cause, since, until, SelfService.NO, DecisionKind.UNLOCK)
            assert untranslated(of_lock(view, offered=SelfService.NO, behind_since=NOW, now=NOW, locale=locale)) == []
    for code in STATUSES:
        assert find(f"problem.{code}", third.tag) == translated(find(f"problem.{code}", ENGLISH) or "")


@sweep(
    "value",
    [
        Money(12_850, "CNY"), Money(-1, "USD"), Money(100, "GBP"), Money(7_000, "JPY"), Counted(2), Lately(NOW),
        Lately(NOW - timedelta(days=400), placed=True), Phone("+864005550199"), Reference("482913"),
        timedelta(days=1, hours=2), timedelta(minutes=1), date(2027, 1, 2), NOW, NOW + timedelta(days=1),
        NOW - timedelta(days=40),
    ],
)  # fmt: skip
def test_every_value_has_words_in_the_language(value: object, third: Language) -> None:
    for locale in (Locale(third.tag), locale_of(third.tag, "Europe/Paris", NOW)):
        assert untranslated(extract_words(f"<speak>{render_spoken(value, locale)}</speak>")) == []


def test_an_account_an_api_client_and_a_caller_are_answered_in_the_language(third: Language) -> None:
    clock = VirtualClock(datetime(2026, 11, 23, 12, 0, tzinfo=UTC))
    world = ApiWorld(MemoryStore(clock), clock)
    asked = world.client().ask("GET", "/v1/me/lock", headers={"Accept-Language": "fr-CA, en;q=0.5"})
    assert (asked.status, asked.headers["Content-Language"]) == (200, third.tag)
    assert untranslated(asked.json["text"]) == []
    phone = (PointKind.PHONE, "+8613800000007")
    give(world.ctx, [opened("acct-7", phone, at=clock.now() - timedelta(days=400), language="fr")])
    own = world.client("acct-7").ask("GET", "/v1/me/lock")
    assert (own.status, own.headers["Content-Language"]) == (200, third.tag)


@pytest.fixture(scope="module")
def flows(third: Language, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The flow files as `make words` writes them."""
    folder = tmp_path_factory.mktemp("flows")
    catalogues = {language: usable_texts(read_source(source_file(language))) for language in LANGUAGES}
    for path, text in write_flows(flow_files(), FlowWords(catalogues)).items():
        (folder / path.name).write_text(text, encoding="utf-8")
    return folder


def test_the_flows_are_sound_but_for_prompts_that_say_three_languages(flows: Path) -> None:
    found, checked = check_paths([flows])
    assert checked == len(flow_files())
    # Their translator gives them short texts; English ones with other letters have not become shorter.
    too_long = {finding.rule for finding in found}
    assert too_long <= {"W209"}


def test_a_flow_that_was_written_is_not_written_otherwise_again(flows: Path, third: Language) -> None:
    catalogues = {language: usable_texts(read_source(source_file(language))) for language in LANGUAGES}
    for path, text in write_flows(sorted(flows.glob("*.json")), FlowWords(catalogues)).items():
        assert path.read_text(encoding="utf-8") == text
        actions = json.loads(text)["Actions"]
        places = [
            tuple(place["position"].values()) for place in json.loads(text)["Metadata"]["ActionMetadata"].values()
        ]
        assert len(places) == len(set(places)) == len(actions)


def test_a_caller_chooses_the_language_and_hears_nothing_else(flows: Path, third: Language) -> None:
    clock = VirtualClock(NOW)
    ctx = context(MemoryStore(clock), clock)
    shipped = [parse_flow(path.read_text(encoding="utf-8"), name=path.stem) for path in sorted(flows.glob("*.json"))]
    line = Line(ctx, "+33199000001", flows=FlowSet(shipped, RESOURCE_TOKENS))
    assert translated("For English, press 2.") in line.heard("Language menu")
    line.press(f"{third.key} # 3 0")
    assert line.failures == []
    assert ("set_language", "SET") in line.steps
    said = [event for event in line.events if event.kind == "prompt" and event.place.block != "Language menu"]
    assert len(said) >= 5
    assert [event.data["text"] for event in said if untranslated(event.data["text"])] == []
    assert {event.data["language"] for event in said} == {third.tag}

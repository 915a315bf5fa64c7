"""The fixed words of the flows are those of the catalogues, in every language."""

import json
import re
from collections import Counter
from collections.abc import Mapping
from functools import cache
from pathlib import Path

import pytest

from hotline.kit.languages import CHINESE, ENGLISH, LANGUAGES
from hotline_local.words.catalogues import FLOW_PREFIX, read_source, source_file, usable_texts
from hotline_local.words.flow_words import SHORT, FlowWords, MissingWords, write_flows
from hotline_local.worlds.flow_files import flow_files
from tests.support.sweeps import sweep

TOKEN = re.compile(r"\$\{\w+\}")


@cache
def catalogues() -> Mapping[str, Mapping[str, tuple[str, ...]]]:
    return {language: usable_texts(read_source(source_file(language))) for language in LANGUAGES}


def flow_messages(language: str) -> dict[str, str]:
    return {key: texts[0] for key, texts in catalogues()[language].items() if key.startswith(FLOW_PREFIX)}


@sweep("path", flow_files())
def test_a_flow_file_has_the_words_of_the_catalogues(path: Path) -> None:
    assert path.read_text(encoding="utf-8") == write_flows([path], FlowWords(catalogues()))[path], "make words"


def test_every_fixed_prompt_of_the_catalogues_is_spoken() -> None:
    words = FlowWords(catalogues())
    write_flows(flow_files(), words)
    for language in LANGUAGES:
        assert flow_messages(language).keys() == words.used


def test_words_that_several_flows_say_stand_once() -> None:
    said = Counter(
        (key.split(".")[-1], flow_messages(CHINESE)[key], text) for key, text in flow_messages(ENGLISH).items()
    )
    again = {said_by for said_by, number in said.items() if number > 1}
    # Two flows of many are silent about the person in the same words.
    assert {attribute for attribute, _, _ in again} <= {"say_silence"}


@sweep("key", sorted(flow_messages(ENGLISH)))
def test_a_prompt_has_the_same_tokens_in_every_language_and_stays_one_line(key: str) -> None:
    assert len({tuple(TOKEN.findall(flow_messages(language)[key])) for language in LANGUAGES}) == 1
    assert not any("\n" in flow_messages(language)[key] for language in LANGUAGES)


def written(flow: object, tmp_path: Path, **english: str) -> dict[str, str]:
    """The words that a flow of this name gets from a catalogue with these messages."""
    path = tmp_path / "a-flow.json"
    path.write_text(json.dumps(flow))
    catalogue = {key.replace("__", "."): (text,) for key, text in english.items()}
    chinese = {key: (f"中{text}",) for key, (text,) in catalogue.items()}
    document = json.loads(write_flows([path], FlowWords({CHINESE: chinese, ENGLISH: catalogue}))[path])
    return {
        f"{action['Identifier']} {name}": value if isinstance(value, str) else value["say_x"]["Value"]
        for action in document["Actions"]
        for name, value in action["Parameters"].items()
    }


def words_block(name: str) -> dict[str, object]:
    return {"Identifier": name, "Parameters": {"FlowAttributes": {"say_x": {"Value": ""}}}}


def test_words_of_the_flow_come_before_those_that_flows_share(tmp_path: Path) -> None:
    flow = {"Actions": [words_block("Words in Chinese"), words_block("Words in English")]}
    key = "Words in English FlowAttributes"
    assert written(flow, tmp_path, flow__say_x="Shared.")[key] == "Shared."
    assert written(flow, tmp_path, **{"flow__a-flow__say_x": "Own.", "flow__say_x": "Shared."})[key] == "Own."


def test_all_languages_follow_one_another_in_their_short_words_if_they_have_some(tmp_path: Path) -> None:
    flow = {"Actions": [words_block("Words in both languages")]}
    key = "Words in both languages FlowAttributes"
    assert written(flow, tmp_path, flow__say_x="Long.")[key] == "中Long. Long."
    short = {f"flow__a-flow__say_x{SHORT}": "Short."}
    assert written(flow, tmp_path, flow__say_x="Long.", **short)[key] == "中Short. Short."


def test_words_in_the_markup_of_a_block_are_marked_with_their_language_and_escaped(tmp_path: Path) -> None:
    block = {"Identifier": "Say it", "Parameters": {"SSML": '<speak><prosody rate="slow">old</prosody></speak>'}}
    said = written({"Actions": [block]}, tmp_path, **{"flow__a-flow__say_it": "You & I."})["Say it SSML"]
    assert said == (
        '<speak><prosody rate="slow">中You &amp; I.<lang xml:lang="en-US">You &amp; I.</lang></prosody></speak>'
    )


def test_words_of_the_function_and_of_attributes_are_left_alone(tmp_path: Path) -> None:
    for ssml in ("$.External.prompt", "<speak>$.FlowAttributes.ask</speak>"):
        block = {"Identifier": "Say it", "Parameters": {"SSML": ssml}}
        assert written({"Actions": [block]}, tmp_path)["Say it SSML"] == ssml


def test_a_prompt_without_words_is_named(tmp_path: Path) -> None:
    with pytest.raises(MissingWords, match=r"zh-CN has no text for flow\.a-flow\.say_x"):
        written({"Actions": [words_block("Words in Chinese")]}, tmp_path)

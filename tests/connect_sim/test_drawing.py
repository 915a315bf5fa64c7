"""Pictures of flows: what is in them, that nothing covers anything else, and the command that draws them."""

import sys
from itertools import combinations
from pathlib import Path
from xml.etree import ElementTree

import pytest

from connect_sim.__main__ import main
from connect_sim.drawing import draw_flow
from connect_sim.drawing.layout import TEXT_SIZE, TITLE_SIZE, Layout, PlacedBox, PlacedLabel, lay_out
from connect_sim.drawing.picture import MANY_ERRORS, Arrow, Picture, make_picture
from connect_sim.drawing.text import measure_width, wrap
from connect_sim.language.document import Flow, load_flow
from tests.connect_sim.samples.build import ERROR, block, call, entry, flow, menu, say
from tests.support.sweeps import sweep

pytest.importorskip("pygraphviz", reason="Graphviz comes with no package for this machine")

SAMPLES = Path(__file__).parent / "samples"
SAMPLE = SAMPLES / "right" / "balance_line.json"
SVG = "{http://www.w3.org/2000/svg}"


def elements_of(svg: str, kind: str) -> list[ElementTree.Element]:
    return list(ElementTree.fromstring(svg).iter(f"{SVG}{kind}"))  # noqa: S314 - it was drawn here


def texts_of(svg: str) -> list[str]:
    return [element.text or "" for element in elements_of(svg, "text")]


def arrow(picture: Picture, source: str, target: str) -> Arrow:
    (found,) = [each for each in picture.arrows if (each.source, each.target) == (source, target)]
    return found


def test_every_block_stands_there_with_its_name_and_its_type() -> None:
    loaded = load_flow(SAMPLE)
    texts = texts_of(draw_flow(loaded))
    for action in loaded.actions:
        assert action.identifier in texts
        assert any(text.startswith(action.type) for text in texts)


def test_an_edge_shows_its_condition_and_edges_to_one_block_are_one_arrow() -> None:
    asked = menu("menu", {"1": "yes", "2": "yes", "9": "menu"})
    picture = make_picture(flow(asked))
    assert arrow(picture, "menu", "yes").labels == ("1", "2")
    assert arrow(picture, "menu", "menu").labels == ("9",)
    assert arrow(picture, "menu", "no match").labels == ("else",)
    assert "1, 2" in texts_of(draw_flow(flow(asked)))


@sweep(
    ("operator", "operand", "shown"),
    [
        ("Equals", "ok", "ok"),
        ("Equals", "", "empty"),
        ("NumberGreaterThan", "5", "> 5"),
        ("NumberLessOrEqualTo", "5", "≤ 5"),
        ("TextStartsWith", "<speak>", "starts with <speak>"),
        ("KeyExists", "", "key exists"),
    ],
)
def test_a_condition_is_written_as_people_read_it(operator: str, operand: str, shown: str) -> None:
    compare = block(
        "a", "Compare", {"ComparisonValue": "$.External.x"}, errors={"NoMatchingCondition": "no"},
        cases={operand: "yes"}, operator=operator,
    )  # fmt: skip
    assert arrow(make_picture(flow(compare)), "a", "yes").labels == (shown,)
    assert shown in texts_of(draw_flow(flow(compare)))


def test_error_edges_alone_are_dashed() -> None:
    drawn = flow(say("hello", "Hello.", "bye", error="failed"))
    assert arrow(make_picture(drawn), "hello", "failed").is_error
    assert not arrow(make_picture(drawn), "hello", "bye").is_error
    paths = elements_of(draw_flow(drawn), "path")
    # The start, the way to bye, and the two halves of the error around its label.
    assert sorted("stroke-dasharray" in path.attrib for path in paths) == [False, False, True, True]


def test_an_error_that_leads_where_success_leads_is_written_into_the_block() -> None:
    picture = make_picture(flow(say("hello", "Hello.", "bye", error="bye")))
    assert arrow(picture, "hello", "bye").labels == ()
    assert picture.boxes[0].notes == ("error → bye",)


@pytest.mark.parametrize("count", [MANY_ERRORS, MANY_ERRORS + 1])
def test_errors_of_many_blocks_to_one_are_written_into_the_blocks(count: int) -> None:
    names = [f"say {number}" for number in range(count)]
    picture = make_picture(
        flow(*(say(name, "Hi.", after, error="failed") for name, after in zip(names, [*names[1:], "bye"], strict=True)))
    )
    drawn = [each for each in picture.arrows if each.target == "failed"]
    noted = [box for box in picture.boxes if box.notes == ("error → failed",)]
    assert (len(drawn), len(noted)) == ((count, 0) if count <= MANY_ERRORS else (0, count))


def test_the_first_block_is_marked() -> None:
    root = draw_flow(flow(say("hello", "Hello.", "bye")))
    assert texts_of(root).count("Start") == 1
    assert "Start" not in texts_of(draw_flow(missing_start()))


def missing_start() -> Flow:
    return Flow("main", "2019-10-30", "nowhere", flow(say("hello", "Hello.", "bye")).actions)


def test_a_block_that_no_call_comes_to_is_marked() -> None:
    picture = make_picture(flow(say("hello", "Hello.", "bye"), say("never", "Hm.", "bye")))
    assert {box.identifier for box in picture.boxes if box.is_reached} >= {"hello", "bye"}
    assert not next(box for box in picture.boxes if box.identifier == "never").is_reached


def test_a_block_says_what_it_is_about() -> None:
    shown = {
        box.identifier: box.text
        for box in make_picture(
            flow(
                block("words", "UpdateFlowAttributes", {"FlowAttributes": {"hi": {"Value": "Hello."}}}, then="greet"),
                say("greet", "<speak>$.FlowAttributes.hi <break/> Go on.</speak>", "ask"),
                call("ask", "count", step="lock_status"),
                block("count", "Loop", {"LoopCount": "2"}, then="queue"),
                block("queue", "UpdateContactTargetQueue", {"QueueId": "${BoatsQueue}"}, then="keep"),
                block("keep", "UpdateContactAttributes", {"Attributes": {"a": "1", "b": "2", "c": "3"}}, then="bye"),
            )
        ).boxes
    }
    assert shown["greet"] == "“Hello. Go on.”"
    assert shown["ask"] == "step lock_status"
    assert shown["count"] == "2 times"
    assert shown["queue"] == "BoatsQueue"
    assert shown["keep"] == "sets a, b, c"
    assert shown["words"] == "hi = Hello."


def samples() -> list[Path]:
    return sorted(path for folder in ("right", "foreign") for path in (SAMPLES / folder).rglob("*.json"))


@sweep("path", samples())
def test_nothing_covers_anything_else_and_texts_stay_inside(path: Path) -> None:
    layout = lay_out(make_picture(load_flow(path)))
    placed: list[PlacedBox | PlacedLabel] = [*layout.boxes, *layout.labels]
    assert [(one, other) for one, other in combinations(placed, 2) if overlap(one, other)] == []
    assert [each for each in placed if not is_inside(each, layout)] == []
    for box in layout.boxes:
        assert measure_width(box.box.identifier, TITLE_SIZE, bold=True) < box.size[0]
        assert all(measure_width(line, TEXT_SIZE) < box.size[0] for line in (*box.lines, *box.notes, box.box.type))
    for label in layout.labels:
        assert all(measure_width(line, TEXT_SIZE) < label.size[0] for line in label.lines)


def overlap(one: PlacedBox | PlacedLabel, other: PlacedBox | PlacedLabel) -> bool:
    apart = [abs(a - b) for a, b in zip(one.middle, other.middle, strict=True)]
    return all(distance < (a + b) / 2 for distance, a, b in zip(apart, one.size, other.size, strict=True))


def is_inside(placed: PlacedBox | PlacedLabel, layout: Layout) -> bool:
    """Whether all of it lies in the picture; whole points may be half a point off."""
    edges = zip(placed.middle, placed.size, layout.size, strict=True)
    return all(middle - side / 2 >= -1 and middle + side / 2 <= whole + 1 for middle, side, whole in edges)


def test_the_same_flow_gives_the_same_bytes() -> None:
    assert draw_flow(load_flow(SAMPLE)) == draw_flow(load_flow(SAMPLE))


def test_signs_of_markup_in_a_flow_are_text_in_its_picture() -> None:
    drawn = flow(say("a <b> & 'c'", '1 < 2 & "3"', "bye"), entry("</svg>", "bye"))
    texts = texts_of(draw_flow(drawn))
    assert {"a <b> & 'c'", "</svg>"} <= set(texts)
    assert any("1 < 2" in text for text in texts)


def test_a_flow_without_blocks_is_an_empty_picture() -> None:
    assert texts_of(draw_flow(Flow("main", "2019-10-30", "", ()))) == []


def test_an_edge_to_a_block_that_is_not_there_is_left_out() -> None:
    picture = make_picture(flow(block("a", "Wait", {}, then="nowhere", errors={ERROR: "bye"})))
    assert [each.target for each in picture.arrows] == ["bye"]


@sweep(
    ("text", "most", "lines"),
    [
        ("", 2, ()),
        ("one", 2, ("one",)),
        ("one two three four", 9, ("one two", "three", "four")),
        ("one two three four", 2, ("one two", "three…")),
        ("摘要摘要摘要", 9, ("摘要摘", "要摘要")),
        ("unbreakable", 9, ("unbreak", "able")),
    ],
)
def test_texts_are_cut_into_lines_that_fit(text: str, most: int, lines: tuple[str, ...]) -> None:
    assert wrap(text, 10, 45, most) == lines
    assert all(measure_width(line, 10) <= 45 for line in lines)


# --- the command


def run(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    try:
        code = main(["draw", *arguments])
    except SystemExit as left:
        code = int(left.code or 0)
    shown = capsys.readouterr()
    return code, shown.out, shown.err


def test_draw_writes_to_standard_output_to_a_file_or_to_a_folder(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    picture = draw_flow(load_flow(SAMPLE))
    assert run(capsys, str(SAMPLE)) == (0, picture, "")
    assert run(capsys, str(SAMPLE), "-o", str(tmp_path / "new" / "out.svg")) == (0, "", "")
    assert (tmp_path / "new" / "out.svg").read_text(encoding="utf-8") == picture
    assert run(capsys, str(SAMPLES / "right"), "--to", str(tmp_path / "all")) == (0, "", "")
    assert {path.stem for path in (tmp_path / "all").iterdir()} == {path.stem for path in (SAMPLES / "right").iterdir()}
    assert (tmp_path / "all" / "balance_line.svg").read_text(encoding="utf-8") == picture


@pytest.mark.parametrize(
    "arguments",
    [
        (),
        ("nowhere.json",),
        (str(SAMPLES / "right"),),
        (str(SAMPLES / "right"), "-o", "one.svg"),
        (str(SAMPLES / "foreign"), "--to", "pictures"),
        (str(SAMPLE), "-o", "one.svg", "--to", "pictures"),
        (str(SAMPLES / "wrong" / "E100.json"),),
        (str(SAMPLE), "-o", str(SAMPLE / "out.svg")),
    ],
)
def test_wrong_usage_of_draw_is_one_sentence_and_exit_code_2(
    capsys: pytest.CaptureFixture[str], arguments: tuple[str, ...]
) -> None:
    code, out, err = run(capsys, *arguments)
    assert (code, out) == (2, "")
    assert len(err.strip().splitlines()) == 1


def test_without_graphviz_draw_says_what_to_install(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "pygraphviz", None)
    code, out, err = run(capsys, str(SAMPLE))
    assert (code, out) == (2, "")
    assert "pip install 'connect-sim[draw]'" in err

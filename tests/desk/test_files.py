"""The files of the desk: weight, words, and what they keep away from."""

from __future__ import annotations

import gzip
import json
import posixpath
import re
from pathlib import Path
from typing import Any, Final

import pytest

from hotline_local.desk_server import FOLDER, page_files
from hotline_local.launcher.paths import ROOT
from tests.support.sweeps import sweep

KB: Final = 1000
WEIGHT_MAX: Final = 200 * KB
FILES: Final = page_files()
OWN: Final = {path: file for path, file in FILES.items() if not path.startswith("/vendor/")}
SCRIPTS: Final = {path: file.read_text(encoding="utf-8") for path, file in OWN.items() if path.endswith(".js")}
LANGUAGES: Final = ("en", "zh")
WORDS: Final[dict[str, dict[str, str]]] = {
    code: json.loads((FOLDER / f"words/{code}.json").read_text(encoding="utf-8")) for code in LANGUAGES
}
KEY: Final = re.compile(r"""(?:\bt|\.text)\(\s*(?:[\w.?! ]+ \? )?"([a-z0-9_.]+)"(?: : "([a-z0-9_.]+)")?""")
GROUP: Final = re.compile(r'\.word\(\s*"([a-z_]+)"')
PATTERN: Final = re.compile(r"(?:\bt|\.text|messages\[)\(?`([a-z_]*\.?)\$\{(\w[\w.#()]*)\}(\.[a-z_]+)?`")
COUNTED: Final = {key for text in SCRIPTS.values() for key in re.findall(r"""\.counted\(\s*"([a-z0-9_.]+)\"""", text)}
SINGULARS: Final = {f"{key}.one" for key in COUNTED}
"""Chinese has one form for any number."""
MANY: Final = {"characters", "approval.decide_text"}
"""The longest text has many characters. The other one is of a person who asks."""
PLACE: Final = re.compile(r"\{(\w+)\}")


def weight(paths: list[str], *, packed: bool) -> int:
    read = (FILES[path].read_bytes() for path in paths)
    return sum(len(gzip.compress(body, mtime=0)) if packed else len(body) for body in read)


def test_the_whole_desk_weighs_less_than_200_kb_on_its_way() -> None:
    assert 20 * KB < weight(list(FILES), packed=True) < WEIGHT_MAX


def reached(path: str, found: set[str] | None = None) -> set[str]:
    """The scripts that a browser reads with this one, since they are imported without a condition."""
    found = set() if found is None else found
    if path in found:
        return found
    found.add(path)
    source = FILES[path].read_text(encoding="utf-8")
    for name in re.findall(r'^(?:import|export)\b[^;]*?"(\.[^"]+)"', source, re.MULTILINE):
        reached(posixpath.normpath(posixpath.join(posixpath.dirname(path), name)), found)
    return found


@pytest.mark.parametrize("code", LANGUAGES)
def test_a_first_visit_outside_of_a_workspace_weighs_less_than_200_kb_unpacked(code: str) -> None:
    """The page with the queue. A case is read when somebody opens one."""
    scripts = reached("/app.js")
    assert {"/views/queue.js", "/vendor/lit/lit.js"} < scripts
    assert scripts.isdisjoint(
        {
            "/workspace.js",
            "/views/case.js",
            "/views/approvals.js",
            "/views/settings.js",
            "/views/reports.js",
            "/views/findings.js",
            "/chart.js",
        }
    )
    others = [path for path in FILES if not path.endswith((".js", ".json", "LICENSE"))]
    assert weight([*scripts, *others, f"/words/{code}.json"], packed=False) < WEIGHT_MAX


def test_both_languages_have_the_same_messages_with_the_same_values() -> None:
    english, chinese = WORDS["en"], WORDS["zh"]
    assert [key for key in english if key not in SINGULARS] == list(chinese)
    assert {key for key in chinese if set(PLACE.findall(english[key])) != set(PLACE.findall(chinese[key]))} == set()
    assert [key for words in WORDS.values() for key, message in words.items() if not message.strip()] == []


def test_every_message_that_the_desk_names_is_there() -> None:
    named = {key for text in SCRIPTS.values() for found in KEY.findall(text) for key in found if key}
    named |= {f"{key}.other" for key in COUNTED}
    assert len(named) > 150
    assert named - WORDS["en"].keys() == set()


def test_every_message_is_used() -> None:
    code = "\n".join(SCRIPTS.values())
    named = {key for found in KEY.findall(code) for key in found if key}
    named |= {f"{key}.{form}" for key in COUNTED for form in ("one", "other")}
    groups = set(GROUP.findall(code)) | {prefix.rstrip(".") for prefix, _, _ in PATTERN.findall(code) if prefix}
    endings = {ending for prefix, _, ending in PATTERN.findall(code) if ending and not prefix}
    unused = {
        key
        for key in WORDS["en"].keys() - named
        if key.partition(".")[0] not in groups and not any(key.endswith(ending) for ending in endings)
    }
    assert {key for key in unused if f'"{key}"' not in code} == set()


def test_a_number_of_things_is_told_in_the_singular_and_the_plural() -> None:
    english = WORDS["en"]
    forms = {key for key in english if key.endswith(".one") and f"{key.removesuffix('one')}other" in english}
    assert forms == SINGULARS
    assert [key for key in SINGULARS if english[key] == english[key.removesuffix("one") + "other"]] == []
    plain = {key: message for key, message in english.items() if key.rpartition(".")[0] not in COUNTED}
    assert {key for key, message in plain.items() if re.search(r"\{\w+\} [a-z]+s\b", message)} <= MANY


@sweep("path", sorted(SCRIPTS))
def test_text_never_becomes_markup_or_script(path: str) -> None:
    for way in (
        "innerHTML",
        "outerHTML",
        "insertAdjacentHTML",
        "unsafeHTML",
        "unsafeSVG",
        "document.write",
        "eval(",
        "new Function",
    ):
        assert way not in SCRIPTS[path], way
    assert re.search(r"""\bstyle=["$]|\bon[a-z]+=["']""", SCRIPTS[path]) is None


@sweep("path", sorted(path for path in SCRIPTS if path != "/api.js"))
def test_only_one_module_knows_the_routes_and_headers_of_the_api(path: str) -> None:
    for way in ("/v1/", "Idempotency-Key", "If-Match", "Desk-", "ETag"):
        assert way not in SCRIPTS[path], way


@sweep("path", sorted(SCRIPTS))
def test_tokens_are_kept_in_memory_alone(path: str) -> None:
    stored = re.findall(r"(?:local|session)Storage\.setItem\(([^\n]*)\)", SCRIPTS[path])
    assert [what for what in stored if "token" in what.lower()] == []
    assert "document.cookie" not in SCRIPTS[path]


@pytest.mark.parametrize("path", sorted(path for path in FILES if path.endswith(".html")))
def test_pages_have_no_script_and_no_style_of_their_own(path: str) -> None:
    page = FILES[path].read_text(encoding="utf-8")
    assert re.findall(r"<script(?! type=\"module\" src=\"[a-z.]+\"></script>)", page) == []
    assert re.search(r"<style|\sstyle=|\son[a-z]+=|http-equiv", page) is None


@sweep("path", sorted(OWN))
def test_no_file_asks_another_host(path: str) -> None:
    addresses = set(re.findall(r"(?:https?:)?//[a-z0-9-]+\.[a-z0-9./-]+", OWN[path].read_text(encoding="utf-8")))
    assert addresses <= {"http://www.w3.org/2000/svg"}


def test_every_file_that_is_imported_is_served() -> None:
    for path, text in SCRIPTS.items():
        folder = Path(path).parent
        for name in re.findall(r"""(?:from|import)\s*\(?\s*"(\.{1,2}/[^"]+)\"""", text):
            target = (folder / name).as_posix()
            while "/../" in target:
                target = re.sub(r"/[^/]+/\.\./", "/", target, count=1)
            assert target.replace("/./", "/") in FILES, (path, name)


def test_vendored_libraries_are_the_pinned_ones_and_have_their_licence() -> None:
    pins: dict[str, Any] = json.loads((ROOT / "requirements/desk/package.json").read_text())["dependencies"]
    table = (FOLDER / "vendor/README.md").read_text()
    assert f"lit {pins['lit']}" in table
    assert f"app {pins['@amazon-connect/app']}, contact {pins['@amazon-connect/contact']}" in table
    for folder in ("lit", "amazon-connect"):
        assert (FOLDER / f"vendor/{folder}/LICENSE").stat().st_size > KB
    lock = json.loads((ROOT / "requirements/desk/package-lock.json").read_text())["packages"]
    assert {name: lock[f"node_modules/{name}"]["version"] for name in pins} == pins
    assert [name for name, package in lock.items() if "resolved" in package] == []
    element_version = lock["node_modules/@lit/reactive-element"]["version"]
    assert (
        f'"{element_version}"' in (FOLDER / "vendor/lit/lit.js").read_text()
        or f"`{element_version}`" in (FOLDER / "vendor/lit/lit.js").read_text()
    )


def test_the_readme_names_every_file() -> None:
    """Files of `views/` and `words/` by their folder."""
    table = re.findall(r"^\| (`[^|]+) \|", (FOLDER / "README.md").read_text(encoding="utf-8"), re.MULTILINE)
    named = {f"/{name}" for cell in table for name in re.findall(r"`([^`]+)`", cell)}
    files = {path for path in OWN if path.count("/") == 1}
    assert files - named == set()
    assert {f"/{path.split('/')[1]}/" for path in set(OWN) - files} <= named | {"/words/"}


def test_no_comment_tells_of_views_that_wait_for_their_routes() -> None:
    assert [path for path, text in SCRIPTS.items() if re.search(r"wait for (its|their) routes?", text)] == []

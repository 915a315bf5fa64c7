"""Every function that adds to a change asks `identity.require`, by itself or in what it calls, or says here why not."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Final

ROOMS: Final = Path(__file__).parents[2] / "layers/hotline/python/hotline"
GATES: Final = frozenset({"require", "identity.require"})

AGENT_ACTS: Final = (
    *("claim", "release", "note", "snooze", "close", "reopen", "transfer_to_skill", "transfer_to_agent"),
    *("edit", "decided"),
)
AGENT_WORK: Final = "asks for an agent who works on this case; it touches no lock, refund, factor or contact"

EXEMPT: Final = {
    ("sessions", "contribute_new_session"): "a call begins before anything is proved",
    ("sessions", "contribute_turn"): "keeps the call's own state; what a step changes passes the gate in its room",
    ("identity", "contribute_code"): "asking for a code is how proof begins",
    ("identity", "contribute_check"): "checking a code is how proof is made",
    ("identity", "contribute_counters"): "counts what was sent and guessed, of anybody; a part of code and check",
    ("identity", "contribute_new_rows"): "a part of checking a code or a PIN, after proof",
    ("identity", "contribute_new_pin_rows"): "a part of checking a code, after proof",
    ("identity", "contribute_unsent"): "takes back the count of a code that did not go out; a part of code and check",
    ("identity", "contribute_pin_check"): "checking a PIN is how proof is made",
    ("identity", "contribute_recovery_request"): "asking for a recovery is how its proof begins; it changes nothing",
    ("accounts", "contribute_found"): "counts what the scan or a judge writes; accounts lies below identity",
    ("accounts", "contribute_unopened"): "counts what came, for those who run the line; accounts lies below identity",
    ("accounts", "contribute_dropped"): "makes room for the wallet's word; accounts lies below identity",
    ("accounts", "contribute_facts"): "takes the wallet's word alone; accounts lies below identity",
    ("cases", "contribute_case"): "anybody may ask for a person; it touches no lock, refund, factor or contact",
    ("accounts", "contribute_unlisted"): "a part of taking facts in, and of erasure, which asks",
    ("cases", "contribute_emptied"): "a part of erasure, which asks",
    **{("cases", f"contribute_{act}"): AGENT_WORK for act in AGENT_ACTS},
    ("cases", "contribute_proved"): "tells the case of a proof that the session holds; the gate believes that alone",
    ("cases", "contribute_unproved"): "tells the case that nothing was proved; it opens nothing",
    ("directory", "contribute_banner"): "edits the directory; whoever calls it asks, directory lies below identity",
    ("directory", "contribute_hours"): "edits the directory; whoever calls it asks, directory lies below identity",
    ("directory", "contribute_numbers"): "edits the directory; whoever calls it asks, directory lies below identity",
    ("payments", "contribute_taken_state"): "a part of a person's decision on a refund, which asks",
    ("security", "contribute_agent_activity"): "tells the scan what an agent did; whatever was done asks",
    ("sessions", "contribute_told"): "notes what a caller was told; it opens nothing and proves nothing",
    ("security", "contribute_collected"): "a part of raising findings; to send them asks",
    ("security", "contribute_named"): "a part of raising findings and of suppressing a rule, which asks",
    ("security", "contribute_facts"): "keeps what the scan watches; it touches no lock, refund, factor or contact",
    ("security", "contribute_steps"): "what it holds, it holds through lockout, which asks",
}
"""Room and function, and why it needs no gate."""


def functions(room: Path) -> Iterator[tuple[str, ast.FunctionDef]]:
    for path in sorted(room.rglob("*.py")):
        for node in ast.parse(path.read_text(encoding="utf-8")).body:
            if isinstance(node, ast.FunctionDef):
                yield path.stem, node


def calls_in(node: ast.FunctionDef) -> set[str]:
    return {ast.unparse(call.func) for call in ast.walk(node) if isinstance(call, ast.Call)}


def gated(room: Path) -> dict[str, bool]:
    """Each public `contribute_*` of a room, and whether it comes to the gate: itself, or by a function of its room."""
    known = {node.name: node for _, node in functions(room)}

    def reaches(name: str, seen: frozenset[str] = frozenset()) -> bool:
        called = calls_in(known[name])
        if called & GATES:
            return True
        inner = {call.rsplit(".", 1)[-1] for call in called} & known.keys()
        return any(reaches(other, seen | {name}) for other in inner - seen - {name})

    return {name: reaches(name) for name in known if name.startswith("contribute_")}


@cache
def contributions() -> dict[tuple[str, str], bool]:
    """Each room with its contributions, and whether they come to the gate."""
    rooms = [room for room in sorted(ROOMS.iterdir()) if room.is_dir() and room.name != "kit"]
    return {(room.name, name): passes for room in rooms for name, passes in sorted(gated(room).items())}


def test_every_contribution_passes_the_gate_or_is_exempt_for_a_reason() -> None:
    ungated = {known for known, passes in contributions().items() if not passes}
    assert ungated - EXEMPT.keys() == set(), "these change something and ask nobody"


def test_no_exemption_is_left_over() -> None:
    assert EXEMPT.keys() <= contributions().keys()


def test_the_search_finds_what_there_is() -> None:
    found = {known for known, passes in contributions().items() if passes}
    assert {
        ("lockout", "contribute_unlock"),
        ("refunds", "contribute_refund"),
        ("lockout", "contribute_pause"),
    } <= found

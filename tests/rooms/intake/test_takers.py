"""Every fact is of use: some room takes it in."""

from __future__ import annotations

from typing import Any, Final

from hotline.contracts.facts import FACTS
from hotline.intake import service as intake
from hotline.kit.store import Table
from tests.support.facts import fact
from tests.support.intake_context import context, items
from tests.support.sweeps import sweep

KEPT_OF_EVERY_FACT: Final = {"facts_as_of", "rev", "version"}
"""The profile keeps these of any fact of its account, and so they show nothing."""


def kept_after(*types: str) -> dict[str, Any]:
    """All items of the tables after facts of these types about one account, without what is kept of every fact."""
    ctx = context()
    for place, type_ in enumerate(types):
        intake.fold(ctx, [fact(type_, after_s=60 * place)])
    found: dict[str, Any] = {}
    for table in (Table.HOTLINE, Table.ACTIVITY):
        for key, item in items(ctx, table).items():
            found[key] = {name: value for name, value in item.items() if name not in KEPT_OF_EVERY_FACT}
    return found


@sweep("type_", FACTS)
def test_some_room_keeps_something_of_every_type_of_fact(type_: str) -> None:
    assert kept_after("account.updated", type_) != kept_after("account.updated")

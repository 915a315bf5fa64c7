"""A caller who hangs up anywhere leaves a clean state. Everything that was said to be done is done, and the next call
does the rest."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from functools import cache
from typing import Final, Self

import pytest

from connect_sim.simulator.events import Place
from connect_sim.simulator.faults import Fault
from connect_sim.simulator.state import EndOutcome
from hotline.kit.aws.carriers import BusEvent
from hotline_local.launcher.paths import ROOT
from hotline_local.scenarios.model import Scenario
from hotline_local.scenarios.playing import Played, play
from hotline_local.scenarios.reading import load_scenario
from hotline_local.worlds.inprocess import InProcessWorld

pytestmark = pytest.mark.soak

EFFECTS: Final = {
    "lockout-password-zh": ("unlock ASKED", "account.unlock_requested.v1"),
    "refunds-approved-zh": ("refund_request APPROVED", "refund.approved.v1"),
}
"""Calls, the step that has the effect, and the decision that is the effect."""
MORE_EFFECTS: Final = {
    "lockout-stolen-password-en": ("reset GRANTED", "password_reset.authorised.v1"),
    "freeze-zh": ("freeze ASKED", "account.freeze_requested.v1"),
}
"""Those that `make soak` breaks too."""
PLAYED: Final = EFFECTS | MORE_EFFECTS if os.environ.get("HOTLINE_SOAK") else EFFECTS


class CountingWorld(InProcessWorld):
    """A world that counts the decisions which the wallet gets."""

    def __init__(self, scenario: Scenario) -> None:
        self.published: Counter[str] = Counter()
        super().__init__(scenario.calling.at, repeatable=True)

    def fork(self, *, metered: bool = False) -> Self:
        """See InProcessWorld. Nothing has been published yet."""
        twin = super().fork(metered=metered)
        twin.published = Counter()
        return twin

    def publish(self, events: Sequence[BusEvent]) -> list[str | None]:
        """See InProcessWorld."""
        self.published.update(str(event.detail["type"]) for event in events)
        return super().publish(events)


@cache
def scenario(name: str) -> Scenario:
    return load_scenario(ROOT / f"tests/calls/{name}.yaml")


@cache
def places(name: str) -> tuple[Place, ...]:
    """Every block that the call comes by."""
    visits = play(scenario(name)).visits
    return tuple(dict.fromkeys(Place(visit.flow, visit.block) for visit in visits))


def steps(played: Played) -> list[str]:
    return [f"{event.data['step']} {event.data['outcome']}" for event in played.events if event.kind == "function"]


@pytest.mark.parametrize("name", PLAYED)
def test_wherever_the_line_breaks_the_next_call_does_what_is_left(name: str) -> None:
    step, decision = PLAYED[name]
    whole = scenario(name)
    assert len(places(name)) > 15
    at_first = CountingWorld(whole)
    broken_before, broken_after = 0, 0
    for place in places(name):
        world = at_first.fork()
        fault = Fault(place, "hang_up", 1)
        broken = play(replace(whole, calling=replace(whole.calling, faults=(fault,))), world)
        assert broken.state.end is not None
        assert broken.state.end.outcome is EndOutcome.HUNG_UP, place
        done = step in steps(broken)
        assert world.published[decision] == done, place
        again = play(whole, world, contact_id="00000000-0000-4000-8000-00000000ca12")
        assert again.state.end is not None
        assert world.published[decision] == 1, place
        broken_before, broken_after = broken_before + (not done), broken_after + done
    assert broken_before
    assert broken_after

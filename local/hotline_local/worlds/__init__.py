"""Places in which simulated calls can be made: everything in this process, or the deployed stack of `make run`."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from hotline_local.worlds.world import World


def open_world(
    *, target: str, at: datetime | None = None, seed: Path | None = None, closed: bool = False, patient: bool = False
) -> World:
    """The world of a target, `inprocess` or `lambda`. In process it is made afresh from the demo wallet's facts and
    those of `seed`, as of `at` (the present when None). `closed`: nobody answers that day. `patient` is for the
    deployed stack: how long this machine takes counts for nothing. Raises CommandError when no stack runs, or a fact is
    no good.
    """
    if target == "lambda":
        from hotline_local.worlds.deployed import DeployedWorld

        return DeployedWorld(patient=patient)
    from hotline_local.worlds.inprocess import InProcessWorld

    world = InProcessWorld(at or datetime.now(UTC), seed=seed)
    if closed:
        world.close_line()
    return world

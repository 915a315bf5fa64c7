"""The other end of a call that the hotline makes, in this process: the shipped flow speaks, and somebody listens.

The called person takes the call, presses 1 where they are asked whether they want to hear, and writes down the words.
The caller's own line goes on meanwhile, so no time of theirs is taken.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final
from uuid import uuid4

from connect_sim.language.flow_set import FlowSet
from connect_sim.simulator.engine import Engine
from connect_sim.simulator.keys import SILENCE
from connect_sim.simulator.seams import FunctionSeam
from connect_sim.simulator.state import CallSetup
from hotline_local.worlds.flow_files import OUTBOUND_FLOW

LISTEN: Final = "1"


def heard(
    flows: FlowSet, functions: FunctionSeam, *, number: str, system_number: str, attributes: Mapping[str, str]
) -> str:
    """The words that somebody at `number` hears, as one text, when they are called with these contact attributes."""
    engine = Engine(flows, functions)
    setup = CallSetup(
        contact_id=str(uuid4()),
        customer_number=number,
        system_number=system_number,
        initiation_method="API",
        attributes=attributes,
    )
    state = engine.begin(setup, OUTBOUND_FLOW)
    events = engine.run(state).events
    keys = LISTEN
    while state.waiting is not None:
        events += engine.press(state, keys).events
        keys = SILENCE
    return " ".join(event.data["text"] for event in events if event.kind == "prompt")

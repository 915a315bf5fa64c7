"""A call as lines of JSON, one object a line."""

import json
from typing import TextIO

from connect_sim.simulator.events import CallEvent

VERSION = 1


class JsonLines:
    """A CallView that writes `{"v":1,"seq":..,"at_s":..,"kind":..,"flow":..,"block":..,..}` for each event."""

    def __init__(self, out: TextIO) -> None:
        self._out = out
        self._seq = 0

    def show(self, event: CallEvent) -> None:
        """Write one line, and flush it, so that a reader sees the call as it goes on."""
        self._seq += 1
        line = {
            "v": VERSION,
            "seq": self._seq,
            "at_s": event.at_s,
            "kind": event.kind,
            "flow": event.place.flow,
            "block": event.place.block,
            **event.data,
        }
        self._out.write(json.dumps(line, ensure_ascii=False) + "\n")
        self._out.flush()

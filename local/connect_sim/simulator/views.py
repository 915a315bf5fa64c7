"""Views of a call: lines of JSON for programs, and a telephone in the terminal for people."""

import json
from typing import Protocol, TextIO

from connect_sim.simulator.events import CallEvent
from connect_sim.simulator.keys import HANG_UP, SILENCE, KeysError, check_token
from connect_sim.simulator.state import InputRequest

VERSION = 1
_HELP = "keys; Enter alone is silence, ! hangs up, {code} types the code you were sent"


class Lines(Protocol):
    """Lines that somebody types: a text input, or what stands for one."""

    def isatty(self) -> bool:
        """Whether a terminal shows what is typed."""
        ...

    def readline(self) -> str:
        """The next line with its end; nothing at the end of the input."""
        ...


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


class TerminalCall:
    """A CallView and a KeySource at once: shows a call as text and reads keys line by line.

    Works with a terminal and with a pipe: at the end of its input the caller hangs up. Keys from a pipe
    are written into the transcript, secret ones masked; a terminal has shown them already.
    """

    def __init__(self, keys_in: Lines, out: TextIO) -> None:
        self._in = keys_in
        self._out = out
        self._echo = not keys_in.isatty()
        self._asked = False

    def next_keys(self, request: InputRequest) -> str | None:
        """Ask until a usable token is typed. Hangs up at the end of the input."""
        if not self._asked:
            self._asked = True
            self._line(f"({_HELP})")
        while True:
            self._out.write(f"  [{_describe_request(request)}] > ")
            self._out.flush()
            line = self._in.readline()
            if not line:
                self._line("")
                return HANG_UP
            typed = line.strip() or SILENCE
            if self._echo:
                self._line("•" * len(typed) if request.secret and typed.isdecimal() else typed)
            try:
                return check_token(typed)
            except KeysError as error:
                self._line(f"  {error}")

    def show(self, event: CallEvent) -> None:
        """Write one event in a line or two, or nothing when a caller would notice nothing."""
        data = event.data
        match event.kind:
            case "prompt":
                self._line(f"\n  {'☎' if data['to'] == 'customer' else '🎧'}  {data['text']}")
            case "input" if data["silence"]:
                self._line("     (silence)")
            case "input":
                self._line(f"     keys {data['keys']}")
            case "function":
                answer = data["outcome"] or data["error"] or "answered"
                step = f" {data['step']}" if data["step"] else ""
                self._line(f"     λ {data['function']}{step}: {answer}, {data['duration_ms']} ms")
            case "message":
                sign = "✆" if data["channel"] == "voice" else "✉"
                self._line(f"  {sign}  {data['channel']} to {data['to']}: {data['text']}")
            case "bot":
                self._line(f"     bot {data['bot']}: {data['intent'] or data['error'] or 'nothing understood'}")
            case "agent":
                self._line(f"  →  an agent accepts after {data['waited_s']:.0f} s")
            case "task":
                self._line(f"  ✎  a task: {data['name']}")
            case "noted":
                answer = f": {data['answer']}" if data.get("answer") else ""
                self._line(f"  ✎  {data['action']}{answer}")
            case "missing":
                self._line(f"  ?  no value for {', '.join(data['values'])}")
            case "transfer":
                target = str(data["queue"] or data.get("number") or "an agent")
                # The queue of an agent is named by their ARN, which ends with who it is.
                self._line(f"  →  put through to {target.rpartition('/agent/')[2]}")
            case "callback":
                self._line(f"  ↩  a callback to {data['number']} is arranged")
            case "disconnect":
                self._line("  ×  you hung up" if data["by"] == "caller" else "  ×  the line was cut")
            case "error":
                self._line(f"  !  {event.place.flow}, {event.place.block}: {data['error']} ({data['cause']})")
            case "end":
                how = f", {data['outcome']}" if data["outcome"] else ""
                self._line(f"\n  {data['reason']}{how} after {event.at_s:.0f} s")
            case _:
                pass

    def _line(self, text: str) -> None:
        self._out.write(text + "\n")
        self._out.flush()


def _describe_request(request: InputRequest) -> str:
    if request.speech:
        return "words in quotation marks, or keys"
    if request.menu:
        return f"one key: {' '.join(request.keys)}"
    what = "secret digits" if request.secret else "digits"
    return f"up to {request.max_length} {what}, then {request.terminator}"
